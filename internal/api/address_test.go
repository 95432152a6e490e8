package api

import (
	"fmt"
	"io"
	"net"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"
)

func TestAddressOf(t *testing.T) {
	same := [][2]string{
		{"192.0.2.1:1", "192.0.2.1:2"}, {"[::ffff:192.0.2.1]:1", "192.0.2.1:2"}, {"[2001:db8::1]:1", "[2001:db8::ffff:1]:9"}, {"pipe", "nonsense"},
		{"[fe80::1%eth0]:1", "[fe80::2%eth1]:1"},
	}
	for _, p := range same {
		if addressOf(p[0]) != addressOf(p[1]) {
			t.Errorf("%s and %s are limited apart", p[0], p[1])
		}
	}
	for _, p := range [][2]string{{"192.0.2.1:1", "192.0.2.2:1"}, {"[2001:db8::1]:1", "[2001:db8:0:1::1]:1"}, {"192.0.2.1:1", "pipe"}} {
		if addressOf(p[0]) == addressOf(p[1]) {
			t.Errorf("%s and %s are limited together", p[0], p[1])
		}
	}
}

func TestLimiterForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter[int](1, 2)
		for i := range MaxAddresses {
			if !l.take(i, 2) {
				t.Fatalf("key %d refused", i)
			}
		}
		if l.take(MaxAddresses, 1) {
			t.Error("a new key was taken while the memory is full of spent ones")
		}
		if l.take(0, 1) {
			t.Error("a spent key got a token")
		}
		time.Sleep(time.Second)
		if !l.take(0, 1) || l.take(0, 1) {
			t.Error("after a second a spent key should have exactly one token")
		}
		time.Sleep(2 * time.Second)
		if !l.take(MaxAddresses, 1) {
			t.Error("control: full buckets are forgotten to make room")
		}
		if n := len(l.buckets); n > 10 {
			t.Errorf("%d keys are remembered, want almost none", n)
		}
	})
}

// knock opens a connection and says whether it was taken: a refused one is closed before anything is read.
func knock(t *testing.T, p *pipes, from string) (net.Conn, bool) {
	t.Helper()
	c, err := p.dial(from)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
	_ = c.SetReadDeadline(time.Now().Add(time.Millisecond))
	_, err = c.Read(make([]byte, 1))
	_ = c.SetReadDeadline(time.Time{})
	return c, err != io.EOF
}

func TestConnectionsAreLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPipes()
		s := &Server{}
		g := s.Limit(p)
		var held []net.Conn
		done := make(chan struct{})
		go func() {
			defer close(done)
			for {
				c, err := g.Accept()
				if err != nil {
					return
				}
				held = append(held, c)
			}
		}()
		var mine []net.Conn
		for i := range MaxConnections {
			if i%HandshakesPerSecond == HandshakesPerSecond-1 {
				time.Sleep(time.Second)
			}
			c, ok := knock(t, p, fmt.Sprintf("[2001:db8::%x]:1", i+1))
			if !ok {
				t.Fatalf("connection %d refused", i)
			}
			mine = append(mine, c)
		}
		time.Sleep(time.Second)
		if _, ok := knock(t, p, "[2001:db8::1]:1"); ok {
			t.Errorf("connection %d of one /64 was taken", MaxConnections)
		}
		if _, ok := knock(t, p, "[2001:db8:0:1::1]:1"); !ok {
			t.Error("control: another /64 was refused")
		}
		for range 2 * HandshakesPerSecond { // ourselves
			for _, from := range []string{"127.0.0.1:1", "[::1]:1", "pipe"} {
				if _, ok := knock(t, p, from); !ok {
					t.Fatalf("%s was refused", from)
				}
			}
		}
		_ = held[0].Close()
		_ = held[0].Close() // counts once
		if _, ok := knock(t, p, "[2001:db8::1]:1"); !ok {
			t.Error("control: after one was closed there is room again")
		}
		if _, ok := knock(t, p, "[2001:db8::1]:1"); ok {
			t.Error("closing one connection twice made room for two")
		}
		_ = g.Close()
		<-done
		for _, c := range append(mine, held...) {
			_ = c.Close()
		}
	})
}

func TestHandshakesAreLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPipes()
		g := (&Server{}).Limit(p)
		done := make(chan struct{})
		go func() {
			defer close(done)
			for {
				c, err := g.Accept()
				if err != nil {
					return
				}
				_ = c.(*gated).Conn.SetDeadline(time.Now())
				defer c.Close()
			}
		}()
		from := func() bool {
			c, err := p.dial("192.0.2.1:1")
			if err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			go func() { time.Sleep(time.Minute); _ = c.Close() }()
			_ = c.SetWriteDeadline(time.Now())
			_, err = c.Write([]byte("x"))
			return err != io.ErrClosedPipe
		}
		for i := range HandshakesPerSecond {
			if !from() {
				t.Fatalf("handshake %d refused", i)
			}
		}
		if from() {
			t.Errorf("handshake %d at once was taken", HandshakesPerSecond)
		}
		time.Sleep(time.Second / HandshakesPerSecond)
		if !from() {
			t.Error("control: a moment later there is room for one")
		}
		_ = g.Close()
		<-done
		time.Sleep(2 * time.Minute)
	})
}

func TestConfigIsChecked(t *testing.T) {
	page := fstest.MapFS{"index.html": {Data: []byte("x")}}
	for name, c := range map[string]Config{
		"no hosts":          {Assets: page},
		"upper case":        {Assets: page, Hosts: []string{"Meet.test"}},
		"header in a host":  {Assets: page, Hosts: []string{"meet.test; script-src *"}},
		"no page":           {Hosts: []string{ownHost}},
		"page without text": {Hosts: []string{ownHost}, Assets: fstest.MapFS{}},
	} {
		if s, err := newServer(c, nil, nil); err == nil {
			_ = s.Close()
			t.Errorf("%s: was taken", name)
		}
	}
	if _, err := NewServer(Config{Assets: page, Hosts: []string{ownHost}}); err == nil {
		t.Error("a server without book, peers and rooms was made")
	}
	s, err := newServer(Config{Assets: page, Hosts: []string{ownHost}}, nil, nil)
	if err != nil {
		t.Fatalf("control: %v", err)
	}
	_ = s.Close()
}

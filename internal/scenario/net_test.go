package scenario

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"visavis/internal/udp"
	"visavis/internal/udp/udptest"
)

// opener gives each test a net of its own and each Conn a host of its own.
func opener() udptest.Opener {
	nets := map[testing.TB]*Net{}
	hosts := byte(0)
	return func(t *testing.T) (udp.Conn, []netip.AddrPort) {
		if nets[t] == nil {
			nets[t] = NewNet(t, 1)
		}
		hosts++
		c, err := nets[t].Host(t, netip.AddrFrom4([4]byte{10, 0, 0, hosts}).String()).ListenUDP(0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		})
		return c, []netip.AddrPort{c.LocalAddr()}
	}
}

func TestConn(t *testing.T) {
	t.Run("virtual time", func(t *testing.T) { udptest.Run(t, opener(), synctest.Test) })
	t.Run("real time", func(t *testing.T) { udptest.Run(t, opener(), nil) })
}

// pair is two hosts with a UDP port each.
func pair(t *testing.T, n *Net) (a, b *Host, ca, cb *Conn) {
	a, b = n.Host(t, "10.1.0.1", "a.test"), n.Host(t, "10.1.0.2", "b.test")
	var err error
	if ca, err = a.ListenUDP(7000); err != nil {
		t.Fatal(err)
	}
	if cb, err = b.ListenUDP(7000); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ca.Close(); _ = cb.Close() })
	return a, b, ca, cb
}

// count reads what comes within d.
func count(t *testing.T, c *Conn, d time.Duration) (n int, last time.Time) {
	t.Helper()
	ds := make([]udp.Datagram, 64)
	for i := range ds {
		ds[i].Data = make([]byte, udp.MaxDatagram)
	}
	for end := time.Now().Add(d); time.Now().Before(end); {
		k, err := c.ReadBatch(ds, time.Until(end))
		if err != nil {
			t.Fatal(err)
		}
		if n += k; k > 0 {
			last = time.Now()
		}
	}
	return n, last
}

func TestImpairments(t *testing.T) {
	for _, c := range []struct {
		name  string
		path  Path
		most  int
		least int
		after time.Duration
	}{
		{"control: none", Path{}, 1000, 1000, 0},
		{"5 % loss", Path{Loss: 0.05}, 965, 930, 0},
		{"30 ms", Path{Delay: 30 * time.Millisecond}, 1000, 1000, 30 * time.Millisecond},
		{"cut", Path{Cut: true}, 0, 0, 0},
	} {
		var got [2]int
		for run := range got {
			synctest.Test(t, func(t *testing.T) {
				n := NewNet(t, 42)
				a, b, ca, cb := pair(t, n)
				n.Impair(a, b, c.path)
				start := time.Now()
				for range 1000 {
					if _, err := ca.WriteBatch([]udp.Datagram{{Data: []byte("x"), Addr: cb.LocalAddr()}}); err != nil {
						t.Fatal(err)
					}
					synctest.Wait() // so that the router decides on each in turn
				}
				var last time.Time
				got[run], last = count(t, cb, time.Second)
				if got[run] > 0 && last.Sub(start) != c.after {
					t.Errorf("%s: came after %v, want %v", c.name, last.Sub(start), c.after)
				}
				if tr := n.Traffic(a, b); tr.Sent != 1000 || int(tr.Sent-tr.Lost) != got[run] {
					t.Errorf("%s: traffic %+v, %d came", c.name, tr, got[run])
				}
				if _, err := cb.WriteBatch([]udp.Datagram{{Data: []byte("x"), Addr: ca.LocalAddr()}}); err != nil {
					t.Fatal(err)
				}
				if back, _ := count(t, ca, time.Second); back != 1 {
					t.Errorf("%s: the way back is impaired as well", c.name)
				}
			})
		}
		if got[0] > c.most || got[0] < c.least || got[0] != got[1] {
			t.Errorf("%s: %d came, then %d; want %d to %d, the same with the same seed", c.name, got[0], got[1], c.least, c.most)
		}
	}
}

// connected gives both ends of a TCP connection.
func connected(t *testing.T, n *Net) (client, server net.Conn) {
	t.Helper()
	a, b := n.Host(t, "10.1.0.1"), n.Host(t, "10.1.0.2", "b.test")
	l, err := b.Listen(":443")
	if err != nil {
		t.Fatal(err)
	}
	if client, err = a.Dial(t.Context(), "b.test:443"); err != nil {
		t.Fatal(err)
	}
	if server, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close(); _ = server.Close(); _ = l.Close() })
	return client, server
}

func TestTCPCutAndHeal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := NewNet(t, 1)
		client, server := connected(t, n)
		a, b := &Host{net: n, addr: netip.MustParseAddr("10.1.0.1")}, &Host{net: n, addr: netip.MustParseAddr("10.1.0.2")}
		n.Impair(a, b, Path{Delay: 40 * time.Millisecond})
		start := time.Now()
		if _, err := client.Write([]byte("one")); err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 10)
		if k, err := server.Read(buf); err != nil || string(buf[:k]) != "one" || time.Since(start) != 40*time.Millisecond {
			t.Fatalf("read %q, %v after %v; want it after 40 ms", buf[:k], err, time.Since(start))
		}
		n.Cut(a, b, true)
		if _, err := client.Write([]byte("two")); err != nil {
			t.Fatal(err)
		}
		_ = client.Close()
		_ = server.SetReadDeadline(time.Now().Add(3 * time.Second))
		if k, err := server.Read(buf); k != 0 || !errors.Is(err, context.DeadlineExceeded) && !isTimeout(err) {
			t.Fatalf("read %q, %v through a cut", buf[:k], err)
		}
		_ = server.SetReadDeadline(time.Time{})
		n.Cut(a, b, false)
		if all, err := io.ReadAll(server); err != nil || string(all) != "two" {
			t.Errorf("after the cut: %q, %v; want what was sent in it, then the end", all, err)
		}
		if _, err := server.Write([]byte("x")); err == nil {
			t.Error("a write to a closed end succeeded")
		}
	})
}

func isTimeout(err error) bool {
	var e net.Error
	return errors.As(err, &e) && e.Timeout()
}

func TestTCPRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := NewNet(t, 1)
		a, b := n.Host(t, "10.1.0.1"), n.Host(t, "10.1.0.2", "b.test")
		for _, addr := range []string{"b.test:443", "nobody.test:443", "b.test"} {
			if _, err := a.Dial(t.Context(), addr); err == nil {
				t.Errorf("dial %s succeeded", addr)
			}
		}
		l, err := b.Listen("[::]:443")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.Listen(":443"); err == nil {
			t.Error("one port was opened twice")
		}
		for range backlog {
			if _, err := a.Dial(t.Context(), "b.test:443"); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := a.Dial(t.Context(), "b.test:443"); err == nil {
			t.Errorf("connection %d that waits to be accepted was not refused", backlog+1)
		}
		n.Cut(a, b, true)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := a.Dial(ctx, "b.test:443"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("dial through a cut: %v, want the deadline", err)
		}
		_ = l.Close()
		if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("accept after close: %v", err)
		}
	})
}

func TestTCPBackPressure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := connected(t, NewNet(t, 1))
		_ = client.SetWriteDeadline(time.Now().Add(time.Second))
		if n, err := client.Write(make([]byte, streamBuffer+1)); n != streamBuffer || !isTimeout(err) {
			t.Errorf("write without a reader = %d, %v; want %d and a timeout", n, err, streamBuffer)
		}
		_ = client.SetWriteDeadline(time.Time{})
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := client.Write(bytes.Repeat([]byte("y"), streamBuffer)); err != nil {
				t.Error(err)
			}
			_ = client.Close()
		})
		if got, err := io.ReadAll(server); err != nil || len(got) != 2*streamBuffer {
			t.Errorf("read %d bytes, %v", len(got), err)
		}
		all.Wait()
	})
}

// HTTPS and a WebSocket over it, as a node serves them, in virtual time.
func TestHTTPAndWebSocket(t *testing.T) {
	cert := selfSigned(t, "node.test")
	synctest.Test(t, func(t *testing.T) {
		n := NewNet(t, 1)
		person, node := n.Host(t, "10.1.0.1"), n.Host(t, "10.1.0.2", "node.test")
		l, err := node.Listen(":443")
		if err != nil {
			t.Fatal(err)
		}
		srv := &http.Server{
			TLSConfig: &tls.Config{Certificates: []tls.Certificate{cert}},
			Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				ws, err := websocket.Accept(w, r, nil)
				if err != nil {
					return
				}
				defer ws.CloseNow()
				for {
					kind, b, err := ws.Read(r.Context())
					if err != nil || ws.Write(r.Context(), kind, b) != nil {
						return
					}
				}
			}),
		}
		var serving sync.WaitGroup
		serving.Go(func() { _ = srv.ServeTLS(l, "", "") })
		pool := x509.NewCertPool()
		pool.AddCert(cert.Leaf)
		tr := &http.Transport{DialContext: person.DialContext, TLSClientConfig: &tls.Config{RootCAs: pool, Time: func() time.Time { return cert.Leaf.NotBefore }}}
		ws, _, err := websocket.Dial(t.Context(), "wss://node.test/ws", &websocket.DialOptions{HTTPClient: &http.Client{Transport: tr}})
		if err != nil {
			t.Fatal(err)
		}
		for range 60 {
			if err := ws.Write(t.Context(), websocket.MessageText, []byte("hello")); err != nil {
				t.Fatal(err)
			}
			if _, b, err := ws.Read(t.Context()); err != nil || string(b) != "hello" {
				t.Fatalf("echo %q, %v", b, err)
			}
			time.Sleep(time.Second)
		}
		ws.CloseNow()
		tr.CloseIdleConnections()
		if err := srv.Close(); err != nil {
			t.Error(err)
		}
		serving.Wait()
	})
}

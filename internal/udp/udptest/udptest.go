// Package udptest holds what every udp.Conn promises, as one suite that each implementation runs. For tests only.
package udptest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"visavis/internal/udp"
)

// Opener returns a new Conn and the addresses at which another Conn of the same Opener reaches it and from which it sends: one of
// each family that it has. The Opener closes it at the end of the test.
type Opener func(t *testing.T) (udp.Conn, []netip.AddrPort)

// Run runs the suite. in, if not nil, runs one case in an environment of its own, as synctest.Test does for virtual time; open is
// called inside it.
func Run(t *testing.T, open Opener, in func(*testing.T, func(*testing.T))) {
	if in == nil {
		in = func(t *testing.T, f func(*testing.T)) { f(t) }
	}
	for _, c := range []struct {
		name string
		f    func(*testing.T, Opener)
	}{
		{"Batches", batches}, {"Families", families}, {"Sizes", sizes}, {"KeepsNothing", keepsNothing}, {"Refused", refused},
		{"Concurrent", concurrent}, {"Wait", wait}, {"Wake", wake}, {"Close", closing},
	} {
		t.Run(c.name, func(t *testing.T) {
			in(t, func(t *testing.T) { c.f(t, open) })
		})
	}
}

// patience is how long a datagram may take: long on a busy machine, nothing in virtual time.
const patience = 5 * time.Second

func room(n int) []udp.Datagram {
	ds := make([]udp.Datagram, n)
	for i := range ds {
		ds[i].Data = make([]byte, udp.MaxDatagram)
	}
	return ds
}

// read reads in batches of at most size until n datagrams have come.
func read(t *testing.T, c udp.Conn, n, size int) []udp.Datagram {
	t.Helper()
	var got []udp.Datagram
	ds := room(size)
	for until := time.Now().Add(patience); len(got) < n; {
		k, err := c.ReadBatch(ds, time.Until(until))
		if err != nil {
			t.Fatalf("read: %v", err)
		}
		if k == 0 && !time.Now().Before(until) {
			t.Fatalf("got %d datagrams in %v, want %d", len(got), patience, n)
		}
		for _, d := range ds[:k] {
			got = append(got, udp.Datagram{Data: bytes.Clone(d.Data), Addr: d.Addr})
		}
	}
	return got
}

// nothing fails if a datagram comes within 50 ms.
func nothing(t *testing.T, c udp.Conn) {
	t.Helper()
	if n, err := c.ReadBatch(room(4), 50*time.Millisecond); n != 0 || err != nil {
		t.Errorf("read = %d, %v, want nothing", n, err)
	}
}

func write(t *testing.T, c udp.Conn, ds ...udp.Datagram) {
	t.Helper()
	if n, err := c.WriteBatch(ds); n != len(ds) || err != nil {
		t.Fatalf("write of %d = %d, %v", len(ds), n, err)
	}
}

func numbered(n int, to netip.AddrPort) []udp.Datagram {
	ds := make([]udp.Datagram, n)
	for i := range ds {
		b := bytes.Repeat([]byte{byte(i)}, 4+13*i)
		binary.BigEndian.PutUint32(b, uint32(i))
		ds[i] = udp.Datagram{Data: b, Addr: to}
	}
	return ds
}

func batches(t *testing.T, open Opener) {
	a, from := open(t)
	b, to := open(t)
	sent := numbered(40, to[0])
	write(t, a, sent[:1]...)
	write(t, a, sent[1:]...)
	for i, d := range read(t, b, len(sent), 16) {
		if !bytes.Equal(d.Data, sent[i].Data) || d.Addr != from[0] {
			t.Fatalf("datagram %d = %d bytes from %s, want %d from %s", i, len(d.Data), d.Addr, len(sent[i].Data), from[0])
		}
	}
	nothing(t, b)
	if n, err := a.WriteBatch(nil); n != 0 || err != nil {
		t.Errorf("write of nothing = %d, %v", n, err)
	}
}

func families(t *testing.T, open Opener) {
	a, from := open(t)
	b, to := open(t)
	for i := range to {
		write(t, a, udp.Datagram{Data: []byte("there"), Addr: to[i]})
		d := read(t, b, 1, 4)[0]
		if d.Addr != from[i] || d.Addr.Addr().Is4In6() {
			t.Errorf("came from %s, want %s", d.Addr, from[i])
		}
		write(t, b, udp.Datagram{Data: []byte("back"), Addr: d.Addr})
		if d := read(t, a, 1, 4)[0]; string(d.Data) != "back" || d.Addr != to[i] {
			t.Errorf("answer %q from %s, want one from %s", d.Data, d.Addr, to[i])
		}
	}
	if to[0].Addr().Is4() { // the 4-in-6 form of an address is the same address
		write(t, a, udp.Datagram{Data: []byte("mapped"), Addr: netip.AddrPortFrom(netip.AddrFrom16(to[0].Addr().As16()), to[0].Port())})
		read(t, b, 1, 4)
	}
}

func sizes(t *testing.T, open Opener) {
	a, _ := open(t)
	b, to := open(t)
	for _, n := range []int{1, 1200, udp.MaxDatagram} {
		write(t, a, udp.Datagram{Data: make([]byte, n), Addr: to[0]})
		if d := read(t, b, 1, 4)[0]; len(d.Data) != n {
			t.Errorf("%d bytes came as %d", n, len(d.Data))
		}
	}
	if n, err := a.WriteBatch([]udp.Datagram{{Data: make([]byte, udp.MaxDatagram+1), Addr: to[0]}}); n != 0 || err == nil {
		t.Errorf("write of %d bytes = %d, %v, want it refused", udp.MaxDatagram+1, n, err)
	}
	nothing(t, b)
}

func keepsNothing(t *testing.T, open Opener) {
	a, _ := open(t)
	b, to := open(t)
	ds := []udp.Datagram{{Data: []byte("first"), Addr: to[0]}}
	write(t, a, ds...)
	copy(ds[0].Data, "again")
	ds[0].Addr = netip.AddrPort{}
	if d := read(t, b, 1, 4)[0]; string(d.Data) != "first" {
		t.Errorf("came as %q: memory of the caller was used after WriteBatch", d.Data)
	}
}

func refused(t *testing.T, open Opener) {
	a, _ := open(t)
	b, to := open(t)
	n, err := a.WriteBatch([]udp.Datagram{
		{Data: []byte("1"), Addr: to[0]}, {Data: []byte("nowhere")}, {Data: []byte("2"), Addr: to[0]},
		{Data: make([]byte, udp.MaxDatagram+1), Addr: to[0]}, {Data: []byte("3"), Addr: to[0]},
	})
	if n != 3 || err == nil {
		t.Errorf("write = %d, %v, want 3 sent and why not the others", n, err)
	}
	var got []string
	for _, d := range read(t, b, 3, 4) {
		got = append(got, string(d.Data))
	}
	if want := []string{"1", "2", "3"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func concurrent(t *testing.T, open Opener) {
	a, _ := open(t)
	b, to := open(t)
	var all sync.WaitGroup
	for g := range 4 {
		all.Go(func() {
			for i := range 10 {
				if n, err := a.WriteBatch([]udp.Datagram{{Data: []byte{byte(g), byte(i)}, Addr: to[0]}}); n != 1 || err != nil {
					t.Errorf("write = %d, %v", n, err)
				}
			}
		})
	}
	next := [4]byte{}
	for _, d := range read(t, b, 40, 8) {
		if d.Data[1] != next[d.Data[0]] {
			t.Errorf("writer %d: datagram %d, want %d", d.Data[0], d.Data[1], next[d.Data[0]])
		}
		next[d.Data[0]]++
	}
	all.Wait()
}

func wait(t *testing.T, open Opener) {
	a, _ := open(t)
	for _, d := range []time.Duration{-time.Second, 0, time.Millisecond, 30 * time.Millisecond} {
		start := time.Now()
		n, err := a.ReadBatch(room(4), d)
		if took := time.Since(start); n != 0 || err != nil || took < d || took > d+patience {
			t.Errorf("read with a wait of %v = %d, %v after %v", d, n, err, took)
		}
	}
}

func wake(t *testing.T, open Opener) {
	a, _ := open(t)
	returned := func(f func()) {
		t.Helper()
		start := time.Now()
		done := make(chan struct{})
		go func() {
			defer close(done)
			if n, err := a.ReadBatch(room(4), 10*patience); n != 0 || err != nil {
				t.Errorf("woken read = %d, %v", n, err)
			}
		}()
		f()
		<-done
		if took := time.Since(start); took > patience {
			t.Errorf("woken read took %v", took)
		}
	}
	for range 50 { // before it or in it, as it falls
		returned(a.Wake)
	}
	a.Wake()
	a.Wake()
	returned(func() {})
	start := time.Now()
	for range 2 { // two calls may count as two, but no more
		if n, err := a.ReadBatch(room(4), 30*time.Millisecond); n != 0 || err != nil {
			t.Errorf("read = %d, %v", n, err)
		}
	}
	if took := time.Since(start); took < 30*time.Millisecond {
		t.Errorf("reads after the wake-ups were used up took %v, want the wait", took)
	}
}

func closing(t *testing.T, open Opener) {
	a, to := open(t)
	done := make(chan error)
	go func() {
		for {
			if n, err := a.ReadBatch(room(4), 10*patience); n != 0 || err != nil {
				done <- err
				return
			}
		}
	}()
	if err := a.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	if err := <-done; !errors.Is(err, net.ErrClosed) {
		t.Errorf("read that was closed: %v, want net.ErrClosed", err)
	}
	if n, err := a.ReadBatch(room(4), patience); n != 0 || !errors.Is(err, net.ErrClosed) {
		t.Errorf("read after close = %d, %v, want net.ErrClosed", n, err)
	}
	if n, err := a.WriteBatch([]udp.Datagram{{Data: []byte("x"), Addr: to[0]}}); n != 0 || !errors.Is(err, net.ErrClosed) {
		t.Errorf("write after close = %d, %v, want net.ErrClosed", n, err)
	}
	a.Wake()
	if err := a.Close(); err != nil {
		t.Errorf("second close: %v", err)
	}
}

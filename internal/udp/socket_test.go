package udp_test

import (
	"net"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"visavis/internal/udp"
	"visavis/internal/udp/udptest"
)

func listen(t testing.TB, at string) *udp.Socket {
	t.Helper()
	s, err := udp.Listen(netip.MustParseAddrPort(at))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func at(ip string, s *udp.Socket) netip.AddrPort {
	return netip.AddrPortFrom(netip.MustParseAddr(ip), s.LocalAddr().Port())
}

func haveIPv6() bool {
	c, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		return false
	}
	_ = c.Close()
	return true
}

func TestSocketKeepsThePromises(t *testing.T) {
	t.Run("IPv4", func(t *testing.T) {
		udptest.Run(t, func(t *testing.T) (udp.Conn, []netip.AddrPort) {
			s := listen(t, "127.0.0.1:0")
			return s, []netip.AddrPort{s.LocalAddr()}
		}, nil)
	})
	t.Run("both", func(t *testing.T) {
		if !haveIPv6() {
			t.Skip("SKIPPED LOUDLY: this machine has no IPv6, dual stack is not tested")
		}
		udptest.Run(t, func(t *testing.T) (udp.Conn, []netip.AddrPort) {
			s := listen(t, "[::]:0")
			return s, []netip.AddrPort{at("127.0.0.1", s), at("::1", s)}
		}, nil)
	})
}

// A socket that holds its processor keeps the same promises, and the runtime can still stop everybody for a moment while it waits.
func TestHeldSocketKeepsThePromises(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	runtime.GOMAXPROCS(before + 2)
	defer runtime.GOMAXPROCS(before)
	udptest.Run(t, func(t *testing.T) (udp.Conn, []netip.AddrPort) {
		s := listen(t, "127.0.0.1:0")
		s.Hold()
		return s, []netip.AddrPort{s.LocalAddr()}
	}, nil)
	s := listen(t, "127.0.0.1:0")
	s.Hold()
	const long = 30 * time.Second
	began, done := time.Now(), make(chan error, 1)
	go func() {
		_, err := s.ReadBatch([]udp.Datagram{{Data: make([]byte, udp.MaxDatagram)}}, long)
		done <- err
	}()
	for range 20 {
		runtime.GC()
	}
	_ = s.Close()
	if err := <-done; err != net.ErrClosed {
		t.Errorf("ReadBatch after Close = %v, want net.ErrClosed", err)
	}
	if took := time.Since(began); took > long/2 {
		t.Errorf("20 collections and Close took %v beside a waiting socket", took)
	}
}

func TestSocketAddresses(t *testing.T) {
	a := listen(t, "127.0.0.1:0")
	if _, err := udp.Listen(a.LocalAddr()); err == nil {
		t.Error("a port in use was given out twice")
	}
	if n, err := a.WriteBatch([]udp.Datagram{{Data: []byte("x"), Addr: netip.MustParseAddrPort("[::1]:9")}}); n != 0 || err == nil {
		t.Errorf("IPv6 from an IPv4 socket = %d, %v, want it refused", n, err)
	}
	if _, err := udp.Listen(netip.MustParseAddrPort("192.0.2.1:0")); err == nil {
		t.Error("listening on an address that is not ours succeeded")
	}
	all, err := udp.Listen(netip.AddrPort{})
	if err != nil {
		t.Fatal(err)
	}
	defer all.Close()
	if !all.LocalAddr().Addr().IsUnspecified() || all.LocalAddr().Port() == 0 {
		t.Errorf("zero address listens on %s, want all addresses and a port", all.LocalAddr())
	}
	if in, out := all.Buffers(); in < 200_000 || out < 200_000 {
		t.Errorf("buffers of %d and %d bytes, want some hundred thousand at least", in, out)
	}
}

// A datagram longer than MaxDatagram is dropped and counted, and those around it arrive whole.
func TestSocketDropsLongDatagrams(t *testing.T) {
	s := listen(t, "127.0.0.1:0")
	c, err := net.Dial("udp", s.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, n := range []int{10, udp.MaxDatagram + 1, udp.MaxDatagram, 9000, 20} {
		b := make([]byte, n)
		b[0] = byte(n)
		if _, err := c.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	ds := make([]udp.Datagram, 8)
	for i := range ds {
		ds[i].Data = make([]byte, udp.MaxDatagram)
	}
	n, err := s.ReadBatch(ds, 5*time.Second)
	if err != nil || n != 3 {
		t.Fatalf("read = %d, %v, want 3", n, err)
	}
	for i, want := range []int{10, udp.MaxDatagram, 20} {
		if got := ds[i].Data; len(got) != want || got[0] != byte(want) {
			t.Errorf("datagram %d = %d bytes of %d, want %d", i, len(got), got[0], want)
		}
	}
	if got := s.Stats().TooLong; got != 2 {
		t.Errorf("counted %d long datagrams, want 2", got)
	}
}

// What the kernel drops because nobody reads is counted.
func TestSocketCountsOverflow(t *testing.T) {
	s, from := listen(t, "127.0.0.1:0"), listen(t, "127.0.0.1:0")
	if n := s.Stats().Overflow; n != 0 {
		t.Fatalf("overflow before anything was sent = %d", n)
	}
	in, _ := s.Buffers()
	for range 2 * in / 2304 / 32 * 3 { // a packet of 1200 counts as at least 2304 bytes
		ds := make([]udp.Datagram, 32)
		for i := range ds {
			ds[i] = udp.Datagram{Data: make([]byte, 1200), Addr: s.LocalAddr()}
		}
		_, _ = from.WriteBatch(ds)
	}
	if n := s.Stats().Overflow; n == 0 {
		t.Error("overflow = 0, want what was dropped")
	}
}

// What the kernel itself refuses (nothing can be sent to port 0) leaves the others alone.
func TestSocketSkipsWhatTheKernelRefuses(t *testing.T) {
	s := listen(t, "127.0.0.1:0")
	zero := netip.AddrPortFrom(s.LocalAddr().Addr(), 0)
	n, err := s.WriteBatch([]udp.Datagram{
		{Data: []byte("1"), Addr: s.LocalAddr()}, {Data: []byte("x"), Addr: zero}, {Data: []byte("y"), Addr: zero}, {Data: []byte("2"), Addr: s.LocalAddr()},
	})
	if n != 2 || err == nil {
		t.Errorf("write = %d, %v, want 2 and why not the others", n, err)
	}
	ds := make([]udp.Datagram, 4)
	for i := range ds {
		ds[i].Data = make([]byte, udp.MaxDatagram)
	}
	if n, err := s.ReadBatch(ds, 5*time.Second); n != 2 || string(ds[0].Data) != "1" || string(ds[1].Data) != "2" {
		t.Errorf("read = %d, %q and %q, %v, want 1 and 2", n, ds[0].Data, ds[1].Data, err)
	}
}

func TestSocketAllocatesNothing(t *testing.T) {
	for _, ip := range []string{"127.0.0.1", "::1"} {
		if ip == "::1" && !haveIPv6() {
			t.Log("SKIPPED LOUDLY: no IPv6 here")
			continue
		}
		s := listen(t, netip.AddrPortFrom(netip.MustParseAddr(ip), 0).String())
		in, out := make([]udp.Datagram, 8), make([]udp.Datagram, 8)
		for i := range in {
			in[i].Data = make([]byte, udp.MaxDatagram)
			out[i] = udp.Datagram{Data: make([]byte, 1200), Addr: s.LocalAddr()}
		}
		got := 0
		if n := testing.AllocsPerRun(500, func() {
			_, _ = s.WriteBatch(out)
			k, _ := s.ReadBatch(in, time.Second)
			got += k
			s.Wake()
			_, _ = s.ReadBatch(in, time.Second)
		}); n != 0 {
			t.Errorf("%s: a batch out and in = %v allocations, want 0", ip, n)
		}
		if got < 8*400 {
			t.Errorf("%s: %d datagrams came, too few for the figure to mean anything", ip, got)
		}
	}
}

func BenchmarkSocket(b *testing.B) {
	s, to := listen(b, "127.0.0.1:0"), listen(b, "127.0.0.1:0")
	in, out := make([]udp.Datagram, 64), make([]udp.Datagram, 64)
	for i := range in {
		in[i].Data = make([]byte, udp.MaxDatagram)
		out[i] = udp.Datagram{Data: make([]byte, 1200), Addr: to.LocalAddr()}
	}
	b.ReportAllocs()
	for b.Loop() {
		n, err := s.WriteBatch(out)
		if err != nil {
			b.Fatal(err)
		}
		for n > 0 {
			k, err := to.ReadBatch(in, time.Second)
			if err != nil || k == 0 {
				b.Fatalf("read = %d, %v", k, err)
			}
			n -= k
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*64), "ns/datagram")
}

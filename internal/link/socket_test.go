package link

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"visavis/internal/media"
	"visavis/internal/udp"
)

// real is a node on loopback sockets, with a link port of its own; dual: with an IPv4 and an IPv6 address for datagrams.
func (w *world) real(n *node, dual bool) (net.Listener, *udp.Socket) {
	w.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	at := "127.0.0.1:0"
	if dual {
		at = "[::]:0"
	}
	s, err := udp.Listen(netip.MustParseAddrPort(at))
	if err != nil {
		w.t.Fatal(err)
	}
	n.tcp, n.addr = l.Addr().String(), netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), s.LocalAddr().Port())
	if dual {
		n.addr6 = netip.AddrPortFrom(netip.IPv6Loopback(), s.LocalAddr().Port())
	}
	return l, s
}

// TestOverRealSockets: TCP, UDP and a port of our own, in real time.
func TestOverRealSockets(t *testing.T) {
	t.Run("one way", func(t *testing.T) { realSockets(t, false) })
	t.Run("two ways", func(t *testing.T) {
		c, err := net.ListenPacket("udp6", "[::1]:0")
		if err != nil {
			t.Skipf("no IPv6 here: %v", err)
		}
		c.Close()
		realSockets(t, true)
	})
}

func realSockets(t *testing.T, dual bool) {
	w := newWorld(t, 0, 0)
	a, b := w.node(1, "avelmar"), w.node(2, "borovia")
	la, sa := w.real(a, dual)
	lb, sb := w.real(b, dual)
	a.pin(b.peer())
	b.pin(a.peer())
	listening := make(chan error, 2)
	for _, x := range []struct {
		n *node
		l net.Listener
		s *udp.Socket
	}{{a, la, sa}, {b, lb, sb}} {
		x.n.socket = x.s
		x.n.start(func(c *Config) { c.Dial, c.AllowPrivate = nil, true })
		go func() { listening <- x.n.m.Listen(x.l) }()
	}
	a.up(5 * time.Second)
	b.up(5 * time.Second)
	mic, cam := a.source(media.Audio, 11), b.source(media.Video, 12)
	a.conn().Offer("m/ana/mic", mic.stream)
	b.conn().Offer("m/bo/cam", cam.stream)
	hear, see := b.listen("m/ana/mic", media.Audio), a.listen("m/bo/cam", media.Video)
	if err := a.conn().Exchange(join(1)); err != nil {
		t.Errorf("exchange: %v", err)
	}
	b.wait("the exchange", 5*time.Second, func() bool { return len(b.exchanges) == 1 })
	mic.run(10 * time.Millisecond) // below its rate
	cam.run(2 * time.Millisecond)
	a.wait("pictures", 10*time.Second, func() bool { return see.got() >= 100 })
	b.wait("sound", 10*time.Second, func() bool { return hear.got() >= 100 })
	if dual {
		a.wait("copies", 10*time.Second, func() bool { return a.conn().Counters().Copies >= 100 })
		b.wait("copies", 10*time.Second, func() bool { return b.conn().Counters().Replayed >= 100 })
	} else if n := a.conn().Counters().Copies; n > 0 {
		t.Errorf("%d copies to a peer with one address", n)
	}
	mic.halt()
	cam.halt()
	a.stop()
	b.stop()
	for range 2 {
		if err := <-listening; err != nil {
			t.Errorf("Listen: %v, want nil after Close", err)
		}
	}
}

package udp

import (
	"net/netip"
	"testing"
	"time"
)

// from is where the next datagram of s comes from.
func from(t *testing.T, s *Socket) netip.Addr {
	t.Helper()
	ds := []Datagram{{Data: make([]byte, MaxDatagram)}}
	if n, err := s.ReadBatch(ds, time.Second); n != 1 || err != nil {
		t.Fatalf("nothing came, %v", err)
	}
	return ds[0].Addr.Addr()
}

func say(t *testing.T, s *Socket, ds ...Datagram) {
	t.Helper()
	if n, err := s.WriteBatch(ds); n != len(ds) || err != nil {
		t.Fatalf("wrote %d of %d, %v", n, len(ds), err)
	}
}

// A socket on all addresses answers from the one at which it was spoken to, datagrams and runs, whatever the kernel would choose.
func TestAnswersLeaveFromWhereTheyWereAsked(t *testing.T) {
	at := netip.MustParseAddr
	for _, on := range []string{"0.0.0.0:0", "[::]:0"} {
		s, far := open(t, on), open(t, "127.0.0.1:0")
		asked := netip.AddrPortFrom(at("127.0.0.2"), s.LocalAddr().Port())
		answer := slab(far.LocalAddr(), 100, 300, 300, 300)
		say(t, s, answer...)
		for range answer {
			if got := from(t, far); got != at("127.0.0.1") {
				t.Fatalf("%s: control: speaks first from %s, want 127.0.0.1", on, got)
			}
		}
		say(t, far, Datagram{[]byte("?"), asked})
		from(t, s)
		say(t, s, answer...)
		for i := range answer {
			if got := from(t, far); got != asked.Addr() {
				t.Errorf("%s: answer %d came from %s, want %s", on, i, got, asked.Addr())
			}
		}
		if got := s.Stats().RunsRefused; got != 0 {
			t.Errorf("%s: %d runs refused", on, got)
		}
		// A datagram at another address does not turn the answers away, until the first has been silent for long enough.
		asked = netip.AddrPortFrom(at("127.0.0.3"), asked.Port())
		for _, c := range []struct {
			silent time.Duration
			want   string
		}{{0, "127.0.0.2"}, {(sourceKeep - 1) * time.Second, "127.0.0.2"}, {sourceKeep * time.Second, "127.0.0.3"}} {
			s.begun = time.Now().Add(-c.silent - time.Second/2)
			if c.silent == 0 {
				s.begun = time.Now()
			}
			say(t, far, Datagram{[]byte("?"), asked})
			from(t, s)
			say(t, s, answer[0])
			if got := from(t, far); got != at(c.want) {
				t.Errorf("%s: asked at another address after %v: answer from %s, want %s", on, c.silent, got, c.want)
			}
		}
	}
}

// A socket on one address has nothing to remember, and IPv6 is answered from where it was asked too.
func TestAnswersOfOtherSockets(t *testing.T) {
	if s := open(t, "127.0.0.1:0"); s.on || s.answer(s.LocalAddr()).IsValid() {
		t.Error("a socket on one address asks for addresses")
	}
	s, err := Listen(netip.MustParseAddrPort("[::]:0"))
	if err != nil || !s.LocalAddr().Addr().Is6() {
		t.Skipf("SKIPPED LOUDLY: no IPv6: %v", err)
	}
	t.Cleanup(func() { _ = s.Close() })
	far, err := Listen(netip.MustParseAddrPort("[::1]:0"))
	if err != nil {
		t.Skipf("SKIPPED LOUDLY: no IPv6: %v", err)
	}
	t.Cleanup(func() { _ = far.Close() })
	say(t, far, Datagram{[]byte("?"), netip.AddrPortFrom(netip.IPv6Loopback(), s.LocalAddr().Port())})
	from(t, s)
	if got := s.answer(far.LocalAddr()); got != netip.IPv6Loopback() {
		t.Errorf("heard at %s, want ::1", got)
	}
	say(t, s, slab(far.LocalAddr(), 200, 200)...)
	if got := from(t, far); got != netip.IPv6Loopback() {
		t.Errorf("answer from %s", got)
	}
}

// An address that was ours and is not any more: the answer goes from another.
func TestAnswersFromAnAddressThatIsGone(t *testing.T) {
	for _, on := range []string{"0.0.0.0:0", "[::]:0"} {
		s, far := open(t, on), open(t, "127.0.0.1:0")
		s.heard(far.LocalAddr(), netip.MustParseAddr("192.0.2.77"))
		say(t, s, slab(far.LocalAddr(), 10, 20, 20)...)
		for range 3 {
			if got := from(t, far); got != netip.MustParseAddr("127.0.0.1") {
				t.Errorf("%s: came from %s", on, got)
			}
		}
	}
}

func TestSourcesAreBounded(t *testing.T) {
	s := open(t, "0.0.0.0:0")
	remote := func(i int) netip.AddrPort {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), 9)
	}
	for i := range maxOurs + 1 {
		ours := netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)})
		s.heard(remote(i), ours)
		if got, want := s.answer(remote(i)) == ours, i < maxOurs; got != want {
			t.Errorf("address %d of ours kept = %v, want %v", i, got, want)
		}
	}
	if n := testing.AllocsPerRun(1000, func() { s.heard(remote(3), netip.AddrFrom4([4]byte{10, 1, 0, 3})); s.answer(remote(3)) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

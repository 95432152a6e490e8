package udp_test

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"visavis/internal/udp"
)

var (
	stun = append([]byte{0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42}, make([]byte, 12)...)
	dtls = append([]byte{22, 254, 253}, make([]byte, 10)...)
	rtp  = append([]byte{0x80, 96}, make([]byte, 10)...)
	rtcp = append([]byte{0x80, 200}, make([]byte, 26)...)
)

func TestClassify(t *testing.T) {
	with := func(b []byte, at int, v byte) []byte { b = slices.Clone(b); b[at] = v; return b }
	for _, v := range []struct {
		name string
		b    []byte
		want udp.Class
	}{
		{"stun", stun, udp.STUN}, {"stun, last method", with(stun, 0, 3), udp.STUN}, {"past stun", with(stun, 0, 4), udp.Unknown},
		{"stun cut", stun[:19], udp.Unknown}, {"stun without cookie", with(stun, 4, 0), udp.Unknown},
		{"zrtp", with(stun, 0, 16), udp.Unknown}, {"before dtls", with(dtls, 0, 19), udp.Unknown},
		{"dtls", dtls, udp.DTLS}, {"dtls, first", with(dtls, 0, 20), udp.DTLS}, {"dtls, last", with(dtls, 0, 63), udp.DTLS},
		{"turn channel", with(dtls, 0, 64), udp.Unknown}, {"dtls cut", dtls[:12], udp.Unknown},
		{"before rtp", with(rtp, 0, 127), udp.Unknown}, {"rtp", rtp, udp.RTP}, {"rtp, last", with(rtp, 0, 191), udp.RTP},
		{"past rtp", with(rtp, 0, 192), udp.Unknown}, {"rtp cut", rtp[:11], udp.Unknown},
		{"rtp, marker, 63", with(rtp, 1, 191), udp.RTP}, {"rtcp, first", with(rtcp, 1, 192), udp.RTCP}, {"rtcp", rtcp, udp.RTCP},
		{"rtcp, last", with(rtcp, 1, 223), udp.RTCP}, {"rtp, marker, 96", with(rtp, 1, 224), udp.RTP},
		{"rtcp of 8", rtcp[:8], udp.RTCP}, {"rtcp cut", rtcp[:7], udp.Unknown}, {"empty", nil, udp.Unknown},
	} {
		if got := udp.Classify(v.b); got != v.want {
			t.Errorf("%s = %s, want %s", v.name, got, v.want)
		}
	}
}

func FuzzClassify(f *testing.F) {
	for _, b := range [][]byte{stun, dtls, rtp, rtcp, nil, {0x80}} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		switch c := udp.Classify(b); c {
		case udp.STUN:
			if len(b) < 20 || b[0] > 3 {
				t.Errorf("%x is %s", b, c)
			}
		case udp.DTLS:
			if len(b) < 13 || b[0] < 20 || b[0] > 63 {
				t.Errorf("%x is %s", b, c)
			}
		case udp.RTP, udp.RTCP:
			if len(b) < 8 || b[0]>>6 != 2 {
				t.Errorf("%x is %s", b, c)
			}
		}
	})
}

// endpoint notes what it is given.
type endpoint struct {
	refuses bool // as a fallback
	name    string
	got     *[]string
	then    func()
}

func (e *endpoint) Datagram(_ time.Time, c udp.Class, d udp.Datagram) {
	*e.got = append(*e.got, fmt.Sprintf("%s %s %s", e.name, c, d.Addr))
	if e.then != nil {
		e.then()
	}
}

func (e *endpoint) Claim(now time.Time, c udp.Class, d udp.Datagram) bool {
	if e.refuses {
		return false
	}
	e.Datagram(now, c, d)
	return true
}

func TestMuxHandsOutByAddress(t *testing.T) {
	a, b, c := netip.MustParseAddrPort("192.0.2.1:1"), netip.MustParseAddrPort("192.0.2.1:2"), netip.MustParseAddrPort("[2001:db8::1]:1")
	var got []string
	one, two, ice := &endpoint{name: "one", got: &got}, &endpoint{name: "two", got: &got}, &endpoint{name: "ice", got: &got}
	m := udp.NewMux()
	m.OnBatchEnd(func(time.Time) { got = append(got, "end") })
	m.OnTick(func(time.Time) { got = append(got, "tick") })
	hurry := [2]bool{}
	for i := range hurry {
		m.Hurry(func() bool { return hurry[i] })
	}
	m.Fallback(udp.STUN, ice)
	if m.Urgent() {
		t.Error("urgent while nobody says so")
	}
	if hurry[1] = true; !m.Urgent() {
		t.Error("not urgent although one of two says so")
	}
	expect := func(want ...string) {
		t.Helper()
		if !slices.Equal(got, want) {
			t.Errorf("got  %q\nwant %q", got, want)
		}
		got = nil
	}
	now := time.Now()

	for _, b := range []struct {
		a netip.AddrPort
		e udp.Endpoint
	}{{a, one}, {a, one}, {c, two}} {
		if !m.Bind(b.a, b.e) {
			t.Fatalf("binding %s, free or one's own, was refused", b.a)
		}
	}
	if m.Bind(a, two) || m.Bind(b, nil) {
		t.Error("an address with a live owner was given to another, or to nobody")
	}
	m.Unbind(a, two) // not its own: nothing happens
	m.Receive(now, []udp.Datagram{{rtp, a}, {rtp, a}, {stun, a}, {stun, b}, {rtp, b}, {rtcp, c}, {[]byte("junk"), a}, {dtls, b}})
	expect("one rtp "+a.String(), "one rtp "+a.String(), "one stun "+a.String(), "ice stun "+b.String(), "two rtcp "+c.String(), "end")
	if s := m.Stats(); s.Bindings != 2 || s.Unknown != 1 || s.Unclaimed[udp.RTP] != 1 || s.Unclaimed[udp.DTLS] != 1 || s.Received[udp.RTP] != 2 || s.Received[udp.STUN] != 2 {
		t.Errorf("counted %+v", s)
	}

	// The binding changes in the middle of a batch, as when a check is answered.
	ice.then = func() { m.Bind(b, two) }
	one.then = func() { m.Unbind(a, one) }
	m.Receive(now, []udp.Datagram{{rtp, b}, {stun, b}, {rtp, b}, {rtp, a}, {rtp, a}})
	expect("ice stun "+b.String(), "two rtp "+b.String(), "one rtp "+a.String(), "end")
	if !m.Bind(a, two) {
		t.Error("an address that was given up cannot be bound by another")
	}

	// What the first fallback does not claim goes to the second, and what none claims is counted.
	ice.refuses, ice.then = true, nil
	other := &endpoint{name: "other", got: &got}
	m.Fallback(udp.STUN, other)
	m.Fallback(udp.Unknown, ice)
	from := netip.AddrPortFrom(a.Addr(), 9)
	m.Receive(now, []udp.Datagram{{stun, from}, {[]byte("junk"), a}})
	expect("other stun "+from.String(), "end")
	other.refuses = true
	m.Receive(now, []udp.Datagram{{stun, from}})
	expect("end")
	if s := m.Stats(); s.Unclaimed[udp.STUN] != 1 {
		t.Errorf("nobody claimed one, counted %+v", s)
	}
	m.Tick(now)
	expect("tick", "end")
}

func TestMuxBindingsAreBounded(t *testing.T) {
	m, e := udp.NewMux(), &endpoint{}
	address := func(i int) netip.AddrPort {
		var b [4]byte
		binary.BigEndian.PutUint32(b[:], uint32(i))
		return netip.AddrPortFrom(netip.AddrFrom4(b), 1)
	}
	for i := range udp.MaxBindings {
		if !m.Bind(address(i), e) {
			t.Fatalf("binding %d refused", i)
		}
	}
	if m.Bind(address(udp.MaxBindings), e) {
		t.Error("binding past the limit was taken")
	}
	m.Unbind(address(0), e)
	if !m.Bind(address(udp.MaxBindings), e) {
		t.Error("control: after one is given up there is room again")
	}
}

func TestMuxAllocatesNothing(t *testing.T) {
	m := udp.NewMux()
	counting := countingEndpoint{n: new(int)}
	batch := make([]udp.Datagram, 64)
	for i := range batch {
		a := netip.AddrPortFrom(netip.MustParseAddr("192.0.2.1"), uint16(i%8+1))
		batch[i] = udp.Datagram{Data: rtp, Addr: a}
		m.Bind(a, counting)
	}
	now := time.Now()
	if n := testing.AllocsPerRun(100, func() { m.Receive(now, batch) }); n != 0 || *counting.n == 0 {
		t.Errorf("a batch of 64 = %v allocations, want 0", n)
	}
}

type countingEndpoint struct{ n *int }

func (e countingEndpoint) Datagram(time.Time, udp.Class, udp.Datagram) { *e.n++ }

package peer

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtcp"

	"visavis/internal/media"
	"visavis/internal/udp"
)

// TestResumption: a browser that talks and is silent for more than a second was cut off, and its picture goes on with a keyframe.
// One that only listens is silent between its reports; nothing must happen to its picture.
func TestResumption(t *testing.T) {
	for name, test := range map[string]struct {
		talks bool
		gap   time.Duration
		want  bool
	}{
		"talks, short gap":   {true, 900 * time.Millisecond, false},
		"talks, cut":         {true, 1100 * time.Millisecond, true},
		"listens, reports":   {false, 1500 * time.Millisecond, false},
		"listens, slow ones": {false, 4900 * time.Millisecond, false},
		"listens, cut":       {false, 5100 * time.Millisecond, true},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			from := chrome(b).known()
			g := chrome(b)
			slot := g.s.Slot("stage0")
			slot.Assign(b.now, from.s.Stream("cam"))
			key := []byte{0x90, 0x80, 0x80, 1, 0, 9, 9, 9, 9, 9}
			rr := marshal(t, &rtcp.ReceiverReport{SSRC: 1})
			live := func(d time.Duration, talks bool) { // the source goes on
				for ; d > 0; d -= 100 * time.Millisecond {
					b.pass(100 * time.Millisecond)
					from.come(from.rtp(camSSRC, vp8PT, "", key))
					if talks {
						g.come(g.rtp(micSSRC, opusPT, "0", make([]byte, 10)))
					}
				}
			}
			live(time.Second, test.talks)
			g.come(g.rtcp(rr))
			before := slot.Stats().Switches
			live(test.gap, false)
			g.come(g.rtcp(rr))
			live(100*time.Millisecond, false)
			if got := slot.Stats().Switches > before; got != test.want {
				t.Errorf("taken for an interruption: %v, want %v", got, test.want)
			}
		})
	}
}

// TestPause: no pictures go to a browser that is not heard, sound does; when it is heard again, by media or by an answered check, they
// go on with the next number. One that is heard is the control.
func TestPause(t *testing.T) {
	for name, test := range map[string]struct {
		talks, check bool
		gap          time.Duration
		want         bool
	}{
		"control: talks, short gap": {true, false, 1900 * time.Millisecond, false},
		"talks, unreachable":        {true, false, 25 * time.Second, true},
		"talks, then answers":       {true, true, 25 * time.Second, true},
		"control: listens, slow":    {false, false, 4900 * time.Millisecond, false},
		"listens, unreachable":      {false, false, 25 * time.Second, true},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			from, g := chrome(b).known(), chrome(b)
			cam, mic := g.s.Slot("stage0"), g.s.Slot("floor0")
			cam.Assign(b.now, from.s.Stream("cam"))
			mic.Assign(b.now, from.s.Stream("mic"))
			key := []byte{0x90, 0x80, 0x80, 1, 0, 9, 9, 9, 9, 9}
			live := func(d time.Duration, heard bool) {
				for ; d > 0; d -= 100 * time.Millisecond {
					b.pass(100 * time.Millisecond)
					from.come(from.rtp(camSSRC, vp8PT, "", key), from.rtp(micSSRC, opusPT, "", make([]byte, 10)))
					if heard && test.talks {
						g.come(g.rtp(micSSRC, opusPT, "0", make([]byte, 10)))
					} else if heard {
						g.come(g.rtcp(marshal(t, &rtcp.ReceiverReport{SSRC: 1})))
					}
				}
			}
			live(time.Second, true)
			pictures, sounds := cam.Stats().Packets, mic.Stats().Packets
			live(test.gap, false)
			n, m := cam.Stats().Packets-pictures, mic.Stats().Packets-sounds
			if all := uint64(test.gap / (100 * time.Millisecond)); (n < all) != test.want || test.want && n > 55 || m != all {
				t.Errorf("%d of %d pictures and %d of as much sound were sent, want all: %v", n, all, m, !test.want)
			}
			if test.check {
				m := g.checkOf(g.f.leg)
				g.b.h.noteCheck(g.f.leg, m, g.addr, false, b.now)
				g.come(g.answer(m, g.f.leg.peerPwd))
				live(200*time.Millisecond, false)
			} else {
				live(200*time.Millisecond, true)
			}
			if got := cam.Stats().Packets - pictures - n; got == 0 {
				t.Error("no picture after the gap")
			}
			if got := cam.Stream(); got != from.s.Stream("cam") {
				t.Errorf("the slot shows %v", got)
			}
		})
	}
}

// TestNothingAllocated sends one camera to ten receivers, with real seals on both sides.
func TestNothingAllocated(t *testing.T) {
	b := newBench(t)
	b.conn.keep = false
	from := chrome(b).known()
	from.twcc = true
	cam := from.s.Stream("cam")
	var slots []*media.Forwarder
	for range 10 {
		s := chrome(b).s.Slot("stage0")
		s.Assign(b.now, cam)
		slots = append(slots, s)
	}
	key := make([]byte, 1100)
	copy(key, []byte{0x90, 0x80, 0x80, 1, 0})
	const warm, runs = 1100, 500
	packets := make([][]byte, 0, warm+runs+1)
	for range cap(packets) {
		packets = append(packets, from.rtp(camSSRC, vp8PT, "", key))
	}
	batch := make([]udp.Datagram, 1)
	i := 0
	one := func() {
		b.now = b.now.Add(2 * time.Millisecond)
		batch[0] = udp.Datagram{Data: packets[i], Addr: from.addr}
		i++
		b.mux.Receive(b.now, batch)
		b.h.c.Worker.Flush()
	}
	for range warm {
		one()
	}
	before := slots[9].Stats().Packets
	got := testing.AllocsPerRun(runs, one)
	if sent := slots[9].Stats().Packets - before; sent < runs/2 {
		t.Fatalf("%d packets went to a receiver in %d runs: nothing was measured (%+v, %+v)", sent, runs, b.h.Stats(), cam.Stats())
	}
	if got != 0 {
		t.Errorf("%v allocations for a packet to ten receivers, want 0", got)
	}
}

// BenchmarkForward takes one packet of sound and sends it to ten receivers, sealed each time.
func BenchmarkForward(t *testing.B) {
	b := newBench(t)
	b.conn.keep = false
	from := chrome(b).known()
	for range 10 {
		chrome(b).s.Slot("floor0").Assign(b.now, from.s.Stream("mic"))
	}
	packets := make([][]byte, 1000)
	batch := make([]udp.Datagram, 1)
	t.ReportAllocs()
	for i := 0; i < t.N; i++ {
		if i%len(packets) == 0 {
			t.StopTimer()
			for j := range packets {
				packets[j] = from.rtp(micSSRC, opusPT, "0", make([]byte, 240))
			}
			t.StartTimer()
		}
		b.now = b.now.Add(20 * time.Millisecond)
		batch[0] = udp.Datagram{Data: packets[i%len(packets)], Addr: from.addr}
		b.mux.Receive(b.now, batch)
		b.h.c.Worker.Flush()
	}
}

// TestOldSSRC: once a track has another SSRC, late packets and reports of the one before are not its own; an offer that names the
// old one again brings it back.
func TestOldSSRC(t *testing.T) {
	const next, nextRTX = 0x2223, 0x3334
	b := newBench(t)
	g := chrome(b).known()
	cam := g.s.Stream("cam")
	slot := chrome(b).s.Slot("stage0")
	slot.Assign(b.now, cam)
	key := []byte{0x90, 0x80, 0x80, 1, 0, 9, 9, 9, 9, 9}
	taken := func(p []byte) bool {
		before := cam.Stats().Packets
		g.come(p)
		return cam.Stats().Packets > before
	}
	reports := func(ssrc uint32) bool {
		g.come(g.rtcp(marshal(t, &rtcp.SenderReport{SSRC: ssrc, NTPTime: 1 << 40, RTPTime: 960})))
		_, ok := slot.Report(b.now)
		return ok
	}
	if !taken(g.rtp(camSSRC, vp8PT, "1", key)) || !reports(camSSRC) {
		t.Fatal("control: the first SSRC is not taken")
	}
	if !taken(g.rtp(next, vp8PT, "1", key)) || cam.SSRC() != next {
		t.Fatal("the next SSRC is not taken")
	}
	g.come(g.rtp(nextRTX, rtxPT, "1", nil))
	before := b.h.Stats().UnknownSSRC
	if reports(camSSRC) {
		t.Error("a report of the old SSRC was taken")
	}
	for range 5 {
		if taken(g.rtp(camSSRC, vp8PT, "", key)) || taken(g.rtp(camRTX, rtxPT, "", append([]byte{1, 2}, key...))) {
			t.Error("a packet of the old SSRC was taken")
		}
	}
	if got := b.h.Stats().UnknownSSRC - before; got != 10 {
		t.Errorf("%d packets counted, want 10", got)
	}
	if !taken(g.rtp(next, vp8PT, "", key)) || !reports(next) {
		t.Error("control: the new SSRC is not taken")
	}
	i := slices.IndexFunc(g.o.sections, func(s section) bool { return s.name == "cam" })
	s := g.o.sections[i]
	s.ssrc, s.rtx = camSSRC, camRTX
	g.f.declare(&s)
	if !taken(g.rtp(camSSRC, vp8PT, "", key)) || taken(g.rtp(next, vp8PT, "", key)) {
		t.Error("an offer did not bring the first SSRC back")
	}
}

// TestResendAfterReoffer sends a packet again after an offer that leaves out header extensions: it must be the same bytes, since key
// and nonce are.
func TestResendAfterReoffer(t *testing.T) {
	o := recorded(t, "chrome.sdp")
	without := Offer{SDP: regexp.MustCompile(`a=extmap:\d+ \S+\r\n`).ReplaceAllString(o.SDP, ""), Names: o.Names}
	other := Offer{SDP: regexp.MustCompile(`a=extmap:\d+ \S+(sdes:mid|audio-level)\r\n`).ReplaceAllString(o.SDP, "")}
	other.SDP, other.Names = strings.ReplaceAll(other.SDP, "a=rtcp-mux\r\n", "a=rtcp-mux\r\na=extmap:4 "+uriLevel+"\r\n"), o.Names
	for name, test := range map[string]struct {
		next Offer
		want bool
	}{
		"control: the same":              {o, true},
		"without extensions":             {without, true},
		"its identifier means something": {other, false},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			g := chrome(b)
			if g.o.ext.mid != 4 {
				t.Fatalf("the recorded offer has MID as %d, want 4", g.o.ext.mid)
			}
			send := func() []byte {
				b.out()
				g.f.Send(b.now, &media.Out{SSRC: 7, Index: 5, PT: opusPT, Mid: "2", Payload: []byte{1, 2, 3}})
				b.h.c.Worker.Flush()
				return b.out()[0].Data
			}
			first := send()
			next, err := parseOffer(test.next)
			if err != nil {
				t.Fatal(err)
			}
			if got := next.follows(g.s.offer); got != test.want {
				t.Fatalf("follows = %v, want %v", got, test.want)
			}
			if !test.want {
				return
			}
			g.f.apply(b.now, next, g.f.leg)
			if got := send(); !bytes.Equal(got, first) {
				t.Errorf("sent again:\n%x\nwant\n%x", got, first)
			}
			third, err := parseOffer(o)
			if err != nil || !third.follows(next) {
				t.Errorf("an offer as the first no longer follows (%v)", err)
			}
		})
	}
}

// TestResendOnceInARoundTrip: the slots know the round trip from the browser's reports, so that a request which was made before the first
// answer could be there is not answered.
func TestResendOnceInARoundTrip(t *testing.T) {
	for name, test := range map[string]struct {
		rtt  time.Duration
		want uint64
	}{
		"100 ms":                            {100 * time.Millisecond, 1},
		"control: 10 ms, both are answered": {10 * time.Millisecond, 2},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			from, g := chrome(b).known(), chrome(b).known()
			slot := g.s.Slot("floor0")
			slot.Assign(b.now, from.s.Stream("mic"))
			sound := func() { from.come(from.rtp(micSSRC, opusPT, "", make([]byte, 100))) }
			sound()
			from.come(from.rtcp(marshal(t, &rtcp.SenderReport{SSRC: micSSRC, NTPTime: 1 << 40, RTPTime: 960})))
			sr, ok := slot.Report(b.now)
			if !ok {
				t.Fatal("no sender report")
			}
			b.now = b.now.Add(test.rtt)
			g.come(g.rtcp(marshal(t, &rtcp.ReceiverReport{SSRC: 1, Reports: []rtcp.ReceptionReport{
				{SSRC: slot.SSRC(), LastSequenceNumber: 1, LastSenderReport: uint32(sr.NTPTime >> 16)}}})))
			b.pass(reportEvery)
			sound()
			nack := marshal(t, &rtcp.TransportLayerNack{MediaSSRC: slot.SSRC(), Nacks: []rtcp.NackPair{{PacketID: 1002}}})
			g.come(g.rtcp(nack))
			b.now = b.now.Add(50 * time.Millisecond)
			g.come(g.rtcp(nack))
			if s := slot.Stats(); s.Nacked != 2 || s.Resent != test.want {
				t.Errorf("%d requests 50 ms apart, %d answered; want 2 and %d", s.Nacked, s.Resent, test.want)
			}
		})
	}
}

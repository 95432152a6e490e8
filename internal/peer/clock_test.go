package peer

import (
	"testing"
	"time"
	"unsafe"

	"github.com/pion/rtcp"
)

// stepped is t after the wall clock was set forward by whole seconds: what passed since another time is the same.
func stepped(t time.Time, by time.Duration) time.Time {
	*(*uint64)(unsafe.Pointer(&t)) += uint64(by/time.Second) << 30 // package time: seconds since 1885 above 30 bits of nanoseconds
	return t
}

// TestClockStep sets the wall clock forward by an hour between a sender report of ours and the browser's answer.
func TestClockStep(t *testing.T) {
	for name, by := range map[string]time.Duration{"control": 0, "step": time.Hour} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.now = time.Now()
			if at := stepped(b.now, by); at.Sub(b.now) != 0 || at.Round(0).Sub(b.now.Round(0)) != by {
				t.Fatalf("the test's clock did not step: %v after %v", at, b.now)
			}
			from, g := chrome(b).known(), chrome(b).known()
			g.f.consent = b.now
			slot := g.s.Slot("floor0")
			slot.Assign(b.now, from.s.Stream("mic"))
			from.come(from.rtp(micSSRC, opusPT, "", make([]byte, 100)))
			from.come(from.rtcp(marshal(t, &rtcp.SenderReport{SSRC: micSSRC, NTPTime: 1 << 40, RTPTime: 960})))
			sr, ok := slot.Report(b.now)
			if !ok {
				t.Fatal("no sender report")
			}
			b.now = stepped(b.now, by).Add(50 * time.Millisecond)
			g.come(g.rtcp(marshal(t, &rtcp.ReceiverReport{SSRC: 1, Reports: []rtcp.ReceptionReport{
				{SSRC: slot.SSRC(), LastSequenceNumber: 1, LastSenderReport: uint32(sr.NTPTime >> 16)}}})))
			if got := g.f.figures.rtt.Round(time.Millisecond); got != 50*time.Millisecond {
				t.Errorf("round trip %v, want 50 ms", got)
			}
		})
	}
}

// TestTransportWideClock: the times that we tell the browser are those of a clock that nobody sets.
func TestTransportWideClock(t *testing.T) {
	b := newBench(t)
	b.now = time.Now()
	g := chrome(b).known()
	g.twcc = true
	for range 2 {
		g.come(g.rtp(camSSRC, vp8PT, "", make([]byte, 100)))
		b.now = stepped(b.now, time.Hour).Add(20 * time.Millisecond)
	}
	for _, p := range g.f.feedback.BuildFeedbackPacket() {
		cc, ok := p.(*rtcp.TransportLayerCC)
		if !ok || len(cc.RecvDeltas) != 2 || cc.ReferenceTime != 0 || cc.RecvDeltas[1].Delta != 20000 {
			t.Errorf("feedback %+v, want two packets 20 ms apart, from 0 on", p)
		}
	}
}

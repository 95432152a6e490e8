package link

import (
	"net/netip"
	"testing"
	"time"

	"visavis/internal/media"
)

// TestResendOnceInARoundTrip: a request that was made before the first answer could be there is not answered. The quicker of two ways
// counts.
func TestResendOnceInARoundTrip(t *testing.T) {
	for name, test := range map[string]struct {
		first, second time.Duration // round trips; second 0: there is one way
		want          uint64
	}{
		"100 ms":                                 {100 * time.Millisecond, 0, 1},
		"control: 10 ms, both are answered":      {10 * time.Millisecond, 0, 2},
		"control: the second way is the quicker": {100 * time.Millisecond, 10 * time.Millisecond, 2},
		"the first way is the quicker":           {60 * time.Millisecond, 100 * time.Millisecond, 1},
	} {
		t.Run(name, func(t *testing.T) {
			p, now := testPlane(t), time.Unix(1001, 0) // a second after it began: there is a budget
			p.active.rtt = test.first
			if test.second > 0 {
				p.second = &path{addr: netip.MustParseAddrPort("192.0.2.10:5"), ponged: now, rtt: test.second}
			}
			o := p.outs[mediaSSRC+1]
			o.stream.Push(now, &media.Packet{SSRC: o.stream.SSRC(), Seq: 1, Payload: []byte{1}}, 30)
			p.m.c.Switch.Flush(now)
			p.reports(now)
			nack := appendNACK(nil, p.send.tag, o.ssrc, []uint16{1001})
			p.feedbackFor(now, nack)
			p.feedbackFor(now.Add(50*time.Millisecond), nack)
			if p.n.ResendAsked != 2 || p.n.Resent != test.want {
				t.Errorf("%d requests 50 ms apart, %d answered; want 2 and %d", p.n.ResendAsked, p.n.Resent, test.want)
			}
		})
	}
}

package link

import (
	"net/netip"
	"testing"
	"time"

	"visavis/internal/media"
	"visavis/internal/udp"
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

// towards counts what goes where.
type towards struct {
	nowhere
	to map[netip.AddrPort]int
}

func (c *towards) WriteBatch(ds []udp.Datagram) (int, error) {
	for _, d := range ds {
		c.to[d.Addr]++
	}
	return len(ds), nil
}

// TestResendsOfPicturesWithTwoWays: they go the second way, where nothing is known of a queue: the one of the first way bounds them there, too.
func TestResendsOfPicturesWithTwoWays(t *testing.T) {
	const packets = 40
	first, other := netip.MustParseAddrPort("192.0.2.9:5"), netip.MustParseAddrPort("192.0.2.10:5")
	for name, test := range map[string]struct{ two, full, all bool }{
		"one way, a queue":           {full: true},
		"control: one way, no queue": {all: true},
		"two ways, a queue":          {two: true, full: true},
		"two ways, no queue":         {two: true, all: true},
	} {
		t.Run(name, func(t *testing.T) {
			p, now := testPlane(t), time.Unix(1001, 0)
			sock := &towards{to: map[netip.AddrPort]int{}}
			p.m.c.Worker = udp.NewWorker(sock)
			want := first
			if test.two {
				p.second, want = &path{addr: other, ponged: now}, other
			}
			o := newOut(p, mediaSSRC+3, media.Video, "m/a/cam")
			o.source(now, media.NewStream(p.m.c.Switch, media.StreamConfig{Kind: media.Video, SSRC: 4}))
			o.want(now, true)
			var asked []uint16
			for i := range uint16(packets) {
				o.stream.Push(now, &media.Packet{SSRC: 4, Seq: 1 + i, Payload: append([]byte{0x10, 0, 0, 0}, make([]byte, 1000)...)}, media.NoLevel)
				asked = append(asked, 1001+i)
			}
			p.m.c.Switch.Flush(now)
			p.m.c.Worker.Flush()
			if len(sock.to) != 1 || sock.to[first] != packets {
				t.Fatalf("control: pictures went to %v, want %d to %v", sock.to, packets, first)
			}
			clear(sock.to)
			p.m.c.Switch.Limit(now, p, 1e6) // 80 ms of it are saved up: ten packets
			p.m.c.Switch.Full(p, test.full)
			now = now.Add(time.Second / 2)
			p.feedbackFor(now, appendNACK(nil, p.send.tag, o.ssrc, asked))
			p.m.c.Worker.Flush()
			if len(sock.to) != 1 || sock.to[want] == 0 || test.all != (sock.to[want] == packets) || !test.all && sock.to[want] > 12 {
				t.Errorf("%d packets asked for, sent again: %v; want them at %v, all: %v", packets, sock.to, want, test.all)
			}
		})
	}
}

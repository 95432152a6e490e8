package media

import (
	"fmt"
	"testing"
	"time"
)

// fan is one camera or microphone and n receivers.
func fan(n int, kind Kind) (sw *Switch, s *Stream, to []*counter, push func(burst int)) {
	sw = NewSwitch()
	now := time.Unix(1, 0)
	s = NewStream(sw, StreamConfig{Kind: kind, SSRC: 1, Source: &nobody{}})
	for i := range n {
		c := &counter{}
		f := NewForwarder(sw, ForwarderConfig{Kind: kind, SSRC: uint32(i), PT: 96, RTXPT: 97, RTXSSRC: uint32(1000 + i), Mid: "2", Sink: c})
		f.Ready(now)
		f.Assign(now, s)
		to = append(to, c)
	}
	p := Packet{SSRC: 1, Payload: make([]byte, 1150)}
	copy(p.Payload, vp8Payload(0, 0, true, 0))
	if kind == Audio {
		p.Payload = p.Payload[:240]
	}
	level := uint8(NoLevel)
	if kind == Audio {
		level = 30
	}
	push = func(burst int) {
		for range burst {
			p.Seq++
			p.Time += 3000
			p.Payload[3] = byte(p.Seq) & 0x7f
			s.Push(now, &p, level)
		}
		sw.Flush(now)
		sw.Tick(now)
		now = now.Add(20 * time.Millisecond)
		p.Payload[5] = 1
	}
	return sw, s, to, push
}

type nobody struct{}

func (nobody) RequestResend(time.Time, uint32, []uint16) {}
func (nobody) RequestKeyframe(time.Time, uint32)         {}

func TestNoAllocationPerPacket(t *testing.T) {
	for _, kind := range []Kind{Audio, Video} {
		_, _, to, push := fan(10, kind)
		for range 3000 { // every slot of the ring has been used
			push(1)
		}
		before := to[0].packets
		if n := testing.AllocsPerRun(1000, func() { push(4) }); n != 0 {
			t.Errorf("kind %d: %.1f allocations for 4 packets to 10 receivers, want 0", kind, n)
		}
		if got := to[0].packets - before; got != 4*1001 {
			t.Errorf("kind %d: %d packets came through, want %d", kind, got, 4*1001)
		}
	}
}

func TestNoAllocationPerResend(t *testing.T) {
	w := newWorld(t)
	s, _ := w.stream(Video)
	c := &counter{}
	f := w.slot(Video, c)
	f.Assign(w.now, s)
	for i := range 3000 {
		w.picture(s, uint16(i), uint16(i), 0, i == 0)
		w.sw.Flush(w.now)
	}
	ask := []uint16{uint16(f.top), uint16(f.top - 1)}
	if n := testing.AllocsPerRun(50, func() { f.Resend(w.now, ask) }); n != 0 || f.Stats().Resent == 0 {
		t.Errorf("%.1f allocations a NACK with %d answered, want 0", n, f.Stats().Resent)
	}
}

func TestNoAllocationPerLoss(t *testing.T) {
	_, s, _, push := fan(10, Video)
	for range 3000 {
		push(1)
	}
	if n := testing.AllocsPerRun(1000, func() { s.top--; push(2) }); n != 0 {
		t.Errorf("%.1f allocations per batch with gaps, want 0", n)
	}
}

// One packet to 50 receivers, alone and in runs of four; the figure is for one delivered packet.
func BenchmarkForward(b *testing.B) {
	for _, kind := range []Kind{Video, Audio} {
		for _, burst := range []int{1, 4} {
			b.Run(fmt.Sprintf("%s/receivers=50/run=%d", [...]string{"audio", "video"}[kind], burst), func(b *testing.B) {
				_, _, to, push := fan(50, kind)
				for range 2000 {
					push(1)
				}
				b.ReportAllocs()
				before := to[0].packets
				for b.Loop() {
					push(burst)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(50*(to[0].packets-before)), "ns/delivered")
			})
		}
	}
}

func BenchmarkParseRTP(b *testing.B) {
	in := []byte{0x90, 0x6f, 0x8e, 0x4a, 0, 3, 0xc1, 0x8b, 0x5d, 0x6f, 0x2a, 0x11, 0xbe, 0xde, 0, 2, 0x30, 0xa1, 0x22, 0x31, 0x10, 0xc4, 0x51, 0x03, 0, 0, 0, 0x78, 0xa1}
	var p Packet
	b.ReportAllocs()
	for b.Loop() {
		if err := ParseRTP(in, &p); err != nil {
			b.Fatal(err)
		}
		p.Extension(1)
	}
}

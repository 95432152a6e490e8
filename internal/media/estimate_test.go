package media

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/rtcp"
)

// narrow is a receiver behind a path of a certain rate with a queue, 20 ms away. It answers with transport-wide feedback each
// 100 ms and asks for missing sound.
type narrow struct {
	w      *world
	est    *Estimator // nil: nobody limits it, the control
	bits   float64    // of the path
	buffer time.Duration
	longer time.Duration // than 20 ms
	lose   func() bool   // at random, besides the queue

	free     time.Time // when the queue is empty
	way      []flight
	back     []flight
	recorder *twcc.Recorder
	reported time.Time
	sound    map[uint64]time.Time // arrival of each index
	missing  map[uint64]int
	top      uint64
	pictures []shown
	audio    *Forwarder
	video    *Forwarder
	dropped  int
}

type flight struct {
	at     time.Time
	number uint16
	o      Out
	report *rtcp.TransportLayerCC
	nack   []uint16
}

type shown struct {
	at   time.Time
	size int
}

const oneWay = 20 * time.Millisecond

func (n *narrow) Send(now time.Time, o *Out) {
	size := len(o.Payload) + perPacket
	f := flight{o: *o}
	if n.est != nil && o.Numbered {
		f.number = n.est.Sent(now, size, o.Padding)
	}
	if n.free.Before(now) {
		n.free = now
	}
	if n.free.Sub(now) > n.buffer || n.lose != nil && n.lose() {
		n.dropped++
		return
	}
	n.free = n.free.Add(time.Duration(float64(size) * 8 / n.bits * 1e9))
	f.at = n.free.Add(oneWay + n.longer)
	f.o.Payload = append([]byte(nil), o.Payload...)
	n.way = append(n.way, f)
}

// step is 5 ms of the receiver and of what its session does at the node.
func (n *narrow) step() {
	now := n.w.now
	for len(n.way) > 0 && !n.way[0].at.After(now) {
		f := n.way[0]
		n.way = n.way[1:]
		switch {
		case f.o.Kind == Audio:
			n.heard(f)
		case !f.o.Resend:
			n.pictures = append(n.pictures, shown{f.at, len(f.o.Payload)})
		}
		if f.o.Numbered {
			n.recorder.Record(1, f.number, f.at.UnixMicro())
		}
	}
	if now.Sub(n.reported) >= 100*time.Millisecond {
		n.reported = now
		for _, p := range n.recorder.BuildFeedbackPacket() {
			n.back = append(n.back, flight{at: now.Add(oneWay), report: p.(*rtcp.TransportLayerCC)})
		}
	}
	if now.UnixMilli()%30 < 5 {
		n.ask(now)
	}
	for len(n.back) > 0 && !n.back[0].at.After(now) {
		f := n.back[0]
		n.back = n.back[1:]
		if f.report == nil {
			n.audio.Resend(now, f.nack)
		} else if n.est != nil {
			n.est.Feedback(now, f.report)
		}
	}
	if n.est == nil {
		return
	}
	if k := n.est.Tick(now, n.w.sw.Short(n)); k > 0 {
		n.video.Probe(now, k)
	}
	if bits, ok := n.est.Bits(); ok {
		n.w.sw.Limit(now, n, bits)
	}
}

func (n *narrow) heard(f flight) {
	i := f.o.Index
	if _, ok := n.sound[i]; !ok {
		n.sound[i] = f.at
	}
	delete(n.missing, i)
	for q := n.top + 1; q < i && n.top > 0; q++ {
		n.missing[q] = 0
	}
	n.top = max(n.top, i)
}

func (n *narrow) ask(now time.Time) {
	var seqs []uint16
	for q, tries := range n.missing {
		if n.missing[q]++; tries < 10 {
			seqs = append(seqs, uint16(q))
		}
	}
	if len(seqs) > 0 {
		n.back = append(n.back, flight{at: now.Add(oneWay), nack: seqs})
	}
}

// call is one camera and one microphone shown to receivers.
type call struct {
	*world
	cam   *camera
	mic   *Stream
	seq   uint16
	steps int
	to    []*narrow
}

func newCall(t *testing.T, paths ...*narrow) *call {
	c := &call{world: newWorld(t), to: paths}
	c.cam = newCamera(c.world)
	c.cam.size, c.cam.count, c.cam.heavy = [3]int{400, 850, 950}, [3]int{1, 2, 5}, true
	c.mic, _ = c.stream(Audio)
	for _, n := range paths {
		n.w, n.recorder, n.sound, n.missing = c.world, twcc.NewRecorder(9), map[uint64]time.Time{}, map[uint64]int{}
		n.audio = c.slot(Audio, n)
		n.audio.Assign(c.now, c.mic)
		n.video = NewForwarder(c.sw, ForwarderConfig{Kind: Video, SSRC: 2, PT: 96, RTXSSRC: 3, RTXPT: 97, Sink: n, Numbered: true})
		n.video.Ready(c.now)
		n.video.Show(c.now, c.cam.track, Priority{First: true})
	}
	return c
}

func (c *call) run(d time.Duration) {
	for range int(d / (5 * time.Millisecond)) {
		c.pass(5 * time.Millisecond)
		if c.steps%4 == 0 {
			c.seq++
			c.mic.Push(c.now, &Packet{SSRC: c.mic.SSRC(), Seq: c.seq, Time: uint32(c.seq) * 960, PT: 109, Payload: make([]byte, 240)}, 30)
			c.sw.Flush(c.now)
		}
		if c.steps%7 == 0 {
			c.cam.picture()
		}
		c.steps++
		for _, n := range c.to {
			n.step()
		}
	}
}

// lost is the share of sound between two indices that never came, or more than half a second late.
func (n *narrow) lost(from, to uint64) float64 {
	lost := 0
	for q := from; q < to; q++ {
		if _, ok := n.sound[q]; !ok {
			lost++
		}
	}
	return float64(lost) / float64(to-from)
}

// layerIn is the layer whose packets came in between two instants most, -1 for none, and how many came.
func (n *narrow) layerIn(from, to time.Time) (layer, packets int) {
	var count [3]int
	for _, p := range n.pictures {
		if p.at.Before(from) || p.at.After(to) {
			continue
		}
		packets++
		for i, s := range [3]int{408, 858, 958} {
			if p.size == s {
				count[i]++
			}
		}
	}
	layer = -1
	for i, k := range count {
		if k > 0 && (layer < 0 || k > count[layer]) {
			layer = i
		}
	}
	return layer, packets
}

// figures of a receiver whose rate is cut from 3 Mbit/s to 300 kbit/s for 20 s.
type cutFigures struct {
	before     int           // layer
	lost       float64       // sound, from the cut to its end
	down, up   time.Duration // until pictures come at a lower layer, and at the highest again after the cut
	otherLost  float64
	otherLayer int
}

func cutRate(t *testing.T, est *Estimator, buffer time.Duration) cutFigures {
	one := &narrow{est: est, bits: 3e6, buffer: buffer}
	two := &narrow{est: &Estimator{}, bits: 3e6, buffer: 300 * time.Millisecond}
	c := newCall(t, one, two)
	c.run(8 * time.Second)
	var out cutFigures
	out.before, _ = one.layerIn(c.now.Add(-time.Second), c.now)
	first, cut, marker := one.top, c.now, two.top
	one.bits = 300e3
	out.down, out.up = time.Hour, time.Hour
	for range 40 {
		c.run(500 * time.Millisecond)
		layer, n := one.layerIn(c.now.Add(-500*time.Millisecond), c.now)
		if layer >= 0 && layer < 2 && n > 8 && out.down == time.Hour {
			out.down = c.now.Sub(cut)
		}
	}
	if _, n := one.layerIn(c.now.Add(-5*time.Second), c.now); n < 100 {
		out.down = time.Hour // it did not go on
	}
	one.bits = 3e6
	over := c.now
	for range 40 {
		c.run(500 * time.Millisecond)
		if layer, _ := one.layerIn(c.now.Add(-500*time.Millisecond), c.now); layer == 2 && out.up == time.Hour {
			out.up = c.now.Sub(over)
		}
	}
	out.lost = one.lost(first, one.top)
	out.otherLost = two.lost(marker, two.top)
	out.otherLayer, _ = two.layerIn(cut, over)
	return out
}

func TestRateCut(t *testing.T) {
	for _, buffer := range []time.Duration{100 * time.Millisecond, 300 * time.Millisecond, 1500 * time.Millisecond} {
		got := cutRate(t, &Estimator{}, buffer)
		t.Logf("queue of %v: %+v", buffer, got)
		if got.before != 2 {
			t.Errorf("layer %d at 3 Mbit/s, want 2", got.before)
		}
		if got.lost > 0.005 {
			t.Errorf("sound lost %.2f %%, want at most 0.5", got.lost*100)
		}
		if got.down > 3*time.Second {
			t.Errorf("pictures at a lower layer after %v, want 3 s", got.down)
		}
		if got.up > 15*time.Second {
			t.Errorf("highest layer back after %v, want 15 s", got.up)
		}
		if got.otherLost > 0 || got.otherLayer != 2 {
			t.Errorf("the other receiver lost %.2f %% and saw layer %d, want 0 and 2", got.otherLost*100, got.otherLayer)
		}
		if buffer != 300*time.Millisecond {
			continue
		}
		without := cutRate(t, nil, buffer)
		t.Logf("control: %+v", without)
		if without.lost < 0.05 {
			t.Errorf("control: without an estimate %.2f %% of the sound was lost: the cut shows nothing", without.lost*100)
		}
	}
}

// dark is the longest time without a picture between two instants.
func (n *narrow) dark(from, to time.Time) (longest time.Duration) {
	last := from
	for _, p := range n.pictures {
		if p.at.After(from) && p.at.Before(to) {
			longest, last = max(longest, p.at.Sub(last)), p.at
		}
	}
	return max(longest, to.Sub(last))
}

// TestLongerWay: when the way becomes longer by more than the queue that is allowed, pictures rest once, for what a queue would need to drain. Control:
// where there is a queue besides, because the way takes less too, it is still cut: the sound goes on.
func TestLongerWay(t *testing.T) {
	for _, full := range []bool{false, true} {
		n := &narrow{est: &Estimator{}, bits: 3e6, buffer: 300 * time.Millisecond}
		c := newCall(t, n)
		c.run(8 * time.Second)
		if n.video.Layer() != 2 {
			t.Errorf("layer %d at 3 Mbit/s, want 2", n.video.Layer())
		}
		began, first := c.now, n.top
		n.longer = 100 * time.Millisecond
		if full {
			n.bits = 300e3
		}
		c.run(40 * time.Second)
		dark, lost := n.dark(began, c.now), n.lost(first, n.top)
		layer, _ := n.layerIn(c.now.Add(-5*time.Second), c.now)
		t.Logf("full %v: dark for %v, layer %d, %.2f %% of the sound lost", full, dark, layer, lost*100)
		if !full && (dark > 3*time.Second || layer != 2) {
			t.Errorf("dark for %v, then layer %d; want 3 s, then 2", dark, layer)
		}
		if lost > 0.005 || full && (layer < 0 || layer > 1) {
			t.Errorf("full %v: %.2f %% of the sound lost, layer %d", full, lost*100, layer)
		}
	}
}

// One receiver loses a fifth of everything: it alone sees less.
func TestLossOfOneReceiver(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	bad := &narrow{est: &Estimator{}, bits: 3e6, buffer: time.Second, lose: func() bool { return rng.Float64() < 0.2 }}
	good := &narrow{est: &Estimator{}, bits: 3e6, buffer: time.Second}
	c := newCall(t, bad, good)
	c.run(20 * time.Second)
	if l := good.lost(good.top-900, good.top); l > 0 || good.video.Layer() != 2 {
		t.Errorf("the good receiver lost %.2f %% and sees layer %d", l*100, good.video.Layer())
	}
	if bad.video.Layer() > 1 {
		t.Errorf("control: layer %d at 20 %% loss: the loss is not seen", bad.video.Layer())
	}
	if l := bad.lost(bad.top-900, bad.top-30); l > 0.01 {
		t.Errorf("the bad receiver lost %.2f %% of the sound after resends", l*100)
	}
	if _, n := bad.layerIn(c.now.Add(-5*time.Second), c.now); n < 80 {
		t.Errorf("%d packets of pictures in 5 s at 20 %% loss: it stands still", n)
	}
}

func TestEstimatorStartsWithoutOpinion(t *testing.T) {
	e := &Estimator{}
	now := time.Unix(1e9, 0)
	for range 1000 {
		e.Sent(now, 1000, false)
	}
	if _, ok := e.Bits(); ok || e.Tick(now, true) != 0 {
		t.Error("an estimate without any feedback")
	}
	e.Feedback(now, &rtcp.TransportLayerCC{BaseSequenceNumber: 40000, PacketStatusCount: 65535, PacketChunks: []rtcp.PacketStatusChunk{
		&rtcp.RunLengthChunk{PacketStatusSymbol: rtcp.TypeTCCPacketReceivedSmallDelta, RunLength: 8191}}})
	if b, _ := e.Bits(); b != mostBits {
		t.Errorf("%v bit/s after a report about nothing that was sent, want no limit", b)
	}
}

func TestEstimatorDoesNotAllocate(t *testing.T) {
	e := &Estimator{}
	now := time.Unix(1e9, 0)
	if n := testing.AllocsPerRun(1000, func() { now = now.Add(time.Millisecond); e.Sent(now, 1000, false); e.Tick(now, true) }); n > 0 {
		t.Errorf("%v allocations a packet", n)
	}
}

func FuzzEstimator(f *testing.F) {
	r := twcc.NewRecorder(9)
	for i := range uint16(40) {
		if i%7 != 3 {
			r.Record(1, i, int64(i)*2500)
		}
	}
	for _, p := range r.BuildFeedbackPacket() {
		b, err := p.Marshal()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var p rtcp.TransportLayerCC
		if p.Unmarshal(b) != nil {
			return
		}
		e := &Estimator{}
		now := time.Unix(1e9, 0)
		for range 100 {
			now = now.Add(10 * time.Millisecond)
			e.Sent(now, 1000, false)
		}
		for range 10 {
			now = now.Add(100 * time.Millisecond)
			e.Feedback(now, &p)
			e.Tick(now, true)
			if b, ok := e.Bits(); !ok || !(b >= 0 && b <= mostBits) {
				t.Fatalf("estimate %v, %v", b, ok)
			}
		}
	})
}

// TestLossIsCountedOnce: a packet that is reported missing, twice, and asked for again is one loss; one that was only asked for is one too.
func TestLossIsCountedOnce(t *testing.T) {
	e, now := NewEstimator(browserPath), time.Unix(1e9, 0)
	for n := range uint16(10) {
		e.Sent(now, 1000, false)
		if n == 3 || n == 4 {
			continue
		}
		e.Packet(now, n, true, int64(n))
	}
	e.Packet(now, 3, false, 0)
	e.Packet(now, 3, false, 0)
	e.Lost(3)
	e.Lost(3)
	e.Lost(4)
	e.Packet(now, 4, false, 0)
	if w := e.window; w.lost != 2 || w.got != 8 {
		t.Errorf("%d lost, %d came; want 2 and 8", w.lost, w.got)
	}
}

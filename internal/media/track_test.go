package media

import (
	"testing"
	"time"
)

// camera is a sender of three layers, 30 pictures a second each, that makes keyframes of all when asked for one.
type camera struct {
	w      *world
	src    *source
	track  *Track
	seq    [3]uint16
	id     uint16
	asked  int
	paused [3]bool
	size   [3]int // payload bytes a packet
	count  [3]int // packets a picture; four times as many for a keyframe if heavy
	heavy  bool
}

func newCamera(w *world) *camera {
	c := &camera{w: w, src: &source{}, size: [3]int{500, 1100, 1200}, count: [3]int{1, 1, 1}}
	var layers []*Stream
	for i := range 3 {
		layers = append(layers, NewStream(w.sw, StreamConfig{ID: "cam", Kind: Video, SSRC: uint32(0xc0 + i), Source: c.src, Nominal: 1e6}))
	}
	c.track = NewTrack(layers...)
	return c
}

// newShow is a world with a camera that one receiver has been shown for a second.
func newShow(t *testing.T) (w *world, c *camera, to *sink, f *Forwarder) {
	w, to = newWorld(t), &sink{}
	c = newCamera(w)
	c.run(time.Second)
	f = w.slot(Video, to)
	f.Show(w.now, c.track, Priority{})
	c.run(time.Second)
	return w, c, to, f
}

// picture pushes one picture of every layer.
func (c *camera) picture() {
	key := len(c.src.keyframes) > c.asked
	c.asked = len(c.src.keyframes)
	c.id++
	for i, s := range c.track.layers {
		if c.paused[i] {
			continue
		}
		n := c.count[i]
		if key && c.heavy {
			n *= 4
		}
		for j := range n {
			c.seq[i]++
			b := append(vp8Payload(c.id, uint8(c.id), key, c.seq[i]), make([]byte, c.size[i])...)
			if j > 0 {
				b[0] &^= 0x10
			}
			s.Push(c.w.now, &Packet{SSRC: s.SSRC(), Seq: c.seq[i], Time: uint32(i)<<20 + uint32(c.id)*3000, PT: 100, Marker: j == n-1, Payload: b}, NoLevel)
		}
	}
	c.w.sw.Flush(c.w.now)
}

// run lets d go by.
func (c *camera) run(d time.Duration) {
	for end := c.w.now.Add(d); c.w.now.Before(end); {
		c.picture()
		c.w.pass(33 * time.Millisecond)
	}
}

func TestTrackMovesAtKeyframesOnly(t *testing.T) {
	w, c, to, f := newShow(t)
	if f.Layer() != 2 {
		t.Fatalf("layer %d without a limit, want 2", f.Layer())
	}
	w.sw.Limit(w.now, to, 200_000)
	c.run(time.Second)
	if f.Layer() != 0 {
		t.Fatalf("layer %d at 200 kbit/s, want 0", f.Layer())
	}
	w.sw.Limit(w.now, to, 2_000_000)
	c.run(2 * time.Second)
	if f.Layer() != 2 {
		t.Fatalf("layer %d at 2 Mbit/s, want 2", f.Layer())
	}
	moves, last := 0, -1
	for i, o := range to.got {
		size := len(o.Payload)
		if last >= 0 && size != last {
			moves++
			if o.Payload[5]&1 != 0 {
				t.Errorf("packet %d: another layer without a keyframe", i)
			}
		}
		last = size
		if o.SSRC != 2 || o.Index != uint64(firstSeq+1+i) {
			t.Errorf("packet %d: SSRC %d index %d, want 2 and %d", i, o.SSRC, o.Index, firstSeq+1+i)
		}
		if i > 0 {
			if d := int32(o.Time - to.got[i-1].Time); d <= 0 || d > 3000*20 {
				t.Errorf("packet %d: %d ticks after the one before", i, d)
			}
			id, before := uint16(o.Payload[2]&0x7f)<<8|uint16(o.Payload[3]), uint16(to.got[i-1].Payload[2]&0x7f)<<8|uint16(to.got[i-1].Payload[3])
			if id != before+1 {
				t.Errorf("packet %d: picture id %d after %d", i, id, before)
			}
		}
	}
	if moves != 2 {
		t.Errorf("%d moves, want 2: down and up", moves)
	}
}

// A slot that is given somebody else's camera goes on with the old picture only while the new one is on its way.
func TestOldPictureEndsBeforeASilentCamera(t *testing.T) {
	for name, silent := range map[string]bool{"silent": true, "flows, no keyframe": false} {
		t.Run(name, func(t *testing.T) {
			w, c, to, f := newShow(t)
			other := newCamera(w)
			both := func(d time.Duration) {
				for end := w.now.Add(d); w.now.Before(end); {
					c.picture()
					if !silent {
						other.asked = len(other.src.keyframes) // it answers no request
						other.picture()
					}
					w.pass(33 * time.Millisecond)
				}
			}
			both(time.Second)
			f.Show(w.now, other.track, Priority{})
			to.take()
			both(900 * time.Millisecond)
			if got := len(to.take()); silent != (got == 0) {
				t.Errorf("%d packets of the first camera after the slot is another's, silent %v", got, silent)
			}
			both(200 * time.Millisecond)
			to.take()
			both(200 * time.Millisecond)
			if got := len(to.take()); got != 0 {
				t.Errorf("%d packets of the first camera more than a second later", got)
			}
		})
	}
}

func TestTrackJoinsKeyframeRequestsOfItsLayers(t *testing.T) {
	w := newWorld(t)
	c := newCamera(w)
	c.run(time.Second)
	a, b := &sink{}, &sink{}
	fa, fb := w.slot(Video, a), w.slot(Video, b)
	w.sw.Limit(w.now, b, 200_000)
	fa.Show(w.now, c.track, Priority{})
	fb.Show(w.now, c.track, Priority{})
	w.pass(300 * time.Millisecond)
	if n := len(c.src.keyframes); n != 1 {
		t.Errorf("%d requests within 300 ms for two layers, want 1: the sender drops the second", n)
	}
	c.run(time.Second)
	if fa.Layer() != 2 || fb.Layer() != 0 {
		t.Errorf("layers %d and %d, want 2 and 0", fa.Layer(), fb.Layer())
	}
}

func TestTrackFallsToWhatFlows(t *testing.T) {
	w, c, _, f := newShow(t)
	c.paused[2] = true
	c.run(2 * time.Second)
	if f.Layer() != 1 || !c.track.layers[1].flows(w.now) || f.cur != c.track.layers[1] {
		t.Errorf("layer %d after the highest stopped, want 1, flowing", f.Layer())
	}
	c.paused[2] = false
	c.run(2 * time.Second)
	if f.Layer() != 2 {
		t.Errorf("layer %d after it came back, want 2", f.Layer())
	}
}

func TestTrackTellsWhatIsWatched(t *testing.T) {
	w := newWorld(t)
	c := newCamera(w)
	told := []uint8{}
	c.track.OnWatch(func(m uint8) { told = append(told, m) })
	to := &sink{}
	f := w.slot(Video, to)
	f.Show(w.now, c.track, Priority{})
	c.run(pauseAfter + time.Second)
	if len(told) == 0 || told[len(told)-1] != 0b101 {
		t.Fatalf("told %03b, want the lowest and the highest at last", told)
	}
	w.sw.Limit(w.now, to, 200_000)
	c.run(pauseAfter + time.Second)
	if told[len(told)-1] != 0b001 {
		t.Fatalf("told %03b, want the lowest at last", told)
	}
	c.paused = [3]bool{false, true, true}
	n := len(told)
	w.sw.Limit(w.now, to, 5_000_000)
	c.run(upgradeAfter + 200*time.Millisecond)
	if len(told) == n || told[n] != 0b101 {
		t.Fatalf("told %03b, want the highest to be asked for", told)
	}
	f.Show(w.now, nil, Priority{})
	c.run(pauseAfter + time.Second)
	if told[len(told)-1] != 0b001 {
		t.Errorf("told %03b without a watcher, want the lowest", told)
	}
	c.paused = [3]bool{true, false, true} // a small picture: the browser leaves the lowest out
	c.run(pauseAfter + time.Second)
	if told[len(told)-1] != 0b011 {
		t.Errorf("told %03b without the lowest, want the next one to go on", told)
	}
}

func TestAllocatorServesByRank(t *testing.T) {
	w := newWorld(t)
	to := &sink{}
	mic, _ := w.stream(Audio)
	var cams [3]*camera
	var slots [3]*Forwarder
	for i, p := range []Priority{{Rank: 5, First: true}, {Rank: 0, Voice: mic}, {Rank: 1}} {
		cams[i] = newCamera(w)
		slots[i] = NewForwarder(w.sw, ForwarderConfig{Kind: Video, SSRC: uint32(10 + i), PT: 96, Sink: to})
		slots[i].Ready(w.now)
		slots[i].Show(w.now, cams[i].track, p)
	}
	var seq uint16
	run := func(speak bool) (got [3]int) {
		for range 100 {
			for _, c := range cams {
				c.picture()
			}
			if seq++; speak {
				w.sound(mic, seq, 30)
			}
			w.pass(33 * time.Millisecond)
		}
		for i, f := range slots {
			got[i] = f.Layer()
		}
		return got
	}
	layer := func(i int) float64 { return cams[0].track.layers[i].Rate(w.now) }
	for _, c := range []struct {
		name  string
		limit func() float64
		speak bool
		want  [3]int
		shown Shown
	}{
		{"no limit", func() float64 { return -1 }, false, [3]int{2, 2, 2}, Whole},
		{"all lowest, principal high", func() float64 { return 2*layer(0) + 1.15*layer(2) }, false, [3]int{2, 0, 0}, Less},
		{"then the first delegate", func() float64 { return layer(0) + 2.3*layer(2) }, false, [3]int{2, 2, 0}, Less},
		{"two of three", func() float64 { return 2.4 * layer(0) }, false, [3]int{0, 0, -1}, Paused},
		{"one of three", func() float64 { return 1.4 * layer(0) }, true, [3]int{0, -1, -1}, Paused},
		{"enough again", func() float64 { return 10 * layer(2) }, false, [3]int{2, 2, 2}, Whole},
		{"nothing", func() float64 { return 0 }, false, [3]int{-1, -1, -1}, Paused},
	} {
		run(c.speak)
		w.sw.Limit(w.now, to, c.limit())
		if got := run(c.speak); got != c.want {
			t.Errorf("%s: layers %v, want %v", c.name, got, c.want)
		}
		if got := w.sw.Shown(to); got != c.shown {
			t.Errorf("%s: the owner is told %d, want %d", c.name, got, c.shown)
		}
	}
	// Who speaks goes before a delegate of lower number.
	slots[1].Show(w.now, cams[1].track, Priority{Rank: 1})
	slots[2].Show(w.now, cams[2].track, Priority{Rank: 2, Voice: mic})
	w.sw.Limit(w.now, to, 2.4*layer(0))
	if got := run(true); got != [3]int{0, -1, 0} {
		t.Errorf("the second delegate speaks: layers %v, want [0 -1 0]", got)
	}
	if got := run(false); got != [3]int{0, 0, -1} {
		t.Errorf("control, nobody speaks: layers %v, want [0 0 -1]", got)
	}
}

// TestLayersApart: a receiver that takes layers as streams of their own, as a node does. The lowest of every camera comes first, by rank, then more, by
// rank; what is too much is not sent at all, and each layer goes in one stream.
func TestLayersApart(t *testing.T) {
	w, to := newWorld(t), &sink{}
	first, second := newCamera(w), newCamera(w)
	first.size, second.size = [3]int{200, 600, 1200}, [3]int{200, 600, 1200}
	first.track.SetRank(Priority{Rank: 5})
	second.track.SetRank(Priority{Rank: 7, First: true}) // a principal
	var slots [2][2]*Forwarder
	run := func(d time.Duration) {
		for end := w.now.Add(d); w.now.Before(end); w.pass(33 * time.Millisecond) {
			first.picture()
			second.picture()
		}
	}
	run(time.Second)
	for i, c := range []*camera{first, second} {
		for j := range 2 { // the far node watches the lowest and the best
			slots[i][j] = NewForwarder(w.sw, ForwarderConfig{Kind: Video, SSRC: uint32(10 + 2*i + j), Sink: to})
			slots[i][j].Ready(w.now)
		}
		slots[i][0].ShowLayers(w.now, c.track, 0, 0)
		slots[i][1].ShowLayers(w.now, c.track, 1, 2)
	}
	rate := [3]float64{}
	for i, s := range first.track.layers {
		rate[i] = s.Rate(w.now)
	}
	for _, x := range []struct {
		what string
		bits float64
		want [2][2]int // layer in each slot
	}{
		{"no limit", -1, [2][2]int{{0, 2}, {0, 2}}},
		{"one picture", 1.2 * rate[0], [2][2]int{{-1, -1}, {0, -1}}},
		{"two", 2.2 * rate[0], [2][2]int{{0, -1}, {0, -1}}},
		{"and more of the principal", 2*rate[0] + 1.15*rate[1], [2][2]int{{0, -1}, {0, 1}}},
		{"the best of it", 2*rate[0] + 1.15*rate[2], [2][2]int{{0, -1}, {0, 2}}},
		{"all", 2*rate[0] + 2.3*rate[2], [2][2]int{{0, 2}, {0, 2}}},
		{"nothing", 0, [2][2]int{{-1, -1}, {-1, -1}}},
		{"all again", -1, [2][2]int{{0, 2}, {0, 2}}},
	} {
		w.sw.Limit(w.now, to, x.bits)
		run(2 * time.Second)
		for i := range slots {
			for j, f := range slots[i] {
				if f.Layer() != x.want[i][j] {
					t.Errorf("%s: camera %d, stream %d has layer %d, want %d", x.what, i, j, f.Layer(), x.want[i][j])
				}
			}
		}
	}
	slots[0][1].ShowLayers(w.now, first.track, 2, 2) // the middle one goes in a stream of its own from now on
	w.sw.Limit(w.now, to, 2*rate[0]+1.15*rate[2]+1.15*rate[1])
	run(2 * time.Second)
	if l := slots[0][1].Layer(); l != -1 {
		t.Errorf("layer %d in the stream of the best, want none", l)
	}
}

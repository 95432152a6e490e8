package media

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// inFlight is a thing on its way through a path with delay and loss.
type inFlight struct {
	at  time.Time
	run func()
}

// path delays by a fixed time and loses independently.
type path struct {
	w     *world
	delay time.Duration
	loss  float64
	rng   *rand.Rand
	queue []inFlight
}

func (p *path) send(run func()) {
	if p.rng.Float64() >= p.loss {
		p.queue = append(p.queue, inFlight{p.w.now.Add(p.delay), run})
	}
}

func (p *path) deliver() {
	for len(p.queue) > 0 && !p.queue[0].at.After(p.w.now) {
		q := p.queue[0]
		p.queue = p.queue[1:]
		q.run()
	}
}

// lossyCall sends packets of sound for d over a path with loss both ways and returns what part of them was not there 200 ms after
// it was due, and how many were sent in all for each that had to be.
func lossyCall(t *testing.T, d, oneWay time.Duration, loss float64, seed uint64, nack, rttKnown bool) (missing, overhead float64) {
	w := newWorld(t)
	rng := rand.New(rand.NewPCG(seed, 2))
	there, back := &path{w: w, delay: oneWay, loss: loss, rng: rng}, &path{w: w, delay: oneWay, loss: loss, rng: rng}
	var s *Stream
	arrived := map[uint16]time.Time{}
	total := 0
	send := func(q uint16) {
		total++
		there.send(func() {
			if _, ok := arrived[q]; !ok {
				arrived[q] = w.now
			}
			w.sound(s, q, 30)
		})
	}
	src := &source{onResend: func(now time.Time, ssrc uint32, seqs []uint16) {
		for _, q := range slices.Clone(seqs) {
			back.send(func() { send(q) })
		}
	}}
	s = NewStream(w.sw, StreamConfig{Kind: Audio, SSRC: 1, Source: src, NoResend: !nack})
	if rttKnown {
		s.SetRTT(2 * oneWay)
	}
	begin := w.now
	n := int(d / (20 * time.Millisecond))
	late := 0
	for step := 0; step < n*4+200; step++ { // 5 ms each
		if step%4 == 0 && step/4 < n {
			send(uint16(step / 4))
		}
		w.now = w.now.Add(5 * time.Millisecond)
		back.deliver()
		there.deliver()
		w.sw.Flush(w.now)
		w.sw.Tick(w.now)
	}
	for i := range n {
		due := begin.Add(time.Duration(i)*20*time.Millisecond + oneWay)
		if at, ok := arrived[uint16(i)]; !ok || at.Sub(due) > 200*time.Millisecond {
			late++
		}
	}
	return float64(late) / float64(n), float64(total) / float64(n)
}

func TestLossRepaired(t *testing.T) {
	const seed = 7
	for _, c := range []struct {
		name           string
		oneWay         time.Duration
		nack, rttKnown bool
		most, least    float64 // share missing 200 ms after due
	}{
		{"RTT 40 ms", 20 * time.Millisecond, true, true, 0.0005, 0},
		{"RTT 40 ms, to be measured", 20 * time.Millisecond, true, false, 0.0005, 0},
		{"RTT 160 ms, to be measured", 80 * time.Millisecond, true, false, 0.01, 0},
		{"RTT 80 ms", 40 * time.Millisecond, true, true, 0.005, 0},
		{"control: NACK off", 40 * time.Millisecond, false, true, 1, 0.04},
	} {
		missing, overhead := lossyCall(t, 600*time.Second, c.oneWay, 0.05, seed, c.nack, c.rttKnown)
		t.Logf("%s, 5 %% loss each way, seed %d: %.3f %% missing 200 ms after due, %.3f sent for each", c.name, seed, missing*100, overhead)
		if missing > c.most || missing < c.least {
			t.Errorf("%s: %.3f %% missing, want %.3f to %.3f %%", c.name, missing*100, c.least*100, c.most*100)
		}
		if overhead > 1.15 {
			t.Errorf("%s: %.2f packets sent for each, want at most 1.15", c.name, overhead)
		}
	}
}

// What was lost before a jump is nobody's any more.
func TestJumpForgetsLosses(t *testing.T) {
	for _, jump := range []int{0, 20000} { // the first is the control
		w := newWorld(t)
		s, src := w.stream(Audio)
		for _, q := range []int{1, 3, 4 + jump, 5 + jump} {
			w.sound(s, uint16(q), 30)
			w.now = w.now.Add(time.Millisecond)
		}
		w.pass(200 * time.Millisecond)
		if asked := len(src.resends) > 0; asked != (jump == 0) {
			t.Errorf("jump of %d: asked for %v", jump, src.resends)
		}
	}
}

func TestReorderingIsNotLoss(t *testing.T) {
	for _, c := range []struct {
		name  string
		after time.Duration // between the packet that overtook and the one overtaken
		want  int
	}{{"4 ms", 4 * time.Millisecond, 0}, {"control: 6 ms", 6 * time.Millisecond, 1}} {
		w := newWorld(t)
		s, src := w.stream(Audio)
		for _, q := range []uint16{1, 2, 4} {
			w.sound(s, q, 30)
		}
		w.sw.Flush(w.now)
		w.pass(c.after)
		w.sound(s, 3, 30)
		w.sw.Flush(w.now)
		w.pass(time.Second)
		if len(src.resends) != c.want {
			t.Errorf("%s: %d requests, want %d", c.name, len(src.resends), c.want)
		}
	}
}

// Three later packets are sign enough; no need to wait for time to pass.
func TestBurstShowsLossAtOnce(t *testing.T) {
	w := newWorld(t)
	s, src := w.stream(Video)
	for _, q := range []uint16{1, 3, 4, 5} {
		w.picture(s, q, q, 0, false)
	}
	w.sw.Flush(w.now)
	if !slices.Equal(src.resends, []uint16{2}) {
		t.Errorf("asked for %v, want 2 at once", src.resends)
	}
}

func TestRequestsEnd(t *testing.T) {
	for _, c := range []struct {
		name string
		kind Kind
		rtt  time.Duration
		want int
	}{
		{"attempts", Video, 10 * time.Millisecond, MaxAttempts},
		{"age of sound", Audio, 200 * time.Millisecond, 3}, // at 5, 240 and 475 ms; then 500 have gone by
	} {
		w := newWorld(t)
		s, src := w.stream(c.kind)
		s.SetRTT(c.rtt)
		w.sound(s, 1, NoLevel)
		w.sound(s, 3, NoLevel)
		w.sw.Flush(w.now)
		w.pass(3 * time.Second)
		if len(src.resends) != c.want {
			t.Errorf("%s: %d requests, want %d", c.name, len(src.resends), c.want)
		}
	}
}

func TestRequestBounds(t *testing.T) {
	for _, gap := range []int{MaxMissing, MaxMissing + 1} {
		w := newWorld(t)
		s, src := w.stream(Video)
		src.onResend = func(_ time.Time, _ uint32, seqs []uint16) {
			if len(seqs) > MaxRequest {
				t.Errorf("%d numbers in one request, want at most %d", len(seqs), MaxRequest)
			}
		}
		s.SetRTT(300 * time.Millisecond)
		w.picture(s, 0, 0, 0, false)
		w.picture(s, uint16(gap+1), 1, 0, false)
		w.sw.Flush(w.now)
		w.pass(50 * time.Millisecond)
		if len(src.resends) != MaxMissing || slices.Contains(src.resends, 1) != (gap == MaxMissing) {
			t.Errorf("gap of %d: %d asked for, first %v; want the newest %d", gap, len(src.resends), src.resends[0], MaxMissing)
		}
	}
}

func TestKeyframeRequestsJoined(t *testing.T) {
	w := newWorld(t)
	s, src := w.stream(Video)
	w.picture(s, 1, 1, 0, false)
	begin := w.now
	for range 5 {
		w.slot(Video, &sink{}).Assign(w.now, s)
		w.picture(s, s.lastWire()+1, 1, 0, false)
		w.flush()
	}
	for range 40 { // 800 ms of deltas
		w.picture(s, s.lastWire()+1, 1, 0, false)
		w.flush()
	}
	var at []time.Duration
	for _, k := range src.keyframes {
		at = append(at, k.Sub(begin))
	}
	want := []time.Duration{0, 310 * time.Millisecond, 620 * time.Millisecond}
	if !slices.Equal(at[:3], want) || len(at) != 3 {
		t.Errorf("asked at %v, want %v", at, want)
	}
	w.picture(s, s.lastWire()+1, 2, 0, true)
	w.flush()
	w.pass(2 * time.Second)
	if len(src.keyframes) != 3 {
		t.Errorf("asked %d times more after the keyframe", len(src.keyframes)-3)
	}
}

func (s *Stream) lastWire() uint16 { return uint16(s.top) }

// A receiver's own request is joined with others and goes on until the keyframe comes.
func TestReceiverAsksForKeyframe(t *testing.T) {
	w := newWorld(t)
	s, src := w.stream(Video)
	f, g := w.slot(Video, &sink{}), w.slot(Video, &sink{})
	f.Assign(w.now, s)
	g.Assign(w.now, s)
	w.picture(s, 1, 1, 0, true)
	w.flush()
	w.pass(400 * time.Millisecond)
	n := len(src.keyframes)
	for range 10 {
		f.Keyframe(w.now)
		g.Keyframe(w.now)
		w.pass(5 * time.Millisecond)
	}
	if got := len(src.keyframes) - n; got != 1 {
		t.Errorf("%d requests for 20 of receivers within 50 ms, want 1", got)
	}
	w.pass(270 * time.Millisecond)
	if got := len(src.keyframes) - n; got != 2 {
		t.Errorf("%d requests after 320 ms without a keyframe, want 2", got)
	}
	w.pass(time.Second + 680*time.Millisecond)
	if got := len(src.keyframes) - n; got != 3 {
		t.Errorf("%d requests after 2 s of which the source was silent for more than one, want 3", got)
	}
	f.Assign(w.now, nil)
	g.Assign(w.now, nil)
	n++
	w.pass(3 * time.Second)
	if got := len(src.keyframes) - n; got != 2 {
		t.Errorf("%d requests though nobody looks any more, want 2", got)
	}
}

// One receiver that keeps asking does not make everybody pay for a keyframe each 310 ms; one that loses a picture now and then is
// served at once.
func TestKeyframeRequestsBackOff(t *testing.T) {
	for _, c := range []struct {
		name        string
		every       time.Duration
		least, most int // keyframes in 20 s
		prompt      bool
	}{
		{"always", 100 * time.Millisecond, 5, 7, false},
		{"control: a loss now and then", 10500 * time.Millisecond, 2, 2, true},
	} {
		w := newWorld(t)
		s, src := w.stream(Video)
		good, bad := w.slot(Video, &sink{}), w.slot(Video, &sink{})
		good.Assign(w.now, s)
		bad.Assign(w.now, s)
		seq, done := uint16(0), 0
		show := func() {
			key := seq == 0 || len(src.keyframes) > done
			done = len(src.keyframes)
			w.picture(s, seq, seq, 0, key)
			seq++
			w.flush()
		}
		for range 50 {
			show()
		}
		start := len(src.keyframes)
		for i := range 1000 {
			if i%int(c.every/(20*time.Millisecond)) == 0 {
				n := len(src.keyframes)
				if bad.Keyframe(w.now); c.prompt && len(src.keyframes) != n+1 {
					t.Errorf("%s: request %d was not passed on at once", c.name, i)
				}
			}
			show()
		}
		if n := len(src.keyframes) - start; n < c.least || n > c.most {
			t.Errorf("%s: %d keyframes in 20 s, want %d to %d", c.name, n, c.least, c.most)
		}
		n := len(src.keyframes)
		w.slot(Video, &sink{}).Assign(w.now.Add(keyframeRepeat), s)
		if len(src.keyframes) != n+1 {
			t.Errorf("%s: a new slot has to wait", c.name)
		}
	}
}

// When the round trip gets longer than it was, packets are not asked for again and again before the first answer can be there.
func TestRequestsFollowTheRoundTrip(t *testing.T) {
	for _, told := range []bool{true, false} {
		w := newWorld(t)
		s, src := w.stream(Video)
		s.SetRTT(20 * time.Millisecond)
		there := &path{w: w, delay: 300 * time.Millisecond, rng: rand.New(rand.NewPCG(1, 1))}
		src.onResend = func(_ time.Time, _ uint32, seqs []uint16) {
			for _, q := range slices.Clone(seqs) {
				there.send(func() { w.picture(s, q, q, 0, false) })
			}
		}
		var lost, asked, before uint64
		for i := range uint16(10 * 50) {
			there.deliver()
			if i%20 == 10 {
				lost++
			} else {
				w.picture(s, i, i, 0, i == 0)
			}
			w.flush()
			if i%50 == 49 && told {
				s.SetRTT(300 * time.Millisecond)
			}
			if i == 2*50 {
				lost, before = 0, s.Stats().Requested
			}
		}
		if asked = s.Stats().Requested - before; asked < lost || asked > lost*2 {
			t.Errorf("told %v: asked %d times for %d packets, want at most 2 for each", told, asked, lost)
		}
	}
}

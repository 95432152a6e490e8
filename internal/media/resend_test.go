package media

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// nonces checks that one index of one SSRC is never sealed with two contents: under GCM that would give away the key of the tags
// (RFC 7714 §8.1).
type nonces struct {
	seen         map[string]string
	twice        int // sent again, the same
	different    int
	first, again int
}

func (n *nonces) Send(now time.Time, o *Out) {
	if n.seen == nil {
		n.seen = map[string]string{}
	}
	if n.first++; o.Resend {
		n.first--
		n.again++
	}
	key := fmt.Sprint(o.SSRC, o.Index)
	// The header is made of these; Resend is not in it.
	content := fmt.Sprintf("%d %d %v %d %q %x", o.Time, o.PT, o.Marker, o.Level, o.Mid, o.Payload)
	if was, ok := n.seen[key]; !ok {
		n.seen[key] = content
	} else if was == content {
		n.twice++
	} else {
		n.different++
	}
}

// storm makes both sources and receivers misbehave for a minute: reordering, loss, jumps, silences, switches, closed streams and
// a receiver that asks for all it ever heard of.
func storm(t *testing.T, to *nonces, seed uint64, rtx bool) (answered uint64) {
	w := newWorld(t)
	rng := rand.New(rand.NewPCG(seed, 3))
	type flow struct {
		s   *Stream
		seq uint16
	}
	var flows []*flow
	for i := range 6 {
		s, _ := w.stream(Kind(i % 2))
		flows = append(flows, &flow{s, uint16(rng.Uint32())})
	}
	var slots []*Forwarder
	for i := range 4 {
		c := ForwarderConfig{Kind: Kind(i % 2), SSRC: uint32(10 + i), PT: 100, Sink: to, Mid: "m"}
		if rtx && c.Kind == Video {
			c.RTXSSRC, c.RTXPT = uint32(20+i), 101
		}
		f := NewForwarder(w.sw, c)
		f.Ready(w.now)
		slots = append(slots, f)
	}
	for step := range 12000 { // 5 ms each
		for _, f := range flows {
			if rng.Float64() < 0.05 {
				f.seq += uint16(rng.IntN(3)) // lost
			}
			if rng.Float64() < 0.0005 {
				f.seq += uint16(rng.Uint32()) // a jump
			}
			q := f.seq - uint16(rng.IntN(1+rng.IntN(4))) // overtaken, or twice
			if rng.IntN(200) == 0 {
				q = f.seq - uint16(rng.IntN(MaxGap)) // long gone, as RTX can bring it, with other content
			}
			if f.s.Kind() == Audio {
				w.sound(f.s, q, uint8(rng.Uint32()))
			} else {
				w.picture(f.s, q, uint16(step)&0x7fff, uint8(step), rng.IntN(20) == 0)
			}
			f.seq++
		}
		w.sw.Flush(w.now)
		for _, f := range slots {
			var want []uint16
			for range 20 {
				want = append(want, uint16(f.top)-uint16(rng.IntN(400)))
			}
			f.Resend(w.now, want)
			if rng.IntN(100) == 0 {
				if s := flows[rng.IntN(6)].s; rng.IntN(5) == 0 {
					f.Assign(w.now, nil)
				} else {
					f.Assign(w.now, s)
				}
			}
			if rng.IntN(300) == 0 {
				f.Resume(w.now)
			}
		}
		if rng.IntN(1000) == 0 {
			i := rng.IntN(6)
			flows[i].s.Close(w.now)
			flows[i].s, _ = w.stream(Kind(i % 2))
		}
		if rng.IntN(2000) == 0 {
			w.pass(1200 * time.Millisecond)
		}
		w.pass(5 * time.Millisecond)
	}
	for _, f := range slots {
		answered += f.Stats().Resent
	}
	return answered
}

func TestNoNonceTwice(t *testing.T) {
	for _, rtx := range []bool{true, false} {
		to := &nonces{}
		answered := storm(t, to, 11, rtx)
		t.Logf("rtx %v, seed 11: %d packets, %d resends, %d of them the same bytes again", rtx, to.first, answered, to.twice)
		if to.different > 0 {
			t.Errorf("rtx %v: %d times one index had two contents", rtx, to.different)
		}
		if answered < 1000 { // the control: the storm is answered
			t.Errorf("rtx %v: only %d resends", rtx, answered)
		}
		if !rtx && to.twice != int(answered) {
			t.Errorf("%d of %d resends without RTX were the first packet byte for byte", to.twice, answered)
		}
	}
}

// A burst makes the ring double: numbers that it had forgotten by then must not count as new in the half that is empty. They come
// as RTX, under another SSRC of the same section, or in a new epoch of the link, and would be sealed under their old index.
func TestNoNonceTwiceAfterRateStep(t *testing.T) {
	w := newWorld(t)
	s, _ := w.stream(Video)
	to := &nonces{}
	f := NewForwarder(w.sw, ForwarderConfig{Kind: Video, SSRC: 2, PT: 96, Sink: to})
	f.Ready(w.now)
	f.Assign(w.now, s)
	const first, late = 1000, 1420
	seq := uint16(first)
	send := func(n int, apart time.Duration) {
		for range n {
			if seq != late {
				w.picture(s, seq, seq, 0, seq == first)
			}
			seq++
			w.sw.Flush(w.now)
			w.pass(apart)
		}
	}
	send(300, 30*time.Millisecond)
	send(140, time.Millisecond)
	if len(s.ring.slots) == 128 {
		t.Fatal("the ring did not double: the test shows nothing")
	}
	sent := to.first
	for q := uint16(first); q < seq; q++ {
		w.picture(s, q, ^q, 9, false) // other content
		w.sw.Flush(w.now)
	}
	if to.different > 0 {
		t.Errorf("%d indices had two contents", to.different)
	}
	if got := to.first - sent; got != 1 { // the control: what was lost just now is still taken
		t.Errorf("%d of the packets were sent on, want only the one that was missing", got)
	}
}

// What TestNoNonceTwice looks for is found when it is there.
func TestNonceControl(t *testing.T) {
	n := &nonces{}
	n.Send(time.Time{}, &Out{SSRC: 1, Index: 5, Payload: []byte{1}})
	n.Send(time.Time{}, &Out{SSRC: 1, Index: 5, Payload: []byte{1}})
	n.Send(time.Time{}, &Out{SSRC: 1, Index: 5, Payload: []byte{1}, Marker: true})
	if n.twice != 1 || n.different != 1 {
		t.Errorf("%d the same, %d different; want 1 and 1", n.twice, n.different)
	}
}

func TestResendBudget(t *testing.T) {
	for _, c := range []struct {
		name  string
		every int // a NACK for each so many packets
		each  int // times
		all   bool
	}{{"storm", 1, 10, false}, {"control: 5 % loss", 20, 1, true}} {
		w, s, _, _, f := assigned(t, Audio)
		const packets = 3000 // a minute
		for i := range packets {
			w.sound(s, uint16(i), 30)
			w.flush()
			if i%c.every == c.every-1 {
				for range c.each {
					f.Resend(w.now, []uint16{uint16(f.top)})
				}
			}
		}
		st := f.Stats()
		most := uint64(ResendShare*packets + ResendRate*60)
		if st.Resent > most || c.all != (st.Resent == st.Nacked) {
			t.Errorf("%s: %d of %d answered, want at most %d", c.name, st.Resent, st.Nacked, most)
		}
		if !c.all && st.Resent < most/2 {
			t.Errorf("%s: only %d answered, %d are allowed", c.name, st.Resent, most)
		}
	}
}

// TestResendsKeepToTheLimit: what is lost because the way is full is asked for at once, and often. Pictures are sent again within what the limit leaves
// of the way, sound always; the loss that is not too much for the way is mended even where the limit leaves less.
func TestResendsKeepToTheLimit(t *testing.T) {
	for _, c := range []struct {
		name  string
		limit float64 // times what the layer takes; 0: none
		full  bool
		every int  // a packet lost of so many
		kept  bool // the requests are more than the limit has room for
	}{
		{"full way", 1.2, true, 1, true},
		{"full way, little more than the layer", 1.05, true, 1, true},
		{"full way, 5 % loss", 1.05, true, 20, false},
		{"control: no queue", 1.05, false, 1, false},
		{"control: no limit", 0, true, 1, false},
	} {
		w, cam, to, f := newShow(t)
		mic, _ := w.stream(Audio)
		sound := w.slot(Audio, to)
		sound.Assign(w.now, mic)
		cam.run(5 * time.Second)
		rate := cam.track.layers[0].Rate(w.now)
		if c.limit > 0 {
			w.sw.Limit(w.now, to, c.limit*rate)
		}
		w.sw.Full(to, c.full)
		cam.run(2 * time.Second)
		begin, end, again, asked := w.now, w.now.Add(10*time.Second), 0.0, 0
		was := [2]ForwarderStats{f.Stats(), sound.Stats()}
		for w.now.Before(end) {
			cam.picture()
			w.sound(mic, uint16(asked), 30)
			w.sw.Flush(w.now)
			w.pass(33 * time.Millisecond)
			to.take()
			if asked++; asked%c.every == 0 {
				f.Resend(w.now, []uint16{uint16(f.top)})
				sound.Resend(w.now, []uint16{uint16(sound.top)})
			}
			for _, o := range to.take() {
				if o.Resend && o.Kind == Video {
					again += float64(len(o.Payload)+perPacket) * 8
				}
			}
		}
		is := [2]ForwarderStats{f.Stats(), sound.Stats()}
		refused := [2]uint64{is[0].Refused - was[0].Refused, is[1].Refused - was[1].Refused}
		most := max(c.limit-1, lossMost*c.limit) * rate * (w.now.Sub(begin) + 2*mendFor).Seconds()
		if refused[1] > 0 || c.kept != (refused[0] > 0) || c.kept && (again > 1.05*most || again < 0.8*most) {
			t.Errorf("%s: %.0f bits of pictures sent again, room for %.0f; %d packets of pictures and %d of sound were not", c.name, again, most, refused[0], refused[1])
		}
	}
}

// TestRefusedResendsTakeNoRoom: what the budget refuses costs nothing of the limit's room.
func TestRefusedResendsTakeNoRoom(t *testing.T) {
	for _, asked := range []int{0, 50} { // 0: the control
		w, cam, to, f := newShow(t)
		w.sw.Limit(w.now, to, 1.2*cam.track.layers[0].Rate(w.now))
		w.sw.Full(to, true)
		cam.run(2 * time.Second)
		to.take()
		f.r.budget.tokens, f.r.budget.at = 0, w.now
		for range asked {
			f.Resend(w.now, []uint16{uint16(f.top)})
		}
		if again := len(to.take()); again > 0 {
			t.Fatalf("%d sent again without a budget", again)
		}
		f.r.budget.tokens = 1
		f.Resend(w.now, []uint16{uint16(f.top)})
		if again := len(to.take()); again != 1 {
			t.Errorf("%d sent again after %d were refused, want 1", again, asked)
		}
	}
}

func TestResendBurstBound(t *testing.T) {
	b := budget{}
	now := time.Unix(0, 0)
	b.begin(now)
	for range 100000 {
		b.sent()
	}
	n := 0
	for b.take(now) {
		n++
	}
	if n != ResendBurst {
		t.Errorf("%d at once, want %d", n, int(ResendBurst))
	}
	if b.take(now.Add(19*time.Millisecond)) || !b.take(now.Add(20*time.Millisecond)) {
		t.Error("the next one is not there after 20 ms, or sooner")
	}
}

// A slot answers only for what it sent since the stream in it was attached, and not after that.
func TestAttachFloor(t *testing.T) {
	w := newWorld(t)
	closed, _ := w.stream(Audio)
	open, _ := w.stream(Audio)
	to := &sink{}
	f := w.slot(Audio, to)
	ask := func() int {
		to.take()
		all := make([]uint16, 0, 60)
		for q := range 60 {
			all = append(all, uint16(firstSeq+20-q))
		}
		for range 10 { // 500 ms budget is enough for all that may be answered
			f.r.budget.tokens = ResendBurst
			f.resent = nil
			f.Resend(w.now, all)
		}
		n := 0
		for _, o := range to.take() {
			if o.SSRC == f.SSRC() {
				n++
			}
		}
		return n / 10
	}
	talk := func(s *Stream, from, n int) {
		for i := range n {
			w.sound(s, uint16(from+i), 30)
			w.flush()
		}
	}
	talk(closed, 100, 5)
	f.Assign(w.now, closed)
	if n := ask(); n != 0 {
		t.Errorf("%d packets from before it was attached", n)
	}
	talk(closed, 105, 5)
	if n := ask(); n != 5 { // the control
		t.Errorf("%d packets since it was attached, want 5", n)
	}
	f.Assign(w.now, nil)
	if n := ask(); n != 0 {
		t.Errorf("%d packets after it was emptied", n)
	}
	talk(closed, 110, 2)
	f.Assign(w.now, open)
	talk(open, 300, 3)
	if n := ask(); n != 3 {
		t.Errorf("%d packets after a switch, want the 3 of the new stream", n)
	}
	f.Assign(w.now, nil)
	f.Assign(w.now, closed)
	if n := ask(); n != 0 {
		t.Errorf("%d packets when attached again, before anything flowed", n)
	}
	talk(closed, 112, 1)
	if n := ask(); n != 1 {
		t.Errorf("%d packets when attached again, want 1", n)
	}
}

func TestResendOnlyWhileYoung(t *testing.T) {
	for _, c := range []struct {
		kind  Kind
		after time.Duration
		want  int
	}{
		{Audio, 500 * time.Millisecond, 1}, {Audio, 501 * time.Millisecond, 0},
		{Video, time.Second, 1}, {Video, time.Second + time.Millisecond, 0},
	} {
		w, s, _, to, f := assigned(t, c.kind)
		w.picture(s, 1, 1, 0, true)
		w.sw.Flush(w.now)
		w.pass(c.after)
		f.Resend(w.now, []uint16{1001})
		if got := len(to.got) - 1; got != c.want {
			t.Errorf("kind %d: %d resends after %v, want %d", c.kind, got, c.after, c.want)
		}
	}
}

// A slot without RTX sends video again byte for byte, too.
func TestResendIsTheSamePacket(t *testing.T) {
	for _, kind := range []Kind{Audio, Video} {
		w := newWorld(t)
		s, _ := w.stream(kind)
		to := &sink{}
		f := NewForwarder(w.sw, ForwarderConfig{Kind: kind, SSRC: 5, PT: 99, Mid: "1", Sink: to})
		other := NewForwarder(w.sw, ForwarderConfig{Kind: kind, SSRC: 6, PT: 98, Mid: "2", Sink: &sink{}})
		for _, f := range []*Forwarder{f, other} {
			f.Ready(w.now)
		}
		f.Assign(w.now, s)
		for i := range 70000 { // across the roll-over
			w.picture(s, uint16(i), uint16(i)&0x7fff, uint8(i), i == 0 || i == 69990)
			w.sw.Flush(w.now)
			if i == 69980 {
				other.Assign(w.now, s) // writes other picture ids into the ring's copy
			}
			if i < 69990 {
				to.got = to.got[:0]
			}
			w.now = w.now.Add(time.Millisecond)
		}
		first := slices.Clone(to.got)
		to.got = nil
		var ask []uint16
		for _, o := range first {
			ask = append(ask, uint16(o.Index))
		}
		f.Resend(w.now, ask)
		if len(to.got) != len(first) || len(first) != 10 || first[0].Index>>16 != 1 {
			t.Fatalf("%d resends of %d, first index %#x", len(to.got), len(first), first[0].Index)
		}
		for i, o := range to.got {
			if !o.Resend {
				t.Errorf("kind %d: a resend is not marked", kind)
			}
			if o.Resend = false; !bytes.Equal(o.Payload, first[i].Payload) || o.Index != first[i].Index || o.Time != first[i].Time || o.Marker != first[i].Marker || o.PT != first[i].PT || o.Level != first[i].Level || o.Mid != first[i].Mid {
				t.Errorf("kind %d: resend %+v of %+v", kind, o, first[i])
			}
		}
	}
}

func TestResendOnceInARoundTrip(t *testing.T) {
	for _, c := range []struct {
		rtt, after time.Duration
		want       int
	}{
		{0, 19 * time.Millisecond, 1}, {0, 20 * time.Millisecond, 2},
		{100 * time.Millisecond, 99 * time.Millisecond, 1}, {100 * time.Millisecond, 100 * time.Millisecond, 2},
	} {
		w, s, _, to, f := assigned(t, Audio)
		f.SetRTT(c.rtt)
		w.sound(s, 1, 30)
		w.flush()
		to.take()
		f.Resend(w.now, []uint16{firstSeq + 1, firstSeq + 1})
		w.pass(c.after)
		f.Resend(w.now, []uint16{firstSeq + 1})
		if got := len(to.take()); got != c.want {
			t.Errorf("round trip %v: %d resends for a second request %v later, want %d", c.rtt, got, c.after, c.want)
		}
	}
}

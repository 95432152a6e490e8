package media

import (
	"slices"
	"testing"
	"time"
)

func TestJumpNeedsASecondPacket(t *testing.T) {
	for _, c := range []struct {
		name   string
		jump   int
		second int // after the first
		want   []int
	}{
		{"5000 forward is a gap", MaxGap, 1, []int{1001, 1001 + MaxGap, 1002 + MaxGap}},
		{"5001 forward is a new start", MaxGap + 1, 1, []int{1001, 1002}},
		{"5001 back is a new start", -MaxGap - 1, 1, []int{1001, 1002}},
		{"not in line: refused", MaxGap + 1, 2, []int{1001}},
		{"5001 forward, then on as before", MaxGap + 1, -MaxGap, []int{1001, 1002}},
	} {
		w, s, _, to, _ := assigned(t, Audio)
		for _, q := range []int{30000, 30000 + c.jump, 30000 + c.jump + c.second} {
			w.sound(s, uint16(q), 30)
			w.flush()
		}
		if got := numbers(to.got); !slices.Equal(got, c.want) {
			t.Errorf("%s: numbers %v, want %v", c.name, got, c.want)
		}
	}
}

func TestNewSSRCStartsAnew(t *testing.T) {
	w := newWorld(t)
	src := &source{}
	s := NewStream(w.sw, StreamConfig{Kind: Audio, Source: src})
	if _, ok := s.Reception(w.now); ok {
		t.Error("a report about nothing")
	}
	to := &sink{}
	w.slot(Audio, to).Assign(w.now, s)
	s.SetSSRC(7)
	w.sound(s, 100, 30)
	w.flush()
	s.SetSSRC(7)
	w.sound(s, 101, 30)
	w.flush()
	s.SetSSRC(8)
	w.sound(s, 90, 30)
	w.flush()
	if got, want := numbers(to.got), run(1001, 3); !slices.Equal(got, want) {
		t.Errorf("numbers %v, want %v", got, want)
	}
	if r, _ := s.Reception(w.now); r.SSRC != 8 {
		t.Errorf("report about %d, want 8", r.SSRC)
	}
}

func TestPayloadBound(t *testing.T) {
	for _, n := range []int{0, 1, MaxPayload, MaxPayload + 1} {
		for _, kind := range []Kind{Audio, Video} {
			w := newWorld(t)
			s, _ := w.stream(kind)
			p := make([]byte, n)
			if n > 0 {
				p[0] = 0x10
			}
			to := &sink{}
			w.slot(kind, to).Assign(w.now, s)
			s.Push(w.now, &Packet{SSRC: s.SSRC(), Seq: 1, Payload: p}, NoLevel)
			w.flush()
			if got, want := s.Stats().Packets, uint64(1); (got == want) != (n <= MaxPayload) {
				t.Errorf("kind %d: payload of %d bytes: %d accepted", kind, n, got)
			}
		}
	}
}

func TestPendingBound(t *testing.T) {
	w, s, _, to, _ := assigned(t, Video)
	for i := range MaxPending + 1 {
		w.picture(s, uint16(i), uint16(i), 0, i == 0)
	}
	w.flush()
	if len(to.got) != MaxPending || s.Stats().Refused != 1 {
		t.Errorf("%d sent of one batch, %d refused; want %d and 1", len(to.got), s.Stats().Refused, MaxPending)
	}
}

// The ring grows with the rate, to its bound, and what is in it stays.
func TestRingBounds(t *testing.T) {
	for _, c := range []struct {
		kind  Kind
		every time.Duration
		want  int
	}{
		{Audio, 20 * time.Millisecond, 64}, {Audio, time.Millisecond, AudioRing},
		{Video, 10 * time.Millisecond, 128}, {Video, 2 * time.Millisecond, 512}, {Video, 100 * time.Microsecond, VideoRing},
	} {
		w := newWorld(t)
		s, _ := w.stream(c.kind)
		for i := range 4000 {
			w.sound(s, uint16(i), 30)
			w.sw.Flush(w.now)
			w.now = w.now.Add(c.every)
		}
		if got := len(s.ring.slots); got != c.want {
			t.Errorf("kind %d every %v: room for %d packets, want %d", c.kind, c.every, got, c.want)
		}
		for q := s.top; q > s.top-int64(c.want); q-- {
			if s.ring.get(q) == nil {
				t.Fatalf("kind %d every %v: packet %d before the newest is gone", c.kind, c.every, s.top-q)
			}
		}
		if s.ring.get(s.top-int64(c.want)) != nil {
			t.Errorf("kind %d every %v: an overwritten packet is still there", c.kind, c.every)
		}
	}
}

func TestLatePacketIsDropped(t *testing.T) {
	w := newWorld(t)
	s, _ := w.stream(Audio)
	for i := range 200 {
		if i != 10 && i != 180 {
			w.sound(s, uint16(i), 30)
			w.flush()
		}
	}
	w.sound(s, 10, 30)
	w.sound(s, 180, 30)
	if st := s.Stats(); st.Late != 1 || st.Packets != 199 {
		t.Errorf("stats %+v, want 1 late and 199 accepted", st)
	}
}

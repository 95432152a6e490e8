package media

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// hall is a floor with microphones m0, m1, … and what each of them says.
type hall struct {
	*world
	floor  *Floor
	mics   []*Stream
	levels []uint8 // sent every 20 ms; NoLevel: nothing is sent
	seq    uint16
	told   map[string]string
	slots  map[string][]*Forwarder
	sinks  map[string]*sink
}

func newHall(t *testing.T, mics int) *hall {
	h := &hall{world: newWorld(t), told: map[string]string{}, slots: map[string][]*Forwarder{}, sinks: map[string]*sink{}}
	h.floor = NewFloor(h.sw)
	for range mics {
		s, _ := h.stream(Audio)
		h.mics, h.levels = append(h.mics, s), append(h.levels, 127)
	}
	h.floor.Admit(h.mics)
	h.floor.OnChange(func(key string, slots []*Stream) { h.told[key] = h.show(slots) })
	return h
}

// show writes who is in which slot: "m0 m2 -".
func (h *hall) show(slots []*Stream) string {
	var b []string
	for _, s := range slots {
		if i := slices.Index(h.mics, s); i >= 0 {
			b = append(b, fmt.Sprint("m", i))
		} else {
			b = append(b, "-")
		}
	}
	return strings.Join(b, " ")
}

// listen adds a listener who may hear everybody, with n slots. own is -1 for none.
func (h *hall) listen(key string, own, n int) {
	to := &sink{}
	var slots []*Forwarder
	for i := range n {
		f := NewForwarder(h.sw, ForwarderConfig{Kind: Audio, SSRC: uint32(100 + i), PT: 111, Sink: to})
		f.Ready(h.now)
		slots = append(slots, f)
	}
	h.slots[key], h.sinks[key] = slots, to
	var mine *Stream
	if own >= 0 {
		mine = h.mics[own]
	}
	h.floor.SetListener(key, mine, h.mics, slots)
}

// talk lets d go by, a packet of each microphone every 20 ms.
func (h *hall) talk(d time.Duration) {
	for end := h.now.Add(d); h.now.Before(end); {
		for i, s := range h.mics {
			if h.levels[i] != NoLevel {
				h.sound(s, h.seq, h.levels[i])
			}
		}
		h.seq++
		h.flush()
	}
}

// heard is what the slots of key show, after checking that listeners were told the same.
func (h *hall) heard(key string) string {
	h.Helper()
	var got []*Stream
	for _, f := range h.slots[key] {
		got = append(got, f.Stream())
	}
	if s := h.show(got); s != h.told[key] {
		h.Errorf("slots of %s have %s, it was told %s", key, s, h.told[key])
	}
	return h.told[key]
}

func (h *hall) expect(key, want, when string) {
	h.Helper()
	if got := h.heard(key); got != want {
		h.Errorf("%s: %s hears %q, want %q", when, key, got, want)
	}
}

func TestFloorTakesTheLoudest(t *testing.T) {
	h := newHall(t, 5)
	h.listen("x", -1, 3)
	h.listen("m1", 1, 3)
	h.talk(time.Second)
	h.expect("x", "m0 m1 m2", "all silent")
	h.expect("m1", "m0 m2 m3", "never the listener's own")
	h.levels[4] = 30
	h.talk(100 * time.Millisecond)
	h.expect("x", "m4 m1 m2", "a fifth talks")
	h.expect("m1", "m4 m2 m3", "a fifth talks")
	h.levels[2], h.levels[0] = 35, 40
	h.talk(100 * time.Millisecond)
	h.expect("x", "m4 m0 m2", "positions are stable")
	h.levels[3] = 32
	h.talk(300 * time.Millisecond)
	h.expect("x", "m4 m0 m2", "nobody is displaced at once by one a little louder")
	h.talk(time.Second)
	h.expect("x", "m4 m3 m2", "but 8 dB louder for half a second displaces the quietest")
	h.levels[4] = 127
	h.talk(2 * time.Second)
	h.expect("x", "m0 m3 m2", "m4 falls silent, so that m0, still talking, gets its place")
}

func TestFloorKeepsATalkerThroughPauses(t *testing.T) {
	for _, c := range []struct {
		pause time.Duration
		want  string
	}{{300 * time.Millisecond, "m0"}, {900 * time.Millisecond, "m1"}} { // the second is the control
		h := newHall(t, 2)
		h.listen("x", -1, 1)
		h.levels[0] = 40
		h.talk(time.Second)
		h.levels[0], h.levels[1] = 127, 40
		h.talk(c.pause)
		h.expect("x", c.want, fmt.Sprint("after a pause of ", c.pause))
	}
}

func TestLoudLiarCannotTakeFloor(t *testing.T) {
	for _, c := range []struct {
		name   string
		talker uint8
		want   string
	}{
		{"a liar claims 0 dBov for ever while all three talk", 28, "m0 m1 m2"},
		{"control: an honest loud voice against a murmur", 52, "m3"},
	} {
		turns := 0
		h := newHall(t, 4)
		h.listen("x", -1, 3)
		h.levels = []uint8{c.talker, c.talker, c.talker, 127}
		h.talk(time.Second)
		h.levels[3] = 0
		h.talk(400 * time.Millisecond)
		h.expect("x", "m0 m1 m2", c.name+", at once")
		for i := range 50 { // speech has pauses
			h.levels[0], h.levels[1], h.levels[2] = c.talker, c.talker, 127
			h.talk(200 * time.Millisecond)
			h.levels[0], h.levels[1], h.levels[2] = 127, c.talker, c.talker
			h.talk(200 * time.Millisecond)
			got := h.heard("x")
			if i == 8 && !strings.Contains(got, c.want) { // 5 s: nobody has had a turn
				t.Errorf("%s: heard %q, want %q", c.name, got, c.want)
			}
			if strings.Contains(got, "m3") {
				turns++
			}
		}
		// After that everybody who talks has turns, so a liar too, but no more of them than the others; the loud voice is in almost
		// always.
		if liar := c.talker == 28; liar && turns > 40 || !liar && turns < 48 {
			t.Errorf("%s: heard in %d of 50 steps", c.name, turns)
		}
	}
}

// Whatever levels others claim, and for how long, who talks is heard most of the time. The control: for the first seconds a talker
// is not cut off by another who is no louder.
func TestForgedLevelsDoNotHoldTheFloor(t *testing.T) {
	for _, c := range []struct {
		forged, honest uint8
		others         int
		least          time.Duration // of a minute
	}{{0, 30, 3, 40 * time.Second}, {50, 30, 3, 55 * time.Second}, {0, 40, 3, 25 * time.Second}, {0, 30, 5, 25 * time.Second}} {
		h := newHall(t, c.others+1)
		h.listen("x", -1, 3)
		name := fmt.Sprint("m", c.others)
		for i := range h.levels {
			h.levels[i] = c.forged
		}
		h.levels[c.others] = 127
		h.talk(time.Second)
		h.levels[c.others] = c.honest
		var heard time.Duration
		for i := range 60 * 50 {
			h.talk(20 * time.Millisecond)
			if strings.Contains(h.heard("x"), name) {
				if heard += 20 * time.Millisecond; c.forged < c.honest && i < 150 {
					t.Fatalf("a talker was cut off after %d ms", i*20)
				}
			}
		}
		if heard < c.least {
			t.Errorf("%d claim -%d dBov: one at -%d is heard %v of a minute, want %v", c.others, c.forged, c.honest, heard, c.least)
		}
	}
}

// Sound and picture of slots with one number are played in step (peer.syncGroup), so that who is seen in slot 1 is heard in slot 1. The control:
// without pictures, who comes first has the first slot.
func TestFloorBesideThePicture(t *testing.T) {
	for _, shown := range []bool{false, true} {
		h := newHall(t, 3)
		h.listen("x", -1, 3)
		want, moved := "m0 m1 m2", "m0 m1 m2"
		if shown { // place 0 is empty, as that of one's own principal
			h.floor.SetShown("x", []*Stream{nil, h.mics[0]})
			want, moved = "m1 m0 m2", "m1 m2 m0"
		}
		h.talk(time.Second)
		h.expect("x", want, "all silent")
		h.levels[0] = 30
		h.talk(time.Second)
		if shown {
			h.floor.SetShown("x", []*Stream{nil, h.mics[2], nil, nil, h.mics[1]})
		}
		h.talk(time.Second)
		h.expect("x", want, "who speaks is not moved")
		h.levels[0] = 127
		h.talk(2 * time.Second)
		h.expect("x", moved, "in a pause")
	}
}

// A microphone that sends no levels gets a slot of who is silent, and gives it up to who is known to talk.
func TestFloorWithoutLevels(t *testing.T) {
	for _, c := range []struct {
		name  string
		level uint8 // of the other three
		want  string
	}{{"three are mute", 127, "m3 m1 m2"}, {"control: three talk", 30, "m0 m1 m2"}} {
		h := newHall(t, 4)
		h.levels = []uint8{c.level, c.level, c.level, NoLevel}
		h.listen("x", -1, 3)
		plain := func(d time.Duration) {
			for end := h.now.Add(d); h.now.Before(end); {
				h.sound(h.mics[3], h.seq, NoLevel)
				h.talk(20 * time.Millisecond)
			}
		}
		h.talk(time.Second)
		plain(8 * time.Second)
		h.expect("x", c.want, c.name)
		if h.mics[3].Level() != NoLevel {
			t.Errorf("level %d of who sends none", h.mics[3].Level())
		}
		h.levels = []uint8{30, 30, 30, NoLevel}
		plain(100 * time.Millisecond)
		if got := h.heard("x"); strings.Contains(got, "m3") {
			t.Errorf("%s, then all talk: %q", c.name, got)
		}
	}
}

// Nobody's level puts a microphone on the floor that is not admitted, or into the ears of who may not hear it.
func TestFloorOnlyAdmitted(t *testing.T) {
	h := newHall(t, 3)
	h.levels = []uint8{60, 0, 0}
	h.listen("x", -1, 2)
	h.floor.Admit(h.mics[:2])
	h.floor.SetListener("x", nil, []*Stream{h.mics[0], h.mics[2]}, h.slots["x"])
	h.talk(time.Second)
	h.expect("x", "m0 -", "m1 may not be heard, m2 is not admitted")
	h.floor.Admit(h.mics)
	h.floor.SetListener("x", nil, h.mics, h.slots["x"])
	h.talk(time.Second)
	if got := h.heard("x"); !strings.Contains(got, "m1") || !strings.Contains(got, "m2") { // the control
		t.Errorf("when both may be heard: %q", got)
	}
	h.floor.Admit(h.mics[:1])
	h.sw.Tick(h.now)
	h.expect("x", strings.ReplaceAll(strings.ReplaceAll(h.told["x"], "m1", "-"), "m2", "-"), "taken away at once")
	for _, s := range h.mics {
		s.Close(h.now)
	}
	h.talk(100 * time.Millisecond)
	h.expect("x", "- -", "closed")
}

func TestFloorListenerLeaves(t *testing.T) {
	h := newHall(t, 2)
	h.listen("x", -1, 2)
	h.levels[0] = 30
	h.talk(time.Second)
	to := h.sinks["x"]
	h.floor.SetListener("x", nil, nil, nil)
	to.take()
	h.talk(time.Second)
	if n := len(to.take()); n != 0 {
		t.Errorf("%d packets to a listener who left", n)
	}
	h.listen("x", -1, 2)
	h.talk(time.Second)
	if n := len(to.got); n != 0 {
		t.Errorf("%d packets to slots that were given up", n)
	}
	h.expect("x", "m0 m1", "back again")
	h.floor.Close(h.now)
	h.sinks["x"].take()
	h.talk(time.Second)
	if n := len(h.sinks["x"].take()); n != 0 {
		t.Errorf("%d packets from a closed floor", n)
	}
}

// The first word of a fourth talker is heard from its second packet on.
func TestOnsetIsHeard(t *testing.T) {
	h := newHall(t, 4)
	h.listen("x", -1, 1)
	h.talk(time.Second)
	h.sinks["x"].take()
	h.levels[3] = 25
	h.talk(200 * time.Millisecond)
	n := 0
	for _, o := range h.sinks["x"].take() {
		if o.Level == 25 {
			n++
		}
	}
	if n != 9 {
		t.Errorf("%d of the first 10 packets of a talker came through, want 9", n)
	}
}

func TestLevel(t *testing.T) {
	w := newWorld(t)
	s, _ := w.stream(Audio)
	if s.Level() != NoLevel {
		t.Errorf("level %d before any packet, want none", s.Level())
	}
	for i := range 200 {
		w.sound(s, uint16(i), 0x80|40)
	}
	if l := s.Level(); l < 39 || l > 41 {
		t.Errorf("level %d after a steady 40", l)
	}
	for i := range 200 {
		w.sound(s, uint16(200+i), 0)
	}
	if l := s.Level(); l != loudestLevel {
		t.Errorf("level %d after a steady 0, want %d: louder counts no more", l, loudestLevel)
	}
}

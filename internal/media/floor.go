package media

import (
	"slices"
	"time"
)

// loudness is a stream's smoothed level: quick to rise, slow to fall, so that a talker stays one between syllables.
type loudness struct {
	known  bool
	level  int       // -dBov × 16, low is loud
	active time.Time // when it was last loud enough for speech
	since  time.Time // since when it has been, pauses of up to floorSticky included

	peaks  [2]int // loudest level of the last full floorSticky and of this one, so that a pause makes nobody quiet
	turned time.Time
}

// peak is the loudest level of the last half to whole second, -dBov × 16.
func (l *loudness) peak() int { return min(l.peaks[0], l.peaks[1]) }

// add takes one packet's level (RFC 6464) and tells whether speech begins with it. Levels louder than loudestLevel count as
// that one: no claim is worth more than plain speech.
func (l *loudness) add(now time.Time, level uint8) (onset bool) {
	v := max(int(level&0x7f), loudestLevel) * 16
	if !l.known {
		l.known, l.level, l.peaks = true, 127*16, [2]int{127 * 16, 127 * 16}
	}
	if v < l.level {
		l.level += (v - l.level) / 2 // a click of one packet is no speech
	} else {
		l.level += (v - l.level) / 16
	}
	if now.Sub(l.turned) >= floorSticky {
		l.peaks, l.turned = [2]int{l.peaks[1], l.level}, now
	}
	l.peaks[1] = min(l.peaks[1], l.level)
	if l.level > activeLevel*16 {
		return false
	}
	if !l.speaks(now) {
		onset, l.since = true, now
	}
	l.active = now
	return onset
}

// speaks tells whether there was speech within the last floorSticky.
func (l *loudness) speaks(now time.Time) bool {
	return !l.active.IsZero() && now.Sub(l.active) < floorSticky
}

// Level is the smoothed level in -dBov, 0 (loudest) to 127; NoLevel if no packet had one.
func (s *Stream) Level() uint8 {
	if !s.loudness.known {
		return NoLevel
	}
	return uint8(s.loudness.level / 16)
}

// Floor fills the floor slots of the listeners of one meeting with the loudest admitted microphones that each may hear, never
// its own. A talker keeps the slot it has. Levels only choose among those admitted, and a false one gains little: it counts no
// more than speech, and takes no slot from somebody who is speaking. Worker thread only.
type Floor struct {
	sw        *Switch
	admitted  []*Stream
	ranked    []*Stream // those who speak, loudest first
	listeners []*listener
	onChange  func(key string, slots []*Stream)
	due       bool
	looked    time.Time
}

type listener struct {
	key   string
	own   *Stream
	hear  map[*Stream]bool
	slots []*Forwarder
	holds []*Stream // who has each slot
	told  []*Stream
}

// NewFloor makes one without listeners; sw drives it.
func NewFloor(sw *Switch) *Floor {
	f := &Floor{sw: sw}
	sw.floors = append(sw.floors, f)
	return f
}

// Admit replaces the microphones that may be heard, those of all nodes. The order decides between equals. It takes effect with
// the next flush or tick.
func (f *Floor) Admit(streams []*Stream) {
	for _, s := range f.admitted {
		if s.floor == f {
			s.floor = nil
		}
	}
	f.admitted = slices.Clone(streams)
	for _, s := range f.admitted {
		s.floor = f
	}
	f.due = true
}

// SetListener says whose slots to fill, with whom of the admitted, and what its own microphone is (nil: none). No slots removes
// the listener and empties the slots it had. A listener that had the same slots before keeps who is in them.
func (f *Floor) SetListener(key string, own *Stream, hear []*Stream, slots []*Forwarder) {
	f.due = true
	i := slices.IndexFunc(f.listeners, func(l *listener) bool { return l.key == key })
	if i < 0 && len(slots) == 0 {
		return
	}
	if i < 0 {
		i = len(f.listeners)
		f.listeners = append(f.listeners, &listener{key: key})
	}
	l := f.listeners[i]
	if !slices.Equal(l.slots, slots) {
		for _, s := range l.slots {
			if !slices.Contains(slots, s) {
				s.Assign(f.sw.now, nil)
			}
		}
		l.slots, l.holds, l.told = slices.Clone(slots), make([]*Stream, len(slots)), nil
	}
	if len(slots) == 0 {
		f.listeners = slices.Delete(f.listeners, i, i+1)
		return
	}
	l.own, l.hear = own, make(map[*Stream]bool, len(hear))
	for _, s := range hear {
		l.hear[s] = true
	}
}

// OnChange sets what is told, by the worker, when who sounds in a listener's slots changes; nil is an empty slot. It must not
// change the floor.
func (f *Floor) OnChange(told func(key string, slots []*Stream)) { f.onChange = told }

// Close empties all slots and takes the floor from its switch.
func (f *Floor) Close(now time.Time) {
	for _, l := range f.listeners {
		for _, s := range l.slots {
			s.Assign(now, nil)
		}
	}
	f.listeners = nil
	f.Admit(nil)
	f.sw.floors = slices.DeleteFunc(f.sw.floors, func(g *Floor) bool { return g == f })
}

// update fills all slots anew.
func (f *Floor) update(now time.Time) {
	f.due, f.looked = false, now
	f.ranked = f.ranked[:0]
	for _, s := range f.admitted {
		if !s.closed && s.loudness.speaks(now) {
			f.ranked = append(f.ranked, s)
		}
	}
	slices.SortStableFunc(f.ranked, func(a, b *Stream) int { return a.loudness.peak() - b.loudness.peak() })
	for _, l := range f.listeners {
		f.fill(now, l)
		f.apply(now, l)
	}
}

// fill decides who holds the slots of l.
func (f *Floor) fill(now time.Time, l *listener) {
	for i := range l.holds {
		if s := l.holds[i]; s != nil && !f.mayHear(l, s) {
			l.holds[i] = nil
		}
	}
	for _, s := range f.ranked {
		if f.mayHear(l, s) && l.slotOf(s) < 0 {
			if i := l.yields(now, s); i >= 0 {
				l.holds[i] = s
			}
		}
	}
	// Who is silent waits in a slot that nobody needs, so that its first word is heard.
	for _, s := range f.admitted {
		i := l.slotOf(nil)
		if i < 0 {
			break
		}
		if f.mayHear(l, s) && l.slotOf(s) < 0 {
			l.holds[i] = s
		}
	}
}

// apply assigns the slots of l and tells about a change.
func (f *Floor) apply(now time.Time, l *listener) {
	changed := l.told == nil
	for i, s := range l.holds {
		l.slots[i].assign(now, s, f.sw.flushed)
		changed = changed || l.told[i] != s
	}
	if !changed {
		return
	}
	l.told = slices.Clone(l.holds)
	if f.onChange != nil {
		f.onChange(l.key, slices.Clone(l.told))
	}
}

func (f *Floor) mayHear(l *listener, s *Stream) bool {
	return s != l.own && !s.closed && s.floor == f && l.hear[s]
}

func (l *listener) slotOf(s *Stream) int {
	return slices.Index(l.holds, s)
}

// yields returns the slot that s, who speaks, gets: an empty one; or that of who has been silent longest; or, when s has spoken
// for floorSticky, that of the quietest talker, if s is louder by floorMargin.
func (l *listener) yields(now time.Time, s *Stream) int {
	if i := l.slotOf(nil); i >= 0 {
		return i
	}
	silent, talker := -1, -1
	for i, h := range l.holds {
		switch {
		case !h.loudness.speaks(now):
			if silent < 0 || h.loudness.active.Before(l.holds[silent].loudness.active) {
				silent = i
			}
		case talker < 0 || h.loudness.peak() > l.holds[talker].loudness.peak():
			talker = i
		}
	}
	if silent >= 0 {
		return silent
	}
	if talker >= 0 && now.Sub(s.loudness.since) >= floorSticky && s.loudness.peak()+floorMargin*16 <= l.holds[talker].loudness.peak() {
		return talker
	}
	return -1
}

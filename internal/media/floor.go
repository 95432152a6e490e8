package media

import (
	"slices"
	"time"
)

// loudness is a stream's smoothed level: quick to rise, slow to fall, so that a talker stays one between syllables.
type loudness struct {
	known  bool
	level  int       // -dBov × 16, low is loud
	meter  int       // as level, of levels as they came: for people, not for the choice of who is heard
	active time.Time // when it was last loud enough for speech
	since  time.Time // since when it has been, pauses of up to floorSticky included

	peaks  [2]int // loudest level of the last full floorSticky and of this one, so that a pause makes nobody quiet
	turned time.Time
}

// peak is the loudest level of the last half to whole second, -dBov × 16; of who sends none, the quietest speech.
func (l *loudness) peak() int {
	if !l.known {
		return activeLevel * 16
	}
	return min(l.peaks[0], l.peaks[1])
}

// add takes one packet's level (RFC 6464) and tells whether speech begins with it. Levels louder than loudestLevel count as
// that one: no claim is worth more than plain speech. While a microphone has sent none, that sound comes is taken for speech.
func (l *loudness) add(now time.Time, level uint8) (onset bool) {
	if level == NoLevel {
		return !l.known && l.speech(now)
	}
	v := max(int(level&0x7f), loudestLevel) * 16
	if !l.known {
		l.meter = 127 * 16
		l.known, l.level, l.peaks = true, 127*16, [2]int{127 * 16, 127 * 16}
	}
	l.meter += (int(level&0x7f)*16 - l.meter) / 4
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
	return l.speech(now)
}

func (l *loudness) speech(now time.Time) (onset bool) {
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

// LevelAt is how loud the stream says it is, smoothed, in -dBov, if something came within levelFresh before now; else NoLevel. It is for
// showing: Level counts nobody louder than plain speech.
func (s *Stream) LevelAt(now time.Time) uint8 {
	if now.Sub(s.at) > levelFresh {
		return NoLevel
	}
	if !s.loudness.known {
		return NoLevel
	}
	return uint8(s.loudness.meter / 16)
}

// Floor fills the floor slots of the listeners of one meeting with the loudest admitted microphones that each may hear, never
// its own. A talker keeps the slot it has. Levels only choose among those admitted, and a false one gains little: it counts no
// more than speech, takes no slot from somebody who is speaking, and holds none for ever: who talks without a break gives way to
// who waits. Worker thread only.
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
	shown []*Stream // see SetShown
	slots []*Forwarder
	holds []hold
	told  []*Stream
	left  map[*Stream]time.Time // when they last lost a slot
	turn  time.Time             // when one was last given by turns
}

// hold is who has a slot, nil for nobody.
type hold struct {
	s    *Stream
	from time.Time
	safe time.Time // from being outshouted, until then
}

// give lets s have slot i.
func (l *listener) give(now time.Time, i int, s *Stream) {
	if was := l.holds[i].s; was != nil {
		l.left[was] = now
	}
	l.holds[i] = hold{s: s, from: now}
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
		l.slots, l.holds, l.told, l.left = slices.Clone(slots), make([]hold, len(slots)), nil, map[*Stream]time.Time{}
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

// SetShown says whose pictures a listener has: shown[i] is the microphone of who is in its picture slot i, nil for nobody and for who has
// none. Sound and picture of slots with one number are played in step, so that a microphone goes to the slot of its picture when that is
// free, and into it from another as soon as nobody speaks in either.
func (f *Floor) SetShown(key string, shown []*Stream) {
	if i := slices.IndexFunc(f.listeners, func(l *listener) bool { return l.key == key }); i >= 0 {
		f.listeners[i].shown, f.due = slices.Clone(shown), true
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
		if s := l.holds[i].s; s != nil && !f.mayHear(l, s) {
			l.holds[i] = hold{}
		}
	}
	for s := range l.left {
		if !f.mayHear(l, s) {
			delete(l.left, s)
		}
	}
	l.pair(now)
	f.takeTurns(now, l)
	for _, s := range f.ranked {
		if f.mayHear(l, s) && l.slotOf(s) < 0 {
			if i := l.yields(now, s); i >= 0 {
				l.give(now, i, s)
			}
		}
	}
	// Who is silent waits in a slot that nobody needs, so that its first word is heard.
	for _, s := range f.admitted {
		if !f.mayHear(l, s) || l.slotOf(s) >= 0 {
			continue
		}
		i := l.free(s)
		if i < 0 {
			break
		}
		l.give(now, i, s)
	}
}

// pair moves who is silent beside its own picture, if who is there is silent too.
func (l *listener) pair(now time.Time) {
	quiet := func(i int) bool { return l.holds[i].s == nil || !l.holds[i].s.loudness.speaks(now) }
	for i, s := range l.shown[:min(len(l.shown), len(l.holds))] {
		if s == nil {
			continue
		}
		if j := l.slotOf(s); j >= 0 && j != i && quiet(i) && quiet(j) {
			l.holds[i], l.holds[j] = l.holds[j], l.holds[i]
		}
	}
}

// free returns the empty slot for s: that of its picture, else one where no other's picture is, else any; -1 if there is none.
func (l *listener) free(s *Stream) int {
	best := -1
	for i, h := range l.holds {
		switch {
		case h.s != nil:
		case l.beside(i) == s:
			return i
		case best < 0 || l.beside(i) == nil && l.beside(best) != nil:
			best = i
		}
	}
	return best
}

// beside is the microphone of who is in picture slot i, nil for none.
func (l *listener) beside(i int) *Stream {
	if i >= len(l.shown) {
		return nil
	}
	return l.shown[i]
}

// takeTurns gives the slot of who has talked in it longest without a break, for floorTurn at least, to who has waited longest
// of those that have spoken for floorSticky, whatever their levels: those are claims. One slot changes hands in a floorTurn, and
// who came to it so cannot be outshouted for as long.
func (f *Floor) takeTurns(now time.Time, l *listener) {
	if now.Sub(l.turn) < floorTurn {
		return
	}
	var next *Stream
	for _, s := range f.ranked {
		if f.mayHear(l, s) && l.slotOf(s) < 0 && now.Sub(s.loudness.since) >= floorSticky &&
			(next == nil || l.waits(s).Before(l.waits(next))) {
			next = s
		}
	}
	if next == nil {
		return
	}
	longest, since := -1, now.Add(-floorTurn)
	for i, h := range l.holds {
		if h.s == nil || !outtalks(now, h.s, next) {
			return // nobody has to give way
		}
		if h.s.loudness.known && !next.loudness.known {
			continue // who may be mute has no turn of who talks
		}
		if t := later(h.from, h.s.loudness.since); t.Before(since) {
			longest, since = i, t
		}
	}
	if longest >= 0 {
		l.give(now, longest, next)
		l.turn, l.holds[longest].safe = now, now.Add(floorTurn)
	}
}

// waits is since when s has wanted a slot.
func (l *listener) waits(s *Stream) time.Time { return later(l.left[s], s.loudness.since) }

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// outtalks tells whether h, who has a slot, counts as speaking against s, who wants it. Without levels nobody knows whether h is
// mute, so that it is silent for who has them.
func outtalks(now time.Time, h, s *Stream) bool {
	return h.loudness.speaks(now) && (h.loudness.known || !s.loudness.known)
}

// apply assigns the slots of l and tells about a change.
func (f *Floor) apply(now time.Time, l *listener) {
	changed := l.told == nil
	for i, h := range l.holds {
		l.slots[i].assign(now, h.s, f.sw.flushed)
		changed = changed || l.told[i] != h.s
	}
	if !changed {
		return
	}
	l.told = make([]*Stream, len(l.holds))
	for i, h := range l.holds {
		l.told[i] = h.s
	}
	if f.onChange != nil {
		f.onChange(l.key, slices.Clone(l.told))
	}
}

func (f *Floor) mayHear(l *listener, s *Stream) bool {
	return s != l.own && !s.closed && s.floor == f && l.hear[s]
}

func (l *listener) slotOf(s *Stream) int {
	return slices.IndexFunc(l.holds, func(h hold) bool { return h.s == s })
}

// yields returns the slot that s, who speaks, gets: an empty one; or that of who has been silent longest; or, when s has spoken
// for floorSticky, that of the quietest talker, if s is louder by floorMargin.
func (l *listener) yields(now time.Time, s *Stream) int {
	if i := l.free(s); i >= 0 {
		return i
	}
	silent, talker := -1, -1
	for i, h := range l.holds {
		switch {
		case !outtalks(now, h.s, s):
			if silent < 0 || h.s.loudness.active.Before(l.holds[silent].s.loudness.active) {
				silent = i
			}
		case now.Before(h.safe):
		case talker < 0 || h.s.loudness.peak() > l.holds[talker].s.loudness.peak():
			talker = i
		}
	}
	if silent >= 0 {
		return silent
	}
	if talker >= 0 && now.Sub(s.loudness.since) >= floorSticky && s.loudness.peak()+floorMargin*16 <= l.holds[talker].s.loudness.peak() {
		return talker
	}
	return -1
}

package media

import (
	"slices"
	"time"
)

// Track is one camera: the layers that its sender makes of it, lowest first. All show the same picture at the same time, so a slot
// may move from one to another at any keyframe. A sender that makes one only is a track of one layer. What it is made of does not
// change; everything else is for the worker thread only.
type Track struct {
	layers []*Stream
	rank   Priority
	asked  time.Time // last keyframe request for any layer: the sender makes keyframes of all at once
	watch  func(watched uint8)
	told   uint8        // what watch was told last
	since  [8]time.Time // when a layer was last watched
}

// MaxLayers bounds the layers of one camera.
const MaxLayers = 3

// NewTrack makes a track of streams, lowest first, at most MaxLayers.
func NewTrack(layers ...*Stream) *Track {
	t := &Track{layers: layers, told: 1<<len(layers) - 1}
	for _, s := range layers {
		s.track = t
	}
	return t
}

// Layers are the streams, lowest first; not to be changed. Any thread.
func (t *Track) Layers() []*Stream { return t.layers }

// OnWatch sets what is told, by the worker, which layers somebody watches when that changes: bit i is layer i. The lowest that flows,
// and those below, always count as watched, and one that is no longer watched does for pauseAfter, so that a receiver that comes back finds it there.
func (t *Track) OnWatch(f func(watched uint8)) { t.watch = f }

// Priority says how early the allocator serves a slot.
type Priority struct {
	Rank  int     // lower first
	First bool    // before anybody who only speaks: principals
	Voice *Stream // the microphone of who is shown, nil if there is none: who speaks comes before other delegates
}

// SetRank tells how early the camera is served where other nodes take it (ShowLayers): there the receiver is not asked who comes first.
func (t *Track) SetRank(p Priority) { t.rank = p }

// Show fills a picture slot with a camera, or empties it (nil). Which layer is sent is decided here, by what flows and by the
// receiver's limit; the slot moves between layers at keyframes and its numbers go on.
func (f *Forwarder) Show(now time.Time, t *Track, p Priority) {
	if f.dead {
		return
	}
	f.priority, f.apart = p, false
	if f.shut {
		t = nil
	}
	if t == f.track && (t == nil || f.least == 0 && f.most == len(t.layers)-1) {
		return
	}
	if t == nil {
		f.track = nil
		f.wish()
		f.assign(now, nil, f.sw.serial)
		return
	}
	f.show(now, t, 0, len(t.layers)-1)
}

// ShowLayers fills a picture slot of a receiver that takes the layers of a camera as streams of their own, each in a slot of its own, as another
// node does: this one shows the layers from least to most, and nothing where they are too much. The slot of the receiver that has least 0 is served
// as its first of the camera. Who comes first says the track (SetRank).
func (f *Forwarder) ShowLayers(now time.Time, t *Track, least, most int) {
	if f.dead || f.shut {
		return
	}
	if f.apart = true; t != f.track || least != f.least || most != f.most {
		f.show(now, t, least, most)
	}
}

func (f *Forwarder) show(now time.Time, t *Track, least, most int) {
	again := t == f.track
	f.track, f.least, f.most = t, least, most
	if !again && !f.within() && !t.flows(now) {
		f.leave(now, false) // switchFor is for a keyframe on its way; from a camera that is silent none is, and the old picture is somebody else's
	}
	switch {
	case !f.r.limited:
		f.allowed = most
	case !again || f.allowed < least || f.allowed > most: // climbs from there
		f.allowed = 0
		if least > 0 {
			f.allowed = -1
		}
	}
	if f.r.limited {
		f.r.allocate(now)
	}
	f.choose(now)
}

// Layer is the layer that flows or is waited for, -1 for none.
func (f *Forwarder) Layer() int {
	if f.track == nil {
		return -1
	}
	return f.track.index(f.Stream())
}

func (t *Track) index(s *Stream) int {
	if s != nil {
		for i, l := range t.layers {
			if l == s {
				return i
			}
		}
	}
	return -1
}

// flows says whether any layer does.
func (t *Track) flows(now time.Time) bool {
	return slices.ContainsFunc(t.layers, func(s *Stream) bool { return s.flows(now) })
}

// base is the lowest layer that flows, 0 if none does: browsers leave the lowest out of a small picture.
func (t *Track) base(now time.Time) int {
	for i, s := range t.layers {
		if s.flows(now) {
			return i
		}
	}
	return 0
}

// base is the lowest layer that flows of those that the slot may show, the lowest of them if none does.
func (f *Forwarder) base(now time.Time) int {
	for i := f.least; i <= f.most; i++ {
		if f.track.layers[i].flows(now) {
			return i
		}
	}
	return f.least
}

// cost is what a layer takes, bit/s: nothing if its sender leaves it out of a small picture.
func (f *Forwarder) cost(now time.Time, i int) float64 {
	if !f.track.layers[i].flows(now) && f.track.base(now) > i {
		return 0
	}
	return f.track.layers[i].Rate(now)
}

// choose moves the slot to the best layer that it may have and that flows.
func (f *Forwarder) choose(now time.Time) {
	t := f.track
	if t == nil {
		return
	}
	if f.allowed < 0 {
		if f.Stream() != nil {
			f.assign(now, nil, f.sw.serial)
		}
		return
	}
	best := f.base(now)
	for i := best + 1; i <= f.allowed; i++ {
		if t.layers[i].flows(now) {
			best = i
		}
	}
	if t.layers[best] == f.Stream() {
		return
	}
	if f.cur != nil && t.index(f.cur) > max(best, f.allowed) {
		f.leave(now, false) // at once: what is too much for the path delays the sound beside it
	}
	f.assign(now, t.layers[best], f.sw.serial)
}

// within says that the slot only moves between layers: then the old one may stay for as long as it takes.
func (f *Forwarder) within() bool {
	return f.track != nil && f.track.index(f.cur) >= 0
}

// tickTrack does what time drives for one camera; s is any of its layers, and only the lowest counts.
func (s *Stream) tickTrack(now time.Time) {
	t := s.track
	if t == nil || t.layers[0] != s || t.watch == nil {
		return
	}
	watched, flows := uint8(0), false
	for i, l := range t.layers {
		if !flows { // the lowest that the sender really makes
			watched |= 1 << i
		}
		flows = flows || l.flows(now)
		on := l.wishes > 0
		for _, f := range l.forwarders {
			on = on || f.ready
		}
		if on {
			t.since[i] = now
		}
		if on || t.told>>i&1 == 1 && now.Sub(t.since[i]) < pauseAfter {
			watched |= 1 << i
		}
	}
	if watched != t.told {
		t.told = watched
		t.watch(watched)
	}
}

// wish notes that the slot would show a layer if it flowed.
func (f *Forwarder) wish() {
	var s *Stream
	if f.track != nil && f.ready && f.allowed >= 0 {
		s = f.track.layers[f.allowed]
	}
	if s == f.wished {
		return
	}
	if f.wished != nil {
		f.wished.wishes--
	}
	if f.wished = s; s != nil {
		s.wishes++
	}
}

// meter measures what a stream takes on the wire.
type meter struct {
	bytes  uint64 // so far
	last   uint64
	at     time.Time
	rate   float64   // bit/s, smoothed over a second or so
	begun  time.Time // since when it flows without a pause
	newest time.Time
}

// perPacket is what a packet takes besides its payload: IP, UDP, RTP with extensions, tag.
const perPacket = 28 + 12 + 16 + 16

func (m *meter) add(now time.Time, payload int) {
	m.bytes += uint64(payload + perPacket)
	if now.Sub(m.newest) > flowFor {
		m.begun, m.at, m.last, m.rate = now, now, m.bytes-uint64(payload+perPacket), 0
	}
	m.newest = now
}

func (m *meter) tick(now time.Time) {
	d := now.Sub(m.at)
	if d < meterEvery || m.newest.IsZero() {
		return
	}
	r := float64(m.bytes-m.last) * 8 / d.Seconds()
	if m.at, m.last = now, m.bytes; m.rate == 0 {
		m.rate = r
	}
	m.rate += (r - m.rate) * 0.3
}

// flows says whether packets have been coming for a while and still do.
func (s *Stream) flows(now time.Time) bool {
	return !s.closed && now.Sub(s.meter.newest) <= flowFor && now.Sub(s.meter.begun) >= settleFor
}

// Rate is what the stream takes on the wire, bit/s: measured while it flows, else what it was declared to take.
func (s *Stream) Rate(now time.Time) float64 {
	if s.flows(now) && s.meter.rate > 0 {
		return s.meter.rate
	}
	return max(s.c.Nominal, s.meter.rate)
}

package media

import (
	"slices"
	"time"
)

// Limit tells what the path to a receiver takes of pictures, bit/s on the wire, besides its sound. Without it, or with a negative
// one, every slot shows the best layer that flows. A lower limit takes effect at once, a higher one when it has held for a moment.
func (s *Switch) Limit(now time.Time, sink Sink, bits float64) {
	r := s.receivers[sink]
	if r == nil {
		return
	}
	lower := bits >= 0 && (!r.limited || bits < r.limit)
	if r.limited, r.limit = bits >= 0, bits; lower {
		r.allocate(now)
	}
}

// Full tells whether a queue stands on the path to a receiver. While it does, pictures are sent again only within what the limit leaves: what a full
// path loses is asked for at once, and all of it on top would push the sound out.
func (s *Switch) Full(sink Sink, full bool) {
	if r := s.receivers[sink]; r != nil {
		r.full = full
	}
}

// Short says whether a slot of the receiver shows less than it could because of its limit.
func (s *Switch) Short(sink Sink) bool {
	r := s.receivers[sink]
	return r != nil && r.short
}

// Shown is what a receiver's limit leaves of the pictures that are there for it.
type Shown uint8

// What is left.
const (
	Whole  Shown = iota // everything, as sent
	Less                // every picture, some at a lower layer
	Paused              // some picture not at all
)

// Shown tells what is left to a receiver, so that its owner learns that it is the path, and not the others.
func (s *Switch) Shown(sink Sink) Shown {
	r, is := s.receivers[sink], Whole
	if r == nil || !r.limited {
		return is
	}
	for _, f := range r.slots {
		switch {
		case f.track == nil || !f.ready:
		case f.allowed < 0:
			is = Paused
		case f.allowed < f.most:
			is = max(is, Less)
		}
	}
	return is
}

// allocate divides the limit of a receiver among its pictures: first the lowest layer for each by rank, then more for each by rank.
// Sound is never touched. What is left is for resends of pictures while the path is full, at least what mends the loss that is not too much for it.
func (r *receiver) allocate(now time.Time) {
	r.looked, r.short = now, false
	r.ranked = r.ranked[:0]
	for _, f := range r.slots {
		if f.track != nil {
			r.ranked = append(r.ranked, f)
		}
	}
	slices.SortStableFunc(r.ranked, func(a, b *Forwarder) int {
		if d := a.order(now) - b.order(now); d != 0 {
			return d
		}
		return a.least - b.least
	})
	left := r.limit
	for _, f := range r.ranked {
		f.share = -1
		if f.least > 0 && r.limited { // more of a camera, not the first of it
			continue
		}
		base := f.base(now)
		if cost := f.cost(now, base); !r.limited || cost <= left {
			f.share, left = base, left-cost
		}
	}
	for _, f := range r.ranked {
		left = f.climb(now, left)
		f.settle(now)
		f.choose(now)
		f.wish()
	}
	r.spare = max(left, lossMost*r.limit)
}

// mends says whether there is room for one packet of a picture again.
func (r *receiver) mends(now time.Time) bool {
	if !r.limited || !r.full {
		return true
	}
	r.mending = min(r.mending+r.spare*now.Sub(r.mended).Seconds(), r.spare*mendFor.Seconds())
	r.mended = now
	return r.mending > 0
}

// mend takes the room of one, n bytes of payload.
func (r *receiver) mend(n int) {
	if r.limited && r.full {
		r.mending -= float64(n+perPacket) * 8
	}
}

// order is the place of a slot: principals, who speaks, everybody else.
func (f *Forwarder) order(now time.Time) int {
	p := f.priority
	if f.apart {
		p = f.track.rank
	}
	switch {
	case p.First:
		return p.Rank
	case p.Voice != nil && p.Voice.loudness.speaks(now):
		return 1<<16 + p.Rank
	}
	return 1<<17 + p.Rank
}

// climb raises the slot's share to the highest layer that what is left pays for, and returns what remains.
func (f *Forwarder) climb(now time.Time, left float64) float64 {
	if !f.r.limited {
		f.share = f.most
		return left
	}
	base, above := 0.0, f.least
	switch {
	case f.share >= 0:
		base, above = f.cost(now, f.share), f.share+1
	case f.least == 0:
		f.r.short = true
		return left
	}
	for i := f.most; i >= above; i-- {
		cost := f.cost(now, i)
		if i > f.allowed {
			cost *= upgradeMargin
		}
		if cost-base <= left {
			f.share, left = i, left-(cost-base)
			break
		}
		f.r.short = true
	}
	return left
}

// settle takes the share: less at once, more when it has been possible for upgradeAfter.
func (f *Forwarder) settle(now time.Time) {
	switch {
	case f.share <= f.allowed || !f.r.limited:
		f.allowed, f.fits = f.share, time.Time{}
	case f.fits.IsZero():
		f.fits = now
	case now.Sub(f.fits) >= upgradeAfter:
		f.allowed, f.fits = f.share, time.Time{}
	}
}

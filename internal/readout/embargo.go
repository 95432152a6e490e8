package readout

import "time"

// Clock is the time as a node knows it: its wall clock, its monotonic clock, and how far the other nodes' wall clocks are from it.
type Clock struct {
	Wall  time.Time
	Mono  time.Duration // since any fixed moment of this process
	Far   time.Duration // the other node's wall clock minus ours
	Known bool          // Far is measured, over a link that is up
}

// Why a publication is held.
const (
	HeldJump   = "readout.clock.jump"   // the wall clock was set while we looked
	HeldBack   = "readout.clock.back"   // after a start it is earlier than it was before
	HeldMissed = "readout.clock.missed" // this node has started since the text was scheduled, and no other node has confirmed the time by the embargo's end
	HeldFar    = "readout.clock.far"    // the other node's clock is another
	HeldLate   = "readout.late"         // the last signature came after the embargo's end

	HeldWithdrawn = "readout.withdrawn" // the other party has withdrawn it meanwhile: it does not go out at all
)

// anchor remembers both clocks.
func (l *Life) anchor(c Clock) { l.Seen, l.wall, l.mono, l.set = c.Wall.UTC(), c.Wall, c.Mono, true }

// apart reports whether the other node's clock is known to be another.
func (c Clock) apart() bool { return c.Known && (c.Far > MaxClockApart || c.Far < -MaxClockApart) }

// Resume is l, read from a disk, with what an earlier look of this process knew of the clocks.
func (l Life) Resume(was Life) Life {
	if was.Stage == StageScheduled && was.Hash == l.Hash {
		l.wall, l.mono, l.set, l.alone = was.wall, was.mono, was.set, was.alone
	}
	return l
}

// Look is to be called every few seconds while a text is scheduled. It says whether the text is due: its embargo is over by the wall clock, and
// the wall clock has gone as the monotonic one has, and no other node's says otherwise. Otherwise it waits, or is Held for an officer (D12).
func (l Life) Look(c Clock) (Life, bool) {
	if l.Stage != StageScheduled {
		return l, false
	}
	l.alone = (l.alone || !l.set) && (!c.Known || c.apart())
	if l.Held == "" {
		l.Held = l.doubt(c)
		if l.Held != "" {
			l.Trusted = false
		}
	}
	if l.Seen = c.Wall.UTC(); !l.set {
		l.anchor(c)
	}
	return l, l.Held == "" && !c.Wall.Before(l.Release)
}

// doubt is why the time is not to be believed, "" if it is.
func (l Life) doubt(c Clock) string {
	if l.Release.IsZero() { // no embargo: nothing can be early
		return ""
	}
	switch {
	case l.set:
		if jump := c.Wall.Sub(l.wall) - (c.Mono - l.mono); jump > MaxClockApart || jump < -MaxClockApart {
			return HeldJump
		}
	case !l.Seen.IsZero() && c.Wall.Before(l.Seen.Add(-MaxClockApart)):
		return HeldBack
	}
	switch {
	case l.alone && !c.Wall.Before(l.Release): // nothing monotonic reaches over a start: the wall clock may be hours ahead, and went on from there
		return HeldMissed
	case c.apart() && !l.Trusted:
		return HeldFar
	}
	return ""
}

// Confirm is our officer's word, with a passkey over the text's hash, that a held text may go out when its time has come by our clock.
func (l Life) Confirm(a Actor, c Clock) (Life, error) {
	if err := l.in(StageScheduled); err != nil {
		return l, err
	}
	if err := l.own(a); err != nil {
		return l, err
	}
	if a.Proven != l.Hash {
		return l, fail("readout.proof")
	}
	l.Held, l.Trusted, l.alone = "", true, false
	l.anchor(c)
	return l, nil
}

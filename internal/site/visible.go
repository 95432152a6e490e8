package site

import (
	"time"
)

// revision is one published version of a readout as the catalogue knows it, without its text.
type revision struct {
	entry  string // file in the store
	number int
	shown  moment

	unfit     bool // the file does not fit its signatures: shown with a warning
	languages []heading
	pictures  []string // SHA-256 in hex of what its texts show
}

// moment is from when on something may be seen.
type moment struct {
	at      time.Time // published, announced
	release time.Time // embargo of the signed text; the zero time: none
}

// visible is the one guard: whether something may be seen at now. Pages, lists, feeds, JSON, text, calendar, pictures, the map of the site and the
// address of a withdrawn text all ask here, through catalogue.at, and have no other way to the store.
func visible(m moment, now time.Time) bool {
	return !m.at.IsZero() && !now.Before(m.at) && !now.Before(m.release)
}

// steady gives the time by which the guard decides: the wall clock, unless it has run ahead of the monotonic clock since the start by more than
// jump. Then somebody has set the clock, and nothing becomes visible before the time that has truly passed: late, never early. ahead is by how much
// it was held back.
type steady struct {
	start time.Time
	clock func() time.Time
}

func (s steady) now() (now time.Time, ahead time.Duration) {
	t := s.clock()
	passed := t.Sub(s.start)                 // by the monotonic clock where t has one
	wall := t.Round(0).Sub(s.start.Round(0)) // by the wall clock
	if ahead = wall - passed; ahead > jump {
		return s.start.Round(0).Add(passed).UTC(), ahead
	}
	return t.Round(0).UTC(), 0
}

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
	start  time.Time // by the wall clock
	wall   func() time.Time
	passed func() time.Duration // since start, by the monotonic clock
}

func (s steady) now() (now time.Time, ahead time.Duration) {
	now, passed := s.wall().Round(0).UTC(), s.passed()
	if ahead = now.Sub(s.start) - passed; ahead > jump {
		return s.start.Add(passed), ahead
	}
	return now, 0
}

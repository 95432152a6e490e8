package bot

import (
	"slices"
	"time"
)

// arrivals follows the sequence numbers of one SSRC: what is missing, what to ask for again, what is lost. It is our own
// rather than the library's because that one never learns of packets that come by RTX and asks for them again and again.
// Not safe for concurrent use.
type arrivals struct {
	r       *Received
	started bool
	highest int64 // unwrapped
	missing map[int64]*gap
	seen    [nackWindow]int64 // numbers that came, by number modulo the window, + 1
}

type gap struct {
	since, next time.Time
	asked       int
}

// packet notes one arrival and says whether it is new.
func (a *arrivals) packet(now time.Time, seq uint16) bool {
	if !a.started {
		a.started, a.highest = true, int64(seq)+1<<16 // never negative, however far back a packet comes from
		a.seen[a.highest%nackWindow] = a.highest + 1
		return true
	}
	n := a.highest + int64(int16(seq-uint16(a.highest)))
	switch {
	case n > a.highest+nackWindow || n <= a.highest-nackWindow:
		a.r.Breaks++
		a.r.Lost += uint64(len(a.missing))
		*a = arrivals{r: a.r, started: true, highest: int64(seq) + 1<<16}
		a.seen[a.highest%nackWindow] = a.highest + 1
		return true
	case n > a.highest:
		if a.missing == nil {
			a.missing = map[int64]*gap{}
		}
		for i := a.highest + 1; i < n; i++ {
			a.missing[i] = &gap{since: now, next: now.Add(nackFirst)}
		}
		a.highest = n
	case a.seen[n%nackWindow] == n+1:
		a.r.Repeated++
		return false
	default:
		delete(a.missing, n)
		a.r.Repaired++
	}
	a.seen[n%nackWindow] = n + 1
	return true
}

// due gives the numbers to ask for now, in order, and how many were given up.
func (a *arrivals) due(now time.Time) (ask []uint16, lost int) {
	for n, g := range a.missing {
		switch {
		case now.Sub(g.since) >= lostAfter || n <= a.highest-nackWindow:
			delete(a.missing, n)
			a.r.Lost++
			lost++
		case g.asked < nackTries && !now.Before(g.next):
			g.asked++
			g.next = now.Add(nackEvery)
			ask = append(ask, uint16(n))
		}
	}
	high := uint16(a.highest)
	slices.SortFunc(ask, func(x, y uint16) int { return int(int16(x-high)) - int(int16(y-high)) })
	return ask, lost
}

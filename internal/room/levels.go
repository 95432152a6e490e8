package room

import (
	"maps"
	"slices"
	"sync"
	"time"

	"visavis/internal/media"
	"visavis/internal/meeting"
	"visavis/internal/wire"
)

// meters brings the worker's levels of microphones to the room.
type meters struct {
	mu     sync.Mutex               // guards the fields below
	levels map[meeting.MemberID]int // dBov
	any    bool
}

// meter has the worker read the levels of all admitted microphones, at most once in levelPause, if somebody wants to know: a console, a
// holder of the floor here, or another node whose holder we hear. It returns when it looks next, 0 if nobody does.
func (r *Room) meter(now time.Time) time.Duration {
	if len(r.routes.names) == 0 || !r.metered() {
		return 0
	}
	if d := r.levelAt.Add(levelPause).Sub(now); d > 0 {
		return d
	}
	r.levelAt = now
	names := maps.Clone(r.routes.names)
	m, news := r.meters, r.news
	r.routes.worker.Do(func() {
		at := time.Now()
		levels := make(map[meeting.MemberID]int, len(names))
		for s, id := range names {
			if l := s.LevelAt(at); l != media.NoLevel {
				levels[id] = -int(l & 0x7f)
			}
		}
		m.mu.Lock()
		m.levels, m.any = levels, true
		m.mu.Unlock()
		select {
		case news <- struct{}{}:
		default: // the room has not looked yet, and will see this too
		}
	})
	return levelPause
}

func (r *Room) metered() bool {
	holder := r.view.Floor.Holder
	if p, ok := r.view.Present[holder]; ok && p.By != r.c.Self {
		return true
	}
	for id, st := range r.seats {
		if !st.lost.IsZero() {
			continue
		}
		if m, _ := r.c.Definition.Member(id); m.Role.May(meeting.Alarm) || id == holder {
			return true
		}
	}
	return false
}

// showLevels sends what the worker has read: to consoles all of it, to the holder of the floor the own with what the other nodes hear of it,
// and to the holder's node how loud we hear it.
func (r *Room) showLevels(now time.Time) {
	r.meters.mu.Lock()
	levels, any := r.meters.levels, r.meters.any
	r.meters.any = false
	r.meters.mu.Unlock()
	if !any {
		return
	}
	r.level = levels
	holder := r.view.Floor.Holder
	if db, ok := levels[holder]; ok {
		if s := r.links[r.view.Present[holder].By]; s != nil {
			r.tellLast(now, s, meeting.Notice{Kind: meeting.NoticeHeard, Member: holder, DB: &db})
		}
	}
	for id, st := range r.seats {
		m, _ := r.c.Definition.Member(id)
		if !st.lost.IsZero() || id != holder && !m.Role.May(meeting.Alarm) {
			continue
		}
		var list []wire.Level
		for _, who := range slices.Sorted(maps.Keys(levels)) {
			if id == holder && who != id && !m.Role.May(meeting.Alarm) {
				continue
			}
			l := wire.Level{Member: string(who), DB: float64(levels[who]), Own: who == id}
			if h, ok := r.heard[who]; ok && now.Sub(h.at) < heardFresh {
				db := h.db
				l.Far = &db
			}
			list = append(list, l)
		}
		st.Send(wire.ToClient{Levels: &wire.Levels{List: list}})
	}
}

func sortedKeys[K ~string, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

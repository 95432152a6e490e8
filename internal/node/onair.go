package node

import (
	"errors"
	"maps"
	"sync"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/room"
	"visavis/internal/site"
)

const (
	// airEvery is how often what the public store could not take is tried again.
	airEvery = 5 * time.Second
	// airAgain is how often it is said again that a meeting goes on: a site shows for 12 hours what it was told last (docs/site.md).
	airAgain = time.Hour
)

// onAir is what the rooms say of how meetings stand, until it is in the public store. Nothing is said of a meeting before its doors have opened for the
// first time: one that begins behind closed doors is nobody's business until then.
type onAir struct {
	mu   sync.Mutex // guards want
	want map[meeting.ID]room.Standing
	news chan struct{} // holds one
}

func newOnAir() *onAir {
	return &onAir{want: map[meeting.ID]room.Standing{}, news: make(chan struct{}, 1)}
}

// heard is called by a room; it does not block.
func (a *onAir) heard(id meeting.ID, s room.Standing) {
	a.mu.Lock()
	a.want[id] = s
	a.mu.Unlock()
	select {
	case a.news <- struct{}{}:
	default:
	}
}

func (a *onAir) now() map[meeting.ID]room.Standing {
	a.mu.Lock()
	defer a.mu.Unlock()
	return maps.Clone(a.want)
}

// aired is what the public store has been told of a meeting.
type aired struct {
	room.Standing
	at time.Time
}

// due says whether the store has to be told again: something else, or that the meeting still goes on.
func (a aired) due(s room.Standing, now time.Time) bool {
	return a.Standing != s || s.Phase.Live() && now.Sub(a.at) >= airAgain
}

// broadcast brings the public store in line with what the rooms say.
func (n *Node) broadcast() {
	t := time.NewTicker(airEvery)
	defer t.Stop()
	told, failed := map[meeting.ID]aired{}, map[meeting.ID]bool{}
	for {
		select {
		case <-n.ctx.Done():
			return
		case <-n.onAir.news:
		case <-t.C:
		}
		now := time.Now()
		for id, s := range n.onAir.now() {
			if was, known := told[id]; known && !was.due(s, now) {
				continue
			}
			if err := n.air(id, s, now); err != nil {
				if !failed[id] && n.ctx.Err() == nil {
					n.log.Error("public store does not say how the meeting stands, and is tried again", "meeting", id, "err", err)
				}
				failed[id] = true
				continue
			}
			delete(failed, id)
			told[id] = aired{s, now}
		}
	}
}

// air writes into the public store how a meeting stands. With its doors open it is on, and announced no more; closed again it is still on, without
// anybody hearing it; ended it is over.
func (n *Node) air(id meeting.ID, s room.Standing, now time.Time) error {
	switch {
	case s.Phase == meeting.Ended || s.Phase == meeting.Sealed:
		return errors.Join(n.public.Over(id), n.public.Unannounce(id))
	case !s.Open && !s.Phase.Live():
		return nil
	}
	l, shown, err := n.public.Living(id)
	if err != nil || !shown && !s.Open {
		return err
	}
	def, err := n.definition(n.ctx, id)
	if err != nil {
		return err
	}
	now = now.UTC().Truncate(time.Second)
	if !shown {
		l.Since = now
	}
	l = site.Live{ID: id, Title: def.Title, Parties: places(def), Since: l.Since, Open: s.Open, At: now}
	return errors.Join(n.public.Live(l), n.public.Unannounce(id))
}

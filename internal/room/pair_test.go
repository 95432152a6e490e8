package room_test

import (
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"visavis/internal/media"
	"visavis/internal/meeting"
)

// pair is a link between two nodes, in memory.
type pair struct {
	a, b  *end
	mu    sync.Mutex
	up    bool
	epoch int
	delay time.Duration
	drop  func(from meeting.PartyID, x meeting.Exchange) bool // true: it gets lost on the way
	bytes [][]byte                                            // all that crossed
	errs  []error                                             // why rooms closed it
	once  sync.Once
	quit  chan struct{}
	wg    sync.WaitGroup
}

// end is the link as one node has it.
type end struct {
	pair   *pair
	n      *node
	far    *end
	in     chan func()
	offers map[string]*media.Stream // ours
	wants  map[string]bool          // ours
	had    map[string]*media.Stream // far node's, as we have them
}

func connect(a, b *node) *pair {
	p := &pair{quit: make(chan struct{}), delay: 20 * time.Millisecond}
	mk := func(n *node) *end {
		return &end{pair: p, n: n, in: make(chan func(), 4096), offers: map[string]*media.Stream{}, wants: map[string]bool{}, had: map[string]*media.Stream{}}
	}
	p.a, p.b = mk(a), mk(b)
	p.a.far, p.b.far = p.b, p.a
	for _, e := range []*end{p.a, p.b} {
		e.n.ends = append(e.n.ends, e)
		p.wg.Go(func() {
			for {
				select {
				case f := <-e.in:
					f()
				case <-p.quit:
					return
				}
			}
		})
	}
	p.heal()
	return p
}

// slow sets the delay of each way.
func (p *pair) slow(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = d
}

func (p *pair) stop() { p.once.Do(func() { close(p.quit) }); p.wg.Wait() }

func (p *pair) heal() {
	p.mu.Lock()
	p.up = true
	p.mu.Unlock()
	for _, e := range []*end{p.a, p.b} {
		e.in <- func() { e.n.room.LinkUp(e); e.sync() }
	}
}

func (p *pair) cut() {
	p.mu.Lock()
	was := p.up
	p.up, p.epoch = false, p.epoch+1
	p.mu.Unlock()
	if was {
		p.a.n.room.LinkDown(p.b.n.party)
		p.b.n.room.LinkDown(p.a.n.party)
	}
}

func (e *end) Party() meeting.PartyID { return e.far.n.party }

func (e *end) Exchange(x meeting.Exchange) error {
	b, err := meeting.EncodeExchange(x)
	if err != nil {
		return err
	}
	p := e.pair
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.up {
		return errors.New("down")
	}
	p.bytes = append(p.bytes, b)
	if p.drop != nil && p.drop(e.n.party, x) {
		return nil
	}
	epoch, due := p.epoch, time.Now().Add(p.delay)
	e.far.in <- func() {
		time.Sleep(time.Until(due)) // virtual
		p.mu.Lock()
		late := p.epoch != epoch
		p.mu.Unlock()
		y, err := meeting.DecodeExchange(b)
		if late || err != nil {
			return
		}
		if err := e.far.n.room.Exchange(e.n.party, y); err != nil {
			p.mu.Lock()
			p.errs = append(p.errs, err)
			p.mu.Unlock()
			p.cut()
		}
	}
	return nil
}

func (e *end) Offer(id string, s *media.Stream) {
	e.pair.mu.Lock()
	defer e.pair.mu.Unlock()
	if s == nil {
		delete(e.offers, id)
	} else {
		e.offers[id] = s
	}
	if e.pair.up {
		e.far.in <- e.far.sync
	}
}

// sync takes note of what the far node offers.
func (e *end) sync() {
	p := e.pair
	p.mu.Lock()
	if !p.up {
		p.mu.Unlock()
		return
	}
	offers, had := maps.Clone(e.far.offers), maps.Clone(e.had)
	p.mu.Unlock()
	for id := range had {
		if offers[id] == nil {
			p.mu.Lock()
			delete(e.had, id)
			p.mu.Unlock()
			e.n.room.Withdrawn(e.far.n.party, id)
		}
	}
	for id, s := range offers {
		if had[id] == nil {
			var mine *media.Stream
			e.n.w.call(func() { mine = media.NewStream(e.n.w.sw, media.StreamConfig{ID: id, Kind: s.Kind(), Source: mute{}}) })
			p.mu.Lock()
			e.had[id] = mine
			p.mu.Unlock()
			e.n.room.Announced(e.far.n.party, id, s.Kind())
		}
	}
}

func (e *end) Want(id string, want bool) *media.Stream {
	e.pair.mu.Lock()
	defer e.pair.mu.Unlock()
	s := e.had[id]
	if s == nil || !want {
		delete(e.wants, id)
	} else {
		e.wants[id] = true
	}
	return s
}

// names gives what this node offers, or wants.
func (e *end) offering() []string {
	e.pair.mu.Lock()
	defer e.pair.mu.Unlock()
	return slices.Sorted(maps.Keys(e.offers))
}

func (e *end) wanting() []string {
	e.pair.mu.Lock()
	defer e.pair.mu.Unlock()
	return slices.Sorted(maps.Keys(e.wants))
}

func (e *end) stream(id string) *media.Stream {
	e.pair.mu.Lock()
	defer e.pair.mu.Unlock()
	return e.had[id]
}

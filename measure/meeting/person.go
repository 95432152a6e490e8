package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/pion/rtp"

	"visavis/internal/bot"
	"visavis/internal/wire"
)

// person is a client in a seat, with the times at which it was told things and at which packets came.
type person struct {
	*bot.Bot
	member string
	side   int
	role   string
	ended  chan struct{} // closed when Run has returned
	cancel context.CancelFunc

	mu     sync.Mutex
	states []told
	sound  []time.Time // packets with sound in them, in floor slots
	all    []time.Time // packets in any slot
	live   bool        // welcomed since the last forget
}

// told is one state, and when it came.
type told struct {
	at time.Time
	wire.State
}

// sit starts a client; c has its link, and this fills the rest.
func (g *rig) sit(side int, member, role string, c bot.Config) (*person, error) {
	p := &person{member: member, side: side, role: role, ended: make(chan struct{})}
	c.Loopback, c.Dial, c.OnRTP, c.OnMessage = true, g.nodes[side].DialLoopback, p.onRTP, p.onMessage
	var err error
	if p.Bot, err = bot.New(c); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	p.cancel = cancel
	go func() { defer close(p.ended); _ = p.Run(ctx) }()
	g.people = append(g.people, p)
	return p, nil
}

func (p *person) stop() {
	p.cancel()
	<-p.ended
}

// silent is the size of an Opus packet of silence as bots send it; sound is longer.
const silent = 8

func (p *person) onRTP(slot string, q *rtp.Packet) {
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all = append(p.all, now)
	if slot[0] == 'f' && len(q.Payload) > silent {
		p.sound = append(p.sound, now)
	}
}

func (p *person) onMessage(m wire.ToClient) {
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case m.Welcome != nil:
		p.live = true
		p.states = append(p.states, told{now, m.Welcome.State})
	case m.State != nil:
		p.states = append(p.states, told{now, *m.State})
	}
}

// forget drops what was seen so far, but for the last state.
func (p *person) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.states); n > 1 {
		p.states = append([]told(nil), p.states[n-1])
	}
	p.sound, p.all, p.live = nil, nil, false
}

// now is the last state.
func (p *person) now() wire.State {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.states) == 0 {
		return wire.State{}
	}
	return p.states[len(p.states)-1].State
}

// toldAt is when the first state came, from a time on, for which ok holds.
func (p *person) toldAt(from time.Time, ok func(wire.State) bool) (time.Time, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.states {
		if !s.at.Before(from) && ok(s.State) {
			return s.at, true
		}
	}
	return time.Time{}, false
}

// heardAt is when the first packet with sound came, from a time on.
func (p *person) heardAt(from time.Time) (time.Time, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, at := range p.sound {
		if !at.Before(from) {
			return at, true
		}
	}
	return time.Time{}, false
}

// between counts packets of all slots from a on and before b, and gives the last one's time.
func (p *person) between(a, b time.Time) (n int, last time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, at := range p.all {
		if !at.Before(a) && at.Before(b) {
			n, last = n+1, at
		}
	}
	return n, last
}

// await looks again and again, until ok or limit has passed.
func await(ctx context.Context, what string, limit time.Duration, ok func() bool) error {
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	end := time.After(limit)
	for !ok() {
		select {
		case <-look.C:
		case <-end:
			return fmt.Errorf("%s: not within %v", what, limit)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

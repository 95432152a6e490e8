package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"visavis/internal/bot"
)

const (
	// emptyFor is how long a seat stays empty before its simulated member comes back: long enough to reload a page.
	emptyFor  = 5 * time.Second
	lookOften = 500 * time.Millisecond
	// turn is how long each principal speaks, and pauses while the other does.
	turn = 20 * time.Second
)

// delegations are the simulated members of both sides.
type delegations struct {
	d      *demo
	cancel context.CancelFunc
	wg     sync.WaitGroup
	bots   map[string]*bot.Bot // by seat; not changed after simulate
}

// simulate fills the simulated seats.
func simulate(ctx context.Context, d *demo, seats []seat, which map[string]bool) *delegations {
	ctx, cancel := context.WithCancel(ctx)
	p := &delegations{d: d, cancel: cancel, bots: map[string]*bot.Bot{}}
	epoch := time.Now()
	var mine []seat
	for _, s := range seats {
		if !which[s.key] {
			continue
		}
		b, err := member(d, s, epoch)
		if err != nil { // our own clips and links
			panic(fmt.Sprintf("simulated member %s: %v", s.key, err))
		}
		p.bots[s.key] = b
		mine = append(mine, s)
	}
	for _, s := range mine {
		p.wg.Go(func() { p.occupy(ctx, s) })
	}
	return p
}

func (p *delegations) stop() { p.cancel() }
func (p *delegations) wait() { p.cancel(); p.wg.Wait() }

// member is the simulated member of a seat: principals speak in turn, delegates listen.
func member(d *demo, s seat, epoch time.Time) (*bot.Bot, error) {
	picture, sound, offset := bot.AvelmarPrincipal, bot.TarrovenArabic, time.Duration(0)
	if s.party == "tolmeria" {
		picture, sound, offset = bot.TolmeriaPrincipal, bot.KosvaneSpanish, turn
	}
	if s.role != "principal" {
		picture, sound = map[string]string{"avelmar": bot.AvelmarDelegate, "tolmeria": bot.TolmeriaDelegate}[s.party], ""
	}
	clip, err := bot.Load(picture, sound)
	if err != nil {
		return nil, err
	}
	return bot.New(bot.Config{Link: s.own, Clip: clip.Turn(offset, 2*turn), Epoch: epoch, MicOff: s.role != "principal", Stage: 2, Floor: 2, Loopback: true, Dial: d.dial})
}

// occupy keeps a seat filled: while a person sits in it the simulated member waits outside, and comes back when the seat has
// been empty for a while, as the others in the meeting see it.
func (p *delegations) occupy(ctx context.Context, s seat) {
	for {
		err := p.bots[s.key].Run(ctx)
		switch {
		case ctx.Err() != nil || err == nil:
			return
		case errors.Is(err, bot.ErrMoved):
			fmt.Fprintf(p.d.out, "%s: a person has taken the seat of %s\n", s.party, s.name)
			if !p.awaitEmpty(ctx, s) {
				return
			}
			fmt.Fprintf(p.d.out, "%s: %s is simulated again\n", s.party, s.name)
		default:
			fmt.Fprintf(p.d.out, "%s: simulated %s has gone: %v\n", s.party, s.name, err)
			return
		}
	}
}

// awaitEmpty returns true when nobody has sat in s for emptyFor, false at the end of ctx.
func (p *delegations) awaitEmpty(ctx context.Context, s seat) bool {
	look := time.NewTicker(lookOften)
	defer look.Stop()
	empty := time.Duration(0)
	for {
		select {
		case <-look.C:
		case <-ctx.Done():
			return false
		}
		switch present, known := p.present(s); {
		case present || !known:
			empty = 0
		default:
			if empty += lookOften; empty >= emptyFor {
				return true
			}
		}
	}
}

// present says whether the seat is taken, as a connected simulated member of any seat sees it.
func (p *delegations) present(s seat) (yes, known bool) {
	for key, b := range p.bots {
		st := b.Stats()
		if key == s.key || !st.Connected {
			continue
		}
		for _, m := range st.State.Present {
			if m.Member == s.member {
				return true, true
			}
		}
		known = true
	}
	return false, known
}

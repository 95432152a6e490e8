package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"visavis/internal/bot"
)

const (
	// emptyFor is how long a seat stays empty before its simulated member comes back: long enough to reload a page.
	emptyFor  = 5 * time.Second
	lookOften = 500 * time.Millisecond
	// settleIn bounds how long links wait for the simulated members to sit: a node that lets somebody wait is not to keep everybody from their links.
	settleIn = 20 * time.Second
	// turn is how long each principal speaks, and pauses while the other does.
	turn = 20 * time.Second
)

// delegations are the simulated members of both sides.
type delegations struct {
	d      *demo
	cancel context.CancelFunc
	wg     sync.WaitGroup
	bots   map[string]*bot.Bot // by seat; not changed after simulate

	mu      sync.Mutex
	persons map[string]string // role of the seats in which a person sits
	pens    map[string]bool   // parties whose officer a person has been: they write their readouts themselves

	desks    map[string]*desk // of the simulated officers, by party; not changed after simulate
	archived chan struct{}    // closed when last year's readout is where it belongs: only then do they answer proposals
}

// simulate fills the simulated seats.
func simulate(ctx context.Context, d *demo, seats []seat, which map[string]bool) (*delegations, error) {
	ctx, cancel := context.WithCancel(ctx)
	p := &delegations{d: d, cancel: cancel, bots: map[string]*bot.Bot{}, persons: map[string]string{}, pens: map[string]bool{}, desks: map[string]*desk{}, archived: make(chan struct{})}
	epoch := time.Now()
	var mine []seat
	for _, s := range seats {
		if !which[s.key] {
			continue
		}
		b, err := member(d, s, epoch)
		if err != nil { // our own clips and links
			cancel()
			return nil, fmt.Errorf("simulated member %s: %w", s.key, err)
		}
		p.bots[s.key] = b
		mine = append(mine, s)
	}
	for _, s := range mine {
		p.wg.Go(func() { p.occupy(ctx, s) })
		if d.formal && s.member != "" {
			p.wg.Go(func() { p.behave(ctx, s) })
		}
		if d.formal && s.role == "officer" {
			k := d.newDesk(s)
			p.desks[s.party] = k
			p.wg.Go(func() { p.negotiate(ctx, k) })
		}
	}
	return p, nil
}

// settle returns when every simulated member has come in, at the end of ctx, or after settleIn. Links are given out only then: who sits down last has
// the seat, so that a simulated member who came after its person would put that person out.
func (p *delegations) settle(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, settleIn)
	defer cancel()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for {
		if len(p.absent()) == 0 {
			return
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			if away := p.absent(); errors.Is(ctx.Err(), context.DeadlineExceeded) {
				fmt.Fprintf(p.d.out, "not in after %v: %v\n", settleIn, away)
			}
			return
		}
	}
}

// absent are the seats whose simulated member has never come in, in order.
func (p *delegations) absent() []string {
	var out []string
	for key, b := range p.bots {
		if st := b.Stats(); st.Joins == 0 && st.Waiting == "" {
			out = append(out, key)
		}
	}
	slices.Sort(out)
	return out
}

// behave has a simulated member of a formal meeting do what its part asks for.
func (p *delegations) behave(ctx context.Context, s seat) {
	var lead func() bool
	if s.key == parties()[0]+"-officer" {
		lead = p.alone
	}
	newManners(s, lead).attend(ctx, p.bots[s.key], func(err error) {
		fmt.Fprintf(p.d.out, "%s: simulated %s: %v\n", s.party, s.name, err)
	})
}

// alone says whether people sit in the meeting and none of them is an officer.
func (p *delegations) alone() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	some := false
	for _, role := range p.persons {
		if role == "officer" {
			return false
		}
		some = some || role != "technician"
	}
	return some
}

// seated notes that a person has taken a seat, or left it.
func (p *delegations) seated(s seat, yes bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if delete(p.persons, s.key); yes {
		p.persons[s.key] = s.role
		if s.role == "officer" {
			p.pens[s.party] = true
		}
	}
}

// drafts notes that a person has signed in for s: as an officer it may write readouts without sitting down first.
func (p *delegations) drafts(s seat) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s.role == "officer" {
		p.pens[s.party] = true
	}
}

// personWrites says whether a person, not the simulated officer, answers for a party's readouts.
func (p *delegations) personWrites(party string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pens[party]
}

func (p *delegations) stop() { p.cancel() }
func (p *delegations) wait() { p.cancel(); p.wg.Wait() }

// member is the simulated member of a seat: principals speak, in turn where nobody gives the floor; delegates listen. Officers, technicians and the
// press have neither camera nor microphone.
func member(d *demo, s seat, epoch time.Time) (*bot.Bot, error) {
	c := bot.Config{Link: s.own, PIN: s.ownPIN, Epoch: epoch, Stage: 2, Floor: 2, Loopback: true, Dial: d.dial}
	switch s.role {
	case "officer", "technician":
		c.Passkey, c.Meeting, c.Silent, c.Stage, c.Floor = d.passkeys[s.key], meetingID, true, -1, 1
	case "press":
		c.Silent, c.Floor = true, 1
	default:
		var err error
		if c.Clip, err = clip(d, s); err != nil {
			return nil, err
		}
		c.MicOff = d.formal || s.role != "principal"
	}
	return bot.New(c)
}

// clip is what a member shows and says.
func clip(d *demo, s seat) (*bot.Clip, error) {
	picture, sound, offset := bot.AvelmarPrincipal, bot.TarrovenArabic, time.Duration(0)
	if s.party == "tolmeria" {
		picture, sound, offset = bot.TolmeriaPrincipal, bot.KosvaneSpanish, turn
	}
	if s.role != "principal" {
		picture = map[string]string{"avelmar": bot.AvelmarDelegate, "tolmeria": bot.TolmeriaDelegate}[s.party]
		if !d.formal {
			sound = ""
		}
	}
	clip, err := bot.Load(picture, sound)
	if err != nil || d.formal {
		return clip, err
	}
	return clip.Turn(offset, 2*turn), nil
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
			p.seated(s, true)
			fmt.Fprintf(p.d.out, "%s: a person has taken the seat of %s\n", s.party, s.name)
			if !p.awaitEmpty(ctx, s) {
				return
			}
			p.seated(s, false)
			fmt.Fprintf(p.d.out, "%s: %s is simulated again%s\n", s.party, s.name, p.door(s))
		default:
			fmt.Fprintf(p.d.out, "%s: simulated %s has gone: %v\n", s.party, s.name, err)
			return
		}
	}
}

// door says what a person must do for the simulated member of s to come in: as the officer of its side, let it in.
func (p *delegations) door(s seat) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s.account() || s.role == "press" || p.persons[s.party+"-officer"] == "" {
		return ""
	}
	return ", once you let it in at your door"
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

// present says whether the seat is taken, as the simulated members of other seats see it.
func (p *delegations) present(s seat) (yes, known bool) {
	seen := map[string]bot.Stats{}
	for key, b := range p.bots {
		if key != s.key {
			seen[key] = b.Stats()
		}
	}
	return taken(s, seen)
}

// taken is present from what each seat's simulated member sees. The press counts for nothing: it is told of principals alone, and only while the doors
// are open.
func taken(s seat, seen map[string]bot.Stats) (yes, known bool) {
	for key, st := range seen {
		if !st.Connected || strings.HasSuffix(key, "-press") {
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

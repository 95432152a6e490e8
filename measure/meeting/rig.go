package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"visavis/internal/bot"
	"visavis/internal/softkey"
	"visavis/internal/wire"
	"visavis/test/world"
)

// meetingID is that of the demo world's meeting file.
const meetingID = "avelmar-tolmeria-2026"

// sides are the people who sit at each node; the first side hosts, and its officer is the chair's.
var sides = [2]struct{ party, principal, officer, technician string }{
	{"avelmar", "avelmar-tarroven", "avelmar-vost", "avelmar-ormeran"},
	{"tolmeria", "tolmeria-kosvane", "tolmeria-quintar", "tolmeria-haskin"},
}

// rig is two nodes and the people in their seats.
type rig struct {
	nodes      [2]*world.Node
	principal  [2]*person
	officer    [2]*person
	technician [2]*person
	press      [2]*person
	people     []*person // all who ever sat
}

const (
	upLimit    = 30 * time.Second
	actLimit   = 10 * time.Second
	quietAfter = 1500 * time.Millisecond // how long doors are watched after they shut
)

func newRig(ctx context.Context, o options, dir string) (g *rig, err error) {
	g = &rig{}
	defer func() {
		if err != nil {
			err = errors.Join(err, g.close())
		}
	}()
	if g.nodes, err = world.Loopback(ctx, o.Visavis, dir, o.Meeting, [2]string{sides[0].party, sides[1].party}); err != nil {
		return g, err
	}
	for i := range g.nodes {
		if err := g.nodes[i].Start(ctx); err != nil {
			return g, err
		}
		if err := g.seat(ctx, i); err != nil {
			return g, err
		}
	}
	return g, nil
}

// seat brings one side's people in: principal, officer, technician, press.
func (g *rig) seat(ctx context.Context, i int) error {
	n, s := g.nodes[i], sides[i]
	clip, err := bot.Load([]string{bot.AvelmarPrincipal, bot.TolmeriaPrincipal}[i], bot.Tone500)
	if err != nil {
		return err
	}
	link, pin, err := n.InviteWithPIN(ctx, meetingID, s.principal)
	if err != nil {
		return err
	}
	if g.principal[i], err = g.sit(i, s.principal, "principal", bot.Config{Link: link, PIN: pin, Clip: clip, MicOff: true, Floor: 2, Stage: 1}); err != nil {
		return err
	}
	for _, a := range []struct {
		to       **person
		id, role string
	}{{&g.officer[i], s.officer, "officer"}, {&g.technician[i], s.technician, "technician"}} {
		if link, err = n.Account(ctx, a.id, a.id, a.role); err != nil {
			return err
		}
		c := bot.Config{Link: link, Passkey: softkey.New(), Meeting: meetingID, Silent: true, Floor: 1, Stage: -1}
		if *a.to, err = g.sit(i, a.id, a.role, c); err != nil {
			return err
		}
	}
	if link, err = n.Press(ctx, meetingID, "Press of "+s.party); err != nil {
		return err
	}
	g.press[i], err = g.sit(i, "", "press", bot.Config{Link: link, Silent: true, Floor: 1, Stage: 2})
	return err
}

func (g *rig) close() error {
	for _, p := range g.people {
		p.stop()
	}
	var errs []error
	for _, n := range g.nodes {
		if n != nil {
			errs = append(errs, n.Stop())
		}
	}
	return errors.Join(errs...)
}

// consoles are officers and technicians of both sides.
func (g *rig) consoles() []*person {
	return []*person{g.officer[0], g.officer[1], g.technician[0], g.technician[1]}
}

func (g *rig) forget() {
	for _, p := range g.people {
		p.forget()
	}
}

// begin takes the meeting from planned to open.
func (g *rig) begin(ctx context.Context) error {
	if err := await(ctx, "everybody is here", upLimit, func() bool {
		for _, p := range g.people {
			st := p.Stats()
			if !st.Connected || !st.Media || p.role != "press" && len(st.State.Present) != 6 {
				return false
			}
		}
		return true
	}); err != nil {
		return err
	}
	for phase, do := range []string{wire.DoRehearse, wire.DoWait} {
		if err := g.officer[0].Act(ctx, wire.Act{Do: do}); err != nil {
			return err
		}
		if err := g.settled(ctx, []string{"rehearsal", "waiting"}[phase]); err != nil {
			return err
		}
	}
	if err := g.keys(ctx, wire.ActionStart, 0, nil); err != nil {
		return err
	}
	if err := g.settled(ctx, "open"); err != nil {
		return err
	}
	// In this mode the chair's officer gives the floor to anybody.
	return g.officer[0].Act(ctx, wire.Act{Do: wire.DoMode, Value: "chair"})
}

// settled waits until every console has the phase, and both officers the same head of the log for it.
func (g *rig) settled(ctx context.Context, phase string) error {
	return await(ctx, "phase "+phase, actLimit, func() bool {
		for _, p := range g.consoles() {
			if p.now().Phase != phase {
				return false
			}
		}
		a, b := g.officer[0].now(), g.officer[1].now()
		return a.Epoch == b.Epoch && a.Head == b.Head && strings.Trim(a.Head, "0") != ""
	})
}

// keys turns both keys, that of side last second; before is called between the two.
func (g *rig) keys(ctx context.Context, action string, last int, before func()) error {
	for _, i := range []int{1 - last, last} {
		if i == last {
			if err := await(ctx, "the first key is shown", actLimit, func() bool { return len(g.officer[last].now().Keys) == 1 }); err != nil {
				return err
			}
			if before != nil {
				before()
			}
		}
		if err := g.officer[i].Act(ctx, wire.Act{Do: wire.DoTurnKey, Value: action}); err != nil {
			return err
		}
	}
	return nil
}

// give gives the floor to the principal of a side, whose microphone is closed, and waits until its page says so.
func (g *rig) give(ctx context.Context, i int) error {
	p := g.principal[i]
	p.Devices(false, true)
	if err := await(ctx, "the microphone is closed", actLimit, func() bool { return !presence(p.now(), p.member).Mic }); err != nil {
		return err
	}
	if h := g.officer[0].now().Order.Holder; h != "" {
		if err := g.officer[0].Act(ctx, wire.Act{Do: wire.DoTake}); err != nil {
			return err
		}
		if err := await(ctx, "the floor is free", actLimit, func() bool { return p.now().Order.Holder == "" }); err != nil {
			return err
		}
	}
	if err := g.officer[0].Act(ctx, wire.Act{Do: wire.DoGive, Member: p.member}); err != nil {
		return err
	}
	return await(ctx, "the floor is given", actLimit, func() bool { return p.now().Order.Holder == p.member })
}

// speak acknowledges the floor and opens the microphone, as a page does with one button, and gives the time just before.
func (g *rig) speak(ctx context.Context, i int) (time.Time, error) {
	at := time.Now()
	err := g.principal[i].Say(ctx, wire.FromClient{Act: &wire.Act{ID: 1 << 20, Do: wire.DoAcknowledge}})
	g.principal[i].Devices(true, true)
	return at, err
}

func presence(st wire.State, member string) wire.Presence {
	for _, p := range st.Present {
		if p.Member == member {
			return p
		}
	}
	return wire.Presence{}
}

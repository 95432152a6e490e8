package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"visavis/internal/wire"
	"visavis/measure/figures"
)

// Targets of the issue "the meeting", ms.
const (
	wantLast    = 200
	wantHeard   = 150
	wantPhase   = 150
	wantCut     = 2200
	flowing     = 50 // packets that the press must get in the second before a closing: the control
	cutHeld     = 3500 * time.Millisecond
	cutControl  = 1000.0 // ms after the loss until which the press must still get packets
	backWithin  = 20 * time.Second
	heardWithin = 5 * time.Second
)

// closings opens and closes the doors again and again, each side's officer in turn. On the way it measures how long a change of phase takes to
// every console, and how long after the holder's acknowledgement the other side hears the first sound.
func (g *rig) closings(ctx context.Context, o options, r *figures.Report) error {
	var last, phase, heard []float64
	after, least := 0, 1<<30
	for i := range o.rounds {
		took, err := g.opening(ctx, i, &phase)
		if err != nil {
			return err
		}
		heard = append(heard, took...)
		before := time.Now()
		time.Sleep(time.Second)
		at := time.Now()
		for _, p := range g.press {
			n, _ := p.between(before, at)
			least = min(least, n)
		}
		if err := g.officer[i%2].Act(ctx, wire.Act{Do: wire.DoClose}); err != nil {
			return err
		}
		if err := g.settled(ctx, "closed"); err != nil {
			return err
		}
		phase = append(phase, g.shownPhase(at, "closed")...)
		time.Sleep(quietAfter)
		for _, p := range g.press {
			_, l := p.between(at, time.Now())
			if l.IsZero() {
				l = at
			}
			last = append(last, ms(l.Sub(at)))
			n, _ := p.between(at.Add(wantLast*time.Millisecond), time.Now())
			after += n
		}
	}
	o.Dump("last packet to the press of either side, ms after the key", last)
	o.Dump("change of phase at a console, ms", phase)
	o.Dump("first sound at the far side, ms after the acknowledgement", heard)
	r.Info("close.rounds", float64(o.rounds), "closings")
	r.AtLeast("close.control", float64(least), "packets", flowing)
	r.Info("close.last.p50", figures.Quantile(last, 0.5), "ms")
	r.AtMost("close.last.max", slices.Max(last), "ms", wantLast)
	r.AtMost("close.after", float64(after), "packets", 0)
	r.Info("phase.p50", figures.Quantile(phase, 0.5), "ms")
	r.AtMost("phase.p95", figures.Quantile(phase, 0.95), "ms", wantPhase)
	r.Info("heard.p50", figures.Quantile(heard, 0.5), "ms")
	r.AtMost("heard.p95", figures.Quantile(heard, 0.95), "ms", wantHeard)
	return nil
}

// opening brings the meeting into its open part, with a principal speaking, and gives how long that one took to be heard, ms. The first time the
// meeting is open already.
func (g *rig) opening(ctx context.Context, round int, phase *[]float64) ([]float64, error) {
	if g.officer[0].now().Phase == "closed" {
		g.forget()
		var at time.Time
		if err := g.keys(ctx, wire.ActionOpen, round%2, func() { at = time.Now() }); err != nil {
			return nil, err
		}
		if err := g.settled(ctx, "open"); err != nil {
			return nil, err
		}
		*phase = append(*phase, g.shownPhase(at, "open")...)
	}
	took, err := g.floor(ctx, round%2)
	if err != nil {
		return nil, err
	}
	return []float64{took}, nil
}

// floor gives the floor to the principal of side i, and measures from the acknowledgement to the first sound at the other one, ms.
func (g *rig) floor(ctx context.Context, i int) (float64, error) {
	if err := g.give(ctx, i); err != nil {
		return 0, err
	}
	at, err := g.speak(ctx, i)
	if err != nil {
		return 0, err
	}
	var heard time.Time
	err = await(ctx, "the other side hears the holder", heardWithin, func() (ok bool) { heard, ok = g.principal[1-i].heardAt(at); return ok })
	return ms(heard.Sub(at)), err
}

// shownPhase is how long after at each console was told of a phase, ms.
func (g *rig) shownPhase(at time.Time, phase string) (out []float64) {
	for _, p := range g.consoles() {
		if t, ok := p.toldAt(at, func(st wire.State) bool { return st.Phase == phase }); ok {
			out = append(out, ms(t.Sub(at)))
		}
	}
	return out
}

// cuts stops one node where it is while the meeting is open and the other side's principal speaks: the other node must shut the doors to its press,
// although everything that its press gets comes from its own people. When the node goes on, the doors open by themselves.
func (g *rig) cuts(ctx context.Context, o options, r *figures.Report) error {
	var shut, back []float64
	for i := range o.cuts {
		own, gone := i%2, 1-i%2
		if _, err := g.opening(ctx, own, &[]float64{}); err != nil {
			return err
		}
		time.Sleep(time.Second)
		g.forget()
		at := time.Now()
		if err := g.nodes[gone].Freeze(); err != nil {
			return err
		}
		time.Sleep(cutHeld)
		thawed := time.Now()
		n, last := g.press[own].between(at, thawed)
		if err := g.nodes[gone].Thaw(); err != nil {
			return err
		}
		if n == 0 {
			return fmt.Errorf("the press of %s had no packet before the cut", sides[own].party)
		}
		shut = append(shut, ms(last.Sub(at)))
		if err := await(ctx, "the doors open by themselves", backWithin, func() bool { n, _ := g.press[own].between(thawed, time.Now()); return n > 10 }); err != nil {
			return fmt.Errorf("%w; %s", err, g.officer[own].standing())
		}
		back = append(back, ms(time.Since(thawed)))
		if err := g.settled(ctx, "open"); err != nil {
			return err
		}
		if err := g.linked(ctx); err != nil {
			return err
		}
	}
	o.Dump("press egress shut, ms after the loss", shut)
	o.Dump("press egress open again, ms after the return", back)
	r.AtLeast("cut.control", slices.Min(shut), "ms", cutControl)
	r.AtMost("cut.shut.max", slices.Max(shut), "ms", wantCut)
	r.Info("cut.back.max", slices.Max(back), "ms")
	return nil
}

// linked waits until both sides are with each other again and all pages with their nodes.
func (g *rig) linked(ctx context.Context) error {
	return await(ctx, "the link is up", backWithin, func() bool {
		for i := range sides {
			st := g.officer[i].now()
			if len(st.Links) != 1 || st.Links[0].State != "up" || len(st.Present) != 6 || st.Doors == nil || st.Phase == "open" && st.Doors.Ours.State != wire.DoorOpen {
				return false
			}
			for _, p := range st.Present {
				if p.Far != "" {
					return false
				}
			}
		}
		return true
	})
}

// standing is what a console shows, for a message about what went wrong.
func (p *person) standing() string {
	st := p.now()
	return fmt.Sprintf("%s is shown phase %s, holder %q, present %v, links %v, doors %+v, alarms %v", p.member, st.Phase, st.Order.Holder, st.Present, st.Links, st.Doors, st.Alarms)
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

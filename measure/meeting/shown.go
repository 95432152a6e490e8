package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"visavis/internal/bot"
	"visavis/internal/wire"
	"visavis/measure/figures"
)

const (
	wantAlarm   = 3000 // ms without an acknowledgement
	alarmSlack  = 250  // ms until it is on every console of both nodes
	wantMuted   = 1000
	wantRestart = 5000
	alarmCode   = "floor.unacknowledged"
	sessionWait = 3 * time.Second
)

// alarms gives the floor to somebody who does not take it, and measures when every console of both nodes says so.
func (g *rig) alarms(ctx context.Context, o options, r *figures.Report) error {
	var took []float64
	for i := range o.few {
		if err := g.give(ctx, i%2); err != nil {
			return err
		}
		g.forget()
		if err := g.officer[0].Act(ctx, wire.Act{Do: wire.DoTake}); err != nil {
			return err
		}
		if err := await(ctx, "no alarm", actLimit, func() bool { return !g.alarmed(g.consoles()...) }); err != nil {
			return err
		}
		at := time.Now()
		if err := g.officer[0].Act(ctx, wire.Act{Do: wire.DoGive, Member: g.principal[i%2].member}); err != nil {
			return err
		}
		if err := await(ctx, "the alarm", actLimit, func() bool { return g.alarmed(g.consoles()...) }); err != nil {
			return err
		}
		for _, p := range g.consoles() {
			t, _ := p.toldAt(at, hasAlarm)
			took = append(took, ms(t.Sub(at)))
		}
	}
	o.Dump("alarm at a console, ms after the floor was given", took)
	r.AtLeast("alarm.unacknowledged.min", slices.Min(took), "ms", wantAlarm)
	r.AtMost("alarm.unacknowledged.max", slices.Max(took), "ms", wantAlarm+alarmSlack)
	// The control: who acknowledges raises none.
	g.forget()
	if err := g.give(ctx, 0); err != nil {
		return err
	}
	if _, err := g.speak(ctx, 0); err != nil {
		return err
	}
	time.Sleep((wantAlarm + 2*alarmSlack) * time.Millisecond)
	none := 0
	for _, p := range g.consoles() {
		if hasAlarm(p.now()) {
			none++
		}
	}
	r.AtMost("alarm.control", float64(none), "consoles", 0)
	return nil
}

func hasAlarm(st wire.State) bool {
	return slices.ContainsFunc(st.Alarms, func(a wire.Alarm) bool { return a.Code == alarmCode })
}

func (g *rig) alarmed(ps ...*person) bool {
	for _, p := range ps {
		if !hasAlarm(p.now()) {
			return false
		}
	}
	return true
}

// muted has the page of a holder with a closed microphone say that it hears its member speak, and measures when the member's own page and every
// console of both nodes show it. The page's detector is measured in the browser tests.
func (g *rig) muted(ctx context.Context, o options, r *figures.Report) error {
	var took []float64
	for i := range o.few {
		p := g.principal[i%2]
		if err := g.give(ctx, i%2); err != nil {
			return err
		}
		g.forget()
		shown := append(g.consoles(), p)
		mute := func(st wire.State) bool { return slices.Contains(st.Muted, p.member) }
		all := func(yes bool) func() bool {
			return func() bool {
				return !slices.ContainsFunc(shown, func(q *person) bool { return mute(q.now()) != yes })
			}
		}
		if err := await(ctx, "nobody speaks muted", actLimit, all(false)); err != nil {
			return err
		}
		at := time.Now()
		if err := p.Say(ctx, wire.FromClient{Sense: &wire.Sense{Speaking: true}}); err != nil {
			return err
		}
		if err := await(ctx, "speaking while muted is shown", actLimit, all(true)); err != nil {
			return err
		}
		for _, q := range shown {
			t, _ := q.toldAt(at, mute)
			took = append(took, ms(t.Sub(at)))
		}
		if err := p.Say(ctx, wire.FromClient{Sense: &wire.Sense{}}); err != nil {
			return err
		}
	}
	o.Dump("speaking while muted shown, ms", took)
	r.Info("muted.p50", figures.Quantile(took, 0.5), "ms")
	r.AtMost("muted.max", slices.Max(took), "ms", wantMuted)
	return nil
}

// sessions ends a delegate's session by the own officer, and counts what still comes.
func (g *rig) sessions(ctx context.Context, o options, r *figures.Report) error {
	if _, err := g.opening(ctx, 1, &[]float64{}); err != nil {
		return err
	}
	const who = "avelmar-aldesh"
	clip, err := bot.Load(bot.AvelmarDelegate, "")
	if err != nil {
		return err
	}
	least, late, longest := 1<<30, 0, 0.0
	for range o.few {
		link, err := g.nodes[0].Invite(ctx, meetingID, who)
		if err != nil {
			return err
		}
		p, err := g.sit(0, who, "delegate", bot.Config{Link: link, Clip: clip, MicOff: true, Floor: 2, Stage: 2})
		if err != nil {
			return err
		}
		if err := await(ctx, "the delegate hears and sees", upLimit, func() bool { n, _ := p.between(time.Now().Add(-time.Second), time.Now()); return n > flowing }); err != nil {
			return err
		}
		before := time.Now()
		time.Sleep(time.Second)
		at := time.Now()
		n, _ := p.between(before, at)
		least = min(least, n)
		if err := g.officer[0].Act(ctx, wire.Act{Do: wire.DoEndSession, Member: who}); err != nil {
			return err
		}
		time.Sleep(sessionWait)
		n, _ = p.between(at.Add(time.Second), time.Now())
		late += n
		if _, last := p.between(at, time.Now()); !last.IsZero() {
			longest = max(longest, ms(last.Sub(at)))
		}
		select {
		case <-p.ended:
		default:
			return fmt.Errorf("%s is still there: %s", who, p.standing())
		}
		g.people = slices.DeleteFunc(g.people, func(q *person) bool { return q == p })
	}
	r.AtLeast("session.control", float64(least), "packets", flowing)
	r.Info("session.last.max", longest, "ms")
	r.AtMost("session.after", float64(late), "packets", 0)
	return nil
}

// kills kills a node in the closed part while somebody holds the floor, and starts it again: from the kill until all its people are shown the same
// phase, holder and doors.
func (g *rig) kills(ctx context.Context, o options, r *figures.Report) error {
	if g.officer[0].now().Phase == "open" {
		if err := g.officer[0].Act(ctx, wire.Act{Do: wire.DoClose}); err != nil {
			return err
		}
	}
	if err := g.settled(ctx, "closed"); err != nil {
		return err
	}
	if err := g.linked(ctx); err != nil {
		return err
	}
	if _, err := g.floor(ctx, 0); err != nil {
		return err
	}
	time.Sleep(time.Second)
	holder := g.principal[0].member
	var took []float64
	press := 0
	began := time.Now()
	g.forget()
	for i := range o.kills {
		was := g.officer[i%2].now()
		for _, p := range g.people {
			if p.side == i%2 {
				p.mu.Lock()
				p.live = false
				p.mu.Unlock()
			}
		}
		at := time.Now()
		g.nodes[i%2].Kill()
		if err := g.nodes[i%2].Start(ctx); err != nil {
			return err
		}
		if err := await(ctx, "everybody is shown the same again", 2*backWithin, func() bool { return g.restored(i%2, holder) }); err != nil {
			return fmt.Errorf("%w; %s", err, g.officer[i%2].standing())
		}
		took = append(took, ms(time.Since(at)))
		if st := g.officer[i%2].now(); st.Epoch != was.Epoch || st.Head != was.Head {
			return fmt.Errorf("epoch and head of the log %d %s, before the kill %d %s", st.Epoch, st.Head, was.Epoch, was.Head)
		}
		if err := g.linked(ctx); err != nil {
			return err
		}
	}
	for _, p := range g.press {
		n, _ := p.between(began, time.Now())
		press += n
	}
	o.Dump("from the kill until everything is as before, ms", took)
	r.Info("kill.rounds", float64(o.kills), "kills")
	r.Info("kill.p50", figures.Quantile(took, 0.5), "ms")
	r.AtMost("kill.max", slices.Max(took), "ms", wantRestart)
	r.AtMost("kill.press", float64(press), "packets", 0)
	return nil
}

// restored says whether everybody of a side is back and shown the closed phase, the holder who has acknowledged, and doors that are shut.
func (g *rig) restored(side int, holder string) bool {
	for _, p := range g.people {
		if p.side != side || p.role == "press" {
			continue
		}
		p.mu.Lock()
		live := p.live
		p.mu.Unlock()
		st := p.now()
		if !live || st.Phase != "closed" || st.Order.Holder != holder || !st.Order.Acknowledged {
			return false
		}
		if (p.role == "officer" || p.role == "technician") && (st.Doors == nil || st.Doors.Ours.State != wire.DoorShut) {
			return false
		}
	}
	return true
}

package main

import (
	"context"
	"time"

	"visavis/internal/bot"
	"visavis/internal/wire"
)

// How long a simulated person takes for things: long enough for a person at another screen to see each step.
const (
	untilKey     = 2500 * time.Millisecond // an officer turns the key after the other one has
	untilAdmit   = time.Second             // an officer lets somebody in who knocks
	untilGiven   = 4 * time.Second         // the chair's officer gives the floor
	untilAck     = 1200 * time.Millisecond // who was given the floor takes it
	untilYield   = 25 * time.Second        // how long a statement is
	untilHand    = 20 * time.Second        // a delegate asks for the floor
	untilPhase   = 6 * time.Second         // the host's officer goes on to the next phase, when nobody else does it
	untilMic     = 300 * time.Millisecond
	lookEvery    = 250 * time.Millisecond
	againAfter   = 5 * time.Second // what did not help is done again
	phaseOpen    = "open"
	phaseClosed  = "closed"
	deviceAtDoor = wire.WaitDevice
)

// manners are what a simulated person does of itself in a formal meeting. It never opens, starts or closes anything that no person has asked for,
// but for lead. One goroutine.
type manners struct {
	seat  seat
	chair bool        // an officer of the chair's party
	lead  func() bool // this officer takes the meeting through its phases now: people sit in it, none of them an officer
	hands bool        // asks for the floor in the closed part

	since map[string]time.Time // since when something has lasted
	done  map[string]time.Time // when it was last acted upon
	epoch int
	joins int // how often it has sat down
}

// deed is one thing to do. None has more than one of its parts.
type deed struct {
	act   *wire.Act
	check *wire.Check
	mic   *bool // microphone so, camera on
}

func newManners(s seat, lead func() bool) *manners {
	return &manners{seat: s, chair: s.role == "officer" && s.party == "avelmar", lead: lead, hands: s.key == "avelmar-delegate-1" || s.key == "tolmeria-delegate-2",
		since: map[string]time.Time{}, done: map[string]time.Time{}, epoch: -1}
}

// lasted says whether cond has held for d, and has not been acted upon for a while.
func (m *manners) lasted(now time.Time, what string, cond bool, d time.Duration) bool {
	if !cond {
		delete(m.since, what)
		delete(m.done, what)
		return false
	}
	from, ok := m.since[what]
	if !ok {
		m.since[what], from = now, now
	}
	if last, ok := m.done[what]; now.Sub(from) < d || ok && now.Sub(last) < againAfter {
		return false
	}
	m.done[what] = now
	return true
}

// once is lasted, and does not come again while the phase is the same.
func (m *manners) once(now time.Time, what string, cond bool, d time.Duration) bool {
	if last, ok := m.done[what]; ok && !last.IsZero() {
		return false
	}
	return m.lasted(now, what, cond, d)
}

// sat says how often it has sat down so far. Who sits down anew does everything anew: the node has forgotten what was checked before a person had the seat.
func (m *manners) sat(joins int) {
	if joins != m.joins {
		m.joins, m.epoch = joins, -1
	}
}

// decide says what to do, from what the bot's page would show.
func (m *manners) decide(now time.Time, st wire.State) []deed {
	if st.Epoch != m.epoch { // what has lasted so far was another phase's
		m.epoch = st.Epoch
		clear(m.since)
		clear(m.done)
	}
	switch m.seat.role {
	case "officer":
		return m.officer(now, st)
	case "principal", "delegate":
		return m.member(now, st)
	}
	return nil
}

func (m *manners) officer(now time.Time, st wire.State) (out []deed) {
	act := func(a wire.Act) { out = append(out, deed{act: &a}) }
	for _, k := range st.Keys {
		theirs := k.Party != m.seat.party
		for _, o := range st.Keys {
			theirs = theirs && !(o.Action == k.Action && o.Party == m.seat.party)
		}
		if m.lasted(now, "key "+k.Action+k.At, theirs, untilKey) {
			act(wire.Act{Do: wire.DoTurnKey, Value: k.Action, N: st.Epoch})
		}
	}
	for _, w := range st.Waiting {
		if m.lasted(now, "door "+w.ID, w.Reason == deviceAtDoor, untilAdmit) {
			act(wire.Act{Do: wire.DoAdmit, Value: w.ID})
		}
	}
	if m.chair && m.lasted(now, "give", free(st) && next(st) != "", untilGiven) {
		act(wire.Act{Do: wire.DoGive, Member: next(st)})
	}
	if m.lead == nil {
		return out
	}
	lead := m.lead()
	for phase, a := range map[string]wire.Act{"planned": {Do: wire.DoRehearse}, "rehearsal": {Do: wire.DoWait}, "waiting": {Do: wire.DoTurnKey, Value: wire.ActionStart, N: st.Epoch}} {
		if m.lasted(now, "lead "+phase, lead && st.Phase == phase, untilPhase) {
			act(a)
		}
	}
	return out
}

// free says whether the floor can be given.
func free(st wire.State) bool {
	return (st.Phase == phaseOpen || st.Phase == phaseClosed) && st.Order.Holder == ""
}

// next is who gets the floor, "" if that is nobody's turn.
func next(st wire.State) string {
	switch {
	case len(st.Order.Orders) > 0:
		return st.Order.Orders[0]
	case st.Order.Next != "":
		return st.Order.Next
	case len(st.Order.Hands) > 0:
		return st.Order.Hands[0]
	}
	return ""
}

func (m *manners) member(now time.Time, st wire.State) (out []deed) {
	act := func(a wire.Act) { out = append(out, deed{act: &a}) }
	me := wire.Presence{}
	for _, p := range st.Present {
		if p.Member == m.seat.member {
			me = p
		}
	}
	holds := st.Order.Holder == m.seat.member
	if m.once(now, "check", st.Phase == "rehearsal", untilAck) {
		out = append(out, deed{check: &wire.Check{Mic: true, Camera: true, Sound: true}})
	}
	if m.lasted(now, "acknowledge", holds && !st.Order.Acknowledged, untilAck) {
		act(wire.Act{Do: wire.DoAcknowledge})
	}
	if m.lasted(now, "yield", holds && st.Order.Acknowledged, untilYield) {
		act(wire.Act{Do: wire.DoYield})
	}
	if m.once(now, "hand", m.hands && st.Phase == phaseClosed && !holds, untilHand) {
		act(wire.Act{Do: wire.DoRaiseHand})
	}
	speaks := me.MaySpeak && (holds && st.Order.Acknowledged || m.seat.role == "principal" && (free(st) && st.Order.Mode == "free" || st.Phase == "rehearsal"))
	shown := m.lasted(now, "camera", st.Phase == "rehearsal" && me.Member != "" && !me.Camera, untilAck) // the rehearsal switched it off
	if m.lasted(now, "open", speaks && !me.Mic, untilMic) || m.lasted(now, "shut", !speaks && me.Mic, 0) || shown {
		out = append(out, deed{mic: &speaks})
	}
	return out
}

// attend follows what b is shown, and does what manners say, until ctx ends.
func (m *manners) attend(ctx context.Context, b *bot.Bot, failed func(error)) {
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for {
		select {
		case <-look.C:
		case <-ctx.Done():
			return
		}
		st := b.Stats()
		if !st.Connected {
			continue
		}
		m.sat(st.Joins)
		for _, d := range m.decide(time.Now(), st.State) {
			var err error
			switch {
			case d.act != nil:
				err = b.Act(ctx, *d.act)
			case d.check != nil:
				err = b.Say(ctx, wire.FromClient{Check: d.check})
			case d.mic != nil:
				b.Devices(*d.mic, true)
			}
			if err != nil && ctx.Err() == nil {
				failed(err)
			}
		}
	}
}

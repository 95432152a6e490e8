package room

import (
	"errors"
	"log/slog"
	"slices"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/store"
)

// This file is what a guest does against a host that keeps the guest's own people from lowering something.

// holds reports whether an event of kind k stays in force on our node though the host refuses it.
func holds(k meeting.Kind) bool { return k.Lowers() || k == meeting.KeyReturned }

// hold takes the host's refusal f of our pending event i. If that lowers something, and the host's own log allows it, we go on as if it waited:
// the overlay keeps it in force, our doors stay shut, and officers are told. It reports whether it did.
func (r *Room) hold(now time.Time, i int, f meeting.Refusal) bool {
	p := &r.pending[i]
	if p.held {
		return true
	}
	if _, err := meeting.ApplyProposal(r.led.state, p.p); !holds(p.p.Event.Kind) || err != nil && !codeIs(err, "member.absent") {
		return false
	}
	p.held = true
	r.doors.stuck = r.doors.stuck || phaseOf(p.p.Event.Kind) && r.led.state.Phase == meeting.Opened
	r.keep(Record{Held: &f}, store.Stated)
	r.refusedFrom(now, r.c.Definition.Host, f.Code)
	return true
}

// release drops what is held and has become void by the shared log: another officer did the same, and the refusal was honest.
func (r *Room) release() {
	r.pending = slices.DeleteFunc(r.pending, func(p pending) bool {
		if !p.held {
			return false
		}
		_, err := meeting.ApplyProposal(r.led.state, p.p)
		var me *meeting.Error
		if !errors.As(err, &me) || me.Code == "member.absent" { // its officer has left since: it holds all the same
			return false
		}
		r.keep(Record{Refused: &meeting.Refusal{Meeting: p.p.Meeting, Counter: p.p.Counter, Code: codeHeld}}, store.Observed)
		return true
	})
}

// overtaken looks at own events that can never be sequenced, because a later one was: a closing among them keeps our doors shut.
func (r *Room) overtaken(now time.Time, s *side, ps []pending) {
	for _, p := range ps {
		if p.p.Event.Kind.Lowers() && phaseOf(p.p.Event.Kind) && r.led.state.Phase == meeting.Opened {
			r.doors.stuck = true
			r.refusedFrom(now, s.party, "log.counter")
			r.log.Error("the host passed over an event of ours", slog.String("party", string(s.party)), slog.String("kind", string(p.p.Event.Kind)))
		}
	}
}

// keyLate reports whether e did what takes two keys with a key of ours whose time was long over by our own clock, or that we have taken back:
// by the host's clock it may not have been, and the host writes that one itself. The log goes on, it is not forked; but our doors stay shut
// until an officer changes the phase again, and officers are told.
func (r *Room) keyLate(now time.Time, e meeting.Entry, before meeting.State) bool {
	after := r.led.state
	if e.Event.Kind != meeting.KeyTurned ||
		before.Phase == after.Phase && before.Recording == after.Recording && before.Published == after.Published {
		return false
	}
	ours := meeting.Key{Action: e.Event.Action, By: e.Event.Member, At: e.At}
	if e.Party != r.c.Self {
		i := slices.IndexFunc(before.Keys, func(k meeting.Key) bool { return k.Party == r.c.Self && k.Action == e.Event.Action })
		if i < 0 {
			return false
		}
		ours = before.Keys[i]
	}
	return now.Sub(ours.At) > meeting.KeyLife+meeting.MaxApart || r.takenBack(ours)
}

// takenBack reports whether an event of ours that is not sequenced takes key k of ours back.
func (r *Room) takenBack(k meeting.Key) bool {
	return slices.ContainsFunc(r.pending, func(p pending) bool {
		e := p.p.Event
		return !p.p.At.Before(k.At) &&
			(e.Kind == meeting.KeyReturned && e.Action == k.Action || e.Kind == meeting.MemberLeft && e.Member == k.By)
	})
}

package meeting

import (
	"cmp"
	"slices"
	"time"
)

// Phase is where a meeting stands.
type Phase string

// The phases. An informal meeting is closed from the beginning and stays so.
const (
	Planned   Phase = "planned"
	Rehearsal Phase = "rehearsal"
	Waiting   Phase = "waiting"
	Opened    Phase = "open"   // press and viewers of each node hear and see it
	Closed    Phase = "closed" // doors closed
	Ended     Phase = "ended"
	Sealed    Phase = "sealed"
)

// Phases lists them in their order.
func Phases() []Phase { return []Phase{Planned, Rehearsal, Waiting, Opened, Closed, Ended, Sealed} }

// Live reports whether the parties are together in p: open or closed.
func (p Phase) Live() bool { return p == Opened || p == Closed }

func (p Phase) in(list ...Phase) bool { return slices.Contains(list, p) }

// KeyLife is how long a turned key waits for the other ones, by the host's clock.
const KeyLife = 60 * time.Second

// MaxApart is how far the clocks of a party and of the host may be apart, the way between them included, for a key to be turned.
// With less, who keeps the log could make a key of yesterday meet its own of today.
const MaxApart = 2 * time.Second

// Key is a key that a party has turned for an action. It is bound to the phase (State.Epoch, State.Head) and gone with it.
type Key struct {
	Action  Action
	Party   PartyID
	By      MemberID  // the officer; the key is gone when he leaves
	At      time.Time // proposer's clock
	Expires time.Time // host's clock
}

// counts reports whether k can meet another key at time now by the host's clock.
func (k Key) counts(now time.Time) bool {
	return now.Before(k.Expires) && now.After(k.Expires.Add(-KeyLife-MaxApart))
}

// Pending gives the keys of action that count at time now by the host's clock, in the order in which they were turned.
func (s State) Pending(action Action, now time.Time) []Key {
	return slices.DeleteFunc(slices.Clone(s.Keys), func(k Key) bool { return k.Action != action || !k.counts(now) })
}

// Missing gives the parties whose keys action still needs at time now by the host's clock, in the order of the definition: every
// party of which somebody is present, and at least two where there are two.
func (s State) Missing(action Action, now time.Time) []PartyID {
	var out []PartyID
	keys, turned := s.Pending(action, now), 0
	for _, p := range s.Definition.Parties {
		if slices.ContainsFunc(keys, func(k Key) bool { return k.Party == p.ID }) {
			turned++
		} else if s.attended(p.ID) {
			out = append(out, p.ID)
		}
	}
	for _, p := range s.Definition.Parties { // too few have come
		if turned+len(out) >= min(2, len(s.Definition.Parties)) {
			break
		}
		if !s.attended(p.ID) {
			out = append(out, p.ID)
		}
	}
	return out
}

// possible reports whether action has a sense now.
func (s *State) possible(action Action) bool {
	switch action {
	case Start:
		return s.Phase == Waiting
	case Open:
		return s.Phase == Closed
	case Record:
		return s.Phase.in(Opened, Closed) && !s.Recording
	case Publish:
		return s.Phase.in(Ended, Sealed) && !s.Published
	}
	return false
}

// turn keeps a key, and does what it is for when it is the last one needed.
func (s *State) turn(by PartyID, a act) error {
	apart := a.host.Sub(a.at)
	switch {
	case !s.possible(a.Action):
		return fail("phase.wrong")
	case a.Epoch != s.Epoch, *a.Head != s.Head, s.Head == Hash{}: // zero: the change of phase that it means is not sequenced
		return fail("key.stale")
	case a.sequenced && (apart > MaxApart || apart < -MaxApart):
		return fail("clock.apart")
	}
	s.dropKeys(func(k Key) bool { return k.Action == a.Action && k.Party == by || !k.counts(a.host) })
	s.Keys = append(slices.Clone(s.Keys), Key{a.Action, by, a.Member, a.at, a.host.Add(KeyLife)})
	if len(s.Missing(a.Action, a.host)) > 0 {
		return nil
	}
	switch a.Action {
	case Start:
		s.enter(a, cmp.Or(s.Definition.Begin, Closed))
	case Open:
		s.enter(a, Opened)
	case Record:
		s.Recording = true
	case Publish:
		s.Published = true
	}
	s.dropKeys(func(k Key) bool { return k.Action == a.Action })
	return nil
}

func (s *State) giveBack(by PartyID, a act) error {
	mine := func(k Key) bool { return k.Action == a.Action && k.Party == by }
	if !slices.ContainsFunc(s.Keys, mine) {
		return fail("key.none")
	}
	s.dropKeys(mine)
	return nil
}

func (s *State) dropKeys(gone func(Key) bool) {
	if slices.ContainsFunc(s.Keys, gone) {
		s.Keys = slices.DeleteFunc(slices.Clone(s.Keys), gone)
	}
}

func (s *State) stopRecord() error {
	if !s.Recording {
		return fail("record.off")
	}
	s.Recording = false
	return nil
}

// move changes the phase by the act of one officer.
func (s *State) move(a act) error {
	var from []Phase
	var to Phase
	switch a.Kind {
	case PhaseRehearsal:
		from, to = []Phase{Planned, Waiting}, Rehearsal
	case PhaseWaiting:
		from, to = []Phase{Planned, Rehearsal}, Waiting
	case PhaseClosed:
		from, to = []Phase{Opened}, Closed
	case PhaseEnded:
		from, to = []Phase{Opened, Closed}, Ended
	case PhaseSealed:
		from, to = []Phase{Ended}, Sealed
	}
	if !s.Phase.in(from...) {
		return fail("phase.wrong")
	}
	s.enter(a, to)
	return nil
}

// enter begins a phase. Where more people will hear than before, all microphones go off first and nobody has the floor: each is
// opened again by its own member, who then knows who listens. Cameras go off where officers and technicians of the other side begin to see.
func (s *State) enter(a act, to Phase) {
	lower := s.Phase == Opened && to == Closed || s.Phase == Rehearsal && to == Waiting
	if !lower {
		s.Floor.free()
		for id, p := range s.Present {
			p.Mic, p.Camera = false, p.Camera && to != Rehearsal
			s.Present[id] = p
		}
	}
	if to.in(Ended, Sealed) {
		s.Recording = false
		s.Floor = Floor{Mode: s.Floor.Mode}
	}
	s.Phase, s.Since, s.Head, s.Keys = to, a.host, a.hash(), nil
	if s.Epoch++; !lower {
		s.Raised = s.Epoch
	}
}

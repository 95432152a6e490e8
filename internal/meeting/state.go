package meeting

import (
	"cmp"
	"maps"
	"time"
)

// Presence is a member who is in the meeting. Both devices are off at first: no message but the member's own switches one on.
type Presence struct {
	Mic, Camera bool
	Since       time.Time // proposer's clock
	By          PartyID   // who stated it: the member's own party
	Capacity    int       // 0 = speaks in the first office, 1 = in the second
	Admitted    bool      // a technician whose officer lets it hear the meeting
}

// State is a meeting at one moment. Treat it as a value: Apply never changes the one it is given.
type State struct {
	Definition Definition
	Present    map[MemberID]Presence
	Formal     bool // every party has an officer: phases, keys and floor hold
	Phase      Phase
	Since      time.Time // host's clock: when Phase began; zero before the first change
	Epoch      int64     // count of changes of phase
	Head       Hash      // Chain of the entry with which Phase began; zero before the first, and while that is not sequenced
	Recording  bool
	Published  bool
	Keys       []Key // turned and waiting, also those whose time is over: see Pending. Never changed in place.
	Floor      Floor
	members    map[MemberID]Member
}

// Begin returns the state before the first event of d, which must have passed Check.
func Begin(d Definition) State {
	s := State{Definition: d, Present: map[MemberID]Presence{}, Formal: d.Formal(), Phase: Closed, members: make(map[MemberID]Member, len(d.Members))}
	if s.Formal {
		s.Phase = Planned
	}
	s.Floor.Mode = cmp.Or(d.Mode, FreeExchange)
	for _, m := range d.Members {
		s.members[m.ID] = m
	}
	return s
}

// Apply returns s after e, stated by party by at time at, or an *Error. What is not allowed in so many words is refused: a party
// speaks of its own members only.
func Apply(s State, by PartyID, at time.Time, e Event) (State, error) {
	next := s
	next.Present = maps.Clone(s.Present)
	if err := next.apply(by, at, e); err != nil {
		return s, err
	}
	return next, nil
}

// Replay returns s after all of es, or the error of the first that is not allowed.
func Replay(s State, es []Entry) (State, error) {
	next := s
	next.Present = maps.Clone(s.Present)
	for _, e := range es {
		if err := next.apply(e.Party, e.At, e.Event); err != nil {
			return s, err
		}
	}
	return next, nil
}

// Overlay returns s as a party sees it that has proposed own and waits for them to be sequenced. Those not allowed on s are
// passed over.
func Overlay(s State, own []Proposal) State {
	next := s
	next.Present = maps.Clone(s.Present)
	for _, p := range own {
		_ = next.apply(p.Party, p.At, p.Event) // refused: the host will refuse it too
	}
	return next
}

// ApplyProposal returns s after p, as its party sees it before it is sequenced, or an *Error: what may not be done during a cut is
// refused if p is marked offline. By the host's clock it counts as done at p.At.
func ApplyProposal(s State, p Proposal) (State, error) {
	return Apply(s, p.Party, p.At, p.Event)
}

// ApplyEntry returns s after e, which follows it in the shared log, or an *Error. A change of phase binds the keys that are turned
// from then on to the hash of e.
func ApplyEntry(s State, e Entry) (State, error) {
	return Apply(s, e.Party, e.At, e.Event)
}

// Pending gives the keys of action that count at time now by the host's clock, in the order in which they were turned.
func (s State) Pending(action Action, now time.Time) []Key { return nil }

// Missing gives the parties whose keys action still needs at time now by the host's clock, in the order of the definition.
func (s State) Missing(action Action, now time.Time) []PartyID { return nil }

// MaySpeak reports whether the microphone of member id may be open now.
func (s State) MaySpeak(id MemberID) bool { return true }

// Order is the order in which present members get the floor in mode statements: principals first, then by precedence, among
// equals in the order of the parties in the definition.
func (s State) Order() []MemberID { return nil }

// Next is who gets the floor next by its mode, "" if the mode leaves that open or nobody is left.
func (s State) Next() MemberID { return "" }

// apply changes s in place; on an error nothing is changed.
func (s *State) apply(by PartyID, at time.Time, e Event) error {
	if err := e.check(); err != nil {
		return err
	}
	m, ok := s.members[e.Member]
	if !ok {
		return fail("member.unknown")
	}
	if m.Party != by {
		return fail("member.foreign")
	}
	p, present := s.Present[e.Member]
	switch {
	case e.Kind != MemberJoined && e.Kind != MemberLeft && e.Kind != MemberDevices:
		return fail("phase.wrong")
	case e.Kind == MemberJoined && present:
		return fail("member.present")
	case e.Kind != MemberJoined && !present:
		return fail("member.absent")
	case e.Mic != nil && *e.Mic && !m.Role.May(Speak), e.Camera != nil && *e.Camera && !m.Role.May(Show):
		return fail("member.role")
	}
	switch e.Kind {
	case MemberJoined:
		s.Present[e.Member] = Presence{Since: at, By: by}
	case MemberLeft:
		delete(s.Present, e.Member)
	case MemberDevices:
		if e.Mic != nil {
			p.Mic = *e.Mic
		}
		if e.Camera != nil {
			p.Camera = *e.Camera
		}
		s.Present[e.Member] = p
	}
	return nil
}

package meeting

import (
	"maps"
	"time"
)

// Kind is what happened. Unknown kinds are refused.
type Kind string

// The kinds of this version.
const (
	MemberJoined  Kind = "member.joined"
	MemberLeft    Kind = "member.left"
	MemberDevices Kind = "member.devices"
)

// Kinds lists the kinds of this version, as nodes name them to each other in hello.
func Kinds() []Kind { return []Kind{MemberJoined, MemberLeft, MemberDevices} }

// Event is one thing that happened in a meeting, as a party states it. It says nothing about who sent it.
type Event struct {
	Kind   Kind     `json:"kind"`
	Member MemberID `json:"member"`
	Mic    *bool    `json:"mic,omitempty"`    // member.devices only; nil = unchanged
	Camera *bool    `json:"camera,omitempty"` // member.devices only; nil = unchanged
}

// check looks at what can be judged without a state.
func (e Event) check() error {
	if !validID(string(e.Member)) {
		return fail("member.id")
	}
	switch e.Kind {
	case MemberJoined, MemberLeft:
		if e.Mic != nil || e.Camera != nil {
			return fail("event.malformed")
		}
	case MemberDevices:
		if e.Mic == nil && e.Camera == nil {
			return fail("event.malformed")
		}
	default:
		return fail("event.unknown")
	}
	return nil
}

// Equal reports whether two events say the same.
func (e Event) Equal(f Event) bool {
	same := func(a, b *bool) bool { return (a == nil) == (b == nil) && (a == nil || *a == *b) }
	return e.Kind == f.Kind && e.Member == f.Member && same(e.Mic, f.Mic) && same(e.Camera, f.Camera)
}

// Presence is a member who is in the meeting. Both devices are off at first: no message but the member's own switches one on.
type Presence struct {
	Mic, Camera bool
	Since       time.Time // proposer's clock
	By          PartyID   // who stated it: the member's own party
}

// State is a meeting at one moment. Treat it as a value: Apply never changes the one it is given.
type State struct {
	Definition Definition
	Present    map[MemberID]Presence
	members    map[MemberID]Member
}

// Begin returns the state before the first event of d, which must have passed Check.
func Begin(d Definition) State {
	s := State{Definition: d, Present: map[MemberID]Presence{}, members: make(map[MemberID]Member, len(d.Members))}
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

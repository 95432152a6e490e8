package meeting

import (
	"maps"
	"slices"
	"time"
)

// stamp says when and how an event came into the log.
type stamp struct {
	at        time.Time   // proposer's clock
	host      time.Time   // host's clock; of what is not sequenced yet: at
	offline   bool        // written during a cut
	sequenced bool        // by the host
	hash      func() Hash // of the log that ends with it; zero while it is not sequenced
}

func unsequenced(at time.Time, offline bool) stamp {
	return stamp{at: at, host: at, offline: offline, hash: func() Hash { return Hash{} }}
}

func sequenced(e Entry) stamp {
	return stamp{e.At, e.Sequenced, e.Offline, true, func() Hash { return Chain(e.Prev, EncodeEntry(e)) }}
}

// Apply returns s after e, stated by party by at time at, or an *Error. What is not allowed in so many words is refused: a party
// speaks of the acts of its own people only.
func Apply(s State, by PartyID, at time.Time, e Event) (State, error) {
	return s.after(by, unsequenced(at, false), e)
}

// ApplyProposal returns s after p, as its party sees it before it is sequenced, or an *Error: what may not be done during a cut is
// refused if p is marked offline. By the host's clock it counts as done at p.At.
func ApplyProposal(s State, p Proposal) (State, error) {
	return s.after(p.Party, unsequenced(p.At, p.Offline), p.Event)
}

// ApplyEntry returns s after e, which follows it in the shared log, or an *Error. A change of phase binds the keys that are turned
// from then on to the hash of e.
func ApplyEntry(s State, e Entry) (State, error) { return s.after(e.Party, sequenced(e), e.Event) }

// Replay returns s after all of es, or the error of the first that is not allowed.
func Replay(s State, es []Entry) (State, error) {
	next := s
	next.Present = maps.Clone(s.Present)
	for _, e := range es {
		if err := next.apply(e.Party, sequenced(e), e.Event); err != nil {
			return s, err
		}
	}
	return next, nil
}

// Overlay returns s as a party sees it that has proposed own and waits for them to be sequenced. Those not allowed on s are
// passed over, and so is whatever lets somebody hear, see or speak who could not before, but for the coming and the devices of own
// people: a key, a floor given or a rehearsal counts when the host has sequenced it, and a lowering act at once.
func Overlay(s State, own []Proposal) State {
	next := s
	next.Present = maps.Clone(s.Present)
	for _, p := range own {
		if !next.raises(p.Event) {
			_ = next.apply(p.Party, unsequenced(p.At, p.Offline), p.Event) // refused: the host will refuse it too
		}
	}
	return next
}

// raises reports whether e may let somebody hear, see or speak who could not before. Coming and the own devices do not count.
func (s *State) raises(e Event) bool {
	switch e.Kind {
	case KeyTurned, PhaseRehearsal, FloorModeSet, FloorGiven:
		return true
	case PhaseWaiting:
		return s.Phase != Rehearsal
	case TechnicianAdmitted:
		return e.Admit == nil || *e.Admit
	}
	return false
}

func (s State) after(by PartyID, st stamp, e Event) (State, error) {
	next := s
	next.Present = maps.Clone(s.Present)
	if err := next.apply(by, st, e); err != nil {
		return s, err
	}
	return next, nil
}

// act is an event whose members are known: m is Event.Member, who acts, by its own party or as its officer.
type act struct {
	Event
	stamp
	m, who Member
	chairs bool // who is of the chair's party
}

// apply changes s in place, but for slices, which it replaces; on an error nothing is changed.
func (s *State) apply(by PartyID, st stamp, e Event) error {
	if err := e.check(); err != nil {
		return err
	}
	a := act{Event: e, stamp: st}
	if err := s.name(by, &a); err != nil {
		return err
	}
	if err := s.place(a); err != nil {
		return err
	}
	if err := s.do(by, a); err != nil {
		return err
	}
	s.settle()
	return nil
}

// name finds who acts and on whom. A party speaks of its own people; only who gives or takes the floor for the chair names others.
func (s *State) name(by PartyID, a *act) error {
	var ok bool
	if a.m, ok = s.members[a.Member]; !ok {
		return fail("member.unknown")
	}
	if a.who = a.m; a.Actor != "" {
		if a.who, ok = s.members[a.Actor]; !ok {
			return fail("member.unknown")
		}
	}
	a.chairs = a.who.Party == s.Definition.ChairParty()
	switch far := a.m.Party != by; {
	case a.who.Party != by, far && !a.Kind.in(FloorGiven, FloorTaken), far && !a.chairs:
		return fail("member.foreign")
	case !a.Kind.May(a.who.Role, a.Actor != ""):
		return fail("member.role")
	}
	return nil
}

// place looks at what holds for all kinds: who is present, and where there are phases at all.
func (s *State) place(a act) error {
	_, present := s.Present[a.Member]
	_, actor := s.Present[a.who.ID]
	switch {
	case a.Kind == MemberJoined && present:
		return fail("member.present")
	case a.Kind != MemberJoined && (!present || !actor):
		return fail("member.absent")
	case !s.Formal && a.Kind.formal():
		return fail("meeting.informal")
	case a.offline && !a.Kind.offline():
		return fail("event.offline")
	}
	return nil
}

// formal reports whether k means something only where phases are.
func (k Kind) formal() bool {
	return !k.in(MemberJoined, MemberLeft, MemberDevices, CapacitySet, TechnicianAdmitted)
}

// offline reports whether k may be written during a cut: what concerns own people, and what lowers.
func (k Kind) offline() bool {
	return !k.in(KeyTurned, PhaseRehearsal, PhaseWaiting, PhaseSealed, FloorModeSet, FloorGiven, AgendaItem)
}

func (k Kind) in(list ...Kind) bool { return slices.Contains(list, k) }

func (s *State) do(by PartyID, a act) error {
	switch a.Kind {
	case MemberJoined:
		s.Present[a.Member] = Presence{Since: a.at, By: by}
		return nil
	case MemberLeft:
		s.leave(a.m)
		return nil
	case MemberDevices:
		return s.devices(a)
	case CapacitySet:
		return s.capacity(a)
	case TechnicianAdmitted:
		return s.admit(a)
	case PhaseRehearsal, PhaseWaiting, PhaseClosed, PhaseEnded, PhaseSealed:
		return s.move(a)
	case KeyTurned:
		return s.turn(by, a)
	case KeyReturned:
		return s.giveBack(by, a)
	case RecordStopped:
		return s.stopRecord()
	}
	if !s.Phase.in(Opened, Closed) && !(a.Kind == FloorModeSet && s.Phase.in(Planned, Rehearsal, Waiting)) {
		return fail("phase.wrong")
	}
	return s.order(a)
}

// leave takes m out, with all that m has in hand.
func (s *State) leave(m Member) {
	delete(s.Present, m.ID)
	if s.Floor.Holder == m.ID {
		s.Floor.free()
	}
	s.Floor.Hands, s.Floor.Orders = without(s.Floor.Hands, m.ID), without(s.Floor.Orders, m.ID)
	s.dropKeys(func(k Key) bool { return k.By == m.ID })
}

func (s *State) devices(a act) error {
	mic, cam := a.Mic != nil && *a.Mic, a.Camera != nil && *a.Camera
	switch {
	case mic && !a.m.Role.May(Speak) && !a.m.Role.May(Rehearse), cam && !a.m.Role.May(Show):
		return fail("member.role")
	case (mic || cam) && (s.Phase.in(Ended, Sealed) || a.Epoch < s.Raised), mic && s.Phase == Planned: // asked before others began to hear and see
		return fail("phase.wrong")
	case mic && s.Phase != Rehearsal && !a.m.Role.May(Speak): // an interpreter speaks into the booth
		return fail("member.role")
	case mic && !s.maySpeak(a.m):
		return fail("floor.none")
	}
	p := s.Present[a.Member]
	if a.Mic != nil {
		p.Mic = mic
	}
	if a.Camera != nil {
		p.Camera = cam
	}
	s.Present[a.Member] = p
	return nil
}

func (s *State) capacity(a act) error {
	if a.N == 1 && len(a.m.Second) == 0 {
		return fail("member.capacity")
	}
	p := s.Present[a.Member]
	p.Capacity = a.N
	s.Present[a.Member] = p
	return nil
}

func (s *State) admit(a act) error {
	if a.m.Role != Technician {
		return fail("member.role")
	}
	p := s.Present[a.Member]
	p.Admitted = *a.Admit
	s.Present[a.Member] = p
	return nil
}

// settle switches off what may not be on any more. It never switches anything on.
func (s *State) settle() {
	for id, p := range s.Present {
		mic, cam := p.Mic && s.maySpeak(s.members[id]), p.Camera && !s.Phase.in(Ended, Sealed)
		if mic != p.Mic || cam != p.Camera {
			p.Mic, p.Camera = mic, cam
			s.Present[id] = p
		}
	}
}

// without gives list without id, in memory of its own.
func without(list []MemberID, id MemberID) []MemberID {
	if !slices.Contains(list, id) {
		return list
	}
	return slices.DeleteFunc(slices.Clone(list), func(m MemberID) bool { return m == id })
}

// with gives list and id at its end, in memory of its own.
func with(list []MemberID, id MemberID) []MemberID { return append(slices.Clone(list), id) }

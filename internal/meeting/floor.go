package meeting

import (
	"cmp"
	"slices"
	"time"
)

// Mode is the rule by which the floor goes round.
type Mode string

// The modes. A definition that names none has free exchange.
const (
	Statements   Mode = "statements" // each once in the fixed order of State.Order, principals first
	ByPrecedence Mode = "precedence" // of those who have raised their hands, who stands first in precedence
	FreeExchange Mode = "free"       // principals speak at any time, delegates with the floor
	ChairGrants  Mode = "chair"      // the officer of the chair's party gives it to whom the chair names
)

// Known reports whether this version knows the mode.
func (m Mode) Known() bool {
	return m == Statements || m == ByPrecedence || m == FreeExchange || m == ChairGrants
}

// Floor is who may speak. Its slices are never changed in place.
type Floor struct {
	Mode         Mode
	Holder       MemberID      // "" = nobody
	Since        time.Time     // host's clock: when it was given
	Acknowledged time.Time     // host's clock: when the holder did; zero = not yet
	Language     string        // what the holder speaks, as acknowledged; "" = not said
	Limit        time.Duration // 0 = none. Pages warn at 80 % and show officers the time over.
	Spoken       []MemberID    // who has had it since the mode was set, in order, each once
	Hands        []MemberID    // raised, in order
	Orders       []MemberID    // points of order, in order
	Item         int           // agenda item, from 1; 0 = none
}

// free takes the floor from whoever has it.
func (f *Floor) free() {
	f.Holder, f.Since, f.Acknowledged, f.Language, f.Limit = "", time.Time{}, time.Time{}, "", 0
}

// MaySpeak reports whether the microphone of member id may be open now. Whether it is, its own page decides.
func (s State) MaySpeak(id MemberID) bool {
	m, ok := s.members[id]
	return ok && s.maySpeak(m)
}

func (s *State) maySpeak(m Member) bool {
	switch s.Phase {
	case Rehearsal:
		return m.Role.May(Rehearse)
	case Waiting: // own side among itself
		return m.Role.May(Speak)
	case Opened, Closed:
		return m.Role.May(Speak) &&
			(!s.Formal || s.Floor.Holder == m.ID || s.Floor.Mode == FreeExchange && m.Role == Principal)
	}
	return false
}

// Order is the order in which present members get the floor in mode statements: principals first, then by precedence, among
// equals in the order of the parties in the definition.
func (s State) Order() []MemberID {
	var out []MemberID
	for _, m := range s.Definition.Members {
		if _, ok := s.Present[m.ID]; ok && m.Role.May(Yield) {
			out = append(out, m.ID)
		}
	}
	s.rank(out, true)
	return out
}

// rank sorts by precedence, among equals in the order of the parties.
func (s *State) rank(ids []MemberID, principalsFirst bool) {
	first := func(m Member) int {
		if principalsFirst && m.Role == Principal {
			return 0
		}
		return 1
	}
	party := func(m Member) int {
		return slices.IndexFunc(s.Definition.Parties, func(p Party) bool { return p.ID == m.Party })
	}
	slices.SortStableFunc(ids, func(x, y MemberID) int {
		a, b := s.members[x], s.members[y]
		return cmp.Or(cmp.Compare(first(a), first(b)), cmp.Compare(a.Precedence, b.Precedence), cmp.Compare(party(a), party(b)))
	})
}

// Next is who gets the floor next by its mode, "" if the mode leaves that open or nobody is left. A point of order comes before
// it in every mode.
func (s State) Next() MemberID {
	switch s.Floor.Mode {
	case Statements:
		for _, id := range s.Order() {
			if !slices.Contains(s.Floor.Spoken, id) {
				return id
			}
		}
	case ByPrecedence:
		if hands := slices.Clone(s.Floor.Hands); len(hands) > 0 {
			s.rank(hands, false)
			return hands[0]
		}
	}
	return ""
}

// due reports whether the mode lets id have the floor now.
func (s *State) due(id MemberID) bool {
	switch {
	case slices.Contains(s.Floor.Orders, id):
		return true
	case s.Floor.Mode == Statements, s.Floor.Mode == ByPrecedence && len(s.Floor.Hands) > 0:
		return s.Next() == id
	}
	return true
}

// order does what concerns the floor.
func (s *State) order(a act) error {
	f := &s.Floor
	switch a.Kind {
	case FloorModeSet:
		return s.setMode(a)
	case FloorGiven:
		return s.give(a)
	case FloorAcknowledged:
		switch {
		case f.Holder != a.Member:
			return fail("floor.holder")
		case !f.Acknowledged.IsZero():
			return fail("floor.acknowledged")
		case a.Language != "" && !slices.Contains(s.Definition.Languages, a.Language):
			return fail("text.language")
		}
		f.Acknowledged, f.Language = a.host, a.Language
	case FloorYielded, FloorTaken:
		if f.Holder != a.Member {
			return fail("floor.holder")
		}
		f.free()
	case HandRaised:
		return s.raise(a, &f.Hands, "hand.raised")
	case HandLowered:
		return lower(a, &f.Hands, "hand.lowered")
	case OrderRaised:
		return s.raise(a, &f.Orders, "order.raised")
	case OrderLowered:
		return lower(a, &f.Orders, "order.lowered")
	case AgendaItem:
		return s.setItem(a)
	default: // invariant: State.do has all other kinds
		return fail("event.unknown")
	}
	return nil
}

func (s *State) setMode(a act) error {
	if !a.chairs {
		return fail("floor.chair")
	}
	s.Floor.Mode, s.Floor.Spoken = a.Mode, nil
	if s.Floor.Holder != "" {
		s.Floor.Spoken = []MemberID{s.Floor.Holder}
	}
	return nil
}

func (s *State) setItem(a act) error {
	switch {
	case !a.chairs:
		return fail("floor.chair")
	case a.N > len(s.Definition.Agenda):
		return fail("agenda.item")
	}
	s.Floor.Item = a.N
	return nil
}

// give gives the floor. The officer of the chair's party gives it to anybody, also while somebody has it; another party's officer
// to own people while nobody has it, unless the chair grants.
func (s *State) give(a act) error {
	f := &s.Floor
	switch {
	case !a.m.Role.May(Yield):
		return fail("member.role")
	case !a.chairs && f.Mode == ChairGrants:
		return fail("floor.chair")
	case f.Holder == a.Member, f.Holder != "" && !a.chairs:
		return fail("floor.held")
	case !s.due(a.Member):
		return fail("floor.order")
	}
	limit := a.Limit
	if limit == 0 && f.Mode == Statements {
		limit = s.Definition.Limit
	}
	f.free()
	f.Holder, f.Since, f.Limit = a.Member, a.host, time.Duration(limit)*time.Second
	f.Hands, f.Orders = without(f.Hands, a.Member), without(f.Orders, a.Member)
	if !slices.Contains(f.Spoken, a.Member) {
		f.Spoken = with(f.Spoken, a.Member)
	}
	return nil
}

func (s *State) raise(a act, list *[]MemberID, code string) error {
	switch {
	case s.Floor.Holder == a.Member:
		return fail("floor.held")
	case slices.Contains(*list, a.Member):
		return fail(code)
	}
	*list = with(*list, a.Member)
	return nil
}

// lower takes a hand down: its own member's, or its officer's.
func lower(a act, list *[]MemberID, code string) error {
	if !slices.Contains(*list, a.Member) {
		return fail(code)
	}
	*list = without(*list, a.Member)
	return nil
}

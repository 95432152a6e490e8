package meeting

import "time"

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
	Limit        time.Duration // 0 = none. Pages warn at 80 % and show officers the time over.
	Spoken       []MemberID    // who has had it since the mode was set, in order, each once
	Hands        []MemberID    // raised, in order
	Orders       []MemberID    // points of order, in order
	Item         int           // agenda item, from 1; 0 = none
}

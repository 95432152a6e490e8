package meeting

import "time"

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

// KeyLife is how long a turned key waits for the other ones, by the host's clock.
const KeyLife = 60 * time.Second

// Key is a key that a party has turned for an action. It is bound to the phase (State.Epoch, State.Head) and gone with it.
type Key struct {
	Action  Action
	Party   PartyID
	By      MemberID  // the officer
	At      time.Time // proposer's clock
	Expires time.Time // host's clock
}

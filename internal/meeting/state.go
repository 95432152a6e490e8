package meeting

import "time"

// Kind is what happened. Unknown kinds are refused.
type Kind string

// The kinds of this version.
const (
	MemberJoined  Kind = "member.joined"
	MemberLeft    Kind = "member.left"
	MemberDevices Kind = "member.devices"
)

// Event is one thing that happened in a meeting, as a party states it. It says nothing about who sent it.
type Event struct {
	Kind   Kind     `json:"kind"`
	Member MemberID `json:"member"`
	Mic    *bool    `json:"mic,omitempty"`    // member.devices only; nil = unchanged
	Camera *bool    `json:"camera,omitempty"` // member.devices only; nil = unchanged
}

// Presence is a member who is in the meeting.
type Presence struct {
	Mic, Camera bool
	Since       time.Time // proposer's clock
	By          PartyID   // who stated it
}

// State is a meeting at one moment. Treat it as a value: Apply never changes the one it is given.
type State struct {
	Definition Definition
	Present    map[MemberID]Presence
}

// Begin returns the state before the first event of d, which must have passed Check.
func Begin(d Definition) State { return State{Definition: d, Present: map[MemberID]Presence{}} }

// Apply returns s after e, stated by party by at time at, or an *Error. What is not allowed in so many words is refused.
func Apply(s State, by PartyID, at time.Time, e Event) (State, error) { return s, nil }

package meeting

import "slices"

// Role is what a member is in a meeting. A role that is not listed here has no right at all and is refused by Check.
type Role string

// The roles. Press and viewers are no members: they are the local audience of one node, and no other node knows them.
const (
	Principal   Role = "principal" // head of a delegation; at most one per party
	Delegate    Role = "delegate"
	Interpreter Role = "interpreter"
	Officer     Role = "officer" // protocol officer
	Technician  Role = "technician"
	Press       Role = "press"
	Viewer      Role = "viewer"
)

// Right is one thing that a role may do. Phase and floor may take it away (NewPlan, Apply), never add to it, but for the sound
// of a technician whom the officer has admitted.
type Right uint8

// The rights.
const (
	Hear       Right = iota // hears the admitted open microphones
	See                     // sees principals and delegates
	SeeFirst                // sees principals
	Speak                   // may open the own microphone to the meeting, if the floor lets it
	Show                    // may show the own camera to the meeting
	Rehearse                // may try the own microphone in a rehearsal
	Listen                  // hears and sees both sides in a rehearsal
	Attend                  // hears and sees the meeting while it is open, and nothing else
	Yield                   // may be given the floor, acknowledges and yields it
	Hand                    // raises a hand or a point of order
	GiveFloor               // gives and takes the floor, sets its mode and the agenda item
	Lower                   // alone: rehearsal, waiting, closed, ended, sealed; stops a record
	TurnKey                 // with one of every party: start, open, record, publish
	Admit                   // lets people in, and technicians hear
	Message                 // writes to the officers of the other parties
	Repair                  // levels, paths, test signals, restart of a member's media
	Alarm                   // sees alarms
	EndSession              // ends a session of the own side
	rights
)

// Known reports whether a definition may name the role.
func (r Role) Known() bool {
	return r == Principal || r == Delegate || r == Interpreter || r == Officer || r == Technician
}

// table is the matrix of roles and rights: what is not in it is denied.
func (r Role) table() []Right {
	switch r {
	case Principal, Delegate:
		return []Right{Hear, See, Speak, Show, Rehearse, Yield, Hand}
	case Interpreter:
		return []Right{Hear, SeeFirst, Rehearse}
	case Officer:
		return []Right{Hear, See, Listen, GiveFloor, Lower, TurnKey, Admit, Message, Alarm, EndSession}
	case Technician:
		return []Right{Listen, Repair, Alarm}
	case Press, Viewer:
		return []Right{Attend}
	}
	return nil
}

// May looks into the table of roles and rights.
func (r Role) May(x Right) bool { return slices.Contains(r.table(), x) }

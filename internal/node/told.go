package node

import (
	"sync"

	"visavis/internal/meeting"
)

// told brings alarms of rooms to the server. Rooms begin before it does: what they say till then waits.
type told struct {
	mu  sync.Mutex
	to  func(meeting.ID, string, meeting.MemberID, meeting.PartyID) // nil: there is no server yet
	due []alarm                                                     // at most maxTold
}

type alarm struct {
	meeting meeting.ID
	code    string
	who     meeting.MemberID
	party   meeting.PartyID
}

const maxTold = 1000 // alarms that wait; each is in the node's log and its meeting's own as well

// alarm takes an alarm of a room. It does not block.
func (t *told) alarm(id meeting.ID, code string, who meeting.MemberID, p meeting.PartyID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.to != nil {
		t.to(id, code, who, p)
	} else if len(t.due) < maxTold {
		t.due = append(t.due, alarm{id, code, who, p})
	}
}

// begin hands over what waits, in order, and from then on what comes. to must not block.
func (t *told) begin(to func(meeting.ID, string, meeting.MemberID, meeting.PartyID)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, a := range t.due {
		to(a.meeting, a.code, a.who, a.party)
	}
	t.to, t.due = to, nil
}

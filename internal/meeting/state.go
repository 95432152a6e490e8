package meeting

import (
	"cmp"
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
	Raised     int64     // Epoch when it last was that more people began to hear or see: no device is opened by what was asked before
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

package meeting

import "time"

// Spoken is one line of the speaking log: who held the floor, or spoke in free exchange, and when, by the host's clock.
type Spoken struct {
	Member   MemberID
	Capacity int  // 0 = first office, 1 = second
	Floor    bool // held the floor; false: free exchange
	Start    time.Time
	End      time.Time // zero: goes on
	Item     int       // agenda item at the start; 0 = none
	Open     bool      // press and viewers heard it
	Language string    // as acknowledged; "" = not said
	Offline  bool      // start or end was written during a cut
}

// SpeakingLog derives the speaking log of d from its entries, in order of the starts. A change of item, capacity or doors ends one
// line and starts the next. It returns the *Error of an entry that is not allowed.
func SpeakingLog(d Definition, es []Entry) ([]Spoken, error) { return nil, nil }

package meeting

import (
	"slices"
	"time"
)

// Spoken is one line of the speaking log: who held the floor, or spoke in free exchange, and when, by the host's clock.
type Spoken struct {
	Member   MemberID
	Capacity int       // 0 = first office, 1 = second
	Floor    bool      // held the floor; false: open microphone in free exchange
	Start    time.Time // host's clock
	End      time.Time // zero: goes on
	Item     int       // agenda item; 0 = none
	Open     bool      // press and viewers heard it
	Language string    // as acknowledged; "" = not said
	Offline  bool      // start or end was written during a cut
}

// same reports whether s and t are one line.
func (s Spoken) same(t Spoken) bool {
	return s.Member == t.Member && s.Capacity == t.Capacity && s.Floor == t.Floor && s.Item == t.Item && s.Open == t.Open
}

// Speaking makes the speaking log, entry by entry. The zero value is ready.
type Speaking struct {
	Done []Spoken // ended, in order of their ends; the caller may cut off what it does not need
	Now  []Spoken // go on, in order of the definition
}

// Add takes entry e and the state after it. A change of item, capacity or doors ends one line and starts the next.
func (g *Speaking) Add(after State, e Entry) {
	next := after.speaking()
	for i := range next {
		j := slices.IndexFunc(g.Now, next[i].same)
		if j < 0 {
			next[i].Start, next[i].Offline = e.Sequenced, e.Offline
			continue
		}
		next[i].Start, next[i].Offline = g.Now[j].Start, g.Now[j].Offline
	}
	for _, was := range g.Now {
		if !slices.ContainsFunc(next, was.same) {
			was.End, was.Offline = e.Sequenced, was.Offline || e.Offline
			g.Done = append(g.Done, was)
		}
	}
	g.Now = next
}

// speaking gives who speaks in s, without times, in the order of the definition.
func (s State) speaking() []Spoken {
	if !s.Phase.in(Opened, Closed) {
		return nil
	}
	var out []Spoken
	for _, m := range s.Definition.Members {
		p, ok := s.Present[m.ID]
		holds := s.Floor.Holder == m.ID
		if !ok || !holds && !(p.Mic && s.maySpeak(m)) {
			continue
		}
		line := Spoken{Member: m.ID, Capacity: p.Capacity, Floor: holds, Item: s.Floor.Item, Open: s.Phase == Opened}
		if holds {
			line.Language = s.Floor.Language
		}
		out = append(out, line)
	}
	return out
}

// SpeakingLog derives the speaking log of d from its entries: what has ended, then what goes on. It returns the *Error of an entry
// that is not allowed.
func SpeakingLog(d Definition, es []Entry) ([]Spoken, error) {
	var g Speaking
	s := Begin(d)
	for _, e := range es {
		next, err := ApplyEntry(s, e)
		if err != nil {
			return nil, err
		}
		s = next
		g.Add(s, e)
	}
	return append(g.Done, g.Now...), nil
}

package record

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"visavis/internal/meeting"
)

// Record is what the shared log of a meeting says.
type Record struct {
	Definition meeting.Definition
	N          int64        // entries
	Hash       meeting.Hash // chain hash of the last
	Start      time.Time    // host's clock: the first open or closed phase, of an informal meeting the first to come; zero: it never began
	End        time.Time    // the end, of an informal meeting the last to leave; zero: it goes on
	Phase      meeting.Phase
	Attendance []Attended
	Spoken     []meeting.Spoken

	hashes []meeting.Hash // after each entry
}

// Attended is one member's presence.
type Attended struct {
	Member    meeting.MemberID
	Party     meeting.PartyID
	Role      meeting.Role
	Listed    bool // named in public as present, unless a readout says otherwise: principals and delegates
	Intervals []Interval
}

// Interval is from joining to leaving.
type Interval struct {
	From, To         time.Time // host's clock; To zero: still there when the log ends
	FromSaid, ToSaid time.Time // the clock of the member's own node
	Offline          bool      // one of the two was written during a cut: then what was said is the better word
}

// New reads a shared log from its first entry, exact bytes each, checking chain, counters and rules as a node does. The error names the entry and wraps a *meeting.Error or a *strict.Error.
func New(d meeting.Definition, entries [][]byte) (*Record, error) {
	if err := d.Check(); err != nil {
		return nil, fmt.Errorf("definition: %w", err)
	}
	if len(entries) > MaxEntries {
		return nil, fmt.Errorf("%d entries, more than %d", len(entries), MaxEntries)
	}
	r := &Record{Definition: d}
	s := meeting.Begin(d)
	var talk meeting.Speaking
	at := map[meeting.MemberID]*Attended{}
	counters := map[meeting.PartyID]uint64{}
	for i, b := range entries {
		e, next, err := r.check(s, b, counters)
		if err != nil {
			return nil, &EntryError{N: int64(i + 1), Err: err}
		}
		s = next
		counters[e.Party] = e.Counter
		r.N, r.Hash = e.N, meeting.Chain(r.Hash, b)
		r.hashes = append(r.hashes, r.Hash)
		talk.Add(s, e)
		r.attend(at, e)
		r.times(s, e)
	}
	r.Phase = s.Phase
	r.Spoken = append(talk.Done, talk.Now...)
	for _, m := range d.Members {
		if a := at[m.ID]; a != nil {
			r.Attendance = append(r.Attendance, *a)
		}
	}
	if !s.Formal && len(s.Present) > 0 {
		r.End = time.Time{}
	}
	return r, nil
}

// EntryError says which entry of a log does not stand.
type EntryError struct {
	N   int64
	Err error
}

func (e *EntryError) Error() string { return fmt.Sprintf("entry %d: %v", e.N, e.Err) }

// Unwrap gives the cause.
func (e *EntryError) Unwrap() error { return e.Err }

func (r *Record) check(s meeting.State, b []byte, counters map[meeting.PartyID]uint64) (meeting.Entry, meeting.State, error) {
	e, err := meeting.DecodeEntry(b)
	if err != nil {
		return e, s, err
	}
	switch {
	case e.Meeting != r.Definition.ID || e.N != r.N+1:
		return e, s, &meeting.Error{Code: "log.number"}
	case e.Prev != r.Hash:
		return e, s, &meeting.Error{Code: "log.forked"}
	case e.Counter <= counters[e.Party]:
		return e, s, &meeting.Error{Code: "log.counter"}
	}
	next, err := meeting.ApplyEntry(s, e)
	return e, next, err
}

func (r *Record) attend(at map[meeting.MemberID]*Attended, e meeting.Entry) {
	m, ok := r.Definition.Member(e.Event.Member)
	if !ok {
		return
	}
	a := at[m.ID]
	switch e.Event.Kind {
	case meeting.MemberJoined:
		if a == nil {
			a = &Attended{Member: m.ID, Party: m.Party, Role: m.Role, Listed: m.Role == meeting.Principal || m.Role == meeting.Delegate}
			at[m.ID] = a
		}
		a.Intervals = append(a.Intervals, Interval{From: e.Sequenced, FromSaid: e.At, Offline: e.Offline})
	case meeting.MemberLeft:
		if a == nil || len(a.Intervals) == 0 {
			return
		}
		i := &a.Intervals[len(a.Intervals)-1]
		i.To, i.ToSaid, i.Offline = e.Sequenced, e.At, i.Offline || e.Offline
	}
}

func (r *Record) times(s meeting.State, e meeting.Entry) {
	if !s.Formal {
		if e.Event.Kind == meeting.MemberJoined && r.Start.IsZero() {
			r.Start = e.Sequenced
		}
		if e.Event.Kind == meeting.MemberLeft {
			r.End = e.Sequenced
		}
		return
	}
	if r.Start.IsZero() && (s.Phase == meeting.Opened || s.Phase == meeting.Closed) {
		r.Start = e.Sequenced
	}
	if r.End.IsZero() && (s.Phase == meeting.Ended || s.Phase == meeting.Sealed) {
		r.End = e.Sequenced
	}
}

// At gives the chain hash after entry n.
func (r *Record) At(n int64) (meeting.Hash, bool) {
	if n < 1 || n > int64(len(r.hashes)) {
		return meeting.Hash{}, false
	}
	return r.hashes[n-1], true
}

// Present says who was there at any time.
func (r *Record) Present() map[meeting.MemberID]bool {
	out := map[meeting.MemberID]bool{}
	for _, a := range r.Attendance {
		out[a.Member] = true
	}
	return out
}

// Latest keeps of each party the head that reaches furthest, in the order of the parties.
func Latest(heads []meeting.Head) []meeting.Head {
	best := map[meeting.PartyID]meeting.Head{}
	for _, h := range heads {
		if h.N > best[h.Party].N {
			best[h.Party] = h
		}
	}
	out := make([]meeting.Head, 0, len(best))
	for _, h := range best {
		out = append(out, h)
	}
	slices.SortFunc(out, func(a, b meeting.Head) int { return cmp.Compare(a.Party, b.Party) })
	return out
}

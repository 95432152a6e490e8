package room

import (
	"maps"
	"slices"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/store"
	"visavis/internal/wire"
)

// AlarmRecord is an alarm of officers and technicians, written as it begins and again as it ends. Code and Args are wire.Alarm's.
type AlarmRecord struct {
	Code  string            `json:"code"`
	Args  map[string]string `json:"args,omitempty"`
	Since time.Time         `json:"since"`
	Ended time.Time         `json:"ended,omitzero"` // zero: it stands
	kept  bool              // it has a place in the own log
}

// Grave reports whether an alarm says that a log or the doors do not do what they should. Whoever can bring others about, with a bad line or
// refused events, takes no room from these.
func Grave(code string) bool {
	switch code {
	case codeForked, codeWithheld, codeDoorsLate, codeUnwritten:
		return true
	}
	return false
}

func (a AlarmRecord) same(code string, args map[string]string) bool {
	return a.Code == code && maps.Equal(a.Args, args)
}

// pastAlarms are the alarms that were, for who looks later or has loaded the page again. Room's goroutine only.
type pastAlarms struct {
	standing []AlarmRecord // as they began
	ended    []AlarmRecord // the newest last, at most maxPast
	written  int           // alarms in the own log: at most maxAlarms, for another node can bring many about
	due      []AlarmRecord // for the own log, when the pages know
}

// begin takes an alarm that came. Of one that the own log has no room for the end is not written, either.
func (p *pastAlarms) begin(a AlarmRecord) {
	if a.kept = p.written < maxAlarms; a.kept {
		p.written++
		p.due = append(p.due, a)
	}
	p.standing = append(p.standing, a)
}

// end takes an alarm that went, by its place in standing.
func (p *pastAlarms) end(i int, at time.Time) {
	a := p.standing[i]
	p.standing = slices.Delete(p.standing, i, i+1)
	if a.Ended = at; a.kept {
		p.due = append(p.due, a)
	}
	if len(p.ended) == maxPast {
		p.ended = slices.Delete(p.ended, 0, 1)
	}
	p.ended = append(p.ended, a)
}

// replay takes a record of the own log.
func (p *pastAlarms) replay(a AlarmRecord) {
	if a.Ended.IsZero() {
		p.begin(a)
	} else if i := slices.IndexFunc(p.standing, func(b AlarmRecord) bool { return b.Since.Equal(a.Since) && b.same(a.Code, a.Args) }); i >= 0 {
		p.end(i, a.Ended)
	}
	p.due = nil
}

// resume ends what stood when the node was stopped: what goes on comes anew.
func (p *pastAlarms) resume(now time.Time) {
	for len(p.standing) > 0 {
		p.end(0, now)
	}
}

// turnAlarms notes which alarms came and which went: list is what consoles are told next.
func (r *Room) turnAlarms(now time.Time, list []wire.Alarm) {
	p, at := &r.past, now.Round(0).UTC()
	for i := len(p.standing) - 1; i >= 0; i-- {
		if !slices.ContainsFunc(list, func(a wire.Alarm) bool { return p.standing[i].same(a.Code, a.Args) }) {
			p.end(i, at)
		}
	}
	for _, a := range list {
		if slices.ContainsFunc(p.standing, func(b AlarmRecord) bool { return b.same(a.Code, a.Args) }) {
			continue
		}
		p.begin(AlarmRecord{Code: a.Code, Args: maps.Clone(a.Args), Since: at})
		if r.c.Alarm != nil {
			r.c.Alarm(a.Code, meeting.MemberID(a.Args["member"]), meeting.PartyID(a.Args["party"]))
		}
	}
}

// keepAlarms writes what came and went, once the pages have been told: no alarm waits for the disk.
func (r *Room) keepAlarms() {
	for _, a := range r.past.due {
		r.keep(Record{Alarm: &a}, store.Observed)
	}
	r.past.due = nil
}

// shown is what consoles see of it, the newest first.
func (p *pastAlarms) shown() []wire.PastAlarm {
	out := make([]wire.PastAlarm, 0, len(p.ended))
	for _, a := range slices.Backward(p.ended) {
		out = append(out, wire.PastAlarm{Code: a.Code, Args: maps.Clone(a.Args), Since: stamp(a.Since), Until: stamp(a.Ended)})
	}
	return out
}

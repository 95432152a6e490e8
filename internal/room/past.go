package room

import (
	"context"
	"log/slog"
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
	standing []AlarmRecord  // as they began
	ended    []AlarmRecord  // the newest last, at most maxPast
	written  map[string]int // alarms in the own log, by code if they are grave, else by ""; see place
	due      []AlarmRecord  // for the own log, when the pages know: each twice at most
	tried    time.Time      // when the disk last did not take them
	last     time.Time      // of the own log, as it was read; zero once what stood in it has been looked at
}

// place takes a place in the own log, if there is one. It bounds the alarms in the own log, for another node can bring many about: maxAlarms, and graveAlarms of each code that is grave.
func (p *pastAlarms) place(code string) bool {
	class, max := "", maxAlarms
	if Grave(code) {
		class, max = code, graveAlarms
	}
	if p.written[class] >= max {
		return false
	}
	if p.written == nil {
		p.written = map[string]int{}
	}
	p.written[class]++
	return true
}

// begin takes an alarm that came. Of one that the own log has no room for the end is not written, either.
func (p *pastAlarms) begin(a AlarmRecord) {
	if a.kept = p.place(a.Code); a.kept {
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

// turnAlarms notes which alarms came and which went: list is what consoles are told next. What stood when the node was stopped and does not any more
// ended at the last that is known of the time before.
func (r *Room) turnAlarms(now time.Time, list []wire.Alarm) {
	p, at := &r.past, now.Round(0).UTC()
	end := at
	if !p.last.IsZero() {
		end, p.last = p.last.Round(0).UTC(), time.Time{}
	}
	for i := len(p.standing) - 1; i >= 0; i-- {
		if !slices.ContainsFunc(list, func(a wire.Alarm) bool { return p.standing[i].same(a.Code, a.Args) }) {
			p.end(i, later(end, p.standing[i].Since))
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

// keepAlarms writes what came and went, once the pages have been told: no alarm waits for the disk, and the disk is waited for once. What it does not
// take is tried again with time.
func (r *Room) keepAlarms(now time.Time) {
	p := &r.past
	if len(p.due) == 0 || now.Sub(p.tried) < figurePause {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), appendTime)
	defer cancel()
	for i, a := range p.due {
		if err := r.own.appendIn(ctx, Record{Alarm: &a}, store.Observed); err != nil {
			p.due, p.tried = slices.Delete(p.due, 0, i), time.Now()
			if r.seldom(p.tried, "alarms") {
				r.log.Error("own log cannot be written", slog.Any("err", err))
			}
			return
		}
	}
	p.due = nil
}

// since is when an alarm that stands began, at if it does not stand yet.
func (p *pastAlarms) since(a wire.Alarm, at time.Time) time.Time {
	for _, b := range p.standing {
		if b.same(a.Code, a.Args) {
			return b.Since
		}
	}
	return at
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// shown is what consoles see of it, the newest first.
func (p *pastAlarms) shown() []wire.PastAlarm {
	out := make([]wire.PastAlarm, 0, len(p.ended))
	for _, a := range slices.Backward(p.ended) {
		out = append(out, wire.PastAlarm{Code: a.Code, Args: maps.Clone(a.Args), Since: stamp(a.Since), Until: stamp(a.Ended)})
	}
	return out
}

package room

import (
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/wire"
)

// grant is the floor as this node has seen it given, by its own clock: alarms wait for no other.
type grant struct {
	holder meeting.MemberID
	since  time.Time // as the log has it
	at     time.Time
}

// watchFloor notes when the floor was given, and says when the holder should have acknowledged it, 0 if there is nothing to wait for.
func (r *Room) watchFloor(now time.Time) time.Duration {
	f := r.view.Floor
	if f.Holder != r.given.holder || !f.Since.Equal(r.given.since) {
		r.given = grant{f.Holder, f.Since, now}
		clear(r.heard)
	}
	if f.Holder == "" || !f.Acknowledged.IsZero() {
		return 0
	}
	if d := r.given.at.Add(acknowledgeTime).Sub(now); d > 0 {
		return d
	}
	return 0
}

// refusedFrom notes that another node asked for something that its party may not do: an alarm for alarmTime.
func (r *Room) refusedFrom(now time.Time, p meeting.PartyID, code string) {
	r.trespass[p] = trespass{code, now}
	r.hurry()
}

type trespass struct {
	code string
	at   time.Time
}

// watchAlarms settles what officers and technicians must look at.
func (r *Room) watchAlarms(now time.Time) {
	var list []wire.Alarm
	add := func(code string, pairs ...string) {
		a := wire.Alarm{Code: code, Args: map[string]string{}}
		for i := 0; i+1 < len(pairs); i += 2 {
			a.Args[pairs[i]] = pairs[i+1]
		}
		list = append(list, a)
	}
	if code := r.alarm(); code != "" {
		add(code)
	}
	if f := r.view.Floor; f.Holder != "" && f.Acknowledged.IsZero() && now.Sub(r.given.at) >= acknowledgeTime {
		add("floor.unacknowledged", "member", string(f.Holder))
	}
	for _, p := range r.c.Definition.Parties {
		s := r.links[p.ID]
		if s == nil {
			continue
		}
		if r.attends(p.ID) && s.state() == "interrupted" {
			add("link.lost", "party", string(p.ID))
		}
		if s.up && s.clock.known && (s.clock.offset > clockWarn || s.clock.offset < -clockWarn) {
			code := "clock.off"
			if s.clock.apart() {
				code = codeApart
			}
			add(code, "party", string(p.ID))
		}
		if t, ok := r.trespass[p.ID]; ok && now.Sub(t.at) < alarmTime {
			add("event.refused", "party", string(p.ID), "code", t.code)
		}
	}
	if over := r.view.Phase == meeting.Ended || r.view.Phase == meeting.Sealed; !over && r.doors.state != wire.DoorOpen && r.doors.shown.After > 0 {
		add(codeDoorsLate, "after", strconv.FormatInt(r.doors.shown.After, 10))
	}
	if r.doors.stuck {
		add(codeUnwritten)
	}
	for i, a := range list {
		at := slices.IndexFunc(r.alarms, func(b wire.Alarm) bool { return sameAlarm(a, b) })
		if at >= 0 {
			list[i].Since = r.alarms[at].Since
			continue
		}
		list[i].Since = stamp(r.past.since(a, now))
		r.log.Warn("alarm", slog.String("kind", a.Code), slog.String("party", a.Args["party"]), slog.String("person", a.Args["member"]))
	}
	if !slices.EqualFunc(list, r.alarms, sameAlarm) {
		r.hurry()
	}
	r.turnAlarms(now, list)
	r.alarms = list
}

func sameAlarm(a, b wire.Alarm) bool { return a.Code == b.Code && maps.Equal(a.Args, b.Args) }

package room

import (
	"math"
	"reflect"
	"slices"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/wire"
)

// state is the meeting as the page of member id shows it.
func (r *Room) state(id meeting.MemberID) wire.State { return r.staged(r.common(), id) }

// common is what all pages of members show alike.
func (r *Room) common() wire.State {
	s := wire.State{Present: []wire.Presence{}, Stage: []string{}, Links: []wire.Link{}, Alarm: r.alarm()}
	for _, m := range r.c.Definition.Members {
		if p, ok := r.view.Present[m.ID]; ok {
			s.Present = append(s.Present, wire.Presence{Member: string(m.ID), Mic: p.Mic, Camera: p.Camera, Far: r.far(m),
				Capacity: p.Capacity, MaySpeak: m.Role.May(meeting.Rehearse) && r.view.MaySpeak(m.ID), Admitted: p.Admitted})
		}
	}
	for _, p := range r.c.Definition.Parties {
		l := r.links[p.ID]
		if l == nil {
			continue
		}
		state, code := l.state(), l.code
		if state == "interrupted" { // a cut is what people must hear of first
			code = ""
		}
		s.Links = append(s.Links, wire.Link{Party: string(p.ID), State: state, RTTMs: int(l.shown.RTT.Milliseconds()),
			Loss: math.Round(l.shown.Loss*1000) / 1000, Code: code, Way: l.shown.Way})
	}
	s.Phase, s.Since, s.Epoch, s.Recording = string(r.view.Phase), stamp(r.view.Since), int(r.view.Epoch), r.view.Recording
	s.Order = r.order()
	return s
}

func (r *Room) order() wire.Order {
	f := r.view.Floor
	o := wire.Order{Mode: string(f.Mode), Holder: string(f.Holder), Since: stamp(f.Since), Acknowledged: !f.Acknowledged.IsZero(),
		Limit: int(f.Limit / time.Second), Hands: ids(f.Hands), Orders: ids(f.Orders), Item: f.Item, Next: string(r.view.Next())}
	for _, l := range [][]meeting.Spoken{r.led.speaking.Done, r.led.speaking.Now} {
		for _, s := range l {
			o.Spoken = append(o.Spoken, wire.Spoken{Member: string(s.Member), Start: stamp(s.Start), End: stamp(s.End), Item: s.Item, Open: s.Open})
		}
	}
	return o
}

func ids(l []meeting.MemberID) []string {
	var out []string
	for _, id := range l {
		out = append(out, string(id))
	}
	return out
}

// staged adds what member id alone sees, and what its role lets it see.
func (r *Room) staged(s wire.State, id meeting.MemberID) wire.State {
	stage := r.plan.Views[id].Stage
	s.Stage = make([]string, min(len(stage), r.c.Stage))
	for i := range s.Stage {
		s.Stage[i] = string(stage[i])
	}
	m, _ := r.c.Definition.Member(id)
	if _, ok := r.muted[id]; ok {
		s.Muted = []string{string(id)}
	}
	s.Notes = r.notesFor(m)
	if m.Role.May(meeting.Alarm) {
		s.Muted = ids(sortedKeys(r.muted))
		s.Ready, s.Alarms, s.Past = r.readiness(), slices.Clone(r.alarms), r.past.shown()
		if r.view.Formal {
			s.Doors = r.doorsShown()
		}
	}
	if m.Role.May(meeting.Repair) {
		s.Signals = r.tests()
	}
	if m.Role.May(meeting.TurnKey) {
		s.Head, s.Keys = r.view.Head.String(), r.keys()
	}
	if m.Role.May(meeting.Admit) {
		s.Waiting = r.waitingList()
	}
	return s
}

// keys are those that wait for the other parties'.
func (r *Room) keys() []wire.Key {
	var out []wire.Key
	now := time.Now()
	for _, a := range []meeting.Action{meeting.Start, meeting.Open, meeting.Record, meeting.Publish} {
		for _, k := range r.view.Pending(a, now) {
			out = append(out, wire.Key{Action: string(k.Action), Party: string(k.Party), By: string(k.By), At: stamp(k.At), Expires: stamp(k.Expires)})
		}
	}
	return out
}

// tests are the test signals that are on at pages of our people, in the order of the definition.
func (r *Room) tests() []wire.Test {
	var out []wire.Test
	for _, m := range r.c.Definition.Members {
		if st := r.seats[m.ID]; st != nil && (st.tone || st.card) {
			out = append(out, wire.Test{Member: string(m.ID), Tone: st.tone, Card: st.card})
		}
	}
	return out
}

func (r *Room) readiness() []wire.Ready {
	var out []wire.Ready
	for _, m := range r.c.Definition.Members {
		if y, ok := r.ready[m.ID]; ok {
			out = append(out, wire.Ready{Member: string(m.ID), Mic: y.Mic, Camera: y.Camera, Sound: y.Sound, Stated: m.Party != r.c.Self})
		}
	}
	return out
}

// public is what the audience may know: that the meeting is on, and in the open part its principals.
func (r *Room) public(st *audience) wire.State {
	s := wire.State{Present: []wire.Presence{}, Stage: []string{}, Links: []wire.Link{}, Phase: publicPhase(r.view.Phase)}
	if r.view.Phase == meeting.Opened || r.view.Phase == meeting.Closed {
		s.Since = stamp(r.view.Since)
	}
	if r.doors.state != wire.DoorOpen {
		return s
	}
	for _, m := range r.c.Definition.Members {
		if p, ok := r.view.Present[m.ID]; ok && m.Role == meeting.Principal {
			s.Present = append(s.Present, wire.Presence{Member: string(m.ID), Mic: p.Mic, Camera: p.Camera, Far: r.far(m)})
			if r.view.Floor.Holder == m.ID {
				s.Order.Holder = string(m.ID)
			}
		}
	}
	v := r.audienceView()
	for _, id := range v.Stage[:min(len(v.Stage), r.c.Stage)] {
		s.Stage = append(s.Stage, string(id))
	}
	return s
}

// publicPhase tells the public that there is no meeting yet, that it is on, open or closed, or that it is over.
func publicPhase(p meeting.Phase) string {
	switch p {
	case meeting.Opened, meeting.Closed:
		return string(p)
	case meeting.Ended, meeting.Sealed:
		return string(meeting.Ended)
	}
	return string(meeting.Planned)
}

// dated is s with the time at which it goes out.
func dated(now time.Time, s wire.State) wire.State {
	s.Now = stamp(now)
	return s
}

// same compares what pages show; the time at which it went out is not part of it.
func same(a, b wire.State) bool {
	a.Now, b.Now = "", ""
	return reflect.DeepEqual(a, b)
}

// far tells what stands between a present member and this node's people.
func (r *Room) far(m meeting.Member) string {
	if l := r.links[m.Party]; l != nil {
		if l.state() != "up" {
			return "interrupted"
		}
		return ""
	}
	if st := r.seats[m.ID]; (st == nil || !st.lost.IsZero()) && r.feeds[m.ID] == nil {
		return "away"
	}
	return ""
}

func (r *Room) alarm() string {
	switch {
	case r.stopped != "":
		return r.stopped
	case r.withheld:
		return codeWithheld
	}
	return ""
}

// showStates sends every page its state, if it is not what it has.
func (r *Room) showStates(now time.Time) {
	all := r.common()
	for id, st := range r.seats {
		if !st.lost.IsZero() {
			continue
		}
		if s := r.staged(all, id); !same(s, st.shown) {
			if d := dated(now, s); st.Send(wire.ToClient{State: &d}) {
				st.shown = s
			}
		}
	}
	for _, st := range r.audience {
		if s := r.public(st); !same(s, st.shown) {
			if d := dated(now, s); st.Send(wire.ToClient{State: &d}) {
				st.shown = s
			}
		}
	}
}

// showFloor sends every page who sounds in its floor slots, if it is not what it has.
func (r *Room) showFloor() {
	for id, st := range r.seats {
		names := r.sounds(id)
		if st.lost.IsZero() && !slices.Equal(names, st.floor) && st.Send(wire.ToClient{Floor: &wire.Floor{Slots: names}}) {
			st.floor = names
		}
	}
	for _, st := range r.audience {
		names := r.sounds(st.key)
		for i, id := range names {
			if m, _ := r.c.Definition.Member(meeting.MemberID(id)); m.Role != meeting.Principal {
				names[i] = ""
			}
		}
		if r.doors.state != wire.DoorOpen {
			clear(names)
		}
		if !slices.Equal(names, st.floor) && st.Send(wire.ToClient{Floor: &wire.Floor{Slots: names}}) {
			st.floor = names
		}
	}
}

func (r *Room) sounds(key meeting.MemberID) []string {
	streams := r.sound.get(key)
	names := make([]string, len(streams))
	for i, s := range streams {
		names[i] = string(r.routes.names[s])
	}
	return names
}

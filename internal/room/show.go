package room

import (
	"math"
	"reflect"
	"slices"

	"visavis/internal/meeting"
	"visavis/internal/wire"
)

// state is the meeting as the page of member id shows it.
func (r *Room) state(id meeting.MemberID) wire.State {
	s := wire.State{Present: []wire.Presence{}, Stage: []string{}, Links: []wire.Link{}, Alarm: r.alarm()}
	for _, m := range r.c.Definition.Members {
		if p, ok := r.view.Present[m.ID]; ok {
			s.Present = append(s.Present, wire.Presence{Member: string(m.ID), Mic: p.Mic, Camera: p.Camera, Far: r.far(m)})
		}
	}
	stage := r.plan.Views[id].Stage
	for _, m := range stage[:min(len(stage), r.c.Stage)] {
		s.Stage = append(s.Stage, string(m))
	}
	for _, p := range r.c.Definition.Parties {
		if l := r.links[p.ID]; l != nil {
			s.Links = append(s.Links, wire.Link{Party: string(p.ID), State: l.state(), RTTMs: int(l.shown.RTT.Milliseconds()),
				Loss: math.Round(l.shown.Loss*1000) / 1000, Code: l.code})
		}
	}
	return s
}

// far tells what stands between a present member and this node's people.
func (r *Room) far(m meeting.Member) string {
	if l := r.links[m.Party]; l != nil {
		if l.state() != "up" {
			return "interrupted"
		}
		return ""
	}
	if st := r.seats[m.ID]; st == nil || !st.lost.IsZero() {
		return "away"
	}
	return ""
}

func (r *Room) alarm() string {
	switch {
	case r.forked:
		return codeForked
	case r.withheld:
		return "log.withheld"
	}
	return ""
}

// showStates sends every page its state, if it is not what it has.
func (r *Room) showStates() {
	for id, st := range r.seats {
		if s := r.state(id); st.lost.IsZero() && !reflect.DeepEqual(s, st.shown) && st.Send(wire.ToClient{State: &s}) {
			st.shown = s
		}
	}
}

// showFloor sends every page who sounds in its floor slots, if it is not what it has.
func (r *Room) showFloor() {
	for id, st := range r.seats {
		streams := r.sound.get(id)
		names := make([]string, len(streams))
		for i, s := range streams {
			names[i] = string(r.routes.names[s])
		}
		if st.lost.IsZero() && !slices.Equal(names, st.floor) && st.Send(wire.ToClient{Floor: &wire.Floor{Slots: names}}) {
			st.floor = names
		}
	}
}

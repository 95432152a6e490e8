package room

import (
	"math"
	"slices"

	"visavis/internal/meeting"
	"visavis/internal/wire"
)

// state is the meeting as the page of member id shows it.
func (r *Room) state(id meeting.MemberID) wire.State { return r.staged(r.common(), id) }

// common is what all pages show alike.
func (r *Room) common() wire.State {
	s := wire.State{Present: []wire.Presence{}, Stage: []string{}, Links: []wire.Link{}, Alarm: r.alarm()}
	for _, m := range r.c.Definition.Members {
		if p, ok := r.view.Present[m.ID]; ok {
			s.Present = append(s.Present, wire.Presence{Member: string(m.ID), Mic: p.Mic, Camera: p.Camera, Far: r.far(m)})
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
	return s
}

// staged adds what member id alone sees.
func (r *Room) staged(s wire.State, id meeting.MemberID) wire.State {
	stage := r.plan.Views[id].Stage
	s.Stage = make([]string, min(len(stage), r.c.Stage))
	for i := range s.Stage {
		s.Stage[i] = string(stage[i])
	}
	return s
}

func same(a, b wire.State) bool {
	return a.Alarm == b.Alarm && slices.Equal(a.Stage, b.Stage) && slices.Equal(a.Links, b.Links) && slices.Equal(a.Present, b.Present)
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
		return "log.withheld"
	}
	return ""
}

// showStates sends every page its state, if it is not what it has.
func (r *Room) showStates() {
	all := r.common()
	for id, st := range r.seats {
		if s := r.staged(all, id); st.lost.IsZero() && !same(s, st.shown) && st.Send(wire.ToClient{State: &s}) {
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

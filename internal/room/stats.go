package room

import (
	"slices"
	"time"

	"visavis/internal/media"
	"visavis/internal/meeting"
	"visavis/internal/wire"
)

// Figures are how a page's media do, over the last second.
type Figures struct {
	UpBits, DownBits int     // bit/s of payload, page → node and back
	UpLoss, DownLoss float64 // 0..1, before resends
	Jitter           time.Duration
	RTT              time.Duration // 0: not known yet
}

// PathFigures are one path of a link.
type PathFigures struct {
	Name         string // what technicians call it: an address of the far node's document, or "tls"
	Up           bool
	RTT, Jitter  time.Duration
	Loss         float64   // 0..1
	LastHeard    time.Time // zero: never
	Sound, Sight bool      // goes there
}

// loud is the level from which somebody is taken to hear something, dBov.
const loud = -60

// tellStats gives technicians their figures, and the other nodes those of our people, once a second.
func (r *Room) tellStats(now time.Time) {
	if !r.view.Formal {
		return
	}
	members, hears := r.memberStats()
	for _, s := range r.links {
		if s.up && s.agreed {
			r.tellLast(now, s, meeting.Notice{Kind: meeting.NoticeStats, Stats: r.shared(s.party, members, hears), Paths: s.sharedPaths()})
		}
	}
	var stats *wire.Stats
	for id, st := range r.seats {
		m, _ := r.c.Definition.Member(id)
		if m.Role != meeting.Technician || !st.lost.IsZero() {
			continue
		}
		if stats == nil {
			stats = &wire.Stats{Members: members, Links: r.linkStats(now), Matrix: r.matrix(hears)}
			r.addStated(now, stats)
		}
		st.Send(wire.ToClient{Stats: stats})
	}
}

// memberStats gives the figures of our people who sit here, in the order of the definition, and whom each has in its slots.
func (r *Room) memberStats() ([]wire.MemberStats, map[meeting.MemberID][]meeting.MemberID) {
	members, hears := []wire.MemberStats{}, map[meeting.MemberID][]meeting.MemberID{}
	for _, m := range r.c.Definition.Members {
		st := r.seats[m.ID]
		if st == nil || !st.lost.IsZero() {
			continue
		}
		out := wire.MemberStats{Member: string(m.ID), DB: -127}
		if st.Figures != nil && st.Media != nil {
			f := st.Figures()
			out.UpKbit, out.DownKbit, out.UpLoss, out.DownLoss = f.UpBits/1000, f.DownBits/1000, f.UpLoss, f.DownLoss
			out.JitterMs, out.RTTMs = float64(f.Jitter.Microseconds())/1000, int(f.RTT.Milliseconds())
		}
		if db, ok := r.level[m.ID]; ok && r.view.Present[m.ID].Mic {
			out.DB = float64(db)
		}
		members = append(members, out)
		for _, s := range r.sound.get(m.ID) {
			if from := r.routes.names[s]; from != "" {
				hears[m.ID] = append(hears[m.ID], from)
			}
		}
	}
	return members, hears
}

// shared is what party p is told of our people, as many as a notice holds: of those who may speak to it, and of nobody else. How loud our
// side talks among itself, and who hears whom there, is no matter for it.
func (r *Room) shared(p meeting.PartyID, members []wire.MemberStats, hears map[meeting.MemberID][]meeting.MemberID) []meeting.MemberStats {
	var out []meeting.MemberStats
	mics, _ := r.view.Offered(r.c.Self, p)
	for _, m := range members {
		id := meeting.MemberID(m.Member)
		if d, _ := r.c.Definition.Member(id); !d.Role.May(meeting.Speak) || len(out) == meeting.MaxStats {
			continue
		}
		s := meeting.MemberStats{Member: id, UpKbps: m.UpKbit, DownKbps: m.DownKbit, Loss: int(1000 * max(m.UpLoss, m.DownLoss)),
			JitterMs: int(m.JitterMs), RTTMs: m.RTTMs, DB: int(m.DB)}
		if !slices.Contains(mics, id) {
			s.DB = -127
		}
		if r.together() && len(members) <= 10 { // more of them, with long names, might not fit
			s.Hears = hears[id][:min(len(hears[id]), 3)]
		}
		out = append(out, s)
	}
	return out
}

func (s *side) sharedPaths() []meeting.PathStats {
	var out []meeting.PathStats
	for i, p := range s.figures[:min(len(s.figures), meeting.MaxPaths)] {
		out = append(out, meeting.PathStats{Path: i, Up: p.Up, RTTMs: int(p.RTT.Milliseconds()), Loss: int(1000 * p.Loss)})
	}
	return out
}

func (r *Room) linkStats(now time.Time) []wire.LinkStats {
	out := []wire.LinkStats{}
	for _, p := range r.c.Definition.Parties {
		s := r.links[p.ID]
		if s == nil {
			continue
		}
		l := wire.LinkStats{Party: string(p.ID), State: s.state(), OffsetMs: int(s.clock.offset.Milliseconds()), Paths: []wire.PathStats{}}
		for _, f := range s.figures {
			w := wire.PathStats{Name: f.Name, State: "lost", RTTMs: int(f.RTT.Milliseconds()), Loss: f.Loss, JitterMs: float64(f.Jitter.Microseconds()) / 1000,
				HeardMs: -1, Sound: f.Sound, Sight: f.Sight}
			if f.Up {
				w.State = "up"
			}
			if f.Up && !f.Sound && !f.Sight {
				w.State = "idle"
			}
			if !f.LastHeard.IsZero() {
				w.HeardMs = int(max(now.Sub(f.LastHeard), 0).Milliseconds())
			}
			l.Paths = append(l.Paths, w)
		}
		out = append(out, l)
	}
	return out
}

// matrix says of each of our people who sits here whom it hears and sees, from what the worker forwards.
func (r *Room) matrix(hears map[meeting.MemberID][]meeting.MemberID) []wire.Row {
	mics, _ := r.sources()
	rows := []wire.Row{}
	for _, m := range r.c.Definition.Members {
		st := r.seats[m.ID]
		if st == nil || !st.lost.IsZero() {
			continue
		}
		v := r.plan.Views[m.ID]
		row := wire.Row{Member: string(m.ID), Cells: []wire.Cell{}}
		for _, src := range r.c.Definition.Members {
			if _, ok := r.view.Present[src.ID]; !ok || !src.Role.May(meeting.Speak) || src.ID == m.ID {
				continue
			}
			row.Cells = append(row.Cells, wire.Cell{Source: string(src.ID), Sound: r.hearing(v, src.ID, mics[src.ID], hears[m.ID]), Sight: r.sees(v, st, src.ID)})
		}
		rows = append(rows, row)
	}
	return rows
}

// hearing tells how a source comes to a member: see wire.Cell.
func (r *Room) hearing(v meeting.View, src meeting.MemberID, mic *media.Stream, hears []meeting.MemberID) string {
	db, measured := r.level[src]
	switch {
	case !slices.Contains(v.Hear, src):
		return "none"
	case mic == nil:
		return "fault"
	case !slices.Contains(hears, src):
		return "open"
	case measured && db > loud:
		return "heard"
	}
	return "silent"
}

// sees tells whether the picture of src has a slot of the member's.
func (r *Room) sees(v meeting.View, st *seat, src meeting.MemberID) bool {
	i := slices.Index(v.Stage[:min(len(v.Stage), r.c.Stage)], src)
	if i < 0 || st.Media == nil {
		return false
	}
	slots := st.Media.Slots("stage")
	return i < len(slots) && r.routes.stage[slots[i]] != nil
}

// addStated adds what the other nodes state of their people, as far as it is fresh.
func (r *Room) addStated(now time.Time, to *wire.Stats) {
	for _, p := range r.c.Definition.Parties {
		s := r.links[p.ID]
		if s == nil || now.Sub(s.statsAt) > statsFresh {
			continue
		}
		for _, m := range s.stats {
			if d, ok := r.c.Definition.Member(m.Member); !ok || d.Party != s.party {
				continue // a node speaks of its own people
			}
			to.Members = append(to.Members, wire.MemberStats{Member: string(m.Member), UpKbit: m.UpKbps, DownKbit: m.DownKbps, UpLoss: float64(m.Loss) / 1000,
				DownLoss: float64(m.Loss) / 1000, JitterMs: float64(m.JitterMs), RTTMs: m.RTTMs, DB: float64(m.DB), Stated: true})
			row := wire.Row{Member: string(m.Member), Cells: []wire.Cell{}, Stated: true}
			for _, src := range r.c.Definition.Members {
				if _, ok := r.view.Present[src.ID]; !ok || !src.Role.May(meeting.Speak) || src.ID == m.Member {
					continue
				}
				c := wire.Cell{Source: string(src.ID), Sound: "none"}
				if slices.Contains(m.Hears, src.ID) {
					c.Sound = "silent"
					if db, ok := r.level[src.ID]; ok && db > loud {
						c.Sound = "heard"
					}
				}
				row.Cells = append(row.Cells, c)
			}
			to.Matrix = append(to.Matrix, row)
		}
	}
}

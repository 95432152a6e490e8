package meeting

import (
	"cmp"
	"slices"
)

// Plan is the one decision about who hears and sees whom.
type Plan struct {
	Views map[MemberID]View // of every member who is present
	Mics  []MemberID        // admitted open microphones, in the order of the definition
}

// View is what one present member gets.
type View struct {
	Hear []MemberID // admitted open microphones, never the viewer's own, in the order of the definition
	// Stage names who stands where: [0] own party's principal, [1].. the other parties' principals in the order of the
	// definition, then delegates who show a camera, by precedence, own party first among equals. "" is an empty place: a
	// principal keeps the place also without a camera. Never the viewer.
	Stage []MemberID
}

// NewPlan decides for s.
func NewPlan(s State) Plan {
	p := Plan{Views: make(map[MemberID]View, len(s.Present))}
	var seen []Member
	p.Mics, seen = s.open()
	for _, m := range s.Definition.Members {
		if _, ok := s.Present[m.ID]; ok {
			p.Views[m.ID] = s.view(m, p.Mics, seen)
		}
	}
	return p
}

// Second is what a second screen of member id gets, whether id itself is present or not: of what id would get in its seat, the member shows
// alone, or, with shows "", all; of the stage only who shows a camera, so that a player with one picture has one. It gets nothing while nobody
// of id's party is present: no machine listens where no person of its party sits.
func (s State) Second(id, shows MemberID) View {
	viewer, ok := s.members[id]
	if !ok || !s.attended(viewer.Party) {
		return View{}
	}
	mics, seen := s.open()
	v := s.view(viewer, mics, seen)
	other := func(m MemberID) bool { return m == "" || shows != "" && m != shows }
	v.Hear = slices.DeleteFunc(v.Hear, other)
	v.Stage = slices.DeleteFunc(v.Stage, func(m MemberID) bool { return other(m) || !s.Present[m].Camera })
	return v
}

func (s State) attended(party PartyID) bool {
	for _, p := range s.Present {
		if p.By == party {
			return true
		}
	}
	return false
}

// open gives the admitted open microphones and who may be shown, in the order of the definition.
func (s State) open() (mics []MemberID, seen []Member) {
	for _, m := range s.Definition.Members {
		at, ok := s.Present[m.ID]
		if !ok {
			continue
		}
		if at.Mic && s.maySpeak(m) {
			mics = append(mics, m.ID)
		}
		if m.Role.May(Show) && (at.Camera || m.Role == Principal) {
			seen = append(seen, m)
		}
	}
	return mics, seen
}

func (s State) view(viewer Member, mics []MemberID, seen []Member) View {
	var v View
	for _, id := range mics {
		if id != viewer.ID && s.hears(viewer, s.members[id]) {
			v.Hear = append(v.Hear, id)
		}
	}
	if !s.watches(viewer) {
		return v
	}
	order := s.partiesFor(viewer.Party)
	v.Stage = make([]MemberID, len(order))
	var delegates []Member
	for _, m := range seen {
		switch {
		case m.ID == viewer.ID, !s.sees(viewer, m):
		case m.Role == Principal:
			v.Stage[order[m.Party]] = m.ID
		default:
			delegates = append(delegates, m)
		}
	}
	slices.SortStableFunc(delegates, func(a, b Member) int {
		return cmp.Or(cmp.Compare(a.Precedence, b.Precedence), cmp.Compare(order[a.Party], order[b.Party]))
	})
	for _, m := range delegates {
		v.Stage = append(v.Stage, m.ID)
	}
	return v
}

// partiesFor numbers the parties: the own is 0, the others follow in the order of the definition.
func (s State) partiesFor(own PartyID) map[PartyID]int {
	order := map[PartyID]int{own: 0}
	for _, p := range s.Definition.Parties {
		if p.ID != own {
			order[p.ID] = len(order)
		}
	}
	return order
}

// Wanted returns the streams of other parties that the present members of party hear or, in their first stage slots, see.
// Each is named once, in the order of the definition; a camera that is off is not wanted.
func (p Plan) Wanted(party PartyID, s State, stage int) (mics, cams []MemberID) {
	hear, see := map[MemberID]bool{}, map[MemberID]bool{}
	for id, v := range p.Views {
		if s.members[id].Party != party {
			continue
		}
		for _, m := range v.Hear {
			hear[m] = true
		}
		for _, m := range v.Stage[:min(stage, len(v.Stage))] {
			see[m] = true
		}
	}
	for _, m := range s.Definition.Members {
		if m.Party == party {
			continue
		}
		if hear[m.ID] {
			mics = append(mics, m.ID)
		}
		if see[m.ID] && s.Present[m.ID].Camera {
			cams = append(cams, m.ID)
		}
	}
	return mics, cams
}

package meeting

// This file says who hears and sees whom in each phase. What it does not name is denied. testdata/phases shows the same to a
// protocol officer.

// hears reports whether viewer hears m, whose microphone is open.
func (s *State) hears(viewer, m Member) bool {
	own := viewer.Party == m.Party
	switch s.Phase {
	case Rehearsal: // crosses the link only to officers and technicians
		return viewer.Role.May(Listen) || own && viewer.Role.May(Hear)
	case Waiting:
		return own && s.hearsMeeting(viewer)
	case Opened, Closed:
		return s.hearsMeeting(viewer)
	}
	return false
}

// hearsMeeting: a technician hears it only while its officer has let it in.
func (s *State) hearsMeeting(viewer Member) bool {
	return viewer.Role.May(Hear) || viewer.Role == Technician && s.Present[viewer.ID].Admitted
}

// sees reports whether viewer sees m, who may be shown.
func (s *State) sees(viewer, m Member) bool {
	own := viewer.Party == m.Party
	meeting := viewer.Role.May(See) || viewer.Role.May(SeeFirst) && m.Role == Principal
	switch s.Phase {
	case Rehearsal:
		return viewer.Role.May(Listen) || own && meeting
	case Waiting:
		return own && meeting
	case Opened, Closed:
		return meeting
	}
	return false
}

// watches reports whether viewer has a stage at all.
func (s *State) watches(viewer Member) bool {
	switch s.Phase {
	case Rehearsal:
		return viewer.Role.May(Listen) || viewer.Role.May(See) || viewer.Role.May(SeeFirst)
	case Waiting, Opened, Closed:
		return viewer.Role.May(See) || viewer.Role.May(SeeFirst)
	}
	return false
}

// Audience is what press and viewers of party own's node get: nothing in any phase but open. Stage has the principals' places: own
// party first, the others in the order of the definition.
func (s State) Audience(own PartyID) View {
	if !s.Formal || s.Phase != Opened {
		return View{}
	}
	mics, seen := s.open()
	v := View{Hear: mics}
	order := s.partiesFor(own)
	v.Stage = make([]MemberID, len(order))
	for _, m := range seen {
		if m.Role == Principal {
			v.Stage[order[m.Party]] = m.ID
		}
	}
	return v
}

// Offered returns the streams of party from that party to may be given in this phase, in the order of the definition: what some
// member of to, present or not, or to's audience may hear or see. Nothing else of from's people may leave its node towards to.
func (s State) Offered(from, to PartyID) (mics, cams []MemberID) {
	if from == to {
		return nil, nil
	}
	var viewers []Member
	for _, m := range s.Definition.Members {
		if m.Party == to {
			viewers = append(viewers, m)
		}
	}
	public := s.Audience(to)
	some := func(may func(viewer, m Member) bool, m Member) bool {
		for _, v := range viewers {
			if may(v, m) {
				return true
			}
		}
		return false
	}
	for _, m := range s.Definition.Members {
		at, ok := s.Present[m.ID]
		if !ok || m.Party != from {
			continue
		}
		if at.Mic && s.maySpeak(m) && (public.Hear != nil || some(s.hears, m)) {
			mics = append(mics, m.ID)
		}
		if at.Camera && m.Role.May(Show) && (public.Stage != nil && m.Role == Principal || some(s.sees, m)) {
			cams = append(cams, m.ID)
		}
	}
	return mics, cams
}

package wire

func (s State) filled() State {
	s.Present, s.Stage, s.Links = list(s.Present), list(s.Stage), list(s.Links)
	s.Keys, s.Muted, s.Ready, s.Waiting, s.Notes = list(s.Keys), list(s.Muted), list(s.Ready), list(s.Waiting), list(s.Notes)
	s.Signals = list(s.Signals)
	s.Order.Hands, s.Order.Orders, s.Order.Spoken = list(s.Order.Hands), list(s.Order.Orders), list(s.Order.Spoken)
	if s.Doors != nil {
		s.Doors = &Doors{Ours: s.Doors.Ours, Theirs: list(s.Doors.Theirs)}
	}
	s.Alarms = append([]Alarm{}, s.Alarms...)
	for i := range s.Alarms {
		if s.Alarms[i].Args == nil {
			s.Alarms[i].Args = map[string]string{}
		}
	}
	return s
}

func (m Meeting) filled() Meeting {
	m.Title, m.Parties, m.Members = m.Title.filled(), append([]Party{}, m.Parties...), append([]Member{}, m.Members...)
	for i := range m.Parties {
		p := &m.Parties[i]
		p.Name, p.LongName, p.City = p.Name.filled(), p.LongName.filled(), p.City.filled()
	}
	for i := range m.Members {
		p := &m.Members[i]
		p.Name, p.Office, p.Second = p.Name.filled(), p.Office.filled(), p.Second.filled()
	}
	m.Languages, m.Agenda = list(m.Languages), append([]AgendaItem{}, m.Agenda...)
	for i := range m.Agenda {
		m.Agenda[i].Title = m.Agenda[i].Title.filled()
	}
	return m
}

func (s Stats) filled() *Stats {
	s.Members, s.Links, s.Matrix = list(s.Members), append([]LinkStats{}, s.Links...), append([]Row{}, s.Matrix...)
	for i := range s.Links {
		s.Links[i].Paths = list(s.Links[i].Paths)
	}
	for i := range s.Matrix {
		s.Matrix[i].Cells = list(s.Matrix[i].Cells)
	}
	return &s
}

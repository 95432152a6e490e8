package room_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/room"
	"visavis/internal/wire"
)

const (
	ruhlA = "avelmar-ruhl"  // officer of the host
	ruhlT = "tolmeria-ruhl" // officer of the guest
	techA = "avelmar-moss"
	techT = "tolmeria-moss"
)

// session is a formal meeting of two nodes with an officer, a technician, a principal and a delegate on each side, and a press seat.
type session struct {
	*testing.T
	a, b                   *node
	p                      *pair
	ofA, ofB               *page
	tA, tB, dA, dB, kA, kB *page // principals, delegates, technicians
	prA, prB               *press
}

// newSession seats everybody, in phase planned.
func newSession(t *testing.T, change func(*meeting.Definition)) *session {
	t.Helper()
	d := formal("avelmar", "tolmeria")
	for _, p := range []meeting.PartyID{"avelmar", "tolmeria"} {
		d.Members = append(d.Members, meeting.Member{ID: meeting.MemberID(p) + "-moss", Party: p, Role: meeting.Technician, Precedence: 10, Name: meeting.Text{"en": "Technician"}})
	}
	d.Begin, d.Mode, d.Agenda = meeting.Opened, meeting.ChairGrants, []meeting.Item{{Title: meeting.Text{"en": "One"}}}
	if change != nil {
		change(&d)
	}
	s := &session{T: t, a: newNode(t, "avelmar", d), b: newNode(t, "tolmeria", d)}
	s.p = connect(s.a, s.b)
	settle(time.Second)
	s.ofA, s.ofB, s.tA, s.tB = join(s.a, ruhlA), join(s.b, ruhlT), join(s.a, tarroven), join(s.b, kosvane)
	s.dA, s.dB, s.kA, s.kB = join(s.a, aldesh), join(s.b, thorrick), join(s.a, techA), join(s.b, techT)
	s.prA, s.prB = attend(s.a, "press-a"), attend(s.b, "press-b")
	settle(time.Second)
	return s
}

// act does what p's page asks, its passkey just shown, and demands the answer want ("" for none).
func (s *session) act(p *page, a wire.Act, want string) {
	s.Helper()
	if err := act(p, a); codeOf(err) != want || err != nil && want == "" {
		s.Fatalf("%s does %s %s%s: %v, want %q", p.seat.Member, a.Do, a.Value, a.Member, err, want)
	}
}

func act(p *page, a wire.Act) error {
	a.ID = 1
	return p.n.room.Act(p.seat, a, time.Now())
}

// keys has both officers turn their key.
func (s *session) keys(action string) {
	s.Helper()
	s.act(s.ofA, wire.Act{Do: wire.DoTurnKey, Value: action}, "")
	s.act(s.ofB, wire.Act{Do: wire.DoTurnKey, Value: action}, "")
	settle(300 * time.Millisecond)
}

// to brings the meeting into a phase, from planned on.
func (s *session) to(phase meeting.Phase) {
	s.Helper()
	steps := []struct {
		to meeting.Phase
		by func()
	}{
		{meeting.Rehearsal, func() { s.act(s.ofA, wire.Act{Do: wire.DoRehearse}, "") }},
		{meeting.Waiting, func() { s.act(s.ofB, wire.Act{Do: wire.DoWait}, "") }},
		{meeting.Opened, func() { s.keys(wire.ActionStart) }},
		{meeting.Closed, func() { s.act(s.ofA, wire.Act{Do: wire.DoClose}, "") }},
		{meeting.Ended, func() { s.act(s.ofB, wire.Act{Do: wire.DoEnd}, "") }},
		{meeting.Sealed, func() { s.act(s.ofA, wire.Act{Do: wire.DoSeal}, "") }},
	}
	at := slices.Index(meeting.Phases(), s.phase())
	for _, st := range steps {
		if i := slices.Index(meeting.Phases(), st.to); i > at && i <= slices.Index(meeting.Phases(), phase) {
			st.by()
			settle(300 * time.Millisecond)
		}
	}
	s.is(phase)
}

func (s *session) phase() meeting.Phase { return s.a.snap().State.Phase }

// is demands that both nodes, and every page, show the phase.
func (s *session) is(phase meeting.Phase) {
	s.Helper()
	for _, n := range []*node{s.a, s.b} {
		if got := n.snap().State.Phase; got != phase {
			s.Errorf("%s is in phase %s, want %s", n.party, got, phase)
		}
	}
	for _, p := range []*page{s.ofA, s.ofB, s.tA, s.tB, s.dA, s.dB, s.kA, s.kB} {
		if got := p.now().Phase; got != string(phase) {
			s.Errorf("the page of %s shows phase %q, want %s", p.seat.Member, got, phase)
		}
	}
}

// now is the state that the page shows.
func (p *page) now() (out wire.State) {
	p.read(func() { out = p.state })
	return out
}

// alarms lists the codes that a console shows.
func (p *page) alarms() string {
	var out []string
	for _, a := range p.now().Alarms {
		out = append(out, a.Code)
	}
	return strings.Join(out, " ")
}

// press is a seat of the audience; its page half is never given to a Join.
type press struct {
	*page
	a *room.Audience
}

func attend(n *node, id meeting.MemberID) *press { return attendAs(n, id, meeting.Press) }

func attendAs(n *node, id meeting.MemberID, role meeting.Role) *press {
	n.t.Helper()
	p := &press{page: newPage(n, id)}
	p.streams = nil // the press sends nothing
	p.a = &room.Audience{ID: id, Name: "Halvern Post", Role: role, Media: p.page, Send: p.take,
		End: func(code string) { p.read(func() { p.ends = append(p.ends, code) }) }}
	w, err := n.room.Attend(n.t.Context(), p.a)
	if err != nil {
		n.t.Fatalf("attend %s: %v", id, err)
	}
	if w.You != "" || w.Role != string(role) {
		n.t.Errorf("the audience is welcomed as %+v", w)
	}
	p.read(func() { p.state = w.State })
	return p
}

// heardWhile counts what reaches the press while from speaks for d.
func (p *press) heardWhile(from *page, d time.Duration) int {
	p.sink.take()
	speak(from.n, from.streams["mic"], d)
	return p.sink.take()
}

package room

import (
	"errors"
	"log/slog"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/wire"
)

// Act takes what a page does. Who does it is the member of s; proven is when that member last showed its passkey, zero: never. It
// returns a *meeting.Error that the page should see, or ErrClosed. What comes from a seat that has been replaced is seat.gone.
func (r *Room) Act(s *Seat, a wire.Act, proven time.Time) error {
	m, ok := r.c.Definition.Member(s.Member)
	if !ok {
		return &meeting.Error{Code: "member.unknown"}
	}
	ahead := m.Role.May(meeting.Lower) && (a.Do == wire.DoClose || a.Do == wire.DoEnd) && r.ahead.shut(r.c.Worker)
	err := r.ask(func() error {
		if ahead {
			defer r.fallIn()
		}
		st := r.seats[s.Member]
		if st == nil || st.Seat != s {
			return &meeting.Error{Code: "seat.gone"}
		}
		return r.act(time.Now(), m, a, proven)
	})
	if ahead && codeIs(err, codeBusy) {
		r.post(r.fallIn)
	}
	return err
}

func codeIs(err error, code string) bool {
	var e *meeting.Error
	return errors.As(err, &e) && e.Code == code
}

// act does a for member m of ours.
func (r *Room) act(now time.Time, m meeting.Member, a wire.Act, proven time.Time) error {
	r.refresh()
	if local := r.local(a.Do); local != nil {
		if !r.spend(now, m.ID, a.Do != wire.DoExclude && a.Do != wire.DoEndSession) {
			return &meeting.Error{Code: codeActs}
		}
		return local(now, m, a)
	}
	e, err := r.event(m, a)
	if err != nil {
		return err
	}
	if e.Kind == meeting.KeyTurned {
		if err := r.mayTurn(now, m, proven); err != nil {
			return err
		}
	}
	if !r.spend(now, m.ID, opens(e)) {
		return &meeting.Error{Code: codeActs}
	}
	if err := r.propose(now, e); err != nil {
		return err
	}
	if phaseOf(e.Kind) || e.Kind == meeting.KeyTurned {
		r.log.Info("act", slog.String("person", string(m.ID)), slog.String("kind", string(e.Kind)))
	}
	return nil
}

// event is what a says in words of the log. The doer stands in it because the session says so, and the page has no word for it.
func (r *Room) event(m meeting.Member, a wire.Act) (meeting.Event, error) {
	e := meeting.Event{Kind: meeting.Kind(a.Do), Member: m.ID}
	target := meeting.MemberID(a.Member)
	byOfficer := func() {
		if target != "" && target != m.ID {
			e.Member, e.Actor = target, m.ID
		}
	}
	switch e.Kind {
	case meeting.PhaseRehearsal, meeting.PhaseWaiting, meeting.PhaseClosed, meeting.PhaseEnded, meeting.PhaseSealed, meeting.RecordStopped,
		meeting.FloorYielded, meeting.HandRaised, meeting.OrderRaised:
	case meeting.KeyTurned:
		if a.N != 0 && int64(a.N) != r.view.Epoch { // the page showed another phase when the key was turned
			return e, &meeting.Error{Code: "key.stale"}
		}
		head := r.view.Head
		e.Action, e.Epoch, e.Head = meeting.Action(a.Value), r.view.Epoch, &head
	case meeting.KeyReturned:
		e.Action = meeting.Action(a.Value)
	case meeting.FloorModeSet:
		e.Mode = meeting.Mode(a.Value)
	case meeting.FloorGiven:
		e.Member, e.Actor, e.Limit = target, m.ID, a.N
	case meeting.FloorTaken:
		if target == "" {
			target = r.view.Floor.Holder
		}
		e.Member, e.Actor = target, m.ID
	case meeting.FloorAcknowledged:
		e.Language = a.Value
	case meeting.HandLowered, meeting.OrderLowered:
		byOfficer()
	case meeting.AgendaItem:
		e.N = a.N
	case meeting.CapacitySet:
		e.N = a.N
		byOfficer()
	case meeting.TechnicianAdmitted:
		on := a.N == 1
		e.Member, e.Actor, e.Admit = target, m.ID, &on
	default:
		return e, &meeting.Error{Code: "act.unknown"}
	}
	if e.Member == "" {
		return e, &meeting.Error{Code: "member.unknown"}
	}
	return e, nil
}

// mayTurn says what stands against a key of m beyond the rules of the meeting: no passkey shown lately, or clocks that are apart.
func (r *Room) mayTurn(now time.Time, m meeting.Member, proven time.Time) error {
	if !m.Role.May(meeting.TurnKey) {
		return &meeting.Error{Code: "member.role"}
	}
	if d := now.Sub(proven); proven.IsZero() || d > stepUpTime || d < -stepUpTime {
		return &meeting.Error{Code: "stepup.needed"}
	}
	for _, s := range r.links {
		if s.up && s.agreed && s.clock.apart() {
			return &meeting.Error{Code: codeApart, Args: map[string]string{"party": string(s.party)}}
		}
	}
	return nil
}

// local gives what does an act that is no event of the shared log, nil if there is none of that name.
func (r *Room) local(do string) func(time.Time, meeting.Member, wire.Act) error {
	switch do {
	case wire.DoMessage:
		return r.message
	case wire.DoRequest:
		return r.request
	case wire.DoHelp:
		return r.help
	case wire.DoAdmit, wire.DoExclude:
		return r.door
	case wire.DoEndSession:
		return r.endSession
	case wire.DoRestart, wire.DoTone, wire.DoCard:
		return r.signal
	}
	return nil
}

// endSession ends the session of a member of our own, on an officer's word.
func (r *Room) endSession(_ time.Time, m meeting.Member, a wire.Act) error {
	if !m.Role.May(meeting.EndSession) {
		return &meeting.Error{Code: "member.role"}
	}
	id := meeting.MemberID(a.Member)
	if err := r.owns(id); err != nil {
		return err
	}
	if r.c.EndSession == nil {
		return &meeting.Error{Code: "act.unknown"}
	}
	r.log.Info("session ended by an officer", slog.String("person", a.Member))
	r.c.EndSession(id)
	return nil
}

// signal passes a technician's wish on to the page of a member of our own. None opens a microphone.
func (r *Room) signal(_ time.Time, m meeting.Member, a wire.Act) error {
	if !m.Role.May(meeting.Repair) {
		return &meeting.Error{Code: "member.role"}
	}
	id := meeting.MemberID(a.Member)
	if err := r.owns(id); err != nil {
		return err
	}
	st := r.seats[id]
	if st == nil || !st.lost.IsZero() || !st.Send(wire.ToClient{Signal: &wire.Signal{Kind: a.Do, On: a.Do == wire.DoRestart || a.N == 1}}) {
		return &meeting.Error{Code: "member.absent"}
	}
	switch a.Do {
	case wire.DoTone:
		st.tone = a.N == 1
	case wire.DoCard:
		st.card = a.N == 1
	}
	r.stateStale = true
	return nil
}

package room

import (
	"errors"
	"log/slog"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/store"
)

// pending is an own proposal that is not in the shared log yet.
type pending struct {
	p    meeting.Proposal
	sent time.Time // over the host's present link; zero: not yet
	held bool      // the host refused it although its log allows it: see hold
}

// propose states an event of our own party. The members of this node see it at once: on the host because it is sequenced here,
// on a guest as an overlay on the shared log.
func (r *Room) propose(now time.Time, e meeting.Event) error {
	p := meeting.Proposal{Meeting: r.c.Definition.ID, Party: r.c.Self, Counter: r.own.counter + 1,
		At: now.UTC().Truncate(time.Millisecond), Offline: !r.isHost() && !r.hostAgrees(), Event: e}
	next, err := meeting.ApplyProposal(r.view, p)
	if err == nil {
		err = r.led.mayBegin()
	}
	if err != nil {
		return err
	}
	if len(r.pending) >= places(maxPending, e.Kind) || r.led.n >= int64(places(maxLog, e.Kind)) {
		if e.Kind.Lowers() {
			r.shutNow(now, next)
			r.doors.stuck = r.doors.stuck || phaseOf(e.Kind)
			r.changed()
		}
		return &meeting.Error{Code: "log.full"}
	}
	r.shutNow(now, next)
	if err := r.own.append(Record{Proposal: &p}, store.Observed); err != nil {
		if phaseOf(e.Kind) { // who meant to shut the doors has shut them, and must say so again for the log
			r.doors.stuck = true
		}
		r.log.Error("event cannot be written", slog.Any("err", err))
		return &meeting.Error{Code: "log.failed"}
	}
	r.own.counter = p.Counter
	r.pending = append(r.pending, pending{p: p})
	r.look(meeting.Overlay(r.view, []meeting.Proposal{p})) // what raises exposure waits for the host
	r.changed()
	r.pump(now)
	return nil
}

func (r *Room) isHost() bool { return r.c.Self == r.c.Definition.Host }

// hostAgrees reports whether proposals can reach the host now.
func (r *Room) hostAgrees() bool {
	s := r.links[r.c.Definition.Host]
	return s != nil && s.agreed && s.code == ""
}

// pump moves own proposals on: the host sequences them, a guest sends them, at most maxInFlight at once.
func (r *Room) pump(now time.Time) {
	if r.isHost() {
		for len(r.pending) > 0 && r.sequence(now, r.pending[0].p) == nil {
			r.pending = r.pending[1:]
		}
		return
	}
	if !r.hostAgrees() {
		return
	}
	for i := range r.pending[:min(len(r.pending), maxInFlight)] {
		p := &r.pending[i]
		if !p.sent.IsZero() {
			continue
		}
		if err := r.links[r.c.Definition.Host].l.Exchange(meeting.Exchange{Propose: &p.p}); err != nil {
			r.log.Debug("proposal not sent", slog.Any("err", err))
			return // the tick tries again, or the link comes up anew
		}
		p.sent = now
	}
}

// sequence puts p into the shared log, on the host. A proposal that is not allowed any more is dropped, with a nil error.
func (r *Room) sequence(now time.Time, p meeting.Proposal) error {
	b := meeting.EncodeEntry(meeting.Sequence(p, r.led.n, r.led.hash, now))
	if phaseOf(p.Event.Kind) {
		if _, next, err := r.led.check(b); err == nil {
			r.shutNow(now, next)
		}
	}
	e, err := r.led.append(b)
	var me *meeting.Error
	switch {
	case errors.As(err, &me) && p.Party == r.c.Self: // after a restart, or by a rule of a newer version
		r.keep(Record{Refused: &meeting.Refusal{Meeting: p.Meeting, Counter: p.Counter, Code: me.Code}}, store.Observed)
		r.viewStale = true
		return nil
	case err != nil:
		if me == nil {
			r.log.Error("event cannot be sequenced", slog.Any("err", err))
		}
		return err
	}
	r.sequenced(now, e)
	for _, s := range r.links {
		if s.agreed && s.code == "" && s.sent == e.N-1 {
			r.push(now, s)
		}
	}
	return nil
}

// sequenced follows up on an entry that has just become part of the shared log.
func (r *Room) sequenced(now time.Time, e meeting.Entry) {
	r.viewStale = true
	r.changed()
	if phaseOf(e.Event.Kind) {
		r.doors.stuck = false
	}
	switch e.Event.Kind {
	case meeting.MemberDevices:
	case meeting.MemberJoined, meeting.MemberLeft:
		r.headDue = true
		r.log.Info("attendance", slog.String("party", string(e.Party)), slog.String("person", string(e.Event.Member)))
	default:
		r.headDue = true
		r.hurry()
		r.log.Info("meeting", slog.String("party", string(e.Party)), slog.String("person", string(doer(e.Event))), slog.String("kind", string(e.Event.Kind)))
	}
}

// refresh makes the view out of the shared log and what waits for it.
func (r *Room) refresh() {
	if !r.viewStale {
		return
	}
	r.viewStale = false
	r.release()
	ps := make([]meeting.Proposal, len(r.pending))
	for i, p := range r.pending {
		ps[i] = p.p
	}
	r.look(meeting.Overlay(r.led.state, ps))
	r.changed()
	for id, st := range r.seats { // the host refused the member, or the log says that it left
		if _, ok := r.view.Present[id]; !ok {
			r.drop(st, "left")
		}
	}
}

// look takes next as what our people see. A microphone or a camera that the meeting has switched off, be it that its member lost the
// floor or that others will hear and see from now on, is not opened again for its page: the member asks anew.
func (r *Room) look(next meeting.State) {
	if next.Formal {
		moved := next.Epoch != r.view.Epoch || next.Floor.Holder != r.view.Floor.Holder // what was asked for before was asked of others
		for id, st := range r.seats {
			if next.Raised != r.view.Raised {
				st.want.Camera = st.want.Camera && next.Present[id].Camera
			}
			st.want.Mic = st.want.Mic && (next.Present[id].Mic || !moved && !r.view.Present[id].Mic)
		}
	}
	r.view = next
}

// watch raises and ends the alarm about proposals that the host does not sequence.
func (r *Room) watch(now time.Time) {
	late := false
	for i := range r.pending[:min(len(r.pending), maxInFlight)] {
		p := r.pending[i]
		since := p.sent
		if r.isHost() {
			since = p.p.At
		}
		late = late || !since.IsZero() && now.Sub(since) > withheldTime
	}
	if !r.isHost() && !r.hostAgrees() {
		late = false // a cut is no withholding
	}
	if late == r.withheld {
		return
	}
	r.withheld = late
	r.changed()
	if late {
		r.log.Error("events of ours are not sequenced by the host", slog.String("party", string(r.c.Definition.Host)))
	} else {
		r.log.Info("events of ours are sequenced again", slog.String("party", string(r.c.Definition.Host)))
	}
}

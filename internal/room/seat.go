package room

import (
	"context"
	"log/slog"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/wire"
)

// seat is a member's page as the room keeps it.
type seat struct {
	*Seat
	lost  time.Time // its socket is gone since; zero: it is there
	shown wire.State
	floor []string

	want  wire.Devices // what the page asked for last; tick sees to it
	until time.Time    // want.Camera is from before a rejoin: until then the page has time to say so itself
	retry time.Time    // not before

	tone, card bool // the technician's test signals at the page; a page that joins has none
}

// Join brings a member in, or moves the member to another page: an earlier seat is ended with "moved", and its devices count as
// switched off until the new page says otherwise; the camera of
// a page that was lost a moment ago keeps its state for that time. Answer and Resume of the Welcome are the caller's to fill. It returns a
// *meeting.Error, ErrClosed or the context's error; then the seat is not, or will not be, in the room.
func (r *Room) Join(ctx context.Context, s *Seat) (wire.Welcome, error) {
	type result struct {
		w   wire.Welcome
		err error
	}
	res := make(chan result, 1)
	f := func() {
		if ctx.Err() != nil {
			return
		}
		w, err := r.sit(time.Now(), s)
		res <- result{w, err}
	}
	select {
	case r.inbox <- f:
	case <-ctx.Done():
		return wire.Welcome{}, ctx.Err()
	case <-r.quit:
		return wire.Welcome{}, ErrClosed
	}
	select {
	case got := <-res:
		return got.w, got.err
	case <-ctx.Done():
		r.Lost(s)
		return wire.Welcome{}, ctx.Err()
	case <-r.done:
		return wire.Welcome{}, ErrClosed
	}
}

func (r *Room) sit(now time.Time, s *Seat) (wire.Welcome, error) {
	if err := r.owns(s.Member); err != nil {
		return wire.Welcome{}, err
	}
	r.refresh()
	old := r.seats[s.Member]
	st := &seat{Seat: s}
	var e meeting.Event
	p, present := r.view.Present[s.Member]
	if p.Camera && old != nil && !old.lost.IsZero() && now.Sub(old.lost) < rejoinTime { // a page that comes again and again fills no log
		st.want.Camera, st.until = true, now.Add(rejoinTime)
	}
	switch off := false; {
	case !present:
		e = meeting.Event{Kind: meeting.MemberJoined, Member: s.Member}
	case p.Mic || p.Camera != st.want.Camera: // no message but Devices opens a microphone
		e = meeting.Event{Kind: meeting.MemberDevices, Member: s.Member}
		if p.Mic {
			e.Mic = &off
		}
		if p.Camera != st.want.Camera {
			e.Camera = &off
		}
	}
	if e.Kind != "" {
		if !r.spend(now, s.Member, !present) {
			return wire.Welcome{}, &meeting.Error{Code: "room.busy"}
		}
		if err := r.propose(now, e); err != nil {
			return wire.Welcome{}, err
		}
	}
	delete(r.away, s.Member)
	r.seats[s.Member] = st
	r.sound.forget(s.Member)
	if old != nil && old.Seat != s {
		old.End("moved")
	}
	return r.welcome(now, st), nil
}

// Resume takes the place of seat was, whose socket was lost or is about to be found lost; nobody is told. s.Media nil: the earlier
// seat's goes on. It returns a *meeting.Error resume.gone if the member does not sit there any more, be it that another page of the
// member has the seat: the page then joins anew.
func (r *Room) Resume(was, s *Seat) (wire.Welcome, error) {
	var w wire.Welcome
	err := r.ask(func() error {
		r.refresh()
		old := r.seats[s.Member]
		if old == nil || old.Seat != was || was.Member != s.Member {
			return &meeting.Error{Code: "resume.gone"}
		}
		if s.Media == nil {
			s.Media, s.Figures = old.Media, old.Figures
		}
		r.seats[s.Member] = &seat{Seat: s, floor: old.floor, want: old.want, until: old.until, retry: old.retry, tone: old.tone, card: old.card}
		w = r.welcome(time.Now(), r.seats[s.Member])
		return nil
	})
	return w, err
}

func (r *Room) welcome(now time.Time, st *seat) wire.Welcome {
	r.refresh()
	r.changed()
	r.floorStale = true
	r.plan = meeting.NewPlan(r.view)
	st.shown = r.state(st.Member)
	m, _ := r.c.Definition.Member(st.Member)
	return wire.Welcome{Version: wire.Version, You: string(st.Member), Role: string(m.Role), Meeting: wire.NewMeeting(r.c.Definition), State: dated(now, st.shown)}
}

// Handle takes Devices, Leave, Sense and Check of a page; an Offer tells it that the seat's slots may have changed. It returns a *meeting.Error
// that the page should see, or ErrClosed. What comes from a seat that has been replaced is seat.gone.
func (r *Room) Handle(s *Seat, m wire.FromClient) error {
	return r.ask(func() error {
		st := r.seats[s.Member]
		if st == nil || st.Seat != s {
			return &meeting.Error{Code: "seat.gone"}
		}
		now := time.Now()
		switch {
		case m.Devices != nil:
			return r.devices(now, st, *m.Devices)
		case m.Leave != nil:
			r.leave(now, s.Member)
		case m.Offer != nil:
			r.changed()
		case m.Sense != nil:
			r.sense(now, s.Member, m.Sense.Speaking)
		case m.Check != nil:
			d, _ := r.c.Definition.Member(s.Member)
			return r.check(now, d, *m.Check)
		default:
			return &meeting.Error{Code: "message.unexpected"}
		}
		return nil
	})
}

// devices takes what a page says of its switches.
func (r *Room) devices(now time.Time, st *seat, d wire.Devices) error {
	r.refresh()
	if p := r.view.Present[st.Member]; d.Epoch != nil && int64(*d.Epoch) < r.view.Raised { // the page did not know yet who hears and sees
		d.Mic, d.Camera = d.Mic && p.Mic, d.Camera && p.Camera
	}
	st.want, st.until, st.retry = wire.Devices{Mic: d.Mic, Camera: d.Camera}, time.Time{}, time.Time{}
	return r.reconcile(now, st)
}

// reconcile makes the meeting show what the page of st asked for last: at once, or with a later tick when the member switches too
// often. Switching off never waits, and what failed is not opened later.
func (r *Room) reconcile(now time.Time, st *seat) error {
	r.refresh()
	p, ok := r.view.Present[st.Member]
	d := st.want
	if (d.Mic && !p.Mic || d.Camera && !p.Camera) && (!st.lost.IsZero() || !r.spend(now, st.Member, true)) {
		d.Mic, d.Camera = d.Mic && p.Mic, d.Camera && p.Camera
	}
	if ok && p.Mic == d.Mic && p.Camera == d.Camera {
		return nil
	}
	e := meeting.Event{Kind: meeting.MemberDevices, Member: st.Member, Epoch: r.view.Epoch}
	if p.Mic != d.Mic {
		e.Mic = &d.Mic
	}
	if p.Camera != d.Camera {
		e.Camera = &d.Camera
	}
	if !opens(e) {
		r.spend(now, st.Member, false)
	}
	err := r.propose(now, e)
	if err != nil {
		r.discourage(now, st)
	}
	return err
}

// discourage follows a change of devices that could not be made: what was to be opened stays closed until the page asks again.
func (r *Room) discourage(now time.Time, st *seat) {
	p := r.view.Present[st.Member]
	st.want = wire.Devices{Mic: st.want.Mic && p.Mic, Camera: st.want.Camera && p.Camera}
	st.retry = now.Add(retryPause)
}

// pursue does with time what devices could not do at once.
func (r *Room) pursue(now time.Time, st *seat) {
	if !st.until.IsZero() && !now.Before(st.until) {
		st.want, st.until = wire.Devices{}, time.Time{}
	}
	if now.Before(st.retry) {
		return
	}
	if err := r.reconcile(now, st); err != nil && r.seldom(now, "devices") {
		r.log.Warn("switch cannot be followed", slog.String("person", string(st.Member)), slog.Any("err", err))
	}
}

// Lost says that the socket of s is gone: after 30 s without Resume or Join the member leaves, and s ends with "left". Media go on
// meanwhile.
func (r *Room) Lost(s *Seat) {
	r.post(func() {
		if st := r.seats[s.Member]; st != nil && st.Seat == s && st.lost.IsZero() {
			st.lost = time.Now()
			r.stateStale = true
		}
	})
}

// leave takes a member of ours out of the meeting.
func (r *Room) leave(now time.Time, id meeting.MemberID) {
	r.refresh()
	if _, ok := r.view.Present[id]; ok {
		r.spend(now, id, false)
		if err := r.propose(now, meeting.Event{Kind: meeting.MemberLeft, Member: id}); err != nil {
			r.away[id] = now.Add(retryPause) // else the member would sit there for ever
			if r.seldom(now, "leave") {
				r.log.Error("member cannot be logged out", slog.String("person", string(id)), slog.Any("err", err))
			}
		}
	}
	if f := r.feeds[id]; f != nil { // who leaves does so with all devices
		delete(r.feeds, id)
		r.changed()
		f.End("left")
	}
	if st := r.seats[id]; st != nil {
		r.drop(st, "left")
	}
}

// drop ends a seat.
func (r *Room) drop(st *seat, code string) {
	delete(r.seats, st.Member)
	r.sound.forget(st.Member)
	r.changed()
	st.End(code)
}

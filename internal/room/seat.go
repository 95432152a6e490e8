package room

import (
	"context"
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

	tokens   float64 // changes of devices
	tokensAt time.Time
}

// Join brings a member in, or moves the member to another page: an earlier seat is ended with "moved", and its devices count as
// switched off until the new page says otherwise. Answer and Resume of the Welcome are the caller's to fill. It returns a
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
	var e meeting.Event
	p, present := r.view.Present[s.Member]
	switch off := false; {
	case !present:
		e = meeting.Event{Kind: meeting.MemberJoined, Member: s.Member}
	case p.Mic || p.Camera:
		e = meeting.Event{Kind: meeting.MemberDevices, Member: s.Member, Mic: &off, Camera: &off}
	}
	if e.Kind != "" {
		if err := r.propose(now, e); err != nil {
			return wire.Welcome{}, err
		}
	}
	old := r.seats[s.Member]
	delete(r.away, s.Member)
	st := &seat{Seat: s, tokens: devicesBurst, tokensAt: now}
	r.seats[s.Member] = st
	r.sound.forget(s.Member)
	if old != nil && old.Seat != s {
		old.End("moved")
	}
	return r.welcome(st), nil
}

// Resume takes the place of the seat whose socket was lost, or is about to be found lost; nobody is told. s.Media nil: the earlier
// seat's goes on. It returns a *meeting.Error resume.gone if the member has no seat any more: the page then joins anew.
func (r *Room) Resume(s *Seat) (wire.Welcome, error) {
	var w wire.Welcome
	err := r.ask(func() error {
		r.refresh()
		old := r.seats[s.Member]
		if old == nil {
			return &meeting.Error{Code: "resume.gone"}
		}
		if s.Media == nil {
			s.Media = old.Media
		}
		r.seats[s.Member] = &seat{Seat: s, floor: old.floor, tokens: old.tokens, tokensAt: old.tokensAt}
		w = r.welcome(r.seats[s.Member])
		return nil
	})
	return w, err
}

func (r *Room) welcome(st *seat) wire.Welcome {
	r.refresh()
	r.changed()
	r.floorStale = true
	r.plan = meeting.NewPlan(r.view)
	st.shown = r.state(st.Member)
	return wire.Welcome{Version: wire.Version, You: string(st.Member), Meeting: wire.NewMeeting(r.c.Definition), State: st.shown}
}

// Handle takes Devices and Leave of a page; an Offer tells it that the seat's slots may have changed. It returns a *meeting.Error
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
		default:
			return &meeting.Error{Code: "message.unexpected"}
		}
		return nil
	})
}

func (r *Room) devices(now time.Time, st *seat, d wire.Devices) error {
	r.refresh()
	p, ok := r.view.Present[st.Member]
	if ok && p.Mic == d.Mic && p.Camera == d.Camera {
		return nil
	}
	st.tokens = min(devicesBurst, st.tokens+now.Sub(st.tokensAt).Seconds()*devicesRate)
	st.tokensAt = now
	if st.tokens < 1 {
		return &meeting.Error{Code: "devices.rate"}
	}
	st.tokens--
	e := meeting.Event{Kind: meeting.MemberDevices, Member: st.Member}
	if p.Mic != d.Mic {
		e.Mic = &d.Mic
	}
	if p.Camera != d.Camera {
		e.Camera = &d.Camera
	}
	return r.propose(now, e)
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
		if err := r.propose(now, meeting.Event{Kind: meeting.MemberLeft, Member: id}); err != nil {
			r.log.Error("member cannot be logged out", "person", string(id), "err", err)
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

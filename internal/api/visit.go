package api

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net"
	"sync"
	"time"

	"visavis/internal/auth"
	"visavis/internal/peer"
	"visavis/internal/room"
	"visavis/internal/wire"
)

// visit is one page in one meeting, from its welcome until it leaves: the media session, and the socket of the moment. It outlives a lost
// socket by ResumeWithin. A session has one visit; a new one takes the place of the old.
type visit struct {
	s       *Server
	session auth.Session
	room    mediaRoom
	media   mediaSession

	mu      sync.Mutex // guards the fields below
	over    bool
	code    string         // of the good-bye, once over
	seat    *room.Seat     // as the room knows it; nil of the audience
	aud     *room.Audience // of press and viewers; they have no seat and do not resume
	socket  *socket        // nil while lost, and before the welcome
	held    bool           // the welcome is not queued yet: what the room says waits in early
	early   []wire.ToClient
	token   [sha256.Size]byte // of the resume token, which is kept nowhere
	resumes bool              // token is good
	dead    bool              // media have ended by themselves
	layers  *wire.Layers      // what the page was told last, nil: nothing yet
	grace   *time.Timer       // set while lost
	unwatch func()
}

// join makes a media session of the offer and brings the member in.
func (s *Server) join(k *socket, o wire.Offer) (*visit, error) {
	g := k.session.Grant
	r := s.room(g.Meeting)
	if r == nil {
		return nil, fail(codeMeeting)
	}
	v := &visit{s: s, session: k.session, room: r}
	m, answer, err := s.open(peer.Offer{SDP: o.SDP, Names: o.Names}, peer.Events{Closed: v.mediaClosed, Watched: v.watched})
	if err != nil {
		return nil, err
	}
	v.media = m
	ctx, cancel := context.WithTimeout(k.ctx, joinTime)
	defer cancel()
	var w wire.Welcome
	if g.Audience() {
		w, err = r.Attend(ctx, v.attend(m))
	} else {
		w, err = r.Join(ctx, v.take(m))
	}
	if err == nil {
		err = s.addVisit(v)
	}
	if err != nil {
		v.finish("ended")
		return nil, err
	}
	// Whoever writes down that this session may not come in ends its visit as well: it finds either this one, or is found here.
	reason, err := s.mustWait(ctx, k.session)
	if err != nil {
		v.expel("ended")
		return nil, err
	}
	switch reason {
	case "":
	case auth.WaitExcluded:
		v.expel("excluded")
	default:
		v.expel("moved")
	}
	v.welcome(k, w, answer) // or good-bye
	return v, nil
}

// resume gives the seat of a lost socket to another of the same session.
func (s *Server) resume(k *socket, token string) (*visit, error) {
	s.mu.Lock()
	v := s.visits[k.session.Key()]
	s.mu.Unlock()
	if v == nil || k.session.Grant.Audience() || !v.redeem(token) {
		return nil, fail(codeResume)
	}
	v.mu.Lock()
	was := v.seat
	v.mu.Unlock()
	w, err := v.room.Resume(was, v.take(nil))
	if err != nil {
		v.finish("ended")
		return nil, err
	}
	v.welcome(k, w, "")
	return v, nil
}

// addVisit makes v the visit of its session, in place of an earlier one, and follows the session's end.
func (s *Server) addVisit(v *visit) error {
	unwatch := s.book.Watch(v.session.ID, v.sessionEnded)
	s.mu.Lock()
	old := s.visits[v.session.Key()]
	closed := s.closed
	if !closed {
		s.visits[v.session.Key()] = v
	}
	s.mu.Unlock()
	v.mu.Lock()
	v.unwatch = unwatch
	v.mu.Unlock()
	if closed {
		return fail(codeShutdown)
	}
	if old != nil {
		old.finish("moved")
	}
	if v.isOver() { // the room was done with the seat before we were
		v.s.forget(v)
	}
	return nil
}

func (s *Server) forget(v *visit) {
	v.mu.Lock()
	unwatch := v.unwatch
	v.unwatch = nil
	v.mu.Unlock()
	if unwatch != nil {
		unwatch()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.visits[v.session.Key()] == v {
		delete(s.visits, v.session.Key())
	}
}

// take makes a new seat, whose messages wait for the welcome.
func (v *visit) take(m mediaSession) *room.Seat {
	seat := &room.Seat{Member: v.session.Grant.Member}
	if m != nil { // else the field would hold a nil of a type, which is not nil
		seat.Media, seat.Figures = m, func() room.Figures { return figures(m.Quality()) }
	}
	seat.Send = func(m wire.ToClient) bool { return v.send(seat, m) }
	seat.End = func(code string) { v.ended(seat, code) }
	v.mu.Lock()
	defer v.mu.Unlock()
	v.seat, v.held, v.early = seat, true, nil
	return seat
}

// attend makes a seat of the audience.
func (v *visit) attend(m mediaSession) *room.Audience {
	g := v.session.Grant
	a := &room.Audience{ID: g.Member, Name: g.Name, Role: g.Role, Media: m}
	a.Send = func(m wire.ToClient) bool { return v.send(nil, m) }
	a.End = func(code string) { v.ended(nil, code) }
	v.mu.Lock()
	defer v.mu.Unlock()
	v.aud, v.held = a, true
	return a
}

// send is the room's way to the page. It does not block.
func (v *visit) send(seat *room.Seat, m wire.ToClient) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case v.over || v.seat != seat:
		return false
	case v.held:
		if len(v.early) >= maxEarly {
			return false
		}
		v.early = append(v.early, m)
		return true
	case v.socket == nil:
		return false
	}
	return v.socket.push(m)
}

// welcome queues w with a fresh resume token, and behind it what the room has said meanwhile.
func (v *visit) welcome(k *socket, w wire.Welcome, answer string) {
	token := rand.Text() // 130 bits
	w.Version, w.Answer, w.Resume = wire.Version, answer, token
	v.mu.Lock()
	over, code, dead := v.over, v.code, v.dead
	if !over {
		v.token, v.resumes = sha256.Sum256([]byte(token)), !v.dead
		v.socket, v.held = k, false
		k.push(wire.ToClient{Welcome: &w})
		for _, m := range v.early {
			k.push(m)
		}
		if v.early = nil; v.layers != nil {
			k.push(wire.ToClient{Layers: v.layers})
		}
	}
	v.mu.Unlock()
	if over {
		k.bye(code)
		return
	}
	if dead {
		k.refuse(fail(codeMedia))
	}
	k.all.Go(func() { v.tellQuality(k) })
}

// redeem uses the resume token up, and lets go of the socket that has it.
func (v *visit) redeem(token string) bool {
	sum := sha256.Sum256([]byte(token))
	v.mu.Lock()
	if v.over || !v.resumes || subtle.ConstantTimeCompare(sum[:], v.token[:]) != 1 {
		v.mu.Unlock()
		return false
	}
	v.resumes = false
	old := v.socket
	v.socket = nil
	if v.grace != nil {
		v.grace.Stop()
		v.grace = nil
	}
	v.mu.Unlock()
	if old != nil {
		old.drop()
	}
	return true
}

// lost says that socket k has ended. The seat waits for the page.
func (v *visit) lost(k *socket) {
	v.mu.Lock()
	if v.over || v.socket != k {
		v.mu.Unlock()
		return
	}
	v.socket = nil
	if v.aud != nil { // the page comes anew
		v.mu.Unlock()
		v.finish("ended")
		return
	}
	v.grace = time.AfterFunc(ResumeWithin, func() { v.finish("ended") })
	seat := v.seat
	v.mu.Unlock()
	v.room.Lost(seat)
}

// reoffer answers a new offer of the same page: a restart of ICE, or more slots.
func (v *visit) reoffer(k *socket, o wire.Offer) error {
	answer, err := v.media.Reoffer(peer.Offer{SDP: o.SDP, Names: o.Names})
	if errors.Is(err, net.ErrClosed) {
		return fail(codeMedia) // mediaClosed closes the socket as well
	}
	if err != nil {
		return err
	}
	k.push(wire.ToClient{Answer: &wire.Answer{SDP: answer}})
	v.mu.Lock()
	aud := v.aud
	v.mu.Unlock()
	if aud != nil {
		v.room.Reoffered(aud)
	}
	return nil
}

// handle gives devices and leave to the room.
func (v *visit) handle(m wire.FromClient) error {
	v.mu.Lock()
	seat, over := v.seat, v.over
	v.mu.Unlock()
	if over {
		return nil
	}
	if seat == nil { // the audience says nothing but good-bye
		if m.Leave == nil {
			return fail(codeRole)
		}
		v.finish("left")
		return nil
	}
	err := v.room.Handle(seat, m)
	if m.Leave != nil {
		v.finish("left")
		return nil // whatever the room says of it: the page has gone
	}
	return err
}

// ended is the room's word that it is done with a seat. It does not block.
func (v *visit) ended(seat *room.Seat, code string) {
	v.mu.Lock()
	current := v.seat == seat
	v.mu.Unlock()
	switch {
	case code == "excluded": // also of a seat that the page is about to take again
		v.s.spawn(v.keepOut)
	case current:
		v.finish(code)
	}
}

// watched is the media session's word which layers of the camera to send. A page that is away hears it when it comes back.
func (v *visit) watched(rids []string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.layers = &wire.Layers{RIDs: rids}
	if !v.held && v.socket != nil {
		v.socket.push(wire.ToClient{Layers: v.layers})
	}
}

// mediaClosed is the media session's word that it has ended. If we did not end it, the page has to join anew: its socket closes, and the
// token is worth nothing.
func (v *visit) mediaClosed(string) {
	v.mu.Lock()
	if v.over {
		v.mu.Unlock()
		return
	}
	v.resumes, v.dead = false, true
	k := v.socket
	v.mu.Unlock()
	if k != nil {
		k.refuse(fail(codeMedia))
	}
}

// sessionEnded is the book's word that nobody holds this session any more: media stop at once, and the member leaves.
func (v *visit) sessionEnded() { v.expel("ended") }

// expel ends the visit, and takes the member out of the room. It does not wait.
func (v *visit) expel(code string) {
	v.mu.Lock()
	seat, over := v.seat, v.over
	v.mu.Unlock()
	if over {
		return
	}
	v.finish(code)
	if seat == nil {
		return
	}
	v.s.spawn(func() {
		if err := v.room.Handle(seat, wire.FromClient{Leave: &wire.Leave{}}); err != nil {
			g := v.session.Grant
			v.s.log.Debug("leaving with the visit", "meeting", g.Meeting, "person", g.Member, "err", err)
		}
	})
}

// visitOf finds the visit of a session whose grant is of a meeting.
func (s *Server) visitOf(session auth.Session) *visit {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.visits[session.Key()]
}

func (v *visit) isOver() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.over
}

// finish ends the visit, once: good-bye to the page, media closed. It does not wait.
func (v *visit) finish(code string) {
	v.mu.Lock()
	if v.over {
		v.mu.Unlock()
		return
	}
	v.over, v.code, v.resumes, v.early = true, code, false, nil
	k, aud := v.socket, v.aud
	v.socket = nil
	if v.grace != nil {
		v.grace.Stop()
	}
	v.mu.Unlock()
	if k != nil {
		k.bye(code)
	}
	if aud != nil {
		v.s.spawn(func() { v.room.Unattend(aud) }) // not on the room's goroutine, which may be the caller's
	}
	v.s.forget(v)
	v.s.closeMedia(v.media)
}

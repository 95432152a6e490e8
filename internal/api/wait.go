package api

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"visavis/internal/auth"
	"visavis/internal/meeting"
	"visavis/internal/room"
	"visavis/internal/wire"
)

// waiting is a page at the door: a socket that has said hello and gets a Wait and nothing else, its offer, and what the officers see of it. No
// media session is made for it.
type waiting struct {
	k      *socket
	offer  wire.Offer
	room   mediaRoom
	waiter *room.Waiter // guarded by k.mu
	told   wire.Wait    // guarded by k.mu
	let    bool         // guarded by k.mu: an officer has let it in, nothing more is said of waiting
	left   bool         // guarded by k.mu
}

// mustWait says why a session may not come in now, "" if it may. It is asked anew each time: an officer may have decided meanwhile.
func (s *Server) mustWait(ctx context.Context, session auth.Session) (string, error) {
	now, err := s.book.ByID(ctx, session.ID)
	if err != nil {
		return "", err
	}
	if !now.Account && s.lapsed(now.Grant) { // since the socket was opened
		return "", auth.ErrSession
	}
	if now.Waiting != "" {
		return now.Waiting, nil
	}
	out, err := s.book.Excluded(ctx, session.Grant.Meeting, session.Grant.Member)
	if err != nil || out {
		return auth.WaitExcluded, err
	}
	return "", nil
}

// waiterID is what officers name one who waits by. It tells nothing of the cookie.
func waiterID(session auth.Session) string { return session.ID[:10] }

// wait puts the page of k at the door.
func (s *Server) wait(k *socket, reason string, o wire.Offer) error {
	r := s.room(k.session.Grant.Meeting)
	if r == nil {
		return fail(codeMeeting)
	}
	w := &waiting{k: k, offer: o, room: r}
	k.mu.Lock()
	k.waiting = w
	k.mu.Unlock()
	key := k.session.Key()
	s.mu.Lock()
	old := s.waiters[key]
	s.waiters[key] = w
	s.mu.Unlock()
	if old != nil {
		old.k.bye("moved")
	}
	unwatch := s.book.Watch(k.session.ID, func() { k.bye("ended") })
	context.AfterFunc(k.ctx, unwatch)
	since := time.Now()
	if old != nil { // the same person, with the page loaded again
		old.k.mu.Lock()
		if old.told.Reason == reason {
			since = old.waiter.Since
		}
		old.k.mu.Unlock()
	}
	if err := w.knock(reason, since); err != nil {
		return err
	}
	s.spawn(w.remind)
	return nil
}

// remind says the Wait again every qualityEvery: a page takes a silent socket for dead.
func (w *waiting) remind() {
	t := time.NewTicker(qualityEvery)
	defer t.Stop()
	for {
		select {
		case <-w.k.ctx.Done():
			return
		case <-t.C:
		}
		w.k.mu.Lock()
		told := w.told
		w.k.mu.Unlock()
		b, err := wire.EncodeToClient(wire.ToClient{Wait: &told})
		if err != nil {
			w.k.s.log.Error("message could not be encoded", "err", err)
			return
		}
		w.k.mu.Lock()
		over := w.left || w.k.waiting != w
		if !over && !w.let && w.told == told { // never after a welcome
			w.k.pushLocked(b)
		}
		w.k.mu.Unlock()
		if over {
			return
		}
	}
}

// knock tells the page to wait, and the officers that it does.
func (w *waiting) knock(reason string, since time.Time) error {
	g := w.k.session.Grant
	n := &room.Waiter{ID: waiterID(w.k.session), Member: g.Member, Name: g.Name, Reason: reason, Since: since}
	n.Done = func(code string) { w.k.s.spawn(func() { w.decided(n, code) }) }
	if g.Audience() {
		n.Member = ""
	}
	w.k.mu.Lock()
	w.let = false
	w.waiter, w.told = n, wire.Wait{Reason: reason, Since: stamp(since)}
	told, left := w.told, w.left
	w.k.mu.Unlock()
	if left {
		return nil
	}
	w.k.s.refused(w.k.remote, "door."+reason, g)
	w.k.push(wire.ToClient{Wait: &told})
	if err := w.room.Knock(n); err != nil {
		return err
	}
	w.k.mu.Lock()
	left = w.left
	w.k.mu.Unlock()
	if left { // while we knocked
		w.room.Unknock(n)
	}
	return nil
}

// gone says that the page has stopped waiting.
func (w *waiting) gone() {
	w.k.mu.Lock()
	w.left = true
	n := w.waiter
	w.k.mu.Unlock()
	s := w.k.s
	s.mu.Lock()
	if s.waiters[w.k.session.Key()] == w {
		delete(s.waiters, w.k.session.Key())
	}
	s.mu.Unlock()
	if n != nil {
		w.room.Unknock(n)
	}
}

// decided follows an officer's word about one who waits.
func (w *waiting) decided(n *room.Waiter, code string) {
	s, k := w.k.s, w.k
	ctx, cancel := context.WithTimeout(context.Background(), joinTime)
	defer cancel()
	g := k.session.Grant
	if code != "admitted" {
		s.refused(k.remote, "door.refused", g)
		if n.Reason == auth.WaitDevice {
			if err := s.book.End(ctx, k.session.ID); err != nil {
				s.log.Error("session could not be ended", "meeting", g.Meeting, "person", g.Member, "err", err)
			}
		}
		k.bye("refused")
		return
	}
	if err := s.letIn(ctx, k.session, n.Reason); err != nil {
		k.refuse(err)
		return
	}
	reason, err := s.mustWait(ctx, k.session)
	if err == nil && reason != "" { // for another reason than the one that the officer saw
		err = w.knock(reason, time.Now())
		if err == nil {
			return
		}
	}
	var v *visit
	if err == nil {
		k.mu.Lock()
		w.let = true
		k.mu.Unlock()
		v, err = s.join(k, w.offer)
	}
	if err != nil {
		k.refuse(err)
		return
	}
	w.gone()
	k.sit(v)
}

// letIn does what an officer's word means for the session: whoever sat there with the same identity must wait now, an exclusion ends.
func (s *Server) letIn(ctx context.Context, session auth.Session, reason string) error {
	g := session.Grant
	if reason == auth.WaitExcluded {
		return s.book.Readmit(ctx, g.Meeting, g.Member)
	}
	others, err := s.book.Admit(ctx, session.ID)
	for _, id := range others {
		s.mu.Lock()
		v := s.visits[id]
		s.mu.Unlock()
		if v != nil {
			v.finish("moved")
		}
	}
	return err
}

// stranded sends those away who wait for a room that is no more, as when the meeting has another definition now: their pages come back.
func (s *Server) stranded() {
	s.mu.Lock()
	var all []*waiting
	for _, w := range s.waiters {
		all = append(all, w)
	}
	s.mu.Unlock()
	for _, w := range all {
		if s.room(w.k.session.Grant.Meeting) != w.room {
			w.k.bye("shutdown")
		}
	}
}

// sit gives the socket the visit that it was admitted to.
func (k *socket) sit(v *visit) {
	k.mu.Lock()
	k.waiting, k.visit = nil, v
	ended := k.ended
	k.mu.Unlock()
	if ended {
		v.lost(k)
	}
}

// act passes what a member does on to the room, and answers it. What is refused is written down.
func (v *visit) act(k *socket, a wire.Act) {
	err := v.doAct(a)
	d := wire.Done{ID: a.ID}
	if err != nil {
		e := v.s.explain(err)
		d.Error = &e
	}
	k.push(wire.ToClient{Done: &d})
	g := v.session.Grant
	switch {
	case d.Error != nil:
		v.s.refused(k.remote, d.Error.Code, g)
	case a.Do == wire.DoTurnKey, a.Do == wire.DoReturnKey:
		v.s.used(k.remote, a.Do+"."+a.Value, g.Member, g)
	case a.Do == wire.DoAdmit, a.Do == wire.DoExclude, a.Do == wire.DoEndSession:
		to := auth.Grant{Meeting: g.Meeting, Member: meeting.MemberID(a.Member)}
		if a.Member == "" {
			to.Member = meeting.MemberID(a.Value) // the id of one who waits, or of a seat of the press
		}
		v.s.used(k.remote, a.Do, g.Member, to)
	}
}

func (v *visit) doAct(a wire.Act) error {
	v.mu.Lock()
	seat, over := v.seat, v.over
	v.mu.Unlock()
	if over {
		return fail(codeSeat)
	}
	if seat == nil {
		return fail(codeRole) // the audience does nothing
	}
	var proven time.Time
	if v.session.Account {
		ctx, cancel := context.WithTimeout(context.Background(), joinTime)
		defer cancel()
		now, err := v.s.book.ByID(ctx, v.session.ID)
		if err != nil {
			return err
		}
		proven = now.Proven
		if a.Do == wire.DoTurnKey && !v.s.book.Fresh(now) {
			return auth.ErrStepUp
		}
	} else if a.Do == wire.DoTurnKey {
		return auth.ErrStepUp // nobody turns a key who came by an invitation
	}
	return v.room.Act(seat, a, proven)
}

// keepOut writes an exclusion down before the page can come again, and ends the visit.
func (v *visit) keepOut() {
	v.s.exclude(v.session.Grant)
	v.finish("excluded") // the room is done with it
	v.s.expel(v.session.Grant)
}

// exclude writes down that a member, or a seat of the audience, is kept out.
func (s *Server) exclude(g auth.Grant) {
	ctx, cancel := context.WithTimeout(context.Background(), joinTime)
	defer cancel()
	if err := s.book.Exclude(ctx, g.Meeting, g.Member); err != nil {
		s.log.Error("exclusion could not be written", slog.String("meeting", string(g.Meeting)), slog.String("person", string(g.Member)), slog.Any("err", err))
	}
}

// expel ends what came in for a member between the room's word and the exclusion that is written now: pages, encoders, players.
func (s *Server) expel(g auth.Grant) {
	var visits []*visit
	var devices []*device
	s.mu.Lock()
	for _, v := range s.visits {
		if o := v.session.Grant; o.Meeting == g.Meeting && o.Member == g.Member {
			visits = append(visits, v)
		}
	}
	for _, d := range s.devices {
		if o := d.pass.Grant; o.Meeting == g.Meeting && o.Member == g.Member {
			devices = append(devices, d)
		}
	}
	s.mu.Unlock()
	for _, v := range visits {
		v.expel("excluded")
	}
	for _, d := range devices {
		d.finish()
	}
}

// EndMember ends whatever acts for a member of ours in a meeting: sessions, with socket and media, invitations and passes; of an account its sessions
// in all meetings. It does not wait.
func (s *Server) EndMember(id meeting.ID, who meeting.MemberID) {
	s.spawn(func() {
		ctx, cancel := context.WithTimeout(context.Background(), joinTime)
		defer cancel()
		if err := errors.Join(s.book.EndMember(ctx, id, who), s.book.EndAccount(ctx, who), s.book.Sweep(ctx)); err != nil {
			s.log.Error("sessions could not be ended", "meeting", id, "person", who, "err", err)
		}
	})
}

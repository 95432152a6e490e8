package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"visavis/internal/auth"
	"visavis/internal/meeting"
	"visavis/internal/wire"
)

// body reads a JSON body of at most limit bytes. Other types are what a form of another site could send unasked.
func body(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	return typedBody(w, r, "application/json", limit)
}

// try tries a code by f. An address that has tried too many wrong ones may not try a right one either: else it could go on guessing and
// watch which answer differs. The failure is counted before the code is looked at and given back if it was none, so that guessing
// many at the same moment gains nothing. If the node as a whole is being tried, whoever is wrong waits.
func (s *Server) try(r *http.Request, f func(ctx context.Context) error) error {
	return tryAs(s, r, s.failures, addressOf(r.RemoteAddr), f)
}

// tryAs is try that counts by who.
func tryAs[K comparable](s *Server, r *http.Request, failures *limiter[K], who K, f func(ctx context.Context) error) error {
	if !failures.take(who, 1) {
		return fail(codeLimit)
	}
	err := f(r.Context())
	if !guessed(err) {
		failures.give(who)
		return err
	}
	if !s.nodeFailures.take(struct{}{}, 1) {
		select {
		case <-r.Context().Done():
		case <-time.After(loginDelay):
		}
	}
	return err
}

// guessed says whether an error is that of somebody who may be guessing.
func guessed(err error) bool {
	for _, e := range []error{auth.ErrInvitation, auth.ErrPass, auth.ErrPIN, auth.ErrLocked, auth.ErrEnrolment, auth.ErrPasskey, auth.ErrCloned, auth.ErrChallenge} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// invited is what a member is told of the meeting before joining it. A meeting that this node does not know is an invitation to nothing.
func (s *Server) invited(g auth.Grant) (wire.Invited, error) {
	d, ok := s.definition(g.Meeting)
	if !ok {
		return wire.Invited{}, auth.ErrInvitation
	}
	v := wire.Invited{Meeting: wire.NewMeeting(d), You: string(g.Member), Role: string(g.Role), Camera: s.camera}
	if m, ok := d.Member(g.Member); ok {
		v.Role = string(m.Role)
	}
	if g.Audience() { // knows what the public may know
		v.Meeting, v.You = v.Meeting.Public(), ""
	}
	return v, nil
}

// holds says whether a grant still is for the member that it was made for: the definition may have changed since, and an id may be another's. Grants
// of the audience are for no member, and those of accounts are looked at by partIn.
func (s *Server) holds(g auth.Grant) bool {
	d, ok := s.definition(g.Meeting)
	return ok && (g.Audience() || d.Holds(g.Member, s.party, g.As))
}

// lapsed is not holds for what was let in already: a meeting that this node does not know is answered as such.
func (s *Server) lapsed(g auth.Grant) bool {
	_, known := s.definition(g.Meeting)
	return known && !s.holds(g)
}

// code reads the code in the body of a request, and what came with it.
func code(w http.ResponseWriter, r *http.Request) (code, pin auth.Secret, err error) {
	b, err := body(w, r, wire.MaxMessage)
	if err != nil {
		return code, pin, err
	}
	c, err := wire.DecodeCode(b)
	if err != nil {
		return code, pin, err
	}
	return auth.NewSecret(c.Code), auth.NewSecret(c.PIN), nil
}

// look answers POST /api/invitation: what a code is for. It uses nothing up. Of a formal meeting it tells no other member than the invited, and of a
// code that was used nothing at all.
func (s *Server) look(w http.ResponseWriter, r *http.Request) {
	c, _, err := code(w, r)
	var inv auth.Invitation
	if err == nil {
		err = s.try(r, func(ctx context.Context) error {
			if inv, err = s.book.Inspect(ctx, c); err == nil && (inv.Used && !s.formal(inv.Grant.Meeting) || !s.holds(inv.Grant)) {
				err = auth.ErrInvitation
			}
			return err
		})
	}
	if err != nil {
		s.deny(w, r, inv.Grant, err)
		return
	}
	v := wire.Invited{Camera: s.camera}
	if !inv.Used {
		if v, err = s.invited(inv.Grant); err != nil {
			s.refuse(w, err)
			return
		}
		if s.formal(inv.Grant.Meeting) {
			v.Meeting.Members = slices.DeleteFunc(v.Meeting.Members, func(m wire.Member) bool { return m.ID != v.You })
		}
	}
	v.PIN, v.Used = inv.PIN, inv.Used
	s.reply(w, http.StatusOK, v)
}

// formal says whether a meeting has officers on every side: only there somebody can wait at the door.
func (s *Server) formal(id meeting.ID) bool {
	d, ok := s.definition(id)
	return ok && d.Formal()
}

// granted says what a code is for, and counts if it is for nothing.
func (s *Server) granted(r *http.Request, c auth.Secret) (g auth.Grant, err error) {
	err = s.try(r, func(ctx context.Context) error {
		if g, err = s.book.Look(ctx, c); err == nil && !s.holds(g) {
			err = auth.ErrInvitation
		}
		return err
	})
	return g, err
}

// enter answers POST /api/session: uses the code up and sets the cookie. A session that the browser had before ends.
func (s *Server) enter(w http.ResponseWriter, r *http.Request) {
	c, pin, err := code(w, r)
	if err != nil {
		s.refuse(w, err)
		return
	}
	var session auth.Session
	var secret auth.Secret
	var g auth.Grant
	err = s.try(r, func(ctx context.Context) (err error) {
		inv, err := s.book.Inspect(ctx, c)
		if err != nil {
			return err
		}
		if g = inv.Grant; !s.holds(g) {
			return auth.ErrInvitation
		}
		session, secret, err = s.book.Enter(ctx, c, auth.Entry{PIN: pin, Wait: s.formal(g.Meeting)})
		return err
	})
	if err != nil {
		s.deny(w, r, g, err)
		return
	}
	s.log.Info("invitation used", "meeting", g.Meeting, "person", g.Member, "code", session.Waiting)
	// The first use is once for each invitation. Who waits at the door may come as often as refusals are made.
	if session.Waiting == "" || s.security.admitEntry(cut(r.RemoteAddr), true) {
		s.done(r, "invitation.used", g, g)
	}
	s.signedIn(w, r, secret)
	w.WriteHeader(http.StatusNoContent)
}

// session says who asks. Who has become another by a change of the definition has no session any more.
func (s *Server) session(r *http.Request) (auth.Session, error) {
	session, err := s.cookieSession(r)
	if err == nil && !session.Account && s.lapsed(session.Grant) {
		return auth.Session{}, auth.ErrSession
	}
	return session, err
}

// cookieSession is the session of the cookie, of whomever it was for.
func (s *Server) cookieSession(r *http.Request) (auth.Session, error) {
	c := cookieOf(r)
	if c == "" {
		return auth.Session{}, auth.ErrSession
	}
	return s.book.Session(r.Context(), auth.NewSecret(c))
}

// me answers GET /api/me: who the cookie says one is, in the meeting of the invitation, or of an account in the one that ?meeting= names. Who must wait
// is told so and nothing else.
func (s *Server) me(w http.ResponseWriter, r *http.Request) {
	session, err := s.session(r)
	if err != nil {
		s.refuse(w, err)
		return
	}
	v := wire.Invited{Camera: s.camera}
	id := meeting.ID(r.URL.Query().Get("meeting"))
	if session.Account {
		a, _, err := s.account(r)
		if err != nil {
			s.refuse(w, err)
			return
		}
		shown := s.shownAccount(a, &session)
		v.Account = &shown
	}
	if !session.Account || id != "" {
		if session, err = s.seated(r.Context(), session, id); err == nil {
			v.Waiting, err = s.mustWait(r.Context(), session)
		}
		if err == nil && v.Waiting == "" {
			own := v.Account
			v, err = s.invited(session.Grant)
			v.Account = own
		}
	}
	if errors.Is(err, auth.ErrInvitation) {
		err = fail(codeMeeting)
	}
	if err != nil {
		s.refuse(w, err)
		return
	}
	s.reply(w, http.StatusOK, v)
}

// endCookie ends the session of a request, if it has one, with its socket and media.
func (s *Server) endCookie(r *http.Request) {
	session, err := s.cookieSession(r)
	if err != nil {
		return
	}
	// Whoever hangs up now has left all the same.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), joinTime)
	defer cancel()
	if err := s.book.End(ctx, session.ID); err != nil {
		s.log.Error("session could not be ended", "meeting", session.Grant.Meeting, "person", session.Grant.Member, "err", err)
	}
}

// leave answers POST /api/leave: the session ends, the browser forgets it. Without a session the answer is the same.
func (s *Server) leave(w http.ResponseWriter, r *http.Request) {
	s.endCookie(r)
	http.SetCookie(w, cookie("", -1))
	w.Header().Set("Clear-Site-Data", `"cookies", "storage"`)
	w.WriteHeader(http.StatusNoContent)
}

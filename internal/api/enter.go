package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"visavis/internal/auth"
	"visavis/internal/wire"
)

// body reads a JSON body of at most limit bytes.
func body(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	if !isJSON(r) {
		return nil, fail(codeType)
	}
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return nil, fail(codeLarge)
	}
	if err != nil {
		return nil, fail(codeCut)
	}
	return b, nil
}

// try tries a code by f. An address that has tried too many wrong ones may not try a right one either: else it could go on guessing and
// watch which answer differs. The failure is counted before the code is looked at and given back if it was none, so that guessing
// many at the same moment gains nothing. If the node as a whole is being tried, whoever is wrong waits.
func (s *Server) try(r *http.Request, f func(ctx context.Context) error) error {
	who := addressOf(r.RemoteAddr)
	if !s.failures.take(who, 1) {
		return fail(codeLimit)
	}
	err := f(r.Context())
	if !errors.Is(err, auth.ErrInvitation) && !errors.Is(err, auth.ErrPass) {
		s.failures.give(who)
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

// invited is what a member is told of the meeting before joining it. A meeting that this node does not know is an invitation to nothing.
func (s *Server) invited(g auth.Grant) (wire.Invited, error) {
	d, ok := s.definition(g.Meeting)
	if !ok {
		return wire.Invited{}, auth.ErrInvitation
	}
	return wire.Invited{Meeting: wire.NewMeeting(d), You: string(g.Member), Camera: s.camera}, nil
}

// code reads the code in the body of a request.
func code(w http.ResponseWriter, r *http.Request) (auth.Secret, error) {
	b, err := body(w, r, wire.MaxMessage)
	if err != nil {
		return auth.Secret{}, err
	}
	c, err := wire.DecodeCode(b)
	if err != nil {
		return auth.Secret{}, err
	}
	return auth.NewSecret(c.Code), nil
}

// look answers POST /api/invitation: what a code is for. It uses nothing up.
func (s *Server) look(w http.ResponseWriter, r *http.Request) {
	c, err := code(w, r)
	if err != nil {
		s.refuse(w, err)
		return
	}
	g, err := s.granted(r, c)
	if err != nil {
		s.refuse(w, err)
		return
	}
	v, err := s.invited(g)
	if err != nil {
		s.refuse(w, err)
		return
	}
	s.reply(w, http.StatusOK, v)
}

// granted says what a code is for, and counts if it is for nothing.
func (s *Server) granted(r *http.Request, c auth.Secret) (g auth.Grant, err error) {
	err = s.try(r, func(ctx context.Context) error {
		g, err = s.book.Look(ctx, c)
		return err
	})
	return g, err
}

// enter answers POST /api/session: uses the code up and sets the cookie. A session that the browser had before ends.
func (s *Server) enter(w http.ResponseWriter, r *http.Request) {
	c, err := code(w, r)
	if err != nil {
		s.refuse(w, err)
		return
	}
	var session auth.Session
	var secret auth.Secret
	err = s.try(r, func(ctx context.Context) (err error) {
		session, secret, err = s.book.Redeem(ctx, c)
		return err
	})
	if err != nil {
		s.refuse(w, err)
		return
	}
	s.endCookie(r)
	s.log.Info("invitation used", "meeting", session.Grant.Meeting, "person", session.Grant.Member)
	http.SetCookie(w, cookie(secret.Reveal(), int(auth.SessionLife/time.Second)))
	w.WriteHeader(http.StatusNoContent)
}

// session says who asks.
func (s *Server) session(r *http.Request) (auth.Session, error) {
	c := cookieOf(r)
	if c == "" {
		return auth.Session{}, auth.ErrSession
	}
	return s.book.Session(r.Context(), auth.NewSecret(c))
}

// me answers GET /api/me: who the cookie says one is.
func (s *Server) me(w http.ResponseWriter, r *http.Request) {
	session, err := s.session(r)
	if err != nil {
		s.refuse(w, err)
		return
	}
	v, err := s.invited(session.Grant)
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
	session, err := s.session(r)
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

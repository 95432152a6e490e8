package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"visavis/internal/auth"
	"visavis/internal/wire"
)

// passkeyBody reads the body of a request about passkeys.
func (s *Server) passkeyBody(w http.ResponseWriter, r *http.Request) (wire.PasskeyRequest, error) {
	b, err := body(w, r, wire.MaxPasskey)
	if err != nil {
		return wire.PasskeyRequest{}, err
	}
	return wire.DecodePasskey(b)
}

// begin answers the first half of a ceremony.
func (s *Server) begin(w http.ResponseWriter, r *http.Request, f func(wire.PasskeyRequest) (json.RawMessage, error)) {
	q, err := s.passkeyBody(w, r)
	if err == nil && !s.passkeyRate.take(addressOf(r.RemoteAddr), 1) {
		err = fail(codePasskeyLimit)
	}
	var o json.RawMessage
	if err == nil {
		o, err = f(q)
	}
	s.begun(w, r, o, err)
}

// begun gives the page its challenge, or says why there is none.
func (s *Server) begun(w http.ResponseWriter, r *http.Request, o json.RawMessage, err error) {
	if err != nil {
		s.deny(w, r, auth.Grant{}, err)
		return
	}
	s.reply(w, http.StatusOK, wire.PasskeyOptions{Options: o})
}

// finish answers the second half: f is tried as a code is.
func (s *Server) finish(w http.ResponseWriter, r *http.Request, f func(context.Context, wire.PasskeyRequest) error) error {
	q, err := s.passkeyBody(w, r)
	if err == nil && q.Credential == nil {
		err = fail(codePasskeyNone)
	}
	if err == nil {
		err = s.try(r, func(ctx context.Context) error { return f(ctx, q) })
	}
	return err
}

// beginRegister answers POST /api/passkey/register: with a code for the account that it stands for, else for the account that is signed in.
func (s *Server) beginRegister(w http.ResponseWriter, r *http.Request) {
	s.begin(w, r, func(q wire.PasskeyRequest) (o json.RawMessage, err error) {
		if q.Code != "" {
			err = s.try(r, func(ctx context.Context) error {
				o, err = s.passkeys.BeginEnrol(ctx, r.Host, auth.NewSecret(q.Code))
				return err
			})
			return o, err
		}
		_, session, err := s.account(r)
		if err != nil {
			return nil, err
		}
		return s.passkeys.BeginAdd(r.Context(), r.Host, session)
	})
}

// finishRegister answers POST /api/passkey/register/finish. By a code the browser is signed in, too.
func (s *Server) finishRegister(w http.ResponseWriter, r *http.Request) {
	var session auth.Session
	var secret auth.Secret
	err := s.finish(w, r, func(ctx context.Context, q wire.PasskeyRequest) (err error) {
		if q.Code != "" {
			session, secret, err = s.passkeys.FinishEnrol(ctx, r.Host, auth.NewSecret(q.Code), q.Credential)
			return err
		}
		if _, session, err = s.account(r); err != nil {
			return err
		}
		return s.passkeys.FinishAdd(ctx, r.Host, session, q.Credential)
	})
	if err != nil {
		s.deny(w, r, session.Grant, err)
		return
	}
	s.done(r, "passkey.added", session.Grant, session.Grant)
	if secret.Reveal() != "" {
		s.signedIn(w, r, secret)
	}
	w.WriteHeader(http.StatusNoContent)
}

// beginSignIn answers POST /api/passkey/signin.
func (s *Server) beginSignIn(w http.ResponseWriter, r *http.Request) {
	s.begin(w, r, func(wire.PasskeyRequest) (json.RawMessage, error) { return s.passkeys.BeginSignIn(r.Host) })
}

// finishSignIn answers POST /api/passkey/signin/finish: sets the cookie. A session that the browser had before ends.
func (s *Server) finishSignIn(w http.ResponseWriter, r *http.Request) {
	var session auth.Session
	var secret auth.Secret
	err := s.finish(w, r, func(ctx context.Context, q wire.PasskeyRequest) (err error) {
		session, secret, err = s.passkeys.FinishSignIn(ctx, r.Host, q.Credential)
		return err
	})
	if err != nil {
		s.deny(w, r, session.Grant, err)
		return
	}
	s.doneOwn(r, "signed.in", session.Grant)
	s.signedIn(w, r, secret)
	w.WriteHeader(http.StatusNoContent)
}

// signedIn gives the browser the cookie of a new session, in place of one that it had.
func (s *Server) signedIn(w http.ResponseWriter, r *http.Request, secret auth.Secret) {
	s.endCookie(r)
	http.SetCookie(w, cookie(secret.Reveal(), int(auth.SessionLife/time.Second)))
}

// beginStepUp answers POST /api/passkey/stepup. It is counted by session, and so are wrong answers: whoever shares an address with an officer could
// else keep that officer from turning a key.
func (s *Server) beginStepUp(w http.ResponseWriter, r *http.Request) {
	var o json.RawMessage
	_, err := s.passkeyBody(w, r)
	if err == nil {
		var session auth.Session
		_, session, err = s.account(r)
		if err == nil && !s.stepUpRate.take(session.ID, 1) {
			err = fail(codePasskeyLimit)
		}
		if err == nil {
			o, err = s.passkeys.BeginStepUp(r.Context(), r.Host, session)
		}
	}
	s.begun(w, r, o, err)
}

// finishStepUp answers POST /api/passkey/stepup/finish: the session stays, and what hangs on it; its cookie changes.
func (s *Server) finishStepUp(w http.ResponseWriter, r *http.Request) {
	var session auth.Session
	var secret auth.Secret
	q, err := s.passkeyBody(w, r)
	if err == nil && q.Credential == nil {
		err = fail(codePasskeyNone)
	}
	if err == nil {
		_, session, err = s.account(r)
	}
	if err == nil {
		err = tryAs(s, r, s.stepUpFails, session.ID, func(ctx context.Context) (err error) {
			secret, err = s.passkeys.FinishStepUp(ctx, r.Host, auth.NewSecret(cookieOf(r)), q.Credential)
			return err
		})
	}
	if err != nil {
		s.deny(w, r, session.Grant, err)
		return
	}
	s.doneOwn(r, "stepped.up", session.Grant)
	left := max(time.Second, time.Until(session.Created.Add(auth.SessionLife)))
	http.SetCookie(w, cookie(secret.Reveal(), int(left/time.Second)))
	w.WriteHeader(http.StatusNoContent)
}

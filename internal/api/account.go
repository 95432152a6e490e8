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

// account says which account asks, and with what session; an invitation's session is none.
func (s *Server) account(r *http.Request) (auth.Account, auth.Session, error) {
	session, err := s.session(r)
	if err != nil {
		return auth.Account{}, session, err
	}
	if !session.Account {
		return auth.Account{}, session, fail(codeAccount)
	}
	a, err := s.book.Account(r.Context(), session.Grant.Member)
	if errors.Is(err, auth.ErrAccount) {
		err = auth.ErrSession
	}
	return a, session, err
}

// officer says which officer asks.
func (s *Server) officer(r *http.Request) (auth.Account, auth.Session, error) {
	a, session, err := s.account(r)
	if err == nil && a.Role != meeting.Officer {
		err = fail(codeRole)
	}
	return a, session, err
}

// provenOfficer says which officer asks, who has shown the passkey lately.
func (s *Server) provenOfficer(r *http.Request) (auth.Account, auth.Session, error) {
	a, session, err := s.officer(r)
	if err == nil && !s.book.Fresh(session) {
		err = auth.ErrStepUp
	}
	return a, session, err
}

// partIn is the member as which an account acts in a meeting: of its id, its role and our party. A meeting in which it has none is unknown to it.
func (s *Server) partIn(a auth.Account, id meeting.ID) (meeting.Definition, auth.Grant, error) {
	d, ok := s.definition(id)
	if !ok {
		return d, auth.Grant{}, fail(codeMeeting)
	}
	m, ok := d.Member(a.ID)
	if !ok || m.Party != s.party || m.Role != a.Role {
		return d, auth.Grant{}, fail(codeMeeting)
	}
	return d, auth.Grant{Meeting: id, Member: m.ID, Party: m.Party}, nil
}

// seated is the session for one meeting: an account's gets the member's grant.
func (s *Server) seated(ctx context.Context, session auth.Session, id meeting.ID) (auth.Session, error) {
	if !session.Account {
		if id != "" && id != session.Grant.Meeting {
			return session, fail(codeMeeting)
		}
		return session, nil
	}
	a, err := s.book.Account(ctx, session.Grant.Member)
	if errors.Is(err, auth.ErrAccount) {
		err = auth.ErrSession
	}
	if err != nil {
		return session, err
	}
	_, session.Grant, err = s.partIn(a, id)
	return session, err
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z07:00") }

func (s *Server) shownAccount(a auth.Account, session auth.Session) wire.Account {
	out := wire.Account{ID: string(a.ID), Name: a.Name, Role: string(a.Role), Passkeys: len(a.Passkeys)}
	if s.book.Fresh(session) {
		out.Proven = stamp(session.Proven.Add(auth.StepUpLife))
	}
	return out
}

// ownAccount answers GET /api/account.
func (s *Server) ownAccount(w http.ResponseWriter, r *http.Request) {
	a, session, err := s.account(r)
	if err != nil {
		s.refuse(w, err)
		return
	}
	s.reply(w, http.StatusOK, s.shownAccount(a, session))
}

// meetings answers GET /api/meetings.
func (s *Server) meetings(w http.ResponseWriter, r *http.Request) {
	a, _, err := s.account(r)
	if err != nil {
		s.refuse(w, err)
		return
	}
	var out wire.Meetings
	for _, d := range s.definitions() {
		if _, _, err := s.partIn(a, d.ID); err == nil {
			out.Meetings = append(out.Meetings, wire.NewMeeting(d))
		}
	}
	s.reply(w, http.StatusOK, out)
}

// accounts answers GET /api/accounts.
func (s *Server) accounts(w http.ResponseWriter, r *http.Request) {
	by, _, err := s.officer(r)
	if err != nil {
		s.deny(w, r, auth.Grant{Member: by.ID}, err)
		return
	}
	all, err := s.book.Accounts(r.Context())
	if err != nil {
		s.refuse(w, err)
		return
	}
	sessions, err := s.book.AccountSessions(r.Context())
	if err != nil {
		s.refuse(w, err)
		return
	}
	signedIn := map[meeting.MemberID]int{}
	for _, v := range sessions {
		signedIn[v.Grant.Member]++
	}
	var out wire.Accounts
	for _, a := range all {
		row := wire.AccountRow{ID: string(a.ID), Name: a.Name, Role: string(a.Role), Passkeys: len(a.Passkeys), Sessions: signedIn[a.ID], Own: a.ID == by.ID}
		for _, p := range a.Passkeys {
			if at := p.Used.UTC().Format(time.RFC3339); !p.Used.IsZero() && at > row.Used {
				row.Used = at
			}
		}
		out.Accounts = append(out.Accounts, row)
	}
	s.reply(w, http.StatusOK, out)
}

// manage reads what an officer who has just shown the passkey asks about an account.
func (s *Server) manage(w http.ResponseWriter, r *http.Request) (by auth.Account, q wire.AccountRequest, ok bool) {
	by, session, err := s.provenOfficer(r)
	if err != nil {
		s.deny(w, r, session.Grant, err)
		return by, q, false
	}
	b, err := body(w, r, wire.MaxMessage)
	if err == nil {
		q, err = wire.DecodeAccount(b)
	}
	if err != nil {
		s.refuse(w, err)
		return by, q, false
	}
	return by, q, true
}

// addAccount answers POST /api/accounts: makes an account, and a code to be handed over.
func (s *Server) addAccount(w http.ResponseWriter, r *http.Request) {
	by, q, ok := s.manage(w, r)
	if !ok {
		return
	}
	a, err := s.book.NewAccount(r.Context(), meeting.MemberID(q.ID), q.Name, meeting.Role(q.Role))
	if err != nil {
		s.refuse(w, err)
		return
	}
	s.done(r, "account.added", auth.Grant{Member: by.ID}, auth.Grant{Member: a.ID})
	s.giveCode(w, r, by.ID, a.ID, false)
}

// accountCode answers POST /api/accounts/code: another code for an account that is there. One of somebody else that has passkeys loses them by it: no
// officer comes to sign in as another beside whom it belongs to, unseen.
func (s *Server) accountCode(w http.ResponseWriter, r *http.Request) {
	by, q, ok := s.manage(w, r)
	if !ok {
		return
	}
	id := meeting.MemberID(q.ID)
	a, err := s.book.Account(r.Context(), id)
	if err != nil {
		s.refuse(w, err)
		return
	}
	if id != by.ID && len(a.Passkeys) > 0 && !q.Forget {
		s.deny(w, r, auth.Grant{Member: id}, fail(codeForget))
		return
	}
	s.giveCode(w, r, by.ID, id, q.Forget)
}

// giveCode makes a code and shows it. What it begins it ends, and writes down, though the browser hangs up.
func (s *Server) giveCode(w http.ResponseWriter, r *http.Request, by, id meeting.MemberID, forget bool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), accountTime)
	defer cancel()
	note := func(kind string) { s.done(r, kind, auth.Grant{Member: by}, auth.Grant{Member: id}) }
	var forgot func()
	if forget {
		forgot = func() { note("account.forget") } // its passkeys are out
	}
	code, err := s.book.EnrolmentCode(ctx, id, enrolmentLife, forgot)
	if err != nil {
		s.refuse(w, err)
		return
	}
	if !forget {
		note("account.code")
	}
	s.reply(w, http.StatusOK, wire.AccountCode{
		URL: s.origin(r) + "/enrol#" + code.Reveal(), Expires: time.Now().Add(enrolmentLife).UTC().Format(time.RFC3339),
	})
}

// endAccount answers POST /api/accounts/end: every browser that is signed in with the account is not any more, with sockets and media; passkeys stay.
func (s *Server) endAccount(w http.ResponseWriter, r *http.Request) {
	by, q, ok := s.manage(w, r)
	if !ok {
		return
	}
	id := meeting.MemberID(q.ID)
	if _, err := s.book.Account(r.Context(), id); err != nil {
		s.refuse(w, err)
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), accountTime)
	defer cancel()
	err := s.book.EndAccount(ctx, id)
	s.done(r, "account.ended", auth.Grant{Member: by.ID}, auth.Grant{Member: id}) // some may have ended though not all
	if err != nil {
		s.refuse(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// removeAccount answers POST /api/accounts/remove. The last officer who can sign in stays: nobody could take the office up again from the console.
func (s *Server) removeAccount(w http.ResponseWriter, r *http.Request) {
	by, q, ok := s.manage(w, r)
	if !ok {
		return
	}
	all, err := s.book.Accounts(r.Context())
	if err != nil {
		s.refuse(w, err)
		return
	}
	id := meeting.MemberID(q.ID)
	if !slices.ContainsFunc(all, func(a auth.Account) bool { return a.ID != id && a.Role == meeting.Officer && len(a.Passkeys) > 0 }) {
		s.deny(w, r, auth.Grant{Member: id}, fail(codeLast))
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), accountTime) // its sessions end though the browser hangs up
	defer cancel()
	if err := s.book.RemoveAccount(ctx, id); err != nil {
		s.refuse(w, err)
		return
	}
	s.done(r, "account.removed", auth.Grant{Member: by.ID}, auth.Grant{Member: id})
	w.WriteHeader(http.StatusNoContent)
}

// meetingOfficer says which officer asks about a meeting in which that officer has a part, and is not kept out of.
func (s *Server) meetingOfficer(r *http.Request, id meeting.ID) (auth.Session, meeting.Definition, error) {
	a, session, err := s.officer(r)
	if err != nil {
		return session, meeting.Definition{}, err
	}
	d, g, err := s.partIn(a, id)
	if err != nil {
		return session, d, err
	}
	session.Grant = g
	reason, err := s.mustWait(r.Context(), session)
	if err == nil && reason != "" {
		err = fail(codeExcluded)
	}
	return session, d, err
}

// listSessions answers GET /api/sessions: who is signed in for a meeting, on this node.
func (s *Server) listSessions(w http.ResponseWriter, r *http.Request) {
	own, d, err := s.meetingOfficer(r, meeting.ID(r.URL.Query().Get("meeting")))
	if err != nil {
		s.deny(w, r, own.Grant, err)
		return
	}
	all, err := s.sessionsOf(r.Context(), d)
	if err != nil {
		s.refuse(w, err)
		return
	}
	var out wire.Sessions
	for _, v := range all {
		m := wire.Session{
			ID: v.ID, Member: string(v.Grant.Member), Role: string(v.Grant.Role), Name: v.Grant.Name, Created: v.Created.UTC().Format(time.RFC3339),
			Seen: v.Seen.UTC().Format(time.RFC3339), Waiting: v.Waiting, Here: s.visitOf(v) != nil, Own: v.ID == own.ID,
		}
		if p, ok := d.Member(v.Grant.Member); ok {
			m.Role = string(p.Role)
		}
		if reason, err := s.mustWait(r.Context(), v); err == nil {
			m.Waiting = reason
		}
		out.Sessions = append(out.Sessions, m)
	}
	s.reply(w, http.StatusOK, out)
}

// sessionsOf lists the sessions of a meeting that live: by invitation, and of accounts that have a part in it. Grants are of the meeting.
func (s *Server) sessionsOf(ctx context.Context, d meeting.Definition) ([]auth.Session, error) {
	all, err := s.book.Sessions(ctx, d.ID)
	if err != nil {
		return nil, err
	}
	accounts, err := s.book.AccountSessions(ctx)
	if err != nil {
		return nil, err
	}
	for _, v := range accounts {
		if v, err := s.seated(ctx, v, d.ID); err == nil {
			all = append(all, v)
		}
	}
	return all, nil
}

// endSession answers POST /api/sessions/end: socket and media of the session stop at once, and who came by invitation has no encoder and no player
// any more. What waits at the door takes nothing from who sits inside.
func (s *Server) endSession(w http.ResponseWriter, r *http.Request) {
	b, err := body(w, r, wire.MaxMessage)
	var q wire.EndRequest
	if err == nil {
		q, err = wire.DecodeEnd(b)
	}
	if err != nil {
		s.refuse(w, err)
		return
	}
	own, d, err := s.meetingOfficer(r, meeting.ID(q.Meeting))
	if err != nil {
		s.deny(w, r, own.Grant, err)
		return
	}
	all, err := s.sessionsOf(r.Context(), d)
	if err != nil {
		s.refuse(w, err)
		return
	}
	i := slices.IndexFunc(all, func(v auth.Session) bool { return v.ID == q.ID })
	if i < 0 {
		s.deny(w, r, own.Grant, fail(codeOther))
		return
	}
	if err := s.endWith(r.Context(), all[i]); err != nil {
		s.refuse(w, err)
		return
	}
	s.done(r, "session.ended", own.Grant, all[i].Grant)
	w.WriteHeader(http.StatusNoContent)
}

// endWith ends a session and, of a member who came in by invitation, the tokens of its devices.
func (s *Server) endWith(ctx context.Context, v auth.Session) error {
	if err := s.book.End(ctx, v.ID); err != nil || v.Account || v.Waiting != "" {
		return err
	}
	if _, err := s.book.WithdrawPasses(ctx, v.Grant.Meeting, v.Grant.Member, ""); err != nil {
		return err
	}
	return s.book.Sweep(ctx) // which tells the devices
}

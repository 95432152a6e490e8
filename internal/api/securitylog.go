package api

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"visavis/internal/auth"
	"visavis/internal/meeting"
	"visavis/internal/wire"
)

// readLog answers GET /api/security: entries of the security log before the one that ?before= names, or the newest, and whether the chain holds. Every
// officer may read it, who has just shown the passkey; that it was read is an entry itself, so that the other officers see it: see opened.
func (s *Server) readLog(w http.ResponseWriter, r *http.Request) {
	by, session, err := s.provenOfficer(r)
	if err != nil {
		s.deny(w, r, session.Grant, err)
		return
	}
	before, err := beforeOf(r)
	if err == nil && !s.logRate.take(by.ID, 1) {
		err = fail(codeLimit)
	}
	if err != nil {
		s.refuse(w, err)
		return
	}
	s.logRead.Lock()
	defer s.logRead.Unlock()
	if err := s.opened(r, session); err != nil {
		s.refuse(w, err)
		return
	}
	var out wire.SecurityLog
	log, err := s.book.Security(r.Context(), func(e auth.SecurityEntry) {
		if before > 0 && e.N >= before {
			return
		}
		if len(out.Entries) >= 2*logPage {
			out.Entries = slices.Delete(out.Entries, 0, logPage)
		}
		out.Entries = append(out.Entries, shownEntry(e))
	})
	if err != nil && !errors.Is(err, auth.ErrChain) {
		s.refuse(w, err)
		return
	}
	if err != nil {
		s.log.Error("the security log was changed", "err", err)
	}
	out.Entries = out.Entries[max(0, len(out.Entries)-logPage):]
	slices.Reverse(out.Entries)
	out.First, out.Last, out.Head, out.Broken = int(log.First), int(log.Last), log.Head, err != nil
	s.reply(w, http.StatusOK, out)
}

// opened writes that the officer of session reads the log, unless it has done so within StepUpLife. Without the entry nothing may be read. The caller
// holds logRead.
func (s *Server) opened(r *http.Request, session auth.Session) error {
	now := time.Now()
	maps.DeleteFunc(s.logOpened, func(_ string, at time.Time) bool { return now.Sub(at) >= auth.StepUpLife })
	if _, ok := s.logOpened[session.ID]; ok {
		return nil
	}
	g := auth.Grant{Member: session.Grant.Member}
	if !s.security.reads.take(g.Member, 1) {
		return fail(codeLimit)
	}
	if err := s.usedNow(r.RemoteAddr, "log.read", g.Member, g); err != nil {
		s.security.reads.give(g.Member)
		return err
	}
	s.logOpened[session.ID] = now
	return nil
}

// beforeOf is the number in ?before=, 0 if there is none.
func beforeOf(r *http.Request) (int64, error) {
	q := r.URL.Query().Get("before")
	if q == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(q, 10, 53)
	if err != nil || n < 1 {
		return 0, fail("message.account")
	}
	return n, nil
}

func shownEntry(e auth.SecurityEntry) wire.SecurityEntry {
	return wire.SecurityEntry{
		N: int(e.N), At: stamp(e.At), Kind: e.Kind, Code: e.Code, Meeting: string(e.Meeting), Person: string(e.Person), Party: string(e.Party),
		By: string(e.By), Source: e.Source, Count: e.Count,
	}
}

// Alarm writes into the security log that a room has an alarm for officers and technicians. A far node can raise many: how many are written is
// bounded (admitAlarm), more are counted. It does not wait for the disk.
func (s *Server) Alarm(id meeting.ID, code string, who meeting.MemberID, p meeting.PartyID) {
	if !s.security.admitAlarm(id, code) {
		return
	}
	s.spawn(func() {
		s.security.note(auth.SecurityEvent{Kind: "alarm", Code: code, Meeting: id, Person: who, Party: p})
	})
}

package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"visavis/internal/arrange"
	"visavis/internal/auth"
	"visavis/internal/meeting"
	"visavis/internal/wire"
)

// Arranging is what the pages for arranging need of the node.
type Arranging struct {
	Desk *arrange.Desk
	// Parties are our own party and those with which meetings can be arranged.
	Parties func() (self wire.ArrangeParty, others []wire.ArrangeParty)
	// Invitations says how the invitations of our members and of the press stand.
	Invitations func(ctx context.Context, id meeting.ID) ([]wire.ArrangeInvitation, error)
	// Invite makes a new invitation for a member of ours, or with a name for a person of the press. Earlier ones of the same end.
	Invite func(ctx context.Context, id meeting.ID, member meeting.MemberID, name string) (wire.ArrangeIssued, error)
}

// arrangeRoutes are the routes of officers who arrange meetings; none without Config.Arranging.
func (s *Server) arrangeRoutes() []route {
	if s.arranging == nil {
		return nil
	}
	case_ := func(f func(*http.Request, wire.ArrangeRequest, meeting.ID, string) (*arrange.Case, error)) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { s.arrange(w, r, f) }
	}
	d := s.arranging.Desk
	return []route{
		{"GET /arrange", s.page},
		{"GET /api/arrange", s.arrangements},
		{"GET /api/arrange/{meeting}", s.arrangement},
		{"GET /api/arrange/{meeting}/invitations", s.invitations},
		{"GET /api/arrange/{meeting}/calendar/{member}", s.calendar},
		{"POST /api/arrange/{meeting}/invite", s.invite},
		{"POST /api/arrange", case_(func(r *http.Request, q wire.ArrangeRequest, _ meeting.ID, by string) (*arrange.Case, error) {
			if q.Copy != "" {
				return d.Copy(r.Context(), meeting.ID(q.ID), meeting.ID(q.Copy), by)
			}
			return d.Begin(r.Context(), meeting.ID(q.ID), meeting.PartyID(q.Other), by)
		})},
		{"POST /api/arrange/{meeting}/save", case_(func(r *http.Request, q wire.ArrangeRequest, id meeting.ID, by string) (*arrange.Case, error) {
			if q.Draft == nil {
				return nil, fail("message.arrange")
			}
			draft, err := q.Draft.Definition()
			if err != nil {
				return nil, err
			}
			return d.Save(r.Context(), id, draft, int64(q.Version), by)
		})},
		{"POST /api/arrange/{meeting}/propose", case_(func(r *http.Request, q wire.ArrangeRequest, id meeting.ID, by string) (*arrange.Case, error) {
			return d.Propose(r.Context(), id, int64(q.Version), by)
		})},
		{"POST /api/arrange/{meeting}/reset", case_(func(r *http.Request, q wire.ArrangeRequest, id meeting.ID, by string) (*arrange.Case, error) {
			return d.Reset(r.Context(), id, int64(q.Version), by)
		})},
		{"POST /api/arrange/{meeting}/accept", case_(func(r *http.Request, q wire.ArrangeRequest, id meeting.ID, by string) (*arrange.Case, error) {
			rev, err := revision(q)
			if err != nil {
				return nil, err
			}
			return d.Accept(r.Context(), id, rev, by)
		})},
		{"POST /api/arrange/{meeting}/decline", case_(func(r *http.Request, q wire.ArrangeRequest, id meeting.ID, by string) (*arrange.Case, error) {
			rev, err := revision(q)
			if err != nil {
				return nil, err
			}
			return d.Decline(r.Context(), id, rev, q.Reason, by)
		})},
		{"POST /api/arrange/{meeting}/withdraw", case_(func(r *http.Request, q wire.ArrangeRequest, id meeting.ID, by string) (*arrange.Case, error) {
			rev, err := revision(q)
			if err != nil {
				return nil, err
			}
			return d.Withdraw(r.Context(), id, rev, by)
		})},
		{"POST /api/arrange/{meeting}/calloff", s.callOff},
		{"POST /api/arrange/{meeting}/drop", s.dropDraft},
	}
}

// callOff answers POST /api/arrange/{meeting}/calloff: the meeting that is agreed on will not be.
func (s *Server) callOff(w http.ResponseWriter, r *http.Request) {
	s.arrange(w, r, func(r *http.Request, q wire.ArrangeRequest, id meeting.ID, by string) (*arrange.Case, error) {
		rev, err := revision(q)
		if err != nil {
			return nil, err
		}
		a, _, err := s.officer(r)
		if err != nil {
			return nil, err
		}
		c, err := s.arranging.Desk.CallOff(r.Context(), id, rev, q.Reason, by)
		if err == nil {
			s.done(r, "meeting.calledoff", auth.Grant{Member: a.ID}, auth.Grant{Meeting: id})
		}
		return c, err
	})
}

func revision(q wire.ArrangeRequest) (h meeting.Hash, err error) {
	if err := h.UnmarshalText([]byte(q.Revision)); err != nil {
		return h, fail("message.arrange")
	}
	return h, nil
}

// asked reads who asks and what: an officer of this node.
func (s *Server) asked(w http.ResponseWriter, r *http.Request) (wire.ArrangeRequest, string, error) {
	a, session, err := s.officer(r)
	if err != nil {
		s.refused(r.RemoteAddr, s.word(err).Code, session.Grant)
		return wire.ArrangeRequest{}, "", err
	}
	b, err := body(w, r, wire.MaxArrange)
	if err != nil {
		return wire.ArrangeRequest{}, "", err
	}
	q, err := wire.DecodeArrange(b)
	return q, a.Name, err
}

// arrange answers what an officer does with a meeting: the case as it is then.
func (s *Server) arrange(w http.ResponseWriter, r *http.Request, f func(*http.Request, wire.ArrangeRequest, meeting.ID, string) (*arrange.Case, error)) {
	q, by, err := s.asked(w, r)
	if err != nil {
		s.refuse(w, err)
		return
	}
	c, err := f(r, q, meeting.ID(r.PathValue("meeting")), by)
	s.answerCase(w, r, c, err)
}

func (s *Server) answerCase(w http.ResponseWriter, r *http.Request, c *arrange.Case, err error) {
	if errors.Is(err, arrange.ErrNone) {
		err = fail(codeMeeting)
	}
	if err != nil {
		s.refuse(w, err)
		return
	}
	begun, err := s.arranging.Desk.Begun(r.Context(), c.ID)
	if err != nil {
		s.refuse(w, err)
		return
	}
	v, err := caseOf(c, begun)
	if err != nil {
		s.refuse(w, err)
		return
	}
	s.reply(w, http.StatusOK, v)
}

// arrangement answers GET /api/arrange/{meeting}.
func (s *Server) arrangement(w http.ResponseWriter, r *http.Request) {
	if _, session, err := s.officer(r); err != nil {
		s.deny(w, r, session.Grant, err)
		return
	}
	c, err := s.arranging.Desk.Case(r.Context(), meeting.ID(r.PathValue("meeting")))
	s.answerCase(w, r, c, err)
}

// arrangements answers GET /api/arrange: all meetings, and with whom there can be more.
func (s *Server) arrangements(w http.ResponseWriter, r *http.Request) {
	if _, session, err := s.officer(r); err != nil {
		s.deny(w, r, session.Grant, err)
		return
	}
	all, err := s.arranging.Desk.Cases(r.Context())
	if err != nil {
		s.refuse(w, err)
		return
	}
	accounts, err := s.book.Accounts(r.Context())
	if err != nil {
		s.refuse(w, err)
		return
	}
	v := wire.Arranging{Meetings: []wire.ArrangeRow{}, Accounts: []wire.ArrangeAccount{}}
	v.Self, v.Others = s.arranging.Parties()
	if v.Others == nil {
		v.Others = []wire.ArrangeParty{}
	}
	for _, a := range accounts {
		v.Accounts = append(v.Accounts, wire.ArrangeAccount{ID: string(a.ID), Name: a.Name, Role: string(a.Role)})
	}
	for _, c := range all {
		v.Meetings = append(v.Meetings, rowOf(c))
	}
	s.reply(w, http.StatusOK, v)
}

func rowOf(c *arrange.Case) wire.ArrangeRow {
	row := wire.ArrangeRow{ID: string(c.ID), Other: string(c.Other), Title: wire.Text(c.Draft.Title), Start: c.Draft.Start.UTC().Format(time.RFC3339),
		Edited: c.Edited, Agreed: c.Agreed != meeting.Hash{}}
	if row.Title == nil {
		row.Title = wire.Text{}
	}
	if i := slices.IndexFunc(c.Log, func(r arrange.Revision) bool { return r.ID == c.Head }); i >= 0 {
		row.State, row.Ours = string(c.Log[i].State), c.Log[i].Party == c.Self
	}
	return row
}

// Bounds of the changes that one answer tells.
const (
	maxChanges     = 400
	maxChangeBytes = 48 << 10
)

// caseOf is a case in the page's words.
func caseOf(c *arrange.Case, begun bool) (wire.ArrangeCase, error) {
	draft, err := wire.NewArrangeDefinition(c.Draft)
	if err != nil {
		return wire.ArrangeCase{}, err
	}
	v := wire.ArrangeCase{ID: string(c.ID), Self: string(c.Self), Other: string(c.Other), Version: int(c.Version), Draft: draft, Edited: c.Edited,
		Saved: when(c.Saved), SavedBy: c.SavedBy, Begun: begun, Agreed: hash(c.Agreed), Head: hash(c.Head),
		Revision: []wire.ArrangeRevision{}, Problems: []wire.ArrangeProblem{}}
	for _, r := range c.Log {
		v.Revision = append(v.Revision, wire.ArrangeRevision{ID: r.ID.String(), Party: string(r.Party), State: string(r.State), At: when(r.At),
			Until: when(r.Until), By: r.By, Code: r.Code, Reason: r.Reason, Known: r.Known})
	}
	before, head := c.Compared()
	var more [2]bool
	v.Changes, more[0] = told(before, head)
	v.Own, more[1] = told(head, &c.Draft)
	v.More = more[0] || more[1]
	for _, p := range arrange.Problems(c.Draft) {
		if p.Args == nil {
			p.Args = map[string]string{}
		}
		v.Problems = append(v.Problems, wire.ArrangeProblem(p))
	}
	return v, nil
}

// told are the differences of two definitions, as many as an answer holds; none if one is missing.
func told(a, b *meeting.Definition) (out []wire.ArrangeChange, more bool) {
	out = []wire.ArrangeChange{}
	if a == nil || b == nil {
		return out, false
	}
	size := 0
	for _, c := range arrange.Diff(*a, *b) {
		if size += len(c.Path) + len(c.Old) + len(c.New); len(out) == maxChanges || size > maxChangeBytes {
			return out, true
		}
		out = append(out, wire.ArrangeChange(c))
	}
	return out, false
}

func when(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func hash(h meeting.Hash) string {
	if h == (meeting.Hash{}) {
		return ""
	}
	return h.String()
}

// dropDraft answers POST /api/arrange/{meeting}/drop: a draft that nobody else has seen is forgotten.
func (s *Server) dropDraft(w http.ResponseWriter, r *http.Request) {
	_, _, err := s.asked(w, r)
	if err == nil {
		err = s.arranging.Desk.Drop(r.Context(), meeting.ID(r.PathValue("meeting")))
	}
	if errors.Is(err, arrange.ErrNone) {
		err = fail(codeMeeting)
	}
	if err != nil {
		s.refuse(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// invitations answers GET /api/arrange/{meeting}/invitations.
func (s *Server) invitations(w http.ResponseWriter, r *http.Request) {
	if _, session, err := s.officer(r); err != nil {
		s.deny(w, r, session.Grant, err)
		return
	}
	all, err := s.arranging.Invitations(r.Context(), meeting.ID(r.PathValue("meeting")))
	if err != nil {
		s.refuse(w, err)
		return
	}
	s.reply(w, http.StatusOK, wire.ArrangeInvitations{Invitations: append([]wire.ArrangeInvitation{}, all...)})
}

// mayInvite says which officer asks for an invitation. Once the meeting has begun a new link is a seat in it: then it takes an officer who sits in that
// meeting, is not kept out of it, and has shown the passkey lately.
func (s *Server) mayInvite(r *http.Request, id meeting.ID) (auth.Account, error) {
	a, _, err := s.officer(r)
	if err != nil {
		return a, err
	}
	begun, err := s.arranging.Desk.Begun(r.Context(), id)
	if err != nil || !begun {
		return a, err
	}
	if _, _, err := s.meetingOfficer(r, id); err != nil {
		return a, err
	}
	_, _, err = s.provenOfficer(r)
	return a, err
}

// invite answers POST /api/arrange/{meeting}/invite. Link and PIN are in this answer and nowhere else.
func (s *Server) invite(w http.ResponseWriter, r *http.Request) {
	q, _, err := s.asked(w, r)
	if err != nil {
		s.refuse(w, err)
		return
	}
	id := meeting.ID(r.PathValue("meeting"))
	if (q.Member == "") == (q.Name == "") {
		s.refuse(w, fail("message.arrange"))
		return
	}
	by, err := s.mayInvite(r, id)
	if err != nil {
		s.deny(w, r, auth.Grant{Meeting: id, Member: by.ID}, err)
		return
	}
	v, err := s.arranging.Invite(r.Context(), id, meeting.MemberID(q.Member), q.Name)
	if err != nil {
		s.refuse(w, err)
		return
	}
	s.done(r, "invitation.issued", auth.Grant{Member: by.ID}, auth.Grant{Meeting: id, Member: meeting.MemberID(v.Member)})
	s.reply(w, http.StatusOK, v)
}

// calendar answers GET /api/arrange/{meeting}/calendar/{member}: an iCalendar file of what is agreed, for a member of ours.
func (s *Server) calendar(w http.ResponseWriter, r *http.Request) {
	if _, session, err := s.officer(r); err != nil {
		s.deny(w, r, session.Grant, err)
		return
	}
	b, name, err := s.calendarFile(r)
	if errors.Is(err, arrange.ErrNone) {
		err = fail(codeMeeting)
	}
	if err != nil {
		s.refuse(w, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/calendar; charset=utf-8; method=PUBLISH")
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	_, _ = w.Write(b) // who has hung up needs no answer
}

func (s *Server) calendarFile(r *http.Request) ([]byte, string, error) {
	id, member := meeting.ID(r.PathValue("meeting")), meeting.MemberID(r.PathValue("member"))
	c, err := s.arranging.Desk.Case(r.Context(), id)
	if err != nil {
		return nil, "", err
	}
	d, ok := c.InForce()
	if !ok {
		return nil, "", fail("arrange.open")
	}
	m, ok := d.Member(member)
	if !ok || m.Party != c.Self {
		return nil, "", fail("member.unknown")
	}
	lang := r.URL.Query().Get("lang")
	if len(lang) > meeting.MaxTag {
		lang = ""
	}
	b, err := arrange.Calendar(d, arrange.CalendarOptions{Member: member, Language: lang, Host: r.Host, Revision: c.Version, Stamp: time.Now()})
	return b, string(id) + "-" + string(member) + ".ics", err // both ids have been found: letters, digits and hyphens alone
}

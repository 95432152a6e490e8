package api

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"visavis/internal/auth"
	"visavis/internal/draft"
	"visavis/internal/meeting"
	"visavis/internal/readout"
	"visavis/internal/strict"
)

// Readouts is what the drafting console needs of the node.
type Readouts struct {
	Desk *draft.Desk
	// Prefill makes a draft from the record of a meeting.
	Prefill func(ctx context.Context, id meeting.ID, p readout.Plan) (readout.Document, error)
	// Record looks a meeting's record up; a *meeting.Error, meeting.unknown, if there is none here.
	Record func(ctx context.Context, id meeting.ID) (MeetingRecord, error)
	// Site is the address of the public site, "" if it is not known.
	Site string
}

// maxReadout bounds the body of POST /api/readouts and below, bytes: a document and its envelope. A signed file may be readout.MaxFile.
const maxReadout = readout.MaxMessage + 8<<10

// readoutRequest is the body of POST /api/readouts and below; what is asked is in the path, and what the officer has read in If-Match.
type readoutRequest struct {
	ID         readout.ID         `json:"id,omitempty"`
	Meeting    meeting.ID         `json:"meeting,omitempty"`
	Mode       readout.Mode       `json:"mode,omitempty"`
	Number     string             `json:"number,omitempty"`
	Languages  []readout.Language `json:"languages,omitempty"`
	Prevails   string             `json:"prevails,omitempty"`
	Beside     readout.ID         `json:"beside,omitempty"`
	Block      string             `json:"block,omitempty"`
	Party      meeting.PartyID    `json:"party,omitempty"`
	Language   string             `json:"language,omitempty"`
	Text       string             `json:"text,omitempty"`
	Ready      bool               `json:"ready,omitempty"`
	Proposal   *meeting.Hash      `json:"proposal,omitempty"`
	Hash       *meeting.Hash      `json:"hash,omitempty"`
	Whole      *readout.Block     `json:"whole,omitempty"`
	Document   *readout.Document  `json:"document,omitempty"`
	Versions   map[string]int64   `json:"versions,omitempty"` // of the blocks as they were read
	Credential map[string]any     `json:"credential,omitempty"`
}

func decodeReadout(b []byte) (readoutRequest, error) {
	var q readoutRequest
	err := strict.Decode(b, &q, strict.Limits{Bytes: maxReadout, Depth: 16, List: 1000, String: 64 << 10})
	return q, err
}

// readoutView answers what is asked about one readout.
type readoutView struct {
	ID         readout.ID           `json:"id"`
	Self       meeting.PartyID      `json:"self"`
	Other      meeting.PartyID      `json:"other"`
	Version    int64                `json:"version"`
	Manuscript readout.Manuscript   `json:"manuscript"`
	Life       readout.Life         `json:"life"`
	Rounds     []readout.Round      `json:"rounds"`           // without their documents, newest last
	Head       meeting.Hash         `json:"head"`             // the proposal that counts
	Theirs     *readout.Document    `json:"theirs,omitempty"` // what the other party proposes
	Standing   []readout.Standoff   `json:"standing"`         // our draft against it, block by block
	Diverge    []readout.Divergence `json:"diverge"`          // in what besides its blocks
	Apart      bool                 `json:"apart"`            // it is not the same throughout: our draft can be the answer
	Points     []readout.Point      `json:"points"`           // what stands between the draft and its signature
	Told       bool                 `json:"told"`
	Past       []draft.Past         `json:"past"`
	Kept       bool                 `json:"kept"`  // a draft of ours was set aside when another text was agreed
	Stale      []staleText          `json:"stale"` // what has changed under texts that were finished
	Fault      string               `json:"fault,omitempty"`
	Now        time.Time            `json:"now"` // the node's clock, by which the embargo ends
	Site       string               `json:"site,omitempty"`

	Withdrawn map[meeting.PartyID]draft.Withdrawal `json:"withdrawn"`
}

func viewOf(c *draft.Case) readoutView {
	v := readoutView{ID: c.ID, Self: c.Self, Other: c.Other, Version: c.Version, Manuscript: c.Manuscript, Life: c.Life, Told: c.Told, Kept: c.Kept != nil, Fault: c.Fault, Stale: staleOf(c), Now: time.Now().UTC(), Withdrawn: map[meeting.PartyID]draft.Withdrawal{},
		Rounds: []readout.Round{}, Standing: []readout.Standoff{}, Diverge: []readout.Divergence{}, Points: append([]readout.Point{}, c.Manuscript.Document.Open()...), Past: append([]draft.Past{}, c.Past...)}
	v.Manuscript.Former = nil // told as Stale
	maps.Copy(v.Withdrawn, c.Withdrawn)
	if c.Talk == nil {
		return v
	}
	v.Head = c.Talk.Head
	for _, r := range c.Talk.Rounds {
		if r.Party == c.Other && r.ID == c.Talk.Head && r.Document != nil && !r.State.Over() {
			v.Theirs = r.Document
			v.Standing = readout.Compare(c.Manuscript.Document, *r.Document)
			v.Diverge = append(v.Diverge, readout.Diverge(c.Manuscript.Document, *r.Document)...)
			v.Apart = c.Manuscript.Document.Digest() != r.Document.Digest()
		}
		r.Document = nil
		v.Rounds = append(v.Rounds, r)
	}
	return v
}

// readoutRow is one readout in the list.
type readoutRow struct {
	ID       readout.ID      `json:"id"`
	Meeting  meeting.ID      `json:"meeting"`
	Title    meeting.Text    `json:"title"`
	Mode     readout.Mode    `json:"mode"`
	Other    meeting.PartyID `json:"other"`
	Revision int             `json:"revision"`
	Stage    readout.Stage   `json:"stage"`
	Held     string          `json:"held"`
	Fault    string          `json:"fault"`
}

// readoutAct is what an officer does with a readout.
type readoutAct func(r *http.Request, q readoutRequest, id readout.ID, o draft.Officer) (*draft.Case, error)

// readoutDone is the route of an act; of readoutMatched one for which If-Match says which version the officer has read, of readoutRead one for which the
// body says so of the blocks too.
func (s *Server) readoutDone(f readoutAct) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { s.readoutAct(w, r, f) }
}

func (s *Server) readoutMatched(f func(r *http.Request, q readoutRequest, id readout.ID, version int64, o draft.Officer) (*draft.Case, error)) http.HandlerFunc {
	return s.readoutDone(func(r *http.Request, q readoutRequest, id readout.ID, o draft.Officer) (*draft.Case, error) {
		v, err := ifMatch(r)
		if err != nil {
			return nil, err
		}
		return f(r, q, id, v, o)
	})
}

func (s *Server) readoutRead(f func(r *http.Request, q readoutRequest, id readout.ID, read draft.Read, o draft.Officer) (*draft.Case, error)) http.HandlerFunc {
	return s.readoutMatched(func(r *http.Request, q readoutRequest, id readout.ID, v int64, o draft.Officer) (*draft.Case, error) {
		if q.Versions == nil {
			return nil, fail(codeTagMissing)
		}
		return f(r, q, id, draft.Read{Version: v, Blocks: q.Versions}, o)
	})
}

// readoutRoutes are the routes of officers who write readouts; none without Config.Readouts.
func (s *Server) readoutRoutes() []route {
	if s.readouts == nil {
		return nil
	}
	d := s.readouts.Desk
	act, matched, read := s.readoutDone, s.readoutMatched, s.readoutRead
	return []route{
		{"GET /api/readouts", s.readoutList},
		{"GET /api/readouts/{readout}", s.readoutOne},
		{"GET /api/readouts/{readout}/file", s.readoutFile},
		{"GET /api/readouts/{readout}/record", s.readoutRecord},
		{"POST /api/readouts", act(func(r *http.Request, q readoutRequest, _ readout.ID, _ draft.Officer) (*draft.Case, error) {
			return s.readoutBegin(r, q)
		})},
		{"POST /api/readouts/{readout}/lease", act(func(r *http.Request, q readoutRequest, id readout.ID, o draft.Officer) (*draft.Case, error) {
			return d.Lease(r.Context(), id, q.Block, o)
		})},
		{"POST /api/readouts/{readout}/release", act(func(r *http.Request, q readoutRequest, id readout.ID, o draft.Officer) (*draft.Case, error) {
			return d.Release(r.Context(), id, q.Block, o)
		})},
		{"POST /api/readouts/{readout}/text", matched(func(r *http.Request, q readoutRequest, id readout.ID, v int64, o draft.Officer) (*draft.Case, error) {
			return d.SaveText(r.Context(), id, q.Block, q.Language, q.Text, q.Ready, v, o)
		})},
		{"POST /api/readouts/{readout}/block", matched(func(r *http.Request, q readoutRequest, id readout.ID, v int64, o draft.Officer) (*draft.Case, error) {
			if q.Whole == nil {
				return nil, fail(codeReadout)
			}
			return d.SaveBlock(r.Context(), id, *q.Whole, v, o)
		})},
		{"POST /api/readouts/{readout}/document", matched(func(r *http.Request, q readoutRequest, id readout.ID, v int64, o draft.Officer) (*draft.Case, error) {
			if q.Document == nil {
				return nil, fail(codeReadout)
			}
			return d.Replace(r.Context(), id, *q.Document, v, q.Versions, o)
		})},
		{"POST /api/readouts/{readout}/take", read(func(r *http.Request, q readoutRequest, id readout.ID, v draft.Read, o draft.Officer) (*draft.Case, error) {
			return d.Take(r.Context(), id, given(q.Proposal), q.Block, v, o)
		})},
		{"POST /api/readouts/{readout}/bracket", read(func(r *http.Request, q readoutRequest, id readout.ID, v draft.Read, o draft.Officer) (*draft.Case, error) {
			return d.Bracket(r.Context(), id, given(q.Proposal), q.Block, v, o)
		})},
		{"POST /api/readouts/{readout}/unbracket", read(func(r *http.Request, q readoutRequest, id readout.ID, v draft.Read, o draft.Officer) (*draft.Case, error) {
			return d.Unbracket(r.Context(), id, q.Block, q.Party, v, o)
		})},
		{"POST /api/readouts/difference", s.readoutDifference},
		{"POST /api/readouts/{readout}/propose", read(func(r *http.Request, _ readoutRequest, id readout.ID, v draft.Read, o draft.Officer) (*draft.Case, error) {
			return d.Propose(r.Context(), id, v, o)
		})},
		{"POST /api/readouts/{readout}/accept", act(func(r *http.Request, q readoutRequest, id readout.ID, o draft.Officer) (*draft.Case, error) {
			return d.Accept(r.Context(), id, given(q.Proposal), o)
		})},
		{"POST /api/readouts/{readout}/settle", read(func(r *http.Request, _ readoutRequest, id readout.ID, v draft.Read, o draft.Officer) (*draft.Case, error) {
			return d.Settle(r.Context(), id, v, o)
		})},
		{"POST /api/readouts/{readout}/exchange", read(func(r *http.Request, _ readoutRequest, id readout.ID, v draft.Read, o draft.Officer) (*draft.Case, error) {
			return d.Exchange(r.Context(), id, v, o)
		})},
		{"POST /api/readouts/{readout}/reopen", act(func(r *http.Request, _ readoutRequest, id readout.ID, o draft.Officer) (*draft.Case, error) {
			return d.Reopen(r.Context(), id, o)
		})},
		{"POST /api/readouts/{readout}/correct", act(func(r *http.Request, _ readoutRequest, id readout.ID, _ draft.Officer) (*draft.Case, error) {
			return d.Correct(r.Context(), id)
		})},
		{"POST /api/readouts/{readout}/passkey", s.readoutPasskey},
		{"POST /api/readouts/{readout}/signoff", s.proven("readout.signedoff", d.SignOff)},
		{"POST /api/readouts/{readout}/confirm", s.proven("readout.confirmed", func(ctx context.Context, id readout.ID, _ meeting.Hash, o draft.Officer) (*draft.Case, error) {
			return d.Confirm(ctx, id, o)
		})},
		{"POST /api/readouts/{readout}/withdraw", s.proven("readout.withdrawn", d.Withdraw)},
		{"POST /api/readouts/{readout}/sign", s.readoutSign},
	}
}

func given(h *meeting.Hash) meeting.Hash {
	if h == nil {
		return meeting.Hash{}
	}
	return *h
}

// ifMatch is the version that the officer has read: If-Match: "4" (RFC 9110 §13.1.1). Without it nothing is saved.
func ifMatch(r *http.Request) (int64, error) {
	s := r.Header.Get("If-Match")
	n, err := strconv.ParseInt(strings.Trim(s, `"`), 10, 64)
	if err != nil || n < 1 || s != `"`+strconv.FormatInt(n, 10)+`"` {
		return 0, fail(codeTagMissing)
	}
	return n, nil
}

// readoutAsked reads who asks and what: an officer of this node.
func (s *Server) readoutAsked(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, auth.Account, auth.Session, error) {
	a, session, err := s.officer(r)
	if err != nil {
		s.refused(r.RemoteAddr, s.word(err).Code, session.Grant)
		return nil, a, session, err
	}
	b, err := body(w, r, limit)
	return b, a, session, err
}

func (s *Server) readoutAct(w http.ResponseWriter, r *http.Request, f readoutAct) {
	b, a, _, err := s.readoutAsked(w, r, maxReadout)
	var q readoutRequest
	if err == nil {
		q, err = decodeReadout(b)
	}
	var c *draft.Case
	if err == nil {
		c, err = f(r, q, readout.ID(r.PathValue("readout")), draft.Officer{Name: a.Name})
	}
	s.answerReadout(w, c, err)
}

func (s *Server) answerReadout(w http.ResponseWriter, c *draft.Case, err error) {
	if errors.Is(err, draft.ErrNone) {
		err = fail(codeReadoutNone)
	}
	var u *readout.Unfit
	if errors.As(err, &u) && len(u.Findings) > 0 {
		err = u.Findings[0]
	}
	if err != nil {
		s.refuse(w, err)
		return
	}
	v := viewOf(c)
	v.Site = s.readouts.Site
	b, err := json.Marshal(v) // two documents: more than a page's message may be, and still bounded (draft.MaxCase)
	if err != nil {
		s.refuse(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, _ = w.Write(b) // who has hung up needs no answer
}

// readoutBegin answers POST /api/readouts: a document that was imported, or a draft from the record of a meeting.
func (s *Server) readoutBegin(r *http.Request, q readoutRequest) (*draft.Case, error) {
	if q.Document != nil {
		return s.readouts.Desk.Begin(r.Context(), *q.Document)
	}
	p := readout.Plan{ID: q.ID, Mode: q.Mode, Beside: q.Beside, Number: q.Number, Languages: q.Languages, Prevails: q.Prevails}
	if q.Mode != readout.Joint {
		p.By = s.party
	}
	d, err := s.readouts.Prefill(r.Context(), q.Meeting, p)
	if err != nil {
		return nil, err
	}
	return s.readouts.Desk.Begin(r.Context(), d)
}

// readoutList answers GET /api/readouts.
func (s *Server) readoutList(w http.ResponseWriter, r *http.Request) {
	if _, session, err := s.officer(r); err != nil {
		s.deny(w, r, session.Grant, err)
		return
	}
	all, err := s.readouts.Desk.Cases(r.Context())
	if err != nil {
		s.refuse(w, err)
		return
	}
	rows := []readoutRow{}
	for _, c := range all {
		d := c.Manuscript.Document
		rows = append(rows, readoutRow{c.ID, d.Meeting, d.Title, d.Mode, c.Other, d.Revision, c.Life.Stage, c.Life.Held, c.Fault})
	}
	s.reply(w, http.StatusOK, map[string][]readoutRow{"readouts": rows})
}

// readoutOne answers GET /api/readouts/{readout}.
func (s *Server) readoutOne(w http.ResponseWriter, r *http.Request) {
	if _, session, err := s.officer(r); err != nil {
		s.deny(w, r, session.Grant, err)
		return
	}
	c, err := s.readouts.Desk.Case(r.Context(), readout.ID(r.PathValue("readout")))
	s.answerReadout(w, c, err)
}

// readoutFile answers GET /api/readouts/{readout}/file: what is signed, byte by byte, for the sign-off screen and for "visavis sign".
func (s *Server) readoutFile(w http.ResponseWriter, r *http.Request) {
	if _, session, err := s.officer(r); err != nil {
		s.deny(w, r, session.Grant, err)
		return
	}
	id := readout.ID(r.PathValue("readout"))
	b, err := s.readouts.Desk.Unsigned(r.Context(), id)
	if err != nil {
		s.answerReadout(w, nil, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Disposition", `attachment; filename="`+string(id)+`.json"`) // the id has been found: letters, digits and hyphens alone
	_, _ = w.Write(b)                                                          // who has hung up needs no answer
}

// readoutPasskey answers POST /api/readouts/{readout}/passkey: the challenge for a passkey over the hash of what the page shows.
func (s *Server) readoutPasskey(w http.ResponseWriter, r *http.Request) {
	b, _, session, err := s.readoutAsked(w, r, maxReadout)
	var q readoutRequest
	if err == nil {
		q, err = decodeReadout(b)
	}
	if err == nil && q.Hash == nil {
		err = fail(codeReadout)
	}
	if err == nil && !s.stepUpRate.take(session.ID, 1) {
		err = fail(codePasskeyLimit)
	}
	var o json.RawMessage
	if err == nil {
		o, err = s.passkeys.BeginSignOff(r.Context(), r.Host, session, [32]byte(*q.Hash))
	}
	s.begun(w, r, o, err)
}

// proven is what an officer does with a passkey over the hash of what the page shows, in the same request.
func (s *Server) proven(kind string, f func(context.Context, readout.ID, meeting.Hash, draft.Officer) (*draft.Case, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		b, a, session, err := s.readoutAsked(w, r, maxReadout)
		var q readoutRequest
		if err == nil {
			q, err = decodeReadout(b)
		}
		if err == nil && (q.Hash == nil || q.Credential == nil) {
			err = fail(codePasskeyNone)
		}
		var credential []byte
		if err == nil {
			credential, err = json.Marshal(q.Credential)
		}
		if err == nil {
			err = tryAs(s, r, s.stepUpFails, session.ID, func(ctx context.Context) error {
				return s.passkeys.FinishSignOff(ctx, r.Host, session, [32]byte(*q.Hash), credential)
			})
		}
		if err != nil {
			s.deny(w, r, session.Grant, err)
			return
		}
		c, err := f(r.Context(), readout.ID(r.PathValue("readout")), *q.Hash, draft.Officer{Name: a.Name, Proven: *q.Hash})
		if err == nil {
			s.done(r, kind, session.Grant, auth.Grant{Meeting: c.Manuscript.Document.Meeting, Member: a.ID})
		}
		s.answerReadout(w, c, err)
	}
}

// readoutSign answers POST /api/readouts/{readout}/sign: the file that "visavis sign" has written.
func (s *Server) readoutSign(w http.ResponseWriter, r *http.Request) {
	b, a, session, err := s.readoutAsked(w, r, readout.MaxFile)
	if err != nil {
		s.refuse(w, err)
		return
	}
	c, err := s.readouts.Desk.Sign(r.Context(), readout.ID(r.PathValue("readout")), b, draft.Officer{Name: a.Name})
	if err == nil && slices.Contains(c.Life.Signers, c.Self) {
		s.done(r, "readout.signed", session.Grant, auth.Grant{Meeting: c.Manuscript.Document.Meeting, Member: a.ID})
	}
	s.answerReadout(w, c, err)
}

package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/strict"
)

// fail makes the error of a message that is JSON of the right shape and still not allowed.
func fail(code string) error { return &meeting.Error{Code: code} }

// DecodeFromClient decodes what a page sent: Hello and Offer up to MaxOffer bytes, all else up to MaxMessage. It returns a
// *strict.Error or a *meeting.Error with a code "message.…" or "offer.…".
func DecodeFromClient(b []byte) (FromClient, error) {
	var m FromClient
	if err := strict.Decode(b, &m, strict.Limits{Bytes: MaxOffer, Depth: MaxDepth, List: MaxList, String: MaxSDP}); err != nil {
		return FromClient{}, err
	}
	if err := m.check(); err != nil {
		return FromClient{}, err
	}
	if m.Hello == nil && m.Offer == nil && len(b) > MaxMessage {
		return FromClient{}, &strict.Error{Code: strict.CodeSize}
	}
	return m, nil
}

func (m FromClient) check() error {
	if !one(m.Hello != nil, m.Offer != nil, m.Devices != nil, m.Leave != nil, m.Act != nil, m.Sense != nil, m.Check != nil) {
		return fail("message.one")
	}
	switch {
	case m.Hello != nil:
		h := m.Hello
		if len(h.Resume) > MaxToken {
			return fail("message.token")
		}
		if h.Offer == nil && h.Resume == "" {
			return fail("message.hello") // nothing to join or resume with
		}
		if h.Offer != nil {
			return h.Offer.check()
		}
	case m.Offer != nil:
		return m.Offer.check()
	case m.Act != nil:
		return m.Act.check()
	}
	return nil
}

// check looks at the shape alone: what may be done is the room's to say.
func (a Act) check() error {
	if a.ID < 1 || len(a.Do) > MaxDo || len(a.Member) > MaxTarget || len(a.Value) > MaxValue {
		return fail("message.act")
	}
	for _, c := range []byte(a.Do) {
		if (c < 'a' || c > 'z') && c != '.' {
			return fail("message.act")
		}
	}
	if a.Do == "" || a.N < 0 || a.N > MaxN {
		return fail("message.act")
	}
	return nil
}

func (o Offer) check() error {
	if len(o.SDP) > MaxSDP {
		return fail("offer.large")
	}
	if len(o.Names) > MaxSections {
		return fail("offer.sections")
	}
	seen := map[string]bool{}
	for _, n := range o.Names {
		if !validName(n) || seen[n] {
			return fail("offer.sections")
		}
		seen[n] = true
	}
	return nil
}

// validName takes the names of sections: "mic", "cam", "probe", "floor0", "stage11".
func validName(s string) bool {
	switch s {
	case "mic", "cam", "probe":
		return true
	}
	for _, prefix := range []string{"floor", "stage"} {
		if number, ok := strings.CutPrefix(s, prefix); ok && len(s) <= MaxName {
			n, err := strconv.ParseUint(number, 10, 8)
			return err == nil && strconv.FormatUint(n, 10) == number
		}
	}
	return false
}

func one(set ...bool) bool {
	n := 0
	for _, s := range set {
		if s {
			n++
		}
	}
	return n == 1
}

// EncodeFromClient gives the bytes for a node; for clients written in Go.
func EncodeFromClient(m FromClient) ([]byte, error) {
	if m.Hello != nil && m.Hello.Offer != nil {
		h := *m.Hello
		h.Offer = h.Offer.filled()
		m.Hello = &h
	}
	m.Offer = m.Offer.filled()
	if err := m.check(); err != nil {
		return nil, err
	}
	return marshal(m, MaxOffer)
}

// EncodeToClient gives the bytes for a page. Lists that are nil are written as empty.
func EncodeToClient(m ToClient) ([]byte, error) {
	if m.count() != 1 {
		return nil, fail("message.one")
	}
	if m.Welcome != nil {
		w := *m.Welcome
		w.Meeting, w.State = w.Meeting.filled(), w.State.filled()
		m.Welcome = &w
	}
	if m.State != nil {
		s := m.State.filled()
		m.State = &s
	}
	if m.Floor != nil {
		m.Floor = &Floor{Slots: list(m.Floor.Slots)}
	}
	if m.Layers != nil {
		m.Layers = &Layers{RIDs: list(m.Layers.RIDs)}
	}
	if m.Error != nil {
		e := m.Error.filled()
		m.Error = &e
	}
	if m.Done != nil && m.Done.Error != nil {
		e := m.Done.Error.filled()
		m.Done = &Done{ID: m.Done.ID, Error: &e}
	}
	if m.Levels != nil {
		m.Levels = &Levels{List: list(m.Levels.List)}
	}
	if m.Stats != nil {
		m.Stats = m.Stats.filled()
	}
	return marshal(m, MaxToClient)
}

func (m ToClient) count() int {
	n := 0
	for _, set := range []bool{m.Welcome != nil, m.Answer != nil, m.State != nil, m.Floor != nil, m.Quality != nil, m.Layers != nil, m.Error != nil, m.Bye != nil,
		m.Done != nil, m.Wait != nil, m.Signal != nil, m.Levels != nil, m.Stats != nil} {
		if set {
			n++
		}
	}
	return n
}

// DecodeToClient decodes what a node sent, up to MaxToClient bytes; for clients written in Go.
func DecodeToClient(b []byte) (ToClient, error) {
	var m ToClient
	if err := strict.Decode(b, &m, strict.Limits{Bytes: MaxToClient, Depth: MaxDepth, List: MaxList, String: MaxSDP}); err != nil {
		return ToClient{}, err
	}
	if m.count() != 1 {
		return ToClient{}, fail("message.one")
	}
	return m, nil
}

// DecodeCode decodes the body of POST /api/invitation and /api/session, at most MaxMessage bytes. Errors as DecodeFromClient.
func DecodeCode(b []byte) (CodeRequest, error) {
	var r CodeRequest
	if err := strict.Decode(b, &r, strict.Limits{Bytes: MaxMessage}); err != nil {
		return CodeRequest{}, err
	}
	if r.Code == "" || len(r.Code) > MaxToken || len(r.PIN) > MaxToken {
		return CodeRequest{}, fail("message.token")
	}
	return r, nil
}

// DecodeProbe decodes the body of POST /api/probe, at most MaxOffer bytes. Errors as DecodeFromClient.
func DecodeProbe(b []byte) (ProbeRequest, error) {
	var r ProbeRequest
	if err := strict.Decode(b, &r, strict.Limits{Bytes: MaxOffer, String: MaxSDP}); err != nil {
		return ProbeRequest{}, err
	}
	if len(r.Code) > MaxToken {
		return ProbeRequest{}, fail("message.token")
	}
	return r, r.Offer.check()
}

// Encode gives the JSON of any reply over HTTP: Invited, ProbeReply, Failure. Lists that are nil are written as empty.
func Encode(v any) ([]byte, error) {
	switch r := v.(type) {
	case Invited:
		r.Meeting = r.Meeting.filled()
		v = r
	case Failure:
		r.Error = r.Error.filled()
		v = r
	case Accounts:
		v = Accounts{list(r.Accounts)}
	case Sessions:
		v = Sessions{list(r.Sessions)}
	case Meetings:
		v = Meetings{list(r.Meetings)}
	}
	return marshal(v, MaxToClient)
}

func marshal(v any, limit int) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("encode message: %w", err)
	}
	if b.Len()-1 > limit {
		return nil, &strict.Error{Code: strict.CodeSize}
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// list makes nil an empty list: a page never meets null.
func list[T any](l []T) []T {
	if l == nil {
		return []T{}
	}
	return l
}

func (t Text) filled() Text {
	if t == nil {
		return Text{}
	}
	return t
}

func (o *Offer) filled() *Offer {
	if o == nil {
		return nil
	}
	return &Offer{SDP: o.SDP, Names: list(o.Names)}
}

func (e Error) filled() Error {
	if e.Args == nil {
		e.Args = map[string]string{}
	}
	return e
}

// NewMeeting shows d to a page.
func NewMeeting(d meeting.Definition) Meeting {
	m := Meeting{ID: string(d.ID), Title: Text(d.Title), Start: d.Start.UTC().Format(time.RFC3339),
		Formal: d.Formal(), Mode: string(d.Mode), Begin: string(d.Begin), Chair: string(d.Chair), Limit: d.Limit, Languages: d.Languages}
	if m.Mode == "" {
		m.Mode = string(meeting.FreeExchange)
	}
	if m.Begin == "" {
		m.Begin = string(meeting.Closed)
	}
	for _, i := range d.Agenda {
		m.Agenda = append(m.Agenda, AgendaItem{Title: Text(i.Title), Minutes: i.Minutes})
	}
	for _, p := range d.Parties {
		m.Parties = append(m.Parties, Party{ID: string(p.ID), Name: Text(p.Name), LongName: Text(p.LongName), City: Text(p.City),
			Zone: p.Zone, Emblem: p.Emblem})
	}
	for _, p := range d.Members {
		m.Members = append(m.Members, Member{ID: string(p.ID), Party: string(p.Party), Role: string(p.Role), Name: Text(p.Name),
			Office: Text(p.Office), Second: Text(p.Second), Precedence: p.Precedence})
	}
	if m.Chair == "" {
		for _, p := range d.Members {
			if p.Party == d.Host && p.Role == meeting.Principal {
				m.Chair = string(p.ID)
			}
		}
	}
	return m.filled()
}

// Public is what press and viewers may know of a meeting: title, time, parties and principals.
func (m Meeting) Public() Meeting {
	members := m.Members
	m.Members, m.Agenda, m.Chair, m.Limit = []Member{}, []AgendaItem{}, "", 0
	for _, p := range members {
		if p.Role == string(meeting.Principal) {
			m.Members = append(m.Members, p)
		}
	}
	return m
}

package wire

import (
	"encoding/json"

	"visavis/internal/meeting"
	"visavis/internal/strict"
)

// MaxArrange bounds the body of POST /api/arrange/…, bytes: a draft and its envelope.
const MaxArrange = 128 << 10

// Arranging answers GET /api/arrange.
type Arranging struct {
	Self     ArrangeParty     `json:"self"`
	Others   []ArrangeParty   `json:"others"` // with whom meetings can be arranged
	Meetings []ArrangeRow     `json:"meetings"`
	Accounts []ArrangeAccount `json:"accounts"` // officers and technicians of this node
}

// ArrangeParty is a party as its document names it.
type ArrangeParty struct {
	ID   string `json:"id"`
	Name Text   `json:"name"`
	Up   bool   `json:"up"` // its node can be spoken to now
}

// ArrangeAccount is somebody who can sign in here.
type ArrangeAccount struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Role string `json:"role"`
}

// ArrangeRow is one meeting in the list.
type ArrangeRow struct {
	ID     string `json:"id"`
	Other  string `json:"other"`
	Title  Text   `json:"title"`
	Start  string `json:"start"` // RFC 3339, UTC
	State  string `json:"state"` // of the last proposal, as in docs/link.md; "": none yet
	Ours   bool   `json:"ours"`  // the last proposal is ours
	Edited bool   `json:"edited"`
	Agreed bool   `json:"agreed"` // a definition is in force
}

// ArrangeCase is one meeting in arrangement.
type ArrangeCase struct {
	ID       string            `json:"id"`
	Self     string            `json:"self"`
	Other    string            `json:"other"`
	Version  int               `json:"version"`
	Draft    ArrangeDefinition `json:"draft"`
	Edited   bool              `json:"edited"` // the draft is not the last revision
	Saved    string            `json:"saved"`  // RFC 3339, UTC; "": by no officer yet
	SavedBy  string            `json:"savedBy"`
	Begun    bool              `json:"begun"` // nothing can be changed any more
	Agreed   string            `json:"agreed"`
	Revision []ArrangeRevision `json:"revisions"` // newest last; the last one is that which counts, if Head names it
	Head     string            `json:"head"`
	Changes  []ArrangeChange   `json:"changes"` // from what both knew before to the revision that counts
	Own      []ArrangeChange   `json:"own"`     // from the revision that counts to the draft
	More     bool              `json:"more"`    // there are more changes than are told
	Problems []ArrangeProblem  `json:"problems"`
}

// ArrangeDefinition is a meeting as it is being arranged: meeting.Definition in the page's words, field by field.
type ArrangeDefinition struct {
	ID        string       `json:"id"`
	Title     Text         `json:"title"`
	Host      string       `json:"host"`
	Start     string       `json:"start"` // RFC 3339, UTC
	Parties   []Party      `json:"parties"`
	Members   []Member     `json:"members"`
	Mode      string       `json:"mode,omitempty"`
	Begin     string       `json:"begin,omitempty"`
	Chair     string       `json:"chair,omitempty"`
	Limit     int          `json:"limit,omitempty"`
	Agenda    []AgendaItem `json:"agenda,omitempty"`
	Languages []string     `json:"languages,omitempty"`
}

// ArrangeRevision is one proposal.
type ArrangeRevision struct {
	ID     string `json:"id"`
	Party  string `json:"party"`
	State  string `json:"state"`
	At     string `json:"at"`    // RFC 3339, UTC
	Until  string `json:"until"` // of State
	By     string `json:"by"`    // our officer
	Code   string `json:"code"`
	Reason string `json:"reason"`
	Known  bool   `json:"known"` // the other node knows State
}

// ArrangeChange is one field that differs: its path, and both values, "" for none.
type ArrangeChange struct {
	Path string `json:"path"`
	Old  string `json:"old"`
	New  string `json:"new"`
}

// ArrangeProblem is what keeps a draft from being proposed: the path of a field, and an error's code.
type ArrangeProblem struct {
	Path string            `json:"path"`
	Code string            `json:"code"`
	Args map[string]string `json:"args"`
}

// ArrangeRequest is the body of POST /api/arrange and below; what is asked is in the path.
type ArrangeRequest struct {
	Other    string             `json:"other,omitempty"`
	ID       string             `json:"id,omitempty"`
	Copy     string             `json:"copy,omitempty"` // id of an earlier meeting, after which the new draft is made
	Version  int                `json:"version,omitempty"`
	Revision string             `json:"revision,omitempty"`
	Reason   string             `json:"reason,omitempty"`
	Draft    *ArrangeDefinition `json:"draft,omitempty"`
	Member   string             `json:"member,omitempty"`
	Name     string             `json:"name,omitempty"` // of a person of the press
}

// ArrangeInvitations answers GET /api/arrange/{meeting}/invitations.
type ArrangeInvitations struct {
	Invitations []ArrangeInvitation `json:"invitations"`
}

// ArrangeInvitation is how the invitation of one member of ours, or of one person of the press, stands.
type ArrangeInvitation struct {
	Member  string `json:"member"`
	Role    string `json:"role"`
	Name    string `json:"name"`    // of a person of the press, as accredited
	State   string `json:"state"`   // "none", "open", "used", "locked", "account": signs in with a passkey
	Expires string `json:"expires"` // RFC 3339, UTC; of an open one
	PIN     bool   `json:"pin"`
}

// ArrangeIssued answers POST /api/arrange/{meeting}/invite: shown once and kept nowhere.
type ArrangeIssued struct {
	Member  string `json:"member"`
	URL     string `json:"url"`
	PIN     string `json:"pin"` // "": none is asked for
	Expires string `json:"expires"`
}

// DecodeArrange decodes the body of POST /api/arrange and below, at most MaxArrange bytes. Errors as DecodeFromClient.
func DecodeArrange(b []byte) (ArrangeRequest, error) {
	var r ArrangeRequest
	err := strict.Decode(b, &r, strict.Limits{Bytes: MaxArrange, Depth: MaxDepth, List: 512, String: 16 << 10})
	return r, err
}

// NewArrangeDefinition is d in the page's words.
func NewArrangeDefinition(d meeting.Definition) (ArrangeDefinition, error) {
	var out ArrangeDefinition
	b, err := json.Marshal(d)
	if err != nil {
		return out, err
	}
	if err := json.Unmarshal(b, &out); err != nil {
		return out, err
	}
	return out.filled(), nil
}

// Definition is d as the meeting's rules know it; nothing of it has been checked but its shape. It returns a *meeting.Error for a start that is
// no time.
func (d ArrangeDefinition) Definition() (meeting.Definition, error) {
	var out meeting.Definition
	b, err := json.Marshal(d)
	if err != nil {
		return out, err
	}
	if err := json.Unmarshal(b, &out); err != nil {
		return out, fail("meeting.start")
	}
	for i := range out.Members {
		if len(out.Members[i].Second) == 0 {
			out.Members[i].Second = nil
		}
	}
	return out, nil
}

func (d ArrangeDefinition) filled() ArrangeDefinition {
	d.Title, d.Parties, d.Members = d.Title.filled(), list(d.Parties), list(d.Members)
	d.Agenda, d.Languages = list(d.Agenda), list(d.Languages)
	for i := range d.Parties {
		p := &d.Parties[i]
		p.Name, p.LongName, p.City = p.Name.filled(), p.LongName.filled(), p.City.filled()
	}
	for i := range d.Members {
		m := &d.Members[i]
		m.Name, m.Office, m.Second = m.Name.filled(), m.Office.filled(), m.Second.filled()
	}
	for i := range d.Agenda {
		d.Agenda[i].Title = d.Agenda[i].Title.filled()
	}
	return d
}

package arrange

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"strconv"

	"visavis/internal/meeting"
	"visavis/internal/strict"
)

// Message is what two nodes say to each other about a meeting that is being arranged: exactly one field is set (docs/link.md §6).
type Message struct {
	Propose *Proposal `json:"propose,omitempty"`
	Answer  *Answer   `json:"answer,omitempty"`
}

// Proposal is one revision of a meeting, as a party proposes it.
type Proposal struct {
	Meeting    meeting.ID         `json:"meeting"`
	Party      meeting.PartyID    `json:"party"`  // who proposes
	N          int64              `json:"n"`      // counts this party's proposals for this meeting, from 1
	Parent     meeting.Hash       `json:"parent"` // revision that it answers or replaces and that both sides know; zeros: none
	Agreed     meeting.Hash       `json:"agreed"` // revision that the proposer holds for agreed; zeros: none
	Definition meeting.Definition `json:"definition"`
}

// ID names the revision: SHA-256 over the purpose line "visavis-proposal/1" and, each with its line feed, meeting, party, number, parent and
// digest of the definition.
func (p Proposal) ID() meeting.Hash {
	h := sha256.New()
	for _, s := range []string{"visavis-proposal/1", string(p.Meeting), string(p.Party), strconv.FormatInt(p.N, 10), p.Parent.String(),
		meeting.Hash(p.Definition.Digest()).String()} {
		h.Write([]byte(s + "\n"))
	}
	return meeting.Hash(h.Sum(nil))
}

// Answer says in which state the sender holds a revision.
type Answer struct {
	Meeting  meeting.ID   `json:"meeting"`
	Revision meeting.Hash `json:"revision"`
	State    State        `json:"state"`
	N        int64        `json:"n,omitempty"`      // with late: the highest number that the sender has seen of the receiver
	Code     string       `json:"code,omitempty"`   // with refused: why; with calledoff: heardOff, or none
	Reason   string       `json:"reason,omitempty"` // with declined and calledoff: what the officer wrote
}

// State is how a revision stands.
type State string

// The states. Those of the first group can change, the others are the end of a revision.
const (
	Open     State = "open"     // waits for the other party's officer; as an answer: it has arrived
	Accepted State = "accepted" // its receiver's officer has accepted; its author has not confirmed yet

	Agreed     State = "agreed"     // both parties hold it
	Declined   State = "declined"   // its receiver said no
	Countered  State = "countered"  // its receiver answered with another
	Withdrawn  State = "withdrawn"  // its author took it back
	Superseded State = "superseded" // its author replaced it, or both proposed at once and the other one holds
	CalledOff  State = "calledoff"  // was agreed, and a party has called the meeting off
	Late       State = "late"       // it came after a newer one of the same author
	Refused    State = "refused"    // the other node could not take it: Code says why
)

func (s State) known() bool {
	switch s {
	case Open, Accepted, Agreed, Declined, Countered, Withdrawn, Superseded, CalledOff, Late, Refused:
		return true
	}
	return false
}

// over reports whether nothing can become of a revision any more.
func (s State) over() bool { return s != Open && s != Accepted }

// Encode gives the JSON of m, at most MaxMessage bytes.
func Encode(m Message) ([]byte, error) {
	b, err := marshal(m)
	if err != nil {
		return nil, err
	}
	if len(b) > MaxMessage {
		return nil, fail("arrange.size")
	}
	return b, nil
}

// Decode takes at most MaxMessage bytes of strict JSON. It returns a *strict.Error or a *meeting.Error. What a proposal's definition says has
// still to pass Proposal.Check: a proposal that does not is answered, bytes that are no message are not.
func Decode(b []byte) (Message, error) {
	var m Message
	if err := strict.Decode(b, &m, strict.Limits{Bytes: MaxMessage, Depth: maxDepth, List: maxList, String: maxText}); err != nil {
		return Message{}, err
	}
	switch {
	case (m.Propose != nil) == (m.Answer != nil):
		return Message{}, fail("arrange.one")
	case m.Answer != nil:
		return m, m.Answer.check()
	case !validID(string(m.Propose.Meeting)):
		return Message{}, fail("meeting.id")
	}
	return m, nil
}

// Check looks at a proposal that party far has sent to party self. It returns an *meeting.Error.
func (p *Proposal) Check(self, far meeting.PartyID) error {
	d := p.Definition
	_, ours := d.Party(self)
	_, theirs := d.Party(far)
	switch {
	case p.Party != far:
		return fail("arrange.party")
	case p.N < 1 || p.N > meeting.MaxCounter:
		return fail("arrange.number")
	case d.ID != p.Meeting:
		return fail("arrange.meeting")
	case len(d.Parties) != 2 || !ours || !theirs:
		return fail("arrange.parties")
	}
	if wrong := Problems(d); len(wrong) > 0 {
		return &meeting.Error{Code: wrong[0].Code, Args: wrong[0].Args}
	}
	clean, err := d.Clean()
	if err != nil {
		return err
	}
	if b, err := marshal(d); err != nil || len(b) > MaxDefinition {
		return fail("arrange.size")
	}
	if order(clean).Digest() != d.Digest() {
		return fail("text.unclean")
	}
	return nil
}

func (a Answer) check() error {
	switch {
	case !validID(string(a.Meeting)):
		return fail("meeting.id")
	case !a.State.known():
		return fail("arrange.state")
	case a.N < 0 || a.N > meeting.MaxCounter:
		return fail("arrange.number")
	case !validCode(a.Code):
		return fail("arrange.code")
	case a.Reason == "":
		return nil
	}
	return checkReason(a.Reason)
}

func checkReason(s string) error {
	clean, err := meeting.Clean(s, meeting.NoteText)
	if err != nil {
		return err
	}
	if clean != s || len([]rune(s)) > MaxReason {
		return fail("arrange.reason")
	}
	return nil
}

// marshal gives JSON as meeting does: no HTML escapes, no final line feed.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func fail(code string, pairs ...string) error {
	args := map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		args[pairs[i]] = pairs[i+1]
	}
	return &meeting.Error{Code: code, Args: args}
}

// validID takes what meeting.Definition.Check takes for an id, or it names no meeting.
func validID(s string) bool {
	if s == "" || len(s) > meeting.MaxID {
		return false
	}
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

func validCode(s string) bool {
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '.' {
			return false
		}
	}
	return len(s) <= meeting.MaxCode
}

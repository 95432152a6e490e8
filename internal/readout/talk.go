package readout

import (
	"crypto/sha256"
	"slices"
	"strconv"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/strict"
)

// Proposal is one immutable draft that a party puts before the other. No keystroke crosses, only this.
type Proposal struct {
	Readout  ID              `json:"readout"`
	Party    meeting.PartyID `json:"party"`  // who proposes
	N        int64           `json:"n"`      // counts this party's proposals for this readout, from 1
	Parent   meeting.Hash    `json:"parent"` // the proposal that it answers or replaces; zeros: the first
	Agreed   meeting.Hash    `json:"agreed"` // the proposal that the proposer holds for agreed; zeros: none
	Document Document        `json:"document"`
}

// ID names the proposal: SHA-256 over the purpose line "visavis-readout-proposal/1" and, each with its line feed, readout, party, number, parent,
// what was agreed before and the document's Digest.
func (p Proposal) ID() meeting.Hash {
	return sum("visavis-readout-proposal/1", string(p.Readout), string(p.Party), strconv.FormatInt(p.N, 10), p.Parent.String(), p.Agreed.String(), p.Document.Digest().String())
}

func sum(lines ...string) meeting.Hash {
	h := sha256.New()
	for _, s := range lines {
		h.Write([]byte(s + "\n"))
	}
	return meeting.Hash(h.Sum(nil))
}

// Answer says in which state the sender holds a proposal.
type Answer struct {
	Readout  ID           `json:"readout"`
	Proposal meeting.Hash `json:"proposal"`
	State    RoundState   `json:"state"`
	N        int64        `json:"n,omitempty"`    // with late: the highest number that the sender has seen of the receiver
	Code     string       `json:"code,omitempty"` // with refused: why
}

// RoundState is how a proposal stands.
type RoundState string

// The states. The first two can change, the others are the end of a proposal.
const (
	RoundOpen       RoundState = "open"       // waits for the other party's officer; as an answer: it has arrived
	RoundAccepted   RoundState = "accepted"   // its receiver's officer has accepted; its author has not confirmed yet
	RoundAgreed     RoundState = "agreed"     // both parties hold it
	RoundCountered  RoundState = "countered"  // answered by another
	RoundSuperseded RoundState = "superseded" // its author replaced it, or both proposed at once and the other one holds
	RoundLate       RoundState = "late"       // it came after a newer one of the same author, or answers what counts no more
	RoundRefused    RoundState = "refused"    // the other node could not take it: Code says why
)

func (s RoundState) known() bool {
	return slices.Contains([]RoundState{RoundOpen, RoundAccepted, RoundAgreed, RoundCountered, RoundSuperseded, RoundLate, RoundRefused}, s)
}

// Over reports whether nothing can become of the proposal any more.
func (s RoundState) Over() bool { return s != RoundOpen && s != RoundAccepted }

// Message is what two nodes say to each other about a readout: exactly one field is set (docs/readout.md).
type Message struct {
	Propose *Proposal `json:"propose,omitempty"`
	Answer  *Answer   `json:"answer,omitempty"`
	Signed  *Signed   `json:"signed,omitempty"`
	Beside  *Beside   `json:"beside,omitempty"`
	Clock   *Mark     `json:"clock,omitempty"`

	Withdrawn *Withdrawn `json:"withdrawn,omitempty"`
}

// Signed brings a party's line under the manifest that both hold.
type Signed struct {
	Readout  ID           `json:"readout"`
	Manifest meeting.Hash `json:"manifest"`
	Line     string       `json:"line,omitempty"` // "" with Got and Recall
	Got      bool         `json:"got,omitempty"`  // the sender has the receiver's line
	// Recall takes the sender's line back before publication: what is not yet public goes back into writing on both sides.
	Recall bool `json:"recall,omitempty"`
}

// Beside tells that a coordinated text is signed and waits for its embargo's end.
type Beside struct {
	Readout ID        `json:"readout"` // the receiver's text
	Text    ID        `json:"text"`    // the sender's
	Release time.Time `json:"release,omitzero"`
	Got     bool      `json:"got,omitempty"` // in place of that: the sender has heard it of the receiver's
	// Recall takes it back, and asks for the receiver's own word again. Without a release.
	Recall bool `json:"recall,omitempty"`
}

// Withdrawn tells that the sender's party stands by a published text no longer. It holds for the sender's site; the receiver's officers decide on theirs.
type Withdrawn struct {
	Readout  ID           `json:"readout"`  // the receiver's text
	Text     ID           `json:"text"`     // the sender's: the same if joint
	Manifest meeting.Hash `json:"manifest"` // of the sender's revision
	At       time.Time    `json:"at"`
	Got      bool         `json:"got,omitempty"` // in place of that: the sender has heard it of the receiver; At as it was said
}

// Mark asks another node for its wall clock, or tells it.
type Mark struct {
	N  int64     `json:"n"`           // of the question, 1 … meeting.MaxCounter; repeated in the answer
	At time.Time `json:"at,omitzero"` // of the answerer; the zero time: a question
}

// EncodeMessage gives the JSON of m, at most MaxMessage bytes; a *meeting.Error, readout.size, above.
func EncodeMessage(m Message) ([]byte, error) {
	b, err := canonical(m)
	if err != nil {
		return nil, err
	}
	if len(b) > MaxMessage {
		return nil, fail("readout.size")
	}
	return b, nil
}

// DecodeMessage takes at most MaxMessage bytes of strict JSON from another node. It returns a *strict.Error or a *meeting.Error. What a proposal's
// document says has still to pass Proposal.Check: a proposal that does not is answered, bytes that are no message are not.
func DecodeMessage(b []byte) (Message, error) {
	var m Message
	if err := strict.Decode(b, &m, strict.Limits{Bytes: MaxMessage, Depth: maxDepth, List: maxList, String: maxString}); err != nil {
		return Message{}, err
	}
	n := 0
	var id ID
	if m.Propose != nil {
		n, id = n+1, m.Propose.Readout
	}
	if a := m.Answer; a != nil {
		n, id = n+1, a.Readout
		if !a.State.known() || a.N < 0 || a.N > meeting.MaxCounter || !validCode(a.Code) {
			return Message{}, fail("readout.answer")
		}
	}
	if s := m.Signed; s != nil {
		n, id = n+1, s.Readout
		if s.Line != "" {
			if _, err := ParseLine(s.Line); err != nil {
				return Message{}, err
			}
		}
	}
	if b := m.Beside; b != nil {
		n, id = n+1, b.Readout
		if !validID(string(b.Text), meeting.MaxID) || b.Recall && !b.Release.IsZero() || !b.Recall && !validTime(b.Release) {
			return Message{}, fail("readout.message")
		}
	}
	if w := m.Withdrawn; w != nil {
		n, id = n+1, w.Readout
		if !validID(string(w.Text), meeting.MaxID) || !validTime(w.At) {
			return Message{}, fail("readout.message")
		}
	}
	if k := m.Clock; k != nil && n == 0 {
		if k.N < 1 || k.N > meeting.MaxCounter || !k.At.IsZero() && (k.At.Year() < 2000 || k.At.Year() > 9999) {
			return Message{}, fail("readout.message")
		}
		return m, nil
	}
	if m.Clock != nil || n != 1 || !validID(string(id), meeting.MaxID) {
		return Message{}, fail("readout.message")
	}
	return m, nil
}

func validCode(s string) bool {
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '.' {
			return false
		}
	}
	return len(s) <= meeting.MaxCode
}

// Check looks at a proposal that party far has sent to party self. It returns a *meeting.Error.
func (p *Proposal) Check(self, far meeting.PartyID) error {
	d := p.Document
	switch {
	case p.Party != far:
		return fail("readout.party")
	case p.N < 1 || p.N > meeting.MaxCounter:
		return fail("readout.number")
	case d.ID != p.Readout:
		return fail("readout.id")
	case d.Mode != Joint || len(d.Parties) != 2 || !slices.Contains(d.Signers(), self) || !slices.Contains(d.Signers(), far):
		return fail("readout.parties")
	}
	if err := d.Check(); err != nil {
		return err
	}
	if !sameJSON(d, d.Shared()) {
		return fail("readout.shared")
	}
	return nil
}

// Round is one proposal and what became of it.
type Round struct {
	ID     meeting.Hash    `json:"id"`
	Party  meeting.PartyID `json:"party"`
	N      int64           `json:"n"`
	Parent meeting.Hash    `json:"parent"`
	Agreed meeting.Hash    `json:"agreed"` // what its author held for agreed
	State  RoundState      `json:"state"`
	At     time.Time       `json:"at"`             // when it was proposed here, or arrived
	By     string          `json:"by,omitempty"`   // our officer who proposed or accepted
	Code   string          `json:"code,omitempty"` // of refused
	Known  bool            `json:"known"`          // the other node knows State: nothing of this has to be said again
	// Document is kept for the proposals that are still needed.
	Document *Document `json:"document,omitempty"`
}

// Talk is what two parties have said to each other about one joint text, as one of them keeps it. Its methods are the rules: none does I/O or
// panics on what a stranger has sent, and each that returns an error leaves it as it was.
type Talk struct {
	Readout ID              `json:"readout"`
	Self    meeting.PartyID `json:"self"`
	Other   meeting.PartyID `json:"other"`
	Sent    int64           `json:"sent"`   // number of our last proposal
	Heard   int64           `json:"heard"`  // number of their last one
	Head    meeting.Hash    `json:"head"`   // the proposal that counts; zeros: none
	Agreed  meeting.Hash    `json:"agreed"` // the proposal that both hold; zeros: none
	Rounds  []Round         `json:"rounds"` // oldest first, at most MaxRounds
}

// Round returns the proposal of that id, nil if there is none.
func (t *Talk) Round(id meeting.Hash) *Round {
	for i := range t.Rounds {
		if t.Rounds[i].ID == id && id != (meeting.Hash{}) {
			return &t.Rounds[i]
		}
	}
	return nil
}

// Open is the proposal that counts, nil if there is none.
func (t *Talk) Open() *Round { return t.Round(t.Head) }

func (t *Talk) add(r Round) {
	t.Rounds = append(t.Rounds, r)
	t.Head = r.ID
	t.prune()
}

// prune keeps the documents of the head, of what it answers and of what is agreed, and at most MaxRounds rounds.
func (t *Talk) prune() {
	keep := map[meeting.Hash]bool{t.Head: true, t.Agreed: true}
	if h := t.Open(); h != nil {
		keep[h.Parent] = true
	}
	for i := range t.Rounds {
		if r := &t.Rounds[i]; !keep[r.ID] {
			r.Document = nil
		}
	}
	for i := 0; len(t.Rounds) > MaxRounds && i < len(t.Rounds); {
		if keep[t.Rounds[i].ID] {
			i++
			continue
		}
		t.Rounds = slices.Delete(t.Rounds, i, i+1)
	}
}

// Propose makes d a proposal of ours: the first, in the place of our last, or in answer to theirs.
func (t *Talk) Propose(d Document, by string, now time.Time) error {
	d = d.Shared()
	h := t.Open()
	switch {
	case d.ID != t.Readout:
		return fail("readout.id")
	case h != nil && h.State == RoundAccepted: // we have said yes to theirs
		return fail("readout.accepted")
	case h != nil && !h.State.Over() && h.Document != nil && h.Document.Digest() == d.Digest():
		return fail("readout.same")
	}
	if err := d.Check(); err != nil {
		return err
	}
	p := Proposal{Readout: t.Readout, Party: t.Self, N: t.Sent + 1, Parent: t.base(), Agreed: t.Agreed, Document: d}
	if _, err := EncodeMessage(Message{Propose: &p}); err != nil {
		return err
	}
	if h != nil && !h.State.Over() {
		h.State = RoundSuperseded
		if h.Party == t.Other {
			h.State = RoundCountered
		}
		h.Known = true // the new proposal says so
	}
	t.Sent++
	t.add(Round{ID: p.ID(), Party: t.Self, N: p.N, Parent: p.Parent, Agreed: p.Agreed, State: RoundOpen, At: now.UTC(), By: by, Document: &d})
	return nil
}

// base is the proposal that a new one answers: the newest that the other node is known to have.
func (t *Talk) base() meeting.Hash {
	h := t.Open()
	switch {
	case h == nil:
		return meeting.Hash{}
	case h.Party == t.Other || h.Known:
		return h.ID
	}
	return h.Parent
}

// Accept is our officer's yes to their proposal id, which the officer has read. Both hold the text when the other node confirms: until then its
// author may have replaced it. Accepting twice is accepting once.
func (t *Talk) Accept(id meeting.Hash, by string) error {
	h := t.Open()
	switch {
	case h == nil || h.ID != id || h.Party != t.Other:
		return fail("readout.superseded")
	case h.State == RoundAccepted || h.State == RoundAgreed:
		return nil
	case h.State != RoundOpen:
		return fail("readout.superseded")
	}
	h.State, h.By, h.Known = RoundAccepted, by, false
	return nil
}

// Reopen takes back what both held: its yes, said again by a node that has not heard of our confirmation, is answered with superseded.
func (t *Talk) Reopen() {
	if r := t.Round(t.Agreed); r != nil && r.State == RoundAgreed {
		r.State = RoundSuperseded
	}
}

// Pending is what the other node has not answered yet, in the order in which it has to be said.
func (t *Talk) Pending() []Message {
	var out []Message
	for i := range t.Rounds {
		r := &t.Rounds[i]
		switch {
		case r.Known:
		case r.Party == t.Self && r.State == RoundOpen && r.ID == t.Head && r.Document != nil:
			out = append(out, Message{Propose: &Proposal{t.Readout, r.Party, r.N, r.Parent, r.Agreed, *r.Document}})
		case r.Party == t.Other && r.State == RoundAccepted:
			out = append(out, t.say(r))
		}
	}
	return out
}

func (t *Talk) say(r *Round) Message {
	return Message{Answer: &Answer{Readout: t.Readout, Proposal: r.ID, State: r.State, Code: r.Code}}
}

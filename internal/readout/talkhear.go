package readout

import (
	"time"

	"visavis/internal/meeting"
)

// Heard is what follows from a message of the other node.
type Heard struct {
	Say     []Message
	Changed bool      // the Talk has to be kept
	Agreed  *Document // both parties hold this text from now on
	New     *Proposal // a proposal that our officer has to look at
}

// HearProposal takes a proposal of the other party that has passed Check. The same one twice changes nothing and is answered with its state; one
// with a number that is not new, or one that answers a proposal which counts no more, is refused with late.
func (t *Talk) HearProposal(p *Proposal, now time.Time) (h Heard) {
	if r := t.Round(p.Agreed); r != nil && r.Party == t.Other && r.State == RoundAccepted && r.Document != nil { // their confirmation was lost
		h.Agreed, h.Changed = t.agree(r), true
	}
	id := p.ID()
	if r := t.Round(id); r != nil {
		h.Say = append(h.Say, t.say(r))
		return h
	}
	if p.N <= t.Heard {
		h.Say = append(h.Say, Message{Answer: &Answer{Readout: t.Readout, Proposal: id, State: RoundLate, N: t.Heard}})
		return h
	}
	was := t.Open()
	if t.replaced(p.Parent) { // they had not seen yet that we replaced it, or that both agreed on another
		h.Say = append(h.Say, Message{Answer: &Answer{Readout: t.Readout, Proposal: id, State: RoundLate, N: t.Heard, Code: "readout.superseded"}})
		return h
	}
	r := Round{ID: id, Party: p.Party, N: p.N, Parent: p.Parent, Agreed: p.Agreed, State: RoundOpen, At: now.UTC(), Known: true, Document: &p.Document}
	t.Heard, h.Changed = p.N, true
	switch {
	case was != nil && was.State == RoundOpen && was.Party == t.Self && p.Parent != was.ID && !t.answers(was) && t.Self < t.Other: // both proposed at once: that of the party with the smaller id holds, on both nodes
		r.State, r.Document = RoundSuperseded, nil
		t.Rounds = append(t.Rounds, r)
		t.prune()
		h.Say = append(h.Say, t.say(&r))
		return h
	case was != nil && !was.State.Over():
		was.State = RoundSuperseded
		if was.Party == t.Self && p.Parent == was.ID {
			was.State = RoundCountered
		}
		was.Known = true
	}
	t.add(r)
	h.New = p
	h.Say = append(h.Say, t.say(t.Open()))
	return h
}

// replaced reports whether a proposal is one of ours that we have replaced by one which still waits: who answers it has not seen the newer one, and
// is told. The other node, hearing the newer one, lets its answer fall (answers): both come to the same.
func (t *Talk) replaced(parent meeting.Hash) bool {
	was, r := t.Open(), t.Round(parent)
	return was != nil && r != nil && r != was && was.State == RoundOpen && was.Party == t.Self &&
		r.Party == t.Self && r.State == RoundSuperseded
}

// answers reports whether our proposal r answers one of theirs: then a newer one of theirs has taken that one away, and r falls.
func (t *Talk) answers(r *Round) bool {
	parent := t.Round(r.Parent)
	return parent != nil && parent.Party == t.Other
}

// HearAnswer takes what the other node says of a proposal.
func (t *Talk) HearAnswer(a *Answer) (h Heard) {
	r := t.Round(a.Proposal)
	if r == nil {
		if a.State == RoundAccepted { // we have forgotten it: a restored backup. The other must not wait for ever.
			h.Say = []Message{{Answer: &Answer{Readout: t.Readout, Proposal: a.Proposal, State: RoundRefused, Code: "readout.unknown"}}}
		}
		return h
	}
	if r.Party == t.Self {
		return t.answerOurs(r, a)
	}
	return t.answerTheirs(r, a)
}

func (t *Talk) agree(r *Round) *Document {
	r.State, r.Known = RoundAgreed, true
	t.Agreed = r.ID
	d := r.Document.Clone()
	return &d
}

// answerOurs: the other node tells what it does with a proposal of ours.
func (t *Talk) answerOurs(r *Round, a *Answer) (h Heard) {
	open := r.State == RoundOpen && r.ID == t.Head && r.Document != nil
	switch a.State {
	case RoundOpen:
		h.Changed = !r.Known
		r.Known = true
	case RoundAccepted:
		if open {
			h.Agreed, h.Changed = t.agree(r), true
		}
		h.Say = []Message{t.say(r)} // agreed, or why it came too late
	case RoundCountered, RoundSuperseded, RoundLate, RoundRefused:
		if a.State == RoundLate && a.N > t.Sent { // our own count went back: a restored backup
			t.Sent, h.Changed = a.N, true
		}
		if open {
			r.State, r.Code, r.Known, h.Changed = a.State, a.Code, true, true
		}
		if a.State == RoundRefused {
			h.Say = []Message{t.say(r)}
		}
	}
	return h
}

// answerTheirs: the other node tells how its own proposal stands. It can never make agreed what our officer has not accepted.
func (t *Talk) answerTheirs(r *Round, a *Answer) (h Heard) {
	switch {
	case a.State == RoundAgreed && r.State == RoundAccepted && r.Document != nil:
		h.Agreed, h.Changed = t.agree(r), true
	case a.State.Over() && a.State != RoundAgreed && r.State == RoundAccepted:
		r.State, r.Code, r.Known, h.Changed = a.State, a.Code, true, true
	}
	return h
}

// NewTalk is a negotiation that has not begun.
func NewTalk(id ID, self, other meeting.PartyID) *Talk {
	return &Talk{Readout: id, Self: self, Other: other}
}

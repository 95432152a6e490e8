package arrange

import (
	"slices"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/strict"
)

// Case is one meeting in arrangement, as this node keeps it: our draft, and what the two parties have said to each other. Its methods are the
// rules of arranging (docs/link.md §6): no I/O, no clock, and none panics on what a stranger has sent.
type Case struct {
	ID      meeting.ID         `json:"id"`
	Self    meeting.PartyID    `json:"self"`
	Other   meeting.PartyID    `json:"other"`
	Version int64              `json:"version"` // rises with every change: of two officers who edit at once the later one is told
	Draft   meeting.Definition `json:"draft"`   // may be incomplete
	Edited  bool               `json:"edited"`  // our officer has changed the draft since the last revision
	Saved   time.Time          `json:"saved"`
	SavedBy string             `json:"savedBy"`
	Sent    int64              `json:"sent"`   // number of our last proposal
	Heard   int64              `json:"heard"`  // number of their last one
	Head    meeting.Hash       `json:"head"`   // the revision that counts; zeros: none
	Agreed  meeting.Hash       `json:"agreed"` // the revision that both hold; zeros: none
	Log     []Revision         `json:"log"`    // oldest first, at most MaxRevisions
}

// Revision is one proposal and what became of it.
type Revision struct {
	ID     meeting.Hash    `json:"id"`
	Party  meeting.PartyID `json:"party"`
	N      int64           `json:"n"`
	Parent meeting.Hash    `json:"parent"`
	Base   meeting.Hash    `json:"base"` // what its author held for agreed
	Digest meeting.Hash    `json:"digest"`
	State  State           `json:"state"`
	At     time.Time       `json:"at"`               // when it was proposed here, or arrived
	Until  time.Time       `json:"until"`            // when State last changed
	By     string          `json:"by,omitempty"`     // our officer who proposed, accepted or declined
	Code   string          `json:"code,omitempty"`   // of refused
	Reason string          `json:"reason,omitempty"` // of declined
	// Known says that the other node knows State: nothing of this revision has to be sent again.
	Known bool `json:"known"`
	// Definition is kept for the revisions that are still needed: see prune.
	Definition *meeting.Definition `json:"definition,omitempty"`
}

func (c *Case) revision(id meeting.Hash) *Revision {
	if id == (meeting.Hash{}) {
		return nil
	}
	for i := range c.Log {
		if c.Log[i].ID == id {
			return &c.Log[i]
		}
	}
	return nil
}

func (c *Case) head() *Revision   { return c.revision(c.Head) }
func (c *Case) agreed() *Revision { return c.revision(c.Agreed) }

// last is the newest revision of a party whose definition is still there.
func (c *Case) last(p meeting.PartyID) *Revision {
	for i := len(c.Log) - 1; i >= 0; i-- {
		if r := &c.Log[i]; r.Party == p && r.Definition != nil {
			return r
		}
	}
	return nil
}

func (r *Revision) become(s State, now time.Time) {
	r.State, r.Until, r.Known = s, now.UTC(), false
}

func (r *Revision) proposal(id meeting.ID) *Proposal {
	return &Proposal{Meeting: id, Party: r.Party, N: r.N, Parent: r.Parent, Agreed: r.Base, Definition: *r.Definition}
}

// say is the answer that tells how r stands.
func (c *Case) say(r *Revision) Message {
	return Message{Answer: &Answer{Meeting: c.ID, Revision: r.ID, State: r.State, Code: r.Code, Reason: r.Reason}}
}

// stand is say once it is known whether the meeting has begun: then nothing of theirs comes into force any more that had not, and a yes which
// they may not have heard is one no longer.
func (c *Case) stand(r *Revision, begun bool) Message {
	if begun && r.Party == c.Other && r.State == Accepted {
		return Message{Answer: &Answer{Meeting: c.ID, Revision: r.ID, State: Refused, Code: "arrange.begun"}}
	}
	return c.say(r)
}

// add makes r the head. The revision that was the head before has been given its end by the caller.
func (c *Case) add(r Revision) {
	c.Log = append(c.Log, r)
	c.Head = r.ID
	c.prune()
}

// prune forgets the definitions that nothing refers to any more, and the oldest revisions.
func (c *Case) prune() {
	keep := map[meeting.Hash]bool{c.Head: true, c.Agreed: true}
	if h := c.head(); h != nil {
		keep[h.Parent] = true
	}
	for _, p := range []meeting.PartyID{c.Self, c.Other} {
		if r := c.last(p); r != nil {
			keep[r.ID] = true
		}
	}
	for i := range c.Log {
		if r := &c.Log[i]; !keep[r.ID] {
			r.Definition = nil
		}
	}
	for i := 0; len(c.Log) > MaxRevisions && i < len(c.Log); {
		if keep[c.Log[i].ID] {
			i++
			continue
		}
		c.Log = slices.Delete(c.Log, i, i+1)
	}
}

// touch counts a change.
func (c *Case) touch() { c.Version++ }

// pending is everything that the other node has not answered yet, in the order in which it has to be said. begun says that the
// meeting's log has entries here.
func (c *Case) pending(begun bool) []Message {
	var out []Message
	for i := range c.Log {
		r := &c.Log[i]
		switch {
		case r.Known:
		case r.Party == c.Self && r.State == Open && r.ID == c.Head && r.Definition != nil:
			out = append(out, Message{Propose: r.proposal(c.ID)})
		case r.State == CalledOff, r.Party == c.Self && r.State == Withdrawn, r.Party == c.Other && (r.State == Accepted || r.State == Declined):
			out = append(out, c.stand(r, begun))
		}
	}
	return out
}

// over says that nothing is open in the case any more, and that its hour and its last word lie longOver back.
func (c *Case) over(now time.Time) bool {
	h := c.head()
	if h == nil || !h.State.over() || now.Before(h.Until.Add(longOver)) {
		return false
	}
	d, agreed := c.InForce()
	return !agreed || !now.Before(d.Start.Add(longOver))
}

// encode gives what the store keeps, at most MaxCase bytes.
func (c *Case) encode() ([]byte, error) {
	b, err := marshal(c)
	if err != nil {
		return nil, err
	}
	if len(b) > MaxCase {
		return nil, fail("arrange.size")
	}
	return b, nil
}

// decodeCase reads what encode wrote, as strictly as what strangers write: the disk may have been touched.
func decodeCase(b []byte) (*Case, error) {
	c := new(Case)
	if err := strict.Decode(b, c, strict.Limits{Bytes: MaxCase, Depth: maxDepth + 2, List: maxList, String: 4 * maxText}); err != nil {
		return nil, err
	}
	return c, nil
}

// imported is the revision of a definition that came by another way than a proposal: both nodes give it the same name.
func imported(d meeting.Definition, now time.Time) Revision {
	p := Proposal{Meeting: d.ID, Party: d.Host, Definition: d}
	return Revision{ID: p.ID(), Party: d.Host, Digest: d.Digest(), State: Agreed, At: now.UTC(), Until: now.UTC(), Known: true, Definition: &d}
}

// adopt takes up the definition that is in force on this node, if the case does not hold it for agreed: a command has put it there.
func (c *Case) adopt(d meeting.Definition, now time.Time) bool {
	if a := c.agreed(); a != nil && a.Digest == d.Digest() {
		return false
	}
	r := imported(d, now)
	if h := c.head(); h != nil && !h.State.over() {
		h.become(Superseded, now)
	}
	c.Log = slices.DeleteFunc(c.Log, func(x Revision) bool { return x.ID == r.ID })
	c.Agreed = r.ID
	c.add(r)
	if !c.Edited {
		c.Draft = d
	}
	c.touch()
	return true
}

// Compared are the revision that counts and the one that both knew before it, for an officer who reads what has changed; nil where there is
// none, or it is forgotten.
func (c *Case) Compared() (before, head *meeting.Definition) {
	h := c.head()
	if h == nil {
		return nil, nil
	}
	for _, id := range []meeting.Hash{h.Parent, c.Agreed} {
		if r := c.revision(id); r != nil && r.Definition != nil && r.ID != h.ID {
			return r.Definition, h.Definition
		}
	}
	return nil, h.Definition
}

// InForce is what both parties have agreed on.
func (c *Case) InForce() (d meeting.Definition, ok bool) {
	a := c.agreed()
	if a == nil || a.Definition == nil {
		return d, false
	}
	return *a.Definition, true
}

package arrange

import (
	"time"

	"visavis/internal/meeting"
)

// heard is what follows from a message of the other node.
type heard struct {
	say     []Message
	changed bool                // the case has to be kept
	install *meeting.Definition // this definition is in force from now on: it and the case are kept in one step
	remove  bool                // none is in force from now on, likewise
}

// propose takes a proposal of the other party, whose node the link has proven. begun says that the meeting's log has entries: nothing can be
// changed any more.
func (c *Case) propose(p *Proposal, begun bool, now time.Time) (h heard) {
	if r := c.revision(p.Agreed); r != nil && r.Party == c.Other && r.State == Accepted && !begun { // their confirmation was lost
		h.install, h.changed = c.agree(r, now), true
	}
	id := p.ID()
	if r := c.revision(id); r != nil {
		h.say = append(h.say, c.stand(r, begun))
		return h
	}
	refuse := func(code string) heard {
		h.say = append(h.say, Message{Answer: &Answer{Meeting: c.ID, Revision: id, State: Refused, Code: code}})
		return h
	}
	switch {
	case begun:
		return refuse("arrange.begun")
	case !c.ownPart(p.Definition):
		return refuse("arrange.delegation")
	case p.N <= c.Heard:
		h.say = append(h.say, Message{Answer: &Answer{Meeting: c.ID, Revision: id, State: Late, N: c.Heard}})
		return h
	}
	r := Revision{ID: id, Party: p.Party, N: p.N, Parent: p.Parent, Base: p.Agreed, Digest: p.Definition.Digest(), State: Open,
		At: now.UTC(), Until: now.UTC(), Known: true, Definition: &p.Definition}
	c.Heard, h.changed = p.N, true
	c.touch()
	if was := c.head(); was != nil && was.State == Open && was.Party == c.Self && p.Parent != was.ID && c.Self < c.Other {
		// Both proposed at once: that of the party with the smaller id holds, on both nodes.
		r.State = Superseded
		c.Log = append(c.Log, r)
		c.prune()
		h.say = append(h.say, c.say(&r))
		return h
	} else if was != nil && !was.State.over() {
		end := Superseded // theirs, or ours that crossed it
		if was.Party == c.Self && p.Parent == was.ID {
			end = Countered
		}
		was.become(end, now)
		was.Known = true
	}
	c.add(r)
	c.takeUp(p.Definition)
	h.say = append(h.say, c.say(c.head()))
	return h
}

// ownPart reports whether what d says of our own delegation is what we have said ourselves: it alone is ours to change.
func (c *Case) ownPart(d meeting.Definition) bool {
	spoken := false
	for i := range c.Log {
		r := &c.Log[i]
		if r.Definition == nil || r.Party != c.Self && r.ID != c.Agreed {
			continue
		}
		if spoken = true; samePart(d, *r.Definition, c.Self) {
			return true
		}
	}
	// Nobody has come together on anything yet: the other side may not have seen our people.
	return (!spoken || c.Agreed == (meeting.Hash{})) && len(membersOf(d, c.Self)) == 0
}

// takeUp brings what the other party proposes into our draft. What our officer has changed and not sent stays; our own people always do.
func (c *Case) takeUp(d meeting.Definition) {
	from := d
	if c.Edited {
		from = c.Draft
	}
	own := c.Draft
	if len(membersOf(own, c.Self)) == 0 {
		own = d
	}
	c.Draft = withPart(withPart(from, own, c.Self), d, c.Other)
}

// agree makes r the revision that holds.
func (c *Case) agree(r *Revision, now time.Time) *meeting.Definition {
	r.become(Agreed, now)
	r.Known = true
	c.Agreed = r.ID
	d := *r.Definition
	if !c.Edited {
		c.Draft = d
	}
	c.touch()
	return &d
}

// answer takes what the other node says of a revision.
func (c *Case) answer(a *Answer, begun bool, now time.Time) (h heard) {
	r := c.revision(a.Revision)
	if a.State == CalledOff {
		return c.calledOff(r, a, begun, now)
	}
	if r == nil {
		if a.State == Accepted || a.State == Declined { // we have forgotten it: a restored backup. The other must not wait for ever.
			h.say = []Message{{Answer: &Answer{Meeting: c.ID, Revision: a.Revision, State: Refused, Code: "arrange.unknown"}}}
		}
		return h
	}
	if r.Party == c.Self {
		return c.answerOurs(r, a, begun, now)
	}
	return c.answerTheirs(r, a, begun, now)
}

// answerOurs: the other node tells what it does with a proposal of ours.
func (c *Case) answerOurs(r *Revision, a *Answer, begun bool, now time.Time) (h heard) {
	open := r.State == Open && r.ID == c.Head && r.Definition != nil
	switch a.State {
	case Open, Withdrawn: // it has arrived; our withdrawal has
		if h.changed = !r.Known && (a.State == Withdrawn) == (r.State == Withdrawn); h.changed {
			r.Known = true
		}
		if a.State == Open && r.State == Superseded { // it crossed what ended it: a calling-off
			h.say = []Message{c.say(r)}
		}
	case Accepted:
		switch {
		case open && begun:
			r.become(Refused, now)
			r.Code, r.Known, h.changed = "arrange.begun", true, true
		case open:
			h.install, h.changed = c.agree(r, now), true
		}
		h.say = []Message{c.say(r)}
	case Declined:
		if open {
			r.become(Declined, now)
			r.Reason, r.Known, h.changed = a.Reason, true, true
		}
		h.say = []Message{c.say(r)}
	case Superseded, Countered, Late, Refused:
		if a.State == Late && a.N > c.Sent { // our own count went back: a restored backup
			c.Sent, h.changed = a.N, true
		}
		if open {
			r.become(a.State, now)
			r.Code, r.Known, h.changed = a.Code, true, true
		}
		if a.State == Refused { // after a yes: they learn whether it had come in time
			h.say = []Message{c.say(r)}
		}
	}
	if h.changed {
		c.touch()
	}
	return h
}

// answerTheirs: the other node tells how its own proposal stands. It can never make agreed what our officer has not accepted.
func (c *Case) answerTheirs(r *Revision, a *Answer, begun bool, now time.Time) (h heard) {
	switch {
	case a.State == Agreed && r.State == Accepted && begun:
		h.changed = r.Code == ""
		r.Code = "arrange.begun"
	case a.State == Agreed && r.State == Accepted:
		h.install, h.changed = c.agree(r, now), true
	case a.State == Withdrawn && r.State != Agreed:
		if !r.State.over() {
			r.become(Withdrawn, now)
			h.changed = true
		}
		h.changed = h.changed || !r.Known
		r.Known = true
		h.say = []Message{{Answer: &Answer{Meeting: c.ID, Revision: r.ID, State: Withdrawn}}}
	case a.State == Declined && r.State == Declined:
		h.changed = !r.Known
		r.Known = true
	case a.State.over() && a.State != Agreed && (r.State == Accepted || r.State == Declined && !r.Known || r.State == Open && a.State == Superseded):
		r.become(a.State, now)
		r.Code, r.Known, h.changed = a.Code, true, true
	}
	if h.changed {
		c.touch()
	}
	return h
}

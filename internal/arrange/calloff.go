package arrange

import (
	"context"
	"time"

	"visavis/internal/meeting"
)

// heardOff is the code with which a node answers that it has heard that a meeting is called off.
const heardOff = "arrange.heard"

// callOff is our officer's word that a meeting which is agreed on will not be. The other party need not agree: nobody is made to come.
func (c *Case) callOff(rev meeting.Hash, begun bool, reason, by string, now time.Time) error {
	a, h := c.agreed(), c.head()
	switch {
	case a == nil || a.State != Agreed || a.ID != rev:
		return fail("arrange.gone")
	case begun:
		return fail("arrange.begun")
	case h != nil && h.State == Accepted:
		return fail("arrange.accepted")
	}
	if reason != "" {
		if err := checkReason(reason); err != nil {
			return err
		}
	}
	a.By, a.Reason = by, reason
	c.off(a, now)
	return nil
}

// off makes r, that which was agreed on or was to be, the end: nothing is agreed on any more, nothing is open. The draft stays.
func (c *Case) off(r *Revision, now time.Time) {
	if a := c.agreed(); a != nil && a != r {
		a.become(CalledOff, now)
		a.Known = true
	}
	if h := c.head(); h != nil && h != r && !h.State.over() {
		h.become(Superseded, now)
		h.Known = true
	}
	r.become(CalledOff, now)
	c.Agreed = meeting.Hash{}
	c.touch()
}

// calledOff takes the other party's word that the meeting is called off. Once it has begun here, its log and what it is about stay. One of the nodes
// may have been restored from a backup: whatever revision the other held for agreed, the meeting is the same, and nothing of it stays in force.
func (c *Case) calledOff(r *Revision, a *Answer, begun bool, now time.Time) (h heard) {
	if a.Code == heardOff { // they know
		if h.changed = r != nil && r.State == CalledOff && !r.Known; h.changed {
			r.Known = true
			c.touch()
		}
		return h
	}
	if r == nil {
		r = c.agreed()
	}
	switch {
	case r == nil:
	case r.State == CalledOff: // both at once, or our answer was lost
		h.changed, r.Known = !r.Known, true
	case r.State.over() && r.State != Agreed: // something that has an end already
	case begun:
		r.become(CalledOff, now)
		r.Code, r.Reason, r.Known, h.changed = "arrange.begun", a.Reason, true, true
	default:
		c.off(r, now)
		r.Reason, r.Known, h.changed, h.remove = a.Reason, true, true, true
	}
	if h.changed {
		c.touch()
	}
	h.say = []Message{{Answer: &Answer{Meeting: c.ID, Revision: a.Revision, State: CalledOff, Code: heardOff}}}
	if own := c.head(); own != nil && own.Party == c.Self && own.State == Superseded { // it may have crossed their word
		h.say = append(h.say, c.say(own))
	}
	return h
}

// CallOff calls a meeting off that is agreed on as revision rev, and has not begun: it is in force on this node no longer, and will not be on the other.
// The reason may be empty.
func (d *Desk) CallOff(ctx context.Context, id meeting.ID, rev meeting.Hash, reason, by string) (*Case, error) {
	c, err := d.changeWith(ctx, id, true, func(c *Case, begun bool) error { return c.callOff(rev, begun, reason, by, d.c.Now()) })
	if err == nil {
		d.c.Installed(id)
		d.deliver(c.Other, c.pending(false))
	}
	return c, err
}

// Copy makes a new draft after an earlier meeting with the same party: its title, order, agenda and places, our delegation, the next anniversary of its
// hour. The other party names its own people. An empty id is drawn.
func (d *Desk) Copy(ctx context.Context, id, from meeting.ID, by string) (*Case, error) {
	d.mu.Lock()
	old, err := d.loadLocked(ctx, from)
	d.mu.Unlock()
	if err != nil {
		return nil, err
	}
	was, ok := old.InForce()
	if !ok {
		was = old.Draft
	}
	return d.begin(ctx, id, old.Other, by, func(draft meeting.Definition) meeting.Definition {
		start := was.Start
		for n := 1; !start.After(d.c.Now()) && n < 200; n++ {
			start = was.Start.AddDate(n, 0, 0)
		}
		id := draft.ID
		draft = was
		draft.ID, draft.Start = id, start.UTC()
		draft.Members = membersOf(was, d.c.Self.ID)
		return order(draft)
	})
}

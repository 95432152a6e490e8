package arrange

import (
	"time"

	"visavis/internal/meeting"
)

// Save keeps an officer's draft. version is that of the case which the officer saw. It may be incomplete; what it may not do is touch the other
// party's delegation, which only that party changes.
func (c *Case) save(d meeting.Definition, version int64, by string, now time.Time) error {
	if version != c.Version {
		return fail("arrange.changed", "by", c.SavedBy)
	}
	if d.ID != c.ID || len(d.Parties) != 2 {
		return fail("arrange.meeting")
	}
	for _, p := range []meeting.PartyID{c.Self, c.Other} {
		if _, ok := d.Party(p); !ok {
			return fail("arrange.meeting")
		}
	}
	d = order(d)
	if !c.otherPart(d) {
		return fail("arrange.delegation", "party", string(c.Other))
	}
	if b, err := marshal(d); err != nil || len(b) > MaxDefinition {
		return fail("arrange.size")
	}
	c.Draft, c.Saved, c.SavedBy = d, now.UTC(), by
	c.Edited = c.differs(d)
	c.touch()
	return nil
}

// differs reports whether a draft says anything else than the revision that counts.
func (c *Case) differs(d meeting.Definition) bool {
	h := c.head()
	return h == nil || h.Definition == nil || len(Diff(*h.Definition, d)) > 0
}

// otherPart reports whether d leaves the other party's part as that party has sent it. Before it has sent any, its entry is a suggestion of
// ours and its delegation is empty.
func (c *Case) otherPart(d meeting.Definition) bool {
	if r := c.last(c.Other); r != nil {
		return samePart(d, *r.Definition, c.Other)
	}
	if a := c.agreed(); a != nil {
		return samePart(d, *a.Definition, c.Other)
	}
	return len(membersOf(d, c.Other)) == 0
}

// send makes the draft a proposal of ours.
func (c *Case) send(version int64, begun bool, by string, now time.Time) error {
	d, err := c.Draft.Clean()
	switch h := c.head(); {
	case version != c.Version:
		return fail("arrange.changed", "by", c.SavedBy)
	case begun:
		return fail("arrange.begun")
	case h != nil && h.State == Accepted:
		return fail("arrange.accepted")
	case err != nil, len(Problems(c.Draft)) > 0:
		return fail("arrange.incomplete")
	case len(membersOf(d, c.Self)) == 0:
		return fail("arrange.empty")
	case c.Agreed != (meeting.Hash{}) && c.agreed().Digest == d.Digest() && h.State.over():
		return fail("arrange.same")
	case h != nil && !h.State.over() && h.Digest == d.Digest():
		return fail("arrange.same")
	}
	d = order(d)
	p := Proposal{Meeting: c.ID, Party: c.Self, N: c.Sent + 1, Parent: c.base(), Agreed: c.Agreed, Definition: d}
	if b, err := marshal(d); err != nil || len(b) > MaxDefinition {
		return fail("arrange.size")
	}
	if h := c.head(); h != nil && !h.State.over() {
		end := Superseded
		if h.Party == c.Other {
			end = Countered
		}
		h.become(end, now)
		h.Known = true // the new proposal says so
	}
	c.Sent++
	c.Draft, c.Edited = d, false
	c.add(Revision{ID: p.ID(), Party: c.Self, N: p.N, Parent: p.Parent, Base: p.Agreed, Digest: d.Digest(), State: Open,
		At: now.UTC(), Until: now.UTC(), By: by, Definition: &d})
	c.touch()
	return nil
}

// base is the revision that a new proposal answers: the newest that the other node is known to have.
func (c *Case) base() meeting.Hash {
	h := c.head()
	switch {
	case h == nil:
		return meeting.Hash{}
	case h.Party == c.Other || h.Known:
		return h.ID
	}
	return h.Parent
}

// accept is our officer's yes to the revision that the officer has read. The meeting is agreed when the other node confirms: until then its
// author may have replaced it.
func (c *Case) accept(rev meeting.Hash, begun bool, by string, now time.Time) error {
	h := c.head()
	switch {
	case h == nil || h.ID != rev || h.Party != c.Other:
		return fail("arrange.gone")
	case h.State == Accepted:
		return nil // pressed twice
	case h.State != Open:
		return fail("arrange.gone")
	case begun:
		return fail("arrange.begun")
	case len(membersOf(*h.Definition, c.Self)) == 0:
		return fail("arrange.empty")
	}
	h.become(Accepted, now)
	h.By = by
	c.Draft, c.Edited = *h.Definition, false
	c.touch()
	return nil
}

// decline is our officer's no.
func (c *Case) decline(rev meeting.Hash, reason, by string, now time.Time) error {
	h := c.head()
	if h == nil || h.ID != rev || h.Party != c.Other || h.State != Open {
		return fail("arrange.gone")
	}
	if reason != "" {
		if err := checkReason(reason); err != nil {
			return err
		}
	}
	h.become(Declined, now)
	h.By, h.Reason = by, reason
	c.touch()
	return nil
}

// withdraw takes back a proposal of ours that nobody has accepted, as far as we know.
func (c *Case) withdraw(rev meeting.Hash, by string, now time.Time) error {
	h := c.head()
	if h == nil || h.ID != rev || h.Party != c.Self || h.State != Open {
		return fail("arrange.gone")
	}
	h.become(Withdrawn, now)
	h.By = by
	c.touch()
	return nil
}

// reset throws away what our officer has changed since the last revision.
func (c *Case) reset(version int64, by string, now time.Time) error {
	h := c.head()
	switch {
	case version != c.Version:
		return fail("arrange.changed", "by", c.SavedBy)
	case h == nil || h.Definition == nil:
		return fail("arrange.gone")
	}
	d := *h.Definition
	if len(membersOf(d, c.Self)) == 0 {
		d = withPart(d, c.Draft, c.Self)
	}
	c.Draft, c.Edited, c.Saved, c.SavedBy = d, c.differs(d), now.UTC(), by
	c.touch()
	return nil
}

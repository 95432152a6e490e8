package draft

import (
	"context"
	"errors"
	"slices"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/readout"
)

// Withdrawal is a party's word that it stands by a published text no longer.
type Withdrawal struct {
	Manifest meeting.Hash `json:"manifest"` // of the revision that was public when it was said
	At       time.Time    `json:"at"`       // by the clock of whoever said it
	Known    bool         `json:"known"`    // of ours: the other node has heard it
}

// public is the revision that is published here last; false if none is.
func (c *Case) public() (Past, bool) {
	if len(c.Past) == 0 {
		return Past{}, false
	}
	return c.Past[len(c.Past)-1], true
}

// gone reports whether the other party has withdrawn the text that is both parties': nothing of it goes out here any more.
func (c *Case) gone() bool {
	_, said := c.Withdrawn[c.Other]
	return said && c.Life.Mode == readout.Joint
}

// say notes a party's withdrawal in a map of c's own.
func (c *Case) say(p meeting.PartyID, w Withdrawal) {
	if c.Withdrawn == nil {
		c.Withdrawn = map[meeting.PartyID]Withdrawal{}
	}
	c.Withdrawn[p] = w
}

// withdraw is our officer's word against what is public. A correction that is under way ends with it, and a line of ours under it is recalled.
func (c *Case) withdraw(o Officer, hash meeting.Hash, now time.Time) error {
	life := c.Life
	if last, ok := c.public(); ok && hash == last.Hash && hash != life.Hash {
		if life.Stage == readout.StageAgreed || life.Stage == readout.StageScheduled {
			if err := c.reopen(c.own(o), now); err != nil {
				return err
			}
		}
		life = readout.Life{Stage: readout.StagePublished, Mode: life.Mode, Self: c.Self, Signers: life.Signers, Hash: hash}
	}
	life, err := life.Withdraw(c.own(o), hash, now)
	if err != nil {
		return err
	}
	c.Life, c.File, c.Fault, c.Owed = life, nil, "", nil
	c.say(c.Self, Withdrawal{Manifest: hash, At: now.UTC().Truncate(time.Second)})
	return nil
}

// withdrawers are those who have withdrawn the text that our public store has, in the order of the text's parties: ours, and of a joint text the other.
func (c *Case) withdrawers() (out []meeting.PartyID) {
	for _, p := range c.Manuscript.Document.Parties {
		if _, said := c.Withdrawn[p.ID]; said && slices.Contains(c.Life.Signers, p.ID) {
			out = append(out, p.ID)
		}
	}
	return out
}

// Withdraw puts our word under a published text that we stand by it no longer. It is in the public store before it is kept here: a withdrawal that was
// cut off is asked for again; readout.store.withdrawn says that the notice is public and that our store could not keep it. The other party is told until
// its node has heard it.
func (d *Desk) Withdraw(ctx context.Context, id readout.ID, hash meeting.Hash, o Officer) (*Case, error) {
	public := false
	c, err := d.act(ctx, id, func(c *Case) error {
		now := d.c.Now()
		if c.Out != nil {
			return fail("readout.stage", "stage", string(c.Life.Stage))
		}
		if err := c.withdraw(o, hash, now); err != nil {
			return err
		}
		if d.c.Public == nil {
			return fail("readout.public")
		}
		err := d.c.Public.Withdraw(c.ID, c.withdrawers(), now)
		public = err == nil
		return err
	})
	var unkept *meeting.Error
	if public && errors.As(err, &unkept) && unkept.Code == "readout.store" {
		err = fail("readout.store.withdrawn")
	}
	return c, err
}

// withdrawn takes the other party's word that it stands by a text no longer, or its receipt for ours. Our public store is ours: what is public there
// stays as it is, unless we have withdrawn it too; then the notice names both.
func (d *Desk) withdrawn(c *Case, w *readout.Withdrawn) ([]readout.Message, bool, error) {
	doc := c.Manuscript.Document
	if c.Life.Mode == readout.Coordinated && w.Text != doc.Beside || c.Life.Mode == readout.Joint && w.Text != c.ID {
		return nil, false, fail("readout.other")
	}
	if w.Got {
		own, said := c.Withdrawn[c.Self]
		changed := said && !own.Known && own.Manifest == w.Manifest
		if changed {
			own.Known = true
			c.say(c.Self, own)
		}
		return nil, changed, nil
	}
	got := []readout.Message{{Withdrawn: &readout.Withdrawn{Readout: w.Text, Text: c.ID, Manifest: w.Manifest, At: w.At, Got: true}}}
	if _, said := c.Withdrawn[c.Other]; said { // again, or of another revision: the first word stands
		return got, false, nil
	}
	known := w.Manifest == c.Life.Hash || slices.ContainsFunc(c.Past, func(p Past) bool { return p.Hash == w.Manifest })
	if c.Life.Mode != readout.Coordinated && (w.Manifest == (meeting.Hash{}) || !known) { // no text that we have: no receipt, it would not be true
		return nil, false, fail("readout.hash")
	}
	c.say(c.Other, Withdrawal{Manifest: w.Manifest, At: w.At.UTC(), Known: true})
	if c.Life.Stage == readout.StageWithdrawn && c.gone() && d.c.Public != nil {
		if err := d.c.Public.Withdraw(c.ID, c.withdrawers(), d.c.Now()); err != nil {
			return nil, false, err
		}
	}
	return got, true, nil
}

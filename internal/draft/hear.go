package draft

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"visavis/internal/meeting"
	"visavis/internal/readout"
	"visavis/internal/store"
)

// Hear takes one message of a party's node. An error is one of our own, of the store: what the other node does wrong is answered, or dropped and said
// in the log, never a reason to close the link that a meeting runs on.
func (d *Desk) Hear(ctx context.Context, from meeting.PartyID, b []byte) error {
	m, err := readout.DecodeMessage(b)
	if err != nil {
		d.c.Log.Warn("message about a readout cannot be read", "party", from, "err", err)
		return nil
	}
	if !d.admit(from) {
		d.c.Log.Warn("too many messages about readouts", "party", from)
		return nil
	}
	say, err := d.hear(ctx, from, m)
	var wrong *meeting.Error
	switch {
	case errors.As(err, &wrong):
		d.c.Log.Warn("message about a readout refused", "party", from, "err", wrong.Code)
		if p := m.Propose; p != nil {
			say = []readout.Message{{Answer: &readout.Answer{Readout: p.Readout, Proposal: p.ID(), State: readout.RoundRefused, Code: wrong.Code}}}
		}
	case errors.Is(err, store.ErrChanged): // a command has written in this moment: the other node says it again
		return nil
	case err != nil:
		return err
	}
	d.deliver(from, say)
	return nil
}

func (d *Desk) admit(from meeting.PartyID) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	r := d.rates[from]
	if r == nil { // as many as there are pinned parties
		r = new(bucket)
		d.rates[from] = r
	}
	return r.take(d.c.Now())
}

// hear changes a case by a message, keeps it, and only then gives what is to be said.
func (d *Desk) hear(ctx context.Context, from meeting.PartyID, m readout.Message) ([]readout.Message, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case m.Clock != nil:
		return d.clockedLocked(from, m.Clock), nil
	case m.Propose != nil:
		return d.proposedLocked(ctx, from, m.Propose)
	case m.Answer != nil:
		return d.heardLocked(ctx, from, m.Answer.Readout, func(c *Case) ([]readout.Message, bool, error) { return d.answered(c, m.Answer) })
	case m.Signed != nil:
		return d.heardLocked(ctx, from, m.Signed.Readout, func(c *Case) ([]readout.Message, bool, error) { return d.signed(c, m.Signed) })
	}
	if m.Withdrawn != nil {
		return d.heardLocked(ctx, from, m.Withdrawn.Readout, func(c *Case) ([]readout.Message, bool, error) { return d.withdrawn(c, m.Withdrawn) })
	}
	return d.heardLocked(ctx, from, m.Beside.Readout, func(c *Case) ([]readout.Message, bool, error) { return beside(c, m.Beside) })
}

// beside takes the other party's word that its coordinated text is signed, that it is so no longer, or its receipt for ours.
func beside(c *Case, b *readout.Beside) ([]readout.Message, bool, error) {
	if b.Text != c.Manuscript.Document.Beside {
		return nil, false, nil
	}
	got := []readout.Message{{Beside: &readout.Beside{Readout: b.Text, Text: c.ID, Release: b.Release, Got: true, Recall: b.Recall}}}
	switch {
	case b.Got && b.Recall && c.Recalled == (meeting.Hash{}): // one that had been answered before arrived again, after what we have said since: it is said once more
		changed := c.Told
		c.Told = false
		return nil, changed, nil
	case b.Got && b.Recall:
		c.Recalled = meeting.Hash{}
		return c.pending(), true, nil
	case b.Got:
		changed := b.Release.Equal(c.release()) && !c.Told
		c.Told = c.Told || changed
		return nil, changed, nil
	case b.Recall: // they do not hold our word any more
		changed := c.Told || c.Life.Beside
		c.Told, c.Life = false, c.Life.BesideRecalled()
		return got, changed, nil
	case len(c.Past) > 0 || c.Life.Beside && b.Release.Equal(c.Life.Release): // ours is public: it has been heard before
		return got, false, nil
	}
	life, err := c.Life.BesideSigned(c.far(), b.Release)
	if err != nil { // ours is not finished yet, or for another time: they say it again
		return nil, false, err
	}
	c.Life = life
	return got, true, nil
}

// heardLocked lets f change a case that is ours and from's; one that we do not have changes nothing.
func (d *Desk) heardLocked(ctx context.Context, from meeting.PartyID, id readout.ID, f func(*Case) ([]readout.Message, bool, error)) ([]readout.Message, error) {
	c, raw, err := d.loadLocked(ctx, id)
	if errors.Is(err, ErrNone) {
		c = &Case{ID: id, Self: d.c.Self, Other: from, Talk: readout.NewTalk(id, d.c.Self, from)}
	} else if err != nil {
		return nil, err
	}
	if c.Other != from {
		return nil, fail("readout.party")
	}
	say, changed, err := f(c)
	if err != nil || !changed || raw == nil {
		return say, err
	}
	return say, d.keepLocked(ctx, c, raw)
}

// proposedLocked takes a proposal; a readout that is not here yet begins with it.
func (d *Desk) proposedLocked(ctx context.Context, from meeting.PartyID, p *readout.Proposal) ([]readout.Message, error) {
	if err := p.Check(d.c.Self, from); err != nil {
		return nil, err
	}
	now := d.c.Now()
	c, raw, err := d.loadLocked(ctx, p.Readout)
	if errors.Is(err, ErrNone) {
		c, err = d.openLocked(ctx, from, p.Document)
	}
	switch {
	case err != nil:
		return nil, err
	case c.Other != from || c.Talk == nil:
		return nil, fail("readout.taken")
	case c.Talk.Round(p.ID()) != nil: // again
		return c.Talk.HearProposal(p, now).Say, nil
	case c.Out != nil && c.Life.Stage == readout.StageScheduled:
		return nil, fail("readout.stage", "stage", string(readout.StagePublished))
	}
	if c.Life.Stage == readout.StagePublished && p.Document.Revision == c.Manuscript.Document.Revision+1 {
		c.Told = c.Told || p.Document.Parent == c.Life.Hash // they have published it: they have our line
		if err := c.correct(now); err != nil {
			return nil, err
		}
	}
	was := c.Manuscript.Document
	if p.Document.Revision != was.Revision || p.Document.Parent != was.Parent || p.Document.Meeting != was.Meeting {
		return nil, fail("readout.revision")
	}
	h := c.Talk.HearProposal(p, now)
	if h.Agreed != nil { // their confirmation of an earlier one was lost
		if err := c.settle(*h.Agreed, readout.Actor{Party: c.Self, Officer: true}, now); err != nil {
			return nil, err
		}
	}
	if h.New != nil {
		if err := c.reopen(c.far(), now); err != nil {
			return nil, err
		}
		if c.Life, err = c.Life.Propose(c.far(), now); err != nil {
			return nil, err
		}
	}
	if !h.Changed {
		return h.Say, nil
	}
	return h.Say, d.keepLocked(ctx, c, raw)
}

// openLocked is a new case that the other party begins: its first draft is what they propose.
func (d *Desk) openLocked(ctx context.Context, from meeting.PartyID, doc readout.Document) (*Case, error) {
	index, err := d.indexLocked(ctx)
	if err != nil {
		return nil, err
	}
	n := 0
	for _, e := range index {
		if e.other == from && e.open {
			n++
		}
	}
	if n >= MaxCases {
		return nil, fail("readout.full")
	}
	if doc.Revision != 1 {
		return nil, fail("readout.revision")
	}
	c, err := d.newCase(doc, d.c.Now())
	if err == nil {
		c.Theirs = true
	}
	return c, err
}

func (d *Desk) answered(c *Case, a *readout.Answer) ([]readout.Message, bool, error) {
	if c.Talk == nil {
		return nil, false, fail("readout.mode")
	}
	h := c.Talk.HearAnswer(a)
	if h.Agreed == nil {
		return h.Say, h.Changed, nil
	}
	by := readout.Actor{Party: c.Self, Officer: true} // our officer accepted theirs
	if r := c.Talk.Round(a.Proposal); r.Party == c.Self {
		by = c.far()
	}
	if err := c.settle(*h.Agreed, by, d.c.Now()); err != nil {
		return nil, false, fmt.Errorf("settle readout %s: %w", c.ID, err)
	}
	return h.Say, true, nil
}

// signed takes their line, their receipt for ours, or their recall.
func (d *Desk) signed(c *Case, s *readout.Signed) ([]readout.Message, bool, error) {
	got := []readout.Message{{Signed: &readout.Signed{Readout: c.ID, Manifest: s.Manifest, Got: true, Recall: s.Recall}}}
	switch {
	case s.Got && s.Recall:
		changed := c.Recalled == s.Manifest && c.Recalled != (meeting.Hash{})
		if changed {
			c.Recalled = meeting.Hash{}
		}
		return nil, changed, nil
	case s.Got && c.Owed != nil && c.Owed.Manifest == s.Manifest:
		c.Owed = nil
		return nil, true, nil
	case s.Got:
		changed := s.Manifest == c.Life.Hash && !c.Told
		c.Told = c.Told || changed
		return nil, changed, nil
	case s.Recall:
		if s.Manifest != c.Life.Hash || c.Life.Hash == (meeting.Hash{}) { // it is void here already
			return got, false, nil
		}
		if err := c.reopen(c.far(), d.c.Now()); err != nil { // public here: they learn nothing by a receipt that would not be true
			return nil, false, err
		}
		return got, true, nil
	case s.Line == "":
		return nil, false, fail("readout.message")
	case slices.ContainsFunc(c.Past, func(p Past) bool { return p.Hash == s.Manifest }): // it is public here, so we have it
		return got, false, nil
	case s.Manifest != c.Life.Hash:
		return nil, false, fail("readout.hash")
	case c.Life.Lines[c.Other] == s.Line:
		return got, false, nil
	}
	l, err := readout.ParseLine(s.Line)
	if err != nil {
		return nil, false, err
	}
	if err := c.take(c.far(), l, d.c.Keys(), d.clockLocked(c.Other)); err != nil {
		return nil, false, err
	}
	return got, true, nil
}

// Up says again to a party's node, whose link has just come up, all that it has not answered; while a text is scheduled it is asked for its clock.
func (d *Desk) Up(ctx context.Context, p meeting.PartyID) error {
	say, err := d.unsaid(ctx, p)
	if err == nil {
		d.deliver(p, say)
	}
	return err
}

func (d *Desk) unsaid(ctx context.Context, p meeting.PartyID) (say []readout.Message, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	index, err := d.indexLocked(ctx)
	if err != nil {
		return nil, err
	}
	scheduled := false
	for _, id := range slices.Sorted(maps.Keys(index)) {
		e := index[id]
		if e.other != p {
			continue
		}
		scheduled = scheduled || e.scheduled
		if !e.pending {
			continue
		}
		c, _, err := d.loadLocked(ctx, id)
		if errors.Is(err, errUnreadable) {
			d.lostLocked(id, err)
			continue
		}
		if err != nil {
			return nil, err
		}
		say = append(say, c.pending()...)
	}
	if scheduled {
		say = append(say, d.askLocked(p))
	}
	return say, nil
}

// Tick says again to every party what it has not answered. A node calls it every Again.
func (d *Desk) Tick(ctx context.Context) error {
	for _, p := range d.c.Others() {
		if err := d.Up(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

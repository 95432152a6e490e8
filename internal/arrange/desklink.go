package arrange

import (
	"context"
	"errors"
	"fmt"

	"visavis/internal/meeting"
	"visavis/internal/store"
)

// Hear takes one message of a party's node. An error is one of our own, of the store: what the other node does wrong is answered, or dropped
// and said in the log, never a reason to close the link that a meeting runs on.
func (d *Desk) Hear(ctx context.Context, from meeting.PartyID, b []byte) error {
	m, err := Decode(b)
	if err != nil {
		d.c.Log.Warn("message of arranging cannot be read", "party", from, "err", err)
		return nil
	}
	if !d.admit(from, m) {
		d.c.Log.Warn("too many messages of arranging", "party", from)
		return nil
	}
	if m.Propose == nil {
		return d.hearAnswer(ctx, from, m.Answer)
	}
	p := m.Propose
	err = p.Check(d.c.Self.ID, from)
	if err == nil {
		err = d.hearProposal(ctx, from, p)
	}
	var wrong *meeting.Error
	if !errors.As(err, &wrong) {
		return err
	}
	d.c.Log.Warn("proposal refused", "meeting", p.Meeting, "party", from, "err", wrong.Code)
	d.deliver(from, []Message{{Answer: &Answer{Meeting: p.Meeting, Revision: p.ID(), State: Refused, Code: wrong.Code}}})
	return nil
}

// admit counts a message against the party's rate.
func (d *Desk) admit(from meeting.PartyID, m Message) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	r := d.rates[from]
	if r == nil { // as many as there are pinned parties
		r = new(rates)
		d.rates[from] = r
	}
	if m.Propose != nil {
		return r.proposals.take(d.c.Now(), proposalsRate, proposalsBurst)
	}
	return r.answers.take(d.c.Now(), answersRate, answersBurst)
}

func (d *Desk) hearProposal(ctx context.Context, from meeting.PartyID, p *Proposal) error {
	return d.hear(ctx, from, p.Meeting, true, func(c *Case, begun bool) heard { return c.propose(p, begun, d.c.Now()) })
}

func (d *Desk) hearAnswer(ctx context.Context, from meeting.PartyID, a *Answer) error {
	err := d.hear(ctx, from, a.Meeting, false, func(c *Case, begun bool) heard { return c.answer(a, begun, d.c.Now()) })
	var foreign *meeting.Error
	if errors.As(err, &foreign) { // about a meeting that is none of theirs
		d.c.Log.Warn("answer about another party's meeting", "meeting", a.Meeting, "party", from)
		return nil
	}
	return err
}

// hear lets f change a case that is in arrangement with party from, keeps it, with a definition that comes into force, and only then says what
// is to be said. A case that is not there is made if create says so. It returns a *meeting.Error if the meeting is not to be arranged with from.
func (d *Desk) hear(ctx context.Context, from meeting.PartyID, id meeting.ID, create bool, f func(c *Case, begun bool) heard) error {
	say, installed, err := d.heard(ctx, from, id, create, f)
	if errors.Is(err, store.ErrChanged) { // a command has written in this moment: the other node says it again
		d.c.Log.Info("arrangement was changed meanwhile", "meeting", id, "party", from)
		return nil
	}
	if err != nil {
		return err
	}
	if installed {
		d.c.Log.Info("meeting agreed or called off", "meeting", id, "party", from)
		d.c.Installed(id)
	}
	d.deliver(from, say)
	return nil
}

func (d *Desk) heard(ctx context.Context, from meeting.PartyID, id meeting.ID, create bool, f func(c *Case, begun bool) heard) ([]Message, bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	begun, err := d.c.Begun(ctx, id)
	if err != nil {
		return nil, false, err
	}
	l, err := d.loadLocked(ctx, id)
	switch {
	case errors.Is(err, ErrNone) && create:
		if l, err = d.openLocked(ctx, from, id); err != nil {
			return nil, false, err
		}
	case errors.Is(err, ErrNone): // an answer about nothing: we have lost it, or never had it
		l = &loaded{Case: &Case{ID: id, Self: d.c.Self.ID, Other: from}}
	case err != nil:
		return nil, false, err
	case l.Other != from:
		return nil, false, fail("arrange.taken")
	}
	h := f(l.Case, begun)
	if h.changed {
		if err := d.keepLocked(ctx, l, h.install, h.remove); err != nil {
			return nil, false, err
		}
	}
	return h.say, h.install != nil || h.remove, nil
}

// openLocked is a new case that the other party begins.
func (d *Desk) openLocked(ctx context.Context, from meeting.PartyID, id meeting.ID) (*loaded, error) {
	if b, err := d.get(ctx, MeetingBucket, id); err != nil || b != nil { // of other parties, or of more than two
		return nil, errors.Join(err, fail("arrange.taken"))
	}
	items, err := d.c.Store.List(ctx, caseBucket, "")
	if err != nil {
		return nil, err
	}
	n := 0
	for _, i := range items {
		if c, err := decodeCase(i.Value); err != nil {
			return nil, fmt.Errorf("read arrangement of %s: %w", i.Key, err)
		} else if c.Other == from && !c.over(d.c.Now()) {
			n++
		}
	}
	if n >= MaxCases {
		return nil, fail("arrange.full", "max", "64")
	}
	return &loaded{Case: &Case{ID: id, Self: d.c.Self.ID, Other: from}}, nil
}

// Up says again to a party's node, whose link has just come up, all that it has not answered.
func (d *Desk) Up(ctx context.Context, p meeting.PartyID) error {
	d.mu.Lock()
	items, err := d.c.Store.List(ctx, caseBucket, "")
	d.mu.Unlock()
	if err != nil {
		return err
	}
	for _, i := range items {
		c, err := decodeCase(i.Value)
		if err != nil {
			return fmt.Errorf("read arrangement of %s: %w", i.Key, err)
		}
		if c.Other != p {
			continue
		}
		begun, err := d.c.Begun(ctx, c.ID)
		if err != nil {
			return err
		}
		d.deliver(p, c.pending(begun))
	}
	return nil
}

// Tick says again to every party what it has not answered. A node calls it every Again.
func (d *Desk) Tick(ctx context.Context) error {
	for _, p := range d.c.Others() {
		if err := d.Up(ctx, p.ID); err != nil {
			return err
		}
	}
	return nil
}

// Drop forgets a draft of ours of which the other party has never heard.
func (d *Desk) Drop(ctx context.Context, id meeting.ID) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	l, err := d.loadLocked(ctx, id)
	if err != nil {
		return err
	}
	if len(l.Log) > 0 || l.raw == nil {
		return fail("arrange.sent")
	}
	return d.c.Store.Swap(ctx, caseBucket, string(id), l.raw, nil)
}

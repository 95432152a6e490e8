package draft

import (
	"context"

	"visavis/internal/meeting"
	"visavis/internal/readout"
)

// write changes the manuscript, unless what it says is agreed already.
func (d *Desk) write(ctx context.Context, id readout.ID, f func(m readout.Manuscript) (readout.Manuscript, error)) (*Case, error) {
	return d.change(ctx, id, func(c *Case) error {
		if err := c.writing(); err != nil {
			return err
		}
		m, err := f(c.Manuscript)
		if err != nil {
			return err
		}
		c.Manuscript = m
		return nil
	})
}

// Lease gives a block to an officer for readout.LeaseFor; Release gives it back.
func (d *Desk) Lease(ctx context.Context, id readout.ID, block string, o Officer) (*Case, error) {
	return d.write(ctx, id, func(m readout.Manuscript) (readout.Manuscript, error) { return m.Lease(block, o.Name, d.c.Now()) })
}

// Release gives a block back.
func (d *Desk) Release(ctx context.Context, id readout.ID, block string, o Officer) (*Case, error) {
	return d.write(ctx, id, func(m readout.Manuscript) (readout.Manuscript, error) { return m.Release(block, o.Name), nil })
}

// SaveText writes the text of a block in one language; version is the block's as the officer has read it (If-Match).
func (d *Desk) SaveText(ctx context.Context, id readout.ID, block, tag, text string, ready bool, version int64, o Officer) (*Case, error) {
	return d.write(ctx, id, func(m readout.Manuscript) (readout.Manuscript, error) {
		return m.SaveText(block, tag, text, ready, o.Name, version, d.c.Now())
	})
}

// SaveBlock writes a whole block; version as with SaveText.
func (d *Desk) SaveBlock(ctx context.Context, id readout.ID, b readout.Block, version int64, o Officer) (*Case, error) {
	return d.write(ctx, id, func(m readout.Manuscript) (readout.Manuscript, error) {
		return m.SaveBlock(b, o.Name, version, d.c.Now())
	})
}

// Replace writes everything else: languages, order, title, embargo, blocks that come and go; version is the manuscript's. What makes the case what it
// is, id, parties, mode and revision, stays. read are the versions of the blocks that the officer has read: of a block that is another now it returns
// readout.changed; nil: whatever they are, the document is put in the place of all. A block that another officer is writing is not taken out: readout.leased.
func (d *Desk) Replace(ctx context.Context, id readout.ID, doc readout.Document, version int64, read map[string]int64, o Officer) (*Case, error) {
	return d.write(ctx, id, func(m readout.Manuscript) (readout.Manuscript, error) {
		was := m.Document
		same := doc.ID == was.ID && doc.Meeting == was.Meeting && doc.Mode == was.Mode && doc.By == was.By && doc.Revision == was.Revision && doc.Parent == was.Parent &&
			len(doc.Parties) == len(was.Parties)
		for i := range was.Parties {
			same = same && doc.Parties[i].ID == was.Parties[i].ID
		}
		if !same {
			return m, fail("readout.other")
		}
		if err := m.MayReplace(doc, read, o.Name, d.c.Now()); err != nil {
			return m, err
		}
		return m.Replace(doc, version)
	})
}

// Read is what an officer has read before doing something with the text: the version of the manuscript and those of its blocks.
type Read struct {
	Version int64
	Blocks  map[string]int64
}

// Exchange puts the draft that was kept, when another text was agreed, in the place of the draft, whole, and keeps that instead.
func (d *Desk) Exchange(ctx context.Context, id readout.ID, read Read, o Officer) (*Case, error) {
	return d.change(ctx, id, func(c *Case) error { return c.exchange(read, o, d.c.Now()) })
}

// Take puts a block of their proposal in the place of ours: accepted. It returns readout.changed if that block is another than the officer has read, and
// readout.leased while another officer is writing it; so do Bracket and Unbracket.
func (d *Desk) Take(ctx context.Context, id readout.ID, round meeting.Hash, block string, read Read, o Officer) (*Case, error) {
	return d.fromRound(ctx, id, round, block, read, o, func(c *Case, theirs readout.Document) (readout.Document, error) {
		return readout.Take(c.Manuscript.Document, theirs, block)
	})
}

// Bracket keeps our text of a block and theirs.
func (d *Desk) Bracket(ctx context.Context, id readout.ID, round meeting.Hash, block string, read Read, o Officer) (*Case, error) {
	return d.fromRound(ctx, id, round, block, read, o, func(c *Case, theirs readout.Document) (readout.Document, error) {
		return readout.PutInBrackets(c.Manuscript.Document, theirs, block, c.Self, c.Other)
	})
}

// Unbracket puts the text of one party in the place of a block's brackets, in every language that has them.
func (d *Desk) Unbracket(ctx context.Context, id readout.ID, block string, of meeting.PartyID, read Read, o Officer) (*Case, error) {
	return d.write(ctx, id, func(m readout.Manuscript) (readout.Manuscript, error) {
		if err := m.MayTake(block, read.Blocks, o.Name, d.c.Now()); err != nil {
			return m, err
		}
		doc, err := readout.Unbracket(m.Document, block, of)
		if err != nil {
			return m, err
		}
		return m.Replace(doc, read.Version)
	})
}

func (d *Desk) fromRound(ctx context.Context, id readout.ID, round meeting.Hash, block string, read Read, o Officer, f func(*Case, readout.Document) (readout.Document, error)) (*Case, error) {
	return d.change(ctx, id, func(c *Case) error {
		if err := c.writing(); err != nil {
			return err
		}
		if c.Talk == nil {
			return fail("readout.mode")
		}
		r := c.Talk.Round(round)
		if r == nil || r.Document == nil || r.Party != c.Other {
			return fail("readout.superseded")
		}
		if err := c.Manuscript.MayTake(block, read.Blocks, o.Name, d.c.Now()); err != nil {
			return err
		}
		doc, err := f(c, *r.Document)
		if err != nil {
			return err
		}
		m, err := c.Manuscript.Replace(doc, read.Version)
		if err != nil {
			return err
		}
		c.Manuscript = m
		return nil
	})
}

// Propose sends the draft to the other party, whole: as a first proposal, in the place of our last one, or as an answer to theirs.
// What another officer has saved since it was read does not go with it: readout.changed.
func (d *Desk) Propose(ctx context.Context, id readout.ID, read Read, o Officer) (*Case, error) {
	return d.act(ctx, id, func(c *Case) error {
		if err := c.Manuscript.Read(read.Version, read.Blocks); err != nil {
			return err
		}
		return c.propose(o, d.c.Now())
	})
}

// Accept says yes to their proposal as a whole. Both hold it when their node has confirmed.
func (d *Desk) Accept(ctx context.Context, id readout.ID, round meeting.Hash, o Officer) (*Case, error) {
	return d.act(ctx, id, func(c *Case) error { return c.accept(round, o) })
}

// Settle says that a text of our own is finished: coordinated or separate. As with Propose, it is the text that the officer has read.
func (d *Desk) Settle(ctx context.Context, id readout.ID, read Read, o Officer) (*Case, error) {
	return d.act(ctx, id, func(c *Case) error {
		if err := c.Manuscript.Read(read.Version, read.Blocks); err != nil {
			return err
		}
		if c.Talk != nil {
			return fail("readout.mode")
		}
		return c.settle(c.Manuscript.Document, c.own(o), d.c.Now())
	})
}

// Reopen takes what is agreed, signed or scheduled back into writing; the other node is told, and takes it back too if it is not public there.
func (d *Desk) Reopen(ctx context.Context, id readout.ID, o Officer) (*Case, error) {
	return d.act(ctx, id, func(c *Case) error { return c.reopen(c.own(o), d.c.Now()) })
}

// SignOff is our officer's yes to the manifest of hash, with a passkey over it.
func (d *Desk) SignOff(ctx context.Context, id readout.ID, hash meeting.Hash, o Officer) (*Case, error) {
	return d.change(ctx, id, func(c *Case) error {
		life, err := c.Life.SignOff(c.own(o), hash, o.Name)
		if err != nil {
			return err
		}
		c.Life = life
		return nil
	})
}

// Sign brings the file that "visavis sign" has written: our line is taken out of it, nothing else.
func (d *Desk) Sign(ctx context.Context, id readout.ID, file []byte, o Officer) (*Case, error) {
	f, err := readout.ParseFile(file)
	if err != nil {
		return nil, err
	}
	return d.act(ctx, id, func(c *Case) error {
		l, ok := f.LineOf(c.Self)
		if !ok {
			return fail("readout.signature.missing", "party", string(c.Self))
		}
		m, err := f.ManifestOf()
		if err != nil {
			return err
		}
		if m.Hash() != c.Life.Hash {
			return fail("readout.hash")
		}
		return c.take(c.own(o), l, d.c.Keys(), d.clockLocked(c.Other))
	})
}

// Confirm is our officer's word that a text which is held may go out.
func (d *Desk) Confirm(ctx context.Context, id readout.ID, o Officer) (*Case, error) {
	return d.change(ctx, id, func(c *Case) error {
		if c.gone() {
			return fail("readout.withdrawn")
		}
		life, err := c.Life.Confirm(c.own(o), d.clockLocked(c.Other))
		if err != nil {
			return err
		}
		c.Life = life
		return nil
	})
}

// Correct begins the next revision of a published text.
func (d *Desk) Correct(ctx context.Context, id readout.ID) (*Case, error) {
	return d.change(ctx, id, func(c *Case) error { return c.correct(d.c.Now()) })
}

// Unsigned is the file to be signed, with the lines so far: what the sign-off screen shows and what goes to an offline key.
func (d *Desk) Unsigned(ctx context.Context, id readout.ID) ([]byte, error) {
	c, err := d.Case(ctx, id)
	if err != nil {
		return nil, err
	}
	if c.File == nil {
		return nil, fail("readout.stage", "stage", string(c.Life.Stage))
	}
	return c.File.Encode()
}

package draft

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/readout"
	"visavis/internal/strict"
)

// Case is one readout as this node keeps it.
type Case struct {
	ID         readout.ID         `json:"id"`
	Self       meeting.PartyID    `json:"self"`
	Other      meeting.PartyID    `json:"other"`            // "" if it is our text alone
	Theirs     bool               `json:"theirs,omitempty"` // the other party began it
	Version    int64              `json:"version"`          // rises with every change
	Manuscript readout.Manuscript `json:"manuscript"`
	Talk       *readout.Talk      `json:"talk,omitempty"`
	Life       readout.Life       `json:"life"`
	File       *readout.File      `json:"file,omitempty"` // what is agreed, with the lines so far
	Told       bool               `json:"told"`           // the other node has our line
	Recalled   meeting.Hash       `json:"recalled"`       // a manifest of which the other node has yet to hear that we have taken it back; zeros: none
	Owed       *readout.Signed    `json:"owed,omitempty"` // our line under a revision that we have published and are correcting, which the other node has yet to hear
	First      time.Time          `json:"first,omitzero"` // release of a coordinated text's first revision, once that is being corrected
	Out        *time.Time         `json:"out,omitempty"`  // the gate has let it out: it is being written to the public store
	Past       []Past             `json:"past,omitempty"`
	Fault      string             `json:"fault,omitempty"` // why the last attempt at publication went wrong

	// Kept is what our officers had written when another text was agreed, and had not proposed: Exchange gives it back. nil: nothing.
	Kept *readout.Document `json:"kept,omitempty"`

	// Withdrawn says which parties have withdrawn what is public: ours from this site, the other by its node's word.
	Withdrawn map[meeting.PartyID]Withdrawal `json:"withdrawn,omitempty"`
}

// Past is one revision that has been published.
type Past struct {
	Revision int           `json:"revision"`
	Hash     meeting.Hash  `json:"hash"`
	At       time.Time     `json:"at"`
	Stage    readout.Stage `json:"stage"`
}

// Officer is who does something here.
type Officer struct {
	Name string
	// Proven is the manifest over whose hash the officer has shown a passkey lately; zeros: none.
	Proven meeting.Hash
}

func (c *Case) own(o Officer) readout.Actor {
	return readout.Actor{Party: c.Self, Officer: true, Proven: o.Proven}
}

func (c *Case) far() readout.Actor { return readout.Actor{Party: c.Other} }

// writing reports an error unless the text can be written now. What is agreed is taken back into writing by Reopen, never by a save.
func (c *Case) writing() error {
	switch c.Life.Stage {
	case readout.StagePrivate, readout.StageProposed, readout.StageCountered:
		if c.gone() {
			return fail("readout.withdrawn")
		}
		return nil
	}
	return fail("readout.stage", "stage", string(c.Life.Stage))
}

// propose puts our draft before the other party.
func (c *Case) propose(o Officer, now time.Time) error {
	if c.Talk == nil {
		return fail("readout.mode")
	}
	if err := c.writing(); err != nil {
		return err
	}
	life, err := c.Life.Propose(c.own(o), now)
	if err != nil {
		return err
	}
	if err := c.Talk.Propose(c.Manuscript.Document, o.Name, now); err != nil {
		return err
	}
	c.Life = life
	return nil
}

// accept is our officer's yes to their proposal, which must be finished: what is agreed can be signed.
func (c *Case) accept(id meeting.Hash, o Officer) error {
	if c.Talk == nil {
		return fail("readout.mode")
	}
	if err := c.writing(); err != nil {
		return err
	}
	r := c.Talk.Round(id)
	if r == nil || r.Document == nil {
		return fail("readout.superseded")
	}
	if _, err := r.Document.Unsigned(); err != nil {
		return err
	}
	return c.Talk.Accept(id, o.Name)
}

// settle makes d, which all hold now, what is to be signed.
func (c *Case) settle(d readout.Document, by readout.Actor, now time.Time) error {
	f, err := d.Unsigned()
	if err != nil {
		return err
	}
	m, err := c.Manuscript.Replace(readout.TakeAll(c.Manuscript.Document, d), c.Manuscript.Version)
	if err != nil {
		return err
	}
	life, err := c.Life.Agree(by, f, now)
	if err != nil {
		return err
	}
	was := c.Manuscript.Document
	c.Manuscript, c.Life, c.File, c.Told = m, life, &f, false
	c.keep(was)
	if c.Life.Mode == readout.Joint { // the other node knows by its own yes; of a coordinated text it knows nothing unless it has heard it
		c.Recalled = meeting.Hash{}
	}
	return nil
}

// keep sets was aside, the draft in whose place another text has come, unless it says the same as that or as a proposal of ours. An agreement holds also
// where a case has no room for both: then nothing is kept.
func (c *Case) keep(was readout.Document) {
	if readout.SameText(was, c.Manuscript.Document) || c.Talk != nil && slices.ContainsFunc(c.Talk.Rounds, func(r readout.Round) bool {
		return r.Party == c.Self && r.Document != nil && readout.SameText(was, *r.Document)
	}) {
		return
	}
	before := c.Kept
	c.Kept = &was
	if _, err := c.encode(); err != nil {
		c.Kept = before
	}
}

// exchange puts what was kept in the place of the draft, and keeps the draft instead: asked for again it is as it was.
func (c *Case) exchange(read Read, o Officer, now time.Time) error {
	if err := c.writing(); err != nil {
		return err
	}
	if c.Kept == nil {
		return fail("readout.changed")
	}
	was, d := c.Manuscript.Document, c.Kept.Clone()
	d.Revision, d.Parent, d.Correction = was.Revision, was.Parent, was.Correction
	if err := c.Manuscript.MayReplace(d, read.Blocks, o.Name, now); err != nil {
		return err
	}
	m, err := c.Manuscript.Replace(d, read.Version)
	if err != nil {
		return err
	}
	c.Manuscript, c.Kept = m, &was
	return nil
}

// reopen takes what is agreed back into writing. A line of ours that is out is recalled, and our word that our coordinated text is signed; a correction of
// that one is ours alone.
func (c *Case) reopen(by readout.Actor, now time.Time) error {
	if c.Out != nil {
		return fail("readout.stage", "stage", string(readout.StagePublished))
	}
	was := c.Life
	life, err := c.Life.Change(by, now)
	if err != nil {
		return err
	}
	if by.Party == c.Self && c.Other != "" && was.Hash != (meeting.Hash{}) && (was.Mode == readout.Joint || c.first()) {
		c.Recalled = was.Hash
	}
	if c.Talk != nil && was.Stage != life.Stage {
		c.Talk.Reopen()
	}
	c.Life, c.File, c.Told, c.Fault = life, nil, false, ""
	return nil
}

// take brings a party's line under the agreed manifest.
func (c *Case) take(by readout.Actor, l readout.Line, keys readout.Keys, clock readout.Clock) error {
	if c.File == nil {
		return fail("readout.stage", "stage", string(c.Life.Stage))
	}
	m, err := c.File.ManifestOf()
	if err != nil {
		return err
	}
	life, err := c.Life.Sign(by, m, l, keys, clock)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(keys[l.Party], func(k readout.Key) bool { return !k.Revoked && l.Fits(m, k.Public) })
	if i < 0 { // Sign has found one
		return fail("readout.signature", "party", string(l.Party))
	}
	k := keys[l.Party][i]
	f, err := c.File.WithLine(l, readout.FileKey{Party: l.Party, Public: k.Public, Document: k.Document})
	if err != nil {
		return err
	}
	c.Life, c.File = life, &f
	return nil
}

// correct begins the next revision of what is published: the same text, to be changed and signed again.
func (c *Case) correct(now time.Time) error {
	if c.Life.Stage != readout.StagePublished {
		return fail("readout.stage", "stage", string(c.Life.Stage))
	}
	if c.gone() {
		return fail("readout.withdrawn")
	}
	owed, release := c.Owed, c.release()
	if m := c.word(); m != nil && m.Signed != nil {
		owed = m.Signed
	}
	d := c.Manuscript.Document.Clone()
	d.Revision, d.Parent = d.Revision+1, c.Life.Hash
	d.Correction = meeting.Text{}
	d.Release = time.Time{}
	m, err := c.Manuscript.Replace(d, c.Manuscript.Version)
	if err != nil {
		return err
	}
	c.Manuscript, c.Life, c.File, c.Told, c.Out, c.Owed, c.First = m, readout.NewLife(d, c.Self, now), nil, false, nil, owed, release
	return nil
}

// first reports whether nothing of this readout was published here before this revision.
func (c *Case) first() bool { return c.Manuscript.Document.Revision == 1 }

// word is what the other node has to hear of this revision, and has not answered yet: our line, or that our coordinated text is signed; nil: nothing.
func (c *Case) word() *readout.Message {
	_, withdrawn := c.Withdrawn[c.Self]
	switch {
	case c.Other == "" || c.Told:
	case c.Life.Mode == readout.Joint && c.ourLine() != "" && !withdrawn:
		return &readout.Message{Signed: &readout.Signed{Readout: c.ID, Manifest: c.Life.Hash, Line: c.ourLine()}}
	case c.Life.Mode == readout.Coordinated && !c.release().IsZero() && c.Recalled == (meeting.Hash{}): // one that overtakes a recall would be undone by it
		return &readout.Message{Beside: &readout.Beside{Readout: c.Manuscript.Document.Beside, Text: c.ID, Release: c.release()}}
	}
	return nil
}

// release is the moment for which our coordinated text is signed, or was when it was published; the zero time: it is not.
func (c *Case) release() time.Time {
	switch s := c.Life.Stage; {
	case c.Life.Mode != readout.Coordinated:
		return time.Time{}
	case !c.first():
		return c.First
	case s == readout.StageScheduled || s == readout.StagePublished || s == readout.StageWithdrawn:
		return c.Life.Release
	}
	return time.Time{}
}

// ourLine is our party's line, "" if there is none yet.
func (c *Case) ourLine() string { return c.Life.Lines[c.Self] }

// pending is everything that the other node has not answered yet.
func (c *Case) pending() []readout.Message {
	if c.Other == "" {
		return nil
	}
	var out []readout.Message
	switch {
	case c.Recalled == (meeting.Hash{}):
	case c.Life.Mode == readout.Coordinated:
		out = append(out, readout.Message{Beside: &readout.Beside{Readout: c.Manuscript.Document.Beside, Text: c.ID, Recall: true}})
	default:
		out = append(out, readout.Message{Signed: &readout.Signed{Readout: c.ID, Manifest: c.Recalled, Recall: true}})
	}
	if c.Owed != nil { // before a proposal of the next revision, which the other node cannot take before it has published this one
		out = append(out, readout.Message{Signed: c.Owed})
	}
	if c.Talk != nil {
		out = append(out, c.Talk.Pending()...)
	}
	if m := c.word(); m != nil {
		out = append(out, *m)
	}
	if w, said := c.Withdrawn[c.Self]; said && !w.Known {
		theirs := c.ID
		if c.Life.Mode == readout.Coordinated {
			theirs = c.Manuscript.Document.Beside
		}
		out = append(out, readout.Message{Withdrawn: &readout.Withdrawn{Readout: theirs, Text: c.ID, Manifest: w.Manifest, At: w.At}})
	}
	return out
}

// encode gives what the store keeps, at most MaxCase bytes and never what decodeCase would refuse: a case that cannot be read again is not written.
func (c *Case) encode() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(c); err != nil {
		return nil, err
	}
	raw := bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	if b.Len() > MaxCase {
		return nil, fail("readout.size")
	}
	_, err := decodeCase(raw)
	var wrong *strict.Error
	if errors.As(err, &wrong) { // more of something than is read
		return nil, fail("readout.size")
	}
	return raw, err
}

// decodeCase reads what encode wrote, as strictly as what strangers write: the disk may have been touched.
func decodeCase(b []byte) (*Case, error) {
	c := new(Case)
	if err := strict.Decode(b, c, strict.Limits{Bytes: MaxCase, Depth: 16, List: 1000, String: readout.MaxContent}); err != nil {
		return nil, err
	}
	if err := c.Manuscript.Document.Check(); err != nil {
		return nil, err
	}
	return c, nil
}

func fail(code string, pairs ...string) *meeting.Error {
	e := &meeting.Error{Code: code, Args: map[string]string{}}
	for i := 0; i+1 < len(pairs); i += 2 {
		e.Args[pairs[i]] = pairs[i+1]
	}
	return e
}

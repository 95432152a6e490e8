package readout

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/gowebpki/jcs"

	"visavis/internal/meeting"
	"visavis/internal/strict"
)

// Content gives the canonical bytes of one language: what is hashed, signed and published. It returns a *meeting.Error, readout.open, if d is not
// finished in that language, and readout.size if the bytes are more than MaxContent.
func (d Document) Content(tag string) ([]byte, error) {
	if err := d.Check(); err != nil {
		return nil, err
	}
	for _, p := range d.Open() {
		if p.Language == tag || p.Language == "" {
			return nil, fail("readout.open", "code", p.Code, "block", p.Block, "language", p.Language)
		}
	}
	if d.standing(tag) == "" {
		return nil, fail("text.language")
	}
	b, err := canonical(d.view(tag))
	if err != nil {
		return nil, err
	}
	if len(b) > MaxContent {
		return nil, fail("readout.size")
	}
	return b, nil
}

// view is d in one language.
func (d Document) view(tag string) Content {
	c := Content{Purpose: ContentPurpose, ID: d.ID, Meeting: d.Meeting, Revision: d.Revision, Number: d.Number, Mode: d.Mode, By: d.By, Beside: d.Beside,
		Language: tag, Standing: d.standing(tag), Languages: d.Languages, Prevails: d.Prevails, Link: d.Link, Title: d.Title[tag],
		Parties: []ContentParty{}, Blocks: []ContentBlock{}, Correction: d.Correction[tag]}
	if !d.Release.IsZero() {
		c.Release = d.Release.UTC().Format(time.RFC3339)
	}
	for _, p := range d.Parties {
		c.Parties = append(c.Parties, ContentParty{p.ID, p.Name[tag], p.LongName[tag], p.City[tag], p.Zone, p.Start.Format(time.RFC3339), p.End.Format(time.RFC3339), p.Emblem})
	}
	for _, b := range d.Blocks {
		if b.Kind == Notice {
			continue
		}
		v := ContentBlock{ID: b.ID, Kind: b.Kind, Speakers: views(b.Speakers, tag), Acts: b.Acts, Topics: b.Topics, Text: b.Texts[tag].Text, Listed: views(b.Listed, tag)}
		if m := b.Commitment; m != nil {
			v.Commitment = &ContentCommitment{m.Who, m.What[tag], m.Due, m.Next}
		}
		if p := b.Picture; p != nil {
			v.Picture = &ContentPicture{p.SHA256, p.Alt[tag]}
		}
		c.Blocks = append(c.Blocks, v)
	}
	return c
}

func views(all []Speaker, tag string) []ContentSpeaker {
	var out []ContentSpeaker
	for _, s := range all {
		out = append(out, ContentSpeaker{s.Member, s.Party, s.Name[tag], s.Office[tag], s.AsOf, s.Capacity})
	}
	return out
}

// canonical gives the canonical JSON of a value of our own types (RFC 8785).
func canonical(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return jcs.Transform(b.Bytes())
}

// ParseContent takes the bytes of one language from a stranger: strict JSON, at most MaxContent bytes, canonical, every text as the gate would give
// it. It returns a *strict.Error or a *meeting.Error.
func ParseContent(b []byte) (Content, error) {
	var c Content
	if err := strict.Decode(b, &c, strict.Limits{Bytes: MaxContent, Depth: maxDepth, List: maxList, String: maxString}); err != nil {
		return Content{}, err
	}
	// One text has one form: neither another order or spelling of the same JSON is taken, nor a field that is there and empty.
	own, err := canonical(c)
	if err != nil || !bytes.Equal(own, b) {
		return Content{}, fail("readout.content.canonical")
	}
	if c.Purpose != ContentPurpose {
		return Content{}, fail("readout.content.purpose")
	}
	if err := c.check(); err != nil {
		return Content{}, err
	}
	return c, nil
}

// check looks at a content with the rules of a document: it is one that has this language alone, but for the list of languages.
func (c Content) check() error {
	d, err := c.document()
	if err != nil {
		return err
	}
	if err := d.Check(); err != nil {
		return err
	}
	for _, p := range d.Open() {
		if p.Language == c.Language || p.Language == "" {
			return fail("readout.open", "code", p.Code, "block", p.Block)
		}
	}
	if d.standing(c.Language) != c.Standing {
		return fail("readout.standing")
	}
	return nil
}

// document is the document that c is a view of, as far as c shows it.
func (c Content) document() (Document, error) {
	one := func(s string) meeting.Text {
		if s == "" {
			return nil
		}
		return meeting.Text{c.Language: s}
	}
	d := Document{ID: c.ID, Meeting: c.Meeting, Mode: c.Mode, By: c.By, Beside: c.Beside, Revision: c.Revision, Number: c.Number, Title: one(c.Title),
		Languages: c.Languages, Prevails: c.Prevails, Link: c.Link, Correction: one(c.Correction)}
	if d.Revision > 1 {
		d.Parent = meeting.Hash{1} // stands in the manifest
	}
	var err error
	if c.Release != "" {
		if d.Release, err = moment(c.Release); err != nil || d.Release.Location() != time.UTC {
			return d, fail("readout.release")
		}
	}
	for _, p := range c.Parties {
		out := Party{ID: p.ID, Name: one(p.Name), LongName: one(p.LongName), City: one(p.City), Zone: p.Zone, Emblem: p.Emblem}
		if out.Start, err = moment(p.Start); err != nil {
			return d, err
		}
		if out.End, err = moment(p.End); err != nil {
			return d, err
		}
		d.Parties = append(d.Parties, out)
	}
	for _, b := range c.Blocks {
		if b.Kind == Notice {
			return d, fail("readout.block.kind", "block", "")
		}
		out := Block{ID: b.ID, Kind: b.Kind, Speakers: people(b.Speakers, one), Acts: b.Acts, Topics: b.Topics, Listed: people(b.Listed, one)}
		if m := b.Commitment; m != nil {
			out.Commitment = &Commitment{m.Who, one(m.What), m.Due, m.Next}
		}
		if p := b.Picture; p != nil {
			out.Picture = &Picture{p.SHA256, one(p.Alt)}
		}
		out.Texts = map[string]Cell{c.Language: {Text: b.Text, State: Finished}}
		cell := out.Texts[c.Language]
		cell.Based = d.Base(out, c.Language)
		out.Texts[c.Language] = cell
		d.Blocks = append(d.Blocks, out)
	}
	return d, nil
}

func people(all []ContentSpeaker, one func(string) meeting.Text) []Speaker {
	var out []Speaker
	for _, s := range all {
		out = append(out, Speaker{s.Member, s.Party, one(s.Name), one(s.Office), s.AsOf, s.Capacity})
	}
	return out
}

// moment reads RFC 3339 in the one form in which we write it.
func moment(s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil || t.Format(time.RFC3339) != s {
		return t, fail("readout.times")
	}
	if _, offset := t.Zone(); offset != 0 {
		return second(t), nil
	}
	return t.UTC(), nil
}

package readout

import (
	"crypto/sha256"
	"encoding/hex"

	"visavis/internal/meeting"
)

// Base is what the text of a block in one language rests on: SHA-256 over the purpose line "visavis-readout-base/1" and, for every other
// authentic language in the manifest's order, a line of its tag and the SHA-256 of its text. Zeros where there is no other authentic text.
func (d Document) Base(b Block, tag string) meeting.Hash {
	h := sha256.New()
	h.Write([]byte("visavis-readout-base/1\n"))
	n := 0
	for _, l := range d.Languages {
		if l.Standing != Authentic || l.Tag == tag {
			continue
		}
		n++
		c := b.Texts[l.Tag]
		text := c.Text
		for _, p := range sortedKeys(c.Bracket) {
			text += "\x00" + string(p) + "\x00" + c.Bracket[p]
		}
		sum := sha256.Sum256([]byte(text))
		h.Write([]byte(l.Tag + " " + hex.EncodeToString(sum[:]) + "\n"))
	}
	if n == 0 {
		return meeting.Hash{}
	}
	return meeting.Hash(h.Sum(nil))
}

// State is how far a block is in a language: what its cell says, seen against the authentic texts as they are now.
func (d Document) State(b Block, tag string) State {
	c, ok := b.Texts[tag]
	switch {
	case !ok || c.Text == "" && len(c.Bracket) == 0:
		return Missing
	case c.Prefill || len(c.Bracket) > 0 || c.State == Draft || c.State == Missing:
		return Draft
	case c.Based != d.Base(b, tag):
		return Stale
	}
	return Finished
}

// Settled is a copy of d in which every cell of every language says its State; languages that a block did not have are there, missing.
func (d Document) Settled() Document {
	d = d.Clone()
	for i := range d.Blocks {
		b := &d.Blocks[i]
		if b.Texts == nil {
			b.Texts = map[string]Cell{}
		}
		for _, l := range d.Languages {
			c := b.Texts[l.Tag]
			c.State = d.State(*b, l.Tag)
			b.Texts[l.Tag] = c
		}
	}
	return d
}

// SetText is a copy of d with a text written: its prefill mark and its brackets go, and texts that rested on it become stale. ready says that the
// writer holds it for finished; an empty text is missing. The error is a *meeting.Error: readout.gone, or what the gate refuses.
func (d Document) SetText(block, tag, text string, ready bool) (Document, error) {
	i := d.index(block)
	if i < 0 || d.standing(tag) == "" {
		return d, fail("readout.gone", "block", block)
	}
	if text != "" {
		var err error
		if text, err = meeting.Clean(text, meeting.NoteText); err != nil {
			return d, err
		}
	}
	d = d.Clone()
	b := &d.Blocks[i]
	if b.Texts == nil {
		b.Texts = map[string]Cell{}
	}
	state := Draft
	if ready {
		state = Finished
	}
	b.Texts[tag] = Cell{Text: text, State: state, Based: d.Base(*b, tag)}
	return d.Settled(), nil
}

// Point is one thing that stands between a document and its signature.
type Point struct {
	Code     string `json:"code"`     // readout.open.…: stable, translated in the client
	Block    string `json:"block"`    // "" = of the whole
	Language string `json:"language"` // "" = of all
}

// Open lists what is not finished, in the order of the text; nothing may be signed or published while there is any. d must have passed Check.
func (d Document) Open() []Point {
	var out []Point
	add := func(code, block, tag string) { out = append(out, Point{"readout.open." + code, block, tag}) }
	headline := 0
	for _, l := range d.Languages {
		if d.Title[l.Tag] == "" {
			add("title", "", l.Tag)
		}
		if d.Revision > 1 && d.Correction[l.Tag] == "" {
			add("correction", "", l.Tag)
		}
		for _, p := range d.Parties {
			if p.Name[l.Tag] == "" || len(p.LongName) > 0 && p.LongName[l.Tag] == "" || len(p.City) > 0 && p.City[l.Tag] == "" {
				add("party", "", l.Tag)
			}
		}
	}
	for _, b := range d.Blocks {
		if b.Kind == Notice {
			continue
		}
		if b.Kind == Headline {
			headline++
		}
		if needsSpeaker(b.Kind) && len(b.Speakers) == 0 {
			add("speaker", b.ID, "")
		}
		for _, l := range d.Languages {
			d.openCell(b, l.Tag, add)
		}
	}
	if headline != 1 {
		add("headline", "", "")
	}
	if d.Mode == Coordinated && d.Revision == 1 && d.Release.IsZero() { // nothing else says when both go out
		add("release", "", "")
	}
	return out
}

func needsSpeaker(k Kind) bool { return k == Statement || k == Quote || k == Greeting }

func (d Document) openCell(b Block, tag string, add func(code, block, tag string)) {
	c := b.Texts[tag]
	switch s := d.State(b, tag); {
	case c.Prefill:
		add("prefill", b.ID, tag)
	case len(c.Bracket) > 0:
		add("bracket", b.ID, tag)
	case s != Finished:
		add(string(s), b.ID, tag)
	}
	for _, list := range [][]Speaker{b.Speakers, b.Listed} {
		for _, p := range list {
			if p.Name[tag] == "" || len(p.Office) > 0 && p.Office[tag] == "" {
				add("name", b.ID, tag)
				return
			}
		}
	}
	if m := b.Commitment; m != nil && len(m.What) > 0 && m.What[tag] == "" || b.Picture != nil && b.Picture.Alt[tag] == "" {
		add("words", b.ID, tag)
	}
}

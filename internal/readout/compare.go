package readout

import (
	"bytes"
	"slices"

	"visavis/internal/meeting"
)

// Shared is what of d may cross to another party: no sources, no notices, no prefill marks of ours.
func (d Document) Shared() Document {
	d = d.Clone()
	d.Blocks = slices.DeleteFunc(d.Blocks, func(b Block) bool { return b.Kind == Notice })
	for i := range d.Blocks {
		b := &d.Blocks[i]
		b.Sources = nil
		for tag, c := range b.Texts {
			if c.Prefill { // facts of our own log, not a text
				b.Texts[tag] = Cell{State: Missing}
			}
		}
	}
	return d.Settled()
}

// Digest is SHA-256 over the purpose line "visavis-readout-draft/1" and the canonical JSON of what is shared of d.
func (d Document) Digest() meeting.Hash {
	b, err := canonical(d.Shared())
	if err != nil {
		return meeting.Hash{}
	}
	return sum("visavis-readout-draft/1", string(b))
}

// Verdict is how a block stands between two drafts.
type Verdict string

// The verdicts.
const (
	Same       Verdict = "same"
	Differs    Verdict = "differs"
	OnlyOurs   Verdict = "ours"      // theirs does not have it
	OnlyTheirs Verdict = "theirs"    // ours does not have it
	Bracketed  Verdict = "bracketed" // both texts are kept, in both drafts or in one
)

// Standoff is one block between two drafts.
type Standoff struct {
	Block     string   `json:"block"`
	Verdict   Verdict  `json:"verdict"`
	Languages []string `json:"languages,omitempty"` // where texts differ
	Frame     bool     `json:"frame"`               // something besides the texts differs: kind, speakers, acts, commitment
}

// Divergence is something of two drafts besides their blocks in which they differ.
type Divergence struct {
	Field string          `json:"field"`
	Party meeting.PartyID `json:"party,omitempty"` // whose particulars differ
}

// Diverge says in what two drafts of one readout differ besides their blocks: everything else that is signed.
func Diverge(ours, theirs Document) []Divergence {
	a, b := ours.Shared(), theirs.Shared()
	var out []Divergence
	differ := func(field string, x, y any) {
		if !sameJSON(x, y) {
			out = append(out, Divergence{Field: field})
		}
	}
	differ("title", a.Title, b.Title)
	differ("number", a.Number, b.Number)
	differ("release", a.Release.UTC(), b.Release.UTC())
	differ("languages", a.Languages, b.Languages)
	differ("prevails", a.Prevails, b.Prevails)
	differ("link", a.Link, b.Link)
	differ("correction", a.Correction, b.Correction)
	differ("beside", a.Beside, b.Beside)
	for _, p := range b.Parties {
		if i := slices.IndexFunc(a.Parties, func(q Party) bool { return q.ID == p.ID }); i < 0 || !sameJSON(a.Parties[i], p) {
			out = append(out, Divergence{Field: "party", Party: p.ID})
		}
	}
	differ("parties", partyIDs(a), partyIDs(b))
	differ("order", a.common(b), b.common(a))
	return out
}

func partyIDs(d Document) (out []meeting.PartyID) {
	for _, p := range d.Parties {
		out = append(out, p.ID)
	}
	return out
}

// common are the blocks of d that other has too, in d's order.
func (d Document) common(other Document) []string {
	out := []string{}
	for _, b := range d.Blocks {
		if other.index(b.ID) >= 0 {
			out = append(out, b.ID)
		}
	}
	return out
}

// Compare says block by block how two drafts of one readout stand: first in the order of theirs, then what only ours has.
func Compare(ours, theirs Document) []Standoff {
	a, b := ours.Shared(), theirs.Shared()
	var out []Standoff
	for _, t := range b.Blocks {
		o, ok := a.Block(t.ID)
		if !ok {
			out = append(out, Standoff{Block: t.ID, Verdict: OnlyTheirs})
			continue
		}
		out = append(out, standoff(o, t, b.Languages))
	}
	for _, o := range a.Blocks {
		if _, ok := b.Block(o.ID); !ok {
			out = append(out, Standoff{Block: o.ID, Verdict: OnlyOurs})
		}
	}
	return out
}

func standoff(o, t Block, languages []Language) Standoff {
	s := Standoff{Block: t.ID, Verdict: Same}
	bracket := false
	for _, l := range languages {
		x, y := o.Texts[l.Tag], t.Texts[l.Tag]
		bracket = bracket || len(x.Bracket) > 0 || len(y.Bracket) > 0
		if x.Text != y.Text || !sameBracket(x.Bracket, y.Bracket) {
			s.Languages = append(s.Languages, l.Tag)
		}
	}
	o.Texts, t.Texts = nil, nil
	s.Frame = !sameJSON(o, t)
	switch {
	case bracket:
		s.Verdict = Bracketed
	case s.Frame || len(s.Languages) > 0:
		s.Verdict = Differs
	}
	return s
}

func sameBracket(a, b map[meeting.PartyID]string) bool {
	return slices.Equal(sortedKeys(a), sortedKeys(b)) && slices.Equal(values(a), values(b))
}

func sameJSON(a, b any) bool {
	x, err1 := canonical(a)
	y, err2 := canonical(b)
	return err1 == nil && err2 == nil && bytes.Equal(x, y)
}

// SameText reports whether two drafts would be signed as the same: everything but the standing of their texts (draft, ready).
func SameText(a, b Document) bool {
	bare := func(d Document) Document {
		d = d.Shared()
		for i := range d.Blocks {
			for tag, c := range d.Blocks[i].Texts {
				d.Blocks[i].Texts[tag] = Cell{Text: c.Text, State: Draft, Bracket: c.Bracket}
			}
		}
		return d
	}
	return sameJSON(bare(a), bare(b))
}

// Take is ours with a block as theirs has it: accepted. A block that theirs does not have is taken out. Our sources stay.
func Take(ours, theirs Document, block string) (Document, error) {
	ours = ours.Clone()
	i := ours.index(block)
	t, ok := theirs.Block(block)
	switch {
	case i < 0 && !ok:
		return ours, fail("readout.gone", "block", block)
	case !ok:
		if ours.Blocks[i].Kind == Notice {
			return ours, fail("readout.gone", "block", block)
		}
		ours.Blocks = slices.Delete(ours.Blocks, i, i+1)
	case i < 0:
		ours.Blocks = slices.Insert(ours.Blocks, place(ours, theirs, block), t.Clone())
	default:
		t = t.Clone()
		t.Sources = ours.Blocks[i].Sources
		ours.Blocks[i] = t
	}
	return ours.Settled(), nil
}

// place is where a block that only theirs has goes in ours: after the one that stands before it there.
func place(ours, theirs Document, block string) int {
	for i := theirs.index(block) - 1; i >= 0; i-- {
		if at := ours.index(theirs.Blocks[i].ID); at >= 0 {
			return at + 1
		}
	}
	return 0
}

// TakeAll is theirs as our draft: with our sources and notices.
func TakeAll(ours, theirs Document) Document {
	out := theirs.Shared()
	for i := range out.Blocks {
		if o, ok := ours.Block(out.Blocks[i].ID); ok {
			out.Blocks[i].Sources = slices.Clone(o.Sources)
		}
	}
	for _, b := range ours.Blocks {
		if b.Kind == Notice {
			out.Blocks = append(out.Blocks, b.Clone())
		}
	}
	return out
}

// PutInBrackets is ours with both texts of a block kept, in every language in which they differ: [A: … | B: …]. What differs besides the texts
// stays ours. A text that one side does not have is empty on its side of the bar.
func PutInBrackets(ours, theirs Document, block string, we, they meeting.PartyID) (Document, error) {
	i := ours.index(block)
	t, ok := theirs.Block(block)
	if i < 0 || !ok || we == they {
		return ours, fail("readout.gone", "block", block)
	}
	ours = ours.Clone()
	b := &ours.Blocks[i]
	n := 0
	for _, l := range ours.Languages {
		x, y := b.Texts[l.Tag], t.Texts[l.Tag]
		if x.Text == y.Text || len(x.Bracket) > 0 {
			continue
		}
		n++
		theirText := y.Text
		if s, ok := y.Bracket[they]; ok {
			theirText = s
		}
		b.Texts[l.Tag] = Cell{State: Draft, Bracket: map[meeting.PartyID]string{we: x.Text, they: theirText}}
	}
	if n == 0 {
		return ours, fail("readout.same", "block", block)
	}
	return ours.Settled(), nil
}

// Unbracket is d with the text of party of in the place of a block's brackets, in every language that has them: finished, since an officer has read both
// and chosen. A party that has no text there leaves it missing.
func Unbracket(d Document, block string, of meeting.PartyID) (Document, error) {
	i := d.index(block)
	if i < 0 {
		return d, fail("readout.gone", "block", block)
	}
	d = d.Clone()
	b := &d.Blocks[i]
	var chosen []string
	for tag, c := range b.Texts {
		if text, ok := c.Bracket[of]; ok {
			b.Texts[tag] = Cell{Text: text, State: Finished}
			chosen = append(chosen, tag)
		}
	}
	if len(chosen) == 0 {
		return d, fail("readout.same", "block", block)
	}
	for _, tag := range chosen { // once all of them stand
		c := b.Texts[tag]
		c.Based = d.Base(*b, tag)
		b.Texts[tag] = c
	}
	return d.Settled(), nil
}

// BracketText writes a bracket in a line: labels are those of the parties in order, "A" and "B", أ and ب, 甲 and 乙.
func (c Cell) BracketText(order []meeting.PartyID, labels []string) string {
	s, n := "[", 0
	for i, p := range order {
		text, ok := c.Bracket[p]
		if !ok || i >= len(labels) {
			continue
		}
		if n > 0 {
			s += " | "
		}
		n++
		s += labels[i] + ": " + text
	}
	return s + "]"
}

package intake

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"visavis/internal/meeting"
	"visavis/internal/readout"
)

// Plan is what a draft needs and no old text says.
type Plan struct {
	ID      readout.ID
	Meeting meeting.ID
	Party   readout.Party // whose text it is; Start and End may be zero: the day of the text is taken
}

// Draft makes a document of t: separate, revision 1, one authentic language, every text a draft that somebody has to look at. What cannot be taken over as it stands is said in notes: signs
// that the text gate refuses, texts cut in two, pictures, people without a name. The error is the *meeting.Error of a document that cannot be.
func Draft(t Text, p Plan) (readout.Document, []string, error) {
	w := &writer{t: t, plan: p}
	if p.Party.Start.IsZero() {
		day, err := time.Parse(time.DateOnly, t.Date)
		if err != nil || day.Year() < 2000 {
			day = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
			w.note("no day of this century was found: 1 January 2000 stands in its place")
		}
		p.Party.Start, p.Party.End = day, day
	}
	d := readout.Document{ID: p.ID, Meeting: p.Meeting, Mode: readout.Separate, By: p.Party.ID, Revision: 1, Parties: []readout.Party{p.Party}, Link: true,
		Languages: []readout.Language{{Tag: t.Language, Standing: readout.Authentic}}}
	if title := w.clean(t.Title, meeting.TitleText, "title"); title != "" {
		d.Title = meeting.Text{t.Language: title}
	}
	for i, b := range t.Blocks {
		w.block(i, b)
	}
	d.Blocks = w.out
	d, err := d.Clean()
	if err != nil {
		return readout.Document{}, w.notes, err
	}
	d = d.Settled()
	return d, w.notes, d.Check()
}

type writer struct {
	t     Text
	plan  Plan
	out   []readout.Block
	notes []string
}

func (w *writer) note(format string, args ...any) {
	w.notes = append(w.notes, fmt.Sprintf(format, args...))
}

// clean takes out what the gate refuses, and says so.
func (w *writer) clean(s string, k meeting.TextKind, where string) string {
	if s == "" {
		return ""
	}
	if out, err := meeting.Clean(s, k); err == nil {
		return out
	}
	kept := strings.Map(func(r rune) rune {
		if r == '\n' && k == meeting.NoteText {
			return r
		}
		if _, err := meeting.Clean("a"+string(r)+"a", k); err != nil {
			if r == '\n' || r == '\t' {
				return ' '
			}
			return -1
		}
		return r
	}, s)
	if kept != s {
		w.note("%s: %d signs that may not be shown are left out", where, utf8.RuneCountInString(s)-utf8.RuneCountInString(kept))
	}
	for kept != "" {
		out, err := meeting.Clean(kept, k)
		if err == nil {
			return out
		}
		e, ok := err.(*meeting.Error)
		if !ok || e.Code != "text.long" {
			w.note("%s: left out (%v)", where, err)
			return ""
		}
		kept = cutAt(kept, utf8.RuneCountInString(kept)-1)
	}
	return ""
}

func cutAt(s string, n int) string {
	r := []rune(s)
	return string(r[:min(n, len(r))])
}

// block adds b; a text that is longer than a block may be becomes several, of which the later ones are plain.
func (w *writer) block(i int, b Block) {
	where := fmt.Sprintf("block %d", i+1)
	kind := b.Kind
	if kind == readout.Media {
		w.note("%s: the picture is not in the text's file: its words stay as a plain block", where)
		kind = readout.Plain
	}
	for n, part := range parts(b.Text) {
		text := w.clean(part, meeting.NoteText, where)
		if text == "" {
			w.note("%s: nothing of it can be shown; it stands in the original at byte %d", where, b.From)
			continue
		}
		o := readout.Block{ID: fmt.Sprintf("b%02d", len(w.out)+1), Kind: kind, Texts: map[string]readout.Cell{w.t.Language: {Text: text, State: readout.Draft}}}
		if n > 0 {
			w.note("%s: too long for one block; it goes on as %s", where, o.ID)
			o.Kind = readout.Plain
		}
		if o.Kind == b.Kind {
			w.people(&o, b, where)
		}
		w.out = append(w.out, o)
	}
}

func (w *writer) people(o *readout.Block, b Block, where string) {
	o.Acts = slices.Clone(b.Acts)
	if b.Speaker != nil {
		if s, ok := w.speaker(*b.Speaker, where); ok {
			if b.Capacity != "" {
				if office := w.clean(b.Capacity, meeting.OfficeText, where); office != "" {
					s.Office, s.Capacity = meeting.Text{w.t.Language: office}, 1
				}
			}
			o.Speakers = []readout.Speaker{s}
		}
	}
	if o.Kind == readout.Commit {
		o.Commitment = &readout.Commitment{Who: []meeting.PartyID{w.plan.Party.ID}}
	}
	if o.Kind == readout.Attendance {
		for _, p := range b.Listed {
			if s, ok := w.speaker(p, where); ok && len(o.Listed) < readout.MaxListed {
				o.Listed = append(o.Listed, s)
			}
		}
	}
}

// speaker: who has no name stands with the office in its place.
func (w *writer) speaker(p Person, where string) (readout.Speaker, bool) {
	s := readout.Speaker{Member: p.Member}
	name, office := w.clean(p.Name, meeting.NameText, where), w.clean(p.Office, meeting.OfficeText, where)
	if name == "" {
		name, office = w.clean(p.Office, meeting.NameText, where), ""
	}
	if name == "" {
		return s, false
	}
	s.Name = meeting.Text{w.t.Language: name}
	if office != "" {
		s.Office = meeting.Text{w.t.Language: office}
	}
	return s, true
}

// parts cuts a text into pieces that a block can hold, at line ends or blanks where there are any.
func parts(s string) []string {
	var out []string
	for utf8.RuneCountInString(s) > meeting.MaxNote {
		piece := cutAt(s, meeting.MaxNote)
		if i := strings.LastIndexAny(piece, " \n"); i > len(piece)/2 {
			piece = piece[:i+1]
		}
		out = append(out, piece)
		s = s[len(piece):]
	}
	return append(out, s)
}

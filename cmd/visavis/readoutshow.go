package main

import (
	"fmt"
	"strings"

	"visavis/internal/node"
)

// showContent prints a text as it is signed: every member that is there, with what cannot be seen written out.
func showContent(c console, x node.ReadoutContent) {
	var w strings.Builder
	writeContent(&w, x)
	c.printf("%s", node.ReadMarked(w.String()))
}

func writeContent(w *strings.Builder, x node.ReadoutContent) {
	fmt.Fprintf(w, "\n== %s (%s) ==\n%s\n%s, revision %d, %s", x.Language, x.Standing, x.Title, x.ID, x.Revision, x.Mode)
	if x.Release != "" {
		fmt.Fprintf(w, ", not to be published before %s", x.Release)
	}
	fmt.Fprintf(w, "\n%s; of the meeting %s%s\n", x.Purpose, x.Meeting, named(" by video link", x.Link))
	fmt.Fprintf(w, "languages:")
	for _, l := range x.Languages {
		fmt.Fprintf(w, " %s (%s)", l.Tag, l.Standing)
	}
	fmt.Fprintf(w, "%s\n", said("; where they differ prevails ", x.Prevails))
	for _, m := range []struct{ what, is string }{
		{"number: ", x.Number}, {"text of: ", string(x.By)}, {"beside: ", string(x.Beside)}, {"correction: ", x.Correction},
	} {
		if m.is != "" {
			fmt.Fprintf(w, "%s%s\n", m.what, m.is)
		}
	}
	for _, p := range x.Parties {
		fmt.Fprintf(w, "%s: %s%s, %s to %s (%s)%s%s\n", p.ID, p.Name, said(" — ", p.LongName), p.Start, p.End,
			p.Zone, said(", in ", p.City), said("; emblem sha256 ", p.Emblem))
	}
	for _, b := range x.Blocks {
		writeBlock(w, b)
	}
}

func writeBlock(w *strings.Builder, b node.ReadoutBlock) {
	fmt.Fprintf(w, "\n[%s %s]%s%s\n", b.ID, b.Kind, said(" acts: ", joined(b.Acts)), said(" topics: ", joined(b.Topics)))
	for _, s := range b.Speakers {
		fmt.Fprintf(w, "  speaks: %s\n", person(s))
	}
	for _, s := range b.Listed {
		fmt.Fprintf(w, "  listed: %s\n", person(s))
	}
	if m := b.Commitment; m != nil {
		fmt.Fprintf(w, "  commitment of %s%s%s%s\n", joined(m.Who), said(", due ", m.Due), said(", next ", m.Next), said(": ", m.What))
	}
	if p := b.Picture; p != nil {
		fmt.Fprintf(w, "  picture sha256 %s: %s\n", p.SHA256, p.Alt)
	}
	fmt.Fprintf(w, "%s\n", b.Text)
}

// person is one who is named: name, office, and in brackets what the page makes of the two.
func person(s node.ReadoutPerson) string {
	out := s.Name + said(", ", s.Office)
	var more []string
	for _, m := range []struct{ what, is string }{{"party ", string(s.Party)}, {"member ", string(s.Member)}, {"office as of ", s.AsOf}} {
		if m.is != "" {
			more = append(more, m.what+m.is)
		}
	}
	if s.Capacity != 0 {
		more = append(more, fmt.Sprintf("capacity %d", s.Capacity))
	}
	if len(more) > 0 {
		out += " (" + strings.Join(more, "; ") + ")"
	}
	return out
}

// said is what before is, "" if it is not there.
func said(before, what string) string {
	if what == "" {
		return ""
	}
	return before + what
}

func named(what string, is bool) string {
	if is {
		return what
	}
	return ""
}

func joined[T ~string](all []T) string {
	var out []string
	for _, s := range all {
		out = append(out, string(s))
	}
	return strings.Join(out, ", ")
}

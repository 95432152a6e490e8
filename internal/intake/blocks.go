package intake

import (
	"regexp"
	"slices"
	"strings"

	"visavis/internal/readout"
)

// blocks makes blocks of the sentences. Their ranges follow each other without leaving out anything that is not blank: separators between two paragraphs go to the block before.
func (d *reading) blocks() []Block {
	var out []Block
	for k := range d.paras {
		p := d.paras[k]
		for i := p.s0; i < p.s1; i++ {
			s := d.sents[i]
			if i > p.s0 && joins(d.sents[i-1].found, s.found) {
				out[len(out)-1].to, out[len(out)-1].s1 = s.to, i+1
				continue
			}
			b := Block{Kind: s.kind, Capacity: s.capacity, Acts: s.acts, from: s.from, to: s.to, s0: i, s1: i + 1}
			if s.speaker != nil && s.speaker.person != nil {
				b.Speaker = &s.speaker.person.Person
			} else if s.speaker != nil && s.speaker.office != "" {
				b.Speaker = &Person{Office: s.speaker.office}
			}
			out = append(out, b)
		}
	}
	from, _ := trim(d.s, 0, len(d.s))
	if d.frontTo > 0 {
		from = d.frontTo
	}
	if lo, hi := trim(d.s, from, len(d.s)); len(out) == 0 && hi > lo {
		out = []Block{{Kind: readout.Plain, from: lo, to: hi}}
	}
	for i := range out {
		b := &out[i]
		end := len(d.s)
		if i+1 < len(out) {
			end = out[i+1].from
		}
		b.From, _ = trim(d.s, from, end)
		_, b.To = trim(d.s, b.From, end)
		from = b.To
		b.Text = d.clean(b.from, b.to)
	}
	return out
}

// joins reports whether two sentences of one paragraph make one block.
func joins(a, b found) bool {
	if a.kind != b.kind || a.speaker.key() != b.speaker.key() {
		return false
	}
	return a.capacity == b.capacity || !b.explicit
}

var (
	linkMark  = regexp.MustCompile(`!?\[([^\]\n]*)\]\(([^)\n]*)\)`)
	boldMark  = regexp.MustCompile(`\*\*|__`)
	emphasise = regexp.MustCompile(`(^|[\s("«“])[*_](\S[^*_\n]*)[*_]`)
)

// clean gives the text of a stretch of the original without the signs of Markdown: lines that were wrapped are joined, items of a list stay lines.
func (d *reading) clean(from, to int) string {
	var b strings.Builder
	for _, l := range lines(d.s[:to], from) {
		text := d.lineText(l)
		if m := quoteMark.FindString(text); m != "" {
			text = text[len(m):]
		}
		if m := headingMark.FindString(text); m != "" {
			text = strings.TrimRight(text[len(m):], "# ")
		}
		isItem := itemMark.MatchString(text)
		if text == "" || ruleLine.MatchString(text) {
			continue
		}
		if b.Len() > 0 {
			if isItem {
				b.WriteString("\n")
			} else {
				b.WriteString(" ")
			}
		}
		b.WriteString(text)
	}
	s := b.String()
	if d.markdown {
		s = linkMark.ReplaceAllString(s, "$1 ($2)")
		s = boldMark.ReplaceAllString(s, "")
		s = emphasise.ReplaceAllString(s, "$1$2")
		s = strings.Trim(s, "*_ ")
	}
	return strings.TrimSpace(s)
}

// attendance collects who is listed as present: in the blocks of attendance, behind the formula of the lede, in the front matter.
func (d *reading) attendance(blocks []Block) []Person {
	var out []Person
	for i := range blocks {
		b := &blocks[i]
		for _, s := range d.sents[b.s0:b.s1] {
			lo, hi := s.lo, s.hi
			switch b.Kind {
			case readout.Statement, readout.Quote, readout.Exchange, readout.Commit, readout.Greeting:
				b.Listed = append(b.Listed, d.companionsOf(s)...)
				continue
			case readout.Attendance:
			case readout.Lede:
				lo = d.companions(s)
			default:
				continue
			}
			b.Listed = append(b.Listed, d.listed(lo, hi)...)
		}
		if b.Kind == readout.Attendance && len(b.Listed) == 0 {
			b.Listed = d.offices(*b)
		}
		out = append(out, b.Listed...)
	}
	for _, p := range several(d.field("attendance")) {
		name, office, _ := strings.Cut(strings.TrimRight(strings.ReplaceAll(p, "（", "("), ")）"), "(")
		if name = strings.TrimSpace(name); name != "" {
			out = append(out, Person{Name: name, Office: strings.TrimSpace(office)})
		}
	}
	var once []Person
	for _, p := range out {
		if !slices.ContainsFunc(once, func(q Person) bool { return samePerson(p, q) }) {
			once = append(once, p)
		}
	}
	return once
}

func samePerson(p, q Person) bool {
	if p.Name == "" || q.Name == "" {
		return p.Name == q.Name && slices.Equal(foldWords(p.Office), foldWords(q.Office))
	}
	return slices.Equal(foldWords(p.Name), foldWords(q.Name))
}

// listed gives the people named in tokens lo to hi, principals left out.
func (d *reading) listed(lo, hi int) []Person {
	var out []Person
	for i := lo; i < hi; i++ {
		for _, f := range d.cast {
			if f.stands(i) && !f.principal {
				out = append(out, f.Person)
			}
		}
	}
	return out
}

// offices gives the offices of an attendance line without names.
func (d *reading) offices(b Block) []Person {
	var out []Person
	for i := range d.toks {
		if d.toks[i].from < b.from || d.toks[i].to > b.to {
			continue
		}
		if p, ok := d.officeAt(i, i, len(d.toks)); ok && (len(out) == 0 || !strings.Contains(out[len(out)-1].Office, d.span2(i, i+1))) {
			out = append(out, Person{Office: d.span2(p.lo, p.hi)})
		}
	}
	return out
}

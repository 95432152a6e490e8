package intake

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"visavis/internal/readout"
)

// form is what a paragraph looks like.
type form uint8

const (
	prose form = iota
	heading
	item    // of a list
	picture // ![…](…)
)

// para is one paragraph: s[from:to] with its signs of Markdown.
type para struct {
	from, to int
	form     form
	level    int  // of a heading
	list     bool // with the list that it leads into
	quoted   bool // behind >
	lo, hi   int  // tokens
	s0, s1   int  // sentences
	kind     readout.Kind
}

var (
	ruleLine    = regexp.MustCompile(`^[ \t]*([-*_=~][ \t]*){3,}$`)
	headingMark = regexp.MustCompile(`^(#{1,6})[ \t]+`)
	itemMark    = regexp.MustCompile(`^([-*+•▪◦·][ \t]+|\d{1,2}[.)][ \t]+)`)
	pictureMark = regexp.MustCompile(`^!\[[^\]\n]*\]\([^)\n]*\)$`)
	quoteMark   = regexp.MustCompile(`^(>[ \t]?)+`)
)

// seen is one line as it looks.
type seen struct {
	line
	text   string // without marks
	form   form
	level  int
	quoted bool
	rule   bool
	width  int // columns; a Han sign has two
}

func (d *reading) look(l line) seen {
	o := seen{line: l, text: d.lineText(l)}
	if m := quoteMark.FindString(o.text); m != "" {
		o.quoted, o.text = true, strings.TrimSpace(o.text[len(m):])
	}
	o.width = width(o.text)
	switch {
	case ruleLine.MatchString(o.text):
		o.rule = true
	case headingMark.MatchString(o.text):
		m := headingMark.FindStringSubmatch(o.text)
		o.form, o.level, d.markdown = heading, len(m[1]), true
		o.text = o.text[len(m[0]):]
	case pictureMark.MatchString(o.text):
		o.form, d.markdown = picture, true
	case itemMark.MatchString(o.text):
		o.form = item
		o.text = o.text[len(itemMark.FindString(o.text)):]
	}
	if strings.Contains(o.text, "**") || o.quoted {
		d.markdown = true
	}
	return o
}

func width(s string) int {
	n := 0
	for _, r := range s {
		if unicode.Is(unicode.M, r) {
			continue
		}
		n++
		if han(r) {
			n++
		}
	}
	return n
}

// slack is how many columns a wrapped line may be shorter than the widest although the next word would still have fitted: by glued signs and ragged wrapping.
const slack = 14

// fits reports whether the first word of next could have stood in a line of w columns behind l.
func fits(l, next seen, w int) bool {
	word, _, _ := strings.Cut(next.text, " ")
	n := width(word)
	if r, _ := utf8.DecodeRuneInString(next.text); han(r) {
		n = 2
	}
	return l.width+1+n <= w-slack
}

// wrapped finds out whether the text has line breaks within its paragraphs, and at how many columns; 0: it has not.
func wrapped(ls []seen) int {
	w, pairs, full := 0, 0, 0
	for _, l := range ls {
		if l.form == prose && !l.rule {
			w = max(w, l.width)
		}
	}
	if w > 110 {
		return 0
	}
	for i := 1; i < len(ls); i++ {
		a, b := ls[i-1], ls[i]
		if a.text == "" || b.text == "" || a.form != prose || b.form != prose || a.rule || b.rule {
			continue
		}
		pairs++
		if !fits(a, b, w) {
			full++
		}
	}
	if pairs < 2 || full*5 < pairs*4 {
		return 0
	}
	return w
}

// paragraphs finds the paragraphs of the body.
func (d *reading) paragraphs() error {
	var ls []seen
	for _, l := range lines(d.s, d.bodyFrom) {
		ls = append(ls, d.look(l))
	}
	w := wrapped(ls)
	joined := false // the line before belongs to the paragraph that is being made
	for i, l := range ls {
		if l.rule && l.text[0] == '=' && joined {
			d.paras[len(d.paras)-1].form, d.paras[len(d.paras)-1].level = heading, 1
		}
		if l.text == "" || l.rule {
			joined = false
			continue
		}
		from, to := trim(d.s, l.from, l.to)
		if joined && d.continues(ls[i-1], l, w) {
			d.paras[len(d.paras)-1].to = to
			continue
		}
		joined = true
		if n := len(d.paras); l.form == item && n > 0 && d.leads(d.paras[n-1]) {
			d.paras[n-1].to, d.paras[n-1].list = to, true
			continue
		}
		if len(d.paras) == MaxParagraphs {
			return fmt.Errorf("the text has more than %d paragraphs", MaxParagraphs)
		}
		d.paras = append(d.paras, para{from: from, to: to, form: l.form, level: l.level, quoted: l.quoted})
	}
	d.span()
	return nil
}

// continues reports whether b goes on with the paragraph of a.
func (d *reading) continues(a, b seen, w int) bool {
	switch {
	case b.form != prose || a.form == heading || a.form == picture || a.quoted != b.quoted:
		return false
	case a.form == item:
		r, _ := utf8.DecodeRuneInString(d.s[b.from:b.to])
		return unicode.IsSpace(r) // an indented line goes on with its item
	}
	return w > 0 && !fits(a, b, w)
}

// leads reports whether p ends with a colon, or has items already.
func (d *reading) leads(p para) bool {
	text := strings.TrimRight(d.s[p.from:p.to], "*_ ")
	return p.list || p.form == prose && (strings.HasSuffix(text, ":") || strings.HasSuffix(text, "："))
}

// span gives each paragraph its tokens, and lets what has none go to its neighbour.
func (d *reading) span() {
	d.paras = slices.DeleteFunc(d.paras, func(p para) bool {
		return !strings.ContainsFunc(d.s[p.from:p.to], func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
	})
	i := 0
	for k := range d.paras {
		p := &d.paras[k]
		for i < len(d.toks) && d.toks[i].from < p.from {
			i++
		}
		p.lo = i
		for i < len(d.toks) && d.toks[i].from < p.to {
			i++
		}
		p.hi = i
	}
}

func (d *reading) tokens() { d.toks = words(d.s[d.bodyFrom:], d.bodyFrom) }

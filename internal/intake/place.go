package intake

import (
	"slices"
	"strings"

	"visavis/internal/readout"
)

// place gives those paragraphs their kind that have it by where they stand: title, labels above it, lede, pictures, notices under the text. The others
// get theirs sentence by sentence.
func (d *reading) place() {
	lede := -1
	for k := range d.paras {
		p := &d.paras[k]
		switch {
		case p.form == picture || p.form == prose && d.begun(*p, "caption"):
			p.kind = readout.Media
		case p.form == heading:
			p.kind = readout.Plain
		case lede < 0 && p.form == prose && d.full(*p) && !d.begun(*p, "labels", "byline") && !d.tailMark(*p):
			lede = k
		}
	}
	start := d.tail(lede)
	for k := start; k < len(d.paras); k++ {
		d.paras[k].kind = readout.Notice
	}
	if lede >= 0 && lede < start {
		d.paras[lede].kind = readout.Lede
	} else {
		lede = min(1, len(d.paras), start)
	}
	d.above(lede)
}

// begun reports whether a formula of the sections begins the paragraph.
func (d *reading) begun(p para, sections ...string) bool {
	return d.longest(p.lo, p.hi, sections...) > 0
}

// full reports whether p is running text: some words and a full stop.
func (d *reading) full(p para) bool {
	text := strings.TrimRight(d.s[p.from:p.to], " \n\t*_»”\"」』)）")
	least := 10
	if d.t.lang == "zh" {
		least = 16
	}
	return p.hi-p.lo >= least && text != "" && strings.ContainsRune(terminators, last(text))
}

// tail gives the first paragraph of the notices under the text. Between two of them may stand up to three paragraphs that nobody says anything in.
func (d *reading) tail(lede int) int {
	start, between := len(d.paras), 0
	for k := len(d.paras) - 1; k > lede; k-- {
		p := d.paras[k]
		hits := d.t.hits(d.toks[:p.hi], p.lo, p.hi)
		speech := slices.ContainsFunc(hits, func(h hit) bool { _, ok := acts[h.section]; return ok && !d.toks[h.at].quoted })
		quote := slices.ContainsFunc(d.sents[p.s0:p.s1], func(s sentence) bool { return s.quote })
		switch {
		case !quote && !speech && d.credit(p) || !quote && slices.ContainsFunc(hits, func(h hit) bool {
			return h.section == "notice" || h.section == "notice-tail" && h.at == p.lo && !(speech && d.full(p))
		}):
			start, between = k, 0
		case quote || speech && p.form != heading || between == 3:
			return start
		default:
			between++
		}
	}
	return start
}

// above sorts what stands before the lede: labels, bylines, a dateline, the title and one subtitle.
func (d *reading) above(lede int) {
	title := d.titleAt(lede)
	subtitles := 0
	for k := 0; k < lede && k < len(d.paras); k++ {
		p := &d.paras[k]
		switch {
		case p.kind == readout.Media || p.kind == readout.Notice:
		case k == title:
			p.kind = readout.Headline
		case d.t.has("notice", d.toks, p.lo, p.hi):
			p.kind = readout.Notice
		case p.hi-p.lo <= 12 && d.t.lang != "zh" && d.dateIn(p.lo, p.hi) != "" || d.t.lang == "zh" && p.hi-p.lo <= 24 && d.dateIn(p.lo, p.hi) != "":
			p.kind = readout.Lede
		case k == title+1 && subtitles == 0 && !d.label(*p) && !d.begun(*p, "byline"):
			p.kind = readout.Headline
			subtitles++
		default:
			p.kind = readout.Plain
		}
	}
}

// label reports whether p says what the text is or who gives it out: a formula, or nothing but the name of a state or an institution.
func (d *reading) label(p para) bool {
	if d.begun(p, "labels") {
		return true
	}
	return d.t.lang != "zh" && p.hi-p.lo <= 5 && d.begun(p, "realm") && !slices.ContainsFunc(d.t.hits(d.toks[:p.hi], p.lo, p.hi), func(h hit) bool { return slices.Contains(verbSections, h.section) })
}

// titleAt finds the title: the first heading, else what the front matter says, else the first paragraph that is no label, byline or date.
func (d *reading) titleAt(lede int) int {
	title := d.field("title")
	for k := 0; k < lede && k < len(d.paras); k++ {
		if p := d.paras[k]; p.form == heading || title != "" && slices.Equal(foldWords(title), foldWords(d.s[p.from:p.to])) {
			return k
		}
	}
	for k := 0; k < lede && k < len(d.paras); k++ {
		p := d.paras[k]
		if p.kind == "" && !d.label(p) && !d.begun(p, "byline") && !d.tailMark(p) && !d.t.has("notice", d.toks, p.lo, p.hi) && !(p.hi-p.lo <= 12 && d.dateIn(p.lo, p.hi) != "") {
			return k
		}
	}
	for k := min(lede, len(d.paras)) - 1; k >= 0; k-- { // better what looks like a label than no title
		if p := d.paras[k]; p.kind == "" && !d.begun(p, "byline") && p.hi-p.lo > 3 && d.dateIn(p.lo, p.hi) == "" {
			return k
		}
	}
	return -2
}

// tailMark reports whether p is a heading of notices: the formula alone, or with a colon behind it.
func (d *reading) tailMark(p para) bool {
	n := d.longest(p.lo, p.hi, "notice-tail")
	return n > 0 && (p.lo+n == p.hi || strings.ContainsAny(d.between(p.lo+n), ":："))
}

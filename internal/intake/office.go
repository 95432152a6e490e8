package intake

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// between is what stands between token i-1 and token i.
func (d *reading) between(i int) string {
	if i <= 0 || i >= len(d.toks) {
		return ""
	}
	return d.s[d.toks[i-1].to:d.toks[i].from]
}

// parted reports whether a sign that ends a phrase stands before token i.
func (d *reading) parted(i int) bool {
	g := d.between(i)
	return strings.ContainsAny(g, ",;:.!?()[]{}،؛؟，、；：。！？（）—–…/*") || strings.Count(g, "\n") > 1
}

// longest gives the length of the longest formula of the sections that begins at token i, below hi; 0: none does.
func (d *reading) longest(i, hi int, sections ...string) int {
	n := 0
	for _, h := range d.t.hits(d.toks[:min(hi, len(d.toks))], i, min(i+1, hi)) {
		if h.at == i && slices.Contains(sections, h.section) {
			n = max(n, h.n)
		}
	}
	return n
}

func (d *reading) is(i int, sections ...string) bool {
	return i >= 0 && i < len(d.toks) && d.longest(i, len(d.toks), sections...) > 0
}

var verbSections = []string{"said", "noted", "stressed", "proposed", "welcomed", "commended", "ready", "concern", "agreed", "thanked", "exchange", "agree",
	"committed", "next", "congratulated", "conveyed", "wished", "attendance", "accompany", "meeting"}

// phrase is an office as it stands in the text: tokens lo to hi, the head word at head.
type phrase struct{ lo, head, hi int }

// officeAt gives the office whose head word stands at token i, if one does. The phrase ends before hi, at the next sign, at a verb, a form of address or a
// word that begins something else.
func (d *reading) officeAt(i, lo, hi int) (phrase, bool) {
	if d.t.lang == "zh" {
		return d.hanOffice(i, lo, hi)
	}
	n := d.longest(i, hi, "offices")
	if n == 0 {
		return phrase{}, false
	}
	p := phrase{lo: i, head: i + n, hi: i + n}
	for p.lo > lo && !d.parted(p.lo) && d.is(p.lo-1, "modifiers") && !d.is(p.lo-1, "stop") {
		p.lo--
	}
	for p.hi < hi && p.hi-p.lo < maxPhrase && !d.parted(p.hi) {
		if d.addressed(p.hi, hi) {
			p.hi++ // the land of the office, and the holder behind it
			continue
		}
		if d.is(p.hi, "stop", "mr", "ms") || d.is(p.hi, verbSections...) {
			break
		}
		if d.t.lang == "ar" && d.joinedOffice(p.hi, hi) {
			break
		}
		if d.is(p.hi, "and") && d.newOffice(p.hi+1, hi) || d.otherHolder(p, hi) {
			break
		}
		p.hi++
	}
	for p.hi > p.head && d.is(p.hi-1, "and") {
		p.hi--
	}
	return p, true
}

// addressed reports whether an Arabic في begins the land of an office, behind which a form of address follows within a few words: وزير النقل في أفيلمار السيد ….
func (d *reading) addressed(i, hi int) bool {
	if d.t.lang != "ar" || d.toks[i].word != "في" {
		return false
	}
	for k := i + 1; k < min(i+6, hi); k++ {
		if d.is(k, "mr", "ms") {
			return true
		}
		if d.parted(k) || d.is(k, "stop", "and", "offices") || d.is(k, verbSections...) {
			return false
		}
	}
	return false
}

// otherHolder reports whether behind the last name of the holder another office begins without a sign: … al Ministro Soste la Directora …, министра Косвана директор ….
func (d *reading) otherHolder(p phrase, hi int) bool {
	i := p.hi
	if i == p.head || !d.toks[i-1].upper || d.is(i-1, "small", "offices", "realm", "and", "modifiers") {
		return false
	}
	switch d.t.lang {
	case "ru":
		return d.longest(i, hi, "offices") > 0
	case "ar", "zh":
		return false
	}
	return d.is(i, "small") && slices.Contains([]string{"the", "el", "la", "los", "las", "le", "les", "l", "un", "una", "une"}, d.toks[i].word) && d.longest(i+1, hi, "offices") > 0
}

// joinedOffice reports whether an office stands at token i behind a conjunction or preposition that is written to it.
func (d *reading) joinedOffice(i, hi int) bool {
	w := d.toks[i].word
	if bare(w) != w && d.longest(i, hi, "offices") > 0 {
		return true
	}
	for _, pre := range []string{"ب", "ل"} {
		if rest, ok := strings.CutPrefix(w, pre); ok && d.t.has("offices", []token{{word: rest}}, 0, 1) {
			return true
		}
	}
	return false
}

// officeText gives an office as the text has it, in Arabic without a conjunction that is written to its first word.
func (d *reading) officeText(lo, hi int) string {
	s := d.span2(lo, hi)
	if d.t.lang != "ar" || lo >= hi {
		return s
	}
	if w := bare(d.toks[lo].word); w != d.toks[lo].word && d.t.has("offices", []token{{word: w}}, 0, 1) {
		_, n := utf8.DecodeRuneInString(s)
		return s[n:]
	}
	return s
}

// newOffice reports whether another person begins at token i: an office or a form of address, behind articles and adjectives.
func (d *reading) newOffice(i, hi int) bool {
	for n := 0; n < 4 && i < hi; n, i = n+1, i+1 {
		if d.is(i, "offices", "mr", "ms", "side") {
			return true
		}
		if !d.is(i, "small", "modifiers") {
			two := func(k int) bool { return k >= 0 && k+1 < hi && d.toks[k].upper && d.toks[k+1].upper && !d.parted(k+1) }
			return two(i) && n == 0 && two(i-3) && i+2 < hi && d.parted(i+2) && d.is(i+2, "offices", "modifiers") // … Wenna Thorrick and Ruvanna Estigar, Director …
		}
	}
	return false
}

// hanOffice: in Chinese the head word ends the phrase, which begins after the sign, the name or the side before it.
func (d *reading) hanOffice(i, lo, hi int) (phrase, bool) {
	n := d.longest(i, hi, "offices")
	if n == 0 {
		return phrase{}, false
	}
	p := phrase{lo: i, head: i, hi: i + n}
	for k := i + 1; k < p.hi; k++ { // 副部长 inside a longer head
		if m := d.longest(k, hi, "offices"); k+m > p.hi {
			p.hi = k + m
		}
	}
	for p.lo > lo && p.hi-p.lo < 2*maxPhrase && !d.parted(p.lo) && !strings.ContainsAny(d.between(p.lo), "·•・「」“”《》") {
		if d.hanBreak(p.lo-1, lo) {
			break
		}
		p.lo--
	}
	for p.lo < i && (d.is(p.lo, "and") || d.is(p.lo, "stop")) {
		p.lo++
	}
	if m := d.longest(p.lo, p.hi, "side"); m > 0 && p.lo+m <= i {
		p.lo += m
	}
	return p, true
}

// hanBreak: token i ends what comes before an office: a verb, a word like 同 that stands between two people, a digit, or the head word of an office before.
func (d *reading) hanBreak(i, lo int) bool {
	r, _ := utf8.DecodeRuneInString(d.toks[i].word)
	if !han(r) {
		return true
	}
	for k := max(lo, i-5); k <= i; k++ {
		if n := d.longest(k, i+1, append([]string{"stop"}, verbSections...)...); n > 0 && k+n == i+1 {
			return true
		}
	}
	return slices.ContainsFunc(d.cast, func(f *figure) bool { return d.endsWith(i, f) })
}

// endsWith reports whether the name of f ends with token i.
func (d *reading) endsWith(i int, f *figure) bool {
	n := len(f.words)
	return n > 1 && i+1 >= n && d.sameName(i+1-n, f.words)
}

// content gives the words of a phrase that carry meaning.
func (d *reading) content(lo, hi int) []string {
	var out []string
	for i := lo; i < hi; i++ {
		if d.t.lang == "zh" || !d.is(i, "small", "and") {
			out = append(out, d.toks[i].word)
		}
	}
	return out
}

// alike compares two words of offices: equal, in Russian up to the ending, in Arabic up to article and conjunction.
func (d *reading) alike(a, b string) bool {
	if a == b {
		return true
	}
	switch d.t.lang {
	case "ru":
		return stem(a, b) >= 4 && max(utf8.RuneCountInString(a), utf8.RuneCountInString(b))-stem(a, b) <= 3
	case "ar":
		x, y := strings.TrimPrefix(a, "ال"), strings.TrimPrefix(b, "ال")
		return x == y || strings.TrimPrefix(bare(a), "ال") == y || x == strings.TrimPrefix(bare(b), "ال")
	}
	return false
}

// stem is how many letters two words have in common from the beginning.
func stem(a, b string) int {
	x, y := []rune(a), []rune(b)
	n := 0
	for n < len(x) && n < len(y) && x[n] == y[n] {
		n++
	}
	return n
}

// resolve finds the one whose office the phrase means: every word of it belongs to that office, the first is the same. Of several the last one who spoke, then the last one named.
func (d *reading) resolve(p phrase, before int) (*figure, []*figure) {
	full := d.content(p.lo, p.hi)
	head := len(d.content(p.lo, p.head))
	least := len(full)
	if d.t.lang == "ar" {
		if least = max(head, 2); strings.HasPrefix(d.toks[p.lo].word, "ال") {
			least = head // with its article the office is whole
		}
		// what follows the office may be its object: a verb comes first
	}
	for n := len(full); n >= least && n > 0; n-- {
		var found []*figure
		for _, f := range d.cast {
			if d.holds(f, full[:n]) {
				found = append(found, f)
			}
		}
		if len(found) > 1 && n < len(full) {
			return nil, nil
		}
		if len(found) > 0 {
			found = d.likely(found, p)
			return d.nearest(found, before), found
		}
	}
	return nil, nil
}

// likely keeps those whom the article before the phrase fits, and of them the principals if there are any.
func (d *reading) likely(found []*figure, p phrase) []*figure {
	g := d.article(p.lo)
	keep := func(fs []*figure, ok func(*figure) bool) []*figure {
		var out []*figure
		for _, f := range fs {
			if ok(f) {
				out = append(out, f)
			}
		}
		if len(out) == 0 {
			return fs
		}
		return out
	}
	found = keep(found, func(f *figure) bool { return g == 0 || g == 'm' && f.male || g == 'f' && f.female })
	return keep(found, func(f *figure) bool { return f.principal })
}

// holds reports whether the words of a phrase all belong to the office of f.
func (d *reading) holds(f *figure, want []string) bool {
	if len(f.office) == 0 || len(want) == 0 {
		return false
	}
	if d.t.lang == "zh" {
		return subsequence(want, f.office) && want[len(want)-1] == f.office[len(f.office)-1] && want[max(0, len(want)-2)] == f.office[max(0, len(f.office)-2)]
	}
	if !d.alike(want[0], f.office[0]) {
		return false
	}
	for _, w := range want {
		if !slices.ContainsFunc(f.office, func(o string) bool { return d.alike(w, o) }) {
			return false
		}
	}
	return true
}

func subsequence(a, b []string) bool {
	i := 0
	for _, w := range b {
		if i < len(a) && a[i] == w {
			i++
		}
	}
	return i == len(a)
}

// nearest gives the one of found who was named last before token at, else the first.
func (d *reading) nearest(found []*figure, at int) *figure {
	best := found[0]
	for _, f := range found[1:] {
		if f.named(at) > best.named(at) {
			best = f
		}
	}
	return best
}

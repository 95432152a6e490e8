package intake

import (
	"slices"
	"sort"
	"strings"
	"unicode/utf8"

	"visavis/internal/meeting"
	"visavis/internal/readout"
)

// figure is somebody of the text's cast.
type figure struct {
	Person
	words     []string // of the name, folded
	short     []string // by which the person is named alone
	office    []string // folded, without small words
	female    bool
	male      bool
	principal bool
	at        []int // tokens at which the name stands in full
}

func (f *figure) last() string { return f.words[len(f.words)-1] }

// named gives the last place before token at where the name stands; -1: none.
func (f *figure) named(at int) int {
	i := sort.SearchInts(f.at, at)
	if i == 0 {
		return -1
	}
	return f.at[i-1]
}

// stands reports whether the name stands in full at token i.
func (f *figure) stands(i int) bool {
	_, ok := slices.BinarySearch(f.at, i)
	return ok
}

// sameName compares the words of a name with the text at token i; in Russian up to case endings.
func (d *reading) sameName(i int, name []string) bool {
	if i < 0 || i+len(name) > len(d.toks) {
		return false
	}
	for k, w := range name {
		if !d.sameWord(d.toks[i+k].word, w) {
			return false
		}
	}
	return true
}

func (d *reading) sameWord(a, b string) bool {
	if a == b {
		return true
	}
	switch d.t.lang {
	case "ru":
		n := stem(a, b)
		return n >= 3 && utf8.RuneCountInString(a)-n <= 2 && utf8.RuneCountInString(b)-n <= 2
	case "ar":
		return slices.Contains([]string{"و", "ف", "ل", "ب"}, strings.TrimSuffix(a, b))
	}
	return false
}

// people finds the cast: who is given, who is in the front matter, then whoever stands with an office, a form of address or a verb of speaking.
func (d *reading) people() {
	for _, m := range d.members {
		if name := inLanguage(m.Name, d.t.lang); name != "" {
			f := d.enter(Person{Member: m.ID, Name: name, Office: inLanguage(m.Office, d.t.lang)}, -1)
			f.principal = m.Precedence == 1
		}
	}
	for _, p := range several(d.field("attendance")) {
		name, office, _ := strings.Cut(strings.TrimRight(strings.ReplaceAll(p, "（", "("), ")）"), "(")
		if name = strings.TrimSpace(name); name != "" && len(foldWords(name)) > 0 {
			d.enter(Person{Name: name, Office: strings.TrimSpace(office)}, -1)
		}
	}
	for k := range d.paras {
		p := d.paras[k]
		if p.kind == readout.Notice {
			continue
		}
		for _, s := range d.sents[p.s0:p.s1] {
			d.peopleOf(s, p.kind == readout.Lede || d.t.has("attendance", d.toks, s.lo, s.hi) || d.t.has("accompany", d.toks, s.lo, s.hi) || p.list)
		}
	}
	d.recurring()
	d.nominative()
	d.unite()
	for _, f := range d.cast {
		f.short = d.lastName(f)
	}
	for i := range d.toks {
		for _, f := range d.cast {
			if d.sameName(i, f.words) {
				f.at = append(f.at, i)
			}
		}
	}
	d.principals()
}

// known reports whether token i is the last name of somebody whom the cast has in full: what follows it is no part of the name.
func (d *reading) known(i int) bool {
	return slices.ContainsFunc(d.cast, func(f *figure) bool {
		return len(f.words) > 1 && i < len(d.toks) && d.sameWord(d.toks[i].word, f.last())
	})
}

// unite drops short forms of a name that the cast has in full: the last name alone, or with initials.
func (d *reading) unite() {
	d.cast = slices.DeleteFunc(d.cast, func(short *figure) bool {
		return slices.ContainsFunc(d.cast, func(f *figure) bool {
			if f == short || len(f.words) < 2 {
				return false
			}
			last := d.lastName(f)
			if slices.Equal(short.words, last) && len(last) < len(f.words) {
				d.give(f, short.Office)
				return true
			}
			if d.initials(short, f) {
				d.give(f, short.Office)
				return true
			}
			return false
		})
	})
}

// initials reports whether short is the name of f with letters for all but the last word: E. Kosvane, E. K. Kosvane.
func (d *reading) initials(short, f *figure) bool {
	n := len(short.words) - 1
	first, _ := utf8.DecodeRuneInString(f.words[0])
	if d.t.lang == "zh" || n < 1 || short.words[0] != string(first) || !d.sameWord(short.last(), f.last()) {
		return false
	}
	return !slices.ContainsFunc(short.words[:n], func(w string) bool { return utf8.RuneCountInString(w) != 1 })
}

// principals are those whom the lede names before it says who was with them.
func (d *reading) principals() {
	for _, s := range d.sents {
		if p := d.paras[s.para]; p.kind != readout.Lede || s.from > p.from && d.rolls(s) {
			continue
		}
		end := d.companions(s)
		for _, f := range d.cast {
			if slices.ContainsFunc(f.at, func(i int) bool { return i >= s.lo && i < end }) {
				f.principal = true
			}
		}
	}
}

// companions gives the token of s at which the list of those with the principals begins: s.hi where there is none.
func (d *reading) companions(s sentence) int {
	for _, h := range d.t.hits(d.toks[:s.hi], s.lo, s.hi) {
		if h.section == "attendance" && d.t.lang != "zh" {
			return s.lo
		}
		if h.section != "accompany" && h.section != "attendance" {
			continue
		}
		if d.t.lang != "zh" {
			return h.at
		}
		i := h.at // the list stands before: back to the comma
		for i > s.lo && !strings.ContainsAny(d.between(i), "，,；;") {
			i--
		}
		if h.section == "attendance" && !d.t.has("meeting", d.toks, s.lo, i) {
			return s.lo
		}
		return i
	}
	return s.hi
}

func inLanguage(t meeting.Text, lang string) string { return t[lang] }

// enter adds a person, or gives the one whom the cast has already.
func (d *reading) enter(p Person, at int) *figure {
	words := foldWords(p.Name)
	for _, f := range d.cast {
		if len(f.words) == len(words) && slices.EqualFunc(f.words, words, func(a, b string) bool { return d.sameWord(a, b) || d.sameWord(b, a) }) {
			d.give(f, p.Office)
			return f
		}
	}
	f := &figure{Person: Person{Member: p.Member, Name: p.Name}, words: words}
	d.give(f, p.Office)
	if len(d.cast) < MaxPeople && len(words) > 0 {
		d.cast = append(d.cast, f)
	}
	return f
}

// give notes the office of f, the first one that the text has.
func (d *reading) give(f *figure, office string) {
	if office == "" || f.Office != "" {
		return
	}
	f.Office = office
	toks := words(office, 0)
	for i, t := range toks {
		if d.t.lang == "zh" || !d.t.has("small", toks, i, i+1) {
			f.office = append(f.office, t.word)
		}
	}
	f.female = f.female || d.t.has("feminine", toks, 0, len(toks))
}

// peopleOf finds people in one sentence. Sure sentences are those in which a name may follow an office without any sign between.
func (d *reading) peopleOf(s sentence, sure bool) {
	if d.t.lang == "zh" {
		d.hanPeople(s)
		return
	}
	officeFirst, named := false, -1 // named: the token behind the last name
	for i := s.lo; i < s.hi; {
		if d.toks[i].quoted {
			i++
			continue
		}
		if p, ok := d.officeAt(i, s.lo, s.hi); ok {
			if lo, hi, female, male := d.nameIn(p, s, sure); hi > lo {
				officeFirst = true
				end := min(p.hi, lo)
				for end > p.head && d.is(end-1, "mr", "ms") {
					end--
				}
				d.found(lo, hi, d.officeText(p.lo, end), female || d.article(p.lo) == 'f', male || d.article(p.lo) == 'm')
				i, named = hi, hi
				continue
			}
			if d.t.lang == "ar" {
				i = p.head
			} else {
				i = p.hi
			}
			continue
		}
		if n := d.longest(i, s.hi, "counterpart"); n > 0 && i+n < s.hi && d.t.lang != "ar" {
			if hi := d.nameRun(i+n, s.hi); hi-i-n >= 2 && hi-i-n <= 3 && (hi >= s.hi || d.parted(hi) || !d.toks[hi].upper) {
				d.found(i+n, hi, "", false, false)
				i = hi
				continue
			}
		}
		if n := d.longest(i, s.hi, "mr", "ms"); n > 0 {
			if hi := d.nameRun(i+n, s.hi); hi-i-n >= 2 && !d.known(i+n) {
				office, end := d.officeAfter(hi, s, officeFirst)
				d.found(i+n, hi, office, d.is(i, "ms"), d.is(i, "mr"))
				i = max(hi, end)
				continue
			}
			i += n
			continue
		}
		if hi := d.nameRun(i, s.hi); hi-i >= 2 && d.t.lang != "ar" && (i == s.lo || d.parted(i) || !d.toks[i-1].upper) {
			office, end := d.officeAfter(hi, s, officeFirst && !(i-1 == named && d.is(i-1, "and"))) // "… and Name, Director": the office before belongs to the name before
			if office != "" || d.speaks(i, hi, s) {
				d.found(i, hi, office, false, false)
			}
			i = max(hi, end)
			continue
		}
		i++
	}
}

func (d *reading) span2(lo, hi int) string {
	if hi <= lo {
		return ""
	}
	to := d.toks[hi-1].to
	if rest := d.s[to:]; strings.HasPrefix(rest, "»") && strings.Contains(d.s[d.toks[lo].from:to], "«") {
		to += len("»")
	}
	return strings.Join(strings.Fields(d.s[d.toks[lo].from:to]), " ")
}

func (d *reading) found(lo, hi int, office string, female, male bool) {
	f := d.enter(Person{Name: d.span2(lo, hi), Office: office}, lo)
	f.female, f.male = f.female || female, f.male || male
}

// nameRun gives the token behind a name that begins at token i: capitals beside each other that are no office, realm or small word; in Arabic two words.
func (d *reading) nameRun(i, hi int) int {
	j := i
	for j < hi && j-i < maxName && (j == i || d.glued(j)) && !d.is(j, "offices", "mr", "ms", "realm", "months") {
		if d.t.lang == "ar" {
			if j-i == 2 || d.is(j, "stop", "and", "side") || !d.is(i-1, "mr", "ms") && d.is(j, verbSections...) || j > i && bare(d.toks[j].word) != d.toks[j].word && d.newOffice(j, hi) {
				break
			}
		} else if !d.toks[j].upper || d.is(j, "small") && j == i && !d.initial(j) {
			break
		}
		j++
	}
	return j
}

// initial reports whether token i is one capital with a full stop.
func (d *reading) initial(i int) bool {
	return d.toks[i].upper && utf8.RuneCountInString(d.toks[i].word) == 1 && strings.HasPrefix(d.between(i+1), ".")
}

// glued: nothing but blanks, a hyphen, an apostrophe or the stop of an initial stands before token j.
func (d *reading) glued(j int) bool {
	g := strings.TrimSpace(d.between(j))
	return g == "" || g == "-" || g == "'" || g == "’" || g == "." && utf8.RuneCountInString(d.toks[j-1].word) == 1
}

// nameIn finds the name that belongs to office p: behind a form of address or a comma, directly behind the head word, or at the end of the phrase.
func (d *reading) nameIn(p phrase, s sentence, sure bool) (lo, hi int, female, male bool) {
	i := p.hi
	if n := d.longest(i, s.hi, "mr", "ms"); i < s.hi && n > 0 {
		if end := d.nameRun(i+n, s.hi); end-i-n >= 2 && !d.known(i+n) {
			return i + n, end, d.is(i, "ms"), d.is(i, "mr")
		}
		return 0, 0, false, false
	}
	if d.t.lang == "ar" {
		ended := i >= s.hi || d.parted(i) || d.is(i, "and", "offices", "side", "stop") || d.is(i, verbSections...)
		if i-p.head >= 2 && sure && ended && !d.definite(i-1) && !d.definite(i-2) {
			return i - 2, i, false, false
		}
		return 0, 0, false, false
	}
	for j := p.head; j <= p.head; j++ { // Prime Minister Edran Kosvane
		if end := d.nameRun(j, s.hi); j < s.hi && d.glued(j) && end-j >= 2 {
			j += d.landFirst(j, end)
			return j, min(end, j+3), false, false
		}
	}
	lo = p.hi
	for lo > p.head && d.toks[lo-1].upper && (lo == p.hi || d.glued(lo)) && !d.is(lo-1, "realm", "offices") && !(lo-2 >= p.head && d.toks[lo-2].upper && d.is(lo-2, "realm") && d.glued(lo-1)) {
		lo--
	}
	if n := p.hi - lo; n > 2 || n == 2 && !d.is(lo-1, "small", "and") {
		return max(lo, p.hi-2), p.hi, false, false
	}
	if i < s.hi && strings.TrimSpace(d.between(i)) == "," {
		end := d.nameRun(i, s.hi)
		if end-i >= 2 && (end >= s.hi || d.parted(end) || d.is(end, "and", "small", "stop") || d.is(end, verbSections...)) {
			return i, end, false, false
		}
	}
	return 0, 0, false, false
}

// definite reports whether an Arabic word has the article, and not a name that begins with the same letters.
func (d *reading) definite(i int) bool {
	w := d.s[d.toks[i].from:d.toks[i].to]
	return strings.HasPrefix(w, "ال") || strings.HasPrefix(w, "وال")
}

// article gives the gender that the article before token i shows, where the language has two.
func (d *reading) article(i int) byte {
	if i == 0 || d.parted(i) {
		return 0
	}
	switch d.t.lang + " " + d.toks[i-1].word {
	case "fr le", "fr un", "fr du", "fr au", "es el", "es un", "es del", "es al":
		return 'm'
	case "fr la", "fr une", "es la", "es una":
		return 'f'
	}
	return 0
}

// officeAfter gives the office that stands behind a name, after a comma or in brackets, and the token behind it, unless the sentence puts offices first.
func (d *reading) officeAfter(i int, s sentence, officeFirst bool) (string, int) {
	if officeFirst || i >= s.hi {
		return "", i
	}
	if g := strings.TrimSpace(d.between(i)); g != "," && g != "(" && g != "—" && g != "–" && g != "-" {
		return "", i
	}
	for k := i; k < min(i+4, s.hi); k++ {
		if p, ok := d.officeAt(k, i, s.hi); ok {
			for p.hi < s.hi && p.hi-p.lo < maxPhrase && !d.parted(p.hi) && !d.is(p.hi, verbSections...) && !(d.is(p.hi, "and") && d.newOffice(p.hi+1, s.hi)) {
				p.hi++ // between commas an office may go on behind a preposition: at, with
			}
			return d.officeText(p.lo, p.hi), p.hi
		}
		if !d.is(k, "small", "modifiers") || k > i && d.parted(k) {
			break
		}
	}
	return "", i
}

// speaks reports whether a verb of speaking stands directly beside the name.
func (d *reading) speaks(lo, hi int, s sentence) bool {
	for _, h := range d.t.hits(d.toks[:s.hi], max(s.lo, lo-3), min(hi+3, s.hi)) {
		if _, ok := acts[h.section]; ok && !d.toks[h.at].quoted && (h.at+h.n == lo || h.at-hi <= 1 && h.at >= hi) {
			return true
		}
	}
	return false
}

package intake

import (
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"
)

// sentence is one sentence of a paragraph.
type sentence struct {
	from, to int // bytes
	lo, hi   int // tokens
	quote    bool
	starts   bool // begins with the quotation
	para     int

	found
}

// closers pairs what opens a quotation with what closes it. Title marks 《》 are none.
var closers = map[rune]string{'«': "»", '“': "”", '„': "“”", '「': "」", '『': "』", '"': `"`, '＂': "＂", '‹': "›", '‘': "’"}

// within finds the outermost quotations in s[from:to]: byte ranges with their marks. What is opened and never closed runs to the end of the paragraph if it
// begins the paragraph or follows a colon (a quotation over several paragraphs), else it is no quotation.
func within(s string, from, to int) [][2]int {
	var out [][2]int
	if q, ok := dialogue(s, from, to); ok {
		return q
	}
	lost := 0
	for i := from; i < to && lost < maxLost; {
		r, n := utf8.DecodeRuneInString(s[i:to])
		end, ok := closers[r]
		if !ok || !opens(s, from, i, r) {
			i += n
			continue
		}
		j := closing(s, i+n, to, r, end)
		if j < 0 && (strings.TrimLeft(s[from:i], " \t>*_#-") == "" || strings.HasSuffix(strings.TrimSpace(s[from:i]), ":")) && r != '‘' {
			j = to
		}
		if j < 0 {
			lost++
			i += n
			continue
		}
		out = append(out, [2]int{i, j})
		i = j
	}
	return out
}

// dialogue finds what is said in a paragraph that begins with a dash: up to the next dash, and behind the one after it. Without a second dash it is none.
func dialogue(s string, from, to int) ([][2]int, bool) {
	r, n := utf8.DecodeRuneInString(s[from:to])
	if r != '—' && r != '–' {
		return nil, false
	}
	var dashes []int
	for i := from + n; i < to; {
		q, m := utf8.DecodeRuneInString(s[i:to])
		if before := last(s[:i]); q == r && (unicode.IsSpace(before) || strings.ContainsRune(",.?!…", before)) {
			dashes = append(dashes, i)
		}
		i += m
	}
	if len(dashes) == 0 || len(dashes) > 2 {
		return nil, false
	}
	out := [][2]int{{from, dashes[0]}}
	if len(dashes) == 2 {
		out = append(out, [2]int{dashes[1], to})
	}
	return out, true
}

// opens: a straight mark and ‘ open where a word begins.
func opens(s string, from, i int, r rune) bool {
	if r != '"' && r != '‘' && r != '＂' {
		return true
	}
	before, _ := utf8.DecodeLastRuneInString(s[from:i])
	return i == from || unicode.IsSpace(before) || strings.ContainsRune("([—–-*_:：，,。>", before) || han(before)
}

// closing gives the byte behind the mark that closes what r opened, or -1.
func closing(s string, i, to int, r rune, end string) int {
	depth := 1
	for i < to {
		q, n := utf8.DecodeRuneInString(s[i:to])
		next, _ := utf8.DecodeRuneInString(s[i+n : to])
		switch {
		case strings.ContainsRune(end, q) && (q != '"' || !unicode.IsLetter(next)) && (q != '’' || !unicode.IsLetter(next) && strings.ContainsAny(string(last(s[:i])), ",.?!。，？！…")):
			if depth--; depth == 0 {
				return i + n
			}
		case q == r && q != '"' && q != '‘':
			depth++
		}
		i += n
	}
	return -1
}

func last(s string) rune { r, _ := utf8.DecodeLastRuneInString(s); return r }

const terminators = ".?!…؟。！？"

// cut finds the sentences of all paragraphs, and which of them hold a quotation of a clause or more.
func (d *reading) cut() {
	for k := range d.paras {
		p := &d.paras[k]
		p.s0 = len(d.sents)
		quotes := within(d.s, p.from, p.to)
		start := p.from
		for _, end := range d.ends(*p, quotes) {
			d.add(k, start, end, quotes)
			start = end
		}
		d.add(k, start, p.to, quotes)
		p.s1 = len(d.sents)
	}
}

// ends gives the bytes at which sentences end, the end of the paragraph not among them.
func (d *reading) ends(p para, quotes [][2]int) []int {
	var out []int
	start := p.from
	for i := p.from; i < p.to; {
		if len(quotes) > 0 && i == quotes[0][0] {
			i = quotes[0][1]
			quotes = quotes[1:]
			if strings.ContainsRune(terminators, d.inner(i)) && d.begins(p, i) && !d.attributed(p, start, i) {
				out = append(out, i)
				start = i
			}
			continue
		}
		r, n := utf8.DecodeRuneInString(d.s[i:p.to])
		i += n
		if r == '\n' && p.list && itemMark.MatchString(strings.TrimLeft(d.s[i:p.to], " \t")) {
			out, start = append(out, i), i
			continue
		}
		if !strings.ContainsRune(terminators, r) {
			continue
		}
		for i < p.to {
			c, n := utf8.DecodeRuneInString(d.s[i:p.to])
			if !strings.ContainsRune(terminators+")）]*_”»’—-", c) {
				break
			}
			i += n
		}
		if r == '.' && d.abbreviated(p, i) || !d.begins(p, i) {
			continue
		}
		out, start = append(out, i), i
	}
	return out
}

// inner is the last sign inside a quotation that ends at i.
func (d *reading) inner(i int) rune {
	s := d.s[:i]
	_, n := utf8.DecodeLastRuneInString(s)
	return last(strings.TrimRight(s[:len(s)-n], " \u00a0\u202f"))
}

// begins reports whether what follows byte i may be a new sentence.
func (d *reading) begins(p para, i int) bool {
	rest := d.s[i:p.to]
	r, _ := utf8.DecodeRuneInString(rest)
	text := strings.TrimLeftFunc(rest, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("*_>", r) })
	if text == "" {
		return false
	}
	next, _ := utf8.DecodeRuneInString(text)
	if d.t.lang == "zh" {
		return next != '，' && next != '、' && next != '；' && next != '（'
	}
	if !unicode.IsSpace(r) && !strings.ContainsRune("*_", r) {
		return false
	}
	for unicode.IsPunct(next) || unicode.IsSymbol(next) {
		if _, q := closers[next]; !q && next != '(' && next != '¿' && next != '¡' && next != '[' && next != '\'' {
			return false
		}
		text = strings.TrimLeft(text[utf8.RuneLen(next):], " \u00a0\u202f")
		if text == "" {
			return false
		}
		next, _ = utf8.DecodeRuneInString(text)
	}
	return !unicode.IsLower(next)
}

// attributed: in Chinese a quotation with its full stop inside may be followed by who said it.
func (d *reading) attributed(p para, start, i int) bool {
	if d.t.lang != "zh" {
		return false
	}
	if text := strings.TrimSpace(d.s[start:i]); text == "" || closers[[]rune(text)[0]] == "" {
		return false
	}
	rest := d.s[i:p.to]
	end := strings.IndexAny(rest, "。！？：「“")
	if end < 0 {
		return false
	}
	part := words(rest[:end], 0)
	if len(part) == 0 || len(part) > 30 {
		return false
	}
	for _, h := range d.t.hits(part, 0, len(part)) {
		if _, ok := acts[h.section]; ok && h.at+h.n >= len(part) {
			return true
		}
	}
	return false
}

// abbreviated reports whether the full stop before byte i belongs to a short form or an initial.
func (d *reading) abbreviated(p para, i int) bool {
	dot := strings.LastIndexByte(d.s[p.from:i], '.') + p.from
	k := sort.Search(len(d.toks), func(k int) bool { return d.toks[k].to >= dot })
	if k == len(d.toks) || d.toks[k].to != dot {
		return false
	}
	if n := utf8.RuneCountInString(d.toks[k].word); n == 1 && d.toks[k].upper {
		return true
	}
	return d.t.has("abbreviations", d.toks[k:k+1], 0, 1)
}

func (d *reading) add(k, from, to int, quotes [][2]int) {
	from, to = trim(d.s, from, to)
	if from == to {
		return
	}
	s := sentence{from: from, to: to, para: k}
	p := d.paras[k]
	s.lo = p.lo
	if len(d.sents) > p.s0 {
		s.lo = d.sents[len(d.sents)-1].hi
	}
	for s.lo < p.hi && d.toks[s.lo].from < from {
		s.lo++
	}
	for s.hi = s.lo; s.hi < p.hi && d.toks[s.hi].from < to; s.hi++ {
	}
	if s.lo == s.hi && len(d.sents) > p.s0 {
		d.sents[len(d.sents)-1].to = to // signs alone belong to the sentence before
		return
	}
	first := sort.Search(len(quotes), func(i int) bool { return quotes[i][1] > from })
	for _, q := range quotes[first:] {
		if q[0] >= to {
			break
		}
		if p.form == heading || !d.clause(s, q) {
			continue
		}
		s.quote = true
		s.starts = s.starts || s.lo < s.hi && d.toks[s.lo].from > q[0]
		lo, hi := d.inQuote(s, q)
		for i := lo; i < hi; i++ {
			d.toks[i].quoted = true
		}
	}
	d.sents = append(d.sents, s)
}

// inQuote gives the tokens of s that stand in quotation q.
func (d *reading) inQuote(s sentence, q [2]int) (lo, hi int) {
	part := d.toks[s.lo:s.hi]
	lo = s.lo + sort.Search(len(part), func(i int) bool { return part[i].from >= q[0] })
	hi = s.lo + sort.Search(len(part), func(i int) bool { return part[i].to > q[1] })
	return lo, max(lo, hi)
}

// clause reports whether quotation q says something: at least three words (five Han signs), and set off by a colon, a comma, a dash or its own full stop; or eight words.
// Names and titles in quotation marks are none.
func (d *reading) clause(s sentence, q [2]int) bool {
	lo, hi := d.inQuote(s, q)
	n := hi - lo
	least, many := 3, 8
	if d.t.lang == "zh" {
		least, many = 5, 16
	}
	if n < least {
		return false
	}
	before := last(strings.TrimRight(d.s[s.from:max(q[0], s.from)], " \t\n\u00a0*_"))
	after, _ := utf8.DecodeRuneInString(strings.TrimLeft(d.s[min(q[1], s.to):s.to], " \t\n\u00a0*_"))
	if before == ':' || before == '：' || strings.ContainsRune(",.?!…。！？，؟", d.inner(q[1])) || s.from >= q[0] && strings.ContainsRune(",،，—–-", after) {
		return true
	}
	return n >= many || n > least && (before == ',' || before == '،' || before == '，' || strings.ContainsRune(",،，—–-", after) || s.from >= q[0])
}

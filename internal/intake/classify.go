package intake

import (
	"cmp"
	"slices"
	"strings"

	"visavis/internal/readout"
)

// acts says what a section of verbs is in a readout, and which kind of block it makes.
var acts = map[string]struct {
	act  readout.Act
	kind readout.Kind
}{
	"said": {readout.Said, readout.Statement}, "noted": {readout.Noted, readout.Statement}, "stressed": {readout.Stressed, readout.Statement},
	"proposed": {readout.Proposed, readout.Statement}, "welcomed": {readout.Welcomed, readout.Statement}, "commended": {readout.Commended, readout.Statement},
	"ready": {readout.Ready, readout.Statement}, "concern": {readout.Concern, readout.Statement}, "agreed": {readout.Agreed, readout.Statement},
	"thanked": {readout.Thanked, readout.Statement}, "exchange": {"", readout.Exchange}, "agree": {readout.Agreed, readout.Exchange},
	"committed": {readout.Committed, readout.Commit}, "next": {"", readout.Commit}, "congratulated": {readout.Congratulated, readout.Greeting},
	"conveyed": {readout.Conveyed, readout.Greeting}, "wished": {readout.Conveyed, readout.Greeting}, "attendance": {"", readout.Attendance},
}

// found is what a sentence says by itself.
type found struct {
	kind     readout.Kind // "": no formula
	speaker  *mention
	capacity string
	acts     []readout.Act
	explicit bool // names its speaker, or needs none
}

// classify gives every sentence its kind and its speaker, paragraph by paragraph.
func (d *reading) classify() {
	var spoke *mention // who spoke last
	for k := range d.paras {
		p := d.paras[k]
		if p.kind != "" && p.kind != readout.Lede {
			for i := p.s0; i < p.s1; i++ {
				d.sents[i].found = found{kind: p.kind}
			}
			continue
		}
		cur := found{kind: readout.Plain}
		if p.kind == readout.Lede {
			cur.kind = readout.Lede
		}
		led := p.kind != readout.Lede
		for i := p.s0; i < p.s1; i++ {
			s := &d.sents[i]
			var f found
			if led {
				f = d.analyse(*s, spoke, cur)
			}
			if !led { // the dateline and the first sentence are the lede whatever they say
				led = s.hi-s.lo >= 8
			} else if p.list && i > p.s0 && cur.kind != readout.Plain {
				f = found{}
			}
			if f.kind == "" {
				f = cur
				f.explicit = false
			}
			if f.speaker != nil && (f.speaker.person != nil || f.speaker.office != "") {
				spoke = f.speaker
			}
			s.found, cur = f, f
		}
		if p.list {
			d.whole(p)
		}
	}
}

// whole makes one kind of a list and the line that leads into it.
func (d *reading) whole(p para) {
	for i := p.s0; i < p.s1; i++ {
		if d.sents[i].found.kind != readout.Plain {
			f := d.sents[i].found
			if f.kind == readout.Exchange && d.t.has("agree", d.toks, p.lo, p.hi) && d.t.has("term", d.toks, p.lo, p.hi) {
				f.kind = readout.Commit
			}
			for j := p.s0; j < p.s1; j++ {
				d.sents[j].found = f
			}
			return
		}
	}
}

// main gives the formulas of s outside quotations, and those of them that make a block: the first to begin before the others, of those that begin together the longest.
func (d *reading) main(s sentence) (verbs, all []hit) {
	hs := d.t.hits(d.toks[:s.hi], s.lo, s.hi)
	ignored := func(h hit) bool {
		for _, g := range hs {
			if g.section == "ignore" && g.at <= h.at && g.at+g.n >= h.at+h.n {
				return true
			}
		}
		return false
	}
	for _, h := range hs {
		if _, act := acts[h.section]; act && h.n == 1 && d.inName(h.at) {
			continue // a name that looks like a verb
		}
		if d.toks[h.at].quoted || d.toks[h.at+h.n-1].quoted || h.section != "ignore" && ignored(h) {
			continue
		}
		if h.section == "attendance-list" && h.at == s.lo && h.at+h.n <= s.hi && (h.at+h.n == s.hi || strings.ContainsAny(d.between(h.at+h.n), ":：")) {
			h.section = "attendance"
		}
		if h.section == "attendance" && (d.beside(h, s) || covered(hs, h)) {
			h.section = "beside"
		}
		all = append(all, h)
		if _, act := acts[h.section]; act {
			verbs = append(verbs, h)
		}
	}
	slices.SortStableFunc(verbs, func(a, b hit) int { return cmp.Or(a.at-b.at, b.n-a.n) })
	return verbs, all
}

// sides reports whether m says plainly that two or more sides are meant: more than a pronoun, in Chinese no more than 双方 and its like.
func (d *reading) sides(m mention) bool {
	if d.t.lang == "zh" {
		return m.to-m.at == 2 && d.toks[m.at+1].word == "方"
	}
	return m.to-m.at > 1 || d.t.lang == "ru" && d.toks[m.at].word == "стороны" || d.t.lang == "ar"
}

// inName reports whether token i is part of a full name.
func (d *reading) inName(i int) bool {
	for _, f := range d.cast {
		for k := range f.words {
			if len(f.words) > 1 && d.t.lang != "zh" && d.sameName(i-k, f.words) {
				return true
			}
		}
	}
	return false
}

func section(all []hit, name string) (hit, bool) {
	for _, h := range all {
		if h.section == name {
			return h, true
		}
	}
	return hit{}, false
}

// analyse says what one sentence is. spoke is who spoke last in the text, cur what the sentence before in the same paragraph was.
func (d *reading) analyse(s sentence, spoke *mention, cur found) found {
	verbs, all := d.main(s)
	var verb hit
	ok := len(verbs) > 0
	if ok {
		verb = verbs[0]
	}
	capacity, clo, chi := d.capacityOf(s, all)
	ms := d.mentions(s.lo, s.hi)
	if clo < chi {
		kept := ms[:0]
		for _, m := range ms {
			if m.to <= clo || m.at >= chi {
				kept = append(kept, m)
			}
		}
		ms = kept
	}
	if !ok {
		if h, according := section(all, "according"); according {
			verb, ok = hit{"said", h.at, h.n}, true
			ms = d.behind(ms, h)
		}
	}
	f := found{capacity: capacity}
	if !ok && (d.rolls(s) || d.accompanied(s, all)) {
		return found{kind: readout.Attendance, explicit: true}
	}
	if !ok {
		if !s.quote && len(ms) > 0 && ms[0].collective && d.reach(s.lo, ms[0].at)-d.linked(s.lo, ms[0].at) <= 1 && d.sides(ms[0]) {
			return found{kind: readout.Exchange, explicit: true} // whatever the two sides did
		}
		if !s.quote {
			return found{}
		}
		f.kind, f.explicit = readout.Quote, true
		f.speaker = d.unsaid(s, cur, spoke)
		return f
	}
	a := acts[verb.section]
	who := d.who(s, verb, ms, spoke)
	for i := 1; who == nil && i < len(verbs) && a.kind == readout.Statement; i++ {
		if b := acts[verbs[i].section]; b.kind == readout.Statement {
			who = d.who(s, verbs[i], ms, nil)
		}
	}
	_, term := section(all, "term")
	f.kind, f.explicit = a.kind, true
	if a.act != "" {
		f.acts = []readout.Act{a.act}
	}
	collective := who != nil && who.collective
	switch {
	case s.quote && a.kind != readout.Attendance:
		f.kind = readout.Quote
	case a.kind == readout.Attendance:
		return f
	case verb.section == "agree" && who != nil && !collective:
		f.kind = readout.Statement
	case verb.section == "exchange" && alone(who, ms):
		f.kind, f.acts = readout.Statement, []readout.Act{readout.Said}
	case a.kind == readout.Statement && collective:
		f.kind = readout.Exchange
		fallthrough
	case a.kind == readout.Exchange:
		_, again := section(all, "again")
		if _, agree := section(all, "agree"); agree && (term || again) || verb.section == "agreed" && term {
			f.kind = readout.Commit
		}
		who = nil
	case a.kind == readout.Statement && who == nil:
		return found{}
	}
	if verb.section != "next" && who != nil && !who.collective && !who.anonymous {
		f.speaker = who
	}
	return f
}

// alone reports whether one person does something and the sentence names nobody else: going through a list alone is no exchange.
func alone(who *mention, ms []mention) bool {
	if who == nil || who.collective || who.anonymous {
		return false
	}
	for _, m := range ms {
		if m.collective || m.at != who.at && (m.person != nil && m.person != who.person || m.office != "") {
			return false
		}
	}
	return who.person != nil || who.office != ""
}

// behind keeps the mentions behind "according to".
func (d *reading) behind(ms []mention, h hit) []mention {
	var out []mention
	for _, m := range ms {
		if m.at >= h.at {
			if m.at < h.at+h.n {
				m.at, m.to = h.at+h.n, h.at+h.n
			}
			out = append(out, m)
			break
		}
	}
	return out
}

// unsaid gives the speaker of a quotation beside which no verb stands: whoever speaks in the same paragraph, or before a colon.
func (d *reading) unsaid(s sentence, cur found, spoke *mention) *mention {
	if cur.kind == readout.Quote || cur.kind == readout.Statement {
		return cur.speaker
	}
	if s.para > 0 && strings.HasSuffix(strings.TrimRight(d.s[d.paras[s.para-1].from:d.paras[s.para-1].to], " \u00a0*_"), ":") {
		return spoke
	}
	for _, m := range d.mentions(s.lo, s.hi) {
		if m.person != nil || m.office != "" {
			return &m
		}
	}
	return nil
}

// who gives the one who speaks: whom the sentence names, whom its pronoun means, or, in languages whose verb needs no subject and where the verb begins the sentence, who spoke last.
func (d *reading) who(s sentence, verb hit, ms []mention, spoke *mention) *mention {
	m := d.subject(s, verb, ms)
	if m == nil {
		begins := d.reach(s.lo, verb.at)-d.linked(s.lo, verb.at) <= 1
		if a := acts[verb.section].kind; spoke != nil && begins && a != readout.Exchange && a != readout.Attendance && (d.t.lang == "es" || d.t.lang == "ar" || d.t.lang == "zh" || d.t.lang == "ru" || d.t.lang == "fr" && verb.at == s.lo && d.toks[s.lo].word == "et") {
			return spoke
		}
		return nil
	}
	if d.t.lang == "ru" && m.person != nil {
		m = d.gendered(m, verb)
	}
	if m.person == nil && (m.he || m.she) && !m.other {
		for i := range ms { // the sentence itself has said who: "the Minister …: he told …"
			if n := ms[i]; n.to <= m.at && n.person != nil && !(m.he && n.person.female && !m.she) && !(m.she && n.person.male && !m.he) {
				return &n
			}
		}
	}
	if m.person == nil && (m.he || m.she || m.other) {
		return d.pronoun(*m, spoke)
	}
	return m
}

// linked counts the words between a and b that join a sentence to the one before: also, moreover.
func (d *reading) linked(a, b int) int {
	n := 0
	for i := a; i < b; i++ {
		if m := d.longest(i, b, "link"); m > 0 && !d.toks[i].quoted {
			n += m
			i += m - 1
		}
	}
	return n
}

// capacityOf gives the office in which a speaker says that they speak, and its tokens with the formula.
func (d *reading) capacityOf(s sentence, all []hit) (string, int, int) {
	h, ok := section(all, "capacity")
	if !ok {
		return "", 0, 0
	}
	for i := h.at; i < min(h.at+h.n+4, s.hi); i++ {
		if d.t.lang != "zh" && i < h.at+h.n {
			continue
		}
		if p, ok := d.officeAt(i, h.at+h.n, s.hi); ok && d.t.lang != "zh" {
			return d.span2(p.lo, p.hi), h.at, p.hi
		}
	}
	if d.t.lang == "zh" { // 以…身份
		if h.n > 3 {
			return d.span2(h.at+1, h.at+h.n-2), h.at, h.at + h.n
		}
	}
	return "", 0, 0
}

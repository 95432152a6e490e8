package intake

import (
	"strings"
)

// mention is where a sentence names somebody who may have spoken.
type mention struct {
	at, to     int // tokens
	person     *figure
	office     string // without a name
	collective bool   // both sides
	anonymous  bool   // a participant, an official
	he, she    bool
	many       []*figure // who else it may be
	other      bool      // the other principal than the one who spoke: her counterpart
}

func (m *mention) key() string {
	switch {
	case m == nil:
		return ""
	case m.person != nil:
		return "name " + m.person.Name
	}
	return "office " + strings.Join(foldWords(m.office), " ")
}

// mentions finds everybody named in tokens lo to hi outside quotations.
func (d *reading) mentions(lo, hi int) []mention {
	var out []mention
	for i := lo; i < hi; {
		if d.toks[i].quoted {
			i++
			continue
		}
		if n := d.longest(i, hi, "ignore"); n > 0 {
			i += n
			continue
		}
		m, ok := d.mentionAt(i, lo, hi)
		if !ok {
			i++
			continue
		}
		out = append(out, m)
		i = max(m.to, i+1)
	}
	return out
}

func (d *reading) mentionAt(i, lo, hi int) (mention, bool) {
	for _, f := range d.cast {
		if i+len(f.words) <= hi && d.sameName(i, f.words) {
			return mention{at: i, to: i + len(f.words), person: f}, true
		}
	}
	if n := d.longest(i, hi, "collective"); n > 0 {
		return mention{at: i, to: i + n, collective: true}, true
	}
	if n := d.longest(i, hi, "anonymous"); n > 0 {
		return mention{at: i, to: i + n, anonymous: true}, true
	}
	if m, ok := d.surname(i, hi); ok {
		return m, true
	}
	if n := d.longest(i, hi, "counterpart"); n > 0 {
		m := d.role(i, n, hi)
		m.other = m.person == nil
		return m, true
	}
	if n := d.longest(i, hi, "roles"); n > 0 {
		return d.role(i, n, hi), true
	}
	if p, ok := d.officeAt(i, lo, hi); ok {
		return d.officeMention(p, hi)
	}
	if n := d.longest(i, hi, "he"); n > 0 {
		return mention{at: i, to: i + n, he: true}, true
	}
	if n := d.longest(i, hi, "she"); n > 0 {
		return mention{at: i, to: i + n, she: true}, true
	}
	return mention{}, false
}

// surname finds somebody by the last part of the name; of two with the same one the one who was named last.
func (d *reading) surname(i, hi int) (mention, bool) {
	var found []*figure
	n := 0
	for _, f := range d.cast {
		last := f.short
		if len(last) < len(f.words) && i+len(last) <= hi && d.sameName(i, last) && (d.toks[i].upper || d.t.lang == "ar" || d.t.lang == "zh") {
			found = append(found, f)
			n = len(last)
		}
	}
	if len(found) == 0 {
		return mention{}, false
	}
	return mention{at: i, to: i + n, person: d.nearest(found, i)}, true
}

// lastName gives the words by which a person is named alone: in Chinese what follows the last dot.
func (d *reading) lastName(f *figure) []string {
	if d.t.lang != "zh" {
		return f.words[len(f.words)-1:]
	}
	i := strings.LastIndexAny(f.Name, "·•・‧")
	if i < 0 {
		return f.words
	}
	return foldWords(f.Name[i:])
}

// officeMention makes a mention of an office: of its holder, where the text has said who that is, else of the office alone.
func (d *reading) officeMention(p phrase, hi int) (mention, bool) {
	if f := d.inside(p, hi); f != nil {
		return mention{}, false // the name behind it is the mention
	}
	if f, many := d.resolve(p, p.lo); f != nil {
		to := p.hi
		if d.t.lang == "ar" {
			to = p.head
		}
		return mention{at: p.lo, to: to, person: f, many: many}, true
	}
	return mention{at: p.lo, to: p.hi, office: d.officeText(p.lo, p.hi)}, true
}

// inside gives whose name stands in the phrase or right behind it.
func (d *reading) inside(p phrase, hi int) *figure {
	for i := p.head; i < min(p.hi+3, hi); i++ {
		if i >= p.hi && d.parted(i) && strings.TrimSpace(d.between(i)) != "," && !d.is(i-1, "mr", "ms") {
			return nil
		}
		for _, f := range d.cast {
			if d.sameName(i, f.words) {
				return f
			}
		}
		if m, ok := d.surname(i, hi); ok && (i <= p.hi || d.is(i-1, "mr", "ms")) && !d.parted(i) {
			return m.person
		}
		if i >= p.hi && !d.is(i, "mr", "ms") {
			return nil
		}
	}
	return nil
}

// role resolves words like "the Tolmerian leader": by the land in them, else whoever spoke last.
func (d *reading) role(i, n, hi int) mention {
	m := mention{at: i, to: i + n}
	for j := max(0, i-2); j < min(hi, i+n+3); j++ {
		if d.t.lang != "zh" && (j < i && d.parted(j+1) || j > i && d.parted(j)) {
			continue
		}
		var found []*figure
		for _, f := range d.cast {
			if f.principal && d.landOf(f, d.toks[j].word) {
				found = append(found, f)
			}
		}
		if len(found) == 1 {
			m.person, m.to = found[0], max(m.to, j+1)
			return m
		}
	}
	m.he = true
	var first *figure
	for _, f := range d.cast {
		if g := d.article(i); f.principal && len(f.at) > 0 && (g == 0 || g == 'm' && !f.female || g == 'f' && !f.male) && (first == nil || f.at[0] < first.at[0]) {
			first = f
		}
	}
	if d.t.has("offices", d.toks, i, i+1) {
		m.person = first // an office that nobody is said to hold, used as a role: whose text it is
	}
	return m
}

// landOf reports whether word has the stem of a name in the office of f: Tolmerian and Tolmeria.
func (d *reading) landOf(f *figure, word string) bool {
	word = strings.TrimPrefix(bare(word), "ال")
	for _, o := range f.office[min(1, len(f.office)):] {
		if stem(word, o) >= 5 && !d.t.has("offices", words(o, 0), 0, 1) && !d.t.has("realm", words(o, 0), 0, 1) {
			return true
		}
	}
	return false
}

// subject gives who does what the formula h says; nil: nobody whom the sentence names.
func (d *reading) subject(s sentence, h hit, ms []mention) *mention {
	var before, after *mention
	for i := range ms {
		m := &ms[i]
		switch {
		case m.to <= h.at && d.reach(m.to, h.at) <= maxReach:
			if before == nil || d.t.lang != "zh" {
				before = m
			}
		case (m.at >= h.at+h.n || d.t.lang == "ar" && m.at > h.at) && after == nil && d.reach(h.at+h.n, m.at) <= 8:
			after = m
		}
	}
	near := after != nil && after.at >= h.at+h.n && d.reach(h.at+h.n, after.at) <= 4 && !strings.ContainsAny(d.s[d.toks[h.at+h.n-1].to:d.toks[after.at].from], ":;：；")
	switch {
	case d.t.lang == "ar":
		if after != nil {
			return after
		}
		return before
	case d.t.lang != "zh" && s.starts && near && (before == nil || before.he || before.she || d.reach(before.to, h.at) > d.reach(h.at+h.n, after.at)):
		if before != nil && d.reach(before.to, h.at) == 0 {
			return before
		}
		return after
	case before != nil:
		return before
	case d.t.lang != "zh" && near && (s.quote || d.reach(h.at+h.n, after.at) <= 2):
		return after
	}
	return nil
}

// reach counts the words between two tokens outside quotations.
func (d *reading) reach(a, b int) int {
	n := 0
	for i := a; i < b; i++ {
		if !d.toks[i].quoted {
			n++
		}
	}
	return n
}

// pronoun gives whom he or she means: who spoke last, else the last one named whom the word fits.
func (d *reading) pronoun(m mention, spoke *mention) *mention {
	if m.other {
		var others []*figure
		for _, f := range d.cast {
			if f.principal && (spoke == nil || f != spoke.person) {
				others = append(others, f)
			}
		}
		if len(others) == 1 {
			return &mention{person: others[0]}
		}
		return nil
	}
	fits := func(f *figure) bool { return !(m.he && f.female && !m.she) && !(m.she && f.male && !m.he) }
	if spoke != nil && (spoke.person == nil || fits(spoke.person)) {
		if f := spoke.person; f != nil && m.he != m.she {
			f.male, f.female = f.male || m.he, f.female || m.she // the text says so
		}
		return spoke
	}
	var best *figure
	for _, f := range d.cast {
		if fits(f) && f.named(m.at) >= 0 && (best == nil || f.named(m.at) > best.named(m.at)) {
			best = f
		}
	}
	if best == nil {
		return nil
	}
	return &mention{person: best}
}

package intake

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// caseEndings are what Russian names of men get in other cases, longest first, and what stands there in the nominative.
var caseEndings = [][2]string{{"ом", ""}, {"ем", ""}, {"ой", "а"}, {"ым", ""}, {"а", ""}, {"у", ""}, {"е", ""}, {"ы", "а"}, {"я", "й"}, {"я", "ь"}, {"ю", "й"}}

// gendered uses the ending of a Russian verb in the past: it says whether a man or a woman did it. A person whose name says nothing gets the gender, and of several who may be meant the one is taken whom it fits.
func (d *reading) gendered(m *mention, verb hit) *mention {
	w := d.toks[verb.at].word
	woman := strings.HasSuffix(w, "ла") || strings.HasSuffix(w, "лась")
	man := strings.HasSuffix(w, "л") || strings.HasSuffix(w, "лся")
	if woman == man {
		return m
	}
	if len(m.many) < 2 {
		if m.to != verb.at && m.at != verb.at+verb.n {
			return m // not beside the verb: it may be somebody else's
		}
		if m.person.female = m.person.female || woman; man && !m.person.female {
			m.person.male = true
		}
		return m
	}
	for _, f := range m.many {
		if woman && f.female || man && f.male {
			return &mention{at: m.at, to: m.to, person: f}
		}
	}
	return m
}

// landFirst gives how many words before a name of two or three words behind a Russian office are the land or the house that the office belongs to: президент Авельмара Эдран Косван. A patronymic shows that
// all are the name.
func (d *reading) landFirst(lo, hi int) int {
	if d.t.lang != "ru" || hi-lo < 3 {
		return 0
	}
	for i := lo + 1; i < hi; i++ {
		if w := d.toks[i].word; utf8.RuneCountInString(w) > 5 && (strings.HasSuffix(w, "вич") || strings.HasSuffix(w, "вна") || strings.HasSuffix(w, "ична")) {
			return max(0, i-1-lo)
		}
	}
	if utf8.RuneCountInString(d.toks[lo].word) == 1 {
		return 0 // initials
	}
	return hi - lo - 2
}

// settle gives the nominative to men whose last name has no cases, once a verb has shown that they are men: Рорина Таше is Рорин Таше.
func (d *reading) settle() {
	for _, f := range d.cast {
		parts := strings.Fields(f.Name)
		if d.t.lang != "ru" || f.Member != "" || len(parts) != 2 || !f.male || f.female || !strings.ContainsRune("еиоуэю", last(parts[1])) {
			continue
		}
		for _, e := range []string{"ом", "а", "у"} {
			if base, ok := strings.CutSuffix(parts[0], e); ok && len([]rune(base)) > 2 {
				f.Name = base + " " + parts[1]
				break
			}
		}
	}
}

// nominative brings names that the text has first in another case into the nominative, where the text has the surname in it elsewhere.
func (d *reading) nominative() {
	if d.t.lang != "ru" {
		return
	}
	seen := map[string]bool{}
	for _, t := range d.toks {
		if t.upper {
			seen[t.word] = true
		}
	}
	for _, f := range d.cast {
		if f.Member != "" || len(f.words) < 2 {
			continue
		}
		for _, e := range caseEndings {
			base, ok := strings.CutSuffix(f.last(), e[0])
			if !ok || len([]rune(base)) < 3 || !seen[base+e[1]] {
				continue
			}
			parts := strings.Fields(f.Name)
			for i := range parts {
				if s, ok := strings.CutSuffix(parts[i], e[0]); ok {
					parts[i] = s + e[1]
				}
			}
			f.Name = strings.Join(parts, " ")
			f.words = foldWords(f.Name)
			break
		}
	}
	for _, f := range d.cast {
		parts := strings.Fields(f.Name)
		if f.Member != "" || len(parts) != 2 || !strings.ContainsRune("бвгджзйклмнпрстфхцчшщ", last(strings.ToLower(parts[1]))) {
			continue
		}
		for _, e := range []string{"ой", "ы", "у", "е"} { // of a woman whose last name has no cases
			if base, ok := strings.CutSuffix(parts[0], e); ok && len([]rune(base)) > 2 && seen[f.last()] {
				f.Name = base + "а " + parts[1]
				f.words = foldWords(f.Name)
				break
			}
		}
	}
	d.cast = slices.CompactFunc(d.cast, func(a, b *figure) bool { return a.Name == b.Name })
}

package intake

import (
	"slices"
	"strings"
	"unicode"

	"visavis/internal/readout"
)

// relatives are words that make an attendance formula say something about one person within another sentence: "Ms Resk, who attended the talks, said …".
var relatives = []string{"who", "qui", "que", "quien", "quienes", "который", "которая", "которые", "الذي", "التي", "الذين"}

// beside reports whether the formula of attendance h only describes somebody: behind a relative, in Chinese before 的 and a name.
func (d *reading) beside(h hit, s sentence) bool {
	if d.t.lang == "zh" {
		end := h.at + h.n
		return end+1 < s.hi && d.toks[end].word == "的" && !d.is(end+1, "stop", "and", "link") && !strings.ContainsAny(d.between(end+1), "：:，,") && d.toks[end+1].word != "有"
	}
	for i := h.at - 1; i >= max(s.lo, h.at-2); i-- {
		if slices.Contains(relatives, d.toks[i].word) {
			return true
		}
	}
	return false
}

// covered reports whether a longer formula of presence beside a name holds h.
func covered(hs []hit, h hit) bool {
	return slices.ContainsFunc(hs, func(g hit) bool {
		return g.section == "beside" && g.n > h.n && g.at <= h.at && g.at+g.n >= h.at+h.n
	})
}

// companionsOf gives who is said, within a sentence that is about something else, to have been present: behind a formula of accompanying or beside one of presence.
func (d *reading) companionsOf(s sentence) []Person {
	verbs, all := d.main(s)
	var out []Person
	for _, h := range all {
		end := h.at + h.n
		switch {
		case h.section == "accompany" && d.t.lang != "zh":
			to := s.hi
			for _, v := range verbs {
				if v.at >= end {
					to = v.at
					break
				}
			}
			out = append(out, d.listed(end, to)...)
		case h.section == "beside":
			out = append(out, d.nearby(h, s)...)
		}
	}
	return out
}

// accompanied reports whether all that a sentence says is who was with somebody.
func (d *reading) accompanied(s sentence, all []hit) bool {
	h, ok := section(all, "accompany")
	if !ok || s.quote || d.t.lang == "zh" {
		return false
	}
	return len(d.listed(h.at+h.n, s.hi)) > 0
}

// nearby gives the person whom a formula of presence describes: right before it, else the first one named behind it.
func (d *reading) nearby(h hit, s sentence) []Person {
	for i := h.at - 1; i >= max(s.lo, h.at-4); i-- {
		for _, f := range d.cast {
			if at := i + 1 - len(f.words); at >= s.lo && !f.principal && (f.stands(at) || len(f.short) > 0 && i+1-len(f.short) >= s.lo && d.sameName(i+1-len(f.short), f.short)) {
				return []Person{f.Person}
			}
		}
	}
	for i := h.at + h.n; i < min(s.hi, h.at+h.n+2*maxPhrase); i++ {
		if who := d.listed(i, i+1); len(who) > 0 {
			return who
		}
	}
	return nil
}

// spare is how many words a roll may have besides names, offices and small words, for each person it names.
const spare = 3

// rolls reports whether a sentence in which no verb is known does hardly anything but name people who are not the principals, each with an office: then it says who was present, in whatever words.
func (d *reading) rolls(s sentence) bool {
	led := slices.ContainsFunc(d.cast, func(f *figure) bool { return f.principal })
	if !led || s.quote || s.hi-s.lo > 40*maxPhrase || d.t.has("collective", d.toks, s.lo, s.hi) {
		return false
	}
	covered := d.officeTokens(s)
	people := 0
	for i := s.lo; i < s.hi; i++ {
		for _, f := range d.cast {
			if f.stands(i) {
				if f.principal || f.Office == "" {
					return false
				}
				if f.at[0] == i || f.named(i) < s.lo {
					people++
				}
				for k := range f.words {
					covered[i+k] = true
				}
			}
		}
	}
	if people == 0 {
		return false
	}
	rest := 0
	for i := s.lo; i < s.hi; i++ {
		if !covered[i] && !d.is(i, "small", "and", "mr", "ms", "side", "stop", "modifiers") {
			rest++
		}
	}
	if d.t.lang == "zh" {
		rest /= 2
	}
	return rest <= min(spare*people, 8) && people >= 2 || rest <= spare && people == 1
}

// sectionOfPresent marks what stands under a heading that says who was present, down to the next heading or to what somebody says.
func (d *reading) sectionOfPresent() {
	under := false
	for k := range d.paras {
		p := &d.paras[k]
		n := d.longest(p.lo, p.hi, "attendance-list")
		switch {
		case n > 0 && p.lo+n == p.hi && (p.kind == "" || p.form == heading):
			under = true
		case p.form == heading || p.kind != "" || len(d.sents[p.s0:p.s1]) == 0:
			under = false
		case under && p.form == item || under && p.hi-p.lo <= 2*maxPhrase && !d.full(*p) && d.anybody(*p):
			p.kind = readout.Attendance
		default:
			under = false
		}
	}
}

// anybody reports whether a paragraph names an office.
func (d *reading) anybody(p para) bool {
	for i := p.lo; i < p.hi; i++ {
		if d.is(i, "offices") {
			return true
		}
	}
	return false
}

// credit reports whether a paragraph under the text says only who made it or where to ask: all of it in brackets, an address of the network, or letters of editors.
func (d *reading) credit(p para) bool {
	text := strings.Trim(strings.TrimSpace(d.s[p.from:p.to]), "*_ ")
	if text == "" || p.hi-p.lo > 40 {
		return false
	}
	if strings.HasPrefix(text, "(") && strings.HasSuffix(text, ")") && strings.Count(text, "(") == 1 || strings.HasPrefix(text, "（") && strings.HasSuffix(text, "）") && strings.Count(text, "（") == 1 {
		return true
	}
	if at := strings.IndexByte(text, '@'); at > 0 && strings.Contains(text[at:], ".") && !unicode.IsSpace(rune(text[at-1])) {
		return true
	}
	return strings.Contains(text, "https://") || strings.Contains(text, "http://") || strings.Contains(text, "www.")
}

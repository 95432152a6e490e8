package intake

import (
	"visavis/internal/readout"
)

// recurring finds people whom the text names in full without an office or a form of address, by what comes later: the last word of the name stands alone beside a verb of speaking or a form of
// address. In sentences that say who was present, two or three capitals beside each other are a name even so.
func (d *reading) recurring() {
	if d.t.lang == "zh" {
		return // a middle dot shows names there
	}
	alone := d.alone()
	for k := range d.paras {
		p := d.paras[k]
		if p.kind == readout.Notice || p.kind == readout.Headline {
			continue
		}
		for _, s := range d.sents[p.s0:p.s1] {
			present, offices := d.companions(s), d.officeTokens(s)
			for i := s.lo; i < s.hi; {
				hi := d.nameRun(i, s.hi)
				if d.t.lang == "ar" && (p.kind != readout.Lede || hi-i < 2 || d.is(i, "small", "link", "realm") || d.definite(i)) || hi-i < 2 || hi-i > 3 || d.toks[i].quoted || d.inCast(i, hi) {
					i++
					continue
				}
				listed := i >= present && !offices[i] && !offices[hi-1] && d.t.lang != "ar" && (d.parted(i) || d.is(i-1, "and", "small", "mr", "ms")) && (hi >= s.hi || d.parted(hi) || d.is(hi, "and", "stop"))
				if hi-i == 3 && !d.parted(i) && i > s.lo {
					i++ // what stands before a name without a sign is not part of it
				}
				if d.stands(alone, d.toks[hi-1].word) || listed && !d.is(i-1, "realm") {
					d.found(i, hi, "", false, false)
					i = hi
					continue
				}
				i++
			}
		}
	}
}

// officeTokens marks the tokens of s that belong to an office.
func (d *reading) officeTokens(s sentence) map[int]bool {
	out := map[int]bool{}
	for i := s.lo; i < s.hi; i++ {
		if p, ok := d.officeAt(i, s.lo, s.hi); ok {
			for k := p.lo; k < p.hi; k++ {
				out[k] = true
			}
		}
	}
	return out
}

// inCast reports whether a name of the cast stands in these tokens.
func (d *reading) inCast(lo, hi int) bool {
	for _, f := range d.cast {
		for i := lo; i < hi; i++ {
			if d.sameWord(d.toks[i].word, f.last()) {
				return true
			}
		}
	}
	return false
}

// alone collects the words that stand beside a verb of speaking or behind a form of address, and no capital before them.
func (d *reading) alone() map[string]bool {
	out := map[string]bool{}
	for _, s := range d.sents {
		for _, h := range d.t.hits(d.toks[:s.hi], s.lo, s.hi) {
			_, act := acts[h.section]
			address := h.section == "mr" || h.section == "ms"
			if !act && !address || d.toks[h.at].quoted {
				continue
			}
			if end := h.at + h.n; end < s.hi && d.single(end, s) {
				out[d.toks[end].word] = true
			}
			for i := h.at - 1; act && d.t.lang != "ar" && i >= max(s.lo, h.at-4); i-- {
				if d.parted(i + 1) {
					break
				}
				if d.single(i, s) {
					out[d.toks[i].word] = true
					break
				}
			}
		}
	}
	return out
}

// single: token i is a word that may be a last name, and no other such word is beside it.
func (d *reading) single(i int, s sentence) bool {
	if d.toks[i].quoted || d.is(i, "offices", "realm", "small", "and", "stop", "he", "she", "collective", "anonymous", "roles", "months", "link", "mr", "ms") {
		return false
	}
	if d.t.lang == "ar" {
		return !d.definite(i)
	}
	return d.toks[i].upper && (i == s.lo || d.parted(i) || !d.toks[i-1].upper || d.is(i-1, "mr", "ms", "offices"))
}

// stands reports whether a word is among them; in Russian in whatever case.
func (d *reading) stands(alone map[string]bool, word string) bool {
	if alone[word] || d.t.lang != "ru" {
		return alone[word]
	}
	for w := range alone {
		if d.sameWord(w, word) || d.sameWord(word, w) {
			return true
		}
	}
	return false
}

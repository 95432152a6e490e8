package intake

import (
	"strings"
	"unicode/utf8"
)

// hanPeople finds names in a Chinese sentence: signs around a middle dot, or two to four signs behind an office that the text has more than once.
func (d *reading) hanPeople(s sentence) {
	for i := s.lo; i < s.hi; i++ {
		if d.toks[i].quoted {
			continue
		}
		p, ok := d.officeAt(i, s.lo, s.hi)
		if !ok {
			continue
		}
		end, dotted := d.hanName(p.hi, s.hi)
		if dotted || end-p.hi >= 2 && end-p.hi <= 4 && d.again(p.hi, end) {
			d.found(p.hi, end, d.span2(p.lo, p.hi), false, false)
			i = end - 1
		}
	}
	for i := s.lo + 1; i < s.hi; i++ { // names without an office: 记者奥多·兰赛德
		if !dot(d.between(i)) || d.toks[i].quoted || d.covered(i) {
			continue
		}
		lo := i - 1
		for lo > s.lo && strings.TrimSpace(d.between(lo)) == "" && !d.hanBreak(lo-1, s.lo) && !d.is(lo-1, "byline", "and", "side", "name-stop") {
			lo--
		}
		if end, _ := d.hanName(lo, s.hi); end > i {
			d.found(lo, end, "", false, false)
			i = end - 1
		}
	}
}

func dot(s string) bool { return s == "·" || s == "•" || s == "・" || s == "‧" }

// covered reports whether the dot before token i lies in a name that the cast has.
func (d *reading) covered(i int) bool {
	for _, f := range d.cast {
		for k := range f.words {
			if k > 0 && d.sameName(i-k, f.words) {
				return true
			}
		}
	}
	return false
}

// hanName gives the token behind the name that begins at i, and whether it has a middle dot. It ends at a sign, at another script or at a word that no name has.
func (d *reading) hanName(i, hi int) (int, bool) {
	j, dotted := i, false
	for j < hi && j-i < 16 {
		r, _ := utf8.DecodeRuneInString(d.toks[j].word)
		g := d.between(j)
		if !han(r) || j > i && strings.TrimSpace(g) != "" && !dot(g) || j > i && g == "　" {
			break
		}
		if d.hanDay(j, hi) || d.is(j, "name-stop", "stop", "and") || d.is(j, verbSections...) {
			break
		}
		dotted = dotted || j > i && dot(g)
		j++
	}
	return d.shorter(i, j), dotted
}

// shorter takes from the end of a name with a dot what belongs to the next word, where the last name stands elsewhere without it.
func (d *reading) shorter(i, j int) int {
	first := -1
	for k := i + 1; k < j; k++ {
		if dot(d.between(k)) {
			first = k
		}
	}
	if first < 0 || j-first <= 2 || d.again(first, j) {
		return j
	}
	for k := j - 1; k-first >= 2; k-- {
		if d.again(first, k) {
			return k
		}
	}
	return j
}

// hanDay reports whether a day or month in Han digits begins at token j: 九日.
func (d *reading) hanDay(j, hi int) bool {
	k := j
	for k < hi && k-j < 3 && strings.Contains("〇一二三四五六七八九十", d.toks[k].word) {
		k++
	}
	return k > j && k < hi && (d.toks[k].word == "日" || d.toks[k].word == "月")
}

// again reports whether the signs stand in the text a second time.
func (d *reading) again(lo, hi int) bool {
	if d.asked++; d.asked > maxAgain {
		return false
	}
	return strings.Count(d.s, d.s[d.toks[lo].from:d.toks[hi-1].to]) > 1
}

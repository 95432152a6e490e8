package readout

import (
	"strings"
	"unicode"
)

// Op is what happened to a piece of a text.
type Op string

// The operations.
const (
	Keep   Op = "keep"
	Remove Op = "remove"
	Insert Op = "insert"
)

// Change is a piece of a text and what happened to it.
type Change struct {
	Op   Op     `json:"op"`
	Text string `json:"text"`
}

// Diff says by words how b differs from a: kept and removed pieces make a, kept and inserted ones b. A word is a run of letters, their marks and
// digits; an Arabic word is one, with its vowels and joiners; Han, kana and other scripts without spaces go sign by sign. White space between
// two changes goes with them. Texts are bounded by meeting.MaxNote; beyond maxDiff words the whole text is one change.
func Diff(a, b string) []Change {
	x, y := words(a), words(b)
	head := 0
	for head < len(x) && head < len(y) && x[head] == y[head] {
		head++
	}
	tail := 0
	for tail < len(x)-head && tail < len(y)-head && x[len(x)-1-tail] == y[len(y)-1-tail] {
		tail++
	}
	w := &weaver{}
	w.add(Keep, x[:head]...)
	mx, my := x[head:len(x)-tail], y[head:len(y)-tail]
	if len(mx) > maxDiff || len(my) > maxDiff {
		w.add(Remove, mx...)
		w.add(Insert, my...)
	} else {
		w.between(mx, my)
	}
	w.add(Keep, x[len(x)-tail:]...)
	return w.joined()
}

// words cuts a text: letters with marks and joiners, or one sign of a script without spaces, or a run of spaces, or one other sign.
func words(s string) []string {
	var out []string
	r := []rune(s)
	for i := 0; i < len(r); {
		j := i + 1
		switch {
		case unicode.IsSpace(r[i]):
			for j < len(r) && unicode.IsSpace(r[j]) {
				j++
			}
		case spaceless(r[i]):
			for j < len(r) && within(r[j]) {
				j++
			}
		case letter(r[i]):
			for j < len(r) && (letter(r[j]) && !spaceless(r[j]) || within(r[j]) || inner(r, j)) {
				j++
			}
		default:
			for j < len(r) && within(r[j]) {
				j++
			}
		}
		out = append(out, string(r[i:j]))
		i = j
	}
	return out
}

func letter(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// within are signs that never begin a word: marks, ZWJ, ZWNJ, tatweel, directional marks.
func within(r rune) bool {
	return unicode.Is(unicode.M, r) || r == 0x200c || r == 0x200d || r == 0x200e || r == 0x200f || r == 0x0640
}

// inner is an apostrophe or hyphen between two letters, or a separator between two digits: "d'Avelmar", "1,5".
func inner(r []rune, i int) bool {
	if i+1 >= len(r) || !letter(r[i+1]) || spaceless(r[i+1]) {
		return false
	}
	switch r[i] {
	case '\'', '’', '-', '·':
		return letter(r[i-1]) || within(r[i-1])
	case '.', ',', '٫':
		return unicode.IsDigit(r[i-1]) && unicode.IsDigit(r[i+1])
	}
	return false
}

// spaceless are scripts that write words without spaces between them.
func spaceless(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

// weaver collects changes.
type weaver struct{ out []piece }

type piece struct {
	op   Op
	word string
}

func (w *weaver) add(op Op, words ...string) {
	for _, s := range words {
		w.out = append(w.out, piece{op, s})
	}
}

// between finds a longest common run of words by halves (Hirschberg 1975): time n×m, memory n+m.
func (w *weaver) between(x, y []string) {
	switch {
	case len(x) == 0:
		w.add(Insert, y...)
		return
	case len(y) == 0:
		w.add(Remove, x...)
		return
	case len(x) == 1:
		w.single(x[0], y)
		return
	}
	mid := len(x) / 2
	left, right := lengths(x[:mid], y, false), lengths(x[mid:], y, true)
	best, cut := -1, 0
	for j := range left {
		if n := left[j] + right[len(y)-j]; n > best {
			best, cut = n, j
		}
	}
	w.between(x[:mid], y[:cut])
	w.between(x[mid:], y[cut:])
}

func (w *weaver) single(x string, y []string) {
	for i, s := range y {
		if s == x {
			w.add(Insert, y[:i]...)
			w.add(Keep, x)
			w.add(Insert, y[i+1:]...)
			return
		}
	}
	w.add(Remove, x)
	w.add(Insert, y...)
}

// lengths are those of the longest common runs of x with each beginning of y, or with each end if back.
func lengths(x, y []string, back bool) []int {
	now, last := make([]int, len(y)+1), make([]int, len(y)+1)
	at := func(s []string, i int) string {
		if back {
			return s[len(s)-1-i]
		}
		return s[i]
	}
	for i := range x {
		now, last = last, now
		for j := range y {
			if at(x, i) == at(y, j) {
				now[j+1] = last[j] + 1
			} else {
				now[j+1] = max(now[j], last[j+1])
			}
		}
	}
	return now
}

// joined makes few long changes of the words: spaces between two changed words go with them, removed stands before inserted.
func (w *weaver) joined() []Change {
	p := w.out
	var out []Change
	for i := 0; i < len(p); {
		if p[i].op == Keep {
			var s strings.Builder
			for ; i < len(p) && p[i].op == Keep; i++ {
				s.WriteString(p[i].word)
			}
			out = append(out, Change{Keep, s.String()})
			continue
		}
		var gone, come strings.Builder
		for i < len(p) {
			if p[i].op == Keep {
				if i+1 >= len(p) || p[i+1].op == Keep || strings.TrimSpace(p[i].word) != "" || strings.Contains(p[i].word, "\n") || gone.Len() == 0 || come.Len() == 0 {
					break
				}
				gone.WriteString(p[i].word)
				come.WriteString(p[i].word)
			} else if p[i].op == Remove {
				gone.WriteString(p[i].word)
			} else {
				come.WriteString(p[i].word)
			}
			i++
		}
		if gone.Len() > 0 {
			out = append(out, Change{Remove, gone.String()})
		}
		if come.Len() > 0 {
			out = append(out, Change{Insert, come.String()})
		}
	}
	return out
}

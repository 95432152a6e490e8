package site

import (
	"strings"
	"unicode"
)

// differences says by words what became of a text: an Arabic word is never split, Chinese goes by its signs. It cuts what is the same at both ends and,
// between, keeps the longest common run of words; texts above maxTextShown are not compared.
func differences(a, b, lang string) []change {
	x, y := tokens(a), tokens(b)
	var head, tail []string
	for len(x) > 0 && len(y) > 0 && x[0] == y[0] {
		head, x, y = append(head, x[0]), x[1:], y[1:]
	}
	for len(x) > 0 && len(y) > 0 && x[len(x)-1] == y[len(y)-1] {
		tail, x, y = append([]string{x[len(x)-1]}, tail...), x[:len(x)-1], y[:len(y)-1]
	}
	var out []change
	add := func(kind int, words []string) {
		if s := strings.Join(words, ""); s != "" {
			out = append(out, change{kind, s})
		}
	}
	add(0, head)
	add(1, x)
	add(2, y)
	add(0, tail)
	return out
}

// tokens are words with their marks, the white space between, and every Han sign by itself.
func tokens(s string) []string {
	var out []string
	begin, class := 0, 0
	for i, r := range s {
		c := 1
		switch {
		case unicode.IsSpace(r):
			c = 2
		case unicode.Is(unicode.Han, r):
			c = 3
		case unicode.IsPunct(r):
			c = 4
		}
		if i > begin && (c != class || c == 3 || c == 4) {
			out = append(out, s[begin:i])
			begin = i
		}
		class = c
	}
	if begin < len(s) {
		out = append(out, s[begin:])
	}
	return out
}

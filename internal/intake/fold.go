package intake

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// token is one word of the text, or one Han sign.
type token struct {
	word     string // folded
	from, to int    // bytes of the original
	upper    bool   // begins with a capital
	quoted   bool   // stands inside a quotation of a clause or more
}

// fold makes words comparable: small letters, without marks, joiners and tatweel; the forms of alif and ya become one.
func fold(s string) string {
	ascii := true
	for i := 0; i < len(s) && ascii; i++ {
		ascii = s[i] < utf8.RuneSelf
	}
	if ascii {
		return strings.ToLower(s)
	}
	var b strings.Builder
	for _, r := range norm.NFKD.String(s) {
		switch {
		case unicode.Is(unicode.M, r) || unicode.Is(unicode.Cf, r) || r == 'ـ':
		case r == 'أ' || r == 'إ' || r == 'آ' || r == 'ٱ':
			b.WriteRune('ا')
		case r == 'ى':
			b.WriteRune('ي')
		default:
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

func inWord(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.M, r) || r == '\u200c' || r == '\u200d' || r == 'ـ'
}

// han: each sign is a word of its own. 〇 is a letter number, not a letter.
func han(r rune) bool { return unicode.Is(unicode.Han, r) || r == '〇' }

// words cuts s, which begins at byte base of the original.
func words(s string, base int) []token {
	var out []token
	start := -1
	flush := func(end int) {
		if start >= 0 {
			w := s[start:end]
			first, _ := utf8.DecodeRuneInString(w)
			if f := fold(w); f != "" {
				out = append(out, token{word: f, from: base + start, to: base + end, upper: unicode.IsUpper(first)})
			}
			start = -1
		}
	}
	for i, r := range s {
		switch {
		case han(r) || r == '©': // © says as much as a word
			flush(i)
			n := utf8.RuneLen(r)
			out = append(out, token{word: string(r), from: base + i, to: base + i + n})
		case inWord(r):
			if start < 0 {
				start = i
			}
		default:
			flush(i)
		}
	}
	flush(len(s))
	return out
}

// foldWords gives the folded words of s alone.
func foldWords(s string) []string {
	var out []string
	for _, t := range words(s, 0) {
		out = append(out, t.word)
	}
	return out
}

// blank is what counts for nothing in a text.
func blank(r rune) bool { return unicode.IsSpace(r) || r == '\ufeff' }

// trim narrows [from, to) of s to what is not blank.
func trim(s string, from, to int) (int, int) {
	for from < to {
		r, n := utf8.DecodeRuneInString(s[from:to])
		if !blank(r) {
			break
		}
		from += n
	}
	for from < to {
		r, n := utf8.DecodeLastRuneInString(s[from:to])
		if !blank(r) {
			break
		}
		to -= n
	}
	return from, to
}

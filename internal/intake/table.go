package intake

import (
	"embed"
	"fmt"
	"slices"
	"strings"
	"sync"
)

//go:embed tables/*.txt
var files embed.FS

// Languages that have a table.
func Languages() []string { return []string{"ar", "en", "es", "fr", "ru", "zh"} }

// table holds the formulas of one language. tables/README.md says how it is written.
type table struct {
	lang  string
	first map[string][]formula // by the first word
	open  []formula            // those whose first word is a pattern
	value map[string]int       // months, days, numbers: folded word → number
}

// formula is a sequence of words that says something about the sentence in which it stands.
type formula struct {
	section string
	words   []string
}

var loadTables = sync.OnceValues(func() (map[string]*table, error) {
	out := map[string]*table{}
	for _, lang := range Languages() {
		b, err := files.ReadFile("tables/" + lang + ".txt")
		if err != nil {
			return nil, err
		}
		t, err := parseTable(lang, string(b))
		if err != nil {
			return nil, fmt.Errorf("table %s: %w", lang, err)
		}
		out[lang] = t
	}
	return out, nil
})

func tableOf(lang string) (*table, error) {
	all, err := loadTables()
	if err != nil {
		return nil, err
	}
	t, ok := all[lang]
	if !ok {
		return nil, fmt.Errorf("no table for the language %q; there are %s", lang, strings.Join(Languages(), ", "))
	}
	return t, nil
}

// sections are all that a table may have; in the first row those that make a block.
var sections = []string{"said", "noted", "stressed", "proposed", "welcomed", "commended", "ready", "concern", "agreed", "thanked", "exchange", "agree",
	"committed", "next", "congratulated", "conveyed", "wished", "attendance", "attendance-list", "accompany", "beside", "again", "according", "capacity",
	"offices", "modifiers", "feminine", "roles", "counterpart", "mr", "ms", "he", "she", "collective", "anonymous", "stop", "link", "ignore",
	"labels", "byline", "caption", "notice", "notice-tail", "meeting", "term", "abbreviations", "small", "name-stop", "side",
	"months", "days", "front", "and", "realm"}

func parseTable(lang, text string) (*table, error) {
	t := &table{lang: lang, first: map[string][]formula{}, value: map[string]int{}}
	section := ""
	for n, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		if name, ok := strings.CutPrefix(line, "["); ok {
			section = strings.TrimSuffix(name, "]")
			if !slices.Contains(sections, section) {
				return nil, fmt.Errorf("line %d: no section is called %q", n+1, section)
			}
			continue
		}
		for part := range strings.SplitSeq(line, "|") {
			if err := t.add(section, strings.TrimSpace(part)); err != nil {
				return nil, fmt.Errorf("line %d: %w", n+1, err)
			}
		}
	}
	return t, nil
}

func (t *table) add(section, text string) error {
	if left, right, ok := strings.Cut(text, "="); ok {
		key := section + " " + strings.Join(foldWords(left), " ")
		if section == "front" {
			t.value[key] = slices.Index(frontNames, strings.TrimSpace(right))
			if t.value[key] < 0 {
				return fmt.Errorf("no field is called %q", right)
			}
			return nil
		}
		var v int
		if _, err := fmt.Sscan(strings.TrimSpace(right), &v); err != nil {
			return fmt.Errorf("%q: %w", text, err)
		}
		t.value[key] = v
		return nil
	}
	f := formula{section: section}
	for _, w := range strings.Fields(text) {
		if w == "…" {
			f.words = append(f.words, w)
			continue
		}
		pre, suf := strings.HasPrefix(w, "*"), strings.HasSuffix(w, "*")
		parts := foldWords(strings.Trim(w, "*"))
		for i, p := range parts {
			if pre && i == 0 {
				p = "*" + p
			}
			if suf && i == len(parts)-1 {
				p += "*"
			}
			f.words = append(f.words, p)
		}
	}
	if len(f.words) == 0 || f.words[0] == "…" {
		return fmt.Errorf("%q in %q is no formula", text, section)
	}
	if strings.Contains(f.words[0], "*") {
		t.open = append(t.open, f)
	} else {
		t.first[f.words[0]] = append(t.first[f.words[0]], f)
	}
	return nil
}

// same compares a word of the text with a word of a formula: * stands for any letters. In Arabic "and", "so" may be written to the word, and the
// verb may carry its feminine or dual ending.
func (t *table) same(word, want string) bool {
	if pre, ok := strings.CutSuffix(want, "*"); ok {
		if pre, any := strings.CutPrefix(pre, "*"); any {
			return strings.Contains(word, pre)
		}
		return strings.HasPrefix(word, pre) || t.lang == "ar" && strings.HasPrefix(bare(word), pre)
	}
	if suf, ok := strings.CutPrefix(want, "*"); ok {
		return strings.HasSuffix(word, suf)
	}
	if word == want {
		return true
	}
	if t.lang != "ar" {
		return false
	}
	return slices.Contains(arabicForms(word), want)
}

// bare takes "and" and "so" from an Arabic word.
func bare(word string) string {
	r := []rune(word)
	if len(r) > 3 && (r[0] == 'و' || r[0] == 'ف') {
		return string(r[1:])
	}
	return word
}

// arabicForms gives what a word may be without what is written to it.
func arabicForms(word string) []string {
	out := []string{word}
	if b := bare(word); b != word {
		out = append(out, b)
	}
	for _, w := range slices.Clone(out) {
		for _, end := range []string{"ت", "ا", "تا"} {
			if c, ok := strings.CutSuffix(w, end); ok && len([]rune(c)) > 2 {
				out = append(out, c)
			}
		}
	}
	return out
}

// gap is how many words a … may stand for.
const gap = 12

// match gives how many words from i on the formula takes; 0: it does not stand there.
func (t *table) match(toks []token, i int, f []string) int {
	j := i
	for k, w := range f {
		if w == "…" {
			for n := 0; n <= gap && j+n < len(toks); n++ {
				if m := t.match(toks, j+n, f[k+1:]); m > 0 {
					return j + n + m - i
				}
			}
			return 0
		}
		if j >= len(toks) || !t.same(toks[j].word, w) {
			return 0
		}
		j++
	}
	return j - i
}

// hit is a formula that stands in the text.
type hit struct {
	section string
	at, n   int // first token, number of tokens
}

// hits finds all formulas of toks that begin at lo or behind it and before hi.
func (t *table) hits(toks []token, lo, hi int) []hit {
	var out []hit
	for i := lo; i < hi; i++ {
		try := func(fs []formula) {
			for _, f := range fs {
				if n := t.match(toks, i, f.words); n > 0 {
					out = append(out, hit{f.section, i, n})
				}
			}
		}
		if t.lang == "ar" {
			for _, w := range arabicForms(toks[i].word) {
				try(t.first[w])
			}
		} else {
			try(t.first[toks[i].word])
		}
		try(t.open)
	}
	return out
}

// has reports whether one of the words of text is a formula of the section.
func (t *table) has(section string, toks []token, lo, hi int) bool {
	return slices.ContainsFunc(t.hits(toks[:hi], lo, hi), func(h hit) bool { return h.section == section })
}

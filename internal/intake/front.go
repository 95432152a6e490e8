package intake

import (
	"strings"

	"visavis/internal/meeting"
)

// frontNames are the fields that mean something here; tables/*.txt say how each language writes them.
var frontNames = []string{"title", "date", "parties", "places", "attendance", "language"}

// reading is one text being read.
type reading struct {
	s       string
	members []meeting.Member
	t       *table

	frontFrom, frontTo, bodyFrom int
	fields                       []Field

	toks     []token
	markdown bool
	paras    []para
	sents    []sentence
	cast     []*figure
	asked    int // how often a name was looked for a second time
}

// line is one line of the original without its break.
type line struct{ from, to int }

// lines cuts s[from:] at LF, CR, CRLF, U+2028 and U+2029.
func lines(s string, from int) []line {
	var out []line
	start := from
	for i, r := range s[from:] {
		i += from
		switch r {
		case '\n', '\r', '\u2028', '\u2029':
			if r == '\n' && i > from && s[i-1] == '\r' {
				start = i + 1
				continue
			}
			out = append(out, line{start, i})
			start = i + len(string(r))
		}
	}
	return append(out, line{start, len(s)})
}

// front takes the front matter: lines "name: value" between two lines of three hyphens, or at least two lines with known names before the first empty
// line. What is not of this form is no front matter and stays in the text.
func (d *reading) front() {
	d.frontFrom, d.frontTo, d.bodyFrom = 0, 0, 0
	ls := lines(d.s, 0)
	first := 0
	for first < len(ls) && d.lineText(ls[first]) == "" {
		first++
	}
	if first == len(ls) {
		return
	}
	fenced := d.lineText(ls[first]) == "---"
	i := first
	if fenced {
		i++
	}
	var fields []Field
	known := 0
	for ; i < len(ls) && len(fields) <= MaxFront; i++ {
		text := d.lineText(ls[i])
		if fenced && (text == "---" || text == "...") || !fenced && text == "" {
			if len(fields) > 0 && (fenced || known >= 2) {
				from, _ := trim(d.s, ls[first].from, len(d.s))
				d.fields, d.frontFrom, d.frontTo, d.bodyFrom = fields, from, ls[i].to, ls[i].to
			}
			return
		}
		if item, ok := strings.CutPrefix(text, "- "); ok && fenced && len(fields) > 0 {
			f := &fields[len(fields)-1]
			f.Value = strings.TrimPrefix(f.Value+"; "+unquote(item), "; ")
			if len(f.Value) > MaxField {
				return
			}
			continue
		}
		if text == "" {
			continue
		}
		name, value, ok := cutColon(text)
		if !ok || len(value) > MaxField || len(name) > 64 {
			return
		}
		if n := frontName(name); n != "" {
			name, known = n, known+1
		} else if !fenced {
			return
		}
		fields = append(fields, Field{name, unquote(value)})
	}
}

func (d *reading) lineText(l line) string {
	from, to := trim(d.s, l.from, l.to)
	return d.s[from:to]
}

func cutColon(s string) (string, string, bool) {
	i := strings.IndexAny(s, ":：")
	if i <= 0 {
		return "", "", false
	}
	n := 1
	if s[i] != ':' {
		n = len("：")
	}
	return strings.TrimSpace(s[:i]), strings.TrimSpace(s[i+n:]), true
}

func unquote(s string) string {
	s = strings.TrimSpace(s)
	if len(s) >= 2 && (s[0] == '"' || s[0] == '\'') && s[len(s)-1] == s[0] {
		return s[1 : len(s)-1]
	}
	return s
}

// frontName gives the name of a field that some table knows, else "".
func frontName(name string) string {
	all, err := loadTables()
	if err != nil {
		return ""
	}
	key := "front " + strings.Join(foldWords(name), " ")
	for _, lang := range Languages() {
		if n, ok := all[lang].value[key]; ok {
			return frontNames[n]
		}
	}
	return ""
}

// field gives the first value of a name.
func (d *reading) field(name string) string {
	for _, f := range d.fields {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// several cuts a list in one field: at semicolons where there are any, else at commas.
func several(s string) []string {
	s = strings.Trim(s, "[]")
	sep := ",،、，"
	if strings.ContainsAny(s, ";；؛") {
		sep = ";；؛"
	}
	var out []string
	for _, p := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(sep, r) }) {
		if p = unquote(p); p != "" {
			out = append(out, p)
		}
	}
	return out
}

// guess says which language a text is in: by its script, and among those in Latin letters by the commonest small words.
func guess(s string) string {
	count := map[string]int{}
	all, err := loadTables()
	if err != nil {
		return ""
	}
	for _, t := range words(s, 0) {
		switch r := []rune(t.word)[0]; {
		case han(r):
			count["zh"]++
		case r >= 0x600 && r < 0x700:
			count["ar"] += 2
		case r >= 0x400 && r < 0x500:
			count["ru"] += 2
		default:
			for _, lang := range []string{"en", "es", "fr"} {
				if all[lang].has("small", []token{t}, 0, 1) {
					count[lang] += 3
				}
			}
		}
	}
	best := "en"
	for _, lang := range Languages() {
		if count[lang] > count[best] {
			best = lang
		}
	}
	return best
}

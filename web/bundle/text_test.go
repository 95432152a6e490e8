package main

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

var tongues = []string{"ar", "zh", "en", "fr", "ru", "es"}

// entryLine is one text: two spaces, the key, the text in double quotes.
var entryLine = regexp.MustCompile(`(?m)^\s+(\w+): "((?:[^"\\]|\\.)*)",\s*$`)

// places are the {names} that a text has filled in.
var places = regexp.MustCompile(`\{\w+\}`)

// same are texts that a language writes as English does, by folder of the table and key. Whatever else is equal was forgotten.
var same = map[string][]string{
	"fr": {"member", "phase", "silent", "volume"},
}

// latin are words that stand in Latin letters in every script.
var latin = regexp.MustCompile(`Visavis|UDP|Bluetooth|PIN|CSV|ICS|VTIMEZONE|ID|IP|kbit/s|kbit|ms|dBFS|dB|Hz|Opus|VP8|USB|FLOOR|TCP|TLS|RTT|SHA-256`)

// folders with tables of texts: src/text, and one for each kind of console that has its own.
func folders(t *testing.T) []string {
	t.Helper()
	var found []string
	err := fs.WalkDir(os.DirFS("../src"), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && path.Base(name) == "text" {
			found = append(found, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// table reads one table: key to text.
func table(t *testing.T, folder, tongue string) map[string]string {
	t.Helper()
	b, err := os.ReadFile("../src/" + folder + "/" + tongue + ".ts")
	if err != nil {
		t.Errorf("no table: %v", err)
		return nil
	}
	texts := map[string]string{}
	for _, m := range entryLine.FindAllStringSubmatch(string(b), -1) {
		if _, twice := texts[m[1]]; twice {
			t.Errorf("%s/%s.ts: %s stands there twice", folder, tongue, m[1])
		}
		texts[m[1]] = m[2]
	}
	return texts
}

// Every key exists in all six languages, with the same places to fill in, and nothing was left in English.
func TestTextsAreCompleteInSixLanguages(t *testing.T) {
	all := folders(t)
	if !slices.Contains(all, "text") {
		t.Fatalf("folders with texts: %v", all)
	}
	for _, folder := range all {
		if entries, _ := os.ReadDir("../src/" + folder); len(entries) == 0 {
			continue // git does not keep it
		}
		english := table(t, folder, "en")
		if len(english) == 0 {
			t.Errorf("%s: no texts", folder)
		}
		for _, tongue := range tongues {
			texts := table(t, folder, tongue)
			for _, problem := range compare(tongue, english, texts) {
				t.Errorf("%s/%s.ts: %s", folder, tongue, problem)
			}
		}
	}
}

// compare names what is wrong with a table beside the English one.
func compare(tongue string, english, texts map[string]string) []string {
	var wrong []string
	bad := func(key, what string) { wrong = append(wrong, key+": "+what) }
	for key, en := range english {
		text, ok := texts[key]
		if !ok || strings.TrimSpace(text) == "" {
			bad(key, "missing")
			continue
		}
		if a, b := sorted(places.FindAllString(en, -1)), sorted(places.FindAllString(text, -1)); !slices.Equal(a, b) {
			bad(key, "has the places "+strings.Join(b, " ")+", English has "+strings.Join(a, " "))
		}
		if tongue != "en" && text == en && !slices.Contains(same[tongue], key) && latinOnly(text) != "" {
			bad(key, "is the English text: "+text)
		}
		if script := scripts[tongue]; script != nil && !figures(text) && !strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(script, r) }) {
			bad(key, "has no letter of its script: "+text)
		}
		if script := scripts[tongue]; script != nil && latinOnly(text) != "" {
			bad(key, "holds Latin words: "+latinOnly(text))
		}
		for _, w := range typography(tongue, text) {
			bad(key, w+": "+text)
		}
	}
	for key := range texts {
		if _, ok := english[key]; !ok {
			bad(key, "is in no other table")
		}
	}
	slices.Sort(wrong)
	return wrong
}

var scripts = map[string]*unicode.RangeTable{"ar": unicode.Arabic, "zh": unicode.Han, "ru": unicode.Cyrillic}

func sorted(s []string) []string { s = slices.Clone(s); slices.Sort(s); return s }

// latinOnly are the Latin words of a text without those that every language writes so.
func latinOnly(text string) string {
	text = latin.ReplaceAllString(places.ReplaceAllString(text, ""), "")
	return strings.Join(regexp.MustCompile(`[A-Za-z]{2,}`).FindAllString(text, -1), " ")
}

// figures reports a text of places, figures and signs alone.
func figures(text string) bool {
	text = latin.ReplaceAllString(places.ReplaceAllString(text, ""), "")
	return !strings.ContainsFunc(text, unicode.IsLetter)
}

// typography names breaches of the house rules of docs/glossary.md: no exclamation mark, no sign of direction, no dotted forms of
// gender; French has U+00A0 before : ; ? and inside « »; Chinese has full-width marks; Arabic has its own comma and question mark.
func typography(tongue, text string) []string {
	var wrong []string
	rule := func(name, pattern string) {
		if regexp.MustCompile(pattern).MatchString(text) {
			wrong = append(wrong, name)
		}
	}
	rule("exclamation mark", `[!！]`)
	rule("sign of direction", "[\u202a-\u202e\u2066-\u2069]")
	rule("straight quotation mark", `\\"`)
	switch tongue {
	case "fr":
		rule("no U+00A0 before a mark", `[^\x{a0}\x{202f}\d/][;:?]`)
		rule("no U+00A0 inside « »", `«[^\x{a0}]|[^\x{a0}]»`)
		rule("dotted form", `\(e\)|·e`)
	case "zh":
		rule("half-width mark", `\p{Han}[,;:?.]|[,;?]\p{Han}`)
	case "ar":
		rule("Latin comma or question mark", `[,;?]`)
	}
	return wrong
}

// The controls of TestTextsAreCompleteInSixLanguages: each kind of fault is named.
func TestTextFaultsAreNamed(t *testing.T) {
	english := map[string]string{"a": "Open", "b": "{name} speaks.", "c": "Close it: now."}
	for name, c := range map[string]struct {
		tongue string
		texts  map[string]string
		want   string
	}{
		"missing":       {"es", map[string]string{"a": "Abierta", "b": "Habla {name}."}, "c: missing"},
		"English":       {"es", map[string]string{"a": "Open", "b": "Habla {name}.", "c": "Cierre."}, "a: is the English text"},
		"place":         {"es", map[string]string{"a": "Abierta", "b": "Habla {nombre}.", "c": "Cierre."}, "b: has the places {nombre}"},
		"Latin in ru":   {"ru", map[string]string{"a": "Открыта", "b": "Говорит {name} now.", "c": "Закрыть."}, "b: holds Latin words: now"},
		"French colon":  {"fr", map[string]string{"a": "Publique", "b": "{name} parle.", "c": "Fermez: oui."}, "c: no U+00A0"},
		"foreign key":   {"es", map[string]string{"a": "Abierta", "b": "Habla {name}.", "c": "Cierre.", "d": "Más"}, "d: is in no other table"},
		"Chinese comma": {"zh", map[string]string{"a": "公开", "b": "{name}发言.", "c": "关闭,现在"}, "c: half-width mark"},
	} {
		if got := strings.Join(compare(c.tongue, english, c.texts), "\n"); !strings.Contains(got, c.want) {
			t.Errorf("%s: %q does not say %q", name, got, c.want)
		}
	}
}

// No page says anything that is not in a table: a word between tags, or in an attribute that is read out, was left in English.
func TestNoTextStandsInTheSources(t *testing.T) {
	said := regexp.MustCompile(`>\s*([A-Z][a-z]+(?: [A-Za-z]+)*[.?]?)\s*</|(?:aria-label|title|placeholder|alt)="([^"{]+)"`)
	err := fs.WalkDir(os.DirFS("../src"), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".tsx" {
			return err
		}
		b, err := os.ReadFile("../src/" + name)
		for _, m := range said.FindAllStringSubmatch(string(b), -1) {
			if word := m[1] + m[2]; word != "Visavis" {
				t.Errorf("%s says %q outside the tables", name, word)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if !said.MatchString(`<p class="x">Please wait</p>`) || !said.MatchString(`<img alt="a picture">`) {
		t.Error("the control: a text between tags and one in an attribute are not found")
	}
}

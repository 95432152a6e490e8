package site

import (
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
)

//go:embed words/*.json
var wordFiles embed.FS

// Languages are the languages of the interface, in the order in which they stand where the theme says nothing.
func Languages() []string { return []string{"ar", "zh", "en", "fr", "ru", "es"} }

func isLanguage(tag string) bool { return slices.Contains(Languages(), tag) }

// autonym is what a language calls itself; a tag that we do not know is its own name.
func autonym(tag string) string {
	switch tag {
	case "ar":
		return "العربية"
	case "zh":
		return "中文"
	case "en":
		return "English"
	case "fr":
		return "Français"
	case "ru":
		return "Русский"
	case "es":
		return "Español"
	}
	return tag
}

// direction is the way in which a language is written: by its script, for the languages that are written from the right.
func direction(tag string) string {
	primary, _, _ := strings.Cut(tag, "-")
	switch primary {
	case "ar", "fa", "he", "ur", "ps", "sd", "ug", "dv", "yi", "ckb":
		return "rtl"
	}
	return "ltr"
}

// words are the sentences of the interface in one language: key → text with {name} for what is filled in.
type words map[string]string

// allWords reads the embedded tables once. A broken table is a broken program: the test of words shows it.
var allWords = sync.OnceValue(func() map[string]words {
	all := map[string]words{}
	for _, tag := range Languages() {
		b, err := wordFiles.ReadFile("words/" + tag + ".json")
		if err != nil {
			panic(err)
		}
		var w words
		if err := json.Unmarshal(b, &w); err != nil {
			panic(fmt.Sprintf("words/%s.json: %v", tag, err))
		}
		all[tag] = w
	}
	return all
})

// say fills a sentence: say("by", "date", "31 March"). A key that is not there is a fault of ours, which a test of all templates shows; the reader then
// sees the key.
func (w words) say(key string, pairs ...string) string {
	s, ok := w[key]
	if !ok {
		return key
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		s = strings.ReplaceAll(s, "{"+pairs[i]+"}", pairs[i+1])
	}
	return s
}

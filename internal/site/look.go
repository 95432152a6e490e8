package site

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/hex"
	"html/template"
	"strings"
	"sync"
	"time"

	"visavis/internal/meeting"
)

//go:embed templates/*.html
var templateFiles embed.FS

//go:embed style.css
var styleFile string

// verifyScript repeats the check of a readout in the reader's browser: the only script of the site, and nothing needs it.
//
//go:embed verify.js
var verifyScript string

// templates are all pages. A template that does not parse is a broken program: every test of a page shows it.
var templates = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("").Option("missingkey=error").Funcs(template.FuncMap{"list": func(v ...any) []any { return v }}).
		ParseFS(templateFiles, "templates/*.html"))
})

// sheetName is the length of the hash in the name of the style sheet: what has another content has another name.
const sheetName = 16

// sheetOf gives the style sheet of a theme and its name.
func sheetOf(t Theme) (css []byte, name string) {
	css = []byte(t.sheet() + "\n" + styleFile)
	sum := sha256.Sum256(css)
	return css, hex.EncodeToString(sum[:])[:sheetName]
}

// page is what every page has.
type page struct {
	words
	Lang, Dir, Title, Description string
	Party, SiteTitle              string
	Sheet                         string
	Canonical                     string
	Alternates                    []alternate
	Tongues                       []tongue
	Index                         bool // to be found by search engines
	Print                         template.CSS
	OpenGraph                     []property
	JSONLD                        template.JS
	Emblem                        *Emblem
	Foot                          foot
	Consent                       bool
	AtHome, AtPrivacy             bool
}

type alternate struct{ Tag, URL string }

type tongue struct {
	Tag, Dir, Name, Path string
	Current              bool
}

type property struct{ Name, Value string }

type foot struct{ Text, Tag string }

// Say is a sentence of the interface in the language of the page.
func (p page) Say(key string, pairs ...string) string { return p.say(key, pairs...) }

// DirOf is the direction of a language.
func (p page) DirOf(tag string) string { return direction(tag) }

// newPage begins a page. others are the languages in which there is the same page, with their addresses.
func (h *Handler) newPage(s shelf, lang, title string, others map[string]string) page {
	t := s.theme
	_, sheet := sheetOf(t)
	p := page{words: allWords()[lang], Lang: lang, Dir: direction(lang), Title: title, Sheet: route{place: sheetPlace, name: sheet}.path(), Consent: len(t.Purpose) > 0}
	p.Party, _ = pick(t.Name, lang)
	p.SiteTitle, _ = pick(t.Title, lang)
	if p.SiteTitle == "" {
		p.SiteTitle = p.Say("meetings")
	}
	if t.Emblem.Line != "" {
		p.Emblem = &t.Emblem
	}
	if text, tag := pick(t.Foot, lang); text != "" {
		p.Foot = foot{Text: text}
		if tag != lang {
			p.Foot.Tag = tag
		}
	}
	for _, l := range t.Languages {
		path, ok := others[l]
		if !ok {
			continue
		}
		p.Tongues = append(p.Tongues, tongue{l, direction(l), autonym(l), path, l == lang})
		p.Alternates = append(p.Alternates, alternate{l, h.base + path})
	}
	p.Canonical = h.base + others[lang]
	return p
}

// everywhere gives the address of a route in every language of the theme.
func everywhere(t Theme, r route) map[string]string {
	out := map[string]string{}
	for _, l := range t.Languages {
		r.lang = l
		out[l] = r.path()
	}
	return out
}

// render makes a page, whole or not at all.
func render(name string, v any) ([]byte, error) {
	var b bytes.Buffer
	if err := templates().ExecuteTemplate(&b, name, v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// cssString is s as a string of CSS within a style element: nothing in it can end the string, the rule or the element (CSS Syntax §4.3.5).
func cssString(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\' || r == '<' || r == '>' || r == '&' || r < ' ' || r == 0x7f:
			b.WriteString("\\" + strings.ToLower(hex.EncodeToString([]byte{byte(r)})) + " ")
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// printRule is the line at the foot of every printed page: what it is on the side where the script begins, its number on the other.
func printRule(w words, lang, what string) template.CSS {
	n, all := "\x00n\x00", "\x00a\x00" // places of the counters, cut out again below
	parts := strings.Split(w.say("page-of", "n", n, "all", all), "\x00")
	var counter []string
	for _, p := range parts {
		switch p {
		case "n":
			counter = append(counter, "counter(page)")
		case "a":
			counter = append(counter, "counter(pages)")
		case "":
		default:
			counter = append(counter, cssString(p))
		}
	}
	begin, end := "left", "right"
	if direction(lang) == "rtl" {
		begin, end = end, begin
	}
	font := `font:8.5pt "Noto Naskh Arabic",Georgia,"Noto Serif","Noto Serif CJK SC",serif`
	return template.CSS("@page{@bottom-" + begin + "{content:" + cssString(what) + ";" + font + "}@bottom-" + end + "{content:" + strings.Join(counter, " ") + ";" + font + "}}")
}

// policy is the Content-Security-Policy of a page: its sheet, by hash the inline style and script that it has, and nothing else.
func policy(inlineStyle, inlineScript string) string {
	style, script, connect := "'self'", "'none'", "'none'"
	if inlineStyle != "" {
		style += " " + hashOf(inlineStyle)
	}
	if inlineScript != "" {
		script, connect = hashOf(inlineScript), "'self'" // the check fetches the file
	}
	return "default-src 'none'; style-src " + style + "; script-src " + script + "; connect-src " + connect +
		"; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
}

func hashOf(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// clock is one side's own time.
type clock struct {
	City, Date, Time, Offset, DateTime string
	Path                               string // of the city in the signed text
}

// clocksOf gives a moment by the clocks of parties, own side first; the date with each where they differ or where all is set.
func clocksOf(lang string, at time.Time, parties []Place, own meeting.PartyID, all bool) []clock {
	var out []clock
	var times []time.Time
	for _, p := range ownFirst(parties, own) {
		zone, err := time.LoadLocation(p.Zone)
		if err != nil {
			continue // looked at when it was read
		}
		t := at.In(zone)
		city, _ := pick(p.City, lang)
		if city == "" {
			city, _ = pick(p.Name, lang)
		}
		out = append(out, clock{City: city, Date: Date(lang, t), Time: Clock(t), Offset: Offset(t), DateTime: t.Format(time.RFC3339)})
		times = append(times, t)
	}
	apart := false
	for _, t := range times {
		apart = apart || !sameDay(t, times[0])
	}
	if !apart && !all {
		for i := range out {
			out[i].Date = ""
		}
	}
	return out
}

func ownFirst(parties []Place, own meeting.PartyID) []Place {
	var out []Place
	for _, mine := range []bool{true, false} {
		for _, p := range parties {
			if (p.ID == own) == mine {
				out = append(out, p)
			}
		}
	}
	return out
}

package site

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"visavis/internal/meeting"
)

// Theme is what the operator may change: names, emblem, two colours in each light, headings, order of languages, texts of the foot and the purposes
// of the privacy form. Not sizes, not states and their words, not the place of notices. The file is theme.toml in the store.
type Theme struct {
	Party     meeting.PartyID    `toml:"party"`     // whose site it is: its side stands first
	Name      meeting.Text       `toml:"name"`      // of the party, in the masthead
	Title     meeting.Text       `toml:"title"`     // of the site
	Languages []string           `toml:"languages"` // order; a language that is missing is not offered
	Headings  string             `toml:"headings"`  // "serif" or "sans"
	Zone      string             `toml:"zone"`      // IANA name: the clock of "as of" and of notices
	City      meeting.Text       `toml:"city"`      // whose clock that is
	Foot      meeting.Text       `toml:"foot"`
	Light     Colours            `toml:"light"`
	Dark      Colours            `toml:"dark"`
	Emblem    Emblem             `toml:"emblem"`
	Purpose   map[string]Purpose `toml:"purpose"`

	zone *time.Location
}

// Colours of one light, each "#rrggbb"; "": ours.
type Colours struct {
	Accent   string `toml:"accent"`
	OnAccent string `toml:"on_accent"`
}

// Emblem is drawn from paths in a box of 64 by 64, in two colours; without paths the house mark stands in its place.
type Emblem struct {
	Ground string   `toml:"ground"` // colour of the disc; "": none
	Line   string   `toml:"line"`   // colour of what is on it
	Fill   []string `toml:"fill"`   // SVG path data
	Stroke []string `toml:"stroke"`
}

// Purpose is something optional that happens only with a reader's consent; its texts are the operator's.
type Purpose struct {
	What    meeting.Text `toml:"what"`
	Who     meeting.Text `toml:"who"`
	Stored  meeting.Text `toml:"stored"`
	Refused meeting.Text `toml:"refused"`
}

// purposes are those that the site knows. An embedded stream belongs to a page for watching, which there is none of yet.
func purposes() []string { return []string{"measure"} }

// grounds are the surfaces of style.css on which text stands. A test compares them with the sheet.
func grounds(dark bool) []string {
	if dark {
		return []string{"#12151a", "#1a1f26"}
	}
	return []string{"#fdfcf9", "#ffffff"}
}

// DefaultTheme is what an empty theme.toml says.
func DefaultTheme() Theme {
	return Theme{Languages: Languages(), Headings: "serif", zone: time.UTC,
		Light: Colours{"#66511a", "#ffffff"}, Dark: Colours{"#d9c08a", "#17130a"}}
}

// ParseTheme reads theme.toml, at most MaxTheme bytes. The error says which key is wrong and what may be there. It knows every key and no other.
func ParseTheme(b []byte) (Theme, error) {
	t := DefaultTheme()
	if len(b) > MaxTheme {
		return t, fmt.Errorf("theme: more than %d bytes", MaxTheme)
	}
	md, err := toml.Decode(string(b), &t)
	if err != nil {
		return DefaultTheme(), fmt.Errorf("theme: %w", err)
	}
	for _, k := range md.Keys() {
		if !themeKey.MatchString(strings.Join(k, ".")) { // the library alone would also take NAME for name
			return DefaultTheme(), fmt.Errorf("theme: %s is not a key of this file", k)
		}
	}
	if err := t.check(); err != nil {
		return DefaultTheme(), fmt.Errorf("theme: %w", err)
	}
	return t, nil
}

var themeKey = regexp.MustCompile(`^(party|languages|headings|zone|(name|title|city|foot)(\.[A-Za-z0-9-]+)?|(light|dark)(\.(accent|on_accent))?|emblem(\.(ground|line|fill|stroke))?|purpose(\.[a-z]+(\.(what|who|stored|refused)(\.[A-Za-z0-9-]+)?)?)?)$`)

func (t *Theme) check() error {
	if t.Party != "" && !partyID.MatchString(string(t.Party)) {
		return fmt.Errorf("party is %q", t.Party)
	}
	if len(t.Languages) == 0 || len(t.Languages) > len(Languages()) {
		return fmt.Errorf("languages has %d of at most %d", len(t.Languages), len(Languages()))
	}
	for i, l := range t.Languages {
		if !isLanguage(l) || slices.Contains(t.Languages[:i], l) {
			return fmt.Errorf("languages has %q; allowed: each of %s once", l, strings.Join(Languages(), ", "))
		}
	}
	if t.Headings != "serif" && t.Headings != "sans" {
		return fmt.Errorf(`headings is %q; allowed: "serif" or "sans"`, t.Headings)
	}
	if t.Zone != "" {
		z, err := time.LoadLocation(t.Zone)
		if err != nil || len(t.Zone) > meeting.MaxZone || t.Zone == "Local" {
			return fmt.Errorf("zone is %q; allowed: a name of the IANA database", t.Zone)
		}
		t.zone = z
	}
	if err := t.checkTexts(); err != nil {
		return err
	}
	if err := t.checkColours(); err != nil {
		return err
	}
	return t.Emblem.check()
}

var partyID = regexp.MustCompile(`^[a-z0-9-]{1,32}$`)

func (t *Theme) checkTexts() error {
	all := map[string]meeting.Text{"name": t.Name, "title": t.Title, "city": t.City}
	for key, text := range all {
		if err := clean(text, meeting.TitleText); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
	}
	if err := clean(t.Foot, meeting.NoteText); err != nil {
		return fmt.Errorf("foot: %w", err)
	}
	for id, p := range t.Purpose {
		if !slices.Contains(purposes(), id) {
			return fmt.Errorf("purpose.%s is not known; allowed: %s", id, strings.Join(purposes(), ", "))
		}
		for key, text := range map[string]meeting.Text{"what": p.What, "who": p.Who, "stored": p.Stored, "refused": p.Refused} {
			if err := clean(text, meeting.NoteText); err != nil {
				return fmt.Errorf("purpose.%s.%s: %w", id, key, err)
			}
			for _, l := range t.Languages { // consent to what one cannot read is none
				if text[l] == "" {
					return fmt.Errorf("purpose.%s.%s.%s is missing: every language that is offered needs it", id, key, l)
				}
			}
		}
	}
	return nil
}

// clean holds every text of t against the text gate and writes it back in its form.
func clean(t meeting.Text, k meeting.TextKind) error {
	if len(t) > meeting.MaxLanguages {
		return fmt.Errorf("more than %d languages", meeting.MaxLanguages)
	}
	for tag, s := range t {
		if !meeting.ValidLanguage(tag) {
			return fmt.Errorf("%q is no language tag", tag)
		}
		c, err := meeting.Clean(s, k)
		if err != nil {
			return fmt.Errorf("%s: %w", tag, err)
		}
		t[tag] = c
	}
	return nil
}

func (t *Theme) checkColours() error {
	for name, dark := range map[string]bool{"light": false, "dark": true} {
		c, ours := &t.Light, DefaultTheme().Light
		if dark {
			c, ours = &t.Dark, DefaultTheme().Dark
		}
		if c.Accent == "" {
			c.Accent = ours.Accent
		}
		if c.OnAccent == "" {
			c.OnAccent = ours.OnAccent
		}
		for key, s := range map[string]string{"accent": c.Accent, "on_accent": c.OnAccent} {
			if _, err := rgb(s); err != nil {
				return fmt.Errorf("%s.%s: %w", name, key, err)
			}
		}
		for _, ground := range grounds(dark) {
			if r := contrast(c.Accent, ground); r < leastContrast {
				return fmt.Errorf("%s.accent %s on %s has a contrast of %.2f, less than %.1f", name, c.Accent, ground, r, leastContrast)
			}
		}
		if r := contrast(c.OnAccent, c.Accent); r < leastContrast {
			return fmt.Errorf("%s.on_accent %s on %s has a contrast of %.2f, less than %.1f", name, c.OnAccent, c.Accent, r, leastContrast)
		}
	}
	return nil
}

// pathData is what an SVG path is made of (SVG 2 §9.3): it can draw and do nothing else.
var pathData = regexp.MustCompile(`^[MmZzLlHhVvCcSsQqTtAa0-9eE ,.+-]+$`)

func (e *Emblem) check() error {
	if len(e.Fill)+len(e.Stroke) > MaxEmblemPaths {
		return fmt.Errorf("emblem has more than %d paths", MaxEmblemPaths)
	}
	for _, p := range slices.Concat(e.Fill, e.Stroke) {
		if len(p) > MaxEmblemPath || !pathData.MatchString(p) {
			return fmt.Errorf("emblem: %.40q is no path of at most %d bytes", p, MaxEmblemPath)
		}
	}
	if len(e.Fill)+len(e.Stroke) == 0 {
		if e.Ground != "" || e.Line != "" {
			return fmt.Errorf("emblem has colours and no paths")
		}
		return nil
	}
	if e.Ground != "" {
		if _, err := rgb(e.Ground); err != nil {
			return fmt.Errorf("emblem.ground: %w", err)
		}
	}
	if _, err := rgb(e.Line); err != nil {
		return fmt.Errorf("emblem.line: %w", err)
	}
	return nil
}

// pick is a text in a language, else in English, else in the first there is by tag; tag says in which.
func pick(t meeting.Text, lang string) (text, tag string) {
	if s := t[lang]; s != "" {
		return s, lang
	}
	if s := t["en"]; s != "" {
		return s, "en"
	}
	tags := make([]string, 0, len(t))
	for k := range t {
		tags = append(tags, k)
	}
	slices.Sort(tags)
	for _, k := range tags {
		if t[k] != "" {
			return t[k], k
		}
	}
	return "", ""
}

// sheet is what the theme adds to the style sheet. Only values that went through check stand in it.
func (t Theme) sheet() string {
	var b strings.Builder
	fmt.Fprintf(&b, ".paper{--accent:%s;--on-accent:%s}", t.Light.Accent, t.Light.OnAccent)
	fmt.Fprintf(&b, "@media (prefers-color-scheme:dark){.paper{--accent:%s;--on-accent:%s}}", t.Dark.Accent, t.Dark.OnAccent)
	if t.Headings == "sans" {
		b.WriteString("h1,h2,h3{font-family:var(--font-ui)}")
	}
	if t.Emblem.Line != "" {
		fmt.Fprintf(&b, ".emblem .g{fill:%s}.emblem .f{fill:%s}.emblem .s{fill:none;stroke:%s;stroke-width:2}", or(t.Emblem.Ground, "none"), t.Emblem.Line, t.Emblem.Line)
	}
	return b.String()
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

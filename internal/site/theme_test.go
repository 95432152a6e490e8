package site

import (
	"encoding/json"
	"io"
	"log/slog"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestThemeMistakes(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"Name = { en = \"x\" }\n", "is not a key"},
		{"nmae = { en = \"x\" }\n", "is not a key"},
		{"[light]\naccent = \"#9a9a9a\"\n", "contrast of"},            // on white 2.8
		{"[dark]\naccent = \"#303030\"\n", "contrast of"},             // on the dark ground
		{"[light]\non_accent = \"#66511a\"\n", "contrast of 1.00"},    // on itself
		{"[light]\naccent = \"green\"\n", "no colour"},                // words are not counted
		{"[light]\naccent = \"#fff;}body{display:none\"\n", "no col"}, // nor rules
		{"languages = [\"en\", \"en\"]\n", "each of"},
		{"languages = [\"de\"]\n", "each of"},
		{"headings = \"comic\"\n", "serif"},
		{"zone = \"Mars/Olympus\"\n", "IANA"},
		{"zone = \"Local\"\n", "IANA"},
		{"name = { en = \"a\u202eb\" }\n", "text.invisible"},
		{"foot = { e = \"x\" }\n", "language tag"},
		{"[emblem]\nfill = [\"M0 0\"]\n", "no colour"},
		{"[emblem]\nline = \"#ffffff\"\nfill = [\"url(x)\"]\n", "is no path"},
		{"[purpose.spy]\nwhat = { en = \"x\" }\n", "not known"},
		{"[purpose.measure]\nwhat = { en = \"x\" }\n", "is missing"},
		{"party = \"AVELMAR\"\n", "party is"},
		{strings.Repeat("#", MaxTheme+1), "more than"},
	} {
		if _, err := ParseTheme([]byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.60q: %v, want %q", c.text, err, c.want)
		}
	}
	if th, err := ParseTheme([]byte(avelmarTheme + measurePurpose)); err != nil || th.Light.Accent != "#1f5b4a" || len(th.Purpose) != 1 { // the control
		t.Errorf("a good theme: %+v, %v", th, err)
	}
}

func TestContrast(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want float64
	}{{"#000000", "#ffffff", 21}, {"#777777", "#ffffff", 4.48}, {"#767676", "#ffffff", 4.54}, {"#x00000", "#ffffff", 0}} {
		if got := contrast(c.a, c.b); math.Abs(got-c.want) > 0.005 {
			t.Errorf("contrast(%s, %s) = %.3f, want %.2f", c.a, c.b, got, c.want)
		}
	}
}

// TestSheet: the grounds that contrast is reckoned on are those of the sheet; every colour of text has 4.5:1 on both, running text 7:1; only logical
// properties, so that one sheet serves both directions.
func TestSheet(t *testing.T) {
	block := func(after string) map[string]string {
		_, rest, _ := strings.Cut(styleFile, after)
		_, body, _ := strings.Cut(rest, ".paper {")
		body, _, _ = strings.Cut(body, "}")
		out := map[string]string{}
		for _, m := range regexp.MustCompile(`--([a-z]+): (#[0-9a-f]{6})`).FindAllStringSubmatch(body, -1) {
			out[m[1]] = m[2]
		}
		return out
	}
	for dark, at := range map[bool]string{false: "", true: "prefers-color-scheme: dark"} {
		c := block(at)
		if got := []string{c["bg"], c["raised"]}; !slices.Equal(got, grounds(dark)) {
			t.Errorf("grounds of the sheet, dark %v: %v, reckoned on %v", dark, got, grounds(dark))
		}
		for _, g := range grounds(dark) {
			if r := contrast(c["ink"], g); r < 7 {
				t.Errorf("ink on %s: %.2f", g, r)
			}
			for _, text := range []string{"quiet", "live", "warn", "alarm"} {
				if r := contrast(c[text], g); r < leastContrast {
					t.Errorf("%s %s on %s: %.2f", text, c[text], g, r)
				}
			}
			for _, edge := range []string{"control", "focus"} {
				if r := contrast(c[edge], g); r < 3 {
					t.Errorf("%s on %s: %.2f", edge, g, r)
				}
			}
		}
	}
	if m := regexp.MustCompile(`(?m)(margin|padding|border)-(left|right)|(^|[ ;{])(left|right|width|height|top|bottom):|text-align: (left|right)`).FindAllString(styleFile, -1); len(m) > 0 {
		t.Errorf("not logical: %q", m)
	}
}

// TestWords: every table has every key and the same places to fill, and every key that a template or the code names is there.
func TestWords(t *testing.T) {
	hole := regexp.MustCompile(`\{[a-z]+\}`)
	en := allWords()["en"]
	for _, l := range Languages() {
		w := allWords()[l]
		if len(w) != len(en) {
			t.Errorf("%s: %d words, en %d", l, len(w), len(en))
		}
		for k, s := range en {
			a, b := hole.FindAllString(s, -1), hole.FindAllString(w[k], -1)
			slices.Sort(a)
			slices.Sort(b)
			if w[k] == "" || !slices.Equal(a, b) {
				t.Errorf("%s %s: %q, en %q", l, k, w[k], s)
			}
			if l == "fr" && regexp.MustCompile(` [:;?!»]`).MatchString(w[k]) {
				t.Errorf("fr %s: a space that may break before a mark: %q", k, w[k])
			}
		}
	}
	names, err := templateFiles.ReadDir("templates")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, d := range names {
		b, err := templateFiles.ReadFile("templates/" + d.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`Say "([a-z-]+)"`).FindAllStringSubmatch(string(b), -1) {
			if n++; en[m[1]] == "" {
				t.Errorf("%s: no word %s", d.Name(), m[1])
			}
		}
	}
	if n < 50 {
		t.Errorf("only %d words in templates: the search is broken", n)
	}
}

func TestConfigMistakes(t *testing.T) {
	dir, _ := stocked(t)
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	for _, c := range []Config{
		{Dir: dir, Base: "meetings.example"}, {Dir: dir, Base: "https://a.example/"}, {Dir: dir, Base: "https://a@b.example"}, {Dir: dir, Base: "ftp://a.example"}, {Dir: dir + "/never", Base: base},
	} {
		c.Clock, c.Log = time.Now, log
		if h, err := New(c); err == nil {
			h.Close()
			t.Errorf("%+v was taken", c)
		}
	}
	put(t, dir, "theme.toml", avelmarTheme+measurePurpose)
	if h, err := New(Config{Dir: dir, Base: base, Clock: time.Now, Log: log}); err == nil || !strings.Contains(err.Error(), "record of consent") {
		t.Errorf("a purpose without a place for its record: %v, %v", h, err)
	}
	put(t, dir, "theme.toml", "[light]\naccent = \"#eeeeee\"\n")
	if _, err := New(Config{Dir: dir, Base: base, Clock: time.Now, Log: log}); err == nil || !strings.Contains(err.Error(), "contrast") {
		t.Errorf("a theme that cannot be read: %v", err)
	}
}

// TestJSONLD: what machines read is JSON, and says what the page says.
func TestJSONLD(t *testing.T) {
	dir, _ := stocked(t)
	h, _ := newHandler(t, dir, release)
	_, rest, _ := strings.Cut(get(h, "/zh/readout/avelmar-tolmeria-2025").Body.String(), `<script type="application/ld+json">`)
	body, _, _ := strings.Cut(rest, "</script>")
	var v struct {
		Type     string `json:"@type"`
		Headline string
		About    struct {
			Type     string `json:"@type"`
			Location struct {
				Type string `json:"@type"`
			}
		}
	}
	if err := json.Unmarshal([]byte(body), &v); err != nil || v.Type != "NewsArticle" || v.Headline != "阿韦尔马与托尔梅里亚政府首脑举行第八次年度会晤" || v.About.Type != "Event" || v.About.Location.Type != "VirtualLocation" {
		t.Errorf("%v: %+v", err, v)
	}
}

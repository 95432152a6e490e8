package site

import (
	"encoding/xml"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/readout/readouttest"
)

// TestHostileNames: abuse case 22. What the gate refuses does not come in; what passes it is text everywhere: page, print rule, feed, calendar, JSON-LD.
func TestHostileNames(t *testing.T) {
	for _, bad := range []string{"a\u202eb", "a\r\nb", "a\U000e0041b", "a\x00b", "a\ufeffb"} {
		a := announcement(release)
		a.Title = meeting.Text{"en": bad}
		s := openStore(t, filepath.Join(t.TempDir(), "public"))
		if err := s.Announce(a); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
	const evil = `=cmd|'x'!A0 </script><img src=x onerror=alert(1)> "; } \ & ]]> BEGIN:VEVENT`
	dir := filepath.Join(t.TempDir(), "public")
	s := openStore(t, dir)
	doc := readouttest.Document()
	doc.Number = `9"}<b>`
	for _, l := range readouttest.Tags() {
		doc.Title[l] = evil
		c := doc.Blocks[0].Texts[l]
		c.Text = evil
		doc.Blocks[0].Texts[l] = c
		doc.Parties[0].Name[l], doc.Parties[0].LongName[l], doc.Parties[0].City[l] = evil, evil, evil
		doc.Blocks[2].Speakers[0].Name[l] = evil
	}
	readouttest.Settle(doc, &doc.Blocks[0])
	if err := s.Publish(encode(t, readouttest.File(doc)), nil, release); err != nil {
		t.Fatal(err)
	}
	a := announcement(release)
	a.Title, a.Parties[0].City = meeting.Text{"en": evil}, meeting.Text{"en": evil}
	if err := s.Announce(a); err != nil {
		t.Fatal(err)
	}
	h, _ := newHandler(t, dir, release)
	for _, p := range []string{"/en/", "/en/readout/avelmar-tolmeria-2025", "/ar/readout/avelmar-tolmeria-2025/1", "/en/year/2025"} {
		b := get(h, p).Body.String()
		if strings.Contains(b, "<img src=x") || strings.Contains(b, "<b>}") || strings.Contains(b, `9"}`) || !strings.Contains(b, "&lt;img src=x") {
			t.Errorf("%s: not inert", p)
		}
		if _, rule, ok := strings.Cut(b, "<style>"); ok {
			if rule, _, _ = strings.Cut(rule, "</style>"); strings.Contains(rule, `9"`) || strings.Count(rule, "{") != strings.Count(rule, "}")-strings.Count(rule, `9\22 }`) {
				t.Errorf("%s: print rule %s", p, rule)
			}
		}
	}
	ics := get(h, "/en/meeting/avelmar-tolmeria-2026.ics").Body.String()
	if strings.Count(strings.ReplaceAll(ics, "\r\n ", ""), "\r\nBEGIN:VEVENT") != 1 {
		t.Errorf("calendar:\n%s", ics)
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(ics, "\r\n"), "\r\n") {
		if len(line) > 75 || strings.ContainsAny(line, "\r\n") {
			t.Errorf("calendar line of %d bytes: %q", len(line), line)
		}
	}
	d := xml.NewDecoder(get(h, "/feed.atom").Body)
	n := 0
	for {
		tok, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("feed: %v", err)
		}
		if e, ok := tok.(xml.StartElement); ok && e.Name.Local == "entry" {
			n++
		} else if ok && (e.Name.Local == "img" || e.Name.Local == "b") {
			t.Error("the feed has an element from a name")
		}
	}
	if n != 6 {
		t.Errorf("%d entries, want one for each language", n)
	}
}

// TestHostileRequests: what a stranger sends leads to the page of nothing, and what a page says of itself never comes from a request.
func TestHostileRequests(t *testing.T) {
	dir, _ := stocked(t)
	h, _ := newHandler(t, dir, release)
	for _, p := range []string{"/../theme.toml", "/en/readout/..%2f..%2ftheme", "/en/readout/avelmar-tolmeria-2025/", "/en/readout/avelmar-tolmeria-2025/01", "/en/readout/avelmar-tolmeria-2025/1.json/x",
		"/EN/", "/en", "/en//", "/de/", "/en/readout/AVELMAR-tolmeria-2025", "/en/readout/avelmar-tolmeria-2025/2", "/file/avelmar-tolmeria-2025/1", "/picture/" + strings.Repeat("0", 64), "/theme.toml", "/readouts/avelmar-tolmeria-2025/1.json", "/en/year/2024", "/%65n/"} {
		r, err := http.NewRequest("GET", base+p, nil)
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != 404 {
			t.Errorf("%s = %d", p, w.Code)
		}
	}
	want := get(h, "/en/readout/avelmar-tolmeria-2025").Body.String()
	for _, head := range []string{"Host: evil.example", "X-Forwarded-Host: evil.example", "Accept-Language: xx", "Cookie: visavis-choice=<script>", "X-Original-URL: /ar/"} {
		if got := get(h, "/en/readout/avelmar-tolmeria-2025?lang=ar&next=//evil.example", head).Body.String(); got != want {
			t.Errorf("%s changes the page", head)
		}
	}
	for header, want := range map[string]string{"": "en", "ar": "ar", "fr-CH, fr;q=0.9, en;q=0.8": "fr", "de, ru;q=0.7": "ru", "en;q=0, zh;q=0.1": "zh", "//evil": "en", strings.Repeat("ar,", 1000): "ar"} {
		if got := get(h, "/", "Accept-Language: "+header).Header().Get("Location"); got != "/"+want+"/" {
			t.Errorf("Accept-Language %.40q leads to %s, want %s", header, got, want)
		}
	}
	tag := get(h, "/en/").Header().Get("ETag")
	if w := get(h, "/en/", "If-None-Match: "+tag); w.Code != 304 || w.Body.Len() != 0 {
		t.Errorf("the same again: %d, %d bytes", w.Code, w.Body.Len())
	}
	for i := 0; i < MaxRendering; i++ { // as many as may be in the making
		h.making <- struct{}{}
	}
	if w := get(h, "/en/"); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("one too many: %d", w.Code)
	}
	for i := 0; i < MaxRendering; i++ {
		<-h.making
	}
	if w := get(h, "/en/"); w.Code != 200 {
		t.Errorf("afterwards: %d", w.Code)
	}
}

const form = "Content-Type: application/x-www-form-urlencoded"

// TestChoices: no cookie but by the form; refusal needs no record; what cannot be recorded is not accepted; strangers cannot send it.
func TestChoices(t *testing.T) {
	dir, _ := stocked(t)
	put(t, dir, "theme.toml", avelmarTheme+measurePurpose)
	h, clock := newHandler(t, dir, release)
	const path = "/en/privacy"
	for name, c := range map[string]struct {
		body   string
		head   []string
		status int
		cookie string
	}{
		"refuse":            {"choice=refuse", []string{form}, 303, `^visavis-choice=1\.\.[0-9a-f]{32}\.2025-12-11\.[0-9a-f]{32}; Path=/; Max-Age=15724800; HttpOnly; Secure; SameSite=Lax$`},
		"accept":            {"choice=accept", []string{form}, 303, `^visavis-choice=1\.measure\.`},
		"ticked nothing":    {"choice=ticked", []string{form}, 303, `^visavis-choice=1\.\.`},
		"ticked one":        {"choice=ticked&purpose=measure", []string{form}, 303, `^visavis-choice=1\.measure\.`},
		"ticked another":    {"choice=ticked&purpose=stream", []string{form}, 303, `^visavis-choice=1\.\.`},
		"withdrawn":         {"choice=withdraw", []string{form}, 303, `^visavis-choice=; Path=/; Max-Age=0`},
		"nothing chosen":    {"", []string{form}, 400, `^$`},
		"another type":      {"choice=accept", []string{"Content-Type: text/plain"}, 400, `^$`},
		"from another site": {"choice=accept", []string{form, "Sec-Fetch-Site: cross-site"}, 403, `^$`},
		"by another origin": {"choice=accept", []string{form, "Origin: https://evil.example"}, 403, `^$`},
		"too long":          {"choice=accept&x=" + strings.Repeat("x", MaxForm), []string{form}, 400, `^$`},
	} {
		w := ask(h, "POST", path, c.body, c.head...)
		if got := w.Header().Get("Set-Cookie"); w.Code != c.status || !regexp.MustCompile(c.cookie).MatchString(got) {
			t.Errorf("%s: %d, cookie %q", name, w.Code, got)
		}
	}
	k := ask(h, "POST", path, "choice=accept", form).Header().Get("Set-Cookie")
	k, _, _ = strings.Cut(k, ";")
	says := func(name, want string, head ...string) {
		t.Helper()
		if b := get(h, path, head...).Body.String(); !strings.Contains(b, want) {
			t.Errorf("%s: the page does not say %q", name, want)
		}
	}
	says("no choice", "None made.")
	says("accepted", "Accepted: Audience measurement", "Cookie: "+k)
	says("GPC", "Global Privacy Control", "Sec-GPC: 1")
	for days, want := range map[int]string{choiceDays - 1: "Accepted: Audience measurement", choiceDays + 2: "The text has changed"} {
		later, _ := newHandler(t, dir, release.AddDate(0, 0, days))
		if b := get(later, path, "Cookie: "+k).Body.String(); !strings.Contains(b, want) {
			t.Errorf("after %d days: the page does not say %q", days, want)
		}
	}
	put(t, dir, "privacy/en.md", "Another text.\n")
	clock.t = release.Add(time.Minute)
	says("another text", "The text has changed", "Cookie: "+k)
	if w := ask(h, "POST", "/en/readout/avelmar-tolmeria-2025", "choice=accept", form); w.Code != 405 || w.Header().Get("Set-Cookie") != "" {
		t.Errorf("elsewhere: %d", w.Code)
	}
	if err := h.record.root.Remove("choices.jsonl"); err != nil {
		t.Fatal(err)
	}
	if err := h.record.root.Mkdir("choices.jsonl", 0o700); err != nil { // nothing can be written there
		t.Fatal(err)
	}
	if w := ask(h, "POST", path, "choice=accept", form); w.Code != 503 || w.Header().Get("Set-Cookie") != "" {
		t.Errorf("consent that cannot be recorded: %d, %q", w.Code, w.Header().Get("Set-Cookie"))
	}
	if w := ask(h, "POST", path, "choice=refuse", form); w.Code != 303 {
		t.Errorf("refusal needs no record: %d", w.Code)
	}
	plain, _ := stocked(t)
	without, _ := newHandler(t, plain, release)
	if w := ask(without, "POST", path, "choice=accept", form); w.Code != 405 { // the control: without a purpose there is no form
		t.Errorf("without a purpose: %d", w.Code)
	}
}

// TestCounting: who has agreed is counted, by page and day; who has not is not.
func TestCounting(t *testing.T) {
	dir, _ := stocked(t)
	put(t, dir, "theme.toml", avelmarTheme+measurePurpose)
	h, clock := newHandler(t, dir, release)
	k, _, _ := strings.Cut(ask(h, "POST", "/en/privacy", "choice=accept", form).Header().Get("Set-Cookie"), ";")
	no, _, _ := strings.Cut(ask(h, "POST", "/en/privacy", "choice=refuse", form).Header().Get("Set-Cookie"), ";")
	for _, head := range []string{"Cookie: " + k, "Cookie: " + k, "Cookie: " + no, "X: y"} {
		get(h, "/ar/", head)
		get(h, "/en/readout/never-was", head)
	}
	clock.t = release.AddDate(0, 0, 1)
	get(h, "/en/", "Cookie: "+k)
	b, err := h.record.root.ReadFile("audience.jsonl")
	if err != nil || string(b) != `{"day":"2025-12-11","page":"/ar/","count":2}`+"\n" {
		t.Errorf("counted %q, %v", b, err)
	}
}

// TestPicture: only what is what its name says, and only with a text that shows it.
func TestPicture(t *testing.T) {
	dir, picture := sealed(t)
	s := openStore(t, dir)
	alone, err := s.Picture([]byte("\x89PNG\r\n\x1a\n of nobody"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Picture([]byte("<svg onload=alert(1)>")); code(err) != "site.picture" {
		t.Errorf("SVG: %v", err)
	}
	h, _ := newHandler(t, dir, release)
	if w := get(h, "/picture/"+picture); w.Code != 200 || w.Header().Get("Content-Type") != "image/png" {
		t.Errorf("%d %s", w.Code, w.Header().Get("Content-Type"))
	}
	if w := get(h, "/picture/"+alone); w.Code != 404 {
		t.Errorf("a picture that no text shows: %d", w.Code)
	}
	if err := os.WriteFile(filepath.Join(dir, "pictures", picture), []byte("\x89PNG\r\n\x1a\n and less"), 0o644); err != nil {
		t.Fatal(err)
	}
	if w := get(h, "/picture/"+picture); w.Code != 503 {
		t.Errorf("a picture that was changed: %d", w.Code)
	}
}

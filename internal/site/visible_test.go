package site

import (
	"bytes"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/readout"
	"visavis/internal/readout/readouttest"
)

// picturedID is a readout under embargo that shows a picture, so that the walk has every kind of address.
const picturedID = "avelmar-tolmeria-2025"

// sealed is a store that already holds everything, as if a node had written it too early: the site alone keeps the embargo.
func sealed(t *testing.T) (dir, picture string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "public")
	s := openStore(t, dir)
	put(t, dir, "theme.toml", avelmarTheme)
	picture, err := s.Picture([]byte("\x89PNG\r\n\x1a\n and more"))
	if err != nil {
		t.Fatal(err)
	}
	doc := readouttest.Document()
	block := readout.Block{ID: "b13", Kind: readout.Media, Picture: &readout.Picture{SHA256: picture, Alt: doc.Title}, Texts: doc.Blocks[1].Texts}
	readouttest.Settle(doc, &block)
	doc.Blocks = append(doc.Blocks, block)
	if err := s.Publish(encode(t, readouttest.File(doc)), nil, release); err != nil {
		t.Fatal(err)
	}
	if err := s.Publish(encode(t, readouttest.File(readouttest.Corrected(doc, readouttest.File(doc)))), nil, release); err != nil {
		t.Fatal(err)
	}
	if err := s.Announce(announcement(release)); err != nil {
		t.Fatal(err)
	}
	if err := s.Live(Live{ID: "avelmar-calwen-2025", Title: doc.Title, Parties: twoPlaces(), Since: release, At: release, Open: true}); err != nil {
		t.Fatal(err)
	}
	return dir, picture
}

// addresses are all routes of the site, in all languages, with ids of what is there, or of what never was.
func addresses(picture, id string, meeting meeting.ID) map[string]place {
	out := map[string]place{}
	add := func(r route) { out[r.path()] = r.place }
	for _, l := range append(Languages(), "") {
		if l != "" {
			add(route{place: homePlace, lang: l})
			add(route{place: yearPlace, lang: l, year: 2025})
			add(route{place: privacyPage, lang: l})
			add(route{place: calendarFile, lang: l, meeting: meeting})
			add(route{place: readoutPage, lang: l, id: readout.ID(id)})
			for n := 1; n <= 2; n++ {
				for _, p := range []place{readoutPage, plainText, contentFile} {
					add(route{place: p, lang: l, id: readout.ID(id), revision: n})
				}
			}
		}
		add(route{place: feedPlace, lang: l})
	}
	for n := 1; n <= 2; n++ {
		add(route{place: wholeFile, id: readout.ID(id), revision: n})
		add(route{place: noteFile, id: readout.ID(id), revision: n})
	}
	add(route{place: picturePlace, name: picture})
	add(route{place: sitemapPlace})
	add(route{place: robotsPlace})
	add(route{place: rootPlace})
	return out
}

var methods = []string{"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"}

// secrets are what nobody may read before the embargo ends: ids, titles, texts, hashes.
func secrets(picture string) []string {
	out := []string{picturedID, "avelmar-tolmeria-2026", "avelmar-calwen-2025", picture, "2025/8"}
	for _, b := range readouttest.Document().Blocks {
		for _, c := range b.Texts {
			out = append(out, c.Text)
		}
	}
	return append(out, slices.Collect(maps.Values(announcement(release).Title))...)
}

// leaks asks every address with every method and gives the places that tell something: a secret in the answer, or an answer that differs from the one
// about something that never was.
func leaks(t *testing.T, h *Handler, picture string) map[place][]string {
	t.Helper()
	out := map[place][]string{}
	asked, told := 0, 0
	never := strings.Repeat("0", 64)
	hide := secrets(picture)
	for path, p := range addresses(picture, picturedID, "avelmar-tolmeria-2026") {
		twin := strings.NewReplacer(picture, never, picturedID, "never-was", "avelmar-tolmeria-2026", "never-was-2026").Replace(path)
		for _, m := range methods {
			got, want := ask(h, m, path, ""), ask(h, m, twin, "")
			before := len(out[p])
			if got.Code != want.Code || !bytes.Equal(got.Body.Bytes(), want.Body.Bytes()) || !sameHead(got.Header(), want.Header()) {
				out[p] = append(out[p], m+" "+path+" differs from "+twin)
			}
			for _, s := range hide {
				if bytes.Contains(got.Body.Bytes(), []byte(s)) {
					out[p] = append(out[p], m+" "+path+" tells "+s)
				}
			}
			if asked++; len(out[p]) > before {
				told++
			}
		}
	}
	t.Logf("walked %d of which %d told", asked, told)
	return out
}

func sameHead(a, b http.Header) bool {
	return maps.EqualFunc(a, b, func(x, y []string) bool { return slices.Equal(x, y) })
}

// TestEmbargo walks every route in every language with every method before, at and after the embargo; without the guard the same walk must find what it
// looks for at every place that has something to tell.
func TestEmbargo(t *testing.T) {
	dir, picture := sealed(t)
	h, clock := newHandler(t, dir, release.Add(-time.Nanosecond))
	if found := leaks(t, h, picture); len(found) > 0 {
		t.Errorf("before the embargo: %v", found)
	}
	h.guard = func(moment, time.Time) bool { return true } // the control
	found := leaks(t, h, picture)
	for _, p := range []place{homePlace, yearPlace, readoutPage, plainText, contentFile, wholeFile, noteFile, feedPlace, calendarFile, picturePlace, sitemapPlace} {
		if len(found[p]) == 0 {
			t.Errorf("without the guard nothing is found at place %d: the walk sees nothing there", p)
		}
	}
	h.guard = visible
	for _, now := range []time.Time{release, release.AddDate(0, 0, 1)} {
		clock.t = now
		for path, p := range addresses(picture, picturedID, "avelmar-tolmeria-2026") {
			want := http.StatusOK
			if p == rootPlace {
				want = http.StatusFound
			}
			if w := get(h, path); w.Code != want {
				t.Errorf("%s at %s = %d, want %d", path, now, w.Code, want)
			}
			if w := ask(h, "DELETE", path, ""); w.Code != http.StatusMethodNotAllowed {
				t.Errorf("DELETE %s = %d", path, w.Code)
			}
		}
	}
}

// TestLaterRevisionsWait: a correction and a withdrawal are not told before their time either.
func TestLaterRevisionsWait(t *testing.T) {
	dir, s := stocked(t)
	correct(t, s)
	withdraw(t, s)
	h, clock := newHandler(t, dir, release.AddDate(0, 0, 1).Add(-time.Second))
	const path, second = "/en/readout/avelmar-tolmeria-2025", "/en/readout/avelmar-tolmeria-2025/2"
	sees := func(status int, text string, want bool) {
		t.Helper()
		if got := get(h, second).Code; got != status {
			t.Errorf("%s at %s = %d, want %d", second, clock.t, got, status)
		}
		if got := strings.Contains(get(h, path).Body.String(), text); got != want {
			t.Errorf("%q shown at %s: %v, want %v", text, clock.t, got, want)
		}
	}
	sees(404, "Corrected on", false)
	clock.t = release.AddDate(0, 0, 1)
	sees(200, "Corrected on", true)
	sees(200, "withdrawn", false)
	clock.t = release.AddDate(0, 0, 2)
	sees(200, "This text was withdrawn on 13 December 2025.", true)
}

// TestClockSetForward: abuse case 24. The clock is set a day on before the embargo ends; nothing becomes public until the time has truly passed.
func TestClockSetForward(t *testing.T) {
	dir, picture := sealed(t)
	start := release.Add(-time.Hour)
	var set, passed time.Duration
	var log bytes.Buffer
	h, err := New(Config{Dir: dir, Base: base, Clock: func() time.Time { return start.Add(passed + set) }, Passed: func() time.Duration { return passed },
		Log: slog.New(slog.NewTextHandler(io.MultiWriter(&log), nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	set = 24 * time.Hour
	if found := leaks(t, h, picture); len(found) > 0 {
		t.Errorf("after the clock was set: %v", found)
	}
	if !strings.Contains(log.String(), "the clock was set forward") {
		t.Errorf("nobody is told: %s", &log)
	}
	passed = time.Hour
	if w := get(h, "/en/readout/"+picturedID); w.Code != 200 {
		t.Errorf("when the hour has passed: %d", w.Code)
	}
	set, passed = 0, time.Hour-time.Second // the control: a clock that is right but for the jump that is allowed
	h.time.passed = func() time.Duration { return passed - jump }
	if w := get(h, "/en/readout/"+picturedID); w.Code != 404 {
		t.Errorf("a second before: %d", w.Code)
	}
}

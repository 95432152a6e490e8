package site

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/readout"
	"visavis/internal/readout/readouttest"
)

// code is the code of the *meeting.Error in an error; "" if there is none.
func code(err error) string {
	var e *meeting.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

func TestPublishRefuses(t *testing.T) {
	doc := readouttest.Document()
	first := readouttest.File(doc)
	second := readouttest.Corrected(doc, first)
	third := readouttest.Corrected(second, readouttest.File(second))
	other := doc.Clone()
	other.Number = "2025/80"
	foreign := readout.Keys{"avelmar": {{Public: first.Keys[0].Public}}, "tolmeria": {{Public: first.Keys[0].Public}}}
	s := openStore(t, filepath.Join(t.TempDir(), "public"))
	for _, c := range []struct {
		name string
		f    readout.File
		keys readout.Keys
		now  time.Time
		want string
	}{
		{"a joint text with one signature", readouttest.File(doc, "tolmeria"), nil, release, "site.unfit"},
		{"no signature", readouttest.File(doc, "avelmar", "tolmeria"), nil, release, "site.unfit"},
		{"a key that is not the party's", first, foreign, release, "site.unfit"},
		{"a second before the embargo ends", first, nil, release.Add(-time.Second), "site.early"},
		{"a second revision without a first", readouttest.File(second), nil, release, "site.order"},
		{"in time", first, nil, release, ""},
		{"again", first, nil, release.Add(time.Hour), ""},
		{"another text in its place", readouttest.File(other), nil, release, "site.other"},
		{"the third before the second", readouttest.File(third), nil, release, "site.order"},
		{"a second of another first", readouttest.File(readouttest.Corrected(doc, readouttest.File(other))), nil, release, "site.order"},
		{"the second", readouttest.File(second), nil, release, ""},
		{"the third", readouttest.File(third), nil, release, ""},
	} {
		if err := s.Publish(encode(t, c.f), c.keys, c.now); code(err) != c.want || (err == nil) != (c.want == "") {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	if err := s.Publish([]byte("{}"), nil, release); err == nil {
		t.Error("what is no file was published")
	}
	if err := s.Withdraw("never-was", Withdrawal{release, []meeting.PartyID{"avelmar"}}); code(err) != "site.unknown" {
		t.Errorf("withdrawal of nothing: %v", err)
	}
	one := Withdrawal{release.AddDate(0, 0, 2), []meeting.PartyID{"avelmar"}}
	for _, c := range []struct {
		w    Withdrawal
		want string
	}{
		{one, "avelmar"},
		{Withdrawal{release.AddDate(0, 0, 3), one.By}, "avelmar"}, // again
		{Withdrawal{release.AddDate(0, 0, 4), []meeting.PartyID{"tolmeria", "avelmar"}}, "avelmar tolmeria"},
	} {
		if err := s.Withdraw("avelmar-tolmeria-2025", c.w); err != nil {
			t.Fatal(err)
		}
		var got Withdrawal
		b, err := s.root.ReadFile("readouts/avelmar-tolmeria-2025/withdrawn.json")
		if err == nil {
			err = json.Unmarshal(b, &got)
		}
		names := make([]string, 0, len(got.By))
		for _, p := range got.By {
			names = append(names, string(p))
		}
		if strings.Join(names, " ") != c.want || !got.At.Equal(one.At) || err != nil {
			t.Errorf("withdrawn by %v at %s, %v; want %s at %s", got.By, got.At, err, c.want, one.At)
		}
	}
	withdraw(t, s)
	if err := s.Publish(encode(t, readouttest.File(readouttest.Corrected(third, readouttest.File(third)))), nil, release); code(err) != "site.withdrawn" {
		t.Errorf("a correction of what was withdrawn: %v", err)
	}
}

// TestNothingHalfPublished stops a publication before each of its steps, as kill -9 would, and lets each fail, as a full disk would: either nothing is
// public or all of it; what was public stays; and a second try succeeds.
func TestNothingHalfPublished(t *testing.T) {
	doc := readouttest.Document()
	first, second := encode(t, readouttest.File(doc)), encode(t, readouttest.File(readouttest.Corrected(doc, readouttest.File(doc))))
	for _, stop := range []error{errKilled, syscall.ENOSPC} {
		steps := 0
		for n := 1; ; n++ {
			dir := filepath.Join(t.TempDir(), "public")
			s := openStore(t, dir)
			if err := s.Publish(first, nil, release); err != nil {
				t.Fatal(err)
			}
			at := 0
			s.step = func(string) error {
				if at++; at == n {
					return stop
				}
				return nil
			}
			err := s.Publish(second, nil, release)
			if err == nil {
				steps = n - 1
				break
			}
			if !errors.Is(err, stop) {
				t.Fatalf("step %d: %v", n, err)
			}
			s.Close()
			h, _ := newHandler(t, dir, release)
			w := get(h, "/en/readout/avelmar-tolmeria-2025")
			one, two := strings.Contains(w.Body.String(), "Revision 1"), strings.Contains(w.Body.String(), "Corrected on")
			if w.Code != 200 || !one || two != (get(h, "/file/avelmar-tolmeria-2025/2.json").Code == 200) {
				t.Errorf("%v at step %d: %d, revision 1 %v, 2 %v", stop, n, w.Code, one, two)
			}
			again := openStore(t, dir)
			if left := leftovers(t, dir); len(left) > 0 {
				t.Errorf("%v at step %d: left behind after the next start: %v", stop, n, left)
			}
			if err := again.Publish(second, nil, release); err != nil {
				t.Errorf("%v at step %d: again: %v", stop, n, err)
			}
			h, _ = newHandler(t, dir, release)
			if got := get(h, "/file/avelmar-tolmeria-2025/2.json"); !bytes.Equal(got.Body.Bytes(), second) {
				t.Errorf("%v at step %d: published again: %d", stop, n, got.Code)
			}
		}
		if steps < 8 {
			t.Errorf("%v: only %d steps were stopped", stop, steps)
		}
	}
}

func leftovers(t *testing.T, dir string) (out []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasPrefix(d.Name(), leftover) {
			out = append(out, p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestFullDiskLeavesWhatWas: an announcement that cannot be written leaves the one before.
func TestFullDiskLeavesWhatWas(t *testing.T) {
	dir, s := stocked(t)
	s.step = func(step string) error {
		if step == "sync" {
			return syscall.ENOSPC
		}
		return nil
	}
	a := announcement(release)
	a.Title = meeting.Text{"en": "Another title"}
	if err := s.Announce(a); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("Announce = %v", err)
	}
	if left := leftovers(t, dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	h, _ := newHandler(t, dir, release)
	if b := get(h, "/en/").Body.String(); !strings.Contains(b, "Ninth Annual Meeting") || strings.Contains(b, "Another title") {
		t.Error("the announcement that was there is not shown")
	}
}

// TestStoreOfAStranger: whatever lies in the store, the site serves what is good and leaves out the rest.
func TestStoreOfAStranger(t *testing.T) {
	dir, _ := stocked(t)
	good := encode(t, readouttest.File(readouttest.Document()))
	outside := filepath.Join(t.TempDir(), "outside.json")
	if err := os.WriteFile(outside, good, 0o600); err != nil {
		t.Fatal(err)
	}
	for id, files := range map[string]map[string]string{
		"stolen":   {"1.json": string(good), "1.published.json": `{"at":"2025-12-01T00:00:00Z","release":"0001-01-01T00:00:00Z"}`}, // a text in the place of another
		"cut":      {"1.json": string(good[:1000]), "1.published.json": `{"at":"2025-12-01T00:00:00Z","release":"0001-01-01T00:00:00Z"}`},
		"no-time":  {"1.json": string(good), "1.published.json": `{}`},
		"far-time": {"1.json": string(good), "1.published.json": `{"at":"9999-12-01T00:00:00Z","release":"0001-01-01T00:00:00Z"}`},
		"large":    {"1.json": strings.Repeat("x", readout.MaxFile+1), "1.published.json": `{"at":"2025-12-01T00:00:00Z","release":"0001-01-01T00:00:00Z"}`},
		"empty":    {},
	} {
		if err := os.Mkdir(filepath.Join(dir, "readouts", id), 0o755); err != nil {
			t.Fatal(err)
		}
		for name, text := range files {
			put(t, dir, "readouts/"+id+"/"+name, text)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "readouts", "linked"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "readouts", "linked", "1.json")); err != nil {
		t.Fatal(err)
	}
	put(t, dir, "readouts/linked/1.published.json", `{"at":"2025-12-01T00:00:00Z","release":"0001-01-01T00:00:00Z"}`)
	put(t, dir, "announced/bad.json", `{"id":"bad","title":{"en":"a\u202eb"},"parties":[],"start":"2026-12-09T23:30:00Z","minutes":0,"open":true,"at":"2025-12-01T00:00:00Z","revision":0}`)
	put(t, dir, "live/nonsense.json", `[[[`)
	h, _ := newHandler(t, dir, release.Add(time.Hour))
	s, err := h.shelf()
	if err != nil {
		t.Fatal(err)
	}
	if len(s.items) != 2 || len(s.announced) != 1 || len(s.live) != 1 {
		t.Errorf("%d readouts, %d announced, %d live; want what was good: 2, 1, 1", len(s.items), len(s.announced), len(s.live))
	}
	for _, id := range []string{"stolen", "cut", "no-time", "far-time", "large", "empty", "linked"} {
		if w := get(h, "/en/readout/"+id); w.Code != 404 {
			t.Errorf("%s = %d", id, w.Code)
		}
	}
}

// TestChangedInTheStore: a byte of a text that was changed after the signature is shown as what it is.
func TestChangedInTheStore(t *testing.T) {
	dir, _ := stocked(t)
	name := filepath.Join(dir, "readouts", "avelmar-tolmeria-2025", "1.json")
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, bytes.Replace(b, []byte("341 days"), []byte("311 days"), 1), 0o644); err != nil {
		t.Fatal(err)
	}
	h, _ := newHandler(t, dir, release.AddDate(0, 0, 3))
	const bad = "This text does not fit its signatures."
	if p := get(h, "/en/readout/avelmar-tolmeria-2025").Body.String(); !strings.Contains(p, "Do not rely on this page.") || !strings.Contains(p, "differs from the signed manifest") || !strings.Contains(p, bad) {
		t.Error("the page of the changed text does not say so")
	}
	if p := get(h, "/en/").Body.String(); strings.Count(p, bad) != 1 {
		t.Errorf("the first page says so of %d readouts, want 1", strings.Count(p, bad))
	}
	if p := get(h, "/en/readout/avelmar-alone-2025").Body.String(); strings.Contains(p, bad) { // the control
		t.Error("a text that was not changed does not fit")
	}
}

// TestStoreIsReadAnew: what is published while the site runs is there within a second of its clock, and not read before.
func TestStoreIsReadAnew(t *testing.T) {
	dir, s := stocked(t)
	h, clock := newHandler(t, dir, release.AddDate(0, 0, 1))
	correct(t, s)
	const path = "/en/readout/avelmar-tolmeria-2025/2"
	if w := get(h, path); w.Code != 404 {
		t.Errorf("within the second: %d", w.Code)
	}
	clock.t = clock.t.Add(reread)
	if w := get(h, path); w.Code != 200 {
		t.Errorf("a second later: %d", w.Code)
	}
	put(t, dir, "theme.toml", "languages = []\n") // a mistake while it runs: the last good theme stays
	clock.t = clock.t.Add(reread)
	if w := get(h, "/en/"); w.Code != 200 || !strings.Contains(w.Body.String(), "Republic of Avelmar") {
		t.Errorf("with a broken theme: %d", w.Code)
	}
}

// TestPublicForAll: the node's unit has a umask under which nobody else could read what is public.
func TestPublicForAll(t *testing.T) {
	old := syscall.Umask(0o077) // of the whole process: no test of this package runs beside another
	defer syscall.Umask(old)
	parent := t.TempDir()
	if err := os.Chmod(parent, 0o755); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(parent, "public")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	s := openStore(t, dir)
	if err := s.Publish(encode(t, readouttest.File(readouttest.Document())), nil, release); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]fs.FileMode{"readouts": 0o775, "readouts/avelmar-tolmeria-2025": 0o775, "readouts/avelmar-tolmeria-2025/1.json": 0o644, "readouts/avelmar-tolmeria-2025/1.published.json": 0o644} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v, want %v", name, info.Mode(), err, want)
		}
	}
}

package site

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the goldens anew")

// sheetHash changes with every change of style: it is not what a golden is about.
var sheetHash = regexp.MustCompile(`/style-[0-9a-f]{16}\.css`)

// golden compares with testdata/NAME.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		a, b := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
		for i := range max(len(a), len(b)) {
			if i >= len(a) || i >= len(b) || a[i] != b[i] {
				t.Fatalf("%s line %d (-update writes it anew):\n got %.400s\nwant %.400s", name, i+1, at(a, i), at(b, i))
			}
		}
	}
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "(end)"
}

// TestPages: every kind of page in goldens, in the six languages for readouts.
func TestPages(t *testing.T) {
	dir, s := stocked(t)
	h, clock := newHandler(t, dir, release.AddDate(0, 0, 3))
	page := func(name, path string, status int) {
		t.Helper()
		w := get(h, path)
		if w.Code != status {
			t.Fatalf("%s = %d: %s", path, w.Code, w.Body)
		}
		golden(t, name, sheetHash.ReplaceAll(w.Body.Bytes(), []byte("/style-HASH.css")))
	}
	for _, l := range Languages() {
		page("readout."+l+".html", "/"+l+"/readout/avelmar-tolmeria-2025", 200)
		clock.t = release.Add(time.Hour)
		page("home."+l+".html", "/"+l+"/", 200)
		clock.t = release.AddDate(0, 0, 3)
	}
	if b := get(h, "/en/").Body.String(); strings.Contains(b, "On now") {
		t.Error("three days after the node last said so, a meeting still goes on")
	}
	page("alone.en.html", "/en/readout/avelmar-alone-2025", 200)
	page("nothing.zh.html", "/zh/readout/never-was", 404)
	page("privacy.en.html", "/en/privacy", 200)
	page("feed.ar.atom", "/ar/feed.atom", 200)
	page("feed.atom", "/feed.atom", 200)
	page("readout.zh.txt", "/zh/readout/avelmar-tolmeria-2025/1.txt", 200)
	page("meeting.ar.ics", "/ar/meeting/avelmar-tolmeria-2026.ics", 200)
	page("sitemap.xml", "/sitemap.xml", 200)
	page("year.ru.html", "/ru/year/2025", 200)
	correct(t, s)
	h, _ = newHandler(t, dir, release.AddDate(0, 0, 3))
	page("corrected.ar.html", "/ar/readout/avelmar-tolmeria-2025", 200)
	page("older.zh.html", "/zh/readout/avelmar-tolmeria-2025/1", 200)
	withdraw(t, s)
	h, _ = newHandler(t, dir, release.AddDate(0, 0, 3))
	page("withdrawn.fr.html", "/fr/readout/avelmar-tolmeria-2025", 200)
}

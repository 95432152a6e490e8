package main

import (
	"bytes"
	"maps"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"visavis/web"
)

// budget is what one kind of page may weigh in one language, gzipped: a delegation joins over a hotel's network.
const budget = 60_000 // bytes

var (
	static  = regexp.MustCompile(`(?:from|import)"\./([\w.-]+)"`)
	dynamic = regexp.MustCompile(`import\("\./([\w.-]+)"\)`)
	dressed = regexp.MustCompile(`"/(assets/[\w-]+\.css)",\(\)=>import\("\./([\w.-]+)"\)`) // a page with its style sheet
)

// reach adds f and what it imports to got, by name with the size gzipped.
func reach(files []File, f File, got map[string]int) {
	if _, ok := got[f.Name]; ok {
		return
	}
	got[f.Name] = Gzipped(f.Data)
	for _, g := range imports(files, f, static) {
		reach(files, g, got)
	}
}

// imports are the files that f names in the way that pattern knows.
func imports(files []File, f File, pattern *regexp.Regexp) []File {
	var found []File
	for _, m := range pattern.FindAllSubmatch(f.Data, -1) {
		for _, g := range files {
			if strings.HasSuffix(g.Name, "/"+string(m[1])) {
				found = append(found, g)
			}
		}
	}
	return found
}

// tongue is the language of a file of texts, or "".
func tongue(f File) string {
	base := strings.TrimPrefix(f.Name, "assets/")
	for _, l := range tongues {
		if strings.HasPrefix(base, l+"-") {
			return l
		}
	}
	return ""
}

// Every kind of page that the entry fetches, with all it imports, in the language whose texts weigh most, stays within the budget.
func TestPagesAreLight(t *testing.T) {
	files, err := Read(web.Assets)
	if err != nil {
		t.Fatal(err)
	}
	begin := map[string]int{}
	for _, f := range files {
		if entry(f.Name) || f.Name == "index.html" {
			reach(files, f, begin)
		}
	}
	kinds, worn := 0, map[string]bool{}
	for _, f := range files {
		if _, ok := begin[f.Name]; !ok {
			continue
		}
		for _, page := range imports(files, f, dynamic) {
			if tongue(page) != "" {
				continue
			}
			kinds++
			most, sheet := 0, sheetOf(files, f, page)
			for _, l := range tongues {
				most = max(most, weight(files, begin, page, l))
			}
			if sheet.Name != "" {
				most += Gzipped(sheet.Data)
				worn[strings.Split(strings.TrimPrefix(sheet.Name, "assets/"), "-")[0]] = true
			}
			t.Logf("%s: %d bytes, style sheet %s", page.Name, most, sheet.Name)
			if most > budget || most < 10_000 {
				t.Errorf("%s weighs %d bytes gzipped with all it needs, budget %d", page.Name, most, budget)
			}
		}
	}
	if kinds < 5 {
		t.Errorf("%d kinds of pages, want the member's, two consoles, the press and signing in at least", kinds)
	}
	for _, name := range sheets {
		if !worn[name] {
			t.Errorf("no page is fetched with the style sheet %s.css", name)
		}
	}
}

// sheetOf is the style sheet that f fetches with page; an empty file where there is none.
func sheetOf(files []File, f, page File) File {
	for _, m := range dressed.FindAllSubmatch(f.Data, -1) {
		for _, s := range files {
			if s.Name == string(m[1]) && strings.HasSuffix(page.Name, "/"+string(m[2])) {
				return s
			}
		}
	}
	return File{}
}

// weight is what a browser fetches for page in language l, bytes gzipped.
func weight(files []File, begin map[string]int, page File, l string) int {
	got, total := maps.Clone(begin), 0
	reach(files, page, got)
	for _, f := range files {
		if _, ok := got[f.Name]; !ok {
			continue
		}
		for _, text := range imports(files, f, dynamic) {
			if tongue(text) == l {
				reach(files, text, got)
			}
		}
	}
	for _, n := range got {
		total += n
	}
	return total
}

func TestDistIsWhatTheSourcesGive(t *testing.T) {
	want, err := Build("..")
	if err != nil {
		t.Fatal(err)
	}
	got, err := Read(web.Assets)
	if err != nil {
		t.Fatal(err)
	}
	if names(got) != names(want) {
		t.Fatalf("dist holds %s, the sources give %s: run `go generate ./web`", names(got), names(want))
	}
	for i := range want {
		if !bytes.Equal(got[i].Data, want[i].Data) {
			t.Errorf("dist/%s is not what the sources give: run `go generate ./web`", want[i].Name)
		}
	}
}

func names(files []File) string {
	var s []string
	for _, f := range files {
		s = append(s, f.Name)
	}
	return strings.Join(s, " ")
}

// The room's content security policy admits no inline script, no inline style, no evaluation and no other host.
func TestPageNeedsNothingThePolicyForbids(t *testing.T) {
	files, err := Read(web.Assets)
	if err != nil {
		t.Fatal(err)
	}
	address := regexp.MustCompile(`(?i)(https?|wss?):\\?/\\?/[a-z0-9.-]+`)
	for _, f := range files {
		for _, a := range address.FindAll(f.Data, -1) {
			if string(a) != "http://www.w3.org" { // names of XML namespaces; nothing is fetched from there
				t.Errorf("%s names the address %s", f.Name, a)
			}
		}
		if f.Name != "index.html" {
			continue
		}
		if m := regexp.MustCompile(`(?i)<style|\sstyle=|\son[a-z]+=|<script(?:[^>]*)>[^<]`).Find(f.Data); m != nil {
			t.Errorf("index.html has inline code or style: %s", m)
		}
	}
}

func TestVendorManifest(t *testing.T) {
	modules, err := CheckVendor(os.DirFS("../vendor"))
	if err != nil {
		t.Fatal(err)
	}
	if len(modules) != 3 {
		t.Errorf("%d modules, want preact, @preact/signals and @preact/signals-core", len(modules))
	}
}

// The control of TestVendorManifest: a changed, a foreign and a missing file are each named.
func TestVendorManifestNamesDifferences(t *testing.T) {
	manifest := []byte(`[{"name":"m","version":"1","licence":"MIT","folder":"m","files":{"a.mjs":"00","gone.mjs":"11"}}]`)
	_, err := CheckVendor(fstest.MapFS{"manifest.json": {Data: manifest}, "m/a.mjs": {Data: []byte("a")}, "m/b.mjs": {}})
	for _, want := range []string{"m/a.mjs: hash", "m/b.mjs: not in the manifest", "m/gone.mjs: in the manifest, not in the folder"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %q", err, want)
		}
	}
}

package main

import (
	"bytes"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"visavis/web"
)

// budget is what one kind of page may weigh in one language, gzipped: a delegation joins over a hotel's network.
const budget = 60_000 // bytes

// fetched are the files that a page needs before it shows something: those that index.html names, what they import, and the files
// of the role and the language, each with its imports. Names are given without their hash.
func fetched(files []File, wanted ...string) map[string]int {
	static := regexp.MustCompile(`(?:from|import)"\./([\w.-]+)"`)
	got := map[string]int{}
	var take func(f File)
	take = func(f File) {
		if _, ok := got[f.Name]; ok {
			return
		}
		got[f.Name] = Gzipped(f.Data)
		for _, m := range static.FindAllSubmatch(f.Data, -1) {
			for _, g := range files {
				if strings.HasSuffix(g.Name, "/"+string(m[1])) {
					take(g)
				}
			}
		}
	}
	for _, f := range files {
		base := strings.TrimPrefix(f.Name, "assets/")
		if entry(f.Name) || f.Name == "index.html" || slices.ContainsFunc(wanted, func(w string) bool { return strings.HasPrefix(base, w+"-") }) {
			take(f)
		}
	}
	return got
}

// Every kind of page, in the language whose text weighs most, stays within the budget.
func TestPagesAreLight(t *testing.T) {
	files, err := Read(web.Assets)
	if err != nil {
		t.Fatal(err)
	}
	for _, role := range []string{"member", "console", "press", "signin"} {
		most := 0
		for _, tongue := range tongues {
			total := 0
			for _, n := range fetched(files, role, tongue) {
				total += n
			}
			most = max(most, total)
		}
		t.Logf("%s: %d bytes", role, most)
		if most > budget || most < 10_000 {
			t.Errorf("the page of %s weighs %d bytes gzipped, budget %d", role, most, budget)
		}
	}
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

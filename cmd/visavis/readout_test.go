package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"visavis/internal/readout"
)

// unsigned writes the sample readout of the demo's world as a node gives it out to be signed.
func unsigned(t *testing.T, dir string) (path, hash string) {
	t.Helper()
	b, err := os.ReadFile("../../internal/readout/testdata/avelmar-tolmeria-2025.json")
	if err != nil {
		t.Fatal(err)
	}
	d, err := readout.ParseDocument(b)
	if err != nil {
		t.Fatal(err)
	}
	f, err := d.Unsigned()
	if err != nil {
		t.Fatal(err)
	}
	m, err := f.ManifestOf()
	if err != nil {
		t.Fatal(err)
	}
	if b, err = f.Encode(); err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(dir, "unsigned.json")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path, m.Hash().String()
}

// TestSignOfflineAndVerify: two officers sign one after the other with keys that no node has, and a reader checks the result.
func TestSignOfflineAndVerify(t *testing.T) {
	a, _ := party(t, "avelmar")
	b, _ := party(t, "tolmeria")
	c, _ := party(t, "calwen")
	keyOf := func(dir string) string { return filepath.Join(dir, "offline", "readout.key") }
	documentOf := func(dir string) string { return filepath.Join(dir, "keys", "party.document") }
	file, hash := unsigned(t, t.TempDir())
	one, both := filepath.Join(a, "one.json"), filepath.Join(b, "both.json")

	for _, in := range []string{"", "\n", "yes\n", hash[1:9] + "\n"} {
		r := command(t, in, "sign", file, "--key", keyOf(a), "--document", documentOf(a), "--out", one)
		if r.code != exitFailed || !strings.Contains(r.err, "not confirmed: nothing was signed") {
			t.Errorf("answer %q: exit %d, %s", in, r.code, r.err)
		}
		for _, shown := range []string{"“A river does not divide", "نهر فيلون", "not to be published before 2025-12-11T05:00:00Z", hash, "Prime Minister of the Kingdom of Tolmeria"} {
			if !strings.Contains(r.out, shown) {
				t.Errorf("what is signed was not shown: %q", shown)
			}
		}
	}
	if r := command(t, hash[:8]+"\n", "sign", file, "--key", keyOf(a), "--document", documentOf(a), "--out", one); r.code != exitOK {
		t.Fatalf("sign: %+v", r.err)
	}
	if r := command(t, "", "verify", "readout", one); r.code != exitFailed || !strings.Contains(r.out, "! tolmeria has not signed") {
		t.Errorf("one of two: exit %d\n%s", r.code, r.out)
	}
	for what, r := range map[string]result{
		"another text's hash":     command(t, "", "sign", one, "--key", keyOf(b), "--document", documentOf(b), "--out", both, "--hash", strings.Repeat("0", 64)),
		"the other party's key":   command(t, "", "sign", one, "--key", keyOf(a), "--document", documentOf(b), "--out", both, "--hash", hash),
		"the node's key":          command(t, "", "sign", one, "--key", filepath.Join(b, "keys", "node.key"), "--document", documentOf(b), "--out", both, "--hash", hash),
		"the party root":          command(t, "", "sign", one, "--key", filepath.Join(b, "offline", "party-root.key"), "--document", documentOf(b), "--out", both, "--hash", hash),
		"who has no part in it":   command(t, "", "sign", one, "--key", keyOf(c), "--document", documentOf(c), "--out", both, "--hash", hash),
		"a file that is there":    command(t, "", "sign", one, "--key", keyOf(b), "--document", documentOf(b), "--out", one, "--hash", hash),
		"a document for the file": command(t, "", "sign", documentOf(a), "--key", keyOf(b), "--document", documentOf(b), "--out", both, "--hash", hash),
	} {
		if r.code != exitFailed {
			t.Errorf("%s: exit %d, %s", what, r.code, r.out)
		}
		if _, err := os.Stat(both); err == nil {
			t.Fatalf("%s: a file was written", what)
		}
	}
	must(t, "sign", one, "--key", keyOf(b), "--document", documentOf(b), "--out", both, "--hash", hash)
	if out := must(t, "verify", "readout", both); !strings.Contains(out, "Who signed it is not proven") {
		t.Errorf("without keys: %s", out)
	}
	out := must(t, "verify", "readout", both, "--keys", documentOf(a), "--keys", documentOf(b))
	if !strings.Contains(out, "It fits: texts, manifest and every signature.") || strings.Count(out, "fits the manifest") != 6 || strings.Count(out, "  valid") != 2 {
		t.Errorf("with keys: %s", out)
	}
	if r := command(t, "", "verify", "readout", both, "--keys", documentOf(a), "--keys", documentOf(c)); r.code != exitFailed || !strings.Contains(r.out, "! the key of tolmeria is not one that its document names") {
		t.Errorf("with another's document: exit %d\n%s", r.code, r.out)
	}
	changed, err := os.ReadFile(both)
	if err != nil {
		t.Fatal(err)
	}
	changed = bytes.Replace(changed, []byte("from 120 to 160"), []byte("from 120 to 161"), 1)
	if err := os.WriteFile(filepath.Join(a, "changed.json"), changed, 0o600); err != nil {
		t.Fatal(err)
	}
	if r := command(t, "", "verify", "readout", filepath.Join(a, "changed.json")); r.code != exitFailed || !strings.Contains(r.out, "! the text in en is not the one that was signed") ||
		!strings.Contains(r.err, "changed.json does not fit: do not rely on it") {
		t.Errorf("one digit changed: exit %d\n%s%s", r.code, r.out, r.err)
	}
}

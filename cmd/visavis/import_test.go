package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const readouts = "../../internal/intake/testdata/readouts/"

func imported(t *testing.T, args ...string) (string, string, int) {
	t.Helper()
	var out, errs bytes.Buffer
	code := run(console{t.Context(), strings.NewReader(""), &out, &errs}, append([]string{"import", "readout"}, args...))
	return out.String(), errs.String(), code
}

// TestImportReadout: a table with what was recognised, JSON with the same, and the original byte by byte.
func TestImportReadout(t *testing.T) {
	file := readouts + "ru-company.md"
	table, errs, code := imported(t, file)
	for _, want := range []string{"markdown", "language ru", "Норвин Астел", "? plain", "present: Мод Иссеран, финансовый директор", "attendance"} {
		if !strings.Contains(table, want) {
			t.Errorf("the table lacks %q (code %d, %s):\n%s", want, code, errs, table)
		}
	}
	dir := filepath.Join(t.TempDir(), "out")
	text, errs, code := imported(t, file, "--json", "--out", dir)
	var got struct {
		Found struct {
			Blocks []struct {
				Kind string `json:"kind"`
			} `json:"blocks"`
		} `json:"found"`
		Draft struct {
			Blocks []json.RawMessage `json:"blocks"`
		} `json:"draft"`
	}
	if err := json.Unmarshal([]byte(text), &got); err != nil || code != 0 || len(got.Found.Blocks) == 0 || len(got.Found.Blocks) != len(got.Draft.Blocks) {
		t.Errorf("%v, code %d, %s, %d blocks, %d in the draft", err, code, errs, len(got.Found.Blocks), len(got.Draft.Blocks))
	}
	was, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := os.ReadFile(filepath.Join(dir, "original.md"))
	if err != nil || !bytes.Equal(was, kept) {
		t.Errorf("the original was not kept: %v", err)
	}
	if _, errs, code := imported(t, file, "--out", dir); code != exitFailed || !strings.Contains(errs, "is there already") {
		t.Errorf("a directory that is there: code %d, %s", code, errs)
	}
}

// TestImportRefuses: a language without a table, bytes that are no text, one byte too many.
func TestImportRefuses(t *testing.T) {
	dir := t.TempDir()
	for name, b := range map[string][]byte{"latin1.txt": []byte("d\xe9claration"), "large.txt": bytes.Repeat([]byte("a "), 65<<10)} {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, errs, code := imported(t, p); code != exitFailed || errs == "" {
			t.Errorf("%s: code %d, %q", name, code, errs)
		}
	}
	if _, errs, code := imported(t, readouts+"en-ministry.txt", "--language", "de"); code != exitFailed || !strings.Contains(errs, "no table") {
		t.Errorf("a language without a table: code %d, %s", code, errs)
	}
}

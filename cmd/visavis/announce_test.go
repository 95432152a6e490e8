package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAnnounce: what the public is told of a meeting is its title, parties and hour, and no person; without a public store nothing is.
func TestAnnounce(t *testing.T) {
	public := filepath.Join(t.TempDir(), "public")
	_, config := party(t, "avelmar", "--set", `public.store="`+public+`"`)
	_, without := party(t, "tolmeria")
	file := filepath.Join(t.TempDir(), "meeting.toml")
	if err := os.WriteFile(file, []byte(formalMeeting), 0o600); err != nil {
		t.Fatal(err)
	}
	must(t, "meeting", "new", file, config)
	must(t, "meeting", "new", file, without)
	if r := command(t, "", "meeting", "announce", "review", without); r.code != exitFailed || !strings.Contains(r.err, "no public store") {
		t.Errorf("without a store: %+v", r)
	}
	if out := must(t, "meeting", "announce", "review", "--closed", config); !strings.Contains(out, "Annual review") {
		t.Errorf("announce = %q", out)
	}
	told, err := os.ReadFile(filepath.Join(public, "announced", "review.json"))
	if err != nil || !strings.Contains(string(told), "Annual review") || !strings.Contains(string(told), `"open":false`) || strings.Contains(string(told), "Tarroven") {
		t.Errorf("announced %s, %v", told, err)
	}
	must(t, "meeting", "announce", "review", "--take-back", config)
	if _, err := os.Stat(filepath.Join(public, "announced", "review.json")); !os.IsNotExist(err) {
		t.Errorf("taken back: %v", err)
	}
	if r := command(t, "", "meeting", "announce", "never", config); r.code != exitFailed || !strings.Contains(r.err, "never") {
		t.Errorf("a meeting that is not known: %+v", r)
	}
}

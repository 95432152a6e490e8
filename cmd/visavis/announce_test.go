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
	must(t, "meeting", "new", formalMeeting, config)
	must(t, "meeting", "new", formalMeeting, without)
	if r := command(t, "", "meeting", "announce", "avelmar-tolmeria-2026", without); r.code != exitFailed || !strings.Contains(r.err, "no public store") {
		t.Errorf("without a store: %+v", r)
	}
	if out := must(t, "meeting", "announce", "avelmar-tolmeria-2026", "--closed", config); !strings.Contains(out, "Ninth Annual Meeting") {
		t.Errorf("announce = %q", out)
	}
	told, err := os.ReadFile(filepath.Join(public, "announced", "avelmar-tolmeria-2026.json"))
	if err != nil || !strings.Contains(string(told), "Ninth Annual Meeting") || !strings.Contains(string(told), `"open":false`) || strings.Contains(string(told), "Tarroven") {
		t.Errorf("announced %s, %v", told, err)
	}
	must(t, "meeting", "announce", "avelmar-tolmeria-2026", "--take-back", config)
	if _, err := os.Stat(filepath.Join(public, "announced", "avelmar-tolmeria-2026.json")); !os.IsNotExist(err) {
		t.Errorf("taken back: %v", err)
	}
	if r := command(t, "", "meeting", "announce", "never", config); r.code != exitFailed || !strings.Contains(r.err, "never") {
		t.Errorf("a meeting that is not known: %+v", r)
	}
}

package main

import (
	"testing"

	"visavis/internal/bot"
	"visavis/internal/wire"
)

// TestWhoComesBackToAPersonsDoor: where a person is the officer, the command says that the simulated member waits for that person's word; not where
// the officer is simulated, not of the other side, not of who needs no invitation.
func TestWhoComesBackToAPersonsDoor(t *testing.T) {
	p := &delegations{persons: map[string]string{}, pens: map[string]bool{}}
	for _, x := range []struct {
		key     string
		officer string // where a person is officer
		waits   bool
	}{
		{"avelmar-delegate-1", "avelmar", true}, {"avelmar-principal", "avelmar", true},
		{"avelmar-delegate-1", "", false}, {"avelmar-delegate-1", "tolmeria", false},
		{"avelmar-technician", "avelmar", false}, {"avelmar-press", "avelmar", false},
	} {
		clear(p.persons)
		if x.officer != "" {
			p.seated(find(t, x.officer+"-officer"), true)
		}
		if got := p.door(find(t, x.key)) != ""; got != x.waits {
			t.Errorf("%s with a person as officer of %q: waits for a person %v, want %v", x.key, x.officer, got, x.waits)
		}
	}
}

// TestPressDoesNotSayThatASeatIsEmpty: with persons in all other seats the press's simulated members alone are left, who see nobody before the doors
// open. They must not bring the simulated officer back into a seat that a person has.
func TestPressDoesNotSayThatASeatIsEmpty(t *testing.T) {
	officer := find(t, "avelmar-officer")
	here := wire.State{Present: []wire.Presence{{Member: officer.member}}}
	for _, x := range []struct {
		name       string
		seen       map[string]bot.Stats
		yes, known bool
	}{
		{"the press alone", map[string]bot.Stats{"avelmar-press": {Connected: true}}, false, false},
		{"a delegate who sees the person", map[string]bot.Stats{"avelmar-press": {Connected: true}, "tolmeria-delegate-1": {Connected: true, State: here}}, true, true},
		{"a delegate who sees nobody", map[string]bot.Stats{"tolmeria-delegate-1": {Connected: true}}, false, true},
		{"a delegate who is cut off", map[string]bot.Stats{"tolmeria-delegate-1": {State: here}}, false, false},
	} {
		if yes, known := taken(officer, x.seen); yes != x.yes || known != x.known {
			t.Errorf("%s: taken %v, known %v; want %v, %v", x.name, yes, known, x.yes, x.known)
		}
	}
}

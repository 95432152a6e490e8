package main

import "testing"

// TestWhoComesBackToAPersonsDoor: where a person is the officer, the command says that the simulated member waits for that person's word; not where
// the officer is simulated, not of the other side, not of who needs no invitation.
func TestWhoComesBackToAPersonsDoor(t *testing.T) {
	p := &delegations{persons: map[string]string{}}
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

package main

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
)

func TestDemoListensOnLoopbackAlone(t *testing.T) {
	for _, a := range []string{"0.0.0.0", "::", "192.0.2.1", "10.0.0.1", "localhost", "", "::ffff:192.0.2.1", "169.254.1.1"} {
		if _, err := loopback(a); err == nil {
			t.Errorf("--address %q is accepted, want it refused", a)
		}
	}
	for _, a := range []string{"127.0.0.1", "127.3.2.1", "::1", "::ffff:127.0.0.1"} { // the control
		if _, err := loopback(a); err != nil {
			t.Errorf("--address %s: %v", a, err)
		}
	}
}

// TestSeatsAreTheMeetingsMembers compares the seats that the demo prints with the meeting that it loads.
func TestSeatsAreTheMeetingsMembers(t *testing.T) {
	for file, formal := range map[string]bool{"world/meeting.toml": false, "world/formal.toml": true} {
		t.Run(file, func(t *testing.T) { compare(t, file, formal) })
	}
}

func compare(t *testing.T, file string, formal bool) {
	var m struct {
		ID    string
		Party []struct {
			ID, Emblem string
			Name       map[string]string
			Member     []struct {
				ID, Role string
				Name     map[string]string
				Office   map[string]string
			}
		}
	}
	if _, err := toml.DecodeFS(world, file, &m); err != nil {
		t.Fatal(err)
	}
	if m.ID != meetingID {
		t.Errorf("meeting id = %q, want %q", m.ID, meetingID)
	}
	seats, i := table(formal), 0
	seats = slices.DeleteFunc(seats, func(s seat) bool { return s.role == "press" })
	for _, p := range m.Party {
		if b, err := world.ReadFile("world/" + p.Emblem); err != nil || len(b) > 256<<10 {
			t.Errorf("emblem of %s: %d bytes, %v", p.ID, len(b), err)
		}
		if !maps.Equal(p.Name, names(p.ID)) {
			t.Errorf("%s is called %v in the meeting and %v in its party document", p.ID, p.Name, names(p.ID))
		}
		for _, member := range p.Member {
			if i >= len(seats) {
				t.Fatalf("more members than seats: %s", member.ID)
			}
			s := seats[i]
			i++
			if s.party != p.ID || s.member != member.ID || s.role != member.Role || s.name != member.Name["en"] {
				t.Errorf("seat %d = %s %s %s %q, want %s %s %s %q", i, s.party, s.member, s.role, s.name, p.ID, member.ID, member.Role, member.Name["en"])
			}
			for _, l := range []string{"en", "ar", "zh", "fr", "ru", "es"} {
				if member.Name[l] == "" || member.Office[l] == "" {
					t.Errorf("%s has no name or office in %s", member.ID, l)
				}
			}
		}
	}
	if i != len(seats) {
		t.Errorf("%d members for %d seats", i, len(seats))
	}
}

func TestEachSeatHasAHostNameOfItsOwn(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range table(true) {
		h := s.host(7443)
		if seen[h] || !strings.HasSuffix(h, ".localhost:7443") {
			t.Errorf("host %q of %s is not its own", h, s.key)
		}
		seen[h] = true
	}
	if !seen["avelmar-principal.localhost:7443"] || !seen["tolmeria-delegate-3.localhost:7443"] {
		t.Errorf("hosts = %v", seen)
	}
}

func TestSimulateNamesSeats(t *testing.T) {
	for _, x := range []struct {
		v    string
		want int
	}{{"all", 14}, {"none", 0}, {"", 0}, {"avelmar-principal,tolmeria-delegate-2", 2}} {
		got, err := parseSimulate(x.v, true)
		if err != nil || len(got) != x.want {
			t.Errorf("parseSimulate(%q) = %v, %v; want %d seats", x.v, got, err, x.want)
		}
	}
	if got, err := parseSimulate("all", false); err != nil || len(got) != 8 {
		t.Errorf("informal: %v, %v; want 8 seats", got, err)
	}
	if _, err := parseSimulate("avelmar-officer", false); err == nil {
		t.Error("an informal meeting has an officer")
	}
	if _, err := parseSimulate("avelmar-queen", true); err == nil {
		t.Error("a seat that is not there is accepted")
	}
}

func TestLinksAreWrittenForPrograms(t *testing.T) {
	f := filepath.Join(t.TempDir(), "links.json")
	if err := (&demo{formal: false}).writeLinks(f, []seat{{key: "avelmar-principal", link: "http://x/join#C", pin: "012345"}, {key: "avelmar-press", link: "http://x/press#D"}}); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(f)
	if err != nil {
		t.Fatal(err)
	}
	var v struct{ Links, Pins map[string]string }
	if err := json.Unmarshal(b, &v); err != nil || len(v.Pins) != 1 || v.Pins["avelmar-principal"] != "012345" || v.Links["avelmar-principal"] != "http://x/join#C" {
		t.Errorf("links = %s, %v", b, err)
	}
}

func TestDirMustBeEmpty(t *testing.T) {
	dir := t.TempDir()
	if _, _, err := workDir(dir); err != nil { // the control
		t.Errorf("an empty directory: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "x"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := workDir(dir); err == nil {
		t.Error("a directory with a file is accepted")
	}
}

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// seat is one place at the table: a member of one party, with the link that a person opens.
type seat struct {
	key    string // "avelmar-principal", "tolmeria-delegate-2"
	party  string
	role   string
	member string
	name   string
	link   string // for a person
	own    string // a second invitation, for the simulated member
}

// table are the seats in the order of precedence; the names are those of world/meeting.toml (a test compares them).
func table() []seat {
	people := []struct{ party, member, name string }{
		{"avelmar", "avelmar-tarroven", "Maelin Tarroven"},
		{"avelmar", "avelmar-aldesh", "Corvan Aldesh"},
		{"avelmar", "avelmar-ombrand", "Sirenna Ombrand"},
		{"avelmar", "avelmar-kell", "Tibren Kell"},
		{"tolmeria", "tolmeria-kosvane", "Edran Kosvane"},
		{"tolmeria", "tolmeria-thorrick", "Wenna Thorrick"},
		{"tolmeria", "tolmeria-soste", "Ambrel Soste"},
		{"tolmeria", "tolmeria-estigar", "Ruvanna Estigar"},
	}
	var out []seat
	n := map[string]int{}
	for _, p := range people {
		s := seat{party: p.party, member: p.member, name: p.name, role: "principal", key: p.party + "-principal"}
		if n[p.party] > 0 {
			s.role, s.key = "delegate", fmt.Sprintf("%s-delegate-%d", p.party, n[p.party])
		}
		n[p.party]++
		out = append(out, s)
	}
	return out
}

// host is the name of a seat's own origin: cookies ignore ports, so each seat needs a name of its own for one browser to
// hold them all. Browsers resolve *.localhost to loopback themselves (RFC 6761 §6.3).
func (s seat) host(port int) string { return fmt.Sprintf("%s.localhost:%d", s.key, port) }

// parseSimulate reads --simulate into a set of seats.
func parseSimulate(v string) (map[string]bool, error) {
	out := map[string]bool{}
	var keys []string
	for _, s := range table() {
		keys = append(keys, s.key)
	}
	for _, w := range strings.Split(v, ",") {
		switch {
		case w == "all":
			for _, k := range keys {
				out[k] = true
			}
		case w == "none" || w == "":
		case slices.Contains(keys, w):
			out[w] = true
		default:
			return nil, fmt.Errorf("--simulate: no seat %q; all, none or of: %s", w, strings.Join(keys, ", "))
		}
	}
	return out, nil
}

// printSeats says what to open.
func printSeats(w io.Writer, seats []seat, simulated map[string]bool, d *demo) {
	fmt.Fprintf(w, "\nTwo nodes are up, each party's people connect to their own. Open a link in a browser on this machine and take the seat:\n")
	party := ""
	for _, s := range seats {
		if s.party != party {
			party = s.party
			fmt.Fprintf(w, "\n  %s  (log: %s)\n", strings.ToUpper(party[:1])+party[1:], filepath.Join(d.dir, party+".log"))
		}
		mark := "empty seat"
		if simulated[s.key] {
			mark = "simulated until you come"
		}
		fmt.Fprintf(w, "    %-9s  %-16s  %s   (%s)\n", s.role, s.name, s.link, mark)
	}
	fmt.Fprintf(w, "\nA link is used up when you press its button; the page's address brings you back. The interface in Arabic: add ?lang=ar before the #.\nCtrl-C ends the demo.\n\n")
}

// writeLinks writes {"links": {seat: link}}, whole or not at all.
func writeLinks(file string, seats []seat) error {
	links := map[string]string{}
	for _, s := range seats {
		links[s.key] = s.link
	}
	b, err := json.MarshalIndent(map[string]any{"links": links}, "", "  ")
	if err != nil {
		return err
	}
	tmp := file + ".part"
	if err := os.WriteFile(tmp, append(b, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, file)
}

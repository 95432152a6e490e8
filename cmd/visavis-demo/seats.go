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

// seat is one place at the table, or beside it: a member of one party, or its press, with the link that a person opens.
type seat struct {
	key    string // "avelmar-principal", "tolmeria-delegate-2", "avelmar-officer"
	party  string
	role   string // as in the meeting; "press"
	member string // "" of the press
	name   string
	link   string // for a person
	pin    string // that goes with link, "" if none does
	own    string // a second way in, for the simulated member
	ownPIN string

	standIn string // signs a person in without a passkey of the machine's; "" if there is none
}

// account says whether the seat's people sign in with a passkey.
func (s seat) account() bool { return s.role == "officer" || s.role == "technician" }

// table are the seats in the order of precedence; the names are those of world/formal.toml and world/meeting.toml (a test compares them).
func table(formal bool) []seat {
	people := []struct{ party, role, member, name string }{
		{"avelmar", "principal", "avelmar-tarroven", "Maelin Tarroven"},
		{"avelmar", "delegate", "avelmar-aldesh", "Corvan Aldesh"},
		{"avelmar", "delegate", "avelmar-ombrand", "Sirenna Ombrand"},
		{"avelmar", "delegate", "avelmar-kell", "Tibren Kell"},
		{"avelmar", "officer", "avelmar-vost", "Lirien Vost"},
		{"avelmar", "technician", "avelmar-ormeran", "Dask Ormeran"},
		{"avelmar", "press", "", "Pell Hadrow, Ilverne Courier"},
		{"tolmeria", "principal", "tolmeria-kosvane", "Edran Kosvane"},
		{"tolmeria", "delegate", "tolmeria-thorrick", "Wenna Thorrick"},
		{"tolmeria", "delegate", "tolmeria-soste", "Ambrel Soste"},
		{"tolmeria", "delegate", "tolmeria-estigar", "Ruvanna Estigar"},
		{"tolmeria", "officer", "tolmeria-quintar", "Lothen Quintar"},
		{"tolmeria", "technician", "tolmeria-haskin", "Mirrel Haskin"},
		{"tolmeria", "press", "", "Ennith Grale, Radio Lanneth"},
	}
	var out []seat
	n := map[string]int{}
	for _, p := range people {
		s := seat{party: p.party, role: p.role, member: p.member, name: p.name, key: p.party + "-" + p.role}
		if p.role == "delegate" {
			n[p.party]++
			s.key = fmt.Sprintf("%s-delegate-%d", p.party, n[p.party])
		}
		if formal || p.role == "principal" || p.role == "delegate" {
			out = append(out, s)
		}
	}
	return out
}

// host is the name of a seat's own origin: cookies ignore ports, so each seat needs a name of its own for one browser to
// hold them all. Browsers resolve *.localhost to loopback themselves (RFC 6761 §6.3).
func (s seat) host(port int) string { return fmt.Sprintf("%s.localhost:%d", s.key, port) }

// parseSimulate reads --simulate into a set of seats.
func parseSimulate(v string, formal bool) (map[string]bool, error) {
	out := map[string]bool{}
	var keys []string
	for _, s := range table(formal) {
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
		switch {
		case s.role == "press":
			mark = "sees and hears the open part"
		case simulated[s.key]:
			mark = "simulated until you come"
		}
		if s.pin != "" {
			mark = "PIN " + s.pin + "; " + mark
		}
		fmt.Fprintf(w, "    %-10s  %-28s  %s   (%s)\n", s.role, s.name, s.link, mark)
		if s.standIn != "" {
			fmt.Fprintf(w, "    %-10s  %-28s  %s   (with the demo's own passkey)\n", "", "", s.standIn)
		}
	}
	fmt.Fprintf(w, "\nA link is used up when you press its button; the page's address brings you back, unless you have left by the button. The interface in Arabic, Chinese, French, Russian or Spanish:\nadd ?lang=ar (zh, fr, ru, es) before the #.\n")
	if d.formal {
		fmt.Fprint(w, formalHelp)
		d.printPublic(w, simulated["avelmar-officer"] && simulated["tolmeria-officer"])
	}
	fmt.Fprintf(w, "Ctrl-C ends the demo.\n\n")
}

const formalHelp = `
To run the meeting alone: open an officer's link, make a passkey, enter the meeting, go to the rehearsal, to waiting, and turn the key to start. Where the
browser has nothing to keep a passkey in, the link below it signs you in with one that the demo holds; open it once more when the page asks for the passkey. The other
side's officer turns its key after yours; whoever is given the floor acknowledges, speaks and yields; Avelmar's officer gives the floor in turn unless that is you.
Whoever comes to a seat of the side whose officer you are waits at your door until you let them in: you yourself, and the simulated member who comes back after you.
If you take a principal's or a delegate's seat and no person is officer, the simulated officers start the meeting for you after a while.
`

// writeLinks writes {"links": {seat: link}, "pins": {seat: PIN}, "standIns": {seat: link}, "sites": {party: address}, "sign": {party: {key, document}}},
// whole or not at all; the last two of a formal meeting.
func (d *demo) writeLinks(file string, seats []seat) error {
	links, pins, standIns, sites, sign := map[string]string{}, map[string]string{}, map[string]string{}, map[string]string{}, map[string]map[string]string{}
	for _, party := range parties() {
		if d.formal {
			sites[party] = d.siteURL(party)
			sign[party] = map[string]string{"key": d.readoutKey(party), "document": d.document(party)}
		}
	}
	for _, s := range seats {
		links[s.key] = s.link
		if s.pin != "" {
			pins[s.key] = s.pin
		}
		if s.standIn != "" {
			standIns[s.key] = s.standIn
		}
	}
	b, err := json.MarshalIndent(map[string]any{"links": links, "pins": pins, "standIns": standIns, "sites": sites, "sign": sign}, "", "  ")
	if err != nil {
		return err
	}
	tmp := file + ".part"
	if err := os.WriteFile(tmp, append(b, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, file)
}

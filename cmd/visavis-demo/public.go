package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// meetingStart is that of world/formal.toml (a test compares them): until then the meeting can be announced to the public.
var meetingStart = time.Date(2026, 12, 9, 23, 30, 0, 0, time.UTC)

// public is the directory of a party's public store: its node writes it, its site reads it.
func (d *demo) public(party string) string { return filepath.Join(d.dir, party+"-public") }

// offline is the directory of the keys that no node holds. On real machines it is a medium that lies in a safe; here it lies beside the node's.
func (d *demo) offline(party string) string { return filepath.Join(d.dir, party+"-offline") }

func (d *demo) readoutKey(party string) string { return filepath.Join(d.offline(party), "readout.key") }

func (d *demo) document(party string) string {
	return filepath.Join(d.dir, party, "keys", "party.document")
}

// siteURL is where the public reads.
func (d *demo) siteURL(party string) string {
	return fmt.Sprintf("http://%s.localhost:%d", party, d.ports[party].site)
}

// startSite puts what is the operator's into a party's public store, announces the meeting, and runs the public site: a process of its own.
func (d *demo) startSite(ctx, watch context.Context, party string) error {
	if err := d.furnish(party); err != nil {
		return err
	}
	if time.Now().Before(meetingStart) {
		if _, err := d.command(ctx, "meeting", "announce", "--config", d.config(party), meetingID); err != nil {
			return err
		}
	}
	config := filepath.Join(d.dir, party+"-site.toml")
	text := fmt.Sprintf("listen = %q\nbase = %q\nstore = %q\n", hostPort(d.addr.String(), d.ports[party].site), d.siteURL(party), d.public(party))
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return err
	}
	p, err := d.startProcess(party+"-site", "site "+party, "site", "--config", config)
	if err != nil {
		return err
	}
	return d.up(ctx, watch, p, d.siteURL(party)+"/en/")
}

// furnish writes theme and privacy notices.
func (d *demo) furnish(party string) error {
	files := map[string]string{"theme.toml": "theme-" + party + ".toml"}
	for _, l := range []string{"ar", "zh", "en", "fr", "ru", "es"} {
		files["privacy/"+l+".md"] = "privacy/" + l + ".md"
	}
	for to, from := range files {
		b, err := world.ReadFile("world/" + from)
		if err != nil {
			return err
		}
		to = filepath.Join(d.public(party), filepath.FromSlash(to))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(to, b, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// printPublic says where the public reads, and how a person signs. archive: last year's readout could be signed.
func (d *demo) printPublic(w io.Writer, archive bool) {
	what := "the eighth meeting's readout is there"
	if !archive {
		what = "empty: without both simulated officers nobody has signed the eighth meeting's readout"
	}
	fmt.Fprintf(w, "\nWhat the public reads, from a process and a store of its own on each side (%s):\n", what)
	for _, party := range parties() {
		fmt.Fprintf(w, "    %-10s  %s/\n", party, d.siteURL(party))
	}
	fmt.Fprintf(w, "\nTo sign a readout with a key that no node holds (FILE is what the page of the readout gives you, signed.json goes back to it):\n")
	for _, party := range parties() {
		fmt.Fprintf(w, "    %s sign FILE --key %s --document %s --out signed.json\n", d.visavis, d.readoutKey(party), d.document(party))
	}
	fmt.Fprintf(w, `
After the meeting its officer drafts the readout: "Draft the readout" on the console, or /draft at the officer's address. Propose it: the other side's officer
answers with a greeting more and, if the text has no embargo, one of %v; accept that, sign off, sign, bring signed.json back, and the other side signs after you. At
the embargo's end both sites publish it at one moment. Should you take longer than that, both sides hold it: you let it go by confirming. Signing off needs a passkey in
your browser: the one that the demo holds signs you in and turns keys, and signs no text. To check what is published:
    %s verify readout FILE --keys %s --keys %s
`, d.embargo, d.visavis, d.document("avelmar"), d.document("tolmeria"))
}

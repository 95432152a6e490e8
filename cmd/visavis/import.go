package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"visavis/internal/node"
)

type importCmd struct {
	Readout importReadoutCmd `cmd:"" help:"Make a draft of an existing readout: plain text or Markdown in ar, en, es, fr, ru or zh."`
}

type importReadoutCmd struct {
	File     string `arg:"" help:"The text, UTF-8." type:"existingfile"`
	Language string `help:"Its language; without it the text says." placeholder:"TAG"`
	JSON     bool   `name:"json" help:"Print what was found as JSON instead of a table."`
	Out      string `help:"Directory to be made: the original byte by byte, what was found, the draft." type:"path" placeholder:"DIR"`
	ID       string `help:"Id of the readout." default:"imported"`
	Meeting  string `help:"Id of the meeting." default:"imported"`
	Party    string `help:"Id of the party whose text it is." default:"archive"`
	Zone     string `help:"Time zone of its place, IANA name." default:"UTC"`
}

// Run prints what was found.
func (i *importReadoutCmd) Run(c console) error {
	b, err := node.ReadBounded(i.File, node.MaxImport)
	if err != nil {
		return err
	}
	got, err := node.ImportReadout(b, node.ImportOptions{Language: i.Language, ID: i.ID, Meeting: i.Meeting, Party: i.Party, Zone: i.Zone})
	if err != nil {
		return fmt.Errorf("%s: %w", base(i.File), err)
	}
	if i.JSON {
		e := json.NewEncoder(c.out)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		if err := e.Encode(got); err != nil {
			return err
		}
	} else {
		c.printImport(got)
	}
	if i.Out == "" {
		return nil
	}
	if err := got.Keep(i.Out, filepath.Base(i.File), b); err != nil {
		return err
	}
	if !i.JSON {
		c.printf("Written to %s.\n", i.Out)
	}
	return nil
}

// printImport shows one line for each block; what was not recognised is marked.
func (c console) printImport(got node.Imported) {
	f := got.Found
	c.printf("%s, %d bytes, language %s, date %s\ntitle  %s\nsha256 %s\n", f.Format, f.Bytes, f.Language, orDash(f.Date), orDash(f.Title), f.SHA256)
	w := tabwriter.NewWriter(c.out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "#\tbytes\tkind\tspeaker\ttext")
	if f.Front != nil {
		fmt.Fprintf(w, "\t%d-%d\tfront matter\t\t%d fields\n", f.Front.From, f.Front.To, len(f.Front.Fields))
	}
	plain := 0
	for n, b := range f.Blocks {
		kind, who := string(b.Kind), ""
		if kind == "plain" {
			kind, plain = "? plain", plain+1
		}
		if b.Speaker != nil {
			if who = b.Speaker.Name; who == "" {
				who = "(" + b.Speaker.Office + ")"
			}
		}
		if b.Capacity != "" {
			who += " as " + b.Capacity
		}
		fmt.Fprintf(w, "%d\t%d-%d\t%s\t%s\t%s\n", n+1, b.From, b.To, kind, shorten(who, 60), shorten(b.Text, 60))
	}
	w.Flush()
	for _, p := range f.Attendance {
		c.printf("present: %s, %s\n", orDash(p.Name), orDash(p.Office))
	}
	for _, n := range got.Notes {
		c.printf("note: %s\n", n)
	}
	if plain > 0 {
		c.printf("%d of %d blocks were not recognised (?); they are kept as they stand.\n", plain, len(f.Blocks))
	}
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// shorten cuts s to n signs, on one line, without signs that a terminal would obey.
func shorten(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case r < 0x20 || r >= 0x7f && r < 0xa0 || r >= 0x2028 && r <= 0x202e || r >= 0x2066 && r <= 0x206f:
			return '?'
		}
		return r
	}, s)
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

package main

import (
	"fmt"
	"strings"
	"time"

	"visavis/internal/node"
)

type recordCmd struct {
	Export recordExportCmd `cmd:"" help:"Write what remains of a meeting: log with both parties' signatures, attendance, speaking log."`
}

type recordExportCmd struct {
	configFlag
	Meeting string `arg:"" help:"Id of the meeting."`
	Out     string `help:"Directory or archive (.zip) to be made; it must not exist. Without it MEETING.zip." type:"path" placeholder:"PATH"`
	Own     bool   `help:"Put the node's own log in as well: it holds what was proposed and refused, and what never left the node."`
}

// Run writes an export and says what is in it.
func (r *recordExportCmd) Run(c console) error {
	d, err := r.open()
	if err != nil {
		return err
	}
	defer d.Close()
	files, err := d.RecordFiles(c.ctx, r.Meeting, r.Own)
	if err != nil {
		return err
	}
	out := r.Out
	if out == "" {
		out = r.Meeting + ".zip"
	}
	if err := node.WriteRecord(files, out); err != nil {
		return err
	}
	for _, f := range files {
		c.printf("%9d  %s\n", len(f.Data), f.Name)
	}
	if r.Own {
		c.printf("The own log is in it: it is not for the other party.\n")
	}
	c.printf("Written to %s. Check it: visavis verify record %s\n", base(out), base(out))
	return nil
}

type verifyRecordCmd struct {
	Path string   `arg:"" help:"The export: a directory or an archive (.zip)." type:"path"`
	Keys []string `help:"Party documents, one of each party, got otherwise than with the record. Without them the record is only held against itself." type:"existingfile" placeholder:"DOCUMENT"`
}

// Run says exactly what fits and what does not.
func (v *verifyRecordCmd) Run(c console) error {
	documents, err := readFiles(v.Keys)
	if err != nil {
		return err
	}
	r, docs, err := node.VerifyRecord(v.Path, documents)
	if err != nil {
		return fmt.Errorf("%s: %w", base(v.Path), err)
	}
	c.printf("%s, record of %s, made %s\n", r.Index.Meeting, shorten(r.Index.Party, 64), shorten(r.Index.Made, 32))
	c.printf("files      %d of %d as the index says\n", r.Files, len(r.Index.Files))
	if r.Record != nil {
		c.printf("log        %d entries, chain and rules hold; %s to %s\n", r.Record.N, moment(r.Record.Start), moment(r.Record.End))
		c.printf("attendance %d members; speaking log %d lines\n", len(r.Record.Attendance), len(r.Record.Spoken))
		for _, p := range r.Parties {
			if p.N == 0 {
				continue
			}
			note := ""
			if p.N < r.Record.N {
				note = fmt.Sprintf(": what follows, %d entries, is not countersigned by it", r.Record.N-p.N)
			}
			c.printf("signed     %s, up to entry %d%s\n           key fingerprint %s\n", p.Party, p.N, note, node.Fingerprint(p.Key))
		}
	}
	for _, d := range docs {
		c.printf("document   %s, number %d; root %s\n", d.Party, d.Counter, node.Fingerprint(d.Root))
	}
	for _, f := range r.Findings {
		c.printf("! %s\n", shorten(recordFinding(f.Code, f.Args), 300))
	}
	if len(r.Findings) > 0 {
		return fmt.Errorf("%s does not fit: do not rely on it", base(v.Path))
	}
	if len(v.Keys) == 0 {
		c.printf("The record fits itself. Whose it is, is not proven: give the parties' documents with --keys, or compare the roots above with those that you know.\n")
		return nil
	}
	c.printf("It fits: files, log, signatures, attendance and speaking log. Compare the roots above with those that you know.\n")
	return nil
}

func moment(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(time.RFC3339)
}

// recordFindings says in words what does not fit.
func recordFinding(code string, args map[string]string) string {
	s, ok := map[string]string{
		"record.tracks":           "it names tracks, which this version does not know",
		"record.file.unknown":     "the index names {file}, which is no file of a record or stands there twice",
		"record.file.missing":     "{file} is missing",
		"record.file.unreadable":  "{file} cannot be read: {why}",
		"record.file.changed":     "{file} is not as the index says: it was changed",
		"record.file.extra":       "{file} is not in the index",
		"record.own":              "the index does not say rightly whether the own log is there",
		"record.definition":       "the definition of the meeting is not one: {why}",
		"record.definition.other": "the definition is not the one of which the index has the digest",
		"record.log.cut":          "the log ends in the middle of a line",
		"record.log.entry":        "entry {n} of the log does not stand: {why}",
		"record.log.head":         "the log ends at entry {n}, otherwise than the index says",
		"record.heads":            "the signatures under the log cannot be read: {why}",
		"record.head.foreign":     "a signature in the name of {party} is not of this meeting",
		"record.head.nokey":       "there is no document of {party} that names its key",
		"record.head.signature":   "the signature of {party} at entry {n} is not by its log key",
		"record.head.other":       "{party} has signed another log: at entry {n} it differs",
		"record.head.missing":     "no signature of {party} fits",
		"record.derived":          "{file} says otherwise than the log",
	}[code]
	if !ok {
		return code
	}
	for k, v := range args {
		s = strings.ReplaceAll(s, "{"+k+"}", v)
	}
	return s
}

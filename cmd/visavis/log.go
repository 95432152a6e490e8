package main

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"visavis/internal/node"
)

type logCmd struct {
	Security logSecurityCmd `cmd:"" help:"Who was let in or kept out, who used power over people; and whether anybody has changed it since."`
}

type logSecurityCmd struct {
	configFlag
	Last   int  `help:"Show the last so many entries; 0: all." default:"0" placeholder:"N"`
	Verify bool `help:"Check the chain and show no entry."`
}

// Run prints the entries, one a line: number, time, kind, code or count, meeting, person, by whom, source; "-" where there is none. What the chain says goes to
// standard error, or with --verify to standard output. A broken chain fails.
func (l *logSecurityCmd) Run(c console) error {
	if l.Last < 0 {
		return errors.New("--last is 0 or more")
	}
	d, err := l.open()
	if err != nil {
		return err
	}
	defer d.Close()
	var lines []string
	log, err := d.Security(c.ctx, func(e node.SecurityEntry) {
		if l.Verify {
			return
		}
		if lines = append(lines, securityLine(e)); l.Last > 0 && len(lines) > l.Last {
			lines = lines[1:]
		}
	})
	for _, s := range lines {
		c.printf("%s\n", s)
	}
	if err != nil && errors.Is(err, node.ErrChain) {
		return fmt.Errorf("%w: up to entry %d it is whole (%s)", err, log.Last, log.Head)
	}
	if err != nil {
		return err
	}
	to := c.err
	if l.Verify {
		to = c.out
	}
	if log.Last == 0 {
		fmt.Fprintln(to, "The security log is empty.")
		return nil
	}
	fmt.Fprintf(to, "Entries %d to %d follow each other. Note the hash elsewhere, to know later that nothing before it was changed:\n%s\n", log.First, log.Last, log.Head)
	return nil
}

func securityLine(e node.SecurityEntry) string {
	or := func(s string) string {
		if s == "" {
			return "-"
		}
		return s
	}
	what := e.Code
	if e.Count > 0 {
		what = strconv.Itoa(e.Count)
	}
	who := string(e.Person)
	if e.Party != "" {
		who = string(e.Party)
	}
	return fmt.Sprintf("%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s", e.N, e.At.Format(time.RFC3339), or(e.Kind), or(what), or(string(e.Meeting)), or(who), or(string(e.By)), or(e.Source))
}

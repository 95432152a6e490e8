// Command meeting measures what the rules of a formal meeting promise (README): how soon doors shut, how soon a speaker is heard, how soon
// alarms and phases are shown, and that a restart changes nothing. Two real nodes, each a process, and Go clients in every seat, all on
// loopback. One line for each figure, and an exit status that says whether all of them hold. make measure-meeting runs it; it is never part
// of make test.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"visavis/measure/figures"
)

// options say what to measure and with what.
type options struct {
	visavis string
	meeting string
	only    string
	rounds  int
	kills   int
	cuts    int
	few     int
	keep    string
	raw     bool
	quiet   time.Duration
}

func main() {
	var o options
	flag.StringVar(&o.visavis, "visavis", "bin/visavis", "the program")
	flag.StringVar(&o.meeting, "meeting", "cmd/visavis-demo/world/formal.toml", "the meeting")
	flag.StringVar(&o.only, "only", "", "groups to measure, by comma: close,alarm,muted,session,cut,kill; empty: all")
	flag.IntVar(&o.rounds, "rounds", 20, "closings")
	flag.IntVar(&o.kills, "kills", 10, "kills of a node")
	flag.IntVar(&o.cuts, "cuts", 6, "losses of the link")
	flag.IntVar(&o.few, "few", 5, "rounds of what is measured by the way")
	flag.StringVar(&o.keep, "keep", "", "keep nodes' directories and logs here")
	flag.BoolVar(&o.raw, "raw", false, "print single values to standard error")
	flag.DurationVar(&o.quiet, "quiet", 0, "wait at most this long for a quiet machine before the start")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, 20*time.Minute+o.quiet)
	defer cancel()
	ok, err := run(ctx, o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "measure-meeting:", err)
	}
	if !ok || err != nil {
		cancel()
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) (ok bool, err error) {
	dir := o.keep
	if dir == "" {
		d, err := os.MkdirTemp("", "visavis-measure-")
		if err != nil {
			return false, err
		}
		defer os.RemoveAll(d)
		dir = d
	}
	for _, p := range []*string{&o.visavis, &o.meeting, &dir} {
		abs, err := filepath.Abs(*p)
		if err != nil {
			return false, err
		}
		*p = abs
	}
	for end := time.Now().Add(o.quiet); figures.Load() >= figures.NoisyLoad && time.Now().Before(end) && ctx.Err() == nil; {
		time.Sleep(time.Second)
	}
	r := figures.New(os.Stdout, "measure-meeting")
	g, err := newRig(ctx, o, dir)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, g.close()) }()
	if err := g.begin(ctx); err != nil {
		return false, err
	}
	for _, m := range []struct {
		group string
		f     func(context.Context, options, *figures.Report) error
	}{{"close", g.closings}, {"alarm", g.alarms}, {"muted", g.muted}, {"session", g.sessions}, {"cut", g.cuts}, {"kill", g.kills}} {
		if o.only != "" && !slices.Contains(strings.Split(o.only, ","), m.group) {
			continue
		}
		if err := m.f(ctx, o, r); err != nil {
			r.Failed(m.group, err)
		}
	}
	return r.End(), ctx.Err()
}

// dump prints single values for whoever looks for the reason of a figure.
func (o options) dump(what string, vs []float64) {
	if o.raw {
		fmt.Fprintf(os.Stderr, "raw %s: %.1f\n", what, vs)
	}
}

// quantile gives the value below which a part q of vs lies.
func quantile(vs []float64, q float64) float64 {
	s := slices.Clone(vs)
	slices.Sort(s)
	return s[min(len(s)-1, int(float64(len(s))*q))]
}

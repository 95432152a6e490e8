// Command meeting measures what the rules of a formal meeting promise (README): how soon doors shut, how soon a speaker is heard, how soon
// alarms and phases are shown, and that a restart changes nothing. Two real nodes, each a process, and Go clients in every seat, all on
// loopback. One line for each figure, and an exit status that says whether all of them hold. make measure-meeting runs it; it is never part
// of make test.
package main

import (
	"context"
	"errors"
	"flag"
	"os"

	"visavis/measure/figures"
)

// options say what to measure and with what.
type options struct {
	figures.Program
	rounds int
	kills  int
	cuts   int
	few    int
}

func main() {
	var o options
	o.Flags("cmd/visavis-demo/world/formal.toml", "close,alarm,muted,session,cut,kill")
	flag.IntVar(&o.rounds, "rounds", 20, "closings")
	flag.IntVar(&o.kills, "kills", 10, "kills of a node")
	flag.IntVar(&o.cuts, "cuts", 6, "losses of the link")
	flag.IntVar(&o.few, "few", 5, "rounds of what is measured by the way")
	flag.Parse()
	os.Exit(o.Run("measure-meeting", o.measure))
}

func (o *options) measure(ctx context.Context, dir string, r *figures.Report) (err error) {
	g, err := newRig(ctx, *o, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, g.close()) }()
	if err := g.begin(ctx); err != nil {
		return err
	}
	for _, m := range []struct {
		group string
		f     func(context.Context, options, *figures.Report) error
	}{{"close", g.closings}, {"alarm", g.alarms}, {"muted", g.muted}, {"session", g.sessions}, {"cut", g.cuts}, {"kill", g.kills}} {
		if !o.Wanted(m.group) {
			continue
		}
		if err := m.f(ctx, *o, r); err != nil {
			r.Failed(m.group, err)
		}
	}
	return nil
}

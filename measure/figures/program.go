package figures

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// longest is how long a program may measure: whatever hangs, nodes and namespaces are gone after this.
const longest = 20 * time.Minute

// Program is what the programs under measure that start nodes have in common: flags, a folder, a quiet machine, an end.
type Program struct {
	Visavis, Meeting string // absolute once it runs
	only, keep       string
	raw              bool
	quiet            time.Duration
}

// Flags declares the flags that all have; groups are what -only may name.
func (p *Program) Flags(meeting, groups string) {
	flag.StringVar(&p.Visavis, "visavis", "bin/visavis", "the program")
	flag.StringVar(&p.Meeting, "meeting", meeting, "the meeting")
	flag.StringVar(&p.only, "only", "", "groups to measure, by comma: "+groups+"; empty: all")
	flag.StringVar(&p.keep, "keep", "", "keep nodes' directories and logs here")
	flag.BoolVar(&p.raw, "raw", false, "print single values to standard error")
	flag.DurationVar(&p.quiet, "quiet", 0, "wait at most this long for a quiet machine before the start")
}

// Wanted says whether one of the groups is to be measured.
func (p *Program) Wanted(groups ...string) bool {
	return p.only == "" || slices.ContainsFunc(strings.Split(p.only, ","), func(o string) bool { return slices.Contains(groups, o) })
}

// Dump prints single values for whoever looks for the reason of a figure.
func (p *Program) Dump(what string, vs ...[]float64) {
	if !p.raw {
		return
	}
	for _, v := range vs {
		fmt.Fprintf(os.Stderr, "raw %s: %.3f\n", what, v)
	}
}

// Run measures once the machine is quiet, or has not become so, in a folder that is gone afterwards. It gives the status to exit with.
func (p *Program) Run(name string, measure func(ctx context.Context, dir string, r *Report) error) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, longest+p.quiet)
	defer cancel()
	ok, err := p.run(ctx, name, measure)
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
	}
	if !ok || err != nil {
		return 1
	}
	return 0
}

func (p *Program) run(ctx context.Context, name string, measure func(ctx context.Context, dir string, r *Report) error) (bool, error) {
	dir := p.keep
	if dir == "" {
		d, err := os.MkdirTemp("", "visavis-measure-")
		if err != nil {
			return false, err
		}
		defer os.RemoveAll(d)
		dir = d
	}
	for _, f := range []*string{&p.Visavis, &p.Meeting, &dir} {
		abs, err := filepath.Abs(*f)
		if err != nil {
			return false, err
		}
		*f = abs
	}
	Quiet(ctx, p.quiet)
	r := New(os.Stdout, name)
	err := measure(ctx, dir, r)
	return r.End(), errors.Join(err, ctx.Err())
}

// Quiet returns when the machine is quiet, after limit, or at the end of ctx.
func Quiet(ctx context.Context, limit time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	look := time.NewTicker(time.Second)
	defer look.Stop()
	for Load() >= NoisyLoad && ctx.Err() == nil {
		select {
		case <-look.C:
		case <-ctx.Done():
		}
	}
}

// Quantile gives the value below which a part q of vs lies; NaN for none.
func Quantile(vs []float64, q float64) float64 {
	if len(vs) == 0 {
		return math.NaN()
	}
	s := slices.Clone(vs)
	slices.Sort(s)
	return s[min(len(s)-1, int(float64(len(s))*q))]
}

// Command network measures what bad networks do to a call: loss in bursts, one of two paths cut, a receiver whose rate is cut,
// datagrams blocked between nodes, one receiver who loses much. It runs the measurements that the tests of the packages hold, in
// virtual time, and prints one line for each figure: name, value, unit, target, and whether it holds. A line without a target is a
// control. It exits with 1 when a figure falls short or a measurement said nothing. make measure-network runs it.
package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
)

// packages hold tests named TestMeasureNetwork…, which print "measure NAME VALUE UNIT [<=TARGET | >=TARGET]".
var packages = []string{"./internal/link", "./internal/scenario"}

func main() {
	raw := flag.Bool("raw", false, "print what the tests say to standard error")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	var all tally
	for _, p := range packages {
		t, err := measure(ctx, p, *raw)
		if err != nil {
			fmt.Fprintf(os.Stderr, "measure-network: %s: %v\n", p, err)
			t.targets++ // what should have been measured and was not
		}
		all.held, all.targets = all.held+t.held, all.targets+t.targets
	}
	stop()
	fmt.Printf("measure-network: %d of %d hold\n", all.held, all.targets)
	if all.held != all.targets {
		os.Exit(1)
	}
}

// tally counts figures, those that have a target, and those that hold.
type tally struct{ figures, targets, held int }

// measure runs the measurements of one package and prints their figures.
func measure(ctx context.Context, p string, raw bool) (tally, error) {
	c := exec.CommandContext(ctx, "go", "test", p, "-run", "MeasureNetwork", "-count=1", "-v")
	c.Env = append(os.Environ(), "VISAVIS_MEASURE=1")
	out, err := c.CombinedOutput()
	if raw {
		fmt.Fprintf(os.Stderr, "%s", out)
	}
	t := figures(bytes.NewReader(out), os.Stdout)
	switch {
	case err != nil && !raw:
		return t, fmt.Errorf("%w:\n%s", err, out)
	case err != nil:
		return t, err
	case t.figures == 0:
		return t, errors.New("it printed no figure")
	}
	return t, nil
}

// figures reads measure lines and writes one line for each.
func figures(in io.Reader, out io.Writer) (t tally) {
	for s := bufio.NewScanner(in); s.Scan(); {
		_, line, found := strings.Cut(s.Text(), "measure ")
		f := strings.Fields(line)
		if !found || len(f) < 3 || len(f) > 4 {
			continue
		}
		v, err := strconv.ParseFloat(f[1], 64)
		if err != nil {
			continue
		}
		t.figures++
		if len(f) == 3 {
			fmt.Fprintf(out, "%-40s %10s %-4s control\n", f[0], f[1], f[2])
			continue
		}
		t.targets++
		verdict := "short"
		if within(v, f[3]) {
			verdict = "holds"
			t.held++
		}
		fmt.Fprintf(out, "%-40s %10s %-4s %-8s %s\n", f[0], f[1], f[2], f[3], verdict)
	}
	return t
}

// within says whether v keeps a target, "<=0.5" or ">=4"; never with one that cannot be read.
func within(v float64, target string) bool {
	if t, err := strconv.ParseFloat(strings.TrimPrefix(target, "<="), 64); err == nil {
		return v <= t
	}
	t, err := strconv.ParseFloat(strings.TrimPrefix(target, ">="), 64)
	return err == nil && v >= t
}

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
	ok := true
	for _, p := range packages {
		good, err := measure(ctx, p, *raw)
		if err != nil {
			fmt.Fprintf(os.Stderr, "measure-network: %s: %v\n", p, err)
		}
		ok = ok && good && err == nil
	}
	stop()
	if !ok {
		os.Exit(1)
	}
}

// measure runs the measurements of one package and prints their figures.
func measure(ctx context.Context, p string, raw bool) (bool, error) {
	c := exec.CommandContext(ctx, "go", "test", p, "-run", "MeasureNetwork", "-count=1", "-v")
	c.Env = append(os.Environ(), "VISAVIS_MEASURE=1")
	out, err := c.CombinedOutput()
	if raw {
		fmt.Fprintf(os.Stderr, "%s", out)
	}
	n, ok := figures(bytes.NewReader(out), os.Stdout)
	switch {
	case err != nil && !raw:
		return false, fmt.Errorf("%w:\n%s", err, out)
	case err != nil:
		return false, err
	case n == 0:
		return false, errors.New("it printed no figure")
	}
	return ok, nil
}

// figures reads measure lines and writes one line for each: how many there were, and whether all hold.
func figures(in io.Reader, out io.Writer) (n int, ok bool) {
	ok = true
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
		n++
		if len(f) == 3 {
			fmt.Fprintf(out, "%-40s %10s %-4s control\n", f[0], f[1], f[2])
			continue
		}
		verdict := "holds"
		if !within(v, f[3]) {
			verdict, ok = "short", false
		}
		fmt.Fprintf(out, "%-40s %10s %-4s %-8s %s\n", f[0], f[1], f[2], f[3], verdict)
	}
	return n, ok
}

// within says whether v keeps a target, "<=0.5" or ">=4"; never with one that cannot be read.
func within(v float64, target string) bool {
	if t, err := strconv.ParseFloat(strings.TrimPrefix(target, "<="), 64); err == nil {
		return v <= t
	}
	t, err := strconv.ParseFloat(strings.TrimPrefix(target, ">="), 64)
	return err == nil && v >= t
}

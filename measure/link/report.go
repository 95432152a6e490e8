package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// noisyLoad is the load average a core above which, before the start, no figure is to be trusted.
const noisyLoad = 0.5

// report prints one line for each figure and counts those with a target.
type report struct {
	w           io.Writer
	noisy       bool
	held, total int
	skipped     int
}

func newReport(w io.Writer) *report {
	r := &report{w: w, noisy: load() >= noisyLoad}
	fmt.Fprintf(w, "# name value unit target verdict, load average a core; %d cores, load before the start %.2f\n", runtime.NumCPU(), load())
	return r
}

// load is the load average of the last minute for each core.
func load() float64 {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return math.NaN()
	}
	v, err := strconv.ParseFloat(strings.Fields(string(b))[0], 64)
	if err != nil {
		return math.NaN()
	}
	return v / float64(runtime.NumCPU())
}

func (r *report) line(name string, value float64, unit, target, verdict string) {
	mark := ""
	if r.noisy {
		mark = " noisy"
	}
	fmt.Fprintf(r.w, "%-28s %10s %-8s %-10s %-6s load %.2f%s\n", name, number(value), unit, target, verdict, load(), mark)
}

// atMost and atLeast are figures with a target; info is one without.
func (r *report) atMost(name string, value float64, unit string, target float64) {
	r.judge(name, value, unit, "<="+number(target), value <= target)
}

func (r *report) atLeast(name string, value float64, unit string, target float64) {
	r.judge(name, value, unit, ">="+number(target), value >= target)
}

func (r *report) info(name string, value float64, unit string) { r.line(name, value, unit, "-", "-") }

func (r *report) judge(name string, value float64, unit, target string, ok bool) {
	r.total++
	verdict := "short"
	if ok && !math.IsNaN(value) {
		verdict = "holds"
		r.held++
	}
	r.line(name, value, unit, target, verdict)
}

// failed is a group of figures that could not be had: short, unless the machine does not allow them.
func (r *report) failed(name string, err error) {
	if errors.Is(err, errSkipped) {
		r.skipped++
		fmt.Fprintf(r.w, "%-28s %v\n", name, err)
		return
	}
	r.total++
	fmt.Fprintf(r.w, "%-28s %10s %-8s %-10s %-6s load %.2f: %v\n", name, "-", "-", "-", "short", load(), err)
}

// end prints the last line and says whether everything held.
func (r *report) end() bool {
	if r.skipped > 0 {
		fmt.Fprintf(r.w, "%d groups SKIPPED\n", r.skipped)
	}
	fmt.Fprintf(r.w, "measure-link: %d of %d hold\n", r.held, r.total)
	return r.held == r.total && r.total > 0
}

func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// round keeps as many digits as mean something.
func round(v float64, digits int) float64 {
	p := math.Pow10(digits)
	return math.Round(v*p) / p
}

// quantile gives the value below which a part q of vs lies; NaN for none.
func quantile(vs []float64, q float64) float64 {
	if len(vs) == 0 {
		return math.NaN()
	}
	s := slices.Clone(vs)
	slices.Sort(s)
	return s[min(len(s)-1, int(float64(len(s))*q))]
}

// dump prints single values for whoever looks for the reason of a figure.
func (o options) dump(what string, vs ...[]float64) {
	if !o.raw {
		return
	}
	for _, v := range vs {
		fmt.Fprintf(os.Stderr, "raw %s: %.3f\n", what, v)
	}
}

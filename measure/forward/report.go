package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"strconv"
	"strings"
)

// noisyLoad is the load average a core above which, before the start, no figure is to be trusted.
const noisyLoad = 0.5

// report prints one line for each figure and counts those with a target.
type report struct {
	w           io.Writer
	held, total int
}

func newReport(w io.Writer) *report {
	fmt.Fprintf(w, "# name value unit target verdict; %d cores, GOMAXPROCS %d, load average a core %.2f\n", runtime.NumCPU(), runtime.GOMAXPROCS(0), load())
	if load() >= noisyLoad {
		fmt.Fprintln(w, "# noisy: other programs are at work on this machine")
	}
	return &report{w: w}
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
	fmt.Fprintf(r.w, "%-28s %8s %-6s %-7s %s\n", name, number(value), unit, target, verdict)
}

func (r *report) info(name string, value float64, unit string) { r.line(name, value, unit, "-", "-") }

func (r *report) atMost(name string, value float64, unit string, target float64) {
	r.judge(name, value, unit, "<="+number(target), value <= target)
}

func (r *report) atLeast(name string, value float64, unit string, target float64) {
	r.judge(name, value, unit, ">="+number(target), value >= target)
}

// judge: a figure that is no number is short.
func (r *report) judge(name string, value float64, unit, target string, ok bool) {
	r.total++
	verdict := "short"
	if ok {
		verdict = "holds"
		r.held++
	}
	r.line(name, value, unit, target, verdict)
}

// end prints the last line and says whether everything held.
func (r *report) end() bool {
	fmt.Fprintf(r.w, "measure-forward core: %d of %d hold\n", r.held, r.total)
	return r.held == r.total && r.total > 0
}

func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// round keeps as many digits as mean something.
func round(v float64, digits int) float64 {
	p := math.Pow10(digits)
	return math.Round(v*p) / p
}

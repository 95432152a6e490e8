package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// report prints one line for each figure, as all measures do (measure/README.md), and counts those with a target.
type report struct {
	w           io.Writer
	noisy       bool
	held, total int
}

func newReport(w io.Writer) *report {
	r := &report{w: w, noisy: load() >= 0.5}
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
	v := strconv.FormatFloat(math.Round(value*1000)/1000, 'f', -1, 64)
	fmt.Fprintf(r.w, "%-30s %10s %-8s %-10s %-6s load %.2f%s\n", name, v, unit, target, verdict, load(), mark)
}

// info is a figure without a target.
func (r *report) info(name string, value float64, unit string) { r.line(name, value, unit, "-", "-") }

func (r *report) atMost(name string, value float64, unit string, target float64) {
	r.judge(name, value, unit, "<="+strconv.FormatFloat(math.Round(target*100)/100, 'f', -1, 64), value <= target)
}

func (r *report) atLeast(name string, value float64, unit string, target float64) {
	r.judge(name, value, unit, ">="+strconv.FormatFloat(target, 'f', -1, 64), value >= target)
}

func (r *report) judge(name string, value float64, unit, target string, ok bool) {
	r.total++
	verdict := "short"
	if ok && !math.IsNaN(value) && !math.IsInf(value, 0) {
		verdict = "holds"
		r.held++
	}
	r.line(name, value, unit, target, verdict)
}

// end prints the last line and says whether everything held.
func (r *report) end() bool {
	fmt.Fprintf(r.w, "measure-forward (b): %d of %d hold\n", r.held, r.total)
	return r.held == r.total && r.total > 0
}

func median(vs []float64) float64 {
	if len(vs) == 0 {
		return math.NaN()
	}
	s := slices.Clone(vs)
	slices.Sort(s)
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}

// Package figures prints what the programs under measure have found: one line for each figure, with its target, a verdict, and the load of
// the machine. Start with New. It knows nothing of what is measured.
package figures

import (
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"strconv"
	"strings"
)

// NoisyLoad is the load average a core above which, before the start, no figure is to be trusted: each line says so then.
const NoisyLoad = 0.5

// Report prints one line for each figure and counts those with a target. One goroutine.
type Report struct {
	w           io.Writer
	name        string
	noisy       bool
	held, total int
	skipped     int
}

// New begins a report of the program name, and looks at the load before anything is measured.
func New(w io.Writer, name string) *Report { return begin(w, name, Load()) }

func begin(w io.Writer, name string, load float64) *Report {
	fmt.Fprintf(w, "# name value unit target verdict, load average a core; %d cores, GOMAXPROCS %d, load before the start %.2f\n", runtime.NumCPU(), runtime.GOMAXPROCS(0), load)
	return &Report{w: w, name: name, noisy: !(load < NoisyLoad)}
}

// Load is the load average of the last minute for each core; NaN where there is none.
func Load() float64 {
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

// load is how each line of a figure ends.
func (r *Report) load() string {
	s := fmt.Sprintf("load %.2f", Load())
	if r.noisy {
		s += " noisy"
	}
	return s
}

func (r *Report) line(name string, value float64, unit, target, verdict string) {
	fmt.Fprintf(r.w, "%-30s %10s %-8s %-10s %-6s %s\n", name, number(value), unit, target, verdict, r.load())
}

// Info prints a figure without a target.
func (r *Report) Info(name string, value float64, unit string) { r.line(name, value, unit, "-", "-") }

// AtMost judges a figure that must not be above target.
func (r *Report) AtMost(name string, value float64, unit string, target float64) {
	r.judge(name, value, unit, "<="+number(target), value <= target)
}

// AtLeast judges a figure that must not be below target.
func (r *Report) AtLeast(name string, value float64, unit string, target float64) {
	r.judge(name, value, unit, ">="+number(target), value >= target)
}

// judge: a figure that is no number is short.
func (r *Report) judge(name string, value float64, unit, target string, ok bool) {
	r.total++
	verdict := "short"
	if ok && !math.IsNaN(value) && !math.IsInf(value, 0) {
		verdict = "holds"
		r.held++
	}
	r.line(name, value, unit, target, verdict)
}

// Failed says that a group of figures could not be had: it is short.
func (r *Report) Failed(name string, err error) {
	r.total++
	fmt.Fprintf(r.w, "%-30s %10s %-8s %-10s %-6s %s: %v\n", name, "-", "-", "-", "short", r.load(), err)
}

// Skipped says that this machine does not allow a group of figures; it counts neither way.
func (r *Report) Skipped(name string, err error) {
	r.skipped++
	fmt.Fprintf(r.w, "%-30s %v\n", name, err)
}

// End prints the last line and says whether everything held. A report without a figure does not.
func (r *Report) End() bool {
	if r.skipped > 0 {
		fmt.Fprintf(r.w, "%d groups SKIPPED\n", r.skipped)
	}
	fmt.Fprintf(r.w, "%s: %d of %d hold\n", r.name, r.held, r.total)
	return r.held == r.total && r.total > 0
}

// number keeps four digits after the point: no figure here means more.
func number(v float64) string { return strconv.FormatFloat(Round(v, 4), 'f', -1, 64) }

// Round keeps as many digits as mean something.
func Round(v float64, digits int) float64 {
	p := math.Pow10(digits)
	return math.Round(v*p) / p
}

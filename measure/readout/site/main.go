// Measure-readout-site prints what the public site promises: weight and requests of a page, cookies over a crawl, axe, contrast, dates, changed bytes,
// the embargo. measure/readout.sh builds and starts it.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"strconv"

	"visavis/measure/figures"
)

// seen is what pages.mjs found in Chromium.
type seen struct {
	Bytes, Requests, Scripts                 float64
	Addresses, Cookies, CookiesControl       float64
	Contrast                                 float64
	Dates, DatesDiffer                       float64
	Unchanged, Changes, Refused              float64
	Views, Axe, AxeControl, Sideways, Policy float64
}

func main() {
	inGo := flag.Int("changes", 10000, "single-byte changes refused by visavis")
	inBrowser := flag.Int("browser-changes", 1000, "of these, in Chromium")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	r := figures.New(os.Stdout, "measure-readout (site)")
	embargo(ctx, r)
	changes(ctx, r, *inGo)
	pages(ctx, r, *inBrowser)
	if !r.End() {
		os.Exit(1)
	}
}

// goTest runs one test and gives what it printed.
func goTest(ctx context.Context, pkg, run string, more ...string) ([]byte, error) {
	c := exec.CommandContext(ctx, "go", append([]string{"test", "-count=1", "-v", "-run", run, pkg}, more...)...)
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	err := c.Run()
	if err == nil && !bytes.Contains(out.Bytes(), []byte("--- PASS")) {
		err = errors.New("no test ran")
	}
	if err != nil {
		os.Stderr.Write(out.Bytes())
	}
	return out.Bytes(), err
}

var walked = regexp.MustCompile(`walked (\d+) of which (\d+) told`)

// embargo walks every route, language and method before the embargo ends, and without the guard as control: TestEmbargo says how many it asked.
func embargo(ctx context.Context, r *figures.Report) {
	out, err := goTest(ctx, "./internal/site", "^TestEmbargo$")
	m := walked.FindAllSubmatch(out, -1)
	if err != nil || len(m) != 2 {
		r.Failed("embargo", fmt.Errorf("%w, %d walks", err, len(m)))
		return
	}
	n := func(b []byte) float64 { v, _ := strconv.ParseFloat(string(b), 64); return v } // digits by the expression
	r.Info("embargo.requests", n(m[0][1]), "")
	r.AtLeast("embargo.obeyed", 100*(1-n(m[0][2])/n(m[0][1])), "%", 100)
	r.AtLeast("embargo.control", n(m[1][2]), "", 1)
}

func changes(ctx context.Context, r *figures.Report, n int) {
	if _, err := goTest(ctx, "./internal/readout", "TestSingleByte", "-changes", strconv.Itoa(n)); err != nil {
		r.Failed("changes.go", err)
		return
	}
	r.AtLeast("changes.go.refused", 100, "%", 100) // the test fails at the first that is taken
	r.Info("changes.go", float64(n), "")
}

func pages(ctx context.Context, r *figures.Report, rounds int) {
	c := exec.CommandContext(ctx, "node", "measure/readout/site/pages.mjs", strconv.Itoa(rounds))
	c.Stderr = os.Stderr
	b, err := c.Output()
	nan := math.NaN()
	s := seen{Bytes: nan, Requests: nan, Scripts: nan, Cookies: nan, CookiesControl: nan, Contrast: nan, DatesDiffer: nan, Axe: nan, AxeControl: nan, Sideways: nan, Policy: nan}
	if err == nil {
		err = json.Unmarshal(b, &s)
	}
	if err != nil {
		r.Failed("pages", err)
		return
	}
	r.AtMost("page.weight", s.Bytes/1000, "kB gz", 15)
	r.AtMost("page.requests", s.Requests, "", 2)
	r.AtMost("page.needs-script", s.Scripts, "of 6", 0)
	r.Info("crawl.addresses", s.Addresses, "")
	r.AtMost("crawl.cookies", s.Cookies, "", 0)
	r.AtLeast("crawl.control", s.CookiesControl, "", 1)
	r.AtLeast("contrast.least", s.Contrast, ":1", 4.5)
	r.Info("views", s.Views, "")
	r.AtMost("axe.violations", s.Axe, "", 0)
	r.AtLeast("axe.control", s.AxeControl, "", 1)
	r.AtMost("sideways.at-320", s.Sideways, "", 0)
	r.AtMost("policy.reports", s.Policy, "", 0)
	r.Info("dates", s.Dates, "")
	r.AtMost("dates.differ", s.DatesDiffer, "", 0)
	r.AtLeast("changes.chromium.refused", 100*s.Refused/s.Changes, "%", 100)
	r.AtLeast("changes.chromium.control", s.Unchanged, "", 1)
}

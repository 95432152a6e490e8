// Measure-readout-way goes the whole way in the demo by keyboard alone, from the end of a meeting to the text that is published on two sites and verified there, and
// prints what the browser test of it says. measure/readout.sh builds and starts it.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"syscall"
	"time"

	"visavis/measure/figures"
)

// longest is how long the way may take; the test ends sooner by itself.
const longest = 15 * time.Minute

// test goes the way; it needs VISAVIS_BIN, VISAVIS_DEMO and CHROMIUM.
const test = "web/e2e/readout-way.test.mjs"

// gone is what the test says of the way.
type gone struct {
	Done    float64 `json:"done"`    // 1: to the end
	Pointed float64 `json:"pointed"` // events that only a pointing device makes
	Control float64 `json:"control"` // such events when something is clicked on
	Sites   float64 `json:"sites"`   // where it was published and verified, in the browser and by the command
	Seconds float64 `json:"seconds"` // from the link to the draft, the embargo included
}

var said = regexp.MustCompile(`(?m)^ *# way\.keyboard (\{.*\})$`)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	r := figures.New(os.Stdout, "measure-readout (way)")
	measure(ctx, r)
	if !r.End() {
		os.Exit(1)
	}
}

// measure runs the test, and fails with it.
func measure(ctx context.Context, r *figures.Report) {
	c := exec.CommandContext(ctx, "node", "--test", "--test-reporter=tap", test)
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) } // so that it ends the demo
	c.WaitDelay = time.Minute
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, os.Stderr
	err := c.Run()
	m := said.FindSubmatch(out.Bytes())
	var g gone
	switch {
	case err != nil:
	case m == nil:
		err = fmt.Errorf("%s says no figure", test) // it was skipped
	default:
		err = json.Unmarshal(m[1], &g)
	}
	if err != nil {
		os.Stderr.Write(out.Bytes())
		r.Failed("way.keyboard", err)
		return
	}
	r.AtLeast("way.keyboard", g.Done, "", 1)
	r.AtMost("way.keyboard.pointed", g.Pointed, "", 0)
	r.AtLeast("way.keyboard.control", g.Control, "", 1)
	r.AtLeast("way.keyboard.sites", g.Sites, "", 2)
	r.Info("way.keyboard.time", g.Seconds, "s")
}

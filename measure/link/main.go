// Command link measures what the video link promises (docs/decisions, README): two browsers on two nodes, each in a network
// namespace of its own; the delay that two nodes add; cuts of the link; the loss of a node. One line for each figure, and an
// exit status that says whether all of them hold. make measure-link runs it; it is never part of make test.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"visavis/measure/figures"
)

// options say what to measure and with what.
type options struct {
	figures.Program
	chromium string
	joins    int
	cuts     int
	seconds  int
}

func main() {
	var o options
	o.Flags("cmd/visavis-demo/world/meeting.toml", "browser,join,cut,kill,delay,loss")
	flag.StringVar(&o.chromium, "chromium", "chromium-headless-shell", "the browser")
	flag.IntVar(&o.joins, "joins", 20, "joins to measure")
	flag.IntVar(&o.cuts, "cuts", 10, "cuts of the link to measure")
	flag.IntVar(&o.seconds, "seconds", 20, "seconds over which pictures are counted")
	pass := flag.String("relay", "", "be the control's relay: LISTEN,TO")
	flag.Parse()
	if listen, to, ok := strings.Cut(*pass, ","); ok {
		if err := relay(listen, to); err != nil {
			fmt.Fprintln(os.Stderr, "relay:", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(o.Run("measure-link", o.measure))
}

func (o *options) measure(ctx context.Context, dir string, r *figures.Report) error {
	if o.Wanted("browser", "join", "cut", "kill") {
		if err := measureBrowsers(ctx, *o, filepath.Join(dir, "browsers"), r); err != nil {
			failed(r, "browsers", err)
		}
	}
	if o.Wanted("delay") {
		if err := measureDelay(ctx, *o, filepath.Join(dir, "delay"), r); err != nil {
			failed(r, "delay", err)
		}
	}
	if o.Wanted("loss") {
		if err := measureLoss(ctx, r); err != nil {
			failed(r, "loss", err)
		}
	}
	return nil
}

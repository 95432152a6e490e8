// Command link measures what the video link promises (docs/decisions, README): two browsers on two nodes, each in a network
// namespace of its own; the delay that two nodes add; cuts of the link; the loss of a node. One line for each figure, and an
// exit status that says whether all of them hold. make measure-link runs it; it is never part of make test.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"visavis/measure/figures"
)

// options say what to measure and with what.
type options struct {
	visavis  string
	meeting  string
	chromium string
	only     string
	joins    int
	cuts     int
	seconds  int
	keep     string
	raw      bool
	quiet    time.Duration
}

func main() {
	var o options
	flag.StringVar(&o.visavis, "visavis", "bin/visavis", "the program")
	flag.StringVar(&o.meeting, "meeting", "cmd/visavis-demo/world/meeting.toml", "the meeting")
	flag.StringVar(&o.chromium, "chromium", "chromium-headless-shell", "the browser")
	flag.StringVar(&o.only, "only", "", "groups to measure, by comma: browser,join,cut,kill,delay,loss; empty: all")
	flag.IntVar(&o.joins, "joins", 20, "joins to measure")
	flag.IntVar(&o.cuts, "cuts", 10, "cuts of the link to measure")
	flag.IntVar(&o.seconds, "seconds", 20, "seconds over which pictures are counted")
	flag.StringVar(&o.keep, "keep", "", "keep nodes' directories and logs here")
	flag.BoolVar(&o.raw, "raw", false, "print single values to standard error")
	flag.DurationVar(&o.quiet, "quiet", 0, "wait at most this long for a quiet machine before the start")
	pass := flag.String("relay", "", "be the control's relay: LISTEN,TO")
	flag.Parse()
	if listen, to, ok := strings.Cut(*pass, ","); ok {
		if err := relay(listen, to); err != nil {
			fmt.Fprintln(os.Stderr, "relay:", err)
			os.Exit(1)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, 20*time.Minute+o.quiet) // whatever hangs, the namespaces are gone after this
	defer cancel()
	ok, err := run(ctx, o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "measure-link:", err)
	}
	if !ok || err != nil {
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) (bool, error) {
	dir := o.keep
	if dir == "" {
		d, err := os.MkdirTemp("", "visavis-measure-")
		if err != nil {
			return false, err
		}
		defer os.RemoveAll(d)
		dir = d
	}
	for _, p := range []*string{&o.visavis, &o.meeting, &dir} {
		abs, err := filepath.Abs(*p)
		if err != nil {
			return false, err
		}
		*p = abs
	}
	wanted := func(group string) bool { return o.only == "" || slices.Contains(strings.Split(o.only, ","), group) }
	for end := time.Now().Add(o.quiet); figures.Load() >= figures.NoisyLoad && time.Now().Before(end) && ctx.Err() == nil; {
		time.Sleep(time.Second)
	}
	r := figures.New(os.Stdout, "measure-link")
	if wanted("browser") || wanted("join") || wanted("cut") || wanted("kill") {
		if err := measureBrowsers(ctx, o, filepath.Join(dir, "browsers"), r, wanted); err != nil {
			failed(r, "browsers", err)
		}
	}
	if wanted("delay") {
		if err := measureDelay(ctx, o, filepath.Join(dir, "delay"), r); err != nil {
			failed(r, "delay", err)
		}
	}
	if wanted("loss") {
		if err := measureLoss(ctx, r); err != nil {
			failed(r, "loss", err)
		}
	}
	return r.End(), ctx.Err()
}

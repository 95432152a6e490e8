// Command whole is part (b) of make measure-forward: a whole node from outside, beside a plain pion/webrtc forwarder, each a process of its
// own, in turns in one run: processor time per delivered packet, delay, memory. One line for each figure, and an exit status that says
// whether all of them hold.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"visavis/internal/bench"
	"visavis/measure/figures"
)

type options struct {
	visavis, plain string
	against        string
	rounds         int
	each, memory   time.Duration
	counts         []int
	raw            bool
	quiet          time.Duration
}

func largest(ns []int) int { return slices.Max(ns) }

func main() {
	o := options{counts: []int{50, 100}}
	flag.StringVar(&o.visavis, "visavis", "bin/visavis", "the node")
	flag.StringVar(&o.plain, "plain", "bin/measure-plain", "the plain forwarder")
	flag.StringVar(&o.against, "against", "", "another build of the node, to be compared in place of the plain forwarder")
	flag.IntVar(&o.rounds, "rounds", 7, "rounds for each number of receivers")
	flag.DurationVar(&o.each, "each", 6*time.Second, "how long one server is counted in a round")
	flag.DurationVar(&o.memory, "memory", 60*time.Second, "how long receivers stream before memory is read; 0: not at all")
	flag.Func("receivers", "numbers of receivers, in place of 50,100", func(v string) error {
		o.counts = nil
		for _, n := range strings.Split(v, ",") {
			k, err := strconv.Atoi(n)
			if err != nil || k < 1 || k > bench.MaxReceivers {
				return fmt.Errorf("%q is not from 1 to %d", n, bench.MaxReceivers)
			}
			o.counts = append(o.counts, k)
		}
		return nil
	})
	flag.BoolVar(&o.raw, "raw", false, "print the figures of each round to standard error")
	flag.DurationVar(&o.quiet, "quiet", 0, "wait at most this long for a quiet machine before the start")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, 30*time.Minute+o.quiet)
	defer cancel()
	figures.Quiet(ctx, o.quiet)
	r := figures.New(os.Stdout, "measure-forward (b)")
	err := run(ctx, o, r)
	if err != nil {
		fmt.Fprintln(os.Stderr, "measure-forward:", err)
	}
	if !r.End() || err != nil {
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, o options, r *figures.Report) error {
	dir, err := os.MkdirTemp("", "visavis-measure-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := measureCost(ctx, o, dir, r); err != nil {
		return fmt.Errorf("cost: %w", err)
	}
	if err := measureCrowd(ctx, o, dir, r); err != nil {
		return fmt.Errorf("crowd: %w", err)
	}
	if o.memory == 0 {
		return nil
	}
	if err := measureMemory(ctx, o, dir, r); err != nil {
		return fmt.Errorf("memory: %w", err)
	}
	return nil
}

// measured is what the rounds of one server at one number of receivers showed.
type measured struct{ cost, p50, p99, loss, cores, tool []float64 }

func (m *measured) add(f bench.Figures) {
	m.cost = append(m.cost, f.PerPacket)
	m.p50 = append(m.p50, f.DelayP50/1e3)
	m.p99 = append(m.p99, f.DelayP99/1e3)
	m.loss = append(m.loss, max(f.Loss[0], f.Loss[1]))
	m.cores = append(m.cores, f.Cores)
	m.tool = append(m.tool, f.ToolCores)
}

// measureCost starts both servers and gives them the load in turns.
func measureCost(ctx context.Context, o options, dir string, r *figures.Report) error {
	node, err := startNode(ctx, o, filepath.Join(dir, "cost"))
	if err != nil {
		return err
	}
	defer node.stop()
	plain, err := startOther(ctx, o, dir)
	if err != nil {
		return err
	}
	defer plain.stop()
	var loads [2]*bench.Load
	for i, s := range []*server{node, plain} {
		l, err := bench.NewLoad(ctx, s.target)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		defer l.Close()
		loads[i] = l
	}
	for _, n := range o.counts {
		floor, err := sendmmsg()
		if err != nil {
			return err
		}
		var got [2]measured
		for round := range o.rounds {
			for i, l := range loads {
				f, err := turn(ctx, l, n, o.each)
				if err != nil {
					return err
				}
				got[i].add(f)
				if o.raw {
					fmt.Fprintf(os.Stderr, "raw round %d server %d: %+v\n", round, i, struct {
						CPU, P50, P99 float64
						Loss          any
					}{f.PerPacket, f.DelayP50, f.DelayP99, f.Loss})
				}
			}
		}
		judge(r, n, got[0], got[1], float64(floor)/1e3)
	}
	return nil
}

// turn loads one server for a while; the other one is idle.
func turn(ctx context.Context, l *bench.Load, n int, d time.Duration) (bench.Figures, error) {
	l.Send(true)
	defer l.Send(false)
	if got := l.Join(ctx, n); got != n {
		f, _ := l.Measure(ctx, time.Millisecond)
		return f, fmt.Errorf("%d of %d receivers joined: %v", got, n, f.Reasons)
	}
	if err := pause(ctx, time.Second); err != nil { // keyframes, estimates
		return bench.Figures{}, err
	}
	return l.Measure(ctx, d)
}

func judge(r *figures.Report, n int, node, plain measured, floor float64) {
	name := func(s string) string { return fmt.Sprintf("whole.%d.%s", n, s) }
	r.Info(name("sendmmsg"), floor, "us")
	r.Info(name("plain.cpu"), median(plain.cost), "us")
	r.Info(name("node.cpu"), median(node.cost), "us")
	r.Info(name("node.cpu.goal"), 4, "us")
	r.AtLeast(name("cheaper"), median(plain.cost)/median(node.cost), "times", 4)
	r.Info(name("plain.delay.p50"), median(plain.p50), "ms")
	r.Info(name("node.delay.p50"), median(node.p50), "ms")
	r.Info(name("plain.delay.p99"), median(plain.p99), "ms")
	if n >= 100 {
		r.AtMost(name("node.delay.p99"), median(node.p99), "ms", min(3, median(plain.p99)/4))
	} else {
		r.Info(name("node.delay.p99"), median(node.p99), "ms")
	}
	r.Info(name("plain.loss"), slices.Max(plain.loss), "%")
	r.AtMost(name("node.loss"), slices.Max(node.loss), "%", 0)
	r.Info(name("tool"), median(node.tool), "cores")
}

// measureCrowd has a hundred receivers join a fresh node at once, five times, and looks at what twenty who are there hear meanwhile, and before.
func measureCrowd(ctx context.Context, o options, dir string, r *figures.Report) error {
	const sitting, crowd, times = 20, 100, 5
	o.counts = []int{sitting + crowd}
	var alone, gaps []float64
	for i := range times {
		node, err := startNode(ctx, o, filepath.Join(dir, fmt.Sprint("crowd", i)))
		if err != nil {
			return err
		}
		before, gap, err := crowdAt(ctx, node, sitting, crowd)
		node.stop()
		if err != nil {
			return err
		}
		alone, gaps = append(alone, before), append(gaps, gap)
	}
	r.AtMost("whole.crowd.gap", median(gaps), "ms", 40)
	r.Info("whole.crowd.gap.worst", slices.Max(gaps), "ms")
	r.Info("whole.crowd.gap.alone", median(alone), "ms")
	return nil
}

// crowdAt gives the longest times without sound in a second in which nobody comes, and while the crowd does, ms.
func crowdAt(ctx context.Context, s *server, sitting, crowd int) (alone, gap float64, err error) {
	l, err := bench.NewLoad(ctx, s.target)
	if err != nil {
		return 0, 0, err
	}
	defer l.Close()
	l.Send(true)
	l.Join(ctx, sitting)
	if err := pause(ctx, time.Second); err != nil {
		return 0, 0, err
	}
	a, _, err := l.Crowd(ctx, 0)
	if err != nil {
		return 0, 0, err
	}
	g, all, err := l.Crowd(ctx, crowd)
	if err == nil && all != sitting+crowd {
		err = fmt.Errorf("%d of %d receivers are there", all, sitting+crowd)
	}
	return a.Seconds() * 1000, g.Seconds() * 1000, err
}

// measureMemory reads resident memory of fresh servers with 20 and with the most receivers, each after o.memory of streaming.
func measureMemory(ctx context.Context, o options, dir string, r *figures.Report) error {
	const first = 20
	per := func(s *server) (float64, error) {
		defer s.stop()
		f, err := bench.Run(ctx, bench.Plan{Target: s.target, Receivers: largest(o.counts), First: first, Settle: o.memory, Time: time.Second})
		return f.PerReceiver / 1e3, err
	}
	node, err := startNode(ctx, o, filepath.Join(dir, "memory"))
	if err != nil {
		return err
	}
	v, err := per(node)
	if err != nil {
		return fmt.Errorf("node: %w", err)
	}
	r.AtMost("whole.memory.node", v, "kB", 120)
	plain, err := startPlain(o, dir)
	if err != nil {
		return err
	}
	w, err := per(plain)
	if err != nil {
		return fmt.Errorf("plain: %w", err)
	}
	r.Info("whole.memory.plain", w, "kB")
	return nil
}

// pause waits unless ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Command visavis-demo shows Visavis on one machine: two node processes on loopback, paired with each other, a meeting of an
// invented world, simulated delegations in every seat, and a link for each seat. A person who opens a link takes that seat;
// the simulated member steps aside and comes back when the person has left. Ctrl-C ends all of it.
//
// It refuses any address but loopback: its pages come over plain HTTP, which browsers trust on localhost alone.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
)

type options struct {
	Visavis  string        `help:"The visavis program; by default the one beside this." type:"path"`
	Dir      string        `help:"Where the nodes keep their data; must be empty or not there. By default a temporary directory that is removed at the end." type:"path"`
	Links    string        `help:"Write the links to this file as JSON, once everything is up." type:"path"`
	For      time.Duration `help:"End by itself after this time; 0: never."`
	Address  string        `help:"Loopback address to listen on." default:"127.0.0.1"`
	Port     int           `help:"TCP port of the first node's pages; the second node has the next one. Where they are taken, free ones are used." default:"7443"`
	Informal bool          `help:"A meeting without officers: no phases, no floor, no press; everybody speaks at any time."`
	Embargo  time.Duration `help:"For how long the simulated officer proposes to keep a readout back that has no embargo, from its counter-proposal on." default:"3m"`
	Simulate string        `help:"Seats with a simulated member: all, none, or a list like avelmar-principal,tolmeria-delegate-2." default:"all"`
}

func main() {
	runtime.LockOSThread() // child processes are to die with us: the kernel ties that to the thread that starts them
	var o options
	kong.Parse(&o, kong.Name("visavis-demo"), kong.Description("Two nodes, a meeting and simulated delegations on this machine."))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o, os.Stdout); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "visavis-demo:", err)
		os.Exit(1)
	}
}

// run starts everything, waits for the end of ctx or for the first process that dies, and ends everything.
func run(ctx context.Context, o options, out io.Writer) (err error) {
	addr, err := loopback(o.Address)
	if err != nil {
		return err
	}
	simulated, err := parseSimulate(o.Simulate, !o.Informal)
	if err != nil {
		return err
	}
	if o.Visavis == "" {
		if o.Visavis, err = beside(); err != nil {
			return err
		}
	}
	dir, cleanup, err := workDir(o.Dir)
	if err != nil {
		return err
	}
	defer cleanup()
	if o.For > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.For)
		defer cancel()
	}
	d := &demo{visavis: o.Visavis, dir: dir, addr: addr, out: out, formal: !o.Informal, embargo: o.Embargo}
	defer d.stop()
	if err := d.start(ctx, o.Port); err != nil {
		return err
	}
	seats, err := d.seats(ctx, simulated)
	if err != nil {
		return err
	}
	play, err := simulate(ctx, d, seats, simulated)
	if err != nil {
		return err
	}
	defer play.wait()
	in, err := d.standsIn(seats, play.drafts)
	if err != nil {
		return err
	}
	defer in.stop()
	archive := make(chan error, 1)
	go func() { archive <- d.lastYear(ctx, play.desks) }()
	play.settle(ctx)
	if err := <-archive; err != nil && ctx.Err() == nil {
		return err
	}
	close(play.archived)
	printSeats(out, seats, simulated, d)
	if o.Links != "" {
		if err := d.writeLinks(o.Links, seats); err != nil {
			return err
		}
	}
	select {
	case <-ctx.Done():
		return nil // Ctrl-C, or the time given by --for is over
	case dead := <-d.died:
		play.stop()
		return fmt.Errorf("%s ended by itself: %w; the end of its log:\n%s", dead.name, dead.err, dead.tail)
	}
}

// loopback admits an address that no other machine can reach, and nothing else.
func loopback(s string) (netip.Addr, error) {
	a, err := netip.ParseAddr(s)
	if err != nil {
		return a, fmt.Errorf("--address: %w", err)
	}
	if !a.Unmap().IsLoopback() {
		return a, fmt.Errorf("--address %s: the demo listens on loopback alone (127.0.0.1); docs/operate.md says how to run real nodes", a)
	}
	return a.Unmap(), nil
}

// beside finds the visavis program in our own directory.
func beside() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	p := filepath.Join(filepath.Dir(self), "visavis")
	if _, err := os.Stat(p); err != nil {
		return "", fmt.Errorf("no visavis program beside this one (%s): run make build, or give --visavis", p)
	}
	return p, nil
}

func workDir(dir string) (string, func(), error) {
	if dir == "" {
		d, err := os.MkdirTemp("", "visavis-demo-")
		return d, func() { _ = os.RemoveAll(d) }, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", nil, err
	}
	es, err := os.ReadDir(dir)
	if err == nil && len(es) > 0 {
		err = fmt.Errorf("--dir %s is not empty: the demo starts from nothing", dir)
	}
	return dir, func() {}, err
}

// Visavis is one party's node and the commands that set it up: flags, messages and exit codes for people. What they do is in package node.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1 // the command could not be done; standard error says why
	exitUsage  = 2 // the command was not understood
)

// cli is the command line.
type cli struct {
	Serve    serveCmd    `cmd:"" help:"Run the node until it is stopped."`
	Site     siteCmd     `cmd:"" help:"Serve the public site from a public store, until it is stopped. A process of its own, which only reads."`
	Init     initCmd     `cmd:"" help:"Make a node's directory: keys, party document, settings."`
	Pair     pairCmd     `cmd:"" help:"Get to trust another party: offer, compare, accept."`
	Distrust distrustCmd `cmd:"" help:"Trust another party no longer: its link closes within a second."`
	Document documentCmd `cmd:"" help:"Show or renew our party document, or take a newer one of another party."`
	Meeting  meetingCmd  `cmd:"" help:"Arrange meetings."`
	Account  accountCmd  `cmd:"" help:"Officers and technicians, who sign in with passkeys."`
	Invite   inviteCmd   `cmd:"" help:"Make invitation links, one per member of our party. Earlier links and sessions of the same members end."`
	Log      logCmd      `cmd:"" help:"Read what the node has written down."`
	Backup   backupCmd   `cmd:"" help:"Copy settings, keys and data into a new directory, also while the node runs."`
	Restore  restoreCmd  `cmd:"" help:"Put a backup in place on a machine that has none."`
	Import   importCmd   `cmd:"" help:"Take over texts of a party's archive."`
	Record   recordCmd   `cmd:"" help:"What remains of a meeting on this node."`
	Verify   verifyCmd   `cmd:"" help:"Check what parties publish or export: says exactly what does not fit."`
	Sign     signCmd     `cmd:"" help:"Sign a readout with a key that is kept offline. Needs no node."`
	Bench    benchCmd    `cmd:"" help:"Load a WebRTC server of your own over WHIP and WHEP, and say what it costs and delays."`
	Version  versionCmd  `cmd:"" help:"Say which version this is."`
}

// console is where a command speaks and listens.
type console struct {
	ctx context.Context
	in  io.Reader
	out io.Writer // results
	err io.Writer // what goes wrong, and logs
}

func (c console) printf(format string, args ...any) { fmt.Fprintf(c.out, format, args...) }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(console{ctx, os.Stdin, os.Stdout, os.Stderr}, os.Args[1:])
	stop()
	os.Exit(code)
}

// exited carries the code with which kong wants to end (after --help) out of it.
type exited int

// run does one command and returns its exit code.
func run(c console, args []string) (code int) {
	defer func() {
		if r := recover(); r != nil {
			e, ok := r.(exited)
			if !ok {
				panic(r)
			}
			code = int(e)
		}
	}()
	var app cli
	parser, err := kong.New(&app, kong.Name("visavis"), kong.Description("One party's node for meetings between parties, face to face."),
		kong.UsageOnError(), kong.Writers(c.out, c.err), kong.Exit(func(code int) { panic(exited(code)) }), kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	if err != nil {
		panic(err) // our own struct tags are wrong
	}
	ctx, err := parser.Parse(args)
	if err != nil {
		var p *kong.ParseError
		if errors.As(err, &p) {
			_ = p.Context.PrintUsage(true)
		}
		fmt.Fprintf(c.err, "visavis: %v\n", err)
		return exitUsage
	}
	if err := ctx.Run(c); err != nil {
		fmt.Fprintf(c.err, "visavis: %v\n", err)
		return exitFailed
	}
	return exitOK
}

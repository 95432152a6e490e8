package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"visavis/internal/bench"
)

// benchCmd loads a server over WHIP and WHEP.
type benchCmd struct {
	Publish      string        `required:"" placeholder:"URL" help:"WHIP address to publish at."`
	Play         string        `required:"" placeholder:"URL" help:"WHEP address to play from."`
	PublishToken string        `name:"publish-token-file" placeholder:"FILE" type:"existingfile" help:"File with the bearer token for publishing, or what 'visavis invite --whip' printed."`
	PlayToken    string        `name:"play-token-file" placeholder:"FILE" type:"existingfile" help:"File with the bearer token for playing, or what 'visavis invite --whep --count N' printed: one line for each receiver."`
	Receivers    int           `default:"50" help:"How many receivers, at most 1000."`
	First        int           `help:"How many of them before memory is read for the first time; a fifth if not given."`
	For          time.Duration `default:"20s" help:"How long to count, at most 10m."`
	Settle       time.Duration `default:"5s" help:"How long to wait before each reading."`
	PID          int           `name:"pid" help:"Process id of the server on this machine: its processor time and memory are read."`
	JSON         bool          `name:"json" help:"Print one JSON object in place of the table."`
	Own          bool          `name:"i-own-this-server" help:"Load a server on another machine. Only ever one of your own."`
}

// Run prints the figures; exit code 1 when nobody could join.
func (b benchCmd) Run(c console) error {
	publish, err := tokensOf(b.PublishToken)
	if err != nil {
		return err
	}
	play, err := tokensOf(b.PlayToken)
	if err != nil {
		return err
	}
	target := bench.Target{Publish: bench.Door{URL: b.Publish}, Play: bench.Door{URL: b.Play}, Tokens: play, Foreign: b.Own, PID: b.PID}
	if len(publish) > 0 {
		target.Publish.Token = publish[0]
	}
	f, err := bench.Run(c.ctx, bench.Plan{
		Target:    target,
		Receivers: b.Receivers, First: b.First, Settle: b.Settle, Time: b.For,
		Progress: func(s string) { fmt.Fprintln(c.err, s) },
	})
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	if !b.JSON {
		f.Print(c.out)
		return nil
	}
	e := json.NewEncoder(c.out)
	e.SetIndent("", "  ")
	return e.Encode(f)
}

// tokensOf reads a file of tokens: tokens on the command line could be read by everybody on the machine. The last column of a line is the token.
func tokensOf(file string) ([]string, error) {
	if file == "" {
		return nil, nil
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("tokens: %w", err)
	}
	var out []string
	for l := range strings.Lines(string(b)) {
		if f := strings.Fields(l); len(f) > 0 {
			out = append(out, f[len(f)-1])
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("tokens: %s holds none", file)
	}
	return out, nil
}

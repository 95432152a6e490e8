package main

import (
	"context"
	"embed"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
)

//go:embed world/meeting.toml world/*.png
var world embed.FS

// meetingID is that of world/meeting.toml.
const meetingID = "avelmar-tolmeria-2026"

// demo is two nodes and what belongs to them.
type demo struct {
	visavis string
	dir     string
	addr    netip.Addr
	out     io.Writer
	ports   map[string]ports
	nodes   []*process
	cancel  context.CancelFunc // of the watchers
	died    chan death
}

// ports are those of one node.
type ports struct{ web, link, udp int }

func parties() []string { return []string{"avelmar", "tolmeria"} }

func (d *demo) config(party string) string { return filepath.Join(d.dir, party, "visavis.toml") }

// start makes both nodes, pairs them, loads the meeting and runs them.
func (d *demo) start(ctx context.Context, first int) error {
	d.died = make(chan death, 1)
	d.ports = map[string]ports{}
	for i, party := range parties() {
		var p ports
		var err error
		if p.web, err = d.freePort(first+i, false); err != nil {
			return err
		}
		if p.link, err = d.freePort(first+10+i, false); err != nil {
			return err
		}
		if p.udp, err = d.freePort(first+i, true); err != nil {
			return err
		}
		d.ports[party] = p
	}
	for _, party := range parties() {
		if err := d.initNode(ctx, party); err != nil {
			return err
		}
	}
	if err := d.pair(ctx); err != nil {
		return err
	}
	if err := d.meeting(ctx); err != nil {
		return err
	}
	watch, cancel := context.WithCancel(ctx)
	d.cancel = cancel
	for _, party := range parties() {
		p, err := d.startNode(party)
		if err != nil {
			return err
		}
		d.nodes = append(d.nodes, p)
		if err := d.awaitUp(ctx, p, d.hosts(party)[0]); err != nil {
			return err
		}
		go d.watch(watch, p)
	}
	return nil
}

// stop ends both nodes.
func (d *demo) stop() {
	if d.cancel != nil {
		d.cancel()
	}
	for _, p := range d.nodes {
		p.end()
	}
}

// hosts are the names under which a node answers: one for each seat.
func (d *demo) hosts(party string) []string {
	var out []string
	for _, s := range table() {
		if s.party == party {
			out = append(out, s.host(d.ports[party].web))
		}
	}
	return out
}

// meeting writes the meeting of the demo world to disk and loads it into both nodes.
func (d *demo) meeting(ctx context.Context) error {
	dir := filepath.Join(d.dir, "world")
	if err := os.CopyFS(dir, world); err != nil {
		return err
	}
	for _, party := range parties() {
		if _, err := d.command(ctx, "meeting", "new", "--config", d.config(party), filepath.Join(dir, "world", "meeting.toml")); err != nil {
			return err
		}
	}
	return nil
}

// seats makes two invitations for each seat: one for a person, one for the simulated member.
func (d *demo) seats(ctx context.Context) ([]seat, error) {
	out := table()
	for _, party := range parties() {
		own, err := d.invite(ctx, party)
		if err != nil {
			return nil, err
		}
		persons, err := d.invite(ctx, party)
		if err != nil {
			return nil, err
		}
		for i := range out {
			if s := &out[i]; s.party == party {
				base := "http://" + s.host(d.ports[party].web) + "/join#"
				s.own, s.link = base+own[s.member], base+persons[s.member]
			}
		}
	}
	return out, nil
}

// invite makes an invitation of every member of a party and gives their codes by member. The links that the command prints
// have the node's first host; each seat has its own.
func (d *demo) invite(ctx context.Context, party string) (map[string]string, error) {
	// --keep: a seat has two links open. A day is longer than any demo.
	out, err := d.command(ctx, "invite", "--config", d.config(party), "--keep", "--valid", "24h", "--all", meetingID)
	if err != nil {
		return nil, err
	}
	codes := map[string]string{}
	for _, l := range strings.Split(out, "\n") {
		member, link, _ := strings.Cut(l, "\t")
		_, code, found := strings.Cut(strings.TrimSpace(link), "#")
		if !found {
			return nil, fmt.Errorf("visavis invite printed no link: %q", l)
		}
		codes[member] = code
	}
	return codes, nil
}

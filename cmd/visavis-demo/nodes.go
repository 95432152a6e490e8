package main

import (
	"context"
	"embed"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"visavis/internal/softkey"
)

//go:embed world/*.toml world/*.png world/*.json world/privacy/*.md
var world embed.FS

// meetingID is that of both meeting files.
const meetingID = "avelmar-tolmeria-2026"

// demo is two nodes, two public sites and what belongs to them.
type demo struct {
	visavis string
	dir     string
	addr    netip.Addr
	out     io.Writer
	formal  bool // the meeting has officers, hence phases, floor and keys
	ports   map[string]ports
	embargo time.Duration // that the simulated officer proposes

	passkeys map[string]*softkey.Authenticator // of simulated officers and technicians, by seat
	running  []*process                        // nodes and sites
	cancel   context.CancelFunc                // of the watchers
	died     chan death
}

// ports are those of one node and of its party's public site.
type ports struct{ web, link, udp, site int }

func parties() []string { return []string{"avelmar", "tolmeria"} }

func (d *demo) config(party string) string { return filepath.Join(d.dir, party, "visavis.toml") }

// start makes both nodes, pairs them, loads the meeting and runs them.
func (d *demo) start(ctx context.Context, first int) error {
	d.died = make(chan death, 1)
	d.ports = map[string]ports{}
	near := func(n int) int {
		if first == 0 { // any: not 1 and 10
			return 0
		}
		return first + n
	}
	for i, party := range parties() {
		var p ports
		var err error
		if p.web, err = d.freePort(near(i), false); err != nil {
			return err
		}
		if p.link, err = d.freePort(near(10+i), false); err != nil {
			return err
		}
		if p.udp, err = d.freePort(near(i), true); err != nil {
			return err
		}
		if p.site, err = d.freePort(near(20+i), false); err != nil {
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
		if err == nil {
			err = d.up(ctx, watch, p, "http://"+d.hosts(party)[0]+"/healthz")
		}
		if err == nil && d.formal {
			err = d.startSite(ctx, watch, party)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// up waits until a process that was started answers, and has it watched.
func (d *demo) up(ctx, watch context.Context, p *process, url string) error {
	d.running = append(d.running, p)
	if err := d.awaitUp(ctx, p, url); err != nil {
		return err
	}
	go d.watch(watch, p)
	return nil
}

// stop ends nodes and sites.
func (d *demo) stop() {
	if d.cancel != nil {
		d.cancel()
	}
	for _, p := range d.running {
		p.end()
	}
}

// hosts are the names under which a node answers: one for each seat.
func (d *demo) hosts(party string) []string {
	var out []string
	for _, s := range table(d.formal) {
		if s.party == party {
			out = append(out, s.host(d.ports[party].web))
		}
	}
	return out
}

// meeting writes the meeting of the demo world to disk and loads it into both nodes.
func (d *demo) meeting(ctx context.Context) error {
	dir, file := filepath.Join(d.dir, "world"), "meeting.toml"
	if d.formal {
		file = "formal.toml"
	}
	if err := os.CopyFS(dir, world); err != nil {
		return err
	}
	for _, party := range parties() {
		if _, err := d.command(ctx, "meeting", "new", "--config", d.config(party), filepath.Join(dir, "world", file)); err != nil {
			return err
		}
	}
	return nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"visavis/test/netns"
	"visavis/test/world"
)

// rig is four namespaces: a browser, its node, the other node, its browser. Each browser's only wire goes to its own node,
// with a default route there, so that whatever it sends elsewhere leaves as a packet and is counted.
//
//	ba ── 10.77.1.0/30 ── na ── 10.77.0.0/30 ── nb ── 10.77.2.0/30 ── bb
type rig struct {
	net   *netns.Net
	nodes [2]*world.Node
	wire  string // interface of the link in na
	drv   *driver
}

var sides = [2]struct{ party, browser, node, member string }{
	{"avelmar", "ba", "na", "avelmar-tarroven"},
	{"tolmeria", "bb", "nb", "tolmeria-kosvane"},
}

// meetingID is that of the demo world's meeting file.
const meetingID = "avelmar-tolmeria-2026"

// errSkipped is a group that this machine cannot measure.
var errSkipped = errors.New("SKIPPED")

// tones are what the two microphones say, Hz.
var tones = [2]int{500, 1100}

func newRig(ctx context.Context, o options, dir string) (r *rig, err error) {
	if err := netns.Available(); err != nil {
		return nil, fmt.Errorf("%w: %w", errSkipped, err)
	}
	r = &rig{}
	defer func() {
		if err != nil {
			r.close()
			r = nil
		}
	}()
	if r.net, err = netns.New("ba", "na", "nb", "bb"); err != nil {
		return r, err
	}
	if r.wire, _, err = r.net.Wire("na", "10.77.0.1/30", "nb", "10.77.0.2/30"); err != nil {
		return r, err
	}
	var specs [2]world.Spec
	for i, s := range sides {
		own := fmt.Sprintf("10.77.%d", i+1)
		if _, _, err = r.net.Wire(s.browser, own+".2/30", s.node, own+".1/30"); err != nil {
			return r, err
		}
		if err = r.net.Route(s.browser, own+".1"); err != nil {
			return r, err
		}
		if err = r.net.Script(s.browser, counters(own+".1")); err != nil {
			return r, err
		}
		specs[i] = world.Spec{Party: s.party, Address: own + ".1", Web: 443, UDP: 4433, Host: "meet." + s.party + ".example", TLS: true,
			LinkAddress: fmt.Sprintf("10.77.0.%d", i+1), Enter: r.net.Enter(s.node), Dial: r.net.Dial(s.node)}
	}
	if r.nodes, err = world.New(ctx, o.Visavis, dir, o.Meeting, specs); err != nil {
		return r, err
	}
	for _, n := range r.nodes {
		if err = n.Start(ctx); err != nil {
			return r, err
		}
	}
	err = r.browsers(ctx, o, dir)
	return r, err
}

// counters count what a browser sends to anybody but its node; DNS questions apart.
func counters(node string) string {
	return fmt.Sprintf(`table inet visavis {
 counter foreign {}
 counter dns {}
 chain out {
  type filter hook output priority 0
  oifname "lo" accept
  ip daddr %s accept
  meta l4proto { tcp, udp } th dport 53 counter name dns accept
  icmpv6 type { nd-neighbor-solicit, nd-router-solicit, mld2-listener-report } accept
  counter name foreign
 }
}`, node)
}

// browsers starts one Chromium in each browser's namespace.
func (r *rig) browsers(ctx context.Context, o options, dir string) (err error) {
	if r.drv, err = startDriver("measure/link/browser.mjs"); err != nil {
		return err
	}
	for i, s := range sides {
		exe := filepath.Join(dir, "chromium-"+s.browser)
		enter := r.net.Enter(s.browser)
		script := fmt.Sprintf("#!/bin/sh\nexec %s %s %s %s %s \"$@\"\n", enter[0], enter[1], enter[2], enter[3], o.chromium)
		if err := os.WriteFile(exe, []byte(script), 0o700); err != nil {
			return err
		}
		n := r.nodes[i]
		if err := r.drv.do(ctx, nil, "launch", map[string]any{"name": s.browser, "exe": exe, "rules": "MAP " + n.Host + " " + n.Address}); err != nil {
			return err
		}
	}
	return nil
}

// open opens a fresh invitation of a side's principal in a page of its own, ready to be sat down in.
func (r *rig) open(ctx context.Context, side int, page string) error {
	link, err := r.nodes[side].Invite(ctx, meetingID, sides[side].member)
	if err != nil {
		return err
	}
	return r.drv.do(ctx, nil, "open", map[string]any{"browser": sides[side].browser, "page": page, "link": link, "tone": tones[side]})
}

// seen is what a page saw between two times: when frames left the decoder, and the levels of both tones at each look.
type seen struct {
	Frames []float64    `json:"frames"` // ms since 1970
	Heard  [][3]float64 `json:"heard"`  // ms since 1970, dB at 500 Hz, dB at 1100 Hz
}

func (r *rig) seen(ctx context.Context, page string, from, to time.Time) (seen, error) {
	var s seen
	err := r.drv.do(ctx, &s, "seen", map[string]any{"page": page, "from": stamp(from), "to": stamp(to)})
	return s, err
}

func stamp(t time.Time) float64 { return float64(t.UnixMicro()) / 1000 }

// cut drops everything on the wire between the nodes, or lets it through again. It gives the time just before: the path is
// back a few milliseconds later, so what is counted from then is rather too long.
func (r *rig) cut(yes bool) (time.Time, error) {
	script := "delete table inet cut"
	if yes {
		script = fmt.Sprintf(`table inet cut {
 chain out {
  type filter hook output priority 0
  oifname "%s" drop
 }
 chain in {
  type filter hook input priority 0
  iifname "%s" drop
 }
}`, r.wire, r.wire)
	}
	before := time.Now()
	return before, r.net.Script("na", script)
}

// close ends browsers and nodes and removes the namespaces.
func (r *rig) close() error {
	var errs []error
	if r.drv != nil {
		r.drv.close()
	}
	for _, n := range r.nodes {
		if n != nil {
			errs = append(errs, n.Stop())
		}
	}
	if r.net != nil {
		errs = append(errs, r.net.Close())
	}
	return errors.Join(errs...)
}

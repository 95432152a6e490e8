package main

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
)

// names of the parties as their documents have them: those of world/formal.toml (a test compares them).
func names(party string) map[string]string {
	return map[string]map[string]string{
		"avelmar":  {"en": "Avelmar", "ar": "أفيلمار", "zh": "阿韦尔马", "fr": "Avelmar", "ru": "Авельмар", "es": "Avelmar"},
		"tolmeria": {"en": "Tolmeria", "ar": "تولميريا", "zh": "托尔梅里亚", "fr": "la Tolmérie", "ru": "Толмерия", "es": "Tolmeria"},
	}[party]
}

// initNode makes one node's directory with the command that a person would use.
func (d *demo) initNode(ctx context.Context, party string) error {
	p, addr := d.ports[party], d.addr.String()
	args := []string{"init", filepath.Join(d.dir, party), "--party", party, "--tls", "off",
		"--listen", hostPort(addr, p.web), "--link-listen", hostPort(addr, p.link), "--link", hostPort(addr, p.link),
		"--media", hostPort(addr, p.udp), "--udp-port", fmt.Sprint(p.udp), "--allow-private", "--offline", d.offline(party)}
	for lang, name := range names(party) {
		args = append(args, "--name", lang+"="+name)
	}
	for _, h := range d.hosts(party) {
		args = append(args, "--host", h)
	}
	if d.formal {
		args = append(args, "--set", fmt.Sprintf("public.store=%q", d.public(party)), "--set", fmt.Sprintf("public.base=%q", d.siteURL(party)))
	}
	// 640 by 360 at 15: two cameras, a handful of simulated members and both nodes share one machine.
	for _, set := range []string{fmt.Sprintf("udp.listen=%q", addr), "media.camera.width=640", "media.camera.height=360", "media.camera.fps=15"} {
		args = append(args, "--set", set)
	}
	_, err := d.command(ctx, args...)
	return err
}

// pair does for both nodes what two officers do: offers are carried over, compared, accepted. Nobody reads the words to
// anybody: both directories are ours.
func (d *demo) pair(ctx context.Context) error {
	offer := func(party string) string { return filepath.Join(d.dir, party+".offer") }
	other := map[string]string{"avelmar": "tolmeria", "tolmeria": "avelmar"}
	for _, p := range parties() {
		if _, err := d.command(ctx, "pair", "offer", "--config", d.config(p), "--out", offer(p), other[p]); err != nil {
			return err
		}
	}
	for _, p := range parties() {
		if _, err := d.command(ctx, "pair", "accept", "--config", d.config(p), "--words-match", offer(other[p])); err != nil {
			return err
		}
	}
	return nil
}

func hostPort(addr string, port int) string { return net.JoinHostPort(addr, strconv.Itoa(port)) }

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// initNode makes one node's directory with the commands that a person would use, and then changes what only the demo wants.
func (d *demo) initNode(ctx context.Context, party string) error {
	p, addr := d.ports[party], d.addr.String()
	args := []string{"init", filepath.Join(d.dir, party), "--party", party, "--name", "en=" + strings.ToUpper(party[:1]) + party[1:], "--tls", "off",
		"--listen", hostPort(addr, p.web), "--link-listen", hostPort(addr, p.link), "--link", hostPort(addr, p.link),
		"--media", hostPort(addr, p.udp), "--udp-port", fmt.Sprint(p.udp), "--allow-private"}
	for _, h := range d.hosts(party) {
		args = append(args, "--host", h)
	}
	if _, err := d.command(ctx, args...); err != nil {
		return err
	}
	// 640 by 360 at 15: two cameras, a handful of simulated members and both nodes share one machine.
	return change(d.config(party), map[string]string{
		"udp.listen": fmt.Sprintf("%q", addr), "media.camera.width": "640", "media.camera.height": "360", "media.camera.fps": "15",
	})
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

// change sets keys of a settings file that are there already, section.key to a value as TOML writes it.
func change(file string, values map[string]string) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	lines, section, done := strings.Split(string(b), "\n"), "", 0
	for i, l := range lines {
		if s, ok := strings.CutPrefix(l, "["); ok {
			section = strings.TrimSuffix(strings.TrimSpace(s), "]") + "."
		}
		key, _, ok := strings.Cut(l, "=")
		if v, want := values[section+strings.TrimSpace(key)]; ok && want {
			lines[i] = strings.TrimSpace(key) + " = " + v
			done++
		}
	}
	if done != len(values) {
		return fmt.Errorf("%s has %d of the %d keys that the demo changes", file, done, len(values))
	}
	return os.WriteFile(file, []byte(strings.Join(lines, "\n")), 0o600)
}

func hostPort(addr string, port int) string {
	if strings.Contains(addr, ":") {
		addr = "[" + addr + "]"
	}
	return fmt.Sprintf("%s:%d", addr, port)
}

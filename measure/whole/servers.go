package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"visavis/internal/bench"
	"visavis/test/world"
)

// server is one server under measurement, a process of its own.
type server struct {
	name   string
	cmd    *exec.Cmd
	target bench.Target
}

// stop asks the process to end, and kills it when it does not.
func (s *server) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	t := time.AfterFunc(5*time.Second, func() { _ = s.cmd.Process.Kill() })
	defer t.Stop()
	_ = s.cmd.Wait()
}

// spawn starts a program that ends with us.
func spawn(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	return cmd.Start()
}

// startOther starts what the node is compared with.
func startOther(ctx context.Context, o options, dir string) (*server, error) {
	if o.against == "" {
		return startPlain(o, dir)
	}
	o.visavis = o.against
	return startNode(ctx, o, filepath.Join(dir, "against"))
}

// startPlain starts the forwarder of measure/plain.
func startPlain(o options, dir string) (*server, error) {
	cmd := exec.Command(o.plain)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(dir, "plain.log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd.Stderr = log
	if err := spawn(cmd); err != nil {
		return nil, err
	}
	url, err := bufio.NewReader(out).ReadString('\n')
	url = strings.TrimSpace(url)
	s := &server{"plain", cmd, bench.Target{Publish: bench.Door{URL: url + "/whip"}, Play: bench.Door{URL: url + "/whep"}, PID: cmd.Process.Pid}}
	if err != nil {
		s.stop()
		return nil, fmt.Errorf("the plain forwarder says no address: %w", err)
	}
	return s, nil
}

// meetingFile is the smallest meeting: the publisher is one member, all receivers are players of another.
const meetingFile = `id    = "bench"
host  = "avelmar"
start = %s
[title]
en = "Bench"
[[party]]
id       = "avelmar"
zone     = "Etc/UTC"
name     = { en = "Avelmar" }
longName = { en = "Republic of Avelmar" }
city     = { en = "Ilverne" }
  [[party.member]]
  id     = "avelmar-sender"
  role   = "principal"
  name   = { en = "Sender" }
  office = { en = "Sender" }
  [[party.member]]
  id     = "avelmar-player"
  role   = "delegate"
  name   = { en = "Player" }
  office = { en = "Player" }
[[party]]
id       = "tolmeria"
zone     = "Etc/UTC"
name     = { en = "Tolmeria" }
longName = { en = "Kingdom of Tolmeria" }
city     = { en = "Lanneth" }
  [[party.member]]
  id     = "tolmeria-one"
  role   = "principal"
  name   = { en = "One" }
  office = { en = "One" }
`

// startNode makes a node's directory with the commands that a person would use, and runs it.
func startNode(ctx context.Context, o options, dir string) (*server, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	port, err := world.FreePorts(3)
	if err != nil {
		return nil, err
	}
	at := func(i int) string { return fmt.Sprintf("127.0.0.1:%d", port[i]) }
	host := fmt.Sprintf("bench.localhost:%d", port[0])
	node, file := filepath.Join(dir, "node"), filepath.Join(dir, "meeting.toml")
	config := filepath.Join(node, "visavis.toml")
	command := func(args ...string) (string, error) {
		ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
		defer cancel()
		var out, errs bytes.Buffer
		cmd := exec.CommandContext(ctx, o.visavis, args...)
		cmd.Stdout, cmd.Stderr = &out, &errs
		if err := cmd.Run(); err != nil {
			return "", fmt.Errorf("visavis %s: %w: %s", args[0], err, strings.TrimSpace(errs.String()))
		}
		return out.String(), nil
	}
	if _, err := command("init", node, "--party", "avelmar", "--name", "en=Avelmar", "--tls", "off", "--listen", at(0), "--host", host,
		"--link-listen", at(1), "--link", at(1), "--media", at(2), "--udp-port", fmt.Sprint(port[2]), "--allow-private", "--set", `udp.listen="127.0.0.1"`); err != nil {
		return nil, err
	}
	text := fmt.Sprintf(meetingFile, time.Now().UTC().Add(time.Hour).Format(time.RFC3339))
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return nil, err
	}
	if _, err := command("meeting", "new", "--config", config, file); err != nil {
		return nil, err
	}
	whip, err := command("invite", "--config", config, "--whip", "--valid", "2h", "bench", "avelmar-sender")
	if err != nil {
		return nil, err
	}
	whep, err := command("invite", "--config", config, "--whep", "--show", "avelmar-sender", "--count", fmt.Sprint(largest(o.counts)+1), "--valid", "2h", "bench", "avelmar-player")
	if err != nil {
		return nil, err
	}
	s := &server{name: "node", cmd: exec.Command(o.visavis, "serve", "--insecure-localhost", "--config", config)}
	if s.target, err = passes(whip, whep); err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(dir, "node.log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	s.cmd.Stdout, s.cmd.Stderr = log, log
	if err := spawn(s.cmd); err != nil {
		return nil, err
	}
	s.target.PID = s.cmd.Process.Pid
	if err := up(ctx, "http://"+at(0)+"/healthz", host); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

// passes reads what invite printed: member, address, token.
func passes(whip, whep string) (bench.Target, error) {
	var t bench.Target
	w := strings.Fields(whip)
	if len(w) != 3 {
		return t, errors.New("visavis invite --whip printed no pass")
	}
	t.Publish = bench.Door{URL: w[1], Token: w[2]}
	for l := range strings.Lines(whep) {
		f := strings.Fields(l)
		if len(f) != 3 {
			return t, errors.New("visavis invite --whep printed no pass")
		}
		t.Play.URL = f[1]
		t.Tokens = append(t.Tokens, f[2])
	}
	return t, nil
}

// up waits until a node takes joins.
func up(ctx context.Context, url, host string) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		r.Host = host
		if res, err := http.DefaultClient.Do(r); err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return fmt.Errorf("the node does not come up: %w", err)
		}
	}
}

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const (
	commandWait = 30 * time.Second // one run of a visavis command
	upWait      = 30 * time.Second // a node answers
	stopWait    = 5 * time.Second  // a node ends after it was asked to
	tailBytes   = 4 << 10          // shown of the log of a node that died
)

// death is a process that ended although nobody asked it to.
type death struct {
	name string
	err  error
	tail string
}

// process is one running node, or one running public site.
type process struct {
	name string // "node avelmar", "site avelmar"
	cmd  *exec.Cmd
	log  string
	done chan struct{} // closed when it has ended
	err  error         // readable after done
}

// startNode runs `visavis serve` for one party.
func (d *demo) startNode(party string) (*process, error) {
	return d.startProcess(party, "node "+party, "serve", "--insecure-localhost", "--config", d.config(party))
}

// startProcess runs a visavis command that goes on until it is stopped; its log goes into a file beside the nodes' directories.
func (d *demo) startProcess(log, name string, args ...string) (*process, error) {
	p := &process{name: name, log: filepath.Join(d.dir, log+".log"), done: make(chan struct{})}
	f, err := os.OpenFile(p.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	p.cmd = exec.Command(d.visavis, args...)
	p.cmd.Stdout, p.cmd.Stderr = f, f
	// A group of its own: Ctrl-C is for us, and we ask the nodes to stop in order. Should we be killed, they end too.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { p.err = p.cmd.Wait(); close(p.done) }()
	return p, nil
}

// watch reports a process that ends while ctx lives.
func (d *demo) watch(ctx context.Context, p *process) {
	select {
	case <-p.done:
		if ctx.Err() != nil {
			return
		}
		err := p.err
		if err == nil {
			err = errors.New("exit status 0")
		}
		select {
		case d.died <- death{p.name, err, tail(p.log)}:
		default: // the other one was first
		}
	case <-ctx.Done():
	}
}

// end asks a process to stop, and kills it when it does not.
func (p *process) end() {
	select {
	case <-p.done:
		return
	default:
	}
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(stopWait):
		_ = p.cmd.Process.Kill()
		<-p.done
	}
}

// awaitUp returns when a process answers 200 at an address.
func (d *demo) awaitUp(ctx context.Context, p *process, url string) error {
	ctx, cancel := context.WithTimeout(ctx, upWait)
	defer cancel()
	web := &http.Client{Transport: &http.Transport{DialContext: d.dial, DisableKeepAlives: true}, Timeout: time.Second}
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		if resp, err := web.Do(req); err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-p.done:
			return fmt.Errorf("%s did not start: %w\n%s", p.name, p.err, tail(p.log))
		case <-ctx.Done():
			return fmt.Errorf("%s does not answer: %w\n%s", p.name, ctx.Err(), tail(p.log))
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// dial reaches every *.localhost name at our own address, whatever the machine's resolver makes of it.
func (d *demo) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	return (&net.Dialer{}).DialContext(ctx, network, net.JoinHostPort(d.addr.String(), port))
}

// command runs one visavis command and gives what it printed on its standard output.
func (d *demo) command(ctx context.Context, args ...string) (string, error) {
	out, _, err := d.both(ctx, args...)
	return out, err
}

// both gives what a command printed on its standard error, too.
func (d *demo) both(ctx context.Context, args ...string) (string, string, error) {
	ctx, cancel := context.WithTimeout(ctx, commandWait)
	defer cancel()
	var out, errs bytes.Buffer
	c := exec.CommandContext(ctx, d.visavis, args...)
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil {
		return "", "", fmt.Errorf("visavis %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(errs.String()+out.String()))
	}
	return strings.TrimSpace(out.String()), strings.TrimSpace(errs.String()), nil
}

func tail(file string) string {
	b, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	if len(b) > tailBytes {
		b = b[len(b)-tailBytes:]
	}
	return string(b)
}

// freePort gives the port first where it is free, and another one else.
func (d *demo) freePort(first int, udp bool) (int, error) {
	for _, port := range []int{first, 0} {
		addr := net.JoinHostPort(d.addr.String(), fmt.Sprint(port))
		if udp {
			if c, err := net.ListenPacket("udp", addr); err == nil {
				defer c.Close()
				return c.LocalAddr().(*net.UDPAddr).Port, nil
			}
			continue
		}
		if l, err := net.Listen("tcp", addr); err == nil {
			defer l.Close()
			return l.Addr().(*net.TCPAddr).Port, nil
		}
	}
	return 0, fmt.Errorf("no free port on %s", d.addr)
}

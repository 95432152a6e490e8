// Package world sets two real nodes up for tests and measurements, with the commands that a person would use: init, pair,
// meeting, invite, serve. Each node may live in a network namespace. Start from New.
package world

import (
	"bytes"
	"context"
	"crypto/tls"
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
	commandWait = 30 * time.Second
	upWait      = 30 * time.Second
	stopWait    = 5 * time.Second
)

// Spec is what is particular to one node.
type Spec struct {
	Party       string
	Address     string                                                            // IP address it listens on
	Web         int                                                               // TCP port of its pages
	Link        int                                                               // TCP port of the link; 0: the port of its pages
	UDP         int                                                               // port of all media
	Host        string                                                            // as browsers show it
	TLS         bool                                                              // certificate from files, which Dir gets
	LinkAddress string                                                            // IP address under which the other node reaches it; "": Address
	Enter       []string                                                          // words before every command: its network namespace
	Dial        func(ctx context.Context, network, addr string) (net.Conn, error) // the same for our own connections; nil: as we are
}

// Node is one node: a directory and, between Start and Stop, a process.
type Node struct {
	Spec
	Dir string
	bin string
	cmd *exec.Cmd
	end chan struct{} // closed when the process has ended
}

// New makes both nodes' directories under dir, pairs them and loads the meeting into both. Nothing runs yet.
func New(ctx context.Context, bin, dir, meeting string, specs [2]Spec) (ns [2]*Node, err error) {
	for i, s := range specs {
		n := &Node{Spec: s, Dir: filepath.Join(dir, s.Party), bin: bin}
		if err := n.init(ctx); err != nil {
			return ns, err
		}
		ns[i] = n
	}
	if err := pair(ctx, dir, ns[0], ns[1]); err != nil {
		return ns, err
	}
	for _, n := range ns {
		if _, err := n.Command(ctx, "meeting", "new", "--config", n.Config(), meeting); err != nil {
			return ns, err
		}
	}
	return ns, nil
}

// Config is the path of the node's settings.
func (n *Node) Config() string { return filepath.Join(n.Dir, "visavis.toml") }

// Log is the path of the node's log.
func (n *Node) Log() string { return n.Dir + ".log" }

// Base is the address of the node's pages, scheme and host.
func (n *Node) Base() string {
	if n.TLS {
		return "https://" + n.Host
	}
	return "http://" + n.Host
}

// Command runs one visavis command and gives its standard output.
func (n *Node) Command(ctx context.Context, args ...string) (string, error) {
	return n.command(ctx, "", args...)
}

func (n *Node) command(ctx context.Context, stdin string, args ...string) (string, error) {
	out, _, err := n.both(ctx, stdin, args...)
	return out, err
}

// both gives what a command printed on its standard error, too.
func (n *Node) both(ctx context.Context, stdin string, args ...string) (string, string, error) {
	ctx, cancel := context.WithTimeout(ctx, commandWait)
	defer cancel()
	words := append(append([]string{}, n.Enter...), append([]string{n.bin}, args...)...)
	c := exec.CommandContext(ctx, words[0], words[1:]...)
	var out, errs bytes.Buffer
	c.Stdin, c.Stdout, c.Stderr = strings.NewReader(stdin), &out, &errs
	if err := c.Run(); err != nil {
		return "", "", fmt.Errorf("visavis %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(errs.String()+out.String()))
	}
	return strings.TrimSpace(out.String()), strings.TrimSpace(errs.String()), nil
}

// Start runs the node and returns when it answers.
func (n *Node) Start(ctx context.Context) error {
	f, err := os.OpenFile(n.Log(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	words := append(append([]string{}, n.Enter...), n.bin, "serve", "--config", n.Config())
	if !n.TLS {
		words = append(words, "--insecure-localhost")
	}
	n.cmd = exec.Command(words[0], words[1:]...)
	n.cmd.Stdout, n.cmd.Stderr = f, f
	if err := n.cmd.Start(); err != nil {
		return err
	}
	end := make(chan struct{})
	n.end = end
	go func(c *exec.Cmd) { _ = c.Wait(); close(end) }(n.cmd)
	return n.awaitUp(ctx)
}

// awaitUp asks for /healthz from inside the node's own network until it answers.
func (n *Node) awaitUp(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, upWait)
	defer cancel()
	for {
		if n.healthy(ctx) {
			return nil
		}
		select {
		case <-n.end:
			return fmt.Errorf("node %s did not start:\n%s", n.Party, n.Tail())
		case <-ctx.Done():
			return fmt.Errorf("node %s does not answer:\n%s", n.Party, n.Tail())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (n *Node) healthy(ctx context.Context) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, n.at("/healthz"), nil)
	if err != nil {
		return false
	}
	req.Host = n.Host
	web := http.Client{Timeout: time.Second, Transport: &http.Transport{DialContext: n.Dial, DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	resp, err := web.Do(req)
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// at is a URL with the node's address in place of its name.
func (n *Node) at(path string) string {
	scheme, _, _ := strings.Cut(n.Base(), ":")
	return fmt.Sprintf("%s://%s:%d%s", scheme, n.Address, n.Web, path)
}

// Kill ends the node at once, as a power cut does.
func (n *Node) Kill() { n.stop(syscall.SIGKILL) }

// Stop asks the node to end, and kills it when it does not.
func (n *Node) Stop() error {
	if n.cmd == nil {
		return nil
	}
	if !n.stop(syscall.SIGTERM) {
		n.Kill()
		return errors.New("node " + n.Party + " had to be killed")
	}
	return nil
}

func (n *Node) stop(sig syscall.Signal) bool {
	if n.cmd == nil {
		return true
	}
	_ = n.cmd.Process.Signal(sig)
	select {
	case <-n.end:
		n.cmd = nil
		return true
	case <-time.After(stopWait):
		return false
	}
}

// Tail is the end of the node's log.
func (n *Node) Tail() string {
	b, err := os.ReadFile(n.Log())
	if err != nil {
		return err.Error()
	}
	return string(b[max(0, len(b)-4096):])
}

// DialLoopback reaches every name at the node's own address: *.localhost does not resolve everywhere.
func (n *Node) DialLoopback(ctx context.Context, network, addr string) (net.Conn, error) {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	return (&net.Dialer{}).DialContext(ctx, network, net.JoinHostPort(n.Address, port))
}

// Package netns builds small networks of Linux network namespaces for tests and measurements: namespaces, wires between
// them, packet counters and cuts. It needs root, ip and nft; Available says what is missing. Start from New.
package netns

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// wait bounds every command of this package: a machine where ip or nft hangs fails instead of hanging too.
const wait = 10 * time.Second

// Available says why namespaces cannot be used here; nil if they can. Tests skip with what it says.
func Available() error {
	if os.Geteuid() != 0 {
		return errors.New("network namespaces need root")
	}
	for _, p := range []string{"ip", "nft"} {
		if _, err := exec.LookPath(p); err != nil {
			return fmt.Errorf("%s is not installed", p)
		}
	}
	probe := fmt.Sprintf("vvprobe%d", os.Getpid())
	if _, err := run("ip", "netns", "add", probe); err != nil {
		return fmt.Errorf("no network namespaces here: %w", err)
	}
	_, err := run("ip", "netns", "del", probe)
	return err
}

// Net is a set of namespaces. Not safe for concurrent use, except Run and Command.
type Net struct {
	tag   string
	full  map[string]string // short name → name in the system
	wires int
}

// New makes one namespace for each name, with its loopback up. Close must be called; the system's names hold our process
// id, so that two runs do not meet, and so that New can remove what a run left that was killed.
func New(names ...string) (*Net, error) {
	sweep()
	n := &Net{tag: strconv.Itoa(os.Getpid()), full: map[string]string{}}
	for _, name := range names {
		n.full[name] = "vv" + n.tag + "-" + name
		if _, err := run("ip", "netns", "add", n.full[name]); err != nil {
			return nil, errors.Join(err, n.Close())
		}
		if _, err := run("ip", "-n", n.full[name], "link", "set", "lo", "up"); err != nil {
			return nil, errors.Join(err, n.Close())
		}
	}
	return n, nil
}

// Close ends what still runs in the namespaces and removes them.
func (n *Net) Close() error {
	var errs []error
	for _, full := range n.full {
		errs = append(errs, remove(full))
	}
	n.full = nil
	return errors.Join(errs...)
}

// remove ends what runs in a namespace and deletes it.
func remove(full string) error {
	if out, err := run("ip", "netns", "pids", full); err == nil {
		for _, f := range strings.Fields(out) {
			if pid, err := strconv.Atoi(f); err == nil && pid > 1 {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		}
	}
	_, err := run("ip", "netns", "del", full)
	return err
}

// sweep removes namespaces of runs that are no more.
func sweep() {
	out, err := run("ip", "netns", "list")
	if err != nil {
		return
	}
	for _, m := range regexp.MustCompile(`(?m)^vv(\d+)-\S+`).FindAllStringSubmatch(out, -1) {
		if _, err := os.Stat("/proc/" + m[1]); errors.Is(err, fs.ErrNotExist) {
			_ = remove(m[0]) // another run may be doing the same
		}
	}
}

// Wire joins two namespaces by a pair of interfaces with these addresses (CIDR) and gives the interfaces' names.
func (n *Net) Wire(a, addrA, b, addrB string) (ifA, ifB string, err error) {
	n.wires++
	ifA, ifB = fmt.Sprintf("v%s%da", n.tag, n.wires), fmt.Sprintf("v%s%db", n.tag, n.wires)
	cmds := [][]string{{"link", "add", ifA, "netns", n.full[a], "type", "veth", "peer", "name", ifB, "netns", n.full[b]}}
	for _, e := range []struct{ ns, i, addr string }{{a, ifA, addrA}, {b, ifB, addrB}} {
		cmds = append(cmds, []string{"-n", n.full[e.ns], "addr", "add", e.addr, "dev", e.i}, []string{"-n", n.full[e.ns], "link", "set", e.i, "up"})
	}
	for _, c := range cmds {
		if _, err := run("ip", c...); err != nil {
			return "", "", err
		}
	}
	return ifA, ifB, nil
}

// Route sends everything of a namespace that has no better route to a gateway.
func (n *Net) Route(ns, gateway string) error {
	_, err := run("ip", "-n", n.full[ns], "route", "add", "default", "via", gateway)
	return err
}

// Enter gives the words that run a command inside a namespace, to be put before it.
func (n *Net) Enter(ns string) []string { return []string{"ip", "netns", "exec", n.full[ns]} }

// Command is a command inside a namespace. ip becomes the command itself, so signals reach it.
func (n *Net) Command(ctx context.Context, ns, name string, args ...string) *exec.Cmd {
	words := append(n.Enter(ns), append([]string{name}, args...)...)
	return exec.CommandContext(ctx, words[0], words[1:]...)
}

// Run runs a command inside a namespace and gives what it printed; the error has it too.
func (n *Net) Run(ns, name string, args ...string) (string, error) {
	words := append(n.Enter(ns), append([]string{name}, args...)...)
	return run(words[0], words[1:]...)
}

// Dial opens a connection from inside a namespace; it fits http.Transport.DialContext. The namespace belongs to a thread of
// its own, which ends with the call.
func (n *Net) Dial(ns string) func(ctx context.Context, network, addr string) (net.Conn, error) {
	path := "/run/netns/" + n.full[ns]
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		type result struct {
			c   net.Conn
			err error
		}
		done := make(chan result, 1)
		go func() {
			runtime.LockOSThread() // never unlocked: a thread in another namespace must not be used again
			f, err := os.Open(path)
			if err == nil {
				defer f.Close()
				err = unix.Setns(int(f.Fd()), unix.CLONE_NEWNET)
			}
			if err != nil {
				done <- result{nil, fmt.Errorf("enter %s: %w", path, err)}
				return
			}
			c, err := (&net.Dialer{Timeout: wait, FallbackDelay: -1}).DialContext(ctx, network, addr) // -1: no second thread
			done <- result{c, err}
		}()
		r := <-done
		return r.c, r.err
	}
}

// Script runs nft commands inside a namespace, one a line, all or none.
func (n *Net) Script(ns, script string) error {
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	c := n.Command(ctx, ns, "nft", "-f", "-")
	c.Stdin = strings.NewReader(script)
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("nft: %w: %s", err, out)
	}
	return nil
}

// Count gives the packets of a named counter of the table "inet visavis".
func (n *Net) Count(ns, counter string) (int, error) {
	out, err := n.Run(ns, "nft", "list", "counter", "inet", "visavis", counter)
	if err != nil {
		return 0, err
	}
	f := strings.Fields(out)
	for i, w := range f {
		if w == "packets" && i+1 < len(f) {
			return strconv.Atoi(f[i+1])
		}
	}
	return 0, fmt.Errorf("counter %s: no packets in %q", counter, out)
}

func run(name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, strings.TrimSpace(string(out)))
	}
	return string(out), nil
}

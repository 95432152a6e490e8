package netns

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"
)

// Server is a shell inside a namespace with a file system of its own to write to: what it does to /etc, /usr/local, /var/lib,
// /root, /opt, /srv and /media stays in memory and is gone with it. For tests that run documented commands as they are written.
type Server struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines chan string
}

// prologue makes the file system; $1 is a directory shared between servers, seen as /root/carry.
const prologue = `set -e
base=$(mktemp -d); mount -t tmpfs tmpfs "$base"; mkdir "$base/carry"; mount --bind "$CARRY" "$base/carry"
for d in etc usr/local var/lib root opt media srv; do
  mkdir -p "$base/up/$d" "$base/scratch/$d"
  mount -t overlay overlay -o "lowerdir=/$d,upperdir=$base/up/$d,workdir=$base/scratch/$d" "/$d"
done
mkdir -p /root/carry; mount --bind "$base/carry" /root/carry
cd /root; export HOME=/root
set +e
`

// NewServer starts a shell in namespace ns. carry is a directory that servers share. Close ends it.
func (n *Net) NewServer(ns, carry string) (*Server, error) {
	c := n.Command(context.Background(), ns, "unshare", "--mount", "--propagation", "private", "bash", "--noprofile", "--norc")
	c.Env = append(c.Environ(), "CARRY="+carry, "LC_ALL=C.UTF-8")
	in, err := c.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := c.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.Stderr = c.Stdout
	if err := c.Start(); err != nil {
		return nil, err
	}
	s := &Server{cmd: c, in: in, lines: make(chan string, 1000)}
	go func() { // ends with the shell
		defer close(s.lines)
		sc := bufio.NewScanner(out)
		sc.Buffer(nil, 1<<20)
		for sc.Scan() {
			s.lines <- sc.Text()
		}
	}()
	if out, err := s.Run(prologue, wait); err != nil {
		return nil, errors.Join(fmt.Errorf("file system of %s: %w: %s", ns, err, out), s.Close())
	}
	return s, nil
}

// Run runs a script in the shell, in a subshell that stops at the first failure, and gives all that it printed.
func (s *Server) Run(script string, limit time.Duration) (string, error) {
	const mark = "visavis-test-status"
	body := script
	if script != prologue { // the prologue itself must stay in the shell
		body = "( set -e -o pipefail\n" + script + "\n)"
	}
	if _, err := io.WriteString(s.in, body+"\nstatus=$?; echo; echo "+mark+" $status\n"); err != nil {
		return "", err
	}
	var b strings.Builder
	late := time.After(limit)
	for {
		select {
		case l, ok := <-s.lines:
			if !ok {
				return b.String(), errors.New("the shell has ended")
			}
			if status, done := strings.CutPrefix(l, mark+" "); done {
				if status != "0" {
					return b.String(), fmt.Errorf("exit status %s", status)
				}
				return b.String(), nil
			}
			b.WriteString(l + "\n")
		case <-late:
			return b.String(), fmt.Errorf("not done within %v", limit)
		}
	}
}

// Close ends the shell; what it started in the background is ended with the namespace (Net.Close).
func (s *Server) Close() error {
	_ = s.in.Close()
	done := make(chan error, 1)
	go func() { done <- s.cmd.Wait() }()
	select {
	case <-done:
	case <-time.After(wait):
		_ = s.cmd.Process.Kill()
		<-done
	}
	return nil
}

package world

import (
	"context"
	"fmt"
	"strings"
	"syscall"
)

// InviteWithPIN makes an invitation of a principal of a formal meeting, who needs both parts of it.
func (n *Node) InviteWithPIN(ctx context.Context, meeting, member string) (link, pin string, err error) {
	out, errs, err := n.both(ctx, "", "invite", "--config", n.Config(), "--keep", "--valid", "24h", meeting, member)
	if err != nil {
		return "", "", err
	}
	if link, err = n.linkIn(out); err != nil {
		return "", "", err
	}
	for _, l := range strings.Split(errs, "\n") {
		if f := strings.Split(strings.TrimSpace(l), "\t"); len(f) == 3 && f[0] == "PIN" {
			return link, f[2], nil
		}
	}
	return "", "", fmt.Errorf("visavis invite printed no PIN for %s", member)
}

// Press makes a link for somebody of the press.
func (n *Node) Press(ctx context.Context, meeting, name string) (string, error) {
	return n.linkOf(ctx, "invite", "--config", n.Config(), "--valid", "24h", "--press", name, meeting)
}

// Account makes the account of an officer or a technician, and the link for its first passkey.
func (n *Node) Account(ctx context.Context, id, name, role string) (string, error) {
	return n.linkOf(ctx, "account", "add", "--config", n.Config(), "--role", role, "--valid", "24h", id, name)
}

func (n *Node) linkOf(ctx context.Context, args ...string) (string, error) {
	out, err := n.Command(ctx, args...)
	if err != nil {
		return "", err
	}
	return n.linkIn(out)
}

// linkIn is the link in a line of a command's output.
func (n *Node) linkIn(out string) (string, error) {
	_, link, found := strings.Cut(out, "\t")
	if !found || !strings.Contains(link, "#") {
		return "", fmt.Errorf("visavis printed no link: %q", out)
	}
	if !n.TLS {
		link = strings.Replace(link, "https://", "http://", 1)
	}
	return strings.TrimSpace(link), nil
}

// Freeze stops the node's process where it is, as if every cable were pulled: it answers nobody. Thaw lets it go on.
func (n *Node) Freeze() error { return n.cmd.Process.Signal(syscall.SIGSTOP) }

// Thaw lets a frozen node go on.
func (n *Node) Thaw() error { return n.cmd.Process.Signal(syscall.SIGCONT) }

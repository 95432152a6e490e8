package link

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"syscall"
)

// forbidden are the networks that no far party may make this node talk to (docs/security.md D16), besides what netip knows as
// loopback, private, link-local, multicast or unspecified.
func forbidden() []netip.Prefix {
	return []netip.Prefix{
		netip.MustParsePrefix("0.0.0.0/8"),      // this network, RFC 1122 §3.2.1.3
		netip.MustParsePrefix("100.64.0.0/10"),  // behind a provider's NAT, RFC 6598
		netip.MustParsePrefix("192.0.0.0/24"),   // protocol assignments, RFC 6890
		netip.MustParsePrefix("198.18.0.0/15"),  // benchmarks, RFC 2544
		netip.MustParsePrefix("240.0.0.0/4"),    // reserved and broadcast
		netip.MustParsePrefix("::/96"),          // IPv4-compatible, RFC 4291 §2.5.5.1
		netip.MustParsePrefix("64:ff9b::/96"),   // to IPv4 by NAT64, RFC 6052
		netip.MustParsePrefix("64:ff9b:1::/48"), // the same, RFC 8215
		netip.MustParsePrefix("2002::/16"),      // 6to4, with an IPv4 address inside
		netip.MustParsePrefix("fec0::/10"),      // site-local, RFC 3879
	}
}

// allowed reports whether this node may send to ip.
func allowed(ip netip.Addr, private bool) bool {
	if !ip.IsValid() || ip.IsUnspecified() || ip.IsMulticast() {
		return false
	}
	if private {
		return true
	}
	if ip.Zone() != "" || ip.Is4In6() || ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast() {
		return false
	}
	for _, p := range forbidden() {
		if p.Contains(ip) {
			return false
		}
	}
	return true
}

// allowedTarget is allowed for the text of an address and port; a port of 0 is refused.
func allowedTarget(addr string, private bool) error {
	ap, err := netip.ParseAddrPort(addr)
	if err != nil || ap.Port() == 0 || !allowed(ap.Addr(), private) {
		return fmt.Errorf("%s: %w", addr, ErrAddress)
	}
	return nil
}

// control is a net.Dialer's last look at the address that DNS gave, so that an answer which changes between two questions
// (rebinding) changes nothing.
func control(private bool) func(network, addr string, _ syscall.RawConn) error {
	return func(network, addr string, _ syscall.RawConn) error {
		if network != "tcp4" && network != "tcp6" {
			return fmt.Errorf("%s: %w", network, ErrAddress)
		}
		return allowedTarget(addr, private)
	}
}

// dialTCP opens a connection to one of the peer's addresses. Literal addresses are looked at before anything is sent; those
// behind a name in control; and whatever a Dial of the configuration connected to, afterwards.
func (m *Manager) dialTCP(ctx context.Context, addr string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", addr, ErrAddress)
	}
	if _, err := netip.ParseAddr(host); err == nil {
		if err := allowedTarget(addr, m.c.AllowPrivate); err != nil {
			return nil, err
		}
	}
	dial := m.c.Dial
	if dial == nil {
		d := &net.Dialer{Control: control(m.c.AllowPrivate)}
		dial = func(ctx context.Context, addr string) (net.Conn, error) { return d.DialContext(ctx, "tcp", addr) }
	}
	c, err := dial(ctx, addr)
	if err != nil {
		return nil, err
	}
	if err := allowedTarget(c.RemoteAddr().String(), m.c.AllowPrivate); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

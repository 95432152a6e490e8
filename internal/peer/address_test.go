package peer_test

import (
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/pion/webrtc/v4"

	"visavis/internal/peer"
)

// ownAddress is an address of this machine that pion/ice would use (it leaves out ::1).
func ownAddress(t *testing.T, six bool) netip.Addr {
	t.Helper()
	all, err := net.InterfaceAddrs()
	must(t, err)
	for _, a := range all {
		n, ok := a.(*net.IPNet)
		if !ok {
			continue
		}
		ip, _ := netip.AddrFromSlice(n.IP)
		if ip = ip.Unmap(); ip.Is6() == six && !ip.IsLinkLocalUnicast() && (!six || !ip.IsLoopback()) {
			return ip
		}
	}
	t.Skipf("SKIPPED: this machine has no address for IPv6: %v", six)
	panic("unreachable")
}

// TestBothFamilies joins over IPv4 and IPv6 at one socket.
func TestBothFamilies(t *testing.T) {
	t.Parallel()
	for name, family := range map[string]webrtc.NetworkType{"IPv4": webrtc.NetworkTypeUDP4, "IPv6": webrtc.NetworkTypeUDP6} {
		t.Run(name, func(t *testing.T) {
			ip := ownAddress(t, name == "IPv6")
			n := newNodeAt(t, "[::]:0", func(c *peer.Config) { c.Loopback = true })
			b := join(t, n, browserOptions{direct: true, settings: func(s *webrtc.SettingEngine) {
				s.SetNetworkTypes([]webrtc.NetworkType{family})
				s.SetIPFilter(func(a net.IP) bool { return a.String() == ip.String() })
			}})
			n.assign(b.session.Slot("floor0"), b.session.Stream("mic"))
			b.talk()
			b.got["floor0"].reach(t, 10)
			if got := n.host.Stats().Connected; got != 1 {
				t.Errorf("%d connected, want 1", got)
			}
		})
	}
}

// TestCandidates shows which addresses an answer names.
func TestCandidates(t *testing.T) {
	for name, test := range map[string]struct {
		local     string
		advertise []string
		want      []string
	}{
		"as it is":       {"127.0.0.1:0", nil, []string{"127.0.0.1"}},
		"one-to-one NAT": {"127.0.0.1:0", []string{"203.0.113.9:4000", "[2001:db8::9]:4000"}, []string{"203.0.113.9 4000", "2001:db8::9 4000"}},
		"unspecified":    {"0.0.0.0:0", nil, []string{"127.0.0.1"}},
	} {
		t.Run(name, func(t *testing.T) {
			n := newNodeAt(t, test.local, func(c *peer.Config) {
				for _, a := range test.advertise {
					c.Advertise = append(c.Advertise, netip.MustParseAddrPort(a))
				}
			})
			b := newBrowser(t, n, browserOptions{direct: true})
			d, err := b.pc.CreateOffer(nil)
			must(t, err)
			s, answer, err := n.host.Open(peer.Offer{SDP: d.SDP, Names: b.names}, peer.Events{})
			must(t, err)
			defer s.Close()
			var got []string
			for _, line := range strings.Split(answer, "\r\n") {
				if strings.HasPrefix(line, "a=candidate:") {
					f := strings.Fields(line)
					got = append(got, f[4]+" "+f[5])
				}
			}
			for _, w := range test.want {
				if !slices.ContainsFunc(got, func(g string) bool { return strings.HasPrefix(g, w) }) {
					t.Errorf("candidates %v, want one of %s", got, w)
				}
			}
			if test.local != "0.0.0.0:0" && len(got) != len(test.want) {
				t.Errorf("candidates %v, want %v", got, test.want)
			}
		})
	}
	if _, err := peer.NewHost(peer.Config{}); err == nil {
		t.Error("a host without any address was made")
	}
}

package peer_test

import (
	"net"
	"regexp"
	"testing"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/stun/v4"
)

// secondary is another address of a browser: it nominates itself, and answers checks.
type secondary struct {
	pc             net.PacketConn
	frag, peerFrag string // of the node, of the browser
	pwd, peerPwd   string
	node           net.Addr
}

func newSecondary(t *testing.T, n *node, l *lan, b *browser) *secondary {
	t.Helper()
	pc, err := l.client.ListenPacket("udp4", "10.0.0.2:0")
	must(t, err)
	of := func(what, sdp string) string {
		m := regexp.MustCompile(`a=ice-` + what + `:(\S+)`).FindStringSubmatch(sdp)
		if m == nil {
			t.Fatalf("no ice-%s in %s", what, sdp)
		}
		return m[1]
	}
	node, own := b.pc.CurrentRemoteDescription().SDP, b.pc.CurrentLocalDescription().SDP
	s := &secondary{pc: pc, node: net.UDPAddrFromAddrPort(n.addr), frag: of("ufrag", node), pwd: of("pwd", node), peerFrag: of("ufrag", own), peerPwd: of("pwd", own)}
	go s.serve()
	return s
}

// serve answers checks, until the socket is closed.
func (s *secondary) serve() {
	buf := make([]byte, 2048)
	for {
		n, from, err := s.pc.ReadFrom(buf)
		if err != nil {
			return
		}
		m := &stun.Message{Raw: append([]byte(nil), buf[:n]...)}
		if m.Decode() != nil || m.Type != stun.BindingRequest {
			continue
		}
		a := from.(*net.UDPAddr)
		r := stun.MustBuild(m, stun.BindingSuccess, &stun.XORMappedAddress{IP: a.IP, Port: a.Port}, stun.NewShortTermIntegrity(s.peerPwd), stun.Fingerprint)
		_, _ = s.pc.WriteTo(r.Raw, from)
	}
}

// nominate sends eight checks, each with a nomination.
func (s *secondary) nominate(t *testing.T, priority uint32) {
	t.Helper()
	for range 8 {
		m := stun.MustBuild(stun.BindingRequest, stun.TransactionID, stun.NewUsername(s.frag+":"+s.peerFrag), ice.PriorityAttr(priority),
			ice.UseCandidate(), ice.AttrControlling(1), stun.NewShortTermIntegrity(s.pwd), stun.Fingerprint)
		_, err := s.pc.WriteTo(m.Raw, s.node)
		must(t, err)
		time.Sleep(250 * time.Millisecond)
	}
}

// TestTwoAddressesAreNominated: for half a minute after the browser's first choice, at first and after an ICE restart, it is the agent that follows it
// from one address to another: only where that is of a higher priority, so that a check of the first round that comes late moves nothing. Then the
// last choice counts.
func TestTwoAddressesAreNominated(t *testing.T) {
	const low, high = 1, 1<<31 - 1
	for name, c := range map[string]struct {
		first, then time.Duration // of the call before a restart, and after it; first 0: none
		priority    uint32
		moves       bool
	}{
		"at first, a lower one":                   {0, 5 * time.Second, low, false},
		"at first, a higher one":                  {0, 5 * time.Second, high, true},
		"after a restart, a lower one":            {time.Minute, 5 * time.Second, low, false},
		"after a restart, a higher one":           {time.Minute, 5 * time.Second, high, true},
		"a restart just before, a lower one":      {27 * time.Second, 5 * time.Second, low, false},
		"long after the restart, the last counts": {time.Minute, 40 * time.Second, low, true},
		"long after the beginning, the same":      {0, 40 * time.Second, low, true},
	} {
		t.Run(name, func(t *testing.T) {
			virtual(t, func(t *testing.T, n *node, l *lan) {
				b := join(t, n, onLAN(l))
				n.assign(b.session.Slot("floor0"), b.session.Stream("mic"))
				b.talk()
				if c.first > 0 {
					time.Sleep(c.first)
					must(t, b.offer(true, nil))
				}
				time.Sleep(c.then)
				s, before := newSecondary(t, n, l, b), n.host.Stats().Moves
				s.nominate(t, c.priority)
				if moved := n.host.Stats().Moves > before; moved != c.moves {
					t.Errorf("media moved: %v, want %v", moved, c.moves)
				}
				must(t, s.pc.Close())
				b.leave()
			})
		})
	}
}

package peer

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/logging"
	"github.com/pion/transport/v4"
)

// leg is one generation of ICE credentials of a session; an ICE restart makes another.
type leg struct {
	s                 *Session
	frag, pwd         string // ours
	peerFrag, peerPwd string
	conns             []*iceConn       // one for each family of addresses that we offer
	strangers         []netip.AddrPort // worker only: addresses not proven when they sent a valid request; at most MaxStrangers
}

// newLeg makes credentials of our own for those of an offer.
func (h *Host) newLeg(s *Session, o *offer) *leg {
	l := &leg{s: s, frag: secret(8), pwd: secret(24), peerFrag: o.frag, peerPwd: o.pwd}
	for _, local := range h.locals {
		l.conns = append(l.conns, &iceConn{leg: l, local: local, packets: make(chan stunPacket, stunQueue), end: make(chan struct{})})
	}
	return l
}

// register lets STUN find a leg.
func (h *Host) register(l *leg) {
	h.mu.Lock()
	h.legs[l.frag] = l
	h.mu.Unlock()
}

// localsOf picks one address of each family: the agent needs one candidate for each, whatever the answer names.
func localsOf(candidates []netip.AddrPort) []*net.UDPAddr {
	var out []*net.UDPAddr
	for _, six := range [...]bool{false, true} {
		if i := slices.IndexFunc(candidates, func(c netip.AddrPort) bool { return c.Addr().Is6() == six }); i >= 0 {
			out = append(out, net.UDPAddrFromAddrPort(candidates[i]))
		}
	}
	return out
}

// push hands a message to the agent; a full queue drops it.
func (l *leg) push(b []byte, from netip.AddrPort) {
	for _, c := range l.conns {
		if (c.local.IP.To4() == nil) == from.Addr().Is6() {
			select {
			case c.packets <- stunPacket{append([]byte(nil), b...), from}:
			default:
				l.s.h.counts.stunDropped.Add(1)
			}
			return
		}
	}
}

// newAgent makes the full agent that is controlled by the browser's: it answers checks, sends checks of its own back and learns
// what the browser nominated. It never sees interfaces nor sockets. Consent is ours to
// ask for and to watch (see flow.tick and Host.sweep), so it never fails by itself.
func (s *Session) newAgent(l *leg) (*ice.Agent, error) {
	a, err := s.h.makeAgent(
		ice.WithNet(noInterfaces{}),
		ice.WithUDPMux(agentMux{s.h}),
		ice.WithCandidateTypes([]ice.CandidateType{ice.CandidateTypeHost}),
		ice.WithNetworkTypes([]ice.NetworkType{ice.NetworkTypeUDP4, ice.NetworkTypeUDP6}),
		ice.WithMulticastDNSMode(ice.MulticastDNSModeDisabled),
		ice.WithLocalCredentials(l.frag, l.pwd),
		ice.WithDisconnectedTimeout(0),
		ice.WithFailedTimeout(0),
		ice.WithKeepaliveInterval(0), // see flow.tick
		ice.WithLoggerFactory(&logging.DefaultLoggerFactory{Writer: io.Discard, DefaultLogLevel: logging.LogLevelDisabled}),
	)
	if err != nil {
		return nil, fmt.Errorf("make ice agent: %w", err)
	}
	s.h.register(l) // not before: a new agent begins by removing its fragment from the mux
	selected := func(_, remote ice.Candidate) {
		ip, err := netip.ParseAddr(remote.Address())
		if err != nil {
			return
		}
		addr := netip.AddrPortFrom(ip.Unmap(), uint16(remote.Port()))
		s.h.c.Worker.Do(func() { s.f.nominated(time.Now(), addr) })
	}
	err = a.OnCandidate(func(ice.Candidate) {})
	if err == nil {
		err = a.OnSelectedCandidatePairChange(selected)
	}
	if err == nil {
		err = a.GatherCandidates()
	}
	if err == nil {
		_, err = a.StartAccept(l.peerFrag, l.peerPwd)
	}
	if err != nil {
		_ = a.Close()
		return nil, fmt.Errorf("start ice agent: %w", err)
	}
	return a, nil
}

// restartAgent gives the agent new credentials (RFC 8445 §9). Media goes on over the old path until the browser nominates another.
func restartAgent(a *ice.Agent, l *leg) error {
	l.s.h.register(l)
	if err := a.Restart(l.frag, l.pwd); err != nil {
		return fmt.Errorf("restart ice: %w", err)
	}
	if err := a.SetRemoteCredentials(l.peerFrag, l.peerPwd); err != nil {
		return fmt.Errorf("restart ice: %w", err)
	}
	if err := a.GatherCandidates(); err != nil {
		return fmt.Errorf("restart ice: %w", err)
	}
	return nil
}

// noInterfaces is a network with nothing in it: all that the agent sends goes through agentMux. What it does not define would
// panic, and is not called with host candidates, a mux and no multicast DNS; creating agents without it lists all interfaces
// each time, which needs a netlink socket.
type noInterfaces struct{ transport.Net }

// Interfaces returns none.
func (noInterfaces) Interfaces() ([]*transport.Interface, error) { return nil, nil }

// agentMux gives an agent its connections.
type agentMux struct{ h *Host }

// Close does nothing: the socket is not the agent's.
func (agentMux) Close() error { return nil }

// GetListenAddresses names one address of each family.
func (m agentMux) GetListenAddresses() []net.Addr {
	var out []net.Addr
	for _, a := range m.h.locals {
		out = append(out, a)
	}
	return out
}

// GetConn returns the connection of the family of addr.
func (m agentMux) GetConn(frag string, addr net.Addr) (net.PacketConn, error) {
	m.h.mu.Lock()
	defer m.h.mu.Unlock()
	if l := m.h.legs[frag]; l != nil {
		for _, c := range l.conns {
			if c.local == addr {
				return c, nil
			}
		}
	}
	return nil, net.ErrClosed
}

// RemoveConnByUfrag forgets credentials.
func (m agentMux) RemoveConnByUfrag(frag string) {
	m.h.mu.Lock()
	l := m.h.legs[frag]
	delete(m.h.legs, frag)
	m.h.mu.Unlock()
	if l != nil {
		for _, c := range l.conns {
			_ = c.Close()
		}
	}
}

type stunPacket struct {
	b    []byte
	from netip.AddrPort
}

// iceConn carries STUN between an agent and the socket, and notes the agent's checks: only an address that answered one is proven.
type iceConn struct {
	leg     *leg
	local   *net.UDPAddr
	packets chan stunPacket
	end     chan struct{}
	once    sync.Once
}

// ReadFrom returns the next message for the agent.
func (c *iceConn) ReadFrom(b []byte) (int, net.Addr, error) {
	select {
	case p := <-c.packets:
		return copy(b, p.b), net.UDPAddrFromAddrPort(p.from), nil
	case <-c.end:
		return 0, nil, net.ErrClosed
	}
}

// WriteTo sends what the agent says. A check to one address too many is dropped.
func (c *iceConn) WriteTo(b []byte, to net.Addr) (int, error) {
	u, ok := to.(*net.UDPAddr)
	if !ok {
		return 0, net.InvalidAddrError("not a udp address")
	}
	addr := u.AddrPort()
	addr = netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port())
	if isCheck(b) && !c.leg.s.h.noteCheck(c.leg, b, addr, false, time.Now()) {
		return len(b), nil
	}
	if err := c.leg.s.h.c.Worker.WriteTo(b, addr); err != nil {
		return 0, err
	}
	return len(b), nil
}

// Close ends ReadFrom.
func (c *iceConn) Close() error { c.once.Do(func() { close(c.end) }); return nil }

// LocalAddr is the address offered.
func (c *iceConn) LocalAddr() net.Addr { return c.local }

// SetDeadline does nothing, like the next two: the agent ends its reads by Close.
func (c *iceConn) SetDeadline(time.Time) error      { return nil }
func (c *iceConn) SetReadDeadline(time.Time) error  { return nil }
func (c *iceConn) SetWriteDeadline(time.Time) error { return nil }

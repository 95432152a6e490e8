package peer

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/dtls/v3/pkg/crypto/selfsign"
	"github.com/pion/ice/v4"
	"github.com/pion/stun/v4"

	"visavis/internal/media"
	"visavis/internal/srtp"
	"visavis/internal/udp"
)

// Config is what a Host stands on.
type Config struct {
	Worker *udp.Worker
	Mux    *udp.Mux
	Switch *media.Switch

	Local     netip.AddrPort   // of the worker's socket
	Advertise []netip.AddrPort // what answers name in place of Local, for a server behind one-to-one NAT; in order of preference
	Loopback  bool             // with an unspecified Local and no Advertise: name loopback addresses too (tests, demo)

	Log      *slog.Logger   // nil: none
	Profiles []srtp.Profile // offered in DTLS, best first; nil: AEAD_AES_128_GCM, then AES_CM_128_HMAC_SHA1_80

}

// Host answers browsers on the node's one UDP port. Its methods are safe for concurrent use, but not on the worker.
type Host struct {
	c           Config
	cert        tls.Certificate
	fingerprint string
	candidates  []netip.AddrPort // in answers
	locals      []*net.UDPAddr   // for agents: one of each family
	profiles    []dtls.SRTPProtectionProfile
	handshakes  chan struct{} // one element for each handshake in progress
	counts      counters
	group       sync.WaitGroup // goroutines of sessions
	makeAgent   func(...ice.AgentOption) (*ice.Agent, error)

	// Worker only.
	active  []beat
	bySSRC  map[uint32][]*flow
	strays  bucket
	message stun.Message
	scratch []byte
	swept   time.Time

	orphans sync.Mutex // guards what is the worker's, once the worker has ended

	mu       sync.Mutex // guards the fields below, the closed, addresses and flights of sessions
	closed   bool
	sessions map[*Session]struct{}
	legs     map[string]*leg // by our user fragment
	checks   map[[stun.TransactionIDSize]byte]check
	held     map[netip.AddrPort]*held
}

// beat is a session and when it is to be looked at next. They lie side by side: with hundreds of sessions a look at each, every 5 ms, was
// 5 % of what a node does, all of it waiting for memory.
type beat struct {
	f   *flow
	due time.Time
}

// held are DTLS datagrams from an address under check.
type held struct {
	packets [][]byte
	since   time.Time
}

// NewHost makes a host and registers it with the mux: call it before the worker serves. The node registers Switch.Flush and
// Switch.Tick after it. Errors tell that Local and Advertise name no usable address, or that a certificate could not be made.
func NewHost(c Config) (*Host, error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Profiles == nil {
		c.Profiles = []srtp.Profile{srtp.AEADAES128GCM, srtp.AES128CMHMACSHA180}
	}
	candidates, err := candidatesOf(c)
	if err != nil {
		return nil, err
	}
	cert, err := selfsign.GenerateSelfSigned() // ECDSA P-256
	if err != nil {
		return nil, fmt.Errorf("make certificate: %w", err)
	}
	h := &Host{
		c:           c,
		cert:        cert,
		fingerprint: fingerprintOf(cert.Certificate[0]),
		candidates:  candidates,
		locals:      localsOf(candidates),
		handshakes:  make(chan struct{}, MaxHandshakes),
		makeAgent:   ice.NewAgentWithOptions,
		bySSRC:      map[uint32][]*flow{},
		scratch:     make([]byte, udp.MaxDatagram),
		sessions:    map[*Session]struct{}{},
		legs:        map[string]*leg{},
		checks:      map[[stun.TransactionIDSize]byte]check{},
		held:        map[netip.AddrPort]*held{},
	}
	for _, p := range c.Profiles {
		h.profiles = append(h.profiles, dtls.SRTPProtectionProfile(p)) // both are the registered numbers
	}
	for _, class := range []udp.Class{udp.STUN, udp.DTLS, udp.RTP, udp.RTCP} {
		c.Mux.Fallback(class, &door{h})
	}
	c.Mux.OnTick(h.tick)
	return h, nil
}

// Close ends all sessions and waits until nothing of them runs. Further offers are refused. It may come before or after the
// worker's own Close.
func (h *Host) Close() error {
	h.mu.Lock()
	h.closed = true
	all := make([]*Session, 0, len(h.sessions))
	for s := range h.sessions {
		all = append(all, s)
	}
	h.mu.Unlock()
	for _, s := range all {
		s.end(ReasonHost)
	}
	h.group.Wait()
	return nil
}

// candidatesOf lists what answers name.
func candidatesOf(c Config) ([]netip.AddrPort, error) {
	var out []netip.AddrPort
	add := func(a netip.Addr, port uint16) {
		if a = a.Unmap(); a.IsValid() && !a.IsUnspecified() && !a.IsMulticast() && a.Zone() == "" {
			out = append(out, netip.AddrPortFrom(a, port))
		}
	}
	switch local := c.Local.Addr().Unmap(); {
	case len(c.Advertise) > 0:
		for _, a := range c.Advertise {
			add(a.Addr(), a.Port())
		}
	case local.IsValid() && !local.IsUnspecified():
		add(local, c.Local.Port())
	case local.IsValid():
		addrs, err := net.InterfaceAddrs()
		if err != nil {
			return nil, fmt.Errorf("list own addresses: %w", err)
		}
		for _, a := range addrs {
			n, ok := a.(*net.IPNet)
			if !ok {
				continue
			}
			ip, _ := netip.AddrFromSlice(n.IP)
			ip = ip.Unmap()
			if ip.IsLinkLocalUnicast() || ip.IsLoopback() && !c.Loopback || ip.Is6() && local.Is4() {
				continue
			}
			add(ip, c.Local.Port())
		}
	}
	if len(out) == 0 {
		return nil, errors.New("no address to offer to browsers")
	}
	return out, nil
}

// tick drives everything of all sessions that time drives. Worker.
func (h *Host) tick(now time.Time) {
	for i := 0; i < len(h.active); i++ {
		if b := &h.active[i]; !now.Before(b.due) {
			b.due = now.Add(flowTick)
			if next := b.f.tick(now); next.Before(b.due) {
				b.due = next
			}
		}
	}
	if now.Sub(h.swept) >= slowTick {
		h.swept = now
		h.sweep(now)
	}
}

func fingerprintOf(der []byte) string {
	sum := sha256.Sum256(der)
	parts := make([]string, len(sum))
	for i, b := range sum {
		parts[i] = fmt.Sprintf("%02X", b)
	}
	return strings.Join(parts, ":")
}

// secret returns n letters and digits that nobody can guess (RFC 8445 §5.3: 24 bits for a fragment, 128 for a password).
func secret(n int) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails (Go 1.24)
	for i := range b {
		b[i] = alphabet[b[i]&63]
	}
	return string(b)
}

func random64() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:])
	return binary.BigEndian.Uint64(b[:])
}

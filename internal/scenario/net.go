package scenario

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/pion/logging"
	"github.com/pion/transport/v4/vnet"

	"visavis/internal/udp"
)

// Net is a small internet: hosts with one IPv4 address each, names, and a path from each host to each other that can be made
// lossy, slow or be cut. Its methods may be called concurrently.
type Net struct {
	router *vnet.Router
	seed   uint64

	mu        sync.Mutex
	paths     map[direction]*path
	names     map[string]netip.Addr
	listeners map[netip.AddrPort]*listener
	conns     map[netip.AddrPort]*Conn
	ephemeral uint16
}

type direction struct{ from, to netip.Addr }

// NewNet starts one that ends with the test. seed decides which datagrams lossy paths lose.
func NewNet(t testing.TB, seed uint64) *Net {
	t.Helper()
	r, err := vnet.NewRouter(&vnet.RouterConfig{CIDR: "0.0.0.0/0", LoggerFactory: logging.NewDefaultLoggerFactory()})
	if err != nil {
		t.Fatalf("virtual network: %v", err)
	}
	n := &Net{router: r, seed: seed, paths: map[direction]*path{}, names: map[string]netip.Addr{}, listeners: map[netip.AddrPort]*listener{}, conns: map[netip.AddrPort]*Conn{}, ephemeral: 30000}
	r.AddChunkFilter(n.pass)
	if err := r.Start(); err != nil {
		t.Fatalf("virtual network: %v", err)
	}
	t.Cleanup(func() {
		if err := r.Stop(); err != nil {
			t.Errorf("virtual network: %v", err)
		}
	})
	return n
}

// Host adds a host with an address (IPv4) and names that others dial.
func (n *Net) Host(t testing.TB, addr string, names ...string) *Host {
	t.Helper()
	v, err := vnet.NewNet(&vnet.NetConfig{StaticIPs: []string{addr}})
	if err != nil {
		t.Fatalf("host %s: %v", addr, err)
	}
	if err := n.router.AddNet(v); err != nil {
		t.Fatalf("host %s: %v", addr, err)
	}
	h := &Host{net: n, addr: netip.MustParseAddr(addr), vnet: v}
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, name := range names {
		n.names[name] = h.addr
	}
	return h
}

// Path says what one direction between two hosts does to what is sent.
type Path struct {
	Loss  float64       // of datagrams, 0 to 1, independent
	Delay time.Duration // of datagrams from a Conn and of TCP; datagrams of other sockets are not delayed
	Cut   bool          // datagrams are lost, TCP stands still until it is healed
	Rate  float64       // bit/s of datagrams from a Conn, headers included; 0: no bound. TCP is not counted
	Queue time.Duration // what waits for a narrow path; what comes on top is lost

	Drop func(datagram []byte) bool // loses those for which it is true; nil: none. It must not block
}

// Traffic counts the datagrams of one direction.
type Traffic struct{ Sent, Lost, Bytes uint64 }

type path struct {
	mu      sync.Mutex
	p       Path
	rng     *rand.Rand
	traffic Traffic
	free    time.Time // when all that waits for a narrow path has left
	tap     func(Datagram)
	changed chan struct{} // closed and made anew when p changes
}

// ipHeaders is what a datagram takes on the path besides its data: IPv4 and UDP.
const ipHeaders = 28

// wait is how long a datagram of n bytes is on its way; false if the queue has no room for it.
func (p *path) wait(n int) (time.Duration, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.p.Rate == 0 {
		return p.p.Delay, true
	}
	now := time.Now()
	if p.free.Before(now) {
		p.free = now
	}
	if p.free.Sub(now) > p.p.Queue {
		p.traffic.Sent++
		p.traffic.Lost++
		p.traffic.Bytes += uint64(n)
		return 0, false
	}
	p.free = p.free.Add(time.Duration(float64(n+ipHeaders) * 8 / p.p.Rate * float64(time.Second)))
	return p.free.Sub(now) + p.p.Delay, true
}

// state returns what the path does now, and a channel that is closed when that changes.
func (p *path) state() (Path, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.p, p.changed
}

func (n *Net) path(from, to netip.Addr) *path {
	n.mu.Lock()
	defer n.mu.Unlock()
	d := direction{from, to}
	p := n.paths[d]
	if p == nil {
		// Seeded by the direction, so that what another path carries does not change what this one loses.
		f, t := from.As4(), to.As4()
		s := uint64(f[0])<<56 | uint64(f[1])<<48 | uint64(f[2])<<40 | uint64(f[3])<<32 | uint64(t[0])<<24 | uint64(t[1])<<16 | uint64(t[2])<<8 | uint64(t[3])
		p = &path{rng: rand.New(rand.NewPCG(n.seed, s)), changed: make(chan struct{})}
		n.paths[d] = p
	}
	return p
}

// Impair sets the path from one host to another; the way back is another path.
func (n *Net) Impair(from, to *Host, p Path) {
	q := n.path(from.addr, to.addr)
	q.mu.Lock()
	defer q.mu.Unlock()
	q.p = p
	close(q.changed)
	q.changed = make(chan struct{})
}

// Cut cuts or heals both ways between two hosts and leaves loss and delay as they are.
func (n *Net) Cut(a, b *Host, cut bool) {
	for _, d := range [][2]*Host{{a, b}, {b, a}} {
		p, _ := n.path(d[0].addr, d[1].addr).state()
		p.Cut = cut
		n.Impair(d[0], d[1], p)
	}
}

// Traffic returns the counts of one direction, datagrams only.
func (n *Net) Traffic(from, to *Host) Traffic {
	p := n.path(from.addr, to.addr)
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.traffic
}

// Datagram is one that passes. Lost ones pass a Tap, too.
type Datagram struct {
	From, To netip.AddrPort
	Data     []byte // not to be changed
	Lost     bool
}

// Tap shows f each datagram of one direction. f must not block, and call nothing of the Net.
func (n *Net) Tap(from, to *Host, f func(Datagram)) {
	p := n.path(from.addr, to.addr)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tap = f
}

// pass is the router's filter.
func (n *Net) pass(c vnet.Chunk) bool {
	from, ok1 := c.SourceAddr().(*net.UDPAddr)
	to, ok2 := c.DestinationAddr().(*net.UDPAddr)
	if !ok1 || !ok2 {
		return true
	}
	p := n.path(unmap(from.AddrPort()).Addr(), unmap(to.AddrPort()).Addr())
	p.mu.Lock()
	defer p.mu.Unlock()
	p.traffic.Sent++
	p.traffic.Bytes += uint64(len(c.UserData()))
	lost := p.p.Cut || p.p.Loss > 0 && p.rng.Float64() < p.p.Loss || p.p.Drop != nil && p.p.Drop(c.UserData())
	if lost {
		p.traffic.Lost++
	}
	if p.tap != nil {
		p.tap(Datagram{unmap(from.AddrPort()), unmap(to.AddrPort()), c.UserData(), lost})
	}
	return !lost
}

// Spoof lets a datagram arrive at a Conn as if it came from any address. It says whether there is such a Conn.
func (n *Net) Spoof(d Datagram) bool {
	n.mu.Lock()
	c := n.conns[d.To]
	n.mu.Unlock()
	if c == nil {
		return false
	}
	c.arrive(udp.Datagram{Data: append([]byte(nil), d.Data...), Addr: d.From})
	return true
}

// Host is one machine of a Net.
type Host struct {
	net  *Net
	addr netip.Addr
	vnet *vnet.Net
}

// Addr is its address.
func (h *Host) Addr() netip.Addr { return h.addr }

// VNet is its network as pion's libraries want it.
func (h *Host) VNet() *vnet.Net { return h.vnet }

// OpenUDP opens a port; an unspecified address means the host's own, port 0 any. It has the type of node.Env.UDP.
func (h *Host) OpenUDP(a netip.AddrPort) (udp.Conn, netip.AddrPort, error) {
	c, err := h.ListenUDP(a.Port())
	if err != nil {
		return nil, a, err
	}
	return c, c.local, nil
}

// ListenUDP opens a port of the host, 0 for any.
func (h *Host) ListenUDP(port uint16) (*Conn, error) {
	pc, err := h.vnet.ListenUDP("udp4", &net.UDPAddr{IP: h.addr.AsSlice(), Port: int(port)})
	if err != nil {
		return nil, fmt.Errorf("open udp port %d of %s: %w", port, h.addr, err)
	}
	a, ok := pc.LocalAddr().(*net.UDPAddr)
	if !ok {
		return nil, fmt.Errorf("open udp port %d of %s: local address %v", port, h.addr, pc.LocalAddr())
	}
	return newConn(h, pc, unmap(a.AddrPort())), nil
}

// Dial connects to a TCP listener by name or address. It has the type of node.Env.Dial.
func (h *Host) Dial(ctx context.Context, addr string) (net.Conn, error) {
	return h.DialContext(ctx, "tcp", addr)
}

// DialContext is Dial as net/http wants it.
func (h *Host) DialContext(ctx context.Context, _, addr string) (net.Conn, error) {
	to, err := h.net.resolve(addr)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: err}
	}
	c, err := h.net.dial(ctx, h.addr, to)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Addr: net.TCPAddrFromAddrPort(to), Err: err}
	}
	return c, nil
}

// Listen opens a TCP port: ":443", or with any address. It has the type of node.Env.Listen.
func (h *Host) Listen(addr string) (net.Listener, error) {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("listen on %q: %w", addr, err)
	}
	a, err := netip.ParseAddrPort(net.JoinHostPort(h.addr.String(), port))
	if err != nil {
		return nil, fmt.Errorf("listen on %q: %w", addr, err)
	}
	return h.net.listen(a)
}

func (n *Net) resolve(addr string) (netip.AddrPort, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return netip.AddrPort{}, err
	}
	n.mu.Lock()
	a, ok := n.names[host]
	n.mu.Unlock()
	if ok {
		host = a.String()
	}
	return netip.ParseAddrPort(net.JoinHostPort(host, port))
}

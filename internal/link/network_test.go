package link

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"time"

	"visavis/internal/udp"
)

// network is what lies between the nodes of a test: datagrams and connections with delay, seeded loss and cuts. It works in a
// synctest bubble and outside.
type network struct {
	delay time.Duration // one way
	rate  float64       // of connections, bytes a second; 0: no bound. A write waits while 4 kB are on their way

	mu       sync.Mutex
	rnd      map[netip.AddrPort]*rand.Rand // of each sender, so that one direction's loss does not depend on the other's packets
	seed     uint64
	loss     float64
	cut      bool // nothing gets through; connections keep what they are given, as TCP does
	cutUDP   bool
	ends     map[netip.AddrPort]*datagrams
	alias    map[netip.AddrPort]netip.AddrPort // a NAT: what others see in place of an address
	tap      func(from, to netip.AddrPort, b []byte)
	drop     func(b []byte) bool
	dropFrom func(from byte, b []byte) bool         // by the last byte of the sender's address
	block    func(to netip.AddrPort, b []byte) bool // ways that are cut
	conns    []*pipeEnd
	servers  map[string]func(net.Conn)
	dials    int
}

func newNetwork(seed uint64, delay time.Duration) *network {
	return &network{delay: delay, seed: seed, rnd: make(map[netip.AddrPort]*rand.Rand), ends: make(map[netip.AddrPort]*datagrams),
		alias: make(map[netip.AddrPort]netip.AddrPort), servers: make(map[string]func(net.Conn))}
}

func (n *network) set(f func()) {
	n.mu.Lock()
	f()
	var wake []*pipeEnd
	if !n.cut {
		wake = slices.Clone(n.conns)
	}
	n.mu.Unlock()
	for _, c := range wake {
		c.ring()
	}
}

// datagrams is one node's port: a udp.Conn.
type datagrams struct {
	n     *network
	addr  netip.AddrPort
	addr6 netip.AddrPort // a second way; may be invalid
	bell  chan struct{}
	mu    sync.Mutex
	queue []udp.Datagram
	woken bool
	over  bool
}

func (n *network) listenUDP(addr netip.AddrPort) *datagrams {
	d := &datagrams{n: n, addr: addr, bell: make(chan struct{}, 1)}
	n.mu.Lock()
	n.ends[addr] = d
	n.mu.Unlock()
	return d
}

// also gives d a second address.
func (n *network) also(d *datagrams, addr netip.AddrPort) {
	n.mu.Lock()
	defer n.mu.Unlock()
	d.addr6 = addr
	n.ends[addr] = d
}

func (d *datagrams) ring() {
	select {
	case d.bell <- struct{}{}:
	default:
	}
}

func (d *datagrams) ReadBatch(ds []udp.Datagram, wait time.Duration) (int, error) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		d.mu.Lock()
		if d.over {
			d.mu.Unlock()
			return 0, net.ErrClosed
		}
		if len(d.queue) > 0 || d.woken {
			n := min(len(ds), len(d.queue))
			for i := range n {
				ds[i].Data = ds[i].Data[:copy(ds[i].Data[:cap(ds[i].Data)], d.queue[i].Data)]
				ds[i].Addr = d.queue[i].Addr
			}
			d.queue = d.queue[n:]
			d.woken = false
			d.mu.Unlock()
			return n, nil
		}
		d.mu.Unlock()
		select {
		case <-d.bell:
		case <-timer.C:
			return 0, nil
		}
	}
}

func (d *datagrams) WriteBatch(ds []udp.Datagram) (int, error) {
	for _, x := range ds {
		d.n.send(d.source(x.Addr), x.Addr, slices.Clone(x.Data))
	}
	return len(ds), nil
}

// source is the address that a datagram leaves from: of the family that it goes to.
func (d *datagrams) source(to netip.AddrPort) netip.AddrPort {
	if to.Addr().Is6() && d.addr6.IsValid() {
		return d.addr6
	}
	return d.addr
}

func (d *datagrams) Wake() {
	d.mu.Lock()
	d.woken = true
	d.mu.Unlock()
	d.ring()
}

func (d *datagrams) Close() error {
	d.mu.Lock()
	d.over = true
	d.mu.Unlock()
	d.ring()
	return nil
}

func (n *network) send(from, to netip.AddrPort, b []byte) {
	n.mu.Lock()
	if a, ok := n.alias[from]; ok {
		from = a
	}
	if n.tap != nil {
		n.tap(from, to, b)
	}
	r := n.rnd[from]
	if r == nil {
		r = rand.New(rand.NewPCG(n.seed, uint64(len(n.rnd))))
		n.rnd[from] = r
	}
	lost := r.Float64() < n.loss || n.drop != nil && n.drop(b) || n.block != nil && n.block(to, b) ||
		n.dropFrom != nil && n.dropFrom(from.Addr().As16()[15], b)
	n.mu.Unlock()
	if lost {
		return
	}
	time.AfterFunc(n.delay, func() { n.deliver(from, to, b) })
}

func (n *network) deliver(from, to netip.AddrPort, b []byte) {
	n.mu.Lock()
	inner := to
	for in, out := range n.alias {
		if in == to {
			inner = netip.AddrPort{} // the NAT forwards nothing to an address that it does not show
		}
		if out == to {
			inner = in
			break
		}
	}
	d, cut := n.ends[inner], n.cut || n.cutUDP
	n.mu.Unlock()
	if d == nil || cut {
		return
	}
	d.mu.Lock()
	d.queue = append(d.queue, udp.Datagram{Data: b, Addr: from})
	d.mu.Unlock()
	d.ring()
}

// pipeEnd is one side of a connection.
type pipeEnd struct {
	n             *network
	local, remote net.Addr
	peer          *pipeEnd
	bell          chan struct{}
	free          time.Time // when what was written has left; tls.Conn writes one at a time

	mu       sync.Mutex
	in       []chunk // what the other side wrote
	deadline time.Time
	over     bool
	mute     bool // what is written, and the end, never arrive
}

type chunk struct {
	at  time.Time
	b   []byte
	end bool
}

func (n *network) pipe(client, server net.Addr) (*pipeEnd, *pipeEnd) {
	a := &pipeEnd{n: n, local: client, remote: server, bell: make(chan struct{}, 1)}
	b := &pipeEnd{n: n, local: server, remote: client, bell: make(chan struct{}, 1)}
	a.peer, b.peer = b, a
	n.mu.Lock()
	n.conns = append(n.conns, a, b)
	n.mu.Unlock()
	return a, b
}

func (e *pipeEnd) ring() {
	select {
	case e.bell <- struct{}{}:
	default:
	}
}

func (e *pipeEnd) Read(b []byte) (int, error) {
	for {
		e.n.mu.Lock()
		cut := e.n.cut
		e.n.mu.Unlock()
		now := time.Now()
		e.mu.Lock()
		switch {
		case e.over:
			e.mu.Unlock()
			return 0, net.ErrClosed
		case !e.deadline.IsZero() && !now.Before(e.deadline):
			e.mu.Unlock()
			return 0, os.ErrDeadlineExceeded
		case len(e.in) > 0 && !cut && !now.Before(e.in[0].at):
			c := &e.in[0]
			if c.end {
				e.mu.Unlock()
				return 0, io.EOF
			}
			n := copy(b, c.b)
			if c.b = c.b[n:]; len(c.b) == 0 {
				e.in = e.in[1:]
			}
			e.mu.Unlock()
			return n, nil
		}
		wait := time.Hour
		if len(e.in) > 0 && !cut {
			wait = e.in[0].at.Sub(now)
		}
		if !e.deadline.IsZero() {
			wait = min(wait, e.deadline.Sub(now))
		}
		e.mu.Unlock()
		t := time.NewTimer(wait)
		select {
		case <-e.bell:
		case <-t.C:
		}
		t.Stop()
	}
}

func (e *pipeEnd) Write(b []byte) (int, error) {
	e.mu.Lock()
	over, mute := e.over, e.mute
	e.mu.Unlock()
	if over {
		return 0, net.ErrClosed
	}
	if mute {
		return len(b), nil
	}
	e.n.mu.Lock()
	rate := e.n.rate
	e.n.mu.Unlock()
	at := time.Now()
	if rate > 0 {
		if e.free.Before(at) {
			e.free = at
		}
		e.free = e.free.Add(time.Duration(float64(len(b)) / rate * 1e9))
		at = e.free
		time.Sleep(time.Until(at.Add(-time.Duration(4096 / rate * 1e9))))
	}
	e.peer.arrive(chunk{at: at.Add(e.n.delay), b: slices.Clone(b)})
	return len(b), nil
}

func (e *pipeEnd) arrive(c chunk) {
	e.mu.Lock()
	if !e.over {
		e.in = append(e.in, c)
	}
	e.mu.Unlock()
	e.ring()
}

func (e *pipeEnd) Close() error {
	e.mu.Lock()
	was := e.over || e.mute
	e.over = true
	e.mu.Unlock()
	e.ring()
	if !was {
		e.peer.arrive(chunk{at: time.Now().Add(e.n.delay), end: true})
	}
	return nil
}

func (e *pipeEnd) LocalAddr() net.Addr                { return e.local }
func (e *pipeEnd) RemoteAddr() net.Addr               { return e.remote }
func (e *pipeEnd) SetDeadline(t time.Time) error      { return e.SetReadDeadline(t) }
func (e *pipeEnd) SetWriteDeadline(t time.Time) error { return nil }
func (e *pipeEnd) SetReadDeadline(t time.Time) error {
	e.mu.Lock()
	e.deadline = t
	e.mu.Unlock()
	e.ring()
	return nil
}

var errRefused = errors.New("connection refused")

// dial connects from an address to whoever serves addr. During a cut it tries again after 1, 2, 4 … s, as TCP does (RFC 6298 §5.5).
func (n *network) dial(ctx context.Context, from netip.Addr, addr string) (net.Conn, error) {
	for again := time.Second; ; again *= 2 {
		n.mu.Lock()
		n.dials++
		cut, serve := n.cut, n.servers[addr]
		n.mu.Unlock()
		wait := again
		if !cut {
			wait = 2 * n.delay
		}
		t := time.NewTimer(wait)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return nil, ctx.Err()
		}
		if cut {
			continue
		}
		if serve == nil {
			return nil, errRefused
		}
		a, b := n.pipe(&net.TCPAddr{IP: from.AsSlice(), Port: 40000}, net.TCPAddrFromAddrPort(netip.MustParseAddrPort(addr)))
		go serve(b)
		return a, nil
	}
}

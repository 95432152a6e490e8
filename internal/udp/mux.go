package udp

import (
	"net/netip"
	"sync/atomic"
	"time"
)

// Endpoint is who gets the datagrams of an address or of a class. Calls come from the worker; d.Data may be changed in place and is
// invalid after return.
type Endpoint interface {
	Datagram(now time.Time, c Class, d Datagram)
}

// Claimant is asked about datagrams from addresses that nobody owns. It says whether d was its own; if not, it has left d as it was.
// Otherwise as Endpoint.
type Claimant interface {
	Claim(now time.Time, c Class, d Datagram) bool
}

// Mux is a Handler that hands each datagram to the endpoint that owns its remote address, or to the first fallback of its class that claims it. An
// address is bound only after it was proven (an answered ICE check, a link's key), and one with a live owner is never given to
// another: a spoofed packet moves nothing. All methods but Stats belong to the worker; before Serve, to whoever made the Mux.
type Mux struct {
	owners     map[netip.AddrPort]Endpoint
	fallbacks  [classes][]Claimant
	onBatchEnd []func(time.Time)
	onTick     []func(time.Time)
	urgent     []func() bool

	// Packets come in runs from one address: remembering the last one spares most look-ups.
	last      netip.AddrPort
	lastOwner Endpoint

	received  [classes]uint64 // of the batch in progress
	unclaimed [classes]uint64
	counts    struct {
		bindings            atomic.Int64
		unknown             atomic.Uint64
		received, unclaimed [classes]atomic.Uint64
	}
}

// NewMux returns a Mux that drops everything until addresses are bound and fallbacks set.
func NewMux() *Mux {
	return &Mux{owners: make(map[netip.AddrPort]Endpoint)}
}

// Bind gives everything that comes from a to e. It says false, and changes nothing, if a has another owner or MaxBindings are bound.
func (m *Mux) Bind(a netip.AddrPort, e Endpoint) bool {
	if owner, ok := m.owners[a]; ok {
		return owner == e
	}
	if len(m.owners) >= MaxBindings || e == nil {
		return false
	}
	m.owners[a] = e
	m.rebound()
	return true
}

// Unbind takes a from e; it does nothing if e does not own a.
func (m *Mux) Unbind(a netip.AddrPort, e Endpoint) {
	if owner, ok := m.owners[a]; !ok || owner != e {
		return
	}
	delete(m.owners, a)
	m.rebound()
}

func (m *Mux) rebound() {
	m.last, m.lastOwner = netip.AddrPort{}, nil
	m.counts.bindings.Store(int64(len(m.owners)))
}

// Fallback asks e about datagrams of class c from addresses that nobody owns, after those that were added before. What nobody claims is
// dropped and counted. Unknown has no fallback.
func (m *Mux) Fallback(c Class, e Claimant) {
	if c != Unknown && int(c) < classes {
		m.fallbacks[c] = append(m.fallbacks[c], e)
	}
}

// claim asks the fallbacks of c.
func (m *Mux) claim(now time.Time, c Class, d Datagram) bool {
	for _, f := range m.fallbacks[c] {
		if f.Claim(now, c, d) {
			return true
		}
	}
	return false
}

// OnBatchEnd calls f after every batch and after every tick, in the order of registration. Before Serve.
func (m *Mux) OnBatchEnd(f func(now time.Time)) { m.onBatchEnd = append(m.onBatchEnd, f) }

// OnTick calls f at every tick, in the order of registration. Before Serve.
func (m *Mux) OnTick(f func(now time.Time)) { m.onTick = append(m.onTick, f) }

// Hurry has f asked before every wait whether something is due at the next tick. Before Serve.
func (m *Mux) Hurry(f func() bool) { m.urgent = append(m.urgent, f) }

// Receive implements Handler.
func (m *Mux) Receive(now time.Time, batch []Datagram) {
	for i := range batch {
		c := Classify(batch[i].Data)
		if c == Unknown {
			m.unclaimed[Unknown]++
			continue
		}
		if e := m.owner(batch[i].Addr); e != nil {
			m.received[c]++
			e.Datagram(now, c, batch[i])
		} else if m.claim(now, c, batch[i]) {
			m.received[c]++
		} else {
			m.unclaimed[c]++
		}
	}
	m.publish()
	m.batchEnd(now)
}

func (m *Mux) owner(a netip.AddrPort) Endpoint {
	if a != m.last {
		m.last, m.lastOwner = a, m.owners[a]
	}
	return m.lastOwner
}

// publish adds the counts of a batch to the atomic ones: a handful of additions a batch in place of one a packet.
func (m *Mux) publish() {
	for c := range classes {
		if n := m.received[c]; n > 0 {
			m.counts.received[c].Add(n)
			m.received[c] = 0
		}
		if n := m.unclaimed[c]; n > 0 {
			if Class(c) == Unknown {
				m.counts.unknown.Add(n)
			} else {
				m.counts.unclaimed[c].Add(n)
			}
			m.unclaimed[c] = 0
		}
	}
}

// Tick implements Handler.
func (m *Mux) Tick(now time.Time) {
	for _, f := range m.onTick {
		f(now)
	}
	m.batchEnd(now)
}

// Urgent implements Handler.
func (m *Mux) Urgent() bool {
	for _, f := range m.urgent {
		if f() {
			return true
		}
	}
	return false
}

func (m *Mux) batchEnd(now time.Time) {
	for _, f := range m.onBatchEnd {
		f(now)
	}
}

// Stats returns the counts so far. Any goroutine.
func (m *Mux) Stats() MuxStats {
	s := MuxStats{Bindings: int(m.counts.bindings.Load()), Unknown: m.counts.unknown.Load()}
	for c := range classes {
		s.Received[c] = m.counts.received[c].Load()
		s.Unclaimed[c] = m.counts.unclaimed[c].Load()
	}
	return s
}

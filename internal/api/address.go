package api

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

// address is who is limited: an IPv4 address or the /64 of an IPv6 address, which one person commands as a whole.
type address = netip.Prefix

// addressOf reads "host:port". What is not an address (a pipe in a test) is one address, the zero.
func addressOf(hostport string) address {
	ap, err := netip.ParseAddrPort(hostport)
	if err != nil {
		return address{}
	}
	a := ap.Addr().Unmap().WithZone("")
	bits := 64
	if a.Is4() {
		bits = 32
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return address{}
	}
	return p
}

// fromHere says whether a remote address is of this machine. A pipe in a test has no address and counts as one.
func fromHere(remote string) bool {
	a, err := netip.ParseAddrPort(remote)
	return err != nil || a.Addr().Unmap().IsLoopback()
}

// limiter is one token bucket a key: burst at once, rate a second. It remembers at most MaxAddresses keys, and refuses new ones while it
// is full of keys that are not back at their burst.
type limiter[K comparable] struct {
	rate, burst float64

	mu      sync.Mutex
	buckets map[K]bucket
}

type bucket struct {
	tokens float64
	at     time.Time
}

func newLimiter[K comparable](rate, burst float64) *limiter[K] {
	return &limiter[K]{rate: rate, burst: burst, buckets: make(map[K]bucket)}
}

// take takes n tokens of k; false, and nothing is taken, if there are fewer.
func (l *limiter[K]) take(k K, n float64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, ok := l.fillLocked(k, time.Now())
	if !ok || b.tokens < n {
		return false
	}
	b.tokens -= n
	l.buckets[k] = b
	return true
}

// give gives a token back.
func (l *limiter[K]) give(k K) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if b, ok := l.fillLocked(k, time.Now()); ok {
		b.tokens = min(l.burst, b.tokens+1)
		l.buckets[k] = b
	}
}

// fillLocked returns the bucket of k as it is now; false if there is no room for another key.
func (l *limiter[K]) fillLocked(k K, now time.Time) (bucket, bool) {
	b, ok := l.buckets[k]
	if !ok {
		if len(l.buckets) >= MaxAddresses {
			l.forgetLocked(now)
		}
		return bucket{l.burst, now}, len(l.buckets) < MaxAddresses
	}
	b.tokens = min(l.burst, b.tokens+l.rate*now.Sub(b.at).Seconds())
	b.at = now
	return b, true
}

// forgetLocked drops keys whose bucket is full again: they are as good as never seen.
func (l *limiter[K]) forgetLocked(now time.Time) {
	for k, b := range l.buckets {
		if b.tokens+l.rate*now.Sub(b.at).Seconds() >= l.burst {
			delete(l.buckets, k)
		}
	}
}

// gate is a listener that gives each address MaxConnections at one time and HandshakesPerSecond. A hijacked connection, a WebSocket or
// another node's, counts until it is closed.
type gate struct {
	net.Listener
	fresh *limiter[address]

	mu   sync.Mutex
	open map[address]int
}

// Limit puts the limits on connections of one address before l; this machine itself has none. The node serves what it returns.
func (s *Server) Limit(l net.Listener) net.Listener {
	return &gate{Listener: l, fresh: newLimiter[address](HandshakesPerSecond, HandshakesPerSecond), open: make(map[address]int)}
}

// Accept implements net.Listener: connections over the limit are closed here, before a byte of them is read.
func (g *gate) Accept() (net.Conn, error) {
	for {
		c, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		remote := c.RemoteAddr().String()
		if fromHere(remote) { // ourselves: a test, the demo, a hundred bots that measure
			return c, nil
		}
		a := addressOf(remote)
		if g.fresh.take(a, 1) && g.enter(a) {
			return &gated{Conn: c, leave: sync.OnceFunc(func() { g.leave(a) })}, nil
		}
		_ = c.Close()
	}
}

func (g *gate) enter(a address) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.open[a] >= MaxConnections {
		return false
	}
	g.open[a]++
	return true
}

func (g *gate) leave(a address) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.open[a]--; g.open[a] <= 0 {
		delete(g.open, a)
	}
}

type gated struct {
	net.Conn
	leave func()
}

// Close implements net.Conn.
func (c *gated) Close() error {
	c.leave()
	return c.Conn.Close()
}

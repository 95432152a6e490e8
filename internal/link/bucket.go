package link

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

// bucket is a token bucket. The zero bucket is full at its first use.
type bucket struct {
	tokens float64
	last   time.Time
}

// take takes n tokens of a bucket that fills with rate a second up to burst; false: there are not enough, and none is taken.
func (b *bucket) take(now time.Time, n, rate, burst float64) bool {
	if b.last.IsZero() {
		b.tokens = burst
	} else if d := now.Sub(b.last); d > 0 {
		b.tokens = min(burst, b.tokens+rate*d.Seconds())
	}
	b.last = now
	if b.tokens < n {
		return false
	}
	b.tokens -= n
	return true
}

// wait is how long until n tokens are there; 0 if they are.
func (b *bucket) wait(now time.Time, n, rate, burst float64) time.Duration {
	have := burst
	if !b.last.IsZero() {
		have = min(burst, b.tokens+rate*max(0, now.Sub(b.last).Seconds()))
	}
	if have >= n {
		return 0
	}
	return time.Duration((n - have) / rate * float64(time.Second))
}

// gate counts connections by address before anything else is known of them.
type gate struct {
	mu     sync.Mutex
	seen   map[netip.Prefix]*bucket
	others bucket
}

// admit takes one connection of an address; false: too many came. Addresses that are not IP (tests) share one bucket.
func (g *gate) admit(now time.Time, a net.Addr) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	p := prefixOf(a)
	b := g.seen[p]
	if b == nil {
		if len(g.seen) >= maxAddresses {
			for k, v := range g.seen {
				if v.wait(now, admitBurst, admitRate, admitBurst) == 0 {
					delete(g.seen, k)
				}
			}
		}
		if len(g.seen) >= maxAddresses {
			b = &g.others
		} else {
			if g.seen == nil {
				g.seen = make(map[netip.Prefix]*bucket)
			}
			b = new(bucket)
			g.seen[p] = b
		}
	}
	return b.take(now, 1, admitRate, admitBurst)
}

// prefixOf is what one household or host can call from at no cost: an IPv4 address, an IPv6 /64.
func prefixOf(a net.Addr) netip.Prefix {
	if a == nil {
		return netip.Prefix{}
	}
	ap, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return netip.Prefix{}
	}
	ip := ap.Addr().Unmap().WithZone("")
	bits := 32
	if ip.Is6() {
		bits = 64
	}
	p, _ := ip.Prefix(bits)
	return p
}

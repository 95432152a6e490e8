package peer

import "time"

// bucket is a token bucket: rate a second, a second's worth at most.
type bucket struct {
	tokens float64
	at     time.Time
}

// take removes n tokens, or says false and removes none.
func (b *bucket) take(now time.Time, n, rate float64) bool { return b.takeOf(now, n, rate, rate) }

// takeOf is take with another depth than one second's worth.
func (b *bucket) takeOf(now time.Time, n, rate, depth float64) bool {
	if b.at.IsZero() {
		b.tokens = depth
	} else if d := now.Sub(b.at); d > 0 {
		b.tokens = min(b.tokens+d.Seconds()*rate, depth)
	}
	b.at = now
	if b.tokens < n {
		return false
	}
	b.tokens -= n
	return true
}

// add gives tokens up to depth.
func (b *bucket) add(n, depth float64) { b.tokens = min(b.tokens+n, depth) }

package media

import "time"

// missing is a packet that has not come though later ones have.
type missing struct {
	seq   int64
	since time.Time // when the gap was seen
	asked time.Time // when it was last asked for
	tries uint8
}

// losses finds gaps and decides when to ask for them. Requests go out after a short allowance for reordering and are repeated
// a round trip later, because request and answer are lost as easily as what they are about.
type losses struct {
	list [MaxMissing]missing // ascending by seq
	n    int
	rtt  time.Duration
}

func (l *losses) clear() { l.n = 0 }

// gap notes that [from, to) is missing. Of a gap longer than the list only its newest part is noted.
func (l *losses) gap(now time.Time, from, to int64) {
	from = max(from, to-MaxMissing)
	if over := l.n + int(to-from) - MaxMissing; over > 0 {
		l.drop(over)
	}
	for q := from; q < to; q++ {
		l.list[l.n] = missing{seq: q, since: now}
		l.n++
	}
}

// drop forgets the oldest n.
func (l *losses) drop(n int) {
	copy(l.list[:], l.list[n:l.n])
	l.n -= n
}

// found forgets seq and tells whether it was missing and whether it had been asked for.
func (l *losses) found(now time.Time, seq int64) (was, asked bool) {
	for i := l.n - 1; i >= 0; i-- { // resends are of the newest
		m := &l.list[i]
		if m.seq < seq {
			return false, false
		}
		if m.seq != seq {
			continue
		}
		if asked = m.tries > 0; m.tries == 1 { // after more than one request nobody knows which was answered
			l.sample(now.Sub(m.asked))
		}
		copy(l.list[i:], l.list[i+1:l.n])
		l.n--
		return true, asked
	}
	return false, false
}

func (l *losses) sample(rtt time.Duration) {
	if l.rtt == 0 {
		l.rtt = rtt
		return
	}
	l.rtt += (rtt - l.rtt) / 4
}

// repeat is the time between two requests for one packet.
func (l *losses) repeat() time.Duration {
	rtt := l.rtt
	if rtt == 0 {
		rtt = firstRTT
	}
	return min(max(rtt+rtt/8+5*time.Millisecond, leastRepeat), mostRepeat)
}

// due writes the numbers that are to be asked for now into out and returns how many. What is older than maxAge can no longer
// be had or is no longer of use and is forgotten, as is what was asked for MaxAttempts times.
func (l *losses) due(now time.Time, top int64, maxAge time.Duration, out []uint16) int {
	repeat := l.repeat()
	n, kept := 0, 0
	for i := range l.n {
		m := l.list[i]
		if now.Sub(m.since) > maxAge || m.tries >= MaxAttempts && now.Sub(m.asked) >= repeat {
			continue
		}
		ready := now.Sub(m.asked) >= repeat
		if m.tries == 0 {
			ready = now.Sub(m.since) >= reorderFor || top-m.seq >= reorderPackets
		}
		if ready && m.tries < MaxAttempts && n < len(out) {
			out[n] = uint16(m.seq)
			n++
			m.tries, m.asked = m.tries+1, now
		}
		l.list[kept] = m
		kept++
	}
	l.n = kept
	return n
}

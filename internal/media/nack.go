package media

import "time"

// missing is a packet that has not come though later ones have.
type missing struct {
	seq   int64
	since time.Time // when the gap was seen
	first time.Time // when it was first asked for
	asked time.Time // and last
	tries uint8
}

// losses finds gaps and decides when to ask for them. Requests go out after a short allowance for reordering and are repeated
// a round trip later, because request and answer are lost as easily as what they are about.
type losses struct {
	list [MaxMissing]missing // ascending by seq
	n    int

	known   bool
	rtt, rv time.Duration // smoothed round trip to the source and its variation (RFC 6298 §2.3)
	extra   time.Duration // since a repeated request was answered
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
		if asked = m.tries > 0; asked {
			l.sample(now.Sub(m.first), m.tries == 1)
		}
		copy(l.list[i:], l.list[i+1:l.n])
		l.n--
		return true, asked
	}
	return false, false
}

// sample takes the time from the first request to the answer. If there were more requests nobody knows which was answered, and
// the time is none; but the round trip may have got longer than the time between requests, so the next have more, until an only
// request is answered (Karn's algorithm).
func (l *losses) sample(rtt time.Duration, sure bool) {
	switch {
	case !sure:
		l.extra = min(l.extra+l.repeat()/4, mostRepeat)
	case !l.known:
		l.set(rtt)
	default:
		l.extra = 0
		l.rv += ((l.rtt - rtt).Abs() - l.rv) / 4
		l.rtt += (rtt - l.rtt) / 8
	}
}

// set takes a round trip that is known otherwise.
func (l *losses) set(rtt time.Duration) {
	l.known, l.rtt, l.rv, l.extra = true, rtt, min(l.rv, rtt/4), 0
}

// repeat is the time between two requests for one packet.
func (l *losses) repeat() time.Duration {
	rtt := firstRTT
	if l.known {
		rtt = l.rtt
	}
	return min(max(rtt+max(rtt/16, 4*l.rv)+l.extra+5*time.Millisecond, leastRepeat), mostRepeat)
}

// due writes the numbers that are to be asked for now into out and returns how many. What is older than maxAge can no longer
// be had or is no longer of use and is forgotten.
func (l *losses) due(now time.Time, top int64, maxAge time.Duration, out []uint16) int {
	repeat := l.repeat()
	n, kept := 0, 0
	for i := range l.n {
		m := l.list[i]
		if now.Sub(m.since) > maxAge {
			continue
		}
		ready := now.Sub(m.asked) >= repeat
		if m.tries == 0 {
			ready = now.Sub(m.since) >= reorderFor || top-m.seq >= reorderPackets
		}
		if ready && m.tries < MaxAttempts && n < len(out) {
			out[n] = uint16(m.seq)
			n++
			if m.tries == 0 {
				m.first = now
			}
			m.tries, m.asked = m.tries+1, now
		}
		l.list[kept] = m
		kept++
	}
	l.n = kept
	return n
}

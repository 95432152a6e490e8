package room

import (
	"time"

	"visavis/internal/meeting"
)

// clock is what is known of another node's clock, by its own word (RFC 5905 §8): the offset of its clock from ours.
type clock struct {
	sent     time.Time // when we last said ours
	origin   time.Time // its last, by its clock
	received time.Time // when that came, by ours
	known    bool
	offset   time.Duration // theirs less ours
	rtt      time.Duration
	at       time.Time // of the measure
}

// apart reports whether two-key acts must wait: the clocks are more than clockApart apart.
func (c *clock) apart() bool { return c.known && (c.offset > clockApart || c.offset < -clockApart) }

// sayClock tells s our time, with what it takes to measure ours against its own.
func (r *Room) sayClock(now time.Time, s *side) {
	c := &s.clock
	c.sent = now
	r.tellOnce(s, meeting.Notice{Kind: meeting.NoticeClock, Clock: &meeting.Clock{Sent: millis(now), Origin: c.origin, Received: c.received}})
}

// clocked takes the other node's time. Of two measures within clockFresh the one with the shorter way counts.
func (r *Room) clocked(now time.Time, s *side, n meeting.Clock) {
	c := &s.clock
	first, answer := c.origin.IsZero(), !n.Origin.IsZero() && n.Origin.Equal(millis(c.sent))
	c.origin, c.received = n.Sent, millis(now)
	if first || n.Origin.IsZero() {
		r.sayClock(now, s) // so that both know soon
	}
	rtt := now.Sub(n.Origin) - n.Sent.Sub(n.Received)
	if !answer || rtt < -time.Millisecond || rtt > clockFresh || c.known && rtt > c.rtt && now.Sub(c.at) < clockFresh {
		return
	}
	was := c.apart()
	c.known, c.rtt, c.at = true, rtt, now
	c.offset = (n.Received.Sub(n.Origin) + n.Sent.Sub(now)) / 2
	if c.apart() != was {
		r.hurry()
	}
}

// millis is t as the link says times.
func millis(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

// stamp is t as pages read it, "" for no time.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

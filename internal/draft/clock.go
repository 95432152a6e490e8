package draft

import (
	"time"

	"visavis/internal/meeting"
	"visavis/internal/readout"
)

// Bounds of measuring another node's clock.
const (
	maxTrip   = time.Second // a longer way says too little: 2 s are what is looked for
	markFresh = 3 * Again   // how long a measure stands
)

// mark is what is known of another node's wall clock.
type mark struct {
	n     int64
	asked readout.Clock // when the last question went out
	far   time.Duration // its clock minus ours
	at    time.Duration // monotonic, of the measure
	known bool
}

// askLocked is the question for a party's clock.
func (d *Desk) askLocked(p meeting.PartyID) readout.Message {
	m := d.marks[p]
	if m == nil { // as many as there are pinned parties
		m = new(mark)
		d.marks[p] = m
	}
	m.n++
	m.asked = d.c.Clock(p)
	return readout.Message{Clock: &readout.Mark{N: m.n}}
}

// clocked answers a question, or takes an answer to ours: half the way there and back, RFC 5905 §8 with one timestamp.
func (d *Desk) clockedLocked(p meeting.PartyID, k *readout.Mark) []readout.Message {
	now := d.c.Clock(p)
	if k.At.IsZero() {
		return []readout.Message{{Clock: &readout.Mark{N: k.N, At: now.Wall.UTC()}}}
	}
	m := d.marks[p]
	if m == nil || k.N != m.n || m.asked.Wall.IsZero() {
		return nil
	}
	trip := now.Mono - m.asked.Mono
	m.n++ // an answer counts once
	if trip < 0 || trip > maxTrip {
		return nil
	}
	m.far, m.at, m.known = k.At.Sub(now.Wall.Add(-trip/2)), now.Mono, true
	return nil
}

// clockLocked is the time, with what was measured of a party's clock lately. What the node itself knows goes before.
func (d *Desk) clockLocked(p meeting.PartyID) readout.Clock {
	c := d.c.Clock(p)
	if m := d.marks[p]; !c.Known && m != nil && m.known && c.Mono-m.at <= markFresh {
		c.Far, c.Known = m.far, true
	}
	return c
}

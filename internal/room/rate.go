package room

import (
	"time"

	"visavis/internal/meeting"
)

// bucket bounds the events of one member: so much at once, then so much a second.
type bucket struct {
	tokens float64
	at     time.Time
}

// fill lets time pass in b. A moment that lies before the last one gives nothing.
func (b *bucket) fill(t time.Time, rate, burst float64) {
	if d := t.Sub(b.at); d > 0 {
		b.tokens, b.at = min(burst, b.tokens+d.Seconds()*rate), t
	}
}

// spend counts one event of a member of ours, up to now. It reports whether the member may open something with it; what closes
// something is never held back, and costs the same.
func (r *Room) spend(now time.Time, id meeting.MemberID, opens bool) bool {
	b := r.rates[id]
	if b == nil {
		b = &bucket{eventsBurst, now}
		r.rates[id] = b
	}
	b.fill(now, eventsRate, eventsBurst)
	if opens && b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}

// allow counts a proposal of a guest, by the guest's clock as far as it can be true: it may bring the events of a long cut at once, and
// may not claim more time than has passed. Its own node holds its members to less, so that it is never refused one that was honest.
func (r *Room) allow(now time.Time, p meeting.Proposal) bool {
	who := doer(p.Event)
	if m, ok := r.c.Definition.Member(who); !ok || m.Party != p.Party {
		return true // refused for that
	}
	b := r.rates[who]
	if b == nil {
		b = &bucket{guestBurst, r.since}
		r.rates[who] = b
	}
	at := p.At
	if at.After(now) {
		at = now
	}
	b.fill(at, guestRate, guestBurst)
	least := 1.0
	if !opens(p.Event) {
		least -= guestBurst
	}
	if b.tokens < least {
		return false
	}
	b.tokens--
	return true
}

// doer is who caused e.
func doer(e meeting.Event) meeting.MemberID {
	if e.Actor != "" {
		return e.Actor
	}
	return e.Member
}

// opens reports whether e brings somebody in or switches, gives or raises something. What does not is never held back: leaving, switching
// off, closing, giving back.
func opens(e meeting.Event) bool {
	switch e.Kind {
	case meeting.MemberDevices:
		return e.Mic != nil && *e.Mic || e.Camera != nil && *e.Camera
	case meeting.TechnicianAdmitted:
		return e.Admit != nil && *e.Admit
	case meeting.MemberLeft, meeting.PhaseClosed, meeting.PhaseEnded, meeting.KeyReturned, meeting.RecordStopped, meeting.FloorYielded,
		meeting.FloorTaken, meeting.HandLowered, meeting.OrderLowered:
		return false
	}
	return true
}

// phaseOf reports whether an event of kind k is itself a change of phase.
func phaseOf(k meeting.Kind) bool {
	switch k {
	case meeting.PhaseRehearsal, meeting.PhaseWaiting, meeting.PhaseClosed, meeting.PhaseEnded, meeting.PhaseSealed:
		return true
	}
	return false
}

// offends reports whether officers must hear that another party was refused an event of kind k: one that no honest node of its people sends.
func offends(k meeting.Kind) bool {
	switch k {
	case meeting.MemberJoined, meeting.MemberLeft, meeting.MemberDevices, meeting.HandRaised, meeting.HandLowered, meeting.OrderRaised, meeting.OrderLowered:
		return false
	}
	return true
}

// seldom reports whether a line of the log that others can bring about may be written now: each once a minute.
func (r *Room) seldom(now time.Time, what string) bool {
	if last, ok := r.said[what]; ok && now.Sub(last) < saidEvery {
		return false
	}
	r.said[what] = now
	return true
}

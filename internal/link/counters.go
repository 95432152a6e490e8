package link

import (
	"errors"
	"maps"
)

// Counters count what a link did and refused since it was made.
type Counters struct {
	Received, Sent      uint64 // datagrams: authentic, copies not counted; sealed
	Copies              uint64 // packets that went to a second address too
	BadAuth, Replayed   uint64 // did not verify (or no key); seen before: copies and resends of what had come
	Undeclared          uint64 // RTP of an SSRC that is not offered
	Unwanted            uint64 // RTP of a stream that is offered but not wanted
	Policed             uint64 // RTP above a rate or of a wrong kind
	Malformed           uint64 // authentic but not as specified
	RTCPPoliced         uint64 // SRTCP above its rate
	KeyframePoliced     uint64 // keyframe requests above their rate
	TunnelDropped       uint64 // packets of ours for which the media connection was too slow
	Unsent              uint64 // packets of ours for which there was no key or no address
	PathLosses          uint64 // times that the path was lost
	AddressesRefused    uint64 // by the guard
	ResendAsked, Resent uint64 // numbers that the far node asked for; packets sent again
}

// add adds d.
func (c *Counters) add(d Counters) {
	c.Received += d.Received
	c.Sent += d.Sent
	c.Copies += d.Copies
	c.BadAuth += d.BadAuth
	c.Replayed += d.Replayed
	c.Undeclared += d.Undeclared
	c.Unwanted += d.Unwanted
	c.Policed += d.Policed
	c.Malformed += d.Malformed
	c.RTCPPoliced += d.RTCPPoliced
	c.KeyframePoliced += d.KeyframePoliced
	c.TunnelDropped += d.TunnelDropped
	c.Unsent += d.Unsent
	c.PathLosses += d.PathLosses
	c.AddressesRefused += d.AddressesRefused
	c.ResendAsked += d.ResendAsked
	c.Resent += d.Resent
}

// Stats are the counts of a Manager.
type Stats struct {
	Counters
	Refused map[string]uint64 // control and media connections refused or closed for what came, by code of bye; "pinned": no trusted key
}

// Stats returns what all links have counted since the Manager was made, those that are gone included, up to a second ago.
func (m *Manager) Stats() Stats {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := Stats{Counters: m.past, Refused: maps.Clone(m.refused)}
	for _, c := range m.conns {
		s.add(c.Counters())
	}
	return s
}

// forgetLocked keeps the counts of a link that is gone.
func (m *Manager) forgetLocked(c *Conn) { m.past.add(c.Counters()) }

// blame counts a connection that ended by err if that was the fault of the other side. Codes are ours and few.
func (m *Manager) blame(err error) {
	var r *refusal
	code := ""
	switch {
	case errors.As(err, &r):
		code = r.code
	case errors.Is(err, ErrPinned):
		code = "pinned"
	}
	if code == "" || code == "replaced" || code == "duplicate" {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refused[code]++
}

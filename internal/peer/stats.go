package peer

import (
	"sync/atomic"
)

// Stats counts what a Host did since it was made.
type Stats struct {
	Sessions       int   // open now
	Connected      int64 // of them, with media
	OffersRefused  uint64
	EndedConsent   uint64 // sessions that ended because nothing answered
	EndedHandshake uint64

	STUNMalformed, STUNUnknown, STUNForged, STUNLimited, STUNDropped uint64
	STUNAnswered                                                     uint64 // requests from the chosen address, which no agent saw
	AddressesRefused                                                 uint64 // one address too many
	AddressClashes                                                   uint64 // proven, but another session's
	Moves                                                            uint64 // sessions that changed their address

	DTLSUnproven, DTLSHeld, DTLSDropped uint64
	HandshakesFailed                    uint64

	MediaUnproven uint64 // from addresses that nobody owns
	MediaEarly    uint64 // before the keys
	Forged        uint64 // tag did not verify, too short, or more sources than allowed
	Replayed      uint64
	Malformed     uint64 // authentic, but not RTP or RTCP as agreed
	Policed       uint64 // above a limit
	UnknownSSRC   uint64 // of no track, or not its SSRC any more
	SSRCRefused   uint64
	RTX           uint64 // resends taken
	Foreign       uint64 // RTCP about what is not the sender's or ours, BYE of any kind
	Unsealed      uint64 // could not be protected
}

type counters struct {
	connected atomic.Int64

	offersRefused, endedConsent, endedHandshake atomic.Uint64

	stunMalformed, stunUnknown, stunForged, stunLimited, stunDropped atomic.Uint64
	stunAnswered                                                     atomic.Uint64
	addressesRefused, addressClashes, moves                          atomic.Uint64

	dtlsUnproven, dtlsHeld, dtlsDropped, handshakesFailed atomic.Uint64

	mediaUnproven, mediaEarly, forged, replayed, malformed atomic.Uint64
	policed, unknownSSRC, ssrcRefused, rtx                 atomic.Uint64
	foreign, unsealed                                      atomic.Uint64
}

func (c *counters) end(reason string) {
	switch reason {
	case ReasonConsent:
		c.endedConsent.Add(1)
	case ReasonHandshake:
		c.endedHandshake.Add(1)
	}
}

// Stats returns the counts so far. Any goroutine.
func (h *Host) Stats() Stats {
	h.mu.Lock()
	sessions := len(h.sessions)
	h.mu.Unlock()
	c := &h.counts
	return Stats{
		Sessions: sessions, Connected: c.connected.Load(), OffersRefused: c.offersRefused.Load(),
		EndedConsent: c.endedConsent.Load(), EndedHandshake: c.endedHandshake.Load(),
		STUNMalformed: c.stunMalformed.Load(), STUNUnknown: c.stunUnknown.Load(), STUNForged: c.stunForged.Load(),
		STUNLimited: c.stunLimited.Load(), STUNDropped: c.stunDropped.Load(), STUNAnswered: c.stunAnswered.Load(),
		AddressesRefused: c.addressesRefused.Load(), AddressClashes: c.addressClashes.Load(), Moves: c.moves.Load(),
		DTLSUnproven: c.dtlsUnproven.Load(), DTLSHeld: c.dtlsHeld.Load(), DTLSDropped: c.dtlsDropped.Load(),
		HandshakesFailed: c.handshakesFailed.Load(),
		MediaUnproven:    c.mediaUnproven.Load(), MediaEarly: c.mediaEarly.Load(), Forged: c.forged.Load(), Replayed: c.replayed.Load(),
		Malformed: c.malformed.Load(), Policed: c.policed.Load(), UnknownSSRC: c.unknownSSRC.Load(), SSRCRefused: c.ssrcRefused.Load(),
		RTX: c.rtx.Load(), Foreign: c.foreign.Load(), Unsealed: c.unsealed.Load(),
	}
}

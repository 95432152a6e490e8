package udp

import "encoding/binary"

// Class is what a datagram is by its first bytes (RFC 7983 §7).
type Class uint8

// Classes of datagrams. RTCP is told from RTP by the second byte (RFC 5761 §4).
const (
	Unknown Class = iota
	STUN
	DTLS
	RTP
	RTCP

	classes = int(RTCP) + 1
)

// String returns the name used in counters.
func (c Class) String() string {
	switch c {
	case STUN:
		return "stun"
	case DTLS:
		return "dtls"
	case RTP:
		return "rtp"
	case RTCP:
		return "rtcp"
	}
	return "unknown"
}

// stunCookie is in every STUN message since 2008 (RFC 8489 §5). ICE needs it, so older messages are Unknown.
const stunCookie = 0x2112a442

// Classify says what b is by its first bytes, and that it is long enough to be that: what is shorter than the fixed header is
// Unknown. ZRTP (16..19) and TURN channels (64..79) are Unknown too: nobody here speaks them.
//
//	first byte   0..3    20..63   128..191
//	             STUN    DTLS     RTP, RTCP if the second byte is 192..223
func Classify(b []byte) Class {
	if len(b) < 8 {
		return Unknown
	}
	switch f := b[0]; {
	case f <= 3:
		if len(b) >= 20 && binary.BigEndian.Uint32(b[4:]) == stunCookie { // RFC 8489 §5
			return STUN
		}
	case f >= 20 && f <= 63:
		if len(b) >= 13 { // RFC 6347 §4.1: record header
			return DTLS
		}
	case f >= 128 && f <= 191:
		if b[1] >= 192 && b[1] <= 223 { // RFC 5761 §4
			return RTCP
		}
		if len(b) >= 12 { // RFC 3550 §5.1
			return RTP
		}
	}
	return Unknown
}

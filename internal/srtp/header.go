package srtp

import "encoding/binary"

const (
	minHeader  = 12 // RFC 3550 §5.1
	rtcpHeader = 8  // RFC 3550 §6.4: first word and sender's SSRC
	rtcpIndex  = 4  // RFC 3711 §3.4
)

// headerLen returns the length of the RTP header at the start of b with sources and extension, 0 if there is none.
//
//	 0                   1                   2                   3
//	 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|V=2|P|X|  CC   |M|     PT      |       sequence number         |
//	|                           timestamp                           |
//	|                             SSRC                              |
//	|                        CSRC, CC times                         |
//	|  X: profile                   |  length in words, then words  |
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
func headerLen(b []byte) int {
	if len(b) < minHeader || b[0]>>6 != 2 {
		return 0
	}
	n := minHeader + 4*int(b[0]&0x0f)
	if b[0]&0x10 != 0 {
		if len(b) < n+4 {
			return 0
		}
		n += 4 + 4*int(binary.BigEndian.Uint16(b[n+2:]))
	}
	if len(b) < n {
		return 0
	}
	return n
}

func sequence(header []byte) uint16 { return binary.BigEndian.Uint16(header[2:]) }
func source(header []byte) uint32   { return binary.BigEndian.Uint32(header[8:]) }

// rtcpSource returns who sent an RTCP packet; false if b is too short or not version 2.
func rtcpSource(b []byte) (uint32, bool) {
	if len(b) < rtcpHeader || b[0]>>6 != 2 {
		return 0, false
	}
	return binary.BigEndian.Uint32(b[4:]), true
}

package peer

import (
	"encoding/binary"
	"time"

	"visavis/internal/media"
)

// Send implements media.Sink: it seals one packet straight into the worker's slab. The header is a function of p and of what the
// first offer fixed, so a packet that is sent again is the same bytes: under GCM the same index with anything else would give the
// key away (one nonce, two contents). Nothing that varies with the time of sending may come in here.
//
//	|1 0|0|1|  0  |M|     PT      |       sequence number         |
//	|                          timestamp                          |
//	|                            SSRC                             |
//	|        0xBEDE or 0x1000       |    length in 32-bit words   |
//	|  ID and length of the MID, the MID, zeros                   |
func (f *flow) Send(_ time.Time, p *media.Out) {
	if f.sealer == nil || !f.remote.IsValid() {
		return
	}
	b := f.header[:12]
	b[0], b[1] = 0x80, p.PT
	if p.Marker {
		b[1] |= 0x80
	}
	binary.BigEndian.PutUint16(b[2:], uint16(p.Index))
	binary.BigEndian.PutUint32(b[4:], p.Time)
	binary.BigEndian.PutUint32(b[8:], p.SSRC)
	if f.ext.mid != 0 && p.Mid != "" {
		b[0] |= 0x10
		b = appendMID(b, f.ext.mid, p.Mid)
	}
	sealed, err := f.sealer.SealRTP(f.h.c.Worker.Buffer()[:0], b, p.Payload, p.Index)
	if err != nil {
		f.h.counts.unsealed.Add(1)
		return
	}
	f.h.c.Worker.Commit(len(sealed), f.remote)
}

// appendMID writes the header extension (RFC 8285 §4.2; §4.3 if the identifier needs it).
func appendMID(b []byte, id uint8, mid string) []byte {
	at := len(b)
	if id <= 14 {
		b = append(b, 0xbe, 0xde, 0, 0, id<<4|uint8(len(mid)-1))
	} else {
		b = append(b, 0x10, 0x00, 0, 0, id, uint8(len(mid)))
	}
	b = append(b, mid...)
	for (len(b)-at)%4 != 0 {
		b = append(b, 0)
	}
	b[at+3] = uint8((len(b) - at - 4) / 4)
	return b
}

package peer

import (
	"encoding/binary"
	"time"

	"visavis/internal/media"
)

// Send implements media.Sink: it seals one packet straight into the worker's slab. The header is a function of p and of what the
// first offer fixed, so a packet that is sent again is the same bytes: under GCM the same index with anything else would give the
// key away (one nonce, two contents). Nothing that varies with the time of sending may come in here, but the transport-wide number
// of packets that are never sent twice under one index: their resends have the RTX stream's.
//
//	|1 0|0|1|  0  |M|     PT      |       sequence number         |
//	|                          timestamp                          |
//	|                            SSRC                             |
//	|        0xBEDE or 0x1000       |    length in 32-bit words   |
//	|  ID and length of the MID, the MID, zeros                   |
func (f *flow) Send(now time.Time, p *media.Out) {
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
	if p.Padding {
		b[0] |= 0x20
	}
	mid := f.ext.mid != 0 && p.Mid != ""
	switch {
	case p.Numbered && f.estimate != nil && f.ext.twcc != 0:
		b[0] |= 0x10
		b = f.appendNumbered(now, b, p, mid)
	case mid:
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

// Warm implements media.Warmer.
func (f *flow) Warm() (n int) {
	if f.sealer != nil {
		n = f.sealer.Warm()
	}
	if f.estimate != nil {
		n += f.estimate.Warm()
	}
	return n + int(f.ext.mid) + int(f.header[0])
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

// onWire is what a packet takes besides header and payload: tag, UDP and IP.
const onWire = 16 + 8 + 20

// appendNumbered writes the MID, if it is wanted, and the transport-wide number.
func (f *flow) appendNumbered(now time.Time, b []byte, p *media.Out, mid bool) []byte {
	at, long := len(b), f.ext.mid > 14 || f.ext.twcc > 14
	b = append(b, 0xbe, 0xde, 0, 0)
	if long {
		b[at], b[at+1] = 0x10, 0
	}
	if mid && long {
		b = append(append(b, f.ext.mid, uint8(len(p.Mid))), p.Mid...)
	} else if mid {
		b = append(append(b, f.ext.mid<<4|uint8(len(p.Mid)-1)), p.Mid...)
	}
	if long {
		b = append(b, f.ext.twcc, 2)
	} else {
		b = append(b, f.ext.twcc<<4|1)
	}
	number := len(b)
	b = append(b, 0, 0)
	for (len(b)-at)%4 != 0 {
		b = append(b, 0)
	}
	b[at+3] = uint8((len(b) - at - 4) / 4)
	binary.BigEndian.PutUint16(b[number:], f.estimate.Sent(now, len(b)+len(p.Payload)+onWire, p.Padding))
	return b
}

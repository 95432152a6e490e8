package bench

import (
	"encoding/binary"
	"errors"
)

// kind tells the two streams apart.
type kind uint8

const (
	audio kind = iota
	video
	kinds = 2
)

func (k kind) String() string { return [kinds]string{"audio", "video"}[k] }

// mark is what every payload ends with, so that it survives a server that rewrites RTP headers and VP8 descriptors.
//
//	| "vsvb" 4 | run 4 | kind 1 | 0 3 | number 4 | ns since 1970, 8 |
type mark struct {
	run    uint32 // of the publisher: what somebody else sends is not counted
	kind   kind
	number uint32 // counts from 0 in each kind
	at     int64  // when the publisher sent it, its clock, ns since 1970
}

const markLen = 24

var errNoMark = errors.New("payload without a mark")

// put writes m over the end of b, which has markLen bytes at least.
func (m mark) put(b []byte) {
	b = b[len(b)-markLen:]
	copy(b, "vsvb")
	binary.BigEndian.PutUint32(b[4:], m.run)
	b[8], b[9], b[10], b[11] = byte(m.kind), 0, 0, 0
	binary.BigEndian.PutUint32(b[12:], m.number)
	binary.BigEndian.PutUint64(b[16:], uint64(m.at))
}

// readMark finds the mark of a payload.
func readMark(b []byte) (mark, error) {
	if len(b) < markLen {
		return mark{}, errNoMark
	}
	b = b[len(b)-markLen:]
	if string(b[:4]) != "vsvb" || b[8] >= kinds {
		return mark{}, errNoMark
	}
	return mark{
		run:    binary.BigEndian.Uint32(b[4:]),
		kind:   kind(b[8]),
		number: binary.BigEndian.Uint32(b[12:]),
		at:     int64(binary.BigEndian.Uint64(b[16:])),
	}, nil
}

// vp8Payload lays out one packet of a picture (RFC 7741 §4.2, §4.3): descriptor with a picture id of 15 bits, and in the first packet
// the frame header, in a keyframe with start code and size.
func vp8Payload(b []byte, id uint16, first, key bool) {
	clear(b)
	b[0], b[1] = 0x80, 0x80 // X; I
	if first {
		b[0] |= 0x10 // S, partition 0
	}
	binary.BigEndian.PutUint16(b[2:], id|0x8000)
	if !first {
		return
	}
	const shown, size = 1 << 4, 5000
	tag := uint32(shown | size<<5)
	if !key {
		tag |= 1
	}
	b[4], b[5], b[6] = byte(tag), byte(tag>>8), byte(tag>>16)
	if key {
		copy(b[7:], []byte{0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01}) // 640 × 360
	}
}

// vp8Key says whether a keyframe begins in this payload.
func vp8Key(b []byte) bool {
	n := 1
	if len(b) > 1 && b[0]&0x80 != 0 {
		x := b[1]
		n = 2
		if x&0x80 != 0 {
			if len(b) > n && b[n]&0x80 != 0 {
				n++
			}
			n++
		}
		if x&0x40 != 0 {
			n++
		}
		if x&0x30 != 0 {
			n++
		}
	}
	return len(b) > n && b[0]&0x17 == 0x10 && b[n]&1 == 0
}

// opusPayload lays out 20 ms of full-band CELT, one frame (RFC 6716 §3.1: config 31, mono, code 0).
func opusPayload(b []byte) {
	clear(b)
	b[0] = 31 << 3
}

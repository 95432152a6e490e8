package media

import (
	"encoding/binary"
	"errors"
)

// Packet is a view of one RTP packet (RFC 3550 §5.1). Its slices point into the bytes that ParseRTP was given.
type Packet struct {
	SSRC, Time uint32
	Seq        uint16
	PT         uint8
	Marker     bool
	Payload    []byte // without padding
	HeaderLen  int    // bytes before the payload: fixed header, CSRCs and extensions
	CSRC       []byte // 4 bytes each

	profile uint16 // of the header extension, 0 if there is none
	ext     []byte
}

// Errors of ParseRTP; each is counted apart by callers that count.
var (
	ErrShort     = errors.New("rtp: packet ends before its header does")
	ErrVersion   = errors.New("rtp: version is not 2")
	ErrPadding   = errors.New("rtp: padding is longer than the payload")
	ErrExtension = errors.New("rtp: header extension is too long")
)

const (
	fixedHeader    = 12
	oneByteProfile = 0xbede // RFC 8285 §4.2
	twoByteProfile = 0x1000 // RFC 8285 §4.3, low 4 bits are free
)

// ParseRTP makes p a view of b. It allocates nothing and reads each byte at most once; on error p is undefined.
//
//	 0                   1                   2                   3
//	|V=2|P|X|  CC   |M|     PT      |       sequence number         |
//	|                           timestamp                           |
//	|                             SSRC                              |
//	|                         CSRC × CC                             |
//	|      profile                  |  length in 32-bit words       |  if X
func ParseRTP(b []byte, p *Packet) error {
	if len(b) < fixedHeader {
		return ErrShort
	}
	if b[0]>>6 != 2 {
		return ErrVersion
	}
	n := fixedHeader + 4*int(b[0]&0x0f)
	if len(b) < n {
		return ErrShort
	}
	p.CSRC = b[fixedHeader:n:n]
	p.profile, p.ext = 0, nil
	if b[0]&0x10 != 0 {
		if len(b) < n+4 {
			return ErrShort
		}
		size := 4 * int(binary.BigEndian.Uint16(b[n+2:]))
		if size > MaxExtensions {
			return ErrExtension
		}
		if len(b) < n+4+size {
			return ErrShort
		}
		p.profile = binary.BigEndian.Uint16(b[n:])
		n += 4
		p.ext = b[n : n+size : n+size]
		n += size
	}
	end := len(b)
	if b[0]&0x20 != 0 { // RFC 3550 §5.1: the last byte counts the padding, itself included
		if end == n || b[end-1] == 0 || int(b[end-1]) > end-n {
			return ErrPadding
		}
		end -= int(b[end-1])
	}
	p.Marker, p.PT = b[1]&0x80 != 0, b[1]&0x7f
	p.Seq = binary.BigEndian.Uint16(b[2:])
	p.Time = binary.BigEndian.Uint32(b[4:])
	p.SSRC = binary.BigEndian.Uint32(b[8:])
	p.HeaderLen, p.Payload = n, b[n:end:end]
	return nil
}

// Extension returns the data of the first header extension element with this id, nil if there is none (RFC 8285 §4.2, §4.3).
// An element that runs over the end of the extension, and all after it, are as if they were not there.
func (p *Packet) Extension(id uint8) []byte {
	switch {
	case id == 0:
		return nil
	case p.profile == oneByteProfile:
		return oneByteElement(p.ext, id)
	case p.profile&0xfff0 == twoByteProfile:
		return twoByteElement(p.ext, id)
	}
	return nil
}

func oneByteElement(b []byte, id uint8) []byte {
	for i := 0; i < len(b); {
		if b[i] == 0 { // padding
			i++
			continue
		}
		e, n := b[i]>>4, int(b[i]&0x0f)+1
		i++
		if e == 15 || n > len(b)-i { // 15 ends the list (RFC 8285 §4.2)
			return nil
		}
		if e == id {
			return b[i : i+n : i+n]
		}
		i += n
	}
	return nil
}

func twoByteElement(b []byte, id uint8) []byte {
	for i := 0; i < len(b); {
		if b[i] == 0 {
			i++
			continue
		}
		if len(b)-i < 2 {
			return nil
		}
		e, n := b[i], int(b[i+1])
		i += 2
		if n > len(b)-i {
			return nil
		}
		if e == id {
			return b[i : i+n : i+n]
		}
		i += n
	}
	return nil
}

// AudioLevel reads a client-to-mixer level element (RFC 6464 §3): bit 7 is voice, the rest -dBov. NoLevel if it is missing
// or of another length.
func AudioLevel(element []byte) uint8 {
	if len(element) < 1 || len(element) > 2 { // two-byte headers pad it to 2 at some senders
		return NoLevel
	}
	return element[0]
}

package media

// vp8 is the VP8 payload descriptor of one packet (RFC 7741 §4.2). Offsets are into the payload, 0 where the field is absent.
//
//	|X|R|N|S|R| PID |  required
//	|I|L|T|K| RSV   |  if X
//	|M| PictureID   |  if I; 15 bits if M
//	|   TL0PICIDX   |  if L
//	|TID|Y| KEYIDX  |  if T or K
type vp8 struct {
	body      int    // of the first byte after the descriptor
	pictureID int    // offset
	tl0       int    // offset
	long      bool   // the picture id has 15 bits
	id        uint16 // picture id
	tl0PicIdx uint8
	key       bool // a keyframe begins here
}

// parseVP8 reads the descriptor at the start of b. It is false, and d is zero, if b ends before the descriptor and one byte of
// picture do.
// Of the picture itself only the one bit that tells keyframes is looked at (RFC 7741 §4.3); nothing else is ever read.
func parseVP8(b []byte, d *vp8) bool {
	*d = vp8{}
	var v vp8
	if !v.parse(b) {
		return false
	}
	*d = v
	return true
}

func (d *vp8) parse(b []byte) bool {
	if len(b) < 2 {
		return false
	}
	n := 1
	if b[0]&0x80 != 0 {
		x := b[1]
		n = 2
		if x&0x80 != 0 {
			if len(b) <= n {
				return false
			}
			d.pictureID, d.long = n, b[n]&0x80 != 0
			d.id = uint16(b[n] & 0x7f)
			n++
			if d.long {
				if len(b) <= n {
					return false
				}
				d.id = d.id<<8 | uint16(b[n])
				n++
			}
		}
		if x&0x40 != 0 {
			if len(b) <= n {
				return false
			}
			d.tl0, d.tl0PicIdx = n, b[n]
			n++
		}
		if x&0x30 != 0 {
			n++
		}
	}
	if len(b) <= n {
		return false
	}
	d.body = n
	d.key = b[0]&0x17 == 0x10 && b[n]&1 == 0
	return true
}

// widen copies the payload b to dst (appending) with a picture id of 15 bits where b has one of 7, and moves the offsets of d
// accordingly. A slot's picture ids go on across switches, so they outgrow the 7 bits that some senders begin with.
func widen(dst, b []byte, d *vp8) []byte {
	if d.pictureID == 0 || d.long {
		return append(dst, b...)
	}
	dst = append(dst, b[:d.pictureID]...)
	dst = append(dst, 0x80, byte(d.id))
	dst = append(dst, b[d.pictureID+1:]...)
	d.long = true
	d.body++
	if d.tl0 != 0 {
		d.tl0++
	}
	return dst
}

// rewrite sets picture id and TL0PICIDX of a widened payload in place.
func (d *vp8) rewrite(b []byte, id uint16, tl0 uint8) {
	if d.pictureID != 0 {
		b[d.pictureID], b[d.pictureID+1] = 0x80|byte(id>>8)&0x7f, byte(id)
	}
	if d.tl0 != 0 {
		b[d.tl0] = tl0
	}
}

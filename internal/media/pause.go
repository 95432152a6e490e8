package media

import "time"

// Pause stops a picture while its receiver is not heard: numbers that nobody gets would pass, and half a wrap of them unheard loses
// the roll-over counter (RFC 3711 §3.3.1). Ready ends it: the picture goes on with a keyframe and without a gap in its numbers. The
// slot can be assigned meanwhile. Sound does not pause.
func (f *Forwarder) Pause(now time.Time) {
	if f.dead || !f.ready || f.c.Kind != Video {
		return
	}
	f.ready = false
	if f.cur != nil {
		f.again(now)
	}
	f.unwant()
}

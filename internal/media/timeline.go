package media

import "time"

// continued is the timestamp of k, the first packet of s in a slot that has sent before.
//
// A slot that goes on with the same stream or camera keeps the relation of its timestamps to the instants of capture that its reports have
// told so far: a receiver fits a line through many of them, and sound and picture would be out of step for seconds after each move by as
// much as the first packet came late. With another source the time that passed here decides: a difference between the delays of two people
// would else be a hole in the sound, or packets from before those that were sent already.
func (f *Forwarder) continued(now time.Time, s *Stream, k *kept) uint32 {
	step := uint32(opusFrame)
	if f.c.Kind == Video {
		step = 1
	}
	t := f.timeRef + uint32(now.Sub(f.timeAt).Seconds()*float64(f.rate))
	if c, ok := f.captured(now, s, k); ok {
		if d := int64(int32(c - t)); max(d, -d) < int64(f.rate)*int64(silence)/int64(time.Second) { // what reports say is a claim
			t = c
		}
	}
	if least := f.time + step; int32(t-least) < 0 {
		t = least
	}
	return t
}

// captured is the timestamp that the slot's stream so far would have had at the instant of k, if s is that stream or another layer of its
// camera and both have been reported (RFC 3550 §6.4.1: the instants of one source are on one clock).
func (f *Forwarder) captured(now time.Time, s *Stream, k *kept) (uint32, bool) {
	was := f.a.of
	switch {
	case was == s && f.a.epoch == k.epoch:
		return k.time + f.a.timeOff, true
	case was.track == nil || was.track != s.track || f.a.epoch != was.epoch || k.epoch != s.epoch:
		return 0, false
	}
	a, b := &was.reception, &s.reception
	if !a.told(now) || !b.told(now) || was.renew || s.renew {
		return 0, false
	}
	between := int64(b.ntp - a.ntp) // Q32.32 s
	if limit := int64(2*reportFor/time.Second) << 32; between > limit || between < -limit {
		return 0, false
	}
	return a.rtp + uint32(between>>16*int64(f.rate)>>16) + (k.time - b.rtp) + f.a.timeOff, true
}

// told tells whether the source has said lately when its timestamps were captured.
func (r *reception) told(now time.Time) bool { return r.reported && now.Sub(r.at) <= reportFor }

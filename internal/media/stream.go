package media

import "time"

// StreamConfig says what a stream is.
type StreamConfig struct {
	ID       string // for logs and the link; the stream does not look at it
	Kind     Kind
	SSRC     uint32 // of the source; 0 if only its first packet will tell (SetSSRC)
	Source   Source // asked for resends and keyframes; nil: nobody is. Streams of one Source share its clock
	RingFor  time.Duration
	NoResend bool    // the source cannot send again: it is not asked to
	Nominal  float64 // bit/s that it is meant to take at most, 0 unknown: what counts while it does not flow
}

// StreamStats counts what a stream took in since it was made.
type StreamStats struct {
	Packets, Bytes   uint64 // accepted, payload bytes
	Duplicates, Late uint64 // dropped: had already; older than the ring
	Lost             uint64 // packets missing when a later one came, less those that were only reordered
	Recovered        uint64 // of Lost, came after they had been asked for
	Requested        uint64 // resends asked for, each repetition counted
	Keyframes        uint64 // keyframes begun
	KeyframeRequests uint64 // sent to the source
	Foreign          uint64 // dropped: of another SSRC than the stream's
	Refused          uint64 // payload too long, jump not confirmed, too many at once
	Held             uint64 // dropped: while the stream was held
	Restarts         uint64 // after a silence or a confirmed jump
}

// Stream is one incoming track: it puts packets in order, keeps them for resends, asks its source for what is missing and hands
// them to the forwarders attached to it. Worker thread only, like everything in this package.
type Stream struct {
	sw     *Switch
	c      StreamConfig
	closed bool
	held   bool // see Hold

	started, renew bool
	top            int64     // newest sequence number, unwrapped
	epoch          uint32    // counts starts; numbers of two epochs do not belong together
	at             time.Time // of the newest packet
	jumped         bool
	jumpNext       uint16 // what would confirm a jump

	pictures  bool
	pictureID uint16 // of the last packet

	ring       ring
	losses     losses
	reception  reception
	clock      *sourceClock
	loudness   loudness
	floor      *Floor
	forwarders []*Forwarder // attached or waiting for a keyframe
	pending    []int64      // since the last flush

	wanting int       // forwarders that wait for a keyframe
	asked   time.Time // last keyframe request
	stats   StreamStats

	track  *Track // that it is a layer of, or nil
	meter  meter
	wishes int // slots that would show it
}

// NewStream makes a stream that hands its packets on when sw is flushed.
func NewStream(sw *Switch, c StreamConfig) *Stream {
	if c.RingFor == 0 {
		if c.RingFor = audioRingFor; c.Kind == Video {
			c.RingFor = videoRingFor
		}
	}
	s := &Stream{sw: sw, c: c, ring: newRing(c.Kind, c.RingFor), clock: sw.clockOf(c.Source)}
	s.reception.rate = clockRate(c.Kind)
	sw.streams = append(sw.streams, s)
	if c.Kind == Video {
		NewTrack(s)
	}
	return s
}

// clockRate is in Hz: RFC 7587 §4.1 for Opus, RFC 7741 §6 for VP8.
func clockRate(k Kind) uint32 {
	if k == Video {
		return 90000
	}
	return 48000
}

// ID is the name given in the configuration.
func (s *Stream) ID() string { return s.c.ID }

// Kind is sound or picture.
func (s *Stream) Kind() Kind { return s.c.Kind }

// Track is what it is a layer of: the last that NewTrack made of it, or one of its own; nil for sound and for nil.
// Any thread.
func (s *Stream) Track() *Track {
	if s == nil {
		return nil
	}
	return s.track
}

// Best says whether it is the best layer of its track. Worker thread.
func (s *Stream) Best() bool { return s.track != nil && s.track.layers[len(s.track.layers)-1] == s }

// SSRC is the source's, 0 if it is not known yet.
func (s *Stream) SSRC() uint32 { return s.c.SSRC }

// SetSSRC tells the SSRC of a stream made without one, or that the source took another: its numbers start anew.
func (s *Stream) SetSSRC(ssrc uint32) {
	if s.c.SSRC != ssrc {
		s.c.SSRC = ssrc
		s.renew = s.started
		s.reception.reported = false
	}
}

// Hold makes the stream drop whatever comes (true), or take it again: a microphone that its member has switched off may be attached
// and asked for, and nothing of what its page goes on sending is kept, so that nothing of it is ever forwarded or sent again. What
// comes after that is a new start: nobody asks the source for what was dropped.
func (s *Stream) Hold(on bool) {
	if s.held == on {
		return
	}
	s.held = on
	s.losses.clear()
	s.renew = s.started
}

// Held reports whether the stream drops what comes.
func (s *Stream) Held() bool { return s.held }

// SetRTT tells the round-trip time to the source, which paces repeated requests. Between calls the stream measures it itself
// by answered requests; without either it takes 50 ms.
func (s *Stream) SetRTT(rtt time.Duration) {
	if rtt > 0 {
		s.losses.set(rtt)
	}
}

// Stats returns the counters.
func (s *Stream) Stats() StreamStats { return s.stats }

// Push takes one packet, already opened; one that came as RTX carries its original sequence number and payload. level is the
// packet's RFC 6464 element or NoLevel. What has another SSRC than the stream is dropped: it comes late, from before SetSSRC. The payload is copied; forwarders get it when the switch is flushed.
func (s *Stream) Push(now time.Time, p *Packet, level uint8) {
	if s.closed {
		return
	}
	if s.held {
		s.stats.Held++
		return
	}
	if s.c.SSRC != 0 && p.SSRC != s.c.SSRC {
		s.stats.Foreign++
		return
	}
	if len(p.Payload) > MaxPayload {
		s.stats.Refused++
		return
	}
	seq, ok := s.unwrap(now, p.Seq)
	if !ok {
		s.stats.Refused++
		return
	}
	if s.ring.get(seq) != nil {
		s.stats.Duplicates++
		return
	}
	k := s.ring.place(now, seq)
	if k == nil {
		s.stats.Late++
		return
	}
	resent := s.order(now, seq)
	s.fill(now, k, p, level)
	k.seq = seq
	s.stats.Packets++
	s.stats.Bytes += uint64(len(p.Payload))
	s.meter.add(now, len(p.Payload))
	if s.at = now; !resent {
		s.reception.packet(s.sw.since(now), p.Time)
	}
	if s.c.Kind == Audio && s.loudness.add(now, level) && s.floor != nil {
		s.floor.due = true
	}
	if len(s.pending) == MaxPending {
		s.stats.Refused++ // it stays in the ring: receivers ask for it
		return
	}
	if len(s.pending) == 0 {
		s.sw.dirty = append(s.sw.dirty, s)
	}
	s.pending = append(s.pending, seq)
}

// unwrap turns a wire number into one that does not wrap. A jump of more than MaxGap is refused until the next number in line
// confirms it, so that no single packet moves the window (RFC 3550 A.1).
func (s *Stream) unwrap(now time.Time, wire uint16) (int64, bool) {
	afresh := (s.top+1<<16)&^0xffff | int64(wire) // above all numbers so far
	if !s.started || s.renew {
		s.started, s.renew = true, false
		s.restart(afresh)
		return afresh, true
	}
	d := int64(int16(wire - uint16(s.top)))
	if s.jumped && wire == s.jumpNext {
		s.jumped = false
		s.reception.reported = false // its timestamps are no more to be trusted than its numbers
		s.restart(afresh)
		return afresh, true
	}
	if s.jumped = d > MaxGap || d < -MaxGap; s.jumped {
		s.jumpNext = wire + 1
		return 0, false
	}
	if d > 1 && now.Sub(s.at) > silence { // with 1 the source is slow, and nothing was lost
		// After a silence nobody waits for what was lost in it, and asking for it would bring old pictures.
		seq := s.top + d
		s.restart(seq)
		return seq, true
	}
	return s.top + d, true
}

// restart begins a new epoch at seq.
func (s *Stream) restart(seq int64) {
	s.top = seq - 1
	if s.epoch++; s.epoch > 1 {
		s.stats.Restarts++
	}
	s.losses.clear()
	s.reception.restart(seq)
}

// order moves the top, notes what is missing below it and tells whether seq comes because it was asked for.
func (s *Stream) order(now time.Time, seq int64) (resent bool) {
	if seq > s.top {
		if lost := seq - s.top - 1; lost > 0 {
			s.losses.gap(now, s.top+1, seq)
			s.stats.Lost += uint64(lost)
		}
		s.top = seq
		s.reception.top = seq
		return false
	}
	was, asked := s.losses.found(now, seq)
	switch {
	case asked:
		s.stats.Recovered++
	case was:
		s.stats.Lost--
	}
	return asked
}

// fill makes k the packet p.
func (s *Stream) fill(now time.Time, k *kept, p *Packet, level uint8) {
	s.sw.serial++
	k.serial, k.epoch, k.at = s.sw.serial, s.epoch, now
	k.time, k.marker, k.level = p.Time, p.Marker, level
	if k.buf == nil {
		k.buf = make([]byte, headroom, roomFor(len(p.Payload)))
	}
	if s.c.Kind == Audio {
		k.buf = append(k.buf[:headroom], p.Payload...)
		return
	}
	if parseVP8(p.Payload, &k.vp8); k.vp8.key {
		s.stats.Keyframes++
	}
	if k.vp8.pictureID != 0 {
		if !k.vp8.long && s.pictures { // 7 bits wrap long before the slot's 15 do
			k.vp8.id = (s.pictureID + (k.vp8.id-s.pictureID+0x40)&0x7f - 0x40) & 0x7fff
		}
		s.pictures, s.pictureID = true, k.vp8.id
	}
	k.buf = widen(k.buf[:headroom], p.Payload, &k.vp8)
}

// roomFor sizes a new buffer so that the next packets fit as well.
func roomFor(payload int) int {
	if payload <= 320-headroom {
		return 320
	}
	return 1280
}

// Tick repeats requests for what is still missing.
func (s *Stream) Tick(now time.Time) {
	s.request(now)
	s.askKeyframe(now)
	s.meter.tick(now)
	s.tickTrack(now)
}

// misses says whether there are packets to ask for, now or later.
func (s *Stream) misses() bool {
	return s.losses.n > 0 && !s.c.NoResend && s.c.Source != nil && s.c.SSRC != 0
}

// request asks the source for missing packets that are due.
func (s *Stream) request(now time.Time) {
	if !s.misses() {
		return
	}
	if n := s.losses.due(now, s.top, s.c.RingFor, s.sw.seqs[:]); n > 0 {
		s.stats.Requested += uint64(n)
		s.c.Source.RequestResend(now, s.c.SSRC, s.sw.seqs[:n])
	}
}

// askKeyframe asks for a keyframe if somebody waits for one and the last request is long enough ago for the source to hear it.
func (s *Stream) askKeyframe(now time.Time) {
	if s.wanting == 0 || s.c.Source == nil || s.c.SSRC == 0 {
		return
	}
	wait := keyframeRepeat
	if now.Sub(s.at) > silence {
		wait = idleRepeat
	}
	asked := &s.asked
	if s.track != nil {
		asked = &s.track.asked
	}
	if now.Sub(*asked) < wait {
		return
	}
	*asked = now
	s.stats.KeyframeRequests++
	s.c.Source.RequestKeyframe(now, s.c.SSRC)
}

// Close ends the stream: every slot that shows it is emptied.
func (s *Stream) Close(now time.Time) {
	if s.closed {
		return
	}
	for len(s.forwarders) > 0 {
		s.forwarders[len(s.forwarders)-1].drop(now, s)
	}
	s.closed = true
	s.pending = nil
	s.ring = ring{}
	if s.floor != nil {
		s.floor.due = true
	}
	s.sw.removeStream(s)
}

func (s *Stream) attach(f *Forwarder) { s.forwarders = append(s.forwarders, f) }

func (s *Stream) detach(f *Forwarder) {
	for i, g := range s.forwarders {
		if g == f {
			s.forwarders = append(s.forwarders[:i], s.forwarders[i+1:]...)
			return
		}
	}
}

package link

import (
	"encoding/binary"
	"errors"
	"time"

	"visavis/internal/media"
)

// featureCongestion is the feature under which two nodes tell each other when pictures and probes came (RFC 8888), in use when both name it.
const featureCongestion = "ccfb"

const (
	fmtCongestion = 11 // of RTPFB, RFC 8888 §3.1

	arrivedBit = 0x8000
	offsetMask = 0x1fff
	offsetMost = 0x1ffd // 1/1024 s; above: longer ago, or not known
)

// congestion is what a plane knows of how its packets get through. Worker only.
type congestion struct {
	on       bool // the far node has named the feature
	estimate *media.Estimator
	probes   numbers
	probeSeq uint16
	looked   time.Time // when the estimate was last moved by time
	clock    reportClock
	resetAt  time.Time // when the estimate last forgot the way
	stale    bool      // it must, because the far node's clock is another
	untold   int       // packets of pictures sent since the far node last told what came
	untoldAt time.Time // when the first of them was

	came   []*arrivals // of in streams and probes, what was not told yet
	probed arrivals
	told   time.Time
}

// numbers are the transport-wide numbers of the packets sent last under one SSRC, by their sequence numbers.
type numbers [numbersKept]struct {
	seq, number uint16
	set         bool
}

func (x *numbers) set(seq, number uint16) {
	e := &x[seq%numbersKept]
	e.seq, e.number, e.set = seq, number, true
}

func (x *numbers) get(seq uint16) (uint16, bool) {
	e := &x[seq%numbersKept]
	return e.number, e.set && e.seq == seq
}

// arrivals are when the packets of one SSRC came, those in a row that were not told yet.
type arrivals struct {
	ssrc    uint32
	begun   bool
	pending bool // in congestion.came
	begin   uint16
	at      []uint32 // by number from begin on: 1/65536 s; 0: it has not come
}

// take notes a packet; false if it is too far from those before, which must be told first.
func (a *arrivals) take(seq uint16, tick uint32) bool {
	if !a.begun || len(a.at) == 0 && int16(seq-a.begin) > maxReported {
		a.begun, a.begin = true, seq
	}
	d := int(int16(seq - a.begin))
	if d < 0 {
		if len(a.at) == 0 && d < -maxReported { // the sender began anew
			a.begun = false
			return a.take(seq, tick)
		}
		return true // told before: late, or sent again
	}
	if d >= maxReported {
		return false
	}
	for len(a.at) <= d {
		a.at = append(a.at, 0)
	}
	if a.at[d] == 0 {
		a.at[d] = max(tick, 1)
	}
	return true
}

// arrived takes note of a packet that the far node counts. One whose number is too far from those before is passed over if there was a report a
// moment ago.
func (p *plane) arrived(now time.Time, a *arrivals, ssrc uint32, seq uint16) {
	c := &p.cc
	if !c.on {
		return
	}
	if a.ssrc = ssrc; a.at == nil {
		a.at = make([]uint32, 0, maxReported)
	}
	if !a.take(seq, p.reportTime(now)) {
		if now.Sub(c.told) < congestionGap {
			return // numbers that jump earn the far node no more reports than this
		}
		p.tellArrivals(now)
		a.take(seq, p.reportTime(now))
	}
	if !a.pending && len(a.at) > 0 {
		a.pending = true
		c.came = append(c.came, a)
	}
}

// reportTime is the middle 32 bits of the NTP time of sender reports: 1/65536 s.
func (p *plane) reportTime(now time.Time) uint32 { return uint32(p.m.c.Switch.NTP(now) >> 16) }

// tellArrivals sends what came since the last time (RFC 8888 §3.1), in as many datagrams as it takes.
func (p *plane) tellArrivals(now time.Time) {
	c := &p.cc
	c.told = now
	if p.send != nil && p.active != nil {
		at, b := p.reportTime(now), p.scratch[:0]
		for _, a := range c.came {
			if need := 8 + 2*len(a.at) + 2; len(b) > 0 && len(b)+need+4 > maxRTCP {
				p.sendArrivals(b, at)
				b = b[:0]
			}
			if len(b) == 0 {
				b = beginCongestion(b, p.send.farTag)
			}
			b = a.append(b, at)
		}
		if len(b) > 0 {
			p.sendArrivals(b, at)
		}
	}
	for i, a := range c.came {
		a.begin, a.at, a.pending = a.begin+uint16(len(a.at)), a.at[:0], false
		c.came[i] = nil
	}
	c.came = c.came[:0]
}

// sendArrivals sends one datagram of them, one way: the next one follows soon.
func (p *plane) sendArrivals(b []byte, at uint32) {
	p.send.sent++
	p.sealRTCP(endCongestion(b, at), p.active.addr, false)
}

func beginCongestion(b []byte, tag uint32) []byte {
	return binary.BigEndian.AppendUint32(append(b, 2<<6|fmtCongestion, rtcpRTPFB, 0, 0), tag)
}

// append writes the block of one SSRC.
func (a *arrivals) append(b []byte, at uint32) []byte {
	b = binary.BigEndian.AppendUint32(b, a.ssrc)
	b = binary.BigEndian.AppendUint16(b, a.begin)
	b = binary.BigEndian.AppendUint16(b, uint16(len(a.at)))
	for _, t := range a.at {
		w := uint16(0)
		if t != 0 {
			w = arrivedBit | uint16(min((at-t)>>6, offsetMost+1))
		}
		b = binary.BigEndian.AppendUint16(b, w)
	}
	if len(a.at)%2 != 0 {
		b = append(b, 0, 0)
	}
	return b
}

func endCongestion(b []byte, at uint32) []byte {
	b = binary.BigEndian.AppendUint32(b, at)
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)/4-1))
	return b
}

var errCongestion = errors.New("not congestion control feedback")

// readCongestion calls packet for each packet that feedback speaks of, for none if it is not whole; at is when it came, µs on a clock that counts from report. known is false
// where that is not told.
func readCongestion(b []byte, report int64, packet func(ssrc uint32, seq uint16, came, known bool, at int64)) error {
	if err := checkCongestion(b); err != nil {
		return err
	}
	for b = b[8 : len(b)-4]; len(b) > 0; {
		ssrc, seq, n := binary.BigEndian.Uint32(b), binary.BigEndian.Uint16(b[4:]), int(binary.BigEndian.Uint16(b[6:]))
		b = b[8:]
		size := (2*n + 3) &^ 3
		for i := range n {
			w := binary.BigEndian.Uint16(b[2*i:])
			offset := int64(w & offsetMask)
			packet(ssrc, seq+uint16(i), w&arrivedBit != 0, offset <= offsetMost, report-offset*1e6/1024)
		}
		b = b[size:]
	}
	return nil
}

// checkCongestion says whether feedback is whole.
func checkCongestion(b []byte) error {
	if len(b) < 12 || b[0] != 2<<6|fmtCongestion || b[1] != rtcpRTPFB {
		return errCongestion
	}
	for b = b[8 : len(b)-4]; len(b) > 0; {
		if len(b) < 8 {
			return errCongestion
		}
		size := 8 + (2*int(binary.BigEndian.Uint16(b[6:]))+3)&^3
		if size > len(b) {
			return errCongestion
		}
		b = b[size:]
	}
	return nil
}

// reportClock unwraps the times of reports.
type reportClock struct {
	known bool
	wire  uint32
	top   int64     // 1/65536 s
	at    time.Time // here, when it came
}

// read is the time of a report, µs. again is true if the far node's clock is not the one of the last report: it was restarted.
func (c *reportClock) read(now time.Time, wire uint32) (at int64, again bool) {
	d := int64(int32(wire - c.wire))
	off := time.Duration(d)*time.Second>>16 - now.Sub(c.at)
	switch {
	case !c.known:
		c.known, c.top = true, int64(wire)
	case off > clockJump || off < -clockJump:
		again, c.top = true, c.top+d
	default:
		c.top += d
	}
	c.wire, c.at = wire, now
	return c.top * 1e6 >> 16, again
}

// congestionFrom takes the far node's feedback.
func (p *plane) congestionFrom(now time.Time, b []byte) {
	c := &p.cc
	if c.estimate == nil {
		return
	}
	if checkCongestion(b) != nil {
		p.n.Malformed++ // before anything of it counts
		return
	}
	at, again := c.clock.read(now, binary.BigEndian.Uint32(b[len(b)-4:]))
	if c.stale = c.stale || again; c.stale {
		if now.Sub(c.resetAt) < resetEvery {
			return // a clock that jumps on and on tells nothing, and must not cost much
		}
		c.forget(now)
	}
	cut := c.untold >= awayLeast && now.Sub(c.untoldAt) > awayFor
	if c.untold = 0; cut { // the way was away, which says nothing about what it takes
		c.forget(now)
		p.limit(now)
		return
	}
	var o *out
	_ = readCongestion(b, at, func(ssrc uint32, seq uint16, came, known bool, at int64) {
		of := &c.probes
		if p.send == nil || ssrc != p.send.farTag {
			if o == nil || o.ssrc != ssrc {
				o = p.outs[ssrc]
			}
			if o == nil || o.numbers == nil {
				return
			}
			of = o.numbers
		}
		if n, ok := of.get(seq); ok && (known || !came) {
			c.estimate.Packet(now, n, came, at)
		}
	})
	c.estimate.Reported(now)
	p.limit(now)
}

// numbered takes note of a packet of pictures, n bytes, that goes out now.
func (p *plane) numbered(now time.Time, o *out, seq uint16, n int, again bool) {
	if o.numbers == nil {
		o.numbers = new(numbers)
	}
	if p.cc.untold++; p.cc.untold == 1 {
		p.cc.untoldAt = now
	}
	if !again {
		o.numbers.set(seq, p.cc.estimate.Sent(now, n+ipHeaders, false))
	} else if x, ok := o.numbers.get(seq); ok {
		p.cc.estimate.Lost(x)
	}
}

// limit tells the switch what the way to the far node takes of pictures.
func (p *plane) limit(now time.Time) {
	bits, ok := p.cc.estimate.Bits()
	if !ok || bits >= partyRate*8 {
		bits = -1
	}
	p.m.c.Switch.Limit(now, p, bits)
}

// feedback moves the estimate by time and by probes, and tells what came.
func (p *plane) feedCongestion(now time.Time) {
	c := &p.cc
	if len(c.came) > 0 && now.Sub(c.told) >= congestionEvery {
		p.tellArrivals(now)
	}
	if c.estimate == nil || p.active == nil || now.Sub(c.looked) < probeLook {
		return
	}
	c.looked = now
	n := c.estimate.Tick(now, p.m.c.Switch.Short(p) && !p.active.tunnelled())
	p.limit(now)
	bits, _ := c.estimate.Bits()
	// As large that twice the estimate would take 10 ms for all: less could not be told from nothing in steps of 1 ms.
	size := min(max(int(2*bits*probeSpan.Seconds()/8)/max(n, 1), probeLeast), probeMost) &^ 3
	for range n {
		p.sendProbe(now, size)
	}
}

// sendProbe sends one packet of padding.
func (p *plane) sendProbe(now time.Time, size int) {
	p.cc.probeSeq++
	x := pathPacket{Subtype: subtypeProbe, Tag: p.send.farTag, Number: uint32(p.cc.probeSeq)}
	b := x.appendProbe(p.scratch[:0], size)
	p.send.sent++
	p.cc.probes.set(p.cc.probeSeq, p.cc.estimate.Sent(now, size+srtcpTrailer+ipHeaders, true))
	p.sealRTCP(b, p.active.addr, false)
}

// newPath forgets what was known of another way.
func (p *plane) newPath(now time.Time) {
	if p.cc.estimate != nil {
		p.cc.forget(now)
		p.limit(now)
	}
}

// forget begins the estimate anew.
func (c *congestion) forget(now time.Time) {
	c.estimate.Reset()
	c.resetAt, c.stale = now, false
}

// agree begins to tell and to be told if the far node does.
func (p *plane) agree(k *keyset) {
	c := &p.cc
	if c.on = k.congestion; c.on && c.estimate == nil {
		c.estimate = media.NewEstimator(media.Path{Most: partyRate * 8, Tick: time.Second / 1024, LossMost: lossMost,
			LossOf: lossOf, LossFor: lossFor, LossLeast: lossOf / 2, RateFor: fullFor})
	} else if !c.on && c.estimate != nil {
		c.estimate = nil
		p.m.c.Switch.Limit(time.Now(), p, -1)
	}
}

// share divides the layers of a camera among the streams that the far node wants of it, so that each layer goes in one of them: a stream has the
// layers above the next lower that is wanted.
func (p *plane) share(now time.Time, t *media.Track) {
	var of [media.MaxLayers]*out
	layers := t.Layers()
	for _, o := range p.outs {
		if o.kind != media.Video || o.on == nil || o.on.Track() != t {
			continue
		}
		for i, s := range layers {
			if s == o.on {
				of[i] = o
			}
		}
	}
	least := 0
	for i, o := range of {
		if o != nil {
			o.fwd.ShowLayers(now, t, least, i)
			least = i + 1
		}
	}
}

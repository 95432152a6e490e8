package link

import (
	"encoding/binary"
	"errors"
	"math"
	"net/netip"
	"time"

	"visavis/internal/media"
	"visavis/internal/udp"
)

// RTCP packet types (RFC 3550 §12.1, RFC 4585 §6.1) and formats.
const (
	rtcpSR    = 200
	rtcpRR    = 201
	rtcpApp   = 204
	rtcpRTPFB = 205
	rtcpPSFB  = 206

	fmtNACK = 1 // of RTPFB, RFC 4585 §6.2.1
	fmtPLI  = 1 // of PSFB, RFC 4585 §6.3.1

	subtypePing  = 0
	subtypePong  = 1
	subtypeProbe = 2 // of the feature "ccfb"

	pathPacketLen = 32
)

// pathName is the name of the APP packet.
const pathName = "vvlk"

// pathPacket is a path ping or its answer, an APP packet (RFC 3550 §6.7):
//
//	 0                   1                   2                   3
//	 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|V=2|P| subtype |   PT=APP=204  |           length = 7          |
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|                              tag                              |
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|                         name = "vvlk"                         |
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|                            number                             |
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|                                                               |
//	+                           challenge                           +
//	|                                                               |
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|                      datagrams sent so far                    |
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|        loss seen, 1/65535     |          reserved = 0         |
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
type pathPacket struct {
	Subtype   uint8
	Tag       uint32
	Number    uint32
	Challenge uint64
	Sent      uint32
	Loss      uint16
}

func (x *pathPacket) append(b []byte) []byte {
	b = append(b, 2<<6|x.Subtype, rtcpApp, 0, pathPacketLen/4-1)
	b = binary.BigEndian.AppendUint32(b, x.Tag)
	b = append(b, pathName...)
	b = binary.BigEndian.AppendUint32(b, x.Number)
	b = binary.BigEndian.AppendUint64(b, x.Challenge)
	b = binary.BigEndian.AppendUint32(b, x.Sent)
	b = binary.BigEndian.AppendUint16(b, x.Loss)
	return append(b, 0, 0)
}

// appendProbe writes a probe of size bytes: tag, name and number as in a ping, then zeros.
func (x *pathPacket) appendProbe(b []byte, size int) []byte {
	b = append(b, 2<<6|subtypeProbe, rtcpApp)
	b = binary.BigEndian.AppendUint16(b, uint16(size/4-1))
	b = binary.BigEndian.AppendUint32(b, x.Tag)
	b = append(b, pathName...)
	b = binary.BigEndian.AppendUint32(b, x.Number)
	return append(b, probeZeros[:size-probeHeader]...)
}

const probeHeader = 16

var probeZeros [maxRTCP]byte

// parseProbe reports whether a whole APP packet is a probe.
func (x *pathPacket) parseProbe(b []byte) bool {
	if len(b) < probeHeader || b[0] != 2<<6|subtypeProbe || b[1] != rtcpApp || string(b[8:12]) != pathName {
		return false
	}
	x.Subtype, x.Tag, x.Number = subtypeProbe, binary.BigEndian.Uint32(b[4:]), binary.BigEndian.Uint32(b[12:])
	return true
}

var errPath = errors.New("not a path packet")

// parse takes one whole APP packet. Other names and subtypes are an error too: this version knows no other.
func (x *pathPacket) parse(b []byte) error {
	if len(b) != pathPacketLen || b[0]>>5 != 2<<1 || b[0]&0x1f > subtypePong || b[1] != rtcpApp ||
		b[2] != 0 || b[3] != pathPacketLen/4-1 || string(b[8:12]) != pathName ||
		b[30] != 0 || b[31] != 0 {
		return errPath
	}
	x.Subtype = b[0] & 0x1f
	x.Tag = binary.BigEndian.Uint32(b[4:])
	x.Number = binary.BigEndian.Uint32(b[12:])
	x.Challenge = binary.BigEndian.Uint64(b[16:])
	x.Sent = binary.BigEndian.Uint32(b[24:])
	x.Loss = binary.BigEndian.Uint16(b[28:])
	return nil
}

func lossWire(l float64) uint16 { return uint16(math.Round(min(1, max(0, l)) * 65535)) }
func lossRead(w uint16) float64 { return float64(w) / 65535 }

// nextRTCP cuts the first packet off a compound. ok is false if there is none or it is malformed.
func nextRTCP(b []byte) (packet, rest []byte, ok bool) {
	if len(b) < 8 || b[0]>>6 != 2 || b[0]&0x20 != 0 { // padding is of no use here
		return nil, nil, false
	}
	n := 4 * (int(binary.BigEndian.Uint16(b[2:])) + 1)
	if n < 8 || n > len(b) {
		return nil, nil, false
	}
	return b[:n], b[n:], true
}

// rtcp takes one SRTCP datagram whose tag is that of k.
func (p *plane) rtcp(now time.Time, d udp.Datagram, k *keyset) {
	n, err := k.open.OpenRTCP(d.Data)
	if err != nil {
		p.refused(k, err)
		return
	}
	k.got++
	p.heard(now, d.Addr)
	if n > maxRTCP || !p.control.take(now, 1, rtcpRate, rtcpBurst) {
		p.n.RTCPPoliced++
		return
	}
	rest := d.Data[:n]
	for first := true; len(rest) > 0; first = false {
		packet, r, ok := nextRTCP(rest)
		if !ok {
			p.n.Malformed++
			return
		}
		if first || !alone(packet) {
			p.rtcpPacket(now, packet, k, d.Addr)
		} else {
			p.n.Malformed++
		}
		rest = r
	}
}

// alone: probes and feedback on pictures come one in a datagram, as its first packet, so that the rate of datagrams bounds what they cost.
func alone(b []byte) bool {
	return b[1] == rtcpRTPFB && b[0]&0x1f == fmtCongestion || b[1] == rtcpApp && b[0]&0x1f == subtypeProbe
}

// rtcpPacket takes one packet of a compound. Types that this version does not know are passed over (RFC 3550 §6.1).
func (p *plane) rtcpPacket(now time.Time, b []byte, k *keyset, from netip.AddrPort) {
	switch b[1] {
	case rtcpApp:
		var x pathPacket
		if x.parseProbe(b) {
			p.arrived(now, &p.cc.probed, k.tag, uint16(x.Number))
			return
		}
		if err := x.parse(b); err != nil {
			p.n.Malformed++
			return
		}
		if x.Subtype == subtypePing {
			p.pinged(now, k, &x, from)
		} else {
			p.pong(now, &x)
		}
	case rtcpSR:
		if len(b) < 28 {
			p.n.Malformed++
			return
		}
		if i := p.ins[binary.BigEndian.Uint32(b[4:])]; i != nil {
			i.stream.SenderReport(now, binary.BigEndian.Uint64(b[8:]), binary.BigEndian.Uint32(b[16:]))
		}
	case rtcpRTPFB, rtcpPSFB:
		if len(b) < 12 {
			p.n.Malformed++
			return
		}
		if b[1] == rtcpRTPFB && b[0]&0x1f == fmtCongestion {
			p.congestionFrom(now, b)
			return
		}
		p.feedbackFor(now, b)
	}
}

// feedbackFor is a resend or keyframe request for a stream of ours.
func (p *plane) feedbackFor(now time.Time, b []byte) {
	o := p.outs[binary.BigEndian.Uint32(b[8:])]
	if o == nil || o.fwd == nil {
		return
	}
	switch {
	case b[1] == rtcpPSFB && b[0]&0x1f == fmtPLI:
		if !o.pli.take(now, 1, pliRate, pliBurst) {
			p.n.KeyframePoliced++
			return
		}
		o.fwd.Keyframe(now)
	case b[1] == rtcpRTPFB && b[0]&0x1f == fmtNACK:
		var seqs [17 * maxNackPairs]uint16
		n := 0
		for f := b[12:]; len(f) >= 4 && n+17 <= len(seqs); f = f[4:] {
			n += expandNACK(f, seqs[n:])
		}
		p.n.ResendAsked += uint64(n)
		o.fwd.Resend(now, seqs[:n])
	}
}

// expandNACK writes the numbers of one entry (PID, BLP) and says how many there are.
func expandNACK(f []byte, seqs []uint16) int {
	pid, blp := binary.BigEndian.Uint16(f), binary.BigEndian.Uint16(f[2:])
	seqs[0] = pid
	n := 1
	for i := range uint16(16) {
		if blp>>i&1 != 0 {
			seqs[n] = pid + 1 + i
			n++
		}
	}
	return n
}

// appendNACK appends a generic NACK for numbers in rising order.
func appendNACK(b []byte, tag, ssrc uint32, seqs []uint16) []byte {
	start := len(b)
	b = append(b, 2<<6|fmtNACK, rtcpRTPFB, 0, 0)
	b = binary.BigEndian.AppendUint32(b, tag)
	b = binary.BigEndian.AppendUint32(b, ssrc)
	for pairs := 0; len(seqs) > 0 && pairs < maxNackPairs; pairs++ {
		pid, blp := seqs[0], uint16(0)
		for seqs = seqs[1:]; len(seqs) > 0; seqs = seqs[1:] {
			d := seqs[0] - pid
			if d == 0 || d > 16 {
				break
			}
			blp |= 1 << (d - 1)
		}
		b = binary.BigEndian.AppendUint16(b, pid)
		b = binary.BigEndian.AppendUint16(b, blp)
	}
	binary.BigEndian.PutUint16(b[start+2:], uint16((len(b)-start)/4-1))
	return b
}

// RequestResend implements media.Source.
func (p *plane) RequestResend(now time.Time, ssrc uint32, seqs []uint16) {
	if p.send == nil {
		return
	}
	if len(p.feedback)+12+4*len(seqs) > maxRTCP {
		p.sendFeedback(now)
	}
	p.feedback = appendNACK(p.feedback, p.send.farTag, ssrc, seqs)
	p.mayFeed(now)
}

// RequestKeyframe implements media.Source.
func (p *plane) RequestKeyframe(now time.Time, ssrc uint32) {
	if p.send == nil {
		return
	}
	if len(p.feedback)+12 > maxRTCP {
		p.sendFeedback(now)
	}
	b := append(p.feedback, 2<<6|fmtPLI, rtcpPSFB, 0, 2)
	b = binary.BigEndian.AppendUint32(b, p.send.farTag)
	p.feedback = binary.BigEndian.AppendUint32(b, ssrc)
	p.mayFeed(now)
}

// mayFeed sends requests at once unless others went a moment ago: then the next tick joins what came in between.
func (p *plane) mayFeed(now time.Time) {
	if now.Sub(p.feedbackAt) >= feedbackGap {
		p.sendFeedback(now)
	}
}

func (p *plane) sendFeedback(now time.Time) {
	if p.active != nil && p.send != nil {
		p.sealRTCP(p.feedback, p.active.addr, true)
		p.feedbackAt = now
	}
	p.feedback = p.feedback[:0]
}

// sealRTCP protects and queues one datagram; media says that it belongs to the media and counts as they do.
func (p *plane) sealRTCP(b []byte, to netip.AddrPort, media bool) {
	if media {
		p.send.sent++
	}
	x, err := p.send.seal.SealRTCP(p.m.c.Worker.Buffer()[:0], b)
	if err != nil {
		p.n.Unsent++
		p.exhaust(p.send)
		return
	}
	p.n.Sent++
	if media && p.second != nil && to != p.second.addr {
		p.twin = append(p.twin[:0], x...)
		p.commit(x, to, false)
		x, to = append(p.m.c.Worker.Buffer()[:0], p.twin...), p.second.addr
		p.n.Copies++
		p.send.sent++
	}
	p.commit(x, to, false)
}

// quickest is the round trip of the quicker of the ways in use, 0 if it is not known: a request goes both ways, and the far node paces
// its requests by a way of its own choice.
func (p *plane) quickest() time.Duration {
	rtt := p.active.rtt
	if s := p.second; s != nil && s.rtt > 0 {
		rtt = min(rtt, s.rtt)
	}
	return rtt
}

// reports sends a receiver report and the sender reports, once a second.
func (p *plane) reports(now time.Time) {
	if p.active == nil {
		return
	}
	b := p.beginReport()
	for _, i := range p.ins {
		if !i.wanted {
			continue
		}
		i.stream.SetRTT(p.rtt)
		r, ok := i.stream.Reception(now)
		if !ok {
			continue
		}
		if len(b)+24 > maxRTCP || b[0]&0x1f == 31 {
			p.endReport(b)
			b = p.beginReport()
		}
		b = binary.BigEndian.AppendUint32(b, i.ssrc)
		b = binary.BigEndian.AppendUint32(b, uint32(r.FractionLost)<<24|r.TotalLost&0xffffff)
		b = binary.BigEndian.AppendUint32(b, r.LastSequenceNumber)
		b = binary.BigEndian.AppendUint32(b, r.Jitter)
		b = binary.BigEndian.AppendUint32(b, r.LastSenderReport)
		b = binary.BigEndian.AppendUint32(b, r.Delay)
		b[0]++
		binary.BigEndian.PutUint16(b[2:], uint16(len(b)/4-1))
	}
	for _, o := range p.outs {
		if o.fwd == nil || o.on == nil {
			continue
		}
		o.fwd.SetRTT(p.quickest())
		r, ok := o.fwd.Report(now)
		if !ok {
			continue
		}
		if len(b)+28 > maxRTCP {
			p.endReport(b)
			b = p.beginReport()
		}
		b = append(b, 2<<6, rtcpSR, 0, 6)
		b = binary.BigEndian.AppendUint32(b, o.ssrc)
		b = binary.BigEndian.AppendUint64(b, r.NTPTime)
		b = binary.BigEndian.AppendUint32(b, r.RTPTime)
		b = binary.BigEndian.AppendUint32(b, r.PacketCount)
		b = binary.BigEndian.AppendUint32(b, r.OctetCount)
	}
	p.endReport(b)
}

// beginReport starts a datagram with an empty receiver report: it carries the tag.
func (p *plane) beginReport() []byte {
	return binary.BigEndian.AppendUint32(append(p.scratch[:0], 2<<6, rtcpRR, 0, 1), p.send.farTag)
}

func (p *plane) endReport(b []byte) {
	if len(b) > 8 {
		p.sealRTCP(b, p.active.addr, true)
	}
}

var (
	_ media.Sink   = (*plane)(nil)
	_ media.Source = (*plane)(nil)
	_ udp.Endpoint = (*plane)(nil)
	_ udp.Claimant = (*planes)(nil)
)

package peer

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/pion/interceptor/pkg/twcc"

	"visavis/internal/media"
	"visavis/internal/srtp"
	"visavis/internal/udp"
)

// packet opens one SRTP or SRTCP packet in place and takes it in. It says whether the packet was authentic, whatever became of it
// then. Only after that may it cost anybody anything but its opening: what is forged uses up no budget and learns no SSRC.
func (f *flow) packet(now time.Time, c udp.Class, g udp.Datagram) bool {
	if f.opener == nil {
		f.h.counts.mediaEarly.Add(1)
		return false
	}
	var n int
	var err error
	if c == udp.RTCP {
		n, err = f.opener.OpenRTCP(g.Data)
	} else {
		n, _, err = f.opener.OpenRTP(g.Data)
	}
	if err != nil {
		f.h.counts.unopened(err)
		return false
	}
	if g.Addr == f.remote {
		if f.interrupted(now) {
			f.resume(now)
		}
		f.heardAt, f.signAt = now, now
		f.unpause(now)
		if c == udp.RTP {
			f.flowAt = now
		}
	} else {
		f.follow(now, g.Addr)
	}
	if c == udp.RTCP {
		f.rtcp(now, g.Data[:n])
	} else {
		f.rtp(now, g.Data[:n])
	}
	return true
}

func (c *counters) unopened(err error) {
	switch {
	case errors.Is(err, srtp.ErrReplay):
		c.replayed.Add(1)
	default:
		c.forged.Add(1)
	}
}

// interrupted says whether the path was cut before the packet that comes now. Who was sending media is missed after a second; who
// only listens sends a report each second or so, and answers a check each two seconds.
func (f *flow) interrupted(now time.Time) bool {
	limit := idleCut
	if f.signAt.Sub(f.flowAt) < flowing {
		limit = mediaCut
	}
	return !f.signAt.IsZero() && now.Sub(f.signAt) > limit
}

// resume follows an interruption of the path: every picture goes on with a keyframe, and nothing from before is sent again.
func (f *flow) resume(now time.Time) {
	for _, s := range f.slots {
		s.forwarder.Resume(now)
	}
}

// unheard says whether the browser may be out of reach: it was silent for longer than an interruption takes to be one.
func (f *flow) unheard(now time.Time) bool {
	limit := idleCut
	if f.signAt.Sub(f.flowAt) < flowing {
		limit = pauseCut
	}
	return now.Sub(f.signAt) > limit && now.Sub(f.consent) > limit
}

// pause stops pictures, so that few numbers pass unheard; sound, at 50 a second, goes on to be there with the first packet that gets
// through.
func (f *flow) pause(now time.Time) {
	f.paused = true
	for _, s := range f.slots {
		s.forwarder.Pause(now)
	}
}

// unpause goes on with a keyframe each.
func (f *flow) unpause(now time.Time) {
	if !f.paused {
		return
	}
	f.paused = false
	for _, s := range f.slots {
		if s.forwarder.Kind() == media.Video {
			s.forwarder.Ready(now)
		}
	}
}

// rtp takes an opened packet: whose it is, whether it is within bounds, and what it was before RTX.
func (f *flow) rtp(now time.Time, b []byte) {
	counts := &f.h.counts
	p := &f.parsed
	if media.ParseRTP(b, p) != nil {
		counts.malformed.Add(1)
		return
	}
	if !f.packets.take(now, 1, PacketsPerSecond) {
		counts.policed.Add(1)
		return
	}
	if f.ext.twcc != 0 {
		if n := p.Extension(f.ext.twcc); len(n) == 2 {
			if f.feedback == nil {
				f.feedback, f.twccFrom = twcc.NewRecorder(f.sender), now
			}
			f.feedback.Record(p.SSRC, binary.BigEndian.Uint16(n), now.Sub(f.twccFrom).Microseconds())
		}
	}
	u, ok := f.use(p.SSRC)
	if !ok {
		if u, ok = f.discover(p); !ok {
			counts.unknownSSRC.Add(1)
			return
		}
	}
	if !u.current() {
		counts.unknownSSRC.Add(1)
		return
	}
	src := u.source
	if u.rtx {
		f.repair(now, src, p)
		return
	}
	if p.PT != src.pt || len(p.Payload) == 0 {
		counts.malformed.Add(1)
		return
	}
	size := float64(len(p.Payload))
	if !src.bytes.take(now, size, src.rate) {
		counts.policed.Add(1)
		return
	}
	src.rtx.add(size, 2*RTXBytesPerSecond)
	level := uint8(media.NoLevel)
	if src.kind == media.Audio && f.ext.level != 0 {
		level = media.AudioLevel(p.Extension(f.ext.level))
	}
	src.stream.Push(now, p, level)
}

// repair unwraps a resend (RFC 4588 §4): the payload begins with the original sequence number. Browsers probe for bandwidth by
// sending old packets again this way, so RTX is bounded by bytes, not by packets.
func (f *flow) repair(now time.Time, src *source, p *media.Packet) {
	counts := &f.h.counts
	if p.PT != src.rtxPT {
		counts.malformed.Add(1)
		return
	}
	if !src.rtx.takeOf(now, float64(len(p.Payload)), RTXBytesPerSecond, 2*RTXBytesPerSecond) {
		counts.policed.Add(1)
		return
	}
	if len(p.Payload) <= 2 { // padding
		return
	}
	p.Seq = binary.BigEndian.Uint16(p.Payload)
	p.Payload = p.Payload[2:]
	p.PT, p.SSRC = src.pt, src.stream.SSRC()
	counts.rtx.Add(1)
	src.stream.Push(now, p, media.NoLevel)
}

// discover learns an SSRC from the MID of its packet (RFC 9143 §9.2), its payload type and, with simulcast, its RID or repaired RID
// (RFC 8852).
func (f *flow) discover(p *media.Packet) (ssrcUse, bool) {
	if f.ext.mid == 0 {
		return ssrcUse{}, false
	}
	mid := p.Extension(f.ext.mid)
	if len(mid) == 0 {
		return ssrcUse{}, false
	}
	for _, src := range f.sources {
		if string(mid) != src.mid {
			continue
		}
		rtx := src.rtxPT != 0 && p.PT == src.rtxPT
		if src.rid != "" && !f.layer(p, src.rid, rtx) {
			continue
		}
		if !rtx && p.PT != src.pt || !f.learn(p.SSRC, src, rtx) {
			return ssrcUse{}, false
		}
		return f.use(p.SSRC)
	}
	return ssrcUse{}, false
}

// layer says whether a packet names the layer rid.
func (f *flow) layer(p *media.Packet, rid string, rtx bool) bool {
	id := f.ext.rid
	if rtx {
		id = f.ext.rrid
	}
	return id != 0 && string(p.Extension(id)) == rid
}

package peer

import (
	"time"

	"github.com/pion/rtcp"
)

// rtcp takes an opened compound packet. What it says counts only for the browser's own SSRCs and for slots of this session.
func (f *flow) rtcp(now time.Time, b []byte) {
	counts := &f.h.counts
	if len(b) > MaxRTCP {
		counts.malformed.Add(1)
		return
	}
	if !f.controls.take(now, 1, RTCPPerSecond) {
		counts.policed.Add(1)
		return
	}
	packets, err := rtcp.Unmarshal(b)
	if err != nil {
		counts.malformed.Add(1)
		return
	}
	left := MaxNACK
	for _, p := range packets {
		switch p := p.(type) {
		case *rtcp.SenderReport:
			if u, ok := f.use(p.SSRC); ok && !u.rtx && u.current() {
				u.source.stream.SenderReport(now, p.NTPTime, p.RTPTime)
			} else if !ok {
				counts.foreign.Add(1)
			}
			f.receptions(now, p.Reports)
		case *rtcp.ReceiverReport:
			f.receptions(now, p.Reports)
		case *rtcp.TransportLayerNack:
			left = f.nacked(now, p, left)
		case *rtcp.TransportLayerCC:
			f.transport(now, p)
		case *rtcp.PictureLossIndication:
			f.wantsKeyframe(now, p.MediaSSRC)
		case *rtcp.FullIntraRequest:
			for _, e := range p.FIR {
				f.wantsKeyframe(now, e.SSRC)
			}
		case *rtcp.Goodbye: // only the page's leaving, or silence, ends anything
			counts.foreign.Add(1)
		}
	}
}

// slotOf finds the slot of an SSRC of ours.
func (f *flow) slotOf(ssrc uint32) *slot {
	for _, s := range f.slots {
		if s.forwarder.SSRC() == ssrc {
			return s
		}
	}
	return nil
}

// nacked resends what a NACK asks for (RFC 4585 §6.2.1), at most left numbers; it returns what is left.
func (f *flow) nacked(now time.Time, p *rtcp.TransportLayerNack, left int) int {
	s := f.slotOf(p.MediaSSRC)
	if s == nil {
		f.h.counts.foreign.Add(1)
		return left
	}
	f.seqs = f.seqs[:0]
	for _, pair := range p.Nacks {
		pair.Range(func(seq uint16) bool {
			if left == 0 {
				return false
			}
			left--
			f.seqs = append(f.seqs, seq)
			return true
		})
	}
	if len(f.seqs) > 0 {
		s.forwarder.Resend(now, f.seqs)
	}
	return left
}

func (f *flow) wantsKeyframe(now time.Time, ssrc uint32) {
	s := f.slotOf(ssrc)
	switch {
	case s == nil:
		f.h.counts.foreign.Add(1)
	case !s.keyframes.take(now, 1, KeyframesPerSecond):
		f.h.counts.policed.Add(1)
	default:
		s.forwarder.Keyframe(now)
	}
}

// RequestResend implements media.Source by a NACK.
func (f *flow) RequestResend(_ time.Time, ssrc uint32, seqs []uint16) {
	f.control(&rtcp.TransportLayerNack{SenderSSRC: f.sender, MediaSSRC: ssrc, Nacks: rtcp.NackPairsFromSequenceNumbers(seqs)})
}

// RequestKeyframe implements media.Source by a picture loss indication.
func (f *flow) RequestKeyframe(_ time.Time, ssrc uint32) {
	f.control(&rtcp.PictureLossIndication{SenderSSRC: f.sender, MediaSSRC: ssrc})
}

// control seals one datagram of RTCP: compound for reports, reduced-size for feedback (RFC 5506; answered by a=rtcp-rsize).
func (f *flow) control(packets ...rtcp.Packet) {
	if f.sealer == nil || !f.remote.IsValid() {
		return
	}
	b, err := rtcp.Marshal(packets)
	if err != nil || len(b) > MaxRTCP {
		f.h.counts.unsealed.Add(1)
		return
	}
	w := f.h.c.Worker
	sealed, err := f.sealer.SealRTCP(w.Buffer()[:0], b)
	if err != nil {
		f.h.counts.unsealed.Add(1)
		return
	}
	w.Commit(len(sealed), f.remote)
}

// sendTWCC tells when the browser's packets came, by transport-wide number: Chrome finds its sending rate by it.
func (f *flow) sendTWCC() {
	for _, p := range f.feedback.BuildFeedbackPacket() {
		f.control(p)
	}
}

// reportsEach is how many sender reports go into one datagram, each with its line of SDES: 12 × 40 bytes and as many
// reception blocks of 24 stay below MaxRTCP.
const reportsEach = 12

// report sends one receiver report for everything that came and one sender report for each slot that sounds or shows.
func (f *flow) report(now time.Time) {
	rr := &rtcp.ReceiverReport{SSRC: f.sender}
	for _, src := range f.sources {
		if r, ok := src.stream.Reception(now); ok {
			rr.Reports = append(rr.Reports, r)
			if src.rtxSSRC != 0 { // or the browser repeats MID and repaired RID in every RTX packet
				rr.Reports = append(rr.Reports, rtcp.ReceptionReport{SSRC: src.rtxSSRC})
			}
		}
	}
	packets := []rtcp.Packet{rr}
	names := named(nil, f.sender)
	for _, s := range f.slots {
		if len(names) > reportsEach {
			f.control(append(packets, &rtcp.SourceDescription{Chunks: names})...)
			packets, names = []rtcp.Packet{&rtcp.ReceiverReport{SSRC: f.sender}}, named(nil, f.sender)
		}
		if sr, ok := s.forwarder.Report(now); ok {
			packets = append(packets, &sr)
			names = named(names, sr.SSRC)
		}
	}
	f.control(append(packets, &rtcp.SourceDescription{Chunks: names})...)
}

func named(c []rtcp.SourceDescriptionChunk, ssrc uint32) []rtcp.SourceDescriptionChunk {
	return append(c, rtcp.SourceDescriptionChunk{Source: ssrc, Items: []rtcp.SourceDescriptionItem{{Type: rtcp.SDESCNAME, Text: canonicalName}}})
}

// receptions reads what the browser reports about our slots.
func (f *flow) receptions(now time.Time, reports []rtcp.ReceptionReport) {
	for _, r := range reports {
		s := f.slotOf(r.SSRC)
		if s == nil {
			continue // RTX, or foreign
		}
		if s.reported {
			if expected := int32(r.LastSequenceNumber - s.lastSeq); expected > 0 {
				lost := int32(r.TotalLost<<8)>>8 - s.lastLost // 24 bits, signed
				f.figures.downExpected += float64(expected)
				f.figures.downLost += float64(min(max(lost, 0), expected))
			}
		}
		s.reported, s.lastSeq, s.lastLost = true, r.LastSequenceNumber, int32(r.TotalLost<<8)>>8
		if r.LastSenderReport != 0 {
			// RFC 3550 §6.4.1: in units of 1/65536 s.
			d := int32(uint32(f.h.c.Switch.NTP(now)>>16) - r.LastSenderReport - r.Delay)
			f.sample(time.Duration(d) * time.Second >> 16)
		}
	}
}

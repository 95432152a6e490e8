package bot

import (
	"sync"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
	"github.com/pion/webrtc/v4"
)

// slot is one receive slot of one media session.
type slot struct {
	m     *media
	name  string
	video bool
	tr    *webrtc.RTPTransceiver

	mu   sync.Mutex // guards what follows
	got  Received
	ssrc uint32
	seqs arrivals
	plis time.Time // when a keyframe was last asked for
	want bool      // video is broken until a keyframe comes
}

// read takes packets until the session closes.
func (s *slot) read(tr *webrtc.TrackRemote) {
	s.m.spawn(func() { // feeds the receiver reports with the node's sender reports
		for {
			if _, _, err := s.tr.Receiver().ReadRTCP(); err != nil {
				return
			}
		}
	})
	buf := make([]byte, 1600)
	var p rtp.Packet
	for {
		n, _, err := tr.Read(buf)
		if err != nil {
			return
		}
		p = rtp.Packet{}
		if p.Unmarshal(buf[:n]) != nil || len(p.Payload) == 0 { // padding only
			continue
		}
		if s.count(time.Now(), &p) && s.m.b.c.OnRTP != nil {
			s.m.b.c.OnRTP(s.name, &p)
		}
	}
}

// count notes one packet and says whether it is new.
func (s *slot) count(now time.Time, p *rtp.Packet) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.got.SSRCs == 0 || s.ssrc != p.SSRC {
		s.ssrc, s.seqs = p.SSRC, arrivals{r: &s.got}
		s.got.SSRCs++
	}
	if !s.seqs.packet(now, p.SequenceNumber) {
		return false
	}
	if s.got.First.IsZero() {
		s.got.First = now
	} else {
		s.got.Gap = max(s.got.Gap, now.Sub(s.got.Last))
	}
	s.got.Last = now
	s.got.Packets++
	s.got.Bytes += uint64(len(p.Payload))
	if s.video {
		if p.Marker {
			s.got.Frames++
		}
		if startsKeyframe(p.Payload) {
			s.got.Keyframes++
			s.want = false
		}
	}
	return true
}

// startsKeyframe says whether a VP8 payload is the first packet of a keyframe (RFC 7741 §4.2, §4.3).
func startsKeyframe(payload []byte) bool {
	var d codecs.VP8Packet
	b, err := d.Unmarshal(payload)
	return err == nil && len(b) > 0 && d.S == 1 && d.PID == 0 && b[0]&1 == 0
}

// feedback is what to tell the node now: packets that are missing, a picture that is broken.
func (s *slot) feedback(now time.Time) []rtcp.Packet {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.got.SSRCs == 0 {
		return nil
	}
	ask, lost := s.seqs.due(now)
	var out []rtcp.Packet
	if len(ask) > 0 {
		out = append(out, &rtcp.TransportLayerNack{MediaSSRC: s.ssrc, Nacks: rtcp.NackPairsFromSequenceNumbers(ask)})
	}
	if s.video && lost > 0 {
		s.want = true
	}
	if s.want && now.Sub(s.plis) >= keyframeEvery {
		s.plis = now
		out = append(out, request(s.ssrc))
	}
	return out
}

func (s *slot) counted() Received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.got
}

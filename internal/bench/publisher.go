package bench

import (
	"encoding/binary"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"

	"visavis/internal/srtp"
)

// publisher sends the load from a thread of its own.
type publisher struct {
	s      *session
	run    uint32
	sealer *srtp.Sealer // of media; the sending thread only
	answer *answer
	tracks [kinds]track // the sending thread only, but for number

	wanted  atomic.Bool // a keyframe
	paused  atomic.Bool
	stopped atomic.Bool
	done    chan struct{}

	mu   sync.Mutex // guards sent
	sent [kinds][512]packet
}

// track is one stream that is sent. Its indices do not wrap within MaxTime several times over, but seq does: index says it all.
type track struct {
	ssrc   uint32
	number atomic.Uint32 // of the next packet
	index  uint64        // of the next packet
	rtp    uint32        // timestamp of the next frame
	octets uint32
	header []byte
}

// packet is one that was sent, sealed: a resend is the same bytes.
type packet struct {
	seq uint16
	b   []byte
}

func newPublisher() *publisher {
	p := &publisher{run: rand.Uint32(), done: make(chan struct{})}
	for k := range p.tracks {
		p.tracks[k].ssrc = rand.Uint32()
		p.tracks[k].index = uint64(rand.Uint32N(1 << 14)) // RFC 3550 §5.1; below 2^15, so that the roll-over counter begins at 0
		p.tracks[k].rtp = rand.Uint32()
	}
	p.paused.Store(true)
	return p
}

func (p *publisher) bind(s *session) { p.s, p.answer = s, s.answer }

// start begins to send when not paused.
func (p *publisher) start() {
	for k := range p.tracks {
		p.tracks[k].header = p.header(kind(k))
	}
	go p.serve()
}

// header lays out the RTP header with its extensions, where the answer took them (RFC 8285 §4.2).
func (p *publisher) header(k kind) []byte {
	h := make([]byte, 12, 24)
	h[0], h[1] = 0x80, opusPT
	if k == video {
		h[1] = vp8PT
	}
	binary.BigEndian.PutUint32(h[8:], p.tracks[k].ssrc)
	var ext []byte
	if id := p.answer.section[k].mid; id != 0 {
		ext = append(ext, id<<4, '0'+byte(k))
	}
	if id := p.answer.section[k].level; id != 0 && k == audio {
		ext = append(ext, id<<4, 0x80|20) // RFC 6464: voice, −20 dBov
	}
	if len(ext) == 0 {
		return h
	}
	for len(ext)%4 != 0 {
		ext = append(ext, 0)
	}
	h[0] |= 0x10
	h = append(h, 0xbe, 0xde, 0, byte(len(ext)/4))
	return append(h, ext...)
}

func (p *publisher) serve() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(p.done)
	next := [kinds]time.Time{time.Now(), time.Now()}
	every := [kinds]time.Duration{audioEvery, videoEvery}
	report := time.Now()
	var id uint16
	for !p.stopped.Load() {
		k := audio
		if next[video].Before(next[audio]) {
			k = video
		}
		time.Sleep(time.Until(next[k]))
		if time.Since(next[k]) > maxLate { // a camera that is held up leaves frames out: it does not send them all at once
			next[k] = time.Now()
		}
		next[k] = next[k].Add(every[k])
		if p.paused.Load() || !p.answer.section[k].on {
			continue
		}
		if k == audio {
			p.sendAudio()
		} else {
			id++
			p.sendVideo(id)
		}
		if time.Since(report) > time.Second {
			report = time.Now()
			p.sendReport(report)
		}
	}
}

func (p *publisher) sendAudio() {
	var b [audioBytes]byte
	opusPayload(b[:])
	p.send(audio, b[:], false)
	p.tracks[audio].rtp += 960
}

func (p *publisher) sendVideo(id uint16) {
	var b [videoBytes]byte
	key := p.wanted.Swap(false) || p.tracks[video].number.Load() == 0
	for i := range burst {
		vp8Payload(b[:], id, i == 0, key)
		p.send(video, b[:], i == burst-1)
	}
	p.tracks[video].rtp += 90000 / 30
}

// send marks, seals and sends one packet. The mark's time is taken first: sealing is a part of no server, and 0.4 µs.
func (p *publisher) send(k kind, payload []byte, marker bool) {
	t := &p.tracks[k]
	n := t.number.Load()
	mark{p.run, k, n, time.Now().UnixNano()}.put(payload)
	h := t.header
	h[1] &= 0x7f
	if marker {
		h[1] |= 0x80
	}
	binary.BigEndian.PutUint16(h[2:], uint16(t.index))
	binary.BigEndian.PutUint32(h[4:], t.rtp)
	slot := &p.sent[k][t.index%uint64(len(p.sent[k]))]
	p.mu.Lock()
	b, err := p.sealer.SealRTP(slot.b[:0], h, payload, t.index)
	slot.seq, slot.b = uint16(t.index), b
	p.mu.Unlock()
	if err != nil {
		return
	}
	t.index++
	t.octets += uint32(len(payload))
	t.number.Store(n + 1) // before it can arrive, so that no window ends before a packet that came
	p.s.send(b)           // the slot is written again 512 packets later, by this thread
}

// sendReport sends sender reports (RFC 3550 §6.4.1) by way of the worker, which owns the RTCP keys.
func (p *publisher) sendReport(now time.Time) {
	ntp := uint64(now.Unix()+2208988800)<<32 | uint64(now.Nanosecond())<<32/1e9
	var ps []rtcp.Packet
	for k := range p.tracks {
		if t := &p.tracks[k]; p.answer.section[k].on {
			ps = append(ps, &rtcp.SenderReport{SSRC: t.ssrc, NTPTime: ntp, RTPTime: t.rtp, PacketCount: t.number.Load(), OctetCount: t.octets},
				&rtcp.SourceDescription{Chunks: []rtcp.SourceDescriptionChunk{{Source: t.ssrc,
					Items: []rtcp.SourceDescriptionItem{{Type: rtcp.SDESCNAME, Text: "bench"}}}}})
		}
	}
	p.s.w.do(func() { p.s.sendRTCP(ps...) })
}

// stop ends the thread.
func (p *publisher) stop() {
	p.stopped.Store(true)
	<-p.done
}

func (p *publisher) rtp([]byte, int64) {}

// rtcp obeys what the server asks for. Worker.
func (p *publisher) rtcp(ps []rtcp.Packet, _ int64) {
	for _, x := range ps {
		switch x := x.(type) {
		case *rtcp.PictureLossIndication, *rtcp.FullIntraRequest:
			p.wanted.Store(true)
		case *rtcp.TransportLayerNack:
			for k := range p.tracks {
				if p.tracks[k].ssrc == x.MediaSSRC {
					p.resend(kind(k), x.Nacks)
				}
			}
		}
	}
}

func (p *publisher) resend(k kind, ns []rtcp.NackPair) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, n := range ns {
		for _, seq := range n.PacketList() {
			if x := &p.sent[k][int(seq)%len(p.sent[k])]; x.seq == seq && len(x.b) > 0 {
				p.s.send(x.b)
			}
		}
	}
}

func (p *publisher) tick(time.Time) {}

package bot

import (
	"sync"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

// player is one track that is sent: "mic", "cam", or a layer of the camera, "cam/h".
type player struct {
	m      *media
	name   string
	rid    string // of the layer, "" without layers
	frames []Frame
	track  *webrtc.TrackLocalStaticRTP
	tr     *webrtc.RTPTransceiver

	seq        uint16 // owned by the playing goroutine
	base       uint32
	mid, level uint8 // ids of header extensions, 0: not agreed
	ridID      uint8
	index      int    // next frame of the clip
	cut        bool   // the next frame must be a keyframe
	picture    uint16 // picture id, 15 bits

	mu    sync.Mutex // guards what follows
	sent  Sent
	asked bool // a keyframe was asked for
	key   time.Time
	off   bool // nobody watches this layer
}

// requests reads the node's feedback for the track until the session closes; the interceptors answer NACK, we the requests
// for keyframes.
func (p *player) requests() {
	for {
		var ps []rtcp.Packet
		var err error
		if p.rid == "" {
			ps, _, err = p.tr.Sender().ReadRTCP()
		} else {
			ps, _, err = p.tr.Sender().ReadSimulcastRTCP(p.rid)
		}
		if err != nil {
			return
		}
		for _, r := range ps {
			switch r.(type) {
			case *rtcp.PictureLossIndication, *rtcp.FullIntraRequest:
				p.mu.Lock()
				p.sent.Requests++
				p.asked = true
				p.mu.Unlock()
			}
		}
	}
}

func (p *player) counted() Sent {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sent
}

// play sends microphone and camera from the first connection until the session closes. Packets carry the time they stand
// for, so a machine that is late for a moment sends what it owes, and leaves out what is later than catchUp.
func (m *media) play() {
	for _, p := range m.players() {
		p.prepare()
	}
	c := m.b.c.Clip
	start := time.Now()
	frame := time.Second / time.Duration(max(c.FPS, 1))
	tick := time.NewTicker(audioFrame / 4)
	defer tick.Stop()
	sounds, frames := 0, 0
	for {
		select {
		case <-tick.C:
		case <-m.stop:
			return
		}
		now := time.Now()
		mic, cam, _ := m.b.devices()
		for ; start.Add(time.Duration(sounds)*audioFrame).Compare(now) <= 0; sounds++ {
			due := start.Add(time.Duration(sounds) * audioFrame)
			if now.Sub(due) > catchUp {
				m.mic.leftOut()
				continue
			}
			s := Sound{Data: silence[:], Level: 127}
			if mic { // what is switched off is silent before it leaves, as in a browser
				s = c.soundAt(due.Sub(m.b.c.Epoch))
			}
			m.mic.sound(s, uint32(sounds)*audioTicks)
		}
		for ; len(c.Frames) > 0 && start.Add(time.Duration(frames)*frame).Compare(now) <= 0; frames++ {
			due := start.Add(time.Duration(frames) * frame)
			m.pictures(now, cam, now.Sub(due) > catchUp, uint32(uint64(frames)*videoClock/uint64(c.FPS)))
		}
	}
}

// pictures sends one picture in all layers that somebody watches. on is the camera's switch; late: there is no time for this one.
func (m *media) pictures(now time.Time, on, late bool, at uint32) {
	key := false
	for _, p := range m.cams { // a request for one layer makes keyframes of all, as in browsers
		key = p.due(now) || key
	}
	for _, p := range m.cams {
		p.mu.Lock()
		off := p.off
		p.mu.Unlock()
		switch {
		case on && !late && !off:
			p.cut = p.cut || key
			p.frame(now, at)
			continue
		case on && late && !off:
			p.leftOut()
		}
		p.cut = true // a frame is missing from the stream: go on with a keyframe
	}
}

// due says whether a keyframe was asked for and may be made.
func (p *player) due(now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.asked || now.Sub(p.key) < keyframeEvery {
		return false
	}
	p.asked = false
	return true
}

// prepare looks up what was agreed. Sequence numbers and times start low and differ between tracks, which is as good as
// random here: nothing of a bot is secret (RFC 3550 §5.1 asks for random against known-plaintext attacks).
func (p *player) prepare() {
	for _, e := range p.tr.Sender().GetParameters().HeaderExtensions {
		switch e.URI {
		case extMid:
			p.mid = uint8(e.ID)
		case extLevel:
			p.level = uint8(e.ID)
		case extRID:
			p.ridID = uint8(e.ID)
		}
	}
	p.seq, p.base = 1, uint32(len(p.name))*1_000_003
}

func (p *player) leftOut() {
	p.mu.Lock()
	p.sent.LeftOut++
	p.mu.Unlock()
}

// sound sends one Opus packet with its level (RFC 6464).
func (p *player) sound(s Sound, at uint32) {
	h := p.header(at)
	if p.level != 0 {
		v := s.Level
		if s.Level < speechLevel {
			v |= 0x80
		}
		_ = h.SetExtension(p.level, []byte{v})
	}
	p.send(&rtp.Packet{Header: h, Payload: s.Data})
}

// frame sends the next VP8 frame, or the next keyframe if one is due.
func (p *player) frame(now time.Time, at uint32) {
	if p.cut {
		p.index, p.cut = nextKey(p.frames, p.index), false
	}
	f := p.frames[p.index]
	p.index = (p.index + 1) % len(p.frames)
	p.picture = (p.picture + 1) & 0x7fff
	for rest, first := f.Data, byte(0x10); len(rest) > 0; first = 0 {
		n := min(len(rest), maxPayload-4)
		// RFC 7741 §4.2: X and S set, partition 0; then I; then the picture id in 15 bits, as browsers send it.
		b := append(make([]byte, 0, n+4), 0x80|first, 0x80, 0x80|byte(p.picture>>8), byte(p.picture))
		h := p.header(at)
		h.Marker = n == len(rest)
		p.send(&rtp.Packet{Header: h, Payload: append(b, rest[:n]...)})
		rest = rest[n:]
	}
	p.mu.Lock()
	p.sent.Frames++
	if f.Key {
		p.sent.Keyframes++
		p.key, p.asked = now, false
	}
	p.mu.Unlock()
}

func (p *player) header(at uint32) rtp.Header {
	h := rtp.Header{Version: 2, SequenceNumber: p.seq, Timestamp: p.base + at}
	p.seq++
	if p.mid != 0 {
		_ = h.SetExtension(p.mid, []byte(p.tr.Mid()))
	}
	if p.ridID != 0 && p.rid != "" {
		_ = h.SetExtension(p.ridID, []byte(p.rid))
	}
	return h
}

func (p *player) send(q *rtp.Packet) {
	if f := p.m.b.c.OnSend; f != nil {
		q.Payload = append([]byte(nil), q.Payload...) // it may be changed, the clip may not
		f(p.name, q)
	}
	_ = p.track.WriteRTP(q) // an error is a closing session
	p.mu.Lock()
	p.sent.Packets++
	p.mu.Unlock()
}

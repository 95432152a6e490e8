package bench

import (
	"encoding/binary"
	"math/bits"
	"time"

	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/rtcp"

	"visavis/internal/media"
)

// window is the stretch of the publisher's numbers that is being measured. Worker only.
type window struct {
	open     bool
	run      uint32
	from, to [kinds]uint32 // to is MaxUint32 while it is open
	delay    [kinds]histogram
}

// receiver is one player: it opens what comes, notes numbers and delays, and answers as a browser does: receiver reports once a
// second, transport-wide feedback ten times, NACK for holes, PLI until a keyframe has come. Worker only.
type receiver struct {
	s      *session
	w      *window
	answer *answer

	seen       [kinds]bitset
	duplicates uint64
	alien      uint64 // packets without a mark of this run
	sound      pause
	sources    map[uint32]*source
	keyed      bool // a keyframe has come
	ssrc       uint32
	recorder   *twcc.Recorder
	report     time.Time
	feedback   time.Time
	plea       time.Time
}

// source is what a receiver knows of one stream (RFC 3550 §A.1).
type source struct {
	kind     kind
	base     int64
	highest  int64
	received int64
	before   [2]int64 // expected and received at the last report
	jitter   float64  // clock ticks
	transit  int64
	sr       uint32 // middle of the NTP time of the last sender report
	srAt     time.Time
	missing  []hole
}

type hole struct {
	seq   int64
	next  time.Time
	asked int
}

// pause is the longest time between two packets of sound.
type pause struct {
	begun   bool
	number  uint32
	sent    int64 // ns
	at      int64 // of the last one; before the first: since when it is waited for
	longest time.Duration
}

// watch counts anew from now on. What has been silent longer stays so.
func (p *pause) watch(now int64) {
	if p.longest = 0; !p.begun {
		p.at = now
	}
}

// until is the longest pause, the one that has not ended by now included.
func (p *pause) until(now int64) time.Duration { return max(p.longest, time.Duration(now-p.at)) }

// next takes a packet; one that overtook another ends the pause as well as it. What the publisher sent late is not the server's.
func (p *pause) next(m mark, at int64) {
	if p.begun && m.number <= p.number {
		return
	}
	if !p.begun {
		p.longest = max(p.longest, time.Duration(at-p.at))
	} else {
		late := max(0, time.Duration(m.at-p.sent)-time.Duration(m.number-p.number)*audioEvery)
		p.longest = max(p.longest, time.Duration(at-p.at)-late)
	}
	p.begun, p.number, p.sent, p.at = true, m.number, m.at, at
}

// bitset holds which numbers of a window came.
type bitset []uint64

// set marks n; false if it was marked before.
func (b *bitset) set(n uint32) bool {
	i := int(n / 64)
	for len(*b) <= i {
		*b = append(*b, 0)
	}
	old := (*b)[i]
	(*b)[i] |= 1 << (n % 64)
	return old != (*b)[i]
}

func (b bitset) count() (n uint64) {
	for _, w := range b {
		n += uint64(bits.OnesCount64(w))
	}
	return n
}

func (r *receiver) bind(s *session) { r.s, r.answer = s, s.answer }

// reset forgets what was counted: a new window begins.
func (r *receiver) reset() {
	for k := range r.seen {
		clear(r.seen[k])
	}
	r.duplicates, r.alien = 0, 0
}

func (r *receiver) rtp(b []byte, at int64) {
	var p media.Packet
	if media.ParseRTP(b, &p) != nil || len(p.Payload) == 0 {
		return // padding and probes
	}
	m, err := readMark(p.Payload)
	if err != nil || m.run != r.w.run {
		r.alien++
		return
	}
	if m.kind == video && vp8Key(p.Payload) {
		r.keyed = true
	}
	if m.kind == audio {
		r.sound.next(m, at)
	}
	r.count(m, at)
	r.follow(&p, m.kind, at)
	if id := r.answer.section[m.kind].twcc; id != 0 {
		if e := p.Extension(id); len(e) == 2 {
			if r.recorder == nil {
				r.recorder = twcc.NewRecorder(r.ssrc)
			}
			r.recorder.Record(p.SSRC, binary.BigEndian.Uint16(e), at/1000)
		}
	}
}

func (r *receiver) count(m mark, at int64) {
	if w := r.w; w.open && m.number >= w.from[m.kind] && m.number < w.to[m.kind] {
		if !r.seen[m.kind].set(m.number - w.from[m.kind]) {
			r.duplicates++
			return
		}
		w.delay[m.kind].add(time.Duration(at - m.at))
	}
}

// follow keeps what reports need (RFC 3550 §6.4.1, §A.3, §A.8).
func (r *receiver) follow(p *media.Packet, k kind, at int64) {
	s := r.sources[p.SSRC]
	if s == nil {
		if len(r.sources) >= maxSources {
			return
		}
		s = &source{kind: k, base: int64(p.Seq), highest: int64(p.Seq) - 1}
		r.sources[p.SSRC] = s
	}
	seq := s.highest + int64(int16(p.Seq-uint16(s.highest)))
	s.received++
	rate := int64(48000)
	if k == video {
		rate = 90000
	}
	transit := at/1000*rate/1_000_000 - int64(p.Time)
	if d := int64(int32(transit - s.transit)); s.received > 1 {
		s.jitter += (float64(max(d, -d)) - s.jitter) / 16
	}
	s.transit = transit
	if seq <= s.highest {
		for i, h := range s.missing {
			if h.seq == seq {
				s.missing = append(s.missing[:i], s.missing[i+1:]...)
				break
			}
		}
		return
	}
	if r.answer.section[k].nack {
		for n := s.highest + 1; n < seq && len(s.missing) < maxMissing; n++ {
			s.missing = append(s.missing, hole{seq: n, next: time.Now().Add(tickEvery)})
		}
	}
	s.highest = seq
}

func (r *receiver) rtcp(ps []rtcp.Packet, _ int64) {
	for _, p := range ps {
		if sr, ok := p.(*rtcp.SenderReport); ok {
			if s := r.sources[sr.SSRC]; s != nil {
				s.sr, s.srAt = uint32(sr.NTPTime>>16), time.Now()
			}
		}
	}
}

func (r *receiver) tick(now time.Time) {
	if r.recorder != nil && now.After(r.feedback) {
		r.feedback = now.Add(100 * time.Millisecond)
		for _, p := range r.recorder.BuildFeedbackPacket() {
			r.s.sendRTCP(r.empty(), p)
		}
	}
	for ssrc, s := range r.sources {
		r.askAgain(now, ssrc, s)
		if s.kind == video && !r.keyed && now.After(r.plea) {
			r.plea = now.Add(500 * time.Millisecond)
			r.s.sendRTCP(r.empty(), &rtcp.PictureLossIndication{SenderSSRC: r.ssrc, MediaSSRC: ssrc})
		}
	}
	if now.After(r.report) && len(r.sources) > 0 {
		r.report = now.Add(time.Second)
		rr := r.empty()
		for ssrc, s := range r.sources {
			rr.Reports = append(rr.Reports, s.block(ssrc, now))
		}
		r.s.sendRTCP(rr, &rtcp.SourceDescription{Chunks: []rtcp.SourceDescriptionChunk{{
			Source: r.ssrc, Items: []rtcp.SourceDescriptionItem{{Type: rtcp.SDESCNAME, Text: "bench"}}}}})
	}
}

func (r *receiver) empty() *rtcp.ReceiverReport { return &rtcp.ReceiverReport{SSRC: r.ssrc} }

// askAgain sends a NACK for the holes that are due, three times at most.
func (r *receiver) askAgain(now time.Time, ssrc uint32, s *source) {
	var due []uint16
	kept := s.missing[:0]
	for _, h := range s.missing {
		if now.After(h.next) {
			due = append(due, uint16(h.seq))
			h.asked++
			h.next = now.Add(50 * time.Millisecond)
		}
		if h.asked < 3 {
			kept = append(kept, h)
		}
	}
	s.missing = kept
	if len(due) > 0 {
		r.s.sendRTCP(r.empty(), &rtcp.TransportLayerNack{SenderSSRC: r.ssrc, MediaSSRC: ssrc, Nacks: rtcp.NackPairsFromSequenceNumbers(due)})
	}
}

// block makes the report on one stream.
func (s *source) block(ssrc uint32, now time.Time) rtcp.ReceptionReport {
	expected := s.highest - s.base + 1
	lost := max(0, expected-s.received)
	de, dr := expected-s.before[0], s.received-s.before[1]
	s.before = [2]int64{expected, s.received}
	b := rtcp.ReceptionReport{SSRC: ssrc, TotalLost: uint32(min(lost, 1<<23-1)), LastSequenceNumber: uint32(s.highest), Jitter: uint32(s.jitter)}
	if de > dr && de > 0 {
		b.FractionLost = uint8(min((de-dr)*256/de, 255))
	}
	if s.sr != 0 {
		b.LastSenderReport, b.Delay = s.sr, uint32(now.Sub(s.srAt)*65536/time.Second)
	}
	return b
}

package media

import (
	"encoding/binary"
	"slices"
	"testing"
	"time"
)

// source records what a stream asks of it.
type source struct {
	resends   []uint16
	calls     int
	keyframes []time.Time
	onResend  func(now time.Time, ssrc uint32, seqs []uint16)
}

func (s *source) RequestResend(now time.Time, ssrc uint32, seqs []uint16) {
	s.calls++
	s.resends = append(s.resends, seqs...)
	if s.onResend != nil {
		s.onResend(now, ssrc, seqs)
	}
}

func (s *source) RequestKeyframe(now time.Time, ssrc uint32) { s.keyframes = append(s.keyframes, now) }

// sink records what a receiver is sent.
type sink struct {
	got    []Out
	order  *[]*sink
	onSend func(o *Out)
}

func (s *sink) Send(now time.Time, o *Out) {
	c := *o
	c.Payload = slices.Clone(o.Payload)
	s.got = append(s.got, c)
	if s.order != nil {
		*s.order = append(*s.order, s)
	}
	if s.onSend != nil {
		s.onSend(o)
	}
}

// take returns what came since the last call.
func (s *sink) take() []Out {
	g := s.got
	s.got = nil
	return g
}

// counter is a sink that keeps nothing.
type counter struct{ packets, bytes int }

func (c *counter) Send(now time.Time, o *Out) { c.packets++; c.bytes += len(o.Payload) }

// world is a switch with a clock of its own.
type world struct {
	*testing.T
	sw  *Switch
	now time.Time
}

func newWorld(t *testing.T) *world {
	return &world{T: t, sw: NewSwitch(), now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
}

// pass lets d go by, ticking as the worker does.
func (w *world) pass(d time.Duration) {
	for end := w.now.Add(d); w.now.Before(end); {
		w.now = w.now.Add(min(5*time.Millisecond, end.Sub(w.now)))
		w.sw.Tick(w.now)
	}
}

func (w *world) stream(k Kind) (*Stream, *source) {
	src := &source{}
	return NewStream(w.sw, StreamConfig{ID: "s", Kind: k, SSRC: 0xa0 + uint32(k), Source: src}), src
}

func (w *world) slot(k Kind, to Sink) *Forwarder {
	c := ForwarderConfig{Kind: k, SSRC: 1, PT: 111, Mid: "3", Sink: to, Name: "slot"}
	if k == Video {
		c.SSRC, c.PT, c.RTXSSRC, c.RTXPT = 2, 96, 3, 97
	}
	f := NewForwarder(w.sw, c)
	f.Ready(w.now)
	return f
}

// assigned is a world with one stream, assigned to the one slot of one receiver.
func assigned(t *testing.T, k Kind) (w *world, s *Stream, src *source, to *sink, f *Forwarder) {
	w, to = newWorld(t), &sink{}
	s, src = w.stream(k)
	f = w.slot(k, to)
	f.Assign(w.now, s)
	return w, s, src, to, f
}

// sound pushes one Opus packet whose content tells its number.
func (w *world) sound(s *Stream, seq uint16, level uint8) {
	s.Push(w.now, &Packet{SSRC: s.SSRC(), Seq: seq, Time: uint32(seq) * 960, PT: 109, Payload: []byte{0x78, byte(seq >> 8), byte(seq)}}, level)
}

// picture pushes one VP8 packet: picture id 15 bits, TL0PICIDX, keyframe or not; its last bytes tell its number.
func (w *world) picture(s *Stream, seq, id uint16, tl0 uint8, key bool) {
	s.Push(w.now, &Packet{SSRC: s.SSRC(), Seq: seq, Time: uint32(seq) * 3000, PT: 100, Marker: true, Payload: vp8Payload(id, tl0, key, seq)}, NoLevel)
}

func vp8Payload(id uint16, tl0 uint8, key bool, seq uint16) []byte {
	b := []byte{0x90, 0xc0, 0x80 | byte(id>>8), byte(id), tl0, 1}
	if key {
		b[5] = 0
	}
	return binary.BigEndian.AppendUint16(b, seq)
}

// flush hands on and lets 20 ms pass.
func (w *world) flush() {
	w.sw.Flush(w.now)
	w.pass(20 * time.Millisecond)
}

// numbers are the low 16 bits of what was sent.
func numbers(got []Out) []int {
	var n []int
	for _, o := range got {
		n = append(n, int(o.Index))
	}
	return n
}

// run is the n numbers from first on.
func run(first, n int) []int {
	var r []int
	for i := range n {
		r = append(r, first+i)
	}
	return r
}

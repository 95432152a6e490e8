package link

import (
	"time"

	"visavis/internal/media"
)

// in is a stream of the far node on the worker.
type in struct {
	p      *plane
	kind   media.Kind
	ssrc   uint32
	stream *media.Stream
	wanted bool
	rate   bucket // bytes
	came   arrivals
}

func payloadOf(k media.Kind) uint8 {
	if k == media.Video {
		return payloadVideo
	}
	return payloadAudio
}

func (i *in) payloadType() uint8 { return payloadOf(i.kind) }

// allow polices one packet of n bytes, in the stream's rate and in the party's.
func (i *in) allow(now time.Time, party *bucket, n int) bool {
	rate := audioRate
	if i.kind == media.Video {
		rate = videoRate
	}
	return i.rate.take(now, float64(n), rate, rate*rateWindow) && party.take(now, float64(n), partyRate, partyRate*rateWindow)
}

// out is a stream of ours on the worker. Its Forwarder is made when the far node first wants it, and keeps SSRC and numbers from
// then on.
type out struct {
	p      *plane
	id     string
	kind   media.Kind
	ssrc   uint32
	stream *media.Stream
	fwd    *media.Forwarder
	on     *media.Stream // assigned to fwd
	wanted bool
	closed bool
	pli    bucket

	numbers *numbers // of pictures sent last; nil: none yet

	// Roll-over counters start at 0 in each epoch: the receiver of new keys knows no other.
	cur, prev      *keyset
	base, prevBase uint64 // index of the Forwarder where the epoch's count begins; low 16 bits 0
}

func newOut(p *plane, ssrc uint32, k media.Kind, id string) *out {
	return &out{p: p, ssrc: ssrc, kind: k, id: id}
}

func (o *out) payloadType() uint8 { return payloadOf(o.kind) }

// source is what the stream sends from now on.
func (o *out) source(now time.Time, s *media.Stream) {
	if o.closed {
		return
	}
	o.p.outs[o.ssrc] = o
	o.stream = s
	o.update(now)
}

// want is what the far node says.
func (o *out) want(now time.Time, want bool) {
	o.wanted = want
	o.update(now)
}

func (o *out) update(now time.Time) {
	if o.closed {
		return
	}
	var s *media.Stream
	if o.wanted && o.p.sendable(o.kind) {
		s = o.stream
	}
	if o.fwd == nil {
		if s == nil {
			return
		}
		o.fwd = media.NewForwarder(o.p.m.c.Switch, media.ForwarderConfig{Kind: o.kind, SSRC: o.ssrc, Sink: o.p, Name: o.id})
		o.fwd.Ready(now)
	}
	if s == o.on {
		return
	}
	was := o.on
	if o.on = s; o.kind != media.Video {
		o.fwd.Assign(now, s)
		return
	}
	if s == nil {
		o.fwd.Assign(now, nil)
	}
	for _, x := range [...]*media.Stream{was, s} { // the layers of a camera are divided anew among its streams
		if x != nil {
			o.p.share(now, x.Track())
		}
	}
}

func (o *out) close(now time.Time) {
	if o.closed {
		return
	}
	o.closed = true
	if o.fwd != nil {
		o.fwd.Close(now)
	}
	if o.p.outs[o.ssrc] == o {
		delete(o.p.outs, o.ssrc)
	}
	if o.kind == media.Video && o.on != nil {
		o.p.share(now, o.on.Track())
	}
	if o.p.lastTo == o {
		o.p.lastTo = nil
	}
}

// place says with which keys and under which index a packet goes: the newest keys, or the older ones for a packet from before they
// came. A stream whose number is about to wrap stays with the old keys until it has: were the packets around the wrap lost, the
// receiver would count it wrong.
func (o *out) place(k *keyset, x *media.Out) (*keyset, uint64, bool) {
	if o.cur != k && !x.Resend {
		if o.cur == nil || o.cur.seal == nil || uint16(x.Index) < lateSwitch {
			o.prev, o.prevBase = o.cur, o.base
			o.cur, o.base = k, x.Index&^0xffff
		}
	}
	if o.cur == nil || o.cur.seal == nil {
		return nil, 0, false
	}
	if x.Index >= o.base {
		return o.cur, x.Index - o.base, true
	}
	if o.prev != nil && o.prev.seal != nil && x.Index >= o.prevBase {
		return o.prev, x.Index - o.prevBase, true
	}
	return nil, 0, false
}

// discarded lets go of keys that are destroyed.
func (o *out) discarded(k *keyset) {
	if o.cur == k {
		o.cur = nil
	}
	if o.prev == k {
		o.prev = nil
	}
}

package media

import (
	"encoding/binary"
	"slices"
	"time"
)

// ForwarderConfig says what a slot of a receiver is.
type ForwarderConfig struct {
	Kind     Kind
	SSRC     uint32 // once per Sink and key: the numbers of every new forwarder start anew
	RTXSSRC  uint32
	PT       uint8
	RTXPT    uint8  // 0: no RTX, resends are byte for byte the first packet
	Mid      string // "" on the link
	Sink     Sink   // compared: a pointer
	Name     string // for logs: "floor0"
	Numbered bool   // with transport-wide numbers: only with RTX, because a resend that is byte for byte the first cannot have them
}

// ForwarderStats counts what a slot sent since it was made.
type ForwarderStats struct {
	Packets, Bytes   uint64 // first sendings, payload bytes
	Nacked           uint64 // numbers that the receiver asked for
	Resent           uint64 // of Nacked, sent
	Refused          uint64 // of Nacked: never sent by this slot since it was attached, too old, sent again just now, or above the budget or the limit
	Switches         uint64 // attachments that began to flow
	KeyframeRequests uint64 // from the receiver
}

// Forwarder is one slot of a receiver: one SSRC with sequence numbers, timestamps and picture ids that go on without a gap
// whatever stream fills it. Worker thread only.
type Forwarder struct {
	// What each packet needs comes first: with hundreds of slots the processor fetches it from afar each time.
	sw      *Switch
	r       *receiver
	cur     *Stream    // flows
	next    *Stream    // waits: for a keyframe, or for its first packet
	keyFrom *Stream    // counted in its wanting
	turn    *Forwarder // of the same receiver, next in this flush
	ready   bool
	dirty   bool // has a turn in this flush
	dead    bool
	shut    bool // see Shut
	begun   bool
	tl0     uint8
	id      uint16 // last picture id
	rate    uint32
	a       attachment
	top     int64     // last sequence number sent in order
	time    uint32    // its timestamp
	timeRef uint32    // timestamp of the packet that fixed the timestamps
	timeAt  time.Time // and when it was sent
	octets  uint32
	packets uint32
	egress  Egress
	stats   ForwarderStats
	c       ForwarderConfig

	asked    uint64 // serial when next was assigned: nothing from before is ever sent
	nextAt   time.Time
	track    *Track // that cur and next are layers of; nil: assigned as streams
	least    int    // layers of it that the slot may show
	most     int
	apart    bool      // it is one of several of the receiver that share the track: see ShowLayers
	share    int       // what the allocator found just now
	allowed  int       // highest layer that it may show, -1: none
	fits     time.Time // since when a higher one would fit
	priority Priority
	wished   *Stream // counted in its wishes
	plea     plea
	resent   *[resentKept]resent // by source number, modulo; nil before the first
	rtt      time.Duration       // to the receiver, 0 if not known
	rtxTop   uint64
	bound    time.Time // of the last Shut
}

// resent is a packet that was sent again.
type resent struct {
	serial uint64
	at     time.Time
}

// SetRTT tells the round-trip time to the receiver: within it a packet is not sent again twice, because a second request for it
// was made before the first answer could be there.
func (f *Forwarder) SetRTT(rtt time.Duration) { f.rtt = rtt }

// justSent tells whether k was sent again a moment ago.
func (f *Forwarder) justSent(now time.Time, k *kept) bool {
	if f.resent == nil {
		return false
	}
	r := &f.resent[k.seq&(resentKept-1)]
	within := f.rtt
	if within <= 0 {
		within = leastRepeat
	}
	return r.serial == k.serial && now.Sub(r.at) < min(within, mostRepeat)
}

// plea is the receiver's own request for a keyframe.
type plea struct {
	open  bool // not answered yet
	last  time.Time
	wait  time.Duration // after the last answer
	until time.Time
}

// heard tells whether a request counts.
func (p *plea) heard(now time.Time) bool {
	if now.Sub(p.last) >= pleaQuiet {
		p.wait, p.until = 0, time.Time{}
	}
	p.last = now
	p.open = p.open || !now.Before(p.until)
	return p.open
}

// answered tells that a keyframe went out.
func (p *plea) answered(now time.Time) {
	if p.open {
		p.open, p.wait = false, min(max(2*p.wait, pleaWait), pleaMost)
		p.until = now.Add(p.wait)
	}
}

// attachment maps the numbers of a stream, from its first packet in this slot, to the slot's.
type attachment struct {
	of      *Stream
	epoch   uint32
	from    uint64 // serial: older packets were never sent
	to      uint64 // serial of the newest packet that flowed
	first   int64  // source number
	seqOff  int64
	timeOff uint32
	idOff   uint16
	tl0Off  uint8
}

// firstSeq is the first sequence number less one: low, so that the receiver's roll-over counter cannot start off by one when
// the first packets are lost (RFC 3711 §3.3.1).
const firstSeq = 1000

const (
	silentFrames = 3   // that end a talk: without, the receiver conceals the last sound for 0.4 s
	opusFrame    = 960 // 20 ms at 48 kHz
)

// NewForwarder makes an empty slot. It sends nothing before Ready.
func NewForwarder(sw *Switch, c ForwarderConfig) *Forwarder {
	f := &Forwarder{sw: sw, c: c, r: sw.receiverOf(c.Sink), rate: clockRate(c.Kind), top: firstSeq, rtxTop: firstSeq}
	f.r.slots = append(f.r.slots, f)
	return f
}

// SSRC is the slot's own.
func (f *Forwarder) SSRC() uint32 { return f.c.SSRC }

// RTXSSRC is the SSRC of its resends, 0 if it has none of its own.
func (f *Forwarder) RTXSSRC() uint32 { return f.c.RTXSSRC }

// Name is the one given in the configuration.
func (f *Forwarder) Name() string { return f.c.Name }

// Kind is sound or picture.
func (f *Forwarder) Kind() Kind { return f.c.Kind }

// Stats returns the counters.
func (f *Forwarder) Stats() ForwarderStats { return f.stats }

// Stream is what the slot was last assigned, nil for nothing.
func (f *Forwarder) Stream() *Stream {
	if f.next != nil {
		return f.next
	}
	return f.cur
}

// Ready tells that the receiver can open what it is sent. Before, nothing is sent and no keyframe asked for.
func (f *Forwarder) Ready(now time.Time) {
	if f.ready || f.dead {
		return
	}
	f.ready = true
	f.asked = f.sw.serial
	f.r.budget.begin(now)
	f.wait(now)
}

// Assign fills the slot with s, or empties it (nil). Sound moves with the next packet; a picture goes on showing the old stream
// until a keyframe of the new one comes, for a second at most. A closed stream and one of another kind are as nil.
func (f *Forwarder) Assign(now time.Time, s *Stream) {
	if f.track != nil {
		f.track = nil
		f.wish()
	}
	f.assign(now, s, f.sw.serial)
}

// assign is Assign for packets that came after the one with serial from.
func (f *Forwarder) assign(now time.Time, s *Stream, from uint64) {
	if s != nil && (s.closed || f.shut || s.c.Kind != f.c.Kind) {
		s = nil
	}
	if f.dead || s == f.Stream() {
		return
	}
	f.unwait()
	if s == f.cur && s != nil { // back again before the change came about
		return
	}
	if s == nil || f.c.Kind == Audio {
		f.leave(now, s == nil)
	}
	if f.next = s; s == nil {
		return
	}
	s.attach(f)
	f.asked, f.nextAt, f.plea = from, now, plea{}
	f.wait(now)
}

// drop is Stream.Close for one slot.
func (f *Forwarder) drop(now time.Time, s *Stream) {
	if f.next == s {
		f.unwait()
	}
	if f.cur == s {
		f.leave(now, f.next == nil)
	}
	s.detach(f)
}

// Resume follows an interruption of more than a second towards the receiver: its picture goes on with a keyframe and without a
// gap in its numbers, and nothing from before is sent again.
func (f *Forwarder) Resume(now time.Time) {
	if f.dead || !f.ready || f.cur == nil {
		return
	}
	f.again(now)
}

// again makes the stream that flows the one that is waited for.
func (f *Forwarder) again(now time.Time) {
	s := f.cur
	f.cur = nil
	if f.next == nil {
		f.next, f.asked = s, f.sw.serial
	} else {
		s.detach(f)
	}
	f.wait(now)
}

// abandon ends the old picture without the new one.
func (f *Forwarder) abandon() {
	f.cur.detach(f)
	f.cur = nil
}

// leave ends the attachment; with hush the receiver hears silence in place of a concealed last sound.
func (f *Forwarder) leave(now time.Time, hush bool) {
	if f.cur == nil {
		return
	}
	f.cur.detach(f)
	f.cur = nil
	f.unwant()
	if !hush || f.c.Kind != Audio || !f.ready {
		return
	}
	for range silentFrames {
		f.top++
		f.time += opusFrame
		o := &f.sw.out
		*o = Out{SSRC: f.c.SSRC, Index: uint64(f.top), Time: f.time, PT: f.c.PT, Level: 127, Kind: Audio, Mid: f.c.Mid, Payload: f.sw.silent[:]}
		f.count(len(o.Payload))
		f.send(now, o)
	}
}

// Close empties the slot for good, without a farewell.
func (f *Forwarder) Close(now time.Time) {
	if f.dead {
		return
	}
	f.unwait()
	f.leave(now, false)
	f.dead, f.ready, f.track = true, false, nil
	f.wish()
	f.r.slots = slices.DeleteFunc(f.r.slots, func(g *Forwarder) bool { return g == f })
	f.sw.releaseReceiver(f.r)
}

// wait asks for the keyframe that the slot needs to go on.
func (f *Forwarder) wait(now time.Time) {
	if f.next != nil && f.ready && f.c.Kind == Video {
		f.want(now, f.next)
	}
}

// unwait forgets the stream that was to come.
func (f *Forwarder) unwait() {
	if f.next == nil {
		return
	}
	f.unwant()
	f.next.detach(f)
	f.next = nil
}

func (f *Forwarder) want(now time.Time, s *Stream) {
	if f.keyFrom != s {
		f.unwant()
		f.keyFrom = s
		s.wanting++
	}
	s.askKeyframe(now)
}

func (f *Forwarder) unwant() {
	if f.keyFrom != nil {
		f.keyFrom.wanting--
		f.keyFrom = nil
	}
}

// Keyframe is the receiver's request (RFC 4585 §6.3.1, RFC 5104 §4.3.1). Requests of all receivers are joined. One soon
// after a keyframe that this receiver had asked for does not count: a receiver that still needs it asks again.
func (f *Forwarder) Keyframe(now time.Time) {
	f.stats.KeyframeRequests++
	if f.c.Kind != Video || !f.ready {
		return
	}
	// The slot of another node speaks for all its people: it has made the bad ones wait itself, and a newcomer there must not wait for them.
	if f.next == nil && f.cur != nil && (f.c.Mid == "" || f.plea.heard(now)) {
		f.want(now, f.cur)
	}
}

// forward sends what is pending of the stream that flows, and moves to the next one where that can begin.
func (f *Forwarder) forward(now time.Time) {
	if f.cur != nil && f.next != nil && now.Sub(f.nextAt) > switchFor && !f.within() {
		f.abandon()
	}
	if s := f.cur; s != nil {
		for _, q := range s.pending {
			k := s.ring.get(q)
			if k == nil || q < f.a.first && k.epoch == f.a.epoch {
				continue
			}
			if k.epoch != f.a.epoch { // a new start of the source
				f.again(now)
				f.asked = k.serial - 1
				break
			}
			f.push(now, s, k)
		}
	}
	s := f.next
	if s == nil {
		return
	}
	for i, q := range s.pending {
		k := s.ring.get(q)
		if k == nil || k.serial <= f.asked || k.epoch != s.epoch || f.c.Kind == Video && !k.vp8.key {
			continue
		}
		f.begin(now, s, k)
		f.push(now, s, k)
		f.overtaken(now, s, k, i)
		for _, q := range s.pending[i+1:] {
			if k := s.ring.get(q); k != nil && q > f.a.first {
				f.push(now, s, k)
			}
		}
		return
	}
}

// overtaken sends what came before the first packet of a keyframe though it belongs after it. pending[i] is that first packet.
func (f *Forwarder) overtaken(now time.Time, s *Stream, first *kept, i int) {
	if first.seq >= s.top || f.c.Kind != Video {
		return
	}
	for q := first.seq + 1; q <= s.top; q++ {
		if k := s.ring.get(q); k != nil && k.serial < first.serial && k.serial > f.asked && k.epoch == first.epoch {
			f.push(now, s, k)
		}
	}
}

// begin attaches s at packet k: numbers go on by one, timestamps as continued says.
func (f *Forwarder) begin(now time.Time, s *Stream, k *kept) {
	f.unwant()
	if f.cur != nil && f.cur != s {
		f.cur.detach(f)
	}
	f.cur, f.next = s, nil
	if f.begun {
		f.time = f.continued(now, s, k)
	} else {
		f.time = k.time
	}
	f.begun = true
	f.a = attachment{
		of: s, epoch: k.epoch, from: f.asked, first: k.seq,
		seqOff: f.top + 1 - k.seq, timeOff: f.time - k.time, idOff: f.id + 1 - k.vp8.id, tl0Off: f.tl0 + 1 - k.vp8.tl0PicIdx,
	}
	f.stats.Switches++
}

// push sends k for the first time.
func (f *Forwarder) push(now time.Time, s *Stream, k *kept) {
	f.a.to = max(f.a.to, k.serial)
	if k.vp8.key && f.keyFrom == s {
		f.plea.answered(now)
		f.unwant()
	}
	o := f.make(k)
	if seq := int64(o.Index); seq > f.top {
		f.top, f.time = seq, o.Time
		f.timeRef, f.timeAt = o.Time, k.at
		if k.vp8.pictureID != 0 {
			f.id = (k.vp8.id + f.a.idOff) & 0x7fff
		}
		if k.vp8.tl0 != 0 {
			f.tl0 = k.vp8.tl0PicIdx + f.a.tl0Off
		}
	}
	f.count(len(o.Payload))
	f.r.budget.sent()
	f.send(now, o)
}

func (f *Forwarder) count(payload int) {
	f.stats.Packets++
	f.stats.Bytes += uint64(payload)
	f.packets++
	f.octets += uint32(payload)
}

// make writes k as this slot sends it. It depends on nothing but k and the attachment, so a resend has the same bytes.
func (f *Forwarder) make(k *kept) *Out {
	b := k.payload()
	k.vp8.rewrite(b, k.vp8.id+f.a.idOff, k.vp8.tl0PicIdx+f.a.tl0Off)
	o := &f.sw.out
	*o = Out{
		SSRC: f.c.SSRC, Index: uint64(k.seq + f.a.seqOff), Time: k.time + f.a.timeOff, PT: f.c.PT, Marker: k.marker,
		Level: k.level, Kind: f.c.Kind, Mid: f.c.Mid, Numbered: f.c.Numbered, Payload: b,
	}
	return o
}

// Resend answers a receiver's NACK (RFC 4585 §6.2.1): only with what this slot sent since the stream in it was attached, only
// while the ring has it, and only within the receiver's budget, a picture on a full path within its limit too.
func (f *Forwarder) Resend(now time.Time, seqs []uint16) {
	for _, q := range seqs {
		f.stats.Nacked++
		k := f.sent(now, q) // nil while the slot is shut: nothing is attached
		if k == nil || f.justSent(now, k) || f.c.Kind == Video && !f.r.mends(now) || !f.r.budget.take(now) {
			f.stats.Refused++
			continue
		}
		if f.c.Kind == Video {
			f.r.mend(len(k.payload()))
		}
		if f.resent == nil {
			f.resent = new([resentKept]resent) // 2 kB that most slots of sound never need
		}
		f.resent[k.seq&(resentKept-1)] = resent{k.serial, now}
		o := f.make(k)
		o.Resend = true
		if f.c.RTXPT != 0 {
			f.rtxTop++
			binary.BigEndian.PutUint16(k.buf, uint16(o.Index)) // RFC 4588 §4
			o.SSRC, o.Index, o.PT, o.Payload = f.c.RTXSSRC, f.rtxTop, f.c.RTXPT, k.buf
		}
		f.stats.Resent++
		f.send(now, o)
	}
}

// sent returns the packet that went out under number q, nil if this attachment did not send it or it is too old.
func (f *Forwarder) sent(now time.Time, q uint16) *kept {
	if f.cur == nil || !f.ready {
		return nil
	}
	in := f.top + int64(int16(q-uint16(f.top))) - f.a.seqOff
	if in < f.a.first {
		return nil
	}
	k := f.cur.ring.young(now, in)
	if k == nil || k.serial <= f.a.from || k.serial > f.a.to {
		return nil
	}
	return k
}

// budget bounds the resends of one receiver.
type budget struct {
	tokens float64
	at     time.Time
}

func (b *budget) sent() { b.tokens = min(b.tokens+ResendShare, ResendBurst) }

func (b *budget) begin(now time.Time) {
	if b.at.IsZero() {
		b.at = now
	}
}

func (b *budget) take(now time.Time) bool {
	b.tokens = min(b.tokens+now.Sub(b.at).Seconds()*ResendRate, ResendBurst)
	b.at = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}

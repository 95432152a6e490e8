package link

import (
	"crypto/ed25519"
	"encoding/binary"
	"net/netip"
	"sync/atomic"
	"time"

	"visavis/internal/media"
	"visavis/internal/srtp"
	"visavis/internal/udp"
)

// planes are the media sides of all links. It is the Mux's fallback for RTP and RTCP from addresses that nobody has proven: a far
// node whose address has changed is known by its tag or its SSRC and by its key.
type planes struct {
	all     []*plane
	tags    map[uint32]tagged
	streams map[uint32]*in // by SSRC; of two links that use the same one, the first: the other is found by its address only
	began   time.Time
}

type tagged struct {
	p *plane
	k *keyset
}

// Claim implements udp.Claimant: a datagram is ours if its source is one that a node has announced.
func (ps *planes) Claim(now time.Time, c udp.Class, d udp.Datagram) bool {
	if len(d.Data) < 12 {
		return false
	}
	switch c {
	case udp.RTP:
		in := ps.streams[binary.BigEndian.Uint32(d.Data[8:])]
		if in == nil {
			return false
		}
		in.p.rtp(now, d)
	case udp.RTCP:
		t, ok := ps.tags[binary.BigEndian.Uint32(d.Data[4:])]
		if !ok {
			return false
		}
		t.p.rtcp(now, d, t.k)
	default:
		return false
	}
	return true
}

func (ps *planes) tick(now time.Time) {
	for i := 0; i < len(ps.all); i++ {
		ps.all[i].tick(now)
	}
}

// plane is the media side of one link. Worker only, but for what says otherwise.
type plane struct {
	m  *Manager
	c  *Conn
	ps *planes

	sets               []*keyset // newest last
	send               *keyset   // newest that the far node has too; nil: none
	serial, sendSerial uint64    // of the newest keys; of those that send is or was
	ins                map[uint32]*in
	outs               map[uint32]*out
	lastTo             *out // of the last packet: they come in runs

	listed  []netip.AddrPort
	paths   []*path
	active  *path // where media goes; nil: no address has answered yet
	second  *path // where sound goes too; nil: nowhere
	movedAt time.Time

	tunnel     *tunnel // a connection that carries media too; nil: none
	tunnelUsed time.Time
	udpAt      time.Time   // a datagram was last answered
	blocked    atomic.Bool // a tunnel is needed; read by the Conn
	heardAt    time.Time
	over       bool // cleared: nothing begins any more
	lost       bool // nothing authentic for pathLost; true before the first packet
	pings      [64]sentPing
	pingNext   uint32

	packets    media.Packet
	header     [20]byte
	party      bucket // of all incoming media
	control    bucket // of incoming SRTCP
	feedback   []byte // resend and keyframe requests that wait
	feedbackAt time.Time
	scratch    []byte
	twin       []byte // the packet that goes a second way
	reportAt   time.Time
	rtt        time.Duration
	lossIn     float64
	lossOut    float64
	n          Counters
	cc         congestion

	usedUp atomic.Pointer[keyset] // its keys must not be used any longer; read by the Conn
}

func newPlane(m *Manager, c *Conn) *plane {
	return &plane{m: m, c: c, ps: &m.plane, ins: make(map[uint32]*in), outs: make(map[uint32]*out), lost: true,
		feedback: make([]byte, 0, maxRTCP), scratch: make([]byte, 0, maxRTCP), twin: make([]byte, 0, udp.MaxDatagram)}
}

// install takes the keys of a new control connection. They open packets from now on; they seal when the far node is known to have
// them (confirm).
func (p *plane) install(now time.Time, s *session) bool {
	k := s.keys
	if _, taken := p.ps.tags[k.tag]; taken || p.over {
		return false
	}
	k.session = s
	for i := 0; i < len(p.sets); i++ { // keys that packets could not tell from the new ones
		if p.sets[i].slot() == k.slot() {
			p.discard(p.sets[i])
			i--
		}
	}
	p.serial++
	k.serial = p.serial
	p.ps.tags[k.tag] = tagged{p, k}
	p.sets = append(p.sets, k)
	p.register()
	return true
}

func (p *plane) register() {
	for _, q := range p.ps.all {
		if q == p {
			return
		}
	}
	p.ps.all = append(p.ps.all, p)
}

// confirm begins to seal with k and gives older keys their last 30 s.
func (p *plane) confirm(now time.Time, k *keyset) {
	if !p.has(k) || k.serial <= p.sendSerial {
		return // never back to older keys: an index would be used twice
	}
	if p.send == nil {
		p.udpAt = now
	}
	p.send, p.sendSerial = k, k.serial
	p.agree(k)
	for _, old := range p.sets {
		if old.serial < k.serial && old.retire.IsZero() {
			old.retire = now.Add(overlap)
		}
	}
	if p.active == nil {
		p.probeAll(now)
	}
	p.update(now)
	p.publish(now)
}

func (p *plane) has(k *keyset) bool {
	for _, x := range p.sets {
		if x == k {
			return true
		}
	}
	return false
}

// discard destroys keys.
func (p *plane) discard(k *keyset) {
	for i, x := range p.sets {
		if x == k {
			p.sets = append(p.sets[:i], p.sets[i+1:]...)
			break
		}
	}
	delete(p.ps.tags, k.tag)
	for _, o := range p.outs {
		o.discarded(k)
	}
	if p.send == k {
		p.send = nil // older keys stay for what they sealed; see confirm
	}
	k.seal, k.open = nil, nil
}

// distrust destroys the keys made with node keys that are bad.
func (p *plane) distrust(now time.Time, bad func(ed25519.PublicKey) bool) {
	for i := len(p.sets) - 1; i >= 0; i-- {
		if bad(p.sets[i].node) {
			p.discard(p.sets[i])
		}
	}
	if p.tunnel != nil && (len(p.sets) == 0 || bad(p.tunnel.key)) {
		p.detach(now, p.tunnel)
	}
	p.update(now)
	p.publish(now)
}

// clear ends the plane: no key, no address, no stream.
func (p *plane) clear(now time.Time) {
	for len(p.sets) > 0 {
		p.discard(p.sets[0])
	}
	for _, o := range p.outs {
		o.close(now)
	}
	for _, i := range p.ins {
		p.remove(now, i)
	}
	p.over = true
	if p.tunnel != nil {
		p.detach(now, p.tunnel)
	}
	for len(p.paths) > 0 {
		p.unpath(p.paths[0])
	}
	for i, q := range p.ps.all {
		if q == p {
			p.ps.all = append(p.ps.all[:i], p.ps.all[i+1:]...)
			break
		}
	}
	p.listed = nil
	p.lost = true
}

// add makes the stream for something that the far node offers.
func (p *plane) add(id string, k media.Kind, ssrc uint32) (*in, *media.Stream) {
	i := &in{p: p, kind: k, ssrc: ssrc}
	i.stream = media.NewStream(p.m.c.Switch, media.StreamConfig{ID: id, Kind: k, SSRC: ssrc, Source: p})
	p.ins[ssrc] = i
	if p.ps.streams[ssrc] == nil {
		p.ps.streams[ssrc] = i
	}
	return i, i.stream
}

// remove closes a far stream.
func (p *plane) remove(now time.Time, i *in) {
	if p.ins[i.ssrc] == i {
		delete(p.ins, i.ssrc)
	}
	if p.ps.streams[i.ssrc] == i {
		delete(p.ps.streams, i.ssrc)
	}
	i.stream.Close(now)
}

// Datagram implements udp.Endpoint for addresses that are proven.
func (p *plane) Datagram(now time.Time, c udp.Class, d udp.Datagram) {
	switch c {
	case udp.RTP:
		p.rtp(now, d)
	case udp.RTCP:
		if len(d.Data) < 12 {
			return
		}
		if t, ok := p.ps.tags[binary.BigEndian.Uint32(d.Data[4:])]; ok && t.p == p {
			p.rtcp(now, d, t.k)
			return
		}
		p.n.BadAuth++
	}
}

// rtp takes one media packet: declared? authentic? wanted? within its rate?
func (p *plane) rtp(now time.Time, d udp.Datagram) {
	b := d.Data
	if len(b) < 12 {
		p.n.Malformed++
		return
	}
	i := p.ins[binary.BigEndian.Uint32(b[8:])]
	if i == nil {
		p.n.Undeclared++
		return
	}
	pt := b[1] & 0x7f
	k := p.slot(pt & 7)
	if k == nil {
		p.n.BadAuth++
		return
	}
	n, _, err := k.open.OpenRTP(b)
	if err != nil {
		p.refused(k, err)
		return
	}
	k.got++
	p.heard(now, d.Addr)
	if d.Addr == tunnelAddr {
		p.tunnelUsed = now
	}
	if !i.wanted {
		p.n.Unwanted++
		return
	}
	if pt&^7 != i.payloadType() || n > maxMedia || !i.allow(now, &p.party, n) {
		p.n.Policed++
		return
	}
	if err := media.ParseRTP(b[:n], &p.packets); err != nil {
		p.n.Malformed++
		return
	}
	level := uint8(media.NoLevel)
	if i.kind == media.Audio {
		if e := p.packets.Extension(levelID); len(e) == 1 {
			level = e[0]
		}
	}
	if i.kind == media.Video {
		p.arrived(now, &i.came, i.ssrc, p.packets.Seq)
	}
	i.stream.Push(now, &p.packets, level)
}

// slot is the keys that a payload type names.
func (p *plane) slot(s uint8) *keyset {
	for i := len(p.sets) - 1; i >= 0; i-- {
		if p.sets[i].slot() == s {
			return p.sets[i]
		}
	}
	return nil
}

func (p *plane) refused(k *keyset, err error) {
	switch err {
	case srtp.ErrReplay:
		k.got++ // it arrived: a resend of what came after all
		p.n.Replayed++
	case srtp.ErrLimit:
		p.exhaust(k)
	default:
		p.n.BadAuth++
	}
}

// exhaust asks for new keys.
func (p *plane) exhaust(k *keyset) {
	if p.usedUp.Swap(k) != k {
		p.c.notify()
	}
}

// Send implements media.Sink: it seals what a Forwarder gives and queues it to the path in use. One index is one byte string for
// ever: a resend is what was first sent (docs/security.md D2).
func (p *plane) Send(now time.Time, x *media.Out) {
	o := p.lastTo
	if o == nil || o.ssrc != x.SSRC {
		if o = p.outs[x.SSRC]; o == nil {
			p.n.Unsent++
			return
		}
		p.lastTo = o
	}
	if p.send == nil || p.active == nil || len(x.Payload)+len(p.header) > maxMedia {
		p.n.Unsent++
		return
	}
	k, index, ok := o.place(p.send, x)
	if !ok {
		p.n.Unsent++
		return
	}
	b, err := k.seal.SealRTP(p.m.c.Worker.Buffer()[:0], p.rtpHeader(k, o, x, index), x.Payload, index)
	if err != nil {
		p.n.Unsent++
		if err == srtp.ErrLimit {
			p.exhaust(k)
		}
		return
	}
	p.n.Sent++
	k.sent++
	if o.kind == media.Video && p.cc.estimate != nil {
		p.numbered(now, o, uint16(index), len(b), x.Resend)
	}
	to := p.active
	switch {
	case p.second == nil:
	case o.kind == media.Audio:
		p.twin = append(p.twin[:0], b...)
		p.commit(b, to.addr, false)
		b = append(p.m.c.Worker.Buffer()[:0], p.twin...)
		to = p.second
		p.n.Copies++
		k.sent++
	case x.Resend:
		to = p.second
	}
	p.commit(b, to.addr, o.kind == media.Video)
	if x.Resend {
		p.n.Resent++
	}
	if k.sealed++; k.sealed == rollPackets {
		p.exhaust(k)
	}
}

const levelID = 1 // of the RFC 6464 header extension element

// rtpHeader writes the header of a packet: 12 bytes, and for sound 8 more with its level (RFC 8285 §4.2, RFC 6464).
func (p *plane) rtpHeader(k *keyset, o *out, x *media.Out, index uint64) []byte {
	h := p.header[:12]
	h[0] = 2 << 6
	h[1] = o.payloadType() | k.slot()
	if x.Marker {
		h[1] |= 0x80
	}
	binary.BigEndian.PutUint16(h[2:], uint16(index))
	binary.BigEndian.PutUint32(h[4:], x.Time)
	binary.BigEndian.PutUint32(h[8:], o.ssrc)
	if o.kind == media.Audio && x.Level != media.NoLevel {
		h[0] |= 1 << 4
		h = append(h, 0xbe, 0xde, 0, 1, levelID<<4, x.Level, 0, 0)
	}
	return h
}

// sendable reports whether streams of kind k are to be sent at all: pictures stop when the path is lost, sound goes on for a
// minute, while the address is proven (watch), so that it is there with the first packet that gets through again. More numbers must
// not pass unheard: the far side could not tell how often they wrapped (RFC 3711 §3.3.1).
func (p *plane) sendable(k media.Kind) bool {
	if p.send == nil || p.active == nil {
		return false
	}
	return !p.lost || k == media.Audio
}

// update brings all forwarders in line with sendable.
func (p *plane) update(now time.Time) {
	for _, o := range p.outs {
		o.update(now)
	}
}

// keyAges destroys keys that have served: their successors are in use for 30 s, or the control connection that made them was last
// heard 10 minutes ago.
func (p *plane) keyAges(now time.Time) {
	for i := len(p.sets) - 1; i >= 0; i-- {
		k := p.sets[i]
		heard := p.ps.began.Add(time.Duration(k.session.heard.Load()))
		if !k.retire.IsZero() && !now.Before(k.retire) || now.Sub(heard) >= keysDie {
			p.discard(k)
			if len(p.sets) == 0 {
				if p.tunnel != nil {
					p.detach(now, p.tunnel)
				}
				p.active, p.second, p.lost = nil, nil, true
				for len(p.paths) > 0 {
					p.unpath(p.paths[0])
				}
				p.list(p.listed)
			}
			p.update(now)
			p.publish(now)
		}
	}
}

func (p *plane) tick(now time.Time) {
	p.keyAges(now)
	if len(p.feedback) > 0 {
		p.sendFeedback(now)
	}
	if p.send == nil {
		return
	}
	p.watch(now)
	p.tunnelling(now)
	p.probe(now)
	p.feedCongestion(now)
	if now.Sub(p.reportAt) >= reportEvery {
		p.reportAt = now
		p.reports(now)
		p.publish(now)
	}
}

// publish makes the figures known outside the worker.
func (p *plane) publish(now time.Time) {
	paths := p.pathStates(now)
	f := &p.c.figures
	f.mu.Lock()
	s := &f.state
	s.Paths = paths
	if path := !p.lost && p.send != nil; s.Path != path {
		s.Path, s.Since = path, now
	}
	s.Epoch, s.Remote, s.Tunnel = 0, netip.AddrPort{}, false
	if p.send != nil {
		s.Epoch = p.send.epoch
	}
	if p.active != nil {
		s.Remote, s.Tunnel = p.shown(p.active), p.active.tunnelled()
	}
	s.RTT, s.LossIn, s.LossOut, s.LastHeard = p.rtt, p.lossIn, p.lossOut, p.heardAt
	f.counters = p.n
	f.mu.Unlock()
	p.c.notify()
}

package link

import (
	"encoding/binary"
	"net/netip"
	"time"
)

// path is one address where the far node may be.
type path struct {
	addr    netip.AddrPort
	listed  bool          // from the configuration; else one that authentic packets came from
	pinged  time.Time     // last ping to it
	ponged  time.Time     // last answer to one; zero: the address is not proven
	rtt     time.Duration // smoothed; 0: none yet
	last    time.Duration // round trip
	jitter  time.Duration // smoothed difference between one round trip and the next
	arrived time.Time     // last authentic packet from it
	count   uint32        // pings sent
	history uint64        // bit i: the ping before the last i was answered
	loss    float64       // share of pings that were not answered, smoothed
	owed    time.Time     // the first ping after the last answer; zero: no answer is owed
}

// PathState is how one address of the far node does.
type PathState struct {
	Addr      netip.AddrPort
	Listed    bool          // in the party's document; else one that authentic packets came from
	Proven    bool          // answered a challenge in the last minute
	Alive     bool          // answers now
	Audio     bool          // sound goes there
	Video     bool          // pictures go there
	Tunnel    bool          // not an address for datagrams: media inside TLS
	RTT       time.Duration // smoothed; 0: none yet
	Jitter    time.Duration // smoothed difference between one round trip and the next
	Loss      float64       // share of pings that were not answered, smoothed over about 128, 0..1: both directions together
	LastHeard time.Time     // last authentic packet from it; zero: never
}

// settle takes the fate of one more ping into the loss: of one so old that its answer is not on its way any more.
func (a *path) settle() {
	const pending = 8 // pings: 0.8 s and more
	a.count++
	a.history <<= 1
	if n := int(a.count) - pending; n > 0 {
		lost := 1 - float64(a.history>>pending&1)
		a.loss += (lost - a.loss) / float64(min(n, lossPings))
	}
}

// worth orders paths for pictures: less is better.
func (a *path) worth() time.Duration { return a.rtt + time.Duration(a.loss*float64(lossCosts)) }

// proven: it answered a challenge in the last minute.
func (a *path) proven(now time.Time) bool { return !a.ponged.IsZero() && now.Sub(a.ponged) < unproven }

// alive: it answered lately.
func (a *path) alive(now time.Time, within time.Duration) bool {
	return !a.ponged.IsZero() && now.Sub(a.ponged) < within
}

// answers: it owes no answer for longer than a round trip and the time of two more pings.
func (a *path) answers(now time.Time) bool {
	return a.proven(now) && (a.owed.IsZero() || now.Sub(a.owed) < a.rtt+max(a.rtt/4, 4*a.jitter)+twinSlack)
}

// sentPing is a ping whose answer we wait for.
type sentPing struct {
	number    uint32
	challenge uint64
	to        netip.AddrPort
	count     uint32 // of the path
	at        time.Time
}

// list takes over the configured addresses; those that the guard refuses are left out.
func (p *plane) list(addrs []netip.AddrPort) {
	p.listed = addrs
	for i := len(p.paths) - 1; i >= 0; i-- {
		p.paths[i].listed = false
	}
	n := 0
	for _, a := range addrs {
		if n == maxListed {
			break
		}
		a = unmapped(a)
		if a.Port() == 0 || !allowed(a.Addr(), p.m.c.AllowPrivate) {
			p.n.AddressesRefused++
			continue
		}
		n++
		q := p.pathOf(a)
		if q == nil {
			q = &path{addr: a}
			p.paths = append(p.paths, q)
		}
		q.listed = true
	}
}

func unmapped(a netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()) }

func (p *plane) pathOf(a netip.AddrPort) *path {
	for _, q := range p.paths {
		if q.addr == a {
			return q
		}
	}
	return nil
}

// unpath forgets an address.
func (p *plane) unpath(q *path) {
	p.m.c.Mux.Unbind(q.addr, p)
	if p.active == q {
		p.active = nil
	}
	if p.second == q {
		p.second = nil
	}
	for i, x := range p.paths {
		if x == q {
			p.paths = append(p.paths[:i], p.paths[i+1:]...)
			return
		}
	}
}

// heard takes note of an authentic packet.
func (p *plane) heard(now time.Time, from netip.AddrPort) {
	p.n.Received++
	p.heardAt = now
	q := p.active
	if q == nil || q.addr != from {
		q = p.observe(now, from)
	}
	if q != nil {
		q.arrived = now
	}
	if p.lost {
		p.back(now)
	}
}

// observe finds the path of an address, or begins to probe it: the far node may sit behind a NAT that gave it another port.
func (p *plane) observe(now time.Time, from netip.AddrPort) *path {
	if q := p.pathOf(from); q != nil {
		return q
	}
	if !allowed(from.Addr(), p.m.c.AllowPrivate) {
		p.n.AddressesRefused++
		return nil
	}
	n := 0
	var oldest *path
	for _, q := range p.paths {
		if !q.listed && !q.tunnelled() {
			n++
			if q != p.active && q != p.second && (oldest == nil || q.arrived.Before(oldest.arrived)) {
				oldest = q
			}
		}
	}
	if n >= maxObserved {
		if oldest == nil || now.Sub(oldest.arrived) < probePing {
			return nil
		}
		p.unpath(oldest)
	}
	q := &path{addr: from}
	p.paths = append(p.paths, q)
	return q
}

// back is the first authentic packet after a loss, or ever: everything goes on at once.
func (p *plane) back(now time.Time) {
	p.lost = false
	if p.active != nil {
		p.ping(now, p.active)
	} else {
		p.probeAll(now)
	}
	for _, o := range p.outs {
		if o.fwd != nil && o.on != nil {
			o.fwd.Resume(now)
		}
	}
	p.update(now)
	p.publish(now)
}

// watch declares the path lost after 2 s of silence, and leaves an address that does not answer for one that does. After a minute
// it is left all the same, whatever comes from elsewhere: nothing but pings goes to an address that is not proven.
func (p *plane) watch(now time.Time) {
	if !p.lost && now.Sub(p.heardAt) >= pathLost {
		p.lost = true
		p.n.PathLosses++
		p.update(now)
		p.publish(now)
	}
	p.choose(now)
}

// choose leaves an address that does not answer for one that does, the worse for the better, and picks the second.
func (p *plane) choose(now time.Time) {
	a, changed := p.active, false
	if b := p.best(now); b != nil && b != a && (a == nil || !p.usable(now, a) || p.better(now, b, a)) {
		p.active, p.movedAt, changed = b, now, true
		p.newPath(now)
	}
	if s := p.other(now, a); s != p.second {
		p.second, changed = s, true
	}
	if changed {
		p.update(now)
		p.publish(now)
	}
	if a := p.active; a != nil && !a.proven(now) {
		p.active, p.second = nil, nil
		p.update(now) // sound stops too
		p.publish(now)
	}
}

// usable reports whether an address answers. Where another one carries sound already, leaving costs nothing: judgement is quick.
func (p *plane) usable(now time.Time, q *path) bool {
	if p.second != nil && q.listed {
		return q.answers(now)
	}
	return q.alive(now, pathStale)
}

// rank orders addresses: what the far node lists, what it was seen at, the tunnel.
func (a *path) rank() int {
	switch {
	case a.listed:
		return 2
	case !a.tunnelled():
		return 1
	}
	return 0
}

// best is the address to use: of those that answer the listed before the observed, of the listed the best for pictures, of the
// observed the first.
func (p *plane) best(now time.Time) *path {
	var found *path
	for _, q := range p.paths {
		if p.usable(now, q) && (found == nil || q.rank() > found.rank() || q.listed && found.listed && q.worth() < found.worth()) {
			found = q
		}
	}
	return found
}

// better: pictures move from an address that answers only to one that is listed and much better, and not often.
func (p *plane) better(now time.Time, b, a *path) bool {
	if a.tunnelled() {
		return !b.tunnelled()
	}
	return b.listed && a.listed && now.Sub(p.movedAt) >= moveAfter && b.worth()+moveGain < a.worth()
}

// other is the second address for sound: the best of the listed ones that answer, besides the one in use. Where the one in use is
// not listed it may be the same way seen through a NAT: nothing is sent twice. One that was in use, as second or as first (was), is
// given 2 s to answer again: it costs nothing to send there.
func (p *plane) other(now time.Time, was *path) *path {
	if p.active == nil || !p.active.listed {
		return nil
	}
	var found *path
	for _, q := range p.paths {
		if q == p.active || !q.listed {
			continue
		}
		if (q.answers(now) || (q == p.second || q == was) && q.alive(now, pathLost)) && (found == nil || q.worth() < found.worth()) {
			found = q
		}
	}
	return found
}

// probe sends the pings that are due: every 250 ms to the address in use, every 100 ms where there are two, once a second to the
// others.
func (p *plane) probe(now time.Time) {
	for _, q := range p.paths {
		every := probePing
		switch {
		case !q.proven(now):
		case p.second != nil && (q == p.active || q == p.second):
			every = twinPing
		case q == p.active:
			every = pathPing
		}
		if now.Sub(q.pinged) >= every {
			p.ping(now, q)
		}
	}
}

// probeAll pings what may be pinged now.
func (p *plane) probeAll(now time.Time) {
	for _, q := range p.paths {
		if now.Sub(q.pinged) >= probePing {
			p.ping(now, q)
		}
	}
}

// ping asks an address for proof that the far node is there.
func (p *plane) ping(now time.Time, q *path) {
	if p.send == nil {
		return
	}
	q.pinged = now
	if q.owed.IsZero() {
		q.owed = now
	}
	q.settle()
	p.pingNext++
	c := binary.BigEndian.Uint64(random(8))
	p.pings[p.pingNext%uint32(len(p.pings))] = sentPing{p.pingNext, c, q.addr, q.count, now}
	p.sendPing(subtypePing, p.pingNext, c, q.addr)
}

func (p *plane) sendPing(subtype uint8, number uint32, challenge uint64, to netip.AddrPort) {
	k := p.send
	if p.inUse(to) {
		k.sent++
	}
	x := pathPacket{Subtype: subtype, Tag: k.farTag, Number: number, Challenge: challenge, Sent: k.sent, Loss: lossWire(p.lossIn)}
	p.sealRTCP(x.append(p.scratch[:0]), to, false)
}

// inUse: media goes there.
func (p *plane) inUse(to netip.AddrPort) bool {
	return p.active != nil && to == p.active.addr || p.second != nil && to == p.second.addr
}

// pong is the answer: the address that we pinged is the far node's.
func (p *plane) pong(now time.Time, x *pathPacket) {
	s := &p.pings[x.Number%uint32(len(p.pings))]
	if s.number != x.Number || s.challenge != x.Challenge || s.at.IsZero() {
		return // too late, or made up
	}
	q, rtt, count := p.pathOf(s.to), now.Sub(s.at), s.count
	*s = sentPing{}
	if q == nil {
		return
	}
	if !q.tunnelled() {
		if !p.m.c.Mux.Bind(q.addr, p) {
			p.n.AddressesRefused++ // somebody else lives there
			return
		}
		p.udpAt = now
	}
	q.ponged, q.arrived, q.owed = now, now, time.Time{}
	if ago := q.count - count; ago < 64 {
		q.history |= 1 << ago
	}
	q.measured(rtt)
	p.lossOut = lossRead(x.Loss)
	if p.active == nil || p.active == q {
		p.rtt = q.rtt
	}
	if p.active == nil {
		p.active, p.movedAt = q, now
		p.newPath(now)
		p.update(now)
		p.publish(now)
	}
}

// measured takes one round trip into the figures.
func (a *path) measured(rtt time.Duration) {
	if a.rtt == 0 {
		a.rtt, a.last = rtt, rtt
	}
	a.rtt += (rtt - a.rtt) / 8
	a.jitter += ((rtt - a.last).Abs() - a.jitter) / 16
	a.last = rtt
}

// pinged answers a ping to where it came from: one packet of the same size for each, so nothing is amplified.
func (p *plane) pinged(now time.Time, k *keyset, x *pathPacket, from netip.AddrPort) {
	if from != tunnelAddr && !allowed(from.Addr(), p.m.c.AllowPrivate) {
		return
	}
	if now.Sub(k.farAt) >= lossGap {
		p.lossSeen(now, k, x.Sent)
	}
	if p.send != nil {
		p.sendPing(subtypePong, x.Number, x.Challenge, from)
	}
}

// lossSeen compares what the far node says to have sent with what came.
func (p *plane) lossSeen(now time.Time, k *keyset, sent uint32) {
	n := lossWindow
	i := k.farPings % n
	if k.farPings >= n {
		sent, got := sent-k.farSent[i], k.got-k.farGot[i]
		if sent > 0 && sent < 1<<24 {
			p.lossIn = max(0, 1-float64(got)/float64(sent))
		}
	}
	k.farSent[i], k.farGot[i] = sent, k.got
	k.farPings++
	k.farAt = now
}

// shown is the address that people know a path by.
func (p *plane) shown(q *path) netip.AddrPort {
	if q.tunnelled() && p.tunnel != nil {
		return p.tunnel.remote
	}
	return q.addr
}

// pathStates is what State says about the addresses.
func (p *plane) pathStates(now time.Time) []PathState {
	all := make([]PathState, len(p.paths))
	for i, q := range p.paths {
		all[i] = PathState{Addr: p.shown(q), Tunnel: q.tunnelled(), Listed: q.listed, Proven: q.proven(now), Alive: p.usable(now, q), Audio: q == p.active || q == p.second,
			Video: q == p.active, RTT: q.rtt, Jitter: q.jitter, Loss: q.loss, LastHeard: q.arrived}
	}
	return all
}

package link

import (
	"encoding/binary"
	"net/netip"
	"time"
)

// path is one address where the far node may be.
type path struct {
	addr    netip.AddrPort
	listed  bool      // from the configuration; else one that authentic packets came from
	pinged  time.Time // last ping to it
	ponged  time.Time // last answer to one; zero: the address is not proven
	rtt     time.Duration
	arrived time.Time // last authentic packet from it
}

// proven: it answered a challenge in the last minute.
func (a *path) proven(now time.Time) bool { return !a.ponged.IsZero() && now.Sub(a.ponged) < unproven }

// alive: it answered lately.
func (a *path) alive(now time.Time, within time.Duration) bool {
	return !a.ponged.IsZero() && now.Sub(a.ponged) < within
}

// sentPing is a ping whose answer we wait for.
type sentPing struct {
	number    uint32
	challenge uint64
	to        netip.AddrPort
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
		if !q.listed {
			n++
			if q != p.active && (oldest == nil || q.arrived.Before(oldest.arrived)) {
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
	if a := p.active; a == nil || !a.alive(now, pathStale) {
		if b := p.best(now); b != nil && b != a {
			p.active = b
			p.update(now)
			p.publish(now)
		}
	}
	if a := p.active; a != nil && !a.proven(now) {
		p.active = nil
		p.update(now) // sound stops too
		p.publish(now)
	}
}

// best is the address to use: the first in the list that answers, else one that was observed.
func (p *plane) best(now time.Time) *path {
	var found *path
	for _, q := range p.paths {
		if q.alive(now, pathStale) && (found == nil || q.listed && !found.listed) {
			found = q
		}
	}
	return found
}

// probe sends the pings that are due: every 250 ms to the address in use, once a second to the others.
func (p *plane) probe(now time.Time) {
	for _, q := range p.paths {
		every := probePing
		if q == p.active && q.proven(now) {
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
	p.pingNext++
	c := binary.BigEndian.Uint64(random(8))
	p.pings[p.pingNext%uint32(len(p.pings))] = sentPing{p.pingNext, c, q.addr, now}
	p.sendPing(subtypePing, p.pingNext, c, q.addr)
}

func (p *plane) sendPing(subtype uint8, number uint32, challenge uint64, to netip.AddrPort) {
	k := p.send
	if p.active != nil && to == p.active.addr {
		k.sent++
	}
	x := pathPacket{Subtype: subtype, Tag: k.farTag, Number: number, Challenge: challenge, Sent: k.sent, Loss: lossWire(p.lossIn)}
	p.sealRTCP(x.append(p.scratch[:0]), to, false)
}

// pong is the answer: the address that we pinged is the far node's.
func (p *plane) pong(now time.Time, x *pathPacket) {
	s := &p.pings[x.Number%uint32(len(p.pings))]
	if s.number != x.Number || s.challenge != x.Challenge || s.at.IsZero() {
		return // too late, or made up
	}
	q, rtt := p.pathOf(s.to), now.Sub(s.at)
	*s = sentPing{}
	if q == nil {
		return
	}
	if !p.m.c.Mux.Bind(q.addr, p) {
		p.n.AddressesRefused++ // somebody else lives there
		return
	}
	q.ponged = now
	if q.rtt == 0 {
		q.rtt = rtt
	}
	q.rtt += (rtt - q.rtt) / 8
	p.lossOut = lossRead(x.Loss)
	if p.active == nil || p.active == q {
		p.rtt = q.rtt
	}
	if p.active == nil {
		p.active = q
		p.update(now)
		p.publish(now)
	}
}

// pinged answers a ping to where it came from: one packet of the same size for each, so nothing is amplified.
func (p *plane) pinged(now time.Time, k *keyset, x *pathPacket, from netip.AddrPort) {
	if !allowed(from.Addr(), p.m.c.AllowPrivate) {
		return
	}
	n := lossWindow
	i := k.farPings % n
	if k.farPings >= n {
		sent, got := x.Sent-k.farSent[i], k.got-k.farGot[i]
		if sent > 0 && sent < 1<<24 {
			p.lossIn = max(0, 1-float64(got)/float64(sent))
		}
	}
	k.farSent[i], k.farGot[i] = x.Sent, k.got
	k.farPings++
	if p.send != nil {
		p.sendPing(subtypePong, x.Number, x.Challenge, from)
	}
}

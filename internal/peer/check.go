package peer

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"slices"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/stun/v4"

	"visavis/internal/udp"
)

// check is a connectivity check of ours in flight.
type check struct {
	leg  *leg
	to   netip.AddrPort
	at   time.Time
	own  bool // not the agent's: it would not know the answer
	move bool // media has moved to this address already: take it over once it is proven
}

// address is a remote address of a session, proven or under check.
type address struct {
	addr   netip.AddrPort
	proven bool
	heard  time.Time // last answered check; until proven, the last check
}

// isCheck says whether b is a binding request (RFC 8489 §5).
func isCheck(b []byte) bool {
	return len(b) >= 20 && b[0] == 0 && b[1] == 1
}

// door gets what comes from addresses that nobody owns. Worker.
type door struct{ h *Host }

// Claim implements udp.Claimant: STUN and DTLS are always ours, RTP and RTCP if a session's key opens them.
func (d *door) Claim(now time.Time, c udp.Class, g udp.Datagram) bool {
	switch c {
	case udp.STUN:
		d.h.stun(now, g)
	case udp.DTLS:
		d.h.hold(now, g)
	default:
		return d.h.stray(now, c, g)
	}
	return true
}

// stun takes a STUN message from any address: a request belongs to whom its user name says and proves nothing; an answer belongs
// to the check that it answers. What is unknown or wrong is dropped without a word. Worker.
func (h *Host) stun(now time.Time, g udp.Datagram) {
	m := &h.message
	m.Raw = append(m.Raw[:0], g.Data...)
	if m.Decode() != nil || m.Type.Method != stun.MethodBinding {
		h.counts.stunMalformed.Add(1)
		return
	}
	switch m.Type.Class {
	case stun.ClassRequest:
		h.request(now, g)
	case stun.ClassSuccessResponse:
		h.response(now, g)
	default:
		h.counts.stunDropped.Add(1)
	}
}

func (h *Host) request(now time.Time, g udp.Datagram) {
	name, err := h.message.Get(stun.AttrUsername)
	if err != nil {
		h.counts.stunUnknown.Add(1)
		return
	}
	frag, peerFrag, _ := bytes.Cut(name, []byte{':'})
	h.mu.Lock()
	l := h.legs[string(frag)]
	known := l != nil && slices.ContainsFunc(l.s.addresses, func(a address) bool { return a.proven && a.addr == g.Addr })
	h.mu.Unlock()
	if l == nil || string(peerFrag) != l.peerFrag {
		h.counts.stunUnknown.Add(1)
		return
	}
	if stun.NewShortTermIntegrity(l.pwd).Check(&h.message) != nil {
		h.counts.stunForged.Add(1)
		return
	}
	if known && !l.s.f.requests.take(now, 1, STUNPerSecond) || !known && !l.stranger(now, g.Addr) {
		h.counts.stunLimited.Add(1)
		return
	}
	switch f := l.s.f; {
	case !understood(&h.message):
		l.push(g.Data, g.Addr)
	case l == f.leg && g.Addr == f.chosen && g.Addr == f.remote:
		f.answer(l, g.Addr, &h.message)
	case l == f.leg && f.alone:
		f.answer(l, g.Addr, &h.message)
		f.checked(now, g.Addr, known, h.message.Contains(stun.AttrUseCandidate))
	default:
		l.push(g.Data, g.Addr)
	}
}

// understood says whether a request holds nothing that the worker does not know, as a conflict of roles.
func understood(m *stun.Message) bool {
	for _, a := range m.Attributes {
		switch a.Type {
		case stun.AttrUsername, stun.AttrMessageIntegrity, stun.AttrPriority, stun.AttrUseCandidate, stun.AttrICEControlling:
		default:
			if a.Type.Required() {
				return false
			}
		}
	}
	return true
}

// answer answers a check from the address that the browser has chosen and that everything goes to: it asks for consent (RFC 7675 §5.1) and
// tells the agent nothing new. The answer leaves with the batch; by the agent's goroutines it was three switches of threads and a system call,
// and browsers ask every other second. Worker.
func (f *flow) answer(l *leg, from netip.AddrPort, m *stun.Message) {
	r, err := stun.Build(m, stun.BindingSuccess, &stun.XORMappedAddress{IP: from.Addr().AsSlice(), Port: int(from.Port())},
		stun.NewShortTermIntegrity(l.pwd), stun.Fingerprint)
	if err != nil {
		return
	}
	w := f.h.c.Worker
	w.Commit(copy(w.Buffer(), r.Raw), from)
	f.h.counts.stunAnswered.Add(1)
}

// checked does what is left of a controlled agent's work when that has been let go (Session.retire): an address that the browser checks
// is checked back (RFC 8445 §7.3.1.4), and taken once it has answered if the browser has chosen it (§7.3.1.5). Worker.
func (f *flow) checked(now time.Time, from netip.AddrPort, proven, chosen bool) {
	switch {
	case chosen:
		f.nominated(now, from)
	case !proven:
		f.ask(now, from)
	}
}

// stranger says whether a valid request from an address that is not proven is to be answered. It may be a copy: these have a bucket
// of their own, so that they cost the member's checks nothing. A member whose address changes often is found by its media (stray).
// Worker.
func (l *leg) stranger(now time.Time, from netip.AddrPort) bool {
	fresh := !slices.Contains(l.strangers, from)
	if fresh && len(l.strangers) >= MaxStrangers {
		return false
	}
	if !l.s.f.strange.takeOf(now, 1, StrangersPerSecond, strangersBurst) {
		return false
	}
	if fresh {
		l.strangers = append(l.strangers, from)
	}
	return true
}

func (h *Host) response(now time.Time, g udp.Datagram) {
	h.mu.Lock()
	k, ok := h.checks[h.message.TransactionID]
	h.mu.Unlock()
	if !ok || k.to != g.Addr {
		h.counts.stunUnknown.Add(1)
		return
	}
	if stun.NewShortTermIntegrity(k.leg.peerPwd).Check(&h.message) != nil {
		h.counts.stunForged.Add(1)
		return
	}
	h.mu.Lock()
	delete(h.checks, h.message.TransactionID)
	k.leg.s.flights--
	h.mu.Unlock()
	k.leg.s.f.proven(now, k)
	if !k.own {
		k.leg.push(g.Data, g.Addr)
	}
}

// noteCheck remembers a check that is about to be sent, so that its answer proves the address. It says false, and nothing must be
// sent, if the session has too many addresses or checks. Any goroutine.
func (h *Host) noteCheck(l *leg, b []byte, to netip.AddrPort, own bool, now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := l.s
	if s.closed || s.flights >= MaxChecks {
		return false
	}
	i := slices.IndexFunc(s.addresses, func(a address) bool { return a.addr == to })
	if i < 0 {
		if len(s.addresses) >= MaxAddresses && !s.evictLocked(now) {
			h.counts.addressesRefused.Add(1)
			return false
		}
		s.addresses = append(s.addresses, address{addr: to})
		i = len(s.addresses) - 1
	}
	if a := &s.addresses[i]; !a.proven {
		a.heard = now
		if h.held[to] == nil {
			h.held[to] = &held{since: now}
		}
	}
	id := [stun.TransactionIDSize]byte(b[8:20])
	if _, again := h.checks[id]; !again {
		s.flights++
	}
	h.checks[id] = check{leg: l, to: to, at: now, own: own, move: own && l.s.f.remoteNow() != to}
	return true
}

// evictLocked makes room for another address: a browser with many interfaces tries them all, and may choose the last. The one in
// use stays, and so does any that is being checked just now: four addresses a second is the most that replayed checks can make us
// ask. Host.mu is held.
func (s *Session) evictLocked(now time.Time) bool {
	current, oldest := s.f.remoteNow(), -1
	for i, a := range s.addresses {
		if a.addr != current && now.Sub(a.heard) >= addressRest && (oldest < 0 || a.heard.Before(s.addresses[oldest].heard)) {
			oldest = i
		}
	}
	if oldest < 0 {
		return false
	}
	gone := s.addresses[oldest]
	s.addresses = slices.Delete(s.addresses, oldest, oldest+1)
	if gone.proven {
		s.h.c.Worker.Do(func() { s.f.unbind(gone.addr) })
	}
	return true
}

// unbind gives up an address, unless it was proven again meanwhile. Worker.
func (f *flow) unbind(a netip.AddrPort) {
	f.h.mu.Lock()
	again := slices.ContainsFunc(f.s.addresses, func(x address) bool { return x.addr == a && x.proven })
	f.h.mu.Unlock()
	if !again {
		f.h.c.Mux.Unbind(a, f)
	}
}

// hold keeps a few DTLS datagrams from an address that is under check: a quarter of joins send ClientHello before they answer our
// check. From any other address DTLS is dropped. Worker.
func (h *Host) hold(now time.Time, g udp.Datagram) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.held[g.Addr]
	if p == nil || len(p.packets) >= MaxHeld {
		h.counts.dtlsUnproven.Add(1)
		return
	}
	p.packets = append(p.packets, bytes.Clone(g.Data))
	h.counts.dtlsHeld.Add(1)
}

// sweep forgets checks without an answer, addresses that went silent, and ends sessions without consent. Worker.
func (h *Host) sweep(now time.Time) {
	type gone struct {
		f *flow
		a netip.AddrPort
	}
	var drop []gone
	var lost []*Session
	h.mu.Lock()
	for id, k := range h.checks {
		if now.Sub(k.at) > checkTime {
			delete(h.checks, id)
			k.leg.s.flights--
		}
	}
	for a, p := range h.held {
		if now.Sub(p.since) > checkTime {
			delete(h.held, a)
		}
	}
	for s := range h.sessions {
		current := s.f.remote
		s.addresses = slices.DeleteFunc(s.addresses, func(a address) bool {
			if a.proven && (a.addr == current || now.Sub(a.heard) <= consentTime) || !a.proven && now.Sub(a.heard) <= checkTime {
				return false
			}
			if a.proven {
				drop = append(drop, gone{s.f, a.addr})
			}
			return true
		})
		if now.Sub(s.f.consent) > consentTime {
			lost = append(lost, s)
		}
	}
	h.mu.Unlock()
	for _, g := range drop {
		h.c.Mux.Unbind(g.a, g.f)
	}
	for _, s := range lost {
		s.end(ReasonConsent)
	}
}

// ask sends a check of our own, built as the agent builds its own (RFC 8445 §7.2.2), to an address that the agent does not
// check. Worker.
func (f *flow) ask(now time.Time, to netip.AddrPort) {
	l := f.leg
	if l == nil {
		return
	}
	m, err := stun.Build(stun.BindingRequest, stun.TransactionID, stun.NewUsername(l.peerFrag+":"+l.frag),
		ice.AttrControlled(f.tieBreaker), ice.PriorityAttr(1862270975), // peer-reflexive, RFC 8445 §5.1.2.1
		stun.NewShortTermIntegrity(l.peerPwd), stun.Fingerprint)
	if err == nil && f.h.noteCheck(l, m.Raw, to, true, now) {
		w := f.h.c.Worker
		w.Commit(copy(w.Buffer(), m.Raw), to)
	}
}

// proven is called when a check of ours was answered with valid integrity: from now on this address may be sent media and DTLS,
// unless it is somebody else's. Worker.
func (f *flow) proven(now time.Time, k check) {
	h, s := f.h, f.s
	if f.ended {
		return
	}
	if !h.c.Mux.Bind(k.to, f) {
		h.counts.addressClashes.Add(1)
		return
	}
	h.mu.Lock()
	i := slices.IndexFunc(s.addresses, func(a address) bool { return a.addr == k.to })
	if i >= 0 {
		s.addresses[i].proven, s.addresses[i].heard = true, now
	}
	p := h.held[k.to]
	delete(h.held, k.to)
	h.mu.Unlock()
	if i < 0 { // forgotten between check and answer
		h.c.Mux.Unbind(k.to, f)
		return
	}
	f.sample(now.Sub(k.at))
	switch {
	case k.to == f.remote: // consent is of an address (RFC 7675 §5.1)
		f.consent, f.signAt = now, now
	case !f.remote.IsValid() || k.move && k.leg == f.leg && f.moving == k.to || f.silent(now):
		f.moveTo(k.to, now)
	}
	if k.to == f.remote {
		f.unpause(now)
		if k.own && f.idle && !f.alone && f.settled(now) {
			go s.retire()
		}
	}
	s.startHandshake()
	if p != nil {
		for _, b := range p.packets {
			s.dtls.take(b)
		}
	}
}

// settled says whether everything goes to the address that the browser has chosen, and the checks of its first round are over: until then it may
// nominate one address after another, and the agent knows which of them counts.
func (f *flow) settled(now time.Time) bool {
	return !f.ended && f.remote.IsValid() && f.chosen == f.remote && now.Sub(f.chosenAt) >= agentKeep
}

// silent says whether the current address has given no sign of life for so long that another one that does is better.
func (f *flow) silent(now time.Time) bool {
	return now.Sub(f.consent) > idleCut && now.Sub(f.heardAt) > idleCut
}

// nominated is called when the browser has chosen an address. One that was proven a while ago is checked again first. Worker.
func (f *flow) nominated(now time.Time, to netip.AddrPort) {
	h := f.h
	var heard time.Time
	h.mu.Lock()
	for _, a := range f.s.addresses {
		if a.addr == to && a.proven {
			heard = a.heard
		}
	}
	h.mu.Unlock()
	if f.ended {
		return
	}
	if !f.chosen.IsValid() {
		f.chosenAt = now
	}
	f.chosen = to
	switch {
	case now.Sub(heard) < consentWait:
		f.moveTo(to, heard)
	default:
		f.moving = to
		f.ask(now, to)
	}
}

// moveTo sends everything to another proven address from now on; consent is when it answered.
func (f *flow) moveTo(to netip.AddrPort, consent time.Time) {
	if f.remote == to {
		return
	}
	if f.remote.IsValid() {
		f.h.counts.moves.Add(1)
	}
	f.remote, f.moving, f.consent = to, netip.AddrPort{}, consent
	f.published.Store(&to)
}

// remoteNow is the current address. Any goroutine.
func (f *flow) remoteNow() netip.AddrPort {
	if a := f.published.Load(); a != nil {
		return *a
	}
	return netip.AddrPort{}
}

// stray takes media from an address that nobody owns: behind a NAT that rebound, browsers go on sending from a new address and
// only say so at their next consent check, seconds later. The SSRC tells who it may be and the tag who it is; then we check the
// address, and only the answer moves anything. It says whether the packet was a session's. Worker.
func (h *Host) stray(now time.Time, c udp.Class, g udp.Datagram) bool {
	at := 8
	if c == udp.RTCP {
		at = 4
	}
	candidates := h.bySSRC[binary.BigEndian.Uint32(g.Data[at:])]
	if len(candidates) == 0 {
		h.counts.mediaUnproven.Add(1)
		return false
	}
	if !h.strays.take(now, 1, StraysPerSecond) {
		h.counts.mediaUnproven.Add(1)
		return true
	}
	for _, f := range candidates {
		n := copy(h.scratch, g.Data) // a failed attempt destroys its copy
		if f.packet(now, c, udp.Datagram{Data: h.scratch[:n], Addr: g.Addr}) {
			return true
		}
	}
	h.counts.mediaUnproven.Add(1)
	return false
}

// follow is called for an authentic packet from another address than the current one. Worker.
func (f *flow) follow(now time.Time, from netip.AddrPort) {
	if now.Sub(f.heardAt) < moveWait || from == f.moving && now.Sub(f.askedAt) < moveEvery {
		return
	}
	f.moving, f.askedAt = from, now
	f.ask(now, from)
}

package peer

import (
	"context"
	"maps"
	"net"
	"slices"
	"sync/atomic"
	"time"

	"github.com/pion/ice/v4"

	"visavis/internal/media"
)

// Reasons for the end of a session, as told to Events.Closed.
const (
	ReasonClosed    = "closed"    // Session.Close
	ReasonHost      = "host"      // Host.Close
	ReasonConsent   = "consent"   // no check answered for 30 s
	ReasonHandshake = "handshake" // DTLS did not come about: another certificate than offered, none, no common profile, or too late
)

// Events tells what becomes of a session. Connected and Closed are called at most once, each on a goroutine of its own kind: they
// may block, and call Session.Close only in another goroutine.
type Events struct {
	Connected func()              // media can flow
	Closed    func(reason string) // everything is released

	// Watched tells which layers of the camera somebody watches, by RID, best first: the others need not be sent. Called by the
	// worker, whenever it changes: it must not block.
	Watched func(rids []string)
}

// Session is one browser. Its methods may be called from any goroutine but not from the worker; the Streams and Forwarders that
// it returns belong to the worker.
type Session struct {
	h      *Host
	f      *flow
	events Events
	id     uint64 // of the answers

	fingerprint string // of the browser's certificate; later offers have the same

	turn    chan struct{} // one element while Open, Reoffer or the end is at work on the fields below
	agent   *ice.Agent
	offer   *offer
	version uint64

	tracks  atomic.Pointer[tracks]
	quality atomic.Pointer[Quality]
	watched atomic.Pointer[[]string]
	dtls    *dtlsConn
	started atomic.Bool // the handshake
	life    context.Context
	die     context.CancelFunc // ends life
	done    chan struct{}      // closed when everything is released

	closed    bool      // guarded by Host.mu, like the next two
	addresses []address // at most MaxAddresses
	flights   int       // checks in flight
}

// tracks are what the sections of the offers became. Immutable.
type tracks struct {
	streams map[string]*media.Stream
	slots   map[string]*media.Forwarder
	order   []*media.Forwarder // as offered
}

// Open answers an offer with a new session. The answer's slots and streams exist on return; media flows once Events.Connected was
// called. Errors are *Error for what the page did, net.ErrClosed after Close of host or worker, others for faults of our own.
func (h *Host) Open(o Offer, ev Events) (*Session, string, error) {
	parsed, err := parseOffer(o)
	if err != nil {
		h.counts.offersRefused.Add(1)
		return nil, "", err
	}
	s, err := h.newSession(parsed, ev)
	if err != nil {
		return nil, "", err
	}
	s.turn <- struct{}{}
	defer func() { <-s.turn }()
	l := h.newLeg(s, parsed)
	text, err := s.apply(parsed, l)
	if err == nil {
		s.agent, err = s.newAgent(l)
	}
	if err != nil {
		agentMux{h}.RemoveConnByUfrag(l.frag)
		h.mu.Lock()
		s.events.Closed = nil // nobody has heard of it
		h.mu.Unlock()
		s.end(ReasonClosed)
		return nil, "", err
	}
	return s, text, nil
}

// newSession makes a session that nothing has happened to yet.
func (h *Host) newSession(o *offer, ev Events) (*Session, error) {
	s := &Session{h: h, events: ev, id: random64() >> 2, fingerprint: o.fingerprint, turn: make(chan struct{}, 1), done: make(chan struct{})}
	s.life, s.die = context.WithCancel(context.Background())
	s.f = newFlow(h, s, time.Now())
	s.dtls = newDTLSConn(s)
	s.tracks.Store(&tracks{})
	if err := h.enter(s); err != nil {
		s.die()
		return nil, err
	}
	return s, nil
}

// enter takes the session into the host.
func (h *Host) enter(s *Session) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return net.ErrClosed
	}
	if len(h.sessions) >= MaxSessions {
		h.counts.offersRefused.Add(1)
		return refused("offer.full")
	}
	h.sessions[s] = struct{}{}
	return nil
}

// Reoffer answers a later offer of the same page: an ICE restart (another user fragment), more sections, or both. Media goes on
// meanwhile. Errors are as of Open; the session goes on as it was.
func (s *Session) Reoffer(o Offer) (string, error) {
	parsed, err := parseOffer(o)
	if err != nil {
		return "", err
	}
	s.turn <- struct{}{}
	defer func() { <-s.turn }()
	if s.life.Err() != nil {
		return "", net.ErrClosed
	}
	if !parsed.follows(s.offer) {
		return "", refused("offer.malformed")
	}
	old := s.f.current.Load()
	if parsed.frag == old.peerFrag && parsed.pwd == old.peerPwd {
		return s.apply(parsed, old)
	}
	back, err := s.keepLeg()
	if err != nil {
		return "", err
	}
	l := s.h.newLeg(s, parsed)
	text, err := s.apply(parsed, l)
	if err != nil {
		return "", err
	}
	a, err := s.newAgent(l)
	if err != nil {
		agentMux{s.h}.RemoveConnByUfrag(l.frag)
		s.h.call(back)
		return "", err
	}
	if s.agent != nil {
		_ = s.agent.GracefulClose() // media goes on over the old path until the browser nominates another
	}
	agentMux{s.h}.RemoveConnByUfrag(old.frag)
	s.agent = a
	return text, nil
}

// keepLeg gives what puts the leg of now back after another was applied; for the worker.
func (s *Session) keepLeg() (back func(), err error) {
	f := s.f
	if !s.h.c.Worker.Call(func() {
		leg, chosen, at, alone := f.leg, f.chosen, f.chosenAt, f.alone
		back = func() {
			f.leg, f.chosen, f.chosenAt, f.alone = leg, chosen, at, alone
			f.current.Store(leg)
		}
	}) {
		return nil, net.ErrClosed
	}
	return back, nil
}

// retire lets go of the agent once it has nothing to do any more: four goroutines and as much memory as all else of a session. Consent and
// addresses are the worker's anyhow, and what is left fits there (flow.checked). Where the browser has not settled on an address for as long, and after an
// ICE restart, which makes a new agent, it goes when the browser has (flow.proven).
func (s *Session) retire() {
	s.turn <- struct{}{}
	defer func() { <-s.turn }()
	if s.life.Err() != nil || s.agent == nil {
		return
	}
	f := s.f
	if !s.h.call(func() { f.idle, f.alone = true, f.settled(time.Now()) }) || !f.alone { // nobody else changes it while the turn is ours
		return
	}
	_ = s.agent.GracefulClose() // it takes its fragment from the mux
	s.agent = nil
	s.h.register(f.current.Load())
}

// apply makes streams and slots for the sections that are new and writes the answer. The turn is ours.
func (s *Session) apply(o *offer, l *leg) (string, error) {
	var t *tracks
	if !s.h.c.Worker.Call(func() { t = s.f.apply(time.Now(), o, l) }) || t == nil {
		return "", net.ErrClosed
	}
	s.offer = o
	s.tracks.Store(t)
	s.version++
	return writeAnswer(o, answer{
		id: s.id, version: s.version, frag: l.frag, pwd: l.pwd,
		fingerprint: s.h.fingerprint, candidates: s.h.candidates, slots: t.slots,
	}), nil
}

// Stream returns what the browser sends in the section of this name ("mic", "cam", "screen"), nil if it was not offered.
func (s *Session) Stream(name string) *media.Stream { return s.tracks.Load().streams[name] }

// Slot returns the receive slot of this name ("floor0", "stage3"), nil if it was not offered.
func (s *Session) Slot(name string) *media.Forwarder { return s.tracks.Load().slots[name] }

// Slots returns the slots whose names are prefix and a number, in the order of their numbers.
func (s *Session) Slots(prefix string) []*media.Forwarder {
	var out []*media.Forwarder
	for _, f := range s.tracks.Load().order {
		if p, _, ok := cutNumber(f.Name()); ok && p == prefix {
			out = append(out, f)
		}
	}
	slices.SortFunc(out, func(a, b *media.Forwarder) int {
		_, i, _ := cutNumber(a.Name())
		_, j, _ := cutNumber(b.Name())
		return i - j
	})
	return out
}

// with returns a copy of t that can be added to.
func (t *tracks) with() *tracks {
	n := &tracks{streams: map[string]*media.Stream{}, slots: map[string]*media.Forwarder{}, order: slices.Clone(t.order)}
	maps.Copy(n.streams, t.streams)
	maps.Copy(n.slots, t.slots)
	return n
}

// Close ends the session and waits until everything of it is released: when it returns no packet of it is forwarded, in either
// direction. It returns nil, also when called again.
func (s *Session) Close() error {
	s.end(ReasonClosed)
	<-s.done
	return nil
}

// end begins the end of the session, once. It does not wait. Any goroutine, the worker too.
func (s *Session) end(reason string) {
	h := s.h
	h.mu.Lock()
	if s.closed {
		h.mu.Unlock()
		return
	}
	s.closed = true
	told := s.events.Closed
	h.group.Add(1) // with the mutex held: Host.Close collects sessions with it and waits after
	h.mu.Unlock()
	h.counts.end(reason)
	s.die()
	go func() {
		defer h.group.Done()
		s.release()
		if told != nil {
			told(reason)
		}
	}()
}

// release stops media first, then what keeps the connection.
func (s *Session) release() {
	h := s.h
	if !h.call(func() { s.f.close(time.Now()) }) {
		h.orphans.Lock() // the worker has ended: only other sessions are there
		s.f.close(time.Now())
		h.orphans.Unlock()
	}
	s.turn <- struct{}{} // whatever Open or Reoffer began is complete
	if s.agent != nil {
		_ = s.agent.GracefulClose()
	}
	<-s.turn
	s.dtls.mute()
	_ = s.dtls.Close()
	h.forget(s)
	if s.started.Load() {
		<-s.dtls.finished
	}
	close(s.done)
}

// call lets the worker run f; false if the worker has ended. A full queue looks the same at first, but then what belongs to the
// worker must not be touched, nor a session stay in it: it is tried again.
func (h *Host) call(f func()) bool {
	for !h.c.Worker.Call(f) {
		t := time.NewTimer(callWait)
		select {
		case <-h.c.Worker.Ended():
			t.Stop()
			return false
		case <-t.C:
		}
	}
	return true
}

// forget removes what the host knows of the session.
func (h *Host) forget(s *Session) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.sessions, s)
	for frag, l := range h.legs {
		if l.s == s {
			delete(h.legs, frag)
		}
	}
	for id, k := range h.checks {
		if k.leg.s == s {
			delete(h.checks, id)
		}
	}
}

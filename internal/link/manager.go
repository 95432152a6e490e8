package link

import (
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"sync"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/udp"
)

// Manager keeps one Conn for each pinned party. Its methods may be called from any goroutine but the worker's.
type Manager struct {
	c        Config
	cert     tls.Certificate
	instance string
	kinds    []string
	features []string
	log      *slog.Logger
	gate     gate
	greeting chan struct{} // capacity maxGreeting: handshakes in progress on a port of our own
	plane    planes        // worker only

	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu      sync.Mutex // guards what follows
	conns   map[meeting.PartyID]*Conn
	dropped map[meeting.PartyID]bool
	past    Counters // of links that are gone
	refused map[string]uint64
	closed  bool
}

// NewManager starts the links to all peers. Call it before Worker.Serve: it adds itself to the Mux.
func NewManager(c Config) (*Manager, error) {
	switch {
	case c.Worker == nil || c.Mux == nil || c.Switch == nil || c.Peers == nil || c.Handler == nil:
		return nil, errors.New("link: configuration is incomplete")
	case len(c.Self.Key) != ed25519.PrivateKeySize || c.Self.Party == "":
		return nil, errors.New("link: no identity")
	case len(c.Self.Document) > MaxDocument:
		return nil, fmt.Errorf("link: own party document: %w", ErrLarge)
	}
	cert, err := certificate(c.Self.Key)
	if err != nil {
		return nil, err
	}
	m := &Manager{c: c, cert: cert, instance: newInstance(), kinds: c.Kinds, features: c.Features, log: c.Log,
		greeting: make(chan struct{}, maxGreeting), conns: make(map[meeting.PartyID]*Conn), dropped: make(map[meeting.PartyID]bool), refused: make(map[string]uint64)}
	if m.c.roll == 0 {
		m.c.roll = rollAfter
	}
	if m.kinds == nil {
		m.kinds = eventKinds()
	}
	if m.features == nil {
		m.features = []string{featureCongestion}
	}
	if c.Arrange != nil && !slices.Contains(m.features, featureArrange) {
		m.features = append(slices.Clone(m.features), featureArrange)
	}
	if c.Readout != nil && !slices.Contains(m.features, featureReadout) {
		m.features = append(slices.Clone(m.features), featureReadout)
	}
	if m.log == nil {
		m.log = slog.New(slog.DiscardHandler)
	}
	own := m.hello(0, 1)
	if err := own.check(c.Self.Party); err != nil {
		return nil, fmt.Errorf("own hello: %w", err)
	}
	if _, err := frameOf(frameHello, own); err != nil {
		return nil, fmt.Errorf("own hello: %w", err)
	}
	m.ctx, m.cancel = context.WithCancel(context.Background())
	m.plane = planes{began: time.Now(), tags: make(map[uint32]tagged), streams: make(map[uint32]*in)}
	c.Mux.Fallback(udp.RTP, &m.plane)
	c.Mux.Fallback(udp.RTCP, &m.plane)
	c.Mux.OnTick(m.plane.tick)
	m.Refresh()
	return m, nil
}

// hello is what we say to a party whose document of counter holds we have, for an epoch that we propose.
func (m *Manager) hello(holds uint64, epoch uint32) *hello {
	return &hello{Versions: []int{version}, Party: m.c.Self.Party, Instance: m.instance, Counter: m.c.Self.Counter, Holds: holds,
		Epoch: epoch, Tag: random31(), Kinds: m.kinds, Features: m.features}
}

// Refresh looks at Peers again: parties that are new are called, those that are gone or whose node key is gone are closed as by
// Drop, and addresses are taken over.
func (m *Manager) Refresh() {
	peers := m.c.Peers()
	m.mu.Lock()
	if m.closed {
		m.mu.Unlock()
		return
	}
	clear(m.dropped)
	var fresh, kept, gone []*Conn
	for _, p := range peers {
		if p.Party == m.c.Self.Party || len(p.NodeKeys) == 0 {
			continue
		}
		if c := m.conns[p.Party]; c != nil {
			kept = append(kept, c)
			continue
		}
		c := newConn(m, p.Party)
		m.conns[p.Party] = c
		fresh = append(fresh, c)
		m.wg.Go(c.run)
	}
	for id, c := range m.conns {
		if !slices.Contains(fresh, c) && !slices.Contains(kept, c) {
			delete(m.conns, id)
			m.forgetLocked(c)
			gone = append(gone, c)
		}
	}
	m.mu.Unlock()
	for _, c := range gone {
		c.shut(ErrDropped)
	}
	for _, p := range peers {
		if c := m.conn(p.Party); c != nil {
			c.refresh(p)
		}
	}
}

// refresh takes over what is pinned of the party now.
func (c *Conn) refresh(p Peer) {
	c.do(func() { c.p.list(p.Media) })
	look := func() {
		c.recheck()
		if c.cur == nil && c.dialing == nil {
			c.timer.Stop()
			c.timer.Reset(c.patience())
		}
	}
	if c.m.enter() {
		go func() {
			defer c.m.wg.Done()
			c.post(look)
		}()
	}
}

// recheck closes what was made with node keys that are not the party's any more. It runs at each Refresh, and once a minute because
// keys run out by themselves.
func (c *Conn) recheck() {
	c.checked = time.Now()
	p, ok := c.m.peer(c.party)
	bad := func(k ed25519.PublicKey) bool { return !ok || !p.holds(k) }
	c.do(func() { c.p.distrust(time.Now(), bad) })
	if c.cur != nil && bad(c.cur.key) {
		c.cur.stop(ErrDropped)
	}
}

// TLSConfig is for connections whose client offers ALPN or MediaALPN; on a shared port ConfigForClient chooses it.
func (m *Manager) TLSConfig() *tls.Config { return m.config(ALPN, MediaALPN) }

// ConfigForClient is a tls.Config.GetConfigForClient for a port that is shared with others: our configuration for a client that
// offers ALPN or MediaALPN, nil for any other, an error when too many connections come from its address.
func (m *Manager) ConfigForClient(h *tls.ClientHelloInfo) (*tls.Config, error) {
	if !slices.Contains(h.SupportedProtos, ALPN) && !slices.Contains(h.SupportedProtos, MediaALPN) {
		return nil, nil
	}
	if !m.gate.admit(time.Now(), h.Conn.RemoteAddr()) {
		return nil, errors.New("link: too many connections from this address")
	}
	return m.config(ALPN, MediaALPN), nil
}

// Serve takes a connection that was accepted with ALPN or MediaALPN, and returns when it has ended; the connection is closed then. The
// handshake may still be to be done.
func (m *Manager) Serve(c *tls.Conn) {
	defer c.NetConn().Close()
	if !m.enter() {
		return
	}
	defer m.wg.Done()
	ctx, cancel := context.WithTimeout(m.ctx, handshakeTime)
	err := c.HandshakeContext(ctx)
	cancel()
	if err == nil && c.ConnectionState().NegotiatedProtocol == MediaALPN {
		m.carry(c)
		return
	}
	var s *session
	if err == nil {
		s, err = m.greet(m.ctx, c, false)
	}
	if err != nil {
		m.blame(err)
		m.log.Debug("connection refused", "remote", c.RemoteAddr().String(), "err", err)
		return
	}
	s.run()
}

// Listen serves a port of our own until l or the Manager is closed; then it closes l. It returns nil after Close.
func (m *Manager) Listen(l net.Listener) error {
	stop := context.AfterFunc(m.ctx, func() { l.Close() })
	defer stop()
	defer l.Close()
	for {
		c, err := l.Accept()
		if err != nil {
			if m.ctx.Err() != nil {
				return nil
			}
			return err
		}
		select {
		case m.greeting <- struct{}{}:
		default:
			c.Close()
			continue
		}
		if !m.gate.admit(time.Now(), c.RemoteAddr()) {
			<-m.greeting
			c.Close()
			continue
		}
		if !m.enter() {
			c.Close()
			return nil
		}
		go m.accepted(c)
	}
}

// accepted frees its place among the handshakes when the handshake has ended, one way or the other.
func (m *Manager) accepted(c net.Conn) {
	defer m.wg.Done()
	tc := tls.Server(c, m.TLSConfig())
	ctx, cancel := context.WithTimeout(m.ctx, handshakeTime)
	err := tc.HandshakeContext(ctx)
	cancel()
	<-m.greeting
	if err != nil {
		m.blame(err)
		m.log.Debug("connection refused", "remote", c.RemoteAddr().String(), "err", err)
		c.Close()
		return
	}
	m.Serve(tc)
}

// enter keeps Close waiting for one more goroutine, unless it has begun.
func (m *Manager) enter() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.closed {
		m.wg.Add(1)
	}
	return !m.closed
}

// Drop distrusts a party: its control connection, keys and addresses are gone when Drop returns, or at most a worker's batch
// later; it cannot come back before a Refresh finds it in Peers again.
func (m *Manager) Drop(p meeting.PartyID) {
	m.mu.Lock()
	c := m.conns[p]
	delete(m.conns, p)
	if c != nil {
		m.forgetLocked(c)
	}
	m.dropped[p] = true
	m.mu.Unlock()
	if c != nil {
		c.shut(ErrDropped)
	}
}

// State is how the link to p does; the zero State if p is not a peer.
func (m *Manager) State(p meeting.PartyID) State {
	if c := m.conn(p); c != nil {
		return c.State()
	}
	return State{}
}

// Conn is the link to p, nil if p is not a peer.
func (m *Manager) Conn(p meeting.PartyID) *Conn { return m.conn(p) }

// Close ends all links and returns when their goroutines have ended.
func (m *Manager) Close() error {
	m.mu.Lock()
	m.closed = true
	conns := m.conns
	for _, c := range conns {
		m.forgetLocked(c)
	}
	m.conns = make(map[meeting.PartyID]*Conn)
	m.mu.Unlock()
	for _, c := range conns {
		c.shut(ErrClosed)
	}
	m.cancel()
	m.wg.Wait()
	return nil
}

func (m *Manager) conn(p meeting.PartyID) *Conn {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.conns[p]
}

// peers are those that are pinned and not dropped.
func (m *Manager) peers() []Peer {
	all := m.c.Peers()
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(all), func(p Peer) bool { return m.dropped[p.Party] || m.closed })
}

func (m *Manager) peer(id meeting.PartyID) (Peer, bool) {
	ps := m.peers()
	i := slices.IndexFunc(ps, func(p Peer) bool { return p.Party == id })
	if i < 0 {
		return Peer{}, false
	}
	return ps[i], true
}

// trusts reports whether key is a node key of the party now.
func (m *Manager) trusts(id meeting.PartyID, key ed25519.PublicKey) bool {
	p, ok := m.peer(id)
	return ok && p.holds(key)
}

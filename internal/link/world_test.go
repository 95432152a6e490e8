package link

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"encoding/binary"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"visavis/internal/media"
	"visavis/internal/meeting"
	"visavis/internal/udp"
)

// world is a network with nodes.
type world struct {
	t     *testing.T
	n     *network
	nodes []*node
}

func newWorld(t *testing.T, seed uint64, delay time.Duration) *world {
	t.Helper()
	t.Logf("seed %d", seed)
	return &world{t: t, n: newNetwork(seed, delay)}
}

func (w *world) close() {
	for _, n := range w.nodes {
		n.stop()
	}
}

// node is everything of a node that the link needs, and what it told its rooms.
type node struct {
	w      *world
	party  meeting.PartyID
	key    ed25519.PrivateKey
	addr   netip.AddrPort
	addr6  netip.AddrPort // a second way for datagrams; may be invalid
	tcp    string
	socket *udp.Socket // nil: the network in memory
	worker *udp.Worker
	mux    *udp.Mux
	sw     *media.Switch
	m      *Manager
	config Config
	served chan struct{}
	over   bool

	mu    sync.Mutex
	peers []Peer
	records
	refuse error // of Exchange
	bell   chan struct{}
}

// records are what a node's Handler was told.
type records struct {
	ups       int
	downs     []error
	exchanges []meeting.Exchange
	streams   map[string]bool
	gone      []string
	paths     []State
}

// rec is a copy of the records; inside of wait they are read directly.
func (n *node) rec() records {
	n.mu.Lock()
	defer n.mu.Unlock()
	r := n.records
	r.downs, r.exchanges, r.gone = slices.Clone(r.downs), slices.Clone(r.exchanges), slices.Clone(r.gone)
	r.streams, r.paths = maps.Clone(r.streams), slices.Clone(r.paths)
	return r
}

func key(i byte) ed25519.PrivateKey { return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{i}, 32)) }

// node makes node i (1, 2, …) of a party; start starts it.
func (w *world) node(i byte, party meeting.PartyID) *node {
	ip := netip.AddrFrom4([4]byte{192, 0, 2, i})
	n := &node{w: w, party: party, key: key(i), addr: netip.AddrPortFrom(ip, 5000), records: records{streams: make(map[string]bool)}, bell: make(chan struct{}, 1)}
	n.tcp = netip.AddrPortFrom(ip, 443).String()
	w.nodes = append(w.nodes, n)
	return n
}

func (n *node) peer() Peer {
	p := Peer{Party: n.party, NodeKeys: []ed25519.PublicKey{n.key.Public().(ed25519.PublicKey)}, Addrs: []string{n.tcp}, Media: []netip.AddrPort{n.addr}}
	if n.addr6.IsValid() {
		p.Media = append(p.Media, n.addr6)
	}
	return p
}

func (n *node) pin(ps ...Peer) {
	n.mu.Lock()
	n.peers = ps
	n.mu.Unlock()
}

func (n *node) start(change ...func(*Config)) {
	t := n.w.t
	t.Helper()
	n.mux, n.sw = udp.NewMux(), media.NewSwitch()
	if n.socket != nil {
		n.worker = udp.NewWorker(n.socket)
	} else {
		d := n.w.n.listenUDP(n.addr)
		if n.addr6.IsValid() {
			n.w.n.also(d, n.addr6)
		}
		n.worker = udp.NewWorker(d)
	}
	n.mux.OnTick(n.sw.Tick)
	n.mux.Hurry(n.sw.Urgent)
	n.mux.OnBatchEnd(n.sw.Flush)
	n.config = Config{Self: Identity{Party: n.party, Key: n.key}, Worker: n.worker, Mux: n.mux, Switch: n.sw, Handler: n,
		Peers: func() []Peer {
			n.mu.Lock()
			defer n.mu.Unlock()
			return n.peers
		},
		Path: func(c *Conn, s State) {
			n.mu.Lock()
			n.paths = append(n.paths, s)
			n.mu.Unlock()
			n.ring()
		},
		Dial: func(ctx context.Context, addr string) (net.Conn, error) { return n.w.n.dial(ctx, n.addr.Addr(), addr) },
		Log:  slog.New(slog.DiscardHandler),
	}
	if testing.Verbose() {
		n.config.Log = slog.New(slog.NewTextHandler(logWriter{t, n}, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	for _, f := range change {
		f(&n.config)
	}
	var err error
	if n.m, err = NewManager(n.config); err != nil {
		t.Fatalf("manager of %s: %v", n.party, err)
	}
	n.over = false
	n.served = make(chan struct{})
	go func() {
		defer close(n.served)
		if err := n.worker.Serve(n.mux); err != nil {
			t.Errorf("worker of %s: %v", n.party, err)
		}
	}()
	n.worker.Call(func() {}) // it serves, so that a short test does not close it before
	m := n.m
	n.w.n.mu.Lock()
	n.w.n.servers[n.tcp] = func(c net.Conn) { m.Serve(tls.Server(c, m.TLSConfig())) }
	n.w.n.mu.Unlock()
}

// stop stops the node in good order.
func (n *node) stop() {
	if n.m == nil || n.over {
		return
	}
	n.over = true
	n.w.n.mu.Lock()
	delete(n.w.n.servers, n.tcp)
	n.w.n.mu.Unlock()
	n.m.Close()
	n.worker.Close()
	<-n.served
}

type logWriter struct {
	t *testing.T
	n *node
}

func (l logWriter) Write(b []byte) (int, error) {
	l.t.Logf("%s: %s", l.n.party, bytes.TrimSpace(b))
	return len(b), nil
}

func (n *node) ring() {
	select {
	case n.bell <- struct{}{}:
	default:
	}
}

func (n *node) Up(c *Conn) {
	n.mu.Lock()
	n.ups++
	n.mu.Unlock()
	n.ring()
}

func (n *node) Down(c *Conn, err error) {
	n.mu.Lock()
	n.downs = append(n.downs, err)
	n.mu.Unlock()
	n.ring()
}

func (n *node) Exchange(c *Conn, x meeting.Exchange) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.exchanges = append(n.exchanges, x)
	n.ring()
	return n.refuse
}

func (n *node) Streams(c *Conn, id string, kind media.Kind, gone bool) {
	n.mu.Lock()
	if gone {
		delete(n.streams, id)
		n.gone = append(n.gone, id)
	} else {
		n.streams[id] = true
	}
	n.mu.Unlock()
	n.ring()
}

// wait waits for at most d until f, called with the node's records locked, is true.
func (n *node) wait(what string, d time.Duration, f func() bool) {
	n.w.t.Helper()
	end := time.NewTimer(d)
	defer end.Stop()
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	for {
		n.mu.Lock()
		ok := f()
		n.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-n.bell:
		case <-poll.C:
		case <-end.C:
			n.w.t.Fatalf("%s: waited %v for %s; ups %d, downs %v, state %+v", n.party, d, what, n.rec().ups, n.rec().downs, n.m.State(n.w.other(n).party))
		}
	}
}

func (w *world) other(n *node) *node {
	for _, o := range w.nodes {
		if o != n {
			return o
		}
	}
	return nil
}

func (n *node) conn() *Conn { return n.m.Conn(n.w.other(n).party) }

// pair makes two nodes that know each other. run runs with the link up and a path.
func pair(t *testing.T, seed uint64, delay time.Duration, run func(w *world, a, b *node), change ...func(*Config)) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, seed, delay)
		defer w.close()
		a, b := w.node(1, "avelmar"), w.node(2, "borovia")
		a.pin(b.peer())
		b.pin(a.peer())
		a.start(change...)
		b.start(change...)
		a.up(2 * time.Second)
		b.up(2 * time.Second)
		run(w, a, b)
	})
}

// up waits for control and path.
func (n *node) up(d time.Duration) {
	n.w.t.Helper()
	c := n.conn()
	n.wait("the link", d, func() bool { s := c.State(); return s.Control && s.Path && s.Remote.IsValid() })
}

// source is a stream of a node's own, as a member's microphone or camera would be.
type source struct {
	n      *node
	kind   media.Kind
	stream *media.Stream
	seq    uint16
	ts     uint32
	keys   int // keyframes asked for
	sent   map[uint64]time.Time
	count  uint64
	size   int
	stop   chan struct{}
	done   chan struct{}
}

func (s *source) RequestResend(time.Time, uint32, []uint16)  {}
func (s *source) RequestKeyframe(now time.Time, ssrc uint32) { s.keys++ }

func (n *node) source(kind media.Kind, ssrc uint32) *source {
	s := &source{n: n, kind: kind, sent: make(map[uint64]time.Time), size: 160, stop: make(chan struct{}), done: make(chan struct{})}
	if kind == media.Video {
		s.size = 1000
	}
	n.worker.Call(func() {
		s.stream = media.NewStream(n.sw, media.StreamConfig{ID: "own", Kind: kind, SSRC: ssrc, Source: s})
	})
	return s
}

// push sends one packet; each carries its number, and every packet of video is a frame. Worker.
func (s *source) push(now time.Time) {
	s.seq++
	s.count++
	var b []byte
	if s.kind == media.Video {
		s.ts += 6000
		tag := byte(0x11)
		if s.keys > 0 || s.count == 1 {
			tag, s.keys = 0x10, 0
		}
		id := uint16(s.count) & 0x7fff
		b = append(b, 0x90, 0x80, 0x80|byte(id>>8), byte(id), tag, 0, 0, 0x9d, 0x01, 0x2a, 0, 0, 0, 0)
	} else {
		s.ts += 960
		b = append(b, 0xfc, 0)
	}
	b = binary.BigEndian.AppendUint64(b, s.count)
	b = append(b, make([]byte, max(0, s.size-len(b)))...)
	s.sent[s.count] = now
	p := media.Packet{SSRC: s.stream.SSRC(), Time: s.ts, Seq: s.seq, PT: 111, Marker: true, Payload: b, HeaderLen: 12}
	s.stream.Push(now, &p, 30)
}

// run pushes a packet every so often until halt.
func (s *source) run(every time.Duration) {
	go func() {
		defer close(s.done)
		t := time.NewTicker(every)
		defer t.Stop()
		for {
			select {
			case <-t.C:
				s.n.worker.Do(func() { now := time.Now(); s.push(now); s.n.sw.Flush(now) })
			case <-s.stop:
				return
			}
		}
	}()
}

func (s *source) halt() {
	close(s.stop)
	<-s.done
	s.n.worker.Call(func() {}) // what was queued has been pushed
}

// ear is a receiver at the far node: it records when each numbered packet first came out of the far stream.
type ear struct {
	n     *node
	kind  media.Kind
	fwd   *media.Forwarder
	mu    sync.Mutex
	at    map[uint64]time.Time
	times []time.Time
	level uint8
	twice int
	keys  []time.Time
}

func (e *ear) Send(now time.Time, o *media.Out) {
	skip := 2
	if e.kind == media.Video {
		skip = 14
	}
	if len(o.Payload) < skip+8 {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	c := binary.BigEndian.Uint64(o.Payload[skip:])
	if _, ok := e.at[c]; ok {
		e.twice++
		return
	}
	e.at[c] = now
	e.times = append(e.times, now)
	e.level = o.Level
	if e.kind == media.Video && o.Payload[4]&1 == 0 {
		e.keys = append(e.keys, now)
	}
}

// listen wants a far stream and attaches an ear to it.
func (n *node) listen(id string, kind media.Kind) *ear {
	n.w.t.Helper()
	n.wait("stream "+id, 2*time.Second, func() bool { return n.streams[id] })
	s := n.conn().Want(id, true)
	if s == nil {
		n.w.t.Fatalf("%s: Want(%s) = nil", n.party, id)
	}
	e := &ear{n: n, kind: kind, at: make(map[uint64]time.Time)}
	n.worker.Call(func() {
		e.fwd = media.NewForwarder(n.sw, media.ForwarderConfig{Kind: kind, SSRC: 7, PT: 111, Sink: e, Name: "ear"})
		e.fwd.Ready(time.Now())
		e.fwd.Assign(time.Now(), s)
	})
	return e
}

func (e *ear) got() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.at)
}

// keyframes is how many keyframes came.
func (e *ear) keyframes() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.keys)
}

// first is when the first packet came after t.
func (e *ear) first(after time.Time) (time.Time, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, t := range e.times {
		if t.After(after) {
			return t, true
		}
	}
	return time.Time{}, false
}

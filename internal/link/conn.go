package link

import (
	"bytes"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"visavis/internal/meeting"
)

// Conn is the link to one party: one goroutine that owns its control side, and a plane on the worker. It lives for as long as the
// party is pinned; control connections, keys and addresses come and go under it. All methods may be called from any goroutine;
// none waits for the network, the worker or a Handler.
type Conn struct {
	m     *Manager
	party meeting.PartyID
	p     *plane

	inbox chan func()   // run by the Conn's goroutine
	path  chan struct{} // of capacity 1: the worker has news
	quit  chan struct{} // closed by shut
	over  sync.Once
	why   error // read after quit

	// owned by the Conn's goroutine
	cur       *session
	instance  string // of the far node
	dialing   *attempt
	failures  int
	timer     *time.Timer // of the next dial, of a key roll
	pathWas   bool
	tunnelWas bool      // media went inside TLS when it was last said
	checked   time.Time // when recheck last ran
	warned    Counters  // when something was last logged
	warnedAt  time.Time

	boring    bool      // a tunnel is being opened, or is in use
	boreNext  time.Time // not before
	blockedAt time.Time // no datagram has been answered for too long since; zero: they are

	mu         sync.Mutex // guards what follows
	sess       *session
	offers     map[string]*offer
	far        map[string]*farStream
	queue      [][]byte // frames of Exchange; bounded, see Exchange
	queueBytes int
	pieces     [][]byte // frames of Arrange and Readout; bounded by maxPieces
	dirty      dirty
	epoch      uint32 // highest that either side proposed
	ssrc       uint32 // last given to a stream

	figures figures
	late    late
}

// figures are what is known of a link outside its goroutines. A mutex of their own: the worker writes them once a second and at each
// change, and must not wait for JSON.
type figures struct {
	mu       sync.Mutex // guards what follows
	state    State
	counters Counters
}

// control notes that a control connection came or went.
func (f *figures) control(up bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.state.Control, f.state.Since = up, time.Now()
}

// dirty says which frames have to be sent (again).
type dirty struct{ streams, wants, document bool }

func newConn(m *Manager, party meeting.PartyID) *Conn {
	c := &Conn{m: m, party: party, inbox: make(chan func(), inboxSize), path: make(chan struct{}, 1), quit: make(chan struct{}),
		offers: make(map[string]*offer), far: make(map[string]*farStream), ssrc: random31(), late: late{bell: make(chan struct{}, 1)}}
	c.p = newPlane(m, c)
	return c
}

// Party is whose node it is.
func (c *Conn) Party() meeting.PartyID { return c.party }

// State is how the link does now.
func (c *Conn) State() State {
	c.figures.mu.Lock()
	defer c.figures.mu.Unlock()
	return c.figures.state
}

// Counters are what the link has counted, up to a second ago.
func (c *Conn) Counters() Counters {
	c.figures.mu.Lock()
	defer c.figures.mu.Unlock()
	return c.figures.counters
}

// Exchange sends x to the other node's rooms, in order. It returns ErrDown without a control connection, ErrFull when maxQueued
// frames wait, ErrKind for an event that the other node does not know, ErrLarge. No error does not mean that x arrived: what a
// broken connection took with it is made good by the rooms, which compare their logs at each Up.
func (c *Conn) Exchange(x meeting.Exchange) error {
	c.mu.Lock()
	s := c.sess
	c.mu.Unlock()
	if s == nil {
		return ErrDown
	}
	if err := s.far.knows(x); err != nil {
		return err
	}
	b, err := meeting.EncodeExchange(x)
	if err != nil {
		return err
	}
	if len(b) > MaxExchange {
		return ErrLarge
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.sess != s:
		return ErrDown
	case len(c.queue) >= maxQueued || c.queueBytes+len(b) > maxQueuedBytes:
		return ErrFull
	}
	c.queue = append(c.queue, appendFrame(nil, frameExchange, b))
	c.queueBytes += len(b)
	s.kick()
	return nil
}

func (c *Conn) markLocked(d dirty) {
	c.dirty.streams = c.dirty.streams || d.streams
	c.dirty.wants = c.dirty.wants || d.wants
	c.dirty.document = c.dirty.document || d.document
	if c.sess != nil {
		c.sess.kick()
	}
}

// pending is the next frame for s to send, nil if there is none. Only the writer of s calls it.
func (c *Conn) pending(s *session) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sess != s {
		return nil
	}
	switch {
	case c.dirty.document:
		c.dirty.document = false
		return mustFrame(frameDocument, documentFrame{c.m.c.Self.Document})
	case c.dirty.streams && s.lists.take(time.Now(), 1, ownStreamsRate, ownStreamsBurst):
		c.dirty.streams = false
		return c.streamsLocked()
	case c.dirty.wants && s.wants.take(time.Now(), 1, ownWantsRate, ownWantsBurst):
		c.dirty.wants = false
		return c.wantsLocked()
	case len(c.queue) > 0:
		f := c.queue[0]
		c.queue[0] = nil
		c.queue = c.queue[1:]
		c.queueBytes -= len(f) - frameHeader
		return f
	}
	return c.pieceLocked(s)
}

// mustFrame is frameOf for lists whose bounds keep them below their limit.
func mustFrame(t frameType, v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic("link: " + err.Error()) // strings and numbers only
	}
	return appendFrame(nil, t, b)
}

// propose is the epoch for a new connection.
func (c *Conn) propose() uint32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.epoch++
	if c.epoch >= maxEpoch {
		c.epoch = 1
	}
	return c.epoch
}

func (c *Conn) seen(epoch uint32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.epoch = max(c.epoch, epoch)
}

// confirm says, at the first frame after hello, that the far node has the keys of s.
func (c *Conn) confirm(s *session) {
	if s.confirmed.CompareAndSwap(false, true) {
		s.stopReplaced()
		c.do(func() { c.p.confirm(time.Now(), s.keys) })
	}
}

// post runs f on the Conn's goroutine, later; false: it has ended. Not from that goroutine nor from the worker.
func (c *Conn) post(f func()) bool { return c.postFor(nil, f) }

// postFor is post that also gives up when done is closed.
func (c *Conn) postFor(done <-chan struct{}, f func()) bool {
	select {
	case c.inbox <- f:
		return true
	case <-c.quit:
	case <-done:
	}
	return false
}

// onWorker runs f on the worker and waits for it. False: the Conn or the worker ends, f may run later all the same. The Conn's
// goroutine.
func (c *Conn) onWorker(f func()) bool {
	ran := make(chan bool, 1)
	c.do(func() { f(); ran <- true })
	c.catchUp()
	select {
	case <-ran:
		return true
	case <-c.quit: // the worker may not be served any more
	case <-c.m.c.Worker.Ended():
	}
	return false
}

// notify tells the Conn's goroutine that the plane has news. Worker.
func (c *Conn) notify() {
	select {
	case c.path <- struct{}{}:
	default:
	}
}

// shut ends the Conn; at once, from any goroutine.
func (c *Conn) shut(err error) {
	c.over.Do(func() {
		c.why = err
		c.do(func() { c.p.clear(time.Now()) }) // first: the goroutine's last act is to hand over what waits
		close(c.quit)
	})
}

// run is the Conn's goroutine.
func (c *Conn) run() {
	c.timer = time.NewTimer(c.patience())
	defer c.timer.Stop()
	for {
		select {
		case <-c.quit:
			c.end()
			return
		default:
		}
		select {
		case f := <-c.inbox:
			f()
		case <-c.path:
			c.news()
		case <-c.late.bell:
			c.catchUp()
		case <-c.timer.C:
			c.dial()
		case <-c.quit:
		}
	}
}

// patience keeps two nodes that start together from calling each other at the same moment.
func (c *Conn) patience() time.Duration {
	if c.m.c.Self.Party < c.party {
		return 0
	}
	return jitter(dialPatience)
}

func (c *Conn) end() {
	if c.dialing != nil {
		c.dialing.cancel()
	}
	up := c.cur
	c.cur = nil
	c.mu.Lock()
	c.sess, c.queue, c.queueBytes, c.pieces = nil, nil, 0, nil
	c.mu.Unlock()
	c.figures.control(false)
	c.figures.mu.Lock()
	c.figures.state.Path, c.figures.state.Epoch = false, 0
	c.figures.mu.Unlock()
	if up != nil {
		up.stop(c.why)
		c.m.c.Handler.Down(c, c.why)
	}
	c.forget()
	if c.m.c.Path != nil {
		c.m.c.Path(c, c.State())
	}
	c.catchUp()
}

// admit decides whether s is the connection to use, and if so brings it up.
func (c *Conn) admit(s *session) {
	if s.dialed && c.dialing != nil {
		c.dialing = nil
	}
	now := time.Now()
	old := c.cur
	ok := c.m.trusts(c.party, s.key) && (old == nil || preferred(old, s, string(c.m.c.Self.Party), string(c.party), now) == s)
	if ok {
		installed := false
		ok = c.onWorker(func() { installed = c.p.install(now, s) }) && installed
	}
	if !ok {
		s.admitted <- false
		if c.cur == nil {
			c.again(false)
		}
		return
	}
	s.replaces = old // until the far node has taken s too
	c.cur = s
	if c.instance != s.far.Instance {
		c.forget()
	}
	c.instance = s.far.Instance
	c.mu.Lock()
	c.sess, c.queue, c.queueBytes, c.pieces = s, nil, 0, nil
	c.markLocked(dirty{streams: true, wants: true, document: s.far.Holds < c.m.c.Self.Counter && len(c.m.c.Self.Document) > 0})
	c.mu.Unlock()
	c.figures.control(true)
	c.timer.Stop()
	if s.dialed {
		c.timer.Reset(jitter(c.m.c.roll))
	}
	c.m.log.Info("link up", "party", c.party, "remote", s.tls.RemoteAddr().String())
	s.admitted <- true
	c.m.c.Handler.Up(c)
}

// ended takes note of the end of s.
func (c *Conn) ended(s *session) {
	s.stopReplaced()
	if c.cur != s {
		return
	}
	c.cur = nil
	c.mu.Lock()
	c.sess, c.queue, c.queueBytes, c.pieces = nil, nil, 0, nil
	c.mu.Unlock()
	c.figures.control(false)
	if closedOnPurpose(s.err) {
		c.m.log.Info("link down", "party", c.party, "err", s.err)
	} else {
		c.m.log.Warn("link down", "party", c.party, "err", s.err)
	}
	c.m.c.Handler.Down(c, s.err)
	c.again(time.Since(s.began) >= settled)
}

// frame takes one frame of s.
func (c *Conn) frame(s *session, t frameType, b []byte) error {
	if c.cur != s {
		return nil // replaced: the rooms begin anew on the connection in use
	}
	switch t {
	case frameExchange:
		x, err := meeting.DecodeExchange(b)
		if err != nil {
			return refuse("frame.malformed", err)
		}
		if err := c.m.c.Handler.Exchange(c, x); err != nil {
			return refuse("exchange", err)
		}
	case frameArrange, frameReadout:
		return c.piece(s, t, b)
	case frameStreams:
		var f streamsFrame
		if err := errors.Join(decode(t, b, &f), f.check()); err != nil {
			return err
		}
		return c.offered(&f)
	case frameWants:
		var f wantsFrame
		if err := errors.Join(decode(t, b, &f), f.check()); err != nil {
			return err
		}
		c.wanted(&f)
	case frameDocument:
		var f documentFrame
		if err := decode(t, b, &f); err != nil {
			return err
		}
		if len(f.Document) == 0 || len(f.Document) > MaxDocument {
			return refuse("document", nil)
		}
		if c.m.c.Document != nil {
			if err := c.m.c.Document(c.party, bytes.Clone(f.Document)); err != nil {
				return refuse("document", err)
			}
			if p, ok := c.m.peer(c.party); ok {
				c.refresh(p)
			}
		}
	}
	return nil
}

// warn says, at most once a second, that something was refused, and what was refused last. Not on the worker: a log may block.
func (c *Conn) warn(now time.Time, n Counters) {
	if now.Sub(c.warnedAt) < reportEvery {
		return
	}
	c.warnedAt = now
	was := c.warned
	c.warned = n
	cause := ""
	switch {
	case n.Undeclared != was.Undeclared:
		cause = "stream not offered"
	case n.Policed != was.Policed:
		cause = "stream above its rate, or of another kind"
	case n.Malformed != was.Malformed:
		cause = "malformed"
	case n.TunnelDropped != was.TunnelDropped:
		c.m.log.Warn("pictures dropped: the media connection is too slow", "party", c.party)
		return
	case n.RTCPPoliced != was.RTCPPoliced:
		cause = "too much RTCP"
	case n.KeyframePoliced != was.KeyframePoliced:
		cause = "too many keyframe requests"
	default:
		return
	}
	c.m.log.Warn("packets of the other node refused", "party", c.party, "err", cause)
}

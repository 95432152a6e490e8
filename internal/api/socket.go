package api

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"

	"visavis/internal/auth"
	"visavis/internal/meeting"
	"visavis/internal/wire"
)

// socket is one WebSocket: a reader, a writer with a bounded queue, and a pulse.
type socket struct {
	s       *Server
	conn    *websocket.Conn
	session auth.Session // its Grant is of this meeting, of an account too
	remote  string
	ctx     context.Context // ends with the socket
	cancel  context.CancelFunc
	ready   chan struct{} // something to write, one element
	all     sync.WaitGroup

	// A full queue closes the socket: the page is too slow and will come back for the state as it is then.
	mu      sync.Mutex // guards the fields below
	queue   [][]byte   // at most MaxQueue messages and MaxQueueBytes
	bytes   int
	closing bool // nothing is taken any more; what is queued is written
	status  websocket.StatusCode
	waiting *waiting // at the door
	visit   *visit   // in the meeting
	ended   bool     // nothing is read any more
}

// serveSocket answers GET /ws.
func (s *Server) serveSocket(w http.ResponseWriter, r *http.Request) {
	if !s.ownPage(r) {
		s.deny(w, r, auth.Grant{}, fail(codeOrigin))
		return
	}
	session, err := s.session(r)
	if err == nil {
		session, err = s.seated(r.Context(), session, meeting.ID(r.URL.Query().Get("meeting")))
	}
	if err != nil {
		s.deny(w, r, session.Grant, err)
		return
	}
	k := &socket{s: s, session: session, remote: r.RemoteAddr, ready: make(chan struct{}, 1)}
	if err := s.addSocket(k); err != nil {
		s.refuse(w, err)
		return
	}
	defer s.removeSocket(k)
	// The library compares hosts without scheme and port rules of ours: ownPage has done it.
	k.conn, err = websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true, CompressionMode: websocket.CompressionDisabled})
	if err != nil {
		return // answered by Accept
	}
	// The request's context is of no use after the connection was taken over.
	ctx, cancel := context.WithCancel(context.Background())
	k.attach(ctx, cancel)
	k.conn.SetReadLimit(wire.MaxOffer)
	k.all.Go(k.write)
	k.all.Go(k.pulse)
	k.read()
	cancel()
	_ = k.conn.CloseNow()
	k.all.Wait()
}

// attach gives the socket its context; bye may come before, from Close.
func (k *socket) attach(ctx context.Context, cancel context.CancelFunc) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.ctx, k.cancel = ctx, cancel
}

// addSocket counts a socket; false if there are too many.
func (s *Server) addSocket(k *socket) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return fail(codeShutdown)
	case len(s.sockets) >= MaxSockets, s.sessions[k.session.ID] >= MaxSessionSockets:
		return fail(codeSockets)
	}
	s.running++
	s.sockets[k] = struct{}{}
	s.sessions[k.session.ID]++
	return nil
}

func (s *Server) removeSocket(k *socket) {
	s.mu.Lock()
	delete(s.sockets, k)
	if s.sessions[k.session.ID]--; s.sessions[k.session.ID] == 0 {
		delete(s.sessions, k.session.ID)
	}
	s.mu.Unlock()
	s.counts.closed.Add(1)
	s.settle(-1)
}

// read reads messages until the socket ends.
func (k *socket) read() {
	late := time.AfterFunc(HelloWithin, func() { k.refuse(fail(codeHelloLate)) })
	defer late.Stop()
	rate := newLimiter[struct{}](MessagesPerSecond, MessageBurst)
	for {
		kind, b, err := k.conn.Read(k.ctx)
		if err != nil {
			if errors.Is(err, websocket.ErrMessageTooBig) {
				k.s.log.Debug("page sent too much at once", "meeting", k.session.Grant.Meeting, "person", k.session.Grant.Member)
			}
			break
		}
		late.Stop()
		if k.isClosing() {
			continue // only to see the other side's close frame
		}
		m, err := k.decode(kind, b, rate)
		if err != nil {
			k.refuse(err)
			continue
		}
		v, w := k.place()
		switch {
		case v != nil:
			k.handle(v, m)
		case w != nil && m.Leave != nil:
			w.gone()
			k.bye("left")
		case w != nil: // a page that waits has nothing to say
			k.refuse(fail(codeWaiting))
		default:
			if err := k.hello(m); err != nil {
				k.refuse(err)
			}
		}
	}
	k.mu.Lock()
	k.ended = true
	k.mu.Unlock()
	v, w := k.place()
	if w != nil {
		w.gone()
	}
	if v != nil {
		v.lost(k)
	}
}

// place is where the page is: in the meeting, at the door, or neither yet.
func (k *socket) place() (*visit, *waiting) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.visit, k.waiting
}

// decode takes one message of a page, or says why not: then the socket closes, as no page of ours sends such.
func (k *socket) decode(kind websocket.MessageType, b []byte, rate *limiter[struct{}]) (wire.FromClient, error) {
	if kind != websocket.MessageText {
		return wire.FromClient{}, fail(codeBinary)
	}
	if !rate.take(struct{}{}, 1) {
		return wire.FromClient{}, fail(codeFlood)
	}
	m, err := wire.DecodeFromClient(b)
	if err != nil {
		return wire.FromClient{}, err
	}
	if m.Offer != nil && !rate.take(struct{}{}, offerCost-1) {
		return wire.FromClient{}, fail(codeFlood)
	}
	return m, nil
}

// hello takes the first message: the page joins, or takes its seat again, or waits at the door.
func (k *socket) hello(m wire.FromClient) error {
	var v *visit
	var err error
	switch h := m.Hello; {
	case h == nil:
		return fail(codeHelloFirst)
	case h.Version != wire.Version:
		return fail(codeVersion)
	case h.Resume != "":
		v, err = k.s.resume(k, h.Resume)
	default:
		var reason string
		if reason, err = k.s.mustWait(k.ctx, k.session); err == nil && reason != "" {
			return k.s.wait(k, reason, *h.Offer)
		}
		if err == nil {
			v, err = k.s.join(k, *h.Offer)
		}
	}
	if err != nil {
		return err
	}
	k.mu.Lock()
	k.visit = v
	k.mu.Unlock()
	return nil
}

// handle takes every further message. An error is told to the page, which keeps its seat.
func (k *socket) handle(v *visit, m wire.FromClient) {
	var err error
	switch {
	case m.Hello != nil:
		k.refuse(fail(codeHelloTwice))
		return
	case m.Offer != nil:
		err = v.reoffer(k, *m.Offer)
	case m.Act != nil:
		v.act(k, *m.Act)
	default:
		err = v.handle(m)
	}
	if err != nil {
		e := k.s.explain(err)
		k.push(wire.ToClient{Error: &e})
	}
}

// push queues a message; false if the page does not take it.
func (k *socket) push(m wire.ToClient) bool {
	b, err := wire.EncodeToClient(m)
	if err != nil {
		k.s.log.Error("message could not be encoded", "meeting", k.session.Grant.Meeting, "person", k.session.Grant.Member, "err", err)
		return false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.pushLocked(b)
}

func (k *socket) pushLocked(b []byte) bool {
	if k.closing {
		return false
	}
	if len(k.queue) >= MaxQueue || k.bytes+len(b) > MaxQueueBytes {
		k.closing, k.queue = true, nil
		k.cancelLocked()
		return false
	}
	k.queue = append(k.queue, b)
	k.bytes += len(b)
	select {
	case k.ready <- struct{}{}:
	default:
	}
	return true
}

func (k *socket) cancelLocked() {
	if k.cancel != nil {
		k.cancel()
	}
}

// refuse tells the page why and closes.
func (k *socket) refuse(err error) {
	e := k.s.explain(err)
	k.end(wire.ToClient{Error: &e}, websocket.StatusPolicyViolation)
}

// bye says good-bye and closes.
func (k *socket) bye(code string) {
	status := websocket.StatusNormalClosure
	if code == "shutdown" {
		status = websocket.StatusGoingAway
	}
	k.end(wire.ToClient{Bye: &wire.Bye{Code: code}}, status)
}

// end writes what is queued and last, then closes. Only the first call counts.
func (k *socket) end(last wire.ToClient, status websocket.StatusCode) {
	b, err := wire.EncodeToClient(last)
	k.mu.Lock()
	defer k.mu.Unlock()
	if err == nil {
		k.pushLocked(b)
	}
	if k.closing {
		return
	}
	k.closing, k.status = true, status
	time.AfterFunc(closeTime, k.stop)
	select {
	case k.ready <- struct{}{}:
	default:
	}
}

// stop ends the socket whatever state it is in.
func (k *socket) stop() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.cancelLocked()
}

// drop closes without a word: another socket of the same page has taken over.
func (k *socket) drop() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.closing, k.queue = true, nil
	k.cancelLocked()
}

func (k *socket) isClosing() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.closing
}

// write writes what is queued until the socket ends.
func (k *socket) write() {
	for {
		select {
		case <-k.ctx.Done():
			return
		case <-k.ready:
		}
		for {
			k.mu.Lock()
			queue, closing, status := k.queue, k.closing, k.status
			k.queue, k.bytes = nil, 0
			k.mu.Unlock()
			if len(queue) == 0 {
				if closing {
					_ = k.conn.Close(status, "") // waits for the other side until stop
					k.cancel()
					return
				}
				break
			}
			for _, b := range queue {
				if !k.writeOne(b) {
					k.cancel()
					return
				}
			}
		}
	}
}

func (k *socket) writeOne(b []byte) bool {
	ctx, cancel := context.WithTimeout(k.ctx, writeTime)
	defer cancel()
	return k.conn.Write(ctx, websocket.MessageText, b) == nil
}

// pulse pings every pingEvery; a page that has not answered deadAfter the last answer is gone.
func (k *socket) pulse() {
	t := time.NewTicker(pingEvery)
	defer t.Stop()
	for {
		select {
		case <-k.ctx.Done():
			return
		case <-t.C:
		}
		ctx, cancel := context.WithTimeout(k.ctx, deadAfter-pingEvery)
		err := k.conn.Ping(ctx)
		cancel()
		if err != nil {
			k.cancel()
			return
		}
	}
}

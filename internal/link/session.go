package link

import (
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// session is one control connection after both hellos. Its reader is the goroutine that made it, its writer one of its own.
type session struct {
	c      *Conn
	tls    *tls.Conn
	dialed bool              // we are the TLS client
	addr   string            // that we dialled
	key    ed25519.PublicKey // the far node's
	far    *hello
	epoch  uint32
	keys   *keyset
	began  time.Time

	replaces  *session      // stopped when the far node has shown that it uses this one, so that it sees no gap
	heard     atomic.Int64  // last whole frame, ns since the Manager began: a step of the wall clock must not age keys
	confirmed atomic.Bool   // a frame after hello came: the far node has our keys
	admitted  chan bool     // of capacity 1: whether this is the connection to use
	wake      chan struct{} // of capacity 1: something waits to be sent
	lists     bucket        // lists of streams that we send; the writer's
	wants     bucket        // lists of wants, the same
	pieces    bucket        // pieces of messages that we send; the writer's
	messages  [2][]byte     // of arranging and of readouts, as far as they have come; the Conn's goroutine

	once sync.Once
	done chan struct{} // closed by stop
	err  error         // why; read after done
}

// greet does the TLS handshake if it is still to be done and exchanges hellos, all in handshakeTime.
func (m *Manager) greet(ctx context.Context, tc *tls.Conn, dialed bool) (*session, error) {
	ctx, cancel := context.WithTimeout(ctx, handshakeTime)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { tc.NetConn().Close() })
	defer stop()
	if err := tc.HandshakeContext(ctx); err != nil {
		return nil, fmt.Errorf("handshake: %w", err)
	}
	cs := tc.ConnectionState()
	p, err := m.identify(cs, ALPN)
	if err != nil {
		return nil, err
	}
	c := m.conn(p.Party)
	if c == nil {
		return nil, ErrPinned
	}
	s := &session{c: c, tls: tc, dialed: dialed, key: cs.PeerCertificates[0].PublicKey.(ed25519.PublicKey),
		admitted: make(chan bool, 1), wake: make(chan struct{}, 1), done: make(chan struct{})}
	own := m.hello(p.Counter, c.propose())
	if err := s.hellos(own); err != nil {
		sendBye(tc, codeOf(err))
		return nil, err
	}
	s.epoch = max(own.Epoch, s.far.Epoch)
	c.seen(s.epoch)
	if s.keys, err = newKeyset(cs, dialed, s.epoch, own.Tag, s.far.Tag, s.key); err != nil {
		return nil, err
	}
	s.keys.congestion = s.agreed(featureCongestion)
	if !stop() {
		return nil, fmt.Errorf("handshake: %w", ctx.Err())
	}
	s.began = time.Now()
	s.heard.Store(int64(s.began.Sub(m.plane.began)))
	return s, nil
}

// hellos sends ours while it waits for the other's: neither side has to speak first.
func (s *session) hellos(own *hello) error {
	f, err := frameOf(frameHello, own)
	if err != nil {
		return err
	}
	sent := make(chan error, 1)
	go func() {
		_, err := s.tls.Write(f)
		sent <- err
	}()
	t, b, err := readFrame(s.tls, frameHello, nil)
	if err != nil {
		s.closeIfBroken(err)
		<-sent
		return err
	}
	if err := <-sent; err != nil {
		return err
	}
	if t == frameBye {
		return errHello
	}
	s.far, err = decodeHello(b, s.c.party)
	return err
}

// closeIfBroken ends the transport when a write of ours may be stuck in it.
func (s *session) closeIfBroken(err error) {
	var r *refusal
	if !errors.As(err, &r) {
		s.tls.NetConn().Close()
	}
}

// stop ends the session; the writer says bye with the code of err. Any goroutine, at once, any number of times.
func (s *session) stop(err error) {
	s.once.Do(func() {
		s.err = err
		close(s.done)
	})
}

// stopReplaced stops the session that this one replaces.
func (s *session) stopReplaced() {
	if s.replaces != nil {
		s.replaces.stop(refuse("replaced", nil))
		s.replaces = nil
	}
}

// kick tells the writer that something waits.
func (s *session) kick() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// run hands the session to its Conn and, if that takes it, reads until it ends. It returns when everything of it has ended.
func (s *session) run() error {
	if !s.c.post(func() { s.c.admit(s) }) {
		sendBye(s.tls, "closing")
		return ErrClosed
	}
	select {
	case ok := <-s.admitted:
		if !ok {
			sendBye(s.tls, "duplicate")
			return refuse("duplicate", nil)
		}
	case <-s.c.quit:
		sendBye(s.tls, "closing")
		return ErrClosed
	}
	var wg sync.WaitGroup
	wg.Go(s.write)
	err := s.read()
	s.c.m.blame(err)
	s.stop(err)
	wg.Wait()
	s.tls.NetConn().Close()
	s.c.post(func() { s.c.ended(s) })
	return s.err
}

// read takes frames until one is wrong or none comes for deadAfter. A frame must be whole in that time: slow bytes gain nothing.
func (s *session) read() error {
	var rate, lists, wants, pieces bucket
	for {
		if err := s.tls.SetReadDeadline(time.Now().Add(deadAfter)); err != nil {
			return err
		}
		t, b, err := readFrame(s.tls, 0, s.may)
		if err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				return ErrSilent
			}
			return err
		}
		now := time.Now()
		if !rate.take(now, 1, framesRate, framesBurst) || t == frameStreams && !lists.take(now, 1, streamsRate, streamsBurst) ||
			t == frameWants && !wants.take(now, 1, wantsRate, wantsBurst) || t >= frameArrange && !pieces.take(now, 1, piecesRate, piecesBurst) {
			return refuse("rate", nil)
		}
		s.heard.Store(int64(now.Sub(s.c.m.plane.began)))
		s.c.confirm(s)
		switch t {
		case framePing:
			var p pingFrame
			if err := decode(t, b, &p); err != nil {
				return err
			}
			continue
		case frameBye:
			var f byeFrame
			if err := decode(t, b, &f); err != nil {
				return err
			}
			return &farBye{f.Code}
		}
		done := make(chan error, 1)
		if !s.c.postFor(s.done, func() { done <- s.c.frame(s, t, b) }) {
			return ErrClosed
		}
		select {
		case err := <-done:
			if err != nil {
				return err
			}
		case <-s.done:
			return s.err
		case <-s.c.quit:
			return ErrClosed
		}
	}
}

// farBye is what the far node said on closing.
type farBye struct{ code string }

func (b *farBye) Error() string {
	if !validStreamID(b.code) || len(b.code) > maxName {
		return "link: the other node closed the connection"
	}
	return "link: the other node closed the connection: " + b.code
}

// write sends pings and what the Conn has to say, within the rate that every neighbour allows.
func (s *session) write() {
	defer s.tls.NetConn().Close() // ends read
	var rate bucket
	timer := time.NewTimer(0)
	defer timer.Stop()
	next := time.Now() // of the next ping: the first frame after hello tells the far node that our keys are in place
	for n := uint32(1); ; {
		select {
		case <-s.c.quit:
			s.stop(s.c.why)
			sendBye(s.tls, codeOf(s.err))
			return
		case <-s.done:
			sendBye(s.tls, codeOf(s.err))
			return
		case <-s.wake:
		case <-timer.C:
		}
		for {
			now := time.Now()
			if w := rate.wait(now, 1, ownRate, ownBurst); w > 0 {
				timer.Reset(w)
				break
			}
			var f []byte
			if now.Before(next) {
				if f = s.c.pending(s); f == nil {
					again := next.Sub(now)
					for _, w := range []time.Duration{s.lists.wait(now, 1, ownStreamsRate, ownStreamsBurst), s.wants.wait(now, 1, ownWantsRate, ownWantsBurst)} {
						if w > 0 {
							again = min(again, w) // a list may wait for its turn
						}
					}
					if w := s.pieces.wait(now, 1, ownPiecesRate, ownPiecesBurst); w > 0 {
						again = min(again, w) // and so may a piece of arranging
					}
					timer.Reset(again)
					break
				}
			} else {
				f, _ = frameOf(framePing, pingFrame{n})
				n, next = n+1, now.Add(pingEvery)
			}
			rate.take(now, 1, ownRate, ownBurst)
			if err := s.send(f); err != nil {
				s.stop(err)
				return
			}
			if s.stopped() {
				break
			}
		}
	}
}

func (s *session) stopped() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

func (s *session) send(f []byte) error {
	if err := s.tls.SetWriteDeadline(time.Now().Add(deadAfter)); err != nil {
		return err
	}
	_, err := s.tls.Write(f)
	return err
}

// sendBye says why and closes, in byeTime: distrust must not wait for a far node that does not read.
func sendBye(c *tls.Conn, code string) {
	t := time.AfterFunc(byeTime, func() { c.NetConn().Close() })
	defer t.Stop()
	if f, err := frameOf(frameBye, byeFrame{code}); err == nil {
		c.SetWriteDeadline(time.Now().Add(byeTime))
		c.Write(f)
	}
	c.NetConn().Close()
}

// preferred says which of two control connections both sides keep. Both sides come to the same answer (docs/link.md).
func preferred(old, s *session, self, far string, now time.Time) *session {
	switch {
	case old.far.Instance != s.far.Instance, // it was started anew
		old.dialed == s.dialed,        // whoever called again has given the old one up
		now.Sub(old.began) >= settled: // not the same moment
		return s
	}
	if s.dialed == (self < far) {
		return s
	}
	return old
}

// closedOnPurpose reports whether an end is ordinary and worth no warning.
func closedOnPurpose(err error) bool {
	var b *farBye
	return err == nil || errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) || errors.Is(err, ErrClosed) ||
		errors.As(err, &b) && slices.Contains([]string{"closing", "replaced", "duplicate", "rekey"}, b.code)
}

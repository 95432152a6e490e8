package peer

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/logging"

	"visavis/internal/srtp"
)

var errFingerprint = errors.New("certificate is not the one of the offer")

// startHandshake begins DTLS at the first proven address. Worker.
func (s *Session) startHandshake() {
	if s.started.Swap(true) {
		return
	}
	go s.handshake()
}

// handshake runs DTLS as the server (RFC 5764) and gives the keys to the worker. Afterwards it keeps the association for a while,
// for a client that has not got our last flight; nothing that happens to it then ends the session.
func (s *Session) handshake() {
	defer close(s.dtls.finished)
	ctx, cancel := context.WithTimeout(s.life, handshakeTime)
	defer cancel()
	c, err := s.secure(ctx)
	if err != nil {
		s.h.counts.handshakesFailed.Add(1)
		s.h.c.Log.Debug("dtls handshake", "err", err)
		s.end(ReasonHandshake)
		return
	}
	if s.events.Connected != nil {
		s.events.Connected()
	}
	s.linger(c)
	s.retire()
}

// secure waits for its turn, shakes hands and installs the keys.
func (s *Session) secure(ctx context.Context) (*dtls.Conn, error) {
	select {
	case s.h.handshakes <- struct{}{}:
		defer func() { <-s.h.handshakes }()
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for other handshakes: %w", ctx.Err())
	}
	want := s.fingerprint
	c, err := dtls.ServerWithOptions(s.dtls, s.dtls.RemoteAddr(),
		dtls.WithCertificates(s.h.cert),
		dtls.WithSRTPProtectionProfiles(s.h.profiles...),
		dtls.WithExtendedMasterSecret(dtls.RequireExtendedMasterSecret),
		dtls.WithClientAuth(dtls.RequireAnyClientCert), // without it the next two are not called for a client that sends none
		dtls.WithInsecureSkipVerify(true),              // self-signed: the fingerprint is what counts
		dtls.WithVerifyPeerCertificate(func(raw [][]byte, _ [][]*x509.Certificate) error {
			if len(raw) == 0 || fingerprintOf(raw[0]) != want {
				return errFingerprint
			}
			return nil
		}),
		dtls.WithInsecureSkipVerifyHello(true), // the address has answered a check of ours: a cookie would prove no more
		dtls.WithFlightInterval(100*time.Millisecond),
		dtls.WithLoggerFactory(&logging.DefaultLoggerFactory{Writer: io.Discard, DefaultLogLevel: logging.LogLevelDisabled}),
	)
	if err != nil {
		return nil, fmt.Errorf("start dtls: %w", err)
	}
	if err := c.HandshakeContext(ctx); err != nil {
		s.dtls.mute()
		_ = c.Close()
		return nil, fmt.Errorf("dtls handshake: %w", err)
	}
	if err := s.install(c); err != nil {
		s.dtls.mute()
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

// install derives the SRTP keys and hands them to the worker.
func (s *Session) install(c *dtls.Conn) error {
	selected, ok := c.SelectedSRTPProtectionProfile()
	state, ok2 := c.ConnectionState()
	if !ok || !ok2 {
		return errors.New("no srtp profile in common")
	}
	p := srtp.Profile(selected)
	key, salt := p.KeyLen(), p.SaltLen()
	keys, err := state.ExportKeyingMaterial("EXTRACTOR-dtls_srtp", nil, 2*(key+salt))
	if err != nil {
		return fmt.Errorf("export srtp keys: %w", err)
	}
	// RFC 5764 §4.2: client key, server key, client salt, server salt.
	opener, err := srtp.NewOpener(p, keys[:key], keys[2*key:2*key+salt], replayWindow)
	if err != nil {
		return fmt.Errorf("srtp in: %w", err)
	}
	sealer, err := srtp.NewSealer(p, keys[key:2*key], keys[2*key+salt:])
	if err != nil {
		return fmt.Errorf("srtp out: %w", err)
	}
	s.dtls.established.Store(true)
	if !s.h.c.Worker.Call(func() { s.f.ready(time.Now(), p, opener, sealer) }) {
		return net.ErrClosed
	}
	return nil
}

// linger answers a client that repeats its last flight, then lets go of DTLS altogether: its buffers and goroutines are most of
// what an idle session would cost. Not even our own close goes out: a browser would take it for the end of the call.
func (s *Session) linger(c *dtls.Conn) {
	t := time.AfterFunc(dtlsKeep, func() {
		s.dtls.mute()
		_ = s.dtls.Close()
	})
	defer t.Stop()
	b := make([]byte, 512)
	for {
		if _, err := c.Read(b); err != nil {
			break
		}
	}
	s.dtls.mute()
	_ = c.Close()
}

// dtlsConn carries DTLS between the library and the session's current address.
type dtlsConn struct {
	s           *Session
	packets     chan []byte
	established atomic.Bool   // handshake done: see wanted
	muted       atomic.Bool   // nothing goes out any more
	finished    chan struct{} // closed when the handshake's goroutine has ended
	end         chan struct{}
	once        sync.Once
	taken       int // worker only

	mu    sync.Mutex    // guards past
	past  bool          // the read deadline is over
	alarm chan struct{} // closed while past
}

func newDTLSConn(s *Session) *dtlsConn {
	return &dtlsConn{s: s, packets: make(chan []byte, dtlsQueue), finished: make(chan struct{}), end: make(chan struct{}), alarm: make(chan struct{})}
}

// take gives a datagram to the handshake, if it is one that may still count; b is copied. Worker.
func (c *dtlsConn) take(b []byte) {
	counts := &c.s.h.counts
	if c.muted.Load() || !wanted(b, c.established.Load()) {
		counts.dtlsDropped.Add(1)
		return
	}
	if c.taken++; c.taken > MaxHandshakePackets {
		counts.dtlsDropped.Add(1)
		return
	}
	select {
	case c.packets <- bytes.Clone(b):
	default:
		counts.dtlsDropped.Add(1)
	}
}

// wanted looks at the records of a datagram (RFC 6347 §4.1). Records of epoch 0 are unprotected, so anybody can write them: an alert
// among them is never believed, and once keys are there neither is data nor a new ClientHello.
//
//	| type | version 2 | epoch 2 | sequence number 6 | length 2 | …
func wanted(b []byte, established bool) bool {
	const (
		alert, handshake, data = 21, 22, 23
		clientHello            = 1
		header                 = 13
	)
	for len(b) > 0 {
		if len(b) < header {
			return false
		}
		n := header + int(b[11])<<8 + int(b[12])
		if n > len(b) {
			return false
		}
		if b[3] == 0 && b[4] == 0 {
			switch {
			case b[0] == alert, b[0] == data:
				return false
			case b[0] == handshake && established && (n == header || b[header] == clientHello):
				return false
			}
		}
		b = b[n:]
	}
	return true
}

// mute stops everything that would go out.
func (c *dtlsConn) mute() { c.muted.Store(true) }

// ReadFrom returns the next datagram for the handshake.
func (c *dtlsConn) ReadFrom(b []byte) (int, net.Addr, error) {
	c.mu.Lock()
	alarm := c.alarm
	c.mu.Unlock()
	select {
	case p := <-c.packets:
		return copy(b, p), c.RemoteAddr(), nil
	case <-c.end:
		return 0, nil, net.ErrClosed
	case <-alarm:
		return 0, nil, os.ErrDeadlineExceeded
	}
}

// WriteTo sends to the session's current address, whatever the library believes.
func (c *dtlsConn) WriteTo(b []byte, _ net.Addr) (int, error) {
	if to := c.s.f.remoteNow(); to.IsValid() && !c.muted.Load() {
		if err := c.s.h.c.Worker.WriteTo(b, to); err != nil {
			return 0, err
		}
	}
	return len(b), nil
}

// Close ends ReadFrom.
func (c *dtlsConn) Close() error { c.once.Do(func() { close(c.end) }); return nil }

// LocalAddr is the first address offered.
func (c *dtlsConn) LocalAddr() net.Addr { return c.s.h.locals[0] }

// RemoteAddr is the current address.
func (c *dtlsConn) RemoteAddr() net.Addr { return net.UDPAddrFromAddrPort(c.s.f.remoteNow()) }

// SetDeadline sets the deadline of reads.
func (c *dtlsConn) SetDeadline(t time.Time) error { return c.SetReadDeadline(t) }

// SetReadDeadline knows two deadlines: past and none. The library uses no others.
func (c *dtlsConn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	past := !t.IsZero() && !t.After(time.Now())
	switch {
	case past && !c.past:
		close(c.alarm)
	case !past && c.past:
		c.alarm = make(chan struct{})
	}
	c.past = past
	return nil
}

// SetWriteDeadline does nothing: writes do not block.
func (c *dtlsConn) SetWriteDeadline(time.Time) error { return nil }

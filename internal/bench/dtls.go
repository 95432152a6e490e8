package bench

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/dtls/v3/pkg/crypto/selfsign"
	"github.com/pion/logging"

	"visavis/internal/srtp"
)

// identity is the certificate of all sessions of a run: making one for each would cost more than the handshake.
type identity struct {
	cert        tls.Certificate
	fingerprint string
}

func newIdentity() (identity, error) {
	cert, err := selfsign.GenerateSelfSigned()
	if err != nil {
		return identity{}, fmt.Errorf("make certificate: %w", err)
	}
	return identity{cert, fingerprintOf(cert.Certificate[0])}, nil
}

// fingerprintOf is the SHA-256 of a certificate as SDP writes it (RFC 8122 §5).
func fingerprintOf(der []byte) string {
	h := sha256.Sum256(der)
	return strings.ToUpper(strings.ReplaceAll(strings.TrimSpace(fmt.Sprintf("% x", h)), " ", ":"))
}

var errFingerprint = errors.New("certificate is not the one of the answer")

// secure runs DTLS in the role that the answer leaves us and installs the keys.
func (s *session) secure(ctx context.Context) error {
	verify := func(raw [][]byte, _ [][]*x509.Certificate) error {
		if len(raw) == 0 || fingerprintOf(raw[0]) != s.answer.fingerprint {
			return errFingerprint
		}
		return nil
	}
	options := []dtls.Option{
		dtls.WithCertificates(s.own.cert),
		dtls.WithSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80),
		dtls.WithExtendedMasterSecret(dtls.RequireExtendedMasterSecret),
		dtls.WithInsecureSkipVerify(true), // self-signed: the fingerprint is what counts
		dtls.WithVerifyPeerCertificate(verify),
		dtls.WithFlightInterval(200 * time.Millisecond),
		dtls.WithLoggerFactory(&logging.DefaultLoggerFactory{Writer: io.Discard, DefaultLogLevel: logging.LogLevelDisabled}),
	}
	var c *dtls.Conn
	var err error
	if s.answer.active {
		all := []dtls.ServerOption{dtls.WithClientAuth(dtls.RequireAnyClientCert), dtls.WithInsecureSkipVerifyHello(true)}
		for _, o := range options {
			all = append(all, o)
		}
		c, err = dtls.ServerWithOptions(s.dtls, s.dtls.LocalAddr(), all...)
	} else {
		var all []dtls.ClientOption
		for _, o := range options {
			all = append(all, o)
		}
		c, err = dtls.ClientWithOptions(s.dtls, s.dtls.LocalAddr(), all...)
	}
	if err != nil {
		return fmt.Errorf("dtls: %w", err)
	}
	if err := c.HandshakeContext(ctx); err != nil {
		return fmt.Errorf("dtls: %w", err)
	}
	selected, ok := c.SelectedSRTPProtectionProfile()
	state, ok2 := c.ConnectionState()
	if !ok || !ok2 {
		return errors.New("dtls: no srtp profile in common")
	}
	s.profile = srtp.Profile(selected)
	keys, err := state.ExportKeyingMaterial("EXTRACTOR-dtls_srtp", nil, 2*(s.profile.KeyLen()+s.profile.SaltLen()))
	if err != nil {
		return fmt.Errorf("dtls: export keys: %w", err)
	}
	go s.linger(c)
	return s.install(s.profile, keys, !s.answer.active)
}

// linger answers repeated flights until the session is closed, or the server says that it has ended.
func (s *session) linger(c *dtls.Conn) {
	b := make([]byte, 512)
	for {
		if _, err := c.Read(b); err != nil {
			break
		}
	}
	if !s.dtls.isShut() {
		s.lost.Store(true)
	}
	_ = c.Close()
}

// packetConn carries DTLS between the library and a session's socket.
type packetConn struct {
	s       *session
	packets chan []byte // full: dropped, DTLS repeats
	end     chan struct{}
	once    sync.Once

	mu    sync.Mutex    // guards past and alarm
	past  bool          // the read deadline is over
	alarm chan struct{} // closed while past
}

func newPacketConn(s *session) *packetConn {
	return &packetConn{s: s, packets: make(chan []byte, 16), end: make(chan struct{}), alarm: make(chan struct{})}
}

func (c *packetConn) push(b []byte) {
	select {
	case c.packets <- b:
	default:
	}
}

func (c *packetConn) shut() { c.once.Do(func() { close(c.end) }) }

func (c *packetConn) isShut() bool {
	select {
	case <-c.end:
		return true
	default:
		return false
	}
}

// ReadFrom implements net.PacketConn.
func (c *packetConn) ReadFrom(b []byte) (int, net.Addr, error) {
	c.mu.Lock()
	alarm := c.alarm
	c.mu.Unlock()
	select {
	case p := <-c.packets:
		return copy(b, p), c.LocalAddr(), nil
	case <-alarm:
		return 0, nil, os.ErrDeadlineExceeded
	case <-c.end:
		return 0, nil, net.ErrClosed
	}
}

// WriteTo implements net.PacketConn: everything goes to the proven address.
func (c *packetConn) WriteTo(b []byte, _ net.Addr) (int, error) {
	if c.isShut() {
		return 0, net.ErrClosed
	}
	c.s.send(b)
	return len(b), nil
}

// Close implements net.PacketConn.
func (c *packetConn) Close() error { c.shut(); return nil }

// LocalAddr implements net.PacketConn. The library only compares it with itself.
func (c *packetConn) LocalAddr() net.Addr { return net.UDPAddrFromAddrPort(c.s.local) }

// SetDeadline implements net.PacketConn.
func (c *packetConn) SetDeadline(t time.Time) error { return c.SetReadDeadline(t) }

// SetReadDeadline implements net.PacketConn: the library uses deadlines only to end a read, with one in the past, and to allow reads
// again.
func (c *packetConn) SetReadDeadline(t time.Time) error {
	past := !t.IsZero() && !t.After(time.Now())
	c.mu.Lock()
	defer c.mu.Unlock()
	if past && !c.past {
		close(c.alarm)
	} else if !past && c.past {
		c.alarm = make(chan struct{})
	}
	c.past = past
	return nil
}

// SetWriteDeadline implements net.PacketConn: writes never block.
func (c *packetConn) SetWriteDeadline(time.Time) error { return nil }

package link

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"fmt"
	"math/big"
	"slices"
	"time"

	"visavis/internal/srtp"
)

// certificate wraps the node key for TLS. Nobody looks at anything but the key: no name, no dates that say something.
func certificate(key ed25519.PrivateKey) (tls.Certificate, error) {
	t := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotBefore:    time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:     time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), // RFC 5280 §4.1.2.5: no expiry of its own
		KeyUsage:     x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, t, t, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("wrap the node key: %w", err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

// config is TLS on either side. No tickets, so no resumption: a key that is not pinned any more cannot come back on an old
// session (docs/security.md D5). VerifyConnection runs on every connection, resumed or not; VerifyPeerCertificate would not.
func (m *Manager) config(protocols ...string) *tls.Config {
	return &tls.Config{
		MinVersion:             tls.VersionTLS13,
		MaxVersion:             tls.VersionTLS13,
		Certificates:           []tls.Certificate{m.cert},
		NextProtos:             protocols,
		ClientAuth:             tls.RequireAnyClientCert,
		InsecureSkipVerify:     true, // the key is pinned: no authority, no name
		SessionTicketsDisabled: true,
		VerifyConnection: func(s tls.ConnectionState) error {
			_, err := m.identify(s, protocols...)
			return err
		},
	}
}

// identify says whose key the far side of a connection has proved. It returns ErrPinned, or what else is wrong with the
// connection.
func (m *Manager) identify(s tls.ConnectionState, protocols ...string) (Peer, error) {
	if s.Version != tls.VersionTLS13 || !slices.Contains(protocols, s.NegotiatedProtocol) || s.DidResume {
		return Peer{}, fmt.Errorf("not %v on fresh TLS 1.3: %w", protocols, ErrPinned)
	}
	if len(s.PeerCertificates) == 0 {
		return Peer{}, ErrPinned
	}
	key, ok := s.PeerCertificates[0].PublicKey.(ed25519.PublicKey)
	if !ok {
		return Peer{}, ErrPinned
	}
	for _, p := range m.peers() {
		if p.holds(key) {
			return p, nil
		}
	}
	return Peer{}, ErrPinned
}

// holds reports whether key is one of p's node keys.
func (p Peer) holds(key ed25519.PublicKey) bool {
	for _, k := range p.NodeKeys {
		if len(k) == ed25519.PublicKeySize && bytes.Equal(k, key) {
			return true
		}
	}
	return false
}

// Exporter of the SRTP keys (RFC 8446 §7.5).
const exporterLabel = "EXPERIMENTAL-visavis-srtp-1"

const (
	fromDialer   byte = 1 // packets of the TLS client
	fromAcceptor byte = 2
)

// exportKeys gives key and salt of one direction in one epoch. The context is the direction and the epoch:
//
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	| 1 dialler's, 2 |               epoch, most significant byte first              |
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
func exportKeys(s tls.ConnectionState, direction byte, epoch uint32) (key, salt []byte, err error) {
	kl, sl := srtp.AEADAES256GCM.KeyLen(), srtp.AEADAES256GCM.SaltLen()
	context := binary.BigEndian.AppendUint32([]byte{direction}, epoch)
	b, err := s.ExportKeyingMaterial(exporterLabel, context, kl+sl)
	if err != nil {
		return nil, nil, fmt.Errorf("export keys: %w", err)
	}
	return b[:kl], b[kl:], nil
}

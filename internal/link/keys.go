package link

import (
	"crypto/ed25519"
	"crypto/tls"
	"time"

	"visavis/internal/srtp"
)

// keyset is the keys of one epoch, both directions. The worker owns it once it is installed.
type keyset struct {
	epoch   uint32
	tag     uint32 // ours: the far node puts it into SRTCP to us
	farTag  uint32
	node    ed25519.PublicKey // the far node's key at the time
	seal    *srtp.Sealer
	open    *srtp.Opener
	session *session

	congestion bool // the feature "ccfb" is agreed

	serial uint64    // of its installation
	retire time.Time // zero until newer keys are in use
	sealed uint64    // RTP packets

	sent, got uint32 // datagrams of this epoch to and from the addresses in use, copies included, for the loss figures
	farSent   [lossWindow]uint32
	farGot    [lossWindow]uint32
	farPings  int       // received and counted
	farAt     time.Time // the last of them
}

// newKeyset takes the keys out of a TLS connection.
func newKeyset(s tls.ConnectionState, dialed bool, epoch, tag, farTag uint32, node ed25519.PublicKey) (*keyset, error) {
	out, in := fromDialer, fromAcceptor
	if !dialed {
		out, in = in, out
	}
	k := &keyset{epoch: epoch, tag: tag, farTag: farTag, node: node}
	key, salt, err := exportKeys(s, out, epoch)
	if err != nil {
		return nil, err
	}
	if k.seal, err = srtp.NewSealer(srtp.AEADAES256GCM, key, salt); err != nil {
		return nil, err
	}
	if key, salt, err = exportKeys(s, in, epoch); err != nil {
		return nil, err
	}
	k.open, err = srtp.NewOpener(srtp.AEADAES256GCM, key, salt, window)
	return k, err
}

// slot is how a packet in clear says which keys it needs: the low three bits of its payload type.
func (k *keyset) slot() uint8 { return uint8(k.epoch & 7) }

// Payload types on the link: kind and slot.
const (
	payloadAudio = 96
	payloadVideo = 104
)

// Package srtp protects packets on the fast path: AEAD_AES_GCM in place (RFC 7714), library contexts for other profiles and
// for RTCP. Start from Sealer and Opener. It must not know sessions, meetings or sockets. Neither type is safe for concurrent use.
package srtp

import "errors"

// Profile is a DTLS-SRTP protection profile by its registered number (RFC 5764 §4.1.2, RFC 7714 §14.2).
type Profile uint16

// Profiles that Visavis speaks.
const (
	AES128CMHMACSHA180 Profile = 0x0001
	AEADAES128GCM      Profile = 0x0007
	AEADAES256GCM      Profile = 0x0008
)

// KeyLen returns the length of the master key in bytes, 0 for an unknown profile.
func (p Profile) KeyLen() int {
	switch p {
	case AES128CMHMACSHA180, AEADAES128GCM:
		return 16
	case AEADAES256GCM:
		return 32
	}
	return 0
}

// SaltLen returns the length of the master salt in bytes, 0 for an unknown profile.
func (p Profile) SaltLen() int {
	switch p {
	case AES128CMHMACSHA180:
		return 14 // RFC 3711 §8.2
	case AEADAES128GCM, AEADAES256GCM:
		return 12 // RFC 7714 §12
	}
	return 0
}

// Overhead returns by how many bytes an RTP packet grows, 0 for an unknown profile. RTCP grows by 4 more: the index (RFC 3711 §3.4).
func (p Profile) Overhead() int {
	switch p {
	case AES128CMHMACSHA180:
		return 10 // RFC 5764 §4.1.2
	case AEADAES128GCM, AEADAES256GCM:
		return tagLen
	}
	return 0
}

// String returns the registered name, or "unknown".
func (p Profile) String() string {
	switch p {
	case AES128CMHMACSHA180:
		return "SRTP_AES128_CM_HMAC_SHA1_80"
	case AEADAES128GCM:
		return "SRTP_AEAD_AES_128_GCM"
	case AEADAES256GCM:
		return "SRTP_AEAD_AES_256_GCM"
	}
	return "unknown"
}

func (p Profile) gcm() bool { return p == AEADAES128GCM || p == AEADAES256GCM }

// What can be wrong with a packet. They come unwrapped, and nothing else does, so that a flood of bad packets costs no memory.
// After an error the contents of the packet are undefined and it must be dropped.
var (
	// ErrShort says that the packet is too short for its headers and tag, or not version 2.
	ErrShort = errors.New("srtp: packet too short or malformed")
	// ErrAuth says that the tag does not verify: forged, damaged or another key.
	ErrAuth = errors.New("srtp: authentication failed")
	// ErrReplay says that the index was seen before or is older than the window.
	ErrReplay = errors.New("srtp: packet replayed or older than the window")
	// ErrLimit says that MaxSources would be passed, or that the key has no index left.
	ErrLimit = errors.New("srtp: too many sources, or the key is used up")
)

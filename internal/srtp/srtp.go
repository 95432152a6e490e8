// Package srtp protects packets on the fast path: AEAD_AES_GCM in place (RFC 7714), library contexts for other profiles and
// for RTCP. Start from Sealer and Opener. It must not know sessions, meetings or sockets. Neither type is safe for concurrent use.
package srtp

// Profile is a DTLS-SRTP protection profile by its registered number (RFC 5764 §4.1.2, RFC 7714 §14.2).
type Profile uint16

// Profiles that Visavis speaks.
const (
	AES128CMHMACSHA180 Profile = 0x0001
	AEADAES128GCM      Profile = 0x0007
	AEADAES256GCM      Profile = 0x0008
)

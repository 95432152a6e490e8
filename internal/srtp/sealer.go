package srtp

import (
	"fmt"
	"slices"

	psrtp "github.com/pion/srtp/v3"
)

// Sealer protects outgoing packets under one master key. The caller numbers the packets, so that a resend can be sealed again: the
// same index must always come with the same header and payload, else a GCM nonce is used twice and the key is lost.
type Sealer struct {
	profile Profile
	gcm     gcm            // without aead for the HMAC profile
	lib     *psrtp.Context // RTCP always, RTP of the HMAC profile
}

// NewSealer returns a Sealer for master key and salt, whose lengths must be the profile's. It keeps neither.
func NewSealer(p Profile, key, salt []byte) (*Sealer, error) {
	g, err := newKeys(p, key, salt)
	if err != nil {
		return nil, err
	}
	lib, err := psrtp.CreateContext(slices.Clone(key), slices.Clone(salt), psrtp.ProtectionProfile(p))
	if err != nil {
		return nil, fmt.Errorf("srtp context: %w", err)
	}
	s := &Sealer{profile: p, lib: lib}
	if g != nil {
		s.gcm = *g
	}
	return s, nil
}

// newKeys checks lengths and derives the keys of a GCM profile; nil for the HMAC profile.
func newKeys(p Profile, key, salt []byte) (*gcm, error) {
	if p.KeyLen() == 0 {
		return nil, fmt.Errorf("srtp profile 0x%04x is unknown", uint16(p))
	}
	if len(key) != p.KeyLen() || len(salt) != p.SaltLen() {
		return nil, fmt.Errorf("srtp %s: key of %d and salt of %d bytes, want %d and %d", p, len(key), len(salt), p.KeyLen(), p.SaltLen())
	}
	if !p.gcm() {
		return nil, nil
	}
	return newGCM(key, salt)
}

// SealRTP appends header ‖ sealed payload ‖ tag to dst and returns the longer slice. index is the roll-over counter << 16 | sequence
// number; header must be a whole RTP header with the low 16 bits of index as its number, else ErrShort. ErrLimit if index is past
// MaxIndex. Same header, payload and index give the same bytes. It allocates nothing for GCM if dst has the room; payload may not
// overlap the part of dst that is written. A source's first number should be below 2^15, or a receiver that loses the first
// packets may guess a wrong roll-over counter (RFC 3711 §3.3.1).
func (s *Sealer) SealRTP(dst, header, payload []byte, index uint64) ([]byte, error) {
	if len(header) < minHeader || headerLen(header) != len(header) || sequence(header) != uint16(index) {
		return dst, ErrShort
	}
	if index > MaxIndex {
		return dst, ErrLimit
	}
	start := len(dst)
	if s.gcm.aead != nil {
		nonce := s.gcm.nonce(source(header), index)
		dst = append(dst, header...)
		return s.gcm.aead.Seal(dst, nonce, payload, dst[start:]), nil
	}
	// Told the roll-over counter each time, the library follows any order of indices, and a resend comes out as it first did.
	s.lib.SetROC(source(header), uint32(index>>16))
	dst = slices.Grow(dst, len(header)+len(payload)+s.profile.Overhead())
	dst = append(append(dst, header...), payload...)
	out, err := s.lib.EncryptRTP(dst[start:], dst[start:], nil)
	if err != nil {
		return dst[:start], ErrShort
	}
	return append(dst[:start], out...), nil
}

// Warm reads what SealRTP will need: whoever has many Sealers to use one after the other lets the processor fetch several at once.
func (s *Sealer) Warm() int {
	if s.gcm.aead == nil {
		return 0
	}
	return s.gcm.aead.Overhead() + int(s.gcm.salt[0])
}

// SealRTCP appends the protected form of packet (a compound, or reduced-size by RFC 5506) to dst and returns the longer slice. The
// Sealer numbers RTCP by itself. ErrShort if packet is not RTCP, ErrLimit after 2³¹ packets of one source.
func (s *Sealer) SealRTCP(dst, packet []byte) ([]byte, error) {
	if _, ok := rtcpSource(packet); !ok {
		return dst, ErrShort
	}
	start := len(dst)
	dst = slices.Grow(dst, len(packet)+rtcpIndex+s.profile.Overhead())
	out, err := s.lib.EncryptRTCP(dst[start:start], packet, nil)
	if err != nil {
		return dst[:start], ErrLimit
	}
	return append(dst[:start], out...), nil
}

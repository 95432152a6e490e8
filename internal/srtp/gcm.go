package srtp

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"fmt"
)

const tagLen = 16 // RFC 7714 §13: the full tag, always

// Labels of the session keys for RTP (RFC 3711 §4.3.2).
const (
	labelKey  = 0x00
	labelTag  = 0x01
	labelSalt = 0x02
)

// derive makes n bytes of session key from the master key and salt (RFC 3711 §4.3.1 and §4.3.3) with a key derivation rate of 0, so
// once for the life of the key. A salt of 96 bits is padded to 112 on the right (RFC 7714 §11).
func derive(label byte, key, salt []byte, n int) ([]byte, error) {
	b, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("derive session key: %w", err)
	}
	var in [aes.BlockSize]byte
	copy(in[:14], salt)
	in[7] ^= label
	out := make([]byte, (n+aes.BlockSize-1)/aes.BlockSize*aes.BlockSize)
	for i := 0; i < len(out); i += aes.BlockSize {
		binary.BigEndian.PutUint16(in[14:], uint16(i/aes.BlockSize))
		b.Encrypt(out[i:], in[:])
	}
	return out[:n], nil
}

// gcm seals and opens RTP by AES-GCM. iv is kept here because a local one would escape to the heap through the interface.
type gcm struct {
	aead cipher.AEAD
	salt [12]byte
	iv   [12]byte
}

func newGCM(key, salt []byte) (*gcm, error) {
	k, err := derive(labelKey, key, salt, len(key))
	if err != nil {
		return nil, err
	}
	s, err := derive(labelSalt, key, salt, len(salt))
	if err != nil {
		return nil, err
	}
	return newSessionGCM(k, s)
}

func newSessionGCM(key, salt []byte) (*gcm, error) {
	b, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("session key: %w", err)
	}
	a, err := cipher.NewGCM(b)
	if err != nil {
		return nil, fmt.Errorf("session key: %w", err)
	}
	return &gcm{aead: a, salt: [12]byte(salt)}, nil
}

// nonce forms the IV (RFC 7714 §8.1): the salt, XORed with
//
//	2 bytes 0 | SSRC, 4 bytes | roll-over counter, 4 bytes | sequence number, 2 bytes
//
// which is to say SSRC and then the 48 bits of the index.
func (g *gcm) nonce(ssrc uint32, index uint64) []byte {
	g.iv = g.salt
	be := binary.BigEndian
	be.PutUint32(g.iv[2:], be.Uint32(g.iv[2:])^ssrc)
	be.PutUint32(g.iv[6:], be.Uint32(g.iv[6:])^uint32(index>>16))
	be.PutUint16(g.iv[10:], be.Uint16(g.iv[10:])^uint16(index))
	return g.iv[:]
}

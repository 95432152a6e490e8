package srtp_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	psrtp "github.com/pion/srtp/v3"

	"visavis/internal/srtp"
)

var profiles = []srtp.Profile{srtp.AEADAES128GCM, srtp.AEADAES256GCM, srtp.AES128CMHMACSHA180}

// keys returns a master key and salt of the right lengths; n picks different ones.
func keys(p srtp.Profile, n byte) (key, salt []byte) {
	key, salt = make([]byte, p.KeyLen()), make([]byte, p.SaltLen())
	for i := range key {
		key[i] = byte(i)*7 + n
	}
	for i := range salt {
		salt[i] = byte(i)*5 + n + 1
	}
	return key, salt
}

func sealer(t testing.TB, p srtp.Profile, n byte) *srtp.Sealer {
	t.Helper()
	k, s := keys(p, n)
	x, err := srtp.NewSealer(p, k, s)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func opener(t testing.TB, p srtp.Profile, n byte, window uint) *srtp.Opener {
	t.Helper()
	k, s := keys(p, n)
	x, err := srtp.NewOpener(p, k, s, window)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func library(t testing.TB, p srtp.Profile, n byte) *psrtp.Context {
	t.Helper()
	k, s := keys(p, n)
	c, err := psrtp.CreateContext(k, s, psrtp.ProtectionProfile(p), psrtp.SRTPReplayProtection(64))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// header returns an RTP header with one source in the CSRC list and a one-byte extension.
func header(ssrc uint32, index uint64) []byte {
	h := make([]byte, 12, 32)
	h[0], h[1] = 0x91, 0x80|102
	binary.BigEndian.PutUint16(h[2:], uint16(index))
	binary.BigEndian.PutUint32(h[4:], uint32(index)*960)
	binary.BigEndian.PutUint32(h[8:], ssrc)
	h = append(h, 1, 2, 3, 4)                                   // CSRC
	return append(h, 0xbe, 0xde, 0, 1, 0x10, byte(index), 0, 0) // RFC 8285 §4.2, id 1, one byte
}

func payload(index uint64) []byte { return bytes.Repeat([]byte{byte(index), byte(index >> 8), 3}, 40) }

func plain(ssrc uint32, index uint64) []byte { return append(header(ssrc, index), payload(index)...) }

func seal(t testing.TB, s *srtp.Sealer, ssrc uint32, index uint64) []byte {
	t.Helper()
	b, err := s.SealRTP(nil, header(ssrc, index), payload(index), index)
	if err != nil {
		t.Fatalf("seal %d: %v", index, err)
	}
	return b
}

// open opens a copy, so that the packet can be used again.
func open(o *srtp.Opener, packet []byte) ([]byte, uint64, error) {
	b := bytes.Clone(packet)
	n, index, err := o.OpenRTP(b)
	return b[:n], index, err
}

// report is a receiver report with nothing in it but its number.
func report(ssrc, number uint32) []byte {
	b := []byte{0x80, 201, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0}
	binary.BigEndian.PutUint32(b[4:], ssrc)
	binary.BigEndian.PutUint32(b[8:], number)
	return b
}

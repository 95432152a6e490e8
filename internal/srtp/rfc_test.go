package srtp

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
)

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// RFC 7714 §16.1.1 and §16.2.1: packets for given session keys.
func TestRFC7714Vectors(t *testing.T) {
	const clear = `8040f17b 8041f8d3 5501a0b2 47616c6c 69612065 7374206f 6d6e6973 20646976 69736120 696e2070 61727465 73207472 6573`
	for _, v := range []struct {
		key    string
		sealed string
	}{
		{`000102030405060708090a0b0c0d0e0f`, `8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f 42a5f47a
			51c7d19b 36de3adf 8833899d 7f27beb1 6a9152cf 765ee439 0cce`},
		{`000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f`, `8040f17b 8041f8d3 5501a0b2 32b1de78 a822fe12 ef9f78fa
			332e33aa b1801238 9a58e2f3 b50b2a02 76ffae0f 1ba63799 b87b7aa3 db36dfff d6b0f9bb 7878d7a7 6c13`},
	} {
		g, err := newSessionGCM(unhex(t, v.key), unhex(t, "517569642070726f2071756f"))
		if err != nil {
			t.Fatal(err)
		}
		packet := unhex(t, clear)
		s := &Sealer{profile: AEADAES128GCM, gcm: *g}
		got, err := s.SealRTP(nil, packet[:12], packet[12:], 0xf17b)
		if err != nil || !bytes.Equal(got, unhex(t, v.sealed)) {
			t.Errorf("seal with key of %d bits = %x, %v\nwant %x", len(v.key)*4, got, err, unhex(t, v.sealed))
		}
	}
}

// RFC 3711 §B.3: session key and salt of a 128-bit master key and 112-bit salt.
func TestRFC3711KeyDerivation(t *testing.T) {
	key, salt := unhex(t, "E1F97A0D3E018BE0D64FA32C06DE4139"), unhex(t, "0EC675AD498AFEEBB6960B3AABE6")
	for _, v := range []struct {
		label byte
		want  string
	}{{labelKey, "C61E7A93744F39EE10734AFE3FF7A087"}, {labelSalt, "30CBBC08863D8C85D49DB34A9AE1"}} {
		want := unhex(t, v.want)
		if got, err := derive(v.label, key, salt, len(want)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("derive(%d) = %x, %v, want %x", v.label, got, err, want)
		}
	}
}

// RFC 3711 §3.3.1, as its appendix A works it out.
func TestGuess(t *testing.T) {
	for _, v := range []struct {
		top  uint64
		seq  uint16
		want uint64
	}{
		{0, 1, 1},
		{5, 65535, 65535}, // below zero there is nothing
		{65535, 0, 65536},
		{65536, 65535, 65535},
		{65536 + 32767, 65535, 65536 + 65535}, // 32,768 ahead: still forward
		{65536 + 32766, 65535, 65535},         // one more: behind
		{65536 + 32768, 0, 65536},             // 32,768 behind
		{65536 + 32769, 0, 2 * 65536},         // one more: ahead
	} {
		w := newWindow(64)
		w.accept(v.top)
		if got, ok := w.guess(v.seq); got != v.want || !ok {
			t.Errorf("after %d number %d = index %d, %v, want %d", v.top, v.seq, got, ok, v.want)
		}
	}
	w := newWindow(64)
	w.accept(MaxIndex)
	if got, ok := w.guess(0); ok {
		t.Errorf("number 0 after the last index = %d, want none", got)
	}
}

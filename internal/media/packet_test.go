package media

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/pion/rtp"
)

func unhex(t testing.TB, s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestParseRTP(t *testing.T) {
	const head = " 0102 00000003 00000004 "
	for _, c := range []struct {
		name, in string
		err      error
		payload  string
		header   int
	}{
		{"plain", "80 e0" + head + "aabb", nil, "aabb", 12},
		{"empty", "80 60" + head, nil, "", 12},
		{"csrc", "82 60" + head + "00000001 00000002 cc", nil, "cc", 20},
		{"csrc cut", "82 60" + head + "00000001 000000", ErrShort, "", 0},
		{"short", "80 60 0102 00000003 000000", ErrShort, "", 0},
		{"version", "40 60" + head, ErrVersion, "", 0},
		{"padding", "a0 60" + head + "aabb 000003", nil, "aabb", 12},
		{"padding is all", "a0 60" + head + "000003", nil, "", 12},
		{"padding one too long", "a0 60" + head + "000004", ErrPadding, "", 0},
		{"padding of none", "a0 60" + head + "aa00", ErrPadding, "", 0},
		{"padding of nothing", "a0 60" + head, ErrPadding, "", 0},
		{"padding into extension", "b0 60" + head + "bede0001 10ff0000 05", ErrPadding, "", 0},
		{"extension", "90 60" + head + "bede0001 10ff0000 aa", nil, "aa", 20},
		{"extension cut", "90 60" + head + "bede0001 10ff00", ErrShort, "", 0},
		{"extension head cut", "90 60" + head + "bede00", ErrShort, "", 0},
		{"extension 256", "90 60" + head + "bede0040" + strings.Repeat("00", 256) + "aa", nil, "aa", 272},
		{"extension 260", "90 60" + head + "bede0041" + strings.Repeat("00", 260) + "aa", ErrExtension, "", 0},
	} {
		var p Packet
		err := ParseRTP(unhex(t, c.in), &p)
		if !errors.Is(err, c.err) {
			t.Errorf("%s: error %v, want %v", c.name, err, c.err)
			continue
		}
		if err != nil {
			continue
		}
		if !bytes.Equal(p.Payload, unhex(t, c.payload)) || p.HeaderLen != c.header || p.Seq != 0x102 || p.Time != 3 || p.SSRC != 4 || p.PT != 0x60 {
			t.Errorf("%s: got %+v, want payload %s after %d bytes", c.name, p, c.payload, c.header)
		}
	}
}

func TestExtension(t *testing.T) {
	for _, c := range []struct {
		name, ext string // profile and data; length is filled in
		id        uint8
		want      string
		none      bool
	}{
		{"one byte", "bede 10aa 2201 0203 0000", 1, "aa", false},
		{"one byte second", "bede 10aa 2201 0203 0000", 2, "010203", false},
		{"one byte none", "bede 10aa 0000", 3, "", true},
		{"one byte id 0 never", "bede 00aa 0000", 0, "", true},
		{"one byte stops at 15", "bede f0aa 10bb", 1, "", true},
		{"one byte overruns", "bede 13aa bbcc", 1, "", true},
		{"padding before", "bede 0000 10aa", 1, "aa", false},
		{"two byte", "1000 0101 aa10 00cc", 1, "aa", false},
		{"two byte empty", "1000 1000 0101 aa00", 16, "", false},
		{"two byte id 200, app bits", "1007 c802 aabb", 200, "aabb", false},
		{"two byte overruns", "1000 0105 aabb", 1, "", true},
		{"two byte cut", "1000 0000 0001", 1, "", true},
		{"unknown profile", "1234 10aa 0000", 1, "", true},
	} {
		e := unhex(t, c.ext)
		for len(e)%4 != 2 {
			e = append(e, 0)
		}
		b := unhex(t, "90 60 0102 00000003 00000004")
		b = append(append(append(b, e[:2]...), 0, byte((len(e)-2)/4)), e[2:]...)
		var p Packet
		if err := ParseRTP(b, &p); err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		got := p.Extension(c.id)
		if (got == nil) != c.none || !bytes.Equal(got, unhex(t, c.want)) {
			t.Errorf("%s: Extension(%d) = %x (nil %v), want %s (nil %v)", c.name, c.id, got, got == nil, c.want, c.none)
		}
	}
}

func TestAudioLevel(t *testing.T) {
	for _, c := range []struct {
		in   []byte
		want uint8
	}{{nil, NoLevel}, {[]byte{0x9e}, 0x9e}, {[]byte{0x1e, 0}, 0x1e}, {[]byte{1, 2, 3}, NoLevel}} {
		if got := AudioLevel(c.in); got != c.want {
			t.Errorf("AudioLevel(%x) = %#x, want %#x", c.in, got, c.want)
		}
	}
}

// What we parse, the library parses the same, and the other way round except where we are stricter.
func FuzzRTP(f *testing.F) {
	for _, s := range []string{
		"80e00102000000030000000 4aabb", "a0600102000000030000000 4000003", "906001020000000300000004bede000110ff0000aa",
		"90600102000000030000000410000001 0101aa00 aa", "8f60010200000003000000040000", "b0ff010200000003000000040000000001", "",
		"906f8e4a0003c18b5d6f2a11bede000230a1223110c4510300000078a1", // Chrome: level, MID, TWCC
	} {
		f.Add(unhex(f, strings.ReplaceAll(s, " ", "")))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var p Packet
		if err := ParseRTP(b, &p); err != nil {
			return
		}
		if p.HeaderLen+len(p.Payload) > len(b) || p.HeaderLen < 12 {
			t.Fatalf("payload of %d bytes after %d in %d bytes", len(p.Payload), p.HeaderLen, len(b))
		}
		for id := range 256 {
			if e := p.Extension(uint8(id)); len(e) > MaxExtensions {
				t.Fatalf("extension %d has %d bytes", id, len(e))
			}
		}
		var h rtp.Header
		if n, err := h.Unmarshal(b); err == nil && (h.SSRC != p.SSRC || h.SequenceNumber != p.Seq || h.Timestamp != p.Time || h.Marker != p.Marker || h.PayloadType != p.PT) {
			t.Fatalf("got %+v after %d bytes, pion has %+v after %d", p, p.HeaderLen, h, n)
		}
	})
}

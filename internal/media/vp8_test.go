package media

import (
	"bytes"
	"testing"
)

func TestVP8Descriptor(t *testing.T) {
	for _, c := range []struct {
		name, in string
		ok       bool
		want     vp8
	}{
		{"Chrome keyframe", "90e0 8102 09 20 00", true, vp8{body: 6, pictureID: 2, tl0: 4, long: true, id: 0x102, tl0PicIdx: 9, key: true}},
		{"Chrome delta", "80e0 8102 09 20 01", true, vp8{body: 6, pictureID: 2, tl0: 4, long: true, id: 0x102, tl0PicIdx: 9}},
		{"continuation of a keyframe", "80c0 8102 09 00", true, vp8{body: 5, pictureID: 2, tl0: 4, long: true, id: 0x102, tl0PicIdx: 9}},
		{"second partition", "91c0 8102 09 00", true, vp8{body: 5, pictureID: 2, tl0: 4, long: true, id: 0x102, tl0PicIdx: 9}},
		{"7 bit", "9080 05 00", true, vp8{body: 3, pictureID: 2, id: 5, key: true}},
		{"no picture id", "9040 07 00", true, vp8{body: 3, tl0: 2, tl0PicIdx: 7, key: true}},
		{"no extension", "10 00", true, vp8{body: 1, key: true}},
		{"key index alone", "9010 1f 00", true, vp8{body: 3, key: true}},
		{"all but the picture", "90e0 8102 09 20", false, vp8{}},
		{"cut in the picture id", "9080 81", false, vp8{}},
		{"one byte", "10", false, vp8{}},
		{"nothing", "", false, vp8{}},
	} {
		var d vp8
		ok := parseVP8(unhex(t, c.in), &d)
		if ok != c.ok || d != c.want {
			t.Errorf("%s: got %+v %v, want %+v %v", c.name, d, ok, c.want, c.ok)
		}
	}
}

func TestVP8Rewrite(t *testing.T) {
	for _, c := range []struct {
		name, in string
		id       uint16
		tl0      uint8
		want     string
	}{
		{"both", "90e0 8102 09 20 00aa", 0x7fff, 0xff, "90e0 ffff ff 20 00aa"},
		{"7 bit grows to 15", "90e0 05 09 20 00aa", 0x85, 1, "90e0 8085 01 20 00aa"},
		{"no picture id", "9040 07 00aa", 5, 8, "9040 08 00aa"},
		{"nothing to write", "10 00aa", 5, 8, "10 00aa"},
		{"too short to have a descriptor", "9080 81", 5, 8, "9080 81"},
		{"empty", "", 5, 8, ""},
	} {
		var d vp8
		in := unhex(t, c.in)
		parseVP8(in, &d)
		out := widen(nil, in, &d)
		d.rewrite(out, c.id, c.tl0)
		if !bytes.Equal(out, unhex(t, c.want)) {
			t.Errorf("%s: got %x, want %s", c.name, out, c.want)
		}
	}
}

func FuzzVP8(f *testing.F) {
	for _, s := range []string{"90e08102092000", "80e0810209", "908081", "9080", "90f0ff", "1000", "", "9080050 0", "90ff7f010203"} {
		f.Add(unhex(f, s), uint16(0x1234), uint8(7))
	}
	f.Fuzz(func(t *testing.T, b []byte, id uint16, tl0 uint8) {
		id &= 0x7fff
		var d, again vp8
		ok := parseVP8(b, &d)
		was := d
		out := widen(nil, b, &d)
		d.rewrite(out, id, tl0)
		if len(out)-len(b) > 1 || parseVP8(out, &again) != ok {
			t.Fatalf("%x became %x", b, out)
		}
		if ok && (again.key != was.key || again.pictureID != was.pictureID || was.pictureID != 0 && again.id != id || was.tl0 != 0 && again.tl0PicIdx != tl0) {
			t.Fatalf("%x became %x: %+v, was %+v", b, out, again, was)
		}
		if ok && !bytes.Equal(out[again.body:], b[was.body:]) {
			t.Fatalf("the picture in %x changed in %x", b, out)
		}
	})
}

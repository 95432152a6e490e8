package bot

import (
	"bytes"
	"testing"
	"time"
)

func TestBuiltInClipsAreWhatTheirReadmeSays(t *testing.T) {
	for _, name := range []string{AvelmarPrincipal, AvelmarDelegate, TolmeriaPrincipal, TolmeriaDelegate} {
		c, err := Load(name, "")
		if err != nil {
			t.Fatal(err)
		}
		if got, want := len(c.Frames), 150; got != want || c.FPS != 15 {
			t.Errorf("%s: %d frames at %d, want %d at 15", name, got, c.FPS, want)
		}
		last, size := 0, 0
		for i, f := range c.Frames {
			size += len(f.Data)
			if f.Key {
				last = i
			}
			if i-last >= 45 {
				t.Errorf("%s: no keyframe in the 3 s before frame %d", name, i)
			}
		}
		if size > 400<<10 {
			t.Errorf("%s: %d bytes, want at most 400 KiB", name, size)
		}
	}
	for _, name := range []string{TarrovenArabic, KosvaneSpanish, Tone500, Tone1100} {
		c, err := Load("", name)
		if err != nil {
			t.Fatal(err)
		}
		loud := 0
		for i, s := range c.Sound {
			if len(s.Data) != 240 || s.Data[0]>>3&3 != 3 && s.Data[0]>>3 < 12 || s.Data[0]&7 != 0 { // 96 kbit/s CBR: 240 bytes; mono, one frame
				t.Errorf("%s: packet %d has %d bytes, first %02x; want 240, mono, one frame", name, i, len(s.Data), s.Data[0])
				break
			}
			if s.Level < speechLevel {
				loud++
			}
		}
		if loud < len(c.Sound)/2 {
			t.Errorf("%s: %d of %d packets are loud, want half", name, loud, len(c.Sound))
		}
	}
	if _, err := Load("nobody", ""); err == nil {
		t.Error("Load of a picture that does not exist gave no error")
	}
}

func TestTurnKeepsSilenceOutsideIt(t *testing.T) {
	c := (&Clip{Sound: []Sound{{Data: []byte{1}, Level: 1}, {Data: []byte{2}, Level: 2}}}).Turn(time.Second, 3*time.Second)
	for _, x := range []struct {
		at   time.Duration
		want uint8
	}{{0, 127}, {980 * time.Millisecond, 127}, {time.Second, 1}, {1020 * time.Millisecond, 2}, {1040 * time.Millisecond, 127}, {4 * time.Second, 1}} {
		if got := c.soundAt(x.at).Level; got != x.want {
			t.Errorf("level at %v = %d, want %d", x.at, got, x.want)
		}
	}
	loop := &Clip{Sound: c.Sound}
	if got := loop.soundAt(60 * time.Millisecond).Level; got != 2 {
		t.Errorf("looped level at 60 ms = %d, want 2", got)
	}
}

func TestNextKeyWrapsAround(t *testing.T) {
	c := &Clip{Frames: []Frame{{Key: true}, {}, {Key: true}, {}}}
	for at, want := range []int{0, 2, 2, 0} {
		if got := nextKey(c.Frames, at); got != want {
			t.Errorf("nextKey(%d) = %d, want %d", at, got, want)
		}
	}
}

func FuzzReadIVF(f *testing.F) {
	b, err := files.ReadFile("clips/" + TolmeriaDelegate + ".ivf")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b[:20000])
	f.Add(b[:40])
	f.Fuzz(func(t *testing.T, b []byte) {
		fs, fps, err := readIVF(b)
		if err == nil && (len(fs) == 0 || !fs[0].Key || fps < 1) {
			t.Errorf("accepted %d frames at %d", len(fs), fps)
		}
	})
}

func FuzzReadOgg(f *testing.F) {
	b, err := files.ReadFile("clips/" + Tone500 + ".ogg")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b[:3000], []byte{3, 200})
	f.Add(b[:27], []byte(nil))
	f.Fuzz(func(t *testing.T, b, levels []byte) {
		ps, err := readOgg(bytes.NewReader(b), levels)
		if err == nil && len(ps) == 0 {
			t.Error("accepted no packet")
		}
	})
}

func TestLayersAreThePicturesOfTheClip(t *testing.T) {
	c := &Clip{FPS: 15, Frames: []Frame{{Data: []byte{0x10}, Key: true}, {Data: []byte{0x11}}}}
	layers := func(l ...[]Frame) *Clip { d := *c; d.Lower = l; return &d }
	for _, x := range []struct {
		what string
		c    *Clip
		ok   bool
	}{
		{"none", c, true},
		{"two of the same", layers(c.Frames, c.Frames), true},
		{"three", layers(c.Frames, c.Frames, c.Frames), false},
		{"a frame less", layers(c.Frames[:1]), false},
		{"a keyframe elsewhere", layers([]Frame{c.Frames[1], c.Frames[0]}), false},
	} {
		if err := x.c.check(); (err == nil) != x.ok {
			t.Errorf("%s: %v", x.what, err)
		}
	}
}

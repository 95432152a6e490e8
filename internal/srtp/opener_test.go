package srtp_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"visavis/internal/srtp"
)

func TestReplayDropped(t *testing.T) {
	for _, p := range profiles {
		t.Run(p.String(), func(t *testing.T) {
			s, o := sealer(t, p, 1), opener(t, p, 1, 1024)
			order := []uint64{65500, 65503, 65502, 65540, 65530, 65539, 66523, 65500 + 1<<10} // reordered over the wrap
			for _, index := range order {
				if _, at, err := open(o, seal(t, s, 7, index)); err != nil || at != index {
					t.Fatalf("control: reordered packet %d = %d, %v, want it opened", index, at, err)
				}
			}
			for _, index := range order {
				if _, _, err := open(o, seal(t, s, 7, index)); err != srtp.ErrReplay {
					t.Errorf("packet %d again: %v, want ErrReplay", index, err)
				}
			}
			top := uint64(65500 + 1<<10)
			if _, _, err := open(o, seal(t, s, 7, top-1023)); err != nil {
				t.Errorf("packet at the end of the window: %v, want it opened", err)
			}
			if _, _, err := open(o, seal(t, s, 7, top-1024)); err != srtp.ErrReplay {
				t.Errorf("packet just past the window: %v, want ErrReplay", err)
			}
			if _, _, err := open(o, seal(t, s, 8, 65500)); err != nil {
				t.Errorf("control: same number of another source: %v, want it opened", err)
			}

			r, err := s.SealRTCP(nil, report(7, 1))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := o.OpenRTCP(bytes.Clone(r)); err != nil {
				t.Fatalf("control: report: %v", err)
			}
			if _, err := o.OpenRTCP(bytes.Clone(r)); err != srtp.ErrReplay {
				t.Errorf("report again: %v, want ErrReplay", err)
			}
		})
	}
}

// Every number is opened once in a window of every size, in an order that jumps to and fro, and never twice.
func TestWindowForgetsNothing(t *testing.T) {
	p := srtp.AEADAES128GCM
	for _, size := range []uint{srtp.MinWindow, 65, 1024, 8192, srtp.MaxWindow} {
		s, o := sealer(t, p, 1), opener(t, p, 1, size)
		step := uint64(size)/3 + 1
		for index := uint64(100); index < 100+6*step; index += step {
			for _, at := range []uint64{index + 2*step, index, index + step} {
				_, _, err := open(o, seal(t, s, 7, at))
				if err == nil {
					_, _, err = open(o, seal(t, s, 7, at))
				}
				if err != srtp.ErrReplay {
					t.Fatalf("window %d: packet %d opened twice: %v", size, at, err)
				}
			}
		}
	}
}

// What is left out in the second round through the bitmap can still come: marks of the first round are gone.
func TestGapsCanBeFilled(t *testing.T) {
	p := srtp.AEADAES128GCM
	for _, gap := range []uint64{2, 40, 63, 64, 200} {
		s, o := sealer(t, p, 1), opener(t, p, 1, srtp.MinWindow)
		for index := range uint64(200) {
			if _, _, err := open(o, seal(t, s, 7, index)); err != nil {
				t.Fatal(err)
			}
		}
		top := 199 + gap
		for index := top; index > 199 && index > top-srtp.MinWindow; index-- {
			if _, _, err := open(o, seal(t, s, 7, index)); err != nil {
				t.Errorf("after a gap of %d packet %d, %d back: %v", gap, index, top-index, err)
			}
		}
	}
}

func TestForgedPacketLeavesState(t *testing.T) {
	for _, p := range profiles {
		t.Run(p.String(), func(t *testing.T) {
			s, o, forger := sealer(t, p, 1), opener(t, p, 1, 64), sealer(t, p, 2)
			good := func(index uint64) {
				t.Helper()
				if _, at, err := open(o, seal(t, s, 7, index)); err != nil || at != index {
					t.Fatalf("genuine packet %d = %d, %v, want it opened", index, at, err)
				}
			}
			good(65000)
			for index := uint64(65001); index < 65001+3<<16; index += 1 << 12 { // would turn the roll-over counter and move the window
				if _, _, err := open(o, seal(t, forger, 7, index)); err != srtp.ErrAuth && err != srtp.ErrReplay {
					t.Fatalf("forged packet %d: %v, want ErrAuth, or ErrReplay where its number is far behind", index, err)
				}
			}
			good(64990) // window has not moved
			good(65001) // forged number was not marked as seen
			good(65536) // the genuine wrap still works

			// Control: had the far packet been genuine, the old one would be gone.
			good(65536 + 200)
			if _, _, err := open(o, seal(t, s, 7, 65002)); err != srtp.ErrReplay {
				t.Errorf("control: packet 734 back in a window of 64: %v, want ErrReplay", err)
			}
		})
	}
}

// The first packet heard of a source may be the one after its numbers wrapped: all before were lost, or sent under the last key.
func TestFirstPacketAfterTheWrap(t *testing.T) {
	for _, p := range profiles {
		t.Run(p.String(), func(t *testing.T) {
			s, forger := sealer(t, p, 1), sealer(t, p, 2)
			for _, c := range []struct {
				first uint64
				want  error
			}{
				{0x10000, nil}, {0x10003, nil}, {0x17fff, nil},
				{3, nil}, {0xfff8, nil}, // controls: no wrap before the first packet
				{0x18000, srtp.ErrAuth}, {0x20003, srtp.ErrAuth}, // not near a wrap, or not near the first
			} {
				o := opener(t, p, 1, 64)
				if _, _, err := open(o, seal(t, forger, 7, c.first)); err != srtp.ErrAuth {
					t.Errorf("first packet %#x forged: %v, want ErrAuth", c.first, err)
				}
				b, at, err := open(o, seal(t, s, 7, c.first))
				if err != c.want || err == nil && (at != c.first || !bytes.Equal(b, plain(7, c.first))) {
					t.Errorf("first packet %#x = %#x, %v, want %v", c.first, at, err, c.want)
				}
				if c.want != nil {
					continue
				}
				if _, _, err := open(o, seal(t, s, 7, c.first)); err != srtp.ErrReplay {
					t.Errorf("first packet %#x again: %v, want ErrReplay", c.first, err)
				}
				if _, at, err := open(o, seal(t, s, 7, c.first+1)); err != nil || at != c.first+1 {
					t.Errorf("packet %#x after it = %#x, %v", c.first+1, at, err)
				}
			}
			o := opener(t, p, 1, 64)
			for _, index := range []uint64{0x10001, 0xfffe, 0x10000, 0xffff} { // what comes late is from before the wrap
				if _, at, err := open(o, seal(t, s, 7, index)); err != nil || at != index {
					t.Errorf("packet %#x = %#x, %v", index, at, err)
				}
			}
		})
	}
}

// Any one flipped bit of a packet, header and tag included, is found, and the packet opens once it is right again.
func TestEveryBitIsAuthenticated(t *testing.T) {
	for _, p := range profiles {
		s, o := sealer(t, p, 1), opener(t, p, 1, 64)
		b := seal(t, s, 7, 50)
		for i := range len(b) * 8 {
			bad := bytes.Clone(b)
			bad[i/8] ^= 1 << (i % 8)
			if _, _, err := o.OpenRTP(bad); err != srtp.ErrAuth && err != srtp.ErrShort {
				t.Fatalf("%s: bit %d flipped: %v, want ErrAuth or ErrShort", p, i, err)
			}
		}
		if _, _, err := open(o, b); err != nil {
			t.Errorf("%s: control: untouched packet: %v", p, err)
		}
	}
}

func TestSourcesAreLimited(t *testing.T) {
	for _, p := range profiles {
		t.Run(p.String(), func(t *testing.T) {
			s, o, forger := sealer(t, p, 1), opener(t, p, 1, 64), sealer(t, p, 2)
			for ssrc := range uint32(10 * srtp.MaxSources) { // forged sources cost nothing
				if _, _, err := open(o, seal(t, forger, 1000+ssrc, 5)); err != srtp.ErrAuth {
					t.Fatalf("forged source: %v, want ErrAuth", err)
				}
				r, _ := forger.SealRTCP(nil, report(1000+ssrc, 1))
				if _, err := o.OpenRTCP(r); err != srtp.ErrAuth {
					t.Fatalf("forged report: %v, want ErrAuth", err)
				}
			}
			for ssrc := range uint32(srtp.MaxSources + 1) {
				want := error(nil)
				if ssrc == srtp.MaxSources {
					want = srtp.ErrLimit
				}
				if _, _, err := open(o, seal(t, s, ssrc, 5)); err != want {
					t.Fatalf("source %d: %v, want %v", ssrc, err, want)
				}
				r, err := s.SealRTCP(nil, report(ssrc, 1))
				if err != nil {
					t.Fatal(err)
				}
				if _, err := o.OpenRTCP(r); err != want {
					t.Fatalf("report of source %d: %v, want %v", ssrc, err, want)
				}
			}
			if err := o.Expect(srtp.MaxSources, 1); err != srtp.ErrLimit {
				t.Errorf("Expect one source more: %v, want ErrLimit", err)
			}
			if _, _, err := open(o, seal(t, s, 3, 6)); err != nil {
				t.Errorf("control: known source: %v, want it opened", err)
			}
		})
	}
}

func TestMalformedPackets(t *testing.T) {
	long := append(header(7, 5), make([]byte, 40)...)
	version1 := bytes.Clone(long)
	version1[0] ^= 0xc0
	extension := bytes.Clone(long)
	binary.BigEndian.PutUint16(extension[18:], 0xffff) // words of extension, far past the end
	table := map[string][]byte{
		"empty": nil, "one byte": {0x80}, "header alone": header(7, 5)[:12], "version 1": version1,
		"extension past the end": extension, "sources past the end": append([]byte{0x8f}, make([]byte, 30)...),
	}
	for _, p := range profiles {
		o, s := opener(t, p, 1, 64), sealer(t, p, 1)
		for name, b := range table {
			if _, _, err := open(o, b); err != srtp.ErrShort {
				t.Errorf("%s: open %s: %v, want ErrShort", p, name, err)
			}
			if _, err := s.SealRTP(nil, b, nil, 5); err != srtp.ErrShort && name != "header alone" {
				t.Errorf("%s: seal %s: %v, want ErrShort", p, name, err)
			}
		}
		if _, err := s.SealRTP(nil, header(7, 5), nil, 6); err != srtp.ErrShort {
			t.Errorf("%s: header with another number than the index: %v, want ErrShort", p, err)
		}
		if _, err := s.SealRTP(nil, header(7, srtp.MaxIndex+1), nil, srtp.MaxIndex+1); err != srtp.ErrLimit {
			t.Errorf("%s: index past the last: %v, want ErrLimit", p, err)
		}
		if _, err := s.SealRTP(nil, header(7, srtp.MaxIndex), nil, srtp.MaxIndex); err != nil {
			t.Errorf("%s: the last index: %v, want it sealed", p, err)
		}
		for _, b := range [][]byte{nil, {0x80, 201, 0, 1}, report(7, 1), append([]byte{0x40}, make([]byte, 60)...)} {
			if _, err := o.OpenRTCP(bytes.Clone(b)); err != srtp.ErrShort {
				t.Errorf("%s: open report of %d bytes: %v, want ErrShort", p, len(b), err)
			}
		}
	}
}

func TestKeyLengthsAndWindowAreChecked(t *testing.T) {
	for _, p := range append(profiles, 0x0002) {
		k, s := keys(p, 1)
		for _, d := range [][2]int{{0, 0}, {1, 0}, {-1, 0}, {0, 1}, {0, -1}} {
			want := d == [2]int{} && p.KeyLen() > 0
			key, salt := make([]byte, max(0, len(k)+d[0])), make([]byte, max(0, len(s)+d[1]))
			if _, err := srtp.NewSealer(p, key, salt); (err == nil) != want {
				t.Errorf("%v: sealer with key of %d and salt of %d: %v", p, len(key), len(salt), err)
			}
			if _, err := srtp.NewOpener(p, key, salt, 64); (err == nil) != want {
				t.Errorf("%v: opener with key of %d and salt of %d: %v", p, len(key), len(salt), err)
			}
		}
	}
	k, s := keys(srtp.AEADAES128GCM, 1)
	for packets, want := range map[uint]bool{srtp.MinWindow - 1: false, srtp.MinWindow: true, srtp.MaxWindow: true, srtp.MaxWindow + 1: false} {
		if _, err := srtp.NewOpener(srtp.AEADAES128GCM, k, s, packets); (err == nil) != want {
			t.Errorf("window of %d: %v", packets, err)
		}
	}
}

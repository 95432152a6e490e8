package srtp_test

import (
	"bytes"
	"testing"

	"visavis/internal/srtp"
)

// The library is the independent opinion on key derivation, IV, tags and roll-over counters.
func TestLibraryOpensWhatWeSeal(t *testing.T) {
	for _, p := range profiles {
		t.Run(p.String(), func(t *testing.T) {
			s, lib, other := sealer(t, p, 1), library(t, p, 1), library(t, p, 2)
			for index := uint64(65000); index < 3<<16; index += 97 { // over two wraps
				b := seal(t, s, 7, index)
				if got, want := len(b), len(plain(7, index))+p.Overhead(); got != want {
					t.Fatalf("sealed length = %d, want %d", got, want)
				}
				if _, err := other.DecryptRTP(nil, b, nil); err == nil {
					t.Fatal("a library context with another key opened the packet")
				}
				got, err := lib.DecryptRTP(nil, b, nil)
				if err != nil || !bytes.Equal(got, plain(7, index)) {
					t.Fatalf("library opens index %d: %x, %v; want %x", index, got, err, plain(7, index))
				}
			}
			for n := range uint32(100) {
				b, err := s.SealRTCP([]byte("front"), report(7, n))
				if err != nil {
					t.Fatal(err)
				}
				got, err := lib.DecryptRTCP(nil, b[len("front"):], nil)
				if err != nil || !bytes.Equal(got, report(7, n)) || string(b[:5]) != "front" {
					t.Fatalf("library opens report %d: %x, %v; want %x", n, got, err, report(7, n))
				}
				if _, err := other.DecryptRTCP(nil, b[len("front"):], nil); err == nil {
					t.Fatal("a library context with another key opened the report")
				}
			}
		})
	}
}

func TestWeOpenWhatLibrarySeals(t *testing.T) {
	for _, p := range profiles {
		t.Run(p.String(), func(t *testing.T) {
			lib, o, other := library(t, p, 1), opener(t, p, 1, 1024), opener(t, p, 2, 1024)
			for index := uint64(30000); index < 3<<16; index += 97 {
				b, err := lib.EncryptRTP(nil, plain(7, index), nil)
				if err != nil {
					t.Fatal(err)
				}
				if _, _, err := open(other, b); err != srtp.ErrAuth {
					t.Fatalf("opener with another key: %v, want ErrAuth", err)
				}
				got, at, err := open(o, b)
				if err != nil || at != index || !bytes.Equal(got, plain(7, index)) {
					t.Fatalf("open index %d = %x at %d, %v; want %x", index, got, at, err, plain(7, index))
				}
			}
			for n := range uint32(100) {
				b, err := lib.EncryptRTCP(nil, report(7, n), nil)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := other.OpenRTCP(bytes.Clone(b)); err != srtp.ErrAuth {
					t.Fatalf("opener with another key: %v, want ErrAuth", err)
				}
				k, err := o.OpenRTCP(b)
				if err != nil || !bytes.Equal(b[:k], report(7, n)) {
					t.Fatalf("open report %d = %x, %v; want %x", n, b[:k], err, report(7, n))
				}
			}
		})
	}
}

// Sealing in any order, as resends do, comes out as in the first order: one (SSRC, index) is one byte string.
func TestSealingTwiceGivesSameBytes(t *testing.T) {
	for _, p := range profiles {
		t.Run(p.String(), func(t *testing.T) {
			s := sealer(t, p, 1)
			first := map[uint64][]byte{}
			for index := uint64(65000); index < 67000; index++ {
				first[index] = seal(t, s, 7, index)
			}
			o := opener(t, p, 1, 4096)
			for index := uint64(66999); index >= 65000; index -= 13 {
				if got := seal(t, s, 7, index); !bytes.Equal(got, first[index]) {
					t.Fatalf("index %d sealed again = %x, want %x", index, got, first[index])
				}
			}
			if bytes.Equal(first[65000][30:], first[65000+1<<10][30:]) {
				t.Fatal("different indices give the same bytes: the test shows nothing")
			}
			for index := uint64(65000); index < 67000; index++ {
				if _, at, err := open(o, first[index]); err != nil || at != index {
					t.Fatalf("open %d = %d, %v", index, at, err)
				}
			}
		})
	}
}

// payload of another source or another roll-over counter must not open: both are in the IV.
func TestSourceAndRollOverAreBound(t *testing.T) {
	for _, p := range profiles {
		t.Run(p.String(), func(t *testing.T) {
			s := sealer(t, p, 1)
			b := seal(t, s, 7, 2<<16|5)
			if _, _, err := open(opener(t, p, 1, 64), b); err != srtp.ErrAuth {
				t.Errorf("first packet of roll-over 2 without Expect: %v, want ErrAuth", err)
			}
			o := opener(t, p, 1, 64)
			if err := o.Expect(7, 2<<16); err != nil {
				t.Fatal(err)
			}
			if _, at, err := open(o, b); err != nil || at != 2<<16|5 {
				t.Errorf("first packet of roll-over 2 with Expect = %d, %v", at, err)
			}
			b = seal(t, s, 7, 9)
			b[11]++ // SSRC 8
			if _, _, err := open(opener(t, p, 1, 64), b); err != srtp.ErrAuth {
				t.Errorf("packet with another SSRC: %v, want ErrAuth", err)
			}
		})
	}
}

package srtp_test

import (
	"bytes"
	"testing"
)

// A packet that nobody sealed must never open, panic, or hinder the next genuine one.
func FuzzOpenRTP(f *testing.F) {
	for i, p := range profiles {
		f.Add(uint8(i), plain(7, 5))
		f.Add(uint8(i), seal(f, sealer(f, p, 9), 7, 70000))
	}
	f.Add(uint8(0), []byte{0x90, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7, 0xbe, 0xde, 0xff, 0xff})
	f.Add(uint8(2), append([]byte{0x90, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7, 0xc0, 0xde, 0, 1, 0x1f}, make([]byte, 40)...))
	f.Fuzz(func(t *testing.T, which uint8, packet []byte) {
		p := profiles[int(which)%len(profiles)]
		s, o := sealer(t, p, 1), opener(t, p, 1, 64)
		first, next := seal(t, s, 7, 4), seal(t, s, 7, 6)
		if _, _, err := open(o, first); err != nil {
			t.Fatal(err)
		}
		if n, _, err := open(o, packet); err == nil && !bytes.Equal(packet, next) {
			t.Fatalf("opened %x to %d bytes", packet, len(n))
		}
		if _, _, err := open(o, next); err != nil && !bytes.Equal(packet, next) {
			t.Fatalf("genuine packet after %x: %v", packet, err)
		}
	})
}

// As FuzzOpenRTP, for reports.
func FuzzOpenRTCP(f *testing.F) {
	for i, p := range profiles {
		f.Add(uint8(i), report(7, 5))
		b, _ := sealer(f, p, 9).SealRTCP(nil, report(7, 1))
		f.Add(uint8(i), b)
	}
	f.Add(uint8(0), append([]byte{0x80, 201, 0, 1, 0, 0, 0, 7}, make([]byte, 20)...))
	f.Fuzz(func(t *testing.T, which uint8, packet []byte) {
		p := profiles[int(which)%len(profiles)]
		s, o := sealer(t, p, 1), opener(t, p, 1, 64)
		if n, err := o.OpenRTCP(bytes.Clone(packet)); err == nil {
			t.Fatalf("opened %x to %d bytes", packet, n)
		}
		b, err := s.SealRTCP(nil, report(7, 1))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := o.OpenRTCP(b); err != nil {
			t.Fatalf("genuine report after %x: %v", packet, err)
		}
	})
}

package srtp_test

import (
	"testing"

	"visavis/internal/srtp"
)

func TestGCMAllocatesNothing(t *testing.T) {
	for _, p := range []srtp.Profile{srtp.AEADAES128GCM, srtp.AEADAES256GCM} {
		s, o := sealer(t, p, 1), opener(t, p, 1, 1024)
		h, body := header(7, 0), payload(0)
		buf := make([]byte, 0, 1500)
		index := uint64(0)
		var err error
		if n := testing.AllocsPerRun(1000, func() {
			index++
			h[2], h[3] = byte(index>>8), byte(index)
			var b []byte
			if b, err = s.SealRTP(buf, h, body, index); err == nil {
				_, _, err = o.OpenRTP(b)
			}
		}); n != 0 || err != nil {
			t.Errorf("%s: seal and open = %v allocations, %v, want 0", p, n, err)
		}
		forged := seal(t, sealer(t, p, 2), 7, 5000)
		if n := testing.AllocsPerRun(1000, func() { _, _, err = o.OpenRTP(forged) }); n != 0 || err == nil {
			t.Errorf("%s: refuse a forged packet = %v allocations, %v, want 0", p, n, err)
		}
	}
}

func BenchmarkSealRTP(b *testing.B) {
	for _, p := range profiles {
		for _, size := range []int{120, 1200} {
			b.Run(p.String()+"/"+map[int]string{120: "120", 1200: "1200"}[size], func(b *testing.B) {
				s, h, body := sealer(b, p, 1), header(7, 0), make([]byte, size)
				buf := make([]byte, 0, 1500)
				b.SetBytes(int64(size))
				b.ReportAllocs()
				index := uint64(0)
				for b.Loop() {
					index++
					h[2], h[3] = byte(index>>8), byte(index)
					if _, err := s.SealRTP(buf, h, body, index); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkSealAndOpenRTP includes sealing the packet again, as each can be opened once: subtract BenchmarkSealRTP.
func BenchmarkSealAndOpenRTP(b *testing.B) {
	for _, p := range profiles {
		b.Run(p.String()+"/1200", func(b *testing.B) {
			s, o, h, body := sealer(b, p, 1), opener(b, p, 1, 1024), header(7, 0), make([]byte, 1200)
			buf := make([]byte, 0, 1500)
			b.SetBytes(1200)
			b.ReportAllocs()
			index := uint64(0)
			for b.Loop() {
				index++
				h[2], h[3] = byte(index>>8), byte(index)
				packet, err := s.SealRTP(buf, h, body, index)
				if err != nil {
					b.Fatal(err)
				}
				if _, _, err := o.OpenRTP(packet); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

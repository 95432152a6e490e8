package peer

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"visavis/internal/media"
)

// BenchmarkColdReceivers is what the node itself does for a packet of four to each of so many players, without the kernel. Between two flushes the
// processor's near memory is used for something else, as it is when every packet goes through the kernel: ns/packet is of the flushes alone, the middle one.
func BenchmarkColdReceivers(b *testing.B) {
	for _, n := range []int{10, 50, 500} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			x := newBench(b)
			x.conn.keep = false
			s := media.NewStream(x.sw, media.StreamConfig{ID: "cam", Kind: media.Video, SSRC: 1})
			for range n {
				g := chrome(x)
				g.s.Slot("stage0").Assign(x.now, s)
			}
			other := make([]byte, 4<<20)
			p := media.Packet{SSRC: 1, Marker: true, Payload: make([]byte, 1150)}
			var spent []time.Duration
			b.ResetTimer()
			for i := range b.N {
				x.now = x.now.Add(30 * time.Millisecond)
				for k := range 4 {
					p.Seq++
					p.Time += 3000
					copy(p.Payload, []byte{0x90, 0x80, 0x80 | byte(p.Seq>>8)&0x7f, byte(p.Seq), 1})
					if i == 0 && k == 0 {
						p.Payload[4] = 0
					}
					s.Push(x.now, &p, media.NoLevel)
				}
				for j := 0; j < len(other); j += 64 {
					other[j]++
				}
				begin := time.Now()
				x.sw.Flush(x.now)
				x.h.c.Worker.Flush()
				spent = append(spent, time.Since(begin))
			}
			slices.Sort(spent)
			b.ReportMetric(float64(spent[len(spent)/2].Nanoseconds())/float64(n*4), "ns/packet")
		})
	}
}

package link

import (
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"visavis/internal/media"
)

// bursts loses one datagram in ten, always two that follow each other in the same direction.
func bursts(seed uint64) func(from byte, b []byte) bool {
	type way struct {
		r    *rand.Rand
		left int
	}
	ways := make(map[byte]*way)
	return func(from byte, b []byte) bool {
		w := ways[from]
		if w == nil {
			w = &way{r: rand.New(rand.NewPCG(seed, uint64(from)))}
			ways[from] = w
		}
		if w.left > 0 {
			w.left--
			return true
		}
		if w.r.Float64() < 0.1/1.9 { // 2p / (1+p) = 0.1
			w.left = 1
			return true
		}
		return false
	}
}

// losses is the worse direction of a talk: the share of sound that never came, that was more than 200 ms late, and the share of
// datagrams that the network lost.
type losses struct{ never, late, network float64 }

// burstCall has two people talk for a time at 80 ms round trip while bursts lose a tenth of everything.
func burstCall(t *testing.T, seed uint64, talk time.Duration, nack bool) (l losses) {
	const delay = 40 * time.Millisecond
	pair(t, seed, delay, func(w *world, a, b *node) {
		var s [2]*source
		var e [2]*ear
		for i, n := range []*node{a, b} {
			s[i] = n.source(media.Audio, uint32(11+i))
			n.conn().Offer("m/one/mic", s[i].stream)
		}
		for i, n := range []*node{b, a} {
			e[i] = n.listen("m/one/mic", media.Audio)
			s[i].run(20 * time.Millisecond)
		}
		time.Sleep(2 * time.Second)
		lose, sent, lost := bursts(seed), 0, 0
		w.n.set(func() {
			w.n.dropFrom = func(from byte, p []byte) bool {
				sent++
				gone := lose(from, p)
				if gone {
					lost++
				}
				return gone || !nack && p[1] == rtcpRTPFB
			}
		})
		from := time.Now()
		time.Sleep(talk)
		to := time.Now()
		time.Sleep(2 * time.Second)
		for i := range s {
			s[i].halt()
			late, n := lateShare(s[i], e[i], from, to, delay, 200*time.Millisecond)
			l.late = max(l.late, late)
			l.never = max(l.never, float64(missing(s[i], e[i], from, to))/float64(n))
		}
		w.n.set(func() { l.network = float64(lost) / float64(sent) })
	})
	return l
}

func TestBurstsAreMadeGood(t *testing.T) {
	l := burstCall(t, 51, 60*time.Second, true)
	if l.never > 0.01 || l.network < 0.08 || l.network > 0.12 {
		t.Errorf("bursts of two, %.3f of all lost: %.4f of sound never came, want ≤ 0.01", l.network, l.never)
	}
	if l.late > 0.03 {
		t.Errorf("bursts of two: %.4f of sound came more than 200 ms late, want ≤ 0.03", l.late)
	}
	if c := burstCall(t, 51, 60*time.Second, false); c.never < 0.08 {
		t.Errorf("control, without resend requests: %.4f never came, want about 0.1", c.never)
	}
}

// TestMeasureNetwork prints what `make measure-network` wants to know of the link; VISAVIS_MEASURE=1 turns it on. Time is virtual.
func TestMeasureNetwork(t *testing.T) {
	if os.Getenv("VISAVIS_MEASURE") == "" {
		t.Skip("VISAVIS_MEASURE is not set")
	}
	l := burstCall(t, 51, 600*time.Second, true)
	fmt.Printf("measure network.bursts.audio.residual %.3f %% <=1\n", 100*l.never)
	fmt.Printf("measure network.bursts.audio.late200 %.3f %%\n", 100*l.late)
	fmt.Printf("measure network.bursts.datagrams.lost %.3f %%\n", 100*l.network)
	l = burstCall(t, 51, 600*time.Second, false)
	fmt.Printf("measure network.bursts.audio.residual.nonack %.3f %%\n", 100*l.never)

	lost, sound, picture := cutOne(t, true)
	fmt.Printf("measure network.pathcut.audio.lost %d packets <=0\n", lost)
	fmt.Printf("measure network.pathcut.audio.gap %.0f ms <=60\n", sound.Seconds()*1000)
	fmt.Printf("measure network.pathcut.video.gap %.0f ms <=500\n", picture.Seconds()*1000)
	lost, sound, _ = cutOne(t, false)
	fmt.Printf("measure network.pathcut.audio.lost.onepath %d packets\n", lost)
	fmt.Printf("measure network.pathcut.audio.gap.onepath %.0f ms\n", sound.Seconds()*1000)

	sound, picture = blockUDP(t, true, true)
	fmt.Printf("measure network.blocked.audio.back %.0f ms <=5000\n", sound.Seconds()*1000)
	fmt.Printf("measure network.blocked.video.back %.0f ms <=5000\n", picture.Seconds()*1000)
	sound, picture = blockUDP(t, false, true)
	fmt.Printf("measure network.blockedoneway.audio.back %.0f ms <=5000\n", sound.Seconds()*1000)
	fmt.Printf("measure network.blockedoneway.video.back %.0f ms <=5000\n", picture.Seconds()*1000)
	sound, _ = blockUDP(t, true, false)
	fmt.Printf("measure network.blocked.audio.back.notls %.0f ms\n", sound.Seconds()*1000)
}

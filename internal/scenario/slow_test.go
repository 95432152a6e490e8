package scenario

import (
	"fmt"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// others is what all but one of four members get of the three others in half a minute.
type others struct {
	missing, sent int // packets
	sound         time.Duration
	picture       time.Duration // longest gaps
	keyframes     int           // a request by one makes all watchers receive one
	lost          float64       // share of the datagrams to the one, by the network
}

// oneLossy has the network lose a share of everything between one member and her node, both ways.
func oneLossy(t *testing.T, loss float64) (o others) {
	synctest.Test(t, func(t *testing.T) {
		w := NewWorld(t, Options{Seed: 7})
		all := four(w)
		w.impaired(Path{Delay: 10 * time.Millisecond}, all...)
		one := all[3]
		down := Path{Delay: 10 * time.Millisecond, Loss: loss}
		w.Net.Impair(one.party.Host, one.Host, down)
		time.Sleep(5 * time.Second)
		was := w.Net.Traffic(one.party.Host, one.Host)
		for _, to := range all {
			for h := range to.Hears() {
				to.Gap(h)
			}
		}
		begin := time.Now()
		time.Sleep(30 * time.Second)
		end := time.Now()
		for _, to := range all[:3] {
			for _, from := range all {
				if from == to {
					continue
				}
				o.sound = max(o.sound, to.Gap(Heard{from.Member, "mic"}))
				o.picture = max(o.picture, to.Gap(Heard{from.Member, "cam"}))
				o.keyframes += to.keyframes(Heard{from.Member, "cam"}, begin, end)
			}
		}
		now := w.Net.Traffic(one.party.Host, one.Host)
		o.lost = float64(now.Lost-was.Lost) / float64(now.Sent-was.Sent)
		time.Sleep(2 * time.Second)
		for _, to := range all[:3] {
			for _, from := range all {
				for _, track := range []string{"mic", "cam"} {
					if from != to {
						sent := from.SentBetween(track, begin, end)
						missing, _ := to.Missing(Heard{from.Member, track}, sent)
						o.missing, o.sent = o.missing+missing, o.sent+len(sent)
					}
				}
			}
		}
	})
	return o
}

// keyframes counts those of h that came between two moments.
func (q *Person) keyframes(h Heard, from, to time.Time) (n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, a := range q.arrivals {
		if a.h == h && a.key && !a.at.Before(from) && a.at.Before(to) {
			n++
		}
	}
	return n
}

// TestOneLossyReceiver: one member who loses a fifth of what she gets costs the others nothing.
func TestOneLossyReceiver(t *testing.T) {
	with, without := oneLossy(t, 0.2), oneLossy(t, 0)
	t.Logf("with %+v, without %+v", with, without)
	if with.lost < 0.15 || without.lost > 0 {
		t.Errorf("%.2f of the one's datagrams are lost, in the control %.2f, want about 0.2 and 0", with.lost, without.lost)
	}
	if with.missing > 0 || without.missing > 0 || with.sent < 20000 {
		t.Errorf("of %d packets %d did not come to the others, in the control %d", with.sent, with.missing, without.missing)
	}
	if with.sound > without.sound+10*time.Millisecond || with.picture > without.picture+40*time.Millisecond {
		t.Errorf("the others' longest gaps: sound %v, picture %v; control %v, %v", with.sound, with.picture, without.sound, without.picture)
	}
	if with.keyframes > without.keyframes+30 {
		t.Errorf("the others got %d keyframes in 30 s, in the control %d", with.keyframes, without.keyframes)
	}
}

// blockedBetween blocks datagrams between the nodes, or (all) everything; it gives how long a member of one hears nothing of one of
// the other.
func blockedBetween(t *testing.T, all bool) (silence time.Duration, ways [2]string) {
	synctest.Test(t, func(t *testing.T) {
		w := NewWorld(t, Options{Seed: 8})
		a, b := w.Avelmar.Join("avelmar-one", nil), w.Tolmeria.Join("tolmeria-one", nil)
		w.connected(a, b)
		w.impaired(Path{Delay: 20 * time.Millisecond}, a, b)
		time.Sleep(2 * time.Second)
		ways[0] = b.way()
		h := Heard{a.Member, "mic"}
		b.Gap(h)
		p := Path{Delay: 20 * time.Millisecond, Cut: all, Drop: func([]byte) bool { return true }}
		w.Net.Impair(w.Avelmar.Host, w.Tolmeria.Host, p)
		w.Net.Impair(w.Tolmeria.Host, w.Avelmar.Host, p)
		time.Sleep(10 * time.Second)
		silence = b.Gap(h)
		ways[1] = b.way()
	})
	return silence, ways
}

// way is how the page is told that media crosses the link.
func (q *Person) way() string {
	if l := q.Bot.Stats().State.Links; len(l) == 1 {
		return l[0].Way
	}
	return "no link"
}

// TestBlockedDatagramsBetweenNodes: the call goes on inside TLS. The control blocks TCP too.
func TestBlockedDatagramsBetweenNodes(t *testing.T) {
	if silence, ways := blockedBetween(t, false); silence > 5*time.Second || ways != [2]string{"one", "tls"} {
		t.Errorf("datagrams blocked: no sound for %v, want ≤ 5 s; ways before and after: %q", silence, ways)
	}
	if silence, ways := blockedBetween(t, true); silence < 9*time.Second || ways != [2]string{"one", ""} {
		t.Errorf("control: everything is blocked, but there was no sound for %v only; ways: %q", silence, ways)
	}
}

// TestMeasureNetwork prints lines for `make measure-network`; VISAVIS_MEASURE=1 turns it on. Time is virtual.
func TestMeasureNetwork(t *testing.T) {
	if os.Getenv("VISAVIS_MEASURE") == "" {
		t.Skip("VISAVIS_MEASURE is not set")
	}
	with, without := oneLossy(t, 0.2), oneLossy(t, 0)
	share := func(o others) float64 { return 100 * float64(o.missing) / float64(o.sent) }
	fmt.Printf("measure network.onelossy.datagrams.lost %.1f %%\n", 100*with.lost)
	fmt.Printf("measure network.onelossy.others.missing %.4f %% <=0\n", share(with))
	fmt.Printf("measure network.onelossy.others.missing.control %.4f %%\n", share(without))
	fmt.Printf("measure network.onelossy.others.audio.gap.added %.1f ms <=10\n", max(0, with.sound-without.sound).Seconds()*1000)
	fmt.Printf("measure network.onelossy.others.video.gap.added %.1f ms <=40\n", max(0, with.picture-without.picture).Seconds()*1000)
	fmt.Printf("measure network.onelossy.others.keyframes.added %d frames\n", with.keyframes-without.keyframes)
	silence, _ := blockedBetween(t, false)
	fmt.Printf("measure network.blocked.nodes.audio.back %.0f ms <=5000\n", silence.Seconds()*1000)
	silence, _ = blockedBetween(t, true)
	fmt.Printf("measure network.blocked.nodes.audio.back.nothing %.0f ms\n", silence.Seconds()*1000)
}

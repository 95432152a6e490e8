package scenario

import (
	"fmt"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"visavis/internal/bot"
	"visavis/internal/meeting"
)

// layered is a camera in three layers at 15 pictures a second, 1.5 Mbit/s, 500 and 120 kbit/s, each a stream of VP8 of its own with a keyframe a
// second, twice as large as the others; and a voice of 64 kbit/s without a pause.
func layered() *bot.Clip {
	c := testClip()
	picture := func(size int) (out []bot.Frame) {
		for i := range 15 {
			f := bot.Frame{Data: make([]byte, size), Key: i == 0}
			if f.Data[0] = 0x11; f.Key { // RFC 6386 §9.1: bit 0 is 0 in keyframes
				f.Data = make([]byte, 2*size)
				f.Data[0] = 0x10
			}
			out = append(out, f)
		}
		return out
	}
	c.Frames, c.Lower = picture(11700), [][]bot.Frame{picture(3900), picture(940)}
	return c
}

// watcher only listens and looks; feedback says whether its node learns what comes.
func watcher(feedback bool) func(*bot.Config) {
	return func(c *bot.Config) { c.MicOff, c.CameraOff, c.Feedback = true, true, feedback }
}

// packetsOf counts those of h that came between two moments.
func (q *Person) packetsOf(h Heard, from, to time.Time) (n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, a := range q.arrivals {
		if a.h == h && !a.at.Before(from) && a.at.Before(to) {
			n++
		}
	}
	return n
}

// shows is the layer of a member's camera that most packets came of between two moments, "" for none.
func (q *Person) shows(member string, from, to time.Time) (layer string) {
	most := 0
	for _, l := range []string{"h", "m", "l"} {
		if n := q.packetsOf(Heard{Member: meeting.MemberID(member), Track: "cam/" + l}, from, to); n > most {
			layer, most = l, n
		}
	}
	return layer
}

// rateCut is what a cut of one receiver's path did to it and to another one at the same node.
type rateCut struct {
	before      string        // layer
	sound       float64       // share lost, from the cut to its end
	lower, back time.Duration // until the first half second at a lower layer; until one at the best again, after the cut's end
	dark        int           // half seconds during the cut without a picture, later than 3 s
	otherSound  float64
	otherWorse  int // half seconds in which the other one did not see the best layer
	otherGap    time.Duration
}

// cutOf cuts the path from a node to one of its receivers from 3 Mbit/s to 300 kbit/s for 20 s. Sound and three layers of a camera come from the
// other node. With another rate than 300 kbit/s in its place nothing is cut: what the others get then is the measure.
func cutOf(t *testing.T, feedback bool, to float64) (o rateCut) {
	const half = 500 * time.Millisecond
	synctest.Test(t, func(t *testing.T) {
		w := NewWorld(t, Options{Seed: 21})
		from := w.Avelmar.Join("avelmar-principal", func(c *bot.Config) { c.Clip = layered() })
		one, two := w.Tolmeria.Join("tolmeria-one", watcher(feedback)), w.Tolmeria.Join("tolmeria-two", watcher(true))
		w.connected(from, one, two)
		w.impaired(Path{Delay: 10 * time.Millisecond}, from, one, two)
		path := Path{Delay: 10 * time.Millisecond, Rate: 3e6, Queue: 300 * time.Millisecond}
		w.Net.Impair(w.Tolmeria.Host, one.Host, path)
		time.Sleep(6 * time.Second)
		o.before = one.shows("avelmar-principal", time.Now().Add(-time.Second), time.Now())
		mic := Heard{from.Member, "mic"}
		two.Gap(mic)
		cut := time.Now()
		path.Rate = to
		w.Net.Impair(w.Tolmeria.Host, one.Host, path)
		for range 40 {
			time.Sleep(half)
			now := time.Now()
			layer := one.shows("avelmar-principal", now.Add(-half), now)
			if o.lower == 0 && (layer == "m" || layer == "l") {
				o.lower = now.Sub(cut)
			}
			if layer == "" && now.Sub(cut) > 3*time.Second {
				o.dark++
			}
			if two.shows("avelmar-principal", now.Add(-half), now) != "h" {
				o.otherWorse++
			}
		}
		over := time.Now()
		path.Rate = 3e6
		w.Net.Impair(w.Tolmeria.Host, one.Host, path)
		for range 40 {
			time.Sleep(half)
			if now := time.Now(); o.back == 0 && one.shows("avelmar-principal", now.Add(-half), now) == "h" {
				o.back = now.Sub(over)
			}
		}
		o.otherGap = two.Gap(mic)
		sent := from.SentBetween("mic", cut, over)
		lost, _ := one.Missing(mic, sent)
		o.sound = float64(lost) / float64(len(sent))
		lost, _ = two.Missing(mic, sent)
		o.otherSound = float64(lost) / float64(len(sent))
	})
	return o
}

// TestMeasureNetworkRateCut cuts one receiver's path to a tenth, through whole nodes: it goes on hearing, sees a lower layer, and climbs back; the other receiver
// at its node notices nothing. Controls: a receiver whose node gets no feedback loses sound, and without a cut the other one has the same gaps.
func TestMeasureNetworkRateCut(t *testing.T) {
	with, without, uncut := cutOf(t, true, 300e3), cutOf(t, false, 300e3), cutOf(t, true, 3e6)
	t.Logf("cut %+v", with)
	t.Logf("control, no feedback %+v", without)
	t.Logf("control, no cut %+v", uncut)
	if with.before != "h" || uncut.lower != 0 || uncut.back == 0 {
		t.Errorf("at 3 Mbit/s layer %q; without a cut lower after %v", with.before, uncut.lower)
	}
	if with.sound > 0.005 {
		t.Errorf("%.2f %% of the sound lost, want at most 0.5", with.sound*100)
	}
	if with.lower == 0 || with.lower > 3*time.Second || with.dark > 0 {
		t.Errorf("a lower layer after %v (0: never), want 3 s; %d half seconds without a picture after that", with.lower, with.dark)
	}
	if with.back == 0 || with.back > 15*time.Second {
		t.Errorf("the best layer again after %v (0: never), want 15 s", with.back)
	}
	for _, o := range []rateCut{with, without} {
		if o.otherSound > 0 || o.otherWorse > uncut.otherWorse || o.otherGap > uncut.otherGap+10*time.Millisecond {
			t.Errorf("the other receiver: %+v, without a cut %+v", o, uncut)
		}
	}
	if without.sound < 0.05 {
		t.Errorf("control: without feedback %.2f %% of the sound was lost: the cut shows nothing", without.sound*100)
	}
	if os.Getenv("VISAVIS_MEASURE") == "" {
		return
	}
	fmt.Printf("measure network.cut.audio %.2f %% <=0.5\n", 100*with.sound)
	fmt.Printf("measure network.cut.audio.noestimate %.2f %%\n", 100*without.sound)
	fmt.Printf("measure network.cut.lower %.1f s <=3\n", with.lower.Seconds())
	fmt.Printf("measure network.cut.back %.1f s <=15\n", with.back.Seconds())
	fmt.Printf("measure network.cut.others.audio %.2f %% <=0\n", 100*with.otherSound)
	fmt.Printf("measure network.cut.others.audio.gap.added %.1f ms <=10\n", max(0, with.otherGap-uncut.otherGap).Seconds()*1000)
	fmt.Printf("measure network.cut.others.lower %d s/2 <=0\n", with.otherWorse)
}

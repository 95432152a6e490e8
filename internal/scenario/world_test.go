package scenario

import (
	"testing"
	"testing/synctest"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/udp"
)

// four lets two members of each party join and waits until they are connected.
func four(w *World) []*Person {
	w.T.Helper()
	// Invitations first: one that is written while others come in can wait for the store in virtual time, while who comes in waits for a lock, which is
	// no virtual time.
	links := map[meeting.MemberID]string{}
	each := func(do func(p *Party, m meeting.MemberID)) {
		for _, m := range []meeting.MemberID{"principal", "one"} {
			for _, p := range []*Party{w.Avelmar, w.Tolmeria} {
				do(p, meeting.MemberID(p.ID)+"-"+m)
			}
		}
	}
	each(func(p *Party, m meeting.MemberID) { links[m] = p.Invite(m).Reveal() })
	var all []*Person
	each(func(p *Party, m meeting.MemberID) { all = append(all, p.JoinWith(m, links[m], nil)) })
	w.connected(all...)
	return all
}

// connected fails unless all are connected within 10 s, and gives the nodes time to find each other and to fill slots.
func (w *World) connected(all ...*Person) {
	w.T.Helper()
	for _, q := range all {
		if !q.Await(10 * time.Second) {
			w.T.Fatalf("%s is not connected: %+v", q.Member, q.Bot.Stats())
		}
	}
	time.Sleep(3 * time.Second)
}

// impaired sets the same path in both directions between the nodes and between each person and its node.
func (w *World) impaired(p Path, all ...*Person) {
	w.Net.Impair(w.Avelmar.Host, w.Tolmeria.Host, p)
	w.Net.Impair(w.Tolmeria.Host, w.Avelmar.Host, p)
	for _, q := range all {
		w.Net.Impair(q.Host, q.party.Host, p)
		w.Net.Impair(q.party.Host, q.Host, p)
	}
}

// TestTwoNodesFourMembers is a call of four through two nodes for a minute, every path losing 2 % each way: each packet that anybody
// sends reaches everybody else, once, and nobody hears or sees himself. Without trust between the parties, the control, each side has
// itself and nothing of the other.
func TestTwoNodesFourMembers(t *testing.T) {
	const seed = 5
	for _, c := range []struct {
		name     string
		unpaired bool
	}{{"paired", false}, {"control: no link", true}} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := NewWorld(t, Options{Seed: seed, Unpaired: c.unpaired})
				all := four(w)
				w.impaired(Path{Loss: 0.02, Delay: 10 * time.Millisecond}, all...)
				time.Sleep(3 * time.Second) // until everybody sees everybody
				begin := time.Now()
				time.Sleep(time.Minute)
				end := time.Now()
				time.Sleep(2 * time.Second) // for the last resends
				for _, from := range all {
					for _, track := range []string{"mic", "cam"} {
						sent := from.SentBetween(track, begin, end)
						if least := map[string]int{"mic": 2990, "cam": 1780}[track]; len(sent) < least {
							t.Errorf("%s sent %d packets of %s in a minute, want at least %d", from.Member, len(sent), track, least)
						}
						for _, to := range all {
							h := Heard{from.Member, track}
							if to == from || c.unpaired && to.party != from.party {
								if n := to.Count(h); n != 0 {
									t.Errorf("%s received %d packets of %s of %s, want none", to.Member, n, track, from.Member)
								}
								continue
							}
							if missing, repeated := to.Missing(h, sent); missing != 0 || repeated != 0 {
								t.Errorf("%s: of %d packets of %s of %s %d are missing and %d came twice (seed %d)", to.Member, len(sent), track, from.Member, missing, repeated, seed)
							}
						}
					}
				}
				for _, q := range all {
					if n := q.Unmarked(); n != 0 {
						t.Errorf("%s received %d packets that nobody sent", q.Member, n)
					}
				}
				lost := w.Net.Traffic(w.Avelmar.Host, w.Tolmeria.Host)
				if share := float64(lost.Lost) / float64(max(lost.Sent, 1)); !c.unpaired && (share < 0.01 || share > 0.03) {
					t.Errorf("the path between the nodes lost %.2f %%, want about 2", share*100)
				}
				t.Logf("between the nodes: %+v", lost)
			})
		})
	}
}

// since is when the first packet of h came after a moment, as a time after it; a picture counts from its first keyframe on.
func (q *Person) since(h Heard, at time.Time) (time.Duration, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, a := range q.arrivals {
		if a.h == h && !a.at.Before(at) && (h.Track == "mic" || a.key) {
			return a.at.Sub(at), true
		}
	}
	return 0, false
}

// TestLinkCuts cuts the path between the nodes ten times for three seconds. Sound is back within 500 ms of the path, a keyframe of the
// picture within a second, nothing of before the cut comes late, and each side hears itself all the while.
func TestLinkCuts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := NewWorld(t, Options{Seed: 1})
		all := four(w)
		w.impaired(Path{Delay: 20 * time.Millisecond}, all...)
		time.Sleep(5 * time.Second)
		var sound, picture time.Duration
		for range 10 {
			w.Net.Cut(w.Avelmar.Host, w.Tolmeria.Host, true)
			begin := time.Now()
			time.Sleep(3 * time.Second)
			w.Net.Cut(w.Avelmar.Host, w.Tolmeria.Host, false)
			healed := time.Now()
			time.Sleep(5 * time.Second)
			for _, to := range all {
				for _, from := range all {
					if to == from {
						continue
					}
					mic, cam := Heard{from.Member, "mic"}, Heard{from.Member, "cam"}
					if to.party == from.party { // the control
						if missing, _ := to.Missing(mic, from.SentBetween("mic", begin, healed)); missing != 0 {
							t.Errorf("%s misses %d packets of %s, who is on the same node", to.Member, missing, from.Member)
						}
						continue
					}
					if d, ok := to.since(mic, begin.Add(200*time.Millisecond)); !ok || d < 2800*time.Millisecond {
						t.Errorf("%s heard %s through the cut", to.Member, from.Member)
					}
					d, ok := to.since(mic, healed)
					if sound = max(sound, d); !ok || d > 500*time.Millisecond {
						t.Errorf("%s hears %s after %v (%v), want at most 500 ms", to.Member, from.Member, d, ok)
					}
					d, ok = to.since(cam, healed)
					if picture = max(picture, d); !ok || d > time.Second {
						t.Errorf("%s sees %s after %v (%v), want at most 1 s", to.Member, from.Member, d, ok)
					}
				}
			}
		}
		t.Logf("after the path was back: sound within %v, a keyframe within %v", sound, picture)
		alive(t, all...)
	})
}

// lateness says what share of a track that was sent between two moments was not there 200 ms after it was due, which is the sending
// plus the shortest way that any took, and how late the latest of the others was.
func (q *Person) lateness(from *Person, track string, a, b time.Time) (share float64, worst time.Duration) {
	numbers := from.SentBetween(track, a, b)
	from.mu.Lock()
	sent := from.sent[track]
	from.mu.Unlock()
	took := map[uint32]time.Duration{}
	least := time.Hour
	q.mu.Lock()
	for _, x := range q.arrivals {
		if x.h == (Heard{from.Member, track}) && !sent[x.n].Before(a) {
			took[x.n] = x.at.Sub(sent[x.n])
			least = min(least, took[x.n])
		}
	}
	q.mu.Unlock()
	late := 0
	for _, n := range numbers {
		d, ok := took[n]
		if !ok || d > least+200*time.Millisecond {
			late++
			continue
		}
		worst = max(worst, d-least)
	}
	return float64(late) / float64(len(numbers)), worst
}

// TestLinkLossRepaired loses 5 % between the nodes each way at 40 ms of round trip: at most 0.5 % of the sound is not there 200 ms
// after it was due. Without NACK, the control (those datagrams are taken out of the path), what is lost stays lost.
func TestLinkLossRepaired(t *testing.T) {
	const seed = 6
	// RFC 5761 §4 and RFC 4585 §6.1: the type of an SRTCP datagram's first packet is in clear.
	isFeedback := func(b []byte) bool { return udp.Classify(b) == udp.RTCP && b[1] == 205 }
	for _, c := range []struct {
		name        string
		drop        func([]byte) bool
		least, most float64
	}{{"5 % loss", nil, 0, 0.005}, {"control: NACK does not get through", isFeedback, 0.035, 0.065}} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := NewWorld(t, Options{Seed: seed})
				a, b := w.Avelmar.Join("avelmar-principal", nil), w.Tolmeria.Join("tolmeria-principal", nil)
				w.connected(a, b)
				p := Path{Loss: 0.05, Delay: 20 * time.Millisecond, Drop: c.drop}
				w.Net.Impair(w.Avelmar.Host, w.Tolmeria.Host, p)
				w.Net.Impair(w.Tolmeria.Host, w.Avelmar.Host, p)
				time.Sleep(2 * time.Second)
				begin := time.Now()
				time.Sleep(2 * time.Minute)
				end := time.Now()
				time.Sleep(2 * time.Second)
				for _, x := range [][2]*Person{{a, b}, {b, a}} {
					share, worst := x[1].lateness(x[0], "mic", begin, end)
					t.Logf("seed %d, %s to %s: %.3f %% of the sound not there after 200 ms, the others at most %v late", seed, x[0].Member, x[1].Member, share*100, worst)
					if share < c.least || share > c.most {
						t.Errorf("%s to %s: %.3f %% late or lost, want %.1f to %.1f %%", x[0].Member, x[1].Member, share*100, c.least*100, c.most*100)
					}
				}
			})
		})
	}
}

// TestNodeRestart stops and starts either node: its members are back within five seconds, by themselves, and the log goes on.
func TestNodeRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := NewWorld(t, Options{Seed: 1})
		all := four(w)
		time.Sleep(3 * time.Second)
		for _, p := range []*Party{w.Avelmar, w.Tolmeria} {
			p.Stop()
			time.Sleep(4 * time.Second)
			p.Start()
			up := time.Now()
			for _, to := range all {
				for _, from := range all {
					for _, track := range []string{"mic", "cam"} {
						h := Heard{from.Member, track}
						for to != from {
							d, ok := to.since(h, up)
							if ok || time.Since(up) > 5*time.Second {
								if !ok || d > 5*time.Second {
									t.Errorf("%s restarted: %s does not have %s of %s again after 5 s", p.ID, to.Member, track, from.Member)
								}
								break
							}
							time.Sleep(10 * time.Millisecond)
						}
					}
				}
			}
			t.Logf("%s restarted: everybody has everybody after %v", p.ID, time.Since(up).Round(10*time.Millisecond))
			time.Sleep(5 * time.Second)
		}
		alive(t, all...)
		for _, q := range all {
			if s := q.Bot.Stats().State; len(s.Present) != 4 || s.Alarm != "" {
				t.Errorf("page of %s shows %d members, alarm %q", q.Member, len(s.Present), s.Alarm)
			}
		}
	})
}

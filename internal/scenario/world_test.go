package scenario

import (
	"testing"
	"testing/synctest"
	"time"

	"visavis/internal/meeting"
)

// four lets two members of each party join and waits until they are connected.
func four(w *World) []*Person {
	w.T.Helper()
	var all []*Person
	for _, m := range []meeting.MemberID{"principal", "one"} {
		for _, p := range []*Party{w.Avelmar, w.Tolmeria} {
			all = append(all, p.Join(meeting.MemberID(p.ID)+"-"+m, nil))
		}
	}
	w.connected(all...)
	return all
}

// connected fails unless all are connected within 10 s.
func (w *World) connected(all ...*Person) {
	w.T.Helper()
	for _, q := range all {
		if !q.Await(10 * time.Second) {
			w.T.Fatalf("%s is not connected: %+v", q.Member, q.Bot.Stats())
		}
	}
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

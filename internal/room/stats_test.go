package room_test

import (
	"testing"
	"testing/synctest"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/room"
	"visavis/internal/wire"
)

// cell is what the technician at k is shown of who hears whom.
func cell(k *page, member, source string) (c wire.Cell, stated bool) {
	for _, row := range k.stats().Matrix {
		if row.Member != member {
			continue
		}
		for _, c := range row.Cells {
			if c.Source == source {
				return c, row.Stated
			}
		}
	}
	return wire.Cell{Sound: "no row"}, false
}

func (p *page) stats() (out wire.Stats) {
	p.read(func() {
		if p.figures != nil {
			out = *p.figures
		}
	})
	return out
}

// TestMatrix: the technicians of both nodes see who hears whom, of their own people by measurement, of the others' by their node's word; and
// nobody but technicians is sent figures.
func TestMatrix(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSession(t, nil)
		s.to(meeting.Opened)
		shows := func(when, sound string, sources ...string) {
			t.Helper()
			for _, x := range []struct {
				k       *page
				listens string
				stated  bool
			}{{s.kA, aldesh, false}, {s.kA, thorrick, true}, {s.kB, thorrick, false}, {s.kB, aldesh, true}} {
				for _, src := range sources {
					c, stated := cell(x.k, x.listens, src)
					if c.Sound != sound || stated != x.stated {
						t.Errorf("%s: %s is shown that %s hears %s: %q, stated %v; want %q, %v", when, x.k.seat.Member, x.listens, src, c.Sound, stated, sound, x.stated)
					}
				}
			}
			for _, k := range []*page{s.kA, s.kB} {
				for _, row := range k.stats().Matrix {
					for _, c := range row.Cells {
						if c.Source == row.Member {
							t.Errorf("%s: a cell of %s with itself", when, row.Member)
						}
					}
				}
			}
		}
		settle(1500 * time.Millisecond)
		shows("nobody has the floor", "none", tarroven, kosvane)
		s.act(s.ofA, wire.Act{Do: wire.DoGive, Member: tarroven}, "")
		settle(100 * time.Millisecond)
		s.act(s.tA, wire.Act{Do: wire.DoAcknowledge}, "")
		s.tA.devices(true, false)
		settle(300 * time.Millisecond)
		go speak(s.b, s.p.b.stream("annual/avelmar-tarroven/mic"), 3*time.Second)
		speak(s.a, s.tA.streams["mic"], 3*time.Second)
		shows("the holder speaks", "heard", tarroven)
		shows("the holder speaks", "none", kosvane)
		settle(2 * time.Second)
		s.act(s.ofA, wire.Act{Do: wire.DoTake}, "")
		settle(2500 * time.Millisecond)
		shows("the floor is taken", "none", tarroven)
		for _, p := range []*page{s.ofA, s.ofB, s.tA, s.tB, s.dA, s.dB} {
			if len(p.stats().Members) > 0 {
				t.Errorf("%s is sent figures", p.seat.Member)
			}
		}
	})
}

// TestFigures: a technician sees the figures of the own people and of the paths as they are measured, of the others' people as stated.
// The control: a page that measures nothing has none.
func TestFigures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSession(t, nil)
		heard := time.Now()
		s.a.room.LinkPath("tolmeria", room.LinkState{RTT: 40 * time.Millisecond},
			room.PathFigures{Name: "192.0.2.2:443", Up: true, RTT: 40 * time.Millisecond, Jitter: 1500 * time.Microsecond, Loss: 0.02, LastHeard: heard, Sound: true},
			room.PathFigures{Name: "[2001:db8::2]:443", LastHeard: heard.Add(-time.Minute)}, room.PathFigures{Name: "tls", Up: true})
		settle(3 * time.Second)
		for _, k := range []*page{s.kA, s.kB} {
			seen := map[string]wire.MemberStats{}
			for _, m := range k.stats().Members {
				seen[m.Member] = m
			}
			own := k == s.kA
			if m := seen[tarroven]; m.UpKbit != 1500 || m.DownKbit != 900 || m.UpLoss != 0.25 || m.RTTMs != 23 || m.Stated == own {
				t.Errorf("%s is shown %+v of a page with figures", k.seat.Member, m)
			}
			if m := seen[kosvane]; m.UpKbit != 0 || m.Stated != own || m.Member == "" {
				t.Errorf("control: %s is shown %+v of a page without", k.seat.Member, m)
			}
		}
		l := s.kA.stats().Links
		if len(l) != 1 || len(l[0].Paths) != 3 || l[0].State != "up" {
			t.Fatalf("links are shown as %+v", l)
		}
		for i, want := range []string{"up", "lost", "idle"} {
			if p := l[0].Paths[i]; p.State != want {
				t.Errorf("path %s is shown as %s, want %s", p.Name, p.State, want)
			}
		}
		if p := l[0].Paths[0]; p.RTTMs != 40 || p.JitterMs != 1.5 || p.Loss != 0.02 || p.HeardMs < 2000 || p.HeardMs > 3000 || !p.Sound || p.Sight {
			t.Errorf("the path in use is shown as %+v", p)
		}
		if p := l[0].Paths[2]; p.HeardMs != -1 {
			t.Errorf("a path from which nothing came is shown as %+v", p)
		}
	})
}

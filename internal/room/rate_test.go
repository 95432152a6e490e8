package room_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"visavis/internal/meeting"
)

// TestRates: a member writes 20 events at once and then one a second, the last state of its switches wins, and a microphone is switched
// off at once whatever came before. A page hears of state at most 20 times a second and always of the last one.
func TestRates(t *testing.T) {
	for party, id := range map[meeting.PartyID]meeting.MemberID{"avelmar": aldesh, "tolmeria": kosvane} {
		t.Run(string(party), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b, _ := two(t)
				n := map[meeting.PartyID]*node{"avelmar": a, "tolmeria": b}[party]
				pa, pb := join(a, tarroven), join(n, id)
				settle(time.Second)
				pa.read(func() { pa.states = nil })
				began := time.Now()
				for i := range 301 { // 100 a second
					pb.devices(i%2 == 0, false)
					if s := n.snap().State.Present[id]; i%2 == 1 && s.Mic {
						t.Fatalf("change %d: the microphone is on after it was switched off", i)
					}
					time.Sleep(10 * time.Millisecond) // virtual
				}
				if k := len(a.shared.entries(t)) - 2; k > 25 || k < 20 {
					t.Errorf("%d changes in 3 s taken, want 20 at once and one a second", k)
				}
				settle(3 * time.Second)
				if s := a.snap().State.Present[id]; !s.Mic {
					t.Errorf("the last word was on, the room has %+v", s)
				}
				secs := time.Since(began).Seconds()
				if k := len(pa.stateTimes()); float64(k) > 20*secs+1 || k < 5 {
					t.Errorf("%d states in %.1f s", k, secs)
				}
				for i := 1; i < len(pa.stateTimes()); i++ {
					if d := pa.stateTimes()[i].Sub(pa.stateTimes()[i-1]); d < 50*time.Millisecond {
						t.Errorf("two states within %v", d)
					}
				}
				if x, s := pa.presence(string(id)), a.snap().State.Present[id]; x == nil || x.Mic != s.Mic {
					t.Errorf("the page has %+v, the room %+v", x, s)
				}
			})
		})
	}
}

// TestGuestRate: the host holds a guest's members to a rate too, by clocks that cannot lie about more than has passed. Events of a long
// cut come at once and are taken.
func TestGuestRate(t *testing.T) {
	for _, c := range []struct {
		what  string
		every time.Duration // between two events, by the guest's clock
		back  time.Duration // the first lies so far in the past
		want  [2]int
	}{
		{"control: an hour of a cut", 1200 * time.Millisecond, 6 * time.Minute, [2]int{300, 300}},
		{"at one moment", 0, 0, [2]int{39, 60}},
		{"in the future", time.Minute, 0, [2]int{39, 60}},
		{"longer ago than the room is open", time.Hour, 1000 * time.Hour, [2]int{39, 60}},
	} {
		t.Run(c.what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(2 * c.back) // virtual: time begins in 2000, and no entry is older
				a := newNode(t, "avelmar", definition("avelmar", "tolmeria"))
				f := befriend(t, a, "tolmeria", 0)
				at := time.Now().UTC().Truncate(time.Millisecond).Add(-c.back)
				for i := range 300 {
					p := proposal("tolmeria", uint64(i+1), meeting.MemberDevices, kosvane)
					p.At, p.Offline = at.Add(time.Duration(i)*c.every), true
					if i == 0 {
						p.Event = meeting.Event{Kind: meeting.MemberJoined, Member: kosvane}
					}
					f.send(meeting.Exchange{Propose: &p}, "")
				}
				refused := 0
				for _, x := range f.take() {
					if x.Refuse != nil && x.Refuse.Code == "devices.rate" {
						refused++
					}
				}
				if n := len(a.shared.entries(t)); n < c.want[0] || n > c.want[1] || n+refused != 300 {
					t.Errorf("%d taken, %d refused; want %v taken", n, refused, c.want)
				}
				if k := a.log.count("level=WARN"); k > 1 {
					t.Errorf("%d warnings within a minute", k)
				}
			})
		})
	}
}

// TestLeaveIsRepeated: who leaves while the own log cannot be written is not shown for ever.
func TestLeaveIsRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b, _ := two(t)
		pa, pb := join(a, tarroven), join(b, kosvane)
		settle(time.Second)
		for _, n := range []*node{a, b} {
			n.own.set(func() { n.own.fail = errors.New("disk full") })
		}
		pa.leave()
		pb.leave()
		settle(5 * time.Second)
		agree(t, "avelmar-tarroven tolmeria-kosvane", a, b) // control: it could not be written
		for _, n := range []*node{a, b} {
			n.own.set(func() { n.own.fail = nil })
		}
		settle(3 * time.Second)
		agree(t, "", a, b)
	})
}

// TestRejoinKeepsCamera: a page that comes back within seconds fills no log; its camera stays for a moment, its microphone never does.
func TestRejoinKeepsCamera(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _, _ := two(t)
		p := join(a, tarroven)
		p.devices(false, true)
		settle(time.Second)
		before := len(a.shared.entries(t))
		for range 5 {
			a.room.Lost(p.seat)
			settle(2 * time.Second)
			p = join(a, tarroven)
			p.devices(false, true)
		}
		if n := len(a.shared.entries(t)) - before; n != 0 {
			t.Errorf("5 returns wrote %d entries", n)
		}
		p.devices(true, true)
		a.room.Lost(p.seat)
		p = join(a, tarroven)
		if x := p.presence(tarroven); x == nil || x.Mic || !x.Camera {
			t.Errorf("back at once: %+v, want the camera alone", x)
		}
		settle(6 * time.Second) // the new page says nothing
		if got := present(a.snap().State); got != tarroven {
			t.Errorf("a page that never said so has %q", got)
		}
		p.devices(false, true)
		a.room.Lost(p.seat)
		settle(6 * time.Second)
		p = join(a, tarroven)
		if x := p.presence(tarroven); x == nil || x.Camera {
			t.Errorf("control: back after 6 s: %+v", x)
		}
	})
}

// TestResumeStealsNoSeat: whose seat another page has taken meanwhile does not get it back by Resume.
func TestResumeStealsNoSeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _, _ := two(t)
		p1 := join(a, tarroven)
		a.room.Lost(p1.seat)
		p2 := join(a, tarroven)
		var me *meeting.Error
		if _, err := a.room.Resume(p1.seat, newPage(a, tarroven).seat); !errors.As(err, &me) || me.Code != "resume.gone" {
			t.Errorf("resume of a seat that was taken: %v, want resume.gone", err)
		}
		p2.devices(true, false)
		p3 := newPage(a, tarroven)
		if _, err := a.room.Resume(p2.seat, p3.seat); err != nil {
			t.Errorf("control: %v", err)
		}
	})
}

package room_test

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/room"
	"visavis/internal/store"
	"visavis/internal/wire"
)

// two makes two nodes with a link of 20 ms each way.
func two(t *testing.T) (a, b *node, p *pair) {
	t.Helper()
	d := definition("avelmar", "tolmeria")
	a, b = newNode(t, "avelmar", d), newNode(t, "tolmeria", d)
	p = connect(a, b)
	settle(time.Second)
	return a, b, p
}

func TestJoinMuteLeaveCross(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b, _ := two(t)
		pa := join(a, tarroven)
		pb := join(b, kosvane)
		if pb.presence(kosvane) == nil {
			t.Error("a guest does not see its own member before the host has answered")
		}
		pa.devices(true, true)
		pb.devices(true, false)
		settle(time.Second)
		agree(t, "avelmar-tarroven+mic+cam tolmeria-kosvane+mic", a, b)
		pb.devices(false, false)
		settle(time.Second)
		agree(t, "avelmar-tarroven+mic+cam tolmeria-kosvane", a, b)
		if x := pa.presence(kosvane); x == nil || x.Mic || x.Far != "" {
			t.Errorf("the far member is shown as %+v", x)
		}
		pb.leave()
		settle(time.Second)
		agree(t, "avelmar-tarroven+mic+cam", a, b)
		if !slices.Equal(pb.ends, []string{"left"}) {
			t.Errorf("seat ended with %v, want left", pb.ends)
		}
		for _, n := range []*node{a, b} {
			for i, e := range n.shared.entries(t) {
				want := store.Stated
				if e.Party == n.party {
					want = store.Observed
				}
				if got := n.shared.es[i].Basis; got != want || e.Offline {
					t.Errorf("%s: entry %d of %s is %s, offline %v", n.party, e.N, e.Party, got, e.Offline)
				}
			}
		}
	})
}

func TestCut(t *testing.T) {
	for _, cut := range []time.Duration{3 * time.Second, 60 * time.Second} {
		t.Run(cut.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b, p := two(t)
				pa, pb := join(a, tarroven), join(b, kosvane)
				pa.devices(true, true)
				pb.devices(true, true)
				settle(time.Second)
				p.cut()
				settle(100 * time.Millisecond)
				if x := pa.presence(kosvane); x == nil || x.Far != "interrupted" || pa.link("tolmeria").State != "interrupted" {
					t.Errorf("during the cut: %+v, link %+v", x, pa.link("tolmeria"))
				}
				join(a, aldesh)
				pb2 := join(b, thorrick)
				pb2.devices(false, true)
				pb.devices(false, true)
				settle(cut)
				if got, want := present(b.snap().State), "avelmar-tarroven+mic+cam tolmeria-kosvane+cam tolmeria-thorrick+cam"; got != want {
					t.Errorf("during the cut the guest shows %q, want %q", got, want)
				}
				if s := b.snap(); s.Pending != 3 || s.Alarm != "" {
					t.Errorf("during the cut %d wait, alarm %q; want 3 and none: a cut is no withholding", s.Pending, s.Alarm)
				}
				p.heal()
				settle(time.Second)
				agree(t, "avelmar-aldesh avelmar-tarroven+mic+cam tolmeria-kosvane+cam tolmeria-thorrick+cam", a, b)
				if x := pa.presence(kosvane); x == nil || x.Far != "" || pa.link("tolmeria").State != "up" {
					t.Errorf("after the cut: %+v, link %+v", x, pa.link("tolmeria"))
				}
				var offline []string
				for _, e := range a.shared.entries(t) {
					if e.Offline {
						offline = append(offline, fmt.Sprint(e.Party, e.Counter, e.Event.Kind))
					}
					if e.Party == "tolmeria" && e.Offline && e.Sequenced.Sub(e.At) < cut {
						t.Errorf("entry %d: written %v, arrived %v: both times must stay", e.N, e.At, e.Sequenced)
					}
				}
				if got, want := fmt.Sprint(offline), "[tolmeria3member.joined tolmeria4member.devices tolmeria5member.devices]"; got != want {
					t.Errorf("offline entries %s, want %s", got, want)
				}
			})
		})
	}
}

// TestProposalsLostOnTheWay: what was sent when the link broke is proposed again with its counter, and counted once.
func TestProposalsLostOnTheWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b, p := two(t)
		pb := join(b, kosvane)
		settle(time.Second)
		pb.devices(true, false)
		synctest.Wait() // sent, not arrived: the delay has not passed
		p.cut()
		pb.devices(true, true)
		settle(3 * time.Second)
		p.heal()
		settle(time.Second)
		// once more, with the answer lost and not the proposal
		p.mu.Lock()
		p.drop = func(from meeting.PartyID, x meeting.Exchange) bool { return from == "avelmar" && x.Entry != nil }
		p.mu.Unlock()
		pb.devices(false, true)
		settle(100 * time.Millisecond)
		p.mu.Lock()
		p.drop = nil
		p.mu.Unlock()
		p.cut()
		settle(time.Second)
		p.heal()
		settle(time.Second)
		agree(t, "tolmeria-kosvane+cam", a, b)
		var counters []uint64
		var offline []bool
		for _, e := range b.shared.entries(t) {
			counters, offline = append(counters, e.Counter), append(offline, e.Offline)
		}
		if !slices.Equal(counters, []uint64{1, 2, 3, 4}) || !slices.Equal(offline, []bool{false, false, true, false}) {
			t.Errorf("counters %v, offline %v", counters, offline)
		}
	})
}

func TestRestart(t *testing.T) {
	for _, who := range []string{"host", "guest"} {
		t.Run(who, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b, p := two(t)
				join(a, tarroven).devices(true, true)
				join(a, aldesh)
				join(b, kosvane).devices(true, true)
				join(b, thorrick)
				settle(time.Second)
				n, other, back, gone := a, b, meeting.MemberID(tarroven), meeting.MemberID(aldesh)
				if who == "guest" {
					n, other, back, gone = b, a, kosvane, thorrick
				}
				before := n.snap().N
				n.kill()
				settle(2 * time.Second)
				n.open()
				p.heal()
				settle(time.Second)
				if s := n.snap(); s.N != before || len(s.State.Present) != 4 {
					t.Fatalf("after the restart: %d entries, %d present; want %d and 4", s.N, len(s.State.Present), before)
				}
				page := join(n, back)
				settle(time.Second)
				if x := page.presence(string(gone)); x == nil || x.Far != "away" {
					t.Errorf("a member who has not come back is shown as %+v, want away", x)
				}
				if x := page.presence(string(back)); x == nil || x.Far != "" || x.Mic || x.Camera {
					t.Errorf("who has come back is shown as %+v, want there with devices off", x)
				}
				page.devices(true, false)
				settle(room.Grace)
				want := "avelmar-tarroven+mic tolmeria-kosvane+mic+cam tolmeria-thorrick"
				if who == "guest" {
					want = "avelmar-aldesh avelmar-tarroven+mic+cam tolmeria-kosvane+mic"
				}
				agree(t, want, n, other)
				chain := meeting.Hash{}
				for i, e := range n.shared.entries(t) {
					if e.Prev != chain {
						t.Errorf("entry %d does not follow", e.N)
					}
					chain = meeting.Chain(chain, n.shared.es[i].Data)
				}
				if chain != other.snap().Hash {
					t.Error("the chain of the log is not that of the other node")
				}
			})
		})
	}
}

// TestGuestRestartsWithPending: what was written offline outlives a restart too.
func TestGuestRestartsWithPending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b, p := two(t)
		p.cut()
		join(b, kosvane).devices(true, false)
		b.kill()
		b.open()
		if s := b.snap(); s.Pending != 2 || present(s.State) != "tolmeria-kosvane+mic" {
			t.Fatalf("after the restart %d wait, %q is shown", s.Pending, present(s.State))
		}
		p.heal()
		settle(time.Second)
		agree(t, "tolmeria-kosvane+mic", a, b)
		settle(room.Grace)
		agree(t, "", a, b)
	})
}

func TestDamagedLogDoesNotOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _, _ := two(t)
		join(a, tarroven)
		settle(time.Second)
		join(a, aldesh)
		settle(time.Second)
		for what, damage := range map[string]func(l *memLog){
			"": func(*memLog) {},
			"changed": func(l *memLog) {
				l.es[0].Data = []byte(strings.Replace(string(l.es[0].Data), "tarroven", "aldeshxx", 1))
			},
			"first one missing": func(l *memLog) { l.es = l.es[1:]; l.es[0].N = 1 },
			"no JSON":           func(l *memLog) { l.es[1].Data = []byte("{") },
		} {
			log := a.shared.copy()
			damage(log)
			r, err := room.New(room.Config{Definition: a.def, Self: "avelmar", Worker: a.w, Switch: a.w.sw, Log: log, OwnLog: a.own.copy(),
				Sign: func([]byte) []byte { return []byte{1} }, Verify: verify})
			if (err == nil) != (what == "") {
				t.Errorf("%q: %v", what, err)
			}
			if err == nil {
				r.Close()
			}
		}
	})
}

func TestMoveAndResume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _, _ := two(t)
		p1 := join(a, tarroven)
		p1.devices(true, true)
		settle(time.Second)
		p2 := join(a, tarroven)
		if !slices.Equal(p1.ends, []string{"moved"}) {
			t.Errorf("earlier seat ended with %v, want moved", p1.ends)
		}
		if x := p2.presence(tarroven); x == nil || x.Mic || x.Camera {
			t.Errorf("on the new page %+v: only its own act may open a device", x)
		}
		var me *meeting.Error
		if err := a.room.Handle(p1.seat, wire.FromClient{Devices: &wire.Devices{Mic: true}}); !errors.As(err, &me) || me.Code != "seat.gone" {
			t.Errorf("the earlier page still acts: %v", err)
		}
		a.room.Lost(p1.seat) // of no concern any more
		p2.devices(true, false)
		a.room.Lost(p2.seat)
		settle(room.Grace - time.Second)
		if got := present(a.snap().State); got != "avelmar-tarroven+mic" {
			t.Fatalf("within the grace %q is shown", got)
		}
		p3 := newPage(a, tarroven)
		p3.seat.Media = nil
		w, err := a.room.Resume(p2.seat, p3.seat)
		if err != nil || find(w.State, tarroven) == nil || !find(w.State, tarroven).Mic || len(p2.ends) != 0 {
			t.Errorf("resume: %v, %+v, earlier seat ended with %v", err, w.State, p2.ends)
		}
		settle(2 * room.Grace)
		a.room.Lost(p3.seat)
		settle(room.Grace + time.Second)
		if got := present(a.snap().State); got != "" || !slices.Equal(p3.ends, []string{"left"}) {
			t.Errorf("after the grace %q is shown, the seat ended with %v", got, p3.ends)
		}
		if _, err := a.room.Resume(p3.seat, newPage(a, tarroven).seat); !errors.As(err, &me) || me.Code != "resume.gone" {
			t.Errorf("resume after the grace: %v", err)
		}
	})
}

func TestJoinRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _, _ := two(t)
		for id, want := range map[meeting.MemberID]string{kosvane: "member.foreign", "avelmar-vost": "member.unknown", "": "member.unknown"} {
			var me *meeting.Error
			if _, err := a.room.Join(t.Context(), newPage(a, id).seat); !errors.As(err, &me) || me.Code != want {
				t.Errorf("join of %q: %v, want %s", id, err, want)
			}
		}
		a.shared.set(func() { a.shared.fail = errors.New("disk") })
		a.own.set(func() { a.own.fail = errors.New("disk") })
		var me *meeting.Error
		if _, err := a.room.Join(t.Context(), newPage(a, tarroven).seat); !errors.As(err, &me) || me.Code != "log.failed" {
			t.Errorf("join with a broken disk: %v", err)
		}
		p := newPage(a, tarroven)
		a.room.Close()
		if _, err := a.room.Join(t.Context(), p.seat); !errors.Is(err, room.ErrClosed) {
			t.Errorf("join after Close: %v", err)
		}
	})
}

func TestCloseEndsSeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _, p := two(t)
		pa := join(a, tarroven)
		pa.devices(true, true)
		settle(time.Second)
		n := len(a.shared.copy().es)
		if len(p.a.offering()) != 2 {
			t.Fatalf("control: offered %v", p.a.offering())
		}
		a.room.Close()
		if !slices.Equal(pa.ends, []string{"shutdown"}) || len(a.shared.copy().es) != n {
			t.Errorf("seat ended with %v, log grew from %d to %d", pa.ends, n, len(a.shared.copy().es))
		}
		if got := p.a.offering(); len(got) != 0 {
			t.Errorf("still offered: %v", got)
		}
	})
}

// TestLinkFigures: figures at most once a second, a cut at once.
func TestLinkFigures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _, _ := two(t)
		pa := join(a, tarroven)
		settle(time.Second)
		pa.read(func() { pa.states = nil })
		for i := range 100 {
			a.room.LinkPath("tolmeria", room.LinkState{RTT: time.Duration(40+i) * time.Millisecond, Loss: 0.01234})
			time.Sleep(50 * time.Millisecond) // virtual
		}
		synctest.Wait()
		if n := len(pa.stateTimes()); n < 4 || n > 6 {
			t.Errorf("%d states in 5 s of changing figures, want one a second", n)
		}
		settle(time.Second)
		if l := pa.link("tolmeria"); l.RTTMs != 139 || l.Loss != 0.012 || l.State != "up" {
			t.Errorf("link %+v", l)
		}
		a.room.LinkPath("tolmeria", room.LinkState{Interrupted: true})
		settle(100 * time.Millisecond)
		if l := pa.link("tolmeria"); l.State != "interrupted" {
			t.Errorf("path lost and the link shown as %+v", l)
		}
		a.room.LinkPath("tolmeria", room.LinkState{RTT: time.Millisecond})
		settle(100 * time.Millisecond)
		if l := pa.link("tolmeria"); l.State != "up" {
			t.Errorf("path back and the link shown as %+v", l)
		}
	})
}

// TestNothingElseCrosses reads every byte between two rooms: ids, kinds, devices, times, clocks, hashes and signatures, and no name, address
// or figure.
func TestNothingElseCrosses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b, p := two(t)
		pa, pb := join(a, tarroven), join(b, kosvane)
		pa.devices(true, true)
		pb.devices(true, true)
		a.room.LinkPath("tolmeria", room.LinkState{RTT: time.Second, Loss: 0.5})
		speak(a, pa.streams["mic"], time.Second)
		settle(20 * time.Second)
		pb.leave()
		settle(time.Second)
		known := regexp.MustCompile(`^(join|propose|entry|head|refuse|meeting|digest|have|ask|party|counter|at|offline|event|kind|member|mic|camera|n|last|data|hash|sig|code|notice|clock|sent|origin|received)$`)
		if len(p.bytes) < 10 {
			t.Fatalf("control: %d messages", len(p.bytes))
		}
		for _, m := range p.bytes {
			for _, key := range regexp.MustCompile(`"([^"]*)":`).FindAllSubmatch(m, -1) {
				if !known.Match(key[1]) {
					t.Errorf("%q crosses the link", key[1])
				}
			}
			if strings.Contains(string(m), "Person") {
				t.Errorf("a name crosses the link: %s", m)
			}
		}
	})
}

func TestStoreLog(t *testing.T) {
	st, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	l, other := room.NewLog(st, "annual/shared"), room.NewLog(st, "annual/own")
	for i := range 3 {
		if err := l.Append(t.Context(), store.LogEntry{N: int64(i + 1), At: time.Now(), Basis: store.Stated, Data: []byte{byte(i)}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Append(t.Context(), store.LogEntry{N: 3, At: time.Now(), Basis: store.Stated}); !errors.Is(err, store.ErrOrder) {
		t.Errorf("entry 3 again: %v", err)
	}
	es, err := l.Entries(t.Context(), 2, 10)
	if err != nil || len(es) != 2 || es[0].N != 2 || es[1].Data[0] != 2 {
		t.Errorf("entries %+v, %v", es, err)
	}
	if es, _ := other.Entries(t.Context(), 1, 10); len(es) != 0 {
		t.Errorf("another log has %d entries", len(es))
	}
}

// TestFullInbox: a page is told, news of links wait, and nothing stands still.
func TestFullInbox(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _, _ := two(t)
		pa := join(a, tarroven)
		settle(time.Second)
		a.own.set(func() { a.own.slow = 3 * time.Second })
		done := make(chan error, room.InboxSize+1)
		for range room.InboxSize + 1 {
			go func() { done <- a.room.Handle(pa.seat, wire.FromClient{Devices: &wire.Devices{Mic: true}}) }()
		}
		synctest.Wait()
		a.room.LinkPath("tolmeria", room.LinkState{Interrupted: true})
		settle(5 * time.Second)
		busy := 0
		for range room.InboxSize + 1 {
			var me *meeting.Error
			if err := <-done; errors.As(err, &me) && me.Code == "room.busy" {
				busy++
			}
		}
		// One was being served, InboxSize - Reserved had a place; each goroutine may have looked a moment before the last.
		if busy == 0 || busy > room.Reserved+1 {
			t.Errorf("%d of %d told that the room is busy, want at most %d", busy, room.InboxSize+1, room.Reserved+1)
		}
		if l := pa.link("tolmeria"); l.State != "interrupted" {
			t.Errorf("news of the link was lost: %+v", l)
		}
	})
}

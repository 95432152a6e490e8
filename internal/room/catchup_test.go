package room_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/room"
)

// TestDefinitionDiffers: nothing is exchanged and nothing crosses until both have one definition.
func TestDefinitionDiffers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, e := definition("avelmar", "tolmeria"), definition("avelmar", "tolmeria")
		e.Members[0].Precedence = 7
		e.Members[1].Precedence = 8
		a, b := newNode(t, "avelmar", d), newNode(t, "tolmeria", e)
		p := connect(a, b)
		settle(time.Second)
		pa, pb := join(a, tarroven), join(b, kosvane)
		pa.devices(true, true)
		pb.devices(true, true)
		settle(10 * time.Second)
		for n, pg := range map[*node]*page{a: pb, b: pa} {
			if n.log.count("level=ERROR") != 1 || len(n.snap().State.Present) != 1 {
				t.Errorf("%s: %d errors in the log, %s present", n.party, n.log.count("level=ERROR"), present(n.snap().State))
			}
			if l := pg.state.Links[0]; l.State != "down" || l.Code != "definition.differs" {
				t.Errorf("%s's page shows link %+v", n.party, l)
			}
		}
		if len(p.a.offering())+len(p.b.offering()) != 0 {
			t.Errorf("streams offered: %v %v", p.a.offering(), p.b.offering())
		}
		b.kill()
		b.def, b.shared, b.own = d, &memLog{}, &memLog{}
		b.open()
		p.heal()
		settle(time.Second)
		join(b, kosvane)
		settle(time.Second)
		agree(t, "avelmar-tarroven+mic+cam tolmeria-kosvane", a, b)
	})
}

// TestRestoredGuest: a guest whose directory is put back from an older backup cannot follow the log any more; both sides say so,
// also over a new connection. One that lost nothing goes on.
func TestRestoredGuest(t *testing.T) {
	for _, old := range []bool{false, true} {
		t.Run(fmt.Sprint("older backup ", old), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b, p := two(t)
				pa, pb := join(a, tarroven), join(b, kosvane)
				settle(time.Second)
				shared, own := b.shared.copy(), b.own.copy()
				pb.devices(true, true)
				settle(time.Second)
				b.kill()
				if old {
					b.shared, b.own = shared, own
				}
				b.open()
				p.heal()
				settle(time.Second)
				pb = join(b, kosvane)
				settle(time.Second)
				if !old {
					agree(t, "avelmar-tarroven tolmeria-kosvane", a, b)
					return
				}
				check := func(when string) {
					t.Helper()
					for n, pg := range map[*node]*page{a: pa, b: pb} {
						far := map[*node]string{a: "tolmeria", b: "avelmar"}[n]
						if s := n.snap(); s.Alarm != "log.forked" || n.log.count("level=ERROR") != 1 || proof(t, n).Code != "log.forged" {
							t.Errorf("%s, %s: alarm %q, %d errors in the log, proof %+v; want log.forked, 1 and log.forged", when, n.party, s.Alarm, n.log.count("level=ERROR"), proof(t, n))
						}
						if l := pg.link(far); l.State != "up" || l.Code != "log.forged" || pg.state.Alarm != "log.forked" {
							t.Errorf("%s, %s: the page shows link %+v, alarm %q", when, n.party, l, pg.state.Alarm)
						}
					}
				}
				check("at once")
				p.cut()
				settle(time.Second)
				p.heal()
				settle(time.Second)
				check("after a new connection")
			})
		})
	}
}

// TestRoomOpensLater: the other node's room comes minutes after the link, and asks.
func TestRoomOpensLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b, p := two(t)
		pa := join(a, tarroven)
		pa.devices(true, true)
		settle(time.Second)
		b.room.Close() // the link stays up, a's room hears nothing of it
		b.open()
		b.room.LinkUp(p.b)
		settle(time.Second)
		pb := join(b, kosvane)
		settle(time.Second)
		agree(t, "avelmar-tarroven+mic+cam tolmeria-kosvane", a, b)
		if l := pb.link("avelmar"); l.State != "up" {
			t.Errorf("link %+v", l)
		}
		if got := fmt.Sprint(p.b.wanting()); got != "[annual/avelmar-tarroven/cam annual/avelmar-tarroven/mic]" {
			t.Errorf("wanted: %s", got)
		}
	})
}

// fill writes n entries into a host's log: one member comes and goes.
func fill(n int) *memLog {
	l := &memLog{}
	var prev meeting.Hash
	at := time.Now().UTC().Truncate(time.Millisecond)
	for i := range n {
		p := meeting.Proposal{Meeting: "annual", Party: "avelmar", Counter: uint64(i + 1), At: at, Event: meeting.Event{Kind: meeting.MemberJoined, Member: aldesh}}
		if i%2 == 1 {
			p.Event.Kind = meeting.MemberLeft
		}
		var b []byte
		b, prev = entry(p, int64(i+1), prev)
		l.es = append(l.es, newEntry(int64(i+1), b))
	}
	return l
}

// TestCatchUp: a guest takes over a log of any length in pieces, at most 2,000 entries a second.
func TestCatchUp(t *testing.T) {
	for _, n := range []int{1_000, 12_000} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := definition("avelmar", "tolmeria")
				a, b := newNode(t, "avelmar", d), newNode(t, "tolmeria", d)
				a.kill()
				a.shared = fill(n)
				a.open()
				p := connect(a, b)
				p.slow(time.Millisecond)
				settle(2 * time.Second)
				if s := b.snap(); s.N > 6_000 || s.N < min(int64(n), 3_000) {
					t.Errorf("%d entries taken over in 2 s", s.N)
				}
				settle(10 * time.Second)
				s := b.snap()
				if s.N != int64(n) || s.Hash != a.snap().Hash || s.Alarm != "" {
					t.Fatalf("the guest has %d of %d entries, alarm %q", s.N, n, s.Alarm)
				}
				messages := 0
				for _, m := range p.bytes {
					if !bytes.HasPrefix(m, []byte(`{"notice"`)) { // clocks
						messages++
					}
					if len(m) > meeting.MaxExchange {
						t.Errorf("a message of %d bytes", len(m))
					}
				}
				if messages > n/15 {
					t.Errorf("%d messages for %d entries", messages, n)
				}
			})
		})
	}
}

// TestOfflineLimit: a guest keeps MaxPending events for the host and refuses more; it sends MaxInFlight of them at once.
func TestOfflineLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newNode(t, "tolmeria", definition("avelmar", "tolmeria"))
		b.kill()
		at := time.Now().UTC().Truncate(time.Millisecond)
		for i := range room.MaxPending - 1 {
			p := meeting.Proposal{Meeting: "annual", Party: "tolmeria", Counter: uint64(i + 1), At: at, Offline: true, Event: meeting.Event{Kind: meeting.MemberJoined, Member: thorrick}}
			if i%2 == 1 {
				p.Event.Kind = meeting.MemberLeft
			}
			r, _ := json.Marshal(room.Record{Proposal: &p})
			b.own.es = append(b.own.es, newEntry(int64(i+1), r))
		}
		b.open()
		if s := b.snap(); s.Pending != room.MaxPending-1 {
			t.Fatalf("%d wait", s.Pending)
		}
		p := join(b, kosvane) // the last one that fits
		err := b.room.Handle(p.seat, devices(true))
		if err == nil || err.Error() != "log.full" {
			t.Errorf("one more: %v, want log.full", err)
		}
		f := befriend(t, b, "avelmar", 0)
		settle(2 * time.Second)
		sent := 0
		for _, x := range f.take() {
			if x.Propose != nil {
				sent++
			}
		}
		if sent != room.MaxInFlight {
			t.Errorf("%d proposals on their way, want %d", sent, room.MaxInFlight)
		}
	})
}

// TestGapIsAskedFor: a piece that does not follow is no fork; the guest asks from where it is.
func TestGapIsAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newNode(t, "tolmeria", definition("avelmar", "tolmeria"))
		f := befriend(t, b, "avelmar", 0)
		f.take()
		one, h := entry(proposal("avelmar", 1, meeting.MemberJoined, tarroven), 1, meeting.Hash{})
		two, _ := entry(proposal("avelmar", 2, meeting.MemberJoined, aldesh), 2, h)
		f.send(meeting.Exchange{Entry: &meeting.EntryBytes{Meeting: "annual", N: 2, Last: 2, Data: [][]byte{two}}}, "")
		if s, got := b.snap(), f.take(); s.N != 0 || s.Alarm != "" || len(got) != 1 || got[0].Join == nil || got[0].Join.Have != 0 || got[0].Join.Ask {
			t.Errorf("%d entries, alarm %q, answered with %+v", s.N, s.Alarm, got)
		}
		f.send(meeting.Exchange{Entry: &meeting.EntryBytes{Meeting: "annual", N: 1, Last: 2, Data: [][]byte{one, two}}}, "")
		f.send(meeting.Exchange{Entry: &meeting.EntryBytes{Meeting: "annual", N: 1, Last: 2, Data: [][]byte{one}}}, "") // the same again
		if s := b.snap(); s.N != 2 || s.Alarm != "" {
			t.Errorf("%d entries, alarm %q", s.N, s.Alarm)
		}
	})
}

package room_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/room"
	"visavis/internal/wire"
)

// TestWholeMeeting runs through all phases, and each reaches every page of both nodes at once.
func TestWholeMeeting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSession(t, nil)
		s.is(meeting.Planned)
		for _, p := range meeting.Phases()[1:] {
			begin := time.Now()
			s.to(p)
			for _, page := range []*page{s.ofA, s.ofB, s.tA, s.tB, s.kA, s.kB} {
				times := page.stateTimes()
				first := time.Time{}
				for _, at := range times {
					if first.IsZero() && !at.Before(begin) {
						first = at
					}
				}
				// 20 ms each way: the guest's act goes to the host and comes back.
				if d := first.Sub(begin); first.IsZero() || d > 60*time.Millisecond {
					t.Errorf("%s hears of %s after %v", page.seat.Member, p, d)
				}
			}
		}
		if s.a.snap().Hash != s.b.snap().Hash {
			t.Errorf("the logs differ")
		}
	})
}

// TestOneKeyNeverOpens: one officer's key alone changes nothing, expires after 60 s, and the other's then finds it gone; two keys do it
// (the control). TestOneKeyAlwaysCloses is its counterpart.
func TestOneKeyNeverOpens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSession(t, nil)
		s.to(meeting.Waiting)
		s.act(s.ofB, wire.Act{Do: wire.DoTurnKey, Value: wire.ActionStart}, "")
		s.act(s.ofB, wire.Act{Do: wire.DoTurnKey, Value: wire.ActionStart}, "")
		settle(300 * time.Millisecond)
		s.is(meeting.Waiting)
		for _, of := range []*page{s.ofA, s.ofB} {
			if k := of.now().Keys; len(k) != 1 || k[0].Party != "tolmeria" || k[0].By != ruhlT || k[0].Action != wire.ActionStart {
				t.Errorf("%s is shown the keys %+v", of.seat.Member, k)
			}
		}
		if k := s.tA.now().Keys; len(k) != 0 || s.tA.now().Head != "" {
			t.Errorf("a principal is shown keys %+v and head %q", k, s.tA.now().Head)
		}
		settle(61 * time.Second)
		if k := s.ofA.now().Keys; len(k) != 0 {
			t.Errorf("after 61 s the key is still shown: %+v", k)
		}
		s.act(s.ofA, wire.Act{Do: wire.DoTurnKey, Value: wire.ActionStart}, "")
		settle(300 * time.Millisecond)
		s.is(meeting.Waiting)
		s.act(s.ofB, wire.Act{Do: wire.DoTurnKey, Value: wire.ActionStart}, "")
		settle(300 * time.Millisecond)
		s.is(meeting.Opened)
	})
}

// TestTwoKeysAtOnce: both officers turn at the same moment, each before it has heard of the other: the phase changes once.
func TestTwoKeysAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSession(t, nil)
		s.p.slow(100 * time.Millisecond)
		s.to(meeting.Waiting)
		epoch := s.a.snap().State.Epoch
		s.act(s.ofA, wire.Act{Do: wire.DoTurnKey, Value: wire.ActionStart, N: int(epoch)}, "")
		s.act(s.ofB, wire.Act{Do: wire.DoTurnKey, Value: wire.ActionStart, N: int(epoch)}, "")
		settle(time.Second)
		s.is(meeting.Opened)
		if got := s.b.snap().State.Epoch; got != epoch+1 || len(s.ofA.now().Keys) != 0 {
			t.Errorf("epoch %d after %d, keys %+v", got, epoch, s.ofA.now().Keys)
		}
		// A key for the phase that is over, as a page may still show it, is refused.
		s.act(s.ofA, wire.Act{Do: wire.DoTurnKey, Value: wire.ActionStart, N: int(epoch)}, "key.stale")
		// Both close at once: it is closed once.
		s.act(s.ofA, wire.Act{Do: wire.DoClose}, "")
		s.act(s.ofB, wire.Act{Do: wire.DoClose}, "")
		settle(time.Second)
		s.is(meeting.Closed)
		if s.a.snap().Hash != s.b.snap().Hash {
			t.Errorf("the logs differ")
		}
	})
}

// TestStepUp: a key needs the passkey again within five minutes; what lowers needs none.
func TestStepUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSession(t, nil)
		s.to(meeting.Waiting)
		turn := wire.Act{ID: 1, Do: wire.DoTurnKey, Value: wire.ActionStart}
		for _, proven := range []time.Time{{}, time.Now().Add(-5*time.Minute - time.Second), time.Now().Add(time.Hour)} {
			if err := s.a.room.Act(s.ofA.seat, turn, proven); codeOf(err) != "stepup.needed" {
				t.Errorf("passkey shown at %v: %v", proven, err)
			}
		}
		if err := s.a.room.Act(s.ofA.seat, turn, time.Now().Add(-4*time.Minute)); err != nil {
			t.Errorf("control: %v", err)
		}
		s.act(s.ofB, turn, "")
		settle(time.Second)
		s.is(meeting.Opened)
		if err := s.a.room.Act(s.ofA.seat, wire.Act{ID: 2, Do: wire.DoClose}, time.Time{}); err != nil {
			t.Errorf("closing without a passkey: %v", err)
		}
	})
}

// TestLinkLostInEachPhase: a cut changes no phase and brings nobody nearer; each side may go lower by itself, which counts for both when the
// link is back, and nobody can go higher. The control is the same act with the link up.
func TestLinkLostInEachPhase(t *testing.T) {
	for _, phase := range meeting.Phases() {
		t.Run(string(phase), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSession(t, nil)
				s.to(phase)
				s.p.cut()
				settle(5 * time.Second)
				s.is(phase)
				if got := s.ofA.alarms(); got != "link.lost" {
					t.Errorf("alarms %q", got)
				}
				for _, d := range []*page{s.ofA, s.ofB} {
					if d.now().Doors.Ours.State == wire.DoorOpen {
						t.Errorf("the doors of %s are open though the link is lost", d.n.party)
					}
				}
				want := phase
				raise := map[meeting.Phase]wire.Act{meeting.Planned: {Do: wire.DoRehearse}, meeting.Rehearsal: {Do: wire.DoWait}, meeting.Ended: {Do: wire.DoSeal},
					meeting.Waiting: {Do: wire.DoTurnKey, Value: wire.ActionStart}, meeting.Closed: {Do: wire.DoTurnKey, Value: wire.ActionOpen}}
				if a, ok := raise[phase]; ok {
					s.act(s.ofB, a, "event.offline")
				}
				switch phase {
				case meeting.Opened:
					s.act(s.ofB, wire.Act{Do: wire.DoClose}, "")
					want = meeting.Closed
				case meeting.Closed:
					s.act(s.ofB, wire.Act{Do: wire.DoEnd}, "")
					want = meeting.Ended
				}
				settle(time.Second)
				if got := s.b.snap().State.Phase; got != want {
					t.Errorf("alone the guest is in phase %s, want %s", got, want)
				}
				s.p.heal()
				settle(3 * time.Second)
				s.is(want)
				if got := s.ofA.alarms(); got != "" {
					t.Errorf("alarms after the cut: %q", got)
				}
				if a, ok := raise[want]; ok { // the control
					s.act(s.ofB, a, "")
				}
			})
		})
	}
}

// TestFarClock: a clock that is more than 2 s off, or says so, stops two-key acts and nothing else; an honest one does not.
func TestFarClock(t *testing.T) {
	for _, off := range []time.Duration{0, 200 * time.Millisecond, 3 * time.Second, -3 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			settle(time.Minute) // the clock of the bubble begins with the year 2000, before which no time may lie
			a := newNode(t, "avelmar", formal("avelmar", "tolmeria"))
			of := join(a, ruhlA)
			f := befriend(t, a, "tolmeria", 1)
			for range 3 {
				for _, x := range f.take() {
					if x.Notice != nil && x.Notice.Clock != nil {
						now := time.Now().UTC().Add(off).Truncate(time.Millisecond)
						f.send(meeting.Exchange{Notice: &meeting.Notice{Meeting: "annual", Kind: meeting.NoticeClock,
							Clock: &meeting.Clock{Sent: now, Origin: x.Notice.Clock.Sent, Received: now}}}, "")
					}
				}
				settle(6 * time.Second)
			}
			if err := act(of, wire.Act{Do: wire.DoWait}); err != nil {
				t.Fatal(err)
			}
			want := ""
			if off > 2*time.Second || off < -2*time.Second {
				want = "clock.apart"
			}
			if err := act(of, wire.Act{Do: wire.DoTurnKey, Value: wire.ActionStart}); codeOf(err) != want {
				t.Errorf("clock off by %v: %v, want %q", off, err, want)
			}
			settle(time.Second)
			if got := of.alarms(); got != want {
				t.Errorf("clock off by %v: alarms %q, want %q", off, got, want)
			}
		})
	}
}

// TestRestartInEachPhase: a node that is killed comes back to the same phase, floor and doors, in every phase; who had them has them still.
func TestRestartInEachPhase(t *testing.T) {
	for _, host := range []bool{true, false} {
		for _, phase := range meeting.Phases() {
			synctest.Test(t, func(t *testing.T) {
				s := newSession(t, nil)
				s.to(phase)
				if phase == meeting.Opened || phase == meeting.Closed {
					s.act(s.ofA, wire.Act{Do: wire.DoGive, Member: kosvane, N: 90}, "")
					settle(time.Second)
					s.act(s.tB, wire.Act{Do: wire.DoAcknowledge}, "")
				}
				settle(time.Second)
				n, of := s.a, s.ofA
				if !host {
					n, of = s.b, s.ofB
				}
				was, doors := n.snap().State, of.now().Doors.Ours
				n.kill()
				settle(time.Second)
				n.open()
				again := join(n, of.seat.Member)
				now := n.snap().State
				if now.Phase != was.Phase || now.Epoch != was.Epoch || now.Head != was.Head || now.Floor.Holder != was.Floor.Holder ||
					!now.Floor.Acknowledged.Equal(was.Floor.Acknowledged) || now.Floor.Mode != was.Floor.Mode || now.Floor.Limit != was.Floor.Limit {
					t.Errorf("%s in %s: comes back as %+v, was %+v", n.party, phase, now, was)
				}
				settle(time.Second)
				d := again.now().Doors.Ours
				if phase == meeting.Opened && d.State != wire.DoorSuspended { // open again when the other node can be heard
					t.Errorf("%s in %s: doors %+v", n.party, phase, d)
				}
				if phase != meeting.Opened && (d.State != wire.DoorShut || d.At != doors.At || d.LastMs != doors.LastMs || d.After != doors.After) {
					t.Errorf("%s in %s: doors %+v, were %+v", n.party, phase, d, doors)
				}
				s.p.heal()
				settle(3 * time.Second)
				if d := again.now().Doors.Ours; (d.State == wire.DoorOpen) != (phase == meeting.Opened) {
					t.Errorf("%s in %s: doors %+v after the link is back", n.party, phase, d)
				}
				agreeOn(t, s.a, s.b)
			})
		}
	}
}

func agreeOn(t *testing.T, a, b *node) {
	t.Helper()
	if x, y := a.snap(), b.snap(); x.Hash != y.Hash || x.State.Phase != y.State.Phase || x.Pending+y.Pending != 0 || x.Alarm+y.Alarm != "" {
		t.Errorf("the nodes do not agree: %d %s %d %q, %d %s %d %q", x.N, x.State.Phase, x.Pending, x.Alarm, y.N, y.State.Phase, y.Pending, y.Alarm)
	}
}

// TestEndSession: the officer ends sessions of the own side, nobody else anybody's.
func TestEndSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSession(t, nil)
		s.act(s.tA, wire.Act{Do: wire.DoEndSession, Member: aldesh}, "member.role")
		s.act(s.ofA, wire.Act{Do: wire.DoEndSession, Member: kosvane}, "member.foreign")
		if n := len(s.a.ended()); n != 0 {
			t.Errorf("%d sessions ended", n)
		}
		s.act(s.ofA, wire.Act{Do: wire.DoEndSession, Member: aldesh}, "")
		if got := s.a.ended(); len(got) != 1 || got[0] != aldesh {
			t.Errorf("ended %v", got)
		}
	})
}

// TestWaitingRoom: officers see who waits, and nobody else does; what they say reaches who waits, once.
func TestWaitingRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSession(t, nil)
		var said []string
		w := &room.Waiter{ID: "w1", Member: aldesh, Reason: wire.WaitDevice, Since: time.Now(), Done: func(code string) { said = append(said, code) }}
		v := &room.Waiter{ID: "w2", Name: "Halvern Post", Reason: wire.WaitExcluded, Since: time.Now(), Done: func(code string) { said = append(said, code) }}
		for _, x := range []*room.Waiter{w, v} {
			if err := s.a.room.Knock(x); err != nil {
				t.Fatal(err)
			}
		}
		settle(100 * time.Millisecond)
		if got := s.ofA.now().Waiting; len(got) != 3 || got[0].ID != "w1" || got[0].Reason != wire.WaitDevice || got[1].Name != "Halvern Post" || got[2].Reason != "press" {
			t.Errorf("the officer is shown %+v", got)
		}
		for _, p := range []*page{s.tA, s.dA, s.kA, s.tB, s.kB} {
			if got := p.now().Waiting; len(got) != 0 {
				t.Errorf("%s is shown who waits: %+v", p.seat.Member, got)
			}
		}
		if got := s.ofB.now().Waiting; len(got) != 1 || got[0].ID != "press-b" {
			t.Errorf("the other side's officer is shown %+v", got)
		}
		s.act(s.tA, wire.Act{Do: wire.DoAdmit, Value: "w1"}, "member.role")
		s.act(s.ofA, wire.Act{Do: wire.DoAdmit, Value: "w1"}, "")
		s.act(s.ofA, wire.Act{Do: wire.DoAdmit, Value: "w1"}, "waiter.unknown")
		s.act(s.ofA, wire.Act{Do: wire.DoExclude, Value: "w2"}, "")
		if len(said) != 2 || said[0] != "admitted" || said[1] != "excluded" {
			t.Errorf("said %v", said)
		}
		// A press seat, and a member: out, media and all.
		s.act(s.ofA, wire.Act{Do: wire.DoExclude, Value: "press-a"}, "")
		enc, _ := encoder(s.a, aldesh)
		scr, _ := screen(s.a, aldesh, "")
		far, _ := screen(s.a, aldesh, kosvane)
		other, _ := screen(s.a, tarroven, "")
		s.act(s.ofA, wire.Act{Do: wire.DoExclude, Member: aldesh}, "")
		s.act(s.ofA, wire.Act{Do: wire.DoExclude, Member: aldesh}, "member.absent") // nothing is left
		s.act(s.ofA, wire.Act{Do: wire.DoExclude, Member: kosvane}, "member.foreign")
		if got := fmt.Sprint(enc.ends, scr.ends, far.ends, other.ends); got != "[excluded] [excluded] [excluded] []" {
			t.Errorf("devices of who was excluded, and somebody else's screen, end with %s", got)
		}
		s.act(s.ofA, wire.Act{Do: wire.DoExclude, Member: tarroven}, "")
		if got := fmt.Sprint(other.ends); got != "[excluded]" {
			t.Errorf("control: the other screen ends with its member with %s", got)
		}
		only, _ := screen(s.a, tarroven, "") // a player that came all the same, without a page
		s.act(s.ofA, wire.Act{Do: wire.DoExclude, Member: tarroven}, "")
		if got := fmt.Sprint(only.ends); got != "[excluded]" {
			t.Errorf("a player alone ends with %s", got)
		}
		settle(100 * time.Millisecond)
		for _, p := range []*page{s.prA.page, s.dA} {
			p.read(func() {
				if len(p.ends) != 1 || p.ends[0] != "excluded" {
					t.Errorf("%s ended with %v", p.seat.Member, p.ends)
				}
			})
		}
		if _, ok := s.b.snap().State.Present[aldesh]; ok {
			t.Errorf("who was excluded is still present at the other node")
		}
	})
}

package room_test

import (
	"testing"
	"testing/synctest"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/room"
	"visavis/internal/wire"
)

// liar is a guest's node in front of a host whose messages the test writes: an honest one until the test says otherwise.
type liar struct {
	*foe
	b       *node
	officer *page
	n       int64
	counter uint64
	prev    meeting.Hash
	got     []meeting.Proposal // of the guest, not yet used
}

func newLiar(t *testing.T) *liar {
	t.Helper()
	d := formal("avelmar", "tolmeria")
	d.Begin = meeting.Opened
	l := &liar{b: newNode(t, "tolmeria", d)}
	l.foe = befriend(t, l.b, "avelmar", 0)
	l.officer = join(l.b, ruhlT)
	l.write(l.proposed(meeting.MemberJoined))
	l.write(l.own(meeting.MemberJoined))
	return l
}

func (l *liar) write(p meeting.Proposal) meeting.Hash {
	l.t.Helper()
	l.n++
	data, h := entry(p, l.n, l.prev)
	l.prev = h
	l.send(meeting.Exchange{Entry: &meeting.EntryBytes{Meeting: "annual", N: l.n, Last: l.n, Data: [][]byte{data}}}, "")
	return h
}

func (l *liar) own(kind meeting.Kind) meeting.Proposal {
	l.counter++
	return proposal("avelmar", l.counter, kind, ruhlA)
}

// proposed is what the guest proposed of that kind.
func (l *liar) proposed(kind meeting.Kind) meeting.Proposal {
	l.t.Helper()
	settle(10 * time.Millisecond)
	for _, x := range l.take() {
		if x.Propose != nil {
			l.got = append(l.got, *x.Propose)
		}
	}
	for i, p := range l.got {
		if p.Event.Kind == kind {
			l.got = append(l.got[:i:i], l.got[i+1:]...)
			return p
		}
	}
	l.t.Fatalf("no %s was proposed", kind)
	return meeting.Proposal{}
}

func (l *liar) act(a wire.Act) {
	l.t.Helper()
	if err := act(l.officer, a); err != nil {
		l.t.Fatal(err)
	}
	settle(10 * time.Millisecond)
}

// key is the host's key for what begins with the phase of hash head.
func (l *liar) key(action meeting.Action, epoch int64, head meeting.Hash) meeting.Proposal {
	k := l.own(meeting.KeyTurned)
	k.Event.Action, k.Event.Epoch, k.Event.Head = action, epoch, &head
	return k
}

// turn has the host write that the meeting waits and our officer turn the key; what it proposed is not sequenced yet.
func (l *liar) turn() (begun meeting.Hash, ours meeting.Proposal) {
	l.t.Helper()
	begun = l.write(l.own(meeting.PhaseWaiting))
	l.act(wire.Act{Do: wire.DoTurnKey, Value: wire.ActionStart})
	return begun, l.proposed(meeting.KeyTurned)
}

// withhold has the host sequence our key now, behind its own, both as of when ours was turned.
func (l *liar) withhold(begun meeting.Hash, ours meeting.Proposal) {
	l.t.Helper()
	theirs := l.key(meeting.Start, 1, begun)
	theirs.At = ours.At
	l.write(theirs)
	l.write(ours)
}

// open brings the meeting into its open part, with open doors.
func (l *liar) open() {
	l.t.Helper()
	begun, ours := l.turn()
	l.write(ours)
	l.write(l.key(meeting.Start, 1, begun))
	l.agree()
	l.is("control: both keys", meeting.Opened, wire.DoorOpen)
}

// keys has both keys turned after the closing of hash closed.
func (l *liar) keys(closed meeting.Hash) {
	l.t.Helper()
	l.act(wire.Act{Do: wire.DoTurnKey, Value: wire.ActionOpen})
	l.write(l.proposed(meeting.KeyTurned))
	l.write(l.key(meeting.Open, 3, closed))
}

// reopen is keys, and the doors are open.
func (l *liar) reopen(closed meeting.Hash) {
	l.t.Helper()
	l.keys(closed)
	l.agree()
	l.is("control: opened again", meeting.Opened, wire.DoorOpen)
}

// restart kills the guest's node; it comes back with nobody in it.
func (l *liar) restart() {
	l.t.Helper()
	l.b.kill()
	l.b.open()
	l.foe = befriend(l.t, l.b, "avelmar", l.n)
}

// left has the officer leave, and the host write that and nothing that was proposed before.
func (l *liar) left() {
	l.t.Helper()
	l.officer.leave()
	l.write(l.proposed(meeting.MemberLeft))
	l.agree()
	l.nobody("the officer has left")
}

// agree has the host sign the guest's head.
func (l *liar) agree() {
	l.t.Helper()
	l.send(meeting.Exchange{Head: signed("avelmar", l.n, l.prev)}, "")
	settle(time.Second)
}

func (l *liar) is(what string, phase meeting.Phase, doors string) {
	l.t.Helper()
	if s, d := l.b.snap(), l.officer.now().Doors.Ours; s.State.Phase != phase || d.State != doors {
		l.t.Errorf("%s: phase %s and doors %s, want %s and %s", what, s.State.Phase, d.State, phase, doors)
	}
}

// nobody demands shut doors with no officer there who could close them again.
func (l *liar) nobody(what string) {
	l.t.Helper()
	if got := room.DoorState(l.b.room); got != wire.DoorShut {
		l.t.Errorf("%s: doors %s", what, got)
	}
}

func (l *liar) refuse(p meeting.Proposal, code string) {
	l.t.Helper()
	l.send(meeting.Exchange{Refuse: &meeting.Refusal{Meeting: "annual", Counter: p.Counter, Code: code}}, "")
	settle(time.Second)
}

// TestHostRefusesClosing: a host that refuses a closing which its own log allows reopens nothing of ours: not at once, not after a restart, not
// when the officer leaves. The control is the honest race: the host closed at the same moment, and two keys open again.
func TestHostRefusesClosing(t *testing.T) {
	closing := func(name string, then func(l *liar)) {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLiar(t)
				l.open()
				l.act(wire.Act{Do: wire.DoClose})
				then(l)
			})
		})
	}
	closing("hostile", func(l *liar) {
		p := l.proposed(meeting.PhaseClosed)
		for range 2 {
			l.refuse(p, "phase.wrong")
			l.agree()
			l.is("refused", meeting.Closed, wire.DoorShut)
		}
		if got := l.officer.alarms(); got == "" {
			l.t.Error("officers are not told")
		}
		l.restart()
		l.officer = join(l.b, ruhlT)
		l.agree()
		l.is("after a restart", meeting.Closed, wire.DoorShut)
		l.left()
	})
	closing("overtaken", func(l *liar) { l.left() })
	closing("refused, then overtaken, and a restart", func(l *liar) {
		l.refuse(l.proposed(meeting.PhaseClosed), "phase.wrong")
		l.officer.leave()
		l.nobody("refused")
		l.write(l.proposed(meeting.MemberLeft))
		l.restart()
		l.agree()
		l.nobody("after a restart")
	})
	closing("control", func(l *liar) {
		p := l.proposed(meeting.PhaseClosed)
		l.refuse(p, "phase.wrong") // its entry is on its way
		closed := l.write(l.own(meeting.PhaseClosed))
		l.agree()
		l.is("both closed", meeting.Closed, wire.DoorShut)
		if s := l.b.snap(); s.Pending != 0 {
			l.t.Errorf("%d wait", s.Pending)
		}
		l.reopen(closed)
	})
}

// TestHostKeepsOurKey: our own key, withheld by the host and sequenced as the second when it likes, opens no door of ours later than a key
// counts; nor does one that our officer has taken back or has left behind, whatever the host makes of that. The controls: at once, not taken back.
func TestHostKeepsOurKey(t *testing.T) {
	for _, c := range []struct {
		what  string
		first bool // ours is sequenced before theirs
		after time.Duration
		then  string
		want  string
	}{
		{"control: second", false, time.Second, "", wire.DoorOpen},
		{"second, late", false, 10 * time.Minute, "", wire.DoorShut},
		{"control: first", true, time.Second, "", wire.DoorOpen},
		{"first, given back", true, time.Second, "return", wire.DoorShut},
		{"first, its officer has left", true, time.Second, "leave", wire.DoorShut},
		{"second, its officer has left", false, time.Second, "leave", wire.DoorShut},
	} {
		t.Run(c.what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLiar(t)
				begun, key := l.turn()
				if c.first {
					l.write(key)
				}
				switch c.then {
				case "return":
					l.act(wire.Act{Do: wire.DoReturnKey, Value: wire.ActionStart})
				case "leave":
					l.officer.leave()
				}
				settle(c.after)
				if c.first {
					l.write(l.key(meeting.Start, 1, begun))
				} else {
					l.withhold(begun, key)
				}
				if c.then == "leave" {
					l.agree()
					l.write(l.proposed(meeting.MemberLeft))
					l.officer = join(l.b, ruhlT)
					l.write(l.proposed(meeting.MemberJoined))
				}
				l.agree()
				if got := l.b.snap().State.Phase; got != meeting.Opened {
					t.Fatalf("phase %s", got)
				}
				if d := l.officer.now().Doors.Ours; d.State != c.want {
					t.Errorf("doors %s, want %s", d.State, c.want)
				}
			})
		})
	}
}

// TestStuckOverRestart: doors that were shut because our key came late stay shut over a restart, until an officer has closed the part and two keys
// have opened it again (the control).
func TestStuckOverRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLiar(t)
		begun, key := l.turn()
		settle(10 * time.Minute)
		l.withhold(begun, key)
		l.agree()
		again := func() {
			l.restart()
			l.officer = join(l.b, ruhlT)
			l.agree()
		}
		again()
		l.is("after a restart", meeting.Opened, wire.DoorShut)
		l.act(wire.Act{Do: wire.DoClose})
		closed := l.write(l.proposed(meeting.PhaseClosed))
		l.agree()
		again()
		l.reopen(closed)
	})
}

// TestStuckAtOnce: doors that a closing and two keys have freed, and the next closing, which the host passes over, shuts again within the same second,
// stay shut over a restart.
func TestStuckAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLiar(t)
		begun, key := l.turn()
		settle(10 * time.Minute)
		l.withhold(begun, key)
		l.agree()
		l.is("our key was late", meeting.Opened, wire.DoorShut)
		l.act(wire.Act{Do: wire.DoClose})
		l.keys(l.write(l.proposed(meeting.PhaseClosed)))
		settle(10 * time.Millisecond)
		l.is("control: opened again", meeting.Opened, wire.DoorOpen)
		l.act(wire.Act{Do: wire.DoClose})
		l.officer.leave()
		l.write(l.proposed(meeting.MemberLeft))
		settle(10 * time.Millisecond)
		l.nobody("passed over")
		l.restart()
		l.agree()
		l.nobody("after a restart")
	})
}

// TestFullLogCloses: a log that is full takes what lowers and nothing else (the control); if even its last places are taken, the doors are shut.
func TestFullLogCloses(t *testing.T) {
	for _, more := range []int64{0, room.LowerPlaces} {
		synctest.Test(t, func(t *testing.T) {
			s := newSession(t, nil)
			s.to(meeting.Opened)
			s.speaking(s.tA)
			room.Fill(s.a.room, room.MaxLog+more)
			s.act(s.dA, wire.Act{Do: wire.DoRaiseHand}, "log.full")
			if got := s.prA.heardWhile(s.tA, time.Second); got < 49 {
				t.Fatalf("control: the press gets %d packets", got)
			}
			want := ""
			if more > 0 {
				want = "log.full"
			}
			s.act(s.ofA, wire.Act{Do: wire.DoClose}, want)
			if got := s.prA.heardWhile(s.tA, 2*time.Second); got != 0 {
				t.Errorf("%d places taken: the press gets %d packets", more, got)
			}
		})
	}
}

package room_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/room"
)

// TestRetire: a room in which nothing has happened may be closed, and whoever sits there comes back to the next; one with a log may not.
func TestRetire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b, p := two(t)
		p.cut()
		pb := join(b, kosvane)
		if !b.room.Retire() {
			t.Error("nothing is in the shared log, and the room stays")
		}
		pb.read(func() {
			if len(pb.ends) != 1 || pb.ends[0] != "shutdown" {
				t.Errorf("who sat there is told %q", pb.ends)
			}
		})
		if _, err := b.room.Join(t.Context(), pb.seat); !errors.Is(err, room.ErrClosed) {
			t.Errorf("join after it: %v, want ErrClosed", err)
		}
		if !b.room.Retire() {
			t.Error("a closed room says that it is open")
		}
		pa := join(a, tarroven)
		pa.leave()
		settle(time.Second)
		if a.room.Retire() {
			t.Error("a room with a log closes")
		}
		join(a, tarroven)
	})
}

// TestRetireLeavesNobody: who sat in a room that was retired is not in the next one of the same meeting, and does not begin it; a room that was
// closed without that has them (the control). One whose own log takes nothing is not retired.
func TestRetireLeavesNobody(t *testing.T) {
	for _, retire := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			a, b, p := two(t)
			p.cut()
			pb := join(b, kosvane)
			pb.devices(false, true)
			settle(time.Second)
			if n := b.snap().Pending; n != 2 {
				t.Fatalf("%d events wait, want 2", n)
			}
			b.own.set(func() { b.own.fail = errors.New("disk is full") })
			if b.room.Retire() {
				t.Fatal("retired, and what was done in it may be done in the next")
			}
			b.own.set(func() { b.own.fail = nil })
			if retire && !b.room.Retire() {
				t.Fatal("not retired")
			}
			b.kill()
			b.open()
			want, entries := 0, int64(0)
			if !retire {
				want, entries = 1, 2
			}
			if s := b.snap(); len(s.State.Present) != want || s.Pending != int(entries) {
				t.Errorf("retired: %t: there are %v, %d events wait", retire, s.State.Present, s.Pending)
			}
			connect(a, b)
			settle(time.Second)
			if n := a.snap().N; n != entries {
				t.Errorf("retired: %t: the host has written %d entries, want %d", retire, n, entries)
			}
			join(b, kosvane)
			settle(time.Second)
			if s := a.snap(); len(s.State.Present) != 1 {
				t.Errorf("retired: %t: who comes anew is not taken: %v", retire, s.State.Present)
			}
		})
	}
}

// TestDefinitionChangesWhileStopped: who sat in a guest's room before its meeting began is not in the meeting of the same id under another definition,
// which came while the node was stopped, nor begins it. The controls: under the same definition they are there, and the meeting that has begun keeps
// what is in its log.
func TestDefinitionChangesWhileStopped(t *testing.T) {
	for name, c := range map[string]struct{ changed, begun bool }{"changed": {true, false}, "the same": {false, false}, "begun": {false, true}} {
		synctest.Test(t, func(t *testing.T) {
			a, b, p := two(t)
			if c.begun {
				join(a, tarroven)
				settle(time.Second)
			}
			p.cut()
			pb := join(b, kosvane)
			pb.devices(false, true)
			settle(time.Second)
			if n := b.snap().Pending; n != 2 {
				t.Fatalf("%s: %d events wait, want 2", name, n)
			}
			b.kill()
			if c.changed {
				for _, n := range []*node{a, b} {
					n.def.Title = meeting.Text{"en": "Another title"}
				}
				a.kill()
				a.open()
			}
			b.open()
			present, pending := 1, 2
			if c.changed {
				present, pending = 0, 0
			}
			if c.begun {
				present++ // the host's, as the shared log has it
			}
			if s := b.snap(); len(s.State.Present) != present || s.Pending != pending {
				t.Errorf("%s: there are %v, %d events wait, want %d and %d", name, s.State.Present, s.Pending, present, pending)
			}
			connect(a, b)
			settle(time.Second)
			if s := a.snap(); len(s.State.Present) != present {
				t.Errorf("%s: the host has %v, want %d", name, s.State.Present, present)
			}
			b.kill() // what was given up stays so
			b.open()
			join(b, kosvane)
			connect(a, b)
			settle(time.Second)
			want := 1
			if c.begun {
				want = 2
			}
			if s := a.snap(); len(s.State.Present) != want || a.snap().Alarm != "" {
				t.Errorf("%s: who comes anew: %v, want %d; alarm %q", name, s.State.Present, want, a.snap().Alarm)
			}
		})
	}
}

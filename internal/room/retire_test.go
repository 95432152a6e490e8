package room_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

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

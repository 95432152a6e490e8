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

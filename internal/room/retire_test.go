package room_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"visavis/internal/room"
)

// TestRetire: a room in which nothing has happened may be closed; one in which somebody sits or sat may not.
func TestRetire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b, p := two(t)
		p.cut()
		pb := join(b, kosvane)
		if b.room.Retire() {
			t.Error("a guest's room closes with somebody in it, whose entry is not sequenced yet")
		}
		pb.leave()
		if !b.room.Retire() {
			t.Error("control: nothing is in the shared log, nobody sits")
		}
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

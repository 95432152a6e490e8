package room_test

import (
	"testing"
	"testing/synctest"
	"time"

	"visavis/internal/meeting"
)

// TestGuestDoesNotBegin: a guest on whose node the definition is not in force any more writes no entry 1, keeps no proof against the host, and can
// be retired; one that is told nothing against it writes it (the control).
func TestGuestDoesNotBegin(t *testing.T) {
	for _, off := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			a, b, p := two(t)
			p.cut()
			b.kill()
			b.first = func(first func() error) error {
				if off {
					return &meeting.Error{Code: "arrange.changed"}
				}
				return first()
			}
			b.open()
			p = connect(a, b)
			join(a, tarroven)
			settle(time.Second)
			if n := a.snap().N; n != 1 {
				t.Fatalf("the host has written %d entries", n)
			}
			if n := b.snap().N; (n == 0) != off {
				t.Errorf("called off: %t: the guest has %d entries", off, n)
			}
			if s := b.snap(); s.Alarm != "" {
				t.Errorf("called off: %t: alarm %s", off, s.Alarm)
			}
			if b.room.Retire() != off {
				t.Errorf("called off: %t: retired: %t", off, !off)
			}
			p.cut()
		})
	}
}

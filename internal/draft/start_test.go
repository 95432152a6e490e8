package draft_test

import (
	"testing"
	"time"

	"visavis/internal/readout"
)

// TestAbuseClockAheadAtTheStart is abuse case 24 where nothing is there to see the step: the machine starts with a clock three hours ahead, alone. Nothing
// monotonic reaches over a start, so that an officer is asked. The control starts in the same way and meets the other node before its clock says that the
// embargo has ended.
func TestAbuseClockAheadAtTheStart(t *testing.T) {
	for _, alone := range []bool{true, false} {
		a, b := offices(t)
		agreed(a, b)
		a.sign()
		b.sign()
		settle(a, b)
		a.w.since = time.Minute
		a.look()
		a.down = true
		if alone {
			a.wrong = embargo - 10*time.Minute
		}
		a.start()
		a.look()
		if !alone {
			a.down = false
			a.look()
			a.down = true
			a.w.since = embargo - 10*time.Minute
			a.look()
		}
		a.w.since += 10 * time.Minute // by its clock it is time
		a.look()
		if held, public := a.get().Life.Held, a.public("1") != nil; public == alone || alone != (held == readout.HeldMissed) {
			t.Errorf("alone %v: held %q, public %v", alone, held, public)
		}
		if !alone {
			continue
		}
		if _, err := a.desk.Confirm(ctx, text, a.officer()); err != nil {
			t.Fatal(err)
		}
		a.look()
		a.stage(readout.StagePublished) // by the officer's word, with a passkey over the hash
	}
}

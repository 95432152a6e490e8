package arrange_test

import (
	"errors"
	"testing"

	"visavis/internal/meeting"
)

// TestGuestBegins: a guest whose officer has accepted a change that is not confirmed takes it that the host has begun, which the host itself may not; it
// does not once the meeting is called off.
func TestGuestBegins(t *testing.T) {
	for _, host := range []bool{true, false} {
		a, b := arranged(t) // a is the host
		o := b
		if host {
			o = a
		}
		d := both(a, b).Digest()
		o.far.edit(func(d *meeting.Definition) { d.Title = text("Changed") })
		o.far.propose()
		settle(a, b)
		o.accept()
		o.lose()
		wrote := 0
		first := func() error {
			return o.desk.First(t.Context(), velune, d, func() error { wrote++; return nil })
		}
		if err := first(); (err != nil) != host || (wrote == 0) != host {
			t.Errorf("host: %t: %v, %d written", host, err, wrote)
		}
		wrote = 0
		o.far.callOff("")
		settle(a, b)
		var e *meeting.Error
		if err := first(); !errors.As(err, &e) || e.Code != "arrange.changed" || wrote != 0 {
			t.Errorf("host: %t: called off, and yet %v, %d written", host, err, wrote)
		}
	}
}

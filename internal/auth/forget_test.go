package auth_test

import (
	"errors"
	"testing"
	"time"

	"visavis/internal/auth"
)

// TestForgottenWhileSigningIn: whoever signs in with a passkey in the moment in which it is taken out has no session afterwards, whether the
// passkeys go or the whole account. The control: nothing is taken out.
func TestForgottenWhileSigningIn(t *testing.T) {
	for name, forget := range map[string]func(d *desk) error{
		"control": func(*desk) error { return nil },
		"forgotten": func(d *desk) error {
			_, err := d.EnrolmentCode(d.t.Context(), vost, time.Hour, func() {})
			return err
		},
		"removed": func(d *desk) error { return d.RemoveAccount(d.t.Context(), vost) },
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			once := false
			d.keys.Signing(func() {
				if !once {
					once = true
					if err := forget(d); err != nil {
						t.Error(err)
					}
				}
			})
			_, err := d.signIn(d.key, origin, nil)
			if want := name != "control"; !once || want != errors.Is(err, auth.ErrPasskey) || !want && err != nil {
				t.Errorf("signs in: %v", err)
			}
			all, err := d.AccountSessions(t.Context())
			if err != nil || (len(all) > 0) != (name == "control") {
				t.Errorf("%d sessions, %v", len(all), err)
			}
		})
	}
}

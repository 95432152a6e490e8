package auth_test

import (
	"context"
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

// TestForgottenIsSaidAtOnce: that the passkeys are out is said before the sessions end, and though the code is not made then. The control: nothing is said
// when they stay, because there is no such account.
func TestForgottenIsSaidAtOnce(t *testing.T) {
	d := newDesk(t)
	s, err := d.signIn(d.key, origin, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(t.Context())
	defer end()
	defer d.Watch(s.ID, end)()
	said := 0
	_, err = d.EnrolmentCode(ctx, vost, time.Hour, func() {
		if said++; ctx.Err() != nil {
			t.Error("it is said when the sessions have ended")
		}
		if a, err := d.Account(t.Context(), vost); err != nil || len(a.Passkeys) != 0 {
			t.Errorf("it is said when there are %d passkeys, %v", len(a.Passkeys), err)
		}
	})
	if !errors.Is(err, context.Canceled) || said != 1 {
		t.Errorf("said %d times, %v", said, err)
	}
	if _, err := d.EnrolmentCode(t.Context(), "nobody", time.Hour, func() { said++ }); !errors.Is(err, auth.ErrAccount) || said != 1 {
		t.Errorf("control: said %d times, %v", said, err)
	}
}

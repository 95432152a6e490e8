package auth_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"visavis/internal/auth"
	"visavis/internal/meeting"
	"visavis/internal/softkey"
)

const (
	site   = "meet.avelmar.test"
	origin = "https://" + site
	vost   = meeting.MemberID("avelmar-vost")
)

// desk is a book with one officer, whose passkey is on key.
type desk struct {
	*auth.Book
	t    *testing.T
	keys *auth.Passkeys
	clk  *clock
	key  *softkey.Authenticator
	s    auth.Session
	jar  auth.Secret
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	b, c, _ := book(t)
	d := &desk{Book: b, t: t, clk: c, key: softkey.New()}
	var err error
	if d.keys, err = auth.NewPasskeys(b, "avelmar", []string{site, "localhost:8443", "192.0.2.1", "[2001:db8::1]:443"}, false); err != nil {
		t.Fatal(err)
	}
	d.s, d.jar = d.enrolled(vost, meeting.Officer, d.key)
	return d
}

// enrolled makes an account with a passkey.
func (d *desk) enrolled(id meeting.MemberID, role meeting.Role, key *softkey.Authenticator) (auth.Session, auth.Secret) {
	d.t.Helper()
	if _, err := d.NewAccount(d.t.Context(), id, "Lirien Vost", role); err != nil {
		d.t.Fatal(err)
	}
	s, jar, err := d.enrol(d.code(id), key, origin)
	if err != nil {
		d.t.Fatal(err)
	}
	return s, jar
}

func (d *desk) code(id meeting.MemberID) auth.Secret {
	d.t.Helper()
	code, err := d.EnrolmentCode(d.t.Context(), id, time.Hour, nil)
	if err != nil {
		d.t.Fatal(err)
	}
	return code
}

func (d *desk) enrol(code auth.Secret, key *softkey.Authenticator, from string) (auth.Session, auth.Secret, error) {
	d.t.Helper()
	o, err := d.keys.BeginEnrol(d.t.Context(), site, code)
	if err != nil {
		return auth.Session{}, auth.Secret{}, err
	}
	made, err := key.Create(from, o)
	if err != nil {
		d.t.Fatal(err)
	}
	return d.keys.FinishEnrol(d.t.Context(), site, code, made)
}

// signIn answers a challenge as key does, which change may alter.
func (d *desk) signIn(key *softkey.Authenticator, from string, change func([]byte) []byte) (auth.Session, error) {
	d.t.Helper()
	o, err := d.keys.BeginSignIn(site)
	if err != nil {
		d.t.Fatal(err)
	}
	shown, err := key.Get(from, o)
	if err != nil {
		d.t.Fatal(err)
	}
	if change != nil {
		shown = change(shown)
	}
	s, _, err := d.keys.FinishSignIn(d.t.Context(), site, shown)
	return s, err
}

func (d *desk) stepUp(s auth.Session, jar auth.Secret) (auth.Secret, error) {
	d.t.Helper()
	o, err := d.keys.BeginStepUp(d.t.Context(), site, s)
	if err != nil {
		return auth.Secret{}, err
	}
	shown, err := d.key.Get(origin, o)
	if err != nil {
		d.t.Fatal(err)
	}
	return d.keys.FinishStepUp(d.t.Context(), site, jar, shown)
}

func TestPasskeySignsIn(t *testing.T) {
	d := newDesk(t)
	if !d.s.Account || d.s.Grant.Member != vost || d.s.Grant.Meeting != "" || !d.Fresh(d.s) {
		t.Errorf("session after enrolment = %+v", d.s)
	}
	if got, err := d.Session(t.Context(), d.jar); err != nil || got.ID != d.s.ID || !got.Account {
		t.Errorf("its cookie = %+v, %v", got, err)
	}
	s, err := d.signIn(d.key, origin, nil)
	if err != nil || s.Grant.Member != vost || !d.Fresh(s) {
		t.Fatalf("sign-in = %+v, %v", s, err)
	}
	a, err := d.Account(t.Context(), vost)
	if err != nil || a.Role != meeting.Officer || len(a.Passkeys) != 1 || a.Passkeys[0].Host != site || a.Passkeys[0].Used.IsZero() {
		t.Errorf("account = %+v, %v", a, err)
	}
}

// TestPasskeysAreRefused: each row differs from what signs in by one thing, and all look alike.
func TestPasskeysAreRefused(t *testing.T) {
	d := newDesk(t)
	stranger := softkey.New()
	other := d.key.Clone() // knows the handle of the account, not its key
	other.Keys()[0].ID = []byte("another key, of the same account")
	unverified := d.key.Clone()
	unverified.Unverified = true
	if _, err := stranger.Create(origin, mustOptions(t, d)); err != nil {
		t.Fatal(err)
	}
	for name, try := range map[string]func() (auth.Session, error){
		"origin of another site": func() (auth.Session, error) { return d.signIn(d.key, "https://meet.tolmeria.test", nil) },
		"origin without TLS":     func() (auth.Session, error) { return d.signIn(d.key, "http://"+site, nil) },
		"origin with a port":     func() (auth.Session, error) { return d.signIn(d.key, origin+":8443", nil) },
		"key that is not known":  func() (auth.Session, error) { return d.signIn(other, origin, nil) },
		"stranger's key":         func() (auth.Session, error) { return d.signIn(stranger, origin, nil) },
		"user not verified":      func() (auth.Session, error) { return d.signIn(unverified, origin, nil) },
		"other relying party":    func() (auth.Session, error) { return d.elsewhere(site, "meet.tolmeria.test", origin) },
		"another host of ours": func() (auth.Session, error) {
			return d.elsewhere("localhost:8443", "localhost", "https://localhost:8443")
		},
		"signature of another": func() (auth.Session, error) {
			return d.signIn(d.key, origin, func(b []byte) []byte { return swapField(t, b, "signature") })
		},
		"handle of another": func() (auth.Session, error) {
			return d.signIn(d.key, origin, func(b []byte) []byte { return swapField(t, b, "userHandle") })
		},
		"challenge of our own making": func() (auth.Session, error) {
			shown, err := d.key.Get(origin, []byte(`{"challenge":"`+strings.Repeat("A", 75)+`","rpId":"`+site+`"}`))
			if err != nil {
				t.Fatal(err)
			}
			s, _, err := d.keys.FinishSignIn(t.Context(), site, shown)
			return s, err
		},
		"challenge of a step-up": func() (auth.Session, error) {
			o, err := d.keys.BeginStepUp(t.Context(), site, d.s)
			if err != nil {
				t.Fatal(err)
			}
			shown, err := d.key.Get(origin, o)
			if err != nil {
				t.Fatal(err)
			}
			s, _, err := d.keys.FinishSignIn(t.Context(), site, shown)
			return s, err
		},
		"no JSON": func() (auth.Session, error) {
			return d.signIn(d.key, origin, func([]byte) []byte { return []byte("{") })
		},
		"too long": func() (auth.Session, error) {
			return d.signIn(d.key, origin, func(b []byte) []byte { return append(b, strings.Repeat(" ", auth.MaxCredential)...) })
		},
	} {
		if s, err := try(); !errors.Is(err, auth.ErrPasskey) {
			t.Errorf("%s: %+v, %v, want ErrPasskey", name, s, err)
		}
	}
	if _, err := d.signIn(d.key, origin, nil); err != nil {
		t.Errorf("control: %v", err)
	}
	if list, err := d.AccountSessions(t.Context()); len(list) != 2 || err != nil {
		t.Errorf("%d sessions, %v, want that of the enrolment and the control's", len(list), err)
	}
}

// elsewhere signs in at a host with a key that says to be of another relying party.
func (d *desk) elsewhere(host, rpID, from string) (auth.Session, error) {
	d.t.Helper()
	o, err := d.keys.BeginSignIn(host)
	if err != nil {
		d.t.Fatal(err)
	}
	name, _, _ := strings.Cut(host, ":")
	k := d.key.Clone()
	k.Keys()[0].RPID = rpID
	shown, err := k.Get(from, []byte(strings.Replace(string(o), `"rpId":"`+name+`"`, `"rpId":"`+rpID+`"`, 1)))
	if err != nil {
		d.t.Fatal(err)
	}
	s, _, err := d.keys.FinishSignIn(d.t.Context(), host, shown)
	return s, err
}

func mustOptions(t *testing.T, d *desk) []byte {
	t.Helper()
	o, err := d.keys.BeginEnrol(t.Context(), site, d.code(vost))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// swapField replaces a field of the response by as many other bytes.
func swapField(t *testing.T, b []byte, field string) []byte {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	r := v["response"].(map[string]any)
	s := r[field].(string)
	last := "A"
	if strings.HasSuffix(s[:len(s)-2], "A") {
		last = "Q"
	}
	r[field] = s[:len(s)-3] + last + s[len(s)-2:]
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestChallengeHoldsOnceAndForAMinute(t *testing.T) {
	d := newDesk(t)
	ctx := t.Context()
	get := func() []byte {
		o, err := d.keys.BeginSignIn(site)
		if err != nil {
			t.Fatal(err)
		}
		shown, err := d.key.Get(origin, o)
		if err != nil {
			t.Fatal(err)
		}
		return shown
	}
	shown := get()
	if _, _, err := d.keys.FinishSignIn(ctx, site, shown); err != nil {
		t.Fatal(err)
	}
	if _, _, err := d.keys.FinishSignIn(ctx, site, shown); !errors.Is(err, auth.ErrChallenge) {
		t.Errorf("replayed: %v, want ErrChallenge", err)
	}
	late, inTime := get(), get()
	d.clk.forward(auth.ChallengeLife - 1)
	if _, _, err := d.keys.FinishSignIn(ctx, site, inTime); err != nil {
		t.Errorf("control: just within %s: %v", auth.ChallengeLife, err)
	}
	d.clk.forward(1)
	if _, _, err := d.keys.FinishSignIn(ctx, site, late); !errors.Is(err, auth.ErrChallenge) {
		t.Errorf("after %s: %v, want ErrChallenge", auth.ChallengeLife, err)
	}
}

func TestCounterThatGoesBackIsRefused(t *testing.T) {
	d := newDesk(t)
	d.key.Counts = true
	copied := d.key.Clone()
	for range 2 {
		if _, err := d.signIn(d.key, origin, nil); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.signIn(copied, origin, nil); !errors.Is(err, auth.ErrCloned) {
		t.Errorf("a copy of the key: %v, want ErrCloned", err)
	}
	if _, err := d.signIn(d.key, origin, nil); err != nil {
		t.Errorf("control: the key itself: %v", err)
	}
}

func TestEnrolmentCode(t *testing.T) {
	d := newDesk(t)
	ctx := t.Context()
	if _, err := d.NewAccount(ctx, "avelmar-ormeran", "Dask Ormeran", meeting.Technician); err != nil {
		t.Fatal(err)
	}
	before, code := d.code("avelmar-ormeran"), d.code("avelmar-ormeran")
	for range 3 { // a scanner
		if a, err := d.LookEnrolment(ctx, code); err != nil || a.ID != "avelmar-ormeran" || a.Role != meeting.Technician {
			t.Fatalf("LookEnrolment = %+v, %v", a, err)
		}
	}
	if _, _, err := d.enrol(before, softkey.New(), origin); !errors.Is(err, auth.ErrEnrolment) {
		t.Errorf("a code that another has replaced: %v", err)
	}
	for _, from := range []string{"https://meet.tolmeria.test", "http://" + site} {
		if _, _, err := d.enrol(code, softkey.New(), from); !errors.Is(err, auth.ErrPasskey) {
			t.Errorf("enrolled from %s: %v, want ErrPasskey", from, err)
		}
	}
	if _, _, err := d.enrol(code, d.key, origin); err != nil { // an authenticator may hold keys of two accounts
		t.Fatal(err)
	}
	if _, _, err := d.enrol(code, softkey.New(), origin); !errors.Is(err, auth.ErrEnrolment) {
		t.Errorf("the code again: %v, want ErrEnrolment", err)
	}
	if _, err := d.LookEnrolment(ctx, code); !errors.Is(err, auth.ErrEnrolment) {
		t.Errorf("a used code is told: %v", err)
	}
	// Stolen: two have begun with one code, one of them finishes.
	stolen := d.code("avelmar-ormeran")
	thief, owner := softkey.New(), softkey.New()
	o, err := d.keys.BeginEnrol(ctx, site, stolen)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := thief.Create(origin, o)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := d.enrol(stolen, owner, origin); err != nil {
		t.Fatal(err)
	}
	if _, _, err := d.keys.FinishEnrol(ctx, site, stolen, theirs); !errors.Is(err, auth.ErrEnrolment) {
		t.Errorf("the second of two with one code: %v, want ErrEnrolment", err)
	}
	expired := d.code(vost)
	d.clk.forward(time.Hour)
	if _, err := d.LookEnrolment(ctx, expired); !errors.Is(err, auth.ErrEnrolment) {
		t.Errorf("an expired code: %v", err)
	}
	// Lost: a new code takes the old passkeys and sessions away.
	s, err := d.signIn(d.key, origin, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.EnrolmentCode(ctx, s.Grant.Member, time.Hour, func() {}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.ByID(ctx, s.ID); !errors.Is(err, auth.ErrSession) {
		t.Errorf("a session of a passkey that was taken out: %v", err)
	}
	if _, err := d.signIn(owner, origin, nil); !errors.Is(err, auth.ErrPasskey) {
		t.Errorf("a passkey that was taken out: %v", err)
	}
}

func TestStepUp(t *testing.T) {
	d := newDesk(t)
	ctx := t.Context()
	d.clk.forward(auth.StepUpLife - 1)
	if s, err := d.ByID(ctx, d.s.ID); err != nil || !d.Fresh(s) {
		t.Errorf("control: just within %s: %v", auth.StepUpLife, err)
	}
	d.clk.forward(1)
	if s, _ := d.ByID(ctx, d.s.ID); d.Fresh(s) {
		t.Errorf("after %s the passkey still counts as shown", auth.StepUpLife)
	}
	if _, err := d.keys.BeginAdd(ctx, site, d.s); !errors.Is(err, auth.ErrStepUp) {
		t.Errorf("a further passkey without step-up: %v", err)
	}
	other, otherJar := d.enrolled("avelmar-ormeran", meeting.Technician, softkey.New())
	o, err := d.keys.BeginStepUp(ctx, site, d.s)
	if err != nil {
		t.Fatal(err)
	}
	shown, err := d.key.Get(origin, o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.keys.FinishStepUp(ctx, site, otherJar, shown); !errors.Is(err, auth.ErrPasskey) {
		t.Errorf("shown for another's session: %v", err)
	}
	if s, _ := d.ByID(ctx, other.ID); !s.Proven.Equal(other.Proven) {
		t.Error("the other's session has risen")
	}
	fresh, err := d.keys.FinishStepUp(ctx, site, d.jar, shown)
	if err != nil {
		t.Fatal(err)
	}
	if s, err := d.ByID(ctx, d.s.ID); err != nil || !d.Fresh(s) {
		t.Errorf("after step-up: %+v, %v", s, err)
	}
	if _, err := d.Session(ctx, d.jar); !errors.Is(err, auth.ErrSession) {
		t.Errorf("the cookie from before the step-up: %v", err)
	}
	if s, err := d.Session(ctx, fresh); err != nil || s.ID != d.s.ID {
		t.Errorf("the new cookie: %+v, %v", s, err)
	}
	s, _ := d.ByID(ctx, d.s.ID)
	o, err = d.keys.BeginAdd(ctx, site, s)
	if err != nil {
		t.Fatal(err)
	}
	second := softkey.New()
	made, err := second.Create(origin, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.keys.FinishAdd(ctx, site, other, made); !errors.Is(err, auth.ErrPasskey) {
		t.Errorf("a passkey made for another's session: %v", err)
	}
	if err := d.keys.FinishAdd(ctx, site, s, made); err != nil {
		t.Fatal(err)
	}
	if in, err := d.signIn(second, origin, nil); err != nil || in.Grant.Member != vost {
		t.Errorf("the second passkey: %+v, %v", in, err)
	}
	if _, err := d.stepUp(auth.Session{ID: "x", Grant: grant}, d.jar); err == nil {
		t.Error("a member's session may step up")
	}
}

func TestAccountsAreChecked(t *testing.T) {
	d := newDesk(t)
	ctx := t.Context()
	for name, c := range map[string]struct {
		id, text string
		role     meeting.Role
		want     error
	}{
		"no id": {"", "x", meeting.Officer, auth.ErrAccountID}, "capitals": {"Vost", "x", meeting.Officer, auth.ErrAccountID},
		"path": {"a/b", "x", meeting.Officer, auth.ErrAccountID}, "long": {strings.Repeat("a", 65), "x", meeting.Officer, auth.ErrAccountID},
		"principal": {"a", "x", meeting.Principal, auth.ErrAccountRole}, "no role": {"a", "x", "", auth.ErrAccountRole}, "press": {"a", "x", meeting.Press, auth.ErrAccountRole},
		"again": {string(vost), "x", meeting.Officer, auth.ErrAccountHave},
	} {
		if _, err := d.NewAccount(ctx, meeting.MemberID(c.id), c.text, c.role); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	var m *meeting.Error
	if _, err := d.NewAccount(ctx, "a", "a\u202eb", meeting.Officer); !errors.As(err, &m) {
		t.Errorf("a name that turns text around: %v", err)
	}
	told := 0
	d.Watch(d.s.ID, func() { told++ })
	if err := d.RemoveAccount(ctx, vost); err != nil || told != 1 {
		t.Errorf("RemoveAccount = %v, sockets told %d times", err, told)
	}
	if _, err := d.Session(ctx, d.jar); !errors.Is(err, auth.ErrSession) {
		t.Errorf("a session of an account that was removed: %v", err)
	}
	if _, err := d.signIn(d.key, origin, nil); !errors.Is(err, auth.ErrPasskey) {
		t.Errorf("a passkey of an account that was removed: %v", err)
	}
	for i := range auth.MaxAccounts {
		if _, err := d.NewAccount(ctx, meeting.MemberID("a"+strings.Repeat("b", i)), "x", meeting.Officer); err != nil {
			t.Fatalf("account %d: %v", i, err)
		}
	}
	if _, err := d.NewAccount(ctx, "one-more", "x", meeting.Officer); !errors.Is(err, auth.ErrAccountFull) {
		t.Errorf("account %d: %v", auth.MaxAccounts+1, err)
	}
}

func TestHostsThatAreNoRelyingParty(t *testing.T) {
	d := newDesk(t)
	for _, h := range []string{"192.0.2.1", "[2001:db8::1]:443", "meet.tolmeria.test", ""} {
		if _, err := d.keys.BeginSignIn(h); !errors.Is(err, auth.ErrHost) {
			t.Errorf("%q: %v, want ErrHost", h, err)
		}
	}
	local, err := auth.NewPasskeys(d.Book, "avelmar", []string{"avelmar.localhost:8443"}, true)
	if err != nil {
		t.Fatal(err)
	}
	o, err := local.BeginEnrol(context.Background(), "avelmar.localhost:8443", d.code(vost))
	if err != nil || !strings.Contains(string(o), `"id":"avelmar.localhost"`) {
		t.Errorf("the demo's host: %s, %v", o, err)
	}
}

// TestSignOffIsOverOneText: what was shown over one text is nothing for another, for another session, as a step-up, or twice.
func TestSignOffIsOverOneText(t *testing.T) {
	d := newDesk(t)
	ctx := t.Context()
	text, other := [32]byte{1}, [32]byte{2}
	show := func(hash [32]byte) []byte {
		o, err := d.keys.BeginSignOff(ctx, site, d.s, hash)
		if err != nil {
			t.Fatal(err)
		}
		shown, err := d.key.Get(origin, o)
		if err != nil {
			t.Fatal(err)
		}
		return shown
	}
	second, _ := d.enrolled("avelmar-ormeran", meeting.Officer, softkey.New())
	shown := show(text)
	if err := d.keys.FinishSignOff(ctx, site, d.s, other, shown); !errors.Is(err, auth.ErrPasskey) {
		t.Errorf("over another text: %v", err)
	}
	if err := d.keys.FinishSignOff(ctx, site, second, text, shown); !errors.Is(err, auth.ErrPasskey) {
		t.Errorf("by another session: %v", err)
	}
	if _, err := d.keys.FinishStepUp(ctx, site, d.jar, shown); !errors.Is(err, auth.ErrPasskey) {
		t.Errorf("as a step-up: %v", err)
	}
	if err := d.keys.FinishSignOff(ctx, site, d.s, text, shown); err != nil {
		t.Errorf("control: %v", err)
	}
	if err := d.keys.FinishSignOff(ctx, site, d.s, text, shown); !errors.Is(err, auth.ErrChallenge) {
		t.Errorf("a second time: %v", err)
	}
	shown = show(text)
	d.clk.forward(auth.ChallengeLife)
	if err := d.keys.FinishSignOff(ctx, site, d.s, text, shown); !errors.Is(err, auth.ErrChallenge) {
		t.Errorf("after a minute: %v", err)
	}
}

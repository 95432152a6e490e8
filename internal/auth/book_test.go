package auth_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"visavis/internal/auth"
	"visavis/internal/store"
)

// clock is a time that a test sets.
type clock struct{ t atomic.Int64 }

func newClock() *clock { c := &clock{}; c.t.Store(start.UnixNano()); return c }

func (c *clock) now() time.Time          { return time.Unix(0, c.t.Load()) }
func (c *clock) forward(d time.Duration) { c.t.Add(int64(d)) }

var grant = auth.Grant{Meeting: "m", Member: "avelmar-tarroven", Party: "avelmar"}

func book(t *testing.T) (*auth.Book, *clock, *store.Store) {
	t.Helper()
	c, s := newClock(), memory(t)
	return auth.NewBook(s, c.now), c, s
}

func invite(t *testing.T, b *auth.Book) auth.Secret {
	t.Helper()
	code, err := b.Invite(context.Background(), grant, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func session(t *testing.T, b *auth.Book) (auth.Session, auth.Secret) {
	t.Helper()
	s, cookie, err := b.Redeem(context.Background(), invite(t, b))
	if err != nil {
		t.Fatal(err)
	}
	return s, cookie
}

func TestInvitationIsUsedOnce(t *testing.T) {
	b, _, _ := book(t)
	ctx := t.Context()
	code := invite(t, b)
	if n := len(code.Reveal()); n != 32 {
		t.Errorf("code has %d signs, want 32: 160 bits in base32", n)
	}
	for range 10 { // a mail scanner
		if g, err := b.Look(ctx, code); g != grant || err != nil {
			t.Fatalf("Look = %v, %v, want %v", g, err, grant)
		}
	}
	s, cookie, err := b.Redeem(ctx, code)
	if err != nil || s.Grant != grant {
		t.Fatalf("Redeem = %+v, %v", s, err)
	}
	if n := len(cookie.Reveal()); n != 52 {
		t.Errorf("cookie has %d signs, want 52: 256 bits in base32", n)
	}
	if _, _, err := b.Redeem(ctx, code); !errors.Is(err, auth.ErrInvitation) {
		t.Errorf("second Redeem = %v, want ErrInvitation", err)
	}
	if _, err := b.Look(ctx, code); !errors.Is(err, auth.ErrInvitation) {
		t.Errorf("Look after Redeem = %v, want ErrInvitation", err)
	}
	if got, err := b.Session(ctx, cookie); got.ID != s.ID || got.Grant != grant || err != nil {
		t.Errorf("Session = %+v, %v", got, err)
	}
}

// TestInvitationTheft: of many who press the button at the same time one is let in.
func TestInvitationTheft(t *testing.T) {
	dir := t.TempDir()
	var books []*auth.Book
	for range 2 { // two processes
		s, err := store.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		books = append(books, auth.NewBook(s, nil))
	}
	code := invite(t, books[0])
	var in, out atomic.Int32
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			switch _, _, err := books[i%2].Redeem(context.Background(), code); {
			case err == nil:
				in.Add(1)
			case errors.Is(err, auth.ErrInvitation):
				out.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if in.Load() != 1 || out.Load() != 7 {
		t.Errorf("%d were let in and %d refused, want 1 and 7", in.Load(), out.Load())
	}
	if list, err := books[1].Sessions(t.Context(), "m"); len(list) != 1 || err != nil {
		t.Errorf("%d sessions, %v, want 1", len(list), err)
	}
	if err := books[0].EndMember(t.Context(), grant.Meeting, grant.Member); err != nil { // re-issued by the owner: whoever is in is out
		t.Fatal(err)
	}
	if list, err := books[1].Sessions(t.Context(), "m"); len(list) != 0 || err != nil {
		t.Errorf("%d sessions, %v, after the owner took the invitation back", len(list), err)
	}
	again := invite(t, books[0])
	if _, _, err := books[1].Redeem(t.Context(), again); err != nil {
		t.Errorf("the re-issued one: %v", err)
	}
}

// TestBadInvitationsLookAlike: used, expired, withdrawn, forged and unknown are one error with one text.
func TestBadInvitationsLookAlike(t *testing.T) {
	b, c, _ := book(t)
	ctx := t.Context()
	bad := map[string]auth.Secret{
		"empty": {}, "short": auth.NewSecret("abc"), "long": auth.NewSecret(strings.Repeat("a", 33)), "forged": auth.NewSecret(strings.Repeat("a", 32)),
		"capitals": auth.NewSecret(strings.ToUpper(invite(t, b).Reveal())), "huge": auth.NewSecret(strings.Repeat("a", 1<<20)), "key": auth.NewSecret("invitation/../session"),
	}
	bad["used"] = invite(t, b)
	if _, _, err := b.Redeem(ctx, bad["used"]); err != nil {
		t.Fatal(err)
	}
	bad["withdrawn"] = invite(t, b)
	if n, err := b.Withdraw(ctx, "m", grant.Member); n != 2 || err != nil { // and the one whose capitals are tried
		t.Errorf("Withdraw = %d, %v, want 2", n, err)
	}
	bad["expired"] = invite(t, b)
	good, err := b.Invite(ctx, grant, 2*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	c.forward(time.Hour)
	for name, code := range bad {
		_, e1 := b.Look(ctx, code)
		_, _, e2 := b.Redeem(ctx, code)
		for _, err := range []error{e1, e2} {
			if err != auth.ErrInvitation { //nolint:errorlint // the very same: not even its text differs
				t.Errorf("%s: %v, want exactly ErrInvitation", name, err)
			}
		}
	}
	if _, _, err := b.Redeem(ctx, good); err != nil {
		t.Errorf("control: a good one: %v", err)
	}
}

func TestInvitationLife(t *testing.T) {
	b, _, _ := book(t)
	for ttl, ok := range map[time.Duration]bool{0: false, -1: false, time.Second: true, auth.MaxInvitation: true, auth.MaxInvitation + 1: false} {
		if _, err := b.Invite(t.Context(), grant, ttl); (err == nil) != ok {
			t.Errorf("life of %s: %v, want ok %v", ttl, err, ok)
		}
	}
	for _, g := range []auth.Grant{{}, {Meeting: "m", Party: "p"}, {Meeting: "m", Member: "x"}, {Member: "x", Party: "p"}} {
		if _, err := b.Invite(t.Context(), g, time.Hour); err == nil {
			t.Errorf("an invitation for %+v was made", g)
		}
	}
}

func TestSessionEndsByTime(t *testing.T) {
	for _, c := range []struct {
		name  string
		steps []time.Duration // between uses
		ok    bool
	}{
		{"idle just below 12 h", []time.Duration{auth.SessionIdle - 1}, true},
		{"idle 12 h", []time.Duration{auth.SessionIdle}, false},
		{"used twice, just below 24 h", []time.Duration{11 * time.Hour, 11 * time.Hour, 2*time.Hour - 1}, true},
		{"used all the time, 24 h", []time.Duration{11 * time.Hour, 11 * time.Hour, 2 * time.Hour}, false},
		{"use within a minute of the last is not kept", []time.Duration{time.Minute - 1, auth.SessionIdle - time.Minute + 1}, false},
	} {
		b, clk, _ := book(t)
		_, cookie := session(t, b)
		var err error
		for _, d := range c.steps {
			clk.forward(d)
			_, err = b.Session(t.Context(), cookie)
		}
		if (err == nil) != c.ok || err != nil && !errors.Is(err, auth.ErrSession) {
			t.Errorf("%s: %v, want ok %v", c.name, err, c.ok)
		}
	}
}

func TestBadCookies(t *testing.T) {
	b, _, _ := book(t)
	code := invite(t, b)
	s, cookie := session(t, b)
	for name, bad := range map[string]auth.Secret{
		"empty": {}, "code": code, "id": auth.NewSecret(s.ID), "capitals": auth.NewSecret(strings.ToUpper(cookie.Reveal())),
		"cut": auth.NewSecret(cookie.Reveal()[1:]), "forged": auth.NewSecret(strings.Repeat("a", 52)),
		"other last bits": auth.NewSecret(cookie.Reveal()[:51] + "b"),
	} {
		if _, err := b.Session(t.Context(), bad); err != auth.ErrSession { //nolint:errorlint // as above
			t.Errorf("%s: %v, want ErrSession", name, err)
		}
	}
	if _, err := b.Session(t.Context(), cookie); err != nil {
		t.Errorf("control: %v", err)
	}
}

func TestEndedSessionClosesItsSockets(t *testing.T) {
	b, clk, s := book(t)
	ctx := t.Context()
	other := auth.NewBook(s, clk.now) // a command in another process
	for _, c := range []struct {
		name string
		end  func(auth.Session) error
		at   string // when it must be told: "once" or "sweep"
	}{
		{"End", func(x auth.Session) error { return b.End(ctx, x.ID) }, "once"},
		{"EndMember", func(x auth.Session) error { return b.EndMember(ctx, x.Grant.Meeting, x.Grant.Member) }, "once"},
		{"End elsewhere", func(x auth.Session) error { return other.End(ctx, x.ID) }, "sweep"},
		{"24 h", func(auth.Session) error {
			for range 4 { // its watched socket keeps it from being idle
				clk.forward(7 * time.Hour)
				if err := b.Sweep(ctx); err != nil {
					return err
				}
			}
			return nil
		}, "once"},
		{"nothing", func(auth.Session) error { return nil }, ""},
	} {
		x, _ := session(t, b)
		told, left := 0, 0
		stop := b.Watch(x.ID, func() { told++ })
		b.Watch(x.ID, func() { left++ })() // gone before: not told
		if err := b.Sweep(ctx); err != nil || told != 0 {
			t.Errorf("%s: told %d times before the end, %v", c.name, told, err)
		}
		if err := c.end(x); err != nil {
			t.Fatal(err)
		}
		if want := map[string]int{"once": 1}[c.at]; told != want {
			t.Errorf("%s: told %d times at once, want %d", c.name, told, want)
		}
		for range 2 {
			if err := b.Sweep(ctx); err != nil {
				t.Fatal(err)
			}
		}
		if want := map[string]int{"once": 1, "sweep": 1}[c.at]; told != want {
			t.Errorf("%s: told %d times in the end, want %d", c.name, told, want)
		}
		if left != 0 {
			t.Errorf("%s: a socket that was gone was told", c.name)
		}
		stop()
	}
}

func TestWatchedSessionIsInUse(t *testing.T) {
	b, clk, _ := book(t)
	s, cookie := session(t, b)
	b.Watch(s.ID, func() { t.Error("told that it ended") })
	for range 23 {
		clk.forward(time.Hour)
		if err := b.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.Session(t.Context(), cookie); err != nil {
		t.Errorf("after 23 h with an open socket: %v", err)
	}
}

func TestEndMemberLeavesOthers(t *testing.T) {
	b, _, _ := book(t)
	ctx := t.Context()
	_, cookie := session(t, b)
	mine := invite(t, b)
	theirs, err := b.Invite(ctx, auth.Grant{Meeting: "m", Member: "avelmar-kell", Party: "avelmar"}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.EndMember(ctx, "m", grant.Member); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Session(ctx, cookie); !errors.Is(err, auth.ErrSession) {
		t.Errorf("session = %v, want ErrSession", err)
	}
	if _, err := b.Look(ctx, mine); !errors.Is(err, auth.ErrInvitation) {
		t.Errorf("invitation = %v, want ErrInvitation", err)
	}
	if list, _ := b.Invitations(ctx, "m"); len(list) != 1 || list[0].Grant.Member != "avelmar-kell" {
		t.Errorf("invitations left: %+v", list)
	}
	if _, _, err := b.Redeem(ctx, theirs); err != nil {
		t.Errorf("another member's: %v", err)
	}
}

// TestNothingToStealAtRest: neither code nor cookie is in the store, under no key and in no value.
func TestNothingToStealAtRest(t *testing.T) {
	b, _, s := book(t)
	ctx := t.Context()
	code := invite(t, b)
	_, cookie := session(t, b)
	seen := 0
	for _, bucket := range []string{"invitation", "session", "cookie"} {
		items, err := s.List(ctx, bucket, "")
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range items {
			seen++
			for _, secret := range []string{code.Reveal(), cookie.Reveal()} {
				if strings.Contains(i.Key+string(i.Value), secret) {
					t.Errorf("%s holds a secret in clear", bucket)
				}
			}
		}
	}
	if seen != 4 { // the used invitation is one of them
		t.Errorf("%d records looked at, want 4", seen)
	}
}

func TestCleanAndVoid(t *testing.T) {
	b, clk, s := book(t)
	ctx := t.Context()
	count := func() string {
		i, _ := s.List(ctx, "invitation", "")
		x, _ := s.List(ctx, "session", "")
		c, _ := s.List(ctx, "cookie", "")
		return fmt.Sprint(len(i), len(x), len(c))
	}
	invite(t, b)
	session(t, b)
	if err := b.Clean(ctx); err != nil || count() != "2 1 1" {
		t.Errorf("Clean too early leaves %s, %v, want 2 1 1", count(), err)
	}
	clk.forward(auth.SessionIdle)
	invite(t, b)
	session(t, b)
	if err := b.Clean(ctx); err != nil || count() != "2 1 1" {
		t.Errorf("Clean leaves %s, %v, want 2 1 1: those of now", count(), err)
	}
	if err := b.Void(ctx); err != nil || count() != "0 0 0" {
		t.Errorf("Void leaves %s, %v", count(), err)
	}
}

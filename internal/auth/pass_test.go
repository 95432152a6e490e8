package auth_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"visavis/internal/auth"
)

func issue(t *testing.T, b *auth.Book, use auth.Use) (auth.Secret, auth.Pass) {
	t.Helper()
	token, err := b.Issue(context.Background(), auth.Pass{Grant: grant, Use: use}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	p, err := b.Pass(t.Context(), token)
	if err != nil || p.Grant != grant || p.Use != use {
		t.Fatalf("Pass = %+v, %v", p, err)
	}
	return token, p
}

func TestPassHoldsUntilItEnds(t *testing.T) {
	b, c, db := book(t)
	token, p := issue(t, b, auth.Publish)
	if n := len(token.Reveal()); n != 52 {
		t.Errorf("token has %d signs, want 52: 256 bits in base32", n)
	}
	items, err := db.List(t.Context(), "pass", "")
	if err != nil || len(items) != 1 {
		t.Fatalf("%d passes kept, %v", len(items), err)
	}
	if items[0].Key == token.Reveal() || p.ID == token.Reveal() {
		t.Error("the token itself is kept")
	}
	other := "a"
	if token.Reveal()[0] == 'a' {
		other = "b"
	}
	if _, err := b.Pass(t.Context(), auth.NewSecret(other+token.Reveal()[1:])); !errors.Is(err, auth.ErrPass) {
		t.Errorf("a forged token: %v", err)
	}
	if _, err := b.Session(t.Context(), token); !errors.Is(err, auth.ErrSession) {
		t.Errorf("a token as a cookie: %v", err)
	}
	c.forward(59 * time.Minute)
	if _, err := b.Pass(t.Context(), token); err != nil {
		t.Errorf("control: before its end: %v", err)
	}
	c.forward(2 * time.Minute)
	if _, err := b.Pass(t.Context(), token); !errors.Is(err, auth.ErrPass) {
		t.Errorf("after its end: %v", err)
	}
	if err := b.Clean(t.Context()); err != nil {
		t.Fatal(err)
	}
	if items, _ := db.List(t.Context(), "pass", ""); len(items) != 0 {
		t.Errorf("%d passes kept after their end", len(items))
	}
}

// TestPassEndsWhileUsed: whoever watches a pass is told at the next sweep after it was withdrawn, and not before.
func TestPassEndsWhileUsed(t *testing.T) {
	for name, end := range map[string]func(*auth.Book, *clock) error{
		"withdrawn": func(b *auth.Book, _ *clock) error {
			_, err := b.WithdrawPasses(context.Background(), grant.Meeting, grant.Member, auth.Play)
			return err
		},
		"expired": func(_ *auth.Book, c *clock) error { c.forward(2 * time.Hour); return nil },
		"member ended": func(b *auth.Book, _ *clock) error {
			return b.EndMember(context.Background(), grant.Meeting, grant.Member)
		},
		"void": func(b *auth.Book, _ *clock) error { return b.Void(context.Background()) },
	} {
		b, c, _ := book(t)
		_, p := issue(t, b, auth.Play)
		told := 0
		b.Watch(p.ID, func() { told++ })
		if _, err := b.WithdrawPasses(t.Context(), grant.Meeting, grant.Member, auth.Publish); err != nil { // another use
			t.Fatal(err)
		}
		if err := b.Sweep(t.Context()); err != nil || told != 0 {
			t.Errorf("%s: control: told %d times, %v", name, told, err)
		}
		if err := end(b, c); err != nil {
			t.Fatal(err)
		}
		if err := b.Sweep(t.Context()); err != nil || told != 1 {
			t.Errorf("%s: told %d times, %v, want once", name, told, err)
		}
	}
}

func TestIssueRefuses(t *testing.T) {
	b, _, _ := book(t)
	for name, p := range map[string]auth.Pass{
		"no use":               {Grant: grant},
		"unknown use":          {Grant: grant, Use: "watch"},
		"nobody":               {Use: auth.Play},
		"an encoder that sees": {Grant: grant, Use: auth.Publish, Shows: "x"},
	} {
		if _, err := b.Issue(t.Context(), p, time.Hour); err == nil {
			t.Errorf("%s: issued", name)
		}
	}
	for _, ttl := range []time.Duration{0, -1, auth.MaxInvitation + 1} {
		if _, err := b.Issue(t.Context(), auth.Pass{Grant: grant, Use: auth.Play}, ttl); err == nil {
			t.Errorf("issued for %s", ttl)
		}
	}
	if _, err := b.Issue(t.Context(), auth.Pass{Grant: grant, Use: auth.Play}, auth.MaxInvitation); err != nil {
		t.Errorf("control: %v", err)
	}
}

package auth

import (
	"testing"
	"time"

	"visavis/internal/store"
)

// While nobody writes, Sweep reads nothing of what is watched; whatever writes, in this process or in another, makes it look at everything.
func TestSweepReadsWhatChanged(t *testing.T) {
	dir := t.TempDir()
	open := func() *store.Store {
		s, err := store.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
	here, elsewhere := open(), open()
	now := time.Date(2031, 5, 6, 9, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	b, ctx := NewBook(here, clock), t.Context()
	begin := func() Session {
		code, err := b.Invite(ctx, Grant{Meeting: "m", Member: "avelmar-tarroven", Party: "avelmar"}, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		s, _, err := b.Redeem(ctx, code)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	for name, end := range map[string]func(Session) error{
		"another book of this process": func(x Session) error { return NewBook(here, clock).End(ctx, x.ID) },
		"another process":              func(x Session) error { return NewBook(elsewhere, clock).End(ctx, x.ID) },
		"when a use is written, too": func(x Session) error {
			now = now.Add(2 * time.Minute)
			return NewBook(here, clock).End(ctx, x.ID)
		},
	} {
		x, stays := begin(), begin()
		told := 0
		b.Watch(x.ID, func() { told++ })
		stop := b.Watch(stays.ID, func() { t.Errorf("%s: told of a session that stays", name) })
		sweep := func(want int) {
			t.Helper()
			if err := b.Sweep(ctx); err != nil || told != want {
				t.Errorf("%s: told %d times, %v, want %d", name, told, err, want)
			}
		}
		looks := func(want int) {
			t.Helper()
			rev, err := b.store.Revision(ctx, sessionBucket, passBucket)
			if got := len(b.due(rev)); got != want || err != nil {
				t.Errorf("%s: %d due, %v, want %d", name, got, err, want)
			}
		}
		looks(2)
		sweep(0)
		looks(0)
		now = now.Add(90 * time.Second)
		looks(2)
		sweep(0) // writes that both are in use, which is no reason to look again
		looks(0)
		if err := end(x); err != nil {
			t.Fatal(err)
		}
		looks(2)
		sweep(1)
		looks(0)
		stop()
	}
}

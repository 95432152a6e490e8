package auth_test

import (
	"errors"
	"strings"
	"testing"

	"visavis/internal/auth"
	"visavis/internal/meeting"
	"visavis/internal/store"
)

// TestSecurityLog: what is noted comes back in order over several batches, and the head changes with each.
func TestSecurityLog(t *testing.T) {
	s, err := store.Memory()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	b := auth.NewBook(s, nil)
	empty, err := b.Security(t.Context(), func(auth.SecurityEntry) { t.Error("an entry of an empty log") })
	if err != nil || empty != (auth.SecurityLog{}) {
		t.Errorf("empty: %+v, %v", empty, err)
	}
	const all = 1201
	heads := map[string]bool{}
	for i := range all {
		if err := b.Note(t.Context(), auth.SecurityEvent{Kind: "refused", Code: "pin.wrong", Meeting: "annual", Person: "avelmar-vost", Count: i}); err != nil {
			t.Fatal(err)
		}
		if i > 2 && i < all-1 {
			continue
		}
		n := 0
		log, err := b.Security(t.Context(), func(e auth.SecurityEntry) {
			if e.N != int64(n+1) || e.Count != n || e.Code != "pin.wrong" || e.Person != meeting.MemberID("avelmar-vost") {
				t.Fatalf("entry %+v at %d", e, n)
			}
			n++
		})
		if err != nil || n != i+1 || log.First != 1 || log.Last != int64(n) || heads[log.Head] || len(log.Head) != 64 {
			t.Errorf("%d entries, %+v, %v", n, log, err)
		}
		heads[log.Head] = true
	}
	if err := s.Chain(t.Context(), start, []byte(`{"kind":"x","name":"Lirien Vost"}`)); err != nil {
		t.Fatal(err)
	}
	if log, err := b.Security(t.Context(), func(auth.SecurityEntry) {}); !errors.Is(err, store.ErrChain) || log.Last != all {
		t.Errorf("an entry with a field that is none: %+v, %v", log, err)
	}
}

// TestSourcesTellNothing: one network has one name in one run, another in the next, and no part of the address is in it.
func TestSourcesTellNothing(t *testing.T) {
	a, b := auth.NewSources(), auth.NewSources()
	x := a.Name("192.0.2.0/24")
	if x != a.Name("192.0.2.0/24") || x == a.Name("198.51.100.0/24") || x == b.Name("192.0.2.0/24") || strings.Contains(x, "192") && strings.Contains(x, "0.2") || a.Name("") != "" {
		t.Errorf("%q", x)
	}
}

package store_test

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"visavis/internal/store"
)

// chained is a store on disk with n entries in its security log.
func chained(t *testing.T, n int) (*store.Store, string) {
	t.Helper()
	dir := t.TempDir()
	s, err := store.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	for i := range n {
		if err := s.Chain(t.Context(), time.Unix(1_700_000_000+int64(i), 0), fmt.Appendf(nil, "entry %d", i+1)); err != nil {
			t.Fatal(err)
		}
	}
	return s, dir
}

// TestChainTells: whatever somebody changes in the file is found, at its place; an untouched one is whole (the control).
func TestChainTells(t *testing.T) {
	const off = "DROP TRIGGER security_update; DROP TRIGGER security_delete; "
	for name, c := range map[string]struct {
		do   string
		last int64 // of the entries before the break
		n    int
	}{
		"control":                {off, 10, 0},
		"data changed":           {off + "UPDATE security SET data = CAST('entry x' AS BLOB) WHERE n = 4", 4, 1},
		"time changed":           {off + "UPDATE security SET at = at + 1 WHERE n = 4", 4, 1},
		"hash changed":           {off + "UPDATE security SET prev = zeroblob(32) WHERE n = 4", 3, 1},
		"taken out":              {off + "DELETE FROM security WHERE n = 4", 3, 1},
		"number changed":         {off + "UPDATE security SET n = 11 WHERE n = 10", 9, 1},
		"two change places":      {off + "UPDATE security SET n = 99 WHERE n = 4; UPDATE security SET n = 4 WHERE n = 5; UPDATE security SET n = 5 WHERE n = 99", 3, 1},
		"put in the middle":      {off + "UPDATE security SET n = n + 1000 WHERE n > 4; UPDATE security SET n = n - 999 WHERE n > 999; INSERT INTO security SELECT 5, at, prev, data FROM security WHERE n = 4", 4, 1},
		"the oldest rotated out": {"DELETE FROM security WHERE n = 1", 10, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s, dir := chained(t, 10)
			db, err := sql.Open("sqlite", filepath.Join(dir, "visavis.db"))
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if _, err := db.Exec(c.do); err != nil {
				t.Fatal(err)
			}
			ls, err := s.Chained(t.Context(), 0, 100)
			if errors.Is(err, store.ErrChain) != (c.n > 0) || len(ls) == 0 || ls[len(ls)-1].N != c.last {
				t.Errorf("%d entries, %v", len(ls), err)
			}
		})
	}
}

// TestChainStays: no statement changes an entry or takes one out but the oldest.
func TestChainStays(t *testing.T) {
	s, dir := chained(t, 3)
	db, err := sql.Open("sqlite", filepath.Join(dir, "visavis.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, do := range []string{"UPDATE security SET data = x'00' WHERE n = 2", "DELETE FROM security WHERE n = 2", "DELETE FROM security WHERE n = 3", "DELETE FROM security"} {
		if _, err := db.Exec(do); err == nil || !strings.Contains(err.Error(), "security log") {
			t.Errorf("%s: %v", do, err)
		}
	}
	if ls, err := s.Chained(t.Context(), 0, 10); err != nil || len(ls) != 3 {
		t.Errorf("%d entries, %v", len(ls), err)
	}
	if _, err := db.Exec("DELETE FROM security WHERE n = 1"); err != nil { // the control
		t.Error(err)
	}
}

// TestChainLimits: an entry of MaxLink bytes and one more; entries that are too old go, and the newest always stays.
func TestChainLimits(t *testing.T) {
	s, _ := chained(t, 3)
	at := time.Unix(1_700_000_002, 0)
	if err := s.Chain(t.Context(), at, make([]byte, store.MaxLink)); err != nil {
		t.Error(err)
	}
	if err := s.Chain(t.Context(), at, make([]byte, store.MaxLink+1)); !errors.Is(err, store.ErrLarge) {
		t.Errorf("too large: %v", err)
	}
	if ls, err := s.Chained(t.Context(), 0, 10); err != nil || len(ls) != 4 {
		t.Fatalf("control: %d entries, %v", len(ls), err)
	}
	late := at.Add(store.LinkLife).Add(time.Second)
	for i, want := range []int{3, 2, 1} { // 4 and one, less two; and so on
		if err := s.Chain(t.Context(), late.Add(time.Duration(i)*store.LinkLife*2), nil); err != nil {
			t.Fatal(err)
		}
		ls, err := s.Chained(t.Context(), 0, 10)
		if err != nil || len(ls) != want || ls[len(ls)-1].N != int64(5+i) {
			t.Errorf("after %d late ones: %d entries, %v, want %d", i+1, len(ls), err, want)
		}
	}
}

// TestChainIsBounded: MaxLinks entries are kept, of one more the oldest goes.
func TestChainIsBounded(t *testing.T) {
	s, dir := chained(t, 1)
	db, err := sql.Open("sqlite", filepath.Join(dir, "visavis.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	fill := fmt.Sprintf("WITH RECURSIVE c(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM c WHERE n < %d) INSERT INTO security SELECT n, 1700000000000000000, zeroblob(32), x'' FROM c", store.MaxLinks-1)
	if _, err := db.Exec(fill); err != nil {
		t.Fatal(err)
	}
	for _, oldest := range []int64{1, 2, 3} {
		if err := s.Chain(t.Context(), time.Unix(1_700_000_001, 0), nil); err != nil {
			t.Fatal(err)
		}
		if ls, err := s.Chained(t.Context(), 0, 1); err != nil || len(ls) != 1 || ls[0].N != oldest {
			t.Errorf("the oldest is %+v, %v, want %d", ls, err, oldest)
		}
	}
}

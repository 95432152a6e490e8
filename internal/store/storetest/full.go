package storetest

import (
	"bytes"
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"strconv"
	"strings"
	"sync"
	"testing"

	"modernc.org/sqlite"

	"visavis/internal/store"
)

var (
	watching sync.Once
	watched  sync.Mutex   // guards opened
	opened   []connection // the oldest first
)

type connection struct {
	source string
	sqlite.ExecQuerierContext
}

// Watch has the connections of all stores that are opened from now on remembered, so that Fill and Free find theirs. A test calls it first.
func Watch() {
	watching.Do(func() {
		sqlite.RegisterConnectionHook(func(c sqlite.ExecQuerierContext, dsn string) error {
			watched.Lock()
			defer watched.Unlock()
			opened = append(opened, connection{dsn, c})
			return nil
		})
	})
}

// Fill leaves no page of s's database free, and lets it grow no more: to whoever writes, SQLite says that the disk is full. Of the stores in memory it is the one
// that was opened last, after Watch. Nobody else may use s meanwhile.
func Fill(t testing.TB, s *store.Store) {
	t.Helper()
	pragma(t, s, "max_page_count="+strconv.FormatInt(pragma(t, s, "page_count"), 10))
	for _, size := range []int{1 << 16, 3000, 300, 10} {
		for i := 0; ; i++ {
			if i > 1000 {
				t.Fatal("the database does not become full")
			}
			if err := s.Put(context.Background(), "filling", strconv.Itoa(size)+"-"+strconv.Itoa(i), bytes.Repeat([]byte{'x'}, size)); err != nil {
				break
			}
		}
	}
}

// Free gives a database that was filled as much room as it likes.
func Free(t testing.TB, s *store.Store) {
	t.Helper()
	pragma(t, s, "max_page_count=1000000")
}

// pragma asks the connection of s, and gives the number that it answers.
func pragma(t testing.TB, s *store.Store, query string) int64 {
	t.Helper()
	source := "file::memory:"
	if s.Dir() != "" {
		source = "file://" + s.Dir() + "/"
	}
	watched.Lock()
	defer watched.Unlock()
	for i := len(opened) - 1; i >= 0; i-- {
		if !strings.HasPrefix(opened[i].source, source) {
			continue
		}
		rows, err := opened[i].QueryContext(context.Background(), "PRAGMA "+query, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		row := make([]driver.Value, 1)
		if err := rows.Next(row); err != nil && !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		n, ok := row[0].(int64)
		if !ok {
			t.Fatalf("%s: %v", query, row[0])
		}
		return n
	}
	t.Fatalf("%s has not been opened here", source)
	return 0
}

package room

import (
	"context"

	"visavis/internal/store"
)

// Log is one append-only log. A *store.Store with a name is one: NewLog. The room calls it from one goroutine.
type Log interface {
	// Append writes entry e, whose number follows the last. It returns when the entry would survive a power cut.
	Append(ctx context.Context, e store.LogEntry) error
	// Entries gives up to max entries from number from on.
	Entries(ctx context.Context, from int64, max int) ([]store.LogEntry, error)
}

// NewLog is the log of that name in s.
func NewLog(s *store.Store, name string) Log { return storeLog{s, name} }

type storeLog struct {
	s    *store.Store
	name string
}

func (l storeLog) Append(ctx context.Context, e store.LogEntry) error {
	return l.s.Append(ctx, l.name, e)
}

func (l storeLog) Entries(ctx context.Context, from int64, max int) ([]store.LogEntry, error) {
	return l.s.Entries(ctx, l.name, from, max)
}

package room

import (
	"context"

	"visavis/internal/store"
)

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

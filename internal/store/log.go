package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// How an entry came to be known. The two are never merged.
const (
	Observed = "observed" // our own packets, our own clock, our own officer
	Stated   = "stated"   // said by another node
)

// LogEntry is one entry of a log that is only ever appended to.
type LogEntry struct {
	N     int64     // 1, 2, 3 … without a gap
	At    time.Time // when this node wrote it (kept to the nanosecond, read back in UTC)
	Basis string    // Observed or Stated
	Data  []byte    // at most MaxEntry bytes
}

// Append writes the next entry of a log, which needs no making. When it returns nil the entry is on the disk. ErrOrder: e.N is not Last + 1;
// ErrLarge: the data is over MaxEntry or the log's name over MaxName.
func (s *Store) Append(ctx context.Context, log string, e LogEntry) error {
	if len(e.Data) > MaxEntry || len(log) > MaxName {
		return fmt.Errorf("append to log %.64s: %w", log, ErrLarge)
	}
	if e.Basis != Observed && e.Basis != Stated {
		return fmt.Errorf("append to log %s: basis %q is neither observed nor stated", log, e.Basis)
	}
	data := e.Data
	if data == nil {
		data = []byte{}
	}
	err := s.transact(ctx, func(tx *sql.Tx) error {
		last, err := lastOf(ctx, tx, log)
		if err != nil {
			return err
		}
		if e.N != last+1 {
			return fmt.Errorf("entry %d after %d: %w", e.N, last, ErrOrder)
		}
		_, err = tx.ExecContext(ctx, "INSERT INTO log (log, n, at, basis, data) VALUES (?, ?, ?, ?, ?)", log, e.N, e.At.UnixNano(), e.Basis, data)
		return err
	})
	if err != nil {
		return fmt.Errorf("append to log %s: %w", log, err)
	}
	return nil
}

// Entries reads up to max entries of a log in order, the first of them number from (or the first there is). No entries is no error.
func (s *Store) Entries(ctx context.Context, log string, from int64, max int) ([]LogEntry, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT n, at, basis, data FROM log WHERE log = ? AND n >= ? ORDER BY n LIMIT ?", log, from, max)
	if err != nil {
		return nil, fmt.Errorf("read log %s: %w", log, err)
	}
	defer rows.Close()
	var es []LogEntry
	for rows.Next() {
		var e LogEntry
		var at int64
		if err := rows.Scan(&e.N, &at, &e.Basis, &e.Data); err != nil {
			return nil, fmt.Errorf("read log %s: %w", log, err)
		}
		e.At = time.Unix(0, at).UTC()
		es = append(es, e)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read log %s: %w", log, err)
	}
	return es, nil
}

// Last is the number of a log's last entry; 0 if it has none.
func (s *Store) Last(ctx context.Context, log string) (int64, error) {
	n, err := lastOf(ctx, s.db, log)
	if err != nil {
		return 0, fmt.Errorf("read log %s: %w", log, err)
	}
	return n, nil
}

func lastOf(ctx context.Context, q queryer, log string) (int64, error) {
	var n sql.NullInt64
	err := q.QueryRowContext(ctx, "SELECT max(n) FROM log WHERE log = ?", log).Scan(&n)
	return n.Int64, err
}

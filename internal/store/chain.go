package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// Link is one entry of the security log: what was written, and the hash of the one before.
type Link struct {
	N    int64     // 1, 2, 3 … without a gap; the oldest are taken out in the end
	At   time.Time // when it was written (kept to the nanosecond, read back in UTC)
	Prev [sha256.Size]byte
	Data []byte // at most MaxLink bytes
}

// Hash is the chain hash after l: SHA-256 over "visavis-security-log/1\n", Prev, N and At (ns since 1970), each 8 bytes big-endian, and Data.
func (l Link) Hash() [sha256.Size]byte {
	h := sha256.New()
	h.Write([]byte("visavis-security-log/1\n"))
	h.Write(l.Prev[:])
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(l.N)))
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(l.At.UnixNano())))
	h.Write(l.Data)
	return [sha256.Size]byte(h.Sum(nil))
}

// ErrChain is the error of a security log that somebody has changed.
var ErrChain = errors.New("the chain of the security log is broken")

// Chain appends data to the security log. When it returns nil the entry is on the disk. Of more than MaxLinks, and of those older than LinkLife, the
// oldest go. ErrLarge: data is over MaxLink.
func (s *Store) Chain(ctx context.Context, at time.Time, data []byte) error {
	if len(data) > MaxLink {
		return fmt.Errorf("write security log: %w", ErrLarge)
	}
	if data == nil {
		data = []byte{}
	}
	err := s.transact(ctx, func(tx *sql.Tx) error {
		l := Link{N: 1, At: at, Data: data}
		last, err := links(ctx, tx, "SELECT n, at, prev, data FROM security ORDER BY n DESC LIMIT 1")
		if err != nil {
			return err
		}
		if len(last) > 0 {
			l.N, l.Prev = last[0].N+1, last[0].Hash()
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO security (n, at, prev, data) VALUES (?, ?, ?, ?)", l.N, at.UnixNano(), l.Prev[:], data); err != nil {
			return err
		}
		// One after the other, the oldest first: nothing else can be taken out. Two for each that comes: what is over the bound goes in the end.
		for range 2 {
			if _, err := tx.ExecContext(ctx, "DELETE FROM security WHERE n = (SELECT min(n) FROM security) AND (n <= ? OR at < ?)", l.N-MaxLinks, at.Add(-LinkLife).UnixNano()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("write security log: %w", err)
	}
	return nil
}

// Chained reads up to max entries of the security log in order, the first of them number from or the first there is. ErrChain if they do not follow
// each other; those before the break come with it. No entries is no error.
func (s *Store) Chained(ctx context.Context, from int64, max int) ([]Link, error) {
	ls, err := links(ctx, s.db, "SELECT n, at, prev, data FROM security WHERE n >= ? ORDER BY n LIMIT ?", from, max)
	if err != nil {
		return nil, fmt.Errorf("read security log: %w", err)
	}
	for i := 1; i < len(ls); i++ {
		if ls[i].N != ls[i-1].N+1 || ls[i].Prev != ls[i-1].Hash() {
			return ls[:i], fmt.Errorf("after entry %d: %w", ls[i-1].N, ErrChain)
		}
	}
	return ls, nil
}

type rowser interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func links(ctx context.Context, q rowser, query string, args ...any) (out []Link, err error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var l Link
		var at int64
		var prev []byte
		if err := rows.Scan(&l.N, &at, &prev, &l.Data); err != nil {
			return nil, err
		}
		if copy(l.Prev[:], prev) != len(l.Prev) {
			return nil, fmt.Errorf("entry %d: %w", l.N, ErrChain)
		}
		l.At = time.Unix(0, at).UTC()
		out = append(out, l)
	}
	return out, rows.Err()
}

package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Item is one value of a bucket.
type Item struct {
	Key   string
	Value []byte
}

// Change is one step of SwapAll: the value under Key becomes New if it is still Old.
type Change struct {
	Bucket, Key string
	Old         []byte // nil: there must be none
	New         []byte // nil: it is taken out
}

// Put sets a value, whatever was there. ErrLarge: v is over MaxValue, or a name over MaxName.
func (s *Store) Put(ctx context.Context, bucket, key string, v []byte) error {
	if err := checkValue(bucket, key, v); err != nil {
		return err
	}
	if v == nil {
		v = []byte{}
	}
	defer s.wrote(bucket)
	if err := put(ctx, s.db, bucket, key, v); err != nil {
		return fmt.Errorf("put %s: %w", bucket, err)
	}
	return nil
}

// Get reads a value; ErrNotFound if there is none.
func (s *Store) Get(ctx context.Context, bucket, key string) ([]byte, error) {
	v, err := get(ctx, s.db, bucket, key)
	if err != nil {
		return nil, fmt.Errorf("get from %s: %w", bucket, err)
	}
	return v, nil
}

// Delete takes a value out. That there was none is no error.
func (s *Store) Delete(ctx context.Context, bucket, key string) error {
	defer s.wrote(bucket)
	if _, err := s.db.ExecContext(ctx, "DELETE FROM value WHERE bucket = ? AND key = ?", bucket, key); err != nil {
		return fmt.Errorf("delete from %s: %w", bucket, err)
	}
	return nil
}

// List reads all values of a bucket whose key begins with prefix, in the order of the keys' bytes.
func (s *Store) List(ctx context.Context, bucket, prefix string) ([]Item, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT key, value FROM value WHERE bucket = ?1 AND substr(key, 1, length(?2)) = ?2 ORDER BY key", bucket, prefix)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", bucket, err)
	}
	defer rows.Close()
	var is []Item
	for rows.Next() {
		var i Item
		if err := rows.Scan(&i.Key, &i.Value); err != nil {
			return nil, fmt.Errorf("list %s: %w", bucket, err)
		}
		is = append(is, i)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list %s: %w", bucket, err)
	}
	return is, nil
}

// Swap sets a value if what is there is still old: of two that race, one gets ErrChanged. A nil old means that there must be none; a nil new
// takes the value out.
func (s *Store) Swap(ctx context.Context, bucket, key string, old, new []byte) error {
	return s.SwapAll(ctx, Change{bucket, key, old, new})
}

// SwapAll does all the changes or, with ErrChanged, none.
func (s *Store) SwapAll(ctx context.Context, changes ...Change) error {
	for _, c := range changes {
		if err := checkValue(c.Bucket, c.Key, c.New); err != nil {
			return err
		}
		defer s.wrote(c.Bucket)
	}
	err := s.transact(ctx, func(tx *sql.Tx) error {
		for _, c := range changes {
			if err := swap(ctx, tx, c); err != nil {
				return fmt.Errorf("swap in %s: %w", c.Bucket, err)
			}
		}
		return nil
	})
	return err
}

func swap(ctx context.Context, tx *sql.Tx, c Change) error {
	have, err := get(ctx, tx, c.Bucket, c.Key)
	switch {
	case errors.Is(err, ErrNotFound):
		if c.Old != nil {
			return ErrChanged
		}
	case err != nil:
		return err
	case c.Old == nil || !bytes.Equal(have, c.Old):
		return ErrChanged
	}
	if c.New == nil {
		_, err = tx.ExecContext(ctx, "DELETE FROM value WHERE bucket = ? AND key = ?", c.Bucket, c.Key)
		return err
	}
	return put(ctx, tx, c.Bucket, c.Key, c.New)
}

type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

func put(ctx context.Context, x execer, bucket, key string, v []byte) error {
	_, err := x.ExecContext(ctx, "INSERT INTO value (bucket, key, value) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", bucket, key, v)
	return err
}

func get(ctx context.Context, q queryer, bucket, key string) ([]byte, error) {
	v := []byte{}
	err := q.QueryRowContext(ctx, "SELECT value FROM value WHERE bucket = ? AND key = ?", bucket, key).Scan(&v)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrNotFound
	}
	if err == nil && v == nil { // an empty value is scanned as nil, which would say that there is none
		v = []byte{}
	}
	return v, err
}

func checkValue(bucket, key string, v []byte) error {
	if len(v) > MaxValue || len(bucket) > MaxName || len(key) > MaxName {
		return fmt.Errorf("value for %.64s: %w", bucket, ErrLarge)
	}
	return nil
}

package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// migrations are the steps of the schema, in order; step i leads to version i+1. A released step is never changed: a new one is added.
func migrations() []string {
	return []string{`
CREATE TABLE log (
	log   TEXT    NOT NULL,
	n     INTEGER NOT NULL CHECK (n >= 1),
	at    INTEGER NOT NULL,               -- ns since 1970, UTC
	basis TEXT    NOT NULL CHECK (basis IN ('observed', 'stated')),
	data  BLOB    NOT NULL,
	PRIMARY KEY (log, n)
) STRICT, WITHOUT ROWID;
-- What was written stays: no statement of ours, nor one slipped in, changes or takes out an entry.
CREATE TRIGGER log_update BEFORE UPDATE ON log BEGIN SELECT RAISE(ABORT, 'a log entry cannot be changed'); END;
CREATE TRIGGER log_delete BEFORE DELETE ON log BEGIN SELECT RAISE(ABORT, 'a log entry cannot be deleted'); END;
CREATE TABLE value (
	bucket TEXT NOT NULL,
	key    TEXT NOT NULL,
	value  BLOB NOT NULL,
	PRIMARY KEY (bucket, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE blob (
	sha256 BLOB NOT NULL PRIMARY KEY CHECK (length(sha256) = 32),
	data   BLOB NOT NULL
) STRICT;
`, `
-- Sessions are found by their cookie's digest through a bucket of its own, so that a cookie can change and the session stay. Until now the
-- digest was the session's key: it becomes the session's id.
INSERT INTO value (bucket, key, value) SELECT 'cookie', key, CAST(key AS BLOB) FROM value WHERE bucket = 'session';
`, `
-- The security log: each entry holds the hash of the one before. Nothing of it is changed, and only the oldest entry can be taken out.
CREATE TABLE security (
	n    INTEGER NOT NULL PRIMARY KEY CHECK (n >= 1),
	at   INTEGER NOT NULL,               -- ns since 1970, UTC
	prev BLOB    NOT NULL CHECK (length(prev) = 32),
	data BLOB    NOT NULL
) STRICT;
CREATE TRIGGER security_update BEFORE UPDATE ON security BEGIN SELECT RAISE(ABORT, 'an entry of the security log cannot be changed'); END;
CREATE TRIGGER security_delete BEFORE DELETE ON security WHEN OLD.n <> (SELECT min(n) FROM security) OR OLD.n = (SELECT max(n) FROM security)
BEGIN SELECT RAISE(ABORT, 'only the oldest entry of the security log can be deleted'); END;
`}
}

// migrate brings the file to the newest schema, each step in a transaction of its own with the number that says so. Two processes that open
// an old file at the same time take turns, and the second finds nothing to do.
func (s *Store) migrate(ctx context.Context) error {
	steps := migrations()
	for {
		done, err := s.step(ctx, steps)
		if err != nil || done {
			return err
		}
	}
}

// step does the next migration, if there is one.
func (s *Store) step(ctx context.Context, steps []string) (done bool, err error) {
	// Asked outside a transaction first: an up-to-date file is opened without writing.
	if have, err := version(ctx, s.db); err == nil && have == len(steps) {
		return true, nil
	}
	err = s.transact(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS schema (version INTEGER NOT NULL) STRICT"); err != nil {
			return err
		}
		have, err := version(ctx, tx)
		if err != nil {
			return err
		}
		switch {
		case have > len(steps):
			return fmt.Errorf("%w: schema %d, this program knows %d", ErrNewer, have, len(steps))
		case have == len(steps):
			done = true
			return nil
		}
		if _, err := tx.ExecContext(ctx, steps[have]); err != nil {
			return fmt.Errorf("schema %d: %w", have+1, err)
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM schema"); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "INSERT INTO schema (version) VALUES (?)", have+1)
		return err
	})
	return done, err
}

type queryer interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func version(ctx context.Context, q queryer) (int, error) {
	var v int
	err := q.QueryRowContext(ctx, "SELECT version FROM schema").Scan(&v)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return v, err
}

// transact runs f in a transaction that is written as a whole or not at all.
func (s *Store) transact(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := f(tx); err != nil {
		_ = tx.Rollback()
		return err
	}
	return tx.Commit()
}

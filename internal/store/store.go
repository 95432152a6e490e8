package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"

	"modernc.org/sqlite"
)

// What went wrong, for callers that branch on it.
var (
	ErrNotFound = errors.New("not found")                                     // no value under that key, no blob of that hash
	ErrChanged  = errors.New("value has changed")                             // Swap: the old value is no longer there
	ErrOrder    = errors.New("log entry out of order")                        // Append: N is not the last number + 1
	ErrLarge    = errors.New("too large to be stored")                        // over a limit of limits.go
	ErrInUse    = errors.New("directory is in use by another running node")   // Claim: somebody serves from it
	ErrNewer    = errors.New("data was written by a newer visavis than this") // Open: the schema is younger than the program
)

const (
	fileName = "visavis.db"
	lockName = "serve.lock"
)

// Store is an open data directory. All methods may be called concurrently, and several processes may have the same directory open: what one
// has written (an invitation, a meeting) another sees at its next read. Only one of them may Claim it.
type Store struct {
	db  *sql.DB
	dir string // "" for a store in memory

	mu     sync.Mutex
	lock   *os.File          // held after Claim
	writes map[string]uint64 // by bucket: tried through this Store
}

// Open opens the store of a directory, makes both if they are not there (directory 0700, files 0600; what is more open is closed), and brings
// an older schema up to date. It returns ErrNewer for data of a newer program. Close it.
func Open(dir string) (*Store, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", dir, err)
	}
	if err := prepare(abs); err != nil {
		return nil, fmt.Errorf("open store %s: %w", dir, err)
	}
	q := url.Values{
		"_busy_timeout": {strconv.FormatInt(busyTimeout.Milliseconds(), 10)},
		"_journal_mode": {"WAL"},
		// FULL: a log entry that was acknowledged to the other party is on disk, power cut or not. NORMAL would lose the last ones in WAL mode.
		"_synchronous":  {"FULL"},
		"_foreign_keys": {"1"},
		"_dqs":          {"0"},
		"_defensive":    {"1"},
		"_txlock":       {"immediate"}, // a transaction that will write takes its place at once and so never fails half-way
	}
	u := url.URL{Scheme: "file", Path: filepath.Join(abs, fileName), RawQuery: q.Encode()}
	return open(u.String(), abs)
}

// Memory opens a store that lives in memory and is gone with Close: the same code on the same SQLite, for tests.
func Memory() (*Store, error) {
	return open("file::memory:?_txlock=immediate&_dqs=0&_defensive=1&_foreign_keys=1", "")
}

func open(dsn, dir string) (*Store, error) {
	c, err := sqlite.NewConnector(dsn)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	db := sql.OpenDB(c)
	// One connection: writes are one after the other in SQLite anyhow, Version needs the same connection each time, and a store in memory
	// is its connection.
	db.SetMaxOpenConns(1)
	db.SetMaxIdleConns(1)
	s := &Store{db: db, dir: dir, writes: map[string]uint64{}}
	if err := s.migrate(context.Background()); err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("open store %s: %w", dir, err)
	}
	return s, nil
}

// prepare makes the directory and the file with modes that keep others out. SQLite gives the mode and owner of the main file to those that it
// makes beside it. Run by root in a directory of the service's user (a command while the node runs), the file goes to that user, or the
// node could not open it.
func prepare(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is not a directory", dir)
	}
	if info.Mode().Perm()&0o077 != 0 {
		if err := os.Chmod(dir, 0o700); err != nil {
			return err
		}
	}
	f, err := create(filepath.Join(dir, fileName), info)
	if err != nil {
		return err
	}
	return f.Close()
}

// create opens a file of the directory for writing, 0600 and owned as the directory is.
func create(path string, dir fs.FileInfo) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && info.Mode().Perm() != 0o600 {
		err = f.Chmod(0o600)
	}
	if st, ok := dir.Sys().(*syscall.Stat_t); err == nil && ok && os.Geteuid() == 0 {
		err = f.Chown(int(st.Uid), int(st.Gid))
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// Claim makes this store the one that a node serves from, until Close or the end of the process (kill -9 too). A second claim, from whichever
// process, is refused with ErrInUse; opening, reading and writing are not.
func (s *Store) Claim() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dir == "" || s.lock != nil {
		return nil
	}
	info, err := os.Stat(s.dir)
	if err != nil {
		return fmt.Errorf("claim %s: %w", s.dir, err)
	}
	f, err := create(filepath.Join(s.dir, lockName), info)
	if err != nil {
		return fmt.Errorf("claim %s: %w", s.dir, err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err = ErrInUse
		}
		return fmt.Errorf("claim %s: %w", s.dir, err)
	}
	s.lock = f
	return nil
}

// Close ends the store and gives up the claim. No goroutine is left. Calls after it fail.
func (s *Store) Close() error {
	err := s.db.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lock != nil {
		err = errors.Join(err, s.lock.Close())
		s.lock = nil
	}
	return err
}

// Dir is the directory, absolute; empty for a store in memory.
func (s *Store) Dir() string { return s.dir }

// Version is a number that changes when another process or Store has written to the file (and not when this one has): cheap to ask, so that
// a running node notices what a command has done. Only its change means anything.
func (s *Store) Version(ctx context.Context) (int64, error) {
	var v int64
	if err := s.db.QueryRowContext(ctx, "PRAGMA data_version").Scan(&v); err != nil {
		return 0, fmt.Errorf("version of the store: %w", err)
	}
	return v, nil
}

// Revision is a state of some buckets; two that are equal are of the same values. See Store.Revision.
type Revision struct {
	Others int64  // Version
	Own    uint64 // changes tried through this Store
}

// Revision is Version together with how often this Store itself has set out to change a value of these buckets: as long as it stays the same,
// so do the values.
func (s *Store) Revision(ctx context.Context, buckets ...string) (Revision, error) {
	v, err := s.Version(ctx)
	if err != nil {
		return Revision{}, err
	}
	r := Revision{Others: v}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range buckets {
		r.Own += s.writes[b]
	}
	return r, nil
}

// wrote counts a change of a bucket, also one that may have failed. After the write: whoever asks for the Revision in between looks again.
func (s *Store) wrote(bucket string) {
	s.mu.Lock()
	s.writes[bucket]++
	s.mu.Unlock()
}

// Backup writes the store as it is at this moment into a new file, which must not exist, while others go on reading and writing.
func (s *Store) Backup(ctx context.Context, path string) error {
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("backup to %s: %w", path, fs.ErrExist)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) // VACUUM INTO takes an empty file and keeps its mode
	if err != nil {
		return fmt.Errorf("backup to %s: %w", path, err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("backup to %s: %w", path, err)
	}
	if _, err := s.db.ExecContext(ctx, "VACUUM INTO ?", path); err != nil {
		return fmt.Errorf("backup to %s: %w", path, err)
	}
	return nil
}

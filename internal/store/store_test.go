package store_test

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"visavis/internal/store"
	"visavis/internal/store/storetest"
)

func open(t testing.TB, dir string) *store.Store {
	t.Helper()
	s, err := store.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestSuite(t *testing.T) {
	t.Run("disk", func(t *testing.T) {
		storetest.Run(t, func(t *testing.T) storetest.Face { return open(t, t.TempDir()) })
	})
	t.Run("memory", func(t *testing.T) {
		storetest.Run(t, func(t *testing.T) storetest.Face {
			s, err := store.Memory()
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = s.Close() })
			return s
		})
	})
}

func TestEverythingIsThereAfterReopening(t *testing.T) {
	dir, ctx := t.TempDir(), t.Context()
	s := open(t, dir)
	must(t, s.Append(ctx, "a", store.LogEntry{N: 1, Basis: store.Stated, Data: []byte("x")}))
	must(t, s.Put(ctx, "b", "k", []byte("v")))
	hash, err := s.PutBlob(ctx, []byte("blob"))
	must(t, err)
	must(t, s.Close())
	s = open(t, dir)
	if last, err := s.Last(ctx, "a"); last != 1 || err != nil {
		t.Errorf("Last = %d, %v", last, err)
	}
	if v, err := s.Get(ctx, "b", "k"); string(v) != "v" || err != nil {
		t.Errorf("Get = %q, %v", v, err)
	}
	if v, err := s.Blob(ctx, hash); string(v) != "blob" || err != nil {
		t.Errorf("Blob = %q, %v", v, err)
	}
}

func TestFilesAreClosedToOthers(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "not", "there yet?#%41") // signs that a URI would read otherwise
	s := open(t, dir)
	must(t, s.Claim())
	must(t, s.Put(t.Context(), "b", "k", nil))
	seen := 0
	must(t, filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		want := fs.FileMode(0o600)
		if d.IsDir() {
			want = 0o700
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("mode of %s = %o, want %o", p, got, want)
		}
		seen++
		return nil
	}))
	if seen < 5 { // directory, file, -wal, -shm, lock
		t.Errorf("%d files seen, want 5: is it another directory?", seen)
	}
	open1 := t.TempDir()
	must(t, os.Chmod(open1, 0o755))
	open(t, open1)
	if info, _ := os.Stat(open1); info.Mode().Perm() != 0o700 {
		t.Errorf("a directory that was open to others has mode %o, want 700", info.Mode().Perm())
	}
}

func TestSecondClaimIsRefused(t *testing.T) {
	dir := t.TempDir()
	a, b := open(t, dir), open(t, dir)
	must(t, a.Claim())
	must(t, a.Claim()) // its own again
	if err := b.Claim(); !errors.Is(err, store.ErrInUse) {
		t.Errorf("second claim = %v, want ErrInUse", err)
	}
	must(t, b.Put(t.Context(), "b", "k", []byte("v"))) // a command may still write
	must(t, a.Close())
	if err := b.Claim(); err != nil {
		t.Errorf("claim after the first was closed = %v", err)
	}
}

func TestVersionTellsOfOthersOnly(t *testing.T) {
	dir, ctx := t.TempDir(), t.Context()
	a, b := open(t, dir), open(t, dir)
	v := func() int64 {
		n, err := a.Version(ctx)
		must(t, err)
		return n
	}
	before := v()
	must(t, a.Put(ctx, "b", "k", []byte("own")))
	if got := v(); got != before {
		t.Errorf("Version after own write = %d, want %d as before", got, before)
	}
	must(t, b.Put(ctx, "b", "k", []byte("other")))
	if got := v(); got == before {
		t.Errorf("Version after another's write = %d, the same as before", got)
	}
	if got, _ := a.Get(ctx, "b", "k"); string(got) != "other" {
		t.Errorf("the other's value is %q", got)
	}
}

func TestEntriesCannotBeChanged(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	must(t, s.Append(t.Context(), "a", store.LogEntry{N: 1, Basis: store.Observed, Data: []byte("x")}))
	db := raw(t, dir)
	for _, q := range []string{"UPDATE log SET data = x'00'", "DELETE FROM log"} {
		if _, err := db.Exec(q); err == nil {
			t.Errorf("%s was done", q)
		}
	}
	if _, err := db.Exec("DELETE FROM value"); err != nil { // the control: the connection can write
		t.Error(err)
	}
}

func TestNewerSchemaIsRefused(t *testing.T) {
	dir := t.TempDir()
	must(t, open(t, dir).Close())
	db, err := sql.Open("sqlite", filepath.Join(dir, "visavis.db"))
	must(t, err)
	_, err = db.Exec("UPDATE schema SET version = version + 1")
	must(t, err)
	must(t, db.Close())
	if s, err := store.Open(dir); !errors.Is(err, store.ErrNewer) {
		if err == nil {
			_ = s.Close()
		}
		t.Errorf("Open = %v, want ErrNewer", err)
	}
}

func TestTwoOpenAnEmptyDirectoryAtOnce(t *testing.T) {
	dir := t.TempDir()
	errs := make(chan error)
	for range 4 {
		go func() {
			s, err := store.Open(dir)
			if err == nil {
				err = s.Close()
			}
			errs <- err
		}()
	}
	for range 4 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

func TestBackupIsWhole(t *testing.T) {
	dir, ctx := t.TempDir(), t.Context()
	s := open(t, dir)
	must(t, s.Append(ctx, "a", store.LogEntry{N: 1, Basis: store.Observed, Data: []byte("x")}))
	to := t.TempDir()
	file := filepath.Join(to, "visavis.db")
	must(t, s.Backup(ctx, file))
	if info, _ := os.Stat(file); info.Mode().Perm() != 0o600 {
		t.Errorf("mode of the backup = %o, want 600", info.Mode().Perm())
	}
	if err := s.Backup(ctx, file); !errors.Is(err, fs.ErrExist) {
		t.Errorf("backup over a file = %v, want ErrExist", err)
	}
	if last, err := open(t, to).Last(ctx, "a"); last != 1 || err != nil {
		t.Errorf("Last of the backup = %d, %v, want 1", last, err)
	}
}

// TestInVirtualTime: a store lives inside a bubble, waits for others in it, and leaves no goroutine (synctest would not return).
func TestInVirtualTime(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s, err := store.Open(dir)
		must(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		must(t, s.Claim())
		must(t, s.Append(ctx, "a", store.LogEntry{N: 1, At: time.Now(), Basis: store.Observed}))
		time.Sleep(time.Hour) // virtual
		got, err := s.Entries(t.Context(), "a", 1, 1)
		must(t, err)
		if age := time.Since(got[0].At); age != time.Hour {
			t.Errorf("entry is %s old, want 1h", age)
		}
		must(t, s.Close())
	})
}

// TestKilledWhileAppending kills a process without warning while it appends as fast as it can: every entry that it was told is written is
// there afterwards, none is torn, no number is missing, and the next process may claim the directory.
func TestKilledWhileAppending(t *testing.T) {
	if dir := os.Getenv("STORE_TEST_APPEND"); dir != "" {
		appendForEver(t, dir)
		return
	}
	dir := t.TempDir()
	acked := int64(0)
	for round := range 3 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestKilledWhileAppending$")
		cmd.Env = append(os.Environ(), "STORE_TEST_APPEND="+dir)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		must(t, err)
		must(t, cmd.Start())
		lines := bufio.NewScanner(out)
		for want := 30; lines.Scan(); want-- {
			if n, err := strconv.ParseInt(strings.TrimPrefix(lines.Text(), "written "), 10, 64); err == nil {
				acked = n
			}
			if want == 0 {
				must(t, cmd.Process.Kill()) // SIGKILL
			}
		}
		if err := cmd.Wait(); err == nil {
			t.Fatalf("round %d: the child ended by itself", round)
		}
		s := open(t, dir)
		must(t, s.Claim())
		got, err := s.Entries(t.Context(), "a", 1, 1<<20)
		must(t, err)
		if int64(len(got)) < acked {
			t.Errorf("round %d: %d entries, but %d were told to be written", round, len(got), acked)
		}
		for i, e := range got {
			if e.N != int64(i+1) || string(e.Data) != payload(e.N) {
				t.Fatalf("round %d: entry %d has number %d and %d bytes", round, i+1, e.N, len(e.Data))
			}
		}
		must(t, s.Close())
	}
	if acked < 60 {
		t.Errorf("only %d entries were written in three rounds", acked)
	}
}

func appendForEver(t *testing.T, dir string) {
	s, err := store.Open(dir)
	must(t, err)
	must(t, s.Claim())
	n, err := s.Last(t.Context(), "a")
	must(t, err)
	for n++; ; n++ {
		must(t, s.Append(t.Context(), "a", store.LogEntry{N: n, At: time.Now(), Basis: store.Observed, Data: []byte(payload(n))}))
		fmt.Println("written", n)
	}
}

func payload(n int64) string { return strings.Repeat(strconv.FormatInt(n, 10)+" ", 500) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func BenchmarkAppend(b *testing.B) {
	s := open(b, b.TempDir())
	n := int64(0)
	for b.Loop() {
		n++
		must(b, s.Append(b.Context(), "a", store.LogEntry{N: n, Basis: store.Observed, Data: make([]byte, 300)}))
	}
}

// TestRootLeavesFilesToTheirOwner: a command that root runs makes no file that the service's own user cannot open.
func TestRootLeavesFilesToTheirOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can make files of another user")
	}
	const service = 54321
	dir := t.TempDir()
	must(t, os.Chown(dir, service, service))
	s := open(t, dir)
	must(t, s.Claim())
	must(t, s.Put(t.Context(), "b", "k", []byte("v")))
	files, err := os.ReadDir(dir)
	must(t, err)
	for _, f := range files {
		info, err := f.Info()
		must(t, err)
		if st := info.Sys().(*syscall.Stat_t); st.Uid != service || st.Gid != service {
			t.Errorf("%s belongs to %d:%d, want %d", f.Name(), st.Uid, st.Gid, service)
		}
	}
	if len(files) != 4 { // file, -wal, -shm, lock
		t.Errorf("%d files, want 4", len(files))
	}
}

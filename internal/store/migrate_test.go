package store_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	"visavis/internal/store"
)

// schema1 is what the first release wrote, as its program made it. It is not to be changed.
const schema1 = `
CREATE TABLE log (
	log   TEXT    NOT NULL,
	n     INTEGER NOT NULL CHECK (n >= 1),
	at    INTEGER NOT NULL,
	basis TEXT    NOT NULL CHECK (basis IN ('observed', 'stated')),
	data  BLOB    NOT NULL,
	PRIMARY KEY (log, n)
) STRICT, WITHOUT ROWID;
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
CREATE TABLE schema (version INTEGER NOT NULL) STRICT;
INSERT INTO schema (version) VALUES (1);
INSERT INTO log VALUES ('shared/m', 1, 1700000000000000000, 'observed', x'7b7d');
INSERT INTO value VALUES ('session', 'd1', CAST('{"one":1}' AS BLOB)), ('session', 'd2', x'00'), ('meeting', 'm', CAST('{}' AS BLOB));
`

// older makes the file of a node of the first release.
func older(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	db, err := sql.Open("sqlite", filepath.Join(dir, "visavis.db"))
	must(t, err)
	_, err = db.Exec(schema1)
	must(t, err)
	must(t, db.Close())
	return dir
}

// TestOlderSchemaIsTakenUp: what the first release wrote is all there, and its sessions are found by their cookies.
func TestOlderSchemaIsTakenUp(t *testing.T) {
	dir, ctx := older(t), t.Context()
	for range 2 { // the second time nothing is done twice
		s := open(t, dir)
		for key, want := range map[string]string{"d1": `{"one":1}`, "d2": "\x00"} {
			if v, err := s.Get(ctx, "session", key); string(v) != want || err != nil {
				t.Errorf("session %s = %q, %v", key, v, err)
			}
			if v, err := s.Get(ctx, "cookie", key); string(v) != key || err != nil {
				t.Errorf("cookie %s leads to %q, %v", key, v, err)
			}
		}
		if all, err := s.List(ctx, "cookie", ""); len(all) != 2 || err != nil {
			t.Errorf("%d cookies, %v, want 2", len(all), err)
		}
		if v, err := s.Get(ctx, "meeting", "m"); string(v) != "{}" || err != nil {
			t.Errorf("meeting = %q, %v", v, err)
		}
		if es, err := s.Entries(ctx, "shared/m", 1, 9); len(es) != 1 || string(es[0].Data) != "{}" || es[0].Basis != store.Observed || err != nil {
			t.Errorf("log = %+v, %v", es, err)
		}
		must(t, s.Close())
	}
}

// TestTwoTakeUpAnOlderSchema: a node and a command, at the same moment.
func TestTwoTakeUpAnOlderSchema(t *testing.T) {
	dir := older(t)
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
	if all, err := open(t, dir).List(t.Context(), "cookie", ""); len(all) != 2 || err != nil {
		t.Errorf("%d cookies, %v, want 2", len(all), err)
	}
}

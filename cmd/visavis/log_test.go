package main

import (
	"bytes"
	"context"
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
)

// TestSecurityLog: what commands do stands in it, without names and links; a change to the file is found. The control: untouched it is whole.
func TestSecurityLog(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "avelmar")
	must(t, "init", dir, "--party", "avelmar", "--name", "en=Avelmar", "--host", "avelmar.example", "--media", "192.0.2.1:4433", "--officer", "avelmar-vost", "--officer-name", "Lirien Vost")
	conf := filepath.Join(dir, "visavis.toml")
	code := must(t, "account", "code", "--config", conf, "--forget", "avelmar-vost")
	must(t, "backup", "--config", conf, filepath.Join(t.TempDir(), "copy"))
	out := must(t, "log", "security", "--config", conf)
	want := []string{"account.added\t-\t-\tavelmar-vost", "account.code\t-\t-\tavelmar-vost", "account.forget\t-\t-\tavelmar-vost", "backup"}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != len(want) {
		t.Fatalf("%d lines:\n%s", len(lines), out)
	}
	for i, w := range want {
		if !strings.Contains(lines[i], w) {
			t.Errorf("line %d: %s, want %s", i, lines[i], w)
		}
	}
	if _, secret, _ := strings.Cut(strings.TrimSpace(code), "#"); secret == "" || strings.Contains(out, secret) || strings.Contains(out, "Lirien") {
		t.Errorf("a name or a code in it:\n%s", out)
	}
	if last := must(t, "log", "security", "--config", conf, "--last", "1"); last != lines[3]+"\n" {
		t.Errorf("the last: %s", last)
	}
	if v := must(t, "log", "security", "--config", conf, "--verify"); !strings.Contains(v, "Entries 1 to 4 follow each other") {
		t.Errorf("verify: %s", v)
	}
	db, err := sql.Open("sqlite", filepath.Join(dir, "data", "visavis.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("DROP TRIGGER security_update; UPDATE security SET at = at - 1000000000 WHERE n = 2"); err != nil {
		t.Fatal(err)
	}
	var o, e bytes.Buffer
	if got := run(console{context.Background(), strings.NewReader(""), &o, &e}, []string{"log", "security", "--config", conf, "--verify"}); got != exitFailed || !strings.Contains(e.String(), "up to entry 2") {
		t.Errorf("a changed log: exit %d, %s%s", got, o.String(), e.String())
	}
}

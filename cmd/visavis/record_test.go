package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/room"
	"visavis/internal/store"
)

func logKey(t *testing.T, dir string) ed25519.PrivateKey {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "keys", "log.key"))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(b)
	k, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return k.(ed25519.PrivateKey)
}

// held writes the logs of a meeting into the node's directory of avelmar: two principals come, one leaves; Tolmeria has countersigned two entries.
func held(t *testing.T, config, other string) string {
	t.Helper()
	must(t, "meeting", "new", config, world(t))
	d, err := configFlag{Config: strings.TrimPrefix(config, "--config=")}.open()
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	defs, err := d.Definitions(t.Context())
	if err != nil || len(defs) != 1 {
		t.Fatalf("%d meetings, %v", len(defs), err)
	}
	id := defs[0].ID
	now := time.Date(2026, 12, 9, 23, 30, 0, 0, time.UTC)
	var hash meeting.Hash
	for i, e := range []meeting.Event{{Kind: meeting.MemberJoined, Member: "avelmar-tarroven"}, {Kind: meeting.MemberJoined, Member: "tolmeria-kosvane"}, {Kind: meeting.MemberLeft, Member: "avelmar-tarroven"}} {
		party := meeting.PartyID(strings.Split(string(e.Member), "-")[0])
		b := meeting.EncodeEntry(meeting.Sequence(meeting.Proposal{Meeting: id, Party: party, Counter: uint64(i + 1), At: now, Event: e}, int64(i), hash, now))
		hash = meeting.Chain(hash, b)
		if err := d.Store.Append(t.Context(), "shared/"+string(id), store.LogEntry{N: int64(i + 1), At: now, Basis: store.Observed, Data: b}); err != nil {
			t.Fatal(err)
		}
		h := meeting.Head{Meeting: id, N: int64(i + 1), Hash: hash, Party: "tolmeria"}
		h.Sig = ed25519.Sign(logKey(t, other), h.SignedBytes())
		own, err := json.Marshal(room.Record{Head: &h})
		if i == 2 {
			own, err = json.Marshal(room.Record{Refused: &meeting.Refusal{Meeting: id, Counter: 9, Code: "secret.reason"}})
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Store.Append(t.Context(), "own/"+string(id), store.LogEntry{N: int64(i + 1), At: now, Basis: store.Stated, Data: own}); err != nil {
			t.Fatal(err)
		}
	}
	return string(id)
}

// TestRecordExportAndVerify: an export fits with the parties' documents, says how far the other party has signed, keeps the own log at home, and is refused with one byte changed or another party's document.
func TestRecordExportAndVerify(t *testing.T) {
	a, ca := party(t, "avelmar")
	b, _ := party(t, "tolmeria")
	id := held(t, ca, b)
	dir, archive := filepath.Join(a, "record"), filepath.Join(a, "record.zip")
	must(t, "record", "export", ca, id, "--out", dir)
	must(t, "record", "export", ca, id, "--out", archive)
	documents := []string{"--keys", filepath.Join(a, "keys", "party.document"), "--keys", filepath.Join(b, "keys", "party.document")}
	for _, p := range []string{dir, archive} {
		r := command(t, "", append([]string{"verify", "record", p}, documents...)...)
		for _, want := range []string{"3 entries, chain and rules hold", "signed     avelmar, up to entry 3\n", "signed     tolmeria, up to entry 2: what follows, 1 entries, is not countersigned by it", "It fits: files"} {
			if r.code != exitOK || !strings.Contains(r.out, want) {
				t.Errorf("%s: exit %d, %s, lacks %q:\n%s", base(p), r.code, r.err, want, r.out)
			}
		}
	}
	if r := command(t, "", "verify", "record", dir); r.code != exitFailed || !strings.Contains(r.out, "! there is no document of tolmeria") {
		t.Errorf("without tolmeria's document, exit %d:\n%s", r.code, r.out)
	}
	if _, err := os.Stat(filepath.Join(dir, "own.jsonl")); !os.IsNotExist(err) {
		t.Errorf("the own log left: %v", err)
	}
	own := filepath.Join(a, "own")
	if out := must(t, "record", "export", ca, id, "--out", own, "--own"); !strings.Contains(out, "not for the other party") {
		t.Errorf("own log: %s", out)
	}
	if b, err := os.ReadFile(filepath.Join(own, "own.jsonl")); err != nil || !bytes.Contains(b, []byte("secret.reason")) {
		t.Errorf("own log asked for: %v", err)
	}
	if r := command(t, "", "record", "export", ca, id, "--out", dir); r.code != exitFailed || !strings.Contains(r.err, "is there already") {
		t.Errorf("over another: exit %d, %s", r.code, r.err)
	}
	log := filepath.Join(dir, "shared.jsonl")
	was, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(log, bytes.Replace(was, []byte("tolmeria-kosvane"), []byte("tolmeria-thorrick"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	r := command(t, "", append([]string{"verify", "record", dir}, documents...)...)
	if r.code != exitFailed || !strings.Contains(r.out, "! shared.jsonl is not as the index says") || !strings.Contains(r.err, "do not rely on it") {
		t.Errorf("a changed entry: exit %d, %s\n%s", r.code, r.err, r.out)
	}
	if r := command(t, "", "record", "export", ca, "another"); r.code != exitFailed {
		t.Errorf("a meeting that there is not: exit %d, %s", r.code, r.out)
	}
}

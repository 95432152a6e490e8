package node

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"visavis/internal/auth"
	"visavis/internal/meeting"
	"visavis/internal/store"
)

func initOptions(dir string, party meeting.PartyID) InitOptions {
	s := Default()
	s.Party, s.Web.Hosts = party, []string{string(party) + ".example"}
	return InitOptions{
		Dir: dir, Names: meeting.Text{"en": string(party)}, Link: []string{string(party) + ".example:443"}, Media: []string{"192.0.2.1:4433"}, Settings: s,
	}
}

// made is a party with its directory, freshly made.
func made(t *testing.T, party meeting.PartyID) *Dir {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "node")
	if _, err := Init(initOptions(dir, party), time.Now()); err != nil {
		t.Fatal(err)
	}
	return opened(t, dir, nil)
}

func opened(t *testing.T, dir string, now func() time.Time) *Dir {
	t.Helper()
	s, err := Load(filepath.Join(dir, settingsFile))
	if err != nil {
		t.Fatal(err)
	}
	d, err := OpenDir(s, now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

func rootKey(d *Dir) string {
	return filepath.Join(filepath.Dir(d.Settings.Path), offlineDir, rootKeyFile)
}

func TestInitMakesADirectoryThatServes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "node")
	now := time.Now()
	m, err := Init(initOptions(dir, "avelmar"), now)
	if err != nil {
		t.Fatal(err)
	}
	if m.Fingerprint == "" || m.Settings != filepath.Join(dir, "visavis.toml") {
		t.Errorf("made = %+v", m)
	}
	modes := map[string]fs.FileMode{
		".": 0o755, "visavis.toml": 0o644, "keys": 0o700, "offline": 0o700, "keys/node.key": 0o600, "keys/log.key": 0o600, "keys/party.document": 0o600,
		"keys/record.pub": 0o600, "offline/party-root.key": 0o600, "offline/readout.key": 0o600, "offline/record.key": 0o600, "offline/README.txt": 0o600,
	}
	seen := 0
	err = filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, p)
		info, err := e.Info()
		if want, ok := modes[rel]; !ok || info.Mode().Perm()&^want != 0 {
			t.Errorf("%s: mode %o, want %o (known: %v)", rel, info.Mode().Perm(), want, ok)
		}
		seen++
		return err
	})
	if err != nil || seen != len(modes) {
		t.Errorf("%d files, %v, want %d", seen, err, len(modes))
	}
	s, err := Load(m.Settings)
	if err != nil {
		t.Fatal(err)
	}
	d, err := openNodeDir(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	id := d.LinkIdentity()
	if _, err := auth.VerifyDocument(id.Document, m.Document.Root, 1, now); err != nil || id.Counter != 1 || id.Party != "avelmar" {
		t.Errorf("identity %s, document %d: %v", id.Party, id.Counter, err)
	}
	keys := d.Document.Valid(auth.NodeKey, now)
	if len(keys) != 1 || !keys[0].Equal(id.Key.Public()) || keys[0].Equal(d.LogKey.Public()) {
		t.Error("the node key is not the one that the document names, or is the log key too")
	}
	if _, err := openNodeDir(t.Context(), s); !errors.Is(err, store.ErrInUse) {
		t.Errorf("a second node on the directory: %v, want store.ErrInUse", err)
	}
	again := opened(t, dir, nil) // a command beside it
	if again.LogKey != nil || again.LinkIdentity().Key != nil {
		t.Error("a command has read private keys that it does not need")
	}
}

// TestRecordKeyIsSplit: the node's half and the offline half belong together, and the node has only its own.
func TestRecordKeyIsSplit(t *testing.T) {
	d := made(t, "avelmar")
	read := func(path string) []byte {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		block, _ := pem.Decode(b)
		return block.Bytes
	}
	pub, err := x509.ParsePKIXPublicKey(read(filepath.Join(d.Settings.Keys, recordPubFile)))
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.ParsePKCS8PrivateKey(read(filepath.Join(filepath.Dir(rootKey(d)), recordKeyFile)))
	if err != nil {
		t.Fatal(err)
	}
	if !private.(*ecdh.PrivateKey).PublicKey().Equal(pub.(*ecdh.PublicKey)) {
		t.Error("the halves do not belong together")
	}
}

func TestInitOverwritesNothing(t *testing.T) {
	for _, have := range []string{"visavis.toml", "keys/node.key", "offline/x", "anything"} {
		dir := t.TempDir()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, have)), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, have), "mine")
		if _, err := Init(initOptions(dir, "avelmar"), time.Now()); !errors.Is(err, fs.ErrExist) {
			t.Errorf("with %s there: %v, want fs.ErrExist", have, err)
		}
		n := 0
		_ = filepath.WalkDir(dir, func(p string, e fs.DirEntry, _ error) error {
			if !e.IsDir() {
				n++
			}
			return nil
		})
		if b, _ := os.ReadFile(filepath.Join(dir, have)); string(b) != "mine" || n != 1 {
			t.Errorf("with %s there: %d files afterwards, the old one says %q", have, n, b)
		}
	}
	away := t.TempDir() // the offline directory may be elsewhere, and is looked at too
	write(t, filepath.Join(away, "party-root.key"), "another party's")
	o := initOptions(filepath.Join(t.TempDir(), "n"), "avelmar")
	o.Offline = away
	if _, err := Init(o, time.Now()); !errors.Is(err, fs.ErrExist) {
		t.Errorf("offline directory in use: %v, want fs.ErrExist", err)
	}
	if _, err := Init(initOptions(t.TempDir(), "avelmar"), time.Now()); err != nil { // the control
		t.Errorf("an empty directory: %v", err)
	}
}

func TestInitRefusesBadValues(t *testing.T) {
	for name, edit := range map[string]func(*InitOptions){
		"party":   func(o *InitOptions) { o.Settings.Party = "Avelmar" },
		"no name": func(o *InitOptions) { o.Names = nil },
		"name":    func(o *InitOptions) { o.Names = meeting.Text{"en": "Avel\u202emar"} },
		"link":    func(o *InitOptions) { o.Link = []string{"avelmar.example"} },
		"media":   func(o *InitOptions) { o.Media = []string{"avelmar.example:4433"} },
		"host":    func(o *InitOptions) { o.Settings.Web.Hosts = []string{"https://x"} },
	} {
		o := initOptions(filepath.Join(t.TempDir(), "n"), "avelmar")
		edit(&o)
		if _, err := Init(o, time.Now()); err == nil {
			t.Errorf("%s: taken", name)
		}
		if _, err := os.Stat(o.Dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: something was written", name)
		}
	}
}

func TestServeNeedsItsOwnKeys(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(t *testing.T, d, other *Dir)
		want  string
	}{
		"nothing wrong": {func(*testing.T, *Dir, *Dir) {}, ""},
		"log key as node key": {func(t *testing.T, d, _ *Dir) {
			swapFiles(t, filepath.Join(d.Settings.Keys, nodeKeyFile), filepath.Join(d.Settings.Keys, logKeyFile))
		}, "is not a node key"},
		"another's key": {func(t *testing.T, d, o *Dir) {
			swapFiles(t, filepath.Join(d.Settings.Keys, nodeKeyFile), filepath.Join(o.Settings.Keys, nodeKeyFile))
		}, "is not a node key"},
		"another's document": {func(t *testing.T, d, o *Dir) { swapFiles(t, d.DocumentPath(), o.DocumentPath()) }, "it is that of tolmeria"},
		"key for everyone": {func(t *testing.T, d, _ *Dir) {
			if err := os.Chmod(filepath.Join(d.Settings.Keys, nodeKeyFile), 0o644); err != nil {
				t.Fatal(err)
			}
		}, "may be read by everyone"},
		"damaged key": {func(t *testing.T, d, _ *Dir) { write(t, filepath.Join(d.Settings.Keys, nodeKeyFile), "-----BEGIN") }, "is not a PEM file"},
		"huge key": {func(t *testing.T, d, _ *Dir) {
			write(t, filepath.Join(d.Settings.Keys, nodeKeyFile), strings.Repeat("x", maxKeyFile+1))
		}, "more than"},
		"no key": {func(t *testing.T, d, _ *Dir) { _ = os.Remove(filepath.Join(d.Settings.Keys, logKeyFile)) }, "no such file"},
	} {
		d, other := made(t, "avelmar"), made(t, "tolmeria")
		c.spoil(t, d, other)
		got, err := openNodeDir(t.Context(), d.Settings)
		if err == nil {
			_ = got.Close()
		}
		if (c.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func swapFiles(t *testing.T, a, b string) {
	t.Helper()
	x, err1 := os.ReadFile(a)
	y, err2 := os.ReadFile(b)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	write(t, a, string(y))
	write(t, b, string(x))
}

func TestRenewDocument(t *testing.T) {
	d := made(t, "avelmar")
	before := d.Document
	doc, err := d.RenewDocument(RenewOptions{Root: rootKey(d), Link: []string{"new.example:443"}})
	if err != nil {
		t.Fatal(err)
	}
	if doc.Counter != before.Counter+1 || doc.Link[0] != "new.example:443" || len(doc.Media) != 1 || len(doc.Keys) != 3 {
		t.Errorf("document %+v", doc)
	}
	for i, step := range []struct {
		o                    RenewOptions
		node, log, old, gone int // keys that hold; whether the former node key holds and is revoked
	}{
		{RenewOptions{NewKeys: true}, 2, 2, 1, 0},
		{RenewOptions{}, 2, 2, 1, 0}, // an overlap goes on
		{RenewOptions{NewKeys: true, Stolen: true}, 2, 2, 0, 2},
	} {
		former, err := readKey(filepath.Join(d.Settings.Keys, nodeKeyFile))
		if err != nil {
			t.Fatal(err)
		}
		step.o.Root = rootKey(d)
		doc, err := d.RenewDocument(step.o)
		if err != nil {
			t.Fatal(err)
		}
		now := time.Now()
		node := doc.Valid(auth.NodeKey, now)
		holds := 0
		for _, k := range node {
			if k.Equal(former.Public()) {
				holds = 1
			}
		}
		if len(node) != step.node || len(doc.Valid(auth.LogKey, now)) != step.log || holds != step.old || len(doc.Revoked) != step.gone {
			t.Errorf("step %d: %d node and %d log keys, the former holds: %d, %d revoked; want %+v", i, len(node), len(doc.Valid(auth.LogKey, now)), holds, len(doc.Revoked), step)
		}
		if got := len(doc.Valid(auth.NodeKey, now.Add(overlap+time.Hour))); got != 1 {
			t.Errorf("step %d: %d node keys after the overlap, want 1", i, got)
		}
		n, err := openNodeDir(t.Context(), d.Settings) // a node can be started with what is on the disk
		if err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
		if err := n.Close(); err != nil {
			t.Fatal(err)
		}
	}
	other := made(t, "tolmeria")
	for name, o := range map[string]RenewOptions{
		"another root": {Root: rootKey(other)}, "no root": {Root: "/nowhere"}, "node key as root": {Root: filepath.Join(d.Settings.Keys, nodeKeyFile)},
		"201 days": {Root: rootKey(d), Life: auth.MaxDocumentLife + time.Second}, "bad address": {Root: rootKey(d), Link: []string{"x"}},
	} {
		b, _ := os.ReadFile(d.DocumentPath())
		if _, err := d.RenewDocument(o); err == nil {
			t.Errorf("%s: renewed", name)
		}
		if after, _ := os.ReadFile(d.DocumentPath()); !bytes.Equal(b, after) {
			t.Errorf("%s: the document was changed", name)
		}
	}
}

func TestExpiredDocumentStopsTheNodeAndNotTheCommands(t *testing.T) {
	d := made(t, "avelmar")
	dir := filepath.Dir(d.Settings.Path)
	late := func(left time.Duration) func() time.Time {
		return func() time.Time { return d.Document.NotAfter.Add(-left) }
	}
	for left, want := range map[time.Duration]string{31 * 24 * time.Hour: "", 29 * 24 * time.Hour: "renew it now", 0: "no link is possible"} {
		c := opened(t, dir, late(left))
		alarms, err := c.Alarms(t.Context())
		if err != nil || (want == "") != (len(alarms) == 0) || !strings.Contains(strings.Join(alarms, "\n"), want) {
			t.Errorf("%s before the end: %q, %v, want %q", left, alarms, err, want)
		}
		err = c.serve(t.Context())
		if ok := left > 0; (err == nil) != ok || !ok && !strings.Contains(err.Error(), "expired") {
			t.Errorf("%s before the end: serve = %v", left, err)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	c := opened(t, dir, late(-time.Hour))
	doc, err := c.RenewDocument(RenewOptions{Root: rootKey(d)})
	if err != nil {
		t.Fatal(err)
	}
	if !doc.NotAfter.After(d.Document.NotAfter) {
		t.Error("not longer than before")
	}
}

func TestKeyOfAnotherKind(t *testing.T) {
	d := made(t, "avelmar")
	if _, err := readKey(filepath.Join(filepath.Dir(rootKey(d)), recordKeyFile)); err == nil || !strings.Contains(err.Error(), "not an Ed25519 key") {
		t.Errorf("an X25519 key: %v", err)
	}
	if k, err := readKey(rootKey(d)); err != nil || len(k) != ed25519.PrivateKeySize {
		t.Errorf("control: %v", err)
	}
}

// invited gives d a meeting, and the code of one invitation to it.
func invited(t *testing.T, d *Dir) string {
	t.Helper()
	if _, err := newMeeting(t, d, goodMeeting, false); err != nil {
		t.Fatal(err)
	}
	links, err := d.Invite(t.Context(), InviteOptions{Meeting: "review", Valid: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	_, code, _ := strings.Cut(links[0].URL.Reveal(), "#")
	return code
}

// restored looks into a node that a backup of invited's was put in place as: the meeting is there, and the invitation lets nobody in.
func restored(t *testing.T, s Settings, code string) {
	t.Helper()
	n, err := openNodeDir(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	if _, err := n.Definition(t.Context(), "review"); err != nil {
		t.Errorf("the meeting is not there: %v", err)
	}
	if _, err := n.Book().Look(t.Context(), auth.NewSecret(code)); !errors.Is(err, auth.ErrInvitation) {
		t.Errorf("an invitation of the backup lives: %v", err)
	}
}

func TestBackupAndRestore(t *testing.T) {
	ctx := t.Context()
	d := made(t, "avelmar")
	if err := d.serve(ctx); err != nil { // while it runs
		t.Fatal(err)
	}
	code := invited(t, d)
	to := filepath.Join(t.TempDir(), "backup")
	if err := d.Backup(ctx, to); err != nil {
		t.Fatal(err)
	}
	if err := d.Backup(ctx, to); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a second backup into it: %v, want fs.ErrExist", err)
	}
	if _, err := os.Stat(filepath.Join(to, offlineDir)); err == nil {
		t.Error("the offline keys are in the backup")
	}
	config := filepath.Join(t.TempDir(), "other", "visavis.toml")
	data := filepath.Join(to, backupData, dataFile)
	whole, err := os.ReadFile(data)
	if err != nil {
		t.Fatal(err)
	}
	for what, damage := range map[string]func() error{ // and after each the same command is given again
		"no database":      func() error { return os.Remove(data) },
		"damaged database": func() error { return os.WriteFile(data, bytes.Repeat([]byte("x"), len(whole)), 0o600) },
	} {
		if err := damage(); err != nil {
			t.Fatal(err)
		}
		if _, err := Restore(ctx, to, config); err == nil || errors.Is(err, fs.ErrExist) {
			t.Errorf("%s: %v", what, err)
		}
		for _, leaf := range []string{"-wal", "-shm"} {
			_ = os.Remove(data + leaf)
		}
		if err := os.WriteFile(data, whole, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Restore(ctx, to, config)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Restore(ctx, to, config); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a second restore: %v, want fs.ErrExist", err)
	}
	restored(t, s, code)
	if _, err := d.Book().Look(ctx, auth.NewSecret(code)); err != nil {
		t.Errorf("control: on the old node it holds: %v", err)
	}
}

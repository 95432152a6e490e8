package node

import (
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"visavis/internal/auth"
	"visavis/internal/meeting"
)

// documentLife is for how long a document is made: 180 days, of the 200 that are allowed.
const documentLife = 180 * 24 * time.Hour

// InitOptions say what Init makes.
type InitOptions struct {
	Dir      string       // made, or empty
	Offline  string       // where the offline keys go; "": Dir/offline
	Names    meeting.Text // of the party, language → short name
	Link     []string     // TCP host:port under which the other nodes reach this one
	Media    []string     // UDP ip:port, the same
	Settings Settings     // party, web, udp and the rest; Data and Keys as they are to stand in the file
}

// Made is what Init has made, to be told to a person.
type Made struct {
	Settings    string // path of visavis.toml
	Offline     string // directory that must leave the machine
	Fingerprint string // of the party root
	Document    auth.Document
}

// Init makes a node's directory: settings with every key explained, node and log keys, the party document signed by a new party root, and a
// directory with what must be kept offline: party root, readout key, the private half of the record key. It overwrites nothing: a file that is
// in the way is an error that wraps fs.ErrExist, and then nothing has been written.
func Init(o InitOptions, now time.Time) (Made, error) {
	if o.Offline == "" {
		o.Offline = filepath.Join(o.Dir, offlineDir)
	}
	o.Settings.Path = filepath.Join(o.Dir, settingsFile)
	checked := o.Settings
	checked.InsecureLocalhost = true // the flag belongs to serve
	if err := checked.Check(); err != nil {
		return Made{}, err
	}
	for _, d := range []string{o.Dir, o.Offline, o.keyDir()} {
		if err := mustBeEmpty(d); err != nil {
			return Made{}, fmt.Errorf("init: %w", err)
		}
	}
	k, err := newKeys()
	if err != nil {
		return Made{}, fmt.Errorf("init: %w", err)
	}
	signed, doc, err := firstDocument(o, k, now)
	if err != nil {
		return Made{}, fmt.Errorf("init: %w", err)
	}
	if err := writeDir(o, k, signed); err != nil {
		return Made{}, fmt.Errorf("init: %w", err)
	}
	return Made{o.Settings.Path, o.Offline, auth.Fingerprint(doc.Root), doc}, nil
}

// keys are all the keys of a new party.
type keys struct {
	root, node, log, readout ed25519.PrivateKey
	record                   *ecdh.PrivateKey
}

func newKeys() (keys, error) {
	var k keys
	var err error
	for _, p := range []*ed25519.PrivateKey{&k.root, &k.node, &k.log, &k.readout} {
		if _, *p, err = ed25519.GenerateKey(rand.Reader); err != nil {
			return k, err
		}
	}
	k.record, err = ecdh.X25519().GenerateKey(rand.Reader)
	return k, err
}

func public(k ed25519.PrivateKey) ed25519.PublicKey { return k.Public().(ed25519.PublicKey) }

func firstDocument(o InitOptions, k keys, now time.Time) ([]byte, auth.Document, error) {
	from := now.UTC().Truncate(time.Second)
	to := from.Add(documentLife)
	d := auth.Document{
		Party: o.Settings.Party, Names: meeting.Text{}, Counter: 1, NotBefore: from, NotAfter: to, Link: o.Link,
		Keys: []auth.Key{
			{Purpose: auth.NodeKey, Public: public(k.node), NotBefore: from, NotAfter: to},
			{Purpose: auth.LogKey, Public: public(k.log), NotBefore: from, NotAfter: to},
			{Purpose: auth.ReadoutKey, Public: public(k.readout), NotBefore: from, NotAfter: to},
		},
	}
	for l, n := range o.Names {
		clean, err := meeting.Clean(n, meeting.NameText)
		if err != nil {
			return nil, d, fmt.Errorf("name in %s: %w", l, err)
		}
		d.Names[l] = clean
	}
	var err error
	if d.Media, err = mediaAddresses(o.Media); err != nil {
		return nil, d, err
	}
	b, err := auth.Sign(d, k.root)
	if err != nil {
		return nil, d, err
	}
	d.Root = public(k.root)
	return b, d, nil
}

func mediaAddresses(list []string) ([]netip.AddrPort, error) {
	var out []netip.AddrPort
	for _, m := range list {
		a, err := netip.ParseAddrPort(m)
		if err != nil {
			return nil, fmt.Errorf("media address %q is not ip:port", m)
		}
		out = append(out, a)
	}
	return out, nil
}

// mustBeEmpty is nil for a directory that is not there or has nothing in it.
func mustBeEmpty(dir string) error {
	es, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case len(es) > 0:
		return fmt.Errorf("%s is not empty (it has %s): %w, and nothing is ever overwritten", dir, es[0].Name(), fs.ErrExist)
	}
	return nil
}

func writeDir(o InitOptions, k keys, signed []byte) error {
	s, keyDir := o.Settings, o.keyDir()
	// The directory and the settings hold no secret and are read by the service's own user; the keys are handed to it by systemd.
	if err := os.MkdirAll(o.Dir, 0o755); err != nil {
		return err
	}
	for _, d := range []string{o.Offline, keyDir} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return err
		}
	}
	recordPub, err := publicBytes(k.record.PublicKey())
	if err != nil {
		return err
	}
	type file struct {
		path string
		b    []byte
	}
	files := []file{
		{filepath.Join(keyDir, documentFile), signed},
		{filepath.Join(keyDir, recordPubFile), recordPub},
		{filepath.Join(o.Offline, adviceFile), []byte(offlineAdvice(string(s.Party), auth.Fingerprint(public(k.root))))},
		{s.Path, []byte(s.file())},
	}
	for _, p := range []struct {
		path string
		key  any
	}{
		{filepath.Join(keyDir, nodeKeyFile), k.node}, {filepath.Join(keyDir, logKeyFile), k.log},
		{filepath.Join(o.Offline, rootKeyFile), k.root}, {filepath.Join(o.Offline, readoutFile), k.readout}, {filepath.Join(o.Offline, recordKeyFile), k.record},
	} {
		b, err := privateBytes(p.key)
		if err != nil {
			return err
		}
		files = append(files, file{p.path, b})
	}
	for _, f := range files {
		mode := os.FileMode(0o600)
		if f.path == s.Path {
			mode = 0o644
		}
		if err := writeNew(f.path, f.b, mode); err != nil {
			return err
		}
	}
	return nil
}

func (o InitOptions) keyDir() string {
	if filepath.IsAbs(o.Settings.Keys) {
		return o.Settings.Keys
	}
	return filepath.Join(o.Dir, o.Settings.Keys)
}

func offlineAdvice(party, fingerprint string) string {
	return fmt.Sprintf(`Offline keys of the party %s

These files must not stay on the machine that runs the node. Move the whole directory to two storage media, each kept by another holder in
another place, check that both can be read, and delete it here.

  %-15s signs the party document and nothing else: needed for "visavis document renew", at least every 180 days.
                  Who has it is the party, for all others. Lost: pair anew with everyone. Stolen: tell every other party to distrust it.
  %-15s signs readouts.
  %-15s opens the recordings, which the node can only write. Lost: no recording can be read again.

Fingerprint of the party root (put it on paper, with the holders' names):
  %s
`, party, rootKeyFile, readoutFile, recordKeyFile, fingerprint)
}

package node

import (
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"visavis/internal/auth"
)

// overlap is how long replaced keys hold beside the new ones, so that the other parties take the new document at their leisure.
const overlap = 30 * 24 * time.Hour

// RenewOptions say what the next party document is to say otherwise.
type RenewOptions struct {
	Root    string        // file of the party root key, brought here for this one act
	Link    []string      // nil: as before
	Media   []string      // nil: as before
	Life    time.Duration // 0: 180 days
	NewKeys bool          // new node and log keys; the earlier ones hold for 30 days more
	Stolen  bool          // with NewKeys: the earlier ones are revoked at once
}

// RenewDocument makes our next party document: counter + 1, signed by the root, put in place of the earlier one. The other parties get it over
// the link, or by hand with "visavis document accept"; with new keys by hand, before the node is started with them. Not to be called concurrently.
func (d *Dir) RenewDocument(o RenewOptions) (auth.Document, error) {
	// As it is on the disk now: the counter must not come out twice.
	doc, _, err := readDocument(d.Settings)
	if err != nil {
		return auth.Document{}, err
	}
	root, err := readKey(o.Root)
	if err != nil {
		return auth.Document{}, err
	}
	if !public(root).Equal(doc.Root) {
		return auth.Document{}, fmt.Errorf("renew document: %s is not the party root of %s, whose fingerprint is %s", o.Root, doc.Party, auth.Fingerprint(doc.Root))
	}
	if o.Life == 0 {
		o.Life = documentLife
	}
	now := d.now().UTC().Truncate(time.Second)
	doc.Counter++
	doc.NotBefore, doc.NotAfter = now, now.Add(o.Life)
	if o.Link != nil {
		doc.Link = o.Link
	}
	if o.Media != nil {
		if doc.Media, err = mediaAddresses(o.Media); err != nil {
			return auth.Document{}, fmt.Errorf("renew document: %w", err)
		}
	}
	fresh, err := d.renewKeys(&doc, o, now)
	if err != nil {
		return auth.Document{}, fmt.Errorf("renew document: %w", err)
	}
	signed, err := auth.Sign(doc, root)
	if err != nil {
		return auth.Document{}, fmt.Errorf("renew document: %w", err)
	}
	// The document first: it names both keys, so that a crash between the two writes leaves a node that can start.
	if err := replaceFile(filepath.Join(d.Settings.Keys, documentFile), signed, 0o600); err != nil {
		return auth.Document{}, fmt.Errorf("renew document: %w", err)
	}
	for file, key := range fresh {
		b, err := privateBytes(key)
		if err == nil {
			err = replaceFile(filepath.Join(d.Settings.Keys, file), b, 0o600)
		}
		if err != nil {
			return auth.Document{}, fmt.Errorf("renew document: %w", err)
		}
	}
	d.Document, d.signed = doc, signed
	return doc, nil
}

// renewKeys gives the keys of a document their new dates, and adds new ones if asked; those are returned by the file they belong in.
func (d *Dir) renewKeys(doc *auth.Document, o RenewOptions, now time.Time) (map[string]ed25519.PrivateKey, error) {
	before := doc.Keys
	doc.Keys = nil
	fresh := map[string]ed25519.PrivateKey{}
	add := func(p auth.Purpose, k ed25519.PublicKey, to time.Time) {
		doc.Keys = append(doc.Keys, auth.Key{Purpose: p, Public: k, NotBefore: now, NotAfter: to})
	}
	for _, f := range []struct {
		file    string
		purpose auth.Purpose
	}{{nodeKeyFile, auth.NodeKey}, {logKeyFile, auth.LogKey}} {
		key, err := readKey(filepath.Join(d.Settings.Keys, f.file))
		if err != nil {
			return nil, err
		}
		switch {
		case !o.NewKeys:
			add(f.purpose, public(key), doc.NotAfter)
			continue
		case o.Stolen:
			doc.Revoked = append(doc.Revoked, auth.Revocation{Public: public(key), At: now})
		default:
			add(f.purpose, public(key), now.Add(overlap))
		}
		_, k, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return nil, err
		}
		fresh[f.file] = k
		add(f.purpose, public(k), doc.NotAfter)
	}
	// The rest: readout keys go on, keys of an earlier overlap until their end.
	for _, k := range before {
		listed := slices.ContainsFunc(doc.Keys, func(l auth.Key) bool { return l.Public.Equal(k.Public) })
		revoked := slices.ContainsFunc(doc.Revoked, func(r auth.Revocation) bool { return r.Public.Equal(k.Public) })
		switch {
		case listed || revoked:
		case k.Purpose == auth.ReadoutKey:
			add(k.Purpose, k.Public, doc.NotAfter)
		case now.Before(k.NotAfter):
			add(k.Purpose, k.Public, k.NotAfter)
		}
	}
	if n := len(doc.Revoked) - auth.MaxRevoked; n > 0 {
		doc.Revoked = doc.Revoked[n:] // the oldest: their documents have long expired
	}
	return fresh, nil
}

package node

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"visavis/internal/arrange"
	"visavis/internal/auth"
	"visavis/internal/link"
	"visavis/internal/meeting"
	"visavis/internal/store"
)

const meetingBucket = arrange.MeetingBucket // id → JSON of the definition

// Dir is a node's directory, open: who we are, whom we trust, which meetings there are. Commands open it beside a running node, and each sees
// at once what the other writes. Methods may be called concurrently.
type Dir struct {
	Settings Settings
	Store    *store.Store
	Document auth.Document      // our own, as it was when the directory was opened
	LogKey   ed25519.PrivateKey // signs heads of logs; nil in a command
	nodeKey  ed25519.PrivateKey // nil in a command
	signed   []byte             // Document's bytes
	book     *auth.Book
	peers    *auth.Peers
	now      func() time.Time
}

// OpenDir opens a node's directory for a command: the store of the settings' data directory, made if it is not there, and our party document,
// which must be the settings' party's. That the document has expired is no error: see Alarms. A nil now is time.Now. Close it.
func OpenDir(s Settings, now func() time.Time) (*Dir, error) {
	if now == nil {
		now = time.Now
	}
	doc, signed, err := readDocument(s)
	if err != nil {
		return nil, err
	}
	st, err := store.Open(s.Data)
	if err != nil {
		return nil, err
	}
	return &Dir{Settings: s, Store: st, Document: doc, signed: signed, book: auth.NewBook(st, now), peers: auth.NewPeers(st), now: now}, nil
}

// openNodeDir opens the directory for the one node that serves from it: store.ErrInUse if another does. Node and log key must be keys of the
// party document that hold now.
func openNodeDir(ctx context.Context, s Settings) (*Dir, error) {
	d, err := OpenDir(s, nil)
	if err != nil {
		return nil, err
	}
	if err := d.serve(ctx); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

func (d *Dir) serve(ctx context.Context) error {
	if err := d.Store.Claim(); err != nil {
		return err
	}
	var err error
	if d.nodeKey, err = d.key(nodeKeyFile, auth.NodeKey); err != nil {
		return err
	}
	if d.LogKey, err = d.key(logKeyFile, auth.LogKey); err != nil {
		return err
	}
	return d.book.Clean(ctx)
}

// Close closes the store and gives up the claim.
func (d *Dir) Close() error { return d.Store.Close() }

// Book holds invitations and sessions.
func (d *Dir) Book() *auth.Book { return d.book }

// Peers holds the other parties.
func (d *Dir) Peers() *auth.Peers { return d.peers }

// LinkIdentity is this node as others know it; of a directory that a node serves from.
func (d *Dir) LinkIdentity() link.Identity {
	return link.Identity{Party: d.Document.Party, Key: d.nodeKey, Document: d.signed, Counter: d.Document.Counter}
}

func readDocument(s Settings) (auth.Document, []byte, error) {
	path := filepath.Join(s.Keys, documentFile)
	b, err := readBounded(path, auth.MaxDocument)
	if err != nil {
		return auth.Document{}, nil, fmt.Errorf("read party document: %w", err)
	}
	doc, err := auth.ParseDocument(b)
	if err != nil {
		return auth.Document{}, nil, fmt.Errorf("read party document %s: %w", path, err)
	}
	if doc.Party != s.Party {
		return auth.Document{}, nil, fmt.Errorf("read party document %s: it is that of %s, but the settings say party = %q", path, doc.Party, s.Party)
	}
	return doc, b, nil
}

// key reads a key of ours that the document names for a purpose, now.
func (d *Dir) key(file string, p auth.Purpose) (ed25519.PrivateKey, error) {
	path := filepath.Join(d.Settings.Keys, file)
	key, err := readKey(path)
	if err != nil {
		return nil, err
	}
	now := d.now()
	if !slices.ContainsFunc(d.Document.Valid(p, now), func(k ed25519.PublicKey) bool { return k.Equal(public(key)) }) {
		if !now.Before(d.Document.NotAfter) {
			return nil, errors.New(d.Document.Alarm(now))
		}
		return nil, fmt.Errorf("%s is not a %s key that the party document, number %d, names for now", path, p, d.Document.Counter)
	}
	return key, nil
}

// Definitions are the meetings that this node knows, in the order of their ids.
func (d *Dir) Definitions(ctx context.Context) ([]meeting.Definition, error) {
	items, err := d.Store.List(ctx, meetingBucket, "")
	if err != nil {
		return nil, err
	}
	out := make([]meeting.Definition, 0, len(items))
	for _, i := range items {
		def, err := meeting.ParseDefinition(i.Value)
		if err != nil {
			return nil, fmt.Errorf("read meeting %s: %w", i.Key, err)
		}
		out = append(out, def)
	}
	return out, nil
}

// Definition is one of them; the error wraps errNoMeeting if there is none.
func (d *Dir) Definition(ctx context.Context, id meeting.ID) (meeting.Definition, error) {
	b, err := d.Store.Get(ctx, meetingBucket, string(id))
	if errors.Is(err, store.ErrNotFound) {
		return meeting.Definition{}, fmt.Errorf("%w: %s", errNoMeeting, id)
	}
	if err != nil {
		return meeting.Definition{}, err
	}
	def, err := meeting.ParseDefinition(b)
	if err != nil {
		return meeting.Definition{}, fmt.Errorf("read meeting %s: %w", id, err)
	}
	return def, nil
}

// addMeeting keeps a checked definition. The same one again is no error; another one of the same id only if replace says so.
func (d *Dir) addMeeting(ctx context.Context, def meeting.Definition, replace bool) error {
	b, err := json.Marshal(def)
	if err != nil {
		return fmt.Errorf("keep meeting %s: %w", def.ID, err)
	}
	have, err := d.Definition(ctx, def.ID)
	switch {
	case err == nil && have.Digest() == def.Digest():
		return nil
	case err == nil && !replace:
		return fmt.Errorf("meeting %s is known already, with other contents (digest %s): --replace puts this one in its place, which is possible before the meeting only", def.ID, Digest(have))
	case err == nil:
		// The log's first entries were made under the old definition, and the other party holds them too.
		if n, err := d.Store.Last(ctx, logName(def.ID, false)); err != nil || n > 0 {
			return errors.Join(err, fmt.Errorf("meeting %s has begun: its log has %d entries, and what it is about cannot be changed any more", def.ID, n))
		}
	case !errors.Is(err, errNoMeeting):
		return err
	}
	if err := d.Store.Put(ctx, meetingBucket, string(def.ID), b); err != nil {
		return fmt.Errorf("keep meeting %s: %w", def.ID, err)
	}
	return nil
}

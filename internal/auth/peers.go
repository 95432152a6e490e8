package auth

import (
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/store"
)

// Why a party is not pinned.
var (
	ErrUnknownParty = errors.New("not paired with that party")
	ErrPinned       = errors.New("already paired with that party under another root")
	ErrDistrusted   = errors.New("that party root was distrusted")
)

const (
	peerBucket       = "peer"       // party id → peerValue
	seenBucket       = "seen"       // hex of a root → highest counter seen, kept when the party is distrusted
	distrustedBucket = "distrusted" // hex of a root → when
)

// Peer is another party whose root is pinned.
type Peer struct {
	Party    meeting.PartyID
	Root     ed25519.PublicKey
	Pinned   time.Time
	Document Document // the newest one known; it may have expired
	Raw      []byte   // its signed bytes
}

// Peers are the parties that this node trusts, kept in the store. Methods may be called concurrently, also by other processes.
type Peers struct{ store *store.Store }

// NewPeers opens the pinned parties of a store.
func NewPeers(s *store.Store) *Peers { return &Peers{s} }

type peerValue struct {
	Root     string    `json:"root"` // hex
	Document string    `json:"document"`
	Pinned   time.Time `json:"pinned"`
}

// List returns all pinned parties in the order of their ids. What can no longer be read, as after damage of the disk, is an error: a node must
// not run on without a party and say nothing.
func (p *Peers) List(ctx context.Context) ([]Peer, error) {
	items, err := p.store.List(ctx, peerBucket, "")
	if err != nil {
		return nil, fmt.Errorf("list peers: %w", err)
	}
	out := make([]Peer, 0, len(items))
	for _, i := range items {
		peer, err := readPeer(i.Key, i.Value)
		if err != nil {
			return nil, err
		}
		out = append(out, peer)
	}
	return out, nil
}

// Peer returns one pinned party; ErrUnknownParty.
func (p *Peers) Peer(ctx context.Context, id meeting.PartyID) (Peer, error) {
	peer, _, err := p.get(ctx, id)
	return peer, err
}

func (p *Peers) get(ctx context.Context, id meeting.PartyID) (Peer, []byte, error) {
	raw, err := p.store.Get(ctx, peerBucket, string(id))
	if errors.Is(err, store.ErrNotFound) {
		return Peer{}, nil, fmt.Errorf("%w: %s", ErrUnknownParty, id)
	}
	if err != nil {
		return Peer{}, nil, fmt.Errorf("look up peer: %w", err)
	}
	peer, err := readPeer(string(id), raw)
	return peer, raw, err
}

func readPeer(id string, raw []byte) (Peer, error) {
	var v peerValue
	if err := decode(raw, &v); err != nil {
		return Peer{}, fmt.Errorf("read peer %s: %w", id, err)
	}
	root, err := hex.DecodeString(v.Root)
	if err != nil {
		return Peer{}, fmt.Errorf("read peer %s: %w", id, err)
	}
	d, err := ParseDocument([]byte(v.Document))
	if err != nil {
		return Peer{}, fmt.Errorf("read peer %s: %w", id, err)
	}
	if string(d.Party) != id || !d.Root.Equal(ed25519.PublicKey(root)) {
		return Peer{}, fmt.Errorf("read peer %s: %w", id, ErrSignature)
	}
	return Peer{Party: d.Party, Root: root, Pinned: v.Pinned, Document: d, Raw: []byte(v.Document)}, nil
}

// Pin trusts the root of a document from now on. Call it only when two officers have compared the words of the pairing. A party that is pinned
// under the same root gets the newer document; under another root it is ErrPinned (distrust it first); ErrDistrusted if this very root was
// distrusted, unless again says that it is wanted. A document below the highest counter ever seen from the root is ErrRollback.
func (p *Peers) Pin(ctx context.Context, document []byte, now time.Time, again bool) (Peer, error) {
	d, err := ParseDocument(document)
	if err != nil {
		return Peer{}, err
	}
	rootHex := hex.EncodeToString(d.Root)
	change := []store.Change{}
	switch gone, err := p.store.Get(ctx, distrustedBucket, rootHex); {
	case err == nil && !again:
		return Peer{}, fmt.Errorf("%w on %s", ErrDistrusted, gone)
	case err == nil:
		change = append(change, store.Change{Bucket: distrustedBucket, Key: rootHex, Old: gone})
	case !errors.Is(err, store.ErrNotFound):
		return Peer{}, fmt.Errorf("pin %s: %w", d.Party, err)
	}
	have, old, err := p.get(ctx, d.Party)
	if err == nil && !have.Root.Equal(d.Root) {
		return Peer{}, fmt.Errorf("%w: %s", ErrPinned, d.Party)
	}
	if err != nil && !errors.Is(err, ErrUnknownParty) {
		return Peer{}, err
	}
	return p.keep(ctx, d, document, old, now, now, change)
}

// Learn takes a newer document of a pinned party, as it comes over the link or by hand, and says whether it was new. The same one again is
// no error. The errors are those of VerifyDocument, and ErrUnknownParty.
func (p *Peers) Learn(ctx context.Context, document []byte, now time.Time) (Peer, bool, error) {
	d, err := ParseDocument(document)
	if err != nil {
		return Peer{}, false, err
	}
	have, old, err := p.get(ctx, d.Party)
	if err != nil {
		return Peer{}, false, err
	}
	if _, err := VerifyDocument(document, have.Root, have.Document.Counter, now); err != nil {
		return Peer{}, false, err
	}
	if d.Counter == have.Document.Counter {
		if string(document) != string(have.Raw) {
			return Peer{}, false, fmt.Errorf("%w: two documents with number %d", ErrRollback, d.Counter)
		}
		return have, false, nil
	}
	peer, err := p.keep(ctx, d, document, old, have.Pinned, now, nil)
	return peer, err == nil, err
}

// keep writes a peer if nothing has changed since old was read, and the counter with it.
func (p *Peers) keep(ctx context.Context, d Document, raw, old []byte, pinned, now time.Time, more []store.Change) (Peer, error) {
	rootHex := hex.EncodeToString(d.Root)
	seen, seenRaw, err := p.seen(ctx, rootHex)
	if err != nil {
		return Peer{}, err
	}
	if _, err := VerifyDocument(raw, d.Root, seen, now); err != nil {
		return Peer{}, err
	}
	v, err := json.Marshal(peerValue{rootHex, string(raw), pinned.UTC()})
	if err != nil {
		return Peer{}, fmt.Errorf("keep peer %s: %w", d.Party, err)
	}
	more = append(more,
		store.Change{Bucket: peerBucket, Key: string(d.Party), Old: old, New: v},
		store.Change{Bucket: seenBucket, Key: rootHex, Old: seenRaw, New: fmt.Append(nil, d.Counter)})
	if err := p.store.SwapAll(ctx, more...); err != nil {
		return Peer{}, fmt.Errorf("keep peer %s: %w", d.Party, err)
	}
	return Peer{Party: d.Party, Root: d.Root, Pinned: pinned, Document: d, Raw: raw}, nil
}

func (p *Peers) seen(ctx context.Context, rootHex string) (n uint64, raw []byte, err error) {
	raw, err = p.store.Get(ctx, seenBucket, rootHex)
	if errors.Is(err, store.ErrNotFound) {
		return 0, nil, nil
	}
	if err != nil {
		return 0, nil, fmt.Errorf("look up peer: %w", err)
	}
	if _, err := fmt.Sscanf(string(raw), "%d", &n); err != nil {
		return 0, nil, fmt.Errorf("look up peer: counter: %w", err)
	}
	return n, raw, nil
}

// Distrust takes a party's root out and remembers it, so that it does not come back by mistake; ErrUnknownParty. The caller closes its link.
func (p *Peers) Distrust(ctx context.Context, id meeting.PartyID, now time.Time) error {
	raw, err := p.store.Get(ctx, peerBucket, string(id))
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("%w: %s", ErrUnknownParty, id)
	}
	if err != nil {
		return fmt.Errorf("distrust %s: %w", id, err)
	}
	var v peerValue
	if err := decode(raw, &v); err != nil {
		return fmt.Errorf("distrust %s: %w", id, err)
	}
	if err := p.store.Put(ctx, distrustedBucket, v.Root, []byte(stamp(now))); err != nil {
		return fmt.Errorf("distrust %s: %w", id, err)
	}
	if err := p.store.Delete(ctx, peerBucket, string(id)); err != nil {
		return fmt.Errorf("distrust %s: %w", id, err)
	}
	return nil
}

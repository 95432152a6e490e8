package node

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"visavis/internal/auth"
	"visavis/internal/link"
	"visavis/internal/meeting"
)

// pins are the parties that this node trusts now, as the store has them, held in memory because every handshake asks.
type pins struct {
	mu sync.Mutex
	by map[meeting.PartyID]auth.Peer
}

// links lists the pinned parties for the link. Keys are chosen by the present moment: one that has run out is not among them.
func (p *pins) links() []link.Peer {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	var out []link.Peer
	for _, id := range slices.Sorted(maps.Keys(p.by)) {
		d := p.by[id].Document
		out = append(out, link.Peer{Party: id, Root: p.by[id].Root, NodeKeys: d.Valid(auth.NodeKey, now), Counter: d.Counter, Addrs: d.Link, Media: d.Media})
	}
	return out
}

// signed says whether sig is that of a log key of party id that holds now.
func (p *pins) signed(id meeting.PartyID, msg, sig []byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.ContainsFunc(p.by[id].Document.Valid(auth.LogKey, time.Now()), func(k ed25519.PublicKey) bool { return ed25519.Verify(k, msg, sig) })
}

// swap puts new pins in place and says who is not among them any more.
func (p *pins) swap(next map[meeting.PartyID]auth.Peer) (gone []meeting.PartyID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for id, old := range p.by {
		if n, ok := next[id]; !ok || !n.Root.Equal(old.Root) {
			gone = append(gone, id)
		}
	}
	p.by = next
	return gone
}

// set puts one pin in place.
func (p *pins) set(one auth.Peer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	next := maps.Clone(p.by)
	next[one.Party] = one
	p.by = next
}

// loadPins reads the pinned parties from the store. The links to parties that are not pinned any more are closed at once.
func (n *Node) loadPins(ctx context.Context) error {
	gone, err := n.readPins(ctx)
	if err != nil {
		return fmt.Errorf("read pinned parties: %w", err)
	}
	if n.links == nil {
		return nil // starting
	}
	for _, id := range gone {
		n.log.Warn("party is not trusted any more: its link is closed", "party", id)
		n.links.Drop(id)
	}
	n.links.Refresh()
	return nil
}

// readPins holds pinning from the store to memory: a document that is learned in between would be lost there.
func (n *Node) readPins(ctx context.Context) (gone []meeting.PartyID, err error) {
	n.pinning.Lock()
	defer n.pinning.Unlock()
	list, err := n.dir.Peers().List(ctx)
	if err != nil {
		return nil, err
	}
	next := map[meeting.PartyID]auth.Peer{}
	for _, p := range list {
		next[p.Party] = p
	}
	return n.pins.swap(next), nil
}

// learn takes a newer document of a pinned party that came over its link.
func (n *Node) learn(p meeting.PartyID, doc []byte) error {
	d, err := auth.ParseDocument(doc)
	if err != nil {
		return fmt.Errorf("party document: %w", err)
	}
	if d.Party != p {
		return fmt.Errorf("party document of %s came from %s", d.Party, p)
	}
	n.pinning.Lock()
	defer n.pinning.Unlock()
	got, fresh, err := n.dir.Peers().Learn(n.ctx, doc, time.Now())
	if err != nil {
		return fmt.Errorf("party document: %w", err)
	}
	if fresh {
		n.log.Info("newer party document", "party", p)
	}
	n.pins.set(got) // also what a command has put into the store: we may not have read it yet
	return nil
}

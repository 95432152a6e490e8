package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/store"
)

// SecurityEvent is one line of the security log: who was let in or kept out, who used power over people. It holds ids and codes, no name, no text, no
// address and nothing that lets anybody in.
type SecurityEvent struct {
	Kind    string           `json:"kind"`              // "refused", or what was done: "signed.in", "invitation.issued", …
	Code    string           `json:"code,omitempty"`    // of refused: as the page was told
	Meeting meeting.ID       `json:"meeting,omitempty"` // "": of the node
	Person  meeting.MemberID `json:"person,omitempty"`  // to whom it was done, or who was refused
	Party   meeting.PartyID  `json:"party,omitempty"`   // another party, as it was trusted or not any more
	By      meeting.MemberID `json:"by,omitempty"`      // the officer; "": a command on the node, or nobody but the person
	Source  string           `json:"source,omitempty"`  // tells sources of one run of the node apart, and nothing else of them
	Count   int              `json:"count,omitempty"`   // of "suppressed": refusals that were not written
}

// SecurityEntry is one of them as it stands in the log.
type SecurityEntry struct {
	N  int64
	At time.Time
	SecurityEvent
}

// SecurityLog is what the log is found to be.
type SecurityLog struct {
	First, Last int64  // 0: it is empty
	Head        string // hash over it all, hex: who has noted it elsewhere knows later whether what was before is the same
}

// Note writes e into the security log. When it returns nil the entry is on the disk.
func (b *Book) Note(ctx context.Context, e SecurityEvent) error {
	data, err := json.Marshal(e)
	if err == nil {
		err = b.store.Chain(ctx, b.now().UTC(), data)
	}
	if err != nil {
		return fmt.Errorf("note %s: %w", e.Kind, err)
	}
	return nil
}

const securityBatch = 500

// Security reads the whole log, gives each entry to f, and checks the chain: store.ErrChain, after what was before the break, if somebody has changed it.
func (b *Book) Security(ctx context.Context, f func(SecurityEntry)) (log SecurityLog, err error) {
	for from := int64(0); ; {
		// The last of the batch before is read again: the first of this one must follow it.
		ls, err := b.store.Chained(ctx, from, securityBatch)
		if from > 0 && err == nil && (len(ls) == 0 || ls[0].N != from) {
			err = fmt.Errorf("entry %d: %w", from, store.ErrChain) // it was rotated out meanwhile, or taken out
		}
		for _, l := range ls {
			if l.N == from {
				continue
			}
			e := SecurityEntry{N: l.N, At: l.At}
			if bad := decode(l.Data, &e.SecurityEvent); bad != nil {
				return log, fmt.Errorf("entry %d cannot be read: %w", l.N, errors.Join(store.ErrChain, bad))
			}
			f(e)
			h := l.Hash()
			log.Last, log.Head = l.N, hex.EncodeToString(h[:])
			if log.First == 0 {
				log.First = l.N
			}
		}
		if err != nil || len(ls) < securityBatch {
			return log, err
		}
		from = ls[len(ls)-1].N
	}
}

// Sources names sources of requests so that those of one run can be told apart, by a key that is kept nowhere: nobody finds an address by it.
type Sources struct{ key [32]byte }

// NewSources draws the key.
func NewSources() *Sources {
	s := new(Sources)
	_, _ = rand.Read(s.key[:]) // never fails, crypto/rand says
	return s
}

// Name is the name of a network; "" has none.
func (s *Sources) Name(network string) string {
	if network == "" {
		return ""
	}
	h := sha256.Sum256(append(s.key[:], network...))
	return hex.EncodeToString(h[:4])
}

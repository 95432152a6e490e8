package meeting

import "time"

// Hash is SHA-256; in JSON 64 lower-case hex digits.
type Hash [32]byte

// Proposal is what a party asks the host to put into the shared log.
type Proposal struct {
	Meeting ID        `json:"meeting"`
	Party   PartyID   `json:"party"`
	Counter uint64    `json:"counter"` // of this party in this meeting, rising from 1
	At      time.Time `json:"at"`      // proposer's clock, UTC, milliseconds
	Offline bool      `json:"offline"` // written while the link to the host was cut
	Event   Event     `json:"event"`
}

// Entry is one line of the shared log.
type Entry struct {
	Meeting   ID
	N         int64 // 1 is the first
	Prev      Hash  // Chain of the entry before; zero for the first
	Party     PartyID
	Counter   uint64
	At        time.Time // proposer's clock
	Sequenced time.Time // host's clock
	Offline   bool
	Event     Event
}

// Head is one party's signature over the shared log up to entry N.
type Head struct {
	Meeting ID      `json:"meeting"`
	N       int64   `json:"n"`
	Hash    Hash    `json:"hash"`
	Party   PartyID `json:"party"`
	Sig     []byte  `json:"sig"` // Ed25519 over SignedBytes
}

// EncodeEntry gives the canonical bytes of e.
func EncodeEntry(e Entry) []byte { return nil }

// DecodeEntry takes canonical bytes only: EncodeEntry of the result gives b again.
func DecodeEntry(b []byte) (Entry, error) { return Entry{}, nil }

// Chain is the hash of the log that ends with entry, prev being that of the log before it.
func Chain(prev Hash, entry []byte) Hash { return Hash{} }

// SignedBytes is what a party signs with its log key; its first line names purpose and version.
func (h Head) SignedBytes() []byte { return nil }

// MarshalText implements encoding.TextMarshaler.
func (h Hash) MarshalText() ([]byte, error) { return nil, nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (h *Hash) UnmarshalText(b []byte) error { return nil }

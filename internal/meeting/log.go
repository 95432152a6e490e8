package meeting

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"time"

	"visavis/internal/strict"
)

// Hash is SHA-256; in JSON 64 lower-case hex digits.
type Hash [32]byte

// String gives lower-case hex.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText implements encoding.TextMarshaler.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler. It takes 64 lower-case hex digits and nothing else.
func (h *Hash) UnmarshalText(b []byte) error {
	if !validHex(string(b)) {
		return fail("log.hash")
	}
	_, err := hex.Decode(h[:], b)
	return err
}

// Basis is how a node knows what an entry says. The two are never merged.
type Basis string

// The two bases.
const (
	Observed Basis = "observed" // by this node: its own people, its own clock
	Stated   Basis = "stated"   // by another party's node
)

// Proposal is what a party asks the host to put into the shared log.
type Proposal struct {
	Meeting ID        `json:"meeting"`
	Party   PartyID   `json:"party"`
	Counter uint64    `json:"counter"` // of this party in this meeting, rising from 1
	At      time.Time `json:"at"`      // proposer's clock, UTC, whole milliseconds
	Offline bool      `json:"offline"` // written while the link to the host was cut
	Event   Event     `json:"event"`
}

// Check looks at what can be judged without a state. It returns an *Error.
func (p Proposal) Check() error {
	switch {
	case !validID(string(p.Meeting)):
		return fail("meeting.id")
	case !validID(string(p.Party)):
		return fail("party.id")
	case p.Counter == 0 || p.Counter > MaxCounter:
		return fail("log.counter")
	case !validTime(p.At):
		return fail("log.time")
	}
	return p.Event.check()
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
	Offline   bool      // written during a cut, or it reached the host more than LateAfter after At
	Event     Event
}

// Sequence makes p the entry that follows entry n with chain hash prev, on the host, at its time now.
func Sequence(p Proposal, n int64, prev Hash, now time.Time) Entry {
	now = now.UTC().Truncate(time.Millisecond)
	return Entry{Meeting: p.Meeting, N: n + 1, Prev: prev, Party: p.Party, Counter: p.Counter, At: p.At.UTC(), Sequenced: now,
		Offline: p.Offline || now.Sub(p.At) > LateAfter, Event: p.Event}
}

// Answers reports whether e is what the host may make of p: everything that the proposer said, in its words. Only the mark
// Offline may have been added.
func (e Entry) Answers(p Proposal) bool {
	return e.Meeting == p.Meeting && e.Party == p.Party && e.Counter == p.Counter && e.At.Equal(p.At) && e.Event.Equal(p.Event) &&
		(e.Offline || !p.Offline)
}

// Basis is how the node of party viewer knows what e says.
func (e Entry) Basis(viewer PartyID) Basis {
	if e.Party == viewer {
		return Observed
	}
	return Stated
}

// entryJSON is the canonical form: members in this order, times with three decimals.
type entryJSON struct {
	Meeting   ID      `json:"meeting"`
	N         int64   `json:"n"`
	Prev      Hash    `json:"prev"`
	Party     PartyID `json:"party"`
	Counter   uint64  `json:"counter"`
	At        string  `json:"at"`
	Sequenced string  `json:"sequenced"`
	Offline   bool    `json:"offline"`
	Event     Event   `json:"event"`
}

const milli = "2006-01-02T15:04:05.000Z"

// validTime takes what milli can say: whole milliseconds of the years 2000 to 9999.
func validTime(t time.Time) bool {
	y := t.UTC().Year()
	return y >= 2000 && y <= 9999 && t.Equal(t.Truncate(time.Millisecond))
}

// EncodeEntry gives the canonical bytes of e: one JSON object without white space. Times are cut to milliseconds.
func EncodeEntry(e Entry) []byte {
	return marshal(entryJSON{e.Meeting, e.N, e.Prev, e.Party, e.Counter, e.At.UTC().Format(milli), e.Sequenced.UTC().Format(milli),
		e.Offline, e.Event})
}

// DecodeEntry takes canonical bytes only, at most MaxEntry: EncodeEntry of the result gives b again. It returns a *strict.Error
// or an *Error.
func DecodeEntry(b []byte) (Entry, error) {
	var j entryJSON
	if err := strict.Decode(b, &j, strict.Limits{Bytes: MaxEntry, Depth: 2, List: 16, String: 128}); err != nil {
		return Entry{}, err
	}
	e := Entry{Meeting: j.Meeting, N: j.N, Prev: j.Prev, Party: j.Party, Counter: j.Counter, Offline: j.Offline, Event: j.Event}
	var err, err2 error
	e.At, err = time.Parse(milli, j.At)
	e.Sequenced, err2 = time.Parse(milli, j.Sequenced)
	if err != nil || err2 != nil || !validTime(e.Sequenced) {
		return Entry{}, fail("log.time")
	}
	if e.N < 1 {
		return Entry{}, fail("log.number")
	}
	p := Proposal{Meeting: e.Meeting, Party: e.Party, Counter: e.Counter, At: e.At, Event: e.Event}
	if err := p.Check(); err != nil {
		return Entry{}, err
	}
	if !bytes.Equal(EncodeEntry(e), b) {
		return Entry{}, fail("log.canonical")
	}
	return e, nil
}

// Chain is the hash of the log that ends with entry, prev being that of the log before it: SHA-256 over the purpose line
// "visavis-log-entry/1", prev (32 bytes) and the exact bytes of the entry.
func Chain(prev Hash, entry []byte) Hash {
	h := sha256.New()
	h.Write([]byte("visavis-log-entry/1\n"))
	h.Write(prev[:])
	h.Write(entry)
	return Hash(h.Sum(nil))
}

// Head is one party's signature over the shared log up to entry N.
type Head struct {
	Meeting ID      `json:"meeting"`
	N       int64   `json:"n"`
	Hash    Hash    `json:"hash"` // Chain of entry N
	Party   PartyID `json:"party"`
	Sig     []byte  `json:"sig"` // Ed25519 over SignedBytes, by the party's log key
}

// SignedBytes is what a party signs with its log key; the first line names purpose and version, so that no other signature of
// this key can be taken for one.
func (h Head) SignedBytes() []byte {
	return []byte("visavis-log-head/1\n" + string(h.Meeting) + "\n" + strconv.FormatInt(h.N, 10) + "\n" + h.Hash.String() + "\n" +
		string(h.Party) + "\n")
}

// Check looks at what can be judged without the log and the key. It returns an *Error.
func (h Head) Check() error {
	switch {
	case !validID(string(h.Meeting)):
		return fail("meeting.id")
	case !validID(string(h.Party)):
		return fail("party.id")
	case h.N < 1:
		return fail("log.number")
	case len(h.Sig) == 0 || len(h.Sig) > MaxSig:
		return fail("log.signature")
	}
	return nil
}

package room

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/store"
)

// errNotInForce: what would begin under our definition is called off here, or changed.
var errNotInForce = errors.New("the definition is not in force")

// ledger is this node's copy of the shared log, and the state after it. Room's goroutine only.
type ledger struct {
	log      Log
	first    func(func() error) error // nil: see Config.First
	host     bool
	self     meeting.PartyID
	meeting  meeting.ID
	n        int64
	hash     meeting.Hash
	state    meeting.State
	counters map[meeting.PartyID]uint64 // last one sequenced
	last     time.Time                  // when, by the host's clock
	speaking meeting.Speaking           // the last maxSpoken lines that ended, and those that go on
}

func newLedger(log Log, self meeting.PartyID, d meeting.Definition, first func(func() error) error) *ledger {
	return &ledger{log: log, first: first, host: self == d.Host, self: self, meeting: d.ID, state: meeting.Begin(d), counters: map[meeting.PartyID]uint64{}}
}

// replay reads the log from its beginning, checks its chain and applies it.
func (l *ledger) replay(ctx context.Context) error {
	for {
		es, err := l.log.Entries(ctx, l.n+1, replayBatch)
		if err != nil || len(es) == 0 {
			return err
		}
		for _, e := range es {
			if _, err := l.take(e.Data); err != nil {
				return fmt.Errorf("shared log entry %d: %w", e.N, err)
			}
		}
	}
}

// check decodes the entry that would follow and says, with a *meeting.Error, what stands against it. It changes nothing.
func (l *ledger) check(b []byte) (meeting.Entry, meeting.State, error) {
	e, err := meeting.DecodeEntry(b)
	if err != nil {
		return e, l.state, &meeting.Error{Code: "log.malformed"}
	}
	switch {
	case l.n >= int64(places(maxLog, e.Event.Kind)):
		return e, l.state, &meeting.Error{Code: "log.full"}
	case e.Meeting != l.meeting || e.N != l.n+1:
		return e, l.state, &meeting.Error{Code: "log.number"}
	case e.Prev != l.hash:
		return e, l.state, &meeting.Error{Code: "log.forked"}
	case e.Counter <= l.counters[e.Party]:
		return e, l.state, &meeting.Error{Code: "log.counter"}
	}
	next, err := meeting.ApplyEntry(l.state, e)
	return e, next, err
}

// take checks the entry that follows and makes it part of the state, without writing it.
func (l *ledger) take(b []byte) (meeting.Entry, error) {
	e, next, err := l.check(b)
	if err != nil {
		return e, err
	}
	l.n, l.hash, l.state, l.counters[e.Party], l.last = e.N, meeting.Chain(l.hash, b), next, e.Counter, e.Sequenced
	l.speaks(e)
	return e, nil
}

// mayBegin says, with a *meeting.Error, why the host cannot write entry 1 yet.
func (l *ledger) mayBegin() error {
	if l.n > 0 || l.first == nil || !l.host {
		return nil
	}
	return l.first(func() error { return nil })
}

// append checks the entry that follows, writes it and makes it part of the state. A *meeting.Error is the entry's fault, or Config.First's word
// on the host; errNotInForce is its word on a guest; any other is the disk's.
func (l *ledger) append(b []byte) (meeting.Entry, error) {
	e, next, err := l.check(b)
	if err != nil {
		return e, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), appendTime)
	defer cancel()
	write := func() error {
		err := l.log.Append(ctx, store.LogEntry{N: e.N, At: time.Now(), Basis: string(e.Basis(l.self)), Data: b})
		if err != nil {
			return fmt.Errorf("write shared log: %w", err)
		}
		return nil
	}
	if l.n == 0 && l.first != nil {
		if err = l.first(write); codeIs(err, "arrange.changed") && !l.host {
			err = errNotInForce
		}
	} else {
		err = write()
	}
	if err != nil {
		return e, err
	}
	l.n, l.hash, l.state, l.counters[e.Party], l.last = e.N, meeting.Chain(l.hash, b), next, e.Counter, e.Sequenced
	l.speaks(e)
	return e, nil
}

// bytes gives the exact bytes of entries from n on, within the bounds of one piece.
func (l *ledger) bytes(n int64) ([][]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), appendTime)
	defer cancel()
	es, err := l.log.Entries(ctx, n, meeting.MaxPiece)
	if err != nil {
		return nil, fmt.Errorf("read shared log: %w", err)
	}
	var out [][]byte
	size := 0
	for _, e := range es {
		if size += len(e.Data); size > meeting.MaxPieceBytes {
			break
		}
		out = append(out, e.Data)
	}
	return out, nil
}

// hashAt is the chain hash after entry n, 1 ≤ n ≤ l.n: the next entry names it.
func (l *ledger) hashAt(n int64) (meeting.Hash, error) {
	if n == l.n {
		return l.hash, nil
	}
	next, err := l.bytes(n + 1)
	if err != nil {
		return meeting.Hash{}, err
	}
	if len(next) == 0 {
		return meeting.Hash{}, fmt.Errorf("shared log entry %d is missing", n+1)
	}
	e, err := meeting.DecodeEntry(next[0])
	return e.Prev, err
}

// speaks adds e to the speaking log.
func (l *ledger) speaks(e meeting.Entry) {
	l.speaking.Add(l.state, e)
	if n := len(l.speaking.Done); n > 2*maxSpoken {
		l.speaking.Done = slices.Clone(l.speaking.Done[n-maxSpoken:])
	}
}

package room

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/store"
)

// Record is one entry of a node's own log: what it proposed and what became of it, and what it may need as proof. Exactly one
// field is set, but Under. It never leaves the node.
type Record struct {
	Proposal *meeting.Proposal `json:"proposal,omitempty"` // written before it is sent
	Under    *meeting.Hash     `json:"under,omitempty"`    // with a proposal: digest of the definition under which it was made, and those that follow; absent: as the one before
	Refused  *meeting.Refusal  `json:"refused,omitempty"`  // the host's answer to one of them
	Held     *meeting.Refusal  `json:"held,omitempty"`     // the same, of what stays in force here: see Room.hold
	Stuck    *bool             `json:"stuck,omitempty"`    // our doors stay shut whatever the shared log says, or no longer
	Head     *meeting.Head     `json:"head,omitempty"`     // a head that another party signed and that agrees with ours
	Proof    *Proof            `json:"proof,omitempty"`    // two logs under one number
	Doors    *DoorRecord       `json:"doors,omitempty"`    // what we measured at our own doors
	Alarm    *AlarmRecord      `json:"alarm,omitempty"`    // what officers and technicians were alarmed of
}

// Proof is what another node sent against the log that we hold: two heads, or two entries, for one number.
type Proof struct {
	Code  string        `json:"code"` // "log.forked", "log.forged", "log.invalid"
	From  string        `json:"from"` // party
	N     int64         `json:"n"`
	Ours  *meeting.Head `json:"ours,omitempty"`  // signed by us over our log
	Their *meeting.Head `json:"their,omitempty"` // signed by them
	Entry []byte        `json:"entry,omitempty"` // exact bytes as they came
}

// ownLog writes the node's own log and numbers its proposals. Room's goroutine only.
type ownLog struct {
	log     Log
	n       int64
	counter uint64       // of the last proposal
	under   meeting.Hash // of the last proposal; zero: written by a version that did not say
	held    map[uint64]bool
	stuck   bool        // the last
	doors   *DoorRecord // the last
}

func (o *ownLog) append(r Record, basis string) error {
	ctx, cancel := context.WithTimeout(context.Background(), appendTime)
	defer cancel()
	return o.appendIn(ctx, r, basis)
}

// appendIn is append, for as long as ctx allows.
func (o *ownLog) appendIn(ctx context.Context, r Record, basis string) error {
	b, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("encode own log: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("write own log: %w", err)
	}
	if err := o.log.Append(ctx, store.LogEntry{N: o.n + 1, At: time.Now(), Basis: basis, Data: b}); err != nil {
		return fmt.Errorf("write own log: %w", err)
	}
	o.n++
	return nil
}

// made is a proposal, and the definition under which it was made.
type made struct {
	meeting.Proposal
	under meeting.Hash
}

// replay reads the own log into past, and gives the proposals that were not refused, by counter in rising order.
func (o *ownLog) replay(ctx context.Context, past *pastAlarms) ([]made, error) {
	var open []made
	for {
		es, err := o.log.Entries(ctx, o.n+1, replayBatch)
		if err != nil || len(es) == 0 {
			return open, err
		}
		for _, e := range es {
			var r Record
			if e.N != o.n+1 {
				return nil, fmt.Errorf("own log: entry %d after %d", e.N, o.n)
			}
			if err := json.Unmarshal(e.Data, &r); err != nil {
				return nil, fmt.Errorf("own log entry %d: %w", e.N, err)
			}
			o.n, past.last = e.N, e.At
			switch {
			case r.Proposal != nil:
				if r.Under != nil {
					o.under = *r.Under
				}
				open = append(open, made{*r.Proposal, o.under})
				o.counter = r.Proposal.Counter
			case r.Alarm != nil:
				past.replay(*r.Alarm)
			case r.Doors != nil:
				o.doors = r.Doors
			case r.Stuck != nil:
				o.stuck = *r.Stuck
			case r.Held != nil:
				if o.held == nil {
					o.held = map[uint64]bool{}
				}
				o.held[r.Held.Counter] = true
			case r.Refused != nil:
				delete(o.held, r.Refused.Counter)
				open = drop(open, r.Refused.Counter)
			}
		}
	}
}

func drop(ps []made, counter uint64) []made {
	for i, p := range ps {
		if p.Counter == counter {
			return append(ps[:i:i], ps[i+1:]...)
		}
	}
	return ps
}

// keep writes r and only logs if that fails: proofs and heads stop nothing.
func (r *Room) keep(rec Record, basis string) {
	if err := r.own.append(rec, basis); err != nil {
		r.log.Error("own log cannot be written", slog.Any("err", err))
	}
}

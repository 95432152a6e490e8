// Package arrange is how two parties come to agree on a meeting before it: drafts, proposals and answers between their nodes, and the calendar
// files that members get. Start from Desk; Case has the rules. It must not know links, HTTP or rooms.
package arrange

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/store"
)

// MeetingBucket is where the definitions in force lie, by meeting: everything else of the node reads meetings there.
const MeetingBucket = "meeting"

// caseBucket holds cases by meeting.
const caseBucket = "arrange"

// ErrNone means that no meeting of that id is in arrangement here.
var ErrNone = errors.New("no such meeting in arrangement")

// Party is another party with which meetings can be arranged, or our own.
type Party struct {
	ID   meeting.PartyID
	Name meeting.Text
}

// Config is what a Desk needs. All fields but Now and Log must be set.
type Config struct {
	Store  *store.Store
	Self   Party
	Others func() []Party // that are trusted now
	// Send brings one message to a party's node, or returns an error at once: the desk says it again later. Any goroutine.
	Send func(p meeting.PartyID, message []byte) error
	// Begun says whether a meeting's log has entries: then nothing about it can be changed. It is called with the desk's lock held.
	Begun func(ctx context.Context, id meeting.ID) (bool, error)
	// Installed is told when a definition has come into force, or none is any more. No lock is held.
	Installed func(id meeting.ID)
	Now       func() time.Time
	Log       *slog.Logger
}

// Desk holds the cases of a node, in the store: each change is on the disk before it is told to anybody. Methods may be called concurrently.
type Desk struct {
	c Config

	mu    sync.Mutex // guards what follows, and every read and write of a case
	rates map[meeting.PartyID]*rates
}

type rates struct{ proposals, answers bucket }

// New makes a Desk.
func New(c Config) *Desk {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Desk{c: c, rates: map[meeting.PartyID]*rates{}}
}

// bucket is a token bucket; the zero bucket is full.
type bucket struct {
	used float64
	last time.Time
}

func (b *bucket) take(now time.Time, rate, burst float64) bool {
	if d := now.Sub(b.last); d > 0 {
		b.used = max(0, b.used-rate*d.Seconds())
		b.last = now
	}
	if b.used+1 > burst {
		return false
	}
	b.used++
	return true
}

// loaded is a case with the bytes from which it was read, so that it can be put back only if nobody else has written meanwhile.
type loaded struct {
	*Case
	raw []byte // nil: it is new
	def []byte // of the definition in force; nil: none
	was *meeting.Definition
}

// load reads a case; ErrNone. A meeting that came by a file has one too: what is in force counts as agreed.
func (d *Desk) loadLocked(ctx context.Context, id meeting.ID) (*loaded, error) {
	l := &loaded{}
	var err error
	if l.def, err = d.get(ctx, MeetingBucket, id); err != nil {
		return nil, err
	}
	if l.raw, err = d.get(ctx, caseBucket, id); err != nil {
		return nil, err
	}
	if l.raw != nil {
		if l.Case, err = decodeCase(l.raw); err != nil {
			return nil, fmt.Errorf("read arrangement of %s: %w", id, err)
		}
	}
	if l.def != nil {
		def, err := meeting.ParseDefinition(l.def)
		if err != nil {
			return nil, fmt.Errorf("read meeting %s: %w", id, err)
		}
		l.was = &def
	}
	if l.Case == nil && l.was != nil {
		l.Case = d.fromFile(*l.was)
	}
	if l.Case == nil {
		return nil, ErrNone
	}
	if l.was != nil {
		l.adopt(*l.was, d.c.Now())
	}
	return l, nil
}

func (d *Desk) get(ctx context.Context, bucket string, id meeting.ID) ([]byte, error) {
	b, err := d.c.Store.Get(ctx, bucket, string(id))
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	return b, err
}

// fromFile is the case of a meeting that a command has loaded; nil if it is not one between us and one other party.
func (d *Desk) fromFile(def meeting.Definition) *Case {
	if len(def.Parties) != 2 {
		return nil
	}
	for i, p := range def.Parties {
		if p.ID == d.c.Self.ID {
			return &Case{ID: def.ID, Self: p.ID, Other: def.Parties[1-i].ID, Draft: def}
		}
	}
	return nil
}

// keep puts a case back, and with install the definition that is in force from now on, with remove that none is: both or neither, whatever happens in between.
func (d *Desk) keepLocked(ctx context.Context, l *loaded, install *meeting.Definition, remove bool) error {
	b, err := l.encode()
	if err != nil {
		return err
	}
	changes := []store.Change{{Bucket: caseBucket, Key: string(l.ID), Old: l.raw, New: b}}
	switch {
	case remove && l.def != nil:
		changes = append(changes, store.Change{Bucket: MeetingBucket, Key: string(l.ID), Old: l.def})
	case install != nil:
		def, err := marshal(install)
		if err != nil {
			return err
		}
		changes = append(changes, store.Change{Bucket: MeetingBucket, Key: string(l.ID), Old: l.def, New: def})
	}
	if err := d.c.Store.SwapAll(ctx, changes...); err != nil {
		return fmt.Errorf("keep arrangement of %s: %w", l.ID, err)
	}
	return nil
}

// deliver sends messages, outside the lock. What cannot be sent now is said again at Up or Tick.
func (d *Desk) deliver(p meeting.PartyID, all []Message) {
	for _, m := range all {
		b, err := Encode(m)
		if err == nil {
			err = d.c.Send(p, b)
		}
		if err != nil {
			d.c.Log.Debug("message of arranging waits", "party", p, "err", err)
			return
		}
	}
}

// Cases lists all meetings that can be arranged here, in the order of their ids, as officers see them.
func (d *Desk) Cases(ctx context.Context) ([]*Case, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	ids := map[string]bool{}
	for _, bucket := range []string{caseBucket, MeetingBucket} {
		items, err := d.c.Store.List(ctx, bucket, "")
		if err != nil {
			return nil, err
		}
		for _, i := range items {
			ids[i.Key] = true
		}
	}
	var out []*Case
	for _, id := range sortedKeys(ids) {
		l, err := d.loadLocked(ctx, meeting.ID(id))
		if errors.Is(err, ErrNone) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, l.Case)
	}
	return out, nil
}

// Case is one of them; ErrNone.
func (d *Desk) Case(ctx context.Context, id meeting.ID) (*Case, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	l, err := d.loadLocked(ctx, id)
	if err != nil {
		return nil, err
	}
	return l.Case, nil
}

// Begin makes a new draft of a meeting with another party. An empty id is drawn.
func (d *Desk) Begin(ctx context.Context, id meeting.ID, other meeting.PartyID, by string) (*Case, error) {
	return d.begin(ctx, id, other, by, func(draft meeting.Definition) meeting.Definition { return draft })
}

func (d *Desk) begin(ctx context.Context, id meeting.ID, other meeting.PartyID, by string, fill func(meeting.Definition) meeting.Definition) (*Case, error) {
	if id == "" {
		id = meeting.ID(string(d.c.Self.ID[:min(len(d.c.Self.ID), meeting.MaxID-11)]) + "-" + strings.ToLower(rand.Text()[:10]))
	}
	if !validID(string(id)) {
		return nil, fail("meeting.id")
	}
	with := slices.IndexFunc(d.c.Others(), func(p Party) bool { return p.ID == other })
	if with < 0 || other == d.c.Self.ID {
		return nil, fail("arrange.party", "party", string(other))
	}
	far := d.c.Others()[with]
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, err := d.loadLocked(ctx, id); err == nil {
		return nil, fail("arrange.taken")
	} else if !errors.Is(err, ErrNone) {
		return nil, err
	}
	now := d.c.Now().UTC()
	start := now.Truncate(time.Hour).AddDate(0, 0, 14)
	draft := meeting.Definition{ID: id, Title: meeting.Text{}, Host: d.c.Self.ID, Start: start, Parties: []meeting.Party{
		{ID: d.c.Self.ID, Name: d.c.Self.Name, Zone: "Etc/UTC"}, {ID: far.ID, Name: far.Name, Zone: "Etc/UTC"}}}
	l := &loaded{Case: &Case{ID: id, Self: d.c.Self.ID, Other: far.ID, Version: 1, Draft: fill(draft), Edited: true, Saved: now, SavedBy: by}}
	if err := d.keepLocked(ctx, l, nil, false); err != nil {
		return nil, err
	}
	return l.Case, nil
}

// act changes a case by f for an officer, keeps it, and says what is to be said.
func (d *Desk) act(ctx context.Context, id meeting.ID, f func(c *Case, begun bool) error) (*Case, error) {
	var now bool
	c, err := d.change(ctx, id, func(c *Case, begun bool) error {
		now = begun
		return f(c, begun)
	})
	if err == nil {
		d.deliver(c.Other, c.pending(now))
	}
	return c, err
}

// change changes a case by f and keeps it.
func (d *Desk) change(ctx context.Context, id meeting.ID, f func(c *Case, begun bool) error) (*Case, error) {
	return d.changeWith(ctx, id, false, f)
}

// changeWith is change; remove: no definition is in force any more.
func (d *Desk) changeWith(ctx context.Context, id meeting.ID, remove bool, f func(c *Case, begun bool) error) (*Case, error) {
	d.mu.Lock()
	begun, err := d.c.Begun(ctx, id)
	var l *loaded
	if err == nil {
		l, err = d.loadLocked(ctx, id)
	}
	if err == nil {
		if err = f(l.Case, begun); err == nil {
			err = d.keepLocked(ctx, l, nil, remove)
		}
	}
	d.mu.Unlock()
	if errors.Is(err, store.ErrChanged) {
		return nil, fail("arrange.changed")
	}
	if err != nil {
		return nil, err
	}
	return l.Case, nil
}

// Save keeps a draft; version is that of the case that the officer by saw.
func (d *Desk) Save(ctx context.Context, id meeting.ID, draft meeting.Definition, version int64, by string) (*Case, error) {
	return d.change(ctx, id, func(c *Case, _ bool) error { return c.save(draft, version, by, d.c.Now()) })
}

// Propose sends the draft to the other party: as a first proposal, in the place of our last one, or as an answer to theirs.
func (d *Desk) Propose(ctx context.Context, id meeting.ID, version int64, by string) (*Case, error) {
	return d.act(ctx, id, func(c *Case, begun bool) error { return c.send(version, begun, by, d.c.Now()) })
}

// Accept says yes to their revision rev.
func (d *Desk) Accept(ctx context.Context, id meeting.ID, rev meeting.Hash, by string) (*Case, error) {
	return d.act(ctx, id, func(c *Case, begun bool) error { return c.accept(rev, begun, by, d.c.Now()) })
}

// Decline says no to their revision rev; the reason may be empty.
func (d *Desk) Decline(ctx context.Context, id meeting.ID, rev meeting.Hash, reason, by string) (*Case, error) {
	return d.act(ctx, id, func(c *Case, _ bool) error { return c.decline(rev, reason, by, d.c.Now()) })
}

// Withdraw takes our revision rev back.
func (d *Desk) Withdraw(ctx context.Context, id meeting.ID, rev meeting.Hash, by string) (*Case, error) {
	return d.act(ctx, id, func(c *Case, _ bool) error { return c.withdraw(rev, by, d.c.Now()) })
}

// Reset gives up what has been changed in the draft since the last revision.
func (d *Desk) Reset(ctx context.Context, id meeting.ID, version int64, by string) (*Case, error) {
	return d.change(ctx, id, func(c *Case, _ bool) error { return c.reset(version, by, d.c.Now()) })
}

// First lets first write the first entry of a meeting's log, unless the definition with this digest may not be the one that the other party
// holds: it returns a *meeting.Error arrange.accepted while our officer's yes to a newer one is not confirmed, if we are the host, and
// arrange.changed when a newer one is in force, or none. Between this look and first's return nothing is agreed on or called off. A meeting that
// is not arranged here begins.
func (d *Desk) First(ctx context.Context, id meeting.ID, digest meeting.Hash, first func() error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	l, err := d.loadLocked(ctx, id)
	switch {
	case errors.Is(err, ErrNone):
		return first()
	case err != nil:
		return err
	}
	h := l.head()
	switch {
	case l.was == nil || l.was.Digest() != digest: // called off, or changed
		return fail("arrange.changed", "by", "")
	case l.was.Host == l.Self && h != nil && h.Party == l.Other && h.State == Accepted: // a guest takes it that the host has begun
		return fail("arrange.accepted")
	}
	return first()
}

// Begun says whether nothing about a meeting can be changed any more.
func (d *Desk) Begun(ctx context.Context, id meeting.ID) (bool, error) { return d.c.Begun(ctx, id) }

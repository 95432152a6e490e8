package draft

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/readout"
	"visavis/internal/store"
)

// caseBucket holds cases by readout.
const caseBucket = "readout"

// ErrNone means that no readout of that id is written here.
var ErrNone = errors.New("no such readout")

// errUnreadable means that what the store has of a readout is no case: the disk was touched, or another version of this program has written it.
var errUnreadable = errors.New("readout cannot be read")

// faultUnreadable is the Fault of a case of which nothing but its id is known.
const faultUnreadable = "readout.unreadable"

// Public is what a Desk needs of the public store.
type Public interface {
	// Publish makes the bytes of a file public at once, wholly or not at all; the same bytes again are no error. After a *meeting.Error nothing is public;
	// after any other something may be.
	Publish(file []byte, keys readout.Keys, now time.Time) error
	// Has says whether exactly these bytes are public.
	Has(file []byte) (bool, error)
	// Withdraw puts what is public under a notice that names the parties; again is no error.
	Withdraw(id readout.ID, by []meeting.PartyID, now time.Time) error
}

// Config is what a Desk needs. All fields but Public, Log and Now must be set.
type Config struct {
	Store  *store.Store
	Self   meeting.PartyID
	Others func() []meeting.PartyID // that are trusted now
	// Send brings one message to a party's node, or returns an error at once: the desk says it again later. Any goroutine.
	Send func(p meeting.PartyID, message []byte) error
	// Keys are the readout keys of our party and of those that we trust, as their documents name them now.
	Keys func() readout.Keys
	// Clock is the time; Far and Known may be left to the desk, which asks the other node.
	Clock  func(other meeting.PartyID) readout.Clock
	Public Public // nil: nothing is published here
	Now    func() time.Time
	Log    *slog.Logger
}

// Desk holds the readouts of a node, in the store: each change is on the disk before it is told to anybody. Methods may be called concurrently.
type Desk struct {
	c Config

	mu    sync.Mutex // guards what follows, and every read and write of a case
	rates map[meeting.PartyID]*bucket
	marks map[meeting.PartyID]*mark
	seen  map[readout.ID]readout.Life // what this process knows of the clocks
	index map[readout.ID]entry        // of every case, so that nobody has to read them all; nil: not read yet
}

// entry is what is known of a case without reading it.
type entry struct {
	other     meeting.PartyID
	scheduled bool // looked at every second
	open      bool // counts against MaxCases: begun by the other party, and not public yet
	pending   bool // something is to be said to the other node
}

func entryOf(c *Case) entry {
	s := c.Life.Stage
	return entry{c.Other, s == readout.StageScheduled, c.Theirs && s != readout.StagePublished && s != readout.StageCorrected && s != readout.StageWithdrawn, len(c.pending()) > 0}
}

// indexLocked reads every case once.
func (d *Desk) indexLocked(ctx context.Context) (map[readout.ID]entry, error) {
	if d.index != nil {
		return d.index, nil
	}
	all, err := d.casesLocked(ctx)
	if err != nil {
		return nil, err
	}
	d.index = map[readout.ID]entry{}
	for _, c := range all {
		if c.Fault != faultUnreadable {
			d.index[c.ID] = entryOf(c)
		}
	}
	return d.index, nil
}

// New makes a Desk.
func New(c Config) *Desk {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Desk{c: c, rates: map[meeting.PartyID]*bucket{}, marks: map[meeting.PartyID]*mark{}, seen: map[readout.ID]readout.Life{}}
}

// bucket is a token bucket; the zero bucket is full.
type bucket struct {
	used float64
	last time.Time
}

func (b *bucket) take(now time.Time) bool {
	if d := now.Sub(b.last); d > 0 {
		b.used = max(0, b.used-messagesRate*d.Seconds())
		b.last = now
	}
	if b.used+1 > messagesBurst {
		return false
	}
	b.used++
	return true
}

// loadLocked reads a case and the bytes from which it was read; ErrNone.
func (d *Desk) loadLocked(ctx context.Context, id readout.ID) (*Case, []byte, error) {
	raw, err := d.c.Store.Get(ctx, caseBucket, string(id))
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil, ErrNone
	}
	if err != nil {
		return nil, nil, err
	}
	c, err := decodeCase(raw)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %s: %w", errUnreadable, id, err)
	}
	c.Life = c.Life.Resume(d.seen[id])
	return c, raw, nil
}

func (d *Desk) keepLocked(ctx context.Context, c *Case, raw []byte) error {
	c.Version++
	b, err := c.encode()
	if err != nil {
		return err
	}
	if err := d.c.Store.Swap(ctx, caseBucket, string(c.ID), raw, b); err != nil {
		return fmt.Errorf("keep readout %s: %w", c.ID, err)
	}
	d.seen[c.ID] = c.Life
	if d.index != nil {
		d.index[c.ID] = entryOf(c)
	}
	return nil
}

// change lets f change a case, keeps it, and says to the other party what is to be said. An error of f leaves everything as it was.
func (d *Desk) change(ctx context.Context, id readout.ID, f func(c *Case) error) (*Case, error) {
	d.mu.Lock()
	c, raw, err := d.loadLocked(ctx, id)
	if err == nil {
		if err = f(c); err == nil {
			err = d.refusal(d.keepLocked(ctx, c, raw), "readout.changed")
		}
	}
	d.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return c, nil
}

// act is change, after which the other party is told.
func (d *Desk) act(ctx context.Context, id readout.ID, f func(c *Case) error) (*Case, error) {
	c, err := d.change(ctx, id, f)
	if err == nil {
		d.deliver(c.Other, c.pending())
	}
	return c, err
}

// deliver sends messages, outside the lock. What cannot be sent now is said again at Up or Tick.
func (d *Desk) deliver(p meeting.PartyID, all []readout.Message) {
	for _, m := range all {
		b, err := readout.EncodeMessage(m)
		if err == nil {
			err = d.c.Send(p, b)
		}
		if err != nil {
			d.c.Log.Debug("message about a readout waits", "party", p, "err", err)
			return
		}
	}
}

// Cases lists all readouts, in the order of their ids; of one that cannot be read there is the id, and the fault readout.unreadable.
func (d *Desk) Cases(ctx context.Context) ([]*Case, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.casesLocked(ctx)
}

func (d *Desk) casesLocked(ctx context.Context) ([]*Case, error) {
	items, err := d.c.Store.List(ctx, caseBucket, "")
	if err != nil {
		return nil, err
	}
	var out []*Case
	for _, i := range items {
		c, err := decodeCase(i.Value)
		if err != nil { // it does not keep the others back
			d.c.Log.Error("readout cannot be read", "readout", i.Key, "err", err)
			c = &Case{ID: readout.ID(i.Key), Self: d.c.Self, Fault: faultUnreadable}
			c.Manuscript.Document.Title = meeting.Text{}
		}
		out = append(out, c)
	}
	return out, nil
}

// Case is one of them; ErrNone.
func (d *Desk) Case(ctx context.Context, id readout.ID) (*Case, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	c, _, err := d.loadLocked(ctx, id)
	return c, err
}

// Begin makes a case of a draft: prefilled from a record, imported, or empty.
func (d *Desk) Begin(ctx context.Context, doc readout.Document) (*Case, error) {
	doc, err := doc.Clean()
	if err != nil {
		return nil, err
	}
	doc = doc.Settled()
	if err := doc.Check(); err != nil {
		return nil, err
	}
	c, err := d.newCase(doc, d.c.Now())
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.refusal(d.keepLocked(ctx, c, nil), "readout.taken"); err != nil {
		return nil, err
	}
	return c, nil
}

// refusal is what an officer is told who could not be obeyed: changed, if somebody else was first, or that our store cannot be written (a full disk), so
// that nothing has changed. What another node says is never answered with it: it says it again.
func (d *Desk) refusal(err error, changed string) error {
	var known *meeting.Error
	switch {
	case err == nil, errors.As(err, &known), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, store.ErrChanged):
		return fail(changed)
	}
	d.c.Log.Error("readout cannot be kept", "err", err)
	return fail("readout.store")
}

// newCase is a case of a text that is ours, or ours and one other party's whom we trust.
func (d *Desk) newCase(doc readout.Document, now time.Time) (*Case, error) {
	if !slices.Contains(doc.Signers(), d.c.Self) {
		return nil, fail("readout.party")
	}
	c := &Case{ID: doc.ID, Self: d.c.Self, Manuscript: readout.NewManuscript(doc), Life: readout.NewLife(doc, d.c.Self, now)}
	if doc.Mode == readout.Separate {
		return c, nil
	}
	if len(doc.Parties) != 2 {
		return nil, fail("readout.parties", "max", "2")
	}
	c.Other = doc.Parties[0].ID
	if c.Other == d.c.Self {
		c.Other = doc.Parties[1].ID
	}
	if c.Other == d.c.Self || !slices.Contains(d.c.Others(), c.Other) {
		return nil, fail("readout.party")
	}
	if doc.Mode == readout.Joint {
		c.Talk = readout.NewTalk(doc.ID, c.Self, c.Other)
	}
	return c, nil
}

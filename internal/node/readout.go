package node

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"visavis/internal/api"
	"visavis/internal/auth"
	"visavis/internal/draft"
	"visavis/internal/link"
	"visavis/internal/meeting"
	"visavis/internal/readout"
	"visavis/internal/record"
	"visavis/internal/site"
)

// publicStore is the public store as the desk knows it; a process of its own reads it (visavis site).
type publicStore struct{ s *site.Store }

// Publish implements draft.Public.
func (p publicStore) Publish(file []byte, keys readout.Keys, now time.Time) error {
	return p.s.Publish(file, keys, now)
}

// Has implements draft.Public.
func (p publicStore) Has(file []byte) (bool, error) { return p.s.Has(file) }

// Withdraw implements draft.Public.
func (p publicStore) Withdraw(id readout.ID, by []meeting.PartyID, now time.Time) error {
	return p.s.Withdraw(id, site.Withdrawal{At: now, By: by})
}

// openDrafts makes the desk at which readouts are written, on this node's store and links, and opens the public store.
func (n *Node) openDrafts() error {
	began := time.Now()
	c := draft.Config{
		Store: n.dir.Store, Self: n.s.Party,
		Others: func() (out []meeting.PartyID) {
			for _, p := range n.pins.parties() {
				out = append(out, p.ID)
			}
			return out
		},
		Send: func(p meeting.PartyID, b []byte) error {
			if c := n.rooms.linkTo(p); c != nil {
				return c.Readout(b)
			}
			return link.ErrDown
		},
		Keys: n.readoutKeys,
		Clock: func(meeting.PartyID) readout.Clock { // the other node's clock is asked for by the desk
			now := time.Now()
			return readout.Clock{Wall: now.Round(0), Mono: now.Sub(began)} // began and now have a monotonic reading
		},
		Log: n.log,
	}
	if n.s.Public.Store != "" {
		s, err := site.OpenStore(n.s.Public.Store)
		if err != nil {
			return fmt.Errorf("open public store: %w", err)
		}
		n.public, c.Public = s, publicStore{s}
	}
	n.drafts = draft.New(c)
	return nil
}

// readoutKeys are our readout keys and those of the parties that we trust, as their newest documents name them now.
func (n *Node) readoutKeys() readout.Keys {
	now := time.Now()
	out := readout.Keys{}
	add := func(p meeting.PartyID, d auth.Document, raw []byte) {
		sum := sha256.Sum256(raw)
		for _, k := range d.Valid(auth.ReadoutKey, now) {
			out[p] = append(out[p], readout.Key{Public: k, Document: hex.EncodeToString(sum[:])})
		}
	}
	n.pins.mu.Lock()
	defer n.pins.mu.Unlock()
	for p, pin := range n.pins.by {
		add(p, pin.Document, pin.Raw)
	}
	if doc, raw, err := readDocument(n.s); err == nil { // as it is on the disk now: it may have been renewed
		add(n.s.Party, doc, raw)
	}
	return out
}

// hearReadout takes one message about a readout of another node.
func (n *Node) hearReadout(c *link.Conn, b []byte) {
	if err := n.drafts.Hear(n.ctx, c.Party(), b); err != nil && n.ctx.Err() == nil {
		n.log.Error("message about a readout cannot be taken", "party", c.Party(), "err", err)
	}
}

// publish looks at the clocks of what is scheduled, and says again what the other nodes have not answered.
func (n *Node) publish() {
	look, again := time.NewTicker(draft.Look), time.NewTicker(draft.Again)
	defer look.Stop()
	defer again.Stop()
	var unread, untold string // what went wrong last: a full disk is said once, not every second
	for {
		select {
		case <-n.ctx.Done():
			return
		case <-look.C:
			unread = n.complain(unread, "readouts cannot be read or kept, which is tried again", n.drafts.Look(n.ctx))
		case <-again.C:
			untold = n.complain(untold, "what is to be said of readouts cannot be read, which is tried again", n.drafts.Tick(n.ctx))
		}
	}
}

// complain logs an error that is not the last one, and gives what is the last one now.
func (n *Node) complain(last, what string, err error) string {
	if err == nil || n.ctx.Err() != nil {
		return ""
	}
	if err.Error() != last {
		n.log.Error(what, "err", err)
	}
	return err.Error()
}

// readouts is what the drafting console needs.
func (n *Node) readouts() *api.Readouts {
	return &api.Readouts{Desk: n.drafts, Prefill: n.prefill, Record: n.recordFor, Site: n.s.Public.Base}
}

// recordFor is what whoever writes a readout looks up in the shared log of a meeting.
func (n *Node) recordFor(ctx context.Context, id meeting.ID) (api.MeetingRecord, error) {
	r, err := n.dir.Record(ctx, id)
	if errors.Is(err, errNoMeeting) {
		return api.MeetingRecord{}, &meeting.Error{Code: "meeting.unknown"}
	}
	if err != nil {
		return api.MeetingRecord{}, err
	}
	return recordOf(r), nil
}

// recordOf is a record as the drafting console is told it.
func recordOf(r *record.Record) api.MeetingRecord {
	out := api.MeetingRecord{Members: append([]meeting.Member{}, r.Definition.Members...), Agenda: append([]meeting.Item{}, r.Definition.Agenda...), Spoken: []api.RecordSpoken{}, Present: []api.RecordPresence{}}
	for _, s := range r.Spoken {
		seconds := -1
		if !s.End.IsZero() {
			seconds = int(s.End.Sub(s.Start).Seconds())
		}
		out.Spoken = append(out.Spoken, api.RecordSpoken{Member: s.Member, Capacity: s.Capacity, Floor: s.Floor, Start: s.Start, Seconds: seconds, Item: s.Item, Open: s.Open, Language: s.Language})
	}
	for _, a := range r.Attendance {
		for _, i := range a.Intervals {
			out.Present = append(out.Present, api.RecordPresence{Member: a.Member, From: i.From, To: i.To})
		}
	}
	return out
}

// prefill makes a draft from the shared log of a meeting.
func (n *Node) prefill(ctx context.Context, id meeting.ID, p readout.Plan) (readout.Document, error) {
	r, err := n.dir.Record(ctx, id)
	if errors.Is(err, errNoMeeting) {
		return readout.Document{}, &meeting.Error{Code: "meeting.unknown"}
	}
	if err != nil {
		return readout.Document{}, err
	}
	def := r.Definition
	p.Zones = map[meeting.PartyID]*time.Location{}
	for _, party := range def.Parties {
		if zone, err := time.LoadLocation(party.Zone); err == nil { // a zone that this machine does not know is shown in UTC
			p.Zones[party.ID] = zone
		}
	}
	return readout.Prefill(readout.Record{Definition: def, Start: r.Start, End: r.End, Spoken: r.Spoken, Present: r.Present()}, p)
}

// Drafts is where readouts are written.
func (n *Node) Drafts() *draft.Desk { return n.drafts }

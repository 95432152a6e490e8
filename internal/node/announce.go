package node

import (
	"context"
	"errors"
	"fmt"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/site"
)

// errNoPublicStore: the settings name no public store, so nothing can be announced from here.
var errNoPublicStore = errors.New("the settings name no public store: [public] store")

// Announce tells the public of a meeting that is to come: title, parties, cities and start, as its definition has them, and whether a part of it is open;
// nothing else leaves. Again replaces what was announced. It works beside a node that runs. The error says what is missing.
func (d *Dir) Announce(ctx context.Context, id meeting.ID, open bool) (meeting.Definition, error) {
	def, err := d.Definition(ctx, id)
	if err != nil {
		return def, err
	}
	now := d.now()
	if !now.Before(def.Start) {
		return def, fmt.Errorf("meeting %s was to begin on %s: it can no longer be announced", id, def.Start.UTC().Format(time.RFC3339))
	}
	a := site.Announcement{ID: def.ID, Title: def.Title, Start: def.Start, Open: open, At: now.UTC().Truncate(time.Second), Revision: now.Unix() / 60}
	for _, item := range def.Agenda {
		a.Minutes += item.Minutes
	}
	a.Parties = places(def)
	return def, d.withPublic(func(s *site.Store) error { return s.Announce(a) })
}

// places are the sides of a meeting as the public sees them.
func places(def meeting.Definition) (out []site.Place) {
	for _, p := range def.Parties {
		out = append(out, site.Place{ID: p.ID, Name: p.Name, City: p.City, Zone: p.Zone})
	}
	return out
}

// Unannounce takes an announcement away; that there is none is no error.
func (d *Dir) Unannounce(id meeting.ID) error {
	return d.withPublic(func(s *site.Store) error { return s.Unannounce(id) })
}

func (d *Dir) withPublic(f func(*site.Store) error) error {
	if d.Settings.Public.Store == "" {
		return errNoPublicStore
	}
	s, err := site.JoinStore(d.Settings.Public.Store)
	if err != nil {
		return err
	}
	return errors.Join(f(s), s.Close())
}

package main

import (
	"context"
	"fmt"
	"time"

	"visavis/internal/readout"
)

// archiveWait bounds how long the last meeting's readout may take to be public on both sides.
const archiveWait = 30 * time.Second

// lastYear takes the readout of the meeting before into both parties' archives: as an existing text it is begun on one side, proposed, accepted, signed
// by both with their offline keys, and published, so that the public sites have something to show. Its embargo is long over. Without both officers'
// passkeys nobody can sign, and the sites stay empty.
func (d *demo) lastYear(ctx context.Context, desks map[string]*desk) error {
	a, b := desks[parties()[0]], desks[parties()[1]]
	if a == nil || b == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, archiveWait)
	defer cancel()
	text, err := world.ReadFile("world/last-year.json")
	if err != nil {
		return err
	}
	doc, err := readout.ParseDocument(text)
	if err != nil {
		return fmt.Errorf("last year's readout: %w", err)
	}
	doc.Release = time.Time{}
	if err := carry(ctx, doc, a, b); err != nil {
		return fmt.Errorf("last year's readout: %w", err)
	}
	return nil
}

// carry brings a finished text the whole way.
func carry(ctx context.Context, doc readout.Document, a, b *desk) error {
	id := doc.ID
	p, err := a.do(ctx, "", map[string]any{"document": doc}, 0)
	if err == nil {
		_, err = a.do(ctx, "/"+string(id)+"/propose", p.read(), p.Manuscript.Version)
	}
	if err != nil {
		return err
	}
	p, err = b.reaches(ctx, id, "proposed", at(readout.StageProposed))
	if err != nil {
		return err
	}
	if _, err := b.do(ctx, "/"+string(id)+"/accept", map[string]any{"proposal": p.Head}, 0); err != nil {
		return err
	}
	for _, k := range []*desk{a, b} {
		p, err := k.reaches(ctx, id, "agreed", at(readout.StageAgreed))
		if err == nil {
			_, err = k.sign(ctx, p)
		}
		if err != nil {
			return err
		}
	}
	for _, k := range []*desk{a, b} {
		if _, err := k.reaches(ctx, id, "published", at(readout.StagePublished)); err != nil {
			return err
		}
	}
	return nil
}

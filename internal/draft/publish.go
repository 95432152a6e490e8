package draft

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/readout"
)

// Look holds every text that is scheduled against the clocks, and publishes what is due. A node calls it every Look. It returns an error of our own
// store; what goes wrong with one text is kept with it and does not keep the others back.
func (d *Desk) Look(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.c.Public == nil {
		return nil
	}
	index, err := d.indexLocked(ctx)
	if err != nil {
		return err
	}
	var wrong []error
	for _, id := range slices.Sorted(maps.Keys(index)) {
		if !index[id].scheduled {
			continue
		}
		if err := d.lookLocked(ctx, id); errors.Is(err, errUnreadable) {
			d.lostLocked(id, err)
		} else if err != nil {
			wrong = append(wrong, err)
		}
	}
	return errors.Join(wrong...)
}

// lostLocked takes a case that cannot be read any more out of what is looked at.
func (d *Desk) lostLocked(id readout.ID, err error) {
	d.c.Log.Error("readout cannot be read", "readout", id, "err", err)
	delete(d.index, id)
}

// heldRefused is why a text waits which the gate has let out and the public store does not take.
const heldRefused = "readout.refused"

// seenEvery is how often the wall clock is kept while nothing else changes.
const seenEvery = time.Minute

// lookLocked goes one step at a time, each on the disk before the next: the gate has let it out (Out); it is in the public store; it is published here.
// A node that is killed in between goes on from the step that it finds.
func (d *Desk) lookLocked(ctx context.Context, id readout.ID) error {
	c, raw, err := d.loadLocked(ctx, id)
	if err != nil {
		return err
	}
	clock := d.clockLocked(c.Other)
	keys := d.c.Keys()
	if c.Out == nil {
		was, fault := c.Life, c.Fault
		life, due := c.Life.Look(clock)
		if c.gone() {
			life.Held, due = readout.HeldWithdrawn, false
		}
		if due {
			_, err := c.Life.Publish(*c.File, keys, clock) // unsigned, early, or alone: never
			if due = err == nil; !due {
				c.Fault = codeOf(err)
			}
		}
		c.Life = life
		d.seen[id] = life
		if !due {
			if life.Held == was.Held && c.Fault == fault && life.Seen.Sub(was.Seen) < seenEvery {
				return nil
			}
			if life.Held != was.Held {
				d.c.Log.Error("publication is held", "readout", id, "code", life.Held)
			}
			return d.keepLocked(ctx, c, raw)
		}
		at := clock.Wall.UTC()
		c.Out, c.Fault = &at, ""
		if err := d.keepLocked(ctx, c, raw); err != nil {
			return err
		}
		if c, raw, err = d.loadLocked(ctx, id); err != nil {
			return err
		}
	}
	if c.gone() {
		if stopped, err := d.stopLocked(ctx, c, raw); stopped || err != nil {
			return err
		}
	}
	return d.outLocked(ctx, c, raw, keys)
}

// stopLocked holds back what the gate has let out, and the other party has withdrawn since, if it is not public yet: the store is asked, since a write
// that ended in an error may be public all the same. It reports whether there is nothing to be written now.
func (d *Desk) stopLocked(ctx context.Context, c *Case, raw []byte) (bool, error) {
	b, err := c.File.Encode()
	public := false
	if err == nil {
		public, err = d.c.Public.Has(b)
	}
	switch {
	case err != nil: // not known: nothing is written while it is not
		return true, d.faultLocked(ctx, c, raw, err)
	case public:
		return false, nil
	}
	c.Out, c.Fault, c.Life.Held = nil, "", readout.HeldWithdrawn
	d.c.Log.Error("publication is held", "readout", c.ID, "code", c.Life.Held)
	return true, d.keepLocked(ctx, c, raw)
}

// faultLocked keeps why a write to the public store went wrong that is tried again.
func (d *Desk) faultLocked(ctx context.Context, c *Case, raw []byte, err error) error {
	code := codeOf(err)
	if code == c.Fault {
		return nil
	}
	d.c.Log.Error("publication failed and is tried again", "readout", c.ID, "err", err)
	c.Fault = code
	return d.keepLocked(ctx, c, raw)
}

// outLocked writes what the gate has let out.
func (d *Desk) outLocked(ctx context.Context, c *Case, raw []byte, keys readout.Keys) error {
	b, err := c.File.Encode()
	if err == nil {
		err = d.c.Public.Publish(b, keys, *c.Out)
	}
	var refused *meeting.Error
	switch {
	case errors.As(err, &refused): // nothing of it is public: an officer reopens it, or lets it be tried again
		c.Out, c.Fault, c.Life.Held = nil, refused.Code, heldRefused
		d.c.Log.Error("publication is refused", "readout", c.ID, "err", err)
		return d.keepLocked(ctx, c, raw)
	case err != nil: // a full disk: what was public is, and this is tried again
		return d.faultLocked(ctx, c, raw, err)
	}
	life := c.Life
	life.Stage, life.Until = readout.StagePublished, *c.Out
	for i := range c.Past {
		if c.Past[i].Stage == readout.StagePublished {
			c.Past[i].Stage = readout.StageCorrected
		}
	}
	c.Past = append(c.Past, Past{c.Manuscript.Document.Revision, c.Life.Hash, *c.Out, readout.StagePublished})
	c.Past = c.Past[max(0, len(c.Past)-maxPast):]
	c.Life, c.Out, c.Fault = life, nil, ""
	if err := d.keepLocked(ctx, c, raw); err != nil {
		return err
	}
	d.c.Log.Info("readout published", "readout", c.ID)
	return nil
}

func codeOf(err error) string {
	var m *meeting.Error
	if errors.As(err, &m) {
		return m.Code
	}
	var u *readout.Unfit
	if errors.As(err, &u) && len(u.Findings) > 0 {
		return u.Findings[0].Code
	}
	return "readout.disk"
}

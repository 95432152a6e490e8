package bot

import (
	"context"
	"errors"
	"fmt"

	"visavis/internal/wire"
)

// Refused is what a node answers an act that it does not do.
type Refused struct {
	Do   string // as wire.Act
	Code string // as wire.Error
}

// Error implements error.
func (e *Refused) Error() string { return fmt.Sprintf("%s refused: %s", e.Do, e.Code) }

// ErrNotThere: there is no welcomed socket at this moment.
var ErrNotThere = errors.New("not in the meeting")

const codeStepUp = "stepup.needed"

// Act does a, whose ID it chooses, and returns when the node has said that it is done; *Refused if it is not. If the node asks for the passkey,
// a bot that has one shows it and tries once more.
func (b *Bot) Act(ctx context.Context, a wire.Act) error {
	err := b.act(ctx, a)
	var r *Refused
	if b.c.Passkey != nil && errors.As(err, &r) && r.Code == codeStepUp {
		if err := b.door.stepUp(ctx); err != nil {
			return err
		}
		return b.act(ctx, a)
	}
	return err
}

func (b *Bot) act(ctx context.Context, a wire.Act) error {
	answer := make(chan wire.Done, 1)
	b.mu.Lock()
	b.acts++
	a.ID = b.acts
	b.asked[a.ID] = answer
	t := b.talk
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		delete(b.asked, a.ID)
		b.mu.Unlock()
	}()
	if t == nil {
		return ErrNotThere
	}
	ctx, cancel := context.WithTimeout(ctx, dialWait)
	defer cancel()
	if err := t.send(ctx, wire.FromClient{Act: &a}); err != nil {
		return err
	}
	select {
	case d := <-answer:
		if d.Error != nil {
			return &Refused{a.Do, d.Error.Code}
		}
		return nil
	case <-t.done:
		return ErrNotThere
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Say sends one message, such as Check or Sense, that is not answered.
func (b *Bot) Say(ctx context.Context, m wire.FromClient) error {
	b.mu.Lock()
	t := b.talk
	b.mu.Unlock()
	if t == nil {
		return ErrNotThere
	}
	return t.send(ctx, m)
}

// Enter uses the link up, and does nothing else: no seat is taken. Run does it too, where that has not been done.
func (b *Bot) Enter(ctx context.Context) error {
	defer b.door.close()
	return b.door.enter(ctx)
}

// answered passes a Done on to whoever waits for it.
func (b *Bot) answered(d wire.Done) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if c := b.asked[d.ID]; c != nil {
		c <- d
		delete(b.asked, d.ID)
	}
}

// Cookie is what the node has set, name=value; "" before Enter or Run.
func (b *Bot) Cookie() string { return b.door.cookieNow() }

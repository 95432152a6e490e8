package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/store"
)

// ErrPass is the one failure of a pass: ended, expired, forged and unknown look alike to whoever tries.
var ErrPass = errors.New("no such pass")

const passBucket = "pass" // digest of the token → passValue

// Use is what a pass is good for, and nothing else.
type Use string

// Uses of a Pass.
const (
	Publish Use = "whip" // send as the member's second device (RFC 9725)
	Play    Use = "whep" // be shown what the member's party is shown
)

// Pass lets a device that is no browser of ours publish or play: the bearer token of an encoder or a player. It holds for one stream at a time
// until it expires or is withdrawn.
type Pass struct {
	ID      string // tells nothing of the token
	Grant   Grant
	Use     Use
	Shows   meeting.MemberID // Play: this member alone; "": the stage
	Expires time.Time
}

type passValue struct {
	Grant   Grant            `json:"grant"`
	Use     Use              `json:"use"`
	Shows   meeting.MemberID `json:"shows"`
	Expires time.Time        `json:"expires"`
}

// Issue makes a pass that holds for ttl (more than 0, at most MaxInvitation). The token is not kept: only its hash is.
func (b *Book) Issue(ctx context.Context, p Pass, ttl time.Duration) (Secret, error) {
	if ttl <= 0 || ttl > MaxInvitation {
		return Secret{}, fmt.Errorf("issue pass to %s: life of %s is not within %s", p.Grant.Member, ttl, MaxInvitation)
	}
	if p.Grant.Meeting == "" || p.Grant.Member == "" || p.Grant.Party == "" || p.Use != Publish && p.Use != Play || p.Use == Publish && p.Shows != "" {
		return Secret{}, errors.New("issue pass: meeting, member, party and one use are needed")
	}
	token := newSecret(tokenBytes)
	key, _ := token.digest(passBucket, tokenBytes)
	v, err := json.Marshal(passValue{p.Grant, p.Use, p.Shows, b.now().Add(ttl).UTC().Truncate(time.Second)})
	if err != nil {
		return Secret{}, fmt.Errorf("issue pass to %s: %w", p.Grant.Member, err)
	}
	if err := b.store.Swap(ctx, passBucket, key, nil, v); err != nil {
		return Secret{}, fmt.Errorf("issue pass to %s: %w", p.Grant.Member, err)
	}
	return token, nil
}

// Pass says what a token is good for. ErrPass for every token that is not one of a pass that holds.
func (b *Book) Pass(ctx context.Context, token Secret) (Pass, error) {
	key, ok := token.digest(passBucket, tokenBytes)
	if !ok {
		return Pass{}, ErrPass
	}
	return b.pass(ctx, key)
}

func (b *Book) pass(ctx context.Context, key string) (Pass, error) {
	raw, err := b.store.Get(ctx, passBucket, key)
	if errors.Is(err, store.ErrNotFound) {
		return Pass{}, ErrPass
	}
	if err != nil {
		return Pass{}, fmt.Errorf("look up pass: %w", err)
	}
	var v passValue
	if decode(raw, &v) != nil || !b.now().Before(v.Expires) {
		return Pass{}, ErrPass
	}
	return Pass{passBucket + "/" + key, v.Grant, v.Use, v.Shows, v.Expires}, nil
}

// WithdrawPasses ends every pass of a member, or those of one use if use is not "", and says how many. Whoever watches one is told at the next
// Sweep.
func (b *Book) WithdrawPasses(ctx context.Context, m meeting.ID, who meeting.MemberID, use Use) (int, error) {
	return b.dropPasses(ctx, func(v passValue) bool {
		return v.Grant.Meeting == m && v.Grant.Member == who && (use == "" || v.Use == use)
	})
}

// dropPasses takes out the passes that match, and what cannot be read.
func (b *Book) dropPasses(ctx context.Context, match func(passValue) bool) (int, error) {
	items, err := b.store.List(ctx, passBucket, "")
	if err != nil {
		return 0, fmt.Errorf("withdraw passes: %w", err)
	}
	n := 0
	for _, i := range items {
		var v passValue
		if decode(i.Value, &v) == nil && !match(v) {
			continue
		}
		switch err := b.store.Swap(ctx, passBucket, i.Key, i.Value, nil); {
		case err == nil:
			n++
		case !errors.Is(err, store.ErrChanged): // taken out by another in between
			return n, fmt.Errorf("withdraw passes: %w", err)
		}
	}
	return n, nil
}

package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/store"
	"visavis/internal/strict"
)

// Failures of a Book. Which of the possible reasons it was is not said: used, expired, forged and unknown look alike to whoever tries.
var (
	ErrInvitation = errors.New("no such invitation")
	ErrSession    = errors.New("no such session")
)

// Where a Book keeps things.
const (
	invitationBucket = "invitation" // digest of the code → invitationValue
	sessionBucket    = "session"    // digest of the cookie → sessionValue
)

// Grant says who the bearer of an invitation or a session is: one member of one meeting, of our own party. Nothing that a browser sends says so.
type Grant struct {
	Meeting meeting.ID       `json:"meeting"`
	Member  meeting.MemberID `json:"member"`
	Party   meeting.PartyID  `json:"party"`
}

// Book holds the invitations and sessions of a node, all in the store, so that they outlive a restart and a command in another process can
// add and end them. Methods may be called concurrently.
type Book struct {
	store *store.Store
	now   func() time.Time

	sweeping sync.Mutex // one Sweep at a time
	touched  uint64     // by the Sweep in progress: sessions whose last use it wrote

	mu      sync.Mutex
	watched map[string]*watched // session id → who wants to know of its end
	swept   store.Revision      // of the sessions and passes when all that is watched was last looked at
}

// NewBook opens the book in a store. A nil now is time.Now.
func NewBook(s *store.Store, now func() time.Time) *Book {
	if now == nil {
		now = time.Now
	}
	return &Book{store: s, now: now, watched: map[string]*watched{}}
}

type invitationValue struct {
	Grant   Grant     `json:"grant"`
	Expires time.Time `json:"expires"`
}

// Invite makes an invitation that can be redeemed once within ttl (more than 0, at most MaxInvitation). The code is not kept: only its hash is.
func (b *Book) Invite(ctx context.Context, g Grant, ttl time.Duration) (Secret, error) {
	if ttl <= 0 || ttl > MaxInvitation {
		return Secret{}, fmt.Errorf("invite %s: life of %s is not within %s", g.Member, ttl, MaxInvitation)
	}
	if g.Meeting == "" || g.Member == "" || g.Party == "" {
		return Secret{}, errors.New("invite: meeting, member and party are needed")
	}
	code := newSecret(codeBytes)
	key, _ := code.digest(invitationBucket, codeBytes)
	v, err := json.Marshal(invitationValue{g, b.now().Add(ttl).UTC().Truncate(time.Second)})
	if err != nil {
		return Secret{}, fmt.Errorf("invite %s: %w", g.Member, err)
	}
	if err := b.store.Swap(ctx, invitationBucket, key, nil, v); err != nil {
		return Secret{}, fmt.Errorf("invite %s: %w", g.Member, err)
	}
	return code, nil
}

// Look says what an invitation is for and uses nothing up, however often it is called: a mail scanner may look. ErrInvitation if it cannot be
// redeemed.
func (b *Book) Look(ctx context.Context, code Secret) (Grant, error) {
	_, _, v, err := b.invitation(ctx, code)
	return v.Grant, err
}

// Redeem uses an invitation up and begins a session. Of two that race one gets ErrInvitation. The cookie is not kept: only its hash is.
func (b *Book) Redeem(ctx context.Context, code Secret) (Session, Secret, error) {
	key, raw, v, err := b.invitation(ctx, code)
	if err != nil {
		return Session{}, Secret{}, err
	}
	cookie := newSecret(cookieBytes)
	id, _ := cookie.digest(sessionBucket, cookieBytes)
	now := b.now().UTC()
	s := Session{ID: id, Grant: v.Grant, Created: now, Seen: now}
	enc, err := json.Marshal(s.value())
	if err != nil {
		return Session{}, Secret{}, fmt.Errorf("redeem: %w", err)
	}
	// One transaction: no crash uses the invitation up without giving the session.
	err = b.store.SwapAll(ctx, store.Change{Bucket: invitationBucket, Key: key, Old: raw}, store.Change{Bucket: sessionBucket, Key: id, New: enc})
	if errors.Is(err, store.ErrChanged) {
		return Session{}, Secret{}, ErrInvitation
	}
	if err != nil {
		return Session{}, Secret{}, fmt.Errorf("redeem: %w", err)
	}
	return s, cookie, nil
}

// Invitation is one that can still be redeemed, as officers see it: without its code, which nobody has but the invited.
type Invitation struct {
	Grant   Grant
	Expires time.Time
}

// Invitations lists what can still be redeemed for a meeting.
func (b *Book) Invitations(ctx context.Context, m meeting.ID) ([]Invitation, error) {
	items, err := b.store.List(ctx, invitationBucket, "")
	if err != nil {
		return nil, fmt.Errorf("list invitations: %w", err)
	}
	var out []Invitation
	for _, i := range items {
		var v invitationValue
		if decode(i.Value, &v) == nil && v.Grant.Meeting == m && b.now().Before(v.Expires) {
			out = append(out, Invitation(v))
		}
	}
	return out, nil
}

// Withdraw takes back every invitation of a member that has not been redeemed, and says how many. Sessions stay: see EndMember.
func (b *Book) Withdraw(ctx context.Context, m meeting.ID, who meeting.MemberID) (int, error) {
	return b.drop(ctx, func(v invitationValue) bool { return v.Grant.Meeting == m && v.Grant.Member == who })
}

// drop takes out the invitations that match.
func (b *Book) drop(ctx context.Context, match func(invitationValue) bool) (int, error) {
	items, err := b.store.List(ctx, invitationBucket, "")
	if err != nil {
		return 0, fmt.Errorf("withdraw: %w", err)
	}
	n := 0
	for _, i := range items {
		var v invitationValue
		if decode(i.Value, &v) == nil && !match(v) {
			continue
		}
		switch err := b.store.Swap(ctx, invitationBucket, i.Key, i.Value, nil); {
		case err == nil:
			n++
		case !errors.Is(err, store.ErrChanged): // redeemed in between: no longer there
			return n, fmt.Errorf("withdraw: %w", err)
		}
	}
	return n, nil
}

// invitation finds what a code stands for, if it can be redeemed now.
func (b *Book) invitation(ctx context.Context, code Secret) (key string, raw []byte, v invitationValue, err error) {
	key, ok := code.digest(invitationBucket, codeBytes)
	if !ok {
		return "", nil, v, ErrInvitation
	}
	raw, err = b.store.Get(ctx, invitationBucket, key)
	if errors.Is(err, store.ErrNotFound) {
		return "", nil, v, ErrInvitation
	}
	if err != nil {
		return "", nil, v, fmt.Errorf("look up invitation: %w", err)
	}
	if decode(raw, &v) != nil || !b.now().Before(v.Expires) {
		return "", nil, invitationValue{}, ErrInvitation
	}
	return key, raw, v, nil
}

// decode reads what we wrote ourselves as strictly as what strangers write: the disk may have been touched. A peer's value holds a document.
func decode(b []byte, v any) error {
	return strict.Decode(b, v, strict.Limits{Bytes: 4 * MaxDocument, String: 2 * MaxDocument})
}

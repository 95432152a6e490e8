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
	ErrPIN        = errors.New("wrong PIN")                        // who says so has the invitation's code
	ErrLocked     = errors.New("invitation is locked")             // after MaxPINFailures wrong PINs
	ErrFull       = errors.New("too many wait with that identity") // MaxWaiting
)

// Where a Book keeps things.
const (
	invitationBucket = "invitation" // digest of the code → invitationValue
	sessionBucket    = "session"    // id → sessionValue
	cookieBucket     = "cookie"     // digest of the cookie → id of the session
)

// Grant says who the bearer of an invitation or a session is: one member of one meeting, of our own party. Nothing that a browser sends says so.
// The grant of an account's session has no meeting: see Session.Account.
type Grant struct {
	Meeting meeting.ID       `json:"meeting"`
	Member  meeting.MemberID `json:"member"`
	Party   meeting.PartyID  `json:"party"`

	// Of an audience seat, which is in no definition; "" of a member.
	Role meeting.Role `json:"role,omitempty"` // meeting.Press, meeting.Viewer
	Name string       `json:"name,omitempty"` // as accredited

	// What a member was when the grant was made (meeting.Definition.Stamp): whoever has the id in another definition is not let in by it. "" of the
	// audience, of accounts, and of grants from before there were stamps.
	As string `json:"as,omitempty"`
}

// Audience says whether the grant is for a seat in the audience.
func (g Grant) Audience() bool { return g.Role != "" }

// Book holds the invitations, accounts and sessions of a node, all in the store, so that they outlive a restart and a command in another process
// can add and end them. Methods may be called concurrently.
type Book struct {
	store *store.Store
	now   func() time.Time

	entering turn   // held while it is decided whether a new session waits
	sweeping turn   // one Sweep at a time
	touched  uint64 // by the Sweep in progress: sessions whose last use it wrote

	mu      sync.Mutex
	watched map[string]*watched // session id → who wants to know of its end
	swept   store.Revision      // of the sessions and passes when all that is watched was last looked at
}

// NewBook opens the book in a store. A nil now is time.Now.
func NewBook(s *store.Store, now func() time.Time) *Book {
	if now == nil {
		now = time.Now
	}
	return &Book{store: s, now: now, entering: make(turn, 1), sweeping: make(turn, 1), watched: map[string]*watched{}}
}

// turn lets one at a time through what reads the store and writes to it. It is a channel and no mutex, because who waits for it gives up with the
// context, and because the store may sleep meanwhile, for another process that writes: in virtual time whoever waits for a mutex keeps the
// clock from moving, and with it the sleep from ending.
type turn chan struct{}

func (t turn) take(ctx context.Context) error {
	select {
	case t <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t turn) give() { <-t }

type invitationValue struct {
	Grant   Grant     `json:"grant"`
	Expires time.Time `json:"expires"`
	PIN     string    `json:"pin,omitempty"`   // digest of code and PIN together: the store alone does not let it be guessed
	Wrong   int       `json:"wrong,omitempty"` // PINs tried and not found right
	Used    bool      `json:"used,omitempty"`  // by a session; whoever comes with it now waits, or is refused
}

// InviteOptions say how an invitation is to be.
type InviteOptions struct {
	TTL time.Duration // more than 0, at most MaxInvitation
	PIN bool          // the code alone lets nobody in
}

// Invite makes an invitation that can be redeemed once within ttl (more than 0, at most MaxInvitation). The code is not kept: only its hash is.
func (b *Book) Invite(ctx context.Context, g Grant, ttl time.Duration) (Secret, error) {
	code, _, err := b.InviteWith(ctx, g, InviteOptions{TTL: ttl})
	return code, err
}

// InviteWith is Invite with a PIN if the options ask for one: it goes to the invited by another way than the code.
func (b *Book) InviteWith(ctx context.Context, g Grant, o InviteOptions) (code, pin Secret, err error) {
	if o.TTL <= 0 || o.TTL > MaxInvitation {
		return Secret{}, Secret{}, fmt.Errorf("invite %s: life of %s is not within %s", g.Member, o.TTL, MaxInvitation)
	}
	if g.Meeting == "" || g.Member == "" || g.Party == "" {
		return Secret{}, Secret{}, errors.New("invite: meeting, member and party are needed")
	}
	code = newSecret(codeBytes)
	key, _ := code.digest(invitationBucket, codeBytes)
	v := invitationValue{Grant: g, Expires: b.now().Add(o.TTL).UTC().Truncate(time.Second)}
	if o.PIN {
		pin = newPIN()
		v.PIN = pinDigest(code, pin)
	}
	enc, err := json.Marshal(v)
	if err != nil {
		return Secret{}, Secret{}, fmt.Errorf("invite %s: %w", g.Member, err)
	}
	if err := b.store.Swap(ctx, invitationBucket, key, nil, enc); err != nil {
		return Secret{}, Secret{}, fmt.Errorf("invite %s: %w", g.Member, err)
	}
	return code, pin, nil
}

// Look says what an invitation is for and uses nothing up, however often it is called: a mail scanner may look. ErrInvitation if it cannot be
// redeemed.
func (b *Book) Look(ctx context.Context, code Secret) (Grant, error) {
	v, err := b.Inspect(ctx, code)
	if err == nil && v.Used {
		return Grant{}, ErrInvitation
	}
	return v.Grant, err
}

// Inspect is Look that also tells an invitation that was used: whoever has it may wait at the door.
func (b *Book) Inspect(ctx context.Context, code Secret) (Invitation, error) {
	_, _, v, err := b.invitation(ctx, code)
	return v.shown(), err
}

// Entry is what comes with a code.
type Entry struct {
	PIN  Secret
	Wait bool // a second one with the same identity gets a session that waits, in place of being refused
}

// Redeem uses an invitation up and begins a session. Of two that race one gets ErrInvitation. The cookie is not kept: only its hash is.
func (b *Book) Redeem(ctx context.Context, code Secret) (Session, Secret, error) {
	return b.Enter(ctx, code, Entry{})
}

// Enter is Redeem of an invitation that may ask for a PIN (ErrPIN; after MaxPINFailures ErrLocked, for the right one too). With e.Wait the
// session of whoever is not the first with this identity has Waiting set; of more than MaxWaiting ErrFull.
func (b *Book) Enter(ctx context.Context, code Secret, e Entry) (s Session, cookie Secret, err error) {
	if err := b.entering.take(ctx); err != nil {
		return Session{}, Secret{}, fmt.Errorf("redeem: %w", err)
	}
	defer b.entering.give()
	key, raw, v, err := b.invitation(ctx, code)
	if err == nil && v.Used && !e.Wait {
		err = ErrInvitation
	}
	if err == nil && v.PIN != "" {
		if raw, v, err = b.tryPIN(ctx, key, code, e.PIN); err == nil {
			defer func() {
				if err != nil {
					b.uncountPIN(ctx, key)
				}
			}()
		}
	}
	if err != nil {
		return Session{}, Secret{}, err
	}
	s = b.begin(v.Grant)
	if e.Wait {
		if s.Waiting, err = b.mustWait(ctx, v); err != nil {
			return Session{}, Secret{}, err
		}
	}
	cookie, begun, err := s.begun()
	if err != nil {
		return Session{}, Secret{}, fmt.Errorf("redeem: %w", err)
	}
	if v.Used = true; v.PIN != "" {
		v.Wrong-- // this one was right; what was tried wrongly stays counted, whoever comes in between
	}
	used, err := json.Marshal(v)
	if err != nil {
		return Session{}, Secret{}, fmt.Errorf("redeem: %w", err)
	}
	// One transaction: no crash uses the invitation up without giving the session.
	err = b.store.SwapAll(ctx, append(begun, store.Change{Bucket: invitationBucket, Key: key, Old: raw, New: used})...)
	if errors.Is(err, store.ErrChanged) {
		return Session{}, Secret{}, ErrInvitation
	}
	if err != nil {
		return Session{}, Secret{}, fmt.Errorf("redeem: %w", err)
	}
	return s, cookie, nil
}

// Invitation is one as officers see it: without its code, which nobody has but the invited.
type Invitation struct {
	Grant   Grant
	Expires time.Time
	PIN     bool // one is asked for
	Locked  bool // after too many wrong PINs
	Used    bool
}

func (v invitationValue) shown() Invitation {
	return Invitation{Grant: v.Grant, Expires: v.Expires, PIN: v.PIN != "", Locked: v.Wrong >= MaxPINFailures, Used: v.Used}
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
		if decode(i.Value, &v) == nil && v.Grant.Meeting == m && !v.Used && b.now().Before(v.Expires) {
			out = append(out, v.shown())
		}
	}
	return out, nil
}

// Withdraw takes back every invitation of a member and says how many of them had not been redeemed. Sessions stay: see EndMember.
func (b *Book) Withdraw(ctx context.Context, m meeting.ID, who meeting.MemberID) (int, error) {
	return b.drop(ctx, func(v invitationValue) bool { return v.Grant.Meeting == m && v.Grant.Member == who })
}

// drop takes out the invitations that match, and says how many could have been redeemed.
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
		case err == nil && !v.Used:
			n++
		case err != nil && !errors.Is(err, store.ErrChanged): // redeemed in between: the next call finds it
			return n, fmt.Errorf("withdraw: %w", err)
		}
	}
	return n, nil
}

// invitation finds what a code stands for, if it holds now.
func (b *Book) invitation(ctx context.Context, code Secret) (key string, raw []byte, v invitationValue, err error) {
	key, ok := code.digest(invitationBucket, codeBytes)
	if !ok {
		return "", nil, v, ErrInvitation
	}
	raw, v, err = b.invited(ctx, key)
	return key, raw, v, err
}

func (b *Book) invited(ctx context.Context, key string) (raw []byte, v invitationValue, err error) {
	raw, err = b.store.Get(ctx, invitationBucket, key)
	if errors.Is(err, store.ErrNotFound) {
		return nil, v, ErrInvitation
	}
	if err != nil {
		return nil, v, fmt.Errorf("look up invitation: %w", err)
	}
	if decode(raw, &v) != nil || !b.now().Before(v.Expires) {
		return nil, invitationValue{}, ErrInvitation
	}
	return raw, v, nil
}

// decode reads what we wrote ourselves as strictly as what strangers write: the disk may have been touched. A peer's value holds a document.
func decode(b []byte, v any) error {
	return strict.Decode(b, v, strict.Limits{Bytes: 4 * MaxDocument, String: 2 * MaxDocument})
}

package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/store"
)

// Why somebody waits at the door of this node (wire.Wait).
const (
	WaitDevice   = "device"   // another session has the same identity
	WaitExcluded = "excluded" // an officer has excluded the member
)

const excludedBucket = "excluded" // meeting "/" member → excludedValue

type excludedValue struct {
	At time.Time `json:"at"`
}

// newPIN draws a PIN of pinDigits digits, each number as likely as any other.
func newPIN() Secret {
	limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(pinDigits), nil)
	n, _ := rand.Int(rand.Reader, limit) // never fails, crypto/rand says
	return NewSecret(fmt.Sprintf("%0*d", pinDigits, n))
}

// pinDigest is how a PIN rests in the store. It has too few values to be hashed alone; with the code, which is kept nowhere, it has 160 bits.
func pinDigest(code, pin Secret) string {
	h := sha256.Sum256([]byte("pin\n" + code.Reveal() + "\n" + pin.Reveal()))
	return hex.EncodeToString(h[:])
}

// PressID draws the member id of a seat in the audience. A definition's ids begin with their party's, so that none is like it.
func PressID() meeting.MemberID {
	var b [4]byte
	_, _ = rand.Read(b[:])
	return meeting.MemberID("press-" + hex.EncodeToString(b[:]))
}

// tryPIN counts the attempt before it looks, so that many at the same moment are no more than MaxPINFailures.
func (b *Book) tryPIN(ctx context.Context, key string, code, pin Secret) ([]byte, invitationValue, error) {
	for {
		raw, v, err := b.invited(ctx, key)
		if err != nil {
			return nil, v, err
		}
		if v.Wrong >= MaxPINFailures {
			return nil, v, ErrLocked
		}
		if pin.Reveal() == "" { // a page that asks whether one is needed
			return nil, v, ErrPIN
		}
		v.Wrong++
		enc, err := json.Marshal(v)
		if err != nil {
			return nil, v, fmt.Errorf("try PIN: %w", err)
		}
		err = b.store.Swap(ctx, invitationBucket, key, raw, enc)
		if errors.Is(err, store.ErrChanged) {
			continue // another attempt in this moment; it ends when the count is full
		}
		if err != nil {
			return nil, v, fmt.Errorf("try PIN: %w", err)
		}
		if NewSecret(pinDigest(code, pin)).Equal(NewSecret(v.PIN)) {
			return enc, v, nil
		}
		if v.Wrong >= MaxPINFailures {
			return nil, v, ErrLocked
		}
		return nil, v, ErrPIN
	}
}

// uncountPIN takes back the count of a PIN that was right and led to no session, for whatever reason: its owner is locked out by wrong ones alone. If
// that cannot be written it stays counted.
func (b *Book) uncountPIN(ctx context.Context, key string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), uncountTime) // whoever has hung up gave the right one all the same
	defer cancel()
	for {
		raw, v, err := b.invited(ctx, key)
		if err != nil || v.Wrong == 0 {
			return
		}
		v.Wrong--
		enc, err := json.Marshal(v)
		if err != nil {
			return
		}
		if err := b.store.Swap(ctx, invitationBucket, key, raw, enc); !errors.Is(err, store.ErrChanged) {
			return
		}
	}
}

// mustWait says whether a new session for an invitation waits: it was used before, or somebody else has its identity now. "" if not.
func (b *Book) mustWait(ctx context.Context, v invitationValue) (string, error) {
	same, err := b.sessions(ctx, func(s Session) bool { return s.Grant.Meeting == v.Grant.Meeting && s.Grant.Member == v.Grant.Member })
	if err != nil {
		return "", err
	}
	waiting := 0
	for _, s := range same {
		if s.Waiting != "" {
			waiting++
		}
	}
	switch {
	case !v.Used && waiting == len(same):
		return "", nil
	case waiting >= MaxWaiting:
		return "", ErrFull
	}
	return WaitDevice, nil
}

// Admit lets a session that waits in, and makes every other one of the same identity wait in its place: they are the ids that it returns.
func (b *Book) Admit(ctx context.Context, id string) ([]string, error) {
	if err := b.entering.take(ctx); err != nil {
		return nil, fmt.Errorf("admit: %w", err)
	}
	defer b.entering.give()
	s, _, err := b.session(ctx, id)
	if err != nil {
		return nil, err
	}
	others, err := b.sessions(ctx, func(o Session) bool {
		return o.ID != id && o.Waiting == "" && o.Grant.Meeting == s.Grant.Meeting && o.Grant.Member == s.Grant.Member
	})
	if err != nil {
		return nil, err
	}
	var out []string
	for _, o := range others {
		if err := b.change(ctx, o.ID, func(s *Session) { s.Waiting = WaitDevice }); err != nil && !errors.Is(err, ErrSession) {
			return out, err
		}
		out = append(out, o.ID)
	}
	return out, b.change(ctx, id, func(s *Session) { s.Waiting = "" })
}

// Exclude keeps a member, or a seat in the audience, out of a meeting until Readmit, whichever session it comes with. It ends no session.
func (b *Book) Exclude(ctx context.Context, m meeting.ID, who meeting.MemberID) error {
	v, err := json.Marshal(excludedValue{b.now().UTC()})
	if err == nil {
		err = b.store.Put(ctx, excludedBucket, string(m)+"/"+string(who), v)
	}
	if err != nil {
		return fmt.Errorf("exclude %s: %w", who, err)
	}
	return nil
}

// Readmit ends an exclusion. That there was none is no error.
func (b *Book) Readmit(ctx context.Context, m meeting.ID, who meeting.MemberID) error {
	if err := b.store.Delete(ctx, excludedBucket, string(m)+"/"+string(who)); err != nil {
		return fmt.Errorf("readmit %s: %w", who, err)
	}
	return nil
}

// Excluded says whether a member is kept out of a meeting.
func (b *Book) Excluded(ctx context.Context, m meeting.ID, who meeting.MemberID) (bool, error) {
	_, err := b.store.Get(ctx, excludedBucket, string(m)+"/"+string(who))
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, store.ErrNotFound):
		return false, nil
	}
	return true, fmt.Errorf("look up exclusion of %s: %w", who, err)
}

package auth

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/store"
)

// Failures of accounts.
var (
	ErrAccount     = errors.New("no such account")
	ErrAccountID   = errors.New("an account's id has 1 to 64 lower-case letters, digits and hyphens")
	ErrAccountRole = errors.New("an account is an officer's or a technician's")
	ErrAccountHave = errors.New("there is an account of that id already")
	ErrAccountFull = errors.New("too many accounts")
	ErrEnrolment   = errors.New("no such code for a passkey") // used, expired, forged and unknown look alike
)

const (
	accountBucket   = "account"   // id → accountValue
	enrolmentBucket = "enrolment" // digest of the code → enrolmentValue
)

// Account is an officer or a technician of our own party, who signs in with a passkey. In a meeting the account acts as the member of its id and
// role, if the definition has one.
type Account struct {
	ID       meeting.MemberID
	Name     string
	Role     meeting.Role
	Created  time.Time
	Passkeys []Passkey
}

// Passkey is one key of an account.
type Passkey struct {
	Added time.Time
	Used  time.Time // zero: never
	Host  string    // the relying party: no other host of the node takes it
}

type accountValue struct {
	ID       meeting.MemberID `json:"id"`
	Name     string           `json:"name"`
	Role     meeting.Role     `json:"role"`
	Created  time.Time        `json:"created"`
	Handle   []byte           `json:"handle"` // 32 random bytes: what authenticators know the account by
	Passkeys []passkeyValue   `json:"passkeys"`
}

// passkeyValue is a credential record (Web Authentication Level 3, §4).
type passkeyValue struct {
	ID     []byte    `json:"id"`
	Public []byte    `json:"public"` // COSE_Key (RFC 9052 §7)
	Count  uint32    `json:"count"`  // signature counter; 0 of an authenticator that has none
	Flags  uint8     `json:"flags"`  // of the authenticator data at registration
	Host   string    `json:"host"`
	Added  time.Time `json:"added"`
	Used   time.Time `json:"used,omitzero"`
}

func (v accountValue) account() Account {
	a := Account{ID: v.ID, Name: v.Name, Role: v.Role, Created: v.Created}
	for _, p := range v.Passkeys {
		a.Passkeys = append(a.Passkeys, Passkey{p.Added, p.Used, p.Host})
	}
	return a
}

type enrolmentValue struct {
	Account meeting.MemberID `json:"account"`
	Expires time.Time        `json:"expires"`
}

// NewAccount makes an account without a passkey: EnrolmentCode gives it a way in. Name has gone through meeting.Clean, or is refused.
func (b *Book) NewAccount(ctx context.Context, id meeting.MemberID, name string, role meeting.Role) (Account, error) {
	if id == "" || len(id) > 64 || strings.Trim(string(id), "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return Account{}, ErrAccountID
	}
	if role != meeting.Officer && role != meeting.Technician {
		return Account{}, ErrAccountRole
	}
	name, err := meeting.Clean(name, meeting.NameText)
	if err != nil {
		return Account{}, err
	}
	items, err := b.store.List(ctx, accountBucket, "")
	if err != nil {
		return Account{}, fmt.Errorf("new account: %w", err)
	}
	if len(items) >= MaxAccounts {
		return Account{}, ErrAccountFull
	}
	v := accountValue{ID: id, Name: name, Role: role, Created: b.now().UTC().Truncate(time.Second), Handle: make([]byte, 32), Passkeys: []passkeyValue{}}
	_, _ = rand.Read(v.Handle) // never fails, crypto/rand says
	enc, err := json.Marshal(v)
	if err != nil {
		return Account{}, fmt.Errorf("new account: %w", err)
	}
	err = b.store.Swap(ctx, accountBucket, string(id), nil, enc)
	if errors.Is(err, store.ErrChanged) {
		return Account{}, ErrAccountHave
	}
	if err != nil {
		return Account{}, fmt.Errorf("new account: %w", err)
	}
	return v.account(), nil
}

// Accounts lists all accounts in the order of their ids.
func (b *Book) Accounts(ctx context.Context) ([]Account, error) {
	vs, err := b.accounts(ctx)
	var out []Account
	for _, v := range vs {
		out = append(out, v.account())
	}
	return out, err
}

func (b *Book) accounts(ctx context.Context) ([]accountValue, error) {
	items, err := b.store.List(ctx, accountBucket, "")
	if err != nil {
		return nil, fmt.Errorf("list accounts: %w", err)
	}
	var out []accountValue
	for _, i := range items {
		var v accountValue
		if decode(i.Value, &v) == nil {
			out = append(out, v)
		}
	}
	return out, nil
}

// Account is one of them, or ErrAccount.
func (b *Book) Account(ctx context.Context, id meeting.MemberID) (Account, error) {
	_, v, err := b.account(ctx, id)
	return v.account(), err
}

func (b *Book) account(ctx context.Context, id meeting.MemberID) ([]byte, accountValue, error) {
	raw, err := b.store.Get(ctx, accountBucket, string(id))
	if errors.Is(err, store.ErrNotFound) {
		return nil, accountValue{}, ErrAccount
	}
	if err != nil {
		return nil, accountValue{}, fmt.Errorf("look up account: %w", err)
	}
	var v accountValue
	if err := decode(raw, &v); err != nil {
		return nil, accountValue{}, fmt.Errorf("account %s cannot be read: %w", id, err)
	}
	return raw, v, nil
}

// RemoveAccount ends an account with its passkeys, codes and sessions.
func (b *Book) RemoveAccount(ctx context.Context, id meeting.MemberID) error {
	if _, _, err := b.account(ctx, id); err != nil {
		return err
	}
	if err := b.store.Delete(ctx, accountBucket, string(id)); err != nil {
		return fmt.Errorf("remove account: %w", err)
	}
	if err := b.dropEnrolments(ctx, func(v enrolmentValue) bool { return v.Account == id }); err != nil {
		return err
	}
	return b.EndAccount(ctx, id)
}

// EndAccount ends all sessions of an account, with what hangs on them. Its passkeys stay.
func (b *Book) EndAccount(ctx context.Context, id meeting.MemberID) error {
	all, err := b.sessions(ctx, func(s Session) bool { return s.Account && s.Grant.Member == id })
	for _, s := range all {
		err = errors.Join(err, b.End(ctx, s.ID))
	}
	return err
}

// AccountSessions lists the sessions of accounts that live.
func (b *Book) AccountSessions(ctx context.Context) ([]Session, error) {
	return b.sessions(ctx, func(s Session) bool { return s.Account })
}

// EnrolmentCode makes a code with which one passkey can be added to an account within ttl (more than 0, at most EnrolmentLife), in place of earlier
// codes. With forgot the account's passkeys are taken out and its sessions end: they are lost, or in wrong hands. It is called as soon as they are out,
// whatever becomes of the rest.
func (b *Book) EnrolmentCode(ctx context.Context, id meeting.MemberID, ttl time.Duration, forgot func()) (Secret, error) {
	if ttl <= 0 || ttl > EnrolmentLife {
		return Secret{}, fmt.Errorf("code for %s: life of %s is not within %s", id, ttl, EnrolmentLife)
	}
	if _, _, err := b.account(ctx, id); err != nil {
		return Secret{}, err
	}
	if forgot != nil {
		if err := b.changeAccount(ctx, id, func(v *accountValue) ([]store.Change, error) { v.Passkeys = []passkeyValue{}; return nil, nil }); err != nil {
			return Secret{}, err
		}
		forgot()
		if err := b.EndAccount(ctx, id); err != nil {
			return Secret{}, err
		}
	}
	if err := b.dropEnrolments(ctx, func(v enrolmentValue) bool { return v.Account == id }); err != nil {
		return Secret{}, err
	}
	code := newSecret(codeBytes)
	key, _ := code.digest(enrolmentBucket, codeBytes)
	enc, err := json.Marshal(enrolmentValue{id, b.now().Add(ttl).UTC().Truncate(time.Second)})
	if err == nil {
		err = b.store.Swap(ctx, enrolmentBucket, key, nil, enc)
	}
	if err != nil {
		return Secret{}, fmt.Errorf("code for %s: %w", id, err)
	}
	return code, nil
}

// LookEnrolment says whose passkey a code adds, and uses nothing up. ErrEnrolment if none.
func (b *Book) LookEnrolment(ctx context.Context, code Secret) (Account, error) {
	_, _, v, err := b.enrolment(ctx, code)
	if err != nil {
		return Account{}, err
	}
	_, a, err := b.account(ctx, v.Account)
	if errors.Is(err, ErrAccount) {
		err = ErrEnrolment
	}
	return a.account(), err
}

func (b *Book) enrolment(ctx context.Context, code Secret) (key string, raw []byte, v enrolmentValue, err error) {
	key, ok := code.digest(enrolmentBucket, codeBytes)
	if !ok {
		return "", nil, v, ErrEnrolment
	}
	raw, err = b.store.Get(ctx, enrolmentBucket, key)
	if errors.Is(err, store.ErrNotFound) {
		return "", nil, v, ErrEnrolment
	}
	if err != nil {
		return "", nil, v, fmt.Errorf("look up code: %w", err)
	}
	if decode(raw, &v) != nil || !b.now().Before(v.Expires) {
		return "", nil, enrolmentValue{}, ErrEnrolment
	}
	return key, raw, v, nil
}

func (b *Book) cleanEnrolments(ctx context.Context) error {
	return b.dropEnrolments(ctx, func(v enrolmentValue) bool { return !b.now().Before(v.Expires) })
}

// dropEnrolments takes out the codes that match, and what cannot be read.
func (b *Book) dropEnrolments(ctx context.Context, match func(enrolmentValue) bool) error {
	items, err := b.store.List(ctx, enrolmentBucket, "")
	if err != nil {
		return fmt.Errorf("withdraw codes: %w", err)
	}
	for _, i := range items {
		var v enrolmentValue
		if decode(i.Value, &v) == nil && !match(v) {
			continue
		}
		if err := b.store.Delete(ctx, enrolmentBucket, i.Key); err != nil {
			return fmt.Errorf("withdraw codes: %w", err)
		}
	}
	return nil
}

// changeAccount alters an account by f, in one step with the changes that f gives.
func (b *Book) changeAccount(ctx context.Context, id meeting.MemberID, f func(*accountValue) ([]store.Change, error)) error {
	for {
		raw, v, err := b.account(ctx, id)
		if err != nil {
			return err
		}
		with, err := f(&v)
		if err != nil {
			return err
		}
		enc, err := json.Marshal(v)
		if err != nil {
			return fmt.Errorf("change account: %w", err)
		}
		if err = b.store.SwapAll(ctx, append(with, store.Change{Bucket: accountBucket, Key: string(id), Old: raw, New: enc})...); errors.Is(err, store.ErrChanged) {
			continue
		}
		if err != nil {
			return fmt.Errorf("change account: %w", err)
		}
		return nil
	}
}

// passkey finds a key of the account by its id.
func (v *accountValue) passkey(id []byte) *passkeyValue {
	i := slices.IndexFunc(v.Passkeys, func(p passkeyValue) bool { return bytes.Equal(p.ID, id) })
	if i < 0 {
		return nil
	}
	return &v.Passkeys[i]
}

// shown counts a use of a key. Its counter must have gone up, if it has one: else there are two of that key (Web Authentication §6.1.1).
func (v *accountValue) shown(id []byte, count uint32, now time.Time) error {
	p := v.passkey(id)
	switch {
	case p == nil:
		return ErrPasskey
	case count <= p.Count && (count != 0 || p.Count != 0):
		return ErrCloned
	}
	p.Count, p.Used = count, now.UTC().Truncate(time.Second)
	return nil
}

package node

import (
	"context"
	"errors"
	"time"

	"visavis/internal/auth"
	"visavis/internal/meeting"
)

// Account is an officer's or a technician's.
type Account = auth.Account

// Roles of accounts.
const (
	Officer    = meeting.Officer
	Technician = meeting.Technician
)

// AccountCodeLife is how long a code for a passkey holds if nobody says otherwise.
const AccountCodeLife = 72 * time.Hour

const accountTime = 30 * time.Second // for a change of an account, while others write

// AddAccount makes an account and a link with which it gets its first passkey, once.
func (d *Dir) AddAccount(ctx context.Context, id meeting.MemberID, name string, role meeting.Role, host string, valid time.Duration) (Link, error) {
	if _, err := d.origin(host); err != nil { // before anything is made
		return Link{}, err
	}
	if _, err := d.book.NewAccount(ctx, id, name, role); err != nil {
		return Link{}, err
	}
	if err := d.note(ctx, "account.added", "", id); err != nil {
		return Link{}, err
	}
	return d.AccountCode(ctx, id, host, valid, false)
}

// AccountCode makes a link with which an account gets a further passkey, once, in place of earlier links. With forget its passkeys are taken out and
// its sessions end.
func (d *Dir) AccountCode(ctx context.Context, id meeting.MemberID, host string, valid time.Duration, forget bool) (Link, error) {
	origin, err := d.origin(host)
	if err != nil {
		return Link{}, err
	}
	if valid == 0 {
		valid = AccountCodeLife
	}
	// A command that is broken off takes no passkeys out unseen, and leaves no session behind.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), accountTime)
	defer cancel()
	var noted error
	var forgot func()
	if forget {
		forgot = func() { noted = d.note(ctx, "account.forget", "", id) }
	}
	code, err := d.book.EnrolmentCode(ctx, id, valid, forgot)
	if err == nil && !forget {
		noted = d.note(ctx, "account.code", "", id)
	}
	if err = errors.Join(err, noted); err != nil {
		return Link{}, err
	}
	return Link{Member: id, URL: auth.NewSecret(origin + "/enrol#" + code.Reveal()), Expires: d.now().Add(valid)}, nil
}

// Accounts lists officers and technicians.
func (d *Dir) Accounts(ctx context.Context) ([]Account, error) { return d.book.Accounts(ctx) }

// RemoveAccount ends an account, its passkeys and its sessions: a running node closes what hangs on them within a second.
func (d *Dir) RemoveAccount(ctx context.Context, id meeting.MemberID) error {
	if err := d.book.RemoveAccount(ctx, id); err != nil {
		return err
	}
	return d.note(ctx, "account.removed", "", id)
}

package node

import (
	"context"

	"visavis/internal/auth"
	"visavis/internal/meeting"
	"visavis/internal/store"
)

// ErrChain is the error of a security log that somebody has changed.
var ErrChain = store.ErrChain

// SecurityEntry is one line of the security log, SecurityLog what the log is found to be.
type (
	SecurityEntry = auth.SecurityEntry
	SecurityLog   = auth.SecurityLog
)

// Security gives every entry of the security log to f and checks its chain: ErrChain, after what was before the break.
func (d *Dir) Security(ctx context.Context, f func(SecurityEntry)) (SecurityLog, error) {
	return d.book.Security(ctx, f)
}

// note writes what a command did into the security log.
func (d *Dir) note(ctx context.Context, kind string, id meeting.ID, who meeting.MemberID) error {
	return d.book.Note(ctx, auth.SecurityEvent{Kind: kind, Meeting: id, Person: who})
}

// noteParty writes that another party is trusted from now on, or not any more.
func (d *Dir) noteParty(ctx context.Context, kind string, p meeting.PartyID) error {
	return d.book.Note(ctx, auth.SecurityEvent{Kind: kind, Party: p})
}

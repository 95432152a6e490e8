package auth

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
)

const kindSignOff = "sign off"

// BeginSignOff gives the options for showing a passkey of the session's account over one text, named by the SHA-256 of what the page shows: the challenge
// is good for that text, that session, and one minute.
func (p *Passkeys) BeginSignOff(ctx context.Context, host string, s Session, hash [32]byte) (json.RawMessage, error) {
	site, err := p.site(host)
	if err != nil {
		return nil, err
	}
	_, a, err := p.book.account(ctx, s.Grant.Member)
	if err != nil || !s.Account {
		return nil, errors.Join(err, ErrPasskey)
	}
	if len((user{a, host}).WebAuthnCredentials()) == 0 {
		return nil, ErrPasskey
	}
	c, _, err := site.BeginLogin(user{a, host}, p.request(kindSignOff, host, signOffBound(s, hash)))
	if err != nil {
		return nil, fmt.Errorf("begin sign-off: %w", err)
	}
	return json.Marshal(c.Response)
}

// FinishSignOff says whether the session's account has just shown its passkey over that text. It changes nothing about the session.
func (p *Passkeys) FinishSignOff(ctx context.Context, host string, s Session, hash [32]byte, answer []byte) error {
	if !s.Account {
		return ErrPasskey
	}
	_, err := p.shown(ctx, host, kindSignOff, signOffBound(s, hash), &s.Grant.Member, answer, nil)
	return err
}

func signOffBound(s Session, hash [32]byte) string { return s.ID + "\n" + hex.EncodeToString(hash[:]) }

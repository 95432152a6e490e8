package auth

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/go-webauthn/webauthn/webauthn"

	"visavis/internal/meeting"
	"visavis/internal/store"
)

// Failures of passkeys. What was wrong with one that is refused is not said: origin, host, signature and unknown keys look alike.
var (
	ErrPasskey        = errors.New("passkey refused")
	ErrCloned         = errors.New("the counter of a passkey has gone back: there may be a copy of it")
	ErrChallenge      = errors.New("challenge is over") // older than ChallengeLife, or used
	ErrHost           = errors.New("no passkeys under this host name")
	ErrPasskeyFull    = errors.New("too many passkeys")
	ErrStepUp         = errors.New("a passkey must be shown again")
	ErrPasskeyAnother = errors.New("passkey is known already")
)

// Passkeys does the ceremonies of Web Authentication Level 3 (W3C) for the accounts of a Book. Each host of the node is a relying party of its own:
// a passkey made under one is none under another. Methods may be called concurrently.
//
// Nothing is kept for a ceremony that has begun, so that nobody can fill our memory by beginning: the challenge itself says what it is for and
// until when, under a MAC; it is remembered once it has been answered rightly.
type Passkeys struct {
	book  *Book
	sites map[string]*webauthn.WebAuthn // by host, with its port
	key   [32]byte                      // of the MAC: challenges end with the process

	signing func() // tests: a passkey has been found right, and the session is not there yet

	mu    sync.Mutex
	spent map[string]time.Time // challenges that were answered rightly → when they expire
}

// NewPasskeys makes relying parties of hosts (as in HTTP's Host); with insecure their origins begin with http://, which browsers allow on localhost
// alone. An IP address can be none. The error is of a host that is neither.
func NewPasskeys(b *Book, party string, hosts []string, insecure bool) (*Passkeys, error) {
	p := &Passkeys{book: b, sites: map[string]*webauthn.WebAuthn{}, spent: map[string]time.Time{}}
	_, _ = rand.Read(p.key[:]) // never fails, crypto/rand says
	scheme := "https://"
	if insecure {
		scheme = "http://"
	}
	for _, h := range hosts {
		name := h
		if n, _, err := net.SplitHostPort(h); err == nil {
			name = n
		}
		if _, err := netip.ParseAddr(strings.Trim(name, "[]")); err == nil {
			continue
		}
		yes := true
		site, err := webauthn.New(&webauthn.Config{
			RPID: name, RPDisplayName: "Visavis " + party, RPOrigins: []string{scheme + h}, AttestationPreference: protocol.PreferNoAttestation,
			AuthenticatorSelection: protocol.AuthenticatorSelection{
				ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: &yes, UserVerification: protocol.VerificationRequired,
			},
			// We ask for no extension, and some password managers answer unasked.
			ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore,
		})
		if err != nil {
			return nil, fmt.Errorf("passkeys under %s: %w", h, err)
		}
		p.sites[h] = site
	}
	return p, nil
}

// kinds of ceremonies, in their challenges.
const (
	kindEnrol  = "enrol"
	kindAdd    = "add"
	kindSignIn = "sign in"
	kindStepUp = "step up"
)

// A challenge is: 16 random bytes, 8 bytes of when it ends (ns since 1970, big-endian), 32 bytes HMAC-SHA-256 over both and what it is for.
const (
	challengeRandom = 16
	challengeHead   = challengeRandom + 8
	challengeLength = challengeHead + sha256.Size
)

func (p *Passkeys) mac(head []byte, kind, host, bound string) []byte {
	m := hmac.New(sha256.New, p.key[:])
	m.Write(head)
	for _, s := range []string{kind, host, bound} {
		m.Write(binary.BigEndian.AppendUint32(nil, uint32(len(s))))
		m.Write([]byte(s))
	}
	return m.Sum(nil)
}

// challenge makes one for a ceremony under host, bound to what only its owner can name.
func (p *Passkeys) challenge(kind, host, bound string) []byte {
	c := make([]byte, challengeRandom, challengeLength)
	_, _ = rand.Read(c)
	c = binary.BigEndian.AppendUint64(c, uint64(p.book.now().Add(ChallengeLife).UnixNano()))
	return append(c, p.mac(c, kind, host, bound)...)
}

// check says whether a challenge, as the browser signed it, is one of ours for this ceremony and still holds.
func (p *Passkeys) check(challenge, kind, host, bound string) (ends time.Time, err error) {
	c, err := base64.RawURLEncoding.DecodeString(challenge)
	if err != nil || len(c) != challengeLength || base64.RawURLEncoding.EncodeToString(c) != challenge {
		return ends, ErrPasskey
	}
	if !hmac.Equal(c[challengeHead:], p.mac(c[:challengeHead], kind, host, bound)) {
		return ends, ErrPasskey
	}
	ends = time.Unix(0, int64(binary.BigEndian.Uint64(c[challengeRandom:challengeHead])))
	if !p.book.now().Before(ends) {
		return ends, ErrChallenge
	}
	return ends, nil
}

// spend uses a challenge up that was answered rightly; false if it was before.
func (p *Passkeys) spend(challenge string, ends time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.book.now()
	for c, e := range p.spent {
		if !now.Before(e) {
			delete(p.spent, c)
		}
	}
	if _, was := p.spent[challenge]; was {
		return false
	}
	p.spent[challenge] = ends
	return true
}

func (p *Passkeys) site(host string) (*webauthn.WebAuthn, error) {
	if s := p.sites[host]; s != nil {
		return s, nil
	}
	return nil, ErrHost
}

// BeginEnrol gives the options for navigator.credentials.create (PublicKeyCredentialCreationOptionsJSON) to the bearer of a code.
func (p *Passkeys) BeginEnrol(ctx context.Context, host string, code Secret) (json.RawMessage, error) {
	key, _, v, err := p.book.enrolment(ctx, code)
	if err != nil {
		return nil, err
	}
	return p.beginCreate(ctx, host, v.Account, p.challenge(kindEnrol, host, key))
}

// FinishEnrol adds the passkey that the browser made (RegistrationResponseJSON), uses the code up and begins a session of the account.
func (p *Passkeys) FinishEnrol(ctx context.Context, host string, code Secret, answer []byte) (Session, Secret, error) {
	key, raw, v, err := p.book.enrolment(ctx, code)
	if err != nil {
		return Session{}, Secret{}, err
	}
	used := store.Change{Bucket: enrolmentBucket, Key: key, Old: raw}
	s := p.book.begin(Grant{Member: v.Account})
	s.Account, s.Proven = true, s.Created
	cookie, begun, err := s.begun()
	if err != nil {
		return Session{}, Secret{}, fmt.Errorf("add passkey: %w", err)
	}
	err = p.finishCreate(ctx, host, v.Account, kindEnrol, key, answer, append(begun, used)...)
	if errors.Is(err, store.ErrChanged) || errors.Is(err, ErrAccount) {
		err = ErrEnrolment
	}
	if err != nil {
		return Session{}, Secret{}, err
	}
	return s, cookie, nil
}

// BeginAdd gives the options for a further passkey to an account that has just shown one: ErrStepUp if it has not.
func (p *Passkeys) BeginAdd(ctx context.Context, host string, s Session) (json.RawMessage, error) {
	if !p.book.Fresh(s) {
		return nil, ErrStepUp
	}
	return p.beginCreate(ctx, host, s.Grant.Member, p.challenge(kindAdd, host, s.ID))
}

// FinishAdd adds it.
func (p *Passkeys) FinishAdd(ctx context.Context, host string, s Session, answer []byte) error {
	if !p.book.Fresh(s) {
		return ErrStepUp
	}
	return p.finishCreate(ctx, host, s.Grant.Member, kindAdd, s.ID, answer)
}

func (p *Passkeys) beginCreate(ctx context.Context, host string, id meeting.MemberID, challenge []byte) (json.RawMessage, error) {
	site, err := p.site(host)
	if err != nil {
		return nil, err
	}
	_, a, err := p.book.account(ctx, id)
	if err != nil {
		return nil, err
	}
	if len(a.Passkeys) >= MaxPasskeys {
		return nil, ErrPasskeyFull
	}
	c, _, err := site.BeginRegistration(user{a, host}, func(o *protocol.PublicKeyCredentialCreationOptions) error {
		o.Challenge, o.Parameters, o.Timeout = challenge, algorithms(), int(ChallengeLife.Milliseconds())
		for _, k := range (user{a, host}).WebAuthnCredentials() {
			o.CredentialExcludeList = append(o.CredentialExcludeList, k.Descriptor())
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("begin passkey: %w", err)
	}
	return json.Marshal(c.Response)
}

// algorithms are what a key may sign with: ES256, EdDSA, RS256 (RFC 9053; RFC 8812).
func algorithms() []protocol.CredentialParameter {
	var out []protocol.CredentialParameter
	for _, a := range []webauthncose.COSEAlgorithmIdentifier{webauthncose.AlgES256, webauthncose.AlgEdDSA, webauthncose.AlgRS256} {
		out = append(out, protocol.CredentialParameter{Type: protocol.PublicKeyCredentialType, Algorithm: a})
	}
	return out
}

// parseCreated reads what a browser says of a new passkey, as far as it can be read before anything is known. Formats of attestation that we did not
// ask for are not looked at.
func parseCreated(answer []byte) (*protocol.ParsedCredentialCreationData, error) {
	if len(answer) > MaxCredential {
		return nil, ErrPasskey
	}
	c, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return nil, refused(err)
	}
	if f := c.Response.AttestationObject.Format; f != "none" && f != "packed" { // "packed" without certificates: signed by the key itself
		return nil, ErrPasskey
	}
	d := c.Response.AttestationObject.AuthData.AttData
	if len(d.CredentialID) > MaxKeyID || len(d.CredentialPublicKey) > MaxKeyBytes {
		return nil, ErrPasskey
	}
	return c, nil
}

// finishCreate adds a passkey to an account together with other changes, or does nothing.
func (p *Passkeys) finishCreate(ctx context.Context, host string, id meeting.MemberID, kind, bound string, answer []byte, with ...store.Change) error {
	site, err := p.site(host)
	if err != nil {
		return err
	}
	c, err := parseCreated(answer)
	if err != nil {
		return err
	}
	challenge := c.Response.CollectedClientData.Challenge
	ends, err := p.check(challenge, kind, host, bound)
	if err != nil {
		return err
	}
	raw, a, err := p.book.account(ctx, id)
	if err != nil {
		return err
	}
	made, err := site.CreateCredential(user{a, host}, webauthn.SessionData{
		Challenge: challenge, RelyingPartyID: site.Config.RPID, UserID: a.Handle, UserVerification: protocol.VerificationRequired, CredParams: algorithms(),
	}, c)
	if err != nil {
		return refused(err)
	}
	if !p.spend(challenge, ends) {
		return ErrChallenge
	}
	if err := p.unknown(ctx, made.ID); err != nil {
		return err
	}
	if len(a.Passkeys) >= MaxPasskeys {
		return ErrPasskeyFull
	}
	a.Passkeys = append(a.Passkeys, passkeyValue{
		ID: made.ID, Public: made.PublicKey, Count: made.Authenticator.SignCount, Flags: made.Flags.MsgpByte(), Host: host, Added: p.book.now().UTC().Truncate(time.Second),
	})
	enc, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("add passkey: %w", err)
	}
	if err := p.book.store.SwapAll(ctx, append(with, store.Change{Bucket: accountBucket, Key: string(id), Old: raw, New: enc})...); err != nil {
		return fmt.Errorf("add passkey: %w", err)
	}
	return nil
}

// unknown refuses a passkey that some account has already.
func (p *Passkeys) unknown(ctx context.Context, id []byte) error {
	all, err := p.book.accounts(ctx)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(all, func(a accountValue) bool { return a.passkey(id) != nil }) {
		return ErrPasskeyAnother
	}
	return nil
}

// BeginSignIn gives the options for navigator.credentials.get (PublicKeyCredentialRequestOptionsJSON) to anybody: the browser shows which passkeys
// it has.
func (p *Passkeys) BeginSignIn(host string) (json.RawMessage, error) {
	site, err := p.site(host)
	if err != nil {
		return nil, err
	}
	c, _, err := site.BeginDiscoverableLogin(p.request(kindSignIn, host, ""))
	if err != nil {
		return nil, fmt.Errorf("begin to sign in: %w", err)
	}
	return json.Marshal(c.Response)
}

func (p *Passkeys) request(kind, host, bound string) webauthn.LoginOption {
	return func(o *protocol.PublicKeyCredentialRequestOptions) error {
		o.Challenge, o.Timeout = p.challenge(kind, host, bound), int(ChallengeLife.Milliseconds())
		return nil
	}
}

// FinishSignIn begins a session for the account whose passkey the browser has shown (AuthenticationResponseJSON).
func (p *Passkeys) FinishSignIn(ctx context.Context, host string, answer []byte) (Session, Secret, error) {
	var s Session
	var cookie Secret
	// In one step with the passkey's count: an account that loses its passkeys in this moment has either none of them shown, or the session
	// among those that end.
	_, err := p.shown(ctx, host, kindSignIn, "", nil, answer, func(a accountValue) (begun []store.Change, err error) {
		if p.signing != nil {
			p.signing()
		}
		s = p.book.begin(Grant{Member: a.ID})
		s.Account, s.Proven = true, s.Created
		cookie, begun, err = s.begun()
		return begun, err
	})
	if err != nil {
		return Session{}, Secret{}, err
	}
	return s, cookie, nil
}

// BeginStepUp gives the options for showing a passkey of the session's account again.
func (p *Passkeys) BeginStepUp(ctx context.Context, host string, s Session) (json.RawMessage, error) {
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
	c, _, err := site.BeginLogin(user{a, host}, p.request(kindStepUp, host, s.ID))
	if err != nil {
		return nil, fmt.Errorf("begin step-up: %w", err)
	}
	return json.Marshal(c.Response)
}

// FinishStepUp keeps that the session's account has shown its passkey now. The cookie changes with the rise of right: the session goes on under the one
// returned, and the old one is none.
func (p *Passkeys) FinishStepUp(ctx context.Context, host string, cookie Secret, answer []byte) (Secret, error) {
	s, err := p.book.Session(ctx, cookie)
	if err != nil {
		return Secret{}, err
	}
	if !s.Account {
		return Secret{}, ErrPasskey
	}
	if _, err := p.shown(ctx, host, kindStepUp, s.ID, &s.Grant.Member, answer, nil); err != nil {
		return Secret{}, err
	}
	return p.book.renew(ctx, s.ID, cookie, func(s *Session) { s.Proven = p.book.now().UTC() })
}

// shown verifies that a passkey was shown for a challenge of ours, and counts it, together with the changes of with. account nil: any account's.
func (p *Passkeys) shown(ctx context.Context, host, kind, bound string, account *meeting.MemberID, answer []byte, with func(accountValue) ([]store.Change, error)) (Account, error) {
	site, err := p.site(host)
	if err != nil {
		return Account{}, err
	}
	c, err := parseShown(answer)
	if err != nil {
		return Account{}, err
	}
	challenge := c.Response.CollectedClientData.Challenge
	ends, err := p.check(challenge, kind, host, bound)
	if err != nil {
		return Account{}, err
	}
	var a accountValue
	found, made, err := site.ValidatePasskeyLogin(func(_, handle []byte) (webauthn.User, error) {
		if a, err = p.owner(ctx, handle); err != nil {
			return nil, err
		}
		return user{a, host}, nil
	}, webauthn.SessionData{Challenge: challenge, RelyingPartyID: site.Config.RPID, UserVerification: protocol.VerificationRequired}, c)
	if err != nil {
		return Account{}, refused(err)
	}
	if found == nil || account != nil && *account != a.ID {
		return Account{}, ErrPasskey
	}
	if !p.spend(challenge, ends) {
		return Account{}, ErrChallenge
	}
	err = p.book.changeAccount(ctx, a.ID, func(v *accountValue) ([]store.Change, error) {
		if err := v.shown(made.ID, c.Response.AuthenticatorData.Counter, p.book.now()); err != nil || with == nil {
			return nil, err
		}
		return with(*v)
	})
	if errors.Is(err, ErrAccount) {
		err = ErrPasskey
	}
	return a.account(), err
}

func parseShown(answer []byte) (*protocol.ParsedCredentialAssertionData, error) {
	if len(answer) > MaxCredential {
		return nil, ErrPasskey
	}
	c, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return nil, refused(err)
	}
	return c, nil
}

// owner finds an account by the handle that its authenticators know.
func (p *Passkeys) owner(ctx context.Context, handle []byte) (accountValue, error) {
	all, err := p.book.accounts(ctx)
	if err != nil {
		return accountValue{}, err
	}
	for _, a := range all {
		if hmac.Equal(a.Handle, handle) {
			return a, nil
		}
	}
	return accountValue{}, ErrAccount
}

// refused is ErrPasskey with the library's reason, for the log at level debug alone.
func refused(err error) error { return fmt.Errorf("%w: %w", ErrPasskey, err) }

// user is an account under one host, as the library asks for it.
type user struct {
	a    accountValue
	host string
}

func (u user) WebAuthnID() []byte          { return u.a.Handle }
func (u user) WebAuthnName() string        { return string(u.a.ID) }
func (u user) WebAuthnDisplayName() string { return u.a.Name }

func (u user) WebAuthnCredentials() []webauthn.Credential {
	var out []webauthn.Credential
	for _, k := range u.a.Passkeys {
		if k.Host == u.host {
			out = append(out, webauthn.Credential{
				ID: k.ID, PublicKey: k.Public, Flags: webauthn.CredentialFlagsFromMsgpByte(k.Flags), Authenticator: webauthn.Authenticator{SignCount: k.Count},
			})
		}
	}
	return out
}

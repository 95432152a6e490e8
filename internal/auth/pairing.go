package auth

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/store"
)

// Why an offer is not taken.
var (
	ErrOffer        = errors.New("not a pairing offer")
	ErrOfferExpired = errors.New("the pairing offer has expired")
	ErrOfferFor     = errors.New("the pairing offer was made for another party")
	ErrNoOffer      = errors.New("we have made no offer to that party, or it has expired")
)

// offerMagic is the first line of an offer.
const offerMagic = "visavis-pair/1"

// offerBucket holds our own offers that are under way: party they were made for → bytes.
const offerBucket = "offer"

// Offer is what one party carries to the other to be paired: its document and a secret of its own for this one ceremony. It is not signed as a
// whole: the words that two officers compare are computed from every byte of both offers. The text:
//
//	visavis-pair/1
//	for tolmeria
//	expires 2026-11-30T00:00:00Z
//	secret BASE32
//	… the signed party document
type Offer struct {
	For      meeting.PartyID
	Expires  time.Time
	Secret   Secret
	Document Document
	Signed   []byte // the document's signed bytes
	Raw      []byte // the whole offer
}

// NewOffer makes an offer with a fresh secret from a signed document of ours.
func NewOffer(to meeting.PartyID, document []byte, now time.Time) (Offer, error) {
	d, err := ParseDocument(document)
	if err != nil {
		return Offer{}, fmt.Errorf("make offer: %w", err)
	}
	if err := d.checkTime(now); err != nil {
		return Offer{}, fmt.Errorf("make offer: %w", err)
	}
	if !ValidParty(to) || to == d.Party {
		return Offer{}, fmt.Errorf("make offer: %q is not the id of another party", to)
	}
	s := newSecret(secretBytes)
	head := fmt.Sprintf("%s\nfor %s\nexpires %s\nsecret %s\n", offerMagic, to, stamp(now.Add(OfferLife)), s.Reveal())
	return ParseOffer(append([]byte(head), document...))
}

// ParseOffer reads an offer and verifies the document in it against its own root. Line ends and blank lines at the end that mail has changed
// are put right; nothing else is forgiven. ErrOffer, ErrDocument or ErrSignature.
func ParseOffer(b []byte) (Offer, error) {
	if len(b) > MaxOffer {
		return Offer{}, fmt.Errorf("%w: more than %d bytes", ErrOffer, MaxOffer)
	}
	b = append(bytes.TrimSpace(bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n"))), '\n')
	parts := strings.SplitN(string(b), "\n", 5)
	if len(parts) != 5 || parts[0] != offerMagic {
		return Offer{}, fmt.Errorf("%w: it does not begin with %s", ErrOffer, offerMagic)
	}
	to, ok1 := strings.CutPrefix(parts[1], "for ")
	end, ok2 := strings.CutPrefix(parts[2], "expires ")
	secret, ok3 := strings.CutPrefix(parts[3], "secret ")
	expires, ok4 := unstamp(end)
	s := NewSecret(secret)
	_, ok5 := s.digest(offerMagic, secretBytes)
	if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 || !ValidParty(meeting.PartyID(to)) {
		return Offer{}, fmt.Errorf("%w: its first lines are damaged", ErrOffer)
	}
	d, err := ParseDocument([]byte(parts[4]))
	if err != nil {
		return Offer{}, err
	}
	return Offer{meeting.PartyID(to), expires, s, d, []byte(parts[4]), b}, nil
}

// check says whether an offer may be used now, for whom it was made.
func (o Offer) check(to meeting.PartyID, now time.Time) error {
	switch {
	case o.For != to:
		return fmt.Errorf("%w: %s", ErrOfferFor, o.For)
	case o.Document.Party == to:
		return fmt.Errorf("%w: it is our own", ErrOfferFor)
	case !now.Before(o.Expires), o.Expires.Sub(now) > OfferLife+24*time.Hour:
		return fmt.Errorf("%w: it was good until %s", ErrOfferExpired, stamp(o.Expires))
	}
	return o.Document.checkTime(now)
}

// Offer makes and keeps an offer to a party; an earlier one to the same party is void from now on.
func (p *Peers) Offer(ctx context.Context, to meeting.PartyID, document []byte, now time.Time) (Offer, error) {
	o, err := NewOffer(to, document, now)
	if err != nil {
		return Offer{}, err
	}
	if err := p.store.Put(ctx, offerBucket, string(to), o.Raw); err != nil {
		return Offer{}, fmt.Errorf("make offer: %w", err)
	}
	return o, nil
}

// Meet checks another party's offer against our own that is under way, and gives both, whose Words the officers compare. It changes nothing.
// The errors: those of ParseOffer, ErrOfferFor, ErrOfferExpired, ErrNoOffer, ErrExpired, ErrEarly.
func (p *Peers) Meet(ctx context.Context, self meeting.PartyID, theirs []byte, now time.Time) (own, other Offer, err error) {
	other, err = ParseOffer(theirs)
	if err != nil {
		return Offer{}, Offer{}, err
	}
	if err := other.check(self, now); err != nil {
		return Offer{}, Offer{}, err
	}
	raw, err := p.store.Get(ctx, offerBucket, string(other.Document.Party))
	if errors.Is(err, store.ErrNotFound) {
		return Offer{}, Offer{}, fmt.Errorf("%w: %s", ErrNoOffer, other.Document.Party)
	}
	if err != nil {
		return Offer{}, Offer{}, fmt.Errorf("look up own offer: %w", err)
	}
	own, err = ParseOffer(raw)
	if err != nil {
		return Offer{}, Offer{}, fmt.Errorf("look up own offer: %w", err)
	}
	if !now.Before(own.Expires) {
		return Offer{}, Offer{}, fmt.Errorf("%w: %s", ErrNoOffer, other.Document.Party)
	}
	return own, other, nil
}

// Accept pins the other party after the officers have found the words the same, and uses our own offer up. again is Pin's.
func (p *Peers) Accept(ctx context.Context, self meeting.PartyID, theirs []byte, now time.Time, again bool) (Peer, error) {
	own, other, err := p.Meet(ctx, self, theirs, now)
	if err != nil {
		return Peer{}, err
	}
	peer, err := p.Pin(ctx, other.Signed, now, again)
	if err != nil {
		return Peer{}, err
	}
	if err := p.store.Swap(ctx, offerBucket, string(other.Document.Party), own.Raw, nil); err != nil && !errors.Is(err, store.ErrChanged) {
		return Peer{}, fmt.Errorf("accept %s: %w", peer.Party, err)
	}
	return peer, nil
}

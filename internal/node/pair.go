package node

import (
	"context"
	"fmt"
	"time"

	"visavis/internal/auth"
	"visavis/internal/meeting"
)

// Ceremony is what two officers compare, and what they are about to trust.
type Ceremony struct {
	Party       meeting.PartyID
	Names       meeting.Text
	Words       []string // the same on both sides, or something is wrong
	Ours        string   // fingerprint of our root
	Theirs      string   // fingerprint of theirs
	Link        []string
	Media       []string
	Expires     time.Time // of our offer or theirs, whichever is first
	DocumentEnd time.Time
}

// OfferPairing makes what is carried to the other party: our document and a fresh secret, good for auth.OfferLife and for that party alone.
// Its text is in Raw. An earlier offer to the same party is void.
func (d *Dir) OfferPairing(ctx context.Context, to meeting.PartyID) (auth.Offer, error) {
	return d.peers.Offer(ctx, to, d.signed, d.now())
}

// ComparePairing checks the other party's offer against ours and says what the officers have to read to each other. It changes nothing. The
// errors are those of auth.Peers.Meet.
func (d *Dir) ComparePairing(ctx context.Context, theirs []byte) (Ceremony, error) {
	own, other, err := d.peers.Meet(ctx, d.Settings.Party, theirs, d.now())
	if err != nil {
		return Ceremony{}, err
	}
	c := Ceremony{
		Party: other.Document.Party, Names: other.Document.Names, Words: auth.Words(own, other),
		Ours: auth.Fingerprint(own.Document.Root), Theirs: auth.Fingerprint(other.Document.Root),
		Link: other.Document.Link, Expires: own.Expires, DocumentEnd: other.Document.NotAfter,
	}
	if other.Expires.Before(c.Expires) {
		c.Expires = other.Expires
	}
	for _, m := range other.Document.Media {
		c.Media = append(c.Media, m.String())
	}
	return c, nil
}

// AcceptPairing pins the other party: the officers have found the words the same. Our offer is used up. again admits a root that was distrusted.
func (d *Dir) AcceptPairing(ctx context.Context, theirs []byte, again bool) (auth.Peer, error) {
	p, err := d.peers.Accept(ctx, d.Settings.Party, theirs, d.now(), again)
	if err == nil {
		err = d.noteParty(ctx, "party.trusted", p.Document.Party)
	}
	return p, err
}

// AcceptDocument takes a newer document of a pinned party from a file that was carried here, and says whether it was new.
func (d *Dir) AcceptDocument(ctx context.Context, document []byte) (auth.Peer, bool, error) {
	return d.peers.Learn(ctx, document, d.now())
}

// Distrust takes a party out: auth.ErrUnknownParty if it is not pinned. A running node sees it within half a second and drops the link.
func (d *Dir) Distrust(ctx context.Context, p meeting.PartyID) error {
	if err := d.peers.Distrust(ctx, p, d.now()); err != nil {
		return err
	}
	return d.noteParty(ctx, "party.distrusted", p)
}

// Alarms are what a person must do something about: the end of our document and of those of the pinned parties. Empty: nothing.
func (d *Dir) Alarms(ctx context.Context) ([]string, error) {
	pinned, err := d.peers.List(ctx)
	if err != nil {
		return nil, err
	}
	now := d.now()
	var out []string
	if a := d.Document.Alarm(now); a != "" {
		out = append(out, a)
	}
	for _, p := range pinned {
		if !now.Before(p.Document.NotAfter) {
			out = append(out, fmt.Sprintf("the document of %s expired at %s: ask that party for a new one (visavis document accept)", p.Party, p.Document.NotAfter.Format(time.RFC3339)))
		}
	}
	return out, nil
}

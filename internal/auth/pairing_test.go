package auth_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"visavis/internal/auth"
	"visavis/internal/meeting"
	"visavis/internal/store"
)

// side is one party in a pairing.
type side struct {
	id    meeting.PartyID
	peers *auth.Peers
	doc   []byte
}

func newSide(t *testing.T, id meeting.PartyID, root byte) side {
	t.Helper()
	return side{id, auth.NewPeers(memory(t)), sign(t, document(id, root+1), root)}
}

func memory(t testing.TB) *store.Store {
	t.Helper()
	s, err := store.Memory()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func (s side) offer(t *testing.T, to meeting.PartyID) []byte {
	t.Helper()
	o, err := s.peers.Offer(context.Background(), to, s.doc, start)
	if err != nil {
		t.Fatal(err)
	}
	return o.Raw
}

func (s side) words(t *testing.T, theirs []byte) string {
	t.Helper()
	own, other, err := s.peers.Meet(context.Background(), s.id, theirs, start)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(auth.Words(own, other), " ")
}

func TestPairing(t *testing.T) {
	ctx := t.Context()
	a, b := newSide(t, "avelmar", 100), newSide(t, "tolmeria", 110)
	oa, ob := a.offer(t, "tolmeria"), b.offer(t, "avelmar")
	wa, wb := a.words(t, ob), b.words(t, bytes.ReplaceAll(oa, []byte("\n"), []byte("\r\n"))) // mail changes line ends
	if wa != wb || len(strings.Fields(wa)) != 16 {
		t.Errorf("words differ:\n%s\n%s", wa, wb)
	}
	if list, _ := a.peers.List(ctx); len(list) != 0 {
		t.Errorf("comparing alone has pinned %v", list)
	}
	p, err := a.peers.Accept(ctx, "avelmar", ob, start, false)
	if err != nil || p.Party != "tolmeria" || !p.Root.Equal(pub(110)) {
		t.Fatalf("Accept = %+v, %v", p, err)
	}
	if _, err := b.peers.Accept(ctx, "tolmeria", oa, start, false); err != nil {
		t.Fatal(err)
	}
	if got, err := a.peers.Peer(ctx, "tolmeria"); err != nil || !bytes.Equal(got.Raw, b.doc) {
		t.Errorf("pinned document is not the other's: %v", err)
	}
	if _, err := a.peers.Accept(ctx, "avelmar", ob, start, false); !errors.Is(err, auth.ErrNoOffer) {
		t.Errorf("the same offers a second time: %v, want ErrNoOffer: the secret is used up", err)
	}
}

// TestWordsTellOfAManInTheMiddle: whatever he puts in place of an offer, the officers read different words. The control is above.
func TestWordsTellOfAManInTheMiddle(t *testing.T) {
	a, b := newSide(t, "avelmar", 100), newSide(t, "tolmeria", 110)
	oa, ob := a.offer(t, "tolmeria"), b.offer(t, "avelmar")
	evilA, evilB := newSide(t, "avelmar", 120), newSide(t, "tolmeria", 130)
	for name, pair := range map[string][2][]byte{
		"other roots on both sides": {evilA.offer(t, "tolmeria"), evilB.offer(t, "avelmar")},
		"other root on one side":    {oa, evilB.offer(t, "avelmar")},
		"other secret":              {oa, withSecret(ob, "a")},
		"other end":                 {oa, bytes.Replace(ob, []byte("expires 2026-11-30"), []byte("expires 2026-11-29"), 1)},
		"older offer, same root":    {oa, mustOffer(t, "avelmar", b.doc)},
	} {
		if wa, wb := a.words(t, pair[1]), b.words(t, pair[0]); wa == wb {
			t.Errorf("%s: both officers read %s", name, wa)
		}
	}
}

func withSecret(o []byte, c string) []byte {
	lines := strings.SplitN(string(o), "\n", 5)
	lines[3] = "secret " + strings.Repeat(c, 32)
	return []byte(strings.Join(lines, "\n"))
}

func mustOffer(t *testing.T, to meeting.PartyID, doc []byte) []byte {
	t.Helper()
	o, err := auth.NewOffer(to, doc, start)
	if err != nil {
		t.Fatal(err)
	}
	return o.Raw
}

func TestOfferIsRefused(t *testing.T) {
	ctx := t.Context()
	a, b := newSide(t, "avelmar", 100), newSide(t, "tolmeria", 110)
	oa, ob := a.offer(t, "tolmeria"), b.offer(t, "avelmar")
	late := start.Add(auth.OfferLife)
	fresh := func() []byte { // of b, when our own has expired
		o, err := auth.NewOffer("avelmar", b.doc, late)
		if err != nil {
			t.Fatal(err)
		}
		return o.Raw
	}
	for _, c := range []struct {
		name string
		b    []byte
		now  time.Time
		want error
	}{
		{"as it is", ob, start, nil},
		{"blank lines up to the limit", append(bytes.Clone(ob), bytes.Repeat([]byte("\n"), auth.MaxOffer-len(ob))...), start, nil},
		{"a blank line more", append(bytes.Clone(ob), bytes.Repeat([]byte("\n"), auth.MaxOffer-len(ob)+1)...), start, auth.ErrOffer},
		{"last second", ob, late.Add(-time.Second), nil},
		{"expired", ob, late, auth.ErrOfferExpired},
		{"own expired", fresh(), late, auth.ErrNoOffer},
		{"own offer back", oa, start, auth.ErrOfferFor},
		{"made for another", mustOffer(t, "calwen", b.doc), start, auth.ErrOfferFor},
		{"of a party to which we made none", newSide(t, "calwen", 120).offer(t, "avelmar"), start, auth.ErrNoOffer},
		{"end far away", bytes.Replace(ob, []byte("expires 2026-11-30"), []byte("expires 2027-11-30"), 1), start, auth.ErrOfferExpired},
		{"signature cut off", ob[:len(ob)-20], start, auth.ErrSignature},
		{"document cut off", ob[:len(ob)-200], start, auth.ErrDocument},
		{"not signed by its root", bytes.Replace(ob, []byte("counter 3"), []byte("counter 4"), 1), start, auth.ErrSignature},
		{"short secret", bytes.Replace(ob, []byte("secret "), []byte("secret a"), 1), start, auth.ErrOffer},
		{"a document alone", b.doc, start, auth.ErrOffer},
		{"nothing", nil, start, auth.ErrOffer},
		{"too much", bytes.Repeat([]byte("\n"), auth.MaxOffer+1), start, auth.ErrOffer},
	} {
		if _, _, err := a.peers.Meet(ctx, "avelmar", c.b, c.now); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
		if c.want == nil {
			continue
		}
		if _, err := a.peers.Accept(ctx, "avelmar", c.b, c.now, false); !errors.Is(err, c.want) {
			t.Errorf("%s: Accept = %v, want %v", c.name, err, c.want)
		}
	}
	if list, _ := a.peers.List(ctx); len(list) != 0 {
		t.Errorf("pinned %v", list)
	}
}

func TestPeersLearnAndNeverGoBack(t *testing.T) {
	ctx := t.Context()
	s := memory(t)
	p := auth.NewPeers(s)
	doc := func(counter uint64, root byte, edit func(*auth.Document)) []byte {
		d := document("tolmeria", 111)
		d.Counter = counter
		if edit != nil {
			edit(&d)
		}
		return sign(t, d, root)
	}
	three, five := doc(3, 110, nil), doc(5, 110, nil)
	if _, _, err := p.Learn(ctx, three, start); !errors.Is(err, auth.ErrUnknownParty) {
		t.Errorf("Learn before pairing = %v, want ErrUnknownParty", err)
	}
	if _, err := p.Pin(ctx, three, start, false); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		b     []byte
		fresh bool
		want  error
	}{
		{"the same", three, false, nil},
		{"other root", doc(9, 111, nil), false, auth.ErrSignature},
		{"newer", five, true, nil},
		{"older", doc(4, 110, nil), false, auth.ErrRollback},
		{"same number, other contents", doc(5, 110, func(d *auth.Document) { d.Link = nil }), false, auth.ErrRollback},
		{"expired", doc(6, 110, func(d *auth.Document) { d.NotBefore, d.NotAfter = start.Add(-time.Hour), start }), false, auth.ErrExpired},
		{"the same again", five, false, nil},
	} {
		if _, fresh, err := p.Learn(ctx, c.b, start); !errors.Is(err, c.want) || fresh != c.fresh {
			t.Errorf("%s: fresh %v, %v, want %v, %v", c.name, fresh, err, c.fresh, c.want)
		}
	}
	if got, err := auth.NewPeers(s).Peer(ctx, "tolmeria"); err != nil || got.Document.Counter != 5 {
		t.Errorf("kept document %d, %v, want 5", got.Document.Counter, err)
	}
	if _, err := p.Pin(ctx, doc(9, 111, nil), start, false); !errors.Is(err, auth.ErrPinned) {
		t.Errorf("pinning another root = %v, want ErrPinned", err)
	}
}

func TestDistrust(t *testing.T) {
	ctx := t.Context()
	p := auth.NewPeers(memory(t))
	three := sign(t, document("tolmeria", 111), 110)
	newer := document("tolmeria", 111)
	newer.Counter = 4
	four := sign(t, newer, 110)
	other := sign(t, document("tolmeria", 121), 120)
	if err := p.Distrust(ctx, "tolmeria", start); !errors.Is(err, auth.ErrUnknownParty) {
		t.Errorf("distrusting a stranger = %v, want ErrUnknownParty", err)
	}
	for _, step := range []struct {
		name string
		do   func() error
		want error
	}{
		{"pin", func() error { _, err := p.Pin(ctx, four, start, false); return err }, nil},
		{"distrust", func() error { return p.Distrust(ctx, "tolmeria", start) }, nil},
		{"distrust again", func() error { return p.Distrust(ctx, "tolmeria", start) }, auth.ErrUnknownParty},
		{"learn", func() error { _, _, err := p.Learn(ctx, four, start); return err }, auth.ErrUnknownParty},
		{"same root", func() error { _, err := p.Pin(ctx, four, start, false); return err }, auth.ErrDistrusted},
		{"same root, older document", func() error { _, err := p.Pin(ctx, three, start, true); return err }, auth.ErrRollback},
		{"same root on purpose", func() error { _, err := p.Pin(ctx, four, start, true); return err }, nil},
		{"distrust once more", func() error { return p.Distrust(ctx, "tolmeria", start) }, nil},
		{"new root", func() error { _, err := p.Pin(ctx, other, start, false); return err }, nil},
	} {
		if err := step.do(); !errors.Is(err, step.want) {
			t.Errorf("%s: %v, want %v", step.name, err, step.want)
		}
	}
	if got, err := p.Peer(ctx, "tolmeria"); err != nil || !got.Root.Equal(pub(120)) {
		t.Errorf("in the end %v is pinned, %v", got.Root, err)
	}
}

func FuzzParseOffer(f *testing.F) {
	o, err := auth.NewOffer("tolmeria", sign(f, document("avelmar", 1), 100), start)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(o.Raw)
	f.Add(bytes.ReplaceAll(o.Raw, []byte("\n"), []byte("\r\n")))
	f.Add([]byte("visavis-pair/1\nfor a\nexpires b\nsecret c\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		o, err := auth.ParseOffer(b)
		if err != nil {
			return
		}
		again, err := auth.ParseOffer(o.Raw)
		if err != nil || !bytes.Equal(again.Raw, o.Raw) {
			t.Fatalf("what was taken is not taken again: %v", err)
		}
	})
}

package draft_test

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"visavis/internal/draft"
	"visavis/internal/meeting"
	"visavis/internal/readout"
	"visavis/internal/site"
	"visavis/internal/store"
)

const text = readout.ID("avelmar-tolmeria-2025")

var ctx = context.Background()

// t0 is three hours before the sample's embargo ends.
var t0 = time.Date(2025, 12, 11, 2, 0, 0, 0, time.UTC)

// world is the time that all clocks show, unless one is set otherwise.
type world struct{ since time.Duration }

// office is one party's node as far as readouts go: a store, a desk, a public store, and a line to the other that the test holds in its hands.
type office struct {
	t     *testing.T
	w     *world
	id    meeting.PartyID
	text  readout.ID
	store *store.Store
	dir   string // of the public store
	desk  *draft.Desk
	far   *office
	out   [][]byte // on the way to the other
	down  bool     // the link is down: Send is an error

	wrong time.Duration // how far this node's wall clock is off
	began time.Duration // when its process did
	blind bool          // the node itself knows nothing of the other's clock: the desk asks
	keys  readout.Keys  // that the parties name; nil: keys()
	full  error         // what the public store's disk says; nil: it is well
	wrote func()        // called when the public store has been written, before the desk hears of it; nil: nothing
	kill  string        // "before" or "after" the write to the public store: the process ends there
}

type killed struct{}

func offices(t *testing.T) (a, b *office) {
	t.Helper()
	w := &world{}
	a, b = &office{t: t, id: "avelmar", w: w, text: text}, &office{t: t, id: "tolmeria", w: w, text: text}
	a.far, b.far = b, a
	for _, o := range []*office{a, b} {
		s, err := store.Memory()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		o.store, o.dir = s, t.TempDir()
		o.start()
	}
	return a, b
}

func key(p meeting.PartyID) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte("readout key of " + p))
	return ed25519.NewKeyFromSeed(seed[:])
}

func keys() readout.Keys {
	out := readout.Keys{}
	for _, p := range []meeting.PartyID{"avelmar", "tolmeria"} {
		doc := sha256.Sum256([]byte("document of " + p))
		out[p] = []readout.Key{{Public: key(p).Public().(ed25519.PublicKey), Document: hex.EncodeToString(doc[:])}}
	}
	return out
}

func (o *office) now() time.Time { return t0.Add(o.w.since + o.wrong) }

func (o *office) clock(meeting.PartyID) readout.Clock {
	return readout.Clock{Wall: o.now(), Mono: o.w.since - o.began, Far: o.far.wrong - o.wrong, Known: !o.down && !o.blind}
}

// start makes the desk anew on what the store holds, as after a restart: what was on the way is lost.
func (o *office) start() {
	o.out, o.began = nil, o.w.since
	o.desk = draft.New(draft.Config{Store: o.store, Self: o.id, Others: func() []meeting.PartyID { return []meeting.PartyID{o.far.id} },
		Send: func(p meeting.PartyID, b []byte) error {
			if o.down {
				return errors.New("link is down")
			}
			o.out = append(o.out, b)
			return nil
		},
		Keys: func() readout.Keys {
			if o.keys != nil {
				return o.keys
			}
			return keys()
		},
		Clock: o.clock, Public: o, Now: o.now})
}

// Publish implements draft.Public on a real public store.
func (o *office) Publish(b []byte, k readout.Keys, now time.Time) error {
	if o.full != nil {
		return o.full
	}
	if o.kill == "before" {
		panic(killed{})
	}
	s, err := site.OpenStore(o.dir)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.Publish(b, k, now); err != nil {
		return err
	}
	if o.kill == "after" {
		panic(killed{})
	}
	if o.wrote != nil {
		o.wrote()
	}
	return nil
}

// Withdraw implements draft.Public.
func (o *office) Withdraw(id readout.ID, by []meeting.PartyID, now time.Time) error {
	s, err := site.OpenStore(o.dir)
	if err != nil {
		return err
	}
	defer s.Close()
	return s.Withdraw(id, site.Withdrawal{At: now, By: by})
}

// public is the file of a revision in the public store, nil if nothing is public.
func (o *office) public(revision string) []byte {
	if _, err := os.Stat(filepath.Join(o.dir, "readouts", string(o.text), revision+".published.json")); err != nil {
		return nil
	}
	b, err := os.ReadFile(filepath.Join(o.dir, "readouts", string(o.text), revision+".json"))
	if err != nil {
		return nil
	}
	return b
}

// settle lets everything arrive and says again what was lost.
func settle(a, b *office) {
	a.t.Helper()
	for range 3 {
		for _, o := range []*office{a, b} {
			if err := o.desk.Tick(ctx); err != nil {
				a.t.Fatal(err)
			}
		}
		for len(a.out)+len(b.out) > 0 {
			a.hear()
			b.hear()
		}
	}
}

// hear lets o hear all that is on its way to it.
func (o *office) hear() {
	o.t.Helper()
	all := o.far.out
	o.far.out = nil
	for _, b := range all {
		if err := o.desk.Hear(ctx, o.far.id, b); err != nil {
			o.t.Fatal(err)
		}
	}
}

func (o *office) get() *draft.Case {
	o.t.Helper()
	c, err := o.desk.Case(ctx, o.text)
	if err != nil {
		o.t.Fatal(err)
	}
	return c
}

// read is what an officer who looks now has read.
func (o *office) read() draft.Read {
	m := o.get().Manuscript
	return draft.Read{Version: m.Version, Blocks: m.Versions}
}

func (o *office) must(_ *draft.Case, err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatalf("%s: %v", o.id, err)
	}
}

func (o *office) stage(want readout.Stage) {
	o.t.Helper()
	if got := o.get().Life; got.Stage != want {
		o.t.Errorf("%s: stage %s (held %q), want %s", o.id, got.Stage, got.Held, want)
	}
}

// officer is one who has shown a passkey over the hash of what is agreed.
func (o *office) officer() draft.Officer {
	return draft.Officer{Name: "officer of " + string(o.id), Proven: o.get().Life.Hash}
}

func sample(t *testing.T) readout.Document {
	t.Helper()
	b, err := os.ReadFile("../readout/testdata/avelmar-tolmeria-2025.json")
	if err != nil {
		t.Fatal(err)
	}
	d, err := readout.ParseDocument(b)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// agreed brings the sample so far that both hold it.
func agreed(a, b *office) {
	a.t.Helper()
	a.must(a.desk.Begin(ctx, sample(a.t)))
	a.must(a.desk.Propose(ctx, text, a.read(), draft.Officer{Name: "vost"}))
	settle(a, b)
	b.must(b.desk.Accept(ctx, text, b.get().Talk.Head, draft.Officer{Name: "quintar"}))
	settle(a, b)
	a.stage(readout.StageAgreed)
	b.stage(readout.StageAgreed)
}

// offline is what "visavis sign" does with the file that the desk gives out.
func (o *office) offline() []byte {
	o.t.Helper()
	b, err := o.desk.Unsigned(ctx, o.text)
	if err != nil {
		o.t.Fatal(err)
	}
	f, err := readout.ParseFile(b)
	if err != nil {
		o.t.Fatal(err)
	}
	m, err := f.ManifestOf()
	if err != nil {
		o.t.Fatal(err)
	}
	s, err := readout.SignManifest(m, o.id, key(o.id))
	if err != nil {
		o.t.Fatal(err)
	}
	l, _ := readout.ParseLine(s)
	k := keys()[o.id][0]
	if f, err = f.WithLine(l, readout.FileKey{Party: o.id, Public: k.Public, Document: k.Document}); err != nil {
		o.t.Fatal(err)
	}
	if b, err = f.Encode(); err != nil {
		o.t.Fatal(err)
	}
	return b
}

// sign signs off and brings the line.
func (o *office) sign() {
	o.t.Helper()
	o.must(o.desk.SignOff(ctx, o.text, o.get().Life.Hash, o.officer()))
	o.must(o.desk.Sign(ctx, o.text, o.offline(), o.officer()))
}

// look lets o look at the clock; it ends where the process was killed.
func (o *office) look() {
	o.t.Helper()
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(killed); !ok {
				panic(r)
			}
			o.kill = ""
			o.start()
		}
	}()
	if err := o.desk.Look(ctx); err != nil {
		o.t.Fatal(err)
	}
}

func code(err error) string {
	if e, ok := err.(*meeting.Error); ok {
		return e.Code
	}
	if err == nil {
		return ""
	}
	return err.Error()
}

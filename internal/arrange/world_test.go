package arrange_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"visavis/internal/arrange"
	"visavis/internal/meeting"
	"visavis/internal/store"
)

// office is one party's node as far as arranging goes: a store, a desk, and a line to the other that the test holds in its hands.
type office struct {
	t         *testing.T
	id        meeting.PartyID
	store     *store.Store
	desk      *arrange.Desk
	far       *office
	out       [][]byte // on the way to the other
	down      bool     // the link is down: Send is an error
	begun     bool
	installed []meeting.ID
	now       time.Time
}

var errDown = errors.New("link is down")

func text(s string) meeting.Text { return meeting.Text{"en": s} }

// offices are avelmar and tolmeria, with a link between them.
func offices(t *testing.T) (a, b *office) {
	t.Helper()
	a, b = &office{t: t, id: "avelmar"}, &office{t: t, id: "tolmeria"}
	a.far, b.far = b, a
	for _, o := range []*office{a, b} {
		s, err := store.Memory()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		o.store, o.now = s, time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
		o.start()
	}
	return a, b
}

// start makes the desk anew on what the store holds, as after a restart: what was on the way is lost.
func (o *office) start() {
	names := map[meeting.PartyID]meeting.Text{"avelmar": text("Avelmar"), "tolmeria": text("Tolmeria"), "calwen": text("Calwen")}
	o.out = nil
	o.desk = arrange.New(arrange.Config{
		Store: o.store, Self: arrange.Party{ID: o.id, Name: names[o.id]},
		Others: func() (out []arrange.Party) {
			for _, id := range []meeting.PartyID{"avelmar", "tolmeria"} {
				if id != o.id {
					out = append(out, arrange.Party{ID: id, Name: names[id]})
				}
			}
			return out
		},
		Send: func(p meeting.PartyID, b []byte) error {
			if o.down || p != o.far.id {
				return errDown
			}
			o.out = append(o.out, b)
			return nil
		},
		Begun:     func(context.Context, meeting.ID) (bool, error) { return o.begun, nil },
		Installed: func(id meeting.ID) { o.installed = append(o.installed, id) },
		Now:       func() time.Time { return o.now },
	})
}

// copy is what o's node has on its disk now.
func (o *office) copy() *store.Store {
	o.t.Helper()
	s, err := store.Memory()
	if err != nil {
		o.t.Fatal(err)
	}
	o.t.Cleanup(func() { _ = s.Close() })
	for _, bucket := range []string{arrange.MeetingBucket, "arrange"} {
		items, err := o.store.List(o.t.Context(), bucket, "")
		if err != nil {
			o.t.Fatal(err)
		}
		for _, i := range items {
			if err := s.Put(o.t.Context(), bucket, i.Key, i.Value); err != nil {
				o.t.Fatal(err)
			}
		}
	}
	return s
}

// settle brings everything that is on the way to its end, both ways. It fails the test if that has none.
func settle(a, b *office) {
	a.t.Helper()
	for n := 0; len(a.out)+len(b.out) > 0; n++ {
		if n > 200 {
			a.t.Fatal("the two nodes go on talking for ever")
		}
		for _, o := range []*office{a, b} {
			if len(o.out) > 0 {
				m := o.out[0]
				o.out = o.out[1:]
				o.far.hear(m)
			}
		}
	}
}

func (o *office) hear(m []byte) {
	o.t.Helper()
	if err := o.desk.Hear(o.t.Context(), o.far.id, m); err != nil {
		o.t.Fatalf("%s hears %s: %v", o.id, m, err)
	}
}

// lose throws away what is on the way from o.
func (o *office) lose() { o.out = nil }

// up is a link that comes up again: both say what was not answered.
func up(a, b *office) {
	a.t.Helper()
	for _, o := range []*office{a, b} {
		o.down = false
		if err := o.desk.Up(o.t.Context(), o.far.id); err != nil {
			o.t.Fatal(err)
		}
	}
}

func cut(a, b *office) { a.down, b.down, a.out, b.out = true, true, nil, nil }

// must unwraps what an officer did.
func (o *office) must(c *arrange.Case, err error) *arrange.Case {
	o.t.Helper()
	if err != nil {
		o.t.Fatalf("%s: %v", o.id, err)
	}
	return c
}

// fails wants a code.
func (o *office) fails(code string) func(c *arrange.Case, err error) {
	return func(_ *arrange.Case, err error) {
		o.t.Helper()
		var e *meeting.Error
		if !errors.As(err, &e) || e.Code != code {
			o.t.Errorf("%s: %v, want %s", o.id, err, code)
		}
	}
}

func (o *office) get(id meeting.ID) *arrange.Case {
	o.t.Helper()
	return o.must(o.desk.Case(o.t.Context(), id))
}

const velune meeting.ID = "velune-2026"

// people are a delegation of three.
func people(p meeting.PartyID) []meeting.Member {
	m := func(n int, role meeting.Role) meeting.Member {
		return meeting.Member{ID: meeting.MemberID(fmt.Sprintf("%s-%d", p, n)), Party: p, Role: role, Precedence: n,
			Name: text(fmt.Sprintf("Person %d of %s", n, p)), Office: text("Office")}
	}
	return []meeting.Member{m(1, meeting.Principal), m(2, meeting.Delegate), m(3, meeting.Officer)}
}

// edit changes the draft and saves it.
func (o *office) edit(f func(d *meeting.Definition)) *arrange.Case {
	o.t.Helper()
	c := o.get(velune)
	d := c.Draft
	f(&d)
	return o.must(o.desk.Save(o.t.Context(), velune, d, c.Version, string(o.id)+"-officer"))
}

func (o *office) propose() *arrange.Case {
	o.t.Helper()
	return o.must(o.desk.Propose(o.t.Context(), velune, o.get(velune).Version, string(o.id)+"-officer"))
}

func (o *office) accept() *arrange.Case {
	o.t.Helper()
	return o.must(o.desk.Accept(o.t.Context(), velune, o.get(velune).Head, string(o.id)+"-officer"))
}

// head is the state of the revision that counts.
func (o *office) head() arrange.State {
	o.t.Helper()
	c := o.get(velune)
	return stateOf(c, c.Head)
}

func stateOf(c *arrange.Case, id meeting.Hash) arrange.State {
	for _, r := range c.Log {
		if r.ID == id {
			return r.State
		}
	}
	return ""
}

// inForce is the definition that o's node would open a room for; nil: none.
func (o *office) inForce() *meeting.Definition {
	o.t.Helper()
	b, err := o.store.Get(o.t.Context(), arrange.MeetingBucket, string(velune))
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		o.t.Fatal(err)
	}
	d, err := meeting.ParseDefinition(b)
	if err != nil {
		o.t.Fatal(err)
	}
	return &d
}

// both wants the same definition in force on both nodes and gives it.
func both(a, b *office) meeting.Definition {
	a.t.Helper()
	da, db := a.inForce(), b.inForce()
	if da == nil || db == nil || da.Digest() != db.Digest() {
		a.t.Fatalf("in force: %v and %v, want one and the same", da, db)
	}
	return *da
}

// none wants the meeting on neither node.
func none(a, b *office) {
	a.t.Helper()
	for _, o := range []*office{a, b} {
		if d := o.inForce(); d != nil {
			o.t.Errorf("%s holds the meeting %v, want none yet", o.id, d)
		}
	}
}

// begin is avelmar's first proposal: a title, its own people, a suggestion of the hour. It is on its way.
func begin(a *office) {
	a.t.Helper()
	a.must(a.desk.Begin(a.t.Context(), velune, "tolmeria", "avelmar-officer"))
	a.edit(func(d *meeting.Definition) {
		d.Title = text("Ninth annual meeting")
		d.Start = time.Date(2026, 12, 10, 5, 0, 0, 0, time.UTC)
		d.Parties[0].Zone, d.Parties[1].Zone = "Asia/Singapore", "America/Bogota"
		d.Members = people("avelmar")
	})
	a.propose()
}

// arranged is a meeting that both have agreed on.
func arranged(t *testing.T) (a, b *office) {
	t.Helper()
	a, b = offices(t)
	begin(a)
	settle(a, b)
	b.edit(func(d *meeting.Definition) { d.Members = append(d.Members, people("tolmeria")...) })
	b.propose()
	settle(a, b)
	a.accept()
	settle(a, b)
	both(a, b)
	return a, b
}

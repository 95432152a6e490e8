package arrange_test

import (
	"slices"
	"testing"
	"time"

	"visavis/internal/arrange"
	"visavis/internal/meeting"
)

// TestLife: proposed, countered, accepted; then changed, which needs both again. At no moment is a definition in force that one officer has not
// agreed to.
func TestLife(t *testing.T) {
	a, b := offices(t)
	begin(a)
	settle(a, b)
	if a.head() != arrange.Open || b.head() != arrange.Open || a.get(velune).Head != b.get(velune).Head {
		t.Fatalf("after a proposal: %s and %s, want the same one open", a.head(), b.head())
	}
	none(a, b)
	// Tolmeria has named nobody yet, so there is nothing that it could accept.
	b.fails("arrange.empty")(b.desk.Accept(t.Context(), velune, b.get(velune).Head, "tolmeria-officer"))
	b.edit(func(d *meeting.Definition) {
		d.Members = append(d.Members, people("tolmeria")...)
		d.Start = d.Start.Add(time.Hour)
	})
	first := b.get(velune).Head
	b.propose()
	settle(a, b)
	if stateOf(a.get(velune), first) != arrange.Countered || stateOf(b.get(velune), first) != arrange.Countered {
		t.Errorf("the first proposal is %s and %s, want countered", stateOf(a.get(velune), first), stateOf(b.get(velune), first))
	}
	if c := a.get(velune); c.Draft.Start.Hour() != 6 || len(c.Draft.Members) != 6 {
		t.Errorf("avelmar's draft does not follow the counter-proposal: %v", c.Draft)
	}
	none(a, b)
	a.accept()
	settle(a, b)
	d := both(a, b)
	if len(d.Members) != 6 || d.Start.Hour() != 6 {
		t.Errorf("in force: %v", d)
	}
	if a.head() != arrange.Agreed || b.head() != arrange.Agreed || len(a.installed) != 1 || len(b.installed) != 1 {
		t.Errorf("heads %s, %s; installed %v, %v", a.head(), b.head(), a.installed, b.installed)
	}
	// A change: nothing is different until the other side has said yes.
	a.edit(func(d *meeting.Definition) { d.Title = text("Ninth annual meeting of the Commission") })
	a.propose()
	settle(a, b)
	if both(a, b).Title["en"] != "Ninth annual meeting" {
		t.Error("a change came into force on one officer's word")
	}
	b.accept()
	settle(a, b)
	if got := both(a, b).Title["en"]; got != "Ninth annual meeting of the Commission" {
		t.Errorf("after both agreed the title is %q", got)
	}
}

// TestNotAgreed: declined and withdrawn proposals end so on both nodes, and another can follow.
func TestNotAgreed(t *testing.T) {
	a, b := offices(t)
	begin(a)
	settle(a, b)
	rev := a.get(velune).Head
	b.must(b.desk.Decline(t.Context(), velune, rev, "Not in December.", "tolmeria-officer"))
	settle(a, b)
	c := a.get(velune)
	if a.head() != arrange.Declined || c.Log[0].Reason != "Not in December." || b.head() != arrange.Declined {
		t.Errorf("declined: %s %q and %s", a.head(), c.Log[0].Reason, b.head())
	}
	b.fails("arrange.gone")(b.desk.Accept(t.Context(), velune, rev, "x"))
	a.edit(func(d *meeting.Definition) { d.Start = d.Start.AddDate(0, 1, 0) })
	a.propose()
	settle(a, b)
	if b.head() != arrange.Open {
		t.Fatalf("a new proposal after a declined one is %s, want open", b.head())
	}
	a.must(a.desk.Withdraw(t.Context(), velune, a.get(velune).Head, "avelmar-officer"))
	settle(a, b)
	if a.head() != arrange.Withdrawn || b.head() != arrange.Withdrawn {
		t.Errorf("withdrawn: %s and %s", a.head(), b.head())
	}
	b.fails("arrange.gone")(b.desk.Accept(t.Context(), velune, b.get(velune).Head, "x"))
	none(a, b)
	quiet(a, b)
}

// quiet wants that nothing is left to be said again.
func quiet(a, b *office) {
	a.t.Helper()
	up(a, b)
	if len(a.out)+len(b.out) > 0 {
		a.t.Errorf("still to be said: %s %s", a.out, b.out)
	}
}

// TestLinkCut: whatever is lost at any step, everything comes out the same once the link is back.
func TestLinkCut(t *testing.T) {
	steps := []struct {
		name string
		act  func(a, b *office)
	}{
		{"proposal", func(a, b *office) { begin(a) }},
		{"its answer", func(a, b *office) { b.far = a }},
		{"counter-proposal", func(a, b *office) {
			b.edit(func(d *meeting.Definition) { d.Members = append(d.Members, people("tolmeria")...) })
			b.propose()
		}},
		{"accept", func(a, b *office) { a.accept() }},
	}
	for lost := range 5 { // how many messages of each step get through before the cut
		for restart := range 2 {
			a, b := offices(t)
			for _, s := range steps {
				s.act(a, b)
				for range lost {
					for _, o := range []*office{a, b} {
						if len(o.out) > 0 {
							m := o.out[0]
							o.out = o.out[1:]
							o.far.hear(m)
						}
					}
				}
				cut(a, b)
				if restart == 1 { // both processes are killed: only the stores are left
					a.start()
					b.start()
				}
				up(a, b)
				settle(a, b)
			}
			both(a, b)
			if len(a.installed) != 1 || len(b.installed) != 1 {
				t.Errorf("%d through, restart %d: installed %v and %v, want once each", lost, restart, a.installed, b.installed)
			}
			quiet(a, b)
		}
	}
}

// TestWaitsForLink: what an officer does while the link is down is sent when it is back, once.
func TestWaitsForLink(t *testing.T) {
	a, b := offices(t)
	cut(a, b)
	begin(a)
	if len(a.out) > 0 {
		t.Fatal("something was sent over a link that is down")
	}
	if b.count() != 0 {
		t.Fatal("the other node knows it already")
	}
	up(a, b)
	settle(a, b)
	if b.head() != arrange.Open || b.count() != 1 {
		t.Errorf("after the link is back: %s, %d meetings", b.head(), b.count())
	}
	quiet(a, b)
}

func (o *office) count() int {
	o.t.Helper()
	all, err := o.desk.Cases(o.t.Context())
	if err != nil {
		o.t.Fatal(err)
	}
	return len(all)
}

// TestDoubled: every message twice, and all of a life once more at its end, change nothing.
func TestDoubled(t *testing.T) {
	a, b := offices(t)
	var all []struct {
		to *office
		m  []byte
	}
	twice := func() {
		for n := 0; len(a.out)+len(b.out) > 0; n++ {
			if n > 200 {
				t.Fatal("the two nodes go on talking for ever")
			}
			for _, o := range []*office{a, b} {
				if len(o.out) == 0 {
					continue
				}
				m := o.out[0]
				o.out = o.out[1:]
				o.far.hear(m)
				all = append(all, struct {
					to *office
					m  []byte
				}{o.far, m})
				if n < 20 {
					o.far.hear(m)
				}
			}
		}
	}
	begin(a)
	twice()
	b.edit(func(d *meeting.Definition) { d.Members = append(d.Members, people("tolmeria")...) })
	b.propose()
	twice()
	a.accept()
	twice()
	d := both(a, b)
	if len(a.installed) != 1 || len(b.installed) != 1 {
		t.Errorf("installed %v and %v, want once each", a.installed, b.installed)
	}
	for _, x := range all {
		x.to.hear(x.m)
		settle(a, b)
	}
	if again := both(a, b); again.Digest() != d.Digest() || a.head() != arrange.Agreed || b.head() != arrange.Agreed || len(a.get(velune).Log) != 2 {
		t.Errorf("a life told again changed it: %s %s", a.head(), b.head())
	}
}

// TestLate: a proposal that arrives after a newer one of its author is late, and says so.
func TestLate(t *testing.T) {
	a, b := offices(t)
	begin(a)
	old := a.out[0]
	a.lose()
	a.edit(func(d *meeting.Definition) { d.Title = text("Another title") })
	a.propose()
	if len(a.out) != 1 {
		t.Fatalf("%d messages, want the newer proposal alone", len(a.out))
	}
	settle(a, b)
	head := b.get(velune).Head
	b.hear(old)
	m, err := arrange.Decode(b.out[0])
	if err != nil || m.Answer == nil || m.Answer.State != arrange.Late || m.Answer.N != 2 {
		t.Errorf("answer to a late proposal: %+v, %v", m.Answer, err)
	}
	settle(a, b)
	if b.get(velune).Head != head || b.head() != arrange.Open || a.head() != arrange.Open || a.get(velune).Head != head {
		t.Error("a late proposal changed what counts")
	}
	if got := stateOf(a.get(velune), a.get(velune).Log[0].ID); got != arrange.Superseded {
		t.Errorf("the old proposal is %s at its author, want superseded", got)
	}
}

// TestSuperseded: an acceptance that crosses a newer proposal of the author does not hold; both see the newer one open.
func TestSuperseded(t *testing.T) {
	a, b := arranged(t)
	a.edit(func(d *meeting.Definition) { d.Title = text("Second") })
	a.propose()
	settle(a, b)
	second := b.get(velune).Head
	b.accept() // on its way
	a.edit(func(d *meeting.Definition) { d.Title = text("Third") })
	a.propose() // crosses it
	settle(a, b)
	if both(a, b).Title["en"] != "Ninth annual meeting" {
		t.Error("a revision that its author had replaced came into force")
	}
	for _, o := range []*office{a, b} {
		if stateOf(o.get(velune), second) != arrange.Superseded || o.head() != arrange.Open || o.get(velune).Head == second {
			t.Errorf("%s: second %s, head %s; want superseded and the third open", o.id, stateOf(o.get(velune), second), o.head())
		}
	}
	b.accept()
	settle(a, b)
	if both(a, b).Title["en"] != "Third" {
		t.Error("the third is not in force")
	}
	quiet(a, b)
}

// TestCrossing: both propose at once. The same one holds on both nodes, whoever's message is first, and nobody's people are lost.
func TestCrossing(t *testing.T) {
	for name, order := range map[string]func(a, b *office){
		"both at once": settle,
		"avelmar's first": func(a, b *office) {
			m := a.out[0]
			a.out = a.out[1:]
			b.hear(m)
			settle(a, b)
		},
		"tolmeria's first": func(a, b *office) {
			m := b.out[0]
			b.out = b.out[1:]
			a.hear(m)
			settle(a, b)
		},
		"both lost": func(a, b *office) { cut(a, b); up(a, b); settle(a, b) },
	} {
		t.Run(name, func(t *testing.T) {
			a, b := offices(t)
			begin(a)
			b.must(b.desk.Begin(t.Context(), velune, "avelmar", "tolmeria-officer"))
			b.edit(func(d *meeting.Definition) {
				d.Title, d.Members = text("Tolmeria's title"), people("tolmeria")
				slices.Reverse(d.Parties)
			})
			b.propose()
			order(a, b)
			if a.get(velune).Head != b.get(velune).Head || a.head() != arrange.Open || b.head() != arrange.Open {
				t.Fatalf("heads %s and %s, want one and the same open", a.head(), b.head())
			}
			h := a.get(velune)
			if i := slices.IndexFunc(h.Log, func(r arrange.Revision) bool { return r.ID == h.Head }); h.Log[i].Party != "avelmar" {
				t.Errorf("that of %s holds, want that of the smaller id", h.Log[i].Party)
			}
			if n := len(b.get(velune).Draft.Members); n != 6 {
				t.Errorf("tolmeria's draft has %d people, want both delegations", n)
			}
			b.propose()
			settle(a, b)
			a.accept()
			settle(a, b)
			if d := both(a, b); len(d.Members) != 6 || d.Title["en"] != "Ninth annual meeting" {
				t.Errorf("in force: %v", d)
			}
			quiet(a, b)
		})
	}
}

// TestOfficersEditAtOnce: of two officers of one party who save at once the later one is told.
func TestOfficersEditAtOnce(t *testing.T) {
	a, _ := offices(t)
	begin(a)
	c := a.get(velune)
	a.must(a.desk.Save(t.Context(), velune, c.Draft, c.Version, "first"))
	a.fails("arrange.changed")(a.desk.Save(t.Context(), velune, c.Draft, c.Version, "second"))
	a.fails("arrange.changed")(a.desk.Propose(t.Context(), velune, c.Version, "second"))
}

package arrange_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"visavis/internal/arrange"
	"visavis/internal/meeting"
	"visavis/internal/store"
)

// say has the far node send m to o, whatever its desk thinks of it, and gives the answer.
func (o *office) say(m arrange.Message) *arrange.Answer {
	o.t.Helper()
	b, err := json.Marshal(m)
	if err != nil {
		o.t.Fatal(err)
	}
	o.out = nil
	o.hear(b)
	if len(o.out) == 0 {
		return nil
	}
	got, err := arrange.Decode(o.out[0])
	if err != nil || got.Answer == nil {
		o.t.Fatalf("%s answers %s: %v", o.id, o.out[0], err)
	}
	o.out = nil
	return got.Answer
}

// good is a first proposal of avelmar.
func good() arrange.Proposal {
	return arrange.Proposal{Meeting: velune, Party: "avelmar", N: 1, Definition: meeting.Definition{
		ID: velune, Title: text("T"), Host: "avelmar", Start: time.Date(2026, 12, 10, 5, 0, 0, 0, time.UTC),
		Parties: []meeting.Party{{ID: "avelmar", Name: text("Avelmar"), Zone: "Asia/Singapore"}, {ID: "tolmeria", Name: text("Tolmeria"), Zone: "America/Bogota"}},
		Members: people("avelmar"),
	}}
}

// TestHostileProposals: what a proposal may not say is refused with its code, nothing of it is kept.
func TestHostileProposals(t *testing.T) {
	for name, x := range map[string]struct {
		change func(p *arrange.Proposal)
		code   string
	}{
		"good (control)":          {func(*arrange.Proposal) {}, ""},
		"in our own name":         {func(p *arrange.Proposal) { p.Party = "tolmeria" }, "arrange.party"},
		"in a third party's name": {func(p *arrange.Proposal) { p.Party = "calwen" }, "arrange.party"},
		"number 0":                {func(p *arrange.Proposal) { p.N = 0 }, "arrange.number"},
		"another meeting inside":  {func(p *arrange.Proposal) { p.Definition.ID = "other" }, "arrange.meeting"},
		"a third party":           {func(p *arrange.Proposal) { p.Definition.Parties[1].ID = "calwen" }, "arrange.parties"},
		"three parties": {func(p *arrange.Proposal) {
			p.Definition.Parties = append(p.Definition.Parties, meeting.Party{ID: "calwen", Name: text("C"), Zone: "Etc/UTC"})
		}, "arrange.parties"},
		"our people, invented":     {func(p *arrange.Proposal) { p.Definition.Members = append(p.Definition.Members, people("tolmeria")...) }, "arrange.delegation"},
		"right-to-left override":   {func(p *arrange.Proposal) { p.Definition.Title = text("a\u202eb") }, "text.invisible"},
		"line feed in a name":      {func(p *arrange.Proposal) { p.Definition.Members[0].Name = text("a\r\nATTENDEE:b") }, "text.control"},
		"no title":                 {func(p *arrange.Proposal) { p.Definition.Title = nil }, "text.empty"},
		"zone that is a path":      {func(p *arrange.Proposal) { p.Definition.Parties[0].Zone = "../etc/passwd" }, "party.zone"},
		"zone that is not one":     {func(p *arrange.Proposal) { p.Definition.Parties[0].Zone = "Mars/Olympus" }, "party.zone"},
		"not in the one order":     {func(p *arrange.Proposal) { m := p.Definition.Members; m[0], m[1] = m[1], m[0] }, "text.unclean"},
		"start with a fraction":    {func(p *arrange.Proposal) { p.Definition.Start = p.Definition.Start.Add(time.Millisecond) }, "text.unclean"},
		"two principals":           {func(p *arrange.Proposal) { p.Definition.Members[1].Role = meeting.Principal }, "party.principals"},
		"a role that there is not": {func(p *arrange.Proposal) { p.Definition.Members[1].Role = "emperor" }, "member.role"},
	} {
		t.Run(name, func(t *testing.T) {
			_, b := offices(t)
			p := good()
			x.change(&p)
			a := b.say(arrange.Message{Propose: &p})
			if x.code == "" {
				if a == nil || a.State != arrange.Open || b.count() != 1 {
					t.Fatalf("answer %+v, %d meetings; want open and 1", a, b.count())
				}
				return
			}
			if a == nil || a.State != arrange.Refused || a.Code != x.code {
				t.Errorf("answer %+v, want refused with %s", a, x.code)
			}
			if b.count() != 0 {
				t.Error("something of it was kept")
			}
		})
	}
}

// TestForgedAnswers: no answer of the other node makes a meeting that our officer has not accepted, or unmakes one.
func TestForgedAnswers(t *testing.T) {
	_, b := offices(t)
	p := good()
	b.say(arrange.Message{Propose: &p})
	b.edit(func(d *meeting.Definition) { d.Members = append(d.Members, people("tolmeria")...) })
	for _, s := range []arrange.State{arrange.Agreed, arrange.Accepted, arrange.Countered, arrange.Open, arrange.Refused} {
		b.say(arrange.Message{Answer: &arrange.Answer{Meeting: velune, Revision: p.ID(), State: s}})
		if b.inForce() != nil || b.head() != arrange.Open {
			t.Fatalf("%q made of an open proposal a meeting, or %s", s, b.head())
		}
	}
	// A proposal that claims that the open one is agreed does no more.
	q := p
	q.N, q.Parent, q.Agreed, q.Definition.Title = 2, p.ID(), p.ID(), text("U")
	b.say(arrange.Message{Propose: &q})
	if b.inForce() != nil {
		t.Fatal("a claim made a meeting")
	}
	b.say(arrange.Message{Answer: &arrange.Answer{Meeting: velune, Revision: q.ID(), State: arrange.Superseded}}) // as its author may also take it back
	if b.inForce() != nil || b.head() != arrange.Superseded {
		t.Fatalf("its author says that it is superseded: %s", b.head())
	}
	for _, unknown := range []arrange.State{arrange.Agreed, arrange.Open, arrange.Withdrawn, arrange.Refused, arrange.Late} {
		if a := b.say(arrange.Message{Answer: &arrange.Answer{Meeting: "nothing", Revision: p.ID(), State: unknown}}); a != nil {
			t.Errorf("%q about a meeting that is not there was answered: %+v", unknown, a)
		}
	}
	if a := b.say(arrange.Message{Answer: &arrange.Answer{Meeting: "nothing", Revision: p.ID(), State: arrange.Accepted}}); a == nil || a.State != arrange.Refused {
		t.Errorf("accepted, of a revision that we have forgotten: %+v, want refused, or the other waits for ever", a)
	}
	if b.count() != 1 {
		t.Errorf("%d meetings, want 1", b.count())
	}

	a, b := arranged(t)
	d := both(a, b)
	for _, s := range []arrange.State{arrange.Withdrawn, arrange.Superseded, arrange.Refused, arrange.Declined, arrange.Countered, arrange.Late} {
		for _, o := range []*office{a, b} {
			o.say(arrange.Message{Answer: &arrange.Answer{Meeting: velune, Revision: o.get(velune).Agreed, State: s}})
			if o.head() != arrange.Agreed || o.inForce().Digest() != d.Digest() {
				t.Errorf("%q unmade an agreed meeting at %s: %s", s, o.id, o.head())
			}
		}
	}
}

// TestDelegationIsOnesOwn: neither a proposal nor a draft changes what the other party said of its own people; a counter-proposal does.
func TestDelegationIsOnesOwn(t *testing.T) {
	a, b := arranged(t)
	c := a.get(velune)
	for name, change := range map[string]func(d *meeting.Definition){
		"name":       func(d *meeting.Definition) { d.Members[3].Name = text("Somebody else") },
		"precedence": func(d *meeting.Definition) { d.Members[4].Precedence, d.Members[5].Precedence = 3, 2 },
		"one less":   func(d *meeting.Definition) { d.Members = d.Members[:5] },
		"city":       func(d *meeting.Definition) { d.Parties[1].City = text("Elsewhere") },
	} {
		d := c.Draft
		d.Members, d.Parties = append([]meeting.Member(nil), d.Members...), append([]meeting.Party(nil), d.Parties...)
		change(&d)
		a.fails("arrange.delegation")(a.desk.Save(t.Context(), velune, d, c.Version, "avelmar-officer"))
		// And a node that lets its officer do it is refused by the other.
		p := arrange.Proposal{Meeting: velune, Party: "avelmar", N: c.Sent + 1, Parent: c.Agreed, Agreed: c.Agreed, Definition: d}
		if got := b.say(arrange.Message{Propose: &p}); got == nil || got.Code != "arrange.delegation" && got.Code != "text.unclean" {
			t.Errorf("%s: %+v, want refused", name, got)
		}
	}
	b.edit(func(d *meeting.Definition) { d.Members[3].Name = text("Somebody else") })
	b.propose()
	settle(a, b)
	a.accept()
	settle(a, b)
	if both(a, b).Members[3].Name["en"] != "Somebody else" {
		t.Error("a party could not change its own delegation")
	}
}

// boundOfMeetings: at most MaxCases with one party; those that are long over give their place.
func boundOfMeetings(t *testing.T) {
	_, b := offices(t)
	for i := range arrange.MaxCases + 1 {
		b.now = b.now.Add(time.Minute)
		p := good()
		p.Meeting = meeting.ID(fmt.Sprintf("m-%d", i))
		p.Definition.ID = p.Meeting
		a := b.say(arrange.Message{Propose: &p})
		if full := i == arrange.MaxCases; a == nil || (a.Code == "arrange.full") != full {
			t.Fatalf("meeting %d: %+v", i+1, a)
		}
	}
	c := b.must(b.desk.Case(t.Context(), "m-0"))
	b.must(b.desk.Decline(t.Context(), "m-0", c.Head, "", "x"))
	more := func() *arrange.Answer {
		b.now = b.now.Add(time.Minute)
		p := good()
		p.Meeting, p.Definition.ID = "m-more", "m-more"
		return b.say(arrange.Message{Propose: &p})
	}
	if a := more(); a == nil || a.Code != "arrange.full" {
		t.Errorf("one that was declined just now has given its place to %+v", a)
	}
	b.now = b.now.Add(8 * 24 * time.Hour)
	if a := more(); a == nil || a.State != arrange.Open {
		t.Errorf("one that is long over still takes a place: %+v", a)
	}
	if a := more(); a == nil || a.State != arrange.Open {
		t.Errorf("control: the same again = %+v", a)
	}
}

// TestBounds: what another party can make us keep and answer is bounded.
func TestBounds(t *testing.T) {
	t.Run("meetings", boundOfMeetings)
	t.Run("revisions", func(t *testing.T) {
		_, b := offices(t)
		for i := range 3 * arrange.MaxRevisions {
			b.now = b.now.Add(time.Minute)
			p := good()
			p.N = int64(i + 1)
			p.Definition.Title = text(fmt.Sprint("T", i))
			if a := b.say(arrange.Message{Propose: &p}); a == nil || a.State != arrange.Open {
				t.Fatalf("revision %d: %+v", i+1, a)
			}
		}
		c := b.get(velune)
		kept := 0
		for _, r := range c.Log {
			if r.Definition != nil {
				kept++
			}
		}
		if len(c.Log) > arrange.MaxRevisions || kept > 5 {
			t.Errorf("%d revisions and %d definitions are kept", len(c.Log), kept)
		}
	})
	t.Run("rate", func(t *testing.T) {
		_, b := offices(t)
		answered := 0
		for i := range 100 {
			p := good()
			p.N = int64(i + 1)
			if b.say(arrange.Message{Propose: &p}) != nil {
				answered++
			}
		}
		if answered != 30 {
			t.Errorf("%d proposals at once were taken, want 30", answered)
		}
		b.now = b.now.Add(2 * time.Second)
		p := good()
		p.N = 200
		if b.say(arrange.Message{Propose: &p}) == nil {
			t.Error("after 2 s there was no place for one more (control)")
		}
	})
	t.Run("size", func(t *testing.T) {
		_, b := offices(t)
		big := func(n int) []byte {
			return []byte(`{"answer":{"meeting":"` + strings.Repeat("a", n) + `"}}`)
		}
		b.hear(big(arrange.MaxMessage))
		if _, err := arrange.Decode(big(arrange.MaxMessage)); err == nil || !strings.Contains(err.Error(), "json.size") {
			t.Errorf("%d bytes and an envelope: %v, want json.size", arrange.MaxMessage, err)
		}
		if len(b.out) > 0 {
			t.Error("it was answered")
		}
	})
}

// TestTaken: a meeting that is arranged with others, or that a file has brought, cannot be had by naming it.
func TestTaken(t *testing.T) {
	_, b := offices(t)
	d := good().Definition
	d.Parties = []meeting.Party{{ID: "calwen", Name: text("Calwen"), Zone: "Etc/UTC"}, d.Parties[1]}
	d.Host, d.Members = "calwen", people("calwen")
	raw, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.store.Put(t.Context(), arrange.MeetingBucket, string(velune), raw); err != nil {
		t.Fatal(err)
	}
	p := good()
	if a := b.say(arrange.Message{Propose: &p}); a == nil || a.Code != "arrange.taken" {
		t.Errorf("a meeting of another party: %+v, want arrange.taken", a)
	}
	if got := b.inForce(); got.Digest() != d.Digest() {
		t.Error("it was changed")
	}
}

// TestFileMeeting: a meeting that both have loaded from a file counts as agreed, and is changed like any other.
func TestFileMeeting(t *testing.T) {
	a, b := offices(t)
	d := good().Definition
	d.Members = append(d.Members, people("tolmeria")...)
	raw, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []*office{a, b} {
		if err := o.store.Put(t.Context(), arrange.MeetingBucket, string(velune), raw); err != nil {
			t.Fatal(err)
		}
	}
	if a.head() != arrange.Agreed || a.get(velune).Agreed != b.get(velune).Agreed {
		t.Fatalf("a loaded meeting is %s, %s and %s", a.head(), a.get(velune).Agreed, b.get(velune).Agreed)
	}
	a.edit(func(d *meeting.Definition) { d.Title = text("Changed") })
	a.propose()
	settle(a, b)
	b.accept()
	settle(a, b)
	if both(a, b).Title["en"] != "Changed" {
		t.Error("the change is not in force")
	}
}

// TestBegunAfterYes: a yes that did not get through before the meeting began here is a yes no longer, whichever side speaks first: both nodes keep
// the definition that the meeting began with.
func TestBegunAfterYes(t *testing.T) {
	var said []byte // the proposal
	for name, begun := range map[string]bool{"begun meanwhile": true, "control: not begun": false} {
		for first, again := range map[string]func(a, b *office){
			"both speak": up,
			"the author says it again": func(a, b *office) { // its proposal had not been confirmed
				b.down, a.down = false, false
				b.hear(said)
			},
		} {
			t.Run(name+", "+first, func(t *testing.T) {
				a, b := arranged(t)
				was := both(a, b)
				a.edit(func(d *meeting.Definition) { d.Title = text("Second") })
				a.propose()
				said = a.out[0]
				b.hear(said)
				cut(a, b)
				b.accept()
				b.begun = begun
				again(a, b)
				settle(a, b)
				if now := both(a, b); (now.Digest() != was.Digest()) == begun {
					t.Errorf("in force: %v; begun: %v", now.Title, begun)
				}
				want := arrange.Agreed
				if begun {
					want = arrange.Refused
				}
				up(a, b)
				settle(a, b)
				if a.head() != want || b.head() != want {
					t.Errorf("heads %s and %s, want %s", a.head(), b.head(), want)
				}
				quiet(a, b)
			})
		}
	}
}

// TestBegun: a meeting that has begun is not changed, from whichever side and at whichever step.
func TestBegun(t *testing.T) {
	a, b := arranged(t)
	a.edit(func(d *meeting.Definition) { d.Title = text("Changed") })
	a.propose()
	settle(a, b)
	was := both(a, b).Digest()
	b.begun = true
	b.fails("arrange.begun")(b.desk.Accept(t.Context(), velune, b.get(velune).Head, "x"))
	b.begun, a.begun = false, true
	b.accept()
	settle(a, b)
	if d := both(a, b); d.Digest() != was {
		t.Error("a meeting was changed after it had begun")
	}
	if a.head() != arrange.Refused || b.head() != arrange.Refused {
		t.Errorf("heads %s and %s, want refused", a.head(), b.head())
	}
	a.fails("arrange.begun")(a.desk.Propose(t.Context(), velune, a.get(velune).Version, "x"))
}

// TestKilledBetween: the process dies after the acceptance and before the store has it, or after the store and before a word of it is said.
func TestKilledBetween(t *testing.T) {
	for name, kill := range map[string]func(a, b *office, accepted []byte){
		"before the author stores": func(a, b *office, accepted []byte) {
			gone, cancel := context.WithCancel(t.Context())
			cancel()
			if err := a.desk.Hear(gone, "tolmeria", accepted); err == nil {
				t.Error("a store that cannot be written was no error (control)")
			}
			if a.inForce() != nil {
				t.Error("half of it was kept")
			}
		},
		"before the author says so": func(a, b *office, accepted []byte) {
			a.down = true
			a.hear(accepted)
			if a.inForce() == nil {
				t.Error("not in force at the author (control)")
			}
		},
		"before the receiver stores": func(a, b *office, accepted []byte) {
			a.hear(accepted)
			agreed := a.out[0]
			gone, cancel := context.WithCancel(t.Context())
			cancel()
			if err := b.desk.Hear(gone, "avelmar", agreed); err == nil {
				t.Error("a store that cannot be written was no error (control)")
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			a, b := offices(t)
			begin(a)
			settle(a, b)
			b.edit(func(d *meeting.Definition) { d.Members = append(d.Members, people("tolmeria")...) })
			b.propose()
			settle(a, b)
			a.edit(func(d *meeting.Definition) { d.Title = text("Both") })
			a.propose()
			settle(a, b)
			b.accept()
			accepted := b.out[0]
			b.lose()
			none(a, b)
			kill(a, b, accepted)
			cut(a, b)
			a.start()
			b.start()
			up(a, b)
			settle(a, b)
			if both(a, b).Title["en"] != "Both" {
				t.Error("another definition is in force")
			}
			quiet(a, b)
		})
	}
}

// TestRestoredBackup: a node that has lost what was said since its backup says so, and the two come together again.
func TestRestoredBackup(t *testing.T) {
	a, b := offices(t)
	begin(a)
	settle(a, b)
	b.edit(func(d *meeting.Definition) { d.Members = append(d.Members, people("tolmeria")...) })
	b.propose()
	settle(a, b)
	fresh, err := store.Memory()
	if err != nil {
		t.Fatal(err)
	}
	defer fresh.Close()
	a.store = fresh
	a.start()
	up(a, b)
	settle(a, b)
	// The officer begins again, otherwise: its number 1 is one that tolmeria has seen.
	a.must(a.desk.Begin(t.Context(), velune, "tolmeria", "avelmar-officer"))
	a.edit(func(d *meeting.Definition) { d.Title, d.Members = text("Begun again"), people("avelmar") })
	a.propose()
	settle(a, b)
	if a.head() != arrange.Late {
		t.Fatalf("a number that was used before is %s, want late", a.head())
	}
	a.edit(func(d *meeting.Definition) { d.Title = text("Again") })
	a.propose()
	settle(a, b)
	if b.head() != arrange.Open {
		t.Fatalf("the next one is %s at the other side, want open", b.head())
	}
	b.propose()
	settle(a, b)
	a.accept()
	settle(a, b)
	if d := both(a, b); d.Title["en"] != "Again" || len(d.Members) != 6 {
		t.Errorf("in force: %v", d)
	}
}

func FuzzDecode(f *testing.F) {
	p := good()
	for _, m := range []arrange.Message{{Propose: &p}, {Answer: &arrange.Answer{Meeting: velune, Revision: p.ID(), State: arrange.Declined, Reason: "No."}}} {
		b, err := arrange.Encode(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(`{"answer":{"meeting":"m","revision":"` + strings.Repeat("0", 64) + `","state":"agreed","n":9007199254740991}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := arrange.Decode(b)
		if err != nil {
			return
		}
		if m.Propose != nil && m.Propose.Check("tolmeria", "avelmar") != nil {
			return
		}
		again, err := arrange.Encode(m)
		if err != nil {
			t.Fatalf("taken and cannot be said: %v", err)
		}
		m2, err := arrange.Decode(again)
		if err != nil {
			t.Fatalf("our own form of it is refused: %v\n%s", err, again)
		}
		if third, _ := arrange.Encode(m2); !bytes.Equal(again, third) {
			t.Fatalf("not stable:\n%s\n%s", again, third)
		}
	})
}

// TestAgreedIsLost: the author has made a revision agreed, and the word of it is lost. The other node, whose officer has accepted, begins nothing
// under the definition of before; when the two have spoken both hold the same one, and it begins under that. The control: nothing is lost.
func TestAgreedIsLost(t *testing.T) {
	for _, lost := range []string{"", "accepted", "agreed"} {
		t.Run("lost: "+lost, func(t *testing.T) {
			a, b := arranged(t)
			was := both(a, b)
			b.edit(func(d *meeting.Definition) { d.Title = text("Second") })
			b.propose()
			settle(a, b)
			a.accept()
			if lost == "accepted" {
				a.lose()
			}
			for len(a.out) > 0 {
				m := a.out[0]
				a.out = a.out[1:]
				b.hear(m)
			}
			if lost == "agreed" {
				b.lose()
			}
			settle(a, b)
			wrote := 0
			first := func(o *office, d meeting.Definition) error {
				return o.desk.First(t.Context(), velune, d.Digest(), func() error { wrote++; return nil })
			}
			if lost != "" {
				if a.inForce().Digest() != was.Digest() || (b.inForce().Digest() == was.Digest()) != (lost == "accepted") {
					t.Fatal("the message was not lost")
				}
				var e *meeting.Error
				if err := first(a, was); !errors.As(err, &e) || e.Code != "arrange.accepted" || wrote != 0 {
					t.Errorf("begins under the definition of before: %v, %d written", err, wrote)
				}
				up(a, b)
				settle(a, b)
			}
			now := both(a, b)
			if now.Title["en"] != "Second" {
				t.Errorf("in force: %v", now.Title)
			}
			for _, o := range []*office{a, b} {
				var e *meeting.Error
				if err := first(o, was); !errors.As(err, &e) || e.Code != "arrange.changed" || wrote != 0 {
					t.Errorf("%s begins under the definition of before: %v, %d written", o.id, err, wrote)
				}
			}
			for i, o := range []*office{a, b} {
				if err := first(o, now); err != nil || wrote != i+1 {
					t.Errorf("%s begins: %v, %d written", o.id, err, wrote)
				}
			}
			quiet(a, b)
		})
	}
}

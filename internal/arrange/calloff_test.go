package arrange_test

import (
	"testing"
	"time"

	"visavis/internal/arrange"
	"visavis/internal/meeting"
)

// callOff is an officer's word on what is agreed.
func (o *office) callOff(reason string) *arrange.Case {
	o.t.Helper()
	return o.must(o.desk.CallOff(o.t.Context(), velune, o.get(velune).Agreed, reason, string(o.id)+"-officer"))
}

// TestCallOff: either party calls off what is agreed; nothing is in force on either node then, whichever message is lost, and both say so. What was
// called off can be agreed on again.
func TestCallOff(t *testing.T) {
	for name, lose := range map[string]func(o *office){
		"nothing is lost":       func(*office) {},
		"the word is lost":      func(o *office) { o.lose() },
		"the answer is lost":    func(o *office) { deliverAll(o); o.far.lose() },
		"the node is restarted": func(o *office) { o.start() },
		"the other, too":        func(o *office) { o.lose(); o.far.start() },
	} {
		for _, first := range []bool{true, false} {
			t.Run(name, func(t *testing.T) {
				a, b := arranged(t)
				o := b
				if first {
					o = a
				}
				o.callOff("The river is in flood.")
				if o.inForce() != nil || o.far.inForce() == nil {
					t.Error("control: it is in force here, or was heard of before a word was said")
				}
				lose(o)
				up(a, b)
				settle(a, b)
				none(a, b)
				for _, x := range []*office{a, b} {
					c := x.get(velune)
					if x.head() != arrange.CalledOff || c.Agreed != (meeting.Hash{}) || c.Log[len(c.Log)-1].Reason != "The river is in flood." {
						t.Errorf("%s holds %s, %+v", x.id, x.head(), c.Log[len(c.Log)-1])
					}
				}
				quiet(a, b)
				a.propose() // the draft is there
				settle(a, b)
				b.accept()
				settle(a, b)
				both(a, b)
				quiet(a, b)
			})
		}
	}
}

// deliverAll brings what o has said, and no answer.
func deliverAll(o *office) {
	for len(o.out) > 0 {
		m := o.out[0]
		o.out = o.out[1:]
		o.far.hear(m)
	}
}

// TestCallOffAtOnce: both at the same moment; and one while the other has proposed a change, which ends with it.
func TestCallOffAtOnce(t *testing.T) {
	a, b := arranged(t)
	a.callOff("")
	b.callOff("")
	settle(a, b)
	none(a, b)
	quiet(a, b)

	a, b = arranged(t)
	b.edit(func(d *meeting.Definition) { d.Title = text("Changed") })
	b.propose()
	a.callOff("")
	settle(a, b)
	ended(a, b)
}

// ended wants nothing in force, nothing open, and nothing that has still to be said.
func ended(a, b *office) {
	a.t.Helper()
	none(a, b)
	for _, o := range []*office{a, b} {
		if s := o.head(); s != arrange.Superseded {
			o.t.Errorf("%s holds the change for %s, want superseded", o.id, s)
		}
	}
	quiet(a, b)
}

// TestCallOffCrossed: a proposal that arrives after the meeting was called off there ends on both nodes, whichever word is lost, or late. The control:
// one that is made after it stays open.
func TestCallOffCrossed(t *testing.T) {
	crossed := func() (a, b *office, p []byte) {
		a, b = arranged(t)
		b.edit(func(d *meeting.Definition) { d.Title = text("Changed") })
		b.propose()
		p = b.out[0]
		a.callOff("")
		return a, b, p
	}
	a, b, p := crossed() // the answer to it is lost
	b.lose()
	a.hear(p)
	if a.head() != arrange.Open {
		t.Fatalf("control: it does not arrive: %s", a.head())
	}
	b.hear(a.out[0])
	a.lose()
	b.lose() // a link that is cut in this moment
	up(a, b)
	settle(a, b)
	ended(a, b)

	a, b, p = crossed() // it is said after the answer to the calling-off
	b.lose()
	deliverAll(a)
	deliverAll(b)
	a.hear(p)
	settle(a, b)
	ended(a, b)

	a, b = arranged(t)
	a.callOff("")
	settle(a, b)
	b.edit(func(d *meeting.Definition) { d.Title = text("Changed") })
	b.propose()
	settle(a, b)
	if a.head() != arrange.Open || b.head() != arrange.Open {
		t.Errorf("control: made after it, it is %s and %s", a.head(), b.head())
	}
}

// TestCallOffRestored: a node that was restored from a backup holds an earlier revision for agreed than the other; whichever of the two calls the meeting
// off, and whatever the restored node knows of the later one, it is in force on neither. The control: it is, before a word was said; and the word about
// something that has an end already takes nothing away.
func TestCallOffRestored(t *testing.T) {
	for _, ours := range []bool{true, false} { // the restored node calls off
		for _, known := range []string{"nothing", "theirs", "own"} {
			t.Run(known, func(t *testing.T) {
				a, b := arranged(t)
				backup := a.copy()
				author := b
				if known == "own" {
					author = a
				}
				author.edit(func(d *meeting.Definition) { d.Title = text("Changed") })
				author.propose()
				if known != "nothing" {
					deliverAll(author)
					deliverAll(author.far)
					backup = a.copy()
				}
				settle(a, b)
				author.far.accept()
				settle(a, b)
				both(a, b)
				a.store = backup
				a.start()
				if x, y := a.inForce(), b.inForce(); x == nil || y == nil || x.Digest() == y.Digest() {
					t.Fatal("control: the backup holds the same")
				}
				o := b
				if ours {
					o = a
				}
				o.callOff("")
				settle(a, b)
				none(a, b)
				quiet(a, b)
			})
		}
	}
	a, b := arranged(t)
	b.edit(func(d *meeting.Definition) { d.Title = text("Changed") })
	rev := b.propose().Head
	settle(a, b)
	a.must(a.desk.Decline(t.Context(), velune, rev, "", "x"))
	settle(a, b)
	m, err := arrange.Encode(arrange.Message{Answer: &arrange.Answer{Meeting: velune, Revision: rev, State: arrange.CalledOff}})
	if err != nil {
		t.Fatal(err)
	}
	a.hear(m)
	both(a, b)
}

// TestCallOffRefused: a meeting that has begun here, one that is not agreed on, an earlier revision, an unconfirmed yes, a reason of too many signs; and
// on a node where it has begun the other's word is noted and nothing else. The control: TestCallOff.
func TestCallOffRefused(t *testing.T) {
	a, b := offices(t)
	begin(a)
	settle(a, b)
	a.fails("arrange.gone")(a.desk.CallOff(t.Context(), velune, a.get(velune).Head, "", "x"))

	a, b = arranged(t)
	was := both(a, b).Digest()
	a.fails("arrange.gone")(a.desk.CallOff(t.Context(), velune, meeting.Hash{1}, "", "x"))
	a.fails("arrange.reason")(a.desk.CallOff(t.Context(), velune, a.get(velune).Agreed, longReason(), "x"))
	a.begun = true
	a.fails("arrange.begun")(a.desk.CallOff(t.Context(), velune, a.get(velune).Agreed, "", "x"))
	b.callOff("We cannot come.")
	settle(a, b)
	if d := a.inForce(); d == nil || d.Digest() != was || b.inForce() != nil {
		t.Error("a meeting that has begun was taken away")
	}
	if c := a.get(velune); a.head() != arrange.CalledOff || c.Log[len(c.Log)-1].Code != "arrange.begun" {
		t.Errorf("the other's word is not noted: %s", a.head())
	}
	quiet(a, b)

	a, b = arranged(t)
	b.edit(func(d *meeting.Definition) { d.Title = text("Changed") })
	b.propose()
	settle(a, b)
	a.accept()
	a.lose()
	a.fails("arrange.accepted")(a.desk.CallOff(t.Context(), velune, a.get(velune).Agreed, "", "x"))
}

func longReason() string {
	b := make([]byte, arrange.MaxReason+1)
	for i := range b {
		b[i] = 'a'
	}
	return string(b)
}

// TestCopy: the draft after an earlier meeting has its title, order and agenda, our people and nobody of theirs, and its next anniversary; both agree
// on it as on any other.
func TestCopy(t *testing.T) {
	a, b := arranged(t)
	a.now = time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
	was := both(a, b)
	c := a.must(a.desk.Copy(t.Context(), "velune-2027", velune, "avelmar-officer"))
	d := c.Draft
	if d.ID != "velune-2027" || d.Title["en"] != was.Title["en"] || !d.Start.Equal(was.Start.AddDate(1, 0, 0)) || len(d.Members) != 3 || c.Other != "tolmeria" || !c.Edited {
		t.Errorf("draft %+v", d)
	}
	for _, m := range d.Members {
		if m.Party != "avelmar" {
			t.Errorf("%s is in our draft", m.ID)
		}
	}
	if again := both(a, b); again.Digest() != was.Digest() {
		t.Error("the earlier meeting was changed")
	}
	a.fails("arrange.taken")(a.desk.Copy(t.Context(), velune, velune, "x"))
	if _, err := a.desk.Copy(t.Context(), "x", "nothing", "x"); err == nil {
		t.Error("a copy of nothing")
	}
	a.must(a.desk.Propose(t.Context(), "velune-2027", c.Version, "avelmar-officer"))
	settle(a, b)
	if got := b.get("velune-2027"); stateOf(got, got.Head) != arrange.Open {
		t.Errorf("the copy arrives as %s", stateOf(got, got.Head))
	}
}

package readout_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/readout"
)

var t0 = time.Date(2025, 12, 11, 2, 0, 0, 0, time.UTC) // three hours before the embargo of the sample ends

func at(d time.Duration) readout.Clock {
	return readout.Clock{Wall: t0.Add(d), Mono: d}
}

const embargo = 3 * time.Hour

// world is one text on Avelmar's node.
type world struct {
	t    *testing.T
	d    readout.Document
	f    readout.File
	m    readout.Manifest
	l    readout.Life
	ours readout.Actor
	far  readout.Actor
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, d: sample(t)}
	var err error
	if w.f, err = w.d.Unsigned(); err != nil {
		t.Fatal(err)
	}
	w.m = manifest(t, w.d)
	w.ours = readout.Actor{Party: "avelmar", Officer: true, Proven: w.m.Hash()}
	w.far = readout.Actor{Party: "tolmeria"}
	w.l = readout.NewLife(w.d, "avelmar", t0)
	return w
}

// must takes the result of a step that has to be allowed.
func (w *world) must(l readout.Life, err error) *world {
	w.t.Helper()
	if err != nil {
		w.t.Fatalf("stage %s: %v", w.l.Stage, err)
	}
	w.l = l
	return w
}

func (w *world) agreed() *world {
	w.t.Helper()
	w.must(w.l.Propose(w.ours, t0))
	return w.must(w.l.Agree(w.far, w.f, t0))
}

func (w *world) sign(p meeting.PartyID, c readout.Clock) (readout.Life, error) {
	a := w.far
	if p == "avelmar" {
		a = w.ours
	}
	return w.l.Sign(a, w.m, line(w.t, w.m, p, key(p)), keys("avelmar", "tolmeria"), c)
}

func (w *world) scheduled() *world {
	w.t.Helper()
	w.agreed()
	w.must(w.l.SignOff(w.ours, w.m.Hash(), "vost"))
	w.must(w.sign("avelmar", at(0)))
	w.must(w.sign("tolmeria", at(0)))
	if w.l.Stage != readout.StageScheduled {
		w.t.Fatalf("stage %s", w.l.Stage)
	}
	return w
}

func (w *world) publish(c readout.Clock) (readout.Life, error) {
	return w.l.Publish(signed(w.t, w.d, "avelmar", "tolmeria"), keys("avelmar", "tolmeria"), c)
}

func TestAJointTextFromWritingToCorrection(t *testing.T) {
	w := newWorld(t)
	w.must(w.l.Propose(w.ours, t0))
	if w.must(w.l.Propose(w.far, t0)); w.l.Stage != readout.StageCountered {
		t.Errorf("their answer by a proposal: stage %s", w.l.Stage)
	}
	if w.must(w.l.Agree(w.ours, w.f, t0)); w.l.Stage != readout.StageAgreed {
		t.Errorf("stage %s", w.l.Stage)
	}
	w.must(w.l.SignOff(w.ours, w.m.Hash(), "vost"))
	if w.must(w.sign("avelmar", at(0))); w.l.Stage != readout.StageAgreed {
		t.Errorf("one of two lines: stage %s", w.l.Stage)
	}
	w.must(w.sign("avelmar", at(0))) // twice is once
	if w.must(w.sign("tolmeria", at(0))); w.l.Stage != readout.StageScheduled {
		t.Errorf("both lines: stage %s", w.l.Stage)
	}
	if _, err := w.publish(at(embargo - time.Second)); code(err) != "readout.early" {
		t.Errorf("a second before: %v", err)
	}
	if w.must(w.publish(at(embargo))); w.l.Stage != readout.StagePublished {
		t.Errorf("stage %s", w.l.Stage)
	}
	next := w.m
	next.Revision, next.Parent = 2, w.m.Hash()
	if w.must(w.l.Supersede(next, t0.Add(embargo))); w.l.Stage != readout.StageCorrected {
		t.Errorf("stage %s", w.l.Stage)
	}
	if w.must(w.l.Withdraw(w.ours, w.m.Hash(), t0)); w.l.Stage != readout.StageWithdrawn {
		t.Errorf("stage %s", w.l.Stage)
	}
}

// TestWhoMayWhat: each row is a step that is refused, beside the test above, in which the same step is allowed.
func TestWhoMayWhat(t *testing.T) {
	nobody := readout.Actor{Party: "avelmar"}
	stranger := readout.Actor{Party: "calwen", Officer: true}
	for _, c := range []struct {
		name, want string
		to         func(w *world) *world
		step       func(w *world) (readout.Life, error)
	}{
		{"a delegate proposes", "readout.officer", nil, func(w *world) (readout.Life, error) { return w.l.Propose(nobody, t0) }},
		{"a third party proposes", "readout.party", nil, func(w *world) (readout.Life, error) { return w.l.Propose(stranger, t0) }},
		{"agreement on nothing", "readout.stage", nil, func(w *world) (readout.Life, error) { return w.l.Agree(w.ours, w.f, t0) }},
		{"who proposed agrees", "readout.party", func(w *world) *world { return w.must(w.l.Propose(w.far, t0)) }, func(w *world) (readout.Life, error) { return w.l.Agree(w.far, w.f, t0) }},
		{"a delegate agrees", "readout.officer", func(w *world) *world { return w.must(w.l.Propose(w.far, t0)) }, func(w *world) (readout.Life, error) { return w.l.Agree(nobody, w.f, t0) }},
		{"sign-off before agreement", "readout.stage", nil, func(w *world) (readout.Life, error) { return w.l.SignOff(w.ours, w.m.Hash(), "vost") }},
		{"sign-off by a delegate", "readout.officer", (*world).agreed, func(w *world) (readout.Life, error) { return w.l.SignOff(nobody, w.m.Hash(), "kell") }},
		{"sign-off by the other node", "readout.officer", (*world).agreed, func(w *world) (readout.Life, error) { return w.l.SignOff(w.far, w.m.Hash(), "") }},
		{"sign-off of another text", "readout.hash", (*world).agreed, func(w *world) (readout.Life, error) { return w.l.SignOff(w.ours, meeting.Hash{1}, "vost") }},
		{"sign-off without a passkey", "readout.proof", (*world).agreed, func(w *world) (readout.Life, error) {
			return w.l.SignOff(readout.Actor{Party: "avelmar", Officer: true}, w.m.Hash(), "vost")
		}},
		{"a passkey over another text", "readout.proof", (*world).agreed, func(w *world) (readout.Life, error) {
			return w.l.SignOff(readout.Actor{Party: "avelmar", Officer: true, Proven: meeting.Hash{2}}, w.m.Hash(), "vost")
		}},
		{"our line without our officer", "readout.proof", (*world).agreed, func(w *world) (readout.Life, error) { return w.sign("avelmar", at(0)) }},
		{"a line that the other party brings for us", "readout.party", (*world).agreed, func(w *world) (readout.Life, error) {
			return w.l.Sign(w.far, w.m, line(t, w.m, "avelmar", key("avelmar")), keys("avelmar", "tolmeria"), at(0))
		}},
		{"a wrong key", "readout.signature", (*world).agreed, func(w *world) (readout.Life, error) {
			return w.l.Sign(w.far, w.m, line(t, w.m, "tolmeria", key("calwen")), keys("avelmar", "tolmeria"), at(0))
		}},
		{"a third party signs", "readout.signer", (*world).agreed, func(w *world) (readout.Life, error) {
			return w.l.Sign(stranger, w.m, line(t, w.m, "calwen", key("calwen")), keys("calwen"), at(0))
		}},
		{"a line under another text", "readout.hash", (*world).agreed, func(w *world) (readout.Life, error) {
			m := w.m
			m.ID = "another"
			return w.l.Sign(w.far, m, line(t, m, "tolmeria", key("tolmeria")), keys("tolmeria"), at(0))
		}},
		{"publication with one line", "readout.stage", (*world).agreed, func(w *world) (readout.Life, error) { return w.publish(at(embargo)) }},
		{"publication of a file that is not signed by both", "readout.unfit", (*world).scheduled, func(w *world) (readout.Life, error) {
			return w.l.Publish(signed(t, w.d, "avelmar"), keys("avelmar", "tolmeria"), at(embargo))
		}},
		{"publication against the file's own keys", "readout.unsigned", (*world).scheduled, func(w *world) (readout.Life, error) {
			return w.l.Publish(signed(t, w.d, "avelmar", "tolmeria"), nil, at(embargo))
		}},
		{"publication of another signed text", "readout.unsigned", (*world).scheduled, func(w *world) (readout.Life, error) {
			d := sample(t)
			d.ID = "another"
			return w.l.Publish(signed(t, d, "avelmar", "tolmeria"), keys("avelmar", "tolmeria"), at(embargo))
		}},
		{"a change by a delegate after agreement", "readout.officer", (*world).agreed, func(w *world) (readout.Life, error) { return w.l.Change(nobody, t0) }},
		{"a correction of another text", "readout.parent", func(w *world) *world { return w.scheduled().must(w.publish(at(embargo))) }, func(w *world) (readout.Life, error) {
			return w.l.Supersede(readout.Manifest{ID: w.m.ID, Revision: 2, Parent: meeting.Hash{7}}, t0)
		}},
		{"a change of what is published", "readout.stage", func(w *world) *world { return w.scheduled().must(w.publish(at(embargo))) }, func(w *world) (readout.Life, error) { return w.l.Change(w.ours, t0) }},
		{"a withdrawal without a passkey", "readout.proof", func(w *world) *world { return w.scheduled().must(w.publish(at(embargo))) }, func(w *world) (readout.Life, error) {
			return w.l.Withdraw(readout.Actor{Party: "avelmar", Officer: true}, w.m.Hash(), t0)
		}},
		{"a withdrawal by a third party", "readout.party", func(w *world) *world { return w.scheduled().must(w.publish(at(embargo))) }, func(w *world) (readout.Life, error) { return w.l.Withdraw(stranger, w.m.Hash(), t0) }},
	} {
		w := newWorld(t)
		if c.to != nil {
			c.to(w)
		}
		was := w.l.Stage
		l, err := c.step(w)
		got := code(err)
		if u := (*readout.Unfit)(nil); errors.As(err, &u) {
			got = "readout.unfit"
		}
		if got != c.want || l.Stage != was {
			t.Errorf("%s: %q (stage %s → %s), want %s", c.name, got, was, l.Stage, c.want)
		}
	}
}

// TestAChangeVoidsSignatures: the link was lost between the two signatures, and our officer changes the text meanwhile.
func TestAChangeVoidsSignatures(t *testing.T) {
	w := newWorld(t).agreed()
	w.must(w.l.SignOff(w.ours, w.m.Hash(), "vost"))
	w.must(w.sign("avelmar", at(0)))
	w.must(w.l.Change(w.ours, t0))
	if w.l.Stage != readout.StagePrivate || len(w.l.Lines) != 0 || w.l.SignedBy != "" {
		t.Errorf("after the change: %+v", w.l)
	}
	if _, err := w.sign("tolmeria", at(0)); code(err) != "readout.stage" { // their line comes late
		t.Errorf("a line under what is void: %v", err)
	}
	other := newWorld(t).agreed() // control: nothing changed, the line comes when the link is back
	other.must(other.l.SignOff(other.ours, other.m.Hash(), "vost"))
	other.must(other.sign("avelmar", at(0)))
	if other.must(other.sign("tolmeria", at(time.Hour))); other.l.Stage != readout.StageScheduled {
		t.Errorf("stage %s", other.l.Stage)
	}
}

// restarted is l as it comes from the disk.
func restarted(t *testing.T, l readout.Life) readout.Life {
	t.Helper()
	b, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	var out readout.Life
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestClockJumpHoldsEmbargo is abuse case 24 and the rest of what a clock can do. The first row is the control.
func TestClockJumpHoldsEmbargo(t *testing.T) {
	wall := func(wall, mono time.Duration) readout.Clock {
		return readout.Clock{Wall: t0.Add(wall), Mono: mono}
	}
	far := func(c readout.Clock, by time.Duration) readout.Clock {
		c.Far, c.Known = by, true
		return c
	}
	for _, c := range []struct {
		name string
		want string // why held; "" = published
		look []readout.Clock
		new  bool // the node starts anew before the second look
	}{
		{"a clock that goes as it should", "", []readout.Clock{at(time.Hour), at(embargo)}, false},
		{"2 s off is borne", "", []readout.Clock{at(time.Hour), wall(embargo, embargo-2*time.Second)}, false},
		{"set forward a day", readout.HeldJump, []readout.Clock{at(time.Hour), wall(25*time.Hour, time.Hour+5*time.Second)}, false},
		{"set back", readout.HeldJump, []readout.Clock{at(time.Hour), wall(time.Hour-3*time.Second, time.Hour+5*time.Second)}, false},
		{"set forward in steps below 2 s", readout.HeldJump, []readout.Clock{at(time.Hour), wall(time.Hour+1900*time.Millisecond, time.Hour), wall(time.Hour+3800*time.Millisecond, time.Hour)}, false},
		{"the other node's clock agrees", "", []readout.Clock{far(at(time.Hour), time.Second), far(at(embargo), -time.Second)}, false},
		{"the other node's clock is minutes behind", readout.HeldFar, []readout.Clock{far(at(time.Hour), -4*time.Minute), far(at(embargo), -4*time.Minute)}, false},
		{"looked at twice before the end", "", []readout.Clock{at(time.Hour), at(2 * time.Hour), at(embargo)}, false},
		{"a start after the end, alone", readout.HeldMissed, []readout.Clock{at(time.Hour), at(embargo + time.Hour)}, true},
		{"a start after the end, and another clock", "", []readout.Clock{at(time.Hour), far(at(embargo+time.Hour), time.Second)}, true},
		{"a start after the end, and a clock that differs", readout.HeldMissed, []readout.Clock{at(time.Hour), far(at(embargo+time.Hour), -2*time.Hour)}, true},
		{"a start before the end, alone: the clock may be hours ahead", readout.HeldMissed, []readout.Clock{at(time.Hour), wall(2*time.Hour, 0), wall(embargo, embargo-2*time.Hour)}, true},
		{"a start before the end, and another clock", "", []readout.Clock{at(time.Hour), far(wall(2*time.Hour, 0), time.Second), wall(embargo, embargo-2*time.Hour)}, true},
		{"a start before the end, and another clock later", "", []readout.Clock{at(time.Hour), wall(2*time.Hour, 0), far(wall(2*time.Hour+time.Minute, time.Minute), time.Second), wall(embargo, embargo-2*time.Hour)}, true},
		{"a start before the end, and a clock that differs", readout.HeldFar, []readout.Clock{at(time.Hour), far(wall(2*time.Hour, 0), -time.Hour), wall(embargo, embargo-2*time.Hour)}, true},
		{"a start with a clock set back", readout.HeldBack, []readout.Clock{at(time.Hour), at(time.Minute)}, true},
	} {
		w := newWorld(t).scheduled()
		due := false
		for i, k := range c.look {
			if c.new && i == 1 {
				w.l = restarted(t, w.l)
			}
			w.l, due = w.l.Look(k)
		}
		last := c.look[len(c.look)-1]
		_, err := w.publish(last)
		if due != (c.want == "") || w.l.Held != c.want || (err == nil) != (c.want == "") {
			t.Errorf("%s: due %v, held %q, publication %v; want held %q", c.name, due, w.l.Held, err, c.want)
			continue
		}
		if c.want == "" {
			continue
		}
		if _, err := w.l.Confirm(readout.Actor{Party: "avelmar", Officer: true}, last); code(err) != "readout.proof" {
			t.Errorf("%s: confirmed without a passkey: %v", c.name, err)
		}
		w.must(w.l.Confirm(w.ours, last))
		until := readout.Clock{Wall: t0.Add(max(embargo, last.Wall.Sub(t0))), Far: last.Far, Known: last.Known}
		until.Mono = last.Mono + until.Wall.Sub(last.Wall)
		if _, err := w.publish(until); err != nil {
			t.Errorf("%s: after the officer's word: %v", c.name, err)
		}
	}
}

// TestNotSignedInTimeIsNotPublished: the last line comes a minute after the embargo's end.
func TestNotSignedInTimeIsNotPublished(t *testing.T) {
	w := newWorld(t).agreed()
	w.must(w.l.SignOff(w.ours, w.m.Hash(), "vost"))
	w.must(w.sign("avelmar", at(0)))
	w.must(w.sign("tolmeria", at(embargo+time.Minute)))
	if l, due := w.l.Look(at(embargo + 2*time.Minute)); due || l.Held != readout.HeldLate {
		t.Errorf("due %v, held %q", due, l.Held)
	}
	w.must(w.l.Confirm(w.ours, at(embargo+3*time.Minute)))
	w.must(w.publish(at(embargo + 3*time.Minute)))
}

// TestCoordinatedTextsGoTogether: each party signs its own, and neither goes out before the other is signed for the same time.
func TestCoordinatedTextsGoTogether(t *testing.T) {
	d := sample(t)
	d.Mode, d.By, d.Beside = readout.Coordinated, "avelmar", "tolmeria-text"
	f, err := d.Unsigned()
	if err != nil {
		t.Fatal(err)
	}
	m := manifest(t, d)
	w := &world{t: t, d: d, f: f, m: m, l: readout.NewLife(d, "avelmar", t0), ours: readout.Actor{Party: "avelmar", Officer: true, Proven: m.Hash()}, far: readout.Actor{Party: "tolmeria"}}
	w.must(w.l.Agree(w.ours, f, t0))
	w.must(w.l.SignOff(w.ours, m.Hash(), "vost"))
	if w.must(w.sign("avelmar", at(0))); w.l.Stage != readout.StageScheduled {
		t.Fatalf("stage %s", w.l.Stage)
	}
	out := signed(t, d, "avelmar")
	if _, err := w.l.Publish(out, keys("avelmar"), at(embargo)); code(err) != "readout.beside" {
		t.Errorf("alone: %v", err)
	}
	if _, err := w.l.BesideSigned(w.far, t0.Add(time.Hour)); code(err) != "readout.release" {
		t.Errorf("for another time: %v", err)
	}
	w.must(w.l.BesideSigned(w.far, t0.Add(embargo)))
	w.must(w.l.Publish(out, keys("avelmar"), at(embargo)))
}

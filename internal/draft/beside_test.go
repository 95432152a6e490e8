package draft_test

import (
	"testing"

	"visavis/internal/draft"
	"visavis/internal/meeting"
	"visavis/internal/readout"
)

// pair are two offices, each with its own coordinated text, finished and signed.
func pair(t *testing.T) (a, b *office) {
	t.Helper()
	a, b = offices(t)
	ids := map[*office]readout.ID{a: "text-of-avelmar", b: "text-of-tolmeria"}
	for _, o := range []*office{a, b} {
		d := sample(t)
		d.ID, d.Mode, d.By, d.Beside = ids[o], readout.Coordinated, o.id, ids[o.far]
		o.text = d.ID
		o.must(o.desk.Begin(ctx, d))
		o.finish()
	}
	settle(a, b)
	a.stage(readout.StageScheduled)
	b.stage(readout.StageScheduled)
	return a, b
}

// finish settles and signs a text of o's own.
func (o *office) finish() {
	o.t.Helper()
	o.must(o.desk.Settle(ctx, o.text, o.read(), draft.Officer{Name: "officer"}))
	o.sign()
}

// quiet wants nothing to be said any more.
func quiet(a, b *office) {
	a.t.Helper()
	settle(a, b)
	for _, o := range []*office{a, b} {
		if err := o.desk.Tick(ctx); err != nil {
			a.t.Fatal(err)
		}
		for _, m := range o.out {
			if m, err := readout.DecodeMessage(m); err != nil || m.Clock == nil {
				a.t.Errorf("%s says for ever: %+v %v", o.id, m, err)
			}
		}
		o.out = nil
	}
}

// TestCoordinatedTextReopened: a coordinated text that was taken back does not leave the other alone: the other party's does not go out alone, and both go
// out together once it is signed again, whoever took it back, over a link that was down, before or after it was signed. The control is a pair that nobody
// reopens.
func TestCoordinatedTextReopened(t *testing.T) {
	for name, c := range map[string]struct{ reopen, again, down bool }{"control": {}, "reopened": {true, false, false}, "signed again": {true, true, false}, "signed again over a lost link": {true, true, true}} {
		a, b := pair(t)
		if c.reopen {
			a.down = c.down
			a.must(a.desk.Reopen(ctx, a.text, draft.Officer{Name: "vost"}))
			if c.again && c.down {
				a.finish()
			}
			a.down = false
			settle(a, b)
			if got := b.get().Life; got.Stage != readout.StageScheduled || got.Beside != (c.again && c.down) {
				t.Errorf("%s: theirs is %s, and holds ours for signed: %v", name, got.Stage, got.Beside)
			}
			if c.again && !c.down {
				a.finish()
			}
			if c.again { // else theirs is said until ours is ready for it
				quiet(a, b)
			}
		}
		a.w.since = embargo
		a.look()
		b.look()
		for _, o := range []*office{a, b} {
			if want := !c.reopen || c.again; want != (o.public("1") != nil) {
				t.Errorf("%s: %s is public %v (%s, %s)", name, o.id, !want, o.get().Life.Stage, o.get().Fault)
			}
		}
	}
}

// TestCoordinatedTextReopenedForAnotherTime: what the other party has heard of the first time does not let its text out at that time.
func TestCoordinatedTextReopenedForAnotherTime(t *testing.T) {
	a, b := pair(t)
	a.down = true
	a.must(a.desk.Reopen(ctx, a.text, draft.Officer{Name: "vost"}))
	c := a.get()
	d := c.Manuscript.Document.Clone()
	d.Release = d.Release.Add(embargo)
	a.must(a.desk.Replace(ctx, a.text, d, c.Manuscript.Version, c.Manuscript.Versions, draft.Officer{Name: "vost"}))
	a.finish()
	a.down = false
	settle(a, b)
	a.w.since = embargo
	b.look()
	if b.public("1") != nil || b.get().Fault != "readout.beside" {
		t.Errorf("public %v, %q", b.public("1") != nil, b.get().Fault)
	}
}

// TestRecallThatComesTwice: a recall that arrives once more after the text was signed again is undone.
func TestRecallThatComesTwice(t *testing.T) {
	a, b := pair(t)
	a.must(a.desk.Reopen(ctx, a.text, draft.Officer{Name: "vost"}))
	old := a.out
	settle(a, b)
	a.finish()
	settle(a, b)
	a.out = append(a.out, old...)
	b.hear()
	if b.get().Life.Beside {
		t.Fatal("control: it did not arrive")
	}
	quiet(a, b)
	if !b.get().Life.Beside || !a.get().Life.Beside {
		t.Error("one waits for the other")
	}
}

// TestCorrectionOfACoordinatedText: it is that party's own, and goes out by itself; the other party's text goes out although it had not heard yet that
// ours was signed.
func TestCorrectionOfACoordinatedText(t *testing.T) {
	a, b := offices(t)
	ids := map[*office]readout.ID{a: "text-of-avelmar", b: "text-of-tolmeria"}
	for _, o := range []*office{b, a} {
		d := sample(t)
		d.ID, d.Mode, d.By, d.Beside = ids[o], readout.Coordinated, o.id, ids[o.far]
		o.text = d.ID
		o.must(o.desk.Begin(ctx, d))
		o.finish()
	}
	a.hear() // theirs; ours is lost
	a.out = nil
	a.w.since = embargo
	a.look()
	a.stage(readout.StagePublished)
	a.must(a.desk.Correct(ctx, a.text))
	a.correction()
	a.finish()
	a.look()
	a.stage(readout.StagePublished)
	if a.public("2") == nil {
		t.Error("the correction is not public")
	}
	b.look()
	if b.public("1") != nil {
		t.Fatal("control: theirs has heard ours")
	}
	quiet(a, b)
	b.look()
	b.stage(readout.StagePublished)
	if b.public("1") == nil {
		t.Error("theirs never goes out")
	}
}

// correction says in every language what the next revision corrects.
func (o *office) correction() {
	o.t.Helper()
	c := o.get()
	d := c.Manuscript.Document.Clone()
	d.Correction = meeting.Text{}
	for _, l := range d.Languages {
		d.Correction[l.Tag] = "160."
	}
	o.must(o.desk.Replace(ctx, o.text, d, c.Manuscript.Version, c.Manuscript.Versions, draft.Officer{Name: "officer"}))
}

// TestCoordinatedTextNeedsARelease: without one nothing says when both go out. The control has one.
func TestCoordinatedTextNeedsARelease(t *testing.T) {
	for _, none := range []bool{true, false} {
		a, _ := offices(t)
		d := sample(t)
		d.Mode, d.By, d.Beside = readout.Coordinated, a.id, "text-of-tolmeria"
		if none {
			d.Release = readout.Document{}.Release
		}
		a.must(a.desk.Begin(ctx, d))
		_, err := a.desk.Settle(ctx, a.text, a.read(), draft.Officer{Name: "vost"})
		if e, ok := err.(*meeting.Error); none != ok || none && (e.Code != "readout.open" || e.Args["code"] != "readout.open.release") {
			t.Errorf("none %v: %v", none, err)
		}
	}
}

// TestCorrectedBeforeTheOtherHasOurLine: the line that the other node has yet to hear is said while the correction is written, and then they correct together.
func TestCorrectedBeforeTheOtherHasOurLine(t *testing.T) {
	a, b := offices(t)
	agreed(a, b)
	b.sign()
	settle(a, b)
	a.down = true
	a.sign()
	a.w.since = embargo
	a.look()
	a.stage(readout.StagePublished)
	a.must(a.desk.Correct(ctx, text))
	a.correction()
	a.start()
	b.stage(readout.StageAgreed)
	a.down = false
	quiet(a, b)
	b.stage(readout.StageScheduled) // late, so their officer is asked
	b.must(b.desk.Confirm(ctx, text, b.officer()))
	b.look()
	b.stage(readout.StagePublished)
	a.must(a.desk.Propose(ctx, text, a.read(), draft.Officer{Name: "vost"}))
	settle(a, b)
	b.must(b.desk.Accept(ctx, text, b.get().Talk.Head, draft.Officer{Name: "quintar"}))
	quiet(a, b)
	b.stage(readout.StageAgreed)
}

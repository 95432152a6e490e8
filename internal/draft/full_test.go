package draft_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"visavis/internal/draft"
	"visavis/internal/readout"
	"visavis/internal/store"
	"visavis/internal/store/storetest"
)

// fill makes o's database full, free gives the room back.
func (o *office) fill() { o.t.Helper(); storetest.Fill(o.t, o.store) }
func (o *office) free() { o.t.Helper(); storetest.Free(o.t, o.store) }

// raw is what o's store holds of the readout, nil if nothing.
func (o *office) raw() []byte {
	o.t.Helper()
	b, err := o.store.Get(ctx, "readout", string(o.text))
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		o.t.Fatal(err)
	}
	return b
}

// onDisk gives both offices stores in files of their own.
func onDisk(t *testing.T) (a, b *office) {
	t.Helper()
	storetest.Watch()
	a, b = offices(t)
	for _, o := range []*office{a, b} {
		s, err := store.Open(filepath.Join(t.TempDir(), string(o.id)))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		o.store = s
		o.start()
	}
	return a, b
}

// fullStep is one thing that an officer does on the way to a scheduled text.
type fullStep struct {
	name string
	who  func(a, b *office) *office
	do   func(o *office) error
}

func fullSteps(t *testing.T) []fullStep {
	first, second := func(a, _ *office) *office { return a }, func(_, b *office) *office { return b }
	signOff := func(o *office) error {
		_, err := o.desk.SignOff(ctx, text, o.get().Life.Hash, o.officer())
		return err
	}
	sign := func(o *office) error {
		_, err := o.desk.Sign(ctx, text, o.offline(), o.officer())
		return err
	}
	return []fullStep{
		{"begin", first, func(o *office) error { _, err := o.desk.Begin(ctx, sample(t)); return err }},
		{"propose", first, func(o *office) error {
			_, err := o.desk.Propose(ctx, text, o.read(), draft.Officer{Name: "vost"})
			return err
		}},
		{"accept", second, func(o *office) error {
			_, err := o.desk.Accept(ctx, text, o.get().Talk.Head, draft.Officer{Name: "quintar"})
			return err
		}},
		{"sign off", first, signOff}, {"sign", first, sign}, {"sign off there", second, signOff}, {"sign there", second, sign},
	}
}

// refused wants step i to fail on a full database with nothing changed and nothing said.
func (o *office) refused(s fullStep) {
	o.t.Helper()
	was := o.raw()
	o.fill()
	if err := s.do(o); code(err) != "readout.store" {
		o.t.Errorf("%s on a full database: %v", s.name, err)
	}
	if !bytes.Equal(o.raw(), was) {
		o.t.Errorf("%s on a full database has changed the readout", s.name)
	}
	if len(o.out) > 0 {
		o.t.Errorf("%s on a full database was said to the other node", s.name)
	}
	o.free()
}

// deaf wants what the other node says to leave a full database as it was, unanswered, so that it is said again.
func (o *office) deaf(name string) {
	o.t.Helper()
	was, all := o.raw(), o.far.out
	o.far.out = nil
	o.fill()
	failed := false
	for _, b := range all {
		failed = o.desk.Hear(ctx, o.far.id, b) != nil || failed
	}
	if changed := !bytes.Equal(o.raw(), was); changed || !failed && len(all) > 0 {
		o.t.Errorf("%s, heard with a full database: changed %v, failed %v", name, changed, failed)
	}
	for _, b := range o.out {
		if m, err := readout.DecodeMessage(b); err != nil || m.Answer != nil || m.Signed != nil && m.Signed.Got {
			o.t.Errorf("%s, heard with a full database, was answered by %s", name, b)
		}
	}
	o.free()
}

// TestDatabaseFullAtEveryStepOfSigning: whatever an officer does with a full database, and whatever is heard then, changes nothing, is said to nobody and is not
// answered; the officer is told. When there is room the same step goes through, and the text is scheduled with two lines: nothing was lost.
func TestDatabaseFullAtEveryStepOfSigning(t *testing.T) {
	for full, what := range fullSteps(t) {
		t.Run(what.name, func(t *testing.T) {
			a, b := onDisk(t)
			for i, s := range fullSteps(t) {
				o := s.who(a, b)
				if i == full {
					o.refused(s)
				}
				if err := s.do(o); err != nil {
					t.Fatalf("%s: %v", s.name, err)
				}
				if i == full {
					o.far.deaf(s.name)
				}
				if i > 0 {
					settle(a, b)
				}
				a.look()
				if a.public("1") != nil {
					t.Fatalf("public after %s", s.name)
				}
			}
			for _, o := range []*office{a, b} {
				if l := o.get().Life; l.Stage != readout.StageScheduled || len(l.Lines) != 2 {
					t.Errorf("%s is %s with %d lines", o.id, l.Stage, len(l.Lines))
				}
			}
		})
	}
}

// TestDatabaseFullAtPublication: before the gate's word is on the disk nothing is public; after the write to the public store the text is public once, whatever the
// database says. When there is room the node goes on from the step that it finds.
func TestDatabaseFullAtPublication(t *testing.T) {
	for _, at := range []string{"gate", "published"} {
		t.Run(at, func(t *testing.T) {
			a, b := onDisk(t)
			agreed(a, b)
			a.sign()
			b.sign()
			settle(a, b)
			a.w.since = embargo
			if at == "gate" {
				a.fill()
			} else {
				a.wrote = a.fill
			}
			if err := a.desk.Look(ctx); err == nil {
				t.Error("a full database was written")
			}
			was := a.public("1")
			if (was != nil) != (at == "published") {
				t.Errorf("public %v", was != nil)
			}
			c := a.get()
			if c.Life.Stage != readout.StageScheduled || (c.Out != nil) != (at == "published") || len(c.Past) > 0 {
				t.Errorf("stage %s, let out %v, %d past", c.Life.Stage, c.Out != nil, len(c.Past))
			}
			if _, err := a.desk.Reopen(ctx, text, a.officer()); err == nil {
				t.Error("reopened on a full database")
			}
			a.wrote = nil
			a.free()
			a.look()
			a.stage(readout.StagePublished)
			if got := a.get(); len(got.Past) != 1 || got.Out != nil || a.public("1") == nil || was != nil && !bytes.Equal(a.public("1"), was) {
				t.Errorf("%d past, let out %v, public %v", len(got.Past), got.Out, a.public("1") != nil)
			}
		})
	}
}

// publishedOnDisk brings the sample to the public on a's side, on disk.
func publishedOnDisk(t *testing.T) (a, b *office) {
	t.Helper()
	a, b = onDisk(t)
	agreed(a, b)
	a.sign()
	b.sign()
	settle(a, b)
	a.w.since = embargo
	a.look()
	a.stage(readout.StagePublished)
	return a, b
}

// TestDatabaseFullAtCorrection: it does not begin, and begins when there is room.
func TestDatabaseFullAtCorrection(t *testing.T) {
	a, _ := publishedOnDisk(t)
	s := fullStep{name: "correct", do: func(o *office) error { _, err := o.desk.Correct(ctx, text); return err }}
	a.refused(s)
	a.stage(readout.StagePublished)
	if err := s.do(a); err != nil {
		t.Errorf("with room: %v", err)
	}
}

// TestDatabaseFullAtWithdrawal: the notice is public, the officer is told that it is not kept, and again with room everything is as if it had been kept at once.
func TestDatabaseFullAtWithdrawal(t *testing.T) {
	a, b := publishedOnDisk(t)
	notice := filepath.Join(a.dir, "readouts", string(text), "withdrawn.json")
	if _, err := os.Stat(notice); err == nil {
		t.Fatal("there is a notice before the withdrawal")
	}
	a.fill()
	if _, err := a.desk.Withdraw(ctx, text, a.get().Life.Hash, a.officer()); code(err) != "readout.store.withdrawn" {
		t.Errorf("on a full database: %v", err)
	}
	if _, err := os.Stat(notice); err != nil {
		t.Errorf("no notice: %v", err)
	}
	a.stage(readout.StagePublished)
	if len(a.out) > 0 {
		t.Error("the other node was told what is not kept")
	}
	a.free()
	a.must(a.desk.Withdraw(ctx, text, a.get().Life.Hash, a.officer()))
	a.stage(readout.StageWithdrawn)
	settle(a, b)
	if _, told := b.get().Withdrawn[a.id]; !told {
		t.Error("the other party does not know")
	}
}

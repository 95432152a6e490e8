package draft_test

import (
	"testing"
	"time"

	"visavis/internal/draft"
	"visavis/internal/readout"
)

// TestAbuseClockSetForward is abuse case 24: the clock is set a day forward before the embargo ends. Nothing is public, an officer is asked. The control
// is the same node with a clock that is left alone.
func TestAbuseClockSetForward(t *testing.T) {
	for _, set := range []bool{true, false} {
		a, b := offices(t)
		agreed(a, b)
		a.sign()
		b.sign()
		settle(a, b)
		a.down = true // nobody else says what time it is
		a.w.since = time.Hour
		a.look()
		if set {
			a.wrong = 24 * time.Hour
		}
		a.w.since += time.Second
		a.look()
		held := a.get().Life.Held
		if a.public("1") != nil || set != (held == readout.HeldJump) {
			t.Errorf("set %v: held %q, public %v", set, held, a.public("1") != nil)
		}
		a.start() // and a restart does not make the clock right
		a.look()
		if a.public("1") != nil {
			t.Errorf("set %v: public after a restart", set)
		}
		a.wrong, a.down = 0, false // the clock is right again, and the other node says so
		a.look()
		a.down = true
		a.w.since = embargo
		a.look()
		if published := a.public("1") != nil; published == set {
			t.Errorf("set %v: public %v at the embargo's end", set, published)
		}
	}
}

// TestKilledAtEveryStepOfSigning: both nodes end after every step, and whatever was on its way is lost. The text is scheduled in the end, with two lines.
func TestKilledAtEveryStepOfSigning(t *testing.T) {
	steps := []func(a, b *office){
		func(a, _ *office) { a.must(a.desk.Begin(ctx, sample(a.t))) },
		func(a, _ *office) { a.must(a.desk.Propose(ctx, text, a.read(), draft.Officer{Name: "vost"})) },
		func(_, b *office) {
			b.must(b.desk.Accept(ctx, text, b.get().Talk.Head, draft.Officer{Name: "quintar"}))
		},
		func(a, _ *office) { a.must(a.desk.SignOff(ctx, text, a.get().Life.Hash, a.officer())) },
		func(a, _ *office) { a.must(a.desk.Sign(ctx, text, a.offline(), a.officer())) },
		func(_, b *office) { b.must(b.desk.SignOff(ctx, text, b.get().Life.Hash, b.officer())) },
		func(_, b *office) { b.must(b.desk.Sign(ctx, text, b.offline(), b.officer())) },
	}
	for dies := range len(steps) {
		a, b := offices(t)
		for i, step := range steps {
			step(a, b)
			if i == dies {
				a.start()
				b.start()
			}
			if i > 0 {
				settle(a, b)
			}
			a.look()
			if a.public("1") != nil {
				t.Fatalf("killed after step %d: public after step %d", dies, i)
			}
		}
		for _, o := range []*office{a, b} {
			if l := o.get().Life; l.Stage != readout.StageScheduled || len(l.Lines) != 2 {
				t.Errorf("killed after step %d: %s is %s with %d lines", dies, o.id, l.Stage, len(l.Lines))
			}
		}
	}
}

package draft_test

import (
	"syscall"
	"testing"

	"visavis/internal/draft"
	"visavis/internal/meeting"
	"visavis/internal/readout"
	"visavis/internal/site"
)

// Has implements draft.Public.
func (o *office) Has(b []byte) (bool, error) {
	s, err := site.OpenStore(o.dir)
	if err != nil {
		return false, err
	}
	defer s.Close()
	return s.Has(b)
}

// due brings the sample so far that both wait for the embargo's end, which has come.
func due(t *testing.T) (a, b *office) {
	t.Helper()
	a, b = offices(t)
	agreed(a, b)
	a.sign()
	b.sign()
	settle(a, b)
	a.w.since = embargo
	return a, b
}

// TestWithdrawnWhileTheStoreIsFull: what the gate has let out and a full disk keeps back does not go out once the other party has withdrawn it, also if
// there is room later. The controls are the same without the withdrawal, and with a text that was public before it was heard.
func TestWithdrawnWhileTheStoreIsFull(t *testing.T) {
	for name, c := range map[string]struct{ withdrawn, public bool }{"withdrawn": {true, false}, "not withdrawn": {false, false}, "public already": {true, true}} {
		a, b := due(t)
		b.full = syscall.ENOSPC
		if c.public {
			b.full, b.kill = nil, "after"
		}
		b.look()
		b.full = syscall.ENOSPC
		if o := b.get(); o.Out == nil || c.public != (b.public("1") != nil) {
			t.Fatalf("%s: let out %v, public %v", name, o.Out != nil, b.public("1") != nil)
		}
		a.look()
		if c.withdrawn {
			a.must(a.desk.Withdraw(ctx, text, a.get().Life.Hash, a.officer()))
		}
		settle(a, b)
		b.look()
		b.full = nil
		b.look()
		want := c.public || !c.withdrawn
		if got := b.get(); want != (b.public("1") != nil) || want != (got.Life.Stage == readout.StagePublished) || got.Out != nil {
			t.Errorf("%s: stage %s, held %q, public %v", name, got.Life.Stage, got.Life.Held, b.public("1") != nil)
		}
		if l := b.get().Life; !want && l.Held != readout.HeldWithdrawn {
			t.Errorf("%s: held %q", name, l.Held)
		}
	}
}

// TestRefusedByTheStore: a text that the public store refuses waits for an officer, who reopens it or lets it be tried again; it is no dead end.
func TestRefusedByTheStore(t *testing.T) {
	for _, reopened := range []bool{true, false} {
		a, b := due(t)
		a.full = &meeting.Error{Code: "site.order"}
		a.look()
		was := a.get()
		a.look()
		if c := a.get(); was.Out != nil || was.Life.Held != "readout.refused" || was.Fault != "site.order" || c.Version != was.Version {
			t.Errorf("let out %v, held %q, fault %q, version %d after %d", was.Out != nil, was.Life.Held, was.Fault, c.Version, was.Version)
		}
		a.full = nil
		if reopened {
			a.must(a.desk.Reopen(ctx, text, draft.Officer{Name: "vost"}))
			settle(a, b)
			a.stage(readout.StagePrivate)
			b.stage(readout.StagePrivate)
			continue
		}
		a.must(a.desk.Confirm(ctx, text, a.officer()))
		a.look()
		a.stage(readout.StagePublished)
	}
}

// TestKeysChangedAfterThePublication: what is public is published here, whatever keys the parties name when the node comes back. The control is a text
// that was not public.
func TestKeysChangedAfterThePublication(t *testing.T) {
	for _, at := range []string{"after", "before"} {
		a, b := due(t)
		a.kill = at
		a.look()
		a.keys = readout.Keys{}
		a.look()
		c := a.get()
		if at == "after" {
			a.stage(readout.StagePublished)
			continue
		}
		if c.Out != nil || c.Life.Stage != readout.StageScheduled || a.public("1") != nil {
			t.Errorf("let out %v, stage %s, public %v", c.Out != nil, c.Life.Stage, a.public("1") != nil)
		}
		a.must(a.desk.Reopen(ctx, text, draft.Officer{Name: "vost"}))
		settle(a, b)
		b.stage(readout.StagePrivate)
	}
}

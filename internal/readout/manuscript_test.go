package readout_test

import (
	"slices"
	"testing"
	"time"

	"visavis/internal/readout"
)

// TestFormerTextsOfWhatIsStale: a stale text is held against what it rested on when it was ready, over several changes, until it is ready again.
func TestFormerTextsOfWhatIsStale(t *testing.T) {
	w := readout.NewManuscript(sample(t))
	if len(w.Former) != 0 {
		t.Fatalf("before any change: %v", w.Former)
	}
	was := w.Document.Blocks[2].Texts["ar"].Text
	if was == "" || w.Document.State(w.Document.Blocks[2], "en") != readout.Finished {
		t.Fatal("the sample's third block is not ready")
	}
	write := func(w readout.Manuscript, tag, text string) readout.Manuscript {
		t.Helper()
		next, err := w.SaveText("b03", tag, text, true, "vost", w.Versions["b03"], t0)
		if err != nil {
			t.Fatal(err)
		}
		return next
	}
	of := func(w readout.Manuscript, tag string) []readout.Former {
		return slices.DeleteFunc(slices.Clone(w.Former), func(f readout.Former) bool { return f.Language != tag })
	}
	a := write(write(w, "ar", was+" ثم"), "ar", was+" ثم قال")
	want := []readout.Former{{Block: "b03", Language: "en", Of: "ar", Text: was}}
	if got := of(a, "en"); !slices.Equal(got, want) {
		t.Errorf("after two changes: %v, want %v", got, want)
	}
	if len(w.Former) != 0 {
		t.Error("the manuscript before was changed")
	}
	if got := of(write(a, "en", "Ready again."), "en"); len(got) != 0 {
		t.Errorf("after it was written again: %v", got)
	}
	if got := of(write(a, "ar", was), "en"); len(got) != 0 {
		t.Errorf("after the authentic text is as it was: %v", got)
	}
	d := a.Document.Clone()
	d.Blocks = slices.DeleteFunc(d.Blocks, func(b readout.Block) bool { return b.ID == "b03" })
	if b, err := a.Replace(d, a.Version); err != nil || len(b.Former) != 0 {
		t.Errorf("without the block: %v, %v", b.Former, err)
	}
}

// TestReplaceNeedsWhatWasRead: who moves blocks has not read what was saved meanwhile, and takes out no block that another is writing.
func TestReplaceNeedsWhatWasRead(t *testing.T) {
	w := readout.NewManuscript(sample(t))
	read := w.Versions
	moved := w.Document.Clone()
	slices.Reverse(moved.Blocks)
	if err := w.MayReplace(moved, read, "vost", t0); err != nil {
		t.Errorf("control: nothing was saved meanwhile: %v", err)
	}
	saved, err := w.SaveText("b03", "en", "Saved meanwhile.", true, "aldesh", 1, t0)
	if err != nil {
		t.Fatal(err)
	}
	if err := saved.MayReplace(moved, read, "vost", t0); code(err) != "readout.changed" {
		t.Errorf("over what was saved meanwhile: %v", err)
	}
	if err := saved.MayReplace(moved, saved.Versions, "vost", t0); err != nil {
		t.Errorf("control: read anew: %v", err)
	}
	without := w.Document.Clone()
	without.Blocks = slices.DeleteFunc(without.Blocks, func(b readout.Block) bool { return b.ID == "b03" })
	l, err := w.Lease("b03", "aldesh", t0)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.MayReplace(without, read, "vost", t0.Add(time.Second)); code(err) != "readout.leased" {
		t.Errorf("a block that another is writing: %v", err)
	}
	if err := l.MayReplace(without, read, "aldesh", t0.Add(time.Second)); err != nil {
		t.Errorf("control: by the one who has it: %v", err)
	}
	other := w.Document.Clone()
	other.Blocks[2].Acts = []readout.Act{readout.Concern}
	if err := l.MayReplace(other, read, "vost", t0.Add(time.Second)); code(err) != "readout.leased" {
		t.Errorf("another block in the place of one that another is writing: %v", err)
	}
	if err := l.MayReplace(moved, read, "vost", t0.Add(time.Second)); err != nil {
		t.Errorf("control: it is as it was: %v", err)
	}
	if err := l.MayReplace(other, read, "vost", t0.Add(readout.LeaseFor)); err != nil {
		t.Errorf("control: once the lease is over: %v", err)
	}
}

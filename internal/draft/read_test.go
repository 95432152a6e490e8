package draft_test

import (
	"slices"
	"testing"

	"visavis/internal/draft"
	"visavis/internal/readout"
)

// TestTakingNeedsWhatWasRead: a block is not taken, bracketed or freed of its brackets over what another officer has saved since, nor while one is writing it.
// What was saved in other blocks is in nobody's way.
func TestTakingNeedsWhatWasRead(t *testing.T) {
	vost, aldesh := draft.Officer{Name: "vost"}, draft.Officer{Name: "aldesh"}
	save := func(o *office, block, words string, who draft.Officer) {
		o.must(o.desk.SaveText(ctx, text, block, "en", words, true, o.read().Blocks[block], who))
	}
	for what, act := range map[string]func(a *office, read draft.Read) error{
		"take": func(a *office, read draft.Read) error {
			_, err := a.desk.Take(ctx, text, a.get().Talk.Head, "b05", read, vost)
			return err
		},
		"bracket": func(a *office, read draft.Read) error {
			_, err := a.desk.Bracket(ctx, text, a.get().Talk.Head, "b05", read, vost)
			return err
		},
		"unbracket": func(a *office, read draft.Read) error {
			_, err := a.desk.Unbracket(ctx, text, "b05", "tolmeria", read, vost)
			return err
		},
	} {
		a, b := offices(t)
		a.must(a.desk.Begin(ctx, sample(t)))
		a.must(a.desk.Propose(ctx, text, a.read(), vost))
		settle(a, b)
		save(b, "b05", "What tolmeria proposes.", draft.Officer{Name: "quintar"})
		b.must(b.desk.Propose(ctx, text, b.read(), draft.Officer{Name: "quintar"}))
		settle(a, b)
		bracket := func() {
			if what == "unbracket" {
				a.must(a.desk.Bracket(ctx, text, a.get().Talk.Head, "b05", a.read(), vost))
			}
		}
		bracket()
		read := a.read()
		save(a, "b05", "Saved meanwhile.", aldesh)
		if err := act(a, read); code(err) != "readout.changed" {
			t.Errorf("%s over what was saved meanwhile: %v", what, err)
		}
		if b, _ := a.get().Manuscript.Document.Block("b05"); b.Texts["en"].Text != "Saved meanwhile." {
			t.Errorf("%s: the text is %q", what, b.Texts["en"].Text)
		}
		bracket()
		read = a.read()
		a.must(a.desk.Lease(ctx, text, "b05", aldesh))
		if err := act(a, read); code(err) != "readout.leased" {
			t.Errorf("%s while another is writing: %v", what, err)
		}
		a.must(a.desk.Release(ctx, text, "b05", aldesh))
		save(a, "b07", "In another block.", aldesh)
		if err := act(a, read); err != nil {
			t.Errorf("control: %s as it was read: %v", what, err)
		}
	}
}

// TestProposingNeedsWhatWasRead: a sentence that a colleague has saved meanwhile does not go to another state unread, nor is it finished.
func TestProposingNeedsWhatWasRead(t *testing.T) {
	for mode, act := range map[readout.Mode]func(a *office, read draft.Read) error{
		readout.Joint: func(a *office, read draft.Read) error {
			_, err := a.desk.Propose(ctx, text, read, draft.Officer{Name: "vost"})
			return err
		},
		readout.Separate: func(a *office, read draft.Read) error {
			_, err := a.desk.Settle(ctx, text, read, draft.Officer{Name: "vost"})
			return err
		},
	} {
		a, _ := offices(t)
		d := sample(t)
		if d.Mode = mode; mode == readout.Separate {
			d.By = a.id
		}
		a.must(a.desk.Begin(ctx, d))
		read := a.read()
		d.Blocks[2].Acts = []readout.Act{readout.Concern}
		a.must(a.desk.SaveBlock(ctx, text, d.Blocks[2], read.Blocks[d.Blocks[2].ID], draft.Officer{Name: "aldesh"}))
		if err := act(a, read); code(err) != "readout.changed" {
			t.Errorf("%s: what was saved meanwhile: %v", mode, err)
		}
		read = a.read()
		d = a.get().Manuscript.Document.Clone()
		slices.Reverse(d.Blocks)
		a.must(a.desk.Replace(ctx, text, d, read.Version, read.Blocks, draft.Officer{Name: "aldesh"}))
		if err := act(a, read); code(err) != "readout.changed" {
			t.Errorf("%s: another order meanwhile: %v", mode, err)
		}
		if err := act(a, a.read()); err != nil {
			t.Errorf("control: %s, read anew: %v", mode, err)
		}
	}
}

package draft_test

import (
	"testing"

	"visavis/internal/draft"
	"visavis/internal/meeting"
	"visavis/internal/readout"
)

// TestWrittenAfterTheProposal: what an officer writes while the proposal lies with the other party is not in what is agreed, and is not lost. The control is
// a proposal after which nothing was written.
func TestWrittenAfterTheProposal(t *testing.T) {
	for _, wrote := range []bool{true, false} {
		a, b := offices(t)
		officer := draft.Officer{Name: "vost"}
		a.must(a.desk.Begin(ctx, sample(t)))
		a.must(a.desk.Propose(ctx, text, a.read(), officer))
		settle(a, b)
		block := a.get().Manuscript.Document.Blocks[1].ID
		agreedText := cell(a.get().Manuscript.Document, block)
		if wrote {
			a.must(a.desk.SaveText(ctx, text, block, "en", "Written while they read.", true, a.get().Manuscript.Versions[block], officer))
		}
		b.must(b.desk.Accept(ctx, text, b.get().Talk.Head, draft.Officer{Name: "quintar"}))
		settle(a, b)
		a.stage(readout.StageAgreed)
		c := a.get()
		if got := cell(c.Manuscript.Document, block); got != agreedText || wrote != (c.Kept != nil) || b.get().Kept != nil {
			t.Fatalf("wrote %v: the text is %q, kept %v, by the other %v", wrote, got, c.Kept != nil, b.get().Kept != nil)
		}
		if _, err := a.desk.Exchange(ctx, text, a.read(), officer); code(err) != "readout.stage" {
			t.Errorf("while it is agreed: %v", err)
		}
		a.start() // it is on the disk
		a.must(a.desk.Reopen(ctx, text, officer))
		settle(a, b)
		stale := a.read()
		stale.Version++
		if _, err := a.desk.Exchange(ctx, text, stale, officer); code(err) != "readout.changed" {
			t.Errorf("wrote %v, by who has read something else: %v", wrote, err)
		}
		if !wrote {
			if _, err := a.desk.Exchange(ctx, text, a.read(), officer); code(err) != "readout.changed" {
				t.Errorf("nothing was kept: %v", err)
			}
			continue
		}
		for _, want := range []string{"Written while they read.", agreedText} { // there and back
			a.must(a.desk.Exchange(ctx, text, a.read(), officer))
			if got := cell(a.get().Manuscript.Document, block); got != want {
				t.Errorf("after the exchange: %q, want %q", got, want)
			}
		}
	}
}

func cell(d readout.Document, block string) string {
	b, _ := d.Block(block)
	return b.Texts["en"].Text
}

// TestYesToWhatWasReopened: our confirmation is lost, our officer reopens, and the other node says its yes again. It learns that it is superseded, holds
// nothing, and a new proposal goes the whole way.
func TestYesToWhatWasReopened(t *testing.T) {
	a, b := offices(t)
	officer := draft.Officer{Name: "vost"}
	a.must(a.desk.Begin(ctx, sample(t)))
	a.must(a.desk.Propose(ctx, text, a.read(), officer))
	settle(a, b)
	b.must(b.desk.Accept(ctx, text, b.get().Talk.Head, draft.Officer{Name: "quintar"}))
	a.hear()
	a.out = nil // lost
	a.stage(readout.StageAgreed)
	a.must(a.desk.Reopen(ctx, text, officer))
	a.out = nil
	settle(a, b)
	a.stage(readout.StagePrivate)
	b.stage(readout.StageProposed)
	if r := b.get().Talk.Open(); r.State != readout.RoundSuperseded || b.get().Life.Hash != (meeting.Hash{}) {
		t.Errorf("the other node holds %s, agreed %v", r.State, b.get().Life.Hash)
	}
	a.must(a.desk.Propose(ctx, text, a.read(), officer))
	settle(a, b)
	b.must(b.desk.Accept(ctx, text, b.get().Talk.Head, draft.Officer{Name: "quintar"}))
	settle(a, b)
	a.stage(readout.StageAgreed)
	b.stage(readout.StageAgreed)
	if a.get().Life.Hash != b.get().Life.Hash {
		t.Error("the two nodes hold different texts")
	}
}

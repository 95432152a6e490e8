package draft_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"visavis/internal/draft"
	"visavis/internal/meeting"
	"visavis/internal/readout"
)

// published brings the sample so far that both have published it.
func published(t *testing.T) (a, b *office) {
	t.Helper()
	a, b = offices(t)
	agreed(a, b)
	a.sign()
	b.sign()
	settle(a, b)
	a.w.since = embargo
	for _, o := range []*office{a, b} {
		o.look()
		o.stage(readout.StagePublished)
	}
	return a, b
}

// notice is what a site says of who has withdrawn the text, "" if it stands.
func (o *office) notice() string {
	b, err := os.ReadFile(filepath.Join(o.dir, "readouts", string(o.text), "withdrawn.json"))
	if err != nil {
		return ""
	}
	var by []string
	for _, p := range []meeting.PartyID{"avelmar", "tolmeria"} {
		if strings.Contains(string(b), `"`+string(p)+`"`) {
			by = append(by, string(p))
		}
	}
	return strings.Join(by, " ")
}

// TestWithdrawalIsTold: the other party hears it over a link that was down, through restarts, and its own site stays as it is until its officer
// withdraws too; then both notices name both.
func TestWithdrawalIsTold(t *testing.T) {
	a, b := published(t)
	hash := a.get().Life.Hash
	a.down, b.down = true, true
	a.must(a.desk.Withdraw(ctx, text, hash, a.officer()))
	a.stage(readout.StageWithdrawn)
	settle(a, b)
	if _, said := b.get().Withdrawn["avelmar"]; said {
		t.Fatal("control: it crossed a link that is down")
	}
	a.start()
	b.start()
	a.down, b.down = false, false
	settle(a, b)
	b.stage(readout.StagePublished)
	if w := b.get().Withdrawn["avelmar"]; w.Manifest != hash || !w.At.Equal(a.now()) {
		t.Errorf("told %+v", w)
	}
	if !a.get().Withdrawn["avelmar"].Known {
		t.Error("the receipt did not come")
	}
	if a.notice() != "avelmar" || b.notice() != "" {
		t.Errorf("notices %q and %q", a.notice(), b.notice())
	}
	if settle(a, b); len(a.out)+len(b.out) != 0 {
		t.Error("it is said for ever")
	}
	if _, err := b.desk.Correct(ctx, text); code(err) != "readout.withdrawn" {
		t.Errorf("a correction of what the other has withdrawn: %v", err)
	}
	b.must(b.desk.Withdraw(ctx, text, hash, b.officer()))
	settle(a, b)
	if a.notice() != "avelmar tolmeria" || b.notice() != "avelmar tolmeria" {
		t.Errorf("notices %q and %q", a.notice(), b.notice())
	}
}

// TestWithdrawnBeforeTheOtherPublished: what one party has published and withdrawn does not go out at the other, also if an officer wants it to. The
// control is the same without the withdrawal.
func TestWithdrawnBeforeTheOtherPublished(t *testing.T) {
	for _, withdrawn := range []bool{true, false} {
		a, b := offices(t)
		agreed(a, b)
		a.sign()
		b.sign()
		settle(a, b)
		a.w.since = embargo
		a.look() // theirs does not look: its process hangs
		if withdrawn {
			a.must(a.desk.Withdraw(ctx, text, a.get().Life.Hash, a.officer()))
		}
		settle(a, b)
		b.look()
		if got := b.public("1") != nil; got == withdrawn {
			t.Errorf("withdrawn %v: public %v (held %q)", withdrawn, got, b.get().Life.Held)
		}
		if !withdrawn {
			continue
		}
		if l := b.get().Life; l.Held != readout.HeldWithdrawn {
			t.Errorf("held %q", l.Held)
		}
		if _, err := b.desk.Confirm(ctx, text, b.officer()); code(err) != "readout.withdrawn" {
			t.Errorf("confirmed: %v", err)
		}
	}
}

// TestWithdrawnDuringACorrection: the text that is public can be withdrawn while its correction is written, agreed, or signed by us; our line under the
// correction is recalled.
func TestWithdrawnDuringACorrection(t *testing.T) {
	for _, far := range []string{"written", "signed"} {
		a, b := published(t)
		first := a.get().Life.Hash
		a.must(a.desk.Correct(ctx, text))
		if far == "signed" {
			c := a.get()
			d := c.Manuscript.Document.Clone()
			d.Correction = meeting.Text{}
			for _, l := range d.Languages {
				d.Correction[l.Tag] = "160."
			}
			a.must(a.desk.Replace(ctx, text, d, c.Manuscript.Version, c.Manuscript.Versions, draft.Officer{Name: "vost"}))
			a.must(a.desk.Propose(ctx, text, a.read(), draft.Officer{Name: "vost"}))
			settle(a, b)
			b.must(b.desk.Accept(ctx, text, b.get().Talk.Head, draft.Officer{Name: "quintar"}))
			settle(a, b)
			a.sign()
			settle(a, b)
		}
		if _, err := a.desk.Withdraw(ctx, text, first, draft.Officer{Name: "vost"}); code(err) != "readout.proof" {
			t.Errorf("%s: without a passkey: %v", far, err)
		}
		a.must(a.desk.Withdraw(ctx, text, first, draft.Officer{Name: "vost", Proven: first}))
		a.stage(readout.StageWithdrawn)
		settle(a, b)
		if w := b.get().Withdrawn["avelmar"]; w.Manifest != first {
			t.Errorf("%s: told %+v", far, w)
		}
		if l := b.get().Life; far == "signed" && (l.Stage != readout.StagePrivate || l.Lines["avelmar"] != "") {
			t.Errorf("signed: theirs is %s with our line %q", l.Stage, l.Lines["avelmar"])
		}
		if _, err := b.desk.Propose(ctx, text, b.read(), draft.Officer{Name: "quintar"}); far == "signed" && code(err) != "readout.withdrawn" {
			t.Errorf("proposed what the other has withdrawn: %v", err)
		}
	}
}

// TestForeignWithdrawals: a word about a text that is not that one changes nothing and gets no receipt; the control does both.
func TestForeignWithdrawals(t *testing.T) {
	a, _ := published(t)
	hash, was := a.get().Life.Hash, a.get().Version
	at := a.now().UTC().Truncate(time.Second)
	tell := func(w readout.Withdrawn) (receipts int) {
		raw, err := readout.EncodeMessage(readout.Message{Withdrawn: &w})
		if err != nil {
			t.Fatal(err)
		}
		a.out = nil
		if err := a.desk.Hear(ctx, "tolmeria", raw); err != nil {
			t.Fatal(err)
		}
		return len(a.out)
	}
	for name, w := range map[string]readout.Withdrawn{
		"another revision":         {Readout: text, Text: text, Manifest: meeting.Hash{1}, At: at},
		"no revision":              {Readout: text, Text: text, At: at},
		"another text of theirs":   {Readout: text, Text: "elsewhere", Manifest: hash, At: at},
		"a text that is not here":  {Readout: "elsewhere", Text: "elsewhere", Manifest: hash, At: at},
		"a receipt for no word":    {Readout: text, Text: text, Manifest: hash, At: at, Got: true},
		"our own text for a third": {Readout: "elsewhere", Text: text, Manifest: hash, At: at},
	} {
		if n := tell(w); n != 0 || a.get().Version != was {
			t.Errorf("%s: %d receipts, version %d after %d", name, n, a.get().Version, was)
		}
	}
	for range 2 { // it arrives twice
		if n := tell(readout.Withdrawn{Readout: text, Text: text, Manifest: hash, At: at}); n != 1 || a.get().Version != was+1 {
			t.Errorf("control: %d receipts, version %d after %d", n, a.get().Version, was)
		}
	}
	a.stage(readout.StagePublished)
	if a.notice() != "" {
		t.Error("another party's word is on our site")
	}
}

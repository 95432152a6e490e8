package draft_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"visavis/internal/draft"
	"visavis/internal/meeting"
	"visavis/internal/readout"
)

const embargo = 3 * time.Hour

// TestFromDraftToPublic goes all the way on two nodes: draft, counter-proposal, agreement, both signatures, embargo, the same bytes on both sites.
func TestFromDraftToPublic(t *testing.T) {
	a, b := offices(t)
	a.must(a.desk.Begin(ctx, sample(t)))
	a.must(a.desk.Propose(ctx, text, a.read(), draft.Officer{Name: "vost"}))
	settle(a, b)
	b.stage(readout.StageProposed)
	c := b.get()
	b.must(b.desk.SaveText(ctx, text, "b08", "en", "“A river joins those who measure it,” said the Prime Minister of Avelmar.", true, c.Manuscript.Versions["b08"], draft.Officer{Name: "quintar"}))
	for _, l := range c.Manuscript.Document.Languages { // the other texts were read again
		v := b.get().Manuscript
		bl, _ := v.Document.Block("b08")
		b.must(b.desk.SaveText(ctx, text, "b08", l.Tag, bl.Texts[l.Tag].Text, true, v.Versions["b08"], draft.Officer{Name: "quintar"}))
	}
	b.must(b.desk.Propose(ctx, text, b.read(), draft.Officer{Name: "quintar"}))
	settle(a, b)
	a.stage(readout.StageCountered)
	theirs := *a.get().Talk.Open().Document
	differ := 0
	for _, s := range readout.Compare(a.get().Manuscript.Document, theirs) {
		if s.Verdict != readout.Same {
			differ++
			a.must(a.desk.Take(ctx, text, a.get().Talk.Head, s.Block, a.read(), draft.Officer{Name: "vost"}))
		}
	}
	if differ != 1 || !readout.SameText(a.get().Manuscript.Document, theirs) {
		t.Errorf("%d blocks differed", differ)
	}
	a.must(a.desk.Accept(ctx, text, a.get().Talk.Head, draft.Officer{Name: "vost"}))
	settle(a, b)
	if a.get().Life.Hash != b.get().Life.Hash || a.get().Life.Hash == (meeting.Hash{}) {
		t.Fatalf("agreed on %s and %s", a.get().Life.Hash, b.get().Life.Hash)
	}
	a.sign()
	settle(a, b)
	a.stage(readout.StageAgreed)
	b.sign()
	settle(a, b)
	a.stage(readout.StageScheduled)
	b.stage(readout.StageScheduled)
	for _, at := range []time.Duration{time.Second, time.Hour, embargo - time.Second} {
		a.w.since = at
		a.look()
		b.look()
		if a.public("1") != nil || b.public("1") != nil {
			t.Fatalf("public %s before the embargo's end", embargo-at)
		}
	}
	a.w.since = embargo
	a.look()
	b.look()
	a.stage(readout.StagePublished)
	b.stage(readout.StagePublished)
	x, y := a.public("1"), b.public("1")
	if x == nil || !bytes.Equal(x, y) {
		t.Fatalf("%d bytes and %d bytes are public", len(x), len(y))
	}
	f, err := readout.ParseFile(x)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := readout.Verify(f, keys()); err != nil {
		t.Error(err)
	}
}

// TestKilledAtEveryStepOfPublication: the node ends before and after the write to the public store, and comes back late and alone. What the gate has
// let out goes out once; nothing is lost.
func TestKilledAtEveryStepOfPublication(t *testing.T) {
	for _, at := range []string{"before", "after"} {
		a, b := offices(t)
		agreed(a, b)
		a.sign()
		b.sign()
		settle(a, b)
		a.w.since = time.Hour
		a.look()
		a.w.since, a.kill = embargo, at
		a.look()
		if public := a.public("1") != nil; public != (at == "after") {
			t.Errorf("%s: public %v", at, public)
		}
		a.stage(readout.StageScheduled)
		a.w.since += time.Hour
		a.down = true // no other clock
		a.look()
		a.stage(readout.StagePublished)
		if a.public("1") == nil {
			t.Errorf("%s: not public after the restart", at)
		}
	}
}

// TestStoppedBeforeTheGate is the control of the test above: a node that ends before the gate has let the text out, and comes back late and alone, asks.
func TestStoppedBeforeTheGate(t *testing.T) {
	a, b := offices(t)
	agreed(a, b)
	a.sign()
	b.sign()
	settle(a, b)
	a.w.since = time.Hour
	a.look()
	a.start()
	a.w.since, a.down = embargo+time.Hour, true
	a.look()
	if l := a.get().Life; l.Held != readout.HeldMissed || a.public("1") != nil {
		t.Errorf("held %q, public %v", l.Held, a.public("1") != nil)
	}
	if _, err := a.desk.Confirm(ctx, text, draft.Officer{Name: "vost"}); code(err) != "readout.proof" {
		t.Errorf("without a passkey: %v", err)
	}
	a.must(a.desk.Confirm(ctx, text, a.officer()))
	a.look()
	a.stage(readout.StagePublished)
}

// TestDiskFull: what is scheduled stays scheduled, and goes out when there is room.
func TestDiskFull(t *testing.T) {
	a, b := offices(t)
	agreed(a, b)
	a.sign()
	b.sign()
	settle(a, b)
	a.full = syscall.ENOSPC
	a.w.since = embargo
	a.look()
	a.look()
	if c := a.get(); c.Life.Stage != readout.StageScheduled || c.Fault != "readout.disk" || a.public("1") != nil {
		t.Errorf("stage %s, fault %q", c.Life.Stage, c.Fault)
	}
	a.full = nil
	a.look()
	if c := a.get(); c.Life.Stage != readout.StagePublished || c.Fault != "" || a.public("1") == nil {
		t.Errorf("stage %s, fault %q", c.Life.Stage, c.Fault)
	}
}

// TestClocksDifferByMinutesAtTheEmbargo: each node holds, and each side's officer decides for its own site.
func TestClocksDifferByMinutesAtTheEmbargo(t *testing.T) {
	for _, blind := range []bool{false, true} { // also where the desks have to ask each other
		clocksDiffer(t, blind)
	}
}

func clocksDiffer(t *testing.T, blind bool) {
	t.Helper()
	a, b := offices(t)
	a.blind, b.blind = blind, blind
	b.wrong = 4 * time.Minute
	agreed(a, b)
	a.sign()
	b.sign()
	settle(a, b)
	a.w.since = embargo - 2*time.Minute // theirs says that it is time
	settle(a, b)
	a.look()
	b.look()
	for _, o := range []*office{a, b} {
		if l := o.get().Life; l.Held != readout.HeldFar || o.public("1") != nil {
			t.Errorf("%s: held %q, public %v", o.id, l.Held, o.public("1") != nil)
		}
	}
	a.must(a.desk.Confirm(ctx, text, a.officer()))
	a.look()
	if a.public("1") != nil {
		t.Error("public 2 min before the embargo's end, by our clock")
	}
	a.w.since = embargo
	settle(a, b)
	a.look()
	b.look()
	a.stage(readout.StagePublished)
	b.stage(readout.StageScheduled)
}

// TestLinkLostBetweenTheTwoSignatures: our line is on the disk and comes over when the link does; a restart on both sides loses nothing.
func TestLinkLostBetweenTheTwoSignatures(t *testing.T) {
	a, b := offices(t)
	agreed(a, b)
	a.down, b.down = true, true
	a.sign()
	b.sign()
	a.stage(readout.StageAgreed)
	b.stage(readout.StageAgreed)
	a.w.since = embargo + time.Hour
	a.look()
	b.look()
	if a.public("1") != nil || b.public("1") != nil {
		t.Fatal("published with one line")
	}
	a.start()
	b.start()
	a.down, b.down = false, false
	settle(a, b)
	for _, o := range []*office{a, b} {
		o.look()
		if l := o.get().Life; l.Stage != readout.StageScheduled || l.Held != readout.HeldLate || o.public("1") != nil { // not signed in time: not published by itself
			t.Errorf("%s: %s, held %q", o.id, l.Stage, l.Held)
		}
	}
	control, d := offices(t)
	agreed(control, d)
	control.down, d.down = true, true
	control.sign()
	d.sign()
	control.down, d.down = false, false
	settle(control, d)
	control.stage(readout.StageScheduled)
	d.stage(readout.StageScheduled)
}

// TestRecall: a signed text is taken back before its embargo ends, on both nodes, also if the link is down for a while.
func TestRecall(t *testing.T) {
	a, b := offices(t)
	agreed(a, b)
	a.sign()
	b.sign()
	settle(a, b)
	b.down, a.down = true, true
	a.must(a.desk.Reopen(ctx, text, draft.Officer{Name: "vost"}))
	a.stage(readout.StagePrivate)
	b.stage(readout.StageScheduled)
	a.down, b.down = false, false
	settle(a, b)
	b.stage(readout.StagePrivate)
	a.w.since = embargo + time.Hour
	a.look()
	b.look()
	if a.public("1") != nil || b.public("1") != nil {
		t.Error("published although it was recalled")
	}
	if c := a.get(); c.Recalled != (meeting.Hash{}) {
		t.Error("the recall is said for ever")
	}
	a.must(a.desk.Propose(ctx, text, a.read(), draft.Officer{Name: "vost"})) // and it can be agreed on again
	settle(a, b)
	b.must(b.desk.Accept(ctx, text, b.get().Talk.Head, draft.Officer{Name: "quintar"}))
	settle(a, b)
	b.stage(readout.StageAgreed)
}

// TestSignOffNeedsThePasskeyOverThisText: every way to bring our line without it is refused.
func TestSignOffNeedsThePasskeyOverThisText(t *testing.T) {
	a, b := offices(t)
	agreed(a, b)
	hash := a.get().Life.Hash
	line := a.offline()
	if _, err := a.desk.Sign(ctx, text, line, a.officer()); code(err) != "readout.proof" {
		t.Errorf("a line without sign-off: %v", err)
	}
	if _, err := a.desk.SignOff(ctx, text, hash, draft.Officer{Name: "vost"}); code(err) != "readout.proof" {
		t.Errorf("no passkey: %v", err)
	}
	if _, err := a.desk.SignOff(ctx, text, meeting.Hash{1}, draft.Officer{Name: "vost", Proven: meeting.Hash{1}}); code(err) != "readout.hash" {
		t.Errorf("another text: %v", err)
	}
	a.must(a.desk.SignOff(ctx, text, hash, draft.Officer{Name: "vost", Proven: hash}))
	if _, err := a.desk.Sign(ctx, text, b.offline(), a.officer()); code(err) != "readout.signature.missing" {
		t.Errorf("the other party's line for ours: %v", err)
	}
	if _, err := a.desk.Sign(ctx, text, line[:100], a.officer()); err == nil {
		t.Error("half a file was taken")
	}
	a.must(a.desk.Sign(ctx, text, line, a.officer()))
	if _, err := a.desk.SaveText(ctx, text, "b01", "en", "Another headline", true, 2, draft.Officer{Name: "vost"}); code(err) != "readout.stage" {
		t.Errorf("a text that is signed was written: %v", err)
	}
}

// TestForeignMessages: what a hostile counterpart sends changes nothing and is no error of ours.
func TestForeignMessages(t *testing.T) {
	a, b := offices(t)
	agreed(a, b)
	a.sign()
	was := a.get().Version
	hash := a.get().Life.Hash
	f, err := readout.ParseFile(b.offline())
	if err != nil {
		t.Fatal(err)
	}
	m, err := f.ManifestOf()
	if err != nil {
		t.Fatal(err)
	}
	wrong, err := readout.SignManifest(m, "tolmeria", key("calwen"))
	if err != nil {
		t.Fatal(err)
	}
	ours, err := readout.SignManifest(m, "avelmar", key("avelmar"))
	if err != nil {
		t.Fatal(err)
	}
	stale := sample(t)
	stale.Revision, stale.Parent = 2, hash
	for name, say := range map[string]readout.Message{
		"a line by a wrong key":              {Signed: &readout.Signed{Readout: text, Manifest: hash, Line: wrong}},
		"our own line":                       {Signed: &readout.Signed{Readout: text, Manifest: hash, Line: ours}},
		"a line under another text":          {Signed: &readout.Signed{Readout: text, Manifest: meeting.Hash{1}, Line: wrong}},
		"a recall of another text":           {Signed: &readout.Signed{Readout: text, Manifest: meeting.Hash{1}, Recall: true}},
		"a correction before publication":    {Propose: &readout.Proposal{Readout: text, Party: "tolmeria", N: 9, Document: stale}},
		"an answer to what was never said":   {Answer: &readout.Answer{Readout: text, Proposal: meeting.Hash{9}, State: readout.RoundAgreed}},
		"a message about another's readout":  {Signed: &readout.Signed{Readout: "elsewhere", Manifest: hash, Line: wrong}},
		"a coordinated text that is not one": {Beside: &readout.Beside{Readout: text, Text: "x", Release: t0}},
		"a recall of such a text":            {Beside: &readout.Beside{Readout: text, Text: "x", Recall: true}},
	} {
		raw, err := readout.EncodeMessage(say)
		if err != nil {
			t.Fatal(err)
		}
		if err := a.desk.Hear(ctx, "tolmeria", raw); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if c := a.get(); c.Version != was || c.Life.Stage != readout.StageAgreed || len(c.Life.Lines) != 1 {
			t.Errorf("%s: changed to %s with %d lines", name, c.Life.Stage, len(c.Life.Lines))
		}
	}
	for name, raw := range map[string]string{"nothing": "", "half": `{"propose":{`, "two": `{"answer":{},"signed":{}}`} {
		if err := a.desk.Hear(ctx, "tolmeria", []byte(raw)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	right, err := readout.SignManifest(m, "tolmeria", key("tolmeria")) // control
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := readout.EncodeMessage(readout.Message{Signed: &readout.Signed{Readout: text, Manifest: hash, Line: right}})
	for range 2 { // it arrives twice
		if err := a.desk.Hear(ctx, "tolmeria", raw); err != nil {
			t.Fatal(err)
		}
	}
	a.stage(readout.StageScheduled)
}

// TestCorrectionNeedsBothAndReplaces: the next revision goes the same way; until then the first stays public.
func TestCorrectionNeedsBothAndReplaces(t *testing.T) {
	a, b := offices(t)
	agreed(a, b)
	a.sign()
	b.sign()
	settle(a, b)
	a.w.since = embargo
	a.look()
	b.look()
	first := a.get().Life.Hash
	a.must(a.desk.Correct(ctx, text))
	c := a.get()
	if d := c.Manuscript.Document; d.Revision != 2 || d.Parent != first {
		t.Fatalf("revision %d", d.Revision)
	}
	d := c.Manuscript.Document.Clone()
	d.Correction = meeting.Text{}
	for _, l := range d.Languages {
		d.Correction[l.Tag] = "160."
	}
	a.must(a.desk.Replace(ctx, text, d, c.Manuscript.Version, c.Manuscript.Versions, draft.Officer{Name: "vost"}))
	a.must(a.desk.Propose(ctx, text, a.read(), draft.Officer{Name: "vost"}))
	settle(a, b)
	if got := b.get().Manuscript.Document.Revision; got != 2 { // their node begins the correction too
		t.Fatalf("theirs: revision %d", got)
	}
	b.must(b.desk.Accept(ctx, text, b.get().Talk.Head, draft.Officer{Name: "quintar"}))
	settle(a, b)
	a.sign()
	a.look()
	if a.public("2") != nil {
		t.Error("corrected with one key")
	}
	b.sign()
	settle(a, b)
	a.look()
	b.look()
	a.stage(readout.StagePublished)
	if a.public("2") == nil || b.public("2") == nil || a.public("1") == nil {
		t.Error("the second revision is not public beside the first")
	}
	if p := a.get().Past; len(p) != 2 || p[0].Stage != readout.StageCorrected || p[1].Hash == first {
		t.Errorf("past %+v", p)
	}
	if _, err := a.desk.Withdraw(ctx, text, a.get().Life.Hash, draft.Officer{Name: "vost"}); code(err) != "readout.proof" {
		t.Errorf("withdrawn without a passkey: %v", err)
	}
	a.must(a.desk.Withdraw(ctx, text, a.get().Life.Hash, a.officer()))
	a.stage(readout.StageWithdrawn)
}

// TestTwoOfficersAtOnce: of two saves with one version one is told, whichever it is.
func TestTwoOfficersAtOnce(t *testing.T) {
	a, _ := offices(t)
	a.must(a.desk.Begin(ctx, sample(t)))
	errs := make(chan error, 2)
	for _, who := range []string{"vost", "aldesh"} {
		go func() {
			_, err := a.desk.SaveText(ctx, text, "b03", "en", "By "+who+".", true, 1, draft.Officer{Name: who})
			errs <- err
		}()
	}
	got := []string{code(<-errs), code(<-errs)}
	if got[0] == got[1] || got[0] != "" && got[1] != "" || got[0]+got[1] != "readout.changed" {
		t.Errorf("saved: %q", got)
	}
	if _, err := a.desk.Begin(ctx, sample(t)); code(err) != "readout.taken" {
		t.Errorf("a second text of that id: %v", err)
	}
	if _, err := a.desk.Case(ctx, "elsewhere"); !errors.Is(err, draft.ErrNone) {
		t.Errorf("no such text: %v", err)
	}
}

// TestCoordinatedTextsAreReleasedTogether: each party signs its own text; neither site has its own before the other's is signed for the same moment.
func TestCoordinatedTextsAreReleasedTogether(t *testing.T) {
	a, b := offices(t)
	ids := map[*office]readout.ID{a: "text-of-avelmar", b: "text-of-tolmeria"}
	for o, id := range ids {
		d := sample(t)
		d.ID, d.Mode, d.By, d.Beside = id, readout.Coordinated, o.id, ids[o.far]
		o.text = id
		o.must(o.desk.Begin(ctx, d))
		o.must(o.desk.Settle(ctx, id, o.read(), draft.Officer{Name: "officer"}))
	}
	a.sign()
	settle(a, b)
	a.stage(readout.StageScheduled)
	b.stage(readout.StageAgreed)
	a.w.since = embargo
	settle(a, b)
	a.look()
	if c := a.get(); c.Life.Stage != readout.StageScheduled || c.Fault != "readout.beside" || a.public("1") != nil {
		t.Errorf("alone: stage %s, fault %q", c.Life.Stage, c.Fault)
	}
	c, d := offices(t)
	for o, id := range map[*office]readout.ID{c: ids[a], d: ids[b]} {
		x := sample(t)
		x.ID, x.Mode, x.By, x.Beside = id, readout.Coordinated, o.id, map[*office]readout.ID{c: ids[b], d: ids[a]}[o]
		o.text = id
		o.must(o.desk.Begin(ctx, x))
		o.must(o.desk.Settle(ctx, id, o.read(), draft.Officer{Name: "officer"}))
		o.sign()
	}
	for len(c.out)+len(d.out) > 0 {
		d.hear() // theirs hears ours; ours does not hear theirs before it is public
		c.out, d.out = nil, nil
	}
	d.w.since = embargo
	d.look()
	d.stage(readout.StagePublished)
	c.look()
	c.stage(readout.StageScheduled)
	d.start()
	settle(c, d) // it is said until it is heard
	c.look()
	c.stage(readout.StagePublished)
	d.stage(readout.StagePublished)
	if c.public("1") == nil || d.public("1") == nil || bytes.Equal(c.public("1"), d.public("1")) {
		t.Error("each site has its own party's text")
	}
	c.must(c.desk.Withdraw(ctx, c.text, c.get().Life.Hash, c.officer()))
	settle(c, d)
	d.stage(readout.StagePublished)
	if _, said := d.get().Withdrawn["avelmar"]; !said || !c.get().Withdrawn["avelmar"].Known {
		t.Error("the withdrawal of the text beside ours is not told")
	}
	d.must(d.desk.Correct(ctx, d.text)) // ours stands by itself
	d.correction()
	d.finish()
	d.look()
	d.stage(readout.StagePublished)
	if d.public("2") == nil {
		t.Error("the correction is not public")
	}
}

// TestProposalsAreBounded: another node can make this one keep so many readouts that are not published, and no more. The control is the one before.
func TestProposalsAreBounded(t *testing.T) {
	a, _ := offices(t)
	d := sample(t)
	d.Blocks = d.Blocks[:1]
	const own = 3 // that we have begun do not take the other party's place
	for i := range own {
		d.ID = readout.ID(fmt.Sprintf("ours-%d", i))
		a.must(a.desk.Begin(ctx, d))
	}
	for i := range draft.MaxCases + 1 {
		d.ID = readout.ID(fmt.Sprintf("text-%d", i))
		talk := readout.NewTalk(d.ID, "tolmeria", "avelmar")
		if err := talk.Propose(d, "quintar", t0); err != nil {
			t.Fatal(err)
		}
		raw, err := readout.EncodeMessage(talk.Pending()[0])
		if err != nil {
			t.Fatal(err)
		}
		a.w.since += time.Second // below the rate
		if err := a.desk.Hear(ctx, "tolmeria", raw); err != nil {
			t.Fatal(err)
		}
	}
	all, err := a.desk.Cases(ctx)
	if err != nil || len(all) != own+draft.MaxCases {
		t.Errorf("%d readouts are kept, %v; want %d", len(all), err, own+draft.MaxCases)
	}
	last, err := readout.DecodeMessage(a.out[len(a.out)-1])
	if err != nil || last.Answer == nil || last.Answer.State != readout.RoundRefused || last.Answer.Code != "readout.full" {
		t.Errorf("the last one is answered %+v, %v", last.Answer, err)
	}
	n := len(a.out)
	for range 200 { // a flood: what is above the rate is dropped without an answer
		if err := a.desk.Hear(ctx, "tolmeria", []byte(`{"answer":{"proposal":"`+strings.Repeat("1", 64)+`","readout":"text-1","state":"accepted"}}`)); err != nil {
			t.Fatal(err)
		}
	}
	if got := len(a.out) - n; got < 10 || got > 80 {
		t.Errorf("%d of 200 messages at once were answered", got)
	}
}

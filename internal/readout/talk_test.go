package readout_test

import (
	mrand "math/rand/v2"
	"testing"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/readout"
)

// table is two parties that talk about one text, with what is under way between them.
type table struct {
	t      *testing.T
	talk   map[meeting.PartyID]*readout.Talk
	draft  map[meeting.PartyID]readout.Document
	agreed map[meeting.PartyID]meeting.Hash
	wire   map[meeting.PartyID][][]byte // by receiver
}

const (
	avelmar  = meeting.PartyID("avelmar")
	tolmeria = meeting.PartyID("tolmeria")
)

func other(p meeting.PartyID) meeting.PartyID {
	if p == avelmar {
		return tolmeria
	}
	return avelmar
}

func newTable(t *testing.T) *table {
	w := &table{t, map[meeting.PartyID]*readout.Talk{}, map[meeting.PartyID]readout.Document{}, map[meeting.PartyID]meeting.Hash{}, map[meeting.PartyID][][]byte{}}
	for _, p := range []meeting.PartyID{avelmar, tolmeria} {
		d := sample(t)
		d.Blocks = d.Blocks[:3] // enough to differ
		w.talk[p], w.draft[p] = readout.NewTalk("avelmar-tolmeria-2025", p, other(p)), d
	}
	return w
}

// write changes a party's draft.
func (w *table) write(p meeting.PartyID, block, text string) {
	w.t.Helper()
	d, err := w.draft[p].SetText(block, "en", text, true)
	if err != nil {
		w.t.Fatal(err)
	}
	w.draft[p] = d
}

func (w *table) propose(p meeting.PartyID) meeting.Hash {
	w.t.Helper()
	if err := w.talk[p].Propose(w.draft[p], "officer", t0); err != nil {
		w.t.Fatalf("%s: %v", p, err)
	}
	return w.talk[p].Head
}

// send puts on the wire what a party has to say.
func (w *table) send(p meeting.PartyID, all []readout.Message) {
	w.t.Helper()
	for _, m := range all {
		b, err := readout.EncodeMessage(m)
		if err != nil {
			w.t.Fatal(err)
		}
		w.wire[other(p)] = append(w.wire[other(p)], b)
	}
}

func (w *table) flush(p meeting.PartyID) { w.t.Helper(); w.send(p, w.talk[p].Pending()) }

// take lets a party hear the i-th message that is under way to it.
func (w *table) take(p meeting.PartyID, i int) {
	w.t.Helper()
	b := w.wire[p][i]
	w.wire[p] = append(w.wire[p][:i:i], w.wire[p][i+1:]...)
	w.hear(p, b)
}

func (w *table) hear(p meeting.PartyID, b []byte) readout.Heard {
	w.t.Helper()
	m, err := readout.DecodeMessage(b)
	if err != nil {
		w.t.Fatal(err)
	}
	var h readout.Heard
	if m.Propose != nil {
		if err := m.Propose.Check(p, other(p)); err != nil {
			w.t.Fatal(err)
		}
		h = w.talk[p].HearProposal(m.Propose, t0)
	} else {
		h = w.talk[p].HearAnswer(m.Answer)
	}
	if h.Agreed != nil {
		w.agreed[p] = h.Agreed.Digest()
	}
	w.send(p, h.Say)
	return h
}

// settle lets everything arrive, in order, and says again what was lost.
func (w *table) settle() {
	w.t.Helper()
	for range 8 {
		w.flush(avelmar)
		w.flush(tolmeria)
		for len(w.wire[avelmar])+len(w.wire[tolmeria]) > 0 {
			for _, p := range []meeting.PartyID{avelmar, tolmeria} {
				if len(w.wire[p]) > 0 {
					w.take(p, 0)
				}
			}
		}
	}
}

func (w *table) state(p meeting.PartyID, id meeting.Hash) readout.RoundState {
	if r := w.talk[p].Round(id); r != nil {
		return r.State
	}
	return ""
}

func TestProposeCounterAccept(t *testing.T) {
	w := newTable(t)
	first := w.propose(avelmar)
	w.settle()
	if w.state(tolmeria, first) != readout.RoundOpen {
		t.Fatalf("theirs: %s", w.state(tolmeria, first))
	}
	theirs := *w.talk[tolmeria].Round(first).Document
	w.draft[tolmeria] = readout.TakeAll(w.draft[tolmeria], theirs)
	w.write(tolmeria, "b03", "The Prime Minister of Avelmar proposed a common dredging schedule.")
	second := w.propose(tolmeria)
	w.settle()
	if w.state(avelmar, first) != readout.RoundCountered || w.state(avelmar, second) != readout.RoundOpen {
		t.Fatalf("after the counter-proposal: %s, %s", w.state(avelmar, first), w.state(avelmar, second))
	}
	if err := w.talk[avelmar].Accept(first, "vost"); code(err) != "readout.superseded" {
		t.Errorf("a proposal that counts no more: %v", err)
	}
	if err := w.talk[avelmar].Accept(second, "vost"); err != nil {
		t.Fatal(err)
	}
	if err := w.talk[avelmar].Accept(second, "vost"); err != nil { // pressed twice
		t.Error(err)
	}
	w.settle()
	if w.agreed[avelmar] != w.agreed[tolmeria] || w.agreed[avelmar] == (meeting.Hash{}) {
		t.Errorf("agreed on %s and %s", w.agreed[avelmar], w.agreed[tolmeria])
	}
}

// TestProposalTwiceLateSuperseded: a proposal that arrives twice, late, or after its parent was superseded.
func TestProposalTwiceLateSuperseded(t *testing.T) {
	w := newTable(t)
	w.propose(avelmar)
	w.flush(avelmar)
	first := w.wire[tolmeria][0]
	w.take(tolmeria, 0)
	rounds := len(w.talk[tolmeria].Rounds)
	if h := w.hear(tolmeria, first); h.Changed || h.New != nil || len(w.talk[tolmeria].Rounds) != rounds || h.Say[0].Answer.State != readout.RoundOpen {
		t.Errorf("twice: %+v", h)
	}
	w.write(avelmar, "b01", "A second headline")
	w.propose(avelmar)
	w.write(avelmar, "b01", "A third headline")
	third := w.propose(avelmar)
	w.flush(avelmar)
	last := w.wire[tolmeria][len(w.wire[tolmeria])-1]
	w.wire[tolmeria] = nil
	w.hear(tolmeria, last)
	old, _ := readout.DecodeMessage(first)
	late := *old.Propose
	late.Document, _ = late.Document.SetText("b01", "en", "Another text under an old number", true)
	h := w.talk[tolmeria].HearProposal(&late, t0)
	if h.Changed || h.Say[0].Answer.State != readout.RoundLate || w.talk[tolmeria].Head != third {
		t.Errorf("late: %+v", h.Say[0].Answer)
	}
	// Tolmeria answers the third, and replaces its answer while Avelmar answers that.
	w.wire = map[meeting.PartyID][][]byte{}
	w.settle()
	w.write(tolmeria, "b02", "A lede of theirs.")
	replaced := w.propose(tolmeria)
	w.settle()
	w.write(tolmeria, "b02", "Another lede of theirs.")
	counter := w.propose(tolmeria)
	orphan := late
	orphan.N, orphan.Parent = 9, replaced
	h = w.talk[tolmeria].HearProposal(&orphan, t0)
	if h.Changed || h.Say[0].Answer.State != readout.RoundLate || h.Say[0].Answer.Code != "readout.superseded" || w.talk[tolmeria].Head != counter {
		t.Errorf("a superseded parent: %+v", h.Say[0].Answer)
	}
	control := orphan
	control.Parent = counter
	if h = w.talk[tolmeria].HearProposal(&control, t0); !h.Changed || h.New == nil {
		t.Errorf("the parent that counts: %+v", h)
	}
}

// TestBothProposeAtOnce: the proposal of the party with the smaller id holds, on both nodes.
func TestBothProposeAtOnce(t *testing.T) {
	w := newTable(t)
	w.write(avelmar, "b01", "Ours")
	w.write(tolmeria, "b01", "Theirs")
	a, b := w.propose(avelmar), w.propose(tolmeria)
	w.settle()
	for _, p := range []meeting.PartyID{avelmar, tolmeria} {
		if w.state(p, a) != readout.RoundOpen || w.state(p, b) != readout.RoundSuperseded || w.talk[p].Head != a {
			t.Errorf("%s: ours %s, theirs %s", p, w.state(p, a), w.state(p, b))
		}
	}
}

// TestAcceptedWhileItWasReplaced: the yes crosses with a replacement. The replacement holds, nobody has agreed.
func TestAcceptedWhileItWasReplaced(t *testing.T) {
	w := newTable(t)
	first := w.propose(avelmar)
	w.settle()
	if err := w.talk[tolmeria].Accept(first, "quintar"); err != nil {
		t.Fatal(err)
	}
	w.write(avelmar, "b01", "Replaced")
	second := w.propose(avelmar)
	w.settle()
	if w.talk[tolmeria].Head != second || w.state(tolmeria, second) != readout.RoundOpen || len(w.agreed) != 0 {
		t.Errorf("head %s, %s; agreed %v", w.state(tolmeria, first), w.state(tolmeria, second), w.agreed)
	}
}

// TestTalkOverABadLink: messages are lost, doubled and reordered; whatever happens, nobody agrees on what the other does not hold.
func TestTalkOverABadLink(t *testing.T) {
	agreed := 0
	for seed := range uint64(60) {
		r := mrand.New(mrand.NewPCG(seed, 1))
		w := newTable(t)
		for step := range 60 {
			p := []meeting.PartyID{avelmar, tolmeria}[r.IntN(2)]
			switch r.IntN(6) {
			case 0:
				w.write(p, "b01", "Headline "+time.Duration(step).String())
				if err := w.talk[p].Propose(w.draft[p], "officer", t0); err != nil && code(err) != "readout.accepted" && code(err) != "readout.same" {
					t.Fatal(err)
				}
			case 1:
				if h := w.talk[p].Open(); h != nil && h.Party != p {
					_ = w.talk[p].Accept(h.ID, "officer") // what counts no more is refused, and that is right
				}
			case 2:
				w.flush(p)
			case 3, 4:
				if n := len(w.wire[p]); n > 0 {
					i := r.IntN(n)
					if r.IntN(4) == 0 {
						w.wire[p] = append(w.wire[p], w.wire[p][i])
					}
					w.take(p, i)
				}
			case 5:
				if n := len(w.wire[p]); n > 0 && r.IntN(2) == 0 {
					w.wire[p] = w.wire[p][:n-1]
				}
			}
		}
		w.settle()
		a, b := w.talk[avelmar], w.talk[tolmeria]
		if a.Agreed != b.Agreed {
			t.Fatalf("seed %d: agreed on %s and %s", seed, a.Agreed, b.Agreed)
		}
		if a.Head != b.Head && a.Agreed == (meeting.Hash{}) {
			t.Fatalf("seed %d: heads %s and %s", seed, a.Head, b.Head)
		}
		if a.Agreed != (meeting.Hash{}) {
			agreed++
		}
	}
	if agreed < 10 { // control: the walk does come to agreements
		t.Errorf("%d of 60 walks came to an agreement", agreed)
	}
}

func TestProposalThatIsNotTheirs(t *testing.T) {
	w := newTable(t)
	w.propose(avelmar)
	good := w.talk[avelmar].Pending()[0].Propose
	for name, change := range map[string]func(p *readout.Proposal){
		"readout.party":   func(p *readout.Proposal) { p.Party = "calwen" },
		"readout.number":  func(p *readout.Proposal) { p.N = 0 },
		"readout.id":      func(p *readout.Proposal) { p.Readout = "another" },
		"readout.parties": func(p *readout.Proposal) { p.Document.Parties[1].ID = "calwen" },
		"readout.shared": func(p *readout.Proposal) {
			p.Document.Blocks[0].Sources = []readout.Source{{Member: "x", Start: t0, End: t0}}
		},
		"text.unclean": func(p *readout.Proposal) { p.Document.Title["en"] = "a\u202eb" },
	} {
		p := *good
		p.Document = good.Document.Clone()
		change(&p)
		if err := p.Check(tolmeria, avelmar); code(err) != name {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := good.Check(tolmeria, avelmar); err != nil { // control
		t.Error(err)
	}
}

func TestCompareTakeBracket(t *testing.T) {
	ours, theirs := sample(t), sample(t)
	ours.Blocks[2].Sources = []readout.Source{{Member: "avelmar-tarroven", Start: t0, End: t0.Add(time.Minute)}}
	var err error
	if theirs, err = theirs.SetText("b03", "en", "Another text.", true); err != nil {
		t.Fatal(err)
	}
	theirs.Blocks = theirs.Blocks[:11] // without attendance
	extra := theirs.Blocks[1].Clone()
	extra.ID = "b99"
	theirs.Blocks = append(theirs.Blocks[:3:3], append([]readout.Block{extra}, theirs.Blocks[3:]...)...)
	got := map[string]readout.Verdict{}
	for _, s := range readout.Compare(ours, theirs) {
		if s.Verdict != readout.Same {
			got[s.Block] = s.Verdict
		}
	}
	if len(got) != 3 || got["b03"] != readout.Differs || got["b99"] != readout.OnlyTheirs || got["b12"] != readout.OnlyOurs {
		t.Errorf("Compare = %v", got)
	}
	held, err := readout.PutInBrackets(ours, theirs, "b03", avelmar, tolmeria)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := held.Block("b03")
	c := b.Texts["en"]
	if s := c.BracketText([]meeting.PartyID{avelmar, tolmeria}, []string{"A", "B"}); s != "[A: "+ours.Blocks[2].Texts["en"].Text+" | B: Another text.]" {
		t.Errorf("bracket %q", s)
	}
	if b.Texts["ar"].Text == "" || len(b.Texts["ar"].Bracket) > 0 {
		t.Error("a text on which both agree was put in brackets")
	}
	if _, err := held.Content("en"); code(err) != "readout.open" {
		t.Errorf("signed with brackets: %v", err)
	}
	for _, s := range readout.Compare(held, theirs) {
		if s.Block == "b03" && s.Verdict != readout.Bracketed {
			t.Errorf("b03 = %s", s.Verdict)
		}
	}
	for party, want := range map[meeting.PartyID]string{avelmar: ours.Blocks[2].Texts["en"].Text, tolmeria: "Another text."} {
		chosen, err := readout.Unbracket(held, "b03", party)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := chosen.Block("b03")
		if got := b.Texts["en"]; got.Text != want || len(got.Bracket) != 0 || got.State != readout.Finished {
			t.Errorf("the text of %s: %+v", party, got)
		}
		if _, err := readout.Unbracket(chosen, "b03", party); code(err) != "readout.same" {
			t.Errorf("again: %v", err)
		}
	}
	d := ours
	for _, id := range []string{"b03", "b99", "b12"} {
		if d, err = readout.Take(d, theirs, id); err != nil {
			t.Fatal(err)
		}
	}
	if !readout.SameText(d, theirs) || len(d.Blocks[2].Sources) != 1 {
		t.Errorf("after taking all three blocks: %v", readout.Compare(d, theirs))
	}
}

// TestTwoOfficersSaveTheSameBlock: the later one is told, and nothing of the earlier text is lost.
func TestTwoOfficersSaveTheSameBlock(t *testing.T) {
	w := readout.NewManuscript(sample(t))
	a, err := w.SaveText("b03", "en", "By the first officer.", true, "vost", 1, t0)
	if err != nil {
		t.Fatal(err)
	}
	b, err := a.SaveText("b03", "en", "By the second officer.", true, "aldesh", 1, t0)
	if code(err) != "readout.changed" || b.Document.Blocks[2].Texts["en"].Text != "By the first officer." {
		t.Errorf("the same version twice: %v", err)
	}
	if b, err = a.SaveText("b03", "en", "By the second officer.", true, "aldesh", 2, t0); err != nil || b.Document.Blocks[2].Texts["en"].Text != "By the second officer." {
		t.Errorf("after reading anew: %v", err)
	}
	if _, err = b.SaveText("b04", "en", "Another block.", true, "vost", 1, t0); err != nil {
		t.Errorf("another block at the same time: %v", err)
	}
	l, err := b.Lease("b05", "vost", t0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.SaveText("b05", "en", "x", true, "aldesh", 1, t0.Add(readout.LeaseFor-time.Second)); code(err) != "readout.leased" {
		t.Errorf("while another has it: %v", err)
	}
	if _, err := l.Lease("b05", "aldesh", t0.Add(time.Second)); code(err) != "readout.leased" {
		t.Errorf("a second lease: %v", err)
	}
	if _, err := l.SaveText("b05", "en", "x", true, "aldesh", 1, t0.Add(readout.LeaseFor)); err != nil {
		t.Errorf("after its end: %v", err)
	}
	if _, err := l.Release("b05", "vost").Lease("b05", "aldesh", t0); err != nil {
		t.Errorf("after it was given back: %v", err)
	}
	if _, err := l.Release("b05", "aldesh").Lease("b05", "aldesh", t0); code(err) != "readout.leased" {
		t.Errorf("another's lease was ended: %v", err)
	}
}

func FuzzDecodeMessage(f *testing.F) {
	t := readout.NewTalk("avelmar-tolmeria-2025", avelmar, tolmeria)
	if err := t.Propose(sample(f), "vost", t0); err != nil {
		f.Fatal(err)
	}
	for _, m := range append(t.Pending(), readout.Message{Answer: &readout.Answer{Readout: "a", State: readout.RoundOpen}}, readout.Message{Signed: &readout.Signed{Readout: "a"}},
		readout.Message{Withdrawn: &readout.Withdrawn{Readout: "a", Text: "b", Manifest: meeting.Hash{1}, At: t0}}) {
		b, err := readout.EncodeMessage(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		m, err := readout.DecodeMessage(in)
		if err != nil {
			return
		}
		talk := readout.NewTalk("avelmar-tolmeria-2025", tolmeria, avelmar)
		if p := m.Propose; p != nil && p.Check(tolmeria, avelmar) == nil {
			talk.HearProposal(p, t0)
		}
		if m.Answer != nil {
			talk.HearAnswer(m.Answer)
		}
		if talk.Agreed != (meeting.Hash{}) {
			t.Fatal("agreed without an officer")
		}
	})
}

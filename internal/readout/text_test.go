package readout_test

import (
	"strings"
	"testing"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/readout"
)

func show(all []readout.Change) string {
	var b strings.Builder
	for _, c := range all {
		switch c.Op {
		case readout.Keep:
			b.WriteString(c.Text)
		case readout.Remove:
			b.WriteString("{-" + c.Text + "-}")
		case readout.Insert:
			b.WriteString("{+" + c.Text + "+}")
		}
	}
	return b.String()
}

func TestDiffByWords(t *testing.T) {
	for _, c := range []struct{ a, b, want string }{
		{"same", "same", "same"},
		{"", "new", "{+new+}"},
		{"old", "", "{-old-}"},
		{"from 120 to 160 places", "from 120 to 180 places", "from 120 to {-160-}{+180+} places"},
		{"three big ships", "four small boats", "{-three big ships-}{+four small boats+}"},
		{"the readiness", "the ready", "the {-readiness-}{+ready+}"},
		{"République d'Avelmar.", "République d'Avelmor.", "République {-d'Avelmar-}{+d'Avelmor+}."},
		{"1,5 millions", "2,5 millions", "{-1,5-}{+2,5+} millions"},
		// An Arabic word is never split: its article, its vowels and its joiners belong to it.
		{"رحّبت رئيسة الوزراء", "رحّب رئيس الوزراء", "{-رحّبت رئيسة-}{+رحّب رئيس+} الوزراء"},
		{"مي\u200cرود", "مي\u200cروند", "{-مي\u200cرود-}{+مي\u200cروند+}"},
		// Han goes sign by sign, not by bytes.
		{"由120名增至160名", "由120名增至180名", "由120名增至{-160-}{+180+}名"},
		{"阿韦尔马总理", "阿韦尔马首相", "阿韦尔马{-总理-}{+首相+}"},
		{"первый раз\nвторой", "первый раз\nтретий", "первый раз\n{-второй-}{+третий+}"},
	} {
		if got := show(readout.Diff(c.a, c.b)); got != c.want {
			t.Errorf("Diff(%q, %q)\n got %s\nwant %s", c.a, c.b, got, c.want)
		}
	}
}

func FuzzDiff(f *testing.F) {
	f.Add("The side said.", "The sides said so.")
	f.Add("رحّب رئيس", "رحّبت رئيسة")
	f.Add("由120名增至160名", "由120名")
	f.Fuzz(func(t *testing.T, a, b string) {
		if len(a) > 4000 || len(b) > 4000 {
			return
		}
		a, b = strings.ToValidUTF8(a, "?"), strings.ToValidUTF8(b, "?")
		var x, y string
		for _, c := range readout.Diff(a, b) {
			if c.Op != readout.Insert {
				x += c.Text
			}
			if c.Op != readout.Remove {
				y += c.Text
			}
		}
		if x != a || y != b {
			t.Fatalf("Diff(%q, %q) makes %q and %q", a, b, x, y)
		}
	})
}

func TestStaleWhenAnAuthenticTextChanges(t *testing.T) {
	d := sample(t)
	d, err := d.SetText("b03", "ar", "نصّ آخر", true)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := d.Block("b03")
	for tag, want := range map[string]readout.State{"ar": readout.Finished, "es": readout.Stale, "en": readout.Stale, "fr": readout.Stale, "zh": readout.Stale} {
		if b.Texts[tag].State != want {
			t.Errorf("%s is %s, want %s", tag, b.Texts[tag].State, want)
		}
	}
	if b, _ := d.Block("b04"); b.Texts["en"].State != readout.Finished { // control: another block
		t.Errorf("b04 is %s", b.Texts["en"].State)
	}
	if _, err := d.Content("en"); code(err) != "readout.open" {
		t.Errorf("a stale text was signed: %v", err)
	}
	if d, err = d.SetText("b03", "fr", b.Texts["fr"].Text, true); err != nil {
		t.Fatal(err)
	}
	b, _ = d.Block("b03")
	if b.Texts["fr"].State != readout.Finished || b.Texts["ar"].State != readout.Finished {
		t.Errorf("after it was read again: fr %s, ar %s", b.Texts["fr"].State, b.Texts["ar"].State)
	}
	if d, err = d.SetText("b03", "zh", "", true); err != nil {
		t.Fatal(err)
	}
	if b, _ = d.Block("b03"); b.Texts["zh"].State != readout.Missing {
		t.Errorf("an empty text is %s", b.Texts["zh"].State)
	}
}

// TestTextThatTheGateRefuses: nothing of it comes into a document, and the text before stays.
func TestTextThatTheGateRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"text.long":      strings.Repeat("a", 1<<20),
		"text.invisible": "a\u202eb",
		"text.private":   "a\ue000",
		"text.control":   "a\x07",
		"text.utf8":      "a\xff",
		"text.marks":     "a" + strings.Repeat("\u0301", 9),
	} {
		d, err := sample(t).SetText("b03", "en", text, true)
		if b, _ := d.Block("b03"); code(err) != name || !strings.HasPrefix(b.Texts["en"].Text, "The Prime Minister") {
			t.Errorf("%s: %v, text %.20q", name, err, b.Texts["en"].Text)
		}
	}
	d, err := sample(t).SetText("b03", "en", "fine \u200d\u200f text", true) // control
	if b, _ := d.Block("b03"); err != nil || readout.Marked(b.Texts["en"].Text) != "fine ‹ZWJ›‹RLM› text" {
		t.Errorf("marks that are legal: %v, %q", err, readout.Marked(b.Texts["en"].Text))
	}
}

func record(t *testing.T) readout.Record {
	t.Helper()
	name := func(s string) meeting.Text { return meeting.Text{"en": s, "es": s} }
	member := func(id meeting.MemberID, p meeting.PartyID, r meeting.Role, n int) meeting.Member {
		return meeting.Member{ID: id, Party: p, Role: r, Name: name(string(id)), Office: name("Office of " + string(id)), Precedence: n}
	}
	def := meeting.Definition{ID: "m", Title: name("A meeting"), Host: avelmar, Start: t0, Agenda: []meeting.Item{{Title: name("River")}, {Title: name("Ports")}},
		Parties: []meeting.Party{{ID: avelmar, Name: name("Avelmar"), City: name("Ilverne"), Zone: "Australia/Lord_Howe"}, {ID: tolmeria, Name: name("Tolmeria"), City: name("Lanneth"), Zone: "Australia/Brisbane"}},
		Members: []meeting.Member{member("tarroven", avelmar, meeting.Principal, 1), member("aldesh", avelmar, meeting.Delegate, 2), member("kell", avelmar, meeting.Delegate, 3), member("vost", avelmar, meeting.Officer, 4),
			member("kosvane", tolmeria, meeting.Principal, 1), member("soste", tolmeria, meeting.Delegate, 2), member("quintar", tolmeria, meeting.Officer, 3)}}
	def.Members[4].Second = name("Chair")
	say := func(m meeting.MemberID, minute, item int, floor bool, capacity int) meeting.Spoken {
		return meeting.Spoken{Member: m, Capacity: capacity, Floor: floor, Item: item, Open: true, Start: t0.Add(time.Duration(minute) * time.Minute), End: t0.Add(time.Duration(minute+1) * time.Minute)}
	}
	return readout.Record{Definition: def, Start: t0, End: t0.Add(time.Hour),
		Spoken: []meeting.Spoken{say("kosvane", 5, 1, true, 0), say("tarroven", 1, 1, true, 0), say("tarroven", 7, 1, true, 0), say("aldesh", 8, 1, true, 0),
			say("kosvane", 10, 2, true, 1), say("aldesh", 12, 2, false, 0), say("soste", 13, 2, false, 0), say("kell", 20, 1, false, 0)},
		Present: map[meeting.MemberID]bool{"tarroven": true, "aldesh": true, "kosvane": true, "soste": true, "vost": true, "quintar": true, "kell": true},
		Listed:  map[meeting.MemberID]bool{"tarroven": true, "aldesh": true, "kosvane": true, "soste": true}}
}

func TestPrefillFromTheRecord(t *testing.T) {
	howe, err := time.LoadLocation("Australia/Lord_Howe")
	if err != nil {
		t.Fatal(err)
	}
	d, err := readout.Prefill(record(t), readout.Plan{ID: "r", Mode: readout.Joint, Languages: []readout.Language{{Tag: "en", Standing: readout.Authentic}, {Tag: "es", Standing: readout.Authentic}},
		Zones: map[meeting.PartyID]*time.Location{avelmar: howe, tolmeria: time.FixedZone("", 36000)}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, b := range d.Blocks {
		line := string(b.Kind)
		for _, s := range append(b.Speakers, b.Listed...) {
			line += " " + string(s.Member)
			if s.Capacity == 1 {
				line += "/" + s.Office["en"]
			}
		}
		got = append(got, line+" "+strings.Join(b.Topics, ","))
	}
	// kell spoke alone in free exchange on item 1: no exchange. vost and quintar were there and are not listed.
	want := []string{"headline ", "lede ", "statement tarroven item-1", "statement kosvane item-1", "statement kosvane/Chair item-2", "exchange aldesh soste item-2", "attendance tarroven aldesh kosvane soste "}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("blocks\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if n := len(d.Blocks[2].Sources); n != 2 {
		t.Errorf("%d sources of the first statement, want both times at which she had the floor", n)
	}
	if lede := d.Blocks[1].Texts["en"].Text; !strings.Contains(lede, "Avelmar: Ilverne, 2025-12-11 13:00 – 14:00") || !strings.Contains(lede, "Tolmeria: Lanneth, 2025-12-11 12:00 – 13:00") {
		t.Errorf("lede %q", lede)
	}
	open := map[string]int{}
	for _, p := range d.Open() {
		open[p.Code]++
	}
	if open["readout.open.prefill"] != 14 { // every text of every block, in two languages
		t.Errorf("open points %v", open)
	}
	// A publication is refused while one block still carries its mark; the control is the last one gone.
	for _, b := range d.Blocks {
		for _, tag := range []string{"en", "es"} {
			if _, err := d.Content("en"); code(err) != "readout.open" {
				t.Errorf("before %s in %s was written: %v", b.ID, tag, err)
			}
			if d, err = d.SetText(b.ID, tag, "Written by an officer.", true); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, b := range d.Blocks { // each authentic text was changed after the other was found ready
		for _, tag := range []string{"en", "es"} {
			if d, err = d.SetText(b.ID, tag, "Written by an officer.", true); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := d.Content("en"); err != nil {
		t.Errorf("everything written: %v", err)
	}
	if s := d.Shared(); len(s.Blocks[2].Sources) != 0 || len(d.Blocks[2].Sources) != 2 {
		t.Error("sources cross to the other party, or are lost here")
	}
}

func TestCommitmentsComeBackOnTheNextAgenda(t *testing.T) {
	items := readout.Agenda(sample(t))
	if len(items) != 1 || !strings.HasPrefix(items[0].Title["en"], "The two sides undertook to complete the dredging schedule") || len(items[0].Title) != 6 {
		t.Errorf("agenda %v", items)
	}
}

func TestDocumentIsChecked(t *testing.T) {
	for name, change := range map[string]func(d *readout.Document){
		"readout.mode":     func(d *readout.Document) { d.Mode = "secret" },
		"readout.by":       func(d *readout.Document) { d.Mode, d.By = readout.Separate, "calwen" },
		"readout.revision": func(d *readout.Document) { d.Revision = 0 },
		"readout.parent":   func(d *readout.Document) { d.Revision = 2 },
		"readout.authentic": func(d *readout.Document) {
			d.Languages = d.Languages[5:]
			for i := range d.Blocks {
				d.Blocks[i].Texts = nil
			}
			d.Prevails = ""
		},
		"readout.prevails":      func(d *readout.Document) { d.Prevails = "zh" },
		"readout.times":         func(d *readout.Document) { d.Parties[1].Start = d.Parties[1].Start.Add(time.Minute) },
		"party.zone":            func(d *readout.Document) { d.Parties[0].Zone = "../../etc/passwd" },
		"party.twice":           func(d *readout.Document) { d.Parties[1].ID = "avelmar" },
		"readout.block.twice":   func(d *readout.Document) { d.Blocks[1].ID = "b01" },
		"readout.block.id":      func(d *readout.Document) { d.Blocks[1].ID = "b 1" },
		"readout.block.kind":    func(d *readout.Document) { d.Blocks[1].Kind = "advert" },
		"readout.block.parts":   func(d *readout.Document) { d.Blocks[8].Commitment = nil },
		"readout.act":           func(d *readout.Document) { d.Blocks[2].Acts = []readout.Act{"shouted"} },
		"readout.commitment":    func(d *readout.Document) { d.Blocks[8].Commitment.Due = "2026-02-30" },
		"readout.speaker":       func(d *readout.Document) { d.Blocks[2].Speakers[0].Party = "calwen" },
		"readout.text.language": func(d *readout.Document) { d.Blocks[2].Texts["de"] = readout.Cell{Text: "x", State: readout.Draft} },
		"readout.bracket": func(d *readout.Document) {
			d.Blocks[2].Texts["en"] = readout.Cell{State: readout.Draft, Bracket: map[meeting.PartyID]string{"avelmar": "x"}}
		},
		"text.unclean": func(d *readout.Document) { d.Blocks[2].Texts["en"] = readout.Cell{State: readout.Draft, Text: " a"} },
		"readout.blocks": func(d *readout.Document) {
			for len(d.Blocks) <= readout.MaxBlocks {
				d.Blocks = append(d.Blocks, d.Blocks[0])
			}
		},
		"readout.block.size": func(d *readout.Document) {
			for len(d.Blocks[2].Speakers) <= readout.MaxSpeakers {
				d.Blocks[2].Speakers = append(d.Blocks[2].Speakers, d.Blocks[2].Speakers[0])
			}
		},
		"readout.correction": func(d *readout.Document) { d.Correction = meeting.Text{"en": "x"} },
	} {
		d := sample(t)
		change(&d)
		if err := d.Check(); code(err) != name {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestCorrectionNamesWhatItCorrects: a revision above 1 says what it changed, in every language, and stands on the manifest before.
func TestCorrectionNamesWhatItCorrects(t *testing.T) {
	first := manifest(t, sample(t))
	d := sample(t)
	d.Revision, d.Parent = 2, first.Hash()
	if _, err := d.Unsigned(); code(err) != "readout.open" {
		t.Errorf("without a word about what it changed: %v", err)
	}
	d.Correction = meeting.Text{}
	for _, l := range d.Languages {
		d.Correction[l.Tag] = "160."
	}
	m := manifest(t, d)
	if m.Parent != first.Hash() || m.Hash() == first.Hash() {
		t.Errorf("parent %s", m.Parent)
	}
	if _, err := readout.Verify(signed(t, d, avelmar, tolmeria), keys(avelmar, tolmeria)); err != nil {
		t.Error(err)
	}
}

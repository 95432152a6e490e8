package intake_test

import (
	"strings"
	"testing"
	"time"

	"visavis/internal/intake"
	"visavis/internal/meeting"
	"visavis/internal/readout"
)

func plan() intake.Plan {
	return intake.Plan{ID: "archive-1", Meeting: "archive", Party: readout.Party{ID: "avelmar", Name: meeting.Text{"en": "Avelmar"}, Zone: "UTC"}}
}

// TestDraftIsADocument: every text of the archive becomes a document that the readout's own rules take, with all its letters.
func TestDraftIsADocument(t *testing.T) {
	for name, b := range texts(t) {
		got, err := intake.Read(b, intake.Options{})
		if err != nil {
			t.Fatal(err)
		}
		d, notes, err := intake.Draft(got, plan())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, n := range notes {
			if !strings.Contains(n, "picture") && !strings.Contains(n, "no day") {
				t.Errorf("%s: %s", name, n)
			}
		}
		if len(d.Blocks) != len(got.Blocks) {
			t.Errorf("%s: %d blocks, want %d", name, len(d.Blocks), len(got.Blocks))
		}
		for i, k := range d.Blocks {
			if k.Texts[got.Language].Text == "" || k.Texts[got.Language].State != readout.Draft {
				t.Errorf("%s: %s: %+v", name, k.ID, k.Texts)
			}
			if p := got.Blocks[i].Speaker; p != nil && (len(k.Speakers) != 1 || k.Speakers[0].Name[got.Language] == "") {
				t.Errorf("%s: %s has no speaker, want %v", name, k.ID, *p)
			}
		}
		if _, err := d.Content(got.Language); err == nil {
			t.Errorf("%s: a draft that nobody has looked at can be signed", name)
		}
	}
}

// TestDraftSaysWhatItChanges: refused signs and texts that are too long are said, not lost in silence.
func TestDraftSaysWhatItChanges(t *testing.T) {
	long := strings.Repeat("The sluice has nine gates and they were painted in spring. ", 100)
	got, err := intake.Read([]byte("A title\n\nThe ministers\u202e met by video link on 3 May 1999 and spoke about sluices.\n\n"+long+"\n"), intake.Options{Language: "en"})
	if err != nil {
		t.Fatal(err)
	}
	d, notes, err := intake.Draft(got, plan())
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Join(notes, "\n")
	for _, want := range []string{"1 signs that may not be shown", "too long for one block", "1 January 2000"} {
		if !strings.Contains(all, want) {
			t.Errorf("notes %q do not say %q", all, want)
		}
	}
	text := ""
	for _, b := range d.Blocks {
		text += b.Texts["en"].Text
	}
	if strings.Contains(text, "\u202e") || strings.Count(text, "sluice has nine gates") != 100 {
		t.Errorf("the draft has %d bytes", len(text))
	}
	p := plan()
	p.Party.Start = time.Date(1999, 5, 3, 10, 0, 0, 0, time.UTC)
	p.Party.End = p.Party.Start
	if _, _, err := intake.Draft(got, p); err == nil {
		t.Error("a start before 2000 was taken")
	}
}

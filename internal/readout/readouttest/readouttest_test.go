package readouttest_test

import (
	"testing"

	"golang.org/x/text/unicode/norm"

	"visavis/internal/readout"
	"visavis/internal/readout/readouttest"
)

func TestDocumentIsWhole(t *testing.T) {
	d := readouttest.Document()
	if len(d.Blocks) != 12 || len(d.Languages) != 6 || len(d.Parties) != 2 {
		t.Fatalf("%d blocks, %d languages, %d parties", len(d.Blocks), len(d.Languages), len(d.Parties))
	}
	for _, tag := range readouttest.Tags() {
		if d.Title[tag] == "" {
			t.Errorf("no title in %s", tag)
		}
		for _, b := range d.Blocks {
			if c := b.Texts[tag]; c.Text == "" || !norm.NFC.IsNormalString(c.Text) {
				t.Errorf("%s %s = %q", b.ID, tag, c.Text)
			}
			for _, s := range append(b.Speakers, b.Listed...) {
				if s.Name[tag] == "" || s.Office[tag] == "" {
					t.Errorf("%s %s: %s without name or office", b.ID, tag, s.Member)
				}
			}
		}
	}
	if got := d.Parties[0].Start.Format("2006-01-02 15:04 -07:00"); got != "2025-12-11 10:32 +11:00" {
		t.Errorf("start = %s", got)
	}
}

func TestFileFits(t *testing.T) {
	if _, err := readout.Verify(readouttest.File(readouttest.Document()), nil); err != nil {
		t.Error(err)
	}
	if _, err := readout.Verify(readouttest.File(readouttest.Document(), "tolmeria"), nil); err == nil {
		t.Error("a joint text with one signature fits")
	}
}

package readout_test

import (
	"slices"
	"testing"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/readout"
)

// TestDivergeNamesWhatIsNotInABlock: all that is signed besides the blocks, one at a time; the blocks are then the same.
func TestDivergeNamesWhatIsNotInABlock(t *testing.T) {
	ours := sample(t)
	if got := readout.Diverge(ours, ours.Clone()); len(got) != 0 || ours.Digest() != ours.Clone().Digest() {
		t.Errorf("control: the same text: %v", got)
	}
	p := ours.Parties[0].ID
	for want, change := range map[readout.Divergence]func(d *readout.Document){
		{Field: "title"}:           func(d *readout.Document) { d.Title["en"] += "!" },
		{Field: "number"}:          func(d *readout.Document) { d.Number += "/b" },
		{Field: "release"}:         func(d *readout.Document) { d.Release = d.Release.Add(time.Hour) },
		{Field: "languages"}:       func(d *readout.Document) { d.Languages[1].Standing = readout.Courtesy },
		{Field: "prevails"}:        func(d *readout.Document) { d.Prevails = "ar" },
		{Field: "link"}:            func(d *readout.Document) { d.Link = !d.Link },
		{Field: "correction"}:      func(d *readout.Document) { d.Correction = meeting.Text{"en": "150."} },
		{Field: "party", Party: p}: func(d *readout.Document) { d.Parties[0].City["en"] += "!" },
		{Field: "parties"}:         func(d *readout.Document) { slices.Reverse(d.Parties) },
		{Field: "order"}:           func(d *readout.Document) { slices.Reverse(d.Blocks) },
	} {
		theirs := ours.Clone()
		change(&theirs)
		if got := readout.Diverge(ours, theirs); !slices.Equal(got, []readout.Divergence{want}) || ours.Digest() == theirs.Digest() {
			t.Errorf("%v: %v", want, got)
		}
	}
	theirs := ours.Clone()
	theirs.Blocks = slices.Delete(theirs.Blocks, 2, 3) // said of the block itself
	if got := readout.Diverge(ours, theirs); len(got) != 0 {
		t.Errorf("a block less is no other order: %v", got)
	}
}

package intake_test

import (
	"testing"

	"visavis/internal/intake"
	"visavis/internal/intake/score"
)

// TestTwelveTexts holds the figures of the twelve texts that were written before the recogniser: blocks ≥ 0.9, speakers and attendance ≥ 0.95, F1 in each language.
func TestTwelveTexts(t *testing.T) { holds(t, "testdata/readouts", 20) }

// TestTunedTexts holds the same on texts that were written to find what the recogniser lacked.
func TestTunedTexts(t *testing.T) { holds(t, "testdata/tuned", 10) }

// TestLaterTexts holds the same on the six that were read once, blind, before they were known; docs/import.md has those first figures.
func TestLaterTexts(t *testing.T) { holds(t, "testdata/later", 10) }

// holds wants the targets from every language, which has at least so many blocks.
func holds(t *testing.T, dir string, least int) {
	t.Helper()
	results, err := score.Dir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range intake.Languages() {
		var blocks, speakers, present score.Count
		for _, r := range results {
			if r.Language != lang {
				continue
			}
			blocks, speakers, present = blocks.Add(r.Blocks), speakers.Add(r.Speakers), present.Add(r.Attendance)
			for _, w := range r.Wrong {
				t.Logf("%s: %s", r.Name, w)
			}
		}
		t.Logf("%s: blocks %.3f, speakers %.3f, attendance %.3f", lang, blocks.F1(), speakers.F1(), present.F1())
		if blocks.Wanted < least || blocks.F1() < 0.9 || speakers.F1() < 0.95 || present.F1() < 0.95 {
			t.Errorf("%s: blocks %.3f of %d, speakers %.3f of %d, attendance %.3f of %d", lang, blocks.F1(), blocks.Wanted, speakers.F1(), speakers.Wanted, present.F1(), present.Wanted)
		}
	}
}

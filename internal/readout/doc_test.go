package readout_test

import (
	"os"
	"strings"
	"testing"

	"visavis/internal/readout"
)

// TestReadoutPage holds docs/readout.md to what the code does: purposes, bounds, the manifest of the example, every member of a content.
func TestReadoutPage(t *testing.T) {
	b, err := os.ReadFile("../../docs/readout.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(b)
	lines := strings.SplitAfter(manifest(t, sample(t)).Text(), "\n")
	if !strings.Contains(page, strings.Join(lines[:5], "")) {
		t.Errorf("the page's manifest is not\n%s", strings.Join(lines[:5], ""))
	}
	for _, says := range []string{"`" + readout.ContentPurpose + "`", `"purpose":"` + readout.FilePurpose + `"`, "At most 524,288 bytes", "at most 2,097,152 bytes", "lease of two minutes", "more than 2 s"} {
		if !strings.Contains(page, says) {
			t.Errorf("the page does not say %q", says)
		}
	}
	if readout.MaxContent != 524288 || readout.MaxFile != 2097152 || readout.LeaseFor.Minutes() != 2 || readout.MaxClockApart.Seconds() != 2 || readout.MaxMessage != 163840 {
		t.Error("a bound has changed: the page and this test must follow")
	}
	for _, test := range []string{"TestSingleByteChanges", "TestTalkOverABadLink", "TestReadoutNeedsBothParties", "TestClockJumpHoldsEmbargo"} {
		if !strings.Contains(page, "`"+test+"`") {
			t.Errorf("the page does not name %s", test)
		}
	}
}

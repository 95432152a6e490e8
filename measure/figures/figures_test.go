package figures

import (
	"errors"
	"math"
	"regexp"
	"strings"
	"testing"
)

func TestReportCountsWhatHolds(t *testing.T) {
	var b strings.Builder
	r := begin(&b, "measure-link", 0)
	r.AtMost("a", 1, "ms", 1)
	r.AtLeast("b", 14, "1/s", 14)
	r.Info("c", 5, "ms")
	r.Skipped("skipped", errors.New("SKIPPED: no root"))
	if !r.End() || !strings.HasSuffix(b.String(), "1 groups SKIPPED\nmeasure-link: 2 of 2 hold\n") {
		t.Errorf("report = %q, want 2 of 2 and one skipped", b.String())
	}
	r.AtMost("d", 1.001, "ms", 1)
	r.AtLeast("e", math.NaN(), "1/s", 14)
	r.AtMost("f", math.NaN(), "ms", 1)
	r.AtMost("g", math.Inf(-1), "ms", 1)
	r.Failed("h", errors.New("broken"))
	if r.End() || !strings.HasSuffix(b.String(), "measure-link: 2 of 7 hold\n") {
		t.Errorf("report = %q, want 2 of 7", b.String())
	}
}

func TestReportOfNothingDoesNotHold(t *testing.T) {
	if begin(&strings.Builder{}, "x", 0).End() {
		t.Error("a report without a figure holds")
	}
}

// TestEachLineSaysTheLoad: every line of a figure ends with the load average, and with noisy if the machine was at work before the start.
func TestEachLineSaysTheLoad(t *testing.T) {
	for load, noisy := range map[float64]bool{0: false, 0.49: false, 0.5: true, 3: true, math.NaN(): true} {
		var b strings.Builder
		r := begin(&b, "x", load)
		r.Info("a", 1, "ms")
		r.AtMost("b", 1, "ms", 2)
		r.AtLeast("c", 1, "ms", 2)
		r.Failed("d", errors.New("broken"))
		want := regexp.MustCompile(`load (\d+\.\d\d|NaN)( noisy)?(: broken)?$`)
		for _, l := range strings.Split(strings.TrimSpace(b.String()), "\n")[1:] {
			m := want.FindStringSubmatch(l)
			if m == nil || (m[2] != "") != noisy {
				t.Errorf("load before the start %v: %q, want the load, and noisy: %v", load, l, noisy)
			}
		}
	}
}

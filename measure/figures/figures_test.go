package figures

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
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

// TestProgramMeasuresWhatIsAsked: no group named means all; a program that measures nothing, or fails, does not hold.
func TestProgramMeasuresWhatIsAsked(t *testing.T) {
	for _, x := range []struct {
		only   string
		groups []string
		want   bool
	}{{"", []string{"cut"}, true}, {"cut", []string{"cut"}, true}, {"kill,cut", []string{"join", "cut"}, true}, {"kill", []string{"join", "cut"}, false}} {
		if p := (&Program{only: x.only}); p.Wanted(x.groups...) != x.want {
			t.Errorf("-only %q: %v wanted: %v, want %v", x.only, x.groups, !x.want, x.want)
		}
	}
	for _, x := range []struct {
		name    string
		measure func(context.Context, string, *Report) error
		want    int
	}{
		{"what holds", func(_ context.Context, _ string, r *Report) error { r.AtMost("a", 1, "ms", 2); return nil }, 0},
		{"what falls short", func(_ context.Context, _ string, r *Report) error { r.AtMost("a", 3, "ms", 2); return nil }, 1},
		{"nothing", func(context.Context, string, *Report) error { return nil }, 1},
		{"an error", func(_ context.Context, _ string, r *Report) error {
			r.AtMost("a", 1, "ms", 2)
			return errors.New("broken")
		}, 1},
	} {
		p, folder := Program{Visavis: "bin/visavis"}, ""
		got := p.Run("x", func(ctx context.Context, dir string, r *Report) error {
			folder = dir
			if !filepath.IsAbs(p.Visavis) {
				t.Errorf("the program is %s, want it from the root", p.Visavis)
			}
			return x.measure(ctx, dir, r)
		})
		if got != x.want {
			t.Errorf("%s: status %d, want %d", x.name, got, x.want)
		}
		if _, err := os.Stat(folder); !os.IsNotExist(err) {
			t.Errorf("%s: the folder %s is left behind", x.name, folder)
		}
	}
}

func TestQuantile(t *testing.T) {
	if got := Quantile([]float64{4, 1, 3, 2}, 0.5); got != 3 {
		t.Errorf("median = %v, want 3", got)
	}
	if got := Quantile([]float64{4, 1, 3, 2}, 1); got != 4 {
		t.Errorf("largest = %v, want 4", got)
	}
	if got := Quantile(nil, 0.5); !math.IsNaN(got) {
		t.Errorf("median of nothing = %v, want NaN", got)
	}
}

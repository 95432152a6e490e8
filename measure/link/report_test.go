package main

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
)

func TestReportCountsWhatHolds(t *testing.T) {
	var b strings.Builder
	r := &report{w: &b}
	r.atMost("a", 1, "ms", 1)
	r.atLeast("b", 14, "1/s", 14)
	r.info("c", 5, "ms")
	r.failed("skipped", fmt.Errorf("%w: no root", errSkipped))
	if !r.end() || !strings.HasSuffix(b.String(), "1 groups SKIPPED\nmeasure-link: 2 of 2 hold\n") {
		t.Errorf("report = %q, want 2 of 2 and one skipped", b.String())
	}
	r.atMost("d", 1.001, "ms", 1)
	r.atLeast("e", math.NaN(), "1/s", 14)
	r.atMost("f", math.NaN(), "ms", 1)
	r.failed("g", errors.New("broken"))
	if r.end() || !strings.HasSuffix(b.String(), "measure-link: 2 of 6 hold\n") {
		t.Errorf("report = %q, want 2 of 6", b.String())
	}
}

func TestReportOfNothingDoesNotHold(t *testing.T) {
	if (&report{w: &strings.Builder{}}).end() {
		t.Error("a report without a figure holds")
	}
}

func TestSamplesAreReadAsTheyWereTaken(t *testing.T) {
	back := time.UnixMilli(1000)
	s := seen{Frames: []float64{900, 1100, 1166, 1900}, Heard: [][3]float64{{990, -20, -100}, {1050, -60, -100}, {1120, -25, -100}, {1130, -25, -40}}}
	if got := first(s.Frames, back); got != 100 {
		t.Errorf("first frame after %v ms, want 100", got)
	}
	if got := longest(s.Frames); got != 734 {
		t.Errorf("longest gap = %v ms, want 734", got)
	}
	if got := firstHeard(s, 0, back); got != 120 {
		t.Errorf("first heard after %v ms, want 120", got)
	}
	if got := firstHeard(s, 1, back.Add(time.Second)); !math.IsNaN(got) {
		t.Errorf("heard after %v ms what was not", got)
	}
	if got := levels(s, 1, 0.99); got != -40 {
		t.Errorf("loudest look = %v dB, want -40", got)
	}
	if got := levels(seen{}, 0, 0.5); got != -100 {
		t.Errorf("level of nothing = %v dB, want -100", got)
	}
	if got := quantile([]float64{4, 1, 3, 2}, 0.5); got != 3 {
		t.Errorf("median = %v, want 3", got)
	}
}

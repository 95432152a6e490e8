package main

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"visavis/measure/figures"
)

func TestWhatTheMachineForbidsIsSkipped(t *testing.T) {
	var b strings.Builder
	r := figures.New(&b, "x")
	failed(r, "browsers", fmt.Errorf("%w: no root", errSkipped))
	r.Info("a", 1, "ms")
	r.AtMost("b", 1, "ms", 1)
	if !r.End() {
		t.Errorf("a group that was skipped counts as short: %s", b.String())
	}
	failed(r, "delay", errors.New("broken"))
	if r.End() {
		t.Errorf("a group that failed counts as held: %s", b.String())
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
}

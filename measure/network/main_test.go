package main

import (
	"strings"
	"testing"
)

func TestFigures(t *testing.T) {
	for _, c := range []struct {
		in   string
		want tally
	}{
		{"x_test.go:9: measure a 0.5 % <=0.5\n measure b 4 s >=4\n measure c 90 %\n", tally{3, 2, 2}},
		{"measure a 0.51 % <=0.5\n", tally{1, 1, 0}},
		{"measure a 3.9 s >=4\n", tally{1, 1, 0}},
		{"measure a 1 s about 4\n measure a x %\nmeasures are good\n", tally{}},
		{"measure a 1 s =1\n", tally{1, 1, 0}},
	} {
		var out strings.Builder
		if got := figures(strings.NewReader(c.in), &out); got != c.want {
			t.Errorf("%q: %+v, want %+v:\n%s", c.in, got, c.want, out.String())
		}
	}
}

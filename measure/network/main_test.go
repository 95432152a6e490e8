package main

import (
	"strings"
	"testing"
)

func TestFigures(t *testing.T) {
	for _, c := range []struct {
		in string
		n  int
		ok bool
	}{
		{"x_test.go:9: measure a 0.5 % <=0.5\n measure b 4 s >=4\n measure c 90 %\n", 3, true},
		{"measure a 0.51 % <=0.5\n", 1, false},
		{"measure a 3.9 s >=4\n", 1, false},
		{"measure a 1 s about 4\n measure a x %\nmeasures are good\n", 0, true},
		{"measure a 1 s =1\n", 1, false},
	} {
		var out strings.Builder
		if n, ok := figures(strings.NewReader(c.in), &out); n != c.n || ok != c.ok {
			t.Errorf("%q: %d figures, %v; want %d, %v:\n%s", c.in, n, ok, c.n, c.ok, out.String())
		}
	}
}

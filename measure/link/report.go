package main

import (
	"errors"
	"fmt"
	"math"
	"os"
	"slices"

	"visavis/measure/figures"
)

// failed is a group of figures that could not be had: short, unless the machine does not allow them.
func failed(r *figures.Report, name string, err error) {
	if errors.Is(err, errSkipped) {
		r.Skipped(name, err)
		return
	}
	r.Failed(name, err)
}

// quantile gives the value below which a part q of vs lies; NaN for none.
func quantile(vs []float64, q float64) float64 {
	if len(vs) == 0 {
		return math.NaN()
	}
	s := slices.Clone(vs)
	slices.Sort(s)
	return s[min(len(s)-1, int(float64(len(s))*q))]
}

// dump prints single values for whoever looks for the reason of a figure.
func (o options) dump(what string, vs ...[]float64) {
	if !o.raw {
		return
	}
	for _, v := range vs {
		fmt.Fprintf(os.Stderr, "raw %s: %.3f\n", what, v)
	}
}

package main

import (
	"errors"

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

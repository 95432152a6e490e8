package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"visavis/measure/figures"
)

// measureLoss runs the measurement of loss of internal/link in virtual time and reports its lines: "measure NAME VALUE UNIT [<=TARGET]".
func measureLoss(ctx context.Context, r *figures.Report) error {
	c := exec.CommandContext(ctx, "go", "test", "./internal/link", "-run", "^TestMeasureLoss$", "-count=1", "-v")
	c.Env = append(os.Environ(), "VISAVIS_MEASURE=1")
	out, err := c.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	n := 0
	for _, l := range strings.Split(string(out), "\n") {
		_, l, found := strings.Cut(l, "measure ")
		f := strings.Fields(l)
		if !found || len(f) < 3 {
			continue
		}
		v, err := strconv.ParseFloat(f[1], 64)
		if err != nil {
			continue
		}
		n++
		target := 0.0
		if len(f) > 3 && strings.HasPrefix(f[3], "<=") {
			if target, err = strconv.ParseFloat(f[3][2:], 64); err == nil {
				r.AtMost(f[0], v, f[2], target)
				continue
			}
		}
		r.Info(f[0], v, f[2])
	}
	if n == 0 {
		return errors.New("internal/link printed no measure line")
	}
	return nil
}

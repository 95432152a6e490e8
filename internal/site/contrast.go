package site

import (
	"fmt"
	"math"
	"strconv"
)

// leastContrast is what text needs on its ground, WCAG 2.2 §1.4.3.
const leastContrast = 4.5

// rgb reads "#rrggbb".
func rgb(s string) (c [3]uint8, err error) {
	if len(s) != 7 || s[0] != '#' {
		return c, fmt.Errorf("%q is no colour of the form #rrggbb", s)
	}
	n, err := strconv.ParseUint(s[1:], 16, 32)
	if err != nil {
		return c, fmt.Errorf("%q is no colour of the form #rrggbb", s)
	}
	return [3]uint8{uint8(n >> 16), uint8(n >> 8), uint8(n)}, nil
}

// luminance is the relative luminance of WCAG 2.2, 0 to 1.
func luminance(c [3]uint8) float64 {
	sum := 0.0
	for i, part := range [3]float64{0.2126, 0.7152, 0.0722} {
		v := float64(c[i]) / 255
		if v <= 0.04045 {
			v /= 12.92
		} else {
			v = math.Pow((v+0.055)/1.055, 2.4)
		}
		sum += part * v
	}
	return sum
}

// contrast is the contrast ratio of WCAG 2.2, 1 to 21; 0 if either is no colour.
func contrast(a, b string) float64 {
	x, errX := rgb(a)
	y, errY := rgb(b)
	if errX != nil || errY != nil {
		return 0
	}
	hi, lo := luminance(x), luminance(y)
	if hi < lo {
		hi, lo = lo, hi
	}
	return (hi + 0.05) / (lo + 0.05)
}

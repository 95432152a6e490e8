package bench

import (
	"math/bits"
	"time"
)

// histogram counts durations with a resolution of 1 µs or 3 %, whichever is coarser; beyond an hour all is one.
type histogram struct {
	counts [64 + 32*27]uint32
	n      uint64
}

func (h *histogram) add(d time.Duration) {
	v := uint64(max(d, 0) / time.Microsecond)
	i := int(v)
	if v >= 64 {
		shift := bits.Len64(v) - 6
		i = 64 + (shift-1)*32 + int(v>>shift) - 32
	}
	h.counts[min(i, len(h.counts)-1)]++
	h.n++
}

// quantile returns the upper edge of the bucket in which the fraction q ends, 0 without any value.
func (h *histogram) quantile(q float64) time.Duration {
	if h.n == 0 {
		return 0
	}
	want := uint64(q * float64(h.n))
	var seen uint64
	for i, c := range h.counts {
		if seen += uint64(c); seen > want || seen == h.n {
			return edge(i)
		}
	}
	return edge(len(h.counts) - 1)
}

func edge(i int) time.Duration {
	if i < 64 {
		return time.Duration(i+1) * time.Microsecond
	}
	shift := (i-64)/32 + 1
	return time.Duration(uint64((i-64)%32+33)<<shift) * time.Microsecond
}

// merge adds the counts of o.
func (h *histogram) merge(o *histogram) {
	for i, c := range o.counts {
		h.counts[i] += c
	}
	h.n += o.n
}

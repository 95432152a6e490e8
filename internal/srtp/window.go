package srtp

// window remembers which indices of one source have been accepted (RFC 3711 §3.3.2) and guesses the index of the next packet. The
// bitmap is a ring: bit i%size stands for index i, and moving forward clears what is moved over (as RFC 6479 does).
type window struct {
	bits []uint64
	top  uint64 // highest index accepted
	any  bool   // something has been accepted, or the source was seeded
}

func newWindow(packets uint) *window {
	return &window{bits: make([]uint64, (packets+63)/64)}
}

func (w *window) size() uint64 { return uint64(len(w.bits)) * 64 }

// guess returns the index that a packet with this sequence number most likely has (RFC 3711 §3.3.1): the one nearest to the highest
// accepted. Below index 0 there is nothing, so there it is the number itself. False if the index would pass MaxIndex.
func (w *window) guess(seq uint16) (uint64, bool) {
	if !w.any {
		return uint64(seq), true
	}
	roc, last := w.top>>16, uint16(w.top)
	switch {
	case last < 1<<15:
		if int(seq)-int(last) > 1<<15 && roc > 0 {
			roc--
		}
	case int(last)-1<<15 > int(seq):
		roc++
	}
	index := roc<<16 | uint64(seq)
	return index, index <= MaxIndex
}

// fresh says whether index was not accepted yet and is not too old to tell.
func (w *window) fresh(index uint64) bool {
	if !w.any || index > w.top {
		return true
	}
	if w.top-index >= w.size() {
		return false
	}
	i := index % w.size()
	return w.bits[i/64]&(1<<(i%64)) == 0
}

// accept marks index, which was fresh and whose packet was authenticated.
func (w *window) accept(index uint64) {
	size := w.size()
	if w.any && index > w.top {
		if index-w.top >= size {
			clear(w.bits)
		} else {
			for i := w.top + 1; i < index; i++ { // as long as the gap: mostly not once
				w.bits[i%size/64] &^= 1 << (i % 64)
			}
		}
	}
	if !w.any || index > w.top {
		w.top, w.any = index, true
	}
	w.bits[index%size/64] |= 1 << (index % 64)
}

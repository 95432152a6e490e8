package media

import "time"

const headroom = 2 // before each kept payload, for the original sequence number of an RTX payload (RFC 4588 §4)

// kept is one packet in a stream's ring. One copy serves every receiver and every resend: a forwarder writes its own picture id
// into it just before each send, which is safe because one thread does all of it and a Sink keeps nothing.
type kept struct {
	seq    int64  // unwrapped
	serial uint64 // counts arrivals at the switch, from 1; 0: empty
	epoch  uint32 // of the stream when it came
	at     time.Time
	time   uint32
	level  uint8
	marker bool
	vp8    vp8 // video only; body is 0 if there is no descriptor
	buf    []byte
}

func (k *kept) payload() []byte { return k.buf[headroom:] }

// ring keeps the newest packets of a stream by unwrapped sequence number, bounded by count and by age.
type ring struct {
	slots  []kept // a power of two
	most   int
	maxAge time.Duration
	low    int64 // the highest number that had to make room
}

func newRing(k Kind, maxAge time.Duration) ring {
	if k == Video {
		return ring{slots: make([]kept, 128), most: VideoRing, maxAge: maxAge}
	}
	return ring{slots: make([]kept, 64), most: AudioRing, maxAge: maxAge}
}

func (r *ring) at(seq int64) *kept { return &r.slots[seq&int64(len(r.slots)-1)] }

// get returns the packet seq unless it is not there.
func (r *ring) get(seq int64) *kept {
	if k := r.at(seq); k.serial != 0 && k.seq == seq {
		return k
	}
	return nil
}

// young is get, and nil for what is older than the ring's time.
func (r *ring) young(now time.Time, seq int64) *kept {
	if k := r.get(seq); k != nil && now.Sub(k.at) <= r.maxAge {
		return k
	}
	return nil
}

// place returns the slot for packet seq, or nil if a newer packet has it or had to make room: nobody can tell any more whether
// such a number came before, and sent on twice with two contents it would give away the key of GCM's tags (RFC 7714 §8.1). A slot
// whose packet is still young makes the ring double, up to its bound.
func (r *ring) place(now time.Time, seq int64) *kept {
	if seq <= r.low {
		return nil
	}
	for {
		k := r.at(seq)
		if k.serial == 0 {
			return k
		}
		if k.seq > seq {
			return nil
		}
		if now.Sub(k.at) > r.maxAge || len(r.slots) >= r.most {
			r.low = max(r.low, k.seq)
			return k
		}
		r.grow()
	}
}

func (r *ring) grow() {
	old := r.slots
	r.slots = make([]kept, 2*len(old))
	for i := range old {
		if old[i].serial != 0 {
			*r.at(old[i].seq) = old[i]
		}
	}
}

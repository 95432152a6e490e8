package media

import "time"

// Egress is what a slot has put out, whatever it was: first sendings, resends, padding, the silence that ends a talk.
type Egress struct {
	Packets uint64
	Last    time.Time // zero: none yet
	Late    uint64    // sent after the bound of the last Shut, while it was shut: nothing may be
}

// Egress returns what the slot has put out so far, closed or not.
func (f *Forwarder) Egress() Egress { return f.egress }

// Shut empties the slot at once, without a farewell, and keeps it empty whatever it is assigned, until Open: no packet, no resend,
// no padding and no report leaves it. What did nevertheless after bound would be counted in Egress.Late.
func (f *Forwarder) Shut(now, bound time.Time) {
	f.shut, f.bound, f.egress.Late = true, bound, 0
	if f.dead {
		return
	}
	f.unwait()
	f.leave(now, false)
	f.track = nil
	f.wish()
	f.resent = nil
}

// Open lets a slot that was shut be assigned again. What flowed meanwhile is out of its reach: an assignment begins with what
// comes after it.
func (f *Forwarder) Open() { f.shut = false }

// send is the one way out of a slot.
func (f *Forwarder) send(now time.Time, o *Out) {
	f.egress.Packets++
	f.egress.Last = now
	if f.shut && now.After(f.bound) {
		f.egress.Late++
	}
	f.c.Sink.Send(now, o)
}

package media

import (
	"testing"
	"time"
)

// TestShutSlot: nothing leaves a slot that is shut, whatever it is asked; its twin that is not shut is the control.
func TestShutSlot(t *testing.T) {
	for _, kind := range []Kind{Audio, Video} {
		for _, shut := range []bool{true, false} {
			w := newWorld(t)
			s, _ := w.stream(kind)
			to := &sink{}
			f := w.slot(kind, to)
			assign := func() {
				if kind == Video {
					f.Show(w.now, s.Track(), Priority{})
				} else {
					f.Assign(w.now, s)
				}
			}
			push := func(seq uint16) {
				if kind == Video {
					w.picture(s, seq, seq, uint8(seq), true)
				} else {
					w.sound(s, seq, 20)
				}
				w.flush()
			}
			assign()
			for i := range uint16(10) {
				push(100 + i)
			}
			before := to.take()
			if len(before) != 10 {
				t.Fatalf("kind %d: %d packets before", kind, len(before))
			}
			last := before[9].Index
			at := w.now
			if shut {
				f.Shut(w.now, w.now.Add(200*time.Millisecond))
			}
			var asked []uint16
			for i := range uint16(30) { // 600 ms: the closed part
				asked = append(asked, uint16(last)-5+i)
				assign()
				push(110 + i)
				f.Resend(w.now, asked)
				f.Keyframe(w.now)
				f.Probe(w.now, 3)
			}
			got := to.take()
			e := f.Egress()
			if shut && (len(got) != 0 || e.Packets != 10 || e.Late != 0 || !e.Last.Before(at)) {
				t.Errorf("kind %d: %d packets after the slot was shut, egress %+v", kind, len(got), e)
			}
			if !shut && (len(got) < 31 || e.Packets != uint64(10+len(got)) || !e.Last.After(at)) {
				t.Errorf("control, kind %d: %d packets of the slot that is not shut, egress %+v", kind, len(got), e)
			}
			if !shut {
				continue
			}
			// The doors are opened again: what flows now comes, what flowed meanwhile cannot be asked for.
			f.Open()
			assign()
			push(140)
			if got := to.take(); len(got) != 1 || got[0].Index != last+1 {
				t.Fatalf("kind %d: after it was opened %d packets came: %v", kind, len(got), numbers(got))
			}
			asked = asked[:0]
			for i := range uint16(60) {
				asked = append(asked, uint16(last)-40+i)
			}
			w.pass(time.Second / 4)
			f.Resend(w.now, asked)
			for _, o := range to.take() {
				seq := uint16(140) // what its payload must tell
				if b := o.Payload; kind == Audio && (b[1] != byte(seq>>8) || b[2] != byte(seq)) || kind == Video && b[len(b)-1] != byte(seq) {
					t.Errorf("kind %d: a resend brought %x, want only packet 140", kind, b)
				}
			}
			if f.Stats().Resent != 1 {
				t.Errorf("kind %d: %d resends after it was opened, want the one packet since (control)", kind, f.Stats().Resent)
			}
		}
	}
}

// TestShutCountsLate: the count of late packets is a measurement, not a constant: a packet forced out after the bound is counted.
func TestShutCountsLate(t *testing.T) {
	w := newWorld(t)
	f := w.slot(Audio, &sink{})
	f.Shut(w.now, w.now.Add(200*time.Millisecond))
	f.send(w.now.Add(200*time.Millisecond), &Out{})
	if e := f.Egress(); e.Late != 0 || e.Packets != 1 {
		t.Errorf("at the bound: %+v", e)
	}
	f.send(w.now.Add(201*time.Millisecond), &Out{})
	if e := f.Egress(); e.Late != 1 || e.Packets != 2 {
		t.Errorf("after the bound: %+v", e)
	}
}

// TestHeldStream: of a stream that is held nothing is kept: nothing is forwarded, and nobody asks for it afterwards. A stream that is
// not held is the control.
func TestHeldStream(t *testing.T) {
	for _, held := range []bool{true, false} {
		w := newWorld(t)
		s, src := w.stream(Audio)
		to := &sink{}
		f := w.slot(Audio, to)
		f.Assign(w.now, s)
		w.sound(s, 100, 20)
		w.flush()
		s.Hold(held)
		for i := range uint16(20) {
			w.sound(s, 101+i, 20)
			w.flush()
		}
		during := len(to.take()) - 1
		s.Hold(false)
		w.sound(s, 130, 20) // nine are missing: of those nobody asks a stream that was held
		w.flush()
		w.sound(s, 120, 20) // one of before the switch, late
		w.sound(s, 131, 20)
		w.flush()
		after := len(to.take())
		f.Resend(w.now, []uint16{1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008})
		if held && (during != 0 || after != 2 || src.calls != 0 || s.Stats().Held != 20) {
			t.Errorf("held: %d packets meanwhile, %d after, %d requests, %d counted", during, after, src.calls, s.Stats().Held)
		}
		if !held && (during != 20 || src.calls == 0) {
			t.Errorf("control: %d packets, %d requests", during, src.calls)
		}
		for _, o := range to.take() {
			if held && o.Payload[2] < 130 && o.Payload[2] > 100 {
				t.Errorf("a resend brought packet %d, which came while the stream was held", o.Payload[2])
			}
		}
	}
}

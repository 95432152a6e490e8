package media

import "time"

// Switch holds all streams and forwarders of one worker and hands packets from the ones to the others, receiver by receiver.
// Worker thread only.
type Switch struct {
	streams   []*Stream
	dirty     []*Stream // with pending packets
	receivers map[Sink]*receiver
	touched   []*receiver
	floors    []*Floor
	clocks    map[Source]*sourceClock
	serial    uint64 // of the last packet that came
	flushed   uint64 // serial at the end of the last flush
	epoch     time.Time
	now       time.Time // of the last flush or tick
	looked    time.Time // when receivers were last asked whether their slots are due
	gaps      bool      // some stream misses packets that it may ask for
	out       Out       // passed to Sink.Send; here because a local one would be on the heap
	seqs      [MaxRequest]uint16
	padding   [probePadding]byte
	warmed    int     // of no use but to be computed
	silent    [3]byte // one 20 ms Opus frame of nothing (RFC 6716 §3.1: CELT full band, empty)
}

// receiver is what belongs to one Sink.
type receiver struct {
	warmer      Warmer     // sink, or nil
	first, last *Forwarder // with a turn in this flush
	budget      budget
	sink        Sink
	forwarders  int

	slots   []*Forwarder // all
	limited bool
	limit   float64 // bit/s for pictures
	short   bool    // some slot shows less than it could
	looked  time.Time
	ranked  []*Forwarder // scratch
}

// NewSwitch makes an empty one.
func NewSwitch() *Switch {
	s := &Switch{receivers: map[Sink]*receiver{}, clocks: map[Source]*sourceClock{}, silent: [3]byte{0xf8, 0xff, 0xfe}}
	s.padding[probePadding-1] = probePadding
	return s
}

// Flush hands on what was pushed since the last call. All packets of one receiver follow one another, whatever their streams,
// so that its Sink can seal and send them as one run.
func (s *Switch) Flush(now time.Time) {
	s.start(now)
	for _, f := range s.floors {
		if f.due {
			f.update(now)
		}
	}
	for _, st := range s.dirty {
		for _, f := range st.forwarders {
			if f.dirty || !f.ready {
				continue
			}
			f.dirty = true
			if r := f.r; r.first == nil {
				s.touched = append(s.touched, r)
				r.first, r.last = f, f
			} else {
				r.last.turn, r.last = f, f
			}
		}
	}
	for i, r := range s.touched {
		if i%warmAhead == 0 {
			s.warm(s.touched[i:min(i+warmAhead, len(s.touched))])
		}
		for f := r.first; f != nil; {
			next := f.turn
			f.dirty, f.turn = false, nil
			f.forward(now)
			f = next
		}
		r.first, r.last = nil, nil
	}
	clear(s.touched)
	s.touched = s.touched[:0]
	for _, st := range s.dirty {
		st.pending = st.pending[:0]
		st.request(now)
		s.gaps = s.gaps || st.misses()
	}
	clear(s.dirty)
	s.dirty = s.dirty[:0]
	s.flushed = s.serial
}

// warm has the memory of the next receivers fetched side by side; served one after the other, each waits for its own. The kernel, which takes every
// packet, leaves little of it near: without this a packet cost 6 to 9 % more at 50 and at 500 receivers (measure-forward, in turns).
func (s *Switch) warm(rs []*receiver) {
	for _, r := range rs {
		if r.warmer != nil {
			s.warmed += r.warmer.Warm()
		}
	}
}

// Tick repeats requests and looks at the floors; every 5 ms or so while Urgent, every 10 or so else.
func (s *Switch) Tick(now time.Time) {
	s.start(now)
	s.gaps = false
	for _, st := range s.streams {
		st.Tick(now)
		s.gaps = s.gaps || st.misses()
	}
	if now.Sub(s.looked) >= lookEvery { // not each time: there may be hundreds, far apart in memory
		s.looked = now
		for _, r := range s.receivers {
			if now.Sub(r.looked) >= allocateEvery {
				r.allocate(now)
			}
		}
	}
	for _, f := range s.floors {
		if f.due || now.Sub(f.looked) >= floorEvery {
			f.update(now)
		}
	}
}

// Urgent says whether a tick is waited for: by a gap that is to be asked for, or a floor that is to be filled anew.
func (s *Switch) Urgent() bool {
	if s.gaps {
		return true
	}
	for _, f := range s.floors {
		if f.due {
			return true
		}
	}
	return false
}

// start takes the time, and fixes the origin of the switch's clock, which a step of the wall clock does not move.
func (s *Switch) start(now time.Time) {
	if s.epoch.IsZero() {
		s.epoch = now
	}
	s.now = now
}

// since is the time since the first call of anything that was told the time.
func (s *Switch) since(now time.Time) time.Duration {
	s.start(now)
	return now.Sub(s.epoch)
}

// NTP is now on the switch's clock, which all sender reports of its slots carry: what is subtracted from the times in them (a
// round trip by RFC 3550 §6.4.1) must be this too, because a step of the wall clock does not move it.
func (s *Switch) NTP(now time.Time) uint64 { return NTP(s.epoch.Add(s.since(now))) }

func (s *Switch) removeStream(st *Stream) {
	for i, x := range s.streams {
		if x == st {
			s.streams = append(s.streams[:i], s.streams[i+1:]...)
			break
		}
	}
	for i, x := range s.dirty {
		if x == st {
			s.dirty = append(s.dirty[:i], s.dirty[i+1:]...)
			break
		}
	}
	if st.c.Source != nil {
		if st.clock.users--; st.clock.users == 0 {
			delete(s.clocks, st.c.Source)
		}
	}
}

func (s *Switch) receiverOf(sink Sink) *receiver {
	r := s.receivers[sink]
	if r == nil {
		r = &receiver{sink: sink}
		r.warmer, _ = sink.(Warmer)
		s.receivers[sink] = r
	}
	r.forwarders++
	return r
}

func (s *Switch) releaseReceiver(r *receiver) {
	if r.forwarders--; r.forwarders == 0 {
		delete(s.receivers, r.sink)
	}
}

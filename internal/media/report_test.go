package media

import (
	"testing"
	"time"

	"github.com/pion/rtcp"
)

func TestReception(t *testing.T) {
	w := newWorld(t)
	s, _ := w.stream(Audio)
	push := func(q int, late time.Duration) {
		w.now = w.now.Add(late)
		s.Push(w.now, &Packet{SSRC: s.SSRC(), Seq: uint16(q), Time: uint32(q) * 960, Payload: []byte{1}}, 30)
		w.now = w.now.Add(20*time.Millisecond - late)
	}
	for q := 65530; q < 65540; q++ {
		push(q, 0)
	}
	r, ok := s.Reception(w.now)
	if want := (rtcp.ReceptionReport{SSRC: s.SSRC(), LastSequenceNumber: 65539}); !ok || r != want {
		t.Errorf("nothing lost: got %+v, want %+v", r, want)
	}
	for q := 65540; q < 65550; q++ {
		if q%5 != 0 {
			push(q, 0)
		}
	}
	s.SenderReport(w.now, 0x0102030405060708, 0)
	w.now = w.now.Add(500 * time.Millisecond)
	r, _ = s.Reception(w.now)
	if r.FractionLost != 51 || r.TotalLost != 2 || r.LastSequenceNumber != 65549 || r.LastSenderReport != 0x03040506 || r.Delay != 32768 {
		t.Errorf("2 of 10 lost: got %+v, want fraction 51, total 2, newest 65549, LSR 0x03040506, delay 32768", r)
	}
	// A.8: |D| is 480 ticks for ever, so that the estimate comes near it.
	for q := 65550; q < 65750; q++ {
		push(q, time.Duration(q%2)*10*time.Millisecond)
	}
	if r, _ = s.Reception(w.now); r.Jitter < 470 || r.Jitter > 490 {
		t.Errorf("jitter %d, want about 480", r.Jitter)
	}
}

// What came only because it was asked for is lost for the report: senders judge the path by it.
func TestReceptionCountsResendsAsLost(t *testing.T) {
	w := newWorld(t)
	s, _ := w.stream(Audio)
	for _, q := range []uint16{1, 2, 4, 5, 7, 6} { // 6 is only reordered
		w.sound(s, q, 30)
	}
	w.pass(20 * time.Millisecond)
	w.sound(s, 3, 30)
	if r, _ := s.Reception(w.now); r.TotalLost != 1 || s.Stats().Recovered != 1 {
		t.Errorf("total lost %d, recovered %d; want 1 and 1", r.TotalLost, s.Stats().Recovered)
	}
}

// The receiver gets the source's capture clock in our time, whatever the source's clock says, and the same for the sound and the
// picture of one source.
func TestSenderReportsOnOurClock(t *testing.T) {
	w := newWorld(t)
	src := &source{}
	mic := NewStream(w.sw, StreamConfig{Kind: Audio, SSRC: 1, Source: src})
	cam := NewStream(w.sw, StreamConfig{Kind: Video, SSRC: 2, Source: src})
	to := &sink{}
	sound, picture := w.slot(Audio, to), w.slot(Video, to)
	sound.Assign(w.now, mic)
	picture.Assign(w.now, cam)
	if _, ok := sound.Report(w.now); ok {
		t.Error("a report before anything flows")
	}
	ahead := 100 * time.Hour // of the source's clock
	mic.Push(w.now, &Packet{SSRC: mic.SSRC(), Seq: 1, Time: 1000, Payload: []byte{1}}, 30)
	w.picture(cam, 1, 1, 0, true)
	w.flush()
	if _, ok := sound.Report(w.now); ok {
		t.Error("a report before the source's")
	}
	// Captured at base; reports travel 50, 30, 90 ms.
	base := w.now
	for i, travel := range []time.Duration{50, 30, 90} {
		sent := base.Add(time.Duration(i) * time.Second)
		w.pass(sent.Add(travel * time.Millisecond).Sub(w.now))
		mic.SenderReport(w.now, NTP(sent.Add(ahead)), 1000+uint32(i)*48000)
		cam.SenderReport(w.now, NTP(sent.Add(ahead)), 9000+uint32(i)*90000)
	}
	a, ok := sound.Report(w.now)
	v, ok2 := picture.Report(w.now)
	if !ok || !ok2 {
		t.Fatal("no reports")
	}
	passed := w.now.Sub(base.Add(30 * time.Millisecond)).Seconds()
	wantA := uint32(1000+passed*48000) + sound.a.timeOff
	wantV := uint32(9000+passed*90000) + picture.a.timeOff
	if d := int32(a.RTPTime - wantA); d < -2 || d > 2 || a.NTPTime != NTP(w.now) {
		t.Errorf("sound report %+v is off by %d ticks", a, d)
	}
	if d := int32(v.RTPTime - wantV); d < -2 || d > 2 || v.NTPTime != a.NTPTime {
		t.Errorf("picture report %+v is off by %d ticks", v, d)
	}
	if a.PacketCount != 1 || a.OctetCount != 1 {
		t.Errorf("counts %d packets, %d bytes; want 1 and 1", a.PacketCount, a.OctetCount)
	}
	w.pass(reportFor + time.Second)
	if _, ok := sound.Report(w.now); ok {
		t.Error("a report of an hour-old clock")
	}
}

// A clock that runs fast is followed; the smallest difference ever would stay behind for good.
func TestSourceClockFollowsSkew(t *testing.T) {
	var c windowMin
	now := time.Unix(0, 0)
	for i := range 3600 {
		c.add(now.Add(time.Duration(i)*time.Second), clockWindow, int64(i)<<32/20000) // 50 ppm slow
	}
	if off := float64(c.least)/(1<<32) - 3599.0/20000; off < -0.007 || off > 0 {
		t.Errorf("after an hour the offset is %.4f s off, want at most two windows of skew", off)
	}
}

// The switch's clock begins at the wall clock's time and goes on by what passes after.
func TestSwitchNTP(t *testing.T) {
	sw, start := NewSwitch(), time.Now()
	if got, want := sw.NTP(start), NTP(start); got != want {
		t.Errorf("starts at %#x, want the wall clock's %#x", got, want)
	}
	if got := (sw.NTP(start.Add(1500*time.Millisecond)) - NTP(start) + 1<<8) >> 16; got != 3<<15 {
		t.Errorf("1.5 s are %#x/65536 s, want %#x", got, 3<<15)
	}
}

// A new SSRC, or a jump, has timestamps of its own: the report of before says nothing about them. Until the next one comes the
// slot has none.
func TestSenderReportEndsWithItsNumbers(t *testing.T) {
	for _, c := range []struct {
		name string
		turn func(w *world, s *Stream) (seq uint16)
		keep bool
	}{
		{"control: the numbers go on", func(w *world, s *Stream) uint16 { return 1050 }, true},
		{"a new SSRC", func(w *world, s *Stream) uint16 { s.SetSSRC(0x99); return 5 }, false},
		{"a jump", func(w *world, s *Stream) uint16 { w.sound(s, 40000, NoLevel); return 40001 }, false},
	} {
		w := newWorld(t)
		s, _ := w.stream(Audio)
		f := w.slot(Audio, &sink{})
		f.Assign(w.now, s)
		push := func(seq uint16, rtp uint32) {
			s.Push(w.now, &Packet{SSRC: s.SSRC(), Seq: seq, Time: rtp, Payload: []byte{1, 2, 3}}, NoLevel)
			w.sw.Flush(w.now)
		}
		off := func() (int32, bool) {
			r, ok := f.Report(w.now)
			return int32(r.RTPTime - f.time), ok
		}
		for i := range uint16(50) {
			push(1000+i, uint32(1000+i)*960)
			w.pass(20 * time.Millisecond)
		}
		rtp := uint32(1050 * 960)
		s.SenderReport(w.now, NTP(w.now), rtp)
		seq := c.turn(w, s)
		if seq != 1050 {
			rtp = 0x70000000
		}
		if _, ok := f.Report(w.now); c.name == "a new SSRC" && ok {
			t.Errorf("%s: a report before its first packet", c.name)
		}
		push(seq, rtp)
		if d, ok := off(); ok != c.keep || ok && (d > 960 || d < -960) {
			t.Errorf("%s: report %v, %d ticks off, want %v", c.name, ok, d, c.keep)
		}
		s.SenderReport(w.now, NTP(w.now), rtp)
		if d, ok := off(); !ok || d > 960 || d < -960 {
			t.Errorf("%s: after the next report: %v, %d ticks off", c.name, ok, d)
		}
	}
}

// What comes late under an SSRC that the source has given up would begin an epoch of its own, and the next packet another.
func TestOtherSSRCIsDropped(t *testing.T) {
	w, s, _, to, _ := assigned(t, Audio)
	push := func(ssrc uint32, seqs ...uint16) {
		for _, q := range seqs {
			s.Push(w.now, &Packet{SSRC: ssrc, Seq: q, Payload: []byte{1}}, NoLevel)
			w.flush()
		}
	}
	was := s.SSRC()
	push(was, 30000, 30001)
	s.SetSSRC(0x99)
	push(0x99, 5)
	push(was, 30002, 30003)
	push(0x99, 6, 7)
	if st := s.Stats(); st.Foreign != 2 || st.Packets != 5 || st.Restarts != 1 || len(to.got) != 5 {
		t.Errorf("%d packets sent, stats %+v; want 5, 2 foreign and 1 restart", len(to.got), st)
	}
	anon := NewStream(w.sw, StreamConfig{Kind: Audio}) // the control: nothing is known to differ from
	anon.Push(w.now, &Packet{SSRC: 7, Seq: 1, Payload: []byte{1}}, NoLevel)
	if anon.Stats().Packets != 1 {
		t.Error("a stream whose SSRC is not known took nothing")
	}
}

package media

import (
	"testing"
	"time"
)

// What a slot's reports have said of its timestamps goes on to hold when it moves to another layer of the camera, or goes on with the
// same one, and the first packet comes 50 ms later than the others; sound, whose reports do not change, stays in step with it. Without
// reports, and with another camera, the time of arrival counts.
func TestMoveKeepsToTheReports(t *testing.T) {
	const ahead = 100 * time.Hour // of the source's clock
	for _, c := range []struct {
		name   string
		move   func(f *Forwarder, now time.Time, low, high, other *Stream) *Stream
		silent bool // no reports
		step   time.Duration
	}{
		{"another layer", func(f *Forwarder, now time.Time, _, high, _ *Stream) *Stream { f.Assign(now, high); return high }, false, 66 * time.Millisecond},
		{"the same layer, resumed", func(f *Forwarder, now time.Time, low, _, _ *Stream) *Stream { f.Resume(now); return low }, false, 66 * time.Millisecond},
		{"control: no reports", func(f *Forwarder, now time.Time, _, high, _ *Stream) *Stream { f.Assign(now, high); return high }, true, 116 * time.Millisecond},
		{"control: another camera", func(f *Forwarder, now time.Time, _, _, other *Stream) *Stream { f.Assign(now, other); return other }, false, 116 * time.Millisecond},
	} {
		w := newWorld(t)
		src, to := &source{}, &sink{}
		var streams []*Stream
		for i := range uint32(3) {
			streams = append(streams, NewStream(w.sw, StreamConfig{Kind: Video, SSRC: i + 1, Source: src}))
		}
		low, high, other := streams[0], streams[1], streams[2]
		NewTrack(low, high)
		f := w.slot(Video, to)
		f.Assign(w.now, low)
		base, seq := w.now, uint16(0)
		clock := func(s *Stream, at time.Duration) uint32 { return s.SSRC()<<28 + uint32(at/time.Millisecond)*90 }
		picture := func(s *Stream, captured, travel time.Duration, key bool) {
			w.pass(base.Add(captured + travel).Sub(w.now))
			seq++
			s.Push(w.now, &Packet{SSRC: s.SSRC(), Seq: seq, Time: clock(s, captured), Marker: true, Payload: vp8Payload(seq, 0, key, seq)}, NoLevel)
			w.sw.Flush(w.now)
		}
		report := func() (ntp uint64, rtp uint32) {
			t.Helper()
			r, ok := f.Report(w.now)
			if !ok {
				t.Fatalf("%s: no report", c.name)
			}
			return r.NTPTime, r.RTPTime
		}
		for i := range 3 {
			picture(low, time.Duration(i)*66*time.Millisecond, 20*time.Millisecond, i == 0)
		}
		for i, s := range streams {
			if at := time.Duration(i) * 10 * time.Millisecond; !c.silent {
				s.SenderReport(w.now, NTP(base.Add(at+ahead)), clock(s, at))
			}
		}
		var ntp uint64
		var rtp uint32
		if !c.silent {
			ntp, rtp = report()
		}
		was := to.got[len(to.got)-1].Time
		picture(c.move(f, w.now, low, high, other), 198*time.Millisecond, 70*time.Millisecond, true)
		got := to.got[len(to.got)-1].Time - was
		if d := int64(got) - int64(c.step/time.Millisecond)*90; len(to.got) != 4 || d < -2 || d > 2 {
			t.Errorf("%s: %d ticks from picture to picture, want %d", c.name, got, int64(c.step/time.Millisecond)*90)
		}
		if c.silent || c.step > 66*time.Millisecond {
			continue
		}
		then, now := report()
		if d := int64(now-rtp) - int64((then-ntp)>>16*90000>>16); d < -2 || d > 2 {
			t.Errorf("%s: the next report is %d ticks off the last", c.name, d)
		}
	}
}

// A report that would move a slot's timestamps by more than a second is not believed.
func TestMoveByAnAbsurdReport(t *testing.T) {
	for _, c := range []struct {
		name  string
		wrong time.Duration // in what the second layer's report says
		want  int64         // ticks from picture to picture
	}{
		{"1.1 s ahead", 1100 * time.Millisecond, 20 * 90},
		{"an hour behind", -time.Hour, 20 * 90},
		{"control: half a second ahead", 500 * time.Millisecond, 520 * 90},
	} {
		w := newWorld(t)
		src, to := &source{}, &sink{}
		low := NewStream(w.sw, StreamConfig{Kind: Video, SSRC: 1, Source: src})
		high := NewStream(w.sw, StreamConfig{Kind: Video, SSRC: 2, Source: src})
		NewTrack(low, high)
		f := w.slot(Video, to)
		f.Assign(w.now, low)
		w.picture(low, 1, 1, 0, true)
		low.SenderReport(w.now, NTP(w.now), 3000)
		w.flush()
		f.Assign(w.now, high)
		high.SenderReport(w.now, NTP(w.now.Add(c.wrong)), 6000)
		w.picture(high, 2, 2, 0, true)
		w.flush()
		if got := int64(int32(to.got[1].Time - to.got[0].Time)); got < c.want-2 || got > c.want+2 {
			t.Errorf("%s: %d ticks, want %d", c.name, got, c.want)
		}
	}
}

package media

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// golden writes what a slot sent, one packet a line.
func golden(got []Out) string {
	var b strings.Builder
	for _, o := range got {
		again := ""
		if o.Resend {
			again = " resend"
		}
		mark := ' '
		if o.Marker {
			mark = 'M'
		}
		fmt.Fprintf(&b, "ssrc %d index %d pt %d%c time %d level %d mid %q payload %x%s\n", o.SSRC, o.Index, o.PT, mark, o.Time, o.Level, o.Mid, o.Payload, again)
	}
	return b.String()
}

var update = flag.Bool("update", false, "rewrite the goldens")

// checkGolden compares with testdata/name; -update writes it.
func checkGolden(t *testing.T, name, got string) {
	t.Helper()
	file := "testdata/" + name
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; got:\n%swant:\n%s", file, got, want)
	}
}

func TestVideoSwitchGolden(t *testing.T) {
	w, a, _, to, f := assigned(t, Video)
	b, srcB := w.stream(Video)
	w.picture(a, 65534, 500, 3, false) // not before a keyframe
	w.flush()
	w.picture(a, 65535, 501, 4, true)
	w.picture(a, 0, 501, 4, false)
	w.flush()
	w.picture(a, 1, 502, 5, false)
	w.flush()
	f.Assign(w.now, b)
	w.picture(b, 900, 32766, 250, false) // A goes on meanwhile
	w.picture(a, 2, 503, 6, false)
	w.flush()
	w.picture(b, 901, 32767, 251, true)
	w.picture(a, 3, 504, 7, false) // in the same batch, so still shown
	w.flush()
	w.picture(a, 4, 505, 8, false) // no more of A
	w.flush()
	w.picture(b, 902, 0, 252, false) // picture ids of B wrap, those of the slot do not
	w.flush()
	f.Resend(w.now, []uint16{uint16(firstSeq + 6)})
	checkGolden(t, "video-switch.txt", golden(to.got))
	if len(srcB.keyframes) != 1 {
		t.Errorf("%d keyframes asked of the new source, want 1", len(srcB.keyframes))
	}
	if f.Stream() != b {
		t.Errorf("the slot shows %v, want the new stream", f.Stream())
	}
}

func TestAudioSwitchGolden(t *testing.T) {
	w, a, _, to, f := assigned(t, Audio)
	b, _ := w.stream(Audio)
	for i := range 2 {
		w.sound(a, uint16(65535+i), 30)
		w.flush()
	}
	f.Assign(w.now, b)
	w.sound(a, 1, 30) // no more of A
	w.sound(b, 700, 0x80|20)
	w.flush()
	f.Assign(w.now, nil)
	w.sound(b, 701, 20)
	w.pass(time.Second)
	w.flush()
	f.Assign(w.now, a)
	w.sound(a, 2, NoLevel)
	w.flush()
	f.Resend(w.now, []uint16{uint16(firstSeq + 7)})
	checkGolden(t, "audio-switch.txt", golden(to.got))
}

// A sender that begins with 7-bit picture ids and wraps them, another that grows to 15 bits.
func TestPictureIDsGoOn(t *testing.T) {
	w, s, _, to, _ := assigned(t, Video)
	push := func(seq uint16, descriptor ...byte) {
		s.Push(w.now, &Packet{SSRC: s.SSRC(), Seq: seq, Payload: append(descriptor, 0)}, NoLevel)
		w.flush()
	}
	push(1, 0x90, 0x80, 126)
	push(2, 0x90, 0x80, 127)
	push(3, 0x90, 0x80, 0)
	push(4, 0x90, 0x80, 0x80, 129)
	var ids []int
	for _, o := range to.got {
		ids = append(ids, int(o.Payload[2]&0x7f)<<8|int(o.Payload[3]))
	}
	if !slices.Equal(ids, []int{1, 2, 3, 4}) {
		t.Errorf("picture ids %v, want 1 to 4", ids)
	}
}

// Reordering and loss at the source show at the receiver as they are: numbers keep their distances.
func TestReorderedPacketsKeepTheirPlace(t *testing.T) {
	w, s, _, to, _ := assigned(t, Audio)
	for _, q := range []uint16{10, 12, 11, 14, 9, 12} { // 13 lost, 9 from before the slot began, 12 twice
		w.sound(s, q, 30)
		w.sw.Flush(w.now)
	}
	if got, want := numbers(to.got), []int{1001, 1003, 1002, 1005}; !slices.Equal(got, want) {
		t.Errorf("numbers %v, want %v", got, want)
	}
	if st := s.Stats(); st.Duplicates != 1 || st.Lost != 1 {
		t.Errorf("stats %+v, want 1 duplicate and 1 lost", st)
	}
}

// The parts of a keyframe that overtook its first packet are not lost.
func TestKeyframeOvertaken(t *testing.T) {
	w := newWorld(t)
	s, _ := w.stream(Video)
	to := &sink{}
	w.picture(s, 4, 7, 0, false) // before it was assigned: never
	w.flush()
	w.slot(Video, to).Assign(w.now, s)
	w.picture(s, 5, 7, 0, false)
	w.flush()
	w.picture(s, 3, 7, 0, true)
	w.picture(s, 6, 7, 0, false)
	w.flush()
	if got, want := numbers(to.got), []int{1001, 1003, 1004}; !slices.Equal(got, want) {
		t.Errorf("numbers %v, want %v", got, want)
	}
}

func TestNothingBeforeReady(t *testing.T) {
	w := newWorld(t)
	s, src := w.stream(Video)
	to := &sink{}
	f := NewForwarder(w.sw, ForwarderConfig{Kind: Video, SSRC: 1, PT: 96, Sink: to})
	f.Assign(w.now, s)
	w.picture(s, 1, 1, 0, true)
	w.flush()
	w.pass(time.Second)
	if len(to.got) != 0 || len(src.keyframes) != 0 {
		t.Fatalf("before Ready %d packets were sent and %d keyframes asked for", len(to.got), len(src.keyframes))
	}
	f.Ready(w.now)
	w.picture(s, 2, 2, 0, true)
	w.flush()
	if len(to.got) != 1 || len(src.keyframes) != 1 { // the control
		t.Fatalf("after Ready %d packets were sent and %d keyframes asked for, want 1 and 1", len(to.got), len(src.keyframes))
	}
}

// What came in the same batch, but before the slot was filled, is not sent, nor can it be asked for; and nothing is resent before
// it was sent.
func TestNothingBeforeAssign(t *testing.T) {
	w := newWorld(t)
	s, _ := w.stream(Audio)
	to := &sink{}
	f := w.slot(Audio, to)
	w.pass(time.Second)
	w.sound(s, 1, 30)
	f.Assign(w.now, s)
	w.sound(s, 2, 30)
	w.sw.Flush(w.now)
	f.Resend(w.now, []uint16{1000})
	w.sound(s, 3, 30)
	f.Resend(w.now, []uint16{1002})
	if got := numbers(to.got); !slices.Equal(got, []int{1001}) {
		t.Errorf("numbers %v, want 1001", got)
	}
	w.sw.Flush(w.now)
	f.Resend(w.now, []uint16{1002}) // the control
	if got := numbers(to.got); !slices.Equal(got, []int{1001, 1002, 1002}) {
		t.Errorf("numbers %v, want 1001 and 1002 twice", got)
	}
}

// A restart in the middle of a batch leaves no gap.
func TestRestartWithinABatch(t *testing.T) {
	w, s, _, to, _ := assigned(t, Audio)
	for _, q := range []uint16{1, 2, 20000, 20001, 20002} {
		w.sound(s, q, 30)
	}
	w.flush()
	for _, q := range []uint16{20003, 40000, 40001, 40002} {
		w.sound(s, q, 30)
	}
	w.flush()
	// The first of each new row is refused, and what came before a restart in a batch is not sent when the slot begins with it.
	if got, want := numbers(to.got), run(1001, 5); !slices.Equal(got, want) {
		t.Errorf("numbers %v, want %v", got, want)
	}
}

// All packets of one receiver follow one another.
func TestFlushGoesReceiverByReceiver(t *testing.T) {
	w := newWorld(t)
	a, _ := w.stream(Audio)
	v, _ := w.stream(Video)
	var order []*sink
	var sinks []*sink
	for range 3 {
		to := &sink{order: &order}
		sinks = append(sinks, to)
		w.slot(Audio, to).Assign(w.now, a)
		w.slot(Video, to).Assign(w.now, v)
	}
	w.picture(v, 1, 1, 0, true)
	w.sound(a, 1, 30)
	w.picture(v, 2, 1, 0, false)
	w.sw.Flush(w.now)
	for i, s := range sinks {
		if got := order[3*i : 3*i+3]; got[0] != s || got[1] != s || got[2] != s {
			t.Fatalf("packets %d to %d went to different receivers", 3*i, 3*i+2)
		}
	}
}

func TestSilenceThenContinuation(t *testing.T) {
	for _, c := range []struct {
		name    string
		pause   time.Duration
		restart bool
	}{{"1.2 s", 1200 * time.Millisecond, true}, {"control: 0.8 s", 800 * time.Millisecond, false}} {
		w, s, src, to, f := assigned(t, Video)
		for i := range 5 {
			w.picture(s, uint16(i), uint16(i), 0, i == 0)
			w.flush()
		}
		w.pass(c.pause)
		asked := len(src.keyframes)
		w.picture(s, 45, 45, 0, false) // 40 were lost
		w.flush()
		w.picture(s, 46, 46, 0, true)
		w.flush()
		to.got = to.got[5:]
		f.Resend(w.now, []uint16{firstSeq + 5})
		if !c.restart {
			if got, want := numbers(to.got), []int{1046, 1047, 2}; got[0] != want[0] || len(src.resends) == 0 || len(to.got) != 3 {
				t.Errorf("%s: numbers %v, %d asked again; want the gap, requests and an answered NACK", c.name, got, len(src.resends))
			}
			continue
		}
		if got, want := numbers(to.got), []int{1006}; !slices.Equal(got, want) {
			t.Errorf("%s: numbers %v, want %v: no gap, no old picture, nothing before the keyframe", c.name, got, want)
		}
		if len(src.keyframes) != asked+1 || len(src.resends) != 0 {
			t.Errorf("%s: %d keyframes and %d resends asked for, want 1 and 0", c.name, len(src.keyframes)-asked, len(src.resends))
		}
	}
}

// A source may be slow: where the numbers go on without a gap, nothing was lost and nothing starts anew.
func TestSlowSourceIsNoRestart(t *testing.T) {
	for _, c := range []struct {
		name     string
		step     uint16
		restarts uint64
	}{{"in line", 1, 0}, {"control: each second frame lost", 2, 9}} {
		w, s, src, to, _ := assigned(t, Video)
		for i := range uint16(10) {
			w.picture(s, 1000+i*c.step, i, 0, i == 0)
			w.sw.Flush(w.now)
			w.pass(1005 * time.Millisecond)
		}
		if got := s.Stats().Restarts; got != c.restarts {
			t.Errorf("%s: %d restarts, want %d", c.name, got, c.restarts)
		}
		if c.restarts == 0 && (len(to.got) != 10 || len(src.keyframes) != 1) {
			t.Errorf("%s: %d of 10 frames sent, %d keyframes asked for, want all and 1", c.name, len(to.got), len(src.keyframes))
		}
	}
}

func TestResumeAfterReceiverSilence(t *testing.T) {
	w, s, src, to, f := assigned(t, Video)
	w.picture(s, 1, 1, 0, true)
	w.flush()
	w.pass(400 * time.Millisecond)
	asked := len(src.keyframes)
	f.Resume(w.now)
	w.picture(s, 2, 2, 0, false)
	w.flush()
	w.picture(s, 3, 3, 0, true)
	w.flush()
	f.Resend(w.now, []uint16{1001})
	if got, want := numbers(to.got), []int{1001, 1002}; !slices.Equal(got, want) || len(src.keyframes) != asked+1 {
		t.Errorf("numbers %v with %d keyframes asked for, want %v with 1", got, len(src.keyframes)-asked, want)
	}
}

// Nobody's picture stays for long in a slot that is somebody else's.
func TestOldPictureEnds(t *testing.T) {
	w, a, _, to, f := assigned(t, Video)
	b, srcB := w.stream(Video)
	q := uint16(0)
	show := func(d time.Duration) int {
		to.take()
		for end := w.now.Add(d); w.now.Before(end); q++ {
			w.picture(a, q, q, 0, q == 0)
			w.picture(b, q, q, 0, false) // never a keyframe
			w.flush()
		}
		return len(to.take())
	}
	show(200 * time.Millisecond)
	f.Assign(w.now, b)
	if n := show(time.Second); n != 50 { // the control
		t.Errorf("%d packets of the old picture in the first second of a switch, want 50", n)
	}
	show(40 * time.Millisecond)
	if n := show(time.Second); n != 0 {
		t.Errorf("%d packets of the old picture after that, want none", n)
	}
	w.picture(b, q, q, 0, true)
	w.flush()
	if got := len(to.take()); got != 1 || len(srcB.keyframes) < 6 {
		t.Errorf("%d packets of the new picture's keyframe, asked for %d times", got, len(srcB.keyframes))
	}
	f.Assign(w.now, a)
	a.Close(w.now)
	f.Assign(w.now, a)
	if f.Stream() != nil {
		t.Error("a closed stream did not empty the slot")
	}
	f.Assign(w.now, b)
	c, _ := w.stream(Audio)
	f.Assign(w.now, c)
	if f.Stream() != nil {
		t.Error("a stream of another kind did not empty the slot")
	}
}

func TestCloseStream(t *testing.T) {
	w, s, _, to, f := assigned(t, Audio)
	w.sound(s, 1, 30)
	w.flush()
	w.sound(s, 2, 30)
	s.Close(w.now)
	w.sound(s, 3, 30)
	w.flush()
	f.Resend(w.now, []uint16{1001})
	if len(to.got) != 4 || f.Stream() != nil {
		t.Fatalf("got\n%swant one packet and the three silent frames", golden(to.got))
	}
	for _, o := range to.got[1:] {
		if !bytes.Equal(o.Payload, []byte{0xf8, 0xff, 0xfe}) {
			t.Errorf("payload %x, want silence", o.Payload)
		}
	}
	b, _ := w.stream(Audio)
	f.Assign(w.now, b)
	w.sound(b, 9, 30)
	w.flush()
	if got := numbers(to.got[4:]); !slices.Equal(got, []int{1005}) {
		t.Errorf("next stream has numbers %v, want 1005", got)
	}
	f.Close(w.now)
	w.sound(b, 10, 30)
	w.flush()
	if len(to.got) != 5 {
		t.Errorf("a closed slot sent %d packets", len(to.got)-5)
	}
	if len(w.sw.receivers) != 0 {
		t.Errorf("%d receivers are left", len(w.sw.receivers))
	}
}

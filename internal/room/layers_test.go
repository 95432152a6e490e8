package room_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"visavis/internal/media"
)

// film sends d of pictures into streams, each a keyframe, with payloads of the given sizes.
func film(n *node, d time.Duration, streams []*media.Stream, sizes []int) {
	for range int(d / (40 * time.Millisecond)) {
		n.w.call(func() {
			q := uint16(time.Now().UnixMilli() / 40)
			for i, s := range streams {
				b := make([]byte, sizes[i])
				copy(b, []byte{0x90, 0x80, 0x80 | byte(q>>8)&0x7f, byte(q), 0})
				s.Push(time.Now(), &media.Packet{SSRC: 2, Seq: q, Time: uint32(q) * 3600, PT: 96, Marker: true, Payload: b}, media.NoLevel)
			}
		})
		time.Sleep(40 * time.Millisecond) // virtual
	}
}

// TestLayersCrossWhenWatched: of a camera of three layers only those cross the link that somebody there watches.
func TestLayersCrossWhenWatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b, p := two(t)
		pt := newPage(a, tarroven)
		a.w.call(func() {
			low := media.NewStream(a.w.sw, media.StreamConfig{ID: "cam", Kind: media.Video, SSRC: 3, Source: mute{}})
			mid := media.NewStream(a.w.sw, media.StreamConfig{ID: "cam", Kind: media.Video, SSRC: 4, Source: mute{}})
			media.NewTrack(low, mid, pt.streams["cam"])
		})
		if _, err := a.room.Join(t.Context(), pt.seat); err != nil {
			t.Fatal(err)
		}
		pt.devices(false, true)
		settle(time.Second)
		const cam = "annual/avelmar-tarroven/cam"
		if got, want := fmt.Sprint(p.a.offering()), fmt.Sprint([]string{cam, cam + "/l", cam + "/m"}); got != want {
			t.Fatalf("offered %s, want %s", got, want)
		}
		pk := join(b, kosvane)
		settle(time.Second)
		var far []*media.Stream
		for _, name := range []string{"/l", "/m", ""} {
			far = append(far, p.b.stream(cam+name))
		}
		for _, c := range []struct {
			what  string
			limit float64
			want  []string
		}{
			{"no limit", -1, []string{cam, cam + "/l"}},
			{"little", 100e3, []string{cam + "/l"}},
			{"more", 200e3, []string{cam + "/l", cam + "/m"}},
			{"no limit again", -1, []string{cam, cam + "/l"}},
		} {
			b.w.call(func() { b.w.sw.Limit(time.Now(), pk.sink, c.limit) })
			film(b, 8*time.Second, far, []int{100, 500, 1100})
			if got, want := fmt.Sprint(p.b.wanting()), fmt.Sprint(c.want); got != want {
				t.Errorf("%s: wanted %s, want %s", c.what, got, want)
			}
		}
		pk.leave()
		settle(time.Second)
		if got := p.b.wanting(); len(got) > 0 {
			t.Errorf("wanted %v after the last has left, want nothing", got)
		}
	})
}

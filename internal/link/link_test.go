package link

import (
	"testing"
	"time"

	"visavis/internal/media"
	"visavis/internal/meeting"
)

func join(have int64) meeting.Exchange {
	return meeting.Exchange{Join: &meeting.JoinLog{Meeting: "year-end", Have: have}}
}

func TestMediaAndExchangesCrossBothWays(t *testing.T) {
	pair(t, 1, 20*time.Millisecond, func(w *world, a, b *node) {
		mic, cam := a.source(media.Audio, 11), a.source(media.Video, 12)
		back := b.source(media.Audio, 13)
		a.conn().Offer("year-end/ana/mic", mic.stream)
		a.conn().Offer("year-end/ana/cam", cam.stream)
		b.conn().Offer("year-end/bo/mic", back.stream)
		hear, see, other := b.listen("year-end/ana/mic", media.Audio), b.listen("year-end/ana/cam", media.Video), a.listen("year-end/bo/mic", media.Audio)
		mic.run(20 * time.Millisecond)
		cam.run(66 * time.Millisecond)
		back.run(20 * time.Millisecond)
		time.Sleep(5 * time.Second)
		mic.halt()
		cam.halt()
		back.halt()
		time.Sleep(time.Second)
		if got := hear.got(); got < 240 || hear.level != 30 {
			t.Errorf("sound a→b: %d packets of %d, level %d, want ≥ 240 and level 30", got, mic.count, hear.level)
		}
		if got := see.got(); got < 68 {
			t.Errorf("picture a→b: %d frames of %d, want ≥ 68", got, cam.count)
		}
		if got := other.got(); got < 240 {
			t.Errorf("sound b→a: %d packets of %d, want ≥ 240", got, back.count)
		}
		for i := range int64(100) {
			if err := a.conn().Exchange(join(i)); err != nil {
				t.Fatalf("exchange %d: %v", i, err)
			}
		}
		b.wait("100 exchanges", time.Second, func() bool { return len(b.exchanges) == 100 })
		for i, x := range b.rec().exchanges {
			if x.Join == nil || x.Join.Have != int64(i) {
				t.Fatalf("exchange %d arrived as %+v", i, x.Join)
			}
		}
		s := a.m.State("borovia")
		if s.RTT < 39*time.Millisecond || s.RTT > 46*time.Millisecond || s.LossIn > 0.02 || s.LossOut > 0.02 {
			t.Errorf("state = %+v, want RTT of about 40 ms and no loss", s)
		}
	})
}

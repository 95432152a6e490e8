package link

import (
	"reflect"
	"testing"
	"time"

	"visavis/internal/media"
)

func TestCountersAddEveryField(t *testing.T) {
	var one, sum Counters
	v := reflect.ValueOf(&one).Elem()
	for i := range v.NumField() {
		v.Field(i).SetUint(uint64(i + 1))
	}
	sum.add(one)
	sum.add(one)
	for i := range v.NumField() {
		if got := reflect.ValueOf(sum).Field(i).Uint(); got != 2*uint64(i+1) {
			t.Errorf("%s: %d and %d make %d", v.Type().Field(i).Name, i+1, i+1, got)
		}
	}
}

// TestStatsOfAllLinks: a party that is distrusted takes nothing away from what was counted.
func TestStatsOfAllLinks(t *testing.T) {
	pair(t, 41, time.Millisecond, func(w *world, a, b *node) {
		mic := a.source(media.Audio, 11)
		a.conn().Offer("m/ana/mic", mic.stream)
		b.listen("m/ana/mic", media.Audio)
		mic.run(20 * time.Millisecond)
		time.Sleep(3 * time.Second)
		mic.halt()
		time.Sleep(2 * time.Second) // the last second's figures are published
		if got, want := a.m.Stats(), a.conn().Counters(); got != want || got.Sent < 150 || got.Received == 0 {
			t.Errorf("all links %+v, the only one %+v; want the same, at least 150 sent", got, want)
		}
		was := a.m.Stats()
		a.m.Drop("borovia")
		if got := a.m.Stats(); got.Sent < was.Sent || got.Received < was.Received {
			t.Errorf("%+v after the party was dropped, %+v before", got, was)
		}
		if a.conn() != nil {
			t.Error("control: the link is still there")
		}
		last := a.m.Stats()
		a.stop()
		if got := a.m.Stats(); got != last {
			t.Errorf("%+v after the end, %+v before", got, last)
		}
	})
}

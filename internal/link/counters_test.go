package link

import (
	"maps"
	"reflect"
	"testing"
	"time"
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
		mic, _ := a.speaks(b)
		time.Sleep(3 * time.Second)
		mic.halt()
		time.Sleep(2 * time.Second) // the last second's figures are published
		if got, want := a.m.Stats().Counters, a.conn().Counters(); got != want || got.Sent < 150 || got.Received == 0 || len(a.m.Stats().Refused) > 0 {
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
		last := a.m.Stats().Counters
		a.stop()
		if got := a.m.Stats().Counters; got != last {
			t.Errorf("%+v after the end, %+v before", got, last)
		}
	})
}

// TestRefusalsAreCounted: what a neighbour gets wrong is in the counts under the code that it was told.
func TestRefusalsAreCounted(t *testing.T) {
	for name, x := range map[string]struct {
		key   byte   // of the caller; 2 is pinned
		frame []byte // after hello
		code  string
	}{
		"control: a ping":          {2, appendFrame(nil, framePing, []byte(`{"n":1}`)), ""},
		"another key":              {9, nil, "pinned"},
		"a type that nobody named": {2, []byte{128, 0, 0, 2, '{', '}'}, "frame.unknown"},
		"no JSON":                  {2, appendFrame(nil, framePing, []byte(`{"n":`)), "frame.malformed"},
		"a stream twice": {2, appendFrame(nil, frameStreams,
			[]byte(`{"streams":[{"id":"m/a/mic","kind":"audio","ssrc":2147483649},{"id":"m/a/mic","kind":"audio","ssrc":2147483650}]}`)), "streams.twice"},
	} {
		t.Run(name, func(t *testing.T) {
			lonely(t, func(w *world, a, b *node) {
				s, err := w.call(a, as(t, key(x.key)), nil)
				if err == nil {
					_, err = s.greet(greeting(b))
				}
				if (err == nil) != (x.key == 2) {
					t.Fatalf("greeted: %v", err)
				}
				if err == nil {
					s.raw(x.frame...)
				}
				time.Sleep(time.Second)
				s.conn.NetConn().Close()
				want := map[string]uint64{}
				if x.code != "" {
					want[x.code] = 1
				}
				if got := a.m.Stats().Refused; !maps.Equal(got, want) {
					t.Errorf("counted %v, want %v", got, want)
				}
			})
		})
	}
}

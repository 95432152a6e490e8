package node

import (
	"testing"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/room"
)

// TestStoreIsToldAgain: what has changed at once, and every hour that a meeting goes on; nothing else.
func TestStoreIsToldAgain(t *testing.T) {
	at := time.Unix(1e9, 0)
	open, closed := room.Standing{Phase: meeting.Opened, Open: true}, room.Standing{Phase: meeting.Closed}
	ended, waiting := room.Standing{Phase: meeting.Ended}, room.Standing{Phase: meeting.Waiting}
	for _, x := range []struct {
		was, now room.Standing
		after    time.Duration
		want     bool
	}{
		{open, open, 59 * time.Minute, false}, {open, open, time.Hour, true}, {closed, closed, time.Hour, true},
		{open, closed, 0, true}, {open, room.Standing{Phase: meeting.Opened}, 0, true}, {closed, ended, 0, true},
		{ended, ended, 24 * time.Hour, false}, {waiting, waiting, 24 * time.Hour, false},
	} {
		if got := (aired{x.was, at}).due(x.now, at.Add(x.after)); got != x.want {
			t.Errorf("%+v, then %+v after %v: due %v, want %v", x.was, x.now, x.after, got, x.want)
		}
	}
}

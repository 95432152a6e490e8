package room

import (
	"errors"
	"testing"
	"time"

	"visavis/internal/meeting"
)

// TestLogLimit: the log of a meeting ends at maxLog, whoever writes.
func TestLogLimit(t *testing.T) {
	d := meeting.Definition{ID: "annual", Host: "avelmar", Members: []meeting.Member{{ID: "avelmar-aldesh", Party: "avelmar", Role: meeting.Delegate}}}
	at := time.Date(2026, 12, 9, 23, 30, 0, 0, time.UTC)
	for n, want := range map[int64]string{maxLog - 1: "", maxLog: "log.full"} {
		l := newLedger(nil, "tolmeria", d, nil)
		l.n = n
		p := meeting.Proposal{Meeting: "annual", Party: "avelmar", Counter: 1, At: at, Event: meeting.Event{Kind: meeting.MemberJoined, Member: "avelmar-aldesh"}}
		_, _, err := l.check(meeting.EncodeEntry(meeting.Sequence(p, n, meeting.Hash{}, at)))
		var me *meeting.Error
		if errors.As(err, &me) != (want != "") || me != nil && me.Code != want {
			t.Errorf("entry %d: %v, want %q", n+1, err, want)
		}
	}
}

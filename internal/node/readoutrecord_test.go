package node

import (
	"reflect"
	"testing"
	"time"

	"visavis/internal/api"
	"visavis/internal/meeting"
	"visavis/internal/record"
)

// TestRecordBesideAReadout: every line of the speaking log and every stay, and what goes on when the log ends is not given an end.
func TestRecordBesideAReadout(t *testing.T) {
	at := func(minute int) time.Time { return time.Date(2026, 12, 10, 9, minute, 0, 0, time.UTC) }
	r := &record.Record{
		Definition: meeting.Definition{Members: []meeting.Member{{ID: "aldesh", Party: "avelmar"}}, Agenda: []meeting.Item{{Minutes: 30}}},
		Spoken: []meeting.Spoken{{Member: "aldesh", Capacity: 1, Floor: true, Start: at(4), End: at(10).Add(900 * time.Millisecond), Item: 1, Open: true, Language: "en"},
			{Member: "aldesh", Start: at(11)}},
		Attendance: []record.Attended{{Member: "aldesh", Intervals: []record.Interval{{From: at(0), To: at(5)}, {From: at(7)}}}},
	}
	want := api.MeetingRecord{Members: r.Definition.Members, Agenda: r.Definition.Agenda,
		Spoken:  []api.RecordSpoken{{Member: "aldesh", Capacity: 1, Floor: true, Start: at(4), Seconds: 360, Item: 1, Open: true, Language: "en"}, {Member: "aldesh", Start: at(11), Seconds: -1}},
		Present: []api.RecordPresence{{Member: "aldesh", From: at(0), To: at(5)}, {Member: "aldesh", From: at(7)}}}
	if got := recordOf(r); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if got := recordOf(&record.Record{}); got.Members == nil || got.Agenda == nil || got.Spoken == nil || got.Present == nil {
		t.Errorf("a list of an empty record is null: %+v", got)
	}
}

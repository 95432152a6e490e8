package room_test

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/room"
	"visavis/internal/wire"
)

// unacknowledged brings about one alarm that begins and ends.
func (s *session) unacknowledged(holder string) {
	s.Helper()
	s.act(s.ofA, wire.Act{Do: wire.DoGive, Member: holder}, "")
	settle(4 * time.Second)
	s.act(s.ofA, wire.Act{Do: wire.DoTake}, "")
	settle(time.Second)
}

// alarmRecords are the alarms in the own log.
func (n *node) alarmRecords(t *testing.T) (out []room.AlarmRecord) {
	t.Helper()
	for _, r := range n.records(t) {
		if r.Alarm != nil {
			out = append(out, *r.Alarm)
		}
	}
	return out
}

// TestPastAlarms: an alarm that is over is listed to officers and technicians, with when it began and ended, the newest first, and so it is after the
// node was killed; one that stood then and does not any more ended with the last that the node wrote. Members and the press are told nothing. The control: while there was none there is none.
func TestPastAlarms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSession(t, nil)
		s.to(meeting.Opened)
		consoles := []*page{s.ofA, s.ofB, s.kA, s.kB}
		for _, p := range consoles {
			if past := p.now().Past; len(past) != 0 {
				t.Fatalf("control: %s is told %+v", p.seat.Member, past)
			}
		}
		given := time.Now()
		s.act(s.ofA, wire.Act{Do: wire.DoGive, Member: tarroven}, "")
		settle(4 * time.Second)
		for _, p := range consoles {
			if past := p.now().Past; p.alarms() != "floor.unacknowledged" || len(past) != 0 {
				t.Errorf("%s: alarms %q, past %+v while it stands", p.seat.Member, p.alarms(), past)
			}
		}
		taken := time.Now()
		s.act(s.ofA, wire.Act{Do: wire.DoTake}, "")
		settle(time.Second)
		for _, p := range consoles {
			past := p.now().Past
			if p.alarms() != "" || len(past) != 1 || past[0].Code != "floor.unacknowledged" || past[0].Args["member"] != tarroven {
				t.Fatalf("%s: alarms %q, past %+v", p.seat.Member, p.alarms(), past)
			}
			since, _ := time.Parse(time.RFC3339, past[0].Since)
			until, _ := time.Parse(time.RFC3339, past[0].Until)
			if d := since.Sub(given); d < 3*time.Second || d > 3200*time.Millisecond || until.Before(taken.Truncate(time.Millisecond)) || until.Sub(taken) > 200*time.Millisecond {
				t.Errorf("%s: given at %s, taken at %s, past %+v", p.seat.Member, given, taken, past[0])
			}
		}
		for _, p := range []*page{s.tA, s.tB, s.dA, s.prA.page} {
			if past := p.now().Past; len(past) != 0 {
				t.Errorf("%s is told %+v", p.seat.Member, past)
			}
		}
		s.act(s.ofA, wire.Act{Do: wire.DoGive, Member: kosvane}, "")
		settle(4 * time.Second)
		s.p.cut()
		settle(time.Second)
		was := s.ofA.now().Past
		if got := s.ofA.alarms(); got != "floor.unacknowledged link.lost" {
			t.Fatalf("alarms before the restart: %q", got)
		}
		s.a.kill()
		settle(2 * time.Second)
		last := s.a.own.es[len(s.a.own.es)-1].At
		s.a.open()
		past := join(s.a, ruhlA).now().Past
		if len(past) != 3 || !slices.EqualFunc(past[2:], was, func(a, b wire.PastAlarm) bool { return a.Code == b.Code && a.Since == b.Since && a.Until == b.Until }) {
			t.Fatalf("after the restart %+v, before %+v", past, was)
		}
		for _, a := range past[:2] {
			if until, _ := time.Parse(time.RFC3339, a.Until); a.Code == "floor.unacknowledged" && a.Args["member"] != kosvane || until.Sub(last).Abs() >= time.Millisecond {
				t.Errorf("what stood at the stop, the own log's last entry of %s: %+v", last, a)
			}
		}
		s.a.kill()
		s.a.open()
		again := join(s.a, ruhlA).now().Past
		for _, a := range past {
			if !slices.ContainsFunc(again, func(b wire.PastAlarm) bool { return a.Code == b.Code && a.Since == b.Since && a.Until == b.Until }) {
				t.Errorf("after a second restart %+v is not in %+v", a, again)
			}
		}
		s.b.mu.Lock()
		defer s.b.mu.Unlock()
		if told := s.b.told; !slices.Contains(told, "floor.unacknowledged "+tarroven) || !slices.Contains(told, "floor.unacknowledged "+kosvane) {
			t.Errorf("told as they began: %q", told)
		}
	})
}

// TestPastAlarmsAreBounded: a meeting with many alarms shows the newest 30 and writes 500, each of those with its end; what is over the bound is shown
// all the same. The control: of fewer all are written.
func TestPastAlarmsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSession(t, nil)
		s.to(meeting.Opened)
		for range 40 {
			s.unacknowledged(tarroven)
		}
		if n, past := len(s.a.alarmRecords(t)), s.ofA.now().Past; n != 80 || len(past) != 30 || past[0].Since <= past[29].Since {
			t.Errorf("control: %d records of 40 alarms, %d shown", n, len(past))
		}
		for range 480 {
			s.unacknowledged(kosvane)
		}
		records := s.a.alarmRecords(t)
		ended := 0
		for _, r := range records {
			if !r.Ended.IsZero() {
				ended++
			}
		}
		if len(records) != 1000 || ended != 500 {
			t.Errorf("%d records, %d of them ends", len(records), ended)
		}
		shown := s.ofA.now().Past
		s.unacknowledged(tarroven)
		if now := s.ofA.now().Past; len(now) != 30 || now[1].Since != shown[0].Since || now[0].Args["member"] != tarroven {
			t.Errorf("beyond the bound: %+v", now[0])
		}
		s.unwritten()
		if all := s.a.alarmRecords(t); len(all) != 1001 || all[1000].Code != "doors.unwritten" {
			t.Errorf("%d records, the last of them %+v", len(all), all[len(all)-1])
		}
	})
}

// unwritten brings about that the doors are shut by an act that the disk does not take, and has the disk take again.
func (s *session) unwritten() {
	s.Helper()
	s.a.own.set(func() { s.a.own.fail = errors.New("disk full") })
	s.act(s.ofA, wire.Act{Do: wire.DoClose}, "log.failed")
	settle(5 * time.Second)
	if got, n := s.ofA.alarms(), len(s.a.own.copy().es); got != "doors.unwritten" || n == 0 {
		s.Fatalf("alarms %q", got)
	}
	s.a.own.set(func() { s.a.own.fail = nil })
	settle(2 * time.Second)
}

// TestAlarmOfADeadDisk: what came while the disk took nothing is written when it takes again, in order; and one that goes on through a restart stands
// with its beginning, and is not told again.
func TestAlarmOfADeadDisk(t *testing.T) {
	unwritten := func(a wire.PastAlarm) bool { return a.Code == "doors.unwritten" }
	synctest.Test(t, func(t *testing.T) {
		s := newSession(t, nil)
		s.to(meeting.Opened)
		s.unwritten()
		records := s.a.alarmRecords(t)
		if len(records) != 1 || records[0].Code != "doors.unwritten" || !records[0].Ended.IsZero() {
			t.Fatalf("written: %+v", records)
		}
		s.a.kill()
		settle(time.Minute)
		s.a.open()
		s.ofA = join(s.a, ruhlA)
		if now := s.ofA.now(); s.ofA.alarms() != "doors.unwritten" || now.Alarms[0].Since != records[0].Since.Format("2006-01-02T15:04:05.000Z07:00") || slices.ContainsFunc(now.Past, unwritten) {
			t.Errorf("after the restart alarms %+v, past %+v", now.Alarms, now.Past)
		}
		s.act(s.ofA, wire.Act{Do: wire.DoClose}, "")
		settle(time.Second)
		if now := s.ofA.now(); s.ofA.alarms() != "" || len(now.Past) == 0 || !unwritten(now.Past[0]) {
			t.Errorf("when it was written: alarms %+v, past %+v", now.Alarms, now.Past)
		}
		all := slices.DeleteFunc(s.a.alarmRecords(t), func(a room.AlarmRecord) bool { return a.Code == "link.lost" }) // of the stop
		if len(all) != 2 || all[1].Ended.Sub(all[1].Since) < time.Minute || !all[1].Since.Equal(all[0].Since) {
			t.Errorf("written: %+v", all)
		}
		s.a.mu.Lock()
		defer s.a.mu.Unlock()
		told := slices.DeleteFunc(slices.Clone(s.a.told), func(a string) bool { return a == "link.lost tolmeria" })
		if !slices.Equal(told, []string{"doors.unwritten"}) {
			t.Errorf("told %q", told)
		}
	})
}

// TestSlowDiskHoldsTheRoomOnce: however many alarms are to be written, the room waits for the disk once. The control: all of them are written in the end.
func TestSlowDiskHoldsTheRoomOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSession(t, nil)
		s.to(meeting.Opened)
		s.a.own.set(func() { s.a.own.fail = errors.New("disk full") })
		for range 5 {
			for _, lost := range []bool{true, false} {
				s.a.room.LinkPath("tolmeria", room.LinkState{Interrupted: lost})
				settle(500 * time.Millisecond)
			}
		}
		s.a.own.set(func() { s.a.own.fail, s.a.own.slow = nil, 2*time.Second })
		for range 20 {
			asked := time.Now()
			s.a.snap()
			if d := time.Since(asked); d > 5*time.Second+2*time.Second { // one head, too
				t.Errorf("the room answers after %s", d)
			}
			settle(100 * time.Millisecond)
		}
		s.a.own.set(func() { s.a.own.slow = 0 })
		settle(10 * time.Second)
		var ends int
		records := s.a.alarmRecords(t)
		for i, r := range records {
			if r.Code != "link.lost" || r.Ended.IsZero() != (i%2 == 0) {
				t.Errorf("record %d: %+v", i, r)
			}
			ends += i % 2
		}
		if len(records) != 10 || ends != 5 {
			t.Errorf("%d records", len(records))
		}
	})
}

// TestLateDoorsOfAMeetingThatIsOver: packets that left after the doors were shut are an alarm while the meeting goes on (the control), and none for ever.
func TestLateDoorsOfAMeetingThatIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSession(t, nil)
		s.to(meeting.Closed)
		s.a.kill()
		rec, err := json.Marshal(room.Record{Doors: &room.DoorRecord{State: wire.DoorShut, Doors: meeting.Doors{Closed: true, At: time.Now(), After: 3}}})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.a.own.Append(t.Context(), newEntry(int64(len(s.a.own.es))+1, rec)); err != nil {
			t.Fatal(err)
		}
		s.a.open()
		s.ofA = join(s.a, ruhlA)
		settle(time.Second)
		if got := s.ofA.alarms(); got != "doors.late" {
			t.Fatalf("control: alarms %q", got)
		}
		s.act(s.ofA, wire.Act{Do: wire.DoEnd}, "")
		settle(time.Second)
		if got, past := s.ofA.alarms(), s.ofA.now().Past; got != "" || len(past) == 0 || past[0].Code != "doors.late" { // there may be link.lost, of the stop
			t.Errorf("after the end: alarms %q, past %+v", got, past)
		}
	})
}

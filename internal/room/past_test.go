package room_test

import (
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
// node was killed; one that stood then is over as well. Members and the press are told nothing. The control: while there was none there is none.
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
		s.a.open()
		back := time.Now()
		past := join(s.a, ruhlA).now().Past
		if len(past) != 3 || !slices.EqualFunc(past[2:], was, func(a, b wire.PastAlarm) bool { return a.Code == b.Code && a.Since == b.Since && a.Until == b.Until }) {
			t.Fatalf("after the restart %+v, before %+v", past, was)
		}
		for _, a := range past[:2] {
			if until, _ := time.Parse(time.RFC3339, a.Until); a.Code == "floor.unacknowledged" && a.Args["member"] != kosvane || until.Sub(back).Abs() > 100*time.Millisecond {
				t.Errorf("what stood in the restart at %s: %+v", back, a)
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
	})
}

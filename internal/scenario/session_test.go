package scenario

import (
	"testing"
	"testing/synctest"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/wire"
)

// TestWholeSession: a meeting of two nodes from planned to sealed, with press in the open part.
func TestWholeSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSession(t, "open")
		heard := Heard{"avelmar-principal", "mic"}
		s.officer.act(wire.Act{Do: wire.DoRehearse})
		s.phase(meeting.Rehearsal)
		s.begin()
		s.phase(meeting.Opened)
		begin := time.Now()
		time.Sleep(2 * time.Second)
		sent := s.principal.SentBetween("mic", begin, begin.Add(1500*time.Millisecond))
		for _, q := range []*Person{s.press, s.farPress, s.farPrincipal, s.delegat} {
			if missing, _ := q.Missing(heard, sent); missing > 0 || len(sent) < 74 {
				t.Errorf("%s misses %d of %d packets of the open part", q.Member, missing, len(sent))
			}
		}
		if q := s.press.Count(Heard{"avelmar-principal", "cam"}); q < 10 {
			t.Errorf("the press gets %d packets of the principal's picture", q)
		}
		s.officer.act(wire.Act{Do: wire.DoClose})
		s.phase(meeting.Closed)
		s.far.act(wire.Act{Do: wire.DoEnd})
		s.phase(meeting.Ended)
		time.Sleep(time.Second)
		before := s.farPrincipal.Count(heard)
		time.Sleep(2 * time.Second)
		if n := s.farPrincipal.Count(heard) - before; n != 0 {
			t.Errorf("%d packets are heard after the end", n)
		}
		s.officer.act(wire.Act{Do: wire.DoSeal})
		s.phase(meeting.Sealed)
	})
}

package bot

import (
	"testing"
	"time"
)

func TestArrivalsAskAgainAcrossTheWrap(t *testing.T) {
	var r Received
	a := arrivals{r: &r}
	now := time.Unix(0, 0)
	for _, seq := range []uint16{65533, 65534, 1, 2} { // 65535 and 0 are missing
		if !a.packet(now, seq) {
			t.Errorf("packet %d is not new", seq)
		}
	}
	if ask, _ := a.due(now.Add(19 * time.Millisecond)); len(ask) != 0 {
		t.Errorf("asked for %v after 19 ms, want nothing before 20 ms", ask)
	}
	ask, _ := a.due(now.Add(20 * time.Millisecond))
	if len(ask) != 2 || ask[0] != 65535 || ask[1] != 0 {
		t.Errorf("asked for %v, want [65535 0]", ask)
	}
	if ask, _ := a.due(now.Add(60 * time.Millisecond)); len(ask) != 0 {
		t.Errorf("asked for %v 40 ms later, want nothing before 50 ms", ask)
	}
	if !a.packet(now, 65535) || a.packet(now, 65535) || a.packet(now, 2) {
		t.Error("a repair is new once; what came before is not new")
	}
	if _, lost := a.due(now.Add(time.Second)); lost != 1 || r.Lost != 1 || r.Repaired != 1 || r.Repeated != 2 {
		t.Errorf("lost %d, counted %+v; want 1 lost, 1 repaired, 2 repeated", lost, r)
	}
}

func TestArrivalsBreakIsNotLoss(t *testing.T) {
	for _, x := range []struct {
		jump uint16
		want uint64
	}{{nackWindow, 0}, {nackWindow + 1, 1}} {
		var r Received
		a := arrivals{r: &r}
		a.packet(time.Unix(0, 0), 100)
		a.packet(time.Unix(0, 0), 100+x.jump)
		if r.Breaks != x.want {
			t.Errorf("a jump of %d gave %d breaks, want %d", x.jump, r.Breaks, x.want)
		}
	}
}

package node

import (
	"slices"
	"testing"

	"visavis/internal/meeting"
)

// TestAlarmsWaitForTheServer: what rooms say before there is a server reaches it, in order, once; beyond the bound nothing waits. The control: what
// comes later reaches it at once.
func TestAlarmsWaitForTheServer(t *testing.T) {
	var n Node
	var got []string
	hear := func(id meeting.ID, code string, who meeting.MemberID, p meeting.PartyID) {
		got = append(got, string(id)+" "+code+" "+string(who)+string(p))
	}
	n.told.alarm("annual", "doors.unwritten", "", "")
	n.told.alarm("other", "link.lost", "", "tolmeria")
	n.told.begin(hear)
	if want := []string{"annual doors.unwritten ", "other link.lost tolmeria"}; !slices.Equal(got, want) {
		t.Errorf("what waited: %q, want %q", got, want)
	}
	n.told.alarm("annual", "floor.unacknowledged", "vost", "")
	if len(got) != 3 || got[2] != "annual floor.unacknowledged vost" {
		t.Errorf("control: %q", got)
	}
	var full Node
	got = nil
	for range maxTold + 1 {
		full.told.alarm("annual", "link.lost", "", "tolmeria")
	}
	if full.told.begin(hear); len(got) != maxTold {
		t.Errorf("%d of %d waited", len(got), maxTold+1)
	}
}

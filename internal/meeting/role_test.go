package meeting_test

import (
	"strings"
	"testing"

	"visavis/internal/meeting"
)

// TestRights has every cell of the table of roles and rights.
func TestRights(t *testing.T) {
	rights := strings.Fields("hear see seefirst speak show rehearse listen attend yield hand givefloor lower turnkey admit message repair alarm endsession")
	for role, row := range map[meeting.Role]string{
		meeting.Principal:   "hear see speak show rehearse yield hand",
		meeting.Delegate:    "hear see speak show rehearse yield hand",
		meeting.Interpreter: "hear seefirst rehearse",
		meeting.Officer:     "hear see listen givefloor lower turnkey admit message alarm endsession",
		meeting.Technician:  "listen repair alarm",
		meeting.Press:       "attend",
		meeting.Viewer:      "attend",
		"":                  "",
		"PRINCIPAL":         "",
		"observer":          "",
	} {
		want := map[string]bool{}
		for _, r := range strings.Fields(row) {
			want[r] = true
		}
		for i, right := range rights {
			if got := role.May(meeting.Right(i)); got != want[right] {
				t.Errorf("%q may %s: %v", role, right, got)
			}
		}
		for _, r := range []meeting.Right{meeting.Right(len(rights)), 99} {
			if role.May(r) {
				t.Errorf("%q may what nobody has named (%d)", role, r)
			}
		}
		if got, want := role.Known(), row != "" && row != "attend"; got != want {
			t.Errorf("%q known: %v", role, got)
		}
	}
}

package api

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"visavis/internal/auth"
	"visavis/internal/meeting"
)

// TestEndedSessionTakesItsDevices: by invitation the member's encoder and player stop with the session; what waits at the door has none.
func TestEndedSessionTakesItsDevices(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		vost := r.account("vost", meeting.Officer)
		code, _ := r.inviteFormal("aldesh", false)
		inside, _ := r.enterFormal(code, "")
		p := r.joinFormal(inside)
		p.welcome()
		doorstep, _ := r.enterFormal(code, "") // the second use waits
		publish, play := r.passFormal(auth.Publish, "aldesh"), r.passFormal(auth.Play, "aldesh")
		r.begin(auth.Publish, publish)
		r.begin(auth.Play, play)
		r.begin(auth.Play, r.passFormal(auth.Play, "tarroven"))
		end := func(cookie string) {
			_, secret, _ := strings.Cut(cookie, "=")
			s, err := r.book.Session(t.Context(), auth.NewSecret(secret))
			if err != nil {
				t.Fatal(err)
			}
			if a := vost.post("/api/sessions/end", fmt.Sprintf(`{"meeting":"annual-meeting","id":%q}`, s.ID)); a.status != http.StatusNoContent {
				t.Fatalf("end = %d %s", a.status, a.body)
			}
			synctest.Wait() // no time passes
		}
		end(doorstep)
		if feeds, taps := r.room.devices(); feeds != 1 || taps != 2 || r.peers.live() != 4 {
			t.Fatalf("control: %d encoders, %d players, %d sessions after the end of one who waits", feeds, taps, r.peers.live())
		}
		end(inside)
		p.bye("ended")
		if feeds, taps := r.room.devices(); feeds != 0 || taps != 1 || r.peers.live() != 1 {
			t.Errorf("%d encoders, %d players, %d sessions, want the other member's player", feeds, taps, r.peers.live())
		}
		for use, token := range map[auth.Use]string{auth.Publish: publish, auth.Play: play} {
			if a := r.call("POST", "/"+string(use), token, typeSDP, r.offerOf(use)); a.status != http.StatusUnauthorized {
				t.Errorf("%s with the token it had = %d %s", use, a.status, a.body)
			}
		}
	})
}

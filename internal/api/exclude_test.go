package api

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"visavis/internal/auth"
	"visavis/internal/meeting"
)

// passFormal makes a token for a member of the formal meeting.
func (r *rig) passFormal(use auth.Use, member meeting.MemberID) string {
	r.t.Helper()
	code, _ := r.inviteFormal(string(member), false)
	g, err := r.book.Look(r.t.Context(), auth.NewSecret(code))
	if err != nil {
		r.t.Fatal(err)
	}
	token, err := r.book.Issue(r.t.Context(), auth.Pass{Grant: g, Use: use}, time.Hour)
	if err != nil {
		r.t.Fatal(err)
	}
	return token.Reveal()
}

// enter redeems a fresh invitation to the formal meeting.
func (r *rig) enter(member string) (cookie string) {
	r.t.Helper()
	code, _ := r.inviteFormal(member, false)
	cookie, a := r.enterFormal(code, "")
	if a.status != http.StatusNoContent {
		r.t.Fatalf("enter = %d %s", a.status, a.body)
	}
	return cookie
}

func (r *rig) excluded(member meeting.MemberID) bool {
	r.t.Helper()
	out, err := r.book.Excluded(r.t.Context(), formal, member)
	if err != nil {
		r.t.Fatal(err)
	}
	return out
}

// endDevice is the room's word to the only device there.
func (f *fakeRoom) endDevice(code string) {
	var end func(string)
	f.look(func() {
		for _, d := range f.feeds {
			end = d.End
		}
		for _, d := range f.taps {
			end = d.End
		}
	})
	end(code)
}

// TestExcludedDeviceStaysOut: an encoder or a player that was excluded, its member without a page, does not come again with the token that it has.
func TestExcludedDeviceStaysOut(t *testing.T) {
	for _, use := range []auth.Use{auth.Publish, auth.Play} {
		bubble(t, func(t *testing.T, r *rig) {
			token := r.passFormal(use, "aldesh")
			r.begin(use, token)
			r.room.endDevice("shutdown")
			synctest.Wait()
			if n := r.peers.live(); n != 0 || r.excluded("aldesh") {
				t.Fatalf("control: %d sessions, excluded %v after another end", n, r.excluded("aldesh"))
			}
			r.begin(use, token)
			r.room.endDevice("excluded")
			synctest.Wait()
			if n := r.peers.live(); n != 0 || !r.excluded("aldesh") {
				t.Errorf("%s: %d sessions live, excluded %v", use, n, r.excluded("aldesh"))
			}
			if a := r.call("POST", "/"+string(use), token, typeSDP, r.offerOf(use)); a.status != http.StatusForbidden || a.code() != codeExcluded {
				t.Errorf("%s comes again: %d %s", use, a.status, a.body)
			}
			r.waits(r.enter("aldesh"), auth.WaitExcluded)
		})
	}
}

// TestExclusionMeetsOneOnTheWay: what is about to come in while the exclusion is written does not stay, page, encoder or player.
func TestExclusionMeetsOneOnTheWay(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		cookie := r.enter("aldesh")
		var err error
		r.room.look(func() { r.room.entering = func() { err = r.book.Exclude(r.t.Context(), formal, "aldesh") } })
		other := r.joinFormal(r.enter("tarroven"))
		other.welcome()
		other.lives() // control
		if err := r.book.Readmit(t.Context(), formal, "aldesh"); err != nil {
			t.Fatal(err)
		}
		p := r.joinFormal(cookie)
		p.bye("excluded")
		synctest.Wait()
		if n := r.peers.live(); n != 1 || r.room.seat("aldesh") != nil || err != nil {
			t.Errorf("%d media sessions, seat %v, error %v", n, r.room.seat("aldesh"), err)
		}
		for _, use := range []auth.Use{auth.Publish, auth.Play} {
			if err := r.book.Readmit(t.Context(), formal, "aldesh"); err != nil {
				t.Fatal(err)
			}
			if a := r.call("POST", "/"+string(use), r.passFormal(use, "aldesh"), typeSDP, r.offerOf(use)); a.status != http.StatusForbidden || a.code() != codeExcluded {
				t.Errorf("%s on the way = %d %s", use, a.status, a.body)
			}
		}
		synctest.Wait()
		if feeds, taps := r.room.devices(); feeds+taps != 0 || r.peers.live() != 1 {
			t.Errorf("%d encoders, %d players in the room, %d sessions", feeds, taps, r.peers.live())
		}
	})
}

// TestExclusionEndsWhatCameMeanwhile: the room's word reaches the earlier visit; the newer one, and the devices, end with it.
func TestExclusionEndsWhatCameMeanwhile(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		cookie := r.enter("aldesh")
		p := r.joinFormal(cookie)
		p.welcome()
		was := r.room.seat("aldesh")
		q := r.joinFormal(cookie)
		q.welcome()
		p.bye("moved")
		r.begin(auth.Play, r.passFormal(auth.Play, "aldesh"))
		r.begin(auth.Play, r.passFormal(auth.Play, "tarroven"))
		other := r.joinFormal(r.enter("tarroven"))
		other.welcome()
		was.End("excluded")
		q.bye("excluded")
		synctest.Wait()
		if r.room.seat("aldesh") != nil || !r.excluded("aldesh") {
			t.Errorf("seat %v, excluded %v", r.room.seat("aldesh"), r.excluded("aldesh"))
		}
		if _, taps := r.room.devices(); taps != 1 || r.peers.live() != 2 {
			t.Errorf("%d players, %d sessions live, want the other member's page and player", taps, r.peers.live())
		}
		other.lives()
	})
}

// TestExclusionMeetsResume: the page takes its seat again in the moment in which the room ends it.
func TestExclusionMeetsResume(t *testing.T) {
	for _, code := range []string{"excluded", "moved"} { // "moved" is the control
		bubble(t, func(t *testing.T, r *rig) {
			cookie := r.enter("aldesh")
			p := r.joinFormal(cookie)
			w := p.welcome()
			_ = p.conn.CloseNow()
			synctest.Wait()
			was := r.room.seat("aldesh")
			r.room.resuming = func() {
				r.room.look(func() { r.room.gone = true })
				was.End(code)
			}
			q := r.connect(cookie)
			q.say(resume(w.Resume))
			q.refused("resume.gone")
			synctest.Wait()
			if got := r.excluded("aldesh"); got != (code == "excluded") {
				t.Errorf("ended with %q while it resumes: excluded %v", code, got)
			}
			if n := r.peers.live(); n != 0 {
				t.Errorf("%d media sessions", n)
			}
		})
	}
}

package api

import (
	"net"
	"testing"
	"testing/synctest"
	"time"

	"visavis/internal/auth"
	"visavis/internal/meeting"
	"visavis/internal/wire"
)

func resume(token string) wire.FromClient {
	return wire.FromClient{Hello: &wire.Hello{Version: wire.Version, Resume: token}}
}

func TestJoin(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.room.early = 3
		p, w := r.join(r.login("tarroven"))
		if w.Version != wire.Version || w.You != "tarroven" || w.Answer != "answer" || len(w.Resume) < 20 {
			t.Errorf("welcome = %+v", w)
		}
		for i := range 3 { // said by the room before the welcome was written, read after it
			if m, ok := p.other(); !ok || m.State == nil || m.State.Stage[0] != "early" {
				t.Fatalf("message %d after the welcome = %s, want a state", i, show(m))
			}
		}
		if !r.room.seat("tarroven").Send(wire.ToClient{Floor: &wire.Floor{Slots: []string{"quelle"}}}) {
			t.Error("a live page refused a message")
		}
		if m, ok := p.other(); !ok || m.Floor == nil {
			t.Errorf("got %s, want the floor", show(m))
		}
		p.raw(`{"devices":{"mic":true,"camera":false}}`)
		p.lives()
		r.room.look(func() {
			if len(r.room.handled) != 1 || *r.room.handled[0].Devices != (wire.Devices{Mic: true}) {
				t.Errorf("the room was told %+v", r.room.handled)
			}
		})
	})
}

func TestLeaveMessage(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		cookie := r.login("tarroven")
		p, w := r.join(cookie)
		p.raw(`{"leave":{}}`)
		p.bye("left")
		synctest.Wait()
		r.room.look(func() {
			if len(r.room.left) != 1 || len(r.room.lost) != 0 {
				t.Errorf("left %q, lost %q, want one left", r.room.left, r.room.lost)
			}
		})
		if n := r.peers.live(); n != 0 {
			t.Errorf("%d media sessions live after leaving", n)
		}
		q := r.connect(cookie)
		q.say(resume(w.Resume))
		q.refused(codeResume)
		r.join(cookie) // the session lives: one may come back
	})
}

func TestResumeKeepsTheSeat(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		cookie, other := r.login("tarroven"), r.login("quelle")
		p, w := r.join(cookie)
		_ = p.conn.CloseNow()
		synctest.Wait()
		r.room.look(func() {
			if len(r.room.lost) != 1 {
				t.Errorf("lost = %q, want tarroven", r.room.lost)
			}
		})
		if r.room.seat("tarroven").Send(wire.ToClient{Floor: &wire.Floor{}}) {
			t.Error("a lost page took a message")
		}
		time.Sleep(ResumeWithin - time.Second)

		thief := r.connect(other) // the token is bound to the cookie
		thief.say(resume(w.Resume))
		thief.refused(codeResume)
		wrong := r.connect(cookie)
		wrong.say(resume("AAAA"))
		wrong.refused(codeResume)

		q := r.connect(cookie)
		q.say(resume(w.Resume))
		w2 := q.welcome()
		if w2.Answer != "" || w2.Resume == "" || w2.Resume == w.Resume {
			t.Errorf("welcome after resume = %+v, want no answer and a new token", w2)
		}
		time.Sleep(2 * ResumeWithin)
		q.lives()
		if n := r.peers.live(); n != 1 {
			t.Errorf("%d media sessions, want the one from before", n)
		}

		again := r.connect(cookie) // one use
		again.say(resume(w.Resume))
		again.refused(codeResume)
		q.lives()

		// The network has lost the socket and we have not noticed: the token opens a new one, the old one ends without a word.
		n := r.connect(cookie)
		n.say(resume(w2.Resume))
		n.welcome()
		q.ended()
		n.lives()
		r.room.look(func() {
			if r.room.joins != 1 || len(r.room.lost) != 1 {
				t.Errorf("joins %d, lost %q, want 1 and 1", r.room.joins, r.room.lost)
			}
		})
	})
}

// Two sockets come with one token at the same time: one gets the seat, however long the room takes.
func TestResumeTokenIsGoodOnce(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		cookie := r.login("tarroven")
		p, w := r.join(cookie)
		r.room.resuming = func() { time.Sleep(time.Second) }
		a, b := r.connect(cookie), r.connect(cookie)
		a.say(resume(w.Resume))
		synctest.Wait()
		b.say(resume(w.Resume))
		b.refused(codeResume)
		a.welcome()
		a.lives()
		p.ended()
	})
}

func TestResumeTooLate(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		cookie := r.login("tarroven")
		p, w := r.join(cookie)
		_ = p.conn.CloseNow()
		synctest.Wait()
		time.Sleep(ResumeWithin + time.Millisecond)
		synctest.Wait()
		if n := r.peers.live(); n != 0 {
			t.Errorf("%d media sessions live after %v without a page", n, ResumeWithin)
		}
		q := r.connect(cookie)
		q.say(resume(w.Resume))
		q.refused(codeResume)
		r.join(cookie)

		_, w = r.join(r.login("quelle"))
		r.room.look(func() { r.room.gone = true })
		q = r.connect(cookie)
		q.say(resume(w.Resume)) // another's
		q.refused(codeResume)
	})
}

// The room has forgotten the seat (a restart of the room): the page is told so, and nothing stays behind.
func TestResumeOfAForgottenSeat(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		cookie := r.login("tarroven")
		p, w := r.join(cookie)
		_ = p.conn.CloseNow()
		synctest.Wait()
		r.room.look(func() { r.room.gone = true })
		q := r.connect(cookie)
		q.say(resume(w.Resume))
		q.refused("resume.gone")
		synctest.Wait()
		if n := r.peers.live(); n != 0 {
			t.Errorf("%d media sessions live", n)
		}
	})
}

// A reload: the same cookie joins anew, with an offer.
func TestReloadTakesThePlace(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		cookie := r.login("tarroven")
		p, w := r.join(cookie)
		q, _ := r.join(cookie)
		p.bye("moved")
		q.lives()
		synctest.Wait()
		if n := r.peers.live(); n != 1 {
			t.Errorf("%d media sessions live, want the new one", n)
		}
		x := r.connect(cookie)
		x.say(resume(w.Resume))
		x.refused(codeResume)
		q.lives()
	})
}

// Another device of the same member: the room moves the seat, the first device is told.
func TestSecondDeviceMoves(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		p, _ := r.join(r.login("tarroven"))
		q, _ := r.join(r.login("tarroven"))
		p.bye("moved")
		q.lives()
		synctest.Wait()
		if n := r.peers.live(); n != 1 {
			t.Errorf("%d media sessions live, want the new one", n)
		}
	})
}

// docs/security.md: a session that is ended elsewhere closes socket and media within 1 s.
func TestSessionEndedElsewhere(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		control, _ := r.join(r.login("quelle"))
		p, _ := r.join(r.login("tarroven"))
		away, _ := r.join(r.login("delegate"))
		_ = away.conn.CloseNow() // one whose page is lost just then
		synctest.Wait()
		start := time.Now()
		for _, m := range []meeting.MemberID{"tarroven", "delegate"} {
			if err := r.book.EndMember(t.Context(), "talks", m); err != nil {
				t.Fatal(err)
			}
		}
		p.bye("ended")
		synctest.Wait()
		if d := time.Since(start); d > time.Second {
			t.Errorf("closed after %v, want 1 s", d)
		}
		if n := r.peers.live(); n != 1 {
			t.Errorf("%d media sessions live, want the control's", n)
		}
		r.room.look(func() {
			if len(r.room.left) != 2 {
				t.Errorf("left = %q, want both", r.room.left)
			}
		})
		control.lives()
	})
}

func TestSessionEndsByItsAge(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		p, _ := r.join(r.login("tarroven"))
		for range 47 {
			time.Sleep(auth.SessionLife / 48)
			p.lives() // control: a page that is open is in use, however long it says nothing
		}
		time.Sleep(auth.SessionLife/48 + sweepEvery)
		p.bye("ended")
	})
}

// Media that end by themselves (no answer for 30 s, say) make the page join anew.
func TestMediaGone(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		cookie := r.login("tarroven")
		p, w := r.join(cookie)
		r.peers.all[0].err = net.ErrClosed // as a session is in the moment before it says so
		p.say(wire.FromClient{Offer: &wire.Offer{SDP: sdp, Names: []string{"mic"}}})
		if m, ok := p.other(); !ok || m.Error == nil || m.Error.Code != codeMedia {
			t.Errorf("got %s, want error %s", show(m), codeMedia)
		}
		r.peers.all[0].events.Closed("consent")
		p.refused(codeMedia)
		q := r.connect(cookie)
		q.say(resume(w.Resume))
		q.refused(codeResume)
		r.join(cookie)
	})
}

func TestRoomEndsASeat(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		cookie := r.login("tarroven")
		p, _ := r.join(cookie)
		r.room.seat("tarroven").End("ended")
		p.bye("ended")
		synctest.Wait()
		if n := r.peers.live(); n != 0 {
			t.Errorf("%d media sessions live", n)
		}
	})
}

func TestMeetingUnknown(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		code, err := r.book.Invite(t.Context(), auth.Grant{Meeting: "elsewhere", Member: "m", Party: "avelmar"}, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		_, cookie, err := r.book.Redeem(t.Context(), code)
		if err != nil {
			t.Fatal(err)
		}
		c := cookieName + "=" + cookie.Reveal()
		p := r.connect(c)
		p.raw(hello(sdp))
		p.refused(codeMeeting)
		if a := r.ask(r.client, "GET", "/api/me", "", withCookie(c)); a.status != 404 || a.code() != codeMeeting {
			t.Errorf("me = %d %s", a.status, a.body)
		}
	})
}

func TestCloseSaysGoodBye(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		cookie := r.login("tarroven")
		p, _ := r.join(cookie)
		silent := r.connect(r.login("quelle"))
		stuck, _, err := r.dial(r.login("stuck")) // reads nothing, not even the closing frame
		if err != nil {
			t.Fatal(err)
		}
		r.ask(r.client, "POST", "/api/probe", `{`+probeOffer+`}`, withCookie(cookie))
		start := time.Now()
		if err := r.s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		if d := time.Since(start); d > closeTime {
			t.Errorf("close took %v, want %v at most", d, closeTime)
		}
		p.bye("shutdown")
		silent.bye("shutdown")
		if n := r.peers.live(); n != 0 {
			t.Errorf("%d media sessions live after Close", n)
		}
		r.room.look(func() {
			if len(r.room.left) != 0 {
				t.Errorf("%q left the meeting because the node stops", r.room.left)
			}
		})
		if a := r.ask(r.client, "GET", "/healthz", ""); a.status != 503 || a.code() != codeShutdown {
			t.Errorf("after Close = %d %s, want 503", a.status, a.body)
		}
		_ = stuck.CloseNow()
	})
}

package api

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"visavis/internal/auth"
	"visavis/internal/wire"
)

// connectTo is connect at another path.
func (r *rig) connectTo(cookie, path string) *page {
	r.t.Helper()
	conn, _, err := r.dialPath(cookie, path)
	if err != nil {
		r.t.Fatalf("dial: %v", err)
	}
	return r.reading(conn)
}

// TestScannerAndSecondUse is abuse case 18: a scanner uses nothing up, the first who presses the button enters, the second waits and is told
// nothing; the officer sees both.
func TestScannerAndSecondUse(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		code, _ := r.inviteFormal("aldesh", false)
		for range 5 {
			if a := r.ask(r.client, "POST", "/api/invitation", codeBody(code)); a.status != 200 || !strings.Contains(a.body, `"used":false`) {
				t.Fatalf("scanner = %d %s", a.status, a.body)
			}
		}
		first, a := r.enterFormal(code, "")
		if a.status != 204 {
			t.Fatalf("the first = %d %s", a.status, a.body)
		}
		p := r.joinFormal(first)
		p.welcome()
		if a := r.ask(r.client, "POST", "/api/invitation", codeBody(code)); a.status != 200 || !strings.Contains(a.body, `"used":true`) || leaks(a.body) {
			t.Errorf("a used code tells %d %s", a.status, a.body)
		}
		second, a := r.enterFormal(code, "")
		if a.status != 204 || second == first {
			t.Fatalf("the second = %d %s", a.status, a.body)
		}
		if a := r.ask(r.client, "GET", "/api/me", "", withCookie(second)); a.status != 200 || !strings.Contains(a.body, `"waiting":"device"`) || leaks(a.body) {
			t.Errorf("me of one who waits = %d %s", a.status, a.body)
		}
		if a := r.ask(r.client, "POST", "/api/probe", `{`+probeOffer+`}`, withCookie(second)); a.status != 403 || a.code() != codeWaiting {
			t.Errorf("probe of one who waits = %d %s", a.status, a.body)
		}
		media := len(r.peers.all)
		var bytes safeBuffer
		q := r.recorded(second, &bytes)
		q.say(wire.FromClient{Hello: &wire.Hello{Version: wire.Version, Offer: &wire.Offer{SDP: sdp, Names: []string{"mic"}}}})
		if m, ok := q.other(); !ok || m.Wait == nil || m.Wait.Reason != auth.WaitDevice {
			t.Fatalf("the second gets %s", show(m))
		}
		synctest.Wait()
		w := r.room.waiter()
		if w == nil || w.Member != "aldesh" || w.Reason != auth.WaitDevice || w.ID == "" || strings.Contains(second, w.ID) {
			t.Fatalf("the officers see %+v", w)
		}
		if r.room.seat("aldesh") == nil {
			t.Error("the officers do not see the first")
		}
		time.Sleep(time.Minute)
		p.lives()
		if more := q.unlikeWait(); len(r.peers.all) != media || more != "" || leaks(bytes.String()) {
			t.Errorf("one who waits: %d media sessions, and %s, all bytes:\n%s", len(r.peers.all)-media, more, bytes.String())
		}
		// The officer knows the face: the second enters, the first must wait.
		w.Done("admitted")
		q.welcome()
		p.bye("moved")
		q.lives()
		if !leaks(bytes.String()) && !strings.Contains(bytes.String(), `"welcome"`) {
			t.Error("control: after admission nothing came either")
		}
		again := r.joinFormal(first)
		if m, ok := again.other(); !ok || m.Wait == nil {
			t.Errorf("the first, again: %s", show(m))
		}
		synctest.Wait()
		if w := r.room.waiter(); w == nil || w.Reason != auth.WaitDevice {
			t.Fatalf("the officers see %+v", w)
		}
		r.room.waiter().Done("excluded")
		again.bye("ended")
		if a := r.ask(r.client, "GET", "/api/me", "", withCookie(first)); a.status != 401 {
			t.Errorf("a session that the officer refused = %d", a.status)
		}
		q.lives()
		if s := r.log.String(); !strings.Contains(s, `"code":"door.device"`) || !strings.Contains(s, `"code":"door.refused"`) || leaks(s) {
			t.Errorf("log:\n%s", s)
		}
	})
}

// unlikeWait is the first message that has come and is not the Wait of before once more; "" if there is none.
func (p *page) unlikeWait() string {
	for len(p.in) > 0 {
		if m := <-p.in; m.Wait == nil || *m.Wait != *p.waits {
			return show(m)
		}
	}
	return ""
}

// TestWaitIsSaidAgain: who waits hears of it often enough not to take the socket for dead, and stands in one place of the line whatever its page
// does. Nothing of it is said after the welcome (the control: it is said until then).
func TestWaitIsSaidAgain(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		if err := r.book.Exclude(t.Context(), formal, "aldesh"); err != nil {
			t.Fatal(err)
		}
		code, _ := r.inviteFormal("aldesh", false)
		cookie, _ := r.enterFormal(code, "")
		p := r.joinFormal(cookie)
		if m, ok := p.other(); !ok || m.Wait == nil {
			t.Fatalf("got %s", show(m))
		}
		first := *p.waits
		lines := strings.Count(r.log.String(), "door.excluded")
		time.Sleep(21 * time.Second)
		synctest.Wait()
		if n := len(p.in); n != 10 {
			t.Errorf("%d reminders in 21 s", n)
		}
		if more := p.unlikeWait(); more != "" {
			t.Errorf("one who waits gets %s", more)
		}
		if n := strings.Count(r.log.String(), "door.excluded"); n != lines {
			t.Errorf("%d lines for one who goes on waiting", n-lines)
		}
		q := r.joinFormal(cookie) // loaded again
		if m, ok := q.other(); !ok || m.Wait == nil || *m.Wait != first {
			t.Errorf("loaded again: %s, first %+v", show(m), first)
		}
		synctest.Wait()
		r.room.waiter().Done("admitted")
		q.welcome()
		time.Sleep(21 * time.Second)
		synctest.Wait()
		for len(q.in) > 0 {
			if m := <-q.in; m.Wait != nil {
				t.Error("a wait after the welcome")
			}
		}
	})
}

// leaks says whether bytes tell anything of the meeting: a title, a name, somebody else's id, a roster, media.
func leaks(s string) bool {
	for _, secret := range []string{"Secret title", "Name of", "tarroven", "aldesh", "vost", "kosvane", "Avelmar", "annual-meeting", `"members":[{`, "answer", "levels", "keys"} {
		if strings.Contains(s, secret) && !strings.Contains(s, `"person":`) || strings.Contains(s, "Name of") || strings.Contains(s, "Secret") {
			return true
		}
	}
	return false
}

// recorded is connectTo that keeps every byte that comes.
func (r *rig) recorded(cookie string, to *safeBuffer) *page {
	r.t.Helper()
	conn, _, err := r.dialPath(cookie, "/ws")
	if err != nil {
		r.t.Fatalf("dial: %v", err)
	}
	return r.readingTo(conn, to)
}

func (r *rig) reading(conn *websocket.Conn) *page { return r.readingTo(conn, &safeBuffer{}) }

func (r *rig) readingTo(conn *websocket.Conn, to *safeBuffer) *page {
	conn.SetReadLimit(1 << 20)
	p := &page{t: r.t, conn: conn, in: make(chan wire.ToClient, 2000)}
	go func() {
		defer close(p.in)
		for {
			_, b, err := conn.Read(context.Background())
			if err != nil {
				p.err = err
				_ = conn.CloseNow()
				return
			}
			_, _ = to.Write(b)
			m, err := wire.DecodeToClient(b)
			if err != nil {
				r.t.Errorf("message from the node: %v", err)
			}
			p.in <- m
		}
	}()
	r.t.Cleanup(func() { _ = conn.CloseNow() })
	return p
}

// TestExcludedWaits: who is excluded loses socket and media at once, and comes in again only by the officer's word, whichever session it has.
func TestExcludedWaits(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		code, _ := r.inviteFormal("aldesh", false)
		cookie, _ := r.enterFormal(code, "")
		p := r.joinFormal(cookie)
		w := p.welcome()
		r.room.seat("aldesh").End("excluded")
		p.bye("excluded")
		synctest.Wait()
		if n := r.peers.live(); n != 0 {
			t.Errorf("%d media sessions of an excluded member", n)
		}
		gone := r.connect(cookie)
		gone.say(resume(w.Resume))
		gone.refused(codeResume)
		if a := r.ask(r.client, "GET", "/api/me", "", withCookie(cookie)); a.status != 200 || !strings.Contains(a.body, `"waiting":"excluded"`) || leaks(a.body) {
			t.Errorf("me of an excluded member = %d %s", a.status, a.body)
		}
		q := r.joinFormal(cookie)
		if m, ok := q.other(); !ok || m.Wait == nil || m.Wait.Reason != auth.WaitExcluded {
			t.Fatalf("comes again: %s", show(m))
		}
		synctest.Wait()
		first := r.room.waiter()
		// Another page of the same session takes its place; what a page that waits says is refused.
		q2 := r.joinFormal(cookie)
		if m, ok := q2.other(); !ok || m.Wait == nil {
			t.Fatalf("the second page: %s", show(m))
		}
		q.bye("moved")
		synctest.Wait()
		if now := r.room.waiter(); now == nil || now == first || now.ID != first.ID {
			t.Errorf("the officers see %+v, after %+v", now, first)
		}
		q2.say(wire.FromClient{Devices: &wire.Devices{Mic: true}})
		q2.refused(codeWaiting)
		synctest.Wait()
		if len(r.room.waiters) != 0 {
			t.Errorf("%d wait after all have gone", len(r.room.waiters))
		}
		q3 := r.joinFormal(cookie)
		q3.other()
		synctest.Wait()
		if n := r.peers.live(); n != 0 {
			t.Errorf("%d media sessions of one who waits", n)
		}
		r.room.waiter().Done("admitted")
		q3.welcome()
		q3.lives()
		if n := r.peers.live(); n != 1 {
			t.Errorf("control: %d media sessions of one who was admitted", n)
		}
		if out, err := r.book.Excluded(t.Context(), formal, "aldesh"); out || err != nil {
			t.Errorf("still excluded: %v", err)
		}
	})
}

// TestWaitingEnds: the page leaves, its session ends, the node stops.
func TestWaitingEnds(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		if err := r.book.Exclude(t.Context(), formal, "aldesh"); err != nil {
			t.Fatal(err)
		}
		code, _ := r.inviteFormal("aldesh", false)
		cookie, _ := r.enterFormal(code, "")
		wait := func() *page {
			p := r.joinFormal(cookie)
			if m, ok := p.other(); !ok || m.Wait == nil {
				t.Fatalf("got %s", show(m))
			}
			synctest.Wait()
			return p
		}
		p := wait()
		p.raw(`{"leave":{}}`)
		p.bye("left")
		synctest.Wait()
		if len(r.room.waiters) != 0 {
			t.Error("one who left still waits")
		}
		p = wait()
		late := r.room.waiter()
		_ = p.conn.CloseNow()
		synctest.Wait()
		if len(r.room.waiters) != 0 {
			t.Error("one whose page is gone still waits")
		}
		late.Done("admitted") // the officer was a moment late: the page is gone, and its media with it
		time.Sleep(2 * ResumeWithin)
		if n := r.peers.live(); n != 0 {
			t.Errorf("%d media sessions of a page that is gone", n)
		}
		if err := r.book.Exclude(t.Context(), formal, "aldesh"); err != nil {
			t.Fatal(err)
		}
		p = wait()
		if err := r.book.EndMember(t.Context(), formal, "aldesh"); err != nil {
			t.Fatal(err)
		}
		p.bye("ended")
	})
}

// TestWaitingForARoomThatIsNoMore: the page is told to come back.
func TestWaitingForARoomThatIsNoMore(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		if err := r.book.Exclude(t.Context(), formal, "aldesh"); err != nil {
			t.Fatal(err)
		}
		code, _ := r.inviteFormal("aldesh", false)
		cookie, _ := r.enterFormal(code, "")
		p := r.joinFormal(cookie)
		if m, ok := p.other(); !ok || m.Wait == nil {
			t.Fatalf("got %s", show(m))
		}
		time.Sleep(2 * sweepEvery)
		if more := p.unlikeWait(); more != "" {
			t.Fatalf("control: one who waits is sent away while the room is there: %s", more)
		}
		r.closed.Store(true)
		time.Sleep(2 * sweepEvery)
		p.bye("shutdown")
	})
}

// TestInformalMeetingsHaveNoDoor: without officers nobody could let anyone in: a used code is none, as ever.
func TestInformalMeetingsHaveNoDoor(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		code := r.invite("tarroven")
		if a := r.ask(r.client, "POST", "/api/session", codeBody(code)); a.status != 204 {
			t.Fatalf("the first = %d", a.status)
		}
		for _, path := range []string{"/api/session", "/api/invitation"} {
			if a := r.ask(r.client, "POST", path, codeBody(code)); a.status != 404 || a.code() != codeInvitation {
				t.Errorf("the second at %s = %d %s", path, a.status, a.body)
			}
		}
	})
}

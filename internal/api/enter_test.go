package api

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"visavis/internal/auth"
)

func TestCookieFlags(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		a := r.ask(r.client, "POST", "/api/session", codeBody(r.invite("tarroven")))
		set := a.header.Values("Set-Cookie")
		if a.status != 204 || len(set) != 1 {
			t.Fatalf("session = %d, cookies %q", a.status, set)
		}
		value, rest, _ := strings.Cut(set[0], ";")
		if rest != " Path=/; Max-Age=86400; HttpOnly; Secure; SameSite=Strict" || !strings.HasPrefix(value, "__Host-visavis=") || len(value) < 15+50 {
			t.Errorf("cookie = %q", set[0])
		}
		if a.body != "" || strings.Contains(r.log.String(), strings.TrimPrefix(value, "__Host-visavis=")) {
			t.Error("the cookie is in the body or in the log")
		}
		if a := r.ask(r.client, "GET", "/api/me", "", withCookie(value)); a.status != 200 || !strings.Contains(a.body, `"you":"tarroven"`) ||
			!strings.Contains(a.body, `"camera":{"width":640,"height":360,"fps":15}`) || !strings.Contains(a.body, `"id":"talks"`) {
			t.Errorf("me = %d %s", a.status, a.body)
		}
		for name, c := range map[string]string{
			"none": "", "forged": "__Host-visavis=" + strings.Repeat("a", 52), "without the prefix": strings.TrimPrefix(value, "__Host-"),
			"twice": value + "; " + value, "with another": "__Host-visavis=x; " + value,
		} {
			if a := r.ask(r.client, "GET", "/api/me", "", withCookie(c)); a.status != 401 || a.code() != codeSession {
				t.Errorf("me with cookie %s = %d %s, want 401", name, a.status, a.body)
			}
		}
		time.Sleep(auth.SessionIdle + time.Second)
		if a := r.ask(r.client, "GET", "/api/me", "", withCookie(value)); a.status != 401 {
			t.Errorf("me after %v = %d, want 401", auth.SessionIdle, a.status)
		}
	})
}

// A mail scanner looks, the member redeems, a thief comes second. Nobody learns why a code is no good.
func TestInvitationCodes(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		code := r.invite("tarroven")
		for range 3 {
			if a := r.ask(r.client, "POST", "/api/invitation", codeBody(code)); a.status != 200 || !strings.Contains(a.body, `"you":"tarroven"`) {
				t.Fatalf("look = %d %s", a.status, a.body)
			}
			if a := r.ask(r.client, "GET", "/join", ""); a.status != 200 {
				t.Fatalf("page = %d", a.status)
			}
		}
		if a := r.ask(r.client, "POST", "/api/session", codeBody(code)); a.status != 204 {
			t.Fatalf("redeem after looking = %d %s", a.status, a.body)
		}
		late := r.invite("tarroven")
		other, err := r.book.Invite(t.Context(), auth.Grant{Meeting: "elsewhere", Member: "m", Party: "avelmar"}, 2*time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour + time.Second)
		var first answer
		for i, c := range []string{code, late, strings.Repeat("a", 32), "short", other.Reveal()} {
			for _, p := range []string{"/api/invitation", "/api/session"} {
				if c == other.Reveal() && p == "/api/session" {
					continue // it is an invitation, if to a meeting that this node does not know
				}
				time.Sleep(time.Minute)
				a := r.ask(r.client, "POST", p, codeBody(c))
				a.header.Del("Date")
				if a.status != 404 || a.code() != codeInvitation {
					t.Errorf("%s with code %d = %d %s, want 404 %s", p, i, a.status, a.body, codeInvitation)
				}
				if first.status == 0 {
					first = a
				}
				if fmt.Sprint(a) != fmt.Sprint(first) {
					t.Errorf("%s with code %d answers otherwise:\n%v\n%v", p, i, a, first)
				}
			}
		}
	})
}

func TestLoginFailuresAreLimited(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		bad, good := codeBody(strings.Repeat("a", 32)), r.invite("tarroven")
		near, far := r.from("[2001:db8:1:2::1]:1"), r.from("[2001:db8:1:3::1]:1")
		for i := range LoginFailures {
			p := []string{"/api/invitation", "/api/session", "/api/probe"}[i%3]
			b := bad
			if p == "/api/probe" {
				b = `{"code":"` + strings.Repeat("a", 32) + `","offer":{"sdp":"v=0","names":["probe"]}}`
			}
			if a := r.ask(r.from(fmt.Sprintf("[2001:db8:1:2::%x]:1", i)), "POST", p, b); a.status != 404 {
				t.Fatalf("failure %d at %s = %d %s, want 404", i, p, a.status, a.body)
			}
		}
		for _, p := range []string{"/api/invitation", "/api/session"} {
			if a := r.ask(near, "POST", p, codeBody(good)); a.status != 429 || a.code() != codeLimit || a.header.Get("Retry-After") == "" {
				t.Errorf("a right code after %d failures of its /64 at %s = %d %s, want 429", LoginFailures, p, a.status, a.body)
			}
		}
		if a := r.ask(far, "POST", "/api/invitation", codeBody(good)); a.status != 200 {
			t.Errorf("control: from another address = %d %s", a.status, a.body)
		}
		time.Sleep(time.Minute)
		if a := r.ask(near, "POST", "/api/session", codeBody(good)); a.status != 204 {
			t.Errorf("control: a minute later = %d %s", a.status, a.body)
		}
	})
}

// A hundred guesses at the same moment are no more than LoginFailures.
func TestLoginFailuresCountAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		var all sync.WaitGroup
		var mu sync.Mutex
		status := map[int]int{}
		for range 40 {
			all.Go(func() {
				a := r.ask(r.from("192.0.2.9:1"), "POST", "/api/session", codeBody(strings.Repeat("a", 32)))
				mu.Lock()
				defer mu.Unlock()
				status[a.status]++
			})
		}
		all.Wait()
		if status[404] != LoginFailures || status[429] != 40-LoginFailures {
			t.Errorf("40 guesses at once = %v, want %d looked at", status, LoginFailures)
		}
		for range 3 * LoginFailures { // control: right codes count for nothing
			if a := r.ask(r.client, "POST", "/api/invitation", codeBody(r.invite("tarroven"))); a.status != 200 {
				t.Fatalf("a right code = %d %s", a.status, a.body)
			}
		}
	})
}

func TestNodeSlowsGuessing(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		took := func(i int) time.Duration {
			start := time.Now()
			r.ask(r.from(fmt.Sprintf("198.51.100.%d:1", i)), "POST", "/api/session", codeBody(strings.Repeat("a", 32)))
			return time.Since(start)
		}
		for i := range NodeFailures {
			if d := took(i); d != 0 {
				t.Fatalf("failure %d took %v, want no time", i, d)
			}
		}
		if d := took(NodeFailures); d != loginDelay {
			t.Errorf("failure %d took %v, want %v", NodeFailures, d, loginDelay)
		}
		start := time.Now()
		if a := r.ask(r.from("203.0.113.9:1"), "POST", "/api/session", codeBody(r.invite("tarroven"))); a.status != 204 || time.Since(start) != 0 {
			t.Errorf("control: a right code meanwhile = %d after %v, want 204 at once", a.status, time.Since(start))
		}
	})
}

func TestLeaveForgets(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		cookie, other := r.login("tarroven"), r.login("quelle")
		p, _ := r.join(cookie)
		q, _ := r.join(other)
		a := r.ask(r.client, "POST", "/api/leave", "{}", withCookie(cookie))
		if a.status != 204 || a.header.Get("Clear-Site-Data") != `"cookies", "storage"` {
			t.Errorf("leave = %d, Clear-Site-Data %q", a.status, a.header.Get("Clear-Site-Data"))
		}
		if got := a.header.Get("Set-Cookie"); got != "__Host-visavis=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Strict" {
			t.Errorf("leave sets cookie %q", got)
		}
		p.bye("ended")
		q.lives()
		if a := r.ask(r.client, "GET", "/api/me", "", withCookie(cookie)); a.status != 401 {
			t.Errorf("me after leaving = %d, want 401", a.status)
		}
		r.room.look(func() {
			if len(r.room.left) != 1 || r.room.left[0] != "tarroven" {
				t.Errorf("left the room: %q, want tarroven", r.room.left)
			}
		})
		if n := r.peers.live(); n != 1 {
			t.Errorf("%d media sessions live, want the other's", n)
		}
		if a := r.ask(r.client, "POST", "/api/leave", "{}"); a.status != 204 {
			t.Errorf("leave without a session = %d, want 204", a.status)
		}
	})
}

// A new login in the same browser ends the session before it.
func TestNewLoginEndsTheOld(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		cookie := r.login("tarroven")
		p, _ := r.join(cookie)
		if a := r.ask(r.client, "POST", "/api/session", codeBody(r.invite("quelle")), withCookie(cookie)); a.status != 204 {
			t.Fatalf("second login = %d", a.status)
		}
		p.bye("ended")
		if a := r.ask(r.client, "GET", "/api/me", "", withCookie(cookie)); a.status != 401 {
			t.Errorf("the old cookie = %d, want 401", a.status)
		}
	})
}

const probeOffer = `"offer":{"sdp":"v=0","names":["probe"]}`

func TestProbe(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		code, cookie := r.invite("tarroven"), r.login("quelle")
		ask := func(body string, change ...func(*http.Request)) answer {
			t.Helper()
			return r.ask(r.client, "POST", "/api/probe", body, change...)
		}
		if a := ask(`{"code":"` + code + `",` + probeOffer + `}`); a.status != 200 || a.body != `{"answer":"answer"}` {
			t.Fatalf("probe by code = %d %s", a.status, a.body)
		}
		if a := ask(`{`+probeOffer+`}`, withCookie(cookie)); a.status != 200 {
			t.Fatalf("probe by cookie = %d %s", a.status, a.body)
		}
		if a := ask(`{` + probeOffer + `}`); a.status != 401 {
			t.Errorf("probe by nobody = %d, want 401", a.status)
		}
		for _, names := range []string{`["mic"]`, `["probe","mic"]`, `[]`} {
			if a := ask(`{"offer":{"sdp":"v=0","names":`+names+`}}`, withCookie(cookie)); a.status != 400 || a.code() != "offer.sections" {
				t.Errorf("probe of %s = %d %s, want 400 offer.sections", names, a.status, a.body)
			}
		}
		if n := r.peers.live(); n != 2 {
			t.Errorf("%d probes live, want 2", n)
		}
		ask(`{`+probeOffer+`}`, withCookie(cookie))
		synctest.Wait()
		if n := r.peers.live(); n != 2 {
			t.Errorf("%d probes live after one was repeated, want 2", n)
		}
		time.Sleep(ProbeTime)
		synctest.Wait()
		if n := r.peers.live(); n != 0 {
			t.Errorf("%d probes live after %v, want none", n, ProbeTime)
		}
		if a := r.ask(r.client, "POST", "/api/session", codeBody(code)); a.status != 204 {
			t.Errorf("the probe used the code up: %d", a.status)
		}
	})
}

func TestProbesAreLimited(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		probe := func(code string) answer {
			return r.ask(r.client, "POST", "/api/probe", `{"code":"`+code+`",`+probeOffer+`}`)
		}
		first := r.invite("m0")
		for i := range MaxProbes {
			code := first
			if i > 0 {
				code = r.invite(fmt.Sprintf("m%d", i))
			}
			if a := probe(code); a.status != 200 {
				t.Fatalf("probe %d = %d %s", i, a.status, a.body)
			}
		}
		if a := probe(r.invite("one-more")); a.status != 429 || a.code() != codeProbes {
			t.Errorf("probe %d = %d %s, want 429", MaxProbes, a.status, a.body)
		}
		for i := range probeBurst - 1 {
			if a := probe(first); a.status != 200 {
				t.Fatalf("control: probe %d of one member = %d %s", i+1, a.status, a.body)
			}
		}
		if a := probe(first); a.status != 429 {
			t.Errorf("probe %d of one member at once = %d, want 429", probeBurst, a.status)
		}
		time.Sleep(probeEvery * time.Second)
		if a := probe(first); a.status != 200 {
			t.Errorf("control: %d s later = %d %s", probeEvery, a.status, a.body)
		}
	})
}

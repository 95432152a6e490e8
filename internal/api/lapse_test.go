package api

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"visavis/internal/auth"
	"visavis/internal/meeting"
)

// become changes the formal meeting's or the talks' definition.
func (r *rig) become(d meeting.Definition, f func(*meeting.Definition)) {
	f(&d)
	r.changed.Store(&d)
}

// member changes one member.
func member(id meeting.MemberID, f func(*meeting.Member)) func(*meeting.Definition) {
	return func(d *meeting.Definition) {
		for i := range d.Members {
			if d.Members[i].ID == id {
				f(&d.Members[i])
			}
		}
	}
}

// TestGrantEndsWithTheDefinition: by an invitation, a session or a token comes in who was meant when it was made, in the same role, or nobody.
func TestGrantEndsWithTheDefinition(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*meeting.Definition)
		holds  bool
	}{
		"control: the same":          {func(*meeting.Definition) {}, true},
		"control: another title":     {func(d *meeting.Definition) { d.Title = meeting.Text{"en": "Another"} }, true},
		"the id is somebody else's":  {member("aldesh", func(m *meeting.Member) { m.Name = meeting.Text{"en": "Another"} }), false},
		"delegate becomes principal": {member("aldesh", func(m *meeting.Member) { m.Role = meeting.Principal }), false},
		"of the other party":         {member("aldesh", func(m *meeting.Member) { m.Party = "tolmeria" }), false},
		"nobody has the id":          {member("aldesh", func(m *meeting.Member) { m.ID = "gone" }), false},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				code, _ := r.inviteFormal("aldesh", false)
				used, _ := r.inviteFormal("aldesh", false)
				cookie, a := r.enterFormal(used, "")
				if a.status != http.StatusNoContent {
					t.Fatalf("enter = %d %s", a.status, a.body)
				}
				d := formalMeeting()
				m, _ := d.Member("aldesh")
				token, err := r.book.Issue(t.Context(), auth.Pass{Grant: auth.Grant{Meeting: formal, Member: m.ID, Party: "avelmar", As: d.Stamp(m)}, Use: auth.Play}, time.Hour)
				if err != nil {
					t.Fatal(err)
				}
				r.become(d, c.change)
				want := func(what string, a answer, ok, no int, code string) {
					t.Helper()
					if c.holds && a.status != ok || !c.holds && (a.status != no || a.code() != code || strings.Contains(a.body, "Secret title")) {
						t.Errorf("%s = %d %s", what, a.status, a.body)
					}
				}
				want("the session", r.ask(r.client, "GET", "/api/me", "", withCookie(cookie)), 200, 401, codeSession)
				want("the socket", r.ask(r.client, "GET", "/ws", "", withCookie(cookie), with("Origin", ownOrigin)), 426, 401, codeSession)
				want("looking", r.ask(r.client, "POST", "/api/invitation", codeBody(code)), 200, 404, codeInvitation)
				want("a probe", r.ask(r.client, "POST", "/api/probe", fmt.Sprintf(`{"code":%q,"offer":{"sdp":"v=0","names":["probe"]}}`, code)), 200, 404, codeInvitation)
				want("entering", r.ask(r.client, "POST", "/api/session", codeBody(code)), 204, 404, codeInvitation)
				want("the token", r.call("POST", "/whep", token.Reveal(), typeSDP, r.offerOf(auth.Play)), 201, 401, codeToken)
			})
		})
	}
}

// TestInformalBecomesFormal: what was made for a meeting without officers, with a stamp or from before there were any, is of no use when it has
// officers.
func TestInformalBecomesFormal(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		d := talks()
		m, _ := d.Member("quelle")
		stamped, err := r.book.Invite(t.Context(), auth.Grant{Meeting: "talks", Member: m.ID, Party: "avelmar", As: d.Stamp(m)}, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		cookie := r.login("tarroven")
		codes := []string{r.invite("quelle"), stamped.Reveal()}
		for _, c := range codes {
			if a := r.ask(r.client, "POST", "/api/invitation", codeBody(c)); a.status != 200 {
				t.Fatalf("control: look = %d %s", a.status, a.body)
			}
		}
		r.become(d, func(d *meeting.Definition) {
			d.Parties = []meeting.Party{{ID: "avelmar"}}
			member("quelle", func(m *meeting.Member) { m.Role = meeting.Officer })(d)
		})
		for _, c := range codes {
			if a := r.ask(r.client, "POST", "/api/session", codeBody(c)); a.status != 404 || a.code() != codeInvitation {
				t.Errorf("an officer came in by a link = %d %s", a.status, a.body)
			}
		}
		if a := r.ask(r.client, "GET", "/api/me", "", withCookie(cookie)); a.status != 401 {
			t.Errorf("the session = %d %s", a.status, a.body)
		}
	})
}

// TestStepUpIsOnesOwn: whoever shares the address uses up its bounds and keeps no officer from the passkey; the officer's own are bounded.
func TestStepUpIsOnesOwn(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		vost := r.account("vost", meeting.Officer)
		for range PasskeyBurst + 1 {
			r.ask(r.client, "POST", "/api/passkey/signin", "{}")
		}
		for range LoginFailures + 1 {
			r.ask(r.client, "POST", "/api/session", codeBody(strings.Repeat("a", 32)))
		}
		for _, path := range []string{"signin", "signin/finish"} {
			if a := r.ask(r.client, "POST", "/api/passkey/"+path, `{"credential":{}}`); path == "signin/finish" && a.status != 429 {
				t.Errorf("control: %s from that address = %d", path, a.status)
			}
		}
		if a := vost.ceremony("stepup", "", ownOrigin); a.status != 204 {
			t.Errorf("step-up = %d %s", a.status, a.body)
		}
		for i := range LoginFailures {
			if a := vost.post("/api/passkey/stepup/finish", `{"credential":{}}`); a.status != 401 {
				t.Fatalf("wrong answer %d = %d %s", i, a.status, a.body)
			}
		}
		if a := vost.post("/api/passkey/stepup/finish", `{"credential":{}}`); a.status != 429 || a.code() != codeLimit {
			t.Errorf("one wrong answer more = %d %s", a.status, a.body)
		}
		time.Sleep(time.Minute)
		for i := range PasskeyBurst {
			if a := vost.post("/api/passkey/stepup", "{}"); a.status != 200 {
				t.Fatalf("challenge %d = %d %s", i, a.status, a.body)
			}
		}
		if a := vost.post("/api/passkey/stepup", "{}"); a.status != 429 || a.code() != codePasskeyLimit {
			t.Errorf("one challenge more = %d %s", a.status, a.body)
		}
		if a := (&person{rig: r}).post("/api/passkey/stepup", "{}"); a.status != 401 {
			t.Errorf("nobody's step-up = %d %s", a.status, a.body)
		}
	})
}

// TestCodeForAnother: an officer gets no key to another's account beside those that are there.
func TestCodeForAnother(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		vost, other := r.account("vost", meeting.Officer), r.account("second", meeting.Officer)
		if _, err := r.book.NewAccount(t.Context(), "third", "Name of third", meeting.Officer); err != nil {
			t.Fatal(err)
		}
		if a := vost.post("/api/accounts/code", `{"id":"second"}`); a.status != 409 || a.code() != codeForget || strings.Contains(a.body, "enrol") {
			t.Errorf("a code beside another's passkeys = %d %s", a.status, a.body)
		}
		for _, q := range []string{`{"id":"vost"}`, `{"id":"third"}`} {
			if a := vost.post("/api/accounts/code", q); a.status != 200 {
				t.Errorf("control: %s = %d %s", q, a.status, a.body)
			}
		}
		if a := other.get("/api/account"); a.status != 200 {
			t.Errorf("control: the other's session = %d", a.status)
		}
		if a := vost.post("/api/accounts/code", `{"id":"second","forget":true}`); a.status != 200 {
			t.Errorf("with forget = %d %s", a.status, a.body)
		}
		if a := other.get("/api/account"); a.status != 401 {
			t.Errorf("the session of a forgotten passkey = %d", a.status)
		}
		if a := vost.post("/api/accounts/code", `{"id":"nobody"}`); a.status != 404 {
			t.Errorf("of nobody = %d %s", a.status, a.body)
		}
	})
}

// TestForgottenThoughTheBrowserHangsUp: it does so when the passkeys are out and the sessions end, which a session of the forgotten one sees. All of them
// end, and it is written down. The control: TestCodeForAnother.
func TestForgottenThoughTheBrowserHangsUp(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		second := r.account("second", meeting.Officer)
		if a := (&person{rig: r, key: second.key}).ceremony("signin", "", ownOrigin); a.status != 204 { // another browser
			t.Fatalf("sign in = %d %s", a.status, a.body)
		}
		all, err := r.book.AccountSessions(t.Context())
		if err != nil || len(all) != 2 {
			t.Fatalf("%d sessions, %v", len(all), err)
		}
		ctx, hangUp := context.WithCancel(t.Context())
		defer hangUp()
		for _, v := range all {
			defer r.book.Watch(v.ID, hangUp)()
		}
		answer := httptest.NewRecorder()
		r.s.giveCode(answer, httptest.NewRequestWithContext(ctx, "POST", "/api/accounts/code", nil), "vost", "second", true)
		if ctx.Err() == nil || answer.Code != 200 {
			t.Fatalf("the browser hung up: %v; answer %d", ctx.Err(), answer.Code)
		}
		if a, err := r.book.Account(t.Context(), "second"); err != nil || len(a.Passkeys) != 0 {
			t.Errorf("%d passkeys, %v", len(a.Passkeys), err)
		}
		if all, err := r.book.AccountSessions(t.Context()); err != nil || len(all) != 0 {
			t.Errorf("%d sessions, %v", len(all), err)
		}
		if all := r.noted("account.forget"); len(all) != 1 || all[0].Person != "second" || all[0].By != "vost" {
			t.Errorf("written: %+v", all)
		}
	})
}

// TestInviteInAMeeting: once a meeting has begun a link comes from an officer who sits in it and has just shown the passkey.
func TestInviteInAMeeting(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		vost, outside := r.account("vost", meeting.Officer), r.account("elsewhere", meeting.Officer)
		ask := func(p *person) answer {
			return p.post("/api/arrange/"+string(formal)+"/invite", `{"member":"tarroven"}`)
		}
		refused := func(what string, a answer, code string) {
			t.Helper()
			if a.code() != code || strings.Contains(a.body, "secret") {
				t.Errorf("%s = %d %s, want %s", what, a.status, a.body, code)
			}
		}
		time.Sleep(auth.StepUpLife)
		for _, p := range []*person{vost, outside} {
			if a := ask(p); a.status != 200 {
				t.Errorf("control: before it has begun = %d %s", a.status, a.body)
			}
		}
		r.begun.Store(true)
		refused("an old cookie", ask(vost), codeStepUp)
		for _, p := range []*person{vost, outside} {
			if a := p.ceremony("stepup", "", ownOrigin); a.status != 204 {
				t.Fatalf("step-up = %d %s", a.status, a.body)
			}
		}
		if a := ask(vost); a.status != 200 || !strings.Contains(a.body, "secret") {
			t.Errorf("control: after step-up = %d %s", a.status, a.body)
		}
		refused("an officer of other meetings", ask(outside), codeMeeting)
		if err := r.book.Exclude(t.Context(), formal, "vost"); err != nil {
			t.Fatal(err)
		}
		refused("one who is excluded", ask(vost), codeExcluded)
	})
}

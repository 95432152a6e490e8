package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"visavis/internal/auth"
	"visavis/internal/meeting"
	"visavis/internal/softkey"
	"visavis/internal/wire"
)

// formal is the id of a meeting with an officer on each side.
const formal meeting.ID = "annual-meeting"

func formalMeeting() meeting.Definition {
	member := func(id, party string, role meeting.Role) meeting.Member {
		return meeting.Member{ID: meeting.MemberID(id), Party: meeting.PartyID(party), Role: role, Name: meeting.Text{"en": "Name of " + id}}
	}
	return meeting.Definition{
		ID: formal, Title: meeting.Text{"en": "Secret title"}, Start: time.Date(2026, 12, 9, 0, 0, 0, 0, time.UTC), Host: "avelmar",
		Parties: []meeting.Party{{ID: "avelmar", Name: meeting.Text{"en": "Avelmar"}}, {ID: "tolmeria", Name: meeting.Text{"en": "Tolmeria"}}},
		Members: []meeting.Member{
			member("tarroven", "avelmar", meeting.Principal), member("aldesh", "avelmar", meeting.Delegate), member("vost", "avelmar", meeting.Officer),
			member("ormeran", "avelmar", meeting.Technician), member("kosvane", "tolmeria", meeting.Principal), member("quintar", "tolmeria", meeting.Officer),
		},
	}
}

// person is a browser with an authenticator.
type person struct {
	*rig
	key    *softkey.Authenticator
	cookie string
}

// account makes an account with a passkey and signs in.
func (r *rig) account(id string, role meeting.Role) *person {
	r.t.Helper()
	if _, err := r.book.NewAccount(r.t.Context(), meeting.MemberID(id), "Name of "+id, role); err != nil {
		r.t.Fatal(err)
	}
	p := &person{rig: r, key: softkey.New()}
	code, err := r.book.EnrolmentCode(r.t.Context(), meeting.MemberID(id), time.Hour, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	if a := p.ceremony("register", code.Reveal(), ownOrigin); a.status != 204 {
		r.t.Fatalf("register = %d %s", a.status, a.body)
	}
	return p
}

// ceremony does one of the three as a page of origin does, and keeps the cookie.
func (p *person) ceremony(kind, code, origin string) answer {
	p.t.Helper()
	ask := "{}"
	if code != "" {
		ask = codeBody(code)
	}
	a := p.post("/api/passkey/"+kind, ask)
	if a.status != 200 {
		return a
	}
	var o wire.PasskeyOptions
	if err := json.Unmarshal([]byte(a.body), &o); err != nil {
		p.t.Fatal(err)
	}
	made, err := p.key.Get(origin, o.Options)
	if kind == "register" {
		made, err = p.key.Create(origin, o.Options)
	}
	if err != nil {
		p.t.Fatal(err)
	}
	return p.post("/api/passkey/"+kind+"/finish", fmt.Sprintf(`{"code":%q,"credential":%s}`, code, made))
}

// post sends a request with the cookie, and takes the one that the answer sets.
func (p *person) post(path, body string) answer {
	p.t.Helper()
	a := p.ask(p.client, "POST", path, body, withCookie(p.cookie))
	if c, _, _ := strings.Cut(a.header.Get("Set-Cookie"), ";"); c != "" {
		p.cookie = c
	}
	return a
}

func (p *person) get(path string) answer {
	p.t.Helper()
	return p.ask(p.client, "GET", path, "", withCookie(p.cookie))
}

// enterFormal redeems an invitation to the formal meeting and returns the Cookie header.
func (r *rig) enterFormal(code, pin string) (string, answer) {
	r.t.Helper()
	a := r.ask(r.client, "POST", "/api/session", fmt.Sprintf(`{"code":%q,"pin":%q}`, code, pin))
	c, _, _ := strings.Cut(a.header.Get("Set-Cookie"), ";")
	return c, a
}

func (r *rig) inviteFormal(member string, pin bool) (code, p string) {
	r.t.Helper()
	d := formalMeeting()
	m, _ := d.Member(meeting.MemberID(member))
	c, s, err := r.book.InviteWith(r.t.Context(), auth.Grant{Meeting: formal, Member: m.ID, Party: "avelmar", As: d.Stamp(m)}, auth.InviteOptions{TTL: time.Hour, PIN: pin})
	if err != nil {
		r.t.Fatal(err)
	}
	return c.Reveal(), s.Reveal()
}

func TestPasskeyOverHTTP(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		vost := r.account("vost", meeting.Officer)
		if a := vost.get("/api/account"); a.status != 200 || !strings.Contains(a.body, `"id":"vost"`) || !strings.Contains(a.body, `"role":"officer"`) || strings.Contains(a.body, `"proven":""`) {
			t.Errorf("account = %d %s", a.status, a.body)
		}
		first := vost.cookie
		if a := vost.ceremony("signin", "", ownOrigin); a.status != 204 || vost.cookie == first {
			t.Errorf("sign-in = %d %s, another cookie: %v", a.status, a.body, vost.cookie != first)
		}
		if a := r.ask(r.client, "GET", "/api/account", "", withCookie(first)); a.status != 401 {
			t.Errorf("the session that the browser had before = %d", a.status)
		}
		for name, origin := range map[string]string{"another site": "https://meet.tolmeria.test", "no TLS": "http://" + ownHost} {
			if a := vost.ceremony("signin", "", origin); a.status != 401 || a.code() != codePasskey {
				t.Errorf("%s: %d %s", name, a.status, a.body)
			}
		}
		if a := vost.get("/api/meetings"); a.status != 200 || !strings.Contains(a.body, `"id":"annual-meeting"`) || strings.Contains(a.body, `"id":"talks"`) {
			t.Errorf("meetings = %d %s", a.status, a.body)
		}
		time.Sleep(auth.StepUpLife)
		if a := vost.get("/api/account"); !strings.Contains(a.body, `"proven":""`) {
			t.Errorf("account after %s = %s", auth.StepUpLife, a.body)
		}
		if a := vost.post("/api/accounts", `{"id":"ormeran","name":"Dask Ormeran","role":"technician"}`); a.status != 403 || a.code() != codeStepUp {
			t.Errorf("an account without step-up = %d %s", a.status, a.body)
		}
		before := vost.cookie
		if a := vost.ceremony("stepup", "", ownOrigin); a.status != 204 || vost.cookie == before {
			t.Fatalf("step-up = %d %s", a.status, a.body)
		}
		a := vost.post("/api/accounts", `{"id":"ormeran","name":"Dask Ormeran","role":"technician"}`)
		if a.status != 200 {
			t.Fatalf("an account = %d %s", a.status, a.body)
		}
		var code wire.AccountCode
		if err := json.Unmarshal([]byte(a.body), &code); err != nil || !strings.HasPrefix(code.URL, ownOrigin+"/enrol#") {
			t.Fatalf("code = %+v, %v", code, err)
		}
		ormeran := &person{rig: r, key: softkey.New()}
		if a := ormeran.ceremony("register", strings.TrimPrefix(code.URL, ownOrigin+"/enrol#"), ownOrigin); a.status != 204 {
			t.Fatalf("register = %d %s", a.status, a.body)
		}
		for _, path := range []string{"/api/accounts", "/api/sessions?meeting=annual-meeting"} {
			if a := ormeran.get(path); a.status != 403 || a.code() != codeRole {
				t.Errorf("technician at %s = %d %s", path, a.status, a.body)
			}
			if a := vost.get(path); a.status != 200 {
				t.Errorf("control: officer at %s = %d %s", path, a.status, a.body)
			}
		}
		if a := vost.post("/api/accounts/remove", `{"id":"vost"}`); a.status != 409 || a.code() != codeLast {
			t.Errorf("the last officer removed = %d %s", a.status, a.body)
		}
		if a := vost.post("/api/accounts/remove", `{"id":"ormeran"}`); a.status != 204 {
			t.Errorf("remove = %d %s", a.status, a.body)
		}
		if a := ormeran.get("/api/account"); a.status != 401 {
			t.Errorf("a removed account = %d %s", a.status, a.body)
		}
		if s := r.log.String(); strings.Contains(s, "Dask") || strings.Contains(s, "Name of") || strings.Contains(s, code.URL) || strings.Contains(s, "192.0.2.1") {
			t.Errorf("the log has a name, a code or an address:\n%s", s)
		} else if !strings.Contains(s, `"code":"passkey.refused"`) || !strings.Contains(s, `"remote":"192.0.2.0/24"`) {
			t.Errorf("the log does not have the refusals:\n%s", s)
		}
	})
}

func TestPasskeyLimits(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		for i := range PasskeyBurst {
			if a := r.ask(r.client, "POST", "/api/passkey/signin", "{}"); a.status != 200 {
				t.Fatalf("challenge %d = %d %s", i, a.status, a.body)
			}
		}
		if a := r.ask(r.client, "POST", "/api/passkey/signin", "{}"); a.status != 429 || a.code() != codePasskeyLimit {
			t.Errorf("challenge %d = %d %s", PasskeyBurst, a.status, a.body)
		}
		if a := r.ask(r.from("198.51.100.1:1"), "POST", "/api/passkey/signin", "{}"); a.status != 200 {
			t.Errorf("control: from elsewhere = %d", a.status)
		}
		for i := range LoginFailures {
			if a := r.ask(r.client, "POST", "/api/passkey/signin/finish", `{"credential":{}}`); a.status != 401 {
				t.Fatalf("bad passkey %d = %d %s", i, a.status, a.body)
			}
		}
		if a := r.ask(r.client, "POST", "/api/passkey/signin/finish", `{"credential":{}}`); a.status != 429 || a.code() != codeLimit {
			t.Errorf("bad passkey %d = %d %s", LoginFailures, a.status, a.body)
		}
	})
}

// An account acts as the member of its id, role and party, in no other meeting and as nobody else.
func TestAccountsPartInAMeeting(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		dial := func(p *person, path string) int {
			t.Helper()
			a := r.ask(r.client, "GET", path, "", withCookie(p.cookie), with("Origin", ownOrigin))
			return a.status
		}
		vost := r.account("vost", meeting.Officer)
		for _, c := range []struct {
			name string
			p    *person
			path string
			want int
		}{
			{"no meeting named", vost, "/ws", 404}, {"unknown", vost, "/ws?meeting=none", 404}, {"has no part", vost, "/ws?meeting=talks", 404},
			{"other role", r.account("ormeran", meeting.Officer), "/ws?meeting=annual-meeting", 404},
			{"other party", r.account("quintar", meeting.Officer), "/ws?meeting=annual-meeting", 404},
			{"nobody", &person{rig: r}, "/ws?meeting=annual-meeting", 401},
			{"control: reaches the upgrade", vost, "/ws?meeting=annual-meeting", 426},
		} {
			if got := dial(c.p, c.path); got != c.want {
				t.Errorf("%s: %d, want %d", c.name, got, c.want)
			}
		}
		if a := vost.get("/api/me?meeting=annual-meeting"); a.status != 200 || !strings.Contains(a.body, `"you":"vost"`) || !strings.Contains(a.body, `"role":"officer"`) {
			t.Errorf("me = %d %s", a.status, a.body)
		}
		if a := vost.get("/api/me"); a.status != 200 || !strings.Contains(a.body, `"you":""`) || !strings.Contains(a.body, `"account":{"id":"vost"`) {
			t.Errorf("me without a meeting = %d %s", a.status, a.body)
		}
	})
}

// joinFormal opens a socket in the formal meeting and says hello.
func (r *rig) joinFormal(cookie string) *page {
	r.t.Helper()
	p := r.connectTo(cookie, "/ws?meeting="+string(formal))
	p.say(wire.FromClient{Hello: &wire.Hello{Version: wire.Version, Offer: &wire.Offer{SDP: sdp, Names: []string{"mic"}}}})
	return p
}

func (p *page) done(id int) *wire.Error {
	p.t.Helper()
	m, ok := p.other()
	if !ok || m.Done == nil || m.Done.ID != id {
		p.t.Fatalf("got %s, %v, want done %d", show(m), p.err, id)
	}
	return m.Done.Error
}

func TestStepUpForKeys(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		vost := r.account("vost", meeting.Officer)
		p := r.joinFormal(vost.cookie)
		if w := p.welcome(); w.You != "vost" {
			t.Fatalf("welcome = %+v", w)
		}
		turn := func(id int) *wire.Error {
			p.say(wire.FromClient{Act: &wire.Act{ID: id, Do: wire.DoTurnKey, Value: wire.ActionStart}})
			return p.done(id)
		}
		if e := turn(1); e != nil {
			t.Errorf("just signed in: %+v", e)
		}
		time.Sleep(auth.StepUpLife - time.Second)
		if e := turn(2); e != nil {
			t.Errorf("control: just within %s: %+v", auth.StepUpLife, e)
		}
		time.Sleep(time.Second)
		if e := turn(3); e == nil || e.Code != codeStepUp {
			t.Errorf("after %s: %+v", auth.StepUpLife, e)
		}
		p.say(wire.FromClient{Act: &wire.Act{ID: 4, Do: wire.DoClose}}) // lowers: one key, no passkey
		if e := p.done(4); e != nil {
			t.Errorf("closing: %+v", e)
		}
		if a := vost.ceremony("stepup", "", ownOrigin); a.status != 204 {
			t.Fatalf("step-up = %d %s", a.status, a.body)
		}
		if e := turn(5); e != nil { // the same socket: the session stays
			t.Errorf("after step-up: %+v", e)
		}
		r.room.look(func() {
			if n := len(r.room.acts); n != 4 || r.room.acts[0].member != "vost" || r.room.acts[0].proven.IsZero() || !r.room.acts[3].proven.After(r.room.acts[0].proven) {
				t.Errorf("the room was asked %+v", r.room.acts)
			}
		})
		// Who came by an invitation turns no key, whatever role it has.
		code, _ := r.inviteFormal("vost", false)
		other, _ := r.enterFormal(code, "")
		q := r.joinFormal(other)
		q.welcome()
		q.say(wire.FromClient{Act: &wire.Act{ID: 1, Do: wire.DoTurnKey, Value: wire.ActionStart}})
		if e := q.done(1); e == nil || e.Code != codeStepUp {
			t.Errorf("by an invitation: %+v", e)
		}
	})
}

// TestAccountOnAnotherDevice: nobody else can show the passkey, so who signs in again has the seat and need not wait.
func TestAccountOnAnotherDevice(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		vost := r.account("vost", meeting.Officer)
		p := r.joinFormal(vost.cookie)
		p.welcome()
		other := &person{rig: r, key: vost.key}
		if a := other.ceremony("signin", "", ownOrigin); a.status != 204 || other.cookie == vost.cookie {
			t.Fatalf("sign-in elsewhere = %d %s", a.status, a.body)
		}
		p.lives() // signing in alone moves nobody
		q := r.joinFormal(other.cookie)
		q.welcome()
		p.bye("moved")
		q.lives()
		if a := vost.get("/api/account"); a.status != 200 {
			t.Errorf("the first session = %d, want that it lives", a.status)
		}
	})
}

func TestPINOverHTTP(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		code, pin := r.inviteFormal("tarroven", true)
		a := r.ask(r.client, "POST", "/api/invitation", codeBody(code))
		if a.status != 200 || !strings.Contains(a.body, `"pin":true`) || !strings.Contains(a.body, "Name of tarroven") || strings.Contains(a.body, "Name of aldesh") {
			t.Errorf("look = %d %s", a.status, a.body)
		}
		wrong := "000000"
		if pin == wrong {
			wrong = "000001"
		}
		for i := range auth.MaxPINFailures {
			want, status := codePIN, 401
			if i == auth.MaxPINFailures-1 {
				want, status = codeLocked, 403
			}
			if _, a := r.enterFormal(code, wrong); a.status != status || a.code() != want {
				t.Errorf("wrong PIN %d = %d %s", i+1, a.status, a.body)
			}
		}
		if _, a := r.enterFormal(code, pin); a.status != 403 || a.code() != codeLocked {
			t.Errorf("right PIN of a locked invitation = %d %s", a.status, a.body)
		}
		code, pin = r.inviteFormal("tarroven", true)
		if _, a := r.enterFormal(code, pin); a.status != 204 {
			t.Errorf("control: re-issued = %d %s", a.status, a.body)
		}
		if s := r.log.String(); !strings.Contains(s, `"code":"pin.locked"`) || strings.Contains(s, pin) || strings.Contains(s, wrong) || strings.Contains(s, code) {
			t.Errorf("log:\n%s", s)
		}
		for i := range LoginFailures - auth.MaxPINFailures - 1 {
			code, pin := r.inviteFormal("tarroven", true)
			if _, a := r.enterFormal(code, pin[1:]); a.status != 401 {
				t.Fatalf("failure %d = %d %s", i, a.status, a.body)
			}
		}
		if _, a := r.enterFormal(code, pin); a.status != 429 {
			t.Errorf("after %d failures of the address = %d %s, want 429", LoginFailures, a.status, a.body)
		}
	})
}

func TestSessionsAreListedAndEnded(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		vost := r.account("vost", meeting.Officer)
		code, _ := r.inviteFormal("tarroven", false)
		cookie, _ := r.enterFormal(code, "")
		p, other := r.joinFormal(cookie), r.joinFormal(vost.cookie)
		p.welcome()
		other.welcome()
		list := func() wire.Sessions {
			var l wire.Sessions
			if a := vost.get("/api/sessions?meeting=annual-meeting"); a.status != 200 || json.Unmarshal([]byte(a.body), &l) != nil {
				t.Fatalf("sessions = %d %s", a.status, a.body)
			}
			return l
		}
		l := list()
		if len(l.Sessions) != 2 {
			t.Fatalf("sessions = %+v", l)
		}
		var id string
		for _, s := range l.Sessions {
			if !s.Here || s.Own != (s.Member == "vost") {
				t.Errorf("session = %+v", s)
			}
			if s.Member == "tarroven" {
				id = s.ID
			}
		}
		end := fmt.Sprintf(`{"meeting":"annual-meeting","id":%q}`, id)
		if a := (&person{rig: r, cookie: cookie}).post("/api/sessions/end", end); a.status != 403 {
			t.Errorf("ended by a member = %d %s", a.status, a.body)
		}
		if a := vost.post("/api/sessions/end", `{"meeting":"talks","id":"`+id+`"}`); a.status != 404 {
			t.Errorf("ended in a meeting in which the officer has no part = %d %s", a.status, a.body)
		}
		if a := vost.post("/api/sessions/end", end); a.status != 204 {
			t.Fatalf("end = %d %s", a.status, a.body)
		}
		synctest.Wait() // no time passes
		if n := r.peers.live(); n != 1 {
			t.Errorf("%d media sessions live in the moment of the end, want the officer's", n)
		}
		p.bye("ended")
		if a := r.ask(r.client, "GET", "/api/me", "", withCookie(cookie)); a.status != 401 {
			t.Errorf("the ended session = %d", a.status)
		}
		if l := list(); len(l.Sessions) != 1 {
			t.Errorf("sessions after the end = %+v", l)
		}
		if a := vost.post("/api/sessions/end", end); a.status != 404 || a.code() != codeOther {
			t.Errorf("ended again = %d %s", a.status, a.body)
		}
		other.lives()
		if err := r.book.Exclude(t.Context(), formal, "vost"); err != nil { // by another officer of ours
			t.Fatal(err)
		}
		if a := vost.get("/api/sessions?meeting=annual-meeting"); a.status != 403 || a.code() != codeExcluded {
			t.Errorf("sessions for an officer who is kept out = %d %s", a.status, a.body)
		}
		if err := r.book.Readmit(t.Context(), formal, "vost"); err != nil {
			t.Fatal(err)
		}
		r.s.EndMember(formal, "vost") // on the room's word
		other.bye("ended")
		synctest.Wait()
		if a := vost.get("/api/account"); a.status != 401 {
			t.Errorf("an account's ended session = %d", a.status)
		}
	})
}

func TestPressSeat(t *testing.T) { seatOf(t, meeting.Press) }

// TestViewerSeat: a viewer has the same seat as the press, and no more.
func TestViewerSeat(t *testing.T) { seatOf(t, meeting.Viewer) }

func seatOf(t *testing.T, role meeting.Role) {
	bubble(t, func(t *testing.T, r *rig) {
		g := auth.Grant{Meeting: formal, Member: auth.PressID(), Party: "avelmar", Role: role, Name: "River Gazette"}
		code, err := r.book.Invite(t.Context(), g, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		if a := r.ask(r.client, "POST", "/api/invitation", codeBody(code.Reveal())); a.status != 200 || !strings.Contains(a.body, `"role":"`+string(role)+`"`) || strings.Contains(a.body, "Name of vost") {
			t.Errorf("look = %d %s", a.status, a.body)
		}
		cookie, _ := r.enterFormal(code.Reveal(), "")
		p := r.joinFormal(cookie)
		if w := p.welcome(); w.Role != string(role) || w.You != "" {
			t.Errorf("welcome = %+v", w)
		}
		r.room.look(func() {
			if len(r.room.audience) != 1 || r.room.audience[0].ID != g.Member || r.room.audience[0].Name != g.Name || len(r.room.seats) != 0 {
				t.Errorf("audience %+v, seats %+v", r.room.audience, r.room.seats)
			}
		})
		p.say(wire.FromClient{Act: &wire.Act{ID: 7, Do: wire.DoRaiseHand}})
		if e := p.done(7); e == nil || e.Code != codeRole {
			t.Errorf("a hand of the press: %+v", e)
		}
		p.say(wire.FromClient{Devices: &wire.Devices{Mic: true}})
		if m, _ := p.other(); m.Error == nil || m.Error.Code != codeRole {
			t.Errorf("a microphone of the press: %s", show(m))
		}
		p.lives()
		r.room.audience[0].End("excluded")
		p.bye("excluded")
		synctest.Wait()
		if n := r.peers.live(); n != 0 {
			t.Errorf("%d media sessions of an excluded seat", n)
		}
		r.room.look(func() {
			if len(r.room.audience) != 0 || len(r.room.acts)+len(r.room.handled) != 0 {
				t.Errorf("audience %+v, acts %+v", r.room.audience, r.room.acts)
			}
		})
		q := r.joinFormal(cookie)
		if m, ok := q.other(); !ok || m.Wait == nil || m.Wait.Reason != auth.WaitExcluded {
			t.Errorf("comes again: %s", show(m))
		}
	})
}

// Every answer of another site, or none, is refused at the new routes as at the old: TestEveryWriteRefusesCrossSite walks the table. This is its
// control for the bodies: what is no JSON of the right shape is refused before anything is looked up.
func TestPeopleBodies(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		vost := r.account("vost", meeting.Officer)
		for path, bodies := range map[string][]string{
			"/api/passkey/signin/finish": {`{}`, `{"credential":null}`, `{"credential":{},"Credential":{}}`, `{"credential":[]}`, `{"credential":{"a":` + strings.Repeat(`{"a":`, 20) + `1` + strings.Repeat(`}`, 21) + `}`},
			"/api/accounts":              {`{}`, `{"id":"a","ROLE":"officer"}`, `{"id":"a","role":"officer","name":"a\u202eb"}`, `{"id":"../x","role":"officer","name":"x"}`, `{"id":"a","role":"press","name":"x"}`},
			"/api/sessions/end":          {`{}`, `{"meeting":"annual-meeting"}`, `{"meeting":1,"id":"x"}`},
		} {
			for _, b := range bodies {
				if a := vost.post(path, b); a.status != http.StatusBadRequest {
					t.Errorf("%s %s = %d %s, want 400", path, b, a.status, a.body)
				}
			}
		}
	})
}

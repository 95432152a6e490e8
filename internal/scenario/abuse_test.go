package scenario

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/node"
	"visavis/internal/wire"
)

// TestAbuse has one row for each abuse case of docs/security.md whose subject exists; the numbers are those of that page. Each row
// is a World of its own, whole nodes in virtual time, and has its control in it: the harmless twin that must pass.
func TestAbuse(t *testing.T) {
	for _, row := range []struct {
		number int
		name   string
		run    func(*testing.T)
	}{
		{1, "far node turns its key alone", abuseOneKey},
		{2, "far node silent, our officer closes", abuseSilentAtClose},
		{3, "link cut while open", abuseCutWhileOpen},
		{4, "press asks after the doors", abusePressAsksAfterDoors},
		{5, "press asks for the closed part", abusePressAsksForClosed},
		{6, "waiting guest reads all", abuseWaitingGuest},
		{7, "guest says it is the principal", abuseForgedIdentity},
		{8, "role twice in two cases", abuseParserTricks},
		{9, "key of another phase replayed", abuseReplayedKey},
		{12, "far node back-dates floor entries", abuseBackDated},
		{10, "host shows two logs to two guests", abuseForkedLog},
		{11, "host drops our events", abuseHostWithholds},
		{13, "revoked node comes back", abuseRevokedNode},
		{14, "link flood", abuseLinkFlood},
		{15, "spoofed STUN nominates a victim", abuseSpoofedNomination},
		{16, "spoofed ClientHello and alert", abuseSpoofedDTLS},
		{17, "NACK storm", abuseNackStorm},
		{18, "scanner, then two people", abuseInvitation},
		{21, "foreign page opens the socket", abuseForeignPage},
		{22, "hostile names", abuseNames},
	} {
		t.Run(fmt.Sprintf("%d %s", row.number, row.name), func(t *testing.T) { synctest.Test(t, row.run) })
	}
}

// alive fails unless the people given hear each other now: whatever was done to the room, it lives.
func alive(t *testing.T, all ...*Person) {
	t.Helper()
	begin := time.Now()
	time.Sleep(time.Second)
	for _, from := range all {
		sent := from.SentBetween("mic", begin, begin.Add(800*time.Millisecond))
		for _, to := range all {
			if missing, _ := to.Missing(Heard{from.Member, "mic"}, sent); to != from && (missing > 0 || len(sent) < 39) {
				t.Errorf("%s does not hear %s any more: %d of %d packets missing", to.Member, from.Member, missing, len(sent))
			}
		}
	}
}

// presence is what a person's page shows of a member.
func (q *Person) presence(m meeting.MemberID) *wire.Presence {
	s := q.Bot.Stats().State
	if i := slices.IndexFunc(s.Present, func(p wire.Presence) bool { return p.Member == string(m) }); i >= 0 {
		return &s.Present[i]
	}
	return nil
}

// logged fails unless the node has logged a line with all of the words.
func (p *Party) logged(words ...string) {
	p.w.T.Helper()
	for line := range strings.Lines(p.Log.String()) {
		if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(line, w) }) {
			return
		}
	}
	p.w.T.Errorf("%s logged no line with %q", p.ID, words)
}

// Every type of message with every field that would say who sends it: refused, connection closed, nobody's state changed.
func abuseForgedIdentity(t *testing.T) {
	w := NewWorld(t, Options{})
	principal := w.Avelmar.Join("avelmar-principal", nil)
	far := w.Tolmeria.Join("tolmeria-principal", nil)
	w.connected(principal, far)
	g := w.Avelmar.guest()
	if r := g.enter(w.Avelmar.Invite("avelmar-one").Reveal()); r.status != http.StatusNoContent {
		t.Fatalf("enter: %+v", r)
	}
	fields := []string{"from", "actor", "member", "person", "party", "role", "name", "you", "time", "at", "level", "proven"}
	for _, m := range everyMessage(t) {
		for _, field := range fields {
			for _, forged := range everywhere(m, fmt.Sprintf(`%q:"avelmar-principal"`, field)) {
				if field == "member" && strings.HasPrefix(m, `{"act"`) && !strings.HasPrefix(forged, `{"member"`) {
					continue // whom an act is done to: below
				}
				k, _ := g.socket()
				say(t, k, forged)
				got, closed := hear(t, k, 2*time.Second)
				if !closed || len(got) != 1 || !strings.Contains(got[0], `"json.unknown"`) && !strings.Contains(got[0], `"json.duplicate"`) {
					t.Errorf("%s: closed %v, said %q; want it refused and closed", forged, closed, got)
				}
			}
		}
		time.Sleep(5 * time.Second) // handshakes are limited per address
	}
	ws := g.sit()
	// An act on others: the guest has its own rights, whoever it names.
	for i, do := range []string{wire.DoClose, wire.DoGive, wire.DoTake, wire.DoExclude, wire.DoAdmit, wire.DoEndSession, wire.DoTurnKey, wire.DoMessage, wire.DoTone, "member.joined", "member.left", "member.devices"} {
		say(t, ws, fmt.Sprintf(`{"act":{"id":%d,"do":%q,"member":"avelmar-principal","value":"start"}}`, i+1, do))
		if got := await(t, ws, `{"done"`); !strings.HasPrefix(got, fmt.Sprintf(`{"done":{"id":%d,"error":`, i+1)) {
			t.Errorf("%s on the principal: %s, want it refused", do, got)
		}
	}
	for _, m := range []meeting.MemberID{"avelmar-principal", "tolmeria-principal"} {
		if p := far.presence(m); p == nil || !p.Mic || !p.Camera {
			t.Errorf("state of %s is %+v, want it as it was", m, p)
		}
	}
	// The control: the guest's own switch is its own.
	say(t, ws, `{"devices":{"mic":true,"camera":false}}`)
	time.Sleep(2 * time.Second)
	if p := far.presence("avelmar-one"); p == nil || !p.Mic {
		t.Errorf("own switch: far side shows %+v, want the microphone on", p)
	}
	alive(t, principal, far)
}

// everyMessage is one message of each type that a page sends, made from the wire types themselves: what is added to them is tested, too.
func everyMessage(t *testing.T) (out []string) {
	t.Helper()
	union := reflect.TypeFor[wire.FromClient]()
	for i := range union.NumField() {
		key, _, _ := strings.Cut(union.Field(i).Tag.Get("json"), ",")
		out = append(out, fmt.Sprintf(`{%q:%s}`, key, sampleOf(t, union.Field(i).Type.Elem())))
	}
	if len(out) < 7 {
		t.Fatalf("only %d types of messages", len(out))
	}
	return out
}

// sampleOf is JSON of a type with all its fields.
func sampleOf(t *testing.T, of reflect.Type) string {
	switch of.Kind() {
	case reflect.Pointer:
		return sampleOf(t, of.Elem())
	case reflect.String:
		return `"x"`
	case reflect.Bool:
		return "false"
	case reflect.Int:
		return "1"
	case reflect.Slice:
		return "[]"
	case reflect.Struct:
		var fields []string
		for i := range of.NumField() {
			key, _, _ := strings.Cut(of.Field(i).Tag.Get("json"), ",")
			fields = append(fields, fmt.Sprintf("%q:%s", key, sampleOf(t, of.Field(i).Type)))
		}
		return "{" + strings.Join(fields, ",") + "}"
	}
	t.Fatalf("a message has a field of type %s", of)
	return ""
}

// everywhere puts a member into each object of a message in turn, as its first.
func everywhere(message, member string) (out []string) {
	for i, c := range message {
		if c != '{' {
			continue
		}
		sep := ","
		if message[i+1] == '}' {
			sep = ""
		}
		out = append(out, message[:i+1]+member+sep+message[i+1:])
	}
	return out
}

// Keys twice, in another case, or after the end: refused and closed; what JSON of a page looks like passes.
func abuseParserTricks(t *testing.T) {
	w := NewWorld(t, Options{})
	principal, far := w.Avelmar.Join("avelmar-principal", nil), w.Tolmeria.Join("tolmeria-principal", nil)
	w.connected(principal, far)
	g := w.Avelmar.guest()
	ws := g.join("avelmar-one")
	for _, m := range []string{
		`{"role":"press","ROLE":"principal"}`,
		`{"devices":{"mic":true,"MIC":false,"camera":true}}`,
		`{"devices":{"mic":true,"mic":false,"camera":true}}`,
		`{"Devices":{"mic":true,"camera":true}}`,
		`{"devices":{"mic":true,"camera":true}}{"leave":{}}`,
		`{"devices":{"mic":true,"camera":true},"leave":{}}`,
		"{\"devices\":{\"mic\":true,\"camera\":true},\"\xff\":1}",
		`{"devices":` + strings.Repeat("[", 17) + strings.Repeat("]", 17) + `}`,
	} {
		k, _ := g.socket()
		say(t, k, m)
		got, closed := hear(t, k, 2*time.Second)
		if !closed || len(got) != 1 || !strings.Contains(got[0], `"code":"json.`) && !strings.Contains(got[0], `"code":"message.one"`) {
			t.Errorf("%.60q: closed %v, said %q; want it refused as JSON and closed", m, closed, got)
		}
	}
	say(t, ws, ` { "devices" : { "camera" : false , "mic" : true } } `) // the control
	time.Sleep(2 * time.Second)
	if p := far.presence("avelmar-one"); p == nil || !p.Mic {
		t.Errorf("honest message: far side shows %+v, want the microphone on", p)
	}
	alive(t, principal, far)
}

// The invitation is used up by the button alone, once, and says nothing else to anybody.
func abuseInvitation(t *testing.T) {
	w := NewWorld(t, Options{})
	link := w.Avelmar.Invite("avelmar-one").Reveal()
	scanner := w.Avelmar.guest()
	for _, method := range []string{"GET", "HEAD", "OPTIONS"} {
		for _, path := range []string{"/join", "/join?" + code(link), "/m/" + string(Meeting), "/api/session", "/api/invitation"} {
			scanner.do(method, path, "", "Origin", "-", "Sec-Fetch-Site", "-")
		}
	}
	if r := scanner.do("POST", "/api/invitation", fmt.Sprintf(`{"code":%q}`, code(link))); r.status != http.StatusOK || !strings.Contains(r.body, `"avelmar-one"`) {
		t.Errorf("looking at the invitation: %d %s", r.status, r.body)
	}
	first, second := w.Avelmar.guest(), w.Avelmar.guest()
	if r := first.enter(link); r.status != http.StatusNoContent { // the control: all that used nothing up
		t.Fatalf("the first person: %d %s", r.status, r.body)
	}
	used := second.enter(link)
	unknown := second.enter("#" + strings.Repeat("A", len(code(link))))
	if used.status != http.StatusNotFound || used.body != unknown.body || used.status != unknown.status || second.cookie != "" {
		t.Errorf("the second person: %d %s; want what an unknown code gets, %d %s", used.status, used.body, unknown.status, unknown.body)
	}
	if r := second.do("POST", "/api/invitation", fmt.Sprintf(`{"code":%q}`, code(link))); r.body != unknown.body {
		t.Errorf("looking at a used invitation: %d %s, want what an unknown code gets", r.status, r.body)
	}
	if r := first.do("GET", "/api/me", ""); r.status != http.StatusOK || !strings.Contains(r.body, `"avelmar-one"`) {
		t.Errorf("the first person is %d %s", r.status, r.body)
	}
	if r := second.do("GET", "/api/me", ""); r.status != http.StatusUnauthorized {
		t.Errorf("the second person is %d %s", r.status, r.body)
	}
	w.Avelmar.logged("invitation used", `"person":"avelmar-one"`)
	person := w.Tolmeria.Join("tolmeria-one", nil)
	other := w.Avelmar.Join("avelmar-one", nil)
	w.connected(person, other)
	alive(t, person, other)
	control := w.Avelmar.Join("avelmar-two", nil)
	w.connected(person, other, control)
	w.Avelmar.Invite("avelmar-one") // --keep: both stay
	alive(t, person, other, control)

	// Now the one who came in is a thief, and the owner gives a new link in one step.
	var again string
	w.Avelmar.must(func(d *node.Dir) error {
		made, err := d.Invite(context.Background(), node.InviteOptions{Meeting: Meeting, Members: []meeting.MemberID{"avelmar-one"}})
		if err == nil {
			again = made[0].URL.Reveal()
		}
		return err
	})
	time.Sleep(time.Second)
	heard, seen := other.Count(Heard{"tolmeria-one", "mic"}), person.Count(Heard{"avelmar-one", "mic"})
	time.Sleep(2 * time.Second)
	if h, s := other.Count(Heard{"tolmeria-one", "mic"})-heard, person.Count(Heard{"avelmar-one", "mic"})-seen; h != 0 || s != 0 {
		t.Errorf("a second after a new link was made, who used the old one heard %d packets more and was heard for %d", h, s)
	}
	if r := first.do("GET", "/api/me", ""); r.status != http.StatusUnauthorized {
		t.Errorf("the first person's cookie after a new link: %d", r.status)
	}
	rightful := w.Avelmar.JoinWith("avelmar-one", again, nil)
	w.connected(person, rightful, control)
	alive(t, person, rightful, control)
}

// The cookie alone opens nothing: the page must be ours.
func abuseForeignPage(t *testing.T) {
	w := NewWorld(t, Options{})
	a, b := w.Avelmar.Join("avelmar-principal", nil), w.Tolmeria.Join("tolmeria-principal", nil)
	w.connected(a, b)
	g := w.Avelmar.guest()
	if r := g.enter(w.Avelmar.Invite("avelmar-one").Reveal()); r.status != http.StatusNoContent {
		t.Fatalf("enter: %+v", r)
	}
	for _, origin := range []string{
		"https://evil.test", "http://avelmar.test", "https://avelmar.test:8443", "https://avelmar.test.evil.test", "https://evil.avelmar.test",
		"https://AVELMAR.test.", "null", "-", "https://avelmar.test/", "https://tolmeria.test",
	} {
		for _, site := range []string{"cross-site", "same-site", "same-origin", "-"} {
			if ws, status := g.socket("Origin", origin, "Sec-Fetch-Site", site); ws != nil || status != http.StatusForbidden {
				t.Errorf("origin %q, site %q: status %d, want 403", origin, site, status)
			}
		}
	}
	for _, write := range []string{"/api/session", "/api/invitation", "/api/probe", "/api/leave"} {
		if r := g.do("POST", write, `{"code":"x"}`, "Origin", "https://evil.test", "Sec-Fetch-Site", "cross-site"); r.status != http.StatusForbidden {
			t.Errorf("POST %s from a foreign page: %d %s, want 403", write, r.status, r.body)
		}
	}
	if ws, status := g.socket(); ws == nil { // the control
		t.Errorf("own page: status %d", status)
	}
	if r := g.do("GET", "/api/me", ""); r.status != http.StatusOK {
		t.Errorf("the session is gone: %d %s", r.status, r.body)
	}
	alive(t, a, b)
}

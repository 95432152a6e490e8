package api

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"visavis/internal/auth"
	"visavis/internal/meeting"
	"visavis/internal/store"
	"visavis/internal/wire"
)

func (p *person) accounts() map[string]wire.AccountRow {
	p.t.Helper()
	var l wire.Accounts
	if a := p.get("/api/accounts"); a.status != 200 || json.Unmarshal([]byte(a.body), &l) != nil {
		p.t.Fatalf("accounts = %d %s", a.status, a.body)
	}
	rows := map[string]wire.AccountRow{}
	for _, a := range l.Accounts {
		rows[a.ID] = a
	}
	return rows
}

// TestOfficerEndsAnAccountsSessions: every browser of the account is signed out at once, with its seat; its passkey stays. The controls: another's
// session, and the same without step-up, by a technician, of nobody.
func TestOfficerEndsAnAccountsSessions(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		vost, ormeran := r.account("vost", meeting.Officer), r.account("ormeran", meeting.Technician)
		if _, err := r.book.NewAccount(t.Context(), "empty", "Nobody Yet", meeting.Officer); err != nil {
			t.Fatal(err)
		}
		first := ormeran.cookie
		time.Sleep(2 * time.Second)
		second := &person{rig: r, key: ormeran.key}
		if a := second.ceremony("signin", "", ownOrigin); a.status != 204 {
			t.Fatalf("sign-in = %d %s", a.status, a.body)
		}
		p := r.joinFormal(second.cookie)
		p.welcome()
		rows := vost.accounts()
		if o := rows["ormeran"]; o.Sessions != 2 || o.Passkeys != 1 || o.Own || o.Role != "technician" || o.Used != time.Now().UTC().Format(time.RFC3339) {
			t.Errorf("the technician's row = %+v", o)
		}
		if o := rows["vost"]; o.Sessions != 1 || !o.Own || o.Used != "" {
			t.Errorf("the reader's row = %+v", o)
		}
		if o := rows["empty"]; o.Sessions != 0 || o.Passkeys != 0 || o.Used != "" {
			t.Errorf("the row of who never came = %+v", o)
		}
		const end = `{"id":"ormeran"}`
		if a := second.post("/api/accounts/end", `{"id":"vost"}`); a.status != 403 || a.code() != codeRole {
			t.Errorf("by a technician = %d %s", a.status, a.body)
		}
		time.Sleep(auth.StepUpLife)
		if a := vost.post("/api/accounts/end", end); a.status != 403 || a.code() != codeStepUp {
			t.Errorf("without step-up = %d %s", a.status, a.body)
		}
		if n := vost.accounts()["ormeran"].Sessions; n != 2 {
			t.Fatalf("%d sessions after refusals", n)
		}
		if a := vost.ceremony("stepup", "", ownOrigin); a.status != 204 {
			t.Fatalf("step-up = %d %s", a.status, a.body)
		}
		if a := vost.post("/api/accounts/end", `{"id":"nobody"}`); a.status != 404 || a.code() != codeAccountNone {
			t.Errorf("of nobody = %d %s", a.status, a.body)
		}
		if a := vost.post("/api/accounts/end", end); a.status != 204 {
			t.Fatalf("end = %d %s", a.status, a.body)
		}
		r.endedNow(p, 0)
		for _, c := range []string{first, second.cookie} {
			if a := r.ask(r.client, "GET", "/api/account", "", withCookie(c)); a.status != 401 {
				t.Errorf("an ended session = %d", a.status)
			}
		}
		if a := vost.get("/api/account"); a.status != 200 {
			t.Errorf("control: the officer's own session = %d", a.status)
		}
		if a := second.ceremony("signin", "", ownOrigin); a.status != 204 {
			t.Errorf("with the same passkey again = %d %s", a.status, a.body)
		}
		if all := r.noted("account.ended"); len(all) != 1 || all[0].Person != "ormeran" || all[0].By != "vost" {
			t.Errorf("the log has %+v", all)
		}
	})
}

func (p *person) securityLog(query string) wire.SecurityLog {
	p.t.Helper()
	var l wire.SecurityLog
	if a := p.get("/api/security" + query); a.status != 200 || json.Unmarshal([]byte(a.body), &l) != nil {
		p.t.Fatalf("security log = %d %s", a.status, a.body)
	}
	return l
}

// TestOfficersReadTheSecurityLog: both officers read the same chain, and see that the other has; a technician, and an officer without step-up, read
// nothing. What was changed is found, and said.
func TestOfficersReadTheSecurityLog(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		vost, ormeran := r.account("vost", meeting.Officer), r.account("ormeran", meeting.Technician)
		if a := ormeran.get("/api/security"); a.status != 403 || a.code() != codeRole || strings.Contains(a.body, "entries") {
			t.Errorf("technician = %d %s", a.status, a.body)
		}
		for i := range 2*logPage + 50 {
			if err := r.book.Note(t.Context(), auth.SecurityEvent{Kind: "alarm", Code: "link.lost", Meeting: formal, Party: "tolmeria", Count: i}); err != nil {
				t.Fatal(err)
			}
		}
		l := vost.securityLog("")
		if len(l.Entries) != logPage || l.First != 1 || l.Last != l.Entries[0].N || l.Broken || len(l.Head) != 64 {
			t.Fatalf("%d entries of %d to %d, head %s, broken %t", len(l.Entries), l.First, l.Last, l.Head, l.Broken)
		}
		if e := l.Entries[0]; e.Kind != "log.read" || e.Person != "vost" {
			t.Errorf("the newest = %+v", e)
		}
		if e := l.Entries[1]; e.Kind != "alarm" || e.Code != "link.lost" || e.Party != "tolmeria" || e.Meeting != string(formal) || e.Count != 2*logPage+49 {
			t.Errorf("an alarm = %+v", e)
		}
		seen, from := map[int]bool{}, l
		for range 4 {
			for _, e := range from.Entries {
				if seen[e.N] {
					t.Fatalf("entry %d twice", e.N)
				}
				seen[e.N] = true
			}
			from = vost.securityLog(fmt.Sprintf("?before=%d", from.Entries[len(from.Entries)-1].N))
			if len(from.Entries) == 0 {
				break
			}
		}
		if len(seen) != l.Last || from.Head != l.Head {
			t.Errorf("%d of %d entries by pages, head %s, want %s", len(seen), l.Last, from.Head, l.Head)
		}
		second := r.account("second", meeting.Officer)
		theirs := second.securityLog("")
		if len(r.noted("log.read")) != 2 || theirs.Entries[0].Person != "second" {
			t.Errorf("reads: %+v", r.noted("log.read"))
		}
		time.Sleep(auth.StepUpLife)
		if a := vost.get("/api/security"); a.status != 403 || a.code() != codeStepUp {
			t.Errorf("without step-up = %d %s", a.status, a.body)
		}
		if a := vost.ceremony("stepup", "", ownOrigin); a.status != 204 {
			t.Fatal(a.body)
		}
		for _, q := range []string{"?before=0", "?before=x", "?before=-1", "?before=99999999999999999999"} {
			if a := vost.get("/api/security" + q); a.status != 400 {
				t.Errorf("%s = %d %s", q, a.status, a.body)
			}
		}
		whole := vost.securityLog("")
		if err := r.store.Chain(t.Context(), time.Now(), []byte(`{"kind":"x","name":"Lirien Vost"}`)); err != nil {
			t.Fatal(err)
		}
		if l := vost.securityLog(fmt.Sprintf("?before=%d", whole.Last+1)); !l.Broken || l.Last != whole.Last || l.Head != whole.Head || l.Entries[0].N != whole.Last {
			t.Errorf("a log with a foreign entry: broken %t, last %d of %d", l.Broken, l.Last, whole.Last)
		}
		for range logBurst {
			vost.get("/api/security?before=9")
		}
		if a := vost.get("/api/security?before=9"); a.status != 429 {
			t.Errorf("after %d at once = %d", logBurst, a.status)
		}
		if a := second.get("/api/account"); a.status != 200 {
			t.Errorf("control: other requests = %d", a.status)
		}
	})
}

// TestNothingOfTheSecurityLogIsReadUnseen: whatever page is asked for first leaves an entry; so does another browser, and the same one after StepUpLife.
// Without an entry, because the officer has none left or the disk takes none, nothing is read. The control: of one reading, turned over, there is one.
func TestNothingOfTheSecurityLogIsReadUnseen(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		vost := r.account("vost", meeting.Officer)
		next := func() string { // a page that begins above the last number
			log, err := r.book.Security(t.Context(), func(auth.SecurityEntry) {})
			if err != nil {
				t.Fatal(err)
			}
			return fmt.Sprintf("?before=%d", log.Last+1)
		}
		if l := vost.securityLog(next()); len(l.Entries) == 0 || len(r.noted("log.read")) != 1 {
			t.Fatalf("a page of %d entries from above the last, entries about it: %+v", len(l.Entries), r.noted("log.read"))
		}
		vost.securityLog(next())
		vost.securityLog("")
		if all := r.noted("log.read"); len(all) != 1 || all[0].Person != "vost" || all[0].By != "" {
			t.Errorf("control: of one reading: %+v", all)
		}
		again := &person{rig: r, key: vost.key}
		if a := again.ceremony("signin", "", ownOrigin); a.status != 204 {
			t.Fatal(a.body)
		}
		again.securityLog(next())
		if n := len(r.noted("log.read")); n != 2 {
			t.Errorf("another browser: %d entries", n)
		}
		for want := range 2 {
			time.Sleep(auth.StepUpLife)
			if a := again.ceremony("stepup", "", ownOrigin); a.status != 204 {
				t.Fatal(a.body)
			}
			again.securityLog(next())
			if n := len(r.noted("log.read")); n != 3+want {
				t.Errorf("%d times after StepUpLife: %d entries", want+1, n)
			}
		}
		left := 0
		for r.s.security.reads.take("vost", 1) {
			left++
		}
		if left != readsDay-4 {
			t.Errorf("%d entries are left of %d", left, readsDay)
		}
		again.securityLog(next())
		time.Sleep(auth.StepUpLife)
		if a := again.ceremony("stepup", "", ownOrigin); a.status != 204 {
			t.Fatal(a.body)
		}
		if a := again.get("/api/security" + next()); a.status != 429 || a.code() != codeLimit || strings.Contains(a.body, "entries") {
			t.Errorf("with no entry left = %d %s", a.status, a.body)
		}
		second := r.account("second", meeting.Officer)
		closed, err := store.Memory()
		if err != nil {
			t.Fatal(err)
		}
		closed.Close()
		writes := r.s.security.book
		r.s.security.book = auth.NewBook(closed, nil)
		if a := second.get("/api/security"); a.status != 500 || strings.Contains(a.body, "entries") {
			t.Errorf("while no entry can be written = %d %s", a.status, a.body)
		}
		r.s.security.book = writes
		if l := second.securityLog(""); l.Entries[0].Kind != "log.read" || l.Entries[0].Person != "second" {
			t.Errorf("control: when it can: %+v", l.Entries[0])
		}
	})
}

// TestHalfEndedAccountIsInTheLog: of an account whose sessions did not all end the log says so all the same, and the officer is told that it failed.
func TestHalfEndedAccountIsInTheLog(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		vost, ormeran := r.account("vost", meeting.Officer), r.account("ormeran", meeting.Technician)
		second := &person{rig: r, key: ormeran.key}
		if a := second.ceremony("signin", "", ownOrigin); a.status != 204 {
			t.Fatalf("sign-in = %d %s", a.status, a.body)
		}
		all, err := r.book.AccountSessions(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range all {
			if s.Grant.Member == "ormeran" { // whichever is first takes all the time there is
				defer r.book.Watch(s.ID, func() { time.Sleep(accountTime + time.Second) })()
			}
		}
		if a := vost.post("/api/accounts/end", `{"id":"ormeran"}`); a.status != 500 {
			t.Errorf("half ended = %d %s", a.status, a.body)
		}
		if o := vost.accounts()["ormeran"]; o.Sessions != 1 {
			t.Fatalf("%d sessions are left", o.Sessions)
		}
		if all := r.noted("account.ended"); len(all) != 1 || all[0].Person != "ormeran" || all[0].By != "vost" {
			t.Errorf("the log has %+v", all)
		}
	})
}

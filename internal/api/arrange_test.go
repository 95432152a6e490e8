package api

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"visavis/internal/arrange"
	"visavis/internal/link"
	"visavis/internal/meeting"
	"visavis/internal/wire"
)

// arranging is a desk of avelmar's, beside one other party whose node is never reached.
func (r *rig) arranging() *Arranging {
	others := []arrange.Party{{ID: "tolmeria", Name: meeting.Text{"en": "Tolmeria"}}}
	desk := arrange.New(arrange.Config{
		Store: r.store, Self: arrange.Party{ID: "avelmar", Name: meeting.Text{"en": "Avelmar"}}, Others: func() []arrange.Party { return others },
		Send:  func(meeting.PartyID, []byte) error { return link.ErrDown },
		Begun: func(context.Context, meeting.ID) (bool, error) { return r.begun.Load(), nil }, Installed: func(meeting.ID) {},
	})
	return &Arranging{
		Desk: desk,
		Parties: func() (wire.ArrangeParty, []wire.ArrangeParty) {
			return wire.ArrangeParty{ID: "avelmar", Name: wire.Text{"en": "Avelmar"}}, []wire.ArrangeParty{{ID: "tolmeria", Name: wire.Text{"en": "Tolmeria"}}}
		},
		Invitations: func(context.Context, meeting.ID) ([]wire.ArrangeInvitation, error) {
			return []wire.ArrangeInvitation{{Member: "avelmar-1", State: "none"}}, nil
		},
		Invite: func(_ context.Context, id meeting.ID, m meeting.MemberID, name string) (wire.ArrangeIssued, error) {
			return wire.ArrangeIssued{Member: string(m) + name, URL: "https://meet.test/join#secret", PIN: "123456"}, nil
		},
	}
}

// draftCase begins a meeting as an officer does.
func (p *person) draftCase() (c wire.ArrangeCase) {
	p.t.Helper()
	a := p.post("/api/arrange", `{"other":"tolmeria","id":"commission"}`)
	if a.status != 200 || json.Unmarshal([]byte(a.body), &c) != nil {
		p.t.Fatalf("begin = %d %s", a.status, a.body)
	}
	return c
}

// TestArrangeIsForOfficers: every route, by everybody who is no officer of this node.
func TestArrangeIsForOfficers(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		officer, technician := r.account("vost", meeting.Officer), r.account("ormeran", meeting.Technician)
		officer.draftCase()
		code, _ := r.inviteFormal("aldesh", false)
		cookie, _ := r.enterFormal(code, "")
		delegate, stranger := &person{rig: r, cookie: cookie}, &person{rig: r}
		n := 0
		for _, row := range r.s.arrangeRoutes() {
			method, path, _ := strings.Cut(row.pattern, " ")
			if path == "/arrange" {
				continue // the page tells nothing
			}
			n++
			path = strings.NewReplacer("{meeting}", "commission", "{member}", "avelmar-1").Replace(path)
			ask := func(p *person) answer {
				if method == "GET" {
					return p.get(path)
				}
				return p.post(path, `{"other":"tolmeria","member":"avelmar-1","version":1}`)
			}
			for who, p := range map[string]*person{"nobody": stranger, "a delegate": delegate, "a technician": technician} {
				if a := ask(p); a.status != 401 && a.status != 403 || strings.Contains(a.body, "commission") || strings.Contains(a.body, "secret") {
					t.Errorf("%s %s by %s = %d %s", method, path, who, a.status, a.body)
				}
			}
		}
		if n < 13 {
			t.Errorf("only %d routes were tried", n)
		}
		if a := officer.get("/api/arrange"); a.status != 200 || !strings.Contains(a.body, `"id":"commission"`) {
			t.Errorf("control: the officer's list = %d %s", a.status, a.body)
		}
	})
}

// TestArrangeSave: a draft that is read and written back unchanged is the same; errors name the field; of two who save the later one is told.
func TestArrangeSave(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		p := r.account("vost", meeting.Officer)
		c := p.draftCase()
		if len(c.Problems) == 0 || c.Problems[0].Path != "title" {
			t.Errorf("problems of an empty draft: %+v", c.Problems)
		}
		c.Draft.Title = wire.Text{"en": "Ninth", "ar": "a\u202eb"}
		c.Draft.Members = []wire.Member{{ID: "avelmar-1", Party: "avelmar", Role: "principal", Name: wire.Text{"en": "Name"}, Precedence: 1}}
		save := func(c wire.ArrangeCase) answer {
			b, err := json.Marshal(wire.ArrangeRequest{Version: c.Version, Draft: &c.Draft})
			if err != nil {
				t.Fatal(err)
			}
			return p.post("/api/arrange/commission/save", string(b))
		}
		var got wire.ArrangeCase
		a := save(c)
		if err := json.Unmarshal([]byte(a.body), &got); err != nil || a.status != 200 || got.SavedBy != "Name of vost" {
			t.Fatalf("save = %d %s", a.status, a.body)
		}
		if len(got.Problems) != 1 || got.Problems[0].Path != "title.ar" || got.Problems[0].Code != "text.invisible" {
			t.Errorf("problems: %+v, want text.invisible at title.ar", got.Problems)
		}
		if a := p.post("/api/arrange/commission/propose", fmt.Sprintf(`{"version":%d}`, got.Version)); a.code() != "arrange.incomplete" {
			t.Errorf("propose what has a problem = %d %s", a.status, a.body)
		}
		if a := save(c); a.code() != "arrange.changed" {
			t.Errorf("a save on an older state = %d %s", a.status, a.body)
		}
		got.Draft.Title = wire.Text{"en": "Ninth"}
		if a = save(got); a.status != 200 {
			t.Fatalf("save = %d %s", a.status, a.body)
		}
		var fresh wire.ArrangeCase
		if err := json.Unmarshal([]byte(a.body), &fresh); err != nil || len(fresh.Problems) > 0 {
			t.Fatalf("control: problems %+v, %v", fresh.Problems, err)
		}
		theirs := fresh
		theirs.Draft.Members = append(theirs.Draft.Members, wire.Member{ID: "t-1", Party: "tolmeria", Role: "delegate", Name: wire.Text{"en": "N"}, Precedence: 1})
		if a := save(theirs); a.code() != "arrange.delegation" {
			t.Errorf("naming the other party's people = %d %s", a.status, a.body)
		}
		if a := p.post("/api/arrange/commission/propose", fmt.Sprintf(`{"version":%d}`, fresh.Version)); a.status != 200 || !strings.Contains(a.body, `"state":"open"`) {
			t.Errorf("propose = %d %s", a.status, a.body)
		}
	})
}

// TestArrangeBodies: bodies that are too large, malformed or of another type are refused before anything is done.
func TestArrangeBodies(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		p := r.account("vost", meeting.Officer)
		p.draftCase()
		for body, want := range map[string]string{
			`{"version":1,"draft":{"start":"2026-12-01T00:00:00Z"}}`: "arrange.meeting",
			`{"version":1}`:             "message.arrange",
			`{"version":1,"Version":2}`: "json.case",
			`{"version":1,"x":2}`:       "json.unknown",
			`{"version":1,"draft":{"id":"commission","start":"x"}}`:     "meeting.start",
			`{"reason":"` + strings.Repeat("a", wire.MaxArrange) + `"}`: "request.large",
		} {
			if a := p.post("/api/arrange/commission/save", body); a.code() != want {
				t.Errorf("%.60s = %d %s, want %s", body, a.status, a.code(), want)
			}
		}
		for path, body := range map[string]string{"accept": `{"revision":"zz"}`, "decline": `{}`, "invite": `{}`} {
			if a := p.post("/api/arrange/commission/"+path, body); a.code() != "message.arrange" {
				t.Errorf("%s %s = %d %s", path, body, a.status, a.body)
			}
		}
		if a := p.get("/api/arrange/nothing"); a.status != 404 {
			t.Errorf("a meeting that is not there = %d %s", a.status, a.body)
		}
		if a := p.get("/api/arrange/commission/calendar/avelmar-1"); a.code() != "arrange.open" {
			t.Errorf("a calendar file of what is not agreed = %d %s", a.status, a.body)
		}
	})
}

// TestArrangeInvitation: link and PIN are in the answer and in no log.
func TestArrangeInvitation(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		p := r.account("vost", meeting.Officer)
		a := p.post("/api/arrange/commission/invite", `{"member":"avelmar-1"}`)
		if a.status != 200 || !strings.Contains(a.body, "join#secret") || !strings.Contains(a.body, "123456") {
			t.Fatalf("invite = %d %s", a.status, a.body)
		}
		if a := p.get("/api/arrange/commission/invitations"); strings.Contains(a.body, "secret") || !strings.Contains(a.body, "avelmar-1") {
			t.Errorf("the list = %d %s", a.status, a.body)
		}
		if l := r.log.String(); strings.Contains(l, "secret") || strings.Contains(l, "123456") || !strings.Contains(l, `"kind":"invitation.issued"`) || !strings.Contains(l, `"by":"vost"`) {
			t.Errorf("the log holds a secret, or nothing of it: %s", l)
		}
	})
}

// TestCallOffAndCopy: a copy is a new draft; what is not agreed on cannot be called off.
func TestCallOffAndCopy(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		officer := r.account("vost", meeting.Officer)
		officer.draftCase()
		if a := officer.post("/api/arrange", `{"copy":"commission","id":"second"}`); a.status != 200 || !strings.Contains(a.body, `"id":"second"`) {
			t.Errorf("a copy = %d %s", a.status, a.body)
		}
		if a := officer.post("/api/arrange", `{"copy":"nothing","id":"third"}`); a.status != 404 {
			t.Errorf("a copy of nothing = %d %s", a.status, a.body)
		}
		if a := officer.post("/api/arrange/commission/calloff", `{"revision":"`+strings.Repeat("0", 64)+`"}`); a.code() != "arrange.gone" {
			t.Errorf("calling off what is not agreed on = %d %s", a.status, a.body)
		}
		if a := officer.post("/api/arrange/commission/calloff", `{}`); a.code() != "message.arrange" {
			t.Errorf("without a revision = %d %s", a.status, a.body)
		}
	})
}

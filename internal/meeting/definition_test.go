package meeting_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"visavis/internal/meeting"
)

func TestDefinitionRules(t *testing.T) {
	for _, d := range []meeting.Definition{annual(), three()} {
		if err := d.Check(); err != nil {
			t.Fatalf("control: %s is refused: %v", d.ID, err)
		}
	}
	for _, c := range []struct {
		what, want string
		change     func(*meeting.Definition)
	}{
		{"id in capitals", "meeting.id", func(d *meeting.Definition) { d.ID = "Annual" }},
		{"id with a path", "meeting.id", func(d *meeting.Definition) { d.ID = "../annual" }},
		{"empty id", "meeting.id", func(d *meeting.Definition) { d.ID = "" }},
		{"id of another script", "meeting.id", func(d *meeting.Definition) { d.ID = "аnnual" }},
		{"no start", "meeting.start", func(d *meeting.Definition) { d.Start = d.Start.AddDate(-2026, 0, 0) }},
		{"no title", "text.empty", func(d *meeting.Definition) { d.Title = nil }},
		{"title not normalised", "text.unclean", func(d *meeting.Definition) { d.Title = meeting.Text{"fr": "Re\u0301union"} }},
		{"language in capitals", "text.language", func(d *meeting.Definition) { d.Title = meeting.Text{"EN": "Annual"} }},
		{"no language", "text.language", func(d *meeting.Definition) { d.Title = meeting.Text{"nowhere-at-all": "Annual"} }},
		{"no party", "meeting.parties", func(d *meeting.Definition) { d.Parties = nil }},
		{"no member", "meeting.members", func(d *meeting.Definition) { d.Members = nil }},
		{"strange host", "meeting.host", func(d *meeting.Definition) { d.Host = "calwen" }},
		{"party twice", "party.twice", func(d *meeting.Definition) { d.Parties[1].ID = "avelmar" }},
		{"zone with a path", "party.zone", func(d *meeting.Definition) { d.Parties[0].Zone = "../etc/passwd" }},
		{"no zone", "party.zone", func(d *meeting.Definition) { d.Parties[0].Zone = "" }},
		{"emblem is no hash", "party.emblem", func(d *meeting.Definition) { d.Parties[0].Emblem = "willow.svg" }},
		{"member twice", "member.twice", func(d *meeting.Definition) { d.Members[1].ID = "avelmar-tarroven" }},
		{"member of nobody", "member.party", func(d *meeting.Definition) { d.Members[1].Party = "calwen" }},
		{"role of a later version", "member.role", func(d *meeting.Definition) { d.Members[1].Role = "press" }},
		{"no role", "member.role", func(d *meeting.Definition) { d.Members[1].Role = "" }},
		{"two principals", "party.principals", func(d *meeting.Definition) { d.Members[1].Role = meeting.Principal }},
		{"principal is second", "member.precedence", func(d *meeting.Definition) {
			d.Members[0].Precedence, d.Members[1].Precedence = 2, 1
		}},
		{"same place twice", "member.precedence", func(d *meeting.Definition) { d.Members[1].Precedence = 1 }},
		{"no place", "member.precedence", func(d *meeting.Definition) { d.Members[1].Precedence = 0 }},
		{"name with an override", "text.unclean", func(d *meeting.Definition) { d.Members[1].Name = name("Corvan \u202eAldesh", "x") }},
		{"no name", "text.empty", func(d *meeting.Definition) { d.Members[1].Name = nil }},
	} {
		d := annual()
		c.change(&d)
		wantCode(t, c.what, d.Check(), c.want)
	}
	for _, c := range []struct {
		what, want string
		change     func(*meeting.Definition)
	}{
		{"mode of a later version", "meeting.mode", func(d *meeting.Definition) { d.Mode = "anarchy" }},
		{"begins ended", "meeting.begin", func(d *meeting.Definition) { d.Begin = meeting.Ended }},
		{"chair is nobody", "meeting.chair", func(d *meeting.Definition) { d.Chair = "avelmar-nobody" }},
		{"chair is an officer", "meeting.chair", func(d *meeting.Definition) { d.Chair = "avelmar-vost" }},
		{"limit below zero", "meeting.limit", func(d *meeting.Definition) { d.Limit = -1 }},
		{"limit", "meeting.limit", func(d *meeting.Definition) { d.Limit = meeting.MaxLimit + 1 }},
		{"agenda", "meeting.agenda", func(d *meeting.Definition) { d.Agenda = make([]meeting.Item, meeting.MaxAgenda+1) }},
		{"item without title", "text.empty", func(d *meeting.Definition) { d.Agenda = []meeting.Item{{}} }},
		{"minutes", "agenda.minutes", func(d *meeting.Definition) { d.Agenda[0].Minutes = meeting.MaxMinutes + 1 }},
		{"language twice", "meeting.languages", func(d *meeting.Definition) { d.Languages = []string{"en", "en"} }},
		{"language in capitals", "meeting.languages", func(d *meeting.Definition) { d.Languages = []string{"EN"} }},
		{"languages", "meeting.languages", func(d *meeting.Definition) { d.Languages = make([]string, meeting.MaxLanguages+1) }},
		{"second office with an override", "text.unclean", func(d *meeting.Definition) { d.Members[0].Second = name("a\u202eb", "x") }},
		{"press is no member", "member.role", func(d *meeting.Definition) { d.Members[1].Role = meeting.Press }},
		{"viewers are no members", "member.role", func(d *meeting.Definition) { d.Members[1].Role = meeting.Viewer }},
	} {
		d := summit()
		if err := d.Check(); err != nil || !d.Formal() {
			t.Fatalf("control: %v, formal %v", err, d.Formal())
		}
		c.change(&d)
		wantCode(t, c.what, d.Check(), c.want)
	}
	if informal().Formal() || annual().Formal() || !trilateral().Formal() {
		t.Error("formal is what has an officer on every side, and nothing else")
	}
	d := annual()
	d.Members = d.Members[1:]
	if err := d.Check(); err != nil {
		t.Errorf("a delegation without principal: %v, want none", err)
	}
}

// crowd is a definition with one party of a members and one of b.
func crowd(a, b int) meeting.Definition {
	d := annual()
	d.Members = nil
	for i := range a + b {
		p, place := d.Parties[0].ID, i+1
		if i >= a {
			p, place = d.Parties[1].ID, i-a+1
		}
		d.Members = append(d.Members, meeting.Member{ID: meeting.MemberID(fmt.Sprintf("m-%d", i)), Party: p, Role: meeting.Delegate,
			Precedence: place, Name: meeting.Text{"en": "N"}, Office: meeting.Text{}})
	}
	return d
}

func TestDefinitionLimits(t *testing.T) {
	parties := func(n int) meeting.Definition {
		d := annual()
		for i := len(d.Parties); i < n; i++ {
			d.Parties = append(d.Parties, meeting.Party{ID: meeting.PartyID(fmt.Sprintf("p-%d", i)), Name: meeting.Text{"en": "P"}, Zone: "UTC"})
		}
		return d
	}
	languages := func(n int) meeting.Definition {
		d := annual()
		tags := []string{"en", "ar", "zh", "fr", "ru", "es", "pt", "de", "it", "ja", "ko", "hi", "sw"}
		for _, tag := range tags[:n] {
			d.Title[tag] = "T"
		}
		return d
	}
	large := func(n int) meeting.Definition {
		d := crowd(meeting.MaxDelegation, meeting.MaxDelegation)
		size := len(mustJSON(d))
		for i := range d.Members { // in steps of at most a whole name, the last two of what is missing
			for _, tag := range []string{"ar", "zh", "ru"} {
				grow := n - size - len(`,"ar":""`)
				if grow > meeting.MaxName {
					grow = min(meeting.MaxName, grow-10)
				}
				if grow > 0 {
					d.Members[i].Name[tag] = strings.Repeat("N", grow)
					size += len(`,"ar":""`) + grow
				}
			}
		}
		return d
	}
	for _, c := range []struct {
		what, want string
		n          int
		make       func(n int) meeting.Definition
	}{
		{"parties", "meeting.parties", meeting.MaxParties, parties},
		{"members", "meeting.members", meeting.MaxMembers, func(n int) meeting.Definition { return crowd(n-meeting.MaxDelegation, meeting.MaxDelegation) }},
		{"delegation", "party.members", meeting.MaxDelegation, func(n int) meeting.Definition { return crowd(n, 1) }},
		{"languages", "text.languages", meeting.MaxLanguages, languages},
		{"id", "meeting.id", meeting.MaxID, func(n int) meeting.Definition {
			d := annual()
			d.ID = meeting.ID(strings.Repeat("a", n))
			return d
		}},
		{"size", "meeting.size", meeting.MaxDefinition, large},
	} {
		if err := c.make(c.n).Check(); err != nil {
			t.Errorf("%s: %d refused: %v", c.what, c.n, err)
		}
		err := c.make(c.n + 1).Check()
		wantCode(t, fmt.Sprintf("%s: %d", c.what, c.n+1), err, c.want)
	}
}

func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

func TestParseDefinition(t *testing.T) {
	d := annual()
	d.Members[0].Name["fr"] = "  Maelin Tarrove\u0301n "
	got, err := meeting.ParseDefinition(mustJSON(d))
	if err != nil {
		t.Fatal(err)
	}
	if n := got.Members[0].Name["fr"]; n != "Maelin Tarrov\u00e9n" {
		t.Errorf("name came as %q, want it normalised", n)
	}
	if d.Members[0].Name["fr"] == got.Members[0].Name["fr"] {
		t.Error("Clean changed its argument")
	}
	for _, bad := range []string{
		strings.Replace(string(mustJSON(annual())), `"role":"delegate"`, `"role":"delegate","ROLE":"principal"`, 1),
		strings.Replace(string(mustJSON(annual())), `"role":"delegate"`, `"role":"observer"`, 1),
		string(mustJSON(annual())) + "{}",
	} {
		if _, err := meeting.ParseDefinition([]byte(bad)); err == nil {
			t.Errorf("ParseDefinition took %.200s", bad)
		}
	}
}

// TestDigest pins the canonical form: another node, perhaps another program, must come to the same bytes.
func TestDigest(t *testing.T) {
	d := annual()
	const want = "48368733964919ca9378016d1aff544ede37a27a63794108222835bec6acd01f"
	if got := meeting.Hash(d.Digest()).String(); got != want {
		t.Errorf("digest = %s, want %s", got, want)
	}
	again, err := meeting.ParseDefinition(mustJSON(d))
	if err != nil || again.Digest() != d.Digest() {
		t.Errorf("read back: digest %x, err %v, want %x", again.Digest(), err, d.Digest())
	}
	empty := annual()
	empty.Agenda, empty.Languages, empty.Members[0].Second = []meeting.Item{}, []string{}, meeting.Text{}
	if empty.Digest() != d.Digest() {
		t.Error("what is empty changes the digest")
	}
	for what, change := range map[string]func(*meeting.Definition){
		"precedence": func(d *meeting.Definition) { d.Members[1].Precedence = 9 }, "mode": func(d *meeting.Definition) { d.Mode = meeting.Statements },
		"begin": func(d *meeting.Definition) { d.Begin = meeting.Opened }, "chair": func(d *meeting.Definition) { d.Chair = "avelmar-aldesh" },
		"limit": func(d *meeting.Definition) { d.Limit = 1 }, "languages": func(d *meeting.Definition) { d.Languages = []string{"en"} },
		"agenda":        func(d *meeting.Definition) { d.Agenda = []meeting.Item{{Title: name("a", "b")}} },
		"second office": func(d *meeting.Definition) { d.Members[0].Second = name("a", "b") },
	} {
		changed := annual()
		if change(&changed); changed.Digest() == d.Digest() {
			t.Errorf("with another %s the digest is the same", what)
		}
		back, err := meeting.ParseDefinition(mustJSON(changed))
		if err != nil || back.Digest() != changed.Digest() {
			t.Errorf("%s: read back: %v", what, err)
		}
	}
}

func FuzzParseDefinition(f *testing.F) {
	good, err := json.Marshal(annual())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	formal, err := json.Marshal(summit())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(formal)
	f.Add([]byte(`{"id":"a","ID":"b"}`))
	f.Add([]byte(`{"id":"a","title":{"en":"\u202e"},"host":"a","start":"2026-12-09T23:30:00Z","parties":[],"members":[]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := meeting.ParseDefinition(b)
		if err != nil {
			return
		}
		again, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		e, err := meeting.ParseDefinition(again)
		if err != nil || e.Digest() != d.Digest() {
			t.Fatalf("%s was taken and becomes another one when it is kept: %v", b, err)
		}
	})
}

// TestStamp: whatever makes a member another, or lets a member do other things, makes another stamp; the rest does not.
func TestStamp(t *testing.T) {
	d := annual()
	m := d.Members[0]
	was := d.Stamp(m)
	if !d.Holds(m.ID, m.Party, was) || len(was) != 64 {
		t.Fatalf("control: the stamp %q does not hold", was)
	}
	for name, c := range map[string]struct {
		change func(*meeting.Definition)
		holds  bool
	}{
		"another title":       {func(d *meeting.Definition) { d.Title = meeting.Text{"en": "Another"} }, true},
		"another office":      {func(d *meeting.Definition) { d.Members[0].Office = meeting.Text{"en": "Another"} }, true},
		"another name":        {func(d *meeting.Definition) { d.Members[0].Name = meeting.Text{"en": "Another"} }, false},
		"another role":        {func(d *meeting.Definition) { d.Members[0].Role = meeting.Technician }, false},
		"of the other party":  {func(d *meeting.Definition) { d.Members[0].Party = d.Parties[1].ID }, false},
		"gone":                {func(d *meeting.Definition) { d.Members = d.Members[1:] }, false},
		"formal or otherwise": {func(d *meeting.Definition) { toggleFormal(d) }, false},
	} {
		d := annual()
		c.change(&d)
		if got := d.Holds(m.ID, m.Party, was); got != c.holds {
			t.Errorf("%s: holds %v, want %v", name, got, c.holds)
		}
	}
	informal, formal := annual(), annual()
	if informal.Formal() {
		toggleFormal(&informal)
	} else {
		toggleFormal(&formal)
	}
	if formal.Holds(m.ID, m.Party, "") || !informal.Holds(m.ID, m.Party, "") {
		t.Error("no stamp must hold in informal meetings alone")
	}
}

// toggleFormal gives every party an officer, or takes all officers away. The first member keeps the role.
func toggleFormal(d *meeting.Definition) {
	formal := d.Formal()
	if formal {
		d.Members = slices.DeleteFunc(d.Members, func(m meeting.Member) bool { return m.Role == meeting.Officer })
		return
	}
	for _, p := range d.Parties {
		d.Members = append(d.Members, meeting.Member{ID: meeting.MemberID(p.ID) + "-officer-more", Party: p.ID, Role: meeting.Officer, Precedence: 90, Name: meeting.Text{"en": "O"}})
	}
}

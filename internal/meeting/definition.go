package meeting

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"time"

	"golang.org/x/text/language"

	"visavis/internal/strict"
)

// Definition is what the parties agreed before the meeting: who may come, in which role. Both nodes hold the same one (Digest).
type Definition struct {
	ID      ID        `json:"id"`
	Title   Text      `json:"title"`
	Host    PartyID   `json:"host"` // sequences the shared log
	Start   time.Time `json:"start"`
	Parties []Party   `json:"parties"`
	Members []Member  `json:"members"`

	// What a formal meeting adds. Left out of the canonical form where empty, so that older definitions keep their digest.
	Mode      Mode     `json:"mode,omitempty"`      // of the floor; "" = free exchange
	Begin     Phase    `json:"begin,omitempty"`     // open or closed: what start leads to; "" = closed
	Chair     MemberID `json:"chair,omitempty"`     // "" = the host's principal
	Limit     int      `json:"limit,omitempty"`     // seconds per statement; 0 = none
	Agenda    []Item   `json:"agenda,omitempty"`    // at most MaxAgenda
	Languages []string `json:"languages,omitempty"` // BCP 47 tags of what is spoken; at most MaxLanguages
}

// Item is one point of the agenda.
type Item struct {
	Title   Text `json:"title"`
	Minutes int  `json:"minutes"` // planned; 0 = not said, at most MaxMinutes
}

// Party is one side of a meeting.
type Party struct {
	ID       PartyID `json:"id"`
	Name     Text    `json:"name"`     // short: "Avelmar"
	LongName Text    `json:"longName"` // "Republic of Avelmar"; may be empty
	City     Text    `json:"city"`     // may be empty
	Zone     string  `json:"zone"`     // IANA name; whether it can be loaded is checked by node
	Emblem   string  `json:"emblem"`   // SHA-256 of a PNG blob in hex, or ""
}

// Member is one person of one party's delegation.
type Member struct {
	ID         MemberID `json:"id"`
	Party      PartyID  `json:"party"`
	Role       Role     `json:"role"`
	Name       Text     `json:"name"`
	Office     Text     `json:"office"`           // may be empty
	Precedence int      `json:"precedence"`       // 1 = first in the own delegation, the principal where there is one
	Second     Text     `json:"second,omitempty"` // a second office of the same person: capacity 1
}

// ParseDefinition decodes strict JSON (at most MaxDefinition bytes), brings every text through Clean and runs Check.
// It returns a *strict.Error or an *Error.
func ParseDefinition(b []byte) (Definition, error) {
	var d Definition
	if err := strict.Decode(b, &d, strict.Limits{Bytes: MaxDefinition}); err != nil {
		return Definition{}, err
	}
	d, err := d.Clean()
	if err != nil {
		return Definition{}, err
	}
	return d, d.Check()
}

// Clean returns d with every text brought through Clean, and the start in UTC to the second. d is not changed.
func (d Definition) Clean() (Definition, error) {
	d.Start = d.Start.UTC().Truncate(time.Second)
	d.Parties, d.Members = slices.Clone(d.Parties), slices.Clone(d.Members)
	var err error
	clean := func(t *Text, k TextKind) {
		if err == nil {
			*t, err = t.clean(k)
		}
	}
	clean(&d.Title, TitleText)
	for i := range d.Parties {
		p := &d.Parties[i]
		clean(&p.Name, NameText)
		clean(&p.LongName, NameText)
		clean(&p.City, NameText)
	}
	for i := range d.Members {
		m := &d.Members[i]
		clean(&m.Name, NameText)
		clean(&m.Office, OfficeText)
		if clean(&m.Second, OfficeText); len(m.Second) == 0 {
			m.Second = nil
		}
	}
	d.Agenda = slices.Clone(d.Agenda)
	for i := range d.Agenda {
		clean(&d.Agenda[i].Title, TitleText)
	}
	return d, err
}

func (t Text) clean(k TextKind) (Text, error) {
	out := Text{}
	for _, tag := range sortedKeys(t) {
		s, err := Clean(t[tag], k)
		if err != nil {
			return nil, err
		}
		out[tag] = s
	}
	return out, nil
}

// Digest is SHA-256 over the purpose line "visavis-definition/1" and the canonical JSON of d, which must have passed Check: members
// in the order of the Go types, language tags sorted, no white space, no escapes but those that JSON demands.
func (d Definition) Digest() [32]byte {
	h := sha256.New()
	h.Write([]byte("visavis-definition/1\n"))
	h.Write(d.canonical())
	return [32]byte(h.Sum(nil))
}

func (d Definition) canonical() []byte {
	d.Start = d.Start.UTC()
	d.Title = d.Title.orEmpty()
	d.Parties, d.Members = slices.Clone(d.Parties), slices.Clone(d.Members)
	for i := range d.Parties {
		p := &d.Parties[i]
		p.Name, p.LongName, p.City = p.Name.orEmpty(), p.LongName.orEmpty(), p.City.orEmpty()
	}
	for i := range d.Members {
		m := &d.Members[i]
		m.Name, m.Office = m.Name.orEmpty(), m.Office.orEmpty()
	}
	d.Agenda = slices.Clone(d.Agenda)
	for i := range d.Agenda {
		d.Agenda[i].Title = d.Agenda[i].Title.orEmpty()
	}
	return marshal(d)
}

func (t Text) orEmpty() Text {
	if t == nil {
		return Text{}
	}
	return t
}

// marshal gives JSON of a value of our own types, which cannot fail, without HTML escapes and final line feed.
func marshal(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic("meeting: a type that JSON cannot write: " + err.Error()) // invariant: plain structs, years checked
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// Member returns the member of that id.
func (d Definition) Member(id MemberID) (Member, bool) {
	for _, m := range d.Members {
		if m.ID == id {
			return m, true
		}
	}
	return Member{}, false
}

// Stamp says in 64 signs of hex what a member is in this meeting: SHA-256 over the purpose line "visavis-member/1" and JSON of id, party, role, name
// and whether the meeting is formal. Who is let in as a member is let in as no other: not as who has the id later, nor in another role.
func (d Definition) Stamp(m Member) string {
	h := sha256.New()
	h.Write([]byte("visavis-member/1\n"))
	h.Write(marshal(struct {
		ID     MemberID `json:"id"`
		Party  PartyID  `json:"party"`
		Role   Role     `json:"role"`
		Name   Text     `json:"name"`
		Formal bool     `json:"formal"`
	}{m.ID, m.Party, m.Role, m.Name.orEmpty(), d.Formal()}))
	return hex.EncodeToString(h.Sum(nil))
}

// Holds reports whether a stamp is that of the member of this id, who is of party own. No stamp is one from before there were any: of an informal
// meeting alone.
func (d Definition) Holds(id MemberID, own PartyID, stamp string) bool {
	m, ok := d.Member(id)
	if !ok || m.Party != own {
		return false
	}
	if stamp == "" {
		return !d.Formal()
	}
	return stamp == d.Stamp(m)
}

// Party returns the party of that id.
func (d Definition) Party(id PartyID) (Party, bool) {
	for _, p := range d.Parties {
		if p.ID == id {
			return p, true
		}
	}
	return Party{}, false
}

// Formal reports whether every party has an officer. Only then there are phases, keys, a floor and press; else the meeting is
// closed from the beginning, and every principal and delegate speaks when he wishes.
func (d Definition) Formal() bool {
	officers := map[PartyID]bool{}
	for _, m := range d.Members {
		if m.Role == Officer {
			officers[m.Party] = true
		}
	}
	return len(d.Parties) > 0 && len(officers) == len(d.Parties)
}

// ChairParty is the party whose officer orders the floor: that of the chair.
func (d Definition) ChairParty() PartyID {
	if m, ok := d.Member(d.Chair); ok {
		return m.Party
	}
	return d.Host
}

// Check returns an *Error for the first rule of a definition that d breaks, nil if there is none.
func (d Definition) Check() error {
	c := checker{languages: map[string]bool{}}
	switch {
	case !validID(string(d.ID)):
		return fail("meeting.id")
	case d.Start.Year() < 2000 || d.Start.Year() > 9999:
		return fail("meeting.start")
	case d.Start.Nanosecond() != 0:
		return fail("meeting.start")
	case len(d.Parties) == 0 || len(d.Parties) > MaxParties:
		return fail("meeting.parties", "max", strconv.Itoa(MaxParties))
	case len(d.Members) == 0 || len(d.Members) > MaxMembers:
		return fail("meeting.members", "max", strconv.Itoa(MaxMembers))
	}
	c.text("title", d.Title, TitleText, true)
	seen := map[PartyID]*delegation{}
	for _, p := range d.Parties {
		c.party(p, seen)
	}
	if c.err == nil && seen[d.Host] == nil {
		c.err = fail("meeting.host")
	}
	members := map[MemberID]bool{}
	for _, m := range d.Members {
		c.member(m, seen, members)
	}
	c.order(d)
	c.formal(d)
	if c.err == nil && len(c.languages) > MaxLanguages {
		c.err = fail("text.languages", "max", strconv.Itoa(MaxLanguages))
	}
	if c.err == nil && len(d.canonical()) > MaxDefinition {
		c.err = fail("meeting.size")
	}
	if c.err != nil {
		return c.err
	}
	return nil
}

// delegation is what Check keeps of one party: who has which place.
type delegation struct {
	places    map[int]bool
	principal int // precedence of the principal; 0: none
}

// checker keeps the first error.
type checker struct {
	err       *Error
	languages map[string]bool
}

func (c *checker) fail(code string, pairs ...string) {
	if c.err == nil {
		c.err = fail(code, pairs...)
	}
}

func (c *checker) text(what string, t Text, k TextKind, needed bool) {
	if needed && len(t) == 0 {
		c.fail("text.empty", "field", what)
	}
	for _, tag := range sortedKeys(t) {
		if !validTag(tag) {
			c.fail("text.language", "field", what)
			return
		}
		c.languages[tag] = true
		if s, err := Clean(t[tag], k); err != nil || s != t[tag] {
			c.fail("text.unclean", "field", what, "language", tag)
		}
	}
}

func (c *checker) party(p Party, seen map[PartyID]*delegation) {
	switch {
	case !validID(string(p.ID)):
		c.fail("party.id")
	case seen[p.ID] != nil:
		c.fail("party.twice", "party", string(p.ID))
	case !validZone(p.Zone):
		c.fail("party.zone", "party", string(p.ID))
	case p.Emblem != "" && !validHex(p.Emblem):
		c.fail("party.emblem", "party", string(p.ID))
	}
	c.text("party.name", p.Name, NameText, true)
	c.text("party.longName", p.LongName, NameText, false)
	c.text("party.city", p.City, NameText, false)
	seen[p.ID] = &delegation{places: map[int]bool{}}
}

func (c *checker) member(m Member, parties map[PartyID]*delegation, seen map[MemberID]bool) {
	if !validID(string(m.ID)) {
		c.fail("member.id")
		return
	}
	who := []string{"member", string(m.ID)}
	d := parties[m.Party]
	switch {
	case seen[m.ID]:
		c.fail("member.twice", who...)
	case d == nil:
		c.fail("member.party", who...)
	case !m.Role.Known():
		c.fail("member.role", who...)
	case m.Precedence < 1 || m.Precedence > MaxMembers || d.places[m.Precedence]:
		c.fail("member.precedence", who...)
	case m.Role == Principal && d.principal != 0:
		c.fail("party.principals", "party", string(m.Party))
	case len(d.places) == MaxDelegation:
		c.fail("party.members", "party", string(m.Party), "max", strconv.Itoa(MaxDelegation))
	}
	c.text("member.name", m.Name, NameText, true)
	c.text("member.office", m.Office, OfficeText, false)
	c.text("member.second", m.Second, OfficeText, false)
	if c.err != nil {
		return
	}
	seen[m.ID] = true
	d.places[m.Precedence] = true
	if m.Role == Principal {
		d.principal = m.Precedence
	}
}

// order demands that a principal stands first in the own delegation.
func (c *checker) order(d Definition) {
	first := map[PartyID]Member{}
	for _, m := range d.Members {
		if f, ok := first[m.Party]; !ok || m.Precedence < f.Precedence {
			first[m.Party] = m
		}
	}
	for _, m := range d.Members {
		if m.Role == Principal && first[m.Party].ID != m.ID {
			c.fail("member.precedence", "member", string(m.ID))
		}
	}
}

// formal looks at what a formal meeting adds.
func (c *checker) formal(d Definition) {
	chair, known := d.Member(d.Chair)
	switch {
	case d.Mode != "" && !d.Mode.Known():
		c.fail("meeting.mode")
	case !d.Begin.in("", Opened, Closed):
		c.fail("meeting.begin")
	case d.Chair != "" && (!known || !chair.Role.May(Speak)):
		c.fail("meeting.chair")
	case d.Limit < 0 || d.Limit > MaxLimit:
		c.fail("meeting.limit", "max", strconv.Itoa(MaxLimit))
	case len(d.Agenda) > MaxAgenda:
		c.fail("meeting.agenda", "max", strconv.Itoa(MaxAgenda))
	case len(d.Languages) > MaxLanguages:
		c.fail("meeting.languages", "max", strconv.Itoa(MaxLanguages))
	}
	for i, item := range d.Agenda {
		c.text("agenda.title", item.Title, TitleText, true)
		if item.Minutes < 0 || item.Minutes > MaxMinutes {
			c.fail("agenda.minutes", "item", strconv.Itoa(i+1))
		}
	}
	for i, tag := range d.Languages {
		if !validTag(tag) || slices.Contains(d.Languages[:i], tag) {
			c.fail("meeting.languages")
		}
	}
}

func validID(s string) bool {
	if s == "" || len(s) > MaxID || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

// ValidLanguage reports whether s is a language tag as definitions name them.
func ValidLanguage(s string) bool { return validTag(s) }

// validTag takes canonical BCP 47 tags only, so that one language cannot stand twice.
func validTag(s string) bool {
	if s == "" || len(s) > MaxTag {
		return false
	}
	t, err := language.Parse(s)
	return err == nil && t.String() == s
}

func validHex(s string) bool {
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'f') && (c < '0' || c > '9') {
			return false
		}
	}
	return len(s) == 64
}

// validZone keeps to the alphabet of IANA names: the name later becomes part of a path in a zone database.
func validZone(s string) bool {
	if s == "" || len(s) > MaxZone || s[0] == '/' || s[0] == '.' {
		return false
	}
	for i, c := range []byte(s) {
		switch {
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '_', c == '-', c == '+':
		case c == '/' && s[i-1] != '/':
		default:
			return false
		}
	}
	return true
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

package readout

import (
	"slices"
	"strconv"
	"time"

	"visavis/internal/meeting"
)

var (
	kinds = []Kind{Headline, Lede, Statement, Quote, Exchange, Commit, Greeting, Attendance, Media, Plain, Notice}
	acts  = []Act{Said, Noted, Stressed, Proposed, Welcomed, Commended, Ready, Concern, Agreed, Committed, Thanked, Congratulated, Conveyed}
)

func (c *checker) block(b Block) {
	if !validID(b.ID, MaxBlockID) {
		c.fail("readout.block.id")
		return
	}
	at := []string{"block", b.ID}
	bound := func(what string, n, max int) {
		if n > max {
			c.fail("readout.block.size", append(at, "field", what, "max", strconv.Itoa(max))...)
		}
	}
	bound("speakers", len(b.Speakers), MaxSpeakers)
	bound("listed", len(b.Listed), MaxListed)
	bound("acts", len(b.Acts), MaxActs)
	bound("topics", len(b.Topics), MaxTopics)
	bound("sources", len(b.Sources), MaxSources)
	bound("texts", len(b.Texts), MaxLanguages)
	switch {
	case !slices.Contains(kinds, b.Kind):
		c.fail("readout.block.kind", at...)
	case b.Kind != Attendance && len(b.Listed) > 0,
		b.Kind != Commit && b.Commitment != nil, b.Kind == Commit && b.Commitment == nil,
		b.Kind != Media && b.Picture != nil, b.Kind == Media && b.Picture == nil:
		c.fail("readout.block.parts", at...)
	}
	for _, a := range b.Acts {
		if !slices.Contains(acts, a) {
			c.fail("readout.act", at...)
		}
	}
	for _, t := range b.Topics {
		if !validID(t, meeting.MaxID) {
			c.fail("readout.topic", at...)
		}
	}
	c.people(b.Speakers, at)
	c.people(b.Listed, at)
	if m := b.Commitment; m != nil {
		c.commitment(*m, at)
	}
	if p := b.Picture; p != nil {
		if !validHex(p.SHA256) {
			c.fail("readout.picture", at...)
		}
		c.text("alt", p.Alt, meeting.NoteText, at...)
	}
	for _, s := range b.Sources {
		if !validID(string(s.Member), meeting.MaxID) || !validTime(s.Start) || !s.End.IsZero() && s.End.Before(s.Start) || s.Item < 0 || s.Item > meeting.MaxAgenda {
			c.fail("readout.source", at...)
		}
	}
	for _, tag := range sortedKeys(b.Texts) {
		c.cell(b.Texts[tag], tag, at)
	}
}

func (c *checker) people(all []Speaker, at []string) {
	for _, s := range all {
		switch {
		case s.Member != "" && !validID(string(s.Member), meeting.MaxID), s.Party != "" && !c.parties[s.Party], s.Capacity < 0 || s.Capacity > 1, !validDate(s.AsOf):
			c.fail("readout.speaker", at...)
		case len(s.Name) == 0:
			c.fail("readout.speaker", at...)
		}
		c.text("name", s.Name, meeting.NameText, at...)
		c.text("office", s.Office, meeting.OfficeText, at...)
	}
}

func (c *checker) commitment(m Commitment, at []string) {
	if len(m.Who) == 0 || len(m.Who) > MaxParties || !validDate(m.Due) || !validDate(m.Next) {
		c.fail("readout.commitment", at...)
	}
	for i, p := range m.Who {
		if !c.parties[p] || slices.Contains(m.Who[:i], p) {
			c.fail("readout.commitment", at...)
		}
	}
	c.text("what", m.What, meeting.NoteText, at...)
}

func (c *checker) cell(cell Cell, tag string, at []string) {
	at = append(slices.Clone(at), "language", tag)
	if !c.languages[tag] {
		c.fail("readout.text.language", at[:2]...)
		return
	}
	switch cell.State {
	case Missing, Draft, Stale, Finished:
	default:
		c.fail("readout.text.state", at...)
	}
	if cell.Text != "" && len(cell.Bracket) > 0 || len(cell.Bracket) == 1 {
		c.fail("readout.bracket", at...)
	}
	for _, p := range sortedKeys(cell.Bracket) {
		if !c.parties[p] {
			c.fail("readout.bracket", at...)
		}
	}
	for _, s := range append([]string{cell.Text}, values(cell.Bracket)...) {
		if s == "" {
			continue
		}
		if clean, err := meeting.Clean(s, meeting.NoteText); err != nil || clean != s {
			c.fail("text.unclean", at...)
		}
	}
}

func values(m map[meeting.PartyID]string) []string {
	var out []string
	for _, k := range sortedKeys(m) {
		out = append(out, m[k])
	}
	return out
}

// validID takes lower-case ASCII letters, digits and hyphens.
func validID(s string, max int) bool {
	if s == "" || len(s) > max {
		return false
	}
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

func validHex(s string) bool {
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'f') && (c < '0' || c > '9') {
			return false
		}
	}
	return len(s) == 64
}

// validDate takes "" and YYYY-MM-DD of a day that exists.
func validDate(s string) bool {
	if s == "" {
		return true
	}
	t, err := time.Parse(time.DateOnly, s)
	return err == nil && t.Year() >= 1900
}

// validZone keeps to the alphabet of IANA names, as meeting does.
func validZone(s string) bool {
	if s == "" || len(s) > meeting.MaxZone || s[0] == '/' || s[0] == '.' {
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

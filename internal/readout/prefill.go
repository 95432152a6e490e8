package readout

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"visavis/internal/meeting"
)

// Record is what a meeting's record says, as far as a readout is filled in from it.
type Record struct {
	Definition meeting.Definition
	Start      time.Time // first entry of an open or closed phase; the zero time: the definition's
	End        time.Time // of the meeting; the zero time: Start
	Spoken     []meeting.Spoken
	Present    map[meeting.MemberID]bool // were there at any time
	Listed     map[meeting.MemberID]bool // are to be named; nil: principals and delegates
}

// Plan says what is to be made of a record.
type Plan struct {
	ID        ID
	Mode      Mode
	By        meeting.PartyID // "" if joint
	Beside    ID
	Number    string
	Languages []Language
	Prevails  string
	Zones     map[meeting.PartyID]*time.Location // the parties' zones, loaded; a party that is missing is shown in UTC
}

// Prefill makes a draft of a record: headline; lede with what is known of start, places and how the meeting was held; a statement for each
// principal and agenda item in the order in which they had the floor, with its sources beside it; an exchange where both sides spoke to an item;
// the listed members who were present. Texts begin empty or as bare facts, and carry a mark with which nothing is published. What it returns has
// passed Check; the error is a *meeting.Error.
func Prefill(r Record, p Plan) (Document, error) {
	def := r.Definition
	if r.Start.IsZero() {
		r.Start = def.Start
	}
	if r.End.Before(r.Start) {
		r.End = r.Start
	}
	d := Document{ID: p.ID, Meeting: def.ID, Mode: p.Mode, By: p.By, Beside: p.Beside, Revision: 1, Number: p.Number, Title: def.Title,
		Languages: p.Languages, Prevails: p.Prevails, Link: len(def.Parties) > 1}
	for _, party := range def.Parties {
		zone := p.Zones[party.ID]
		if zone == nil {
			zone = time.UTC
		}
		d.Parties = append(d.Parties, Party{ID: party.ID, Name: party.Name, LongName: party.LongName, City: party.City, Zone: party.Zone,
			Start: second(r.Start.In(zone)), End: second(r.End.In(zone)), Emblem: party.Emblem})
	}
	f := &filler{r: r, d: d, date: r.Start.In(time.UTC).Format(time.DateOnly)}
	if len(d.Parties) > 0 {
		f.date = d.Parties[0].Start.Format(time.DateOnly)
	}
	f.block(Block{Kind: Headline}, nil)
	f.block(Block{Kind: Lede}, f.facts)
	f.statements()
	f.attendance()
	d, err := f.d.Clean()
	if err != nil {
		return d, err
	}
	d = d.Settled()
	return d, d.Check()
}

type filler struct {
	r    Record
	d    Document
	date string // of the meeting, for offices as of it
}

// block adds a block; facts gives its prefilled text in a language, nil: it is empty.
func (f *filler) block(b Block, facts func(tag string) string) {
	if len(f.d.Blocks) >= MaxBlocks {
		return
	}
	n := strconv.Itoa(len(f.d.Blocks) + 1)
	b.ID = "b" + strings.Repeat("0", max(0, 2-len(n))) + n
	b.Texts = map[string]Cell{}
	for _, l := range f.d.Languages {
		c := Cell{State: Missing, Prefill: true}
		if facts != nil {
			if c.Text = facts(l.Tag); c.Text != "" {
				c.State = Draft
			}
		}
		b.Texts[l.Tag] = c
	}
	f.d.Blocks = append(f.d.Blocks, b)
}

// facts are places, times and heads of delegation, one a line: no sentence is built around a name (docs/glossary.md).
func (f *filler) facts(tag string) string {
	var lines []string
	for _, p := range f.d.Parties {
		line := p.Name[tag] + ": "
		if c := p.City[tag]; c != "" {
			line += c + ", "
		}
		lines = append(lines, line+p.Start.Format("2006-01-02 15:04")+" – "+p.End.Format("15:04"))
		for _, m := range f.r.Definition.Members {
			if m.Party == p.ID && m.Role == meeting.Principal && m.Name[tag] != "" {
				who := m.Name[tag]
				if o := m.Office[tag]; o != "" {
					who += ", " + o
				}
				lines = append(lines, who)
			}
		}
	}
	return strings.Join(lines, "\n")
}

// turn is what one member said to one item in one capacity: all the times at which it had the floor.
type turn struct {
	member   meeting.MemberID
	capacity int
	item     int
	floor    bool
	sources  []Source
}

// statements makes the blocks of what was said, in the order of first words.
func (f *filler) statements() {
	var turns []turn
	spoken := slices.Clone(f.r.Spoken)
	slices.SortStableFunc(spoken, func(a, b meeting.Spoken) int { return a.Start.Compare(b.Start) })
	for _, s := range spoken {
		i := slices.IndexFunc(turns, func(t turn) bool {
			return t.member == s.Member && t.capacity == s.Capacity && t.item == s.Item && t.floor == s.Floor
		})
		if i < 0 {
			i = len(turns)
			turns = append(turns, turn{member: s.Member, capacity: s.Capacity, item: s.Item, floor: s.Floor})
		}
		if t := &turns[i]; len(t.sources) < MaxSources {
			end := s.End
			if end.IsZero() {
				end = f.r.End
			}
			t.sources = append(t.sources, Source{s.Member, s.Start, end, s.Item, s.Open})
		}
	}
	done := map[int]bool{} // items with their exchange
	for _, t := range turns {
		m, ok := f.r.Definition.Member(t.member)
		switch {
		case !ok:
		case t.floor && m.Role == meeting.Principal:
			f.block(Block{Kind: Statement, Speakers: []Speaker{f.speaker(m, t.capacity)}, Topics: topics(t.item), Sources: t.sources}, nil)
		case !t.floor && !done[t.item]:
			done[t.item] = true
			f.exchange(turns, t.item)
		}
	}
}

// exchange is one block for the free exchange on an item, if members of more than one party spoke in it.
func (f *filler) exchange(turns []turn, item int) {
	b := Block{Kind: Exchange, Topics: topics(item)}
	sides := map[meeting.PartyID]bool{}
	for _, t := range turns {
		m, ok := f.r.Definition.Member(t.member)
		if !ok || t.floor || t.item != item {
			continue
		}
		sides[m.Party] = true
		if len(b.Speakers) < MaxSpeakers {
			b.Speakers = append(b.Speakers, f.speaker(m, t.capacity))
		}
		b.Sources = append(b.Sources, t.sources...)
	}
	b.Sources = b.Sources[:min(len(b.Sources), MaxSources)]
	if len(sides) > 1 {
		f.block(b, nil)
	}
}

func topics(item int) []string {
	if item == 0 {
		return nil
	}
	return []string{"item-" + strconv.Itoa(item)}
}

func (f *filler) speaker(m meeting.Member, capacity int) Speaker {
	s := Speaker{Member: m.ID, Party: m.Party, Name: m.Name, Office: m.Office, AsOf: f.date, Capacity: capacity}
	if capacity == 1 && len(m.Second) > 0 {
		s.Office = m.Second
	}
	return s
}

// attendance names the listed members who were present, party by party in their order of precedence: a subset of those who were there.
func (f *filler) attendance() {
	b := Block{Kind: Attendance}
	for _, p := range f.r.Definition.Parties {
		var side []meeting.Member
		for _, m := range f.r.Definition.Members {
			listed := f.r.Listed[m.ID] || f.r.Listed == nil && (m.Role == meeting.Principal || m.Role == meeting.Delegate)
			if m.Party == p.ID && listed && f.r.Present[m.ID] {
				side = append(side, m)
			}
		}
		slices.SortStableFunc(side, func(a, b meeting.Member) int { return a.Precedence - b.Precedence })
		for _, m := range side {
			if len(b.Listed) < MaxListed {
				b.Listed = append(b.Listed, f.speaker(m, 0))
			}
		}
	}
	if len(b.Listed) > 0 {
		f.block(b, nil)
	}
}

// Agenda are the commitments of a published readout that come back at the next meeting: items of its agenda in draft, one a commitment, titled by
// what was undertaken or by the block's text where no title of its own was given.
func Agenda(d Document) []meeting.Item {
	var out []meeting.Item
	for _, b := range d.Blocks {
		if b.Commitment == nil || len(out) == meeting.MaxAgenda {
			continue
		}
		title := meeting.Text{}
		for _, l := range d.Languages {
			s := b.Commitment.What[l.Tag]
			if s == "" {
				s = b.Texts[l.Tag].Text
			}
			if s = firstLine(s, meeting.MaxTitle); s != "" {
				title[l.Tag] = s
			}
		}
		if len(title) > 0 {
			out = append(out, meeting.Item{Title: title})
		}
	}
	return out
}

// firstLine is at most max signs of the first line of s.
func firstLine(s string, max int) string {
	s, _, _ = strings.Cut(s, "\n")
	r := []rune(s)
	if len(r) > max {
		r = append(r[:max-1], '…')
	}
	return strings.TrimSpace(string(r))
}

package site

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/readout"
)

// section is a run of blocks under one heading. The order of the blocks is that of the text.
type section struct {
	ID, Title string // Title is a key of the words
	Parts     []part
	Deeds     []deed
	Next      *day
}

// said is the text of a block, and where it stands in the signed content: the check in the browser compares the two.
type said struct {
	TextPath   string
	Paragraphs []string
}

type part struct {
	said
	Speakers []speaker // a heading before the text; none if the same person goes on
	By       []speaker // under a quotation
	Quote    bool
	Picture  *readout.ContentPicture
	Table    []group
}

type speaker struct {
	Name, NamePath string
	Office         *passage
}

type passage struct{ Text, Path string }

type deed struct {
	said
	Who  string
	What *passage
	Due  string
}

type day struct{ Day, Date string }

type group struct {
	Party  string
	People []speaker
}

// titleOf is the heading under which a kind of block stands.
func titleOf(k readout.Kind) string {
	switch k {
	case readout.Lede:
		return "the-meeting"
	case readout.Statement, readout.Quote:
		return "statements"
	case readout.Exchange:
		return "exchange"
	case readout.Commit:
		return "commitments"
	case readout.Greeting:
		return "greetings"
	case readout.Attendance:
		return "attendance"
	case readout.Media:
		return "media"
	}
	return "text"
}

// sections cuts a text into its sections. Blocks of one kind that follow each other share a heading; a quotation belongs to what it follows.
func sections(p page, s shelf, text readout.Content) []section {
	var out []section
	before := ""
	for i, b := range text.Blocks {
		if b.Kind == readout.Headline {
			continue
		}
		title := titleOf(b.Kind)
		if n := len(out); b.Kind == readout.Quote && n > 0 && (out[n-1].Title == "exchange" || out[n-1].Title == "greetings") {
			title = out[n-1].Title
		}
		if n := len(out); n == 0 || out[n-1].Title != title {
			out = append(out, section{ID: "s" + strconv.Itoa(n+1), Title: title})
			before = ""
		}
		at := &out[len(out)-1]
		x := said{blockPath(i), strings.Split(b.Text, "\n")}
		if b.Kind == readout.Commit {
			at.deed(p, text, i, b, x)
			continue
		}
		y := part{said: x, Quote: b.Kind == readout.Quote, Picture: b.Picture}
		switch b.Kind {
		case readout.Quote:
			y.By = speakers(fmt.Sprintf("blocks.%d.speakers", i), b.Speakers)
		case readout.Statement:
			if who := whoSpeaks(b); who != before {
				y.Speakers = speakers(fmt.Sprintf("blocks.%d.speakers", i), b.Speakers)
				before = who
			}
		case readout.Attendance:
			y.Table = groups(s, text, i, b)
		}
		at.Parts = append(at.Parts, y)
	}
	return out
}

// whoSpeaks tells speakers apart by person and office: one person may speak in two.
func whoSpeaks(b readout.ContentBlock) string {
	var s strings.Builder
	for _, x := range b.Speakers {
		fmt.Fprintf(&s, "%s\n%s\n%s\n", x.Member, x.Name, x.Office)
	}
	return s.String()
}

func speakers(path string, all []readout.ContentSpeaker) []speaker {
	var out []speaker
	for i, x := range all {
		sp := speaker{Name: x.Name, NamePath: fmt.Sprintf("%s.%d.name", path, i)}
		if x.Office != "" {
			sp.Office = &passage{x.Office, fmt.Sprintf("%s.%d.office", path, i)}
		}
		out = append(out, sp)
	}
	return out
}

func (s *section) deed(p page, text readout.Content, i int, b readout.ContentBlock, x said) {
	d := deed{said: x}
	if c := b.Commitment; c != nil {
		if d.Who = strings.Join(partyNames(text, c.Who), p.Say("comma")); len(c.Who) > 1 && len(c.Who) == len(text.Parties) {
			d.Who = p.Say("side-both")
		}
		if c.What != "" {
			d.What = &passage{c.What, fmt.Sprintf("blocks.%d.commitment.what", i)}
		}
		if t, err := time.Parse(time.DateOnly, c.Due); err == nil {
			d.Due = p.Say("due", "date", Date(p.Lang, t))
		}
		if t, err := time.Parse(time.DateOnly, c.Next); err == nil {
			s.Next = &day{c.Next, Date(p.Lang, t)}
		}
	}
	s.Deeds = append(s.Deeds, d)
}

// groups are those who are listed, by party: own side first, then the others in the order of the text, then people of no party that is known.
func groups(s shelf, text readout.Content, i int, b readout.ContentBlock) []group {
	var order []meeting.PartyID
	for _, own := range []bool{true, false} {
		for _, p := range text.Parties {
			if (p.ID == s.theme.Party) == own {
				order = append(order, p.ID)
			}
		}
	}
	all := speakers(fmt.Sprintf("blocks.%d.listed", i), b.Listed)
	var out []group
	used := map[int]bool{}
	for _, id := range order {
		g := group{Party: partyNames(text, []meeting.PartyID{id})[0]}
		for n, x := range b.Listed {
			if x.Party == id {
				g.People = append(g.People, all[n])
				used[n] = true
			}
		}
		if len(g.People) > 0 {
			out = append(out, g)
		}
	}
	var rest group
	for n := range b.Listed {
		if !used[n] {
			rest.People = append(rest.People, all[n])
		}
	}
	if len(rest.People) > 0 {
		out = append(out, rest)
	}
	return out
}

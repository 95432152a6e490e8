package readout

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/strict"
)

// ParseDocument decodes strict JSON of at most MaxDocument bytes, brings every text through meeting.Clean, settles the states and runs Check. It
// returns a *strict.Error or a *meeting.Error.
func ParseDocument(b []byte) (Document, error) {
	var d Document
	l := strict.Limits{Bytes: MaxDocument, Depth: maxDepth, List: maxList, String: maxString}
	if err := strict.Decode(b, &d, l); err != nil {
		return Document{}, err
	}
	d, err := d.Clean()
	if err != nil {
		return Document{}, err
	}
	d = d.Settled()
	return d, d.Check()
}

// Clone is a copy that shares nothing with d.
func (d Document) Clone() Document {
	d.Title, d.Correction = maps.Clone(d.Title), maps.Clone(d.Correction)
	d.Languages, d.Parties, d.Blocks = slices.Clone(d.Languages), slices.Clone(d.Parties), slices.Clone(d.Blocks)
	for i := range d.Parties {
		p := &d.Parties[i]
		p.Name, p.LongName, p.City = maps.Clone(p.Name), maps.Clone(p.LongName), maps.Clone(p.City)
	}
	for i := range d.Blocks {
		d.Blocks[i] = d.Blocks[i].Clone()
	}
	return d
}

// Clone is a copy that shares nothing with b.
func (b Block) Clone() Block {
	b.Acts, b.Topics, b.Sources = slices.Clone(b.Acts), slices.Clone(b.Topics), slices.Clone(b.Sources)
	b.Speakers, b.Listed = cloneSpeakers(b.Speakers), cloneSpeakers(b.Listed)
	if b.Commitment != nil {
		c := *b.Commitment
		c.Who, c.What = slices.Clone(c.Who), maps.Clone(c.What)
		b.Commitment = &c
	}
	if b.Picture != nil {
		p := *b.Picture
		p.Alt = maps.Clone(p.Alt)
		b.Picture = &p
	}
	b.Texts = maps.Clone(b.Texts)
	for tag, c := range b.Texts {
		c.Bracket = maps.Clone(c.Bracket)
		b.Texts[tag] = c
	}
	return b
}

func cloneSpeakers(s []Speaker) []Speaker {
	s = slices.Clone(s)
	for i := range s {
		s[i].Name, s[i].Office = maps.Clone(s[i].Name), maps.Clone(s[i].Office)
	}
	return s
}

// Clean is a copy of d with every text brought through meeting.Clean and times to the second. An empty text of a cell stays empty: it is missing,
// not wrong. The error is a *meeting.Error of that gate, with the block and language that it refused.
func (d Document) Clean() (Document, error) {
	d = d.Clone()
	if len(d.Blocks) > MaxBlocks || len(d.Parties) > MaxParties { // before any work is done on them
		return d, fail("readout.size")
	}
	c := cleaner{}
	c.line(&d.Number, meeting.NameText)
	c.text(d.Title, meeting.TitleText)
	c.text(d.Correction, meeting.NoteText)
	if !d.Release.IsZero() {
		d.Release = d.Release.UTC().Truncate(time.Second)
	}
	for i := range d.Parties {
		p := &d.Parties[i]
		c.text(p.Name, meeting.NameText)
		c.text(p.LongName, meeting.NameText)
		c.text(p.City, meeting.NameText)
		p.Start, p.End = second(p.Start), second(p.End)
	}
	for i := range d.Blocks {
		c.block(&d.Blocks[i])
	}
	if c.err != nil {
		return d, c.err
	}
	return d, nil
}

// second cuts to the second and gives the offset a plain form, so that two ways of writing one moment in one zone are one.
func second(t time.Time) time.Time {
	t = t.Truncate(time.Second)
	_, offset := t.Zone()
	if offset == 0 {
		return t.UTC()
	}
	return t.In(time.FixedZone("", offset))
}

// cleaner keeps the first error.
type cleaner struct{ err *meeting.Error }

func (c *cleaner) clean(s string, k meeting.TextKind, where ...string) string {
	if c.err != nil {
		return s
	}
	out, err := meeting.Clean(s, k)
	if err == nil {
		return out
	}
	c.err = fail("text.unclean", where...)
	if e, ok := err.(*meeting.Error); ok {
		c.err.Code = e.Code
		for k, v := range e.Args {
			c.err.Args[k] = v
		}
	}
	return s
}

// line cleans a text that may be empty.
func (c *cleaner) line(s *string, k meeting.TextKind) {
	if *s != "" {
		*s = c.clean(*s, k)
	}
}

func (c *cleaner) text(t meeting.Text, k meeting.TextKind, where ...string) {
	for _, tag := range sortedKeys(t) {
		t[tag] = c.clean(t[tag], k, append(where, "language", tag)...)
	}
}

func (c *cleaner) speakers(s []Speaker, block string) {
	for i := range s {
		c.text(s[i].Name, meeting.NameText, "block", block)
		c.text(s[i].Office, meeting.OfficeText, "block", block)
	}
}

func (c *cleaner) block(b *Block) {
	c.speakers(b.Speakers, b.ID)
	c.speakers(b.Listed, b.ID)
	if b.Commitment != nil {
		c.text(b.Commitment.What, meeting.NoteText, "block", b.ID)
	}
	if b.Picture != nil {
		c.text(b.Picture.Alt, meeting.NoteText, "block", b.ID)
	}
	for i := range b.Sources {
		b.Sources[i].Start, b.Sources[i].End = b.Sources[i].Start.UTC().Truncate(time.Second), b.Sources[i].End.UTC().Truncate(time.Second)
	}
	for _, tag := range sortedKeys(b.Texts) {
		cell := b.Texts[tag]
		if cell.Text != "" {
			cell.Text = c.clean(cell.Text, meeting.NoteText, "block", b.ID, "language", tag)
		}
		for _, p := range sortedKeys(cell.Bracket) {
			if cell.Bracket[p] != "" {
				cell.Bracket[p] = c.clean(cell.Bracket[p], meeting.NoteText, "block", b.ID, "language", tag)
			}
		}
		b.Texts[tag] = cell
	}
}

// Check returns a *meeting.Error for the first rule that d breaks as a document. What is only not finished yet says Open.
func (d Document) Check() error {
	c := &checker{d: d, languages: map[string]bool{}, parties: map[meeting.PartyID]bool{}}
	c.head()
	c.sides()
	seen := map[string]bool{}
	for _, b := range d.Blocks {
		if seen[b.ID] {
			c.fail("readout.block.twice", "block", b.ID)
		}
		seen[b.ID] = true
		c.block(b)
	}
	if c.err != nil {
		return c.err
	}
	return nil
}

// checker keeps the first error.
type checker struct {
	d         Document
	err       *meeting.Error
	languages map[string]bool
	parties   map[meeting.PartyID]bool
}

func (c *checker) fail(code string, pairs ...string) {
	if c.err == nil {
		c.err = fail(code, pairs...)
	}
}

func (c *checker) head() {
	d := c.d
	switch {
	case !validID(string(d.ID), meeting.MaxID):
		c.fail("readout.id")
	case !validID(string(d.Meeting), meeting.MaxID):
		c.fail("meeting.id")
	case d.Mode != Joint && d.Mode != Coordinated && d.Mode != Separate:
		c.fail("readout.mode")
	case d.Revision < 1 || d.Revision > MaxRevision:
		c.fail("readout.revision")
	case (d.Parent == meeting.Hash{}) != (d.Revision == 1):
		c.fail("readout.parent")
	case d.Mode == Joint && (d.By != "" || d.Beside != "" || len(d.Parties) < 2):
		c.fail("readout.mode")
	case d.Mode != Coordinated && d.Beside != "", d.Beside != "" && !validID(string(d.Beside), meeting.MaxID), d.Beside == d.ID:
		c.fail("readout.beside")
	case len(d.Languages) == 0 || len(d.Languages) > MaxLanguages:
		c.fail("text.languages", "max", strconv.Itoa(MaxLanguages))
	case len(d.Parties) == 0 || len(d.Parties) > MaxParties:
		c.fail("readout.parties", "max", strconv.Itoa(MaxParties))
	case len(d.Blocks) > MaxBlocks:
		c.fail("readout.blocks", "max", strconv.Itoa(MaxBlocks))
	case d.Revision == 1 && len(d.Correction) > 0:
		c.fail("readout.correction")
	case !d.Release.IsZero() && (d.Release.Year() < 2000 || d.Release.Year() > 9999 || d.Release.Nanosecond() != 0):
		c.fail("readout.release")
	}
	authentic := false
	for _, l := range d.Languages {
		if !meeting.ValidLanguage(l.Tag) || c.languages[l.Tag] {
			c.fail("text.language", "language", strconv.Itoa(len(c.languages)))
		}
		if l.Standing != Authentic && l.Standing != Official && l.Standing != Courtesy {
			c.fail("readout.standing")
		}
		c.languages[l.Tag] = true
		authentic = authentic || l.Standing == Authentic
	}
	if !authentic {
		c.fail("readout.authentic")
	}
	if d.Prevails != "" && d.standing(d.Prevails) != Authentic {
		c.fail("readout.prevails")
	}
	c.clean("number", meeting.Text{"und": d.Number}, meeting.NameText)
	if len([]rune(d.Number)) > MaxNumber {
		c.fail("readout.number")
	}
	c.text("title", d.Title, meeting.TitleText)
	c.text("correction", d.Correction, meeting.NoteText)
}

func (c *checker) sides() {
	for i, p := range c.d.Parties {
		switch {
		case !validID(string(p.ID), maxParty):
			c.fail("party.id")
		case c.parties[p.ID]:
			c.fail("party.twice", "party", string(p.ID))
		case !validZone(p.Zone):
			c.fail("party.zone", "party", string(p.ID))
		case p.Emblem != "" && !validHex(p.Emblem):
			c.fail("party.emblem", "party", string(p.ID))
		case !validTime(p.Start) || !validTime(p.End) || p.End.Before(p.Start):
			c.fail("readout.times", "party", string(p.ID))
		case i > 0 && (!p.Start.Equal(c.d.Parties[0].Start) || !p.End.Equal(c.d.Parties[0].End)):
			c.fail("readout.times", "party", string(p.ID))
		}
		c.parties[p.ID] = true
		c.text("party.name", p.Name, meeting.NameText)
		c.text("party.longName", p.LongName, meeting.NameText)
		c.text("party.city", p.City, meeting.NameText)
	}
	if c.d.Mode != Joint && !c.parties[c.d.By] {
		c.fail("readout.by")
	}
}

// validTime takes whole seconds and whole minutes of offset: what RFC 3339 can write.
func validTime(t time.Time) bool {
	_, offset := t.Zone()
	return t.Year() >= 2000 && t.Year() <= 9999 && t.Nanosecond() == 0 && offset%60 == 0 && offset > -86400 && offset < 86400
}

func (c *checker) text(what string, t meeting.Text, k meeting.TextKind, where ...string) {
	if len(t) > MaxLanguages {
		c.fail("text.languages", "max", strconv.Itoa(MaxLanguages))
		return
	}
	for _, tag := range sortedKeys(t) {
		if !meeting.ValidLanguage(tag) {
			c.fail("text.language", append(where, "field", what)...)
			return
		}
	}
	c.clean(what, t, k, where...)
}

// clean looks whether every text is as meeting.Clean would give it.
func (c *checker) clean(what string, t meeting.Text, k meeting.TextKind, where ...string) {
	for _, tag := range sortedKeys(t) {
		if what == "number" && t[tag] == "" {
			continue
		}
		if s, err := meeting.Clean(t[tag], k); err != nil || s != t[tag] {
			c.fail("text.unclean", append(where, "field", what, "language", tag)...)
		}
	}
}

func (d Document) standing(tag string) Standing {
	for _, l := range d.Languages {
		if l.Tag == tag {
			return l.Standing
		}
	}
	return ""
}

// Block returns the block of that id.
func (d Document) Block(id string) (Block, bool) {
	if i := d.index(id); i >= 0 {
		return d.Blocks[i], true
	}
	return Block{}, false
}

func (d Document) index(id string) int {
	return slices.IndexFunc(d.Blocks, func(b Block) bool { return b.ID == id })
}

func sortedKeys[K ~string, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

func fail(code string, pairs ...string) *meeting.Error {
	e := &meeting.Error{Code: code, Args: map[string]string{}}
	for i := 0; i+1 < len(pairs); i += 2 {
		e.Args[pairs[i]] = pairs[i+1]
	}
	return e
}

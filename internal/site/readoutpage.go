package site

import (
	"encoding/hex"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/readout"
)

// kept is the file of a revision, read and checked: until the file in the store changes, it is read from here.
type kept struct {
	stamp   string // size and time of last change of the file
	bytes   []byte
	file    readout.File
	report  readout.Report
	texts   map[string]readout.Content // those that could be read
	release time.Time                  // the latest embargo that any text names
}

// copyOf is one revision as it lies in the store at this moment, for one answer.
type copyOf struct {
	*kept
	item     item
	revision revision
}

// fetch gives a revision that may be seen; ok is false if there is none. It looks at the embargo of what it has read once more: the file may have
// been replaced since the catalogue was made.
func (h *Handler) fetch(s shelf, id readout.ID, number int) (c copyOf, ok bool, err error) {
	if c.item, ok = s.item(id); !ok {
		return c, false, nil
	}
	c.revision = c.item.latest()
	if number > 0 {
		if c.revision, ok = c.item.revision(number); !ok {
			return c, false, nil
		}
	}
	if c.kept, err = h.keep(c.revision.entry); err != nil {
		return c, false, err
	}
	for _, text := range c.texts {
		if text.ID != id || text.Revision != c.revision.number {
			return c, false, nil
		}
	}
	return c, h.guard(moment{c.revision.shown.at, c.release}, s.now), nil
}

// keep reads and checks a file, or gives what it read before if the file is as it was.
func (h *Handler) keep(entry string) (*kept, error) {
	stamp := h.reader.stampOf(entry)
	h.keeping.Lock()
	k := h.kept[entry]
	h.keeping.Unlock()
	if k != nil && k.stamp == stamp {
		return k, nil
	}
	b, err := h.reader.file(entry, readout.MaxFile)
	if err != nil {
		return nil, err
	}
	k = &kept{stamp: stamp, bytes: b, texts: map[string]readout.Content{}}
	if k.file, err = readout.ParseFile(b); err != nil {
		return nil, err
	}
	k.report, _ = readout.Verify(k.file, nil) // what does not fit is in the report
	for _, x := range k.file.Contents {
		text, ok := k.file.Content(x.Language)
		if !ok {
			continue
		}
		release, err := releaseOf(text)
		if err != nil {
			return nil, err
		}
		if k.texts[x.Language] = text; release.After(k.release) {
			k.release = release
		}
	}
	h.keeping.Lock()
	defer h.keeping.Unlock()
	if len(h.kept) >= MaxKept {
		clear(h.kept)
	}
	h.kept[entry] = k
	return k, nil
}

type readoutView struct {
	page
	Kind                      []string
	Head, HeadPath, Day, Date string
	Meeting                   string
	Link, Withdrawn, Unfit    bool
	Notices                   []notice
	Clocks                    []clock
	Plates                    []plate
	Sections                  []section
	Standings                 []standing
	Prevails                  string
	History                   []historyRow
	Verdict, Hash, Manifest   string
	TextFits                  bool
	Signed                    []signedRow
	File, FileName            string
	Files                     []fileRow
	Script                    template.JS
}

type notice struct {
	Alarm            bool
	Bold, Text, Path string
	Href, Link       string
}

type plate struct{ Party, Path, Name, Office string }

type standing struct{ Tag, Dir, Name, Path, Standing string }

type signedRow struct {
	Party, State, Key string
	OK                bool
}

type fileRow struct {
	Path, Name, Size string
	Save             bool
}

// readout is the page of a readout in one language, drawn from the signed bytes of that language and from nothing else.
func (h *Handler) readout(s shelf, to route) (answer, error) {
	c, ok, err := h.fetch(s, to.id, to.revision)
	if err != nil {
		return answer{}, err
	}
	if !ok {
		return h.nothing(s, to.lang), nil
	}
	text, there := c.texts[to.lang]
	if _, named := c.revision.heading(to.lang); !there && !named { // a text that was there and can no longer be read gets a page that says so
		return h.nothing(s, to.lang), nil
	}
	others := map[string]string{}
	for _, t := range c.revision.tongues(s, to.id, to.revision) {
		others[t.Tag] = t.Path
	}
	v := readoutView{page: h.newPage(s, to.lang, or(headline(text), string(to.id)), others), Script: template.JS(verifyScript)}
	v.Index = to.revision == 0 && there
	v.head(s, c, text)
	v.notices(s, c, text, to)
	v.dateline(s, text)
	v.Sections = sections(v.page, s, text)
	v.standings(c, text, others)
	if v.History, err = h.history(s, c, text, to); err != nil {
		return answer{}, err
	}
	v.signatures(c, text, to)
	v.files(c, to)
	v.describe(h, s, c, text)
	b, err := render("readout", v)
	return answer{status: http.StatusOK, kind: htmlType, body: b, policy: policy(string(v.Print), verifyScript)}, err
}

// headline is the headline of a text; "" if it could not be read.
func headline(c readout.Content) string {
	for _, b := range c.Blocks {
		if b.Kind == readout.Headline {
			return b.Text
		}
	}
	return ""
}

func blockPath(i int) string { return "blocks." + strconv.Itoa(i) + ".text" }

// head is what stands before the headline: whose text, number, revision, what this language is worth.
func (v *readoutView) head(s shelf, c copyOf, text readout.Content) {
	by := ""
	if text.Mode != "" {
		by = strings.Join(partyNames(text, []meeting.PartyID{text.By}), "")
	}
	v.Kind = append(v.Kind, v.kind(text.Mode, by))
	if text.Number != "" {
		v.Kind = append(v.Kind, v.Say("number", "n", text.Number))
	}
	v.Kind = append(v.Kind, v.Say("revision", "n", strconv.Itoa(c.revision.number)))
	if text.Standing != "" {
		v.Kind = append(v.Kind, v.Say(string(text.Standing)))
	}
	if text.Standing != readout.Authentic {
		var names []string
		for _, l := range text.Languages {
			if l.Standing == readout.Authentic {
				names = append(names, autonym(l.Tag))
			}
		}
		if len(names) > 0 {
			v.Kind = append(v.Kind, v.Say("authentic-others", "list", strings.Join(names, v.Say("comma"))))
		}
	}
	v.Print = printRule(v.words, v.Lang, strings.Join(v.Kind[:min(3, len(v.Kind))], v.Say("comma")))
	v.Head, v.Link, v.Meeting = v.Title, text.Link, text.Title
	for i, b := range text.Blocks {
		if b.Kind == readout.Headline {
			v.HeadPath = blockPath(i)
		}
	}
	v.Unfit, v.Withdrawn = len(c.report.Findings) > 0, c.item.withdrawn != nil
}

func (v *readoutView) notices(s shelf, c copyOf, text readout.Content, to route) {
	if v.Unfit {
		v.Notices = append(v.Notices, notice{Alarm: true, Bold: v.Say("misfit-warn"), Text: v.Say("misfit-why"), Href: "#signed", Link: v.Say("signatures")})
	}
	if w := c.item.withdrawn; w != nil {
		n := notice{Alarm: true, Bold: v.Say("withdrawn-on", "date", Date(v.Lang, w.At.In(s.theme.zone))), Href: "#history", Link: v.Say("see-history")}
		if n.Text = v.Say("withdrawn-both"); len(w.By) == 1 {
			n.Text = v.Say("withdrawn-one", "party", partyNames(text, w.By)[0])
		}
		v.Notices = append(v.Notices, n)
	}
	if last := c.item.latest(); last.number != c.revision.number {
		r := route{place: readoutPage, lang: v.Lang, id: to.id}
		n := notice{Bold: v.Say("older"), Href: r.path(), Link: v.Say("read-latest")}
		if _, ok := last.heading(v.Lang); !ok {
			n.Href, n.Link = "#tongues", v.Say("languages")
		}
		v.Notices = append(v.Notices, n)
	} else if c.revision.number > 1 {
		n := notice{Bold: v.Say("corrected-on", "date", Date(v.Lang, c.revision.shown.at.In(s.theme.zone))), Text: text.Correction, Href: "#history", Link: v.Say("see-history")}
		if text.Correction != "" {
			n.Path = "correction"
		}
		v.Notices = append(v.Notices, n)
	}
}

// dateline is the day, and both places with their own clocks, in one rank; own side first.
func (v *readoutView) dateline(s shelf, text readout.Content) {
	order := make([]int, 0, len(text.Parties))
	for i := range text.Parties {
		order = append(order, i)
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return boolRank(text.Parties[b].ID == s.theme.Party) - boolRank(text.Parties[a].ID == s.theme.Party)
	})
	var first time.Time
	apart := false
	for n, i := range order {
		from, _ := time.Parse(time.RFC3339, text.Parties[i].Start) // ParseContent has looked at it
		if n == 0 {
			first = from
		}
		apart = apart || !sameDay(first, from)
	}
	for n, i := range order {
		p := text.Parties[i]
		from, _ := time.Parse(time.RFC3339, p.Start)
		to, _ := time.Parse(time.RFC3339, p.End)
		if n == 0 {
			v.Date, v.Day = FullDate(v.Lang, from), from.Format(time.DateOnly)
		}
		x := clock{City: p.City, Path: fmt.Sprintf("parties.%d.city", i), Time: Between(v.Lang, from, to), Offset: Offset(from), DateTime: p.Start}
		if x.City == "" {
			x.City, x.Path = p.Name, fmt.Sprintf("parties.%d.name", i)
		}
		if apart && sameDay(from, to) {
			x.Time = Date(v.Lang, from) + v.Say("comma") + x.Time
		}
		v.Clocks = append(v.Clocks, x)
		pl := plate{Party: p.LongName, Path: fmt.Sprintf("parties.%d.longName", i)}
		if pl.Party == "" {
			pl.Party, pl.Path = p.Name, fmt.Sprintf("parties.%d.name", i)
		}
		pl.Name, pl.Office = firstSpeaker(text, p.ID)
		v.Plates = append(v.Plates, pl)
	}
}

func boolRank(b bool) int {
	if b {
		return 1
	}
	return 0
}

// firstSpeaker is who spoke first for a party, in the first office.
func firstSpeaker(text readout.Content, p meeting.PartyID) (name, office string) {
	for _, b := range text.Blocks {
		for _, sp := range b.Speakers {
			if sp.Party == p && sp.Capacity == 0 {
				return sp.Name, sp.Office
			}
		}
	}
	return "", ""
}

func (v *readoutView) standings(c copyOf, text readout.Content, others map[string]string) {
	for _, l := range text.Languages {
		x := standing{Tag: l.Tag, Dir: direction(l.Tag), Name: autonym(l.Tag), Path: others[l.Tag], Standing: v.Say(string(l.Standing))}
		if l.Tag == v.Lang {
			x.Path = ""
		}
		v.Standings = append(v.Standings, x)
	}
	v.Prevails = v.Say("prevail")
	if text.Prevails != "" && isLanguage(text.Prevails) {
		v.Prevails = v.Say("prevails-" + text.Prevails)
	}
}

// signatures is the site's own check, said to be its own.
func (v *readoutView) signatures(c copyOf, text readout.Content, to route) {
	for _, l := range c.report.Languages {
		if l.Tag == v.Lang {
			v.TextFits = l.Fits && text.Purpose != ""
			v.Hash = hex.EncodeToString(l.SHA256[:])
		}
	}
	var names []string
	for _, sig := range c.report.Signatures {
		name := strings.Join(partyNames(text, []meeting.PartyID{sig.Party}), "")
		names = append(names, name)
		row := signedRow{Party: name, Key: sig.Key, OK: sig.Fits, State: v.Say("sig-valid")}
		if !sig.Fits {
			row.State = v.Say("sig-invalid")
			if slices.ContainsFunc(c.report.Findings, func(e *meeting.Error) bool {
				return e.Code == "readout.signature.missing" && e.Args["party"] == string(sig.Party)
			}) {
				row.State = v.Say("sig-none")
			}
		}
		v.Signed = append(v.Signed, row)
	}
	switch {
	case v.Unfit:
		v.Verdict = v.Say("misfit")
	case len(names) == 1:
		v.Verdict = v.Say("signed-one", "party", names[0])
	default:
		v.Verdict = v.Say("signed-both")
	}
	v.Manifest = c.file.Manifest
	v.File = route{place: wholeFile, id: to.id, revision: c.revision.number}.path()
	v.FileName = fileName(to.id, c.revision.number, "json")
}

// fileName is the name under which a file is saved.
func fileName(id readout.ID, n int, end string) string {
	return string(id) + "." + strconv.Itoa(n) + "." + end
}

func (v *readoutView) files(c copyOf, to route) {
	r := route{lang: v.Lang, id: to.id, revision: c.revision.number}
	size := func(kind string, n int) string { return kind + ", " + strconv.Itoa((n+999)/1000) + " kB" }
	add := func(p place, name, size string, save bool) {
		r.place = p
		v.Files = append(v.Files, fileRow{r.path(), name, size, save})
	}
	content := 0
	for _, x := range c.file.Contents {
		if x.Language == v.Lang {
			content = len(x.Content)
		}
	}
	add(plainText, v.Say("dl-text"), "TXT", false)
	add(wholeFile, v.Say("dl-file"), size("JSON", len(c.bytes)), true)
	add(contentFile, v.Say("dl-content"), size("JSON", content), true)
	add(noteFile, v.Say("dl-note"), size("NOTE", len(c.file.Manifest)), true)
}

package site

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"time"

	"visavis/internal/readout"
)

// file gives the signed bytes, or the text without any mark-up.
func (h *Handler) file(s shelf, to route) (answer, error) {
	c, ok, err := h.fetch(s, to.id, to.revision)
	if err != nil || !ok {
		return h.nothing(s, to.lang), err
	}
	a := answer{status: http.StatusOK, free: true}
	switch to.place {
	case wholeFile:
		a.kind, a.body, a.name = jsonType, c.bytes, fileName(to.id, to.revision, "json")
		return a, nil
	case noteFile:
		a.kind, a.body, a.name = textType, []byte(c.file.Manifest), fileName(to.id, to.revision, "note")
		return a, nil
	}
	for _, x := range c.file.Contents {
		if x.Language != to.lang {
			continue
		}
		if to.place == contentFile {
			a.kind, a.body, a.name = jsonType, []byte(x.Content), fileName(to.id, to.revision, to.lang+".json")
			return a, nil
		}
		if text, ok := c.texts[to.lang]; ok {
			a.kind, a.body = textType, h.plain(s, c, text, to)
			return a, nil
		}
	}
	return h.nothing(s, to.lang), nil
}

// plain is a readout as plain text.
func (h *Handler) plain(s shelf, c copyOf, text readout.Content, to route) []byte {
	to.place, to.revision = readoutPage, c.revision.number
	v := readoutView{page: h.newPage(s, to.lang, headline(text), map[string]string{to.lang: to.path()})}
	v.head(s, c, text)
	v.notices(s, c, text, to)
	v.dateline(s, text)
	v.signatures(c, text, to)
	var b strings.Builder
	line := func(parts ...string) { b.WriteString(strings.Join(parts, "") + "\n") }
	line(strings.Join(v.Kind, v.Say("comma")))
	line("\n", v.Head, "\n")
	for _, n := range v.Notices {
		line("* ", n.Bold, " ", n.Text)
	}
	line(v.Date)
	for _, x := range v.Clocks {
		line(x.City, v.Say("colon"), x.Time, " (", x.Offset, ")")
	}
	for _, sec := range sections(v.page, s, text) {
		line("\n", v.Say(sec.Title), "\n")
		for i, d := range sec.Deeds {
			line(fmt.Sprint(i+1), ". ", d.Who)
			line(strings.Join(d.Paragraphs, "\n\n"))
			if d.Due != "" {
				line(d.Due)
			}
		}
		if sec.Next != nil {
			line(v.Say("next-meeting"), v.Say("colon"), sec.Next.Date)
		}
		for _, p := range sec.Parts {
			for _, sp := range append(p.Speakers, p.By...) {
				line(sp.line(v.page))
			}
			line(strings.Join(p.Paragraphs, "\n\n"))
			if p.Picture != nil {
				line("[", p.Picture.Alt, "]")
			}
			for _, g := range p.Table {
				line("\n", g.Party)
				for _, sp := range g.People {
					line("- ", sp.line(v.page))
				}
			}
		}
	}
	line("\n", v.Prevails, v.Verdict)
	line(v.Say("address"), " ", v.Canonical)
	return []byte(b.String())
}

func (sp speaker) line(p page) string {
	if sp.Office == nil {
		return sp.Name
	}
	return sp.Name + p.Say("comma") + sp.Office.Text
}

// picture serves a picture that some text shows which may be seen.
func (h *Handler) picture(s shelf, to route) (answer, error) {
	shown := slices.ContainsFunc(s.items, func(it item) bool {
		return slices.ContainsFunc(it.revisions, func(r revision) bool { return slices.Contains(r.pictures, to.name) })
	})
	if !shown {
		return h.nothing(s, ""), nil
	}
	b, err := h.reader.file("pictures/"+to.name, MaxPicture)
	if errors.Is(err, fs.ErrNotExist) {
		return h.nothing(s, ""), nil
	}
	if err != nil {
		return answer{}, err
	}
	sum := sha256.Sum256(b)
	kind := pictureType(b)
	if hex.EncodeToString(sum[:]) != to.name || kind == "" {
		return answer{}, fmt.Errorf("picture %s is not what its name says", to.name)
	}
	return answer{status: http.StatusOK, kind: kind, body: b, fixed: true}, nil
}

// calendar is an announced meeting as iCalendar (RFC 5545), in UTC.
func (h *Handler) calendar(s shelf, to route) (answer, error) {
	i := slices.IndexFunc(s.announced, func(a Announcement) bool { return a.ID == to.meeting })
	if i < 0 {
		return h.nothing(s, to.lang), nil
	}
	a := s.announced[i]
	title, _ := pick(a.Title, to.lang)
	minutes := a.Minutes
	if minutes == 0 {
		minutes = 60
	}
	sum := sha256.Sum256([]byte("visavis-announcement/1\n" + string(a.ID)))
	var places, when []string
	for _, p := range ownFirst(a.Parties, s.theme.Party) {
		city, _ := pick(p.City, to.lang)
		name, _ := pick(p.Name, to.lang)
		places = append(places, or(city, name))
	}
	for _, c := range clocksOf(to.lang, a.Start, a.Parties, s.theme.Party, true) {
		when = append(when, c.City+": "+c.Date+" "+c.Time+" ("+c.Offset+")")
	}
	public := "public-none"
	if a.Open {
		public = "public-open"
	}
	var b strings.Builder
	const form = "20060102T150405Z"
	for _, l := range []string{"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//visavis//site//EN", "CALSCALE:GREGORIAN", "METHOD:PUBLISH", "BEGIN:VEVENT",
		"UID:" + hex.EncodeToString(sum[:16]) + "@" + h.host, "DTSTAMP:" + a.At.UTC().Format(form), fmt.Sprintf("SEQUENCE:%d", a.Revision),
		"DTSTART:" + a.Start.UTC().Format(form), "DTEND:" + a.Start.Add(time.Duration(minutes)*time.Minute).UTC().Format(form),
		"SUMMARY;LANGUAGE=" + to.lang + ":" + calendarText(title), "LOCATION;LANGUAGE=" + to.lang + ":" + calendarText(strings.Join(places, " / ")),
		"DESCRIPTION;LANGUAGE=" + to.lang + ":" + calendarText(strings.Join(when, "\n")+"\n"+allWords()[to.lang].say(public)),
		"URL:" + h.base + route{place: homePlace, lang: to.lang}.path(), "CLASS:PUBLIC", "STATUS:CONFIRMED", "TRANSP:TRANSPARENT", "END:VEVENT", "END:VCALENDAR"} {
		b.WriteString(fold(l))
	}
	return answer{status: http.StatusOK, kind: "text/calendar; charset=utf-8", body: []byte(b.String()), name: string(a.ID) + ".ics", free: true}, nil
}

// calendarText escapes a text (RFC 5545 §3.3.11).
func calendarText(s string) string {
	return strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\r\n", `\n`, "\n", `\n`, "\r", `\n`).Replace(s)
}

// fold cuts a line into pieces of at most 75 octets, never within a sign (RFC 5545 §3.1).
func fold(s string) string {
	var b strings.Builder
	n := 0
	for _, r := range s {
		c := string(r)
		if n+len(c) > 75 {
			b.WriteString("\r\n ")
			n = 1
		}
		b.WriteString(c)
		n += len(c)
	}
	return b.String() + "\r\n"
}

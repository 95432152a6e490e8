package site

import (
	"encoding/json"
	"html/template"
	"strconv"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/readout"
)

type historyRow struct {
	Revision, State, Mark string
	Clocks                []clock
	Correction            string
	Compared              bool
	Changes               [][]readout.Change // one block each
	Path, Read            string
}

// history is all revisions, newest first, with what changed in this language.
func (h *Handler) history(s shelf, c copyOf, text readout.Content, to route) ([]historyRow, error) {
	w := allWords()[to.lang]
	var out []historyRow
	if x := c.item.withdrawn; x != nil {
		out = append(out, historyRow{State: w.say("rev-withdrawn"), Mark: "bad", Clocks: clocksOf(to.lang, x.At, places(text), s.theme.Party, true)})
	}
	newer := readout.Content{}
	for i := len(c.item.revisions) - 1; i >= 0; i-- {
		r := c.item.revisions[i]
		row := historyRow{Revision: w.say("revision", "n", strconv.Itoa(r.number)), State: w.say("rev-published"), Clocks: clocksOf(to.lang, r.shown.at, places(text), s.theme.Party, true)}
		if r.number > 1 {
			row.State, row.Mark = w.say("rev-corrected"), "wait"
		}
		this := text
		if r.number != c.revision.number {
			other, ok, err := h.fetch(s, to.id, r.number)
			if err != nil {
				return nil, err
			}
			if !ok {
				continue
			}
			this = other.texts[to.lang]
			if _, there := r.heading(to.lang); there {
				row.Path, row.Read = route{place: readoutPage, lang: to.lang, id: to.id, revision: r.number}.path(), w.say("rev-read", "n", strconv.Itoa(r.number))
			}
		}
		if n := len(out); newer.Purpose != "" && this.Purpose != "" {
			out[n-1].Compared, out[n-1].Changes = true, compare(this, newer)
		}
		row.Correction = this.Correction
		out = append(out, row)
		newer = this
	}
	return out, nil
}

// compare gives the blocks that differ, word by word.
func compare(old, new readout.Content) [][]readout.Change {
	was := map[string]string{}
	for _, b := range old.Blocks {
		was[b.ID] = b.Text
	}
	var out [][]readout.Change
	for _, b := range new.Blocks {
		a, had := was[b.ID]
		delete(was, b.ID)
		if had && a == b.Text || len(a)+len(b.Text) > maxTextShown {
			continue
		}
		out = append(out, readout.Diff(a, b.Text))
	}
	for _, b := range old.Blocks {
		if a, gone := was[b.ID]; gone {
			out = append(out, []readout.Change{{Op: readout.Remove, Text: a}})
		}
	}
	return out
}

// places are the sides of a text as clocks need them.
func places(c readout.Content) []Place {
	var out []Place
	for _, p := range c.Parties {
		out = append(out, Place{ID: p.ID, Name: meeting.Text{c.Language: p.Name}, City: meeting.Text{c.Language: or(p.City, p.Name)}, Zone: p.Zone})
	}
	return out
}

// describe is what machines read: description, Open Graph, and JSON-LD of a NewsArticle about an Event (schema.org).
func (v *readoutView) describe(h *Handler, s shelf, c copyOf, text readout.Content) {
	for _, b := range text.Blocks {
		if b.Kind == readout.Lede {
			v.Description = b.Text
			break
		}
	}
	first, last := c.item.revisions[0].shown.at.UTC().Format(time.RFC3339), c.revision.shown.at.UTC().Format(time.RFC3339)
	v.OpenGraph = []property{{"og:type", "article"}, {"og:title", v.Head}, {"og:url", v.Canonical}, {"og:locale", v.Lang}, {"og:site_name", v.SiteTitle}, {"article:published_time", first}, {"article:modified_time", last}}
	if v.Description != "" {
		v.OpenGraph = append(v.OpenGraph, property{"og:description", v.Description})
	}
	if len(text.Parties) == 0 {
		return
	}
	organisation := func(name string) map[string]any { return map[string]any{"@type": "Organization", "name": name} }
	var sides, authors []any
	for _, p := range text.Parties {
		sides = append(sides, organisation(or(p.LongName, p.Name)))
	}
	for _, name := range partyNames(text, text.Signers()) {
		authors = append(authors, organisation(name))
	}
	event := map[string]any{"@type": "Event", "name": text.Title, "startDate": text.Parties[0].Start, "endDate": text.Parties[0].End, "organizer": sides}
	if text.Link {
		event["eventAttendanceMode"] = "https://schema.org/OnlineEventAttendanceMode"
		event["location"] = map[string]any{"@type": "VirtualLocation", "url": v.Canonical}
	}
	article := map[string]any{"@context": "https://schema.org", "@type": "NewsArticle", "headline": v.Head, "inLanguage": v.Lang, "datePublished": first, "dateModified": last,
		"url": v.Canonical, "author": authors, "about": event, "isAccessibleForFree": true}
	if v.Party != "" {
		article["publisher"] = organisation(v.Party)
	}
	if c.item.withdrawn != nil {
		article["creativeWorkStatus"] = "Withdrawn"
	}
	b, err := json.Marshal(article) // writes <, > and & as escapes: nothing in it can end the element
	if err == nil {
		v.JSONLD = template.JS(b)
	}
}

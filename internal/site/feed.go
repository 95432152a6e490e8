package site

import (
	"encoding/xml"
	"net/http"
	"strings"
	"time"

	"visavis/internal/readout"
)

// feed is an Atom feed (RFC 4287): of one language, or of all with xml:lang at each entry.
func (h *Handler) feed(s shelf, to route) (answer, error) {
	langs, lang := []string{to.lang}, to.lang
	if to.lang == "" {
		langs, lang = s.theme.Languages, s.theme.Languages[0]
	}
	w := allWords()[lang]
	title, tag := pick(s.theme.Title, lang)
	if title == "" {
		title, tag = w.say("meetings"), lang
	}
	author, _ := pick(s.theme.Name, lang)
	var x feedWriter
	x.b.WriteString(xml.Header)
	x.open("feed", "xmlns", "http://www.w3.org/2005/Atom", "xml:lang", lang)
	x.text("title", title, "xml:lang", tag)
	x.text("id", h.base+to.path())
	x.empty("link", "rel", "self", "type", "application/atom+xml", "href", h.base+to.path())
	if to.lang != "" {
		x.empty("link", "rel", "alternate", "type", "text/html", "hreflang", lang, "href", h.base+route{place: homePlace, lang: lang}.path())
	}
	x.text("updated", feedTime(s))
	x.open("author")
	x.text("name", or(author, title))
	x.close("author")
	n := 0
	for _, it := range s.items {
		for _, l := range langs {
			if _, ok := it.latest().heading(l); ok && n < feedItems {
				n++
				h.entry(&x, s, it, l)
			}
		}
	}
	x.close("feed")
	return answer{status: http.StatusOK, kind: atomType, body: []byte(x.b.String()), free: true}, nil
}

// feedTime is when anything in the feed changed last; where there is nothing, a fixed time: a feed must have one.
func feedTime(s shelf) string {
	last := time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, it := range s.items {
		if t := it.updated(); t.After(last) {
			last = t
		}
	}
	return last.UTC().Format(time.RFC3339)
}

// updated is when a readout was last published, corrected or withdrawn.
func (it item) updated() time.Time {
	t := it.latest().shown.at
	if it.withdrawn != nil && it.withdrawn.At.After(t) {
		t = it.withdrawn.At
	}
	return t
}

func (h *Handler) entry(x *feedWriter, s shelf, it item, lang string) {
	r := it.latest()
	head, _ := r.heading(lang)
	w := allWords()[lang]
	address := h.base + route{place: readoutPage, lang: lang, id: it.id}.path()
	x.open("entry", "xml:lang", lang)
	x.text("title", or(head.title, string(it.id)))
	x.text("id", address)
	x.empty("link", "rel", "alternate", "type", "text/html", "hreflang", lang, "href", address)
	for _, t := range r.tongues(s, it.id, 0) {
		if t.Tag != lang {
			x.empty("link", "rel", "alternate", "type", "text/html", "hreflang", t.Tag, "href", h.base+t.Path)
		}
	}
	x.empty("link", "rel", "enclosure", "type", "application/json", "href", h.base+route{place: wholeFile, id: it.id, revision: r.number}.path())
	x.text("published", it.revisions[0].shown.at.UTC().Format(time.RFC3339))
	x.text("updated", it.updated().UTC().Format(time.RFC3339))
	var summary []string
	if wd := it.withdrawn; wd != nil {
		summary = append(summary, w.say("withdrawn-on", "date", Date(lang, wd.At.In(s.theme.zone))))
	} else if r.number > 1 {
		summary = append(summary, w.say("corrected-on", "date", Date(lang, r.shown.at.In(s.theme.zone))))
	}
	if r.unfit {
		summary = append(summary, w.say("misfit"))
	} else {
		summary = append(summary, head.lede)
	}
	x.text("summary", strings.TrimSpace(strings.Join(summary, " ")))
	x.empty("category", "term", string(or(string(head.label.mode), string(readout.Joint))))
	x.close("entry")
}

// feedWriter writes XML: encoding/xml has no xml:lang that stays put.
type feedWriter struct{ b strings.Builder }

func (x *feedWriter) open(name string, attributes ...string) {
	x.b.WriteString("<" + name)
	x.attributes(attributes)
	x.b.WriteString(">\n")
}

func (x *feedWriter) close(name string) { x.b.WriteString("</" + name + ">\n") }

func (x *feedWriter) empty(name string, attributes ...string) {
	x.b.WriteString("<" + name)
	x.attributes(attributes)
	x.b.WriteString("/>\n")
}

func (x *feedWriter) text(name, s string, attributes ...string) {
	x.b.WriteString("<" + name)
	x.attributes(attributes)
	x.b.WriteString(">")
	x.escape(s)
	x.b.WriteString("</" + name + ">\n")
}

func (x *feedWriter) attributes(pairs []string) {
	for i := 0; i+1 < len(pairs); i += 2 {
		x.b.WriteString(" " + pairs[i] + `="`)
		x.escape(pairs[i+1])
		x.b.WriteString(`"`)
	}
}

// escape writes characters that XML takes, and U+FFFD for others.
func (x *feedWriter) escape(s string) { _ = xml.EscapeText(&x.b, []byte(s)) }

// sitemap names every page that may be seen (sitemaps.org).
func (h *Handler) sitemap(s shelf) answer {
	var x feedWriter
	x.b.WriteString(xml.Header)
	x.open("urlset", "xmlns", "http://www.sitemaps.org/schemas/sitemap/0.9")
	n := 0
	add := func(path string, changed time.Time) {
		if n++; n > maxSitemap {
			return
		}
		x.open("url")
		x.text("loc", h.base+path)
		if !changed.IsZero() {
			x.text("lastmod", changed.UTC().Format(time.RFC3339))
		}
		x.close("url")
	}
	for _, l := range s.theme.Languages {
		add(route{place: homePlace, lang: l}.path(), time.Time{})
		add(route{place: privacyPage, lang: l}.path(), time.Time{})
	}
	for _, it := range s.items {
		for _, t := range it.latest().tongues(s, it.id, 0) {
			add(t.Path, it.updated())
		}
	}
	x.close("urlset")
	return answer{status: http.StatusOK, kind: "application/xml; charset=utf-8", body: []byte(x.b.String())}
}

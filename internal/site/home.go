package site

import (
	"net/http"
	"strconv"
	"time"

	"visavis/internal/readout"
)

type homePage struct {
	page
	AsOf      string
	Live      []liveRow
	Announced []announcedRow
	Items     []itemRow
	Years     []yearLink
}

type liveRow struct {
	Title, Tag, Since string
	Open              bool
	Clocks            []clock
}

type announcedRow struct {
	Title, Tag, Date, DateTime, Public, Calendar string
	Clocks                                       []clock
}

type itemRow struct {
	Title, Tag, Path, Date, DateTime, Kind, Number, Withdrawn, Corrected string
	Unfit                                                                bool
	Others                                                               []tongue
}

type yearLink struct {
	Year    int
	Path    string
	Label   string
	Current bool
}

// home is the first page: what goes on, what is announced, what was published last.
func (h *Handler) home(s shelf, lang string) (answer, error) {
	p := homePage{page: h.newPage(s, lang, "", everywhere(s.theme, route{place: homePlace}))}
	p.Title, p.Index, p.AtHome = p.SiteTitle, true, true
	at := s.now.In(s.theme.zone)
	zone := Offset(at)
	if city, _ := pick(s.theme.City, lang); city != "" {
		zone = city + p.Say("comma") + zone
	}
	p.AsOf = p.Say("as-of", "date", FullDate(lang, at), "time", Clock(at), "zone", zone)
	p.Description = p.AsOf
	for _, l := range s.live {
		row := liveRow{Open: l.Open, Clocks: clocksOf(lang, l.Since, l.Parties, s.theme.Party, false)}
		row.Title, row.Tag = inOther(pick(l.Title, lang))(lang)
		if len(row.Clocks) > 0 {
			row.Since = p.Say("open-since", "time", row.Clocks[0].Time)
		}
		p.Live = append(p.Live, row)
	}
	for _, a := range s.announced {
		row := announcedRow{Clocks: clocksOf(lang, a.Start, a.Parties, s.theme.Party, false), Public: p.Say("public-none"),
			Calendar: route{place: calendarFile, lang: lang, meeting: a.ID}.path()}
		row.Title, row.Tag = inOther(pick(a.Title, lang))(lang)
		if a.Open {
			row.Public = p.Say("public-open")
		}
		if first := ownFirst(a.Parties, s.theme.Party); len(first) > 0 {
			if z, err := time.LoadLocation(first[0].Zone); err == nil {
				row.Date, row.DateTime = FullDate(lang, a.Start.In(z)), a.Start.In(z).Format(time.RFC3339)
			}
		}
		p.Announced = append(p.Announced, row)
	}
	for i, it := range s.items {
		if i == homeItems {
			break
		}
		p.Items = append(p.Items, p.row(s, it))
	}
	p.Years = p.years(s, 0)
	b, err := render("home", p)
	return answer{status: http.StatusOK, kind: htmlType, body: b, policy: policy("", "")}, err
}

// inOther gives a text with its language where that is not the page's.
func inOther(text, tag string) func(lang string) (string, string) {
	return func(lang string) (string, string) {
		if tag == lang {
			return text, ""
		}
		return text, tag
	}
}

// year lists what was published in a year, by the clock of the site.
func (h *Handler) year(s shelf, to route) (answer, error) {
	p := homePage{page: h.newPage(s, to.lang, allWords()[to.lang].say("all-title", "year", strconv.Itoa(to.year)), everywhere(s.theme, to))}
	p.Index = true
	for _, it := range s.items {
		if it.published(s).Year() == to.year && len(p.Items) < yearItems {
			p.Items = append(p.Items, p.row(s, it))
		}
	}
	if len(p.Items) == 0 {
		return h.nothing(s, to.lang), nil
	}
	p.Years = p.years(s, to.year)
	b, err := render("year", p)
	return answer{status: http.StatusOK, kind: htmlType, body: b, policy: policy("", "")}, err
}

// published is when the readout first came out, by the clock of the site.
func (it item) published(s shelf) time.Time { return it.revisions[0].shown.at.In(s.theme.zone) }

func (p page) years(s shelf, current int) []yearLink {
	var out []yearLink
	for _, it := range s.items { // newest first
		y := it.published(s).Year()
		if len(out) > 0 && out[len(out)-1].Year == y {
			continue
		}
		if r := (route{place: yearPlace, lang: p.Lang, year: y}); y >= 1970 {
			out = append(out, yearLink{y, r.path(), p.Say("all-title", "year", strconv.Itoa(y)), y == current})
		}
	}
	return out
}

// headingIn is what a list shows of a readout: in the language of the page if it is in it, else in the first that is authentic.
func (r revision) headingIn(lang string) heading {
	if x, ok := r.heading(lang); ok {
		return x
	}
	for _, x := range r.languages {
		if x.Standing == readout.Authentic {
			return x
		}
	}
	if len(r.languages) > 0 {
		return r.languages[0]
	}
	return heading{}
}

// row is one readout in a list.
func (p page) row(s shelf, it item) itemRow {
	last := it.latest()
	x := last.headingIn(p.Lang)
	at := it.published(s)
	row := itemRow{Title: or(x.title, string(it.id)), Date: Date(p.Lang, at), DateTime: at.Format(time.RFC3339), Unfit: last.unfit,
		Kind: p.kind(x.label.mode, x.label.by)}
	lang := p.Lang
	if x.Tag != lang {
		row.Tag = x.Tag
		if isLanguage(x.Tag) {
			lang = x.Tag
		}
	}
	row.Path = route{place: readoutPage, lang: lang, id: it.id}.path()
	if x.label.number != "" {
		row.Number = p.Say("number", "n", x.label.number)
	}
	if w := it.withdrawn; w != nil {
		row.Withdrawn = p.Say("withdrawn-short", "date", Date(p.Lang, w.At.In(s.theme.zone)))
	} else if last.number > 1 {
		row.Corrected = p.Say("corrected-on", "date", Date(p.Lang, last.shown.at.In(s.theme.zone)))
	}
	for _, o := range last.tongues(s, it.id, 0) {
		if o.Tag != lang {
			row.Others = append(row.Others, o)
		}
	}
	return row
}

// tongues are the languages in which a revision can be read here, in the order of the theme.
func (r revision) tongues(s shelf, id readout.ID, number int) []tongue {
	var out []tongue
	for _, l := range s.theme.Languages {
		if _, ok := r.heading(l); ok {
			out = append(out, tongue{Tag: l, Dir: direction(l), Name: autonym(l), Path: route{place: readoutPage, lang: l, id: id, revision: number}.path()})
		}
	}
	return out
}

// kind says whose text it is.
func (p page) kind(m readout.Mode, by string) string {
	switch m {
	case readout.Coordinated:
		return p.Say("coordinated", "party", by)
	case readout.Separate:
		return p.Say("separate", "party", by)
	}
	return p.Say("joint")
}

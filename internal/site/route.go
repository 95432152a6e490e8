package site

import (
	"strconv"
	"strings"

	"visavis/internal/meeting"
	"visavis/internal/readout"
)

// place is what an address names.
type place uint8

const (
	nowhere      place = iota
	rootPlace          // /
	homePlace          // /en/
	yearPlace          // /en/year/2025
	readoutPage        // /en/readout/ID, /en/readout/ID/2
	plainText          // /en/readout/ID/2.txt
	contentFile        // /en/readout/ID/2.json
	wholeFile          // /file/ID/2.json
	noteFile           // /file/ID/2.note
	feedPlace          // /en/feed.atom, /feed.atom
	calendarFile       // /en/meeting/ID.ics
	privacyPage        // /en/privacy
	picturePlace       // /picture/SHA256
	sitemapPlace       // /sitemap.xml
	robotsPlace        // /robots.txt
	sheetPlace         // /style-HASH.css
)

// route is an address once it is read. Whether there is anything is another question.
type route struct {
	place    place
	lang     string // "": of no language
	id       readout.ID
	meeting  meeting.ID
	revision int // 0: the latest
	year     int
	name     string // hex of a picture or of the style sheet
}

// parsePath reads the path of a request. Every address has one form: what is written in any other way, escaped, doubled or with a tail, is nowhere.
func parsePath(p string) route {
	if len(p) > MaxPath || !strings.HasPrefix(p, "/") {
		return route{}
	}
	for i := range len(p) {
		if c := p[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '.' && c != '/' {
			return route{}
		}
	}
	parts := strings.Split(p[1:], "/")
	if isLanguage(parts[0]) && len(parts) > 1 {
		r := inLanguage(parts[1:])
		if r.place != nowhere {
			r.lang = parts[0]
		}
		return r
	}
	if len(parts) == 1 {
		switch parts[0] {
		case "":
			return route{place: rootPlace}
		case "feed.atom":
			return route{place: feedPlace}
		case "sitemap.xml":
			return route{place: sitemapPlace}
		case "robots.txt":
			return route{place: robotsPlace}
		}
		if name, ok := strings.CutPrefix(parts[0], "style-"); ok {
			if name, ok = strings.CutSuffix(name, ".css"); ok && isHex(name, sheetName) {
				return route{place: sheetPlace, name: name}
			}
		}
		return route{}
	}
	if len(parts) == 2 && parts[0] == "picture" && isHex(parts[1], 64) {
		return route{place: picturePlace, name: parts[1]}
	}
	if len(parts) == 3 && parts[0] == "file" && validID(parts[1]) {
		if n, ok := cutNumber(parts[2], ".json"); ok {
			return route{place: wholeFile, id: readout.ID(parts[1]), revision: n}
		}
		if n, ok := cutNumber(parts[2], ".note"); ok {
			return route{place: noteFile, id: readout.ID(parts[1]), revision: n}
		}
	}
	return route{}
}

// inLanguage reads what follows the language.
func inLanguage(parts []string) route {
	switch {
	case len(parts) == 1 && parts[0] == "":
		return route{place: homePlace}
	case len(parts) == 1 && parts[0] == "feed.atom":
		return route{place: feedPlace}
	case len(parts) == 1 && parts[0] == "privacy":
		return route{place: privacyPage}
	case len(parts) == 2 && parts[0] == "year":
		if n, ok := number(parts[1], 9999); ok && n >= 1970 {
			return route{place: yearPlace, year: n}
		}
	case len(parts) == 2 && parts[0] == "meeting":
		if id, ok := strings.CutSuffix(parts[1], ".ics"); ok && validID(id) {
			return route{place: calendarFile, meeting: meeting.ID(id)}
		}
	case len(parts) >= 2 && len(parts) <= 3 && parts[0] == "readout" && validID(parts[1]):
		id := readout.ID(parts[1])
		if len(parts) == 2 {
			return route{place: readoutPage, id: id}
		}
		if n, ok := number(parts[2], readout.MaxRevision); ok {
			return route{place: readoutPage, id: id, revision: n}
		}
		if n, ok := cutNumber(parts[2], ".txt"); ok {
			return route{place: plainText, id: id, revision: n}
		}
		if n, ok := cutNumber(parts[2], ".json"); ok {
			return route{place: contentFile, id: id, revision: n}
		}
	}
	return route{}
}

func cutNumber(s, suffix string) (int, bool) {
	s, ok := strings.CutSuffix(s, suffix)
	if !ok {
		return 0, false
	}
	return number(s, readout.MaxRevision)
}

// number reads 1 to max in its one form.
func number(s string, max int) (int, bool) {
	if len(s) > 4 {
		return 0, false
	}
	n, err := strconv.Atoi(s)
	return n, err == nil && n >= 1 && n <= max && strconv.Itoa(n) == s
}

func isHex(s string, length int) bool {
	if len(s) != length {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// path is the address of a route: parsePath of it gives the route.
func (r route) path() string {
	lang, rev := "/"+r.lang, strconv.Itoa(r.revision)
	switch r.place {
	case rootPlace:
		return "/"
	case homePlace:
		return lang + "/"
	case yearPlace:
		return lang + "/year/" + strconv.Itoa(r.year)
	case readoutPage:
		if r.revision == 0 {
			return lang + "/readout/" + string(r.id)
		}
		return lang + "/readout/" + string(r.id) + "/" + rev
	case plainText:
		return lang + "/readout/" + string(r.id) + "/" + rev + ".txt"
	case contentFile:
		return lang + "/readout/" + string(r.id) + "/" + rev + ".json"
	case wholeFile:
		return "/file/" + string(r.id) + "/" + rev + ".json"
	case noteFile:
		return "/file/" + string(r.id) + "/" + rev + ".note"
	case feedPlace:
		if r.lang == "" {
			return "/feed.atom"
		}
		return lang + "/feed.atom"
	case calendarFile:
		return lang + "/meeting/" + string(r.meeting) + ".ics"
	case privacyPage:
		return lang + "/privacy"
	case picturePlace:
		return "/picture/" + r.name
	case sitemapPlace:
		return "/sitemap.xml"
	case robotsPlace:
		return "/robots.txt"
	case sheetPlace:
		return "/style-" + r.name + ".css"
	}
	return ""
}

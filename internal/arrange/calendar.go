package arrange

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"visavis/internal/meeting"
)

// CalendarOptions say for whom a calendar file is made.
type CalendarOptions struct {
	Member   meeting.MemberID
	Language string    // BCP 47 tag of the texts; where one is missing in it, English, then any
	Host     string    // of the node, for the identifier
	Revision int64     // a higher one replaces the entry of a lower one in the member's calendar
	Stamp    time.Time // when the entry was made
}

// Calendar gives the meeting as an iCalendar file (RFC 5545) for one member: in the time zone of the member's party, with the rules of that
// zone, and without anything that a mail on its way should not tell: no link, no code, no list of people. The error says which zone is unknown
// or that the member is.
func Calendar(d meeting.Definition, o CalendarOptions) ([]byte, error) {
	m, ok := d.Member(o.Member)
	if !ok {
		return nil, fail("member.unknown", "member", string(o.Member))
	}
	p, _ := d.Party(m.Party)
	zone, err := time.LoadLocation(p.Zone)
	if err != nil {
		return nil, fmt.Errorf("calendar of %s: zone: %w", o.Member, err)
	}
	end := d.Start.Add(length(d))
	var f file
	f.line("BEGIN", "VCALENDAR")
	f.line("VERSION", "2.0")
	f.line("PRODID", "-//visavis//meeting//EN")
	f.line("CALSCALE", "GREGORIAN")
	f.line("METHOD", "PUBLISH")
	f.zone(p.Zone, zone, d.Start, end)
	f.line("BEGIN", "VEVENT")
	f.line("UID", uid(d.ID, o))
	f.line("DTSTAMP", o.Stamp.UTC().Format(utcForm))
	f.line("SEQUENCE", strconv.FormatInt(o.Revision, 10))
	f.line("DTSTART;TZID="+p.Zone, d.Start.In(zone).Format(localForm))
	f.line("DTEND;TZID="+p.Zone, end.In(zone).Format(localForm))
	f.text("SUMMARY", d.Title, o.Language)
	f.text("LOCATION", p.City, o.Language)
	f.line("DESCRIPTION", escape(description(d, m.Party, o.Language)))
	f.line("CLASS", "PRIVATE")
	f.line("STATUS", "CONFIRMED")
	f.line("TRANSP", "OPAQUE")
	f.line("END", "VEVENT")
	f.line("END", "VCALENDAR")
	return []byte(f.out.String()), nil
}

// Forms of times, RFC 5545 §3.3.5.
const (
	localForm = "20060102T150405"
	utcForm   = "20060102T150405Z"
)

// length is how long a meeting is planned.
func length(d meeting.Definition) time.Duration {
	minutes := 0
	for _, a := range d.Agenda {
		minutes += a.Minutes
	}
	if minutes == 0 {
		return spareLength
	}
	return min(time.Duration(minutes)*time.Minute, maxDuration)
}

// uid is the same for every file of one member, and says nothing of the member (RFC 7986 §5.3).
func uid(id meeting.ID, o CalendarOptions) string {
	h := sha256.Sum256([]byte("visavis-calendar/1\n" + string(id) + "\n" + string(o.Member) + "\n"))
	host := "visavis.invalid"
	if o.Host != "" && !strings.ContainsFunc(o.Host, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`;,\"`, r) }) {
		host = o.Host
	}
	return hex.EncodeToString(h[:16]) + "@" + host
}

// description is the parties with their hours, and the agenda: names and figures only, so that it reads in every language.
func description(d meeting.Definition, own meeting.PartyID, lang string) string {
	var b strings.Builder
	parties := slices.Clone(d.Parties)
	slices.SortStableFunc(parties, func(a, b meeting.Party) int {
		switch own {
		case a.ID:
			return -1
		case b.ID:
			return 1
		}
		return 0
	})
	at := time.UTC
	for i, p := range parties {
		zone, err := time.LoadLocation(p.Zone)
		if err != nil {
			continue
		}
		if i == 0 {
			at = zone
		}
		place := pick(p.Name, lang)
		if c := pick(p.City, lang); c != "" {
			place += ", " + c
		}
		fmt.Fprintf(&b, "%s: %s (UTC%s)\n", place, d.Start.In(zone).Format("2006-01-02 15:04"), d.Start.In(zone).Format("-07:00"))
	}
	t := d.Start.In(at)
	for i, a := range d.Agenda {
		fmt.Fprintf(&b, "\n%s  %d. %s", t.Format("15:04"), i+1, pick(a.Title, lang))
		t = t.Add(time.Duration(a.Minutes) * time.Minute)
	}
	return strings.TrimSpace(b.String())
}

// pick is a text in a language, else in English, else in the first there is.
func pick(t meeting.Text, lang string) string {
	s, _ := pickTag(t, lang)
	return s
}

func pickTag(t meeting.Text, lang string) (text, tag string) {
	for _, tag := range append([]string{lang, "en"}, sortedKeys(t)...) {
		if s := t[tag]; s != "" {
			return s, tag
		}
	}
	return "", ""
}

// file writes content lines.
type file struct{ out strings.Builder }

// line writes one content line, folded (RFC 5545 §3.1): no line is longer than 75 octets without its CRLF, and none is cut inside a sign of
// UTF-8. value is escaped already.
func (f *file) line(name, value string) {
	rest, room := name+":"+value, foldAt
	for len(rest) > room {
		n := room
		for n > 0 && !utf8.RuneStart(rest[n]) {
			n--
		}
		f.out.WriteString(rest[:n] + "\r\n ")
		rest, room = rest[n:], foldAt-1 // the space that begins a continuation counts
	}
	f.out.WriteString(rest + "\r\n")
}

const foldAt = 75 // octets, RFC 5545 §3.1

// text writes a text with its language; nothing if there is none.
func (f *file) text(name string, t meeting.Text, lang string) {
	if s, tag := pickTag(t, lang); s != "" {
		f.line(name+";LANGUAGE="+tag, escape(s))
	}
}

// escape makes a TEXT value (RFC 5545 §3.3.11). Controls other than the line feed may not stand in a content line at all; what has passed
// meeting.Clean has none.
func escape(s string) string {
	var b strings.Builder
	for _, r := range strings.ReplaceAll(s, "\r\n", "\n") {
		switch {
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\\' || r == ';' || r == ',':
			b.WriteRune('\\')
			b.WriteRune(r)
		case r < ' ' || r == 0x7f || r == utf8.RuneError:
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

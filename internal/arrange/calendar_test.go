package arrange_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"
	"unicode/utf8"

	"visavis/internal/arrange"
	"visavis/internal/meeting"
)

func calendar(t *testing.T, d meeting.Definition, lang string) string {
	t.Helper()
	b, err := arrange.Calendar(d, arrange.CalendarOptions{Member: "avelmar-1", Language: lang, Host: "node.avelmar.example", Revision: 3,
		Stamp: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// unfolded are the content lines of a file, as RFC 5545 §3.1 reads them. It fails the test for what that section forbids.
func unfolded(t *testing.T, s string) []string {
	t.Helper()
	if !strings.HasSuffix(s, "\r\n") || strings.Count(s, "\n") != strings.Count(s, "\r\n") || strings.Count(s, "\r") != strings.Count(s, "\r\n") {
		t.Fatal("a line does not end with CRLF")
	}
	if !utf8.ValidString(s) {
		t.Fatal("not UTF-8")
	}
	for l := range strings.SplitSeq(s, "\r\n") {
		if len(l) > 75 {
			t.Errorf("a line of %d octets: %q", len(l), l)
		}
		if !utf8.ValidString(l) {
			t.Errorf("a sign is cut in two: %q", l)
		}
		if i := strings.IndexFunc(l, func(r rune) bool { return r < ' ' || r == 0x7f }); i >= 0 {
			t.Errorf("a control in %q", l)
		}
	}
	return strings.Split(strings.TrimSuffix(strings.ReplaceAll(s, "\r\n ", ""), "\r\n"), "\r\n")
}

func value(t *testing.T, lines []string, name string) string {
	t.Helper()
	for _, l := range lines {
		if head, v, ok := strings.Cut(l, ":"); ok && (head == name || strings.HasPrefix(head, name+";")) {
			return v
		}
	}
	t.Fatalf("no %s", name)
	return ""
}

func TestCalendar(t *testing.T) {
	d := good().Definition
	d.Title = meeting.Text{"en": "Ninth annual meeting, with the ports; and more", "ar": "الاجتماع السنوي التاسع للجنة الموانئ المشتركة بين الجانبين في دورته العادية"}
	d.Parties[0].City, d.Parties[1].City = text("Ilverne"), text("Lanneth")
	d.Agenda = []meeting.Item{{Title: text("Opening words"), Minutes: 10}, {Title: text("Ports"), Minutes: 75}}
	lines := unfolded(t, calendar(t, d, "en"))
	for name, want := range map[string]string{
		"DTSTART;TZID=Asia/Singapore": "20261210T130000", "DTEND": "20261210T142500", "SEQUENCE": "3", "DTSTAMP": "20261123T090000Z",
		"SUMMARY": `Ninth annual meeting\, with the ports\; and more`, "LOCATION": "Ilverne", "TZID": "Asia/Singapore", "CLASS": "PRIVATE",
		"DESCRIPTION": `Avelmar\, Ilverne: 2026-12-10 13:00 (UTC+08:00)\nTolmeria\, Lanneth: 2026-12-10 00:00 (UTC-05:00)\n\n13:00  1. Opening words\n13:10  2. Ports`,
	} {
		if got := value(t, lines, name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if !slices.Contains(lines, "DTSTART;TZID=Asia/Singapore:20261210T130000") {
		t.Error("the hour is not in the member's zone")
	}
	ar := unfolded(t, calendar(t, d, "ar"))
	if got := value(t, ar, "SUMMARY"); got != d.Title["ar"] {
		t.Errorf("in Arabic: %q", got)
	}
	if !slices.Contains(ar, "SUMMARY;LANGUAGE=ar:"+d.Title["ar"]) || value(t, ar, "UID") != value(t, lines, "UID") {
		t.Error("the text's language or the entry's identity is wrong")
	}
	if got := value(t, unfolded(t, calendar(t, d, "fr")), "SUMMARY"); got != value(t, lines, "SUMMARY") {
		t.Errorf("a language that is missing: %q, want the English text", got)
	}
	if _, err := arrange.Calendar(d, arrange.CalendarOptions{Member: "nobody"}); err == nil {
		t.Error("a file for nobody")
	}
}

// TestAbuseCalendarNames (abuse case 22): whatever a name contains, the file has the lines that we write and no other.
func TestAbuseCalendarNames(t *testing.T) {
	plain := good().Definition
	plain.Agenda = []meeting.Item{{Title: text("Item"), Minutes: 5}}
	plain.Parties[0].City = text("Ilverne")
	names := func(s string) (out []string) {
		for _, l := range unfolded(t, s) {
			n, _, _ := strings.Cut(l, ":")
			out = append(out, n)
		}
		return out
	}
	want := names(calendar(t, plain, "en"))
	for _, evil := range []string{
		"a\r\nATTENDEE:mailto:x@evil.example", "a\nBEGIN:VALARM", "a\rEND:VEVENT", "\\", `\n`, `a\`, ";,\\;", `";X="`, "a:b;c=d", "\u2028BEGIN:VALARM", "\u0085x",
		strings.Repeat("é", 150), strings.Repeat("漢", 100), strings.Repeat("e\u0301", 70), strings.Repeat("👩🏽‍⚖️", 12), strings.Repeat("\\;", 70), "\x00\x07",
		"javascript:alert(1)", "=HYPERLINK(\"http://evil.example\")", "<script>",
	} {
		d := plain
		d.Title = text(evil)
		d.Parties = slices.Clone(plain.Parties)
		d.Parties[0].Name, d.Parties[0].City = text(evil), text(evil)
		d.Agenda = []meeting.Item{{Title: text(evil), Minutes: 5}}
		got := calendar(t, d, "en")
		lines := names(got)
		if !slices.Equal(lines, want) {
			t.Errorf("%q makes other lines: %q", evil, lines)
		}
		summary := value(t, unfolded(t, got), "SUMMARY")
		read := strings.NewReplacer(`\\`, `\`, `\;`, `;`, `\,`, `,`, `\n`, "\n").Replace(summary)
		if clean, err := meeting.Clean(evil, meeting.TitleText); err == nil && clean == evil && read != evil {
			t.Errorf("%q is read back as %q", evil, read)
		}
	}
	if bytes.Contains([]byte(calendar(t, plain, "en")), []byte("avelmar-1")) {
		t.Error("the file names the member's id")
	}
}

// TestCalendarZones: for each zone, the VTIMEZONE alone, read as RFC 5545 §3.6.5 says, gives the offset that the zone has, on the meeting's day
// and on every hour from it until a year later.
func TestCalendarZones(t *testing.T) {
	for _, zone := range []string{"Asia/Riyadh", "Asia/Singapore", "America/Bogota", "Europe/Berlin", "Europe/Dublin", "Africa/Cairo", "Africa/Casablanca",
		"America/New_York", "America/Santiago", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Chatham", "Pacific/Apia", "Asia/Tehran", "Etc/UTC"} {
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		// Winter, summer, and the hours around a change in Europe and in Cairo.
		for _, start := range []string{"2026-12-10T05:00:00Z", "2026-07-01T05:00:00Z", "2026-10-25T00:30:00Z", "2026-03-29T00:59:59Z", "2026-10-29T20:30:00Z", "2027-02-10T05:00:00Z"} {
			at, err := time.Parse(time.RFC3339, start)
			if err != nil {
				t.Fatal(err)
			}
			d := good().Definition
			d.Start = at
			d.Parties[0].Zone = zone
			lines := unfolded(t, calendar(t, d, "en"))
			rules := observancesOf(t, lines)
			for h := range 24 * 365 {
				when := at.Add(time.Duration(h) * time.Hour)
				_, want := when.In(loc).Zone()
				if got, ok := rules.offset(when); !ok || got != want {
					t.Fatalf("%s, meeting at %s: the file says UTC%+d at %s, the zone %+d", zone, start, got, when, want)
				}
			}
			local, err := time.ParseInLocation("20060102T150405", value(t, lines, "DTSTART;TZID="+zone), time.UTC)
			off, _ := rules.offset(at)
			if err != nil || !local.Add(-time.Duration(off)*time.Second).Equal(at) {
				t.Errorf("%s: DTSTART %s with offset %d is not %s", zone, local, off, start)
			}
		}
	}
}

// TestCalendarZonesControl: the comparison above notices an observance that is missing.
func TestCalendarZonesControl(t *testing.T) {
	d := good().Definition
	d.Parties[0].Zone = "Europe/Berlin"
	loc, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	all := observancesOf(t, unfolded(t, calendar(t, d, "en")))
	july := d.Start.AddDate(0, 7, 0)
	_, want := july.In(loc).Zone()
	if got, _ := all[:len(all)-2].offset(july); len(all) < 3 || got == want {
		t.Errorf("without the last two of %d observances the offset in July is still %d", len(all), got)
	}
}

type rule struct {
	onset time.Time // in UTC
	to    int
}
type rules []rule

// offset is what a reader of the file takes for the offset at a moment: that of the last onset before.
func (r rules) offset(t time.Time) (int, bool) {
	for _, x := range slices.Backward(r) {
		if !t.Before(x.onset) {
			return x.to, true
		}
	}
	return 0, false
}

func observancesOf(t *testing.T, lines []string) (out rules) {
	t.Helper()
	seconds := func(v string) int {
		d, err := time.Parse("-0700", v)
		if err != nil {
			t.Fatal(err)
		}
		_, off := d.Zone()
		return off
	}
	begin := slices.Index(lines, "BEGIN:VTIMEZONE")
	end := slices.Index(lines, "END:VTIMEZONE")
	for i := begin; i < end; i++ {
		if l := lines[i]; l != "BEGIN:STANDARD" && l != "BEGIN:DAYLIGHT" {
			continue
		}
		part := lines[i:]
		local, err := time.Parse("20060102T150405", value(t, part, "DTSTART"))
		if err != nil {
			t.Fatal(err)
		}
		from := seconds(value(t, part, "TZOFFSETFROM"))
		out = append(out, rule{local.Add(-time.Duration(from) * time.Second), seconds(value(t, part, "TZOFFSETTO"))})
	}
	slices.SortFunc(out, func(a, b rule) int { return a.onset.Compare(b.onset) })
	return out
}

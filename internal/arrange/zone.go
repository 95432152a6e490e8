package arrange

import (
	"fmt"
	"time"
)

// observance is one stretch of a zone without change.
type observance struct {
	onset    time.Time // in the zone; zero: since ever
	from, to int       // seconds east of UTC before and after the onset
	name     string
	dst      bool
}

// observances are those that an event from start to end needs: the one in which it begins, the one before that, and all that follow until a
// year after its end, so that a calendar shows neighbouring days right too.
func observances(zone *time.Location, start, end time.Time) []observance {
	onset, _ := start.In(zone).ZoneBounds()
	if onset.Year() < firstYear {
		return append([]observance{since(start.In(zone))}, later(zone, start, end)...)
	}
	before := onset.Add(-time.Second).In(zone)
	first, _ := before.ZoneBounds()
	if first.Year() < firstYear {
		return append([]observance{since(before), at(onset)}, later(zone, start, end)...)
	}
	return append([]observance{at(first), at(onset)}, later(zone, start, end)...)
}

// firstYear is before all that a calendar shows beside a meeting. A change before it counts as none: offsets of those days have seconds, which
// not every calendar reads.
const firstYear = 1990

// later are the observances that begin after start, up to a year after end.
func later(zone *time.Location, start, end time.Time) (out []observance) {
	limit := end.AddDate(1, 0, 0)
	for t := start.In(zone); ; {
		_, next := t.ZoneBounds()
		if next.IsZero() || next.After(limit) {
			return out
		}
		out = append(out, at(next))
		t = next.In(zone)
	}
}

// at is the observance that begins at an onset.
func at(onset time.Time) observance {
	_, from := onset.Add(-time.Second).Zone()
	name, to := onset.Zone()
	return observance{onset, from, to, name, onset.IsDST()}
}

// since is an observance that has always been.
func since(t time.Time) observance {
	name, offset := t.Zone()
	return observance{time.Time{}, offset, offset, name, t.IsDST()}
}

// zone writes a VTIMEZONE (RFC 5545 §3.6.5). Each observance stands with its own onset in local time, before the change, and without a rule
// for other years: what a parliament decides next year is not known here.
func (f *file) zone(name string, zone *time.Location, start, end time.Time) {
	f.line("BEGIN", "VTIMEZONE")
	f.line("TZID", name)
	for _, o := range observances(zone, start, end) {
		kind := "STANDARD"
		if o.dst {
			kind = "DAYLIGHT"
		}
		onset := "19700101T000000"
		if !o.onset.IsZero() {
			onset = o.onset.In(time.FixedZone("", o.from)).Format(localForm)
		}
		f.line("BEGIN", kind)
		f.line("DTSTART", onset)
		f.line("TZOFFSETFROM", offset(o.from))
		f.line("TZOFFSETTO", offset(o.to))
		f.line("TZNAME", escape(o.name))
		f.line("END", kind)
	}
	f.line("END", "VTIMEZONE")
}

// offset is a UTC-OFFSET (RFC 5545 §3.3.14). No zone has had seconds in it since firstYear.
func offset(s int) string {
	sign := '+'
	if s < 0 {
		sign, s = '-', -s
	}
	return fmt.Sprintf("%c%02d%02d", sign, s/3600, s/60%60)
}

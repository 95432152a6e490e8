package site

import (
	"encoding/json"
	"testing"
	"time"
)

// TestDatesEqualIntl: every day of a leap year in six languages, long and full, is as Intl writes it (testdata/dates.json holds what Node's Intl wrote;
// the browser test compares the same file with Chromium's).
func TestDatesEqualIntl(t *testing.T) {
	var want map[string][][2]string
	b := read(t, "dates.json")
	if err := json.Unmarshal(b, &want); err != nil {
		t.Fatal(err)
	}
	for _, lang := range Languages() {
		if len(want[lang]) != 366 {
			t.Fatalf("%s: %d days", lang, len(want[lang]))
		}
		for i, w := range want[lang] {
			d := time.Date(2028, 1, 1+i, 12, 0, 0, 0, time.UTC)
			if got := [2]string{Date(lang, d), FullDate(lang, d)}; got != w {
				t.Fatalf("%s, %s: got %q, Intl %q", lang, d.Format(time.DateOnly), got, w)
			}
		}
	}
}

func TestOffsetsAndRanges(t *testing.T) {
	for _, c := range []struct {
		sec  int
		want string
	}{{0, "UTC"}, {11 * 3600, "UTC+11"}, {10*3600 + 1800, "UTC+10:30"}, {-(3*3600 + 1800), "UTC−3:30"}, {13*3600 + 2700, "UTC+13:45"}} {
		if got := Offset(time.Unix(0, 0).In(time.FixedZone("", c.sec))); got != c.want {
			t.Errorf("offset %d = %q, want %q", c.sec, got, c.want)
		}
	}
	a := time.Date(2025, 12, 11, 23, 5, 0, 0, time.UTC)
	for lang, want := range map[string][2]string{
		"en": {"23:05 to 23:50", "11 December 2025, 23:05 to 12 December 2025, 00:20"},
		"ar": {"من 23:05 إلى 23:50", "من 11 ديسمبر 2025، 23:05 إلى 12 ديسمبر 2025، 00:20"},
		"zh": {"23:05至23:50", "2025年12月11日 23:05至2025年12月12日 00:20"},
	} {
		if got := [2]string{Between(lang, a, a.Add(45*time.Minute)), Between(lang, a, a.Add(75*time.Minute))}; got != want {
			t.Errorf("%s: got %q, want %q", lang, got, want)
		}
	}
}

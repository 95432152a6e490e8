package intake

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"visavis/internal/readout"
)

// date gives the first day with a year that title, dateline or lede have; "" if none.
func (d *reading) date() string {
	for k, p := range d.paras {
		if p.kind == readout.Notice {
			continue
		}
		if s := d.dateIn(p.lo, p.hi); s != "" && (p.kind == readout.Lede || p.kind == readout.Headline || p.kind == readout.Plain && k < 6) {
			return s
		}
	}
	return ""
}

// isoDate reads a date of the front matter: 2025-12-11, 11.12.2025, 11/12/2025 or in the words of the language.
func (d *reading) isoDate(s string) string {
	s = strings.TrimSpace(s)
	for _, layout := range []string{"2006-01-02", "2006/01/02", "02.01.2006", "2.1.2006", "02/01/2006", time.RFC3339} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.Format(time.DateOnly)
		}
	}
	toks := words(s, 0)
	return (&reading{s: s, t: d.t, toks: toks}).dateIn(0, len(toks))
}

// dateIn finds the first day, month and year in tokens lo to hi.
func (d *reading) dateIn(lo, hi int) string {
	for i := lo; i < hi; i++ {
		if d.t.lang == "zh" {
			if s := d.hanDate(i, hi); s != "" {
				return s
			}
			continue
		}
		month, n := d.valueAt("months", i, hi)
		if n == 0 {
			continue
		}
		day, year := 0, 0
		for k := max(lo, i-4); k < i && day == 0; k++ {
			if v, m := d.dayAt(k, i); m > 0 && d.reach(k+m, i) <= 1 {
				day = v
			}
		}
		end := i + n
		if v, m := d.dayAt(end, hi); day == 0 && m > 0 && end < hi {
			day, end = v, end+m
		}
		for k := end; k < min(end+4, hi) && year == 0; k++ {
			if v, err := strconv.Atoi(d.toks[k].word); err == nil && v >= 1800 && v < 2200 {
				year = v
			} else if _, again := d.valueAt("months", k, hi); again == 0 && !d.is(k, "small", "and") {
				break
			}
		}
		if s := calendar(year, month, day); s != "" {
			return s
		}
	}
	return ""
}

func calendar(year, month, day int) string {
	s := fmt.Sprintf("%04d-%02d-%02d", year, month, day)
	if _, err := time.Parse(time.DateOnly, s); err != nil || year < 1800 {
		return ""
	}
	return s
}

// valueAt gives the value of the longest word or words of the section that begin at i, and how many they are.
func (d *reading) valueAt(section string, i, hi int) (value, n int) {
	key := section + " "
	for k := i; k < min(i+4, hi); k++ {
		if k > i {
			key += " "
		}
		key += d.toks[k].word
		if v, ok := d.t.value[key]; ok {
			value, n = v, k-i+1
		}
	}
	return value, n
}

// dayAt reads a day of the month in digits or words.
func (d *reading) dayAt(i, hi int) (int, int) {
	if i >= hi {
		return 0, 0
	}
	if v, n := d.valueAt("days", i, hi); n > 0 {
		return v, n
	}
	w := strings.TrimRight(d.toks[i].word, "abcdefghijklmnopqrstuvwxyzй")
	if v, err := strconv.Atoi(w); err == nil && v >= 1 && v <= 31 {
		return v, 1
	}
	return 0, 0
}

// hanDate reads 2025年12月11日 and 二〇二五年十二月十一日.
func (d *reading) hanDate(i, hi int) string {
	var n [3]int
	for k, unit := range []string{"年", "月", "日"} {
		v := ""
		for i < hi && d.toks[i].word != unit && len(v) < 12 {
			v += d.toks[i].word
			i++
		}
		if i >= hi {
			return ""
		}
		if n[k] = hanNumber(v); n[k] == 0 {
			return ""
		}
		i++
	}
	return calendar(n[0], n[1], n[2])
}

// hanNumber reads a number in digits, in Han digits or, below 100, with 十; 0: it is none.
func hanNumber(s string) int {
	if v, err := strconv.Atoi(s); err == nil {
		return v
	}
	const digits = "〇一二三四五六七八九"
	value := func(r rune) int {
		if r == '零' {
			return 0
		}
		if i := strings.IndexRune(digits, r); i >= 0 {
			return i / 3
		}
		return -1
	}
	if tens, ones, ok := strings.Cut(s, "十"); ok {
		v := 10
		if tens != "" {
			v = 10 * max(value([]rune(tens)[0]), 0)
		}
		if ones != "" {
			v += max(value([]rune(ones)[0]), 0)
		}
		return v
	}
	v := 0
	for _, r := range s {
		if value(r) < 0 || v > 9999 {
			return 0
		}
		v = 10*v + value(r)
	}
	return v
}

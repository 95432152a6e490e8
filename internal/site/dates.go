package site

import (
	"fmt"
	"strconv"
	"time"
)

// calendar has the names of one language: Gregorian calendar, European digits, as Intl.DateTimeFormat writes them with -u-ca-gregory-nu-latn
// (CLDR 48); English is en-GB. TestDatesEqualIntl compares every day of a year.
type calendar struct {
	months, days [12]string // days from Sunday; the last five are empty
	long         string     // D day, M month, Y year
	full         string     // W weekday as well
}

func calendarOf(lang string) calendar {
	switch lang {
	case "ar":
		return calendar{
			months: [12]string{"يناير", "فبراير", "مارس", "أبريل", "مايو", "يونيو", "يوليو", "أغسطس", "سبتمبر", "أكتوبر", "نوفمبر", "ديسمبر"},
			days:   [12]string{"الأحد", "الاثنين", "الثلاثاء", "الأربعاء", "الخميس", "الجمعة", "السبت"},
			long:   "D M Y", full: "W، D M Y",
		}
	case "zh":
		return calendar{
			months: [12]string{"1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"},
			days:   [12]string{"星期日", "星期一", "星期二", "星期三", "星期四", "星期五", "星期六"},
			long:   "Y年M月D日", full: "Y年M月D日W",
		}
	case "fr":
		return calendar{
			months: [12]string{"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"},
			days:   [12]string{"dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"},
			long:   "D M Y", full: "W D M Y",
		}
	case "ru":
		return calendar{
			months: [12]string{"января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября", "декабря"},
			days:   [12]string{"воскресенье", "понедельник", "вторник", "среда", "четверг", "пятница", "суббота"},
			long:   "D M Y г.", full: "W, D M Y г.",
		}
	case "es":
		return calendar{
			months: [12]string{"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"},
			days:   [12]string{"domingo", "lunes", "martes", "miércoles", "jueves", "viernes", "sábado"},
			long:   "D de M de Y", full: "W, D de M de Y",
		}
	}
	return calendar{
		months: [12]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
		days:   [12]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"},
		long:   "D M Y", full: "W, D M Y",
	}
}

// Date writes the day of t, in t's own zone, in words: "11 December 2025".
func Date(lang string, t time.Time) string { return fillDate(lang, calendarOf(lang).long, t) }

// FullDate is Date with the weekday: "Thursday, 11 December 2025".
func FullDate(lang string, t time.Time) string { return fillDate(lang, calendarOf(lang).full, t) }

func fillDate(lang, form string, t time.Time) string {
	c := calendarOf(lang)
	out := make([]byte, 0, 64)
	for _, r := range form {
		switch r {
		case 'D':
			out = strconv.AppendInt(out, int64(t.Day()), 10)
		case 'M':
			out = append(out, c.months[t.Month()-1]...)
		case 'Y':
			out = strconv.AppendInt(out, int64(t.Year()), 10)
		case 'W':
			out = append(out, c.days[t.Weekday()]...)
		default:
			out = append(out, string(r)...)
		}
	}
	return string(out)
}

// Clock writes the time of day, 24 hours: "09:05" in every language.
func Clock(t time.Time) string { return t.Format("15:04") }

// Offset writes the offset of t's zone as people read it: "UTC+10:30", "UTC+10", "UTC".
func Offset(t time.Time) string {
	_, sec := t.Zone()
	if sec == 0 {
		return "UTC"
	}
	sign := '+'
	if sec < 0 {
		sign, sec = '\u2212', -sec // a minus, not a hyphen
	}
	h, m := sec/3600, sec%3600/60
	if m == 0 {
		return fmt.Sprintf("UTC%c%d", sign, h)
	}
	return fmt.Sprintf("UTC%c%d:%02d", sign, h, m)
}

// Between writes a range in words, for a dash between digits reads backwards in Arabic: "10:32 to 11:49"; with the days if they differ.
func Between(lang string, from, to time.Time) string {
	w := allWords()[lang]
	if from.Year() == to.Year() && from.YearDay() == to.YearDay() {
		return w.say("range", "from", Clock(from), "to", Clock(to))
	}
	return w.say("range-days", "from", Date(lang, from), "fromtime", Clock(from), "to", Date(lang, to), "totime", Clock(to))
}

// sameDay says whether two moments have the same date where each of them is.
func sameDay(a, b time.Time) bool {
	return a.Year() == b.Year() && a.YearDay() == b.YearDay()
}

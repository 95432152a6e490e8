package site

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/readout"
	"visavis/internal/readout/readouttest"
)

const base = "https://meetings.ilverne.example"

const avelmarTheme = `party = "avelmar"
zone = "Australia/Lord_Howe"
name = { en = "Republic of Avelmar", ar = "جمهورية أفيلمار", zh = "阿韦尔马共和国", fr = "République d'Avelmar", ru = "Республика Авельмар", es = "República de Avelmar" }
title = { en = "Meetings by video link", ar = "الاجتماعات عبر الاتصال المرئي", zh = "视频会议", fr = "Réunions par visioconférence", ru = "Встречи по видеосвязи", es = "Reuniones por videoconferencia" }
city = { en = "Ilverne", ar = "إلفيرن", zh = "伊尔韦恩", fr = "Ilverne", ru = "Ильверн", es = "Ilverne" }
[light]
accent = "#1f5b4a"
[dark]
accent = "#8fd0b8"
[emblem]
ground = "#1f5b4a"
line = "#f1eee6"
fill = ["M31.2 14h1.6v30h-1.6z", "M32 6q2.6 5.5 0 11q-2.6-5.5 0-11z", "M24 19q6 4 7 10q-7-2-7-10z", "M40 19q-6 4-7 10q7-2 7-10z"]
stroke = ["M12 47q5-4 10 0t10 0 10 0 10 0M18 53q3.5-3 7 0t7 0 7 0 7 0"]
`

const measurePurpose = `
[purpose.measure]
what = { en = "We count how many people read a page.", ar = "نحصي عدد قرّاء الصفحة.", zh = "我们统计每页的阅读人数。", fr = "Nous comptons les lecteurs d'une page.", ru = "Мы считаем, сколько человек читает страницу.", es = "Contamos cuántas personas leen una página." }
who = { en = "The Office alone", ar = "المكتب وحده", zh = "仅本办公室", fr = "Le Cabinet seul", ru = "Только Аппарат", es = "Solo el Gabinete" }
stored = { en = "Page and day", ar = "الصفحة واليوم", zh = "页面和日期", fr = "La page et le jour", ru = "Страница и день", es = "La página y el día" }
refused = { en = "You are not counted.", ar = "لا تُحصون.", zh = "您不会被统计。", fr = "Vous n'êtes pas compté.", ru = "Вас не считают.", es = "No se le cuenta." }
`

// release is the embargo of the demo's readout; correction and withdrawal come a day and two later.
var release = readouttest.Release()

// must writes a file of the store as the operator would.
func put(t testing.TB, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(name)), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func encode(t testing.TB, f readout.File) []byte {
	t.Helper()
	b, err := f.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func openStore(t testing.TB, dir string) *Store {
	t.Helper()
	s, err := OpenStore(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// announcement is the ninth meeting, as the site announces it.
func announcement(at time.Time) Announcement {
	return Announcement{ID: "avelmar-tolmeria-2026", At: at, Start: time.Date(2026, 12, 9, 23, 30, 0, 0, time.UTC), Minutes: 90, Open: true, Revision: 2,
		Title: meeting.Text{"en": "Ninth Annual Meeting of the Heads of Government of Avelmar and Tolmeria", "ar": "الاجتماع السنوي التاسع لرئيسي حكومتي أفيلمار وتولميريا",
			"zh": "阿韦尔马与托尔梅里亚政府首脑第九次年度会晤"}, Parties: twoPlaces()}
}

func twoPlaces() []Place {
	var out []Place
	for _, p := range readouttest.Document().Parties {
		out = append(out, Place{ID: p.ID, Name: p.Name, City: p.City, Zone: p.Zone})
	}
	return out
}

// stocked is a store with the demo's readout in one revision, Avelmar's own text, an announcement and a meeting that goes on.
func stocked(t testing.TB) (dir string, s *Store) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "public")
	s = openStore(t, dir)
	put(t, dir, "theme.toml", avelmarTheme)
	put(t, dir, "privacy/en.md", "# Who is responsible\nThe Office of the Prime Minister, [by mail](mailto:privacy@ilverne.example).\n\n- Nothing is stored.\n- <script>alert(1)</script>\n")
	doc := readouttest.Document()
	if err := s.Publish(encode(t, readouttest.File(readouttest.Alone(doc))), nil, release.AddDate(0, 0, -1)); err != nil {
		t.Fatal(err)
	}
	if err := s.Publish(encode(t, readouttest.File(doc)), nil, release); err != nil {
		t.Fatal(err)
	}
	if err := s.Announce(announcement(release)); err != nil {
		t.Fatal(err)
	}
	if err := s.Live(Live{ID: "avelmar-calwen-2025", Title: meeting.Text{"en": "Consultation on tides", "ar": "مشاورات بشأن المد"}, Parties: twoPlaces(), Since: release, At: release, Open: true}); err != nil {
		t.Fatal(err)
	}
	return dir, s
}

// correct adds the second revision.
func correct(t testing.TB, s *Store) {
	t.Helper()
	doc := readouttest.Document()
	if err := s.Publish(encode(t, readouttest.File(readouttest.Corrected(doc, readouttest.File(doc)))), nil, release.AddDate(0, 0, 1)); err != nil {
		t.Fatal(err)
	}
}

func withdraw(t testing.TB, s *Store) {
	t.Helper()
	if err := s.Withdraw("avelmar-tolmeria-2025", Withdrawal{release.AddDate(0, 0, 2), []meeting.PartyID{"avelmar", "tolmeria"}}); err != nil {
		t.Fatal(err)
	}
}

// clockAt is a clock that stands still.
type clockAt struct{ t time.Time }

func (c *clockAt) now() time.Time { return c.t }

func newHandler(t testing.TB, dir string, now time.Time) (*Handler, *clockAt) {
	t.Helper()
	c := &clockAt{now}
	h, err := New(Config{Dir: dir, Base: base, Records: filepath.Join(t.TempDir(), "records"), Clock: c.now, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return h, c
}

// ask is one request; head lines are "Name: value".
func ask(h http.Handler, method, path, body string, head ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, base+path, strings.NewReader(body))
	for _, l := range head {
		k, v, _ := strings.Cut(l, ": ")
		r.Header.Set(k, v)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func get(h http.Handler, path string, head ...string) *httptest.ResponseRecorder {
	return ask(h, "GET", path, "", head...)
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

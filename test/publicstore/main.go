// Publicstore makes a public store of the demo world in every state that a readout can be in, for the browser tests and the measures of the site:
// joint and corrected, withdrawn, one party's own, changed after it was signed; an announced meeting and one that goes on.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/readout"
	"visavis/internal/readout/readouttest"
	"visavis/internal/site"
)

const theme = `party = "avelmar"
zone = "Australia/Lord_Howe"
name = { en = "Republic of Avelmar", ar = "جمهورية أفيلمار", zh = "阿韦尔马共和国", fr = "République d'Avelmar", ru = "Республика Авельмар", es = "República de Avelmar" }
title = { en = "Meetings by video link", ar = "الاجتماعات عبر الاتصال المرئي", zh = "视频会议", fr = "Réunions par visioconférence", ru = "Встречи по видеосвязи", es = "Reuniones por videoconferencia" }
city = { en = "Ilverne", ar = "إلفيرن", zh = "伊尔韦恩", fr = "Ilverne", ru = "Ильверн", es = "Ilverne" }
[light]
accent = "#1f5b4a"
[dark]
accent = "#8fd0b8"
on_accent = "#12151a"
[emblem]
ground = "#1f5b4a"
line = "#f1eee6"
fill = ["M31.2 14h1.6v30h-1.6z", "M32 6q2.6 5.5 0 11q-2.6-5.5 0-11z", "M18 15q10 2 13 10q-11-1-13-10z", "M46 15q-10 2-13 10q11-1 13-10z", "M17 23q11 2 14 10q-12-1-14-10z", "M47 23q-11 2-14 10q12-1 14-10z", "M16 31q12 2 15 11q-13-1-15-11z", "M48 31q-12 2-15 11q13-1 15-11z"]
stroke = ["M12 47q5-4 10 0t10 0 10 0 10 0M18 53q3.5-3 7 0t7 0 7 0 7 0"]
`

const purpose = `[purpose.measure]
what = { en = "We count how many people read a page and in which language. No profile is made and nothing is passed on.", ar = "نحصي عدد قرّاء الصفحة ولغتهم. لا يُنشأ أي ملف شخصي ولا يُنقل شيء إلى غيرنا.", zh = "我们统计每页的阅读人数及所用语言，不建立个人档案，也不向他人提供任何内容。", fr = "Nous comptons les lecteurs d’une page et leur langue. Aucun profil n’est établi et rien n’est transmis.", ru = "Мы считаем, сколько человек читает страницу и на каком языке. Профили не составляются, и ничего не передаётся.", es = "Contamos cuántas personas leen una página y en qué idioma. No se crea ningún perfil ni se transmite nada." }
who = { en = "The Office of the Prime Minister alone", ar = "مكتب رئيسة الوزراء وحده", zh = "仅总理办公室", fr = "Le Cabinet de la Première Ministre seul", ru = "Только Аппарат Премьер-министра", es = "Solo el Gabinete de la Primera Ministra" }
stored = { en = "Page, language and day; addresses are not kept", ar = "الصفحة واللغة واليوم؛ ولا تُحفظ العناوين", zh = "页面、语言和日期；不保存地址", fr = "La page, la langue et le jour ; les adresses ne sont pas conservées", ru = "Страница, язык и день; адреса не сохраняются", es = "La página, el idioma y el día; no se guardan direcciones" }
refused = { en = "You are not counted.", ar = "لا تُحصون.", zh = "您不会被统计。", fr = "Vous n’êtes pas compté.", ru = "Вас не считают.", es = "No se le cuenta." }
`

const privacyEnglish = `# Who is responsible
The Office of the Prime Minister of Avelmar, [privacy@ilverne.example](mailto:privacy@ilverne.example).

# What is kept
- Requests are kept for **seven days** with a shortened address, to keep the site working.
- Nothing else: no profile, no list of readers.
`

const privacyArabic = `# الجهة المسؤولة
مكتب رئيسة وزراء أفيلمار، [privacy@ilverne.example](mailto:privacy@ilverne.example).

# ما يُحفظ
- تُحفظ الطلبات **سبعة أيام** بعنوان مختصر، لضمان عمل الموقع.
- ولا شيء غير ذلك.
`

func main() {
	dir := flag.String("dir", "", "directory of the store, which is made")
	optional := flag.Bool("purpose", false, "with an optional purpose, so that there is a form")
	flag.Parse()
	if err := build(*dir, *optional); err != nil {
		fmt.Fprintln(os.Stderr, "publicstore:", err)
		os.Exit(1)
	}
}

func build(dir string, optional bool) error {
	s, err := site.OpenStore(dir)
	if err != nil {
		return err
	}
	defer s.Close()
	text := theme
	if optional {
		text += purpose
	}
	for name, text := range map[string]string{"theme.toml": text, "privacy/en.md": privacyEnglish, "privacy/ar.md": privacyArabic} {
		if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(name)), []byte(text), 0o644); err != nil {
			return err
		}
	}
	if err := readouts(s); err != nil {
		return err
	}
	if err := changed(s, dir); err != nil {
		return err
	}
	return meetings(s)
}

func publish(s *site.Store, d readout.Document, at time.Time) error {
	b, err := readouttest.File(d).Encode()
	if err != nil {
		return err
	}
	return s.Publish(b, nil, at)
}

func named(d readout.Document, id readout.ID, number string) readout.Document {
	d = d.Clone()
	d.ID, d.Number = id, number
	return d
}

func readouts(s *site.Store) error {
	doc, t := readouttest.Document(), readouttest.Release()
	name, err := s.Picture(drawing())
	if err != nil {
		return err
	}
	alt := meeting.Text{"en": "Drawing: two tables face to face", "ar": "رسم: طاولتان متقابلتان", "zh": "图画：两张相对的桌子", "fr": "Dessin : deux tables face à face", "ru": "Рисунок: два стола друг напротив друга", "es": "Dibujo: dos mesas frente a frente"}
	pictured := named(readouttest.Alone(doc), "avelmar-alone-2025", "2025/7")
	cells := map[string]readout.Cell{}
	for tag, s := range alt {
		cells[tag] = readout.Cell{Text: s, State: readout.Finished}
	}
	block := readout.Block{ID: "b13", Kind: readout.Media, Texts: cells, Picture: &readout.Picture{SHA256: name, Alt: alt}}
	readouttest.Settle(pictured, &block)
	pictured.Blocks = append(pictured.Blocks, block)
	corrected := named(doc, "avelmar-tolmeria-corrected", "2025/6")
	gone := named(doc, "avelmar-tolmeria-withdrawn", "2025/5")
	for _, d := range []readout.Document{doc, pictured, corrected, gone} {
		if err := publish(s, d, t); err != nil {
			return fmt.Errorf("%s: %w", d.ID, err)
		}
	}
	if err := publish(s, readouttest.Corrected(corrected, readouttest.File(corrected)), t.AddDate(0, 0, 2)); err != nil {
		return err
	}
	return s.Withdraw(gone.ID, site.Withdrawal{At: t.AddDate(0, 0, 3), By: []meeting.PartyID{"avelmar", "tolmeria"}})
}

// changed is a readout whose English text was changed in the store after it was signed.
func changed(s *site.Store, dir string) error {
	d := named(readouttest.Document(), "avelmar-tolmeria-changed", "2025/4")
	if err := publish(s, d, readouttest.Release()); err != nil {
		return err
	}
	path := filepath.Join(dir, "readouts", string(d.ID), "1.json")
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return os.WriteFile(path, bytes.Replace(b, []byte("341 days"), []byte("311 days"), 1), 0o644)
}

func meetings(s *site.Store) error {
	doc, now := readouttest.Document(), time.Now()
	var sides []site.Place
	for _, p := range doc.Parties {
		sides = append(sides, site.Place{ID: p.ID, Name: p.Name, City: p.City, Zone: p.Zone})
	}
	title := meeting.Text{"en": "Consultation on water-level data", "ar": "مشاورات بشأن بيانات مناسيب المياه", "zh": "水位数据磋商", "fr": "Consultation sur les données de niveau d’eau", "ru": "Консультация по данным об уровне воды", "es": "Consulta sobre datos de nivel de las aguas"}
	if err := s.Announce(site.Announcement{ID: "avelmar-tolmeria-next", Title: title, Parties: sides, Start: now.AddDate(0, 0, 20).Truncate(time.Hour), Minutes: 60, Open: true, At: now.Add(-time.Hour)}); err != nil {
		return err
	}
	return s.Live(site.Live{ID: "avelmar-tolmeria-now", Title: title, Parties: sides, Since: now.Add(-10 * time.Minute), Open: true, At: now.Add(-10 * time.Minute)})
}

// drawing is a picture of our own.
func drawing() []byte {
	m := image.NewPaletted(image.Rect(0, 0, 640, 240), color.Palette{color.RGBA{0x20, 0x26, 0x2d, 255}, color.RGBA{0x8d, 0x83, 0x75, 255}, color.RGBA{0xef, 0xe9, 0xda, 255}})
	for y := range 240 {
		for x := range 640 {
			switch {
			case y > 170 && (x < 280 || x > 360):
				m.SetColorIndex(x, y, 1)
			case y > 160 && (x < 280 || x > 360):
				m.SetColorIndex(x, y, 2)
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		panic(err) // into memory, of our own making
	}
	return b.Bytes()
}

package readouttest

import (
	"strings"

	"visavis/internal/meeting"
	"visavis/internal/readout"
)

// Corrected is the next revision of d after f, the file of d: a figure in every language, and the sentence that says so.
func Corrected(d readout.Document, f readout.File) readout.Document {
	d = d.Clone()
	m, err := readout.ParseManifest(f.Manifest[:strings.Index(f.Manifest, "\n\n")+1])
	if err != nil {
		panic(err)
	}
	d.Revision, d.Parent = d.Revision+1, m.Hash()
	for i := range d.Blocks {
		b := &d.Blocks[i]
		if b.ID != "b05" {
			continue
		}
		for tag, c := range b.Texts {
			c.Text = strings.ReplaceAll(c.Text, "160", "180")
			b.Texts[tag] = c
		}
		Settle(d, b)
	}
	d.Correction = meeting.Text{
		"en": "The number of places for students is 180.", "ar": "عدد المقاعد المخصصة للطلاب هو 180 مقعدًا.", "zh": "学生交流名额为180名。",
		"fr": "Le nombre de places pour étudiants est de 180.", "ru": "Число мест для студентов составляет 180.", "es": "El número de plazas para estudiantes es de 180.",
	}
	return d
}

// Alone is d as Avelmar's own text, without embargo, under another id.
func Alone(d readout.Document) readout.Document {
	d = d.Clone()
	d.ID, d.Mode, d.By, d.Number = "avelmar-alone-2025", readout.Separate, "avelmar", "2025/9"
	d.Release = Release().AddDate(0, 0, -1)
	return d
}

package intake_test

import (
	"testing"

	"visavis/internal/intake"
	"visavis/internal/meeting"
	"visavis/internal/readout"
)

// TestMembersOfTheMeeting: who is in the definition is recognised by the last name alone, with the id; without the definition the same text has no such person (the control).
func TestMembersOfTheMeeting(t *testing.T) {
	const text = "Talks on the river\n\nThe two delegations met by video link on 11 December 2025 and spoke about the river for an hour.\n\nKosvane said that paperless transit worked, and the port was content with it.\n"
	member := meeting.Member{ID: "tolmeria-kosvane", Precedence: 1, Name: meeting.Text{"en": "Edran Kosvane", "ru": "Эдран Косван"}, Office: meeting.Text{"en": "Prime Minister of the Kingdom of Tolmeria"}}
	got, err := intake.Read([]byte(text), intake.Options{Members: []meeting.Member{member}})
	if err != nil || len(got.Blocks) != 3 {
		t.Fatalf("%+v, %v", got.Blocks, err)
	}
	b := got.Blocks[2]
	if b.Kind != readout.Statement || b.Speaker == nil || b.Speaker.Member != "tolmeria-kosvane" || b.Speaker.Name != "Edran Kosvane" {
		t.Errorf("with the definition: %s by %+v", b.Kind, b.Speaker)
	}
	got, err = intake.Read([]byte(text), intake.Options{})
	if err != nil || len(got.Blocks) != 3 {
		t.Fatalf("%+v, %v", got.Blocks, err)
	}
	if b := got.Blocks[2]; b.Speaker != nil && b.Speaker.Member != "" {
		t.Errorf("without the definition: %s by %+v", b.Kind, b.Speaker)
	}
}

// TestDatesInWords: the day of the text in each language, in words or digits.
func TestDatesInWords(t *testing.T) {
	for lang, texts := range map[string][]string{
		"en": {"on the eleventh of December 2025", "on December 11, 2025", "11 December 2025", "on the twenty-first of December 2025"},
		"fr": {"le onze décembre 2025", "le 11 décembre 2025", "le 1er décembre 2025"},
		"es": {"el once de diciembre de 2025", "el 11 de diciembre de 2025"},
		"ru": {"одиннадцатого декабря 2025 года", "11 декабря 2025 г."},
		"zh": {"2025年12月11日", "二〇二五年十二月十一日", "二零二五年十二月二十一日"},
		"ar": {"يوم الحادي عشر من ديسمبر 2025", "يوم 11 كانون الأول/ديسمبر 2025", "في 11 ديسمبر 2025"},
	} {
		for _, s := range texts {
			want := "2025-12-11"
			switch s {
			case "on the twenty-first of December 2025", "二零二五年十二月二十一日":
				want = "2025-12-21"
			case "le 1er décembre 2025":
				want = "2025-12-01"
			}
			got, err := intake.Read([]byte("---\ntitle: x\ndate: "+s+"\n---\n\nx\n"), intake.Options{Language: lang})
			if err != nil || got.Date != want {
				t.Errorf("%s %q: %q, %v, want %s", lang, s, got.Date, err, want)
			}
		}
	}
}

package meeting_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"visavis/internal/meeting"
)

func TestCleanPasses(t *testing.T) {
	for _, s := range []string{
		"Maelin Tarroven", "مايلين تاروفن", "梅琳·塔罗文", "Маэлин Тарровен", "Imrel Costé", "Savenna d’Orrel", "Première Ministre",
		"می\u200cخواهم", "क्\u200dष", "שָׁלוֹם", "한국어", "A\u200fB\u200eC", "Nguyễn Văn Ánh", "ཀྵྨླྀ",
		"<img src=x onerror=alert(1)>", "=cmd|' /C calc'!A0", // inert: drawing and exporting them is others' care
	} {
		got, err := meeting.Clean(s, meeting.NameText)
		if err != nil || got != norm.NFC.String(s) {
			t.Errorf("Clean(%q) = %q, %v, want it in NFC", s, got, err)
		}
	}
	if got, err := meeting.Clean("a\nb", meeting.NoteText); err != nil || got != "a\nb" {
		t.Errorf("note with a line feed: %q, %v", got, err)
	}
	if got, _ := meeting.Clean(" e\u0301 ", meeting.NameText); got != "\u00e9" {
		t.Errorf("got %q, want é without spaces", got)
	}
}

// TestCleanRefuses walks every range of the rule at its ends, with the signs just outside as the control.
func TestCleanRefuses(t *testing.T) {
	for _, c := range []struct {
		from, to     rune
		code         string
		before, next bool // the neighbour passes
	}{
		{0x00, 0x1f, "text.control", false, true},
		{0x7f, 0x9f, "text.control", true, true},
		{0x61c, 0x61c, "text.invisible", true, true},
		{0x2028, 0x202e, "text.invisible", true, true},
		{0x2060, 0x2064, "text.invisible", true, false},
		{0x2066, 0x206f, "text.invisible", false, true},
		{0xfeff, 0xfeff, "text.invisible", true, true},
		{0xfff9, 0xfffb, "text.invisible", true, true},
		{0xe0000, 0xe007f, "text.invisible", false, true},
		{0xe000, 0xf8ff, "text.private", false, true},
		{0xf0000, 0xffffd, "text.private", false, false},
		{0x100000, 0x10ffff, "text.private", false, false},
		{0xfdd0, 0xfdef, "text.private", true, true},
		{0xfffe, 0xffff, "text.private", true, true},
		{0x1fffe, 0x1ffff, "text.private", true, true},
	} {
		for _, r := range []rune{c.from, c.to} {
			for _, k := range []meeting.TextKind{meeting.NameText, meeting.OfficeText, meeting.TitleText, meeting.NoteText} {
				_, err := meeting.Clean("a"+string(r)+"b", k)
				wantCode(t, fmt.Sprintf("U+%04X kind %d", r, k), err, c.code)
			}
		}
		if _, err := meeting.Clean("a"+string(c.from-1)+"b", meeting.NameText); c.before && err != nil {
			t.Errorf("control U+%04X: %v", c.from-1, err)
		}
		if _, err := meeting.Clean("a"+string(c.to+1)+"b", meeting.NameText); c.next && err != nil {
			t.Errorf("control U+%04X: %v", c.to+1, err)
		}
	}
	for _, c := range []struct{ s, code string }{
		{"a\nb", "text.control"}, {"a\r\nb", "text.control"}, {"a\tb", "text.control"}, {"a\xffb", "text.utf8"}, {"", "text.empty"},
		{" \u00a0 ", "text.empty"}, {"\u200d\u200c", "text.empty"}, {"\u0301", "text.empty"},
	} {
		_, err := meeting.Clean(c.s, meeting.NameText)
		wantCode(t, fmt.Sprintf("%q", c.s), err, c.code)
	}
	_, err := meeting.Clean("a\r\nb", meeting.NoteText)
	wantCode(t, "CR in a note", err, "text.control")
}

func TestCleanLimits(t *testing.T) {
	for k, n := range map[meeting.TextKind]int{meeting.NameText: meeting.MaxName, meeting.OfficeText: meeting.MaxOffice,
		meeting.TitleText: meeting.MaxTitle, meeting.NoteText: meeting.MaxNote} {
		for _, sign := range []string{"a", "و", "𝒳", "e\u0301"} {
			if _, err := meeting.Clean(strings.Repeat(sign, n), k); err != nil {
				t.Errorf("%d × %q: %v", n, sign, err)
			}
			_, err := meeting.Clean(strings.Repeat(sign, n+1), k)
			wantCode(t, fmt.Sprintf("%d × %q", n+1, sign), err, "text.long")
		}
	}
	_, err := meeting.Clean(strings.Repeat("e\u0301\u0302", 1<<20), meeting.NameText)
	wantCode(t, "megabytes", err, "text.long")
	marks := func(n int) string { return "q" + strings.Repeat("\u0323", n) }
	if _, err := meeting.Clean(marks(meeting.MaxMarks), meeting.NameText); err != nil {
		t.Errorf("%d marks: %v", meeting.MaxMarks, err)
	}
	_, err = meeting.Clean(marks(meeting.MaxMarks+1), meeting.NameText)
	wantCode(t, "too many marks", err, "text.marks")
}

func TestMixedScript(t *testing.T) {
	for s, want := range map[string]bool{
		"Maelin Tarroven": false, "Mаelin": true, "Маэлин": false, "Κosvane": true, "梅琳·塔罗文": false, "東京タワー": false, "金Kim": true,
		"مايلين": false, "d’Orrel": false, "한漢": false, "": false, "Costé 3": false,
	} {
		if got := meeting.MixedScript(s); got != want {
			t.Errorf("MixedScript(%q) = %v, want %v", s, got, want)
		}
	}
}

func FuzzClean(f *testing.F) {
	for _, s := range []string{"Maelin", "مايلين", "a\u202eb", "e\u0301", "\xff", strings.Repeat("a", 201)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, k := range []meeting.TextKind{meeting.NameText, meeting.NoteText} {
			got, err := meeting.Clean(s, k)
			if err != nil {
				continue
			}
			if again, err := meeting.Clean(got, k); err != nil || again != got {
				t.Fatalf("Clean(Clean(%q)) = %q, %v", s, again, err)
			}
			if !utf8.ValidString(got) || !norm.NFC.IsNormalString(got) || strings.ContainsAny(got, "\u202e\u2066\ufeff\x00\r") {
				t.Fatalf("Clean(%q) let %q pass", s, got)
			}
		}
	})
}

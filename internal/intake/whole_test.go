package intake_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"visavis/internal/intake"
	"visavis/internal/readout"
)

// texts gives the originals of all texts with answers by their paths.
func texts(t testing.TB) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob("testdata/*/*.answers.json")
	if err != nil || len(names) < 12 {
		t.Fatalf("%d texts, %v", len(names), err)
	}
	out := map[string][]byte{}
	for _, n := range names {
		n = strings.TrimSuffix(n, ".answers.json")
		b, err := os.ReadFile(n)
		if err != nil {
			t.Fatal(err)
		}
		out[n] = b
	}
	return out
}

// whole checks that front matter and blocks follow each other and leave out nothing that is not blank.
func whole(t testing.TB, original []byte, got intake.Text) {
	t.Helper()
	at := 0
	gap := func(to int, what string) {
		t.Helper()
		if to < at {
			t.Fatalf("%s begins at %d, before %d", what, to, at)
		}
		if left := strings.TrimFunc(string(original[at:to]), func(r rune) bool { return unicode.IsSpace(r) || r == '\ufeff' }); left != "" {
			t.Fatalf("%q before %s is in no block", left, what)
		}
	}
	if f := got.Front; f != nil {
		gap(f.From, "the front matter")
		at = f.To
	}
	for _, b := range got.Blocks {
		gap(b.From, string(b.Kind)+" "+b.Text)
		if b.To <= b.From || b.To > len(original) {
			t.Fatalf("block from %d to %d of %d", b.From, b.To, len(original))
		}
		at = b.To
	}
	gap(len(original), "the end")
}

// letters gives what of s is letters and digits.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, s)
}

// TestNothingIsDropped: the ranges of the blocks give back every byte of the original that is not blank, and the text of a block has every letter of its range.
func TestNothingIsDropped(t *testing.T) {
	for name, b := range texts(t) {
		got, err := intake.Read(b, intake.Options{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		whole(t, b, got)
		for _, k := range got.Blocks {
			if letters(k.Text) != letters(string(b[k.From:k.To])) {
				t.Errorf("%s: text %q of %q", name, k.Text, b[k.From:k.To])
			}
		}
		if got.Bytes != len(b) {
			t.Errorf("%s: %d bytes, want %d", name, got.Bytes, len(b))
		}
	}
}

// TestWholeNotices is the control of whole: a lost block, a shortened one and two that overlap are noticed.
func TestWholeNotices(t *testing.T) {
	b := texts(t)["testdata/readouts/en-ministry.txt"]
	for _, c := range []struct {
		what string
		do   func(*intake.Text)
	}{
		{"lost", func(x *intake.Text) { x.Blocks = append(x.Blocks[:3:3], x.Blocks[4:]...) }},
		{"last lost", func(x *intake.Text) { x.Blocks = x.Blocks[:len(x.Blocks)-1] }},
		{"shortened", func(x *intake.Text) { x.Blocks[2].To -= 2 }},
		{"overlap", func(x *intake.Text) { x.Blocks[2].To += 40 }},
	} {
		got, err := intake.Read(b, intake.Options{})
		if err != nil {
			t.Fatal(err)
		}
		c.do(&got)
		if !fails(func(tb testing.TB) { whole(tb, b, got) }) {
			t.Errorf("%s: not noticed", c.what)
		}
	}
}

// fails runs f with a test that only remembers.
func fails(f func(testing.TB)) (failed bool) {
	defer func() { failed = recover() != nil }()
	f(remember{})
	return false
}

type remember struct{ testing.TB }

func (remember) Helper()               {}
func (remember) Fatalf(string, ...any) { panic("failed") }

// TestUnknownStaysPlain: what no rule knows is a plain block, whole, and a text of nothing but signs is one block.
func TestUnknownStaysPlain(t *testing.T) {
	for _, s := range []string{"* * *\n---\n…", "lorem ipsum", "1\n\n2\n\n3", "\ufeff---\nno end of front matter", "= =\n!\n", "title: x", "[]()![]()"} {
		got, err := intake.Read([]byte(s), intake.Options{Language: "en"})
		if err != nil || len(got.Blocks) == 0 {
			t.Errorf("%q: %d blocks, %v", s, len(got.Blocks), err)
			continue
		}
		whole(t, []byte(s), got)
	}
	got, err := intake.Read([]byte("Quarterly figures\n\nThe sluice has nine gates and was painted green in the spring of last year.\n\nGreen paint dries slowly by the river.\n"), intake.Options{})
	if err != nil || len(got.Blocks) != 3 || got.Blocks[2].Kind != readout.Plain {
		t.Errorf("%+v, %v", got.Blocks, err)
	}
}

// TestRefused: bounds at n and n+1, what is not UTF-8, a language without a table.
func TestRefused(t *testing.T) {
	fit := bytes.Repeat([]byte("a"), intake.MaxText)
	if _, err := intake.Read(fit, intake.Options{Language: "en"}); err != nil {
		t.Errorf("at the limit: %v", err)
	}
	if _, err := intake.Read(append(fit, 'a'), intake.Options{Language: "en"}); err == nil {
		t.Error("beyond the limit: taken")
	}
	if _, err := intake.Read([]byte(strings.Repeat("a\n\n", intake.MaxParagraphs)), intake.Options{Language: "en"}); err != nil {
		t.Errorf("paragraphs at the limit: %v", err)
	}
	if _, err := intake.Read([]byte(strings.Repeat("a\n\n", intake.MaxParagraphs+1)), intake.Options{Language: "en"}); err == nil {
		t.Error("paragraphs beyond the limit: taken")
	}
	if _, err := intake.Read([]byte("caf\xe9"), intake.Options{Language: "fr"}); err == nil {
		t.Error("Latin-1 was taken")
	}
	if _, err := intake.Read([]byte("hallo"), intake.Options{Language: "de"}); err == nil || !strings.Contains(err.Error(), "ar, en, es, fr, ru, zh") {
		t.Errorf("a language without a table: %v", err)
	}
}

// TestHardInputEnds: texts made to be slow take no more than a few seconds at the limit of size. They took minutes where a rule looked back from every word.
func TestHardInputEnds(t *testing.T) {
	for _, c := range []struct{ lang, unit string }{
		{"en", "« "}, {"en", "\"a "}, {"en", "Ab said. "}, {"en", "Mr. Ab Cd, Minister of Ef, "}, {"fr", "le ministre de l'"}, {"ar", "وزير والوزير "},
		{"zh", "部长张三"}, {"zh", "甲·乙"}, {"ru", "министр "}, {"es", "el ministro y la ministra "}, {"en", "[a](b) **"}, {"en", "\"a b c d.\" "},
	} {
		b := []byte(strings.Repeat(c.unit, intake.MaxText/len(c.unit)))
		start := time.Now()
		got, err := intake.Read(b, intake.Options{Language: c.lang})
		if err != nil {
			t.Fatalf("%s %q: %v", c.lang, c.unit, err)
		}
		whole(t, b, got)
		if took := time.Since(start); took > 30*time.Second {
			t.Errorf("%s %q: %v", c.lang, c.unit, took)
		} else {
			t.Logf("%s %q: %v, %d blocks", c.lang, c.unit, took.Round(time.Millisecond), len(got.Blocks))
		}
	}
}

// FuzzRead: whatever is read ends, refuses or gives every byte back.
func FuzzRead(f *testing.F) {
	for _, b := range texts(f) {
		f.Add(b, "")
		f.Add(b[:len(b)/2], "en")
	}
	for _, s := range []string{"---\na: b\n---\n", "> «a\n> b»\n", "1. a\n2. b\n", "a:\n- b\n- c", "\ufeff", "‘a’ “b„ 「c」", "2025年十二月11日"} {
		f.Add([]byte(s), "zh")
		f.Add([]byte(s), "ar")
	}
	f.Fuzz(func(t *testing.T, b []byte, lang string) {
		got, err := intake.Read(b, intake.Options{Language: lang})
		if err != nil {
			return
		}
		whole(t, b, got)
	})
}

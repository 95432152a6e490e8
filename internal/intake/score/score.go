// Package score compares what intake finds in a text with its answers (testdata/readouts/README.md says how those are made) and gives precision and
// recall. Tests and measures share it; nothing else imports it. Start from Dir.
package score

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"visavis/internal/intake"
)

// Answers are what stands beside a text.
type Answers struct {
	Language   string          `json:"language"`
	Date       string          `json:"date"`
	Blocks     []Block         `json:"blocks"`
	Attendance []intake.Person `json:"attendance"`
}

// Block is one answer: bytes from to to, without blanks at the ends.
type Block struct {
	Kind    string         `json:"kind"` // a kind of the readout, or front
	From    int            `json:"from"`
	To      int            `json:"to"`
	Speaker *intake.Person `json:"speaker"`
	Text    string         `json:"text"` // for the reader of the answers
}

// Count is what was found and what should have been.
type Count struct{ Right, Found, Wanted int }

// F1 is the harmonic mean of precision and recall; 1 where nothing was wanted and nothing found.
func (c Count) F1() float64 {
	if c.Found+c.Wanted == 0 {
		return 1
	}
	return 2 * float64(c.Right) / float64(c.Found+c.Wanted)
}

// Add sums.
func (c Count) Add(d Count) Count {
	return Count{c.Right + d.Right, c.Found + d.Found, c.Wanted + d.Wanted}
}

// Result is the comparison of one text.
type Result struct {
	Name, Language               string
	Blocks, Speakers, Attendance Count
	Date                         bool     // as answered
	Wrong                        []string // for people
}

// Dir reads every text with answers in a directory.
func Dir(dir string) ([]Result, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.answers.json"))
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("no answers in %s", dir)
	}
	var out []Result
	for _, n := range names {
		r, err := One(strings.TrimSuffix(n, ".answers.json"), n)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Base(n), err)
		}
		out = append(out, r)
	}
	return out, nil
}

// One compares one text with its answers.
func One(text, answers string) (Result, error) {
	original, err := os.ReadFile(text)
	if err != nil {
		return Result{}, err
	}
	b, err := os.ReadFile(answers)
	if err != nil {
		return Result{}, err
	}
	var want Answers
	if err := json.Unmarshal(b, &want); err != nil {
		return Result{}, err
	}
	got, err := intake.Read(original, intake.Options{})
	if err != nil {
		return Result{}, err
	}
	return compare(filepath.Base(text), string(original), got, want), nil
}

type span struct {
	kind     string
	from, to int
	speaker  string
	text     string
}

// core narrows a stretch to the part from its first to its last letter or digit.
func core(s string, from, to int) (int, int) {
	word := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	for from < to {
		r, n := utf8.DecodeRuneInString(s[from:to])
		if word(r) {
			break
		}
		from += n
	}
	for from < to {
		r, n := utf8.DecodeLastRuneInString(s[from:to])
		if word(r) {
			break
		}
		to -= n
	}
	return from, to
}

func compare(name, s string, got intake.Text, want Answers) Result {
	r := Result{Name: name, Language: want.Language, Date: got.Date == want.Date}
	if got.Language != want.Language {
		r.Wrong = append(r.Wrong, fmt.Sprintf("language %s, want %s", got.Language, want.Language))
	}
	if !r.Date {
		r.Wrong = append(r.Wrong, fmt.Sprintf("date %q, want %q", got.Date, want.Date))
	}
	var have, wanted []span
	if got.Front != nil {
		have = append(have, makeSpan(s, "front", got.Front.From, got.Front.To, nil))
	}
	for _, b := range got.Blocks {
		have = append(have, makeSpan(s, string(b.Kind), b.From, b.To, b.Speaker))
	}
	for _, b := range want.Blocks {
		wanted = append(wanted, makeSpan(s, b.Kind, b.From, b.To, b.Speaker))
	}
	r.blocks(have, wanted)
	r.speakers(have, wanted)
	r.attendance(got.Attendance, want.Attendance)
	return r
}

func makeSpan(s, kind string, from, to int, p *intake.Person) span {
	from, to = core(s, from, to)
	return span{kind, from, to, speaker(p), strings.Join(strings.Fields(s[from:to]), " ")}
}

// speaker is the name; the office where there is no name; "" for nobody.
func speaker(p *intake.Person) string {
	switch {
	case p == nil:
		return ""
	case p.Name != "":
		return "name " + plain(p.Name)
	}
	return "office " + plain(p.Office)
}

// plain takes from a text what does not distinguish two names: case, marks, kinds of blanks and apostrophes.
func plain(s string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(s) {
		switch {
		case unicode.Is(unicode.M, r):
		case unicode.IsSpace(r):
			b.WriteByte(' ')
		case r == '’':
			b.WriteByte('\'')
		default:
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return strings.TrimSpace(b.String())
}

func (r *Result) wrong(what string, x span) {
	text := []rune(x.text)
	if len(text) > 70 {
		text = append(text[:50], append([]rune(" … "), text[len(text)-15:]...)...)
	}
	r.Wrong = append(r.Wrong, fmt.Sprintf("%s %s [%s] %s", what, x.kind, x.speaker, string(text)))
}

// blocks: right is a block of the same kind over the same stretch.
func (r *Result) blocks(have, want []span) {
	r.Blocks = Count{Found: len(have), Wanted: len(want)}
	for _, h := range have {
		ok := false
		for _, w := range want {
			ok = ok || h.kind == w.kind && h.from == w.from && h.to == w.to
		}
		if ok {
			r.Blocks.Right++
		} else {
			r.wrong("found ", h)
		}
	}
	for _, w := range want {
		ok := false
		for _, h := range have {
			ok = ok || h.kind == w.kind && h.from == w.from && h.to == w.to
		}
		if !ok {
			r.wrong("missed", w)
		}
	}
}

// speakers: right is the same speaker of a block that covers at least half of the answer's, as the answer's covers half of it.
func (r *Result) speakers(have, want []span) {
	used := map[int]bool{}
	for _, h := range have {
		if h.speaker == "" {
			continue
		}
		r.Speakers.Found++
		ok := false
		for i, w := range want {
			both := min(h.to, w.to) - max(h.from, w.from)
			if !used[i] && w.speaker == h.speaker && 2*both >= h.to-h.from && 2*both >= w.to-w.from {
				used[i], ok = true, true
				break
			}
		}
		if ok {
			r.Speakers.Right++
		} else {
			r.wrong("speaker found ", h)
		}
	}
	for i, w := range want {
		if w.speaker != "" {
			r.Speakers.Wanted++
			if !used[i] {
				r.wrong("speaker missed", w)
			}
		}
	}
}

// attendance: right is the same name with the same office.
func (r *Result) attendance(have, want []intake.Person) {
	r.Attendance = Count{Found: len(have), Wanted: len(want)}
	used := map[int]bool{}
	for _, h := range have {
		ok := false
		for i, w := range want {
			if !used[i] && plain(h.Name) == plain(w.Name) && plain(h.Office) == plain(w.Office) {
				used[i], ok = true, true
				r.Attendance.Right++
				break
			}
		}
		if !ok {
			r.Wrong = append(r.Wrong, fmt.Sprintf("present found  %s | %s", h.Name, h.Office))
		}
	}
	for i, w := range want {
		if !used[i] {
			r.Wrong = append(r.Wrong, fmt.Sprintf("present missed %s | %s", w.Name, w.Office))
		}
	}
}

package meeting

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// TextKind is what a text is for: it decides the length limit and whether lines may be broken.
type TextKind uint8

// Kinds of texts.
const (
	NameText    TextKind = iota // names of people, parties, cities: one line, MaxName signs
	OfficeText                  // office of a person: one line, MaxOffice signs
	TitleText                   // titles of meetings: one line, MaxTitle signs
	NoteText                    // running text: LF allowed, MaxNote signs
	MessageText                 // from officer to officer: LF allowed, MaxMessage signs
)

func (k TextKind) max() int {
	switch k {
	case NameText:
		return MaxName
	case OfficeText:
		return MaxOffice
	case TitleText:
		return MaxTitle
	case MessageText:
		return MaxMessage
	}
	return MaxNote
}

// Clean is the one text gate: it returns s in NFC without white space around it, or an *Error if s may not be shown to anyone:
// text.utf8, text.long, text.empty (nothing visible), text.control, text.invisible (bidi controls, invisible operators, tags,
// annotation marks), text.private (private use, noncharacters), text.marks. ZWJ, ZWNJ, LRM and RLM are letters' company in
// Arabic, Persian and Indic scripts and pass.
func Clean(s string, k TextKind) (string, error) {
	limit := k.max()
	// A sign of NFC comes from at most 4 code points of at most 4 bytes that matter here; what is longer need not be normalised.
	if len(s) > 16*limit {
		return "", fail("text.long", "max", strconv.Itoa(limit))
	}
	if !utf8.ValidString(s) {
		return "", fail("text.utf8")
	}
	s = strings.TrimSpace(norm.NFC.String(s))
	if utf8.RuneCountInString(s) > limit {
		return "", fail("text.long", "max", strconv.Itoa(limit))
	}
	marks, visible := 0, false
	for _, r := range s {
		if code := refused(r, k); code != "" {
			return "", fail(code, "sign", "U+"+strings.ToUpper(strconv.FormatInt(int64(r), 16)))
		}
		if !unicode.Is(unicode.M, r) {
			marks = 0
			visible = visible || unicode.IsGraphic(r) && !unicode.IsSpace(r)
			continue
		}
		if marks++; marks > MaxMarks {
			return "", fail("text.marks", "max", strconv.Itoa(MaxMarks))
		}
	}
	if !visible {
		return "", fail("text.empty")
	}
	return s, nil
}

// refused gives the code for a sign that may stand nowhere, "" for all others.
func refused(r rune, k TextKind) string {
	switch {
	case r == '\n':
		if k == NoteText || k == MessageText {
			return ""
		}
		return "text.control"
	case r < 0x20, r >= 0x7f && r < 0xa0: // C0, DEL, C1
		return "text.control"
	case r == 0x061c, // ALM
		r >= 0x2028 && r <= 0x202e, // line and paragraph separator, bidi embeddings and overrides
		r >= 0x2060 && r <= 0x2064, // word joiner, invisible operators
		r >= 0x2066 && r <= 0x206f, // bidi isolates, deprecated format characters
		r == 0xfeff,
		r >= 0xfff9 && r <= 0xfffb,   // interlinear annotation
		r >= 0xe0000 && r <= 0xe007f: // tags
		return "text.invisible"
	case r >= 0xe000 && r <= 0xf8ff, r >= 0xf0000, // private use; planes 15 and 16 have nothing else but noncharacters
		r >= 0xfdd0 && r <= 0xfdef, r&0xfffe == 0xfffe: // noncharacters
		return "text.private"
	}
	return ""
}

// MixedScript reports whether a name mixes letters of scripts that are not written together, as a look-alike would: a Cyrillic
// letter in a Latin name. Han goes with kana, Hangul and Bopomofo (UTS 39 §5.2); signs common to all scripts are not counted.
func MixedScript(s string) bool {
	var scripts []string
	for _, r := range s {
		if !unicode.IsLetter(r) || unicode.In(r, unicode.Common, unicode.Inherited) {
			continue
		}
		name := scriptOf(r)
		known := false
		for _, n := range scripts {
			known = known || n == name
		}
		if !known {
			scripts = append(scripts, name)
		}
	}
	return len(scripts) > 1 && !together(scripts)
}

func scriptOf(r rune) string {
	for name, table := range unicode.Scripts {
		if unicode.Is(table, r) {
			return name
		}
	}
	return ""
}

// together reports whether all scripts belong to one way of writing.
func together(scripts []string) bool {
	for _, set := range []string{"Han Hiragana Katakana", "Han Hangul", "Han Bopomofo"} {
		in := 0
		for _, n := range scripts {
			for _, m := range strings.Fields(set) {
				if n == m {
					in++
				}
			}
		}
		if in == len(scripts) {
			return true
		}
	}
	return false
}

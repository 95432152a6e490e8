package intake

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"visavis/internal/meeting"
	"visavis/internal/readout"
)

// Options is what the caller knows about a text beforehand.
type Options struct {
	Language string           // tag; "": the front matter or the text says it
	Members  []meeting.Member // of the meeting, where it is known: their names are recognised in whatever form the definition has
}

// Text is what was found in one file. From and To of everything are byte offsets in the original.
type Text struct {
	SHA256     string   `json:"sha256"` // of the original
	Bytes      int      `json:"bytes"`
	Format     string   `json:"format"` // plain | markdown
	Language   string   `json:"language"`
	Title      string   `json:"title,omitempty"`
	Date       string   `json:"date,omitempty"` // YYYY-MM-DD
	Parties    []string `json:"parties,omitempty"`
	Places     []string `json:"places,omitempty"`
	Front      *Front   `json:"front,omitempty"`
	Blocks     []Block  `json:"blocks"`
	Attendance []Person `json:"attendance,omitempty"` // listed as present besides the principals
}

// Front is the front matter.
type Front struct {
	From   int     `json:"from"`
	To     int     `json:"to"`
	Fields []Field `json:"fields"` // as written; those that no rule knows are kept too
}

// Field is one line of front matter.
type Field struct {
	Name  string `json:"name"` // title, date, parties, places, attendance, language; else as written
	Value string `json:"value"`
}

// Block is one piece of the text.
type Block struct {
	From     int           `json:"from"` // of the original, with the signs of Markdown around it
	To       int           `json:"to"`
	Kind     readout.Kind  `json:"kind"` // plain: not recognised
	Speaker  *Person       `json:"speaker,omitempty"`
	Capacity string        `json:"capacity,omitempty"` // another office in which the speaker says that they speak
	Acts     []readout.Act `json:"acts,omitempty"`
	Text     string        `json:"text"` // without the signs of Markdown and line breaks of a wrapped text
	Listed   []Person      `json:"listed,omitempty"`

	from, to int // of Text's own stretch, without separators after it
	s0, s1   int // sentences
}

// Person is somebody whom the text names.
type Person struct {
	Member meeting.MemberID `json:"member,omitempty"` // of Options.Members
	Name   string           `json:"name,omitempty"`   // "": the text has the office alone
	Office string           `json:"office,omitempty"` // as the text has it, without article
}

// Read finds the blocks of a text. It refuses what is not UTF-8, larger than MaxText or has more than MaxParagraphs paragraphs, and a language that has no table; every
// other text gives a result. It may be called concurrently.
func Read(original []byte, o Options) (Text, error) {
	if len(original) > MaxText {
		return Text{}, fmt.Errorf("the text has %d bytes, more than %d", len(original), MaxText)
	}
	if !utf8.Valid(original) {
		return Text{}, fmt.Errorf("the text is not UTF-8")
	}
	sum := sha256.Sum256(original)
	out := Text{SHA256: hex.EncodeToString(sum[:]), Bytes: len(original), Format: "plain"}
	d := &reading{s: string(original), members: o.Members}
	d.front()
	lang := o.Language
	if lang == "" {
		lang = d.field("language")
	}
	lang, _, _ = strings.Cut(strings.ToLower(lang), "-")
	if lang == "" {
		lang = guess(d.s[d.bodyFrom:])
	}
	t, err := tableOf(lang)
	if err != nil {
		return Text{}, err
	}
	d.t, out.Language = t, lang
	d.tokens()
	if err := d.paragraphs(); err != nil {
		return Text{}, err
	}
	if d.markdown {
		out.Format = "markdown"
	}
	d.cut()
	d.place()
	d.people()
	d.sectionOfPresent()
	d.classify()
	d.settle()
	out.Blocks = d.blocks()
	out.Attendance = d.attendance(out.Blocks)
	d.finish(&out)
	return out, nil
}

// finish takes over what the front matter says, and what the text says where the front matter is silent.
func (d *reading) finish(out *Text) {
	if d.frontTo > d.frontFrom {
		out.Front = &Front{From: d.frontFrom, To: d.frontTo, Fields: d.fields}
	}
	out.Title = d.field("title")
	if i := slices.IndexFunc(out.Blocks, func(b Block) bool { return b.Kind == readout.Headline }); out.Title == "" && i >= 0 {
		out.Title = out.Blocks[i].Text
	}
	out.Parties, out.Places = several(d.field("parties")), several(d.field("places"))
	if out.Date = d.isoDate(d.field("date")); out.Date == "" {
		out.Date = d.date()
	}
}

package record

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"visavis/internal/meeting"
)

// attendedJSON is one member in attendance.json.
type attendedJSON struct {
	Member    meeting.MemberID `json:"member"`
	Party     meeting.PartyID  `json:"party"`
	Role      meeting.Role     `json:"role"`
	Name      meeting.Text     `json:"name"`
	Office    meeting.Text     `json:"office,omitempty"`
	Listed    bool             `json:"listed"`
	Intervals []intervalJSON   `json:"intervals"`
}

type intervalJSON struct {
	Joined     string `json:"joined"` // host's clock
	Left       string `json:"left,omitempty"`
	JoinedSaid string `json:"joinedSaid"` // by the member's own node
	LeftSaid   string `json:"leftSaid,omitempty"`
	Offline    bool   `json:"offline,omitempty"`
}

// spokenJSON is one line of speaking.json.
type spokenJSON struct {
	Member   meeting.MemberID `json:"member"`
	Party    meeting.PartyID  `json:"party"`
	Name     meeting.Text     `json:"name"`
	Office   meeting.Text     `json:"office,omitempty"` // in which the member spoke
	Capacity int              `json:"capacity"`
	Floor    bool             `json:"floor"`
	Start    string           `json:"start"`
	End      string           `json:"end,omitempty"`
	Seconds  float64          `json:"seconds"`
	Item     int              `json:"item,omitempty"`
	Open     bool             `json:"open"`
	Language string           `json:"language,omitempty"`
	Offline  bool             `json:"offline,omitempty"`
}

const milli = "2006-01-02T15:04:05.000Z"

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(milli)
}

func (r *Record) attended() []attendedJSON {
	out := []attendedJSON{}
	for _, a := range r.Attendance {
		m, _ := r.Definition.Member(a.Member)
		j := attendedJSON{Member: a.Member, Party: a.Party, Role: a.Role, Name: m.Name, Office: m.Office, Listed: a.Listed, Intervals: []intervalJSON{}}
		for _, i := range a.Intervals {
			j.Intervals = append(j.Intervals, intervalJSON{stamp(i.From), stamp(i.To), stamp(i.FromSaid), stamp(i.ToSaid), i.Offline})
		}
		out = append(out, j)
	}
	return out
}

func (r *Record) spoken() []spokenJSON {
	out := []spokenJSON{}
	for _, s := range r.Spoken {
		m, _ := r.Definition.Member(s.Member)
		j := spokenJSON{Member: s.Member, Party: m.Party, Name: m.Name, Office: m.Office, Capacity: s.Capacity, Floor: s.Floor, Start: stamp(s.Start), End: stamp(s.End),
			Item: s.Item, Open: s.Open, Language: s.Language, Offline: s.Offline}
		if s.Capacity == 1 {
			j.Office = m.Second
		}
		if !s.End.IsZero() {
			j.Seconds = float64(s.End.Sub(s.Start).Milliseconds()) / 1000
		}
		out = append(out, j)
	}
	return out
}

func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(v); err != nil {
		panic("record: a type that JSON cannot write: " + err.Error()) // invariant: plain structs of our own
	}
	return b.Bytes()
}

// attendanceCSV has a line for each interval; times are UTC.
func (r *Record) attendanceCSV() []byte {
	rows := [][]string{{"member", "party", "role", "name", "office", "listed", "joined", "left", "joined_said", "left_said", "offline"}}
	for _, a := range r.attended() {
		for _, i := range a.Intervals {
			rows = append(rows, []string{string(a.Member), string(a.Party), string(a.Role), oneOf(a.Name), oneOf(a.Office), yes(a.Listed), i.Joined, i.Left, i.JoinedSaid, i.LeftSaid, yes(i.Offline)})
		}
	}
	return table(rows)
}

// speakingCSV has a line for each time that somebody spoke.
func (r *Record) speakingCSV() []byte {
	rows := [][]string{{"start", "end", "seconds", "member", "party", "name", "office", "floor", "item", "open", "language", "offline"}}
	for _, s := range r.spoken() {
		rows = append(rows, []string{s.Start, s.End, strconv.FormatFloat(s.Seconds, 'f', 3, 64), string(s.Member), string(s.Party), oneOf(s.Name), oneOf(s.Office), yes(s.Floor),
			strconv.Itoa(s.Item), yes(s.Open), s.Language, yes(s.Offline)})
	}
	return table(rows)
}

func table(rows [][]string) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.UseCRLF = true // RFC 4180 §2
	for _, row := range rows {
		for i := range row {
			row[i] = inert(row[i])
		}
		_ = w.Write(row) // a bytes.Buffer takes everything
	}
	w.Flush()
	return b.Bytes()
}

// inert keeps a spreadsheet from taking a name for a formula.
func inert(s string) string {
	if s != "" && strings.ContainsAny(s[:1], "=+-@\t\r") {
		return "'" + s
	}
	return s
}

// oneOf gives a text in English, else in the first of its languages.
func oneOf(t meeting.Text) string {
	if s, ok := t["en"]; ok {
		return s
	}
	for _, tag := range slices.Sorted(maps.Keys(t)) {
		return t[tag]
	}
	return ""
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

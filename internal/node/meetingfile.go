package node

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	_ "time/tzdata" // a server without /usr/share/zoneinfo knows the parties' clocks all the same

	"visavis/internal/auth"
	"visavis/internal/meeting"
)

// maxMeetingFile bounds a meeting file, bytes: 400 members with names and offices in a dozen languages.
const maxMeetingFile = 1 << 20

// meetingFile is a meeting as an officer writes it. Parties and members keep the order of the file.
type meetingFile struct {
	ID    string            `toml:"id"`
	Host  string            `toml:"host"`
	Start time.Time         `toml:"start"`
	Title map[string]string `toml:"title"`
	Party []partyInFile     `toml:"party"`

	Mode      string       `toml:"mode"`
	Begin     string       `toml:"begin"`
	Chair     string       `toml:"chair"`
	Limit     int          `toml:"limit"`
	Languages []string     `toml:"languages"`
	Agenda    []itemInFile `toml:"agenda"`
}

type itemInFile struct {
	Title   map[string]string `toml:"title"`
	Minutes int               `toml:"minutes"`
}

type partyInFile struct {
	ID       string            `toml:"id"`
	Zone     string            `toml:"zone"`
	Emblem   string            `toml:"emblem"`
	Name     map[string]string `toml:"name"`
	LongName map[string]string `toml:"longName"`
	City     map[string]string `toml:"city"`
	Member   []memberInFile    `toml:"member"`
}

type memberInFile struct {
	ID     string            `toml:"id"`
	Role   string            `toml:"role"`
	Name   map[string]string `toml:"name"`
	Office map[string]string `toml:"office"`
	Second map[string]string `toml:"second"`
}

const texts = `texts by language, as in { en = "…", ar = "…" }`

func meetingRules() []keyRule {
	return []keyRule{
		{"id", "lower-case letters, digits and hyphens"},
		{"host", "the id of one of the parties: its node keeps the order of events"},
		{"start", "date and time with offset, as in 2026-12-01T09:00:00Z"},
		{"title.*", texts},
		{"party.id", "the id in the party's document"},
		{"party.zone", `an IANA time zone, as in "Africa/Cairo"`},
		{"party.emblem", "the name of a PNG file beside the meeting file"},
		{"party.name.*", texts},
		{"party.longName.*", texts},
		{"party.city.*", texts},
		{"party.member.id", "lower-case letters, digits and hyphens, unique in the meeting"},
		{"party.member.role", `"principal", "delegate", "interpreter", "officer" or "technician"`},
		{"party.member.name.*", texts},
		{"party.member.office.*", texts},
		{"party.member.second.*", texts},
		{"mode", `"statements", "precedence", "free" or "chair": how the floor goes round`},
		{"begin", `"open" or "closed": what the start leads to`},
		{"chair", "the id of a member; without it the host's principal"},
		{"limit", "seconds that a statement may take, up to 3600; 0 for any time"},
		{"languages", `tags of what is spoken, as in ["en", "ar"]`},
		{"agenda.title.*", texts},
		{"agenda.minutes", "minutes planned for the item, up to 1440"},
	}
}

// NewMeeting reads a meeting file, checks it, keeps its emblems and its definition, and returns what was kept. Loading the same file twice is no
// error; another file of the same id only with replace. Both parties load the same file: the Digest tells. Mistakes in the file are
// *SettingErrors with their line.
func (d *Dir) NewMeeting(ctx context.Context, path string, replace bool) (meeting.Definition, error) {
	b, err := readBounded(path, maxMeetingFile)
	if err != nil {
		return meeting.Definition{}, fmt.Errorf("read meeting: %w", err)
	}
	var mf meetingFile
	f, err := decodeTOML(path, b, &mf, meetingRules())
	if err != nil {
		return meeting.Definition{}, err
	}
	if e := mf.wrong(f); e != nil {
		return meeting.Definition{}, e
	}
	def := mf.definition()
	blobs := map[string][]byte{}
	for i, p := range mf.Party {
		if p.Emblem == "" {
			continue
		}
		png, err := readEmblem(filepath.Dir(path), p.Emblem)
		if err != nil {
			return meeting.Definition{}, f.bad(fmt.Sprintf("party[%d].emblem", i), "cannot be used: %v", err)
		}
		sum := hexSHA256(png)
		def.Parties[i].Emblem, blobs[sum] = sum, png
	}
	checked, err := recheck(def)
	if err != nil {
		return meeting.Definition{}, &SettingError{File: path, Problem: "is not a meeting: " + err.Error()}
	}
	if _, ok := checked.Party(d.Settings.Party); !ok {
		return meeting.Definition{}, &SettingError{File: path, Key: "party", Problem: fmt.Sprintf("does not name %s, the party of this node", d.Settings.Party)}
	}
	for _, png := range blobs {
		if _, err := d.Store.PutBlob(ctx, png); err != nil {
			return meeting.Definition{}, fmt.Errorf("keep emblem: %w", err)
		}
	}
	return checked, d.addMeeting(ctx, checked, replace)
}

// recheck passes a definition through the gate through which it comes back from the store.
func recheck(def meeting.Definition) (meeting.Definition, error) {
	b, err := json.Marshal(def)
	if err != nil {
		return meeting.Definition{}, err
	}
	return meeting.ParseDefinition(b)
}

// wrong is the first mistake that a line can be named for; meeting.Definition.Check has the rest.
func (m meetingFile) wrong(f *tomlFile) *SettingError {
	switch {
	case m.ID == "":
		return f.bad("id", "is missing")
	case m.Start.IsZero():
		return f.bad("start", "is missing")
	case len(m.Title) == 0:
		return f.bad("title", "is missing")
	case !slices.ContainsFunc(m.Party, func(p partyInFile) bool { return p.ID == m.Host }):
		return f.bad("host", "is %q, which is not one of the parties", m.Host)
	}
	for i, p := range m.Party {
		at := fmt.Sprintf("party[%d]", i)
		if !auth.ValidParty(meeting.PartyID(p.ID)) {
			return f.bad(at+".id", "is %q", p.ID)
		}
		if _, err := time.LoadLocation(p.Zone); err != nil || p.Zone == "" || p.Zone == "Local" {
			return f.bad(at+".zone", "is %q", p.Zone)
		}
		if e := wrongTexts(f, at, map[string]map[string]string{"name": p.Name, "longName": p.LongName, "city": p.City}); e != nil {
			return e
		}
		for j, w := range p.Member {
			at := fmt.Sprintf("%s.member[%d]", at, j)
			if !meeting.Role(w.Role).Known() {
				return f.bad(at+".role", "is %q", w.Role)
			}
			if e := wrongTexts(f, at, map[string]map[string]string{"name": w.Name, "office": w.Office}); e != nil {
				return e
			}
			if len(w.Second) > 0 {
				if e := wrongTexts(f, at, map[string]map[string]string{"second": w.Second}); e != nil {
					return e
				}
			}
		}
	}
	if e := m.wrongFormal(f); e != nil {
		return e
	}
	return wrongTexts(f, "", map[string]map[string]string{"title": m.Title})
}

// wrongFormal is the first mistake in what a formal meeting adds.
func (m meetingFile) wrongFormal(f *tomlFile) *SettingError {
	def := m.definition()
	chair, known := def.Member(def.Chair)
	switch {
	case m.Mode != "" && !def.Mode.Known():
		return f.bad("mode", "is %q", m.Mode)
	case m.Begin != "" && def.Begin != meeting.Opened && def.Begin != meeting.Closed:
		return f.bad("begin", "is %q", m.Begin)
	case m.Chair != "" && (!known || !chair.Role.May(meeting.Speak)):
		return f.bad("chair", "is %q, who is no principal or delegate of this meeting", m.Chair)
	case m.Limit < 0 || m.Limit > meeting.MaxLimit:
		return f.bad("limit", "is %d", m.Limit)
	case len(m.Agenda) > meeting.MaxAgenda:
		return f.bad("agenda", "has %d items, at most %d are allowed", len(m.Agenda), meeting.MaxAgenda)
	}
	for i, item := range m.Agenda {
		at := fmt.Sprintf("agenda[%d]", i)
		if item.Minutes < 0 || item.Minutes > meeting.MaxMinutes {
			return f.bad(at+".minutes", "is %d", item.Minutes)
		}
		if e := wrongTexts(f, at, map[string]map[string]string{"title": item.Title}); e != nil {
			return e
		}
	}
	for i, tag := range m.Languages {
		if !meeting.ValidLanguage(tag) || slices.Contains(m.Languages[:i], tag) {
			return f.bad("languages", "names %q, which is no language tag, or twice", tag)
		}
	}
	set := map[string]bool{"mode": m.Mode != "", "begin": m.Begin != "", "chair": m.Chair != "", "limit": m.Limit != 0}
	for _, key := range slices.Sorted(maps.Keys(set)) {
		if set[key] && !def.Formal() { // else an officer forgotten on one side would leave the doors without keys, and nobody would notice
			return f.bad(key, "holds in a formal meeting only, and here a party is without a member of role \"officer\"")
		}
	}
	return nil
}

func wrongTexts(f *tomlFile, at string, ts map[string]map[string]string) *SettingError {
	kinds := map[string]meeting.TextKind{"title": meeting.TitleText, "office": meeting.OfficeText, "second": meeting.OfficeText}
	for _, key := range slices.Sorted(maps.Keys(ts)) {
		t := ts[key]
		if at != "" {
			key = at + "." + key
		}
		kind, ok := kinds[key[strings.LastIndexByte(key, '.')+1:]]
		if !ok {
			kind = meeting.NameText
		}
		if len(t) == 0 {
			return f.bad(key, "is missing")
		}
		for _, lang := range slices.Sorted(maps.Keys(t)) {
			if _, err := meeting.Clean(t[lang], kind); err != nil {
				var m *meeting.Error
				if errors.As(err, &m) {
					return f.bad(key+"."+lang, "is not allowed (%s)", m.Code)
				}
				return f.bad(key+"."+lang, "is not allowed (%v)", err)
			}
		}
	}
	return nil
}

func (m meetingFile) definition() meeting.Definition {
	def := meeting.Definition{ID: meeting.ID(m.ID), Title: m.Title, Host: meeting.PartyID(m.Host), Start: m.Start.UTC(),
		Mode: meeting.Mode(m.Mode), Begin: meeting.Phase(m.Begin), Chair: meeting.MemberID(m.Chair), Limit: m.Limit, Languages: m.Languages}
	for _, i := range m.Agenda {
		def.Agenda = append(def.Agenda, meeting.Item{Title: i.Title, Minutes: i.Minutes})
	}
	for _, p := range m.Party {
		id := meeting.PartyID(p.ID)
		def.Parties = append(def.Parties, meeting.Party{ID: id, Name: p.Name, LongName: p.LongName, City: p.City, Zone: p.Zone})
		for i, w := range p.Member {
			def.Members = append(def.Members, meeting.Member{
				ID: meeting.MemberID(w.ID), Party: id, Role: meeting.Role(w.Role), Name: w.Name, Office: w.Office, Second: w.Second, Precedence: i + 1,
			})
		}
	}
	return def
}

// readEmblem reads an emblem that lies beside the meeting file and nowhere else: the file may have come from the other party.
func readEmblem(dir, name string) ([]byte, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return emblem(f)
}

// Digest is the digest of a definition, in the form that people compare between the parties.
func Digest(d meeting.Definition) string {
	h := d.Digest()
	return hex.EncodeToString(h[:])
}

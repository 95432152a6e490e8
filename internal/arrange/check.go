package arrange

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"visavis/internal/meeting"
)

// Problem is one thing that keeps a draft from being proposed. Path names the field as Flatten does: "title.ar", "parties.avelmar.zone",
// "members.avelmar-vess.office.en", "agenda.2.minutes"; "" is the whole.
type Problem struct {
	Path string
	Code string
	Args map[string]string
}

// Problems lists what is wrong with a draft: every text that may not be shown to anyone, each with its field, and the first broken rule of
// meeting.Definition.Check. An empty list means that the draft can be proposed.
func Problems(d meeting.Definition) []Problem {
	var out []Problem
	for _, p := range d.Parties {
		if _, err := time.LoadLocation(p.Zone); err != nil || p.Zone == "" || p.Zone == "Local" {
			out = append(out, Problem{Path: "parties." + string(p.ID) + ".zone", Code: "party.zone", Args: map[string]string{"party": string(p.ID)}})
		}
	}
	out = append(out, texts(d)...)
	if len(d.Title) == 0 {
		out = append(out, Problem{Path: "title", Code: "text.empty"})
	}
	for _, m := range d.Members {
		if len(m.Name) == 0 {
			out = append(out, Problem{Path: "members." + string(m.ID) + ".name", Code: "text.empty"})
		}
	}
	if len(out) > 0 {
		return out
	}
	clean, err := d.Clean()
	if err == nil {
		err = clean.Check()
	}
	var e *meeting.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &e):
		return []Problem{{Path: pathOf(e), Code: e.Code, Args: e.Args}}
	}
	return []Problem{{Code: "internal"}}
}

// texts are the problems of single texts. Which kind a text is follows from its field, as in meeting.Definition.Clean.
func texts(d meeting.Definition) []Problem {
	var out []Problem
	look := func(path string, t meeting.Text, k meeting.TextKind) {
		for _, tag := range sortedKeys(t) {
			var e *meeting.Error
			if _, err := meeting.Clean(t[tag], k); errors.As(err, &e) {
				out = append(out, Problem{Path: path + "." + tag, Code: e.Code, Args: e.Args})
			}
		}
	}
	look("title", d.Title, meeting.TitleText)
	for _, p := range d.Parties {
		at := "parties." + string(p.ID)
		look(at+".name", p.Name, meeting.NameText)
		look(at+".longName", p.LongName, meeting.NameText)
		look(at+".city", p.City, meeting.NameText)
	}
	for _, m := range d.Members {
		at := "members." + string(m.ID)
		look(at+".name", m.Name, meeting.NameText)
		look(at+".office", m.Office, meeting.OfficeText)
		look(at+".second", m.Second, meeting.OfficeText)
	}
	for i, a := range d.Agenda {
		look("agenda."+strconv.Itoa(i)+".title", a.Title, meeting.TitleText)
	}
	return out
}

// pathOf finds the field that an error of meeting.Definition.Check is about.
func pathOf(e *meeting.Error) string {
	thing, field, _ := strings.Cut(e.Code, ".")
	switch {
	case e.Args["member"] != "":
		return "members." + e.Args["member"] + "." + field
	case e.Args["party"] != "" && thing == "party":
		if field == "members" || field == "principals" {
			return "parties." + e.Args["party"]
		}
		return "parties." + e.Args["party"] + "." + field
	case e.Args["field"] != "":
		return e.Args["field"]
	case thing == "meeting" && slices.Contains([]string{"id", "start", "host", "members", "parties"}, field):
		return field
	case thing == "meeting" || thing == "agenda":
		return field
	}
	return ""
}

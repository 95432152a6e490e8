package meeting_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"visavis/internal/meeting"
)

// short is a member's id without the party.
func short(id meeting.MemberID) string {
	_, name, _ := strings.Cut(string(id), "-")
	return name
}

// TestPlan reads the situations of testdata/plan.
func TestPlan(t *testing.T) {
	files, err := filepath.Glob("testdata/plan/*.txtar")
	if err != nil || len(files) < 8 {
		t.Fatalf("situations: %v, %v", files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { situation(t, file) })
	}
}

func situation(t *testing.T, file string) {
	a, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	parts := map[string][]string{}
	for _, f := range a.Files {
		parts[f.Name] = strings.Split(strings.TrimSpace(string(f.Data)), "\n")
	}
	which, stage := "", 0
	if n, err := fmt.Sscanf(strings.Replace(parts["meeting"][0], ",", " ", 1), "%s room for %d", &which, &stage); n != 2 {
		t.Fatalf("meeting: %v", err)
	}
	d := annual()
	if which == "three" {
		d = three()
	}
	ids := map[string]meeting.MemberID{"sarrand": "calwen-sarrand"}
	for _, m := range d.Members {
		ids[short(m.ID)] = m.ID
	}
	s := meeting.Begin(d)
	for _, line := range parts["what happens"] {
		s = happens(t, s, ids, line)
	}
	p := meeting.NewPlan(s)
	var hears, sees, crosses []string
	for _, m := range inOrder(parts["hears"], ids) {
		v, ok := p.Views[m]
		if !ok {
			t.Errorf("%s is not present", m)
		}
		hears = append(hears, short(m)+": "+names(v.Hear, "nobody"))
		n := len(d.Parties)
		if len(v.Stage) < n {
			t.Fatalf("%s: %d places", m, len(v.Stage))
		}
		line := fmt.Sprintf("%s: %s | %s | %s", short(m), names(v.Stage[:1], ""), names(v.Stage[1:n], ""), names(v.Stage[n:], ""))
		sees = append(sees, strings.TrimSpace(line))
	}
	if len(p.Views) != len(hears) {
		t.Errorf("%d members have a view, the situation names %d", len(p.Views), len(hears))
	}
	for _, party := range d.Parties {
		mics, cams := p.Wanted(party.ID, s, stage)
		crosses = append(crosses, fmt.Sprintf("to %s: microphones %s; cameras %s", party.ID, names(mics, "none"), names(cams, "none")))
	}
	compare(t, "hears", hears, parts["hears"])
	if stage >= 6 {
		compare(t, "sees", sees, parts["sees"])
	} else { // pages show the first places only
		for i := range sees {
			f := strings.Split(sees[i], "|")
			sees[i] = strings.TrimSpace(f[0] + "|" + f[1] + "|")
		}
		compare(t, "sees", sees, parts["sees"])
	}
	compare(t, "crosses", crosses, parts["crosses"])
}

// happens applies one line: "avelmar: tarroven opens microphone and camera", perhaps with "refused code".
func happens(t *testing.T, s meeting.State, ids map[string]meeting.MemberID, line string) meeting.State {
	t.Helper()
	line, refused, _ := strings.Cut(line, "refused ")
	by, what, _ := strings.Cut(line, ": ")
	f := strings.Fields(what)
	id, ok := ids[f[0]]
	if !ok || len(f) < 2 {
		t.Fatalf("line %q", line)
	}
	e := meeting.Event{Member: id}
	switch f[1] {
	case "joins":
		e.Kind = meeting.MemberJoined
	case "leaves":
		e.Kind = meeting.MemberLeft
	case "opens", "closes":
		e.Kind = meeting.MemberDevices
		on := f[1] == "opens"
		for _, device := range f[2:] {
			switch device {
			case "microphone":
				e.Mic = &on
			case "camera":
				e.Camera = &on
			case "and":
			default:
				t.Fatalf("device %q", device)
			}
		}
	default:
		t.Fatalf("line %q", line)
	}
	next, err := meeting.Apply(s, meeting.PartyID(by), start.Add(time.Second), e)
	wantCode(t, line, err, strings.TrimSpace(refused))
	return next
}

func inOrder(lines []string, ids map[string]meeting.MemberID) (out []meeting.MemberID) {
	for _, l := range lines {
		who, _, _ := strings.Cut(l, ":")
		out = append(out, ids[who])
	}
	return out
}

func names(list []meeting.MemberID, none string) string {
	if len(list) == 0 {
		return none
	}
	var out []string
	for _, m := range list {
		if m == "" {
			out = append(out, "-")
		} else {
			out = append(out, short(m))
		}
	}
	return strings.Join(out, " ")
}

func compare(t *testing.T, what string, got, want []string) {
	t.Helper()
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("%s:\n%s\nwant\n%s", what, g, w)
	}
}

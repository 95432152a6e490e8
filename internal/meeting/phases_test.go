package meeting_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"visavis/internal/meeting"
)

// read gives the parts of a situation, line by line, and the desk after what happened.
func read(t *testing.T, file string) (map[string][]string, desk) {
	t.Helper()
	a, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	parts := map[string][]string{}
	for _, f := range a.Files {
		parts[f.Name] = strings.Split(strings.TrimRight(string(f.Data), "\n"), "\n")
	}
	which := definitions()[parts["meeting"][0]]
	if which == nil {
		t.Fatalf("meeting %q", parts["meeting"])
	}
	d := newDesk(which())
	if err := d.s.Definition.Check(); err != nil {
		t.Fatal(err)
	}
	d.run(t, parts["what happens"]...)
	return parts, d
}

// TestPhases measures who hears and sees whom against the tables of testdata/phases: of every phase there must be one.
func TestPhases(t *testing.T) {
	files, err := filepath.Glob("testdata/phases/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[meeting.Phase]bool{}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			parts, d := read(t, file)
			if d.s.Formal {
				seen[d.s.Phase] = true
			}
			if !strings.HasPrefix(filepath.Base(file)[2:], string(d.s.Phase)) && d.s.Formal {
				t.Errorf("phase is %s", d.s.Phase)
			}
			openDevices(t, &d, parts["devices"])
			p := meeting.NewPlan(d.s)
			grid(t, d, "hears", parts["hears"], p, p.Mics, func(v meeting.View) []meeting.MemberID { return v.Hear })
			grid(t, d, "sees", parts["sees"], p, shown(d.s), func(v meeting.View) []meeting.MemberID { return v.Stage })
			var crosses []string
			for _, way := range [][2]meeting.PartyID{{"avelmar", "tolmeria"}, {"tolmeria", "avelmar"}} {
				mics, cams := d.s.Offered(way[0], way[1])
				crosses = append(crosses, fmt.Sprintf("%s to %s: microphones %s; cameras %s", way[0], way[1], names(mics, "none"), names(cams, "none")))
			}
			compare(t, "crosses", crosses, parts["crosses"])
		})
	}
	for _, phase := range meeting.Phases() {
		if !seen[phase] {
			t.Errorf("there is no table for phase %s", phase)
		}
	}
}

// openDevices lets everybody who is present try both devices and compares what comes of it.
func openDevices(t *testing.T, d *desk, lines []string) {
	t.Helper()
	got := []string{"microphone camera"}
	for _, m := range d.s.Definition.Members {
		if _, ok := d.s.Present[m.ID]; !ok {
			continue
		}
		line := short(m.ID)
		for _, what := range []string{"opens microphone", "opens camera"} {
			code := codeOf(d.act(short(m.ID), what))
			if code == "" {
				code = "yes"
			}
			line += " " + code
		}
		got = append(got, line)
	}
	want := slices.Clone(lines)
	for i := range want {
		want[i] = strings.Join(strings.Fields(want[i]), " ")
	}
	slices.Sort(got)
	slices.Sort(want)
	compare(t, "devices", got, want)
}

// shown gives those who may be shown in s.
func shown(s meeting.State) (out []meeting.MemberID) {
	for _, m := range s.Definition.Members {
		if p, ok := s.Present[m.ID]; ok && m.Role.May(meeting.Show) && (p.Camera || m.Role == meeting.Principal) {
			out = append(out, m.ID)
		}
	}
	return out
}

// grid compares a table of viewers and members. "nobody" stands for a table without any x; then the program may name no columns.
func grid(t *testing.T, d desk, what string, lines []string, p meeting.Plan, columns []meeting.MemberID, of func(meeting.View) []meeting.MemberID) {
	t.Helper()
	views := map[string]meeting.View{}
	for id, v := range p.Views {
		views[short(id)] = v
	}
	for _, party := range []meeting.PartyID{"avelmar", "tolmeria"} {
		views["press "+string(party)] = d.s.Audience(party)
	}
	for viewer, v := range views {
		if slices.Contains(of(v), d.id(viewer)) {
			t.Errorf("%s %s itself", viewer, what)
		}
	}
	if lines[0] == "nobody" {
		for viewer, v := range views {
			for _, id := range of(v) {
				if id != "" {
					t.Errorf("%s: %s %s, want nobody", viewer, what, id)
				}
			}
		}
		return
	}
	head := strings.Fields(lines[0])
	if got := strings.Fields(names(columns, "")); !slices.Equal(sorted(got), sorted(head)) {
		t.Errorf("%s: columns %v, want %v", what, got, head)
	}
	for _, line := range lines[1:] {
		f := strings.Fields(line)
		viewer, cells := strings.Join(f[:len(f)-len(head)], " "), f[len(f)-len(head):]
		v, ok := views[viewer]
		if !ok {
			t.Errorf("%s is not there", viewer)
		}
		delete(views, viewer)
		for i, cell := range cells {
			if got, want := slices.Contains(of(v), d.id(head[i])), cell == "x"; got != want || cell != "x" && cell != "." {
				t.Errorf("%s %s %s: %v, want %v", viewer, what, head[i], got, want)
			}
		}
		for _, id := range of(v) {
			if id != "" && !slices.Contains(head, short(id)) {
				t.Errorf("%s %s %s, who is not in the table", viewer, what, id)
			}
		}
	}
	if len(views) != 0 {
		t.Errorf("%s: no line for %v", what, views)
	}
}

func sorted(s []string) []string {
	s = slices.Clone(s)
	slices.Sort(s)
	return s
}

// words are those of testdata/acts and what they stand for.
var words = map[string][]string{
	"yes": {""}, "role": {"member.role"}, "phase": {"phase.wrong"}, "far": {"member.foreign"}, "-": {"member.unknown"}, "floor": {"floor.none"},
	"holder": {"floor.holder"}, "held": {"floor.held"}, "chair": {"floor.chair"}, "raised": {"hand.raised", "order.raised"},
	"lowered": {"hand.lowered", "order.lowered"}, "key": {"key.none"}, "record": {"record.off"}, "office": {"member.capacity"},
	"informal": {"meeting.informal"},
}

// TestActs measures every cell of role × act × phase against the tables of testdata/acts. Every kind of event that is not about
// coming must stand in every table, and every phase must have one.
func TestActs(t *testing.T) {
	files, err := filepath.Glob("testdata/acts/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	seen, cells := map[meeting.Phase]bool{}, 0
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			parts, d := read(t, file)
			if d.s.Formal {
				seen[d.s.Phase] = true
			}
			head := strings.Fields(parts["acts"][0])
			kinds := map[meeting.Kind]bool{meeting.MemberJoined: true}
			for _, line := range parts["acts"][1:] {
				f := strings.Fields(line)
				what, row := strings.Join(f[:len(f)-len(head)], " "), f[len(f)-len(head):]
				for i, cell := range row {
					one := d // a value: each cell begins anew
					e, ok := one.event(head[i], what)
					if kinds[e.Kind] = true; !ok {
						t.Fatalf("no such act: %s", what)
					}
					want, known := words[cell]
					if got := codeOf(one.act(head[i], what)); !known || !slices.Contains(want, got) {
						t.Errorf("%s %s: got %q, want %q", head[i], what, got, cell)
					}
					cells++
				}
			}
			for _, k := range meeting.Kinds() {
				if !kinds[k] {
					t.Errorf("no row for %s", k)
				}
			}
		})
	}
	for _, phase := range meeting.Phases() {
		if !seen[phase] {
			t.Errorf("there is no table for phase %s", phase)
		}
	}
	t.Logf("%d cells", cells)
}

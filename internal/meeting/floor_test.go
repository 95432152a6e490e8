package meeting_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"visavis/internal/meeting"
)

// TestStatements: each once, principals first, then by precedence, among equals in the order of the parties; only who is next gets the
// floor, and a point of order comes before.
func TestStatements(t *testing.T) {
	k := at(t, summit(), meeting.Closed)
	k.run(t, "vost sets the floor to statements")
	if got := names(k.s.Order(), ""); got != "tarroven kosvane aldesh thorrick ombrand soste" {
		t.Fatalf("order %s", got)
	}
	k.run(t, "vost gives the floor to kosvane refused floor.order", "vost gives the floor to tarroven")
	if f := k.s.Floor; f.Limit != 180*time.Second || !f.Since.Equal(k.now) || !f.Acknowledged.IsZero() {
		t.Errorf("floor %+v, want the limit of the definition", f)
	}
	k.run(t,
		"kosvane acknowledges refused floor.holder", "tarroven acknowledges in fr refused text.language", "tarroven acknowledges in ar",
		"tarroven acknowledges refused floor.acknowledged", "tarroven yields", "tarroven yields refused floor.holder",
		"vost gives the floor to tarroven refused floor.order",
		"quintar gives the floor to thorrick refused floor.order", "quintar gives the floor to kosvane", // own people, nobody has it
		"quintar gives the floor to thorrick refused floor.held",
		"aldesh leaves", "soste raises a point of order",
		"vost gives the floor to soste", // out of turn
		"vost gives the floor to thorrick", "vost takes the floor from thorrick", "aldesh joins", "vost gives the floor to aldesh",
		"vost gives the floor to ombrand")
	if got := k.s.Next(); got != "" {
		t.Errorf("everybody has spoken, next is %s", got)
	}
	if got := names(k.s.Floor.Spoken, ""); got != "tarroven kosvane soste thorrick aldesh ombrand" {
		t.Errorf("spoken %s", got)
	}
	k.run(t, "vost gives the floor to kosvane refused floor.order", "vost sets the floor to statements")
	if got := names([]meeting.MemberID{k.s.Next()}, ""); got != "tarroven" || k.s.Floor.Holder != "avelmar-ombrand" {
		t.Errorf("second round: next %s, holder %s", got, k.s.Floor.Holder)
	}
	late := at(t, summit(), meeting.Closed) // who comes late is next when he comes
	late.run(t, "kosvane leaves", "vost sets the floor to statements", "vost gives the floor to tarroven", "vost gives the floor to aldesh",
		"kosvane joins", "vost gives the floor to thorrick refused floor.order", "vost gives the floor to kosvane")
}

// TestByPrecedence: of those who ask, who stands first; if nobody asks, the chair's officer chooses.
func TestByPrecedence(t *testing.T) {
	k := at(t, summit(), meeting.Closed)
	k.run(t, "vost sets the floor to precedence", "vost gives the floor to soste", "soste yields",
		"soste raises a hand", "thorrick raises a hand", "aldesh raises a hand")
	if got := names([]meeting.MemberID{k.s.Next()}, ""); got != "aldesh" {
		t.Fatalf("next %s: both are second in their delegations, Avelmar is the first party", got)
	}
	k.run(t, "vost gives the floor to soste refused floor.order", "vost gives the floor to tarroven refused floor.order",
		"vost gives the floor to aldesh")
	if got := names(k.s.Floor.Hands, ""); got != "soste thorrick" {
		t.Errorf("hands %s: who has the floor has no hand up", got)
	}
	k.run(t, "kosvane raises a hand", "vost gives the floor to kosvane", "vost gives the floor to thorrick", "vost gives the floor to soste")
	if k.s.Floor.Limit != 0 {
		t.Errorf("limit %v, want none but in statements", k.s.Floor.Limit)
	}
}

// TestChairGrants: another party's officer gives the floor to nobody, but may take it from own people; the chair's party is that of the
// chair, not the host's.
func TestChairGrants(t *testing.T) {
	d := summit()
	d.Chair = "tolmeria-kosvane"
	if err := d.Check(); err != nil {
		t.Fatal(err)
	}
	k := at(t, d, meeting.Closed)
	k.run(t, "vost sets the floor to chair refused floor.chair", "quintar sets the floor to chair",
		"vost gives the floor to aldesh refused floor.chair", "vost gives the floor to thorrick refused member.foreign",
		"quintar gives the floor to aldesh", "vost takes the floor from aldesh",
		"quintar gives the floor to thorrick", "vost takes the floor from thorrick refused member.foreign",
		"quintar takes the floor from aldesh refused floor.holder", "quintar takes the floor from thorrick",
		"vost moves to item 1 refused floor.chair", "quintar moves to item 2", "quintar moves to item 3 refused agenda.item", "quintar moves to no item")
	e, _ := k.event("quintar", "gives the floor to aldesh")
	e.Limit = 90
	if err := k.add("tolmeria", e); err != nil || k.s.Floor.Limit != 90*time.Second {
		t.Errorf("limit %v, %v", k.s.Floor.Limit, err)
	}
	e.Limit = meeting.MaxLimit + 1
	wantCode(t, "limit", k.add("tolmeria", e), "floor.limit")
}

// TestLosingTheFloor: who loses it, in whatever way, has the microphone off, and does not get it back with the floor. The control of
// each: nothing happens, and it stays on.
func TestLosingTheFloor(t *testing.T) {
	for _, c := range []struct {
		what string
		mic  bool
	}{
		{"aldesh acknowledges", true}, {"quintar closes the doors", true}, {"soste leaves", true}, {"vost moves to item 1", true},
		{"aldesh yields", false}, {"vost takes the floor from aldesh", false}, {"vost gives the floor to soste", false},
		{"vost ends the meeting", false}, {"aldesh leaves", false}, {"aldesh closes microphone", false},
	} {
		k := at(t, summit(), meeting.Opened)
		k.run(t, "aldesh opens microphone refused floor.none", "vost gives the floor to aldesh")
		if got := meeting.NewPlan(k.s).Mics; len(got) != 0 {
			t.Fatalf("the floor opened a microphone: %v", got)
		}
		k.run(t, "aldesh opens microphone", c.what)
		if got := slices.Contains(meeting.NewPlan(k.s).Mics, "avelmar-aldesh"); got != c.mic {
			t.Errorf("%s: microphone %v, want %v", c.what, got, c.mic)
		}
		if c.mic || !k.s.Phase.Live() {
			continue
		}
		if _, ok := k.s.Present["avelmar-aldesh"]; !ok {
			k.run(t, "aldesh joins")
		}
		if k.s.Floor.Holder != "avelmar-aldesh" {
			k.run(t, "vost gives the floor to aldesh")
		}
		if got := k.s.Present["avelmar-aldesh"].Mic; got {
			t.Errorf("%s: with the floor the microphone came back by itself", c.what)
		}
		k.run(t, "aldesh opens microphone")
	}
}

// TestFloorAcrossPhases: closing the doors interrupts nobody; opening them again takes the floor, and hands stay up.
func TestFloorAcrossPhases(t *testing.T) {
	k := at(t, summit(), meeting.Opened)
	k.run(t, "vost gives the floor to thorrick", "thorrick acknowledges in es", "thorrick opens microphone", "aldesh raises a hand", "vost moves to item 1",
		"quintar closes the doors")
	if f := k.s.Floor; f.Holder != "tolmeria-thorrick" || f.Acknowledged.IsZero() || f.Language != "es" || !k.s.Present["tolmeria-thorrick"].Mic {
		t.Errorf("closing: %+v", f)
	}
	k.run(t, "vost turns the key to open", "quintar turns the key to open")
	if f := k.s.Floor; f.Holder != "" || k.s.Present["tolmeria-thorrick"].Mic || names(f.Hands, "") != "aldesh" || f.Item != 1 {
		t.Errorf("opening again: %+v", f)
	}
}

// TestCapacity: a person with two offices says in which one she speaks.
func TestCapacity(t *testing.T) {
	k := at(t, summit(), meeting.Closed)
	k.run(t, "tarroven speaks in the second office")
	if k.s.Present["avelmar-tarroven"].Capacity != 1 {
		t.Error("not in the second office")
	}
	k.run(t, "vost puts tarroven into the first office", "aldesh speaks in the second office refused member.capacity", "aldesh speaks in the first office")
	if k.s.Present["avelmar-tarroven"].Capacity != 0 {
		t.Error("still in the second office")
	}
}

func TestSpeakingLog(t *testing.T) {
	k := at(t, summit(), meeting.Opened)
	zero := k.now
	k.run(t,
		"tarroven opens microphone",      // 1
		"vost gives the floor to aldesh", // 2
		"aldesh acknowledges in ar",      // 3
		"vost moves to item 1",           // 4: both lines end and begin
		"aldesh yields",                  // 5
		"quintar closes the doors",       // 6
		"tarroven closes microphone",     // 7
		"vost sets the floor to chair",   // 8
		"vost gives the floor to kosvane")
	got, err := meeting.SpeakingLog(k.s.Definition, k.es)
	if err != nil {
		t.Fatal(err)
	}
	second := func(x time.Time) string {
		if x.IsZero() {
			return "…"
		}
		return x.Sub(zero).String()
	}
	var lines []string
	for _, s := range got {
		line := short(s.Member) + " " + second(s.Start) + "-" + second(s.End) + " item " + string(rune('0'+s.Item))
		if s.Floor {
			line += " floor"
		}
		if s.Open {
			line += " open"
		}
		lines = append(lines, strings.Join(sorted(strings.Fields(line)), " ")+" "+s.Language)
	}
	want := []string{
		"0 1s-4s item open tarroven ",
		"0 2s-4s aldesh floor item open ar",
		"1 4s-5s aldesh floor item open ar",
		"1 4s-6s item open tarroven ",
		"1 6s-7s item tarroven ",
		"1 9s-… floor item kosvane ",
	}
	compare(t, "speaking log", lines, want)
	k.off = true
	k.run(t, "kosvane yields")
	got, _ = meeting.SpeakingLog(k.s.Definition, k.es)
	if last := got[len(got)-1]; !last.Offline || !last.End.Equal(k.now) || last.Capacity != 0 {
		t.Errorf("yielded during a cut: %+v, want the mark and the time of arrival", last)
	}
	bad := k.es[len(k.es)-1:]
	if _, err := meeting.SpeakingLog(k.s.Definition, bad); err == nil {
		t.Error("a log without its beginning was taken")
	}
}

// TestTechnicianAdmitted: by the own officer, until it leaves.
func TestTechnicianAdmitted(t *testing.T) {
	k := at(t, summit(), meeting.Closed)
	hears := func() int { return len(meeting.NewPlan(k.s).Views["avelmar-ormeran"].Hear) }
	k.run(t, "tarroven opens microphone", "vost admits aldesh refused member.role", "quintar admits ormeran refused member.foreign")
	if hears() != 0 {
		t.Fatal("hears without leave")
	}
	k.run(t, "vost admits ormeran")
	if hears() != 1 {
		t.Error("admitted, and hears nothing")
	}
	k.run(t, "vost dismisses ormeran")
	if hears() != 0 {
		t.Error("dismissed, and still hears")
	}
	k.run(t, "vost admits ormeran", "ormeran leaves", "ormeran joins")
	if hears() != 0 {
		t.Error("came back with the old leave")
	}
}

// TestMicrophonesAcrossPhases: where more people will hear, all microphones go off; where fewer will, they stay (the control). Cameras go
// off for a rehearsal only. Each can be opened again at once by its own member.
func TestMicrophonesAcrossPhases(t *testing.T) {
	for _, c := range []struct {
		from meeting.Phase
		then []string
		on   bool
	}{
		{meeting.Waiting, []string{"quintar begins the rehearsal"}, false},
		{meeting.Rehearsal, []string{"quintar calls to wait"}, true},
		{meeting.Waiting, []string{"quintar turns the key to start", "vost turns the key to start"}, false},
		{meeting.Closed, []string{"quintar turns the key to open", "vost turns the key to open"}, false},
		{meeting.Closed, []string{"quintar turns the key to record", "vost turns the key to record"}, true},
		{meeting.Opened, []string{"quintar closes the doors"}, true},
	} {
		k := at(t, summit(), c.from)
		k.run(t, "tarroven opens microphone and camera")
		k.run(t, c.then...)
		p := k.s.Present["avelmar-tarroven"]
		camera := k.s.Phase != meeting.Rehearsal // the other side's officer begins to see it
		if p.Mic != c.on || p.Camera != camera {
			t.Errorf("%s, then %v: microphone %v, camera %v, want %v and %v", c.from, c.then, p.Mic, p.Camera, c.on, camera)
		}
		k.run(t, "tarroven opens microphone")
	}
}

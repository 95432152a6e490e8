package meeting_test

import (
	"slices"
	"testing"
	"time"

	"visavis/internal/meeting"
)

// at brings a meeting to a phase.
func at(t *testing.T, d meeting.Definition, phase meeting.Phase) desk {
	t.Helper()
	k := newDesk(d)
	k.run(t, "everybody joins")
	keys := func(action string) {
		for _, m := range d.Members {
			if m.Role == meeting.Officer {
				k.run(t, short(m.ID)+" turns the key to "+action)
			}
		}
	}
	switch phase {
	case meeting.Planned:
		return k
	case meeting.Rehearsal:
		k.run(t, "vost begins the rehearsal")
		return k
	}
	k.run(t, "vost calls to wait")
	if phase == meeting.Waiting {
		return k
	}
	keys("start")
	if phase == meeting.Opened {
		keys("open")
	}
	if phase == meeting.Ended || phase == meeting.Sealed {
		k.run(t, "quintar ends the meeting")
	}
	if phase == meeting.Sealed {
		k.run(t, "quintar seals the record")
	}
	if k.s.Phase != phase {
		t.Fatalf("phase %s, want %s", k.s.Phase, phase)
	}
	return k
}

// raising are the actions that take two keys, and where.
var raising = []struct {
	action string
	from   meeting.Phase
	done   func(meeting.State) bool
}{
	{"start", meeting.Waiting, func(s meeting.State) bool { return s.Phase == meeting.Closed }},
	{"open", meeting.Closed, func(s meeting.State) bool { return s.Phase == meeting.Opened }},
	{"record", meeting.Opened, func(s meeting.State) bool { return s.Recording }},
	{"record", meeting.Closed, func(s meeting.State) bool { return s.Recording }},
	{"publish", meeting.Ended, func(s meeting.State) bool { return s.Published }},
	{"publish", meeting.Sealed, func(s meeting.State) bool { return s.Published }},
}

// TestOneKeyNeverOpens: one party alone, however often it turns its key and whoever of its people does, does nothing that needs two.
// The control: with the other party's key it is done, in either order.
func TestOneKeyNeverOpens(t *testing.T) {
	for _, c := range raising {
		for _, order := range [][]string{{"vost", "quintar"}, {"quintar", "vost"}} {
			k := at(t, summit(), c.from)
			for range 3 {
				k.run(t, order[0]+" turns the key to "+c.action)
			}
			if c.done(k.s) || len(k.s.Pending(meeting.Action(c.action), k.now)) != 1 {
				t.Fatalf("%s in %s by %s alone: done, keys %v", c.action, c.from, order[0], k.s.Keys)
			}
			k.run(t, order[1]+" turns the key to "+c.action)
			if !c.done(k.s) || len(k.s.Keys) != 0 {
				t.Errorf("control: %s in %s by %v: not done, keys %v", c.action, c.from, order, k.s.Keys)
			}
		}
		k := at(t, summit(), c.from)
		k.run(t, "tarroven turns the key to "+c.action+" refused member.role", "quintar leaves", "kosvane leaves", "thorrick leaves",
			"soste leaves", "drost leaves", "haskin leaves", "vost turns the key to "+c.action)
		if c.done(k.s) {
			t.Errorf("%s in %s: one key was enough because the other side had left", c.action, c.from)
		}
		if got := k.s.Missing(meeting.Action(c.action), k.now); !slices.Equal(got, []meeting.PartyID{"tolmeria"}) {
			t.Errorf("%s in %s: missing %v, want tolmeria", c.action, c.from, got)
		}
	}
}

// TestOneKeyAlwaysCloses: either officer alone lowers, whatever the other does, and also while the link is cut. The control: a cut
// lets nobody raise.
func TestOneKeyAlwaysCloses(t *testing.T) {
	for _, c := range []struct {
		what string
		from meeting.Phase
		done func(meeting.State) bool
	}{
		{"closes the doors", meeting.Opened, func(s meeting.State) bool { return s.Phase == meeting.Closed }},
		{"ends the meeting", meeting.Opened, func(s meeting.State) bool { return s.Phase == meeting.Ended }},
		{"ends the meeting", meeting.Closed, func(s meeting.State) bool { return s.Phase == meeting.Ended }},
		{"stops the record", meeting.Closed, func(s meeting.State) bool { return !s.Recording }},
	} {
		for _, who := range []string{"vost", "quintar"} {
			for _, cut := range []bool{false, true} {
				k := at(t, summit(), c.from)
				k.run(t, "vost turns the key to record", "quintar turns the key to record")
				k.off = cut
				k.run(t, who+" "+c.what)
				if !c.done(k.s) {
					t.Errorf("%s %s in %s, cut %v: not done", who, c.what, c.from, cut)
				}
			}
		}
	}
	k := at(t, summit(), meeting.Waiting)
	k.off = true
	k.run(t, "vost turns the key to start refused event.offline", "vost begins the rehearsal refused event.offline")
	k.off, k.lag = false, meeting.LateAfter+time.Millisecond // who hides that it was cut off gets the mark from the host
	k.run(t, "vost turns the key to start refused event.offline")
}

func TestKeyLapses(t *testing.T) {
	for _, c := range []struct {
		after time.Duration // from the first key to the second
		want  meeting.Phase
	}{{59_999 * time.Millisecond, meeting.Closed}, {60 * time.Second, meeting.Waiting}, {61 * time.Second, meeting.Waiting}, {time.Hour, meeting.Waiting}} {
		k := at(t, summit(), meeting.Waiting)
		k.run(t, "vost turns the key to start")
		k.now = k.now.Add(c.after - time.Second)
		k.run(t, "quintar turns the key to start")
		if k.s.Phase != c.want {
			t.Errorf("second key after %v: %s, want %s", c.after, k.s.Phase, c.want)
		}
		if c.want == meeting.Waiting { // the later key waits for a new one of the first party
			k.run(t, "vost turns the key to start")
			if k.s.Phase != meeting.Closed {
				t.Errorf("second key after %v, then a fresh one: %s", c.after, k.s.Phase)
			}
		}
	}
	k := at(t, summit(), meeting.Waiting)
	k.run(t, "vost turns the key to start")
	if got := len(k.s.Pending(meeting.Start, k.now.Add(59*time.Second))); got != 1 {
		t.Errorf("after 59 s: %d keys", got)
	}
	if got := len(k.s.Pending(meeting.Start, k.now.Add(60*time.Second))); got != 0 {
		t.Errorf("after 60 s: %d keys", got)
	}
	k.run(t, "vost returns the key to start", "vost returns the key to start refused key.none", "quintar turns the key to start")
	if k.s.Phase != meeting.Waiting {
		t.Error("a returned key counted")
	}
	k.run(t, "quintar returns the key to start", "vost turns the key to start", "vost leaves", "quintar turns the key to start")
	if k.s.Phase != meeting.Waiting {
		t.Error("the key of an officer who has left counted")
	}
}

// TestKeyTurnReplay: a key turn counts in the phase and on the log in which it was turned, and nowhere else. Each row takes a turn of
// some other moment, word for word or with one word changed; the control takes the same of now.
func TestKeyTurnReplay(t *testing.T) {
	turn := func(k desk, action string) meeting.Event {
		e, _ := k.event("quintar", "turns the key to "+action)
		return e
	}
	for _, c := range []struct {
		what string
		make func(now desk) meeting.Event
		want string
	}{
		{"control", func(k desk) meeting.Event { return turn(k, "start") }, ""},
		{"from before a rehearsal", func(desk) meeting.Event {
			k := at(t, summit(), meeting.Waiting)
			return turn(k, "start")
		}, "key.stale"},
		{"earlier phase number", func(k desk) meeting.Event { e := turn(k, "start"); e.Epoch--; return e }, "key.stale"},
		{"later phase number", func(k desk) meeting.Event { e := turn(k, "start"); e.Epoch++; return e }, "key.stale"},
		{"another log", func(k desk) meeting.Event { e := turn(k, "start"); e.Head = &meeting.Hash{1}; return e }, "key.stale"},
		{"no log", func(k desk) meeting.Event { e := turn(k, "start"); e.Head = &meeting.Hash{}; return e }, "key.stale"},
		{"no head", func(k desk) meeting.Event { e := turn(k, "start"); e.Head = nil; return e }, "event.malformed"},
		{"no phase number", func(k desk) meeting.Event { e := turn(k, "start"); e.Epoch = 0; return e }, "event.malformed"},
		{"another action", func(k desk) meeting.Event { e := turn(k, "start"); e.Action = meeting.Open; return e }, "phase.wrong"},
		{"an action of a later version", func(k desk) meeting.Event { e := turn(k, "start"); e.Action = "stream"; return e }, "event.malformed"},
		{"in the other officer's name", func(k desk) meeting.Event { e := turn(k, "start"); e.Member = "avelmar-vost"; return e }, "member.foreign"},
	} {
		k := at(t, summit(), meeting.Waiting)
		k.run(t, "vost begins the rehearsal", "vost calls to wait", "vost turns the key to start")
		wantCode(t, c.what, k.add("tolmeria", c.make(k)), c.want)
		if got, want := k.s.Phase == meeting.Closed, c.want == ""; got != want {
			t.Errorf("%s: phase %s", c.what, k.s.Phase)
		}
	}
	k := at(t, summit(), meeting.Closed) // doors opened, closed again: yesterday's key does not open them a second time
	old := turn(k, "open")
	k.run(t, "vost turns the key to open", "quintar turns the key to open", "vost closes the doors", "vost turns the key to open")
	wantCode(t, "the same turn after the doors were closed again", k.add("tolmeria", old), "key.stale")
	k.run(t, "quintar turns the key to open")
}

// TestKeyNeedsOneClock: a key is not turned on clocks that are more than 2 s apart, whoever is ahead.
func TestKeyNeedsOneClock(t *testing.T) {
	for lag, want := range map[time.Duration]string{0: "", meeting.MaxApart: "", -meeting.MaxApart: "", meeting.MaxApart + time.Millisecond: "clock.apart",
		-meeting.MaxApart - time.Millisecond: "clock.apart", -time.Hour: "clock.apart", time.Hour: "event.offline"} {
		k := at(t, summit(), meeting.Waiting)
		k.lag = lag
		wantCode(t, lag.String(), k.act("quintar", "turns the key to start"), want)
	}
	k := at(t, summit(), meeting.Waiting) // a host whose clock runs backwards brings no key back to life
	k.run(t, "vost turns the key to start")
	k.now = k.now.Add(-time.Minute)
	k.run(t, "quintar turns the key to start")
	if k.s.Phase != meeting.Waiting {
		t.Error("a key met one that was turned a minute later")
	}
}

// TestKeysOfThree: one of every party that has come, and of at least two.
func TestKeysOfThree(t *testing.T) {
	k := at(t, trilateral(), meeting.Waiting)
	k.run(t, "vost turns the key to start", "quintar turns the key to start")
	if got := k.s.Missing(meeting.Start, k.now); k.s.Phase != meeting.Waiting || !slices.Equal(got, []meeting.PartyID{"calwen"}) {
		t.Fatalf("two of three: %s, missing %v", k.s.Phase, got)
	}
	k.run(t, "hesk leaves", "sarrand leaves", "thale leaves")
	if k.s.Phase != meeting.Waiting {
		t.Error("leaving raised the exposure")
	}
	k.run(t, "quintar turns the key to start")
	if k.s.Phase != meeting.Closed {
		t.Errorf("the third party has left, both others turned: %s", k.s.Phase)
	}
}

// TestBothKeysAtOnce: officers of both sides turn at the same moment. Each node's own people see their own key and wait; the host puts
// them in some order; whichever comes last does it, once, on both nodes.
func TestBothKeysAtOnce(t *testing.T) {
	for _, order := range [][]string{{"vost", "quintar"}, {"quintar", "vost"}} {
		k := at(t, summit(), meeting.Waiting)
		var turns []meeting.Event
		for _, who := range order {
			e, _ := k.event(who, "turns the key to start")
			turns = append(turns, e)
		}
		before := len(k.es)
		for i, e := range turns {
			p := meeting.PartyID("avelmar")
			if order[i] == "quintar" {
				p = "tolmeria"
			}
			if err := k.add(p, e); err != nil {
				t.Fatalf("%s: %v", order[i], err)
			}
			if got, want := k.s.Phase == meeting.Closed, i == 1; got != want {
				t.Errorf("after key %d of %v: %s", i+1, order, k.s.Phase)
			}
		}
		guest, err := meeting.Replay(meeting.Begin(k.s.Definition), k.es)
		if err != nil || guest.Phase != meeting.Closed || guest.Epoch != k.s.Epoch || guest.Head != k.head || len(k.es) != before+2 {
			t.Errorf("%v: guest is in %s, epoch %d, err %v", order, guest.Phase, guest.Epoch, err)
		}
	}
}

// TestBeginsAsArranged: start leads where the definition says, and from an open beginning the doors close and open again.
func TestBeginsAsArranged(t *testing.T) {
	d := summit()
	d.Begin = meeting.Opened
	k := at(t, d, meeting.Waiting)
	k.run(t, "quintar turns the key to start", "vost turns the key to start")
	if k.s.Phase != meeting.Opened {
		t.Fatalf("began %s", k.s.Phase)
	}
	k.run(t, "quintar closes the doors", "vost turns the key to open", "quintar turns the key to open", "vost ends the meeting")
	if k.s.Phase != meeting.Ended || k.s.Epoch != 5 {
		t.Errorf("%s, epoch %d", k.s.Phase, k.s.Epoch)
	}
}

// TestDeviceOfAnotherPhase: what was asked for before others began to hear and see opens nothing; after fewer do, it does (the control), as
// does what was asked for since.
func TestDeviceOfAnotherPhase(t *testing.T) {
	for _, c := range []struct {
		from meeting.Phase
		then []string
		want string
	}{
		{meeting.Planned, []string{"quintar begins the rehearsal"}, "phase.wrong"},
		{meeting.Waiting, []string{"quintar begins the rehearsal"}, "phase.wrong"},
		{meeting.Waiting, []string{"quintar turns the key to start", "vost turns the key to start"}, "phase.wrong"},
		{meeting.Rehearsal, []string{"quintar calls to wait"}, ""},
		{meeting.Opened, []string{"quintar closes the doors"}, ""},
	} {
		k := at(t, summit(), c.from)
		seen, on := k.s.Epoch, true
		e := meeting.Event{Kind: meeting.MemberDevices, Member: "avelmar-tarroven", Camera: &on, Epoch: seen}
		k.run(t, c.then...)
		wantCode(t, string(c.from)+" then "+c.then[0], k.add("avelmar", e), c.want)
		e.Epoch = k.s.Epoch
		wantCode(t, string(c.from)+" then "+c.then[0]+", asked since", k.add("avelmar", e), "")
	}
}

package meeting_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"visavis/internal/meeting"
)

// randomEvent makes an event that may well be allowed: of any kind, by anybody, about anybody.
func randomEvent(r *rand.Rand, d *desk) (meeting.PartyID, meeting.Event) {
	def := d.s.Definition
	pick := func() meeting.Member { return def.Members[r.IntN(len(def.Members))] }
	kinds := append(meeting.Kinds(), meeting.KeyTurned, meeting.KeyTurned, meeting.KeyTurned)
	kind := kinds[r.IntN(len(kinds))]
	m := pick()
	for range 40 { // mostly who may
		if !kind.May(m.Role, false) {
			m = pick()
		}
	}
	e := meeting.Event{Kind: kind, Member: m.ID}
	by := m.Party
	if r.IntN(16) == 0 {
		by = def.Parties[r.IntN(len(def.Parties))].ID
	}
	if e.Kind == meeting.MemberLeft && r.IntN(4) != 0 || e.Kind == meeting.PhaseEnded && r.IntN(30) != 0 {
		e.Kind = meeting.FloorGiven // else the meetings are short
	}
	if _, present := d.s.Present[m.ID]; !present {
		e.Kind = meeting.MemberJoined
	}
	actor := func() {
		o := pick()
		for range 20 {
			if o.Role != meeting.Officer {
				o = pick()
			}
		}
		e.Actor, by = o.ID, o.Party
	}
	on := r.IntN(3) != 0
	switch e.Kind {
	case meeting.MemberDevices:
		e.Epoch = d.s.Epoch
		if e.Mic = &on; r.IntN(2) == 0 {
			e.Camera = &on
		}
	case meeting.KeyTurned:
		h := d.s.Head
		e.Action, e.Epoch, e.Head = action(r, d.s), max(1, d.s.Epoch), &h
	case meeting.KeyReturned:
		e.Action = action(r, d.s)
	case meeting.FloorModeSet:
		e.Mode = []meeting.Mode{meeting.Statements, meeting.ByPrecedence, meeting.FreeExchange, meeting.ChairGrants}[r.IntN(4)]
	case meeting.FloorGiven, meeting.FloorTaken:
		actor()
	case meeting.HandLowered, meeting.OrderLowered:
		if r.IntN(2) == 0 {
			actor()
		}
	case meeting.AgendaItem, meeting.CapacitySet:
		e.N = r.IntN(2)
	case meeting.TechnicianAdmitted:
		actor()
		e.Admit = &on
	}
	if slices.Contains([]meeting.Kind{meeting.FloorAcknowledged, meeting.FloorYielded, meeting.FloorTaken}, e.Kind) && d.s.Floor.Holder != "" && r.IntN(5) != 0 {
		e.Member = d.s.Floor.Holder
		if e.Actor == "" {
			holder, _ := def.Member(e.Member)
			by = holder.Party
		}
	}
	return by, e
}

// action is one that the phase mostly has.
func action(r *rand.Rand, s meeting.State) meeting.Action {
	if r.IntN(4) == 0 {
		return []meeting.Action{meeting.Start, meeting.Open, meeting.Record, meeting.Publish}[r.IntN(4)]
	}
	switch s.Phase {
	case meeting.Waiting:
		return meeting.Start
	case meeting.Ended, meeting.Sealed:
		return meeting.Publish
	case meeting.Closed:
		if r.IntN(2) == 0 {
			return meeting.Open
		}
	}
	return meeting.Record
}

// values prints what Apply may not change in the state that it is given.
func values(s meeting.State) string {
	return fmt.Sprint(s.Present, s.Phase, s.Epoch, s.Recording, s.Published, s.Keys, s.Floor)
}

// walk lets random things happen in a meeting and calls see after each one that was allowed. Without see it looks whether Apply
// changes what it is given.
func walk(t *testing.T, seed uint64, d meeting.Definition, steps int, see func(before desk, by meeting.PartyID, e meeting.Event, after *desk)) desk {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 4))
	k := newDesk(d)
	k.run(t, "everybody joins")
	phases := []meeting.Phase{meeting.Planned, meeting.Rehearsal, meeting.Waiting, meeting.Opened, meeting.Closed, meeting.Ended}
	if d.Formal() { // most random walks would never get far
		k = at(t, d, phases[r.IntN(len(phases))])
	}
	for range steps {
		before, text := k, ""
		if see == nil {
			text = values(before.s)
		}
		by, e := randomEvent(r, &k)
		k.off, k.lag = r.IntN(10) == 0, time.Duration(r.IntN(2200))*time.Millisecond
		k.now = k.now.Add(time.Duration(r.IntN(3)) * time.Second)
		err := k.add(by, e)
		switch {
		case see == nil && values(before.s) != text:
			t.Fatalf("seed %d: %+v changed the state before it (error %v)", seed, e, err)
		case see == nil && err != nil && values(k.s) != text:
			t.Fatalf("seed %d: %+v was refused and changed the state", seed, e)
		case see != nil && err == nil:
			see(before, by, e, &k)
		}
		if err != nil {
			k.now = before.now
		}
	}
	return k
}

func eachWalk(t *testing.T, steps int, see func(t *testing.T, seed uint64, before desk, by meeting.PartyID, e meeting.Event, after *desk)) {
	for what, def := range definitions() {
		kinds := map[meeting.Kind]int{}
		for seed := range uint64(12) {
			walk(t, seed, def(), steps, func(before desk, by meeting.PartyID, e meeting.Event, after *desk) {
				kinds[e.Kind]++
				see(t, seed, before, by, e, after)
			})
			if t.Failed() {
				t.Fatalf("%s, seed %d", what, seed)
			}
		}
		for _, k := range meeting.Kinds() { // the control: everything that can happen did
			if def().Formal() && kinds[k] == 0 {
				t.Errorf("%s: %s never happened", what, k)
			}
		}
	}
}

// TestNoEventUnmutes: a microphone is admitted only from its own member's own act on, whatever else happens to whomever.
func TestNoEventUnmutes(t *testing.T) {
	opened := 0
	eachWalk(t, 400, func(t *testing.T, seed uint64, before desk, by meeting.PartyID, e meeting.Event, after *desk) {
		was, is := meeting.NewPlan(before.s).Mics, meeting.NewPlan(after.s).Mics
		for _, id := range is {
			if slices.Contains(was, id) {
				continue
			}
			if e.Kind != meeting.MemberDevices || e.Member != id || e.Mic == nil || !*e.Mic {
				t.Errorf("%+v by %s opened the microphone of %s", e, by, id)
			}
			opened++
		}
		for id, p := range after.s.Present {
			if p.Mic && !after.s.MaySpeak(id) {
				t.Errorf("after %+v the microphone of %s stands open and may not be", e, id)
			}
		}
	})
	if opened < 100 {
		t.Errorf("control: microphones were opened %d times only", opened)
	}
}

// TestOwnMicrophoneNeverHeard, and nobody sees himself; who hears or sees does so within what may cross the link, a second screen within what
// its member's seat gets.
func TestOwnMicrophoneNeverHeard(t *testing.T) {
	heard, seconds := 0, 0
	eachWalk(t, 400, func(t *testing.T, seed uint64, _ desk, _ meeting.PartyID, e meeting.Event, k *desk) {
		d := k.s.Definition
		offered := map[meeting.MemberID]map[meeting.PartyID][2]bool{}
		for _, from := range d.Parties {
			for _, to := range d.Parties {
				mics, cams := k.s.Offered(from.ID, to.ID)
				for _, m := range d.Members {
					if offered[m.ID] == nil {
						offered[m.ID] = map[meeting.PartyID][2]bool{}
					}
					if m.Party == from.ID && from.ID != to.ID {
						offered[m.ID][to.ID] = [2]bool{slices.Contains(mics, m.ID), slices.Contains(cams, m.ID)}
					}
				}
			}
		}
		plan := meeting.NewPlan(k.s)
		views := map[meeting.MemberID]meeting.View{}
		for id, v := range plan.Views {
			views[id] = v
		}
		for _, m := range d.Members {
			second := k.s.Second(m.ID, "")
			views[m.ID+"-second"] = second
			seat, ok := plan.Views[m.ID]
			if !ok {
				continue
			}
			seconds++
			if !slices.Equal(second.Hear, seat.Hear) { // no more, and no less
				t.Errorf("a second screen of %s hears %v, its seat %v, in phase %s", m.ID, second.Hear, seat.Hear, k.s.Phase)
			}
			for _, shown := range second.Stage {
				if !slices.Contains(seat.Stage, shown) {
					t.Errorf("a second screen of %s is shown %s, its seat %v, in phase %s", m.ID, shown, seat.Stage, k.s.Phase)
				}
			}
		}
		for _, p := range d.Parties {
			v := k.s.Audience(p.ID)
			if (len(v.Hear) > 0 || v.Stage != nil) && k.s.Phase != meeting.Opened {
				t.Errorf("press of %s gets %+v in phase %s", p.ID, v, k.s.Phase)
			}
			views[meeting.MemberID(p.ID)+"-press"] = v
		}
		for id, v := range views {
			party := meeting.PartyID(id[:slices.Index([]byte(id), '-')])
			for _, m := range v.Hear {
				speaker, _ := d.Member(m)
				heard++
				switch {
				case m == id || m+"-second" == id:
					t.Errorf("%s hears itself", id)
				case !slices.Contains(plan.Mics, m):
					t.Errorf("%s hears %s, whose microphone is not admitted", id, m)
				case speaker.Party != party && !offered[m][party][0]:
					t.Errorf("%s hears %s, which may not cross the link in phase %s", id, m, k.s.Phase)
				}
			}
			for _, m := range v.Stage {
				shown, _ := d.Member(m)
				if m == id || m+"-second" == id {
					t.Errorf("%s sees itself", id)
				}
				if m != "" && shown.Party != party && k.s.Present[m].Camera && !offered[m][party][1] {
					t.Errorf("%s sees %s, which may not cross the link in phase %s", id, m, k.s.Phase)
				}
			}
			if (len(v.Hear) > 0 || len(v.Stage) > 0) && !slices.Contains([]meeting.Phase{meeting.Rehearsal, meeting.Waiting, meeting.Opened, meeting.Closed}, k.s.Phase) {
				t.Errorf("%s gets %+v in phase %s", id, v, k.s.Phase)
			}
		}
	})
	if heard < 1000 || seconds < 1000 {
		t.Errorf("control: heard %d times only, %d second screens beside a seat", heard, seconds)
	}
}

// TestExposureTakesEveryKey keeps a book of its own of who turned which key in the present phase, and demands that the phase rises,
// a record begins and a text is published with the keys of all and in no other way.
func TestExposureTakesEveryKey(t *testing.T) {
	type turned struct {
		party  meeting.PartyID
		action meeting.Action
	}
	legal := map[meeting.Phase][]meeting.Phase{
		meeting.Planned: {meeting.Rehearsal, meeting.Waiting}, meeting.Rehearsal: {meeting.Waiting}, meeting.Waiting: {meeting.Rehearsal, meeting.Closed},
		meeting.Opened: {meeting.Closed, meeting.Ended}, meeting.Closed: {meeting.Opened, meeting.Ended}, meeting.Ended: {meeting.Sealed}}
	rises := 0
	for what, def := range map[string]func() meeting.Definition{"summit": summit, "trilateral": trilateral} {
		for seed := range uint64(30) {
			book := map[turned]time.Time{}
			walk(t, seed, def(), 300, func(before desk, by meeting.PartyID, e meeting.Event, after *desk) {
				b, a := before.s, after.s
				switch e.Kind {
				case meeting.KeyTurned:
					book[turned{by, e.Action}] = after.now
				case meeting.KeyReturned:
					delete(book, turned{by, e.Action})
				}
				raised := map[meeting.Action]bool{meeting.Start: b.Phase == meeting.Waiting && a.Phase == meeting.Closed,
					meeting.Open: a.Phase == meeting.Opened && b.Phase != a.Phase, meeting.Record: a.Recording && !b.Recording, meeting.Publish: a.Published && !b.Published}
				for action, yes := range raised {
					if !yes {
						continue
					}
					rises++
					n := 0
					for _, p := range a.Definition.Parties {
						at, ok := book[turned{p.ID, action}]
						ok = ok && after.now.Sub(at) < meeting.KeyLife
						if ok {
							n++
						}
						here := slices.ContainsFunc(a.Definition.Members, func(m meeting.Member) bool { _, in := a.Present[m.ID]; return in && m.Party == p.ID })
						if here && !ok {
							t.Errorf("%s, seed %d: %s without the key of %s", what, seed, action, p.ID)
						}
					}
					if n < 2 || e.Kind != meeting.KeyTurned {
						t.Errorf("%s, seed %d: %s with %d keys by %s", what, seed, action, n, e.Kind)
					}
				}
				if a.Phase == b.Phase {
					if a.Epoch != b.Epoch || a.Head != b.Head {
						t.Errorf("%s, seed %d: %s counts as a change of phase", what, seed, e.Kind)
					}
					return
				}
				clear(book)
				if !slices.Contains(legal[b.Phase], a.Phase) || a.Epoch != b.Epoch+1 || a.Head != after.head || len(a.Keys) != 0 {
					t.Errorf("%s, seed %d: %s → %s, epoch %d → %d, %d keys left", what, seed, b.Phase, a.Phase, b.Epoch, a.Epoch, len(a.Keys))
				}
			})
		}
	}
	if rises < 50 {
		t.Errorf("control: exposure was raised %d times only", rises)
	}
}

// TestReplayIsApply: Apply changes no state that it is given, and none at all when it refuses; a node that comes up with the log is where one that took entry after entry is.
func TestReplayIsApply(t *testing.T) {
	for what, def := range definitions() {
		for seed := range uint64(8) {
			k := walk(t, seed, def(), 200, nil)
			got, err := meeting.Replay(meeting.Begin(def()), k.es)
			if err != nil || !reflect.DeepEqual(got, k.s) {
				t.Fatalf("%s, seed %d: %v\n%+v\nwant\n%+v", what, seed, err, got, k.s)
			}
			for _, e := range k.es { // and each entry is what its bytes say
				b, err := meeting.DecodeEntry(meeting.EncodeEntry(e))
				if err != nil || !b.Event.Equal(e.Event) {
					t.Fatalf("%s, seed %d: %+v: %v", what, seed, e, err)
				}
			}
		}
	}
}

// TestOverlayLowersOnly: what a party sees before the host has sequenced it never lets more be heard, seen or spoken, but for the
// coming and the devices of its own people.
func TestOverlayLowersOnly(t *testing.T) {
	lowered := 0
	eachWalk(t, 400, func(t *testing.T, seed uint64, before desk, by meeting.PartyID, e meeting.Event, after *desk) {
		p := meeting.Proposal{Meeting: before.s.Definition.ID, Party: by, Counter: 1, At: after.now, Event: e}
		over := meeting.Overlay(before.s, []meeting.Proposal{p})
		if over.Phase != before.s.Phase {
			lowered++
		}
		own := e.Kind == meeting.MemberJoined || e.Kind == meeting.MemberDevices
		wasPlan, isPlan := meeting.NewPlan(before.s), meeting.NewPlan(over)
		for _, m := range isPlan.Mics {
			if !slices.Contains(wasPlan.Mics, m) && !(own && m == e.Member) {
				t.Errorf("%+v, not sequenced, opened the microphone of %s", e, m)
			}
		}
		for id, v := range isPlan.Views {
			was := wasPlan.Views[id]
			for _, m := range v.Hear {
				if !slices.Contains(was.Hear, m) && !(own && (m == e.Member || id == e.Member)) {
					t.Errorf("%+v, not sequenced, lets %s hear %s", e, id, m)
				}
			}
			for _, m := range v.Stage {
				if m != "" && !slices.Contains(was.Stage, m) && !(own && (m == e.Member || id == e.Member)) {
					t.Errorf("%+v, not sequenced, lets %s see %s", e, id, m)
				}
			}
		}
		for _, m := range over.Definition.Members {
			if over.MaySpeak(m.ID) && !before.s.MaySpeak(m.ID) {
				t.Errorf("%+v, not sequenced, lets %s speak", e, m.ID)
			}
		}
		if before.s.Phase != meeting.Opened && over.Phase == meeting.Opened || over.Recording && !before.s.Recording || over.Published && !before.s.Published {
			t.Errorf("%+v, not sequenced, raised the exposure", e)
		}
	})
	if lowered < 20 {
		t.Errorf("control: the phase was lowered %d times only", lowered)
	}
	k := at(t, summit(), meeting.Waiting) // both of one side's acts wait: its own second key does not open on its own word
	k.run(t, "vost turns the key to start")
	turn, _ := k.event("quintar", "turns the key to start")
	p := meeting.Proposal{Party: "tolmeria", At: k.now, Event: turn}
	if s, err := meeting.ApplyProposal(k.s, p); err != nil || s.Phase != meeting.Closed {
		t.Fatalf("control: the turn is good: %v, %s", err, s.Phase)
	}
	if s := meeting.Overlay(k.s, []meeting.Proposal{p}); s.Phase != meeting.Waiting {
		t.Errorf("a key that is not sequenced led to %s", s.Phase)
	}
	k = at(t, summit(), meeting.Opened) // closed on our side, not sequenced: no key for what is not in the log
	closed := meeting.Proposal{Party: "tolmeria", At: k.now, Offline: true, Event: meeting.Event{Kind: meeting.PhaseClosed, Member: "tolmeria-quintar"}}
	k.s = meeting.Overlay(k.s, []meeting.Proposal{closed})
	if k.s.Phase != meeting.Closed {
		t.Fatalf("closing did not show at once: %s", k.s.Phase)
	}
	k.run(t, "quintar turns the key to open refused key.stale")
}

package main

import (
	"testing"
	"time"

	"visavis/internal/wire"
)

// follow shows st to m for d, and gives what it did.
func follow(m *manners, from time.Time, d time.Duration, st wire.State) (out []deed) {
	for at := from; at.Before(from.Add(d)); at = at.Add(lookEvery) {
		out = append(out, m.decide(at, st)...)
	}
	return out
}

func acts(ds []deed) (out []string) {
	for _, d := range ds {
		if d.act != nil {
			out = append(out, d.act.Do+d.act.Value+d.act.Member)
		}
	}
	return out
}

func find(t *testing.T, key string) seat {
	t.Helper()
	for _, s := range table(true) {
		if s.key == key {
			return s
		}
	}
	t.Fatalf("no seat %s", key)
	return seat{}
}

// TestSimulatedOfficerTurnsItsKeySecond: after the other's, not before, not twice, and never of itself.
func TestSimulatedOfficerTurnsItsKeySecond(t *testing.T) {
	own, other := wire.Key{Action: "start", Party: "avelmar", At: "a"}, wire.Key{Action: "start", Party: "tolmeria", At: "b"}
	for _, x := range []struct {
		name string
		keys []wire.Key
		want int
	}{{"no key turned", nil, 0}, {"its own alone", []wire.Key{own}, 0}, {"both", []wire.Key{own, other}, 0}, {"the other's alone", []wire.Key{other}, 1}} {
		m := newManners(find(t, "avelmar-officer"), nil)
		got := follow(m, time.Unix(0, 0), untilKey+againAfter, wire.State{Phase: "waiting", Epoch: 2, Keys: x.keys})
		if len(got) != x.want {
			t.Errorf("%s: %v, want %d keys turned", x.name, acts(got), x.want)
		}
		for _, d := range got {
			if d.act.Do != wire.DoTurnKey || d.act.Value != "start" || d.act.N != 2 {
				t.Errorf("%s: did %+v", x.name, d.act)
			}
		}
	}
}

// TestSimulatedOfficerLeadsOnlyWhenAsked: without a person who needs it, the phases stay as they are.
func TestSimulatedOfficerLeadsOnlyWhenAsked(t *testing.T) {
	for phase, want := range map[string]string{"planned": wire.DoRehearse, "rehearsal": wire.DoWait, "waiting": wire.DoTurnKey + "start", "open": "", "closed": "", "ended": ""} {
		for _, lead := range []bool{false, true} {
			m := newManners(find(t, "avelmar-officer"), func() bool { return lead })
			got := acts(follow(m, time.Unix(0, 0), untilPhase+time.Second, wire.State{Phase: phase}))
			if lead && want != "" {
				if len(got) != 1 || got[0] != want {
					t.Errorf("%s: %v, want %s", phase, got, want)
				}
			} else if len(got) != 0 {
				t.Errorf("%s, lead %v: did %v", phase, lead, got)
			}
		}
	}
}

// TestSimulatedMemberHoldsTheFloor: it acknowledges, opens its own microphone only then, yields, and closes it.
func TestSimulatedMemberHoldsTheFloor(t *testing.T) {
	s := find(t, "tolmeria-principal")
	m := newManners(s, nil)
	st := wire.State{Phase: phaseOpen, Epoch: 3, Present: []wire.Presence{{Member: s.member, MaySpeak: true}}, Order: wire.Order{Mode: "statements", Holder: s.member}}
	now := time.Unix(0, 0)
	got := follow(m, now, 2*time.Second, st)
	if a := acts(got); len(got) != 1 || len(a) != 1 || a[0] != wire.DoAcknowledge {
		t.Fatalf("given the floor: %v, want an acknowledgement and no microphone", got)
	}
	st.Order.Acknowledged = true
	got = follow(m, now.Add(2*time.Second), time.Second, st)
	if len(got) != 1 || got[0].mic == nil || !*got[0].mic {
		t.Fatalf("acknowledged: %v, want the microphone opened", got)
	}
	st.Present[0].Mic = true
	got = follow(m, now.Add(3*time.Second), untilYield+time.Second, st)
	if a := acts(got); len(a) != 1 || a[0] != wire.DoYield {
		t.Fatalf("holding the floor: %v, want it yielded once", a)
	}
	st.Order.Holder, st.Present[0].MaySpeak = "", false
	got = follow(m, now.Add(time.Minute), time.Second, st)
	if len(got) != 1 || got[0].mic == nil || *got[0].mic {
		t.Fatalf("without the floor: %v, want the microphone closed", got)
	}
}

// TestSimulatedOfficerAtTheDoor: a second device is let in; who was excluded is not.
func TestSimulatedOfficerAtTheDoor(t *testing.T) {
	m := newManners(find(t, "avelmar-officer"), nil)
	st := wire.State{Phase: "planned", Waiting: []wire.Waiting{{ID: "a", Reason: wire.WaitExcluded}, {ID: "b", Reason: wire.WaitDevice}, {ID: "c", Reason: "press"}}}
	if got := acts(follow(m, time.Unix(0, 0), 2*time.Second, st)); len(got) != 1 || got[0] != wire.DoAdmit+"b" {
		t.Errorf("did %v, want b admitted", got)
	}
}

// TestSimulatedMemberShowsItselfInTheRehearsal: its camera, which the rehearsal switched off, is switched on again. A camera that is on, and one
// that is off in another phase, is left alone (the controls).
func TestSimulatedMemberShowsItselfInTheRehearsal(t *testing.T) {
	for _, key := range []string{"avelmar-delegate-1", "tolmeria-principal"} {
		s := find(t, key)
		for _, x := range []struct {
			phase  string
			camera bool
			want   bool
		}{{"rehearsal", false, true}, {"rehearsal", true, false}, {"waiting", false, false}} {
			st := wire.State{Phase: x.phase, Epoch: 1, Present: []wire.Presence{{Member: s.member, Camera: x.camera}}}
			shown := false
			for _, d := range follow(newManners(s, nil), time.Unix(0, 0), 2*untilAck, st) {
				shown = shown || d.mic != nil
			}
			if shown != x.want {
				t.Errorf("%s in %s, camera %v: switched on %v", key, x.phase, x.camera, shown)
			}
		}
	}
}

// TestSimulatedMemberChecksAgain: once in a rehearsal, and once more when it comes back to a seat that a person had meanwhile.
func TestSimulatedMemberChecksAgain(t *testing.T) {
	s := find(t, "avelmar-delegate-2")
	m := newManners(s, nil)
	st := wire.State{Phase: "rehearsal", Epoch: 1, Present: []wire.Presence{{Member: s.member, Camera: true}}}
	for _, x := range []struct{ joins, want int }{{1, 1}, {1, 0}, {2, 1}} {
		m.sat(x.joins)
		checks := 0
		for _, d := range follow(m, time.Unix(0, 0), 4*againAfter, st) {
			if d.check != nil {
				checks++
			}
		}
		if checks != x.want {
			t.Errorf("having sat down %d times it checked %d times, want %d", x.joins, checks, x.want)
		}
	}
}

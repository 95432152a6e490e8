package scenario

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"visavis/internal/bot"
	"visavis/internal/meeting"
	"visavis/internal/wire"
)

// TestSummitFailures: four of the five failures of a well-known virtual summit of 2021, each over two whole nodes with its control. The
// second, a recorded statement without subtitles, comes with playouts.
func TestSummitFailures(t *testing.T) {
	for name, run := range map[string]func(*testing.T){
		"1 speaker hears himself back": failureEcho, "3 holder does not know": failureUnacknowledged,
		"4 speaks muted": failureMuted, "5 open microphones over a speaker": failureOpenMicrophones,
	} {
		t.Run(name, func(t *testing.T) { synctest.Test(t, run) })
	}
}

// Failure 1. In every phase in which somebody speaks, in free exchange too, no packet of a member's own microphone comes back to its page;
// to everybody else all do (the control).
func failureEcho(t *testing.T) {
	s := newSession(t, "open")
	s.begin()
	s.officer.act(wire.Act{Do: wire.DoMode, Value: "free"})
	s.farPrincipal.Bot.Devices(true, true)
	s.await("both principals' microphones", func() bool { return len(s.officer.now().Present) > 0 && s.mic(s.farPrincipal) && s.mic(s.principal) })
	for _, close := range []bool{false, true} {
		if close {
			s.officer.act(wire.Act{Do: wire.DoClose})
			s.phase(meeting.Closed)
		}
		begin := time.Now()
		time.Sleep(3 * time.Second)
		for _, from := range []*Person{s.principal, s.farPrincipal} {
			sent := from.SentBetween("mic", begin, begin.Add(2500*time.Millisecond))
			for _, to := range []*Person{s.principal, s.farPrincipal, s.delegat} {
				missing, _ := to.Missing(Heard{from.Member, "mic"}, sent)
				if to == from && missing != len(sent) {
					t.Errorf("%s hears %d of its own packets", to.Member, len(sent)-missing)
				}
				if to != from && (missing > 0 || len(sent) < 120) {
					t.Errorf("control: %s misses %d of %d packets of %s", to.Member, missing, len(sent), from.Member)
				}
			}
		}
	}
}

// mic reports whether the host's officer is shown the person's microphone as open.
func (s *session) mic(q *Person) bool {
	i := slices.IndexFunc(s.officer.now().Present, func(p wire.Presence) bool { return p.Member == string(q.Member) })
	return i >= 0 && s.officer.now().Present[i].Mic
}

// Failure 3. A holder on the other side who does not say that it knows: alarm on the consoles of both nodes at 3 s; one who does: none, and it is
// told how loud the far side hears it.
func failureUnacknowledged(t *testing.T) {
	s := newSession(t, "closed")
	levels := make(chan float64, 1000)
	s.begin()
	holder := s.Tolmeria.enterAs("one", withMessages(func(m wire.ToClient) {
		if m.Levels == nil {
			return
		}
		for _, l := range m.Levels.List {
			if l.Own && l.Far != nil {
				levels <- *l.Far
			}
		}
	}))
	s.connected(holder)
	unacknowledged := func(c *console, from time.Time) time.Duration {
		at := c.first(from, func(w wire.State) bool {
			return slices.ContainsFunc(w.Alarms, func(a wire.Alarm) bool { return a.Code == "floor.unacknowledged" })
		})
		if at.IsZero() {
			return 0
		}
		return at.Sub(from)
	}
	for _, knows := range []bool{false, true} {
		given := time.Now()
		s.officer.act(wire.Act{Do: wire.DoGive, Member: string(holder.Member)})
		s.await("the floor", func() bool { return holder.Bot.Stats().State.Order.Holder == string(holder.Member) })
		if knows {
			if err := holder.Bot.Act(t.Context(), wire.Act{Do: wire.DoAcknowledge}); err != nil {
				t.Fatal(err)
			}
			holder.Bot.Devices(true, true)
		}
		time.Sleep(5 * time.Second)
		for _, c := range []*console{s.officer, s.far, s.technician} {
			after := unacknowledged(c, given)
			if knows && after != 0 {
				t.Errorf("control: alarm on the console of %s %v after the floor was given", c.member, after)
			}
			if !knows && (after < 3*time.Second || after > 3100*time.Millisecond) {
				t.Errorf("alarm on the console of %s %v after the floor was given, want 3 s", c.member, after)
			}
		}
		if !knows {
			s.officer.act(wire.Act{Do: wire.DoTake})
			time.Sleep(time.Second)
		}
	}
	if n := len(levels); n < 5 || n > 30 {
		t.Fatalf("the holder was told the far side's level %d times in 5 s", n)
	}
	if db := <-levels; db > -28 || db < -60 { // the clip's level is 30, rising from silence
		t.Errorf("the far side hears the holder at %v dBov", db)
	}
}

// Failure 4. The holder speaks with the microphone off: within a second its page and the consoles of both sides say so; with the microphone on
// (the control) nobody does.
func failureMuted(t *testing.T) {
	s := newSession(t, "closed")
	s.begin()
	sense := func(on bool) {
		if err := s.principal.Bot.Say(t.Context(), wire.FromClient{Sense: &wire.Sense{Speaking: on}}); err != nil {
			t.Fatal(err)
		}
	}
	shown := func() (n int) {
		for _, w := range []wire.State{s.officer.now(), s.far.now(), s.technician.now(), s.principal.Bot.Stats().State} {
			if slices.Equal(w.Muted, []string{"avelmar-principal"}) {
				n++
			}
		}
		return n
	}
	sense(true)
	time.Sleep(2 * time.Second)
	if n := shown(); n != 0 {
		t.Errorf("control: with the microphone on %d pages say that nobody hears", n)
	}
	s.principal.Bot.Devices(false, true)
	s.await("the closed microphone", func() bool { return !s.mic(s.principal) })
	sense(true)
	time.Sleep(time.Second)
	if n := shown(); n != 4 {
		t.Errorf("a second after he began to speak muted %d of 4 pages say so", n)
	}
	if n := s.farPrincipal.Bot.Stats().State.Muted; len(n) != 0 {
		t.Errorf("the other principal's page says %q", n)
	}
	s.principal.Bot.Devices(true, true)
	s.await("the open microphone", func() bool { return s.mic(s.principal) })
	time.Sleep(time.Second)
	if n := shown(); n != 0 {
		t.Errorf("with the microphone on again %d pages say that nobody hears", n)
	}
}

// Failure 5. Everybody's page sends sound, two of them without the floor and one that never asks: nobody hears anything but the holder.
func failureOpenMicrophones(t *testing.T) {
	s := newSession(t, "open")
	s.begin()
	loud := s.Tolmeria.enterAs("one", func(c *bot.Config) { c.MicOff = false }) // its page says that the microphone is on
	s.connected(loud)
	s.farPrincipal.Bot.Devices(true, true) // and so does this one
	begin := time.Now()
	time.Sleep(3 * time.Second)
	sent := s.principal.SentBetween("mic", begin, begin.Add(2500*time.Millisecond))
	for _, to := range []*Person{s.delegat, s.farPrincipal, loud, s.press, s.farPress} {
		if missing, _ := to.Missing(Heard{"avelmar-principal", "mic"}, sent); missing > 0 || len(sent) < 120 {
			t.Errorf("control: %s misses %d of %d packets of the holder", to.Member, missing, len(sent))
		}
		for _, from := range []*Person{loud, s.farPrincipal, s.delegat} {
			if n := to.Count(Heard{from.Member, "mic"}); n != 0 {
				t.Errorf("%s hears %d packets of %s, who does not have the floor", to.Member, n, from.Member)
			}
		}
	}
	if n := len(loud.SentBetween("mic", begin, time.Now())); n < 100 {
		t.Errorf("control: the open microphone sends %d packets", n)
	}
}

// TestChangesSpread: over a path of 40 ms there and back, a phase, a key and the floor reach every console of both nodes within 150 ms of the
// act, and the holder's first sound the far side within 150 ms of its switch.
func TestChangesSpread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSession(t, "closed")
		for _, d := range [][2]*Host{{s.Avelmar.Host, s.Tolmeria.Host}, {s.Tolmeria.Host, s.Avelmar.Host}} {
			s.Net.Impair(d[0], d[1], Path{Delay: 20 * time.Millisecond})
		}
		all := []*console{s.officer, s.far, s.technician}
		within := func(what string, from time.Time, is func(wire.State) bool) {
			t.Helper()
			time.Sleep(time.Second)
			for _, c := range all {
				if at := c.first(from, is); at.IsZero() || at.Sub(from) > 150*time.Millisecond {
					t.Errorf("%s reaches %s after %v (%v)", what, c.member, at.Sub(from), at)
				}
			}
		}
		for i, by := range []*console{s.far, s.officer} { // the guest's acts go there and back
			from := time.Now()
			by.act(wire.Act{Do: []string{wire.DoRehearse, wire.DoWait}[i]})
			want := []string{"rehearsal", "waiting"}[i]
			within(want, from, func(w wire.State) bool { return w.Phase == want })
		}
		s.far.ceremony("stepup", "")
		s.officer.ceremony("stepup", "")
		all = []*console{s.officer, s.far}
		from := time.Now()
		s.far.act(wire.Act{Do: wire.DoTurnKey, Value: wire.ActionStart})
		within("a key", from, func(w wire.State) bool { return len(w.Keys) == 1 })
		all = append(all, s.technician)
		from = time.Now()
		s.officer.act(wire.Act{Do: wire.DoTurnKey, Value: wire.ActionStart})
		within("the start", from, func(w wire.State) bool { return w.Phase == "closed" })
		for _, q := range []*Person{s.farPrincipal, s.principal} {
			from = time.Now()
			s.officer.act(wire.Act{Do: wire.DoGive, Member: string(q.Member)})
			within("the floor", from, func(w wire.State) bool { return w.Order.Holder == string(q.Member) })
			from = time.Now()
			if err := q.Bot.Act(t.Context(), wire.Act{Do: wire.DoAcknowledge}); err != nil {
				t.Fatal(err)
			}
			q.Bot.Devices(true, true)
			other := map[*Person]*Person{s.farPrincipal: s.principal, s.principal: s.farPrincipal}[q]
			time.Sleep(time.Second)
			if d := other.firstAfter(Heard{q.Member, "mic"}, from); d == 0 || d > 150*time.Millisecond {
				t.Errorf("the first sound of %s is heard at the far side after %v", q.Member, d)
			} else {
				t.Logf("%s: %v from acknowledgement to sound at the far side", q.Member, d)
			}
		}
		from = time.Now()
		s.far.act(wire.Act{Do: wire.DoEnd})
		within("the end", from, func(w wire.State) bool { return w.Phase == "ended" })
	})
}

// firstAfter is how long after a moment the first packet of h came; 0: none.
func (q *Person) firstAfter(h Heard, from time.Time) time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, a := range q.arrivals {
		if a.h == h && a.at.After(from) {
			return a.at.Sub(from)
		}
	}
	return 0
}

// TestNodeRestartsInClosedSession: the host's node goes down and comes back in the closed part: same phase, same floor, doors shut with the proof
// of before, and nobody of the press hears.
func TestNodeRestartsInClosedSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSession(t, "open")
		s.begin()
		s.officer.act(wire.Act{Do: wire.DoClose})
		s.phase(meeting.Closed)
		time.Sleep(time.Second)
		was := s.officer.now()
		tap := s.tap(s.Avelmar.Host, s.press.Host)
		s.Avelmar.Stop()
		time.Sleep(time.Second)
		s.Avelmar.Start()
		s.officer.open()
		time.Sleep(5 * time.Second)
		now := s.officer.now()
		if now.Phase != "closed" || now.Epoch != was.Epoch || now.Head != was.Head || now.Order.Holder != was.Order.Holder || now.Order.Mode != was.Order.Mode {
			t.Errorf("comes back as %+v, was %+v", now, was)
		}
		if a, b := now.Doors.Ours, was.Doors.Ours; a.State != wire.DoorShut || a.At != b.At || a.LastMs != b.LastMs || a.After != 0 || a.Egresses != b.Egresses {
			t.Errorf("doors %+v, were %+v", a, b)
		}
		s.await("the press is back in its seat", func() bool {
			return slices.ContainsFunc(s.officer.now().Waiting, func(w wire.Waiting) bool { return w.Reason == "press" })
		})
		time.Sleep(3 * time.Second)
		if n := tap.since(time.Time{}); n != 0 {
			t.Errorf("%d packets go to the press", n)
		}
		s.turn(wire.ActionOpen) // the control
		s.phase(meeting.Opened)
		s.speak(s.principal)
		time.Sleep(time.Second)
		if n := tap.since(time.Time{}); n < 40 {
			t.Errorf("control: with the doors open %d packets go to the press", n)
		}
	})
}

package room_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"visavis/internal/media"
	"visavis/internal/meeting"
	"visavis/internal/room"
	"visavis/internal/wire"
)

// speaking gives the floor to p, of the host's side, and has it speak.
func (s *session) speaking(p *page) {
	s.Helper()
	s.act(s.ofA, wire.Act{Do: wire.DoGive, Member: string(p.seat.Member)}, "")
	settle(300 * time.Millisecond)
	p.devices(true, false)
	s.act(p, wire.Act{Do: wire.DoAcknowledge}, "")
	settle(300 * time.Millisecond)
}

// TestDoors: the press hears the open part and nothing after the key, whoever turns it; our own measurement says so, in the log and on the
// consoles, and the other node's word is shown as its word. The control is the second before, and the opening after.
func TestDoors(t *testing.T) {
	for _, own := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			s := newSession(t, nil)
			if got := s.prA.heardWhile(s.tA, 200*time.Millisecond); got != 0 {
				t.Errorf("before the meeting the press gets %d packets", got)
			}
			s.to(meeting.Opened)
			s.speaking(s.tA)
			if got := s.prA.heardWhile(s.tA, time.Second); got < 49 || got > 51 {
				t.Fatalf("control: in the open part the press gets %d packets of a second", got)
			}
			if d := s.ofA.now().Doors.Ours; d.State != wire.DoorOpen || d.Press != 1 || d.Egresses != 9 {
				t.Errorf("doors %+v", d)
			}
			of := s.ofA
			if !own {
				of = s.ofB
			}
			s.prA.sink.take()
			done := make(chan int)
			go func() { // the principal goes on speaking
				speak(s.a, s.tA.streams["mic"], 500*time.Millisecond)
				done <- s.prA.sink.take()
				speak(s.a, s.tA.streams["mic"], 3*time.Second)
				done <- s.prA.sink.take()
			}()
			time.Sleep(100 * time.Millisecond) // virtual
			key := time.Now()
			s.act(of, wire.Act{Do: wire.DoClose}, "")
			if before := <-done; before < 4 || before > 8 { // 100 ms, and the 20 ms that the other node's word takes
				t.Errorf("own key %v: %d packets reached the press in 500 ms, of which it may hear 100", own, before)
			}
			if after := <-done; after != 0 {
				t.Errorf("own key %v: %d packets reached the press after the doors", own, after)
			}
			settle(time.Second)
			s.is(meeting.Closed)
			d := s.ofA.now().Doors
			if d.Ours.State != wire.DoorShut || d.Ours.After != 0 || d.Ours.LastMs > 0 || d.Ours.LastMs < -25 || d.Ours.Egresses != 9 || d.Ours.Press != 1 {
				t.Errorf("own key %v: our doors %+v", own, d.Ours)
			}
			if at, err := time.Parse(time.RFC3339, d.Ours.At); err != nil || at.Sub(key) > 60*time.Millisecond {
				t.Errorf("own key %v: shut at %v, key at %v", own, at, key)
			}
			if len(d.Theirs) != 1 || d.Theirs[0].Party != "tolmeria" || d.Theirs[0].State != wire.DoorShut || d.Theirs[0].Egresses != 9 {
				t.Errorf("own key %v: their doors %+v", own, d.Theirs)
			}
			if s.tA.now().Doors != nil || s.dB.now().Doors != nil {
				t.Errorf("the doors are shown to members")
			}
			if r := s.a.proofs(t); len(r) != 1 || r[0].State != wire.DoorShut || r[0].Doors.After != 0 || r[0].Doors.Egresses != 9 || !r[0].Doors.Closed {
				t.Errorf("own key %v: in the own log stands %+v", own, r)
			}
			if got := s.prA.now(); got.Phase != "closed" || len(got.Present)+len(got.Stage) != 0 {
				t.Errorf("the press is shown %+v", got)
			}
			// Members hear on.
			s.tA.devices(true, false)
			s.dA.sink.take()
			speak(s.a, s.tA.streams["mic"], time.Second)
			if got := s.dA.sink.take(); got < 49 {
				t.Errorf("control: the delegate gets %d packets of a second of the closed part", got)
			}
			s.keys(wire.ActionOpen)
			s.is(meeting.Opened)
			s.speaking(s.tA)
			if got := s.prA.heardWhile(s.tA, time.Second); got < 49 || got > 51 {
				t.Errorf("control: after the doors are open again the press gets %d packets of a second", got)
			}
		})
	}
}

// proofs are what stands of the doors in the own log.
func (n *node) proofs(t *testing.T) (out []room.DoorRecord) {
	t.Helper()
	for _, e := range n.own.copy().es {
		var r room.Record
		if err := json.Unmarshal(e.Data, &r); err != nil {
			t.Fatal(err)
		}
		if r.Doors != nil {
			out = append(out, *r.Doors)
		}
	}
	return out
}

// TestDoorsBeforeDisk: the doors are shut before the key is written, and stay shut if it cannot be.
func TestDoorsBeforeDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSession(t, nil)
		s.to(meeting.Opened)
		s.speaking(s.tA)
		s.a.own.set(func() { s.a.own.slow = 3 * time.Second })
		s.prA.sink.take()
		go func() { _ = act(s.ofA, wire.Act{Do: wire.DoClose}) }()
		synctest.Wait()
		time.Sleep(time.Millisecond) // virtual
		speak(s.a, s.tA.streams["mic"], time.Second)
		if got := s.prA.sink.take(); got != 0 {
			t.Errorf("while the disk writes, %d packets reach the press", got)
		}
		settle(10 * time.Second)
		s.a.own.set(func() { s.a.own.slow = 0 })
		settle(time.Second)
		s.is(meeting.Closed)
		s.keys(wire.ActionOpen)
		s.speaking(s.tA)
		if got := s.prA.heardWhile(s.tA, time.Second); got < 49 {
			t.Fatalf("control: %d packets", got)
		}
		s.a.own.set(func() { s.a.own.fail = errors.New("disk full") })
		s.act(s.ofA, wire.Act{Do: wire.DoClose}, "log.failed")
		if got := s.prA.heardWhile(s.tA, 5*time.Second); got != 0 {
			t.Errorf("the key could not be written, and %d packets reach the press", got)
		}
		if got := s.ofA.alarms(); got != "doors.unwritten" {
			t.Errorf("alarms %q", got)
		}
		s.a.own.set(func() { s.a.own.fail = nil })
		s.act(s.ofA, wire.Act{Do: wire.DoClose}, "")
		settle(time.Second)
		s.is(meeting.Closed)
		if got := s.ofA.alarms(); got != "" {
			t.Errorf("alarms %q after it was written", got)
		}
	})
}

// TestDoorsBeforeRoom: the doors are shut while the room still waits for a disk with somebody else's event; and an act that is refused shuts
// nothing for long (the control).
func TestDoorsBeforeRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSession(t, nil)
		s.to(meeting.Opened)
		s.speaking(s.tA)
		s.a.shared.set(func() { s.a.shared.slow = 2 * time.Second })
		go func() { _ = act(s.dA, wire.Act{Do: wire.DoRaiseHand}) }()
		time.Sleep(100 * time.Millisecond) // virtual
		s.prA.sink.take()
		go func() { _ = act(s.ofA, wire.Act{Do: wire.DoClose}) }()
		synctest.Wait()
		speak(s.a, s.tA.streams["mic"], time.Second)
		if got := s.prA.sink.take(); got > 1 {
			t.Errorf("while the room waits for the disk, %d packets reach the press", got)
		}
		settle(10 * time.Second)
		s.a.shared.set(func() { s.a.shared.slow = 0 })
		settle(time.Second)
		s.is(meeting.Closed)
		if d := s.ofA.now().Doors.Ours; d.After != 0 || d.Egresses != 9 {
			t.Errorf("doors %+v", d)
		}
		s.keys(wire.ActionOpen)
		s.speaking(s.tA)
		old := s.ofA
		s.ofA = join(s.a, ruhlA)
		s.act(old, wire.Act{Do: wire.DoClose}, "seat.gone") // a page that has been replaced closes nothing
		settle(100 * time.Millisecond)
		if got := s.prA.heardWhile(s.tA, time.Second); got < 49 {
			t.Errorf("control: after a refused act %d packets of a second reach the press", got)
		}
	})
}

// TestDoorsSuspended: a link lost for 2 s shuts the doors of an open part within 2.2 s, on both nodes, while each delegation goes on. They
// open by themselves when the link is back and both logs have the same head, and only if the part is still open. A cut of a second does
// nothing (the control).
func TestDoorsSuspended(t *testing.T) {
	for _, how := range []string{"control", "path"} {
		for _, closed := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				s := newSession(t, nil)
				s.to(meeting.Opened)
				s.speaking(s.tA)
				lose, back := s.p.cut, s.p.heal
				before := 2 * time.Second // of what the press still hears
				if how == "path" {        // the link says so when nothing authenticated came for 2 s
					before = 0
					lose = func() {
						s.a.room.LinkPath("tolmeria", room.LinkState{Interrupted: true})
						s.b.room.LinkPath("avelmar", room.LinkState{Interrupted: true})
					}
					back = func() {
						s.a.room.LinkPath("tolmeria", room.LinkState{})
						s.b.room.LinkPath("avelmar", room.LinkState{})
					}
				}
				if how == "control" && !closed {
					lose()
					if got := s.prA.heardWhile(s.tA, time.Second); got < 49 {
						t.Errorf("a cut of a second: the press gets %d packets", got)
					}
					back()
					settle(time.Second)
				}
				s.prA.sink.take()
				s.dA.sink.take()
				lose()
				speak(s.a, s.tA.streams["mic"], 5*time.Second)
				most := int((before+200*time.Millisecond)/(20*time.Millisecond)) + 1
				if got := s.prA.sink.take(); got > most || got < most-12 {
					t.Errorf("%s: of 5 s after the link was lost the press gets %d packets, want at most %d", how, got, most)
				}
				if got := s.dA.sink.take(); got < 249 {
					t.Errorf("%s: the own delegation gets %d packets of 5 s", how, got)
				}
				for _, of := range []*page{s.ofA, s.ofB} {
					if d := of.now().Doors.Ours; d.State != wire.DoorSuspended || d.After != 0 {
						t.Errorf("%s: doors %+v", how, d)
					}
				}
				want, most := 49, 51
				if closed {
					s.act(s.ofB, wire.Act{Do: wire.DoClose}, "") // alone, during the cut
					want, most = 0, 0
				}
				back()
				settle(2 * time.Second)
				if got := s.prA.heardWhile(s.tA, time.Second); got < want || got > most {
					t.Errorf("%s, closed meanwhile %v: after the link is back the press gets %d packets of a second", how, closed, got)
				}
				agreeOn(t, s.a, s.b)
			})
		}
	}
}

// TestDoorsStayWhenLogsDiffer: the link is back, the phase is open, and the other node does not sign our head: the doors stay shut. A head
// like ours opens them (the control).
func TestDoorsStayWhenLogsDiffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSession(t, nil)
		s.to(meeting.Opened)
		s.speaking(s.tA)
		s.p.cut()
		settle(3 * time.Second)
		s.p.mu.Lock()
		s.p.drop = func(_ meeting.PartyID, x meeting.Exchange) bool { return x.Head != nil }
		s.p.mu.Unlock()
		s.p.heal()
		settle(10 * time.Second)
		if got := s.prA.heardWhile(s.tA, time.Second); got != 0 || s.ofA.now().Doors.Ours.State != wire.DoorSuspended {
			t.Errorf("without a head of the other node the press gets %d packets, doors %+v", got, s.ofA.now().Doors.Ours)
		}
		s.p.mu.Lock()
		s.p.drop = nil
		s.p.mu.Unlock()
		settle(2 * time.Second)
		if got := s.prA.heardWhile(s.tA, time.Second); got < 49 {
			t.Errorf("control: with it the press gets %d packets", got)
		}
	})
}

// TestPressAsksAfterDoors: numbers of the closed part, and of the open part before it, get no answer after the doors, nor after they are
// open again (D13). What was sent since is sent again (the control).
func TestPressAsksAfterDoors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSession(t, nil)
		s.to(meeting.Opened)
		s.speaking(s.tA)
		s.prA.heardWhile(s.tA, time.Second)
		s.act(s.ofA, wire.Act{Do: wire.DoClose}, "")
		speak(s.a, s.tA.streams["mic"], time.Second)
		ask := func() (answers int) {
			s.prA.sink.take()
			var all []uint16
			for q := range 400 {
				all = append(all, uint16(1001+q))
			}
			s.a.w.call(func() {
				for _, f := range s.prA.Slots("floor") {
					f.Resend(time.Now(), all)
				}
			})
			return s.prA.sink.take()
		}
		if got := ask(); got != 0 {
			t.Errorf("after the doors %d numbers are answered", got)
		}
		s.keys(wire.ActionOpen)
		s.speaking(s.tA)
		if got := ask(); got != 0 {
			t.Errorf("with the doors open again %d numbers from before are answered", got)
		}
		speak(s.a, s.tA.streams["mic"], 100*time.Millisecond)
		settle(100 * time.Millisecond)
		if got := ask(); got != 5 {
			t.Errorf("control: %d of the five packets since are sent again", got)
		}
	})
}

// TestNewcomerAtShutDoors: who comes to the press seats after the doors gets nothing, and when they open again what the others get.
func TestNewcomerAtShutDoors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSession(t, nil)
		s.to(meeting.Opened)
		s.speaking(s.tA)
		s.act(s.ofA, wire.Act{Do: wire.DoClose}, "")
		late := attend(s.a, "press-late")
		if got := late.heardWhile(s.tA, time.Second); got != 0 {
			t.Errorf("behind shut doors %d packets reach a newcomer", got)
		}
		s.a.w.call(func() { // whatever assigns it
			for _, f := range late.Slots("floor") {
				f.Assign(time.Now(), s.tA.streams["mic"])
			}
		})
		if got := late.heardWhile(s.tA, time.Second); got != 0 {
			t.Errorf("a slot that is assigned by force gets %d packets", got)
		}
		s.keys(wire.ActionOpen)
		s.speaking(s.tA)
		if got := late.heardWhile(s.tA, time.Second); got < 49 {
			t.Errorf("control: %d packets", got)
		}
		if f := late.Slots("floor")[0]; f.Kind() != media.Audio {
			t.Errorf("slot of kind %v", f.Kind())
		}
	})
}

// TestPressIsToldNothing: what the press's page is told in a whole meeting has no name of a delegate, no key, no head, no level, no note, and
// of the parts that are not open nobody at all.
func TestPressIsToldNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSession(t, nil)
		var told [][]byte
		s.prA.a.Send = func(m wire.ToClient) bool {
			b, err := wire.EncodeToClient(m)
			if err != nil {
				t.Error(err)
			}
			told = append(told, b)
			if m.State != nil && m.State.Phase != "open" && len(m.State.Present)+len(m.State.Stage) > 0 {
				t.Errorf("told %s", b)
			}
			return true
		}
		s.to(meeting.Opened)
		s.act(s.ofB, wire.Act{Do: wire.DoMessage, Value: "Two minutes, please."}, "")
		s.speaking(s.dA)
		speak(s.a, s.dA.streams["mic"], time.Second)
		s.to(meeting.Sealed)
		all := bytes.Join(told, []byte("\n"))
		for _, secret := range []string{aldesh, thorrick, ruhlA, ruhlT, techA, "Two minutes", `"db"`, `"levels"`, `"doors"`, `"rehearsal"`, `"waiting":[{`, `"sealed"`, `"keys":[{`} {
			if bytes.Contains(all, []byte(secret)) {
				t.Errorf("the press is told %s", secret)
			}
		}
		for _, public := range []string{tarroven, kosvane, `"open"`, `"closed"`, `"ended"`} {
			if !bytes.Contains(all, []byte(public)) {
				t.Errorf("control: the press is not told %s in %s", public, all)
			}
		}
	})
}

// TestViewer: a viewer's seat hears the open part (the control), and nothing before it or behind shut doors; it counts among the seats of the press.
func TestViewer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSession(t, nil)
		v := attendAs(s.a, "press-c", meeting.Viewer)
		if got := v.heardWhile(s.tA, 200*time.Millisecond); got != 0 {
			t.Errorf("before the meeting a viewer gets %d packets", got)
		}
		s.to(meeting.Opened)
		s.speaking(s.tA)
		if got := v.heardWhile(s.tA, time.Second); got < 49 || got > 51 {
			t.Fatalf("control: in the open part a viewer gets %d packets of a second", got)
		}
		if d := s.ofA.now().Doors.Ours; d.Press != 2 {
			t.Errorf("doors %+v", d)
		}
		s.act(s.ofA, wire.Act{Do: wire.DoClose}, "")
		settle(time.Second)
		if got := v.heardWhile(s.tA, time.Second); got != 0 {
			t.Errorf("behind shut doors a viewer gets %d packets", got)
		}
		s.act(s.ofA, wire.Act{Do: wire.DoExclude, Value: "press-c"}, "")
		settle(time.Second)
		v.read(func() {
			if len(v.ends) != 1 || v.ends[0] != "excluded" {
				t.Errorf("an excluded viewer is told %v", v.ends)
			}
		})
	})
}

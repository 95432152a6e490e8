package room_test

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/room"
	"visavis/internal/wire"
)

// TestEncoderGivesMicrophoneBack: a microphone of a page that was closed when an encoder took its place can be opened when that has gone, in a
// formal and in an informal meeting. The control is the page before the encoder.
func TestEncoderGivesMicrophoneBack(t *testing.T) {
	for _, d := range []meeting.Definition{definition("avelmar", "tolmeria"), formal("avelmar", "tolmeria")} {
		synctest.Test(t, func(t *testing.T) {
			a := newNode(t, "avelmar", d)
			if d.Formal() {
				if err := act(join(a, ruhlA), wire.Act{Do: wire.DoWait}); err != nil {
					t.Fatal(err)
				}
			}
			p, hearer := join(a, tarroven), join(a, aldesh)
			heard := func() int {
				settle(time.Second)
				hearer.sink.take()
				speak(a, p.streams["mic"], time.Second)
				return hearer.sink.take()
			}
			p.devices(true, false)
			if got := heard(); got < 49 {
				t.Fatalf("control: %d packets", got)
			}
			p.devices(false, false)
			if got := heard(); got != 0 {
				t.Fatalf("control: closed, %d packets", got)
			}
			_, f := encoder(a, tarroven)
			settle(time.Second)
			p.devices(true, false)
			settle(time.Second)
			a.room.Unpublish(f)
			if got := heard(); got < 49 {
				t.Errorf("formal %v: after the encoder %d packets of a second", d.Formal(), got)
			}
		})
	}
}

// TestLinkUpWithoutJoin: a link that comes up anew and on which the other room says nothing counts as parted: the doors are suspended.
func TestLinkUpWithoutJoin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLiar(t)
		l.open()
		l.b.room.LinkUp(foeLink{l.foe})
		settle(time.Second)
		l.is("control: a second", meeting.Opened, wire.DoorOpen)
		settle(2 * time.Second)
		l.is("three seconds", meeting.Opened, wire.DoorSuspended)
	})
}

// TestMessagesAreBounded: long messages of the other side cost pages no more than NoteBytes, and push no call for help away. The control: some
// of them are shown, and so is the call.
func TestMessagesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		settle(time.Minute)
		d := formal("avelmar", "tolmeria")
		a := newNode(t, "avelmar", d)
		of, p := join(a, ruhlA), join(a, tarroven)
		f := befriend(t, a, "tolmeria", 1)
		if err := act(p, wire.Act{Do: wire.DoHelp}); err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{strings.Repeat("<", 1000), strings.Repeat("\U0001F91D", 1000)} {
			for range 100 {
				f.send(meeting.Exchange{Notice: &meeting.Notice{Meeting: "annual", Kind: meeting.NoticeMessage, Member: ruhlT, Text: text}}, "")
				settle(time.Second)
			}
			far, help := 0, 0
			for _, n := range of.now().Notes {
				if n.Kind == wire.NoteHelp {
					help++
				} else if n.Text == text {
					far++
				}
			}
			b, err := json.Marshal(of.now().Notes)
			if err != nil || len(b) > room.NoteBytes || far < 2 || help != 1 {
				t.Errorf("%d bytes of notes (%v), %d messages, %d calls for help", len(b), err, far, help)
			}
		}
	})
}

// TestEncoderRefusedLeaves: an encoder whose devices are refused leaves nobody behind. The control: one whose devices are taken stays.
func TestEncoderRefusedLeaves(t *testing.T) {
	for phase, stays := range map[meeting.Phase]bool{meeting.Waiting: true, meeting.Ended: false} {
		synctest.Test(t, func(t *testing.T) {
			s := newSession(t, nil)
			s.to(phase)
			s.tA.leave()
			settle(time.Second)
			p := newPage(s.a, tarroven)
			err := s.a.room.Publish(t.Context(), &room.Feed{Member: tarroven, Media: p, End: p.seat.End})
			if (err == nil) != stays {
				t.Errorf("%s: %v", phase, err)
			}
			settle(2 * time.Second)
			for _, n := range []*node{s.a, s.b} {
				if _, ok := n.snap().State.Present[tarroven]; ok != stays {
					t.Errorf("%s: at %s present %v", phase, n.party, ok)
				}
			}
		})
	}
}

// TestLateMicrophone: a switch that was held back because its member switches too often opens nothing in the next phase; in the same phase it
// does when its time has come (the control).
func TestLateMicrophone(t *testing.T) {
	for _, moves := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := newSession(t, nil)
			s.to(meeting.Waiting)
			for i := range 60 {
				s.tA.devices(i%2 == 0, false)
			}
			s.tA.devices(true, false)
			if s.a.snap().State.Present[tarroven].Mic {
				t.Fatal("nothing was held back")
			}
			if moves {
				s.act(s.ofB, wire.Act{Do: wire.DoRehearse}, "")
			}
			settle(2 * time.Minute)
			if got := s.a.snap().State.Present[tarroven].Mic; got == moves {
				t.Errorf("phase changed %v: microphone %v", moves, got)
			}
		})
	}
}

// TestRehearsalShutsCameras: the other side's officer shows nobody by beginning a rehearsal; each camera is opened again by its own member (the
// control).
func TestRehearsalShutsCameras(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSession(t, nil)
		s.to(meeting.Waiting)
		s.tA.devices(false, true)
		settle(time.Second)
		s.act(s.ofB, wire.Act{Do: wire.DoRehearse}, "")
		settle(5 * time.Second)
		if s.a.snap().State.Present[tarroven].Camera {
			t.Error("the camera is on in the rehearsal")
		}
		s.tA.devices(false, true)
		settle(time.Second)
		if !s.b.snap().State.Present[tarroven].Camera {
			t.Error("control: opened by its member, it is off")
		}
	})
}

// TestSwitchOfAnotherPhase: a page that asks for its camera, and has not been told yet that a rehearsal has begun, opens nothing; neither does
// what a guest's node has sent to the host just before. Who has been told, does (the control).
func TestSwitchOfAnotherPhase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSession(t, nil)
		s.to(meeting.Waiting)
		camera := func(p *page, seen int) {
			t.Helper()
			if err := p.n.room.Handle(p.seat, wire.FromClient{Devices: &wire.Devices{Camera: true, Epoch: &seen}}); err != nil {
				t.Errorf("devices: %v", err)
			}
		}
		on := func(who meeting.MemberID) bool { settle(5 * time.Second); return s.a.snap().State.Present[who].Camera }
		seen := int(s.a.snap().State.Epoch)
		s.act(s.ofA, wire.Act{Do: wire.DoRehearse}, "")
		camera(s.tB, seen) // the guest's node has not heard of it either
		settle(5 * time.Second)
		camera(s.tA, seen)
		for _, who := range []meeting.MemberID{tarroven, kosvane} {
			if on(who) {
				t.Errorf("the camera of %s is on in the rehearsal", who)
			}
		}
		camera(s.tA, seen+1)
		camera(s.tB, seen+1)
		for _, who := range []meeting.MemberID{tarroven, kosvane} {
			if !on(who) {
				t.Errorf("control: the camera of %s is off", who)
			}
		}
	})
}

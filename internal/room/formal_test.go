package room_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"visavis/internal/meeting"
)

// formal is definition with an officer in every party.
func formal(parties ...meeting.PartyID) meeting.Definition {
	d := definition(parties...)
	for _, p := range parties {
		d.Members = append(d.Members, meeting.Member{ID: meeting.MemberID(p) + "-ruhl", Party: p, Role: meeting.Officer, Precedence: 9, Name: meeting.Text{"en": "Officer"}})
	}
	return d
}

func codeOf(err error) string {
	var e *meeting.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// TestMicrophoneStaysClosed: a page that had its microphone open before a phase in which more people hear is not opened again by the
// node, though its page never asked to close it; the member's own act opens it (the control). Abuse: the other party's officer
// changes the phase while our people talk among themselves.
func TestMicrophoneStaysClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newNode(t, "avelmar", formal("avelmar", "tolmeria"))
		p := join(a, tarroven)
		f := befriend(t, a, "tolmeria", 1)
		counter := uint64(0)
		far := func(kind meeting.Kind) {
			t.Helper()
			counter++
			f.send(meeting.Exchange{Propose: new(proposal("tolmeria", counter, kind, "tolmeria-ruhl"))}, "")
			settle(20 * time.Millisecond)
		}
		mic := func(what string, want bool) {
			t.Helper()
			settle(3 * time.Second) // some ticks, in each of which the room follows what pages want
			if s := a.snap().State; s.Present[tarroven].Mic != want {
				t.Fatalf("%s in phase %s: microphone %v, want %v", what, s.Phase, !want, want)
			}
		}
		if err := a.room.Handle(p.seat, devices(true)); codeOf(err) != "phase.wrong" {
			t.Errorf("microphone in phase planned: %v, want phase.wrong", err)
		}
		mic("opened too early", false)
		far(meeting.MemberJoined)
		far(meeting.PhaseWaiting)
		mic("asked for before", false)
		p.devices(true, false)
		mic("among our own people", true)
		far(meeting.PhaseRehearsal)
		mic("when the far officers hear, too", false)
		p.devices(true, false)
		mic("control: opened by its own member", true)
		far(meeting.PhaseWaiting)
		mic("control: fewer people hear", true)
	})
}

package meeting_test

import (
	"testing"
	"time"

	"visavis/internal/meeting"
)

func TestApply(t *testing.T) {
	join := meeting.Event{Kind: meeting.MemberJoined, Member: "avelmar-aldesh"}
	mic := meeting.Event{Kind: meeting.MemberDevices, Member: "avelmar-aldesh", Mic: yes()}
	leave := meeting.Event{Kind: meeting.MemberLeft, Member: "avelmar-aldesh"}
	for _, c := range []struct {
		what  string
		after []meeting.Event
		by    meeting.PartyID
		e     meeting.Event
		want  string
	}{
		{"join", nil, "avelmar", join, ""},
		{"join twice", []meeting.Event{join}, "avelmar", join, "member.present"},
		{"join of another party's member", nil, "tolmeria", join, "member.foreign"},
		{"join for a party that is not there", nil, "calwen", join, "member.foreign"},
		{"join for nobody", nil, "", join, "member.foreign"},
		{"join of nobody", nil, "avelmar", meeting.Event{Kind: meeting.MemberJoined, Member: "avelmar-vost"}, "member.unknown"},
		{"join with devices", nil, "avelmar", meeting.Event{Kind: meeting.MemberJoined, Member: "avelmar-aldesh", Mic: yes()}, "event.malformed"},
		{"microphone", []meeting.Event{join}, "avelmar", mic, ""},
		{"microphone of an absent member", nil, "avelmar", mic, "member.absent"},
		{"microphone by the other party", []meeting.Event{join}, "tolmeria", mic, "member.foreign"},
		{"devices without one", []meeting.Event{join}, "avelmar", meeting.Event{Kind: meeting.MemberDevices, Member: "avelmar-aldesh"}, "event.malformed"},
		{"leave", []meeting.Event{join}, "avelmar", leave, ""},
		{"leave twice", []meeting.Event{join, leave}, "avelmar", leave, "member.absent"},
		{"leave of the other party's member", []meeting.Event{join}, "tolmeria", leave, "member.foreign"},
		{"come back", []meeting.Event{join, mic, leave}, "avelmar", join, ""},
		{"kind of a later version", []meeting.Event{join}, "avelmar", meeting.Event{Kind: "phase.open", Member: "avelmar-aldesh"}, "event.unknown"},
		{"kind in capitals", nil, "avelmar", meeting.Event{Kind: "Member.Joined", Member: "avelmar-aldesh"}, "event.unknown"},
		{"no kind", nil, "avelmar", meeting.Event{Member: "avelmar-aldesh"}, "event.unknown"},
	} {
		s := meeting.Begin(annual())
		for _, e := range c.after {
			var err error
			if s, err = meeting.Apply(s, "avelmar", start, e); err != nil {
				t.Fatalf("%s: preparation: %v", c.what, err)
			}
		}
		before := len(s.Present)
		had := s.Present["avelmar-aldesh"]
		next, err := meeting.Apply(s, c.by, start.Add(time.Minute), c.e)
		wantCode(t, c.what, err, c.want)
		if len(s.Present) != before || s.Present["avelmar-aldesh"] != had {
			t.Errorf("%s: Apply changed the state it was given", c.what)
		}
		if err != nil && len(next.Present) != before {
			t.Errorf("%s: refused, and yet the state changed", c.what)
		}
	}
}

// TestForgedSender: no party speaks of another's members, in any kind of event.
func TestForgedSender(t *testing.T) {
	d := three()
	for _, kind := range meeting.Kinds()[:3] {
		for _, m := range d.Members {
			for _, p := range d.Parties {
				s := meeting.Begin(d)
				if kind != meeting.MemberJoined {
					s, _ = meeting.Apply(s, m.Party, start, meeting.Event{Kind: meeting.MemberJoined, Member: m.ID})
				}
				e := meeting.Event{Kind: kind, Member: m.ID}
				if kind == meeting.MemberDevices {
					e.Camera = yes()
				}
				_, err := meeting.Apply(s, p.ID, start, e)
				want := "member.foreign"
				if p.ID == m.Party {
					want = "" // control
				}
				wantCode(t, string(kind)+" of "+string(m.ID)+" by "+string(p.ID), err, want)
			}
		}
	}
}

func TestDevicesOffOnReturn(t *testing.T) {
	s := meeting.Begin(annual())
	for _, e := range []meeting.Event{
		{Kind: meeting.MemberJoined, Member: "avelmar-aldesh"},
		{Kind: meeting.MemberDevices, Member: "avelmar-aldesh", Mic: yes(), Camera: yes()},
		{Kind: meeting.MemberDevices, Member: "avelmar-aldesh", Camera: no()},
	} {
		s, _ = meeting.Apply(s, "avelmar", start, e)
	}
	if p := s.Present["avelmar-aldesh"]; !p.Mic || p.Camera || p.By != "avelmar" {
		t.Fatalf("presence %+v, want microphone on, camera off", p)
	}
	s, _ = meeting.Apply(s, "avelmar", start, meeting.Event{Kind: meeting.MemberLeft, Member: "avelmar-aldesh"})
	s, _ = meeting.Apply(s, "avelmar", start, meeting.Event{Kind: meeting.MemberJoined, Member: "avelmar-aldesh"})
	if p := s.Present["avelmar-aldesh"]; p.Mic || p.Camera {
		t.Errorf("after coming back %+v, want both devices off", p)
	}
}

func TestOverlay(t *testing.T) {
	s := meeting.Begin(annual())
	own := []meeting.Proposal{
		{Party: "tolmeria", Event: meeting.Event{Kind: meeting.MemberJoined, Member: "tolmeria-soste"}},
		{Party: "tolmeria", Event: meeting.Event{Kind: meeting.MemberLeft, Member: "tolmeria-thorrick"}}, // not there: passed over
		{Party: "tolmeria", Event: meeting.Event{Kind: meeting.MemberDevices, Member: "tolmeria-soste", Mic: yes()}},
	}
	v := meeting.Overlay(s, own)
	if len(s.Present) != 0 || len(v.Present) != 1 || !v.Present["tolmeria-soste"].Mic {
		t.Errorf("overlay %+v on %+v", v.Present, s.Present)
	}
}

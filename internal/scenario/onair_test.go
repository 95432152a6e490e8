package scenario

import (
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/site"
	"visavis/internal/wire"
)

// shown is what p's public store says of the meeting; nil: nothing.
func (p *Party) shown() *site.Live {
	p.w.T.Helper()
	s, err := site.JoinStore(p.Settings.Public.Store)
	if err != nil {
		p.w.T.Fatal(err)
	}
	defer s.Close()
	l, ok, err := s.Living(Meeting)
	if err != nil {
		p.w.T.Fatal(err)
	}
	if !ok {
		return nil
	}
	return &l
}

func (p *Party) announced() bool {
	_, err := os.Stat(filepath.Join(p.Settings.Public.Store, "announced", string(Meeting)+".json"))
	return err == nil
}

// TestSiteSaysWhatGoesOn: both public stores say that a meeting is on from the moment its doors first open, not while it has only been behind closed
// doors; that nobody hears it when they close; still, after a restart; and nothing any more when it has ended. What was announced has come.
func TestSiteSaysWhatGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSessionIn(t, Options{Names: Definition{"formal": "closed"}, Public: true})
		both := []*Party{s.Avelmar, s.Tolmeria}
		says := func(what string, open bool) {
			t.Helper()
			for _, p := range both {
				s.await(what+" at "+string(p.ID), func() bool { l := p.shown(); return l != nil && l.Open == open })
			}
		}
		for _, p := range both {
			public, err := site.JoinStore(p.Settings.Public.Store)
			if err != nil {
				t.Fatal(err)
			}
			a := site.Announcement{ID: Meeting, Title: meeting.Text{"en": "Annual meeting"}, Parties: []site.Place{{ID: p.ID, Name: meeting.Text{"en": "Name"}, Zone: "UTC"}},
				Start: time.Now().Add(time.Hour), At: time.Now()}
			if err := public.Announce(a); err != nil {
				t.Fatal(err)
			}
			_ = public.Close()
		}
		s.begin()
		time.Sleep(6 * time.Second) // the store is looked at every five
		for _, p := range both {
			if p.shown() != nil || !p.announced() {
				t.Errorf("%s tells the public of a meeting that has only been behind closed doors", p.ID)
			}
		}
		s.principal.Bot.Devices(false, true)
		s.await("no microphone is open", func() bool { p := s.principal.presence(s.principal.Member); return p != nil && !p.Mic })
		s.turn(wire.ActionOpen)
		s.phase(meeting.Opened)
		says("on, and open", true)
		since := s.Avelmar.shown().Since
		if s.Avelmar.announced() || s.Tolmeria.announced() {
			t.Error("what goes on is still announced")
		}
		time.Sleep(5 * time.Second)
		s.officer.act(wire.Act{Do: wire.DoClose})
		says("on, behind closed doors", false)
		if l := s.Avelmar.shown(); !l.Since.Equal(since) || len(l.Parties) != 2 || l.Title["en"] == "" {
			t.Errorf("shown as %+v, on since %v", l, since)
		}
		s.Tolmeria.Stop()
		s.Tolmeria.Start()
		time.Sleep(6 * time.Second)
		says("on, after a restart of one node", false)

		s.fillsUp(s.Avelmar, func() { s.officer.act(wire.Act{Do: wire.DoEnd}) })
		s.await("over at the other node", func() bool { return s.Tolmeria.shown() == nil })
	})
}

// fillsUp lets f happen while p's store takes nothing, and then takes it again: nothing is said wrong for longer than that.
func (s *session) fillsUp(p *Party, f func()) {
	s.t.Helper()
	live := filepath.Join(p.Settings.Public.Store, "live")
	if err := os.Rename(live, live+".away"); err != nil {
		s.t.Fatal(err)
	}
	f()
	time.Sleep(11 * time.Second)
	if _, err := os.Stat(filepath.Join(live+".away", string(Meeting)+".json")); err != nil {
		s.t.Errorf("control: %v", err)
	}
	if err := os.Rename(live+".away", live); err != nil {
		s.t.Fatal(err)
	}
	s.await("over, once the store can be written", func() bool { return p.shown() == nil })
}

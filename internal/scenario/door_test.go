package scenario

import (
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"visavis/internal/auth"
	"visavis/internal/bot"
	"visavis/internal/meeting"
	"visavis/internal/node"
	"visavis/internal/wire"
)

// told keeps all that a node says to one page.
type told struct {
	mu  sync.Mutex
	all []wire.ToClient
}

func (l *told) hear(m wire.ToClient) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, m)
}

// kinds are the messages so far but a Wait, as JSON.
func (l *told) besidesWait(t *testing.T) (out []string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, m := range l.all {
		if m.Wait != nil {
			continue
		}
		b, err := wire.EncodeToClient(m)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(b))
	}
	return out
}

// waits awaits that somebody waits at avelmar's door as its officer sees it.
func (s *session) waits(who meeting.MemberID, reason string) wire.Waiting {
	s.t.Helper()
	var w wire.Waiting
	s.await("somebody waits", func() bool {
		for _, x := range s.officer.now().Waiting {
			if x.Reason == reason && x.Member == string(who) {
				w = x
				return true
			}
		}
		return false
	})
	return w
}

// TestDoorInAMeeting is abuse cases 6 and 18 in the middle of a meeting, with media: the second with a link waits, not a message and not a datagram
// of media reaches it; admitted it gets everything, and the first is out. Then the officer excludes it, and ends its session.
func TestDoorInAMeeting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSession(t, "closed")
		s.begin()
		id := s.delegat.Member
		var log told
		second := s.Avelmar.JoinWith(id, s.Avelmar.code(auth.Grant{Meeting: Meeting, Member: id, Party: s.Avelmar.ID}, "join"), func(c *bot.Config) {
			c.MicOff, c.OnMessage = true, log.hear
		})
		tap := s.tap(s.Avelmar.Host, second.Host)
		w := s.waits(id, wire.WaitDevice)
		if second.Bot.Stats().Waiting == "" {
			t.Error("the bot does not know that it waits")
		}
		time.Sleep(3 * time.Second)
		if all := log.besidesWait(t); len(all) != 0 {
			t.Errorf("one who waits is told %s", all)
		}
		if n := tap.since(time.Time{}); n != 0 {
			t.Errorf("%d datagrams of media reach one who waits", n)
		}
		if !s.delegat.Await(time.Second) {
			t.Error("the first is disturbed by one who waits")
		}
		s.officer.act(wire.Act{Do: wire.DoAdmit, Value: w.ID})
		if !second.Await(10 * time.Second) {
			t.Fatal("the admitted is not connected")
		}
		heard := Heard{s.principal.Member, "mic"}
		s.await("50 packets after admission", func() bool { return second.Count(heard) >= 50 && tap.since(time.Time{}) >= 50 })
		s.await("the first is out", func() bool { return s.delegat.Bot.Stats().Waiting != "" || isClosed(s.delegat.ended) })

		s.officer.act(wire.Act{Do: wire.DoExclude, Member: string(id)})
		at := time.Now()
		s.waits(id, wire.WaitExcluded)
		time.Sleep(3 * time.Second)
		if n := tap.since(at.Add(time.Second)); n != 0 {
			t.Errorf("%d datagrams of media reach an excluded member after 1 s", n)
		}
	})
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// TestOfficerEndsASession: of the holder of the floor, in mid-sentence: nothing of it is heard, on either side, and nothing reaches it, after 1 s.
func TestOfficerEndsASession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSession(t, "closed")
		s.begin()
		heard := Heard{s.principal.Member, "mic"}
		s.await("it is heard", func() bool { return s.farPrincipal.Count(heard) > 50 && s.delegat.Count(heard) > 50 })
		tap := s.tap(s.Avelmar.Host, s.principal.Host)
		s.await("it gets media", func() bool { return tap.since(time.Time{}) > 50 })
		s.officer.act(wire.Act{Do: wire.DoEndSession, Member: string(s.principal.Member)})
		at := time.Now()
		if err := s.principal.Err(5 * time.Second); err == nil || !strings.Contains(err.Error(), "ended") {
			t.Errorf("the member's page: %v, want that it has ended", err)
		}
		time.Sleep(time.Until(at.Add(time.Second)))
		far, near := s.farPrincipal.Count(heard), s.delegat.Count(heard)
		time.Sleep(3 * time.Second)
		if n := tap.since(at.Add(time.Second)); n != 0 {
			t.Errorf("%d datagrams of media reach the ended session after 1 s", n)
		}
		if n, m := s.farPrincipal.Count(heard)-far, s.delegat.Count(heard)-near; n != 0 || m != 0 {
			t.Errorf("%d packets of the ended session are heard on the far side, %d on ours, after 1 s", n, m)
		}
		if !s.delegat.Await(time.Second) {
			t.Error("control: another member's session goes on")
		}
	})
}

// TestLogsOfAFormalMeeting looks into the logs of a meeting with accounts, PINs, press, messages, refusals and a door for what must never be there.
// The control: refusals and uses of power are there, by code and id.
func TestLogsOfAFormalMeeting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSession(t, "open")
		s.begin()
		_, cookie, _ := strings.Cut(s.officer.cookie, "=")
		secrets := map[string]string{"cookie": cookie, "account's name": "Name of ", "press": "Halvern Post", "message": "a word in confidence", "title": "Talks", "office": "Office of"}
		var code, pin auth.Secret
		s.Avelmar.must(func(d *node.Dir) (err error) {
			g, err := stamped(t.Context(), d, auth.Grant{Meeting: Meeting, Member: s.principal.Member, Party: s.Avelmar.ID})
			if err != nil {
				return err
			}
			code, pin, err = d.Book().InviteWith(t.Context(), g, auth.InviteOptions{TTL: time.Hour, PIN: true})
			if err != nil {
				return err
			}
			other, err := d.Book().EnrolmentCode(t.Context(), s.officer.member, time.Hour, nil)
			secrets["code for a passkey"] = other.Reveal()
			return err
		})
		secrets["code"], secrets["PIN"] = code.Reveal(), pin.Reveal()
		g := s.Avelmar.guest()
		g.do("POST", "/api/session", `{"code":"`+code.Reveal()+`","pin":"no"}`)
		g.do("POST", "/api/session", `{"code":"`+code.Reveal()+`","pin":"`+pin.Reveal()+`"}`)
		g.do("POST", "/api/passkey/register", `{"code":"`+secrets["code for a passkey"]+`"}`)
		secrets["browser's address"] = g.h.Addr().String()
		s.officer.act(wire.Act{Do: wire.DoMessage, Value: secrets["message"]})
		if got := s.technician.try(wire.Act{Do: wire.DoTurnKey, Value: wire.ActionRecord}); got != "member.role" {
			t.Errorf("a technician's key: %q", got)
		}
		if got := s.technician.try(wire.Act{Do: wire.DoClose}); got == "" {
			t.Error("a technician closes the doors")
		}
		s.officer.act(wire.Act{Do: wire.DoExclude, Member: string(s.delegat.Member)})
		s.officer.act(wire.Act{Do: wire.DoEndSession, Member: string(s.principal.Member)})
		time.Sleep(2 * time.Second)
		for _, p := range []*Party{s.Avelmar, s.Tolmeria} {
			for what, secret := range secrets {
				if secret == "" {
					t.Errorf("no %s to look for", what)
				} else if strings.Contains(p.Log.String(), secret) {
					t.Errorf("the log of %s has the %s", p.ID, what)
				}
			}
		}
		for _, code := range []string{"pin.wrong", "member.role", "door.excluded"} {
			s.Avelmar.logged(`"code":"` + code + `"`)
		}
		s.Avelmar.logged(`"kind":"passkey.added"`)
		s.Avelmar.logged(`"person":"avelmar-technician"`)
	})
}

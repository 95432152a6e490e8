package scenario

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"visavis/internal/arrange"
	"visavis/internal/auth"
	"visavis/internal/meeting"
	"visavis/internal/node"
)

const commission meeting.ID = "commission-9"

// draft lets an officer of p change the draft of the commission's meeting.
func (p *Party) draft(f func(d *meeting.Definition)) {
	p.w.T.Helper()
	c := p.arranged(p.Node.Desk().Case(p.w.T.Context(), commission))
	d := c.Draft
	f(&d)
	p.arranged(p.Node.Desk().Save(p.w.T.Context(), commission, d, c.Version, "officer of "+string(p.ID)))
}

func (p *Party) arranged(c *arrange.Case, err error) *arrange.Case {
	p.w.T.Helper()
	if err != nil {
		p.w.T.Fatalf("%s: %v", p.ID, err)
	}
	return c
}

func (p *Party) propose() {
	p.w.T.Helper()
	c := p.arranged(p.Node.Desk().Case(p.w.T.Context(), commission))
	p.arranged(p.Node.Desk().Propose(p.w.T.Context(), commission, c.Version, "officer of "+string(p.ID)))
}

// stands waits until p's node holds the last proposal of the commission's meeting, made by a party, in a state.
func (p *Party) stands(by meeting.PartyID, want arrange.State) *arrange.Case {
	p.w.T.Helper()
	var got string
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		c, err := p.Node.Desk().Case(p.w.T.Context(), commission)
		if err != nil {
			got = err.Error()
			continue
		}
		for _, r := range c.Log {
			if r.ID == c.Head {
				if got = fmt.Sprintf("that of %s is %s", r.Party, r.State); r.Party == by && r.State == want {
					return c
				}
			}
		}
	}
	p.w.T.Fatalf("at %s: %s; want that of %s %s", p.ID, got, by, want)
	return nil
}

func delegation(p meeting.PartyID) (out []meeting.Member) {
	for i, r := range []meeting.Role{meeting.Principal, meeting.Delegate} {
		out = append(out, meeting.Member{ID: meeting.MemberID(fmt.Sprintf("%s-%s", p, r)), Party: p, Role: r, Precedence: i + 1,
			Name: meeting.Text{"en": "Somebody"}, Office: meeting.Text{"en": "Office"}})
	}
	return out
}

// guestOf invites a member to the commission's meeting and lets it join.
func (p *Party) guestOf(m meeting.MemberID) *Person {
	p.w.T.Helper()
	var link auth.Secret
	p.must(func(d *node.Dir) error {
		made, err := d.Invite(context.Background(), node.InviteOptions{Meeting: commission, Members: []meeting.MemberID{m}, Keep: true})
		if err == nil {
			link = made[0].URL
		}
		return err
	})
	return p.JoinWith(m, link.Reveal(), nil)
}

// TestArrangedMeetingTakesPlace: two running nodes agree on a meeting over their link, which is cut and heals, and one of them is restarted in
// between; then people of both sides sit in it and hear each other.
func TestArrangedMeetingTakesPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := NewWorld(t, Options{})
		a, b := w.Avelmar, w.Tolmeria
		time.Sleep(5 * time.Second)
		a.arranged(a.Node.Desk().Begin(t.Context(), commission, "tolmeria", "officer of avelmar"))
		a.draft(func(d *meeting.Definition) {
			d.Title, d.Start = meeting.Text{"en": "Ninth meeting"}, time.Now().UTC().Add(time.Hour).Truncate(time.Second)
			d.Members = delegation("avelmar")
		})
		a.propose()
		b.stands("avelmar", arrange.Open)

		w.Net.Cut(a.Host, b.Host, true)
		time.Sleep(10 * time.Second)
		b.draft(func(d *meeting.Definition) { d.Members = append(d.Members, delegation("tolmeria")...) })
		b.propose()
		time.Sleep(10 * time.Second)
		if c := a.stands("avelmar", arrange.Open); len(c.Log) != 1 {
			t.Fatal("control: the counter-proposal crossed a cut link")
		}
		b.Stop()
		b.Start()
		w.Net.Cut(a.Host, b.Host, false)
		c := a.stands("tolmeria", arrange.Open)
		if _, err := a.Node.Desk().Accept(t.Context(), commission, c.Head, "officer of avelmar"); err != nil {
			t.Fatal(err)
		}
		a.stands("tolmeria", arrange.Agreed)
		b.stands("tolmeria", arrange.Agreed)
		time.Sleep(2 * time.Second)
		one, two := a.guestOf("avelmar-principal"), b.guestOf("tolmeria-principal")
		w.connected(one, two)
		if l := one.link("tolmeria"); l.State != "up" || l.Code != "" {
			t.Errorf("the page shows link %+v", l)
		}
		alive(t, one, two)

		// It has begun: nothing about it changes any more.
		a.draft(func(d *meeting.Definition) { d.Title = meeting.Text{"en": "Another title"} })
		if _, err := a.Node.Desk().Propose(t.Context(), commission, a.stands("tolmeria", arrange.Agreed).Version, "officer of avelmar"); err == nil {
			t.Error("a meeting that has begun could be changed")
		}
	})
}

// TestLostConfirmation: the author of a change has made it agreed, and the word of it never arrives. The host, whose officer has accepted, begins
// nothing under the definition of before: its member waits outside until both hold the same one, and then both sit in one meeting. The control:
// the confirmation arrives, and the member is in at once.
func TestLostConfirmation(t *testing.T) {
	for _, lost := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := NewWorld(t, Options{})
			a, b := w.Avelmar, w.Tolmeria
			time.Sleep(5 * time.Second)
			a.arranged(a.Node.Desk().Begin(t.Context(), commission, "tolmeria", "officer of avelmar"))
			a.draft(func(d *meeting.Definition) {
				d.Title, d.Start = meeting.Text{"en": "Ninth meeting"}, time.Now().UTC().Add(time.Hour).Truncate(time.Second)
				d.Members = delegation("avelmar")
			})
			a.propose()
			b.stands("avelmar", arrange.Open)
			b.draft(func(d *meeting.Definition) { d.Members = append(d.Members, delegation("tolmeria")...) })
			b.propose()
			c := a.stands("tolmeria", arrange.Open)
			a.arranged(a.Node.Desk().Accept(t.Context(), commission, c.Head, "officer of avelmar"))
			b.stands("tolmeria", arrange.Agreed)
			b.draft(func(d *meeting.Definition) { d.Title = meeting.Text{"en": "Tenth meeting"} })
			b.propose()
			for a.arranged(a.Node.Desk().Case(t.Context(), commission)).Head == c.Head {
				time.Sleep(10 * time.Millisecond)
			}
			c = a.stands("tolmeria", arrange.Open)
			w.Net.Impair(b.Host, a.Host, Path{Delay: time.Second}) // the confirmation is that long on its way
			a.arranged(a.Node.Desk().Accept(t.Context(), commission, c.Head, "officer of avelmar"))
			if lost {
				for b.arranged(b.Node.Desk().Case(t.Context(), commission)).Agreed != c.Head {
					time.Sleep(time.Millisecond)
				}
				w.Net.Cut(a.Host, b.Host, true)
			}
			time.Sleep(10 * time.Second)
			if held := a.arranged(a.Node.Desk().Case(t.Context(), commission)).Agreed == c.Head; held == lost {
				t.Fatalf("lost %v: the host holds the new definition for agreed: %v", lost, held)
			}
			one := a.guestOf("avelmar-principal")
			time.Sleep(10 * time.Second)
			if sits := one.Bot.Stats().Connected; sits == lost {
				t.Errorf("lost %v: the host's member sits: %v", lost, sits)
			}
			w.Net.Impair(a.Host, b.Host, Path{})
			w.Net.Impair(b.Host, a.Host, Path{})
			a.stands("tolmeria", arrange.Agreed)
			two := b.guestOf("tolmeria-principal")
			w.connected(one, two)
			if l := one.link("tolmeria"); l.State != "up" || l.Code != "" {
				t.Errorf("lost %v: the link says %+v", lost, l)
			}
		})
	}
}

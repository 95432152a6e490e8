package room_test

import (
	"crypto/ed25519"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"visavis/internal/media"
	"visavis/internal/meeting"
	"visavis/internal/room"
)

// foe is a far node whose messages the test writes itself.
type foe struct {
	t     *testing.T
	party meeting.PartyID
	n     *node // who it speaks to
	mu    sync.Mutex
	got   []meeting.Exchange
}

// befriend brings a foe's link up, with the right definition and an empty log.
func befriend(t *testing.T, n *node, p meeting.PartyID, have int64) *foe {
	t.Helper()
	f := &foe{t: t, party: p, n: n}
	n.room.LinkUp(foeLink{f})
	f.send(meeting.Exchange{Join: &meeting.JoinLog{Meeting: n.def.ID, Digest: n.def.Digest(), Have: have}}, "")
	return f
}

// send sends x and tells whether the room closes the link: want is the code.
func (f *foe) send(x meeting.Exchange, want string) {
	f.t.Helper()
	err := f.n.room.Exchange(f.party, x)
	got := ""
	if err != nil {
		got = err.Error()
	}
	if got != want {
		f.t.Errorf("%+v: %q, want %q", x, got, want)
	}
	synctest.Wait()
}

type foeLink struct{ *foe }

// take gives what the room sent since the last time.
func (f *foe) take() []meeting.Exchange {
	f.mu.Lock()
	defer f.mu.Unlock()
	got := f.got
	f.got = nil
	return got
}

func (f foeLink) Party() meeting.PartyID          { return f.party }
func (f foeLink) Offer(string, *media.Stream)     {}
func (f foeLink) Want(string, bool) *media.Stream { return nil }
func (f foeLink) Exchange(x meeting.Exchange) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.got = append(f.got, x)
	return nil
}

// entry is what a hostile or honest host may write.
func entry(p meeting.Proposal, n int64, prev meeting.Hash) (b []byte, hash meeting.Hash) {
	b = meeting.EncodeEntry(meeting.Sequence(p, n-1, prev, p.At))
	return b, meeting.Chain(prev, b)
}

func proposal(p meeting.PartyID, counter uint64, kind meeting.Kind, m meeting.MemberID) meeting.Proposal {
	x := meeting.Proposal{Meeting: "annual", Party: p, Counter: counter, At: time.Now().UTC().Truncate(time.Millisecond), Event: meeting.Event{Kind: kind, Member: m}}
	on := true
	switch kind {
	case meeting.MemberDevices:
		x.Event.Mic = &on
	case meeting.KeyTurned:
		x.Event.Action, x.Event.Epoch, x.Event.Head = meeting.Start, 2, &meeting.Hash{1}
	case meeting.KeyReturned:
		x.Event.Action = meeting.Start
	case meeting.FloorModeSet:
		x.Event.Mode = meeting.FreeExchange
	case meeting.FloorGiven, meeting.FloorTaken:
		x.Event.Actor = m
	case meeting.TechnicianAdmitted:
		x.Event.Actor, x.Event.Admit = m, &on
	}
	return x
}

// TestForgedProposalRefused: a guest speaks of its own people only, whatever kind of event; its own pass.
func TestForgedProposalRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newNode(t, "avelmar", definition("avelmar", "tolmeria", "calwen"))
		join(a, tarroven)
		f := befriend(t, a, "tolmeria", 1)
		counter := uint64(0)
		for _, kind := range meeting.Kinds() {
			for _, m := range []meeting.MemberID{tarroven, aldesh, sarrand, "nobody-here"} {
				counter++
				f.take()
				f.send(meeting.Exchange{Propose: new(proposal("tolmeria", counter, kind, m))}, "")
				if got := f.take(); len(got) != 1 || got[0].Refuse == nil || got[0].Refuse.Counter != counter {
					t.Errorf("%s of %s: answered with %+v, want a refusal", kind, m, got)
				}
			}
			f.send(meeting.Exchange{Propose: new(proposal("calwen", counter, kind, sarrand))}, "member.foreign")
			f.send(meeting.Exchange{Propose: new(proposal("avelmar", counter, kind, tarroven))}, "member.foreign")
		}
		if got := present(a.snap().State); got != "avelmar-tarroven" {
			t.Errorf("after all forgeries %q is shown", got)
		}
		f.send(meeting.Exchange{Propose: new(proposal("tolmeria", counter+1, meeting.MemberJoined, kosvane))}, "")
		f.take()
		f.send(meeting.Exchange{Propose: new(proposal("tolmeria", counter+1, meeting.MemberLeft, kosvane))}, "") // same counter: counted once
		for _, x := range f.take() {
			if x.Refuse != nil {
				t.Errorf("what was sequenced is refused when it comes again: %+v", x.Refuse)
			}
		}
		if got := present(a.snap().State); got != "avelmar-tarroven tolmeria-kosvane" {
			t.Errorf("control: %q is shown", got)
		}
	})
}

// TestGuestIsNoHost: what only the host may send closes the link when a guest sends it, and the other way round.
func TestGuestIsNoHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := definition("avelmar", "tolmeria")
		a, b := newNode(t, "avelmar", d), newNode(t, "tolmeria", d)
		fa, fb := befriend(t, a, "tolmeria", 0), befriend(t, b, "avelmar", 0)
		e, _ := entry(proposal("tolmeria", 1, meeting.MemberJoined, kosvane), 1, meeting.Hash{})
		fa.send(meeting.Exchange{Entry: &meeting.EntryBytes{Meeting: "annual", N: 1, Last: 1, Data: [][]byte{e}}}, "log.nothost")
		fa.send(meeting.Exchange{Refuse: &meeting.Refusal{Meeting: "annual", Counter: 1, Code: "a"}}, "log.nothost")
		fb.send(meeting.Exchange{Propose: new(proposal("avelmar", 1, meeting.MemberJoined, tarroven))}, "log.nothost")
		fa.send(meeting.Exchange{Propose: &meeting.Proposal{Meeting: "other"}}, "party.id")
		fa.send(meeting.Exchange{Refuse: &meeting.Refusal{Meeting: "other", Counter: 1, Code: "a"}}, "meeting.other")
		fa.send(meeting.Exchange{}, "exchange.one")
		if s := a.snap(); s.N != 0 {
			t.Errorf("%d entries written", s.N)
		}
	})
}

// TestHostForgesEntries: a host that puts words into our mouth, or into that of people who may not speak, is not followed.
func TestHostForgesEntries(t *testing.T) {
	wrong := func(change func(*meeting.Entry)) func(meeting.Proposal) []byte {
		return func(p meeting.Proposal) []byte {
			e := meeting.Sequence(p, 0, meeting.Hash{}, p.At)
			change(&e)
			return meeting.EncodeEntry(e)
		}
	}
	own := func(p meeting.Proposal) []byte { b, _ := entry(p, 1, meeting.Hash{}); return b }
	for _, c := range []struct {
		what, want string
		make       func(pending meeting.Proposal) []byte
	}{
		{"control: our proposal", "", own},
		{"control: an own event", "", func(meeting.Proposal) []byte { return own(proposal("avelmar", 1, meeting.MemberJoined, tarroven)) }},
		{"our proposal with another member", "log.forged", wrong(func(e *meeting.Entry) { e.Event.Member = thorrick })},
		{"our proposal at another time", "log.forged", wrong(func(e *meeting.Entry) { e.At = e.At.Add(time.Second) })},
		{"a proposal that we never made", "log.forged", wrong(func(e *meeting.Entry) { e.Counter = 9 })},
		{"our proposal as another party's", "log.invalid", wrong(func(e *meeting.Entry) { e.Party = "calwen" })},
		{"another party for its own", "log.invalid", func(meeting.Proposal) []byte { return own(proposal("avelmar", 1, meeting.MemberJoined, sarrand)) }},
		{"a log with another beginning", "log.forked", wrong(func(e *meeting.Entry) { e.Prev = meeting.Hash{1}; e.Party = "avelmar"; e.Event.Member = tarroven })},
		{"no entry", "log.invalid", func(meeting.Proposal) []byte { return []byte(`{"n":1}`) }},
		{"two forms", "log.invalid", func(p meeting.Proposal) []byte { return append(own(p), ' ') }},
	} {
		t.Run(c.what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newNode(t, "tolmeria", definition("avelmar", "tolmeria", "calwen"))
				f := befriend(t, b, "avelmar", 0)
				page := join(b, kosvane)
				synctest.Wait()
				got := f.take()
				last := got[len(got)-1].Propose
				if last == nil {
					t.Fatalf("no proposal came: %+v", got)
				}
				f.send(meeting.Exchange{Entry: &meeting.EntryBytes{Meeting: "annual", N: 1, Last: 1, Data: [][]byte{c.make(*last)}}}, "")
				settle(100 * time.Millisecond)
				s := b.snap()
				if c.want == "" {
					if s.N != 1 || s.Alarm != "" {
						t.Errorf("%d entries, alarm %q", s.N, s.Alarm)
					}
					return
				}
				if s.N != 0 || s.Alarm != "log.forked" || b.log.count("level=ERROR") != 1 {
					t.Errorf("%d entries, alarm %q, %d errors in the log; want none, log.forked, 1", s.N, s.Alarm, b.log.count("level=ERROR"))
				}
				page.read(func() {
					if l := page.state.Links[0]; l.Code != c.want || l.State != "up" || page.state.Alarm != "log.forked" {
						t.Errorf("the page shows link %+v, alarm %q: people go on seeing each other", l, page.state.Alarm)
					}
				})
				if p := proof(t, b); p.Code != c.want || p.From != "avelmar" || len(p.Entry) == 0 {
					t.Errorf("proof %+v, want %s", p, c.want)
				}
				f.send(meeting.Exchange{Entry: &meeting.EntryBytes{Meeting: "annual", N: 1, Last: 1, Data: [][]byte{own(*last)}}}, "")
				if s := b.snap(); s.N != 0 {
					t.Error("the log goes on after it was stopped")
				}
				if got := present(s.State); got != "tolmeria-kosvane" {
					t.Errorf("our own people are shown as %q", got)
				}
			})
		})
	}
}

// TestHostRepeatsCounter: an event that was sequenced is not sequenced again, nor one that was overtaken.
func TestHostRepeatsCounter(t *testing.T) {
	for second, want := range map[uint64]string{3: "", 2: "log.forked", 1: "log.forked"} {
		synctest.Test(t, func(t *testing.T) {
			b := newNode(t, "tolmeria", definition("avelmar", "tolmeria"))
			f := befriend(t, b, "avelmar", 0)
			one, h := entry(proposal("avelmar", 2, meeting.MemberJoined, tarroven), 1, meeting.Hash{})
			two, _ := entry(proposal("avelmar", second, meeting.MemberLeft, tarroven), 2, h)
			f.send(meeting.Exchange{Entry: &meeting.EntryBytes{Meeting: "annual", N: 1, Last: 2, Data: [][]byte{one, two}}}, "")
			if s := b.snap(); s.Alarm != want {
				t.Errorf("counter %d after 2: alarm %q, want %q", second, s.Alarm, want)
			}
		})
	}
}

// TestRefusedStaysRefused: what the host refused is not shown, and not proposed again after a restart.
func TestRefusedStaysRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newNode(t, "tolmeria", definition("avelmar", "tolmeria"))
		f := befriend(t, b, "avelmar", 0)
		p := join(b, kosvane)
		f.send(meeting.Exchange{Refuse: &meeting.Refusal{Meeting: "annual", Counter: 9, Code: "member.role"}}, "") // of nothing
		if s := b.snap(); s.Pending != 1 {
			t.Fatalf("control: %d wait", s.Pending)
		}
		f.send(meeting.Exchange{Refuse: &meeting.Refusal{Meeting: "annual", Counter: 1, Code: "member.role"}}, "")
		if s := b.snap(); s.Pending != 0 || present(s.State) != "" || len(p.ends) != 1 {
			t.Errorf("%d wait, %q is shown, seat ended with %v", s.Pending, present(s.State), p.ends)
		}
		b.kill()
		b.open()
		if s := b.snap(); s.Pending != 0 || present(s.State) != "" {
			t.Errorf("after a restart %d wait, %q is shown", s.Pending, present(s.State))
		}
		join(b, kosvane)
		f = befriend(t, b, "avelmar", 0)
		if got := f.take(); got[len(got)-1].Propose == nil || got[len(got)-1].Propose.Counter != 2 {
			t.Errorf("the next proposal: %+v, want counter 2", got[len(got)-1])
		}
	})
}

// TestLinkComesUpAnew: a link may replace its connection without a word of the old one's end; what was on its way is sent again.
func TestLinkComesUpAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newNode(t, "tolmeria", definition("avelmar", "tolmeria"))
		f := befriend(t, b, "avelmar", 0)
		join(b, kosvane)
		settle(time.Second)
		f.take()
		b.room.LinkUp(foeLink{f})
		f.send(meeting.Exchange{Join: &meeting.JoinLog{Meeting: "annual", Digest: b.def.Digest()}}, "")
		n := 0
		for _, x := range f.take() {
			if x.Propose != nil && x.Propose.Counter == 1 && !x.Propose.Offline {
				n++
			}
		}
		if n != 1 {
			t.Errorf("the proposal was sent %d times, want once more, not as offline", n)
		}
	})
}

// proof is the last one in n's own log.
func proof(t *testing.T, n *node) (p room.Proof) {
	t.Helper()
	for _, r := range n.records(t) {
		if r.Proof != nil {
			p = *r.Proof
		}
	}
	return p
}

func signed(p meeting.PartyID, n int64, h meeting.Hash) *meeting.Head {
	head := meeting.Head{Meeting: "annual", N: n, Hash: h, Party: p}
	head.Sig = ed25519.Sign(key(p), head.SignedBytes())
	return &head
}

// TestHostForksLog: the host shows two guests two logs; they compare heads, stop, and both keep the proof. With one log: nothing.
func TestHostForksLog(t *testing.T) {
	for _, c := range []struct {
		forked bool
		pause  time.Duration // between the two: whether heads cross, or one finds out alone
	}{{false, 0}, {false, time.Second}, {true, 0}, {true, time.Second}} {
		t.Run(fmt.Sprint("forked ", c.forked, " after ", c.pause), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				forked, pause := c.forked, c.pause
				d := definition("avelmar", "tolmeria", "calwen")
				b, c := newNode(t, "tolmeria", d), newNode(t, "calwen", d)
				connect(b, c)
				fb, fc := befriend(t, b, "avelmar", 0), befriend(t, c, "avelmar", 0)
				one, _ := entry(proposal("avelmar", 1, meeting.MemberJoined, tarroven), 1, meeting.Hash{})
				other := one
				if forked {
					other, _ = entry(proposal("avelmar", 1, meeting.MemberJoined, aldesh), 1, meeting.Hash{})
				}
				fb.send(meeting.Exchange{Entry: &meeting.EntryBytes{Meeting: "annual", N: 1, Last: 1, Data: [][]byte{one}}}, "")
				settle(pause)
				fc.send(meeting.Exchange{Entry: &meeting.EntryBytes{Meeting: "annual", N: 1, Last: 1, Data: [][]byte{other}}}, "")
				settle(time.Second)
				for _, n := range []*node{b, c} {
					s, p := n.snap(), proof(t, n)
					if !forked {
						if s.Alarm != "" || p.Code != "" {
							t.Errorf("control: %s has alarm %q, proof %+v", n.party, s.Alarm, p)
						}
						continue
					}
					if s.Alarm != "log.forked" || p.Ours == nil || p.Their == nil || p.Ours.N != 1 || p.Their.N != 1 || p.Ours.Hash == p.Their.Hash {
						t.Fatalf("%s has alarm %q, proof %+v", n.party, s.Alarm, p)
					}
					for _, h := range []*meeting.Head{p.Ours, p.Their} {
						if !verify(h.Party, h.SignedBytes(), h.Sig) {
							t.Errorf("%s keeps a head of %s that does not verify", n.party, h.Party)
						}
					}
				}
			})
		})
	}
}

// TestHeads: heads come at each change of attendance and every 10 s, verify, and a false one closes the link.
func TestHeads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newNode(t, "avelmar", definition("avelmar", "tolmeria"))
		f := befriend(t, a, "tolmeria", 0)
		heads := func() (hs []*meeting.Head) {
			for _, x := range f.take() {
				if x.Head != nil {
					hs = append(hs, x.Head)
				}
			}
			return hs
		}
		settle(30 * time.Second)
		if hs := heads(); len(hs) != 0 {
			t.Errorf("%d heads of an empty log", len(hs))
		}
		p := join(a, tarroven)
		settle(100 * time.Millisecond)
		if hs := heads(); len(hs) != 1 || hs[0].N != 1 || hs[0].Hash != a.snap().Hash || !verify("avelmar", hs[0].SignedBytes(), hs[0].Sig) {
			t.Errorf("after a change of attendance: %+v", hs)
		}
		p.devices(true, true)
		settle(100 * time.Millisecond)
		if hs := heads(); len(hs) != 0 {
			t.Errorf("%d heads after a change of devices", len(hs))
		}
		settle(31 * time.Second)
		if hs := heads(); len(hs) != 3 || hs[2].N != 2 {
			t.Errorf("%d heads in 31 s, want 3", len(hs))
		}
		s := a.snap()
		before := len(a.own.copy().es)
		f.send(meeting.Exchange{Head: signed("tolmeria", s.N, s.Hash)}, "")
		f.send(meeting.Exchange{Head: signed("tolmeria", s.N, s.Hash)}, "") // the same again is kept once
		if n := len(a.own.copy().es); n != before+1 {
			t.Errorf("%d countersigned heads kept, want 1", n-before)
		}
		bad := signed("tolmeria", s.N, s.Hash)
		bad.N++
		f.send(meeting.Exchange{Head: bad}, "log.signature")
		f.send(meeting.Exchange{Head: signed("avelmar", s.N, s.Hash)}, "member.foreign")
		if s := a.snap(); s.Alarm != "" {
			t.Errorf("alarm %q although nothing was signed falsely", s.Alarm)
		}
		f.send(meeting.Exchange{Head: signed("tolmeria", 1, meeting.Hash{7})}, "")
		if s := a.snap(); s.Alarm != "log.forked" {
			t.Errorf("alarm %q after a head against ours", s.Alarm)
		}
	})
}

// TestHeadBeforeEntry: a head that comes before its entry waits for it.
func TestHeadBeforeEntry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newNode(t, "tolmeria", definition("avelmar", "tolmeria"))
		f := befriend(t, b, "avelmar", 0)
		e, h := entry(proposal("avelmar", 1, meeting.MemberJoined, tarroven), 1, meeting.Hash{})
		f.send(meeting.Exchange{Head: signed("avelmar", 1, meeting.Hash{9})}, "")
		if s := b.snap(); s.Alarm != "" {
			t.Fatalf("alarm %q about an entry that has not come", s.Alarm)
		}
		f.send(meeting.Exchange{Entry: &meeting.EntryBytes{Meeting: "annual", N: 1, Last: 1, Data: [][]byte{e}}}, "")
		if s := b.snap(); s.Alarm != "log.forked" || proof(t, b).Their == nil || s.Hash != h {
			t.Errorf("alarm %q", s.Alarm)
		}
	})
}

// TestHostWithholds: a host that drops our events is an alarm after 5 s, with our own log complete; a slow host is none.
func TestHostWithholds(t *testing.T) {
	for _, slow := range []time.Duration{0, room.Withheld - time.Second} {
		t.Run(fmt.Sprint("answers after ", slow), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newNode(t, "tolmeria", definition("avelmar", "tolmeria"))
				f := befriend(t, b, "avelmar", 0)
				p := join(b, kosvane)
				p.devices(true, false)
				settle(time.Second)
				if s := b.snap(); s.Alarm != "" || s.Pending != 2 {
					t.Fatalf("after 1 s: alarm %q, %d wait", s.Alarm, s.Pending)
				}
				var data [][]byte
				var prev meeting.Hash
				for _, x := range f.take() {
					if x.Propose != nil {
						var e []byte
						e, prev = entry(*x.Propose, int64(len(data))+1, prev)
						data = append(data, e)
					}
				}
				if slow > 0 {
					settle(slow - time.Second)
					f.send(meeting.Exchange{Entry: &meeting.EntryBytes{Meeting: "annual", N: 1, Last: 2, Data: data}}, "")
					settle(10 * time.Second)
					if s := b.snap(); s.Alarm != "" || s.Pending != 0 || b.log.count("level=ERROR") != 0 {
						t.Errorf("slow host: alarm %q, %d wait", s.Alarm, s.Pending)
					}
					return
				}
				settle(5 * time.Second)
				if s := b.snap(); s.Alarm != "log.withheld" || b.log.count("level=ERROR") != 1 || p.state.Alarm != "log.withheld" {
					t.Errorf("after 6 s: alarm %q, page %q, %d errors in the log", s.Alarm, p.state.Alarm, b.log.count("level=ERROR"))
				}
				if n := len(b.own.copy().es) - len(b.alarmRecords(t)); n != 2 || len(b.alarmRecords(t)) != 1 {
					t.Errorf("own log has %d entries, want both, and %d alarms, want the one", n, len(b.alarmRecords(t)))
				}
				f.send(meeting.Exchange{Entry: &meeting.EntryBytes{Meeting: "annual", N: 1, Last: 1, Data: data[:1]}}, "")
				settle(time.Second)
				if s := b.snap(); s.Alarm != "log.withheld" {
					t.Error("the alarm ends while one event is still withheld")
				}
				f.send(meeting.Exchange{Entry: &meeting.EntryBytes{Meeting: "annual", N: 2, Last: 2, Data: data[1:]}}, "")
				settle(time.Second)
				if s := b.snap(); s.Alarm != "" || p.state.Alarm != "" {
					t.Errorf("all sequenced and still alarm %q", s.Alarm)
				}
			})
		})
	}
}

// TestBackDated: a guest that writes about the past has it stored as stated and offline, with the time of arrival.
func TestBackDated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newNode(t, "avelmar", definition("avelmar", "tolmeria"))
		f := befriend(t, a, "tolmeria", 0)
		settle(2 * time.Minute)
		past := proposal("tolmeria", 1, meeting.MemberJoined, kosvane)
		past.At = past.At.Add(-time.Minute)
		f.send(meeting.Exchange{Propose: &past}, "")
		f.send(meeting.Exchange{Propose: new(proposal("tolmeria", 2, meeting.MemberJoined, thorrick))}, "")
		es := a.shared.entries(t)
		if len(es) != 2 || !es[0].Offline || es[0].Sequenced.Sub(es[0].At) < time.Minute || a.shared.es[0].Basis != "stated" {
			t.Errorf("back-dated: %+v (%s)", es, a.shared.es[0].Basis)
		}
		if es[1].Offline {
			t.Error("control: an entry of now is marked as offline")
		}
	})
}

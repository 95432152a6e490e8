package room_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/wire"
)

// The five failures of a well-known summit (docs/architecture.md, The meeting): 3, 4 and 5, as far as a room can show them.

// TestUnacknowledgedFloor (failure 3): a holder who does not acknowledge within 3 s is an alarm on both officers' consoles; one who does is
// none (the control).
func TestUnacknowledgedFloor(t *testing.T) {
	for _, holder := range []string{tarroven, kosvane} {
		for _, acknowledges := range []bool{true, false} {
			synctest.Test(t, func(t *testing.T) {
				s := newSession(t, nil)
				s.to(meeting.Opened)
				given := time.Now()
				s.act(s.ofA, wire.Act{Do: wire.DoGive, Member: holder}, "")
				settle(2900 * time.Millisecond)
				for _, of := range []*page{s.ofA, s.ofB, s.kA, s.kB} {
					if got := of.alarms(); got != "" {
						t.Errorf("%s after 2.9 s: alarms %q", of.seat.Member, got)
					}
				}
				want := "floor.unacknowledged"
				if acknowledges {
					p := map[string]*page{tarroven: s.tA, kosvane: s.tB}[holder]
					s.act(p, wire.Act{Do: wire.DoAcknowledge}, "")
					want = ""
				}
				time.Sleep(time.Until(given.Add(3050 * time.Millisecond))) // virtual; 20 ms of it to the other node
				synctest.Wait()
				for _, of := range []*page{s.ofA, s.ofB, s.kA, s.kB} {
					if got := of.alarms(); got != want {
						t.Errorf("%s acknowledges %v, %s after 3.05 s: alarms %q, want %q", holder, acknowledges, of.seat.Member, got, want)
					}
				}
				for _, p := range []*page{s.tA, s.tB, s.dA} {
					if len(p.now().Alarms) != 0 {
						t.Errorf("%s is shown alarms", p.seat.Member)
					}
				}
				s.act(s.ofA, wire.Act{Do: wire.DoTake}, "")
				settle(time.Second)
				if got := s.ofB.alarms(); got != "" {
					t.Errorf("after the floor was taken: alarms %q", got)
				}
			})
		}
	}
}

// TestSpeakingMuted (failure 4): who speaks with the microphone off is told so, and both sides' consoles are, within a second; when the
// microphone opens that ends. Who may not speak now, and who is heard, is no failure (the controls).
func TestSpeakingMuted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSession(t, nil)
		s.to(meeting.Waiting) // among its own side
		if err := s.b.room.Handle(s.tB.seat, wire.FromClient{Sense: &wire.Sense{Speaking: true}}); err != nil {
			t.Error(err)
		}
		settle(time.Second)
		if got := append(s.ofA.now().Muted, s.kA.now().Muted...); len(got) != 0 || !slices.Equal(s.ofB.now().Muted, []string{kosvane}) {
			t.Errorf("while they wait the other side's consoles are shown %q, the own %q", got, s.ofB.now().Muted)
		}
		s.to(meeting.Opened)
		s.act(s.ofA, wire.Act{Do: wire.DoGive, Member: kosvane}, "")
		settle(time.Second)
		sense := func(p *page, on bool) {
			if err := p.n.room.Handle(p.seat, wire.FromClient{Sense: &wire.Sense{Speaking: on}}); err != nil {
				t.Error(err)
			}
			settle(100 * time.Millisecond)
		}
		shows := func(when string, want ...string) {
			t.Helper()
			for _, p := range []*page{s.ofA, s.ofB, s.kA, s.kB} {
				if got := p.now().Muted; !slices.Equal(got, want) {
					t.Errorf("%s: %s is shown %q, want %q", when, p.seat.Member, got, want)
				}
			}
			for _, p := range []*page{s.tA, s.dA, s.dB} {
				if got := p.now().Muted; len(got) != 0 {
					t.Errorf("%s: %s is shown %q", when, p.seat.Member, got)
				}
			}
			if got := s.tB.now().Muted; !slices.Equal(got, want) {
				t.Errorf("%s: the speaker is shown %q, want %q", when, got, want)
			}
		}
		shows("silent")
		sense(s.tB, true)
		shows("speaking into a closed microphone", kosvane)
		s.tB.devices(true, false)
		settle(100 * time.Millisecond)
		shows("the microphone opens")
		sense(s.tB, true)
		shows("control: heard")
		s.tB.devices(false, false)
		settle(300 * time.Millisecond)
		sense(s.dA, true)
		shows("control: a delegate without the floor")
		sense(s.tB, true)
		settle(300 * time.Millisecond)
		shows("again", kosvane)
		s.b.room.Lost(s.tB.seat)
		settle(time.Second)
		if got := s.ofA.now().Muted; len(got) != 0 {
			t.Errorf("the page is gone and shown as speaking: %q", got)
		}
	})
}

// TestOnlyTheHolderIsHeard (failure 5): a microphone that is open without the floor is refused, and reaches nobody; the holder's does, and
// so do all principals' in free exchange (the controls).
func TestOnlyTheHolderIsHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSession(t, nil)
		s.to(meeting.Opened)
		mic := wire.FromClient{Devices: &wire.Devices{Mic: true}}
		if err := s.a.room.Handle(s.dA.seat, mic); codeOf(err) != "floor.none" {
			t.Errorf("without the floor: %v", err)
		}
		hears := func(from *page) int {
			s.tA.sink.take()
			s.ofA.sink.take()
			speak(s.a, from.streams["mic"], 500*time.Millisecond)
			return s.ofA.sink.take()
		}
		if got := hears(s.dA); got != 0 {
			t.Errorf("without the floor %d packets are heard", got)
		}
		s.speaking(s.dA)
		if got := hears(s.dA); got < 24 {
			t.Errorf("control: with the floor %d packets are heard", got)
		}
		s.act(s.ofA, wire.Act{Do: wire.DoGive, Member: tarroven}, "")
		settle(300 * time.Millisecond)
		if got := hears(s.dA); got != 0 {
			t.Errorf("the floor went on and %d packets are heard", got)
		}
		// Given back: the microphone stays closed until its member opens it (D15).
		s.act(s.ofA, wire.Act{Do: wire.DoGive, Member: aldesh}, "")
		settle(time.Second)
		if got := hears(s.dA); got != 0 || s.a.snap().State.Present[aldesh].Mic {
			t.Errorf("given the floor again, and without its own act %d packets are heard", got)
		}
		s.act(s.ofA, wire.Act{Do: wire.DoMode, Value: "free"}, "")
		s.act(s.ofA, wire.Act{Do: wire.DoTake}, "")
		settle(300 * time.Millisecond)
		s.tA.devices(true, false)
		if got := hears(s.tA); got < 24 {
			t.Errorf("control: in free exchange %d packets of a principal are heard", got)
		}
	})
}

// TestGrantedWayIsLaid: when the floor is given, the holder's microphone is offered and wanted across the link before it opens, and nothing of
// what its page sends is kept; when it opens, its first packet finds the way. Another member's is neither (the control).
func TestGrantedWayIsLaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSession(t, nil)
		s.to(meeting.Opened)
		id := "annual/" + kosvane + "/mic"
		if slices.Contains(s.p.b.offering(), id) || slices.Contains(s.p.a.wanting(), id) {
			t.Fatal("offered before the floor was given")
		}
		s.act(s.ofA, wire.Act{Do: wire.DoGive, Member: kosvane}, "")
		settle(200 * time.Millisecond)
		if !slices.Contains(s.p.b.offering(), id) || !slices.Contains(s.p.a.wanting(), id) {
			t.Errorf("offered %v, wanted %v", s.p.b.offering(), s.p.a.wanting())
		}
		for _, other := range []string{thorrick, tarroven} {
			if x := "annual/" + other + "/mic"; slices.Contains(s.p.b.offering(), x) || slices.Contains(s.p.a.offering(), x) {
				t.Errorf("the microphone of %s is offered", other)
			}
		}
		mic := s.tB.streams["mic"]
		speak(s.b, mic, 200*time.Millisecond)
		if st := mic.Stats(); st.Packets != 0 || st.Held != 10 {
			t.Errorf("of a closed microphone %d packets are kept, %d dropped", st.Packets, st.Held)
		}
		s.tB.devices(true, false)
		speak(s.b, mic, 200*time.Millisecond)
		if st := mic.Stats(); st.Packets < 9 {
			t.Errorf("control: of the open one %d packets are kept", st.Packets)
		}
		// Its first word at the other node: what comes over the link is heard as soon as the log says that it is open.
		far := s.p.a.stream(id)
		s.ofA.sink.take()
		speak(s.a, far, 200*time.Millisecond)
		if got := s.ofA.sink.take(); got < 9 {
			t.Errorf("%d packets of the holder are heard at the other node", got)
		}
	})
}

// TestReturnLevel: the holder is told how loud the other node hears it, in its words; nobody else is shown levels but consoles.
func TestReturnLevel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSession(t, nil)
		s.to(meeting.Closed)
		s.speaking(s.tA)
		far := s.p.b.stream("annual/" + tarroven + "/mic")
		if far == nil {
			t.Fatal("the other node does not have the microphone")
		}
		go speak(s.a, s.tA.streams["mic"], 2*time.Second) // level 20
		speak(s.b, far, 2*time.Second)
		settle(50 * time.Millisecond)
		levels := func(p *page) (out []wire.Level, n int) {
			p.read(func() {
				for _, m := range p.all {
					if m.Levels != nil {
						out = m.Levels.List
						n++
					}
				}
			})
			return out, n
		}
		l, n := levels(s.tA)
		if len(l) != 1 || !l[0].Own || l[0].Member != tarroven || l[0].DB > -19 || l[0].DB < -24 || l[0].Far == nil || *l[0].Far > -19 || *l[0].Far < -24 {
			t.Errorf("the holder is shown %+v", l)
		}
		if n < 8 || n > 14 {
			t.Errorf("the holder is shown levels %d times in 2.6 s, want five a second at most", n)
		}
		for _, p := range []*page{s.ofA, s.kA, s.ofB, s.kB} {
			if l, n := levels(p); n < 8 || len(l) != 1 {
				t.Errorf("the console of %s is shown %+v, %d times", p.seat.Member, l, n)
			}
		}
		for _, p := range []*page{s.dA, s.tB, s.dB, s.prA.page} {
			if _, n := levels(p); n != 0 {
				t.Errorf("%s is shown levels", p.seat.Member)
			}
		}
		s.act(s.tA, wire.Act{Do: wire.DoYield}, "")
		settle(2 * time.Second)
		if _, again := levels(s.tA); again > n+1 {
			t.Errorf("who yielded is shown levels %d times more", again-n)
		}
	})
}

// TestNotesByRole: who reads messages, requests and calls for help; a booth's request names nobody.
func TestNotesByRole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSession(t, func(d *meeting.Definition) {
			d.Members = append(d.Members, meeting.Member{ID: "tolmeria-vey", Party: "tolmeria", Role: meeting.Interpreter, Precedence: 11, Name: meeting.Text{"en": "Interpreter"}})
		})
		booth := join(s.b, "tolmeria-vey")
		s.to(meeting.Opened)
		s.act(s.ofA, wire.Act{Do: wire.DoGive, Member: tarroven}, "")
		settle(100 * time.Millisecond)
		s.act(s.ofA, wire.Act{Do: wire.DoMessage, Value: "Two minutes, please."}, "")
		s.act(s.tA, wire.Act{Do: wire.DoMessage, Value: "Not mine."}, "member.role")
		s.act(s.ofA, wire.Act{Do: wire.DoMessage, Value: "hidden \u202e turn"}, "text.invisible")
		s.act(s.ofA, wire.Act{Do: wire.DoMessage, Value: strings.Repeat("a", 1001)}, "text.long")
		s.act(booth, wire.Act{Do: wire.DoRequest, Value: wire.RequestSlow}, "")
		s.act(s.dB, wire.Act{Do: wire.DoRequest, Value: wire.RequestRepeat}, "")
		s.act(s.dB, wire.Act{Do: wire.DoRequest, Value: "faster"}, "request.unknown")
		s.act(s.dB, wire.Act{Do: wire.DoHelp}, "")
		settle(time.Second)
		shown := func(p *page) string {
			var out []string
			for _, n := range p.now().Notes {
				out = append(out, fmt.Sprintf("%s:%s/%s:%s:%v", n.Kind, n.Party, n.Member, n.Text, n.Own))
			}
			slices.Sort(out)
			return strings.Join(out, " ")
		}
		slow, repeat := "request:tolmeria/:slow:", "request:tolmeria/tolmeria-thorrick:repeat:"
		for _, c := range []struct {
			p    *page
			want string
		}{
			{s.ofA, "message:avelmar/avelmar-ruhl:Two minutes, please.:true " + slow + "false " + repeat + "false"},
			{s.ofB, "help:tolmeria/tolmeria-thorrick:help:true message:avelmar/avelmar-ruhl:Two minutes, please.:false " + slow + "true " + repeat + "true"},
			{s.kB, "help:tolmeria/tolmeria-thorrick:help:true"},
			{s.kA, ""}, {s.tA, slow + "false " + repeat + "false"}, {s.tB, ""}, {s.dA, ""}, {booth, ""}, {s.prA.page, ""},
		} {
			if got := shown(c.p); got != c.want {
				t.Errorf("%s is shown\n%s\nwant\n%s", c.p.seat.Member, got, c.want)
			}
		}
		s.p.mu.Lock()
		defer s.p.mu.Unlock()
		for _, b := range s.p.bytes {
			if bytes.Contains(b, []byte("vey")) && !bytes.Contains(b, []byte(`"member.joined"`)) && !bytes.Contains(b, []byte(`"data"`)) {
				t.Errorf("a booth's name crosses the link: %s", b)
			}
		}
	})
}

// TestReadiness: what checks gave is shown to consoles of both sides, theirs as a statement, also when the link comes later.
func TestReadiness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSession(t, nil)
		s.p.cut()
		for _, p := range []*page{s.tB, s.dB} {
			if err := s.b.room.Handle(p.seat, wire.FromClient{Check: &wire.Check{Mic: true, Sound: p == s.tB}}); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.b.room.Handle(s.kB.seat, wire.FromClient{Check: &wire.Check{}}); codeOf(err) != "member.role" {
			t.Errorf("a technician's check: %v", err)
		}
		s.p.heal()
		settle(time.Second)
		for _, p := range []*page{s.ofA, s.kA, s.ofB, s.kB} {
			want := []wire.Ready{{Member: kosvane, Mic: true, Sound: true}, {Member: thorrick, Mic: true}}
			for i := range want {
				want[i].Stated = p.n == s.a
			}
			if got := p.now().Ready; !slices.Equal(got, want) {
				t.Errorf("%s is shown %+v, want %+v", p.seat.Member, got, want)
			}
		}
		if len(s.tA.now().Ready) != 0 {
			t.Error("a member is shown readiness")
		}
	})
}

// TestForgedNotices: a node speaks of its own people, by its own officers, and of nobody else; its honest notice is the control. A flood costs
// nothing and closes nothing.
func TestForgedNotices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		settle(time.Minute)
		a := newNode(t, "avelmar", formal("avelmar", "tolmeria"))
		of := join(a, ruhlA)
		join(a, tarroven)
		f := befriend(t, a, "tolmeria", 1)
		on, db := true, -20
		forms := map[meeting.NoticeKind]func(n *meeting.Notice){
			meeting.NoticeMuted:   func(n *meeting.Notice) { n.On = &on },
			meeting.NoticeReady:   func(n *meeting.Notice) { n.Ready = &meeting.Ready{} },
			meeting.NoticeMessage: func(n *meeting.Notice) { n.Text = "I am yours" },
			meeting.NoticeRequest: func(n *meeting.Notice) { n.Request = meeting.Repeat },
		}
		for _, kind := range meeting.NoticeKinds() {
			form := forms[kind]
			if form == nil { // of nobody, or of ours: below
				continue
			}
			for _, id := range []meeting.MemberID{ruhlA, tarroven, "nobody"} {
				n := meeting.Notice{Meeting: "annual", Kind: kind, Member: id}
				form(&n)
				f.send(meeting.Exchange{Notice: &n}, "member.foreign")
			}
		}
		f.send(meeting.Exchange{Notice: &meeting.Notice{Meeting: "annual", Kind: meeting.NoticeMessage, Member: kosvane, Text: "I am no officer"}}, "member.role")
		f.send(meeting.Exchange{Notice: &meeting.Notice{Meeting: "annual", Kind: meeting.NoticeHeard, Member: tarroven, DB: &db}}, "") // nobody holds the floor
		settle(time.Second)
		if n := of.now().Notes; len(n) != 0 || len(of.now().Muted)+len(of.now().Ready) != 0 {
			t.Errorf("forged notices are shown: %+v", n)
		}
		f.send(meeting.Exchange{Notice: &meeting.Notice{Meeting: "annual", Kind: meeting.NoticeMessage, Member: ruhlT, Text: "Good morning."}}, "")
		settle(time.Second)
		if n := of.now().Notes; len(n) != 1 || n[0].Text != "Good morning." || n[0].Party != "tolmeria" || n[0].Own {
			t.Errorf("control: %+v", n)
		}
		for range 5_000 {
			f.send(meeting.Exchange{Notice: &meeting.Notice{Meeting: "annual", Kind: meeting.NoticeMessage, Member: ruhlT, Text: "again"}}, "")
		}
		settle(5 * time.Second)
		if n := of.now().Notes; len(n) != 6 || len(a.shared.entries(t)) > 3 {
			t.Errorf("after a flood %d notes, %d entries", len(n), len(a.shared.entries(t)))
		}
	})
}

// TestActorIsTheSession: whatever a page writes into an act, the log has the session's member as its doer, and another's rights are not to
// be had.
func TestActorIsTheSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSession(t, nil)
		s.to(meeting.Opened)
		n := len(s.a.shared.entries(t))
		for _, kind := range meeting.Kinds() {
			for _, p := range []*page{s.dA, s.kA} {
				for _, target := range []string{ruhlA, ruhlT, tarroven, kosvane, "nobody"} {
					err := act(p, wire.Act{Do: string(kind), Member: target, Value: "start", N: 1})
					own := kind == meeting.HandRaised || kind == meeting.OrderRaised
					if err == nil && !(own && p == s.dA) {
						t.Errorf("%s does %s to %s", p.seat.Member, kind, target)
					}
				}
			}
		}
		settle(time.Second)
		for _, e := range s.a.shared.entries(t)[n:] {
			if e.Event.Member != aldesh || e.Event.Actor != "" {
				t.Errorf("in the log stands %+v", e.Event)
			}
		}
		if err := act(s.ofA, wire.Act{Do: wire.DoGive, Member: tarroven}); err != nil { // the control
			t.Error(err)
		}
		es := s.a.shared.entries(t)
		if e := es[len(es)-1].Event; e.Actor != ruhlA || e.Member != tarroven {
			t.Errorf("control: %+v", e)
		}
	})
}

// TestSignals: the own technician reaches the page of a member of ours, and nobody else does.
func TestSignals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSession(t, nil)
		s.act(s.kA, wire.Act{Do: wire.DoTone, Member: tarroven, N: 1}, "")
		s.act(s.kA, wire.Act{Do: wire.DoRestart, Member: tarroven}, "")
		s.act(s.kA, wire.Act{Do: wire.DoCard, Member: kosvane, N: 1}, "member.foreign")
		s.act(s.ofA, wire.Act{Do: wire.DoTone, Member: tarroven, N: 1}, "member.role")
		on := func(what string, want []wire.Test) {
			t.Helper()
			settle(time.Second)
			if got := s.kA.now().Signals; !slices.Equal(got, want) {
				t.Errorf("%s: the technician is told %+v, want %+v", what, got, want)
			}
			if got := s.ofA.now().Signals; len(got) != 0 {
				t.Errorf("%s: the officer is told %+v", what, got)
			}
		}
		on("tone on", []wire.Test{{Member: string(tarroven), Tone: true}})
		s.act(s.kA, wire.Act{Do: wire.DoCard, Member: tarroven, N: 1}, "")
		on("card on", []wire.Test{{Member: string(tarroven), Tone: true, Card: true}})
		s.act(s.kA, wire.Act{Do: wire.DoTone, Member: tarroven}, "")
		s.act(s.kA, wire.Act{Do: wire.DoCard, Member: tarroven}, "")
		on("both off", nil)
		s.act(s.kA, wire.Act{Do: wire.DoTone, Member: tarroven, N: 1}, "")
		s.tA.read(func() {
			var got []wire.Signal
			for _, m := range s.tA.all {
				if m.Signal != nil {
					got = append(got, *m.Signal)
				}
			}
			if !slices.Equal(got, []wire.Signal{{Kind: "tone", On: true}, {Kind: "restart", On: true}, {Kind: "card", On: true}, {Kind: "tone"}, {Kind: "card"}, {Kind: "tone", On: true}}) {
				t.Errorf("signals %+v", got)
			}
		})
		on("tone on again", []wire.Test{{Member: string(tarroven), Tone: true}})
		s.act(s.kA, wire.Act{Do: wire.DoCard, Member: tarroven, N: 1}, "")
		again := newPage(s.a, tarroven)
		s.a.room.Lost(s.tA.seat)
		if _, err := s.a.room.Resume(s.tA.seat, again.seat); err != nil {
			t.Fatal(err)
		}
		on("the page's socket is another", []wire.Test{{Member: string(tarroven), Tone: true, Card: true}})
		other := join(s.a, tarroven)
		on("the member is at another page (the control)", nil)
		s.act(s.kA, wire.Act{Do: wire.DoTone, Member: tarroven, N: 1}, "")
		on("tone on there", []wire.Test{{Member: string(tarroven), Tone: true}})
		other.leave()
		on("the page has gone", nil)
	})
}

// TestOwnTalkStaysHere: while they wait a side talks among itself, and not even how loud, or who hears whom, reaches the other node. In the
// meeting both do (the control).
func TestOwnTalkStaysHere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSession(t, nil)
		said := func() (out []meeting.MemberStats) {
			s.p.mu.Lock()
			defer s.p.mu.Unlock()
			for _, b := range s.p.bytes {
				if x, err := meeting.DecodeExchange(b); err == nil && x.Notice != nil {
					out = append(out, x.Notice.Stats...)
				}
			}
			s.p.bytes = nil
			return out
		}
		s.to(meeting.Waiting)
		s.tA.devices(true, false)
		settle(time.Second)
		s.dA.sink.take()
		speak(s.a, s.tA.streams["mic"], 3*time.Second)
		if got := s.dA.sink.take(); got < 149 {
			t.Fatalf("control: the own delegate hears %d packets", got)
		}
		if len(s.p.a.offering()) != 0 {
			t.Errorf("offered while they wait: %v", s.p.a.offering())
		}
		for _, m := range said() {
			if m.DB != -127 || len(m.Hears) != 0 {
				t.Errorf("told while they wait: %+v", m)
			}
		}
		s.to(meeting.Closed)
		s.speaking(s.tA)
		speak(s.a, s.tA.streams["mic"], 3*time.Second)
		loud, hears := 0, 0
		for _, m := range said() {
			if m.DB > -60 {
				loud++
			}
			hears += len(m.Hears)
		}
		if loud == 0 || hears == 0 {
			t.Errorf("control: in the meeting %d levels and %d listeners are told", loud, hears)
		}
	})
}

package peer

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/stun/v4"

	"visavis/internal/media"
)

// checkOf is a check of ours.
func (g *guest) checkOf(l *leg) []byte {
	return stun.MustBuild(stun.BindingRequest, stun.TransactionID, stun.NewUsername(l.peerFrag+":"+l.frag),
		stun.NewShortTermIntegrity(l.peerPwd), stun.Fingerprint).Raw
}

// answers has the agent check an address of the browser, as it does for each request that comes from there, and the browser answer.
func (g *guest) answers(n int) {
	l := g.f.leg
	m := g.checkOf(l)
	if g.b.h.noteCheck(l, m, addr(n), false, g.b.now) {
		g.b.from(addr(n), g.answer(m, l.peerPwd))
	}
}

// sendsTo is where a packet for the guest goes, and whether its session is open.
func (g *guest) sendsTo() (to string, open bool) {
	g.b.out()
	g.f.Send(g.b.now, &media.Out{SSRC: 1, Index: 1, PT: opusPT, Payload: []byte{1}})
	g.b.h.c.Worker.Flush()
	for _, d := range g.b.out() {
		to = d.Addr.String()
	}
	g.b.h.mu.Lock()
	defer g.b.h.mu.Unlock()
	return to, !g.s.closed
}

// TestConsentIsOfTheAddress: answers from another address are no consent of the one that media goes to (RFC 7675 §5.1). When that is
// silent, media moves to the one that answers; without any the session ends.
func TestConsentIsOfTheAddress(t *testing.T) {
	for name, test := range map[string]struct {
		other, current bool // answers every 2 s
		after          time.Duration
		moved, open    bool
	}{
		"control: both answer":     {other: true, current: true, after: time.Minute, open: true},
		"the other one, for a bit": {other: true, after: 4 * time.Second, open: true},
		"the other one":            {other: true, after: 8 * time.Second, moved: true, open: true},
		"the other one, for long":  {other: true, after: 2 * time.Minute, moved: true, open: true},
		"control: the current one": {current: true, after: 2 * time.Minute, open: true},
		"neither, less than 30 s":  {after: 28 * time.Second, open: true},
		"neither, more than 30 s":  {after: 32 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			g := chrome(b)
			for range int(test.after / (2 * time.Second)) {
				if test.current {
					m := g.checkOf(g.f.leg)
					g.b.h.noteCheck(g.f.leg, m, g.addr, false, b.now)
					g.come(g.answer(m, g.f.leg.peerPwd))
				}
				if test.other {
					g.answers(1)
				}
				b.pass(2 * time.Second)
			}
			want := g.addr.String()
			if test.moved {
				want = addr(1).String()
			}
			if to, open := g.sendsTo(); open != test.open || to != want {
				t.Errorf("after %v: open %v, media goes to %s; want %v, %s", test.after, open, to, test.open, want)
			}
		})
	}
}

// TestConsentIsAnswered: checks from the address that the browser has chosen are answered with the batch, by the session's own
// credentials, and the agent does not see them. All others are the agent's, as is one that says what we do not understand.
func TestConsentIsAnswered(t *testing.T) {
	unknown := func(g *guest) []byte {
		l := g.f.leg
		return stun.MustBuild(stun.BindingRequest, stun.TransactionID, stun.NewUsername(l.frag+":"+l.peerFrag),
			stun.RawAttribute{Type: 0x7abc, Value: []byte{1}}, stun.NewShortTermIntegrity(l.pwd), stun.Fingerprint).Raw
	}
	for name, test := range map[string]struct {
		check    func(g *guest) []byte
		chosen   int // address; 0: its own
		from     int
		answered bool
	}{
		"from the chosen address": {answered: true},
		"not chosen yet":          {chosen: -1},
		"another is chosen":       {chosen: 1},
		"from another address":    {from: 1},
		"unknown attribute":       {check: unknown},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			g := chrome(b)
			switch test.chosen {
			case 0:
				g.f.nominated(b.now, g.addr)
			case 1:
				g.f.chosen = addr(1)
			}
			check := g.request(true)
			if test.check != nil {
				check = test.check(g)
			}
			from := g.addr
			if test.from > 0 {
				from = addr(test.from)
			}
			b.out()
			b.from(from, check)
			agent := 0
			for _, c := range g.f.leg.conns {
				agent += len(c.packets)
			}
			sent := b.out()
			if !test.answered {
				if len(sent) != 0 || agent != 1 || b.h.Stats().STUNAnswered != 0 {
					t.Errorf("%d answers sent, %d requests for the agent; want 0 and 1", len(sent), agent)
				}
				return
			}
			if len(sent) != 1 || agent != 0 || b.h.Stats().STUNAnswered != 1 {
				t.Fatalf("%d answers sent, %d requests for the agent; want 1 and 0", len(sent), agent)
			}
			m := stun.Message{Raw: sent[0].Data}
			var seen stun.XORMappedAddress
			if err := m.Decode(); err != nil || m.Type != stun.BindingSuccess || sent[0].Addr != g.addr {
				t.Fatalf("answer %v to %v: %v", m.Type, sent[0].Addr, err)
			}
			if [12]byte(check[8:20]) != m.TransactionID {
				t.Error("another transaction is answered")
			}
			if stun.NewShortTermIntegrity(g.f.leg.pwd).Check(&m) != nil || stun.Fingerprint.Check(&m) != nil {
				t.Error("integrity or fingerprint does not verify")
			}
			if seen.GetFrom(&m) != nil || seen.String() != g.addr.String() {
				t.Errorf("the browser is told that it is %v, want %v", seen, g.addr)
			}
		})
	}
}

// TestAddressesWithoutAnAgent: a session that has let go of its agent answers checks from any address and checks back; media moves to the
// one that the browser chooses, once that has answered, and to no other.
func TestAddressesWithoutAnAgent(t *testing.T) {
	for name, test := range map[string]struct{ alone, chosen, answers, moves bool }{
		"chosen and answered":     {alone: true, chosen: true, answers: true, moves: true},
		"not chosen":              {alone: true, answers: true},
		"not answered":            {alone: true, chosen: true},
		"control: the agent's":    {chosen: true, answers: true},
		"control: and not chosen": {answers: true},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			g := chrome(b)
			g.f.nominated(b.now, g.addr)
			g.f.alone = test.alone
			b.out()
			b.from(addr(1), g.request(test.chosen))
			var check []byte
			answers := 0
			for _, d := range b.out() {
				if d.Addr != addr(1) {
					t.Errorf("sent to %v, want to %v alone", d.Addr, addr(1))
				}
				if isCheck(d.Data) {
					check = d.Data
				} else {
					answers++
				}
			}
			if (check != nil) != test.alone || (answers == 1) != test.alone {
				t.Fatalf("%d answers, checked back %v; want both %v", answers, check != nil, test.alone)
			}
			if g.f.remote != g.addr {
				t.Fatal("media moved to an address that has not answered")
			}
			if test.answers && check != nil {
				b.from(addr(1), g.answer(check, g.f.leg.peerPwd))
			}
			if moved := g.f.remote == addr(1); moved != test.moves {
				t.Errorf("moved = %v, want %v", moved, test.moves)
			}
		})
	}
}

// TestEndWaitsForTheWorker ends a session while the worker's queue is full: what belongs to the worker is left alone until there is
// room, or the worker has ended.
func TestEndWaitsForTheWorker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		g := chrome(b)
		for b.h.c.Worker.Do(func() {}) {
		}
		g.s.end(ReasonClosed)
		time.Sleep(time.Minute)
		synctest.Wait()
		select {
		case <-g.s.done:
			t.Fatal("released off the worker while it was open")
		default:
		}
		if g.f.ended {
			t.Error("closed off the worker while it was open")
		}
		_ = b.h.c.Worker.Close() // control
		<-g.s.done
		if !g.f.ended {
			t.Error("not closed after the worker has ended")
		}
	})
}

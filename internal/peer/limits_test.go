package peer

import (
	"bytes"
	"context"
	"encoding/binary"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/rtcp"
	"github.com/pion/stun/v4"

	"visavis/internal/media"
)

const (
	micSSRC, camSSRC, camRTX = 0x1111, 0x2222, 0x3333
	opusPT, vp8PT, rtxPT     = 111, 96, 97
)

// known makes the browser's SSRCs known by MID.
func (g *guest) known() *guest {
	g.come(g.rtp(micSSRC, opusPT, "0", make([]byte, 100)), g.rtp(camSSRC, vp8PT, "1", make([]byte, 100)), g.rtp(camRTX, rtxPT, "1", []byte{0, 1, 9}))
	return g
}

func chrome(b *bench) *guest { return b.arrive(recorded(b.t, "chrome.sdp"), true) }

func TestSSRCsByMID(t *testing.T) {
	b := newBench(t)
	g := chrome(b).known()
	if got := g.s.Stream("mic").SSRC(); got != micSSRC {
		t.Errorf("mic has SSRC %x, want %x", got, micSSRC)
	}
	if got := g.s.Stream("cam").Stats().Packets; got != 1 { // the RTX packet repeats number 1
		t.Errorf("cam has %d packets, want 1", got)
	}
	before := b.h.Stats()
	g.come(
		g.rtp(0x4444, opusPT, "", make([]byte, 10)),    // no MID
		g.rtp(0x5555, opusPT, "7", make([]byte, 10)),   // MID of nothing
		g.rtp(0x6666, opusPT, "2", make([]byte, 10)),   // MID of a slot
		g.rtp(0x7777, opusPT+1, "0", make([]byte, 10)), // another codec
	)
	if got := b.h.Stats().UnknownSSRC - before.UnknownSSRC; got != 4 {
		t.Errorf("%d packets of unknown SSRCs, want 4", got)
	}
	g.come(g.rtp(micSSRC, opusPT, "", make([]byte, 10))) // control
	if got := g.s.Stream("mic").Stats().Packets; got != 2 {
		t.Errorf("mic has %d packets, want 2", got)
	}
}

func TestSSRCLimit(t *testing.T) {
	b := newBench(t)
	g := chrome(b)
	declared := len(g.f.ssrcs)
	for i := range MaxSSRC - declared {
		g.come(g.rtp(uint32(0x9000+i), opusPT, "0", make([]byte, 10)))
	}
	if s := b.h.Stats(); s.SSRCRefused > 0 || s.UnknownSSRC > 0 || len(g.f.ssrcs) != MaxSSRC {
		t.Fatalf("%d SSRCs, refused %d; want %d and 0", len(g.f.ssrcs), s.SSRCRefused, MaxSSRC)
	}
	g.come(g.rtp(0x8000, opusPT, "0", make([]byte, 10)))
	if s := b.h.Stats(); s.SSRCRefused != 1 || s.UnknownSSRC != 1 {
		t.Errorf("one more: refused %d, want 1", s.SSRCRefused)
	}
}

func TestPacketLimit(t *testing.T) {
	b := newBench(t)
	g := chrome(b).known()
	b.pass(2 * time.Second)
	before := b.h.Stats().Policed
	for range PacketsPerSecond {
		g.come(g.rtp(micSSRC, opusPT, "", []byte{1}))
	}
	if got := b.h.Stats().Policed - before; got != 0 {
		t.Fatalf("%d of %d packets policed, want 0", got, PacketsPerSecond)
	}
	g.come(g.rtp(micSSRC, opusPT, "", []byte{1}))
	if got := b.h.Stats().Policed - before; got != 1 {
		t.Errorf("%d policed after one more, want 1", got)
	}
}

func TestByteLimits(t *testing.T) {
	for name, test := range map[string]struct {
		ssrc uint32
		pt   uint8
		rate int
		size int
	}{
		"sound":   {micSSRC, opusPT, AudioBytesPerSecond, 400},
		"picture": {camSSRC, vp8PT, CameraBytesPerSecond, 1250},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			g := chrome(b).known()
			b.pass(2 * time.Second)
			p := make([]byte, test.size)
			for range test.rate / test.size {
				g.come(g.rtp(test.ssrc, test.pt, "", p))
			}
			if got := b.h.Stats().Policed; got != 0 {
				t.Fatalf("%d packets of a second's worth policed, want 0", got)
			}
			g.come(g.rtp(test.ssrc, test.pt, "", p))
			if got := b.h.Stats().Policed; got != 1 {
				t.Errorf("%d policed after one more, want 1", got)
			}
		})
	}
}

// TestLayersShareTheLimit: a camera may send no more for being sent in layers.
func TestLayersShareTheLimit(t *testing.T) {
	b := newBench(t)
	g := chrome(b).known()
	g.f.newCamera(&section{name: "cam", kind: media.Video, pt: vp8PT, rids: []string{"h", "m", "l"}})
	layers := g.f.sources[len(g.f.sources)-3:]
	for i, src := range layers {
		g.f.learn(uint32(0x7000+i), src, false)
	}
	b.pass(2 * time.Second)
	p := make([]byte, 1250)
	for i := range CameraBytesPerSecond / len(p) {
		g.come(g.rtp(uint32(0x7000+i%3), vp8PT, "", p))
	}
	if got := b.h.Stats().Policed; got != 0 {
		t.Fatalf("%d packets of a second's worth policed, want 0", got)
	}
	for i := range layers {
		g.come(g.rtp(uint32(0x7000+i), vp8PT, "", p))
	}
	if got := b.h.Stats().Policed; got != 3 {
		t.Errorf("%d policed of one more of each layer, want 3", got)
	}
	g.come(g.rtp(camSSRC, vp8PT, "", p)) // control: the other camera
	if got := b.h.Stats().Policed; got != 3 {
		t.Errorf("%d policed after a packet of another camera, want 3", got)
	}
}

// TestRTXLimit bounds RTX by bytes: browsers pad with hundreds of packets a second.
func TestRTXLimit(t *testing.T) {
	b := newBench(t)
	g := chrome(b).known()
	b.pass(3 * time.Second)
	p := make([]byte, 1000)
	for range 2 * RTXBytesPerSecond / len(p) {
		g.come(g.rtp(camRTX, rtxPT, "", p))
	}
	if got := b.h.Stats().Policed; got != 0 {
		t.Fatalf("%d policed, want 0", got)
	}
	g.come(g.rtp(camRTX, rtxPT, "", p))
	if got := b.h.Stats().Policed; got != 1 {
		t.Fatalf("%d policed after one more, want 1", got)
	}
	for range 10 { // the stream's own rate is allowed besides
		g.come(g.rtp(camSSRC, vp8PT, "", p))
	}
	for range 10 {
		g.come(g.rtp(camRTX, rtxPT, "", p))
	}
	if got := b.h.Stats().Policed; got != 1 {
		t.Errorf("%d policed after as many bytes of the stream itself, want 1", got)
	}
}

func marshal(t *testing.T, p ...rtcp.Packet) []byte {
	t.Helper()
	out, err := rtcp.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestRTCPLimits(t *testing.T) {
	b := newBench(t)
	g := chrome(b).known()
	b.pass(2 * time.Second)
	rr := marshal(t, &rtcp.ReceiverReport{SSRC: 1})
	for range RTCPPerSecond {
		g.come(g.rtcp(rr))
	}
	if got := b.h.Stats().Policed; got != 0 {
		t.Fatalf("%d policed, want 0", got)
	}
	g.come(g.rtcp(rr))
	if got := b.h.Stats().Policed; got != 1 {
		t.Errorf("%d policed after one more, want 1", got)
	}
	b.pass(2 * time.Second)
	long := func(n int) []byte { // a receiver report and an application packet up to n bytes
		app := make([]byte, n-len(rr))
		app[0], app[1] = 0x80, 204
		binary.BigEndian.PutUint16(app[2:], uint16(len(app)/4-1))
		return append(bytes.Clone(rr), app...)
	}
	g.come(g.rtcp(long(MaxRTCP)))
	if got := b.h.Stats().Malformed; got != 0 {
		t.Fatalf("%d bytes: malformed %d, want 0", MaxRTCP, got)
	}
	g.come(g.rtcp(long(MaxRTCP + 4)))
	if got := b.h.Stats().Malformed; got != 1 {
		t.Errorf("%d bytes: malformed %d, want 1", MaxRTCP+4, got)
	}
}

func TestNACKLimit(t *testing.T) {
	b := newBench(t)
	g := chrome(b).known()
	slot := g.s.Slot("floor0")
	ask := func(n int) uint64 { // a NACK for n numbers
		before := slot.Stats().Nacked
		p := &rtcp.TransportLayerNack{MediaSSRC: slot.SSRC()}
		for ; n > 0; n -= 17 {
			k := min(n, 17)
			p.Nacks = append(p.Nacks, rtcp.NackPair{PacketID: uint16(n), LostPackets: rtcp.PacketBitmap(1<<(k-1) - 1)})
		}
		g.come(g.rtcp(marshal(t, p)))
		return slot.Stats().Nacked - before
	}
	if got := ask(MaxNACK); got != MaxNACK {
		t.Errorf("of %d numbers %d were looked at", MaxNACK, got)
	}
	if got := ask(MaxNACK + 1); got != MaxNACK {
		t.Errorf("of %d numbers %d were looked at, want %d", MaxNACK+1, got, MaxNACK)
	}
}

func TestKeyframeLimit(t *testing.T) {
	b := newBench(t)
	g := chrome(b).known()
	slot := g.s.Slot("stage0")
	slot.Assign(b.now, chrome(b).known().s.Stream("cam"))
	for range KeyframesPerSecond {
		g.come(g.rtcp(marshal(t, &rtcp.PictureLossIndication{MediaSSRC: slot.SSRC()})))
	}
	if got := b.h.Stats().Policed; got != 0 {
		t.Fatalf("%d policed, want 0", got)
	}
	g.come(g.rtcp(marshal(t, &rtcp.FullIntraRequest{FIR: []rtcp.FIREntry{{SSRC: slot.SSRC()}}})))
	if got := b.h.Stats().Policed; got != 1 {
		t.Errorf("%d policed after one more, want 1", got)
	}
}

// request is a check as the browser sends it.
func (g *guest) request(nominate bool) []byte {
	l := g.f.leg
	s := []stun.Setter{stun.BindingRequest, stun.TransactionID, stun.NewUsername(l.frag + ":" + l.peerFrag), ice.AttrControlling(1), ice.PriorityAttr(1)}
	if nominate {
		s = append(s, ice.UseCandidate())
	}
	return stun.MustBuild(append(s, stun.NewShortTermIntegrity(l.pwd), stun.Fingerprint)...).Raw
}

func TestSTUNLimit(t *testing.T) {
	b := newBench(t)
	g := chrome(b)
	bad := g.request(false)
	bad[len(bad)-20] ^= 1 // in the integrity
	for range 2 * STUNPerSecond {
		g.come(bad) // uses nothing up
	}
	queued := func() int { return len(g.f.leg.conns[0].packets) }
	if s := b.h.Stats(); s.STUNForged != 2*STUNPerSecond || queued() != 0 {
		t.Fatalf("forged %d, queued %d", s.STUNForged, queued())
	}
	for range STUNPerSecond {
		g.come(g.request(false))
	}
	if s := b.h.Stats(); s.STUNLimited != 0 || queued() != stunQueue {
		t.Fatalf("limited %d, queued %d; want 0 and %d", s.STUNLimited, queued(), stunQueue)
	}
	g.come(g.request(false))
	if s := b.h.Stats(); s.STUNLimited != 1 {
		t.Errorf("limited %d after one more, want 1", s.STUNLimited)
	}
}

func addr(n int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{203, 0, 113, byte(n)}), 1000)
}

func TestAddressLimit(t *testing.T) {
	b := newBench(t)
	g := chrome(b) // has one
	b.out()
	for i := range MaxAddresses {
		g.f.ask(b.now, addr(i))
	}
	if sent, s := b.out(), b.h.Stats(); len(sent) != MaxAddresses-1 || s.AddressesRefused != 1 {
		t.Errorf("%d checks sent, %d refused; want %d and 1", len(sent), s.AddressesRefused, MaxAddresses-1)
	}
	b.now = b.now.Add(addressRest) // a browser with many interfaces goes on trying them
	g.f.ask(b.now, addr(9))
	if sent := b.out(); len(sent) != 1 || len(g.s.addresses) != MaxAddresses {
		t.Errorf("%d checks sent a second later, %d addresses; want 1 and %d", len(sent), len(g.s.addresses), MaxAddresses)
	}
	if !slices.ContainsFunc(g.s.addresses, func(a address) bool { return a.addr == g.addr }) {
		t.Error("the address in use gave way")
	}
	b.pass(checkTime + time.Second) // unanswered ones are forgotten
	if len(g.s.addresses) != 1 {
		t.Errorf("%d addresses left, want 1", len(g.s.addresses))
	}
}

func TestCheckLimit(t *testing.T) {
	b := newBench(t)
	g := chrome(b)
	b.out()
	for range MaxChecks + 1 {
		g.f.ask(b.now, addr(1))
	}
	if sent := b.out(); len(sent) != MaxChecks {
		t.Errorf("%d checks in flight, want %d", len(sent), MaxChecks)
	}
}

// answer is the browser's answer to a check of ours.
func (g *guest) answer(check []byte, pwd string) []byte {
	m := &stun.Message{Raw: check}
	if m.Decode() != nil {
		g.b.t.Fatal("not a check")
	}
	return stun.MustBuild(stun.NewTransactionIDSetter(m.TransactionID), stun.BindingSuccess, &stun.XORMappedAddress{IP: []byte{1, 2, 3, 4}, Port: 1},
		stun.NewShortTermIntegrity(pwd), stun.Fingerprint).Raw
}

// TestProof shows what proves an address: the answer to our own check, from where it was sent to, with the right integrity, and
// nobody else's address.
func TestProof(t *testing.T) {
	for name, test := range map[string]struct {
		from  netip.AddrPort
		wrong bool
		owned bool
		want  bool
	}{
		"control":            {from: addr(1), want: true},
		"another address":    {from: addr(2)},
		"wrong integrity":    {from: addr(1), wrong: true},
		"somebody's address": {from: addr(1), owned: true},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			g := chrome(b)
			other := chrome(b)
			if test.owned && !b.mux.Bind(addr(1), other.f) {
				t.Fatal("bind")
			}
			b.pass(time.Second) // silence from the current address: others are followed
			b.out()
			g.f.follow(b.now, addr(1))
			sent := b.out()
			if len(sent) != 1 || sent[0].Addr != addr(1) {
				t.Fatalf("%d checks, want 1", len(sent))
			}
			pwd := g.f.leg.peerPwd
			if test.wrong {
				pwd = other.f.leg.pwd
			}
			b.from(test.from, g.answer(sent[0].Data, pwd))
			if got := g.f.remote == addr(1); got != test.want {
				t.Errorf("moved = %v, want %v (%+v)", got, test.want, b.h.Stats())
			}
			if test.owned && b.h.Stats().AddressClashes != 1 {
				t.Errorf("%d clashes, want 1", b.h.Stats().AddressClashes)
			}
			if !test.want && g.f.remote != g.addr {
				t.Errorf("media goes to %v, want %v", g.f.remote, g.addr)
			}
		})
	}
}

// TestNominatedAgain nominates an address that is not proven (any more): it is checked, and taken once it answers.
func TestNominatedAgain(t *testing.T) {
	b := newBench(t)
	g := chrome(b)
	b.out()
	g.f.nominated(b.now, addr(1))
	sent := b.out()
	if g.f.remote != g.addr || len(sent) != 1 {
		t.Fatalf("media goes to %v, %d checks; want %v and 1", g.f.remote, len(sent), g.addr)
	}
	b.from(addr(1), g.answer(sent[0].Data, g.f.leg.peerPwd))
	if g.f.remote != addr(1) {
		t.Errorf("media goes to %v, want %v", g.f.remote, addr(1))
	}
	g.f.nominated(b.now, g.addr) // proven already
	if g.f.remote != g.addr {
		t.Errorf("media goes to %v, want %v", g.f.remote, g.addr)
	}
}

func TestHeldLimit(t *testing.T) {
	b := newBench(t)
	g := b.arrive(recorded(t, "chrome.sdp"), false)
	hello := []byte{22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1}
	b.from(addr(1), hello) // not under check
	g.f.ask(b.now, addr(1))
	for range MaxHeld + 1 {
		b.from(addr(1), hello)
	}
	if s := b.h.Stats(); s.DTLSHeld != MaxHeld || s.DTLSUnproven != 2 {
		t.Errorf("held %d, dropped %d; want %d and 2", s.DTLSHeld, s.DTLSUnproven, MaxHeld)
	}
	b.pass(checkTime + time.Second)
	if len(b.h.held) != 0 || len(b.h.checks) != 0 {
		t.Errorf("%d addresses and %d checks left, want 0", len(b.h.held), len(b.h.checks))
	}
}

func TestHandshakePacketLimit(t *testing.T) {
	b := newBench(t)
	g := chrome(b)
	p := []byte{22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2}
	for range MaxHandshakePackets {
		g.come(p)
		<-g.s.dtls.packets
	}
	g.come(p)
	if len(g.s.dtls.packets) != 0 || b.h.Stats().DTLSDropped != 1 {
		t.Errorf("%d dropped, want 1", b.h.Stats().DTLSDropped)
	}
}

func TestStrayLimits(t *testing.T) {
	b := newBench(t)
	g := chrome(b).known()
	for range StraysPerSecond + 5 {
		p := g.rtp(micSSRC, opusPT, "", []byte{1})
		p[len(p)-1] ^= 1
		b.from(addr(1), p)
	}
	if s := b.h.Stats(); s.Forged != StraysPerSecond || s.MediaUnproven != StraysPerSecond+5 {
		t.Errorf("tried %d, dropped %d; want %d and %d", s.Forged, s.MediaUnproven, StraysPerSecond, StraysPerSecond+5)
	}
	for range MaxSharedSSRC + 2 {
		chrome(b).known()
	}
	if got := len(b.h.bySSRC[micSSRC]); got != MaxSharedSSRC {
		t.Errorf("%d sessions are found by one SSRC, want %d", got, MaxSharedSSRC)
	}
}

func TestSessionLimit(t *testing.T) {
	b := newBench(t)
	o, err := parseOffer(recorded(t, "chrome.sdp"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range MaxSessions {
		if _, err := b.h.newSession(o, Events{}); err != nil {
			t.Fatalf("session %d: %v", i+1, err)
		}
	}
	if _, err := b.h.newSession(o, Events{}); codeOf(err) != "offer.full" {
		t.Errorf("one more: %v, want offer.full", err)
	}
}

// TestWantedDTLS is the table of what is believed of DTLS before and after the handshake.
func TestWantedDTLS(t *testing.T) {
	record := func(kind, epoch, first byte) []byte {
		return []byte{kind, 0xfe, 0xfd, 0, epoch, 0, 0, 0, 0, 0, 1, 0, 2, first, 0}
	}
	for name, test := range map[string]struct {
		b             []byte
		before, after bool
	}{
		"ClientHello":                {record(22, 0, 1), true, false},
		"other handshake, epoch 0":   {record(22, 0, 16), true, true}, // a client repeats its last flight
		"change cipher spec":         {record(20, 0, 1), true, true},
		"alert in clear":             {record(21, 0, 2), false, false},
		"data in clear":              {record(23, 0, 2), false, false},
		"alert, protected":           {record(21, 1, 2), true, true},
		"alert behind a handshake":   {append(record(22, 0, 16), record(21, 0, 2)...), false, false},
		"hello behind the protected": {append(record(22, 1, 16), record(22, 0, 1)...), true, false},
		"short header":               {record(22, 0, 1)[:12], false, false},
		"short body":                 {record(22, 0, 1)[:14], false, false},
		"trailing byte":              {append(record(22, 0, 16), 22), false, false},
		"empty":                      {nil, true, true},
	} {
		if before, after := wanted(test.b, false), wanted(test.b, true); before != test.before || after != test.after {
			t.Errorf("%s: wanted %v before and %v after, want %v and %v", name, before, after, test.before, test.after)
		}
	}
}

// TestHandshakeLimit fills all places but one: one handshake begins, the next waits, in vain.
func TestHandshakeLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		for range MaxHandshakes - 1 {
			b.h.handshakes <- struct{}{}
		}
		results := make([]chan error, 2)
		for i := range results {
			s := b.arrive(recorded(t, "chrome.sdp"), false).s
			results[i] = make(chan error, 1)
			go func() {
				ctx, cancel := context.WithTimeout(s.life, handshakeTime)
				defer cancel()
				_, err := s.secure(ctx)
				results[i] <- err
			}()
			synctest.Wait()
			if got := len(b.h.handshakes); got != MaxHandshakes {
				t.Fatalf("%d handshakes, want %d", got, MaxHandshakes)
			}
		}
		for i, waited := range []bool{false, true} {
			if err := <-results[i]; err == nil || strings.Contains(err.Error(), "wait for other handshakes") != waited {
				t.Errorf("handshake %d: %v; waited in vain: want %v", i+1, err, waited)
			}
		}
	})
}

// TestReplayedChecks repeats one valid check from made-up addresses: the member's own checks are answered all the same, and the agent
// hears of few of the others.
func TestReplayedChecks(t *testing.T) {
	b := newBench(t)
	g := chrome(b)
	from := map[netip.AddrPort]bool{}
	heard := func() (n int) { // messages that went to the agent
		for ; len(g.f.leg.conns[0].packets) > 0; n++ {
			p := <-g.f.leg.conns[0].packets
			if from[p.from] = true; p.from == g.addr {
				n--
			}
		}
		return n
	}
	captured := g.request(false)
	most := 0
	for i := range 20 * 200 { // 200 a second for 20 s
		b.from(addr(i), captured)
		if i%20 == 0 {
			most = max(most, heard())
			before := b.h.Stats().STUNLimited
			if g.come(g.request(false)); b.h.Stats().STUNLimited > before {
				t.Fatalf("a check of the member's own was refused after %d replays", i+1)
			}
			b.pass(100 * time.Millisecond)
		}
	}
	heard()
	delete(from, g.addr)
	if len(from) != MaxStrangers || most > strangersBurst {
		t.Errorf("the agent heard of %d addresses, at most %d at once; want %d and ≤ %d", len(from), most, MaxStrangers, strangersBurst)
	}
	// control: one address more that the browser has
	b = newBench(t)
	g = chrome(b)
	n := 0
	for range 10 * StrangersPerSecond {
		b.from(addr(1), g.request(false))
		n += heard()
		b.pass(time.Second / StrangersPerSecond)
	}
	if n != 10*StrangersPerSecond {
		t.Errorf("of %d checks from a new address %d were heard", 10*StrangersPerSecond, n)
	}
}

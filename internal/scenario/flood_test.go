package scenario

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"visavis/internal/bot"
	"visavis/internal/udp"
)

// floodFor is how long a flood lasts.
const floodFor = 2 * time.Second

// flood is what somebody does while two others talk, one at the same node, one at the other: begin is called before, once may be called
// each millisecond, and end says whether it came to anything.
type flood struct {
	w      *World
	pc     *webrtc.PeerConnection // of a third member
	c      *capture
	others [2]*Person
	node   netip.AddrPort // where media goes
	n      uint64
}

// TestFloods has a member, a stranger and a page send far more than they may (docs/security.md, limits): nobody else misses a packet, and no
// sound comes later than two frames. That all of it reached the node is counted at its door. Controls: no flood, and a short cut, which
// the same look finds. Time is virtual: what refusing costs a machine it does not show. The other node's floods are abuse case 14.
func TestFloods(t *testing.T) {
	for _, row := range []struct {
		name  string
		least int // datagrams or messages that must have come in
		gap   [2]time.Duration
		run   func(*flood, *testing.T)
	}{
		{"control: nobody floods", 0, [2]time.Duration{0, 40 * time.Millisecond}, func(*flood, *testing.T) { time.Sleep(floodFor) }},
		{"control: a cut of 200 ms", 0, [2]time.Duration{180 * time.Millisecond, 300 * time.Millisecond}, func(f *flood, _ *testing.T) {
			f.w.Net.Cut(f.others[0].Host, f.w.Avelmar.Host, true)
			time.Sleep(200 * time.Millisecond)
			f.w.Net.Cut(f.others[0].Host, f.w.Avelmar.Host, false)
			time.Sleep(floodFor)
		}},
		{"reports of a member", 4000, [2]time.Duration{0, 40 * time.Millisecond}, (*flood).reports},
		{"sound of a member", 6000, [2]time.Duration{0, 40 * time.Millisecond}, (*flood).sound},
		{"pictures of a member", 6000, [2]time.Duration{0, 40 * time.Millisecond}, (*flood).pictures},
		{"strangers", 10000, [2]time.Duration{0, 40 * time.Millisecond}, (*flood).strangers},
		{"copies of a member's checks", 4000, [2]time.Duration{0, 40 * time.Millisecond}, (*flood).checks},
		{"messages of a page", 300, [2]time.Duration{0, 40 * time.Millisecond}, (*flood).messages},
		{"requests", 0, [2]time.Duration{0, 40 * time.Millisecond}, (*flood).requests},
		{"connections", 1900, [2]time.Duration{0, 40 * time.Millisecond}, (*flood).connections},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { flooded(t, row.least, row.gap, row.run) })
		})
	}
}

func flooded(t *testing.T, least int, want [2]time.Duration, run func(*flood, *testing.T)) {
	w := NewWorld(t, Options{Seed: 12})
	f := &flood{w: w, node: netip.AddrPortFrom(w.Avelmar.Host.Addr(), mediaPort)}
	var pc atomic.Pointer[webrtc.PeerConnection]
	third, c := w.Avelmar.joinCapturedWith("avelmar-two", func(b *bot.Config) { b.OnMedia = func(p *webrtc.PeerConnection) { pc.Store(p) } })
	f.c = c
	f.others = [2]*Person{w.Avelmar.Join("avelmar-one", nil), w.Tolmeria.Join("tolmeria-one", nil)}
	w.connected(third, f.others[0], f.others[1])
	if f.pc = pc.Load(); f.pc == nil {
		t.Fatal("no media session")
	}
	var came atomic.Int64
	w.Net.Tap(third.Host, w.Avelmar.Host, func(Datagram) { came.Add(1) })
	for i, to := range f.others {
		to.Gap(Heard{f.others[1-i].Member, "mic"})
	}
	begin := time.Now()
	run(f, t)
	end := time.Now()
	var gap time.Duration
	for i, to := range f.others {
		gap = max(gap, to.Gap(Heard{f.others[1-i].Member, "mic"}))
	}
	if gap < want[0] || gap > want[1] {
		t.Errorf("longest gap of others' sound %v, want within %v", gap, want)
	}
	if n := int(came.Load()) + int(f.n); n < least {
		t.Errorf("%d datagrams came, want at least %d: the test shows nothing", n, least)
	}
	time.Sleep(time.Second)
	for i, to := range f.others {
		from := f.others[1-i]
		missing, _ := to.Missing(Heard{from.Member, "mic"}, from.SentBetween("mic", begin, end))
		if missing > 0 && want[0] == 0 {
			t.Errorf("%s misses %d packets of %s", to.Member, missing, from.Member)
		}
		if s := to.Bot.Stats(); s.Joins != 1 || s.Restarts != 0 {
			t.Errorf("%s: %d joins, %d restarts", to.Member, s.Joins, s.Restarts)
		}
	}
	alive(t, f.others[:]...)
}

// each calls do once a millisecond while the flood lasts.
func (f *flood) each(do func(ms int)) {
	for ms := range int(floodFor / time.Millisecond) {
		do(ms)
		time.Sleep(time.Millisecond)
	}
}

// reports asks for everything again, for keyframes, and claims losses, in three thousand datagrams a second.
func (f *flood) reports(t *testing.T) {
	var slots []uint32
	for _, r := range f.pc.GetReceivers() {
		if tr := r.Track(); tr != nil && tr.SSRC() != 0 {
			slots = append(slots, uint32(tr.SSRC()))
		}
	}
	if len(slots) == 0 {
		t.Fatal("the member receives nothing")
	}
	f.each(func(ms int) {
		ssrc := slots[ms%len(slots)]
		var pairs []rtcp.NackPair
		for i := range 60 {
			pairs = append(pairs, rtcp.NackPair{PacketID: uint16(1000 + ms + 17*i), LostPackets: 0xffff})
		}
		for _, p := range []rtcp.Packet{
			&rtcp.TransportLayerNack{MediaSSRC: ssrc, Nacks: pairs},
			&rtcp.PictureLossIndication{MediaSSRC: ssrc},
			&rtcp.ReceiverReport{Reports: []rtcp.ReceptionReport{{SSRC: ssrc, FractionLost: 255, TotalLost: 1 << 22}}},
		} {
			_ = f.pc.WriteRTCP([]rtcp.Packet{p})
		}
	})
}

// track is the member's microphone or camera.
func (f *flood) track(t *testing.T, kind webrtc.RTPCodecType) *webrtc.TrackLocalStaticRTP {
	for _, s := range f.pc.GetSenders() {
		if tr, ok := s.Track().(*webrtc.TrackLocalStaticRTP); ok && tr.Kind() == kind {
			return tr
		}
	}
	t.Fatal("the member sends nothing")
	return nil
}

func (f *flood) sound(t *testing.T) {
	tr := f.track(t, webrtc.RTPCodecTypeAudio)
	f.each(func(ms int) {
		for i := range 4 {
			n := uint16(20000 + 4*ms + i)
			_ = tr.WriteRTP(&rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: n, Timestamp: uint32(n) * 960}, Payload: make([]byte, 400)})
		}
	})
}

// pictures sends 37 Mbit/s, every packet the beginning of a keyframe.
func (f *flood) pictures(t *testing.T) {
	tr := f.track(t, webrtc.RTPCodecTypeVideo)
	payload := append([]byte{0x90, 0x80, 0x80, 0, 0x10}, make([]byte, 1150)...)
	f.each(func(ms int) {
		for i := range 4 {
			n := uint16(20000 + 4*ms + i)
			binary.BigEndian.PutUint16(payload[2:], n|0x8000)
			_ = tr.WriteRTP(&rtp.Packet{Header: rtp.Header{Version: 2, Marker: true, SequenceNumber: n, Timestamp: uint32(n) * 90}, Payload: bytes.Clone(payload)})
		}
	})
}

// strangers send what looks like media, reports, checks and handshakes from a thousand addresses.
func (f *flood) strangers(t *testing.T) {
	f.each(func(ms int) {
		for i := range 8 {
			n := 8*ms + i
			from := netip.AddrPortFrom(netip.AddrFrom4([4]byte{45, 99, byte(n >> 3), byte(n)}), uint16(1024+n%50000))
			b := make([]byte, 200)
			binary.BigEndian.PutUint32(b[8:], uint32(n)*2654435761)
			switch i % 4 {
			case 0:
				b[0], b[1] = 0x80, 111
			case 1:
				b[0], b[1] = 0x81, 201
			case 2:
				b = stun(1, bytes.Repeat([]byte{byte(n), byte(n >> 8)}, 6), []byte("key"), attr(stunUsername, []byte(fmt.Sprintf("none%d:x", n))))
			case 3:
				copy(b, []byte{22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 100, 1})
			}
			if !f.w.Net.Spoof(Datagram{From: from, To: f.node, Data: b}) {
				t.Fatal("no node at its address")
			}
			f.n++
		}
	})
}

// checks repeats a valid check of a member, from its own address and from others.
func (f *flood) checks(t *testing.T) {
	check := f.c.find(t, "check", func(b []byte) bool {
		return udp.Classify(b) == udp.STUN && binary.BigEndian.Uint16(b) == 1 && attribute(b, stunUsername) != nil
	})
	f.each(func(ms int) {
		for i := range 3 {
			d := check
			if i > 0 {
				d.From = netip.AddrPortFrom(netip.AddrFrom4([4]byte{45, 98, byte(ms >> 8), byte(ms)}), uint16(2000+i))
			}
			if !f.w.Net.Spoof(d) {
				t.Fatal("no node at its address")
			}
			f.n++
		}
	})
}

// messages says more than a page may, on one socket after the other.
func (f *flood) messages(t *testing.T) {
	closed := 0
	for end := time.Now().Add(floodFor); time.Now().Before(end); {
		ws := f.w.Avelmar.guest().join("avelmar-principal")
		for i := range 1000 {
			m := fmt.Sprintf(`{"devices":{"mic":%t,"camera":false}}`, i%2 == 0)
			if ws.Write(t.Context(), websocket.MessageText, []byte(m)) != nil {
				break
			}
			f.n++
			time.Sleep(200 * time.Microsecond)
		}
		if _, end := hear(t, ws, 200*time.Millisecond); end {
			closed++
		}
		_ = ws.CloseNow()
	}
	if closed == 0 {
		t.Error("no socket was closed: the test shows nothing")
	}
}

// requests guesses codes and passes, as fast as one address can.
func (f *flood) requests(t *testing.T) {
	g := f.w.Avelmar.guest()
	refused := map[int]int{}
	for end := time.Now().Add(floodFor); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		refused[g.do("POST", "/api/session", `{"code":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}`).status]++
		refused[g.do("POST", "/whip", "v=0", "Content-Type", "application/sdp", "Authorization", "Bearer AAAA").status]++
	}
	if refused[http.StatusTooManyRequests] < 100 {
		t.Errorf("answers: %v, want most of them 429", refused)
	}
}

// connections opens a thousand a second from one address and says nothing on them.
func (f *flood) connections(t *testing.T) {
	const most = 512 // of one address at one time
	h := f.w.Avelmar.guest().h
	var all []net.Conn
	f.each(func(int) {
		c, err := h.Dial(t.Context(), netip.AddrPortFrom(f.w.Avelmar.Host.Addr(), webPort).String())
		if err != nil {
			return
		}
		all = append(all, c)
		f.n++
	})
	open := 0
	for _, c := range all {
		if err := c.SetReadDeadline(time.Now().Add(time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Read(make([]byte, 1)); errors.Is(err, os.ErrDeadlineExceeded) {
			open++
		}
		_ = c.Close()
	}
	if open == 0 || open > most {
		t.Errorf("%d of %d silent connections of one address are kept, want at most %d", open, len(all), most)
	}
}

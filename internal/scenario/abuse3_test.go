package scenario

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/binary"
	"hash/crc32"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"visavis/internal/bot"
	"visavis/internal/meeting"
	"visavis/internal/udp"
	"visavis/internal/wire"
)

// capture keeps what passes between a person and its node.
type capture struct {
	mu       sync.Mutex
	up, down []Datagram
	answer   string // SDP of the last welcome
}

// joinCaptured is Join with a capture of all datagrams from the first on.
func (p *Party) joinCaptured(m meeting.MemberID) (*Person, *capture) {
	return p.joinCapturedWith(m, func(*bot.Config) {})
}

func (p *Party) joinCapturedWith(m meeting.MemberID, change func(*bot.Config)) (*Person, *capture) {
	c := &capture{}
	q := p.Join(m, func(b *bot.Config) {
		change(b)
		b.OnMessage = func(m wire.ToClient) {
			if m.Welcome != nil {
				c.mu.Lock()
				c.answer = m.Welcome.Answer
				c.mu.Unlock()
			}
		}
	})
	keep := func(to *[]Datagram) func(Datagram) {
		return func(d Datagram) {
			d.Data = bytes.Clone(d.Data)
			c.mu.Lock()
			*to = append(*to, d)
			c.mu.Unlock()
		}
	}
	p.w.Net.Tap(q.Host, p.Host, keep(&c.up))
	p.w.Net.Tap(p.Host, q.Host, keep(&c.down))
	return q, c
}

// find returns the last datagram of the person's for which ok holds.
func (c *capture) find(t *testing.T, what string, ok func([]byte) bool) Datagram {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := len(c.up) - 1; i >= 0; i-- {
		if ok(c.up[i].Data) {
			return c.up[i]
		}
	}
	t.Fatalf("no %s among %d datagrams", what, len(c.up))
	return Datagram{}
}

// password is that of the node's ICE agent.
func (c *capture) password(t *testing.T) []byte {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	_, p, ok := strings.Cut(c.answer, "a=ice-pwd:")
	if p, _, _ = strings.Cut(p, "\r\n"); !ok || p == "" {
		t.Fatalf("no password in %q", c.answer)
	}
	return []byte(p)
}

const stunCookie = 0x2112a442

// attribute finds one of a STUN message (RFC 8489 §14), nil if there is none.
func attribute(m []byte, kind uint16) []byte {
	for b := m[20:]; len(b) >= 4; {
		n := int(binary.BigEndian.Uint16(b[2:]))
		if 4+n > len(b) {
			return nil
		}
		if binary.BigEndian.Uint16(b) == kind {
			return b[4 : 4+n]
		}
		b = b[min(4+(n+3)&^3, len(b)):]
	}
	return nil
}

// stun builds a message with attributes, MESSAGE-INTEGRITY and FINGERPRINT (RFC 8489 §14.5, §14.7).
func stun(kind uint16, id []byte, key []byte, attributes ...[]byte) []byte {
	m := binary.BigEndian.AppendUint16(nil, kind)
	m = binary.BigEndian.AppendUint16(m, 0)
	m = binary.BigEndian.AppendUint32(m, stunCookie)
	m = append(m, id...)
	for _, a := range attributes {
		m = append(m, a...)
	}
	length := func(n int) { binary.BigEndian.PutUint16(m[2:], uint16(len(m)-20+n)) }
	length(24)
	mac := hmac.New(sha1.New, key)
	mac.Write(m)
	m = append(m, attr(0x0008, mac.Sum(nil))...)
	length(8)
	return append(m, attr(0x8028, binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(m)^0x5354554e))...)
}

func attr(kind uint16, v []byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, kind)
	b = binary.BigEndian.AppendUint16(b, uint16(len(v)))
	b = append(b, v...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

const (
	stunUsername       = 0x0006
	stunPriority       = 0x0024
	stunUseCandidate   = 0x0025
	stunICEControlling = 0x802a
)

// A member, who knows the passwords of its own session, nominates a victim by checks with a spoofed address. The victim gets checks at
// most, never media, and the member stays connected. The control: the same checks are answered, so they were not dropped as junk.
func abuseSpoofedNomination(t *testing.T) {
	w := NewWorld(t, Options{})
	q, c := w.Avelmar.joinCaptured("avelmar-principal")
	far := w.Tolmeria.Join("tolmeria-principal", nil)
	w.connected(q, far)
	time.Sleep(3 * time.Second)
	isCheck := func(b []byte) bool {
		return udp.Classify(b) == udp.STUN && binary.BigEndian.Uint16(b) == 1 && attribute(b, stunUsername) != nil
	}
	check := c.find(t, "check", isCheck)
	victim := w.Net.Host(t, "45.9.9.9")
	hears, err := victim.ListenUDP(5000)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = hears.Close() })
	node := netip.AddrPortFrom(w.Avelmar.Host.Addr(), mediaPort)
	var mu sync.Mutex
	got := map[udp.Class]int{}
	answered := 0
	w.Net.Tap(w.Avelmar.Host, victim, func(d Datagram) {
		mu.Lock()
		defer mu.Unlock()
		class := udp.Classify(d.Data)
		if got[class]++; class == udp.STUN && binary.BigEndian.Uint16(d.Data) == 0x0101 {
			answered++
		}
	})
	key := c.password(t)
	for i := range 100 {
		id := bytes.Repeat([]byte{byte(i), 0x77}, 6)
		m := stun(1, id, key, attr(stunUsername, attribute(check.Data, stunUsername)), attr(stunPriority, []byte{0x7e, 0xff, 0xff, 0xff}),
			attr(stunICEControlling, []byte{1, 2, 3, 4, 5, 6, 7, 8}), attr(stunUseCandidate, nil))
		if !w.Net.Spoof(Datagram{From: hears.LocalAddr(), To: node, Data: m}) {
			t.Fatal("no node at its address")
		}
		time.Sleep(50 * time.Millisecond)
	}
	time.Sleep(time.Second)
	mu.Lock()
	if got[udp.RTP]+got[udp.RTCP]+got[udp.DTLS]+got[udp.Unknown] != 0 {
		t.Errorf("the victim got %v, want no media", got)
	}
	if answered == 0 {
		t.Error("the spoofed checks were not even answered: the test shows nothing")
	}
	if got[udp.STUN] > 400 {
		t.Errorf("the victim got %d checks for 100, an amplifier", got[udp.STUN])
	}
	mu.Unlock()
	if s := q.Bot.Stats(); s.Joins != 1 || s.Restarts != 0 || !s.Media {
		t.Errorf("the member did not stay connected: %d joins, %d restarts, media %v", s.Joins, s.Restarts, s.Media)
	}
	alive(t, q, far)
}

// A ClientHello and an alert in clear, with the address of a member in a call: media goes on. The control: a member whose handshake
// loses a third of its packets comes in all the same, so what looks like the same again is not just dropped.
func abuseSpoofedDTLS(t *testing.T) {
	w := NewWorld(t, Options{Seed: 3})
	q, c := w.Avelmar.joinCaptured("avelmar-principal")
	far := w.Tolmeria.Join("tolmeria-principal", nil)
	w.connected(q, far)
	time.Sleep(3 * time.Second)
	h := Heard{"tolmeria-principal", "mic"}
	q.Gap(h)
	far.Gap(Heard{"avelmar-principal", "mic"})
	hello := c.find(t, "ClientHello", func(b []byte) bool { return udp.Classify(b) == udp.DTLS && len(b) > 13 && b[0] == 22 && b[13] == 1 })
	record := func(kind byte, body ...byte) []byte {
		return append([]byte{kind, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, byte(len(body))}, body...)
	}
	for range 20 {
		for _, b := range [][]byte{
			hello.Data, record(21, 2, 40), record(21, 1, 0), record(21, 2, 80), record(23, 1, 2, 3), record(20, 1), {22, 0xfe, 0xfd},
			append(bytes.Clone(hello.Data), record(21, 2, 40)...),
		} {
			if !w.Net.Spoof(Datagram{From: hello.From, To: hello.To, Data: b}) {
				t.Fatal("no node at its address")
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	if gap := q.Gap(h); gap > 40*time.Millisecond {
		t.Errorf("what the member hears had a gap of %v", gap)
	}
	if gap := far.Gap(Heard{"avelmar-principal", "mic"}); gap > 40*time.Millisecond {
		t.Errorf("what is heard of the member had a gap of %v", gap)
	}
	if s := q.Bot.Stats(); s.Joins != 1 || s.Restarts != 0 {
		t.Errorf("%d joins and %d restarts, want the first session still", s.Joins, s.Restarts)
	}
	alive(t, q, far)

	lossy := w.Avelmar.Join("avelmar-one", nil)
	w.impaired(Path{Loss: 0.3}, lossy)
	if !lossy.Await(20 * time.Second) {
		t.Error("a member on a lossy path does not come in")
	}

	// The same alerts while a member comes in, one behind each of its own packets.
	alerts := make(chan Datagram, 1000)
	early := w.Avelmar.Join("avelmar-two", nil)
	w.Net.Tap(early.Host, w.Avelmar.Host, func(d Datagram) {
		if udp.Classify(d.Data) == udp.DTLS {
			alerts <- d
		}
	})
	done := make(chan struct{})
	var spoofing sync.WaitGroup
	spoofed := 0
	spoofing.Go(func() {
		for {
			select {
			case d := <-alerts:
				for _, b := range [][]byte{record(21, 2, 40), record(21, 1, 0)} {
					w.Net.Spoof(Datagram{From: d.From, To: d.To, Data: b})
					spoofed++
				}
			case <-done:
				return
			}
		}
	})
	if !early.Await(3*time.Second) || early.Bot.Stats().Joins != 1 {
		t.Errorf("a member whose handshake gets alerts in clear: %+v", early.Bot.Stats())
	}
	close(done)
	spoofing.Wait()
	if spoofed < 4 {
		t.Errorf("only %d alerts were sent: the test shows nothing", spoofed)
	}
}

// A receiver that loses much and asks again and again: what one number of one stream was sealed as never changes, and resends stay
// within a quarter and 50 a second.
func abuseNackStorm(t *testing.T) {
	w := NewWorld(t, Options{Seed: 9})
	q, c := w.Avelmar.joinCaptured("avelmar-principal")
	far, own := w.Tolmeria.Join("tolmeria-principal", nil), w.Avelmar.Join("avelmar-one", nil)
	w.connected(q, far, own)
	time.Sleep(3 * time.Second)
	w.Net.Impair(w.Avelmar.Host, q.Host, Path{Loss: 0.6})
	c.mu.Lock()
	c.down = nil
	c.mu.Unlock()
	begin := time.Now()
	time.Sleep(20 * time.Second)
	c.mu.Lock()
	seconds := time.Since(begin).Seconds()
	type nonce struct {
		ssrc uint32
		seq  uint16 // 20 s are less than one turn
	}
	sealed := map[nonce][]byte{}
	payloads := map[uint32]uint8{}
	packets, same := map[uint32]int{}, 0
	for _, d := range c.down {
		if udp.Classify(d.Data) != udp.RTP {
			continue
		}
		n := nonce{binary.BigEndian.Uint32(d.Data[8:]), binary.BigEndian.Uint16(d.Data[2:])}
		payloads[n.ssrc] = d.Data[1] & 0x7f
		if was, ok := sealed[n]; !ok {
			sealed[n] = d.Data
			packets[n.ssrc]++
		} else if same++; !bytes.Equal(was, d.Data) {
			t.Errorf("stream %d, number %d was sealed as two different packets", n.ssrc, n.seq)
		}
	}
	c.mu.Unlock()
	first, again := 0, same
	for ssrc, n := range packets {
		if payloads[ssrc] == 97 { // RTX (the bot's own numbering)
			again += n
		} else {
			first += n
		}
	}
	t.Logf("seed 9: %d packets, %d resends, %d of them the same again, in %.0f s", first, again, same, seconds)
	if most := float64(first)/4 + 50*seconds + 100; float64(again) > most {
		t.Errorf("%d resends for %d packets in %.0f s, want at most %.0f", again, first, seconds, most)
	}
	if same < 100 || again-same < 100 { // the control
		t.Errorf("only %d resends of sound and %d of pictures: the test shows nothing", same, again-same)
	}
	w.Net.Impair(w.Avelmar.Host, q.Host, Path{})
	time.Sleep(2 * time.Second)
	alive(t, q, far, own)
}

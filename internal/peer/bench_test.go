package peer

import (
	"encoding/binary"
	"net/netip"
	"sync"
	"testing"
	"time"

	"visavis/internal/media"
	"visavis/internal/srtp"
	"visavis/internal/udp"
)

// board is a Conn that keeps what is written and never brings anything: tests hand datagrams to the mux themselves, and stand in
// for the worker, which does not serve.
type board struct {
	mu   sync.Mutex
	sent []udp.Datagram
	keep bool
}

func (b *board) ReadBatch([]udp.Datagram, time.Duration) (int, error) { select {} }
func (b *board) WriteBatch(ds []udp.Datagram) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, d := range ds {
		if b.keep {
			b.sent = append(b.sent, udp.Datagram{Data: append([]byte(nil), d.Data...), Addr: d.Addr})
		}
	}
	return len(ds), nil
}
func (b *board) Wake()        {}
func (b *board) Close() error { return nil }

// take returns what was written since the last call.
func (b *board) take() []udp.Datagram {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := b.sent
	b.sent = nil
	return out
}

// out returns what was sent since the last call.
func (b *bench) out() []udp.Datagram {
	b.h.c.Worker.Flush()
	return b.conn.take()
}

// bench is a host without threads: the test is the worker.
type bench struct {
	t     testing.TB
	conn  *board
	mux   *udp.Mux
	sw    *media.Switch
	h     *Host
	now   time.Time
	peers int
}

func newBench(t testing.TB) *bench {
	b := &bench{t: t, conn: &board{keep: true}, mux: udp.NewMux(), sw: media.NewSwitch(), now: time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)}
	w := udp.NewWorker(b.conn)
	h, err := NewHost(Config{Worker: w, Mux: b.mux, Switch: b.sw, Local: netip.MustParseAddrPort("192.0.2.1:5000")})
	if err != nil {
		t.Fatal(err)
	}
	b.h = h
	b.mux.OnTick(b.sw.Tick)
	b.mux.Hurry(b.sw.Urgent)
	b.mux.OnBatchEnd(b.sw.Flush)
	t.Cleanup(func() { _ = w.Close(); _ = h.Close() })
	return b
}

// guest is a session and the browser's half of its keys.
type guest struct {
	b     *bench
	s     *Session
	f     *flow
	addr  netip.AddrPort
	seal  *srtp.Sealer
	open  *srtp.Opener
	o     *offer
	index map[uint32]uint64
	twcc  bool // packets without MID carry a transport-wide number
}

// arrive makes a session of an offer without agent or handshake; up gives it keys and a proven address.
func (b *bench) arrive(o Offer, up bool) *guest {
	b.t.Helper()
	parsed, err := parseOffer(o)
	if err != nil {
		b.t.Fatal(err)
	}
	b.peers++
	g := &guest{b: b, o: parsed, addr: netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 51, byte(100 + b.peers>>8), byte(b.peers)}), 40000), index: map[uint32]uint64{}}
	s, err := b.h.newSession(parsed, Events{})
	if err != nil {
		b.t.Fatal(err)
	}
	s.f.consent = b.now
	g.s, g.f = s, s.f
	l := b.h.newLeg(s, parsed)
	b.h.register(l)
	s.tracks.Store(s.f.apply(b.now, parsed, l))
	s.offer = parsed
	if !up {
		return g
	}
	s.started.Store(true) // no handshake
	close(s.dtls.finished)
	b.h.mu.Lock()
	s.addresses = append(s.addresses, address{addr: g.addr, proven: true, heard: b.now})
	b.h.mu.Unlock()
	if !b.mux.Bind(g.addr, s.f) {
		b.t.Fatal("bind")
	}
	s.f.moveTo(g.addr, b.now)
	p := srtp.AEADAES128GCM
	key := func(n byte) []byte {
		k := make([]byte, p.KeyLen()+p.SaltLen())
		for i := range k {
			k[i] = n + byte(i) + byte(b.peers)
		}
		return k
	}
	in, out := key(1), key(101)
	n := p.KeyLen()
	g.seal, _ = srtp.NewSealer(p, in[:n], in[n:])
	opener, err := srtp.NewOpener(p, in[:n], in[n:], replayWindow)
	if err != nil {
		b.t.Fatal(err)
	}
	g.open, _ = srtp.NewOpener(p, out[:n], out[n:], replayWindow)
	sealer, err := srtp.NewSealer(p, out[:n], out[n:])
	if err != nil {
		b.t.Fatal(err)
	}
	s.f.ready(b.now, p, opener, sealer)
	return g
}

// rtp makes a sealed packet; mid may be "".
func (g *guest) rtp(ssrc uint32, pt uint8, mid string, payload []byte) []byte {
	g.index[ssrc]++
	i := g.index[ssrc]
	h := make([]byte, 12)
	h[0], h[1] = 0x80, pt
	binary.BigEndian.PutUint16(h[2:], uint16(i))
	binary.BigEndian.PutUint32(h[4:], uint32(i)*960)
	binary.BigEndian.PutUint32(h[8:], ssrc)
	if mid != "" {
		h[0] |= 0x10
		h = appendMID(h, g.o.ext.mid, mid)
	}
	if g.twcc {
		h[0] |= 0x10
		h = append(h, 0xbe, 0xde, 0, 1, g.o.ext.twcc<<4|1, byte(i>>8), byte(i), 0)
	}
	out, err := g.seal.SealRTP(make([]byte, 0, udp.MaxDatagram), h, payload, i)
	if err != nil {
		g.b.t.Fatal(err)
	}
	return out
}

func (g *guest) rtcp(b []byte) []byte {
	out, err := g.seal.SealRTCP(make([]byte, 0, 2*udp.MaxDatagram), b)
	if err != nil {
		g.b.t.Fatal(err)
	}
	return out
}

// come hands datagrams to the mux as one batch.
func (g *guest) come(ps ...[]byte) { g.b.from(g.addr, ps...) }

func (b *bench) from(a netip.AddrPort, ps ...[]byte) {
	var batch []udp.Datagram
	for _, p := range ps {
		batch = append(batch, udp.Datagram{Data: append(make([]byte, 0, udp.MaxDatagram), p...), Addr: a})
	}
	b.mux.Receive(b.now, batch)
	b.h.c.Worker.Flush()
}

// pass lets time go by, with a tick every 5 ms.
func (b *bench) pass(d time.Duration) {
	for end := b.now.Add(d); b.now.Before(end); {
		b.now = b.now.Add(udp.TickEvery)
		b.mux.Tick(b.now)
		b.h.c.Worker.Flush()
	}
}

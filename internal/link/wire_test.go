package link

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"visavis/internal/media"
	"visavis/internal/meeting"
	"visavis/internal/udp"
)

// TestNeighbourVersions: a node of version 2, which knows more, and this one understand each other.
func TestNeighbourVersions(t *testing.T) {
	for name, x := range map[string]struct {
		change func(h *hello)
		code   string
	}{
		"version 2 with more kinds and features": {func(h *hello) {
			h.Versions = []int{1, 2}
			h.Kinds = append(h.Kinds, "doors.closed", "floor.given")
			h.Features = []string{"two-paths", "rfc4571"}
		}, ""},
		"version 2 only":      {func(h *hello) { h.Versions = []int{2} }, "version"},
		"fewer kinds":         {func(h *hello) { h.Kinds = []string{"member.joined"} }, ""},
		"no version":          {func(h *hello) { h.Versions = []int{} }, "hello.versions"},
		"9 versions":          {func(h *hello) { h.Versions = []int{1, 2, 3, 4, 5, 6, 7, 8, 9} }, "hello.versions"},
		"another party":       {func(h *hello) { h.Party = "corvania" }, "hello.party"},
		"bad instance":        {func(h *hello) { h.Instance = "0123" }, "hello.instance"},
		"epoch 0":             {func(h *hello) { h.Epoch = 0 }, "hello.numbers"},
		"epoch too large":     {func(h *hello) { h.Epoch = maxEpoch }, "hello.numbers"},
		"tag of a stream":     {func(h *hello) { h.Tag = mediaSSRC }, "hello.numbers"},
		"counter not a float": {func(h *hello) { h.Counter = 1 << 53 }, "frame.malformed"},
		"kind with a space":   {func(h *hello) { h.Kinds = []string{"a b"} }, "hello.names"},
		"long feature":        {func(h *hello) { h.Features = []string{string(bytes.Repeat([]byte{'x'}, maxName+1))} }, "hello.names"},
	} {
		t.Run(name, func(t *testing.T) {
			lonely(t, func(w *world, a, b *node) {
				s, err := w.call(a, as(t, b.key), nil)
				if err != nil {
					t.Fatal(err)
				}
				defer s.conn.NetConn().Close()
				h := greeting(b)
				x.change(&h)
				far, err := s.greet(h)
				if x.code != "" {
					if bye := (*farBye)(nil); !errors.As(err, &bye) || bye.code != x.code || a.rec().ups != 0 {
						t.Fatalf("err %v, ups %d; want bye %s and none", err, a.rec().ups, x.code)
					}
					return
				}
				if err != nil || !slices.Equal(far.Versions, []int{1}) {
					t.Fatalf("hello %+v, err %v", far, err)
				}
				onlyKindsNamed(t, a, s, h)
				s.raw(128, 0, 0, 2, '{', '}') // a frame of a feature that was not agreed
				var bye byeFrame
				if err := s.expect(frameBye, &bye); err != nil || bye.Code != "frame.unknown" {
					t.Errorf("a frame of an unknown type: %v %q, want bye frame.unknown", err, bye.Code)
				}
			})
		})
	}
}

// onlyKindsNamed has a send events, and looks at which of them arrive at s, which said h.
func onlyKindsNamed(t *testing.T, a *node, s *stranger, h hello) {
	t.Helper()
	event := func(k meeting.Kind) error {
		return a.conn().Exchange(meeting.Exchange{Propose: &meeting.Proposal{Meeting: "m", Party: "avelmar", Counter: 1,
			At: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC), Event: meeting.Event{Kind: k, Member: "ana"}}})
	}
	want := error(nil)
	if !slices.Contains(h.Kinds, "member.left") {
		want = ErrKind
	}
	if err := event(meeting.MemberLeft); !errors.Is(err, want) {
		t.Errorf("an event of the kind member.left: %v, want %v", err, want)
	}
	on := true
	notice := meeting.Exchange{Notice: &meeting.Notice{Meeting: "m", Kind: meeting.NoticeMuted, Member: "ana", On: &on}}
	if err := a.conn().Exchange(notice); slices.Contains(h.Kinds, "notice.muted") != (err == nil) || err != nil && !errors.Is(err, ErrKind) {
		t.Errorf("a notice to a node that understands %v: %v", h.Kinds, err)
	}
	if err := event(meeting.MemberJoined); err != nil {
		t.Fatalf("control: %v", err)
	}
	for {
		var x struct {
			Propose struct {
				Event struct {
					Kind string `json:"kind"`
				} `json:"event"`
			} `json:"propose"`
		}
		b, err := s.next(frameExchange)
		if err != nil {
			t.Fatalf("the event did not arrive: %v", err)
		}
		if json.Unmarshal(b, &x) != nil || x.Propose.Event.Kind == "member.joined" {
			break
		}
		if want != nil {
			t.Errorf("an event of a kind that was not named arrived: %s", b)
		}
	}
}

// next is the JSON of the next frame of a type.
func (s *stranger) next(want frameType) ([]byte, error) {
	for {
		var h [frameHeader]byte
		if _, err := io.ReadFull(s.conn, h[:]); err != nil {
			return nil, err
		}
		b := make([]byte, int(h[1])<<16|int(h[2])<<8|int(h[3]))
		if _, err := io.ReadFull(s.conn, b); err != nil || frameType(h[0]) == want {
			return b, err
		}
	}
}

func TestFrameLimits(t *testing.T) {
	all := func(frameType) bool { return true }
	for ft := range frameType(255) {
		most := ft.most()
		head := func(n int) []byte { return []byte{byte(ft), byte(n >> 16), byte(n >> 8), byte(n)} }
		if most == 0 {
			if _, _, err := readFrame(bytes.NewReader(append(head(2), '{', '}')), 0, all); codeOf(err) != "frame.unknown" {
				t.Errorf("type %d: %v, want frame.unknown", ft, err)
			}
			continue
		}
		only := frameType(0)
		if ft == frameHello {
			only = frameHello
		}
		if most > MaxFrame {
			t.Errorf("type %d may have %d bytes, more than any frame", ft, most)
		}
		if _, b, err := readFrame(bytes.NewReader(append(head(most), make([]byte, most)...)), only, all); err != nil || len(b) != most {
			t.Errorf("type %d, %d bytes: %v", ft, most, err)
		}
		if _, _, err := readFrame(bytes.NewReader(head(most+1)), only, all); codeOf(err) != "frame.large" {
			t.Errorf("type %d, %d bytes: %v, want frame.large", ft, most+1, err)
		}
	}
	// The longest list that check lets pass fits its frame.
	if b, _ := json.Marshal(streamsFrame{manyStreams(MaxOffered)}); len(b) > MaxStreams {
		t.Errorf("%d bytes for %d streams, limit %d", len(b), MaxOffered, MaxStreams)
	}
	var ids []string
	for _, e := range manyStreams(MaxOffered) {
		ids = append(ids, e.ID)
	}
	if b, _ := json.Marshal(wantsFrame{ids}); len(b) > MaxWants {
		t.Errorf("%d bytes for %d wants, limit %d", len(b), MaxOffered, MaxWants)
	}
	if b, _ := json.Marshal(documentFrame{make([]byte, MaxDocument)}); len(b) > MaxDocumentFrame {
		t.Errorf("%d bytes for a document, limit %d", len(b), MaxDocumentFrame)
	}
}

func TestNACKRoundTrip(t *testing.T) {
	for _, seqs := range [][]uint16{{1}, {1, 2, 3}, {1, 17, 18}, {65534, 65535, 0, 1, 15}, {10, 500, 900, 901}, {7, 23, 24, 40}} {
		b := appendNACK(nil, 5, 6, seqs)
		p, rest, ok := nextRTCP(b)
		if !ok || len(rest) != 0 || p[1] != rtcpRTPFB || binary.BigEndian.Uint32(p[4:]) != 5 || binary.BigEndian.Uint32(p[8:]) != 6 {
			t.Fatalf("%v: bad packet % x", seqs, b)
		}
		var got []uint16
		for f := p[12:]; len(f) >= 4; f = f[4:] {
			var x [17]uint16
			got = append(got, x[:expandNACK(f, x[:])]...)
		}
		if !slices.Equal(got, seqs) {
			t.Errorf("%v came back as %v", seqs, got)
		}
	}
}

func TestPathPacketBytes(t *testing.T) {
	x := pathPacket{Subtype: 1, Tag: 0x01020304, Number: 5, Challenge: 0x1112131415161718, Sent: 9, Loss: 0x8000}
	want := []byte{0x81, 204, 0, 7, 1, 2, 3, 4, 'v', 'v', 'l', 'k', 0, 0, 0, 5, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0, 0, 0, 9, 0x80, 0, 0, 0}
	if got := x.append(nil); !bytes.Equal(got, want) {
		t.Errorf("bytes % x, want % x", got, want)
	}
	var y pathPacket
	if err := y.parse(want); err != nil || y != x {
		t.Errorf("parsed %+v, %v", y, err)
	}
	for i := range want { // every byte that is not free must be as specified
		if i >= 4 && i < 8 || i >= 12 && i < 30 {
			continue
		}
		b := bytes.Clone(want)
		b[i] ^= 0xff
		if y.parse(b) == nil {
			t.Errorf("byte %d changed: taken", i)
		}
	}
}

// TestIndexInANewEpoch: roll-over counters begin at 0 with new keys, whatever the Forwarder counts, and no index comes twice.
func TestIndexInANewEpoch(t *testing.T) {
	sealed := func() *keyset {
		k, err := testKeys()
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	k1, k2, k3 := sealed(), sealed(), sealed()
	o := &out{}
	for _, x := range []struct {
		what   string
		send   *keyset
		index  uint64
		resend bool
		key    *keyset
		want   uint64
	}{
		{"first packet", k1, 1001, false, k1, 1001},
		{"after the wrap", k1, 1<<16 + 5, false, k1, 1<<16 + 5},
		{"resend does not move to new keys", k2, 1<<16 + 5, true, k1, 1<<16 + 5},
		{"first of the new epoch", k2, 1<<16 + 6, false, k2, 6},
		{"from before it, same turn: other keys, so no index is used twice", k2, 1<<16 + 5, true, k2, 5},
		{"from before it, last turn", k2, 1<<16 - 1, true, k1, 1<<16 - 1},
		{"next", k2, 1<<16 + 7, false, k2, 7},
		{"about to wrap: stays", k3, 1<<16 + 0xff00, false, k2, 0xff00},
		{"still", k3, 1<<16 + 0xffff, false, k2, 0xffff},
		{"wrapped: moves", k3, 2 << 16, false, k3, 0},
		{"from before the wrap", k3, 1<<16 + 0xffff, true, k2, 0xffff},
		{"too old", k3, 1<<16 - 1, true, nil, 0},
	} {
		k, index, ok := o.place(x.send, &media.Out{Index: x.index, Resend: x.resend})
		if k != x.key || ok != (x.key != nil) || ok && index != x.want {
			t.Errorf("%s: index %d ok %v keys %p; want %d, keys %p", x.what, index, ok, k, x.want, x.key)
		}
	}
	o.discarded(k3)
	k3.seal = nil
	if _, _, ok := o.place(k3, &media.Out{Index: 2<<16 + 1, Resend: true}); ok {
		t.Error("destroyed keys were used")
	}
}

// TestNeverBackToOlderKeys: a first frame that comes late must not make older keys seal again.
func TestNeverBackToOlderKeys(t *testing.T) {
	pair(t, 33, time.Millisecond, func(w *world, a, b *node) {
		a.worker.Call(func() {
			p := a.conn().p
			old := p.send
			k, err := testKeys()
			if err != nil {
				t.Fatal(err)
			}
			k.epoch, k.tag, k.farTag = old.epoch+1, random31(), random31()
			p.install(time.Now(), &session{keys: k})
			k.session = old.session
			p.confirm(time.Now(), k)
			p.confirm(time.Now(), old)
			if p.send != k {
				t.Error("older keys seal again")
			}
			p.discard(k)
			if p.confirm(time.Now(), old); p.send != nil {
				t.Error("older keys seal again after newer ones were destroyed")
			}
		})
	})
}

// TestOnlyTheRightAnswerProves: who did not receive a ping cannot answer it.
func TestOnlyTheRightAnswerProves(t *testing.T) {
	p := testPlane(t)
	now := time.Unix(1001, 0)
	victim := netip.MustParseAddrPort("203.0.113.5:53")
	p.list([]netip.AddrPort{victim})
	q := p.pathOf(victim)
	p.ping(now, q)
	s := p.pings[p.pingNext%uint32(len(p.pings))]
	for what, x := range map[string]pathPacket{
		"another challenge": {Number: s.number, Challenge: s.challenge + 1},
		"another number":    {Number: s.number + uint32(len(p.pings)), Challenge: s.challenge},
		"nothing asked":     {Number: s.number - 1},
	} {
		if p.pong(now, &x); !q.ponged.IsZero() {
			t.Fatalf("%s: the address counts as proven", what)
		}
	}
	if p.pong(now.Add(20*time.Millisecond), &pathPacket{Number: s.number, Challenge: s.challenge}); !q.proven(now) || q.rtt != 20*time.Millisecond {
		t.Errorf("control: proven %v, round trip %v", q.proven(now), q.rtt)
	}
}

// nowhere is a socket that drops what it is given.
type nowhere struct{}

func (nowhere) ReadBatch([]udp.Datagram, time.Duration) (int, error) { return 0, net.ErrClosed }
func (nowhere) WriteBatch(ds []udp.Datagram) (int, error)            { return len(ds), nil }
func (nowhere) Wake()                                                {}
func (nowhere) Close() error                                         { return nil }

// TestMediaPathAllocatesNothing: sealing what a Forwarder gives, and opening what comes.
func TestMediaPathAllocatesNothing(t *testing.T) {
	p := testPlane(t)
	now := p.heardAt
	x := media.Out{SSRC: mediaSSRC + 1, Index: 1000, Level: 20, Kind: media.Audio, Payload: make([]byte, 240)}
	p.m.c.Worker.Flush()
	if n := testing.AllocsPerRun(1000, func() {
		x.Index++
		p.Send(now, &x)
	}); n != 0 || p.n.Unsent > 0 {
		t.Errorf("%v allocations to seal a packet (%d unsent), want 0", n, p.n.Unsent)
	}
	p.second = &path{addr: netip.MustParseAddrPort("[2001:db8::9]:5")}
	if n := testing.AllocsPerRun(1000, func() {
		x.Index++
		p.Send(now, &x)
	}); n != 0 || p.n.Copies < 1000 {
		t.Errorf("%v allocations to send a packet two ways (%d copies), want 0", n, p.n.Copies)
	}
	p.second, p.tunnel = nil, &tunnel{sound: make([]byte, 0, tunnelSound), wake: make(chan struct{}, 1)}
	in, way := p.active.addr, p.active
	p.active = &path{addr: tunnelAddr}
	if n := testing.AllocsPerRun(1000, func() {
		x.Index++
		p.Send(now, &x)
		p.tunnel.sound = p.tunnel.sound[:0]
	}); n != 0 || p.n.TunnelDropped > 0 {
		t.Errorf("%v allocations to send a packet through the tunnel (%d dropped), want 0", n, p.n.TunnelDropped)
	}
	p.active, p.tunnel = way, nil
	from := in
	var packets [][]byte
	for i := range uint64(1500) {
		h := []byte{0x80, payloadAudio | p.send.slot(), byte(i >> 8), byte(i), 0, 0, byte(i >> 2), byte(i << 6), 0x80, 0, 0, 2}
		b, err := p.send.seal.SealRTP(nil, h, make([]byte, 200), i)
		if err != nil {
			t.Fatal(err)
		}
		packets = append(packets, b)
	}
	i := 0
	open := func() {
		now = now.Add(20 * time.Millisecond)
		p.rtp(now, udp.Datagram{Data: packets[i], Addr: from})
		p.m.c.Switch.Flush(now)
		i++
	}
	for range 400 { // the ring has its buffers then
		open()
	}
	if n := testing.AllocsPerRun(1000, open); n != 0 || p.n.Received != uint64(i) || p.n.BadAuth+p.n.Policed+p.n.Unwanted+p.n.Malformed > 0 {
		t.Errorf("%v allocations to open a packet, counters %+v; want 0", n, p.n)
	}
}

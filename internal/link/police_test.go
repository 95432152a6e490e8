package link

import (
	"bytes"
	"context"
	"encoding/binary"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"time"

	"visavis/internal/media"
	"visavis/internal/meeting"
)

// inject has n send one RTP packet of its own making, sealed with the right keys.
func (n *node) inject(ssrc uint32, pt uint8, index uint64, size int) {
	p := n.conn().p
	k := p.send
	h := []byte{0x80, pt | k.slot(), byte(index >> 8), byte(index), 0, 0, 0, 0}
	h = binary.BigEndian.AppendUint32(h, ssrc)
	b, err := k.seal.SealRTP(p.m.c.Worker.Buffer()[:0], h, make([]byte, size), index)
	if err != nil {
		n.w.t.Fatal(err)
	}
	p.m.c.Worker.Commit(len(b), p.active.addr)
}

// injectRTCP has n send one SRTCP datagram of its own making.
func (n *node) injectRTCP(b []byte) { n.conn().p.sealRTCP(b, n.conn().p.active.addr, true) }

// attacks are what a far node does every 5 ms besides sending what it declared.
func attacks() map[string]func(a *node, tick uint64) {
	return map[string]func(a *node, tick uint64){
		"control":    func(*node, uint64) {},
		"not wanted": func(a *node, i uint64) { a.inject(0xfffffff2, payloadAudio, i, 160) },
		"undeclared": func(a *node, i uint64) { a.inject(0xdeadbeef, payloadAudio, i, 160) },
		"sound of 2 Mbit/s": func(a *node, i uint64) {
			for j := range uint64(5) {
				a.inject(0xfffffff1, payloadAudio, 5*i+j, 1000)
			}
		},
		"picture in a sound stream": func(a *node, i uint64) { a.inject(0xfffffff1, payloadVideo, i, 160) },
		"long packets":              func(a *node, i uint64) { a.inject(0xfffffff1, payloadAudio, i, 1440) },
		"keyframe storm": func(a *node, i uint64) {
			for ssrc := range a.conn().p.ins {
				b := binary.BigEndian.AppendUint32([]byte{0x81, rtcpPSFB, 0, 2}, a.conn().p.send.farTag)
				a.injectRTCP(binary.BigEndian.AppendUint32(b, ssrc))
			}
		},
		"RTCP flood": func(a *node, i uint64) {
			for range 10 {
				a.injectRTCP(a.conn().p.beginReport())
			}
		},
		"rubbish RTCP": func(a *node, i uint64) {
			a.injectRTCP(append(a.conn().p.beginReport(), bytes.Repeat([]byte{byte(i)}, 40)...))
		},
	}
}

// TestFarStreamPolicer: whatever else the far node sends, what it declared comes through untouched, and nothing else does.
func TestFarStreamPolicer(t *testing.T) {
	for name, attack := range attacks() {
		t.Run(name, func(t *testing.T) {
			pair(t, 30, 20*time.Millisecond, func(w *world, a, b *node) {
				mic, cam := a.source(media.Audio, 11), b.source(media.Video, 12)
				idle := a.source(media.Audio, 13)
				a.conn().Offer("m/ana/mic", mic.stream)
				a.conn().Offer("m/bad/mic", idle.stream)
				b.conn().Offer("m/bo/cam", cam.stream)
				hear := b.listen("m/ana/mic", media.Audio)
				b.listen("m/bad/mic", media.Audio)
				see := a.listen("m/bo/cam", media.Video)
				time.Sleep(time.Second)
				var unwanted *media.Stream
				b.worker.Call(func() { // the stream that misbehaves is known by its SSRC
					p := b.conn().p
					for ssrc, i := range p.ins {
						if i.stream.ID() == "m/bad/mic" {
							delete(p.ins, ssrc)
							i.ssrc = 0xfffffff1
							p.ins[i.ssrc] = i
							other, _ := p.add("m/worse/mic", media.Audio, 0xfffffff2)
							unwanted = other.stream
						}
					}
				})
				mic.run(20 * time.Millisecond)
				cam.run(66 * time.Millisecond)
				time.Sleep(time.Second)
				n0, k0 := hear.got(), see.keyframes()
				var before Counters
				b.worker.Call(func() { before = b.conn().p.n })
				for i := range uint64(1000) {
					a.worker.Call(func() { attack(a, i) })
					time.Sleep(5 * time.Millisecond)
				}
				n := hear.got() - n0
				keys := see.keyframes() - k0
				mic.halt()
				cam.halt()
				var c Counters
				b.worker.Call(func() { c = b.conn().p.n })
				if n < 245 {
					t.Errorf("%d packets of the declared stream in 5 s, want ≥ 245", n)
				}
				b.worker.Call(func() {
					if st := unwanted.Stats(); st.Packets > 0 {
						t.Errorf("%d packets of a stream that nobody wants were kept", st.Packets)
					}
				})
				// What the policer lets through of a stream that misbehaves is its rate, with a second of it at once.
				b.worker.Call(func() {
					for _, i := range b.conn().p.ins {
						if st := i.stream.Stats(); float64(st.Bytes) > audioRate*6.5 && i.kind == media.Audio {
							t.Errorf("%s took %d bytes in 5 s, more than its rate", i.stream.ID(), st.Bytes)
						}
					}
				})
				checkAttack(t, name, before, c, keys)
				if s := b.m.State("avelmar"); !s.Control || !s.Path {
					t.Errorf("after the attack the link is %+v", s)
				}
			})
		})
	}
}

// checkAttack looks at what was counted in 5 s of an attack, and at the keyframes that came out of it.
func checkAttack(t *testing.T, name string, before, c Counters, keys int) {
	t.Helper()
	switch name {
	case "control":
		if c.Undeclared+c.Policed+c.RTCPPoliced+c.KeyframePoliced+c.Malformed != 0 {
			t.Errorf("control: refused %+v", c)
		}
	case "not wanted":
		if c.Unwanted-before.Unwanted < 990 {
			t.Errorf("not wanted: %d counted, want 1000", c.Unwanted)
		}
	case "undeclared":
		if c.Undeclared-before.Undeclared < 990 {
			t.Errorf("undeclared: %d counted, want 1000", c.Undeclared)
		}
	case "sound of 2 Mbit/s", "picture in a sound stream", "long packets":
		if c.Policed-before.Policed < 800 {
			t.Errorf("%s: %d policed, want ≥ 800", name, c.Policed)
		}
	case "keyframe storm":
		if keys > 20 || c.KeyframePoliced == 0 {
			t.Errorf("keyframe storm: %d keyframes in 5 s, %d requests refused; want ≤ 20, some", keys, c.KeyframePoliced)
		}
	case "RTCP flood":
		if c.RTCPPoliced < 5000 {
			t.Errorf("RTCP flood: %d refused, want ≥ 5000", c.RTCPPoliced)
		}
	case "rubbish RTCP":
		if c.Malformed < 900 {
			t.Errorf("rubbish: %d malformed, want ≥ 900", c.Malformed)
		}
	}
}

// TestHonestKeyframeRequests: a node that repeats a request as our own does is obeyed for as long as it takes; one that asks a bit more
// often than the limit is not.
func TestHonestKeyframeRequests(t *testing.T) {
	for every, honest := range map[time.Duration]bool{310 * time.Millisecond: true, time.Second / (pliRate + 1): false} {
		p := testPlane(t)
		now := time.Unix(1000, 0)
		p.confirm(now, p.send)
		o := p.outs[mediaSSRC+1]
		o.want(now, true)
		b := binary.BigEndian.AppendUint32([]byte{0x81, rtcpPSFB, 0, 2}, p.send.tag)
		b = binary.BigEndian.AppendUint32(b, o.ssrc)
		for end := now.Add(time.Minute); now.Before(end); now = now.Add(every) {
			p.feedbackFor(now, b)
		}
		if (p.n.KeyframePoliced == 0) != honest {
			t.Errorf("requests each %v for a minute: %d policed, want none: %v", every, p.n.KeyframePoliced, honest)
		}
	}
}

// TestLogDoesNotBlockMedia: what is said about refused packets waits for a full pipe, media do not.
func TestLogDoesNotBlockMedia(t *testing.T) {
	for _, blocked := range []bool{false, true} {
		t.Run(map[bool]string{false: "control", true: "blocked"}[blocked], func(t *testing.T) {
			var gate *gatedLog
			pair(t, 34, 20*time.Millisecond, func(w *world, a, b *node) {
				if !blocked {
					close(gate.pass)
				}
				mic, hear := a.speaks(b)
				time.Sleep(time.Second)
				a.worker.Call(func() { a.inject(0xdeadbeef, payloadAudio, 1, 160) })
				<-gate.said
				n := hear.got()
				time.Sleep(2 * time.Second)
				if got := hear.got() - n; got < 95 {
					t.Errorf("%d packets of sound in 2 s, want 100", got)
				}
				if blocked {
					close(gate.pass)
				}
				mic.halt()
			}, func(c *Config) {
				if c.Self.Party == "borovia" {
					gate = &gatedLog{said: make(chan struct{}, 100), pass: make(chan struct{})}
					c.Log = slog.New(gate)
				}
			})
		})
	}
}

// gatedLog is a log whose warnings wait.
type gatedLog struct {
	slog.Handler
	said, pass chan struct{}
}

func (*gatedLog) Enabled(context.Context, slog.Level) bool { return true }
func (g *gatedLog) Handle(_ context.Context, r slog.Record) error {
	if strings.HasPrefix(r.Message, "packets of the other node refused") {
		g.said <- struct{}{}
		<-g.pass
	}
	return nil
}

// TestPartyRate: all streams of a party together stay below 50 Mbit/s.
func TestPartyRate(t *testing.T) {
	var party bucket
	now := time.Unix(1, 0)
	ins := make([]*in, MaxOffered)
	for i := range ins {
		ins[i] = &in{kind: media.Video}
	}
	bytes := 0
	for range 10000 { // 10 s of 128 streams at 7.7 Mbit/s
		now = now.Add(time.Millisecond)
		for _, i := range ins {
			if i.allow(now, &party, 960) {
				bytes += 960
			}
		}
	}
	if got, most := float64(bytes), partyRate*(10+rateWindow); got > most || got < 0.9*most {
		t.Errorf("%.0f bytes in 10 s, want at most and about %.0f", got, most)
	}
}

// flood is something that a far node sends, and what is said to it.
type flood struct {
	code   string // of bye; "" = the connection lives
	attack func(s *stranger)
}

func floods() map[string]flood {
	deep := []byte(strings.Repeat(`{"join":`, 20) + "1" + strings.Repeat("}", 20))
	return map[string]flood{
		"90 % of the rate (control)": {"", func(s *stranger) {
			for i := range 900 {
				s.send(framePing, pingFrame{uint32(i)})
				time.Sleep(time.Second / 90)
			}
		}},
		"frames": {"rate", func(s *stranger) {
			for i := range 100000 {
				if _, err := s.conn.Write(appendFrame(nil, framePing, []byte(`{"n":1}`))); err != nil || i > 2000 {
					return
				}
			}
		}},
		"burst of 500 (control)": {"", func(s *stranger) {
			for range 490 {
				s.send(framePing, pingFrame{1})
			}
		}},
		"20 lists of streams (control)": {"", func(s *stranger) { s.alternate(streamsBurst, 0) }},
		"21 lists of streams":           {"rate", func(s *stranger) { s.alternate(streamsBurst+1, 0) }},
		"5 lists a second (control)":    {"", func(s *stranger) { s.alternate(100, time.Second/streamsRate) }},
		"99 lists a second":             {"rate", func(s *stranger) { s.alternate(100, time.Second/99) }},
		"60 lists of wants (control)":   {"", func(s *stranger) { s.vacillate(wantsBurst, 0) }},
		"61 lists of wants":             {"rate", func(s *stranger) { s.vacillate(wantsBurst+1, 0) }},
		"20 wants a second (control)":   {"", func(s *stranger) { s.vacillate(300, time.Second/wantsRate) }},
		"30 wants a second":             {"rate", func(s *stranger) { s.vacillate(300, time.Second/30) }},
		"huge length":                   {"frame.large", func(s *stranger) { s.raw(byte(frameExchange), 0xff, 0xff, 0xff) }},
		"one over the limit":            {"frame.large", func(s *stranger) { s.raw(byte(framePing), 0, 0, MaxPing+1) }},
		"at the limit (control)": {"", func(s *stranger) {
			s.raw(appendFrame(nil, framePing, []byte(`{"n":1`+strings.Repeat(" ", MaxPing-7)+`}`))...)
		}},
		"unknown type":    {"frame.unknown", func(s *stranger) { s.raw(200, 0, 0, 2, '{', '}') }},
		"type 0":          {"frame.unknown", func(s *stranger) { s.raw(0, 0, 0, 2, '{', '}') }},
		"second hello":    {"frame.order", func(s *stranger) { s.raw(appendFrame(nil, frameHello, []byte("{}"))...) }},
		"deep JSON":       {"frame.malformed", func(s *stranger) { s.raw(appendFrame(nil, frameExchange, deep)...) }},
		"unknown field":   {"frame.malformed", func(s *stranger) { s.raw(appendFrame(nil, framePing, []byte(`{"n":1,"x":1}`))...) }},
		"duplicate field": {"frame.malformed", func(s *stranger) { s.raw(appendFrame(nil, framePing, []byte(`{"n":1,"n":2}`))...) }},
		"case":            {"frame.malformed", func(s *stranger) { s.raw(appendFrame(nil, framePing, []byte(`{"N":1}`))...) }},
		"trailing":        {"frame.malformed", func(s *stranger) { s.raw(appendFrame(nil, framePing, []byte(`{"n":1}{}`))...) }},
		"slow bytes": {"silent", func(s *stranger) {
			f := appendFrame(nil, frameWants, []byte(`{"ids":[]`+strings.Repeat(" ", 100)+`}`))
			for _, b := range f {
				if _, err := s.conn.Write([]byte{b}); err != nil {
					return
				}
				time.Sleep(500 * time.Millisecond)
			}
		}},
		"silence": {"silent", func(s *stranger) { time.Sleep(6 * time.Second) }},
		"129 streams": {"frame.malformed", func(s *stranger) {
			s.send(frameStreams, streamsFrame{manyStreams(MaxOffered + 1)})
		}},
		"128 streams (control)": {"", func(s *stranger) {
			s.send(frameStreams, streamsFrame{manyStreams(MaxOffered)})
		}},
		"one SSRC twice": {"streams.twice", func(s *stranger) {
			e := manyStreams(2)
			e[1].SSRC = e[0].SSRC
			s.send(frameStreams, streamsFrame{e})
		}},
		"SSRC of a tag": {"streams.ssrc", func(s *stranger) {
			s.send(frameStreams, streamsFrame{[]streamEntry{{"m/a/mic", "audio", 5}}})
		}},
		"unknown kind": {"streams.kind", func(s *stranger) {
			s.send(frameStreams, streamsFrame{[]streamEntry{{"m/a/mic", "smell", mediaSSRC + 1}}})
		}},
		"bad id": {"streams.id", func(s *stranger) {
			s.send(frameStreams, streamsFrame{[]streamEntry{{"m/\u202e/mic", "audio", mediaSSRC + 1}}})
		}},
	}
}

// TestLinkFlood: a far node that breaks a limit loses its connection, and nobody else notices (abuse case 14).
func TestLinkFlood(t *testing.T) {
	for name, x := range floods() {
		t.Run(name, func(t *testing.T) {
			lonely(t, func(w *world, a, b *node) {
				s, err := w.call(a, as(t, b.key), nil)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := s.greet(greeting(b)); err != nil {
					t.Fatal(err)
				}
				said := make(chan string, 1)
				go func() {
					var f byeFrame
					err := s.expect(frameBye, &f)
					if bye, ok := err.(*farBye); ok {
						f.Code = bye.code
					}
					said <- f.Code
				}()
				var m0, m1 runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&m0)
				x.attack(s)
				time.Sleep(500 * time.Millisecond)
				runtime.ReadMemStats(&m1)
				if grown := int64(m1.HeapAlloc) - int64(m0.HeapAlloc); grown > 32<<20 {
					t.Errorf("the heap grew by %d MB, want ≤ 32", grown>>20)
				}
				up := a.m.State("borovia").Control
				s.conn.NetConn().Close()
				code := <-said
				if code != x.code || up != (x.code == "") {
					t.Errorf("bye %q, link up %v; want %q", code, up, x.code)
				}
			})
		})
	}
}

// alternate sends n lists of 64 streams, of which no two that follow one another name the same.
func (s *stranger) alternate(n int, every time.Duration) {
	for i := range n {
		e := manyStreams(MaxOffered)
		for j := range e {
			e[j].SSRC += uint32(MaxOffered * i)
		}
		s.send(frameStreams, streamsFrame{e})
		time.Sleep(every)
	}
}

// vacillate sends n lists of wants, every other one empty.
func (s *stranger) vacillate(n int, every time.Duration) {
	for i := range n {
		s.send(frameWants, wantsFrame{[][]string{{}, {"m/ana/mic"}}[i%2]})
		time.Sleep(every)
	}
}

// TestOwnListsKeepTheRate: a room whose offers, or whose wants, change all the time does not make the neighbour close the connection, and
// the last list arrives.
func TestOwnListsKeepTheRate(t *testing.T) {
	pair(t, 35, time.Millisecond, func(w *world, a, b *node) {
		s := a.source(media.Audio, 1)
		for i := range 1000 {
			a.conn().Offer("m/ana/mic", []*media.Stream{nil, s.stream}[i%2])
			time.Sleep(10 * time.Millisecond)
		}
		a.conn().Offer("m/last/mic", s.stream)
		b.wait("the last list", time.Second, func() bool { return b.streams["m/last/mic"] })
		for i := range 2000 {
			b.conn().Want("m/last/mic", i%2 == 0)
			time.Sleep(5 * time.Millisecond)
		}
		b.conn().Want("m/last/mic", true)
		time.Sleep(2 * time.Second / ownWantsRate)
		wanted := false
		a.conn().mu.Lock()
		for _, o := range a.conn().offers {
			wanted = wanted || o.id == "m/last/mic" && o.wanted
		}
		a.conn().mu.Unlock()
		if !wanted {
			t.Error("the last list of wants did not arrive")
		}
		if downs := append(a.rec().downs, b.rec().downs...); len(downs) > 0 {
			t.Errorf("the connection ended: %v", downs)
		}
	})
}

func manyStreams(n int) []streamEntry {
	var e []streamEntry
	for i := range n {
		e = append(e, streamEntry{strings.Repeat("m", MaxStreamID-8) + "/" + string(rune('A'+i/26)) + string(rune('a'+i%26)), kindVideo, mediaSSRC + uint32(i)})
	}
	return e
}

// TestSlowHandshake: whoever connects and says nothing, or too much, before hello is out in 5 s.
func TestSlowHandshake(t *testing.T) {
	lonely(t, func(w *world, a, b *node) {
		for name, f := range map[string]func(s *stranger){
			"nothing":       func(*stranger) {},
			"long hello":    func(s *stranger) { s.raw(byte(frameHello), 0, 4, 1) },
			"slow hello":    func(s *stranger) { s.raw(byte(frameHello), 0) },
			"another frame": func(s *stranger) { s.raw(appendFrame(nil, framePing, []byte(`{"n":1}`))...) },
		} {
			s, err := w.call(a, as(t, b.key), nil)
			if err != nil {
				t.Fatal(err)
			}
			at := time.Now()
			f(s)
			var bye byeFrame
			for err = error(nil); err == nil; {
				err = s.expect(frameBye, &bye)
			}
			if d := time.Since(at); d > handshakeTime+100*time.Millisecond || a.rec().ups > 0 {
				t.Errorf("%s: closed after %v, ups %d; want ≤ 5 s, 0", name, d, a.rec().ups)
			}
			time.Sleep(time.Second)
		}
	})
}

func TestConnectionRate(t *testing.T) {
	var g gate
	now := time.Unix(100, 0)
	a, b := addr("192.0.2.1:5"), addr("192.0.2.2:5")
	for i := range int(admitBurst) {
		if !g.admit(now, a) {
			t.Fatalf("connection %d was refused", i+1)
		}
	}
	if g.admit(now, addr("192.0.2.1:6")) {
		t.Error("connection 11 in one moment was admitted")
	}
	if !g.admit(now, b) {
		t.Error("another address was refused")
	}
	if !g.admit(now.Add(100*time.Millisecond), a) {
		t.Error("a tenth of a second later the address is still refused")
	}
	for range int(admitBurst) {
		g.admit(now, addr("[2001:db8::1]:5"))
	}
	if g.admit(now, addr("[2001:db8::ffff]:5")) {
		t.Error("another address of the same /64 was admitted")
	}
	for i := range maxAddresses + 10 {
		g.admit(now, addr("[2001:db8:"+hex4(i)+"::1]:5"))
	}
	if len(g.seen) > maxAddresses {
		t.Errorf("%d addresses are remembered, want ≤ %d", len(g.seen), maxAddresses)
	}
}

// TestOfferLimit: 128 streams, not 129, and room again when one is withdrawn.
func TestOfferLimit(t *testing.T) {
	pair(t, 31, time.Millisecond, func(w *world, a, b *node) {
		s := a.source(media.Audio, 1)
		for _, e := range manyStreams(MaxOffered + 1) {
			a.conn().Offer(e.ID, s.stream)
		}
		a.conn().Offer("", s.stream)
		a.conn().Offer(strings.Repeat("x", MaxStreamID+1), s.stream)
		time.Sleep(time.Second)
		if len(b.rec().streams) != MaxOffered {
			t.Errorf("%d streams arrived, want %d", len(b.rec().streams), MaxOffered)
		}
		a.conn().Offer(manyStreams(1)[0].ID, nil)
		a.conn().Offer("m/late/mic", s.stream)
		b.wait("the late stream", time.Second, func() bool { return b.streams["m/late/mic"] && len(b.streams) == MaxOffered })
	})
}

func TestExchangeRefusals(t *testing.T) {
	pair(t, 32, time.Millisecond, func(w *world, a, b *node) {
		propose := func(k meeting.Kind) meeting.Exchange {
			return meeting.Exchange{Propose: &meeting.Proposal{Meeting: "m", Party: "avelmar", Counter: 1, At: time.Now().UTC().Truncate(time.Millisecond), Event: meeting.Event{Kind: k, Member: "ana"}}}
		}
		if err := a.conn().Exchange(propose("doors.closed")); err == nil {
			t.Error("an event of an unknown kind was sent")
		}
		if err := a.conn().Exchange(propose(meeting.MemberJoined)); err != nil {
			t.Errorf("control: %v", err)
		}
		full := 0
		for range maxQueued + 1000 {
			if a.conn().Exchange(join(1)) != nil {
				full++
			}
		}
		if full == 0 {
			t.Error("the queue took everything")
		}
		c := a.conn()
		b.stop()
		a.wait("down", 6*time.Second, func() bool { return len(a.downs) > 0 })
		if err := c.Exchange(join(1)); err != ErrDown {
			t.Errorf("without a connection: %v, want ErrDown", err)
		}
	})
}

package link

import (
	"encoding/hex"
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"visavis/internal/media"
	"visavis/internal/udp"
)

// told is what feedback says of one packet.
type told struct {
	ssrc        uint32
	seq         uint16
	came, known bool
	at          int64
}

func read(t *testing.T, b []byte, report int64) (all []told) {
	t.Helper()
	if err := readCongestion(b, report, func(ssrc uint32, seq uint16, came, known bool, at int64) {
		all = append(all, told{ssrc, seq, came, known, at})
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

// congestionExample is the one in docs/link.md: of SSRC 0x90000001 packets 65535, 0 and 1, the second of which did not come, and of the probes number 7.
func congestionExample() []byte {
	const at = 0x00120000
	video := arrivals{ssrc: 0x90000001}
	video.take(65535, at-64*20)
	video.take(1, at-64*10)
	probe := arrivals{ssrc: 0x01020304}
	probe.take(7, at-64*9000)
	return endCongestion(probe.append(video.append(beginCongestion(nil, 0x05060708), at), at), at)
}

func TestCongestionFeedback(t *testing.T) {
	b := congestionExample()
	const want = "8bcd0009" + "05060708" + "90000001" + "ffff0003" + "80140000" + "800a0000" + "01020304" + "00070001" + "9ffe0000" + "00120000"
	if hex.EncodeToString(b) != want {
		t.Errorf("%x, want %s", b, want)
	}
	const ms = 1_000_000
	got := read(t, b, ms)
	if want := []told{{0x90000001, 65535, true, true, ms - 20*1_000_000/1024}, {0x90000001, 0, false, true, ms}, {0x90000001, 1, true, true, ms - 10*1_000_000/1024},
		{0x01020304, 7, true, false, ms - 0x1ffe*1_000_000/1024}}; !slices.Equal(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	for n := range b {
		if err := readCongestion(b[:n], ms, func(uint32, uint16, bool, bool, int64) {}); err == nil && n != 12+16 && n != len(b) && n != 12 {
			t.Errorf("%d of %d bytes were taken", n, len(b))
		}
	}
}

func TestArrivals(t *testing.T) {
	for _, c := range []struct {
		what string
		seqs []uint16
		last bool // taken
		want []bool
	}{
		{"in order", []uint16{5, 6, 7}, true, []bool{true, true, true}},
		{"a gap", []uint16{5, 8}, true, []bool{true, false, false, true}},
		{"another order", []uint16{5, 8, 6}, true, []bool{true, true, false, true}},
		{"twice", []uint16{5, 5}, true, []bool{true}},
		{"from before", []uint16{5, 4}, true, []bool{true}},
		{"over the turn", []uint16{65535, 1}, true, []bool{true, false, true}},
		{"as many as there is room for", []uint16{0, maxReported - 1}, true, append(append([]bool{true}, make([]bool, maxReported-2)...), true)},
		{"one more", []uint16{0, maxReported}, false, []bool{true}},
	} {
		a, ok := arrivals{at: make([]uint32, 0, maxReported)}, false
		for i, s := range c.seqs {
			ok = a.take(s, uint32(i))
		}
		var got []bool
		for _, x := range a.at {
			got = append(got, x != 0)
		}
		if ok != c.last || !slices.Equal(got, c.want) || cap(a.at) != maxReported {
			t.Errorf("%s: %v, taken %v; want %v, %v", c.what, got, ok, c.want, c.last)
		}
	}
	a := arrivals{}
	a.take(5, 1)
	a.begin, a.at = 6, a.at[:0] // told
	for _, x := range []struct {
		seq  uint16
		want int
	}{{5, 0}, {60000, 1}} { // late; a jump, to where a new count begins
		if a.take(x.seq, 1); len(a.at) != x.want {
			t.Errorf("after a report, packet %d: %d to be told, want %d", x.seq, len(a.at), x.want)
		}
	}
}

func TestReportClock(t *testing.T) {
	var c reportClock
	now := time.Unix(1e9, 0)
	began := uint32(0xffffff00)
	first, _ := c.read(now, began)
	at, again := c.read(now.Add(time.Second), began+65536) // over the turn
	if at-first != 1_000_000 || again {
		t.Errorf("a second later %d µs, again %v", at-first, again)
	}
	if _, again = c.read(now.Add(21*time.Second), began+65536*21); again {
		t.Error("20 s without a report are taken for another clock")
	}
	if _, again = c.read(now.Add(22*time.Second), 7); !again {
		t.Error("another clock is not noticed")
	}
}

// feedbackSeen counts the datagrams of feedback of both nodes, by their clear header.
func feedbackSeen(n *network) *atomic.Int64 {
	seen := new(atomic.Int64)
	n.set(func() {
		n.drop = func(b []byte) bool {
			if udp.Classify(b) == udp.RTCP && b[1] == rtcpRTPFB && b[0]&0x1f == fmtCongestion {
				seen.Add(1)
			}
			return false
		}
	})
	return seen
}

// TestNeighboursWithoutFeedback: a node that does not know the feature gets no feedback and no probe, and is sent everything; between two that know it
// there is feedback, and on a way that takes all there are no probes and no limit either.
func TestNeighboursWithoutFeedback(t *testing.T) {
	for _, knows := range []bool{false, true} {
		first := true
		pair(t, 51, 20*time.Millisecond, func(w *world, a, b *node) {
			seen := feedbackSeen(w.n)
			c := newCall(a, b)
			time.Sleep(5 * time.Second)
			c.end()
			if n := seen.Load(); knows != (n > 100) || !knows && n > 0 {
				t.Errorf("knows %v: %d datagrams of feedback", knows, n)
			}
			for i := range c.cam {
				if n := missing(c.cam[i], c.see[i], c.from, c.over); n > 0 {
					t.Errorf("knows %v: %d frames lost", knows, n)
				}
			}
			for _, n := range []*node{a, b} {
				n.worker.Call(func() {
					if p := n.conn().p; p.cc.on != knows || p.cc.probeSeq != 0 || n.sw.Shown(p) != media.Whole {
						t.Errorf("knows %v: on %v, %d probes, shown %d", knows, p.cc.on, p.cc.probeSeq, n.sw.Shown(p))
					}
				})
			}
		}, func(c *Config) {
			if first && !knows {
				c.Features = []string{"of-the-next-version"}
			}
			first = false
		})
	}
}

// TestNumbersThatJump: a node whose numbers do not fit in a report is sent no more than one in 10 ms, and what does not come first in its datagram
// earns it none.
func TestNumbersThatJump(t *testing.T) {
	for _, c := range []struct {
		what          string
		each          int    // probes in a datagram
		jump          uint16 // from one to the next
		least, most   int64  // reports in a second
		malformedMost uint64
	}{
		{"control: in a row", 1, 1, 15, 21, 0},
		{"far apart", 1, maxReported, 50, 101, 0},
		{"75 in a datagram", 75, maxReported - 1, 15, 101, 74 * 330},
	} {
		pair(t, 53, 20*time.Millisecond, func(w *world, a, b *node) {
			seen, number := feedbackSeen(w.n), uint16(0)
			for range 330 {
				b.worker.Call(func() {
					p, probes := b.conn().p, make([]byte, 0, maxRTCP)
					for range c.each {
						number += c.jump
						x := pathPacket{Subtype: subtypeProbe, Tag: p.send.farTag, Number: uint32(number)}
						probes = x.appendProbe(probes, probeHeader)
					}
					p.sealRTCP(probes, p.active.addr, false)
				})
				time.Sleep(3 * time.Millisecond)
			}
			if n := seen.Load(); n < c.least || n > c.most {
				t.Errorf("%s: %d reports in a second, want %d to %d", c.what, n, c.least, c.most)
			}
			var counts Counters
			a.worker.Call(func() { counts = a.conn().p.n })
			if counts.RTCPPoliced > 0 || (counts.Malformed > 0) != (c.malformedMost > 0) || counts.Malformed > c.malformedMost {
				t.Errorf("%s: %d policed, %d malformed", c.what, counts.RTCPPoliced, counts.Malformed)
			}
		})
	}
}

// lies are feedback that b sends a besides what is true, the n-th datagram of it.
func lies(ssrc uint32) map[string]func(tag, n uint32) []byte {
	report := func(b []byte, tag, at uint32, all ...arrivals) []byte {
		x := beginCongestion(nil, tag)
		for _, a := range all {
			x = a.append(x, at)
		}
		return append(b, endCongestion(x, at)...)
	}
	return map[string]func(tag, n uint32) []byte{
		"control: none": nil,
		"all came at one moment, and more": func(tag, n uint32) []byte {
			x, y := arrivals{ssrc: ssrc}, arrivals{ssrc: 0xffffffff}
			for i := range uint16(maxReported) {
				x.take(uint16(n*maxReported)+i, n<<10)
			}
			y.take(1, n<<10)
			return report(nil, tag, n<<10, y, x)
		},
		"another clock each time": func(tag, n uint32) []byte { return report(nil, tag, n*20<<16) },
		"another clock, 75 times in a datagram": func(tag, n uint32) (b []byte) {
			for i := range uint32(75) {
				b = report(b, tag, (75*n+i)*20<<16)
			}
			return b
		},
		"another clock, not whole": func(tag, n uint32) []byte {
			b := report(nil, tag, n*20<<16, arrivals{ssrc: ssrc, at: []uint32{1}})
			b[15] = 200 // packets that are not there
			return b
		},
	}
}

// lied is what came of lies in 3 s.
type lied struct {
	datagrams, bytes int64 // sent by the node that was lied to
	resets           int   // of its estimate
	malformed        uint64
}

// lie has b lie to a 200 times a second.
func lie(t *testing.T, what string) (out lied) {
	pair(t, 52, 20*time.Millisecond, func(w *world, a, b *node) {
		c := newCall(a, b)
		defer c.end()
		var ssrc uint32
		a.worker.Call(func() { ssrc = c.sentAs(a) })
		var datagrams, bytes atomic.Int64
		w.n.set(func() {
			w.n.tap = func(from, _ netip.AddrPort, b []byte) {
				if from == a.addr {
					datagrams.Add(1)
					bytes.Add(int64(len(b)))
				}
			}
		})
		tell, at := lies(ssrc)[what], time.Time{}
		for n := range uint32(600) {
			if tell != nil {
				b.worker.Call(func() { p := b.conn().p; p.sealRTCP(tell(p.send.farTag, n), p.active.addr, false) })
			}
			time.Sleep(5 * time.Millisecond)
			a.worker.Call(func() {
				cc := &a.conn().p.cc
				if cc.resetAt != at {
					at = cc.resetAt
					out.resets++
				}
				if bits, ok := cc.estimate.Bits(); ok && (bits > partyRate*8 || bits < 0) {
					t.Errorf("%s: estimate %v", what, bits)
				}
			})
		}
		w.n.set(func() { w.n.tap = nil })
		out.datagrams, out.bytes, out.malformed = datagrams.Load(), bytes.Load(), a.conn().Counters().Malformed
	})
	return out
}

// TestFeedbackThatLies: what a far node claims makes us send no more than the truth does, opens no more than the link's own rate, and costs no more
// than one new beginning of the estimate a second. Feedback that is not whole, or not first in its datagram, does nothing.
func TestFeedbackThatLies(t *testing.T) {
	honest := lie(t, "control: none")
	if honest.resets != 1 || honest.malformed > 0 || honest.datagrams < 300 { // one: when its address was found
		t.Errorf("control: %+v", honest)
	}
	for what := range lies(0) {
		got := lie(t, what)
		t.Logf("%s: %+v", what, got)
		if got.datagrams > honest.datagrams*11/10 || got.bytes > honest.bytes*11/10 {
			t.Errorf("%s: %d datagrams of %d bytes were sent, with the truth %d of %d", what, got.datagrams, got.bytes, honest.datagrams, honest.bytes)
		}
		least, most, malformed := 2, 5, uint64(0)
		switch what {
		case "control: none":
			least, most = 1, 1
		case "another clock, 75 times in a datagram":
			malformed = 74 * 600
		case "another clock, not whole":
			least, most, malformed = 1, 1, 600
		}
		if got.resets < least || got.resets > most || got.malformed > malformed || got.malformed < malformed*9/10 {
			t.Errorf("%s: %d new beginnings, want %d to %d; %d malformed, want %d", what, got.resets, least, most, got.malformed, malformed)
		}
	}
}

// TestWayFoundAnew: what was known of the way is forgotten when no address was left and one answers again, even the same; not when the same one has
// been silent for a while.
func TestWayFoundAnew(t *testing.T) {
	for _, left := range []bool{true, false} {
		pair(t, 54, 20*time.Millisecond, func(w *world, a, b *node) {
			var before, after time.Time
			a.worker.Call(func() { before = a.conn().p.cc.resetAt })
			w.n.set(func() { w.n.cutUDP = true })
			time.Sleep(1500 * time.Millisecond)
			a.worker.Call(func() {
				if p := a.conn().p; !left { // as after a minute without an answer
					p.active, p.second, p.udpAt = nil, nil, time.Now()
					for _, q := range p.paths {
						q.ponged = time.Time{}
					}
				}
			})
			w.n.set(func() { w.n.cutUDP = false })
			time.Sleep(1500 * time.Millisecond)
			a.worker.Call(func() {
				p := a.conn().p
				if after = p.cc.resetAt; p.active == nil || p.active.tunnelled() {
					t.Error("the address is not in use again")
				}
			})
			if before.IsZero() || after.After(before) == left {
				t.Errorf("an address left: %v; forgotten at %v, before that at %v", left, after, before)
			}
		})
	}
}

// sentAs is the SSRC of n's camera on the link.
func (c *call) sentAs(n *node) (ssrc uint32) {
	for s, o := range n.conn().p.outs {
		if o.kind == media.Video {
			ssrc = s
		}
	}
	return ssrc
}

func FuzzCongestion(f *testing.F) {
	f.Add(congestionExample())
	f.Add(congestionExample()[:28])
	f.Add(endCongestion(beginCongestion(nil, 1), 0))
	f.Add(append(beginCongestion(nil, 1), 0x90, 0, 0, 1, 0, 0, 0xff, 0xff, 0, 0, 0, 0))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > maxRTCP {
			return
		}
		n := 0
		if err := readCongestion(b, 0, func(uint32, uint16, bool, bool, int64) { n++ }); err == nil && 2*n > len(b) {
			t.Fatalf("%d packets in %d bytes", n, len(b))
		}
	})
}

package link

import (
	"encoding/hex"
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

// TestFeedbackThatLies: what a far node claims opens no more than the link's own rate and never more than was sent, and feedback about nothing does
// nothing.
func TestFeedbackThatLies(t *testing.T) {
	pair(t, 52, 20*time.Millisecond, func(w *world, a, b *node) {
		c := newCall(a, b)
		defer c.end()
		var ssrc uint32
		a.worker.Call(func() { ssrc = c.sentAs(a) })
		b.worker.Call(func() { // each packet came at one moment: an endless rate; and packets and streams that were never sent
			p := b.conn().p
			for n := range uint32(200) {
				x := arrivals{ssrc: ssrc}
				for i := range uint16(maxReported) {
					x.take(uint16(n*maxReported)+i, n<<10)
				}
				y := arrivals{ssrc: 0xffffffff}
				y.take(1, n<<10)
				p.sealRTCP(endCongestion(y.append(beginCongestion(nil, p.send.farTag), n<<10), n<<10), p.active.addr, false)
				p.sealRTCP(endCongestion(x.append(beginCongestion(nil, p.send.farTag), n<<10), n<<10), p.active.addr, false)
			}
		})
		time.Sleep(3 * time.Second)
		a.worker.Call(func() {
			if bits, ok := a.conn().p.cc.estimate.Bits(); !ok || bits > partyRate*8 || bits < 0 {
				t.Errorf("estimate %v, %v", bits, ok)
			}
		})
		if n := a.conn().Counters().Malformed; n > 0 {
			t.Errorf("%d malformed", n)
		}
	})
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

package link

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"visavis/internal/media"
)

// twins makes two nodes that each list an IPv4 and (both) an IPv6 address.
func twins(t *testing.T, seed uint64, delay time.Duration, both bool, run func(w *world, a, b *node)) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, seed, delay)
		defer w.close()
		a, b := w.node(1, "avelmar"), w.node(2, "borovia")
		if both {
			a.addr6, b.addr6 = netip.MustParseAddrPort("[2001:db8::1]:5000"), netip.MustParseAddrPort("[2001:db8::2]:5000")
		}
		a.pin(b.peer())
		b.pin(a.peer())
		a.start(func(c *Config) { c.udpOnly = true })
		b.start(func(c *Config) { c.udpOnly = true })
		a.up(2 * time.Second)
		b.up(2 * time.Second)
		run(w, a, b)
	})
}

// blockedPair makes two nodes whose datagrams never arrive.
func blockedPair(t *testing.T, tunnel bool, run func(w *world, a, b *node), change ...func(*Config)) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 42, 40*time.Millisecond)
		defer w.close()
		w.n.cutUDP = true
		a, b := w.node(1, "avelmar"), w.node(2, "borovia")
		a.pin(b.peer())
		b.pin(a.peer())
		for _, n := range w.nodes {
			n.start(append(change, func(c *Config) { c.udpOnly = !tunnel })...)
		}
		for _, n := range w.nodes {
			n.wait("control", 2*time.Second, func() bool { return n.ups > 0 })
		}
		run(w, a, b)
	})
}

// call is sound and picture both ways.
type call struct {
	mic, cam   [2]*source
	hear, see  [2]*ear // at the other node
	from, over time.Time
}

func newCall(a, b *node) *call {
	c := new(call)
	for i, n := range []*node{a, b} {
		c.mic[i], c.cam[i] = n.source(media.Audio, uint32(11+i)), n.source(media.Video, uint32(21+i))
		n.conn().Offer("m/one/mic", c.mic[i].stream)
		n.conn().Offer("m/one/cam", c.cam[i].stream)
	}
	for i, n := range []*node{b, a} {
		c.hear[i], c.see[i] = n.listen("m/one/mic", media.Audio), n.listen("m/one/cam", media.Video)
	}
	for i := range c.mic {
		c.mic[i].run(20 * time.Millisecond)
		c.cam[i].run(33 * time.Millisecond)
	}
	time.Sleep(2 * time.Second)
	c.from = time.Now()
	return c
}

// end stops sending and lets the rest arrive.
func (c *call) end() {
	c.over = time.Now()
	for i := range c.mic {
		c.mic[i].halt()
		c.cam[i].halt()
	}
	time.Sleep(2 * time.Second)
}

// missing is how many packets of s, sent in [from, to), never came to e.
func missing(s *source, e *ear, from, to time.Time) (n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for c, sent := range s.sent {
		if _, ok := e.at[c]; !ok && !sent.Before(from) && sent.Before(to) {
			n++
		}
	}
	return n
}

// gap is the longest time without a packet between from and to.
func (e *ear) gap(from, to time.Time) (longest time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	last := from
	for _, t := range e.times {
		if t.After(from) && t.Before(to) {
			longest, last = max(longest, t.Sub(last)), t
		}
	}
	return max(longest, to.Sub(last))
}

// cutOne cuts, without resends, the way that pictures take; it gives the sound that never came and the longest gap of sound and of
// picture.
func cutOne(t *testing.T, both bool) (lost int, sound, picture time.Duration) {
	twins(t, 31, 40*time.Millisecond, both, func(w *world, a, b *node) {
		c := newCall(a, b)
		w.n.set(func() { dropNACKs(w.n) })
		was := a.m.State("borovia").Remote
		v6 := was.Addr().Is6()
		time.Sleep(100 * time.Millisecond)
		at := time.Now()
		w.n.set(func() { w.n.block = func(to netip.AddrPort, _ []byte) bool { return to.Addr().Is6() == v6 } })
		time.Sleep(1500 * time.Millisecond)
		s := a.m.State("borovia")
		w.n.set(func() { w.n.block = nil })
		time.Sleep(1500 * time.Millisecond)
		for i := range c.hear {
			sound, picture = max(sound, c.hear[i].gap(at, time.Now())), max(picture, c.see[i].gap(at, time.Now()))
		}
		if moved := s.Remote != was; moved != both {
			t.Errorf("1.5 s after %v was cut media goes to %v", was, s.Remote)
		}
		if n := len(a.m.State("borovia").Paths); n != len(b.peer().Media) {
			t.Errorf("%d paths, want one for each listed address", n)
		}
		c.end()
		for i := range c.mic {
			lost += missing(c.mic[i], c.hear[i], c.from, c.over)
			if c.hear[i].twice > 0 {
				t.Errorf("%d packets of sound came out twice", c.hear[i].twice)
			}
		}
	})
	return lost, sound, picture
}

func TestOneOfTwoPathsIsCut(t *testing.T) {
	lost, sound, picture := cutOne(t, true)
	if lost > 0 || sound > 25*time.Millisecond {
		t.Errorf("one of two paths cut: %d packets of sound lost, gap %v, want 0 and ≤ 25 ms", lost, sound)
	}
	if picture > 550*time.Millisecond { // 500 ms and two frames
		t.Errorf("one of two paths cut: no picture for %v, want ≤ 500 ms", picture)
	}
	t.Logf("gap of sound %v, of picture %v", sound, picture)
	lost, sound, _ = cutOne(t, false)
	if lost < 100 || sound < time.Second {
		t.Errorf("control, one path: %d packets of sound lost, gap %v, want > 100 and > 1 s", lost, sound)
	}
}

// TestSoundGoesTwoWays: copies are identical, pictures go once, and the receiver drops and counts what comes twice.
func TestSoundGoesTwoWays(t *testing.T) {
	for _, both := range []bool{true, false} {
		twins(t, 32, 20*time.Millisecond, both, func(w *world, a, b *node) {
			nonces := watchNonces(w.n)
			c := newCall(a, b)
			time.Sleep(10 * time.Second)
			c.end()
			na, nb := a.conn().Counters(), b.conn().Counters()
			if !both {
				if na.Copies+nb.Replayed > 0 {
					t.Errorf("control, one path: %d copies, %d came twice", na.Copies, nb.Replayed)
				}
				return
			}
			nonces.check(t, 900)
			if na.Copies < 520 || na.Copies > 720 || nb.Replayed < 500 {
				t.Errorf("%d copies sent, %d dropped, want about one for each of 600 packets of sound", na.Copies, nb.Replayed)
			}
			if n := missing(c.cam[0], c.see[0], c.from, c.over); n > 0 {
				t.Errorf("%d frames lost", n)
			}
			s := a.m.State("borovia")
			if s.LossIn > 0.02 || s.LossOut > 0.02 {
				t.Errorf("loss in %.3f, out %.3f, want 0", s.LossIn, s.LossOut)
			}
			audio, video := 0, 0
			for _, p := range s.Paths {
				if !p.Listed || !p.Proven || !p.Alive || p.RTT < 39*time.Millisecond || p.RTT > 46*time.Millisecond || p.Loss > 0.02 || p.LastHeard.IsZero() {
					t.Errorf("path %+v", p)
				}
				if p.Audio {
					audio++
				}
				if p.Video {
					video++
				}
			}
			if audio != 2 || video != 1 {
				t.Errorf("sound on %d paths, pictures on %d, want 2 and 1", audio, video)
			}
		})
	}
}

// TestResendsTakeTheOtherPath: the way of the pictures loses one in ten, the other none.
func TestResendsTakeTheOtherPath(t *testing.T) {
	for _, both := range []bool{true, false} {
		twins(t, 33, 20*time.Millisecond, both, func(w *world, a, b *node) {
			c := newCall(a, b)
			way := a.m.State("borovia").Remote
			here, there := 0, 0
			seen := make(map[string]bool)
			w.n.set(func() {
				w.n.block = func(to netip.AddrPort, p []byte) bool {
					if len(p) < 1000 || to.Addr().As16()[15] != 2 {
						return false
					}
					id := string(p[2:12])
					if seen[id] && to == way {
						here++
					} else if seen[id] {
						there++
					}
					first := !seen[id]
					seen[id] = true
					return first && len(seen)%10 == 0
				}
			})
			time.Sleep(3 * time.Second)
			w.n.set(func() { w.n.block = nil })
			c.end()
			if both && (here > 0 || there < 8) || !both && (here < 8 || there > 0) {
				t.Errorf("two paths %v: %d resends of pictures took the same way, %d the other", both, here, there)
			}
			if n := missing(c.cam[0], c.see[0], c.from, c.over); n > 0 {
				t.Errorf("%d frames lost", n)
			}
		})
	}
}

// TestTwoLossyPaths: two ways that each lose one in ten, without resends, lose one in a hundred; pictures do not jump between them.
func TestTwoLossyPaths(t *testing.T) {
	for _, both := range []bool{true, false} {
		twins(t, 34, 40*time.Millisecond, both, func(w *world, a, b *node) {
			c := newCall(a, b)
			w.n.set(func() {
				w.n.loss = 0.1
				dropNACKs(w.n)
			})
			changes, was := 0, a.m.State("borovia").Remote
			for range 60 {
				time.Sleep(time.Second)
				if now := a.m.State("borovia").Remote; now != was {
					changes, was = changes+1, now
				}
			}
			c.end()
			share := 0.0
			for i := range c.mic {
				share = max(share, float64(missing(c.mic[i], c.hear[i], c.from, c.over))/3000)
			}
			if both && share > 0.025 || !both && share < 0.08 {
				t.Errorf("two ways %v, each loses 10 %%: %.3f of sound lost, want 0.01, with one way 0.1", both, share)
			}
			if changes > 12 {
				t.Errorf("pictures changed their way %d times in a minute", changes)
			}
			t.Logf("two ways %v: %.4f of sound lost, %d changes", both, share, changes)
		})
	}
}

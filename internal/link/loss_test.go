package link

import (
	"fmt"
	"net/netip"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"visavis/internal/media"
)

// lateShare is the share of packets of s, sent in [from, to), that were not at e within patience after they were due: sent plus
// the one-way delay.
func lateShare(s *source, e *ear, from, to time.Time, delay, patience time.Duration) (share float64, n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	bad := 0
	for c, sent := range s.sent {
		if sent.Before(from) || !sent.Before(to) {
			continue
		}
		n++
		if at, ok := e.at[c]; !ok || at.Sub(sent) > delay+patience {
			bad++
		}
	}
	return float64(bad) / float64(max(1, n)), n
}

// lossyCall has two people talk over a link that loses packets, and gives the worse direction's share of late sound.
func lossyCall(t *testing.T, seed uint64, loss float64, virtual time.Duration, nack bool) (share float64, packets int, st State) {
	const delay = 20 * time.Millisecond
	pair(t, seed, delay, func(w *world, a, b *node) {
		if !nack {
			w.n.set(func() { dropNACKs(w.n) })
		}
		s1, s2 := a.source(media.Audio, 11), b.source(media.Audio, 12)
		a.conn().Offer("m/ana/mic", s1.stream)
		b.conn().Offer("m/bo/mic", s2.stream)
		e1, e2 := b.listen("m/ana/mic", media.Audio), a.listen("m/bo/mic", media.Audio)
		w.n.set(func() { w.n.loss = loss })
		s1.run(20 * time.Millisecond)
		s2.run(20 * time.Millisecond)
		time.Sleep(time.Second)
		from := time.Now()
		time.Sleep(virtual)
		to := time.Now()
		time.Sleep(2 * time.Second)
		s1.halt()
		s2.halt()
		st = a.m.State("borovia")
		x1, n1 := lateShare(s1, e1, from, to, delay, 200*time.Millisecond)
		x2, n2 := lateShare(s2, e2, from, to, delay, 200*time.Millisecond)
		share, packets = max(x1, x2), n1+n2
	})
	return share, packets, st
}

// dropNACKs makes the network swallow resend requests: SRTCP hides them, so the nodes' Resend is cut off by their size. A path
// packet alone is 52 bytes with its index and tag, a lone NACK is shorter.
func dropNACKs(n *network) { n.drop = func(b []byte) bool { return len(b) < 52 && b[1] == rtcpRTPFB } }

func TestLossIsMadeGood(t *testing.T) {
	share, n, st := lossyCall(t, 5, 0.05, 60*time.Second, true)
	if n < 5900 || share > 0.005 {
		t.Errorf("5 %% loss each way: %.4f of %d sound packets late, want ≤ 0.005", share, n)
	}
	if st.LossIn < 0.02 || st.LossIn > 0.09 || st.LossOut < 0.02 || st.LossOut > 0.09 {
		t.Errorf("state says loss in %.3f, out %.3f, want about 0.05", st.LossIn, st.LossOut)
	}
	control, _, _ := lossyCall(t, 5, 0.05, 60*time.Second, false)
	if control < 0.04 {
		t.Errorf("control, without resend requests: %.4f late, want about 0.05", control)
	}
}

// TestMeasureLoss prints what `make measure-link` wants to know of the link; VISAVIS_MEASURE=1 turns it on.
func TestMeasureLoss(t *testing.T) {
	if os.Getenv("VISAVIS_MEASURE") == "" {
		t.Skip("VISAVIS_MEASURE is not set")
	}
	load, _ := os.ReadFile("/proc/loadavg")
	t.Logf("load average %s", strings.TrimSpace(string(load))) // of no weight here: time is virtual
	share, _, _ := lossyCall(t, 5, 0.05, 600*time.Second, true)
	fmt.Printf("measure loss.audio.late %.4f %% <=0.5\n", 100*share)
	control, _, _ := lossyCall(t, 5, 0.05, 600*time.Second, false)
	fmt.Printf("measure loss.audio.late.nonack %.4f %%\n", 100*control)
	audio, video := cutFor(t, 3*time.Second)
	fmt.Printf("measure cut.link.audio.back %.0f ms <=250\n", audio.Seconds()*1000)
	fmt.Printf("measure cut.link.video.back %.0f ms <=250\n", video.Seconds()*1000)
	audio, _ = cutFor(t, 20*time.Second)
	fmt.Printf("measure cut20.link.audio.back %.0f ms <=250\n", audio.Seconds()*1000)
}

// sealedOnce watches the wire: every key, SSRC and index must be one byte string for ever (docs/security.md D2). Epochs are told
// apart by the payload type; numbers must not wrap during a test.
type sealedOnce struct {
	n       *network
	seen    map[string]string
	resends int
	broken  []string
}

func watchNonces(n *network) *sealedOnce {
	s := &sealedOnce{n: n, seen: make(map[string]string)}
	n.set(func() {
		n.tap = func(from, to netip.AddrPort, b []byte) {
			if len(b) < 12 || b[0]>>6 != 2 {
				return
			}
			node := from.Addr().As16()[15] // whatever the family
			var nonce string
			if pt := b[1]; pt >= 192 && pt <= 223 {
				nonce = fmt.Sprintf("%d c %x %x", node, b[4:8], b[len(b)-4:])
			} else {
				nonce = fmt.Sprintf("%d p %x %x %x", node, b[1]&0x7f, b[8:12], b[2:4])
			}
			if was, ok := s.seen[nonce]; !ok {
				s.seen[nonce] = string(b)
			} else if was != string(b) {
				s.broken = append(s.broken, nonce)
			} else {
				s.resends++
			}
		}
	})
	return s
}

func (s *sealedOnce) check(t *testing.T, resends int) {
	t.Helper()
	s.n.mu.Lock()
	defer s.n.mu.Unlock()
	if len(s.broken) > 0 {
		t.Errorf("%d nonces were used for two contents, the first: %s", len(s.broken), s.broken[0])
	}
	if s.resends < resends {
		t.Errorf("%d packets were sent again, want ≥ %d: the test shows nothing", s.resends, resends)
	}
	if len(s.seen) < 100 {
		t.Errorf("%d packets seen: the test shows nothing", len(s.seen))
	}
}

func TestNoNonceTwice(t *testing.T) {
	pair(t, 6, 20*time.Millisecond, func(w *world, a, b *node) {
		nonces := watchNonces(w.n)
		mic, cam := a.source(media.Audio, 11), a.source(media.Video, 12)
		other := a.source(media.Video, 13)
		a.conn().Offer("m/ana/mic", mic.stream)
		a.conn().Offer("m/ana/cam", cam.stream)
		hear, see := b.listen("m/ana/mic", media.Audio), b.listen("m/ana/cam", media.Video)
		w.n.set(func() { w.n.loss = 0.1 })
		for _, s := range []*source{mic, cam, other} {
			s.run(20 * time.Millisecond)
		}
		time.Sleep(5 * time.Second)
		a.conn().Offer("m/ana/cam", other.stream) // the slot moves to another camera under the same SSRC
		time.Sleep(5 * time.Second)
		storm(a, b)
		time.Sleep(time.Second)
		for _, s := range []*source{mic, cam, other} {
			s.halt()
		}
		nonces.check(t, 50)
		if hear.got() < 450 || see.got() < 400 {
			t.Errorf("%d of sound and %d of picture arrived, want ≥ 450 and ≥ 400", hear.got(), see.got())
		}
	})
}

// storm has b ask a for everything that it could still have, 20 times.
func storm(a, b *node) {
	for range 20 {
		b.worker.Call(func() {
			for ssrc, i := range b.conn().p.ins {
				r, ok := i.stream.Reception(time.Now())
				if !ok {
					continue
				}
				var seqs []uint16
				for d := range uint16(50) {
					seqs = append(seqs, uint16(r.LastSequenceNumber)-50+d)
				}
				b.conn().p.RequestResend(time.Now(), ssrc, seqs)
			}
		})
		time.Sleep(10 * time.Millisecond)
	}
}

// cutFor cuts everything for d and gives how long after its return sound and picture arrived at b.
func cutFor(t *testing.T, d time.Duration) (audio, video time.Duration) {
	pair(t, 7, 20*time.Millisecond, func(w *world, a, b *node) {
		nonces := watchNonces(w.n)
		mic, cam := a.source(media.Audio, 11), a.source(media.Video, 12)
		back := b.source(media.Audio, 13)
		a.conn().Offer("m/ana/mic", mic.stream)
		a.conn().Offer("m/ana/cam", cam.stream)
		b.conn().Offer("m/bo/mic", back.stream)
		hear, see := b.listen("m/ana/mic", media.Audio), b.listen("m/ana/cam", media.Video)
		a.listen("m/bo/mic", media.Audio)
		mic.run(20 * time.Millisecond)
		cam.run(66 * time.Millisecond)
		back.run(20 * time.Millisecond)
		time.Sleep(3 * time.Second)
		epoch, ups := a.m.State("borovia").Epoch, a.rec().ups
		w.n.set(func() { w.n.cut = true })
		time.Sleep(d)
		lost := a.m.State("borovia")
		w.n.set(func() { w.n.cut = false })
		back0 := time.Now()
		time.Sleep(1200 * time.Millisecond)
		if s := a.m.State("borovia"); !s.Control {
			t.Errorf("1.2 s after a cut of %v there is no control connection", d)
		}
		time.Sleep(800 * time.Millisecond)
		if lost.Path {
			t.Errorf("after %v without packets the path is not lost: %+v", d, lost)
		}
		first, ok1 := hear.first(back0)
		frame, ok2 := see.first(back0)
		if !ok1 || !ok2 {
			t.Fatalf("after a cut of %v: sound %v, picture %v", d, ok1, ok2)
		}
		audio, video = first.Sub(back0), frame.Sub(back0)
		now := a.m.State("borovia")
		switch short := d < deadAfter; {
		case short && (now.Epoch != epoch || a.rec().ups != ups):
			t.Errorf("after %v: epoch %d, %d connections; before %d, %d: a handshake was made", d, now.Epoch, a.rec().ups, epoch, ups)
		case !short && (now.Epoch <= epoch || a.rec().ups == ups || a.rec().ups > ups+2):
			t.Errorf("after %v: epoch %d, %d connections; before %d, %d: want new keys by one connection, two if both called", d, now.Epoch, a.rec().ups, epoch, ups)
		}
		if !now.Control || !now.Path {
			t.Errorf("after a cut of %v the link is %+v", d, now)
		}
		n := hear.got()
		time.Sleep(35 * time.Second) // old keys are gone by then
		if more := hear.got() - n; more < 1740 {
			t.Errorf("%d packets of sound in the 35 s after, want 1750", more)
		}
		mic.halt()
		cam.halt()
		back.halt()
		nonces.check(t, 0)
	})
	return audio, video
}

func TestShortCutNeedsNoHandshake(t *testing.T) {
	audio, video := cutFor(t, 3*time.Second)
	if audio > 250*time.Millisecond || video > 250*time.Millisecond {
		t.Errorf("after 3 s: sound back in %v, picture in %v, want ≤ 250 ms", audio, video)
	}
	t.Logf("3 s: sound back in %v, picture in %v", audio, video)
}

func TestLongCutRollsKeys(t *testing.T) {
	audio, video := cutFor(t, 20*time.Second)
	if audio > 250*time.Millisecond || video > 250*time.Millisecond {
		t.Errorf("after 20 s: sound back in %v, picture in %v, want ≤ 250 ms: media must not wait for the handshake", audio, video)
	}
	t.Logf("20 s: sound back in %v, picture in %v", audio, video)
}

// TestPathLostWhileControlLives cuts datagrams only, for longer than anyone would keep sending.
func TestPathLostWhileControlLives(t *testing.T) {
	pair(t, 8, 20*time.Millisecond, func(w *world, a, b *node) {
		mic, hear := a.speaks(b)
		time.Sleep(time.Second)
		packets, ups := 0, a.rec().ups
		w.n.set(func() {
			w.n.cutUDP = true
			w.n.tap = func(_, to netip.AddrPort, b []byte) {
				if to == w.nodes[1].addr {
					packets++
				}
			}
		})
		time.Sleep(3 * time.Second)
		a.wait("the path to be lost", time.Millisecond, func() bool {
			return len(a.paths) > 0 && !a.paths[len(a.paths)-1].Path && a.paths[len(a.paths)-1].Control
		})
		time.Sleep(62 * time.Second)
		w.n.set(func() { packets = 0 })
		time.Sleep(60 * time.Second)
		w.n.mu.Lock()
		n := packets
		w.n.mu.Unlock()
		if n > 61 {
			t.Errorf("%d packets a minute to an address that has not answered for a minute, want ≤ 60 pings", n)
		}
		w.n.set(func() { w.n.cutUDP, w.n.tap = false, nil })
		back := time.Now()
		time.Sleep(3 * time.Second)
		if at, ok := hear.first(back); !ok || at.Sub(back) > 1300*time.Millisecond {
			t.Errorf("after two minutes: sound back after %v (%v), want ≤ 1.3 s", at.Sub(back), ok)
		}
		if a.rec().ups != ups {
			t.Errorf("%d control connections, before %d", a.rec().ups, ups)
		}
		mic.halt()
	}, func(c *Config) { c.udpOnly = true })
}

// TestKeysRoll: the hour is fifty seconds here.
func TestKeysRoll(t *testing.T) {
	if rollAfter != time.Hour {
		t.Errorf("keys roll after %v, want 1 h", rollAfter)
	}
	const roll = 50 * time.Second
	pair(t, 9, 20*time.Millisecond, func(w *world, a, b *node) {
		nonces := watchNonces(w.n)
		mic, cam := a.source(media.Audio, 11), a.source(media.Video, 12)
		a.conn().Offer("m/ana/mic", mic.stream)
		a.conn().Offer("m/ana/cam", cam.stream)
		back := b.source(media.Audio, 13)
		b.conn().Offer("m/bo/mic", back.stream)
		hear, see := b.listen("m/ana/mic", media.Audio), b.listen("m/ana/cam", media.Video)
		a.listen("m/bo/mic", media.Audio)
		time.Sleep(time.Second)
		epoch, upsA, upsB := a.m.State("borovia").Epoch, a.rec().ups, b.rec().ups
		mic.run(20 * time.Millisecond)
		cam.run(66 * time.Millisecond)
		back.run(5 * time.Millisecond)
		c := b.conn()
		b.wait("new keys", roll+roll/4+time.Second, func() bool { return c.State().Epoch > epoch })
		time.Sleep(overlap + time.Second)
		old, bad := 0, uint64(0)
		b.worker.Call(func() { old, bad = len(b.conn().p.sets)-1, b.conn().p.n.BadAuth })
		a.worker.Call(func() { bad += a.conn().p.n.BadAuth })
		mic.halt()
		cam.halt()
		back.halt()
		time.Sleep(time.Second)
		if now := a.m.State("borovia").Epoch; now <= epoch {
			t.Errorf("epoch %d, was %d: keys did not roll", now, epoch)
		}
		if old != 0 {
			t.Errorf("%d older keys are kept 30 s after the roll", old)
		}
		if bad > 0 {
			t.Errorf("%d packets found no key over the key roll, want 0", bad)
		}
		if lost := int(mic.count+cam.count) - hear.got() - see.got(); lost > 0 {
			t.Errorf("%d of %d packets lost over the key roll, want 0", lost, mic.count+cam.count)
		}
		if len(a.rec().downs)+len(b.rec().downs) != 0 || a.rec().ups == upsA || b.rec().ups == upsB {
			t.Errorf("a: %d up (%d before), down %v; b: %d (%d), %v; want more and none down", a.rec().ups, upsA, a.rec().downs, b.rec().ups, upsB, b.rec().downs)
		}
		nonces.check(t, 0)
	}, func(c *Config) { c.roll = roll })
}

// TestUsedUpKeysAreReplaced: 2³¹ packets were sealed, or too many sources opened.
func TestUsedUpKeysAreReplaced(t *testing.T) {
	pair(t, 13, 20*time.Millisecond, func(w *world, a, b *node) {
		mic := a.source(media.Audio, 11)
		a.conn().Offer("m/ana/mic", mic.stream)
		hear := b.listen("m/ana/mic", media.Audio)
		time.Sleep(time.Second)
		mic.run(20 * time.Millisecond)
		for _, n := range []*node{a, b} { // dialler and acceptor
			time.Sleep(6 * time.Second)
			was := b.m.State("avelmar").Epoch
			n.worker.Call(func() {
				p := n.conn().p
				p.send.sealed = rollPackets - 1
				if n == b {
					p.exhaust(p.send)
				}
			})
			time.Sleep(3 * time.Second)
			if now := b.m.State("avelmar").Epoch; now <= was {
				t.Errorf("%s used its keys up: epoch %d, was %d", n.party, now, was)
			}
		}
		mic.halt()
		time.Sleep(time.Second)
		if lost := int(mic.count) - hear.got(); lost > 0 {
			t.Errorf("%d of %d packets lost, want 0", lost, mic.count)
		}
	})
}

func TestKeysDieWithoutControl(t *testing.T) {
	pair(t, 10, 20*time.Millisecond, func(w *world, a, b *node) {
		mic, hear := a.speaks(b)
		time.Sleep(time.Second)
		// Datagrams go on, connections do not: nobody serves, and those there are end.
		w.n.set(func() {
			clear(w.n.servers)
			for _, c := range w.n.conns {
				go c.Close()
			}
		})
		time.Sleep(keysDie - 5*time.Second)
		n := hear.got()
		time.Sleep(time.Second)
		if hear.got() == n {
			t.Error("keys died before 10 min")
		}
		time.Sleep(10 * time.Second)
		n = hear.got()
		time.Sleep(5 * time.Second)
		if more := hear.got() - n; more > 0 {
			t.Errorf("%d packets opened with keys older than 10 min", more)
		}
		if len(b.rec().gone) != 1 {
			t.Errorf("streams gone: %v, want the one", b.rec().gone)
		}
		mic.halt()
	})
}

func TestFollowsNewAddress(t *testing.T) {
	pair(t, 11, 20*time.Millisecond, func(w *world, a, b *node) {
		mic, back := a.source(media.Audio, 11), b.source(media.Audio, 12)
		a.conn().Offer("m/ana/mic", mic.stream)
		b.conn().Offer("m/bo/mic", back.stream)
		hear, other := b.listen("m/ana/mic", media.Audio), a.listen("m/bo/mic", media.Audio)
		mic.run(20 * time.Millisecond)
		back.run(20 * time.Millisecond)
		time.Sleep(2 * time.Second)
		w.n.set(func() { w.n.alias[a.addr] = netip.MustParseAddrPort("198.51.100.9:7777") })
		moved := time.Now()
		time.Sleep(2 * time.Second)
		if at, ok := hear.first(moved.Add(40 * time.Millisecond)); !ok || at.Sub(moved) > 100*time.Millisecond {
			t.Errorf("sound from the moved node: %v after it moved (%v), want no gap", at.Sub(moved), ok)
		}
		if at, ok := other.first(moved.Add(40 * time.Millisecond)); !ok || at.Sub(moved) > time.Second {
			t.Errorf("sound to the moved node: %v after it moved (%v), want ≤ 1 s", at.Sub(moved), ok)
		}
		if s := b.m.State("avelmar"); s.Remote.Port() != 7777 {
			t.Errorf("b sends to %v, want the new address", s.Remote)
		}
		mic.halt()
		back.halt()
	})
}

// TestVictimIsNotFlooded: a peer lists an address that is not its own (docs/security.md D16), or one that was its own and is not any
// more: it goes on sending from elsewhere, and answers no ping there.
func TestVictimIsNotFlooded(t *testing.T) {
	for _, x := range []struct {
		name           string
		honest, leaves bool
	}{{"never proven", false, false}, {"proven once", true, true}, {"control", true, false}} {
		t.Run(x.name, func(t *testing.T) { sendsTo(t, x.honest, x.leaves) })
	}
}

// sendsTo counts what goes to the address of a far node.
func sendsTo(t *testing.T, honest, leaves bool) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 12, 20*time.Millisecond)
		defer w.close()
		a, b := w.node(1, "avelmar"), w.node(2, "borovia")
		victim := netip.MustParseAddrPort("203.0.113.5:53")
		far := b.peer()
		if !honest {
			far.Media = []netip.AddrPort{victim}
		}
		a.pin(far)
		p := a.peer()
		p.Media = nil
		b.pin(p) // b does not send to a by itself, so that a knows no other address of b
		packets, most, gone, fromA := 0, 0, false, false
		w.n.drop = func([]byte) bool { return gone && fromA }
		w.n.tap = func(from, to netip.AddrPort, data []byte) {
			if fromA = from == a.addr; fromA {
				packets++
				most = max(most, len(data))
			}
		}
		a.start()
		b.start()
		a.wait("control", time.Second, func() bool { return a.ups > 0 })
		b.wait("control", time.Second, func() bool { return b.ups > 0 })
		mic := a.source(media.Audio, 11)
		a.conn().Offer("m/ana/mic", mic.stream)
		b.wait("stream", time.Second, func() bool { return b.streams["m/ana/mic"] })
		b.conn().Want("m/ana/mic", true)
		mic.run(20 * time.Millisecond)
		time.Sleep(5 * time.Second)
		w.n.set(func() { gone = leaves })
		if leaves {
			time.Sleep(unproven + time.Second)
			w.n.set(func() { packets, most = 0, 0 })
		}
		time.Sleep(25 * time.Second)
		if s := a.m.State("borovia"); (s.Remote.IsValid() && !s.Tunnel) != (honest && !leaves) || !s.Path {
			t.Errorf("state %+v, want an address only if it answers, and a path: the media connection where there is none", s)
		}
		mic.halt()
		w.n.mu.Lock()
		defer w.n.mu.Unlock()
		pongs := 0
		if leaves {
			pongs = 32 // to its authentic pings
		}
		if (!honest || leaves) && (packets > 32+pongs || most > 64) {
			t.Errorf("the victim got %d packets of up to %d bytes in 30 s, want ≤ 1 a second of ≤ 64", packets, most)
		}
		if honest && !leaves && packets < 1000 {
			t.Errorf("control: %d packets to the honest address, want > 1000", packets)
		}
	})
}

func hasCode(errs []error, code string) bool {
	for _, e := range errs {
		if e != nil && strings.Contains(e.Error(), code) {
			return true
		}
	}
	return false
}

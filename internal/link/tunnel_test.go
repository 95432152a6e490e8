package link

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"visavis/internal/media"
	"visavis/internal/udp"
)

// blockUDP has a call lose its datagrams, in one direction or both, and gives the longest gaps of sound and picture after it.
func blockUDP(t *testing.T, both bool, tunnel bool) (sound, picture time.Duration) {
	pair(t, 41, 40*time.Millisecond, func(w *world, a, b *node) {
		nonces := watchNonces(w.n)
		c := newCall(a, b)
		ups := a.rec().ups
		at := time.Now()
		w.n.set(func() {
			w.n.cutUDP = both
			if !both {
				w.n.block = func(to netip.AddrPort, _ []byte) bool { return to == b.addr }
			}
		})
		time.Sleep(10 * time.Second)
		for i := range c.hear {
			sound, picture = max(sound, c.hear[i].gap(at, time.Now())), max(picture, c.see[i].gap(at, time.Now()))
		}
		for _, s := range []State{a.m.State("borovia"), b.m.State("avelmar")} {
			if s.Tunnel != tunnel || s.Path != tunnel || !s.Control {
				t.Errorf("10 s after datagrams were blocked the state is %+v", s)
			}
		}
		back := time.Now()
		w.n.set(func() { w.n.cutUDP, w.n.block = false, nil })
		time.Sleep(3 * time.Second)
		for i := range c.hear {
			if gap := c.hear[i].gap(back, time.Now()); tunnel && gap > 60*time.Millisecond {
				t.Errorf("going back to datagrams: no sound for %v, want ≤ 60 ms", gap)
			}
		}
		if s := a.m.State("borovia"); s.Tunnel || !s.Path || s.Remote != b.addr {
			t.Errorf("3 s after datagrams get through again the state is %+v", s)
		}
		time.Sleep(tunnelIdle + 5*time.Second)
		open := false
		a.worker.Call(func() { open = a.conn().p.tunnel != nil })
		if open {
			t.Errorf("the media connection is open %v after it was last needed", tunnelIdle)
		}
		if a.rec().ups != ups || len(a.rec().downs) > 0 {
			t.Errorf("control came up %d times, was %d: %v", a.rec().ups, ups, a.rec().downs)
		}
		c.end()
		nonces.check(t, 0)
	}, func(c *Config) { c.udpOnly = !tunnel })
	return sound, picture
}

func TestBlockedDatagrams(t *testing.T) {
	for _, both := range []bool{true, false} {
		sound, picture := blockUDP(t, both, true)
		if sound > 5*time.Second || picture > 5*time.Second {
			t.Errorf("datagrams blocked, both directions %v: no sound for %v, no picture for %v, want ≤ 5 s", both, sound, picture)
		}
		t.Logf("both directions %v: sound back after %v, picture after %v", both, sound, picture)
	}
	if sound, _ := blockUDP(t, true, false); sound < 9*time.Second {
		t.Errorf("control, no media connection: sound back after %v", sound)
	}
}

// TestBlockedFromTheStart: no datagram ever got through.
func TestBlockedFromTheStart(t *testing.T) {
	for _, tunnel := range []bool{true, false} {
		blockedPair(t, tunnel, func(w *world, a, b *node) {
			at := time.Now()
			mic := a.source(media.Audio, 11)
			a.conn().Offer("m/ana/mic", mic.stream)
			hear := b.listen("m/ana/mic", media.Audio)
			mic.run(20 * time.Millisecond)
			time.Sleep(6 * time.Second)
			mic.halt()
			first, ok := hear.first(at)
			if ok != tunnel || ok && first.Sub(at) > 5*time.Second {
				t.Errorf("tunnel %v: sound %v after the start (%v), want ≤ 5 s", tunnel, first.Sub(at), ok)
			}
		})
	}
}

// TestTunnelNeedsTrust: a media connection of a party whose key is not trusted any more ends with the rest.
func TestTunnelNeedsTrust(t *testing.T) {
	for _, drop := range []bool{true, false} {
		blockedPair(t, true, func(w *world, a, b *node) {
			mic := a.source(media.Audio, 11)
			a.conn().Offer("m/ana/mic", mic.stream)
			hear := b.listen("m/ana/mic", media.Audio)
			mic.run(20 * time.Millisecond)
			time.Sleep(6 * time.Second)
			if drop {
				b.pin()
				b.m.Refresh()
			}
			time.Sleep(time.Second)
			n := hear.got()
			time.Sleep(3 * time.Second)
			if more := hear.got() - n; drop != (more == 0) || n == 0 {
				t.Errorf("distrusted %v: %d packets of sound before, %d after", drop, n, more)
			}
			mic.halt()
		})
	}
}

// TestMediaConnectionIsRefused: a media connection alone, without control, or of a stranger, carries nothing.
func TestMediaConnectionIsRefused(t *testing.T) {
	pair(t, 44, 20*time.Millisecond, func(w *world, a, b *node) {
		try := func(as *node) bool {
			nc, err := w.n.dial(context.Background(), as.addr.Addr(), b.tcp)
			if err != nil {
				t.Fatal(err)
			}
			defer nc.Close()
			tc, err := as.conn2(b).shake(context.Background(), nc)
			if err != nil {
				return false
			}
			tc.SetReadDeadline(time.Now().Add(4 * time.Second))
			for { // pings come, until it is closed
				if _, err := tc.Read(make([]byte, 100)); err != nil {
					return errors.Is(err, os.ErrDeadlineExceeded)
				}
			}
		}
		if !try(a) {
			t.Error("control: the media connection of a peer was refused")
		}
		stranger := w.node(3, "cimera")
		stranger.pin(b.peer())
		stranger.start()
		if try(stranger) {
			t.Error("a stranger's media connection was taken")
		}
		stranger.stop()
		w.nodes = w.nodes[:2]
		b.worker.Call(func() { // no keys: control never lived
			for p := b.conn().p; len(p.sets) > 0; {
				p.discard(p.sets[0])
			}
		})
		if try(a) {
			t.Error("a media connection without keys was taken")
		}
	})
}

func (n *node) conn2(to *node) *Conn { return n.m.Conn(to.party) }

// TestKeysRollInsideTLS: new keys change nothing for media that goes inside TLS, and a dead address of the peer before the good one
// does not hold it up.
func TestKeysRollInsideTLS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 45, 40*time.Millisecond)
		defer w.close()
		a, b := w.node(1, "avelmar"), w.node(2, "borovia")
		far := b.peer()
		far.Addrs = []string{"192.0.2.99:443", b.tcp}
		a.pin(far)
		b.pin(a.peer())
		change := func(c *Config) {
			c.roll = 50 * time.Second
			dial := c.Dial
			c.Dial = func(ctx context.Context, addr string) (net.Conn, error) {
				if addr == far.Addrs[0] {
					<-ctx.Done()
					return nil, ctx.Err()
				}
				return dial(ctx, addr)
			}
		}
		a.start(change)
		b.start(change)
		a.up(10 * time.Second)
		b.up(time.Second)
		c := newCall(a, b)
		at, epoch := time.Now(), a.m.State("borovia").Epoch
		w.n.set(func() { w.n.cutUDP = true })
		time.Sleep(10 * time.Second)
		if gap := c.hear[0].gap(at, time.Now()); gap > 5*time.Second {
			t.Errorf("no sound for %v, want ≤ 5 s", gap)
		}
		from := time.Now()
		time.Sleep(90 * time.Second)
		to := time.Now()
		c.end()
		if s := a.m.State("borovia"); s.Epoch <= epoch || !s.Tunnel {
			t.Errorf("epoch was %d, state %+v", epoch, s)
		}
		for i := range c.mic {
			if n := missing(c.mic[i], c.hear[i], from, to); n > 0 {
				t.Errorf("%d packets of sound lost while keys rolled", n)
			}
		}
	})
}

// TestTunnelQueues: what waits is bounded, sound has its own room and goes first.
func TestTunnelQueues(t *testing.T) {
	u := &tunnel{sound: make([]byte, 0, tunnelSound), video: make([]byte, 0, tunnelVideo), wake: make(chan struct{}, 1)}
	fill := func(video bool, size, most int) {
		n := 0
		for u.push(make([]byte, size), video) {
			n++
		}
		if want := most / (size + mediaHeader); n != want {
			t.Errorf("video %v: %d packets of %d bytes wait, want %d", video, n, size, want)
		}
	}
	fill(true, 1198, tunnelVideo)
	fill(false, 198, tunnelSound)
	if cap(u.sound) != tunnelSound || cap(u.video) != tunnelVideo {
		t.Error("a queue grew")
	}
}

// TestSlowMediaConnection: where the sender learns nothing of what comes, pictures are dropped and said so; else it sends none that do not fit. Sound
// is not lost and not late in either case.
func TestSlowMediaConnection(t *testing.T) {
	for _, c := range []struct {
		what       string
		slow, told bool
		dropped    [2]uint64
		came       [2]int
	}{
		{"slow, nothing is told", true, false, [2]uint64{101, 2000}, [2]int{500, 1900}},
		{"slow", true, true, [2]uint64{0, 100}, [2]int{20, 1000}},
		{"control", false, true, [2]uint64{}, [2]int{1990, 2000}},
	} {
		blockedPair(t, true, func(w *world, a, b *node) {
			if c.slow {
				w.n.set(func() { w.n.rate = 60e3 })
			}
			mic, cam := a.source(media.Audio, 11), a.source(media.Video, 12)
			a.conn().Offer("m/ana/mic", mic.stream)
			a.conn().Offer("m/ana/cam", cam.stream)
			hear, see := b.listen("m/ana/mic", media.Audio), b.listen("m/ana/cam", media.Video)
			time.Sleep(6 * time.Second)
			mic.run(20 * time.Millisecond)
			cam.run(10 * time.Millisecond) // 100 kB/s
			from := time.Now()
			time.Sleep(20 * time.Second)
			dropped, to := a.conn().Counters().TunnelDropped, time.Now()
			mic.halt()
			cam.halt()
			time.Sleep(3 * time.Second)
			late, _ := lateShare(mic, hear, from, to, 40*time.Millisecond, 200*time.Millisecond)
			if n := see.got(); late > 0.001 || dropped < c.dropped[0] || dropped > c.dropped[1] || n < c.came[0] || n > c.came[1] {
				t.Errorf("%s: %d packets dropped, %.3f of sound late, %d of %d pictures came", c.what, dropped, late, n, cam.count)
			}
		}, func(x *Config) {
			if !c.told {
				x.Features = []string{}
			}
		})
	}
}

func TestReadMedia(t *testing.T) {
	var head [mediaHeader]byte
	packet := func(n int) []byte { return appendMedia(nil, make([]byte, n)) }
	for _, c := range []struct {
		name string
		in   []byte
		room int
		n    int
		err  error
	}{
		{"shortest", packet(minMedia), 2000, minMedia, nil},
		{"one less", packet(minMedia - 1), 2000, 0, errMedia},
		{"longest", packet(udp.MaxDatagram), 2000, udp.MaxDatagram, nil},
		{"one more", packet(udp.MaxDatagram + 1), 2000, 0, errMedia},
		{"null packets first", append([]byte{0, 0, 0, 0}, packet(20)...), 2000, 20, nil},
		{"no room", packet(20), 19, 0, errMedia},
		{"cut", packet(20)[:21], 2000, 0, io.ErrUnexpectedEOF},
		{"half a length", []byte{0}, 2000, 0, io.ErrUnexpectedEOF},
		{"nothing", nil, 2000, 0, io.EOF},
	} {
		b, err := readMedia(bytes.NewReader(c.in), &head, make([]byte, 0, c.room))
		if len(b) != c.n || !errors.Is(err, c.err) {
			t.Errorf("%s: %d bytes, %v, want %d, %v", c.name, len(b), err, c.n, c.err)
		}
	}
}

func FuzzReadMedia(f *testing.F) {
	f.Add(appendMedia(appendMedia(nil, make([]byte, 28)), make([]byte, 1200)))
	f.Add([]byte{0, 0, 0, 12, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
	f.Add([]byte{0xff, 0xff, 0x80})
	f.Add([]byte{5, 0xdd})
	f.Fuzz(func(t *testing.T, b []byte) {
		var head [mediaHeader]byte
		var again []byte
		r := bytes.NewReader(b)
		dst := make([]byte, 0, 4*udp.MaxDatagram)
		for {
			was := len(b) - r.Len()
			first := whole(b[was:])
			x, err := readMedia(r, &head, dst[:0])
			if err != nil {
				if len(x) > 0 {
					t.Fatalf("%d bytes beside %v", len(x), err)
				}
				break
			}
			if len(x) < minMedia || len(x) > udp.MaxDatagram {
				t.Fatalf("a packet of %d bytes", len(x))
			}
			again = appendMedia(again[:0], x)
			now := len(b) - r.Len()
			if !bytes.Equal(again, b[now-len(again):now]) || first && now-was != len(again) {
				t.Fatal("not what was written")
			}
		}
	})
}

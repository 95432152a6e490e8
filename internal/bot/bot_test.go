package bot_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/rtp"

	"visavis/internal/bot"
	"visavis/internal/wire"
)

// run starts a bot against a fake node in virtual time, and f in the middle of it; it waits for both to end.
func run(t *testing.T, c bot.Config, drop func() bool, f func(b *bot.Bot, n *fakeNode, ended chan error)) {
	synctest.Test(t, func(t *testing.T) {
		own, far, stop := wires(t, drop)
		defer stop()
		n := newFakeNode(t, far)
		defer n.close()
		clip, err := bot.Load(bot.AvelmarDelegate, bot.Tone500)
		must(t, err)
		c.Link, c.Clip, c.Net, c.Dial, c.Floor, c.Stage = "http://node.test/join#CODE", clip, own, n.ln.dial, 1, 1
		b, err := bot.New(c)
		must(t, err)
		ctx, cancel := context.WithCancel(context.Background()) // of the bubble, not of the test around it
		defer cancel()
		ended := make(chan error, 1)
		over := make(chan struct{})
		go func() { defer close(over); ended <- b.Run(ctx) }()
		f(b, n, ended)
		cancel()
		<-over
		n.close()
	})
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for range 600 {
		if ok() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("%s: not within 30 s", what)
}

func TestBotPlaysAndCounts(t *testing.T) {
	run(t, bot.Config{}, nil, func(b *bot.Bot, n *fakeNode, _ chan error) {
		until(t, "media", func() bool { return b.Stats().Media })
		until(t, "first picture", func() (ok bool) { n.read(func() { ok = n.heard["video"] > 0 }); return })
		var audio, keys int
		n.read(func() { audio, keys = n.heard["audio"], n.keys })
		for seq := range uint16(100) { // 2 s at 20 ms
			n.send(seq+1, []byte{1, 2, 3})
			time.Sleep(20 * time.Millisecond)
		}
		time.Sleep(100 * time.Millisecond)
		n.read(func() {
			if got := n.heard["audio"] - audio; got < 100 || got > 106 {
				t.Errorf("packets of sound in 2.1 s = %d, want 105", got)
			}
			if n.levels[127] != 0 || len(n.levels) == 0 {
				t.Errorf("levels = %v, want the tone's and never silence", n.levels)
			}
			if keys == 0 || n.keys > keys+2 {
				t.Errorf("keyframes = %d, then %d 2.1 s later, want one every 2 s", keys, n.keys)
			}
		})
		s := b.Stats()
		for _, name := range []string{"floor0", "stage0"} {
			if r := s.Slots[name]; r.Packets != 100 || r.Lost != 0 || r.Repeated != 0 || r.SSRCs != 1 || r.Gap > 30*time.Millisecond {
				t.Errorf("%s = %+v, want 100 packets of one SSRC in order", name, r)
			}
		}
		if s.You != "avelmar-kell" || s.Joins != 1 || !s.Connected {
			t.Errorf("you %q, joins %d, connected %v; want avelmar-kell, 1, true", s.You, s.Joins, s.Connected)
		}
		if s.Slots["stage0"].Frames != 100 {
			t.Errorf("frames = %d, want 100", s.Slots["stage0"].Frames)
		}
	})
}

func TestBotAnswersKeyframeRequests(t *testing.T) {
	run(t, bot.Config{}, nil, func(b *bot.Bot, n *fakeNode, _ chan error) {
		until(t, "first picture", func() (ok bool) { n.read(func() { ok = n.keys == 1 }); return })
		time.Sleep(400 * time.Millisecond)
		n.read(func() {
			if n.keys != 1 { // the control: without a request the next one is 2 s after the first
				t.Errorf("keyframes = %d before a request, want 1", n.keys)
			}
		})
		n.askKey()
		n.askKey() // the second is within 300 ms: one keyframe for both
		time.Sleep(150 * time.Millisecond)
		n.read(func() {
			if n.keys != 2 {
				t.Errorf("keyframes = %d after a request, want 2", n.keys)
			}
		})
		if got := b.Stats().Sent["cam"]; got.Requests != 2 || got.Keyframes != 2 {
			t.Errorf("requests %d, keyframes %d; want 2, 2", got.Requests, got.Keyframes)
		}
	})
}

func TestBotMuteIsSilentBeforeItLeaves(t *testing.T) {
	run(t, bot.Config{MicOff: true, CameraOff: true}, nil, func(b *bot.Bot, n *fakeNode, _ chan error) {
		until(t, "sound", func() (ok bool) { n.read(func() { ok = n.heard["audio"] > 20 }); return })
		n.read(func() {
			if len(n.levels) != 1 || n.levels[127] == 0 || n.heard["video"] != 0 {
				t.Errorf("switched off: levels %v, pictures %d; want silence alone, 0", n.levels, n.heard["video"])
			}
		})
		b.Devices(true, true)
		time.Sleep(500 * time.Millisecond)
		n.read(func() {
			if len(n.levels) < 2 || n.heard["video"] == 0 || n.keys == 0 {
				t.Errorf("switched on: levels %v, pictures %d, keyframes %d; want sound and a keyframe", n.levels, n.heard["video"], n.keys)
			}
			want := []wire.Devices{{}, {Mic: true, Camera: true}}
			if len(n.devices) != 2 || n.devices[0] != want[0] || n.devices[1] != want[1] {
				t.Errorf("devices told = %v, want %v", n.devices, want)
			}
		})
	})
}

func TestBotResumesAfterALostSocketAndKeepsItsMedia(t *testing.T) {
	run(t, bot.Config{}, nil, func(b *bot.Bot, n *fakeNode, _ chan error) {
		until(t, "media", func() bool { return b.Stats().Media })
		n.cut <- struct{}{}
		until(t, "resume", func() bool { return b.Stats().Resumes == 1 })
		if s := b.Stats(); s.Joins != 1 || !s.Media {
			t.Errorf("joins %d, media %v; want 1, true", s.Joins, s.Media)
		}
		n.read(func() { n.refuse = true })
		n.cut <- struct{}{}
		until(t, "second join", func() bool { return b.Stats().Joins == 2 && b.Stats().Media })
		n.read(func() {
			if n.resumes != 2 || n.offers != 2 {
				t.Errorf("resumes %d, offers %d; want 2, 2", n.resumes, n.offers)
			}
		})
	})
}

func TestBotAsksForLostPacketsOnce(t *testing.T) {
	var dropping atomic.Bool
	var n3 atomic.Int32
	run(t, bot.Config{}, func() bool { return dropping.Load() && n3.Add(1)%7 == 0 }, func(b *bot.Bot, n *fakeNode, _ chan error) {
		until(t, "media", func() bool { return b.Stats().Media })
		dropping.Store(true)
		for seq := range uint16(300) {
			n.send(seq+1, []byte{1, 2, 3})
			time.Sleep(20 * time.Millisecond)
		}
		dropping.Store(false)
		n.send(301, []byte{1, 2, 3})
		time.Sleep(500 * time.Millisecond)
		r := b.Stats().Slots["stage0"]
		if r.Repaired < 10 || r.Packets < 290 {
			t.Errorf("of 301 packets with one datagram in seven lost: %d came, %d repaired; want ≥ 290 and ≥ 10", r.Packets, r.Repaired)
		}
		if r.Repeated > r.Repaired {
			t.Errorf("%d packets came again needlessly for %d repaired", r.Repeated, r.Repaired)
		}
	})
}

func TestBotRestartsICEAndThenJoinsAnew(t *testing.T) {
	var dark atomic.Bool
	run(t, bot.Config{}, dark.Load, func(b *bot.Bot, n *fakeNode, _ chan error) {
		until(t, "media", func() bool { return b.Stats().Media })
		dark.Store(true)
		until(t, "restart", func() bool { return b.Stats().Restarts > 0 })
		dark.Store(false)
		until(t, "media again", func() bool { return b.Stats().Media })
		if s := b.Stats(); s.Joins != 1 {
			t.Errorf("joins = %d, want 1: a short cut needs no new session", s.Joins)
		}
		dark.Store(true)
		until(t, "path given up", func() bool { return b.Stats().Joins > 1 })
		dark.Store(false)
		until(t, "media anew", func() bool { return b.Stats().Media })
	})
}

func TestBotEndsAsItIsTold(t *testing.T) {
	for _, x := range []struct {
		name string
		act  func(b *bot.Bot, n *fakeNode)
		want error
	}{
		{"leave", func(b *bot.Bot, n *fakeNode) { b.Leave() }, nil},
		{"moved", func(b *bot.Bot, n *fakeNode) { n.say <- wire.ToClient{Bye: &wire.Bye{Code: "moved"}} }, bot.ErrMoved},
		{"ended", func(b *bot.Bot, n *fakeNode) { n.say <- wire.ToClient{Bye: &wire.Bye{Code: "ended"}} }, bot.ErrEnded},
	} {
		t.Run(x.name, func(t *testing.T) {
			run(t, bot.Config{}, nil, func(b *bot.Bot, n *fakeNode, ended chan error) {
				until(t, "media", func() bool { return b.Stats().Media })
				x.act(b, n)
				select {
				case err := <-ended:
					if !errors.Is(err, x.want) {
						t.Errorf("Run = %v, want %v", err, x.want)
					}
				case <-time.After(5 * time.Second):
					t.Errorf("Run goes on")
				}
			})
		})
	}
}

// TestBotWaitsForWhatItDid: an act that is done, one that is refused, and one that the node says nothing of.
func TestBotWaitsForWhatItDid(t *testing.T) {
	run(t, bot.Config{}, nil, func(b *bot.Bot, n *fakeNode, _ chan error) {
		ctx := context.Background()
		if err := b.Act(ctx, wire.Act{Do: wire.DoYield}); !errors.Is(err, bot.ErrNotThere) {
			t.Errorf("an act before the welcome: %v, want %v", err, bot.ErrNotThere)
		}
		until(t, "media", func() bool { return b.Stats().Media })
		if err := b.Act(ctx, wire.Act{Do: wire.DoYield}); err != nil {
			t.Errorf("an act that is done: %v", err)
		}
		var refused *bot.Refused
		if err := b.Act(ctx, wire.Act{Do: wire.DoClose}); !errors.As(err, &refused) || refused.Code != "member.role" {
			t.Errorf("an act that is refused: %v", err)
		}
		if err := b.Act(ctx, wire.Act{Do: wire.DoEnd}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("an act without an answer: %v, want %v", err, context.DeadlineExceeded)
		}
		n.read(func() {
			for i, a := range n.acts {
				if a.ID <= 0 || i > 0 && a.ID <= n.acts[i-1].ID {
					t.Errorf("act %d has the number %d", i, a.ID)
				}
			}
			if len(n.acts) != 3 {
				t.Errorf("%d acts came, want 3", len(n.acts))
			}
		})
	})
}

func TestBotComesBackAfterShutdownAndStopsAtAUsedInvitation(t *testing.T) {
	run(t, bot.Config{}, nil, func(b *bot.Bot, n *fakeNode, ended chan error) {
		until(t, "media", func() bool { return b.Stats().Media })
		n.say <- wire.ToClient{Bye: &wire.Bye{Code: "shutdown"}}
		n.cut <- struct{}{}
		until(t, "back", func() bool { s := b.Stats(); return s.Resumes+s.Joins >= 2 })

		clip, err := bot.Load("", "")
		must(t, err)
		late, err := bot.New(bot.Config{Link: "http://node.test/join#CODE", Clip: clip, Dial: n.ln.dial})
		must(t, err)
		if err := late.Run(context.Background()); !errors.Is(err, bot.ErrInvitation) {
			t.Errorf("second use of an invitation: %v, want %v", err, bot.ErrInvitation)
		}
	})
}

func TestBotShowsPacketsToItsOwner(t *testing.T) {
	var sent, got atomic.Int32
	c := bot.Config{
		OnSend: func(track string, p *rtp.Packet) {
			sent.Add(1)
			p.Payload[len(p.Payload)-1] = 7
		},
		OnRTP: func(slot string, p *rtp.Packet) { got.Add(1) },
	}
	run(t, c, nil, func(b *bot.Bot, n *fakeNode, _ chan error) {
		until(t, "media", func() bool { return b.Stats().Media })
		n.send(1, []byte{1})
		n.send(2, []byte{1})
		until(t, "packets", func() bool { return sent.Load() > 50 && got.Load() == 4 })
		fresh, err := bot.Load("", bot.Tone500)
		must(t, err)
		if fresh.Sound[0].Data[239] == 7 && fresh.Sound[1].Data[239] == 7 {
			t.Error("OnSend changed the clip itself")
		}
	})
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	clip, err := bot.Load("", "")
	must(t, err)
	for _, c := range []bot.Config{
		{Link: "http://x/join", Clip: clip}, {Link: "ftp://x/join#C", Clip: clip}, {Link: "http://x/join#C"}, {Link: "http://x/join#C", Clip: clip, Stage: 13},
	} {
		if _, err := bot.New(c); err == nil {
			t.Errorf("New(%+v) gave no error", c.Link)
		}
	}
	if _, err := bot.New(bot.Config{Link: "http://x/join#C", Clip: clip, Stage: 12}); err != nil { // the control
		t.Errorf("New: %v", err)
	}
}

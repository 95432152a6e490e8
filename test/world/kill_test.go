package world_test

import (
	"bytes"
	"context"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"visavis/internal/bot"
	"visavis/internal/meeting"
	"visavis/internal/store"
	"visavis/test/world"
)

// file is the demo's informal meeting.
const (
	file = "../../cmd/visavis-demo/world/meeting.toml"
	id   = "avelmar-tolmeria-2026"
)

// backWithin is how long after a killed node answers again its members and the other side's see each other.
const backWithin = 5 * time.Second

// TestKilledNode kills each of two nodes in the middle of a call, as a power cut does, and starts it again: its members are back within
// 5 s, and at the end both hold one shared log, whole.
func TestKilledNode(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED: two whole nodes")
	}
	ctx, dir := t.Context(), t.TempDir()
	exe := filepath.Join(dir, "visavis")
	if out, err := exec.Command("go", "build", "-o", exe, "visavis/cmd/visavis").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	toml, err := filepath.Abs(file)
	if err != nil {
		t.Fatal(err)
	}
	nodes, err := world.Loopback(ctx, exe, dir, toml, [2]string{"avelmar", "tolmeria"})
	if err != nil {
		t.Fatal(err)
	}
	var bots [2]*bot.Bot
	for i, member := range []string{"avelmar-tarroven", "tolmeria-kosvane"} {
		if err := nodes[i].Start(ctx); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(nodes[i].Kill)
		bots[i] = sit(t, nodes[i], member)
	}
	await(t, "the call begins", bots, 20*time.Second)
	for i, n := range nodes {
		for _, on := range []bool{false, true, false, true} { // what the kill may cut in two
			bots[i].Devices(on, true)
		}
		n.Kill()
		if err := n.Start(ctx); err != nil {
			t.Fatal(err)
		}
		await(t, n.Party+" was killed", bots, backWithin)
	}
	for _, b := range bots {
		b.Devices(false, true)
	}
	within(t, "the last events cross", backWithin, func() bool {
		return seen(bots[0], "tolmeria-kosvane", false) && seen(bots[1], "avelmar-tarroven", false)
	})
	for _, n := range nodes {
		if err := n.Stop(); err != nil {
			t.Error(err)
		}
	}
	a, b := shared(t, nodes[0]), shared(t, nodes[1])
	// Both stopped while members were in: nobody's leaving is in it, and the same entries on either side.
	if len(a) != len(b) || len(a) < 4 {
		t.Fatalf("%d and %d entries", len(a), len(b))
	}
	for i := range a {
		if !bytes.Equal(a[i], b[i]) {
			t.Errorf("entry %d differs:\n%s\n%s", i+1, a[i], b[i])
		}
	}
}

// sit joins a member as a bot that lives until the test ends.
func sit(t *testing.T, n *world.Node, member string) *bot.Bot {
	t.Helper()
	link, err := n.Invite(t.Context(), id, member)
	if err != nil {
		t.Fatal(err)
	}
	clip := &bot.Clip{FPS: 15, Sound: []bot.Sound{{Data: append([]byte{0x78}, make([]byte, 159)...), Level: 30}}}
	for i := range 15 {
		f := bytes.Repeat([]byte{byte(i)}, 1600)
		if f[0] = 0x11; i == 0 { // RFC 6386 §9.1: bit 0 is 0 in keyframes
			f[0] = 0x10
		}
		clip.Frames = append(clip.Frames, bot.Frame{Data: f, Key: i == 0})
	}
	b, err := bot.New(bot.Config{Link: link, Clip: clip, Loopback: true, Dial: n.DialLoopback})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx) }()
	t.Cleanup(func() { stop(); <-ended })
	return b
}

// await waits until both see each other in the meeting with the microphone on, and new pictures come to both.
func await(t *testing.T, what string, bots [2]*bot.Bot, d time.Duration) {
	t.Helper()
	before := [2]uint64{frames(bots[0]), frames(bots[1])}
	within(t, what, d, func() bool {
		return seen(bots[0], "tolmeria-kosvane", true) && seen(bots[1], "avelmar-tarroven", true) && frames(bots[0]) > before[0]+5 && frames(bots[1]) > before[1]+5
	})
	if t.Failed() {
		t.Fatalf("%+v\n%+v", bots[0].Stats(), bots[1].Stats())
	}
}

func seen(b *bot.Bot, member string, mic bool) bool {
	s := b.Stats()
	for _, p := range s.State.Present {
		if p.Member == member {
			return s.Connected && s.Media && p.Far == "" && p.Mic == mic && s.State.Alarm == ""
		}
	}
	return false
}

// frames are the pictures that came from the other side.
func frames(b *bot.Bot) (n uint64) {
	for _, r := range b.Stats().Slots {
		n += r.Frames
	}
	return n
}

func within(t *testing.T, what string, d time.Duration, ok func() bool) {
	t.Helper()
	began := time.Now()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for end := time.After(d); ; {
		if ok() {
			t.Logf("%s: %v", what, time.Since(began).Round(10*time.Millisecond))
			return
		}
		select {
		case <-look.C:
		case <-end:
			t.Errorf("%s: not within %v", what, d)
			return
		}
	}
}

// shared reads a stopped node's shared log and checks its chain.
func shared(t *testing.T, n *world.Node) (all [][]byte) {
	t.Helper()
	s, err := store.Open(filepath.Join(n.Dir, "data"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var hash meeting.Hash
	for {
		es, err := s.Entries(t.Context(), "shared/"+id, int64(len(all))+1, 256)
		if err != nil {
			t.Fatal(err)
		}
		if len(es) == 0 {
			return all
		}
		for _, e := range es {
			x, err := meeting.DecodeEntry(e.Data)
			if err != nil || x.N != int64(len(all))+1 || x.Prev != hash {
				t.Fatalf("%s: entry %d does not follow: %v, %+v", n.Party, len(all)+1, err, x)
			}
			hash = meeting.Chain(hash, e.Data)
			all = append(all, e.Data)
		}
	}
}

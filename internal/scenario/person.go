package scenario

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/pion/rtp"

	"visavis/internal/bot"
	"visavis/internal/meeting"
)

// Person is a bot on a host of its own, in the seat of one member. What it sends is marked packet by packet, and what it receives
// is counted by mark: who hears whom is known to the packet.
type Person struct {
	Member meeting.MemberID
	Host   *Host
	Bot    *bot.Bot
	party  *Party
	stop   context.CancelFunc
	ended  chan struct{}
	err    error // of Run, after ended

	mu       sync.Mutex
	sent     map[string][]time.Time   // track → when number i was sent
	got      map[Heard]map[uint32]int // number → times
	bad      int                      // packets without a mark, silence aside
	last     map[Heard]time.Time      // when something new came
	arrivals []arrival                // of what was new
	gaps     map[Heard]time.Duration  // the longest time without
}

// Heard names a track of a member: "mic", "cam", or a layer of the camera, "cam/h".
type Heard struct {
	Member meeting.MemberID
	Track  string
}

// arrival is a packet that came for the first time.
type arrival struct {
	h   Heard
	n   uint32
	at  time.Time
	key bool // a keyframe begins
}

// mark begins the tail that each payload carries: it is at the end, since what is before it must look like Opus or VP8.
var mark = [4]byte{0xd1, 0xce, 0x5a, 0x7e}

// trackCode and trackOf write a track's name as one byte of the mark.
func trackCode(track string) byte {
	if layer, ok := strings.CutPrefix(track, "cam/"); ok {
		return layer[0] - 'a' + 'A'
	}
	return track[0]
}

func trackOf(c byte) string {
	switch {
	case c == 'm':
		return "mic"
	case c == 'c':
		return "cam"
	}
	return "cam/" + string(rune(c-'A'+'a'))
}

// Join invites m, gives it a host and lets it join. change may be nil.
func (p *Party) Join(m meeting.MemberID, change func(*bot.Config)) *Person {
	p.w.T.Helper()
	return p.JoinWith(m, p.Invite(m).Reveal(), change)
}

// JoinWith is Join with a given invitation link.
func (p *Party) JoinWith(m meeting.MemberID, link string, change func(*bot.Config)) *Person {
	t := p.w.T
	t.Helper()
	p.w.guests++
	h := p.w.Net.Host(t, fmt.Sprintf("45.%d.1.%d", p.net, p.w.guests))
	q := &Person{Member: m, Host: h, party: p, ended: make(chan struct{}), sent: map[string][]time.Time{}, got: map[Heard]map[uint32]int{}, last: map[Heard]time.Time{}, gaps: map[Heard]time.Duration{}}
	c := bot.Config{
		Link: link, Clip: testClip(), Net: h.vnet, Dial: h.DialContext, TLS: p.ClientTLS(),
		Log:    slog.New(slog.DiscardHandler),
		OnSend: q.onSend, OnRTP: q.onRTP,
	}
	if change != nil {
		change(&c)
	}
	b, err := bot.New(c)
	if err != nil {
		t.Fatal(err)
	}
	q.Bot = b
	ctx, stop := context.WithCancel(context.Background())
	q.stop = stop
	go func() {
		defer close(q.ended)
		q.err = b.Run(ctx)
	}()
	t.Cleanup(q.Leave)
	return q
}

// Leave ends the bot and waits for it.
func (q *Person) Leave() {
	q.stop()
	<-q.ended
}

// Err waits for the bot to end by itself, at most d, and says how.
func (q *Person) Err(d time.Duration) error {
	select {
	case <-q.ended:
		return q.err
	case <-time.After(d):
		return errors.New("it goes on")
	}
}

// Await waits until the bot is connected and its media flows, at most d.
func (q *Person) Await(d time.Duration) bool {
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if s := q.Bot.Stats(); s.Connected && s.Media {
			return true
		}
	}
	return false
}

// testClip is 15 pictures a second of two packets each, a keyframe every second, and a voice without a pause.
func testClip() *bot.Clip {
	c := &bot.Clip{FPS: 15}
	for i := range 15 {
		f := bytes.Repeat([]byte{byte(i)}, 1600)
		f[0] = 0x11 // RFC 6386 §9.1: bit 0 is 0 in keyframes
		if i == 0 {
			f[0] = 0x10
		}
		c.Frames = append(c.Frames, bot.Frame{Data: f, Key: i == 0})
	}
	c.Sound = []bot.Sound{{Data: append([]byte{0x78}, make([]byte, 159)...), Level: 30}}
	return c
}

func (q *Person) onSend(track string, p *rtp.Packet) {
	if len(p.Payload) <= 8 {
		return // silence of a closed microphone
	}
	q.mu.Lock()
	n := uint32(len(q.sent[track]))
	q.sent[track] = append(q.sent[track], time.Now())
	q.mu.Unlock()
	b := append(p.Payload, mark[:]...)
	b = append(b, q.Member...)
	b = append(b, byte(len(q.Member)), trackCode(track))
	p.Payload = binary.BigEndian.AppendUint32(b, n)
}

func (q *Person) onRTP(_ string, p *rtp.Packet) {
	b := p.Payload
	if len(b) <= 8 {
		return
	}
	n := len(b)
	size := int(b[n-6])
	if n < 10+size || !bytes.Equal(b[n-10-size:n-6-size], mark[:]) {
		q.mu.Lock()
		q.bad++
		q.mu.Unlock()
		return
	}
	h := Heard{meeting.MemberID(b[n-6-size : n-6]), trackOf(b[n-5])}
	now := time.Now()
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.got[h] == nil {
		q.got[h] = map[uint32]int{}
	} else {
		q.gaps[h] = max(q.gaps[h], now.Sub(q.last[h]))
	}
	q.last[h] = now
	number := binary.BigEndian.Uint32(b[n-4:])
	if q.got[h][number]++; q.got[h][number] == 1 {
		// RFC 7741 §4.2, as bots send it: 4 bytes of descriptor, S set; then bit 0 is 0 in keyframes.
		q.arrivals = append(q.arrivals, arrival{h, number, now, h.Track != "mic" && b[0]&0x10 != 0 && b[4]&1 == 0})
	}
}

// SentBetween are the numbers that q sent on a track from a on and before b.
func (q *Person) SentBetween(track string, a, b time.Time) []uint32 {
	q.mu.Lock()
	defer q.mu.Unlock()
	var out []uint32
	for i, at := range q.sent[track] {
		if !at.Before(a) && at.Before(b) {
			out = append(out, uint32(i))
		}
	}
	return out
}

// Missing counts those of the numbers that q did not receive, and Repeated those that it received more than once.
func (q *Person) Missing(h Heard, numbers []uint32) (missing, repeated int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, n := range numbers {
		switch q.got[h][n] {
		case 0:
			missing++
		case 1:
		default:
			repeated++
		}
	}
	return missing, repeated
}

// Count is how many packets of h came, each counted once.
func (q *Person) Count(h Heard) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.got[h])
}

// Hears lists whose tracks came.
func (q *Person) Hears() map[Heard]int {
	q.mu.Lock()
	defer q.mu.Unlock()
	out := map[Heard]int{}
	for h, m := range q.got {
		out[h] = len(m)
	}
	return out
}

// Unmarked counts packets that no Person sent.
func (q *Person) Unmarked() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.bad
}

// Gap is the longest time without a new packet of h since the last call.
func (q *Person) Gap(h Heard) time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	g := q.gaps[h]
	if at := q.last[h]; !at.IsZero() {
		g = max(g, time.Since(at))
	}
	q.gaps[h] = 0
	return g
}

package bot

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/transport/v4"
	"github.com/pion/webrtc/v4"

	"visavis/internal/softkey"
	"visavis/internal/wire"
)

// Errors with which Run ends. Everything else a bot sits out.
var (
	// ErrInvitation: the node does not know the invitation (used, expired, forged).
	ErrInvitation = errors.New("invitation unknown")
	// ErrSession: the node no longer knows the session that the invitation gave.
	ErrSession = errors.New("session ended")
	// ErrMoved: somebody else took the member's seat.
	ErrMoved = errors.New("seat taken by another device")
	// ErrEnded: the node ended the meeting, or refused this client for good.
	ErrEnded = errors.New("meeting ended")
)

// Config says who a bot is and how it reaches its node. Link is needed, and Clip unless Silent.
type Config struct {
	// PIN is what came by another way than the link, where the invitation asks for one.
	PIN string

	// Link is the invitation as a person gets it: https://HOST/join#CODE.
	Link string
	// Passkey makes the bot an officer or a technician: Link is then https://HOST/enrol#CODE, or any of the host once the authenticator has a
	// key for it, and Meeting says where it sits.
	Passkey *softkey.Authenticator
	Meeting string
	// Clip is what camera and microphone show and say.
	Clip *Clip
	// Feedback makes the bot tell its node when pictures came, as browsers do (transport-wide feedback): without it the node limits nothing.
	Feedback bool
	// Silent bots, officers and press, have neither camera nor microphone, and need no clip.
	Silent bool
	// Epoch is when clips began: bots with one epoch keep their turns to speak. Zero: when the bot was made.
	Epoch time.Time
	// MicOff and CameraOff are the switches at the start.
	MicOff, CameraOff bool
	// Floor and Stage are the numbers of receive slots; negative: none; 0: 3 and 6.
	Floor, Stage int
	// Net replaces the system's network for media (pion's vnet in virtual time).
	Net transport.Net
	// Loopback allows media over 127.0.0.1 and ::1 (the demo; pion leaves it out otherwise).
	Loopback bool
	// Dial replaces the system's dialer for HTTP and WebSocket.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// TLS is for https links; nil: the system's roots.
	TLS *tls.Config
	// Log may be nil.
	Log *slog.Logger
	// OnRTP sees each packet received, in the order of the slot; it must not keep it. OnSend sees each packet just before
	// it is sent and may change the payload. OnMessage sees what the node says. Each may be nil and must not block.
	OnRTP     func(slot string, p *rtp.Packet)
	OnSend    func(track string, p *rtp.Packet)
	OnMessage func(m wire.ToClient)
	// OnMedia gets each media session when it is up for the first time: for tests that do with it what no bot does. It may be nil and
	// must not block.
	OnMedia func(pc *webrtc.PeerConnection)
}

// Bot is one simulated member. Its methods may be called concurrently; Run once at a time.
type Bot struct {
	c    Config
	door *door
	log  *slog.Logger

	mu       sync.Mutex // guards what follows
	mic, cam bool
	leave    bool
	poke     chan struct{} // one place: something above changed
	stats    Stats
	media    *media // nil before the first join
	talk     *talk  // nil unless welcomed
	acts     int    // so far; the number of the last
	asked    map[int]chan wire.Done
}

// New gives a bot that has not yet done anything. The error says what is wrong with c.
func New(c Config) (*Bot, error) {
	d, err := newDoor(c)
	if err != nil {
		return nil, err
	}
	if c.Clip == nil && !c.Silent {
		return nil, errors.New("a bot needs a clip")
	}
	if err := c.Clip.check(); err != nil {
		return nil, err
	}
	if c.Floor > maxSlots || c.Stage > maxSlots {
		return nil, fmt.Errorf("%d floor and %d stage slots, at most %d each", c.Floor, c.Stage, maxSlots)
	}
	c.Floor, c.Stage = slots(c.Floor, 3), slots(c.Stage, 6)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Epoch.IsZero() {
		c.Epoch = time.Now()
	}
	return &Bot{c: c, door: d, log: c.Log, mic: !c.MicOff, cam: !c.CameraOff, poke: make(chan struct{}, 1), asked: map[int]chan wire.Done{}}, nil
}

func slots(n, standard int) int {
	switch {
	case n == 0:
		return standard
	case n < 0:
		return 0
	}
	return n
}

// Run joins and stays: it comes back after a lost socket, a lost path and a restarted node. It ends with nil after Leave,
// with the context's error, or with one of the errors of this package. After ErrMoved, Run may be called again: it takes
// the seat back.
func (b *Bot) Run(ctx context.Context) error {
	b.mu.Lock()
	b.leave = false
	b.mu.Unlock()
	defer b.door.close()
	defer b.dropMedia()
	var resume token
	for pause := backoffFirst; ; pause = min(2*pause, backoffMost) {
		welcomed, err := b.once(ctx, &resume)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil: // left
			return nil
		case errors.Is(err, ErrInvitation), errors.Is(err, ErrSession), errors.Is(err, ErrMoved), errors.Is(err, ErrEnded):
			return err
		}
		b.log.Debug("bot comes back", "person", b.You(), "err", err)
		if welcomed {
			pause = backoffFirst
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// token is what resumes a seat, and since when it may be needed.
type token struct {
	text string
	lost time.Time
}

// once opens the door if it must, joins or resumes over one WebSocket, and talks until that ends.
func (b *Bot) once(ctx context.Context, resume *token) (welcomed bool, err error) {
	if err := b.door.enter(ctx); err != nil {
		return false, err
	}
	ws, err := b.door.dial(ctx)
	if err != nil {
		return false, err
	}
	t := &talk{b: b, ws: ws, in: make(chan wire.ToClient, 16), done: make(chan struct{})}
	defer t.close()
	t.read(ctx)
	if err := t.hello(ctx, resume); err != nil {
		return false, err
	}
	b.connected(t)
	err = t.serve(ctx, resume)
	b.connected(nil)
	resume.lost = time.Now()
	return true, err
}

// Devices switches microphone and camera, and tells the node.
func (b *Bot) Devices(mic, camera bool) {
	b.mu.Lock()
	b.mic, b.cam = mic, camera
	b.mu.Unlock()
	b.nudge()
}

// Leave leaves the meeting; Run then ends with nil.
func (b *Bot) Leave() {
	b.mu.Lock()
	b.leave = true
	b.mu.Unlock()
	b.nudge()
}

func (b *Bot) nudge() {
	select {
	case b.poke <- struct{}{}:
	default: // one nudge is under way and will see the newest switches
	}
}

func (b *Bot) devices() (mic, cam, leave bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.mic, b.cam, b.leave
}

// You is the member that the bot is, "" before the first welcome.
func (b *Bot) You() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.stats.You
}

package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/pion/webrtc/v4"

	"visavis/internal/wire"
)

// talk is one WebSocket, from hello to its end.
type talk struct {
	b    *Bot
	ws   *websocket.Conn
	in   chan wire.ToClient // what the node said; closed with the socket
	done chan struct{}
	wg   sync.WaitGroup

	restarting bool // an offer with an ICE restart is on its way
}

var errSocket = errors.New("socket closed")

// read moves messages from the socket to t.in until the socket ends.
func (t *talk) read(ctx context.Context) {
	t.wg.Go(func() {
		defer close(t.in)
		for {
			kind, data, err := t.ws.Read(ctx)
			if err != nil || kind != websocket.MessageText {
				return
			}
			m, err := wire.DecodeToClient(data)
			if err != nil {
				t.b.log.Warn("message not understood", "person", t.b.You(), "err", err)
				return
			}
			if f := t.b.c.OnMessage; f != nil {
				f(m)
			}
			select {
			case t.in <- m:
			case <-t.done:
				return
			}
		}
	})
}

func (t *talk) close() {
	t.waits("")
	close(t.done)
	_ = t.ws.CloseNow()
	t.wg.Wait()
}

func (t *talk) send(ctx context.Context, m wire.FromClient) error {
	data, err := wire.EncodeFromClient(m)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, dialWait)
	defer cancel()
	return t.ws.Write(ctx, websocket.MessageText, data)
}

// hello resumes the seat while that is possible and the media session is still there, and joins anew otherwise.
func (t *talk) hello(ctx context.Context, resume *token) error {
	b := t.b
	h := &wire.Hello{Version: wire.Version}
	m := b.current()
	again := m != nil && m.usable() && resume.text != "" && time.Since(resume.lost) < resumeFor
	if again {
		h.Resume = resume.text
	} else {
		b.dropMedia()
		var err error
		if m, err = newMedia(b); err != nil {
			return fmt.Errorf("media: %w", err)
		}
		b.keepMedia(m)
		offer, err := m.offer(ctx, false)
		if err != nil {
			return fmt.Errorf("offer: %w", err)
		}
		h.Offer = offer
	}
	resume.text = "" // good for one use, whatever comes of it
	if err := t.send(ctx, wire.FromClient{Hello: h}); err != nil {
		return err
	}
	w, err := t.welcome(ctx)
	if err != nil {
		return err
	}
	if w.Answer != "" {
		if err := m.answer(w.Answer); err != nil {
			b.dropMedia()
			return fmt.Errorf("answer: %w", err)
		}
	}
	resume.text = w.Resume
	b.mu.Lock()
	b.stats.You, b.stats.State = w.You, w.State
	if again {
		b.stats.Resumes++
	} else {
		b.stats.Joins++
	}
	b.mu.Unlock()
	b.log.Debug("welcomed", "person", w.You, "meeting", w.Meeting.ID)
	return t.switches(ctx)
}

func (t *talk) welcome(ctx context.Context) (*wire.Welcome, error) {
	late := time.After(welcomeWait)
	for {
		select {
		case m, ok := <-t.in:
			switch {
			case !ok:
				return nil, errSocket
			case m.Welcome != nil:
				t.waits("")
				return m.Welcome, nil
			case m.Wait != nil: // until an officer decides
				late = nil
				t.waits(m.Wait.Reason)
				continue
			}
			if err := t.take(m); err != nil {
				return nil, err
			}
		case <-late:
			return nil, errors.New("no welcome")
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// waits notes why the bot waits at the door.
func (t *talk) waits(reason string) {
	t.b.mu.Lock()
	t.b.stats.Waiting = reason
	t.b.mu.Unlock()
}

// switches tells the node our devices, and leaves if that was asked for.
func (t *talk) switches(ctx context.Context) error {
	mic, cam, leave := t.b.devices()
	if leave {
		return t.send(ctx, wire.FromClient{Leave: &wire.Leave{}})
	}
	if t.b.c.Silent {
		return nil
	}
	return t.send(ctx, wire.FromClient{Devices: &wire.Devices{Mic: mic, Camera: cam}})
}

// serve answers the node and mends the media path until the socket ends (an error), or we left (nil).
func (t *talk) serve(ctx context.Context, resume *token) error {
	b := t.b
	check := time.NewTicker(restartAfter / 4)
	defer check.Stop()
	for {
		select {
		case m, ok := <-t.in:
			if !ok {
				return errSocket
			}
			if m.Welcome != nil { // only a hello is answered by one
				return errors.New("welcome without a hello")
			}
			if err := t.take(m); err != nil {
				if errors.Is(err, errLeft) {
					return nil
				}
				return err
			}
		case <-b.poke:
			if err := t.switches(ctx); err != nil {
				return err
			}
		case <-check.C:
			if err := t.mend(ctx, resume); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

var errLeft = errors.New("left")

// take acts on one message.
func (t *talk) take(m wire.ToClient) error {
	b := t.b
	switch {
	case m.State != nil:
		b.mu.Lock()
		b.stats.State = *m.State
		b.mu.Unlock()
	case m.Floor != nil:
		b.mu.Lock()
		b.stats.Floor = slices.Clone(m.Floor.Slots)
		b.mu.Unlock()
	case m.Layers != nil:
		b.current().watch(m.Layers.RIDs)
	case m.Done != nil:
		b.answered(*m.Done)
	case m.Answer != nil:
		if !t.restarting {
			return errors.New("answer without an offer")
		}
		t.restarting = false
		if err := b.current().answer(m.Answer.SDP); err != nil {
			return fmt.Errorf("answer: %w", err)
		}
		b.mu.Lock()
		b.stats.Restarts++
		b.mu.Unlock()
	case m.Error != nil:
		b.log.Debug("refused", "person", b.You(), "err", m.Error.Code)
		if strings.HasPrefix(m.Error.Code, "version.") || strings.HasPrefix(m.Error.Code, "protocol.") {
			return fmt.Errorf("%w: %s", ErrEnded, m.Error.Code)
		}
		if t.restarting || strings.HasPrefix(m.Error.Code, "resume.") || strings.HasPrefix(m.Error.Code, "offer.") {
			b.dropMedia() // join anew
			return fmt.Errorf("refused: %s", m.Error.Code)
		}
	case m.Bye != nil:
		switch m.Bye.Code {
		case "moved":
			return ErrMoved
		case "left":
			return errLeft
		case "ended", "refused":
			return ErrEnded
		}
		return fmt.Errorf("bye: %s", m.Bye.Code)
	}
	return nil
}

// mend restarts ICE when the media path has been down for a while, and gives the session up when that did not help.
func (t *talk) mend(ctx context.Context, resume *token) error {
	m := t.b.current()
	if m == nil {
		return errors.New("no media session")
	}
	down := m.down(time.Now())
	switch {
	case m.pc.ConnectionState() == webrtc.PeerConnectionStateClosed, down > rejoinAfter:
		t.b.dropMedia()
		resume.text = ""
		return errors.New("media path lost")
	case down > restartAfter && !t.restarting && m.everUp():
		offer, err := m.offer(ctx, true)
		if err != nil {
			return fmt.Errorf("restart: %w", err)
		}
		t.restarting = true
		return t.send(ctx, wire.FromClient{Offer: offer})
	}
	return nil
}

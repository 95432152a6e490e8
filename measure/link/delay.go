package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	pionrtp "github.com/pion/rtp"

	"visavis/internal/bot"
	"visavis/measure/figures"
	"visavis/test/world"
)

const (
	wantDelay50 = 1.0 // ms
	wantDelay99 = 5.0 // ms
	delayWarm   = 3 * time.Second
	delayFor    = 30 * time.Second
	delayLimit  = 30 * time.Second // for both to be in the meeting
	stampBytes  = 8                // the packet's number, at the end of its payload
)

// measureDelay sends sound and pictures from a member of one node to a member of the other, all on loopback. The figure is the
// time from just before the sender's system call to the kernel's arrival stamp at the receiver's socket: three ways through
// the kernel's loopback and two whole nodes; nothing is subtracted. The control, at the same time, is the same way through two
// processes that do nothing but receive and send: what it has is the machine's, kernel and scheduling.
func measureDelay(ctx context.Context, o options, dir string, r *figures.Report) (err error) {
	nodes, err := world.Loopback(ctx, o.Visavis, dir, o.Meeting, [2]string{sides[0].party, sides[1].party})
	if err != nil {
		return err
	}
	for _, n := range nodes {
		if err := n.Start(ctx); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, n.Stop()) }()
	}
	p, err := newPair(ctx, nodes)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer p.wait()
	defer cancel()
	p.run(ctx)
	if err := p.awaitMedia(ctx); err != nil {
		return fmt.Errorf("%w\n%s", err, nodes[0].Tail())
	}
	time.Sleep(delayWarm)
	from := time.Now()
	control, err := relayed(ctx, delayFor)
	if err != nil {
		return err
	}
	cancel()
	p.wait()
	for _, kind := range []string{"audio", "video"} {
		d := p.delays(map[string]string{"audio": "mic", "video": "cam"}[kind], from)
		if len(d) == 0 {
			return fmt.Errorf("no %s packet came through", kind)
		}
		slices.Sort(d)
		o.Dump("delay of "+kind+", the longest, ms", d[max(0, len(d)-30):])
		r.Info("delay.packets."+kind, float64(len(d)), "packets")
		r.AtMost("delay."+kind+".p50", figures.Round(figures.Quantile(d, 0.5), 3), "ms", wantDelay50)
		r.AtMost("delay."+kind+".p99", figures.Round(figures.Quantile(d, 0.99), 3), "ms", wantDelay99)
	}
	slices.Sort(control)
	o.Dump("delay of the control, the longest, ms", control[max(0, len(control)-30):])
	r.Info("delay.control.p50", figures.Round(figures.Quantile(control, 0.5), 3), "ms")
	r.Info("delay.control.p99", figures.Round(figures.Quantile(control, 0.99), 3), "ms")
	return nil
}

// pair is a member who sends and one who receives.
type pair struct {
	nets [2]*stampedNet
	bots [2]*bot.Bot
	wg   sync.WaitGroup
	stop sync.Once

	mu   sync.Mutex // guards what follows
	sent map[uint64]sentPacket
	came map[uint64]packetID
	next uint64
}

type sentPacket struct {
	track string
	seq   uint16
	at    time.Time
}

func newPair(ctx context.Context, nodes [2]*world.Node) (*pair, error) {
	p := &pair{sent: map[uint64]sentPacket{}, came: map[uint64]packetID{}}
	clip, err := bot.Load(bot.AvelmarPrincipal, bot.Tone500)
	if err != nil {
		return nil, err
	}
	for i, s := range sides {
		link, err := nodes[i].Invite(ctx, meetingID, s.member)
		if err != nil {
			return nil, err
		}
		if p.nets[i], err = newStampedNet(); err != nil {
			return nil, err
		}
		c := bot.Config{Link: link, Clip: clip, Loopback: true, Net: p.nets[i], Dial: nodes[i].DialLoopback, Floor: 1, Stage: 2}
		if i == 0 {
			c.OnSend = p.sending
		} else {
			c.OnRTP, c.MicOff, c.CameraOff = p.coming, true, true
		}
		if p.bots[i], err = bot.New(c); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// payloadType is what a bot offers for a track; on the wire it tells the two apart.
func payloadType(track string) uint8 {
	if track == "mic" {
		return 111
	}
	return 96
}

func (p *pair) run(ctx context.Context) {
	for _, b := range p.bots {
		p.wg.Go(func() { _ = b.Run(ctx) })
	}
}

func (p *pair) wait() { p.stop.Do(p.wg.Wait) }

// sending numbers a packet at the end of its payload: forwarding changes headers and the VP8 descriptor, nothing behind them.
func (p *pair) sending(track string, q *pionrtp.Packet) {
	if len(q.Payload) < 40 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.next++
	p.sent[p.next] = sentPacket{track, q.SequenceNumber, time.Now()}
	binary.BigEndian.PutUint64(q.Payload[len(q.Payload)-stampBytes:], p.next)
}

func (p *pair) coming(_ string, q *pionrtp.Packet) {
	if len(q.Payload) < 40 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.came[binary.BigEndian.Uint64(q.Payload[len(q.Payload)-stampBytes:])] = packetID{q.SSRC, q.SequenceNumber}
}

func (p *pair) awaitMedia(ctx context.Context) error {
	limit := time.After(delayLimit)
	for {
		got := p.bots[1].Stats().Slots
		audio, video := uint64(0), uint64(0)
		for name, s := range got {
			if name[0] == 'f' {
				audio += s.Packets
			} else {
				video += s.Packets
			}
		}
		if audio > 100 && video > 100 {
			return nil
		}
		select {
		case <-limit:
			return fmt.Errorf("no media after %v: sender %+v, receiver %+v", delayLimit, p.bots[0].Stats(), p.bots[1].Stats())
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// delays are those of one track's packets sent after from, ms.
func (p *pair) delays(track string, from time.Time) []float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, n := range p.nets {
		n.mu.Lock()
		defer n.mu.Unlock()
	}
	var out []float64
	for n, s := range p.sent {
		id, ok := p.came[n]
		if !ok || s.track != track || s.at.Before(from) {
			continue
		}
		at, ok := p.nets[1].came[id]
		if !ok {
			continue
		}
		if sent, ok := p.nets[0].sent[sentID{payloadType(track), s.seq}]; ok {
			out = append(out, float64(at-sent)/1e6)
		}
	}
	return out
}

// Package bench loads a WebRTC server from outside, as its users would: one publisher over WHIP (RFC 9725), many receivers over WHEP,
// and says what came of it: one-way delay, loss, and what the server's process spent on it. Start from Run, or from Load for a
// measurement of its own shape. It must not know what kind of server it loads.
package bench

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// Target is a server to load.
type Target struct {
	Publish, Play Door
	// Tokens are for receivers in turn, where a token is good for one at a time, as those of `visavis invite` are; empty: Play.Token for all.
	Tokens  []string
	Foreign bool // it may be on another machine
	PID     int  // of the server, 0 if not known
}

// Load is one publisher and the receivers of what it sends, at one server. Its methods belong to one goroutine.
type Load struct {
	target    Target
	knocker   *knocker
	worker    *worker
	own       identity
	publisher *publisher
	window    *window // worker only
	receivers []*receiver
	failures  map[string]int
	failed    int
	joins     int // tried
}

// NewLoad starts a publisher at t. It sends nothing before Play. Errors say what the server refused.
func NewLoad(ctx context.Context, t Target) (*Load, error) {
	l := &Load{target: t, knocker: newKnocker(t.Foreign), window: &window{}, failures: map[string]int{}}
	for _, d := range []Door{t.Publish, t.Play} {
		if _, err := l.knocker.check(d); err != nil {
			return nil, err
		}
	}
	var err error
	if l.own, err = newIdentity(); err != nil {
		return nil, err
	}
	if l.worker, err = newWorker(); err != nil {
		return nil, err
	}
	p := newPublisher()
	l.window.run = p.run
	_, err = l.open(ctx, t.Publish, p, offerOf{sends: true, ssrc: [kinds]uint32{p.tracks[audio].ssrc, p.tracks[video].ssrc}})
	if err != nil {
		l.worker.close()
		return nil, fmt.Errorf("publish: %w", err)
	}
	l.publisher = p
	p.start()
	return l, nil
}

// Send lets the publisher send, or be silent.
func (l *Load) Send(on bool) {
	l.publisher.wanted.Store(true)
	l.publisher.paused.Store(!on)
}

// Join brings receivers up to n, joinsAtOnce at a time, and returns how many there are. Who cannot join is counted, not tried again.
func (l *Load) Join(ctx context.Context, n int) int { return l.joinUp(ctx, n, joinsAtOnce) }

// Crowd has n more receivers join all at once, and says the longest time without sound that those who were there already had until a second after,
// and how many there are now. Of a pause that has ended what the publisher was late itself is left out; one that has not ended by then counts too.
func (l *Load) Crowd(ctx context.Context, n int) (gap time.Duration, all int, err error) {
	sitting := slices.Clone(l.receivers)
	l.worker.call(func() {
		for _, r := range sitting {
			r.sound.watch(time.Now().UnixNano())
		}
	})
	all = l.joinUp(ctx, len(sitting)+n, n)
	err = wait(ctx, time.Second)
	l.worker.call(func() {
		for _, r := range sitting {
			gap = max(gap, r.sound.until(time.Now().UnixNano()))
		}
	})
	return gap, all, err
}

func (l *Load) joinUp(ctx context.Context, n, atOnce int) int {
	n = min(n, MaxReceivers)
	var mu sync.Mutex
	var wg sync.WaitGroup
	turn := make(chan struct{}, atOnce)
	missing := n - len(l.receivers)
	for range missing {
		turn <- struct{}{}
		d := l.target.Play
		if t := l.target.Tokens; len(t) > 0 {
			d.Token = t[l.joins%len(t)]
		}
		l.joins++
		wg.Go(func() {
			defer func() { <-turn }()
			r, err := l.join(ctx, d)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				l.receivers = append(l.receivers, r)
				return
			}
			l.failed++
			if why := err.Error(); len(l.failures) < maxReasons || l.failures[why] > 0 {
				l.failures[why]++
			}
		})
	}
	wg.Wait()
	return len(l.receivers)
}

func (l *Load) join(ctx context.Context, d Door) (*receiver, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r := &receiver{w: l.window, sources: map[uint32]*source{}, ssrc: rand.Uint32()}
	r.sound.watch(time.Now().UnixNano())
	r.report = time.Now().Add(rand.N(time.Second)) // a second's reports must not come all at once
	r.feedback = time.Now().Add(rand.N(100 * time.Millisecond))
	if _, err := l.open(ctx, d, r, offerOf{}); err != nil {
		return nil, err
	}
	return r, nil
}

// Measure counts for d, and waits a little for what is under way.
func (l *Load) Measure(ctx context.Context, d time.Duration) (Figures, error) {
	f := Figures{Receivers: len(l.receivers), Failed: l.failed, Reasons: l.failures, Profile: l.publisher.s.profile.String()}
	number := func() (n [kinds]uint32) {
		for k := range n {
			n[k] = l.publisher.tracks[k].number.Load()
		}
		return n
	}
	l.worker.call(func() {
		w := l.window
		*w = window{open: true, run: w.run, from: number(), to: [kinds]uint32{math.MaxUint32, math.MaxUint32}}
		for _, r := range l.receivers {
			r.reset()
		}
	})
	before, err := l.cpu()
	if err != nil {
		return f, err
	}
	began := time.Now()
	own, _ := cpuOf(pidOfSelf())
	if err := wait(ctx, min(d, MaxTime)); err != nil {
		return f, err
	}
	l.worker.call(func() { l.window.to = number() })
	f.Seconds = time.Since(began).Seconds()
	after, err := l.cpu()
	if err != nil {
		return f, err
	}
	ownAfter, _ := cpuOf(pidOfSelf())
	f.ToolCores = (ownAfter - own).Seconds() / f.Seconds
	if l.target.PID != 0 {
		if f.Resident, err = residentOf(l.target.PID); err != nil {
			return f, err
		}
		f.Cores = (after - before).Seconds() / f.Seconds
	}
	if err := wait(ctx, grace); err != nil {
		return f, err
	}
	l.worker.call(func() { l.collect(&f) })
	f.finish(after - before)
	return f, nil
}

// collect reads the window. Worker.
func (l *Load) collect(f *Figures) {
	w := l.window
	w.open = false
	for k := range kinds {
		f.Sent[k] = uint64(w.to[k] - w.from[k])
		f.delays.merge(&w.delay[k])
		f.delay[k] = w.delay[k]
	}
	for _, r := range l.receivers {
		f.Duplicates += r.duplicates
		f.Alien += r.alien
		f.Unopened += r.s.unopened
		if r.s.lost.Load() {
			f.Lost++
		}
		for k := range kinds {
			n := r.seen[k].count()
			f.Received[k] += n
			if miss := f.Sent[k] - n; f.Sent[k] > 0 {
				f.WorstLoss[k] = max(f.WorstLoss[k], 100*float64(miss)/float64(f.Sent[k]))
			}
		}
	}
}

func (l *Load) cpu() (time.Duration, error) {
	if l.target.PID == 0 {
		return 0, nil
	}
	return cpuOf(l.target.PID)
}

// Resident returns the server's resident memory in bytes. It needs Target.PID.
func (l *Load) Resident() (int64, error) {
	if l.target.PID == 0 {
		return 0, errors.New("the server's process is not known")
	}
	return residentOf(l.target.PID)
}

// Close ends everything and tells the server.
func (l *Load) Close() {
	l.publisher.stop()
	var wg sync.WaitGroup
	turn := make(chan struct{}, joinsAtOnce)
	for _, r := range l.receivers {
		turn <- struct{}{}
		wg.Go(func() { r.s.close(); <-turn })
	}
	wg.Wait()
	l.publisher.s.close()
	l.worker.close()
}

// wait is a pause that a cancelled context ends.
func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

package bench

import (
	"context"
	"fmt"
	"time"
)

// Plan is one run: join First receivers, wait Settle, note the server's memory, join the rest, wait Settle again, count for Time.
type Plan struct {
	Target    Target
	Receivers int           // at most MaxReceivers
	First     int           // 0: a fifth of Receivers
	Settle    time.Duration // before each reading
	Time      time.Duration // at most MaxTime
	Progress  func(string)  // may be nil
}

// Run does a plan. Receivers that cannot join are in the figures; an error means that there are none.
func Run(ctx context.Context, p Plan) (Figures, error) {
	if p.Receivers < 1 || p.Receivers > MaxReceivers {
		return Figures{}, fmt.Errorf("%d receivers: from 1 to %d", p.Receivers, MaxReceivers)
	}
	if p.Time < time.Second || p.Time > MaxTime || p.Settle < 0 || p.Settle > MaxTime {
		return Figures{}, fmt.Errorf("measure for %s after %s: from 1 s to %s", p.Time, p.Settle, MaxTime)
	}
	if p.First <= 0 || p.First >= p.Receivers {
		p.First = max(1, p.Receivers/5)
	}
	say := func(format string, args ...any) {
		if p.Progress != nil {
			p.Progress(fmt.Sprintf(format, args...))
		}
	}
	l, err := NewLoad(ctx, p.Target)
	if err != nil {
		return Figures{}, err
	}
	defer l.Close()
	l.Send(true)
	say("publishing; %d receivers join", p.First)
	first := l.Join(ctx, p.First)
	if err := wait(ctx, p.Settle); err != nil {
		return Figures{}, err
	}
	var base int64
	if p.Target.PID != 0 {
		if base, err = l.Resident(); err != nil {
			return Figures{}, err
		}
	}
	say("%d receivers join", p.Receivers)
	all := l.Join(ctx, p.Receivers-p.First+first)
	if all == 0 {
		return Figures{Failed: l.failed, Reasons: l.failures}, fmt.Errorf("no receiver could join: %v", l.failures)
	}
	if err := wait(ctx, p.Settle); err != nil {
		return Figures{}, err
	}
	say("measuring for %s", p.Time)
	f, err := l.Measure(ctx, p.Time)
	if err == nil && p.Target.PID != 0 && all > first {
		f.PerReceiver = float64(f.Resident-base) / float64(all-first)
	}
	return f, err
}

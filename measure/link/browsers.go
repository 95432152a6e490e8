package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"visavis/measure/figures"
)

// Targets of the issue "the video link".
const (
	wantFPS        = 14  // of 15
	wantGap        = 500 // ms between two decoded frames
	wantJoin       = 1000
	wantCutAudio   = 500
	wantCutVideo   = 1000
	wantBack       = 5000
	heardAt        = -45.0 // dB: the other's tone; -70 is silence
	notHeardBelow  = -60.0 // dB: the own tone
	cutFor         = 3 * time.Second
	settle         = 3 * time.Second
	afterCut       = 4 * time.Second
	stunServer     = "203.0.113.7:3478"
	pageA, pageB   = "a", "b"
	backWithin     = 20 * time.Second
	stillThereLate = 1500 * time.Millisecond
)

// measureBrowsers measures all that needs two browsers on two nodes.
func measureBrowsers(ctx context.Context, o options, dir string, r *figures.Report) (err error) {
	g, err := newRig(ctx, o, dir)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := g.close(); err == nil {
			err = cerr
		}
	}()
	if err := g.sitDown(ctx); err != nil {
		return err
	}
	for _, m := range []struct {
		group string
		f     func(context.Context, options, *figures.Report) error
	}{{"browser", g.call}, {"cut", g.cuts}, {"kill", g.kill}, {"join", g.joins}} {
		if !o.Wanted(m.group) {
			continue
		}
		if err := m.f(ctx, o, r); err != nil {
			failed(r, m.group, err)
		}
	}
	return nil
}

// sitDown brings both principals into the meeting.
func (g *rig) sitDown(ctx context.Context) error {
	for i, page := range []string{pageA, pageB} {
		if err := g.open(ctx, i, page); err != nil {
			return err
		}
	}
	if err := g.drv.do(ctx, nil, "seat", map[string]any{"page": pageB}); err != nil {
		return err
	}
	time.Sleep(settle)
	var first float64
	if err := g.drv.do(ctx, &first, "sit", map[string]any{"page": pageA}); err != nil {
		return err
	}
	time.Sleep(settle)
	return nil
}

// call counts pictures, tones and foreign packets while both talk.
func (g *rig) call(ctx context.Context, o options, r *figures.Report) error {
	from := time.Now()
	var before, after [2]float64
	pages := []string{pageA, pageB}
	for i, p := range pages {
		if err := g.drv.do(ctx, &before[i], "decoded", map[string]any{"page": p}); err != nil {
			return err
		}
	}
	began := time.Now()
	time.Sleep(time.Duration(o.seconds) * time.Second)
	for i, p := range pages {
		if err := g.drv.do(ctx, &after[i], "decoded", map[string]any{"page": p}); err != nil {
			return err
		}
	}
	seconds := time.Since(began).Seconds()
	for i, p := range pages {
		s, err := g.seen(ctx, p, from, time.Now())
		if err != nil {
			return err
		}
		r.AtLeast("video.fps."+p, figures.Round((after[i]-before[i])/seconds, 2), "1/s", wantFPS)
		r.AtMost("video.gap."+p, figures.Round(longest(s.Frames), 0), "ms", wantGap)
		other, own := levels(s, 1-i, 0.5), levels(s, i, 0.99)
		r.AtLeast("tone.other."+p, figures.Round(other, 0), "dB", heardAt)
		r.AtMost("tone.own."+p, figures.Round(own, 0), "dB", notHeardBelow)
	}
	return g.foreign(ctx, r)
}

// foreign reads the counters, then shows that they count.
func (g *rig) foreign(ctx context.Context, r *figures.Report) error {
	for i, p := range []string{pageA, pageB} {
		n, err := g.net.Count(sides[i].browser, "foreign")
		if err != nil {
			return err
		}
		r.AtMost("packets.foreign."+p, float64(n), "packets", 0)
		dns, err := g.net.Count(sides[i].browser, "dns")
		if err != nil {
			return err
		}
		r.Info("packets.dns."+p, float64(dns), "packets")
	}
	before, err := g.net.Count(sides[0].browser, "foreign")
	if err != nil {
		return err
	}
	if err := g.drv.do(ctx, nil, "stun", map[string]any{"page": pageA, "server": stunServer}); err != nil {
		return err
	}
	after, err := g.net.Count(sides[0].browser, "foreign")
	if err != nil {
		return err
	}
	r.AtLeast("packets.foreign.control", float64(after-before), "packets", 1)
	return nil
}

// cuts cuts the wire between the nodes again and again.
func (g *rig) cuts(ctx context.Context, o options, r *figures.Report) error {
	var audio, video []float64
	for range o.cuts {
		if _, err := g.cut(true); err != nil {
			return err
		}
		time.Sleep(cutFor)
		back, err := g.cut(false)
		if err != nil {
			return err
		}
		time.Sleep(afterCut)
		for i, p := range []string{pageA, pageB} {
			quiet, err := g.seen(ctx, p, back.Add(-stillThereLate), back)
			if err != nil {
				return err
			}
			if n := len(quiet.Frames); n > 0 || levels(quiet, 1-i, 0.5) > heardAt { // the control: the cut does cut
				return fmt.Errorf("page %s had %d frames and %.0f dB during the cut", p, n, levels(quiet, 1-i, 0.5))
			}
			s, err := g.seen(ctx, p, back, time.Now())
			if err != nil {
				return err
			}
			audio, video = append(audio, firstHeard(s, 1-i, back)), append(video, first(s.Frames, back))
		}
	}
	o.Dump("cut audio, video of a and b in turn, ms", audio, video)
	r.Info("cut.audio.p50", figures.Round(figures.Quantile(audio, 0.5), 0), "ms")
	r.AtMost("cut.audio.max", figures.Round(slices.Max(audio), 0), "ms", wantCutAudio)
	r.Info("cut.video.p50", figures.Round(figures.Quantile(video, 0.5), 0), "ms")
	r.AtMost("cut.video.max", figures.Round(slices.Max(video), 0), "ms", wantCutVideo)
	return nil
}

// kill kills one node and starts it again: both members must see and hear each other again without doing anything.
func (g *rig) kill(ctx context.Context, _ options, r *figures.Report) error {
	g.nodes[1].Kill()
	time.Sleep(time.Second)
	if err := g.nodes[1].Start(ctx); err != nil {
		return err
	}
	up := time.Now()
	worst := 0.0
	for _, p := range []string{pageA, pageB} {
		took := math.NaN()
		for time.Since(up) < backWithin && math.IsNaN(took) {
			time.Sleep(200 * time.Millisecond)
			s, err := g.seen(ctx, p, up, time.Now())
			if err != nil {
				return err
			}
			took = first(s.Frames, up)
		}
		if math.IsNaN(took) {
			return fmt.Errorf("page %s has no picture %v after the node was up again", p, backWithin)
		}
		r.Info("kill.video."+p, figures.Round(took, 0), "ms")
		worst = math.Max(worst, took)
	}
	r.AtMost("kill.back", figures.Round(worst, 0), "ms", wantBack)
	return nil
}

// joins opens one invitation after the other on one side while the other side sits.
func (g *rig) joins(ctx context.Context, o options, r *figures.Report) error {
	if err := g.drv.do(ctx, nil, "shut", map[string]any{"page": pageA}); err != nil {
		return err
	}
	var took []float64
	for range o.joins {
		if err := g.open(ctx, 0, pageA); err != nil {
			return err
		}
		time.Sleep(time.Second) // a person looks at the page before pressing the button
		var ms float64
		if err := g.drv.do(ctx, &ms, "sit", map[string]any{"page": pageA}); err != nil {
			return err
		}
		took = append(took, ms)
		if err := g.drv.do(ctx, nil, "shut", map[string]any{"page": pageA}); err != nil {
			return err
		}
	}
	o.Dump("join, ms", took)
	r.AtMost("join.p50", figures.Round(figures.Quantile(took, 0.5), 0), "ms", wantJoin)
	r.Info("join.max", figures.Round(slices.Max(took), 0), "ms")
	return nil
}

// longest is the longest time between two frames, ms; NaN for fewer than two.
func longest(ts []float64) float64 {
	if len(ts) < 2 {
		return math.NaN()
	}
	g := 0.0
	for i := range ts[1:] {
		g = math.Max(g, ts[i+1]-ts[i])
	}
	return g
}

// levels is the level of one tone, dB, that is not passed in a part q of the looks; -100 if nothing was ever heard. Looks at
// which neither tone sounded are left out by the page.
func levels(s seen, tone int, q float64) float64 {
	var vs []float64
	for _, h := range s.Heard {
		vs = append(vs, h[1+tone])
	}
	if len(vs) == 0 {
		return -100
	}
	return figures.Quantile(vs, q)
}

// first is how long after t the first frame came, ms.
func first(ts []float64, t time.Time) float64 {
	for _, x := range ts {
		if x >= stamp(t) {
			return x - stamp(t)
		}
	}
	return math.NaN()
}

// firstHeard is how long after t a tone was first heard, ms.
func firstHeard(s seen, tone int, t time.Time) float64 {
	for _, h := range s.Heard {
		if h[0] >= stamp(t) && h[1+tone] > heardAt {
			return h[0] - stamp(t)
		}
	}
	return math.NaN()
}

package peer

import (
	"time"

	"visavis/internal/media"
)

// Quality is how the path between browser and node is, over the last seconds.
type Quality struct {
	RTT       time.Duration // 0: not known yet
	UpLoss    float64       // browser → node, 0..1, before resends
	DownLoss  float64       // node → browser, 0..1, before resends
	LastHeard time.Time     // the last authentic packet or answered check
	UpBits    int           // bit/s of payload, browser → node, over the last second
	DownBits  int           // bit/s of payload, node → browser
	Jitter    time.Duration // of the microphone (RFC 3550 §6.4.1)
	Pictures  string        // what the path leaves of them: "all", "less" (some at a lower layer), "paused" (some not at all)
}

// Quality returns the latest figures; they are renewed every second while media is connected. Any goroutine.
func (s *Session) Quality() Quality {
	if q := s.quality.Load(); q != nil {
		return *q
	}
	return Quality{Pictures: "all"}
}

// figures are what Quality is made of. Worker only.
type figures struct {
	rtt                    time.Duration
	upExpected, upLost     uint64 // of all streams, at the last look
	upLoss, downLoss       float64
	downExpected, downLost float64 // since the last look
	upSeen                 bool
	at                     time.Time // of the last look
	upBytes, downBytes     uint64    // until then
}

// sample takes a round-trip time, of a check or of a report, and smooths like TCP (RFC 6298 §2.3).
func (f *flow) sample(rtt time.Duration) {
	if rtt < 0 || rtt > 10*time.Second { // a clock that stepped
		return
	}
	g := &f.figures
	if g.rtt == 0 {
		g.rtt = max(rtt, 1)
		return
	}
	g.rtt += (rtt - g.rtt) / 8
}

// tell publishes the figures and tells streams and slots how long an answer takes.
func (f *flow) tell(now time.Time) {
	g := &f.figures
	var expected, lost, up, down uint64
	var jitter time.Duration
	for _, src := range f.sources {
		st := src.stream.Stats()
		expected += st.Packets + st.Lost - st.Recovered
		lost += st.Lost
		up += st.Bytes
		if src.name == "mic" {
			jitter = src.stream.Jitter()
		}
		src.stream.SetRTT(g.rtt)
	}
	for _, s := range f.slots {
		s.forwarder.SetRTT(g.rtt)
		down += s.forwarder.Stats().Bytes
	}
	e, l := expected-g.upExpected, max(lost, g.upLost)-g.upLost // Lost falls when packets were only reordered
	if g.upSeen && expected > g.upExpected {
		g.upLoss = smooth(g.upLoss, min(float64(l)/float64(e), 1))
	}
	g.upExpected, g.upLost, g.upSeen = expected, lost, true
	if g.downExpected > 0 {
		g.downLoss = smooth(g.downLoss, g.downLost/g.downExpected)
		g.downExpected, g.downLost = 0, 0
	}
	heard := f.heardAt
	if f.consent.After(heard) {
		heard = f.consent
	}
	q := Quality{RTT: g.rtt, UpLoss: g.upLoss, DownLoss: g.downLoss, LastHeard: heard, Jitter: jitter,
		Pictures: pictures(f.h.c.Switch.Shown(f))}
	if d := now.Sub(g.at); !g.at.IsZero() && d > 0 {
		q.UpBits, q.DownBits = rate(up, g.upBytes, d), rate(down, g.downBytes, d)
	}
	g.at, g.upBytes, g.downBytes = now, up, down
	f.s.quality.Store(&q)
}

// rate is what n − was bytes in d make, bit/s. A source that began anew counts from 0.
func rate(n, was uint64, d time.Duration) int {
	if n < was {
		was = 0
	}
	return int(float64(n-was) * 8 / d.Seconds())
}

func pictures(s media.Shown) string {
	switch s {
	case media.Less:
		return "less"
	case media.Paused:
		return "paused"
	}
	return "all"
}

// smooth moves half-way: with a look each second the figure follows within three.
func smooth(old, now float64) float64 { return (old + now) / 2 }

var (
	_ media.Sink   = (*flow)(nil)
	_ media.Source = (*flow)(nil)
)

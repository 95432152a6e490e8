package media

import (
	"time"

	"github.com/pion/rtcp"
)

// Estimator finds from transport-wide feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01) what the path to one receiver
// takes of numbered packets, its pictures and their resends; sound is not numbered and goes beside them. It looks at three things:
// how much later packets come than the quickest did (a queue fills), how many do not come, and how fast they came. It starts
// without an opinion: a receiver that never answers is not limited. The zero value is for a browser, NewEstimator makes others. Worker
// thread only; nothing here allocates but the first Sent.
type Estimator struct {
	next uint64       // number of the next packet
	sent []sentPacket // a power of two of them; nil before the first
	path Path

	delay   windowMin // arrival less departure, µs, on two clocks
	clock   remoteClock
	least   time.Duration // least that packets of this report stood in a queue; unknown: none yet
	queue   time.Duration // standing now
	before  time.Duration // the same trendFor ago
	turned  time.Time
	over    time.Time // since when there is too much
	arrived []arrival
	at      int // next in arrived

	window  lossWindow
	known   bool
	bits    float64 // estimate
	ceiling float64 // what the last probe found; 0: none since the last decrease
	raised  time.Time
	cut     time.Time // last decrease
	calm    time.Time // since when nothing is wrong
	stopped time.Time // nothing is sent until then
	stop    time.Duration
	probe   probe
}

type sentPacket struct {
	at    int64 // µs
	n     uint32
	size  uint16 // 0: none, or counted
	probe bool
	lost  bool // counted as lost
}

type arrival struct {
	at   int64 // µs on the receiver's clock
	size int
}

// lossWindow counts packets for half a second or so.
type lossWindow struct {
	since     time.Time
	got, lost int
	share     float64 // lost of the window before, 0 to 1
}

// probe is a short run of padding whose spread tells what the path can carry.
type probe struct {
	last        time.Time
	every       time.Duration
	first, end  uint64 // numbers
	firstAt     int64
	lastAt      int64
	bytes, seen int
}

// remoteClock unwraps the reference times of feedback: 24 bits of 64 ms.
type remoteClock struct {
	known bool
	top   int64
}

func (c *remoteClock) unwrap(ref uint32) int64 {
	if !c.known {
		c.known, c.top = true, int64(ref&0xffffff)
	} else {
		d := int64(int32((ref-uint32(c.top))<<8) >> 8)
		c.top += d
	}
	return c.top * 64000
}

// unknown is a queue of which nothing was told.
const unknown = time.Duration(1 << 62)

// Path is what an Estimator has to know of a path beforehand.
type Path struct {
	Most      float64       // bit/s that it takes at most
	Tick      time.Duration // how coarse arrivals are told
	LossMost  float64       // share of packets that may be lost without being too much for it
	LossOf    int           // packets that this share is taken from
	LossFor   time.Duration // or LossLeast, if they take so long
	LossLeast int
	RateFor   time.Duration // of arrivals that the rate of a full path is taken from: sooner right, or less moved by chance
}

// NewEstimator makes one for a path that is not a browser's.
func NewEstimator(p Path) *Estimator {
	e := &Estimator{}
	e.begin(p)
	return e
}

var browserPath = Path{Most: mostBits, LossMost: lossMost, LossOf: lossOf, LossFor: lossFor, LossLeast: lossLeast, RateFor: rateFor}

// begin makes room for what is on its way at the rate that the path may have.
func (e *Estimator) begin(p Path) {
	scale := 1
	for float64(scale)*mostBits < p.Most {
		scale *= 2
	}
	e.path, e.sent, e.arrived, e.least = p, make([]sentPacket, scale*sentKept), make([]arrival, scale*rateKept), unknown
}

// Reset forgets everything but the numbers: what was known was of another path.
func (e *Estimator) Reset() {
	clear(e.sent)
	clear(e.arrived)
	*e = Estimator{next: e.next, sent: e.sent, arrived: e.arrived, path: e.path, least: unknown}
}

// Sent takes note of a packet that goes out now, size bytes on the wire, and returns its number.
func (e *Estimator) Sent(now time.Time, size int, probe bool) uint16 {
	if e.sent == nil {
		e.begin(browserPath)
	}
	n := e.next
	e.sent[n&uint64(len(e.sent)-1)] = sentPacket{at: now.UnixMicro(), n: uint32(n), size: uint16(min(size, 1<<16-1)), probe: probe}
	e.next++
	return uint16(n)
}

// Warm reads what the next Sent needs.
func (e *Estimator) Warm() int { return int(e.next) }

// Bits is what the path takes of numbered packets, bit/s; false while that is not known.
func (e *Estimator) Bits() (float64, bool) { return e.bits, e.known }

// Feedback takes one report of the receiver. What it says of packets that were not sent, or long ago, counts for nothing.
func (e *Estimator) Feedback(now time.Time, p *rtcp.TransportLayerCC) {
	at := e.clock.unwrap(p.ReferenceTime)
	delta, left, number := 0, int(p.PacketStatusCount), p.BaseSequenceNumber
	for _, c := range p.PacketChunks {
		run, symbols := 0, []uint16(nil)
		var same uint16
		switch c := c.(type) {
		case *rtcp.RunLengthChunk:
			run, same = int(c.RunLength), c.PacketStatusSymbol
		case *rtcp.StatusVectorChunk:
			run, symbols = len(c.SymbolList), c.SymbolList
		}
		for i := range min(run, left) {
			if symbols != nil {
				same = symbols[i]
			}
			came := same == rtcp.TypeTCCPacketReceivedSmallDelta || same == rtcp.TypeTCCPacketReceivedLargeDelta
			if came {
				if delta >= len(p.RecvDeltas) {
					left = 0
					break
				}
				at += p.RecvDeltas[delta].Delta
				delta++
			}
			e.Packet(now, number, came, at)
			number++
		}
		if left -= run; left <= 0 {
			break
		}
	}
	e.Reported(now)
}

// Packet is what a report of any kind says of packet n, one of the last 65,536: whether it came, and when, µs on the receiver's clock. Reported
// ends the report.
func (e *Estimator) Packet(now time.Time, n uint16, came bool, at int64) {
	s, number := e.packet(n)
	if s == nil {
		return
	}
	if !came {
		e.lost(s)
		return
	}
	e.window.got++
	d, size := at-s.at, int(s.size)
	e.delay.add(now, delayWindow, d)
	e.arrived[e.at&(len(e.arrived)-1)] = arrival{at, size}
	e.at++
	if s.probe {
		e.probe.came(number, at, size)
	}
	s.size = 0 // counted
	e.least = min(e.least, time.Duration(d-e.delay.least)*time.Microsecond)
}

// packet finds packet n; nil if it was not sent, or long ago, or is counted.
func (e *Estimator) packet(n uint16) (*sentPacket, uint64) {
	number := e.next - uint64(uint16(e.next)-n)
	if number >= e.next || len(e.sent) == 0 {
		return nil, 0
	}
	s := &e.sent[number&uint64(len(e.sent)-1)]
	if s.n != uint32(number) || s.size == 0 {
		return nil, 0
	}
	return s, number
}

// Lost counts packet n as lost, because the receiver asked for it again: nobody can tell from then on which of the two comes.
func (e *Estimator) Lost(n uint16) {
	if s, _ := e.packet(n); s != nil {
		e.lost(s)
		s.size = 0
	}
}

// lost counts a packet once, whoever says so how often.
func (e *Estimator) lost(s *sentPacket) {
	if !s.lost {
		s.lost = true
		e.window.lost++
	}
}

// Reported ends a report.
func (e *Estimator) Reported(now time.Time) {
	if e.least < unknown {
		e.queue = e.least
	}
	e.least = unknown
	e.decide(now)
}

// rate is what arrived in the last d, bit/s.
func (e *Estimator) rate(d time.Duration) float64 {
	newest, bytes := int64(-1<<62), 0
	for _, a := range e.arrived {
		if a.size > 0 {
			newest = max(newest, a.at)
		}
	}
	for _, a := range e.arrived {
		if a.size > 0 && newest-a.at <= d.Microseconds() {
			bytes += a.size
		}
	}
	return float64(bytes) * 8 / d.Seconds()
}

// decide moves the estimate after a report.
func (e *Estimator) decide(now time.Time) {
	if !e.known {
		if e.sent == nil {
			e.begin(browserPath)
		}
		e.known, e.bits, e.raised, e.calm = true, e.path.Most, now, now
		e.window.since, e.turned, e.stop = now, now, stopFirst
		e.probe.every, e.probe.last = probeFirst, now
	}
	w := &e.window
	if n := w.got + w.lost; n >= e.path.LossOf || n >= e.path.LossLeast && now.Sub(w.since) >= e.path.LossFor {
		*w = lossWindow{since: now, share: float64(w.lost) / float64(n)}
	}
	if now.Sub(e.turned) >= trendFor {
		e.before, e.turned = e.queue, now
	}
	growing := e.queue > queueMost && e.queue >= e.before-queueSlack
	if !growing && w.share <= e.path.LossMost {
		e.over = time.Time{}
		if e.queue > queueMost { // drains
			e.calm = now
		}
		e.finish(now)
		return
	}
	if e.over.IsZero() {
		e.over = now
	}
	e.calm = now
	e.probe.end = 0
	if now.Sub(e.cut) < cutEvery {
		return
	}
	e.lower(now)
}

// lower takes the estimate below what got through; when even the least is too much for long, nothing is sent for a while.
func (e *Estimator) lower(now time.Time) {
	got := 0.85 * e.rate(e.path.RateFor)
	if now.Sub(e.cut) < 2*probeFirst {
		e.probe.every = min(e.probe.every*2, probeMost) // what we climbed to last was too much
	}
	e.cut, e.ceiling = now, 0
	if e.bits <= leastBits && now.Sub(e.over) > stopAfter {
		e.stopped, e.bits = now.Add(e.stop), 0
		e.stop = min(e.stop*2, stopMost)
		// Until then a queue of ours drains. What is left is the way's own delay, which may have grown: with the old measure of it
		// there would be a queue for ever.
		e.delay, e.queue, e.before, e.window.share = windowMin{}, 0, 0, 0
		return
	}
	e.bits = max(min(e.bits, got), min(e.bits, leastBits))
	e.window.share = 0
}

// finish takes the result of a probe that came through.
func (e *Estimator) finish(now time.Time) {
	p := &e.probe
	if p.end == 0 || p.seen < probePackets-1 && now.Sub(p.last) < probeWait {
		return
	}
	if span := p.lastAt - p.firstAt + e.path.Tick.Microseconds(); p.seen >= probePackets*2/3 && e.queue <= queueMost {
		found := e.path.Most
		if span > 0 {
			found = float64(p.bytes) * 8e6 / float64(span)
		}
		e.ceiling = min(found, e.path.Most)
		if found = 0.8 * e.ceiling; found > e.bits {
			e.bits, e.raised = found, now
		}
	}
	p.end = 0
}

func (p *probe) came(n uint64, at int64, size int) {
	if n < p.first || n >= p.end {
		return
	}
	if p.seen++; p.seen == 1 {
		p.firstAt, p.lastAt = at, at
		return
	}
	p.bytes += size // of all but the first: they came in the time between
	p.lastAt = max(p.lastAt, at)
}

// Tick moves the estimate by time alone and says how many packets of padding to send now as a probe, 0 mostly. wanting says that
// the receiver would get more if the estimate were higher.
func (e *Estimator) Tick(now time.Time, wanting bool) int {
	if !e.known {
		return 0
	}
	if e.bits == 0 {
		if now.Before(e.stopped) {
			return 0
		}
		e.bits, e.raised, e.calm, e.over = leastBits, now, now, time.Time{}
	}
	quiet := now.Sub(e.calm)
	if quiet >= calmFor {
		e.raise(now, wanting)
	}
	e.raised = now
	if quiet > 10*time.Second {
		e.probe.every, e.stop = max(e.probe.every/2, probeFirst), stopFirst
		e.calm = now.Add(-calmFor)
	}
	if !wanting || quiet < calmFor || now.Sub(e.probe.last) < e.probe.every {
		return 0
	}
	e.probe = probe{last: now, every: e.probe.every, first: e.next, end: e.next + probePackets}
	return probePackets
}

// raise lets the estimate rise by time. Where probes are sent it does not leave what they found, or what comes anyhow, far behind: a path that carries
// little because little is sent proves nothing, and the layer that would be tried on the strength of it delays the sound.
func (e *Estimator) raise(now time.Time, probes bool) {
	top := e.path.Most
	if probes {
		top = min(top, max(e.ceiling, raiseAbove*e.rate(rateFor)))
	}
	if e.bits < top {
		e.bits = min(e.bits*(1+raiseShare*now.Sub(e.raised).Seconds()), top)
	}
}

// Probe sends n packets of padding on the slot's RTX stream; false if it has none or sends nothing.
func (f *Forwarder) Probe(now time.Time, n int) bool {
	if !f.ready || f.shut || f.c.RTXPT == 0 || !f.c.Numbered || !f.begun {
		return false
	}
	for range n {
		f.rtxTop++
		o := &f.sw.out
		*o = Out{SSRC: f.c.RTXSSRC, Index: f.rtxTop, Time: f.time, PT: f.c.RTXPT, Level: NoLevel, Kind: Video, Mid: f.c.Mid, Resend: true,
			Numbered: true, Padding: true, Payload: f.sw.padding[:]}
		f.send(now, o)
	}
	return true
}

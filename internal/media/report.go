package media

import (
	"time"

	"github.com/pion/rtcp"
)

const ntpToUnix = 2208988800 // seconds from 1900 to 1970

// NTP is t as a 64-bit NTP timestamp, Q32.32 seconds since 1900 (RFC 3550 §4).
func NTP(t time.Time) uint64 {
	return uint64(t.Unix()+ntpToUnix)<<32 | uint64(t.Nanosecond())<<32/1e9
}

// sourceClock maps the clock of a source to ours. A report can come late but not early, so the smallest difference seen within
// the window is nearest to the truth; the window lets it follow skew.
type sourceClock struct {
	users  int
	offset windowMin // ours less theirs, Q32.32 seconds
}

// clockOf returns the clock that all streams of one source share: sound and picture stay together only if it is the same.
func (s *Switch) clockOf(src Source) *sourceClock {
	if src == nil {
		return &sourceClock{}
	}
	c := s.clocks[src]
	if c == nil {
		c = &sourceClock{}
		s.clocks[src] = c
	}
	c.users++
	return c
}

// windowMin is the smallest value of the last one to two windows.
type windowMin struct {
	known       bool
	least, next int64 // since the window before this one, and in this one
	turned      time.Time
}

func (m *windowMin) add(now time.Time, window time.Duration, v int64) {
	switch {
	case !m.known:
		m.known, m.least, m.next, m.turned = true, v, v, now
	case now.Sub(m.turned) >= window:
		m.least, m.next, m.turned = min(m.next, v), v, now
	default:
		m.least, m.next = min(m.least, v), min(m.next, v)
	}
}

// reception is what a receiver report says (RFC 3550 §6.4.1, A.3, A.8).
type reception struct {
	rate                    uint32
	any                     bool
	base, top               int64
	received                int64
	lost                    int64 // of earlier epochs
	priorExpected, priorGot int64
	transit                 uint32
	jitter                  uint64 // ×16
	reported                bool   // a sender report came
	ntp                     uint64
	rtp                     uint32
	at                      time.Time
}

// restart begins to count at seq.
func (r *reception) restart(seq int64) {
	if r.any {
		r.lost += max(r.top-r.base+1-r.received, 0)
	}
	r.any, r.base, r.top, r.received, r.priorExpected, r.priorGot = false, seq, seq-1, 0, 0, 0
}

// packet counts one that was not a resend and takes it into the jitter (A.8).
func (r *reception) packet(at time.Duration, rtpTime uint32) {
	r.received++
	arrival := uint32(int64(at) / 1000 * int64(r.rate) / 1e6)
	transit := arrival - rtpTime
	if r.any {
		d := int64(int32(transit - r.transit))
		d = max(d, -d)
		if d < int64(r.rate)*10 { // a source that changes its timestamps at will is not jitter
			r.jitter = uint64(int64(r.jitter) + d - (int64(r.jitter)+8)>>4)
		}
	}
	r.any, r.transit = true, transit
}

// SenderReport takes the source's report: ntp on its clock is the instant of rtpTime (RFC 3550 §6.4.1). The caller sees to it that
// the report is about SSRC(): one of the last SSRC's would put sound and picture out of step.
func (s *Stream) SenderReport(now time.Time, ntp uint64, rtpTime uint32) {
	r := &s.reception
	r.reported, r.ntp, r.rtp, r.at = true, ntp, rtpTime, now
	s.clock.offset.add(now, clockWindow, int64(s.sw.NTP(now)-ntp))
}

// Jitter is how unevenly packets come (RFC 3550 §6.4.1).
func (s *Stream) Jitter() time.Duration {
	if s.reception.rate == 0 {
		return 0
	}
	return time.Duration(s.reception.jitter>>4) * time.Second / time.Duration(s.reception.rate)
}

// Reception returns the report block for the source, for one call per report sent; false if nothing came yet.
func (s *Stream) Reception(now time.Time) (rtcp.ReceptionReport, bool) {
	r := &s.reception
	if s.c.SSRC == 0 || !r.any {
		return rtcp.ReceptionReport{}, false
	}
	expected := r.top - r.base + 1
	lost := min(max(r.lost+expected-r.received, 0), 0x7fffff) // 24 bits, signed
	out := rtcp.ReceptionReport{
		SSRC:               s.c.SSRC,
		TotalLost:          uint32(lost),
		LastSequenceNumber: uint32(r.top - 1<<16),
		Jitter:             uint32(r.jitter >> 4),
	}
	exp, got := expected-r.priorExpected, r.received-r.priorGot
	if r.priorExpected, r.priorGot = expected, r.received; exp > 0 && exp > got {
		out.FractionLost = uint8(min((exp-got)<<8/exp, 255))
	}
	if r.reported {
		out.LastSenderReport = uint32(r.ntp >> 16)
		out.Delay = uint32(now.Sub(r.at).Seconds() * 65536)
	}
	return out, true
}

// reportFor is how long a source's report can be carried on; a clock that is off by 100 ppm moves 6 ms in it.
const reportFor = time.Minute

// Report returns the slot's sender report: the instant now on our clock, and the timestamp that the source would give it now,
// carried over to the slot's. False while nothing flows or the source has not reported.
func (f *Forwarder) Report(now time.Time) (rtcp.SenderReport, bool) {
	if f.cur == nil || !f.ready {
		return rtcp.SenderReport{}, false
	}
	r, c := &f.cur.reception, f.cur.clock
	if !r.told(now) || f.cur.renew || f.a.epoch != f.cur.epoch {
		return rtcp.SenderReport{}, false
	}
	ntp := f.sw.NTP(now)
	since := int64(ntp - (r.ntp + uint64(c.offset.least))) // Q32.32 since the instant of r.rtp
	if limit := int64(2*reportFor/time.Second) << 32; since > limit || since < -limit {
		return rtcp.SenderReport{}, false
	}
	return rtcp.SenderReport{
		SSRC: f.c.SSRC, NTPTime: ntp, RTPTime: r.rtp + uint32(since>>16*int64(f.rate)>>16) + f.a.timeOff,
		PacketCount: f.packets, OctetCount: f.octets,
	}, true
}

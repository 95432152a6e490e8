package peer

import (
	"slices"
	"strings"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/sdp/v3"

	"visavis/internal/media"
)

// simulcast reads the layers of a track that the browser sends (RFC 8853 §5.1), best first: "send h;m;l". One that we cannot tell
// apart, because packets do not name their RID, is taken as no simulcast. False if it is malformed or has too many layers.
func (s *section) simulcast(m *sdp.MediaDescription) bool {
	v, ok := m.Attribute("simulcast")
	if !ok || s.dir != sends || s.kind != media.Video || s.offered.mid == 0 || s.offered.rid == 0 {
		return true
	}
	f := strings.Fields(v)
	if len(f) < 2 || f[0] != "send" {
		return true
	}
	var rids []string
	for _, alternatives := range strings.Split(f[1], ";") {
		rid, _, _ := strings.Cut(alternatives, ",")
		rid = strings.TrimPrefix(rid, "~") // begins paused
		if !token(rid) || slices.Contains(rids, rid) || len(rids) == media.MaxLayers {
			return false
		}
		rids = append(rids, rid)
	}
	if slices.Contains([]string{"q", "l", "low", "0"}, rids[0]) { // some name the lowest first
		slices.Reverse(rids)
	}
	if len(rids) > 1 {
		s.rids = rids
	}
	return true
}

// writeSimulcast takes all layers that are offered (RFC 8853 §5.3.2).
func (s *section) writeSimulcast(line func(string, ...any)) {
	for _, r := range s.rids {
		line("a=rid:%s recv", r)
	}
	if len(s.rids) > 0 {
		line("a=simulcast:recv %s", strings.Join(s.rids, ";"))
	}
}

// nominal is what a layer counts for until it has been measured, bit/s, lowest first.
var nominal = [media.MaxLayers]float64{150e3, 500e3, 1500e3}

// newCamera makes the streams of a simulcast section and returns the best.
func (f *flow) newCamera(s *section) *media.Stream {
	layers := make([]*media.Stream, len(s.rids))
	bytes := &bucket{}
	for i, rid := range s.rids {
		at := len(s.rids) - 1 - i
		src := f.newSource(s, nominal[at])
		src.rid, src.bytes, layers[at] = rid, bytes, src.stream
	}
	t := media.NewTrack(layers...)
	t.OnWatch(func(watched uint8) {
		var on []string
		for i, rid := range s.rids {
			if watched>>(len(s.rids)-1-i)&1 == 1 {
				on = append(on, rid)
			}
		}
		f.s.watched.Store(&on)
		if f.s.events.Watched != nil {
			f.s.events.Watched(on)
		}
	})
	return layers[len(layers)-1]
}

// Watched are the RIDs of the camera's layers that somebody watches, best first; nil for all, or without simulcast. Any goroutine.
func (s *Session) Watched() []string {
	if w := s.watched.Load(); w != nil {
		return *w
	}
	return nil
}

// transport takes transport-wide feedback: the browser tells when what we sent it came.
func (f *flow) transport(now time.Time, p *rtcp.TransportLayerCC) {
	if f.estimate == nil {
		f.h.counts.foreign.Add(1)
		return
	}
	f.estimate.Feedback(now, p)
	f.limit(now)
}

// limit tells the switch what the path takes.
func (f *flow) limit(now time.Time) {
	if bits, ok := f.estimate.Bits(); ok {
		f.h.c.Switch.Limit(now, f, bits)
		f.h.c.Switch.Full(f, f.estimate.Full())
	}
}

// probe lets the estimate rise by time and by runs of padding.
func (f *flow) probe(now time.Time) {
	n := f.estimate.Tick(now, f.h.c.Switch.Short(f))
	f.limit(now)
	for _, s := range f.slots {
		if n > 0 && s.forwarder.Probe(now, n) {
			return
		}
	}
}

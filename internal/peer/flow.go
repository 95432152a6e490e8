package peer

import (
	"crypto/rand"
	"encoding/binary"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"github.com/pion/interceptor/pkg/twcc"

	"visavis/internal/media"
	"visavis/internal/srtp"
	"visavis/internal/udp"
)

// flow is the half of a session that belongs to the worker: packets in and out. It is the endpoint of the session's proven
// addresses, the Source of its streams and the Sink of its slots.
type flow struct {
	// What each packet out needs lies together: with hundreds of receivers the processor fetches it from afar each time.
	h        *Host
	sealer   *srtp.Sealer     // nil until the handshake is done
	estimate *media.Estimator // of the path to the browser; nil if nothing is numbered
	remote   netip.AddrPort   // where everything goes; proven
	ext      extensions
	header   [64]byte // scratch

	s *Session

	leg        *leg
	current    atomic.Pointer[leg] // leg, for other goroutines
	tieBreaker uint64
	ended      bool

	published atomic.Pointer[netip.AddrPort]
	consent   time.Time      // last answered check of remote, or the birth of the session
	heardAt   time.Time      // last authentic packet from remote
	signAt    time.Time      // last sign of life from remote: that, or an answered check
	flowAt    time.Time      // last RTP from remote
	paused    bool           // not heard for a while: no pictures
	moving    netip.AddrPort // address that media moved to, under check
	chosen    netip.AddrPort // by the browser, with the credentials of leg
	chosenAt  time.Time      // when it first chose one with them
	alone     bool           // leg has no agent any more
	idle      bool           // DTLS is over: the agent may go (Session.retire)
	askedAt   time.Time
	requests  bucket // checks from proven addresses
	strange   bucket // and from others

	profile srtp.Profile
	opener  *srtp.Opener // nil until the handshake is done

	sources  []*source
	slots    []*slot
	ssrcs    []ssrcUse // at most MaxSSRC
	packets  bucket
	controls bucket // RTCP
	parsed   media.Packet
	feedback *twcc.Recorder
	probed   time.Time
	twccFrom time.Time // origin of the times that feedback tells
	sender   uint32    // SSRC of our reports while we send nothing

	reported, twccAt time.Time
	seqs             []uint16 // scratch
	figures          figures
}

// source is one track that the browser sends.
type source struct {
	name      string
	mid       string
	rid       string // "" without simulcast
	kind      media.Kind
	pt, rtxPT uint8
	rtxSSRC   uint32
	stream    *media.Stream
	rate      float64 // payload bytes a second at most, of all layers of a camera together
	bytes     *bucket // which they share
	rtx       bucket
}

// slot is one receive slot.
type slot struct {
	mid       string
	forwarder *media.Forwarder
	keyframes bucket

	reported bool   // by the browser; the next two are of its last report
	lastSeq  uint32 // extended
	lastLost int32
}

// ssrcUse says what an SSRC of the browser is.
type ssrcUse struct {
	ssrc   uint32
	source *source
	rtx    bool
}

// current says whether the browser uses it now. A packet of an earlier one that comes late would look like a jump of the track's
// numbers.
func (u ssrcUse) current() bool {
	if u.rtx {
		return u.ssrc == u.source.rtxSSRC
	}
	return u.ssrc == u.source.stream.SSRC()
}

func newFlow(h *Host, s *Session, now time.Time) *flow {
	f := &flow{h: h, s: s, tieBreaker: random64(), consent: now, ssrcs: make([]ssrcUse, 0, MaxSSRC)}
	f.sender = f.newSSRC()
	return f
}

// apply makes what an offer has and earlier ones had not; nil if the session has ended.
func (f *flow) apply(now time.Time, o *offer, l *leg) *tracks {
	if f.ended {
		return nil
	}
	if f.leg == nil {
		f.h.active = append(f.h.active, beat{f: f})
	}
	if f.leg != l {
		f.chosen, f.alone = netip.AddrPort{}, false
	}
	f.leg, f.ext = l, o.ext
	f.current.Store(l)
	t := f.s.tracks.Load().with()
	for i := range o.sections {
		s := &o.sections[i]
		switch {
		case s.off || s.dir == inactive:
		case s.dir == sends && t.streams[s.name] == nil:
			if len(s.rids) > 0 {
				t.streams[s.name] = f.newCamera(s)
			} else {
				t.streams[s.name] = f.newSource(s, 0).stream
			}
		case s.dir == receives && t.slots[s.name] == nil:
			fw := f.newSlot(now, s)
			t.slots[s.name] = fw
			t.order = append(t.order, fw)
		}
		f.declare(s)
	}
	return t
}

func (f *flow) newSource(s *section, nominal float64) *source {
	src := &source{name: s.name, mid: s.mid, kind: s.kind, pt: s.pt, rtxPT: s.rtxPT, rate: AudioBytesPerSecond, bytes: &bucket{}}
	switch {
	case s.name == "screen":
		src.rate = ScreenBytesPerSecond
	case s.kind == media.Video:
		src.rate = CameraBytesPerSecond
	}
	src.stream = media.NewStream(f.h.c.Switch, media.StreamConfig{ID: s.name, Kind: s.kind, Source: f, Nominal: nominal})
	f.sources = append(f.sources, src)
	return src
}

func (f *flow) newSlot(now time.Time, s *section) *media.Forwarder {
	c := media.ForwarderConfig{Kind: s.kind, SSRC: f.newSSRC(), PT: s.pt, Mid: s.mid, Sink: f, Name: s.name}
	if s.rtxPT != 0 {
		c.RTXPT, c.RTXSSRC = s.rtxPT, f.newSSRC()
	}
	if s.numbered() {
		c.Numbered = true
		if f.estimate == nil {
			f.estimate = &media.Estimator{}
		}
	}
	fw := media.NewForwarder(f.h.c.Switch, c)
	f.slots = append(f.slots, &slot{mid: s.mid, forwarder: fw})
	if f.sealer != nil && !(f.paused && s.kind == media.Video) {
		fw.Ready(now)
	}
	return fw
}

// newSSRC is one that no slot of this session has.
func (f *flow) newSSRC() uint32 {
	for {
		var b [4]byte
		_, _ = rand.Read(b[:])
		n := binary.BigEndian.Uint32(b[:])
		used := n == 0 || n == f.sender || slices.ContainsFunc(f.slots, func(s *slot) bool {
			return s.forwarder.SSRC() == n || s.forwarder.RTXSSRC() == n
		})
		if !used {
			return n
		}
	}
}

// declare takes the SSRCs that an offer names for a track.
func (f *flow) declare(s *section) {
	i := slices.IndexFunc(f.sources, func(src *source) bool { return src.name == s.name })
	if i < 0 || s.ssrc == 0 {
		return
	}
	src := f.sources[i]
	if f.learn(s.ssrc, src, false) {
		src.stream.SetSSRC(s.ssrc) // also one that it had before
	}
	if s.rtx != 0 && src.rtxPT != 0 && f.learn(s.rtx, src, true) {
		src.rtxSSRC = s.rtx
	}
}

// learn notes what an SSRC is, and that it is in use from now on if it is new; false if it is known as something else or too many are.
func (f *flow) learn(ssrc uint32, src *source, rtx bool) bool {
	if ssrc == 0 {
		return false
	}
	for _, u := range f.ssrcs {
		if u.ssrc == ssrc {
			return u.source == src && u.rtx == rtx
		}
	}
	if len(f.ssrcs) >= MaxSSRC {
		f.h.counts.ssrcRefused.Add(1)
		return false
	}
	f.ssrcs = append(f.ssrcs, ssrcUse{ssrc, src, rtx})
	if rtx {
		src.rtxSSRC = ssrc
	} else {
		src.stream.SetSSRC(ssrc)
	}
	if owners := f.h.bySSRC[ssrc]; len(owners) < MaxSharedSSRC {
		f.h.bySSRC[ssrc] = append(owners, f)
	}
	return true
}

// use finds what an SSRC is.
func (f *flow) use(ssrc uint32) (ssrcUse, bool) {
	for _, u := range f.ssrcs {
		if u.ssrc == ssrc {
			return u, true
		}
	}
	return ssrcUse{}, false
}

// ready is called when the keys are there.
func (f *flow) ready(now time.Time, p srtp.Profile, in *srtp.Opener, out *srtp.Sealer) {
	if f.ended {
		return
	}
	f.profile, f.opener, f.sealer = p, in, out
	f.h.counts.connected.Add(1)
	for _, s := range f.slots {
		s.forwarder.Ready(now)
	}
}

// close takes the session out of the packet path.
func (f *flow) close(now time.Time) {
	if f.ended {
		return
	}
	f.ended = true
	if f.sealer != nil {
		f.h.counts.connected.Add(-1)
	}
	f.sealer, f.opener = nil, nil
	for _, s := range f.slots {
		s.forwarder.Close(now)
	}
	for _, src := range f.sources {
		src.stream.Close(now)
	}
	h := f.h
	if i := slices.IndexFunc(h.active, func(b beat) bool { return b.f == f }); i >= 0 {
		h.active = slices.Delete(h.active, i, i+1)
	}
	for _, u := range f.ssrcs {
		owners := slices.DeleteFunc(h.bySSRC[u.ssrc], func(g *flow) bool { return g == f })
		if h.bySSRC[u.ssrc] = owners; len(owners) == 0 {
			delete(h.bySSRC, u.ssrc)
		}
	}
	h.mu.Lock()
	addresses := f.s.addresses
	f.s.addresses = nil
	h.mu.Unlock()
	for _, a := range addresses {
		h.c.Mux.Unbind(a.addr, f)
	}
}

// Datagram implements udp.Endpoint: everything from the session's proven addresses.
func (f *flow) Datagram(now time.Time, c udp.Class, g udp.Datagram) {
	switch c {
	case udp.STUN:
		f.h.stun(now, g)
	case udp.DTLS:
		f.s.dtls.take(g.Data)
	case udp.RTP, udp.RTCP:
		f.packet(now, c, g)
	}
}

func sooner(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// tick does what time drives and says when to come back, at the latest after flowTick.
func (f *flow) tick(now time.Time) (next time.Time) {
	next = now.Add(flowTick)
	if f.opener == nil {
		return next
	}
	if !f.paused && f.unheard(now) {
		f.pause(now)
	}
	if f.feedback != nil {
		if now.Sub(f.twccAt) >= twccEvery {
			f.twccAt = now
			f.sendTWCC()
		}
		next = sooner(next, f.twccAt.Add(twccEvery))
	}
	if f.estimate != nil {
		if now.Sub(f.probed) >= probeEvery {
			f.probed = now
			f.probe(now)
		}
		next = sooner(next, f.probed.Add(probeEvery))
	}
	if now.Sub(f.reported) >= reportEvery {
		f.reported = now
		f.report(now)
		f.tell(now)
	}
	next = sooner(next, f.reported.Add(reportEvery))
	// Consent (RFC 7675 §5.1). The agent would ask too: on a goroutine, by a system call of its own, which with 100 sessions cost as much
	// as a tenth of all they were sent.
	if now.Sub(f.consent) >= consentEvery && now.Sub(f.askedAt) >= time.Second {
		f.askedAt = now
		f.ask(now, f.remote)
	}
	return next
}

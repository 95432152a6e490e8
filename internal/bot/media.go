package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/nack"
	"github.com/pion/interceptor/pkg/report"
	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"

	"visavis/internal/wire"
)

// Header extensions that a bot offers.
const (
	extMid   = "urn:ietf:params:rtp-hdrext:sdes:mid"
	extLevel = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
	extRID   = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
	extRRID  = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
	extTWCC  = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
)

// rids name the layers of a camera, best first.
var rids = [...]string{"h", "m", "l"}

// media is one media session: one PeerConnection with what it sends and receives.
type media struct {
	b     *Bot
	pc    *webrtc.PeerConnection
	names map[*webrtc.RTPTransceiver]string
	slots map[string]*slot
	order []*slot // the same, in the order of the offer: feedback goes out in one order, so that virtual time repeats itself
	mic   *player
	cams  []*player // the camera's layers, best first; one without simulcast
	began time.Time
	stop  chan struct{}
	wg    sync.WaitGroup

	mu        sync.Mutex // guards what follows
	connected bool
	ever      bool      // it was connected once
	lastUp    time.Time // when it was last seen connected
	closing   bool
}

// newMedia makes a session that offers mic, cam and the receive slots, in this order.
func newMedia(b *Bot) (*media, error) {
	api, err := newAPI(b.c)
	if err != nil {
		return nil, err
	}
	pc, err := api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return nil, err
	}
	m := &media{b: b, pc: pc, names: map[*webrtc.RTPTransceiver]string{}, slots: map[string]*slot{}, began: time.Now(), stop: make(chan struct{})}
	m.lastUp = m.began
	if err := m.sections(); err != nil {
		m.close()
		return nil, err
	}
	pc.OnConnectionStateChange(m.changed)
	pc.OnTrack(func(tr *webrtc.TrackRemote, r *webrtc.RTPReceiver) {
		for t, name := range m.names {
			if t.Receiver() == r {
				m.spawn(func() { m.slots[name].read(tr) })
			}
		}
	})
	m.spawn(m.askAgain)
	return m, nil
}

// newAPI is pion with our codecs, extensions and interceptors: reports and the answering of NACK. Asking for packets again
// is ours (arrivals).
func newAPI(c Config) (*webrtc.API, error) {
	me := &webrtc.MediaEngine{}
	for _, k := range []struct {
		c webrtc.RTPCodecParameters
		t webrtc.RTPCodecType
	}{
		{opusCodec(), webrtc.RTPCodecTypeAudio},
		{vp8Codec(), webrtc.RTPCodecTypeVideo},
		{webrtc.RTPCodecParameters{RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeRTX, ClockRate: videoClock, SDPFmtpLine: "apt=96"}, PayloadType: 97}, webrtc.RTPCodecTypeVideo},
	} {
		if err := me.RegisterCodec(k.c, k.t); err != nil {
			return nil, err
		}
	}
	type extension struct {
		uri string
		t   webrtc.RTPCodecType
	}
	extensions := []extension{{extMid, webrtc.RTPCodecTypeAudio}, {extMid, webrtc.RTPCodecTypeVideo}, {extLevel, webrtc.RTPCodecTypeAudio}}
	if c.Clip != nil && len(c.Clip.Lower) > 0 {
		extensions = append(extensions, extension{extRID, webrtc.RTPCodecTypeVideo}, extension{extRRID, webrtc.RTPCodecTypeVideo})
	}
	if c.Feedback {
		me.RegisterFeedback(webrtc.RTCPFeedback{Type: webrtc.TypeRTCPFBTransportCC}, webrtc.RTPCodecTypeVideo)
		extensions = append(extensions, extension{extTWCC, webrtc.RTPCodecTypeVideo})
	}
	for _, x := range extensions {
		if err := me.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: x.uri}, x.t); err != nil {
			return nil, err
		}
	}
	ir := &interceptor.Registry{}
	responder, err := nack.NewResponderInterceptor()
	if err != nil {
		return nil, err
	}
	receiver, err := report.NewReceiverInterceptor()
	if err != nil {
		return nil, err
	}
	sender, err := report.NewSenderInterceptor()
	if err != nil {
		return nil, err
	}
	ir.Add(responder)
	ir.Add(receiver)
	ir.Add(sender)
	if c.Feedback {
		f, err := twcc.NewSenderInterceptor()
		if err != nil {
			return nil, err
		}
		ir.Add(f)
	}
	se := webrtc.SettingEngine{}
	se.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	se.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6})
	se.SetIncludeLoopbackCandidate(c.Loopback)
	se.SetICETimeouts(2*time.Second, rejoinAfter, time.Second)
	if c.Net != nil {
		se.SetNet(c.Net)
	}
	return webrtc.NewAPI(webrtc.WithMediaEngine(me), webrtc.WithInterceptorRegistry(ir), webrtc.WithSettingEngine(se)), nil
}

func opusCodec() webrtc.RTPCodecParameters {
	return webrtc.RTPCodecParameters{PayloadType: 111, RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2,
		SDPFmtpLine: "minptime=10;useinbandfec=0", RTCPFeedback: []webrtc.RTCPFeedback{{Type: "nack"}}}}
}

func vp8Codec() webrtc.RTPCodecParameters {
	return webrtc.RTPCodecParameters{PayloadType: 96, RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: videoClock,
		RTCPFeedback: []webrtc.RTCPFeedback{{Type: "nack"}, {Type: "nack", Parameter: "pli"}, {Type: "ccm", Parameter: "fir"}}}}
}

func (m *media) sections() error {
	if !m.b.c.Silent {
		if err := m.sends(); err != nil {
			return err
		}
	}
	for _, s := range []struct {
		prefix string
		n      int
		kind   webrtc.RTPCodecType
	}{{"floor", m.b.c.Floor, webrtc.RTPCodecTypeAudio}, {"stage", m.b.c.Stage, webrtc.RTPCodecTypeVideo}} {
		for i := range s.n {
			t, err := m.pc.AddTransceiverFromKind(s.kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly})
			if err != nil {
				return err
			}
			name := fmt.Sprintf("%s%d", s.prefix, i)
			m.names[t] = name
			m.slots[name] = &slot{m: m, name: name, video: s.kind == webrtc.RTPCodecTypeVideo, tr: t}
			m.order = append(m.order, m.slots[name])
		}
	}
	return nil
}

// sends adds the microphone's section and the camera's.
func (m *media) sends() error {
	mic, err := m.send("mic", opusCodec().RTPCodecCapability, "")
	if err != nil {
		return err
	}
	m.mic = mic
	c := m.b.c.Clip
	if len(c.Lower) == 0 {
		p, err := m.send("cam", vp8Codec().RTPCodecCapability, "")
		if err != nil {
			return err
		}
		p.frames, m.cams = c.Frames, []*player{p}
		return nil
	}
	for i, frames := range append([][]Frame{c.Frames}, c.Lower...) {
		p, err := m.send("cam", vp8Codec().RTPCodecCapability, rids[i])
		if err != nil {
			return err
		}
		p.name, p.frames = "cam/"+rids[i], frames
		m.cams = append(m.cams, p)
	}
	return nil
}

// send adds a track in a section of its own, or as one more layer of the section that the layer before has.
func (m *media) send(name string, codec webrtc.RTPCodecCapability, rid string) (*player, error) {
	var options []func(*webrtc.TrackLocalStaticRTP)
	if rid != "" {
		options = append(options, webrtc.WithRTPStreamID(rid))
	}
	track, err := webrtc.NewTrackLocalStaticRTP(codec, name, "self", options...)
	if err != nil {
		return nil, err
	}
	p := &player{m: m, name: name, rid: rid, track: track}
	if len(m.cams) > 0 {
		p.tr = m.cams[0].tr
		return p, p.tr.Sender().AddEncoding(track)
	}
	if p.tr, err = m.pc.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly}); err != nil {
		return nil, err
	}
	m.names[p.tr] = name
	return p, nil
}

// players are all tracks that are sent.
func (m *media) players() []*player {
	if m.mic == nil {
		return nil
	}
	return append([]*player{m.mic}, m.cams...)
}

// watch takes what the node says of the camera's layers: the others are not sent. Which is said before the first packet counts too.
func (m *media) watch(on []string) {
	if m == nil {
		return
	}
	for _, p := range m.cams {
		p.mu.Lock()
		p.off = p.rid != "" && !slices.Contains(on, p.rid)
		p.mu.Unlock()
	}
}

// offer makes the session's offer with all its own candidates in it: a node ignores them, and it never has to wait.
func (m *media) offer(ctx context.Context, restart bool) (*wire.Offer, error) {
	o, err := m.pc.CreateOffer(&webrtc.OfferOptions{ICERestart: restart})
	if err != nil {
		return nil, err
	}
	gathered := webrtc.GatheringCompletePromise(m.pc)
	if err := m.pc.SetLocalDescription(o); err != nil {
		return nil, err
	}
	select {
	case <-gathered:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	var names []string
	for _, t := range m.pc.GetTransceivers() { // in the order of the sections: no transceiver is ever taken away
		names = append(names, m.names[t])
	}
	return &wire.Offer{SDP: m.pc.LocalDescription().SDP, Names: names}, nil
}

// answer takes the node's answer, and starts to play with the first one.
func (m *media) answer(sdp string) error {
	if m == nil {
		return errors.New("no media session")
	}
	return m.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: sdp})
}

// changed follows the transport: the first time it is up, microphone and camera start.
func (m *media) changed(s webrtc.PeerConnectionState) {
	m.mu.Lock()
	first := false
	now := time.Now()
	if m.connected {
		m.lastUp = now
	}
	m.connected = s == webrtc.PeerConnectionStateConnected
	if m.connected {
		m.lastUp, first = now, !m.ever
		m.ever = true
	}
	m.mu.Unlock()
	if !first {
		return
	}
	if m.b.c.Silent {
		return
	}
	for _, p := range m.players() {
		m.spawn(p.requests)
	}
	m.spawn(m.play)
	if f := m.b.c.OnMedia; f != nil {
		f(m.pc)
	}
}

// spawn starts f unless the session is closing; close waits for it. The library calls us from goroutines of its own, also
// while it closes.
func (m *media) spawn(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.closing {
		m.wg.Go(f)
	}
}

func (m *media) up() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.connected
}

func (m *media) everUp() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.ever
}

// down is how long the transport has not been connected.
func (m *media) down(now time.Time) time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.connected {
		return 0
	}
	return now.Sub(m.lastUp)
}

// usable says whether a seat can be resumed with this session.
func (m *media) usable() bool { return m.everUp() && m.down(time.Now()) < rejoinAfter }

// askAgain sends NACKs and, when a packet of video is lost for good, a keyframe request, until the session closes.
func (m *media) askAgain() {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if !m.up() {
				continue
			}
			now := time.Now()
			for _, s := range m.order {
				if ps := s.feedback(now); len(ps) > 0 {
					_ = m.pc.WriteRTCP(ps)
				}
			}
		case <-m.stop:
			return
		}
	}
}

// stats adds this session's counts to those of earlier ones.
func (m *media) stats(sent map[string]Sent, got map[string]Received) (map[string]Sent, map[string]Received) {
	if sent == nil {
		sent = map[string]Sent{}
	}
	if got == nil {
		got = map[string]Received{}
	}
	for _, p := range m.players() {
		sent[p.name] = sent[p.name].add(p.counted())
	}
	for name, s := range m.slots {
		got[name] = got[name].add(s.counted())
	}
	return sent, got
}

// close ends the session and waits for everything it started.
func (m *media) close() {
	m.mu.Lock()
	m.closing = true
	m.mu.Unlock()
	close(m.stop)
	_ = m.pc.GracefulClose()
	m.wg.Wait()
}

// current is the media session, nil if there is none.
func (b *Bot) current() *media {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.media
}

func (b *Bot) keepMedia(m *media) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.media = m
}

// dropMedia closes the media session, if there is one, and keeps what it counted.
func (b *Bot) dropMedia() {
	b.mu.Lock()
	m := b.media
	b.media = nil
	b.mu.Unlock()
	if m == nil {
		return
	}
	m.close()
	b.mu.Lock()
	b.stats.Sent, b.stats.Slots = m.stats(b.stats.Sent, b.stats.Slots)
	b.mu.Unlock()
}

// request is a keyframe request for one SSRC (RFC 4585 §6.3.1).
func request(ssrc uint32) rtcp.Packet { return &rtcp.PictureLossIndication{MediaSSRC: ssrc} }

package peer_test

import (
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/nack"
	"github.com/pion/logging"
	"github.com/pion/rtp"
	"github.com/pion/stun/v4"
	"github.com/pion/webrtc/v4"

	"visavis/internal/media"
	"visavis/internal/peer"
	"visavis/internal/udp"
)

// patience bounds every wait of these tests; only a broken one waits so long.
const patience = 10 * time.Second

// node is a worker with a host on a loopback socket.
type node struct {
	t      testing.TB
	addr   netip.AddrPort
	worker *udp.Worker
	sw     *media.Switch
	host   *peer.Host
}

func newNode(t testing.TB, change func(*peer.Config)) *node {
	t.Helper()
	return newNodeAt(t, "127.0.0.1:0", change)
}

func newNodeAt(t testing.TB, addr string, change func(*peer.Config)) *node {
	t.Helper()
	sock, err := udp.Listen(netip.MustParseAddrPort(addr))
	if err != nil {
		t.Fatal(err)
	}
	n := &node{t: t, addr: sock.LocalAddr(), worker: udp.NewWorker(sock), sw: media.NewSwitch()}
	mux := udp.NewMux()
	c := peer.Config{Worker: n.worker, Mux: mux, Switch: n.sw, Local: n.addr, Loopback: true}
	if change != nil {
		change(&c)
	}
	if n.host, err = peer.NewHost(c); err != nil {
		t.Fatal(err)
	}
	mux.OnTick(n.sw.Tick)
	mux.Hurry(n.sw.Urgent)
	mux.OnBatchEnd(n.sw.Flush)
	served := make(chan error, 1)
	go func() { served <- n.worker.Serve(mux) }()
	t.Cleanup(func() {
		_ = n.host.Close()
		_ = n.worker.Close()
		if err := <-served; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return n
}

// assign fills a slot.
func (n *node) assign(slot *media.Forwarder, s *media.Stream) {
	n.t.Helper()
	if slot == nil || s == nil {
		n.t.Fatalf("assign(%v, %v): no such slot or stream", slot, s)
	}
	n.worker.Call(func() { slot.Assign(time.Now(), s) })
}

// way is a direction through a relay.
type way int

const (
	up   way = iota // browser → node
	down            // node → browser
)

// relay stands for the network and the NAT between one browser and the node: both see only its addresses.
type relay struct {
	node   netip.AddrPort
	open   func(testing.TB) net.PacketConn // another socket of the relay's
	inside net.PacketConn                  // the browser's side

	mu        sync.Mutex
	outside   net.PacketConn // the node's side; rebind replaces it
	browser   net.Addr
	pass      func(w way, b []byte) int // how many copies go on; nil: 1
	seen      [2]map[udp.Class]int
	last      map[udp.Class][]byte // of up
	sizes     [2]map[uint8]int     // by payload type
	hello     []byte               // first DTLS of up
	nominated []byte               // last nomination of up
}

func newRelay(t testing.TB, node netip.AddrPort, open func(testing.TB) net.PacketConn) *relay {
	if open == nil {
		open = func(t testing.TB) net.PacketConn { return listen(t) }
	}
	r := &relay{node: node, open: open, inside: open(t), seen: [2]map[udp.Class]int{{}, {}}, last: map[udp.Class][]byte{}, sizes: [2]map[uint8]int{{}, {}}}
	go func() {
		b := make([]byte, 2048)
		for {
			n, from, err := r.inside.ReadFrom(b)
			if err != nil {
				return
			}
			r.mu.Lock()
			r.browser = from
			out := r.outside
			r.note(b[:n])
			r.mu.Unlock()
			for range r.copies(up, b[:n]) {
				_, _ = out.WriteTo(b[:n], net.UDPAddrFromAddrPort(r.node))
			}
		}
	}()
	r.rebind(t)
	return r
}

// note keeps packets of the browser for attackers. mu is held.
func (r *relay) note(p []byte) {
	p, c := append([]byte(nil), p...), udp.Classify(p)
	r.last[c] = p
	if c == udp.DTLS && r.hello == nil {
		r.hello = p
	}
	if m := (&stun.Message{Raw: p}); c == udp.STUN && m.Decode() == nil && m.Contains(stun.AttrUseCandidate) {
		r.nominated = p
	}
}

func listen(t testing.TB) *net.UDPConn {
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// rebind gives the relay another address towards the node, as a NAT does that forgot its mapping.
func (r *relay) rebind(t testing.TB) {
	c := r.open(t)
	r.mu.Lock()
	old := r.outside
	r.outside = c
	r.mu.Unlock()
	if old != nil {
		_ = old.Close()
	}
	go func() {
		b := make([]byte, 2048)
		for {
			n, _, err := c.ReadFrom(b)
			if err != nil {
				return
			}
			r.mu.Lock()
			to, k := r.browser, 0
			if r.outside == c { // else it was on its way to the address before
				k = r.copiesLocked(down, b[:n])
			}
			r.mu.Unlock()
			for range k {
				_, _ = r.inside.WriteTo(b[:n], to)
			}
		}
	}()
}

func (r *relay) copies(w way, b []byte) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.copiesLocked(w, b)
}

func (r *relay) copiesLocked(w way, b []byte) int {
	c := udp.Classify(b)
	r.seen[w][c]++
	if c == udp.RTP {
		r.sizes[w][b[1]&0x7f] = max(r.sizes[w][b[1]&0x7f], len(b))
	}
	if r.pass == nil {
		return 1
	}
	return r.pass(w, b)
}

func (r *relay) filter(f func(w way, b []byte) int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pass = f
}

// inject sends to the node from the browser's address as the node knows it: what an attacker does who can forge addresses.
func (r *relay) inject(b []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, _ = r.outside.WriteTo(b, net.UDPAddrFromAddrPort(r.node))
}

func (r *relay) lastOf(c udp.Class) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last[c]
}

// browser is a pion/webrtc client: it offers, as a page does.
type browser struct {
	t        testing.TB
	n        *node
	net      *relay
	pc       *webrtc.PeerConnection
	names    []string
	mic, cam *webrtc.TrackLocalStaticRTP
	cams     [3]*webrtc.TrackLocalStaticRTP // with layers
	sender   *webrtc.RTPSender              // of cams
	session  *peer.Session

	connected chan struct{}
	closed    chan string
	got       map[string]*track // by slot
	micSeq    atomic.Uint32
	camSeq    atomic.Uint32
	stop      chan struct{}
	stopped   sync.WaitGroup
	loud      uint8
}

// track is what came in a slot.
type track struct {
	mu      sync.Mutex
	seqs    map[uint16]int
	order   []rtp.Packet
	arrived chan struct{} // one element when something came
}

func (k *track) take(p *rtp.Packet) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.seqs[p.SequenceNumber]++
	k.order = append(k.order, *p)
	select {
	case k.arrived <- struct{}{}:
	default:
	}
}

func (k *track) count() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.order)
}

// gaps is how many numbers are missing between the first and the last.
func (k *track) gaps() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.order) == 0 {
		return 0
	}
	first, last := k.order[0].SequenceNumber, k.order[0].SequenceNumber
	for _, p := range k.order {
		if int16(p.SequenceNumber-last) > 0 {
			last = p.SequenceNumber
		}
	}
	return int(last-first) + 1 - len(k.seqs)
}

// more waits until n more packets came.
func (k *track) more(t testing.TB, n int) time.Duration {
	t.Helper()
	return k.reach(t, k.count()+n)
}

// reach waits until n packets came in all.
func (k *track) reach(t testing.TB, n int) time.Duration {
	t.Helper()
	began := time.Now()
	limit := time.After(patience)
	for k.count() < n {
		select {
		case <-k.arrived:
		case <-limit:
			t.Fatalf("after %v there are %d packets in place of %d", patience, k.count(), n)
		}
	}
	return time.Since(began)
}

type browserOptions struct {
	settings func(*webrtc.SettingEngine)
	config   webrtc.Configuration
	noMic    bool
	stages   int
	floors   int
	layers   bool                            // the camera has three
	direct   bool                            // no relay between browser and node
	relay    func(testing.TB) net.PacketConn // opens its sockets; nil: on loopback
	offer    func(string) string             // changes the SDP on its way to the node
}

func newBrowser(t testing.TB, n *node, o browserOptions) *browser {
	t.Helper()
	m := &webrtc.MediaEngine{}
	must(t, m.RegisterCodec(webrtc.RTPCodecParameters{RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2, RTCPFeedback: []webrtc.RTCPFeedback{{Type: "nack"}}}, PayloadType: 111}, webrtc.RTPCodecTypeAudio))
	must(t, m.RegisterCodec(webrtc.RTPCodecParameters{RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000, RTCPFeedback: []webrtc.RTCPFeedback{{Type: "nack"}, {Type: "nack", Parameter: "pli"}}}, PayloadType: 96}, webrtc.RTPCodecTypeVideo))
	must(t, m.RegisterCodec(webrtc.RTPCodecParameters{RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeRTX, ClockRate: 90000, SDPFmtpLine: "apt=96"}, PayloadType: 97}, webrtc.RTPCodecTypeVideo))
	must(t, m.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: "urn:ietf:params:rtp-hdrext:sdes:mid"}, webrtc.RTPCodecTypeAudio))
	must(t, m.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: "urn:ietf:params:rtp-hdrext:sdes:mid"}, webrtc.RTPCodecTypeVideo))
	must(t, m.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: "urn:ietf:params:rtp-hdrext:ssrc-audio-level"}, webrtc.RTPCodecTypeAudio))
	for _, x := range []string{"rtp-stream-id", "repaired-rtp-stream-id"} {
		if o.layers {
			must(t, m.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: "urn:ietf:params:rtp-hdrext:sdes:" + x}, webrtc.RTPCodecTypeVideo))
		}
	}
	i := &interceptor.Registry{}
	gen, err := nack.NewGeneratorInterceptor(nack.GeneratorInterval(20*time.Millisecond), nack.GeneratorMaxNacksPerPacket(10))
	must(t, err)
	resp, err := nack.NewResponderInterceptor()
	must(t, err)
	i.Add(gen)
	i.Add(resp)
	must(t, webrtc.ConfigureRTCPReports(i))
	must(t, webrtc.ConfigureTWCCSender(m, i))
	se := webrtc.SettingEngine{LoggerFactory: &logging.DefaultLoggerFactory{Writer: testWriter{t}, DefaultLogLevel: logging.LogLevelDisabled}}
	se.SetIncludeLoopbackCandidate(true)
	se.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	se.SetIPFilter(func(ip net.IP) bool { return ip.IsLoopback() })
	se.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	if o.settings != nil {
		o.settings(&se)
	}
	pc, err := webrtc.NewAPI(webrtc.WithMediaEngine(m), webrtc.WithInterceptorRegistry(i), webrtc.WithSettingEngine(se)).NewPeerConnection(o.config)
	must(t, err)
	b := &browser{t: t, n: n, pc: pc, connected: make(chan struct{}), closed: make(chan string, 1), got: map[string]*track{}, stop: make(chan struct{}), loud: 20}
	if !o.direct {
		b.net = newRelay(t, n.addr, o.relay)
	}
	t.Cleanup(b.leave)
	if o.layers {
		b.layered()
	} else if !o.noMic {
		b.mic = b.send("mic", webrtc.MimeTypeOpus)
		b.cam = b.send("cam", webrtc.MimeTypeVP8)
	}
	for i := range max(o.floors, 1) {
		b.receive(fmt.Sprintf("floor%d", i), webrtc.RTPCodecTypeAudio)
	}
	for i := range max(o.stages, 1) {
		b.receive(fmt.Sprintf("stage%d", i), webrtc.RTPCodecTypeVideo)
	}
	pc.OnTrack(func(r *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		k := b.got[r.ID()] // the answer's msid names the slot
		if k == nil {
			t.Errorf("track %q was not offered", r.ID())
			return
		}
		for {
			p, _, err := r.ReadRTP()
			if err != nil {
				return
			}
			k.take(p)
		}
	})
	return b
}

type testWriter struct{ t testing.TB }

func (w testWriter) Write(b []byte) (int, error) { w.t.Logf("%s", b); return len(b), nil }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (b *browser) send(name, mime string) *webrtc.TrackLocalStaticRTP {
	k, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: mime}, name, "own")
	must(b.t, err)
	tr, err := b.pc.AddTransceiverFromTrack(k, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
	must(b.t, err)
	go func() { // NACKs are only answered while somebody reads
		b := make([]byte, 2048)
		for {
			if _, _, err := tr.Sender().Read(b); err != nil {
				return
			}
		}
	}()
	b.names = append(b.names, name)
	return k
}

func (b *browser) receive(name string, k webrtc.RTPCodecType) {
	_, err := b.pc.AddTransceiverFromKind(k, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly})
	must(b.t, err)
	b.names = append(b.names, name)
	b.got[name] = &track{seqs: map[uint16]int{}, arrived: make(chan struct{}, 1)}
}

var candidate = regexp.MustCompile(`(a=candidate:\S+ 1 udp \d+ )\S+ \d+`)

// through puts the relay in place of the node into an answer.
func (r *relay) through(answer string) string {
	if r == nil {
		return answer
	}
	a := r.inside.LocalAddr().(*net.UDPAddr)
	return candidate.ReplaceAllString(answer, "${1}"+a.IP.String()+" "+strconv.Itoa(a.Port))
}

// offer makes an offer and applies the answer. restart asks for an ICE restart.
func (b *browser) offer(restart bool, change func(string) string) error {
	b.t.Helper()
	d, err := b.pc.CreateOffer(&webrtc.OfferOptions{ICERestart: restart})
	must(b.t, err)
	must(b.t, b.pc.SetLocalDescription(d))
	sdp := d.SDP
	if change != nil {
		sdp = change(sdp)
	}
	o := peer.Offer{SDP: sdp, Names: b.names}
	var answer string
	if b.session == nil {
		b.session, answer, err = b.n.host.Open(o, peer.Events{
			Connected: func() { close(b.connected) },
			Closed:    func(reason string) { b.closed <- reason },
		})
	} else {
		answer, err = b.session.Reoffer(o)
	}
	if err != nil {
		return err
	}
	return b.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: b.net.through(answer)})
}

// join offers and waits for media.
func join(t testing.TB, n *node, o browserOptions) *browser {
	t.Helper()
	b := newBrowser(t, n, o)
	must(t, b.offer(false, o.offer))
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("host %+v, worker %+v", n.host.Stats(), n.worker.Stats())
		}
	})
	began := time.Now()
	wait(t, "connected", b.connected)
	t.Logf("connected %v after the answer", time.Since(began))
	return b
}

func wait[T any](t testing.TB, what string, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		t.Fatalf("%s: not after %v", what, patience)
		panic("unreachable")
	}
}

// talk sends a packet of sound each 20 ms and a picture each 40 ms until the browser leaves.
func (b *browser) talk() {
	b.stopped.Go(func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for i := 0; ; i++ {
			select {
			case <-tick.C:
			case <-b.stop:
				return
			}
			b.sound()
			if i%2 == 0 {
				b.picture(i%10 == 0)
			}
		}
	})
}

func (b *browser) sound() {
	n := b.micSeq.Add(1)
	p := &rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 111, SequenceNumber: uint16(n), Timestamp: n * 960}, Payload: opus(n)}
	_ = b.mic.WriteRTP(p)
}

// opus is a payload that tells its number, so that what comes out can be compared with what went in.
func opus(n uint32) []byte {
	b := make([]byte, 240)
	for i := range b {
		b[i] = byte(n>>8) ^ byte(n)*31 ^ byte(i)
	}
	b[0] = 0xf8
	return b
}

func (b *browser) picture(key bool) {
	n := b.camSeq.Add(1)
	body := make([]byte, 1100)
	copy(body, []byte{0x90, 0x80, 0x80 | byte(n>>8)&0x7f, byte(n), 1})
	if key {
		body[4] = 0
	}
	p := &rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 96, SequenceNumber: uint16(n), Timestamp: n * 3600, Marker: true}, Payload: body}
	_ = b.cam.WriteRTP(p)
}

func (b *browser) leave() {
	select {
	case <-b.stop:
		return
	default:
		close(b.stop)
	}
	b.stopped.Wait()
	_ = b.pc.GracefulClose()
	if b.net == nil {
		return
	}
	b.net.mu.Lock()
	defer b.net.mu.Unlock()
	_, _ = b.net.inside.Close(), b.net.outside.Close()
}

// longest is the size of the longest RTP packet of a payload type that passed.
func (r *relay) longest(w way, pt uint8) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.sizes[w][pt]
}

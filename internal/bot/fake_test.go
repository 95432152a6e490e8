package bot_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/logging"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
	"github.com/pion/transport/v4/vnet"
	"github.com/pion/webrtc/v4"

	"visavis/internal/wire"
)

// pipes is a listener whose connections are pipes in memory.
type pipes struct {
	ch   chan net.Conn
	done chan struct{}
	once sync.Once
}

func newPipes() *pipes { return &pipes{ch: make(chan net.Conn), done: make(chan struct{})} }

func (l *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-l.ch:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}
func (l *pipes) Close() error   { l.once.Do(func() { close(l.done) }); return nil }
func (l *pipes) Addr() net.Addr { return &net.TCPAddr{} }
func (l *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	a, b := net.Pipe()
	select {
	case l.ch <- b:
		return a, nil
	case <-l.done:
		return nil, errors.New("refused")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// fakeNode answers as a node does, with the library in place of our own peer: a second opinion on what a bot says.
type fakeNode struct {
	t   *testing.T
	net *vnet.Net
	srv *http.Server
	ln  *pipes
	say chan wire.ToClient // to the bot, over the newest socket
	cut chan struct{}      // closes the newest socket without a word

	mu      sync.Mutex // guards what follows
	code    string
	pc      *webrtc.PeerConnection
	offers  int
	resumes int
	refuse  bool // answer resume with an error
	acts    []wire.Act
	heard   map[string]int
	levels  map[uint8]int
	keys    int
	devices []wire.Devices
	floor   *webrtc.TrackLocalStaticRTP
	stage   *webrtc.TrackLocalStaticRTP
}

func newFakeNode(t *testing.T, n *vnet.Net) *fakeNode {
	f := &fakeNode{t: t, net: n, ln: newPipes(), code: "CODE", say: make(chan wire.ToClient, 8), cut: make(chan struct{}), heard: map[string]int{}, levels: map[uint8]int{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/session", f.session)
	mux.HandleFunc("GET /ws", f.socket)
	f.srv = &http.Server{Handler: mux}
	go func() { _ = f.srv.Serve(f.ln) }()
	return f
}

func (f *fakeNode) close() {
	_ = f.srv.Close()
	f.mu.Lock()
	pc := f.pc
	f.mu.Unlock()
	if pc != nil {
		_ = pc.GracefulClose()
	}
}

func (f *fakeNode) session(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.code == "" || string(body) != `{"code":"`+f.code+`"}` {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	f.code = ""
	http.SetCookie(w, &http.Cookie{Name: "__Host-visavis", Value: "v", Path: "/", Secure: true, HttpOnly: true})
	w.WriteHeader(http.StatusNoContent)
}

func (f *fakeNode) socket(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Cookie") != "__Host-visavis=v" || r.Header.Get("Origin") != "http://node.test" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{OriginPatterns: []string{"node.test"}})
	if err != nil {
		return
	}
	defer ws.CloseNow()
	ws.SetReadLimit(1 << 20)
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	send := func(m wire.ToClient) {
		if b, err := wire.EncodeToClient(m); err != nil {
			f.t.Error(err)
		} else {
			_ = ws.Write(ctx, websocket.MessageText, b)
		}
	}
	go func() {
		for {
			select {
			case m := <-f.say:
				send(m)
			case <-f.cut:
				_ = ws.CloseNow()
			case <-ctx.Done():
				return
			}
		}
	}()
	for {
		_, b, err := ws.Read(ctx)
		if err != nil {
			return
		}
		m, err := wire.DecodeFromClient(b)
		if err != nil {
			f.t.Errorf("node got %.200s: %v", b, err)
			return
		}
		f.hear(m, send)
	}
}

func (f *fakeNode) hear(m wire.FromClient, send func(wire.ToClient)) {
	switch {
	case m.Hello != nil && m.Hello.Resume != "":
		f.mu.Lock()
		f.resumes++
		refuse := f.refuse
		f.mu.Unlock()
		if refuse {
			send(wire.ToClient{Error: &wire.Error{Code: "resume.unknown", Args: map[string]string{}}})
			return
		}
		send(f.welcome(""))
	case m.Hello != nil:
		send(f.welcome(f.answer(m.Hello.Offer, true)))
	case m.Offer != nil:
		send(wire.ToClient{Answer: &wire.Answer{SDP: f.answer(m.Offer, false)}})
	case m.Devices != nil:
		f.mu.Lock()
		f.devices = append(f.devices, *m.Devices)
		f.mu.Unlock()
	case m.Act != nil:
		f.mu.Lock()
		f.acts = append(f.acts, *m.Act)
		f.mu.Unlock()
		switch m.Act.Do {
		case wire.DoYield:
			send(wire.ToClient{Done: &wire.Done{ID: m.Act.ID}})
		case wire.DoClose:
			send(wire.ToClient{Done: &wire.Done{ID: m.Act.ID, Error: &wire.Error{Code: "member.role", Args: map[string]string{}}}})
		}
	case m.Leave != nil:
		send(wire.ToClient{Bye: &wire.Bye{Code: "left"}})
	}
}

func (f *fakeNode) welcome(answer string) wire.ToClient {
	return wire.ToClient{Welcome: &wire.Welcome{Version: wire.Version, You: "avelmar-kell", Answer: answer, Resume: "again",
		Meeting: wire.Meeting{ID: "m", Title: wire.Text{}, Parties: []wire.Party{}, Members: []wire.Member{}},
		State:   wire.State{Present: []wire.Presence{}, Stage: []string{}, Links: []wire.Link{}}}}
}

// answer answers an offer; a fresh one makes a new session with one sound in floor0 and one picture in stage0.
func (f *fakeNode) answer(o *wire.Offer, fresh bool) string {
	if want := []string{"mic", "cam", "floor0", "stage0"}; len(o.Names) != len(want) || o.Names[0] != "mic" || o.Names[3] != "stage0" {
		f.t.Errorf("names = %v, want %v", o.Names, want)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.offers++
	var err error
	if fresh {
		if f.pc != nil {
			_ = f.pc.GracefulClose()
		}
		f.pc, err = f.connection()
	}
	must(f.t, err)
	must(f.t, f.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: o.SDP}))
	a, err := f.pc.CreateAnswer(nil)
	must(f.t, err)
	done := webrtc.GatheringCompletePromise(f.pc)
	must(f.t, f.pc.SetLocalDescription(a))
	<-done
	return f.pc.LocalDescription().SDP
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (f *fakeNode) connection() (*webrtc.PeerConnection, error) {
	me := &webrtc.MediaEngine{}
	if err := me.RegisterDefaultCodecs(); err != nil {
		return nil, err
	}
	if err := me.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: "urn:ietf:params:rtp-hdrext:ssrc-audio-level"}, webrtc.RTPCodecTypeAudio); err != nil {
		return nil, err
	}
	se := webrtc.SettingEngine{}
	se.SetNet(f.net)
	se.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	ir := &interceptor.Registry{}
	if err := webrtc.RegisterDefaultInterceptors(me, ir); err != nil {
		return nil, err
	}
	pc, err := webrtc.NewAPI(webrtc.WithInterceptorRegistry(ir), webrtc.WithMediaEngine(me), webrtc.WithSettingEngine(se)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return nil, err
	}
	f.floor, _ = webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}, "floor0", "s0")
	f.stage, _ = webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000}, "stage0", "s0")
	for _, tr := range []webrtc.TrackLocal{f.floor, f.stage} {
		sender, err := pc.AddTrack(tr)
		if err != nil {
			return nil, err
		}
		go func() { // the library answers NACK only while somebody reads
			for {
				if _, _, err := sender.ReadRTCP(); err != nil {
					return
				}
			}
		}()
	}
	pc.OnTrack(func(tr *webrtc.TrackRemote, r *webrtc.RTPReceiver) {
		for {
			p, _, err := tr.ReadRTP()
			if err != nil {
				return
			}
			f.mu.Lock()
			f.heard[tr.Kind().String()]++
			if tr.Kind() == webrtc.RTPCodecTypeVideo && keyframe(p.Payload) {
				f.keys++
			}
			for _, e := range r.GetParameters().HeaderExtensions {
				if b := p.GetExtension(uint8(e.ID)); tr.Kind() == webrtc.RTPCodecTypeAudio && len(b) == 1 && e.URI == "urn:ietf:params:rtp-hdrext:ssrc-audio-level" {
					f.levels[b[0]&0x7f]++
				}
			}
			f.mu.Unlock()
		}
	})
	return pc, nil
}

func keyframe(payload []byte) bool {
	var d codecs.VP8Packet
	b, err := d.Unmarshal(payload)
	return err == nil && d.S == 1 && len(b) > 0 && b[0]&1 == 0
}

// askKey asks the bot for a keyframe.
func (f *fakeNode) askKey() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range f.pc.GetReceivers() {
		if tr := r.Track(); tr != nil && tr.Kind() == webrtc.RTPCodecTypeVideo && tr.SSRC() != 0 {
			_ = f.pc.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: uint32(tr.SSRC())}})
		}
	}
}

// send sends one packet into each slot.
func (f *fakeNode) send(seq uint16, payload []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	_ = f.floor.WriteRTP(&rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: seq, Timestamp: uint32(seq) * 960}, Payload: payload})
	_ = f.stage.WriteRTP(&rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: seq, Timestamp: uint32(seq) * 1800, Marker: true}, Payload: append([]byte{0x10}, payload...)})
}

func (f *fakeNode) read(get func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	get()
}

// wires are a network of two hosts, the bot's and the node's.
func wires(t *testing.T, drop func() bool) (bot, node *vnet.Net, stop func()) {
	r, err := vnet.NewRouter(&vnet.RouterConfig{CIDR: "10.0.0.0/24", LoggerFactory: logging.NewDefaultLoggerFactory(), MinDelay: 5 * time.Millisecond})
	must(t, err)
	if drop != nil {
		r.AddChunkFilter(func(c vnet.Chunk) bool { return !drop() })
	}
	for i, ip := range []string{"10.0.0.1", "10.0.0.2"} {
		n, err := vnet.NewNet(&vnet.NetConfig{StaticIPs: []string{ip}})
		must(t, err)
		must(t, r.AddNet(n))
		if i == 0 {
			bot = n
		} else {
			node = n
		}
	}
	must(t, r.Start())
	return bot, node, func() { _ = r.Stop() }
}

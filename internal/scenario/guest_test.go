package scenario

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/pion/ice/v4"
	"github.com/pion/webrtc/v4"

	"visavis/internal/meeting"
	"visavis/internal/wire"
)

// guest is a client of a node that sends what a test likes: the HTTP side of a browser, without a page.
type guest struct {
	t      *testing.T
	p      *Party
	h      *Host
	web    *http.Client
	cookie string
	pc     *webrtc.PeerConnection // of the last hello
}

// guest gives one on a host of its own.
func (p *Party) guest() *guest {
	p.w.T.Helper()
	p.w.guests++
	h := p.w.Net.Host(p.w.T, fmt.Sprintf("45.%d.1.%d", p.net, p.w.guests))
	tr := &http.Transport{DialContext: h.DialContext, TLSClientConfig: p.ClientTLS()}
	p.w.T.Cleanup(tr.CloseIdleConnections)
	return &guest{t: p.w.T, p: p, h: h, web: &http.Client{Transport: tr}}
}

// code is the secret in an invitation's link.
func code(link string) string {
	_, c, _ := strings.Cut(link, "#")
	return c
}

type reply struct {
	status int
	body   string
	header http.Header
}

// do makes a request as a page of the node would, but for the headers given ("-" takes one away).
func (g *guest) do(method, path, body string, headers ...string) reply {
	g.t.Helper()
	r, err := http.NewRequest(method, "https://"+g.p.Name+path, strings.NewReader(body))
	if err != nil {
		g.t.Fatal(err)
	}
	r.Header.Set("Origin", "https://"+g.p.Name)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if g.cookie != "" {
		r.Header.Set("Cookie", g.cookie)
	}
	set(r.Header, headers)
	resp, err := g.web.Do(r)
	if err != nil {
		g.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		g.t.Fatalf("%s %s: %v", method, path, err)
	}
	return reply{resp.StatusCode, string(b), resp.Header}
}

func set(h http.Header, pairs []string) {
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] == "-" {
			h.Del(pairs[i])
		} else {
			h.Set(pairs[i], pairs[i+1])
		}
	}
}

// enter uses an invitation up and keeps the cookie.
func (g *guest) enter(link string) reply {
	g.t.Helper()
	r := g.do("POST", "/api/session", fmt.Sprintf(`{"code":%q}`, code(link)))
	if c, _, _ := strings.Cut(r.header.Get("Set-Cookie"), ";"); r.status == http.StatusNoContent {
		g.cookie = c
	}
	return r
}

// socket opens /ws.
func (g *guest) socket(headers ...string) (*websocket.Conn, int) {
	g.t.Helper()
	h := http.Header{"Cookie": {g.cookie}, "Origin": {"https://" + g.p.Name}, "Sec-Fetch-Site": {"same-origin"}}
	set(h, headers)
	ws, resp, err := websocket.Dial(g.t.Context(), "wss://"+g.p.Name+"/ws", &websocket.DialOptions{HTTPClient: g.web, HTTPHeader: h})
	if err != nil {
		if resp == nil {
			g.t.Fatalf("socket: %v", err)
		}
		return nil, resp.StatusCode
	}
	ws.SetReadLimit(1 << 20)
	g.t.Cleanup(func() { _ = ws.CloseNow() })
	return ws, http.StatusSwitchingProtocols
}

// say sends one message as it is.
func say(t *testing.T, ws *websocket.Conn, m string) {
	t.Helper()
	if err := ws.Write(t.Context(), websocket.MessageText, []byte(m)); err != nil {
		t.Fatalf("send %.80s: %v", m, err)
	}
}

// hear reads messages for d, or until the socket is closed, which it tells.
func hear(t *testing.T, ws *websocket.Conn, d time.Duration) (all []string, closed bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	for {
		_, b, err := ws.Read(ctx)
		if err != nil {
			return all, ctx.Err() == nil
		}
		all = append(all, string(b))
	}
}

// hello is a message that joins with a microphone and a floor slot.
func (g *guest) hello() string {
	g.t.Helper()
	se := webrtc.SettingEngine{}
	se.SetNet(g.h.vnet)
	se.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(se), webrtc.WithMediaEngine(codecs(g.t))).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		g.t.Fatal(err)
	}
	g.pc = pc
	g.t.Cleanup(func() { _ = pc.GracefulClose() })
	for _, d := range []webrtc.RTPTransceiverDirection{webrtc.RTPTransceiverDirectionSendonly, webrtc.RTPTransceiverDirectionRecvonly} {
		if _, err := pc.AddTransceiverFromKind(webrtc.RTPCodecTypeAudio, webrtc.RTPTransceiverInit{Direction: d}); err != nil {
			g.t.Fatal(err)
		}
	}
	o, err := pc.CreateOffer(nil)
	if err != nil {
		g.t.Fatal(err)
	}
	if err := pc.SetLocalDescription(o); err != nil {
		g.t.Fatal(err)
	}
	m, err := json.Marshal(map[string]any{"hello": map[string]any{"version": 1, "offer": map[string]any{"sdp": o.SDP, "names": []string{"mic", "floor0"}}}})
	if err != nil {
		g.t.Fatal(err)
	}
	return string(bytes.TrimSpace(m))
}

func codecs(t *testing.T) *webrtc.MediaEngine {
	me := &webrtc.MediaEngine{}
	if err := me.RegisterDefaultCodecs(); err != nil {
		t.Fatal(err)
	}
	return me
}

// join invites m, enters and joins; it returns the open socket after its welcome.
func (g *guest) join(m meeting.MemberID) *websocket.Conn {
	g.t.Helper()
	if r := g.enter(g.p.Invite(m).Reveal()); r.status != http.StatusNoContent {
		g.t.Fatalf("enter: %+v", r)
	}
	return g.sit()
}

// sit joins with the session that the guest has; it returns the open socket after its welcome.
func (g *guest) sit() *websocket.Conn {
	g.t.Helper()
	ws, status := g.socket()
	if ws == nil {
		g.t.Fatalf("socket: status %d", status)
	}
	say(g.t, ws, g.hello())
	var w wire.ToClient
	if err := json.Unmarshal([]byte(await(g.t, ws, `{"welcome"`)), &w); err != nil {
		g.t.Fatal(err)
	}
	if err := g.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: w.Welcome.Answer}); err != nil {
		g.t.Fatal(err)
	}
	return ws
}

// await reads on to the next message that begins so.
func await(t *testing.T, ws *websocket.Conn, begins string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for {
		_, b, err := ws.Read(ctx)
		if err != nil {
			t.Fatalf("no message %s: %v", begins, err)
		}
		if bytes.HasPrefix(b, []byte(begins)) {
			return string(b)
		}
	}
}

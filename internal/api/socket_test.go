package api

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"visavis/internal/meeting"
	"visavis/internal/peer"
	"visavis/internal/room"
	"visavis/internal/wire"
)

// Abuse case 21: a foreign page opens /ws with the cookie of a member.
func TestCrossSiteWebSocket(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		cookie := r.login("tarroven")
		for _, o := range [][]string{
			nil, {""}, {"null"}, {"https://evil.test"}, {"http://meet.test"}, {"https://meet.test:443"}, {"https://meet.test:8443"}, {"https://MEET.test"},
			{"https://meet.test/"}, {"https://meet.test.evil.test"}, {"https://evilmeet.test"}, {"https://user@meet.test"}, {"//meet.test"}, {"meet.test"},
			{"https://other.test:8443"}, {ownOrigin, "https://evil.test"}, {ownOrigin, ownOrigin},
		} {
			_, resp, err := r.dial(cookie, func(q *http.Request) { q.Header["Origin"] = o })
			if err == nil || resp == nil || resp.StatusCode != http.StatusForbidden {
				t.Errorf("WebSocket with Origin %q: %v, want 403", o, err)
			}
		}
		if _, resp, err := r.dial(cookie, at("evil.test")); err == nil || resp.StatusCode != http.StatusMisdirectedRequest {
			t.Errorf("WebSocket at another host: %v, want 421", err)
		}
		p, _ := r.join(cookie)
		p.lives() // control
		c, _, err := r.dial(cookie, at("other.test:8443"), with("Origin", "https://other.test:8443"))
		if err != nil {
			t.Fatalf("control: our other host's own page: %v", err)
		}
		_ = c.CloseNow()
	})
}

func TestSocketNeedsASession(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		cookie := r.login("tarroven")
		ended := r.login("quelle")
		r.ask(r.client, "POST", "/api/leave", "{}", withCookie(ended))
		for name, c := range map[string]string{"none": "", "forged": "__Host-visavis=" + strings.Repeat("a", 52), "ended": ended, "two": cookie + "; " + ended} {
			if _, resp, err := r.dial(c); err == nil || resp == nil || resp.StatusCode != http.StatusUnauthorized {
				t.Errorf("WebSocket with cookie %s: %v, want 401", name, err)
			}
		}
		for i := range MaxSessionSockets {
			if _, _, err := r.dial(cookie); err != nil {
				t.Fatalf("socket %d of a session: %v", i, err)
			}
		}
		if _, resp, err := r.dial(cookie); err == nil || resp.StatusCode != http.StatusTooManyRequests {
			t.Errorf("socket %d of a session: %v, want 429", MaxSessionSockets, err)
		}
		time.Sleep(HelloWithin + closeTime)
		synctest.Wait()
		if _, _, err := r.dial(cookie); err != nil {
			t.Errorf("control: after the silent ones were closed: %v", err)
		}
	})
}

func hello(sdp string) string {
	return fmt.Sprintf(`{"hello":{"version":%d,"offer":{"sdp":%q,"names":["mic"]}}}`, wire.Version, sdp)
}

// What a page of ours never sends gets a code and the end.
func TestFirstMessage(t *testing.T) {
	for name, c := range map[string]struct{ message, code string }{
		"devices":        {`{"devices":{"mic":true,"camera":true}}`, codeHelloFirst},
		"leave":          {`{"leave":{}}`, codeHelloFirst},
		"other version":  {`{"hello":{"version":2,"offer":{"sdp":"v=0","names":[]}}}`, codeVersion},
		"no offer":       {`{"hello":{"version":1}}`, "message.hello"},
		"forged token":   {`{"hello":{"version":1,"resume":"abc"}}`, codeResume},
		"two messages":   {`{"hello":{"version":1,"resume":"abc"},"leave":{}}`, "message.one"},
		"none":           {`{}`, "message.one"},
		"not JSON":       {`hello`, "json.syntax"},
		"who I am":       {`{"hello":{"version":1,"member":"principal","offer":{"sdp":"","names":[]}}}`, "json.unknown"},
		"role twice":     {`{"hello":{"version":1,"VERSION":1,"offer":{"sdp":"","names":[]}}}`, "json.case"},
		"trailing":       {hello(sdp) + `{"leave":{}}`, "json.trailing"},
		"bad UTF-8":      {"{\"hello\":{\"version\":1,\"resume\":\"\xff\"}}", "json.utf8"},
		"section names":  {`{"hello":{"version":1,"offer":{"sdp":"","names":["mic","mic"]}}}`, "offer.sections"},
		"large SDP":      {hello(strings.Repeat("a", 128<<10+1)), "json.string"},
		"SDP at the end": {hello(strings.Repeat("a", 128<<10)), ""},
		"control":        {hello(sdp), ""},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				p := r.connect(r.login("tarroven"))
				p.raw(c.message)
				if c.code == "" {
					p.welcome()
					p.lives()
					return
				}
				p.refused(c.code)
				if websocket.CloseStatus(p.err) != websocket.StatusPolicyViolation {
					t.Errorf("closed with %v, want a policy violation", p.err)
				}
			})
		})
	}
}

func TestSizesAndKinds(t *testing.T) {
	devices := func(n int) string {
		b := `{"devices":{"mic":true,"camera":true}}`
		return b + strings.Repeat(" ", n-len(b))
	}
	offer := func(n int) string {
		b := `{"offer":{"sdp":"v=0","names":["mic"]}}`
		return b + strings.Repeat(" ", n-len(b))
	}
	for name, c := range map[string]struct {
		kind    websocket.MessageType
		message string
		code    string // "": goes on
		status  websocket.StatusCode
	}{
		"devices at the limit":   {websocket.MessageText, devices(wire.MaxMessage), "", 0},
		"devices past the limit": {websocket.MessageText, devices(wire.MaxMessage + 1), "json.size", websocket.StatusPolicyViolation},
		"offer at the limit":     {websocket.MessageText, offer(wire.MaxOffer), "", 0},
		"past every limit":       {websocket.MessageText, offer(wire.MaxOffer + 1), "none", websocket.StatusMessageTooBig},
		"binary":                 {websocket.MessageBinary, devices(100), codeBinary, websocket.StatusPolicyViolation},
		"hello again":            {websocket.MessageText, hello(sdp), codeHelloTwice, websocket.StatusPolicyViolation},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				p, _ := r.join(r.login("tarroven"))
				p.write(c.kind, []byte(c.message))
				switch c.code {
				case "":
					if strings.HasPrefix(name, "offer") {
						if m, ok := p.other(); !ok || m.Answer == nil || m.Answer.SDP != "again" {
							t.Errorf("got %s, want an answer", show(m))
						}
					}
					p.lives()
				case "none":
					p.ended()
				default:
					p.refused(c.code)
				}
				if c.status != 0 && websocket.CloseStatus(p.err) != c.status {
					t.Errorf("closed with %v, want %v", p.err, c.status)
				}
			})
		})
	}
}

func TestSlowHello(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		cookie := r.login("tarroven")
		start := time.Now()
		p := r.connect(cookie)
		p.refused(codeHelloLate)
		if d := time.Since(start); d < HelloWithin || d > HelloWithin+closeTime {
			t.Errorf("silent page was closed after %v, want %v", d, HelloWithin)
		}
		q := r.connect(cookie)
		time.Sleep(HelloWithin - time.Millisecond)
		q.raw(hello(sdp))
		q.welcome()
		time.Sleep(time.Minute)
		q.lives() // control
	})
}

func TestFlood(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		const devices = `{"devices":{"mic":true,"camera":true}}`
		p, _ := r.join(r.login("tarroven"))
		for range MessageBurst - 1 { // the hello was one
			p.raw(devices)
		}
		for range 10 * MessagesPerSecond { // ten seconds at the rate
			time.Sleep(time.Second / MessagesPerSecond)
			p.raw(devices)
		}
		synctest.Wait()
		r.room.look(func() {
			if want := MessageBurst - 1 + 10*MessagesPerSecond; len(r.room.handled) != want {
				t.Errorf("control: %d messages handled, want %d", len(r.room.handled), want)
			}
		})
		p.raw(devices) // an emptied bucket
		p.refused(codeFlood)

		q, _ := r.join(r.login("quelle"))
		for range MessageBurst/offerCost + 1 {
			q.say(wire.FromClient{Offer: &wire.Offer{SDP: sdp, Names: []string{"mic"}}})
		}
		for range (MessageBurst - 1) / offerCost {
			if m, ok := q.other(); !ok || m.Answer == nil {
				t.Fatalf("got %s, want an answer", show(m))
			}
		}
		q.refused(codeFlood)
	})
}

// A page that reads nothing is closed when its queue is full, and the room that fills it never waits.
func TestQueueIsBounded(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	fill := func(m wire.ToClient) (n int, k *socket) {
		inner, stop := context.WithCancel(ctx)
		k = &socket{s: &Server{}, ready: make(chan struct{}, 1)}
		k.attach(inner, stop)
		for k.push(m) {
			n++
		}
		if !k.isClosing() || inner.Err() == nil {
			t.Error("the socket with a full queue goes on")
		}
		return n, k
	}
	if n, _ := fill(wire.ToClient{Floor: &wire.Floor{}}); n != MaxQueue {
		t.Errorf("%d small messages were queued, want %d", n, MaxQueue)
	}
	big := wire.ToClient{Answer: &wire.Answer{SDP: strings.Repeat("a", 128<<10-1000)}}
	if n, k := fill(big); n != 8 || k.bytes > MaxQueueBytes {
		t.Errorf("%d messages of 127 KiB were queued in %d bytes, want 8", n, k.bytes)
	}
}

func TestSlowPageIsClosed(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		slow, _, err := r.dial(r.login("tarroven"))
		if err != nil {
			t.Fatal(err)
		}
		if err := slow.Write(t.Context(), websocket.MessageText, []byte(hello(sdp))); err != nil {
			t.Fatal(err)
		}
		other, _ := r.join(r.login("quelle"))
		synctest.Wait() // joined; nobody reads the welcome, so the pipe is blocked
		seat, sent := r.room.seat("tarroven"), 0
		start := time.Now()
		for seat.Send(wire.ToClient{Floor: &wire.Floor{}}) {
			sent++
		}
		if time.Since(start) != 0 || sent > MaxQueue {
			t.Errorf("the room sent %d messages in %v, want at most %d in no time", sent, time.Since(start), MaxQueue)
		}
		synctest.Wait()
		r.room.look(func() {
			if len(r.room.lost) != 1 || r.room.lost[0] != "tarroven" {
				t.Errorf("lost = %q, want the slow page", r.room.lost)
			}
		})
		other.lives()
		_ = slow.CloseNow()
	})
}

// A browser whose machine is gone: the network takes what we write, and nobody answers a ping.
func TestSilentPageIsDead(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		control, _ := r.join(r.login("quelle"))
		dead := r.mute(r.login("tarroven"))
		defer dead.Close()
		start := time.Now()
		for {
			time.Sleep(time.Second)
			synctest.Wait()
			gone := false
			r.room.look(func() { gone = len(r.room.lost) > 0 })
			if gone {
				break
			}
			if time.Since(start) > time.Minute {
				t.Fatal("a page that answers nothing is taken for alive after a minute")
			}
		}
		if d := time.Since(start); d < pingEvery || d > deadAfter+time.Second {
			t.Errorf("found dead after %v, want %v", d, deadAfter)
		}
		time.Sleep(2 * time.Minute)
		control.lives()
	})
}

// mute joins by hand, and then takes everything and says nothing.
func (r *rig) mute(cookie string) net.Conn {
	r.t.Helper()
	c, err := r.net.dial("192.0.2.1:1")
	if err != nil {
		r.t.Fatal(err)
	}
	msg := []byte(hello(sdp))
	frame := append([]byte{0x81, 0x80 | byte(len(msg)), 0, 0, 0, 0}, msg...) // RFC 6455 §5.2: text, masked by zeros
	joined := make(chan struct{})
	go func() {
		in := bufio.NewReader(c)
		if resp, err := http.ReadResponse(in, nil); err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
			r.t.Errorf("upgrade: %v, %v", resp, err)
		}
		close(joined)
		_, _ = io.Copy(io.Discard, in)
	}()
	if _, err := fmt.Fprintf(c, "GET /ws HTTP/1.1\r\nHost: %s\r\nOrigin: %s\r\nCookie: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n", ownHost, ownOrigin, cookie); err != nil {
		r.t.Fatal(err)
	}
	<-joined
	if len(msg) > 125 {
		r.t.Fatal("message too long for a short frame")
	}
	if _, err := c.Write(frame); err != nil {
		r.t.Fatal(err)
	}
	return c
}

func TestQuality(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		start := time.Now()
		p, _ := r.join(r.login("tarroven"))
		for i := range 5 {
			m, ok := p.next()
			if !ok || m.Quality == nil || time.Since(start) != time.Duration(i+1)*qualityEvery {
				t.Fatalf("got %s after %v, want quality after %v", show(m), time.Since(start), time.Duration(i+1)*qualityEvery)
			}
			if *m.Quality != (wire.Quality{RTTMs: 20, Level: "good", Pictures: "less"}) {
				t.Errorf("quality = %+v", *m.Quality)
			}
		}
	})
	now := time.Now()
	for _, c := range []struct {
		q    peer.Quality
		want string
	}{
		{peer.Quality{LastHeard: now}, "good"},
		{peer.Quality{LastHeard: now, UpLoss: 0.019, RTT: 149 * time.Millisecond}, "good"},
		{peer.Quality{LastHeard: now, UpLoss: 0.02}, "fair"}, {peer.Quality{LastHeard: now, DownLoss: 0.02}, "fair"},
		{peer.Quality{LastHeard: now, RTT: 150 * time.Millisecond}, "fair"}, {peer.Quality{LastHeard: now, RTT: 400 * time.Millisecond}, "poor"},
		{peer.Quality{LastHeard: now, DownLoss: 0.08}, "poor"}, {peer.Quality{LastHeard: now.Add(-3 * time.Second)}, "good"},
		{peer.Quality{LastHeard: now.Add(-3*time.Second - 1)}, "poor"}, {peer.Quality{}, "poor"},
	} {
		if got := quality(c.q, now); got.Level != c.want {
			t.Errorf("level of %+v = %s, want %s", c.q, got.Level, c.want)
		}
	}
}

func TestErrorsHaveCodes(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		cookie := r.login("tarroven")
		secret := errors.New("disk /var/lib/x is full")
		try := func(set func()) wire.Error {
			t.Helper()
			set()
			p := r.connect(cookie)
			p.raw(hello(sdp))
			m, ok := p.other()
			if !ok || m.Error == nil {
				t.Fatalf("got %s, want an error", show(m))
			}
			p.ended()
			return *m.Error
		}
		if e := try(func() { r.peers.err = &peer.Error{Code: "offer.codec"} }); e.Code != "offer.codec" {
			t.Errorf("peer's error = %+v", e)
		}
		r.peers.err = nil
		if e := try(func() { r.room.err = &meeting.Error{Code: "member.unknown", Args: map[string]string{"member": "x"}} }); e.Code != "member.unknown" || e.Args["member"] != "x" {
			t.Errorf("room's error = %+v", e)
		}
		e := try(func() { r.room.err = secret })
		if e.Code != codeInternal || e.Args["id"] == "" || strings.Contains(fmt.Sprint(e), "disk") {
			t.Errorf("any other error = %+v, want %s with an id", e, codeInternal)
		}
		if l := r.log.String(); !strings.Contains(l, e.Args["id"]) || !strings.Contains(l, secret.Error()) {
			t.Errorf("the log has not the id %q and the cause: %s", e.Args["id"], l)
		}
		synctest.Wait()
		if n := r.peers.live(); n != 0 {
			t.Errorf("%d media sessions of refused joins live", n)
		}
		if e := try(func() { r.room.err = fmt.Errorf("join: %w", room.ErrClosed) }); e.Code != codeShutdown {
			t.Errorf("a closed room = %+v, want %s", e, codeShutdown)
		}
		r.room.err = nil
		p, _ := r.join(cookie) // control
		r.room.look(func() { r.room.err = &meeting.Error{Code: "devices.refused"} })
		p.raw(`{"devices":{"mic":true,"camera":true}}`)
		if m, ok := p.other(); !ok || m.Error == nil || m.Error.Code != "devices.refused" {
			t.Errorf("got %s, want the room's error", show(m))
		}
		p.lives()
	})
}

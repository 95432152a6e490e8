package scenario

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/pion/webrtc/v4"

	"visavis/internal/auth"
	"visavis/internal/bot"
	"visavis/internal/meeting"
	"visavis/internal/node"
	"visavis/internal/softkey"
	"visavis/internal/wire"
)

// console is the page of an officer or a technician: it signs in with a passkey, and reads all that the node says.
type console struct {
	*guest
	member meeting.MemberID
	key    *softkey.Authenticator
	ws     *websocket.Conn
	acts   int

	mu     sync.Mutex // guards the fields below
	state  wire.State
	seen   []sighting
	done   map[int]chan *wire.Error
	said   []wire.ToClient // but State
	closed bool
}

// sighting is a state and when it came.
type sighting struct {
	at    time.Time
	state wire.State
}

// console makes an account for m, with a passkey, and joins.
func (p *Party) console(m string, role meeting.Role) *console {
	t := p.w.T
	t.Helper()
	id := meeting.MemberID(string(p.ID) + "-" + m)
	var code string
	p.must(func(d *node.Dir) error {
		if _, err := d.Book().NewAccount(t.Context(), id, "Name of "+m, role); err != nil {
			return err
		}
		s, err := d.Book().EnrolmentCode(t.Context(), id, time.Hour, nil)
		code = s.Reveal()
		return err
	})
	c := &console{guest: p.guest(), member: id, key: softkey.New()}
	c.ceremony("register", code)
	c.open()
	return c
}

// ceremony makes or shows the passkey, and keeps the cookie.
func (c *console) ceremony(kind, code string) {
	c.t.Helper()
	ask := "{}"
	if code != "" {
		ask = fmt.Sprintf(`{"code":%q}`, code)
	}
	r := c.do("POST", "/api/passkey/"+kind, ask)
	var o wire.PasskeyOptions
	if err := json.Unmarshal([]byte(r.body), &o); r.status != http.StatusOK || err != nil {
		c.t.Fatalf("passkey %s: %d %s", kind, r.status, r.body)
	}
	make := c.key.Get
	if kind == "register" {
		make = c.key.Create
	}
	made, err := make("https://"+c.p.Name, o.Options)
	if err != nil {
		c.t.Fatal(err)
	}
	body := fmt.Sprintf(`{"credential":%s}`, made)
	if code != "" {
		body = fmt.Sprintf(`{"code":%q,"credential":%s}`, code, made)
	}
	r = c.do("POST", "/api/passkey/"+kind+"/finish", body)
	if r.status != http.StatusNoContent {
		c.t.Fatalf("passkey %s: %d %s", kind, r.status, r.body)
	}
	if s, _, _ := strings.Cut(r.header.Get("Set-Cookie"), ";"); s != "" {
		c.cookie = s
	}
}

// open joins with a fresh page.
func (c *console) open() {
	c.t.Helper()
	h := http.Header{"Cookie": {c.cookie}, "Origin": {"https://" + c.p.Name}, "Sec-Fetch-Site": {"same-origin"}}
	ws, _, err := websocket.Dial(c.t.Context(), "wss://"+c.p.Name+"/ws?meeting="+string(Meeting), &websocket.DialOptions{HTTPClient: c.web, HTTPHeader: h})
	if err != nil {
		c.t.Fatalf("socket of %s: %v", c.member, err)
	}
	ws.SetReadLimit(1 << 20)
	c.mu.Lock()
	c.ws, c.done, c.closed = ws, map[int]chan *wire.Error{}, false
	c.mu.Unlock()
	welcome := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c.read(ws, welcome)
	}()
	c.t.Cleanup(func() { _ = ws.CloseNow(); <-ended })
	say(c.t, ws, c.hello())
	select {
	case <-welcome:
		if err := c.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: c.answer()}); err != nil {
			c.t.Fatal(err)
		}
	case <-time.After(10 * time.Second):
		c.t.Fatalf("%s is not welcomed: %+v", c.member, c.said)
	}
}

func (c *console) read(ws *websocket.Conn, welcome chan struct{}) {
	for {
		_, b, err := ws.Read(context.Background())
		c.mu.Lock()
		if err != nil {
			c.closed = c.closed || c.ws == ws
			c.mu.Unlock()
			return
		}
		m, err := wire.DecodeToClient(b)
		if err != nil {
			c.t.Errorf("%s is told %s: %v", c.member, b, err)
		}
		if m.State == nil {
			c.said = append(c.said, m)
		}
		switch {
		case m.Welcome != nil:
			c.state = m.Welcome.State
			c.seen = append(c.seen, sighting{time.Now(), c.state})
			close(welcome)
		case m.State != nil:
			c.state = *m.State
			c.seen = append(c.seen, sighting{time.Now(), c.state})
		case m.Done != nil:
			if d := c.done[m.Done.ID]; d != nil {
				d <- m.Done.Error
			}
		}
		c.mu.Unlock()
	}
}

// try does a and gives the code of the refusal, "" for none.
func (c *console) try(a wire.Act) string {
	c.t.Helper()
	c.acts++
	a.ID = c.acts
	answer := make(chan *wire.Error, 1)
	c.mu.Lock()
	c.done[a.ID] = answer
	ws := c.ws
	c.mu.Unlock()
	b, err := wire.EncodeFromClient(wire.FromClient{Act: &a})
	if err != nil {
		c.t.Fatal(err)
	}
	say(c.t, ws, string(b))
	select {
	case e := <-answer:
		if e == nil {
			return ""
		}
		return e.Code
	case <-time.After(5 * time.Second):
		c.t.Fatalf("%s did %s and got no answer", c.member, a.Do)
	}
	return ""
}

// act does a, which must not be refused.
func (c *console) act(a wire.Act) {
	c.t.Helper()
	if code := c.try(a); code != "" {
		c.t.Fatalf("%s does %s %s%s: %s", c.member, a.Do, a.Value, a.Member, code)
	}
}

// answer is that of the welcome.
func (c *console) answer() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range slices.Backward(c.said) {
		if m.Welcome != nil {
			return m.Welcome.Answer
		}
	}
	return ""
}

func (c *console) now() wire.State {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}

// first is when the console first showed a state as want says, from a moment on; zero: not yet.
func (c *console) first(from time.Time, want func(wire.State) bool) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.seen {
		if !s.at.Before(from) && want(s.state) {
			return s.at
		}
	}
	return time.Time{}
}

// alarm reports whether the console shows an alarm of that code.
func (c *console) alarm(code string) bool {
	return slices.ContainsFunc(c.now().Alarms, func(a wire.Alarm) bool { return a.Code == code })
}

// enterAs lets m join as a bot by an invitation without a PIN, microphone off.
func (p *Party) enterAs(m string, change func(*bot.Config)) *Person {
	p.w.T.Helper()
	id := meeting.MemberID(string(p.ID) + "-" + m)
	return p.JoinWith(id, p.code(auth.Grant{Meeting: Meeting, Member: id, Party: p.ID}, "join"), func(c *bot.Config) {
		c.MicOff = true
		if change != nil {
			change(c)
		}
	})
}

// stamped is g for the member as the meeting knows it now.
func stamped(ctx context.Context, d *node.Dir, g auth.Grant) (auth.Grant, error) {
	def, err := d.Definition(ctx, g.Meeting)
	if m, ok := def.Member(g.Member); ok && !g.Audience() {
		g.As = def.Stamp(m)
	}
	return g, err
}

// code is a link with an invitation for g.
func (p *Party) code(g auth.Grant, path string) string {
	p.w.T.Helper()
	var code auth.Secret
	p.must(func(d *node.Dir) (err error) {
		if g, err = stamped(p.w.T.Context(), d, g); err != nil {
			return err
		}
		code, err = d.Book().Invite(p.w.T.Context(), g, time.Hour)
		return err
	})
	return "https://" + p.Name + "/" + path + "#" + code.Reveal()
}

// pressSeat lets somebody of the press in.
func (p *Party) pressSeat() *Person {
	p.w.T.Helper()
	id := auth.PressID()
	link := p.code(auth.Grant{Meeting: Meeting, Member: id, Party: p.ID, Role: meeting.Press, Name: "Halvern Post"}, "press")
	return p.JoinWith(id, link, func(c *bot.Config) { c.MicOff, c.CameraOff = true, true })
}

// session is a formal meeting in which everybody sits.
type session struct {
	*World
	t                  *testing.T
	officer, far       *console // of avelmar, the host, and of tolmeria
	technician         *console // of avelmar
	principal, delegat *Person  // of avelmar
	farPrincipal       *Person
	press, farPress    *Person
}

func newSession(t *testing.T, begin string) *session {
	t.Helper()
	return newSessionIn(t, Options{Names: Definition{"formal": begin}})
}

func newSessionIn(t *testing.T, o Options) *session {
	t.Helper()
	s := &session{World: NewWorld(t, o), t: t}
	s.officer, s.far = s.Avelmar.console("officer", meeting.Officer), s.Tolmeria.console("officer", meeting.Officer)
	s.technician = s.Avelmar.console("technician", meeting.Technician)
	s.principal, s.delegat, s.farPrincipal = s.Avelmar.enterAs("principal", nil), s.Avelmar.enterAs("one", nil), s.Tolmeria.enterAs("principal", nil)
	s.press, s.farPress = s.Avelmar.pressSeat(), s.Tolmeria.pressSeat()
	s.connected(s.principal, s.delegat, s.farPrincipal)
	s.await("both links up", func() bool {
		up := func(c *console) bool { l := c.now().Links; return len(l) == 1 && l[0].State == "up" }
		return up(s.officer) && up(s.far)
	})
	return s
}

// await waits at most 10 s for something to be so.
func (s *session) await(what string, ok func() bool) {
	s.t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if ok() {
			return
		}
	}
	s.t.Fatalf("it does not come about: %s; host %+v, guest %+v", what, s.officer.now(), s.far.now())
}

func (s *session) phase(p meeting.Phase) {
	s.t.Helper()
	s.await("phase "+string(p), func() bool { return s.officer.now().Phase == string(p) && s.far.now().Phase == string(p) })
}

// turn has both officers turn their keys for an action, each with the passkey just shown.
func (s *session) turn(action string) {
	s.t.Helper()
	for _, c := range []*console{s.officer, s.far} {
		c.ceremony("stepup", "")
		c.act(wire.Act{Do: wire.DoTurnKey, Value: action})
	}
}

// begin brings the meeting to the phase with which it starts, and gives the host's principal the floor.
func (s *session) begin() {
	s.t.Helper()
	s.officer.act(wire.Act{Do: wire.DoWait})
	s.phase(meeting.Waiting)
	s.turn(wire.ActionStart)
	s.await("the start", func() bool { p := s.far.now().Phase; return p == "open" || p == "closed" })
	s.speak(s.principal)
}

// speak gives q the floor, and q opens its microphone.
func (s *session) speak(q *Person) {
	s.t.Helper()
	s.officer.act(wire.Act{Do: wire.DoGive, Member: string(q.Member)})
	s.await("the floor", func() bool {
		return q.Bot.Stats().State.Order.Holder == string(q.Member)
	})
	q.Bot.Devices(true, true)
	s.await("the open microphone", func() bool {
		p := q.presence(q.Member)
		return p != nil && p.Mic
	})
	time.Sleep(500 * time.Millisecond)
}

// withMessages has a bot show what the node says.
func withMessages(f func(wire.ToClient)) func(*bot.Config) {
	return func(c *bot.Config) { c.OnMessage = f }
}

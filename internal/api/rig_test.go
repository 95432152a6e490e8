package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"visavis/internal/auth"
	"visavis/internal/media"
	"visavis/internal/meeting"
	"visavis/internal/peer"
	"visavis/internal/room"
	"visavis/internal/store"
	"visavis/internal/wire"
)

// rig is a server in virtual time, reached over pipes.
type rig struct {
	t      *testing.T
	s      *Server
	store  *store.Store
	book   *auth.Book
	room   *fakeRoom
	peers  *fakePeers
	net    *pipes
	client *http.Client
	log    *safeBuffer
	blobs  map[string][]byte
	closed atomic.Bool // there is no room any more

	begun   atomic.Bool                        // the arranged meeting
	changed atomic.Pointer[meeting.Definition] // in place of the one with this id
}

const ownHost, ownOrigin = "meet.test", "https://meet.test"

// bubble runs f with a rig in virtual time.
func bubble(t *testing.T, f func(t *testing.T, r *rig)) { bubbleOf(t, false, f) }

func bubbleOf(t *testing.T, insecure bool, f func(t *testing.T, r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		db, err := store.Memory()
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		r := &rig{t: t, store: db, book: auth.NewBook(db, nil), room: newFakeRoom(), peers: &fakePeers{}, net: newPipes(), log: &safeBuffer{}, blobs: map[string][]byte{}}
		c := Config{
			Party: "avelmar", Book: r.book, Hosts: []string{ownHost, "other.test:8443"}, Insecure: insecure, Log: slog.New(slog.NewJSONHandler(r.log, nil)),
			Camera: wire.Camera{Width: 640, Height: 360, FPS: 15},
			Definition: func(id meeting.ID) (meeting.Definition, bool) {
				if d := r.changed.Load(); d != nil && d.ID == id {
					return *d, true
				}
				if id == formal {
					return formalMeeting(), true
				}
				return talks(), id == "talks"
			},
			Definitions: func() []meeting.Definition {
				return []meeting.Definition{talks(), formalMeeting()}
			},
			Arranging: r.arranging(), Readouts: r.drafting(),
			Blob: func(_ context.Context, hex string) ([]byte, error) {
				if b, ok := r.blobs[hex]; ok {
					return b, nil
				}
				return nil, errors.New("no such blob")
			},
			Assets: fstest.MapFS{
				"index.html":           {Data: []byte("<!doctype html><title>Visavis</title>")},
				"assets/page-ABC.js":   {Data: []byte(strings.Repeat("let x = 1;\n", 200))},
				"assets/icon-ABC.svg":  {Data: []byte("<svg/>")},
				"assets/deep/a-ABC.js": {Data: []byte("1")},
				"secret.txt":           {Data: []byte("not served")},
			},
		}
		r.s, err = newServer(c, r.peers.open, func(id meeting.ID) mediaRoom {
			if id != "talks" && id != formal || r.closed.Load() {
				return nil
			}
			return r.room
		})
		if err != nil {
			t.Fatal(err)
		}
		web := r.s.HTTPServer()
		served := make(chan error, 1)
		go func() { served <- web.Serve(r.s.Limit(r.net)) }()
		r.client = r.from("192.0.2.1:5000")
		f(t, r)
		if err := r.s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		_ = web.Close()
		<-served
		r.net.closeIdle()
		time.Sleep(time.Second) // net/http waits half of it before it closes a connection in anger
	})
}

// talks is an informal meeting.
func talks() meeting.Definition {
	d := meeting.Definition{ID: "talks", Title: meeting.Text{"en": "Talks"}}
	ids := []string{"tarroven", "quelle", "aldesh", "delegate", "stuck", "one-more"}
	for i := range 80 {
		ids = append(ids, fmt.Sprintf("m%d", i))
	}
	for _, id := range ids {
		d.Members = append(d.Members, meeting.Member{ID: meeting.MemberID(id), Party: "avelmar", Role: meeting.Delegate, Name: meeting.Text{"en": "Name of " + id}})
	}
	return d
}

// pipes is a listener whose connections are pipes with the addresses that a test gives them.
type pipes struct {
	conns chan net.Conn
	end   chan struct{}
	once  sync.Once

	mu   sync.Mutex
	idle []func()
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), end: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.end:
		return nil, net.ErrClosed
	}
}
func (p *pipes) Close() error   { p.once.Do(func() { close(p.end) }); return nil }
func (p *pipes) Addr() net.Addr { return addr("pipe") }

func (p *pipes) dial(from string) (net.Conn, error) {
	mine, theirs := net.Pipe()
	select {
	case p.conns <- named{theirs, addr(from)}:
		return mine, nil
	case <-p.end:
		return nil, net.ErrClosed
	}
}

func (p *pipes) closeIdle() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range p.idle {
		f()
	}
}

type addr string

func (addr) Network() string  { return "tcp" }
func (a addr) String() string { return string(a) }

type named struct {
	net.Conn
	remote addr
}

func (c named) RemoteAddr() net.Addr { return c.remote }

// from returns a client at an address.
func (r *rig) from(address string) *http.Client {
	tr := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return r.net.dial(address) }}
	r.net.mu.Lock()
	r.net.idle = append(r.net.idle, tr.CloseIdleConnections)
	r.net.mu.Unlock()
	return &http.Client{Transport: tr, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// answer is a response, read to its end.
type answer struct {
	status int
	header http.Header
	body   string
}

func (a answer) code() string {
	_, rest, _ := strings.Cut(a.body, `"code":"`)
	code, _, _ := strings.Cut(rest, `"`)
	return code
}

// ask sends a request as our own page does; change alters it first.
func (r *rig) ask(c *http.Client, method, path, body string, change ...func(*http.Request)) answer {
	r.t.Helper()
	req, err := http.NewRequest(method, "http://"+ownHost+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	if method == http.MethodPost {
		req.Header.Set("Origin", ownOrigin)
		req.Header.Set("Content-Type", "application/json")
	}
	for _, f := range change {
		f(req)
	}
	resp, err := c.Do(req)
	if err != nil {
		r.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatalf("%s %s: %v", method, path, err)
	}
	return answer{resp.StatusCode, resp.Header, string(b)}
}

func with(name, value string) func(*http.Request) {
	return func(q *http.Request) { q.Header.Set(name, value) }
}
func without(name string) func(*http.Request) { return func(q *http.Request) { q.Header.Del(name) } }
func at(host string) func(*http.Request)      { return func(q *http.Request) { q.Host = host } }
func withCookie(c string) func(*http.Request) { return with("Cookie", c) }

// invite makes an invitation for a member of the meeting "talks".
func (r *rig) invite(member string) string {
	r.t.Helper()
	code, err := r.book.Invite(r.t.Context(), auth.Grant{Meeting: "talks", Member: meeting.MemberID(member), Party: "avelmar"}, time.Hour)
	if err != nil {
		r.t.Fatal(err)
	}
	return code.Reveal()
}

func codeBody(code string) string { return `{"code":"` + code + `"}` }

// login redeems a fresh invitation and returns the Cookie header.
func (r *rig) login(member string) string {
	r.t.Helper()
	a := r.ask(r.client, "POST", "/api/session", codeBody(r.invite(member)))
	if a.status != http.StatusNoContent {
		r.t.Fatalf("login = %d %s", a.status, a.body)
	}
	c, _, _ := strings.Cut(a.header.Get("Set-Cookie"), ";")
	return c
}

// page is a browser's end of a WebSocket.
type page struct {
	t    *testing.T
	conn *websocket.Conn
	in   chan wire.ToClient
	err  error // why it ended; valid when in is closed

	waits *wire.Wait // the last message, if it was one
}

func (r *rig) dial(cookie string, change ...func(*http.Request)) (*websocket.Conn, *http.Response, error) {
	return r.dialPath(cookie, "/ws", change...)
}

func (r *rig) dialPath(cookie, path string, change ...func(*http.Request)) (*websocket.Conn, *http.Response, error) {
	h := http.Header{"Origin": {ownOrigin}, "Sec-Fetch-Site": {"same-origin"}}
	if cookie != "" {
		h.Set("Cookie", cookie)
	}
	q := &http.Request{Header: h}
	for _, f := range change {
		f(q)
	}
	return websocket.Dial(r.t.Context(), "ws://"+ownHost+path, &websocket.DialOptions{HTTPClient: r.client, HTTPHeader: h, Host: q.Host})
}

// connect opens a socket without a word.
func (r *rig) connect(cookie string) *page {
	r.t.Helper()
	conn, _, err := r.dial(cookie)
	if err != nil {
		r.t.Fatalf("dial: %v", err)
	}
	return r.reading(conn)
}

const sdp = "v=0"

// join opens a socket and joins.
func (r *rig) join(cookie string) (*page, wire.Welcome) {
	r.t.Helper()
	p := r.connect(cookie)
	p.say(wire.FromClient{Hello: &wire.Hello{Version: wire.Version, Offer: &wire.Offer{SDP: sdp, Names: []string{"mic"}}}})
	return p, p.welcome()
}

func (p *page) say(m wire.FromClient) {
	p.t.Helper()
	b, err := wire.EncodeFromClient(m)
	if err != nil {
		p.t.Fatal(err)
	}
	p.write(websocket.MessageText, b)
}

// write sends bytes; the node may have closed meanwhile.
func (p *page) write(kind websocket.MessageType, b []byte) {
	_ = p.conn.Write(context.Background(), kind, b)
}

func (p *page) raw(s string) { p.write(websocket.MessageText, []byte(s)) }

// next returns the next message; false when the socket has ended.
func (p *page) next() (wire.ToClient, bool) {
	p.t.Helper()
	select {
	case m, ok := <-p.in:
		return m, ok
	case <-time.After(10 * time.Minute):
		p.t.Fatal("nothing came")
		return wire.ToClient{}, false
	}
}

// other returns the next message that is not about quality.
func (p *page) other() (wire.ToClient, bool) {
	p.t.Helper()
	for until := time.Now().Add(10 * time.Minute); ; {
		m, ok := p.next()
		again := ok && m.Wait != nil && p.waits != nil && *m.Wait == *p.waits // every 2 s, as quality
		if !ok || m.Quality == nil && !again {
			p.waits = m.Wait
			return m, ok
		}
		if time.Now().After(until) {
			p.t.Fatal("nothing but quality came")
		}
	}
}

func (p *page) welcome() wire.Welcome {
	p.t.Helper()
	m, ok := p.other()
	if !ok || m.Welcome == nil {
		p.t.Fatalf("got %s, %v, want a welcome", show(m), p.err)
	}
	return *m.Welcome
}

// refused expects an error of this code and then the end.
func (p *page) refused(code string) {
	p.t.Helper()
	m, ok := p.other()
	if !ok || m.Error == nil || m.Error.Code != code {
		p.t.Errorf("got %s, %v, want error %q", show(m), p.err, code)
		return
	}
	p.ended()
}

// bye expects a good-bye of this code and then the end.
func (p *page) bye(code string) {
	p.t.Helper()
	m, ok := p.other()
	if !ok || m.Bye == nil || m.Bye.Code != code {
		p.t.Errorf("got %s, %v, want bye %q", show(m), p.err, code)
		return
	}
	p.ended()
}

func (p *page) ended() {
	p.t.Helper()
	if m, ok := p.other(); ok {
		p.t.Errorf("got %s, want the end", show(m))
	}
}

// lives expects that the socket still answers.
func (p *page) lives() {
	p.t.Helper()
	synctest.Wait()
	for len(p.in) > 0 {
		if m, ok := p.next(); !ok {
			p.t.Fatalf("the socket ended after %s: %v", show(m), p.err)
		}
	}
	p.say(wire.FromClient{Offer: &wire.Offer{SDP: sdp, Names: []string{"mic"}}})
	if m, ok := p.other(); !ok || m.Answer == nil {
		p.t.Errorf("got %s, %v, want an answer: the socket should live", show(m), p.err)
	}
}

func show(m wire.ToClient) string {
	b, err := wire.EncodeToClient(m)
	if err != nil {
		return "nothing"
	}
	return string(b)
}

// fakeRoom notes what it is told.
type fakeRoom struct {
	mu       sync.Mutex
	seats    map[meeting.MemberID]*room.Seat
	lost     []meeting.MemberID
	left     []meeting.MemberID
	handled  []wire.FromClient
	joins    int
	early    int    // states sent from inside Join
	err      error  // of Join and Handle
	gone     bool   // Resume finds nobody
	resuming func() // called by Resume first, if set
	entering func() // called by Join, Publish and Watch last, if set
	feeds    []*room.Feed
	taps     []*room.Tap
	waiters  []*room.Waiter
	audience []*room.Audience
	acts     []act
}

func newFakeRoom() *fakeRoom { return &fakeRoom{seats: map[meeting.MemberID]*room.Seat{}} }

func (f *fakeRoom) Join(_ context.Context, s *room.Seat) (wire.Welcome, error) {
	f.mu.Lock()
	f.joins++
	err, old, early := f.err, f.seats[s.Member], f.early
	if err == nil {
		f.seats[s.Member] = s
	}
	f.mu.Unlock()
	if err != nil {
		return wire.Welcome{}, err
	}
	if s.Media == nil {
		return wire.Welcome{}, errors.New("joined without media")
	}
	if old != nil {
		old.End("moved")
	}
	for range early {
		s.Send(wire.ToClient{State: &wire.State{Stage: []string{"early"}}})
	}
	f.enter()
	return wire.Welcome{You: string(s.Member)}, nil
}

func (f *fakeRoom) Resume(was, s *room.Seat) (wire.Welcome, error) {
	if f.resuming != nil {
		f.resuming()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.gone || f.seats[s.Member] == nil || f.seats[s.Member] != was {
		return wire.Welcome{}, &meeting.Error{Code: "resume.gone"}
	}
	if s.Media != nil {
		return wire.Welcome{}, errors.New("resumed with media")
	}
	f.seats[s.Member] = s
	return wire.Welcome{You: string(s.Member)}, nil
}

func (f *fakeRoom) Handle(s *room.Seat, m wire.FromClient) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.handled = append(f.handled, m)
	if m.Leave != nil {
		f.left = append(f.left, s.Member)
		delete(f.seats, s.Member)
	}
	return f.err
}

func (f *fakeRoom) Lost(s *room.Seat) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lost = append(f.lost, s.Member)
}

// look reads or changes the room.
func (f *fakeRoom) look(g func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	g()
}

func (f *fakeRoom) seat(m meeting.MemberID) *room.Seat {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.seats[m]
}

// fakePeers answers every offer.
type fakePeers struct {
	mu   sync.Mutex
	err  error
	all  []*fakeMedia
	seen []peer.Offer
}

func (f *fakePeers) open(o peer.Offer, e peer.Events) (mediaSession, string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return nil, "", f.err
	}
	m := &fakeMedia{events: e, q: peer.Quality{RTT: 20 * time.Millisecond, Pictures: "less", LastHeard: time.Now().Add(time.Hour)}}
	f.all, f.seen = append(f.all, m), append(f.seen, o)
	return m, "answer", nil
}

// open returns how many sessions are not closed.
func (f *fakePeers) live() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, m := range f.all {
		if !m.isClosed() {
			n++
		}
	}
	return n
}

type fakeMedia struct {
	events peer.Events

	mu     sync.Mutex
	q      peer.Quality
	err    error
	closed bool

	reoffered []peer.Offer
	again     string // what Reoffer answers; "": "again"
}

func (f *fakeMedia) Stream(string) *media.Stream     { return nil }
func (f *fakeMedia) Slots(string) []*media.Forwarder { return nil }
func (f *fakeMedia) Quality() peer.Quality           { f.mu.Lock(); defer f.mu.Unlock(); return f.q }
func (f *fakeMedia) Reoffer(o peer.Offer) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.reoffered = append(f.reoffered, o)
	if f.again != "" {
		return f.again, f.err
	}
	return "again", f.err
}
func (f *fakeMedia) isClosed() bool { f.mu.Lock(); defer f.mu.Unlock(); return f.closed }

func (f *fakeMedia) Close() error {
	f.mu.Lock()
	first := !f.closed
	f.closed = true
	f.mu.Unlock()
	if first && f.events.Closed != nil {
		f.events.Closed("closed")
	}
	return nil
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(b)
}
func (s *safeBuffer) String() string { s.mu.Lock(); defer s.mu.Unlock(); return s.b.String() }

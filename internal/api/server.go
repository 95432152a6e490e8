package api

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"visavis/internal/auth"
	"visavis/internal/meeting"
	"visavis/internal/peer"
	"visavis/internal/room"
	"visavis/internal/wire"
)

// Config is what a Server needs. All fields but Definitions, Blob and Log must be set.
type Config struct {
	Party       meeting.PartyID // ours
	Book        *auth.Book
	Peers       *peer.Host
	Rooms       func(meeting.ID) *room.Room // nil: no such meeting here
	Definition  func(meeting.ID) (meeting.Definition, bool)
	Definitions func() []meeting.Definition // all that Definition knows; nil: none are listed
	Arranging   *Arranging                  // nil: nothing is arranged here
	Readouts    *Readouts                   // nil: no readouts are written here

	Hosts    []string // exact values of Host, lower case, with the port where it is not the scheme's; the first stands for all
	Insecure bool     // plain HTTP: the demo on loopback alone
	Assets   fs.FS    // index.html and assets/NAME-HASH.EXT
	Blob     func(ctx context.Context, hex string) ([]byte, error)
	Camera   wire.Camera
	Healthy  func() bool  // whether joins can be taken, for GET /healthz; nil: always
	Log      *slog.Logger // nil: discarded
}

// mediaRoom is what a page needs of a room; *room.Room satisfies it.
type mediaRoom interface {
	Join(ctx context.Context, s *room.Seat) (wire.Welcome, error)
	Resume(was, s *room.Seat) (wire.Welcome, error)
	Handle(s *room.Seat, m wire.FromClient) error
	Act(s *room.Seat, a wire.Act, proven time.Time) error
	Lost(s *room.Seat)
	Knock(w *room.Waiter) error
	Unknock(w *room.Waiter)
	Attend(ctx context.Context, a *room.Audience) (wire.Welcome, error)
	Unattend(a *room.Audience)
	Reoffered(a *room.Audience)
	Publish(ctx context.Context, f *room.Feed) error
	Unpublish(f *room.Feed)
	Watch(ctx context.Context, t *room.Tap) error
	Unwatch(t *room.Tap)
}

// mediaSession is the media of one page; *peer.Session satisfies it.
type mediaSession interface {
	room.Media
	Reoffer(o peer.Offer) (string, error)
	Quality() peer.Quality
	Close() error
}

// Server answers people. Handler, HTTPServer and Limit are for the node that serves; Close ends what people hold. All methods may be
// called concurrently.
type Server struct {
	party      meeting.PartyID
	book       *auth.Book
	passkeys   *auth.Passkeys
	open       func(peer.Offer, peer.Events) (mediaSession, string, error)
	room       func(meeting.ID) mediaRoom // nil: no such meeting
	definition func(meeting.ID) (meeting.Definition, bool)

	definitions func() []meeting.Definition
	arranging   *Arranging
	readouts    *Readouts

	blob     func(ctx context.Context, hex string) ([]byte, error)
	hosts    []string
	insecure bool
	assets   assets
	camera   wire.Camera
	healthy  func() bool
	log      *slog.Logger
	handler  http.Handler

	failures     *limiter[address]    // wrong codes, by who tries
	nodeFailures *limiter[struct{}]   // by all together
	probeRate    *limiter[auth.Grant] // by member
	deviceRate   *limiter[string]     // by pass
	passkeyRate  *limiter[address]    // challenges
	stepUpRate   *limiter[string]     // challenges of step-up, by session: nobody else at that address takes them away
	stepUpFails  *limiter[string]     // wrong answers to them, by session
	logRate      *limiter[meeting.MemberID]
	logRead      sync.Mutex           // held while the security log is read: once at a time
	logOpened    map[string]time.Time // by session: when the entry that it reads was written; guarded by logRead
	security     *security
	stop         context.CancelFunc // ends sweep

	counts counts

	mu       sync.Mutex // guards the fields below
	closed   bool
	running  int           // sockets, and goroutines that close things
	idle     chan struct{} // closed when closed and running is 0
	sockets  map[*socket]struct{}
	sessions map[string]int    // sockets of a session
	visits   map[string]*visit // by session's key
	waiters  map[string]*waiting
	probes   map[auth.Grant]*probe
	devices  map[string]*device // by id
	deviceOf map[string]*device // by pass
}

// NewServer makes a Server. It serves nothing by itself. The error says what is missing in c.
func NewServer(c Config) (*Server, error) {
	if c.Book == nil || c.Peers == nil || c.Rooms == nil || c.Definition == nil {
		return nil, errors.New("serve people: book, peers, rooms and definitions are needed")
	}
	open := func(o peer.Offer, e peer.Events) (mediaSession, string, error) {
		m, answer, err := c.Peers.Open(o, e)
		if err != nil {
			return nil, "", err
		}
		return m, answer, nil
	}
	find := func(id meeting.ID) mediaRoom {
		if r := c.Rooms(id); r != nil {
			return r
		}
		return nil
	}
	return newServer(c, open, find)
}

// newServer is NewServer with the sources of media and rooms as functions.
func newServer(c Config, open func(peer.Offer, peer.Events) (mediaSession, string, error), find func(meeting.ID) mediaRoom) (*Server, error) {
	if err := checkHosts(c.Hosts); err != nil {
		return nil, err
	}
	files, err := loadAssets(c.Assets)
	if err != nil {
		return nil, err
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Definitions == nil {
		c.Definitions = func() []meeting.Definition { return nil }
	}
	keys, err := auth.NewPasskeys(c.Book, string(c.Party), c.Hosts, c.Insecure)
	if err != nil {
		return nil, fmt.Errorf("serve people: %w", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &Server{
		party: c.Party, passkeys: keys, definitions: c.Definitions, arranging: c.Arranging, readouts: c.Readouts, waiters: make(map[string]*waiting),
		book: c.Book, open: open, room: find, definition: c.Definition, blob: c.Blob, hosts: slices.Clone(c.Hosts), insecure: c.Insecure,
		assets: files, camera: c.Camera, healthy: c.Healthy, log: c.Log, stop: stop,
		failures:     newLimiter[address](LoginFailures/60.0, LoginFailures),
		nodeFailures: newLimiter[struct{}](NodeFailures/60.0, NodeFailures),
		probeRate:    newLimiter[auth.Grant](1.0/probeEvery, probeBurst),
		deviceRate:   newLimiter[string](1.0/deviceEvery, deviceBurst),
		passkeyRate:  newLimiter[address](PasskeysPerSecond, PasskeyBurst),
		stepUpRate:   newLimiter[string](PasskeysPerSecond, PasskeyBurst),
		stepUpFails:  newLimiter[string](LoginFailures/60.0, LoginFailures),
		logRate:      newLimiter[meeting.MemberID](logsPerSecond, logBurst),
		logOpened:    map[string]time.Time{},
		security:     newSecurity(c.Book, c.Log),
		idle:         make(chan struct{}), sockets: make(map[*socket]struct{}), sessions: make(map[string]int),
		visits: make(map[string]*visit), probes: make(map[auth.Grant]*probe),
		devices: make(map[string]*device), deviceOf: make(map[string]*device),
	}
	s.handler = s.guard(s.routes())
	s.spawn(func() { s.sweep(ctx) })
	return s, nil
}

func checkHosts(hosts []string) error {
	if len(hosts) == 0 {
		return errors.New("serve people: no host name")
	}
	for _, h := range hosts {
		if h == "" || strings.ToLower(h) != h || strings.ContainsAny(h, "/ ;,\"'\t\r\n") {
			return fmt.Errorf("serve people: host %q is not a lower-case name, with a port where needed", h)
		}
	}
	return nil
}

// route is one row of the mux. The tests walk all of them.
type route struct {
	pattern string
	handle  http.HandlerFunc
}

func (s *Server) table() []route {
	return append([]route{
		{"GET /join", s.page},
		{"GET /m/{meeting}", s.page},
		{"GET /officer", s.page},
		{"GET /technician", s.page},
		{"GET /press", s.page},
		{"GET /enrol", s.page},
		{"GET /signin", s.page},
		{"GET /accounts", s.page},
		{"GET /assets/{name...}", s.asset},
		{"GET /emblem/{name}", s.emblem},
		{"GET /healthz", s.health},
		{"GET /api/me", s.me},
		{"POST /api/invitation", s.look},
		{"POST /api/session", s.enter},
		{"POST /api/probe", s.probed},
		{"POST /api/leave", s.leave},
		{"POST /api/passkey/register", s.beginRegister},
		{"POST /api/passkey/register/finish", s.finishRegister},
		{"POST /api/passkey/signin", s.beginSignIn},
		{"POST /api/passkey/signin/finish", s.finishSignIn},
		{"POST /api/passkey/stepup", s.beginStepUp},
		{"POST /api/passkey/stepup/finish", s.finishStepUp},
		{"GET /api/account", s.ownAccount},
		{"GET /api/accounts", s.accounts},
		{"POST /api/accounts", s.addAccount},
		{"POST /api/accounts/code", s.accountCode},
		{"POST /api/accounts/end", s.endAccount},
		{"POST /api/accounts/remove", s.removeAccount},
		{"GET /api/security", s.readLog},
		{"GET /api/meetings", s.meetings},
		{"GET /api/sessions", s.listSessions},
		{"POST /api/sessions/end", s.endSession},
		{"GET /ws", s.serveSocket},
	}, append(s.arrangeRoutes(), append(s.readoutRoutes(), route{"GET /draft", s.page})...)...)
}

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	for _, r := range append(s.table(), s.doors()...) {
		mux.HandleFunc(r.pattern, r.handle)
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { s.refuse(w, fail(codeRoute)) })
	return mux
}

// Handler answers people's requests.
func (s *Server) Handler() http.Handler { return s.handler }

// HTTPServer returns a server with the handler and the limits on headers, times and streams. The caller serves and closes it.
func (s *Server) HTTPServer() *http.Server {
	return &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: headerTime,
		ReadTimeout:       bodyTime,
		WriteTimeout:      answerTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    MaxHeader - 4096, // net/http reads 4096 more than it is told
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: MaxStreams},
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
}

// Close says good-bye to everybody and waits until their sockets, media and probes are gone. Nobody leaves a meeting by it. Requests that
// come later are refused.
func (s *Server) Close() error {
	s.mu.Lock()
	first := !s.closed
	s.closed = true
	var visits []*visit
	for _, v := range s.visits {
		visits = append(visits, v)
	}
	var sockets []*socket
	for k := range s.sockets {
		sockets = append(sockets, k)
	}
	probes := s.probes
	s.probes = make(map[auth.Grant]*probe)
	var devices []*device
	for _, d := range s.devices {
		devices = append(devices, d)
	}
	s.mu.Unlock()
	for _, v := range visits {
		v.finish("shutdown")
	}
	for _, k := range sockets {
		k.bye("shutdown") // those without a visit
	}
	for _, d := range devices {
		d.finish()
	}
	for _, p := range probes {
		p.timer.Stop()
		s.closeMedia(p.media)
	}
	s.stop()
	if first {
		s.settle(0)
	}
	<-s.idle
	return nil
}

func (s *Server) ending() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// spawn runs f in a goroutine that Close waits for.
func (s *Server) spawn(f func()) {
	s.mu.Lock()
	s.running++
	s.mu.Unlock()
	go func() {
		defer s.settle(-1)
		f()
	}()
}

// settle counts what runs and wakes Close when nothing does.
func (s *Server) settle(change int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running += change
	if !s.closed || s.running > 0 {
		return
	}
	select {
	case <-s.idle:
	default:
		close(s.idle)
	}
}

func (s *Server) closeMedia(m mediaSession) {
	s.spawn(func() { _ = m.Close() }) // it has no way to fail that matters to anyone here
}

// sweep lets sessions end by their age. Those that are ended by somebody are told at once.
func (s *Server) sweep(ctx context.Context) {
	t := time.NewTicker(sweepEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			s.security.settle(0)
			return
		case <-t.C:
			if err := s.book.Sweep(ctx); err != nil && ctx.Err() == nil {
				s.log.Error("sessions could not be swept", "err", err)
			}
			s.stranded()
			s.security.settle(settleEvery)
		}
	}
}

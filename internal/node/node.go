package node

import (
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"visavis/internal/api"
	"visavis/internal/arrange"
	"visavis/internal/auth"
	"visavis/internal/draft"
	"visavis/internal/link"
	"visavis/internal/media"
	"visavis/internal/meeting"
	"visavis/internal/peer"
	"visavis/internal/room"
	"visavis/internal/site"
	"visavis/internal/udp"
	"visavis/internal/wire"
	"visavis/web"
)

// Env is what a node takes from its surroundings. The zero value is the real world; tests put a virtual network in its place.
type Env struct {
	UDP    func(netip.AddrPort) (udp.Conn, netip.AddrPort, error)   // opens the UDP port; says which address it got
	Listen func(addr string) (net.Listener, error)                  // TCP
	Dial   func(ctx context.Context, addr string) (net.Conn, error) // TCP, to other nodes
	Log    *slog.Logger                                             // nil: discarded
}

func (e Env) filled() Env {
	if e.UDP == nil {
		e.UDP = func(a netip.AddrPort) (udp.Conn, netip.AddrPort, error) {
			s, err := udp.Listen(a)
			if err != nil {
				return nil, a, err
			}
			return s, s.LocalAddr(), nil
		}
	}
	if e.Listen == nil {
		e.Listen = func(addr string) (net.Listener, error) { return net.Listen("tcp", addr) }
	}
	if e.Log == nil {
		e.Log = slog.New(slog.DiscardHandler)
	}
	return e
}

// Node is one party's node, running from Start to Close.
type Node struct {
	s   Settings
	env Env
	log *slog.Logger
	dir *Dir

	worker *udp.Worker
	mux    *udp.Mux
	peers  *peer.Host
	links  *link.Manager
	rooms  *rooms
	book   *auth.Book
	desk   *arrange.Desk
	drafts *draft.Desk
	public *site.Store // nil: nothing is published from here
	onAir  *onAir
	server *api.Server
	told   told // of what rooms, which begin before it, say to server
	httpd  *http.Server

	rearranged atomic.Bool // a meeting has come into force: watch opens it

	deaf    atomic.Bool // the UDP port has ended: no media any more
	pins    pins
	pinning sync.Mutex // held while pins are read from the store or written to it
	ctx     context.Context
	stop    context.CancelFunc
	tasks   sync.WaitGroup
	web     net.Listener
	far     net.Listener // for other nodes alone; nil: they come to web
	local   netip.AddrPort
}

// Start opens ports and meetings and serves. The error names what could not be opened; nothing is left open then.
func Start(s Settings, env Env) (n *Node, err error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	env = env.filled()
	n = &Node{s: s, env: env, log: env.Log, onAir: newOnAir()}
	n.ctx, n.stop = context.WithCancel(context.Background())
	defer func() {
		if err != nil {
			err = errors.Join(err, n.Close())
			n = nil
		}
	}()
	if n.dir, err = openNodeDir(n.ctx, s); err != nil {
		return n, err
	}
	if err = n.loadPins(n.ctx); err != nil {
		return n, err
	}
	if err = n.startMedia(); err != nil {
		return n, err
	}
	if _, err = n.openMeetings(n.ctx); err != nil { // before anybody can come
		return n, err
	}
	if err = n.startServers(); err != nil {
		return n, err
	}
	n.tasks.Go(n.watch)
	n.tasks.Go(n.remind)
	n.tasks.Go(n.publish)
	n.tasks.Go(n.tell)
	if n.public != nil {
		n.tasks.Go(n.broadcast)
	}
	n.log.Info("node is up", "party", s.Party, "remote", n.web.Addr().String())
	return n, nil
}

// startMedia opens the UDP port and what lives on it: browsers' sessions and links.
func (n *Node) startMedia() error {
	conn, local, err := n.env.UDP(n.s.UDP.Addr())
	if err != nil {
		return fmt.Errorf("open udp port %s: %w", n.s.UDP.Addr(), err)
	}
	n.local = local
	n.worker = udp.NewWorker(conn)
	mux, sw := udp.NewMux(), media.NewSwitch()
	n.mux = mux
	n.book = n.dir.Book()
	if n.peers, err = peer.NewHost(peer.Config{
		Worker: n.worker, Mux: mux, Switch: sw, Local: local, Advertise: n.s.UDP.Advertised(),
		Loopback: local.Addr().IsLoopback() || n.s.InsecureLocalhost, Log: n.log,
	}); err != nil {
		return fmt.Errorf("browser side: %w", err)
	}
	n.openDesk()
	if err := n.openDrafts(); err != nil {
		return err
	}
	n.rooms = newRooms(n.log, n.definition, func(d meeting.Definition) (*room.Room, error) { return n.openRoom(d, sw) })
	if n.links, err = link.NewManager(link.Config{
		Self: n.dir.LinkIdentity(), Worker: n.worker, Mux: mux, Switch: sw, Peers: n.pins.links, Handler: farNodes{n.rooms, n}, Arrange: n.hearArranging, Readout: n.hearReadout,
		Path: n.rooms.path, Document: n.learn, Dial: n.env.Dial, AllowPrivate: n.s.Link.AllowPrivate, Log: n.log,
	}); err != nil {
		return fmt.Errorf("link: %w", err)
	}
	mux.OnBatchEnd(sw.Flush)
	mux.OnTick(sw.Tick)
	mux.Hurry(sw.Urgent)
	n.tasks.Go(func() {
		defer n.deaf.Store(true)
		if err := n.worker.Serve(mux); err != nil && !errors.Is(err, net.ErrClosed) {
			n.log.Error("udp port failed", "err", err)
		}
	})
	return nil
}

func (n *Node) openRoom(d meeting.Definition, sw *media.Switch) (*room.Room, error) {
	key := n.dir.LogKey
	return room.New(room.Config{
		Definition: d, Self: n.s.Party, Worker: n.worker, Switch: sw,
		Log: room.NewLog(n.dir.Store, logName(d.ID, false)), OwnLog: room.NewLog(n.dir.Store, logName(d.ID, true)),
		Sign:   func(b []byte) []byte { return ed25519.Sign(key, b) },
		Verify: n.pins.signed, Slog: n.log,
		First: func(first func() error) error {
			ctx, cancel := context.WithTimeout(n.ctx, 10*time.Second)
			defer cancel()
			return n.desk.First(ctx, d.ID, d.Digest(), first)
		},
		Stand:      func(s room.Standing) { n.onAir.heard(d.ID, s) },
		EndSession: func(m meeting.MemberID) { n.server.EndMember(d.ID, m) }, // only pages, whom the server brings, make it
		Alarm:      func(code string, who meeting.MemberID, p meeting.PartyID) { n.told.alarm(d.ID, code, who, p) },
	})
}

// startServers opens the TCP port, or two: one for people, one for nodes.
func (n *Node) startServers() error {
	camera := n.s.Media.Camera
	var err error
	if n.server, err = api.NewServer(api.Config{
		Party: n.s.Party, Book: n.book, Peers: n.peers, Rooms: n.roomOf, Definition: n.known, Definitions: n.allKnown, Arranging: n.arranging(), Readouts: n.readouts(), Hosts: n.s.Web.Hosts, Insecure: n.s.Web.TLS == TLSOff,
		Assets: web.Assets, Blob: n.dir.Store.Blob, Camera: wire.Camera{Width: camera.Width, Height: camera.Height, FPS: camera.FPS}, Healthy: func() bool { return !n.deaf.Load() }, Log: n.log,
	}); err != nil {
		return fmt.Errorf("web side: %w", err)
	}
	n.told.begin(n.server.Alarm)
	n.httpd = n.server.HTTPServer()
	if n.web, err = n.env.Listen(n.s.Web.Listen); err != nil {
		return fmt.Errorf("open web port: %w", err)
	}
	n.web = n.server.Limit(n.web)
	if n.s.Link.Listen != "" {
		if n.far, err = n.env.Listen(n.s.Link.Listen); err != nil {
			return fmt.Errorf("open link port: %w", err)
		}
		n.tasks.Go(func() { n.served("link port", n.links.Listen(n.far)) })
	}
	if n.s.Web.TLS == TLSOff {
		n.tasks.Go(func() { n.served("web port", n.httpd.Serve(n.web)) })
		return nil
	}
	cfg, err := webTLS(n.s, filepath.Join(n.s.Data, "acme"), n.log)
	if err != nil {
		return err
	}
	if n.far == nil {
		n.admitLink(cfg)
	}
	n.httpd.TLSConfig = cfg
	n.tasks.Go(func() { n.served("web port", n.httpd.ServeTLS(n.web, "", "")) })
	return nil
}

// admitLink lets other nodes in on the web port: by their ALPN they get the link's TLS configuration and never reach HTTP.
func (n *Node) admitLink(cfg *tls.Config) {
	cfg.GetConfigForClient = func(h *tls.ClientHelloInfo) (*tls.Config, error) {
		if slices.Contains(h.SupportedProtos, link.ALPN) || slices.Contains(h.SupportedProtos, link.MediaALPN) {
			return n.links.ConfigForClient(h)
		}
		return nil, nil
	}
	serve := func(_ *http.Server, c *tls.Conn, _ http.Handler) { n.links.Serve(c) }
	n.httpd.TLSNextProto = map[string]func(*http.Server, *tls.Conn, http.Handler){link.ALPN: serve, link.MediaALPN: serve}
	p := new(http.Protocols)
	p.SetHTTP1(true)
	p.SetHTTP2(true)
	n.httpd.Protocols = p
}

func (n *Node) served(what string, err error) {
	if err != nil && !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) && !errors.Is(err, link.ErrClosed) {
		n.log.Error(what+" failed", "err", err)
	}
}

// roomOf is the room of a meeting, nil if there is none.
func (n *Node) roomOf(id meeting.ID) *room.Room {
	if l := n.rooms.get(id); l != nil {
		return l.Room
	}
	return nil
}

func (n *Node) known(id meeting.ID) (meeting.Definition, bool) {
	d, err := n.definition(n.ctx, id)
	return d, err == nil
}

// allKnown are the meetings that known knows.
func (n *Node) allKnown() []meeting.Definition {
	all, err := n.dir.Definitions(n.ctx)
	if err != nil {
		if n.ctx.Err() == nil {
			n.log.Error("meetings cannot be read", "err", err)
		}
		return nil
	}
	return slices.DeleteFunc(all, func(d meeting.Definition) bool { _, ours := d.Party(n.s.Party); return !ours })
}

// Close ends sessions, links and meetings, in the order that lets each say good-bye, and returns when nothing of the node runs.
func (n *Node) Close() error {
	n.stop()
	var err error
	if n.server != nil {
		err = errors.Join(err, n.server.Close())
	}
	if n.rooms != nil {
		err = errors.Join(err, n.rooms.close())
	}
	if n.links != nil {
		err = errors.Join(err, n.links.Close())
	}
	if n.httpd != nil {
		err = errors.Join(err, n.httpd.Close())
	}
	for _, l := range []net.Listener{n.web, n.far} {
		if l != nil {
			_ = l.Close() // closed already by whoever served it
		}
	}
	if n.peers != nil {
		err = errors.Join(err, n.peers.Close())
	}
	if n.worker != nil {
		err = errors.Join(err, n.worker.Close())
	}
	n.tasks.Wait()
	if n.dir != nil {
		if n.public != nil {
			err = errors.Join(err, n.public.Close())
		}
		err = errors.Join(err, n.dir.Close())
	}
	return err
}

// WebAddr, LinkAddr and UDPAddr say where the node listens.
func (n *Node) WebAddr() net.Addr { return n.web.Addr() }

// LinkAddr is where other nodes reach this one.
func (n *Node) LinkAddr() net.Addr {
	if n.far != nil {
		return n.far.Addr()
	}
	return n.web.Addr()
}

// UDPAddr is where media arrives.
func (n *Node) UDPAddr() netip.AddrPort { return n.local }

func hostNames(hosts []string) []string {
	var out []string
	for _, h := range hosts {
		if name, _, err := net.SplitHostPort(h); err == nil {
			h = name
		}
		out = append(out, strings.Trim(h, "[]"))
	}
	return out
}

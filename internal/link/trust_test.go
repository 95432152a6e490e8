package link

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"visavis/internal/media"
	"visavis/internal/udp"
)

// stranger is a TLS client made by hand: what a node of another make, or a hostile one, could be.
type stranger struct {
	t    *testing.T
	conn *tls.Conn
}

// call opens a connection to n with any certificate and changes to the usual configuration.
func (w *world) call(n *node, cert tls.Certificate, change func(*tls.Config)) (*stranger, error) {
	c, err := w.n.dial(context.Background(), netip.MustParseAddr("192.0.2.99"), n.tcp)
	if err != nil {
		return nil, err
	}
	cfg := &tls.Config{MinVersion: tls.VersionTLS13, InsecureSkipVerify: true, Certificates: []tls.Certificate{cert}, NextProtos: []string{ALPN}}
	if change != nil {
		change(cfg)
	}
	s := &stranger{w.t, tls.Client(c, cfg)}
	s.conn.SetDeadline(time.Now().Add(20 * time.Second))
	return s, s.conn.Handshake()
}

// as is the certificate of a node key.
func as(t *testing.T, k ed25519.PrivateKey) tls.Certificate {
	t.Helper()
	c, err := certificate(k)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// ecdsaCert is a certificate as browsers' servers have it.
func ecdsaCert(t *testing.T) tls.Certificate {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: k}
}

// expect reads frames until one of type want, and decodes it.
func (s *stranger) expect(want frameType, v any) error {
	for {
		var h [frameHeader]byte
		if _, err := io.ReadFull(s.conn, h[:]); err != nil {
			return err
		}
		b := make([]byte, int(h[1])<<16|int(h[2])<<8|int(h[3]))
		if _, err := io.ReadFull(s.conn, b); err != nil {
			return err
		}
		if frameType(h[0]) == want {
			return decode(want, b, v)
		}
		if frameType(h[0]) == frameBye {
			var f byeFrame
			if err := decode(frameBye, b, &f); err != nil {
				return err
			}
			return &farBye{f.Code}
		}
	}
}

func (s *stranger) send(t frameType, v any) {
	s.t.Helper()
	f, err := frameOf(t, v)
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.conn.Write(f); err != nil {
		s.t.Logf("write frame %d: %v", t, err)
	}
}

func (s *stranger) raw(b ...byte) {
	if _, err := s.conn.Write(b); err != nil {
		s.t.Logf("write: %v", err)
	}
}

// greeting is a good hello of party p.
func greeting(p *node) hello {
	return hello{Versions: []int{1}, Party: p.party, Instance: newInstance(), Epoch: 1, Tag: random31(), Kinds: eventKinds(), Features: []string{}}
}

// greet says hello as n would, and waits for the answer and the first frame after it.
func (s *stranger) greet(h hello) (hello, error) {
	s.send(frameHello, h)
	var far hello
	if err := s.expect(frameHello, &far); err != nil {
		return far, err
	}
	var p pingFrame
	return far, s.expect(framePing, &p)
}

// lonely makes one node a that knows the party of b, which is played by hand.
func lonely(t *testing.T, run func(w *world, a, b *node)) {
	lonelyWith(t, func(*node) func(*Config) { return func(*Config) {} }, run)
}

// lonelyWith is lonely with a change of a's configuration.
func lonelyWith(t *testing.T, change func(*node) func(*Config), run func(w *world, a, b *node)) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 20, time.Millisecond)
		defer w.close()
		a, b := w.node(1, "avelmar"), w.node(2, "borovia")
		p := b.peer()
		p.Addrs = nil
		a.pin(p)
		a.start(change(a))
		run(w, a, b)
	})
}

func TestOnlyPinnedKeysAreHeard(t *testing.T) {
	lonely(t, func(w *world, a, b *node) {
		tls12 := func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS12, tls.VersionTLS12 }
		for name, x := range map[string]struct {
			cert   tls.Certificate
			change func(*tls.Config)
			ok     bool
		}{
			"pinned (control)": {as(t, b.key), nil, true},
			"another key":      {as(t, key(9)), nil, false},
			"own key":          {as(t, a.key), nil, false},
			"ECDSA":            {ecdsaCert(t), nil, false},
			"no certificate":   {tls.Certificate{}, func(c *tls.Config) { c.Certificates = nil }, false},
			"TLS 1.2":          {as(t, b.key), tls12, false},
			"no ALPN":          {as(t, b.key), func(c *tls.Config) { c.NextProtos = nil }, false},
			"another ALPN":     {as(t, b.key), func(c *tls.Config) { c.NextProtos = []string{"h2"} }, false},
		} {
			ups := a.rec().ups
			s, err := w.call(a, x.cert, x.change)
			var far hello
			if err == nil {
				far, err = s.greet(greeting(b))
			}
			s.conn.NetConn().Close()
			if (err == nil) != x.ok {
				t.Errorf("%s: err %v, want success %v", name, err, x.ok)
			}
			if !x.ok && (a.rec().ups != ups || far.Party != "") {
				t.Errorf("%s: a message crossed before the key was refused", name)
			}
			time.Sleep(time.Second) // below the rate for one address
		}
	})
}

// TestSharedPort: on the port of HTTPS only who offers the link's protocol gets its configuration, and not too often.
func TestSharedPort(t *testing.T) {
	lonely(t, func(w *world, a, b *node) {
		c, _ := w.n.pipe(addr("192.0.2.1:5"), addr("192.0.2.77:5"))
		browser := &tls.ClientHelloInfo{SupportedProtos: []string{"h2", "http/1.1"}, Conn: c}
		far := &tls.ClientHelloInfo{SupportedProtos: []string{ALPN}, Conn: c}
		for i := range int(admitBurst) + 5 {
			if cfg, err := a.m.ConfigForClient(browser); cfg != nil || err != nil {
				t.Fatalf("a browser got %v, %v", cfg, err)
			}
			cfg, err := a.m.ConfigForClient(far)
			if ok := i < int(admitBurst); ok != (err == nil) || ok && (cfg == nil || cfg.VerifyConnection == nil || cfg.MinVersion != tls.VersionTLS13) {
				t.Fatalf("connection %d of one address: %v, %v", i+1, cfg, err)
			}
		}
	})
}

func TestManagerRefusesBadConfiguration(t *testing.T) {
	good := func() Config {
		return Config{Self: Identity{Party: "avelmar", Key: key(1)}, Worker: udp.NewWorker(nowhere{}), Mux: udp.NewMux(), Switch: media.NewSwitch(),
			Handler: &node{}, Peers: func() []Peer { return nil }}
	}
	for name, change := range map[string]func(*Config){
		"control":        func(*Config) {},
		"no key":         func(c *Config) { c.Self.Key = nil },
		"no party":       func(c *Config) { c.Self.Party = "" },
		"no worker":      func(c *Config) { c.Worker = nil },
		"no handler":     func(c *Config) { c.Handler = nil },
		"long document":  func(c *Config) { c.Self.Document = make([]byte, MaxDocument+1) },
		"too many kinds": func(c *Config) { c.Kinds = strings.Split(strings.Repeat("k,", maxNames)+"k", ",") },
		"long hello":     func(c *Config) { c.Kinds = slices.Repeat([]string{strings.Repeat("k", maxName)}, maxNames) },
	} {
		c := good()
		change(&c)
		m, err := NewManager(c)
		if (err == nil) != (name == "control") {
			t.Errorf("%s: %v", name, err)
		}
		if m != nil {
			m.Close()
		}
	}
}

func TestDialledNodeMustHaveThePinnedKey(t *testing.T) {
	for _, right := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, 21, time.Millisecond)
			defer w.close()
			a, b := w.node(1, "avelmar"), w.node(2, "borovia")
			p := b.peer()
			if !right {
				p.NodeKeys = []ed25519.PublicKey{key(9).Public().(ed25519.PublicKey)}
			}
			a.pin(p)
			q := a.peer()
			q.Addrs = nil
			b.pin(q)
			b.start()
			a.start()
			time.Sleep(3 * time.Second)
			if up := a.rec().ups > 0; up != right {
				t.Errorf("right key %v: link up %v", right, up)
			}
			if !right && b.rec().ups > 0 {
				t.Error("the called node saw the link up though its key is not the pinned one")
			}
		})
	}
}

func TestNoTicketsNoResumption(t *testing.T) {
	lonely(t, func(w *world, a, b *node) {
		cache := &tickets{}
		for range 2 {
			s, err := w.call(a, as(t, b.key), func(c *tls.Config) { c.ClientSessionCache = cache })
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.greet(greeting(b)); err != nil {
				t.Fatal(err)
			}
			if s.conn.ConnectionState().DidResume {
				t.Error("the connection was resumed")
			}
			s.conn.NetConn().Close()
			time.Sleep(time.Second)
		}
		if cache.puts > 0 {
			t.Errorf("%d tickets were given out, want 0", cache.puts)
		}
	})
}

type tickets struct{ puts int }

func (c *tickets) Get(string) (*tls.ClientSessionState, bool) { return nil, false }
func (c *tickets) Put(_ string, s *tls.ClientSessionState)    { c.puts++ }

// TestRevokedNodeCannotResume: after distrust no connection, no key and no packet of the node gets in (docs/security.md D5).
func TestRevokedNodeCannotResume(t *testing.T) {
	for _, revoke := range []string{"drop", "key gone", "party gone", "control"} {
		t.Run(revoke, func(t *testing.T) {
			pair(t, 22, 20*time.Millisecond, func(w *world, a, b *node) {
				mic, hear := a.speaks(b)
				time.Sleep(2 * time.Second)
				at, old := time.Now(), b.conn().p
				p := a.peer()
				switch revoke {
				case "drop":
					b.m.Drop("avelmar")
				case "key gone":
					p.NodeKeys = []ed25519.PublicKey{key(8).Public().(ed25519.PublicKey)}
					b.pin(p)
					b.m.Refresh()
				case "party gone":
					b.pin()
					b.m.Refresh()
				case "control":
					b.m.Refresh()
				}
				time.Sleep(time.Second)
				opened := func() (n uint64) {
					b.worker.Call(func() { n = old.n.Received })
					return n
				}
				n, ups, packets := hear.got(), b.rec().ups, opened()
				time.Sleep(30 * time.Second) // a goes on calling and sending
				mic.halt()
				if revoke == "control" {
					if len(a.rec().downs) > 0 || hear.got() < n+1400 {
						t.Errorf("control: down %v, %d packets in 30 s", a.rec().downs, hear.got()-n)
					}
					return
				}
				if x := opened(); x != packets {
					t.Errorf("%d packets were opened with the keys of the distrusted node, want 0", x-packets)
				}
				if hear.got() != n || b.rec().ups != ups {
					t.Errorf("%d packets and %d connections after distrust, want 0", hear.got()-n, b.rec().ups-ups)
				}
				if len(a.rec().downs) == 0 || !hasCode(a.rec().downs, "distrust") {
					t.Errorf("the other node saw %v, want distrust", a.rec().downs)
				}
				if len(b.rec().downs) == 0 || !errors.Is(b.rec().downs[0], ErrDropped) {
					t.Errorf("Down: %v, want ErrDropped", b.rec().downs)
				}
				if _, ok := hear.first(at.Add(time.Second)); ok {
					t.Error("packets came out of the stream 1 s after distrust")
				}
			})
		})
	}
}

// TestNodeKeyRunsOut: nobody calls Refresh when a key's last day has passed.
func TestNodeKeyRunsOut(t *testing.T) {
	pair(t, 26, 5*time.Millisecond, func(w *world, a, b *node) {
		time.Sleep(2 * time.Minute)
		if downs := b.rec().downs; len(downs) > 0 {
			t.Fatalf("control: down %v", downs)
		}
		p := a.peer()
		p.NodeKeys = nil
		b.pin(p)
		time.Sleep(recheckEvery + 2*time.Second)
		var sets int
		b.worker.Call(func() { sets = len(b.conn().p.sets) })
		if s := b.m.State("avelmar"); s.Control || s.Path || sets > 0 {
			t.Errorf("a minute after the key ran out: %+v, %d sets of keys", s, sets)
		}
	})
}

// TestCloseBeforeServe: a node whose start fails half-way must be able to stop.
func TestCloseBeforeServe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 27, time.Millisecond)
		defer w.close()
		a, b := w.node(1, "avelmar"), w.node(2, "borovia")
		a.pin(b.peer())
		b.pin(a.peer())
		b.start()
		worker := udp.NewWorker(w.n.listenUDP(a.addr))
		m, err := NewManager(Config{Self: Identity{Party: a.party, Key: a.key}, Worker: worker, Mux: udp.NewMux(), Switch: media.NewSwitch(), Handler: a,
			Peers: func() []Peer { return []Peer{b.peer()} }, Dial: func(ctx context.Context, addr string) (net.Conn, error) { return w.n.dial(ctx, a.addr.Addr(), addr) }})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second) // it has greeted by now, and waits for the worker
		closed := make(chan struct{})
		go func() {
			m.Close()
			close(closed)
		}()
		select {
		case <-closed:
		case <-time.After(10 * time.Second):
			t.Error("Close waits for a worker that was never served")
		}
		worker.Close()
		<-closed
	})
}

func TestDroppedPartyComesBackByRefresh(t *testing.T) {
	pair(t, 23, 5*time.Millisecond, func(w *world, a, b *node) {
		b.m.Drop("avelmar")
		time.Sleep(5 * time.Second)
		if b.m.Conn("avelmar") != nil {
			t.Fatal("the party is still there")
		}
		ups := b.rec().ups
		b.m.Refresh() // it was pinned all the time
		b.wait("the link", 15*time.Second, func() bool { return b.ups > ups })
	})
}

// TestLinkAddressSSRF: no address that points into our own network is called or sent to (docs/security.md D16).
func TestLinkAddressSSRF(t *testing.T) {
	bad := []string{"127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "0.1.2.3",
		"224.0.0.1", "255.255.255.255", "240.0.0.1", "198.18.0.1", "192.0.0.1", "::1", "::", "fc00::1", "fd12:3456::1", "fe80::1", "fe80::1%eth0", "ff02::1",
		"::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "fec0::1"}
	good := []string{"192.0.2.7", "8.8.8.8", "2001:db8::1", "2a00::1"}
	dialled := 0
	m := &Manager{c: Config{Dial: func(ctx context.Context, addr string) (net.Conn, error) {
		dialled++
		a, _ := newNetwork(1, 0).pipe(nil, net.TCPAddrFromAddrPort(netip.MustParseAddrPort(addr)))
		return a, nil
	}}}
	for _, ip := range bad {
		addr := net.JoinHostPort(ip, "443")
		if _, err := m.dialTCP(context.Background(), addr); !errors.Is(err, ErrAddress) {
			t.Errorf("dial %s: %v, want ErrAddress", addr, err)
		}
		if err := control(false)("tcp4", addr, nil); !errors.Is(err, ErrAddress) {
			t.Errorf("after DNS, %s: %v, want ErrAddress", addr, err)
		}
		if allowed(netip.MustParseAddr(ip), false) {
			t.Errorf("media to %s: allowed", ip)
		}
	}
	if dialled > 0 {
		t.Errorf("%d of the addresses were dialled", dialled)
	}
	for _, ip := range good {
		if _, err := m.dialTCP(context.Background(), net.JoinHostPort(ip, "443")); err != nil {
			t.Errorf("control: dial %s: %v", ip, err)
		}
		if err := control(false)("tcp6", net.JoinHostPort(ip, "443"), nil); err != nil {
			t.Errorf("control: after DNS, %s: %v", ip, err)
		}
	}
	for _, addr := range []string{"192.0.2.7", "192.0.2.7:0", "x", ""} {
		if _, err := m.dialTCP(context.Background(), addr); !errors.Is(err, ErrAddress) {
			t.Errorf("dial %q: %v, want ErrAddress", addr, err)
		}
	}
	// A name that leads to loopback, by the real resolver: refused when the address is known.
	real := &Manager{}
	if _, err := real.dialTCP(context.Background(), "localhost:9"); !errors.Is(err, ErrAddress) {
		t.Errorf("dial localhost: %v, want ErrAddress", err)
	}
	// A Dial of the configuration that ends up elsewhere (rebinding) is caught afterwards.
	rebound := &Manager{c: Config{Dial: func(context.Context, string) (net.Conn, error) {
		a, _ := newNetwork(1, 0).pipe(nil, net.TCPAddrFromAddrPort(netip.MustParseAddrPort("10.0.0.1:443")))
		return a, nil
	}}}
	if _, err := rebound.dialTCP(context.Background(), "node.example:443"); !errors.Is(err, ErrAddress) {
		t.Errorf("rebound name: %v, want ErrAddress", err)
	}
	private := &Manager{c: Config{AllowPrivate: true}}
	for _, ip := range []string{"127.0.0.1", "10.0.0.1", "fe80::1"} {
		if !allowed(netip.MustParseAddr(ip), true) || control(private.c.AllowPrivate)("tcp4", net.JoinHostPort(ip, "1"), nil) != nil {
			t.Errorf("control: %s is refused though private addresses are allowed", ip)
		}
	}
}

// TestForbiddenMediaAddressGetsNothing: the guard holds for datagrams too.
func TestForbiddenMediaAddressGetsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 24, time.Millisecond)
		defer w.close()
		a, b := w.node(1, "avelmar"), w.node(2, "borovia")
		p := b.peer()
		intranet := netip.MustParseAddrPort("10.1.2.3:5000")
		p.Media = []netip.AddrPort{intranet, netip.MustParseAddrPort("[::ffff:10.1.2.3]:5000"), b.addr}
		a.pin(p)
		b.pin(a.peer())
		var to []netip.AddrPort
		w.n.tap = func(_, x netip.AddrPort, _ []byte) { to = append(to, x) }
		b.start()
		a.start()
		a.up(3 * time.Second)
		time.Sleep(5 * time.Second)
		w.n.mu.Lock()
		defer w.n.mu.Unlock()
		if slices.Contains(to, intranet) {
			t.Error("packets went to the forbidden address")
		}
		if !slices.Contains(to, b.addr) {
			t.Error("control: no packets went to the allowed address")
		}
	})
}

func TestTwoCallsBecomeOneLink(t *testing.T) {
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, seed, 30*time.Millisecond)
			defer w.close()
			a, b := w.node(1, "avelmar"), w.node(2, "borovia")
			a.pin(b.peer())
			b.pin(a.peer())
			w.n.set(func() { w.n.cut = true })
			a.start()
			b.start()
			time.Sleep(700 * time.Millisecond) // both hang in their first call, and try again at almost the same moment
			w.n.set(func() { w.n.cut = false })
			a.up(3 * time.Second)
			b.up(3 * time.Second)
			time.Sleep(2 * time.Second)
			ups := a.rec().ups + b.rec().ups
			if err := a.conn().Exchange(join(1)); err != nil {
				t.Fatalf("exchange: %v", err)
			}
			if err := b.conn().Exchange(join(2)); err != nil {
				t.Fatalf("exchange: %v", err)
			}
			time.Sleep(15 * time.Second)
			if len(a.rec().exchanges) != 1 || len(b.rec().exchanges) != 1 {
				t.Errorf("exchanges: a got %d, b %d, want 1 each", len(a.rec().exchanges), len(b.rec().exchanges))
			}
			if a.rec().ups+b.rec().ups != ups {
				t.Errorf("%d more connections in a quiet quarter of a minute, want 0", a.rec().ups+b.rec().ups-ups)
			}
			if a.m.State("borovia").Epoch != b.m.State("avelmar").Epoch {
				t.Errorf("epochs %d and %d", a.m.State("borovia").Epoch, b.m.State("avelmar").Epoch)
			}
		})
	}
}

// TestRestartedNodeComesBack: kill -9 of one node, seen from the other.
func TestRestartedNodeComesBack(t *testing.T) {
	pair(t, 25, 20*time.Millisecond, func(w *world, a, b *node) {
		mic, back := a.source(media.Audio, 11), b.source(media.Audio, 12)
		a.conn().Offer("m/ana/mic", mic.stream)
		b.conn().Offer("m/bo/mic", back.stream)
		hear := b.listen("m/ana/mic", media.Audio)
		a.listen("m/bo/mic", media.Audio)
		mic.run(20 * time.Millisecond)
		time.Sleep(90 * time.Second) // the roll-over counter of the sound is not 0 any more after 22 min; numbers are far from the start
		n := hear.got()
		b.kill()
		time.Sleep(3 * time.Second)
		b.start()
		at := time.Now()
		b.up(3 * time.Second)
		a.wait("the old stream to go", time.Second, func() bool { return slices.Contains(a.gone, "m/bo/mic") })
		hear = b.listen("m/ana/mic", media.Audio)
		time.Sleep(2 * time.Second)
		if hear.got() < 50 {
			t.Errorf("%d packets 2 s after the restart (before it %d)", hear.got(), n)
		}
		if d := time.Since(at); d > 5*time.Second {
			t.Errorf("back after %v, want ≤ 5 s", d)
		}
		mic.halt()
	})
}

// kill ends a node without a word: its connections stay as they are for the other.
func (n *node) kill() {
	n.w.n.mu.Lock()
	delete(n.w.n.servers, n.tcp)
	for _, c := range n.w.n.conns {
		c.mu.Lock()
		c.mute = true
		c.mu.Unlock()
	}
	delete(n.w.n.ends, n.addr)
	n.w.n.mu.Unlock()
	n.over = true
	n.m.Close()
	n.worker.Close()
	<-n.served
}

type addr string

func (a addr) Network() string { return "tcp" }
func (a addr) String() string  { return string(a) }

func hex4(i int) string {
	return string([]byte{hexDigit(i >> 12), hexDigit(i >> 8), hexDigit(i >> 4), hexDigit(i)})
}
func hexDigit(i int) byte { return "0123456789abcdef"[i&15] }

package peer_test

import (
	"net"
	"net/netip"
	"regexp"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/logging"
	"github.com/pion/transport/v4/vnet"
	"github.com/pion/webrtc/v4"

	"visavis/internal/media"
	"visavis/internal/peer"
	"visavis/internal/udp"
)

// lan is a virtual network of a node and a browser.
type lan struct {
	router *vnet.Router
	node   *vnet.Net
	client *vnet.Net
	middle *vnet.Net // of relays
	drop   atomic.Pointer[func([]byte) bool]
}

// cut drops everything, until it is mended.
func (l *lan) cut(on bool) { l.lose(func([]byte) bool { return on }) }

// lose drops what f says.
func (l *lan) lose(f func([]byte) bool) { l.drop.Store(&f) }

func newLAN(t *testing.T) *lan {
	t.Helper()
	r, err := vnet.NewRouter(&vnet.RouterConfig{CIDR: "10.0.0.0/24", LoggerFactory: logging.NewDefaultLoggerFactory()})
	must(t, err)
	l := &lan{router: r}
	l.node, err = vnet.NewNet(&vnet.NetConfig{StaticIPs: []string{"10.0.0.1"}})
	must(t, err)
	l.client, err = vnet.NewNet(&vnet.NetConfig{StaticIPs: []string{"10.0.0.2"}})
	must(t, err)
	l.middle, err = vnet.NewNet(&vnet.NetConfig{StaticIPs: []string{"10.0.0.3"}})
	must(t, err)
	must(t, r.AddNet(l.node))
	must(t, r.AddNet(l.client))
	must(t, r.AddNet(l.middle))
	r.AddChunkFilter(func(c vnet.Chunk) bool {
		drop := l.drop.Load()
		return drop == nil || !(*drop)(c.UserData())
	})
	must(t, r.Start())
	t.Cleanup(func() { _ = r.Stop() })
	return l
}

// wire is a udp.Conn over a virtual socket.
type wire struct {
	pc   net.PacketConn
	in   chan udp.Datagram // full: dropped
	wake chan struct{}
	end  chan struct{}
}

func newWire(t *testing.T, n *vnet.Net) *wire {
	t.Helper()
	pc, err := n.ListenPacket("udp4", "10.0.0.1:5000")
	must(t, err)
	w := &wire{pc: pc, in: make(chan udp.Datagram, 256), wake: make(chan struct{}, 1), end: make(chan struct{})}
	go func() {
		for {
			b := make([]byte, udp.MaxDatagram)
			k, from, err := pc.ReadFrom(b)
			if err != nil {
				return
			}
			select {
			case w.in <- udp.Datagram{Data: b[:k], Addr: from.(*net.UDPAddr).AddrPort()}:
			default:
			}
		}
	}()
	return w
}

func (w *wire) ReadBatch(ds []udp.Datagram, wait time.Duration) (int, error) {
	t := time.NewTimer(max(wait, 0))
	defer t.Stop()
	select {
	case d := <-w.in:
		b := ds[0].Data[:cap(ds[0].Data)]
		ds[0].Data, ds[0].Addr = b[:copy(b, d.Data)], netip.AddrPortFrom(d.Addr.Addr().Unmap(), d.Addr.Port())
		return 1, nil
	case <-w.wake:
	case <-t.C:
	case <-w.end:
		return 0, net.ErrClosed
	}
	return 0, nil
}

func (w *wire) WriteBatch(ds []udp.Datagram) (int, error) {
	for _, d := range ds {
		_, _ = w.pc.WriteTo(d.Data, net.UDPAddrFromAddrPort(d.Addr))
	}
	return len(ds), nil
}

func (w *wire) Wake() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

func (w *wire) Close() error { close(w.end); return w.pc.Close() }

// virtual runs f with a node and a network in virtual time; all of it has ended when the bubble has.
func virtual(t *testing.T, f func(t *testing.T, n *node, l *lan)) {
	synctest.Test(t, func(t *testing.T) {
		l := newLAN(t)
		n := &node{t: t, addr: netip.MustParseAddrPort("10.0.0.1:5000"), worker: udp.NewWorker(newWire(t, l.node)), sw: media.NewSwitch()}
		mux := udp.NewMux()
		var err error
		n.host, err = peer.NewHost(peer.Config{Worker: n.worker, Mux: mux, Switch: n.sw, Local: n.addr})
		must(t, err)
		mux.OnTick(n.sw.Tick)
		mux.Hurry(n.sw.Urgent)
		mux.OnBatchEnd(n.sw.Flush)
		served := make(chan error, 1)
		go func() { served <- n.worker.Serve(mux) }()
		defer func() {
			_ = n.host.Close()
			_ = n.worker.Close()
			if err := <-served; err != nil {
				t.Errorf("Serve: %v", err)
			}
		}()
		f(t, n, l)
	})
}

// virtualPair is pair in virtual time: what it shows does not depend on how busy the machine is.
func virtualPair(t *testing.T, f func(t *testing.T, n *node, a, b *browser)) {
	virtual(t, func(t *testing.T, n *node, l *lan) {
		o := onLAN(l)
		o.direct, o.relay = false, func(t testing.TB) net.PacketConn {
			c, err := l.middle.ListenPacket("udp4", "10.0.0.3:0")
			must(t, err)
			return c
		}
		a, b := call(t, n, o)
		f(t, n, a, b)
		a.leave()
		b.leave()
	})
}

func onLAN(l *lan) browserOptions {
	return browserOptions{direct: true, settings: func(s *webrtc.SettingEngine) {
		s.SetNet(l.client)
		s.SetIPFilter(nil)
		s.SetIncludeLoopbackCandidate(false)
		s.SetICETimeouts(time.Hour, time.Hour, 2*time.Second)
	}}
}

// TestConsent cuts the path of a call: after 30 s without an answered check the session ends, not before, and a cut that is mended
// in time ends nothing.
func TestConsent(t *testing.T) {
	virtual(t, func(t *testing.T, n *node, l *lan) {
		b := join(t, n, onLAN(l))
		b.talk()
		time.Sleep(time.Minute)
		l.cut(true)
		time.Sleep(25 * time.Second)
		l.cut(false)
		time.Sleep(10 * time.Second)
		if s := n.host.Stats(); s.Connected != 1 {
			t.Fatalf("%d connected after a cut of 25 s, want 1", s.Connected)
		}
		l.cut(true)
		began := time.Now()
		if reason := <-b.closed; reason != peer.ReasonConsent {
			t.Errorf("closed: %q, want %q", reason, peer.ReasonConsent)
		}
		if took := time.Since(began); took < 25*time.Second || took > 31*time.Second {
			t.Errorf("ended %v after the cut, want 30 s after the last answer", took)
		}
		b.leave()
	})
}

// TestNobodyComes opens a session whose browser never sends anything.
func TestNobodyComes(t *testing.T) {
	virtual(t, func(t *testing.T, n *node, l *lan) {
		b := newBrowser(t, n, onLAN(l))
		l.cut(true)
		must(t, b.offer(false, nil))
		began := time.Now()
		if reason := <-b.closed; reason != peer.ReasonConsent {
			t.Errorf("closed: %q, want %q", reason, peer.ReasonConsent)
		}
		if took := time.Since(began); took < 29*time.Second || took > 32*time.Second {
			t.Errorf("ended after %v, want 30 s", took)
		}
		b.leave()
	})
}

// TestLongCall: consent is renewed, DTLS is let go of after half a minute, sound flows.
func TestLongCall(t *testing.T) {
	virtual(t, func(t *testing.T, n *node, l *lan) {
		b := join(t, n, onLAN(l))
		n.assign(b.session.Slot("floor0"), b.session.Stream("mic")) // hears itself: one browser is enough here
		b.talk()
		time.Sleep(10 * time.Minute)
		if got := b.got["floor0"].count(); got < 10*60*50-100 {
			t.Errorf("%d packets in ten minutes, want 30000", got)
		}
		if got := b.got["floor0"].gaps(); got > 0 {
			t.Errorf("%d packets are missing, want 0", got)
		}
		if q := b.session.Quality(); q.UpLoss > 0 || q.DownLoss > 0 || time.Since(q.LastHeard) > 2*time.Second {
			t.Errorf("quality = %+v, want no loss", q)
		}
		b.leave()
	})
}

// TestCallWithoutAnAgent: half a minute after the handshake the agent is let go of. The browser, which would fail after ten seconds without
// an answer, notices nothing, and can restart ICE.
func TestCallWithoutAnAgent(t *testing.T) {
	virtual(t, func(t *testing.T, n *node, l *lan) {
		o := onLAN(l)
		settings := o.settings
		o.settings = func(s *webrtc.SettingEngine) {
			settings(s)
			s.SetICETimeouts(5*time.Second, 5*time.Second, 2*time.Second)
		}
		b := join(t, n, o)
		n.assign(b.session.Slot("floor0"), b.session.Stream("mic"))
		b.talk()
		flows := func(after string) {
			t.Helper()
			before := b.got["floor0"].count()
			time.Sleep(2 * time.Second)
			if got := b.got["floor0"].count() - before; got < 95 {
				t.Errorf("%s: %d packets in two seconds, want 100", after, got)
			}
			if s := b.pc.ICEConnectionState(); s != webrtc.ICEConnectionStateConnected {
				t.Errorf("%s: ICE of the browser is %v, want connected", after, s)
			}
		}
		agents := func() int {
			stacks := make([]byte, 1<<20)
			return strings.Count(string(stacks[:runtime.Stack(stacks, true)]), "peer.(*iceConn).ReadFrom(")
		}
		time.Sleep(20 * time.Second)
		if n := agents(); n != 1 {
			t.Errorf("control: %d agents read 20 s after the handshake, want 1", n)
		}
		time.Sleep(time.Minute)
		if n := agents(); n != 0 {
			t.Errorf("%d agents read a minute later, want none", n)
		}
		flows("without an agent")
		answered := n.host.Stats().STUNAnswered
		if answered < 30 {
			t.Errorf("%d checks answered by the worker in 80 s, want one each 2 s", answered)
		}
		must(t, b.offer(true, nil))
		flows("after a restart")
		time.Sleep(time.Minute)
		flows("a minute after it")
		if s := n.host.Stats(); s.STUNAnswered <= answered {
			t.Error("after the restart no check is answered by the worker: the browser's choice was not noticed")
		}
		b.leave()
	})
}

// TestRestartThatFails: when the agent for an ICE restart cannot be made, the session goes on as it was, with the credentials that it had, and the next
// restart works.
func TestRestartThatFails(t *testing.T) {
	virtual(t, func(t *testing.T, n *node, l *lan) {
		b := join(t, n, onLAN(l))
		n.assign(b.session.Slot("floor0"), b.session.Stream("mic"))
		b.talk()
		goesOn := func(after string) {
			t.Helper()
			got, answered := b.got["floor0"].count(), n.host.Stats().STUNAnswered
			time.Sleep(time.Minute)
			if got = b.got["floor0"].count() - got; got < 2950 {
				t.Errorf("%s: %d packets in a minute, want 3000", after, got)
			}
			if answered = n.host.Stats().STUNAnswered - answered; answered < 20 {
				t.Errorf("%s: %d checks answered by the worker in a minute, want one each 2 s", after, answered)
			}
			if s := b.pc.ICEConnectionState(); s != webrtc.ICEConnectionStateConnected {
				t.Errorf("%s: ICE of the browser is %v, want connected", after, s)
			}
		}
		time.Sleep(time.Minute) // the agent is let go of
		goesOn("control")
		n.host.RefuseAgents(true)
		sdp := b.pc.CurrentLocalDescription().SDP
		sdp = regexp.MustCompile(`a=ice-(ufrag|pwd):`).ReplaceAllString(sdp, "${0}another")
		if _, err := b.session.Reoffer(peer.Offer{SDP: sdp, Names: b.names}); err == nil || err.Error() != "make ice agent: no agent" {
			t.Errorf("a restart without an agent: %v", err)
		}
		goesOn("after a restart that failed")
		n.host.RefuseAgents(false)
		must(t, b.offer(true, nil))
		time.Sleep(time.Minute)
		goesOn("after the next")
		b.leave()
	})
}

// TestHandshakeTime proves an address and then says nothing in DTLS: the session ends after ten seconds.
func TestHandshakeTime(t *testing.T) {
	virtual(t, func(t *testing.T, n *node, l *lan) {
		b := newBrowser(t, n, onLAN(l))
		l.lose(func(p []byte) bool { return udp.Classify(p) == udp.DTLS && p[0] == 22 && p[13] != 1 }) // all but ClientHello
		began := time.Now()
		must(t, b.offer(false, nil))
		if reason := <-b.closed; reason != peer.ReasonHandshake {
			t.Errorf("closed: %q, want %q", reason, peer.ReasonHandshake)
		}
		if took := time.Since(began); took < 9*time.Second || took > 11*time.Second {
			t.Errorf("ended after %v, want 10 s", took)
		}
		b.leave()
	})
}

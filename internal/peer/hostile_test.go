package peer_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"net"
	"regexp"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/dtls/v3/pkg/crypto/fingerprint"
	"github.com/pion/dtls/v3/pkg/crypto/selfsign"
	"github.com/pion/ice/v4"
	"github.com/pion/stun/v4"
	"github.com/pion/webrtc/v4"

	"visavis/internal/peer"
	"visavis/internal/udp"
)

// TestRebinding gives a talking browser another address, as a NAT does: media follows within a second. The control cannot answer
// checks from there, and gets nothing.
func TestRebinding(t *testing.T) {
	t.Parallel()
	t.Run("followed", func(t *testing.T) {
		t.Parallel()
		virtualPair(t, func(t *testing.T, n *node, a, _ *browser) {
			a.got["floor0"].more(t, 25)
			a.net.rebind(t)
			took := a.got["floor0"].more(t, 5)
			t.Logf("the fifth packet came %v after the change", took)
			if took > time.Second {
				t.Errorf("media followed after %v, want at most 1 s", took)
			}
			a.got["stage0"].more(t, 5)
			if s := n.host.Stats(); s.Moves != 1 || s.Connected != 2 {
				t.Errorf("stats = %+v, want one move and two sessions", s)
			}
		})
	})
	t.Run("control: checks not answered", func(t *testing.T) {
		t.Parallel()
		virtualPair(t, func(t *testing.T, n *node, a, b *browser) {
			a.got["floor0"].more(t, 25)
			var sent atomic.Int64
			a.net.filter(func(w way, p []byte) int {
				if w == up && udp.Classify(p) == udp.STUN {
					return 0
				}
				if w == down && udp.Classify(p) != udp.STUN {
					sent.Add(1)
				}
				return 1
			})
			a.net.rebind(t)
			sent.Store(0)
			b.got["floor0"].more(t, 50) // a is still heard: its packets are authentic
			if got := sent.Load(); got > 0 {
				t.Errorf("%d datagrams of media went to an address that answered no check", got)
			}
			if s := n.host.Stats(); s.Moves != 0 {
				t.Errorf("moves = %d, want 0", s.Moves)
			}
		})
	})
}

// TestNoMediaToUnprovenAddress repeats a browser's own nomination from a victim's address: valid in all but that. The victim gets a
// few checks and answers, and not a byte of media; the browser goes on. (The control is TestRebinding: an address that answers.)
func TestNoMediaToUnprovenAddress(t *testing.T) {
	t.Parallel()
	n, a, _ := pair(t, browserOptions{})
	a.got["floor0"].more(t, 10)
	nomination := a.net.nomination(t)
	victim := listen(t)
	var media, stuns atomic.Int64
	go func() {
		b := make([]byte, 2048)
		for {
			k, err := victim.Read(b)
			if err != nil {
				return
			}
			if udp.Classify(b[:k]) == udp.STUN {
				stuns.Add(1)
			} else {
				media.Add(int64(k))
			}
		}
	}()
	for range 30 {
		_, _ = victim.WriteToUDPAddrPort(nomination, n.addr)
		_, _ = victim.WriteToUDPAddrPort(a.net.lastOf(udp.RTP), n.addr) // and a copy of media
		a.got["floor0"].more(t, 2)
	}
	if got := media.Load(); got != 0 {
		t.Errorf("the victim got %d bytes of media, want 0", got)
	}
	if stuns.Load() == 0 {
		t.Error("the victim got no answer at all: the nomination was not valid, the test shows nothing")
	}
	a.got["stage0"].more(t, 5)
	if s := n.host.Stats(); s.Connected != 2 || s.Moves != 0 {
		t.Errorf("stats = %+v, want two sessions where they were", s)
	}
}

// nomination is a binding request with USE-CANDIDATE that the browser sent.
func (r *relay) nomination(t *testing.T) []byte {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.nominated == nil {
		t.Fatal("the browser nominated nothing")
	}
	return r.nominated
}

// TestSpoofedDTLSIgnored injects, from the browser's own address, what anybody can write: a fatal alert in clear, the ClientHello
// once more, data of epoch 0. Media goes on.
func TestSpoofedDTLSIgnored(t *testing.T) {
	t.Parallel()
	n, a, _ := pair(t, browserOptions{})
	a.got["floor0"].more(t, 10)
	before := n.host.Stats().DTLSDropped
	fatal := []byte{21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 99, 0, 2, 2, 80}
	data := []byte{23, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 98, 0, 2, 1, 1}
	hello := a.net.firstDTLS()
	if len(hello) < 14 || hello[0] != 22 || hello[13] != 1 {
		t.Fatalf("the first DTLS packet is no ClientHello: %x", hello[:min(20, len(hello))])
	}
	for range 5 {
		for _, p := range [][]byte{fatal, data, hello, append(bytes.Clone(hello), fatal...)} {
			a.net.inject(p)
		}
	}
	a.got["floor0"].more(t, 25)
	a.got["stage0"].more(t, 5)
	s := n.host.Stats()
	if s.DTLSDropped-before != 20 {
		t.Errorf("%d datagrams dropped, want 20", s.DTLSDropped-before)
	}
	if s.Connected != 2 {
		t.Errorf("%d sessions connected, want 2", s.Connected)
	}
	if a.pc.ConnectionState() != webrtc.PeerConnectionStateConnected {
		t.Errorf("the browser is %v, want connected", a.pc.ConnectionState())
	}
}

func (r *relay) firstDTLS() []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.hello
}

// TestForgedAndRepeatedPackets injects copies and changed copies of media: counted, dropped, and the stream is as it was.
func TestForgedAndRepeatedPackets(t *testing.T) {
	t.Parallel()
	n, a, b := pair(t, browserOptions{})
	b.got["floor0"].more(t, 25)
	for range 10 {
		p := a.net.lastOf(udp.RTP)
		a.net.inject(p)
		for _, at := range []int{1, 3, 9, len(p) - 1} { // type, number, SSRC, tag
			q := bytes.Clone(p)
			q[at] ^= 0x40
			a.net.inject(q)
		}
		q := bytes.Clone(p)
		binary.BigEndian.PutUint16(q[2:], binary.BigEndian.Uint16(q[2:])+0x7000) // would roll the counter over
		a.net.inject(q)
		b.got["floor0"].more(t, 2)
	}
	b.got["floor0"].more(t, 25)
	b.got["stage0"].more(t, 5)
	s := n.host.Stats()
	// One that claims a number which has come already is a replay, whatever else is wrong with it.
	if s.Replayed < 10 || s.Forged < 20 || s.Replayed+s.Forged != 60 {
		t.Errorf("replayed %d, forged %d; want 60 of both", s.Replayed, s.Forged)
	}
	if got := b.got["floor0"].gaps(); got > 0 {
		t.Errorf("%d packets are missing after forgeries, want 0", got)
	}
}

var fingerprintLine = regexp.MustCompile(`a=fingerprint:sha-256 \S+`)

// TestDTLSNeedsOfferedFingerprint offers a fingerprint and shows another certificate, or none; the control shows the right one.
func TestDTLSNeedsOfferedFingerprint(t *testing.T) {
	t.Parallel()
	good, err := selfsign.GenerateSelfSigned()
	must(t, err)
	other, err := selfsign.GenerateSelfSigned()
	must(t, err)
	for name, test := range map[string]struct {
		shown []tls.Certificate
		want  string
	}{
		"control: the offered certificate": {[]tls.Certificate{good}, ""},
		"another certificate":              {[]tls.Certificate{other}, peer.ReasonHandshake},
		"no certificate":                   {nil, peer.ReasonHandshake},
	} {
		t.Run(name, func(t *testing.T) {
			n := newNode(t, nil)
			b := newBrowser(t, n, browserOptions{})
			c := newRaw(t, b, good)
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			options := []dtls.ClientOption{dtls.WithInsecureSkipVerify(true), dtls.WithExtendedMasterSecret(dtls.RequireExtendedMasterSecret),
				dtls.WithSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM)}
			if test.shown != nil {
				options = append(options, dtls.WithCertificates(test.shown...))
			}
			d, err := dtls.ClientWithOptions(packets{c}, c.RemoteAddr(), options...)
			must(t, err)
			go func() { _ = d.HandshakeContext(ctx) }()
			select {
			case <-b.connected:
				if test.want != "" {
					t.Error("connected")
				}
			case reason := <-b.closed:
				if reason != test.want {
					t.Errorf("closed: %q, want %q", reason, test.want)
				}
			case <-ctx.Done():
				t.Error("nothing happened")
			}
			cancel()
			_ = d.Close()
		})
	}
}

// packets makes a PacketConn of an ICE connection.
type packets struct{ *ice.Conn }

func (p packets) ReadFrom(b []byte) (int, net.Addr, error) {
	n, err := p.Read(b)
	return n, p.RemoteAddr(), err
}
func (p packets) WriteTo(b []byte, _ net.Addr) (int, error) { return p.Write(b) }

// newRaw connects by ICE alone, with the fingerprint of cert in an offer that is otherwise b's.
func newRaw(t *testing.T, b *browser, cert tls.Certificate) *ice.Conn {
	t.Helper()
	leaf, err := x509.ParseCertificate(cert.Certificate[0])
	must(t, err)
	print, err := fingerprint.Fingerprint(leaf, crypto.SHA256)
	must(t, err)
	agent, err := ice.NewAgentWithOptions(ice.WithNetworkTypes([]ice.NetworkType{ice.NetworkTypeUDP4}), ice.WithIncludeLoopback(), ice.WithMulticastDNSMode(ice.MulticastDNSModeDisabled), ice.WithIPFilter(func(ip net.IP) bool { return ip.IsLoopback() }))
	must(t, err)
	t.Cleanup(func() { _ = agent.GracefulClose() })
	must(t, agent.OnCandidate(func(ice.Candidate) {}))
	frag, pwd, err := agent.GetLocalUserCredentials()
	must(t, err)
	d, err := b.pc.CreateOffer(nil)
	must(t, err)
	sdp := fingerprintLine.ReplaceAllString(d.SDP, "a=fingerprint:sha-256 "+print)
	sdp = regexp.MustCompile(`a=ice-ufrag:\S+`).ReplaceAllString(sdp, "a=ice-ufrag:"+frag)
	sdp = regexp.MustCompile(`a=ice-pwd:\S+`).ReplaceAllString(sdp, "a=ice-pwd:"+pwd)
	var answer string
	b.session, answer, err = b.n.host.Open(peer.Offer{SDP: sdp, Names: b.names}, peer.Events{
		Connected: func() { close(b.connected) }, Closed: func(reason string) { b.closed <- reason },
	})
	must(t, err)
	line := regexp.MustCompile(`a=candidate:(.*)\r`).FindStringSubmatch(answer)
	c, err := ice.UnmarshalCandidate(line[1])
	must(t, err)
	must(t, agent.AddRemoteCandidate(c))
	must(t, agent.GatherCandidates())
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := agent.Dial(ctx, attribute(answer, "ice-ufrag"), attribute(answer, "ice-pwd"))
	must(t, err)
	return conn
}

func attribute(sdp, key string) string {
	return regexp.MustCompile(`a=` + key + `:(\S+)`).FindStringSubmatch(sdp)[1]
}

// TestEarlyClientHello delays the browser's answers to our checks, so that its ClientHello comes first: it is held and counts. DTLS
// from an address that nobody checks is dropped.
func TestEarlyClientHello(t *testing.T) {
	t.Parallel()
	n := newNode(t, nil)
	stranger := listen(t)
	hello := []byte{22, 0xfe, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1}
	_, err := stranger.WriteToUDPAddrPort(hello, n.addr)
	must(t, err)
	b := newBrowser(t, n, browserOptions{})
	var mu sync.Mutex
	var late [][]byte
	seen := false
	b.net.filter(func(w way, p []byte) int {
		mu.Lock()
		defer mu.Unlock()
		switch c := udp.Classify(p); {
		case w == up && c == udp.STUN && p[0] == 1 && !seen: // an answer before the ClientHello
			late = append(late, bytes.Clone(p))
			return 0
		case w == up && c == udp.DTLS && !seen:
			seen = true
			out := late
			time.AfterFunc(30*time.Millisecond, func() {
				for _, p := range out {
					b.net.inject(p)
				}
			})
		}
		return 1
	})
	began := time.Now()
	must(t, b.offer(false, nil))
	wait(t, "connected", b.connected)
	s := n.host.Stats()
	t.Logf("connected after %v, %d held", time.Since(began), s.DTLSHeld)
	if s.DTLSHeld == 0 {
		t.Errorf("held %d, want at least 1", s.DTLSHeld)
	}
	if s.DTLSUnproven == 0 {
		t.Error("a stranger's ClientHello was not dropped")
	}
}

// TestLostFinished drops the node's last flight of the handshake twice: the browser repeats its own, and is answered although the
// node was done.
func TestLostFinished(t *testing.T) {
	t.Parallel()
	n := newNode(t, nil)
	b := newBrowser(t, n, browserOptions{})
	var dropped atomic.Int64
	b.net.filter(func(w way, p []byte) int {
		if w == down && udp.Classify(p) == udp.DTLS && p[0] == 20 && dropped.Add(1) <= 2 { // change cipher spec leads the flight
			return 0
		}
		return 1
	})
	up := make(chan struct{})
	b.pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if s == webrtc.PeerConnectionStateConnected {
			close(up)
		}
	})
	must(t, b.offer(false, nil))
	wait(t, "the node is connected", b.connected)
	wait(t, "the browser is connected", up)
	if got := dropped.Load(); got < 3 {
		t.Errorf("%d last flights were sent, want at least 3", got)
	}
}

// TestCloseStopsMedia closes one of two listeners: not a packet more goes to it. The other is the control.
func TestCloseStopsMedia(t *testing.T) {
	t.Parallel()
	n := newNode(t, nil)
	a, b, c := join(t, n, browserOptions{}), join(t, n, browserOptions{}), join(t, n, browserOptions{})
	for _, x := range []*browser{b, c} {
		n.assign(x.session.Slot("floor0"), a.session.Stream("mic"))
	}
	a.talk()
	b.got["floor0"].reach(t, 10)
	var after atomic.Int64
	must(t, b.session.Close())
	c.got["floor0"].more(t, 2) // what was on its way has come
	b.net.filter(func(w way, _ []byte) int {
		if w == down {
			after.Add(1)
		}
		return 1
	})
	c.got["floor0"].more(t, 25)
	if got := after.Load(); got > 0 {
		t.Errorf("%d datagrams went to a closed session, want 0", got)
	}
}

// TestUnknownFragmentIsSilent sends a well-formed check for nobody: no answer. The control is every join.
func TestUnknownFragmentIsSilent(t *testing.T) {
	t.Parallel()
	n := newNode(t, nil)
	c := listen(t)
	m := stun.MustBuild(stun.BindingRequest, stun.TransactionID, stun.NewUsername("nobody:there"), stun.NewShortTermIntegrity("secretsecretsecretsecret"), stun.Fingerprint)
	_, err := c.WriteToUDPAddrPort(m.Raw, n.addr)
	must(t, err)
	for n.host.Stats().STUNUnknown == 0 { // the worker has seen it
		runtime.Gosched()
	}
	n.worker.Call(func() {})
	must(t, c.SetReadDeadline(time.Now().Add(50*time.Millisecond)))
	if k, err := c.Read(make([]byte, 1500)); err == nil {
		t.Errorf("an answer of %d bytes came, want silence", k)
	}
}

// TestClose ends sessions from both sides and finds nothing left of them.
func TestClose(t *testing.T) {
	n := newNode(t, nil)
	first := join(t, n, browserOptions{}) // whatever starts once
	must(t, first.session.Close())
	first.leave()
	base := settle(1 << 20)
	var all []*browser
	for range 5 {
		b := join(t, n, browserOptions{})
		b.talk()
		all = append(all, b)
	}
	busy := runtime.NumGoroutine()
	for _, b := range all {
		must(t, b.session.Close())
		if got := wait(t, "closed", b.closed); got != peer.ReasonClosed {
			t.Errorf("closed: %q, want %q", got, peer.ReasonClosed)
		}
		_, err := b.session.Reoffer(peer.Offer{})
		if err == nil {
			t.Error("a closed session took an offer")
		}
		b.leave()
	}
	left := settle(base)
	t.Logf("goroutines: %d before, %d with five sessions and clients, %d after", base, busy, left)
	if left > base {
		buf := make([]byte, 1<<20)
		t.Errorf("%d goroutines more than before:\n%s", left-base, buf[:runtime.Stack(buf, true)])
	}
	if s := n.host.Stats(); s.Sessions != 0 || s.Connected != 0 {
		t.Errorf("stats = %+v, want no session", s)
	}
}

// settle waits until there are no more than want goroutines, or a while; the relays' own end with the test.
func settle(want int) int {
	got := runtime.NumGoroutine()
	for deadline := time.Now().Add(2 * time.Second); time.Now().Before(deadline); runtime.Gosched() {
		if n := runtime.NumGoroutine(); n != got {
			got, deadline = n, time.Now().Add(500*time.Millisecond)
		}
		if got <= want && want < 1<<20 {
			break
		}
	}
	return got
}

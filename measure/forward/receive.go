package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/ice/v4"
	"github.com/pion/webrtc/v4"
	"golang.org/x/sys/unix"

	"visavis/internal/udp"
)

// message is one line between the two processes. The parent says how many receivers it wants, and answers offers; the child says what came.
type message struct {
	Receivers, Pion int    `json:",omitempty"` // to the child, first
	I               int    // receiver
	To              string `json:",omitempty"` // "own" or "pion": whom an offer is for
	SDP             string `json:",omitempty"`
	At              netip.AddrPort
	Count           bool `json:",omitempty"` // asks for, or carries, Received
	Received        int  `json:",omitempty"`
}

// slots are the sections of an offer to the node: one for each audience.
const slots = 3

// readEvery is how often the receivers' sockets are looked at. Nobody sleeps on them: a receiver is another machine as a rule, and what
// it costs to wake a reader here would be counted as the sender's. Sockets hold more than comes in a round.
const readEvery = 2 * time.Millisecond

// readers read all sockets of this process in turn. Packets of media are counted and go no further, so that each costs the same
// whoever sent it; the rest goes to pion.
type readers struct {
	mu       sync.Mutex // guards all
	all      []*reader
	received atomic.Int64
}

func (r *readers) run() {
	b := make([]byte, 2048)
	for range time.Tick(readEvery) {
		r.mu.Lock()
		all := r.all
		r.mu.Unlock()
		for _, c := range all {
			for {
				n, from, err := unix.Recvfrom(c.fd, b, unix.MSG_DONTWAIT)
				if err != nil {
					break
				}
				if class := udp.Classify(b[:n]); class == udp.RTP {
					r.received.Add(1)
				} else if class != udp.RTCP {
					c.take(b[:n], from)
				}
			}
		}
	}
}

// add opens the socket of one receiver: one that Go's poller does not know, and that takes datagrams one by one, so that the kernel
// has to cut a run on the way, as it or the network card has to on real networks.
func (r *readers) add() (*reader, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 2<<20) != nil { // not root
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, 2<<20)
	}
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return nil, err
	}
	a, err := unix.Getsockname(fd)
	if err != nil {
		return nil, err
	}
	c := &reader{fd: fd, local: addrPort(a), rest: make(chan udp.Datagram, 64)}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all[:len(r.all):len(r.all)], c)
	return c, nil
}

func addrPort(a unix.Sockaddr) netip.AddrPort {
	a4, ok := a.(*unix.SockaddrInet4)
	if !ok {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(netip.AddrFrom4(a4.Addr), uint16(a4.Port))
}

// reader is the socket of one receiver as pion's mux wants it.
type reader struct {
	fd    int
	local netip.AddrPort
	rest  chan udp.Datagram
}

func (c *reader) take(b []byte, from unix.Sockaddr) {
	select {
	case c.rest <- udp.Datagram{Data: bytes.Clone(b), Addr: addrPort(from)}:
	default: // ICE and DTLS send again
	}
}

// ReadFromAddrPort implements ice.AddrPortReaderWriter.
func (c *reader) ReadFromAddrPort(b []byte) (int, netip.AddrPort, error) {
	d := <-c.rest
	return copy(b, d.Data), d.Addr, nil
}

// WriteToAddrPort implements ice.AddrPortReaderWriter.
func (c *reader) WriteToAddrPort(b []byte, to netip.AddrPort) (int, error) {
	return len(b), unix.Sendto(c.fd, b, unix.MSG_DONTWAIT, &unix.SockaddrInet4{Addr: to.Addr().Unmap().As4(), Port: int(to.Port())})
}

// The rest implements net.PacketConn.

func (c *reader) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := c.ReadFromAddrPort(b)
	return n, net.UDPAddrFromAddrPort(from), err
}

func (c *reader) WriteTo(b []byte, to net.Addr) (int, error) {
	a, ok := to.(*net.UDPAddr)
	if !ok {
		return 0, net.ErrClosed
	}
	return c.WriteToAddrPort(b, a.AddrPort())
}

func (c *reader) LocalAddr() net.Addr              { return net.UDPAddrFromAddrPort(c.local) }
func (c *reader) Close() error                     { return nil }
func (c *reader) SetDeadline(time.Time) error      { return nil }
func (c *reader) SetReadDeadline(time.Time) error  { return nil }
func (c *reader) SetWriteDeadline(time.Time) error { return nil }

// receive is the child: receivers with a socket each, and on it a connection to the node and one to pion.
func receive(in io.Reader, out io.Writer) error {
	lines, enc := bufio.NewScanner(in), json.NewEncoder(out)
	lines.Buffer(nil, 1<<20)
	var mu sync.Mutex
	say := func(m message) { mu.Lock(); defer mu.Unlock(); _ = enc.Encode(m) }
	next := func() (m message, ok bool) {
		return m, lines.Scan() && json.Unmarshal(lines.Bytes(), &m) == nil
	}
	first, ok := next()
	if !ok {
		return errGone
	}
	var rs readers
	go rs.run()
	type key struct {
		to string
		i  int
	}
	pcs := map[key]*webrtc.PeerConnection{}
	for i := range first.Receivers {
		c, err := rs.add()
		if err != nil {
			return err
		}
		mux := ice.NewUDPMuxDefault(ice.UDPMuxParams{UDPConn: c})
		for _, to := range []string{"own", "pion"} {
			if to == "pion" && i >= first.Pion {
				continue
			}
			pc, sdp, err := offer(mux, to)
			if err != nil {
				return err
			}
			pcs[key{to, i}] = pc
			say(message{I: i, To: to, SDP: sdp, At: c.local})
			m, ok := next()
			if !ok {
				return errGone
			}
			up := make(chan struct{})
			var once sync.Once
			pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
				if s == webrtc.PeerConnectionStateConnected {
					once.Do(func() { close(up) })
				}
			})
			if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: m.SDP}); err != nil {
				return fmt.Errorf("answer of %s: %w", to, err)
			}
			<-up
		}
	}
	say(message{Count: true})
	for {
		if _, ok := next(); !ok {
			return nil
		}
		say(message{Count: true, Received: int(rs.received.Load())})
	}
}

// offer makes a connection that wants to see pictures.
func offer(mux ice.UDPMux, to string) (*webrtc.PeerConnection, string, error) {
	se := settings()
	se.SetICEUDPMux(mux)
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(se)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return nil, "", err
	}
	n := 1
	if to == "own" {
		n = slots
	}
	for range n {
		if _, err := pc.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}); err != nil {
			return nil, "", err
		}
	}
	o, err := pc.CreateOffer(nil)
	if err != nil {
		return nil, "", err
	}
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(o); err != nil {
		return nil, "", err
	}
	<-gathered
	return pc, pc.LocalDescription().SDP, nil
}

// settings are those of both of pion's ends: loopback, and AES-GCM as the node has it; HMAC-SHA1 would cost 2 µs a packet more.
func settings() webrtc.SettingEngine {
	var se webrtc.SettingEngine
	se.SetIncludeLoopbackCandidate(true)
	se.SetInterfaceFilter(func(name string) bool { return name == "lo" })
	se.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	se.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	se.SetSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM)
	return se
}

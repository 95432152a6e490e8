package main

import (
	"encoding/binary"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/pion/transport/v4"
	"github.com/pion/transport/v4/stdnet"
	"golang.org/x/sys/unix"
)

// stampedNet is the system's network, but each RTP packet is timed at the edge of the process: just before the system call
// that sends it, and when the kernel received it (SO_TIMESTAMPNS). So a client's own work, encryption and scheduling, is in
// no figure; the kernel's is.
type stampedNet struct {
	*stdnet.Net

	mu   sync.Mutex         // guards what follows
	sent map[sentID]int64   // ns since 1970
	came map[packetID]int64 // the same
}

// packetID names an RTP packet on the wire. Header and sequence number are not encrypted (RFC 3711 §3.1).
type packetID struct {
	ssrc uint32
	seq  uint16
}

// sentID names a packet of our own: the payload type tells the tracks of one sender apart.
type sentID struct {
	pt  uint8
	seq uint16
}

func newStampedNet() (*stampedNet, error) {
	n, err := stdnet.NewNet()
	if err != nil {
		return nil, err
	}
	return &stampedNet{Net: n, sent: map[sentID]int64{}, came: map[packetID]int64{}}, nil
}

// ListenUDP implements transport.Net.
func (n *stampedNet) ListenUDP(network string, addr *net.UDPAddr) (transport.UDPConn, error) {
	c, err := net.ListenUDP(network, addr)
	if err != nil {
		return nil, err
	}
	if err := stampArrivals(c); err != nil {
		_ = c.Close()
		return nil, err
	}
	return &stampedConn{UDPConn: c, n: n}, nil
}

// ListenPacket implements transport.Net.
func (n *stampedNet) ListenPacket(network, addr string) (net.PacketConn, error) {
	a, err := net.ResolveUDPAddr(network, addr)
	if err != nil {
		return nil, err
	}
	return n.ListenUDP(network, a)
}

// stampArrivals asks the kernel to say when each datagram came.
func stampArrivals(c *net.UDPConn) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	var set error
	if err := raw.Control(func(fd uintptr) { set = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1) }); err != nil {
		return err
	}
	return os.NewSyscallError("setsockopt", set)
}

type stampedConn struct {
	*net.UDPConn
	n *stampedNet
}

// rtp says which RTP packet a datagram is, if it is one (RFC 7983 §7, RFC 5761 §4).
func rtp(b []byte) (packetID, bool) {
	if len(b) < 12 || b[0] < 128 || b[0] > 191 || b[1] >= 192 && b[1] <= 223 {
		return packetID{}, false
	}
	return packetID{binary.BigEndian.Uint32(b[8:]), binary.BigEndian.Uint16(b[2:])}, true
}

// WriteTo implements net.PacketConn.
func (c *stampedConn) WriteTo(b []byte, to net.Addr) (int, error) {
	if id, ok := rtp(b); ok {
		c.n.mu.Lock()
		c.n.sent[sentID{b[1] & 0x7f, id.seq}] = time.Now().UnixNano()
		c.n.mu.Unlock()
	}
	return c.UDPConn.WriteTo(b, to)
}

// ReadFrom implements net.PacketConn.
func (c *stampedConn) ReadFrom(b []byte) (int, net.Addr, error) {
	var oob [64]byte
	n, on, _, from, err := c.ReadMsgUDP(b, oob[:])
	if err != nil {
		return n, nil, err
	}
	if id, ok := rtp(b[:n]); ok {
		if at := arrival(oob[:on]); at != 0 {
			c.n.mu.Lock()
			if _, again := c.n.came[id]; !again {
				c.n.came[id] = at
			}
			c.n.mu.Unlock()
		}
	}
	return n, from, nil
}

// arrival is the kernel's time in the control messages of one datagram, ns since 1970; 0 if it is not there.
func arrival(oob []byte) int64 {
	ms, err := syscall.ParseSocketControlMessage(oob)
	if err != nil {
		return 0
	}
	for _, m := range ms {
		if m.Header.Level == unix.SOL_SOCKET && m.Header.Type == unix.SCM_TIMESTAMPNS && len(m.Data) >= 16 {
			return int64(binary.NativeEndian.Uint64(m.Data))*1e9 + int64(binary.NativeEndian.Uint64(m.Data[8:]))
		}
	}
	return 0
}

package udp

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Socket is a raw, non-blocking Linux UDP socket. Go's netpoller does not know it: the poller registers sockets for write events
// too, and with a reader parked on the socket every packet that the kernel frees wakes it (measured 7.5 µs a send in place of 4.3).
// ReadBatch belongs to one goroutine; everything else may be called from any.
//
// A socket on a wildcard address answers from the address at which the remote one was heard, and speaks first from the one that the
// kernel chooses.
type Socket struct {
	fd     int // the socket
	event  int // eventfd(2), written by Wake and Close
	family uint16
	local  netip.AddrPort

	// users counts calls that use the descriptors, plus closedBit once Close was called. The last one to leave closes them:
	// a descriptor closed under a call could be another file by then.
	users atomic.Int64

	receiver

	hold bool // see Hold; never changes once ReadBatch was called

	// ReadBatch only.
	poll  [2]unix.PollFd
	drain [8]byte

	one [8]byte // what is written to event: a number of at least 1 in either byte order; never changes

	sender
}

const closedBit = 1 << 62

// Listen opens a socket on addr. The zero Addr and [::] mean all addresses of both families, IPv4 alone where the kernel has no
// IPv6. Port 0 takes a free one. The buffers get some megabytes, or what the kernel grants.
func Listen(addr netip.AddrPort) (*Socket, error) {
	ip := addr.Addr().Unmap()
	if !ip.IsValid() {
		ip = netip.IPv6Unspecified()
	}
	s, err := listen(netip.AddrPortFrom(ip, addr.Port()))
	if err != nil && ip == netip.IPv6Unspecified() && (errors.Is(err, unix.EAFNOSUPPORT) || errors.Is(err, unix.EADDRNOTAVAIL)) {
		s, err = listen(netip.AddrPortFrom(netip.IPv4Unspecified(), addr.Port()))
	}
	if err != nil {
		return nil, fmt.Errorf("listen on udp %s: %w", addr, err)
	}
	return s, nil
}

func listen(addr netip.AddrPort) (_ *Socket, err error) {
	s := &Socket{fd: -1, event: -1, family: unix.AF_INET6, one: [8]byte{1}}
	defer func() {
		if err != nil {
			s.closeFiles()
		}
	}()
	if addr.Addr().Is4() {
		s.family = unix.AF_INET
	}
	if s.fd, err = unix.Socket(int(s.family), unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.IPPROTO_UDP); err != nil {
		return nil, fmt.Errorf("socket: %w", err)
	}
	if s.family == unix.AF_INET6 {
		only := 1
		if addr.Addr() == netip.IPv6Unspecified() {
			only = 0
		}
		if err = unix.SetsockoptInt(s.fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, only); err != nil {
			return nil, fmt.Errorf("dual stack: %w", err)
		}
	}
	growBuffers(s.fd)
	s.sender.init(s.fd)
	s.receiver.init(s.fd)
	s.sources.init(s.fd, s.family, addr.Addr())
	if err = s.bind(addr); err != nil {
		return nil, err
	}
	if s.event, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		return nil, fmt.Errorf("eventfd: %w", err)
	}
	s.poll[0] = unix.PollFd{Fd: int32(s.fd), Events: unix.POLLIN}
	s.poll[1] = unix.PollFd{Fd: int32(s.event), Events: unix.POLLIN}
	return s, nil
}

func (s *Socket) bind(addr netip.AddrPort) error {
	var sa unix.Sockaddr
	if s.family == unix.AF_INET {
		sa = &unix.SockaddrInet4{Addr: addr.Addr().As4(), Port: int(addr.Port())}
	} else {
		sa = &unix.SockaddrInet6{Addr: addr.Addr().As16(), Port: int(addr.Port())}
	}
	if err := unix.Bind(s.fd, sa); err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	got, err := unix.Getsockname(s.fd)
	if err != nil {
		return fmt.Errorf("getsockname: %w", err)
	}
	switch got := got.(type) {
	case *unix.SockaddrInet4:
		s.local = netip.AddrPortFrom(netip.AddrFrom4(got.Addr), uint16(got.Port))
	case *unix.SockaddrInet6:
		s.local = netip.AddrPortFrom(netip.AddrFrom16(got.Addr), uint16(got.Port))
	}
	return nil
}

// growBuffers asks for large buffers: past the system's limit with CAP_NET_ADMIN, else up to it. Refusal is no error: Buffers tells.
func growBuffers(fd int) {
	for _, o := range [][2]int{{unix.SO_RCVBUFFORCE, unix.SO_RCVBUF}, {unix.SO_SNDBUFFORCE, unix.SO_SNDBUF}} {
		if unix.SetsockoptInt(fd, unix.SOL_SOCKET, o[0], socketBuffer) != nil {
			_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, o[1], socketBuffer)
		}
	}
}

// Hold makes ReadBatch keep its share of the Go scheduler (a P) while it waits. Otherwise the runtime's watcher takes it away in every
// wait, and because it finds something to do it looks every 20 µs from then on: a whole node with 50 receivers spent 29 % of its processor
// time on that, an idle one nearly all. The process needs one P more than it has processors, for all else. Call it before ReadBatch.
func (s *Socket) Hold() { s.hold = true }

// LocalAddr returns the address and port that the socket is bound to; [::] means both families.
func (s *Socket) LocalAddr() netip.AddrPort { return s.local }

// Buffers returns the sizes in bytes that the kernel gave the receive and send buffers (twice what it took of what was asked for,
// see socket(7)), zeros after Close.
func (s *Socket) Buffers() (receive, send int) {
	if !s.enter() {
		return 0, 0
	}
	defer s.leave()
	receive, _ = unix.GetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_RCVBUF)
	send, _ = unix.GetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_SNDBUF)
	return receive, send
}

// Stats returns what was dropped on the way in and how sending went. Overflow is 0 after Close.
func (s *Socket) Stats() SocketStats {
	st := SocketStats{TooLong: s.tooLong.Load(), Runs: s.runs.Load(), InRuns: s.inRuns.Load(), RunsRefused: s.runsRefused.Load(), Joined: s.joined.Load()}
	if !s.enter() {
		return st
	}
	defer s.leave()
	var info [9]uint32 // SK_MEMINFO_VARS; the last is SK_MEMINFO_DROPS, see sock_diag(7)
	size := uint32(unsafe.Sizeof(info))
	_, _, e := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(s.fd), unix.SOL_SOCKET, unix.SO_MEMINFO,
		uintptr(unsafe.Pointer(&info)), uintptr(unsafe.Pointer(&size)), 0)
	if e == 0 {
		st.Overflow = uint64(info[8])
	}
	return st
}

// ReadBatch implements Conn.
func (s *Socket) ReadBatch(ds []Datagram, wait time.Duration) (int, error) {
	if !s.enter() {
		return 0, net.ErrClosed
	}
	defer s.leave()
	var until time.Time
	for {
		n, err := s.receive(s.fd, ds)
		if n > 0 || err != nil {
			return n, err
		}
		if until.IsZero() {
			until = time.Now().Add(wait)
		} else {
			wait = time.Until(until)
		}
		ready, woken, err := s.sleep(wait)
		if err != nil || (!ready && (woken || wait <= 0)) {
			return 0, err
		}
	}
}

// sleep waits until the socket can be read, Wake or Close is called, or wait is over. It takes the wake-ups away.
func (s *Socket) sleep(wait time.Duration) (ready, woken bool, err error) {
	ts := unix.NsecToTimespec(int64(max(wait, 0)))
	s.poll[0].Revents, s.poll[1].Revents = 0, 0
	var n uintptr
	var e unix.Errno
	if s.hold {
		n, _, e = unix.RawSyscall6(unix.SYS_PPOLL, uintptr(unsafe.Pointer(&s.poll[0])), uintptr(len(s.poll)), uintptr(unsafe.Pointer(&ts)), 0, 0, 0)
	} else {
		n, _, e = unix.Syscall6(unix.SYS_PPOLL, uintptr(unsafe.Pointer(&s.poll[0])), uintptr(len(s.poll)), uintptr(unsafe.Pointer(&ts)), 0, 0, 0)
	}
	if e == unix.EINTR { // among others the runtime's, which wants the thread for a moment
		return false, false, nil
	}
	if e != 0 {
		return false, false, fmt.Errorf("ppoll: %w", e)
	}
	if n == 0 {
		return false, false, nil
	}
	if s.poll[1].Revents != 0 {
		woken = true
		if s.users.Load()&closedBit != 0 {
			return false, true, net.ErrClosed
		}
		_, _ = unix.Read(s.event, s.drain[:])
	}
	return s.poll[0].Revents != 0, woken, nil
}

// Wake implements Conn.
func (s *Socket) Wake() {
	if !s.enter() {
		return
	}
	defer s.leave()
	s.ring()
}

func (s *Socket) ring() {
	_, _ = unix.Write(s.event, s.one[:])
}

// Close implements Conn.
func (s *Socket) Close() error {
	for {
		u := s.users.Load()
		if u&closedBit != 0 {
			return nil
		}
		if s.users.CompareAndSwap(u, (u+1)|closedBit) {
			break
		}
	}
	s.ring()
	s.leave()
	return nil
}

// enter begins a use of the descriptors; false after Close.
func (s *Socket) enter() bool {
	if s.users.Add(1)&closedBit == 0 {
		return true
	}
	s.leave()
	return false
}

// leave ends a use; the last one after Close closes the descriptors.
func (s *Socket) leave() {
	if s.users.Add(-1) == closedBit && s.users.CompareAndSwap(closedBit, closedBit|1<<61) {
		s.closeFiles()
	}
}

func (s *Socket) closeFiles() {
	if s.fd >= 0 {
		_ = unix.Close(s.fd)
	}
	if s.event >= 0 {
		_ = unix.Close(s.event)
	}
}

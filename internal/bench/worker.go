package bench

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// tickEvery is how often sessions look at their timers.
	tickEvery = 10 * time.Millisecond

	// readEvery is how often the sockets are looked at. Nobody sleeps on them: a receiver is another machine as a rule, and what it costs to wake
	// one on this machine the kernel would charge to the server, for the quickest 1 µs a packet. Arrivals are stamped by the kernel, so no
	// delay is changed by it.
	readEvery = 2 * time.Millisecond
)

// worker reads the sockets of all sessions on one thread, outside Go's netpoller: a goroutine a receiver would be woken for every
// packet, and that costs more than many a server does. Everything of a session belongs to its thread.
type worker struct {
	poll     int
	sessions map[int32]*session // by file; worker only
	done     chan struct{}

	mu      sync.Mutex // guards what follows
	queue   []func()
	closing bool
}

func newWorker() (*worker, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("epoll: %w", err)
	}
	w := &worker{poll: fd, sessions: map[int32]*session{}, done: make(chan struct{})}
	go w.serve()
	return w, nil
}

// do runs f on the worker's thread within tickEvery; false after close.
func (w *worker) do(f func()) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closing {
		return false
	}
	w.queue = append(w.queue, f)
	return true
}

// call is do, and waits. Never from the worker.
func (w *worker) call(f func()) bool {
	ran := make(chan struct{})
	if !w.do(func() { f(); close(ran) }) {
		return false
	}
	<-ran
	return true
}

// close ends the thread and closes all sockets.
func (w *worker) close() {
	w.mu.Lock()
	w.closing = true
	w.mu.Unlock()
	<-w.done
}

func (w *worker) serve() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(w.done)
	events := make([]unix.EpollEvent, MaxReceivers+1)
	var in inbox
	next := time.Now()
	for {
		if wait := min(readEvery, time.Until(next)); wait > 0 {
			ts := unix.NsecToTimespec(int64(wait))
			_ = unix.Nanosleep(&ts, nil) // a signal ends it early
		}
		n, err := unix.EpollWait(w.poll, events, 0)
		if err != nil {
			n = 0 // EINTR; anything else cannot happen to a descriptor of our own
		}
		for _, e := range events[:n] {
			if s := w.sessions[e.Fd]; s != nil {
				in.drain(s)
			}
		}
		if now := time.Now(); !now.Before(next) {
			next = now.Add(tickEvery)
			if w.turn(now) {
				return
			}
		}
	}
}

// turn does what is due; true when all is over.
func (w *worker) turn(now time.Time) bool {
	w.mu.Lock()
	queue, closing := w.queue, w.closing
	w.queue = nil
	w.mu.Unlock()
	for _, f := range queue {
		f()
	}
	for _, s := range w.sessions {
		s.tick(now)
	}
	if !closing {
		return false
	}
	for fd := range w.sessions {
		_ = unix.Close(int(fd))
	}
	_ = unix.Close(w.poll)
	return true
}

// add begins to read a session's socket. Worker.
func (w *worker) add(s *session) error {
	if err := unix.EpollCtl(w.poll, unix.EPOLL_CTL_ADD, s.fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(s.fd)}); err != nil {
		return fmt.Errorf("epoll: %w", err)
	}
	w.sessions[int32(s.fd)] = s
	return nil
}

// remove ends that and closes the socket. Worker.
func (w *worker) remove(s *session) {
	if w.sessions[int32(s.fd)] == s {
		delete(w.sessions, int32(s.fd))
		_ = unix.Close(s.fd)
	}
}

// inbox is the memory of one read.
type inbox struct {
	data [maxDatagram]byte
	oob  [64]byte
}

// drain gives a session what its socket holds, at most a batch: the others wait.
func (in *inbox) drain(s *session) {
	for range 64 {
		n, on, flags, from, err := unix.Recvmsg(s.fd, in.data[:], in.oob[:], unix.MSG_DONTWAIT)
		if err != nil {
			return
		}
		if n == 0 || flags&unix.MSG_TRUNC != 0 {
			continue
		}
		s.take(in.data[:n], from, arrival(in.oob[:on]))
	}
}

// arrival reads the kernel's time stamp (SCM_TIMESTAMPNS, cmsg(3)) in ns since 1970, 0 if there is none.
//
//	| length, 8 | level 4 | type 4 | seconds 8 | nanoseconds 8 |   on machines of 64 bits
func arrival(oob []byte) int64 {
	ne := binary.NativeEndian
	if len(oob) < 32 || ne.Uint32(oob[8:]) != unix.SOL_SOCKET || ne.Uint32(oob[12:]) != unix.SCM_TIMESTAMPNS {
		return 0
	}
	return int64(ne.Uint64(oob[16:]))*int64(time.Second) + int64(ne.Uint64(oob[24:]))
}

// listen opens a socket on a free port that stamps what comes.
func listen(ip netip.Addr) (int, netip.AddrPort, error) {
	family := unix.AF_INET
	if ip.Is6() {
		family = unix.AF_INET6
	}
	fd, err := unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.IPPROTO_UDP)
	if err != nil {
		return -1, netip.AddrPort{}, fmt.Errorf("socket: %w", err)
	}
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, 1<<20)
	err = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1)
	if err == nil {
		err = unix.Bind(fd, sockaddr(netip.AddrPortFrom(ip, 0)))
	}
	var name unix.Sockaddr
	if err == nil {
		name, err = unix.Getsockname(fd)
	}
	if err != nil {
		_ = unix.Close(fd)
		return -1, netip.AddrPort{}, fmt.Errorf("socket: %w", err)
	}
	return fd, addrPort(name), nil
}

func sockaddr(a netip.AddrPort) unix.Sockaddr {
	if a.Addr().Is4() {
		return &unix.SockaddrInet4{Addr: a.Addr().As4(), Port: int(a.Port())}
	}
	return &unix.SockaddrInet6{Addr: a.Addr().As16(), Port: int(a.Port())}
}

func addrPort(sa unix.Sockaddr) netip.AddrPort {
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), uint16(sa.Port))
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(sa.Addr).Unmap(), uint16(sa.Port))
	}
	return netip.AddrPort{}
}

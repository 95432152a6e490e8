package scenario

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"
)

const (
	streamBuffer = 1 << 20 // bytes on the way in one direction; then writes wait
	backlog      = 128     // connections that wait to be accepted; further dials are refused
)

// listener is a TCP listener of a Net.
type listener struct {
	n     *Net
	addr  netip.AddrPort
	queue chan net.Conn
	once  sync.Once
	ended chan struct{}
}

func (n *Net) listen(a netip.AddrPort) (net.Listener, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if a.Port() == 0 {
		n.ephemeral++
		a = netip.AddrPortFrom(a.Addr(), n.ephemeral)
	}
	if n.listeners[a] != nil {
		return nil, &net.OpError{Op: "listen", Net: "tcp", Addr: net.TCPAddrFromAddrPort(a), Err: syscall.EADDRINUSE}
	}
	l := &listener{n: n, addr: a, queue: make(chan net.Conn, backlog), ended: make(chan struct{})}
	n.listeners[a] = l
	return l, nil
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case <-l.ended:
	default:
		select {
		case c := <-l.queue:
			return c, nil
		case <-l.ended:
		}
	}
	return nil, &net.OpError{Op: "accept", Net: "tcp", Addr: l.Addr(), Err: net.ErrClosed}
}

func (l *listener) Addr() net.Addr { return net.TCPAddrFromAddrPort(l.addr) }

func (l *listener) Close() error {
	l.once.Do(func() {
		l.n.mu.Lock()
		delete(l.n.listeners, l.addr)
		l.n.mu.Unlock()
		close(l.ended)
		for {
			select {
			case c := <-l.queue:
				_ = c.Close() // nobody will take it
				continue
			default:
			}
			return
		}
	})
	return nil
}

// dial makes a connection after one round trip, and waits while a path is cut.
func (n *Net) dial(ctx context.Context, from netip.Addr, to netip.AddrPort) (net.Conn, error) {
	there, back := n.path(from, to.Addr()), n.path(to.Addr(), from)
	for _, p := range []*path{there, back} {
		for {
			s, changed := p.state()
			if !s.Cut {
				if err := sleep(ctx, s.Delay); err != nil {
					return nil, err
				}
				break
			}
			select {
			case <-changed:
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
	}
	n.mu.Lock()
	l := n.listeners[to]
	n.ephemeral++
	local := netip.AddrPortFrom(from, n.ephemeral)
	n.mu.Unlock()
	if l == nil {
		return nil, syscall.ECONNREFUSED
	}
	up, down := newHalf(there), newHalf(back)
	client := &stream{in: down, out: up, local: local, remote: to}
	server := &stream{in: up, out: down, local: to, remote: local}
	select {
	case <-l.ended:
		return nil, syscall.ECONNREFUSED
	case l.queue <- server:
		return client, nil
	default:
		return nil, syscall.ECONNREFUSED
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// half is one direction of a connection: bytes in order, each piece with the time at which it arrives.
type half struct {
	path *path

	mu      sync.Mutex
	pieces  []piece
	size    int
	ended   bool          // by the writer
	broken  bool          // by the reader
	changed chan struct{} // closed and made anew at each change
}

type piece struct {
	due  time.Time
	data []byte
}

func newHalf(p *path) *half { return &half{path: p, changed: make(chan struct{})} }

func (h *half) changeLocked() {
	close(h.changed)
	h.changed = make(chan struct{})
}

// read waits for bytes.
func (h *half) read(b []byte, late *deadline) (int, error) {
	for {
		s, healed := h.path.state()
		h.mu.Lock()
		changed := h.changed
		n, wait, err := h.takeLocked(b, s.Cut)
		h.mu.Unlock()
		if n > 0 || err != nil || len(b) == 0 {
			return n, err
		}
		var due <-chan time.Time
		var t *time.Timer
		if wait > 0 {
			t = time.NewTimer(wait)
			due = t.C
		}
		select {
		case <-late.passed():
			err = os.ErrDeadlineExceeded
		case <-changed:
		case <-healed:
		case <-due:
		}
		if t != nil {
			t.Stop()
		}
		if err != nil {
			return 0, err
		}
	}
}

// takeLocked copies what has arrived; wait is until more arrives, if that is known.
func (h *half) takeLocked(b []byte, cut bool) (n int, wait time.Duration, err error) {
	switch {
	case h.broken:
		return 0, 0, net.ErrClosed
	case cut:
		return 0, 0, nil
	case len(h.pieces) == 0 && h.ended:
		return 0, 0, io.EOF
	}
	for len(h.pieces) > 0 && n < len(b) {
		p := &h.pieces[0]
		if wait := time.Until(p.due); wait > 0 {
			if n == 0 {
				return 0, wait, nil
			}
			break
		}
		k := copy(b[n:], p.data)
		n += k
		if p.data = p.data[k:]; len(p.data) == 0 {
			h.pieces = h.pieces[1:]
		}
	}
	if h.size -= n; n > 0 {
		h.changeLocked()
	}
	return n, 0, nil
}

// write takes bytes, and waits while too many are on the way.
func (h *half) write(b []byte, late *deadline) (int, error) {
	n := 0
	for {
		s, healed := h.path.state()
		h.mu.Lock()
		changed := h.changed
		if h.ended {
			h.mu.Unlock()
			return n, net.ErrClosed
		}
		if h.broken && !s.Cut {
			h.mu.Unlock()
			return n, syscall.EPIPE
		}
		if k := min(len(b)-n, streamBuffer-h.size); k > 0 {
			h.pieces = append(h.pieces, piece{time.Now().Add(s.Delay), append([]byte(nil), b[n:n+k]...)})
			h.size += k
			n += k
			h.changeLocked()
		}
		h.mu.Unlock()
		if n == len(b) {
			return n, nil
		}
		select {
		case <-late.passed():
			return n, os.ErrDeadlineExceeded
		case <-changed:
		case <-healed:
		}
	}
}

func (h *half) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended = true
	h.changeLocked()
}

func (h *half) breakOff() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.broken = true
	h.changeLocked()
}

// stream is one end of a connection.
type stream struct {
	in, out       *half
	local, remote netip.AddrPort
	read, write   deadline
}

func (s *stream) Read(b []byte) (int, error) {
	if isPassed(s.read.passed()) {
		return 0, &net.OpError{Op: "read", Net: "tcp", Addr: s.RemoteAddr(), Err: os.ErrDeadlineExceeded}
	}
	n, err := s.in.read(b, &s.read)
	if err != nil && !errors.Is(err, io.EOF) {
		err = &net.OpError{Op: "read", Net: "tcp", Addr: s.RemoteAddr(), Err: err}
	}
	return n, err
}

func (s *stream) Write(b []byte) (int, error) {
	if isPassed(s.write.passed()) {
		return 0, &net.OpError{Op: "write", Net: "tcp", Addr: s.RemoteAddr(), Err: os.ErrDeadlineExceeded}
	}
	n, err := s.out.write(b, &s.write)
	if err != nil {
		err = &net.OpError{Op: "write", Net: "tcp", Addr: s.RemoteAddr(), Err: err}
	}
	return n, err
}

func isPassed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func (s *stream) Close() error {
	s.out.end()
	s.in.breakOff()
	s.read.set(time.Time{})
	s.write.set(time.Time{})
	return nil
}

// CloseWrite ends what this side says and leaves the other direction open, as TCP does.
func (s *stream) CloseWrite() error {
	s.out.end()
	return nil
}

func (s *stream) LocalAddr() net.Addr  { return net.TCPAddrFromAddrPort(s.local) }
func (s *stream) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(s.remote) }

func (s *stream) SetDeadline(t time.Time) error {
	s.read.set(t)
	s.write.set(t)
	return nil
}

func (s *stream) SetReadDeadline(t time.Time) error {
	s.read.set(t)
	return nil
}

func (s *stream) SetWriteDeadline(t time.Time) error {
	s.write.set(t)
	return nil
}

// deadline is a point in time that can be moved, also after it has passed.
type deadline struct {
	mu    sync.Mutex
	timer *time.Timer
	moved int           // counts calls of set, so that a timer that had fired already does nothing
	ch    chan struct{} // closed when passed
}

func (d *deadline) passed() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ch == nil {
		d.ch = make(chan struct{})
	}
	return d.ch
}

func (d *deadline) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.moved++; d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
	if d.ch == nil || isPassed(d.ch) {
		d.ch = make(chan struct{})
	}
	if t.IsZero() {
		return
	}
	wait := time.Until(t)
	if wait <= 0 {
		close(d.ch)
		return
	}
	moved := d.moved
	d.timer = time.AfterFunc(wait, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.moved == moved {
			close(d.ch)
		}
	})
}

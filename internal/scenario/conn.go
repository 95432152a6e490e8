package scenario

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"visavis/internal/udp"
)

// connQueue bounds the datagrams that wait to be read from a Conn; later ones are dropped and counted, as a kernel does.
const connQueue = 4096

// Conn is a udp.Conn on a Host of a Net. It keeps the promises of udptest in real and in virtual time.
type Conn struct {
	h     *Host
	local netip.AddrPort
	pc    net.PacketConn
	in    chan udp.Datagram // full: dropped, counted
	wake  chan struct{}     // one place: a bell that has been rung need not be rung again
	ended chan struct{}

	closing sync.Once
	reader  sync.WaitGroup
	lines   lines
	dropped atomic.Uint64
}

func newConn(h *Host, pc net.PacketConn, local netip.AddrPort) *Conn {
	c := &Conn{h: h, local: local, pc: pc, in: make(chan udp.Datagram, connQueue), wake: make(chan struct{}, 1), ended: make(chan struct{})}
	h.net.mu.Lock()
	h.net.conns[local] = c
	h.net.mu.Unlock()
	c.reader.Go(c.read)
	return c
}

// read moves datagrams from the vnet to the queue until Close.
func (c *Conn) read() {
	buf := make([]byte, 65536)
	for {
		n, from, err := c.pc.ReadFrom(buf)
		if err != nil {
			return
		}
		a, ok := from.(*net.UDPAddr)
		if !ok || n > udp.MaxDatagram {
			c.dropped.Add(1)
			continue
		}
		c.arrive(udp.Datagram{Data: append([]byte(nil), buf[:n]...), Addr: unmap(a.AddrPort())})
	}
}

func (c *Conn) arrive(d udp.Datagram) {
	select {
	case c.in <- d:
	default:
		c.dropped.Add(1)
	}
}

func unmap(a netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()) }

// LocalAddr is the host's address and the port.
func (c *Conn) LocalAddr() netip.AddrPort { return c.local }

// Dropped counts datagrams that came when the queue was full.
func (c *Conn) Dropped() uint64 { return c.dropped.Load() }

// ReadBatch implements udp.Conn.
func (c *Conn) ReadBatch(ds []udp.Datagram, wait time.Duration) (int, error) {
	select {
	case <-c.ended:
		return 0, net.ErrClosed
	default:
	}
	if n := c.drain(ds, 0); n > 0 || wait <= 0 {
		select {
		case <-c.wake:
		default:
		}
		return n, nil
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case d := <-c.in:
		place(&ds[0], d)
		return c.drain(ds, 1), nil
	case <-c.wake:
		return 0, nil
	case <-t.C:
		return 0, nil
	case <-c.ended:
		return 0, net.ErrClosed
	}
}

// drain takes what waits and returns how many of ds are filled, n of which were.
func (c *Conn) drain(ds []udp.Datagram, n int) int {
	for n < len(ds) {
		select {
		case d := <-c.in:
			place(&ds[n], d)
			n++
		default:
			return n
		}
	}
	return n
}

func place(to *udp.Datagram, d udp.Datagram) {
	room := to.Data[:cap(to.Data)]
	to.Data, to.Addr = room[:copy(room, d.Data)], d.Addr
}

// WriteBatch implements udp.Conn.
func (c *Conn) WriteBatch(ds []udp.Datagram) (int, error) {
	select {
	case <-c.ended:
		return 0, net.ErrClosed
	default:
	}
	sent := 0
	var failed error
	for _, d := range ds {
		if err := c.write(d); err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		sent++
	}
	return sent, failed
}

func (c *Conn) write(d udp.Datagram) error {
	to := unmap(d.Addr)
	if !to.IsValid() || to.Port() == 0 {
		return fmt.Errorf("send to %q: no such address", d.Addr)
	}
	if len(d.Data) > udp.MaxDatagram {
		return fmt.Errorf("send %d bytes to %s: more than %d", len(d.Data), to, udp.MaxDatagram)
	}
	wait, ok := c.h.net.path(c.h.addr, to.Addr()).wait(len(d.Data))
	if !ok {
		return nil
	}
	if wait == 0 {
		_, err := c.pc.WriteTo(d.Data, net.UDPAddrFromAddrPort(to))
		return err
	}
	c.lines.send(wait, append([]byte(nil), d.Data...), to, func(b []byte) {
		_, _ = c.pc.WriteTo(b, net.UDPAddrFromAddrPort(to)) // fails when the socket was closed meanwhile: lost
	})
	return nil
}

// Wake implements udp.Conn.
func (c *Conn) Wake() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// Close implements udp.Conn.
func (c *Conn) Close() error {
	var err error
	c.closing.Do(func() {
		close(c.ended)
		c.h.net.mu.Lock()
		delete(c.h.net.conns, c.local)
		c.h.net.mu.Unlock()
		err = c.pc.Close()
		c.reader.Wait()
		c.lines.close()
	})
	return err
}

// lines delay datagrams, those to one address in order.
type lines struct {
	mu     sync.Mutex
	byAddr map[netip.AddrPort]chan delayed
	tasks  sync.WaitGroup
	closed bool
}

type delayed struct {
	at   time.Time
	data []byte
	out  func([]byte)
}

const lineQueue = 8192 // datagrams on the way to one address; more are lost

func (l *lines) send(wait time.Duration, data []byte, to netip.AddrPort, out func([]byte)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	line := l.byAddr[to]
	if line == nil {
		if l.byAddr == nil {
			l.byAddr = map[netip.AddrPort]chan delayed{}
		}
		line = make(chan delayed, lineQueue)
		l.byAddr[to] = line
		l.tasks.Go(func() {
			for d := range line {
				time.Sleep(time.Until(d.at))
				d.out(d.data)
			}
		})
	}
	select {
	case line <- delayed{time.Now().Add(wait), data, out}:
	default:
	}
}

func (l *lines) close() {
	l.mu.Lock()
	l.closed = true
	for _, line := range l.byAddr {
		close(line)
	}
	l.mu.Unlock()
	l.tasks.Wait()
}

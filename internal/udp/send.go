package udp

import (
	"encoding/binary"
	"errors"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// sender is the half of a Socket that sends. Datagrams of equal size that follow one another to one destination go to the kernel
// as one message, a run, which it carries through its layers once and cuts at the end (UDP_SEGMENT, udp(7)): the cost of a datagram is
// that way through the kernel, so a run of four costs little more than one datagram.
type sender struct {
	mu    sync.Mutex // guards what follows; held over a sendmmsg that cannot block
	out   *vector    // a message for each run
	spans []span     // by message: its datagrams
	ctrl  []controls
	alone *vector // for the datagrams of a run that was refused
	can   bool    // the kernel knows runs
	rest  int     // messages until the next run is tried

	runs, inRuns, runsRefused atomic.Uint64
}

// span is which datagrams of a batch are in a message.
type span struct{ at, n int }

// errUnsendable is WriteBatch's reason for what is not even shown to the kernel.
var errUnsendable = errors.New("longer than MaxDatagram, or an address of a family that the socket has not")

func (s *sender) init(fd int) {
	s.out, s.alone = newVector(writeBatch), newVector(maxSegments)
	s.spans, s.ctrl = make([]span, writeBatch), make([]controls, writeBatch)
	// A kernel that does not know the option would ignore the control message and send the whole run as one datagram.
	_, err := unix.GetsockoptInt(fd, unix.IPPROTO_UDP, unix.UDP_SEGMENT)
	s.can = err == nil
}

// WriteBatch implements Conn.
func (s *Socket) WriteBatch(ds []Datagram) (int, error) {
	if !s.enter() {
		return 0, net.ErrClosed
	}
	defer s.leave()
	s.mu.Lock()
	defer s.mu.Unlock()
	sent := 0
	var first error
	for len(ds) > 0 {
		n := min(len(ds), writeBatch)
		k, err := s.send(ds[:n])
		sent += k
		if first == nil {
			first = err
		}
		ds = ds[n:]
	}
	return sent, first
}

// send gives one vector to the kernel, leaving out what it refuses. mu is held.
func (s *Socket) send(ds []Datagram) (sent int, first error) {
	v := s.out
	n, first := s.gather(ds)
	for i := 0; i < n; {
		k, e := v.call(unix.SYS_SENDMMSG, s.fd, i, n)
		for _, r := range s.spans[i : i+k] {
			sent += r.n
			if r.n > 1 {
				s.runs.Add(1)
				s.inRuns.Add(uint64(r.n))
			}
		}
		i += k
		if e == 0 {
			continue
		}
		if r := s.spans[i]; r.n > 1 && refusesRuns(e) || s.ctrl[i].n > 0 && refusesSource(e) {
			if r.n > 1 && refusesRuns(e) {
				s.runsRefused.Add(1)
			}
			if e == unix.EIO {
				s.rest = restRuns
			}
			k, e = s.oneByOne(ds[r.at:r.at+r.n], i)
			sent += k
		}
		if e != 0 && first == nil {
			first = e
		}
		if e == unix.EAGAIN { // the send buffer is full: what follows would be late anyhow
			break
		}
		i++ // only this one is refused: unreachable, filtered, too long for the path
	}
	for i := range len(ds) {
		v.iovs[i].Base = nil // keep nothing of the caller alive
	}
	runtime.KeepAlive(ds) // a piece of several datagrams is kept by its first alone
	return sent, first
}

// refusesRuns tells the errors that say something about the run and not about its datagrams: EIO where the device computes no
// checksums or IPsec is in the way, EINVAL where a datagram is longer than the path takes in one piece.
func refusesRuns(e unix.Errno) bool {
	return e == unix.EIO || e == unix.EINVAL || e == unix.EOPNOTSUPP || e == unix.EMSGSIZE
}

// refusesSource tells the errors that may mean the address to send from, which the machine has no longer.
func refusesSource(e unix.Errno) bool {
	return e == unix.EINVAL || e == unix.ENETUNREACH || e == unix.EHOSTUNREACH || e == unix.EADDRNOTAVAIL
}

// gather makes messages of ds and returns how many; the error is why not all are in them.
func (s *Socket) gather(ds []Datagram) (n int, err error) {
	v, iov := s.out, 0
	for at := 0; at < len(ds); {
		d := &ds[at]
		size := setAddr(&v.names[n], s.family, d.Addr)
		if size == 0 || len(d.Data) > MaxDatagram {
			err = errUnsendable
			at++
			continue
		}
		r := span{at, 1}
		if s.can && s.rest == 0 {
			r.n = runOf(ds[at:])
		} else if s.rest > 0 {
			s.rest--
		}
		h := &v.msgs[n].Hdr
		h.Namelen = size
		h.Iov = &v.iovs[iov]
		first := iov
		iov = pieces(v.iovs, iov, ds[at:at+r.n])
		h.SetIovlen(iov - first)
		c := &s.ctrl[n]
		c.n = 0
		if ours := s.answer(d.Addr); ours.IsValid() {
			c.from(s.family, ours)
		}
		if r.n > 1 {
			binary.NativeEndian.PutUint16(c.add(unix.IPPROTO_UDP, unix.UDP_SEGMENT, 2), uint16(len(d.Data)))
		}
		setControl(h, c)
		s.spans[n] = r
		n++
		at += r.n
	}
	return n, err
}

// runOf returns how many datagrams from ds[0] on can be one run: same destination, same size, the last may be shorter.
func runOf(ds []Datagram) int {
	size, to := len(ds[0].Data), ds[0].Addr
	n, total := 1, size
	for n < len(ds) && n < maxSegments && ds[n].Addr == to {
		k := len(ds[n].Data)
		if k == 0 || k > size || total+k > maxRunBytes {
			break
		}
		n++
		if total += k; k < size {
			break
		}
	}
	return n
}

// pieces describes the memory of ds from v[i] on and returns where it ends: one piece as long as datagrams lie one after the other, as
// they do in a Worker's slab.
func pieces(v []unix.Iovec, i int, ds []Datagram) int {
	var end uintptr
	for _, d := range ds {
		base := unsafe.SliceData(d.Data)
		at := uintptr(unsafe.Pointer(base))
		if at == end && end != 0 {
			v[i-1].SetLen(int(v[i-1].Len) + len(d.Data))
		} else {
			v[i].Base = base
			v[i].SetLen(len(d.Data))
			i++
		}
		end = at + uintptr(len(d.Data))
	}
	return i
}

// setControl makes c the control messages of h.
func setControl(h *unix.Msghdr, c *controls) {
	h.Control = nil
	if h.SetControllen(c.n); c.n > 0 {
		h.Control = (*byte)(unsafe.Pointer(c.bytes()))
	}
}

// oneByOne sends refused message i as single datagrams. It returns how many went and why not all did. What is refused again goes from an
// address that the kernel chooses: the one at which the remote was heard may be ours no longer.
func (s *Socket) oneByOne(ds []Datagram, i int) (sent int, first unix.Errno) {
	v, c := s.alone, &s.ctrl[i]
	c.n = 0
	if ours := s.answer(ds[0].Addr); ours.IsValid() {
		c.from(s.family, ours)
	}
	for j := range ds {
		setControl(&v.msgs[j].Hdr, c)
		v.names[j] = s.out.names[i]
		v.msgs[j].Hdr.Namelen = s.out.msgs[i].Hdr.Namelen
		v.iovs[j].Base = unsafe.SliceData(ds[j].Data)
		v.iovs[j].SetLen(len(ds[j].Data))
	}
	for j := 0; j < len(ds); {
		k, e := v.call(unix.SYS_SENDMMSG, s.fd, j, len(ds))
		sent += k
		j += k
		if e == 0 {
			continue
		}
		if h := &v.msgs[j].Hdr; h.Control != nil && refusesSource(e) {
			h.Control = nil
			h.SetControllen(0)
			continue
		}
		if first == 0 {
			first = e
		}
		if e == unix.EAGAIN {
			first = e
			break
		}
		j++
	}
	for j := range ds {
		v.iovs[j].Base = nil
	}
	return sent, first
}

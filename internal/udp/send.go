package udp

import (
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
	ctrl  []segmentSize
	alone *vector // for the datagrams of a run that was refused
	can   bool    // the kernel knows runs
	rest  int     // messages until the next run is tried

	runs, inRuns, runsRefused atomic.Uint64
}

// span is which datagrams of a batch are in a message.
type span struct{ at, n int }

// segmentSize is the control message that tells the kernel where to cut.
type segmentSize struct {
	head unix.Cmsghdr
	size uint16
	_    [6]byte // to the next multiple of 8, CMSG_SPACE(2)
}

// errUnsendable is WriteBatch's reason for what is not even shown to the kernel.
var errUnsendable = errors.New("longer than MaxDatagram, or an address of a family that the socket has not")

func (s *sender) init(fd int) {
	s.out, s.alone = newVector(writeBatch), newVector(maxSegments)
	s.spans, s.ctrl = make([]span, writeBatch), make([]segmentSize, writeBatch)
	for i := range s.ctrl {
		h := &s.ctrl[i].head
		h.Level, h.Type = unix.IPPROTO_UDP, unix.UDP_SEGMENT
		h.SetLen(unix.CmsgLen(2))
	}
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
		if r := s.spans[i]; r.n > 1 && refusesRuns(e) {
			if s.runsRefused.Add(1); e == unix.EIO {
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
		h.Control = nil
		h.SetControllen(0)
		if r.n > 1 {
			s.ctrl[n].size = uint16(len(d.Data))
			h.Control = (*byte)(unsafe.Pointer(&s.ctrl[n]))
			h.SetControllen(int(unsafe.Sizeof(s.ctrl[n])))
		}
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

// oneByOne sends a refused run, message i, as single datagrams. It returns how many went and why not all did.
func (s *Socket) oneByOne(ds []Datagram, i int) (sent int, first unix.Errno) {
	v := s.alone
	for j := range ds {
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

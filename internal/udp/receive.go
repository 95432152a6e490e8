package udp

import (
	"fmt"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// receiver is the half of a Socket that reads. Datagrams of one size that arrive one after the other from one source may come as one message
// (UDP_GRO, udp(7)), with their size beside it: the way up through the kernel is paid once. They are handed out as the datagrams that
// they are, where they lie. ReadBatch only, but for the counters.
type receiver struct {
	in    *vector
	room  []byte // readRoom for each message
	notes []controls

	sources

	have, at, off int // messages of the last recvmmsg; the next one to hand out, and from which byte on

	tooLong, joined atomic.Uint64
}

func (r *receiver) init(fd int) {
	r.in, r.notes = newVector(readMessages), make([]controls, readMessages)
	r.room = make([]byte, readMessages*readRoom)
	for i := range r.in.iovs {
		r.in.iovs[i].Base = &r.room[i*readRoom]
		r.in.iovs[i].SetLen(1 << 16)
		r.in.msgs[i].Hdr.Control = (*byte)(unsafe.Pointer(r.notes[i].bytes()))
	}
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_UDP, unix.UDP_GRO, 1) // a kernel that does not know it joins nothing
}

// receive hands out what is there, up to len(ds), without waiting. What of a message finds no room comes first the next time.
func (r *receiver) receive(fd int, ds []Datagram) (int, error) {
	if r.at == r.have {
		r.at, r.have, r.off = 0, 0, 0
		for i := range r.in.msgs {
			h := &r.in.msgs[i].Hdr
			h.Namelen = unix.SizeofSockaddrInet6
			h.SetControllen(len(r.notes[i].bytes()))
		}
		n, e := r.in.call(unix.SYS_RECVMMSG, fd, 0, min(len(ds), readMessages))
		if e == unix.EAGAIN {
			return 0, nil
		}
		if e != 0 {
			return 0, fmt.Errorf("recvmmsg: %w", e)
		}
		r.have = n
		if r.on {
			r.now = uint16(time.Since(r.begun) / time.Second)
		}
	}
	n := 0
	for r.at < r.have && n < len(ds) {
		n += r.cut(ds[n:])
	}
	return n, nil
}

// cut hands out datagrams of the message at r.at until it or ds is used up, and returns how many.
func (r *receiver) cut(ds []Datagram) (n int) {
	total := int(r.in.msgs[r.at].Len)
	b := r.room[r.at*readRoom:][:total]
	size, ours := r.notes[r.at].read(int(r.in.msgs[r.at].Hdr.Controllen))
	if size <= 0 || size >= total {
		size = total
	} else {
		defer func() { r.joined.Add(uint64(n)) }()
	}
	from := addrPort(&r.in.names[r.at])
	if r.on && ours.IsValid() {
		r.heard(from, ours)
	}
	for n < len(ds) {
		end := min(r.off+size, total)
		if end-r.off > MaxDatagram {
			r.tooLong.Add(1)
		} else {
			ds[n] = Datagram{Data: b[r.off:end:end], Addr: from}
			n++
		}
		if r.off = end; end == total {
			r.at, r.off = r.at+1, 0
			break
		}
	}
	return n
}

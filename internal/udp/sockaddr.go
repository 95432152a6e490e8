package udp

import (
	"encoding/binary"
	"net/netip"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

// sockaddr has room for either family's kernel address; the first field says which it is.
type sockaddr = unix.RawSockaddrInet6

// inet4 sees r as an IPv4 address: both begin with family and port, and an IPv4 address is shorter.
func inet4(r *sockaddr) *unix.RawSockaddrInet4 {
	return (*unix.RawSockaddrInet4)(unsafe.Pointer(r))
}

// port sees the port field as its two bytes in network order.
func port(r *sockaddr) []byte {
	return (*[2]byte)(unsafe.Pointer(&r.Port))[:]
}

// addrPort reads a kernel address. It allocates nothing, but for the first packet from a link-local IPv6 address of a new interface.
func addrPort(r *sockaddr) netip.AddrPort {
	p := binary.BigEndian.Uint16(port(r))
	if r.Family == unix.AF_INET {
		return netip.AddrPortFrom(netip.AddrFrom4(inet4(r).Addr), p)
	}
	a := netip.AddrFrom16(r.Addr).Unmap()
	if r.Scope_id != 0 && a.IsLinkLocalUnicast() {
		a = a.WithZone(strconv.FormatUint(uint64(r.Scope_id), 10))
	}
	return netip.AddrPortFrom(a, p)
}

// setAddr writes a as family (AF_INET or AF_INET6) wants it and returns the length, 0 if a cannot be reached from that family.
// Zones are numbers, as addrPort makes them.
func setAddr(r *sockaddr, family uint16, a netip.AddrPort) uint32 {
	ip := a.Addr()
	if !ip.IsValid() {
		return 0
	}
	if family == unix.AF_INET {
		ip = ip.Unmap()
		if !ip.Is4() {
			return 0
		}
		r.Family = unix.AF_INET
		binary.BigEndian.PutUint16(port(r), a.Port())
		inet4(r).Addr = ip.As4()
		return unix.SizeofSockaddrInet4
	}
	*r = sockaddr{Family: unix.AF_INET6, Addr: ip.As16()} // As16 of an IPv4 address is ::ffff:a.b.c.d
	binary.BigEndian.PutUint16(port(r), a.Port())
	if z := ip.Zone(); z != "" {
		id, err := strconv.ParseUint(z, 10, 32)
		if err != nil {
			return 0
		}
		r.Scope_id = uint32(id)
	}
	return unix.SizeofSockaddrInet6
}

// mmsghdr is struct mmsghdr of recvmmsg(2) and sendmmsg(2).
type mmsghdr struct {
	Hdr unix.Msghdr
	Len uint32
	_   [unsafe.Sizeof(uintptr(0)) - 4]byte
}

// vector is the memory of one recvmmsg or sendmmsg: headers, buffers and addresses, wired to each other once.
type vector struct {
	msgs  []mmsghdr
	iovs  []unix.Iovec
	names []sockaddr
}

func newVector(n int) *vector {
	v := &vector{msgs: make([]mmsghdr, n), iovs: make([]unix.Iovec, n), names: make([]sockaddr, n)}
	for i := range v.msgs {
		h := &v.msgs[i].Hdr
		h.Iov = &v.iovs[i]
		h.Iovlen = 1
		h.Name = (*byte)(unsafe.Pointer(&v.names[i]))
	}
	return v
}

// call is recvmmsg or sendmmsg over messages from..to of the vector; it never blocks and repeats itself when interrupted. Because it never
// blocks the Go scheduler is not told of it: leaving and coming back would cost as much as a packet when others want the processor.
func (v *vector) call(trap uintptr, fd, from, to int) (int, unix.Errno) {
	for {
		r, _, e := unix.RawSyscall6(trap, uintptr(fd), uintptr(unsafe.Pointer(&v.msgs[from])), uintptr(to-from), unix.MSG_DONTWAIT, 0, 0)
		if e == unix.EINTR {
			continue
		}
		if e != 0 {
			return 0, e
		}
		return int(r), 0
	}
}

package udp

import (
	"encoding/binary"
	"hash/maphash"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// sources remembers at which of our addresses each remote address has last been heard, so that a socket on all addresses answers from
// there (IP_PKTINFO, ip(7); IPV6_PKTINFO, RFC 3542 §6): a NAT or a firewall lets no other answer through. The reader writes, any goroutine
// reads, nobody waits. It holds a bounded number of remotes; who is pushed out gets the kernel's choice until heard again.
//
// While a remote is heard at one of our addresses, datagrams at another do not move it: a spoofed one turns nobody's answers away.
type sources struct {
	on    bool
	seed  maphash.Seed
	table []atomic.Uint64              // 40 bits of the hash, 16 bits of the second, 8 bits of the index in ours + 1
	ours  atomic.Pointer[[]netip.Addr] // at most maxOurs; replaced whole
	begun time.Time
	now   uint16 // seconds since begun; of the batch being read
}

// init asks the kernel for our address beside each datagram, on a socket of all addresses.
func (s *sources) init(fd int, family uint16, local netip.Addr) {
	if !local.IsUnspecified() {
		return
	}
	var err error
	if family == unix.AF_INET {
		err = unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_PKTINFO, 1)
	} else {
		err = unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_RECVPKTINFO, 1)
	}
	s.on = err == nil
	s.seed, s.table, s.begun = maphash.MakeSeed(), make([]atomic.Uint64, sourceTable), time.Now()
	s.ours.Store(&[]netip.Addr{})
}

// place returns where in the table a is, and the bits that tell it from others there.
func (s *sources) place(a netip.AddrPort) (*atomic.Uint64, uint64) {
	var b [18]byte
	ip := a.Addr().As16()
	copy(b[:], ip[:])
	binary.BigEndian.PutUint16(b[16:], a.Port())
	h := maphash.Bytes(s.seed, b[:])
	return &s.table[h%sourceTable], h >> 24 << 24
}

// heard notes that a was heard at our address. Reader only.
func (s *sources) heard(a netip.AddrPort, ours netip.Addr) {
	i := slices.Index(*s.ours.Load(), ours)
	if i < 0 {
		old := *s.ours.Load()
		if i = len(old); i >= maxOurs {
			return
		}
		all := append(slices.Clone(old), ours)
		s.ours.Store(&all)
	}
	e, tag := s.place(a)
	was := e.Load()
	is := tag | uint64(s.now)<<8 | uint64(i+1)
	if was == is {
		return
	}
	age := s.now - uint16(was>>8)
	if was>>24 == tag>>24 && uint8(was) != uint8(is) && age < sourceKeep {
		return
	}
	e.Store(is)
}

// answer returns our address for a; the zero Addr leaves it to the kernel.
func (s *sources) answer(a netip.AddrPort) netip.Addr {
	if !s.on {
		return netip.Addr{}
	}
	e, tag := s.place(a)
	v := e.Load()
	if v>>24 != tag>>24 || uint8(v) == 0 {
		return netip.Addr{}
	}
	ours := *s.ours.Load()
	return ours[uint8(v)-1]
}

// controls has room for the control messages of one datagram: our address (CMSG_SPACE(20)) and the size of joined ones
// (CMSG_SPACE(4)), aligned as they are.
type controls struct {
	words [8]uint64
	n     int // bytes in use
}

func (c *controls) bytes() *[64]byte { return (*[64]byte)(unsafe.Pointer(&c.words)) }

// add appends a control message and returns its data to be filled in.
func (c *controls) add(level, kind int32, size int) []byte {
	h := (*unix.Cmsghdr)(unsafe.Pointer(&c.bytes()[c.n]))
	h.Level, h.Type = level, kind
	h.SetLen(unix.CmsgLen(size))
	at := c.n + unix.CmsgLen(0)
	c.n += unix.CmsgSpace(size)
	return c.bytes()[at:][:size]
}

// from appends the address to send from.
func (c *controls) from(family uint16, a netip.Addr) {
	if family == unix.AF_INET { // struct in_pktinfo: interface, ours, destination
		b := c.add(unix.IPPROTO_IP, unix.IP_PKTINFO, unix.SizeofInet4Pktinfo)
		clear(b)
		ip := a.Unmap().As4()
		copy(b[4:], ip[:])
		return
	}
	b := c.add(unix.IPPROTO_IPV6, unix.IPV6_PKTINFO, unix.SizeofInet6Pktinfo) // address, interface
	clear(b)
	ip := a.As16()
	copy(b, ip[:])
}

// read finds what the kernel says of a message: the size of joined datagrams, 0 if it is one, and our address.
func (c *controls) read(length int) (size int, ours netip.Addr) {
	b := c.bytes()
	for at := 0; at+unix.CmsgLen(0) <= min(length, len(b)); {
		h := (*unix.Cmsghdr)(unsafe.Pointer(&b[at]))
		end := at + int(h.Len)
		if int(h.Len) < unix.CmsgLen(0) || end > len(b) {
			break
		}
		data := b[at+unix.CmsgLen(0) : end]
		switch {
		case h.Level == unix.IPPROTO_UDP && h.Type == unix.UDP_GRO && len(data) >= 4:
			size = int(int32(binary.NativeEndian.Uint32(data)))
		case h.Level == unix.IPPROTO_IP && h.Type == unix.IP_PKTINFO && len(data) >= unix.SizeofInet4Pktinfo:
			ours = netip.AddrFrom4([4]byte(data[4:8]))
		case h.Level == unix.IPPROTO_IPV6 && h.Type == unix.IPV6_PKTINFO && len(data) >= unix.SizeofInet6Pktinfo:
			ours = netip.AddrFrom16([16]byte(data[:16])).Unmap()
		}
		at += unix.CmsgSpace(len(data))
	}
	return size, ours
}

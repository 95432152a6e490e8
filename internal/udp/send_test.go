package udp

import (
	"bytes"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

func open(t testing.TB, at string) *Socket {
	t.Helper()
	s, err := Listen(netip.MustParseAddrPort(at))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// take reads n datagrams, or fewer if no more come.
func take(t testing.TB, s *Socket, n int) [][]byte {
	t.Helper()
	var got [][]byte
	ds := make([]Datagram, readBatch)
	for i := range ds {
		ds[i].Data = make([]byte, MaxDatagram)
	}
	for len(got) < n {
		k, err := s.ReadBatch(ds, time.Second)
		if err != nil || k == 0 {
			t.Fatalf("%d of %d datagrams came, %v", len(got), n, err)
		}
		for _, d := range ds[:k] {
			got = append(got, bytes.Clone(d.Data))
		}
	}
	return got
}

// slab makes datagrams of these sizes that lie one after the other, each byte telling which it is.
func slab(to netip.AddrPort, sizes ...int) []Datagram {
	var ds []Datagram
	room := make([]byte, 0, 1<<20)
	for i, n := range sizes {
		at := len(room)
		for range n {
			room = append(room, byte(i+1))
		}
		ds = append(ds, Datagram{Data: room[at:len(room):len(room)], Addr: to})
	}
	return ds
}

func repeat(n, size int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = size
	}
	return s
}

func TestRunsEndWhereTheyMust(t *testing.T) {
	a, b := netip.MustParseAddrPort("192.0.2.1:1"), netip.MustParseAddrPort("192.0.2.1:2")
	for _, c := range []struct {
		name  string
		sizes []int
		want  int
	}{
		{"one", []int{100}, 1},
		{"equal", []int{100, 100, 100}, 3},
		{"the last is shorter", []int{100, 100, 40, 100}, 3},
		{"a longer one", []int{100, 101}, 1},
		{"shorter in the middle", []int{100, 40, 40}, 2},
		{"nothing in it", []int{100, 0, 100}, 1},
		{"begins with nothing", []int{0, 0}, 1},
		{"as many as the kernel cuts", repeat(maxSegments, 10), maxSegments},
		{"one more", repeat(maxSegments+1, 10), maxSegments},
		{"as long as one packet", append(repeat(43, 1500), maxRunBytes-43*1500), 44},
		{"a byte more", append(repeat(43, 1500), maxRunBytes-43*1500+1), 43},
	} {
		if got := runOf(slab(a, c.sizes...)); got != c.want {
			t.Errorf("%s: a run of %d, want %d", c.name, got, c.want)
		}
	}
	ds := slab(a, 100, 100, 100)
	ds[1].Addr = b
	if got := runOf(ds); got != 1 {
		t.Errorf("another destination: a run of %d, want 1", got)
	}
}

// Whatever is mixed, each destination gets its datagrams whole and in order, in both families and with and without runs.
func TestRunsArriveAsDatagrams(t *testing.T) {
	for _, ip := range []string{"127.0.0.1:0", "[::1]:0"} {
		for _, plain := range []bool{false, true} {
			s, err := Listen(netip.MustParseAddrPort(ip))
			if err != nil {
				t.Logf("SKIPPED LOUDLY: %v", err)
				continue
			}
			t.Cleanup(func() { _ = s.Close() })
			if !s.can {
				t.Skip("SKIPPED LOUDLY: this kernel does not know UDP_SEGMENT")
			}
			s.can = !plain
			mixed(t, s, open(t, ip), open(t, ip))
			if got := s.Stats(); plain != (got.Runs == 0) || plain != (got.InRuns == 0) || got.RunsRefused != 0 {
				t.Errorf("%s, plain %v: counted %+v", ip, plain, got)
			}
		}
	}
}

func mixed(t *testing.T, s *Socket, to ...*Socket) {
	const seed = 7
	r := rand.New(rand.NewPCG(seed, seed))
	for round := range 30 {
		var sizes []int
		for range 1 + r.IntN(writeBatch+20) {
			sizes = append(sizes, []int{0, 1, 100, 100, 1200, 1200, 1200, 1199, MaxDatagram}[r.IntN(9)])
		}
		ds := slab(to[0].LocalAddr(), sizes...)
		want := make([][][]byte, len(to))
		who := 0
		for i := range ds {
			if r.IntN(4) == 0 {
				who = r.IntN(len(to))
			}
			if r.IntN(8) == 0 { // memory of its own
				ds[i].Data = bytes.Clone(ds[i].Data)
			}
			ds[i].Addr = to[who].LocalAddr()
			want[who] = append(want[who], ds[i].Data)
		}
		if n, err := s.WriteBatch(ds); n != len(ds) || err != nil {
			t.Fatalf("seed %d round %d: %d of %d written, %v", seed, round, n, len(ds), err)
		}
		for i := range to {
			for j, got := range take(t, to[i], len(want[i])) {
				if !bytes.Equal(got, want[i][j]) {
					t.Fatalf("seed %d round %d: datagram %d to %d has %d bytes, want %d and the same", seed, round, j, i, len(got), len(want[i][j]))
				}
			}
		}
	}
}

// A run that is refused goes as single datagrams; the datagram that is refused by itself takes no other with it.
func TestRefusedRunsGoOneByOne(t *testing.T) {
	s, to := open(t, "127.0.0.1:0"), open(t, "127.0.0.1:0")
	if !s.can {
		t.Skip("SKIPPED LOUDLY: this kernel does not know UDP_SEGMENT")
	}
	// Without checksums the kernel cuts nothing: EINVAL.
	if err := unix.SetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_NO_CHECK, 1); err != nil {
		t.Fatal(err)
	}
	ds := slab(to.LocalAddr(), 900, 900, 900, 800, 1000, 1000)
	bad := slab(netip.AddrPortFrom(to.LocalAddr().Addr(), 0), 500, 500)
	n, err := s.WriteBatch(append(bad, ds...))
	if n != len(ds) || err == nil {
		t.Errorf("wrote %d, %v; want %d and why port 0 was refused", n, err, len(ds))
	}
	for i, got := range take(t, to, len(ds)) {
		if !bytes.Equal(got, ds[i].Data) {
			t.Errorf("datagram %d has %d bytes, want %d", i, len(got), len(ds[i].Data))
		}
	}
	if got := s.Stats(); got.RunsRefused != 3 || got.Runs != 0 {
		t.Errorf("counted %+v, want 3 runs refused and none sent", got)
	}
	// Control: with checksums the same goes in two runs.
	if err := unix.SetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_NO_CHECK, 0); err != nil {
		t.Fatal(err)
	}
	if n, err := s.WriteBatch(ds); n != len(ds) || err != nil {
		t.Errorf("control: wrote %d, %v", n, err)
	}
	take(t, to, len(ds))
	if got := s.Stats(); got.RunsRefused != 3 || got.Runs != 2 || got.InRuns != 6 {
		t.Errorf("control: counted %+v, want 2 runs of 6", got)
	}
}

// Where the device says that it cannot (EIO), runs rest for a while and are tried again.
func TestRunsRest(t *testing.T) {
	s, to := open(t, "127.0.0.1:0"), open(t, "127.0.0.1:0")
	if !s.can {
		t.Skip("SKIPPED LOUDLY: this kernel does not know UDP_SEGMENT")
	}
	s.rest = 5
	for i, want := range []uint64{0, 0, 1} { // 3 messages, 2 messages and a run of one, then a run
		ds := slab(to.LocalAddr(), 100, 100, 100)
		if n, err := s.WriteBatch(ds); n != 3 || err != nil {
			t.Fatalf("wrote %d, %v", n, err)
		}
		take(t, to, 3)
		if got := s.Stats().Runs; got != want {
			t.Errorf("after batch %d: %d runs, want %d", i, got, want)
		}
	}
}

// On a path that takes less in one piece than a datagram has, runs are refused (EINVAL) and each datagram goes in fragments.
func TestRunsOnANarrowPath(t *testing.T) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // for good: the thread ends with its namespace
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			t.Logf("SKIPPED LOUDLY: no network namespace: %v", err)
			return
		}
		loopback(t, 1000)
		if t.Failed() {
			return
		}
		s, to := open(t, "127.0.0.1:0"), open(t, "127.0.0.1:0")
		ds := slab(to.LocalAddr(), 1200, 1200, 1200, 1200)
		if n, err := s.WriteBatch(ds); n != 4 || err != nil {
			t.Errorf("wrote %d, %v, want 4", n, err)
			return
		}
		buf := make([]byte, MaxDatagram)
		for i := range ds {
			if n, _, err := unix.Recvfrom(to.fd, buf, 0); err != nil || !bytes.Equal(buf[:n], ds[i].Data) {
				t.Errorf("datagram %d: %d bytes, %v", i, n, err)
			}
		}
		small := slab(to.LocalAddr(), 800, 800)
		if n, err := s.WriteBatch(small); n != 2 || err != nil {
			t.Errorf("control: wrote %d, %v, want 2", n, err)
		}
		if got := s.Stats(); s.can && (got.RunsRefused != 1 || got.Runs != 1) {
			t.Errorf("counted %+v, want the first run refused, the second sent", got)
		}
	}()
	<-done
}

// loopback brings lo up with this MTU in the thread's namespace.
func loopback(t *testing.T, mtu int32) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		t.Error(err)
		return
	}
	defer unix.Close(fd)
	var req struct { // struct ifreq, netdevice(7)
		name  [unix.IFNAMSIZ]byte
		value int32
		_     [20]byte
	}
	copy(req.name[:], "lo")
	for _, c := range []struct {
		call  uintptr
		value int32
	}{{unix.SIOCSIFMTU, mtu}, {unix.SIOCSIFFLAGS, unix.IFF_UP}} {
		req.value = c.value
		if _, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), c.call, uintptr(unsafe.Pointer(&req))); e != 0 {
			t.Error(e)
		}
	}
}

// loop is the IPv4 loopback address of a socket on all addresses.
func loop(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), a.Port())
}

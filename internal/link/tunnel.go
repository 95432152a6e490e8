package link

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"visavis/internal/udp"
)

// MediaALPN is the protocol name (RFC 7301) of a connection that carries media where no datagram gets through.
const MediaALPN = "visavis-media/1"

// tunnelAddr stands for the tunnel where a plane names addresses. No datagram comes from it.
var tunnelAddr = netip.AddrPortFrom(netip.IPv6Unspecified(), 0)

// tunnel is a TLS connection beside the control connection that carries a link's packets, sealed as in datagrams, in frames of
// RFC 4571. To the plane it is one more path. What waits is bounded: pictures are dropped first, and sound is written before them.
type tunnel struct {
	c      *Conn
	tls    *tls.Conn
	dialed bool
	key    ed25519.PublicKey // the far node's
	remote netip.AddrPort
	began  time.Time

	mu     sync.Mutex // guards sound and video: the worker fills them, the writer empties them
	sound  []byte     // frames of sound and RTCP; its capacity is its bound
	video  []byte     // frames of video; the same
	wake   chan struct{}
	batch  []byte // frames read and not yet delivered; the reader waits for the worker before it reads on
	ends   []int
	taken  bool // said by deliver: the plane uses this tunnel
	once   sync.Once
	done   chan struct{}
	reason error // read after done
}

func (m *Manager) newTunnel(c *Conn, tc *tls.Conn, dialed bool) *tunnel {
	u := &tunnel{c: c, tls: tc, dialed: dialed, key: tc.ConnectionState().PeerCertificates[0].PublicKey.(ed25519.PublicKey),
		began: time.Now(), wake: make(chan struct{}, 1), done: make(chan struct{}),
		sound: make([]byte, 0, tunnelSound), video: make([]byte, 0, tunnelVideo),
		batch: make([]byte, 0, tunnelBatch+udp.MaxDatagram)}
	if a, err := netip.ParseAddrPort(tc.RemoteAddr().String()); err == nil {
		u.remote = unmapped(a)
	}
	if b, ok := tc.NetConn().(interface{ SetWriteBuffer(int) error }); ok {
		b.SetWriteBuffer(tunnelKernel) // what the kernel holds, sound waits behind
	}
	return u
}

// push queues one packet; false: too much waits. Worker.
func (u *tunnel) push(b []byte, video bool) bool {
	u.mu.Lock()
	q := &u.sound
	if video {
		q = &u.video
	}
	ok := len(*q)+mediaHeader+len(b) <= cap(*q)
	if ok {
		*q = appendMedia(*q, b)
	}
	u.mu.Unlock()
	select {
	case u.wake <- struct{}{}:
	default:
	}
	return ok
}

// mediaHeader is the length before each packet, RFC 4571 §2:
//
//	 0                   1                   2                   3
//	 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|             LENGTH            |  RTP or RTCP packet ...       |
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
const mediaHeader = 2

func appendMedia(dst, packet []byte) []byte {
	return append(binary.BigEndian.AppendUint16(dst, uint16(len(packet))), packet...)
}

var errMedia = errors.New("a media frame is not as long as a packet")

// readMedia appends the next packet to dst. A length of 0 is passed over (RFC 4571 §2), one that no packet has is an error; nothing
// is allocated for what the far node says.
func readMedia(r io.Reader, head *[mediaHeader]byte, dst []byte) ([]byte, error) {
	for {
		if _, err := io.ReadFull(r, head[:]); err != nil {
			return dst, err
		}
		n := int(binary.BigEndian.Uint16(head[:]))
		if n == 0 {
			continue
		}
		if n < minMedia || n > udp.MaxDatagram || n > cap(dst)-len(dst) {
			return dst, errMedia
		}
		at := len(dst)
		dst = dst[:at+n]
		if _, err := io.ReadFull(r, dst[at:]); err != nil {
			return dst[:at], err
		}
		return dst, nil
	}
}

// whole reports whether b begins with a whole frame that is not empty.
func whole(b []byte) bool {
	return len(b) >= mediaHeader && int(binary.BigEndian.Uint16(b)) <= len(b)-mediaHeader && (b[0] != 0 || b[1] != 0)
}

// run carries packets until the connection ends.
func (u *tunnel) run() {
	end := context.AfterFunc(u.c.m.ctx, func() { u.stop(ErrClosed) })
	defer end()
	var wg sync.WaitGroup
	wg.Go(u.write)
	u.stop(u.read())
	wg.Wait()
	u.c.m.c.Worker.Do(func() { u.c.p.detach(time.Now(), u) })
	u.c.m.log.Info("media connection closed", "party", u.c.party, "err", u.reason)
}

// stop ends the tunnel; any goroutine, at once, any number of times.
func (u *tunnel) stop(err error) {
	u.once.Do(func() {
		u.reason = err
		close(u.done)
		u.tls.NetConn().Close()
	})
}

// read delivers what comes, as many packets at a time as are there.
func (u *tunnel) read() error {
	r := bufio.NewReaderSize(u.tls, tunnelBatch)
	var head [mediaHeader]byte
	for {
		if err := u.tls.SetReadDeadline(time.Now().Add(deadAfter)); err != nil {
			return err
		}
		u.batch, u.ends = u.batch[:0], u.ends[:0]
		for {
			var err error
			if u.batch, err = readMedia(r, &head, u.batch); err != nil {
				return err
			}
			u.ends = append(u.ends, len(u.batch))
			next, _ := r.Peek(min(r.Buffered(), mediaHeader+udp.MaxDatagram))
			if len(u.batch) > tunnelBatch-udp.MaxDatagram || !whole(next) {
				break
			}
		}
		if !u.c.onWorker(u.deliver) || !u.taken {
			return ErrClosed
		}
	}
}

// deliver hands the batch to the plane as if it had come in datagrams. Worker.
func (u *tunnel) deliver() {
	p, now, at := u.c.p, time.Now(), 0
	if u.taken = p.tunnel == u; !u.taken {
		return
	}
	for _, end := range u.ends {
		b := u.batch[at:end:end]
		at = end
		c := udp.Classify(b)
		if c != udp.RTP && c != udp.RTCP {
			p.n.Malformed++
			continue
		}
		p.Datagram(now, c, udp.Datagram{Data: b, Addr: tunnelAddr})
	}
	p.m.c.Switch.Flush(now)
}

// write sends what waits: all sound there is before each piece of video.
func (u *tunnel) write() {
	sound, video := make([]byte, 0, tunnelSound), make([]byte, 0, tunnelVideo)
	var rest []byte // of video
	for {
		u.mu.Lock()
		sound, u.sound = u.sound, sound[:0]
		if len(rest) == 0 {
			video, u.video = u.video, video[:0]
			rest = video
		}
		u.mu.Unlock()
		b := sound
		if len(b) == 0 {
			n := 0
			for n < len(rest) && n < tunnelPiece {
				n += mediaHeader + int(binary.BigEndian.Uint16(rest[n:]))
			}
			b, rest = rest[:n], rest[n:]
		}
		if len(b) == 0 {
			select {
			case <-u.wake:
			case <-u.done:
				return
			case <-u.c.quit:
				u.stop(ErrClosed)
				return
			}
			continue
		}
		u.tls.SetWriteDeadline(time.Now().Add(deadAfter))
		if _, err := u.tls.Write(b); err != nil {
			u.stop(err)
			return
		}
	}
}

// carry takes a connection that was accepted with MediaALPN.
func (m *Manager) carry(tc *tls.Conn) {
	p, err := m.identify(tc.ConnectionState(), MediaALPN)
	if err != nil {
		return
	}
	if c := m.conn(p.Party); c != nil {
		c.carry(m.newTunnel(c, tc, false))
	}
}

// carry uses a tunnel if control lives and the key is still trusted; it returns when the tunnel has ended.
func (c *Conn) carry(u *tunnel) {
	took := make(chan bool, 1)
	if !c.post(func() {
		ok := c.cur != nil && c.m.trusts(c.party, u.key)
		if ok {
			ok = c.onWorker(func() { u.taken = c.p.attach(time.Now(), u) }) && u.taken
		}
		took <- ok
	}) {
		return
	}
	select {
	case ok := <-took:
		if ok {
			c.m.log.Info("media connection open", "party", c.party, "remote", u.remote.String())
			u.run()
		}
	case <-c.quit:
		c.m.c.Worker.Do(func() { c.p.detach(time.Now(), u) })
	}
}

// bore opens a tunnel where the plane asks for one and control lives. The side that dialled control begins, the other one helps
// when it does not manage.
func (c *Conn) bore() {
	if !c.p.blocked.Load() || c.cur == nil || c.m.c.udpOnly {
		c.blockedAt = time.Time{}
		return
	}
	now := time.Now()
	if c.blockedAt.IsZero() {
		c.blockedAt = now
	}
	if c.boring || now.Before(c.boreNext) || !c.cur.dialed && now.Sub(c.blockedAt) < boreHelp {
		return
	}
	p, ok := c.m.peer(c.party)
	addrs := p.Addrs
	if c.cur.dialed { // what answers now comes first: a dead address takes 5 s
		addrs = append([]string{c.cur.addr}, addrs...)
	}
	if !ok || len(addrs) == 0 || !c.m.enter() {
		return
	}
	c.boring, c.boreNext = true, now.Add(jitter(boreAgain))
	go func() {
		defer c.m.wg.Done()
		if u, err := c.boreOne(addrs); err == nil {
			c.carry(u)
			u.tls.NetConn().Close()
		} else {
			c.m.log.Warn("no media connection", "party", c.party, "err", err)
		}
		c.post(func() { c.boring = false })
	}()
}

func (c *Conn) boreOne(addrs []string) (*tunnel, error) {
	var errs []error
	for _, addr := range addrs {
		u, err := c.boreTo(addr)
		if err == nil {
			return u, nil
		}
		errs = append(errs, err)
		if c.m.ctx.Err() != nil {
			break
		}
	}
	return nil, errors.Join(errs...)
}

func (c *Conn) boreTo(addr string) (*tunnel, error) {
	ctx, cancel := context.WithTimeout(c.m.ctx, handshakeTime)
	defer cancel()
	nc, err := c.m.dialTCP(ctx, addr)
	if err != nil {
		return nil, err
	}
	tc, err := c.shake(ctx, nc)
	if err != nil {
		nc.Close()
		return nil, err
	}
	return c.m.newTunnel(c, tc, true), nil
}

// shake makes TLS on a connection that we opened for media, with the party that we called and no other.
func (c *Conn) shake(ctx context.Context, nc net.Conn) (*tls.Conn, error) {
	tc := tls.Client(nc, c.m.config(MediaALPN))
	if err := tc.HandshakeContext(ctx); err != nil {
		return nil, fmt.Errorf("handshake: %w", err)
	}
	p, err := c.m.identify(tc.ConnectionState(), MediaALPN)
	if err == nil && p.Party != c.party {
		err = ErrPinned
	}
	return tc, err
}

// attach makes a tunnel one of the plane's paths. Of two that both sides opened at the same moment, both keep the one of the party
// with the smaller id; else the newer replaces the older.
func (p *plane) attach(now time.Time, u *tunnel) bool {
	if p.over || len(p.sets) == 0 {
		return false
	}
	if old := p.tunnel; old != nil {
		if old.dialed != u.dialed && now.Sub(old.began) < settled && old.dialed == (p.m.c.Self.Party < p.c.party) {
			return false
		}
		p.detach(now, old)
	}
	p.tunnel, p.tunnelUsed = u, now
	p.paths = append(p.paths, &path{addr: tunnelAddr, ponged: now})
	p.choose(now)
	if p.send != nil {
		p.ping(now, p.pathOf(tunnelAddr))
	}
	return true
}

// detach lets go of a tunnel; it ends.
func (p *plane) detach(now time.Time, u *tunnel) {
	u.stop(ErrClosed)
	if p.tunnel != u {
		return
	}
	p.tunnel = nil
	if q := p.pathOf(tunnelAddr); q != nil {
		p.unpath(q)
	}
	p.choose(now)
	p.update(now)
	p.publish(now)
}

// tunnelling asks for a tunnel where no datagram has been answered for 2 s, and closes one that has not been needed for 30 s.
func (p *plane) tunnelling(now time.Time) {
	blocked := p.tunnel == nil && now.Sub(p.udpAt) >= blockedAfter
	if p.blocked.Swap(blocked) != blocked {
		p.c.notify()
	}
	if p.tunnel == nil {
		return
	}
	if p.active == nil || p.active.tunnelled() {
		p.tunnelUsed = now
	}
	if p.tunnel.dialed && now.Sub(p.tunnelUsed) >= tunnelIdle {
		p.detach(now, p.tunnel)
	}
}

// commit sends what lies in the worker's buffer: as a datagram or through the tunnel.
func (p *plane) commit(b []byte, to netip.AddrPort, video bool) {
	if to != tunnelAddr {
		p.m.c.Worker.Commit(len(b), to)
	} else if p.tunnel == nil || !p.tunnel.push(b, video) {
		p.n.TunnelDropped++
	}
}

func (a *path) tunnelled() bool { return a.addr == tunnelAddr }

package bench

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"golang.org/x/sys/unix"

	"visavis/internal/srtp"
)

// end is what a session is used for: a publisher or a receiver. All calls come from the worker.
type end interface {
	// bind gives it its session, before anything else.
	bind(s *session)
	// rtp gets an opened packet; at is the kernel's time of arrival, ns since 1970.
	rtp(b []byte, at int64)
	rtcp(ps []rtcp.Packet, at int64)
	tick(now time.Time)
}

// session is one lean WebRTC connection: a socket, ICE as far as an offerer with one address needs it (RFC 8445), DTLS of the library
// and the project's own SRTP.
type session struct {
	w       *worker
	k       *knocker
	door    Door
	end     end
	fd      int
	local   netip.AddrPort
	own     identity
	frag    string // ours
	pwd     string
	answer  *answer // set before the worker sees the session
	address string  // of the session, to delete it

	ice      checks                         // worker only
	remote   atomic.Pointer[netip.AddrPort] // where everything goes, once a check was answered
	proven   chan struct{}                  // closed then
	dtls     *packetConn
	opener   *srtp.Opener // worker only, nil before DTLS is done
	sealer   *srtp.Sealer // of RTCP; worker only
	profile  srtp.Profile
	alive    time.Time // last authenticated sign of the server; worker only
	lost     atomic.Bool
	unopened uint64 // packets that did not open; worker only
	once     sync.Once
}

// lostAfter is how long a server may be silent on checks (RFC 7675 §5.1).
const lostAfter = 30 * time.Second

// open makes a session at a door: offer, answer, ICE and DTLS.
func (l *Load) open(ctx context.Context, d Door, e end, o offerOf) (*session, error) {
	ctx, cancel := context.WithTimeout(ctx, joinTime)
	defer cancel()
	ip, err := l.knocker.source(d)
	if err != nil {
		return nil, err
	}
	s := &session{w: l.worker, k: l.knocker, door: d, end: e, own: l.own, frag: rand.Text()[:8], pwd: rand.Text(), proven: make(chan struct{})}
	s.dtls = newPacketConn(s)
	if s.fd, s.local, err = listen(ip); err != nil {
		return nil, err
	}
	o.frag, o.pwd, o.fingerprint, o.local = s.frag, s.pwd, s.own.fingerprint, s.local
	s.answer, s.address, err = s.k.open(ctx, d, o.String())
	if err != nil {
		_ = unix.Close(s.fd)
		s.k.close(ctx, d, s.address)
		return nil, err
	}
	e.bind(s)
	added := errors.New("closed")
	s.w.call(func() { s.alive = time.Now(); s.ice.start(s); added = s.w.add(s) })
	if added != nil {
		_ = unix.Close(s.fd)
		return nil, added
	}
	select {
	case <-s.proven:
	case <-ctx.Done():
		s.close()
		return nil, errors.New("no answer to connectivity checks (ICE)")
	}
	if err := s.secure(ctx); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// close tells the server and closes the socket. Any goroutine but the worker.
func (s *session) close() {
	s.once.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		s.k.close(ctx, s.door, s.address)
		s.dtls.shut()
		s.w.call(func() { s.w.remove(s) })
	})
}

// take sorts a datagram by its first byte (RFC 7983 §7). Worker.
func (s *session) take(b []byte, from unix.Sockaddr, at int64) {
	switch {
	case b[0] < 4:
		s.ice.take(s, b, from)
	case b[0] >= 20 && b[0] < 64:
		s.dtls.push(bytes.Clone(b))
	case b[0] >= 128 && b[0] < 192 && s.opener != nil && len(b) >= 8:
		s.media(b, at)
	}
}

func (s *session) media(b []byte, at int64) {
	if b[1] < 192 || b[1] > 223 { // RFC 5761 §4
		n, _, err := s.opener.OpenRTP(b)
		if err != nil {
			s.unopened++
			return
		}
		s.end.rtp(b[:n], at)
		return
	}
	n, err := s.opener.OpenRTCP(b)
	if err != nil {
		s.unopened++
		return
	}
	if ps, err := rtcp.Unmarshal(b[:n]); err == nil {
		s.end.rtcp(ps, at)
	}
}

// tick does what is due. Worker.
func (s *session) tick(now time.Time) {
	s.ice.tick(s, now)
	if now.Sub(s.alive) > lostAfter {
		s.lost.Store(true)
	}
	if s.opener != nil {
		s.end.tick(now)
	}
}

// sendRTCP seals and sends a compound packet. Worker.
func (s *session) sendRTCP(ps ...rtcp.Packet) {
	b, err := rtcp.Marshal(ps)
	if err != nil || s.sealer == nil {
		return
	}
	if b, err = s.sealer.SealRTCP(nil, b); err == nil {
		s.send(b)
	}
}

// send writes to the proven address; what the kernel refuses is lost, as on a wire. Any goroutine.
func (s *session) send(b []byte) {
	if to := s.remote.Load(); to != nil {
		_ = unix.Sendto(s.fd, b, unix.MSG_DONTWAIT, sockaddr(*to)) // a new one: Sendto writes into it
	}
}

// install takes the keys. Called once, before secure returns.
func (s *session) install(p srtp.Profile, keys []byte, client bool) error {
	key, salt := p.KeyLen(), p.SaltLen()
	// RFC 5764 §4.2: client key, server key, client salt, server salt.
	ours, theirs := [2][]byte{keys[:key], keys[2*key : 2*key+salt]}, [2][]byte{keys[key : 2*key], keys[2*key+salt:]}
	if !client {
		ours, theirs = theirs, ours
	}
	opener, err := srtp.NewOpener(p, theirs[0], theirs[1], 1024)
	if err != nil {
		return fmt.Errorf("srtp in: %w", err)
	}
	sealer, err := srtp.NewSealer(p, ours[0], ours[1])
	if err != nil {
		return fmt.Errorf("srtp out: %w", err)
	}
	var media *srtp.Sealer
	if p, ok := s.end.(*publisher); ok {
		if media, err = srtp.NewSealer(s.profile, ours[0], ours[1]); err != nil {
			return fmt.Errorf("srtp out: %w", err)
		}
		p.sealer = media
	}
	if !s.w.call(func() { s.opener, s.sealer = opener, sealer }) {
		return errors.New("closed")
	}
	return nil
}

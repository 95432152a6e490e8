package bench

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"net"
	"net/netip"
	"time"

	"github.com/pion/stun/v4"
	"golang.org/x/sys/unix"
)

// checks is ICE as far as an offerer needs it that has one address and nominates the first pair that works (RFC 8445 §7, §8.1.1:
// controlling). Worker only.
type checks struct {
	waiting map[[12]byte]netip.AddrPort // checks without an answer yet
	next    time.Time
	tie     [8]byte
	mine    stun.MessageIntegrity
	theirs  stun.MessageIntegrity
	user    string
}

const (
	checkEvery   = 50 * time.Millisecond // RFC 8445 §14.2: Ta
	consentEvery = 5 * time.Second       // RFC 7675 §5.1
	maxWaiting   = 64
)

func (c *checks) start(s *session) {
	c.waiting = map[[12]byte]netip.AddrPort{}
	_, _ = rand.Read(c.tie[:]) // never fails
	c.mine, c.theirs = stun.NewShortTermIntegrity(s.pwd), stun.NewShortTermIntegrity(s.answer.pwd)
	c.user = s.answer.frag + ":" + s.frag
}

// tick sends checks: to every address until one answers, then for consent.
func (c *checks) tick(s *session, now time.Time) {
	if now.Before(c.next) {
		return
	}
	if to := s.remote.Load(); to != nil {
		c.next = now.Add(consentEvery)
		c.ask(s, *to)
		return
	}
	c.next = now.Add(checkEvery)
	for _, a := range s.answer.candidates {
		if a.Addr().Is4() == s.local.Addr().Is4() {
			c.ask(s, a)
		}
	}
}

func (c *checks) ask(s *session, to netip.AddrPort) {
	if len(c.waiting) >= maxWaiting {
		clear(c.waiting)
	}
	var priority [4]byte
	binary.BigEndian.PutUint32(priority[:], 1853824767) // RFC 8445 §5.1.2: of a peer-reflexive address
	m, err := stun.Build(stun.TransactionID, stun.BindingRequest, stun.NewUsername(c.user),
		stun.RawAttribute{Type: stun.AttrPriority, Value: priority[:]},
		stun.RawAttribute{Type: stun.AttrICEControlling, Value: c.tie[:]},
		stun.RawAttribute{Type: stun.AttrUseCandidate}, c.theirs, stun.Fingerprint)
	if err != nil {
		return
	}
	c.waiting[m.TransactionID] = to
	_ = unix.Sendto(s.fd, m.Raw, unix.MSG_DONTWAIT, sockaddr(to))
}

// take reads a message: an answer to a check of ours, or a check of the server's.
func (c *checks) take(s *session, b []byte, from unix.Sockaddr) {
	m := &stun.Message{Raw: bytes.Clone(b)}
	if m.Decode() != nil {
		return
	}
	switch m.Type {
	case stun.BindingRequest:
		var user stun.Username
		if user.GetFrom(m) != nil || user.String() != s.frag+":"+s.answer.frag || c.mine.Check(m) != nil {
			return
		}
		a := addrPort(from)
		r, err := stun.Build(m, stun.BindingSuccess, &stun.XORMappedAddress{IP: net.IP(a.Addr().AsSlice()), Port: int(a.Port())}, c.mine, stun.Fingerprint)
		if err == nil {
			_ = unix.Sendto(s.fd, r.Raw, unix.MSG_DONTWAIT, from)
		}
	case stun.BindingSuccess:
		to, asked := c.waiting[m.TransactionID]
		if !asked || to != addrPort(from) || c.theirs.Check(m) != nil {
			return
		}
		delete(c.waiting, m.TransactionID)
		s.alive = time.Now()
		if s.remote.CompareAndSwap(nil, &to) {
			c.next = s.alive.Add(consentEvery)
			close(s.proven)
		}
	}
}

package link

import (
	"context"
	"crypto/tls"
	"errors"
	"time"
)

// attempt is one round through the addresses of a peer.
type attempt struct {
	began  time.Time
	cancel context.CancelFunc
}

// dial begins an attempt: because there is no connection, or because the keys of ours are old.
func (c *Conn) dial() {
	if c.dialing != nil || c.cur != nil && !c.cur.dialed {
		return
	}
	p, ok := c.m.peer(c.party)
	if !ok || len(p.Addrs) == 0 {
		return // Refresh tries again
	}
	ctx, cancel := context.WithCancel(c.m.ctx)
	a := &attempt{time.Now(), cancel}
	c.dialing = a
	c.m.wg.Go(func() {
		defer cancel()
		s, err := c.call(ctx, p.Addrs)
		if err == nil {
			s.run()
			return
		}
		c.post(func() { c.failed(a, err) })
	})
}

// call tries the addresses in turn until one greets us as the party that we called.
func (c *Conn) call(ctx context.Context, addrs []string) (*session, error) {
	var errs []error
	for _, addr := range addrs {
		s, err := c.callOne(ctx, addr)
		if err == nil {
			return s, nil
		}
		errs = append(errs, err)
		if ctx.Err() != nil {
			break
		}
	}
	return nil, errors.Join(errs...)
}

func (c *Conn) callOne(ctx context.Context, addr string) (*session, error) {
	ctx, cancel := context.WithTimeout(ctx, handshakeTime)
	defer cancel()
	nc, err := c.m.dialTCP(ctx, addr)
	if err != nil {
		return nil, err
	}
	tc := tls.Client(nc, c.m.config(ALPN))
	s, err := c.m.greet(ctx, tc, true)
	if err == nil && s.c != c {
		sendBye(tc, "hello.party")
		err = ErrPinned // another of our peers answers there
	}
	if err != nil {
		c.m.blame(err)
		nc.Close()
		return nil, err
	}
	s.addr = addr
	return s, nil
}

// failed takes note of an attempt that came to nothing.
func (c *Conn) failed(a *attempt, err error) {
	if c.dialing != a {
		return
	}
	c.dialing = nil
	c.m.log.Debug("other node not reached", "party", c.party, "err", err)
	if c.cur != nil { // a key roll: the old keys hold for a while yet
		c.timer.Reset(jitter(dialMost))
		return
	}
	c.again(false)
}

// again arranges the next call: at once after a connection that had settled, else after 0.2 s, 0.4 s, … 10 s.
func (c *Conn) again(settled bool) {
	c.timer.Stop()
	if settled {
		c.failures = 0
		c.timer.Reset(c.patience())
		return
	}
	d := dialMost
	if c.failures < 6 {
		d = min(dialMost, dialFirst<<c.failures)
	}
	c.failures++
	c.timer.Reset(jitter(d))
}

// news looks at what the plane has found out.
func (c *Conn) news() {
	s := c.State()
	c.warn(time.Now(), c.Counters())
	if s.Remote.IsValid() && s.Tunnel != c.tunnelWas {
		c.tunnelWas = s.Tunnel
		c.m.log.Info("media changes its way", "party", c.party, "remote", s.Remote.String(), "tls", s.Tunnel)
	}
	back := s.Path && !c.pathWas
	c.pathWas = s.Path
	if c.m.c.Path != nil {
		c.m.c.Path(c, s)
	}
	c.bore()
	if c.cur == nil && s.Epoch == 0 && c.instance != "" {
		c.instance = "" // no keys: nothing of the far node's can arrive any more
		c.forget()
	}
	if back && c.cur == nil { // the network is there again: do not sit out a back-off or a dead connection attempt
		if c.dialing != nil {
			if time.Since(c.dialing.began) < redialAfter {
				return
			}
			c.dialing.cancel()
			c.dialing = nil
		}
		c.failures = 0
		c.timer.Stop()
		c.timer.Reset(c.patience())
	}
	if time.Since(c.checked) >= recheckEvery {
		c.recheck()
	}
	if used := c.cur; used != nil && c.p.usedUp.Load() == used.keys {
		used.stop(ErrExpired)
	}
}

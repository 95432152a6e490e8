package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"
)

// ErrForeign says that a target is not on this machine's loopback and nobody said that it is theirs.
var ErrForeign = errors.New("not on loopback: load only servers of your own, and say so with --i-own-this-server")

// Door is one WHIP or WHEP address and the bearer token for it, empty for none.
type Door struct {
	URL   string
	Token string
}

// knocker speaks WHIP (RFC 9725 §4.2) and WHEP: one POST of an offer, one DELETE.
type knocker struct {
	foreign bool // other machines are allowed
	client  *http.Client
}

func newKnocker(foreign bool) *knocker {
	k := &knocker{foreign: foreign}
	dialer := &net.Dialer{Timeout: 5 * time.Second, Control: func(_, addr string, _ syscall.RawConn) error { // before anything is sent
		if a, err := netip.ParseAddrPort(addr); !foreign && (err != nil || !a.Addr().Unmap().IsLoopback()) {
			return ErrForeign
		}
		return nil
	}}
	k.client = &http.Client{
		Timeout: joinTime,
		Transport: &http.Transport{
			Proxy:               nil, // a proxy would hide whom we load
			MaxIdleConnsPerHost: joinsAtOnce,
			DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
				c, err := dialer.DialContext(ctx, network, local(addr))
				if err != nil {
					return nil, fmt.Errorf("reach %s: %w", addr, err)
				}
				return c, nil
			},
		},
	}
	return k
}

// local gives names under localhost their address (RFC 6761 §6.3): resolvers differ.
func local(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err == nil && (host == "localhost" || strings.HasSuffix(host, ".localhost")) {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return addr
}

// check says whether a door may be knocked at, before anything is sent.
func (k *knocker) check(d Door) (*url.URL, error) {
	u, err := url.Parse(d.URL)
	if err != nil {
		return nil, fmt.Errorf("address of the server: %w", err)
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("address of the server: %q is not http or https", d.URL)
	}
	host := u.Hostname()
	ip, err := netip.ParseAddr(host)
	name := host == "localhost" || strings.HasSuffix(host, ".localhost")
	if !k.foreign && !name && (err != nil || !ip.Unmap().IsLoopback()) {
		return nil, fmt.Errorf("%s: %w", u.Host, ErrForeign)
	}
	return u, nil
}

// source returns the address of this machine that a server is reached from.
func (k *knocker) source(d Door) (netip.Addr, error) {
	u, err := k.check(d)
	if err != nil {
		return netip.Addr{}, err
	}
	port := u.Port()
	if port == "" {
		port = "443"
	}
	c, err := net.Dial("udp", local(net.JoinHostPort(u.Hostname(), port))) // sends nothing
	if err != nil {
		return netip.Addr{}, fmt.Errorf("find the way to %s: %w", u.Host, err)
	}
	defer c.Close()
	a, err := netip.ParseAddrPort(c.LocalAddr().String())
	if err != nil {
		return netip.Addr{}, fmt.Errorf("find the way to %s: %w", u.Host, err)
	}
	return a.Addr().Unmap().WithZone(""), nil
}

// open posts an offer. It returns the answer and the address of the session, to close.
func (k *knocker) open(ctx context.Context, d Door, offer string) (*answer, string, error) {
	u, err := k.check(d)
	if err != nil {
		return nil, "", err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), strings.NewReader(offer))
	if err != nil {
		return nil, "", fmt.Errorf("offer: %w", err)
	}
	r.Header.Set("Content-Type", "application/sdp")
	r.Header.Set("Accept", "application/sdp")
	if d.Token != "" {
		r.Header.Set("Authorization", "Bearer "+d.Token)
	}
	res, err := k.client.Do(r)
	if err != nil {
		return nil, "", fmt.Errorf("offer: %w", err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, MaxAnswer+1))
	if err != nil {
		return nil, "", fmt.Errorf("answer: %w", err)
	}
	if res.StatusCode != http.StatusCreated {
		return nil, "", fmt.Errorf("offer: the server says %d %s", res.StatusCode, http.StatusText(res.StatusCode))
	}
	session := ""
	if l, err := res.Location(); err == nil {
		session = l.String()
	}
	a, err := parseAnswer(string(body))
	if err != nil {
		return nil, session, err
	}
	if !k.foreign { // nor may a server on loopback point us elsewhere
		named := a.candidates
		a.candidates = slices.DeleteFunc(slices.Clone(named), func(c netip.AddrPort) bool { return !c.Addr().IsLoopback() })
		if len(a.candidates) == 0 {
			return nil, session, fmt.Errorf("media addresses %v: %w", named, ErrForeign)
		}
	}
	return a, session, nil
}

// close deletes a session (RFC 9725 §4.2); a server that has forgotten it already is fine. The token goes to the door's host alone.
func (k *knocker) close(ctx context.Context, d Door, session string) {
	at, err := k.check(Door{URL: session})
	if err != nil || session == "" {
		return
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodDelete, session, nil)
	if err != nil {
		return
	}
	if u, err := k.check(d); err == nil && u.Host == at.Host && d.Token != "" {
		r.Header.Set("Authorization", "Bearer "+d.Token)
	}
	if res, err := k.client.Do(r); err == nil {
		_ = res.Body.Close()
	}
}

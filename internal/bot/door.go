package bot

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/coder/websocket"

	"visavis/internal/softkey"
	"visavis/internal/wire"
)

// door is the HTTP side of a node as one browser sees it: the invitation, the cookie, the WebSocket. It keeps no cookie jar,
// because the node sets exactly one cookie and a jar would not send a __Host- cookie over the demo's plain HTTP.
type door struct {
	base *url.URL // scheme and host
	code string
	pin  string
	key  *softkey.Authenticator // of an account; nil
	at   string                 // query of the WebSocket: an account's meeting
	web  *http.Client
	tr   *http.Transport

	mu       sync.Mutex // guards what follows
	cookie   string     // name=value
	enrolled bool       // the node knows a passkey of key
}

func newDoor(c Config) (*door, error) {
	u, err := url.Parse(c.Link)
	if err != nil {
		return nil, fmt.Errorf("invitation link: %w", err)
	}
	if u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.Fragment == "" {
		return nil, errors.New("invitation link: want https://HOST/join#CODE")
	}
	at := ""
	if c.Passkey != nil {
		if c.Meeting == "" {
			return nil, errors.New("an account needs a meeting")
		}
		at = url.Values{"meeting": {c.Meeting}}.Encode()
	}
	tr := &http.Transport{DialContext: c.Dial, TLSClientConfig: c.TLS, MaxIdleConnsPerHost: 1}
	return &door{
		base: &url.URL{Scheme: u.Scheme, Host: u.Host}, code: u.Fragment, pin: c.PIN, key: c.Passkey, at: at, tr: tr, enrolled: c.Passkey != nil && len(c.Passkey.Keys()) > 0,
		web: &http.Client{Transport: tr, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}, nil
}

func (d *door) close() { d.tr.CloseIdleConnections() }

// enter uses the invitation up, once; later calls find the cookie and do nothing. An account signs in.
func (d *door) enter(ctx context.Context) error {
	if d.cookieNow() != "" {
		return nil
	}
	if d.key != nil {
		return d.signIn(ctx)
	}
	_, err := d.post(ctx, "/api/session", wire.CodeRequest{Code: d.code, PIN: d.pin})
	var refused *statusError
	if errors.As(err, &refused) && refused.status == http.StatusNotFound {
		return ErrInvitation
	}
	if err == nil && d.cookieNow() == "" {
		return errors.New("session: no cookie")
	}
	return err
}

func (d *door) cookieNow() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.cookie
}

func (d *door) setCookie(c string) {
	d.mu.Lock()
	d.cookie = c
	d.mu.Unlock()
}

// keepCookie takes the node's cookie from an answer, if it sets one.
func (d *door) keepCookie(resp *http.Response) {
	for _, c := range resp.Cookies() {
		if strings.HasSuffix(c.Name, "visavis") && c.Value != "" {
			d.setCookie(c.Name + "=" + c.Value)
		}
	}
}

// dial opens the WebSocket with our cookie and the page's origin.
func (d *door) dial(ctx context.Context) (*websocket.Conn, error) {
	cookie := d.cookieNow()
	ctx, cancel := context.WithTimeout(ctx, dialWait)
	defer cancel()
	u := *d.base
	u.Scheme, u.RawQuery = strings.Replace(u.Scheme, "http", "ws", 1), d.at
	ws, resp, err := websocket.Dial(ctx, u.JoinPath("/ws").String(), &websocket.DialOptions{
		HTTPClient: d.web, CompressionMode: websocket.CompressionDisabled,
		HTTPHeader: http.Header{"Cookie": {cookie}, "Origin": {d.base.String()}, "Sec-Fetch-Site": {"same-origin"}},
	})
	if err != nil {
		if resp != nil && resp.StatusCode == http.StatusUnauthorized {
			if d.key != nil { // it signs in again
				d.setCookie("")
				return nil, fmt.Errorf("socket: %w", err)
			}
			return nil, ErrSession
		}
		return nil, err
	}
	ws.SetReadLimit(maxMessage)
	return ws, nil
}

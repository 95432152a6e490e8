package bot

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/coder/websocket"

	"visavis/internal/wire"
)

// door is the HTTP side of a node as one browser sees it: the invitation, the cookie, the WebSocket. It keeps no cookie jar,
// because the node sets exactly one cookie and a jar would not send a __Host- cookie over the demo's plain HTTP.
type door struct {
	base *url.URL // scheme and host
	code string
	pin  string
	web  *http.Client
	tr   *http.Transport

	mu     sync.Mutex // guards cookie
	cookie string     // name=value
}

func newDoor(c Config) (*door, error) {
	u, err := url.Parse(c.Link)
	if err != nil {
		return nil, fmt.Errorf("invitation link: %w", err)
	}
	if u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.Fragment == "" {
		return nil, errors.New("invitation link: want https://HOST/join#CODE")
	}
	tr := &http.Transport{DialContext: c.Dial, TLSClientConfig: c.TLS, MaxIdleConnsPerHost: 1}
	return &door{
		base: &url.URL{Scheme: u.Scheme, Host: u.Host}, code: u.Fragment, pin: c.PIN, tr: tr,
		web: &http.Client{Transport: tr, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}, nil
}

func (d *door) close() { d.tr.CloseIdleConnections() }

// enter uses the invitation up, once; later calls find the cookie and do nothing.
func (d *door) enter(ctx context.Context) error {
	d.mu.Lock()
	have := d.cookie != ""
	d.mu.Unlock()
	if have {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, dialWait)
	defer cancel()
	body, err := json.Marshal(wire.CodeRequest{Code: d.code, PIN: d.pin})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.base.JoinPath("/api/session").String(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Origin", d.base.String())
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	resp, err := d.web.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxReply))
	switch {
	case resp.StatusCode == http.StatusNotFound:
		return ErrInvitation
	case resp.StatusCode/100 != 2:
		return fmt.Errorf("session: status %d", resp.StatusCode)
	}
	for _, c := range resp.Cookies() {
		if strings.HasSuffix(c.Name, "visavis") && c.Value != "" {
			d.mu.Lock()
			d.cookie = c.Name + "=" + c.Value
			d.mu.Unlock()
			return nil
		}
	}
	return errors.New("session: no cookie")
}

// dial opens the WebSocket with our cookie and the page's origin.
func (d *door) dial(ctx context.Context) (*websocket.Conn, error) {
	d.mu.Lock()
	cookie := d.cookie
	d.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, dialWait)
	defer cancel()
	u := *d.base
	u.Scheme = strings.Replace(u.Scheme, "http", "ws", 1)
	ws, resp, err := websocket.Dial(ctx, u.JoinPath("/ws").String(), &websocket.DialOptions{
		HTTPClient: d.web, CompressionMode: websocket.CompressionDisabled,
		HTTPHeader: http.Header{"Cookie": {cookie}, "Origin": {d.base.String()}, "Sec-Fetch-Site": {"same-origin"}},
	})
	if err != nil {
		if resp != nil && resp.StatusCode == http.StatusUnauthorized {
			return nil, ErrSession
		}
		return nil, err
	}
	ws.SetReadLimit(maxMessage)
	return ws, nil
}

package bot

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"visavis/internal/wire"
)

// signIn gives an account's bot its cookie: the first time with the code of its link, by which its authenticator gets a passkey, and later
// with that passkey.
func (d *door) signIn(ctx context.Context) error {
	way, body := "signin", wire.PasskeyRequest{}
	d.mu.Lock()
	enrolled := d.enrolled
	d.mu.Unlock()
	if !enrolled {
		way, body.Code = "register", d.code
	}
	err := d.ceremony(ctx, way, body)
	if err == nil {
		d.mu.Lock()
		d.enrolled = true
		d.mu.Unlock()
	}
	return err
}

// stepUp shows the passkey once more, so that a key may be turned.
func (d *door) stepUp(ctx context.Context) error {
	return d.ceremony(ctx, "stepup", wire.PasskeyRequest{})
}

// ceremony is one of docs/protocol.md, "register", "signin" or "stepup", from options to cookie.
func (d *door) ceremony(ctx context.Context, way string, q wire.PasskeyRequest) error {
	b, err := d.post(ctx, "/api/passkey/"+way, q)
	if err != nil {
		return err
	}
	var o wire.PasskeyOptions
	if err := json.Unmarshal(b, &o); err != nil {
		return fmt.Errorf("%s: %w", way, err)
	}
	show := d.key.Get
	if way == "register" {
		show = d.key.Create
	}
	if q.Credential, err = show(d.base.String(), o.Options); err != nil {
		return fmt.Errorf("%s: %w", way, err)
	}
	_, err = d.post(ctx, "/api/passkey/"+way+"/finish", q)
	return err
}

// post sends a JSON body as a page of the node does, keeps the cookie that the answer sets, and gives the answer.
func (d *door) post(ctx context.Context, path string, body any) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, dialWait)
	defer cancel()
	b, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.base.JoinPath(path).String(), bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Origin", d.base.String())
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	if c := d.cookieNow(); c != "" {
		req.Header.Set("Cookie", c)
	}
	resp, err := d.web.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxReply))
	if err != nil {
		return nil, err
	}
	if resp.StatusCode/100 != 2 {
		var f wire.Failure
		_ = json.Unmarshal(answer, &f) // without a code the status says it
		return nil, &statusError{path, resp.StatusCode, f.Error.Code}
	}
	d.keepCookie(resp)
	return answer, nil
}

// statusError is a refused request.
type statusError struct {
	path   string
	status int
	code   string
}

// Error implements error.
func (e *statusError) Error() string {
	return fmt.Sprintf("%s: status %d %s", e.path, e.status, e.code)
}

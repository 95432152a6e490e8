package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/readout"
	"visavis/internal/softkey"
	"visavis/internal/wire"
)

// Bounds of what a desk waits for and reads.
const (
	answerWait = 10 * time.Second
	maxAnswer  = 4 << 20 // bytes: two documents and their past
)

// desk is what an officer's page for readouts is to the node: the same routes, with the officer's session and passkey. Its methods may be called
// concurrently.
type desk struct {
	d      *demo
	seat   seat
	origin string
	key    *softkey.Authenticator
	web    *http.Client

	mu     sync.Mutex // guards cookie
	cookie string     // "": it signs in when it needs to
}

func (d *demo) newDesk(s seat) *desk {
	return &desk{d: d, seat: s, origin: "http://" + s.host(d.ports[s.party].web), key: d.passkeys[s.key],
		web: &http.Client{Transport: &http.Transport{DialContext: d.dial}, Timeout: answerWait}}
}

// refused is an answer that is no success.
type refused struct {
	path   string
	status int
	code   string
}

// Error implements error.
func (e *refused) Error() string { return fmt.Sprintf("%s: status %d %s", e.path, e.status, e.code) }

// paper is one readout as a node shows it to its officer (docs/protocol.md), as far as it is of use here.
type paper struct {
	ID         readout.ID         `json:"id"`
	Self       meeting.PartyID    `json:"self"`
	Other      meeting.PartyID    `json:"other"`
	Manuscript readout.Manuscript `json:"manuscript"`
	Life       readout.Life       `json:"life"`
	Rounds     []readout.Round    `json:"rounds"`
	Head       meeting.Hash       `json:"head"`
	Theirs     *readout.Document  `json:"theirs"`
}

// read is what to send with an act on the text as a whole: what of it has been read.
func (p *paper) read() map[string]any { return map[string]any{"versions": p.Manuscript.Versions} }

// session is the cookie, after signing in if there is none.
func (k *desk) session(ctx context.Context) (string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.cookie == "" {
		c, err := k.d.signIn(ctx, k.seat)
		if err != nil {
			return "", err
		}
		k.cookie = c
	}
	return k.cookie, nil
}

// ask does one request; with a version it says in If-Match what has been read. An ended session is begun anew with the next request.
func (k *desk) ask(ctx context.Context, method, path string, body any, version int64) ([]byte, error) {
	cookie, err := k.session(ctx)
	if err != nil {
		return nil, err
	}
	b, raw := body.([]byte)
	if !raw && body != nil {
		if b, err = json.Marshal(body); err != nil {
			return nil, err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, k.origin+"/api/readouts"+path, bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	for name, value := range map[string]string{"Cookie": cookie, "Origin": k.origin, "Sec-Fetch-Site": "same-origin", "Content-Type": "application/json"} {
		req.Header.Set(name, value)
	}
	if version > 0 {
		req.Header.Set("If-Match", strconv.Quote(strconv.FormatInt(version, 10)))
	}
	resp, err := k.web.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, err
	}
	if resp.StatusCode == http.StatusOK {
		return answer, nil
	}
	if resp.StatusCode == http.StatusUnauthorized {
		k.mu.Lock()
		k.cookie = ""
		k.mu.Unlock()
	}
	var f wire.Failure
	_ = json.Unmarshal(answer, &f) // without a code the status says it
	return nil, &refused{path, resp.StatusCode, f.Error.Code}
}

// do is one act upon a readout, and what has become of it.
func (k *desk) do(ctx context.Context, path string, body any, version int64) (*paper, error) {
	b, err := k.ask(ctx, http.MethodPost, path, body, version)
	if err != nil {
		return nil, err
	}
	p := new(paper)
	return p, json.Unmarshal(b, p)
}

// paper reads a readout.
func (k *desk) paper(ctx context.Context, id readout.ID) (*paper, error) {
	b, err := k.ask(ctx, http.MethodGet, "/"+string(id), nil, 0)
	if err != nil {
		return nil, err
	}
	p := new(paper)
	return p, json.Unmarshal(b, p)
}

// open lists the readouts of which something may still become.
func (k *desk) open(ctx context.Context) ([]readout.ID, error) {
	b, err := k.ask(ctx, http.MethodGet, "", nil, 0)
	var all struct {
		Readouts []struct {
			ID    readout.ID    `json:"id"`
			Stage readout.Stage `json:"stage"`
		} `json:"readouts"`
	}
	if err == nil {
		err = json.Unmarshal(b, &all)
	}
	var out []readout.ID
	for _, r := range all.Readouts {
		if r.Stage != readout.StagePublished && r.Stage != readout.StageWithdrawn {
			out = append(out, r.ID)
		}
	}
	return out, err
}

// proven does what needs the officer's passkey over the hash of the text.
func (k *desk) proven(ctx context.Context, id readout.ID, act string, hash meeting.Hash) (*paper, error) {
	b, err := k.ask(ctx, http.MethodPost, "/"+string(id)+"/passkey", map[string]any{"hash": hash}, 0)
	if err != nil {
		return nil, err
	}
	var o wire.PasskeyOptions
	if err := json.Unmarshal(b, &o); err != nil {
		return nil, err
	}
	shown, err := k.key.Get(k.origin, o.Options)
	if err != nil {
		return nil, err
	}
	return k.do(ctx, "/"+string(id)+"/"+act, map[string]any{"hash": hash, "credential": json.RawMessage(shown)}, 0)
}

// sign signs a readout off, has it signed with the party's offline key by the command that a person would use, and brings the line back.
func (k *desk) sign(ctx context.Context, p *paper) (*paper, error) {
	if _, err := k.proven(ctx, p.ID, "signoff", p.Life.Hash); err != nil {
		return nil, err
	}
	file, err := k.ask(ctx, http.MethodGet, "/"+string(p.ID)+"/file", nil, 0)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(k.d.offline(k.seat.party), "sign-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	in, out := filepath.Join(dir, "unsigned.json"), filepath.Join(dir, "signed.json")
	if err := os.WriteFile(in, file, 0o600); err != nil {
		return nil, err
	}
	if _, err := k.d.command(ctx, "sign", in, "--key", k.d.readoutKey(k.seat.party), "--document", k.d.document(k.seat.party), "--hash", p.Life.Hash.String(), "--out", out); err != nil {
		return nil, err
	}
	signed, err := os.ReadFile(out)
	if err != nil {
		return nil, err
	}
	return k.do(ctx, "/"+string(p.ID)+"/sign", signed, 0)
}

// reaches waits until a readout stands at this node as ok wants it.
func (k *desk) reaches(ctx context.Context, id readout.ID, what string, ok func(*paper) bool) (*paper, error) {
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	for {
		p, err := k.paper(ctx, id)
		var no *refused
		switch {
		case err == nil && ok(p):
			return p, nil
		case err != nil && !(errors.As(err, &no) && no.status == http.StatusNotFound): // of one that is still on its way
			return nil, err
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return nil, fmt.Errorf("readout %s at %s: not %s: %w", id, k.seat.party, what, ctx.Err())
		}
	}
}

func at(s readout.Stage) func(*paper) bool { return func(p *paper) bool { return p.Life.Stage == s } }

package main

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"visavis/internal/bot"
)

// standIn signs a person in as an officer or a technician with the passkey of the simulated one, for machines that have no passkey of their own. It is
// part of the demo and of nothing else: it listens on the demo's loopback address, knows only the keys that the demo itself has made, and a link of it is
// as secret as an invitation. To the node it is a client like any other: that asks for a passkey and gets one.
type standIn struct {
	d      *demo
	seats  map[string]seat // by host name, without port
	secret string
	port   int
	person func(seat) // somebody has signed in
	srv    *http.Server
}

// standsIn starts it; stop ends it. The seats get their links; person hears of everybody who signs in.
func (d *demo) standsIn(seats []seat, person func(seat)) (*standIn, error) {
	s := &standIn{d: d, seats: map[string]seat{}, secret: rand.Text(), person: person}
	l, err := net.Listen("tcp", net.JoinHostPort(d.addr.String(), "0"))
	if err != nil {
		return nil, err
	}
	s.port = l.Addr().(*net.TCPAddr).Port
	for i := range seats {
		if x := &seats[i]; d.passkeys[x.key] != nil {
			s.seats[x.key+".localhost"] = *x
			x.standIn = fmt.Sprintf("http://%s/%s", x.host(s.port), s.secret)
		}
	}
	s.srv = &http.Server{Handler: s, ReadHeaderTimeout: 5 * time.Second, MaxHeaderBytes: 16 << 10}
	go func() { _ = s.srv.Serve(l) }()
	return s, nil
}

func (s *standIn) stop() { _ = s.srv.Close() }

// ServeHTTP signs in, gives the browser the cookie, which holds for the host name whatever the port (RFC 6265 §8.5), and sends it to the meeting.
func (s *standIn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	host, _, err := net.SplitHostPort(r.Host)
	x, ok := s.seats[host]
	path := strings.TrimPrefix(r.URL.Path, "/")
	if err != nil || !ok || r.Method != http.MethodGet || subtle.ConstantTimeCompare([]byte(path), []byte(s.secret)) != 1 {
		http.NotFound(w, r)
		return
	}
	cookie, err := s.d.signIn(r.Context(), x)
	if err != nil {
		http.Error(w, "the node does not let the demo's passkey in: "+err.Error(), http.StatusBadGateway)
		return
	}
	s.person(x)
	w.Header().Set("Set-Cookie", cookie+"; Path=/; Max-Age=86400; HttpOnly; Secure; SameSite=Strict")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	http.Redirect(w, r, "http://"+x.host(s.d.ports[x.party].web)+"/m/"+meetingID, http.StatusSeeOther)
}

// signIn makes a session of its own: the passkey has been shown now, so that keys can be turned for five minutes.
func (d *demo) signIn(ctx context.Context, x seat) (string, error) {
	b, err := bot.New(bot.Config{Link: x.own, Passkey: d.passkeys[x.key], Meeting: meetingID, Silent: true, Dial: d.dial})
	if err != nil {
		return "", err
	}
	if err := b.Enter(ctx); err != nil {
		return "", err
	}
	return b.Cookie(), nil
}

package api

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"visavis/internal/auth"
	"visavis/internal/peer"
)

// Media types of RFC 9725.
const (
	typeSDP      = "application/sdp"
	typeFragment = "application/trickle-ice-sdpfrag"
)

// doors are the addresses of encoders and players: WHIP (RFC 9725) and WHEP (its draft). They take a bearer token and no cookie, so any site's
// page may use them that has one.
func (s *Server) doors() []route {
	var out []route
	for _, use := range []auth.Use{auth.Publish, auth.Play} {
		out = append(out,
			route{"/" + string(use), func(w http.ResponseWriter, r *http.Request) { s.endpoint(w, r, use) }},
			route{"/" + string(use) + "/{session}", func(w http.ResponseWriter, r *http.Request) { s.deviceSession(w, r, use) }})
	}
	return out
}

// isDoor says whether a path is one of a door.
func isDoor(path string) bool {
	for _, use := range []auth.Use{auth.Publish, auth.Play} {
		if rest, ok := strings.CutPrefix(path, "/"+string(use)); ok && (rest == "" || rest[0] == '/') {
			return true
		}
	}
	return false
}

// share lets pages of other sites read the answers of doors (the Fetch standard, 3.2): without credentials, for no cookie counts here.
func share(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Expose-Headers", "Location, ETag, Link, Retry-After, Accept-Post, Accept-Patch, Allow, WWW-Authenticate")
}

// options answers OPTIONS, the preflights of pages among them, which bring no token.
func options(w http.ResponseWriter, allow string) {
	h := w.Header()
	h.Set("Allow", allow)
	h.Set("Accept-Post", typeSDP)
	h.Set("Accept-Patch", typeFragment)
	h.Set("Access-Control-Allow-Methods", allow)
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, If-Match")
	h.Set("Access-Control-Max-Age", "86400")
	w.WriteHeader(http.StatusOK)
}

// endpoint answers at /whip and /whep.
func (s *Server) endpoint(w http.ResponseWriter, r *http.Request, use auth.Use) {
	const allow = "GET, HEAD, OPTIONS, POST"
	share(w)
	switch r.Method {
	case http.MethodOptions:
		options(w, allow)
	case http.MethodGet, http.MethodHead:
		w.WriteHeader(http.StatusNoContent) // RFC 9725 §4.1: there is nothing to see
	case http.MethodPost:
		s.connect(w, r, use)
	default:
		w.Header().Set("Allow", allow)
		s.refuse(w, fail(codeMethod))
	}
}

// connect answers the POST that begins a session.
func (s *Server) connect(w http.ResponseWriter, r *http.Request, use auth.Use) {
	p, err := s.passOf(r, use)
	if err != nil {
		s.deny(w, r, p.Grant, err)
		return
	}
	if !s.deviceRate.take(p.ID, 1) {
		s.refuse(w, fail(codeDevices))
		return
	}
	if !accepts(r, typeSDP) {
		s.refuse(w, fail(codeAccept))
		return
	}
	b, err := typedBody(w, r, typeSDP, peer.MaxOffer)
	if err != nil {
		s.refuse(w, err)
		return
	}
	var d *device
	var answer string
	o, err := peer.Standard(string(b), use == auth.Play)
	if err == nil {
		d, answer, err = s.admit(r.Context(), p, o)
	}
	if err != nil {
		s.refuseAs(w, err, offerStatus)
		return
	}
	h := w.Header()
	h.Set("Content-Type", typeSDP)
	h.Set("Location", "/"+string(use)+"/"+d.id)
	h.Set("ETag", d.etag)
	h.Set("Accept-Patch", typeFragment)
	w.WriteHeader(http.StatusCreated)
	_, _ = io.WriteString(w, answer) // who has hung up will be missed
}

// offerStatus is the status for an offer: 422 for one that is understood and cannot be had as a whole (RFC 9725 §4.4.2 and §4.4.3), 400 for one
// that is not understood.
func offerStatus(code string) int {
	switch code {
	case "offer.sections", "offer.codec", "offer.direction", "offer.fingerprint":
		return http.StatusUnprocessableEntity
	}
	return status(code)
}

// deviceSession answers at a session's own address.
func (s *Server) deviceSession(w http.ResponseWriter, r *http.Request, use auth.Use) {
	const allow = "DELETE, GET, HEAD, OPTIONS, PATCH"
	share(w)
	if r.Method == http.MethodOptions {
		options(w, allow)
		return
	}
	p, err := s.passOf(r, use)
	if err != nil {
		s.deny(w, r, p.Grant, err)
		return
	}
	d := s.device(r.PathValue("session"), p)
	if d == nil {
		s.refuse(w, fail(codeDevice))
		return
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		w.WriteHeader(http.StatusNoContent)
	case http.MethodDelete:
		d.finish()
		w.WriteHeader(http.StatusOK)
	case http.MethodPatch:
		s.patch(w, r, d)
	default:
		w.Header().Set("Allow", allow)
		s.refuse(w, fail(codeMethod))
	}
}

// patch answers PATCH: trickle or an ICE restart.
func (s *Server) patch(w http.ResponseWriter, r *http.Request, d *device) {
	if !d.rate.take(struct{}{}, 1) {
		s.refuse(w, fail(codeDevices))
		return
	}
	b, err := typedBody(w, r, typeFragment, MaxFragment)
	if err != nil {
		s.refuse(w, err)
		return
	}
	f, ok := parseFragment(b)
	if !ok {
		s.refuse(w, fail(codeFragment))
		return
	}
	etag, body, err := d.patch(f, r.Header.Values("If-Match"))
	switch {
	case err != nil:
		s.refuse(w, err)
	case etag == "":
		w.WriteHeader(http.StatusNoContent)
	default:
		w.Header().Set("ETag", etag)
		w.Header().Set("Content-Type", typeFragment)
		w.WriteHeader(http.StatusOK)
		_, _ = io.WriteString(w, body)
	}
}

// passOf says what the bearer of a request may do, and refuses who may not use this door. Wrong tokens count like wrong codes; right ones are
// let in all the same: nobody guesses 256 bits, and behind one address there may be an encoder that goes on trying a token that has ended.
func (s *Server) passOf(r *http.Request, use auth.Use) (p auth.Pass, err error) {
	token, ok := bearerToken(r)
	if !ok {
		return p, fail(codeToken)
	}
	if p, err = s.book.Pass(r.Context(), token); err == nil && s.lapsed(p.Grant) {
		p, err = auth.Pass{}, auth.ErrPass
	}
	switch {
	case errors.Is(err, auth.ErrPass):
		err = s.try(r, func(context.Context) error { return auth.ErrPass })
	case err == nil && p.Use != use:
		err = fail(codeUse)
	}
	return p, err
}

// bearerToken is the token of a request (RFC 6750 §2.1); false if there is none, or more than one.
func bearerToken(r *http.Request) (auth.Secret, bool) {
	v := r.Header.Values("Authorization")
	if len(v) != 1 {
		return auth.Secret{}, false
	}
	scheme, token, _ := strings.Cut(v[0], " ")
	token = strings.TrimSpace(token)
	return auth.NewSecret(token), strings.EqualFold(scheme, "Bearer") && token != ""
}

// typedBody reads a body of one media type and at most limit bytes.
func typedBody(w http.ResponseWriter, r *http.Request, kind string, limit int64) ([]byte, error) {
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != kind {
		return nil, fail(codeType)
	}
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return nil, fail(codeLarge)
	}
	if err != nil {
		return nil, fail(codeCut)
	}
	return b, nil
}

// accepts says whether a request takes an answer of this type (RFC 9110 §12.5.1). Most clients say nothing or */*.
func accepts(r *http.Request, kind string) bool {
	v := strings.Join(r.Header.Values("Accept"), ",")
	if strings.TrimSpace(v) == "" {
		return true
	}
	group, _, _ := strings.Cut(kind, "/")
	for item := range strings.SplitSeq(v, ",") {
		t, par, err := mime.ParseMediaType(item)
		q, weighed := par["q"]
		if err == nil && (t == kind || t == group+"/*" || t == "*/*") && (!weighed || strings.Trim(q, "0.") != "") {
			return true
		}
	}
	return false
}

// matches says whether an If-Match names a tag, or any (RFC 9110 §13.1.1: strong comparison).
func matches(ifMatch []string, tag string) bool {
	for item := range strings.SplitSeq(strings.Join(ifMatch, ","), ",") {
		// The RFC's own example writes the star in quotes.
		if item = strings.TrimSpace(item); item == tag || item == "*" || item == `"*"` {
			return true
		}
	}
	return false
}

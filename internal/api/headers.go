package api

import (
	"net/http"
	"slices"
	"strings"

	"visavis/internal/auth"
)

const permissions = "camera=(self), microphone=(self), display-capture=(self), hid=(self), speaker-selection=(self), screen-wake-lock=(self), " +
	"fullscreen=(self), autoplay=(self), publickey-credentials-get=(self), geolocation=(), usb=(), serial=(), midi=(), payment=()"

// policy is the content security policy of the page on host. connect-src names the WebSocket too: older WebKit does not take it for 'self'.
func (s *Server) policy(host string) string {
	ws := "wss://" + host
	if s.insecure {
		ws = "ws://" + host
	}
	return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; font-src 'self'; media-src 'self' blob:; " +
		"connect-src 'self' " + ws + "; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; " +
		"require-trusted-types-for 'script'; trusted-types visavis"
}

// headers puts on every answer what browsers are to enforce; a handler may overwrite Cache-Control alone.
func (s *Server) headers(w http.ResponseWriter, host string) {
	h := w.Header()
	h.Set("Content-Security-Policy", s.policy(host))
	h.Set("Permissions-Policy", permissions)
	h.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Embedder-Policy", "require-corp")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Robots-Tag", "noindex")
}

// immutable overwrites Cache-Control for what never changes under its name.
func immutable(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
}

// guard stands before every route: security headers, the exact Host, and no writing from another site.
func (s *Server) guard(next http.Handler) http.Handler {
	cross := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		known := slices.Contains(s.hosts, r.Host)
		host := r.Host
		if !known {
			host = s.hosts[0] // nothing of a stranger's making goes into a header
		}
		s.headers(w, host)
		if s.ending() {
			s.refuse(w, fail(codeShutdown))
			return
		}
		// Without TLS nobody but this machine is answered.
		if s.insecure && !fromHere(r.RemoteAddr) || !known && r.URL.Path != "/healthz" { // whoever watches over the node asks by address
			s.refuse(w, fail(codeHost))
			return
		}
		// A door takes a bearer token alone, which no browser adds by itself: other sites' pages may use it.
		if err := cross.Check(r); (err != nil || !s.sameOrigin(r)) && !isDoor(r.URL.Path) {
			s.deny(w, r, auth.Grant{}, fail(codeOrigin))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// origin is our own origin as the request's Host names it, which guard has checked.
func (s *Server) origin(r *http.Request) string {
	if s.insecure {
		return "http://" + r.Host
	}
	return "https://" + r.Host
}

// sameOrigin looks closer than CrossOriginProtection, which ignores the scheme: where a write names its Origin it must be ours.
func (s *Server) sameOrigin(r *http.Request) bool {
	if r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions {
		return true
	}
	o := r.Header.Values("Origin")
	return len(o) == 0 || len(o) == 1 && o[0] == s.origin(r)
}

// ownPage says whether a WebSocket was asked for by a page of ours: exactly one Origin, and ours. http.CrossOriginProtection lets every
// GET pass, and a browser sends no preflight for a WebSocket.
func (s *Server) ownPage(r *http.Request) bool {
	o := r.Header.Values("Origin")
	return len(o) == 1 && o[0] == s.origin(r)
}

// cookieName has the prefix that binds the cookie to this host, HTTPS (or a browser's own localhost) and the whole path.
const cookieName = "__Host-visavis"

// cookieOf returns the session cookie, "" if there is none or more than one.
func cookieOf(r *http.Request) string {
	c := r.CookiesNamed(cookieName)
	if len(c) != 1 {
		return ""
	}
	return strings.Clone(c[0].Value)
}

func cookie(value string, maxAge int) *http.Cookie {
	return &http.Cookie{
		Name: cookieName, Value: value, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteStrictMode, MaxAge: maxAge,
	}
}

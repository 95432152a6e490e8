package api

import (
	"log/slog"
	"net/http"
	"net/netip"

	"visavis/internal/auth"
)

// cut is the network of a remote address, as far as a log may know it: /24 of IPv4, /48 of IPv6; "" of what is no address.
func cut(remote string) string {
	ap, err := netip.ParseAddrPort(remote)
	if err != nil {
		return ""
	}
	a := ap.Addr().Unmap().WithZone("")
	bits := 48
	if a.Is4() {
		bits = 24
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return ""
	}
	return p.String()
}

// refused writes the line about a refusal that has to do with who somebody is or what somebody may do: its code, ids, a cut address; no name, no
// text, no code of an invitation. A flood of them is counted and not written.
func (s *Server) refused(remote, code string, g auth.Grant) {
	if !s.securityRate.take(struct{}{}, 1) {
		s.counts.refuse("log.suppressed")
		return
	}
	s.log.Warn("refused", slog.String("code", code), slog.String("meeting", string(g.Meeting)), slog.String("person", string(g.Member)), slog.String("remote", cut(remote)))
}

// done writes the line about a use of power over people: what was done, to whom, by whom.
func (s *Server) done(r *http.Request, what string, by, to auth.Grant) {
	s.log.Info("security", slog.String("kind", what), slog.String("meeting", string(to.Meeting)), slog.String("person", string(to.Member)),
		slog.String("by", string(by.Member)), slog.String("remote", cut(r.RemoteAddr)))
}

// deny is refuse with a line in the log.
func (s *Server) deny(w http.ResponseWriter, r *http.Request, g auth.Grant, err error) {
	s.refused(r.RemoteAddr, s.word(err).Code, g)
	s.refuse(w, err)
}

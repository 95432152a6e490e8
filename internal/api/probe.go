package api

import (
	"net/http"
	"time"

	"visavis/internal/auth"
	"visavis/internal/peer"
	"visavis/internal/wire"
)

// probe is a short connection by which a page finds out, before it joins, whether UDP gets through.
type probe struct {
	media mediaSession
	timer *time.Timer
}

// probed answers POST /api/probe: the bearer of a code or cookie gets an answer to an offer of one section.
func (s *Server) probed(w http.ResponseWriter, r *http.Request) {
	b, err := body(w, r, wire.MaxOffer)
	if err != nil {
		s.refuse(w, err)
		return
	}
	q, err := wire.DecodeProbe(b)
	if err != nil {
		s.refuse(w, err)
		return
	}
	g, err := s.bearer(r, q.Code)
	if err != nil {
		s.refuse(w, err)
		return
	}
	if len(q.Offer.Names) != 1 || q.Offer.Names[0] != "probe" {
		s.refuse(w, fail("offer.sections"))
		return
	}
	answer, err := s.probe(g, q.Offer)
	if err != nil {
		s.refuse(w, err)
		return
	}
	s.reply(w, http.StatusOK, wire.ProbeReply{Answer: answer})
}

// bearer says who asks, by code where there is one, else by cookie.
func (s *Server) bearer(r *http.Request, code string) (auth.Grant, error) {
	if code == "" {
		session, err := s.session(r)
		if err == nil && session.Account {
			return auth.Grant{}, fail(codeAccount)
		}
		if err == nil {
			var reason string
			if reason, err = s.mustWait(r.Context(), session); err == nil && reason != "" {
				err = fail(codeWaiting)
			}
		}
		return session.Grant, err
	}
	return s.granted(r, auth.NewSecret(code))
}

func (s *Server) probe(g auth.Grant, o wire.Offer) (string, error) {
	if !s.probeRate.take(g, 1) {
		return "", fail(codeProbes)
	}
	s.mu.Lock()
	full := len(s.probes) >= MaxProbes && s.probes[g] == nil
	s.mu.Unlock()
	if full {
		return "", fail(codeProbes)
	}
	m, answer, err := s.open(peer.Offer{SDP: o.SDP, Names: o.Names}, peer.Events{})
	if err != nil {
		return "", err
	}
	p := &probe{media: m}
	s.mu.Lock()
	old := s.probes[g]
	refused := s.closed || old == nil && len(s.probes) >= MaxProbes
	if !refused {
		s.probes[g] = p
		p.timer = time.AfterFunc(ProbeTime, func() { s.endProbe(g, p) })
	}
	s.mu.Unlock()
	if refused {
		s.closeMedia(m)
		return "", fail(codeProbes)
	}
	if old != nil {
		old.timer.Stop()
		s.closeMedia(old.media)
	}
	return answer, nil
}

func (s *Server) endProbe(g auth.Grant, p *probe) {
	s.mu.Lock()
	mine := s.probes[g] == p
	if mine {
		delete(s.probes, g)
	}
	s.mu.Unlock()
	if mine {
		s.closeMedia(p.media)
	}
}

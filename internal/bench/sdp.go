package bench

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"
)

// Payload types of the offer; an answer uses the same (RFC 3264 §6.1).
const (
	opusPT = 111
	vp8PT  = 96
)

// Header extensions of the offer.
const (
	extMID   = 1
	extLevel = 2
	extTWCC  = 3
	uriMID   = "urn:ietf:params:rtp-hdrext:sdes:mid"                                       // RFC 9143 §15
	uriLevel = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"                               // RFC 6464
	uriTWCC  = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01" // transport-wide sequence number
)

// offerOf is what an offer says of one session.
type offerOf struct {
	frag, pwd, fingerprint string
	local                  netip.AddrPort
	sends                  bool
	ssrc                   [kinds]uint32 // of what is sent
}

// String writes the offer (RFC 8829 §5.2): one section of sound, one of pictures, bundled, with the one address inside.
func (o offerOf) String() string {
	family := "IP4"
	if o.local.Addr().Is6() {
		family = "IP6"
	}
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\r\n", args...) }
	line("v=0")
	line("o=- 1 1 IN %s %s", family, o.local.Addr())
	line("s=-")
	line("t=0 0")
	line("a=group:BUNDLE 0 1")
	line("a=msid-semantic: WMS *")
	for k, s := range [kinds]struct {
		pt   int
		name string
	}{{opusPT, "opus/48000/2"}, {vp8PT, "VP8/90000"}} {
		line("m=%s %d UDP/TLS/RTP/SAVPF %d", kind(k), o.local.Port(), s.pt)
		line("c=IN %s %s", family, o.local.Addr())
		line("a=rtcp-mux")
		line("a=rtcp-rsize")
		line("a=ice-ufrag:%s", o.frag)
		line("a=ice-pwd:%s", o.pwd)
		line("a=fingerprint:sha-256 %s", o.fingerprint)
		line("a=setup:actpass")
		line("a=mid:%d", k)
		line("a=extmap:%d %s", extMID, uriMID)
		if kind(k) == audio {
			line("a=extmap:%d %s", extLevel, uriLevel)
		}
		line("a=extmap:%d %s", extTWCC, uriTWCC)
		line("a=rtpmap:%d %s", s.pt, s.name)
		if kind(k) == audio {
			line("a=fmtp:%d minptime=10;useinbandfec=1", s.pt)
		} else {
			line("a=rtcp-fb:%d nack", s.pt)
			line("a=rtcp-fb:%d nack pli", s.pt)
			line("a=rtcp-fb:%d ccm fir", s.pt)
		}
		line("a=rtcp-fb:%d transport-cc", s.pt)
		if o.sends {
			line("a=sendonly")
			line("a=msid:bench %s", kind(k))
			line("a=ssrc:%d cname:bench", o.ssrc[k])
			line("a=ssrc:%d msid:bench %s", o.ssrc[k], kind(k))
		} else {
			line("a=recvonly")
		}
		line("a=candidate:1 1 udp 2130706431 %s %d typ host", o.local.Addr(), o.local.Port())
		line("a=end-of-candidates")
	}
	return b.String()
}

// answer is what a server's answer says.
type answer struct {
	frag, pwd   string
	fingerprint string // SHA-256, upper case
	active      bool   // the server begins DTLS
	candidates  []netip.AddrPort
	section     [kinds]section
}

// section is one accepted section; the zero value is a refused one.
type section struct {
	on               bool
	mid, level, twcc uint8 // header extensions agreed on, 0 for none
	nack, feedback   bool  // generic NACK, transport-wide feedback
}

var errAnswer = errors.New("answer not understood")

// parseAnswer reads an answer of at most MaxAnswer bytes.
func parseAnswer(text string) (*answer, error) {
	if len(text) > MaxAnswer {
		return nil, fmt.Errorf("%w: longer than %d bytes", errAnswer, MaxAnswer)
	}
	var d sdp.SessionDescription
	if err := d.UnmarshalString(text); err != nil {
		return nil, fmt.Errorf("%w: %w", errAnswer, err)
	}
	a := &answer{}
	var print, setup string
	for _, w := range []struct {
		key string
		to  *string
	}{{"ice-ufrag", &a.frag}, {"ice-pwd", &a.pwd}, {"fingerprint", &print}, {"setup", &setup}} {
		if *w.to = attribute(&d, w.key); *w.to == "" {
			return nil, fmt.Errorf("%w: no %s", errAnswer, w.key)
		}
	}
	algorithm, hash, _ := strings.Cut(print, " ")
	if !strings.EqualFold(algorithm, "sha-256") {
		return nil, fmt.Errorf("%w: fingerprint of %s", errAnswer, algorithm)
	}
	a.fingerprint = strings.ToUpper(strings.TrimSpace(hash))
	a.active = setup == "active"
	for _, c := range candidates(&d) {
		if len(a.candidates) < MaxCandidates && !slices.Contains(a.candidates, c) {
			a.candidates = append(a.candidates, c)
		}
	}
	if len(a.candidates) == 0 {
		return nil, fmt.Errorf("%w: no address (this tool does not trickle)", errAnswer)
	}
	for _, m := range d.MediaDescriptions {
		a.take(m)
	}
	if !a.section[audio].on && !a.section[video].on {
		return nil, fmt.Errorf("%w: neither sound nor pictures", errAnswer)
	}
	return a, nil
}

// attribute finds an attribute of the session or of the first section that has it.
func attribute(d *sdp.SessionDescription, key string) string {
	if v, ok := d.Attribute(key); ok {
		return v
	}
	for _, m := range d.MediaDescriptions {
		if v, ok := m.Attribute(key); ok {
			return v
		}
	}
	return ""
}

// candidates returns the UDP addresses in an answer (RFC 8839 §5.1), whichever section they are in.
//
//	candidate:foundation component transport priority address port typ type …
func candidates(d *sdp.SessionDescription) []netip.AddrPort {
	attributes := d.Attributes
	for _, m := range d.MediaDescriptions {
		attributes = append(attributes, m.Attributes...)
	}
	var out []netip.AddrPort
	for _, at := range attributes {
		f := strings.Fields(at.Value)
		if at.Key != "candidate" || len(f) < 8 || f[1] != "1" || !strings.EqualFold(f[2], "udp") {
			continue
		}
		ip, err1 := netip.ParseAddr(f[4])
		port, err2 := strconv.ParseUint(f[5], 10, 16)
		if err1 == nil && err2 == nil && port > 0 {
			out = append(out, netip.AddrPortFrom(ip.Unmap(), uint16(port)))
		}
	}
	return out
}

func (a *answer) take(m *sdp.MediaDescription) {
	k := audio
	switch m.MediaName.Media {
	case "audio":
	case "video":
		k = video
	default:
		return
	}
	_, inactive := m.Attribute("inactive")
	if m.MediaName.Port.Value == 0 || inactive {
		return
	}
	s := &a.section[k]
	s.on = true
	for _, at := range m.Attributes {
		switch at.Key {
		case "extmap":
			id, uri, _ := strings.Cut(at.Value, " ")
			id, _, _ = strings.Cut(id, "/")
			n, err := strconv.ParseUint(id, 10, 8)
			if err != nil || n == 0 || n > 14 {
				continue
			}
			switch strings.TrimSpace(uri) {
			case uriMID:
				s.mid = uint8(n)
			case uriLevel:
				s.level = uint8(n)
			case uriTWCC:
				s.twcc = uint8(n)
			}
		case "rtcp-fb":
			_, what, _ := strings.Cut(at.Value, " ")
			s.nack = s.nack || what == "nack"
			s.feedback = s.feedback || what == "transport-cc"
		}
	}
}

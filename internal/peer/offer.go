package peer

import (
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"

	"visavis/internal/media"
)

// Error is a refused offer. Code is stable, listed in docs/protocol.md: offer.large, offer.malformed, offer.sections,
// offer.fingerprint, offer.codec, offer.full.
type Error struct{ Code string }

// Error implements error.
func (e *Error) Error() string { return "offer refused: " + e.Code }

func refused(code string) error { return &Error{Code: code} }

// Offer is what a page sends: its SDP and the name of each media section, in order. Standard makes one of an offer without names.
type Offer struct {
	SDP   string
	Names []string
	Play  bool // sections that could do both receive only: a player's

	standard bool // made by Standard
}

// Header extensions that we answer; everything else in an offer is refused by silence.
const (
	uriMID   = "urn:ietf:params:rtp-hdrext:sdes:mid"                                       // RFC 9143 §15
	uriRID   = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"                             // RFC 8852 §3.1
	uriRRID  = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"                    // RFC 8852 §3.2
	uriTWCC  = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01" // transport-wide sequence number
	uriLevel = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"                               // RFC 6464
)

// extensions are the identifiers that an offer gave to the header extensions, 0 for none.
type extensions struct{ mid, rid, rrid, twcc, level uint8 }

func (x *extensions) of(uri string) *uint8 {
	switch uri {
	case uriMID:
		return &x.mid
	case uriRID:
		return &x.rid
	case uriRRID:
		return &x.rrid
	case uriTWCC:
		return &x.twcc
	case uriLevel:
		return &x.level
	}
	return nil
}

// section is one media section of an offer, as far as we look at it.
type section struct {
	name      string
	kind      media.Kind
	dir       direction
	off       bool // rejected by its port: a stopped transceiver (RFC 8829 §5.2.2)
	mid       string
	pt, rtxPT uint8 // rtxPT is 0 for none
	offered   extensions
	ssrc, rtx uint32   // declared, 0 for none
	rids      []string // of simulcast, best first; at least two or none
}

// offer is what we take from an Offer.
type offer struct {
	frag, pwd   string
	fingerprint string // SHA-256, upper-case hex with colons
	standard    bool   // of a client that keeps to RFC 9725
	mixed       bool   // one- and two-byte header extensions in one stream (RFC 8285 §4.1.2)
	sections    []section
	ext         extensions
}

// parseOffer reads an offer. Its candidates are not looked at: an address is used only once a check proved it. Errors are *Error.
func parseOffer(o Offer) (*offer, error) {
	if len(o.SDP) > MaxOffer {
		return nil, refused("offer.large")
	}
	if n := strings.Count(o.SDP, "\nm="); n == 0 || n > MaxSections || n != len(o.Names) {
		return nil, refused("offer.sections")
	}
	var d sdp.SessionDescription
	if d.UnmarshalString(o.SDP) != nil || len(d.MediaDescriptions) != len(o.Names) {
		return nil, refused("offer.malformed")
	}
	out := &offer{sections: make([]section, len(o.Names)), standard: o.standard}
	_, out.mixed = d.Attribute("extmap-allow-mixed")
	if err := out.transport(&d); err != nil {
		return nil, err
	}
	for i, m := range d.MediaDescriptions {
		if err := out.sections[i].parse(m, o.Names[i], o.Play); err != nil {
			return nil, err
		}
	}
	if !out.coherent(&d) {
		return nil, refused("offer.malformed")
	}
	return out, nil
}

// transport reads what all sections share, from the session or from the sections, where all that have it must agree: everything is
// bundled (RFC 9143). A standard client may still offer a transport for each section: the bundle has the first one's (RFC 9143 §7.2).
func (o *offer) transport(d *sdp.SessionDescription) error {
	var print, setup string
	sections := d.MediaDescriptions
	if o.standard {
		sections = sections[:1]
	}
	for _, want := range []struct {
		key string
		to  *string
	}{{"ice-ufrag", &o.frag}, {"ice-pwd", &o.pwd}, {"fingerprint", &print}, {"setup", &setup}} {
		if !shared(d, sections, want.key, want.to) {
			return refused("offer.malformed")
		}
	}
	// RFC 8839 §5.4: at least 4 and 22 ice-chars.
	if !iceChars(o.frag, 4, 256) || !iceChars(o.pwd, 22, 256) || setup != "actpass" && setup != "active" {
		return refused("offer.malformed")
	}
	algorithm, hash, _ := strings.Cut(print, " ")
	hash = strings.ToUpper(strings.TrimSpace(hash))
	if !strings.EqualFold(algorithm, "sha-256") || !fingerprintShape(hash) {
		return refused("offer.fingerprint")
	}
	o.fingerprint = hash
	return nil
}

// shared finds the one value of an attribute; false if sections differ.
func shared(d *sdp.SessionDescription, sections []*sdp.MediaDescription, key string, to *string) bool {
	v, ok := d.Attribute(key)
	for _, m := range sections {
		switch w, has := m.Attribute(key); {
		case !has:
		case !ok:
			v, ok = w, true
		case w != v:
			return false
		}
	}
	*to = v
	return true
}

func (s *section) parse(m *sdp.MediaDescription, name string, play bool) error {
	switch s.name = name; m.MediaName.Media {
	case "audio":
		s.kind = media.Audio
	case "video":
		s.kind = media.Video
	default:
		return refused("offer.malformed")
	}
	if strings.Join(m.MediaName.Protos, "/") != "UDP/TLS/RTP/SAVPF" {
		return refused("offer.malformed")
	}
	_, bundleOnly := m.Attribute("bundle-only") // RFC 9143 §6: then the port is 0 and means nothing
	s.off = m.MediaName.Port.Value == 0 && !bundleOnly
	s.mid, _ = m.Attribute("mid")
	if !token(s.mid) {
		return refused("offer.malformed")
	}
	s.dir = directionOf(m, play)
	if !validName(name, s.kind, s.dir) {
		return refused("offer.sections")
	}
	_, mux := m.Attribute("rtcp-mux")
	if s.off {
		return nil
	}
	if !mux || !s.extensions(m) || !s.simulcast(m) {
		return refused("offer.malformed")
	}
	if !s.codec(m) {
		return refused("offer.codec")
	}
	s.declared(m)
	return nil
}

// directionOf is what a section does, or what it shall do if it could do both: receive for a player, else send.
func directionOf(m *sdp.MediaDescription, play bool) direction {
	both := sends
	if play {
		both = receives
	}
	for _, a := range m.Attributes {
		switch a.Key {
		case "sendonly":
			return sends
		case "sendrecv":
			return both
		case "recvonly":
			return receives
		case "inactive":
			return inactive
		}
	}
	return both // RFC 8866 §6.7: the default is sendrecv
}

// extensions reads the identifiers of what we know; false if one is malformed or given twice.
func (s *section) extensions(m *sdp.MediaDescription) bool {
	for _, a := range m.Attributes {
		if a.Key != "extmap" {
			continue
		}
		id, uri, _ := strings.Cut(a.Value, " ")
		id, _, _ = strings.Cut(id, "/") // Firefox: 9/sendonly
		uri, _, _ = strings.Cut(uri, " ")
		slot := s.offered.of(uri)
		if slot == nil {
			continue
		}
		n, err := strconv.ParseUint(id, 10, 8)
		if err != nil || n == 0 || n == 15 || *slot != 0 {
			return false
		}
		*slot = uint8(n)
	}
	return true
}

// codec finds Opus or VP8 and the RTX that belongs to it.
func (s *section) codec(m *sdp.MediaDescription) bool {
	want := "opus/48000/2"
	if s.kind == media.Video {
		want = "VP8/90000"
	}
	pt, types := "", map[string]string{}
	for _, a := range m.Attributes {
		if a.Key != "rtpmap" {
			continue
		}
		id, name, _ := strings.Cut(a.Value, " ")
		types[id] = name
		if pt == "" && strings.EqualFold(name, want) {
			pt = id
		}
	}
	if s.pt = payloadType(pt); s.pt == 0 {
		return false
	}
	if s.kind == media.Audio {
		return true
	}
	for _, a := range m.Attributes {
		if a.Key != "fmtp" {
			continue
		}
		id, v, _ := strings.Cut(a.Value, " ")
		if strings.EqualFold(types[id], "rtx/90000") && strings.TrimSpace(v) == "apt="+pt {
			s.rtxPT = payloadType(id)
			break
		}
	}
	return s.rtxPT != s.pt
}

// payloadType is 0 for what is not one that we accept: dynamic, and apart from RTCP's types (RFC 5761 §4).
func payloadType(s string) uint8 {
	n, err := strconv.ParseUint(s, 10, 8)
	if err != nil || n < 35 || n >= 64 && n < 96 || n > 127 {
		return 0
	}
	return uint8(n)
}

// declared reads the SSRCs of a track that the browser sends: the first flow identification group, else the first SSRC.
func (s *section) declared(m *sdp.MediaDescription) {
	if s.dir != sends || len(s.rids) > 0 {
		return
	}
	for _, a := range m.Attributes {
		f := strings.Fields(a.Value)
		switch {
		case a.Key == "ssrc-group" && len(f) == 3 && f[0] == "FID":
			s.ssrc, s.rtx = ssrcOf(f[1]), ssrcOf(f[2])
			return
		case a.Key == "ssrc" && len(f) > 0 && s.ssrc == 0:
			s.ssrc = ssrcOf(f[0])
		}
	}
}

func ssrcOf(s string) uint32 {
	n, _ := strconv.ParseUint(s, 10, 32)
	return uint32(n)
}

// coherent checks what holds between sections: one bundle, one identifier for an extension, no name, mid or payload type twice
// with two meanings.
func (o *offer) coherent(d *sdp.SessionDescription) bool {
	bundle := map[string]bool{}
	for _, a := range d.Attributes {
		if v, ok := strings.CutPrefix(a.Value, "BUNDLE"); a.Key == "group" && ok {
			for _, mid := range strings.Fields(v) {
				bundle[mid] = true
			}
		}
	}
	names, mids := map[string]bool{}, map[string]bool{}
	pts := map[uint8]string{}
	for i := range o.sections {
		s := &o.sections[i]
		if names[s.name] || mids[s.mid] || !s.off && !bundle[s.mid] || !o.adopt(s.offered) {
			return false
		}
		names[s.name], mids[s.mid] = true, true
		for pt, use := range map[uint8]string{s.pt: "media" + strconv.Itoa(int(s.kind)), s.rtxPT: "rtx"} {
			if u, ok := pts[pt]; pt != 0 && ok && u != use {
				return false
			}
			pts[pt] = use
		}
	}
	return o.distinct()
}

// adopt takes the identifiers of a section into the offer's; false if they differ.
func (o *offer) adopt(x extensions) bool {
	for _, uri := range [...]string{uriMID, uriRID, uriRRID, uriTWCC, uriLevel} {
		mine, its := o.ext.of(uri), x.of(uri)
		if *its == 0 {
			continue
		}
		if *mine != 0 && *mine != *its {
			return false
		}
		*mine = *its
	}
	return true
}

// distinct says whether no two extensions have one identifier.
func (o *offer) distinct() bool {
	var seen [256]bool
	for _, id := range [...]uint8{o.ext.mid, o.ext.rid, o.ext.rrid, o.ext.twcc, o.ext.level} {
		if id != 0 && seen[id] {
			return false
		}
		seen[id] = true
	}
	return true
}

// follows says whether o can replace an earlier offer of the same session: the same browser, the same sections with the same
// numbers, and perhaps more of them. A resend is byte for byte what was first sent only while these do not change: what o leaves out of
// the header extensions it takes over.
func (o *offer) follows(before *offer) bool {
	if o.fingerprint != before.fingerprint || len(o.sections) < len(before.sections) {
		return false
	}
	for i := range before.sections {
		a, b := &before.sections[i], &o.sections[i]
		if a.name != b.name || a.mid != b.mid || a.kind != b.kind {
			return false
		}
		if !b.off && !a.off && (a.pt != b.pt || a.rtxPT != b.rtxPT) {
			return false
		}
		if a.dir == sends && b.dir == receives || a.dir == receives && b.dir == sends {
			return false
		}
	}
	merged := offer{ext: before.ext}
	if !merged.adopt(o.ext) || !merged.distinct() || before.ext.mid == 0 && o.ext.mid != 0 {
		return false
	}
	o.ext = merged.ext
	return true
}

// token accepts what an SDP token of at most 16 signs is here: it comes back in the answer and in every packet.
func token(s string) bool {
	if s == "" || len(s) > 16 {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !letter(c) && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return true
}

func iceChars(s string, least, most int) bool {
	if len(s) < least || len(s) > most {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !letter(c) && c != '+' && c != '/' {
			return false
		}
	}
	return true
}

func letter(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// fingerprintShape accepts 32 upper-case hexadecimal bytes with colons between (RFC 8122 §5).
func fingerprintShape(s string) bool {
	if len(s) != 32*3-1 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if i%3 == 2 {
			if c != ':' {
				return false
			}
		} else if !(c >= '0' && c <= '9' || c >= 'A' && c <= 'F') {
			return false
		}
	}
	return true
}

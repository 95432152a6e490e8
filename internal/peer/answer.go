package peer

import (
	"fmt"
	"net/netip"
	"strings"

	"visavis/internal/media"
)

// opusFormat asks the browser for 96 kbit/s constant, mono, no discontinuous transmission (RFC 7587 §6.1): below 76 kbit/s Opus
// loses the band above 4 kHz, and a constant rate tells an eavesdropper nothing. Redundancy is by resends, not in band.
const opusFormat = "minptime=10;maxaveragebitrate=96000;cbr=1;stereo=0;useinbandfec=0;usedtx=0"

// canonicalName is the CNAME of everything we send (RFC 3550 §6.5.1). It is the same for all: what is played in step is told by msid.
const canonicalName = "v"

// answer is what writeAnswer needs besides the offer.
type answer struct {
	id          uint64
	version     uint64
	frag, pwd   string
	fingerprint string
	candidates  []netip.AddrPort
	slots       map[string]*media.Forwarder
}

// writeAnswer answers an offer section by section (RFC 8829 §5.3.1). One candidate list, in the first section that is used,
// serves the bundle.
func writeAnswer(o *offer, a answer) string {
	var b strings.Builder
	line := func(f string, v ...any) { fmt.Fprintf(&b, f+"\r\n", v...) }
	var mids strings.Builder
	for i := range o.sections {
		if !o.sections[i].off {
			mids.WriteString(" " + o.sections[i].mid)
		}
	}
	line("v=0\r\no=- %d %d IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE%s", a.id, a.version, mids.String())
	if o.mixed {
		line("a=extmap-allow-mixed")
	}
	line("a=ice-ufrag:%s\r\na=ice-pwd:%s\r\na=fingerprint:sha-256 %s", a.frag, a.pwd, a.fingerprint)
	candidates := a.candidates
	for i := range o.sections {
		s := &o.sections[i]
		kind := "audio"
		if s.kind == media.Video {
			kind = "video"
		}
		if s.off {
			line("m=%s 0 UDP/TLS/RTP/SAVPF 0\r\nc=IN IP4 0.0.0.0\r\na=mid:%s\r\na=inactive", kind, s.mid)
			continue
		}
		// The role stands in each section: pion/webrtc looks for it nowhere else.
		line("m=%s 9 UDP/TLS/RTP/SAVPF %s\r\nc=IN IP4 0.0.0.0\r\na=mid:%s\r\na=setup:passive\r\na=rtcp-mux\r\na=rtcp-rsize", kind, s.types(), s.mid)
		if o.standard {
			line("a=rtcp-mux-only") // RFC 9725 §4.4.1
		}
		for j, c := range candidates {
			// RFC 8445 §5.1.2.1: type preference 126 for host, earlier ones in the settings first.
			line("a=candidate:%d 1 udp %d %s %d typ host", j+1, 126<<24|(65535-j)<<8|255, c.Addr(), c.Port())
		}
		if candidates != nil {
			line("a=end-of-candidates")
			candidates = nil
		}
		s.writeFormat(line)
		s.writeDirection(line, a.slots[s.name])
	}
	return b.String()
}

func (s *section) types() string {
	if s.rtxPT != 0 {
		return fmt.Sprintf("%d %d", s.pt, s.rtxPT)
	}
	return fmt.Sprint(s.pt)
}

// writeFormat writes header extensions, codec and feedback. Sound is answered without transport-wide numbers and send times:
// nothing in its packets may vary, because a resend without RTX must be byte for byte the first packet (one nonce, one content).
func (s *section) writeFormat(line func(string, ...any)) {
	extension := func(id uint8, uri string) {
		if id != 0 {
			line("a=extmap:%d %s", id, uri)
		}
	}
	extension(s.offered.mid, uriMID)
	if s.kind == media.Audio {
		if s.dir == sends {
			extension(s.offered.level, uriLevel)
		}
		line("a=rtpmap:%d opus/48000/2\r\na=fmtp:%d %s\r\na=rtcp-fb:%d nack", s.pt, s.pt, opusFormat, s.pt)
		return
	}
	if s.dir == sends {
		extension(s.offered.rid, uriRID)
		extension(s.offered.rrid, uriRRID)
	}
	if s.dir == sends || s.numbered() {
		extension(s.offered.twcc, uriTWCC)
	}
	line("a=rtpmap:%d VP8/90000\r\na=rtcp-fb:%d nack\r\na=rtcp-fb:%d nack pli\r\na=rtcp-fb:%d ccm fir", s.pt, s.pt, s.pt, s.pt)
	if s.offered.twcc != 0 && (s.dir == sends || s.numbered()) {
		line("a=rtcp-fb:%d transport-cc", s.pt)
	}
	if s.rtxPT != 0 {
		line("a=rtpmap:%d rtx/90000\r\na=fmtp:%d apt=%d", s.rtxPT, s.rtxPT, s.pt)
	}
}

// numbered says whether the slot's packets have transport-wide numbers: pictures with RTX. What is sent again byte for byte cannot.
func (s *section) numbered() bool {
	return s.dir == receives && s.kind == media.Video && s.rtxPT != 0 && s.offered.twcc != 0
}

// writeDirection writes the direction and, for a slot, its SSRCs. Chrome would do with the MID in each packet; Firefox cannot use
// RTX without the group.
func (s *section) writeDirection(line func(string, ...any), slot *media.Forwarder) {
	switch {
	case s.dir == sends:
		line("a=recvonly")
		s.writeSimulcast(line)
	case s.dir == receives && slot != nil:
		line("a=sendonly\r\na=msid:%s %s", syncGroup(s.name), s.name)
		if rtx := slot.RTXSSRC(); rtx != 0 {
			line("a=ssrc-group:FID %d %d\r\na=ssrc:%d cname:%s\r\na=ssrc:%d cname:%s", slot.SSRC(), rtx, slot.SSRC(), canonicalName, rtx, canonicalName)
		} else {
			line("a=ssrc:%d cname:%s", slot.SSRC(), canonicalName)
		}
	default:
		line("a=inactive")
	}
}

package api

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"visavis/internal/auth"
	"visavis/internal/peer"
)

// answered is what a fake media session answers to an ICE restart.
const answered = "v=0\r\no=- 1 2 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\na=ice-ufrag:newu\r\na=ice-pwd:newpasswordnewpassword12\r\n" +
	"m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=candidate:1 1 udp 2130706431 192.0.2.1 4433 typ host\r\na=end-of-candidates\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\n"

const restartBody = "a=ice-options:trickle\r\na=group:BUNDLE 0 1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=ice-ufrag:ysXw\r\na=ice-pwd:vw5LmwG4y/e6dPP/zAP9Gp5k\r\n" +
	"a=candidate:1387637174 1 udp 2122260223 192.0.2.9 61764 typ host generation 0 ufrag ysXw\r\n"

// must is one demand that a standard makes of a server. It runs for WHIP and, where the draft says the same, for WHEP.
type must struct {
	section, name string
	check         func(t *testing.T, m *mustRig)
}

// mustRig is a session that was begun, and what is needed to talk to it.
type mustRig struct {
	*rig
	use         auth.Use
	door, token string
	path, tag   string // of the 201
	created     answer
}

func (m *mustRig) want(what string, a answer, status int) {
	m.t.Helper()
	if a.status != status {
		m.t.Errorf("%s = %d %s, want %d", what, a.status, a.body, status)
	}
}

func (m *mustRig) patch(tag, body string) answer {
	m.t.Helper()
	if tag == "" {
		return m.call("PATCH", m.path, m.token, typeFragment, body)
	}
	return m.call("PATCH", m.path, m.token, typeFragment, body, with("If-Match", tag))
}

// musts are the sections of RFC 9725; the WHEP draft has the same ones under the same names. They were gone through against the whole text of
// draft-ietf-wish-whip-16 (21 August 2024), which the RFC (March 2025) names as what it was made from; of the RFC's own text no more than its head was
// at hand. What is said of the SDP answer itself (recvonly, BUNDLE, msid, simulcast by RFC 8853 §5.3.2) is shown by package peer, 422 for a server that
// knows only one of trickle and restart is not for us, and extensions (Link) we have none.
func musts() []must {
	return slices.Concat(setupMusts(), iceMusts(), restartMusts(), otherMusts())
}

func setupMusts() []must {
	return []must{
		{"4.1", "GET is answered 2xx without content", func(_ *testing.T, m *mustRig) {
			for _, path := range []string{m.door, m.path} {
				a := m.call("GET", path, m.token, "", "")
				m.want("GET "+path, a, http.StatusNoContent)
				if a.body != "" {
					m.t.Errorf("GET %s has a body", path)
				}
			}
			m.want("HEAD", m.call("HEAD", m.door, "", "", ""), http.StatusNoContent)
		}},
		{"4.2", "201 with application/sdp, the answer and a Location", func(t *testing.T, m *mustRig) {
			if m.created.header.Get("Content-Type") != typeSDP || m.created.body != "answer" {
				t.Errorf("201 of type %q, body %q", m.created.header.Get("Content-Type"), m.created.body)
			}
			if !strings.HasPrefix(m.path, m.door+"/") {
				t.Errorf("Location %q", m.path)
			}
		}},
		{"4.2", "another content type is refused 4xx", func(_ *testing.T, m *mustRig) {
			for _, kind := range []string{"", "text/plain", "application/json", "application/sdp-not"} {
				m.want("POST of "+kind, m.call("POST", m.door, m.token, kind, m.offerOf(m.use)), http.StatusUnsupportedMediaType)
			}
			m.want("control", m.call("POST", m.door, m.token, "Application/SDP; charset=utf-8", m.offerOf(m.use)), http.StatusCreated)
		}},
		{"4.2", "a malformed offer is refused 4xx", func(_ *testing.T, m *mustRig) {
			for _, sdp := range []string{"", "v=0", "hello\r\n", strings.Replace(m.offerOf(m.use), "m=audio", "m=audio x", 1)} {
				m.want("POST", m.call("POST", m.door, m.token, typeSDP, sdp), http.StatusBadRequest)
			}
		}},
		{"4.2", "inactive, and the direction of the other door, are refused", func(_ *testing.T, m *mustRig) {
			own, other := "a=sendonly", "a=recvonly"
			if m.use == auth.Play {
				own, other = other, own
			}
			for _, d := range []string{"a=inactive", other} {
				m.want(d, m.call("POST", m.door, m.token, typeSDP, strings.ReplaceAll(m.offerOf(m.use), own, d)), http.StatusUnprocessableEntity)
			}
			m.want("sendrecv", m.call("POST", m.door, m.token, typeSDP, strings.ReplaceAll(m.offerOf(m.use), own, "a=sendrecv")), http.StatusCreated)
		}},
		{"4.2", "DELETE ends the session and frees it", func(t *testing.T, m *mustRig) {
			m.want("DELETE", m.call("DELETE", m.path, m.token, "", ""), http.StatusOK)
			time.Sleep(time.Second) // virtual
			if n := m.peers.live(); n != 0 {
				t.Errorf("%d media sessions live on", n)
			}
			if feeds, taps := m.room.devices(); feeds+taps != 0 {
				t.Error("the room still has the device")
			}
			m.want("DELETE again", m.call("DELETE", m.path, m.token, "", ""), http.StatusNotFound)
			m.want("PATCH after", m.patch(m.tag, "a=end-of-candidates\r\n"), http.StatusNotFound)
		}},
		{"4.2", "OPTIONS for CORS, 200 with Accept-Post", func(t *testing.T, m *mustRig) {
			for _, path := range []string{m.door, m.path} {
				a := m.call("OPTIONS", path, "", "", "", with("Origin", "https://studio.example"), with("Access-Control-Request-Method", "POST"),
					with("Access-Control-Request-Headers", "authorization,content-type,if-match"), with("Sec-Fetch-Site", "cross-site"))
				m.want("OPTIONS", a, http.StatusOK)
				if a.header.Get("Accept-Post") != typeSDP || a.header.Get("Access-Control-Allow-Origin") != "*" || a.header.Get("Access-Control-Allow-Credentials") != "" {
					t.Errorf("OPTIONS %s: %v", path, a.header)
				}
				for _, h := range []string{"Authorization", "Content-Type", "If-Match"} {
					if !strings.Contains(a.header.Get("Access-Control-Allow-Headers"), h) {
						t.Errorf("OPTIONS %s does not allow %s", path, h)
					}
				}
			}
			for _, method := range []string{"POST", "PATCH", "DELETE"} { // a page of another site
				a := m.call(method, m.path, m.token, typeSDP, "x", with("Origin", "https://studio.example"), with("Sec-Fetch-Site", "cross-site"))
				if a.status == http.StatusForbidden || a.header.Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(a.header.Get("Access-Control-Expose-Headers"), "Location") {
					t.Errorf("%s from another site = %d %v", method, a.status, a.header)
				}
			}
		}},
	}
}

// strong says whether a value is a strong entity-tag (RFC 9110 §8.8.3).
func strong(tag string) bool { return regexp.MustCompile(`^"[!#-~]+"$`).MatchString(tag) }

func iceMusts() []must {
	return []must{
		{"4.3.1", "the 201 has a strong ETag, unique to the ICE session", func(t *testing.T, m *mustRig) {
			_, other := m.begin(m.use, m.token)
			if !strong(m.tag) || other == m.tag {
				t.Errorf("ETags %s and %s", m.tag, other)
			}
		}},
		{"4.3.1", "PATCH of another type or malformed is refused 4xx", func(_ *testing.T, m *mustRig) {
			m.want("PATCH of SDP", m.call("PATCH", m.path, m.token, typeSDP, restartBody, with("If-Match", "*")), http.StatusUnsupportedMediaType)
			for _, body := range []string{"", "hello", "a=ice-ufrag:abcd\r\n", "a=ice-ufrag:a b\r\na=ice-pwd:x\r\n", "a=candidate:1\r\n", "m=x\r\n"} {
				m.want("PATCH of "+body, m.patch("*", body), http.StatusBadRequest)
			}
		}},
		{"4.3.1", "no If-Match is 428, another tag is 412", func(_ *testing.T, m *mustRig) {
			for _, body := range []string{"a=end-of-candidates\r\n", restartBody} {
				m.want("PATCH without If-Match", m.patch("", body), http.StatusPreconditionRequired)
				m.want("PATCH with another tag", m.patch(`"other"`, body), http.StatusPreconditionFailed)
				m.want("PATCH with a weak tag", m.patch("W/"+m.tag, body), http.StatusPreconditionFailed)
			}
			m.want("control", m.patch(`"other", `+m.tag, "a=end-of-candidates\r\n"), http.StatusNoContent)
		}},
		{"4.3.1", "DELETE ignores entity-tags", func(_ *testing.T, m *mustRig) {
			m.want("DELETE", m.call("DELETE", m.path, m.token, "", "", with("If-Match", `"other"`)), http.StatusOK)
		}},
		{"4.3.2", "trickle is 204 without body and ETag; what cannot be used is discarded", func(t *testing.T, m *mustRig) {
			ufrag, pwd := credentials(m.offerOf(m.use))
			own := "a=ice-ufrag:" + ufrag + "\r\na=ice-pwd:" + pwd + "\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n"
			for _, c := range []string{
				"a=candidate:1 1 udp 2122260223 192.0.2.9 61764 typ host\r\n", "a=candidate:1 1 tcp 1518280447 192.0.2.9 9 typ host tcptype active\r\n",
				"a=candidate:1 1 udp 1 a1b2.local 9 typ host\r\n", "a=candidate:1 1 sctp 1 192.0.2.9 9 typ host\r\n", "a=end-of-candidates\r\n",
			} {
				a := m.patch(m.tag, own+c)
				m.want("PATCH", a, http.StatusNoContent)
				if a.body != "" || a.header.Get("ETag") != "" {
					t.Errorf("204 with body %q, ETag %q", a.body, a.header.Get("ETag"))
				}
			}
			if n := len(m.last().reoffered); n != 0 {
				t.Errorf("trickle restarted ICE %d times", n)
			}
		}},
	}
}

func restartMusts() []must {
	return []must{
		{"4.3.3", "new credentials restart ICE: 200, a fragment, a new ETag; all else stays", func(t *testing.T, m *mustRig) {
			m.last().again = answered
			a := m.patch("*", restartBody)
			m.want("PATCH", a, http.StatusOK)
			tag := a.header.Get("ETag")
			if a.header.Get("Content-Type") != typeFragment || !strong(tag) || tag == m.tag {
				t.Errorf("type %q, ETag %q after %q", a.header.Get("Content-Type"), tag, m.tag)
			}
			for _, line := range []string{"a=group:BUNDLE 0 1", "m=audio 9 UDP/TLS/RTP/SAVPF 111", "a=mid:0", "a=ice-ufrag:newu", "a=ice-pwd:newpasswordnewpassword12", "a=candidate:1 1 udp 2130706431 192.0.2.1 4433 typ host", "a=end-of-candidates"} {
				if !strings.Contains(a.body, line+"\r\n") {
					t.Errorf("the fragment has no %s:\n%s", line, a.body)
				}
			}
			if strings.Contains(a.body, "m=video") {
				t.Error("the fragment has more than the bundle's first section")
			}
			now := m.last().reoffered[0]
			before := regexp.MustCompile(`a=ice-(ufrag|pwd):\S+`)
			if u, p := credentials(now.SDP); u != "ysXw" || p != "vw5LmwG4y/e6dPP/zAP9Gp5k" || before.ReplaceAllString(now.SDP, "") != before.ReplaceAllString(m.offerOf(m.use), "") {
				t.Error("the restart changes more than credentials")
			}
			m.want("trickle with the old tag", m.patch(m.tag, "a=end-of-candidates\r\n"), http.StatusPreconditionFailed)
			m.want("trickle with the new tag", m.patch(tag, "a=end-of-candidates\r\n"), http.StatusNoContent)
		}},
		{"4.3.3", "ice-options, ice-pacing and ice-lite are those of the answer", func(t *testing.T, m *mustRig) {
			for i, own := range []string{"", "a=ice-options:trickle ice2\r\na=ice-pacing:50\r\na=ice-lite\r\n"} {
				m.last().again = strings.Replace(answered, "a=group", own+"a=group", 1)
				a := m.patch("*", strings.ReplaceAll(restartBody, "ysXw", fmt.Sprintf("ysX%d", i)))
				m.want("PATCH", a, http.StatusOK)
				got := ""
				for line := range strings.Lines(a.body) {
					if strings.HasPrefix(line, "a=ice-options") || strings.HasPrefix(line, "a=ice-pacing") || strings.HasPrefix(line, "a=ice-lite") {
						got += line
					}
				}
				if got != own {
					t.Errorf("the fragment has %q, the answer %q", got, own)
				}
			}
		}},
		{"4.3.3", "a restart that fails leaves the session as it was", func(t *testing.T, m *mustRig) {
			m.last().err = &peer.Error{Code: "offer.malformed"}
			if a := m.patch("*", restartBody); a.status < 400 || a.header.Get("ETag") != "" {
				t.Errorf("a restart that fails = %d %v", a.status, a.header)
			}
			m.want("trickle with the tag of before", m.patch(m.tag, "a=end-of-candidates\r\n"), http.StatusNoContent)
			if m.peers.live() != 1 {
				t.Error("the session has ended")
			}
		}},
		{"4.3.3", "both credentials are needed", func(_ *testing.T, m *mustRig) {
			m.want("PATCH", m.patch("*", strings.Replace(restartBody, "a=ice-pwd", "a=x", 1)), http.StatusBadRequest)
		}},
	}
}

func otherMusts() []must {
	return []must{
		{"4.4.2", "more tracks than there are places are refused 422", func(_ *testing.T, m *mustRig) {
			_, audio, _ := strings.Cut(m.offerOf(m.use), "m=audio")
			audio, _, _ = strings.Cut(audio, "m=video")
			m.want("POST", m.call("POST", m.door, m.token, typeSDP, m.offerOf(m.use)+strings.Repeat("m=audio"+audio, 3)), http.StatusUnprocessableEntity)
		}},
		{"4.4.3", "no part of an offer is taken: no common codec is 422 for the whole", func(t *testing.T, m *mustRig) {
			m.peers.mu.Lock()
			m.peers.err = &peer.Error{Code: "offer.codec"}
			m.peers.mu.Unlock()
			a := m.call("POST", m.door, m.token, typeSDP, m.offerOf(m.use))
			m.want("POST", a, http.StatusUnprocessableEntity)
			if a.code() != "offer.codec" {
				t.Errorf("the body does not say why: %s", a.body)
			}
		}},
		{"4.5", "a node without room says 503 with Retry-After", func(t *testing.T, m *mustRig) {
			m.peers.mu.Lock()
			m.peers.err = &peer.Error{Code: "offer.full"}
			m.peers.mu.Unlock()
			a := m.call("POST", m.door, m.token, typeSDP, m.offerOf(m.use))
			m.want("POST", a, http.StatusServiceUnavailable)
			if a.header.Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
		}},
		{"4.5", "no POST is answered 301 or 302, which clients repeat as GET", func(t *testing.T, m *mustRig) {
			for _, path := range []string{"/" + m.door, m.door + "/", m.door + "/./", "/x/.." + m.door} {
				if a := m.call("POST", path, m.token, typeSDP, m.offerOf(m.use)); a.status == http.StatusMovedPermanently || a.status == http.StatusFound {
					t.Errorf("POST %s = %d to %s", path, a.status, a.header.Get("Location"))
				}
			}
		}},
		{"4.7", "HTTP authentication with bearer tokens, in every request but OPTIONS", func(t *testing.T, m *mustRig) {
			for _, auth := range []string{"", "Basic dXNlcjpw", "Bearer", "Bearer " + strings.Repeat("a", 52), "Bearer x"} {
				for _, q := range [][2]string{{"POST", m.door}, {"PATCH", m.path}, {"DELETE", m.path}, {"GET", m.path}} {
					a := m.call(q[0], q[1], "", typeSDP, "x", with("Authorization", auth))
					if a.status != http.StatusUnauthorized && a.status != http.StatusTooManyRequests {
						t.Errorf("%s with %q = %d", q[0], auth, a.status)
					}
					if a.status == http.StatusUnauthorized && !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Bearer") {
						t.Errorf("401 without a challenge")
					}
				}
				time.Sleep(time.Minute) // virtual: else the address is refused for guessing
			}
			m.want("control: any case", m.call("GET", m.path, "", "", "", with("Authorization", "bearer "+m.token)), http.StatusNoContent)
		}},
		{"4.7", "a token is good for its own door", func(_ *testing.T, m *mustRig) {
			other := map[string]string{"/whip": "/whep", "/whep": "/whip"}[m.door]
			m.want("POST "+other, m.call("POST", other, m.token, typeSDP, m.offerOf(m.use)), http.StatusForbidden)
		}},
		{"RFC 9110 15.5.6", "other methods are 405 with Allow", func(t *testing.T, m *mustRig) {
			for path, methods := range map[string][]string{m.door: {"PUT", "DELETE", "PATCH"}, m.path: {"PUT", "POST"}} {
				for _, method := range methods {
					a := m.call(method, path, m.token, typeSDP, "x")
					m.want(method+" "+path, a, http.StatusMethodNotAllowed)
					if a.header.Get("Allow") == "" || strings.Contains(a.header.Get("Allow"), method) {
						t.Errorf("Allow: %q", a.header.Get("Allow"))
					}
				}
			}
		}},
		{"RFC 9110 15.5.7", "whoever does not take application/sdp gets 406", func(_ *testing.T, m *mustRig) {
			for accept, want := range map[string]int{"text/html": 406, "application/json, text/*": 406, "application/sdp;q=0": 406, "*/*": 201, "application/sdp": 201, "text/html, application/*;q=0.5": 201} {
				m.want("Accept "+accept, m.call("POST", m.door, m.token, typeSDP, m.offerOf(m.use), with("Accept", accept)), want)
			}
		}},
	}
}

// TestMusts holds WHIP (RFC 9725) and WHEP (its draft) to what they demand of servers. What they demand of media is shown by
// TestStandardOffers (recvonly or sendonly, BUNDLE, rtcp-mux-only) and by the ICE and DTLS tests of package peer (consent, revocation).
func TestMusts(t *testing.T) {
	for _, use := range []auth.Use{auth.Publish, auth.Play} {
		for _, m := range musts() {
			t.Run(string(use)+" "+m.section+" "+m.name, func(t *testing.T) {
				bubble(t, func(t *testing.T, r *rig) {
					q := &mustRig{rig: r, use: use, door: "/" + string(use), token: r.pass(use, "tarroven", "")}
					q.created = r.call("POST", q.door, q.token, typeSDP, r.offerOf(use))
					if q.created.status != http.StatusCreated {
						t.Fatalf("POST = %d %s", q.created.status, q.created.body)
					}
					q.path, q.tag = q.created.header.Get("Location"), q.created.header.Get("ETag")
					q.t = t
					m.check(t, q)
				})
			})
		}
	}
}

func TestRoomRefusesDevice(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.room.err = errors.New("disk full")
		token := r.pass(auth.Publish, "tarroven", "")
		if a := r.call("POST", "/whip", token, typeSDP, r.offerOf(auth.Publish)); a.status != http.StatusInternalServerError {
			t.Errorf("POST = %d %s", a.status, a.body)
		}
		time.Sleep(time.Second) // virtual
		if r.peers.live() != 0 {
			t.Error("media live on without a room")
		}
	})
}

func FuzzWHIPFragment(f *testing.F) {
	for _, s := range []string{restartBody, answered, "a=end-of-candidates", "a=ice-ufrag:abcd\na=ice-pwd:0123456789012345678901\n", "m=audio 9 X 0\r\na=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n", "v=0\r\n", ""} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		g, ok := parseFragment(b)
		if !ok {
			if g != (fragment{}) && len(b) > MaxFragment {
				t.Error("something of what was too long was kept")
			}
			return
		}
		if (g.ufrag == "") != (g.pwd == "") || strings.ContainsAny(g.ufrag+g.pwd, "\r\n \x00") || g.candidates > maxCandidates {
			t.Errorf("%+v", g)
		}
		if g.ufrag == "" {
			return
		}
		sdp := restarted(answered, g)
		if u, p := credentials(sdp); u != g.ufrag || p != g.pwd || strings.Count(sdp, "\n") != strings.Count(answered, "\n") {
			t.Errorf("restarted with %+v:\n%s", g, sdp)
		}
	})
}

package api

import (
	"strings"
)

// fragment is the body of a PATCH of a WHIP or WHEP session (RFC 8840 §9): ICE credentials, and candidates that a node does not need, because it
// finds out by its own checks where a client is.
type fragment struct {
	ufrag, pwd string // "" if none is said
	candidates int
	end        bool // a=end-of-candidates
}

// parseFragment reads the body of a PATCH. It says false for what is no fragment: lines that are neither attributes nor m-lines, an unknown
// media type, half of the credentials, credentials that are none or that differ from section to section, candidates without their fields.
func parseFragment(b []byte) (fragment, bool) {
	var f fragment
	if len(b) == 0 || len(b) > MaxFragment {
		return f, false
	}
	text := strings.TrimSuffix(string(b), "\n")
	lines := 0
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimSuffix(line, "\r")
		if lines++; lines > maxFragmentLines || !f.line(line) {
			return fragment{}, false
		}
	}
	return f, (f.ufrag == "") == (f.pwd == "")
}

// line takes one line in.
func (f *fragment) line(line string) bool {
	if len(line) < 3 || line[1] != '=' || strings.ContainsAny(line, "\x00\r") {
		return false
	}
	switch line[0] {
	case 'm':
		kind, _, ok := strings.Cut(line[2:], " ")
		return ok && (kind == "audio" || kind == "video" || kind == "application")
	case 'a':
	default:
		return strings.IndexByte("vostc", line[0]) >= 0 // some clients send a whole description's head
	}
	key, value, _ := strings.Cut(line[2:], ":")
	switch key {
	case "ice-ufrag":
		return once(&f.ufrag, value, 4)
	case "ice-pwd":
		return once(&f.pwd, value, 22)
	case "candidate":
		f.candidates++
		w := strings.Fields(value)
		return f.candidates <= maxCandidates && len(w) >= 8 && w[6] == "typ" // RFC 8839 §5.1
	case "end-of-candidates":
		f.end = true
	}
	return true
}

// once sets what may be said again but not otherwise: at least n ice-chars (RFC 8839 §5.4).
func once(to *string, value string, n int) bool {
	if len(value) < n || len(value) > 256 || *to != "" && *to != value {
		return false
	}
	for i := range len(value) {
		c := value[i]
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '+' || c == '/') {
			return false
		}
	}
	*to = value
	return true
}

// credentials are the first ufrag and password of a description.
func credentials(sdp string) (ufrag, pwd string) {
	for line := range strings.SplitSeq(sdp, "\n") {
		line = strings.TrimSuffix(line, "\r")
		if v, ok := strings.CutPrefix(line, "a=ice-ufrag:"); ok && ufrag == "" {
			ufrag = v
		}
		if v, ok := strings.CutPrefix(line, "a=ice-pwd:"); ok && pwd == "" {
			pwd = v
		}
	}
	return ufrag, pwd
}

// restarted is an offer with other credentials: all else that was agreed stays (RFC 9725 §4.3.3).
func restarted(sdp string, f fragment) string {
	lines := strings.Split(sdp, "\n")
	for i, line := range lines {
		end := ""
		if strings.HasSuffix(line, "\r") {
			end = "\r"
		}
		switch {
		case strings.HasPrefix(line, "a=ice-ufrag:"):
			lines[i] = "a=ice-ufrag:" + f.ufrag + end
		case strings.HasPrefix(line, "a=ice-pwd:"):
			lines[i] = "a=ice-pwd:" + f.pwd + end
		}
	}
	return strings.Join(lines, "\n")
}

// answerFragment is what a client must know of an answer after a restart: our credentials and candidates, in the bundle's first section.
func answerFragment(answer string) string {
	var head, section strings.Builder
	media := false
	ufrag, pwd := credentials(answer)
	kept := func(line string) bool { // as in the answer before: RFC 9725 §4.3.3
		return strings.HasPrefix(line, "a=ice-options:") || strings.HasPrefix(line, "a=ice-pacing:") || line == "a=ice-lite"
	}
	for line := range strings.SplitSeq(answer, "\n") {
		line = strings.TrimSuffix(line, "\r")
		switch {
		case strings.HasPrefix(line, "a=group:BUNDLE"), !media && kept(line):
			head.WriteString(line + "\r\n")
		case strings.HasPrefix(line, "m=") && !media:
			media = true
			section.WriteString(line + "\r\n")
		case strings.HasPrefix(line, "m="):
			return head.String() + section.String()
		case media && strings.HasPrefix(line, "a=mid:"):
			section.WriteString(line + "\r\na=ice-ufrag:" + ufrag + "\r\na=ice-pwd:" + pwd + "\r\n")
		case media && (kept(line) || strings.HasPrefix(line, "a=candidate:") || line == "a=end-of-candidates"):
			section.WriteString(line + "\r\n")
		}
	}
	return head.String() + section.String()
}

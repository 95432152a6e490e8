package peer

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pion/sdp/v3"

	"visavis/internal/media"
)

// recorded is an offer that a browser made, with the names a page gives.
func recorded(t testing.TB, name string) Offer {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "offers", name))
	if err != nil {
		t.Fatal(err)
	}
	o := Offer{SDP: string(b), Names: []string{"mic", "cam", "floor0", "stage0"}}
	if strings.Contains(name, "probe") {
		o.Names = []string{"probe"}
	}
	return o
}

func codeOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return fmt.Sprint(err)
}

func TestRecordedOffers(t *testing.T) {
	files, err := filepath.Glob("testdata/offers/*.sdp")
	if err != nil || len(files) < 3 {
		t.Fatalf("%d recorded offers, %v", len(files), err)
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			raw := recorded(t, filepath.Base(f))
			o, err := parseOffer(raw)
			if err != nil {
				t.Fatal(err)
			}
			for i, s := range o.sections {
				if s.name == "cam" && (s.pt == 0 || s.rtxPT == 0 || s.offered.twcc == 0 || s.dir != sends) {
					t.Errorf("section %d = %+v, want VP8 with RTX and transport-wide numbers", i, s)
				}
			}
			text := writeAnswer(o, answer{id: 7, version: 1, frag: "frag", pwd: "password", fingerprint: "AB", candidates: []netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:9"), netip.MustParseAddrPort("[2001:db8::1]:9")}})
			checkAnswer(t, raw, text)
			if all := strings.Contains(text, "a=simulcast:recv h;m;l\r\n"); all != strings.Contains(raw.SDP, "a=simulcast:send") {
				t.Errorf("the answer takes three layers: %v", all)
			}
		})
	}
}

// checkAnswer checks what holds for every answer, and that sound is answered with nothing that varies from sending to sending (D2).
func checkAnswer(t *testing.T, o Offer, text string) {
	t.Helper()
	var d sdp.SessionDescription
	if err := d.UnmarshalString(text); err != nil {
		t.Fatalf("the answer does not parse: %v\n%s", err, text)
	}
	if len(d.MediaDescriptions) != len(o.Names) {
		t.Fatalf("%d sections, want %d", len(d.MediaDescriptions), len(o.Names))
	}
	if n := strings.Count(text, "a=candidate:"); n > 2 {
		t.Errorf("%d candidates, want at most 2", n)
	}
	for _, m := range d.MediaDescriptions {
		for _, a := range m.Attributes {
			if m.MediaName.Media == "audio" && (strings.Contains(a.Value, "abs-send-time") || strings.Contains(a.Value, "transport")) {
				t.Errorf("sound is answered with %s:%s", a.Key, a.Value)
			}
			if a.Key == "extmap" && !strings.Contains(o.SDP, "a=extmap:"+strings.Fields(a.Value)[0]) {
				t.Errorf("extension %s was not offered", a.Value)
			}
		}
	}
}

// TestRefusedOffers changes one thing at a time in a good offer.
func TestRefusedOffers(t *testing.T) {
	good := recorded(t, "chrome.sdp")
	replace := func(old, new string, n int) func(*Offer) {
		return func(o *Offer) {
			if !strings.Contains(o.SDP, old) {
				t.Fatalf("the offer has no %q", old)
			}
			o.SDP = strings.Replace(o.SDP, old, new, n)
		}
	}
	names := func(n ...string) func(*Offer) { return func(o *Offer) { o.Names = n } }
	for name, test := range map[string]struct {
		change func(*Offer)
		want   string
	}{
		"control":               {func(*Offer) {}, "<nil>"},
		"at the size limit":     {func(o *Offer) { o.SDP += strings.Repeat("a=x\r\n", (MaxOffer-len(o.SDP))/5) }, "<nil>"},
		"one byte over":         {func(o *Offer) { o.SDP += strings.Repeat("\n", MaxOffer+1-len(o.SDP)) }, "offer.large"},
		"empty":                 {func(o *Offer) { o.SDP = "" }, "offer.sections"},
		"not sdp":               {func(o *Offer) { o.SDP = "hello\nm=\nm=\nm=\nm=\n" }, "offer.malformed"},
		"a name too few":        {names("mic", "cam", "floor0"), "offer.sections"},
		"a name twice":          {names("mic", "cam", "floor0", "floor0"), "offer.sections"},
		"unknown name":          {names("mic", "cam", "floor0", "ceiling0"), "offer.sections"},
		"name of another kind":  {names("cam", "mic", "floor0", "stage0"), "offer.sections"},
		"a slot that sends":     {names("floor1", "cam", "floor0", "stage0"), "offer.sections"},
		"leading zero":          {names("mic", "cam", "floor00", "stage0"), "offer.sections"},
		"number too high":       {names("mic", "cam", "floor0", "stage32"), "offer.sections"},
		"highest number":        {names("mic", "cam", "floor31", "stage31"), "<nil>"},
		"line break in a name":  {names("mic", "cam", "floor0\r\na=x", "stage0"), "offer.sections"},
		"no fingerprint":        {replace("a=fingerprint", "a=nothing", -1), "offer.fingerprint"},
		"sha-1":                 {replace("sha-256", "sha-1", -1), "offer.fingerprint"},
		"short fingerprint":     {replace("a=fingerprint:sha-256 00:", "a=fingerprint:sha-256 ", -1), "offer.fingerprint"},
		"two fingerprints":      {replace("a=fingerprint:sha-256 00:", "a=fingerprint:sha-256 01:", 1), "offer.malformed"},
		"no opus":               {replace("opus/48000/2", "speex/8000", -1), "offer.codec"},
		"no vp8":                {replace("VP8/90000", "VP7/90000", -1), "offer.codec"},
		"passive":               {replace("a=setup:actpass", "a=setup:passive", -1), "offer.malformed"},
		"short password":        {replace("a=ice-pwd:", "a=ice-pwd:short\r\na=ice-pwx:", -1), "offer.malformed"},
		"no mux":                {replace("a=rtcp-mux\r\n", "", -1), "offer.malformed"},
		"no bundle":             {replace("a=group:BUNDLE 0 1 2 3", "a=group:BUNDLE 0 1 2", 1), "offer.malformed"},
		"mid twice":             {replace("a=mid:3", "a=mid:2", 1), "offer.malformed"},
		"mid with a space":      {replace("a=mid:3", "a=mid:3 4", 1), "offer.malformed"},
		"extension id 0":        {replace("a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid", "a=extmap:0 urn:ietf:params:rtp-hdrext:sdes:mid", 1), "offer.malformed"},
		"extension ids differ":  {replace("a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid", "a=extmap:9 urn:ietf:params:rtp-hdrext:sdes:mid", 1), "offer.malformed"},
		"plain RTP":             {replace("UDP/TLS/RTP/SAVPF", "RTP/AVP", 1), "offer.malformed"},
		"data channel":          {replace("m=audio 9 UDP/TLS/RTP/SAVPF", "m=application 9 UDP/DTLS/SCTP", 1), "offer.malformed"},
		"firefox's first lines": {replace("m=audio 9 ", "m=audio 0 ", 1), "<nil>"},
	} {
		t.Run(name, func(t *testing.T) {
			o := Offer{SDP: good.SDP, Names: good.Names}
			test.change(&o)
			if name == "firefox's first lines" {
				o.SDP = strings.Replace(o.SDP, "a=mid:0\r\n", "a=mid:0\r\na=bundle-only\r\n", 1)
			}
			_, err := parseOffer(o)
			got := codeOf(err)
			if name == "a name twice" { // audio and video cannot share it, so the kind is told first
				test.want = "offer.sections"
			}
			if got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
}

// sections makes an offer of n sections: a camera and slots.
func sections(t testing.TB, n int) Offer {
	t.Helper()
	good := recorded(t, "chrome.sdp")
	head, rest, _ := strings.Cut(good.SDP, "m=audio")
	parts := strings.Split("m=audio"+rest, "\r\nm=")
	floor := "m=" + parts[2] + "\r\n"
	var b strings.Builder
	mids := ""
	o := Offer{}
	for i := range n {
		mids += fmt.Sprintf(" %d", i)
		name := fmt.Sprintf("floor%d", i)
		if i >= 32 {
			name = fmt.Sprintf("channel%d", i-32)
		}
		o.Names = append(o.Names, name)
		b.WriteString(strings.Replace(floor, "a=mid:2", fmt.Sprintf("a=mid:%d", i), 1))
	}
	o.SDP = strings.Replace(head, "BUNDLE 0 1 2 3", "BUNDLE"+mids, 1) + b.String()
	return o
}

func TestSectionLimit(t *testing.T) {
	if _, err := parseOffer(sections(t, MaxSections)); err != nil {
		t.Errorf("%d sections: %v", MaxSections, err)
	}
	if _, err := parseOffer(sections(t, MaxSections+1)); codeOf(err) != "offer.sections" {
		t.Errorf("%d sections: %v, want offer.sections", MaxSections+1, err)
	}
}

// TestLaterOffers shows what may change from one offer of a session to the next.
func TestLaterOffers(t *testing.T) {
	parse := func(o Offer) *offer {
		p, err := parseOffer(o)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	good := recorded(t, "chrome.sdp")
	change := func(old, new string) Offer {
		return Offer{SDP: strings.ReplaceAll(good.SDP, old, new), Names: good.Names}
	}
	first := parse(good)
	for name, test := range map[string]struct {
		next Offer
		want bool
	}{
		"the same":            {good, true},
		"ice restart":         {change("a=ice-ufrag:", "a=ice-ufrag:new"), true},
		"another certificate": {change("sha-256 00:", "sha-256 01:"), false},
		"another mid number":  {change("a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid", "a=extmap:9 urn:ietf:params:rtp-hdrext:sdes:mid"), false},
		"another opus type":   {change("111", "112"), false},
		"another name":        {Offer{SDP: good.SDP, Names: []string{"mic", "cam", "floor1", "stage0"}}, false},
		"camera stopped":      {change("a=sendonly", "a=inactive"), true},
	} {
		if got := parse(test.next).follows(first); got != test.want {
			t.Errorf("%s: follows = %v, want %v", name, got, test.want)
		}
	}
	if parse(recorded(t, "chrome-probe.sdp")).follows(first) {
		t.Error("an offer of fewer sections follows")
	}
}

func TestSyncGroup(t *testing.T) {
	for name, want := range map[string]string{"floor0": "s0", "stage0": "s0", "stage12": "s12", "screen": "s-screen"} {
		if got := syncGroup(name); got != want {
			t.Errorf("syncGroup(%s) = %s, want %s", name, got, want)
		}
	}
}

func FuzzOffer(f *testing.F) {
	files, _ := filepath.Glob("testdata/offers/*.sdp")
	for _, name := range files {
		o := recorded(f, filepath.Base(name))
		f.Add(o.SDP, strings.Join(o.Names, ","))
	}
	f.Add("v=0\r\nm=audio 0 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\na=rtcp-mux\r\n", "mic")
	f.Fuzz(func(t *testing.T, text, names string) {
		raw := Offer{SDP: text, Names: strings.Split(names, ",")}
		o, err := parseOffer(raw)
		if err != nil {
			if !strings.HasPrefix(codeOf(err), "offer.") {
				t.Fatalf("error %v has no code", err)
			}
			return
		}
		if !o.follows(o) {
			t.Error("an offer does not follow itself")
		}
		out := writeAnswer(o, answer{frag: "frag", pwd: "password", fingerprint: "AB", slots: map[string]*media.Forwarder{}})
		var d sdp.SessionDescription
		if err := d.UnmarshalString(out); err != nil || len(d.MediaDescriptions) != len(raw.Names) {
			t.Fatalf("answer of %d sections, %v:\n%s", len(d.MediaDescriptions), err, out)
		}
		if len(out) > 1000*(1+len(o.sections)) {
			t.Errorf("an answer of %d bytes for %d sections", len(out), len(o.sections))
		}
	})
}

package peer

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pion/sdp/v3"

	"visavis/internal/media"
)

// standardOffer is an offer that a client of others made.
func standardOffer(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "standard", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestStandardOffers: what aiortc, werift and wrtc offer is named by kind, taken, and answered one way over one transport.
func TestStandardOffers(t *testing.T) {
	files, err := filepath.Glob("testdata/standard/*.sdp")
	if err != nil || len(files) < 6 {
		t.Fatalf("%d offers, %v", len(files), err)
	}
	for _, f := range files {
		play := strings.Contains(f, "play")
		o, err := Standard(standardOffer(t, filepath.Base(f)), play)
		if err != nil {
			t.Errorf("%s: %v", f, err)
			continue
		}
		want := []string{"mic", "cam"}
		if play {
			want = []string{"floor0", "stage0"}
		}
		if !slices.Equal(o.Names, want) {
			t.Errorf("%s: sections are %q, want %q", f, o.Names, want)
		}
		p, err := parseOffer(o)
		if err != nil {
			t.Errorf("%s: %v", f, err)
			continue
		}
		slots := map[string]*media.Forwarder{}
		if play {
			sw := media.NewSwitch()
			slots["floor0"] = media.NewForwarder(sw, media.ForwarderConfig{Kind: media.Audio, SSRC: 1, PT: p.sections[0].pt})
			slots["stage0"] = media.NewForwarder(sw, media.ForwarderConfig{Kind: media.Video, SSRC: 2, PT: p.sections[1].pt})
		}
		text := writeAnswer(p, answer{frag: "frag", pwd: "password", fingerprint: "AB", slots: slots})
		var d sdp.SessionDescription
		if err := d.UnmarshalString(text); err != nil || len(d.MediaDescriptions) != 2 {
			t.Fatalf("%s: answer of %d sections, %v", f, len(d.MediaDescriptions), err)
		}
		for i, m := range d.MediaDescriptions {
			direction := map[bool]string{false: "recvonly", true: "sendonly"}[play]
			if _, ok := m.Attribute(direction); !ok {
				t.Errorf("%s: section %d is not answered %s:\n%s", f, i, direction, text)
			}
			if _, ok := m.Attribute("rtcp-mux-only"); !ok {
				t.Errorf("%s: section %d has no rtcp-mux-only", f, i)
			}
		}
		if _, err := Standard(o.SDP, !play); !strings.Contains(o.SDP, "a=sendrecv") && codeOf(err) != "offer.direction" {
			t.Errorf("%s at the other door: %v, want offer.direction", f, err)
		}
	}
}

// TestPageAnswerIsAsBefore: what a page of ours gets does not change with the doors.
func TestPageAnswerIsAsBefore(t *testing.T) {
	o, err := parseOffer(recorded(t, "chrome.sdp"))
	if err != nil {
		t.Fatal(err)
	}
	if text := writeAnswer(o, answer{frag: "frag", pwd: "password", fingerprint: "AB"}); strings.Contains(text, "rtcp-mux-only") {
		t.Error("a page is answered as a standard client is")
	}
}

func TestStandardRefuses(t *testing.T) {
	up, down := standardOffer(t, "wrtc-publish.sdp"), standardOffer(t, "wrtc-play.sdp")
	audio := func(s string) string {
		_, m, _ := strings.Cut(s, "m=audio")
		m, _, _ = strings.Cut(m, "m=video")
		return "m=audio" + m
	}
	video := func(s string) string { _, m, _ := strings.Cut(s, "m=video"); return "m=video" + m }
	for _, c := range []struct {
		name, sdp, code string
		play            bool
	}{
		{"two microphones", up + audio(up), "offer.sections", false},
		{"two cameras", up + video(up), "offer.sections", false},
		{"four sounds to play", down + strings.Repeat(audio(down), MaxFloors), "offer.sections", true},
		{"seven pictures to play", down + strings.Repeat(video(down), MaxStages), "offer.sections", true},
		{"a data channel", up + "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\n", "offer.sections", false},
		{"inactive", strings.Replace(up, "a=sendonly", "a=inactive", 1), "offer.direction", false},
		{"nothing at all", "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n", "offer.malformed", false},
		{"no SDP", "hello", "offer.malformed", false},
		{"too large", up + strings.Repeat("a=x\r\n", MaxOffer/5), "offer.large", false},
		{"too many sections", strings.Repeat("\nm=audio 9 X 0", MaxSections+1), "offer.sections", false},
	} {
		if _, err := Standard(c.sdp, c.play); codeOf(err) != c.code {
			t.Errorf("%s: %v, want %s", c.name, err, c.code)
		}
	}
	if _, err := Standard(strings.ReplaceAll(up, "a=sendonly", "a=sendrecv"), false); err != nil {
		t.Errorf("control: sendrecv of an encoder: %v", err)
	}
	both, err := Standard(strings.ReplaceAll(down, "a=recvonly", "a=sendrecv"), true)
	if err != nil {
		t.Fatalf("control: sendrecv of a player: %v", err)
	}
	if o, err := parseOffer(both); err != nil || o.sections[0].dir != receives {
		t.Errorf("sendrecv of a player: %v, want slots", err)
	}
	h264, err := Standard(strings.ReplaceAll(up, "VP8/90000", "H265/90000"), false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parseOffer(h264); codeOf(err) != "offer.codec" {
		t.Errorf("an encoder without VP8: %v, want offer.codec", err)
	}
}

func FuzzStandard(f *testing.F) {
	files, _ := filepath.Glob("testdata/standard/*.sdp")
	for _, name := range files {
		f.Add(standardOffer(f, filepath.Base(name)), strings.Contains(name, "play"))
	}
	f.Fuzz(func(t *testing.T, text string, play bool) {
		o, err := Standard(text, play)
		if err != nil {
			if !strings.HasPrefix(codeOf(err), "offer.") {
				t.Fatalf("error %v has no code", err)
			}
			return
		}
		p, err := parseOffer(o)
		if err != nil {
			return
		}
		for _, s := range p.sections {
			if !s.off && (s.dir == receives) != play {
				t.Errorf("section %s of a client with play=%v goes the other way", s.name, play)
			}
		}
	})
}

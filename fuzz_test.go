package visavis_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestParsersAreFuzzed holds every parser that a stranger's bytes reach on the packet path, and that of SDP, to a fuzz target with seeds: make fuzz
// runs whatever targets there are and would not miss one.
func TestParsersAreFuzzed(t *testing.T) {
	for dir, targets := range map[string][]string{
		"udp":     {"FuzzClassify"},
		"srtp":    {"FuzzOpenRTP", "FuzzOpenRTCP"},
		"media":   {"FuzzRTP", "FuzzVP8", "FuzzEstimator"}, // RTP with extensions; the VP8 descriptor; transport-wide feedback
		"peer":    {"FuzzDatagram", "FuzzRTP", "FuzzRTCP", "FuzzDTLSRecords", "FuzzOffer", "FuzzStandard"},
		"link":    {"FuzzRTP", "FuzzRTCP", "FuzzCongestion", "FuzzPing", "FuzzReadMedia", "FuzzFrame", "FuzzHello"},
		"api":     {"FuzzWHIPFragment"},
		"readout": {"FuzzParseFile", "FuzzParseContent", "FuzzParseManifest", "FuzzDecodeMessage", "FuzzDiff"},
		"bench":   {"FuzzParseAnswer", "FuzzPayload"},
	} {
		files, err := filepath.Glob(filepath.Join("internal", dir, "*_test.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v, %d tests", dir, err, len(files))
		}
		text := ""
		for _, name := range files {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			text += string(b)
		}
		for _, target := range targets {
			_, body, found := strings.Cut(text, "func "+target+"(f *testing.F) {")
			if !found {
				t.Errorf("%s has no %s", dir, target)
				continue
			}
			if seeds, _, fuzz := strings.Cut(body, "f.Fuzz("); !fuzz || !strings.Contains(seeds, "f.Add(") {
				t.Errorf("%s.%s has no seeds", dir, target)
			}
		}
	}
}

package link

import (
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"visavis/internal/udp"
)

// TestSpecification holds docs/link.md against the code where the page gives bytes and numbers.
func TestSpecification(t *testing.T) {
	b, err := os.ReadFile("../../docs/link.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(b)
	example := regexp.MustCompile("(?s)```json\n(.*?)```").FindStringSubmatch(page)
	if example == nil {
		t.Fatal("the page shows no hello")
	}
	if h, err := decodeHello([]byte(example[1]), "avelmar"); err != nil || h.Epoch != 5 || h.Holds != 2 {
		t.Errorf("the page's hello: %+v, %v", h, err)
	}
	pong := pathPacket{Subtype: subtypePong, Tag: 0x01020304, Number: 5, Challenge: 0x1112131415161718, Sent: 9, Loss: 0x8000}
	shown := regexp.MustCompile("`((?:[0-9a-f]{8,16} ){6}[0-9a-f]{8})`").FindStringSubmatch(strings.Join(strings.Fields(page), " "))
	if shown == nil {
		t.Fatal("the page shows no pong")
	}
	if got, _ := hex.DecodeString(strings.ReplaceAll(shown[1], " ", "")); string(got) != string(pong.append(nil)) {
		t.Errorf("the page's pong is % x, ours % x", got, pong.append(nil))
	}
	feedback := regexp.MustCompile("\n((?:[0-9a-f]{8} ){9}[0-9a-f]{8})\n").FindStringSubmatch(page)
	if feedback == nil {
		t.Fatal("the page shows no feedback")
	}
	if got, _ := hex.DecodeString(strings.ReplaceAll(feedback[1], " ", "")); string(got) != string(congestionExample()) {
		t.Errorf("the page's feedback is % x, ours % x", got, congestionExample())
	}
	for ft, name := range []string{1: "hello", 2: "exchange", 3: "streams", 4: "wants", 5: "document", 6: "ping", 7: "bye"} {
		if row := fmt.Sprintf("| %d | %s | %s |", ft, name, thousands(frameType(ft).most())); ft > 0 && !strings.Contains(page, row) {
			t.Errorf("the page does not say %q", row)
		}
	}
	if row := fmt.Sprintf("| %d | arrange | %s |", frameArrange, thousands(frameArrange.most())); !strings.Contains(page, row) {
		t.Errorf("the page does not say %q", row)
	}
	if row := fmt.Sprintf("| %d | readout | %s |", frameReadout, thousands(frameReadout.most())); !strings.Contains(page, row) {
		t.Errorf("the page does not say %q", row)
	}
	for _, says := range []string{fmt.Sprintf("1 … %s bytes of it", thousands(maxPiece)), "a message is at most 131,072 bytes", "and 20 of features (`arrange`, `readout`), burst 100", "a message is at most 196,608 bytes", exporterLabel, ALPN, pathName, "window: 8,192", "for 30 s more", "Keys are destroyed 10 min", "video 8 Mbit/s", "all streams 50 Mbit/s",
		MediaALPN, "LENGTH is 12 … 1,500;", "lets 32 KiB of them wait, and 128 KiB of video", "| two addresses in use: ping | 100 ms |", "round trip × 1.25 + 220 ms",
		"| media connection opened after | 2 s |", "| media connection closed unused | 30 s |", "| key roll | 1 h |", "| address changed after | 750 ms |", "at most 64 entries",
		"| bye is waited for | 0.3 s |", "| address unproven, sound stops | 60 s |", "the other one after 1.5 s more", "at most 1,200 bytes", "at most 1,440 bytes",
		"audio 160 kbit/s", "SRTCP 400 a second", "`" + featureCongestion + "` (§8)", "at most 512; ECN is 0", "| feedback on pictures | 50 ms |", "APP packet of 300 to 1,180 bytes", "more than a fifth of them is lost", "not above 50 Mbit/s", "100 frames a second", "| path ping, address in use | 250 ms |", "| path lost | 2 s |", "| control dead | 5 s |"} {
		if !strings.Contains(strings.Join(strings.Fields(page), " "), says) {
			t.Errorf("the page does not say %q", says)
		}
	}
	if maxReported != 512 || congestionEvery.Milliseconds() != 50 || probeLeast != 300 || probeMost != 1180 || lossMost != 0.2 || subtypeProbe != 2 || fmtCongestion != 11 {
		t.Error("a limit of feedback has changed: the page and this test must follow")
	}
	if minMedia != 12 || udp.MaxDatagram != 1500 || tunnelSound != 32<<10 || tunnelVideo != 128<<10 || twinPing.Milliseconds() != 100 || twinSlack.Milliseconds() != 220 ||
		blockedAfter.Seconds() != 2 || tunnelIdle.Seconds() != 30 || rollAfter.Hours() != 1 || pathStale.Milliseconds() != 750 || maxNackPairs != 64 ||
		byeTime.Milliseconds() != 300 || unproven.Seconds() != 60 || boreHelp.Milliseconds() != 1500 || maxRTCP != 1200 || maxMedia != 1440 {
		t.Error("a limit of the media path has changed: the page and this test must follow")
	}
	if window != 8192 || overlap.Seconds() != 30 || keysDie.Minutes() != 10 || videoRate != 1e6 || partyRate != 6.25e6 || audioRate != 2e4 || rtcpRate != 400 ||
		framesRate != 100 || MaxArrange != 131072 || MaxReadout != 196608 || piecesRate != 20 || piecesBurst != 100 || pathPing.Milliseconds() != 250 || pathLost.Seconds() != 2 || deadAfter.Seconds() != 5 {
		t.Error("a limit has changed: the page and this test must follow")
	}
}

// TestSpecificationNamesEveryCode looks for every code that this package gives to bye in the page's table of them.
func TestSpecificationNamesEveryCode(t *testing.T) {
	page, err := os.ReadFile("../../docs/link.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "## 10 Codes in bye")
	table, _, ok := strings.Cut(table, "\n## ")
	if !ok {
		t.Fatal("the page has no table of codes")
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	code, found := regexp.MustCompile(`(?:refuse\(|return |sendBye\(\w+\.?\w*, )"([a-z]+(?:\.[a-z]+)?)"`), map[string]bool{}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		for _, m := range code.FindAllStringSubmatch(string(b), -1) {
			found[m[1]] = true
		}
	}
	for c := range found {
		family, member, _ := strings.Cut(c, ".")
		if !strings.Contains(table, "| "+c+" |") && !(strings.Contains(table, "| "+family+".") && strings.Contains(table, "."+member)) {
			t.Errorf("the page does not name the code %q", c)
		}
	}
	if len(found) < 18 || !found["frame.malformed"] || !found["distrust"] {
		t.Errorf("only %d codes were found in the code: the test shows nothing (%v)", len(found), found)
	}
}

// thousands writes n with commas.
func thousands(n int) string {
	s := fmt.Sprint(n)
	if len(s) > 3 {
		s = s[:len(s)-3] + "," + s[len(s)-3:]
	}
	return s
}

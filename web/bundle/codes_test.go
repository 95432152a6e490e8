package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// unseen are codes of docs/protocol.md that no person at a page is ever told, each with the reason.
var unseen = map[string]string{
	"token.": "encoders and players", "device.": "encoders and players", "fragment.": "encoders and players", "tag.": "encoders and players",
	"request.method": "encoders and players", "request.accept": "encoders and players",
	"host.unknown": "the page would not have come from that address", "origin.refused": "other sites' pages", "route.unknown": "our pages ask no such thing",
	"request.type": "our pages send JSON", "request.large": "our pages bound what is written", "request.cut": "our pages bound what is written",
	"hello.": "between page and node; the page begins anew", "resume.gone": "the page joins anew", "media.gone": "the page joins anew",
	"message.one": "our pages send none such", "message.hello": "our pages send none such", "message.token": "our pages send none such",
	"message.unexpected": "our pages send none such", "message.binary": "our pages send none such", "message.flood": "our pages send none such",
	"offer.large": "said as it is, for the technician (refusedHelp)", "offer.malformed": "said as it is (refusedHelp)", "offer.sections": "said as it is (refusedHelp)",
	"offer.fingerprint": "said as it is (refusedHelp)", "offer.codec": "said as it is (refusedHelp)", "offer.direction": "said as it is (refusedHelp)",
	"json.": "our pages send strict JSON", "key.late": "an alarm, whose text has the code",
	"arrange.number": "between nodes", "arrange.state": "between nodes", "arrange.code": "between nodes", "arrange.reason": "between nodes", "arrange.one": "between nodes",
	"account.unknown": "visavis account; no page asks", "account.malformed": "visavis account; no page asks", "account.exists": "visavis account; no page asks",
	"account.limit": "visavis account; no page asks", "account.last": "visavis account; no page asks", "account.forget": "visavis account; no page asks",
}

var (
	codeRow  = regexp.MustCompile("(?m)^\\| (`[^|]+) \\|")
	codeName = regexp.MustCompile("`([a-z]*(?:\\.[a-z0-9]+)+|internal)`")
	codeText = regexp.MustCompile(`"([a-z]+(?:\.[a-z0-9]+)+|internal)": "(\w+)"`)
)

// codes of the table in docs/protocol.md, in full: "json.size", ".syntax" stands for json.syntax.
func codes(t *testing.T, page string) []string {
	t.Helper()
	_, page, ok := strings.Cut(page, "\n## Codes\n")
	if !ok {
		t.Fatal("docs/protocol.md has no section Codes")
	}
	var found []string
	for _, row := range codeRow.FindAllStringSubmatch(page, -1) {
		head := ""
		for _, m := range codeName.FindAllStringSubmatch(row[1], -1) {
			first, rest, _ := strings.Cut(m[1], ".")
			if first == "" {
				found = append(found, head+"."+rest)
				continue
			}
			head = first
			found = append(found, m[1])
		}
	}
	return found
}

// told is a page's table of codes and the folder of its texts.
type told struct {
	codes  map[string]string
	folder string
}

// mapped reads a table of codes: code to key of a text.
func mapped(t *testing.T, file string) map[string]string {
	t.Helper()
	b, err := os.ReadFile("../src/" + file)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, m := range codeText.FindAllStringSubmatch(string(b), -1) {
		found[m[1]] = m[2]
	}
	return found
}

// Every code that a node can answer with has a text in six languages, or a reason why nobody at a page is ever told it. That the texts are
// complete is TestTextsAreCompleteInSixLanguages.
func TestEveryCodeHasAText(t *testing.T) {
	b, err := os.ReadFile("../../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	all := codes(t, string(b))
	if len(all) < 120 || !slices.Contains(all, "json.type") || !slices.Contains(all, "floor.held") {
		t.Fatalf("only %d codes found: %v", len(all), all)
	}
	texts := []told{{mapped(t, "view/codes.ts"), "text"}, {mapped(t, "arrange/standing.tsx"), "arrange/text"}, {mapped(t, "draft/codes.ts"), "draft/text"}}
	for _, x := range texts {
		english := table(t, x.folder, "en")
		for code, key := range x.codes {
			if english[key] == "" {
				t.Errorf("%s: %s has no text %s", x.folder, code, key)
			}
			if !slices.Contains(all, code) && code != "stepup.failed" && code != "file.json" && !strings.HasPrefix(code, "readout.open.") { // the pages' own: the person did not confirm, the file is no JSON; what readout.open says in its arguments
				t.Errorf("%s is not in docs/protocol.md", code)
			}
		}
	}
	for _, code := range all {
		family, _, _ := strings.Cut(code, ".")
		said := slices.ContainsFunc(texts, func(x told) bool { return x.codes[code] != "" })
		reason := unseen[code] + unseen[family+"."]
		if said == (reason != "") {
			t.Errorf("%s: text %t, reason for none %q: want one of the two", code, said, reason)
		}
	}
}

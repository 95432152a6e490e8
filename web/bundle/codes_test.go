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
	texts := []told{{mapped(t, "view/codes.ts"), "text"}, {mapped(t, "arrange/standing.tsx"), "arrange/text"}, {mapped(t, "accounts/words.ts"), "accounts/text"}, {mapped(t, "draft/codes.ts"), "draft/text"}}
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

var (
	noted   = regexp.MustCompile(`(?:\.done\(r|\.doneOwn\(r|\bnote\(ctx|\bnoteParty\(ctx|\.usedNow\(r\.RemoteAddr|\bnote\(|\bproven\()(?:, )?"([a-z.]+)"`)
	written = regexp.MustCompile(`SecurityEvent\{Kind: "([a-z.]+)"`)
	kindRow = regexp.MustCompile(`"([a-z.]+)": "(k[A-Z]\w*)"`)
)

// Every kind of entry that goes into the security log has a text on the page that shows it, and the page knows no other.
func TestEveryKindOfEntryHasAText(t *testing.T) {
	kinds := map[string]bool{"session.end": true, "admit": true, "exclude": true} // acts of officers (internal/api/wait.go), and keys, by their action
	for _, action := range []string{"start", "open", "record", "publish"} {
		kinds["key.turned."+action] = true
	}
	for _, folder := range []string{"api", "node", "auth"} {
		files, err := os.ReadDir("../../internal/" + folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
				continue
			}
			b, err := os.ReadFile("../../internal/" + folder + "/" + f.Name())
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range []*regexp.Regexp{noted, written} {
				for _, m := range p.FindAllStringSubmatch(string(b), -1) {
					kinds[m[1]] = true
				}
			}
		}
	}
	for _, k := range []string{"refused", "suppressed", "alarm", "log.read", "account.forget", "party.trusted", "restored", "backup"} {
		if !kinds[k] {
			t.Errorf("control: %s is not found", k)
		}
	}
	b, err := os.ReadFile("../src/accounts/kinds.ts")
	if err != nil {
		t.Fatal(err)
	}
	english, told := table(t, "accounts/text", "en"), map[string]bool{}
	for _, m := range kindRow.FindAllStringSubmatch(string(b), -1) {
		told[m[1]] = true
		if !kinds[m[1]] || english[m[2]] == "" {
			t.Errorf("%s: written %t, text %q", m[1], kinds[m[1]], english[m[2]])
		}
	}
	for k := range kinds {
		if !told[k] {
			t.Errorf("%s has no text", k)
		}
	}
}

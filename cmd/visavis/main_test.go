package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// result is what a command has said.
type result struct {
	code     int
	out, err string
}

// command runs one in this process, as main would.
func command(t *testing.T, in string, args ...string) result {
	t.Helper()
	var out, err bytes.Buffer
	code := run(console{context.Background(), strings.NewReader(in), &out, &err}, args)
	return result{code, out.String(), err.String()}
}

// must runs one that has to succeed, and returns what it printed.
func must(t *testing.T, args ...string) string {
	t.Helper()
	r := command(t, "", args...)
	if r.code != exitOK {
		t.Fatalf("visavis %s: exit %d: %s%s", strings.Join(args, " "), r.code, r.out, r.err)
	}
	return r.out
}

// party makes a node's directory and returns its --config flag.
func party(t *testing.T, id string, more ...string) (dir, config string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), id)
	must(t, append([]string{"init", dir, "--party", id, "--name", "en=" + id, "--host", id + ".example", "--media", "192.0.2.1:4433"}, more...)...)
	return dir, "--config=" + filepath.Join(dir, "visavis.toml")
}

// world is the meeting of the demo.
func world(t *testing.T) string {
	t.Helper()
	p, err := filepath.Abs("../visavis-demo/world/meeting.toml")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// sixteen finds the words in what compare prints.
func sixteen(s string) []string {
	var ws []string
	for _, m := range regexp.MustCompile(`(?m)^  [1-4]  (.*)$`).FindAllStringSubmatch(s, -1) {
		ws = append(ws, strings.Fields(m[1])...)
	}
	return ws
}

// TestTwoPartiesFromNothing does on both sides what docs/operate.md tells two operators to do.
func TestTwoPartiesFromNothing(t *testing.T) {
	a, ca := party(t, "avelmar")
	b, cb := party(t, "tolmeria")
	oa, ob := filepath.Join(a, "to-tolmeria.offer"), filepath.Join(b, "to-avelmar.offer")
	must(t, "pair", "offer", "tolmeria", "--out", oa, ca)
	must(t, "pair", "offer", "avelmar", "--out", ob, cb)
	wa, wb := sixteen(must(t, "pair", "compare", ob, ca)), sixteen(must(t, "pair", "compare", oa, cb))
	if len(wa) != 16 || strings.Join(wa, " ") != strings.Join(wb, " ") {
		t.Errorf("words\n%v\n%v", wa, wb)
	}
	if out := must(t, "pair", "list", ca); !strings.Contains(out, "No party is trusted yet") {
		t.Errorf("comparing has changed something: %s", out)
	}
	must(t, "pair", "accept", ob, "--words-match", ca)
	if r := command(t, "avelmar\n", "pair", "accept", oa, cb); r.code != exitOK || !strings.Contains(r.out, "avelmar is trusted from now on") {
		t.Errorf("typed confirmation: %+v", r)
	}
	for _, c := range []struct{ config, other string }{{ca, "tolmeria\t"}, {cb, "avelmar\t"}} {
		if out := must(t, "pair", "list", c.config); !strings.HasPrefix(out, c.other) {
			t.Errorf("pair list = %s, want %s", out, c.other)
		}
	}
	na, nb := must(t, "meeting", "new", world(t), ca), must(t, "meeting", "new", world(t), cb)
	if na != nb || !strings.Contains(na, "Digest") {
		t.Errorf("the two nodes took different meetings:\n%s\n%s", na, nb)
	}
	if out := must(t, "meeting", "list", ca); !strings.HasPrefix(out, "avelmar-tolmeria-2026\t2026-12-09 23:30 UTC\tavelmar, tolmeria\t8 members") {
		t.Errorf("meeting list = %s", out)
	}
	link := regexp.MustCompile(`^(avelmar-[a-z]+)\thttps://avelmar\.example/join#[a-z2-7]{32}$`)
	lines := strings.Split(strings.TrimSpace(must(t, "invite", "avelmar-tolmeria-2026", "--all", "--valid", "1h", ca)), "\n")
	for _, l := range lines {
		if !link.MatchString(l) {
			t.Errorf("link line %q", l)
		}
	}
	if len(lines) != 4 {
		t.Errorf("%d links, want 4", len(lines))
	}
	device := regexp.MustCompile(`^avelmar-tarroven\thttps://avelmar\.example/whep\t[a-z2-7]{52}$`)
	for _, l := range strings.Split(strings.TrimSpace(must(t, "invite", "avelmar-tolmeria-2026", "avelmar-tarroven", "--whep", "--show", "avelmar-aldesh", "--count", "2", "--valid", "1h", ca)), "\n") {
		if !device.MatchString(l) {
			t.Errorf("device line %q", l)
		}
	}
	must(t, "distrust", "tolmeria", ca)
	if r := command(t, "", "distrust", "tolmeria", ca); r.code != exitFailed || !strings.Contains(r.err, "not paired with that party") {
		t.Errorf("a second time: %+v", r)
	}
}

func TestPairingNeedsAPersonsWord(t *testing.T) {
	a, ca := party(t, "avelmar")
	_, cb := party(t, "tolmeria")
	must(t, "pair", "offer", "tolmeria", ca)
	ob := filepath.Join(a, "theirs")
	must(t, "pair", "offer", "avelmar", "--out", ob, cb)
	for _, in := range []string{"", "\n", "y\n", "yes\n", "avelmar\n", "TOLMERIA\n", "tolmeria no\n", strings.Repeat("x", 5000)} {
		r := command(t, in, "pair", "accept", ob, ca)
		if r.code != exitFailed || !strings.Contains(r.err, "not confirmed: nothing was changed") || len(sixteen(r.out)) != 16 {
			t.Errorf("answer %.20q: exit %d, %s", in, r.code, r.err)
		}
	}
	if out := must(t, "pair", "list", ca); !strings.Contains(out, "No party is trusted yet") {
		t.Errorf("pinned without a word: %s", out)
	}
	if r := command(t, "tolmeria\n", "pair", "accept", ob, ca); r.code != exitOK { // the control
		t.Errorf("with the word: %+v", r)
	}
}

func TestMessagesSayWhatToDo(t *testing.T) {
	a, ca := party(t, "avelmar")
	b, cb := party(t, "tolmeria")
	ob := filepath.Join(b, "offer")
	must(t, "pair", "offer", "avelmar", "--out", ob, cb)
	bad := filepath.Join(a, "bad.toml")
	if err := os.WriteFile(bad, []byte("party = \"avelmar\"\n[web]\nhosts = [\"a.example\"]\ntls = \"maybe\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args string
		code int
		want string
	}{
		{"pair accept " + ob + " --words-match " + ca, exitFailed, "first make one (visavis pair offer)"},
		{"pair offer tolmeria --out " + ob + " " + ca, exitFailed, "is there already, and nothing is ever overwritten"},
		{"pair offer avelmar " + ca, exitFailed, "not the id of another party"},
		{"pair compare " + filepath.Join(a, "visavis.toml") + " " + ca, exitFailed, "not a pairing offer"},
		{"pair compare /nowhere " + ca, exitUsage, "/nowhere"},
		{"init " + a + " --party avelmar --name en=A --host a.example", exitFailed, "is not empty"},
		{"init " + a + "/x --party avelmar", exitUsage, "missing flags: --host=HOST,..., --name=LANG=NAME"},
		{"init " + a + "/x --party avelmar --name en=A --host a.example --tls sometimes", exitUsage, "must be one of"},
		{"meeting new " + world(t) + " --config=" + bad, exitFailed, `bad.toml:4: web.tls is "maybe"; allowed: "acme", "files", or "off"`},
		{"serve --config=" + bad, exitFailed, "bad.toml:4: web.tls"},
		{"serve --config=" + filepath.Join(a, "none.toml"), exitFailed, "no such file"},
		{"invite none --all " + ca, exitFailed, "no such meeting: none"},
		{"invite none " + ca, exitFailed, "either --all or which members"},
		{"invite none --all --show x " + ca, exitFailed, "go with --whip or --whep"},
		{"invite none --all --whip --whep " + ca, exitUsage, "can't be used together"},
		{"invite none --all --whip " + ca, exitFailed, "no such meeting: none"},
		{"document renew --root " + filepath.Join(b, "offline", "party-root.key") + " " + ca, exitFailed, "is not the party root of avelmar"},
		{"document renew --days 201 --root " + filepath.Join(a, "offline", "party-root.key") + " " + ca, exitFailed, "allowed: 1 to 200"},
		{"document accept " + filepath.Join(b, "keys", "party.document") + " " + ca, exitFailed, "not paired with that party"},
		{"serv", exitUsage, "did you mean"},
		{"", exitUsage, "expected one of"},
		{"serve --unknown", exitUsage, "unknown flag --unknown"},
	} {
		r := command(t, "", strings.Fields(c.args)...)
		if r.code != c.code || !strings.Contains(r.err, c.want) {
			t.Errorf("visavis %s:\ngot  exit %d: %s\nwant exit %d: %s", c.args, r.code, r.err, c.code, c.want)
		}
	}
}

func TestDocumentCommands(t *testing.T) {
	a, ca := party(t, "avelmar")
	b, cb := party(t, "tolmeria")
	oa, ob := filepath.Join(a, "o"), filepath.Join(b, "o")
	must(t, "pair", "offer", "tolmeria", "--out", oa, ca)
	must(t, "pair", "offer", "avelmar", "--out", ob, cb)
	must(t, "pair", "accept", ob, "--words-match", ca)
	must(t, "pair", "accept", oa, "--words-match", cb)
	doc, root := filepath.Join(a, "keys", "party.document"), filepath.Join(a, "offline", "party-root.key")
	old, err := os.ReadFile(doc)
	if err != nil {
		t.Fatal(err)
	}
	if out := must(t, "document", "show", ca); !strings.HasPrefix(out, "avelmar (avelmar), document 1, from ") {
		t.Errorf("document show = %s", out)
	}
	if out := must(t, "document", "renew", "--root", root, "--days", "20", "--new-keys", ca); !strings.Contains(out, "Document 2 of avelmar") {
		t.Errorf("document renew = %s", out)
	}
	r := command(t, "", "document", "show", ca)
	if r.code != exitOK || !strings.Contains(r.err, "ALARM: the document of avelmar expires at") || strings.Count(r.out, "\n  node ") != 2 {
		t.Errorf("20 days before the end: %+v", r)
	}
	if out := must(t, "document", "accept", doc, cb); !strings.Contains(out, "Took document 2 of avelmar") {
		t.Errorf("document accept = %s", out)
	}
	if out := must(t, "document", "accept", doc, cb); !strings.Contains(out, "was known already") {
		t.Errorf("once more = %s", out)
	}
	back := filepath.Join(a, "old")
	if err := os.WriteFile(back, old, 0o600); err != nil {
		t.Fatal(err)
	}
	if r := command(t, "", "document", "accept", back, cb); r.code != exitFailed || !strings.Contains(r.err, "older document") {
		t.Errorf("going back: %+v", r)
	}
}

func TestBackupCommands(t *testing.T) {
	a, ca := party(t, "avelmar")
	must(t, "meeting", "new", world(t), ca)
	to, config := filepath.Join(a, "backup"), filepath.Join(t.TempDir(), "new", "visavis.toml")
	must(t, "backup", to, ca)
	must(t, "restore", to, "--config", config)
	if out := must(t, "meeting", "list", "--config", config); !strings.HasPrefix(out, "avelmar-tolmeria-2026\t") {
		t.Errorf("the restored node knows %s", out)
	}
	if r := command(t, "", "restore", to, "--config", config); r.code != exitFailed || !strings.Contains(r.err, "nothing is ever overwritten") {
		t.Errorf("restore over it: %+v", r)
	}
}

// TestInitSetsAnyKey: what has no flag of its own, with the same strictness as a settings file.
func TestInitSetsAnyKey(t *testing.T) {
	a, _ := party(t, "avelmar", "--set", "media.camera.fps=15", "--set", `log.level="warn"`, "--set", `udp.advertise=["203.0.113.5", "2001:db8::1"]`)
	b, err := os.ReadFile(filepath.Join(a, "visavis.toml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"\nfps = 15\n", "\nlevel = \"warn\"\n", "\nadvertise = [\"203.0.113.5\", \"2001:db8::1\"]\n", "\nwidth = 1280\n"} {
		if !strings.Contains(string(b), want) {
			t.Errorf("no %q in the settings", want)
		}
	}
	for set, want := range map[string]string{
		"media.camera.pfs=15": "media.camera.pfs is not a key of this file; allowed: width, height, fps", "media.camera.fps=99": "media.camera.fps is 99; allowed: pictures a second, 5 to 30",
		"media.camera.fps=many": "cannot be read", "Party=\"x\"": "Party is not a key",
	} {
		dir := filepath.Join(t.TempDir(), "n")
		r := command(t, "", "init", dir, "--party", "avelmar", "--name", "en=A", "--host", "a.example", "--set", set)
		if _, err := os.Stat(dir); r.code != exitFailed || !strings.Contains(r.err, want) || err == nil {
			t.Errorf("--set %s: exit %d, %s; want …%s… and nothing made", set, r.code, r.err, want)
		}
	}
}

// TestHelp: every command explains itself.
func TestHelp(t *testing.T) {
	all := command(t, "", "--help")
	names := regexp.MustCompile(`(?m)^  ([a-z]+(?: [a-z]+)?)  `).FindAllStringSubmatch(all.out, -1)
	if all.code != exitOK || len(names) != 29 {
		t.Fatalf("exit %d, %d commands in %s", all.code, len(names), all.out)
	}
	for _, n := range names {
		r := command(t, "", append(strings.Fields(n[1]), "--help")...)
		if r.code != exitOK || !strings.Contains(r.out, "Usage: visavis "+n[1]) {
			t.Errorf("visavis %s --help: exit %d, %s", n[1], r.code, r.out)
		}
	}
	if out := must(t, "version"); !strings.HasPrefix(out, "visavis ") || !strings.Contains(out, "go1.") {
		t.Errorf("version = %s", out)
	}
}

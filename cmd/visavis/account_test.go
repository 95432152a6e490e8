package main

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// formalMeeting is the demo's, with an officer on each side.
const formalMeeting = "../visavis-demo/world/formal.toml"

// TestAccounts: init prints the first officer's link, the commands do the rest.
func TestAccounts(t *testing.T) {
	link := regexp.MustCompile(`(?m)^(?:  |[a-z-]+\t)https://avelmar\.example/enrol#[a-z2-7]{32}$`)
	dir := filepath.Join(t.TempDir(), "avelmar")
	out := must(t, "init", dir, "--party", "avelmar", "--name", "en=Avelmar", "--host", "avelmar.example", "--media", "192.0.2.1:4433", "--officer", "avelmar-vost", "--officer-name", "Lirien Vost")
	if !strings.Contains(out, "first protocol officer, avelmar-vost") || len(link.FindAllString(out, -1)) != 1 {
		t.Errorf("init said %s", out)
	}
	config := "--config=" + filepath.Join(dir, "visavis.toml")
	r := command(t, "", "account", "add", "avelmar-ormeran", "Dask Ormeran", "--role", "technician", config)
	if r.code != exitOK || !link.MatchString(strings.TrimSpace(r.out)) || !strings.HasPrefix(r.out, "avelmar-ormeran\t") || !strings.Contains(r.err, "one passkey, once") {
		t.Errorf("account add: %+v", r)
	}
	if r := command(t, "", "account", "add", "avelmar-ormeran", "Dask Ormeran", config); r.code != exitFailed || !strings.Contains(r.err, "there is an account of that id already") {
		t.Errorf("account add again: %+v", r)
	}
	if out := must(t, "account", "list", config); out != "avelmar-ormeran\ttechnician\t0 passkeys\tnever used\tDask Ormeran\navelmar-vost\tofficer\t0 passkeys\tnever used\tLirien Vost\n" {
		t.Errorf("account list = %q", out)
	}
	one, two := must(t, "account", "code", "avelmar-vost", config), must(t, "account", "code", "avelmar-vost", "--forget", config)
	if one == two || !link.MatchString(strings.TrimSpace(two)) {
		t.Errorf("account code = %q, %q", one, two)
	}
	must(t, "account", "remove", "avelmar-ormeran", config)
	if r := command(t, "", "account", "code", "avelmar-ormeran", config); r.code != exitFailed || !strings.Contains(r.err, "no such account") {
		t.Errorf("a code for a removed account: %+v", r)
	}
	to, restored := filepath.Join(t.TempDir(), "b"), filepath.Join(t.TempDir(), "new", "visavis.toml")
	must(t, "backup", to, config)
	must(t, "account", "remove", "avelmar-vost", config) // who left since the backup
	r = command(t, "", "restore", to, "--config", restored)
	if r.code != exitOK || !strings.Contains(r.out, "avelmar-vost\tofficer\t") || strings.Contains(r.out, "avelmar-ormeran") || !strings.Contains(r.err, "account remove") {
		t.Errorf("restore does not say whose account is back: %+v", r)
	}
	if out := must(t, "account", "list", "--config", restored); !strings.HasPrefix(out, "avelmar-vost\tofficer\t") {
		t.Errorf("accounts after a restore: %q", out)
	}
}

// TestInvitationsToAFormalMeeting: PINs apart from links, nothing for those who sign in, the press by name.
func TestInvitationsToAFormalMeeting(t *testing.T) {
	_, config := party(t, "avelmar")
	const id = "avelmar-tolmeria-2026"
	must(t, "meeting", "new", formalMeeting, config)
	r := command(t, "", "invite", id, "--all", "--valid", "1h", config)
	if lines := strings.Split(strings.TrimSpace(r.out), "\n"); r.code != exitOK || len(lines) != 4 || !strings.HasPrefix(lines[0], "avelmar-tarroven\thttps://avelmar.example/join#") || !strings.HasPrefix(lines[3], "avelmar-kell\t") {
		t.Errorf("invite: %+v", r)
	}
	if pins := regexp.MustCompile(`(?m)^PIN\t(.*)\t[0-9]{6}$`).FindAllStringSubmatch(r.err, -1); len(pins) != 1 || pins[0][1] != "avelmar-tarroven" {
		t.Errorf("PINs: %q", r.err)
	}
	if r := command(t, "", "invite", id, "avelmar-vost", "--valid", "1h", config); r.code != exitFailed || !strings.Contains(r.err, "sign in with a passkey") {
		t.Errorf("a link for an officer: %+v", r)
	}
	press := regexp.MustCompile(`^press-[0-9a-f]{8}\thttps://avelmar\.example/press#[a-z2-7]{32}\n$`)
	if out := must(t, "invite", id, "--press", "River Gazette", "--valid", "1h", config); !press.MatchString(out) {
		t.Errorf("press = %q", out)
	}
	for _, args := range [][]string{{"--press", "River Gazette", "--all"}, {"--press", "River Gazette", "avelmar-kell"}, {"--press", "a\u202eb"}} {
		if r := command(t, "", append([]string{"invite", id, "--valid", "1h", config}, args...)...); r.code != exitFailed {
			t.Errorf("%q: %+v", args, r)
		}
	}
}

package node

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const goodSettings = `party = "avelmar"
[web]
hosts = ["meet.ilverne.example"]
`

func write(t testing.TB, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func loadText(t testing.TB, text string) (Settings, error) {
	t.Helper()
	return Load(write(t, filepath.Join(t.TempDir(), "visavis.toml"), text))
}

func TestSettingsThatSayOnlyWhatTheyMust(t *testing.T) {
	s, err := loadText(t, goodSettings)
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Party, want.Web.Hosts, want.Path = "avelmar", []string{"meet.ilverne.example"}, s.Path
	want.Data, want.Keys = filepath.Join(filepath.Dir(s.Path), "data"), filepath.Join(filepath.Dir(s.Path), "keys")
	if got, want := fmt.Sprintf("%+v", s), fmt.Sprintf("%+v", want); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if err := s.Check(); err != nil {
		t.Errorf("Check = %v", err)
	}
}

// TestSettingsMistakes: each names its line, its key and what is allowed.
func TestSettingsMistakes(t *testing.T) {
	for _, c := range []struct {
		text string
		line int
		want string // in the message
	}{
		{"", 0, "party is missing; allowed: 1 to 32"},
		{"party = \"avelmar\"\n", 0, "web.hosts is missing"},
		{goodSettings + "tsl = \"acme\"\n", 4, "web.tsl is not a key of this file; allowed: listen, hosts, tls, cert, key, [web.acme]"},
		{"Party = \"avelmar\"\n[web]\nhosts=[\"a.example\"]\n", 1, "Party is not a key of this file; allowed: party, data, keys, [web], [udp], [link], [media], [public], [log]"},
		{goodSettings + "[wbe]\n", 4, "wbe is not a key"},
		{goodSettings + "[web.acme]\nemial = \"x\"\n", 5, "web.acme.emial is not a key of this file; allowed: directory, email"},
		{goodSettings + "[udp]\nadvertize = []\n", 5, "udp.advertize is not a key"},
		{goodSettings + "tls = \"letsencrypt\"\n", 4, `web.tls is "letsencrypt"; allowed: "acme", "files", or "off"`},
		{goodSettings + "tls = \"files\"\nkey = \"k\"\n", 2, `web.cert is missing, but web.tls is "files"`},
		{goodSettings + "tls = \"off\"\n", 4, `web.tls is "off", but web.listen is ":443", which others can reach`},
		{goodSettings + "tls = \"off\"\nlisten = \"127.0.0.1:8080\"\n", 0, `link.listen is missing`},
		{goodSettings + "listen = \"443\"\n", 4, `web.listen is "443"; allowed: address and TCP port`},
		{goodSettings + "listen = \"node.example:443\"\n", 4, `web.listen is "node.example:443"`},
		{goodSettings + "listen = 443\n", 4, "web.listen has a value of the wrong type; allowed: address and TCP port"},
		{"party = \"avelmar\"\n[web]\nhosts = [\"https://meet.example\"]\n", 3, `web.hosts has "https://meet.example"; allowed: a list of host names`},
		{"party = \"avelmar\"\n[web]\nhosts = [\"meet.example:0\"]\n", 3, `web.hosts has "meet.example:0"`},
		{"party = \"Avelmar!\"\n[web]\nhosts = [\"a.example\"]\n", 1, `party is "Avelmar!"`},
		{goodSettings + "[web.acme]\ndirectory = \"http://acme.example\"\n", 5, "web.acme.directory is"},
		{goodSettings + "[web.acme]\nemail = \"nobody\"\n", 5, `web.acme.email is "nobody"`},
		{goodSettings + "[udp]\nport = 0\n", 5, "udp.port is 0; allowed: a number from 1 to 65535"},
		{goodSettings + "[udp]\nport = 65536\n", 5, "udp.port"},
		{goodSettings + "[udp]\nport = \"4433\"\n", 5, "udp.port has a value of the wrong type"},
		{goodSettings + "[udp]\nlisten = \"any\"\n", 5, "udp.listen"},
		{goodSettings + "[udp]\nadvertise = [\"0.0.0.0\"]\n", 5, `udp.advertise has "0.0.0.0"`},
		{goodSettings + "[udp]\nadvertise = [\"node.example\"]\n", 5, `udp.advertise has "node.example"; allowed: a list of IP`},
		{goodSettings + "[link]\nlisten = \"x\"\n", 5, `link.listen is "x"`},
		{goodSettings + "[link]\nallow_private = \"yes\"\n", 5, "link.allow_private has a value of the wrong type; allowed: true or false"},
		{goodSettings + "[media.camera]\nfps = 31\n", 5, "media.camera.fps is 31; allowed: pictures a second, 5 to 30"},
		{goodSettings + "[media.camera]\nwidth = 159\n", 5, "media.camera.width is 159"},
		{goodSettings + "[public]\nbase = \"https://meetings.example/\"\n", 5, `public.base is "https://meetings.example/"; allowed: the address of the public site`},
		{goodSettings + "[public]\nbase = \"javascript:alert(1)\"\n", 5, "public.base is"},
		{goodSettings + "[log]\nlevel = \"verbose\"\n", 5, "log.level"},
		{goodSettings + "[log]\nlevel = \"info+1\"\n", 5, "log.level is"},
		{goodSettings + "hosts = [\"b.example\"]\n", 4, "cannot be read"},
		{"party = avelmar\n", 1, "cannot be read"},
		{"party = \"avelmar\n", 1, "cannot be read"},
	} {
		_, err := loadText(t, c.text)
		var e *SettingError
		if !errors.As(err, &e) {
			t.Errorf("%q: %v, want a *SettingError", c.text, err)
			continue
		}
		if e.Line != c.line || !strings.Contains(e.Error(), c.want) {
			t.Errorf("%q:\ngot  line %d: %s\nwant line %d: …%s…", c.text, e.Line, e.Error(), c.line, c.want)
		}
		if c.line > 0 && !strings.Contains(e.Error(), fmt.Sprintf("visavis.toml:%d: ", c.line)) {
			t.Errorf("%q: no file and line in %s", c.text, e)
		}
	}
}

func TestSettingsLimits(t *testing.T) {
	for _, c := range []struct {
		text string
		ok   bool
	}{
		{goodSettings + "[media.camera]\nwidth = 160\nheight = 90\nfps = 5\n", true},
		{goodSettings + "[public]\nbase = \"https://meetings.example:8443\"\n", true},
		{goodSettings + "[media.camera]\nwidth = 1920\nheight = 1080\nfps = 30\n", true},
		{goodSettings + "[media.camera]\nwidth = 1921\n", false},
		{goodSettings + "[media.camera]\nheight = 1081\n", false},
		{goodSettings + "[media.camera]\nheight = 89\n", false},
		{goodSettings + "[media.camera]\nfps = 4\n", false},
		{goodSettings + "[udp]\nport = 65535\n", true},
		{goodSettings + "[udp]\nadvertise = [" + strings.Repeat(`"192.0.2.1", `, 8) + "]\n", true},
		{goodSettings + "[udp]\nadvertise = [" + strings.Repeat(`"192.0.2.1", `, 9) + "]\n", false},
		{goodSettings + strings.Repeat("#", maxSettings-len(goodSettings)), true},
		{goodSettings + strings.Repeat("#", maxSettings-len(goodSettings)+1), false},
	} {
		if _, err := loadText(t, c.text); (err == nil) != c.ok {
			t.Errorf("%.120q: %v, want ok %v", c.text, err, c.ok)
		}
	}
}

func TestPlainHTTPNeedsTheFlag(t *testing.T) {
	s, err := loadText(t, goodSettings+"tls = \"off\"\nlisten = \"127.0.0.1:8080\"\n[link]\nlisten = \"127.0.0.1:8443\"\n")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Check(); err == nil || !strings.Contains(err.Error(), "visavis.toml:4: web.tls is") || !strings.Contains(err.Error(), `--insecure-localhost; allowed: "acme" or "files"`) {
		t.Errorf("Check without the flag = %v", err)
	}
	s.InsecureLocalhost = true
	if err := s.Check(); err != nil {
		t.Errorf("Check with the flag = %v", err)
	}
	s.Web.Listen = "0.0.0.0:8080"
	if err := s.Check(); err == nil {
		t.Error("plain HTTP for everyone was admitted")
	}
}

func TestAdvertised(t *testing.T) {
	u := UDPSettings{Port: 4433, Advertise: []string{"203.0.113.5", "203.0.113.6:99", "2001:db8::1", "[2001:db8::2]:7"}}
	if got, want := fmt.Sprint(u.Advertised()), "[203.0.113.5:4433 203.0.113.6:99 [2001:db8::1]:4433 [2001:db8::2]:7]"; got != want {
		t.Errorf("Advertised = %s, want %s", got, want)
	}
}

// TestTemplateExplainsEveryKey: the file that init writes loads, gives back what it was made from, and has every key with a comment before it.
func TestTemplateExplainsEveryKey(t *testing.T) {
	want := Default()
	want.Party, want.Data = "avelmar", `/var/lib/"vis\avis"`
	want.Web = WebSettings{Listen: "192.0.2.1:443", Hosts: []string{"a.example", "b.example:8443"}, TLS: TLSFiles, Cert: "/c", Key: "/k", ACME: want.Web.ACME}
	want.Web.ACME.Email = "operator@ilverne.example"
	want.UDP.Advertise, want.Link = []string{"203.0.113.5"}, LinkSettings{"192.0.2.1:8443", true}
	want.Log.Level = slog.LevelWarn
	text := want.file()
	got, err := loadText(t, text)
	if err != nil {
		t.Fatal(err)
	}
	want.Path, want.Keys = got.Path, filepath.Join(filepath.Dir(got.Path), "keys")
	if g, w := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want); g != w {
		t.Errorf("got  %s\nwant %s", g, w)
	}
	lines, _ := keyLines(text)
	all := strings.Split(text, "\n")
	for _, r := range settingRules() {
		n := lines[r.key]
		if n == 0 {
			t.Errorf("%s is not in the file", r.key)
			continue
		}
		for n--; n > 0 && strings.Contains(all[n], " = "); n-- { // keys that are explained together
		}
		if !strings.HasPrefix(all[n], "# ") {
			t.Errorf("%s is not explained: before it stands %q", r.key, all[n])
		}
	}
	if strings.Contains(text, "%") {
		t.Error("something was not filled in")
	}
}

func FuzzSettings(f *testing.F) {
	f.Add(goodSettings)
	f.Add(Default().file())
	f.Add("[[web]]\nhosts = [[]]\n")
	f.Add("[web]\n[web]\n[web.acme.x]\n\"a.b\".c = 1\n")
	f.Fuzz(func(t *testing.T, text string) {
		s := Default()
		file, err := decodeTOML("x", []byte(text), &s, settingRules())
		if err != nil {
			var e *SettingError
			if !errors.As(err, &e) || e.Error() == "" {
				t.Fatalf("error of another kind: %v", err)
			}
			return
		}
		if e := s.wrong(file); e != nil {
			_ = e.Error()
		}
	})
}

package node

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"visavis/internal/auth"
	"visavis/internal/meeting"
)

// Settings are what visavis.toml says. Paths are absolute after Load.
type Settings struct {
	Path  string          `toml:"-"` // the file they came from
	Party meeting.PartyID `toml:"party"`
	Data  string          `toml:"data"`
	Keys  string          `toml:"keys"`
	Web   WebSettings     `toml:"web"`
	UDP   UDPSettings     `toml:"udp"`
	Link  LinkSettings    `toml:"link"`
	Media MediaSettings   `toml:"media"`
	Log   LogSettings     `toml:"log"`

	Public PublicSettings `toml:"public"`

	// InsecureLocalhost admits web.tls = "off"; set by the flag of that name, never by the file.
	InsecureLocalhost bool `toml:"-"`

	offLine int // of web.tls = "off" in the file; 0: it says otherwise, or there is none
}

// WebSettings are about browsers.
type WebSettings struct {
	Listen string       `toml:"listen"` // TCP, [host]:port
	Hosts  []string     `toml:"hosts"`  // exact Host values
	TLS    string       `toml:"tls"`    // TLSACME, TLSFiles or TLSOff
	Cert   string       `toml:"cert"`
	Key    string       `toml:"key"`
	ACME   ACMESettings `toml:"acme"`
}

// Values of WebSettings.TLS.
const (
	TLSACME  = "acme"
	TLSFiles = "files"
	TLSOff   = "off"
)

// ACMESettings say where certificates come from.
type ACMESettings struct {
	Directory string `toml:"directory"`
	Email     string `toml:"email"`
}

// UDPSettings are about the one UDP port.
type UDPSettings struct {
	Listen    netip.Addr `toml:"listen"`
	Port      uint16     `toml:"port"`
	Advertise []string   `toml:"advertise"` // ip or ip:port; see Advertised
}

// LinkSettings are about other nodes.
type LinkSettings struct {
	Listen       string `toml:"listen"` // TCP; "": the port of web
	AllowPrivate bool   `toml:"allow_private"`
}

// MediaSettings are about pictures.
type MediaSettings struct {
	Camera CameraSettings `toml:"camera"`
}

// CameraSettings are what members' cameras are asked for.
type CameraSettings struct {
	Width  int `toml:"width"`  // pixels
	Height int `toml:"height"` // pixels
	FPS    int `toml:"fps"`
}

// PublicSettings are about what is published.
type PublicSettings struct {
	Store string `toml:"store"` // directory of the public store; "": nothing is published from here
	Base  string `toml:"base"`  // address of the public site, as in its own settings, for officers to follow; "": not said
}

// LogSettings are about the program's own log.
type LogSettings struct {
	Level slog.Level `toml:"level"`
}

// maxSettings bounds a settings file, bytes.
const maxSettings = 64 << 10

// Default returns the settings of a file that says only what it must (party and web.hosts are missing).
func Default() Settings {
	return Settings{
		Data: "data", Keys: "keys",
		Web: WebSettings{Listen: ":443", TLS: TLSACME, ACME: ACMESettings{Directory: "https://acme-v02.api.letsencrypt.org/directory"}},
		UDP: UDPSettings{Listen: netip.IPv6Unspecified(), Port: 4433},
		// 720p at 25: what a principal's picture needs on a wall; 30 adds a fifth of the bits and little else.
		Media: MediaSettings{CameraSettings{Width: 1280, Height: 720, FPS: 25}},
	}
}

// settingRules are the keys of visavis.toml. The template that init writes explains the same ones; a test compares them.
func settingRules() []keyRule {
	return []keyRule{
		{"party", "1 to 32 lower-case letters, digits and hyphens, as in the party document"},
		{"data", "a directory of this node alone"},
		{"keys", "the directory with node.key, log.key and party.document"},
		{"web.listen", `address and TCP port, as in ":443" or "192.0.2.1:443"`},
		{"web.hosts", `a list of host names as browsers write them, with the port unless it is 443, as in ["meet.example.org"]`},
		{"web.tls", `"acme", "files", or "off" (only on a loopback address and with --insecure-localhost)`},
		{"web.cert", `a PEM file, with tls = "files"`},
		{"web.key", `a PEM file, with tls = "files"`},
		{"web.acme.directory", "an https:// address of an ACME directory"},
		{"web.acme.email", `an e-mail address, or ""`},
		{"udp.listen", `an IP address, as in "::" (IPv4 too), "0.0.0.0" or "192.0.2.1"`},
		{"udp.port", "a number from 1 to 65535"},
		{"udp.advertise", `a list of IP addresses, each with a port if it differs, as in ["203.0.113.5"] or ["203.0.113.5:4433"]`},
		{"link.listen", `address and TCP port, or "" for the port of web`},
		{"link.allow_private", "true or false"},
		{"media.camera.width", "pixels, 160 to 1920"},
		{"media.camera.height", "pixels, 90 to 1080"},
		{"media.camera.fps", "pictures a second, 5 to 30"},
		{"public.store", `a directory that the public site (visavis site) reads, or "" to publish nothing from here`},
		{"public.base", `the address of the public site, as in "https://meetings.example.org", or ""`},
		{"log.level", `"debug", "info", "warn" or "error"`},
	}
}

// Load reads a settings file. A key that is unknown or a value that is not allowed is a *SettingError, which names file, line, key and what is
// allowed. web.tls = "off" is taken here; Check asks for the flag.
func Load(path string) (Settings, error) {
	b, err := readBounded(path, maxSettings)
	if err != nil {
		return Settings{}, fmt.Errorf("read settings: %w", err)
	}
	return settingsIn(b, path)
}

// settingsIn is Load of what the file at path holds, or will.
func settingsIn(b []byte, path string) (Settings, error) {
	s := Default()
	f, err := decodeTOML(path, b, &s, settingRules())
	if err != nil {
		return Settings{}, err
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return Settings{}, fmt.Errorf("read settings: %w", err)
	}
	s.Path = abs
	for _, p := range []*string{&s.Data, &s.Keys, &s.Web.Cert, &s.Web.Key, &s.Public.Store} {
		if *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(filepath.Dir(abs), *p)
		}
	}
	if e := s.wrong(f); e != nil {
		return Settings{}, e
	}
	if s.Web.TLS == TLSOff {
		s.offLine = f.lines["web.tls"]
	}
	return s, nil
}

// Set changes keys, each written as KEY=VALUE in TOML. The error is a *SettingError, as of Load; whether the values go together, Check says.
func (s *Settings) Set(keys []string) error {
	if _, err := decodeTOML("--set", []byte(strings.Join(keys, "\n")), s, settingRules()); err != nil {
		return err
	}
	return nil
}

// Check says whether a node may run with these settings: what Load says, and that plain HTTP was asked for by the flag.
func (s Settings) Check() error {
	name := s.Path
	if name == "" {
		name = "settings"
	}
	if e := s.wrong(&tomlFile{name: name, keys: settingRules()}); e != nil {
		return e
	}
	if s.Web.TLS == TLSOff && !s.InsecureLocalhost {
		return &SettingError{File: name, Line: s.offLine, Key: "web.tls", Problem: `is "off": browsers would be served in clear, which needs the flag --insecure-localhost`,
			Allowed: `"acme" or "files"; "off" with the flag`}
	}
	return nil
}

// wrong is the first mistake, or nil.
func (s Settings) wrong(f *tomlFile) *SettingError {
	for _, check := range []func(*tomlFile) *SettingError{s.wrongBasics, s.wrongWeb, s.wrongUDP, s.wrongRest} {
		if e := check(f); e != nil {
			return e
		}
	}
	return nil
}

func (s Settings) wrongBasics(f *tomlFile) *SettingError {
	switch {
	case s.Party == "":
		return f.bad("party", "is missing")
	case !auth.ValidParty(s.Party):
		return f.bad("party", "is %q", s.Party)
	case s.Data == "":
		return f.bad("data", "is empty")
	case s.Keys == "":
		return f.bad("keys", "is empty")
	}
	return nil
}

func (s Settings) wrongWeb(f *tomlFile) *SettingError {
	w := s.Web
	if !validListen(w.Listen) {
		return f.bad("web.listen", "is %q", w.Listen)
	}
	if len(w.Hosts) == 0 {
		return f.bad("web.hosts", "is missing: without it no browser is answered")
	}
	for _, h := range w.Hosts {
		if !validHostValue(h) {
			return f.bad("web.hosts", "has %q", h)
		}
	}
	switch w.TLS {
	case TLSACME:
		if !strings.HasPrefix(w.ACME.Directory, "https://") {
			return f.bad("web.acme.directory", "is %q", w.ACME.Directory)
		}
		if e := w.ACME.Email; e != "" && (!strings.Contains(e, "@") || strings.ContainsAny(e, " \t\r\n<>")) {
			return f.bad("web.acme.email", "is %q", e)
		}
	case TLSFiles:
		if w.Cert == "" {
			return f.bad("web.cert", `is missing, but web.tls is "files"`)
		}
		if w.Key == "" {
			return f.bad("web.key", `is missing, but web.tls is "files"`)
		}
	case TLSOff:
		if !loopbackListen(w.Listen) {
			return f.bad("web.tls", `is "off", but web.listen is %q, which others can reach`, w.Listen)
		}
		if s.Link.Listen == "" {
			return f.bad("link.listen", `is missing: with web.tls = "off" the link, which is always TLS, needs a port of its own`)
		}
	default:
		return f.bad("web.tls", "is %q", w.TLS)
	}
	return nil
}

func (s Settings) wrongUDP(f *tomlFile) *SettingError {
	switch {
	case !s.UDP.Listen.IsValid() || s.UDP.Listen.Zone() != "":
		return f.bad("udp.listen", "is not an address")
	case s.UDP.Port == 0:
		return f.bad("udp.port", "is 0")
	case len(s.UDP.Advertise) > auth.MaxAddresses:
		return f.bad("udp.advertise", "has more than %d addresses", auth.MaxAddresses)
	}
	for _, a := range s.UDP.Advertise {
		if _, ok := s.UDP.advertised(a); !ok {
			return f.bad("udp.advertise", "has %q", a)
		}
	}
	return nil
}

func (s Settings) wrongRest(f *tomlFile) *SettingError {
	if l := s.Link.Listen; l != "" && !validListen(l) {
		return f.bad("link.listen", "is %q", l)
	}
	for _, n := range []struct {
		key          string
		v, low, high int
	}{
		{"media.camera.width", s.Media.Camera.Width, 160, 1920},
		{"media.camera.height", s.Media.Camera.Height, 90, 1080},
		{"media.camera.fps", s.Media.Camera.FPS, 5, 30},
	} {
		if n.v < n.low || n.v > n.high {
			return f.bad(n.key, "is %d", n.v)
		}
	}
	if b := s.Public.Base; b != "" {
		u, err := url.Parse(b)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || b != u.Scheme+"://"+u.Host {
			return f.bad("public.base", "is %q", b)
		}
	}
	if !slices.Contains([]slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError}, s.Log.Level) {
		return f.bad("log.level", "is %q", s.Log.Level)
	}
	return nil
}

// Addr is the local address of the UDP port.
func (u UDPSettings) Addr() netip.AddrPort { return netip.AddrPortFrom(u.Listen, u.Port) }

// Advertised are the addresses under which others reach the UDP port, if they are not those of the machine (one-to-one NAT).
func (u UDPSettings) Advertised() []netip.AddrPort {
	var out []netip.AddrPort
	for _, s := range u.Advertise {
		if a, ok := u.advertised(s); ok {
			out = append(out, a)
		}
	}
	return out
}

func (u UDPSettings) advertised(s string) (netip.AddrPort, bool) {
	a, err := netip.ParseAddrPort(s)
	if err != nil {
		ip, err := netip.ParseAddr(s)
		if err != nil {
			return a, false
		}
		a = netip.AddrPortFrom(ip, u.Port)
	}
	ip := a.Addr()
	return a, a.Port() != 0 && ip.Zone() == "" && !ip.IsUnspecified() && !ip.IsMulticast() && !ip.Is4In6()
}

// validListen reports whether a is [host]:port with an address, no name, and a port that is a number (0 too: the system chooses, for tests).
func validListen(a string) bool {
	host, port, err := net.SplitHostPort(a)
	if err != nil {
		return false
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return false
	}
	_, err = netip.ParseAddr(host)
	return host == "" || host == "localhost" || err == nil
}

func loopbackListen(a string) bool {
	host, _, _ := net.SplitHostPort(a)
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// validHostValue reports whether h can be the value of a Host header: a name or an address, with a port unless it is the default one.
func validHostValue(h string) bool {
	name, port, err := net.SplitHostPort(h)
	if err != nil {
		name = strings.TrimSuffix(strings.TrimPrefix(h, "["), "]")
	} else if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return false
	}
	if ip, err := netip.ParseAddr(name); err == nil {
		return ip.Zone() == ""
	}
	return auth.ValidHost(name)
}

// readBounded reads a whole file of at most limit bytes.
func readBounded(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = fmt.Errorf("%s has more than %d bytes", path, limit)
	}
	return b, err
}

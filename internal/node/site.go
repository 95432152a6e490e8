package node

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"visavis/internal/site"
)

// SiteSettings are what site.toml says: the settings of the public site, a process of its own. Paths are absolute after LoadSite.
type SiteSettings struct {
	Path    string      `toml:"-"`
	Listen  string      `toml:"listen"`  // TCP, [host]:port
	Base    string      `toml:"base"`    // address of the site as the public writes it
	Store   string      `toml:"store"`   // directory of the public store
	Records string      `toml:"records"` // directory for consent and counts; "": none
	TLS     string      `toml:"tls"`     // TLSFiles or TLSOff
	Cert    string      `toml:"cert"`
	Key     string      `toml:"key"`
	Log     LogSettings `toml:"log"`
}

// siteStop is how long requests may end after the site was told to stop.
const siteStop = 5 * time.Second

func siteRules() []keyRule {
	return []keyRule{
		{"listen", `address and TCP port, as in "127.0.0.1:8480" or ":443"`},
		{"base", `how the public writes the address, without a slash at the end, as in "https://meetings.example.org"`},
		{"store", "the directory of the public store, which the node fills"},
		{"records", `a directory for the record of consent, needed when theme.toml has an optional purpose; or ""`},
		{"tls", `"files", or "off" on a loopback address (behind a server that ends TLS)`},
		{"cert", `a PEM file, with tls = "files"`},
		{"key", `a PEM file, with tls = "files"`},
		{"log.level", `"debug", "info", "warn" or "error"`},
	}
}

// LoadSite reads site.toml. The error is a *SettingError with the line of the mistake and what is allowed, or one of the disk.
func LoadSite(path string) (SiteSettings, error) {
	b, err := readBounded(path, maxSettings)
	if err != nil {
		return SiteSettings{}, fmt.Errorf("read settings: %w", err)
	}
	s := SiteSettings{Listen: "127.0.0.1:8480", TLS: TLSOff}
	f, err := decodeTOML(path, b, &s, siteRules())
	if err != nil {
		return SiteSettings{}, err
	}
	if s.Path, err = filepath.Abs(path); err != nil {
		return SiteSettings{}, fmt.Errorf("read settings: %w", err)
	}
	if e := s.wrong(f); e != nil {
		return SiteSettings{}, e
	}
	for _, p := range []*string{&s.Store, &s.Records, &s.Cert, &s.Key} {
		if *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(filepath.Dir(s.Path), *p)
		}
	}
	return s, nil
}

func (s SiteSettings) wrong(f *tomlFile) *SettingError {
	u, err := url.Parse(s.Base)
	switch {
	case !validListen(s.Listen):
		return f.bad("listen", "is %q", s.Listen)
	case s.Base == "":
		return f.bad("base", "is missing")
	case err != nil || u.Scheme != "https" && !(u.Scheme == "http" && s.TLS == TLSOff) || u.Host == "" || u.Scheme+"://"+u.Host != s.Base:
		return f.bad("base", "is %q", s.Base)
	case s.Store == "":
		return f.bad("store", "is missing")
	case s.TLS == TLSFiles && (s.Cert == "" || s.Key == ""):
		return f.bad("cert", `and key are needed with tls = "files"`)
	case s.TLS == TLSOff && !loopbackListen(s.Listen):
		return f.bad("tls", `is "off" and listen is %q, not a loopback address`, s.Listen)
	case s.TLS != TLSOff && s.TLS != TLSFiles:
		return f.bad("tls", "is %q", s.TLS)
	case s.Log.Level != slog.LevelDebug && s.Log.Level != slog.LevelInfo && s.Log.Level != slog.LevelWarn && s.Log.Level != slog.LevelError:
		return f.bad("log.level", "is %q", s.Log.Level)
	}
	return nil
}

// ServeSite runs the public site until ctx ends. It reads the store and writes nothing but what records is for; it holds no key and speaks to no node.
// It logs JSON lines to w; started gets the address once it listens, and may be nil.
func ServeSite(ctx context.Context, s SiteSettings, w io.Writer, started func(net.Addr)) error {
	log := slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: s.Log.Level}))
	h, err := site.New(site.Config{Dir: s.Store, Base: s.Base, Records: s.Records, Clock: time.Now, Log: log})
	if err != nil {
		return err
	}
	l, err := siteListener(s, log)
	if err != nil {
		return errors.Join(err, h.Close())
	}
	server := h.Server()
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }() // ends by Shutdown or Close below
	serviceManager(os.Getenv("NOTIFY_SOCKET"))("READY=1")
	if started != nil {
		started(l.Addr())
	}
	select {
	case err = <-done:
	case <-ctx.Done():
		stop, cancel := context.WithTimeout(context.Background(), siteStop)
		err = server.Shutdown(stop)
		cancel()
		if err != nil {
			err = server.Close()
		}
		<-done
	}
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	return errors.Join(err, h.Close())
}

// siteListener listens, with TLS unless a server before us ends it; on the service manager's socket if it opened one.
func siteListener(s SiteSettings, log *slog.Logger) (net.Listener, error) {
	listen, err := inherited(firstInherited, os.Getpid(), os.Getenv("LISTEN_PID"), os.Getenv("LISTEN_FDS"))
	if err != nil {
		return nil, err
	}
	if listen == nil {
		listen = func(addr string) (net.Listener, error) { return net.Listen("tcp", addr) }
	}
	var c *tls.Config
	if s.TLS == TLSFiles {
		if c, err = webTLS(Settings{Web: WebSettings{TLS: TLSFiles, Cert: s.Cert, Key: s.Key}}, "", log); err != nil {
			return nil, err
		}
		c.NextProtos = []string{"http/1.1"} // one page and one sheet: streams would only be more to bound
	}
	l, err := listen(s.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	if c != nil {
		l = tls.NewListener(l, c)
	}
	return l, nil
}

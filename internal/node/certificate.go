package node

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"
)

// certificateCheck is how often certificate files are looked at, at most: a renewal is served within this time of its arrival.
const certificateCheck = 10 * time.Second

// webTLS is the TLS configuration for browsers: certificates from files, reloaded when they change, or from an ACME authority
// (RFC 8555, challenge tls-alpn-01 of RFC 8737 on the same port). The link never uses it.
func webTLS(s Settings, dir string, log *slog.Logger) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}
	switch s.Web.TLS {
	case "files":
		f := &certificateFiles{cert: s.Web.Cert, key: s.Web.Key, log: log}
		if _, err := f.get(nil); err != nil {
			return nil, err
		}
		c.GetCertificate = f.get
	case "acme":
		m := &autocert.Manager{
			Prompt: autocert.AcceptTOS, Cache: autocert.DirCache(dir), Email: s.Web.ACME.Email,
			HostPolicy: autocert.HostWhitelist(hostNames(s.Web.Hosts)...),
		}
		if s.Web.ACME.Directory != "" {
			m.Client = &acme.Client{DirectoryURL: s.Web.ACME.Directory}
		}
		c.GetCertificate = m.GetCertificate
		c.NextProtos = append(c.NextProtos, acme.ALPNProto)
	default:
		return nil, fmt.Errorf("web.tls = %q has no certificate", s.Web.TLS)
	}
	return c, nil
}

// certificateFiles serves a certificate from two files and takes them up again when either changes. If the new ones do not
// fit together (half of a renewal is there), the old certificate is served on and the log says so once.
type certificateFiles struct {
	cert, key string
	log       *slog.Logger

	mu      sync.Mutex
	have    *tls.Certificate
	stamp   [2]time.Time // modification times of what have came from
	checked time.Time
	refused [2]time.Time // modification times of a pair that did not load
	said    string       // what was logged last
}

func (f *certificateFiles) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	if f.have != nil && now.Sub(f.checked) < certificateCheck {
		return f.have, nil
	}
	f.checked = now
	stamp, err := modified(f.cert, f.key)
	if err == nil && f.have != nil && (stamp == f.stamp || stamp == f.refused) {
		return f.have, nil
	}
	var c tls.Certificate
	if err == nil {
		c, err = tls.LoadX509KeyPair(f.cert, f.key)
	}
	if err != nil && f.have != nil {
		f.refused = stamp
		if f.said != err.Error() { // a file may be missing for long: once is enough
			f.said = err.Error()
			f.log.Error("new web certificate cannot be used, the old one is served on", "err", err)
		}
		return f.have, nil
	}
	if err != nil {
		return nil, fmt.Errorf("web certificate: %w", err)
	}
	f.have, f.stamp, f.said = &c, stamp, ""
	return f.have, nil
}

func modified(paths ...string) (out [2]time.Time, err error) {
	for i, p := range paths {
		info, e := os.Stat(p)
		if e != nil {
			err = errors.Join(err, e)
			continue
		}
		out[i] = info.ModTime()
	}
	return out, err
}

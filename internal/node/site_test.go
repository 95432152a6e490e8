package node

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const goodSite = "listen = \"127.0.0.1:0\"\nbase = \"https://meetings.example\"\nstore = \"public\"\n"

func TestSiteSettingsMistakes(t *testing.T) {
	for _, c := range []struct {
		text string
		line int
		want string
	}{
		{"", 0, "base is missing"},
		{goodSite + "Store = \"x\"\n", 4, "Store is not a key of this file"},
		{goodSite + "bsae = \"x\"\n", 4, "bsae is not a key of this file; allowed: listen, base, store"},
		{strings.Replace(goodSite, "127.0.0.1:0", "meetings.example", 1), 1, "listen is"},
		{strings.Replace(goodSite, "127.0.0.1:0", ":80", 1), 0, `tls is "off" and listen is ":80", not a loopback address`},
		{strings.Replace(goodSite, "https://meetings.example", "https://meetings.example/", 1), 2, "base is"},
		{strings.Replace(goodSite, "https://meetings.example", "https://a@meetings.example", 1), 2, "base is"},
		{strings.Replace(goodSite, "store", "log.level", 1), 3, "log.level"},
		{goodSite + "tls = \"acme\"\n", 4, `tls is "acme"`},
		{goodSite + "tls = \"files\"\n", 0, "cert and key are needed"},
		{strings.Replace(goodSite, "https:", "http:", 1) + "tls = \"files\"\ncert = \"a\"\nkey = \"b\"\n", 2, "base is"},
	} {
		_, err := LoadSite(write(t, filepath.Join(t.TempDir(), "site.toml"), c.text))
		e, ok := err.(*SettingError)
		if !ok || !strings.Contains(e.Error(), c.want) || e.Line != c.line {
			t.Errorf("%q: %v, want line %d, %q", c.text, err, c.line, c.want)
		}
	}
}

// TestServeSite: the process serves, stops when it is told, and does not start with a theme that cannot be read.
func TestServeSite(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "public"), 0o755); err != nil {
		t.Fatal(err)
	}
	s, err := LoadSite(write(t, filepath.Join(dir, "site.toml"), goodSite))
	if err != nil {
		t.Fatal(err)
	}
	if s.Store != filepath.Join(dir, "public") {
		t.Errorf("store = %s", s.Store)
	}
	ctx, stop := context.WithCancel(context.Background())
	var log bytes.Buffer
	started, done := make(chan net.Addr, 1), make(chan error, 1)
	go func() { done <- ServeSite(ctx, s, &log, func(a net.Addr) { started <- a }) }()
	var at net.Addr
	select {
	case at = <-started:
	case err := <-done:
		t.Fatal(err)
	}
	r, err := http.Get("http://" + at.String() + "/fr/")
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r.Body)
	r.Body.Close()
	if err != nil || r.StatusCode != 200 || !strings.Contains(string(b), `<html lang="fr"`) {
		t.Errorf("%d, %v: %.200s", r.StatusCode, err, b)
	}
	http.DefaultClient.CloseIdleConnections()
	stop()
	if err := <-done; err != nil || log.Len() > 0 {
		t.Errorf("stopped with %v; log %s", err, &log)
	}
	write(t, filepath.Join(dir, "public", "theme.toml"), "[light]\naccent = \"#eeeeee\"\n")
	if err := ServeSite(context.Background(), s, &log, nil); err == nil || !strings.Contains(err.Error(), "contrast") {
		t.Errorf("with a theme that cannot be read: %v", err)
	}
}

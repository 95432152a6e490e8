package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Nothing but loopback is loaded before somebody says that the server is theirs.
func TestBenchRefusesForeignServers(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"foreign":       {[]string{"--publish", "http://192.0.2.1/whip", "--play", "http://127.0.0.1:1/whep"}, exitFailed, "--i-own-this-server"},
		"foreign play":  {[]string{"--publish", "http://127.0.0.1:1/whip", "--play", "http://192.0.2.1/whep"}, exitFailed, "--i-own-this-server"},
		"nobody there":  {[]string{"--publish", "http://127.0.0.1:1/whip", "--play", "http://127.0.0.1:1/whep"}, exitFailed, "refused"},
		"too many":      {[]string{"--publish", "http://127.0.0.1:1/whip", "--play", "http://127.0.0.1:1/whep", "--receivers", "1001"}, exitFailed, "from 1 to 1000"},
		"no address":    {[]string{"--play", "http://127.0.0.1:1/whep"}, exitUsage, "--publish"},
		"no such token": {[]string{"--publish", "http://127.0.0.1:1/whip", "--play", "http://127.0.0.1:1/whep", "--play-token-file", "/nonexistent"}, exitUsage, "nonexistent"},
	} {
		var out, errs bytes.Buffer
		code := run(console{t.Context(), strings.NewReader(""), &out, &errs}, append([]string{"bench"}, c.args...))
		if code != c.code || !strings.Contains(errs.String(), c.says) {
			t.Errorf("%s: exit %d, %q; want %d and %q", name, code, errs.String(), c.code, c.says)
		}
	}
}

func TestTokensAreTheLastColumn(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tokens")
	for text, want := range map[string][]string{
		"secret\n": {"secret"},
		"avelmar-one\thttp://x/whep\taaa\n\navelmar-one\thttp://x/whep\tbbb": {"aaa", "bbb"},
		"\n \n": nil,
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := tokensOf(file)
		if !slices.Equal(got, want) || (err == nil) != (want != nil) {
			t.Errorf("tokens of %q = %v, %v; want %v", text, got, err, want)
		}
	}
	if got, err := tokensOf(""); got != nil || err != nil {
		t.Errorf("tokens of no file = %v, %v", got, err)
	}
}

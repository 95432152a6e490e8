package netns_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"visavis/test/netns"
)

// TestServerWritesNothingOutside shows that what documented commands do to a server stays there.
func TestServerWritesNothingOutside(t *testing.T) {
	if err := netns.Available(); err != nil {
		t.Skipf("SKIPPED: %v", err)
	}
	n, err := netns.New("a")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	}()
	carry := t.TempDir()
	s, err := n.NewServer("a", carry)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	out, err := s.Run("echo one > /etc/visavis-test; cat /etc/visavis-test; echo two > /root/carry/x; pwd", 10*time.Second)
	if err != nil || !strings.HasPrefix(out, "one\n/root\n") {
		t.Errorf("Run = %q, %v; want one and /root", out, err)
	}
	if _, err := os.Stat("/etc/visavis-test"); err == nil {
		t.Error("the server wrote into our own /etc")
	}
	if b, err := os.ReadFile(filepath.Join(carry, "x")); err != nil || string(b) != "two\n" {
		t.Errorf("carried file = %q, %v", b, err)
	}
	if out, err := s.Run("cat /etc/visavis-test\nfalse\necho not reached", 10*time.Second); err == nil || strings.Contains(out, "not reached") {
		t.Errorf("a failing line gave %q, %v; want it to stop there", out, err)
	}
	if out, err := s.Run("cat /etc/visavis-test", 10*time.Second); err != nil || !strings.Contains(out, "one") { // it goes on afterwards
		t.Errorf("Run = %q, %v", out, err)
	}
}

func TestBlocksAreReadAsWritten(t *testing.T) {
	f := filepath.Join(t.TempDir(), "page.md")
	page := "text\n```sh\nnot this\n```\n```sh two-servers-a\necho 1\necho 2\n```\n```toml x.toml\na = 1\n```\n```sh two-servers-b serve\necho 3\n```\n" +
		"```sh two-servers-a later\necho 4\n```\n```sh two-servers-a restart\n" + restart + "```\n"
	if err := os.WriteFile(f, []byte(page), 0o600); err != nil {
		t.Fatal(err)
	}
	want := []block{{on: "a", text: "echo 1\necho 2\n", line: 6}, {file: "x.toml", text: "a = 1\n", line: 10}, {on: "b", serve: true, text: "echo 3\n", line: 13},
		{on: "a", later: true, text: "echo 4\n", line: 16}, {on: "a", later: true, again: true, text: restart, line: 19}}
	if bs, err := blocks(f); err != nil || !slices.Equal(bs, want) {
		t.Errorf("blocks = %+v, %v; want %+v", bs, err, want)
	}
	for _, bad := range []string{"```sh two-servers-c\n```\n", "```sh two-servers-a sreve\n```\n", "```sh two-servers-a\necho\n", "```js two\n```\n", "```sh two-servers-a restart\nreboot\n```\n"} {
		if err := os.WriteFile(f, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := blocks(f); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}

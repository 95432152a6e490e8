package netns_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"visavis/internal/bot"
	"visavis/test/netns"
)

const page = "../../docs/operate.md"

// servers are the two of the page.
func servers() map[string]struct{ host, addr string } {
	return map[string]struct{ host, addr string }{
		"a": {"meet.ilverne.example", "203.0.113.5"}, "b": {"meet.lanneth.example", "198.51.100.7"},
	}
}

// TestOperateAsWritten runs every marked command of docs/operate.md as it is written, on two servers that have nothing but a
// network and the program, and then makes the call: one member at each node, each from its own side, sees and hears the other.
func TestOperateAsWritten(t *testing.T) {
	if err := netns.Available(); err != nil {
		t.Skipf("SKIPPED: %v", err)
	}
	if testing.Short() {
		t.Skip("SKIPPED: starts whole nodes (-short)")
	}
	bs, err := blocks(page)
	if err != nil {
		t.Fatal(err)
	}
	if len(bs) < 20 {
		t.Fatalf("%d blocks to run in %s, want the whole way to a call", len(bs), page)
	}
	n, shells := internet(t)
	links := map[string]string{} // by server: the first invitation it printed, the principal's
	for _, b := range bs {
		for _, on := range []string{"a", "b"} {
			if b.on != "" && b.on != on || b.later {
				continue
			}
			out := step(t, shells[on], b, on)
			if l := regexp.MustCompile(`https://\S+/join#\S+`).FindString(out); l != "" && links[on] == "" {
				links[on] = l
			}
		}
	}
	call(t, n, links)
	blocked(t, n, shells)
	// Renewing, a document by hand, distrust. What each says shows that it was done.
	said := ""
	for _, b := range bs {
		if b.later {
			said += step(t, shells[b.on], b, b.on)
		}
	}
	for _, want := range []string{"Took document 2 of avelmar", "tolmeria is trusted no longer"} {
		if !strings.Contains(said, want) {
			t.Errorf("after the call nothing said %q:\n%s", want, said)
		}
	}
	if out, err := shells["a"].Run(`for i in $(seq 30); do if grep -q 'party is not trusted any more' /root/serve.log; then exit 0; fi; sleep 0.1; done; exit 1`, 10*time.Second); err != nil {
		t.Errorf("the running node goes on with a distrusted party: %v %s", err, out)
	}
}

// step does one block on one server. What the page says is sent to the other party lies in a directory that both share.
func step(t *testing.T, s *netns.Server, b block, on string) string {
	t.Helper()
	script := b.text
	switch {
	case b.file != "":
		script = fmt.Sprintf("cat > '%s' <<'END-OF-FILE'\n%sEND-OF-FILE\n", b.file, b.text)
	case b.serve: // in the foreground for a person, in the background here
		script = fmt.Sprintf(`( %s ) > /root/serve.log 2>&1 </dev/null &
for i in $(seq 200); do if grep -q 'node is up' /root/serve.log; then exit 0; fi; sleep 0.1; done
cat /root/serve.log; exit 1`, strings.TrimSpace(b.text))
	}
	out, err := s.Run("cp -n /root/carry/*.offer /root/carry/*.document . 2>/dev/null || true\n"+script+"\ncp -n ./*.offer ./*.document /root/carry/ 2>/dev/null || true", time.Minute)
	if err != nil {
		t.Fatalf("%s:%d on %s: %v\n%s\n--- printed:\n%s", page, b.line, on, err, b.text, out)
	}
	return out
}

// internet is two servers on two networks, each with the program and the names of both.
func internet(t *testing.T) (*netns.Net, map[string]*netns.Server) {
	t.Helper()
	n, err := netns.New("a", "b")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	sv := servers()
	ifA, ifB, err := n.Wire("a", sv["a"].addr+"/24", "b", sv["b"].addr+"/24")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range [][]string{{"a", "198.51.100.0/24", ifA}, {"b", "203.0.113.0/24", ifB}} {
		if _, err := n.Run(r[0], "ip", "route", "add", r[1], "dev", r[2]); err != nil {
			t.Fatal(err)
		}
	}
	tmp := t.TempDir()
	if out, err := exec.Command("go", "build", "-o", filepath.Join(tmp, "visavis"), "../../cmd/visavis").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	shells := map[string]*netns.Server{}
	for _, name := range []string{"a", "b"} {
		s, err := n.NewServer(name, tmp)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		out, err := s.Run(fmt.Sprintf(`install -m 755 /root/carry/visavis /usr/local/bin/visavis
printf '%s %s\n%s %s\n' >> /etc/hosts`, sv["a"].addr, sv["a"].host, sv["b"].addr, sv["b"].host), 10*time.Second)
		if err != nil {
			t.Fatalf("server %s: %v\n%s", name, err, out)
		}
		shells[name] = s
	}
	return n, shells
}

// call has a member at each node, run in the network of its own side, see and hear the other.
func call(t *testing.T, n *netns.Net, links map[string]string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	type result struct {
		on  string
		out []byte
		err error
	}
	done := make(chan result, 2)
	for _, on := range []string{"a", "b"} {
		if links[on] == "" {
			t.Fatalf("%s: no invitation was printed on server %s", page, on)
		}
		c := n.Command(ctx, on, self)
		c.Env = append(c.Environ(), "VISAVIS_TEST_LINK="+links[on], "VISAVIS_TEST_NODE="+servers()[on].addr)
		go func() { out, err := c.CombinedOutput(); done <- result{on, out, err} }()
	}
	for range 2 {
		if r := <-done; r.err != nil {
			t.Errorf("member at %s: %v\n%s", r.on, r.err, r.out)
		}
	}
}

// TestMain makes this program a member of a meeting when TestOperateAsWritten starts it again inside a server's network.
func TestMain(m *testing.M) {
	link := os.Getenv("VISAVIS_TEST_LINK")
	if link == "" {
		os.Exit(m.Run())
	}
	if err := member(link, os.Getenv("VISAVIS_TEST_NODE")); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// member takes a seat and stays until it has seen and heard the other side, and 3 s more, so that it leaves nobody alone.
func member(link, node string) error {
	clip, err := bot.Load(bot.AvelmarPrincipal, bot.Tone500)
	if err != nil {
		return err
	}
	b, err := bot.New(bot.Config{
		Link: link, Clip: clip, TLS: &tls.Config{InsecureSkipVerify: true}, // the page makes a certificate that is signed by itself
		Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
			_, port, err := net.SplitHostPort(addr)
			if err != nil {
				return nil, err
			}
			return (&net.Dialer{}).DialContext(ctx, network, net.JoinHostPort(node, port))
		},
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 45*time.Second)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx) }()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for hold := 0; hold < 30; {
		select {
		case err := <-ended:
			return fmt.Errorf("ended with %v before the other was seen and heard: %+v", err, b.Stats())
		case <-tick.C:
		}
		var sound, picture uint64
		for name, r := range b.Stats().Slots {
			if strings.HasPrefix(name, "floor") {
				sound += r.Packets
			} else {
				picture += r.Frames
			}
		}
		if sound > 50 && picture > 15 {
			hold++
		}
	}
	b.Leave()
	return <-ended
}

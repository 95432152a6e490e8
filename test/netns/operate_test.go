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
	keeping(t, bs, shells)
}

// keeping does what section 8 of the page says, and looks after each step whether it came about: a document renewed, new keys, stolen keys,
// distrust.
func keeping(t *testing.T, bs []block, shells map[string]*netns.Server) {
	t.Helper()
	said, restarts := "", 0
	for _, b := range bs {
		if !b.later {
			continue
		}
		said += step(t, shells[b.on], b, b.on)
		switch {
		case b.again:
			restarts++
			logged(t, shells[b.on], "link up", 10*time.Second) // of the log since the restart
			if restarts == 1 {
				logged(t, shells["b"], "newer party document", 5*time.Second)
			}
		case strings.Contains(b.text, "stolen.document") && b.on == "b":
			// The control: with the other new keys the link went on until the restart.
			logged(t, shells["a"], `"link down".*distrust`, 2*time.Second)
			if out, err := shells["b"].Run(`grep -q '"link down".*not trusted' /root/serve.log; sleep 2; ! sed '1,/"link down".*not trusted/d' /root/serve.log | grep 'link up'`, 10*time.Second); err != nil {
				t.Errorf("server b talks to a node with stolen keys: %v\n%s", err, out)
			}
		case strings.Contains(b.text, "new-keys.document") && b.on == "b":
			if out, err := shells["b"].Run(`sleep 2; ! sed '1,/newer party document/d' /root/serve.log | grep 'link down'`, 10*time.Second); err != nil {
				t.Errorf("keys that still hold for 30 days are not taken: %v\n%s", err, out)
			}
		}
	}
	for _, want := range []string{"Document 2 of avelmar", "Took document 3 of avelmar", "Took document 4 of avelmar", "tolmeria is trusted no longer"} {
		if !strings.Contains(said, want) {
			t.Errorf("after the call nothing said %q:\n%s", want, said)
		}
	}
	if restarts != 3 {
		t.Errorf("%d restarts in section 8, want 3", restarts)
	}
	logged(t, shells["a"], "party is not trusted any more", 3*time.Second)
}

// logged waits until the log of a server's node, since its start, has a line that matches.
func logged(t *testing.T, s *netns.Server, line string, limit time.Duration) {
	t.Helper()
	script := fmt.Sprintf(`for i in $(seq %d); do if grep -q '%s' /root/serve.log; then exit 0; fi; sleep 0.1; done; cat /root/serve.log; exit 1`, limit/(100*time.Millisecond), line)
	if out, err := s.Run(script, limit+10*time.Second); err != nil {
		t.Errorf("the node's log has no %q within %v: %v\n%s", line, limit, err, out)
	}
}

// start has a server's node run in the background, with a log of its own.
const start = `bash /root/serve.sh > /root/serve.log 2>&1 </dev/null &
echo $! > /root/serve.pid
for i in $(seq 200); do if grep -q 'node is up' /root/serve.log; then exit 0; fi; sleep 0.1; done
cat /root/serve.log; exit 1`

// step does one block on one server. What the page says is sent to the other party lies in a directory that both share.
func step(t *testing.T, s *netns.Server, b block, on string) string {
	t.Helper()
	script := b.text
	switch {
	case b.file != "":
		script = fmt.Sprintf("cat > '%s' <<'END-OF-FILE'\n%sEND-OF-FILE\n", b.file, b.text)
	case b.serve: // in the foreground for a person, in the background here
		script = fmt.Sprintf("echo 'exec %s' > /root/serve.sh\n", strings.TrimSpace(b.text)) + start
	case b.again:
		script = `kill -TERM $(cat /root/serve.pid)
for i in $(seq 100); do kill -0 $(cat /root/serve.pid) 2>/dev/null || break; sleep 0.1; done
` + start
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

package netns_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
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
		"a": {"node.ilverne.example", "192.0.2.10"}, "b": {"node.lanneth.example", "198.51.100.10"},
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
	if len(bs) < 5 {
		t.Fatalf("%d blocks to run in %s, want the whole way to a call", len(bs), page)
	}
	n, shells := internet(t)
	links := map[string]string{} // by server: the last invitation it printed
	for _, b := range bs {
		for _, on := range b.on {
			s := shells[on]
			if s == nil {
				t.Fatalf("%s:%d: no server %q", page, b.line, on)
			}
			out, err := s.Run(b.text, time.Minute)
			if err != nil {
				t.Fatalf("%s:%d on %s: %v\n%s\n--- printed:\n%s", page, b.line, on, err, b.text, out)
			}
			if l := regexp.MustCompile(`https://\S+/join#\S+`).FindAllString(out, -1); len(l) > 0 {
				links[on] = l[0] // the first of its list: the principal
			}
		}
	}
	call(t, n, links)
}

// internet is two servers on two networks, each with the program, a certificate and the names of both.
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
	for _, r := range [][]string{{"a", "198.51.100.0/24", ifA}, {"b", "192.0.2.0/24", ifB}} {
		if _, err := n.Run(r[0], "ip", "route", "add", r[1], "dev", r[2]); err != nil {
			t.Fatal(err)
		}
	}
	tmp := t.TempDir()
	if out, err := exec.Command("go", "build", "-o", filepath.Join(tmp, "visavis"), "../../cmd/visavis").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	shells := map[string]*netns.Server{}
	for _, name := range []string{"a", "b"} {
		certificate(t, sv[name].host, filepath.Join(tmp, name))
		s, err := n.NewServer(name, tmp)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		out, err := s.Run(fmt.Sprintf(`cp /root/carry/visavis /root/visavis
install -m 755 '%[1]s/test/netns/testdata/systemctl' /usr/local/bin/systemctl
[ ! -d '%[1]s/deploy' ] || cp -r '%[1]s/deploy' /root/deploy
cp /root/carry/%[2]s.crt /root/fullchain.pem; cp /root/carry/%[2]s.key /root/privkey.pem
printf '192.0.2.10 node.ilverne.example\n198.51.100.10 node.lanneth.example\n' >> /etc/hosts`, root, name), 10*time.Second)
		if err != nil {
			t.Fatalf("server %s: %v\n%s", name, err, out)
		}
		shells[name] = s
	}
	return n, shells
}

// certificate writes what a certificate authority would have given.
func certificate(t *testing.T, host, file string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageDigitalSignature}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	priv, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for ext, p := range map[string]*pem.Block{".crt": {Type: "CERTIFICATE", Bytes: der}, ".key": {Type: "PRIVATE KEY", Bytes: priv}} {
		if err := os.WriteFile(file+ext, pem.EncodeToMemory(p), 0o600); err != nil {
			t.Fatal(err)
		}
	}
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
		c := n.Command(ctx, on, self, "-test.run", "^TestMemberInside$", "-test.v")
		c.Env = append(c.Environ(), "VISAVIS_TEST_LINK="+links[on], "VISAVIS_TEST_NODE="+servers()[on].addr)
		go func() { out, err := c.CombinedOutput(); done <- result{on, out, err} }()
	}
	for range 2 {
		if r := <-done; r.err != nil {
			t.Errorf("member at %s: %v\n%s", r.on, r.err, r.out)
		}
	}
}

// TestMemberInside is not a test by itself: TestOperateAsWritten runs it inside a server's network.
func TestMemberInside(t *testing.T) {
	link, node := os.Getenv("VISAVIS_TEST_LINK"), os.Getenv("VISAVIS_TEST_NODE")
	if link == "" {
		t.Skip("runs inside a namespace, started by TestOperateAsWritten")
	}
	clip, err := bot.Load(bot.AvelmarPrincipal, bot.Tone500)
	if err != nil {
		t.Fatal(err)
	}
	b, err := bot.New(bot.Config{
		Link: link, Clip: clip, TLS: &tls.Config{InsecureSkipVerify: true}, // its certificate is of no authority; the page's way to one is ACME
		Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
			_, port, err := net.SplitHostPort(addr)
			if err != nil {
				return nil, err
			}
			return (&net.Dialer{}).DialContext(ctx, network, net.JoinHostPort(node, port))
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 45*time.Second)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx) }()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for hold := 0; hold < 30; { // both stay for 3 s after they have seen each other, so that neither leaves the other alone
		select {
		case err := <-ended:
			s, _ := json.Marshal(b.Stats())
			t.Fatalf("Run = %v before the other was seen and heard: %s", err, s)
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
	if err := <-ended; err != nil {
		t.Errorf("leave: %v", err)
	}
}

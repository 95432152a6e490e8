package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

const acmeHost = "meet.ilverne.example"

// authority is an ACME server (RFC 8555) for one name, as small as it can be: it does look at the challenge of RFC 8737 at the node's own
// port, and signs what it is asked for.
type authority struct {
	t    *testing.T
	url  string
	node string // where the name leads
	key  *ecdsa.PrivateKey
	cert *x509.Certificate

	mu     sync.Mutex
	thumb  string // of the account's key, RFC 7638
	proved bool
	issued []byte
	orders int
}

func newAuthority(t *testing.T, node string) (*authority, *httptest.Server) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, ca, ca, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	a := &authority{t: t, node: node, key: key}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	s := httptest.NewTLSServer(a)
	t.Cleanup(s.Close)
	a.url = s.URL
	return a, s
}

// ServeHTTP answers the steps of one order.
func (a *authority) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	w.Header().Set("Replay-Nonce", rand.Text())
	var jws struct{ Protected, Payload, Signature string }
	if r.Method == http.MethodPost {
		if err := json.NewDecoder(r.Body).Decode(&jws); err != nil {
			a.t.Errorf("authority: %s: %v", r.URL.Path, err)
		}
	}
	say := func(status int, v any) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(v)
	}
	switch r.URL.Path {
	case "/dir":
		say(200, map[string]string{"newNonce": a.url + "/nonce", "newAccount": a.url + "/account", "newOrder": a.url + "/new"})
	case "/nonce":
	case "/account":
		a.account(jws.Protected)
		w.Header().Set("Location", a.url+"/account/1")
		say(201, map[string]string{"status": "valid"})
	case "/new":
		a.orders++
		w.Header().Set("Location", a.url+"/order")
		say(201, a.order())
	case "/order":
		w.Header().Set("Location", a.url+"/order")
		say(200, a.order())
	case "/authz":
		say(200, map[string]any{"status": a.status(), "identifier": map[string]string{"type": "dns", "value": acmeHost}, "challenges": []any{a.challenge()}})
	case "/challenge":
		a.prove()
		say(200, a.challenge())
	case "/finalize":
		a.sign(jws.Payload)
		w.Header().Set("Location", a.url+"/order")
		say(200, a.order())
	case "/cert":
		w.Header().Set("Content-Type", "application/pem-certificate-chain")
		for _, der := range [][]byte{a.issued, a.cert.Raw} {
			_ = pem.Encode(w, &pem.Block{Type: "CERTIFICATE", Bytes: der})
		}
	default:
		a.t.Errorf("authority: asked for %s", r.URL.Path)
		http.NotFound(w, r)
	}
}

func (a *authority) status() string {
	return map[bool]string{false: "pending", true: "valid"}[a.proved]
}

func (a *authority) challenge() map[string]string {
	return map[string]string{"type": "tls-alpn-01", "url": a.url + "/challenge", "token": "token-1", "status": a.status()}
}

func (a *authority) order() map[string]any {
	o := map[string]any{"status": "pending", "identifiers": []any{map[string]string{"type": "dns", "value": acmeHost}}, "authorizations": []string{a.url + "/authz"}, "finalize": a.url + "/finalize"}
	switch {
	case a.issued != nil:
		o["status"], o["certificate"] = "valid", a.url+"/cert"
	case a.proved:
		o["status"] = "ready"
	}
	return o
}

// account keeps the thumbprint of the key that the account was made with.
func (a *authority) account(protected string) {
	var head struct {
		JWK struct{ Crv, Kty, X, Y string }
	}
	b, err := base64.RawURLEncoding.DecodeString(protected)
	if err == nil {
		err = json.Unmarshal(b, &head)
	}
	if err != nil {
		a.t.Errorf("authority: account: %v", err)
	}
	sum := sha256.Sum256(fmt.Appendf(nil, `{"crv":%q,"kty":%q,"x":%q,"y":%q}`, head.JWK.Crv, head.JWK.Kty, head.JWK.X, head.JWK.Y))
	a.thumb = base64.RawURLEncoding.EncodeToString(sum[:])
}

// prove looks at the node's port for the certificate that answers the challenge (RFC 8737 §3).
func (a *authority) prove() {
	c, err := tls.Dial("tcp", a.node, &tls.Config{ServerName: acmeHost, NextProtos: []string{"acme-tls/1"}, InsecureSkipVerify: true})
	if err != nil {
		a.t.Errorf("authority: challenge: %v", err)
		return
	}
	defer c.Close()
	sum := sha256.Sum256([]byte("token-1." + a.thumb))
	want, _ := asn1.Marshal(sum[:])
	for _, e := range c.ConnectionState().PeerCertificates[0].Extensions {
		if e.Id.Equal(asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 31}) && e.Critical && bytes.Equal(e.Value, want) {
			a.proved = true
		}
	}
	if !a.proved {
		a.t.Error("authority: the node does not answer the challenge")
	}
}

func (a *authority) sign(payload string) {
	var p struct{ CSR string }
	b, err := base64.RawURLEncoding.DecodeString(payload)
	if err == nil {
		err = json.Unmarshal(b, &p)
	}
	der, err2 := base64.RawURLEncoding.DecodeString(p.CSR)
	csr, err3 := x509.ParseCertificateRequest(der)
	if err != nil || err2 != nil || err3 != nil || !a.proved {
		a.t.Errorf("authority: finalize: %v %v %v, proved %v", err, err2, err3, a.proved)
		return
	}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: csr.Subject, DNSNames: csr.DNSNames, NotBefore: time.Now().Add(-time.Minute),
		NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	if a.issued, err = x509.CreateCertificate(rand.Reader, leaf, a.cert, csr.PublicKey, a.key); err != nil {
		a.t.Errorf("authority: sign: %v", err)
	}
}

// TestCertificateFromAnAuthority: with tls = "acme" the node gets its certificate by itself over its one TCP port, keeps it over a restart, and
// asks for none for a name that is not its own.
func TestCertificateFromAnAuthority(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program")
	}
	tmp := t.TempDir()
	exe, dir, roots := filepath.Join(tmp, "visavis"), filepath.Join(tmp, "node"), filepath.Join(tmp, "roots.pem")
	if out, err := exec.Command("go", "build", "-o", exe, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	web, media := freeTCP(t), freeUDP(t)
	a, s := newAuthority(t, web)
	if err := os.WriteFile(roots, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	program(t, exe, "init", dir, "--party", "avelmar", "--name", "en=Avelmar", "--host", acmeHost, "--tls", "acme", "--email", "officer@ilverne.example",
		"--listen", web, "--link", web, "--media", media, "--udp-port", port(media), "--allow-private")
	config := filepath.Join(dir, "visavis.toml")
	b, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	const public = `"https://acme-v02.api.letsencrypt.org/directory"`
	if !strings.Contains(string(b), public) {
		t.Fatalf("init names no authority:\n%s", b)
	}
	if err := os.WriteFile(config, []byte(strings.Replace(string(b), public, fmt.Sprintf("%q", s.URL+"/dir"), 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	trust := x509.NewCertPool()
	trust.AddCert(a.cert)
	for range 2 { // the second time with what the first has kept
		serve := exec.Command(exe, "serve", "--config", config)
		serve.Env = append(os.Environ(), "SSL_CERT_FILE="+roots, "SSL_CERT_DIR="+tmp)
		var log bytes.Buffer
		serve.Stderr = &log
		if err := serve.Start(); err != nil {
			t.Fatal(err)
		}
		healthy(t, web, trust)
		if c, err := tls.Dial("tcp", web, &tls.Config{ServerName: "other.example", InsecureSkipVerify: true}); err == nil {
			t.Error("a name that is not in web.hosts has a certificate")
			_ = c.Close()
		}
		_ = serve.Process.Signal(os.Interrupt)
		if err := serve.Wait(); err != nil {
			t.Errorf("serve: %v\n%s", err, log.String())
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.orders != 1 {
		t.Errorf("%d orders for one certificate", a.orders)
	}
}

// healthy asks the node over TLS, its certificate checked, until it answers, for at most 20 s.
func healthy(t *testing.T, addr string, trust *x509.CertPool) {
	t.Helper()
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: trust, ServerName: acmeHost}}}
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	var last error
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); <-again.C {
		r, err := client.Get("https://" + addr + "/healthz")
		if last = err; err != nil {
			continue
		}
		_ = r.Body.Close()
		if r.StatusCode == http.StatusOK {
			return
		}
		last = fmt.Errorf("status %d", r.StatusCode)
	}
	t.Fatalf("the node does not answer over TLS: %v", last)
}

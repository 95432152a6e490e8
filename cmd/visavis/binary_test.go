package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestBinary builds the program and runs it as an operator would: a node serves, a second one on the same directory is refused, what commands in
// other processes do is seen by the running one, and SIGTERM ends it with 0.
func TestBinary(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program")
	}
	exe := filepath.Join(t.TempDir(), "visavis")
	if out, err := exec.Command("go", "build", "-o", exe, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	web, far, media := freeTCP(t), freeTCP(t), freeUDP(t)
	dir := filepath.Join(t.TempDir(), "node")
	host := "avelmar.localhost:" + port(web)
	program(t, exe, "init", dir, "--party", "avelmar", "--name", "en=Avelmar", "--host", host, "--tls", "off", "--listen", web, "--link-listen", far,
		"--link", far, "--media", media, "--udp-port", port(media), "--allow-private")
	config := "--config=" + filepath.Join(dir, "visavis.toml")

	var log bytes.Buffer
	serve := exec.Command(exe, "serve", config, "--insecure-localhost")
	serve.Stderr = &log
	if err := serve.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- serve.Wait() }()
	t.Cleanup(func() { _ = serve.Process.Kill(); <-ended })
	answer(t, ended, host, web, "GET", "/healthz", "", http.StatusOK)

	out, err := exec.Command(exe, "serve", config, "--insecure-localhost").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "in use by another running node") {
		t.Errorf("a second node on the directory: %v, %s", err, out)
	}
	program(t, exe, "meeting", "new", world(t), config)
	links := program(t, exe, "invite", "avelmar-tolmeria-2026", "avelmar-kell", "--valid", "1h", config)
	_, code, _ := strings.Cut(strings.TrimSpace(links), "#")
	body := answer(t, ended, host, web, "POST", "/api/invitation", fmt.Sprintf(`{"code":%q}`, code), http.StatusOK)
	var seen struct {
		You     string
		Meeting struct{ ID string }
	}
	if err := json.Unmarshal(body, &seen); err != nil || seen.You != "avelmar-kell" || seen.Meeting.ID != "avelmar-tolmeria-2026" {
		t.Errorf("the running node shows %s, %v", body, err)
	}
	program(t, exe, "invite", "avelmar-tolmeria-2026", "avelmar-kell", "--valid", "1h", config) // withdraws the first link
	answer(t, ended, host, web, "POST", "/api/invitation", fmt.Sprintf(`{"code":%q}`, code), http.StatusNotFound)

	if err := serve.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-ended:
		ended <- err
		if err != nil {
			t.Errorf("after an interrupt: %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Error("an interrupt does not end it")
	}
	if !strings.Contains(log.String(), `"msg":"counters","node":{"udp":{"Batches":`) || !strings.Contains(log.String(), `"Refused":{"invitation.unknown":1}`) ||
		!strings.Contains(log.String(), `"link":{"Received":0,"Sent":0,`) {
		t.Errorf("no counters at the end:\n%s", log.String())
	}
	serveOnInheritedSocket(t, exe, config, host, web)
	for _, secret := range []string{code, "Tibren", "PRIVATE"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log has %q in it:\n%s", secret, log.String())
		}
	}
}

// serveOnInheritedSocket starts the node as systemd does with deploy/visavis.socket: it gets the web port open and need not open it itself.
func serveOnInheritedSocket(t *testing.T, exe, config, host, web string) {
	t.Helper()
	l, err := net.Listen("tcp", web)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() // held on: whoever opened the port anew would fail
	f, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	serve := exec.Command("sh", "-c", `LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" serve "$1" --insecure-localhost`, exe, config)
	serve.ExtraFiles = []*os.File{f} // number 3
	if err := serve.Start(); err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
	ended := make(chan error, 1)
	go func() { ended <- serve.Wait() }()
	answer(t, ended, host, web, "GET", "/healthz", "", http.StatusOK)
	_ = serve.Process.Signal(os.Interrupt)
	if err := <-ended; err != nil {
		t.Errorf("on an inherited socket: %v", err)
	}
}

func program(t *testing.T, exe string, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	c := exec.Command(exe, args...)
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil {
		t.Fatalf("visavis %s: %v\n%s", strings.Join(args, " "), err, errs.String())
	}
	return out.String()
}

// answer asks until the node answers with the status, for at most 20 s.
func answer(t *testing.T, ended chan error, host, addr, method, path, body string, want int) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	last := ""
	for {
		req, err := http.NewRequestWithContext(ctx, method, "http://"+addr+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Host = host
		req.Header.Set("Origin", "http://"+host)
		req.Header.Set("Content-Type", "application/json")
		if r, err := http.DefaultClient.Do(req); err == nil {
			b, _ := io.ReadAll(r.Body)
			_ = r.Body.Close()
			if r.StatusCode == want {
				return b
			}
			last = fmt.Sprintf("%d: %s", r.StatusCode, b)
		} else {
			last = err.Error()
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("the node has ended: %v", err)
		case <-ctx.Done():
			t.Fatalf("%s %s: %s, want %d", method, path, last, want)
		case <-again.C:
		}
	}
}

func freeTCP(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func freeUDP(t *testing.T) string {
	t.Helper()
	l, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.LocalAddr().String()
}

func port(addr string) string {
	_, p, _ := net.SplitHostPort(addr)
	return p
}

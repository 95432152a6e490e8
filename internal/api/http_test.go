package api

import (
	"bufio"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"
)

// requestOf fills the wildcards of a pattern.
func requestOf(pattern string) (method, p string) {
	method, p, _ = strings.Cut(pattern, " ")
	return method, strings.NewReplacer("{meeting}", "talks", "{name...}", "page-ABC.js", "{name}", strings.Repeat("ab", 32)+".png").Replace(p)
}

// docs/security.md, browser rules: word for word.
func TestSecurityHeadersOnEveryAnswer(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		want := map[string]string{
			"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; font-src 'self'; media-src 'self' blob:; " +
				"connect-src 'self' wss://meet.test; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; " +
				"require-trusted-types-for 'script'; trusted-types visavis",
			"Permissions-Policy": "camera=(self), microphone=(self), display-capture=(self), hid=(self), speaker-selection=(self), " +
				"screen-wake-lock=(self), fullscreen=(self), autoplay=(self), publickey-credentials-get=(self), geolocation=(), usb=(), serial=(), midi=(), payment=()",
			"Strict-Transport-Security":    "max-age=63072000; includeSubDomains",
			"X-Content-Type-Options":       "nosniff",
			"Referrer-Policy":              "no-referrer",
			"Cross-Origin-Opener-Policy":   "same-origin",
			"Cross-Origin-Embedder-Policy": "require-corp",
			"Cross-Origin-Resource-Policy": "same-origin",
			"X-Robots-Tag":                 "noindex",
		}
		check := func(what string, a answer, cache string) {
			t.Helper()
			for name, v := range want {
				if got := a.header[name]; len(got) != 1 || got[0] != v {
					t.Errorf("%s (%d): %s = %q, want %q", what, a.status, name, got, v)
				}
			}
			if got := a.header.Get("Cache-Control"); got != cache {
				t.Errorf("%s (%d): Cache-Control = %q, want %q", what, a.status, got, cache)
			}
			if a.header.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%s: may be read by other sites", what)
			}
		}
		r.blobs[strings.Repeat("ab", 32)] = []byte("\x89PNG\r\n\x1a\nrest")
		const forever = "public, max-age=31536000, immutable"
		for _, row := range r.s.table() {
			method, p := requestOf(row.pattern)
			cache := "no-store"
			if strings.HasPrefix(p, "/assets/") || strings.HasPrefix(p, "/emblem/") {
				cache = forever
			}
			check(row.pattern, r.ask(r.client, method, p, "{}"), cache)
			check(row.pattern+" at another host", r.ask(r.client, method, p, "{}", at("evil.test")), map[bool]string{true: cache, false: "no-store"}[p == "/healthz"])
		}
		check("unknown route", r.ask(r.client, "GET", "/nowhere", ""), "no-store")
		check("unknown asset", r.ask(r.client, "GET", "/assets/nothing.js", ""), "no-store")
		check("unknown emblem", r.ask(r.client, "GET", "/emblem/nothing.png", ""), "no-store")
		check("refused write", r.ask(r.client, "POST", "/api/leave", "{}", with("Sec-Fetch-Site", "cross-site")), "no-store")
		check("unknown method", r.ask(r.client, "DELETE", "/join", "", with("Origin", ownOrigin)), "no-store")
	})
}

func TestEveryWriteRefusesCrossSite(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		writes := 0
		for _, row := range r.s.table() {
			method, p := requestOf(row.pattern)
			if method == "GET" {
				continue
			}
			writes++
			code := r.invite("tarroven")
			for name, change := range map[string][]func(*http.Request){
				"cross-site":        {with("Sec-Fetch-Site", "cross-site")},
				"same-site":         {with("Sec-Fetch-Site", "same-site")},
				"other origin":      {with("Origin", "https://evil.test"), without("Sec-Fetch-Site")},
				"other scheme":      {with("Origin", "http://meet.test")},
				"other port":        {with("Origin", "https://meet.test:8443"), without("Sec-Fetch-Site")},
				"null origin":       {with("Origin", "null"), without("Sec-Fetch-Site")},
				"own, and another":  {func(q *http.Request) { q.Header["Origin"] = []string{ownOrigin, "https://evil.test"} }},
				"our other host":    {with("Origin", "https://other.test:8443"), without("Sec-Fetch-Site")},
				"cross-site, alone": {with("Sec-Fetch-Site", "cross-site"), without("Origin")},
			} {
				if a := r.ask(r.client, method, p, codeBody(code), change...); a.status != http.StatusForbidden || a.code() != codeOrigin {
					t.Errorf("%s from %s = %d %s, want 403 %s", row.pattern, name, a.status, a.body, codeOrigin)
				}
			}
			if a := r.ask(r.client, method, p, codeBody(code)); a.status == http.StatusForbidden {
				t.Errorf("control: %s from our own page = %d %s", row.pattern, a.status, a.body)
			}
			if p == "/api/session" {
				if a := r.ask(r.client, method, p, codeBody(code)); a.status != http.StatusNotFound {
					t.Errorf("the control has not used the code up: %d", a.status)
				}
			}
		}
		if writes < 14 {
			t.Errorf("walked %d writes, want 14 and more", writes)
		}
	})
}

func TestRoutesAnswerOnTheirHostsOnly(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		for host, want := range map[string]int{
			ownHost: 200, "other.test:8443": 200, "other.test": 421, "meet.test:443": 421, "MEET.test": 421, "evil.test": 421,
			"meet.test.": 421, "meet.test.evil.test": 421, "127.0.0.1": 421, "meet.test@evil.test": 421,
		} {
			if a := r.ask(r.client, "GET", "/join", "", at(host)); a.status != want && (a.status != 400 || want == 200) {
				t.Errorf("GET /join at %q = %d, want %d", host, a.status, want)
			}
		}
		if a := r.ask(r.client, "GET", "/healthz", "", at("10.0.0.1")); a.status != 200 || a.body != "ok\n" {
			t.Errorf("GET /healthz by address = %d %q", a.status, a.body)
		}
		r.s.healthy = func() bool { return false }
		if a := r.ask(r.client, "GET", "/healthz", "", at("10.0.0.1")); a.status != 503 {
			t.Errorf("GET /healthz of a node without media = %d %q", a.status, a.body)
		}
		if a := r.ask(r.client, "GET", "/join", "", at("evil.test")); strings.Contains(a.header.Get("Content-Security-Policy"), "evil") {
			t.Error("a stranger's Host came into a header")
		}
	})
}

// Without TLS, which the demo alone may do, nobody but this machine is answered.
func TestInsecureAnswersLoopbackOnly(t *testing.T) {
	bubbleOf(t, true, func(t *testing.T, r *rig) {
		for from, want := range map[string]int{"192.0.2.1:5": 421, "[2001:db8::1]:5": 421, "127.0.0.1:5": 200, "[::1]:5": 200} {
			if a := r.ask(r.from(from), "GET", "/join", ""); a.status != want {
				t.Errorf("plain HTTP from %s = %d, want %d", from, a.status, want)
			}
		}
		a := r.ask(r.from("127.0.0.1:5"), "POST", "/api/leave", "{}", with("Origin", "http://meet.test"))
		if a.status != 204 || !strings.Contains(a.header.Get("Content-Security-Policy"), "connect-src 'self' ws://meet.test;") {
			t.Errorf("write from our own plain page = %d, policy %q", a.status, a.header.Get("Content-Security-Policy"))
		}
	})
}

func TestPageAndAssets(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		plain := without("Accept-Encoding")
		identity := with("Accept-Encoding", "identity")
		for p, want := range map[string]struct {
			status int
			kind   string
		}{
			"/join":                 {200, "text/html; charset=utf-8"},
			"/m/talks":              {200, "text/html; charset=utf-8"},
			"/m/unknown":            {200, "text/html; charset=utf-8"}, // the page does not say which meetings there are
			"/assets/page-ABC.js":   {200, "text/javascript; charset=utf-8"},
			"/assets/icon-ABC.svg":  {200, "image/svg+xml"},
			"/assets/deep/a-ABC.js": {200, "text/javascript; charset=utf-8"},
			"/assets/nothing.js":    {404, "application/json; charset=utf-8"},
			"/assets/":              {404, "application/json; charset=utf-8"},
			"/secret.txt":           {404, "application/json; charset=utf-8"},
			"/index.html":           {404, "application/json; charset=utf-8"},
			"/":                     {404, "application/json; charset=utf-8"},
		} {
			if a := r.ask(r.client, "GET", p, "", identity); a.status != want.status || a.header.Get("Content-Type") != want.kind {
				t.Errorf("GET %s = %d %q, want %d %q", p, a.status, a.header.Get("Content-Type"), want.status, want.kind)
			}
		}
		for _, p := range []string{"/assets/%2e%2e/secret.txt", "/assets/..%2fsecret.txt", "/assets//../secret.txt"} {
			if a := r.ask(r.client, "GET", p, "", plain); a.status == 200 || strings.Contains(a.body, "not served") {
				t.Errorf("GET %s = %d %q", p, a.status, a.body)
			}
		}
		want := strings.Repeat("let x = 1;\n", 200)
		if a := r.ask(r.client, "GET", "/assets/page-ABC.js", "", identity); a.body != want || a.header.Get("Content-Encoding") != "" {
			t.Errorf("asset = %d bytes encoded %q, want %d plain", len(a.body), a.header.Get("Content-Encoding"), len(want))
		}
		a := r.ask(r.client, "GET", "/assets/page-ABC.js", "", with("Accept-Encoding", "br, gzip;q=0.5"))
		z, err := gzip.NewReader(strings.NewReader(a.body))
		if err != nil || a.header.Get("Content-Encoding") != "gzip" || a.header.Get("Vary") != "Accept-Encoding" {
			t.Fatalf("compressed asset: %v, %q", err, a.header)
		}
		if b, _ := io.ReadAll(z); string(b) != want || len(a.body) >= len(want) {
			t.Errorf("compressed asset = %d bytes for %d", len(a.body), len(b))
		}
		if a := r.ask(r.client, "HEAD", "/join", "", identity); a.status != 200 || a.body != "" {
			t.Errorf("HEAD /join = %d %q", a.status, a.body)
		}
	})
}

func TestEmblemIsPNGOnly(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		name := func(b string) string { return strings.Repeat(b, 32) }
		const png = "\x89PNG\r\n\x1a\n"
		r.blobs[name("aa")] = []byte(png + "picture")
		r.blobs[name("bb")] = []byte("<svg onload=alert(1)>")
		r.blobs[name("cc")] = []byte(png + strings.Repeat("x", maxEmblem-len(png)))
		r.blobs[name("dd")] = []byte(png + strings.Repeat("x", maxEmblem-len(png)+1))
		for p, want := range map[string]int{
			name("aa") + ".png": 200, name("bb") + ".png": 404, name("cc") + ".png": 200, name("dd") + ".png": 404, name("ee") + ".png": 404,
			name("aa"): 404, name("AA") + ".png": 404, name("aa")[1:] + ".png": 404, name("aa") + "a.png": 404, "..%2f.png": 404,
		} {
			a := r.ask(r.client, "GET", "/emblem/"+p, "")
			if a.status != want || want == 200 && a.header.Get("Content-Type") != "image/png" {
				t.Errorf("GET /emblem/%s = %d %q, want %d", p, a.status, a.header.Get("Content-Type"), want)
			}
		}
	})
}

func TestBodies(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		code := r.invite("tarroven")
		pad := func(n int) string { b := codeBody(code); return b + strings.Repeat(" ", n-len(b)) }
		for name, c := range map[string]struct {
			body, kind, code string
			status           int
		}{
			"control":           {codeBody(code), "application/json", "", 200},
			"with a charset":    {codeBody(code), "application/json; charset=utf-8", "", 200},
			"a form":            {codeBody(code), "application/x-www-form-urlencoded", codeType, 415},
			"plain text":        {codeBody(code), "text/plain", codeType, 415},
			"no type":           {codeBody(code), "", codeType, 415},
			"the limit":         {pad(16 << 10), "application/json", "", 200},
			"past the limit":    {pad(16<<10 + 1), "application/json", codeLarge, 413},
			"nothing":           {"", "application/json", "json.syntax", 400},
			"two values":        {codeBody(code) + codeBody(code), "application/json", "json.trailing", 400},
			"the same key":      {`{"code":"a","code":"b"}`, "application/json", "json.duplicate", 400},
			"another case":      {`{"CODE":"a"}`, "application/json", "json.case", 400},
			"who I say I am":    {`{"code":"a","member":"b"}`, "application/json", "json.unknown", 400},
			"a code past limit": {codeBody(strings.Repeat("a", 129)), "application/json", "message.token", 400},
		} {
			a := r.ask(r.client, "POST", "/api/invitation", c.body, with("Content-Type", c.kind))
			if a.status != c.status || a.code() != c.code {
				t.Errorf("%s = %d %q, want %d %q", name, a.status, a.body, c.status, c.code)
			}
		}
	})
}

// A request's line and headers fit in MaxHeader; net/http answers 431 to more.
func TestHeaderLimit(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		for size, want := range map[int]int{MaxHeader - 64: 200, MaxHeader + 64: 431} {
			c, err := r.net.dial("192.0.2.1:1")
			if err != nil {
				t.Fatal(err)
			}
			head := "GET /join HTTP/1.1\r\nHost: meet.test\r\nConnection: close\r\nX: "
			go func() { _, _ = io.WriteString(c, head+strings.Repeat("x", size-len(head)-4)+"\r\n\r\n") }()
			resp, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil || resp.StatusCode != want {
				t.Errorf("headers of %d bytes = %v, %v, want %d", size, resp, err, want)
			}
			_ = c.Close()
		}
	})
}

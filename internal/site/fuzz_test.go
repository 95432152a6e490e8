package site

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// FuzzParsePath: every address has one form, and none panics.
func FuzzParsePath(f *testing.F) {
	for p := range addresses(strings.Repeat("ab", 32), "avelmar-tolmeria-2025", "avelmar-tolmeria-2026") {
		f.Add(p)
	}
	for _, p := range []string{"", "//", "/en", "/en//", "/EN/", "/en/readout/../..", "/en/readout/a/01", "/en/readout/a/1.json.txt", "/en/readout/a%2fb/1", "/en/year/20255", "/file/a/1.exe", "/style-0.css", "/\x00", "/en/readout/" + strings.Repeat("a", 300)} {
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, p string) {
		r := parsePath(p)
		if r.place == nowhere {
			if r != (route{}) {
				t.Fatalf("%q is nowhere and %+v", p, r)
			}
			return
		}
		if got := r.path(); got != p {
			t.Fatalf("%q is read as %+v, which is at %q", p, r, got)
		}
	})
}

// FuzzTheme: a theme that is taken has colours that can be read, and its sheet cannot leave its rules.
func FuzzTheme(f *testing.F) {
	f.Add([]byte(avelmarTheme + measurePurpose))
	f.Add([]byte("[light]\naccent = \"#ffffff\"\n"))
	f.Add([]byte("[emblem]\nline = \"#ffffff\"\nfill = [\"M0 0\\\"><script>\"]\n"))
	f.Add([]byte("languages = [\"en\", \"en\"]\n"))
	sheet := regexp.MustCompile(`^[ -;=?-~\n]*$`) // no <, no >
	f.Fuzz(func(t *testing.T, b []byte) {
		th, err := ParseTheme(b)
		if err != nil {
			return
		}
		for _, dark := range []bool{false, true} {
			c := th.Light
			if dark {
				c = th.Dark
			}
			for _, g := range grounds(dark) {
				if contrast(c.Accent, g) < leastContrast {
					t.Fatalf("%s on %s", c.Accent, g)
				}
			}
			if contrast(c.OnAccent, c.Accent) < leastContrast {
				t.Fatalf("%s on %s", c.OnAccent, c.Accent)
			}
		}
		if s := th.sheet(); !sheet.MatchString(s) || strings.Count(s, "{") != strings.Count(s, "}") {
			t.Fatalf("sheet %q", s)
		}
	})
}

// FuzzMarkdown: whatever an operator writes, the only tags are ours.
func FuzzMarkdown(f *testing.F) {
	for _, s := range []string{"# A\ntext **b** [c](https://d.example)", "[x](javascript:alert(1))", "<script>", "- a\n- b\n\nc", "**", "[a](b", "[](/)", "[a](//evil.example)", "[a](///evil.example)", "[a](/\\evil.example)", "[a](https://x\" onclick=y)"} {
		f.Add(s)
	}
	tag := regexp.MustCompile(`</?(p|h3|ul|li|strong|a)>|<a href="(https://|mailto:|/)[^"<>]*">`)
	f.Fuzz(func(t *testing.T, s string) {
		if rest := tag.ReplaceAllString(string(markdown(s)), ""); strings.ContainsAny(rest, "<>") || regexp.MustCompile(`href="/[/\\]`).MatchString(string(markdown(s))) {
			t.Fatalf("%q gives %q", s, markdown(s))
		}
	})
}

// FuzzChoice: a cookie is what we wrote or nothing.
func FuzzChoice(f *testing.F) {
	f.Add(choice{[]string{"measure"}, strings.Repeat("0", 32), "2025-12-11", strings.Repeat("a", 32)}.value())
	f.Add("1...." + strings.Repeat("a", 32))
	f.Fuzz(func(t *testing.T, s string) {
		if c, ok := parseChoice(s); ok && c.value() != s {
			t.Fatalf("%q is read as %+v", s, c)
		}
	})
}

// FuzzRequest: no request of whatever path, query, headers and body makes the site panic, fail, or set a cookie.
func FuzzRequest(f *testing.F) {
	dir, _ := stocked(f)
	put(f, dir, "theme.toml", avelmarTheme+measurePurpose)
	h, _ := newHandler(f, dir, release.AddDate(0, 0, 1))
	f.Add("GET", "/en/", "", "ar;q=0.5,en", "1..", "gzip", "")
	f.Add("POST", "/en/privacy", "a=b&a=c", "zh", "", "", "choice=accept&purpose=x")
	f.Add("GET", "/en/readout/avelmar-tolmeria-2025/1.txt", "x", ";;;,q=", "\x00", "gzip;q=0", "")
	f.Fuzz(func(t *testing.T, method, path, query, language, cookie, encoding, body string) {
		r := httptest.NewRequest("GET", base+"/", strings.NewReader(body))
		r.Method, r.URL = method, &url.URL{Scheme: "https", Host: "x", Path: path, RawQuery: query}
		for k, v := range map[string]string{"Accept-Language": language, "Cookie": choiceCookie + "=" + cookie, "Accept-Encoding": encoding, "Host": language, "If-None-Match": cookie, "Sec-GPC": language, "Origin": cookie} {
			r.Header[k] = []string{v}
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code >= 500 || w.Header().Get("Set-Cookie") != "" {
			t.Fatalf("%d, cookie %q", w.Code, w.Header().Get("Set-Cookie"))
		}
		for _, v := range w.Header() {
			if strings.ContainsAny(v[0], "\r\n") {
				t.Fatalf("header %q", v)
			}
		}
		if w.Code == http.StatusFound && !regexp.MustCompile(`^/[a-z]{2}/$`).MatchString(w.Header().Get("Location")) {
			t.Fatalf("to %q", w.Header().Get("Location"))
		}
	})
}

package site

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// Config is what a Handler needs.
type Config struct {
	Dir     string               // the store
	Base    string               // how the public writes the site's address: https://meetings.example.org, no slash at the end
	Records string               // directory of consent and counts, needed when the theme has an optional purpose; "": none, and then nothing can be accepted
	Clock   func() time.Time     // time.Now
	Passed  func() time.Duration // monotonic, since New; nil: as Clock has it
	Log     *slog.Logger
}

// Handler is the public site. It reads the store anew when it changes, at most once a second, and writes nothing but consent and counts. It may be
// used concurrently.
type Handler struct {
	base   string
	secure bool // cookies for https alone
	host   string
	log    *slog.Logger
	time   steady
	cross  *http.CrossOriginProtection
	making chan struct{} // as many pages as may be in the making
	record *records

	guard func(moment, time.Time) bool // visible; a test takes it away to see that the other tests notice

	keeping sync.Mutex
	kept    map[string]*kept // by file; at most MaxKept, then all are dropped

	mu      sync.Mutex
	reader  *reader
	current *catalogue
	read    time.Duration // when current was read, since New
	warned  bool          // of a clock that was set
}

// New opens a store for reading. The error says what is wrong with the settings, the store or its theme.
func New(c Config) (*Handler, error) {
	u, err := url.Parse(c.Base)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.String() != c.Base {
		return nil, fmt.Errorf("base is %q; allowed: https://HOST", c.Base)
	}
	r, err := newReader(c.Dir, c.Log)
	if err != nil {
		return nil, err
	}
	start := c.Clock()
	if c.Passed == nil {
		c.Passed = func() time.Duration { return c.Clock().Sub(start) } // by the monotonic clock, where Clock is time.Now
	}
	h := &Handler{base: c.Base, secure: u.Scheme == "https", host: u.Hostname(), log: c.Log, time: steady{start.Round(0).UTC(), c.Clock, c.Passed}, cross: http.NewCrossOriginProtection(),
		making: make(chan struct{}, MaxRendering), guard: visible, kept: map[string]*kept{}, reader: r}
	if h.current, err = r.load(); err != nil {
		r.root.Close()
		return nil, fmt.Errorf("public store: %w", err)
	}
	h.read = c.Passed()
	if len(h.current.theme.Purpose) > 0 && c.Records == "" {
		r.root.Close()
		return nil, fmt.Errorf("the theme has an optional purpose, and there is no directory for the record of consent")
	}
	if c.Records != "" {
		if h.record, err = openRecords(c.Records); err != nil {
			r.root.Close()
			return nil, err
		}
	}
	return h, nil
}

// Close ends the use of the store and writes the counts of the day.
func (h *Handler) Close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	err := h.reader.root.Close()
	if h.record != nil {
		if e := h.record.close(); err == nil {
			err = e
		}
	}
	return err
}

// Server serves h within bounds of time and size.
func (h *Handler) Server() *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: headerTime, ReadTimeout: bodyTime, WriteTimeout: answerTime, IdleTimeout: idleTime,
		MaxHeaderBytes: MaxHeader - 4096, // net/http reads 4096 more than it is told
		ErrorLog:       slog.NewLogLogger(h.log.Handler(), slog.LevelDebug),
	}
}

// shelf is what may be seen now.
func (h *Handler) shelf() (shelf, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	now, ahead := h.time.now()
	if ahead > jump && !h.warned {
		h.warned = true
		h.log.Error("the clock was set forward: nothing new becomes visible before the time has truly passed; restart when the clock is right", "err", ahead.String())
	}
	if t := h.time.passed(); t-h.read >= reread {
		c, err := h.reader.load()
		if err != nil {
			return shelf{}, err
		}
		h.current, h.read = c, t
	}
	return h.current.at(now, h.guard), nil
}

// answer is what goes back.
type answer struct {
	status  int
	kind    string // Content-Type
	body    []byte
	policy  string // Content-Security-Policy; "": that of what is no page
	name    string // file name, for what is to be saved
	free    bool   // other sites may fetch it by script: it is public and the same for all
	fixed   bool   // its address changes with its content
	private bool   // depends on the reader: no cache keeps it
	where   string // Location
	cookie  *http.Cookie
	allow   string
}

const (
	htmlType = "text/html; charset=utf-8"
	textType = "text/plain; charset=utf-8"
	jsonType = "application/json"
	atomType = "application/atom+xml; charset=utf-8"
)

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	select {
	case h.making <- struct{}{}:
		defer func() { <-h.making }()
	default:
		w.Header().Set("Retry-After", "2")
		http.Error(w, "busy", http.StatusServiceUnavailable)
		return
	}
	a := h.answer(r)
	h.write(w, r, a)
}

// answer decides about one request. The method is judged by the form of the address, before anybody looks whether there is something: so that an
// answer never tells what is not yet public.
func (h *Handler) answer(r *http.Request) answer {
	to := route{}
	if r.URL.RawPath == "" && r.URL.Opaque == "" {
		to = parsePath(r.URL.Path)
	}
	s, err := h.shelf()
	if err != nil {
		h.log.Error("public store: cannot be read", "err", err)
		return h.trouble(shelf{theme: DefaultTheme()}, to.lang)
	}
	post := to.place == privacyPage && len(s.theme.Purpose) > 0
	switch {
	case r.Method == http.MethodPost && post:
		return h.choose(s, to, r)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		a := h.plainPage(s, to.lang, http.StatusMethodNotAllowed, "wrong-method")
		if a.allow = "GET, HEAD"; post {
			a.allow += ", POST"
		}
		return a
	}
	if to.lang != "" && !slices.Contains(s.theme.Languages, to.lang) {
		return h.nothing(s, "")
	}
	a, err := h.look(s, to, r)
	if err != nil {
		h.log.Error("page cannot be made", "err", err)
		return h.trouble(s, to.lang)
	}
	if a.status == http.StatusOK && (to.place == homePlace || to.place == readoutPage) {
		h.count(r, s, to)
	}
	return a
}

// look finds what an address names among what may be seen.
func (h *Handler) look(s shelf, to route, r *http.Request) (answer, error) {
	switch to.place {
	case rootPlace:
		return answer{status: http.StatusFound, kind: textType, where: "/" + preferred(r.Header.Get("Accept-Language"), s.theme.Languages) + "/", private: true}, nil
	case homePlace:
		return h.home(s, to.lang)
	case yearPlace:
		return h.year(s, to)
	case readoutPage:
		return h.readout(s, to)
	case plainText, contentFile, wholeFile, noteFile:
		return h.file(s, to)
	case feedPlace:
		return h.feed(s, to)
	case calendarFile:
		return h.calendar(s, to)
	case privacyPage:
		return h.privacy(s, to, r)
	case picturePlace:
		return h.picture(s, to)
	case sitemapPlace:
		return h.sitemap(s), nil
	case robotsPlace:
		return answer{status: 200, kind: textType, body: []byte("User-agent: *\nAllow: /\nSitemap: " + h.base + "/sitemap.xml\n")}, nil
	case sheetPlace:
		if css, name := sheetOf(s.theme); name == to.name {
			return answer{status: 200, kind: "text/css; charset=utf-8", body: css, fixed: true}, nil
		}
	}
	return h.nothing(s, to.lang), nil
}

// nothing is the one page for whatever is not there, will be there, or never was.
func (h *Handler) nothing(s shelf, lang string) answer {
	return h.plainPage(s, lang, http.StatusNotFound, "nothing")
}

func (h *Handler) trouble(s shelf, lang string) answer {
	return h.plainPage(s, lang, http.StatusServiceUnavailable, "trouble")
}

// plainPage says one sentence.
func (h *Handler) plainPage(s shelf, lang string, status int, key string) answer {
	if !slices.Contains(s.theme.Languages, lang) {
		lang = s.theme.Languages[0]
		if slices.Contains(s.theme.Languages, "en") {
			lang = "en"
		}
	}
	v := struct {
		page
		Text string
	}{page: h.newPage(s, lang, allWords()[lang].say(key), everywhere(s.theme, route{place: homePlace}))}
	v.Canonical, v.Alternates = "", nil
	if v.Text = v.Say("nothing-why"); key != "nothing" {
		v.Text = ""
	}
	b, err := render("nothing", v)
	if err != nil {
		h.log.Error("page cannot be made", "err", err)
		b = []byte(v.Title)
	}
	return answer{status: status, kind: htmlType, body: b, policy: policy("", "")}
}

// preferred chooses a language by Accept-Language (RFC 9110 §12.5.4): the order of the header is enough here; the first of ours is the default.
func preferred(header string, ours []string) string {
	if len(header) > 256 {
		header = header[:256]
	}
	best, weight := "", ""
	for part := range strings.SplitSeq(strings.ToLower(header), ",") {
		tag, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		tag, _, _ = strings.Cut(tag, "-")
		q = strings.TrimPrefix(strings.ReplaceAll(q, " ", ""), "q=")
		if q == "" {
			q = "1"
		}
		if slices.Contains(ours, tag) && q > weight && q[0] <= '1' && strings.Trim(q, "0.") != "" { // digits of equal form compare as text
			best, weight = tag, q
		}
	}
	if best != "" {
		return best
	}
	if slices.Contains(ours, "en") {
		return "en"
	}
	return ours[0]
}

// write sends an answer: whole, with its headers, compressed where that is understood.
func (h *Handler) write(w http.ResponseWriter, r *http.Request, a answer) {
	head := w.Header()
	if a.policy == "" {
		a.policy = "default-src 'none'; frame-ancestors 'none'; sandbox"
	}
	for k, v := range map[string]string{"Content-Type": a.kind, "Content-Security-Policy": a.policy, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
		"Permissions-Policy": "camera=(), microphone=(), geolocation=(), browsing-topics=()", "Cross-Origin-Opener-Policy": "same-origin", "Vary": "Accept-Encoding", "Cache-Control": "no-cache"} {
		head.Set(k, v)
	}
	if h.secure {
		head.Set("Strict-Transport-Security", "max-age=31536000")
	}
	switch {
	case a.free:
		head.Set("Access-Control-Allow-Origin", "*")
		head.Set("Cross-Origin-Resource-Policy", "cross-origin")
	default:
		head.Set("Cross-Origin-Resource-Policy", "same-origin")
	}
	switch {
	case a.fixed:
		head.Set("Cache-Control", "public, max-age=31536000, immutable")
	case a.private:
		head.Set("Cache-Control", "private, no-store")
	}
	if a.name != "" {
		head.Set("Content-Disposition", `attachment; filename="`+a.name+`"`) // made of ids, numbers and dots
	}
	if a.where != "" {
		head.Set("Location", a.where)
	}
	if a.allow != "" {
		head.Set("Allow", a.allow)
	}
	if a.cookie != nil {
		http.SetCookie(w, a.cookie)
	}
	if a.status == http.StatusOK && !a.private {
		sum := sha256.Sum256(a.body)
		tag := `"` + hex.EncodeToString(sum[:12]) + `"`
		head.Set("ETag", "W/"+tag) // weak: compressed or not
		if match := r.Header.Get("If-None-Match"); strings.Contains(match, tag) {
			head.Del("Content-Type")
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	body := a.body
	if len(body) > 500 && !strings.HasPrefix(a.kind, "image/") && acceptsGzip(r.Header.Get("Accept-Encoding")) {
		head.Set("Content-Encoding", "gzip")
		body = compress(body)
	}
	head.Set("Content-Length", fmt.Sprint(len(body)))
	w.WriteHeader(a.status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // whoever hung up does not get it
	}
}

func acceptsGzip(header string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, q, _ := strings.Cut(part, ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			return strings.Trim(strings.ReplaceAll(q, " ", ""), "q=0.") != "" || q == ""
		}
	}
	return false
}

func compress(b []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, _ = z.Write(b) // into memory
	_ = z.Close()
	return out.Bytes()
}

// records is where consent and counts are written.
type records struct {
	mu   sync.Mutex
	root *os.Root
	day  string
	hits map[string]int
}

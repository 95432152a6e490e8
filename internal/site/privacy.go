package site

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"
)

// choiceCookie is the only cookie that the site ever sets: when somebody sends the form, and never before.
const choiceCookie = "visavis-choice"

type privacyView struct {
	page
	Version string
	Form    *choiceForm
	Notice  template.HTML
}

type choiceForm struct {
	State     string
	GPC, Made bool
	Purposes  []purposeRow
}

type purposeRow struct{ ID, Name, What, Who, Stored, Refused string }

// choice is what a reader has chosen about the texts of one fingerprint.
type choice struct {
	accepted []string // purposes
	text     string   // fingerprint
	day      string   // YYYY-MM-DD
	id       string   // of the record, which holds no name and no address
}

// fingerprint is SHA-256 of everything that one agrees to, in all languages: a changed text asks anew.
func (t Theme) fingerprint(notices map[string]string) string {
	b, err := json.Marshal(struct {
		Purpose map[string]Purpose
		Notices map[string]string
	}{t.Purpose, notices})
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}

// value writes a choice as a cookie, parseChoice reads it: 1.PURPOSE+PURPOSE.FINGERPRINT.DAY.ID.
func (c choice) value() string {
	return strings.Join([]string{"1", strings.Join(c.accepted, "+"), c.text, c.day, c.id}, ".")
}

func parseChoice(s string) (choice, bool) {
	f := strings.Split(s, ".")
	if len(s) > 256 || len(f) != 5 || f[0] != "1" || !isHex(f[2], 32) || !isHex(f[4], 32) {
		return choice{}, false
	}
	c := choice{text: f[2], day: f[3], id: f[4]}
	if _, err := time.Parse(time.DateOnly, c.day); err != nil {
		return choice{}, false
	}
	if f[1] != "" {
		c.accepted = strings.Split(f[1], "+")
	}
	for i, p := range c.accepted {
		if !slices.Contains(purposes(), p) || slices.Contains(c.accepted[:i], p) {
			return choice{}, false
		}
	}
	return c, true
}

// chosen is what a request says about a reader's choice. made: there is one; stale: it was about another text, or is older than six months.
func chosen(s shelf, r *http.Request) (c choice, made, stale bool) {
	k, err := r.Cookie(choiceCookie)
	if err != nil {
		return choice{}, false, false
	}
	c, ok := parseChoice(k.Value)
	if !ok {
		return choice{}, false, false
	}
	day, _ := time.Parse(time.DateOnly, c.day)
	age := s.now.Sub(day)
	if c.text != s.theme.fingerprint(s.notices) || age > (choiceDays+1)*24*time.Hour || age < -24*time.Hour {
		c.accepted = nil
		return c, true, true
	}
	return c, true, false
}

// gpc reports Global Privacy Control (W3C, Sec-GPC: 1): a refusal, unless the reader has chosen otherwise here.
func gpc(r *http.Request) bool { return r.Header.Get("Sec-GPC") == "1" }

// privacy is the notice, and the form where the operator has an optional purpose.
func (h *Handler) privacy(s shelf, to route, r *http.Request) (answer, error) {
	c, made, stale := chosen(s, r)
	return h.privacyPage(s, to.lang, c, made, stale, gpc(r), http.StatusOK)
}

func (h *Handler) privacyPage(s shelf, lang string, c choice, made, stale, signal bool, status int) (answer, error) {
	v := privacyView{page: h.newPage(s, lang, allWords()[lang].say("privacy-notice"), everywhere(s.theme, route{place: privacyPage}))}
	v.Index, v.AtPrivacy = true, true
	if n, ok := s.notices[lang]; ok {
		v.Notice = markdown(n)
	}
	if len(s.theme.Purpose) > 0 {
		v.Title = v.Say("choices")
		v.Version = v.Say("choices-version", "n", s.theme.fingerprint(s.notices)[:8])
		f := &choiceForm{GPC: signal && len(c.accepted) == 0, Made: made, State: v.Say("choice-unmade")}
		var names []string
		for _, id := range purposes() {
			p, ok := s.theme.Purpose[id]
			if !ok {
				continue
			}
			f.Purposes = append(f.Purposes, purposeRow{id, v.Say("purpose-" + id), p.What[lang], p.Who[lang], p.Stored[lang], p.Refused[lang]})
			if slices.Contains(c.accepted, id) {
				names = append(names, v.Say("purpose-"+id))
			}
		}
		switch {
		case stale:
			f.State = v.Say("choice-stale")
		case made && len(names) == 0:
			f.State = v.Say("choice-refused")
		case made:
			f.State = v.Say("choice-accepted", "list", strings.Join(names, v.Say("comma")))
		}
		v.Form = f
	}
	b, err := render("privacy", v)
	return answer{status: status, kind: htmlType, body: b, policy: policy("", ""), private: v.Form != nil}, err
}

// choose takes the form. Without a word of acceptance nothing is accepted; only an acceptance needs a record, and where none can be written nothing is
// accepted either.
func (h *Handler) choose(s shelf, to route, r *http.Request) answer {
	bad := h.plainPage(s, to.lang, http.StatusBadRequest, "trouble")
	if err := h.cross.Check(r); err != nil {
		bad.status = http.StatusForbidden
		return bad
	}
	form, ok := readForm(r)
	if !ok {
		return bad
	}
	back := answer{status: http.StatusSeeOther, kind: textType, where: route{place: privacyPage, lang: to.lang}.path(), private: true}
	k := &http.Cookie{Name: choiceCookie, Path: "/", MaxAge: choiceDays * 24 * 3600, Secure: h.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode}
	var accepted []string
	offered := func(id string) bool { _, ok := s.theme.Purpose[id]; return ok }
	switch form.Get("choice") {
	case "refuse":
	case "accept":
		accepted = slices.DeleteFunc(purposes(), func(id string) bool { return !offered(id) })
	case "ticked":
		for _, id := range purposes() {
			if offered(id) && slices.Contains(form["purpose"], id) {
				accepted = append(accepted, id)
			}
		}
	case "withdraw":
		k.MaxAge = -1
		back.cookie = k
		return back
	default:
		return bad
	}
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails (crypto/rand)
	c := choice{accepted, s.theme.fingerprint(s.notices), s.now.Format(time.DateOnly), hex.EncodeToString(id[:])}
	if len(accepted) > 0 {
		if err := h.record.consent(c, s.now, gpc(r)); err != nil {
			h.log.Error("consent cannot be recorded: refused", "err", err)
			return h.trouble(s, to.lang)
		}
	}
	k.Value = c.value()
	back.cookie = k
	return back
}

// readForm reads a form of at most MaxForm bytes.
func readForm(r *http.Request) (url.Values, bool) {
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	if strings.TrimSpace(kind) != "application/x-www-form-urlencoded" {
		return nil, false
	}
	b, err := io.ReadAll(io.LimitReader(r.Body, MaxForm+1))
	if err != nil || len(b) > MaxForm {
		return nil, false
	}
	v, err := url.ParseQuery(string(b))
	return v, err == nil
}

// openRecords opens the directory of choices.jsonl and audience.jsonl.
func openRecords(dir string) (*records, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("records: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("records: %w", err)
	}
	return &records{root: root, hits: map[string]int{}}, nil
}

// consent writes one acceptance, on the disk before the cookie goes out: what, about which text, when; no address, no name.
func (x *records) consent(c choice, now time.Time, signal bool) error {
	if x == nil {
		return errors.New("no directory for records")
	}
	b, err := json.Marshal(struct {
		ID       string    `json:"id"`
		At       time.Time `json:"at"`
		Text     string    `json:"text"`
		Accepted []string  `json:"accepted"`
		GPC      bool      `json:"gpc,omitempty"`
	}{c.id, now.UTC().Truncate(time.Second), c.text, c.accepted, signal})
	if err != nil {
		return err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.append("choices.jsonl", append(b, '\n'))
}

func (x *records) append(name string, b []byte) error {
	if info, err := x.root.Stat(name); err == nil && info.Size()+int64(len(b)) > MaxChoices {
		return fmt.Errorf("%s is full", name)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := x.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// count counts a page for whoever has agreed to it, by address and day; nothing of the reader is kept.
func (h *Handler) count(r *http.Request, s shelf, to route) {
	if h.record == nil || len(s.theme.Purpose) == 0 || r.Method != http.MethodGet {
		return
	}
	if c, _, _ := chosen(s, r); !slices.Contains(c.accepted, "measure") {
		return
	}
	h.record.hit(to.path(), s.now.Format(time.DateOnly))
}

func (x *records) hit(path, day string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.day != day {
		_ = x.flush() // what cannot be written is not counted: nobody waits for it
		x.day = day
	}
	if len(x.hits) < maxAudience || x.hits[path] > 0 {
		x.hits[path]++
	}
}

// flush writes the counts of the day: one line for each address.
func (x *records) flush() error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	paths := make([]string, 0, len(x.hits))
	for p := range x.hits {
		paths = append(paths, p)
	}
	slices.Sort(paths)
	for _, p := range paths {
		_ = e.Encode(struct {
			Day   string `json:"day"`
			Page  string `json:"page"`
			Count int    `json:"count"`
		}{x.day, p, x.hits[p]}) // into memory
	}
	clear(x.hits)
	if b.Len() == 0 {
		return nil
	}
	return x.append("audience.jsonl", b.Bytes())
}

func (x *records) close() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	return errors.Join(x.flush(), x.root.Close())
}

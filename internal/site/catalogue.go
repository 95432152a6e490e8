package site

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/readout"
	"visavis/internal/strict"
)

// heading is what lists show of a revision in one language.
type heading struct {
	readout.Language
	title, lede string
	label       label
}

// label is the particulars of a readout in one language.
type label struct {
	mode         readout.Mode
	number, by   string
	start        time.Time // of the meeting, by the clock of its first party
	partiesNamed []string
}

// item is a readout with all its revisions, oldest first.
type item struct {
	id        readout.ID
	revisions []revision
	withdrawn *Withdrawal
}

// catalogue is what the store holds, seen or not: nobody may look into it but at.
type catalogue struct {
	items     []item
	announced []Announcement
	live      []Live
	theme     Theme
	notices   map[string]string // language → Markdown
}

// shelf is what may be seen at one moment: the only thing that routes get.
type shelf struct {
	now       time.Time
	items     []item // newest publication first
	announced []Announcement
	live      []Live
	theme     Theme
	notices   map[string]string
}

// at is the catalogue as it may be seen at now, by the guard.
func (c *catalogue) at(now time.Time, guard func(moment, time.Time) bool) shelf {
	s := shelf{now: now, theme: c.theme, notices: c.notices}
	for _, it := range c.items {
		seen := item{id: it.id}
		for _, r := range it.revisions {
			if !guard(r.shown, now) {
				break // a later revision is not shown before the one that it follows
			}
			seen.revisions = append(seen.revisions, r)
		}
		if len(seen.revisions) == 0 {
			continue
		}
		if w := it.withdrawn; w != nil && guard(moment{at: w.At}, now) {
			seen.withdrawn = w
		}
		s.items = append(s.items, seen)
	}
	slices.SortStableFunc(s.items, func(a, b item) int {
		if c := b.revisions[0].shown.at.Compare(a.revisions[0].shown.at); c != 0 {
			return c
		}
		return strings.Compare(string(b.id), string(a.id))
	})
	for _, a := range c.announced {
		if guard(moment{at: a.At}, now) && now.Before(a.Start) {
			s.announced = append(s.announced, a)
		}
	}
	slices.SortStableFunc(s.announced, func(a, b Announcement) int { return a.Start.Compare(b.Start) })
	for _, l := range c.live {
		if guard(moment{at: l.Since}, now) && now.Sub(l.At) < liveFor {
			s.live = append(s.live, l)
		}
	}
	return s
}

func (s *shelf) item(id readout.ID) (item, bool) {
	i := slices.IndexFunc(s.items, func(it item) bool { return it.id == id })
	if i < 0 {
		return item{}, false
	}
	return s.items[i], true
}

func (it item) latest() revision { return it.revisions[len(it.revisions)-1] }

func (it item) revision(n int) (revision, bool) {
	i := slices.IndexFunc(it.revisions, func(r revision) bool { return r.number == n })
	if i < 0 {
		return revision{}, false
	}
	return it.revisions[i], true
}

func (r revision) heading(lang string) (heading, bool) {
	i := slices.IndexFunc(r.languages, func(h heading) bool { return h.Tag == lang })
	if i < 0 {
		return heading{}, false
	}
	return r.languages[i], true
}

// reader is the store as the site has it: read-only, bounded, and everything in it as a stranger's.
type reader struct {
	root *os.Root
	log  *slog.Logger

	known map[string]cached // by file of the revision
	said  map[string]bool   // what was logged already
	theme Theme             // the last good one
	stamp string            // of theme.toml
}

type cached struct {
	stamp string
	r     revision
	ok    bool
}

func newReader(dir string, log *slog.Logger) (*reader, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("public store: %w", err)
	}
	r := &reader{root: root, log: log, known: map[string]cached{}, said: map[string]bool{}, theme: DefaultTheme()}
	if b, err := r.file("theme.toml", MaxTheme); err == nil {
		if r.theme, err = ParseTheme(b); err != nil { // at the start a mistake is told to whoever starts
			root.Close()
			return nil, err
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		root.Close()
		return nil, fmt.Errorf("public store: %w", err)
	}
	return r, nil
}

// file reads a file of at most limit bytes.
func (r *reader) file(name string, limit int) ([]byte, error) {
	f, err := r.root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > int64(limit) {
		return nil, fmt.Errorf("%s: not a file of at most %d bytes", name, limit)
	}
	b, err := io.ReadAll(io.LimitReader(f, int64(limit)+1))
	if err == nil && len(b) > limit {
		err = fmt.Errorf("%s: more than %d bytes", name, limit)
	}
	return b, err
}

// once logs a fault of the store one time.
func (r *reader) once(name string, err error) {
	key := name + err.Error()
	if len(r.said) < 1000 && !r.said[key] {
		r.said[key] = true
		r.log.Error("public store: a file cannot be used", "stream", name, "err", err)
	}
}

// names lists a directory, at most limit entries, without files that are being written.
func (r *reader) names(dir string, limit int) ([]string, error) {
	f, err := r.root.Open(dir)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		return nil, err
	}
	defer f.Close()
	list, err := f.ReadDir(limit + 1)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if len(list) > limit {
		r.once(dir, fmt.Errorf("more than %d entries", limit))
		list = list[:limit]
	}
	var out []string
	for _, d := range list {
		if !strings.HasPrefix(d.Name(), ".") {
			out = append(out, d.Name())
		}
	}
	slices.Sort(out)
	return out, nil
}

// load reads the whole store. Files that cannot be used are left out, and logged once; a store that cannot be listed is an error.
func (r *reader) load() (*catalogue, error) {
	c := &catalogue{notices: map[string]string{}}
	ids, err := r.names("readouts", MaxReadouts)
	if err != nil {
		return nil, err
	}
	known := map[string]cached{}
	for _, id := range ids {
		if !validID(id) {
			r.once("readouts/"+id, errors.New("not the name of a readout"))
			continue
		}
		if it, ok := r.item(id, known); ok {
			c.items = append(c.items, it)
		}
	}
	r.known = known
	c.announced = entries(r, "announced", MaxAnnounced, func(a *Announcement, id string) error {
		if string(a.ID) != id {
			return fail("site.id")
		}
		return a.check()
	})
	c.live = entries(r, "live", MaxLive, func(l *Live, id string) error {
		if string(l.ID) != id {
			return fail("site.id")
		}
		return l.check()
	})
	c.theme = r.loadTheme()
	for _, l := range Languages() {
		b, err := r.file("privacy/"+l+".md", MaxNotice)
		if err == nil {
			c.notices[l] = string(b)
		} else if !errors.Is(err, fs.ErrNotExist) {
			r.once("privacy/"+l+".md", err)
		}
	}
	return c, nil
}

func (r *reader) loadTheme() Theme {
	stamp := r.stampOf("theme.toml")
	if stamp == r.stamp {
		return r.theme
	}
	r.stamp = stamp
	b, err := r.file("theme.toml", MaxTheme)
	if errors.Is(err, fs.ErrNotExist) {
		r.theme = DefaultTheme()
		return r.theme
	}
	if err == nil {
		var t Theme
		if t, err = ParseTheme(b); err == nil {
			r.theme = t
			return t
		}
	}
	r.once("theme.toml", err) // the last good one stays
	return r.theme
}

func entries[T any](r *reader, dir string, limit int, check func(*T, string) error) []T {
	names, err := r.names(dir, limit)
	if err != nil {
		r.once(dir, err)
	}
	var out []T
	for _, n := range names {
		id, ok := strings.CutSuffix(n, ".json")
		if !ok || !validID(id) {
			continue
		}
		b, err := r.file(dir+"/"+n, MaxEntry)
		if errors.Is(err, fs.ErrNotExist) {
			continue // taken away meanwhile
		}
		var v T
		if err == nil {
			err = strict.Decode(b, &v, strict.Limits{Bytes: MaxEntry})
		}
		if err == nil {
			err = check(&v, id)
		}
		if err != nil {
			r.once(dir+"/"+n, err)
			continue
		}
		out = append(out, v)
	}
	return out
}

// stampOf tells whether a file has changed: size and time of its last change; "" if there is none.
func (r *reader) stampOf(name string) string {
	info, err := r.root.Stat(name)
	if err != nil {
		return ""
	}
	return strconv.FormatInt(info.Size(), 36) + " " + strconv.FormatInt(info.ModTime().UnixNano(), 36)
}

// item reads a readout: revisions 1, 2, … as far as they follow each other.
func (r *reader) item(id string, known map[string]cached) (item, bool) {
	it := item{id: readout.ID(id)}
	for n := 1; n <= MaxRevisions; n++ {
		name := "readouts/" + id + "/" + strconv.Itoa(n)
		stamp := r.stampOf(name+".published.json") + "|" + r.stampOf(name+".json")
		if strings.HasPrefix(stamp, "|") {
			break
		}
		have, ok := r.known[name]
		if !ok || have.stamp != stamp {
			have = cached{stamp: stamp}
			var err error
			if have.r, err = r.revision(name, id, n); err != nil {
				r.once(name, err)
			} else {
				have.ok = true
			}
		}
		known[name] = have
		if !have.ok {
			break // what cannot be read is not public, nor what follows it
		}
		it.revisions = append(it.revisions, have.r)
	}
	if len(it.revisions) == 0 {
		return it, false
	}
	b, err := r.file("readouts/"+id+"/withdrawn.json", MaxEntry)
	if err == nil {
		var w Withdrawal
		if err = strict.Decode(b, &w, strict.Limits{Bytes: MaxEntry}); err == nil && !w.At.IsZero() {
			it.withdrawn = &w
		}
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.once("readouts/"+id+"/withdrawn.json", err)
	}
	return it, true
}

// revision reads one version and takes from it what lists show.
func (r *reader) revision(name, id string, n int) (revision, error) {
	out := revision{entry: name + ".json", number: n}
	b, err := r.file(name+".published.json", MaxEntry)
	if err != nil {
		return out, err
	}
	var p Published
	if err := strict.Decode(b, &p, strict.Limits{Bytes: MaxEntry}); err != nil {
		return out, err
	}
	if p.At.IsZero() || !sensible(p.At) {
		return out, errors.New("without a time of publication")
	}
	out.shown = moment{p.At, p.Release}
	f, report, err := r.open(out.entry)
	if err != nil {
		return out, err
	}
	if report.ID != "" && (string(report.ID) != id || report.Revision != n) {
		return out, errors.New("a file in the place of another")
	}
	out.unfit = len(report.Findings) > 0
	for _, x := range f.Contents {
		c, ok := f.Content(x.Language)
		if !ok {
			continue
		}
		if string(c.ID) != id || c.Revision != n {
			return out, errors.New("a text in the place of another")
		}
		release, err := releaseOf(c)
		if err != nil {
			return out, err
		}
		if release.After(out.shown.release) { // the latest that any text names
			out.shown.release = release
		}
		out.languages = append(out.languages, headingOf(c))
		for _, b := range c.Blocks {
			if b.Picture != nil {
				out.pictures = append(out.pictures, b.Picture.SHA256)
			}
		}
	}
	return out, nil
}

// open reads and checks the file of a revision; the report says whether it fits.
func (r *reader) open(entry string) (readout.File, readout.Report, error) {
	b, err := r.file(entry, readout.MaxFile)
	if err != nil {
		return readout.File{}, readout.Report{}, err
	}
	f, err := readout.ParseFile(b)
	if err != nil {
		return readout.File{}, readout.Report{}, err
	}
	report, _ := readout.Verify(f, nil) // what does not fit is in the report
	return f, report, nil
}

func headingOf(c readout.Content) heading {
	h := heading{Language: readout.Language{Tag: c.Language, Standing: c.Standing}, label: label{mode: c.Mode, number: c.Number}}
	for _, b := range c.Blocks {
		switch {
		case b.Kind == readout.Headline && h.title == "":
			h.title = b.Text
		case b.Kind == readout.Lede && h.lede == "":
			h.lede = b.Text
		}
	}
	for i, p := range c.Parties {
		if p.ID == c.By {
			h.label.by = p.Name
		}
		if i == 0 {
			h.label.start, _ = time.Parse(time.RFC3339, p.Start) // ParseContent has looked at it
		}
		h.label.partiesNamed = append(h.label.partiesNamed, p.Name)
	}
	return h
}

// partyNames gives the names of parties in a language as a content has them.
func partyNames(c readout.Content, ids []meeting.PartyID) []string {
	var out []string
	for _, id := range ids {
		name := string(id)
		for _, p := range c.Parties {
			if p.ID == id {
				name = or(p.LongName, p.Name)
			}
		}
		out = append(out, name)
	}
	return out
}

package site

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/readout"
	"visavis/internal/strict"
)

// Store is the public store as its one writer, the node, has it:
//
//	readouts/ID/N.json             revision N: the exact bytes of a readout.File
//	readouts/ID/N.published.json   Published; written after it: its rename is the publication
//	readouts/ID/withdrawn.json     Withdrawal
//	pictures/SHA256                what a text shows, PNG or JPEG
//	announced/ID.json              Announcement
//	live/ID.json                   Live
//	theme.toml, privacy/LANG.md    the operator's own; the node does not write them
//
// Every file is written beside its place, synced, and renamed into it, and its directory synced: whoever reads sees the old one or the new one, and
// what is cut off in the middle was not there. An error leaves what was. It may be called concurrently.
type Store struct {
	root *os.Root

	mu   sync.Mutex
	step func(string) error // tests stop here: before "create", "write", "sync", "rename", "syncdir" of each file; nil in the product
}

// Published says when a revision was published. Release repeats the embargo of the signed text, so that one broken file cannot hide it.
type Published struct {
	At      time.Time `json:"at"`
	Release time.Time `json:"release"`
}

// Withdrawal says that a readout was withdrawn; its text stays, under a notice.
type Withdrawal struct {
	At time.Time         `json:"at"`
	By []meeting.PartyID `json:"by"` // who withdrew it: all who had signed it, else those that did
}

// Place is one side of an announced or running meeting.
type Place struct {
	ID   meeting.PartyID `json:"id"`
	Name meeting.Text    `json:"name"`
	City meeting.Text    `json:"city,omitempty"`
	Zone string          `json:"zone"`
}

// Announcement is a meeting that is to come.
type Announcement struct {
	ID       meeting.ID   `json:"id"`
	Title    meeting.Text `json:"title"`
	Parties  []Place      `json:"parties"`
	Start    time.Time    `json:"start"`
	Minutes  int          `json:"minutes"`  // planned; 0: not said
	Open     bool         `json:"open"`     // it has a part that the public may follow
	At       time.Time    `json:"at"`       // when it was announced: not shown before
	Revision int64        `json:"revision"` // a higher one replaces a lower one in calendars
}

// Live is a meeting that goes on now.
type Live struct {
	ID      meeting.ID   `json:"id"`
	Title   meeting.Text `json:"title"`
	Parties []Place      `json:"parties"`
	Since   time.Time    `json:"since"`
	Open    bool         `json:"open"` // the public may follow; else the doors are closed
	At      time.Time    `json:"at"`   // when this was so
}

func fail(code string, pairs ...string) *meeting.Error {
	e := &meeting.Error{Code: code}
	for i := 0; i+1 < len(pairs); i += 2 {
		if e.Args == nil {
			e.Args = map[string]string{}
		}
		e.Args[pairs[i]] = pairs[i+1]
	}
	return e
}

const leftover = ".new-" // names of files that are being written

// OpenStore opens or makes a store for writing and takes away what a write that was cut off has left.
func OpenStore(dir string) (*Store, error) {
	root, err := makeStore(dir)
	if err != nil {
		return nil, fmt.Errorf("public store: %w", err)
	}
	err = fs.WalkDir(root.FS(), ".", func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasPrefix(d.Name(), leftover) {
			err = root.Remove(p)
		}
		return err
	})
	if err != nil {
		root.Close()
		return nil, fmt.Errorf("public store: %w", err)
	}
	return &Store{root: root}, nil
}

// JoinStore opens a store beside a writer that may be at work, for one command: it takes nothing away, for what looks left over may be in the making.
func JoinStore(dir string) (*Store, error) {
	root, err := makeStore(dir)
	if err != nil {
		return nil, fmt.Errorf("public store: %w", err)
	}
	return &Store{root: root}, nil
}

// makeStore opens a directory and makes what a store has in it.
func makeStore(dir string) (*os.Root, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	for _, d := range []string{"readouts", "pictures", "announced", "live", "privacy"} {
		if err := mkdir(root, d); err != nil {
			return nil, errors.Join(err, root.Close())
		}
	}
	return root, nil
}

// mkdir makes a directory that everyone may read, whatever the umask of the node's unit is: what is in it is public. Its group may write, since the
// node's user may be another one after a restart (docs/site.md).
func mkdir(root *os.Root, name string) error {
	err := root.Mkdir(name, 0o775)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return root.Chmod(name, 0o775)
}

// Close ends the use of the store.
func (s *Store) Close() error { return s.root.Close() }

// Publish makes a revision public at once. b is a readout.File; it must fit, be signed by all who have to (against keys, unless nil), be free
// of its embargo at now, and follow the revision that is public. Bytes that are public already are no error, whatever keys are good by now. The error is a
// *meeting.Error (site.unfit, site.early, site.order, site.other, site.withdrawn), after which nothing has become public, or one of the disk.
func (s *Store) Publish(b []byte, keys readout.Keys, now time.Time) error {
	f, err := readout.ParseFile(b)
	if err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	if there, err := s.has(f, b); there || err != nil { // a publication that was repeated
		return err
	}
	r, err := readout.Verify(f, keys)
	if err != nil {
		return errors.Join(fail("site.unfit"), err)
	}
	c, ok := f.Content(f.Contents[0].Language)
	if !ok {
		return fail("site.unfit")
	}
	release, err := releaseOf(c)
	if err != nil || now.Before(release) {
		return fail("site.early", "readout", string(r.ID))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	dir := "readouts/" + string(r.ID)
	if _, err := s.root.Stat(dir + "/withdrawn.json"); err == nil {
		return fail("site.withdrawn", "readout", string(r.ID))
	}
	name := dir + "/" + strconv.Itoa(r.Revision)
	if _, err := s.root.Stat(name + ".published.json"); err == nil {
		return fail("site.other", "readout", string(r.ID), "revision", strconv.Itoa(r.Revision))
	}
	if err := s.follows(f, r, dir); err != nil {
		return err
	}
	if err := mkdir(s.root, dir); err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	if err := s.syncDir("readouts"); err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	if err := s.write(name+".json", b); err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	return s.put(name+".published.json", Published{now.UTC(), release})
}

// Has says whether exactly these bytes of a readout.File are public.
func (s *Store) Has(b []byte) (bool, error) {
	f, err := readout.ParseFile(b)
	if err != nil {
		return false, fmt.Errorf("public store: %w", err)
	}
	return s.has(f, b)
}

// has is Has of f, which b was read as.
func (s *Store) has(f readout.File, b []byte) (bool, error) {
	m := manifestOf(f)
	if m == nil {
		return false, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	name := "readouts/" + string(m.ID) + "/" + strconv.Itoa(m.Revision)
	have, err := s.root.ReadFile(name + ".json")
	if err == nil {
		_, err = s.root.Stat(name + ".published.json")
	}
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("public store: %w", err)
	}
	return bytes.Equal(have, b), nil
}

// follows says whether a file is the next revision after what is public: its parent is that one's manifest.
func (s *Store) follows(f readout.File, r readout.Report, dir string) error {
	if r.Revision == 1 {
		return nil
	}
	bad := fail("site.order", "readout", string(r.ID), "revision", strconv.Itoa(r.Revision))
	before := dir + "/" + strconv.Itoa(r.Revision-1)
	if _, err := s.root.Stat(before + ".published.json"); err != nil {
		return bad
	}
	b, err := s.root.ReadFile(before + ".json")
	if err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	old, err := readout.ParseFile(b)
	if err != nil {
		return bad
	}
	was, now := manifestOf(old), manifestOf(f)
	if was == nil || now == nil || now.Parent != was.Hash() || r.Revision > MaxRevisions {
		return bad
	}
	return nil
}

// manifestOf is the manifest of a file; nil if it has none that can be read.
func manifestOf(f readout.File) *readout.Manifest {
	text, _, ok := strings.Cut(f.Manifest, "\n\n")
	m, err := readout.ParseManifest(text + "\n")
	if !ok || err != nil {
		return nil
	}
	return &m
}

func releaseOf(c readout.Content) (time.Time, error) {
	if c.Release == "" {
		return time.Time{}, nil
	}
	return time.Parse(time.RFC3339, c.Release)
}

// Withdraw puts a published readout under a notice. Again is no error: a party that the notice does not name yet is added, its time stays. It returns a
// *meeting.Error, site.unknown, if there is nothing public of that id.
func (s *Store) Withdraw(id readout.ID, w Withdrawal) error {
	if !validID(string(id)) || w.At.IsZero() || len(w.By) == 0 {
		return fail("site.withdrawal")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	dir := "readouts/" + string(id)
	if _, err := s.root.Stat(dir + "/1.published.json"); err != nil {
		return fail("site.unknown", "readout", string(id))
	}
	name := dir + "/withdrawn.json"
	b, err := s.root.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("withdraw: %w", err)
	}
	var was Withdrawal
	if err == nil && strict.Decode(b, &was, strict.Limits{Bytes: MaxEntry}) == nil && !was.At.IsZero() { // what the site cannot read is written anew
		by := slices.Clone(was.By)
		for _, p := range w.By {
			if !slices.Contains(by, p) {
				by = append(by, p)
			}
		}
		if len(by) == len(was.By) {
			return nil
		}
		w = Withdrawal{At: was.At, By: by}
	}
	return s.put(name, w)
}

// Picture puts a picture where texts can show it and gives its name, the SHA-256 in hex. It is served once a text that names it is public. Only PNG and
// JPEG of at most MaxPicture bytes are taken.
func (s *Store) Picture(b []byte) (string, error) {
	if len(b) > MaxPicture || pictureType(b) == "" {
		return "", fail("site.picture")
	}
	sum := sha256.Sum256(b)
	name := hex.EncodeToString(sum[:])
	s.mu.Lock()
	defer s.mu.Unlock()
	return name, s.write("pictures/"+name, b)
}

// pictureType is the media type of a picture by its first bytes; "" for anything else.
func pictureType(b []byte) string {
	switch t := http.DetectContentType(b); t {
	case "image/png", "image/jpeg":
		return t
	}
	return ""
}

// Announce shows a meeting that is to come, or changes what is shown of it.
func (s *Store) Announce(a Announcement) error {
	if err := a.check(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.put("announced/"+string(a.ID)+".json", a)
}

// Live shows a meeting that goes on, or changes what is shown of it.
func (s *Store) Live(l Live) error {
	if err := l.check(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.put("live/"+string(l.ID)+".json", l)
}

// Living is what is shown of a meeting that goes on; false: nothing is.
func (s *Store) Living(id meeting.ID) (Live, bool, error) {
	if !validID(string(id)) {
		return Live{}, false, fail("site.id")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.root.Open("live/" + string(id) + ".json")
	if errors.Is(err, fs.ErrNotExist) {
		return Live{}, false, nil
	}
	if err != nil {
		return Live{}, false, fmt.Errorf("public store: %w", err)
	}
	defer f.Close()
	var l Live
	b, err := io.ReadAll(io.LimitReader(f, MaxEntry+1))
	if err != nil {
		return Live{}, false, fmt.Errorf("public store: %w", err)
	}
	if len(b) > MaxEntry || json.Unmarshal(b, &l) != nil || l.ID != id || l.check() != nil { // somebody else's: it is written anew
		return Live{}, false, nil
	}
	return l, true, nil
}

// Unannounce takes an announcement away; one that is not there is no error.
func (s *Store) Unannounce(id meeting.ID) error { return s.remove("announced", id) }

// Over says that a meeting goes on no longer.
func (s *Store) Over(id meeting.ID) error { return s.remove("live", id) }

func (s *Store) remove(dir string, id meeting.ID) error {
	if !validID(string(id)) {
		return fail("site.id")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.root.Remove(dir + "/" + string(id) + ".json"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("public store: %w", err)
	}
	return s.syncDir(dir)
}

func (s *Store) put(name string, v any) error {
	b, err := json.Marshal(v)
	if err != nil || len(b) > MaxEntry {
		return fail("site.long", "name", path.Base(name))
	}
	return s.write(name, append(b, '\n'))
}

// write replaces a file as a whole or leaves it as it was.
func (s *Store) write(name string, b []byte) error {
	dir, base := path.Split(name)
	temp := dir + leftover + base
	err := s.fill(temp, b)
	if err == nil {
		err = s.at("rename")
	}
	if err == nil {
		err = s.root.Rename(temp, name)
	}
	if err != nil {
		if !errors.Is(err, errKilled) {
			_ = s.root.Remove(temp) // what cannot be taken away now is taken away by OpenStore
		}
		return fmt.Errorf("write %s: %w", base, err)
	}
	return s.syncDir(path.Clean(dir))
}

// errKilled is what a test's step gives to stop where a killed process would stop: nothing is tidied up.
var errKilled = errors.New("killed")

func (s *Store) fill(temp string, b []byte) error {
	if err := s.at("create"); err != nil {
		return err
	}
	f, err := s.root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	if err = s.at("write"); err == nil {
		_, err = f.Write(b)
	}
	if err == nil {
		err = f.Chmod(0o644) // the umask of the node's unit lets nobody read; this is public
	}
	if err == nil {
		err = s.at("sync")
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

func (s *Store) syncDir(dir string) error {
	if err := s.at("syncdir"); err != nil {
		return err
	}
	d, err := s.root.Open(dir)
	if err != nil {
		return fmt.Errorf("sync %s: %w", dir, err)
	}
	return errors.Join(d.Sync(), d.Close())
}

func (s *Store) at(step string) error {
	if s.step == nil {
		return nil
	}
	return s.step(step)
}

// validID says whether s may name a file: lower-case ASCII letters, digits and hyphens.
func validID(s string) bool {
	if s == "" || len(s) > meeting.MaxID {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

func (a *Announcement) check() error {
	if !validID(string(a.ID)) || a.Start.IsZero() || a.At.IsZero() || a.Minutes < 0 || a.Minutes > 7*24*60 || a.Revision < 0 || !sensible(a.Start, a.At) {
		return fail("site.announcement")
	}
	return checkMeeting(a.Title, a.Parties)
}

func (l *Live) check() error {
	if !validID(string(l.ID)) || l.Since.IsZero() || l.At.IsZero() || !sensible(l.Since, l.At) {
		return fail("site.live")
	}
	return checkMeeting(l.Title, l.Parties)
}

// sensible says whether times have four digits of the year: everything else could not be written down.
func sensible(all ...time.Time) bool {
	for _, t := range all {
		if y := t.UTC().Year(); y < 1970 || y > 9998 {
			return false
		}
	}
	return true
}

func checkMeeting(title meeting.Text, parties []Place) error {
	if len(parties) == 0 || len(parties) > meeting.MaxParties || len(title) == 0 {
		return fail("site.meeting")
	}
	if err := clean(title, meeting.TitleText); err != nil {
		return err
	}
	for _, p := range parties {
		if !partyID.MatchString(string(p.ID)) || len(p.Zone) > meeting.MaxZone || p.Zone == "" || p.Zone == "Local" || len(p.Name) == 0 {
			return fail("site.meeting")
		}
		if _, err := time.LoadLocation(p.Zone); err != nil {
			return fail("site.zone", "party", string(p.ID))
		}
		if err := errors.Join(clean(p.Name, meeting.NameText), clean(p.City, meeting.NameText)); err != nil {
			return err
		}
	}
	return nil
}

package node

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"visavis/internal/auth"
	"visavis/internal/meeting"
	"visavis/internal/store"
)

const goodMeeting = `id = "review"
host = "avelmar"
start = 2026-12-01T09:00:00+10:30
[title]
en = "Annual review"
ar = "المراجعة السنوية"
[[party]]
id = "avelmar"
zone = "Australia/Lord_Howe"
name = { en = "Avelmar" }
longName = { en = "Republic of Avelmar" }
city = { en = "Ilverne" }
[[party.member]]
id = "avelmar-tarroven"
role = "principal"
name = { en = "Maelin Tarroven" }
office = { en = "Prime Minister" }
[[party.member]]
id = "avelmar-kell"
role = "delegate"
name = { en = "Tibren Kell" }
office = { en = "Director-General" }
[[party]]
id = "tolmeria"
zone = "Australia/Brisbane"
[party.name]
en = "Tolmeria"
[party.longName]
en = "Kingdom of Tolmeria"
[party.city]
en = "Lanneth"
[[party.member]]
id = "tolmeria-kosvane"
role = "principal"
[party.member.name]
en = "Edran Kosvane"
[party.member.office]
en = "Prime Minister"
`

func newMeeting(t *testing.T, d *Dir, text string, replace bool) (meeting.Definition, error) {
	t.Helper()
	return d.NewMeeting(t.Context(), write(t, filepath.Join(t.TempDir(), "meeting.toml"), text), replace)
}

func TestMeetingFileIsTheSameOnBothNodes(t *testing.T) {
	a, b := made(t, "avelmar"), made(t, "tolmeria")
	da, err := newMeeting(t, a, goodMeeting, false)
	if err != nil {
		t.Fatal(err)
	}
	dbb, err := newMeeting(t, b, goodMeeting, false)
	if err != nil || Digest(da) != Digest(dbb) {
		t.Errorf("digests %s and %s, %v", Digest(da), Digest(dbb), err)
	}
	var got []string
	for _, m := range da.Members {
		got = append(got, fmt.Sprintf("%s %s %s %d", m.Party, m.ID, m.Role, m.Precedence))
	}
	want := []string{"avelmar avelmar-tarroven principal 1", "avelmar avelmar-kell delegate 2", "tolmeria tolmeria-kosvane principal 1"}
	if !slices.Equal(got, want) {
		t.Errorf("members %q, want %q", got, want)
	}
	if !da.Start.Equal(time.Date(2026, 11, 30, 22, 30, 0, 0, time.UTC)) {
		t.Errorf("start %s", da.Start)
	}
	kept, err := a.Definition(t.Context(), "review")
	if err != nil || Digest(kept) != Digest(da) {
		t.Errorf("kept %s, %v, want %s", Digest(kept), err, Digest(da))
	}
	if list, err := a.Definitions(t.Context()); len(list) != 1 || err != nil {
		t.Errorf("%d meetings, %v", len(list), err)
	}
	if _, err := a.Definition(t.Context(), "other"); !errors.Is(err, errNoMeeting) {
		t.Errorf("another meeting: %v", err)
	}
}

// TestFormalMeetingFile: what a formal meeting adds comes from the file into the definition; without officers it is informal (the control).
func TestFormalMeetingFile(t *testing.T) {
	load := func(text string) meeting.Definition {
		m, err := newMeeting(t, made(t, "avelmar"), text, false)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	if m := load(goodMeeting); m.Formal() || m.Mode != "" || m.Agenda != nil || m.Languages != nil {
		t.Errorf("control: %+v", m)
	}
	officer := "[[party.member]]\nid = \"%s-officer\"\nrole = \"officer\"\nname = { en = \"Officer\" }\noffice = { en = \"Protocol\" }\n"
	s := strings.Replace(goodMeeting, "host =", "mode = \"statements\"\nbegin = \"open\"\nchair = \"avelmar-kell\"\nlimit = 180\nlanguages = [\"en\", \"ar\"]\nhost =", 1)
	s = strings.Replace(s, `office = { en = "Director-General" }`, "office = { en = \"Director-General\" }\nsecond = { en = \"Special envoy\" }\n"+fmt.Sprintf(officer, "avelmar"), 1)
	s += fmt.Sprintf(officer, "tolmeria") + "[[agenda]]\ntitle = { en = \"Opening\" }\nminutes = 10\n"
	m := load(s)
	kell, _ := m.Member("avelmar-kell")
	if !m.Formal() || m.Mode != meeting.Statements || m.Begin != meeting.Opened || m.Chair != "avelmar-kell" || m.Limit != 180 ||
		!slices.Equal(m.Languages, []string{"en", "ar"}) || len(m.Agenda) != 1 || m.Agenda[0].Minutes != 10 || kell.Second["en"] != "Special envoy" {
		t.Errorf("%+v", m)
	}
}

// TestFormalMeetingFileMistakes: each is refused with its line; the file without it is taken (the control).
func TestFormalMeetingFileMistakes(t *testing.T) {
	officer := "[[party.member]]\nid = \"%s-officer\"\nrole = \"officer\"\nname = { en = \"Officer\" }\noffice = { en = \"Protocol\" }\n"
	good := strings.Replace(goodMeeting, "host =", "mode = \"chair\"\nchair = \"tolmeria-kosvane\"\nlimit = 3600\nlanguages = [\"en\", \"ar\"]\nhost =", 1)
	good = strings.Replace(good, "[[party]]\nid = \"tolmeria\"", fmt.Sprintf(officer, "avelmar")+"[[party]]\nid = \"tolmeria\"", 1)
	good += fmt.Sprintf(officer, "tolmeria") + "[[agenda]]\ntitle = { en = \"Opening\" }\nminutes = 1440\n"
	d := made(t, "avelmar")
	if m, err := newMeeting(t, d, good, false); err != nil || !m.Formal() {
		t.Fatalf("control: formal %v, %v", m.Formal(), err)
	}
	for _, c := range []struct{ old, new, want string }{
		{`chair = "tolmeria-kosvane"`, `chair = "tolmeria-nobody"`, `chair is "tolmeria-nobody", who is no principal or delegate`},
		{`chair = "tolmeria-kosvane"`, `chair = "avelmar-officer"`, `chair is "avelmar-officer"`},
		{`limit = 3600`, `limit = 3601`, `limit is 3601`},
		{`limit = 3600`, `limit = -1`, `limit is -1`},
		{`limit = 3600`, `limit = "long"`, `limit has a value of the wrong type`},
		{`"ar"]`, `"AR"]`, `languages names "AR"`},
		{`"ar"]`, `"en"]`, `languages names "en"`},
		{`minutes = 1440`, `minutes = 1441`, `agenda[0].minutes is 1441`},
		{`minutes = 1440`, `hours = 1`, `agenda.hours is not a key of this file`},
		{`title = { en = "Opening" }`, `title = {}`, `agenda[0].title is missing`},
		{`mode = "chair"`, `Mode = "chair"`, `Mode is not a key of this file`},
		{`mode = "chair"`, `begin = "waiting"`, `begin is "waiting"`},
		{`id = "tolmeria-officer"` + "\nrole = \"officer\"", `id = "tolmeria-officer"` + "\nrole = \"delegate\"", `holds in a formal meeting only`},
		{`office = { en = "Director-General" }`, "office = { en = \"Director-General\" }\nsecond = { en = \"\\u202eEnvoy\" }", `second.en is not allowed`},
	} {
		text := strings.Replace(good, c.old, c.new, 1)
		if text == good {
			t.Fatalf("%q is not in the file", c.old)
		}
		_, err := newMeeting(t, d, text, true)
		var e *SettingError
		if !errors.As(err, &e) || e.Line == 0 || !strings.Contains(e.Error(), c.want) {
			t.Errorf("%s → %s:\ngot  %v\nwant %s", c.old, c.new, err, c.want)
		}
	}
	many := good + strings.Repeat("[[agenda]]\ntitle = { en = \"Item\" }\n", meeting.MaxAgenda)
	if _, err := newMeeting(t, d, many, true); err == nil || !strings.Contains(err.Error(), "agenda has 101 items") {
		t.Errorf("101 items: %v", err)
	}
}

func TestMeetingIsReplacedOnlyOnPurpose(t *testing.T) {
	d := made(t, "avelmar")
	other := strings.Replace(goodMeeting, "Annual review", "Another review", 1)
	for _, c := range []struct {
		text    string
		replace bool
		ok      bool
	}{{goodMeeting, false, true}, {goodMeeting, false, true}, {other, false, false}, {other, true, true}, {goodMeeting, false, false}} {
		if _, err := newMeeting(t, d, c.text, c.replace); (err == nil) != c.ok {
			t.Errorf("replace %v: %v, want ok %v", c.replace, err, c.ok)
		}
	}
}

func TestMeetingThatHasBegunIsNotReplaced(t *testing.T) {
	d := made(t, "avelmar")
	if _, err := newMeeting(t, d, goodMeeting, false); err != nil {
		t.Fatal(err)
	}
	if err := d.Store.Append(t.Context(), logName("review", false), store.LogEntry{N: 1, Basis: store.Observed}); err != nil {
		t.Fatal(err)
	}
	if _, err := newMeeting(t, d, strings.Replace(goodMeeting, "Annual review", "Another review", 1), true); err == nil || !strings.Contains(err.Error(), "has begun") {
		t.Errorf("replaced under its log: %v", err)
	}
	if _, err := newMeeting(t, d, goodMeeting, false); err != nil { // the control
		t.Errorf("the same again: %v", err)
	}
}

func TestMeetingFileMistakes(t *testing.T) {
	d := made(t, "avelmar")
	line := func(part string) int { return strings.Count(goodMeeting[:strings.Index(goodMeeting, part)], "\n") + 1 }
	for _, c := range []struct {
		old, new string
		line     int
		want     string
	}{
		{`role = "delegate"`, `role = "chief"`, line(`role = "delegate"`), `party[0].member[1].role is "chief"; allowed: "principal", "delegate", "interpreter", "officer" or "technician"`},
		{`host = "avelmar"`, "host = \"avelmar\"\nmode = \"shouting\"", line(`host = "avelmar"`) + 1, `mode is "shouting"`},
		{`host = "avelmar"`, "host = \"avelmar\"\nbegin = \"rehearsal\"", line(`host = "avelmar"`) + 1, `begin is "rehearsal"`},
		{`zone = "Australia/Brisbane"`, `zone = "Australia/Brisbone"`, line("Brisbane"), `party[1].zone is "Australia/Brisbone"`},
		{`zone = "Australia/Brisbane"`, `zone = "Local"`, line("Brisbane"), `party[1].zone`},
		{`host = "avelmar"`, `host = "calwen"`, 2, `host is "calwen", which is not one of the parties`},
		{`role = "principal"`, `rank = 1`, line(`role = "principal"`), `party.member.rank is not a key of this file; allowed: id, role, [party.member.name], [party.member.office], [party.member.second]`},
		{`title`, `tittle`, 4, "tittle is not a key"},
		{`city = { en = "Ilverne" }`, `city = {}`, line(`city = { en = "Ilverne" }`), "party[0].city is missing"},
		{`"Tibren Kell"`, `"Tibren \u202eKell"`, line("Tibren Kell"), "party[0].member[1].name.en is not allowed"},
		{`"Edran Kosvane"`, `"Edran\nKosvane"`, line("Edran Kosvane"), "party[1].member[0].name.en is not allowed"},
		{`id = "tolmeria"`, `id = "Tolmeria"`, line(`id = "tolmeria"`), `party[1].id is "Tolmeria"`},
		{`id = "tolmeria-kosvane"`, `id = "avelmar-kell"`, 0, "is not a meeting"},
		{`2026-12-01T09:00:00+10:30`, `"soon"`, 3, "start cannot be read"},
		{"id = \"avelmar\"\n", "id = \"avelmar\"\nemblem = \"none.png\"\n", line("zone = \"Australia/Lord_Howe\""), "party[0].emblem cannot be used"},
		{`id = "review"` + "\n", "", 0, "id is missing"},
	} {
		text := strings.Replace(goodMeeting, c.old, c.new, 1)
		if text == goodMeeting {
			t.Fatalf("%q is not in the file", c.old)
		}
		_, err := newMeeting(t, d, text, false)
		var e *SettingError
		if !errors.As(err, &e) || e.Line != c.line || !strings.Contains(e.Error(), c.want) {
			t.Errorf("%s → %s:\ngot  %v\nwant line %d: %s", c.old, c.new, err, c.line, c.want)
		}
	}
	stranger := made(t, "calwen")
	if _, err := newMeeting(t, stranger, goodMeeting, false); err == nil || !strings.Contains(err.Error(), "does not name calwen") {
		t.Errorf("a meeting of others: %v", err)
	}
	if _, err := newMeeting(t, d, goodMeeting+strings.Repeat("#", maxMeetingFile-len(goodMeeting)+1), false); err == nil {
		t.Error("a file over the limit was taken")
	}
	if _, err := newMeeting(t, d, goodMeeting+strings.Repeat("#", maxMeetingFile-len(goodMeeting)), false); err != nil {
		t.Errorf("a file at the limit: %v", err)
	}
}

func picture(w, h int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			if (x-w/2)*(x-w/2)+(y-h/2)*(y-h/2) < w*h/5 {
				m.Set(x, y, color.NRGBA{0x1f, 0x5b, 0x4a, 255})
			}
		}
	}
	return m
}

func encoded(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestEmblemIsMadeAnew: same pixels, nothing else of what came in, and the same bytes on every node whatever encoder made the file.
func TestEmblemIsMadeAnew(t *testing.T) {
	m := picture(64, 48)
	a := encoded(t, m)
	var fast bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.NoCompression}).Encode(&fast, m); err != nil {
		t.Fatal(err)
	}
	text := binary.BigEndian.AppendUint32(nil, 16)
	text = append(text, "tEXtComment\x00<script>"...)
	text = binary.BigEndian.AppendUint32(text, crc32.ChecksumIEEE(text[4:]))
	marked := append(slices.Concat(a[:33], text, a[33:]), "<script>trailing"...)
	want, err := emblem(bytes.NewReader(a))
	if err != nil {
		t.Fatal(err)
	}
	for name, in := range map[string][]byte{"other compression": fast.Bytes(), "with metadata and a tail": marked} {
		got, err := emblem(bytes.NewReader(in))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %v, same bytes: %v", name, err, bytes.Equal(got, want))
		}
	}
	if bytes.Contains(want, []byte("script")) {
		t.Error("something that was not a pixel came through")
	}
	back, err := png.Decode(bytes.NewReader(want))
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := back.(*image.NRGBA); !ok || !bytes.Equal(got.Pix, m.Pix) {
		t.Error("the pixels are not the same")
	}
	// Its hash is in the definitions of meetings: another one here means that two versions of the program no longer agree.
	const golden = "04b0227991e265df2d3adda3b8c058504d8042692ae201dbe50c831b675c982b"
	if got := hexSHA256(want); got != golden {
		t.Errorf("hash of the test picture = %s, want %s", got, golden)
	}
}

// TestEncodePNG: what is encoded here is read by others, for every length of run.
func TestEncodePNG(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 200 {
		m := image.NewNRGBA(image.Rect(0, 0, 1+n%40, 1+n*7%53))
		for i := 0; i < len(m.Pix); {
			v, run := byte(r.IntN(256)), 1+r.IntN(1+n*3)
			for ; run > 0 && i < len(m.Pix); run, i = run-1, i+1 {
				m.Pix[i] = v
			}
		}
		got, err := png.Decode(bytes.NewReader(encodePNG(m)))
		if err != nil {
			t.Fatalf("picture %d: %v", n, err)
		}
		back := image.NewNRGBA(m.Bounds())
		for y := range m.Bounds().Dy() {
			for x := range m.Bounds().Dx() {
				back.Set(x, y, got.At(x, y))
			}
		}
		if !bytes.Equal(back.Pix, m.Pix) {
			t.Fatalf("picture %d of %v is another one", n, m.Bounds())
		}
	}
}

func TestEmblemLimits(t *testing.T) {
	noise := image.NewNRGBA(image.Rect(0, 0, 300, 300))
	r := rand.New(rand.NewPCG(3, 4))
	for i := range noise.Pix {
		noise.Pix[i] = byte(r.IntN(256))
	}
	small := encoded(t, picture(64, 64))
	bomb := bytes.Clone(small)
	binary.BigEndian.PutUint32(bomb[16:], 1<<30) // a width, with a checksum that holds
	binary.BigEndian.PutUint32(bomb[29:], crc32.ChecksumIEEE(bomb[12:29]))
	for _, c := range []struct {
		name string
		b    []byte
		ok   bool
	}{
		{"512 by 512", encoded(t, picture(maxEmblemSide, maxEmblemSide)), true},
		{"513 wide", encoded(t, picture(maxEmblemSide+1, 64)), false},
		{"513 high", encoded(t, picture(64, maxEmblemSide+1)), false},
		{"16 by 16", encoded(t, picture(minEmblemSide, minEmblemSide)), true},
		{"15 wide", encoded(t, picture(minEmblemSide-1, 16)), false},
		{"256 KiB", append(bytes.Clone(small), make([]byte, maxEmblem-len(small))...), true},
		{"256 KiB and a byte", append(bytes.Clone(small), make([]byte, maxEmblem-len(small)+1)...), false},
		{"noise over the limit", encoded(t, noise), false},
		{"a thousand million pixels wide", bomb, false},
		{"cut off", small[:len(small)/2], false},
		{"SVG", []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), false},
		{"nothing", nil, false},
	} {
		if _, err := emblem(bytes.NewReader(c.b)); (err == nil) != c.ok {
			t.Errorf("%s: %v, want ok %v", c.name, err, c.ok)
		}
	}
}

// TestEmblemLiesBesideTheFile: a meeting file from elsewhere reads nothing else of our disk.
func TestEmblemLiesBesideTheFile(t *testing.T) {
	d := made(t, "avelmar")
	outside := t.TempDir()
	dir := filepath.Join(outside, "meeting")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	emblem := string(encoded(t, picture(64, 64)))
	write(t, filepath.Join(outside, "secret.png"), emblem)
	write(t, filepath.Join(dir, "own.png"), emblem)
	if err := os.Symlink("../secret.png", filepath.Join(dir, "link.png")); err != nil {
		t.Fatal(err)
	}
	for name, ok := range map[string]bool{"own.png": true, "../secret.png": false, filepath.Join(outside, "secret.png"): false, "link.png": false} {
		text := strings.Replace(goodMeeting, "id = \"avelmar\"\n", fmt.Sprintf("id = \"avelmar\"\nemblem = %q\n", name), 1)
		def, err := d.NewMeeting(t.Context(), write(t, filepath.Join(dir, "meeting.toml"), text), true)
		if (err == nil) != ok {
			t.Errorf("%s: %v, want ok %v", name, err, ok)
		}
		if !ok {
			continue
		}
		if b, err := d.Store.Blob(t.Context(), def.Parties[0].Emblem); err != nil || hexSHA256(b) != def.Parties[0].Emblem {
			t.Errorf("the emblem is not kept: %v", err)
		}
	}
}

// anHourBefore is a node with goodMeeting whose clock stands an hour before the start.
func anHourBefore(t *testing.T) (*Dir, meeting.Definition) {
	t.Helper()
	d := made(t, "avelmar")
	def, err := newMeeting(t, d, goodMeeting, false)
	if err != nil {
		t.Fatal(err)
	}
	before := def.Start.Add(-time.Hour)
	d.now = func() time.Time { return before }
	d.book = auth.NewBook(d.Store, d.now)
	return d, def
}

func TestInviteLinks(t *testing.T) {
	ctx := t.Context()
	d, def := anHourBefore(t)
	all, err := d.Invite(ctx, InviteOptions{Meeting: "review"})
	if err != nil || len(all) != 2 {
		t.Fatalf("%d links, %v, want 2", len(all), err)
	}
	for i, l := range all {
		host, code, _ := strings.Cut(l.URL.Reveal(), "#")
		g, err := d.Book().Look(ctx, auth.NewSecret(code))
		if want := (auth.Grant{Meeting: "review", Member: def.Members[i].ID, Party: "avelmar", As: def.Stamp(def.Members[i])}); err != nil || g != want {
			t.Errorf("link %d is for %+v, %v, want %+v", i, g, err, want)
		}
		if host != "https://avelmar.example/join" || !l.Expires.Equal(def.Start.Add(24*time.Hour)) || strings.Contains(fmt.Sprint(l), code) {
			t.Errorf("link to %s until %s, printed %v", host, l.Expires, l)
		}
	}
	_, code, _ := strings.Cut(all[1].URL.Reveal(), "#")
	_, thief, err := d.Book().Redeem(ctx, auth.NewSecret(code))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Invite(ctx, InviteOptions{Meeting: "review", Members: []meeting.MemberID{"avelmar-kell"}, Keep: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Book().Session(ctx, thief); err != nil {
		t.Errorf("control: with Keep a session ends: %v", err)
	}
	again, err := d.Invite(ctx, InviteOptions{Meeting: "review", Members: []meeting.MemberID{"avelmar-kell"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Book().Session(ctx, thief); !errors.Is(err, auth.ErrSession) {
		t.Errorf("whoever used the earlier link stays in: %v", err)
	}
	look := func(l Link) error {
		_, code, _ := strings.Cut(l.URL.Reveal(), "#")
		_, err := d.Book().Look(ctx, auth.NewSecret(code))
		return err
	}
	if look(all[0]) != nil || look(all[1]) == nil || look(again[0]) != nil {
		t.Errorf("after a new link for the second: %v, %v, %v; want the second's first one gone", look(all[0]), look(all[1]), look(again[0]))
	}
	kept, err := d.Invite(ctx, InviteOptions{Meeting: "review", Members: []meeting.MemberID{"avelmar-kell"}, Keep: true})
	if err != nil || look(again[0]) != nil || look(kept[0]) != nil {
		t.Errorf("with Keep: %v, %v, %v", err, look(again[0]), look(kept[0]))
	}
	for name, o := range map[string]InviteOptions{
		"other meeting": {Meeting: "other"}, "stranger": {Meeting: "review", Members: []meeting.MemberID{"x"}},
		"theirs":     {Meeting: "review", Members: []meeting.MemberID{"tolmeria-kosvane"}},
		"other host": {Meeting: "review", Host: "evil.example"}, "too long": {Meeting: "review", Valid: auth.MaxInvitation + 1},
	} {
		if _, err := d.Invite(ctx, o); err == nil {
			t.Errorf("%s: invited", name)
		}
	}
	d.now = func() time.Time { return def.Start.Add(24 * time.Hour) }
	if _, err := d.Invite(ctx, InviteOptions{Meeting: "review"}); err == nil || !strings.Contains(err.Error(), "--valid") {
		t.Errorf("a day after: %v", err)
	}
}

func FuzzMeetingFile(f *testing.F) {
	f.Add(goodMeeting)
	f.Add("[[party]]\n[party.member]\nid = 1\n")
	f.Add("party = [{member = [{}]}]\nhost = \"\"\n")
	f.Fuzz(func(t *testing.T, text string) {
		var m meetingFile
		file, err := decodeTOML("x", []byte(text), &m, meetingRules())
		if err != nil {
			var e *SettingError
			if !errors.As(err, &e) {
				t.Fatalf("error of another kind: %v", err)
			}
			return
		}
		if e := m.wrong(file); e != nil {
			_ = e.Error()
			return
		}
		_, _ = recheck(m.definition())
	})
}

func FuzzEmblem(f *testing.F) {
	f.Add(encoded(f, picture(16, 16)))
	f.Add(encoded(f, image.NewGray16(image.Rect(0, 0, 20, 20))))
	f.Fuzz(func(t *testing.T, b []byte) {
		out, err := emblem(bytes.NewReader(b))
		if err != nil {
			return
		}
		if again, err := emblem(bytes.NewReader(out)); err != nil || !bytes.Equal(again, out) {
			t.Fatalf("not the same a second time: %v", err)
		}
	})
}

package readout_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"flag"
	mrand "math/rand/v2"
	"slices"
	"strings"
	"testing"

	"visavis/internal/meeting"
	"visavis/internal/readout"
)

func codes(err error) []string {
	var u *readout.Unfit
	if !errors.As(err, &u) {
		return nil
	}
	var out []string
	for _, f := range u.Findings {
		out = append(out, f.Code)
	}
	return out
}

func TestSignedByBothPartiesFits(t *testing.T) {
	f := signed(t, sample(t), "tolmeria", "avelmar")
	b, err := f.Encode()
	if err != nil {
		t.Fatal(err)
	}
	again, err := readout.ParseFile(b)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []readout.Keys{nil, keys("avelmar", "tolmeria")} {
		r, err := readout.Verify(again, k)
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Languages) != 6 || len(r.Signatures) != 2 || r.Against != (k != nil) || r.Mode != readout.Joint {
			t.Errorf("report = %+v", r)
		}
		for _, s := range r.Signatures {
			if !s.Fits || s.Key != readout.KeyID(s.Party, fileKey(s.Party).Public) {
				t.Errorf("signature of %s = %+v", s.Party, s)
			}
		}
	}
	if c, ok := again.Content("zh"); !ok || c.Blocks[0].Text != "阿韦尔马与托尔梅里亚政府首脑举行第八次年度会晤" {
		t.Errorf("content zh = %v, %v", c.Blocks, ok)
	}
}

// TestReadoutNeedsBothParties is abuse case 23: x/mod/sumdb/note alone takes each of these. The control is the test above.
func TestReadoutNeedsBothParties(t *testing.T) {
	d := sample(t)
	m := manifest(t, d)
	both := signed(t, d, "avelmar", "tolmeria")
	ours, theirs := line(t, m, "avelmar", key("avelmar")).String(), line(t, m, "tolmeria", key("tolmeria")).String()
	foreign := line(t, m, "calwen", key("calwen")).String()
	wrong := line(t, m, "tolmeria", key("calwen")).String()
	with := func(lines ...string) readout.File {
		f := both
		f.Manifest = m.Text() + "\n" + strings.Join(lines, "")
		return f
	}
	other := both
	other.Keys = []readout.FileKey{fileKey("avelmar"), {Party: "tolmeria", Public: fileKey("calwen").Public, Document: fileKey("calwen").Document}}
	other.Manifest = m.Text() + "\n" + ours + wrong
	shared := both
	shared.Keys = []readout.FileKey{fileKey("avelmar"), {Party: "tolmeria", Public: fileKey("avelmar").Public, Document: fileKey("avelmar").Document}}
	shared.Manifest = m.Text() + "\n" + ours + line(t, m, "tolmeria", key("avelmar")).String()
	for _, c := range []struct {
		name string
		f    readout.File
		keys readout.Keys
		want string
	}{
		{"no line", with(), nil, "readout.signature.missing"},
		{"one party", with(ours), nil, "readout.signature.missing"},
		{"one party twice", with(ours, ours), nil, "readout.signature.twice"},
		{"both, and one twice", with(ours, theirs, theirs), nil, "readout.signature.twice"},
		{"one and a stranger", with(ours, foreign), nil, "readout.signature.foreign"},
		{"both and a stranger", with(ours, theirs, foreign), nil, "readout.signature.foreign"},
		{"a wrong key under a right name", with(ours, wrong), nil, "readout.signature.bad"},
		{"a wrong key that the file names", other, keys("avelmar", "tolmeria"), "readout.key.unknown"},
		{"both lines with one key", shared, nil, "readout.key.shared"},
		{"a key that was taken back", both, readout.Keys{"avelmar": keys("avelmar")["avelmar"], "tolmeria": {{Public: fileKey("tolmeria").Public, Revoked: true}}}, "readout.key.revoked"},
		{"the reader knows no key of a party", both, keys("avelmar"), "readout.key.unknown"},
	} {
		_, err := readout.Verify(c.f, c.keys)
		if !slices.Contains(codes(err), c.want) {
			t.Errorf("%s: findings %v, want %s", c.name, codes(err), c.want)
		}
	}
}

// TestSignatureDomains: what a readout key has signed for another purpose is no signature of a readout, and other keys of the party sign none.
func TestSignatureDomains(t *testing.T) {
	d := sample(t)
	m := manifest(t, d)
	f := signed(t, d, "avelmar")
	for name, text := range map[string]string{
		"another purpose": strings.Replace(m.Text(), readout.ManifestPurpose, "visavis-log-head/1", 1),
		"another version": strings.Replace(m.Text(), readout.ManifestPurpose, "visavis-readout/2", 1),
		"a content":       f.Contents[0].Content,
	} {
		l := line(t, m, "tolmeria", key("tolmeria"))
		raw, _ := base64.StdEncoding.DecodeString(l.Base64)
		l.Base64 = base64.StdEncoding.EncodeToString(append(raw[:4:4], ed25519.Sign(key("tolmeria"), []byte(text))...))
		if _, err := f.WithLine(l, fileKey("tolmeria")); code(err) != "readout.signature" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := f.WithLine(line(t, m, "tolmeria", key("tolmeria")), fileKey("tolmeria")); err != nil { // control
		t.Error(err)
	}
	for _, text := range []string{strings.Replace(m.Text(), "visavis-readout/1", "visavis-readout/2", 1), m.Text() + "more\n", strings.Replace(m.Text(), "revision 1", "revision 01", 1)} {
		if _, err := readout.ParseManifest(text); code(err) != "readout.manifest" {
			t.Errorf("ParseManifest(%.40q…) = %v", text, err)
		}
	}
}

func TestSeparateTextNeedsItsOwnPartyAlone(t *testing.T) {
	d := sample(t)
	d.Mode, d.By = readout.Separate, "tolmeria"
	if _, err := readout.Verify(signed(t, d, "tolmeria"), keys("tolmeria")); err != nil {
		t.Error(err)
	}
	f, _ := d.Unsigned()
	if _, err := f.WithLine(line(t, manifest(t, d), "avelmar", key("avelmar")), fileKey("avelmar")); code(err) != "readout.signer" {
		t.Errorf("the other party signs: %v", err)
	}
}

// TestForeignFile are files that a stranger could make of an honest one.
func TestForeignFile(t *testing.T) {
	honest := signed(t, sample(t), "avelmar", "tolmeria")
	d := sample(t)
	d.ID = "another"
	another := signed(t, d, "avelmar", "tolmeria")
	for _, c := range []struct {
		name, want string
		change     func(f *readout.File)
	}{
		{"a missing language", "readout.content.missing", func(f *readout.File) { f.Contents = f.Contents[1:] }},
		{"a language twice", "readout.content.twice", func(f *readout.File) { f.Contents = append(f.Contents, f.Contents[0]) }},
		{"a language more", "readout.content.extra", func(f *readout.File) {
			f.Contents = append(f.Contents, readout.FileContent{Language: "de", Content: f.Contents[0].Content})
		}},
		{"two languages changed places", "readout.content.hash", func(f *readout.File) {
			f.Contents[0].Content, f.Contents[1].Content = f.Contents[1].Content, f.Contents[0].Content
		}},
		{"another text's manifest", "readout.content.hash", func(f *readout.File) { f.Manifest = another.Manifest }},
		{"another text's content", "readout.content.other", func(f *readout.File) { f.Contents[0] = another.Contents[0] }},
		{"a space in the content", "readout.content.bad", func(f *readout.File) { f.Contents[2].Content = " " + f.Contents[2].Content }},
		{"no manifest", "readout.manifest", func(f *readout.File) { f.Manifest = "" }},
		{"a key twice", "readout.key", func(f *readout.File) { f.Keys = append(f.Keys, f.Keys[0]) }},
		{"no key", "readout.key", func(f *readout.File) { f.Keys = f.Keys[:1] }},
	} {
		f := honest
		f.Contents, f.Keys = slices.Clone(f.Contents), slices.Clone(f.Keys)
		c.change(&f)
		if _, err := readout.Verify(f, nil); !slices.Contains(codes(err), c.want) {
			t.Errorf("%s: findings %v, want %s", c.name, codes(err), c.want)
		}
	}
}

// TestLanguagesTellOfOneText: both parties have signed contents that differ in more than their words.
func TestLanguagesTellOfOneText(t *testing.T) {
	d := sample(t)
	f, err := d.Unsigned()
	if err != nil {
		t.Fatal(err)
	}
	other := sample(t)
	other.Blocks[8].Commitment.Due = "2027-03-31"
	g, _ := other.Unsigned()
	f.Contents[3] = g.Contents[3]
	m, om := manifest(t, d), manifest(t, other)
	m.Languages[3] = om.Languages[3]
	f.Manifest = m.Text() + "\n"
	for _, p := range []meeting.PartyID{"avelmar", "tolmeria"} {
		if f, err = f.WithLine(line(t, m, p, key(p)), fileKey(p)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := readout.Verify(f, nil); !slices.Equal(codes(err), []string{"readout.content.apart"}) {
		t.Errorf("findings %v, want readout.content.apart alone", codes(err))
	}
}

// changes is how many bytes TestSingleByteChanges changes, one at a time; make measure-readout sets 10,000.
var changes = flag.Int("changes", 1000, "single-byte changes to try")

// TestSingleByteChanges changes one byte of contents, manifest or signatures at a time: none of it may verify.
func TestSingleByteChanges(t *testing.T) {
	f := signed(t, sample(t), "avelmar", "tolmeria")
	if _, err := readout.Verify(f, nil); err != nil { // control
		t.Fatal(err)
	}
	n := *changes
	seed := [32]byte{5}
	r := mrand.New(mrand.NewChaCha8(seed))
	signatures := strings.Index(f.Manifest, "\n\n") + 2
	taken, at := 0, map[string]int{}
	for i := range n {
		g := f
		g.Contents = slices.Clone(f.Contents)
		target, from, name := &g.Manifest, 0, "manifest"
		switch i % 3 {
		case 0:
			target, name = &g.Contents[r.IntN(len(g.Contents))].Content, "content"
		case 1:
			from, name = signatures, "signature"
		}
		b := []byte(*target)
		k := from + r.IntN(len(b)-from)
		was := b[k]
		b[k] ^= byte(1 + r.IntN(255))
		*target = string(b)
		at[name]++
		if _, err := readout.Verify(g, nil); err == nil {
			taken++
			t.Errorf("byte %d of the %s: %#x for %#x was taken", k, name, b[k], was)
		}
	}
	t.Logf("%d changes (%v), %d taken", n, at, taken)
}

// TestEveryBitOfASignatureLine: base64 has unused bits, which change nothing that is decoded.
func TestEveryBitOfASignatureLine(t *testing.T) {
	f := signed(t, sample(t), "avelmar", "tolmeria")
	for k := strings.Index(f.Manifest, "\n\n"); k < len(f.Manifest); k++ {
		for bit := range 8 {
			g, b := f, []byte(f.Manifest)
			b[k] ^= 1 << bit
			g.Manifest = string(b)
			if _, err := readout.Verify(g, nil); err == nil {
				t.Errorf("bit %d of byte %d (%q) changed, and taken", bit, k, f.Manifest[k])
			}
		}
	}
}

func TestFileHasOneForm(t *testing.T) {
	b, err := signed(t, sample(t), "avelmar", "tolmeria").Encode()
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string][]byte{
		"white space":      append([]byte(" "), b...),
		"two line feeds":   append(slices.Clone(b), '\n'),
		"unknown field":    bytes.Replace(b, []byte(`{"contents"`), []byte(`{"a":1,"contents"`), 1),
		"a field twice":    bytes.Replace(b, []byte(`"purpose":"`), []byte(`"purpose":"","purpose":"`), 1),
		"another purpose":  bytes.Replace(b, []byte(readout.FilePurpose), []byte("visavis-readout-file/2"), 1),
		"escaped":          bytes.Replace(b, []byte(`"visavis-`), []byte(`"\u0076isavis-`), 1),
		"more than bounds": append(slices.Clone(b), bytes.Repeat([]byte(" "), readout.MaxFile)...),
		"cut off":          b[:len(b)/2],
		"nothing":          nil,
	} {
		if _, err := readout.ParseFile(bad); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if _, err := readout.ParseFile(bytes.TrimSuffix(b, []byte("\n"))); err != nil { // control
		t.Error(err)
	}
}

func TestSignRefusesWhatIsNoKey(t *testing.T) {
	m := manifest(t, sample(t))
	_, priv, _ := ed25519.GenerateKey(rand.Reader)
	for _, p := range []meeting.PartyID{"", "a b", "a+b", "Avelmar", "a\nb"} {
		if _, err := readout.SignManifest(m, p, priv); code(err) != "readout.key" {
			t.Errorf("party %q: %v", p, err)
		}
	}
	if _, err := readout.SignManifest(m, "avelmar", priv[:10]); code(err) != "readout.key" {
		t.Errorf("short key: %v", err)
	}
}

func FuzzParseFile(f *testing.F) {
	b, err := signed(f, sample(f), "avelmar", "tolmeria").Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"contents":[],"keys":[],"manifest":"","purpose":"visavis-readout-file/1"}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		x, err := readout.ParseFile(in)
		if err != nil {
			return
		}
		out, err := x.Encode()
		if err != nil || !bytes.Equal(bytes.TrimSuffix(in, []byte("\n")), bytes.TrimSuffix(out, []byte("\n"))) {
			t.Fatalf("one file in two forms: %v", err)
		}
		if _, err := readout.Verify(x, nil); err == nil && !bytes.Equal(bytes.TrimSuffix(in, []byte("\n")), bytes.TrimSuffix(b, []byte("\n"))) {
			// Whoever makes keys of his own can make a file that fits itself: only the fuzzer cannot.
			t.Logf("a file that fits itself: %q", in)
		}
	})
}

func FuzzParseContent(f *testing.F) {
	u, err := sample(f).Unsigned()
	if err != nil {
		f.Fatal(err)
	}
	for _, c := range u.Contents {
		f.Add([]byte(c.Content))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		c, err := readout.ParseContent(in)
		if err != nil {
			return
		}
		for _, b := range c.Blocks {
			if s, err := meeting.Clean(b.Text, meeting.NoteText); err != nil || s != b.Text {
				t.Fatalf("a text that the gate refuses came through: %q", b.Text)
			}
		}
	})
}

func FuzzParseManifest(f *testing.F) {
	f.Add(manifest(f, sample(f)).Text())
	f.Fuzz(func(t *testing.T, in string) {
		if m, err := readout.ParseManifest(in); err == nil && m.Text() != in {
			t.Fatalf("one manifest in two forms: %q", in)
		}
	})
}

package readout

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"visavis/internal/meeting"
	"visavis/internal/strict"
)

// Encode gives the one form of a File, canonical JSON with a final line feed. It returns a *meeting.Error, readout.size, above MaxFile.
func (f File) Encode() ([]byte, error) {
	b, err := canonical(f)
	if err != nil {
		return nil, err
	}
	if len(b) >= MaxFile {
		return nil, fail("readout.size")
	}
	return append(b, '\n'), nil
}

// ParseFile takes at most MaxFile bytes from a stranger, in the form of Encode (the final line feed may be missing). It says nothing about
// signatures: Verify does. It returns a *strict.Error or a *meeting.Error.
func ParseFile(b []byte) (File, error) {
	var f File
	l := strict.Limits{Bytes: MaxFile, Depth: maxDepth, List: maxList, String: MaxContent}
	if err := strict.Decode(b, &f, l); err != nil {
		return File{}, err
	}
	switch {
	case f.Purpose != FilePurpose:
		return File{}, fail("readout.file.purpose")
	case len(f.Contents) == 0 || len(f.Contents) > MaxLanguages, len(f.Keys) > MaxParties, len(f.Manifest) > MaxManifest:
		return File{}, fail("readout.file")
	}
	own, err := canonical(f)
	if err != nil || !bytes.Equal(own, bytes.TrimSuffix(b, []byte("\n"))) {
		return File{}, fail("readout.file.canonical")
	}
	return f, nil
}

// Content decodes the text of one language. ok is false if the file has none in it, or not one that ParseContent takes.
func (f File) Content(tag string) (c Content, ok bool) {
	for _, x := range f.Contents {
		if x.Language == tag {
			c, err := ParseContent([]byte(x.Content))
			return c, err == nil
		}
	}
	return Content{}, false
}

// ManifestOf reads the manifest without looking at the lines under it.
func (f File) ManifestOf() (Manifest, error) {
	text, _, err := splitNote(f.Manifest)
	if err != nil {
		return Manifest{}, err
	}
	return ParseManifest(text)
}

// Keys are the readout keys by which a reader knows the parties, from their party documents: not from the file that is verified.
type Keys map[meeting.PartyID][]Key

// Key is one readout key of a party.
type Key struct {
	Public   ed25519.PublicKey
	Document string // SHA-256 in hex of the party document that names it
	Revoked  bool   // the party has taken it back
}

// Report is what Verify found.
type Report struct {
	ID         ID
	Revision   int
	Mode       Mode
	Hash       meeting.Hash // of the manifest
	Languages  []Checked
	Signatures []Signature
	// Against says that the keys came from elsewhere. If false, the file was held against the keys that it brings itself: then it fits itself, and
	// who signed it is not proven.
	Against  bool
	Findings []*meeting.Error // what does not fit; none: it fits
}

// Checked is one language of a Report.
type Checked struct {
	Language
	SHA256 meeting.Hash // of the bytes in the file; zeros: they are missing
	Fits   bool         // those bytes are what the manifest names
}

// Signature is one party's line, of those that the text needs.
type Signature struct {
	Party    meeting.PartyID
	Key      string // KeyID; "" if it is not known
	Public   ed25519.PublicKey
	Document string
	Fits     bool
}

// Unfit is the error of Verify: the file is not to be relied upon.
type Unfit struct{ Findings []*meeting.Error }

// Error implements error: all findings.
func (u *Unfit) Error() string {
	var s []string
	for _, f := range u.Findings {
		s = append(s, f.Error())
	}
	return "readout does not fit: " + strings.Join(s, "; ")
}

// Verify checks everything about a file: that every content is canonical and hashes to its line in the manifest, that the contents tell of one text,
// and that exactly the parties that have to sign have signed, each once, with a key of its own. With keys == nil it takes the keys of the file. The
// report is filled as far as the file could be read; the error is nil or an *Unfit with the same findings.
func Verify(f File, keys Keys) (Report, error) {
	v := &verification{f: f, r: Report{Against: keys != nil}, keys: keys}
	v.run()
	if len(v.r.Findings) > 0 {
		return v.r, &Unfit{v.r.Findings}
	}
	return v.r, nil
}

type verification struct {
	f    File
	r    Report
	keys Keys
	m    Manifest
	read []Content
}

func (v *verification) found(code string, pairs ...string) {
	v.r.Findings = append(v.r.Findings, fail(code, pairs...))
}

func (v *verification) run() {
	text, lines, err := splitNote(v.f.Manifest)
	if err == nil {
		v.m, err = ParseManifest(text)
	}
	if err != nil {
		v.found("readout.manifest")
		return
	}
	v.r.ID, v.r.Revision, v.r.Hash = v.m.ID, v.m.Revision, v.m.Hash()
	v.contents()
	if len(v.read) == 0 {
		v.found("readout.signers")
		return
	}
	v.r.Mode = v.read[0].Mode
	v.signatures(lines)
}

// contents holds the texts against the manifest, and against each other.
func (v *verification) contents() {
	var tags []string
	for _, x := range v.f.Contents {
		if slices.Contains(tags, x.Language) {
			v.found("readout.content.twice", "language", x.Language)
		}
		tags = append(tags, x.Language)
		if !slices.ContainsFunc(v.m.Languages, func(d Digest) bool { return d.Tag == x.Language }) {
			v.found("readout.content.extra", "language", x.Language)
		}
	}
	var languages []Language
	for _, d := range v.m.Languages {
		languages = append(languages, d.Language)
	}
	for _, d := range v.m.Languages {
		v.content(d, languages)
	}
	for _, c := range v.read {
		if len(v.read) > 0 && !sameText(c, v.read[0]) {
			v.found("readout.content.apart", "language", c.Language)
		}
	}
}

func (v *verification) content(d Digest, languages []Language) {
	i := slices.IndexFunc(v.f.Contents, func(x FileContent) bool { return x.Language == d.Tag })
	if i < 0 {
		v.r.Languages = append(v.r.Languages, Checked{Language: d.Language})
		v.found("readout.content.missing", "language", d.Tag)
		return
	}
	b := []byte(v.f.Contents[i].Content)
	sum := meeting.Hash(sha256.Sum256(b))
	v.r.Languages = append(v.r.Languages, Checked{d.Language, sum, sum == d.SHA256})
	if sum != d.SHA256 {
		v.found("readout.content.hash", "language", d.Tag)
	}
	c, err := ParseContent(b)
	if err != nil {
		e := fail("readout.content.bad", "language", d.Tag)
		if m, ok := err.(*meeting.Error); ok {
			e.Args["code"] = m.Code
		}
		v.r.Findings = append(v.r.Findings, e)
		return
	}
	switch {
	case c.ID != v.m.ID, c.Revision != v.m.Revision:
		v.found("readout.content.other", "language", d.Tag)
	case c.Language != d.Tag || c.Standing != d.Standing || !slices.Equal(c.Languages, languages):
		v.found("readout.content.languages", "language", d.Tag)
	}
	v.read = append(v.read, c)
}

// sameText reports whether two contents differ in nothing but their words.
func sameText(a, b Content) bool {
	x, err1 := json.Marshal(bones(a))
	y, err2 := json.Marshal(bones(b))
	return err1 == nil && err2 == nil && bytes.Equal(x, y)
}

// bones is c without its language and words.
func bones(c Content) Content {
	c.Language, c.Standing, c.Title, c.Correction = "", "", "", ""
	c.Parties, c.Blocks = slices.Clone(c.Parties), slices.Clone(c.Blocks)
	for i := range c.Parties {
		p := &c.Parties[i]
		p.Name, p.LongName, p.City = "", "", ""
	}
	bare := func(all []ContentSpeaker) []ContentSpeaker {
		all = slices.Clone(all)
		for i := range all {
			all[i].Name, all[i].Office = "", ""
		}
		return all
	}
	for i := range c.Blocks {
		b := &c.Blocks[i]
		b.Text, b.Speakers, b.Listed = "", bare(b.Speakers), bare(b.Listed)
		if b.Commitment != nil {
			b.Commitment = &ContentCommitment{Who: b.Commitment.Who, Due: b.Commitment.Due, Next: b.Commitment.Next}
		}
		if b.Picture != nil {
			b.Picture = &ContentPicture{SHA256: b.Picture.SHA256}
		}
	}
	return c
}

// signatures counts by party: note.Open alone is content with one known signer.
func (v *verification) signatures(lines []Line) {
	need := v.read[0].Signers()
	if v.r.Mode == Joint && len(need) < 2 {
		v.found("readout.signers")
	}
	seen := map[meeting.PartyID]bool{}
	for _, l := range lines {
		switch {
		case !slices.Contains(need, l.Party):
			v.found("readout.signature.foreign", "party", string(l.Party))
		case seen[l.Party]:
			v.found("readout.signature.twice", "party", string(l.Party))
		}
		seen[l.Party] = true
	}
	stated := map[meeting.PartyID]FileKey{}
	for _, k := range v.f.Keys {
		if _, twice := stated[k.Party]; twice || !slices.Contains(need, k.Party) {
			v.found("readout.key", "party", string(k.Party))
		}
		stated[k.Party] = k
	}
	used := map[string]bool{}
	for _, p := range need {
		s := v.signature(p, lines, stated[p])
		if s.Public != nil && used[string(s.Public)] {
			v.found("readout.key.shared", "party", string(p)) // two parties, one key: that is one signer
			s.Fits = false
		}
		used[string(s.Public)] = true
		v.r.Signatures = append(v.r.Signatures, s)
	}
	if len(v.r.Findings) == 0 {
		v.open(lines)
	}
}

func (v *verification) signature(p meeting.PartyID, lines []Line, stated FileKey) Signature {
	s := Signature{Party: p, Public: stated.Public, Document: stated.Document, Key: KeyID(p, stated.Public)}
	i := slices.IndexFunc(lines, func(l Line) bool { return l.Party == p })
	if i < 0 {
		v.found("readout.signature.missing", "party", string(p))
		return s
	}
	if v.r.Against {
		known := slices.IndexFunc(v.keys[p], func(k Key) bool { return k.Public.Equal(ed25519.PublicKey(stated.Public)) })
		switch {
		case known < 0:
			v.found("readout.key.unknown", "party", string(p))
			return s
		case v.keys[p][known].Revoked:
			v.found("readout.key.revoked", "party", string(p))
			return s
		}
		// The document named in the file may be a later or earlier one with the same key: it is shown as the reader's own.
		s.Document = v.keys[p][known].Document
	} else if !validHex(stated.Document) {
		v.found("readout.key", "party", string(p))
		return s
	}
	if s.Fits = lines[i].Fits(v.m, stated.Public); !s.Fits {
		v.found("readout.signature.bad", "party", string(p))
	}
	return s
}

// open lets x/mod/sumdb/note have the last word: what it takes has as many verified lines as the text needs and none besides.
func (v *verification) open(lines []Line) {
	var known []note.Verifier
	for _, k := range v.f.Keys {
		if x, err := verifier(k.Party, k.Public); err == nil {
			known = append(known, x)
		}
	}
	n, err := note.Open([]byte(v.f.Manifest), note.VerifierList(known...))
	if err != nil || len(n.Sigs) != len(lines) || len(n.UnverifiedSigs) > 0 || n.Text != v.m.Text() {
		v.found("readout.manifest")
	}
}

package readout

import (
	"crypto/sha256"
	"strconv"
	"strings"

	"visavis/internal/meeting"
)

// ManifestPurpose is the first line of every Manifest: purpose and version, so that a signature made for anything else is never one of these.
const ManifestPurpose = "visavis-readout/1"

// Manifest is what is signed. Its text, each line ended by LF:
//
//	visavis-readout/1
//	id avelmar-tolmeria-2026
//	revision 1
//	parent 0000…0000                        (SHA-256 of the manifest of the revision before; zeros for revision 1)
//	ar authentic 91c47a0b…b3e9              (one line a language, in the order of the document: tag, standing, SHA-256 of its content)
//
// No other form of the same contents is taken. A signature is a line under it as golang.org/x/mod/sumdb/note writes them.
type Manifest struct {
	ID        ID
	Revision  int
	Parent    meeting.Hash
	Languages []Digest
}

// Digest is one line of a manifest.
type Digest struct {
	Language
	SHA256 meeting.Hash // of the content bytes
}

// Text is what is signed.
func (m Manifest) Text() string {
	var b strings.Builder
	b.WriteString(ManifestPurpose + "\nid " + string(m.ID) + "\nrevision " + strconv.Itoa(m.Revision) + "\nparent " + m.Parent.String() + "\n")
	for _, l := range m.Languages {
		b.WriteString(l.Tag + " " + string(l.Standing) + " " + l.SHA256.String() + "\n")
	}
	return b.String()
}

// Hash is SHA-256 of Text: what an officer's passkey signs off, what the next revision names as its parent.
func (m Manifest) Hash() meeting.Hash { return sha256.Sum256([]byte(m.Text())) }

// ParseManifest takes the text of a manifest, without signatures, at most MaxManifest bytes. It returns a *meeting.Error.
func ParseManifest(text string) (Manifest, error) {
	bad := fail("readout.manifest")
	if len(text) > MaxManifest || !strings.HasPrefix(text, ManifestPurpose+"\n") || !strings.HasSuffix(text, "\n") {
		return Manifest{}, bad
	}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) < 5 || len(lines) > 4+MaxLanguages {
		return Manifest{}, bad
	}
	id, ok1 := strings.CutPrefix(lines[1], "id ")
	rev, ok2 := strings.CutPrefix(lines[2], "revision ")
	parent, ok3 := strings.CutPrefix(lines[3], "parent ")
	n, err := strconv.Atoi(rev)
	m := Manifest{ID: ID(id), Revision: n}
	if !ok1 || !ok2 || !ok3 || err != nil || m.Parent.UnmarshalText([]byte(parent)) != nil {
		return Manifest{}, bad
	}
	for _, line := range lines[4:] {
		f := strings.Split(line, " ")
		if len(f) != 3 {
			return Manifest{}, bad
		}
		l := Digest{Language: Language{f[0], Standing(f[1])}}
		if l.SHA256.UnmarshalText([]byte(f[2])) != nil {
			return Manifest{}, bad
		}
		m.Languages = append(m.Languages, l)
	}
	if !m.valid() || m.Text() != text { // one form only
		return Manifest{}, bad
	}
	return m, nil
}

func (m Manifest) valid() bool {
	seen := map[string]bool{}
	for _, l := range m.Languages {
		if !meeting.ValidLanguage(l.Tag) || seen[l.Tag] || l.Standing != Authentic && l.Standing != Official && l.Standing != Courtesy {
			return false
		}
		seen[l.Tag] = true
	}
	return validID(string(m.ID), meeting.MaxID) && m.Revision >= 1 && m.Revision <= MaxRevision && (m.Parent == meeting.Hash{}) == (m.Revision == 1) && len(seen) > 0
}

// Unsigned is the File of d without a signature: what is shown to whoever signs, and what leaves for an offline key. It returns the *meeting.Error of
// Content for the first language that is not finished.
func (d Document) Unsigned() (File, error) {
	m := Manifest{ID: d.ID, Revision: d.Revision, Parent: d.Parent}
	f := File{Purpose: FilePurpose, Keys: []FileKey{}}
	for _, l := range d.Languages {
		b, err := d.Content(l.Tag)
		if err != nil {
			return File{}, err
		}
		m.Languages = append(m.Languages, Digest{l, sha256.Sum256(b)})
		f.Contents = append(f.Contents, FileContent{l.Tag, string(b)})
	}
	f.Manifest = m.Text() + "\n"
	return f, nil
}

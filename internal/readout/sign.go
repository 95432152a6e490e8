package readout

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"visavis/internal/meeting"
)

// signer is a party's readout key as x/mod/sumdb/note knows keys: its name is the party's id.
type signer struct {
	note.Verifier
	key ed25519.PrivateKey
}

func (s signer) Sign(msg []byte) ([]byte, error) { return ed25519.Sign(s.key, msg), nil }

func verifier(p meeting.PartyID, public ed25519.PublicKey) (note.Verifier, error) {
	if !validID(string(p), maxParty) || len(public) != ed25519.PublicKeySize {
		return nil, fail("readout.key", "party", string(p))
	}
	s, err := note.NewEd25519VerifierKey(string(p), public)
	if err != nil {
		return nil, fail("readout.key", "party", string(p))
	}
	v, err := note.NewVerifier(s)
	if err != nil {
		return nil, fail("readout.key", "party", string(p))
	}
	return v, nil
}

// KeyID is how a key is named beside a signature: "avelmar+7c1e09ab", the party and the note's key hash.
func KeyID(p meeting.PartyID, public ed25519.PublicKey) string {
	v, err := verifier(p, public)
	if err != nil {
		return ""
	}
	const digits = "0123456789abcdef"
	out := []byte(string(p) + "+")
	for shift := 28; shift >= 0; shift -= 4 {
		out = append(out, digits[v.KeyHash()>>shift&15])
	}
	return string(out)
}

// Line is one signature under a manifest.
type Line struct {
	Party  meeting.PartyID
	Hash   uint32 // of the key, as in the note
	Base64 string // key hash and signature
}

func (l Line) String() string { return "— " + string(l.Party) + " " + l.Base64 + "\n" }

// SignManifest makes a party's line under a manifest. It returns a *meeting.Error, readout.key, if the key cannot be one of a party.
func SignManifest(m Manifest, p meeting.PartyID, key ed25519.PrivateKey) (string, error) {
	if len(key) != ed25519.PrivateKeySize {
		return "", fail("readout.key", "party", string(p))
	}
	v, err := verifier(p, key.Public().(ed25519.PublicKey))
	if err != nil {
		return "", err
	}
	text := m.Text()
	signed, err := note.Sign(&note.Note{Text: text}, signer{v, key})
	if err != nil {
		return "", err
	}
	return strings.TrimPrefix(string(signed), text+"\n"), nil
}

// splitNote cuts a signed note into its text and its lines. A line that base64 could write in another way is refused: one signature has one form.
func splitNote(s string) (text string, lines []Line, err error) {
	bad := fail("readout.manifest")
	i := strings.Index(s, "\n\n")
	if i < 0 || len(s) > MaxManifest {
		return "", nil, bad
	}
	text, rest := s[:i+1], s[i+2:]
	if rest == "" {
		return text, nil, nil
	}
	if !strings.HasSuffix(rest, "\n") {
		return "", nil, bad
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(rest, "\n"), "\n") {
		l, ok := parseLine(line + "\n")
		if !ok || len(lines) == MaxParties+1 {
			return "", nil, bad
		}
		lines = append(lines, l)
	}
	return text, lines, nil
}

func parseLine(s string) (Line, bool) {
	name, b64, ok := strings.Cut(strings.TrimPrefix(strings.TrimSuffix(s, "\n"), "— "), " ")
	raw, err := base64.StdEncoding.Strict().DecodeString(b64)
	l := Line{Party: meeting.PartyID(name), Base64: b64}
	if !ok || err != nil || len(raw) != 4+ed25519.SignatureSize || !validID(name, maxParty) || l.String() != s {
		return Line{}, false
	}
	l.Hash = binary.BigEndian.Uint32(raw)
	return l, true
}

// ParseLine takes one line of a signature, with its LF, as a stranger sends it. It returns a *meeting.Error, readout.signature.
func ParseLine(s string) (Line, error) {
	l, ok := parseLine(s)
	if !ok {
		return Line{}, fail("readout.signature")
	}
	return l, nil
}

// Fits reports whether l is a signature of m with a key of its party.
func (l Line) Fits(m Manifest, public ed25519.PublicKey) bool {
	v, err := verifier(l.Party, public)
	if err != nil || v.KeyHash() != l.Hash {
		return false
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(l.Base64)
	return err == nil && len(raw) == 4+ed25519.SignatureSize && v.Verify([]byte(m.Text()), raw[4:])
}

// LineOf is the line of a party under the manifest, as it stands there: whether it fits is for Verify and WithLine.
func (f File) LineOf(p meeting.PartyID) (Line, bool) {
	_, lines, err := splitNote(f.Manifest)
	if err != nil {
		return Line{}, false
	}
	for _, l := range lines {
		if l.Party == p {
			return l, true
		}
	}
	return Line{}, false
}

// WithLine is f with a line under its manifest and the key that made it, in the order of the parties; a line that the party had before is replaced.
// It returns a *meeting.Error: readout.signature if the line does not fit, readout.signer if the party has none to give.
func (f File) WithLine(l Line, key FileKey) (File, error) {
	text, lines, err := splitNote(f.Manifest)
	if err != nil {
		return f, err
	}
	m, err := ParseManifest(text)
	if err != nil {
		return f, err
	}
	if key.Party != l.Party || !l.Fits(m, key.Public) {
		return f, fail("readout.signature", "party", string(l.Party))
	}
	if len(f.Contents) == 0 {
		return f, fail("readout.file")
	}
	c, err := ParseContent([]byte(f.Contents[0].Content))
	if err != nil {
		return f, err
	}
	order := c.Signers()
	if !slices.Contains(order, l.Party) {
		return f, fail("readout.signer", "party", string(l.Party))
	}
	lines = append(slices.DeleteFunc(lines, func(x Line) bool { return x.Party == l.Party }), l)
	keys := append(slices.DeleteFunc(slices.Clone(f.Keys), func(x FileKey) bool { return x.Party == l.Party }), key)
	at := func(p meeting.PartyID) int { return slices.Index(order, p) }
	slices.SortFunc(lines, func(a, b Line) int { return at(a.Party) - at(b.Party) })
	slices.SortFunc(keys, func(a, b FileKey) int { return at(a.Party) - at(b.Party) })
	var b bytes.Buffer
	b.WriteString(text + "\n")
	for _, x := range lines {
		b.WriteString(x.String())
	}
	f.Manifest, f.Keys = b.String(), keys
	return f, nil
}

// Signers are the parties whose lines a readout needs: all of a joint text, else the one whose text it is.
func (c Content) Signers() []meeting.PartyID {
	if c.Mode != Joint {
		return []meeting.PartyID{c.By}
	}
	var out []meeting.PartyID
	for _, p := range c.Parties {
		out = append(out, p.ID)
	}
	return out
}

// Signers are the parties whose lines d needs.
func (d Document) Signers() []meeting.PartyID {
	if d.Mode != Joint {
		return []meeting.PartyID{d.By}
	}
	var out []meeting.PartyID
	for _, p := range d.Parties {
		out = append(out, p.ID)
	}
	return out
}

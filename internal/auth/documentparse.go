package auth

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"visavis/internal/meeting"
)

// documentMagic is the first line of the signed bytes: purpose and version, so that a signature made for anything else is never one of these.
const documentMagic = "visavis-party/1"

// ParseDocument reads a signed document and verifies it against the root that it names itself: that the writer holds that root, not that the
// root is the party's. ErrDocument or ErrSignature. To trust it use VerifyDocument with a pinned root.
func ParseDocument(b []byte) (Document, error) {
	if len(b) > MaxDocument {
		return Document{}, fmt.Errorf("%w: more than %d bytes", ErrDocument, MaxDocument)
	}
	if !bytes.HasPrefix(b, []byte(documentMagic+"\n")) || !utf8.Valid(b) || b[len(b)-1] != '\n' {
		return Document{}, fmt.Errorf("%w: it does not begin with %s", ErrDocument, documentMagic)
	}
	lines := strings.Split(string(b[:len(b)-1]), "\n")
	if len(lines) < 2 {
		return Document{}, fmt.Errorf("%w: nothing after the first line", ErrDocument)
	}
	last := lines[len(lines)-1]
	body := b[:len(b)-len(last)-1]
	d := Document{Names: meeting.Text{}}
	for i, l := range lines[1 : len(lines)-1] {
		if len(l) > MaxDocumentLine || !d.line(l) {
			return Document{}, fmt.Errorf("%w: line %d", ErrDocument, i+2)
		}
	}
	if err := d.check(); err != nil {
		return Document{}, err
	}
	// One form only: no line is out of order, written twice or spelled otherwise.
	if !bytes.Equal(d.body(), body) {
		return Document{}, fmt.Errorf("%w: not in the canonical form", ErrDocument)
	}
	sig, ok := strings.CutPrefix(last, "signature ")
	if !ok {
		return Document{}, fmt.Errorf("%w: no signature", ErrDocument)
	}
	raw, ok := dec(sig, ed25519.SignatureSize)
	if !ok || !ed25519.Verify(d.Root, body, raw) {
		return Document{}, ErrSignature
	}
	return d, nil
}

// line takes one line in; check and the comparison with the canonical form see to order and repetition.
func (d *Document) line(l string) bool {
	name, rest, _ := strings.Cut(l, " ")
	var ok bool
	switch name {
	case "party":
		d.Party = meeting.PartyID(rest)
		return true
	case "name":
		lang, text, _ := strings.Cut(rest, " ")
		if len(d.Names) == MaxNames {
			return false
		}
		d.Names[lang] = text
		return true
	case "counter":
		n, err := strconv.ParseUint(rest, 10, 64)
		d.Counter = n
		return err == nil
	case "not-before":
		d.NotBefore, ok = unstamp(rest)
	case "not-after":
		d.NotAfter, ok = unstamp(rest)
	case "root":
		d.Root, ok = dec(rest, ed25519.PublicKeySize)
	case "key":
		ok = d.keyLine(strings.Split(rest, " "))
	case "link":
		ok = len(d.Link) < MaxAddresses
		d.Link = append(d.Link, rest)
	case "media":
		a, err := netip.ParseAddrPort(rest)
		ok = err == nil && len(d.Media) < MaxAddresses
		d.Media = append(d.Media, a)
	case "revoked":
		ok = d.revokedLine(strings.Split(rest, " "))
	}
	return ok
}

func (d *Document) keyLine(f []string) bool {
	if len(f) != 4 || len(d.Keys) == MaxKeys {
		return false
	}
	pub, ok1 := dec(f[1], ed25519.PublicKeySize)
	from, ok2 := unstamp(f[2])
	to, ok3 := unstamp(f[3])
	d.Keys = append(d.Keys, Key{Purpose(f[0]), pub, from, to})
	return ok1 && ok2 && ok3
}

func (d *Document) revokedLine(f []string) bool {
	if len(f) != 2 || len(d.Revoked) == MaxRevoked {
		return false
	}
	pub, ok1 := dec(f[0], ed25519.PublicKeySize)
	at, ok2 := unstamp(f[1])
	d.Revoked = append(d.Revoked, Revocation{pub, at})
	return ok1 && ok2
}

func languages(t meeting.Text) []string { return slices.Sorted(maps.Keys(t)) }

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func unstamp(s string) (time.Time, bool) {
	t, err := time.Parse("2006-01-02T15:04:05Z", s)
	return t, err == nil
}

func enc(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

func dec(s string, n int) ([]byte, bool) {
	if len(s) != base64.StdEncoding.EncodedLen(n) {
		return nil, false
	}
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	return b, err == nil && len(b) == n
}

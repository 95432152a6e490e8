package auth

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"visavis/internal/meeting"
)

// Why a party document is not taken.
var (
	ErrDocument  = errors.New("not a party document")                        // malformed, over a limit, or not in the canonical form
	ErrSignature = errors.New("the signature is not that of the party root") // or the document names another root than the pinned one
	ErrRollback  = errors.New("an older document than the one already known")
	ErrExpired   = errors.New("the party document has expired")
	ErrEarly     = errors.New("the party document is not valid yet")
)

// Purpose is what a key of a document is for; it is good for nothing else.
type Purpose string

// The purposes.
const (
	NodeKey    Purpose = "node"    // TLS of the link
	LogKey     Purpose = "log"     // heads of meeting logs
	ReadoutKey Purpose = "readout" // readouts, offline
)

// Document is what a party says about itself, signed by its root: the only thing that the root signs. Signed bytes:
//
//	visavis-party/1
//	party avelmar
//	name en Avelmar                                  (one line per language, sorted)
//	counter 3                                        (each newer document has a higher one)
//	not-before 2026-11-23T00:00:00Z
//	not-after 2027-05-22T00:00:00Z
//	root BASE64
//	key node BASE64 2026-11-23T00:00:00Z 2027-05-22T00:00:00Z
//	link node.ilverne.example:443                    (TCP, in the order to be tried)
//	media 203.0.113.5:4433                           (UDP)
//	revoked BASE64 2026-11-30T00:00:00Z
//
// followed by one line "signature BASE64" that is not signed. Every line ends with LF, every time is in UTC and whole seconds, the lines come
// in this order, and no other form of the same contents is taken.
type Document struct {
	Party     meeting.PartyID
	Names     meeting.Text
	Counter   uint64
	NotBefore time.Time
	NotAfter  time.Time
	Root      ed25519.PublicKey
	Keys      []Key
	Link      []string         // TCP host:port, in the order to be tried
	Media     []netip.AddrPort // UDP
	Revoked   []Revocation
}

// Key is a key that the party uses from NotBefore to NotAfter.
type Key struct {
	Purpose   Purpose
	Public    ed25519.PublicKey
	NotBefore time.Time
	NotAfter  time.Time
}

// Revocation takes a key back: nothing that it signed since At counts.
type Revocation struct {
	Public ed25519.PublicKey
	At     time.Time
}

// Valid lists the keys of a purpose that hold at a moment: within their dates and the document's, and not revoked.
func (d Document) Valid(p Purpose, now time.Time) []ed25519.PublicKey {
	if d.checkTime(now) != nil {
		return nil
	}
	var out []ed25519.PublicKey
	for _, k := range d.Keys {
		if k.Purpose == p && !now.Before(k.NotBefore.Add(-MaxClockSkew)) && now.Before(k.NotAfter) && !d.revoked(k.Public) {
			out = append(out, k.Public)
		}
	}
	return out
}

func (d Document) revoked(k ed25519.PublicKey) bool {
	return slices.ContainsFunc(d.Revoked, func(r Revocation) bool { return r.Public.Equal(k) })
}

// checkTime is nil, ErrEarly or ErrExpired.
func (d Document) checkTime(now time.Time) error {
	switch {
	case now.Before(d.NotBefore.Add(-MaxClockSkew)):
		return fmt.Errorf("%w: it begins at %s", ErrEarly, stamp(d.NotBefore))
	case !now.Before(d.NotAfter):
		return fmt.Errorf("%w: it ended at %s", ErrExpired, stamp(d.NotAfter))
	}
	return nil
}

// Alarm is what a person must be told about the document's end, from 30 days before it; "" until then.
func (d Document) Alarm(now time.Time) string {
	left := d.NotAfter.Sub(now)
	days := int(left / (24 * time.Hour))
	switch {
	case left <= 0:
		return fmt.Sprintf("the document of %s expired at %s: no link is possible until it is renewed (visavis document renew)", d.Party, stamp(d.NotAfter))
	case left <= ExpiryAlarm:
		return fmt.Sprintf("the document of %s expires at %s, in %d days: renew it now (visavis document renew) and give it to the other parties", d.Party, stamp(d.NotAfter), days)
	}
	return ""
}

// Sign checks a document and signs it with its root. It returns the bytes that ParseDocument takes. ErrDocument wraps what is wrong with d.
func Sign(d Document, root ed25519.PrivateKey) ([]byte, error) {
	if len(root) != ed25519.PrivateKeySize {
		return nil, fmt.Errorf("sign document: %w: the root key has the wrong size", ErrDocument)
	}
	d.Root = root.Public().(ed25519.PublicKey)
	if err := d.check(); err != nil {
		return nil, fmt.Errorf("sign document: %w", err)
	}
	body := d.body()
	out := append(body, "signature "+base64.StdEncoding.EncodeToString(ed25519.Sign(root, body))+"\n"...)
	if _, err := ParseDocument(out); err != nil { // the form is strict: what we write is what we would take
		return nil, fmt.Errorf("sign document: %w", err)
	}
	return out, nil
}

// VerifyDocument takes a document of a party whose root is pinned: signed by that root, counter not below the highest one seen, valid now.
// The errors are the five above.
func VerifyDocument(b []byte, root ed25519.PublicKey, seen uint64, now time.Time) (Document, error) {
	d, err := ParseDocument(b)
	switch {
	case err != nil:
		return Document{}, err
	case !d.Root.Equal(root):
		return Document{}, ErrSignature
	case d.Counter < seen:
		return Document{}, fmt.Errorf("%w: number %d, known is %d", ErrRollback, d.Counter, seen)
	}
	return d, d.checkTime(now)
}

// body is what is signed.
func (d Document) body() []byte {
	var b strings.Builder
	line := func(parts ...string) { b.WriteString(strings.Join(parts, " ") + "\n") }
	line(documentMagic)
	line("party", string(d.Party))
	for _, l := range languages(d.Names) {
		line("name", l, d.Names[l])
	}
	line("counter", strconv.FormatUint(d.Counter, 10))
	line("not-before", stamp(d.NotBefore))
	line("not-after", stamp(d.NotAfter))
	line("root", enc(d.Root))
	for _, k := range d.Keys {
		line("key", string(k.Purpose), enc(k.Public), stamp(k.NotBefore), stamp(k.NotAfter))
	}
	for _, a := range d.Link {
		line("link", a)
	}
	for _, a := range d.Media {
		line("media", a.String())
	}
	for _, r := range d.Revoked {
		line("revoked", enc(r.Public), stamp(r.At))
	}
	return []byte(b.String())
}

// check returns an ErrDocument that says which rule is broken.
func (d Document) check() error {
	bad := func(format string, args ...any) error {
		return fmt.Errorf("%w: %s", ErrDocument, fmt.Sprintf(format, args...))
	}
	switch {
	case !ValidParty(d.Party):
		return bad("party must be 1 to 32 lower-case letters, digits and hyphens")
	case len(d.Names) == 0 || len(d.Names) > MaxNames:
		return bad("1 to %d names", MaxNames)
	case d.Counter == 0 || d.Counter >= 1<<53:
		return bad("counter must be from 1 to 2^53-1")
	case !d.NotAfter.After(d.NotBefore) || d.NotAfter.Sub(d.NotBefore) > MaxDocumentLife:
		return bad("not-after must be within %d days after not-before", int(MaxDocumentLife.Hours()/24))
	case len(d.Keys) == 0 || len(d.Keys) > MaxKeys:
		return bad("1 to %d keys", MaxKeys)
	case len(d.Link) > MaxAddresses || len(d.Media) > MaxAddresses:
		return bad("at most %d addresses of each kind", MaxAddresses)
	case len(d.Revoked) > MaxRevoked:
		return bad("at most %d revoked keys", MaxRevoked)
	}
	for l, n := range d.Names {
		clean, err := meeting.Clean(n, meeting.NameText)
		if err != nil || clean != n || n == "" || strings.ContainsAny(n, "\n\r") || !validLanguage(l) {
			return bad("name in %q is not allowed", l)
		}
	}
	return d.checkLists(bad)
}

func (d Document) checkLists(bad func(string, ...any) error) error {
	seen := map[string]bool{string(d.Root): true} // the root is for documents alone, and no key has two purposes
	for _, k := range d.Keys {
		switch {
		case k.Purpose != NodeKey && k.Purpose != LogKey && k.Purpose != ReadoutKey:
			return bad("unknown purpose of a key")
		case len(k.Public) != ed25519.PublicKeySize || seen[string(k.Public)]:
			return bad("a key is listed twice or has the wrong size")
		case !k.NotAfter.After(k.NotBefore):
			return bad("a key ends before it begins")
		}
		seen[string(k.Public)] = true
	}
	for _, a := range d.Link {
		if !ValidLinkAddress(a) {
			return bad("link address must be host:port")
		}
	}
	for _, a := range d.Media {
		if !a.IsValid() || a.Port() == 0 || a.Addr().Zone() != "" || a.Addr().IsUnspecified() || a.Addr().Is4In6() {
			return bad("media address must be ip:port")
		}
	}
	for _, r := range d.Revoked {
		if len(r.Public) != ed25519.PublicKeySize {
			return bad("a revoked key has the wrong size")
		}
	}
	return nil
}

// ValidLinkAddress reports whether a is host:port with an ASCII host name or an IP address, and a port that is not 0.
func ValidLinkAddress(a string) bool {
	host, port, err := net.SplitHostPort(a)
	if err != nil || net.JoinHostPort(host, port) != a {
		return false
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 || strconv.FormatUint(n, 10) != port {
		return false
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.Zone() == "" && !ip.IsUnspecified() && ip.String() == host
	}
	return ValidHost(host)
}

// ValidHost reports whether h is an ASCII host name in lower case (RFC 1123 §2.1), and not a number that could be read as an address.
func ValidHost(h string) bool {
	if h == "" || len(h) > 253 {
		return false
	}
	letter := false
	for _, label := range strings.Split(h, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		letter = false // of the last label: a name that ends in a number is read as an address by some
		for _, c := range label {
			if !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-') {
				return false
			}
			letter = letter || c >= 'a' && c <= 'z'
		}
	}
	return letter
}

// ValidParty reports whether p is 1 to 32 lower-case letters, digits and hyphens, no hyphen at either end.
func ValidParty(p meeting.PartyID) bool {
	if len(p) == 0 || len(p) > 32 || p[0] == '-' || p[len(p)-1] == '-' {
		return false
	}
	for _, c := range p {
		if !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-') {
			return false
		}
	}
	return true
}

// validLanguage is the shape of a BCP 47 tag: letters, digits and hyphens, 2 to 35 of them.
func validLanguage(l string) bool {
	if len(l) < 2 || len(l) > 35 {
		return false
	}
	for _, c := range l {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-') {
			return false
		}
	}
	return true
}

package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"log/slog"
	"strings"
)

// hidden is what a Secret looks like to whoever prints it.
const hidden = "•"

// Secret is a code or token. It prints as • by fmt, log/slog and encoding/json, so that none reaches a log by mistake; Reveal gives the text
// to the one place that hands it to its owner. The zero Secret is empty.
type Secret struct {
	// Behind a pointer, because fmt walks into unexported fields of structs that hold a Secret without asking its methods: it then prints
	// an address and not the text.
	text *string
}

// NewSecret wraps a text that came from outside.
func NewSecret(s string) Secret { return Secret{&s} }

// Reveal is the text itself.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// Equal compares in a time that tells nothing of the contents.
func (s Secret) Equal(o Secret) bool {
	return subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(o.Reveal())) == 1
}

// String implements fmt.Stringer.
func (s Secret) String() string { return hidden }

// GoString implements fmt.GoStringer.
func (s Secret) GoString() string { return hidden }

// Format implements fmt.Formatter for every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(hidden)) }

// LogValue implements slog.LogValuer.
func (s Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText implements encoding.TextMarshaler, and with it encoding/json.
func (s Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// code32 is lower-case base32 without padding and without look-alikes (RFC 4648 has neither 0, 1 nor 8): it survives being typed.
func code32() *base32.Encoding {
	return base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)
}

// newSecret draws n random bytes.
func newSecret(n int) Secret {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails, crypto/rand says
	return NewSecret(code32().EncodeToString(b))
}

// digest is how a secret rests in the store: SHA-256 under a purpose. The secrets are random and long, so that a slow hash would add nothing.
// A code that is not of n bytes has no digest.
func (s Secret) digest(purpose string, n int) (string, bool) {
	text := s.Reveal()
	if len(text) != code32().EncodedLen(n) {
		return "", false
	}
	if b, err := code32().DecodeString(text); err != nil || code32().EncodeToString(b) != text {
		return "", false
	}
	h := sha256.Sum256([]byte(purpose + "\n" + strings.ToLower(text)))
	return hex.EncodeToString(h[:]), true
}

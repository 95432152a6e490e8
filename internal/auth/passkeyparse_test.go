package auth

import (
	"strings"
	"testing"

	"visavis/internal/softkey"
)

// FuzzPasskeyAnswers: whatever a browser says of a passkey, what is taken is within its bounds, and nothing breaks.
func FuzzPasskeyAnswers(f *testing.F) {
	key := softkey.New()
	o := []byte(`{"challenge":"AAAA","rp":{"id":"x"},"user":{"id":"AAAA"},"rpId":"x"}`)
	made, err := key.Create("https://x", o)
	if err != nil {
		f.Fatal(err)
	}
	shown, err := key.Get("https://x", o)
	if err != nil {
		f.Fatal(err)
	}
	if _, err := parseCreated(made); err != nil { // else nothing here looks at what it means to
		f.Fatal(err)
	}
	if _, err := parseShown(shown); err != nil {
		f.Fatal(err)
	}
	f.Add(made)
	f.Add(shown)
	f.Add([]byte(strings.Replace(string(made), `"type":"public-key"`, `"type":"password"`, 1)))
	f.Add([]byte(`{"id":"AA","rawId":"AA","type":"public-key","response":{}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if c, err := parseCreated(b); err == nil {
			d := c.Response.AttestationObject.AuthData.AttData
			if len(b) > MaxCredential || len(d.CredentialID) > MaxKeyID || len(d.CredentialPublicKey) > MaxKeyBytes {
				t.Errorf("took %d bytes with a key of %d and an id of %d", len(b), len(d.CredentialPublicKey), len(d.CredentialID))
			}
		}
		if c, err := parseShown(b); err == nil && (len(b) > MaxCredential || len(c.RawID) == 0) {
			t.Errorf("took %d bytes with the id %x", len(b), c.RawID)
		}
	})
}
